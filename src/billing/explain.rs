//! Why a bill differs from the one before: causes in plain words, each an exact amount, together the difference.
//!
//! Pure. Where the causes would not sum to the difference, there are none: half an explanation is worse than
//! a person.

use jiff::civil::Date;

use super::{Currency, Invoice, Line, LineKind, Money};
use crate::conversation::format::{Locale, small};

/// What changed from one bill to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillExplanation {
    /// The newer total without the older; zero where it cannot be counted.
    pub total: Money,
    /// Why, largest first; they sum to `total`. Empty unless `complete`.
    pub causes: Vec<ChangeCause>,
    /// Every penny of the difference is explained.
    pub complete: bool,
}

/// One reason for a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeCause {
    /// In plain words that can follow a colon: "a one-off engineer visit".
    pub text: String,
    /// What it adds; below zero when it takes off.
    pub amount: Money,
    /// What happened.
    pub change: CauseKind,
    /// The position of the line on the newer bill, where it is there.
    pub line: Option<usize>,
}

/// What happened to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// It was not on the older bill.
    New,
    /// It is no longer there.
    Gone,
    /// It has another amount.
    Changed,
}

/// Explains the newer bill by the older.
pub fn explain(newer: &Invoice, older: &Invoice) -> BillExplanation {
    explain_in(newer, older, Locale::default())
}

/// The same with amounts as people of a locale write them.
pub fn explain_in(newer: &Invoice, older: &Invoice, locale: Locale) -> BillExplanation {
    let total = newer.total.minus(older.total);
    let causes = if newer.adds_up() && older.adds_up() { causes(newer, older, locale) } else { None };
    let currency = newer.total.currency;
    match (total, causes) {
        (Some(total), Some(causes)) if sum(&causes, currency) == Some(total) => {
            BillExplanation { total, causes, complete: true }
        }
        (total, _) => {
            let total = total.unwrap_or(Money::zero(currency));
            BillExplanation { total, causes: Vec::new(), complete: false }
        }
    }
}

/// What a line is, in words for somebody who has never read a bill: "a one-off engineer visit".
pub fn plain_words(line: &Line) -> String {
    let label = &line.label;
    let takes_off = line.amount.minor < 0;
    match line.kind {
        LineKind::Plan => format!("the price of {label}"),
        LineKind::PartMonth if takes_off => format!("money back for the days of {label} you didn't use"),
        LineKind::PartMonth => format!("{label} for part of the month"),
        LineKind::Usage => format!("{}, on top of your plan", small(label)),
        LineKind::OneOff => format!("a one-off {}", small(label)),
        LineKind::Fee => format!("the fee for {}", small(label)),
        LineKind::LateFee => "a late payment fee".to_owned(),
        LineKind::Discount => format!("your {}", small(label)),
        LineKind::Credit | LineKind::Refund => money_back_words(label),
        LineKind::Tax => format!("{label}, a tax"),
        LineKind::CarriedOver if takes_off => "what you had paid too much before".to_owned(),
        LineKind::CarriedOver => "what was still to pay from an earlier bill".to_owned(),
    }
}

fn money_back_words(label: &str) -> String {
    let label = small(label);
    let says_so = ["credit", "refund", "money", "back"].iter().any(|it| label.to_lowercase().contains(it));
    if says_so { label } else { format!("money back for {label}") }
}

