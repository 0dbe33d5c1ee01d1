//! What the bot may do for a customer today, by the business's dated rules. Pure: the same case gives the same ruling.
//!
//! A ruling that says yes carries all that would be done, so that what is offered, confirmed and done is one thing.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::billing::{Account, Act, DisputeStatus, Instalment, Invoice, LateFee, Money, Purpose, Standing};
use crate::content::file::{Action, BandsBy, PolicyFile};
use crate::conversation::format;
use crate::rules::slots;

/// Days of the month on which bills may be issued: the 29th is not in every month.
const BILLING_DAY_MAX: i8 = 28;
/// The slot that says which day.
const SLOT_DATE: &str = "date";
/// The slot that says which amount, in minor units.
const SLOT_AMOUNT: &str = "amount";
/// The slot with the customer's own words about what is wrong.
const SLOT_REASON: &str = "reason";
/// The slot with a new e-mail address.
const SLOT_EMAIL: &str = "email";
/// The slot with a new postal address.
const SLOT_ADDRESS: &str = "address";
/// The slot that says that the day on which bills come is meant, and not the one on which money leaves.
const SLOT_BILL_DAY: &str = "bill_day";
/// The slot with a company's name and tax number.
const SLOT_COMPANY: &str = "company";

mod goodwill;

pub use goodwill::{Given, Purse};

/// The rules that hold on one day, by name.
pub type Book = BTreeMap<String, PolicyFile>;

/// What a ruling is about.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The rules of the day.
    pub book: &'a Book,
    /// The customer's account.
    pub account: &'a Account,
    /// The bill that was named, else the newest.
    pub invoice: Option<&'a Invoice>,
    /// The customer has named that bill.
    pub invoice_was_named: bool,
    /// The present day in the business's time zone.
    pub today: Date,
    /// What the customer has told.
    pub slots: &'a BTreeMap<String, String>,
    /// What was done for this customer before.
    pub past: &'a [Past],
}

/// Something that was done for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Which action.
    pub action: String,
    /// What exactly.
    pub deed: Deed,
    /// On which day.
    pub on: Date,
}

/// Exactly what would be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Deed {
    /// A change in billing.
    Act {
        /// Which.
        act: Act,
    },
    /// A letter with a copy of a bill.
    SendCopy {
        /// The bill's number.
        invoice: String,
        /// The address on the account.
        to: String,
    },
    /// A page that billing hosts.
    Page {
        /// For what.
        purpose: Purpose,
    },
}

impl Deed {
    /// What it is about, where doing it twice would be wrong: the bill. `None`: each request stands for itself.
    pub fn about(&self) -> Option<&str> {
        match self {
            Deed::Act {
                act:
                    Act::TakeOffLateFee { invoice, .. }
                    | Act::GiveMoreDays { invoice, .. }
                    | Act::PayInParts { invoice, .. },
            } => Some(invoice),
            _ => None,
        }
    }
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq)]
pub enum Ruling {
    /// The bot may do this.
    Grant {
        /// The rule that says so, with version and date.
        clause: String,
        /// Exactly what.
        deed: Deed,
        /// Its figures.
        figures: DeedFigures,
    },
    /// There is nothing to do, or the rules say no.
    Refuse {
        /// The rule that says so.
        clause: String,
        /// Why, in a word that templates can ask for.
        why: &'static str,
    },
    /// The bot may not, and a person may.
    AskStaff {
        /// The rule that says so.
        clause: String,
        /// Why, in a word that templates can ask for.
        why: &'static str,
    },
}

impl Ruling {
    /// The rule that it goes by.
    pub fn clause(&self) -> &str {
        match self {
            Ruling::Grant { clause, .. } | Ruling::Refuse { clause, .. } | Ruling::AskStaff { clause, .. } => clause,
        }
    }
}

/// The figures of something that may be done; what doesn't apply is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeedFigures {
    /// How much.
    pub amount: Option<Money>,
    /// By when, or from when.
    pub on: Option<Date>,
    /// How many: days, parts, a day of the month.
    pub n: Option<i64>,
    /// The bill that it is for: when it was issued.
    pub issued: Option<Date>,
    /// Parts with their days.
    pub parts: Vec<Instalment>,
    /// Where something goes.
    pub to: Option<String>,
}

