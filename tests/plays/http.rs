//! The business's own endpoint as the source: what it says comes through, what it does wrong does no harm.

use std::sync::Arc;

use jiff::civil::{Date, date};
use plainbill::billing::http::Http;
use plainbill::billing::{Act, ActError, Billing, BillingError, Currency, Instalment, Money, Purpose, demo};
use plainbill::config::{BillingConfig, Limits};
use plainbill::conversation::CustomerId;

use crate::house::{House, Plan, instead};
use crate::openapi;
use crate::reference::{Mode, Reference};

const TODAY: Date = date(2026, 6, 16);

/// Quick to try again, and never left alone for longer than until the next request.
fn limits() -> Limits {
    Limits { billing_retry_ms: 1, billing_open_seconds: 0, billing_cache_ms: 0, ..Limits::default() }
}

fn http(reference: &Reference, limits: &Limits) -> Http {
    Http::new(&reference.config(), limits).expect("the settings are right")
}

fn fee(invoice: &str) -> Act {
    Act::TakeOffLateFee { invoice: invoice.to_owned(), amount: Money::new(500, Currency::GBP) }
}

fn id(id: &str) -> CustomerId {
    CustomerId::new(id)
}

#[tokio::test]
async fn every_account_comes_through_the_endpoint_as_it_is() {
    let reference = Reference::start(TODAY).await;
    let http = http(&reference, &limits());
    for customer in demo::customers() {
        let account = http.account(&id(customer.id)).await;
        assert_eq!(account.ok(), demo::account(customer.id, TODAY), "{}", customer.id);
    }
    assert_eq!(http.account(&id("nobody")).await, Err(BillingError::NotFound));
    assert_eq!(reference.lock().faults, Vec::<String>::new());
}

#[tokio::test]
async fn everything_that_is_asked_and_answered_is_as_described() {
    let reference = Reference::start(TODAY).await;
    let http = http(&reference, &limits());
    let (customer, on) = (id("first-late-fee"), date(2026, 6, 30));
    let acts = [
        fee("INV-1"),
        Act::GiveCredit { amount: Money::new(700, Currency::GBP), reason: "nobody came".into() },
        Act::GiveMoreDays { invoice: "INV-1".into(), until: on },
        Act::PayInParts {
            invoice: "INV-1".into(),
            parts: vec![Instalment { on, amount: Money::new(500, Currency::GBP) }],
        },
        Act::OpenDispute { invoice: "INV-1".into(), amount: None, facts: "it never worked".into() },
        Act::StopAutopay,
        Act::ChangeBillingDay { day: 3 },
        Act::UpdateContact { email: Some("new@example.com".into()), address: None, name: None },
        Act::UpdateCompany { company: Some("Alder Ltd".into()), tax_id: None },
        Act::Cancel { on },
        Act::KeepService,
    ];
    for act in &acts {
        let expected = match act.name() {
            "pay_in_parts" => Some(ActError::NotOffered),
            "cancel" => Some(ActError::Refused { why: "the router has to come back first".into() }),
            _ => None,
        };
        assert_eq!(http.act(&customer, act, act.name()).await.err(), expected, "{}", act.name());
    }
    http.account(&customer).await.expect("it is a demo account");
    assert_eq!(http.plans().await.map(|it| it.len()), Ok(3));
    let page = http.portal(&customer, Purpose::Pay).await.expect("it answers").expect("there is a page");
    assert_eq!(page.url, "https://pay.shop.example/first-late-fee");
    assert_eq!(http.portal(&customer, Purpose::SetUpAutopay).await, Ok(None));
    let email = demo::account("all-quiet", TODAY).expect("a demo account").person.email;
    assert_eq!(http.customer_of_email(&email.to_uppercase()).await, Ok(Some(id("all-quiet"))));
    assert_eq!(http.customer_of_email("nobody@example.com").await, Ok(None));
    let all = http.customers(1_000).await.expect("it answers");
    assert_eq!(all.len(), demo::customers().len(), "page after page");
    assert_eq!(http.customers(6).await.map(|it| it.len()), Ok(6));
    let seen = reference.lock();
    assert_eq!(seen.faults, Vec::<String>::new());
    for (method, path) in openapi::operations(&openapi::description()) {
        assert!(seen.asked.contains(&format!("{method} {path}")), "{method} {path} is described and never asked");
    }
}

#[tokio::test]
async fn an_act_whose_answer_is_lost_is_done_once() {
    let reference = Reference::start(TODAY).await;
    let http = http(&reference, &limits());
    reference.is(Mode::LosesAnswers);
    let done = http.act(&id("first-late-fee"), &fee("INV-1"), "key-1").await.expect("the second try hears it");
    assert_eq!((done.reference.as_str(), done.on), ("R-1", TODAY));
    assert_eq!(http.act(&id("first-late-fee"), &fee("INV-1"), "key-1").await, Ok(done));
    assert_eq!(reference.lock().effects.len(), 1);
}

