//! The customer says something, or taps what is on offer: it is kept without secrets, then answered in a turn.

use std::net::IpAddr;

use tokio::time::Instant;

use crate::conversation::normal::is_blank;
use crate::conversation::{ASKS_CODE, Message, NewEvent, Owner, Reason, Sender, What, masking};
use crate::rules;
use crate::session::task::{Session, TRIES_MAX, system};
use crate::session::{Kept, SessionError};
use crate::store::{Append, Expect, Opening, StoreError};

/// For so long a message may be a piece of those before it, in milliseconds.
const PIECE_AFTER_MS: i64 = 120_000;
/// Messages that one secret may be spread over, beside the last.
const PIECES_MAX: usize = 3;

/// The customer says something, or taps what is on offer.
#[derive(Debug)]
pub struct Say {
    /// Who opens the conversation, where this is its first message.
    pub opening: Opening,
    /// The client's key.
    pub key: String,
    /// What came in.
    pub input: Input,
    /// The network address that it comes from.
    pub network: IpAddr,
}

/// What a customer's message was made of.
#[derive(Debug)]
pub enum Input {
    /// Words.
    Typed(String),
    /// A tap, with the choice's id.
    Tapped(String),
}

impl Session {
    /// Keeps it, and has it answered soon. A repeated key gets what it got first.
    pub(in crate::session) async fn say(&mut self, say: Say) -> Result<Kept, SessionError> {
        self.network = Some(say.network);
        let came = Instant::now();
        let kept = self.keep_said(&say).await?;
        // One that came again has been noted, or answered.
        if self.unanswered.iter().any(|it| it.0 == kept.seq) {
            self.waiting.begin(kept.seq, came);
        }
        Ok(kept)
    }

    async fn keep_said(&mut self, say: &Say) -> Result<Kept, SessionError> {
        check(&say.input, self.parts.config.limits.text_chars_max)?;
        self.locale = say.opening.locale.clone().or(self.locale.take());
        for n_tried in 0..TRIES_MAX {
            // As a rule nothing has come in beside what is kept here: the store finds out where something has.
            let expect = if 0 < n_tried || self.has_news() {
                self.catch_up().await?;
                self.same_owner()
            } else {
                Expect { last: Some(self.state.seq), ..Expect::default() }
            };
            let Some(message) = self.message(&say.input) else {
                // A repeated key was on offer when it came first: the store knows it, and appends nothing.
                return self.repeated(&say.key).await?.ok_or(SessionError::NotOffered);
            };
            let mut events = Vec::new();
            events.extend(self.shown_again(&say.opening).map(system));
            if self.state.owner == Owner::Nobody {
                events.push(system(What::Owner(self.next_owner(Owner::Bot, Reason::Reopened))));
            }
            events.push(NewEvent { from: Sender::Customer, name: None, what: What::Message(message) });
            let (opening, key) = (Some(say.opening.clone()), Some(say.key.clone()));
            match self.keep(Append { opening, key, ..self.append(expect, events) }).await {
                Err(StoreError::Conflict) => continue,
                Err(error) => return Err(error.into()),
                Ok(appended) => {
                    self.schedule_turn();
                    return Ok((&appended).into());
                }
            }
        }
        Err(SessionError::Busy)
    }

    /// The message as it may be kept; none where what was tapped is not on offer.
    fn message(&self, input: &Input) -> Option<Message> {
        match input {
            Input::Typed(text) => {
                let (text, code) = self.without_secrets(text.trim());
                Some(Message { text, code, ..Message::default() })
            }
            Input::Tapped(choice) => {
                let content = self.parts.contents.current();
                let text = rules::label_of(&content, &self.state, choice);
                let message = Message { text, choice: Some(choice.clone()), ..Message::default() };
                rules::may_choose(&content, &self.state, choice).then_some(message)
            }
        }
    }

    /// Who the customer has shown to be, where the log doesn't know it or not for much longer: it is kept with what they
    /// say, so that whoever takes the turn up later finds it.
    fn shown_again(&self, opening: &Opening) -> Option<What> {
        let now_ms = self.parts.clock.now_ms();
        let shows = now_ms.max(self.state.verified_until_ms) < opening.verified_until_ms;
        let customer = opening.customer.clone().filter(|_| shows)?;
        let is_theirs = self.state.customer.as_ref().map_or(self.state.seq == 0, |it| *it == customer);
        let half_ms = self.parts.config.limits.verified_minutes.saturating_mul(30_000);
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
        let code = code.map(|digits| self.parts.codes.digest(&self.id, &digits));
        (self.mask(&text), code)
    }

    /// Secrets may come in pieces: what the customer has just said is read with it.
    fn mask(&self, text: &str) -> String {
        let since_ms = self.parts.clock.now_ms().saturating_sub(PIECE_AFTER_MS);
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
}

/// Whether it may be kept at all.
fn check(input: &Input, chars_max: usize) -> Result<(), SessionError> {
    match input {
        Input::Typed(text) if is_blank(text.trim()) => Err(SessionError::Empty),
        Input::Typed(text) if chars_max < text.trim().chars().count() => Err(SessionError::TooLong),
        Input::Typed(_) | Input::Tapped(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_something_and_have_a_limit_without_the_space_around_them() {
        let typed = |text: &str| check(&Input::Typed(text.to_owned()), 4);
        assert!(typed("  four  ").is_ok());
        assert!(matches!(typed(" \u{200b}\n"), Err(SessionError::Empty)));
        assert!(matches!(typed("fifth"), Err(SessionError::TooLong)));
        assert!(check(&Input::Tapped("a_long_id".to_owned()), 4).is_ok());
    }
}
