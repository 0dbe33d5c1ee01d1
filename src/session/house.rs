//! What the house does to a conversation by itself: has it looked at again, and gives back what a colleague left behind.
//! What is brought to its end after a crash stands with the turns.

use tokio::time::Instant;

use super::task::{Session, system};
use crate::conversation::{Epoch, Owner, OwnerChange, Reason, What};
use crate::store::{Expect, StoreError};

impl Session {
    /// Looks whether something is unanswered, and answers it.
    pub(super) async fn nudge(&mut self) {
        if self.catch_up().await.is_ok() && !self.unanswered.is_empty() && self.state.owner == Owner::Bot {
            self.turn_at = Some(Instant::now());
        }
    }

    /// Has the conversation wait for a person again: whoever has had it since this change of owner has gone.
    pub(super) async fn give_back(&mut self, epoch: Epoch) {
        match self.keep_given_back(epoch).await {
            Ok(()) => tracing::info!(conversation = %self.id, "whoever had it has gone: it waits for a person again"),
            // Somebody has changed it meanwhile, another node perhaps.
            Err(StoreError::Conflict) => {}
            Err(error) => tracing::warn!(conversation = %self.id, %error, "it could not be given back yet"),
        }
    }

    async fn keep_given_back(&mut self, epoch: Epoch) -> Result<(), StoreError> {
        let record = self.parts.store.conversation(&self.id).await?;
        // They may have come back while this waited.
        if !self.parts.store.is_left_behind(&self.id, self.parts.clock.now_ms()).await? {
            return Err(StoreError::Conflict);
        }
        let (owner, reason, urgent) = (Owner::Queue, Reason::Left, record.urgent);
        let change = OwnerChange { owner, epoch: epoch + 1, staff: None, reason, urgent };
        let expect = Expect { epoch: Some(epoch), ..Expect::default() };
        self.keep(self.append(expect, vec![system(What::Owner(change))])).await.map(drop)
    }
}
