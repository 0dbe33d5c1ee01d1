//! What staff's console is told, over sockets and where a network blocks them.

use plainbill::config::Limits;
use plainbill::store::{Role, StoreSettings};
use serde_json::{Value, json};

use crate::house::{Customer, House, Plan, StaffMember};

/// A console that goes by requests.
struct Poller<'a> {
    staff: &'a StaffMember,
    token: Option<String>,
}

impl Poller<'_> {
    fn request(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let request =
            request.header("origin", format!("http://{}", self.staff.address)).header("cookie", &self.staff.cookie);
        match &self.token {
            Some(token) => request.header("x-plainbill-poll", token),
            None => request,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/v1/staff/poll", self.staff.address)
    }

    async fn send(&mut self, frames: Value) -> Vec<Value> {
        let request = self.request(self.staff.http.post(self.url()).json(&json!({ "frames": frames })));
        self.take(request).await
    }

    async fn take(&mut self, request: reqwest::RequestBuilder) -> Vec<Value> {
        let response = request.send().await.expect("it answers");
        assert_eq!(response.status(), 200);
        let mut body: Value = response.json().await.expect("it is JSON");
        self.token = body["poll"].as_str().map(str::to_owned);
        body["frames"].as_array_mut().map(std::mem::take).expect("frames are a list")
    }

    /// Waits until a frame is like this.
    async fn until(&mut self, mut frames: Vec<Value>, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(found) = frames.into_iter().find(&is_it) {
                return found;
            }
            let request = self.request(self.staff.http.get(self.url()));
            frames = self.take(request).await;
        }
    }

    async fn status(&self) -> u16 {
        let request = self.request(self.staff.http.get(self.url()));
        request.send().await.expect("it answers").status().as_u16()
    }
}

