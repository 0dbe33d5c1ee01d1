//! How content files look: the shapes that TOML is read into. Unknown keys are faults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr, VariantNames};

mod sentences;

pub use sentences::{SentenceKind, SentencesFile};

/// One intent's file, `intents/<stage>/<intent>.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntentFile {
    /// What a customer means, in one sentence for staff.
    pub about: String,
    /// Two to four words for a button that leads here.
    pub button: String,
    /// How "did you mean" names it: finishes "Is it about …?"
    pub means: String,
    /// How customers say it.
    pub examples: Vec<String>,
    /// What must be known first.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The general answer for somebody whom we don't know yet; demanded where `needs` has `verified`.
    pub unverified: Option<String>,
    /// Whether the general answer goes on with how to show who one is; not where it says all that there is to say.
    #[serde(default = "yes")]
    pub sign_in: bool,
    /// Small talk: it gives way to a question in the same message, and is never offered as "did you mean".
    #[serde(default)]
    pub small_talk: bool,
    /// The message is kept as a suggestion for staff to read.
    #[serde(default)]
    pub suggestion: bool,
    /// It gives way to whatever there is to do in the same message, as a complaint does.
    #[serde(default)]
    pub gives_way: bool,
    /// It is meant where a customer names something on the account and says no more: `charge` or `bill`.
    pub when_named: Option<String>,
    /// What it may cost the customer.
    pub budget: Budget,
    /// Facts that the customer has to tell.
    #[serde(default)]
    pub slots: BTreeMap<String, SlotFile>,
    /// The answers; the first whose `when` holds is given.
    #[serde(default)]
    pub answer: Vec<AnswerFile>,
    /// What can be asked while this is being talked about.
    #[serde(default)]
    pub follow_up: Vec<FollowUpFile>,
    /// Conversations that must go as written.
    #[serde(default)]
    pub talk: Vec<TalkFile>,
}

/// What a customer can mean only while a topic is being talked about: a short question, an objection, a way on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpFile {
    /// Its name in this file: small letters, digits and `_`.
    pub name: String,
    /// What a customer means by it, in one sentence for staff.
    pub about: String,
    /// One to four words on the button that leads to it, where it is one of two that may be meant.
    pub button: String,
    /// The same as it goes into "is it about …?".
    pub means: String,
    /// How customers say it.
    pub examples: Vec<String>,
    /// Other intents in which it counts too; `any` for all of them.
    #[serde(default)]
    pub also_in: Vec<String>,
    /// It counts only while this holds; always, when absent.
    pub when: Option<String>,
    /// The intent that goes on from here, in place of answers.
    pub goes_to: Option<String>,
    /// The slot of `goes_to` that takes the customer's words as they are.
    pub takes: Option<String>,
    /// Slots of `goes_to` that are set.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// The answer before it did not help: say it in another way, or get a person.
    #[serde(default)]
    pub another_way: bool,
    /// What the topic has of its own for the same words goes before it, and so does whatever else the message asks for.
    #[serde(default)]
    pub gives_way: bool,
    /// The general answer for somebody whom we don't know yet; the answers need to know who it is then.
    pub unverified: Option<String>,
    /// Whether the general answer goes on with how to show who one is.
    #[serde(default = "yes")]
    pub sign_in: bool,
    /// The answers; the first whose `when` holds is given. Where none holds, it was not meant.
    #[serde(default)]
    pub answer: Vec<AnswerFile>,
}

/// What holds where a file doesn't say otherwise.
fn yes() -> bool {
    true
}

impl FollowUpFile {
    /// What stands in `also_in` of one that counts in every topic.
    pub const ANY: &str = "any";
    /// As a topic: the beginning, where nothing is being talked about yet.
    pub const FIRST: &str = "first";
}

/// What must be known before an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Need {
    /// Who the customer is.
    Verified,
}

/// What an intent may cost the customer, at most, from the question to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Messages of the customer, the question included.
    pub turns: u32,
    /// Taps.
    pub taps: u32,
    /// Facts that have to be typed.
    pub typed: u32,
}

