//! Who there is in the demo: one customer for each thing that happens to bills.

use jiff::ToSpan;

use super::DemoCustomer;
use super::calendar::{
    Calendar, DUE_DAY, HISTORY_MONTHS, PlannedBill, Settled, account, gbp, line, plan, plan_line, set_next_due,
};
use crate::billing::{
    Account, Credit, Discount, Frequency, LateFee, Line, LineKind, Plan, PlanChange, PriceChange, Refund, RefundStatus,
    Standing,
};

/// What happens to one customer.
pub struct Situation {
    /// Who it happens to.
    pub customer: DemoCustomer<'static>,
    /// The account; takes the position in [`ALL`], from which numbers are made.
    pub tell: Tell,
}

type Tell = fn(Calendar, DemoCustomer<'_>, usize) -> Account;

const fn situation(id: &'static str, name: &'static str, shows: &'static str, tell: Tell) -> Situation {
    Situation { customer: DemoCustomer { id, name, shows }, tell }
}

/// Everybody. A new one goes to the end: the numbers on bills are made from the position.
pub const ALL: &[Situation] = &[
    situation("one-off-fee", "Sam Sample", "This month's bill has a one-off engineer visit.", one_off_fee),
    situation("price-rise", "Robin Example", "The price went up this month.", price_rise),
    situation("plan-change", "Alex Sample", "Moved to a bigger plan in the middle of last month.", plan_change),
    situation("first-late-fee", "Jo Example", "The first late fee in more than a year.", first_late_fee),
    situation("second-late-fee", "Chris Sample", "A late fee, and another five months ago.", second_late_fee),
    situation("duplicate-charge", "Kim Example", "One bill was paid twice, two days apart.", duplicate_charge),
    situation("refund-pending", "Pat Sample", "Money is on its way back.", refund_pending),
    situation("autopay-failing", "Lee Example", "The card has expired and the payment failed.", autopay_failing),
    situation("discount-ended", "Max Sample", "A discount ended with last month's bill.", discount_ended),
    situation("all-quiet", "Dana Example", "The same bill each month, always paid.", all_quiet),
    situation("usage-overage", "Mika Sample", "More calls than the plan includes.", usage_overage),
    situation("in-credit", "Toni Example", "Credit paid this month's bill, and some is left.", in_credit),
    situation("paused-for-nonpayment", "Jamie Sample", "Three bills are unpaid; the service is paused.", paused),
    situation("cancelled-but-billed", "Nicky Example", "Left last month and was billed again.", cancelled_but_billed),
    situation("moved-to-annual", "Ashley Sample", "Pays for a year at a time from this month.", moved_to_annual),
    situation("payment-pending", "Charlie Example", "A bank transfer hasn't arrived yet.", payment_pending),
    situation("bill-late", "Frankie Sample", "One bill is late; no fee yet, no autopay.", bill_late),
    situation("first-bill", "Billie Example", "The very first bill, with a part of a month.", first_bill),
    situation("in-contract", "Ray Sample", "Bound for seven more months.", in_contract),
    situation("on-paper", "Vivian Example", "Gets bills on paper, for a fee.", on_paper),
    situation("company", "Morgan Sample", "A company, with its name on the bills.", company),
];

/// A customer on Standard to whom nothing happens but what `extra` adds to a month's bill.
fn standard(
    calendar: Calendar,
    customer: DemoCustomer<'_>,
    index: usize,
    settled: impl Fn(u32) -> Settled,
    extra: impl Fn(u32) -> Option<Line>,
) -> Account {
    account(calendar, customer, index, plan("Standard"), HISTORY_MONTHS, |ago| {
        let mut lines = vec![plan_line(calendar, ago, &plan("Standard"))];
        lines.extend(extra(ago));
        PlannedBill { lines, settled: settled(ago) }
    })
}

fn by_autopay(_ago: u32) -> Settled {
    Settled::ByAutopay
}

fn nothing(_ago: u32) -> Option<Line> {
    None
}

fn one_off_fee(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let visit = calendar.day(1, 20);
    standard(calendar, customer, index, by_autopay, |ago| {
        (ago == 0).then(|| line(LineKind::OneOff, "Engineer visit", 1_200, visit, visit))
    })
}

fn price_rise(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let before = plan("Standard");
    let after = Plan { price: gbp(3_400), ..before.clone() };
    let mut account = account(calendar, customer, index, after.clone(), HISTORY_MONTHS, |ago| {
        let price = if ago == 0 { &after } else { &before };
        PlannedBill { lines: vec![plan_line(calendar, ago, price)], settled: Settled::ByAutopay }
    });
    for listed in &mut account.plans {
        if listed.name == after.name {
            *listed = after.clone();
        }
    }
    account.price_changes.push(PriceChange {
        label: after.name,
        from: before.price,
        to: after.price,
        on: calendar.first(0),
    });
    account
}

fn plan_change(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let (before, after) = (plan("Basic"), plan("Plus"));
    let (moved, last) = (calendar.day(1, 16), calendar.last(1));
    let month = u32::from(last.day().unsigned_abs());
    let rest = month - 15;
    let mut account = account(calendar, customer, index, after.clone(), HISTORY_MONTHS, |ago| {
        let lines = match ago {
            0 => vec![
                plan_line(calendar, ago, &after),
                line(LineKind::PartMonth, &after.name, after.price.share(rest, month).minor, moved, last),
                line(LineKind::PartMonth, &before.name, -before.price.share(rest, month).minor, moved, last),
            ],
            _ => vec![plan_line(calendar, ago, &before)],
        };
        PlannedBill { lines, settled: Settled::ByAutopay }
    });
    account.plan_changes.push(PlanChange { from: before.name, to: after.name, on: moved });
    account
}

const LATE_FEE: i64 = 500;

/// Pays by hand; the bills of the months in `fees` have a late fee, since those before them were paid late.
fn with_late_fees(calendar: Calendar, customer: DemoCustomer<'_>, index: usize, fees: &[u32]) -> Account {
    let is_late = |ago: u32| ago.checked_sub(1).is_some_and(|next| fees.contains(&next));
    let settled = |ago| if is_late(ago) { Settled::On(27) } else { Settled::On(12) };
    let mut account = standard(calendar, customer, index, settled, |ago| late_fee_line(calendar, ago, fees));
    account.autopay = false;
    add_late_fees(&mut account, fees);
    account
}

fn late_fee_line(calendar: Calendar, ago: u32, fees: &[u32]) -> Option<Line> {
    let on = calendar.first(ago);
    fees.contains(&ago).then(|| line(LineKind::LateFee, "Late payment fee", LATE_FEE, on, on))
}

fn add_late_fees(account: &mut Account, fees: &[u32]) {
    let charged = account.invoices.iter().zip(0_u32..).filter(|(_, ago)| fees.contains(ago));
    account.late_fees = charged
        .map(|(invoice, _)| LateFee {
            on: invoice.issued,
            amount: gbp(LATE_FEE),
            invoice: invoice.number.clone(),
            taken_off: false,
        })
        .collect();
}

fn first_late_fee(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    with_late_fees(calendar, customer, index, &[0])
}

fn second_late_fee(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    with_late_fees(calendar, customer, index, &[0, 5])
}

fn duplicate_charge(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let twice = calendar.month_past(7);
    let settled = |ago| if ago == twice { Settled::Twice(5, 7) } else { Settled::On(5) };
    let mut account = standard(calendar, customer, index, settled, nothing);
    account.autopay = false;
    account
}

fn refund_pending(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let settled = |ago| if ago == 1 { Settled::Twice(5, 7) } else { Settled::On(5) };
    let mut account = standard(calendar, customer, index, settled, nothing);
    account.autopay = false;
    let asked_on = calendar.today.saturating_sub(7.days());
    account.refunds.push(Refund {
        amount: gbp(3_000),
        status: RefundStatus::OnItsWay,
        asked_on,
        expected_by: Some(asked_on.saturating_add(10.days())),
        to: account.method.clone(),
        reason: Some("one bill was paid twice".to_owned()),
    });
    account
}

fn autopay_failing(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let failed = calendar.month_past(DUE_DAY);
    let settled = |ago| if ago == failed { Settled::Failed } else { Settled::ByAutopay };
    let mut account = standard(calendar, customer, index, settled, nothing);
    let expired = calendar.last(failed + 1);
    let payments = account.payments.iter_mut().filter_map(|it| it.method.as_mut());
    for method in payments.chain(account.method.as_mut()) {
        method.expires = Some(expired);
    }
    account
}

fn discount_ended(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let label = "12-month discount";
    let mut account = standard(calendar, customer, index, by_autopay, |ago| {
        let (from, to) = (calendar.first(ago), calendar.last(ago));
        (1..=12).contains(&ago).then(|| line(LineKind::Discount, label, -600, from, to))
    });
    account.discounts.push(Discount {
        label: label.to_owned(),
        amount: gbp(600),
        from: calendar.first(12),
        until: Some(calendar.last(1)),
    });
    account
}

fn all_quiet(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    standard(calendar, customer, index, by_autopay, nothing)
}

fn usage_overage(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    standard(calendar, customer, index, by_autopay, |ago| {
        let used = if ago == 0 { 940 } else { 120 + i64::from(ago * 70 % 200) };
        let (from, to) = (calendar.first(ago + 1), calendar.last(ago + 1));
        Some(line(LineKind::Usage, "Calls to mobiles", used, from, to))
    })
}

fn in_credit(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let given = calendar.day(1, 22);
    let mut account = standard(calendar, customer, index, by_autopay, |ago| {
        (ago == 0).then(|| line(LineKind::Credit, "Days without internet", -3_000, given, given))
    });
    account.credit = gbp(1_800);
    account.credits.push(Credit {
        on: given,
        amount: gbp(4_800),
        left: gbp(1_800),
        reason: Some("your internet was down".to_owned()),
        invoice: None,
    });
    account
}

fn paused(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let fees = [0, 1];
    let settled = |ago| if ago <= 2 { Settled::Unpaid } else { Settled::On(14) };
    let mut account = standard(calendar, customer, index, settled, |ago| late_fee_line(calendar, ago, &fees));
    account.autopay = false;
    account.standing = Standing::Paused;
    add_late_fees(&mut account, &fees);
    account
}

fn cancelled_but_billed(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let mut account = standard(calendar, customer, index, by_autopay, nothing);
    account.standing = Standing::Ended;
    account.ended_on = Some(calendar.day(1, 20));
    account.next_bill_on = None;
    set_next_due(&mut account, calendar);
    account
}

fn moved_to_annual(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let monthly = plan("Standard");
    let yearly = Plan { price: gbp(30_000), frequency: Frequency::Year, ..monthly.clone() };
    let next = calendar.first(0).saturating_add(1.year());
    let mut account = account(calendar, customer, index, yearly.clone(), HISTORY_MONTHS, |ago| {
        let line = match ago {
            0 => {
                line(LineKind::Plan, &yearly.name, yearly.price.minor, calendar.first(0), next.saturating_sub(1.day()))
            }
            _ => plan_line(calendar, ago, &monthly),
        };
        PlannedBill { lines: vec![line], settled: Settled::ByAutopay }
    });
    account.next_bill_on = Some(next);
    set_next_due(&mut account, calendar);
    account
}

fn payment_pending(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let sent = calendar.today.saturating_sub(1.day());
    // On the first two days of a month yesterday's transfer can only be for the bill before.
    let pending = calendar.month_past(3);
    let settled = |ago| if ago == pending { Settled::Pending(sent) } else { Settled::On(14) };
    let mut account = standard(calendar, customer, index, settled, nothing);
    account.autopay = false;
    account
}

fn bill_late(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let late = calendar.month_past(DUE_DAY + 1);
    let settled = |ago| if ago <= late { Settled::Unpaid } else { Settled::On(10) };
    let mut account = standard(calendar, customer, index, settled, nothing);
    account.autopay = false;
    account
}

fn first_bill(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let plan = plan("Standard");
    let (joined, last) = (calendar.day(1, 17), calendar.last(1));
    let month = u32::from(last.day().unsigned_abs());
    let part = plan.price.share(month - 16, month).minor;
    let mut account = account(calendar, customer, index, plan.clone(), 0, |ago| {
        let lines = vec![plan_line(calendar, ago, &plan), line(LineKind::PartMonth, &plan.name, part, joined, last)];
        PlannedBill { lines, settled: Settled::ByAutopay }
    });
    account.since = joined;
    account
}

fn in_contract(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let mut account = standard(calendar, customer, index, by_autopay, nothing);
    let left = 7;
    account.contract_ends_on = Some(calendar.first(0).saturating_add(i64::from(left).months()).last_of_month());
    account.end_fee = gbp(i64::from(left) * 600);
    account
}

fn on_paper(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let mut account = standard(calendar, customer, index, by_autopay, |ago| {
        Some(line(LineKind::Fee, "Paper bills", 150, calendar.first(ago), calendar.first(ago)))
    });
    account.paper = true;
    account
}

fn company(calendar: Calendar, customer: DemoCustomer<'_>, index: usize) -> Account {
    let mut account = account(calendar, customer, index, plan("Plus"), HISTORY_MONTHS, |ago| PlannedBill {
        lines: vec![plan_line(calendar, ago, &plan("Plus"))],
        settled: Settled::ByAutopay,
    });
    account.person.company = Some("Sample Bakery Ltd".to_owned());
    account.person.tax_id = Some("GB 000 0000 00".to_owned());
    account
}
