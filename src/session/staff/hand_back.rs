//! Somebody of staff gives a conversation back to the bot.

use crate::conversation::{Owner, Reason};
use crate::session::staff::{StaffError, has};
use crate::session::task::Session;
use crate::store::Staff;

/// Somebody of staff gives the conversation back to the bot.
#[derive(Debug)]
pub struct HandBack {
    /// Who.
    pub staff: Staff,
}

impl Session {
    /// From now on the bot answers. Nobody gives back but whoever has it.
    pub(in crate::session) async fn hand_back(&mut self, hand_back: HandBack) -> Result<(), StaffError> {
        let record = self.parts.store.conversation(&self.id).await?;
        if !has(&record, &hand_back.staff) {
            return Err(StaffError::Conflict);
        }
        self.change_owner(&hand_back.staff, &record, Owner::Bot, Reason::HandedBack).await
    }
}
