//! The facts about what is underway: a charge that is looked at, a bill that is paid in parts, what was given.

use jiff::civil::Date;
use serde::Serialize;

use crate::billing::{Account, Money};
use crate::conversation::format;

/// The month of the bill with a number; the number itself, where that bill is not known.
fn month_of(account: &Account, number: &str, today: Date) -> String {
    let bill = account.find_invoice_numbered(number);
    bill.map_or_else(|| number.to_owned(), |it| format::month(it.issued, today))
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct DisputeFacts {
    reference: String,
    invoice: String,
    month: String,
    amount: Option<i64>,
    opened_on: String,
    status: &'static str,
}

impl DisputeFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let dispute = account.disputes.first()?;
        Some(Self {
            reference: dispute.reference.clone(),
            invoice: dispute.invoice.clone(),
            month: month_of(account, &dispute.invoice, today),
            amount: dispute.amount.map(|it| it.minor),
            opened_on: dispute.opened_on.to_string(),
            status: dispute.status.as_str(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ScheduleFacts {
    invoice: String,
    month: String,
    parts: Vec<PartFacts>,
    n_parts: usize,
    n_paid: usize,
    left: i64,
    next_on: Option<String>,
    next_amount: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct PartFacts {
    date: String,
    amount: i64,
    paid: bool,
}

impl ScheduleFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let schedule = account.schedules.first()?;
        let n_paid = schedule.n_paid.min(schedule.parts.len());
        let (paid, left) = schedule.parts.split_at(n_paid);
        let part = |paid: bool| {
            move |it: &crate::billing::Instalment| PartFacts { date: it.on.to_string(), amount: it.amount.minor, paid }
        };
        // What cannot be summed is not shown as a figure of its own.
        let sum = Money::sum(left.iter().map(|it| it.amount), account.currency);
        Some(Self {
            invoice: schedule.invoice.clone(),
            month: month_of(account, &schedule.invoice, today),
            parts: paid.iter().map(part(true)).chain(left.iter().map(part(false))).collect(),
            n_parts: schedule.parts.len(),
            n_paid,
            left: sum?.minor,
            next_on: left.first().map(|it| it.on.to_string()),
            next_amount: left.first().map(|it| it.amount.minor),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CreditFacts {
    date: String,
    amount: i64,
    left: i64,
    reason: Option<String>,
}

impl CreditFacts {
    pub(super) fn new(account: &Account) -> Option<Self> {
        let credit = account.credits.first()?;
        Some(Self {
            date: credit.on.to_string(),
            amount: credit.amount.minor,
            left: credit.left.minor,
            reason: credit.reason.clone(),
        })
    }
}
