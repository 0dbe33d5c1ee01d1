//! The facts one by one, each a shape that templates can walk through.

use jiff::civil::Date;
use serde::Serialize;

use crate::billing::explain::{BillExplanation, plain_words};
use crate::billing::find::Charge;
use crate::billing::{Account, Invoice, Line, Method, Money, Payment, PaymentStatus, Plan};
use crate::content::file::BusinessFile;
use crate::conversation::format::{self, Locale};

fn iso(date: Option<Date>) -> Option<String> {
    date.map(|it| it.to_string())
}

fn direction(amount: Money) -> &'static str {
    match amount.minor.signum() {
        1 => "up",
        -1 => "down",
        _ => "same",
    }
}

/// "June bill", by which a customer knows it.
fn bill_name(invoice: &Invoice, today: Date) -> String {
    format!("{} bill", format::month(invoice.issued, today))
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct BusinessFacts {
    name: String,
    phone: String,
    email: String,
    address: String,
    hours: String,
    pay_url: String,
    /// Of the rules' amounts: an account may have another.
    currency: String,
    emergency_number: String,
    payment_methods: Vec<String>,
}

impl BusinessFacts {
    pub(super) fn new(business: &BusinessFile) -> Self {
        Self {
            name: business.name.clone(),
            phone: business.phone.clone(),
            email: business.email.clone(),
            address: business.address.clone(),
            hours: business.hours.text.clone(),
            pay_url: business.pay_url.clone(),
            currency: business.currency.clone(),
            emergency_number: business.emergency_number.clone(),
            payment_methods: business.payment_methods.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CustomerFacts {
    name: String,
    first_name: String,
    email: String,
}

impl CustomerFacts {
    pub(super) fn new(account: &Account) -> Self {
        let person = &account.person;
        Self { name: person.name.clone(), first_name: person.first_name.clone(), email: person.email.clone() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct AccountFacts {
    number: String,
    plan: String,
    price: i64,
    frequency: &'static str,
    balance: i64,
    credit: i64,
    autopay: bool,
    method: Option<String>,
    method_expires: Option<String>,
    billing_day: i8,
    next_bill_on: Option<String>,
    next_due_on: Option<String>,
    email: String,
    address: String,
    company: Option<String>,
    tax_id: Option<String>,
    paper: bool,
    status: &'static str,
    since: String,
    ended_on: Option<String>,
    contract_ends_on: Option<String>,
    end_fee: i64,
    /// What came in beyond what the bills ask for, in minor units.
    overpaid: i64,
    /// What is owed in other currencies, as texts.
    other_owed: Vec<String>,
}

impl AccountFacts {
    pub(super) fn new(account: &Account, locale: Locale) -> Self {
        Self {
            number: account.number.clone(),
            plan: account.plan.name.clone(),
            price: account.plan.price.minor,
            frequency: account.plan.frequency.as_str(),
            balance: account.balance().minor,
            overpaid: account.overpaid().minor,
            other_owed: account.owed_elsewhere().iter().map(|it| it.text_in(locale)).collect(),
            credit: account.credit.minor.max(0),
            autopay: account.autopay,
            method: account.method.as_ref().map(Method::text),
            method_expires: account.method.as_ref().and_then(Method::expires_text),
            billing_day: account.billing_day,
            next_bill_on: iso(account.next_bill_on),
            next_due_on: iso(account.next_due_on),
            email: account.person.email.clone(),
            address: account.person.address.clone(),
            company: account.person.company.clone(),
            tax_id: account.person.tax_id.clone(),
            paper: account.paper,
            status: account.standing.as_str(),
            since: account.since.to_string(),
            ended_on: iso(account.ended_on),
            contract_ends_on: iso(account.contract_ends_on),
            end_fee: account.end_fee.minor,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct InvoiceFacts {
    number: String,
    month: String,
    date: String,
    due: String,
    total: i64,
    paid: i64,
    owed: i64,
    status: &'static str,
    late: bool,
    days_late: i32,
    tax: i64,
    tax_rate: u32,
    discount: i64,
    lines: Vec<LineFacts>,
}

impl InvoiceFacts {
    pub(super) fn new(invoice: &Invoice, today: Date) -> Self {
        Self {
            number: invoice.number.clone(),
            month: format::month(invoice.issued, today),
            date: invoice.issued.to_string(),
            due: invoice.due.to_string(),
            total: invoice.total.minor,
            paid: invoice.paid.minor,
            owed: invoice.owed().minor,
            status: invoice.status(today).as_str(),
            late: 0 < invoice.days_late(today),
            days_late: invoice.days_late(today),
            tax: invoice.tax.minor,
            tax_rate: invoice.tax_percent.unwrap_or(0),
            discount: invoice.discount().minor,
            lines: invoice.lines.iter().map(LineFacts::new).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LineFacts {
    label: String,
    amount: i64,
    kind: &'static str,
    from: Option<String>,
    to: Option<String>,
}

impl LineFacts {
    pub(super) fn new(line: &Line) -> Self {
        Self {
            label: line.label.clone(),
            amount: line.amount.minor,
            kind: line.kind.as_str(),
            from: iso(line.from),
            to: iso(line.to),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ChangeFacts {
    total: i64,
    abs: i64,
    direction: &'static str,
    causes: Vec<CauseFacts>,
    complete: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CauseFacts {
    text: String,
    amount: i64,
    abs: i64,
    direction: &'static str,
}

impl ChangeFacts {
    pub(super) fn new(explanation: BillExplanation) -> Self {
        let cause = |text: String, amount: Money| CauseFacts {
            text,
            amount: amount.minor,
            abs: amount.abs().minor,
            direction: direction(amount),
        };
        Self {
            total: explanation.total.minor,
            abs: explanation.total.abs().minor,
            direction: direction(explanation.total),
            causes: explanation.causes.into_iter().map(|it| cause(it.text, it.amount)).collect(),
            complete: explanation.complete,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ListedInvoice {
    number: String,
    month: String,
    date: String,
    due: String,
    total: i64,
    owed: i64,
    status: &'static str,
}

impl ListedInvoice {
    pub(super) fn new(invoice: &Invoice, today: Date) -> Self {
        Self {
            number: invoice.number.clone(),
            month: format::month(invoice.issued, today),
            date: invoice.issued.to_string(),
            due: invoice.due.to_string(),
            total: invoice.total.minor,
            owed: invoice.owed().minor,
            status: invoice.status(today).as_str(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PaymentFacts {
    date: String,
    amount: i64,
    method: Option<String>,
    status: &'static str,
    /// The day by which one that was sent should be here.
    expected_by: Option<String>,
    reason: Option<String>,
}

impl PaymentFacts {
    /// `arrival_days` are the working days that one takes; past them it is missing, and no longer on its way.
    pub(super) fn new(payment: &Payment, arrival_days: Option<i64>, today: Date) -> Self {
        let is_sent = payment.status == PaymentStatus::Pending;
        Self {
            date: payment.on.to_string(),
            amount: payment.amount.minor,
            method: payment.method.as_ref().map(Method::text),
            status: if payment.is_missing(arrival_days, today) { "missing" } else { payment.status.as_str() },
            expected_by: iso(arrival_days.filter(|_| is_sent).map(|it| payment.expected_by(it))),
            reason: payment.reason.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct RefundFacts {
    amount: i64,
    status: &'static str,
    asked_on: String,
    expected_by: Option<String>,
    to: Option<String>,
    reason: Option<String>,
}

impl RefundFacts {
    pub(super) fn new(account: &Account) -> Option<Self> {
        let refund = account.newest_refund()?;
        Some(Self {
            amount: refund.amount.minor,
            status: refund.status.as_str(),
            asked_on: refund.asked_on.to_string(),
            expected_by: iso(refund.expected_by),
            to: refund.to.as_ref().map(Method::text),
            reason: refund.reason.clone(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LateFeeFacts {
    amount: i64,
    date: String,
    month: String,
    first: bool,
    taken_off: bool,
}

impl LateFeeFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let fee = account.newest_late_fee()?;
        Some(Self {
            amount: fee.amount.minor,
            date: fee.on.to_string(),
            month: format::month(fee.on, today),
            first: account.is_first_late_fee(fee),
            taken_off: fee.taken_off,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct DuplicateFacts {
    label: String,
    amount: i64,
    first_on: String,
    second_on: String,
}

impl DuplicateFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let found = account.suspected_duplicate()?;
        Some(Self {
            label: bill_name(found.invoice, today),
            amount: found.second.amount.minor,
            first_on: found.first.on.to_string(),
            second_on: found.second.on.to_string(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct DiscountFacts {
    label: String,
    amount: i64,
    ends_on: Option<String>,
}

impl DiscountFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let discount = account.discount_on(today)?;
        Some(Self { label: discount.label.clone(), amount: discount.amount.minor, ends_on: iso(discount.until) })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct EndedDiscountFacts {
    label: String,
    amount: i64,
    ended_on: String,
}

impl EndedDiscountFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let discount = account.ended_discount(today)?;
        let ended_on = discount.until?.to_string();
        Some(Self { label: discount.label.clone(), amount: discount.amount.minor, ended_on })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PriceChangeFacts {
    label: String,
    from: i64,
    to: i64,
    date: String,
}

impl PriceChangeFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let change = account.price_change(today)?;
        Some(Self {
            label: change.label.clone(),
            from: change.from.minor,
            to: change.to.minor,
            date: change.on.to_string(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PlanChangeFacts {
    from: String,
    to: String,
    date: String,
}

impl PlanChangeFacts {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        let change = account.plan_change(today)?;
        Some(Self { from: change.from.clone(), to: change.to.clone(), date: change.on.to_string() })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PlanFacts {
    name: String,
    price: i64,
    includes: String,
}

impl PlanFacts {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { name: plan.name.clone(), price: plan.price.minor, includes: plan.includes.clone() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ChargeFacts {
    label: String,
    amount: i64,
    month: String,
    text: String,
    /// The day that the customer may mean else, on which something else was charged.
    other_day: Option<String>,
}

impl ChargeFacts {
    pub(super) fn new(found: Charge<'_>, other_day: Option<Date>, today: Date) -> Self {
        let month = format::month(found.invoice.issued, today);
        let other_day = other_day.map(|it| it.to_string());
        match found.line {
            Some(line) => {
                Self { label: line.label.clone(), amount: line.amount.minor, month, text: plain_words(line), other_day }
            }
            None => Self {
                label: bill_name(found.invoice, today),
                amount: found.invoice.total.minor,
                text: format!("the whole of your {}", bill_name(found.invoice, today)),
                month,
                other_day,
            },
        }
    }
}

/// Slots hold amounts in minor units; as people write them is understood too.
pub(super) fn read_amount(slot: &str, account: &Account) -> Option<Money> {
    let written = || format::read_money(slot, account.currency.code());
    let minor = slot.parse::<i64>().ok().or_else(written)?;
    Some(Money::new(minor, account.currency))
}
