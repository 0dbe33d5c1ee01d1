//! Puts what happens in one conversation in order: one task for each live conversation, with a bounded inbox.
//!
//! A customer's message is kept, then acked, then answered. The task may die at any point: what was kept and not
//! answered is found again in the log.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::app::App;
use crate::conversation::{
    ASKS_CODE, ConversationId, CustomerId, Epoch, Event, Message, NewEvent, Owner, OwnerChange, Rating, Reason, Sender,
    Seq, State, What, masking,
};
use crate::feedback;
use crate::rules;
use crate::store::{Append, CodeChange, Expect, Opening, StoreError};
use crate::turn;
use figures::Waiting;

mod figures;

/// A step that others interfere with is tried again at once this often.
const TRIES_MAX: u32 = 5;
/// The wait after the first turn that could not be kept; it doubles.
const FAILED_WAIT: Duration = Duration::from_millis(100);
/// Events that a turn may look back on.
const RECENT_MAX: usize = 40;
/// The longest wait between tries to keep a turn while the store is away.
const STORE_WAIT_MAX: Duration = Duration::from_secs(10);

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

/// The conversations that are live on this node.
#[derive(Default)]
pub struct Sessions {
    inboxes: Mutex<HashMap<ConversationId, mpsc::Sender<Happening>>>,
}

impl Sessions {
    /// Brings something to its conversation, which comes to life if it wasn't live.
    pub fn bring(&self, app: &Arc<App>, id: &ConversationId, happening: Happening) -> Result<(), SessionError> {
        let mut inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happening = happening;
        if let Some(inbox) = inboxes.get(id) {
            match inbox.try_send(happening) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(SessionError::Busy),
                // It has just left memory: start it again.
                Err(mpsc::error::TrySendError::Closed(back)) => happening = back,
            }
        }
        let (inbox, arrivals) = mpsc::channel(app.config.limits.inbox_max);
        inbox.try_send(happening).map_err(|_| SessionError::Busy)?;
        inboxes.insert(id.clone(), inbox);
        drop(inboxes);
        let session = Session::new(Arc::clone(app), id.clone(), arrivals);
        app.tasks.spawn(session.live());
        Ok(())
    }

    fn forget(&self, id: &ConversationId, arrivals: &mut mpsc::Receiver<Happening>) -> bool {
        let mut inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nothing can be brought, so an empty inbox stays empty.
        if !arrivals.is_empty() {
            return false;
        }
        inboxes.remove(id);
        true
    }
}

/// One live conversation.
struct Session {
    app: Arc<App>,
    id: ConversationId,
    arrivals: mpsc::Receiver<Happening>,
    loaded: bool,
    /// The language tag of the customer's browser.
    locale: Option<String>,
    state: State,
    recent: VecDeque<Event>,
    /// What the customer said and nobody has answered.
    unanswered: Vec<(Seq, Message)>,
    /// When the turn begins, while something is unanswered.
    turn_at: Option<Instant>,
    /// When the first of the messages that wait for the turn came.
    waiting_since: Option<Instant>,
    /// The turn that is being thought about.
    thinking: Option<BoxFuture<'static, Thought>>,
    /// Turns in a row that could not be kept.
    n_failed: u32,
    /// When what is unanswered came in.
    waiting: Waiting,
    /// Where the customer wrote from last, since the conversation is live.
    network: Option<IpAddr>,
}

impl Session {
    fn new(app: Arc<App>, id: ConversationId, arrivals: mpsc::Receiver<Happening>) -> Self {
        Self {
            app,
            id,
            arrivals,
            loaded: false,
            locale: None,
            state: State::default(),
            recent: VecDeque::new(),
            unanswered: Vec::new(),
            turn_at: None,
            waiting_since: None,
            thinking: None,
            n_failed: 0,
            waiting: Waiting::default(),
            network: None,
        }
    }

