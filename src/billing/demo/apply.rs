//! What an act does to an account of the demo. Pure: the same acts over the same account make the same account.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::DUE_DAY;
use crate::billing::{
    Account, Act, Credit, Dispute, DisputeStatus, Done, Instalment, Invoice, Line, LineKind, MandateStatus, Method,
    Money, Payment, PaymentStatus, Purpose, Schedule, Standing,
};

/// A bill is paid in so many parts at most.
const PARTS_MAX: usize = 12;
/// The longest name, address or company that fits on a bill, in bytes.
const FIELD_BYTES_MAX: usize = 200;
/// A new card of the demo is good for so many months.
const CARD_MONTHS: i64 = 36;

/// Something that changes an account of the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DemoChange {
    /// What the bot or staff had done.
    Act(Act),
    /// What the customer did on the shop's own page.
    Page {
        /// What the page was for.
        page: Purpose,
    },
}

/// Takes out each end of service that was taken back: it is as if neither had been.
pub fn without_ends_taken_back(changes: Vec<(DemoChange, Done)>) -> Vec<(DemoChange, Done)> {
    let mut left: Vec<(DemoChange, Done)> = Vec::with_capacity(changes.len());
    for (change, done) in changes {
        let end = left.iter().rposition(|it| matches!(it.0, DemoChange::Act(Act::Cancel { .. })));
        match (&change, end) {
            (DemoChange::Act(Act::KeepService), Some(at)) => {
                left.remove(at);
            }
            _ => left.push((change, done)),
        }
    }
    left
}

/// What billing calls the `n`th change of an account: two letters for what it is, and the account's number.
pub fn reference(account: &Account, change: &DemoChange, n: usize) -> String {
    let what = match change {
        DemoChange::Act(Act::TakeOffLateFee { .. } | Act::GiveCredit { .. }) => "CR",
        DemoChange::Act(Act::PayInParts { .. }) => "PP",
        DemoChange::Act(Act::OpenDispute { .. }) => "DS",
        DemoChange::Page { page: Purpose::Pay } => "PY",
        _ => "CH",
    };
    let digits: String = account.number.chars().filter(char::is_ascii_digit).collect();
    format!("{what}-{digits}-{n}")
}

/// Changes an account as it stands `today`. An `Err` says why not, for staff; the account is then as it was.
pub fn apply(account: &mut Account, change: &DemoChange, done: &Done, today: Date) -> Result<(), String> {
    match change {
        DemoChange::Act(act) => apply_act(account, act, done, today),
        DemoChange::Page { page } => apply_page(account, *page, done.on, today),
    }?;
    set_next_due(account, today);
    Ok(())
}

fn apply_act(account: &mut Account, act: &Act, done: &Done, today: Date) -> Result<(), String> {
    match act {
        Act::TakeOffLateFee { invoice, amount } => take_off_late_fee(account, invoice, *amount, done.on),
        Act::GiveCredit { amount, reason } => give_credit(account, *amount, reason, done.on),
        Act::GiveMoreDays { invoice, until } => {
            let bill = unpaid(account, invoice)?;
            ensure(bill.due < *until && done.on <= *until, || format!("{until} is no later day for {invoice}"))?;
            bill.due = *until;
            Ok(())
        }
        Act::PayInParts { invoice, parts } => pay_in_parts(account, invoice, parts, done.on, today),
        Act::OpenDispute { invoice, amount, .. } => open_dispute(account, invoice, *amount, done),
        Act::StopAutopay => {
            ensure(account.autopay, || "automatic payment is off already".to_owned())?;
            stop_autopay(account, done.on);
            Ok(())
        }
        Act::ChangeBillingDay { day } => change_billing_day(account, *day, done.on, today),
        Act::UpdateContact { email, address, name } => {
            ensure(email.is_some() || address.is_some() || name.is_some(), || "nothing to change".to_owned())?;
            let is_address = email.as_ref().is_none_or(|it| it.contains('@'));
            ensure(is_address, || "that is no e-mail address".to_owned())?;
            fits([email, address, name])?;
            let person = &mut account.person;
            set(&mut person.email, email);
            set(&mut person.address, address);
            set(&mut person.name, name);
            if let Some(first) = name.as_ref().and_then(|it| it.split_whitespace().next()) {
                person.first_name = first.to_owned();
            }
            Ok(())
        }
        Act::UpdateCompany { company, tax_id } => {
            ensure(company.is_some() || tax_id.is_some(), || "nothing to change".to_owned())?;
            fits([company, tax_id])?;
            let person = &mut account.person;
            person.company = company.clone().or(person.company.take());
            person.tax_id = tax_id.clone().or(person.tax_id.take());
            Ok(())
        }
        Act::Cancel { on } => cancel(account, *on, done.on, today),
        Act::KeepService => keep_service(account, done.on, today),
    }
}

