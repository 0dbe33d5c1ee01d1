//! Tests of what the bot may do: the demo's customers against a small book of rules.

use jiff::civil::date;
use proptest::prelude::*;
use strum::IntoEnumIterator;

use super::*;
use crate::billing::{Currency, demo};

const TODAY: Date = date(2026, 6, 16);

fn book() -> Book {
    let rule = |name: &str, value: i64, by: Option<BandsBy>, bands: &[(i64, i64)]| PolicyFile {
        name: name.to_owned(),
        from: "2026-01-01".to_owned(),
        about: String::new(),
        value,
        version: 1,
        by,
        bands: bands
            .iter()
            .map(|(up_to, value)| crate::content::file::BandFile { up_to: *up_to, value: *value })
            .collect(),
        staff: None,
    };
    let owed = Some(BandsBy::Owed);
    let rules = [
        rule("late_fee_waive_months", 12, None, &[]),
        rule("late_fee_waive_max", 1_000, None, &[]),
        rule("bot_goodwill", 1_000, None, &[]),
        rule("extension_days", 14, owed, &[(10_000, 14), (30_000, 7)]),
        rule("extension_late_max", 14, None, &[]),
        rule("max_instalments", 3, owed, &[(6_000, 2), (50_000, 3)]),
        rule("plan_amount_min", 2_000, None, &[]),
        rule("plan_amount_max", 50_000, None, &[]),
        rule("notice_days", 30, None, &[]),
        rule("dispute_days", 10, None, &[]),
        rule("change_days", 3, None, &[]),
        rule("own_details", 1, None, &[]),
    ];
    rules.into_iter().map(|it| (it.name.clone(), it)).collect()
}

/// What the rules say to a demo customer who has told this.
fn asked(
    action: Action,
    id: &str,
    told: &[(&str, &str)],
    past: &[Past],
    change: impl FnOnce(&mut Book, &mut Account),
) -> Ruling {
    let mut account = demo::account(id, TODAY).expect("a demo customer");
    let mut book = book();
    change(&mut book, &mut account);
    let slots = told.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let invoice = account.newest_invoice();
    may(
        action,
        &Case { book: &book, account: &account, invoice, invoice_was_named: false, today: TODAY, slots: &slots, past },
    )
}

fn plainly(action: Action, id: &str, told: &[(&str, &str)]) -> Ruling {
    asked(action, id, told, &[], |_, _| {})
}

fn why(ruling: &Ruling) -> (bool, &'static str) {
    match ruling {
        Ruling::Grant { .. } => (false, "granted"),
        Ruling::Refuse { why, .. } => (false, why),
        Ruling::AskStaff { why, .. } => (true, why),
    }
}

fn act(ruling: Ruling) -> Act {
    match ruling {
        Ruling::Grant { deed: Deed::Act { act }, .. } => act,
        other => panic!("not granted: {other:?}"),
    }
}

#[test]
fn the_first_late_fee_comes_off_and_the_clause_says_why() {
    let ruling = plainly(Action::TakeOffLateFee, "first-late-fee", &[]);
    assert_eq!(ruling.clause(), "late_fee_waive_months, version 1, from 1 January 2026");
    assert!(matches!(act(ruling), Act::TakeOffLateFee { amount, .. } if amount.minor == 500));
    assert_eq!(why(&plainly(Action::TakeOffLateFee, "second-late-fee", &[])), (true, "not_first"));
    assert_eq!(why(&plainly(Action::TakeOffLateFee, "all-quiet", &[])), (false, "no_fee"));
}

#[test]
fn a_fee_above_the_limits_is_left_to_a_person() {
    for rule in ["late_fee_waive_max", "bot_goodwill"] {
        let ruling = asked(Action::TakeOffLateFee, "first-late-fee", &[], &[], |book, _| {
            book.get_mut(rule).expect("it is there").value = 499;
        });
        assert_eq!(why(&ruling), (true, "over_limit"), "{rule}");
        assert!(ruling.clause().starts_with(rule), "{}", ruling.clause());
    }
}

#[test]
fn what_was_done_once_for_a_bill_is_not_done_again() {
    let first = plainly(Action::GiveMoreDays, "bill-late", &[]);
    let Ruling::Grant { deed, .. } = first else { panic!("not granted: {first:?}") };
    let past = [Past { action: "give_more_days".to_owned(), deed, on: TODAY }];
    assert_eq!(why(&asked(Action::GiveMoreDays, "bill-late", &[], &past, |_, _| {})), (true, "given_before"));
    assert_eq!(why(&asked(Action::PayInParts, "bill-late", &[], &past, |_, _| {})), (false, "granted"));
}

