//! Brings to its end what a crash or a lost answer has left open, and tells the customer what came of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::reply::Reply;
use super::{Known, Outcome, TurnParts, step};
use crate::actions::{Paper, Ran};
use crate::answers::facts::DeedFacts;
use crate::answers::{About, TemplateError};
use crate::content::SEND_ANOTHER_CODE;
use crate::conversation::{ASKS_CODE, Did, Event, Message, NewEvent, Owner, Reason, Sender, State, Step, What};
use crate::rules::{self, Heard};
use crate::store::{ActionRecord, ActionStatus, CodeChange, StoreError};

/// Says what came of something that was begun by a message, in a turn that nobody finished.
pub(super) async fn finish(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    begun: ActionRecord,
) -> Result<Outcome, StoreError> {
    let seq = begun.new.seq;
    let _alone = parts.actions.alone(&begun.new.customer).await;
    let outcome = complete(parts, state, recent, begun, true).await?;
    Ok(Outcome { answered: Some(seq), ..outcome })
}

/// Says what came of something of which this conversation was never told, and asks billing once more where nobody knows.
/// Says nothing while nobody knows, up to a time; then a person looks.
pub async fn settle(parts: &TurnParts, state: &State, recent: &[Event], key: &str) -> Result<Outcome, StoreError> {
    let Some(begun) = parts.actions.untold(key).await? else { return Ok(Outcome::default()) };
    let _alone = parts.actions.alone(&begun.new.customer).await;
    // Whoever was at the desk may have told it.
    match parts.actions.untold(key).await? {
        Some(begun) => complete(parts, state, recent, begun, false).await,
        None => Ok(Outcome::default()),
    }
}

/// `answers`: the customer's message waits for these words; else nothing is said while nobody knows.
async fn complete(
    parts: &TurnParts,
    state: &State,
    recent: &[Event],
    begun: ActionRecord,
    answers: bool,
) -> Result<Outcome, StoreError> {
    let known = Known::look(parts, state, false).await?;
    let speaker = known.speaker(parts, "");
    let heard = Heard::default();
    if begun.status == ActionStatus::Begun {
        tracing::info!(action = begun.new.action, customer = %begun.new.customer, "seeing to what was begun");
    }
    let paper = Paper { content: &parts.content, account: known.account(), style: speaker.style() };
    let mut reply = Reply {
        parts,
        state,
        recent,
        seq: begun.new.seq,
        heard: &heard,
        speaker: &speaker,
        account: known.account(),
        pages: BTreeMap::new(),
        ran: BTreeMap::new(),
        outcome: Outcome::default(),
        readings: Vec::new(),
    };
    let began = Timestamp::from_millisecond(begun.begun_at_ms).unwrap_or(parts.now);
    // Nobody expects any more that something so old is still done: billing is not asked again.
    let too_old = parts.settle_max <= parts.now.duration_since(began);
    let said = if begun.status == ActionStatus::Begun && too_old {
        parts.actions.give_up(&begun.new.key, "billing never answered; a person looks").await?;
        reply.never_heard(&begun, began)
    } else {
        match parts.actions.finish(begun.clone(), parts.now.as_millisecond(), &paper).await? {
            Ran::Unknown { .. } if !answers => Ok(()),
            ran if begun.new.by.is_some() || state.owner != Owner::Bot => reply.tell_beside(ran),
            ran => reply.tell(ran, None),
        }
    };
    if let Err(error) = said {
        reply.break_off(&error);
    }
    Ok(reply.outcome)
}

/// Tells a visitor that the letter with their code may not have left us, and offers another.
pub async fn letter_lost(parts: &TurnParts, state: &State, recent: &[Event]) -> Result<Outcome, StoreError> {
    let known = Known::look(parts, state, false).await?;
    let speaker = known.speaker(parts, "");
    let heard = Heard::default();
    let outcome = Outcome { code: Some(CodeChange::LetterLost), ..Outcome::default() };
    let mut reply = Reply {
        parts,
        state,
        recent,
        seq: state.seq,
        heard: &heard,
        speaker: &speaker,
        account: None,
        pages: BTreeMap::new(),
        ran: BTreeMap::new(),
        outcome,
        readings: Vec::new(),
    };
    // Whoever is spoken to by a person, or is known by now, needs no code.
    if state.owner == Owner::Bot
        && state.code_asked
        && let Err(error) = reply.say_letter_lost()
    {
        reply.break_off(&error);
    }
    Ok(reply.outcome)
}

impl Reply<'_> {
    /// Says what came of something while the bot does not have the word: staff did it, or a person answers by now.
    fn tell_beside(&mut self, ran: Ran) -> Result<(), TemplateError> {
        match ran {
            Ran::Done { key, receipt, staff, .. } => {
                self.outcome.tells.push(key);
                let from = if staff.is_some() { Sender::Staff } else { Sender::System };
                self.outcome.events.push(NewEvent { from, name: staff, what: What::Receipt(receipt) });
                Ok(())
            }
            Ran::Refused { key, text } => {
                self.outcome.tells.push(key);
                self.tell_a_person(text)
            }
            Ran::DoneBefore { .. } | Ran::Unknown { .. } => Ok(()),
        }
    }

    /// Says that nobody knows what came of it, and sees that a person looks.
    fn never_heard(&mut self, begun: &ActionRecord, began: Timestamp) -> Result<(), TemplateError> {
        let on = began.to_zoned(self.parts.content.hours.time_zone.clone()).date();
        let facts = DeedFacts { on: Some(on.to_string()), ..DeedFacts::default() };
        let about = About { deed: Some(&facts), ..About::default() };
        let sentences = &self.parts.content.sentences;
        // What staff wanted to give is nothing that the customer has asked for.
        let says = if begun.new.by.is_none() { &sentences.never_heard } else { &sentences.goodwill_unheard };
        let text = self.speaker.sentence(says, about)?;
        self.outcome.tells.push(begun.new.key.clone());
        self.tell_a_person(text)
    }

    /// After a no to something of which nobody knows what came: says so, and sees that a person looks.
    pub(super) fn given_up(&mut self, key: String) -> Result<(), TemplateError> {
        let text = self.speaker.sentence(&self.parts.content.sentences.given_up, About::default())?;
        self.outcome.tells.push(key);
        self.tell_a_person(text)
    }

    /// Says it where a person reads it, and hands the conversation over where none has it.
    fn tell_a_person(&mut self, text: String) -> Result<(), TemplateError> {
        match self.state.owner {
            Owner::Bot | Owner::Nobody => {
                self.message(text, &[], step(Did::Talked));
                self.hand_off(Reason::Content, None, false)
            }
            Owner::Queue | Owner::Staff => {
                let what = What::Message(Message { text, ..Message::default() });
                self.outcome.events.push(NewEvent { from: Sender::System, name: None, what });
                Ok(())
            }
        }
    }

    fn say_letter_lost(&mut self) -> Result<(), TemplateError> {
        let text = self.speaker.sentence(&self.parts.content.sentences.letter_lost, About::default())?;
        let choices = [SEND_ANOTHER_CODE, rules::TALK_TO_HUMAN].map(str::to_owned);
        let step = Step {
            did: Did::Talked,
            intent: self.state.topic.clone(),
            asks: Some(ASKS_CODE.to_owned()),
            slots: self.state.slots.clone(),
            ..Step::default()
        };
        self.message(text, &choices, step);
        Ok(())
    }
}