fn apply_page(account: &mut Account, page: Purpose, on: Date, today: Date) -> Result<(), String> {
    let card = |ending: &str| Method {
        name: "Visa".to_owned(),
        ending: ending.to_owned(),
        expires: Some(on.saturating_add(CARD_MONTHS.months()).last_of_month()),
    };
    match page {
        Purpose::Pay => {
            ensure(0 < account.balance().minor, || "nothing is owed".to_owned())?;
            let method = account.method.clone().unwrap_or_else(|| card("4242"));
            for bill in account.invoices.iter_mut().filter(|it| 0 < it.owed().minor) {
                let payment = Payment {
                    on,
                    amount: bill.owed(),
                    method: Some(method.clone()),
                    status: PaymentStatus::Paid,
                    reason: None,
                    invoice: Some(bill.number.clone()),
                };
                account.payments.push(payment);
                bill.paid = bill.total;
            }
            newest_first(&mut account.payments);
            if account.standing == Standing::Paused {
                account.standing = Standing::Active;
            }
        }
        Purpose::SetUpAutopay => {
            ensure(!account.autopay, || "automatic payment is set up already".to_owned())?;
            account.autopay = true;
            let works = |it: &Method| it.expires.is_none_or(|expires| on <= expires);
            account.method = account.method.take().filter(works).or_else(|| Some(card("4242")));
            collect(account, on, today);
        }
        Purpose::ChangeMethod => account.method = Some(card("1881")),
    }
    Ok(())
}

fn take_off_late_fee(account: &mut Account, number: &str, amount: Money, on: Date) -> Result<(), String> {
    let is_it = |invoice: &str, fee: Money, taken_off: bool| invoice == number && fee == amount && !taken_off;
    let fee = account.late_fees.iter_mut().find(|it| is_it(&it.invoice, it.amount, it.taken_off));
    let (fee, bill) = fee
        .zip(account.invoices.iter_mut().find(|it| it.number == number && !it.void))
        .ok_or_else(|| format!("there is no late fee of {} on {number} that could come off", amount.text()))?;
    let total = bill.total.minus(amount).ok_or("the amounts cannot be counted")?;
    let line = Line {
        label: "Money back: late payment fee".to_owned(),
        kind: LineKind::Credit,
        amount: Money::new(-amount.minor, amount.currency),
        from: Some(on),
        to: Some(on),
    };
    fee.taken_off = true;
    bill.lines.push(line);
    bill.total = total;
    if let Some(percent) = bill.tax_percent {
        bill.tax = total.share(percent, 100 + percent);
    }
    // What was paid for the fee already stays on the account, for the next bill.
    let too_much = Money::new((bill.paid.minor - total.minor).clamp(0, amount.minor), amount.currency);
    bill.paid.minor = bill.paid.minor.min(total.minor.max(0));
    account.credit.minor += too_much.minor;
    let reason = Some("we took a late payment fee off".to_owned());
    account.credits.insert(0, Credit { on, amount, left: too_much, reason, invoice: Some(number.to_owned()) });
    Ok(())
}

fn give_credit(account: &mut Account, amount: Money, reason: &str, on: Date) -> Result<(), String> {
    let counts = 0 < amount.minor && amount.currency == account.currency;
    ensure(counts, || format!("{} cannot be given in {}", amount.text(), account.currency))?;
    account.credit = account.credit.plus(amount).ok_or("the amounts cannot be counted")?;
    let reason = Some(reason.to_owned());
    account.credits.insert(0, Credit { on, amount, left: amount, reason, invoice: None });
    Ok(())
}

