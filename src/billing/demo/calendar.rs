//! The months of the demo, and how bills and payments of an ordinary customer come out of them.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::DemoCustomer;
use crate::billing::{
    Account, Currency, Frequency, Invoice, Line, LineKind, Method, Money, Payment, PaymentStatus, Person, Plan,
    Standing,
};
use crate::conversation::CustomerId;

/// Bills go back so far, which is well over the twelve months that a first late fee is judged by.
pub const HISTORY_MONTHS: u32 = 26;
/// The day of the month on which a bill is due and autopay collects it.
pub const DUE_DAY: i8 = 15;
/// Prices are with 20 % value added tax in them.
const TAX_PERCENT: u32 = 20;
/// The number of June 2026's bill for the first customer; the others follow in hundreds.
const JUNE_2026_NUMBER: i64 = 1_042;

/// Months counted back from the present one, which is 0.
#[derive(Clone, Copy)]
pub struct Calendar {
    /// The present day.
    pub today: Date,
}

impl Calendar {
    /// The months as they lie before a day.
    pub fn new(today: Date) -> Self {
        Self { today }
    }

    /// The first day of the month so many months ago.
    pub fn first(self, ago: u32) -> Date {
        self.today.first_of_month().saturating_sub(i64::from(ago).months())
    }

    /// The last day of the month so many months ago.
    pub fn last(self, ago: u32) -> Date {
        self.first(ago).last_of_month()
    }

    /// A day of the month so many months ago.
    pub fn day(self, ago: u32, day: i8) -> Date {
        self.first(ago).saturating_add((i64::from(day) - 1).days())
    }

    /// The month whose bill something has happened to by now that happens on a day of the month: this one from
    /// that day on, the one before until then.
    pub fn month_past(self, day: i8) -> u32 {
        if self.today.day() < day { 1 } else { 0 }
    }
}

/// What a bill is made of, and what came of it.
pub struct PlannedBill {
    /// Its lines.
    pub lines: Vec<Line>,
    /// How it was paid.
    pub settled: Settled,
}

/// How a bill was paid. What lies in the future has not happened.
pub enum Settled {
    /// Collected on the due day.
    ByAutopay,
    /// Paid on a day of its month.
    On(i8),
    /// Paid on a day of its month, and on a later day once more.
    Twice(i8, i8),
    /// Paid by bank transfer on this day; it hasn't arrived.
    Pending(Date),
    /// Collecting it didn't work on the due day.
    Failed,
    /// Not paid.
    Unpaid,
}

