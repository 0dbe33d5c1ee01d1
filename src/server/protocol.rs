//! The frames of `plainbill.v1`: what customers' and staff's browsers say to us and we to them.
//!
//! `web-widget/protocol.ts` is generated from these types by `cargo test`; edit here, never there.
//! What comes from outside is closed: an unknown type or field is an error with a fixed code.
//! What goes out may grow: clients ignore what they don't know.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use staff::{
    CauseRow, ConversationDetail, ConversationRow, Goodwill, GoodwillAnswer, GoodwillOffer, LateFeeRow, QuestionRow,
    ReplyBody, StaffClientFrame, StaffMember, StaffServerFrame,
};

mod staff;

/// The subprotocol that a WebSocket client names.
pub const SUBPROTOCOL: &str = "plainbill.v1";

/// What a customer's browser sends.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// The first frame on a socket: opens a conversation or resumes one.
    Hello {
        /// The conversation to resume.
        #[ts(optional)]
        conversation: Option<String>,
        /// The secret that came with it.
        #[ts(optional)]
        resume: Option<String>,
        /// The last `seq` that the client has.
        #[ts(optional)]
        after: Option<u32>,
        /// A token signed by the business's site.
        #[ts(optional)]
        identity: Option<String>,
        /// The browser's language, like `en-GB`.
        #[ts(optional)]
        locale: Option<String>,
        /// The page that the customer looks at.
        #[ts(optional)]
        page: Option<Page>,
    },
    /// The customer says something.
    Say {
        /// Made by the client, unique in the conversation: a repeated key gets the first ack again.
        key: String,
        /// The words.
        text: String,
    },
    /// The customer taps a choice.
    Choose {
        /// As for `say`.
        key: String,
        /// The choice's id.
        choice: String,
    },
    /// The customer rates an answer or fills in the survey.
    Rate {
        /// As for `say`.
        key: String,
        /// The event that is rated.
        about: u32,
        /// 0 or 1 for an answer, 1 to 5 for a survey.
        score: u8,
        /// In their own words.
        #[ts(optional)]
        comment: Option<String>,
    },
    /// The customer signed in, or as somebody else, on a page that stays open.
    Identify {
        /// A token signed by the business's site.
        token: String,
    },
    /// The customer has seen everything up to here.
    Seen {
        /// The last event on the screen.
        seq: u32,
    },
    /// The customer is typing, or has stopped.
    Typing {
        /// Whether they are.
        on: bool,
    },
    /// The customer ends the chat.
    End {
        /// As for `say`.
        key: String,
    },
    /// Asks for a `pong`: browsers cannot send WebSocket pings.
    Ping {},
}

/// The page that the customer looks at.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its address, without query and fragment.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// What a customer's browser is told.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly all frames are events, so a box would only cost")]
pub enum ServerFrame {
    /// The answer to `hello`. Events after `after` follow.
    Welcome {
        /// The conversation's id.
        conversation: String,
        /// The secret to resume it; only where it was made just now.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// The last event that there is.
        seq: u32,
        /// The server's time, in milliseconds since 1970: a customer's own clock may be wrong.
        at: i64,
        /// True: forget what is on the screen, everything follows from `seq` 1.
        reset: bool,
        /// Who answers next: `bot`, `queue`, `staff` or `nobody`.
        owner: String,
        /// The first name of the person, where one does.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        staff: Option<String>,
        /// Who we are.
        business: BusinessCard,
        /// Whether people are there.
        hours: Hours,
        /// What the client must keep to.
        limits: WireLimits,
        /// The customer's first name, once the business's site has vouched for them.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        verified: Option<String>,
    },
    /// Now it is known whose conversation it is: it has a new secret, and the one before opens nothing.
    Resume {
        /// The secret.
        resume: String,
    },
    /// A `say`, `choose`, `rate` or `end` is kept.
    Ack {
        /// Its key.
        key: String,
        /// Its place in the log.
        seq: u32,
        /// When it was kept, in milliseconds since 1970.
        at: i64,
    },
    /// The next entry of the log.
    Event(WireEvent),
    /// Somebody on our side is typing, or has stopped; it holds for ten seconds at most.
    Typing {
        /// `bot` or `staff`.
        from: String,
        /// Whether they are.
        on: bool,
    },
    /// Where the customer stands in the queue, while it lasts. Not part of the log.
    Queue {
        /// 1 is next.
        place: u32,
        /// An honest estimate in minutes; absent outside the opening hours.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        minutes: Option<u32>,
        /// When somebody will answer by, in plain words, outside the opening hours.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        back: Option<String>,
    },
    /// Something was not accepted.
    Error {
        /// The key of the frame, where it had one.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What is wrong.
        code: Code,
        /// The same in plain words.
        message: String,
        /// When to try again, in milliseconds.
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u32>,
    },
    /// The server is about to go away: reconnect after a moment.
    GoingAway {
        /// How long to wait, in milliseconds.
        retry_after_ms: u32,
    },
    /// The answer to `ping`.
    Pong {},
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct BusinessCard {
    /// The business's name.
    pub name: String,
    /// What the panel says before the first message.
    pub greeting: String,
    /// What can be tapped before the first message.
    pub starters: Vec<WireChoice>,
    /// How long conversations are kept, in plain words.
    pub privacy: String,
}

/// Whether people are there.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Hours {
    /// Now.
    pub open: bool,
    /// The opening hours in plain words.
    pub text: String,
    /// When people are back, in plain words, where they aren't there now.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
}