/// A fact that the customer has to tell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotFile {
    /// What kind of fact.
    pub kind: SlotKind,
    /// How to ask for it.
    pub ask: String,
    /// Ask again in other words when the reply had none.
    pub ask_again: String,
    /// Read it when it is said, never ask for it.
    #[serde(default)]
    pub optional: bool,
    /// Ask only when this holds; always, when absent.
    pub when: Option<String>,
    /// Of the kind `words`: the words to look for; the first that is said is the value.
    #[serde(default)]
    pub words: Vec<String>,
    /// Of the kind `text`: from so many words on, the message that begins the topic is taken, and nobody is asked.
    pub from_words: Option<u32>,
    /// Buttons that give a value: `parts:all = "Pay in parts"` may then stand among an answer's choices.
    #[serde(default)]
    pub offers: BTreeMap<String, String>,
    /// Of the kind `date`: a day to come, so that "the 11th" is never one that has passed.
    #[serde(default)]
    pub ahead: bool,
    /// The slot whose place it takes where it is told, and that takes its place: "all of them", and no longer that bill.
    pub instead_of: Option<String>,
}

/// The kinds of fact that are read in-process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SlotKind {
    /// Which bill: by number, by month, "the last one". Asked with the three newest as buttons.
    Invoice,
    /// A day.
    Date,
    /// An amount of money.
    Money,
    /// An e-mail address.
    Email,
    /// Any words.
    Text,
    /// One of the slot's own `words`, where it is said.
    Words,
    /// A postal address.
    Address,
    /// A company's name, its tax number, or both.
    Company,
}

/// One answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerFile {
    /// The condition; always, when absent.
    pub when: Option<String>,
    /// The words.
    pub say: String,
    /// Intents or commands to tap, in this order.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Figures that come with it.
    pub card: Option<CardKind>,
    /// What happens next.
    #[serde(default)]
    pub then: Then,
    /// Ask how easy it was, once in a conversation.
    #[serde(default)]
    pub survey: bool,
    /// What is done with this answer: at once, or where it has `confirm` when that is tapped.
    pub action: Option<Action>,
    /// The button that has it done: "Take off £5.00".
    pub confirm: Option<String>,
    /// What the receipt says was done.
    pub done: Option<String>,
    /// What is said when billing refuses; a person gets it then.
    pub refused: Option<String>,
    /// How to undo it, in one sentence.
    pub undo: Option<String>,
}

impl AnswerFile {
    /// The texts that come after it where it has something done, by name.
    pub fn after(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts =
            [("confirm", &self.confirm), ("done", &self.done), ("refused", &self.refused), ("undo", &self.undo)];
        texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }
}

/// What an answer can have done.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    IntoStaticStr,
    VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Action {
    /// Take the newest late fee off.
    TakeOffLateFee,
    /// Give more days for a bill.
    GiveMoreDays,
    /// Have a bill paid in parts.
    PayInParts,
    /// Have a charge looked at.
    OpenDispute,
    /// Switch automatic payment off.
    StopAutopay,
    /// Have bills come on another day of the month.
    ChangeBillingDay,
    /// Send bills somewhere else.
    UpdateContact,
    /// Print other company details on bills.
    UpdateCompany,
    /// End the service.
    Cancel,
    /// Take an end of service back.
    KeepService,
    /// Send a copy of a bill to the address on the account.
    SendCopy,
    /// Lead to the page on which to pay.
    PayPage,
    /// Lead to the page on which to set up automatic payment.
    AutopayPage,
    /// Lead to the page on which to change the card or bank account.
    MethodPage,
}