#[tokio::test]
async fn an_act_that_was_not_answered_is_not_said_to_have_failed() {
    let reference = Reference::start(TODAY).await;
    let http = http(&reference, &limits());
    reference.is(Mode::Down);
    assert_eq!(http.act(&id("first-late-fee"), &fee("INV-1"), "key-1").await, Err(ActError::Unknown));
    reference.is(Mode::Html);
    assert_eq!(http.act(&id("first-late-fee"), &fee("INV-1"), "key-1").await, Err(ActError::Unknown));
    reference.is(Mode::Works);
    assert!(http.act(&id("first-late-fee"), &fee("INV-1"), "key-1").await.is_ok());
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_not_used() {
    let reference = Reference::start(TODAY).await;
    let http = http(&reference, &limits());
    for mode in [Mode::Garbles, Mode::Confuses, Mode::Html] {
        reference.is(mode);
        assert_eq!(http.account(&id("one-off-fee")).await, Err(BillingError::Broken), "{mode:?}");
    }
    let wrong = BillingConfig { key: "another-key".to_owned(), ..reference.config() };
    reference.is(Mode::Works);
    let stranger = Http::new(&wrong, &limits()).expect("the settings are right");
    assert_eq!(stranger.account(&id("one-off-fee")).await, Err(BillingError::Unreachable));
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_left_alone() {
    let reference = Reference::start(TODAY).await;
    reference.is(Mode::Silent);
    let limits = Limits {
        billing_try_ms_max: 50,
        billing_tries_max: 2,
        billing_failures_max: 4,
        billing_open_seconds: 3_600,
        ..limits()
    };
    let http = http(&reference, &limits);
    for _ in 0..10 {
        assert_eq!(http.account(&id("one-off-fee")).await, Err(BillingError::Unreachable));
    }
    assert_eq!(reference.n_asked(), 4);
}

#[tokio::test]
async fn an_account_is_held_for_a_while_and_asked_for_again_after_an_act() {
    let reference = Reference::start(TODAY).await;
    let http = http(&reference, &Limits { billing_cache_ms: 3_600_000, ..limits() });
    let customer = id("one-off-fee");
    for _ in 0..3 {
        http.account(&customer).await.expect("it is a demo account");
    }
    assert_eq!(reference.n_asked(), 1);
    http.act(&customer, &Act::StopAutopay, "key-1").await.expect("it is offered");
    http.account(&customer).await.expect("it is a demo account");
    assert_eq!(reference.n_asked(), 3);
    // What is held still answers when the endpoint no longer does.
    reference.is(Mode::Down);
    assert!(http.account(&customer).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_means_an_honest_sentence_and_a_person_until_it_is_back() {
    let reference = Reference::start(TODAY).await;
    let billing = Arc::new(http(&reference, &limits()));
    let house = House::with(Plan { between: instead(billing), ..Plan::default() }).await;
    let mut customer = house.customer("one-off-fee").await;
    reference.is(Mode::Down);
    customer.says("why is my bill higher this month?").await;
    let said = customer.hears().await;
    assert!(said.contains("can't see your bill right now") && !said.contains('£'), "{said}");
    assert_eq!(customer.sees_owner().await["owner"], "queue");
    reference.is(Mode::Works);
    customer.taps("start_over").await;
    customer.hears().await;
    customer.says("why is my bill higher this month?").await;
    let said = customer.hears().await;
    assert!(said.contains("£12.00 more than May"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn billing_that_is_slow_keeps_nobody_from_the_chat() {
    let reference = Reference::start(TODAY).await;
    let billing = Arc::new(http(&reference, &limits()));
    let house = House::with(Plan { between: instead(billing), ..Plan::default() }).await;
    reference.is(Mode::Silent);
    let mut customer = house.customer("one-off-fee").await;
    customer.says("why is my bill higher this month?").await;
    let said = customer.hears().await;
    assert!(said.contains("can't see your bill right now"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_that_they_have_paid_gets_the_account_as_it_is_by_now() {
    let reference = Reference::start(TODAY).await;
    let billing = Arc::new(http(&reference, &Limits { billing_cache_ms: 3_600_000, ..limits() }));
    let house = House::with(Plan { between: instead(billing), ..Plan::default() }).await;
    let mut customer = house.customer("bill-late").await;
    let mut n_asked = Vec::new();
    for text in ["how much do I owe", "which bill is late", "but I've already paid that, an hour ago"] {
        customer.says(text).await;
        customer.hears().await;
        n_asked.push(reference.n_accounts_asked());
    }
    assert_eq!((n_asked[1] - n_asked[0], n_asked[2] - n_asked[1]), (0, 1), "{n_asked:?}");
    house.close().await;
}
