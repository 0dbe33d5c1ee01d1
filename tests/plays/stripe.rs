//! The real server with Stripe as its source, against localstripe: customers hear the figures that stand there.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use plainbill::billing::explain::explain;
use plainbill::billing::stripe::Stripe;
use plainbill::billing::{Account, Act, Billing, BillingError, LineKind, PaymentStatus, RefundStatus, Standing};
use plainbill::config::{BillingConfig, Limits};
use plainbill::conversation::CustomerId;
use serde_json::json;

use crate::house::{House, OPEN, PATIENCE, Plan, instead};
use crate::localstripe::LocalStripe;

/// 2 May 2026 at ten in London: the first bill is of May, the second of June.
const MAY: i64 = 1_777_712_400;
/// Signs the notices.
const WEBHOOK_KEY: &str = "whsec_of_a_play";

fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("it is bundled")
}

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Zoned>().expect("the play's time is right").timestamp()
}

fn source(config: &BillingConfig, limits: &Limits) -> Stripe {
    Stripe::new(config, limits, london(), || at(OPEN)).expect("the settings are right")
}

fn no_cache() -> Limits {
    Limits { billing_cache_ms: 0, ..Limits::default() }
}

async fn account(stripe: &LocalStripe, customer: &str) -> Account {
    let account = source(&stripe.config(), &no_cache()).account(&CustomerId::new(customer)).await;
    account.expect("Stripe knows the customer")
}

#[tokio::test]
async fn an_account_is_what_stands_in_stripe() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    stripe.item(&wren.customer, 1_200, "Engineer visit").await;
    stripe.item(&wren.customer, 500, "Late payment fee").await;
    stripe.item(&wren.customer, -250, "Thank you for waiting").await;
    stripe.bill(&wren).await;
    let account = account(&stripe, &wren.customer).await;
    assert_eq!((account.person.name.as_str(), account.person.first_name.as_str()), ("Wren Alder", "Wren"));
    assert_eq!(account.person.email, wren.email);
    assert_eq!(account.standing, Standing::Active);
    assert_eq!((account.plan.name.as_str(), account.plan.price.text()), ("Fibre 100", "£30.00".to_owned()));
    assert_eq!(account.method.as_ref().map(|it| it.text()).as_deref(), Some("Visa ending 4242"));
    assert!(account.autopay);
    assert_eq!((account.since, account.next_bill_on), (date(2026, 5, 2), Some(date(2026, 6, 2))));
    assert!(account.plans.iter().any(|it| it.name == "Fibre 100" && it.price == account.plan.price));
    let totals: Vec<_> = account.invoices.iter().map(|it| (it.issued, it.total.minor, it.paid.minor)).collect();
    assert_eq!(totals, [(date(2026, 6, 2), 4_450, 4_450), (date(2026, 5, 2), 3_000, 3_000)]);
    let lines: Vec<_> = account.invoices[0].lines.iter().map(|it| (it.kind, it.amount.minor)).collect();
    for line in [(LineKind::Plan, 3_000), (LineKind::OneOff, 1_200), (LineKind::LateFee, 500), (LineKind::Credit, -250)]
    {
        assert!(lines.contains(&line), "{line:?} is not in {lines:?}");
    }
    let fee = &account.late_fees[0];
    assert_eq!((fee.amount.minor, fee.on, fee.taken_off), (500, date(2026, 6, 2), false));
    assert!(explain(&account.invoices[0], &account.invoices[1]).complete);
    assert_eq!(account.payments.len(), 2);
    assert!(account.payments.iter().all(|it| it.status == PaymentStatus::Paid && it.method == account.method));
    let numbers: Vec<_> = account.invoices.iter().map(|it| Some(it.number.clone())).collect();
    assert!(account.payments.iter().all(|it| numbers.contains(&it.invoice)));
}

#[tokio::test]
async fn a_refund_is_on_its_way_and_goes_back_to_where_the_money_came_from() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    let charges = stripe.get(&format!("v1/charges?customer={}", wren.customer)).await;
    let charge = charges["data"][0]["id"].as_str().expect("the first bill was paid");
    stripe.post("v1/refunds", &[("charge", charge), ("amount", "800")]).await;
    let account = account(&stripe, &wren.customer).await;
    let refund = &account.refunds[0];
    assert_eq!((refund.amount.minor, refund.status), (800, RefundStatus::OnItsWay));
    assert_eq!(refund.to, account.method);
    assert!(refund.expected_by.is_some_and(|it| refund.asked_on < it));
}

