//! What a staff member may give a customer back by themselves. Pure.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Deed, Past, cite};
use crate::billing::{Account, Act, Currency, Money};
use crate::content::file::PolicyFile;

/// What somebody of staff may give one customer today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purse {
    /// The rule that says so, with version and date.
    pub clause: String,
    /// All that it allows.
    pub limit: Money,
    /// What is left of it for this customer.
    pub left: Money,
}

/// What somebody of staff wants to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Take the late fee off the bill with this number.
    LateFee(String),
    /// Give so much back.
    Credit(Money),
}

impl Purse {
    /// What the rule for one staff member leaves them for one customer. `days`: what they gave in so many days counts
    /// together; without it everything that they ever gave does.
    pub fn new(rule: &PolicyFile, days: Option<i64>, gave: &[Past], today: Date, currency: Currency) -> Self {
        let since = days.map(|it| today.saturating_sub(it.clamp(0, 36_600).days()));
        let counts = |it: &&Past| since.is_none_or(|since| since < it.on);
        let amounts = gave.iter().filter(counts).filter_map(amount_of).filter(|it| it.currency == currency);
        let gave: i64 = amounts.fold(0, |sum, it| sum.saturating_add(it.minor));
        let limit = rule.value.max(0);
        Self {
            clause: cite(rule),
            limit: Money::new(limit, currency),
            left: Money::new(limit.saturating_sub(gave).max(0), currency),
        }
    }

    /// Whether so much may be given from it.
    pub fn covers(&self, amount: Money) -> bool {
        amount.currency == self.left.currency && 0 < amount.minor && amount.minor <= self.left.minor
    }
}

impl Given {
    /// Exactly what would be done for this customer; none where there is no such fee, or nothing to give.
    pub fn act(&self, account: &Account, reason: &str) -> Option<(Act, Money)> {
        match self {
            Given::LateFee(invoice) => {
                let fee = account.late_fees.iter().find(|it| it.invoice == *invoice && !it.taken_off)?;
                Some((Act::TakeOffLateFee { invoice: invoice.clone(), amount: fee.amount }, fee.amount))
            }
            Given::Credit(amount) if 0 < amount.minor && amount.currency == account.currency => {
                Some((Act::GiveCredit { amount: *amount, reason: reason.to_owned() }, *amount))
            }
            Given::Credit(_) => None,
        }
    }
}

/// What something that was given was worth.
fn amount_of(past: &Past) -> Option<Money> {
    match &past.deed {
        Deed::Act { act: Act::TakeOffLateFee { amount, .. } | Act::GiveCredit { amount, .. } } => Some(*amount),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::billing::demo;

    const TODAY: Date = date(2026, 6, 16);

    fn gbp(minor: i64) -> Money {
        Money::new(minor, Currency::GBP)
    }

    fn rule(value: i64) -> PolicyFile {
        PolicyFile {
            name: "staff_goodwill".into(),
            from: "2026-01-01".into(),
            about: "x".into(),
            value,
            version: 2,
            by: None,
            bands: Vec::new(),
            staff: None,
        }
    }

    fn gave(minor: i64, on: Date) -> Past {
        let act = Act::GiveCredit { amount: gbp(minor), reason: "x".into() };
        Past { action: "give_credit".into(), deed: Deed::Act { act }, on }
    }

    #[test]
    fn a_purse_holds_its_limit_less_what_was_given_lately() {
        let given = [gave(700, date(2026, 6, 10)), gave(900, date(2026, 5, 17)), gave(400, date(2026, 5, 18))];
        let purse = Purse::new(&rule(2_000), Some(30), &given, TODAY, Currency::GBP);
        assert_eq!((purse.limit, purse.left), (gbp(2_000), gbp(900)));
        assert_eq!(purse.clause, "staff_goodwill, version 2, from 1 January 2026");
        assert!(purse.covers(gbp(900)) && !purse.covers(gbp(901)) && !purse.covers(gbp(0)) && !purse.covers(gbp(-1)));
        assert!(!purse.covers(Money::new(1, Currency::new("EUR").expect("a code"))));
        assert_eq!(Purse::new(&rule(2_000), None, &given, TODAY, Currency::GBP).left, gbp(0));
        assert_eq!(Purse::new(&rule(-5), None, &[], TODAY, Currency::GBP).left, gbp(0));
        assert_eq!(
            Purse::new(&rule(5), None, &[gave(i64::MAX, TODAY), gave(9, TODAY)], TODAY, Currency::GBP).left,
            gbp(0)
        );
    }

    #[test]
    fn amounts_of_another_currency_are_not_counted_with_ours() {
        let euros = Money::new(700, Currency::new("EUR").expect("a code"));
        let act = Act::GiveCredit { amount: euros, reason: "x".into() };
        let given = [gave(300, TODAY), Past { action: "give_credit".into(), deed: Deed::Act { act }, on: TODAY }];
        assert_eq!(Purse::new(&rule(2_000), Some(30), &given, TODAY, Currency::GBP).left, gbp(1_700));
    }

    #[test]
    fn a_late_fee_is_given_as_it_stands_and_only_where_one_does() {
        let account = demo::account("first-late-fee", TODAY).expect("a demo customer");
        let number = account.late_fees[0].invoice.clone();
        let (act, amount) = Given::LateFee(number.clone()).act(&account, "x").expect("there is one");
        assert_eq!((act, amount), (Act::TakeOffLateFee { invoice: number, amount: gbp(500) }, gbp(500)));
        assert_eq!(Given::LateFee("INV-0".into()).act(&account, "x"), None);
        assert_eq!(Given::Credit(gbp(0)).act(&account, "x"), None);
        assert!(Given::Credit(gbp(5)).act(&account, "x").is_some());
    }
}
