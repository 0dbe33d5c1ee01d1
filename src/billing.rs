//! The words of billing as types, and the one question that every source of billing data answers.
//!
//! A source says what it knows of a customer as an [`Account`]; everything else is asked of that value
//! (see [`find`] and [`explain`]), so that no answer depends on where the figures come from.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::config::{BillingConfig, Limits};
use crate::conversation::CustomerId;

pub mod acts;
pub mod demo;
pub mod explain;
pub mod find;
pub mod http;
pub mod money;
pub mod remote;
pub mod stripe;

mod cache;
mod reading;

pub use acts::{Act, ActError, Done, Part, PortalLink, Purpose};
pub use money::{Currency, Money};

/// Where billing data comes from.
pub trait Billing: Send + Sync {
    /// All that is known of one customer, as of now.
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>>;

    /// The price list, which anybody may see; empty where the source has none.
    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Changes something for a customer, at most once for each key.
    fn act<'a>(
        &'a self,
        customer: &'a CustomerId,
        act: &'a Act,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Done, ActError>> {
        let _ = (customer, act, key);
        Box::pin(async { Err(ActError::NotOffered) })
    }

    /// A page that billing hosts for a customer; none where the source has no such page.
    fn portal<'a>(
        &'a self,
        customer: &'a CustomerId,
        purpose: Purpose,
    ) -> BoxFuture<'a, Result<Option<PortalLink>, BillingError>> {
        let _ = (customer, purpose);
        Box::pin(async { Ok(None) })
    }

    /// The customer to whom bills go at this e-mail address, in any case of letters; none where it is not exactly one.
    fn customer_of_email<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<CustomerId>, BillingError>> {
        let _ = email;
        Box::pin(async { Ok(None) })
    }

    /// Everybody whom billing knows, at most `max`; empty where the source has no list.
    fn customers(&self, max: usize) -> BoxFuture<'_, Result<Vec<CustomerId>, BillingError>> {
        let _ = max;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Reads a notice of billing's own that something has changed, once its signature fits.
    fn notice(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Changed, NoticeError> {
        let _ = (signature, body, now);
        Err(NoticeError::NotExpected)
    }

    /// Drops what is held of what has changed: it is asked for anew. Twice does no harm.
    fn forget(&self, changed: &Changed) {
        let _ = changed;
    }
}

/// What has changed in billing. Nodes tell each other, so that none goes on with what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Whose account.
    pub whose: Whose,
    /// The price list or a tax, too.
    pub price_list: bool,
}

/// Whose account has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Of the customer whom the business's own systems know by this id.
    Customer(CustomerId),
    /// Of whom the source knows by this id of its own.
    Source(String),
    /// Perhaps everybody's.
    Anybody,
}

impl Changed {
    /// The account of one customer.
    pub fn of(customer: &CustomerId) -> Self {
        Self { whose: Whose::Customer(customer.clone()), price_list: false }
    }

    /// As nodes tell each other.
    pub fn as_text(&self) -> String {
        serde_json::to_string(self).expect("ids and flags always serialize")
    }

    /// What another node has told; none where it cannot be read.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Everything, as far as anybody knows.
    pub fn everything() -> Self {
        Self { whose: Whose::Anybody, price_list: true }
    }
}

/// Why a notice is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// This source has no notices, or no key to check them with.
    #[error("no notices are expected")]
    NotExpected,
    /// It was not signed with a key that we know, or too long ago.
    #[error("the notice is not signed as it should be")]
    NotSigned,
    /// It is signed, and makes no sense.
    #[error("the notice cannot be read")]
    NotReadable,
}

/// The source that the settings name, apart from the demo, for a business in this time zone, by this clock.
pub fn open(
    config: &BillingConfig,
    limits: &Limits,
    zone: TimeZone,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> Result<Option<Arc<dyn Billing>>, remote::SetupError> {
    Ok(match config.source.as_str() {
        "stripe" => Some(Arc::new(stripe::Stripe::new(config, limits, zone, now)?)),
        "http" => Some(Arc::new(http::Http::new(config, limits)?)),
        _ => None,
    })
}

/// Why a source has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillingError {
    /// Billing doesn't know this customer.
    #[error("billing does not know this customer")]
    NotFound,
    /// Billing did not answer in time, or at all.
    #[error("billing could not be reached")]
    Unreachable,
    /// Billing answered with something that makes no sense.
    #[error("billing gave an answer that makes no sense")]
    Broken,
}

