//! Somebody of staff says that the bot was wrong. Nothing of it stands in the log: it becomes a question for `feedback`.

use crate::conversation::{Event, Seq};
use crate::feedback;
use crate::session::SessionError;
use crate::session::staff::StaffError;
use crate::session::task::Session;
use crate::store::{Staff, Why};

/// Events that are looked back on.
const BACK_MAX: u32 = 40;

/// Somebody of staff says that the bot was wrong.
#[derive(Debug)]
pub struct Flag {
    /// Who.
    pub staff: Staff,
    /// The answer, or the customer's message before it.
    pub seq: Seq,
}

impl Session {
    /// Records what the customer had said as a question that was not answered well.
    pub(in crate::session) async fn flag(&mut self, flag: Flag) -> Result<(), StaffError> {
        // No more than one read hands out: otherwise what was said last would be missing.
        let back = BACK_MAX.min(self.parts.config.limits.events_max.saturating_sub(1));
        let events = self.parts.store.events(&self.id, flag.seq.saturating_sub(back), back + 1).await?;
        let events: Vec<Event> = events.into_iter().map(|it| it.event).collect();
        // The customer's message itself, or the one before the answer.
        let found = feedback::last_said(&events, flag.seq.saturating_add(1)).ok_or(SessionError::NotFound)?;
        let (seq, message) = (found.0, found.1.text.clone());
        let understood = self.parts.store.understood(&self.id, seq, seq).await?;
        let guess = understood.into_iter().find(|it| it.0 == seq).map(|it| it.1).unwrap_or_default();
        let question = feedback::question(&events, seq, &message, Why::Flagged, guess);
        self.parts.store.record_question(&self.id, question, self.parts.clock.now_ms()).await?;
        tracing::info!(conversation = %self.id, staff = %flag.staff.id, seq, "an answer was flagged");
        self.parts.feedback_came.notify_one();
        Ok(())
    }
}
