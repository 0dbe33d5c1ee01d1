//! What is acked is kept, in order, once, and seen by every tab.

use std::time::Duration;

use plainbill::conversation::ConversationId;
use serde_json::json;

use crate::house::{Customer, House, PATIENCE, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_gets_the_same_ack_and_is_kept_once() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    let frame = json!({ "type": "say", "key": "once", "text": "how much do I owe" });
    customer.send(frame.clone()).await;
    let first = customer.acked("once").await;
    customer.hears().await;
    customer.send(frame).await;
    assert_eq!(customer.acked("once").await, first);
    customer.hears_nothing().await;
    let id = ConversationId::new(customer.conversation.clone());
    let events = house.app.store.events(&id, 0, 100).await.expect("they can be read");
    assert_eq!(events.iter().filter(|it| it.key.as_deref() == Some("once")).count(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_gets_exactly_what_they_missed() {
    let house = House::open().await;
    let mut customer = house.customer("one-off-fee").await;
    customer.says("how much do I owe").await;
    customer.hears().await;
    let seen = customer.events.last().and_then(|it| it["seq"].as_u64()).expect("there are events");
    let mut other_tab = customer.comes_back(house.address, 0).await;
    drop(customer.socket.close(None).await);
    other_tab.says("when is it due").await;
    other_tab.hears().await;
    let mut again = customer.comes_back(house.address, seen).await;
    assert_eq!(again.welcome["reset"], false);
    let first = again.frame_of("event").await;
    assert_eq!(first["seq"].as_u64(), Some(seen + 1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_see_the_same() {
    let house = House::open().await;
    let mut one = house.customer("all-quiet").await;
    one.says("hello").await;
    one.hears().await;
    let mut two = one.comes_back(house.address, 0).await;
    two.says("how much do I owe").await;
    let heard = one.hears().await;
    assert_eq!(two.hears_event().await["kind"], "message");
    while two.events.len() < one.events.len() {
        two.frame().await;
    }
    assert_eq!(one.events, two.events);
    assert!(heard.contains("owe"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_ahead_of_the_log_starts_from_the_beginning() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("hello").await;
    let again = customer.comes_back(house.address, 999).await;
    assert_eq!(again.welcome["reset"], true);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_before_the_first_message() {
    let house = House::open().await;
    let customer = house.customer("all-quiet").await;
    let id = ConversationId::new(customer.conversation.clone());
    assert!(house.app.store.conversation(&id).await.is_err());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_opens_a_new_conversation_and_shows_nothing_of_the_old() {
    let house = House::open().await;
    let mut owner = house.customer("one-off-fee").await;
    owner.says("why is my bill higher").await;
    owner.hears().await;
    let hello = json!({ "type": "hello", "conversation": owner.conversation, "resume": "guessed", "after": 0 });
    let mut thief = house.comes(hello).await;
    assert_ne!(thief.conversation, owner.conversation);
    assert_eq!(thief.welcome["reset"], true);
    thief.hears_nothing().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customer_on_the_same_device_does_not_see_the_old_conversation() {
    let house = House::open().await;
    let mut first = house.customer("one-off-fee").await;
    first.says("why is my bill higher").await;
    first.hears().await;
    let hello = json!({
        "type": "hello", "conversation": first.conversation, "resume": first.resume, "after": 0,
        "identity": house.token("all-quiet"),
    });
    let mut second = house.comes(hello).await;
    assert_ne!(second.conversation, first.conversation);
    second.hears_nothing().await;
    // The old session is closed by now: this is another one.
    let mut first = house.customer("one-off-fee").await;
    first.says("why is my bill higher").await;
    first.hears().await;
    first.send(json!({ "type": "identify", "token": house.token("all-quiet") })).await;
    let old = first.conversation.clone();
    first.welcomed().await;
    assert_ne!(first.conversation, old);
    assert_eq!(first.welcome["reset"], true);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_identity_is_refused_and_a_good_one_may_follow() {
    let house = House::open().await;
    let mut customer = Customer::connect(house.address, None).await;
    customer.send(json!({ "type": "hello", "identity": "not-a-token" })).await;
    assert_eq!(customer.frame_of("error").await["code"], "bad_identity");
    customer.send(json!({ "type": "hello", "identity": house.token("all-quiet") })).await;
    customer.welcomed().await;
    assert!(customer.welcome["verified"].is_string());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_and_not_answered_is_answered_after_the_next_start() {
    // A first house whose bot waits longer than the house lives.
    let plan = Plan::default();
    let limits = plainbill::config::Limits { gather_ms: 60_000, drain_ms_max: 100, ..plan.limits.clone() };
    let data = plan.data.clone();
    let house = House::with(Plan { limits, ..plan }).await;
    let mut customer = house.customer("one-off-fee").await;
    customer.says("why is my bill higher this month?").await;
    house.close().await;
    let store = plainbill::store::StoreSettings { data: data.path().to_path_buf(), ..Default::default() };
    let house = House::with(Plan { store, data, ..Plan::default() }).await;
    let mut again = customer.comes_back(house.address, 0).await;
    assert!(again.hears().await.contains("£12.00 more"));
    again.hears_nothing().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_means_not_sent_and_never_a_false_ack() {
    let plan = Plan::default();
    let store = plainbill::store::StoreSettings { pages_max: Some(120), ..plan.store.clone() };
    let house = House::with(Plan { store, ..plan }).await;
    let mut customer = house.visitor().await;
    let text = "x ".repeat(900);
    let (mut acked, mut refused) = (Vec::new(), None);
    for number in 0..400 {
        let key = format!("k{number}");
        customer.send(json!({ "type": "say", "key": key, "text": text })).await;
        loop {
            let frame = customer.frame().await;
            match frame["type"].as_str() {
                Some("ack") if frame["key"] == key.as_str() => {
                    acked.push(key.clone());
                    break;
                }
                Some("error") if frame["key"] == key.as_str() => {
                    refused = Some(frame);
                    break;
                }
                _ => {}
            }
        }
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("the disk gets full at some point");
    assert_eq!(refused["code"], "unavailable");
    assert!(refused["retry_after_ms"].as_u64().is_some_and(|it| 0 < it));
    let id = ConversationId::new(customer.conversation.clone());
    for key in acked {
        let found = house.app.store.find_key(&id, &key).await.expect("reads go on");
        assert!(found.is_some(), "{key} was acked and is not there");
    }
    // No clean end to wait for: unanswered messages are tried again until there is room.
    drop(house);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_server_goes_down_clients_are_told_when_to_come_back() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("hello").await;
    customer.hears().await;
    let closing = tokio::spawn(house.close());
    let frame = customer.frame_of("going_away").await;
    assert!(frame["retry_after_ms"].as_u64().is_some_and(|it| (100..=10_000).contains(&it)));
    assert!(customer.try_frame(PATIENCE).await.is_none());
    tokio::time::timeout(Duration::from_secs(15), closing).await.expect("in time").expect("no panic");
}
