//! Thinks about what is unanswered, one turn at a time, and keeps what comes of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use super::task::{Session, TRIES_MAX};
use super::{figures, letters};
use crate::conversation::{ConversationId, Epoch, Event, Owner, Seq, What};
use crate::handoff;
use crate::parts::{Parts, Understanding};
use crate::store::{Append, CodeChange, Expect, StoreError};
use crate::turn;

/// The wait after the first turn that could not be kept; it doubles.
const FAILED_WAIT: Duration = Duration::from_millis(100);

/// The longest wait between tries to keep a turn while the store is away.
const STORE_WAIT_MAX: Duration = Duration::from_secs(10);

/// What a turn has come to, and what it started from.
pub(super) struct Thought {
    outcome: Result<turn::Outcome, StoreError>,
    answered: Option<Seq>,
    epoch: Epoch,
    owner: Owner,
    /// What it brings to its end.
    settles: Option<OpenEnd>,
}

/// What a crash or a lost answer has left open.
#[derive(Clone)]
pub(super) enum OpenEnd {
    Action(String),
    CodeLetter,
}

impl Session {
    /// Begins the turn soon, so that quick messages count as one.
    pub(super) fn schedule_turn(&mut self) {
        let now = Instant::now();
        self.waiting_since.get_or_insert(now);
        self.turn_at = Some(now + self.gathers());
    }

    /// How long a turn waits for another message.
    fn gathers(&self) -> Duration {
        let limits = &self.parts.config.limits;
        // What is said to a person comes in pieces, and the bot only helps out; but with danger nobody waits.
        let is_for_a_person = self.state.owner != Owner::Bot && !self.is_urgent();
        Duration::from_millis(if is_for_a_person { limits.gather_ms_max } else { limits.gather_ms })
    }

    /// Whether the last message tells of a danger.
    fn is_urgent(&self) -> bool {
        let content = self.parts.contents.current();
        self.unanswered.last().is_some_and(|(_, said)| content.urgent_rule(&said.text).is_some())
    }

    /// While the customer types on, the turn waits a little longer, to a limit.
    pub(super) fn hold_turn(&mut self, typing: bool) {
        let (Some(since), Some(_)) = (self.waiting_since, self.turn_at) else { return };
        let latest = since + Duration::from_millis(self.parts.config.limits.gather_ms_max);
        let now = Instant::now();
        self.turn_at = Some(if typing { latest.max(now) } else { now + self.gathers() });
    }

    /// Begins to think about what is unanswered. Meanwhile what comes in is kept and acked.
    pub(super) async fn begin_turn(&mut self) {
        self.turn_at = None;
        self.waiting_since = None;
        if let Err(error) = self.catch_up().await {
            return self.turn_later(&error);
        }
        let state = self.state.clone();
        let mut unanswered = self.unanswered.clone();
        // What a person has to answer stays unanswered; the bot looks at each message once.
        unanswered.retain(|(seq, _)| state.owner == Owner::Bot || self.heard_until < *seq);
        let Some(answered) = unanswered.last().map(|(seq, _)| *seq) else {
            if let Some(open_end) = self.open_end.take() {
                self.settle(open_end).await;
            }
            return;
        };
        let (parts, id, locale) = (Arc::clone(&self.parts), self.id.clone(), self.locale.clone());
        let recent: Vec<Event> = self.recent.iter().cloned().collect();
        let network = self.network.map(|it| it.to_string()).unwrap_or_default();
        self.thinking = Some(Box::pin(async move {
            let parts = turn::TurnParts { locale, ..parts_of_turn(&parts, &id, network).await };
            let outcome = turn::take(&parts, &state, &recent, &unanswered).await;
            let answered = outcome.as_ref().ok().and_then(|it| it.answered).unwrap_or(answered);
            Thought { outcome, answered: Some(answered), epoch: state.epoch, owner: state.owner, settles: None }
        }));
    }

