//! What a customer asks, and what the bot answers.

use serde_json::json;

use crate::house::{CLOSED, House, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn a_higher_bill_is_explained_with_the_customers_own_figures() {
    let house = House::open().await;
    let mut customer = house.customer("one-off-fee").await;
    customer.says("why is my bill higher this month?").await;
    let answer = customer.hears_event().await;
    let text = answer["text"].as_str().unwrap_or_default();
    assert!(text.contains("£12.00 more than May"), "{text}");
    assert_eq!(answer["rateable"], true);
    assert!(answer["choices"].as_array().is_some_and(|it| !it.is_empty()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_stand_as_the_customers_browser_writes_them() {
    let house = House::open().await;
    for (locale, expected) in [("de-DE", "12,00\u{a0}£ more than May"), ("tlh", "£12.00 more than May")] {
        let hello = json!({ "type": "hello", "identity": house.token("one-off-fee"), "locale": locale });
        let mut customer = house.comes(hello).await;
        customer.says("why is my bill higher this month?").await;
        let text = customer.hears().await;
        assert!(text.contains(expected), "{locale}: {text}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_hears_nothing_of_any_account() {
    let house = House::open().await;
    let mut visitor = house.visitor().await;
    visitor.says("why is my bill higher this month? I am one-off-fee").await;
    let text = visitor.hears().await;
    assert!(!text.contains("£12.00"), "{text}");
    assert!(text.contains("check it's you"), "{text}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_questions_in_one_message_get_two_answers() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("How much do I owe you right now? And can I pay with American Express?").await;
    let (first, second) = (customer.hears().await, customer.hears().await);
    assert_ne!(first, second);
    assert!(first.contains("owe"), "{first}");
    assert!(second.contains("Visa"), "{second}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_quick_messages_are_one_turn() {
    let plan = Plan::default();
    let limits = plainbill::config::Limits { gather_ms: 400, ..plan.limits.clone() };
    let house = House::with(Plan { limits, ..plan }).await;
    let mut customer = house.customer("one-off-fee").await;
    for text in ["hi", "my bill", "why is it higher than last month"] {
        customer.says(text).await;
    }
    let text = customer.hears().await;
    assert!(text.contains("£12.00 more"), "{text}");
    customer.hears_nothing().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_misses_in_a_row_a_person_gets_it_where_one_is_there() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    for text in ["the purple monkey dishwasher sings at midnight", "seventeen green umbrellas dance quietly"] {
        customer.says(text).await;
        let missed = customer.hears_event().await;
        let choices = missed["choices"].as_array().cloned().unwrap_or_default();
        assert!(choices.iter().any(|it| it["id"] == "talk_to_human"), "{missed}");
    }
    customer.says("nine silver kettles argue about the weather").await;
    assert_eq!(customer.sees_owner().await["owner"], "queue");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_is_not_on_offer_is_refused_and_the_socket_lives() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.send(json!({ "type": "choose", "key": "k", "choice": "dispute_charge" })).await;
    let error = customer.frame_of("error").await;
    assert_eq!((error["code"].as_str(), error["key"].as_str()), (Some("not_offered"), Some("k")));
    customer.says("hello").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn start_over_and_end_chat_work_in_every_state() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    assert_eq!(customer.sees_owner().await["owner"], "queue");
    customer.taps("start_over").await;
    assert_eq!(customer.sees_owner().await["owner"], "bot");
    customer.hears().await;
    let key = customer.key();
    customer.send(json!({ "type": "end", "key": key })).await;
    assert_eq!(customer.sees_owner().await["owner"], "nobody");
    customer.says("one more thing: how much do I owe").await;
    assert!(customer.hears().await.contains("owe"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_masked_before_anything_keeps_it() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("please charge my card 4242 4242 4242 4242 for the bill").await;
    let said = customer.hears().await;
    assert!(said.contains("hidden the card number"), "{said}");
    let own = customer.events.iter().find(|it| it["from"] == "customer").expect("the own message is in the log");
    assert!(own["text"].as_str().is_some_and(|it| !it.contains("4242 4242")), "{own}");
    let data = house.data.clone();
    house.close().await;
    for entry in std::fs::read_dir(data.path()).expect("the folder is there").flatten() {
        let bytes = std::fs::read(entry.path()).expect("the file can be read");
        let found = bytes.windows(19).any(|it| it == b"4242 4242 4242 4242");
        assert!(!found, "{} has the number", entry.path().display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_classifier_every_message_gets_a_person() {
    let house = House::with(Plan { classifier: false, ..Plan::default() }).await;
    let mut customer = house.customer("one-off-fee").await;
    customer.says("why is my bill higher this month?").await;
    assert!(customer.hears().await.contains("colleague"));
    assert_eq!(customer.sees_owner().await["owner"], "queue");
    let ready = reqwest::get(format!("http://{}/readyz", house.address)).await.expect("it answers");
    let body: serde_json::Value = ready.json().await.expect("it is JSON");
    assert!(body["classifier"].as_str().is_some_and(|it| it.starts_with("missing")), "{body}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_hours_the_customer_hears_when_somebody_answers() {
    let house = House::with(Plan { at: CLOSED, ..Plan::default() }).await;
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    let text = customer.hears().await;
    assert!(text.contains("Monday 9:30"), "{text}");
    customer.says("it's about the neighbour's hedge and your van").await;
    assert!(customer.hears().await.contains("kept"));
    let promises = house.app.store.open_promises(10).await.expect("they can be read");
    assert_eq!(promises.len(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn danger_goes_to_a_person_at_once_with_the_right_words_first() {
    let house = House::open().await;
    let mut customer = house.visitor().await;
    customer.says("I smell gas in the kitchen").await;
    assert!(customer.hears().await.contains("999"));
    assert_eq!(customer.sees_owner().await["owner"], "queue");
    let waiting = house.app.store.list(plainbill::store::List::Waiting, 10).await.expect("it can be read");
    assert!(waiting.first().is_some_and(|it| it.urgent));
    house.close().await;
}
