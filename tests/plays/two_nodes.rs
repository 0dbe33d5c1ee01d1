//! Two servers on one PostgreSQL, told of each other's news by NATS: what works on one node works across both.

use serde_json::json;

use plainbill::store::{Role, StoreSettings};

use crate::house::{Customer, House, Plan};
use crate::pages::{follows, link_in};
use crate::postgres::{Nats, Postgres};

async fn node(postgres: &Postgres, nats: &Nats) -> House {
    let plan = Plan::default();
    let store = StoreSettings { url: Some(postgres.url()), nats: Some(nats.url()), ..plan.store.clone() };
    House::with(Plan { store, ..plan }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_on_one_node_and_staff_on_the_other_talk_live() {
    let (postgres, mut nats) = (Postgres::start(), Nats::start());
    let (one, two) = (node(&postgres, &nats).await, node(&postgres, &nats).await);
    let mut ben = two.staff("Ben", Role::Answers).await;
    let mut customer = one.customer("one-off-fee").await;
    customer.says("why is my bill higher this month?").await;
    assert!(customer.hears().await.contains("£12.00 more"));
    customer.taps("talk_to_human").await;
    customer.sees_owner().await;
    ben.takes(&customer.conversation).await;
    while customer.sees_owner().await["owner"] != "staff" {}
    ben.send(json!({ "type": "watch", "conversation": customer.conversation, "after": 0 })).await;
    ben.replies(&customer.conversation, "Hello from the other node.").await;
    assert_eq!(customer.hears().await, "Hello from the other node.");

    // The same conversation in a second tab, on the other node.
    let mut tab = customer.comes_back(two.address, 0).await;
    tab.says("thank you").await;
    while customer.events.last().is_none_or(|it| it["text"] != "thank you") {
        customer.frame().await;
    }

    // Hints are gone, the log is not: what is said comes through by looking.
    nats.stop();
    ben.replies(&customer.conversation, "Still here.").await;
    assert_eq!(customer.hears().await, "Still here.");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_one_node_gave_leads_to_its_page_on_the_other() {
    let (postgres, nats) = (Postgres::start(), Nats::start());
    let (one, two) = (node(&postgres, &nats).await, node(&postgres, &nats).await);
    let mut customer = one.customer("bill-late").await;
    customer.says("I want to change my card").await;
    let said = customer.hears().await;
    let link = link_in(&said).replace(&one.address.to_string(), &two.address.to_string());
    let answer = follows(&link).await;
    assert_eq!(answer.status(), 303);
    let page = answer.headers()["location"].to_str().expect("plain text");
    assert!(page.starts_with(&format!("http://{}/demo/portal/change-method?", two.address)), "{page}");
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_goes_away_for_a_while_costs_no_message() {
    let (mut postgres, nats) = (Postgres::start(), Nats::start());
    let house = node(&postgres, &nats).await;
    let mut customer = house.visitor().await;
    let first = customer.says("hello there").await;
    customer.hears().await;
    postgres.stop();
    customer.send(json!({ "type": "say", "key": "while-down", "text": "how do I pay" })).await;
    let refused = customer.frame_of("error").await;
    assert_eq!((refused["key"].as_str(), refused["code"].as_str()), (Some("while-down"), Some("unavailable")));
    postgres.start_again();
    // As the widget does: the same frame under the same key until it is acked.
    let seq = loop {
        customer.send(json!({ "type": "say", "key": "while-down", "text": "how do I pay" })).await;
        let frame = loop {
            let frame = customer.frame().await;
            if frame["key"] == "while-down" {
                break frame;
            }
        };
        if frame["type"] == "ack" {
            break frame["seq"].as_u64().expect("acks have a seq");
        }
    };
    assert!(first < seq);
    let mut again: Customer = customer.comes_back(house.address, 0).await;
    while again.events.len() < seq as usize {
        again.frame().await;
    }
    let n = again.events.iter().filter(|it| it["key"] == "while-down").count();
    assert_eq!(n, 1);
    house.close().await;
}
