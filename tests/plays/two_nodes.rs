//! Two servers on one PostgreSQL, told of each other's news by NATS: what works on one node works across both.

use std::sync::Arc;

use hmac::{Hmac, Mac};
use jiff::tz::TimeZone;
use plainbill::billing::stripe::Stripe;
use plainbill::config::{BillingConfig, Limits};
use plainbill::conversation::CustomerId;
use plainbill::store::{Role, StoreSettings};
use serde_json::json;
use sha2::Sha256;

use crate::house::{Customer, House, PATIENCE, Plan, instead};
use crate::pages::{follows, link_in};
use crate::postgres::{Nats, Postgres};
use crate::stripe_shapes::{BASIL, Fixed};

/// Signs the notices.
const WEBHOOK_KEY: &str = "whsec_of_two_nodes";

async fn node(postgres: &Postgres, nats: &Nats) -> House {
    node_of(postgres, nats, Plan::default()).await
}

/// A node on this database, in touch with the others.
pub async fn node_of(postgres: &Postgres, nats: &Nats, plan: Plan) -> House {
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

/// What this node calls the customer.
async fn name_on(house: &House) -> String {
    let account = house.app.billing.account(&CustomerId::new("cus_wren")).await;
    account.expect("the customer is in the file").person.name
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_in_billing_is_fresh_on_every_node() {
    let (postgres, nats, stripe) = (Postgres::start(), Nats::start(), Fixed::start(BASIL).await);
    let holds_long = || {
        let limits = Limits { billing_cache_ms: 3_600_000, ..Limits::default() };
        let config = BillingConfig { webhook_keys: vec![WEBHOOK_KEY.to_owned()], ..stripe.config() };
        let zone = TimeZone::get("Europe/London").expect("it is bundled");
        let source = Stripe::new(&config, &limits, zone, crate::stripe_shapes::now).expect("the settings are right");
        Plan { between: instead(Arc::new(source)), ..Plan::default() }
    };
    let one = node_of(&postgres, &nats, holds_long()).await;
    let two = node_of(&postgres, &nats, holds_long()).await;
    let renamed = |name: &str| stripe.change("GET /v1/customers/cus_wren", |it| it["name"] = name.into());
    assert_eq!((name_on(&one).await, name_on(&two).await), ("Wren Alder".to_owned(), "Wren Alder".to_owned()));

    // Stripe tells one node.
    renamed("Wren Birch");
    let body = json!({ "type": "customer.updated", "data": { "object": { "object": "customer", "id": "cus_wren" } } });
    let (body, at) = (body.to_string(), one.app.clock.now().as_second());
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_KEY.as_bytes()).expect("any key will do");
    mac.update(format!("{at}.{body}").as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    let url = format!("http://{}/hooks/stripe", one.address);
    let told = async {
        // As Stripe does: more than once. The first may come before the other node listens.
        loop {
            let hook = reqwest::Client::new().post(&url).body(body.clone());
            let hook = hook.header("stripe-signature", format!("t={at},v1={signature}"));
            assert_eq!(hook.send().await.expect("it answers").status(), 200);
            if name_on(&two).await == "Wren Birch" {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("the other node hears of it");
    assert_eq!(name_on(&one).await, "Wren Birch");

    // The bot does something on one node.
    renamed("Wren Cedar");
    let mut wren = one.customer("cus_wren").await;
    wren.says("please turn off automatic payment").await;
    wren.hears().await;
    wren.taps("do:cancel_autopay").await;
    wren.gets_receipt().await;
    assert_eq!(name_on(&one).await, "Wren Cedar");
    let heard = async {
        while name_on(&two).await != "Wren Cedar" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("the other node hears of it");
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
