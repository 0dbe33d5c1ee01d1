//! Where the demo's acts are kept: in the store, or in memory for talks.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Zoned;
use serde::Serialize;

use super::apply::{self, DemoChange};
use crate::billing::{Account, ActError, BillingError, Done};
use crate::conversation::CustomerId;
use crate::store::{DemoAct, Store, StoreError};

/// So much can be changed for one customer; then the demo refuses.
const ACTS_MAX: u32 = 200;
/// So often an act is tried when others change something for the same customer at the same moment.
const TRIES_MAX: usize = 8;

/// Where acts are kept.
pub enum Keeper {
    /// For good.
    Store(Store),
    /// While the demo lives.
    Memory(Mutex<BTreeMap<CustomerId, Vec<DemoAct>>>),
}

impl Keeper {
    /// Keeps acts while the demo lives.
    pub fn memory() -> Self {
        Keeper::Memory(Mutex::default())
    }

    async fn rows(&self, customer: &CustomerId) -> Result<Vec<DemoAct>, StoreError> {
        match self {
            Keeper::Store(store) => store.demo_acts(customer, ACTS_MAX).await,
            Keeper::Memory(acts) => {
                let acts = acts.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(acts.get(customer).cloned().unwrap_or_default())
            }
        }
    }

    async fn keep(&self, n: i64, act: DemoAct) -> Result<(), StoreError> {
        match self {
            Keeper::Store(store) => store.keep_demo_act(n, act).await,
            Keeper::Memory(acts) => {
                let mut acts = acts.lock().unwrap_or_else(PoisonError::into_inner);
                let own = acts.entry(act.customer.clone()).or_default();
                let is_next = i64::try_from(own.len()) == Ok(n - 1) && own.iter().all(|it| it.key != act.key);
                if !is_next {
                    return Err(StoreError::Conflict);
                }
                own.push(act);
                Ok(())
            }
        }
    }

    /// The customers for whom anything was changed, at most `max`.
    pub async fn changed(&self, max: u32) -> Result<Vec<CustomerId>, StoreError> {
        match self {
            Keeper::Store(store) => store.changed_demo_customers(max).await,
            Keeper::Memory(acts) => {
                let acts = acts.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(acts.keys().take(usize::try_from(max).unwrap_or(usize::MAX)).cloned().collect())
            }
        }
    }

    /// The account with everything that was changed since it was made.
    pub async fn changed_account(&self, mut account: Account, now: &Zoned) -> Result<Account, BillingError> {
        let rows = self.rows(&account.customer).await.map_err(|_| BillingError::Unreachable)?;
        let changes = read(&rows).ok_or(BillingError::Broken)?;
        apply_all(&mut account, changes, now);
        Ok(account)
    }

    /// Changes something once for each key. `account` is as it was made, without earlier changes.
    pub async fn act(&self, account: &Account, change: &DemoChange, key: &str, now: &Zoned) -> Result<Done, ActError> {
        for _ in 0..TRIES_MAX {
            let rows = self.rows(&account.customer).await.map_err(|_| ActError::Unknown)?;
            let before = read(&rows).ok_or(ActError::Unknown)?;
            if let Some(at) = rows.iter().position(|it| it.key == key) {
                return Ok(before[at].1.clone());
            }
            if ACTS_MAX as usize <= rows.len() {
                return refused(format!(
                    "{} was changed {ACTS_MAX} times, which is all the demo keeps",
                    account.customer
                ));
            }
            let n = rows.len() + 1;
            let done = Done { reference: apply::reference(account, change, n), on: now.date() };
            let mut changed = account.clone();
            apply_all(&mut changed, before, now);
            apply::apply(&mut changed, change, &done, now.date()).or_else(refused)?;
            let row = DemoAct {
                customer: account.customer.clone(),
                key: key.to_owned(),
                act: write(change)?,
                done: write(&done)?,
                at_ms: now.timestamp().as_millisecond(),
            };
            match self.keep(i64::try_from(n).unwrap_or(i64::MAX), row).await {
                Ok(()) => return Ok(done),
                // Somebody else was first: look again at what there is now.
                Err(StoreError::Conflict) => {}
                Err(_) => return Err(ActError::Unknown),
            }
        }
        Err(ActError::Unknown)
    }
}