/// Two lines that are the same thing on two bills, or a line that has no partner.
enum Pair<'a> {
    Both(&'a Line, usize, &'a Line),
    New(&'a Line, usize),
    Gone(&'a Line),
}

fn causes(newer: &Invoice, older: &Invoice, locale: Locale) -> Option<Vec<ChangeCause>> {
    let mut causes = Vec::new();
    for pair in pairs(&newer.lines, &older.lines) {
        let cause = match pair {
            Pair::Both(now, at, before) => {
                let amount = now.amount.minus(before.amount)?;
                ChangeCause {
                    text: changed_words(now, before, locale),
                    amount,
                    change: CauseKind::Changed,
                    line: Some(at),
                }
            }
            Pair::New(now, at) => {
                ChangeCause { text: new_words(now), amount: now.amount, change: CauseKind::New, line: Some(at) }
            }
            Pair::Gone(before) => {
                let amount = Money::zero(before.amount.currency).minus(before.amount)?;
                ChangeCause { text: gone_words(before, locale), amount, change: CauseKind::Gone, line: None }
            }
        };
        if cause.amount.minor != 0 {
            causes.push(cause);
        }
    }
    causes.sort_by_key(|it| std::cmp::Reverse(it.amount.minor.unsigned_abs()));
    Some(causes)
}

fn sum(causes: &[ChangeCause], currency: Currency) -> Option<Money> {
    // Through a wider number: the order of the causes must not decide whether they can be counted.
    let same = causes.iter().all(|it| it.amount.currency == currency);
    let minor: i128 = causes.iter().map(|it| i128::from(it.amount.minor)).sum();
    same.then(|| i64::try_from(minor).ok()).flatten().map(|minor| Money::new(minor, currency))
}

/// Pairs the lines of two bills, from what is surely the same to what is probably the same.
fn pairs<'a>(newer: &'a [Line], older: &'a [Line]) -> Vec<Pair<'a>> {
    let mut now: Vec<Option<&Line>> = newer.iter().map(Some).collect();
    let mut before: Vec<Option<&Line>> = older.iter().map(Some).collect();
    let mut pairs = Vec::new();
    for is_same in [is_unchanged, is_same_label, is_same_kind_of_one, is_other_plan, is_whole_and_part] {
        for (at, slot) in now.iter_mut().enumerate() {
            let Some(line) = *slot else { continue };
            let partner = before.iter_mut().find(|it| it.is_some_and(|it| is_same(line, it)));
            if let Some(other) = partner.and_then(Option::take) {
                pairs.push(Pair::Both(line, at, other));
                *slot = None;
            }
        }
    }
    pairs.extend(now.into_iter().enumerate().filter_map(|(at, line)| Some(Pair::New(line?, at))));
    pairs.extend(before.into_iter().flatten().map(Pair::Gone));
    pairs
}

fn is_unchanged(now: &Line, before: &Line) -> bool {
    is_same_label(now, before) && now.amount == before.amount
}

fn is_same_label(now: &Line, before: &Line) -> bool {
    now.kind == before.kind && now.label.eq_ignore_ascii_case(&before.label) && is_same_way(now, before)
}

/// Of these there is one on a bill: its words may change from bill to bill, the thing does not.
fn is_same_kind_of_one(now: &Line, before: &Line) -> bool {
    let one = matches!(now.kind, LineKind::Tax | LineKind::CarriedOver | LineKind::LateFee);
    one && now.kind == before.kind && is_same_way(now, before)
}

fn is_other_plan(now: &Line, before: &Line) -> bool {
    now.kind == LineKind::Plan && before.kind == LineKind::Plan
}

fn is_whole_and_part(now: &Line, before: &Line) -> bool {
    let kinds = (now.kind, before.kind);
    let whole_and_part = matches!(kinds, (LineKind::Plan, LineKind::PartMonth) | (LineKind::PartMonth, LineKind::Plan));
    let both_to_pay = 0 < now.amount.minor && 0 < before.amount.minor;
    whole_and_part && both_to_pay && now.label.eq_ignore_ascii_case(&before.label)
}

/// Money back and money to pay are never one thing that changed.
fn is_same_way(now: &Line, before: &Line) -> bool {
    (now.amount.minor < 0) == (before.amount.minor < 0)
}

fn new_words(line: &Line) -> String {
    let label = &line.label;
    match line.kind {
        LineKind::Plan => format!("{label}, which is new on this bill"),
        LineKind::Usage => format!("{}, which you didn't have on the bill before", small(label)),
        LineKind::Fee => format!("a new fee for {}", small(label)),
        LineKind::Discount => format!("a new discount: {}", small(label)),
        LineKind::Tax => format!("{label}, a tax that wasn't on the bill before"),
        LineKind::PartMonth
        | LineKind::OneOff
        | LineKind::LateFee
        | LineKind::Credit
        | LineKind::Refund
        | LineKind::CarriedOver => plain_words(line),
    }
}

fn gone_words(line: &Line, locale: Locale) -> String {
    let label = &line.label;
    match line.kind {
        LineKind::Plan => format!("{label}, which is no longer on the bill"),
        LineKind::Discount => format!("your {} of {} ended", small(label), line.amount.abs().text_in(locale)),
        LineKind::LateFee => "no late payment fee this time".to_owned(),
        LineKind::CarriedOver if 0 < line.amount.minor => "nothing left to pay from an earlier bill".to_owned(),
        LineKind::Usage => format!("no {} this time", small(label)),
        LineKind::Fee => format!("no more fee for {}", small(label)),
        LineKind::Tax => format!("no {label} this time"),
        LineKind::PartMonth | LineKind::OneOff | LineKind::Credit | LineKind::Refund | LineKind::CarriedOver => {
            format!("{}, which was only on the bill before", plain_words(line))
        }
    }
}

fn changed_words(now: &Line, before: &Line, locale: Locale) -> String {
    let said = |line: &Line| line.amount.abs().text_in(locale);
    let from_to = format!("went from {} to {}", said(before), said(now));
    let label = &now.label;
    match (now.kind, before.kind) {
        (LineKind::Plan, LineKind::PartMonth) => format!("a whole month of {label} rather than part of one"),
        (LineKind::PartMonth, LineKind::Plan) => format!("part of a month of {label} rather than a whole one"),
        (LineKind::Plan, _) if label.eq_ignore_ascii_case(&before.label) => match (period(now), period(before)) {
            (Some(long), Some(short)) if long != short => {
                format!("{label} for {long} costs {}, it was {} for {short}", said(now), said(before))
            }
            _ => format!("the price of {label} {from_to}"),
        },
        (LineKind::Plan, _) => format!("your plan changed from {} to {label}", before.label),
        (LineKind::Discount, _) => format!("your {} {from_to}", small(label)),
        (LineKind::Fee, _) => format!("the fee for {} {from_to}", small(label)),
        (LineKind::LateFee, _) => format!("the late payment fee {from_to}"),
        (LineKind::CarriedOver, _) => format!("{} {from_to}", plain_words(now)),
        (LineKind::Tax, _) => format!("{label} {from_to}"),
        (LineKind::Credit | LineKind::Refund, _) => format!("your money back {from_to}"),
        (LineKind::PartMonth, _) => format!("{}: it {from_to}", plain_words(now)),
        (LineKind::Usage | LineKind::OneOff, _) => format!("{} {from_to}", small(label)),
    }
}

/// The word for the time that a line is for, where it is a usual one.
fn period(line: &Line) -> Option<&'static str> {
    match n_days(line.from?, line.to?)? {
        28..=31 => Some("a month"),
        90..=92 => Some("three months"),
        365..=366 => Some("a year"),
        _ => None,
    }
}

