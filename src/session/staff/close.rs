//! Somebody of staff closes a conversation.

use crate::conversation::{Owner, Reason};
use crate::session::staff::{StaffError, has};
use crate::session::task::Session;
use crate::store::Staff;

/// Somebody of staff closes the conversation.
#[derive(Debug)]
pub struct Close {
    /// Who.
    pub staff: Staff,
}

impl Session {
    /// It is over until the customer writes again.
    pub(in crate::session) async fn close(&mut self, close: Close) -> Result<(), StaffError> {
        let record = self.parts.store.conversation(&self.id).await?;
        if !may_be_closed(record.owner, has(&record, &close.staff)) {
            return Err(StaffError::Conflict);
        }
        self.change_owner(&close.staff, &record, Owner::Nobody, Reason::Closed).await
    }
}

/// What waits anybody may close; what somebody has, only they.
fn may_be_closed(owner: Owner, is_theirs: bool) -> bool {
    owner == Owner::Queue || is_theirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_anybody_may_close_and_what_somebody_has_only_they() {
        assert!(may_be_closed(Owner::Queue, false));
        assert!(may_be_closed(Owner::Staff, true));
        for owner in [Owner::Staff, Owner::Bot, Owner::Nobody] {
            assert!(!may_be_closed(owner, false), "{owner:?}");
        }
    }
}
