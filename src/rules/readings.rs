//! The ways in which a message can be read in its conversation, and the one place that chooses between them.
//!
//! Each reader looks at the message in one way and says how sure it is and why. Nothing here knows another reader; what
//! is likelier stands in the numbers. After Larsson's issue-based dialogue management (2002): the newest question first,
//! then the topic, then older ones; and Bohus and Rudnicky's grounding by how sure one is.

use std::collections::BTreeMap;

use super::said::Said;
use super::{Circumstances, Decision, Heard, Topic};
use crate::content::Content;
use crate::conversation::{Guess, ReadAs, State};

mod account;
pub(super) mod choice;
pub mod follow_up;
mod going_on;
pub(super) mod intents;
mod parts;
mod reply;
mod yes_no;

pub(super) use intents::{answer_or_ask, read_slots};

/// Readings that are kept with the turn: the one that was taken, and those that came near.
const KEPT_MAX: usize = 4;

/// What answers the bot's last question is as much likelier to be meant, and what goes on with the topic.
const NEWEST_QUESTION: f32 = 0.25;
const TOPIC: f32 = 0.08;

/// What was weighed and not chosen stands far behind, for people to see.
const BEHIND: f32 = 0.1;

/// One way to understand a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Who reads it so.
    pub by: Reader,
    /// The intent or follow-up that it is read as, where it is one.
    pub what: Option<String>,
    /// How sure, 0 to 1.
    pub sure: f32,
    /// Why, for people.
    pub because: String,
    /// What would be done.
    pub decision: Decision,
}

/// The readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// An answer to what the bot asked for.
    Reply,
    /// Yes, no or not yet.
    YesNo,
    /// A choice in words.
    Choice,
    /// The topic again, with another bill, day, amount.
    GoingOn,
    /// What can be meant within the topic only.
    FollowUp,
    /// Something that stands on the account.
    Account,
    /// An intent by itself.
    Intent,
    /// Several of these in one message.
    Parts,
    /// Out of scope, too unsure, not words.
    Unsure,
    /// A tap, a command, an urgent word, a step of the proof: nothing to weigh.
    Fixed,
}

impl Reader {
    /// The word under which it is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Reader::Reply => "reply",
            Reader::YesNo => "yes_no",
            Reader::Choice => "choice",
            Reader::GoingOn => "going_on",
            Reader::FollowUp => "follow_up",
            Reader::Account => "account",
            Reader::Intent => "intent",
            Reader::Parts => "parts",
            Reader::Unsure => "unsure",
            Reader::Fixed => "fixed",
        }
    }
}

/// Everything that a reader may look at.
#[derive(Clone, Copy)]
pub(super) struct Looked<'a> {
    pub(super) content: &'a Content,
    pub(super) state: &'a State,
    pub(super) heard: &'a Heard,
    pub(super) said: &'a Said,
    pub(super) now: &'a Circumstances<'a>,
}

impl Reading {
    pub(super) fn new(by: Reader, sure: f32, because: impl Into<String>, decision: Decision) -> Self {
        Self { by, what: None, sure, because: because.into(), decision }
    }

    /// How much it counts against others: the newest question comes first, then the topic, then everything else.
    fn weight(&self) -> f32 {
        let nearness = match self.by {
            Reader::Reply | Reader::YesNo | Reader::Choice => NEWEST_QUESTION,
            Reader::GoingOn | Reader::FollowUp => TOPIC,
            _ => 0.0,
        };
        self.sure + nearness
    }

    /// The same, read as this intent or follow-up.
    pub(super) fn of(self, name: &str) -> Self {
        Self { what: Some(name.to_owned()), ..self }
    }

    /// The same, counted only where what it was weighed against is not there.
    fn behind(self) -> Self {
        Self { sure: BEHIND * self.sure, ..self }
    }

    /// As it is kept with the turn.
    pub fn kept(&self) -> ReadAs {
        let (by, what) = (self.by.as_str().to_owned(), self.what.clone());
        ReadAs { by, what, sure: self.sure, because: self.because.clone() }
    }
}

/// All readings of a message, the likeliest first; there is always one.
pub(super) fn all(content: &Content, state: &State, heard: &Heard, now: &Circumstances<'_>) -> Vec<Reading> {
    let said = Said::of(&heard.text, &content.language);
    let look = Looked { content, state, heard, said: &said, now };
    let mut readings = Vec::new();
    readings.extend(reply::read(&look));
    readings.extend(yes_no::read(&look));
    readings.extend(choice::read(&look));
    readings.extend(going_on::read(&look));
    readings.extend(account::read(&look));
    readings.extend(unit(&look, &heard.text, &heard.guess));
    readings.extend([follow_up::read(&look), intents::read(&look)].into_iter().flatten().map(|it| it.behind()));
    readings.extend(intents::read_person(&look));
    readings.extend(parts::read(&look));
    readings.extend(intents::read_unsure(&look));
    // A stable sort: of equals the reader that stands first counts.
    readings.sort_by(|one, other| other.weight().total_cmp(&one.weight()));
    readings
}

/// What is kept of them.
pub fn kept(readings: &[Reading]) -> Vec<ReadAs> {
    readings.iter().take(KEPT_MAX).map(Reading::kept).collect()
}

/// What a guess says of a text, within the topic or by itself: what to answer, how sure, who reads it so, and why.
pub(super) fn unit(look: &Looked<'_>, text: &str, guess: &Guess) -> Option<Reading> {
    let follow_up = follow_up::likeliest(look, text, guess);
    let intent = intents::likeliest(look, text, guess);
    let topic = look.state.topic.as_deref();
    match (follow_up, intent) {
        // The topic once more, and nothing new: whatever else it may be is likelier.
        (Some(one), Some(other))
            if topic.is_some() && other.what.as_deref() == topic && !brings_something(look, &other) =>
        {
            Some(Reading { sure: one.sure.max(other.sure), ..one })
        }
        // What is being talked about speaks for the follow-up, unless another question is beyond doubt.
        (Some(one), Some(other)) if one.sure + in_topic(look) < other.sure => Some(other),
        (Some(one), Some(other)) => Some(Reading { sure: one.sure.max(other.sure), ..one }),
        (one, other) => one.or(other),
    }
}

/// Whether an answer of the topic would be for another bill, day or amount than the one before.
fn brings_something(look: &Looked<'_>, reading: &Reading) -> bool {
    match &reading.decision {
        Decision::Answer(topics) => {
            topics.iter().any(|it| it.slots.iter().any(|slot| look.state.slots.get(slot.0) != Some(slot.1)))
        }
        _ => true,
    }
}

/// So much less sure than an intent by itself a follow-up of the topic may be; more where the message leans on it.
fn in_topic(look: &Looked<'_>) -> f32 {
    if look.said.leans || look.said.words.len() <= SHORT_WORDS { IN_TOPIC_LEANING } else { IN_TOPIC }
}

const IN_TOPIC: f32 = 0.3;
const IN_TOPIC_LEANING: f32 = 0.45;
/// A message of so few words leans on what was said before it.
const SHORT_WORDS: usize = 4;

/// The topics of a decision that answers, none of others.
pub(super) fn topics_of(decision: &Decision) -> &[Topic] {
    match decision {
        Decision::Answer(topics) => topics,
        _ => &[],
    }
}

/// Slots with one more.
pub(super) fn with(slots: &BTreeMap<String, String>, name: &str, value: String) -> BTreeMap<String, String> {
    let mut slots = slots.clone();
    slots.insert(name.to_owned(), value);
    slots
}