#[tokio::test]
async fn tax_on_top_of_the_price_is_a_line_of_its_own() {
    let stripe = LocalStripe::start().await;
    let rate = [("display_name", "VAT"), ("inclusive", "false"), ("percentage", "20")];
    let rate = stripe.post("v1/tax_rates", &rate).await;
    let wren = stripe.subscriber(MAY).await;
    let update = [("default_tax_rates[0]", rate["id"].as_str().expect("it has an id"))];
    stripe.post(&format!("v1/subscriptions/{}", wren.subscription), &update).await;
    stripe.bill(&wren).await;
    let account = account(&stripe, &wren.customer).await;
    let newest = &account.invoices[0];
    assert_eq!((newest.total.minor, newest.tax.minor, newest.tax_percent), (3_600, 600, Some(20)));
    let tax = newest.lines.iter().find(|it| it.kind == LineKind::Tax).expect("there is a line for it");
    assert_eq!((tax.label.as_str(), tax.amount.minor), ("VAT", 600));
    assert!(newest.adds_up());
}

#[tokio::test]
async fn a_bill_of_more_lines_than_stripe_gives_at_once_adds_up() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    for n in 1..=14 {
        stripe.item(&wren.customer, 100 + n, &format!("Film {n}")).await;
    }
    stripe.bill(&wren).await;
    let account = account(&stripe, &wren.customer).await;
    assert_eq!(account.invoices[0].lines.len(), 15);
    assert!(account.invoices[0].adds_up());
}

#[tokio::test]
async fn what_is_not_paid_in_money_of_two_decimals_is_read_as_it_is() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    let plan = [("amount", "4200"), ("currency", "jpy"), ("interval", "month"), ("product[name]", "Hikari")];
    let plan = stripe.post("v1/plans", &plan).await;
    let customer = stripe.get(&format!("v1/customers/{}", wren.customer)).await;
    let card = customer["invoice_settings"]["default_payment_method"].as_str().expect("a card");
    let ken = stripe.post("v1/customers", &[("name", "Ken")]).await;
    let ken = ken["id"].as_str().expect("it has an id");
    stripe.post(&format!("v1/customers/{ken}"), &[("invoice_settings[default_payment_method]", card)]).await;
    let subscription = [("customer", ken), ("items[0][plan]", plan["id"].as_str().expect("it has an id"))];
    stripe.post("v1/subscriptions", &subscription).await;
    let account = account(&stripe, ken).await;
    assert_eq!((account.currency.code(), account.invoices[0].total.text().as_str()), ("JPY", "¥4,200"));
}

#[tokio::test]
async fn an_end_of_service_is_set_and_taken_back() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    // Of two days before the period ends.
    let source = Stripe::new(&stripe.config(), &no_cache(), london(), || at("2026-05-20T10:00[Europe/London]"));
    let source = source.expect("the settings are right");
    let customer = CustomerId::new(&wren.customer);
    let on = date(2026, 6, 2);
    let done = source.act(&customer, &Act::Cancel { on }, "key-1").await.expect("Stripe does it");
    assert_eq!(done.reference, wren.subscription);
    let subscription = format!("v1/subscriptions/{}", wren.subscription);
    assert_eq!(stripe.get(&subscription).await["cancel_at_period_end"], true);
    let account = source.account(&customer).await.expect("Stripe knows the customer");
    assert_eq!((account.ended_on, account.next_bill_on), (Some(on), None));
    source.act(&customer, &Act::KeepService, "key-2").await.expect("Stripe does it");
    assert_eq!(source.account(&customer).await.expect("it is there").ended_on, None);
    let early = date(2026, 5, 25);
    source.act(&customer, &Act::Cancel { on: early }, "key-3").await.expect("Stripe does it");
    assert_eq!(source.account(&customer).await.expect("it is there").ended_on, Some(early));
}

#[tokio::test]
async fn a_new_address_for_mail_arrives_in_stripe() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    let source = source(&stripe.config(), &Limits::default());
    let customer = CustomerId::new(&wren.customer);
    source.account(&customer).await.expect("Stripe knows the customer");
    let act = Act::UpdateContact { email: Some(format!("new.{}", wren.email)), address: None, name: None };
    source.act(&customer, &act, "key-1").await.expect("Stripe does it");
    let account = source.account(&customer).await.expect("it is there");
    let email = format!("new.{}", wren.email);
    assert_eq!(account.person.email, email, "and what was held is not used any more");
    assert_eq!(source.customer_of_email(&email).await, Ok(Some(customer.clone())));
    assert_eq!(source.customer_of_email(&wren.email).await, Ok(None));
    assert!(source.customers(1_000).await.is_ok_and(|it| it.contains(&customer)));
}