/// How a rule is cited: "late_fee_waive_months, version 1, from 1 January 2026".
pub fn cite(policy: &PolicyFile) -> String {
    let from = policy.from.parse::<Date>().map(|it| format!("{} {} {}", it.day(), format::month_name(it), it.year()));
    format!("{}, version {}, from {}", policy.name, policy.version, from.unwrap_or_else(|_| policy.from.clone()))
}

/// The value of a rule for a case of this size; none past its last band.
pub fn band(policy: &PolicyFile, size: i64) -> Option<i64> {
    match policy.bands.is_empty() {
        true => Some(policy.value),
        false => policy.bands.iter().find(|it| size <= it.up_to).map(|it| it.value),
    }
}

/// Whether the bot may do this for the customer today, and if so exactly what.
pub fn may(action: Action, case: &Case<'_>) -> Ruling {
    match action {
        Action::TakeOffLateFee => match case.account.newest_late_fee() {
            Some(fee) => take_off(case, fee),
            None => case.refuse("late_fee_waive_months", "no_fee"),
        },
        Action::GiveMoreDays => more_days(case),
        Action::PayInParts => in_parts(case),
        Action::OpenDispute => dispute(case),
        Action::StopAutopay if !case.account.autopay => case.refuse("change_days", "off"),
        Action::StopAutopay => case.grant("change_days", Act::StopAutopay, DeedFigures::default()),
        Action::ChangeBillingDay => billing_day(case),
        Action::UpdateContact => contact(case),
        Action::UpdateCompany => company(case),
        Action::Cancel => cancel(case),
        Action::KeepService => keep(case),
        Action::SendCopy => copy(case),
        Action::PayPage => case.grant_page(Purpose::Pay),
        Action::AutopayPage => case.grant_page(Purpose::SetUpAutopay),
        Action::MethodPage => case.grant_page(Purpose::ChangeMethod),
    }
}

/// Whether a late fee comes off: the first in a time, up to an amount.
pub fn waive(book: &Book, account: &Account, fee: &LateFee) -> Ruling {
    let rule = |name: &str| book.get(name);
    let (Some(months), Some(cap)) = (rule("late_fee_waive_months"), rule("late_fee_waive_max")) else {
        return Ruling::AskStaff {
            clause: "no rule late_fee_waive_months and late_fee_waive_max".to_owned(),
            why: "no_rule",
        };
    };
    let since = fee.on.saturating_sub(months.value.clamp(0, 1_200).months());
    let other = |it: &&LateFee| *it != fee && since <= it.on && it.on <= fee.on;
    if account.late_fees.iter().any(|it| other(&it)) {
        return Ruling::AskStaff { clause: cite(months), why: "not_first" };
    }
    if cap.value < fee.amount.minor {
        return Ruling::AskStaff { clause: cite(cap), why: "over_limit" };
    }
    let Some(Ok(_)) = rule("bot_goodwill").map(|it| goodwill(it, fee.amount)) else {
        return Ruling::AskStaff { clause: rule("bot_goodwill").map_or_else(String::new, cite), why: "over_limit" };
    };
    let act = Act::TakeOffLateFee { invoice: fee.invoice.clone(), amount: fee.amount };
    let issued = account.find_invoice_numbered(&fee.invoice).map(|it| it.issued);
    let figures = DeedFigures { amount: Some(fee.amount), issued, ..DeedFigures::default() };
    Ruling::Grant { clause: cite(months), deed: Deed::Act { act }, figures }
}

/// Whether somebody may give this much back by themselves; the rule is the bot's or the staff member's.
pub fn goodwill(rule: &PolicyFile, amount: Money) -> Result<String, String> {
    let clause = cite(rule);
    if 0 < amount.minor && amount.minor <= rule.value { Ok(clause) } else { Err(clause) }
}

impl<'a> Case<'a> {
    fn cite(&self, name: &str) -> String {
        self.book.get(name).map_or_else(|| format!("no rule {name}"), cite)
    }

    fn refuse(&self, name: &str, why: &'static str) -> Ruling {
        Ruling::Refuse { clause: self.cite(name), why }
    }