    async fn live(mut self) {
        let idle = Duration::from_millis(self.app.config.limits.idle_ms_max);
        let stop = self.app.stop.clone();
        loop {
            let Self { arrivals, thinking, turn_at, .. } = &mut self;
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
                () = stop.cancelled(), if at_rest => Woken::Rest,
                () = tokio::time::sleep(idle), if at_rest => Woken::Rest,
            };
            match woken {
                Woken::Happening(happening) => self.happen(happening).await,
                Woken::Turn => self.begin_turn().await,
                Woken::Thought(thought) => {
                    self.thinking = None;
                    self.end_turn(*thought).await;
                }
                Woken::Rest => {
                    if self.app.sessions.forget(&self.id, &mut self.arrivals) {
                        return;
                    }
                }
            }
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
            Happening::Verified { customer } => {
                if let Err(error) = self.keep_verified(customer).await {
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

    /// Reads what the log has and we don't know yet.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        if !self.loaded {
            let record = match self.app.store.conversation(&self.id).await {
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
        let page = self.app.config.limits.events_max;
        loop {
            let events = self.app.store.events(&self.id, self.state.seq, page).await?;
            let n = events.len();
            for logged in events {
                self.apply(logged.event);
            }
            if n < page as usize {
                return Ok(());
            }
        }
    }

    fn apply(&mut self, event: Event) {
        if event.seq <= self.state.seq {
            return;
        }
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

    async fn keep_message(
        &mut self,
        opening: Opening,
        key: String,
        text: String,
        choice: Option<String>,
    ) -> Result<Kept, SessionError> {
        let text = text.trim();
        if choice.is_none() && text.is_empty() {
            return Err(SessionError::Empty);
        }
        if self.app.config.limits.text_chars_max < text.chars().count() {
            return Err(SessionError::TooLong);
        }
        self.locale = opening.locale.clone().or(self.locale.take());
        for _ in 0..TRIES_MAX {
            self.catch_up().await?;
            let (masked, code) = self.without_secrets(text);
            let mut message = Message { text: masked, choice: choice.clone(), code, ..Message::default() };
            if let Some(choice) = &choice {
                let content = self.app.contents.current();
                message.text = rules::label_of(&content, &self.state, choice);
                if !rules::may_choose(&content, &self.state, choice) {
                    // A repeated key was on offer when it came first: the store knows it, and appends nothing.
                    return self.repeated(&key).await?.ok_or(SessionError::NotOffered);
                }
            }
            let mut events = Vec::new();
            if self.state.seq == 0 {
                events.extend(opening.customer.clone().map(|customer| system(What::Verified { customer })));
            }
            if self.state.owner == Owner::Nobody {
                events.push(system(self.owner_change(Owner::Bot, Reason::Reopened)));
            }
            events.push(NewEvent { from: Sender::Customer, name: None, what: What::Message(message) });
            match self.append(Some(opening.clone()), key.clone(), events).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error.into()),
                Ok(kept) => {
                    self.schedule_turn();
                    return Ok(kept);
                }
            }
        }
        Err(SessionError::Busy)
    }

    /// A text as it may be kept, and the digest of the one-time code in it, where one was asked for.
    fn without_secrets(&self, text: &str) -> (String, Option<String>) {
        if !self.state.code_asked {
            return (masking::mask(text).text, None);
        }
        let whole = self.state.asked.as_deref() != Some(ASKS_CODE);
        let (text, code) = masking::mask_code(text, whole);
        let code = code.map(|digits| self.app.codes.digest(&self.id, &digits));
        (masking::mask(&text).text, code)
    }

    /// The ack that a key got before, if it did.
    async fn repeated(&mut self, key: &str) -> Result<Option<Kept>, SessionError> {
        let found = self.app.store.find_key(&self.id, key).await?;
        Ok(found.map(|(seq, at_ms)| Kept { seq, at_ms }))
    }

    async fn keep_rating(&mut self, key: String, rating: Rating) -> Result<Kept, SessionError> {
        self.catch_up().await?;
        if self.state.seq == 0 || self.state.seq < rating.about {
            return Err(SessionError::NotFound);
        }
        let comment_chars = rating.comment.as_ref().map_or(0, |it| it.chars().count());
        if self.app.config.limits.text_chars_max < comment_chars {
            return Err(SessionError::TooLong);
        }
        let rating = Rating {
            comment: rating.comment.map(|it| masking::mask(it.trim()).text).filter(|it| !it.is_empty()),
            ..rating
        };
        let before =
            self.app.store.events(&self.id, rating.about.saturating_sub(RECENT_MAX as Seq), 2 * RECENT_MAX as u32);
        let before: Vec<Event> = before.await?.into_iter().map(|it| it.event).collect();
        let understood = self.app.store.understood(&self.id).await?;
        let questions = feedback::question_of_rating(&before, &understood, &rating).into_iter().collect();
        let event = NewEvent { from: Sender::Customer, name: None, what: What::Rating(rating) };
        let append = Append {
            key: Some(key),
            events: vec![event],
            questions,
            ..Append::new(self.id.clone(), self.app.clock.now_ms())
        };
        let appended = self.app.store.append(append).await?;
        let kept = Kept { seq: appended.seq, at_ms: appended.at_ms };
        self.catch_up().await?;
        self.app.feedback_came.notify_one();
        Ok(kept)
    }

    async fn keep_end(&mut self, key: String) -> Result<Kept, SessionError> {
        for _ in 0..TRIES_MAX {
            self.catch_up().await?;
            if self.state.seq == 0 {
                return Err(SessionError::NotFound);
            }
            if self.state.owner == Owner::Nobody {
                let known = self.repeated(&key).await?;
                return Ok(known.unwrap_or(Kept { seq: self.state.seq, at_ms: self.app.clock.now_ms() }));
            }
            let event = system(self.owner_change(Owner::Nobody, Reason::Ended));
            match self.append(None, key.clone(), vec![event]).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error.into()),
                Ok(kept) => return Ok(kept),
            }
        }
        Err(SessionError::Busy)
    }