#[tokio::test]
async fn somebody_whom_stripe_does_not_know_is_not_found() {
    let stripe = LocalStripe::start().await;
    let source = source(&stripe.config(), &no_cache());
    for id in ["cus_nobody", "all-quiet", "cus_/../../v1/events", "", ".."] {
        assert_eq!(source.account(&CustomerId::new(id)).await, Err(BillingError::NotFound), "{id:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn why_is_my_bill_higher_is_answered_with_the_figures_in_stripe() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    stripe.item(&wren.customer, 1_700, "Engineer visit").await;
    stripe.bill(&wren).await;
    let billing = Arc::new(source(&stripe.config(), &Limits::default()));
    let house = House::with(Plan { between: instead(billing), ..Plan::default() }).await;
    let mut customer = house.customer(&wren.customer).await;
    customer.says("why is my bill higher this month?").await;
    let said = customer.hears().await;
    assert!(said.contains("£17.00 more than May") && said.contains("engineer visit"), "{said}");
    let mut other = house.customer("cus_somebody_else").await;
    other.says("why is my bill higher this month?").await;
    let said = other.hears().await;
    assert!(!said.contains("£17.00"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_stripes_own_freshens_what_is_held() {
    let stripe = LocalStripe::start().await;
    let wren = stripe.subscriber(MAY).await;
    let config = BillingConfig { webhook_keys: vec![WEBHOOK_KEY.to_owned()], ..stripe.config() };
    let limits = Limits { billing_cache_ms: 3_600_000, ..Limits::default() };
    let billing = Arc::new(source(&config, &limits));
    // The double signs with the time that it really is, so the house has that time too.
    let now: &'static str = jiff::Zoned::now().with_time_zone(london()).to_string().leak();
    let house =
        House::with(Plan { between: instead(billing.clone()), at: now, classifier: false, ..Plan::default() }).await;
    let customer = CustomerId::new(&wren.customer);
    assert_eq!(billing.account(&customer).await.expect("it is there").person.name, "Wren Alder");
    let hook = json!({ "url": format!("http://{}/hooks/stripe", house.address), "secret": WEBHOOK_KEY });
    let registered = reqwest::Client::new()
        .post(format!("{}/_config/webhooks/play", stripe.url))
        .json(&hook)
        .send()
        .await
        .expect("localstripe answers");
    assert!(registered.status().is_success());
    stripe.post(&format!("v1/customers/{}", wren.customer), &[("name", "Wren Birch")]).await;
    let fresh = async {
        while billing.account(&customer).await.expect("it is there").person.name != "Wren Birch" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, fresh).await.expect("the notice comes and is taken");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_stripe_did_not_sign_is_refused_and_a_long_one_is_not_read() {
    let plan = Plan::default();
    let limits = Limits { billing_notice_bytes_max: 100_000, ..plan.limits.clone() };
    let config = BillingConfig {
        key: "rk_test".to_owned(),
        webhook_keys: vec![WEBHOOK_KEY.to_owned()],
        url: "http://127.0.0.1:9".to_owned(),
        ..BillingConfig::default()
    };
    let billing = Arc::new(source(&config, &limits));
    let house = House::with(Plan { between: instead(billing), limits, classifier: false, ..plan }).await;
    let send = |signature: &'static str, body: String| {
        let request = reqwest::Client::new().post(format!("http://{}/hooks/stripe", house.address));
        async move { request.header("stripe-signature", signature).body(body).send().await.expect("it answers").status() }
    };
    let event = json!({ "type": "customer.updated", "data": { "object": { "id": "cus_1" } } }).to_string();
    assert_eq!(send("t=1781604000,v1=00", event.clone()).await, 400);
    assert_eq!(send("", event).await, 400);
    assert_eq!(send("t=1781604000,v1=00", "x".repeat(90_000)).await, 400, "within the limit it is looked at");
    assert_eq!(send("t=1781604000,v1=00", "x".repeat(100_001)).await, 413);
    house.close().await;
    let without = House::with(Plan { classifier: false, ..Plan::default() }).await;
    let url = format!("http://{}/hooks/stripe", without.address);
    let answer = reqwest::Client::new().post(url).body("{}").send().await.expect("it answers");
    assert_eq!(answer.status(), 404, "the demo expects no notices");
    without.close().await;
}
