//! What a connection reads of its conversation: which it is, what is new in it, and who is typing. Nothing is changed.

use tokio::sync::{broadcast, watch};

use super::Sessions;
use crate::conversation::{ConversationId, CustomerId, Sender, Seq};
use crate::identity::secrets;
use crate::store::{ConversationRecord, Logged, StoreError, Typing};

impl Sessions {
    /// The conversation that a secret opens. Its own customer, vouched for by the site, needs none: another tab of theirs
    /// may have got a new one.
    pub async fn find(
        &self,
        id: ConversationId,
        secret: Option<&str>,
        vouched_for: Option<&CustomerId>,
    ) -> Result<Option<ConversationRecord>, StoreError> {
        match self.inner.parts.store.conversation(&id).await {
            Ok(record) => {
                let opens = secret.is_some_and(|it| secrets::matches(it, &record.secret_hash));
                let is_theirs = vouched_for.is_some() && record.customer.as_ref() == vouched_for;
                Ok(Some(record).filter(|_| opens || is_theirs))
            }
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Until when it counts who its customer is, in milliseconds since 1970.
    pub async fn verified_until_ms(&self, id: &ConversationId) -> Result<i64, StoreError> {
        self.inner.parts.store.verified_until_ms(id).await
    }

    /// The newest place in its log, as news of it comes in. Only a hint: subscribe first, then read.
    pub fn watch(&self, id: &ConversationId) -> watch::Receiver<Seq> {
        self.inner.parts.store.watch(id)
    }

    /// What stands in its log after a place, as far as one read hands it out.
    pub async fn events_after(&self, id: &ConversationId, after: Seq) -> Result<Vec<Logged>, StoreError> {
        let parts = &self.inner.parts;
        parts.store.news(id, after, parts.config.limits.events_max).await
    }

    /// Who is typing in it.
    pub fn typing(&self, id: &ConversationId) -> broadcast::Receiver<Typing> {
        self.inner.parts.store.typing(id)
    }

    /// Tells everybody who listens that its customer is typing, or has stopped.
    pub fn tell_typing(&self, id: &ConversationId, on: bool) {
        self.inner.parts.store.tell_typing(id, Typing { from: Sender::Customer, on });
    }

    /// The conversations that change. Whoever lags reads its lists again.
    pub fn changes(&self) -> broadcast::Receiver<ConversationId> {
        self.inner.parts.store.changes()
    }
}
