//! Stripe as a source of billing data: customers, invoices, charges and what belongs to them, and what can be changed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, try_join_all};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::cache::Cache;
use super::reading::At;
use super::remote::SetupError;
use super::{
    Account, Act, ActError, Billing, BillingError, Changed, Done, NoticeError, Plan, PortalLink, Purpose, Whose,
};
use crate::config::{BillingConfig, Limits};
use crate::conversation::CustomerId;
use account::Pieces;
use api::{Api, readable, whole};
use invoices::Wanted;
use lines::{Catalog, Priced, TaxRate};

mod account;
mod acts;
mod api;
mod invoices;
mod lines;
mod notices;
mod payments;
mod time;

/// Invoices of one customer that are read, newest first.
const INVOICES_MAX: usize = 100;
/// Charges of one customer that are read, newest first.
const CHARGES_MAX: usize = 200;
/// Subscriptions of one customer that are read.
const SUBSCRIPTIONS_MAX: usize = 50;
/// Plans of the price list.
const PLANS_MAX: usize = 100;
/// Names of products, prices and tax rates that are held.
const NAMES_MAX: usize = 5_000;
/// What is read with a customer in one go.
const CUSTOMER_PARTS: [&str; 3] = ["invoice_settings.default_payment_method", "default_source", "tax_ids"];

/// Stripe.
pub struct Stripe {
    api: Api,
    config: BillingConfig,
    zone: TimeZone,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    accounts: Cache<CustomerId, Held>,
    plans: Cache<(), Vec<Plan>>,
    names: Cache<String, Value>,
}

/// An account with Stripe's own id of the customer.
#[derive(Clone, Debug)]
struct Held {
    stripe_id: String,
    account: Account,
}

