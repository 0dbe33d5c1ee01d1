//! One customer's life with the shop: bills, and what happens between them.

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};

use super::dice::Dice;
use crate::billing::demo::calendar::{DUE_DAY, gbp, price_list};
use crate::billing::{
    Credit, Discount, Dispute, DisputeStatus, Frequency, Invoice, LateFee, Line, LineKind, Method, Money, Payment,
    Plan, PlanChange, PriceChange, Refund, RefundStatus, Schedule,
};

/// The shop opened in this month.
const OPENED: Date = date(2023, 1, 1);
/// Months after the opening in which the last of the crowd joins.
const JOINING_MONTHS: i64 = 44;
/// Of ten customers so many were there within the first fifteen months.
const EARLY_OF_TEN: i64 = 8;
/// Prices are with 20 % value added tax in them.
const TAX_PERCENT: u32 = 20;
/// Who joined on an old price pays the new one after so many months.
const OLD_PRICE_MONTHS: i32 = 12;
const OLD_PRICE_LESS: i64 = 200;
const WELCOME_DISCOUNT: i64 = 600;
const PAPER_FEE: i64 = 150;
const ENGINEER_VISIT: i64 = 1_200;

/// How somebody pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// In time.
    Careful,
    /// Now and then too late.
    Forgetful,
    /// Often late, and by weeks.
    Short,
}

/// A life as far as it is told. Lists are oldest first.
pub struct Life {
    pub(super) n: u64,
    pub(super) today: Date,
    pub(super) habit: Habit,
    pub(super) autopay: bool,
    pub(super) by_bank: bool,
    pub(super) paper: bool,
    pub(super) method: Method,
    pub(super) plan: Plan,
    pub(super) bound_until: Option<Date>,
    pub(super) ended_on: Option<Date>,
    pub(super) invoices: Vec<Invoice>,
    pub(super) payments: Vec<Payment>,
    pub(super) refunds: Vec<Refund>,
    pub(super) late_fees: Vec<LateFee>,
    pub(super) discounts: Vec<Discount>,
    pub(super) price_changes: Vec<PriceChange>,
    pub(super) plan_changes: Vec<PlanChange>,
    pub(super) disputes: Vec<Dispute>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) credits: Vec<Credit>,
    /// What stands on the next bill besides the plan.
    pub(super) on_next_bill: Vec<Line>,
    /// The last bill was paid too late.
    pub(super) late_fee_to_come: bool,
    calls: bool,
    old_price: bool,
    yearly_since: Option<i32>,
    billed_by_mistake: bool,
}

/// Months since the year 0.
pub fn month_of(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// The first day of a month; the last day that there is, for a month after it.
pub fn first_of(month: i32) -> Date {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    Date::new(year, i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1), 1).unwrap_or(Date::MAX)
}

/// The day on which a customer joined.
pub fn joined_on(n: u64) -> Date {
    let mut dice = Dice::of(n, 0, "joined");
    let early = dice.between(1, 10) <= EARLY_OF_TEN;
    let months = if early { dice.between(0, 15) } else { dice.between(16, JOINING_MONTHS) };
    let first = OPENED.saturating_add(months.months());
    if dice.one_in(3) { first } else { first.saturating_add(dice.between(1, 26).days()) }
}

impl Life {
    /// A life on its first day.
    pub fn of(n: u64, today: Date) -> Self {
        let mut dice = Dice::of(n, 0, "traits");
        let joined = joined_on(n);
        let habit = match dice.between(1, 100) {
            1..=76 => Habit::Careful,
            77..=93 => Habit::Forgetful,
            _ => Habit::Short,
        };
        let autopay = habit == Habit::Careful && !dice.one_in(5) || dice.one_in(6);
        let by_bank = dice.one_in(4);
        let mut plan = price_list().swap_remove(usize::try_from(dice.between(0, 2)).unwrap_or(0));
        let old_price = dice.one_in(2);
        if old_price {
            plan.price = gbp(plan.price.minor - OLD_PRICE_LESS);
        }
        let discounts = dice.one_in(3).then(|| Discount {
            label: "Welcome discount".to_owned(),
            amount: gbp(WELCOME_DISCOUNT),
            from: joined,
            until: Some(first_of(month_of(joined) + 12).yesterday().unwrap_or(joined)),
        });
        Self {
            n,
            today,
            habit,
            autopay,
            by_bank,
            paper: dice.one_in(12),
            method: method(&mut dice, by_bank, today),
            plan,
            bound_until: dice.one_in(6).then(|| joined.saturating_add(24.months())),
            ended_on: None,
            invoices: Vec::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            late_fees: Vec::new(),
            discounts: discounts.into_iter().collect(),
            price_changes: Vec::new(),
            plan_changes: Vec::new(),
            disputes: Vec::new(),
            schedules: Vec::new(),
            credits: Vec::new(),
            on_next_bill: Vec::new(),
            late_fee_to_come: false,
            calls: dice.one_in(4),
            old_price,
            yearly_since: None,
            billed_by_mistake: false,
        }
    }

