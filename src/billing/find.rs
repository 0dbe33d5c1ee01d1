//! Finds things in an account: the bill that somebody means, the line, the fee, the payment that went wrong.
//!
//! Pure: the present day is always given.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{
    Account, Discount, Invoice, InvoiceStatus, LateFee, Line, LineKind, Money, Payment, PaymentStatus, PlanChange,
    PriceChange, Refund,
};
use crate::conversation::format;

/// A late fee is the first when none was charged in so many months before it.
const FIRST_FEE_MONTHS: i64 = 12;
/// Two equal payments for one bill so many days apart are told to the customer as a likely mistake.
const DUPLICATE_DAYS_MAX: i32 = 14;
/// What changed or ended longer ago than this many months explains nothing that is asked today.
const RECENT_MONTHS: i64 = 12;
/// Charges are looked for in so many of the newest bills: two years of monthly ones, and two more.
const CHARGE_INVOICES_MAX: usize = 26;
/// A number of fewer digits is no invoice number when it stands alone.
const INVOICE_DIGITS_MIN: usize = 3;
/// A month may be cut to so many letters: "jun".
const MONTH_LETTERS_MIN: usize = 3;
/// Words of labels that also stand in any question about a bill.
const EVERYDAY_WORDS: [&str; 16] = [
    "bill", "charge", "cost", "day", "for", "from", "in", "month", "of", "payment", "plan", "price", "the", "this",
    "to", "your",
];

/// Two payments of which one looks like a mistake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duplicate<'a> {
    /// The bill that both are for.
    pub invoice: &'a Invoice,
    /// The one that was right.
    pub first: &'a Payment,
    /// The one that came on top.
    pub second: &'a Payment,
}

/// How a customer names a charge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Named<'a> {
    /// How much it is.
    pub amount: Option<Money>,
    /// When it was.
    pub on: Option<Date>,
    /// The customer's words.
    pub text: &'a str,
}

/// The charge that a customer named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charge<'a> {
    /// The bill that it stands on.
    pub invoice: &'a Invoice,
    /// The line; the whole bill, when absent.
    pub line: Option<&'a Line>,
}

impl Invoice {
    /// What is still to be paid for it; never below zero.
    pub fn owed(&self) -> Money {
        let owed = if self.void { 0 } else { self.total.minor.saturating_sub(self.paid.minor).max(0) };
        Money::new(owed, self.total.currency)
    }

    /// What came in beyond what it asks for; of a bill below zero, what it gives back. Zero or more.
    pub fn beyond(&self) -> Money {
        let beyond = if self.void { 0 } else { self.paid.minor.saturating_sub(self.total.minor).max(0) };
        Money::new(beyond, self.total.currency)
    }

    /// How it stands on a day. It is late from the day after the due day.
    pub fn status(&self, today: Date) -> InvoiceStatus {
        match () {
            () if self.void => InvoiceStatus::Void,
            () if self.total.minor < 0 => InvoiceStatus::InFavour,
            () if self.owed().minor == 0 => InvoiceStatus::Paid,
            () if self.due < today => InvoiceStatus::Late,
            () => InvoiceStatus::Open,
        }
    }

    /// How many days late it is; 0 when it isn't.
    pub fn days_late(&self, today: Date) -> i32 {
        match self.status(today) {
            InvoiceStatus::Late => days_between(self.due, today),
            _ => 0,
        }
    }

    /// What its discounts take off, as an amount of zero or more.
    pub fn discount(&self) -> Money {
        let taken_off = self.lines.iter().filter(|it| it.kind == LineKind::Discount);
        let minor = taken_off.fold(0_i64, |sum, it| sum.saturating_sub(it.amount.minor));
        Money::new(minor.max(0), self.total.currency)
    }

    /// Its lines sum to its total, in one currency.
    pub fn adds_up(&self) -> bool {
        Money::sum(self.lines.iter().map(|it| it.amount), self.total.currency) == Some(self.total)
    }
}

impl Account {
    /// The newest bill that holds.
    pub fn newest_invoice(&self) -> Option<&Invoice> {
        self.invoices.iter().find(|it| !it.void)
    }

    /// The bill before this one.
    pub fn invoice_before(&self, invoice: &Invoice) -> Option<&Invoice> {
        self.invoices.iter().find(|it| !it.void && it.issued < invoice.issued)
    }

    /// The bill with exactly this number.
    pub fn find_invoice_numbered(&self, number: &str) -> Option<&Invoice> {
        self.invoices.iter().find(|it| it.number == number)
    }