impl Action {
    /// Its name in content, the log and the audit.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The slots of which one holds what it needs from the customer; none where it needs nothing said.
    pub fn told(self) -> &'static [&'static str] {
        match self {
            Action::OpenDispute => &["reason"],
            Action::ChangeBillingDay => &["date"],
            Action::UpdateContact => &["address", "email"],
            Action::UpdateCompany => &["company"],
            _ => &[],
        }
    }

    /// It leads to a page that billing hosts, where the customer does the rest.
    pub fn is_page(self) -> bool {
        matches!(self, Action::PayPage | Action::AutopayPage | Action::MethodPage)
    }

    /// It changes something for the customer, so that it has to be confirmed.
    pub fn changes_something(self) -> bool {
        !self.is_page() && self != Action::SendCopy
    }
}

/// The cards that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CardKind {
    /// The bill in question, line by line, with what changed marked.
    Invoice,
    /// The bill that the charge stands on which the customer named, with that line marked.
    Charge,
    /// The newest bills.
    Invoices,
    /// The newest payments.
    Payments,
    /// Why the bill differs from the one before.
    Change,
    /// The price list.
    Plans,
}

/// What follows an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Then {
    /// The bot goes on.
    #[default]
    Wait,
    /// A person takes over.
    HandOff,
    /// A person takes over, before the others.
    HandOffUrgent,
    /// The conversation ends.
    End,
}

/// A conversation that must go as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TalkFile {
    /// A sentence in the present tense.
    pub name: String,
    /// A demo customer's id; a visitor whom we don't know, when absent.
    pub account: Option<String>,
    /// When it takes place, `2026-06-16T10:00` in the business's time zone; that, when absent.
    pub at: Option<String>,
    /// It must fail; to be removed when mended.
    #[serde(default)]
    pub known_failure: bool,
    /// What is said and what must follow.
    pub steps: Vec<TalkStep>,
}

/// One step of a talk: what the customer does, or what must be true of the reply to it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TalkStep {
    /// The customer says this.
    pub customer: Option<String>,
    /// The customer taps the choice with this id.
    pub taps: Option<String>,
    /// The reply has these words.
    pub says: Option<Texts>,
    /// The reply does not have these words.
    pub says_not: Option<Texts>,
    /// The reply offers these, among others.
    pub offers: Option<Vec<String>>,
    /// The reply asks for this slot.
    pub asks: Option<String>,
    /// The reply is "did you mean" with these among its choices.
    pub did_you_mean: Option<Vec<String>>,
    /// The message was understood as this.
    pub understood: Option<String>,
    /// The reply brings a card whose text, rows and all, has these words.
    pub card: Option<Texts>,
    /// A person must answer from here on.
    pub hands_off: Option<bool>,
    /// It goes to the front of the queue.
    pub urgent: Option<bool>,
    /// A question was recorded for this reason.
    pub records: Option<String>,
    /// A receipt has these words.
    pub receipt: Option<Texts>,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Texts {
    /// The texts.
    pub fn all(&self) -> &[String] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }
}

/// `intents/business.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessFile {
    /// The business's name.
    pub name: String,
    /// ISO 3166 country, which decides the emergency number.
    pub country: String,
    /// ISO 4217 currency.
    pub currency: String,
    /// IANA time zone.
    pub time_zone: String,
    /// BCP 47 language of the texts.
    pub language: String,
    /// The number to call in danger.
    pub emergency_number: String,
    /// Where customers reach billing by phone.
    pub phone: String,
    /// Where customers reach billing by e-mail.
    pub email: String,
    /// Where customers reach billing by post.
    pub address: String,
    /// The page on which customers pay.
    pub pay_url: String,
    /// What the panel says before the first message.
    pub greeting: String,
    /// What can be tapped before the first message: intents.
    pub starters: Vec<String>,
    /// How long conversations are kept and who sees them, in plain words.
    pub privacy: String,
    /// Ways to pay, in plain words: "Visa", "bank transfer".
    pub payment_methods: Vec<String>,
    /// The opening hours.
    pub hours: HoursFile,
    /// How sure the bot has to be.
    pub understanding: Thresholds,
    /// What a contact costs.
    pub cost: CostFile,
}

