//! What is known of one customer: who it is, what they have, and what happened.

use jiff::civil::Date;

use super::{Currency, Instalment, Invoice, Method, Money, Payment, Refund};
use crate::conversation::CustomerId;

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
    pub parts: Vec<Instalment>,
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