impl Stripe {
    /// Stripe as the settings have it, for a business in this time zone, by this clock.
    pub fn new(
        config: &BillingConfig,
        limits: &Limits,
        zone: TimeZone,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, SetupError> {
        let hold = Duration::from_millis(limits.billing_cache_ms);
        Ok(Self {
            api: Api::new(config, limits)?,
            config: config.clone(),
            zone,
            now: Box::new(now),
            accounts: Cache::new(hold, limits.billing_cache_max),
            plans: Cache::new(hold, 1),
            names: Cache::new(hold, NAMES_MAX),
        })
    }

    fn today(&self) -> Date {
        (self.now)().to_zoned(self.zone.clone()).date()
    }

    async fn read_account(&self, id: &CustomerId) -> Result<Account, BillingError> {
        if let Some(held) = self.accounts.get(id, Instant::now()) {
            return Ok(held.account);
        }
        let ticket = self.accounts.ticket();
        let customer = self.customer(id).await?;
        let stripe_id = readable(At::new(&customer, "customer").get("id").text())?.to_owned();
        let pieces = self.pieces(customer, &stripe_id).await?;
        let account = readable(account::account(id, &pieces, &self.zone, self.today()))?;
        let held = Held { stripe_id, account: account.clone() };
        self.accounts.keep(ticket, id.clone(), held, Instant::now());
        Ok(account)
    }

    /// The customer: by Stripe's own id, or by the id that stands in the metadata.
    async fn customer(&self, id: &CustomerId) -> Result<Value, BillingError> {
        let key = &self.config.customer_metadata;
        if key.is_empty() {
            if !id.as_str().starts_with("cus_") {
                return Err(BillingError::NotFound);
            }
            let query: Vec<(&str, &str)> = CUSTOMER_PARTS.iter().map(|it| ("expand[]", *it)).collect();
            let customer = self.api.get("GET /v1/customers/{id}", &["customers", id.as_str()], &query).await?;
            return if is_deleted(&customer) { Err(BillingError::NotFound) } else { Ok(customer) };
        }
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
        let wanted = format!("metadata['{}']:'{}'", quoted(key), quoted(id.as_str()));
        let parts = CUSTOMER_PARTS.map(|it| format!("data.{it}"));
        let mut query = vec![("query", wanted.as_str())];
        query.extend(parts.iter().map(|it| ("expand[]", it.as_str())));
        let page = self.api.get("GET /v1/customers/search", &["customers", "search"], &query).await?;
        // What was found is looked at again: nobody gets the account of somebody with a similar id.
        let is_meant = |it: &&Value| !is_deleted(it) && it["metadata"][key].as_str() == Some(id.as_str());
        let mut found = page["data"].as_array().into_iter().flatten().filter(is_meant);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.clone()),
            (Some(_), Some(_)) => {
                tracing::error!(key, "several customers in Stripe have the same id in their metadata");
                Err(BillingError::NotFound)
            }
            (None, _) => Err(BillingError::NotFound),
        }
    }

    async fn pieces(&self, customer: Value, id: &str) -> Result<Pieces, BillingError> {
        let (mut invoices, charges, subscriptions, plans) =
            tokio::try_join!(self.invoices(id), self.charges(id), self.subscriptions(id), self.read_plans())?;
        try_join_all(invoices.iter_mut().map(|it| self.complete_lines(it))).await?;
        let (known, credit_notes, disputes, method, mandate) = tokio::try_join!(
            self.look_up(&invoices, &subscriptions),
            self.credit_notes(id, &invoices),
            self.disputes(&charges),
            self.method(&customer, &subscriptions),
            self.mandate(&charges),
        )?;
        Ok(Pieces { customer, invoices, charges, subscriptions, credit_notes, disputes, method, mandate, plans, known })
    }

    /// A customer's invoices, newest first.
    async fn invoices(&self, id: &str) -> Result<Vec<Value>, BillingError> {
        let mut query = vec![("customer", id)];
        if self.api.basil {
            query.extend([("expand[]", "data.payments"), ("expand[]", "data.discounts")]);
        }
        self.api.list("GET /v1/invoices", &["invoices"], &query, INVOICES_MAX).await
    }

    async fn charges(&self, id: &str) -> Result<Vec<Value>, BillingError> {
        let query = [("customer", id), ("expand[]", "data.refunds")];
        self.api.list("GET /v1/charges", &["charges"], &query, CHARGES_MAX).await
    }

    async fn subscriptions(&self, id: &str) -> Result<Vec<Value>, BillingError> {
        let query = [("customer", id), ("status", "all")];
        self.api.list("GET /v1/subscriptions", &["subscriptions"], &query, SUBSCRIPTIONS_MAX).await
    }

    /// An invoice comes with its first ten lines: without the others it would not add up.
    async fn complete_lines(&self, invoice: &mut Value) -> Result<(), BillingError> {
        if invoice["lines"]["has_more"] != true {
            return Ok(());
        }
        let id = readable(At::new(invoice, "invoice").get("id").text())?.to_owned();
        let path = ["invoices", id.as_str(), "lines"];
        let lines = self.api.list("GET /v1/invoices/{id}/lines", &path, &[], usize::MAX / 2).await;
        invoice["lines"]["data"] = Value::Array(lines?);
        Ok(())
    }

    /// Credit notes are asked for only where there are any.
    async fn credit_notes(&self, id: &str, invoices: &[Value]) -> Result<Vec<Value>, BillingError> {
        let amounts = ["pre_payment_credit_notes_amount", "post_payment_credit_notes_amount"];
        let any = |it: &Value| amounts.iter().any(|name| it[name].as_i64().is_some_and(|it| it != 0));
        if !invoices.iter().any(any) {
            return Ok(Vec::new());
        }
        self.api.list("GET /v1/credit_notes", &["credit_notes"], &[("customer", id)], INVOICES_MAX).await
    }

    /// Disputes can be listed by their charge only.
    async fn disputes(&self, charges: &[Value]) -> Result<Vec<Value>, BillingError> {
        let disputed = charges.iter().filter(|it| it["disputed"] == true).filter_map(|it| it["id"].as_str());
        let lists = disputed.map(|id| async move {
            self.api.list("GET /v1/disputes", &["disputes"], &[("charge", id)], INVOICES_MAX).await
        });
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

    /// What is collected from by itself: the subscription's own method, else the customer's.
    async fn method(&self, customer: &Value, subscriptions: &[Value]) -> Result<Option<Value>, BillingError> {
        let all: Vec<At<'_>> = subscriptions.iter().map(|it| At::new(it, "subscription")).collect();
        let main = readable(account::main_subscription(&all))?;
        let customer = At::new(customer, "customer");
        let candidates = [
            main.map(|it| it.get("default_payment_method")),
            main.map(|it| it.get("default_source")),
            Some(customer.get("invoice_settings").get("default_payment_method")),
            Some(customer.get("default_source")),
        ];
        let Some(chosen) = candidates.into_iter().flatten().find(|it| !it.is_none()) else { return Ok(None) };
        if let Some(object) = whole(&chosen) {
            return Ok(Some(object.value().clone()));
        }
        let id = readable(chosen.text())?;
        self.api.get_or_none("GET /v1/payment_methods/{id}", &["payment_methods", id]).await
    }

    async fn mandate(&self, charges: &[Value]) -> Result<Option<Value>, BillingError> {
        for charge in charges {
            if let Some(id) = readable(payments::mandate_of(&At::new(charge, "charge")))? {
                return self.api.get_or_none("GET /v1/mandates/{id}", &["mandates", &id]).await;
            }
        }
        Ok(None)
    }

    /// Looks up what the lines name by its id alone.
    async fn look_up(&self, invoices: &[Value], subscriptions: &[Value]) -> Result<Catalog, BillingError> {
        let mut wanted = Wanted::default();
        let mut known = Catalog::default();
        for subscription in subscriptions {
            for item in readable(At::new(subscription, "subscription").get("items").get("data").each())? {
                let priced = readable(Priced::of(&item))?;
                if priced.name.is_none() {
                    wanted.products.extend(priced.product);
                }
                known.metered.extend(priced.id.zip(priced.metered));
            }
        }
        for invoice in invoices {
            readable(wanted.add(&At::new(invoice, "invoice")))?;
        }
        wanted.prices.retain(|it| !known.metered.contains_key(it));
        let (products, prices, rates) = tokio::try_join!(
            self.each("GET /v1/products/{id}", "products", &wanted.products),
            self.each("GET /v1/prices/{id}", "prices", &wanted.prices),
            self.each("GET /v1/tax_rates/{id}", "tax_rates", &wanted.rates),
        )?;
        for (id, value) in products {
            known.products.extend(readable(At::new(&value, "product").get("name").words())?.map(|name| (id, name)));
        }
        for (id, value) in prices {
            let usage = readable(At::new(&value, "price").get("recurring").get("usage_type").text_or_none())?;
            known.metered.insert(id, usage == Some("metered"));
        }
        for (id, value) in rates {
            let at = At::new(&value, "tax_rate");
            let label = readable(at.get("display_name").words())?.unwrap_or_else(|| "Tax".to_owned());
            // A percentage may have decimals; only a whole one is told.
            let percent = value["percentage"].as_f64().filter(|it| it.fract() == 0.0 && (0.0..=100.0).contains(it));
            let percent = percent.and_then(|it| format!("{it:.0}").parse().ok());
            known.rates.insert(id, TaxRate { label, percent });
        }
        Ok(known)
    }

    /// Each of these things that is still there, from the cache where it is held.
    async fn each(
        &self,
        what: &'static str,
        folder: &'static str,
        ids: &BTreeSet<String>,
    ) -> Result<Vec<(String, Value)>, BillingError> {
        let one = |id: &String| {
            let id = id.clone();
            async move {
                let key = format!("{folder}/{id}");
                if let Some(value) = self.names.get(&key, Instant::now()) {
                    return Ok(Some((id, value)));
                }
                let ticket = self.names.ticket();
                let Some(value) = self.api.get_or_none(what, &[folder, &id]).await? else { return Ok(None) };
                self.names.keep(ticket, key, value.clone(), Instant::now());
                Ok(Some((id, value)))
            }
        };
        Ok(try_join_all(ids.iter().map(one)).await?.into_iter().flatten().collect())
    }

    /// The price list: active plans of active products, the cheapest first.
    async fn read_plans(&self) -> Result<Vec<Plan>, BillingError> {
        if let Some(plans) = self.plans.get(&(), Instant::now()) {
            return Ok(plans);
        }
        let ticket = self.plans.ticket();
        let query = [("active", "true"), ("expand[]", "data.product")];
        let rows = self.api.list("GET /v1/plans", &["plans"], &query, PLANS_MAX).await?;
        let mut plans = Vec::new();
        for row in &rows {
            let at = At::new(row, "plan");
            if row["product"]["active"] == false {
                continue;
            }
            let priced = Priced {
                name: match whole(&at.get("product")) {
                    Some(product) => readable(product.get("name").words())?,
                    None => readable(at.get("name").words())?,
                },
                metered: readable(at.get("usage_type").text_or_none())?.map(|it| it == "metered"),
                ..Priced::default()
            };
            plans.extend(readable(account::read_plan(&at, &priced, &Catalog::default()))?);
        }
        plans.sort_by_key(|it| it.price.minor);
        self.plans.keep(ticket, (), plans.clone(), Instant::now());
        Ok(plans)
    }

    async fn find(&self, email: &str) -> Result<Option<CustomerId>, BillingError> {
        // Search knows letters of any case, and is not offered everywhere; the list knows an address as it stands.
        let quoted = email.replace('\\', "\\\\").replace('"', "\\\"");
        let wanted = format!("email:\"{quoted}\"");
        let path = ["customers", "search"];
        let rows = match self.api.get("GET /v1/customers/search", &path, &[("query", &wanted)]).await {
            Ok(page) => page["data"].as_array().cloned().unwrap_or_default(),
            Err(BillingError::Unreachable) => return Err(BillingError::Unreachable),
            Err(BillingError::NotFound | BillingError::Broken) => {
                self.api.list("GET /v1/customers", &["customers"], &[("email", email)], INVOICES_MAX).await?
            }
        };
        let is_meant =
            |it: &&Value| !is_deleted(it) && it["email"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(email));
        let mut found = rows.iter().filter(is_meant).filter_map(|it| self.own_id(it));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(Some(one)),
            _ => Ok(None),
        }
    }

    /// The id under which the business knows a customer.
    fn own_id(&self, customer: &Value) -> Option<CustomerId> {
        let id = match self.config.customer_metadata.as_str() {
            "" => customer["id"].as_str(),
            key => customer["metadata"][key].as_str(),
        };
        id.map(CustomerId::new)
    }

    async fn list_customers(&self, max: usize) -> Result<Vec<CustomerId>, BillingError> {
        let rows = self.api.list("GET /v1/customers", &["customers"], &[], max).await?;
        Ok(rows.iter().filter(|it| !is_deleted(it)).filter_map(|it| self.own_id(it)).collect())
    }
}

