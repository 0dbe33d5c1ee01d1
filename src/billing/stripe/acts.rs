//! What can be changed in Stripe for a customer, and its hosted pages.

use std::time::Instant;

use jiff::civil::Date;
use serde_json::Value;
use uuid::Uuid;

use super::account::{period_end, remaining};
use super::api::{id_of, readable};
use super::payments::ACT_KEY;
use super::time::{day, end_of, last_day, stripe_amount};
use super::{INVOICES_MAX, Stripe};
use crate::billing::reading::At;
use crate::billing::{Act, ActError, BillingError, Done, LateFee, Money, PortalLink, Purpose};
use crate::conversation::CustomerId;

/// Under this key the metadata of what we made in Stripe has the key of the act.
const KEY_KEY: &str = "plainbill_key";
/// Changes of a customer's balance that are looked through for the key of an act.
const BALANCE_MAX: usize = 200;
/// What Stripe takes as a description of one.
const DESCRIPTION_CHARS_MAX: usize = 350;
/// A page of the portal that nobody opens stops working after this.
const PORTAL_MS: i64 = 5 * 60 * 1_000;

type Form = Vec<(String, String)>;

impl Stripe {
    pub(super) async fn do_act(&self, customer: &CustomerId, act: &Act, key: &str) -> Result<Done, ActError> {
        match act {
            Act::TakeOffLateFee { invoice, amount } => self.take_off_late_fee(customer, invoice, *amount, key).await,
            Act::GiveCredit { amount, reason } => self.give_credit(customer, *amount, reason, key).await,
            Act::GiveMoreDays { invoice, until } => self.give_more_days(customer, invoice, *until, key).await,
            Act::StopAutopay => self.stop_autopay(customer, key).await,
            Act::UpdateContact { email, address, name } => {
                // An address decides on tax, and Stripe has it in parts: a person takes it apart.
                if address.is_some() {
                    return Err(ActError::NotOffered);
                }
                self.update_contact(customer, email.as_deref(), name.as_deref(), key).await
            }
            Act::Cancel { on } => self.cancel(customer, *on, key).await,
            Act::KeepService => self.keep_service(customer, key).await,
            // Stripe has no parts of a bill, no dispute that the business opens, no day to move without a new bill,
            // and wants to know of which country a tax number is.
            Act::PayInParts { .. }
            | Act::OpenDispute { .. }
            | Act::ChangeBillingDay { .. }
            | Act::UpdateCompany { .. } => Err(ActError::NotOffered),
        }
    }

