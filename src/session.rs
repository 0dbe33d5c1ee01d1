//! Puts what happens in one conversation in order: one task for each live conversation, with a bounded inbox.
//!
//! A customer's message is kept, then acked, then answered. The task may die at any point: what was kept and not
//! answered is found again in the log.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::conversation::{
    ConversationId, CustomerId, Event, Message, NewEvent, Owner, Rating, Reason, Sender, Seq, State, What,
};
use crate::parts::Parts;
use crate::store::{Opening, StoreError, Typing};
use figures::Waiting;
use turns::{OpenEnd, Thought};

mod figures;
mod keeping;
mod letters;
mod secret;
mod turns;

/// A step that others interfere with is tried again at once this often.
const TRIES_MAX: u32 = 5;
/// A turn that takes longer than this shows itself, and again as often as clients forget it.
const BUSY_AFTER: Duration = Duration::from_secs(1);
const BUSY_AGAIN: Duration = Duration::from_secs(5);
/// Events that a turn may look back on.
const RECENT_MAX: usize = 40;

/// Why a frame was not accepted.
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

/// The answer to something that has to be kept.
pub type Reply = oneshot::Sender<Result<Kept, SessionError>>;

/// What can happen to a conversation from the customer's side.
#[derive(Debug)]
pub enum Happening {
    /// The customer says something.
    Say {
        /// Who opens the conversation, where this is its first message.
        opening: Opening,
        /// The client's key.
        key: String,
        /// The words.
        text: String,
        /// The network address that they come from.
        network: IpAddr,
        /// Told when it is kept.
        reply: Reply,
    },
    /// The customer taps something.
    Choose {
        /// As for `Say`.
        opening: Opening,
        /// The client's key.
        key: String,
        /// The choice's id.
        choice: String,
        /// The network address that it comes from.
        network: IpAddr,
        /// Told when it is kept.
        reply: Reply,
    },
    /// The customer rates an answer, or fills in the survey.
    Rate {
        /// The client's key.
        key: String,
        /// What is rated and how.
        rating: Rating,
        /// Told when it is kept.
        reply: Reply,
    },
    /// The customer ends the conversation.
    End {
        /// The client's key.
        key: String,
        /// Told when it is kept.
        reply: Reply,
    },
    /// The business's site vouches for the customer.
    Verified {
        /// Who it is.
        customer: CustomerId,
        /// Until when that counts, in milliseconds since 1970.
        until_ms: i64,
    },
    /// The customer is typing, or has stopped.
    Typing(bool),
    /// Look whether something is unanswered.
    Nudge,
    /// The conversation has not been told yet what came of the action with this key.
    Settle {
        /// The key.
        key: String,
    },
    /// The letter with its code may not have left us.
    LetterLost,
}

/// The conversations that are live on this node. Cloning it is cheap; all clones are the same.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Live>,
}

struct Live {
    parts: Arc<Parts>,
    inboxes: Mutex<HashMap<ConversationId, mpsc::Sender<Happening>>>,
}

impl Sessions {
    /// None is live yet; they will work with these parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self { inner: Arc::new(Live { parts, inboxes: Mutex::default() }) }
    }

    /// Brings something to its conversation, which comes to life if it wasn't live.
    pub fn bring(&self, id: &ConversationId, happening: Happening) -> Result<(), SessionError> {
        let mut inboxes = self.inboxes();
        let mut happening = happening;
        if let Some(inbox) = inboxes.get(id) {
            match inbox.try_send(happening) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(SessionError::Busy),
                // It has just left memory: start it again.
                Err(mpsc::error::TrySendError::Closed(back)) => happening = back,
            }
        }
        let parts = &self.inner.parts;
        let (inbox, arrivals) = mpsc::channel(parts.config.limits.inbox_max);
        inbox.try_send(happening).map_err(|_| SessionError::Busy)?;
        inboxes.insert(id.clone(), inbox);
        drop(inboxes);
        parts.tasks.spawn(Session::new(self.clone(), id.clone(), arrivals).live());
        Ok(())
    }

    fn forget(&self, id: &ConversationId, arrivals: &mut mpsc::Receiver<Happening>) -> bool {
        let mut inboxes = self.inboxes();
        // Under the lock nothing can be brought, so an empty inbox stays empty.
        if !arrivals.is_empty() {
            return false;
        }
        inboxes.remove(id);
        true
    }

    fn inboxes(&self) -> MutexGuard<'_, HashMap<ConversationId, mpsc::Sender<Happening>>> {
        self.inner.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One live conversation.