    /// Lives it up to the present day.
    pub fn live(&mut self) {
        for month in month_of(joined_on(self.n))..=month_of(self.today) {
            self.bill(month);
            self.between_bills(month);
        }
    }

    /// When the next bill comes.
    pub fn next_bill_on(&self) -> Option<Date> {
        let this = month_of(self.today);
        let away = self.yearly_since.map_or(1, |since| 12 - (this - since).rem_euclid(12));
        let next = first_of(this + away);
        self.ended_on.is_none_or(|it| next <= it).then_some(next)
    }

    pub(super) fn dice(&self, month: i32, what: &str) -> Dice {
        Dice::of(self.n, month, what)
    }

    /// The number of a month's bill: six digits of which the first three are the customer's.
    pub(super) fn number_in(&self, month: i32) -> String {
        let since_opening = i64::from(month - month_of(OPENED)).rem_euclid(1_000);
        format!("INV-{}", 100_000 + i64::try_from(self.n).unwrap_or(0) * 1_000 + since_opening)
    }

    fn bill(&mut self, month: i32) {
        let issued = first_of(month);
        let joined = joined_on(self.n);
        let gone = self.ended_on.is_some_and(|it| it < issued);
        // Once in a while somebody who has left is billed again, which is put right as soon as they say so.
        let mistake = gone && !self.billed_by_mistake && self.dice(month, "mistake").one_in(6);
        let left_last_month = self.ended_on.is_some_and(|it| month_of(it) + 1 == month);
        if issued < joined || (gone && !(mistake && left_last_month)) {
            return;
        }
        self.billed_by_mistake |= mistake;
        if self.yearly_since.is_some_and(|it| (month - it).rem_euclid(12) != 0) {
            return;
        }
        let lines = self.lines(month, joined);
        let was_visited = lines.iter().any(|it| it.kind == LineKind::OneOff);
        let total = gbp(lines.iter().map(|it| it.amount.minor).sum());
        let due = issued.saturating_add((i64::from(DUE_DAY) - 1).days());
        let invoice = Invoice {
            number: self.number_in(month),
            issued,
            due,
            lines,
            total,
            paid: gbp(0),
            tax: total.share(TAX_PERCENT, 100 + TAX_PERCENT),
            tax_percent: Some(TAX_PERCENT),
            void: false,
        };
        self.invoices.push(invoice);
        self.pay(month);
        if was_visited {
            self.dispute(month);
        }
        if gone {
            self.refund(total, later(issued, 9), "this bill came after you had left");
        }
    }

    fn lines(&mut self, month: i32, joined: Date) -> Vec<Line> {
        let (first, last) = (first_of(month), first_of(month).last_of_month());
        if self.old_price && month == month_of(joined) + OLD_PRICE_MONTHS {
            self.old_price = false;
            let from = self.plan.price;
            self.plan.price = gbp(from.minor + OLD_PRICE_LESS);
            let label = self.plan.name.clone();
            self.price_changes.push(PriceChange { label, from, to: self.plan.price, on: first });
        }
        let until = if self.plan.frequency == Frequency::Year { first_of(month + 12).yesterday() } else { Ok(last) };
        let until = until.unwrap_or(last);
        let mut lines = vec![line(LineKind::Plan, &self.plan.name, self.plan.price.minor, first, until)];
        if month_of(joined) + 1 == month && 1 < joined.day() {
            let (rest, whole) = days_left(joined);
            let part = self.plan.price.share(rest, whole);
            lines.push(line(LineKind::PartMonth, &self.plan.name, part.minor, joined, joined.last_of_month()));
        }
        if std::mem::take(&mut self.late_fee_to_come) {
            self.add_late_fee(month);
        }
        lines.append(&mut self.on_next_bill);
        let mut dice = self.dice(month, "calls");
        if self.calls && joined < first && !dice.one_in(5) {
            let used = if dice.one_in(14) { dice.between(1_200, 2_600) } else { dice.between(40, 420) };
            let month_before = first_of(month - 1);
            lines.push(line(LineKind::Usage, "Calls to mobiles", used, month_before, month_before.last_of_month()));
        }
        if self.paper {
            lines.push(line(LineKind::Fee, "Paper bills", PAPER_FEE, first, first));
        }
        let discount = self.discounts.iter().find(|it| it.from <= last && it.until.is_none_or(|it| first <= it));
        if let Some(discount) = discount.filter(|_| self.plan.frequency == Frequency::Month) {
            lines.push(line(LineKind::Discount, &discount.label, -discount.amount.minor, first, last));
        }
        lines
    }