    /// The bill that somebody names: `INV-1042`, `1042`, `May`, `may 2025`, `2026-05`, `last month`, `the last one`.
    pub fn find_invoice(&self, words: &str, today: Date) -> Option<&Invoice> {
        let text = words.to_lowercase();
        let tokens: Vec<&str> = words_of(&text).collect();
        self.invoices
            .iter()
            .find(|it| is_numbered(it, &text, &tokens))
            .or_else(|| self.find_invoice_of_month(&text, &tokens, today))
            .or_else(|| self.find_invoice_in_order(&tokens))
    }

    fn find_invoice_of_month(&self, text: &str, tokens: &[&str], today: Date) -> Option<&Invoice> {
        let of_month = |month: i8, year: Option<i16>| {
            self.invoices
                .iter()
                .find(|it| !it.void && it.issued.month() == month && year.is_none_or(|year| year == it.issued.year()))
        };
        let iso = text.split_whitespace().find_map(read_iso_month);
        if let Some(first) = iso {
            return of_month(first.month(), Some(first.year()));
        }
        let year = tokens.iter().filter(|it| it.len() == 4).find_map(|it| it.parse::<i16>().ok());
        if let Some(month) = tokens.iter().find_map(|it| read_month(it)) {
            return of_month(month, year);
        }
        let has = |word: &str| tokens.contains(&word);
        let last_month = today.first_of_month().saturating_sub(1.month());
        match () {
            () if has("month") && (has("last") || has("previous")) => {
                of_month(last_month.month(), Some(last_month.year()))
            }
            () if has("month") && (has("this") || has("current")) => of_month(today.month(), Some(today.year())),
            () => None,
        }
    }

    fn find_invoice_in_order(&self, tokens: &[&str]) -> Option<&Invoice> {
        let has = |words: &[&str]| tokens.iter().any(|it| words.contains(it));
        let newest = self.newest_invoice()?;
        match () {
            () if has(&["before", "previous", "prior"]) => self.invoice_before(newest),
            () if has(&["last", "latest", "newest", "recent", "current", "this", "new"]) => Some(newest),
            () => None,
        }
    }

    /// Days from a bill to the day it is due: those of the next one, else of the newest.
    pub fn days_to_pay(&self) -> Option<i64> {
        let next = || Some(days_between(self.next_bill_on?, self.next_due_on?)).filter(|it| 0 <= *it);
        let newest = self.newest_invoice().map(|it| days_between(it.issued, it.due));
        newest.or_else(next).map(i64::from)
    }

    /// What is owed over all bills; never below zero.
    pub fn balance(&self) -> Money {
        let minor = self.invoices.iter().fold(0_i64, |sum, it| sum.saturating_add(it.owed().minor));
        Money::new(minor, self.currency)
    }

    /// What came in beyond what the bills ask for, and neither stands in the customer's favor nor went back: bills that
    /// are so are few, and a colleague looks.
    pub fn overpaid(&self) -> Money {
        let beyond = self.invoices.iter().fold(0_i64, |sum, it| sum.saturating_add(it.beyond().minor));
        // What was given back before anything was too much is another matter.
        let since = self.invoices.iter().filter(|it| 0 < it.beyond().minor).map(|it| self.last_paid(it)).min();
        let after = self.refunds.iter().filter(|it| since.is_some_and(|since| since <= it.asked_on));
        let went_back = after.fold(0_i64, |sum, it| sum.saturating_add(it.amount.minor));
        let left = beyond.saturating_sub(self.credit.minor.max(0)).saturating_sub(went_back).max(0);
        Money::new(left, self.currency)
    }

    /// The day of the newest payment for a bill that arrived; its own day where none is known.
    fn last_paid(&self, invoice: &Invoice) -> Date {
        let is_for_it =
            |it: &&Payment| it.status == PaymentStatus::Paid && it.invoice.as_ref() == Some(&invoice.number);
        self.payments.iter().filter(is_for_it).map(|it| it.on).max().unwrap_or(invoice.issued)
    }

    /// What is owed in other currencies, one amount for each.
    pub fn owed_elsewhere(&self) -> Vec<Money> {
        let mut owed: Vec<Money> = Vec::new();
        for one in self.other_bills.iter().map(Invoice::owed).filter(|it| 0 < it.minor) {
            match owed.iter_mut().find(|it| it.currency == one.currency) {
                Some(sum) => sum.minor = sum.minor.saturating_add(one.minor),
                None => owed.push(one),
            }
        }
        owed
    }

