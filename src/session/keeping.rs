//! Keeps what customers do: messages, ratings, ends, and who they have shown to be.

use super::{Kept, RECENT_MAX, Session, SessionError, TRIES_MAX, system};
use crate::conversation::normal::is_blank;
use crate::conversation::{
    ASKS_CODE, CustomerId, Event, Message, NewEvent, Owner, OwnerChange, Rating, Reason, Sender, Seq, What, masking,
};
use crate::feedback;
use crate::rules;
use crate::store::{Append, Expect, Opening, StoreError};
use crate::turn;

/// For so long a message may be a piece of those before it, in milliseconds.
const PIECE_AFTER_MS: i64 = 120_000;
/// Messages that one secret may be spread over, beside the last.
const PIECES_MAX: usize = 3;

impl Session {
    pub(super) async fn keep_message(
        &mut self,
        opening: Opening,
        key: String,
        text: String,
        choice: Option<String>,
    ) -> Result<Kept, SessionError> {
        let text = text.trim();
        if choice.is_none() && is_blank(text) {
            return Err(SessionError::Empty);
        }
        if self.app.config.limits.text_chars_max < text.chars().count() {
            return Err(SessionError::TooLong);
        }
        self.locale = opening.locale.clone().or(self.locale.take());
        for n_tried in 0..TRIES_MAX {
            // As a rule nothing has come in beside what is kept here: the store finds out where something has.
            let expect = if 0 < n_tried || self.has_news() {
                self.catch_up().await?;
                self.same_owner()
            } else {
                Expect { last: Some(self.state.seq), ..Expect::default() }
            };
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
            events.extend(self.shown_again(&opening).map(system));
            if self.state.owner == Owner::Nobody {
                events.push(system(self.owner_change(Owner::Bot, Reason::Reopened)));
            }
            events.push(NewEvent { from: Sender::Customer, name: None, what: What::Message(message) });
            match self.append(Some(opening.clone()), key.clone(), expect, events).await {
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

    /// Who the customer has shown to be, where the log doesn't know it or not for much longer: it is kept with what they
    /// say, so that whoever takes the turn up later finds it.
    fn shown_again(&self, opening: &Opening) -> Option<What> {
        let now_ms = self.app.clock.now_ms();
        let shows = now_ms.max(self.state.verified_until_ms) < opening.verified_until_ms;
        let customer = opening.customer.clone().filter(|_| shows)?;
        let is_theirs = self.state.customer.as_ref().map_or(self.state.seq == 0, |it| *it == customer);
        let half_ms = self.app.config.limits.verified_minutes.saturating_mul(30_000);
        let lasts = now_ms.saturating_add(half_ms) < self.state.verified_until_ms;
        (is_theirs && !lasts).then_some(What::Verified { customer, until_ms: opening.verified_until_ms, by: None })
    }

    /// A text as it may be kept, and the digest of the one-time code in it, where one was asked for.
    fn without_secrets(&self, text: &str) -> (String, Option<String>) {
        if !self.state.code_asked {
            return (self.mask(text), None);
        }
        let whole = self.state.asked.as_deref() != Some(ASKS_CODE);
        let (text, code) = masking::mask_code(text, whole);
        let code = code.map(|digits| self.app.codes.digest(&self.id, &digits));
        (self.mask(&text), code)
    }

    /// Secrets may come in pieces: what the customer has just said is read with it.
    fn mask(&self, text: &str) -> String {
        let since_ms = self.app.clock.now_ms().saturating_sub(PIECE_AFTER_MS);
        let mut before: Vec<&str> = Vec::new();
        for event in self.recent.iter().rev().take_while(|it| since_ms <= it.at_ms) {
            match &event.what {
                What::Message(said) if event.from == Sender::Customer && said.choice.is_none() => {
                    before.push(&said.text)
                }
                _ => {}
            }
            if before.len() == PIECES_MAX {
                break;
            }
        }
        before.reverse();
        masking::mask_after(&before.join(" "), text).text
    }

    /// The ack that a key got before, if it did.
    async fn repeated(&mut self, key: &str) -> Result<Option<Kept>, SessionError> {
        let found = self.app.store.find_key(&self.id, key).await?;
        Ok(found.map(|(seq, at_ms)| Kept { seq, at_ms }))
    }

    pub(super) async fn keep_rating(&mut self, key: String, rating: Rating) -> Result<Kept, SessionError> {
        self.catch_up().await?;
        if self.state.seq == 0 || self.state.seq < rating.about {
            return Err(SessionError::NotFound);
        }
        let comment_chars = rating.comment.as_ref().map_or(0, |it| it.chars().count());
        if self.app.config.limits.text_chars_max < comment_chars {
            return Err(SessionError::TooLong);
        }
        let rating = Rating {
            comment: rating.comment.map(|it| masking::mask(it.trim()).text).filter(|it| !is_blank(it)),
            ..rating
        };
        let from = rating.about.saturating_sub(RECENT_MAX as Seq);
        let before = self.app.store.events(&self.id, from, 2 * RECENT_MAX as u32);
        let before: Vec<Event> = before.await?.into_iter().map(|it| it.event).collect();
        let understood = self.app.store.understood(&self.id, from, rating.about).await?;
        let questions = feedback::question_of_rating(&before, &understood, &rating).into_iter().collect();
        // Who is in danger may say so in the last place where there is a field to write in.
        let (content, now) = (self.app.contents.current(), self.app.clock.now());
        let urgent = rating.comment.as_ref().map(|it| turn::about_urgent_words(&content, &self.state, now, it));
        let mut events = vec![NewEvent { from: Sender::Customer, name: None, what: What::Rating(rating) }];
        events.extend(urgent.into_iter().flatten());
        let append = Append {
            key: Some(key),
            expect: Expect { epoch: (1 < events.len()).then_some(self.state.epoch), ..Expect::default() },
            events,
            questions,
            ..Append::new(self.id.clone(), self.app.clock.now_ms())
        };
        let appended = self.app.store.append(append).await?;
        let kept = Kept { seq: appended.seq, at_ms: appended.at_ms };
        self.catch_up().await?;
        self.app.feedback_came.notify_one();
        Ok(kept)
    }

    pub(super) async fn keep_end(&mut self, key: String) -> Result<Kept, SessionError> {
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
            match self.append(None, key.clone(), self.same_owner(), vec![event]).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error.into()),
                Ok(kept) => return Ok(kept),
            }
        }
        Err(SessionError::Busy)
    }

