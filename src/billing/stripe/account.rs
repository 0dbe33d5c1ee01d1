//! Puts together what Stripe says of a customer as an account.

use std::cmp::Reverse;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::api::whole;
use super::invoices::{PlanLine, StripeBill, bill};
use super::lines::{Catalog, Priced};
use super::payments::{self, Frame};
use super::time::{day, day_or_none, last_day, money, money_or_zero};
use crate::billing::reading::{At, Unexpected};
use crate::billing::{
    Account, Currency, Discount, Frequency, InvoiceStatus, Money, Person, Plan, PlanChange, PriceChange, Standing,
};
use crate::conversation::CustomerId;

/// Discounts, price changes and plan changes of a history this long are told.
const CHANGES_MAX: usize = 24;
/// Periods of two bills may differ by so many days and still be alike: months are.
const PERIOD_DAYS_APART: i32 = 4;

/// What was read from Stripe for one customer.
#[derive(Debug, Default)]
pub struct Pieces {
    /// The customer.
    pub customer: Value,
    /// Invoices with all of their lines.
    pub invoices: Vec<Value>,
    /// Charges with their refunds.
    pub charges: Vec<Value>,
    /// Subscriptions, ended ones too.
    pub subscriptions: Vec<Value>,
    /// Credit notes.
    pub credit_notes: Vec<Value>,
    /// Disputes.
    pub disputes: Vec<Value>,
    /// The payment method that is used by itself, whole.
    pub method: Option<Value>,
    /// The mandate of the newest charge that had one.
    pub mandate: Option<Value>,
    /// The price list.
    pub plans: Vec<Plan>,
    /// Names that were looked up.
    pub known: Catalog,
}

/// The account; `today` is the present day where the business is.
pub fn account(id: &CustomerId, pieces: &Pieces, zone: &TimeZone, today: Date) -> Result<Account, Unexpected> {
    let customer = At::new(&pieces.customer, "customer").object()?;
    let subscriptions: Vec<At<'_>> = pieces.subscriptions.iter().map(|it| At::new(it, "subscription")).collect();
    let main = main_subscription(&subscriptions)?;
    let currency = currency(&customer, main, pieces)?;
    let (mut bills, mut other_bills) = (Vec::new(), Vec::new());
    for value in &pieces.invoices {
        // One account has one currency: bills in another are listed, and summed with nothing.
        let own = At::new(value, "invoice").get("currency").currency()?;
        let read = bill(value, own, &pieces.known, zone)?;
        if own == currency {
            bills.extend(read);
        } else {
            other_bills.extend(read.map(|it| it.invoice));
        }
    }
    bills.sort_by_key(|it| Reverse(it.invoice.issued));
    other_bills.sort_by_key(|it| Reverse(it.issued));
    let frame = Frame { currency, zone, today, bills: &bills };
    let credit = payments::credit(&customer, currency)?;
    let notes: Vec<At<'_>> = pieces.credit_notes.iter().map(|it| At::new(it, "credit_note")).collect();
    let (mut credits, late_fees) = payments::credits(&notes, frame, credit)?;
    credits.sort_by_key(|it| Reverse(it.on));
    let method_at = pieces.method.as_ref().map(|it| At::new(it, "payment_method"));
    let method = method_at.as_ref().map(payments::method).transpose()?.flatten();
    let method_id = method_at.as_ref().map(|it| it.get("id").words()).transpose()?.flatten();
    let usual = method_id.as_deref().zip(method.as_ref());
    let charges: Vec<At<'_>> = pieces.charges.iter().map(|it| At::new(it, "charge")).collect();
    let (mut paid, mut refunds) = (payments::elsewhere(&bills), Vec::new());
    for charge in &charges {
        if let Some(charged) = payments::charge(charge, frame, usual)? {
            paid.push(charged.payment);
            refunds.extend(charged.refunds);
        }
    }
    paid.sort_by_key(|it| Reverse(it.on));
    refunds.sort_by_key(|it| Reverse(it.asked_on));
    let mut disputes = Vec::new();
    for value in &pieces.disputes {
        disputes.extend(payments::dispute(&At::new(value, "dispute"), &charges, frame)?);
    }
    disputes.sort_by_key(|it| Reverse(it.opened_on));
    let course = Course::of(&subscriptions, main, zone)?;
    let since = course.since.map_or_else(|| day(&customer.get("created"), zone), Ok)?;
    let newest = bills.first().map(|it| it.invoice.issued);
    let autopay = course.collects_itself && method.is_some();
    let open = bills.iter().map(|it| &it.invoice).filter(|it| it.status(today) == InvoiceStatus::Open);
    let next_due_on = open.map(|it| it.due).min().or(course.next_bill_on.filter(|_| course.collects_itself));
    let invoices = bills.iter().map(|it| it.invoice.clone()).collect();
    Ok(Account {
        customer: id.clone(),
        number: account_number(&customer)?,
        person: person(&customer)?,
        currency,
        standing: course.standing,
        since,
        ended_on: course.ended_on,
        contract_ends_on: None,
        end_fee: Money::zero(currency),
        plan: plan_of(main, currency, &pieces.known)?,
        autopay,
        method,
        billing_day: course.billing_day.or(newest.map(Date::day)).unwrap_or(1),
        next_bill_on: course.next_bill_on,
        next_due_on: next_due_on.filter(|it| today <= *it),
        paper: false,
        credit,
        discounts: discounts(&bills),
        price_changes: price_changes(&bills),
        plan_changes: plan_changes(&bills),
        invoices,
        other_bills,
        payments: paid,
        refunds,
        late_fees,
        plans: pieces.plans.clone(),
        disputes,
        schedules: Vec::new(),
        credits,
        mandate: pieces.mandate.as_ref().map(|it| payments::mandate(&At::new(it, "mandate"))).transpose()?,
    })
}