    /// The newest payment, tried ones too.
    pub fn newest_payment(&self) -> Option<&Payment> {
        self.payments.first()
    }

    /// The newest failed payment, unless one that arrived followed it.
    pub fn failed_payment(&self) -> Option<&Payment> {
        let settled = self.payments.iter().find(|it| it.status != PaymentStatus::Pending)?;
        (settled.status == PaymentStatus::Failed).then_some(settled)
    }

    /// The refund that was asked for last.
    pub fn newest_refund(&self) -> Option<&Refund> {
        self.refunds.first()
    }

    /// The late fee that was charged last.
    pub fn newest_late_fee(&self) -> Option<&LateFee> {
        self.late_fees.first()
    }

    /// No other late fee was charged in the twelve months before this one, taken off or not.
    pub fn is_first_late_fee(&self, fee: &LateFee) -> bool {
        let since = fee.on.saturating_sub(FIRST_FEE_MONTHS.months());
        let is_other = |it: &&LateFee| *it != fee && since <= it.on && it.on <= fee.on;
        !self.late_fees.iter().any(|it| is_other(&it))
    }

    /// Two equal payments for one bill, a few days apart, that came to more than the bill and of which none was
    /// given back since.
    pub fn suspected_duplicate(&self) -> Option<Duplicate<'_>> {
        let arrived = || self.payments.iter().filter(|it| it.status == PaymentStatus::Paid);
        for (n_before, second) in arrived().enumerate() {
            let Some(invoice) = second.invoice.as_deref().and_then(|it| self.find_invoice_numbered(it)) else {
                continue;
            };
            let is_twin = |it: &&Payment| {
                it.invoice == second.invoice
                    && it.amount == second.amount
                    && days_between(it.on, second.on) <= DUPLICATE_DAYS_MAX
            };
            let Some(first) = arrived().skip(n_before + 1).find(is_twin) else { continue };
            let both = first.amount.minor.saturating_add(second.amount.minor);
            if invoice.total.minor < both && !self.was_given_back(second) {
                return Some(Duplicate { invoice, first, second });
            }
        }
        None
    }

    fn was_given_back(&self, payment: &Payment) -> bool {
        self.refunds.iter().any(|it| it.amount == payment.amount && payment.on <= it.asked_on)
    }

    /// The discount that holds on a day.
    pub fn discount_on(&self, today: Date) -> Option<&Discount> {
        self.discounts.iter().find(|it| it.from <= today && it.until.is_none_or(|until| today <= until))
    }

    /// The discount that ended last, within the last twelve months.
    pub fn ended_discount(&self, today: Date) -> Option<&Discount> {
        let ended = |it: &&Discount| it.until.is_some_and(|until| until < today && recent(until, today));
        self.discounts.iter().filter(ended).max_by_key(|it| it.until)
    }

    /// The last change of a price, within the last twelve months.
    pub fn price_change(&self, today: Date) -> Option<&PriceChange> {
        self.price_changes.iter().find(|it| it.on <= today && recent(it.on, today))
    }

    /// The last move between plans, within the last twelve months.
    pub fn plan_change(&self, today: Date) -> Option<&PlanChange> {
        self.plan_changes.iter().find(|it| it.on <= today && recent(it.on, today))
    }

    /// The charge that somebody names by its amount, its day, or words of its label.
    ///
    /// Looks at `asked` before the other bills, then from the newest back. An amount or a day that is on no line may be
    /// that of a payment or the total of a bill, which is what a bank statement shows. `None` rather than a guess.
    pub fn find_charge(&self, asked: Option<&Invoice>, named: &Named<'_>) -> Option<Charge<'_>> {
        let line = || self.find_line(asked, &Named { on: None, ..*named });
        let total = || {
            let amount = named.amount?;
            let invoice = self.looked_at(asked).find(|it| it.total == amount)?;
            Some(Charge { invoice, line: None })
        };
        let paid = || self.find_paid(Some(named.amount?), None);
        self.find_charge_of_day(asked, named).or_else(line).or_else(total).or_else(paid)
    }

    /// The newest bill that has a line of this amount, where a bill has none, doesn't come to it and had no payment of it.
    pub fn bill_with_line(&self, named: &Invoice, amount: Money) -> Option<&Invoice> {
        let has_line = |it: &Invoice| it.lines.iter().any(|line| line.amount.abs() == amount.abs());
        let is_paid = |it: &Payment| it.invoice.as_ref() == Some(&named.number) && it.amount == amount;
        let fits =
            has_line(named) || [named.total, named.owed()].contains(&amount) || self.payments.iter().any(is_paid);
        let mut others = self.looked_at(None).filter(|it| it.number != named.number);
        if fits { None } else { others.find(|it| has_line(it)) }
    }

    /// The same of the named day alone: nothing where nothing was charged or paid on it.
    pub fn find_charge_of_day(&self, asked: Option<&Invoice>, named: &Named<'_>) -> Option<Charge<'_>> {
        named.on?;
        self.find_line(asked, named).or_else(|| self.find_paid(named.amount, named.on))
    }

    /// The line that fits, on the first bill that has one.
    fn find_line(&self, asked: Option<&Invoice>, named: &Named<'_>) -> Option<Charge<'_>> {
        let text = named.text.to_lowercase();
        let said: Vec<&str> = words_of(&text).collect();
        self.looked_at(asked).find_map(|invoice| {
            let line = best_line(invoice, named.amount, named.on, &said)?;
            Some(Charge { invoice, line: Some(line) })
        })
    }

    /// The bills on which a charge is looked for, in this order.
    fn looked_at(&self, asked: Option<&Invoice>) -> impl Iterator<Item = &Invoice> {
        let asked = asked.and_then(|it| self.find_invoice_numbered(&it.number));
        asked.into_iter().chain(self.invoices.iter().filter(|it| !it.void).take(CHARGE_INVOICES_MAX))
    }

    /// The bill for which a payment of this amount was made on this day, tried ones too.
    fn find_paid(&self, amount: Option<Money>, on: Option<Date>) -> Option<Charge<'_>> {
        let fits = |it: &&Payment| amount.is_none_or(|amount| it.amount == amount) && on.is_none_or(|on| it.on == on);
        let payment = self.payments.iter().find(fits)?;
        let invoice = self.find_invoice_numbered(payment.invoice.as_deref()?)?;
        Some(Charge { invoice, line: None })
    }
}

impl Line {
    /// Whether enough of its label stands in a text to name it: all of its telling words, or two of them.
    pub fn is_named_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let said: Vec<&str> = words_of(&text).collect();
        let label = self.label.to_lowercase();
        let n_telling = words_of(&label).map(singular).filter(|it| is_telling(it)).count();
        let n_said = n_words_said(&self.label, &said);
        0 < n_said && (n_said == n_telling || NAMING_WORDS <= n_said)
    }
}

