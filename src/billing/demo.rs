//! Made-up customers of a made-up internet provider, Fernhill Fibre.
//!
//! One for each thing that happens to bills: worked out from the day that it is asked on, so that "this month's bill"
//! is always this month's, and every customer shows what the id says on every day of the year. And a crowd beside
//! them, whose lives go on month by month from a seed: what a bill said in June it still says in July.
//!
//! No account is kept anywhere: each is a pure function of its id and the day, and cheap. What is kept are the acts
//! over it, in the store.

use futures_util::future::BoxFuture;
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Account, Act, ActError, Billing, BillingError, Done, Plan, PortalLink, Purpose};
use crate::conversation::CustomerId;
use crate::store::Store;
use apply::DemoChange;
use calendar::Calendar;
use kept::Keeper;

mod apply;
mod calendar;
mod crowd;
mod kept;
mod situations;

/// The address of the shop where nobody says another one.
const SITE: &str = "https://fernhill.example";
/// Customers for whom something was changed, as far as they are looked through.
const CHANGED_MAX: u32 = 1_000;

/// One of the demo's customers, as a page can list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoCustomer<'a> {
    /// The id, which says what the customer is for.
    pub id: &'a str,
    /// A plainly invented name.
    pub name: &'a str,
    /// What the account shows.
    pub shows: &'a str,
}

/// The demo as a source of billing data.
pub struct Demo {
    now: Box<dyn Fn() -> Zoned + Send + Sync>,
    keeper: Keeper,
    site: String,
}

impl Demo {
    /// The demo by a clock in the business's time zone. What is changed is kept in the store; `site` is the address
    /// at which the demo's shop is reached, as `http://127.0.0.1:8080`.
    pub fn new(store: Store, site: impl Into<String>, now: impl Fn() -> Zoned + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now), keeper: Keeper::Store(store), site: site.into() }
    }

    /// The demo on one day that doesn't pass. What is changed is forgotten with it.
    pub fn on(today: Date) -> Self {
        let noon = today.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap_or_default();
        Self { now: Box::new(move || noon.clone()), keeper: Keeper::memory(), site: SITE.to_owned() }
    }

    async fn account_now(&self, id: &str) -> Result<Account, BillingError> {
        let now = (self.now)();
        let account = account(id, now.date()).ok_or(BillingError::NotFound)?;
        self.keeper.changed_account(account, &now).await
    }

    async fn find_by_email(&self, email: &str) -> Result<Option<CustomerId>, BillingError> {
        let today = (self.now)().date();
        let wanted = email.trim();
        let is_it = |it: &Account| it.person.email.eq_ignore_ascii_case(wanted);
        let changed = self.keeper.changed(CHANGED_MAX).await.map_err(|_| BillingError::Unreachable)?;
        let mut found = Vec::new();
        for id in ids(today) {
            let id = CustomerId::new(id);
            let account = match changed.contains(&id) {
                true => self.account_now(id.as_str()).await.ok(),
                false => account(id.as_str(), today),
            };
            found.extend(account.filter(|it| is_it(it)).map(|it| it.customer));
        }
        let [one] = found.as_slice() else { return Ok(None) };
        Ok(Some(one.clone()))
    }
}

impl Billing for Demo {
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        Box::pin(self.account_now(customer.as_str()))
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(async { Ok(calendar::price_list()) })
    }

    fn act<'a>(
        &'a self,
        customer: &'a CustomerId,
        act: &'a Act,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Done, ActError>> {
        Box::pin(async move { keep(&self.keeper, customer, DemoChange::Act(act.clone()), key, &(self.now)()).await })
    }

    fn portal<'a>(
        &'a self,
        customer: &'a CustomerId,
        purpose: Purpose,
    ) -> BoxFuture<'a, Result<Option<PortalLink>, BillingError>> {
        Box::pin(async move {
            let known = account(customer.as_str(), (self.now)().date()).ok_or(BillingError::NotFound)?;
            let url = format!("{}/demo/portal/{}?customer={}", self.site, page_name(purpose), known.customer);
            Ok(Some(PortalLink { url, expires_at_ms: None }))
        })
    }

    fn customer_of_email<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<CustomerId>, BillingError>> {
        Box::pin(self.find_by_email(email))
    }

    fn customers(&self, max: usize) -> BoxFuture<'_, Result<Vec<CustomerId>, BillingError>> {
        let today = (self.now)().date();
        Box::pin(async move { Ok(ids(today).take(max).map(CustomerId::new).collect()) })
    }
}

/// What is done when a customer presses the button of the demo's own page; once for each key.
pub async fn finish_page(
    store: &Store,
    customer: &CustomerId,
    page: Purpose,
    key: &str,
    now: &Zoned,
) -> Result<Done, ActError> {
    keep(&Keeper::Store(store.clone()), customer, DemoChange::Page { page }, key, now).await
}

async fn keep(
    keeper: &Keeper,
    customer: &CustomerId,
    change: DemoChange,
    key: &str,
    now: &Zoned,
) -> Result<Done, ActError> {
    let unknown = || ActError::Refused { why: format!("the demo has no customer {customer}") };
    let account = account(customer.as_str(), now.date()).ok_or_else(unknown)?;
    keeper.act(&account, &change, key, now).await
}

/// The name of a page in its address.
pub fn page_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Pay => "pay",
        Purpose::SetUpAutopay => "set-up-autopay",
        Purpose::ChangeMethod => "change-method",
    }
}

/// The customers who each stand for one thing that happens to bills, in the order of a page.
pub fn customers() -> Vec<DemoCustomer<'static>> {
    situations::ALL.iter().map(|it| it.customer).collect()
}

/// The ids of everybody on a day: [`customers`], then those whose lives are made from a seed.
pub fn ids(today: Date) -> impl Iterator<Item = String> + use<> {
    let situations = situations::ALL.iter().map(|it| it.customer.id.to_owned());
    situations.chain(crowd::ids(today))
}

/// The account of one of [`ids`] as it stands on a day, before anything was changed; `None` for anybody else.
pub fn account(id: &str, today: Date) -> Option<Account> {
    let situation = situations::ALL.iter().enumerate().find(|(_, it)| it.customer.id == id);
    match situation {
        Some((index, situation)) => Some((situation.tell)(Calendar::new(today), situation.customer, index)),
        None => crowd::account(id, today),
    }
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