fn is_running(subscription: &At<'_>) -> Result<bool, Unexpected> {
    Ok(!matches!(subscription.get("status").text()?, "canceled" | "incomplete" | "incomplete_expired"))
}

/// The newest subscription that runs, else the newest of all.
pub fn main_subscription<'a, 'v>(all: &'a [At<'v>]) -> Result<Option<&'a At<'v>>, Unexpected> {
    let mut best: Option<(bool, i64, &At<'_>)> = None;
    for one in all {
        let rank = (is_running(one)?, one.get("created").int()?);
        if best.is_none_or(|it| (it.0, it.1) < rank) {
            best = Some((rank.0, rank.1, one));
        }
    }
    Ok(best.map(|it| it.2))
}

/// When a subscription's period ends, which stands on its items since 2025-03-31.
pub fn period_end<'a>(subscription: &At<'a>) -> Result<Option<At<'a>>, Unexpected> {
    if let Some(at) = subscription.get("current_period_end").some() {
        return Ok(Some(at));
    }
    let items = subscription.get("items").get("data").each()?;
    Ok(items.first().and_then(|it| it.get("current_period_end").some()))
}

fn currency(customer: &At<'_>, main: Option<&At<'_>>, pieces: &Pieces) -> Result<Currency, Unexpected> {
    let newest = pieces.invoices.first().map(|it| At::new(it, "invoice").get("currency"));
    let of_subscription = main.map(|it| it.get("currency")).filter(|it| !it.is_none());
    // What runs comes again: one bill in another currency doesn't turn the account into that.
    let runs = main.map(is_running).transpose()?.unwrap_or(false);
    let (first, second) = if runs { (of_subscription, newest) } else { (newest, of_subscription) };
    if let Some(at) = first.or(second) {
        return at.currency();
    }
    let item = main.map(|it| it.get("items").get("data").each()).transpose()?.and_then(|it| it.into_iter().next());
    if let Some(priced) = item.map(|it| Priced::of(&it)).transpose()?.and_then(|it| it.at) {
        return priced.get("currency").currency();
    }
    match pieces.plans.first() {
        Some(plan) if customer.get("currency").is_none() => Ok(plan.price.currency),
        _ => customer.get("currency").currency(),
    }
}

fn account_number(customer: &At<'_>) -> Result<String, Unexpected> {
    let said = customer.get("metadata").get("account_number").words()?;
    let prefix = customer.get("invoice_prefix").words()?;
    said.or(prefix).map_or_else(|| customer.get("id").text().map(str::to_owned), Ok)
}

fn person(customer: &At<'_>) -> Result<Person, Unexpected> {
    let email = customer.get("email").words()?.unwrap_or_default();
    let name = customer.get("name").words()?.unwrap_or_else(|| email.clone());
    let address = customer.get("address");
    let mut parts = Vec::new();
    for part in ["line1", "line2", "city", "state", "postal_code", "country"] {
        parts.extend(address.get(part).words()?);
    }
    let tax_ids = customer.get("tax_ids").get("data").each()?;
    Ok(Person {
        first_name: name.split_whitespace().next().unwrap_or_default().to_owned(),
        name,
        email,
        address: parts.join(", "),
        company: customer.get("business_name").words()?,
        tax_id: tax_ids.first().map_or(Ok(None), |it| it.get("value").words())?,
    })
}