/// What a client must keep to.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireLimits {
    /// The longest message, in characters.
    pub text_chars_max: u32,
    /// A heartbeat is due this often, in milliseconds.
    pub heartbeat_ms: u32,
}

/// One entry of the log as customers and staff see it.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireEvent {
    /// Its position.
    pub seq: u32,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// `customer`, `bot`, `staff` or `system`.
    pub from: String,
    /// The first name of the staff member, where one speaks.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `message`, `owner`, `survey`, `receipt`, `rating` or `verified`.
    pub kind: String,
    /// The words; of an `owner` event, the sentence to show in the middle.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What may be tapped.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<WireChoice>>,
    /// Figures in rows.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<WireCard>,
    /// Of an `owner` event: who answers from here.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Of a bot's answer: thumbs may be shown. Of a `rating`: the event that is rated.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<u32>,
    /// Of a bot's message: whether the customer may rate it.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rateable: Option<bool>,
    /// Of a `rating`: the score.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Of a `receipt`: how to find it again, and how to undo it. What was done is its text, and when its time.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<WireReceipt>,
    /// The key of the frame that made it, for the customer's own events.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// For staff only: what the bot understood and did.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub understood: Option<Understood>,
    /// For staff only: how the bot read the words that it answers, the way that it took first.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<Vec<WireReading>>,
}

/// One way to read a message in its conversation, for staff.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireReading {
    /// Who read it so: `follow_up`, `going_on`, `intent` …
    pub by: String,
    /// How sure, 0 to 1.
    pub sure: f32,
    /// Why, for people.
    pub because: String,
}

/// What a receipt says besides what was done, and when.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireReceipt {
    /// What billing calls it.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How to undo it, in one sentence.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// For staff only: the rule that it goes by.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
}

/// Something to tap.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireChoice {
    /// What to send back.
    pub id: String,
    /// What to show.
    pub label: String,
}

/// Figures in rows; every amount is a finished text.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireCard {
    /// What it is.
    pub title: String,
    /// The rows, from top to bottom.
    pub rows: Vec<WireRow>,
    /// The sum under the line.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<WireRow>,
    /// A sentence under it.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One row of a card.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireRow {
    /// What the row is about.
    pub label: String,
    /// Small print.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The amount.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Words that mark a row as changed.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// What the bot understood of a customer's message, for staff.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Understood {
    /// `answer`, `ask_back` or `no_idea`.
    pub decision: String,
    /// The likeliest intents with their confidence, 0 to 1, best first.
    pub guesses: Vec<WireGuess>,
}

/// One intent that a message may mean.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WireGuess {
    /// The intent's name.
    pub intent: String,
    /// 0 to 1.
    pub confidence: f32,
}

/// What can be wrong with a frame or a request. The texts are fixed; nothing from inside gets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not a frame of this protocol.
    Malformed,
    /// Larger than the limit.
    TooLarge,
    /// No `hello` came first.
    NotWelcomed,
    /// More than the allowed rate.
    RateLimited,
    /// Too much is going on: try again.
    Busy,
    /// It could not be kept; keep it and try again.
    Unavailable,
    /// That conversation or event is not yours, or is not there.
    NotFound,
    /// The identity token is not valid.
    BadIdentity,
    /// The choice is not on offer.
    NotOffered,
    /// A text is empty.
    Empty,
    /// Sign in first.
    SignIn,
    /// Not allowed for your role.
    Forbidden,
    /// The page isn't one of those that may talk to us.
    WrongPage,
    /// There is a page, and it takes no such request.
    WrongMethod,
    /// It took too long.
    TooSlow,
    /// Somebody was quicker; the state has changed.
    Conflict,
    /// The rules or billing say no; the message says why, and who may.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "web-widget/protocol.ts";

    /// Each type with its doc comment, in the order of this file.
    macro_rules! typescript {
        ($($name:ident),* $(,)?) => {{
            let config = ts_rs::Config::default().with_large_int("number");
            let mut text = String::from("// Generated from src/server/protocol.rs by `cargo test`. Do not edit.\n");
            $(
                text.push('\n');
                text.push_str(&$name::docs().unwrap_or_default());
                text.push_str(&format!("export {}\n", $name::decl(&config)));
            )*
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            lines.join("\n") + "\n"
        }};
    }

    #[test]
    fn the_typescript_is_what_these_types_say() {
        let text = typescript!(
            ClientFrame,
            Page,
            ServerFrame,
            BusinessCard,
            Hours,
            WireLimits,
            WireEvent,
            WireReceipt,
            WireChoice,
            WireCard,
            WireRow,
            Understood,
            WireReading,
            WireGuess,
            Code,
            StaffClientFrame,
            StaffServerFrame,
            StaffMember,
            ConversationRow,
            ConversationDetail,
            ReplyBody,
            GoodwillOffer,
            LateFeeRow,
            Goodwill,
            GoodwillAnswer,
            QuestionRow,
            CauseRow,
        );
        if std::fs::read_to_string(PATH).is_ok_and(|it| it == text) {
            return;
        }
        std::fs::write(PATH, text).expect("the file can be written");
        panic!("{PATH} was stale and has been written anew: run `make web`, and commit both");
    }

    #[test]
    fn frames_from_outside_are_closed() {
        for text in [
            r#"{"type":"say","key":"k","text":"x","more":1}"#,
            r#"{"type":"hello","page":{"url":"u","title":"t","more":1}}"#,
            r#"{"type":"ping","more":1}"#,
            r#"{"type":"event"}"#,
        ] {
            assert!(serde_json::from_str::<ClientFrame>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<ClientFrame>(r#"{"type":"hello"}"#).is_ok());
    }
}
