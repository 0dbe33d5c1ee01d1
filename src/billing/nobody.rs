//! No billing data: general answers only, until the business says where its bills are.

use futures_util::future::BoxFuture;

use super::{Account, Billing, BillingError, Plan};
use crate::conversation::CustomerId;

/// A source that knows nobody.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Billing for Nobody {
    fn has_accounts(&self) -> bool {
        false
    }

    fn account<'a>(&'a self, _customer: &'a CustomerId) -> BoxFuture<'a, Result<Account, BillingError>> {
        Box::pin(async { Err(BillingError::NotFound) })
    }

    fn plans(&self) -> BoxFuture<'_, Result<Vec<Plan>, BillingError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
