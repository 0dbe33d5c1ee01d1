//! The business's own endpoint as a source of billing data, as `docs/billing-api.openapi.json` describes it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::cache::Cache;
use super::reading::{At, Unexpected};
use super::remote::{self, Body, HttpAnswer, Remote, Request, SetupError};
use super::{Account, Act, ActError, Billing, BillingError, Changed, Done, Plan, PortalLink, Purpose, Whose};
use crate::config::{BillingConfig, Limits};
use crate::conversation::{CustomerId, normal};

mod shapes;

/// Ids that one page of customers has.
const PAGE: usize = 1_000;

/// The business's own endpoint.
pub struct Http {
    remote: Remote,
    accounts: Cache<CustomerId, Account>,
    plans: Cache<(), Vec<Plan>>,
}

impl Http {
    /// The endpoint that the settings name.
    pub fn new(config: &BillingConfig, limits: &Limits) -> Result<Self, SetupError> {
        let headers = HeaderMap::from_iter([remote::bearer(&config.key)?]);
        let hold = Duration::from_millis(limits.billing_cache_ms);
        Ok(Self {
            remote: Remote::new("http", &config.url, headers, limits)?,
            accounts: Cache::new(hold, limits.billing_cache_max),
            plans: Cache::new(hold, 1),
        })
    }

    async fn read(&self, request: &Request<'_>) -> Result<Value, BillingError> {
        let answer = self.remote.ask(request).await?;
        if answer.status == 200 { answer.json() } else { Err(answer.unexpected()) }
    }

    async fn read_account(&self, customer: &CustomerId) -> Result<Account, BillingError> {
        if !remote::fits_path(customer.as_str()) {
            return Err(BillingError::NotFound);
        }
        if let Some(account) = self.accounts.get(customer, Instant::now()) {
            return Ok(account);
        }
        let ticket = self.accounts.ticket();
        let path = ["accounts", customer.as_str()];
        let value = self.read(&Request::get("GET /accounts/{customer}", &path, &[])).await?;
        let account = broken(shapes::account(&At::new(&value, "account")))?;
        if account.customer != *customer {
            tracing::error!("billing gave the account of another customer than the one who was asked for");
            return Err(BillingError::Broken);
        }
        let account = whole(account);
        self.accounts.keep(ticket, customer.clone(), account.clone(), Instant::now());
        Ok(account)
    }

    async fn read_plans(&self) -> Result<Vec<Plan>, BillingError> {
        if let Some(plans) = self.plans.get(&(), Instant::now()) {
            return Ok(plans);
        }
        let ticket = self.plans.ticket();
        let value = self.read(&Request::get("GET /plans", &["plans"], &[])).await?;
        let plans = broken(shapes::plans(&At::new(&value, "answer")))?;
        self.plans.keep(ticket, (), plans.clone(), Instant::now());
        Ok(plans)
    }

    async fn do_act(&self, customer: &CustomerId, act: &Act, key: &str) -> Result<Done, ActError> {
        if !remote::fits_path(customer.as_str()) {
            return Err(ActError::NotOffered);
        }
        let path = ["accounts", customer.as_str(), "acts"];
        let Ok(body) = serde_json::to_value(act) else { return Err(ActError::NotOffered) };
        let request = Request::post("POST /accounts/{customer}/acts", &path, Body::Json(&body), Some(key));
        let answer = self.remote.ask(&request).await.map_err(|_| ActError::Unknown)?;
        match answer.status {
            200 => {
                let value = answer.json().map_err(|_| ActError::Unknown)?;
                // It is done, and what is done cannot be read: asking again under the same key does no harm.
                broken(shapes::done(&At::new(&value, "done"))).map_err(|_| ActError::Unknown)
            }
            404 | 501 => Err(ActError::NotOffered),
            422 => Err(ActError::Refused { why: message(&answer) }),
            _ => {
                let _ = answer.unexpected();
                Err(ActError::Unknown)
            }
        }
    }

    async fn make_portal(&self, customer: &CustomerId, purpose: Purpose) -> Result<Option<PortalLink>, BillingError> {
        if !remote::fits_path(customer.as_str()) {
            return Err(BillingError::NotFound);
        }
        let path = ["accounts", customer.as_str(), "portal"];
        let body = json!({ "purpose": purpose });
        let request = Request::post("POST /accounts/{customer}/portal", &path, Body::Json(&body), None);
        let answer = self.remote.ask(&request).await?;
        match answer.status {
            200 => broken(shapes::portal(&At::new(&answer.json()?, "portal"))).map(Some),
            204 | 501 => Ok(None),
            _ => Err(answer.unexpected()),
        }
    }

    async fn find(&self, email: &str) -> Result<Option<CustomerId>, BillingError> {
        let body = json!({ "email": email });
        let mut request = Request::post("POST /customers/find", &["customers", "find"], Body::Json(&body), None);
        request.only_reads = true;
        let value = self.read(&request).await?;
        let found = broken(At::new(&value, "answer").get("customer").text_or_none())?;
        Ok(found.map(CustomerId::new))
    }

