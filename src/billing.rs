//! The words of billing as types, and the one question that every source of billing data answers.
//!
//! A source says what it knows of a customer as an [`Account`]; everything else is asked of that value
//! (see [`find`] and [`explain`]), so that no answer depends on where the figures come from.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::config::{BillingConfig, Limits};
use crate::conversation::CustomerId;

pub mod acts;
pub mod demo;
pub mod explain;
pub mod find;
pub mod http;
pub mod money;
pub mod nobody;
pub mod remote;
pub mod stripe;

mod account;
mod bills;
mod cache;
mod payments;
mod reading;

pub use account::{
    Account, Credit, Discount, Dispute, DisputeStatus, Frequency, LateFee, Mandate, MandateStatus, Person, Plan,
    PlanChange, PriceChange, Schedule, Standing,
};
pub use acts::{Act, ActError, Done, Instalment, PortalLink, Purpose};
pub use bills::{Invoice, InvoiceStatus, Line, LineKind};
pub use money::{Currency, Money};
pub use payments::{Method, Payment, PaymentStatus, Refund, RefundStatus};

/// Where billing data comes from.
pub trait Billing: Send + Sync {
    /// Whether there are accounts at all: without, everybody hears what holds for all.
    fn has_accounts(&self) -> bool {
        true
    }

    /// All that is known of one customer, as of now.
    fn account<'a>(&'a self, customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>>;

    /// The price list, which anybody may see; empty where the source has none.
    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Changes something for a customer, at most once for each key.
    fn act<'a>(
        &'a self,
        customer: &'a CustomerId,
        act: &'a Act,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Done, ActError>> {
        let _ = (customer, act, key);
        Box::pin(async { Err(ActError::NotOffered) })
    }

    /// A page that billing hosts for a customer; none where the source has no such page.
    fn portal<'a>(
        &'a self,
        customer: &'a CustomerId,
        purpose: Purpose,
    ) -> BoxFuture<'a, Result<Option<PortalLink>, BillingError>> {
        let _ = (customer, purpose);
        Box::pin(async { Ok(None) })
    }

    /// The customer to whom bills go at this e-mail address, in any case of letters; none where it is not exactly one.
    fn customer_of_email<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<CustomerId>, BillingError>> {
        let _ = email;
        Box::pin(async { Ok(None) })
    }

    /// Everybody whom billing knows, at most `max`; empty where the source has no list.
    fn customers(&self, max: usize) -> BoxFuture<'_, Result<Vec<CustomerId>, BillingError>> {
        let _ = max;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Reads a notice of billing's own that something has changed, once its signature fits.
    fn notice(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Changed, NoticeError> {
        let _ = (signature, body, now);
        Err(NoticeError::NotExpected)
    }

    /// Drops what is held of what has changed: it is asked for anew. Twice does no harm.
    fn forget(&self, changed: &Changed) {
        let _ = changed;
    }
}

/// What has changed in billing. Nodes tell each other, so that none goes on with what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Whose account.
    pub whose: Whose,
    /// The price list or a tax, too.
    pub price_list: bool,
}

/// Whose account has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Of the customer whom the business's own systems know by this id.
    Customer(CustomerId),
    /// Of whom the source knows by this id of its own.
    Source(String),
    /// Perhaps everybody's.
    Anybody,
}

impl Changed {
    /// The account of one customer.
    pub fn of(customer: &CustomerId) -> Self {
        Self { whose: Whose::Customer(customer.clone()), price_list: false }
    }

    /// As nodes tell each other.
    pub fn as_text(&self) -> String {
        serde_json::to_string(self).expect("ids and flags always serialize")
    }

    /// What another node has told; none where it cannot be read.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Everything, as far as anybody knows.
    pub fn everything() -> Self {
        Self { whose: Whose::Anybody, price_list: true }
    }
}

/// Why a notice is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// This source has no notices, or no key to check them with.
    #[error("no notices are expected")]
    NotExpected,
    /// It was not signed with a key that we know, or too long ago.
    #[error("the notice is not signed as it should be")]
    NotSigned,
    /// It is signed, and makes no sense.
    #[error("the notice cannot be read")]
    NotReadable,
}

/// The source that the settings name, apart from the demo, for a business in this time zone, by this clock.
pub fn open(
    config: &BillingConfig,
    limits: &Limits,
    zone: TimeZone,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> Result<Option<Arc<dyn Billing>>, remote::SetupError> {
    Ok(match config.source.as_str() {
        "stripe" => Some(Arc::new(stripe::Stripe::new(config, limits, zone, now)?)),
        "http" => Some(Arc::new(http::Http::new(config, limits)?)),
        "none" => Some(Arc::new(nobody::Nobody)),
        _ => None,
    })
}

/// Why a source has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillingError {
    /// Billing doesn't know this customer.
    #[error("billing does not know this customer")]
    NotFound,
    /// Billing did not answer in time, or at all.
    #[error("billing could not be reached")]
    Unreachable,
    /// Billing answered with something that makes no sense.
    #[error("billing gave an answer that makes no sense")]
    Broken,
}
