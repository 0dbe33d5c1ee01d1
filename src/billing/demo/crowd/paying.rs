//! How a customer of the crowd pays a bill, and what comes of paying late, twice or not at all.

use jiff::civil::Date;

use super::life::{Habit, Life, first_of, later, line, month_of};
use crate::billing::demo::calendar::gbp;
use crate::billing::{Credit, Frequency, Instalment, Invoice, LateFee, LineKind, Payment, PaymentStatus, Schedule};

const LATE_FEE: i64 = 500;
/// Days after the due day before a late fee is added, as the shop's policy `grace_days` says.
const GRACE_DAYS: i64 = 7;
/// A bank transfer takes so many days to arrive.
const TRANSFER_DAYS: i64 = 3;
/// Some pay by hand in whole amounts of this.
const ROUND_TO: i64 = 500;
/// Of bills that would be paid later than this many days, some are agreed to be paid in parts.
const PARTS_AFTER_DAYS: i64 = 35;

impl Life {
    /// Pays the newest bill of a month as this customer does.
    pub(super) fn pay(&mut self, month: i32) {
        let Some(bill) = self.invoices.last().filter(|it| 0 < it.total.minor).cloned() else { return };
        let mut dice = self.dice(month, "paying");
        let fails = self.autopay && dice.one_in(60);
        if self.autopay && !fails {
            self.pays(&bill, bill.due, bill.total.minor);
            return;
        }
        let mut on = later(bill.issued, dice.between(2, 13));
        if fails {
            let reason = ["the bank said no", "there was not enough money on the account"];
            let reason = Some(reason[usize::from(dice.one_in(2))].to_owned());
            self.tries(Payment { status: PaymentStatus::Failed, reason, ..self.payment(&bill, bill.due) });
            on = later(bill.due, dice.between(1, 16));
        } else if self.habit == Habit::Forgetful && dice.one_in(7) {
            on = later(bill.due, dice.between(1, 24));
        } else if self.habit == Habit::Short && dice.one_in(3) {
            on = later(bill.due, dice.between(4, 75));
        }
        if later(bill.due, PARTS_AFTER_DAYS) < on && dice.one_in(2) {
            self.pays_in_parts(&bill);
            return;
        }
        let in_time = on <= later(bill.due, GRACE_DAYS);
        if in_time && dice.one_in(40) {
            self.pays_too_much(&bill, on);
            return;
        }
        self.pays(&bill, on, bill.total.minor);
        self.late_fee_to_come = !in_time && self.plan.frequency == Frequency::Month;
        if in_time && dice.one_in(120) {
            self.pays_twice(&bill, on);
        }
    }

    fn payment(&self, bill: &Invoice, on: Date) -> Payment {
        Payment {
            on,
            amount: bill.total,
            method: Some(self.method.clone()),
            status: PaymentStatus::Paid,
            reason: None,
            invoice: Some(bill.number.clone()),
        }
    }

    /// What is made today or before is on the account; what is made later has not happened.
    fn tries(&mut self, payment: Payment) {
        if payment.on <= self.today {
            self.payments.push(payment);
        }
    }

    fn pays(&mut self, bill: &Invoice, on: Date, minor: i64) {
        let by_transfer = self.by_bank && !self.autopay;
        let arrives = if by_transfer { later(on, TRANSFER_DAYS) } else { on };
        let arrived = arrives <= self.today;
        let status = if arrived { PaymentStatus::Paid } else { PaymentStatus::Pending };
        self.tries(Payment { amount: gbp(minor), status, ..self.payment(bill, on) });
        if let Some(bill) = self.invoices.last_mut().filter(|_| arrived) {
            bill.paid = gbp((bill.paid.minor + minor).min(bill.total.minor));
        }
    }

    /// A round sum; what is too much comes off the next bill.
    fn pays_too_much(&mut self, bill: &Invoice, on: Date) {
        let round = (bill.total.minor / ROUND_TO + 1) * ROUND_TO;
        self.pays(bill, on, round);
        let next = first_of(month_of(bill.issued) + 1);
        let too_much = bill.total.minor - round;
        self.on_next_bill.push(line(LineKind::CarriedOver, "Paid too much before", too_much, next, next));
    }

    fn pays_twice(&mut self, bill: &Invoice, on: Date) {
        let again = later(on, 2);
        self.tries(self.payment(bill, again));
        self.refund(bill.total, later(again, 5), "one bill was paid twice");
    }

    fn pays_in_parts(&mut self, bill: &Invoice) {
        let agreed = later(bill.due, 10);
        if self.today < agreed {
            return;
        }
        let third = bill.total.minor / 3;
        let amounts = [third, third, bill.total.minor - 2 * third];
        let days = [later(agreed, 14), later(agreed, 44), later(agreed, 74)];
        let parts: Vec<Instalment> =
            days.iter().zip(amounts).map(|(on, it)| Instalment { on: *on, amount: gbp(it) }).collect();
        let n_paid = parts.iter().filter(|it| it.on <= self.today).count();
        for part in parts.iter().take(n_paid) {
            self.pays(bill, part.on, part.amount.minor);
        }
        if let Some(bill) = self.invoices.last_mut() {
            bill.due = days[2];
        }
        self.schedules.push(Schedule { invoice: bill.number.clone(), parts, n_paid });
    }

    /// Puts a late fee on a month's bill. Of first ones, many are taken off again on the same bill.
    pub(super) fn add_late_fee(&mut self, month: i32) {
        let on = first_of(month);
        let number = self.number_in(month);
        let first = self.late_fees.iter().all(|it| it.on < first_of(month - 12));
        let taken_off = first && self.dice(month, "waived").one_in(2);
        self.on_next_bill.push(line(LineKind::LateFee, "Late payment fee", LATE_FEE, on, on));
        if taken_off {
            self.on_next_bill.push(line(LineKind::Credit, "Money back: late payment fee", -LATE_FEE, on, on));
            let reason = Some("it was your first late payment in a year".to_owned());
            let (amount, left, invoice) = (gbp(LATE_FEE), gbp(0), Some(number.clone()));
            self.credits.push(Credit { on, amount, left, reason, invoice });
        }
        self.late_fees.push(LateFee { on, amount: gbp(LATE_FEE), invoice: number, taken_off });
    }
}