    /// What happens in a month after its bill. What would be on a later day than today has not happened.
    fn between_bills(&mut self, month: i32) {
        let here = |it: &Self, on: Date| on <= it.today && joined_on(it.n) < on && it.ended_on.is_none();
        let mut dice = self.dice(month, "between");
        let day = |dice: &mut Dice| first_of(month).saturating_add(dice.between(1, 25).days());
        let visit = day(&mut dice);
        if dice.one_in(80) && here(self, visit) {
            self.on_next_bill.push(line(LineKind::OneOff, "Engineer visit", ENGINEER_VISIT, visit, visit));
        }
        let outage = day(&mut dice);
        let days_out = dice.between(1, 5);
        if dice.one_in(90) && here(self, outage) {
            let amount = gbp(days_out * 100);
            self.on_next_bill.push(line(LineKind::Credit, "Days without internet", -amount.minor, outage, outage));
            let reason = Some("your internet was down".to_owned());
            self.credits.push(Credit { on: outage, amount, left: gbp(0), reason, invoice: None });
        }
        let moved = day(&mut dice);
        let to = usize::try_from(dice.between(0, 2)).unwrap_or(0);
        let monthly = self.plan.frequency == Frequency::Month;
        if dice.one_in(70) && monthly && here(self, moved) {
            self.change_plan(price_list().swap_remove(to), moved);
        }
        let asked = day(&mut dice);
        if dice.one_in(300) && monthly && !self.old_price && here(self, asked) {
            self.yearly_since = Some(month + 1);
            self.plan.frequency = Frequency::Year;
            self.plan.price = gbp(self.plan.price.minor * 10);
        }
        let offered = day(&mut dice);
        if dice.one_in(150) && here(self, offered) && self.discounts.iter().all(|it| it.until < Some(offered)) {
            let until = Some(first_of(month + 7).yesterday().unwrap_or(offered));
            let label = "Loyalty discount".to_owned();
            self.discounts.push(Discount { label, amount: gbp(300), from: first_of(month + 1), until });
        }
        let left = day(&mut dice);
        if dice.one_in(220) && here(self, left) {
            self.ended_on = Some(left);
        }
    }

    fn change_plan(&mut self, to: Plan, on: Date) {
        if to.name == self.plan.name {
            return;
        }
        let (rest, whole) = days_left(on);
        let last = on.last_of_month();
        let back = -self.plan.price.share(rest, whole).minor;
        let more = to.price.share(rest, whole).minor;
        self.on_next_bill.push(line(LineKind::PartMonth, &to.name, more, on, last));
        self.on_next_bill.push(line(LineKind::PartMonth, &self.plan.name, back, on, last));
        self.plan_changes.push(PlanChange { from: self.plan.name.clone(), to: to.name.clone(), on });
        self.plan = to;
        self.old_price = false;
    }

    /// Some think that a visit was not theirs to pay for; some of them are right.
    fn dispute(&mut self, month: i32) {
        let mut dice = self.dice(month, "dispute");
        let opened_on = later(first_of(month), dice.between(3, 12));
        let decided_on = later(opened_on, dice.between(4, 10));
        let upheld = dice.one_in(2);
        if !dice.one_in(3) || self.today < opened_on {
            return;
        }
        let status = match (self.today < decided_on, upheld) {
            (true, _) => DisputeStatus::Open,
            (false, true) => DisputeStatus::Upheld,
            (false, false) => DisputeStatus::Rejected,
        };
        let (amount, invoice) = (gbp(ENGINEER_VISIT), self.number_in(month));
        let reference = format!("DS-{}-{}", 40_000 + 17 * self.n, self.disputes.len() + 1);
        self.disputes.push(Dispute { reference, invoice, amount: Some(amount), opened_on, status });
        if status == DisputeStatus::Upheld {
            self.refund(amount, decided_on, "the engineer's visit was not yours to pay for");
        }
    }

    /// Money that goes back; on its way for some days.
    pub(super) fn refund(&mut self, amount: Money, asked_on: Date, reason: &str) {
        if self.today < asked_on {
            return;
        }
        let expected_by = asked_on.saturating_add(10.days());
        let status = match () {
            () if self.today < asked_on.saturating_add(2.days()) => RefundStatus::Asked,
            () if self.today < expected_by => RefundStatus::OnItsWay,
            () => RefundStatus::Paid,
        };
        self.refunds.push(Refund {
            amount,
            status,
            asked_on,
            expected_by: Some(expected_by),
            to: Some(self.method.clone()),
            reason: Some(reason.to_owned()),
        });
    }
}

/// A card or a bank account, which stays the same; a card is renewed before it expires.
fn method(dice: &mut Dice, bank: bool, today: Date) -> Method {
    let ending = format!("{:04}", dice.between(11, 9_989));
    if bank {
        return Method { name: "bank account".to_owned(), ending, expires: None };
    }
    let name = ["Visa", "Mastercard"][usize::from(dice.one_in(3))].to_owned();
    let phase = i32::try_from(dice.between(0, 35)).unwrap_or(0);
    let left = 36 - (month_of(today) + phase).rem_euclid(36);
    Method { name, ending, expires: Some(first_of(month_of(today) + left).last_of_month()) }
}

/// The days from one on to the end of its month, and the days of that month.
fn days_left(from: Date) -> (u32, u32) {
    let whole = u32::from(from.days_in_month().unsigned_abs());
    (whole + 1 - u32::from(from.day().unsigned_abs()), whole)
}

pub(super) fn line(kind: LineKind, label: &str, minor: i64, from: Date, to: Date) -> Line {
    crate::billing::demo::calendar::line(kind, label, minor, from, to)
}

/// So many days later.
pub(super) fn later(date: Date, days: i64) -> Date {
    date.saturating_add(Span::new().days(days))
}