/// All that is known of one customer. Lists are newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Who it is in the business's systems.
    pub customer: CustomerId,
    /// The number that stands on the bills.
    pub number: String,
    /// Who it is to write to.
    pub person: Person,
    /// The currency of every amount in it, but of `other_bills`.
    pub currency: Currency,
    /// Whether the service runs.
    pub standing: Standing,
    /// The first day of service.
    pub since: Date,
    /// The last day of service, once it has ended or an end is set.
    pub ended_on: Option<Date>,
    /// The day until which the customer is bound.
    pub contract_ends_on: Option<Date>,
    /// What leaving today would cost; zero where nothing binds.
    pub end_fee: Money,
    /// What they have.
    pub plan: Plan,
    /// Bills are collected without the customer doing anything.
    pub autopay: bool,
    /// What autopay uses.
    pub method: Option<Method>,
    /// The day of the month on which bills are issued.
    pub billing_day: i8,
    /// When the next bill comes.
    pub next_bill_on: Option<Date>,
    /// When the next payment is due.
    pub next_due_on: Option<Date>,
    /// Bills come on paper.
    pub paper: bool,
    /// What stands in the customer's favor.
    pub credit: Money,
    /// The bills.
    pub invoices: Vec<Invoice>,
    /// Bills in other currencies, each in its own: they are listed, and no sum has them.
    pub other_bills: Vec<Invoice>,
    /// The payments, tried ones too.
    pub payments: Vec<Payment>,
    /// Money on its way back.
    pub refunds: Vec<Refund>,
    /// Fees for paying late.
    pub late_fees: Vec<LateFee>,
    /// Discounts, ended ones too.
    pub discounts: Vec<Discount>,
    /// Changes of a price.
    pub price_changes: Vec<PriceChange>,
    /// Moves from one plan to another.
    pub plan_changes: Vec<PlanChange>,
    /// The price list as it holds for this customer.
    pub plans: Vec<Plan>,
    /// Charges that are being looked at, and those that have been.
    pub disputes: Vec<Dispute>,
    /// Bills that are paid in parts.
    pub schedules: Vec<Schedule>,
    /// What was given in the customer's favor.
    pub credits: Vec<Credit>,
    /// The leave to collect from a bank account, where there is one.
    pub mandate: Option<Mandate>,
}

/// A charge that the customer thinks is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// What billing calls it.
    pub reference: String,
    /// The number of the bill.
    pub invoice: String,
    /// What is thought to be wrong on it.
    pub amount: Option<Money>,
    /// When it was opened.
    pub opened_on: Date,
    /// How far it is.
    pub status: DisputeStatus,
}

/// How far a dispute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeStatus {
    /// Somebody looks at it; reminders wait.
    Open,
    /// The customer was right.
    Upheld,
    /// The charge stands.
    Rejected,
}

impl DisputeStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            DisputeStatus::Open => "open",
            DisputeStatus::Upheld => "upheld",
            DisputeStatus::Rejected => "rejected",
        }
    }
}

/// A bill that is paid in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The number of the bill.
    pub invoice: String,
    /// The parts, the earliest first; they sum to what was owed when it was agreed.
    pub parts: Vec<Part>,
    /// How many of them are paid.
    pub n_paid: usize,
}

/// Something given in the customer's favor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The day of it.
    pub on: Date,
    /// How much, above zero.
    pub amount: Money,
    /// What is not used up yet.
    pub left: Money,
    /// Why, in plain words that finish "because …".
    pub reason: Option<String>,
    /// The number of the bill that it was given on, where it was.
    pub invoice: Option<String>,
}

/// The leave to collect from a bank account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// What the customer's bank calls it.
    pub reference: String,
    /// Whether it can be used.
    pub status: MandateStatus,
}

/// Whether a mandate can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MandateStatus {
    /// The bank has not confirmed it yet.
    Pending,
    /// It can be used.
    Active,
    /// It was taken back, or the bank refused it.
    Ended,
}

/// Who a bill goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The whole name.
    pub name: String,
    /// What to call them.
    pub first_name: String,
    /// Where bills go by e-mail.
    pub email: String,
    /// Where bills go by post.
    pub address: String,
    /// The company, where bills are made out to one.
    pub company: Option<String>,
    /// The company's tax number.
    pub tax_id: Option<String>,
}

/// Whether the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs.
    Active,
    /// It is paused, as a rule because bills were not paid.
    Paused,
    /// The customer has left.
    Ended,
}

impl Standing {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Paused => "paused",
            Standing::Ended => "ended",
        }
    }
}

/// Something that is sold at a price per period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name on bills.
    pub name: String,
    /// The price per period, tax included where the business's prices include it.
    pub price: Money,
    /// How long a period is.
    pub frequency: Frequency,
    /// What one gets, in plain words.
    pub includes: String,
}

/// How often a plan is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Once a month.
    Month,
    /// Once a year.
    Year,
}

impl Frequency {
    /// The word for one period.
    pub fn as_str(self) -> &'static str {
        match self {
            Frequency::Month => "month",
            Frequency::Year => "year",
        }
    }
}

/// One bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoice {
    /// Its number, as printed: `INV-1042`.
    pub number: String,
    /// The day on which it was made out.
    pub issued: Date,
    /// The last day on which it is paid in time.
    pub due: Date,
    /// What it is made of.
    pub lines: Vec<Line>,
    /// What it asks for: the sum of its lines.
    pub total: Money,
    /// What has arrived for it, at most the total.
    pub paid: Money,
    /// The tax in the total, whether as a line of its own or inside the prices.
    pub tax: Money,
    /// The rate of that tax, in percent, where there is one rate.
    pub tax_percent: Option<u32>,
    /// It was called off and asks for nothing.
    pub void: bool,
}

