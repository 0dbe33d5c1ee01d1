//! Stripe's published shapes on both sides of 2025-03-31, with our own values: one customer, two ways to write it down.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use plainbill::answers::Speaker;
use plainbill::billing::explain::explain;
use plainbill::billing::stripe::Stripe;
use plainbill::billing::{
    Account, Act, ActError, Billing, BillingError, Currency, DisputeStatus, Frequency, LineKind, Money, PaymentStatus,
    Purpose, RefundStatus,
};
use plainbill::config::{BillingConfig, Limits};
use plainbill::content::file::CardKind;
use plainbill::conversation::CustomerId;
use serde_json::{Value, json};

use crate::house::{House, Plan, instead};

pub const BASIL: &str = "2025-03-31.basil";
const BEFORE: &str = "2024-06-20";

/// A request as it came.
#[derive(Clone, Debug)]
struct Asked {
    what: String,
    query: String,
    form: HashMap<String, String>,
    key: Option<String>,
    version: String,
}

/// A Stripe that answers with what stands in a file.
#[derive(Clone)]
pub struct Fixed {
    address: SocketAddr,
    answers: Arc<Mutex<serde_json::Map<String, Value>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    version: &'static str,
}

impl Fixed {
    pub async fn start(version: &'static str) -> Self {
        let text = std::fs::read_to_string(format!("tests/stripe/{version}.json")).expect("the file is there");
        let answers = serde_json::from_str(&text).expect("it is JSON");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let this = Self { address, answers: Arc::new(Mutex::new(answers)), asked: Arc::default(), version };
        let router = Router::new().fallback(answer).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    pub fn config(&self) -> BillingConfig {
        BillingConfig {
            source: "stripe".to_owned(),
            url: format!("http://{}", self.address),
            key: "rk_test_of_a_play".to_owned(),
            stripe_version: self.version.to_owned(),
            ..BillingConfig::default()
        }
    }

    pub fn source(&self) -> Stripe {
        self.source_with(&self.config())
    }

    fn source_with(&self, config: &BillingConfig) -> Stripe {
        let limits = Limits { billing_cache_ms: 0, billing_retry_ms: 1, ..Limits::default() };
        Stripe::new(config, &limits, london(), now).expect("the settings are right")
    }

    async fn account(&self) -> Account {
        self.source().account(&wren()).await.expect("the customer is in the file")
    }

    /// Answers something that is not in the file.
    fn add(&self, what: &str, answer: Value) {
        self.answers.lock().expect("nobody panicked with it").insert(what.to_owned(), answer);
    }

    /// Changes what is answered.
    pub fn change(&self, what: &str, change: impl FnOnce(&mut Value)) {
        let mut answers = self.answers.lock().expect("nobody panicked with it");
        change(answers.get_mut(what).expect("it is in the file"));
    }

    /// The requests that changed something.
    fn changes(&self) -> Vec<Asked> {
        let asked = self.asked.lock().expect("nobody panicked with it");
        asked.iter().filter(|it| it.what.starts_with("POST")).cloned().collect()
    }
}

async fn answer(State(it): State<Fixed>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
    let what = format!("{method} {}", uri.path());
    let url = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body))).expect("it is a form");
    let asked = Asked {
        what: what.clone(),
        query: uri.query().unwrap_or_default().to_owned(),
        form: url.query_pairs().into_owned().collect(),
        key: header("idempotency-key"),
        version: header("stripe-version").unwrap_or_default(),
    };
    it.asked.lock().expect("nobody panicked with it").push(asked);
    match it.answers.lock().expect("nobody panicked with it").get(&what) {
        Some(answer) if answer["error"].is_object() => (StatusCode::BAD_REQUEST, axum::Json(answer)).into_response(),
        Some(answer) => axum::Json(answer).into_response(),
        None => (StatusCode::NOT_FOUND, axum::Json(json!({ "error": { "message": "No such thing" } }))).into_response(),
    }
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("it is bundled")
}

pub fn now() -> Timestamp {
    crate::house::OPEN.parse::<jiff::Zoned>().expect("the play's time is right").timestamp()
}