/// How the subscriptions go on.
struct Course {
    standing: Standing,
    since: Option<Date>,
    ended_on: Option<Date>,
    next_bill_on: Option<Date>,
    billing_day: Option<i8>,
    collects_itself: bool,
}

impl Course {
    fn of(all: &[At<'_>], main: Option<&At<'_>>, zone: &TimeZone) -> Result<Self, Unexpected> {
        let mut since: Option<Date> = None;
        for one in all {
            let start = one.get("start_date");
            let start = day(&start.some().unwrap_or_else(|| one.get("created")), zone)?;
            since = Some(since.map_or(start, |it| it.min(start)));
        }
        let Some(main) = main else {
            let standing = Standing::Active;
            let collects_itself = false;
            return Ok(Self {
                standing,
                since,
                ended_on: None,
                next_bill_on: None,
                billing_day: None,
                collects_itself,
            });
        };
        let standing = match main.get("status").text()? {
            "canceled" | "incomplete_expired" => Standing::Ended,
            "paused" | "unpaid" => Standing::Paused,
            _ => Standing::Active,
        };
        let ends = period_end(main)?;
        let at_period_end = main.get("cancel_at_period_end").is_true()?;
        let ended_on = match (main.get("ended_at").some(), main.get("cancel_at").some(), &ends) {
            (Some(at), _, _) if standing == Standing::Ended => Some(last_day(&at, zone)?),
            (_, Some(at), _) => Some(last_day(&at, zone)?),
            (_, None, Some(at)) if at_period_end => Some(last_day(at, zone)?),
            _ => None,
        };
        let goes_on = standing == Standing::Active && ended_on.is_none();
        let next_bill_on = ends.filter(|_| goes_on).map(|it| day(&it, zone)).transpose()?;
        let anchor = day_or_none(&main.get("billing_cycle_anchor"), zone)?;
        Ok(Self {
            standing,
            since,
            ended_on,
            next_bill_on,
            billing_day: anchor.or(next_bill_on).map(Date::day),
            collects_itself: main.get("collection_method").text_or_none()? != Some("send_invoice"),
        })
    }
}

/// The plan of a subscription: its dearest item that isn't by use.
fn plan_of(subscription: Option<&At<'_>>, currency: Currency, known: &Catalog) -> Result<Plan, Unexpected> {
    let mut best: Option<Plan> = None;
    let items = subscription.map(|it| it.get("items").get("data").each()).transpose()?.unwrap_or_default();
    for item in items {
        let priced = Priced::of(&item)?;
        let Some(at) = &priced.at else { continue };
        if at.get("currency").currency()? != currency {
            continue;
        }
        let quantity = item.get("quantity").int_or_none()?.unwrap_or(1);
        let Some(mut plan) = read_plan(at, &priced, known)? else { continue };
        plan.price = Money::new(plan.price.minor.saturating_mul(quantity), currency);
        if best.as_ref().is_none_or(|it| it.price.minor < plan.price.minor) {
            best = Some(plan);
        }
    }
    let none = Plan {
        name: "No plan".to_owned(),
        price: Money::zero(currency),
        frequency: Frequency::Month,
        includes: String::new(),
    };
    Ok(best.unwrap_or(none))
}

/// Reads a price or a plan; nothing where it is by use or of no fixed amount.
pub fn read_plan(at: &At<'_>, priced: &Priced<'_>, known: &Catalog) -> Result<Option<Plan>, Unexpected> {
    let amount = at.get("unit_amount").some().or_else(|| at.get("amount").some());
    let Some(amount) = amount.filter(|_| priced.metered != Some(true)) else { return Ok(None) };
    let currency = at.get("currency").currency()?;
    let price = money(&amount, currency)?;
    let recurring = whole(&at.get("recurring")).unwrap_or_else(|| at.clone());
    let Some(interval) = recurring.get("interval").text_or_none()? else { return Ok(None) };
    let count = u32::try_from(recurring.get("interval_count").int_or_none()?.unwrap_or(1)).unwrap_or(1).max(1);
    // We speak of months and years; another rhythm is told as what it comes to in a month.
    let (price, frequency, rhythm) = match (interval, count) {
        ("month", 1) => (price, Frequency::Month, None),
        ("year", 1) | ("month", 12) => (price, Frequency::Year, None),
        ("month", n) => (price.share(1, n), Frequency::Month, Some(format!("every {n} months"))),
        ("year", n) => (price.share(1, n), Frequency::Year, Some(format!("every {n} years"))),
        ("week", n) => (price.share(52, n.saturating_mul(12)), Frequency::Month, Some(every(n, "week"))),
        ("day", n) => (price.share(365, n.saturating_mul(12)), Frequency::Month, Some(every(n, "day"))),
        _ => return Err(recurring.get("interval").wrong("day, week, month or year")),
    };
    let product = whole(&at.get("product"));
    let by_id = priced.product.as_ref().and_then(|it| known.products.get(it)).cloned();
    let nickname = at.get("nickname").words()?;
    let name = by_id.or(priced.name.clone()).or(nickname).unwrap_or_else(|| "Plan".to_owned());
    let includes = product.map_or(Ok(None), |it| it.get("description").words())?.unwrap_or_default();
    let name = rhythm.map_or_else(|| name.clone(), |it| format!("{name} (billed {it})"));
    Ok(Some(Plan { name, price, frequency, includes }))
}

fn every(n: u32, unit: &str) -> String {
    if n == 1 { format!("every {unit}") } else { format!("every {n} {unit}s") }
}

/// Discounts as the bills show them. One that is gone without an end of its own ended before the first bill without it.
fn discounts(bills: &[StripeBill]) -> Vec<Discount> {
    let bills: Vec<&StripeBill> = bills.iter().filter(|it| !it.invoice.void).take(CHANGES_MAX).collect();
    let mut discounts: Vec<Discount> = Vec::new();
    for (index, bill) in bills.iter().enumerate() {
        for taken in &bill.discounts {
            let from = taken.from.unwrap_or(bill.invoice.issued);
            if let Some(known) = discounts.iter_mut().find(|it| it.label == taken.label) {
                known.from = known.from.min(from);
                continue;
            }
            let next = index.checked_sub(1).and_then(|it| bills.get(it));
            let gone = next.and_then(|it| it.invoice.issued.yesterday().ok());
            // An end that Stripe has set, unless the discount went earlier.
            let until = match (taken.until, gone) {
                (Some(set), Some(gone)) => Some(set.min(gone)),
                (set, gone) => set.or(gone),
            };
            discounts.push(Discount { label: taken.label.clone(), amount: taken.amount, from, until });
        }
    }
    discounts
}

/// The same plan at another price from one bill to the next.
fn price_changes(bills: &[StripeBill]) -> Vec<PriceChange> {
    let alike = |a: &PlanLine, b: &PlanLine| a.label == b.label && (a.n_days - b.n_days).abs() <= PERIOD_DAYS_APART;
    let mut changes = Vec::new();
    for (newer, older) in neighbors(bills) {
        for now in &newer.plans {
            let Some(before) = older.plans.iter().find(|it| alike(now, it)) else { continue };
            if now.unit != before.unit {
                changes.push(PriceChange {
                    label: now.label.clone(),
                    from: before.unit,
                    to: now.unit,
                    on: now.from.unwrap_or(newer.invoice.issued),
                });
            }
        }
    }
    changes
}

/// One plan gone and another come from one bill to the next.
fn plan_changes(bills: &[StripeBill]) -> Vec<PlanChange> {
    let mut changes = Vec::new();
    for (newer, older) in neighbors(bills) {
        let come = newer.plans.iter().find(|it| !older.plans.iter().any(|other| other.label == it.label));
        let gone = older.plans.iter().find(|it| !newer.plans.iter().any(|other| other.label == it.label));
        let Some((come, gone)) = come.zip(gone) else { continue };
        // The lines for part of a month say on which day it was.
        let part = newer.invoice.lines.iter().filter(|it| it.kind == crate::billing::LineKind::PartMonth);
        let on = part.filter_map(|it| it.from).min().or(come.from).unwrap_or(newer.invoice.issued);
        changes.push(PlanChange { from: gone.label.clone(), to: come.label.clone(), on });
    }
    changes
}

/// Each bill for a plan with the one before it, newest first.
fn neighbors(bills: &[StripeBill]) -> Vec<(&StripeBill, &StripeBill)> {
    let with_plan: Vec<&StripeBill> =
        bills.iter().filter(|it| !it.invoice.void && !it.plans.is_empty()).take(CHANGES_MAX).collect();
    with_plan.windows(2).map(|it| (it[0], it[1])).collect()
}

/// What the customer would still have to pay for an invoice, as Stripe counts it.
pub fn remaining(invoice: &At<'_>, currency: Currency) -> Result<Money, Unexpected> {
    if let Some(at) = invoice.get("amount_remaining").some() {
        return money(&at, currency);
    }
    let due = money(&invoice.get("amount_due"), currency)?;
    let paid = money_or_zero(&invoice.get("amount_paid"), currency)?;
    due.minus(paid).ok_or_else(|| invoice.get("amount_paid").wrong("an amount that can be counted"))
}