fn apply_all(account: &mut Account, changes: Vec<(DemoChange, Done)>, now: &Zoned) {
    for (change, done) in apply::without_ends_taken_back(changes) {
        // What it was about may be gone: the bills of customers with a situation move on with the months.
        let _ = apply::apply(account, &change, &done, now.date());
    }
}

fn refused<T>(why: String) -> Result<T, ActError> {
    Err(ActError::Refused { why })
}

/// What the rows say; `None` where a row makes no sense.
fn read(rows: &[DemoAct]) -> Option<Vec<(DemoChange, Done)>> {
    let one = |row: &DemoAct| Some((serde_json::from_str(&row.act).ok()?, serde_json::from_str(&row.done).ok()?));
    rows.iter().map(one).collect()
}

fn write(value: &impl Serialize) -> Result<String, ActError> {
    serde_json::to_string(value).map_err(|_| ActError::Unknown)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use crate::billing::demo::{Demo, account, finish_page};
    use crate::billing::{
        Account, Act, ActError, Billing, Currency, DisputeStatus, Done, Instalment, Invoice, Money, Purpose, Standing,
    };
    use crate::conversation::CustomerId;
    use crate::store::{Store, StoreSettings};

    const JUNE: Date = date(2026, 6, 16);

    fn gbp(minor: i64) -> Money {
        Money::new(minor, Currency::GBP)
    }

    /// One customer of a demo of their own.
    struct One {
        demo: Demo,
        id: CustomerId,
    }

    impl One {
        fn new(id: &str) -> Self {
            Self { demo: Demo::on(JUNE), id: CustomerId::new(id) }
        }

        async fn account(&self) -> Account {
            self.demo.account(&self.id).await.expect("a demo customer")
        }

        async fn bill(&self) -> Invoice {
            self.account().await.newest_invoice().expect("a bill").clone()
        }

        async fn act(&self, act: &Act, key: &str) -> Result<Done, ActError> {
            self.demo.act(&self.id, act, key).await
        }

        async fn done(&self, act: &Act) -> Done {
            self.act(act, act.name()).await.expect("the demo does it")
        }

        async fn refuses(&self, act: &Act) {
            let before = self.account().await;
            let answer = self.act(act, "refused").await;
            assert!(matches!(answer, Err(ActError::Refused { .. })), "{act:?}: {answer:?}");
            assert_eq!(self.account().await, before, "{act:?}");
        }
    }

    fn late_fee(invoice: &str) -> Act {
        Act::TakeOffLateFee { invoice: invoice.to_owned(), amount: gbp(500) }
    }

    #[tokio::test]
    async fn a_late_fee_comes_off_once_however_often_the_key_comes() {
        let one = One::new("first-late-fee");
        let bill = one.bill().await;
        let first = one.done(&late_fee(&bill.number)).await;
        assert_eq!(first.reference, "CR-20810-1");
        assert_eq!(one.done(&late_fee(&bill.number)).await, first);
        let after = one.bill().await;
        assert_eq!((after.total.minor, after.adds_up()), (bill.total.minor - 500, true));
        let account = one.account().await;
        assert!(account.late_fees[0].taken_off);
        assert_eq!((account.credits[0].amount, account.credits[0].invoice.as_ref()), (gbp(500), Some(&bill.number)));
        // Under another key it is another act, and there is no fee left for it.
        one.refuses(&late_fee(&bill.number)).await;
    }

    #[tokio::test]
    async fn a_fee_that_was_paid_already_stays_on_the_account() {
        let one = One::new("second-late-fee");
        let bill = one.bill().await;
        assert_eq!(bill.paid, bill.total);
        one.done(&late_fee(&bill.number)).await;
        let account = one.account().await;
        assert_eq!((account.credit, account.credits[0].left), (gbp(500), gbp(500)));
        assert_eq!((one.bill().await.owed(), account.balance()), (gbp(0), gbp(0)));
    }

    #[tokio::test]
    async fn an_unpaid_fee_that_comes_off_is_no_longer_owed() {
        let one = One::new("paused-for-nonpayment");
        let before = one.account().await.balance();
        one.done(&late_fee(&one.bill().await.number)).await;
        assert_eq!(one.account().await.balance(), gbp(before.minor - 500));
    }

    #[tokio::test]
    async fn more_days_move_the_due_day_and_nothing_else() {
        let one = One::new("bill-late");
        let bill = one.bill().await;
        let until = date(2026, 6, 29);
        one.refuses(&Act::GiveMoreDays { invoice: bill.number.clone(), until: date(2026, 6, 15) }).await;
        one.done(&Act::GiveMoreDays { invoice: bill.number.clone(), until }).await;
        assert_eq!(one.bill().await, Invoice { due: until, ..bill.clone() });
        assert_eq!(one.account().await.next_due_on, Some(until));
        let paid = One::new("all-quiet");
        paid.refuses(&Act::GiveMoreDays { invoice: paid.bill().await.number, until }).await;
    }

    #[tokio::test]
    async fn parts_come_to_what_is_owed_or_are_refused() {
        let one = One::new("bill-late");
        let bill = one.bill().await;
        let part = |day: i8, minor: i64| Instalment { on: date(2026, 7, day), amount: gbp(minor) };
        let parts = |parts: Vec<Instalment>| Act::PayInParts { invoice: bill.number.clone(), parts };
        for wrong in [
            vec![part(1, 3_000)],
            vec![part(1, 1_500), part(2, 1_499)],
            vec![part(2, 1_500), part(1, 1_500)],
            vec![part(1, 3_500), part(2, -500)],
        ] {
            one.refuses(&parts(wrong)).await;
        }
        one.done(&parts(vec![part(1, 1_500), part(15, 1_500)])).await;
        let account = one.account().await;
        assert_eq!((account.schedules.len(), account.schedules[0].n_paid), (1, 0));
        assert_eq!((account.balance(), account.next_due_on), (gbp(3_000), Some(date(2026, 7, 1))));
        assert_eq!(one.bill().await.days_late(JUNE), 0);
    }

    #[tokio::test]
    async fn a_dispute_is_open_until_somebody_decides() {
        let one = One::new("one-off-fee");
        let invoice = one.bill().await.number;
        let act = |amount: i64| Act::OpenDispute {
            invoice: invoice.clone(),
            amount: Some(gbp(amount)),
            facts: "nobody came".to_owned(),
        };
        one.refuses(&act(4_201)).await;
        let done = one.done(&act(1_200)).await;
        let account = one.account().await;
        assert_eq!((account.disputes[0].reference.as_str(), account.disputes[0].opened_on), (&*done.reference, JUNE));
        assert_eq!(account.disputes[0].status, DisputeStatus::Open);
        one.refuses(&act(1_200)).await;
    }

    #[tokio::test]
    async fn autopay_stops_and_the_page_sets_it_up_again() {
        let one = One::new("all-quiet");
        one.done(&Act::StopAutopay).await;
        assert!(!one.account().await.autopay);
        one.refuses(&Act::StopAutopay).await;
        let link = one.demo.portal(&one.id, Purpose::SetUpAutopay).await.expect("a known customer").expect("a page");
        assert_eq!(link.url, "https://fernhill.example/demo/portal/set-up-autopay?customer=all-quiet");
    }

    #[test]
    fn later_bills_are_collected_again_once_autopay_is_set_up_again() {
        let today = date(2026, 9, 16);
        let mut account = account("all-quiet", today).expect("a demo customer");
        let done = |on: Date| Done { reference: "CH-1".into(), on };
        let stop = super::DemoChange::Act(Act::StopAutopay);
        super::apply::apply(&mut account, &stop, &done(JUNE), today).expect("it is on");
        let owed = |account: &Account| -> Vec<(i8, bool)> {
            let later = account.invoices.iter().filter(|it| JUNE < it.issued);
            later.map(|it| (it.issued.month(), 0 < it.owed().minor)).collect()
        };
        assert_eq!(owed(&account), [(9, true), (8, true), (7, true)], "to be paid by hand");
        let again = super::DemoChange::Page { page: Purpose::SetUpAutopay };
        super::apply::apply(&mut account, &again, &done(date(2026, 7, 20)), today).expect("it is off");
        assert_eq!(owed(&account), [(9, false), (8, false), (7, true)], "collected since then");
        let newest = account.payments.first().expect("there is one");
        assert_eq!((newest.on, newest.method.is_some()), (date(2026, 9, 15), true));
        assert!(account.invoices.iter().all(Invoice::adds_up));
    }

    #[tokio::test]
    async fn bills_come_on_another_day() {
        let one = One::new("all-quiet");
        for day in [0, 29, 1] {
            one.refuses(&Act::ChangeBillingDay { day }).await;
        }
        one.done(&Act::ChangeBillingDay { day: 20 }).await;
        let account = one.account().await;
        assert_eq!((account.billing_day, account.next_bill_on), (20, Some(date(2026, 7, 20))));
    }

    #[tokio::test]
    async fn contact_and_company_change_only_where_something_is_given() {
        let one = One::new("company");
        let before = one.account().await.person;
        let new = Act::UpdateContact { email: Some("new@example.org".to_owned()), address: None, name: None };
        one.done(&new).await;
        one.done(&Act::UpdateCompany { company: None, tax_id: Some("GB 111 1111 11".to_owned()) }).await;
        let after = one.account().await.person;
        assert_eq!(
            (after.email.as_str(), &after.address, &after.name),
            ("new@example.org", &before.address, &before.name)
        );
        assert_eq!((after.company, after.tax_id.as_deref()), (before.company, Some("GB 111 1111 11")));
        one.refuses(&Act::UpdateContact { email: Some("nowhere".to_owned()), address: None, name: None }).await;
        one.refuses(&Act::UpdateContact { email: None, address: Some("  ".to_owned()), name: None }).await;
        let found = |email: &'static str| one.demo.customer_of_email(email);
        assert_eq!(found("NEW@example.org").await, Ok(Some(one.id.clone())));
        assert_eq!(found("morgan@example.com").await, Ok(None));
    }

    #[tokio::test]
    async fn an_end_of_service_can_be_taken_back_while_it_lies_ahead() {
        let one = One::new("all-quiet");
        let before = one.account().await;
        one.refuses(&Act::KeepService).await;
        one.refuses(&Act::Cancel { on: date(2026, 6, 15) }).await;
        one.done(&Act::Cancel { on: date(2026, 6, 30) }).await;
        let left = one.account().await;
        assert_eq!((left.ended_on, left.next_bill_on), (Some(date(2026, 6, 30)), None));
        assert_eq!(left.standing, Standing::Active);
        one.done(&Act::KeepService).await;
        assert_eq!(one.account().await, before);
        assert_eq!(One::new("cancelled-but-billed").act(&Act::KeepService, "k").await.ok(), None);
    }

    #[tokio::test]
    async fn a_stranger_is_refused_and_nothing_is_kept() {
        let demo = Demo::on(JUNE);
        let answer = demo.act(&CustomerId::new("nobody"), &Act::StopAutopay, "k").await;
        assert!(matches!(answer, Err(ActError::Refused { .. })), "{answer:?}");
    }

    #[tokio::test]
    async fn acts_outlive_the_program_and_two_at_once_are_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = StoreSettings { data: folder.path().to_owned(), ..StoreSettings::default() };
        let now = || JUNE.at(10, 0, 0, 0).in_tz("Europe/London").expect("a time");
        let id = CustomerId::new("paused-for-nonpayment");
        let act = late_fee(&account(id.as_str(), JUNE).expect("a demo customer").invoices[0].number);
        let store = Store::open(&settings).await.expect("the store opens");
        let demo = Demo::new(store.clone(), "http://shop", now);
        let other = Demo::new(store.clone(), "http://shop", now);
        let (one, two) = tokio::join!(demo.act(&id, &act, "key"), other.act(&id, &act, "key"));
        assert_eq!(one, two);
        assert_eq!(demo.account(&id).await.map(|it| it.credits.len()), Ok(1));
        store.close().await;
        let store = Store::open(&settings).await.expect("the store opens again");
        let demo = Demo::new(store.clone(), "http://shop", now);
        assert_eq!(demo.act(&id, &act, "key").await, one);
        finish_page(&store, &id, Purpose::Pay, "page", &now()).await.expect("it can be paid");
        let paid = demo.account(&id).await.expect("a demo customer");
        assert_eq!((paid.balance(), paid.standing, paid.payments[0].on), (gbp(0), Standing::Active, JUNE));
        store.close().await;
    }
}