fn wren() -> CustomerId {
    CustomerId::new("cus_wren")
}

fn pounds(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

const TODAY: Date = date(2026, 6, 16);

#[tokio::test]
async fn both_shapes_are_the_same_account() {
    let (before, since) = (Fixed::start(BEFORE).await, Fixed::start(BASIL).await);
    let (old, new) = (before.account().await, since.account().await);
    assert_eq!(old, new);
    for fixed in [before, since] {
        let asked = fixed.asked.lock().expect("nobody panicked with it");
        assert!(asked.iter().all(|it| it.version == fixed.version), "every request has the pinned version");
        let payments = asked.iter().any(|it| it.query.contains("data.payments"));
        assert_eq!(payments, fixed.version == BASIL, "what a version does not know is not asked for");
    }
}

#[tokio::test]
async fn every_line_has_its_kind_and_every_bill_adds_up() {
    let account = Fixed::start(BASIL).await.account().await;
    let lines: Vec<_> =
        account.invoices[1].lines.iter().map(|it| (it.label.as_str(), it.kind, it.amount.minor)).collect();
    assert_eq!(account.invoices[1].number, "FERN-0003");
    assert_eq!(
        lines,
        [
            ("Fibre 100", LineKind::Plan, 3_200),
            ("Calls abroad", LineKind::Usage, 450),
            ("TV Basic", LineKind::PartMonth, 500),
            ("Late payment fee", LineKind::LateFee, 500),
            ("VAT", LineKind::Tax, 830),
            ("Credit on this bill", LineKind::Credit, -500),
        ]
    );
    let plan = &account.invoices[1].lines[0];
    assert_eq!((plan.from, plan.to), (Some(date(2026, 6, 1)), Some(date(2026, 6, 30))));
    let may: Vec<_> = account.invoices[2].lines.iter().map(|it| (it.label.as_str(), it.amount.minor)).collect();
    assert_eq!(may, [("Fibre 100", 3_000), ("Welcome offer", -600), ("VAT", 480), ("Credit from your account", -500)]);
    assert!(account.invoices.iter().all(|it| it.adds_up()));
    let why = explain(&account.invoices[1], &account.invoices[2]);
    assert_eq!((why.complete, why.total), (true, pounds(2_600)));
}

#[tokio::test]
async fn bills_payments_refunds_disputes_and_credits_are_told() {
    let account = Fixed::start(BASIL).await.account().await;
    let bills: Vec<_> =
        account.invoices.iter().map(|it| (it.number.as_str(), it.total.minor, it.paid.minor, it.void)).collect();
    assert_eq!(
        bills,
        [
            ("FERN-0004", 9_900, 0, true),
            ("FERN-0003", 4_980, 0, false),
            ("FERN-0002", 2_380, 2_380, false),
            ("FERN-0001", 2_880, 2_880, false),
        ],
        "a draft is no bill"
    );
    assert_eq!(account.balance(), pounds(4_980));
    assert_eq!((account.invoices[1].due, account.invoices[1].tax_percent), (date(2026, 6, 15), Some(20)));
    let failed = account.failed_payment().expect("the newest payment failed");
    assert_eq!(failed.reason.as_deref(), Some("there wasn't enough money in the account"));
    assert_eq!((failed.invoice.as_deref(), failed.on), (Some("FERN-0003"), date(2026, 6, 15)));
    let paid: Vec<_> = account.payments.iter().filter(|it| it.status == PaymentStatus::Paid).collect();
    assert_eq!(paid.iter().map(|it| it.invoice.as_deref()).collect::<Vec<_>>(), [Some("FERN-0002"), Some("FERN-0001")]);
    let refund = &account.refunds[0];
    assert_eq!((refund.amount, refund.status), (pounds(380), RefundStatus::OnItsWay));
    assert_eq!((refund.asked_on, refund.expected_by), (date(2026, 6, 9), Some(date(2026, 6, 23))));
    assert_eq!(refund.reason.as_deref(), Some("you had paid twice"));
    let dispute = &account.disputes[0];
    assert_eq!((dispute.invoice.as_str(), dispute.status), ("FERN-0002", DisputeStatus::Open));
    assert_eq!((dispute.amount, dispute.opened_on), (Some(pounds(2_380)), date(2026, 6, 11)));
    let credit = &account.credits[0];
    assert_eq!((credit.amount, credit.invoice.as_deref()), (pounds(500), Some("FERN-0003")));
    let fee = &account.late_fees[0];
    assert_eq!((fee.amount, fee.invoice.as_str(), fee.taken_off), (pounds(500), "FERN-0003", true));
    assert_eq!(account.credit, pounds(1_250));
}

#[tokio::test]
async fn who_it_is_and_how_it_goes_on_is_told() {
    let account = Fixed::start(BASIL).await.account().await;
    assert_eq!(account.number, "FERN");
    assert_eq!(account.person.address, "4 Mill Lane, Ely, CB7 4AB, GB");
    assert_eq!(account.person.tax_id.as_deref(), Some("GB123456789"));
    assert_eq!((account.since, account.billing_day), (date(2025, 6, 1), 1));
    assert_eq!((account.next_bill_on, account.ended_on, account.autopay), (Some(date(2026, 7, 1)), None, true));
    let method = account.method.as_ref().expect("a card");
    assert_eq!((method.text().as_str(), method.expires), ("Visa ending 4242", Some(date(2027, 8, 31))));
    assert_eq!((account.plan.name.as_str(), account.plan.price), ("Fibre 100", pounds(3_200)));
    let plans: Vec<_> = account.plans.iter().map(|it| (it.name.as_str(), it.price.minor, it.frequency)).collect();
    assert_eq!(
        plans,
        [
            ("TV Basic", 1_000, Frequency::Month),
            ("Fibre 100 (billed every 3 months)", 3_100, Frequency::Month),
            ("Fibre 100", 3_200, Frequency::Month),
            ("Fibre 100", 35_200, Frequency::Year),
        ],
        "what is by use has no price for a month"
    );
}

#[tokio::test]
async fn a_new_price_and_the_end_of_a_discount_are_found_in_the_bills() {
    let account = Fixed::start(BASIL).await.account().await;
    let change = account.price_change(TODAY).expect("the price went up");
    assert_eq!((change.label.as_str(), change.from, change.to), ("Fibre 100", pounds(3_000), pounds(3_200)));
    assert_eq!(change.on, date(2026, 6, 1));
    let ended = account.ended_discount(TODAY).expect("the offer ended");
    assert_eq!((ended.label.as_str(), ended.amount), ("Welcome offer", pounds(600)));
    assert_eq!(ended.until, Some(date(2026, 5, 31)));
    assert!(account.plan_changes.is_empty());
}

#[tokio::test]
async fn a_customer_is_found_by_the_id_of_the_business() {
    let fixed = Fixed::start(BASIL).await;
    let config = BillingConfig { customer_metadata: "shop_id".to_owned(), ..fixed.config() };
    let source = fixed.source_with(&config);
    let account = source.account(&CustomerId::new("w-17")).await.expect("it stands in the metadata");
    assert_eq!((account.customer.as_str(), account.person.name.as_str()), ("w-17", "Wren Alder"));
    assert_eq!(source.customer_of_email("WREN@example.com").await, Ok(Some(CustomerId::new("w-17"))));
    assert_eq!(source.customers(10).await, Ok(vec![CustomerId::new("w-17")]), "who is deleted is not listed");
    // A search that finds too much gives nobody else's account away.
    let other = CustomerId::new("w-1' OR metadata['shop_id']:'w-17");
    assert_eq!(source.account(&other).await, Err(BillingError::NotFound));
    let asked = fixed.asked.lock().expect("nobody panicked with it").clone();
    let last = asked.iter().rfind(|it| it.what == "GET /v1/customers/search").expect("it was searched for");
    assert!(last.query.contains("w-1%5C%27+OR"), "a quote stays a part of the id: {}", last.query);
}

#[tokio::test]
async fn a_deleted_customer_is_not_found() {
    let fixed = Fixed::start(BASIL).await;
    fixed.change("GET /v1/customers/cus_wren", |it| *it = json!({ "id": "cus_wren", "deleted": true }));
    assert_eq!(fixed.source().account(&wren()).await, Err(BillingError::NotFound));
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_not_guessed_at() {
    for (what, path) in [
        ("GET /v1/invoices", "/data/2/amount_due"),
        ("GET /v1/invoices", "/data/2/lines"),
        ("GET /v1/invoices/in_jun/lines", "/data/1/amount"),
        ("GET /v1/charges", "/data/0/amount"),
        ("GET /v1/charges", "/data/0/status"),
        ("GET /v1/credit_notes", "/data/0/amount"),
        ("GET /v1/subscriptions", "/data/0/status"),
        ("GET /v1/customers/cus_wren", "/balance"),
    ] {
        let fixed = Fixed::start(BASIL).await;
        fixed.change(what, |it| *it.pointer_mut(path).expect("it is there") = json!({ "not": "expected" }));
        assert_eq!(fixed.source().account(&wren()).await, Err(BillingError::Broken), "{what} {path}");
    }
}

#[tokio::test]
async fn a_late_fee_is_taken_off_once_for_a_key() {
    let fixed = Fixed::start(BASIL).await;
    let take_off = Act::TakeOffLateFee { invoice: "FERN-0003".into(), amount: pounds(500) };
    let source = fixed.source();
    let refused = source.act(&wren(), &take_off, "k-1").await;
    assert!(matches!(refused, Err(ActError::Refused { why }) if why.contains("already")), "the file has it taken off");
    fixed.change("GET /v1/credit_notes", |it| it["data"] = json!([]));
    let done = source.act(&wren(), &take_off, "k-1").await.expect("Stripe does it");
    assert_eq!((done.reference.as_str(), done.on), ("FERN-0003-CN-02", TODAY));
    let changes = fixed.changes();
    assert_eq!(changes.len(), 1);
    let form = |name: &str| changes[0].form.get(name).map(String::as_str);
    assert_eq!(
        (form("invoice"), form("amount"), changes[0].key.as_deref()),
        (Some("in_jun"), Some("500"), Some("k-1"))
    );
    assert_eq!((form("metadata[plainbill_key]"), form("credit_amount")), (Some("k-1"), None));
    // Stripe has forgotten the key by now; the note has not.
    let note = fixed.answers.lock().expect("nobody panicked with it")["POST /v1/credit_notes"].clone();
    fixed.change("GET /v1/credit_notes", |it| it["data"] = json!([note]));
    assert_eq!(source.act(&wren(), &take_off, "k-1").await, Ok(done));
    assert_eq!(fixed.changes().len(), 1);
}

#[tokio::test]
async fn a_credit_changes_the_balance_once_for_a_key() {
    const WHAT: &str = "/v1/customers/cus_wren/balance_transactions";
    let fixed = Fixed::start(BASIL).await;
    let made = json!({ "id": "cbtxn_1", "created": 1_781_600_400, "metadata": { "plainbill_key": "k-1" } });
    fixed.add(&format!("GET {WHAT}"), json!({ "object": "list", "data": [], "has_more": false }));
    fixed.add(&format!("POST {WHAT}"), made.clone());
    let act = |minor: i64| Act::GiveCredit { amount: pounds(minor), reason: "Nobody came".into() };
    let source = fixed.source();
    let refused = source.act(&wren(), &act(0), "k-1").await;
    assert!(matches!(refused, Err(ActError::Refused { .. })), "{refused:?}");
    let done = source.act(&wren(), &act(700), "k-1").await.expect("Stripe does it");
    assert_eq!((done.reference.as_str(), done.on), ("cbtxn_1", TODAY));
    let changes = fixed.changes();
    let form = |name: &str| changes[0].form.get(name).map(String::as_str);
    assert_eq!(
        (form("amount"), form("currency"), form("description")),
        (Some("-700"), Some("gbp"), Some("Nobody came"))
    );
    assert_eq!((form("metadata[plainbill_key]"), changes[0].key.as_deref()), (Some("k-1"), Some("k-1")));
    // Stripe has forgotten the key by now; the change of the balance has not.
    fixed.change(&format!("GET {WHAT}"), |it| it["data"] = json!([made]));
    assert_eq!(source.act(&wren(), &act(700), "k-1").await, Ok(done));
    assert_eq!(fixed.changes().len(), 1);
}

#[tokio::test]
async fn what_was_paid_of_a_late_fee_goes_to_the_next_bill() {
    let fixed = Fixed::start(BASIL).await;
    fixed.change("GET /v1/credit_notes", |it| it["data"] = json!([]));
    fixed.change("GET /v1/invoices", |it| {
        it["data"][2]["amount_paid"] = json!(4_780);
        it["data"][2]["amount_remaining"] = json!(200);
    });
    let take_off = Act::TakeOffLateFee { invoice: "FERN-0003".into(), amount: pounds(500) };
    fixed.source().act(&wren(), &take_off, "k-1").await.expect("Stripe does it");
    assert_eq!(fixed.changes()[0].form.get("credit_amount").map(String::as_str), Some("300"));
}

#[tokio::test]
async fn no_more_comes_off_than_the_fee_and_only_from_its_own_bill() {
    let fixed = Fixed::start(BASIL).await;
    fixed.change("GET /v1/credit_notes", |it| it["data"] = json!([]));
    for (invoice, amount) in [("FERN-0003", 501), ("FERN-0002", 500), ("FERN-0003", 0), ("FERN-9999", 500)] {
        let act = Act::TakeOffLateFee { invoice: invoice.into(), amount: pounds(amount) };
        let result = fixed.source().act(&wren(), &act, "k-1").await;
        assert!(matches!(result, Err(ActError::Refused { .. })), "{invoice} {amount}: {result:?}");
    }
    assert!(fixed.changes().is_empty());
}

#[tokio::test]
async fn each_act_is_what_stripe_calls_it() {
    let fixed = Fixed::start(BASIL).await;
    let source = fixed.source();
    let act = async |act: Act| source.act(&wren(), &act, "k").await;
    act(Act::StopAutopay).await.expect("Stripe does it");
    act(Act::Cancel { on: date(2026, 6, 30) }).await.expect("Stripe does it");
    act(Act::Cancel { on: date(2026, 6, 20) }).await.expect("Stripe does it");
    act(Act::UpdateContact { email: None, address: None, name: Some("W. Alder".into()) }).await.expect("it does");
    act(Act::GiveMoreDays { invoice: "in_draft".into(), until: date(2026, 6, 30) }).await.expect("it is a draft");
    let sent: Vec<_> = fixed.changes().iter().map(|it| (it.what.clone(), it.form.clone())).collect();
    let form = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
        pairs.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect()
    };
    let subscription = "POST /v1/subscriptions/sub_wren".to_owned();
    assert_eq!(
        sent,
        [
            (subscription.clone(), form(&[("collection_method", "send_invoice"), ("days_until_due", "14")])),
            (subscription.clone(), form(&[("cancel_at_period_end", "true")])),
            (subscription, form(&[("cancel_at", "1781996400")])),
            ("POST /v1/customers/cus_wren".to_owned(), form(&[("name", "W. Alder")])),
            ("POST /v1/invoices/in_draft".to_owned(), form(&[("due_date", "1782860399")])),
        ]
    );
    for not_offered in [
        Act::GiveMoreDays { invoice: "FERN-0003".into(), until: date(2026, 6, 30) },
        Act::PayInParts { invoice: "FERN-0003".into(), parts: Vec::new() },
        Act::OpenDispute { invoice: "FERN-0003".into(), amount: None, facts: String::new() },
        Act::ChangeBillingDay { day: 3 },
        Act::UpdateContact { email: None, address: Some("elsewhere".into()), name: None },
        Act::UpdateCompany { company: None, tax_id: None },
    ] {
        assert_eq!(act(not_offered.clone()).await, Err(ActError::NotOffered), "{}", not_offered.name());
    }
}

#[tokio::test]
async fn what_stripe_refuses_is_said_to_staff_and_a_lost_answer_is_unknown() {
    let fixed = Fixed::start(BASIL).await;
    let error = json!({ "error": { "message": "This subscription cannot be changed." } });
    fixed.change("POST /v1/subscriptions/sub_wren", |it| *it = error);
    let refused = fixed.source().act(&wren(), &Act::StopAutopay, "k").await;
    assert_eq!(refused, Err(ActError::Refused { why: "This subscription cannot be changed.".into() }));
    fixed.change("POST /v1/customers/cus_wren", |it| *it = json!("half an ans"));
    let gone = BillingConfig { url: "http://127.0.0.1:9".to_owned(), ..fixed.config() };
    assert_eq!(fixed.source_with(&gone).act(&wren(), &Act::StopAutopay, "k").await, Err(ActError::Unknown));
}

#[tokio::test]
async fn a_bill_is_paid_on_its_own_page_and_a_card_is_changed_in_the_portal() {
    let fixed = Fixed::start(BASIL).await;
    let source = fixed.source();
    let page = async |purpose| source.portal(&wren(), purpose).await.expect("it answers").expect("there is a page");
    assert_eq!(page(Purpose::Pay).await.url, "https://invoice.example/in_jun");
    let portal = page(Purpose::ChangeMethod).await;
    assert_eq!(portal.url, "https://billing.example/p/session/bps_1");
    assert_eq!(portal.expires_at_ms, Some(1_781_600_700_000));
    let sent = fixed.changes();
    assert_eq!(sent[0].form.get("flow_data[type]").map(String::as_str), Some("payment_method_update"));
    let error = json!({ "error": { "message": "No configuration provided" } });
    fixed.change("POST /v1/billing_portal/sessions", |it| *it = error);
    assert_eq!(source.portal(&wren(), Purpose::SetUpAutopay).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_in_another_currency_is_told_in_its_own_and_is_in_no_sum() {
    let fixed = Fixed::start(BASIL).await;
    let before = fixed.account().await;
    fixed.change("GET /v1/invoices", |it| {
        let all = it["data"].as_array_mut().expect("it is a list");
        let text = all.last().expect("there is one").to_string();
        let mut abroad: Value = serde_json::from_str(&text.replace("\"gbp\"", "\"usd\"")).expect("it is JSON");
        for (name, value) in [("id", json!("in_usd")), ("number", json!("FERN-USD")), ("status", json!("open"))] {
            abroad[name] = value;
        }
        abroad["amount_paid"] = json!(0);
        abroad["payments"]["data"] = json!([]);
        // The newest of all, and the account stays in the currency of the service that runs.
        all.insert(0, abroad);
    });
    let account = fixed.account().await;
    assert_eq!((account.currency, account.balance()), (Currency::GBP, before.balance()));
    assert_eq!((&account.invoices, account.payments.len()), (&before.invoices, before.payments.len()));
    let other: Vec<_> =
        account.other_bills.iter().map(|it| (it.number.as_str(), it.total.text(), it.adds_up())).collect();
    assert_eq!(other, [("FERN-USD", "$28.80".to_owned(), true)]);
    assert_eq!(account.owed_elsewhere().len(), 1);

    let house = House::with(Plan { between: instead(Arc::new(fixed.source())), ..Plan::default() }).await;
    let mut customer = house.customer("cus_wren").await;
    customer.says("how much do I owe?").await;
    let said = customer.hears().await;
    assert!(said.contains(&before.balance().text()), "{said}");
    assert!(
        said.ends_with("You also owe $28.80 on bills in another currency. That isn't in the figure above."),
        "{said}"
    );
    let content = house.app.contents.current();
    let speaker = Speaker::new(&content, Some(&account), &[], true, date(2026, 6, 16), "");
    let card = speaker.card(CardKind::Invoices).expect("there are bills");
    let rows: Vec<_> = card.rows.iter().map(|it| (it.detail.as_deref(), it.amount.as_deref())).collect();
    assert!(rows.contains(&(Some("FERN-USD"), Some("$28.80"))) && rows.contains(&(Some("FERN-0003"), Some("£49.80"))));
    assert_eq!(card.total, None);
    house.close().await;
}