/// Pence as pounds sterling.
pub fn gbp(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

/// What Fernhill Fibre sells.
pub fn price_list() -> Vec<Plan> {
    let plan = |name: &str, price, includes: &str| Plan {
        name: name.to_owned(),
        price: gbp(price),
        frequency: Frequency::Month,
        includes: includes.to_owned(),
    };
    vec![
        plan("Basic", 2_400, "internet at up to 50 megabits a second"),
        plan("Standard", 3_000, "internet at up to 150 megabits a second, and evening calls"),
        plan("Plus", 3_800, "internet at up to 500 megabits a second, all calls and a TV box"),
    ]
}

/// A plan of the price list.
pub fn plan(name: &str) -> Plan {
    price_list().into_iter().find(|it| it.name == name).expect("the demo only names plans of its own list")
}

/// The card that most customers pay with; it expires 14 months from now.
pub fn card(calendar: Calendar) -> Method {
    let expires = calendar.first(0).saturating_add(14.months()).last_of_month();
    Method { name: "Visa".to_owned(), ending: "4242".to_owned(), expires: Some(expires) }
}

/// A line of a bill for a stretch of days.
pub fn line(kind: LineKind, label: &str, minor: i64, from: Date, to: Date) -> Line {
    Line { label: label.to_owned(), kind, amount: gbp(minor), from: Some(from), to: Some(to) }
}

/// The line of a plan for the month so many months ago.
pub fn plan_line(calendar: Calendar, ago: u32, plan: &Plan) -> Line {
    line(LineKind::Plan, &plan.name, plan.price.minor, calendar.first(ago), calendar.last(ago))
}

/// An account with a bill for each month from `oldest` months ago until now.
pub fn account(
    calendar: Calendar,
    customer: DemoCustomer<'_>,
    index: usize,
    plan: Plan,
    oldest: u32,
    bill: impl Fn(u32) -> PlannedBill,
) -> Account {
    let method = card(calendar);
    let mut invoices = Vec::new();
    let mut payments = Vec::new();
    for ago in 0..=oldest {
        let PlannedBill { lines, settled } = bill(ago);
        let mut invoice = invoice(calendar, ago, index, lines);
        let tried = payments_for(calendar, ago, &invoice, &settled, &method);
        let arrived = tried.iter().filter(|it| it.status == PaymentStatus::Paid);
        let paid: i64 = arrived.map(|it| it.amount.minor).sum();
        invoice.paid = gbp(paid.min(invoice.total.minor));
        payments.extend(tried);
        invoices.push(invoice);
    }
    payments.sort_by_key(|it: &Payment| std::cmp::Reverse(it.on));
    let first_name = customer.name.split(' ').next().unwrap_or(customer.name);
    let mut account = Account {
        customer: CustomerId::new(customer.id),
        number: format!("FF-{}", 20_417 + 131 * index),
        person: Person {
            name: customer.name.to_owned(),
            first_name: first_name.to_owned(),
            email: format!("{}@example.com", first_name.to_lowercase()),
            address: format!("{} Sample Street, Fernhill", index + 1),
            company: None,
            tax_id: None,
        },
        currency: Currency::GBP,
        standing: Standing::Active,
        since: calendar.first(oldest),
        ended_on: None,
        contract_ends_on: None,
        end_fee: gbp(0),
        plan,
        autopay: true,
        method: Some(method),
        billing_day: 1,
        next_bill_on: Some(calendar.first(0).saturating_add(1.month())),
        next_due_on: None,
        paper: false,
        credit: gbp(0),
        invoices,
        payments,
        refunds: Vec::new(),
        late_fees: Vec::new(),
        discounts: Vec::new(),
        price_changes: Vec::new(),
        plan_changes: Vec::new(),
        disputes: Vec::new(),
        schedules: Vec::new(),
        credits: Vec::new(),
        mandate: None,
        other_bills: Vec::new(),
        plans: price_list(),
    };
    set_next_due(&mut account, calendar);
    account
}

/// Works out the next day on which something is due, from the open bills and the next one.
pub fn set_next_due(account: &mut Account, calendar: Calendar) {
    let open = account.invoices.iter().filter(|it| 0 < it.owed().minor && calendar.today <= it.due);
    let next = account.next_bill_on.map(|it| it.saturating_add((i64::from(DUE_DAY) - 1).days()));
    account.next_due_on = open.map(|it| it.due).min().or(next);
}

fn invoice(calendar: Calendar, ago: u32, index: usize, lines: Vec<Line>) -> Invoice {
    let total = gbp(lines.iter().map(|it| it.amount.minor).sum());
    let issued = calendar.first(ago);
    Invoice {
        number: number(issued, index),
        issued,
        due: calendar.day(ago, DUE_DAY),
        lines,
        total,
        paid: gbp(0),
        tax: total.share(TAX_PERCENT, 100 + TAX_PERCENT),
        tax_percent: Some(TAX_PERCENT),
        void: false,
    }
}

/// Four digits that go up by one with each month.
fn number(issued: Date, index: usize) -> String {
    let months = |it: Date| i64::from(it.year()) * 12 + i64::from(it.month());
    let since = months(issued) - months(date(2026, 6, 1));
    let index = i64::try_from(index).unwrap_or(0);
    let number = 1_000 + (JUNE_2026_NUMBER - 1_000 + since + 100 * index).rem_euclid(9_000);
    format!("INV-{number}")
}

fn payments_for(calendar: Calendar, ago: u32, invoice: &Invoice, settled: &Settled, card: &Method) -> Vec<Payment> {
    if invoice.total.minor <= 0 {
        return Vec::new();
    }
    let payment = |on: Date, status: PaymentStatus| Payment {
        on,
        amount: invoice.total,
        method: Some(card.clone()),
        status,
        reason: None,
        invoice: Some(invoice.number.clone()),
    };
    let paid = |on: Date| payment(on, PaymentStatus::Paid);
    let mut payments = match *settled {
        Settled::ByAutopay => vec![paid(invoice.due)],
        Settled::On(day) => vec![paid(calendar.day(ago, day))],
        Settled::Twice(first, second) => vec![paid(calendar.day(ago, second)), paid(calendar.day(ago, first))],
        Settled::Pending(on) => {
            let bank = Method { name: "bank account".to_owned(), ending: "0071".to_owned(), expires: None };
            vec![Payment { method: Some(bank), ..payment(on, PaymentStatus::Pending) }]
        }
        Settled::Failed => {
            let reason = Some("the card has expired".to_owned());
            vec![Payment { reason, ..payment(invoice.due, PaymentStatus::Failed) }]
        }
        Settled::Unpaid => Vec::new(),
    };
    payments.retain(|it| it.on <= calendar.today);
    payments
}
