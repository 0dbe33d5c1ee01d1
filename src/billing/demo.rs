//! Made-up customers of a made-up internet provider, Fernhill Fibre: one for each thing that happens to bills.
//!
//! Everything is worked out from the day that it is asked on, so that "this month's bill" is always this
//! month's, and every customer shows what the id says on every day of the year.

use futures_util::future::BoxFuture;
use jiff::civil::Date;

use super::{Account, Billing, BillingError, Plan};
use crate::conversation::CustomerId;
use calendar::Calendar;

mod calendar;
mod situations;

/// One of the demo's customers, as a page can list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoCustomer {
    /// The id, which says what the customer is for.
    pub id: &'static str,
    /// A plainly invented name.
    pub name: &'static str,
    /// What the account shows.
    pub shows: &'static str,
}

/// The demo as a source of billing data.
pub struct Demo {
    today: Box<dyn Fn() -> Date + Send + Sync>,
}

impl Demo {
    /// The demo by a clock that says which day it is in the business's time zone.
    pub fn new(today: impl Fn() -> Date + Send + Sync + 'static) -> Self {
        Self { today: Box::new(today) }
    }

    /// The demo on one day that doesn't pass.
    pub fn on(today: Date) -> Self {
        Self::new(move || today)
    }
}

impl Billing for Demo {
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        Box::pin(async move { account(customer.as_str(), (self.today)()).ok_or(BillingError::NotFound) })
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(async { Ok(calendar::price_list()) })
    }
}

/// Everybody there is, in the order of a page.
pub fn customers() -> Vec<DemoCustomer> {
    situations::ALL.iter().map(|it| it.customer).collect()
}