    /// Keeps who the customer is. A conversation that is somebody else's already is left to nobody.
    pub(super) async fn keep_verified(&mut self, customer: CustomerId, until_ms: i64) -> Result<(), StoreError> {
        for _ in 0..TRIES_MAX {
            self.catch_up().await?;
            match &self.state.customer {
                Some(known) if *known == customer && until_ms <= self.state.verified_until_ms => return Ok(()),
                Some(known) if *known == customer => {}
                Some(_) => return self.app.leave(&self.id).await,
                None if self.state.seq == 0 => return Ok(()),
                None => {}
            }
            let append = Append {
                expect: Expect { unverified: true, ..Expect::default() },
                events: vec![system(What::Verified { customer: customer.clone(), until_ms, by: None })],
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

    /// Nobody has changed the owner since the log was read.
    fn same_owner(&self) -> Expect {
        Expect { epoch: Some(self.state.epoch), ..Expect::default() }
    }

    /// Keeps the customer's events.
    async fn append(
        &mut self,
        opening: Option<Opening>,
        key: String,
        expect: Expect,
        events: Vec<NewEvent>,
    ) -> Result<Kept, StoreError> {
        let append =
            Append { opening, expect, key: Some(key), events, ..Append::new(self.id.clone(), self.app.clock.now_ms()) };
        let appended = self.app.store.append(append).await?;
        self.loaded = true;
        self.take_in(appended.events).await?;
        Ok(Kept { seq: appended.seq, at_ms: appended.at_ms })
    }

    fn owner_change(&self, owner: Owner, reason: Reason) -> What {
        What::Owner(OwnerChange { owner, epoch: self.state.epoch + 1, staff: None, reason, urgent: false })
    }
}