impl Billing for Stripe {
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        Box::pin(self.api.in_time(BillingError::Unreachable, self.read_account(customer)))
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(self.api.in_time(BillingError::Unreachable, self.read_plans()))
    }

    fn act<'a>(
        &'a self,
        customer: &'a CustomerId,
        act: &'a Act,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Done, ActError>> {
        Box::pin(async move {
            let result = self.api.in_time(ActError::Unknown, self.do_act(customer, act, key)).await;
            self.accounts.forget(|it, _| it == customer);
            result
        })
    }

    fn portal<'a>(
        &'a self,
        customer: &'a CustomerId,
        purpose: Purpose,
    ) -> BoxFuture<'a, Result<Option<PortalLink>, BillingError>> {
        Box::pin(self.api.in_time(BillingError::Unreachable, self.make_portal(customer, purpose)))
    }

    fn customer_of_email<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<CustomerId>, BillingError>> {
        Box::pin(self.api.in_time(BillingError::Unreachable, self.find(email)))
    }

    fn customers(&self, max: usize) -> BoxFuture<'_, Result<Vec<CustomerId>, BillingError>> {
        Box::pin(self.api.in_time(BillingError::Unreachable, self.list_customers(max)))
    }

    fn notice(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Changed, NoticeError> {
        if self.config.webhook_keys.is_empty() {
            return Err(NoticeError::NotExpected);
        }
        notices::read(signature, body, &self.config.webhook_keys, now)
    }

    fn forget(&self, changed: &Changed) {
        match &changed.whose {
            Whose::Customer(id) => self.accounts.forget(|it, _| it == id),
            Whose::Source(id) => self.accounts.forget(|_, it| it.stripe_id == *id),
            Whose::Anybody => self.accounts.forget(|_, _| true),
        }
        if changed.price_list {
            self.plans.forget(|_, _| true);
            self.names.forget(|_, _| true);
        }
    }
}

fn is_deleted(customer: &Value) -> bool {
    customer["deleted"] == true
}
