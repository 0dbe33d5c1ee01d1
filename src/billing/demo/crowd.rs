//! The demo's crowd: customers whose lives with the shop are made from a seed, month by month.
//!
//! A life begins on the day on which somebody joined and is told up to the present day. Every chance in it hangs on
//! the seed, the customer and the month alone: the past is told the same on every later day, and what is still to come
//! is not told. Most of them are quiet.

use jiff::civil::Date;

use super::calendar::{HISTORY_MONTHS, gbp};
use crate::billing::{Account, Mandate, MandateStatus, Person, Standing};
use crate::conversation::CustomerId;
use dice::Dice;
use life::Life;

mod dice;
mod life;
mod paying;

/// How many there are in the end; some have yet to join.
const N: u64 = 240;
/// Another one makes other lives.
const SEED: u64 = 0x2026_0616_F3E2;
/// A bill so many days late pauses the service, as the shop's policy `pause_days` says.
const PAUSE_DAYS: i64 = 30;

const FIRST_NAMES: [&str; 40] = [
    "Ada", "Ben", "Cora", "Dev", "Ella", "Finn", "Gita", "Hugo", "Ines", "Jack", "Kira", "Liam", "Mona", "Noor",
    "Owen", "Pia", "Quinn", "Rosa", "Seth", "Tara", "Uma", "Vic", "Wren", "Xena", "Yara", "Zack", "Amir", "Beth",
    "Carl", "Dora", "Emil", "Fay", "Gus", "Hope", "Ivan", "June", "Kofi", "Lena", "Milo", "Nell",
];
const LAST_NAMES: [&str; 12] = [
    "Sampleton",
    "Mockford",
    "Specimen",
    "Exampleby",
    "Testerman",
    "Prototype",
    "Modelski",
    "Dummett",
    "Patternson",
    "Trialby",
    "Placeholder",
    "Demoson",
];
const STREETS: [&str; 5] = ["Sample Street", "Mock Lane", "Pattern Row", "Trial Hill", "Example Close"];

/// The ids of those who have joined by a day: `c-0001` and on.
pub fn ids(today: Date) -> impl Iterator<Item = String> + use<> {
    (1..=N).filter(move |n| life::joined_on(*n) <= today).map(|n| format!("c-{n:04}"))
}

/// The account of one of [`ids`] on a day; `None` for anybody else.
pub fn account(id: &str, today: Date) -> Option<Account> {
    let digits = id.strip_prefix("c-").filter(|it| it.len() == 4 && it.bytes().all(|it| it.is_ascii_digit()))?;
    let n: u64 = digits.parse().ok()?;
    let known = (1..=N).contains(&n) && life::joined_on(n) <= today;
    known.then(|| tell(id, n, today))
}

fn person(n: u64) -> Person {
    let place = |at: u64, len: usize| usize::try_from(at).unwrap_or(0) % len;
    let (first, last) = (n % 40, n / 40 + n % 12);
    let first_name = FIRST_NAMES[place(first, FIRST_NAMES.len())];
    let last_name = LAST_NAMES[place(last, LAST_NAMES.len())];
    let mut dice = Dice::of(n, 0, "person");
    let company = dice.one_in(16).then(|| format!("{last_name} Supplies Ltd"));
    Person {
        name: format!("{first_name} {last_name}"),
        first_name: first_name.to_owned(),
        email: format!("{}.{}@example.com", first_name.to_lowercase(), last_name.to_lowercase()),
        address: format!("{} {}, Fernhill", 1 + n % 97, STREETS[place(n, STREETS.len())]),
        tax_id: company.as_ref().map(|_| format!("GB 000 {n:04} 00")),
        company,
    }
}