/// When people are there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursFile {
    /// In plain words: "Monday to Friday, 9:00 to 17:00".
    pub text: String,
    /// Per day, `mon` to `sun`, `"09:00-17:00"`; a day that is absent is closed.
    #[serde(default)]
    pub week: BTreeMap<String, String>,
    /// Closed days, `2026-12-25`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// How long a person takes for one conversation, in minutes, until it has been measured.
    pub minutes_per_conversation: u32,
}

/// When a guess is good enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Of all messages, the share that may be answered with confidence and wrong, 0 to 1; `answer` follows from it.
    pub wrong_answers: f32,
    /// At least this calibrated confidence to answer, 0 to 1, in place of what follows from `wrong_answers`.
    #[serde(default)]
    pub answer: Option<f32>,
    /// At least this for the best to be offered as "did you mean", 0 to 1.
    #[serde(default = "Thresholds::ask_back")]
    pub ask_back: f32,
    /// Below this nearness to the content, 0 to 1, a text is out of scope.
    #[serde(default = "Thresholds::known")]
    pub known: f32,
}

impl Thresholds {
    /// One in four is worth a question: the customer taps, and most often one of the two is right.
    const ASK_BACK: f32 = 0.25;
    /// `known` is one half where in and out of scope are equally likely; customers mostly ask what is in scope.
    const KNOWN: f32 = 0.45;

    fn ask_back() -> f32 {
        Self::ASK_BACK
    }

    fn known() -> f32 {
        Self::KNOWN
    }
}

/// What a contact costs the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostFile {
    /// In minor units of the business's currency, one conversation with a person.
    pub per_contact_minor: i64,
}

/// `intents/urgent.toml`: words that send a message to a person at once, before the classifier is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrgentFile {
    /// The rules, first match wins.
    pub rule: Vec<UrgentRule>,
}

/// One kind of urgency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrgentRule {
    /// Its name, for staff: "danger", "bereavement".
    pub name: String,
    /// Phrases; one of them stands in the message as whole words, in any case.
    pub phrases: Vec<String>,
    /// Phrases that switch the rule off when they stand in the message: "password expired".
    #[serde(default)]
    pub unless: Vec<String>,
    /// It is said each time, also where it was said before: what to do in danger.
    #[serde(default)]
    pub each_time: bool,
    /// What we say first.
    pub say: String,
}

/// `intents/policies.toml`: dated rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoliciesFile {
    /// The rules; of those with one name, the newest whose date has come holds.
    pub policy: Vec<PolicyFile>,
}

/// One dated rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Its name in templates: `policy.<name>`.
    pub name: String,
    /// From this day on, `2026-01-01`.
    pub from: String,
    /// Everyday words for staff and customers.
    pub about: String,
    /// A number of days, a percentage, or an amount in minor units; what it is, `about` says.
    pub value: i64,
    /// Counts the wordings of a rule from one day on: a receipt names it.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What the bands go by.
    pub by: Option<BandsBy>,
    /// Another value for small and large cases, the smallest first; past the last one a person decides.
    #[serde(default)]
    pub bands: Vec<BandFile>,
    /// For one staff member only, by the name they sign in with.
    pub staff: Option<String>,
}

fn first_version() -> u32 {
    1
}

/// What a rule's bands go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BandsBy {
    /// What is owed for the bill, in minor units.
    Owed,
    /// How many days late the bill is.
    DaysLate,
}

/// A value up to a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandFile {
    /// The largest case that it holds for.
    pub up_to: i64,
    /// The value.
    pub value: i64,
}

/// `intents/words.toml`: jargon and what we say instead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordsFile {
    /// What not to say, and what to say.
    pub instead: Vec<WordFile>,
    /// Terms that cannot be avoided, with their explanation.
    #[serde(default)]
    pub explained: BTreeMap<String, String>,
}

/// A word to avoid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordFile {
    /// Not these.
    pub not: Vec<String>,
    /// But this.
    pub but: String,
}