/// How a bill stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Nothing is owed for it.
    Paid,
    /// Something is owed, and there is time.
    Open,
    /// Something is owed, and the due day is over.
    Late,
    /// It was called off.
    Void,
}

impl InvoiceStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            InvoiceStatus::Paid => "paid",
            InvoiceStatus::Open => "open",
            InvoiceStatus::Late => "late",
            InvoiceStatus::Void => "void",
        }
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The words on the bill.
    pub label: String,
    /// What kind of thing it is.
    pub kind: LineKind,
    /// What it adds to the total; below zero when it takes off.
    pub amount: Money,
    /// The first day that it is for.
    pub from: Option<Date>,
    /// The last day that it is for; the same as `from` for something that happened on one day.
    pub to: Option<Date>,
}

/// What a line of a bill is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// A plan for a whole period.
    Plan,
    /// A plan for a part of a period; below zero for days that were paid and not used.
    PartMonth,
    /// What was used beyond the plan.
    Usage,
    /// Something that happened once.
    OneOff,
    /// A fee that comes with every bill, such as one for paper.
    Fee,
    /// A fee for paying late.
    LateFee,
    /// An agreed reduction.
    Discount,
    /// Money in the customer's favor that is used here.
    Credit,
    /// Money given back on this bill.
    Refund,
    /// Tax, where prices are without it.
    Tax,
    /// What was left from an earlier bill.
    CarriedOver,
}

impl LineKind {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            LineKind::Plan => "plan",
            LineKind::PartMonth => "part_month",
            LineKind::Usage => "usage",
            LineKind::OneOff => "one_off",
            LineKind::Fee => "fee",
            LineKind::LateFee => "late_fee",
            LineKind::Discount => "discount",
            LineKind::Credit => "credit",
            LineKind::Refund => "refund",
            LineKind::Tax => "tax",
            LineKind::CarriedOver => "carried_over",
        }
    }
}

/// A card or bank account of which only the harmless part is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// What it is: "Visa", "bank account".
    pub name: String,
    /// Its last four digits.
    pub ending: String,
    /// The last day of the month in which a card expires.
    pub expires: Option<Date>,
}

impl Method {
    /// How one speaks of it: "Visa ending 4242".
    pub fn text(&self) -> String {
        format!("{} ending {}", self.name, self.ending)
    }

    /// What a card shows as its expiry: "08/27".
    pub fn expires_text(&self) -> Option<String> {
        let on = self.expires?;
        Some(format!("{:02}/{:02}", on.month(), on.year().rem_euclid(100)))
    }
}

/// Money that came, is coming, or should have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The day of it.
    pub on: Date,
    /// How much.
    pub amount: Money,
    /// With what.
    pub method: Option<Method>,
    /// How it went.
    pub status: PaymentStatus,
    /// Why it failed, in plain words that finish "because …".
    pub reason: Option<String>,
    /// The number of the bill that it is for.
    pub invoice: Option<String>,
}

/// How a payment went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// It has arrived.
    Paid,
    /// It was made and has not arrived yet.
    Pending,
    /// It didn't work.
    Failed,
}

impl PaymentStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentStatus::Paid => "paid",
            PaymentStatus::Pending => "pending",
            PaymentStatus::Failed => "failed",
        }
    }
}

/// Money that goes back to the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
    /// When it was asked for.
    pub asked_on: Date,
    /// The day by which it should have arrived.
    pub expected_by: Option<Date>,
    /// Where it goes.
    pub to: Option<Method>,
    /// Why, in plain words that finish "because …".
    pub reason: Option<String>,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// Somebody has to look at it.
    Asked,
    /// It has left us.
    OnItsWay,
    /// It has arrived.
    Paid,
}

impl RefundStatus {
    /// The word under which templates know it.
    pub fn as_str(self) -> &'static str {
        match self {
            RefundStatus::Asked => "asked",
            RefundStatus::OnItsWay => "on_its_way",
            RefundStatus::Paid => "paid",
        }
    }
}

/// A fee for paying late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateFee {
    /// The day on which it was charged.
    pub on: Date,
    /// How much.
    pub amount: Money,
    /// The number of the bill that it stands on.
    pub invoice: String,
    /// It was taken off again.
    pub taken_off: bool,
}

/// An agreed reduction of every bill for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// What it is called on bills.
    pub label: String,
    /// What it takes off each bill.
    pub amount: Money,
    /// The first day of it.
    pub from: Date,
    /// The last day of it, where one is set.
    pub until: Option<Date>,
}

/// A change of a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// The price of what.
    pub label: String,
    /// The price before.
    pub from: Money,
    /// The price after.
    pub to: Money,
    /// The first day of the new price.
    pub on: Date,
}

/// A move from one plan to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanChange {
    /// The plan before.
    pub from: String,
    /// The plan after.
    pub to: String,
    /// The first day of the new plan.
    pub on: Date,
}