fn tell(id: &str, n: u64, today: Date) -> Account {
    let mut life = Life::of(n, today);
    life.live();
    let Life { method, plan, ended_on, .. } = &life;
    let late_since = |days: i64| today.saturating_sub(jiff::Span::new().days(days));
    let unpaid_too_long = life.invoices.iter().any(|it| 0 < it.owed().minor && it.due < late_since(PAUSE_DAYS));
    let standing = match ended_on {
        Some(on) if *on < today => Standing::Ended,
        _ if unpaid_too_long => Standing::Paused,
        _ => Standing::Active,
    };
    let contract_ends_on = life.bound_until.filter(|it| today < *it);
    let months_left = contract_ends_on.map_or(0, |it| life::month_of(it) - life::month_of(today));
    let bank = life.by_bank && life.autopay;
    let mut account = Account {
        customer: CustomerId::new(id),
        number: format!("FF-{}", 40_000 + 17 * n),
        person: person(n),
        currency: gbp(0).currency,
        standing,
        since: life::joined_on(n),
        ended_on: *ended_on,
        contract_ends_on,
        end_fee: gbp(i64::from(months_left) * 600),
        plan: plan.clone(),
        autopay: life.autopay && standing != Standing::Ended,
        method: Some(method.clone()),
        billing_day: 1,
        next_bill_on: life.next_bill_on(),
        next_due_on: None,
        paper: life.paper,
        credit: gbp(0),
        invoices: life.invoices,
        payments: life.payments,
        refunds: life.refunds,
        late_fees: life.late_fees,
        discounts: life.discounts,
        price_changes: life.price_changes,
        plan_changes: life.plan_changes,
        plans: super::calendar::price_list(),
        disputes: life.disputes,
        schedules: life.schedules,
        credits: life.credits,
        other_bills: Vec::new(),
        mandate: bank.then(|| Mandate { reference: format!("FFDD{n:06}"), status: MandateStatus::Active }),
    };
    for listed in &mut account.plans {
        if listed.name == account.plan.name && listed.frequency == account.plan.frequency {
            listed.price = account.plan.price;
        }
    }
    newest_first(&mut account);
    super::calendar::set_next_due(&mut account, super::Calendar::new(today));
    account
}

