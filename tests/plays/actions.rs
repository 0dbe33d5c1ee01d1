//! What customers have done in billing: one tap, one effect, one receipt; and what happens when it goes wrong.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use plainbill::billing::{Account, Act, ActError, Billing, BillingError, Done, Plan as PricePlan, PortalLink, Purpose};
use plainbill::conversation::CustomerId;
use plainbill::store::ActionStatus;
use serde_json::{Value, json};

use crate::house::{Customer, House, Plan};

/// What becomes of the next act on its way to billing and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Billing says no.
    Refused,
    /// This billing cannot do it.
    NotOffered,
    /// It never arrives.
    RequestLost,
    /// It is done, and the answer is lost.
    AnswerLost,
}

/// The demo behind a line that can be bad, and a count of what was asked of it.
pub struct Line {
    pub demo: Arc<dyn Billing>,
    pub fates: Mutex<VecDeque<Fate>>,
    pub asked: Asked,
}

impl Billing for Line {
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        self.demo.account(customer)
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<PricePlan>, BillingError>> {
        self.demo.plans()
    }

    fn act<'a>(
        &'a self,
        customer: &'a CustomerId,
        act: &'a Act,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Done, ActError>> {
        let fate = self.fates.lock().expect("no test panicked").pop_front();
        self.asked.lock().expect("no test panicked").push(key.to_owned());
        Box::pin(async move {
            match fate {
                None => self.demo.act(customer, act, key).await,
                Some(Fate::Refused) => Err(ActError::Refused { why: "not today".to_owned() }),
                Some(Fate::NotOffered) => Err(ActError::NotOffered),
                Some(Fate::RequestLost) => Err(ActError::Unknown),
                Some(Fate::AnswerLost) => {
                    self.demo.act(customer, act, key).await?;
                    Err(ActError::Unknown)
                }
            }
        })
    }

    fn portal<'a>(
        &'a self,
        customer: &'a CustomerId,
        purpose: Purpose,
    ) -> BoxFuture<'a, Result<Option<PortalLink>, BillingError>> {
        self.demo.portal(customer, purpose)
    }
}

pub type Asked = Arc<Mutex<Vec<String>>>;

/// A house whose acts meet these fates, one after the other; then the line is good.
async fn house(fates: &[Fate]) -> (House, Asked) {
    house_with(fates, Plan::default()).await
}

/// The same with a plan of its own.
pub async fn house_with(fates: &[Fate], plan: Plan) -> (House, Asked) {
    let asked = Asked::default();
    let (fates, kept) = (Mutex::new(fates.iter().copied().collect()), asked.clone());
    let between = Box::new(move |demo| Arc::new(Line { demo, fates, asked: kept }) as Arc<dyn Billing>);
    (House::with(Plan { between: Some(between), ..plan }).await, asked)
}

/// How many changes billing has made for a customer.
pub async fn effects(house: &House, customer: &str) -> usize {
    house.app.store.demo_acts(&CustomerId::new(customer), 100).await.expect("they can be read").len()
}

/// Every action that is confirmed: who asks for it, what they say, and the intent.
const WISHES: [(&str, &[&str], &str, &str); 9] = [
    ("first-late-fee", &["can you take the late fee off my bill"], "late_fee_waiver", "take_off_late_fee"),
    ("bill-late", &["can I have more time to pay"], "payment_extension", "give_more_days"),
    ("autopay-failing", &["could I pay this bill in instalments"], "payment_extension", "pay_in_parts"),
    (
        "one-off-fee",
        &["the engineer visit on my bill is wrong, please take it off", "nobody ever came to my house"],
        "dispute_charge",
        "open_dispute",
    ),
    ("all-quiet", &["I want to cancel my subscription"], "cancel_subscription", "cancel"),
    ("price-rise", &["please stop the automatic payments"], "cancel_autopay", "stop_autopay"),
    (
        "discount-ended",
        &["can I change my due date to another day of the month", "the 20th"],
        "change_billing_date",
        "change_billing_day",
    ),
    (
        "in-credit",
        &["please change the e-mail for my bills to lena.new@post.example"],
        "update_billing_contact",
        "update_contact",
    ),
    (
        "plan-change",
        &["I need our company name and VAT number on the invoice", "Sample Bakery Ltd, GB 123 4567 89"],
        "invoice_company_details",
        "update_company",
    ),
];

/// Says what there is to say until the button is there.
async fn wishes(customer: &mut Customer, texts: &[&str]) -> Value {
    let mut heard = Value::Null;
    for text in texts {
        customer.says(text).await;
        heard = customer.hears_event().await;
    }
    heard
}