    async fn list(&self, max: usize) -> Result<Vec<CustomerId>, BillingError> {
        let mut all: Vec<CustomerId> = Vec::new();
        while all.len() < max {
            let limit = PAGE.min(max - all.len()).to_string();
            let mut query = vec![("limit", limit.as_str())];
            let last = all.last().map(|it| it.as_str().to_owned());
            query.extend(last.as_deref().map(|it| ("after", it)));
            let value = self.read(&Request::get("GET /customers", &["customers"], &query)).await?;
            let page = broken(shapes::customers(&At::new(&value, "answer")))?;
            // An endpoint that ignores `after` would give the first page for ever.
            if page.last().is_none_or(|it| all.last() == Some(it)) {
                break;
            }
            all.extend(page);
        }
        all.truncate(max);
        Ok(all)
    }
}

impl Billing for Http {
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        Box::pin(self.remote.in_time(BillingError::Unreachable, self.read_account(customer)))
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(self.remote.in_time(BillingError::Unreachable, self.read_plans()))
    }

    fn act<'a>(
        &'a self,
        customer: &'a CustomerId,
        act: &'a Act,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Done, ActError>> {
        Box::pin(async move {
            let result = self.remote.in_time(ActError::Unknown, self.do_act(customer, act, key)).await;
            self.accounts.forget(|it, _| it == customer);
            result
        })
    }

    fn portal<'a>(
        &'a self,
        customer: &'a CustomerId,
        purpose: Purpose,
    ) -> BoxFuture<'a, Result<Option<PortalLink>, BillingError>> {
        Box::pin(self.remote.in_time(BillingError::Unreachable, self.make_portal(customer, purpose)))
    }

    fn customer_of_email<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<CustomerId>, BillingError>> {
        Box::pin(self.remote.in_time(BillingError::Unreachable, self.find(email)))
    }

    fn customers(&self, max: usize) -> BoxFuture<'_, Result<Vec<CustomerId>, BillingError>> {
        Box::pin(self.remote.in_time(BillingError::Unreachable, self.list(max)))
    }

    fn forget(&self, changed: &Changed) {
        match &changed.whose {
            Whose::Customer(id) => self.accounts.forget(|it, _| it == id),
            // The endpoint has no ids but the business's own.
            Whose::Source(_) | Whose::Anybody => self.accounts.forget(|_, _| true),
        }
        if changed.price_list {
            self.plans.forget(|_, _| true);
        }
    }
}

/// The account as a whole: a bill that stands there twice counts once, and what doesn't add up is logged, by number only.
fn whole(mut account: Account) -> Account {
    let mut numbers = HashSet::new();
    let mut bills = HashSet::new();
    account.invoices.retain(|it| {
        // "N-1" and "n-1 " of one day and sum are one bill, typed twice.
        let same = (normal::words(&it.number), it.issued, it.total);
        let is_new = numbers.insert(it.number.clone()) && bills.insert(same);
        if !is_new {
            tracing::error!(invoice = it.number, "billing gave one bill twice: the second is left out");
        }
        is_new
    });
    for invoice in account.invoices.iter().filter(|it| !it.adds_up()) {
        tracing::warn!(invoice = invoice.number, "the lines of a bill don't sum to its total: it can't be explained");
    }
    account
}

/// What can't be read is logged with its place and is broken.
fn broken<T>(read: Result<T, Unexpected>) -> Result<T, BillingError> {
    read.map_err(|wrong| {
        tracing::error!(%wrong, "billing's answer is not as docs/billing-api.openapi.json has it");
        BillingError::Broken
    })
}

/// What a refusal says, for staff.
fn message(answer: &HttpAnswer) -> String {
    let value = answer.json_or_null();
    value["message"].as_str().unwrap_or("no reason was given").to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::billing::demo;

    #[test]
    fn a_bill_counts_once_however_its_number_is_typed() {
        let account = demo::account("bill-late", date(2026, 6, 16)).expect("a demo customer");
        let owed = account.balance();
        let twice = |change: &dyn Fn(&mut crate::billing::Invoice)| {
            let mut account = account.clone();
            let mut again = account.invoices[0].clone();
            change(&mut again);
            account.invoices.insert(1, again);
            whole(account).balance().minor
        };
        assert_eq!(twice(&|_| {}), owed.minor);
        assert_eq!(twice(&|it| it.number = format!(" {} ", it.number.to_lowercase())), owed.minor);
        let other_day = |it: &mut crate::billing::Invoice| {
            it.number = it.number.to_lowercase();
            it.issued = date(2026, 5, 31);
        };
        assert_eq!(twice(&other_day), 2 * owed.minor, "another day's is another bill");
    }
}