fn pay_in_parts(
    account: &mut Account,
    number: &str,
    parts: &[Instalment],
    on: Date,
    today: Date,
) -> Result<(), String> {
    ensure(account.schedules.iter().all(|it| it.invoice != number), || format!("{number} is paid in parts already"))?;
    let currency = account.currency;
    let method = account.method.clone();
    let bill = unpaid(account, number)?;
    ensure((2..=PARTS_MAX).contains(&parts.len()), || format!("2 to {PARTS_MAX} parts, not {}", parts.len()))?;
    let in_order = parts.windows(2).all(|it| it[0].on < it[1].on) && parts.iter().all(|it| on <= it.on);
    let positive = parts.iter().all(|it| 0 < it.amount.minor);
    ensure(in_order && positive, || "each part is above zero and later than the one before".to_owned())?;
    let sum = Money::sum(parts.iter().map(|it| it.amount), currency);
    ensure(sum == Some(bill.owed()), || format!("the parts don't come to the {} that are owed", bill.owed().text()))?;
    // Customers of the demo keep to what was agreed.
    let paid: Vec<&Instalment> = parts.iter().take_while(|it| it.on < today).collect();
    bill.due = parts.last().map_or(bill.due, |it| it.on);
    bill.paid.minor += paid.iter().map(|it| it.amount.minor).sum::<i64>();
    let n_paid = paid.len();
    let payments = paid.into_iter().map(|part| Payment {
        on: part.on,
        amount: part.amount,
        method: method.clone(),
        status: PaymentStatus::Paid,
        reason: None,
        invoice: Some(number.to_owned()),
    });
    account.payments.extend(payments);
    newest_first(&mut account.payments);
    account.schedules.insert(0, Schedule { invoice: number.to_owned(), parts: parts.to_vec(), n_paid });
    Ok(())
}

fn open_dispute(account: &mut Account, number: &str, amount: Option<Money>, done: &Done) -> Result<(), String> {
    let bill = find(account, number)?;
    if let Some(amount) = amount {
        let fits = amount.currency == bill.total.currency && 0 < amount.minor && amount.minor <= largest(bill);
        ensure(fits, || format!("{} is more than {number} asks for", amount.text()))?;
    }
    let is_open = |it: &Dispute| it.invoice == number && it.amount == amount && it.status == DisputeStatus::Open;
    ensure(!account.disputes.iter().any(is_open), || format!("that charge on {number} is being looked at already"))?;
    let dispute = Dispute {
        reference: done.reference.clone(),
        invoice: number.to_owned(),
        amount,
        opened_on: done.on,
        status: DisputeStatus::Open,
    };
    account.disputes.insert(0, dispute);
    Ok(())
}

/// The most that can be wrong with a bill: all that it asks for before anything is taken off.
fn largest(bill: &Invoice) -> i64 {
    bill.lines.iter().map(|it| it.amount.minor.max(0)).sum::<i64>().max(bill.total.minor)
}

/// Bills that have fallen due since then were collected.
fn collect(account: &mut Account, since: Date, today: Date) {
    let in_parts = |number: &str| account.schedules.iter().any(|it| it.invoice == number);
    let is_due = |it: &&mut Invoice| since < it.due && it.due <= today && 0 < it.owed().minor && !in_parts(&it.number);
    for bill in account.invoices.iter_mut().filter(is_due) {
        account.payments.push(Payment {
            on: bill.due,
            amount: bill.owed(),
            method: account.method.clone(),
            status: PaymentStatus::Paid,
            reason: None,
            invoice: Some(bill.number.clone()),
        });
        bill.paid = bill.total;
    }
    newest_first(&mut account.payments);
}

/// What would have been collected since then was not.
fn stop_autopay(account: &mut Account, on: Date) {
    account.autopay = false;
    if let Some(mandate) = &mut account.mandate {
        mandate.status = MandateStatus::Ended;
    }
    for payment in account.payments.iter().filter(|it| on < it.on && it.status == PaymentStatus::Paid) {
        let of = |it: &&mut Invoice| payment.invoice.as_ref() == Some(&it.number);
        if let Some(bill) = account.invoices.iter_mut().find(of) {
            bill.paid.minor = (bill.paid.minor - payment.amount.minor).max(0);
        }
    }
    account.payments.retain(|it| it.on <= on);
}