fn offers(event: &Value, choice: &str) -> bool {
    event["choices"].as_array().is_some_and(|it| it.iter().any(|it| it["id"] == choice))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_is_offered_done_with_one_tap_and_receipted() {
    let (house, asked) = house(&[]).await;
    for (id, texts, intent, action) in WISHES {
        let mut customer = house.customer(id).await;
        let offer = wishes(&mut customer, texts).await;
        let choice = format!("do:{intent}");
        assert!(offers(&offer, &choice), "{action}: {offer}");
        assert_eq!(offer["choices"][0]["id"], choice, "{action}: the yes comes first");
        assert_eq!(effects(&house, id).await, 0, "{action}: nothing is done before the tap");
        customer.taps(&choice).await;
        let receipt = customer.gets_receipt().await;
        assert_eq!(receipt["from"], "bot", "{action}");
        assert!(receipt["text"].as_str().is_some_and(|it| !it.is_empty()), "{action}: {receipt}");
        assert!(receipt["receipt"]["reference"].is_string(), "{action}: {receipt}");
        assert!(receipt["receipt"]["undo"].is_string(), "{action}: {receipt}");
        assert_eq!(effects(&house, id).await, 1, "{action}");
    }
    let audit = house.app.store.actions(None, 100).await.expect("it can be read");
    assert_eq!(audit.len(), WISHES.len());
    for record in audit {
        assert_eq!(record.status, ActionStatus::Done, "{record:?}");
        assert!(record.new.clause.contains(", version "), "{record:?}");
        assert!(record.reference.is_some() && record.done_on.is_some(), "{record:?}");
    }
    assert_eq!(asked.lock().expect("no test panicked").len(), WISHES.len());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_billing_refuses_changes_nothing_and_a_person_gets_it() {
    for fate in [Fate::Refused, Fate::NotOffered] {
        let (house, _) = house(&vec![fate; WISHES.len()]).await;
        for (id, texts, intent, action) in WISHES {
            let mut customer = house.customer(id).await;
            wishes(&mut customer, texts).await;
            customer.taps(&format!("do:{intent}")).await;
            let text = customer.hears().await;
            assert!(text.contains("from here"), "{action}: {text}");
            assert_eq!(customer.sees_owner().await["owner"], "queue", "{action}");
            assert_eq!((customer.n_receipts(), effects(&house, id).await), (0, 0), "{action}");
        }
        let audit = house.app.store.actions(Some(ActionStatus::Refused), 100).await.expect("it can be read");
        assert_eq!(audit.len(), WISHES.len());
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_said_to_be_so_and_trying_again_completes_it_once() {
    for fate in [Fate::RequestLost, Fate::AnswerLost] {
        let (house, asked) = house(&[fate]).await;
        let mut customer = house.customer("first-late-fee").await;
        wishes(&mut customer, &["can you take the late fee off my bill"]).await;
        customer.taps("do:late_fee_waiver").await;
        let unsure = customer.hears_event().await;
        assert!(unsure["text"].as_str().is_some_and(|it| it.contains("lost the line")), "{unsure}");
        assert!(offers(&unsure, "do:late_fee_waiver"), "{unsure}");
        let begun = house.app.store.actions(Some(ActionStatus::Begun), 10).await.expect("it can be read");
        assert_eq!(begun.len(), 1, "{fate:?}");
        customer.taps("do:late_fee_waiver").await;
        let receipt = customer.gets_receipt().await;
        assert!(receipt["text"].as_str().is_some_and(|it| it.contains("£5.00")), "{receipt}");
        assert_eq!(effects(&house, "first-late-fee").await, 1, "{fate:?}");
        {
            let keys = asked.lock().expect("no test panicked");
            assert_eq!(keys.len(), 2);
            assert_eq!(keys[0], keys[1], "the same key each time");
        }
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_is_one_effect_and_one_receipt() {
    let (house, asked) = house(&[]).await;
    for (id, texts, intent, action) in WISHES {
        let mut customer = house.customer(id).await;
        wishes(&mut customer, texts).await;
        let (first, second) = (customer.key(), customer.key());
        for key in [&first, &second] {
            customer.send(json!({ "type": "choose", "key": key, "choice": format!("do:{intent}") })).await;
        }
        customer.gets_receipt().await;
        customer.settles().await;
        assert_eq!((customer.n_receipts(), effects(&house, id).await), (1, 1), "{action}");
    }
    assert_eq!(asked.lock().expect("no test panicked").len(), WISHES.len());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tap_sent_again_is_the_same_tap() {
    let (house, asked) = house(&[]).await;
    let mut customer = house.customer("first-late-fee").await;
    wishes(&mut customer, &["can you take the late fee off my bill"]).await;
    let key = customer.key();
    let tap = json!({ "type": "choose", "key": key, "choice": "do:late_fee_waiver" });
    customer.send(tap.clone()).await;
    let seq = customer.acked(&key).await;
    customer.gets_receipt().await;
    customer.send(tap).await;
    assert_eq!(customer.acked(&key).await, seq);
    customer.hears_nothing().await;
    assert_eq!((customer.n_receipts(), asked.lock().expect("no test panicked").len()), (1, 1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_and_two_devices_are_one_effect_and_one_receipt() {
    let (house, _) = house(&[]).await;
    let mut phone = house.customer("first-late-fee").await;
    let mut laptop = house.customer("first-late-fee").await;
    for device in [&mut phone, &mut laptop] {
        wishes(device, &["can you take the late fee off my bill"]).await;
    }
    let mut tab = phone.comes_back(house.address, 0).await;
    for device in [&mut phone, &mut laptop, &mut tab] {
        let key = device.key();
        device.send(json!({ "type": "choose", "key": key, "choice": "do:late_fee_waiver" })).await;
    }
    for device in [&mut phone, &mut laptop] {
        device.settles().await;
    }
    let (at_phone, at_laptop) = (phone.n_receipts(), laptop.n_receipts());
    assert_eq!(at_phone + at_laptop, 1, "one receipt, on the device that was first");
    assert_eq!(effects(&house, "first-late-fee").await, 1);
    assert_eq!(house.app.store.actions(None, 10).await.expect("it can be read").len(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_to_something_that_the_rules_no_longer_allow_does_nothing() {
    let (house, asked) = house(&[]).await;
    let mut customer = house.customer("first-late-fee").await;
    wishes(&mut customer, &["can you take the late fee off my bill"]).await;
    let id = CustomerId::new("first-late-fee");
    let account = house.app.billing.account(&id).await.expect("the demo answers");
    let fee = account.newest_late_fee().expect("there is one");
    let act = Act::TakeOffLateFee { invoice: fee.invoice.clone(), amount: fee.amount };
    house.app.billing.act(&id, &act, "by a colleague").await.expect("the demo does it");
    customer.taps("do:late_fee_waiver").await;
    let text = customer.hears().await;
    assert!(text.contains("already off"), "{text}");
    assert_eq!((customer.n_receipts(), effects(&house, "first-late-fee").await), (0, 1));
    assert_eq!(asked.lock().expect("no test panicked").as_slice(), ["by a colleague"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_bill_goes_to_the_address_on_the_account_with_the_bill_as_pdf() {
    let (house, _) = house(&[]).await;
    let mut customer = house.customer("one-off-fee").await;
    let folder = house.data.path().join("mail");
    customer.says("please send a copy of my May bill to thief@evil.example").await;
    let asked = customer.hears_event().await;
    let said = asked["text"].as_str().unwrap_or_default();
    assert!(said.contains("Nothing is sent yet") && !said.contains("thief"), "{said}");
    assert_eq!(std::fs::read_dir(&folder).map_or(0, |it| it.count()), 0, "nothing goes out before a yes");
    customer.taps("copy:mail").await;
    let receipt = customer.gets_receipt().await;
    let account = house.app.billing.account(&CustomerId::new("one-off-fee")).await.expect("the demo answers");
    let text = receipt["text"].as_str().unwrap_or_default();
    assert!(text.contains(&account.person.email) && !text.contains("thief"), "{text}");
    let letters: Vec<_> = std::fs::read_dir(&folder).expect("there is a letter").flatten().collect();
    assert_eq!(letters.len(), 1);
    let letter = std::fs::read_to_string(letters[0].path()).expect("it is text");
    assert!(letter.contains(&account.person.email) && !letter.contains("thief"), "{letter:.600}");
    assert!(letter.contains("application/pdf") && letter.contains(".pdf"), "{letter:.600}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_the_receipt_in_the_transcript() {
    let (house, _) = house(&[]).await;
    let mut customer = house.customer("one-off-fee").await;
    wishes(&mut customer, &["the engineer visit on my bill is wrong, please take it off", "nobody came"]).await;
    customer.taps("do:dispute_charge").await;
    customer.gets_receipt().await;
    assert_eq!(customer.sees_owner().await["owner"], "queue", "a person checks it");
    let staff = house.staff("Sam", plainbill::store::Role::Answers).await;
    let (status, detail) = staff.get(&format!("conversations/{}", customer.conversation)).await;
    assert_eq!(status, 200, "{detail}");
    let events = detail["events"].as_array().expect("there are events");
    let receipt = events.iter().find(|it| it["kind"] == "receipt").expect("the receipt is there");
    assert!(receipt["text"].as_str().is_some_and(|it| it.contains("nobody came")), "{receipt}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_that_taps_three_times_means_it_once() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("cancel my service").await;
    customer.hears_event().await;
    let keys = [customer.key(), customer.key(), customer.key()];
    for key in &keys {
        customer.send(json!({ "type": "choose", "key": key, "choice": "do:cancel_subscription" })).await;
    }
    let receipt = customer.gets_receipt().await;
    assert!(receipt["text"].as_str().is_some_and(|it| it.contains("ends on")), "{receipt}");
    while !customer.hears().await.contains("once") {}
    assert_eq!(customer.n_receipts(), 1, "{:#?}", customer.events);
    house.close().await;
}
