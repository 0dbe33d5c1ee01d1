//! The customer ends the conversation.

use crate::conversation::{Owner, Reason, What};
use crate::session::task::{Session, TRIES_MAX, system};
use crate::session::{Kept, SessionError};
use crate::store::{Append, StoreError};

/// The customer ends the conversation.
#[derive(Debug)]
pub struct End {
    /// The client's key.
    pub key: String,
}

impl Session {
    /// What has ended stays so: whoever ends it again hears where it did.
    pub(in crate::session) async fn end(&mut self, end: End) -> Result<Kept, SessionError> {
        for _ in 0..TRIES_MAX {
            self.catch_up().await?;
            if self.state.seq == 0 {
                return Err(SessionError::NotFound);
            }
            if self.state.owner == Owner::Nobody {
                let known = self.repeated(&end.key).await?;
                return Ok(known.unwrap_or(Kept { seq: self.state.seq, at_ms: self.parts.clock.now_ms() }));
            }
            let event = system(What::Owner(self.next_owner(Owner::Nobody, Reason::Ended)));
            let append = Append { key: Some(end.key.clone()), ..self.append(self.same_owner(), vec![event]) };
            match self.keep(append).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error.into()),
                Ok(appended) => return Ok((&appended).into()),
            }
        }
        Err(SessionError::Busy)
    }
}