fn change_billing_day(account: &mut Account, day: i8, on: Date, today: Date) -> Result<(), String> {
    ensure((1..=28).contains(&day), || format!("{day} is not a day from 1 to 28"))?;
    ensure(day != account.billing_day, || format!("bills come on day {day} already"))?;
    ensure(account.next_bill_on.is_some(), || "there is no bill to come".to_owned())?;
    let later = i64::from(day - account.billing_day).days();
    account.billing_day = day;
    // Bills since then came on the new day, and what has to do with them so much later.
    let moves = |it: &Invoice| on < it.issued;
    let numbers: Vec<String> = account.invoices.iter().filter(|it| moves(it)).map(|it| it.number.clone()).collect();
    for bill in account.invoices.iter_mut().filter(|it| moves(it)) {
        bill.issued = bill.issued.saturating_add(later);
        bill.due = bill.due.saturating_add(later);
    }
    for payment in &mut account.payments {
        if payment.invoice.as_ref().is_some_and(|it| numbers.contains(it)) {
            payment.on = payment.on.saturating_add(later);
        }
    }
    let to_come = account.invoices.iter().filter(|it| today < it.issued).map(|it| it.issued).min();
    drop_later_bills(account, today);
    account.payments.retain(|it| it.on <= today);
    newest_first(&mut account.payments);
    account.next_bill_on = to_come.or(account.next_bill_on.map(|it| it.saturating_add(later)));
    Ok(())
}

fn cancel(account: &mut Account, last: Date, on: Date, today: Date) -> Result<(), String> {
    ensure(account.ended_on.is_none(), || "an end is set already".to_owned())?;
    ensure(on <= last, || format!("{last} is over"))?;
    account.ended_on = Some(last);
    if account.next_bill_on.is_some_and(|it| last < it) {
        account.next_bill_on = None;
    }
    drop_later_bills(account, last);
    if last < today {
        account.standing = Standing::Ended;
        account.autopay = false;
    }
    Ok(())
}

fn keep_service(account: &mut Account, on: Date, today: Date) -> Result<(), String> {
    let to_come = account.ended_on.is_some_and(|it| on <= it);
    ensure(to_come, || "there is no end to come that could be taken back".to_owned())?;
    account.ended_on = None;
    if account.standing == Standing::Ended {
        account.standing = Standing::Active;
    }
    let months = match account.plan.frequency {
        crate::billing::Frequency::Month => 1,
        crate::billing::Frequency::Year => 12,
    };
    let newest = account.newest_invoice().map_or(today, |it| it.issued);
    account.next_bill_on = Some(newest.saturating_add(months.months()).max(today));
    Ok(())
}

/// Takes out what was made out after a day, with its payments.
fn drop_later_bills(account: &mut Account, day: Date) {
    let gone: Vec<String> = account.invoices.iter().filter(|it| day < it.issued).map(|it| it.number.clone()).collect();
    account.invoices.retain(|it| it.issued <= day);
    account.payments.retain(|it| it.invoice.as_ref().is_none_or(|it| !gone.contains(it)));
}

fn set_next_due(account: &mut Account, today: Date) {
    let parts = account.schedules.iter().flat_map(|it| it.parts.iter().skip(it.n_paid).map(|part| part.on));
    let in_parts = |number: &str| account.schedules.iter().any(|it| it.invoice == number);
    let open = account.invoices.iter().filter(|it| 0 < it.owed().minor && !in_parts(&it.number)).map(|it| it.due);
    let next = account.next_bill_on.map(|it| it.saturating_add((i64::from(DUE_DAY) - 1).days()));
    account.next_due_on = parts.chain(open).filter(|it| today <= *it).min().or(next);
}

fn find<'a>(account: &'a mut Account, number: &str) -> Result<&'a mut Invoice, String> {
    let found = account.invoices.iter_mut().find(|it| it.number == number && !it.void);
    found.ok_or_else(|| format!("there is no bill {number}"))
}

fn unpaid<'a>(account: &'a mut Account, number: &str) -> Result<&'a mut Invoice, String> {
    let bill = find(account, number)?;
    ensure(0 < bill.owed().minor, || format!("nothing is owed for {number}"))?;
    Ok(bill)
}

fn newest_first(payments: &mut [Payment]) {
    payments.sort_by_key(|it| std::cmp::Reverse(it.on));
}

fn set(field: &mut String, new: &Option<String>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}

fn fits<const N: usize>(fields: [&Option<String>; N]) -> Result<(), String> {
    let fits = |it: &String| !it.trim().is_empty() && it.len() <= FIELD_BYTES_MAX;
    ensure(fields.into_iter().flatten().all(fits), || format!("1 to {FIELD_BYTES_MAX} bytes each"))
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}
