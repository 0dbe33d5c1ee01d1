//! What may come in, from where, how large and how fast; and what happens to the rest.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use plainbill::config::Limits;
use proptest::prelude::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::house::{Customer, House, PATIENCE, Plan, open_socket};

async fn with_limits(change: impl FnOnce(&mut Limits)) -> House {
    let mut plan = Plan { classifier: false, ..Plan::default() };
    change(&mut plan.limits);
    House::with(plan).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_that_are_allowed_get_a_socket() {
    let house = with_limits(|_| {}).await;
    let own = format!("http://{}", house.address);
    assert!(open_socket(house.address, "/v1/chat", Some(&own), None).await.is_ok());
    let port = house.address.port();
    for origin in [
        "https://evil.example".to_owned(),
        format!("https://{}", house.address),
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        format!("http://{}.evil.example", house.address),
        format!("{own}/"),
        "null".to_owned(),
        String::new(),
    ] {
        let refused = open_socket(house.address, "/v1/chat", Some(&origin), None).await;
        assert!(refused.is_err(), "`{origin}` got a socket");
    }
    let without = format!("ws://{}/v1/chat", house.address).into_client_request().expect("it is right");
    assert!(tokio_tungstenite::connect_async(without).await.is_err(), "no origin got a socket");
    let mut twice = format!("ws://{}/v1/chat", house.address).into_client_request().expect("it is right");
    twice.headers_mut().append("origin", own.parse().expect("it is right"));
    twice.headers_mut().append("origin", "https://evil.example".parse().expect("it is right"));
    assert!(tokio_tungstenite::connect_async(twice).await.is_err(), "two origins got a socket");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_make_no_sense_are_refused_with_a_code_and_nothing_from_inside() {
    let house = with_limits(|_| {}).await;
    let mut customer = house.visitor().await;
    for text in [
        "",
        "not json",
        "{}",
        "[]",
        "{\"type\":\"base\"}",
        "{\"type\":\"say\"}",
        "{\"type\":\"say\",\"key\":\"k\",\"text\":1}",
        "{\"type\":\"say\",\"key\":\"k\",\"text\":\"x\",\"admin\":true}",
    ] {
        customer.send_text(text.to_owned()).await;
        let error = customer.frame_of("error").await;
        assert_eq!(error["code"], "malformed", "{text}");
        let words = error.to_string();
        assert!(!words.contains("serde") && !words.contains("line 1") && !words.contains("expected"), "{words}");
    }
    customer.says("still here").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_emoji_is_replaced_and_ends_nothing() {
    let house = with_limits(|_| {}).await;
    let mut customer = Customer::connect(house.address, None).await;
    let hello = r#"{"type":"hello","page":{"url":"https://shop.example/","title":"Sale \ud83d"}}"#;
    customer.send_text(hello.to_owned()).await;
    customer.frame_of("welcome").await;
    customer.send_text(r#"{"type":"say","key":"k","text":"hello \ude00"}"#.to_owned()).await;
    assert_eq!(customer.frame_of("ack").await["key"], "k");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_its_key() {
    let house = with_limits(|_| {}).await;
    let mut customer = house.visitor().await;
    for frame in [
        json!({ "type": "say", "key": "k", "text": 42 }),
        json!({ "type": "rate", "key": "k", "about": 1, "score": 300 }),
        json!({ "type": "end", "key": "k", "more": 1 }),
    ] {
        customer.send(frame.clone()).await;
        let error = customer.frame_of("error").await;
        assert_eq!((error["code"].as_str(), error["key"].as_str()), (Some("malformed"), Some("k")), "{frame}");
    }
    customer.says("still here").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_that_is_too_large_is_refused_and_another_may_follow() {
    let house = with_limits(|_| {}).await;
    let mut customer = Customer::connect(house.address, None).await;
    customer.send(json!({ "type": "hello", "identity": "t".repeat(20_000) })).await;
    assert_eq!(customer.frame_of("error").await["code"], "too_large");
    customer.send(json!({ "type": "hello" })).await;
    customer.frame_of("welcome").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_and_overlong_texts_are_refused_with_their_key() {
    let house = with_limits(|_| {}).await;
    let mut customer = house.visitor().await;
    for (text, code) in [
        ("   ".to_owned(), "empty"),
        ("\u{200b}\u{2060}".to_owned(), "empty"),
        ("x".repeat(2_001), "too_large"),
        ("x".repeat(20_000), "too_large"),
        ("😀".repeat(16_000), "too_large"),
    ] {
        customer.send(json!({ "type": "say", "key": "k", "text": text })).await;
        let error = customer.frame_of("error").await;
        assert_eq!((error["code"].as_str(), error["key"].as_str()), (Some(code), Some("k")));
    }
    customer.says(&"é".repeat(2_000)).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_far_above_the_limit_closes_its_own_socket_and_no_other() {
    let house = with_limits(|_| {}).await;
    let mut other = house.visitor().await;
    let mut large = house.visitor().await;
    let _ = large.socket.send(Message::text("x".repeat(70_000))).await;
    while large.try_frame(PATIENCE).await.is_some() {}
    other.says("still here").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_too_fast_is_told_to_wait() {
    let house = with_limits(|it| (it.frames_per_second, it.frames_burst) = (1, 5)).await;
    let mut customer = house.visitor().await;
    for number in 0..20 {
        customer.send(json!({ "type": "seen", "seq": number })).await;
    }
    let error = customer.frame_of("error").await;
    assert_eq!(error["code"], "rate_limited");
    assert!(error["retry_after_ms"].as_u64().is_some_and(|it| 0 < it));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_from_one_address_are_limited_together() {
    let house = with_limits(|it| it.messages_per_minute = 3).await;
    let mut one = house.visitor().await;
    let mut two = house.visitor().await;
    one.says("a").await;
    two.says("b").await;
    one.says("c").await;
    two.send(json!({ "type": "say", "key": "k", "text": "d" })).await;
    assert_eq!(two.frame_of("error").await["code"], "rate_limited");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_no_hello_is_not_heard_and_soon_gone() {
    let house = with_limits(|it| it.hello_ms_max = 300).await;
    let mut stranger = Customer::connect(house.address, None).await;
    stranger.send(json!({ "type": "say", "key": "k", "text": "hello" })).await;
    assert_eq!(stranger.frame_of("error").await["code"], "not_welcomed");
    while stranger.try_frame(PATIENCE).await.is_some() {}
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_a_sign_of_life_is_closed() {
    let house = with_limits(|it| it.silent_ms_max = 300).await;
    let mut silent = house.visitor().await;
    while silent.try_frame(PATIENCE).await.is_some() {}
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_does_not_hold_a_connection() {
    let house = with_limits(|it| it.head_ms_max = 300).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(house.address).await.expect("it is taken");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.expect("it can be written");
        held.push(stream);
    }
    for mut stream in held {
        let mut answer = Vec::new();
        // Closed with an answer or with a reset: both are an end.
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "it was held");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_cap_connections_are_turned_away_with_a_word() {
    let house = with_limits(|it| it.connections_max = 3).await;
    let (_one, _two, _three) = (house.visitor().await, house.visitor().await, house.visitor().await);
    let mut stream = TcpStream::connect(house.address).await.expect("it is taken");
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("in time").expect("it is text");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"), "{answer}");
    drop(_three);
    let free = async {
        loop {
            if open_socket(house.address, "/v1/chat", None, None).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, free).await.expect("the place is free again");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_never_reads_is_let_go_and_loses_nothing() {
    let house = with_limits(|it| (it.send_ms_max, it.send_buffer_bytes) = (300, 4_096)).await;
    let mut talker = house.visitor().await;
    talker.says("the first").await;
    let deaf = talker.comes_back(house.address, 0).await;
    let text = "x".repeat(1_900);
    let mut n_said = 1;
    let mut gone = false;
    while n_said < 3_000 && !gone {
        talker.says(&text).await;
        n_said += 1;
        let id = plainbill::conversation::ConversationId::new(talker.conversation.clone());
        gone = house.app.presence.n_customers(&id) < 2;
    }
    assert!(gone, "the deaf socket is still there after {n_said} messages");
    let mut again = deaf.comes_back(house.address, 0).await;
    while again.events.len() < talker.events.len() {
        again.frame().await;
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_keep_browsers_safe() {
    let house = with_limits(|_| {}).await;
    for path in ["/", "/console", "/w.js", "/panel.js", "/healthz", "/api/v1/me", "/nowhere"] {
        let response = reqwest::get(format!("http://{}{path}", house.address)).await.expect("it answers");
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("it is text");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
    }
    for path in ["/..%2fCargo.toml", "/%00", "/..\\Cargo.toml", "/w.js/../Cargo.toml"] {
        let response = reqwest::get(format!("http://{}{path}", house.address)).await.expect("it answers");
        assert_eq!(response.status(), 404, "{path}");
    }
    house.close().await;
}

#[test]
fn a_frame_of_any_bytes_brings_down_its_own_socket_at_most() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let house = runtime.block_on(with_limits(|it| it.hello_ms_max = 2_000));
    let address = house.address;
    let frame = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Message::binary),
        any::<String>().prop_map(Message::text),
        "\\{\"type\":\"(hello|say|choose|rate|identify|seen|typing|end|ping)\"(,\"[a-z]{1,8}\":(null|1|true|\"[a-z]{0,9}\")){0,4}\\}"
            .prop_map(Message::text),
    ];
    let frames = proptest::collection::vec(frame, 1..20);
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(frames in frames, raw in proptest::collection::vec(any::<u8>(), 0..200))| {
        runtime.block_on(async {
            let mut socket = open_socket(address, "/v1/chat", None, None).await.expect("the server takes the socket");
            for frame in frames {
                if socket.send(frame).await.is_err() {
                    break;
                }
            }
            // What is no WebSocket frame at all, on the same wire.
            let stream = socket.get_mut();
            let _ = stream.write_all(&raw).await;
            let _ = stream.shutdown().await;
            let drain = async { while let Some(Ok(_)) = socket.next().await {} };
            let _ = tokio::time::timeout(Duration::from_secs(5), drain).await;
        });
    });
    runtime.block_on(async {
        let mut customer = house.visitor().await;
        customer.says("everybody else is still here").await;
        house.close().await;
    });
}