/// So many words of a label name it, even if it has more.
const NAMING_WORDS: usize = 2;

/// The line that fits best; none where none fits.
fn best_line<'a>(invoice: &'a Invoice, amount: Option<Money>, on: Option<Date>, said: &[&str]) -> Option<&'a Line> {
    let fits = |line: &Line| {
        let n_words = n_words_said(&line.label, said);
        let amount_fits = amount.is_none_or(|it| it.abs() == line.amount.abs());
        // Of a stretch of days, any may be meant only where something else says that it is this line.
        let day_fits = match (on, line.from, line.to) {
            (None, _, _) => amount.is_some() || 0 < n_words,
            (Some(on), Some(from), Some(to)) if amount.is_none() && n_words == 0 => from == on && to == on,
            (Some(on), Some(from), Some(to)) => from <= on && on <= to,
            (Some(_), _, _) => false,
        };
        (amount_fits && day_fits).then_some(n_words)
    };
    let scored = invoice.lines.iter().filter_map(|line| Some((fits(line)?, line)));
    // From the last to the first: of equals `max_by_key` takes the last that it sees.
    scored.rev().max_by_key(|(n, _)| *n).map(|(_, line)| line)
}

/// How many of a label's telling words were said.
fn n_words_said(label: &str, said: &[&str]) -> usize {
    let label = label.to_lowercase();
    words_of(&label)
        .map(singular)
        .filter(|word| is_telling(word) && said.iter().any(|it| singular(it) == *word))
        .count()
}

/// A word that names something: no number, no single letter, nothing that stands in every question.
fn is_telling(word: &str) -> bool {
    1 < word.len() && word.starts_with(char::is_alphabetic) && !EVERYDAY_WORDS.contains(&word)
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty())
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

