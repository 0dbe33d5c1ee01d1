//! What staff's browsers say to us and we to them: frames of `/v1/staff`, and bodies under `/api/v1/`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Code, WireCard, WireEvent, WireGuess};

/// What staff's browsers send on `/v1/staff`. Everything that changes something is a request under `/api/v1/`.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StaffClientFrame {
    /// Send this conversation's events from here on, those after `after` first.
    Watch {
        /// The conversation.
        conversation: String,
        /// The last `seq` that the client has.
        after: u32,
    },
    /// Stop sending them.
    Unwatch {
        /// The conversation.
        conversation: String,
    },
    /// Typing in a conversation, or stopped.
    Typing {
        /// The conversation.
        conversation: String,
        /// Whether.
        on: bool,
    },
    /// Asks for a `pong`.
    Ping {},
}

/// What staff's browsers are told on `/v1/staff`.
#[expect(clippy::large_enum_variant, reason = "nearly all frames are events, so a box would only cost")]
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StaffServerFrame {
    /// The first frame.
    Welcome {
        /// Who is signed in.
        me: StaffMember,
    },
    /// A conversation is new or has changed: the row of the list, whole.
    Conversation {
        /// The row.
        row: ConversationRow,
    },
    /// An entry of a watched conversation.
    Event {
        /// The conversation.
        conversation: String,
        /// The entry.
        event: WireEvent,
    },
    /// The customer of a conversation has come, or has gone.
    Presence {
        /// The conversation.
        conversation: String,
        /// Whether they have it open; absent where that isn't known.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        online: Option<bool>,
    },
    /// The customer types, or has stopped.
    Typing {
        /// The conversation.
        conversation: String,
        /// Whether.
        on: bool,
    },
    /// Something was not accepted.
    Error {
        /// What.
        code: Code,
        /// In plain words.
        message: String,
    },
    /// The answer to `ping`.
    Pong {},
}

/// A person of the business.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct StaffMember {
    /// Their id.
    pub id: String,
    /// The name they sign in with.
    pub login: String,
    /// The first name that customers see.
    pub name: String,
    /// `reads`, `answers` or `manages`.
    pub role: String,
}

/// One conversation in a list. `GET /api/v1/conversations?list=waiting|mine|bot|closed` answers
/// `{"conversations": [row, …], "total": n}`, where `total` counts those too that are too many to be in it.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ConversationRow {
    /// The conversation.
    pub id: String,
    /// `bot`, `queue`, `staff` or `nobody`.
    pub owner: String,
    /// The customer as the business knows them; absent for a visitor.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Who has it.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffMember>,
    /// Why it waits or why it came to staff: one plain sentence.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Look at it before the others.
    pub urgent: bool,
    /// Since when it waits, in milliseconds since 1970, while it does.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<i64>,
    /// What the customer typed last, at most 120 characters; what they tapped, where they have only tapped.
    pub last_text: String,
    /// When the last event was kept.
    pub last_at: i64,
    /// The last event's position.
    pub seq: u32,
    /// The customer's last message; 0 before that.
    pub customer_seq: u32,
    /// Whether the customer has the conversation open now; absent where that isn't known.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
}

/// One conversation, whole: `GET /api/v1/conversations/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ConversationDetail {
    /// Its row.
    pub row: ConversationRow,
    /// Its log, with what the bot understood.
    pub events: Vec<WireEvent>,
    /// The events about which somebody of staff has said that the bot was wrong.
    pub flagged: Vec<u32>,
    /// The customer's account in a few rows, where they are verified.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<WireCard>,
    /// The newest invoice as the customer sees it.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<WireCard>,
    /// Until when it counts who the customer has shown to be, in milliseconds since 1970; absent for a visitor. After
    /// that somebody else may be writing.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_until: Option<i64>,
}

/// A staff member's reply: `POST /api/v1/conversations/{id}/reply`.
/// 409 with the missed events when the conversation has events after `after` that the writer has not seen.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ReplyBody {
    /// Made by the client, unique in the conversation.
    pub key: String,
    /// The words.
    pub text: String,
    /// The last `seq` on the writer's screen.
    pub after: u32,
}

/// What a staff member may give the customer of a conversation that they have:
/// `GET /api/v1/conversations/{id}/goodwill`.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct GoodwillOffer {
    /// The most that this staff member may give, as a finished text.
    pub limit: String,
    /// What is left of that for this customer, as a finished text.
    pub left: String,
    /// The rule that says so.
    pub clause: String,
    /// Late fees that could come off.
    pub late_fees: Vec<LateFeeRow>,
}

/// A late fee that could come off.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct LateFeeRow {
    /// The bill's number.
    pub invoice: String,
    /// Which it is: "Late fee of £5.00 on the June bill".
    pub label: String,
}

/// Something given to the customer: `POST /api/v1/conversations/{id}/goodwill`. 422 with the code `refused` when the
/// rules or billing say no.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Goodwill {
    /// Made by the client, unique in the conversation: what is sent twice is done once.
    pub key: String,
    /// The number of the bill whose late fee comes off; without it an amount is given back.
    #[ts(optional)]
    pub late_fee: Option<String>,
    /// That amount as it was typed: `12.50`.
    #[ts(optional)]
    pub amount: Option<String>,
    /// Why, in words that the customer reads.
    pub reason: String,
    /// False: says only what would be done.
    pub sure: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct GoodwillAnswer {
    /// `asks`: nothing is done yet; `done`: the receipt stands in the conversation; `waiting`: billing has not answered,
    /// and the receipt comes by itself.
    pub state: String,
    /// What the customer reads.
    pub text: String,
    /// The rule that it goes by.
    pub clause: String,
}

/// A question that the bot could not answer well.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct QuestionRow {
    /// Its id.
    pub id: String,
    /// The conversation that it comes from.
    pub conversation: String,
    /// The customer's message.
    pub seq: u32,
    /// What the customer said.
    pub text: String,
    /// `missed`, `refused`, `thumbs_down`, `flagged` or `suggestion`.
    pub why: String,
    /// What the bot guessed.
    pub guesses: Vec<WireGuess>,
    /// What was said just before, oldest first.
    pub before: Vec<String>,
    /// How it went on, in plain words.
    pub outcome: String,
    /// When.
    pub at: i64,
}

/// Questions with one root cause: `GET /api/v1/causes` answers `{"causes": [row, …], "suggestions": [question, …]}`.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct CauseRow {
    /// Its id.
    pub id: String,
    /// Named after its most typical question until staff rename it.
    pub name: String,
    /// How many questions.
    pub count: u32,
    /// What they cost so far, as a finished text.
    pub cost: String,
    /// `open` or `closed`.
    pub status: String,
    /// The questions, newest first, at most fifty.
    pub questions: Vec<QuestionRow>,
}