#[test]
fn more_days_go_by_what_is_owed_and_by_how_late_it_is() {
    let until = |told: &[(&str, &str)], owed: i64, due: Date| {
        asked(Action::GiveMoreDays, "bill-late", told, &[], |_, account| {
            let bill = &mut account.invoices[0];
            bill.total.minor = owed;
            bill.due = due;
        })
    };
    let late = date(2026, 6, 15);
    let day = |ruling: Ruling| match act(ruling) {
        Act::GiveMoreDays { until, .. } => until,
        other => panic!("{other:?}"),
    };
    assert_eq!(day(until(&[], 3_000, late)), date(2026, 6, 30));
    assert_eq!(day(until(&[], 20_000, late)), date(2026, 6, 23));
    assert_eq!(why(&until(&[], 30_001, late)), (true, "too_much"));
    assert_eq!(why(&until(&[], 3_000, date(2026, 6, 1))), (true, "too_late"));
    assert_eq!(day(until(&[("date", "2026-06-26")], 3_000, late)), date(2026, 6, 26));
    assert_eq!(day(until(&[("date", "2026-07-20")], 3_000, late)), date(2026, 6, 30));
    assert_eq!(day(until(&[("date", "2026-06-01")], 3_000, late)), date(2026, 6, 30));
    assert_eq!(day(until(&[], 3_000, date(2026, 6, 20))), date(2026, 7, 4));
}

#[test]
fn parts_are_monthly_within_the_amounts_and_sum_to_what_is_owed() {
    let ruling = |owed: i64| {
        asked(Action::PayInParts, "bill-late", &[], &[], |_, account| account.invoices[0].total.minor = owed)
    };
    assert_eq!(why(&ruling(1_999)), (false, "too_little"));
    assert_eq!(why(&ruling(50_001)), (true, "too_much"));
    let Act::PayInParts { parts, .. } = act(ruling(10_000)) else { panic!("another act") };
    let parts: Vec<(Date, i64)> = parts.iter().map(|it| (it.on, it.amount.minor)).collect();
    assert_eq!(parts, [(TODAY, 3_334), (date(2026, 7, 16), 3_333), (date(2026, 8, 16), 3_333)]);
}

#[test]
fn leaving_keeps_to_the_notice_and_can_be_taken_back_until_the_day() {
    assert_eq!(act(plainly(Action::Cancel, "all-quiet", &[])), Act::Cancel { on: date(2026, 7, 16) });
    let ending = |action, on| asked(action, "all-quiet", &[], &[], |_, account| account.ended_on = Some(on));
    assert_eq!(why(&ending(Action::Cancel, date(2026, 7, 16))), (false, "ending"));
    assert_eq!(act(ending(Action::KeepService, TODAY)), Act::KeepService);
    assert_eq!(why(&ending(Action::KeepService, date(2026, 6, 15))), (false, "not_ending"));
    assert_eq!(why(&plainly(Action::Cancel, "cancelled-but-billed", &[])), (false, "ended"));
}

#[test]
fn a_copy_goes_to_the_account_whatever_was_typed() {
    let ruling = plainly(Action::SendCopy, "all-quiet", &[("email", "thief@evil.example")]);
    let Ruling::Grant { deed: Deed::SendCopy { to, .. }, .. } = ruling else { panic!("not granted: {ruling:?}") };
    assert!(!to.contains("thief"), "{to}");
}

#[test]
fn without_its_rule_nothing_that_changes_something_is_granted() {
    let told = [("reason", "x"), ("date", "2026-06-20"), ("email", "a@b.example"), ("company", "Moss Ltd")];
    for action in Action::iter() {
        let ruling = asked(action, "bill-late", &told, &[], |book, _| book.clear());
        assert!(!matches!(ruling, Ruling::Grant { .. }), "{action:?}: {ruling:?}");
    }
}

#[test]
fn goodwill_has_a_limit_for_each() {
    let mut rule = book().remove("bot_goodwill").expect("it is there");
    rule.staff = Some("sam".to_owned());
    let gbp = |minor| Money::new(minor, Currency::GBP);
    assert!(goodwill(&rule, gbp(1_000)).is_ok());
    assert!(goodwill(&rule, gbp(1_001)).is_err());
    assert!(goodwill(&rule, gbp(-1)).is_err());
}

proptest! {
    #[test]
    fn parts_always_sum_to_the_whole(owed in 1_i64..10_000_000, n in 1_i64..36) {
        let parts = split(Money::new(owed, Currency::GBP), n, TODAY);
        prop_assert_eq!(parts.iter().map(|it| it.amount.minor).sum::<i64>(), owed);
        prop_assert!(parts.is_sorted_by(|one, other| one.on < other.on));
    }

    #[test]
    fn whatever_is_told_a_ruling_comes_out(date: String, text: String) {
        for action in Action::iter() {
            let told = [("date", date.as_str()), ("reason", &text), ("address", &text), ("company", &text), ("amount", &date)];
            let _ = plainly(action, "one-off-fee", &told);
        }
    }
}