/// `text` and `tokens` are in small letters.
fn is_numbered(invoice: &Invoice, text: &str, tokens: &[&str]) -> bool {
    let number = invoice.number.to_lowercase();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let whole = text.split_whitespace().any(|it| it.rsplit(':').next() == Some(number.as_str()));
    whole || (INVOICE_DIGITS_MIN <= digits.len() && tokens.contains(&digits.as_str()))
}

/// Reads `2026-05` and `2026-05-01`.
fn read_iso_month(token: &str) -> Option<Date> {
    match token.len() {
        7 => format!("{token}-01").parse().ok(),
        10 => token.parse().ok(),
        _ => None,
    }
}

/// Reads a month's English name, whole or cut, in small letters.
fn read_month(token: &str) -> Option<i8> {
    if token.len() < MONTH_LETTERS_MIN {
        return None;
    }
    (1..=12).find(|month| {
        let first = Date::new(2000, *month, 1).expect("the first of every month of 2000 exists");
        format::month_name(first).to_lowercase().starts_with(token)
    })
}

fn recent(date: Date, today: Date) -> bool {
    today.saturating_sub(RECENT_MONTHS.months()) <= date
}

/// From the first day to the second; below zero when they stand the other way round.
fn days_between(first: Date, second: Date) -> i32 {
    first.until(second).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::billing::demo;
    use crate::billing::{Currency, RefundStatus};

    fn today() -> Date {
        date(2026, 6, 16)
    }

    fn account(id: &str) -> Account {
        demo::account(id, today()).expect("a demo customer")
    }

    fn gbp(minor: i64) -> Money {
        Money::new(minor, Currency::GBP)
    }

    #[test]
    fn a_bill_is_found_by_the_names_that_people_give_it() {
        let account = account("one-off-fee");
        for (words, expected) in [
            ("INV-1042", Some("INV-1042")),
            ("inv-1041", Some("INV-1041")),
            ("invoice:INV-1041", Some("INV-1041")),
            ("number 1040 please", Some("INV-1040")),
            ("May", Some("INV-1041")),
            ("my may bill", Some("INV-1041")),
            ("dec", Some("INV-1036")),
            ("june 2025", Some("INV-1030")),
            ("2026-03", Some("INV-1039")),
            ("2026-03-01", Some("INV-1039")),
            ("last month", Some("INV-1041")),
            ("this month's", Some("INV-1042")),
            ("the last one", Some("INV-1042")),
            ("latest", Some("INV-1042")),
            ("the one before", Some("INV-1041")),
            ("INV-9", None),
            ("june 1999", None),
            ("the blue one", None),
            ("", None),
        ] {
            let found = account.find_invoice(words, today()).map(|it| it.number.as_str());
            assert_eq!(found, expected, "{words}");
        }
    }

    #[test]
    fn a_charge_is_found_by_its_amount_or_its_words() {
        let account = account("one-off-fee");
        let label = |amount: Option<i64>, text: &str| {
            let charge = account.find_charge(None, &Named { amount: amount.map(gbp), on: None, text })?;
            Some(charge.line.map_or("whole bill", |it| it.label.as_str()).to_owned())
        };
        assert_eq!(label(Some(1_200), "what is this £12").as_deref(), Some("Engineer visit"));
        assert_eq!(label(None, "why was there an engineer?").as_deref(), Some("Engineer visit"));
        assert_eq!(label(Some(4_200), "you took 42 pounds").as_deref(), Some("whole bill"));
        assert_eq!(label(Some(999), "what is this"), None);
        assert_eq!(label(None, "what is this charge on my bill"), None);
    }

    #[test]
    fn a_charge_is_found_by_its_day() {
        let account = account("one-off-fee");
        let found = |amount: Option<i64>, on: Date, text: &str| {
            let charge = account.find_charge(None, &Named { amount: amount.map(gbp), on: Some(on), text })?;
            Some((charge.invoice.number.as_str(), charge.line.map(|it| it.label.as_str())))
        };
        let visit = Some(("INV-1042", Some("Engineer visit")));
        assert_eq!(found(None, date(2026, 5, 20), "what is this from 20 May"), visit);
        assert_eq!(found(Some(1_200), date(2026, 5, 20), ""), visit);
        // A day that the line was not on is not held against an amount that was.
        assert_eq!(found(Some(1_200), date(2026, 6, 3), ""), visit);
        // What left the bank on that day was the whole bill.
        assert_eq!(found(None, date(2026, 4, 15), ""), Some(("INV-1040", None)));
        assert_eq!(found(Some(3_000), date(2026, 4, 3), ""), Some(("INV-1040", Some("Standard"))));
        assert_eq!(found(None, date(2026, 4, 3), "what is this"), None);
    }

    #[test]
    fn a_charge_is_found_on_bills_of_two_years_ago() {
        let account = account("usage-overage");
        let old = account.invoices.iter().rev().find(|it| it.lines.len() == 2).expect("an old bill with usage");
        let amount = old.lines[1].amount;
        let found = account.find_charge(Some(old), &Named { amount: Some(amount), ..Named::default() });
        assert_eq!(found.map(|it| it.invoice), Some(old));
    }

    #[test]
    fn a_number_in_a_label_is_not_taken_for_an_amount() {
        let account = account("discount-ended");
        assert_eq!(account.find_charge(None, &Named { text: "what is 12", ..Named::default() }), None);
    }

    #[test]
    fn a_second_late_fee_within_twelve_months_is_not_the_first() {
        for (id, expected) in [("first-late-fee", true), ("second-late-fee", false)] {
            let account = account(id);
            let fee = account.newest_late_fee().expect("a late fee");
            assert_eq!(account.is_first_late_fee(fee), expected, "{id}");
        }
    }

    #[test]
    fn a_late_fee_of_more_than_a_year_ago_is_forgiven() {
        let mut account = account("first-late-fee");
        let newest = account.late_fees[0].clone();
        account.late_fees.push(LateFee { on: date(2025, 5, 31), ..newest.clone() });
        assert!(account.is_first_late_fee(&newest));
        account.late_fees.push(LateFee { on: date(2025, 6, 1), ..newest.clone() });
        assert!(!account.is_first_late_fee(&newest));
    }

    #[test]
    fn two_payments_for_one_bill_are_a_likely_mistake_until_one_is_given_back() {
        let mut account = account("duplicate-charge");
        let found = account.suspected_duplicate().expect("a duplicate");
        assert_eq!((found.first.on, found.second.on), (date(2026, 6, 5), date(2026, 6, 7)));
        account.refunds.push(Refund {
            amount: gbp(3_000),
            status: RefundStatus::Asked,
            asked_on: today(),
            expected_by: None,
            to: None,
            reason: None,
        });
        assert_eq!(account.suspected_duplicate(), None);
    }

    #[test]
    fn what_came_in_beyond_a_bill_is_told_whatever_was_given_back_before_it() {
        let mut account = account("all-quiet");
        assert_eq!(account.overpaid(), gbp(0));
        account.invoices[1].paid.minor += 2_000;
        assert_eq!(account.overpaid(), gbp(2_000));
        let paid_on = account.last_paid(&account.invoices[1]);
        let refund = |on: Date| Refund {
            amount: gbp(2_000),
            status: RefundStatus::Paid,
            asked_on: on,
            expected_by: None,
            to: None,
            reason: None,
        };
        account.refunds = vec![refund(paid_on.saturating_sub(1.day()))];
        assert_eq!(account.overpaid(), gbp(2_000), "it went back for something else");
        account.refunds.insert(0, refund(paid_on));
        assert_eq!(account.overpaid(), gbp(0));
    }

    #[test]
    fn a_failed_payment_is_forgotten_once_one_has_arrived() {
        let mut account = account("autopay-failing");
        let failed = account.failed_payment().expect("a failed payment").clone();
        account.payments.insert(0, Payment { on: today(), status: PaymentStatus::Pending, ..failed.clone() });
        assert!(account.failed_payment().is_some());
        account.payments[0].status = PaymentStatus::Paid;
        assert_eq!(account.failed_payment(), None);
    }

    #[test]
    fn a_bill_is_late_from_the_day_after_the_due_day() {
        let account = account("autopay-failing");
        let bill = account.newest_invoice().expect("a bill");
        assert_eq!(bill.status(date(2026, 6, 15)), InvoiceStatus::Open);
        assert_eq!(bill.status(date(2026, 6, 16)), InvoiceStatus::Late);
        assert_eq!(bill.days_late(date(2026, 6, 18)), 3);
        assert_eq!(bill.days_late(date(2026, 6, 15)), 0);
    }

    proptest! {
        #[test]
        fn any_words_are_looked_up_without_a_panic(words: String, amount: i64, day in 1..28_i8) {
            let account = account("plan-change");
            let _ = account.find_invoice(&words, today());
            let named = Named { amount: Some(gbp(amount)), on: Some(date(2026, 5, day)), text: &words };
            let _ = account.find_charge(account.newest_invoice(), &named);
        }
    }
}
