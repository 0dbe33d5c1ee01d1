//! One live conversation: its task takes one command after the other, thinks beside that, and rests when nothing comes.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::figures::Waiting;
use super::inbox::Arrivals;
use super::staff::Ended;
use super::turns::{OpenEnd, Thought};
use super::{Command, Kept, Responder, SessionError, Sessions};
use crate::conversation::{
    ConversationId, Event, Message, NewEvent, Owner, OwnerChange, Reason, Sender, Seq, State, What,
};
use crate::parts::Parts;
use crate::store::{Append, Appended, Expect, StoreError, Typing};

/// A step that others interfere with is tried again at once this often.
pub(super) const TRIES_MAX: u32 = 5;
/// A turn that takes longer than this shows itself, and again as often as clients forget it.
const BUSY_AFTER: Duration = Duration::from_secs(1);
const BUSY_AGAIN: Duration = Duration::from_secs(5);
/// Events that a turn may look back on.
pub(super) const RECENT_MAX: usize = 40;

/// One live conversation.
pub(super) struct Session {
    pub(super) parts: Arc<Parts>,
    pub(super) sessions: Sessions,
    pub(super) id: ConversationId,
    arrivals: Arrivals,
    pub(super) loaded: bool,
    /// The newest place in the log that has been heard of.
    pub(super) news: watch::Receiver<Seq>,
    /// The language tag of the customer's browser.
    pub(super) locale: Option<String>,
    pub(super) state: State,
    /// The log has a damaged event whose part in the state is still unknown.
    pub(super) has_damage: bool,
    pub(super) recent: VecDeque<Event>,
    /// What the customer said and nobody has answered.
    pub(super) unanswered: Vec<(Seq, Message)>,
    /// Up to here a turn has looked at what was said, whether or not a person has to answer it.
    pub(super) heard_until: Seq,
    /// When the turn begins, while something is unanswered.
    pub(super) turn_at: Option<Instant>,
    /// When the first of the messages that wait for the turn came.
    pub(super) waiting_since: Option<Instant>,
    /// The turn that is being thought about.
    pub(super) thinking: Option<BoxFuture<'static, Thought>>,
    /// What staff are giving.
    pub(super) giving: FuturesUnordered<JoinHandle<Ended>>,
    /// What was left open, and waits for the turn that is being thought about, or for the store.
    pub(super) open_end: Option<OpenEnd>,
    /// When the customer is shown next that the answer is on its way, while a turn takes long.
    busy_at: Option<Instant>,
    /// Turns in a row that could not be kept.
    pub(super) n_failed: u32,
    /// When what is unanswered came in.
    pub(super) waiting: Waiting,
    /// Where the customer wrote from last, since the conversation is live.
    pub(super) network: Option<IpAddr>,
}

/// What wakes a session.
enum Woken {
    Command(Command),
    Thought(Box<Thought>),
    Given(Box<Result<Ended, JoinError>>),
    Turn,
    Busy,
    Rest,
}