    fn ask_staff(&self, name: &str, why: &'static str) -> Ruling {
        Ruling::AskStaff { clause: self.cite(name), why }
    }

    /// Without the rule nothing is granted.
    fn grant(&self, name: &str, act: Act, figures: DeedFigures) -> Ruling {
        match self.book.get(name) {
            Some(rule) => Ruling::Grant { clause: cite(rule), deed: Deed::Act { act }, figures },
            None => self.ask_staff(name, "no_rule"),
        }
    }

    fn grant_page(&self, purpose: Purpose) -> Ruling {
        match self.book.get("own_details") {
            Some(rule) => {
                Ruling::Grant { clause: cite(rule), deed: Deed::Page { purpose }, figures: DeedFigures::default() }
            }
            None => self.ask_staff("own_details", "no_rule"),
        }
    }

    /// What customers may change by themselves, the business may switch off.
    fn grant_own(&self, act: Act, figures: DeedFigures) -> Ruling {
        match self.book.get("own_details").map(|it| it.value) {
            Some(0) => self.ask_staff("own_details", "not_here"),
            _ => self.grant("own_details", act, figures),
        }
    }

    fn slot(&self, name: &str) -> Option<&'a str> {
        self.slots.get(name).map(|it| it.trim()).filter(|it| !it.is_empty())
    }

    /// The bill that is to be paid: the one that was named, else the one that has been owed for longest.
    fn owed_invoice(&self) -> Option<&'a Invoice> {
        let is_owed = |it: &&Invoice| 0 < it.owed().minor;
        let named = self.invoice.filter(|_| self.invoice_was_named).filter(is_owed);
        named.or_else(|| self.account.invoices.iter().filter(is_owed).min_by_key(|it| it.due))
    }

    fn was_done(&self, action: Action, invoice: &str) -> bool {
        self.past.iter().any(|it| it.action == action.as_str() && it.deed.about() == Some(invoice))
    }

    /// The rule's value for this bill.
    fn band(&self, name: &str, invoice: &Invoice) -> Option<i64> {
        let rule = self.book.get(name)?;
        let size = match rule.by {
            Some(BandsBy::DaysLate) => i64::from(invoice.days_late(self.today)),
            Some(BandsBy::Owed) | None => invoice.owed().minor,
        };
        band(rule, size)
    }

    fn value(&self, name: &str) -> Option<i64> {
        self.book.get(name).map(|it| it.value)
    }
}

fn take_off(case: &Case<'_>, fee: &LateFee) -> Ruling {
    if fee.taken_off || case.was_done(Action::TakeOffLateFee, &fee.invoice) {
        return case.refuse("late_fee_waive_months", "taken_off");
    }
    waive(case.book, case.account, fee)
}

fn more_days(case: &Case<'_>) -> Ruling {
    const RULE: &str = "extension_days";
    let Some(bill) = case.owed_invoice() else { return case.refuse(RULE, "nothing_owed") };
    if case.was_done(Action::GiveMoreDays, &bill.number) {
        return case.ask_staff(RULE, "given_before");
    }
    if case.account.schedules.iter().any(|it| it.invoice == bill.number)
        || case.was_done(Action::PayInParts, &bill.number)
    {
        return case.ask_staff("max_instalments", "in_parts");
    }
    let Some(late_max) = case.value("extension_late_max") else {
        return case.ask_staff("extension_late_max", "no_rule");
    };
    if late_max < i64::from(bill.days_late(case.today)) {
        return case.ask_staff("extension_late_max", "too_late");
    }
    let Some(days) = case.band(RULE, bill) else { return case.ask_staff(RULE, "too_much") };
    let begin = bill.due.max(case.today);
    let last = begin.saturating_add(days.clamp(0, 366).days());
    let wished = case.slot(SLOT_DATE).and_then(|it| it.parse::<Date>().ok());
    let until = wished.filter(|it| begin < *it && *it <= last).unwrap_or(last);
    let figures = DeedFigures {
        amount: Some(bill.owed()),
        on: Some(until),
        n: Some(days),
        issued: Some(bill.issued),
        ..DeedFigures::default()
    };
    case.grant(RULE, Act::GiveMoreDays { invoice: bill.number.clone(), until }, figures)
}

