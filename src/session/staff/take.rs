//! Somebody of staff takes a conversation from the bot, or from those who wait.

use crate::conversation::{Owner, Reason};
use crate::session::staff::StaffError;
use crate::session::task::Session;
use crate::store::Staff;

/// Somebody of staff takes the conversation.
#[derive(Debug)]
pub struct Take {
    /// Who.
    pub staff: Staff,
}

impl Session {
    /// From now on they answer, and the bot is silent.
    pub(in crate::session) async fn take(&mut self, take: Take) -> Result<(), StaffError> {
        let record = self.parts.store.conversation(&self.id).await?;
        if !may_be_taken(record.owner) {
            return Err(StaffError::Conflict);
        }
        self.change_owner(&take.staff, &record, Owner::Staff, Reason::Taken).await
    }
}

/// What a colleague has is theirs until they give it back, and what has ended begins again with the customer's words.
fn may_be_taken(owner: Owner) -> bool {
    matches!(owner, Owner::Bot | Owner::Queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_what_a_colleague_has_or_what_has_ended() {
        for (owner, may) in [(Owner::Bot, true), (Owner::Queue, true), (Owner::Staff, false), (Owner::Nobody, false)] {
            assert_eq!(may_be_taken(owner), may, "{owner:?}");
        }
    }
}