/// Turns every list round, and forgets bills of more than two years ago with what belongs to them.
fn newest_first(account: &mut Account) {
    account.invoices.reverse();
    account.invoices.truncate(HISTORY_MONTHS as usize);
    let oldest = account.invoices.last().map_or(account.since, |it| it.issued);
    account.payments.retain(|it| oldest <= it.on);
    account.late_fees.retain(|it| oldest <= it.on);
    account.refunds.retain(|it| oldest <= it.asked_on);
    account.payments.sort_by_key(|it| std::cmp::Reverse(it.on));
    account.refunds.sort_by_key(|it| std::cmp::Reverse(it.asked_on));
    account.late_fees.reverse();
    account.discounts.reverse();
    account.price_changes.reverse();
    account.plan_changes.reverse();
    account.disputes.reverse();
    account.schedules.reverse();
    account.credits.reverse();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;
    use crate::billing::explain::explain;
    use crate::billing::{DisputeStatus, Frequency, InvoiceStatus, LineKind, PaymentStatus, RefundStatus};

    fn everybody(today: Date) -> Vec<Account> {
        ids(today).map(|id| account(&id, today).expect("who has joined has an account")).collect()
    }

    /// Days on which a demo may be shown: each month from June 2026 on, early, in the middle and late.
    fn days() -> impl Iterator<Item = Date> {
        let months = (0..14).map(|it| date(2026, 6, 1).saturating_add((2 * it).months()));
        months.zip([2_i64, 16, 28].into_iter().cycle()).map(|(first, day)| first.saturating_add((day - 1).days()))
    }

    #[test]
    fn there_are_two_hundred_with_two_years_of_bills() {
        let crowd = everybody(date(2026, 6, 16));
        assert!(200 <= crowd.len(), "{} have joined", crowd.len());
        let two_years = crowd.iter().filter(|it| 24 <= it.invoices.len()).count();
        assert!(120 <= two_years, "{two_years} have bills of two years");
        let names: BTreeSet<&str> = crowd.iter().map(|it| it.person.name.as_str()).collect();
        let emails: BTreeSet<&str> = crowd.iter().map(|it| it.person.email.as_str()).collect();
        assert_eq!((names.len(), emails.len()), (crowd.len(), crowd.len()));
    }

    #[test]
    fn every_bill_adds_up_and_every_difference_is_explained() {
        for today in days() {
            let mut numbers = BTreeSet::new();
            for account in everybody(today) {
                let id = account.customer.as_str();
                for bill in &account.invoices {
                    assert!(bill.adds_up(), "{id} on {today}: {bill:?}");
                    assert!(0 < bill.total.minor, "{id} on {today}: {bill:?}");
                    assert!(bill.paid.minor <= bill.total.minor, "{id} on {today}: {bill:?}");
                    assert!(bill.issued <= today, "{id} on {today}: {bill:?}");
                    assert!(numbers.insert(bill.number.clone()), "{id} on {today}: {}", bill.number);
                }
                for pair in account.invoices.windows(2) {
                    assert!(pair[1].issued < pair[0].issued, "{id} on {today}");
                    assert!(explain(&pair[0], &pair[1]).complete, "{id} on {today}");
                }
                assert!(account.payments.windows(2).all(|it| it[1].on <= it[0].on), "{id} on {today}");
                assert!(account.payments.iter().all(|it| it.on <= today), "{id} on {today}");
                assert!(account.next_due_on.is_none_or(|it| today <= it), "{id} on {today}");
                let has = |number: &String| account.find_invoice_numbered(number).is_some();
                assert!(account.late_fees.iter().all(|it| has(&it.invoice)), "{id} on {today}");
                assert!(account.disputes.iter().rev().take(1).all(|it| has(&it.invoice) || it.opened_on < today));
                for schedule in &account.schedules {
                    let Some(bill) = account.find_invoice_numbered(&schedule.invoice) else { continue };
                    let paid: i64 = schedule.parts.iter().take(schedule.n_paid).map(|it| it.amount.minor).sum();
                    assert_eq!(bill.paid.minor, paid, "{id} on {today}");
                }
            }
        }
    }

    #[test]
    fn what_a_bill_said_it_still_says_months_later() {
        let (june, later) = (date(2026, 6, 16), date(2027, 3, 3));
        for before in everybody(june) {
            let id = before.customer.as_str();
            let after = account(id, later).expect("nobody is forgotten");
            for bill in before.invoices.iter().take(12) {
                let same = after.find_invoice_numbered(&bill.number).expect("the bill is still there");
                assert_eq!((&same.lines, same.total, same.issued), (&bill.lines, bill.total, bill.issued), "{id}");
                assert!(bill.paid.minor <= same.paid.minor, "{id}: {}", bill.number);
            }
        }
    }

    #[test]
    fn everything_that_happens_to_bills_happens_to_somebody() {
        for today in days() {
            let crowd = everybody(today);
            let any = |what: &dyn Fn(&Account) -> bool| crowd.iter().filter(|it| what(it)).count();
            let kind =
                |kind: LineKind| any(&|it| it.invoices.iter().flat_map(|it| &it.lines).any(|line| line.kind == kind));
            let happened = [
                ("one-off", kind(LineKind::OneOff)),
                ("usage", kind(LineKind::Usage)),
                ("fee", kind(LineKind::Fee)),
                ("late fee", kind(LineKind::LateFee)),
                ("discount", kind(LineKind::Discount)),
                ("credit", kind(LineKind::Credit)),
                ("part month", kind(LineKind::PartMonth)),
                ("carried over", kind(LineKind::CarriedOver)),
                ("price change", any(&|it| !it.price_changes.is_empty())),
                ("plan change", any(&|it| !it.plan_changes.is_empty())),
                ("first late fee", any(&|it| it.late_fees.iter().any(|fee| it.is_first_late_fee(fee)))),
                ("second late fee", any(&|it| it.late_fees.iter().any(|fee| !it.is_first_late_fee(fee)))),
                ("fee taken off", any(&|it| it.late_fees.iter().any(|it| it.taken_off))),
                ("discount ended", any(&|it| it.ended_discount(today).is_some())),
                ("failed payment", any(&|it| it.payments.iter().any(|it| it.status == PaymentStatus::Failed))),
                ("refund", any(&|it| it.refunds.iter().any(|it| it.status == RefundStatus::Paid))),
                ("dispute upheld", any(&|it| it.disputes.iter().any(|it| it.status == DisputeStatus::Upheld))),
                ("dispute rejected", any(&|it| it.disputes.iter().any(|it| it.status == DisputeStatus::Rejected))),
                ("schedule", any(&|it| !it.schedules.is_empty())),
                ("late bill", any(&|it| it.invoices.iter().any(|it| it.status(today) == InvoiceStatus::Late))),
                ("left", any(&|it| it.standing == Standing::Ended)),
                ("billed after leaving", any(&|it| it.ended_on.is_some_and(|on| on < it.invoices[0].issued))),
                ("yearly", any(&|it| it.plan.frequency == Frequency::Year)),
                ("contract", any(&|it| it.contract_ends_on.is_some())),
                ("company", any(&|it| it.person.company.is_some())),
                ("paper", any(&|it| it.paper)),
                ("direct debit", any(&|it| it.mandate.is_some())),
            ];
            let missing: Vec<&str> = happened.iter().filter(|it| it.1 == 0).map(|it| it.0).collect();
            assert!(missing.is_empty(), "on {today} nobody has: {missing:?}");
            let is_quiet = |it: &Account| it.invoices.iter().take(3).all(|it| it.lines.len() <= 2);
            assert!(crowd.len() < 2 * any(&is_quiet), "on {today} most are quiet");
        }
    }

    #[test]
    fn an_id_of_nobody_has_no_account() {
        let today = date(2026, 6, 16);
        for id in ["c-0000", "c-0241", "c-1", "c-00001", "c-+001", "d-0001", ""] {
            assert_eq!(account(id, today), None, "{id}");
        }
        assert_eq!(ids(date(2022, 12, 31)).count(), 0);
        assert_eq!(account("c-0001", Date::MIN), None);
        assert!(account("c-0001", Date::MAX).is_some());
    }
}