    /// Brings to its end what was left open. While a turn is thought about nothing is begun: it comes after that.
    ///
    /// What the customer waits for comes first: that turn tells what came of what it began, and answers with it.
    pub(super) async fn settle(&mut self, open_end: OpenEnd) {
        if self.thinking.is_some() {
            self.open_end = Some(open_end);
            return;
        }
        if let Err(error) = self.catch_up().await {
            self.open_end = Some(open_end);
            return self.turn_later(&error);
        }
        if self.state.seq == 0 {
            return;
        }
        if self.state.owner == Owner::Bot && !self.unanswered.is_empty() {
            self.open_end = Some(open_end);
            self.turn_at.get_or_insert_with(Instant::now);
            return;
        }
        let settles = Some(open_end.clone());
        let (parts, id, locale, state) =
            (Arc::clone(&self.parts), self.id.clone(), self.locale.clone(), self.state.clone());
        let recent: Vec<Event> = self.recent.iter().cloned().collect();
        self.thinking = Some(Box::pin(async move {
            let parts = turn::TurnParts { locale, ..parts_of_turn(&parts, &id, String::new()).await };
            let outcome = match open_end {
                OpenEnd::Action(key) => turn::settle(&parts, &state, &recent, &key).await,
                OpenEnd::CodeLetter => turn::letter_lost(&parts, &state, &recent).await,
            };
            Thought { outcome, answered: None, epoch: state.epoch, owner: state.owner, settles }
        }));
    }

    /// Keeps what the turn has come to, unless the conversation has changed hands meanwhile: then it is thought anew.
    pub(super) async fn end_turn(&mut self, thought: Thought) {
        let settles = thought.settles.clone();
        match self.keep_turn(thought).await {
            Ok(()) => {
                self.n_failed = 0;
                if self.open_end.is_some() {
                    self.turn_at.get_or_insert_with(Instant::now);
                }
                // What came in while the turn was thought about has its own turn.
                if !self.unanswered.is_empty() && self.state.owner == Owner::Bot && self.turn_at.is_none() {
                    self.schedule_turn();
                }
            }
            Err(error) => {
                // Told by whoever comes first: the next look finds out by itself what has been told.
                self.open_end = settles.or(self.open_end.take());
                self.turn_later(&error);
            }
        }
    }

    async fn keep_turn(&mut self, thought: Thought) -> Result<(), StoreError> {
        let Thought { outcome, answered, epoch, owner, settles: _ } = thought;
        let outcome = outcome?;
        self.heard_until = self.heard_until.max(answered.unwrap_or_default());
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
            ..Append::new(self.id.clone(), self.parts.clock.now_ms())
        };
        let appended = self.keep(append).await?;
        self.unanswered.retain(|(seq, _)| answered.is_none_or(|it| it < *seq));
        if let Some(answered) = answered {
            self.waiting.end(answered);
        }
        figures::count(appended.events.iter().map(|it| &it.event.what));
        if has_questions {
            self.parts.feedback_came.notify_one();
        }
        if asks_code {
            letters::post_code(&self.sessions, &self.id, outcome.letter);
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

/// What a turn in this conversation works with; its customer wrote from `network`.
async fn parts_of_turn(parts: &Parts, id: &ConversationId, network: String) -> turn::TurnParts {
    parts.until_learnt().await;
    let content = parts.contents.current();
    let now = parts.clock.now();
    let line = parts.line.borrow().clone();
    // A classifier that has not learnt anything knows nothing: a person answers.
    let is_ready = parts.understanding() == Understanding::Ready;
    turn::TurnParts {
        wait: handoff::wait(&content, now, &line, line.place_of(id)),
        wait_if_queued: handoff::wait(&content, now, &line, Some(line.next_place(id, false))),
        wait_if_urgent: handoff::wait(&content, now, &line, Some(line.next_place(id, true))),
        content,
        classifier: parts.classifier.load_full().filter(|_| is_ready),
        billing: Arc::clone(&parts.billing),
        locale: None,
        actions: Arc::clone(&parts.actions),
        conversation: id.clone(),
        now,
        misses_max: parts.config.limits.misses_max,
        settle_max: SignedDuration::from_hours(parts.config.limits.settle_hours_max),
        verified_for: SignedDuration::from_mins(parts.config.limits.verified_minutes),
        codes: (parts.codes.offered() && parts.billing.has_accounts())
            .then(|| turn::CodesHere { codes: Arc::clone(&parts.codes), network }),
    }
}
