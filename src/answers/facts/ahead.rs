//! Facts about what is open, what comes next and what has come together, and about how something was asked.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::Serialize;

use crate::billing::{Account, Frequency, Invoice, LineKind, PaymentStatus, Plan, Standing};
use crate::conversation::format::{self, Locale, Style};
use crate::conversation::normal;
use crate::rules::slots::{self, SlotContext};

use super::parts::PlanFacts;
use crate::content::file::SlotKind;
use crate::content::language::Language;

/// A bill that isn't paid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct OpenBill {
    number: String,
    month: String,
    due: String,
    total: i64,
    owed: i64,
    late: bool,
    days_late: i32,
}

impl OpenBill {
    /// All of them, the one that is due first before the others.
    pub(super) fn all(account: &Account, today: Date) -> Vec<Self> {
        let mut open: Vec<&Invoice> = account.invoices.iter().filter(|it| 0 < it.owed().minor).collect();
        open.sort_by_key(|it| it.due);
        let one = |it: &Invoice| Self {
            number: it.number.clone(),
            month: format::month(it.issued, today),
            due: it.due.to_string(),
            total: it.total.minor,
            owed: it.owed().minor,
            late: 0 < it.days_late(today),
            days_late: it.days_late(today),
        };
        open.into_iter().map(one).collect()
    }
}

/// The next bill, as far as it is known by now: without what is used or bought until then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct NextBill {
    on: String,
    month: String,
    due: Option<String>,
    /// The plan's price less a discount that still runs, with the fee for paper where bills come on paper.
    price: i64,
    /// The same less what is in the customer's favor, zero at least.
    to_pay: i64,
    after_on: String,
    after_due: Option<String>,
}

impl NextBill {
    pub(super) fn new(account: &Account, today: Date) -> Option<Self> {
        if account.standing == Standing::Ended {
            return None;
        }
        let on = account.next_bill_on?;
        let discount = account.discount_on(on).map_or(0, |it| it.amount.minor);
        let price = account.plan.price.minor.saturating_sub(discount).max(0).saturating_add(paper_fee(account));
        let months = if account.plan.frequency == Frequency::Year { 12 } else { 1 };
        let after_on = on.saturating_add(Span::new().months(months));
        let days = days_to_pay(account);
        let due = |on: Date| days.map(|days| on.saturating_add(Span::new().days(days)).to_string());
        Some(Self {
            on: on.to_string(),
            month: format::month(on, today),
            due: due(on),
            price,
            to_pay: price.saturating_sub(account.credit.minor.max(0)).max(0),
            after_on: after_on.to_string(),
            after_due: due(after_on),
        })
    }
}

/// What comes on top with each bill on paper. Of another fee nobody knows here whether it goes on.
fn paper_fee(account: &Account) -> i64 {
    let newest = account.newest_invoice().filter(|_| account.paper);
    let fees = newest.into_iter().flat_map(|it| &it.lines).filter(|it| it.kind == LineKind::Fee);
    fees.map(|it| it.amount.minor).fold(0, i64::saturating_add)
}

/// Days from a bill to the day it is due, as the newest bill has it.
pub(super) fn days_to_pay(account: &Account) -> Option<i64> {
    account.days_to_pay()
}

/// What the calendar year has come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ThisYear {
    year: i16,
    billed: i64,
    n_bills: usize,
    paid: i64,
    n_payments: usize,
}

impl ThisYear {
    pub(super) fn new(account: &Account, today: Date) -> Self {
        let year = today.year();
        let bills: Vec<&Invoice> = account.invoices.iter().filter(|it| !it.void && it.issued.year() == year).collect();
        let paid = || account.payments.iter().filter(|it| it.status == PaymentStatus::Paid && it.on.year() == year);
        Self {
            year,
            billed: bills.iter().fold(0, |sum, it| sum.saturating_add(it.total.minor)),
            n_bills: bills.len(),
            paid: paid().fold(0, |sum, it| sum.saturating_add(it.amount.minor)),
            n_payments: paid().count(),
        }
    }
}