    /// Keeps who the customer is. A conversation that is somebody else's already is left to nobody.
    async fn keep_verified(&mut self, customer: CustomerId) -> Result<(), StoreError> {
        for _ in 0..TRIES_MAX {
            self.catch_up().await?;
            match &self.state.customer {
                Some(known) if *known == customer => return Ok(()),
                Some(_) => return self.app.leave(&self.id).await,
                None if self.state.seq == 0 => return Ok(()),
                None => {}
            }
            let append = Append {
                expect: Expect { unverified: true, ..Expect::default() },
                events: vec![system(What::Verified { customer: customer.clone() })],
                ..Append::new(self.id.clone(), self.app.clock.now_ms())
            };
            match self.app.store.append(append).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error),
                Ok(_) => return self.catch_up().await,
            }
        }
        Err(StoreError::Conflict)
    }

    /// Keeps the customer's events, provided that nobody changed the owner meanwhile.
    async fn append(
        &mut self,
        opening: Option<Opening>,
        key: String,
        events: Vec<NewEvent>,
    ) -> Result<Kept, StoreError> {
        let append = Append {
            opening,
            expect: Expect { epoch: Some(self.state.epoch), ..Expect::default() },
            key: Some(key),
            events,
            ..Append::new(self.id.clone(), self.app.clock.now_ms())
        };
        let appended = self.app.store.append(append).await?;
        self.loaded = true;
        self.take_in(appended.events).await?;
        Ok(Kept { seq: appended.seq, at_ms: appended.at_ms })
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

    fn owner_change(&self, owner: Owner, reason: Reason) -> What {
        What::Owner(OwnerChange { owner, epoch: self.state.epoch + 1, staff: None, reason, urgent: false })
    }

    /// Begins the turn soon, so that quick messages count as one.
    fn schedule_turn(&mut self) {
        let now = Instant::now();
        self.waiting_since.get_or_insert(now);
        self.turn_at = Some(now + Duration::from_millis(self.app.config.limits.gather_ms));
    }

    /// While the customer types on, the turn waits a little longer, to a limit.
    fn hold_turn(&mut self, typing: bool) {
        let (Some(since), Some(_)) = (self.waiting_since, self.turn_at) else { return };
        let limits = &self.app.config.limits;
        let latest = since + Duration::from_millis(limits.gather_ms_max);
        let now = Instant::now();
        self.turn_at = Some(if typing { latest.max(now) } else { now + Duration::from_millis(limits.gather_ms) });
    }

    /// Begins to think about what is unanswered. Meanwhile what comes in is kept and acked.
    async fn begin_turn(&mut self) {
        self.turn_at = None;
        self.waiting_since = None;
        if let Err(error) = self.catch_up().await {
            return self.turn_later(&error);
        }
        let Some(answered) = self.unanswered.last().map(|(seq, _)| *seq) else { return };
        let (app, id, locale) = (Arc::clone(&self.app), self.id.clone(), self.locale.clone());
        let (state, unanswered) = (self.state.clone(), self.unanswered.clone());
        let recent: Vec<Event> = self.recent.iter().cloned().collect();
        let network = self.network.map(|it| it.to_string()).unwrap_or_default();
        self.thinking = Some(Box::pin(async move {
            let parts = turn::Parts { locale, ..app.turn_parts(&id, &network).await };
            let outcome = turn::take(&parts, &state, &recent, &unanswered).await;
            let answered = outcome.as_ref().ok().and_then(|it| it.answered).unwrap_or(answered);
            Thought { outcome, answered: Some(answered), epoch: state.epoch, owner: state.owner }
        }));
    }

    /// Brings to its end what was left open. While a turn is thought about nothing is begun: the next look comes back.
    ///
    /// What the customer waits for comes first: that turn tells what came of what it began, and answers with it.
    async fn settle(&mut self, open_end: OpenEnd) {
        if self.thinking.is_some() || self.catch_up().await.is_err() || self.state.seq == 0 {
            return;
        }
        if self.state.owner == Owner::Bot && !self.unanswered.is_empty() {
            self.turn_at.get_or_insert_with(Instant::now);
            return;
        }
        let (app, id, locale, state) =
            (Arc::clone(&self.app), self.id.clone(), self.locale.clone(), self.state.clone());
        let recent: Vec<Event> = self.recent.iter().cloned().collect();
        self.thinking = Some(Box::pin(async move {
            let parts = turn::Parts { locale, ..app.turn_parts(&id, "").await };
            let outcome = match open_end {
                OpenEnd::Action(key) => turn::settle(&parts, &state, &recent, &key).await,
                OpenEnd::CodeLetter => turn::letter_lost(&parts, &state, &recent).await,
            };
            Thought { outcome, answered: None, epoch: state.epoch, owner: state.owner }
        }));
    }

    /// Keeps what the turn has come to, unless the conversation has changed hands meanwhile: then it is thought anew.
    async fn end_turn(&mut self, thought: Thought) {
        match self.keep_turn(thought).await {
            Ok(()) => {
                self.n_failed = 0;
                // What came in while the turn was thought about has its own turn.
                if !self.unanswered.is_empty() && self.state.owner == Owner::Bot && self.turn_at.is_none() {
                    self.schedule_turn();
                }
            }
            Err(error) => self.turn_later(&error),
        }
    }

    async fn keep_turn(&mut self, thought: Thought) -> Result<(), StoreError> {
        let Thought { outcome, answered, epoch, owner } = thought;
        let outcome = outcome?;
        if outcome.events.is_empty() && outcome.code.is_none() {
            if let Some(answered) = answered {
                self.waiting.forget(answered);
            }
            return Ok(());
        }
        let asks_code = matches!(outcome.code, Some(CodeChange::New { .. }));
        let has_questions = !outcome.questions.is_empty();
        let verifies = outcome.events.iter().any(|it| matches!(it.what, What::Verified { .. }));
        let append = Append {
            expect: Expect { epoch: Some(epoch), unverified: verifies, ..Expect::default() },
            // Whoever waits for a person is answered by a person; the bot's word in between doesn't count.
            answered: answered.filter(|_| owner == Owner::Bot),
            events: outcome.events,
            understood: outcome.understood,
            questions: outcome.questions,
            promise: outcome.promise,
            code: outcome.code,
            tells: outcome.tells,
            ..Append::new(self.id.clone(), self.app.clock.now_ms())
        };
        let appended = self.app.store.append(append).await?;
        self.unanswered.retain(|(seq, _)| answered.is_none_or(|it| it < *seq));
        if let Some(answered) = answered {
            self.waiting.end(answered);
        }
        figures::count(appended.events.iter().map(|it| &it.event.what));
        self.take_in(appended.events).await?;
        if has_questions {
            self.app.feedback_came.notify_one();
        }
        if asks_code {
            self.app.post_code(&self.id, outcome.letter);
        }
        Ok(())
    }

    /// A turn that could not be kept is tried again, sooner after a change of hands than while the store is away.
    fn turn_later(&mut self, error: &StoreError) {
        self.n_failed = self.n_failed.saturating_add(1);
        let wait = FAILED_WAIT.saturating_mul(1 << self.n_failed.min(10)).min(STORE_WAIT_MAX);
        let wait = if *error == StoreError::Conflict && self.n_failed < TRIES_MAX { Duration::ZERO } else { wait };
        tracing::warn!(conversation = %self.id, %error, "a turn could not be kept yet");
        // Somebody else may have answered it, on another node: look before thinking again.
        self.loaded = false;
        self.turn_at = Some(Instant::now() + wait);
    }
}

/// What a turn has come to, and what it started from.
struct Thought {
    outcome: Result<turn::Outcome, StoreError>,
    answered: Option<Seq>,
    epoch: Epoch,
    owner: Owner,
}

/// What a crash or a lost answer has left open.
enum OpenEnd {
    Action(String),
    CodeLetter,
}

/// What wakes a session.
enum Woken {
    Happening(Happening),
    Thought(Box<Thought>),
    Turn,
    Rest,
}

fn system(what: What) -> NewEvent {
    NewEvent { from: Sender::System, name: None, what }
}
