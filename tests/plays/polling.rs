//! The same frames where a network blocks WebSockets.

use serde_json::{Value, json};

use crate::house::{House, Plan};
use crate::postgres::{Nats, Postgres};
use crate::two_nodes::node_of;

struct Poller {
    http: reqwest::Client,
    url: String,
    origin: String,
    token: Option<String>,
}

impl Poller {
    fn new(house: &House) -> Self {
        let origin = format!("http://{}", house.address);
        Self { http: reqwest::Client::new(), url: format!("{origin}/v1/poll"), origin, token: None }
    }

    /// The next request goes to another node.
    fn turns_to(&mut self, house: &House) {
        self.origin = format!("http://{}", house.address);
        self.url = format!("{}/v1/poll", self.origin);
    }

    async fn send(&mut self, frames: Value) -> Vec<Value> {
        let mut request = self.http.post(&self.url).header("origin", &self.origin).json(&json!({ "frames": frames }));
        if let Some(token) = &self.token {
            request = request.header("x-plainbill-poll", token);
        }
        self.take(request).await
    }

    async fn wait(&mut self) -> Vec<Value> {
        let token = self.token.clone().expect("it has begun");
        let request = self.http.get(&self.url).header("origin", &self.origin).header("x-plainbill-poll", token);
        self.take(request).await
    }

    async fn take(&mut self, request: reqwest::RequestBuilder) -> Vec<Value> {
        let response = request.send().await.expect("it answers");
        assert_eq!(response.status(), 200);
        let mut body: Value = response.json().await.expect("it is JSON");
        self.token = body["poll"].as_str().map(str::to_owned);
        match body["frames"].take() {
            Value::Array(frames) => frames,
            other => panic!("frames are a list, not {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_behind_a_strict_network_gets_the_same_answers() {
    let house = House::open().await;
    let mut poller = Poller::new(&house);
    let mut frames = poller.send(json!([{ "type": "hello", "identity": house.token("one-off-fee") }])).await;
    while !frames.iter().any(|it| it["type"] == "welcome") {
        frames.extend(poller.wait().await);
    }
    let say = json!([{ "type": "say", "key": "k", "text": "why is my bill higher this month?" }]);
    let mut frames = poller.send(say).await;
    let answered = |it: &Value| it["text"].as_str().is_some_and(|it| it.contains("£12.00 more"));
    while !frames.iter().any(answered) {
        frames.extend(poller.wait().await);
    }
    assert!(frames.iter().any(|it| it["type"] == "ack" && it["key"] == "k"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_balancer_each_request_may_come_to_another_node() {
    let (postgres, nats) = (Postgres::start(), Nats::start());
    let one = node_of(&postgres, &nats, Plan::default()).await;
    let two = node_of(&postgres, &nats, Plan::default()).await;
    let mut poller = Poller::new(&one);
    let mut frames = poller.send(json!([{ "type": "hello", "identity": one.token("one-off-fee") }])).await;
    let mut turns = 0_usize..;
    let mut next = |poller: &mut Poller| poller.turns_to([&two, &one][turns.next().unwrap_or(0) % 2]);
    while !frames.iter().any(|it| it["type"] == "welcome") {
        next(&mut poller);
        frames.extend(poller.wait().await);
    }
    poller.turns_to(&two);
    let say = json!([{ "type": "say", "key": "k", "text": "why is my bill higher this month?" }]);
    let mut frames = poller.send(say).await;
    let answered = |it: &Value| it["text"].as_str().is_some_and(|it| it.contains("£12.00 more"));
    while !frames.iter().any(answered) {
        next(&mut poller);
        frames.extend(poller.wait().await);
    }
    assert_eq!(frames.iter().filter(|it| it["type"] == "ack" && it["key"] == "k").count(), 1);
    // A guessed token opens nothing there either, and a node that is gone has taken its connections along.
    let token = poller.token.clone().expect("it has begun");
    let guessed = format!("{}.guessed", token.split('.').next().expect("it names the node"));
    let (http, url) = (poller.http.clone(), format!("http://{}/v1/poll", two.address));
    let asks =
        async |token: &str| http.get(&url).header("x-plainbill-poll", token).send().await.expect("it answers").status();
    assert_eq!(asks(&guessed).await, 410);
    one.close().await;
    assert_eq!(asks(&token).await, 410);
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_poll_token_has_to_begin_again() {
    let house = House::open().await;
    let http = reqwest::Client::new();
    let request = http.get(format!("http://{}/v1/poll", house.address)).header("x-plainbill-poll", "guessed");
    assert_eq!(request.send().await.expect("it answers").status(), 410);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_may_poll_only_when_it_is_allowed() {
    let house = House::open().await;
    let http = reqwest::Client::new();
    let url = format!("http://{}/v1/poll", house.address);
    let own = format!("http://{}", house.address);
    for (origin, status) in [(own.as_str(), 204), ("https://evil.example", 403)] {
        let request = http.request(reqwest::Method::OPTIONS, &url).header("origin", origin);
        let response = request.send().await.expect("it answers");
        assert_eq!(response.status(), status, "{origin}");
        let allowed = response.headers().get("access-control-allow-origin").and_then(|it| it.to_str().ok());
        assert_eq!(allowed, (status == 204).then_some(origin));
    }
    house.close().await;
}
