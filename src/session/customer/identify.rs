//! The business's site vouches for the customer.

use crate::conversation::{CustomerId, What};
use crate::session::secret;
use crate::session::task::{Session, TRIES_MAX, system};
use crate::store::{Expect, StoreError};

/// The business's site vouches for the customer.
#[derive(Debug)]
pub struct Identify {
    /// Who it is.
    pub customer: CustomerId,
    /// Until when that counts, in milliseconds since 1970.
    pub until_ms: i64,
}

impl Session {
    /// Keeps who the customer is. Nobody waits for that: a turn that comes before it knows nobody.
    pub(in crate::session) async fn identify(&mut self, identify: Identify) {
        if let Err(error) = self.keep_verified(identify.customer, identify.until_ms).await {
            tracing::warn!(conversation = %self.id, %error, "could not keep who the customer is");
        }
    }

    /// A conversation that is somebody else's already is left to nobody.
    async fn keep_verified(&mut self, customer: CustomerId, until_ms: i64) -> Result<(), StoreError> {
        for _ in 0..TRIES_MAX {
            self.catch_up().await?;
            match &self.state.customer {
                Some(known) if *known == customer && until_ms <= self.state.verified_until_ms => return Ok(()),
                Some(known) if *known == customer => {}
                Some(_) => return secret::leave(&self.parts, &self.id).await,
                None if self.state.seq == 0 => return Ok(()),
                None => {}
            }
            let expect = Expect { unverified: true, ..Expect::default() };
            let verified = What::Verified { customer: customer.clone(), until_ms, by: None };
            match self.keep(self.append(expect, vec![system(verified)])).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error),
                Ok(_) => return Ok(()),
            }
        }
        Err(StoreError::Conflict)
    }
}
