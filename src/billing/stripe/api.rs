//! Stripe's API as we ask it: a pinned version, forms out, JSON in, lists page by page.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::billing::reading::{At, Unexpected};
use crate::billing::remote::{self, Body, HttpAnswer, Remote, Request, SetupError};
use crate::billing::{ActError, BillingError};
use crate::config::{BillingConfig, Limits};

/// Where Stripe is, unless the settings name a double of it.
const STRIPE: &str = "https://api.stripe.com";
/// From this version on an invoice names its payments as a list, and says what it comes from under `parent`.
const BASIL: &str = "2025-03-31";
/// Rows of one page; Stripe gives no more.
const PAGE: &str = "100";
/// Pages of one list that are read; what is older stays in Stripe.
const PAGES_MAX: usize = 3;

/// Stripe's API.
pub struct Api {
    remote: Remote,
    /// The pinned version is of 2025-03-31 or later.
    pub basil: bool,
}

impl Api {
    /// The API with the settings' key and version.
    pub fn new(config: &BillingConfig, limits: &Limits) -> Result<Self, SetupError> {
        let version = HeaderValue::try_from(config.stripe_version.as_str()).map_err(|_| SetupError::Key)?;
        let headers =
            HeaderMap::from_iter([remote::bearer(&config.key)?, (HeaderName::from_static("stripe-version"), version)]);
        let url = if config.url.is_empty() { STRIPE } else { &config.url };
        let basil = config.stripe_version.get(..BASIL.len()).is_some_and(|it| BASIL <= it);
        Ok(Self { remote: Remote::new("stripe", url, headers, limits)?, basil })
    }

    /// Everything that belongs together, within the time for all of it.
    pub async fn in_time<T, E>(&self, late: E, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        self.remote.in_time(late, work).await
    }

    /// One thing, or an error that says why not.
    pub async fn get(&self, what: &'static str, path: &[&str], query: &[(&str, &str)]) -> Result<Value, BillingError> {
        if !path.iter().all(|it| remote::fits_path(it)) {
            return Err(BillingError::NotFound);
        }
        let path: Vec<&str> = std::iter::once("v1").chain(path.iter().copied()).collect();
        let answer = self.remote.ask(&Request::get(what, &path, query)).await?;
        if answer.status == 200 { answer.json() } else { Err(answer.unexpected()) }
    }

    /// One thing that may be gone.
    pub async fn get_or_none(&self, what: &'static str, path: &[&str]) -> Result<Option<Value>, BillingError> {
        match self.get(what, path, &[]).await {
            Ok(value) => Ok(Some(value)),
            Err(BillingError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A list, newest first as Stripe has it, over several pages; at most `max` rows.
    pub async fn list(
        &self,
        what: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        max: usize,
    ) -> Result<Vec<Value>, BillingError> {
        let mut rows: Vec<Value> = Vec::new();
        for _ in 0..PAGES_MAX.max(max / 100) {
            let after = rows.last().and_then(|it| it["id"].as_str()).map(str::to_owned);
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            query.extend(after.as_deref().map(|it| ("starting_after", it)));
            let page = self.get(what, path, &query).await?;
            let at = readable(At::new(&page, "list").object())?;
            let more = readable(at.get("has_more").is_true())?;
            let Some(Value::Array(data)) = page.get("data").cloned() else {
                return Err(broken(&at.get("data").wrong("a list")));
            };
            // A page that is empty and promises more would never end.
            let more = more && !data.is_empty();
            rows.extend(data);
            if !more || max <= rows.len() {
                break;
            }
        }
        rows.truncate(max);
        Ok(rows)
    }

    /// Changes something under a key; what Stripe makes of it.
    pub async fn post(
        &self,
        what: &'static str,
        path: &[&str],
        form: &[(String, String)],
        key: &str,
    ) -> Result<Value, ActError> {
        if !path.iter().all(|it| remote::fits_path(it)) {
            return Err(ActError::NotOffered);
        }
        let path: Vec<&str> = std::iter::once("v1").chain(path.iter().copied()).collect();
        let request = Request::post(what, &path, Body::Form(form), Some(key));
        let answer = self.remote.ask(&request).await.map_err(|_| ActError::Unknown)?;
        match answer.status {
            200 => answer.json().map_err(|_| ActError::Unknown),
            // The same key is at work in another request: it is not known yet what becomes of it.
            409 => Err(ActError::Unknown),
            400 | 402 | 404 => Err(ActError::Refused { why: message(&answer) }),
            _ => {
                let _ = answer.unexpected();
                Err(ActError::Unknown)
            }
        }
    }
}

/// What can't be read is logged with its place and is broken.
pub fn readable<T>(read: Result<T, Unexpected>) -> Result<T, BillingError> {
    read.map_err(|wrong| broken(&wrong))
}

fn broken(wrong: &Unexpected) -> BillingError {
    tracing::error!(%wrong, "Stripe's answer is not as it publishes it");
    BillingError::Broken
}

/// What a refusal says, for staff.
fn message(answer: &HttpAnswer) -> String {
    let value = answer.json_or_null();
    value["error"]["message"].as_str().unwrap_or("Stripe gave no reason").to_owned()
}

/// The id of something that stands there as a whole or as its id alone.
pub fn id_of(at: &At<'_>) -> Result<Option<String>, Unexpected> {
    if at.is_none() {
        return Ok(None);
    }
    match at.text() {
        Ok(id) => Ok(Some(id.to_owned())),
        Err(_) => at.object()?.get("id").words(),
    }
}

/// Something that stands there as a whole, and not as its id alone.
pub fn whole<'a>(at: &At<'a>) -> Option<At<'a>> {
    at.object().ok()
}
