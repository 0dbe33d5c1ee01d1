//! What a crash or a lost answer has left open is brought to its end by itself: once, and the customer is told.

use std::path::Path;
use std::process::Command;

use jiff::SignedDuration;
use plainbill::config::Limits;
use plainbill::conversation::{ConversationId, CustomerId, Message, NewEvent, Sender, What};
use plainbill::identity::Identity;
use plainbill::store::{ActionStatus, Append, StoreSettings};
use serde_json::{Value, json};

use crate::actions::{Fate, effects, house_with};
use crate::house::{Customer, House, PATIENCE, Plan, key};
use crate::killing::{Program, free_port};
use crate::postgres::{Nats, Postgres};
use crate::reference::{KEY, Mode, Reference};

/// The real program with this endpoint as its billing, which looks for open ends all the time.
pub async fn program(reference: &Reference, data: &Path, port: u16) -> Program {
    let settings = data.join("plainbill.toml");
    let key = key();
    let text = format!(
        "demo = false\n\n[billing]\nsource = \"http\"\nurl = \"http://{}/plainbill\"\nkey = \"{KEY}\"\n\n\
         [[identity_keys]]\nkid = \"{}\"\nsecret = \"{}\"\n\n\
         [limits]\nsettle_after_ms = 1\nsettle_look_ms = 50\nbilling_ms_max = 1000\nbilling_try_ms_max = 300\n",
        reference.address, key.kid, key.secret
    );
    std::fs::write(&settings, text).expect("it can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    command.arg("--config").arg(settings);
    Program::start_with(command, data, port).await
}

/// A customer at the real program, vouched for.
pub async fn customer_at(program: &Program, id: &str) -> Customer {
    let now = jiff::Timestamp::now().as_second();
    let token = Identity::new(vec![key()], 600).token(&CustomerId::new(id), now).expect("there is a key");
    let mut customer = Customer::connect(program.address, None).await;
    customer.send(json!({ "type": "hello", "identity": token })).await;
    customer.welcomed().await;
    customer
}

/// A house that looks for open ends all the time.
fn plan() -> Plan {
    let plan = Plan::default();
    Plan { limits: Limits { settle_after_ms: 0, settle_look_ms: 20, ..plan.limits.clone() }, ..plan }
}

async fn asks_for_the_fee(customer: &mut Customer) -> Value {
    customer.says("can you take the late fee off my bill").await;
    customer.hears_event().await;
    customer.taps("do:late_fee_waiver").await;
    customer.hears_event().await
}

fn text(event: &Value) -> &str {
    event["text"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_nobody_knows_what_came_of_it_the_receipt_comes_by_itself_and_once() {
    let reference = Reference::start(jiff::Zoned::now().date()).await;
    let data = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let first = program(&reference, data.path(), port).await;
    let mut customer = customer_at(&first, "first-late-fee").await;
    reference.is(Mode::Hangs);
    let unsure = asks_for_the_fee(&mut customer).await;
    assert!(text(&unsure).contains("lost the line"), "{unsure}");
    first.kill();
    reference.is(Mode::Works);
    let second = program(&reference, data.path(), port).await;
    let mut back = customer.comes_back(second.address, 0).await;
    let receipt = back.gets_receipt().await;
    assert!(text(&receipt).contains("£5.00"), "{receipt}");
    second.kill();
    let third = program(&reference, data.path(), port).await;
    let mut again = customer.comes_back(third.address, 0).await;
    again.gets_receipt().await;
    again.hears_nothing().await;
    assert_eq!(again.n_receipts(), 1);
    assert_eq!(reference.lock().effects.len(), 1);
    third.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_billing_refuses_in_the_end_is_said_and_a_person_gets_it() {
    let (house, asked) = house_with(&[Fate::RequestLost, Fate::RequestLost, Fate::Refused], plan()).await;
    let mut customer = house.customer("first-late-fee").await;
    asks_for_the_fee(&mut customer).await;
    while customer.sees_owner().await["owner"] != "queue" {}
    let said = customer.events.iter().filter(|it| it["from"] == "bot" && text(it).contains("from here")).count();
    assert_eq!((said, customer.n_receipts(), effects(&house, "first-late-fee").await), (1, 0, 0));
    assert_eq!(asked.lock().expect("no test panicked").len(), 3);
    let refused = house.app.store.actions(Some(ActionStatus::Refused), 10).await.expect("it can be read");
    assert_eq!(refused.len(), 1);
    customer.hears_nothing().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_billing_never_answers_is_said_to_be_unknown_and_a_person_looks() {
    let plan = plan();
    let limits = Limits { settle_after_ms: 60_000, ..plan.limits.clone() };
    let (house, asked) = house_with(&[Fate::RequestLost], Plan { limits, ..plan }).await;
    let mut customer = house.customer("first-late-fee").await;
    asks_for_the_fee(&mut customer).await;
    // Billing works again by then, and would do it.
    let later = house.app.clock.now().checked_add(SignedDuration::from_hours(25)).expect("there is a tomorrow");
    house.app.clock.set(later);
    let said = customer.hears_event().await;
    assert!(text(&said).contains("Tuesday 16 June") && text(&said).contains("colleague"), "{said}");
    while customer.sees_owner().await["owner"] != "queue" {}
    let begun = house.app.store.actions(Some(ActionStatus::Begun), 10).await.expect("it can be read");
    assert!(begun[0].told && begun[0].why.as_deref().is_some_and(|it| it.contains("never answered")), "{begun:?}");
    customer.hears_nothing().await;
    assert_eq!(asked.lock().expect("no test panicked").len(), 1, "what is a day old is not asked for again");
    assert_eq!((customer.n_receipts(), effects(&house, "first-late-fee").await), (0, 0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_no_what_was_begun_is_left_alone_and_a_person_looks() {
    let plan = plan();
    let limits = Limits { settle_after_ms: 60_000, ..plan.limits.clone() };
    let (house, asked) = house_with(&[Fate::RequestLost], Plan { limits, ..plan }).await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("I want to cancel my subscription").await;
    customer.hears_event().await;
    customer.taps("do:cancel_subscription").await;
    let unsure = customer.hears_event().await;
    assert!(text(&unsure).contains("lost the line"), "{unsure}");
    customer.says("no").await;
    let said = customer.hears_event().await;
    assert!(text(&said).contains("may have gone through") && text(&said).contains("colleague"), "{said}");
    while customer.sees_owner().await["owner"] != "queue" {}
    let later = house.app.clock.now().checked_add(SignedDuration::from_mins(2)).expect("there is a later");
    house.app.clock.set(later);
    customer.hears_nothing().await;
    assert_eq!(asked.lock().expect("no test panicked").len(), 1, "billing is not asked again");
    assert_eq!((customer.n_receipts(), effects(&house, "all-quiet").await), (0, 0));
    let begun = house.app.store.actions(Some(ActionStatus::Begun), 10).await.expect("it can be read");
    assert!(begun[0].told && begun[0].why.as_deref().is_some_and(|it| it.contains("said no")), "{begun:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_is_answered_with_what_came_of_it_and_once() {
    let plan = plan();
    let limits = Limits { settle_after_ms: 60_000, ..plan.limits.clone() };
    let (house, _) = house_with(&[Fate::AnswerLost], Plan { limits, ..plan }).await;
    let mut customer = house.customer("first-late-fee").await;
    asks_for_the_fee(&mut customer).await;
    // A tap whose turn nobody has taken, as after a crash: it is kept, and what it asks for is begun.
    let (store, id, now_ms) =
        (&house.app.store, ConversationId::new(customer.conversation.as_str()), house.app.clock.now_ms());
    let tap = Message { text: "Try again".into(), choice: Some("do:late_fee_waiver".into()), ..Message::default() };
    let event = NewEvent { from: Sender::Customer, name: None, what: What::Message(tap) };
    let kept = store.append(Append { events: vec![event], ..Append::new(id.clone(), now_ms) }).await;
    let seq = kept.expect("it can be kept").seq;
    let begun = store.actions(Some(ActionStatus::Begun), 10).await.expect("it can be read");
    let taken = store.take_up_action(&begun[0].new.key, &id, seq, now_ms + 60_000).await.expect("it can be taken up");
    assert!(taken.is_some());
    let later = house.app.clock.now().checked_add(SignedDuration::from_mins(2)).expect("there is a later");
    house.app.clock.set(later);
    customer.gets_receipt().await;
    customer.hears_nothing().await;
    assert_eq!((customer.n_receipts(), effects(&house, "first-late-fee").await), (1, 1));
    assert_eq!(store.conversation(&id).await.expect("it can be read").answered_seq, seq);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_tries_again_and_the_look_for_open_ends_come_to_one_receipt() {
    let (house, _) = house_with(&[Fate::AnswerLost], plan()).await;
    let mut customer = house.customer("first-late-fee").await;
    customer.says("can you take the late fee off my bill").await;
    customer.hears_event().await;
    let keys = [customer.key(), customer.key()];
    for key in &keys {
        customer.send(json!({ "type": "choose", "key": key, "choice": "do:late_fee_waiver" })).await;
    }
    customer.gets_receipt().await;
    customer.settles().await;
    while customer.try_frame(std::time::Duration::from_millis(500)).await.is_some() {}
    assert_eq!((customer.n_receipts(), effects(&house, "first-late-fee").await), (1, 1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_asks_billing_again_and_one_tells() {
    let (postgres, nats) = (Postgres::start(), Nats::start());
    let node = async |fates: &[Fate]| {
        let plan = plan();
        let store = StoreSettings { url: Some(postgres.url()), nats: Some(nats.url()), ..plan.store.clone() };
        let limits = Limits { settle_after_ms: 60_000, ..plan.limits.clone() };
        house_with(fates, Plan { store, limits, ..plan }).await
    };
    let (one, asked_by_one) = node(&[Fate::AnswerLost]).await;
    let mut customer = one.customer("first-late-fee").await;
    asks_for_the_fee(&mut customer).await;
    // Only now: a node that is there earlier may take the tap on, where the first one is slow, and lose no answer.
    let (two, asked_by_two) = node(&[]).await;
    let later = one.app.clock.now().checked_add(SignedDuration::from_mins(2)).expect("there is a later");
    for house in [&one, &two] {
        house.app.clock.set(later);
    }
    customer.gets_receipt().await;
    customer.hears_nothing().await;
    assert_eq!((customer.n_receipts(), effects(&one, "first-late-fee").await), (1, 1));
    let n_asked =
        [asked_by_one, asked_by_two].iter().map(|it| it.lock().expect("no test panicked").len()).sum::<usize>();
    assert_eq!(n_asked, 2, "once by the customer's tap, once by whoever took it on");
    one.close().await;
    two.close().await;
}

/// The letters in the house's folder, whole ones only.
fn letters(house: &House) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(house.data.path().join("mail")) else { return Vec::new() };
    let whole = files.flatten().filter(|it| it.path().extension().is_some_and(|it| it == "eml"));
    whole.map(|it| std::fs::read_to_string(it.path()).expect("it is text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_of_address_the_old_one_gets_a_letter_that_does_not_tell_the_new_one() {
    let (house, _) = house_with(&[Fate::AnswerLost], plan()).await;
    let id = CustomerId::new("in-credit");
    let old = house.app.billing.account(&id).await.expect("the demo answers").person.email;
    let mut customer = house.customer("in-credit").await;
    customer.says("please change the e-mail for my bills to lena.new@post.example").await;
    customer.hears_event().await;
    customer.taps("do:update_billing_contact").await;
    customer.gets_receipt().await;
    let until = tokio::time::Instant::now() + PATIENCE;
    while letters(&house).is_empty() {
        assert!(tokio::time::Instant::now() < until, "no letter came");
        tokio::task::yield_now().await;
    }
    let waiting = || async { house.app.store.letters_to_send(i64::MAX, 10).await.expect("it can be read") };
    while !waiting().await.is_empty() {
        assert!(tokio::time::Instant::now() < until, "the letter is never done with");
        tokio::task::yield_now().await;
    }
    let letters = letters(&house);
    assert_eq!(letters.len(), 1, "one letter, though billing was asked twice");
    let letter = letters[0].replace("=\r\n", "");
    assert!(letter.contains(&format!("To: {old}")), "{letter}");
    assert!(!letter.contains("lena.new"), "{letter}");
    for wanted in ["Tuesday 16 June", "10:00", "Was it not you?", "@post.example"] {
        assert!(letter.contains(wanted), "{wanted} is not in {letter}");
    }
    let audit = house.app.store.actions(None, 10).await.expect("it can be read");
    assert_eq!(audit[0].new.letter, None, "the old address is not kept once the letter is out");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_letter_with_the_code_is_out_the_visitor_is_offered_another() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    // Nobody answers there: the letter waits for its tries until the program is killed.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let smtp = format!("smtp://127.0.0.1:{}", silent.local_addr().expect("it is bound").port());
    command.env("PLAINBILL_LIMITS_SETTLE_AFTER_MS", "1");
    command.env("PLAINBILL_MAIL_SMTP", smtp).env("PLAINBILL_MAIL_FROM", "billing@shop.example");
    let first = Program::start_with(command, data.path(), port).await;
    let mut visitor = Customer::connect(first.address, None).await;
    visitor.send(json!({ "type": "hello" })).await;
    visitor.welcomed().await;
    visitor.says("why is my bill higher this month?").await;
    visitor.hears().await;
    visitor.taps("verify_me").await;
    visitor.hears().await;
    let today = jiff::Zoned::now().date();
    let known = plainbill::billing::demo::account("one-off-fee", today).expect("a demo customer").person.email;
    visitor.says(&known).await;
    let sent = visitor.hears().await;
    assert!(sent.starts_with("If "), "{sent}");
    first.kill();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    command.env("PLAINBILL_LIMITS_SETTLE_LOOK_MS", "50");
    command.env("PLAINBILL_LIMITS_SETTLE_AFTER_MS", "1");
    let second = Program::start_with(command, data.path(), port).await;
    let mut back = visitor.comes_back(second.address, 0).await;
    let lost = loop {
        let heard = back.hears_event().await;
        if text(&heard).contains("may not have gone out") {
            break heard;
        }
    };
    assert_eq!(lost["choices"][0]["id"], "send_another_code", "{lost}");
    back.taps("send_another_code").await;
    let sent = back.hears().await;
    assert!(sent.contains("a new code is on its way"), "{sent}");
    second.kill();
}