fn in_parts(case: &Case<'_>) -> Ruling {
    const RULE: &str = "max_instalments";
    let Some(bill) = case.owed_invoice() else { return case.refuse(RULE, "nothing_owed") };
    let is_in_parts = case.account.schedules.iter().any(|it| it.invoice == bill.number && it.n_paid < it.parts.len());
    if is_in_parts || case.was_done(Action::PayInParts, &bill.number) {
        return case.ask_staff(RULE, "in_parts");
    }
    let (Some(least), Some(most)) = (case.value("plan_amount_min"), case.value("plan_amount_max")) else {
        return case.ask_staff("plan_amount_min", "no_rule");
    };
    let owed = bill.owed();
    if owed.minor < least {
        return case.refuse("plan_amount_min", "too_little");
    }
    if most < owed.minor {
        return case.ask_staff("plan_amount_max", "too_much");
    }
    let Some(n) = case.band(RULE, bill).filter(|it| 1 < *it) else { return case.ask_staff(RULE, "too_much") };
    let parts = split(owed, n, bill.due.max(case.today));
    let figures = DeedFigures {
        amount: Some(owed),
        on: parts.last().map(|it| it.on),
        n: Some(n),
        issued: Some(bill.issued),
        parts: parts.clone(),
        ..DeedFigures::default()
    };
    case.grant(RULE, Act::PayInParts { invoice: bill.number.clone(), parts }, figures)
}

/// An amount in monthly parts that sum to it; what does not divide is in the first.
fn split(owed: Money, n: i64, first: Date) -> Vec<Instalment> {
    let n = n.clamp(1, 36);
    let each = owed.minor / n;
    let rest = owed.minor - each * n;
    (0..n)
        .map(|i| Instalment {
            on: first.saturating_add(i.months()),
            amount: Money::new(if i == 0 { each + rest } else { each }, owed.currency),
        })
        .collect()
}

fn dispute(case: &Case<'_>) -> Ruling {
    const RULE: &str = "dispute_days";
    let Some(bill) = case.invoice else { return case.refuse(RULE, "no_bill") };
    let amount = case.slot(SLOT_AMOUNT).and_then(|it| it.parse().ok()).map(|it| Money::new(it, case.account.currency));
    let same = |it: &&crate::billing::Dispute| {
        it.invoice == bill.number && it.status == DisputeStatus::Open && (it.amount.is_none() || it.amount == amount)
    };
    if case.account.disputes.iter().any(|it| same(&it)) {
        return case.refuse(RULE, "open");
    }
    let Some(facts) = case.slot(SLOT_REASON) else { return case.refuse(RULE, "no_reason") };
    let days = case.value(RULE);
    let figures = DeedFigures {
        amount: Some(amount.unwrap_or(bill.total)),
        n: days,
        issued: Some(bill.issued),
        ..DeedFigures::default()
    };
    case.grant(RULE, Act::OpenDispute { invoice: bill.number.clone(), amount, facts: facts.to_owned() }, figures)
}

fn billing_day(case: &Case<'_>) -> Ruling {
    const RULE: &str = "own_details";
    if case.account.standing == Standing::Ended {
        return case.refuse(RULE, "ended");
    }
    let Some(wanted) = case.slot(SLOT_DATE).and_then(|it| it.parse::<Date>().ok()) else {
        return case.refuse(RULE, "no_day");
    };
    if BILLING_DAY_MAX < wanted.day() {
        return case.refuse(RULE, "no_such_day");
    }
    // Customers mean the day on which money leaves; the bill for it comes some days before.
    let days = case.account.days_to_pay().unwrap_or_default();
    let day = match case.slot(SLOT_BILL_DAY) {
        Some(_) => wanted.day(),
        None => wanted.saturating_sub(days.days()).day().min(BILLING_DAY_MAX),
    };
    if day == case.account.billing_day {
        return case.refuse(RULE, "same");
    }
    let first_paid = first_bill(case, day).map(|it| it.saturating_add(days.days()));
    let figures = DeedFigures { n: Some(i64::from(day)), on: first_paid, ..DeedFigures::default() };
    case.grant_own(Act::ChangeBillingDay { day }, figures)
}

