//! What staff do to a conversation, one file an act. Each looks at the conversation's row as it stands now; whether that
//! still holds is decided in the transaction that keeps it, so that two nodes agree.

use super::SessionError;
use super::task::Session;
use crate::conversation::{NewEvent, Owner, OwnerChange, Reason, Sender, What};
use crate::store::{Append, ConversationRecord, Expect, Staff, StoreError};

mod close;
mod flag;
mod give;
mod hand_back;
mod reply;
mod take;

pub use close::Close;
pub use flag::Flag;
pub(super) use give::Ended;
pub use give::{Gave, GaveState, Give, LateFeeOffer, Offer, offer};
pub use hand_back::HandBack;
pub use reply::Reply;
pub use take::Take;

/// Why something that staff wanted was not done.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// Somebody else was quicker, or there is something new to read first.
    #[error("somebody else was quicker, or there is something new to read first")]
    Conflict,
    /// The rules or billing say no, in these words.
    #[error("{0}")]
    Refused(String),
    /// What the customer would read could not be put into words.
    #[error("what the customer would read could not be put into words")]
    Unsayable,
    /// As for customers.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<StoreError> for StaffError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => StaffError::Conflict,
            error => StaffError::Session(error.into()),
        }
    }
}

/// Whether a staff member has this conversation.
pub fn has(record: &ConversationRecord, staff: &Staff) -> bool {
    record.owner == Owner::Staff && record.staff.as_ref() == Some(&staff.id)
}

impl Session {
    /// Changes the owner in somebody's name, provided that nobody else has since the row was read.
    async fn change_owner(
        &mut self,
        staff: &Staff,
        record: &ConversationRecord,
        owner: Owner,
        reason: Reason,
    ) -> Result<(), StaffError> {
        let holder = (owner == Owner::Staff).then(|| staff.id.clone());
        // What is urgent stays so while somebody has it: should they be gone, it goes before the others again.
        let urgent = record.urgent && owner == Owner::Staff;
        let change = OwnerChange { owner, epoch: record.epoch + 1, staff: holder, reason, urgent };
        let event = NewEvent { from: Sender::System, name: Some(staff.name.clone()), what: What::Owner(change) };
        // What was said to a person is theirs, answered or not: the bot begins with what comes after.
        let said_to_a_person = record.owner == Owner::Staff && record.answered_seq < record.customer_seq;
        let answered = said_to_a_person.then_some(record.customer_seq);
        // What the customer says meanwhile is neither theirs nor the bot's yet: it is read first.
        let expect = Expect { epoch: Some(record.epoch), seen: answered, ..Expect::default() };
        self.keep(Append { answered, ..self.append(expect, vec![event]) }).await?;
        tracing::info!(conversation = %self.id, staff = %staff.id, reason = reason.as_str(), "the owner changed");
        Ok(())
    }
}
