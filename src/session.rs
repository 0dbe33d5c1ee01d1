//! The one door into a conversation: whatever anybody does to it is a command, taken one after the other by the task of
//! that conversation.
//!
//! Each act has a file of its own, a customer's under `customer`, one of staff under `staff`: what it needs, what must
//! hold, what is kept. A customer's message is kept, then acked, then answered. The task may die at any point: what was
//! kept and not answered is found again in the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use crate::conversation::{ConversationId, Epoch, Seq};
use crate::parts::Parts;
use crate::store::{Appended, StoreError};
use customer::{End, Identify, Rate, Say};
use inbox::{Arrivals, Inbox, inbox};
use staff::{Close, Flag, Gave, Give, HandBack, Reply, StaffError, Take};
use task::Session;

pub mod customer;
pub mod staff;

mod figures;
mod following;
mod house;
mod inbox;
mod letters;
mod log;
mod secret;
mod task;
mod turns;

/// Why something was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The conversation's inbox is full.
    #[error("the conversation's inbox is full")]
    Busy,
    /// There is nothing in the message.
    #[error("the message is empty")]
    Empty,
    /// The message has more characters than allowed.
    #[error("the message is too long")]
    TooLong,
    /// The choice is not on offer.
    #[error("the choice is not on offer")]
    NotOffered,
    /// There is no such conversation or event.
    #[error("there is no such conversation or event")]
    NotFound,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was kept, where, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was kept, in milliseconds since 1970.
    pub at_ms: i64,
}

impl From<&Appended> for Kept {
    fn from(appended: &Appended) -> Self {
        Self { seq: appended.seq, at_ms: appended.at_ms }
    }
}

/// Where it is told what came of a command.
pub type Responder<T = Kept, E = SessionError> = oneshot::Sender<Result<T, E>>;

/// Everything that can be done to a conversation.
#[derive(Debug)]
pub enum Command {
    /// The customer says something, or taps what is on offer.
    Say(Say, Responder),
    /// The customer rates an answer, or fills in the survey.
    Rate(Rate, Responder),
    /// The customer ends it.
    End(End, Responder),
    /// The business's site vouches for the customer.
    Identify(Identify),
    /// The customer is typing, or has stopped.
    Typing(bool),
    /// Somebody of staff takes it.
    Take(Take, Responder<(), StaffError>),
    /// Somebody of staff answers the customer.
    Reply(Reply, Responder<Kept, StaffError>),
    /// Somebody of staff gives it back to the bot.
    HandBack(HandBack, Responder<(), StaffError>),
    /// Somebody of staff closes it.
    Close(Close, Responder<(), StaffError>),
    /// Somebody of staff says that the bot was wrong.
    Flag(Flag, Responder<(), StaffError>),
    /// Somebody of staff gives the customer something.
    Give(Give, Responder<Gave, StaffError>),
    /// The house has it looked at: something may be unanswered.
    Nudge,
    /// It has not been told yet what came of the action with this key.
    Settle {
        /// The key.
        key: String,
    },
    /// The letter with its code may not have left us.
    LetterLost,
    /// Whoever has had it since this change of owner has gone.
    GiveBack {
        /// The change of owner.
        epoch: Epoch,
    },
}

impl Command {
    /// Whether it comes from the customer's side.
    fn is_of_customer(&self) -> bool {
        match self {
            Command::Say(..) | Command::Rate(..) | Command::End(..) | Command::Identify(_) | Command::Typing(_) => true,
            Command::Take(..) | Command::Reply(..) | Command::HandBack(..) | Command::Close(..) => false,
            Command::Flag(..) | Command::Give(..) => false,
            Command::Nudge | Command::Settle { .. } | Command::LetterLost | Command::GiveBack { .. } => false,
        }
    }

    /// Whether somebody of staff has given up waiting for it: by now they may be doing something else, so nothing is done.
    fn is_given_up(&self) -> bool {
        match self {
            Command::Take(_, it) | Command::HandBack(_, it) | Command::Close(_, it) | Command::Flag(_, it) => {
                it.is_closed()
            }
            Command::Reply(_, it) => it.is_closed(),
            Command::Give(_, it) => it.is_closed(),
            _ => false,
        }
    }
}

/// The conversations that are live on this node. Cloning it is cheap; all clones are the same.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Live>,
}

struct Live {
    parts: Arc<Parts>,
    inboxes: Mutex<HashMap<ConversationId, Inbox>>,
}

impl Sessions {
    /// None is live yet; they will work with these parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self { inner: Arc::new(Live { parts, inboxes: Mutex::default() }) }
    }

    /// Brings a command to its conversation, which comes to life if it wasn't live.
    pub fn bring(&self, id: &ConversationId, command: Command) -> Result<(), SessionError> {
        let mut inboxes = self.inboxes();
        let mut command = command;
        if let Some(inbox) = inboxes.get(id) {
            match inbox.of(&command).try_send(command) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => return Err(SessionError::Busy),
                // It has just left memory: start it again.
                Err(TrySendError::Closed(back)) => command = back,
            }
        }
        let parts = &self.inner.parts;
        let (inbox, arrivals) = inbox(parts.config.limits.inbox_max);
        inbox.of(&command).try_send(command).map_err(|_| SessionError::Busy)?;
        inboxes.insert(id.clone(), inbox);
        drop(inboxes);
        parts.tasks.spawn(Session::new(self.clone(), id.clone(), arrivals).live());
        Ok(())
    }

    /// Brings a command to its conversation, and waits for what comes of it.
    pub async fn ask<T, E: From<SessionError>>(
        &self,
        id: &ConversationId,
        command: impl FnOnce(Responder<T, E>) -> Command,
    ) -> Result<T, E> {
        let (answer, result) = oneshot::channel();
        self.bring(id, command(answer))?;
        // A session that died before its answer has done it or not: whoever asks again with the same key finds out.
        result.await.unwrap_or_else(|_| Err(SessionError::Busy.into()))
    }

    fn forget(&self, id: &ConversationId, arrivals: &Arrivals) -> bool {
        let mut inboxes = self.inboxes();
        // Under the lock nothing can be brought, so an empty inbox stays empty.
        if !arrivals.is_empty() {
            return false;
        }
        inboxes.remove(id);
        true
    }

    fn inboxes(&self) -> MutexGuard<'_, HashMap<ConversationId, Inbox>> {
        self.inner.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
