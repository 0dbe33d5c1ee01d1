//! The words of a conversation as types.
//!
//! Pure: no I/O, no clock, no panic on any input.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use state::State;

pub mod format;
pub mod masking;
pub mod normal;
pub mod page;
mod state;

/// Declares an id that is a text inside and cannot be mistaken for another kind of id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as the id.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Names one conversation; never a right to read it.
    ConversationId
}
id! {
    /// The customer as the business's own systems know them.
    CustomerId
}
id! {
    /// One person of the business.
    StaffId
}

/// The position of an event in its conversation: 1, 2, 3 … without gaps. 0 is before the first.
pub type Seq = u32;

/// Counts the changes of owner in a conversation.
pub type Epoch = u32;

/// Who must answer next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The bot answers.
    #[default]
    Bot,
    /// A person will; nobody has taken it yet.
    Queue,
    /// A named person answers.
    Staff,
    /// The conversation has ended.
    Nobody,
}

impl Owner {
    /// The word under which the store and the protocol know this owner.
    pub fn as_str(self) -> &'static str {
        match self {
            Owner::Bot => "bot",
            Owner::Queue => "queue",
            Owner::Staff => "staff",
            Owner::Nobody => "nobody",
        }
    }
}

/// Who an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The customer.
    Customer,
    /// The bot.
    Bot,
    /// A person of the business.
    Staff,
    /// Nobody in particular: a change of state.
    System,
}

/// One entry of a conversation's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its position.
    pub seq: Seq,
    /// When it was kept, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who it comes from.
    pub from: Sender,
    /// The first name of the staff member, where one speaks.
    pub name: Option<String>,
    /// What happened.
    pub what: What,
}

/// An event that has no place in the log yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who it comes from.
    pub from: Sender,
    /// The first name of the staff member, where one speaks.
    pub name: Option<String>,
    /// What happened.
    pub what: What,
}

/// What an event says.
#[expect(clippy::large_enum_variant, reason = "nearly all events are messages, so a box would only cost")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Somebody said something.
    Message(Message),
    /// The owner changed.
    Owner(OwnerChange),
    /// The customer rated an answer or the conversation.
    Rating(Rating),
    /// The customer is asked how easy it was.
    Survey {
        /// The sentence that is rated from 1 to 5.
        text: String,
    },
    /// Something was done in billing for the customer.
    Receipt(Receipt),
    /// The customer was verified; from here on account facts may be spoken of, for a while.
    Verified {
        /// Who it is.
        customer: CustomerId,
        /// Until when that counts, in milliseconds since 1970.
        #[serde(default)]
        until_ms: i64,
        /// The message whose one-time code has shown it; none where a token has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Seq>,
    },
    /// What happened can no longer be read, or is no longer what was kept. It is never written: a log that is read has it
    /// in the place of what is damaged.
    Damaged,
}

impl What {
    /// The word under which the store and the protocol know this kind.
    pub fn kind(&self) -> &'static str {
        match self {
            What::Message(_) => "message",
            What::Owner(_) => "owner",
            What::Rating(_) => "rating",
            What::Survey { .. } => "survey",
            What::Receipt(_) => "receipt",
            What::Verified { .. } => "verified",
            What::Damaged => "damaged",
        }
    }
}

/// A message and what comes with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The words.
    pub text: String,
    /// What the customer may tap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Figures that are better seen than read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    /// The page that billing hosts to which the text leads, where it has a [`page::MARK`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<page::Purpose>,
    /// The id of the choice that a customer tapped, where the text is its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// A one-time code that the customer typed, as a keyed digest: the digits themselves are nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the bot was doing; staff see it, customers don't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// What was done in billing, so that the customer can hold on to it. When it was done, its event says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What kind of thing was done: `take_off_late_fee`.
    pub action: String,
    /// What was done, in plain words.
    pub text: String,
    /// What billing calls it, to find it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How to undo it, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// The rule that it goes by; staff see it, customers don't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// What the customer may tap next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// What the customer says yes to by tapping the button of an action. What is done is exactly this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// Billing does it at most once for this key.
    pub key: String,
    /// All that will be done, as JSON.
    pub deed: String,
    /// What was known when it was offered: a question in between may have told more, and changes nothing of the offer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, String>,
}

/// Something to tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back when it is tapped: an intent's name, `slot:value`, or a command.
    pub id: String,
    /// Two to four words that say what will happen.
    pub label: String,
}

/// Figures laid out in rows; every amount is a finished text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What it is: "June bill, INV-1042".
    pub title: String,
    /// The rows, from top to bottom.
    pub rows: Vec<Row>,
    /// The sum under the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Row>,
    /// A sentence under it: "Due on Monday 3 June".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One row of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What the row is about.
    pub label: String,
    /// Small print: a period, a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The amount, with its sign and currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Words that mark a row as changed: "new", "£2.00 more".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// A change of owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnerChange {
    /// Who must answer from now on.
    pub owner: Owner,
    /// The number of this change in the conversation.
    pub epoch: Epoch,
    /// Who took it, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffId>,
    /// Why it changed.
    pub reason: Reason,
    /// It should be looked at before the others.
    #[serde(default)]
    pub urgent: bool,
}