async fn asks_for_a_person(house: &House, id: &str) -> Customer {
    let mut customer = house.customer(id).await;
    customer.taps("talk_to_human").await;
    customer.frame_of("queue").await;
    customer
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_behind_a_strict_network_hear_who_waits_and_what_is_said() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut poller = Poller { staff: &ben, token: None };
    let frames = poller.send(json!([])).await;
    let welcome = poller.until(frames, |it| it["type"] == "welcome").await;
    assert_eq!(welcome["me"]["login"], "ben");

    let mut customer = asks_for_a_person(&house, "one-off-fee").await;
    let id = customer.conversation.clone();
    poller.until(Vec::new(), |it| it["row"]["id"] == id.as_str() && it["row"]["owner"] == "queue").await;
    ben.takes(&id).await;
    let frames = poller.send(json!([{ "type": "watch", "conversation": id, "after": 0 }])).await;
    customer.says("are you there").await;
    poller.until(frames, |it| it["type"] == "event" && it["event"]["text"] == "are you there").await;
    let frames = poller.send(json!([{ "type": "ping" }])).await;
    poller.until(frames, |it| it["type"] == "pong").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_of_staff_is_for_whoever_has_begun_it_and_as_long_as_they_are_signed_in() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Reads).await;
    let jo = house.staff("Jo", Role::Manages).await;
    let mut bens = Poller { staff: &ben, token: None };
    bens.send(json!([])).await;
    assert_eq!(Poller { staff: &jo, token: bens.token.clone() }.status().await, 410);

    // A customer's connection is none of staff's, nor the other way round.
    let http = reqwest::Client::new();
    let own = format!("http://{}", house.address);
    let chat = http.post(format!("{own}/v1/poll")).header("origin", &own).json(&json!({ "frames": [] }));
    let answer: Value = chat.send().await.expect("it answers").json().await.expect("it is JSON");
    let customers = answer["poll"].as_str().map(str::to_owned);
    assert_eq!(Poller { staff: &ben, token: customers }.status().await, 410);
    let token = bens.token.clone().expect("it has begun");
    let as_customer = http.get(format!("{own}/v1/poll")).header("x-plainbill-poll", token);
    assert_eq!(as_customer.send().await.expect("it answers").status(), 410);

    for origin in ["https://evil.example", "null"] {
        let request = http.post(bens.url()).header("origin", origin).header("cookie", &ben.cookie);
        let request = request.json(&json!({ "frames": [] }));
        assert_eq!(request.send().await.expect("it answers").status(), 403, "{origin}");
    }
    let (status, _) = ben.post("logout", json!({})).await;
    assert_eq!(status, 204);
    assert_eq!(bens.status().await, 401);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_told_when_a_customer_comes_and_goes() {
    let house = House::open().await;
    let mut ben = house.staff("Ben", Role::Answers).await;
    let customer = asks_for_a_person(&house, "one-off-fee").await;
    let id = customer.conversation.clone();
    assert_eq!(ben.frame_of("conversation").await["row"]["online"], true);
    let back = customer.comes_back(house.address, 0).await;
    drop(customer);
    drop(back);
    loop {
        let frame = ben.frame_of("presence").await;
        if frame["conversation"] == id.as_str() && frame["online"] == false {
            break;
        }
    }
    let (_, detail) = ben.get(&format!("conversations/{id}")).await;
    assert_eq!(detail["row"]["online"], false);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bot_understood_of_the_newest_message_is_there_however_long_the_conversation() {
    let data = Plan::default().data;
    let store = StoreSettings { data: data.path().to_path_buf(), events_max: 3, ..StoreSettings::default() };
    let limits = Limits { events_max: 3, ..Plan::default().limits };
    let house = House::with(Plan { store, data, limits, ..Plan::default() }).await;
    let mut ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("one-off-fee").await;
    for _ in 0..4 {
        customer.says("how much do I owe").await;
        customer.hears().await;
    }
    let newest = customer.says("when is my bill due").await;
    customer.hears().await;
    let path = format!("conversations/{}", customer.conversation);
    let (_, detail) = ben.get(&path).await;
    let said = |detail: &Value, seq: u64| {
        let found = detail["events"].as_array().and_then(|all| all.iter().find(|it| it["seq"] == seq).cloned());
        found.expect("the message is there")
    };
    assert_eq!(said(&detail, newest)["understood"]["guesses"][0]["intent"], "check_due_date");
    ben.send(json!({ "type": "watch", "conversation": customer.conversation, "after": newest - 1 })).await;
    assert!(ben.frame_of("event").await["event"]["understood"].is_object());
    // A mark goes to the words behind the answer, and is there for everybody.
    let (status, _) = ben.post(&format!("{path}/flag"), json!({ "seq": newest + 1 })).await;
    assert_eq!(status, 204);
    let (_, detail) = ben.get(&path).await;
    let flagged = detail["flagged"].as_array().cloned().unwrap_or_default();
    assert!(flagged.contains(&json!(newest)) && flagged.contains(&json!(newest + 1)), "{flagged:?}");
    assert!(!flagged.contains(&json!(newest - 1)), "{flagged:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_how_many_there_are_where_it_shows_only_some() {
    let limits = Limits { rows_max: 2, ..Plan::default().limits };
    let house = House::with(Plan { limits, ..Plan::default() }).await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut waiting = Vec::new();
    for id in ["one-off-fee", "price-rise", "plan-change"] {
        waiting.push(asks_for_a_person(&house, id).await);
    }
    let (_, list) = ben.get("conversations?list=waiting").await;
    assert_eq!(list["conversations"].as_array().map(Vec::len), Some(2));
    assert_eq!(list["total"], 3);
    ben.takes(&waiting[0].conversation).await;
    for (list, total) in [("waiting", 2), ("mine", 1), ("bot", 0), ("closed", 0)] {
        let (_, found) = ben.get(&format!("conversations?list={list}")).await;
        assert_eq!(found["total"], total, "{list}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_does_for_somebody_is_not_done_in_the_name_of_somebody_else() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let customer = asks_for_a_person(&house, "one-off-fee").await;
    let url = format!("http://{}/api/v1/conversations/{}/take", house.address, customer.conversation);
    let take = |believed: &str| {
        let request = ben.http.post(&url).header("cookie", &ben.cookie).header("x-plainbill-staff", believed);
        request.header("origin", format!("http://{}", house.address)).json(&json!({})).send()
    };
    assert_eq!(take("staff-jo").await.expect("it answers").status(), 401);
    assert_eq!(take("staff-ben").await.expect("it answers").status(), 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_when_the_hours_end_and_when_they_begin() {
    let house = House::open().await;
    // With nobody there, no number is given.
    let _ben = house.staff("Ben", Role::Answers).await;
    let mut customer = asks_for_a_person(&house, "one-off-fee").await;
    let set = |at: &str| house.app.clock.set(at.parse::<jiff::Zoned>().expect("the time is right").timestamp());
    set("2026-06-16T23:30[Europe/London]");
    // Something happens somewhere else: the line is looked at without waiting for its time.
    house.customer("price-rise").await.says("how much do I owe").await;
    let queue = customer.frame_of("queue").await;
    assert!(queue["minutes"].is_null(), "{queue}");
    assert!(queue["back"].as_str().is_some_and(|it| it.starts_with("Wednesday")), "{queue}");
    set("2026-06-17T10:00[Europe/London]");
    house.customer("plan-change").await.says("how much do I owe").await;
    let queue = customer.frame_of("queue").await;
    assert!(queue["minutes"].as_u64().is_some(), "{queue}");
    assert!(queue["back"].is_null(), "{queue}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_colleague_has_waits_for_the_others_when_they_have_gone() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let jo = house.staff("Jo", Role::Answers).await;
    let mut customer = asks_for_a_person(&house, "one-off-fee").await;
    ben.takes(&customer.conversation).await;
    assert_eq!(customer.sees_owner().await["owner"], "staff");
    let (status, _) = ben.post("logout", json!({})).await;
    assert_eq!(status, 204);
    assert_eq!(customer.sees_owner().await["owner"], "queue");
    assert_eq!(customer.frame_of("queue").await["place"], 1);
    let (_, list) = jo.get("conversations?list=waiting").await;
    assert_eq!(list["conversations"][0]["reason"], "The colleague who had it has gone.");
    jo.takes(&customer.conversation).await;
    assert_eq!(customer.sees_owner().await["owner"], "staff");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_shows_what_the_customer_typed_rather_than_the_button_that_they_tapped() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("one-off-fee").await;
    customer.says("nobody came to mend the line").await;
    customer.taps("talk_to_human").await;
    customer.frame_of("queue").await;
    let tapped = asks_for_a_person(&house, "price-rise").await;
    let (_, list) = ben.get("conversations?list=waiting").await;
    assert_eq!(list["conversations"][0]["last_text"], "nobody came to mend the line");
    assert_eq!(list["conversations"][1]["id"], tapped.conversation.as_str());
    assert_ne!(list["conversations"][1]["last_text"], "");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_can_still_answer_holds_a_conversation() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let customer = asks_for_a_person(&house, "one-off-fee").await;
    ben.takes(&customer.conversation).await;
    let store = &house.app.store;
    let now_ms = house.app.clock.now_ms();
    assert!(store.left_behind(now_ms, 10).await.expect("the store works").is_empty());
    let hours = house.app.config.limits.staff_session_hours;
    let at_the_end = now_ms + hours * 3_600_000;
    assert_eq!(store.left_behind(at_the_end, 10).await.expect("the store works").len(), 1);
    let id = plainbill::conversation::StaffId::new("staff-ben");
    store.remove_staff(&id).await.expect("they can be removed");
    assert_eq!(store.left_behind(now_ms, 10).await.expect("the store works").len(), 1);
    house.close().await;
}

/// Who is removed or gets another password in another program reads on for two seconds at most, whatever they do not do.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_read_no_longer_is_cut_off_though_nobody_told_this_node() {
    let house = House::open().await;
    let mut ben = house.staff("Ben", Role::Answers).await;
    let mut eva = house.staff("Eva", Role::Answers).await;
    let all = house.app.store.all_staff().await.expect("the store answers");
    let id = |login: &str| all.iter().find(|it| it.login == login).expect("a colleague").id.clone();
    // As another program does it: nothing is said over a channel.
    house.app.store.remove_staff(&id("ben")).await.expect("he is there");
    house.app.store.set_password(&id("eva"), "another").await.expect("she is there");
    ben.is_cut_off().await;
    eva.is_cut_off().await;
    house.close().await;
}