/// The first bill on a new day of the month: the next one, so many days later or earlier as the day is.
fn first_bill(case: &Case<'_>, day: i8) -> Option<Date> {
    let later = i64::from(day) - i64::from(case.account.billing_day);
    let moved = case.account.next_bill_on?.checked_add(later.days()).ok()?;
    if case.today < moved { Some(moved) } else { moved.checked_add(1.month()).ok() }
}

fn contact(case: &Case<'_>) -> Ruling {
    const RULE: &str = "own_details";
    let person = &case.account.person;
    // Whoever is asked for an address may answer with that for e-mail.
    let typed = case.slot(SLOT_ADDRESS);
    let (email, address) = match (case.slot(SLOT_EMAIL), typed) {
        (Some(email), _) => (Some(email), None),
        (None, Some(typed)) if typed.contains('@') => (typed.split_whitespace().find(|it| it.contains('@')), None),
        (None, address) => (None, address),
    };
    if email.is_none() && address.is_none() {
        return case.refuse(RULE, "nothing");
    }
    if email.is_some_and(|it| it.eq_ignore_ascii_case(&person.email)) || address.is_some_and(|it| it == person.address)
    {
        return case.refuse(RULE, "same");
    }
    let figures = DeedFigures { to: email.or(address).map(str::to_owned), ..DeedFigures::default() };
    let owned = |it: Option<&str>| it.map(str::to_owned);
    case.grant_own(Act::UpdateContact { email: owned(email), address: owned(address), name: None }, figures)
}

fn company(case: &Case<'_>) -> Ruling {
    const RULE: &str = "own_details";
    let Some(details) = case.slot(SLOT_COMPANY) else { return case.refuse(RULE, "nothing") };
    let (company, tax_id) = slots::company::parts(details);
    let person = &case.account.person;
    let same = |new: &Option<String>, old: &Option<String>| new.is_none() || new == old;
    if same(&company, &person.company) && same(&tax_id, &person.tax_id) {
        return case.refuse(RULE, "same");
    }
    let to = [company.as_deref(), tax_id.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let figures = DeedFigures { to: Some(to), ..DeedFigures::default() };
    case.grant_own(Act::UpdateCompany { company, tax_id }, figures)
}

fn cancel(case: &Case<'_>) -> Ruling {
    const RULE: &str = "notice_days";
    if case.account.standing == Standing::Ended {
        return case.refuse(RULE, "ended");
    }
    if case.account.ended_on.is_some() {
        return case.refuse(RULE, "ending");
    }
    let notice = case.value(RULE).unwrap_or_default().clamp(0, 366);
    let on = case.today.saturating_add(notice.days());
    let figures =
        DeedFigures { amount: Some(case.account.end_fee), on: Some(on), n: Some(notice), ..DeedFigures::default() };
    case.grant(RULE, Act::Cancel { on }, figures)
}

fn keep(case: &Case<'_>) -> Ruling {
    const RULE: &str = "notice_days";
    match case.account.ended_on {
        Some(on) if case.today <= on && case.account.standing != Standing::Ended => {
            case.grant(RULE, Act::KeepService, DeedFigures { on: Some(on), ..DeedFigures::default() })
        }
        _ => case.refuse(RULE, "not_ending"),
    }
}

fn copy(case: &Case<'_>) -> Ruling {
    const RULE: &str = "own_details";
    let Some(bill) = case.invoice else { return case.refuse(RULE, "no_bill") };
    let to = case.account.person.email.trim();
    if to.is_empty() {
        return case.ask_staff(RULE, "no_email");
    }
    let Some(rule) = case.book.get(RULE) else { return case.ask_staff(RULE, "no_rule") };
    Ruling::Grant {
        clause: cite(rule),
        deed: Deed::SendCopy { invoice: bill.number.clone(), to: to.to_owned() },
        figures: DeedFigures { issued: Some(bill.issued), to: Some(to.to_owned()), ..DeedFigures::default() },
    }
}

#[cfg(test)]
mod tests;
