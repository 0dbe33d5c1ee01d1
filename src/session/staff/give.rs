//! Somebody of staff gives the customer something: a late fee comes off, or an amount comes back.
//!
//! Billing may take seconds, and what the customer says meanwhile must not wait for it: so all but the end is done beside
//! the task, as turns are thought, and comes back into it. There the receipt is kept in its place. What a crash leaves
//! open in between is brought to its end like any other action.

use std::sync::Arc;

use tokio::task::JoinError;

use super::StaffError;
use crate::conversation::{ConversationId, NewEvent};
use crate::parts::Parts;
use crate::session::task::{Session, tell};
use crate::session::{Responder, SessionError};
use crate::store::{Append, Staff, StoreError};
use giver::Giver;

mod giver;

pub use giver::{LateFeeOffer, Offer, offer};

/// What may be given at once in one conversation; whoever wants more is told to try again.
const AT_ONCE_MAX: usize = 4;

/// Somebody of staff gives the customer something.
#[derive(Debug)]
pub struct Give {
    /// Who.
    pub staff: Staff,
    /// The client's key: what is sent twice is done once.
    pub key: String,
    /// The number of the bill whose late fee comes off; without it an amount is given back.
    pub late_fee: Option<String>,
    /// That amount as it was typed.
    pub amount: Option<String>,
    /// Why, in words that the customer reads.
    pub reason: String,
    /// False: only what would be done is asked.
    pub sure: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gave {
    /// How far it is.
    pub state: GaveState,
    /// What the customer reads.
    pub text: String,
    /// The rule that it goes by.
    pub clause: String,
}

/// How far something is that staff give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaveState {
    /// Nothing is done yet.
    Asks,
    /// The receipt stands in the conversation.
    Done,
    /// Billing has not answered, and the receipt comes by itself.
    Waiting,
}

/// What has been done beside the task, and whom to tell.
pub(in crate::session) struct Ended {
    result: Result<(Gave, Option<Receipted>), StaffError>,
    answer: Responder<Gave, StaffError>,
}

/// A receipt that is to stand in the conversation.
struct Receipted {
    event: NewEvent,
    /// The key of the action that it tells of.
    tells: String,
    at_ms: i64,
}

impl Session {
    /// Begins to give it. The task goes on meanwhile.
    pub(in crate::session) fn give(&mut self, give: Give, answer: Responder<Gave, StaffError>) {
        if AT_ONCE_MAX <= self.giving.len() {
            return tell(answer, Err(SessionError::Busy.into()));
        }
        let (parts, id) = (Arc::clone(&self.parts), self.id.clone());
        // On a task of its own: while this one waits for the store, whoever is given something doesn't wait for it.
        self.giving.push(self.parts.tasks.spawn(async move {
            let result = begin(&parts, id, &give).await;
            Ended { result, answer }
        }));
    }

    /// Keeps the receipt, where there is one, and tells whoever has given it.
    pub(in crate::session) async fn end_giving(&mut self, ended: Result<Ended, JoinError>) {
        let ended = match ended {
            Ok(ended) => ended,
            // Whoever asked is told to try again; what was begun is brought to its end like any other action.
            Err(error) => return tracing::error!(conversation = %self.id, %error, "what staff give broke off"),
        };
        let result = match ended.result {
            Ok((gave, Some(receipted))) => self.keep_receipt(receipted).await.map(|()| gave),
            Ok((gave, None)) => Ok(gave),
            Err(error) => Err(error),
        };
        tell(ended.answer, result);
    }

    async fn keep_receipt(&mut self, receipted: Receipted) -> Result<(), StaffError> {
        let Receipted { event, tells, at_ms } = receipted;
        let append = Append { events: vec![event], tells: vec![tells], ..Append::new(self.id.clone(), at_ms) };
        match self.keep(append).await {
            // The receipt is there already.
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

async fn begin(parts: &Parts, id: ConversationId, give: &Give) -> Result<(Gave, Option<Receipted>), StaffError> {
    Giver::open(parts, &give.staff, id).await?.give(give).await
}