struct Session {
    parts: Arc<Parts>,
    sessions: Sessions,
    id: ConversationId,
    arrivals: mpsc::Receiver<Happening>,
    loaded: bool,
    /// The newest place in the log that has been heard of.
    news: watch::Receiver<Seq>,
    /// The language tag of the customer's browser.
    locale: Option<String>,
    state: State,
    /// The log has a damaged event whose part in the state is still unknown.
    has_damage: bool,
    recent: VecDeque<Event>,
    /// What the customer said and nobody has answered.
    unanswered: Vec<(Seq, Message)>,
    /// Up to here a turn has looked at what was said, whether or not a person has to answer it.
    heard_until: Seq,
    /// When the turn begins, while something is unanswered.
    turn_at: Option<Instant>,
    /// When the first of the messages that wait for the turn came.
    waiting_since: Option<Instant>,
    /// The turn that is being thought about.
    thinking: Option<BoxFuture<'static, Thought>>,
    /// What was left open, and waits for the turn that is being thought about, or for the store.
    open_end: Option<OpenEnd>,
    /// When the customer is shown next that the answer is on its way, while a turn takes long.
    busy_at: Option<Instant>,
    /// Turns in a row that could not be kept.
    n_failed: u32,
    /// When what is unanswered came in.
    waiting: Waiting,
    /// Where the customer wrote from last, since the conversation is live.
    network: Option<IpAddr>,
}

impl Session {
    fn new(sessions: Sessions, id: ConversationId, arrivals: mpsc::Receiver<Happening>) -> Self {
        let parts = Arc::clone(&sessions.inner.parts);
        Self {
            // Subscribed before anything is read, so that nothing falls in between.
            news: parts.store.watch(&id),
            parts,
            sessions,
            id,
            arrivals,
            loaded: false,
            locale: None,
            state: State::default(),
            has_damage: false,
            recent: VecDeque::new(),
            unanswered: Vec::new(),
            heard_until: 0,
            turn_at: None,
            waiting_since: None,
            thinking: None,
            open_end: None,
            busy_at: None,
            n_failed: 0,
            waiting: Waiting::default(),
            network: None,
        }
    }

    async fn live(mut self) {
        let idle = Duration::from_millis(self.parts.config.limits.idle_ms_max);
        let stop = self.parts.stop.clone();
        loop {
            let Self { arrivals, thinking, turn_at, busy_at, .. } = &mut self;
            let busy_at = busy_at.filter(|_| thinking.is_some());
            let at_rest = thinking.is_none() && turn_at.is_none();
            let turn_at = turn_at.filter(|_| thinking.is_none());
            let woken = tokio::select! {
                biased;
                arrival = arrivals.recv() => match arrival {
                    Some(happening) => Woken::Happening(happening),
                    None => return,
                },
                thought = async { thinking.as_mut().expect("only polled while there is one").await }, if thinking.is_some() => {
                    Woken::Thought(Box::new(thought))
                }
                () = tokio::time::sleep_until(turn_at.unwrap_or_else(Instant::now)), if turn_at.is_some() => Woken::Turn,
                () = tokio::time::sleep_until(busy_at.unwrap_or_else(Instant::now)), if busy_at.is_some() => Woken::Busy,
                () = stop.cancelled(), if at_rest => Woken::Rest,
                () = tokio::time::sleep(idle), if at_rest => Woken::Rest,
            };
            match woken {
                Woken::Happening(happening) => self.happen(happening).await,
                Woken::Turn => {
                    self.begin_turn().await;
                    self.busy_at = Some(Instant::now() + BUSY_AFTER);
                }
                Woken::Busy => {
                    self.tell_busy(true);
                    self.busy_at = Some(Instant::now() + BUSY_AGAIN);
                }
                Woken::Thought(thought) => {
                    self.thinking = None;
                    self.busy_at = None;
                    self.end_turn(*thought).await;
                }
                Woken::Rest => {
                    if self.sessions.forget(&self.id, &mut self.arrivals) {
                        return;
                    }
                }
            }
        }
    }

    /// Shows the customer that the bot is at it, as a person's typing is shown. It may get lost.
    fn tell_busy(&self, on: bool) {
        if self.state.owner == Owner::Bot {
            self.parts.store.tell_typing(&self.id, Typing { from: Sender::Bot, on });
        }
    }