/// How something was asked, whatever it is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Asked {
    /// It is a question that is answered with yes or no.
    yes_or_no: bool,
    /// An amount in it, in minor units.
    amount: Option<i64>,
    /// A day in it.
    date: Option<String>,
    /// The plan that it names; of several the one that the customer doesn't have.
    plan: Option<PlanFacts>,
}

impl Asked {
    /// With the plan that is named in it.
    pub(super) fn naming(self, text: &str, plans: &[Plan], own: Option<&str>) -> Self {
        let said = normal::words(text);
        let is_named = |plan: &&Plan| {
            let name = normal::words(&plan.name);
            // "Plus, can you …" only joins.
            !name.is_empty() && said.windows(name.len()).skip(1).any(|it| it == name) || said == name
        };
        let is_own = |plan: &&Plan| own.is_some_and(|it| it == plan.name);
        let named: Vec<&Plan> = plans.iter().filter(is_named).collect();
        let plan = named.iter().find(|it| !is_own(it)).or(named.first()).map(|it| PlanFacts::new(it));
        Self { plan, ..self }
    }

    /// What is asked in `text`, after these words of the bot's.
    pub(super) fn new(
        text: &str,
        last_said: Option<&str>,
        language: Option<&Language>,
        context: &SlotContext<'_>,
    ) -> Self {
        // After an answer about money a number alone is money: "is it 24 every month then".
        let is_money = || last_said.is_some_and(|it| !slots::amounts(it, context).is_empty());
        let amount = slots::read(SlotKind::Money, text, context).and_then(|it| it.parse().ok());
        // Each clause by itself: "and the June one, is that still the 15th".
        let clauses = text.split([',', '.', ';', '?', '!', '\n']).map(normal::words);
        let asks = |clause: Vec<String>, language: &Language| {
            let is_small = |it: &String| language.joiners.contains(it) || language.fillers.is(std::slice::from_ref(it));
            let begins = |it: &String| language.yes_or_no_words.contains(it);
            clause.iter().find(|it| begins(it) || !is_small(it)).is_some_and(begins)
        };
        // Of several days the one that is asked for: "not today, I said the 12th".
        let wanted = slots::wanted_day(text, context).map(|it| it.to_string());
        Self {
            yes_or_no: language.is_some_and(|language| clauses.into_iter().any(|it| asks(it, language))),
            amount: amount.or_else(|| is_money().then(|| slots::lone_amount(text, context)).flatten()),
            date: wanted.or_else(|| slots::read(SlotKind::Date, text, context)).map(|it| {
                named_before(&it, last_said, context).unwrap_or_else(|| to_come(it, text, language, context.today))
            }),
            plan: None,
        }
    }
}

/// "After 30 June" is the 30 June that was named just before, in whatever year.
fn named_before(day: &str, last_said: Option<&str>, context: &SlotContext<'_>) -> Option<String> {
    let (day, last_said) = (day.parse::<Date>().ok()?, last_said?);
    let style = Style { locale: Locale::of(context.language).unwrap_or_default(), today: context.today };
    let years = 0..=YEARS_AHEAD_MAX;
    let mut same = years.filter_map(|it| day.with().year(context.today.year() + it).build().ok());
    same.find(|it| last_said.contains(&style.date(*it))).map(|it| it.to_string())
}

/// A contract runs no longer.
const YEARS_AHEAD_MAX: i16 = 3;

/// "Does it come after the 20th" asks about the 20th to come, where nothing says that it is over.
fn to_come(day: String, text: &str, language: Option<&Language>, today: Date) -> String {
    let over = || language.is_none_or(|it| it.past.find(&normal::words(text)).is_some());
    let coming = day.parse::<Date>().ok().filter(|it| *it < today && slots::names_day_alone(text)).and_then(|it| {
        let next = it.checked_add(1.month()).ok()?;
        // The 31st has none in a month of thirty days.
        (today <= next && next.day() == it.day()).then_some(next)
    });
    match coming {
        Some(next) if !over() => next.to_string(),
        _ => day,
    }
}