fn n_days(from: Date, to: Date) -> Option<i32> {
    from.until(to).ok()?.get_days().checked_add(1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::billing::demo;

    fn gbp(minor: i64) -> Money {
        Money::new(minor, Currency::GBP)
    }

    fn line(kind: LineKind, label: &str, minor: i64) -> Line {
        Line { label: label.to_owned(), kind, amount: gbp(minor), from: None, to: None }
    }

    fn invoice(lines: Vec<Line>, total: i64) -> Invoice {
        Invoice {
            number: "INV-1042".to_owned(),
            issued: date(2026, 6, 1),
            due: date(2026, 6, 15),
            lines,
            total: gbp(total),
            paid: gbp(0),
            tax: gbp(0),
            tax_percent: None,
            void: false,
        }
    }

    fn explained(newer: &[(LineKind, &str, i64)], older: &[(LineKind, &str, i64)]) -> Vec<(String, i64)> {
        let bill = |parts: &[(LineKind, &str, i64)]| {
            let lines = parts.iter().map(|(kind, label, minor)| line(*kind, label, *minor)).collect();
            invoice(lines, parts.iter().map(|(_, _, minor)| minor).sum())
        };
        let explanation = explain(&bill(newer), &bill(older));
        assert!(explanation.complete);
        explanation.causes.into_iter().map(|it| (it.text, it.amount.minor)).collect()
    }

    #[test]
    fn each_kind_of_cause_is_said_in_plain_words() {
        use LineKind::{CarriedOver, Credit, Discount, Fee, LateFee, OneOff, PartMonth, Plan, Tax, Usage};
        let plan = (Plan, "Standard", 3_000);
        for (newer, older, expected) in [
            (vec![plan, (OneOff, "Engineer visit", 1_200)], vec![plan], ("a one-off engineer visit", 1_200)),
            (vec![(Plan, "Standard", 3_400)], vec![plan], ("the price of Standard went from £30.00 to £34.00", 400)),
            (vec![plan], vec![(Plan, "Basic", 2_400)], ("your plan changed from Basic to Standard", 600)),
            (
                vec![plan],
                vec![plan, (Discount, "Welcome discount", -600)],
                ("your welcome discount of £6.00 ended", 600),
            ),
            (vec![plan, (LateFee, "Late payment fee", 500)], vec![plan], ("a late payment fee", 500)),
            (
                vec![plan, (Usage, "Calls to mobiles", 940)],
                vec![plan, (Usage, "Calls to mobiles", 120)],
                ("calls to mobiles went from £1.20 to £9.40", 820),
            ),
            (
                vec![plan, (Credit, "Days without internet", -300)],
                vec![plan],
                ("money back for days without internet", -300),
            ),
            (
                vec![plan, (PartMonth, "Basic", -1_239)],
                vec![plan],
                ("money back for the days of Basic you didn't use", -1_239),
            ),
            (
                vec![plan],
                vec![(PartMonth, "Standard", 1_500)],
                ("a whole month of Standard rather than part of one", 1_500),
            ),
            (vec![plan, (Tax, "VAT", 600)], vec![plan, (Tax, "VAT", 500)], ("VAT went from £5.00 to £6.00", 100)),
            (
                vec![plan, (CarriedOver, "From May", 3_000)],
                vec![plan],
                ("what was still to pay from an earlier bill", 3_000),
            ),
            (vec![plan], vec![plan, (Fee, "Paper bills", 150)], ("no more fee for paper bills", -150)),
            (
                vec![plan],
                vec![plan, (OneOff, "Engineer visit", 1_200)],
                ("a one-off engineer visit, which was only on the bill before", -1_200),
            ),
        ] {
            let (text, minor) = expected;
            assert_eq!(explained(&newer, &older), vec![(text.to_owned(), minor)]);
        }
    }

    #[test]
    fn a_year_and_a_month_are_not_compared_as_prices() {
        let account = demo::account("moved-to-annual", date(2026, 6, 16)).expect("a demo customer");
        let explanation = explain(&account.invoices[0], &account.invoices[1]);
        let texts: Vec<&str> = explanation.causes.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["Standard for a year costs £300.00, it was £30.00 for a month"]);
    }

    #[test]
    fn the_largest_cause_comes_first() {
        let account = demo::account("plan-change", date(2026, 6, 16)).expect("a demo customer");
        let explanation = explain(&account.invoices[0], &account.invoices[1]);
        let amounts: Vec<i64> = explanation.causes.iter().map(|it| it.amount.minor).collect();
        assert_eq!(amounts, [1_961, 1_400, -1_239]);
        assert_eq!(explanation.total, gbp(2_122));
    }

    #[test]
    fn a_bill_that_does_not_add_up_is_not_explained() {
        let plan = || vec![line(LineKind::Plan, "Standard", 3_000)];
        let explanation = explain(&invoice(plan(), 3_500), &invoice(plan(), 3_000));
        assert_eq!(explanation, BillExplanation { total: gbp(500), causes: Vec::new(), complete: false });
    }

    #[test]
    fn bills_in_two_currencies_are_not_compared() {
        let mut older = invoice(Vec::new(), 0);
        older.total.currency = Currency::new("EUR").expect("a code");
        assert!(!explain(&invoice(Vec::new(), 0), &older).complete);
    }

    fn lines(amounts: impl Strategy<Value = i64>) -> impl Strategy<Value = Vec<Line>> {
        let labels = ["Standard", "Plus", "VAT", "ünusual  words", ""];
        let one = (0..LineKind::ALL.len(), 0..labels.len(), amounts)
            .prop_map(move |(kind, label, minor)| line(LineKind::ALL[kind], labels[label], minor));
        prop::collection::vec(one, 0..9)
    }

    /// The bill whose total is what its lines come to.
    fn honest(lines: Vec<Line>) -> Invoice {
        let total = lines.iter().map(|it| it.amount.minor).sum();
        invoice(lines, total)
    }

    proptest! {
        #[test]
        fn causes_sum_to_the_difference_of_bills_that_add_up(
            newer in lines(-100_000..100_000_i64),
            older in lines(-100_000..100_000_i64),
        ) {
            let (newer, older) = (honest(newer), honest(older));
            let explanation = explain(&newer, &older);
            prop_assert!(explanation.complete);
            let sum: i64 = explanation.causes.iter().map(|it| it.amount.minor).sum();
            prop_assert_eq!(sum, newer.total.minor - older.total.minor);
            prop_assert_eq!(sum, explanation.total.minor);
        }

        #[test]
        fn no_bills_panic_and_causes_are_shown_only_when_they_sum(
            newer in lines(prop_oneof![any::<i64>(), -500..500_i64]),
            older in lines(prop_oneof![any::<i64>(), -500..500_i64]),
            totals: (i64, i64),
            honest_ones: (bool, bool),
        ) {
            let bill = |lines: Vec<Line>, total, honest| {
                let sum = lines.iter().fold(0_i64, |sum, it| sum.wrapping_add(it.amount.minor));
                invoice(lines, if honest { sum } else { total })
            };
            let (newer, older) = (bill(newer, totals.0, honest_ones.0), bill(older, totals.1, honest_ones.1));
            let explanation = explain(&newer, &older);
            let sum: i128 = explanation.causes.iter().map(|it| i128::from(it.amount.minor)).sum();
            if explanation.complete {
                prop_assert_eq!(sum, i128::from(newer.total.minor) - i128::from(older.total.minor));
            } else {
                prop_assert!(explanation.causes.is_empty());
            }
        }
    }
}
