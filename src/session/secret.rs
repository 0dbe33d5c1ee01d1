//! The secret with which a conversation is resumed. Nothing of it stands in the log, so that it needs no order there:
//! whoever changes it last is right.

use super::Sessions;
use crate::conversation::ConversationId;
use crate::identity::secrets;
use crate::parts::Parts;
use crate::store::StoreError;

impl Sessions {
    /// Makes a new secret for a conversation, and says it and its hash. The one before opens nothing any more, not even
    /// what comes now.
    pub async fn change_secret(&self, id: &ConversationId) -> Result<(String, String), StoreError> {
        let secret = secrets::random();
        let hash = secrets::hash(&secret);
        self.inner.parts.store.change_secret(id, &hash).await?;
        Ok((secret, hash))
    }

    /// Ends the old session of a conversation whose customer has become somebody else on the same page: its secret
    /// opens nothing any more, and its sockets close.
    pub async fn leave(&self, id: &ConversationId) -> Result<(), StoreError> {
        leave(&self.inner.parts, id).await
    }
}

/// See [`Sessions::leave`].
pub(super) async fn leave(parts: &Parts, id: &ConversationId) -> Result<(), StoreError> {
    parts.store.change_secret(id, &secrets::hash(&secrets::random())).await?;
    // Nobody may be listening.
    let _ = parts.left.send(id.clone());
    Ok(())
}