    /// A credit note over the fee, once for a key: Stripe forgets keys after a day, so the note itself keeps it.
    async fn take_off_late_fee(
        &self,
        customer: &CustomerId,
        number: &str,
        amount: Money,
        key: &str,
    ) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        let invoice = self.invoice(&id, number).await?;
        let at = At::new(&invoice, "invoice");
        let invoice_id = unknown(at.get("id").text())?;
        let query = [("invoice", invoice_id)];
        let notes = self.api.list("GET /v1/credit_notes", &["credit_notes"], &query, INVOICES_MAX).await;
        for note in notes.map_err(|_| ActError::Unknown)? {
            if note["metadata"][KEY_KEY].as_str() == Some(key) {
                return self.note_done(&note);
            }
        }
        // The account is read anew: the fee must stand on that bill, and still be there.
        self.accounts.forget(|it, _| it == customer);
        let account = self.read_account(customer).await.map_err(|_| ActError::Unknown)?;
        let on_bill = |it: &&LateFee| it.invoice == number && amount.minor <= it.amount.minor;
        let fees: Vec<&LateFee> = account.late_fees.iter().filter(on_bill).collect();
        if fees.is_empty() || amount.minor <= 0 || amount.currency != account.currency {
            return Err(refused("there is no such late fee on that bill"));
        }
        if fees.iter().all(|it| it.taken_off) {
            return Err(refused("the late fee on that bill has been taken off already"));
        }
        let Some(asked) = stripe_amount(amount) else { return Err(refused("Stripe cannot count that amount")) };
        let mut form = Form::new();
        put(&mut form, "invoice", invoice_id);
        put(&mut form, "amount", asked);
        put(&mut form, "memo", "The late fee was taken off.");
        put(&mut form, &format!("metadata[{ACT_KEY}]"), "take_off_late_fee");
        put(&mut form, &format!("metadata[{KEY_KEY}]"), key);
        // What was paid already goes to the next bill.
        let open = unknown(remaining(&at, account.currency))?;
        let paid = Money::new(amount.minor.saturating_sub(open.minor.max(0)).max(0), amount.currency);
        if let Some(paid) = stripe_amount(paid).filter(|it| 0 < *it) {
            put(&mut form, "credit_amount", paid);
        }
        let note = self.api.post("POST /v1/credit_notes", &["credit_notes"], &form, key).await?;
        self.note_done(&note)
    }

    fn note_done(&self, note: &Value) -> Result<Done, ActError> {
        let at = At::new(note, "credit_note");
        let number = unknown(at.get("number").words())?;
        let reference = unknown(number.map_or_else(|| at.get("id").text().map(str::to_owned), Ok))?;
        Ok(Done { reference, on: unknown(day(&at.get("created"), &self.zone))? })
    }

    /// A change of the customer's balance, which comes off the next bill, once for a key: the change itself keeps it.
    async fn give_credit(
        &self,
        customer: &CustomerId,
        amount: Money,
        reason: &str,
        key: &str,
    ) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        let path = ["customers", &id, "balance_transactions"];
        let what = "GET /v1/customers/{id}/balance_transactions";
        let before = self.api.list(what, &path, &[], BALANCE_MAX).await.map_err(|_| ActError::Unknown)?;
        if let Some(change) = before.iter().find(|it| it["metadata"][KEY_KEY].as_str() == Some(key)) {
            return self.balance_done(change);
        }
        let account = self.read_account(customer).await.map_err(|_| ActError::Unknown)?;
        if amount.minor <= 0 || amount.currency != account.currency {
            return Err(refused("that amount cannot be given to this customer"));
        }
        // Below zero stands in the customer's favor.
        let favor = stripe_amount(Money::new(-amount.minor, amount.currency));
        let Some(favor) = favor else { return Err(refused("Stripe cannot count that amount")) };
        let mut form = Form::new();
        put(&mut form, "amount", favor);
        put(&mut form, "currency", amount.currency.code().to_lowercase());
        put(&mut form, "description", reason.chars().take(DESCRIPTION_CHARS_MAX).collect::<String>());
        put(&mut form, &format!("metadata[{ACT_KEY}]"), "give_credit");
        put(&mut form, &format!("metadata[{KEY_KEY}]"), key);
        let what = "POST /v1/customers/{id}/balance_transactions";
        let change = self.api.post(what, &path, &form, key).await?;
        self.balance_done(&change)
    }

    fn balance_done(&self, change: &Value) -> Result<Done, ActError> {
        let at = At::new(change, "customer_balance_transaction");
        let reference = unknown(at.get("id").text())?.to_owned();
        Ok(Done { reference, on: unknown(day(&at.get("created"), &self.zone))? })
    }

    /// Stripe moves the day of a bill only while it is a draft.
    async fn give_more_days(
        &self,
        customer: &CustomerId,
        number: &str,
        until: Date,
        key: &str,
    ) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        let invoice = self.invoice(&id, number).await?;
        let is_draft = invoice["status"] == "draft" && invoice["collection_method"] == "send_invoice";
        let Some(end) = end_of(until, &self.zone).filter(|_| is_draft) else { return Err(ActError::NotOffered) };
        let invoice_id = unknown(At::new(&invoice, "invoice").get("id").text())?;
        let mut form = Form::new();
        put(&mut form, "due_date", end.saturating_sub(1));
        self.api.post("POST /v1/invoices/{id}", &["invoices", invoice_id], &form, key).await?;
        Ok(Done { reference: number.to_owned(), on: self.today() })
    }

    /// From the next bill on the customer pays by hand.
    async fn stop_autopay(&self, customer: &CustomerId, key: &str) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        let days = self.config.days_until_due;
        self.change_subscriptions(&id, key, |_| {
            let mut form = Form::new();
            put(&mut form, "collection_method", "send_invoice");
            put(&mut form, "days_until_due", days);
            Ok(form)
        })
        .await
    }

    async fn update_contact(
        &self,
        customer: &CustomerId,
        email: Option<&str>,
        name: Option<&str>,
        key: &str,
    ) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        let mut form = Form::new();
        for (field, value) in [("email", email), ("name", name)] {
            if let Some(value) = value {
                put(&mut form, field, value);
            }
        }
        if form.is_empty() {
            return Err(refused("there is nothing to change"));
        }
        self.api.post("POST /v1/customers/{id}", &["customers", &id], &form, key).await?;
        Ok(Done { reference: id, on: self.today() })
    }

    /// Ends every subscription with the day: at the end of its period where that is the day.
    async fn cancel(&self, customer: &CustomerId, on: Date, key: &str) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        let Some(end) = end_of(on, &self.zone) else { return Err(refused("that is no day for an end")) };
        if on < self.today() {
            return Err(refused("that day is over"));
        }
        self.change_subscriptions(&id, key, |subscription| {
            let mut form = Form::new();
            let last = unknown(period_end(subscription))?;
            let last = last.map(|it| unknown(last_day(&it, &self.zone))).transpose()?;
            match last == Some(on) {
                true => put(&mut form, "cancel_at_period_end", "true"),
                false => put(&mut form, "cancel_at", end),
            }
            Ok(form)
        })
        .await
    }

    async fn keep_service(&self, customer: &CustomerId, key: &str) -> Result<Done, ActError> {
        let id = self.stripe_id(customer).await?;
        self.change_subscriptions(&id, key, |subscription| {
            let mut form = Form::new();
            if unknown(subscription.get("cancel_at_period_end").is_true())? {
                put(&mut form, "cancel_at_period_end", "false");
            } else {
                put(&mut form, "cancel_at", "");
            }
            Ok(form)
        })
        .await
    }

    /// Changes every subscription that runs. Each has a key of its own, so that the next try goes on where this ended.
    async fn change_subscriptions(
        &self,
        id: &str,
        key: &str,
        form: impl Fn(&At<'_>) -> Result<Form, ActError>,
    ) -> Result<Done, ActError> {
        let all = self.subscriptions(id).await.map_err(|_| ActError::Unknown)?;
        let mut first = None;
        for value in &all {
            let at = At::new(value, "subscription");
            let status = unknown(at.get("status").text())?;
            if matches!(status, "canceled" | "incomplete" | "incomplete_expired") {
                continue;
            }
            let own = unknown(at.get("id").text())?;
            let form = form(&at)?;
            let path = ["subscriptions", own];
            self.api.post("POST /v1/subscriptions/{id}", &path, &form, &format!("{key}-{own}")).await?;
            first.get_or_insert(own);
        }
        let reference = first.ok_or_else(|| refused("there is no service that runs"))?.to_owned();
        Ok(Done { reference, on: self.today() })
    }

    /// Stripe's own id of a customer.
    async fn stripe_id(&self, customer: &CustomerId) -> Result<String, ActError> {
        if let Some(held) = self.accounts.get(customer, Instant::now()) {
            return Ok(held.stripe_id);
        }
        let found = match self.customer(customer).await {
            Ok(found) => found,
            Err(BillingError::NotFound) => return Err(refused("Stripe does not know this customer")),
            Err(_) => return Err(ActError::Unknown),
        };
        unknown(At::new(&found, "customer").get("id").text()).map(str::to_owned)
    }

    /// The invoice with this number, or with this id where it has no number yet.
    async fn invoice(&self, customer: &str, number: &str) -> Result<Value, ActError> {
        let all = self.invoices(customer).await.map_err(|_| ActError::Unknown)?;
        let is_meant = |it: &Value| match it["number"].as_str() {
            Some(own) => own == number,
            None => it["id"].as_str() == Some(number),
        };
        all.into_iter().find(is_meant).ok_or_else(|| refused("there is no such bill"))
    }

    /// For paying, the oldest open bill's own page; for all else, Stripe's portal.
    pub(super) async fn make_portal(
        &self,
        customer: &CustomerId,
        purpose: Purpose,
    ) -> Result<Option<PortalLink>, BillingError> {
        let found = self.customer(customer).await?;
        let id = readable(id_of(&At::new(&found, "customer").get("id")))?.ok_or(BillingError::Broken)?;
        if purpose == Purpose::Pay {
            let invoices = self.invoices(&id).await?;
            let open = invoices.iter().rev().find(|it| it["status"] == "open");
            if let Some(url) = open.and_then(|it| it["hosted_invoice_url"].as_str()) {
                return link(url, None);
            }
        }
        let mut form = Form::new();
        put(&mut form, "customer", &id);
        if purpose != Purpose::Pay {
            put(&mut form, "flow_data[type]", "payment_method_update");
        }
        if !self.config.return_url.is_empty() {
            put(&mut form, "return_url", &self.config.return_url);
        }
        let path = ["billing_portal", "sessions"];
        let key = Uuid::now_v7().to_string();
        match self.api.post("POST /v1/billing_portal/sessions", &path, &form, &key).await {
            Ok(session) => {
                let at = At::new(&session, "session");
                let made = readable(at.get("created").int_or_none())?;
                let expires = made.map(|it| it.saturating_mul(1_000).saturating_add(PORTAL_MS));
                link(readable(at.get("url").text())?, expires)
            }
            Err(ActError::Refused { why }) => {
                tracing::warn!(why, "Stripe gives no page: is the customer portal set up there?");
                Ok(None)
            }
            Err(_) => Err(BillingError::Unreachable),
        }
    }
}

fn link(url: &str, expires_at_ms: Option<i64>) -> Result<Option<PortalLink>, BillingError> {
    if !url.starts_with("https://") {
        tracing::error!("Stripe gave a page without https");
        return Err(BillingError::Broken);
    }
    Ok(Some(PortalLink { url: url.to_owned(), expires_at_ms }))
}

fn put(form: &mut Form, name: &str, value: impl ToString) {
    form.push((name.to_owned(), value.to_string()));
}

fn refused(why: &str) -> ActError {
    ActError::Refused { why: why.to_owned() }
}

/// What cannot be read leaves open what was done.
fn unknown<T>(read: Result<T, crate::billing::reading::Unexpected>) -> Result<T, ActError> {
    readable(read).map_err(|_| ActError::Unknown)
}