/// Why a conversation changed its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer asked for a person.
    Asked,
    /// Two misses in a row.
    Missed,
    /// The content says that a person does this.
    Content,
    /// Danger, hardship, death, law or fraud.
    Urgent,
    /// Something in the program was broken or overloaded.
    Trouble,
    /// A bill's change could not be explained to the penny.
    DoesNotAddUp,
    /// Billing could not be reached.
    BillingDown,
    /// A staff member took it.
    Taken,
    /// A staff member gave it back to the bot.
    HandedBack,
    /// A staff member closed it.
    Closed,
    /// The customer ended it.
    Ended,
    /// The customer wrote again after the end.
    Reopened,
    /// The customer went back to the bot.
    StartedOver,
    /// The staff member who had it has gone.
    Left,
}

impl Reason {
    /// The word under which the store and the protocol know this reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Asked => "asked",
            Reason::Missed => "missed",
            Reason::Content => "content",
            Reason::Urgent => "urgent",
            Reason::Trouble => "trouble",
            Reason::DoesNotAddUp => "does_not_add_up",
            Reason::BillingDown => "billing_down",
            Reason::Taken => "taken",
            Reason::HandedBack => "handed_back",
            Reason::Closed => "closed",
            Reason::Ended => "ended",
            Reason::Reopened => "reopened",
            Reason::StartedOver => "started_over",
            Reason::Left => "left",
        }
    }
}

/// A customer's opinion of one answer or of the whole conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// The event that is rated.
    pub about: Seq,
    /// 0 or 1 for an answer (thumbs down, thumbs up); 1 to 5 for a survey.
    pub score: u8,
    /// In their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What [`Step::asks`] says where the bot asks which address the bills go to.
pub const ASKS_EMAIL: &str = "verify.email";
/// What [`Step::asks`] says where the bot asks for the code from the letter.
pub const ASKS_CODE: &str = "verify.code";

/// What the bot did in a turn, kept with its message so that the log alone tells the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What was decided.
    pub did: Did,
    /// The intent that was answered or is being asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// What is being talked about meanwhile, where `intent` is a follow-up that counts there too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The slot that this message asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    /// The slots as they stand after this turn.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, String>,
    /// What is done when the customer says yes to this message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirms: Option<Confirm>,
    /// The message asks a yes for that, so that the word is enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_yes: bool,
    /// The intent or follow-up that may be meant in place of what was answered, and is named beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or: Option<String>,
    /// How the customer's words were read: the way that was taken, and those that came near.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<ReadAs>,
}

/// One way to read a message in its conversation, as it is kept with the turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadAs {
    /// What read it so: `follow_up`, `going_on`, `intent` …
    pub by: String,
    /// The intent or follow-up that it was read as, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// How sure it is, 0 to 1.
    pub sure: f32,
    /// Why, for people.
    pub because: String,
}

/// The kinds of decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// Answered a question.
    #[default]
    Answered,
    /// Asked for a slot.
    Asked,
    /// Asked for the same slot in other words, because the reply had none.
    AskedAgain,
    /// Offered two choices: "did you mean".
    Offered,
    /// Did not understand.
    Missed,
    /// Small talk, a command, or a word about the state of things.
    Talked,
    /// Told the customer that a person will answer.
    HandedOff,
    /// Forgot what was being talked about, because the customer asked for it.
    StartedOver,
}

/// What the classifier makes of a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// Whether it is sure enough to answer.
    pub verdict: Verdict,
    /// The likeliest intents, best first, at most five; empty when the classifier could not look.
    pub ranked: Vec<Candidate>,
    /// How near the text is to what the content knows, 0 to 1; low means out of scope.
    pub known: f32,
    /// What is likeliest meant within the topic, best first: its follow-ups and all intents, which sum to at most one;
    /// empty where nothing is being talked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Candidate>,
}

impl Guess {
    /// No idea: the classifier is missing, overloaded or broken.
    pub fn none() -> Self {
        Self::default()
    }

    /// The likeliest intent, where there is one.
    pub fn best(&self) -> Option<&Candidate> {
        self.ranked.first()
    }
}

/// How far a guess may be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Sure enough to answer.
    Answer,
    /// Two or more intents are close: ask which.
    AskBack,
    /// Not known.
    #[default]
    NoIdea,
}

/// One intent that a text may mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The intent's name.
    pub intent: String,
    /// The calibrated probability, 0 to 1.
    pub confidence: f32,
}