    async fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Say { opening, key, text, network, reply } => {
                self.network = Some(network);
                let came = Instant::now();
                let kept = self.keep_message(opening, key, text, None).await;
                self.wait_from(came, &kept);
                // The asker may have gone; what was kept stays kept.
                let _ = reply.send(kept);
            }
            Happening::Choose { opening, key, choice, network, reply } => {
                self.network = Some(network);
                let came = Instant::now();
                let kept = self.keep_message(opening, key, String::new(), Some(choice)).await;
                self.wait_from(came, &kept);
                let _ = reply.send(kept);
            }
            Happening::Rate { key, rating, reply } => {
                let _ = reply.send(self.keep_rating(key, rating).await);
            }
            Happening::End { key, reply } => {
                let _ = reply.send(self.keep_end(key).await);
            }
            Happening::Verified { customer, until_ms } => {
                if let Err(error) = self.keep_verified(customer, until_ms).await {
                    tracing::warn!(conversation = %self.id, %error, "could not keep who the customer is");
                }
            }
            Happening::Typing(on) => self.hold_turn(on),
            Happening::Nudge => {
                if self.catch_up().await.is_ok() && !self.unanswered.is_empty() && self.state.owner == Owner::Bot {
                    self.turn_at = Some(Instant::now());
                }
            }
            Happening::Settle { key } => self.settle(OpenEnd::Action(key)).await,
            Happening::LetterLost => self.settle(OpenEnd::CodeLetter).await,
        }
    }

    /// Notes when a message came in that nobody has answered; one that came again has been noted.
    fn wait_from(&mut self, came: Instant, kept: &Result<Kept, SessionError>) {
        if let Ok(kept) = kept
            && self.unanswered.iter().any(|it| it.0 == kept.seq)
        {
            self.waiting.begin(kept.seq, came);
        }
    }

    /// Whether the log may have something that we don't know yet.
    fn has_news(&self) -> bool {
        !self.loaded || self.state.seq < *self.news.borrow()
    }

    /// Reads what the log has and we don't know yet.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        if !self.loaded {
            let record = match self.parts.store.conversation(&self.id).await {
                Ok(record) => record,
                // It is not there before its first message.
                Err(StoreError::NotFound) => return Ok(()),
                Err(error) => return Err(error),
            };
            self.read_log().await?;
            self.unanswered.retain(|(seq, _)| record.answered_seq < *seq);
            self.locale = self.locale.take().or(record.locale);
            self.loaded = true;
            return Ok(());
        }
        self.read_log().await
    }

    async fn read_log(&mut self) -> Result<(), StoreError> {
        let page = self.parts.config.limits.events_max;
        loop {
            let events = self.parts.store.events(&self.id, self.state.seq, page).await?;
            let n = events.len();
            for logged in events {
                self.apply(logged.event);
            }
            if n < page as usize {
                break;
            }
        }
        if self.has_damage { self.mend().await } else { Ok(()) }
    }

    /// What a damaged event said of the owner or the customer, the conversation's row knows too: without it nobody could
    /// go on writing.
    async fn mend(&mut self) -> Result<(), StoreError> {
        let record = self.parts.store.conversation(&self.id).await?;
        if self.state.epoch < record.epoch {
            (self.state.owner, self.state.epoch, self.state.staff) = (record.owner, record.epoch, record.staff);
        }
        self.state.customer = self.state.customer.take().or(record.customer);
        self.has_damage = false;
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        if event.seq <= self.state.seq {
            return;
        }
        self.has_damage |= event.what == What::Damaged;
        self.state.apply(&event);
        match (&event.what, event.from) {
            (What::Message(message), Sender::Customer) => self.unanswered.push((event.seq, message.clone())),
            (What::Message(_), Sender::Staff) => self.unanswered.clear(),
            // What was said to a person is theirs.
            (What::Owner(change), _) if change.reason == Reason::HandedBack => self.unanswered.clear(),
            _ => {}
        }
        self.recent.push_back(event);
        if RECENT_MAX < self.recent.len() {
            self.recent.pop_front();
        }
    }

    /// Applies our own events, after those that others wrote in between.
    async fn take_in(&mut self, events: Vec<crate::store::Logged>) -> Result<(), StoreError> {
        let follows = events.first().is_none_or(|it| it.event.seq == self.state.seq + 1);
        if !follows {
            return self.read_log().await;
        }
        for logged in events {
            self.apply(logged.event);
        }
        Ok(())
    }
}

/// What wakes a session.
enum Woken {
    Happening(Happening),
    Thought(Box<Thought>),
    Turn,
    Busy,
    Rest,
}

fn system(what: What) -> NewEvent {
    NewEvent { from: Sender::System, name: None, what }
}