/// The account of one of [`customers`] as it stands on a day; `None` for anybody else.
pub fn account(id: &str, today: Date) -> Option<Account> {
    let (index, situation) = situations::ALL.iter().enumerate().find(|(_, it)| it.customer.id == id)?;
    let calendar = Calendar::new(today);
    Some((situation.tell)(calendar, situation.customer, index))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;
    use crate::billing::explain::explain;
    use crate::billing::{Frequency, InvoiceStatus, LineKind, PaymentStatus, RefundStatus, Standing};

    const JUNE: Date = date(2026, 6, 16);

    fn on(id: &str, today: Date) -> Account {
        account(id, today).expect("a demo customer")
    }

    fn has_line(account: &Account, kind: LineKind) -> bool {
        account.invoices[0].lines.iter().any(|it| it.kind == kind)
    }

    /// The account shows what its id says.
    fn shows(account: &Account, today: Date) -> bool {
        let [newest, rest @ ..] = account.invoices.as_slice() else { return false };
        let change = rest.first().map(|it| explain(newest, it));
        let rise = change.as_ref().map_or(0, |it| it.total.minor);
        let any_late = account.invoices.iter().any(|it| it.status(today) == InvoiceStatus::Late);
        let fee = account.newest_late_fee();
        let first_fee = fee.map(|it| account.is_first_late_fee(it));
        match account.customer.as_str() {
            "one-off-fee" => rise == 1_200 && has_line(account, LineKind::OneOff),
            "price-rise" => rise == 400 && account.price_change(today).is_some(),
            "plan-change" => has_line(account, LineKind::PartMonth) && account.plan_change(today).is_some(),
            "first-late-fee" => first_fee == Some(true) && rise == 500,
            "second-late-fee" => first_fee == Some(false) && rise == 500,
            "duplicate-charge" => account.suspected_duplicate().is_some(),
            "refund-pending" => {
                let refund = account.newest_refund().map(|it| (it.status, today < it.expected_by.unwrap_or(today)));
                refund == Some((RefundStatus::OnItsWay, true)) && account.suspected_duplicate().is_none()
            }
            "autopay-failing" => {
                let expires = account.method.as_ref().and_then(|it| it.expires);
                account.failed_payment().is_some()
                    && 0 < account.balance().minor
                    && expires.is_some_and(|it| it < today)
                    && account.autopay
            }
            "discount-ended" => rise == 600 && account.ended_discount(today).is_some(),
            "all-quiet" => rise == 0 && !any_late,
            "usage-overage" => 0 < rise && has_line(account, LineKind::Usage),
            "in-credit" => newest.total.minor == 0 && 0 < account.credit.minor,
            "paused-for-nonpayment" => account.standing == Standing::Paused && any_late,
            "cancelled-but-billed" => account.ended_on.is_some_and(|it| it < newest.issued),
            "moved-to-annual" => account.plan.frequency == Frequency::Year && rise == 27_000,
            "payment-pending" => account.payments[0].status == PaymentStatus::Pending && 0 < account.balance().minor,
            "bill-late" => any_late && account.late_fees.is_empty(),
            "first-bill" => rest.is_empty() && has_line(account, LineKind::PartMonth),
            "in-contract" => account.contract_ends_on.is_some_and(|it| today < it),
            "on-paper" => account.paper && has_line(account, LineKind::Fee),
            "company" => account.person.company.is_some(),
            _ => false,
        }
    }

    fn check(account: &Account, today: Date) {
        let id = account.customer.as_str();
        assert!(shows(account, today), "{id} on {today} does not show what its id says");
        assert_eq!(account.invoices[0].issued, today.first_of_month(), "{id} on {today}");
        for pair in account.invoices.windows(2) {
            assert!(pair[1].issued < pair[0].issued, "{id} on {today}");
            assert_ne!(pair[0].number, pair[1].number, "{id} on {today}");
            assert!(explain(&pair[0], &pair[1]).complete, "{id} on {today}: {}", pair[0].number);
        }
        for invoice in &account.invoices {
            assert!(invoice.adds_up(), "{id} on {today}: {}", invoice.number);
            assert!(invoice.paid.minor <= invoice.total.minor, "{id} on {today}: {}", invoice.number);
        }
        for pair in account.payments.windows(2) {
            assert!(pair[1].on <= pair[0].on, "{id} on {today}");
        }
        assert!(account.payments.iter().all(|it| it.on <= today), "{id} on {today}");
        assert!(account.next_due_on.is_none_or(|it| today <= it), "{id} on {today}");
        assert!(id == "first-bill" || account.since.saturating_add(14.months()) <= today, "{id} on {today}");
    }

    #[test]
    fn every_customer_shows_what_the_id_says_on_all_days_of_two_years() {
        let mut today = date(2027, 1, 1);
        while today < date(2029, 1, 1) {
            for customer in customers() {
                check(&on(customer.id, today), today);
            }
            today = today.saturating_add(1.day());
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for today in [Date::MIN, Date::MAX, date(-1, 12, 31), date(0, 1, 1)] {
            for customer in customers() {
                let _ = on(customer.id, today);
            }
        }
    }

    #[test]
    fn the_figures_of_june_are_as_the_talks_have_them() {
        for (id, may, june) in [
            ("one-off-fee", 3_000, 4_200),
            ("price-rise", 3_000, 3_400),
            ("plan-change", 2_400, 4_522),
            ("discount-ended", 2_400, 3_000),
            ("first-late-fee", 3_000, 3_500),
            ("second-late-fee", 3_000, 3_500),
            ("duplicate-charge", 3_000, 3_000),
            ("autopay-failing", 3_000, 3_000),
            ("all-quiet", 3_000, 3_000),
        ] {
            check(&on(id, JUNE), JUNE);
            let invoices = on(id, JUNE).invoices;
            assert_eq!((invoices[1].total.minor, invoices[0].total.minor), (may, june), "{id}");
        }
    }

    #[test]
    fn the_dates_of_june_are_as_the_talks_have_them() {
        let refund = on("refund-pending", JUNE).refunds.remove(0);
        assert_eq!(refund.amount.minor, 3_000);
        assert_eq!((refund.asked_on, refund.expected_by), (date(2026, 6, 9), Some(date(2026, 6, 19))));
        let failing = on("autopay-failing", JUNE);
        assert_eq!(failing.failed_payment().map(|it| it.on), Some(date(2026, 6, 15)));
        assert_eq!(failing.balance().minor, 3_000);
        let method = failing.method.expect("a card");
        assert_eq!(method.expires_text().as_deref(), Some("05/26"));
        let quiet = on("all-quiet", JUNE);
        assert_eq!(quiet.payments[0].on, date(2026, 6, 15));
        assert_eq!(quiet.balance().minor, 0);
    }

    #[test]
    fn before_the_due_day_this_months_bill_is_open_and_nothing_was_taken() {
        let today = date(2026, 6, 3);
        let account = on("all-quiet", today);
        assert_eq!(account.invoices[0].status(today), InvoiceStatus::Open);
        assert_eq!(account.payments[0].on, date(2026, 5, 15));
        assert_eq!(account.next_due_on, Some(date(2026, 6, 15)));
        assert_eq!(account.balance().minor, 3_000);
    }

    #[test]
    fn bills_of_two_customers_have_different_numbers() {
        let numbers = |id| on(id, JUNE).invoices.into_iter().map(|it| it.number).collect::<Vec<_>>();
        let all: Vec<String> = customers().iter().flat_map(|it| numbers(it.id)).collect();
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[tokio::test]
    async fn a_stranger_is_not_found() {
        let demo = Demo::on(JUNE);
        assert_eq!(demo.account(&CustomerId::new("nobody")).await, Err(BillingError::NotFound));
        assert!(demo.account(&CustomerId::new("all-quiet")).await.is_ok());
        assert_eq!(demo.plans().await.map(|it| it.len()), Ok(3));
    }
}