impl Session {
    pub(super) fn new(sessions: Sessions, id: ConversationId, arrivals: Arrivals) -> Self {
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
            giving: FuturesUnordered::new(),
            open_end: None,
            busy_at: None,
            n_failed: 0,
            waiting: Waiting::default(),
            network: None,
        }
    }

    pub(super) async fn live(mut self) {
        let idle = Duration::from_millis(self.parts.config.limits.idle_ms_max);
        let stop = self.parts.stop.clone();
        loop {
            let Self { arrivals, thinking, giving, turn_at, busy_at, .. } = &mut self;
            let busy_at = busy_at.filter(|_| thinking.is_some());
            let at_rest = thinking.is_none() && turn_at.is_none() && giving.is_empty();
            let turn_at = turn_at.filter(|_| thinking.is_none());
            // Commands come first: whoever takes the conversation doesn't wait for what the bot is thinking about.
            let woken = tokio::select! {
                biased;
                arrival = arrivals.recv() => match arrival {
                    Some(command) => Woken::Command(command),
                    None => return,
                },
                thought = async { thinking.as_mut().expect("only polled while there is one").await }, if thinking.is_some() => {
                    Woken::Thought(Box::new(thought))
                }
                Some(ended) = giving.next(), if !giving.is_empty() => Woken::Given(Box::new(ended)),
                () = tokio::time::sleep_until(turn_at.unwrap_or_else(Instant::now)), if turn_at.is_some() => Woken::Turn,
                () = tokio::time::sleep_until(busy_at.unwrap_or_else(Instant::now)), if busy_at.is_some() => Woken::Busy,
                () = stop.cancelled(), if at_rest => Woken::Rest,
                () = tokio::time::sleep(idle), if at_rest => Woken::Rest,
            };
            match woken {
                Woken::Command(command) => self.carry_out(command).await,
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
                Woken::Given(ended) => self.end_giving(*ended).await,
                Woken::Rest => {
                    if self.sessions.forget(&self.id, &self.arrivals) {
                        return;
                    }
                }
            }
        }
    }

    async fn carry_out(&mut self, command: Command) {
        if command.is_given_up() {
            return;
        }
        match command {
            Command::Say(say, answer) => tell(answer, self.say(say).await),
            Command::Rate(rate, answer) => tell(answer, self.rate(rate).await),
            Command::End(end, answer) => tell(answer, self.end(end).await),
            Command::Identify(identify) => self.identify(identify).await,
            Command::Typing(on) => self.hold_turn(on),
            Command::Take(take, answer) => tell(answer, self.take(take).await),
            Command::Reply(reply, answer) => tell(answer, self.reply(reply).await),
            Command::HandBack(hand_back, answer) => tell(answer, self.hand_back(hand_back).await),
            Command::Close(close, answer) => tell(answer, self.close(close).await),
            Command::Flag(flag, answer) => tell(answer, self.flag(flag).await),
            Command::Give(give, answer) => self.give(give, answer),
            Command::Nudge => self.nudge().await,
            Command::Settle { key } => self.settle(OpenEnd::Action(key)).await,
            Command::LetterLost => self.settle(OpenEnd::CodeLetter).await,
            Command::GiveBack { epoch } => self.give_back(epoch).await,
        }
    }

    /// Shows the customer that the bot is at it, as a person's typing is shown. It may get lost.
    fn tell_busy(&self, on: bool) {
        if self.state.owner == Owner::Bot {
            self.parts.store.tell_typing(&self.id, Typing { from: Sender::Bot, on });
        }
    }

    /// Nobody has changed the owner since the log was read.
    pub(super) fn same_owner(&self) -> Expect {
        Expect { epoch: Some(self.state.epoch), ..Expect::default() }
    }

    /// The change to another owner, from where the log stands.
    pub(super) fn next_owner(&self, owner: Owner, reason: Reason) -> OwnerChange {
        OwnerChange { owner, epoch: self.state.epoch + 1, staff: None, reason, urgent: false }
    }

    /// The ack that a key got before, if it did.
    pub(super) async fn repeated(&mut self, key: &str) -> Result<Option<Kept>, SessionError> {
        let found = self.parts.store.find_key(&self.id, key).await?;
        Ok(found.map(|(seq, at_ms)| Kept { seq, at_ms }))
    }

    /// Keeps what was done: the one way into the log. What can't be read back now, the next step reads: it is kept all the
    /// same, and nobody must do it again.
    pub(super) async fn keep(&mut self, append: Append) -> Result<Appended, StoreError> {
        // What is kept at the opening of a conversation is all that there is to know of it.
        let opens = append.opening.is_some();
        let appended = self.parts.store.append(append).await?;
        self.loaded |= opens;
        // Of a log that was not needed so far nothing is read for it.
        if self.loaded
            && let Err(error) = self.take_in(&appended.events).await
        {
            tracing::warn!(conversation = %self.id, %error, "what was kept could not be read back yet");
            self.loaded = false;
        }
        Ok(appended)
    }

    /// These events for this conversation as of now, to be kept.
    pub(super) fn append(&self, expect: Expect, events: Vec<NewEvent>) -> Append {
        Append { expect, events, ..Append::new(self.id.clone(), self.parts.clock.now_ms()) }
    }
}

/// Whoever asked may have gone; what was kept stays kept.
pub(super) fn tell<T, E>(answer: Responder<T, E>, result: Result<T, E>) {
    let _ = answer.send(result);
}

pub(super) fn system(what: What) -> NewEvent {
    NewEvent { from: Sender::System, name: None, what }
}
