//! What staff give a customer in the console: within what each may give, once, with a receipt.

use std::process::Command;

use plainbill::billing::{Currency, Money};
use plainbill::conversation::CustomerId;
use plainbill::store::{ActionStatus, Role};
use serde_json::{Value, json};

use crate::actions::{Fate, effects, house_with};
use crate::house::{Customer, House, PATIENCE, Plan, StaffMember, copy};
use crate::killing::free_port;
use crate::reference::{Mode, Reference};
use crate::settling::{customer_at, program};

/// A customer who talks to a person.
async fn with_a_person(house: &House, id: &str, staff: &StaffMember) -> Customer {
    let mut customer = house.customer(id).await;
    customer.says("I want to talk to a person").await;
    customer.sees_owner().await;
    staff.takes(&customer.conversation).await;
    while customer.sees_owner().await["owner"] != "staff" {}
    customer
}

async fn gives(staff: &StaffMember, customer: &Customer, goodwill: Value) -> (u16, Value) {
    staff.post(&format!("conversations/{}/goodwill", customer.conversation), goodwill).await
}

fn credit(key: &str, amount: &str) -> Value {
    json!({ "key": key, "amount": amount, "reason": "Our engineer did not come.", "sure": true })
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_fee_and_a_credit_are_shown_first_done_once_and_receipted() {
    let house = House::open().await;
    let sam = house.staff("Sam", Role::Answers).await;
    let mut customer = with_a_person(&house, "second-late-fee", &sam).await;
    let path = format!("conversations/{}/goodwill", customer.conversation);
    let (status, offer) = sam.get(&path).await;
    assert_eq!((status, offer["limit"].as_str(), offer["left"].as_str()), (200, Some("£20.00"), Some("£20.00")));
    assert!(offer["clause"].as_str().is_some_and(|it| it.starts_with("staff_goodwill, version 1")), "{offer}");
    let fee = &offer["late_fees"][0];
    assert_eq!(fee["label"], "Late fee of £5.00 on the June bill", "{offer}");

    let off = |sure: bool| json!({ "key": "k1", "late_fee": fee["invoice"], "reason": "They moved", "sure": sure });
    let (status, asks) = gives(&sam, &customer, off(false)).await;
    assert_eq!((status, asks["state"].as_str()), (200, Some("asks")), "{asks}");
    assert_eq!(effects(&house, "second-late-fee").await, 0, "nothing is done before the yes");
    let (status, done) = gives(&sam, &customer, off(true)).await;
    assert_eq!((status, done["state"].as_str(), &done["text"]), (200, Some("done"), &asks["text"]), "{done}");
    let receipt = customer.gets_receipt().await;
    assert_eq!((receipt["from"].as_str(), receipt["name"].as_str()), (Some("staff"), Some("Sam")), "{receipt}");
    assert_eq!(receipt["text"], "Sam has taken the late fee of £5.00 off your June bill. Why: They moved.");
    assert!(receipt["receipt"]["undo"].is_string() && receipt["receipt"]["reference"].is_string(), "{receipt}");
    assert!(receipt["receipt"]["clause"].is_null(), "the rule's name is for staff: {receipt}");

    let (status, done) = gives(&sam, &customer, credit("k2", "15")).await;
    assert_eq!((status, done["state"].as_str()), (200, Some("done")), "{done}");
    let receipt = customer.gets_receipt().await;
    let words = "Sam has given you £15.00 back. It comes off your next bill. Why: Our engineer did not come.";
    assert_eq!(receipt["text"], words);
    let account = house.app.billing.account(&CustomerId::new("second-late-fee")).await.expect("the demo answers");
    assert_eq!(account.credits[0].amount, Money::new(1_500, Currency::GBP));
    assert_eq!(account.credits[0].reason.as_deref(), Some("Our engineer did not come"));

    let (_, offer) = sam.get(&path).await;
    assert_eq!(offer["left"], "£0.00");
    let left: Vec<&Value> = offer["late_fees"].as_array().expect("a list").iter().map(|it| &it["invoice"]).collect();
    assert!(!left.contains(&&fee["invoice"]), "{offer}");
    let (_, detail) = sam.get(&format!("conversations/{}", customer.conversation)).await;
    let events = detail["events"].as_array().expect("there are events");
    let shown = events.iter().filter(|it| it["kind"] == "receipt").collect::<Vec<_>>();
    assert!(shown.iter().all(|it| it["receipt"]["clause"].as_str().is_some_and(|it| it.contains("version 1"))));
    let audit = house.app.store.actions(Some(ActionStatus::Done), 10).await.expect("it can be read");
    assert_eq!(audit.len(), 2);
    for record in audit {
        let (staff, reason) = record.new.by.clone().expect("it says who");
        assert_eq!(staff.as_str(), "staff-sam");
        assert!(!reason.is_empty() && record.told, "{record:?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_it_is_refused_with_the_rule_and_who_may() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy("intents".as_ref(), folder.path());
    let file = folder.path().join("policies.toml");
    let rules = std::fs::read_to_string(&file).expect("it is there");
    let own = "\n[[policy]]\nname = \"staff_goodwill\"\nfrom = \"2026-01-01\"\nabout = \"x\"\nvalue = 5000\n\
               staff = \"alex\"\n";
    std::fs::write(&file, rules + own).expect("it can be written");
    let house = House::with(Plan { intents: folder.path().to_owned(), ..Plan::default() }).await;
    let sam = house.staff("Sam", Role::Answers).await;
    let mut customer = with_a_person(&house, "all-quiet", &sam).await;
    let (status, no) = gives(&sam, &customer, credit("k1", "20.01")).await;
    assert_eq!((status, no["code"].as_str()), (422, Some("refused")), "{no}");
    for wanted in ["£20.01 is too much for you", "£20.00 in 30 days", "staff_goodwill, version 1", "Nobody else may"]
    {
        assert!(message(&no).contains(wanted), "{wanted}: {no}");
    }
    let alex = house.staff("Alex", Role::Answers).await;
    house.staff("Rita", Role::Reads).await;
    assert_eq!(gives(&sam, &customer, credit("k2", "15")).await.0, 200);
    let (status, no) = gives(&sam, &customer, credit("k3", "5.01")).await;
    assert_eq!(status, 422);
    assert!(message(&no).contains("£5.00 of it is left") && message(&no).contains("Alex may give it"), "{no}");
    assert_eq!(gives(&sam, &customer, credit("k4", "5")).await.0, 200, "to the last penny");
    assert_eq!(effects(&house, "all-quiet").await, 2);

    sam.post(&format!("conversations/{}/hand-back", customer.conversation), json!({})).await;
    alex.takes(&customer.conversation).await;
    let (status, done) = gives(&alex, &customer, credit("k5", "50")).await;
    assert_eq!(status, 200, "{done}");
    customer.settles_with_receipts(3).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_has_the_conversation_gives_and_only_to_somebody_we_know() {
    let house = House::open().await;
    let (sam, ben) = (house.staff("Sam", Role::Answers).await, house.staff("Ben", Role::Answers).await);
    let rita = house.staff("Rita", Role::Reads).await;
    let customer = with_a_person(&house, "all-quiet", &sam).await;
    assert_eq!(gives(&ben, &customer, credit("k1", "5")).await.0, 409);
    assert_eq!(gives(&rita, &customer, credit("k1", "5")).await.0, 403);
    for (goodwill, wanted) in [
        (credit("k1", "a fiver"), "an amount like £5.00"),
        (credit("k1", "-5"), "above zero"),
        (credit("k1", "0"), "above zero"),
        (json!({ "key": "k1", "amount": "5", "reason": " . ", "sure": true }), "say why"),
        (json!({ "key": "k1", "late_fee": "INV-0", "reason": "x", "sure": true }), "no late fee"),
    ] {
        let (status, no) = gives(&sam, &customer, goodwill).await;
        assert_eq!(status, 422, "{no}");
        assert!(message(&no).contains(wanted), "{wanted}: {no}");
    }
    let long = json!({ "key": "k1", "amount": "5", "reason": "x".repeat(201), "sure": true });
    assert_eq!(gives(&sam, &customer, long).await.0, 413);
    let mut visitor = house.visitor().await;
    visitor.says("I want to talk to a person").await;
    visitor.sees_owner().await;
    sam.takes(&visitor.conversation).await;
    let (status, no) = gives(&sam, &visitor, credit("k1", "5")).await;
    assert_eq!(status, 422, "{no}");
    assert!(message(&no).contains("who this is"), "{no}");
    assert_eq!(effects(&house, "all-quiet").await, 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_is_one_effect_and_one_receipt_and_so_is_a_fee_from_two_windows() {
    let house = House::open().await;
    let sam = house.staff("Sam", Role::Answers).await;
    let mut customer = with_a_person(&house, "first-late-fee", &sam).await;
    let (one, two) =
        tokio::join!(gives(&sam, &customer, credit("same", "5")), gives(&sam, &customer, credit("same", "5")));
    assert_eq!((one.0, two.0), (200, 200), "{one:?} {two:?}");
    assert_eq!(effects(&house, "first-late-fee").await, 1);
    let account = house.app.billing.account(&CustomerId::new("first-late-fee")).await.expect("the demo answers");
    let fee = |key: &str| json!({ "key": key, "late_fee": account.late_fees[0].invoice, "reason": "x", "sure": true });
    let (one, two) =
        tokio::join!(gives(&sam, &customer, fee("a-window")), gives(&sam, &customer, fee("another-window")));
    assert_eq!((one.0, two.0), (200, 200), "{one:?} {two:?}");
    assert_eq!(effects(&house, "first-late-fee").await, 2);
    customer.settles_with_receipts(2).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_billing_refuses_or_loses_is_told_to_whoever_gives() {
    let plan = Plan::default();
    let limits = plainbill::config::Limits { settle_after_ms: 60_000, settle_look_ms: 20, ..plan.limits.clone() };
    let (house, _) = house_with(&[Fate::Refused, Fate::AnswerLost], Plan { limits, ..plan }).await;
    let sam = house.staff("Sam", Role::Answers).await;
    let mut customer = with_a_person(&house, "all-quiet", &sam).await;
    let (status, no) = gives(&sam, &customer, credit("k1", "5")).await;
    assert_eq!(status, 422, "{no}");
    assert!(message(&no).contains("Nothing has changed") && message(&no).contains("not today"), "{no}");
    let (status, waits) = gives(&sam, &customer, credit("k2", "5")).await;
    assert_eq!((status, waits["state"].as_str()), (200, Some("waiting")), "{waits}");
    let later = house.app.clock.now().checked_add(jiff::SignedDuration::from_mins(2)).expect("there is a later");
    house.app.clock.set(later);
    let receipt = customer.gets_receipt().await;
    assert_eq!((receipt["from"].as_str(), receipt["name"].as_str()), (Some("staff"), Some("Sam")), "{receipt}");
    customer.settles_with_receipts(1).await;
    assert_eq!(effects(&house, "all-quiet").await, 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_billing_never_says_of_a_gift_is_not_called_the_customers_request() {
    let plan = Plan::default();
    let limits = plainbill::config::Limits { settle_after_ms: 60_000, settle_look_ms: 20, ..plan.limits.clone() };
    let (house, _) = house_with(&[Fate::RequestLost; 100], Plan { limits, ..plan }).await;
    let sam = house.staff("Sam", Role::Answers).await;
    let mut customer = with_a_person(&house, "all-quiet", &sam).await;
    let (status, waits) = gives(&sam, &customer, credit("k1", "5")).await;
    assert_eq!((status, waits["state"].as_str()), (200, Some("waiting")), "{waits}");
    let later = house.app.clock.now().checked_add(jiff::SignedDuration::from_hours(25)).expect("there is a tomorrow");
    house.app.clock.set(later);
    let said = customer.hears_event().await;
    let said = said["text"].as_str().expect("it is said in words");
    assert!(said.starts_with("A colleague wanted to give you something back on Tuesday 16 June"), "{said}");
    assert!(!said.contains("your request"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_billing_and_the_receipt_it_is_given_once_and_receipted_once() {
    let reference = Reference::start(jiff::Zoned::now().date()).await;
    let data = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let first = program(&reference, data.path(), port).await;
    let added = Command::new(env!("CARGO_BIN_EXE_plainbill"))
        .args(["staff", "add", "sam", "--name", "Sam", "--data"])
        .arg(data.path())
        .output()
        .expect("it runs");
    let words = String::from_utf8_lossy(&added.stdout);
    let password = words.trim().rsplit(' ').next().expect("the password is printed").to_owned();
    let sam = StaffMember::sign_in_with(first.address, "sam", &password).await;
    let mut customer = customer_at(&first, "all-quiet").await;
    customer.says("I want to talk to a person").await;
    customer.sees_owner().await;
    sam.takes(&customer.conversation).await;
    reference.is(Mode::Hangs);
    let path = format!("http://{}/api/v1/conversations/{}/goodwill", sam.address, customer.conversation);
    let request = sam.http.post(path).header("cookie", &sam.cookie).header("origin", format!("http://{}", sam.address));
    let asked = tokio::spawn(request.json(&credit("k1", "5")).send());
    let until = tokio::time::Instant::now() + PATIENCE;
    while reference.lock().effects.is_empty() {
        assert!(tokio::time::Instant::now() < until, "billing was never asked");
        tokio::task::yield_now().await;
    }
    first.kill();
    // The answer may have come before the kill, as "billing has not answered yet".
    let _ = asked.await;
    reference.is(Mode::Works);
    let second = program(&reference, data.path(), port).await;
    let sam = StaffMember::sign_in_with(second.address, "sam", &password).await;
    let (status, done) = gives(&sam, &customer, credit("k1", "5")).await;
    assert_eq!((status, done["state"].as_str()), (200, Some("done")), "{done}");
    let mut back = customer.comes_back(second.address, 0).await;
    back.settles_with_receipts(1).await;
    assert_eq!(reference.lock().effects.len(), 1);
    assert_eq!(reference.lock().faults, Vec::<String>::new());
    second.kill();
}
