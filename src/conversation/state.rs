//! How a conversation's log of events folds to its present state.

use std::collections::BTreeMap;

use super::{
    ASKS_CODE, Choice, Confirm, CustomerId, Did, Epoch, Event, Message, Owner, Reason, Sender, Seq, StaffId, What,
};

/// Where a conversation stands after its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The last event's position.
    pub seq: Seq,
    /// Who must answer next.
    pub owner: Owner,
    /// The number of changes of owner.
    pub epoch: Epoch,
    /// Who has it, where a person does.
    pub staff: Option<StaffId>,
    /// That person's first name.
    pub staff_name: Option<String>,
    /// The customer, once verified.
    pub customer: Option<CustomerId>,
    /// Until when that counts, in milliseconds since 1970.
    pub verified_until_ms: i64,
    /// Whose conversation it is, where that has to be shown again: nothing of the account is told.
    pub lapsed: Option<CustomerId>,
    /// The intent of the last answer or question.
    pub topic: Option<String>,
    /// Small talk or something out of scope that the last message answered, beside the topic.
    pub aside: Option<String>,
    /// A person was asked to look before others, since the conversation began anew.
    pub urgent: bool,
    /// What the customer has told us for the topic.
    pub slots: BTreeMap<String, String>,
    /// The bills, by number, that the bot's last turn answered about.
    pub shown: Vec<String>,
    /// The customer has written since.
    pub wrote_since: bool,
    /// The topics before it, the last one first, each with what was known in it: they can be come back to.
    pub earlier: Vec<(String, BTreeMap<String, String>)>,
    /// The slot that the bot's last message asked for.
    pub asked: Option<String>,
    /// What the bot's last message offered.
    pub offered: Vec<Choice>,
    /// The bot's last message was "did you mean".
    pub asked_which: bool,
    /// What may be meant in place of what the bot's last message answered, as it says.
    pub or: Option<String>,
    /// What the customer wrote last, and what of it that question was about.
    pub wrote: String,
    /// See `wrote`.
    pub asked_about: String,
    /// What the bot's last message has a button for that does something.
    pub confirms: Option<Confirm>,
    /// The last message itself asks a yes for it, and no other came in between.
    pub asks_yes: bool,
    /// Misses in a row.
    pub n_misses: u32,
    /// A visitor was offered a one-time code in this conversation.
    pub code_offered: bool,
    /// The customer was asked for a one-time code and is not verified yet.
    pub code_asked: bool,
    /// The bot's last words.
    pub last_said: Option<String>,
    /// A survey was shown in this episode.
    pub surveyed: bool,
    /// Messages of the customer in this episode.
    pub n_customer_messages: u32,
}

/// The choice that has a one-time code sent.
const VERIFY_ME: &str = "verify_me";

/// The slot that keeps a bill's number.
const INVOICE: &str = "invoice";

/// Topics that can be come back to.
const EARLIER_MAX: usize = 3;

impl State {
    /// Folds a log, from its beginning, to the state after it.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut state = Self::default();
        for event in events {
            state.apply(event);
        }
        state
    }

    /// Moves on by one event.
    pub fn apply(&mut self, event: &Event) {
        self.seq = event.seq;
        match &event.what {
            What::Message(message) => self.apply_message(event.from, message),
            What::Owner(change) => {
                self.owner = change.owner;
                self.urgent = change.urgent || (self.urgent && matches!(change.owner, Owner::Queue | Owner::Staff));
                self.epoch = change.epoch;
                self.staff = change.staff.clone();
                self.staff_name = change.staff.is_some().then(|| event.name.clone()).flatten();
                if matches!(change.reason, Reason::Reopened) {
                    self.start_over();
                    self.surveyed = false;
                    self.n_customer_messages = 0;
                }
                if matches!(change.reason, Reason::HandedBack | Reason::StartedOver) {
                    self.start_over();
                }
            }
            What::Survey { .. } => self.surveyed = true,
            What::Receipt(receipt) => {
                self.last_said = Some(receipt.text.clone());
                self.offered = receipt.choices.clone();
                // It is done: the same words would begin it anew.
                self.slots.clear();
                self.asked = None;
                self.asked_which = false;
                self.or = None;
                self.confirms = None;
                self.n_misses = 0;
            }
            What::Verified { customer, until_ms, .. } => {
                self.customer = Some(customer.clone());
                self.verified_until_ms = *until_ms;
                self.code_asked = false;
            }
            What::Rating(_) | What::Damaged => {}
        }
    }

    fn apply_message(&mut self, from: Sender, message: &Message) {
        match from {
            Sender::Customer => {
                self.n_customer_messages = self.n_customer_messages.saturating_add(1);
                self.wrote_since = true;
                if message.choice.is_none() {
                    self.wrote.clone_from(&message.text);
                }
            }
            Sender::Bot => {
                self.last_said = Some(message.text.clone());
                self.code_offered |= message.choices.iter().any(|it| it.id == VERIFY_ME);
                let offered = std::mem::replace(&mut self.offered, message.choices.clone());
                let confirms = self.confirms.take();
                self.asked = None;
                self.asked_which = false;
                self.or = None;
                self.asked_about.clear();
                if std::mem::take(&mut self.wrote_since) {
                    self.shown.clear();
                }
                let Some(step) = &message.step else { return };
                if let Some(number) = step.slots.get(INVOICE).filter(|it| !self.shown.contains(it)) {
                    self.shown.push(number.clone());
                }
                self.asked = step.asks.clone();
                self.or = step.or.clone();
                if self.or.is_some() {
                    self.asked_about.clone_from(&self.wrote);
                }
                self.code_asked |= self.asked.as_deref() == Some(ASKS_CODE);
                self.confirms = step.confirms.clone();
                self.asks_yes = self.confirms.is_some() && step.asks_yes;
                let beside = matches!(step.did, Did::Talked | Did::Missed);
                // What was only asked back about is still beside the topic.
                let aside = self.aside.take().filter(|_| step.did == Did::Offered);
                self.aside = step.intent.clone().filter(|_| beside).or(aside);
                match step.did {
                    Did::Answered | Did::Asked => {
                        // A follow-up is asked within its topic.
                        let own = || step.intent.as_deref().map(|it| it.split('.').next().unwrap_or(it).to_owned());
                        let topic = step.topic.clone().or_else(own);
                        if topic != self.topic
                            && let Some(left) = self.topic.take()
                        {
                            self.earlier.retain(|it| it.0 != left && Some(&it.0) != topic.as_ref());
                            self.earlier.insert(0, (left, std::mem::take(&mut self.slots)));
                            self.earlier.truncate(EARLIER_MAX);
                        }
                        self.topic = topic;
                        self.slots = step.slots.clone();
                        self.n_misses = 0;
                    }
                    Did::AskedAgain => self.n_misses = self.n_misses.saturating_add(1),
                    Did::Offered => {
                        self.asked_which = true;
                        self.asked_about.clone_from(&self.wrote);
                        self.n_misses = self.n_misses.saturating_add(1);
                    }
                    Did::Missed => self.n_misses = self.n_misses.saturating_add(1),
                    Did::HandedOff => {
                        self.n_misses = 0;
                        // What was offered just before can still be taken while somebody waits.
                        if message.choices.is_empty() {
                            (self.offered, self.confirms) = (offered, confirms);
                        }
                    }
                    Did::StartedOver => self.start_over(),
                    Did::Talked => {}
                }
            }
            Sender::Staff | Sender::System => {}
        }
    }

    /// The same as it is at a time: a customer whose proof has ended is nobody, until it is shown again.
    pub fn at(&self, now_ms: i64) -> Self {
        let mut state = self.clone();
        if state.verified_until_ms <= now_ms {
            state.lapsed = state.customer.take();
        }
        state
    }

    /// Forgets what was being talked about.
    pub fn start_over(&mut self) {
        self.topic = None;
        self.aside = None;
        self.slots.clear();
        self.shown.clear();
        self.earlier.clear();
        self.asked = None;
        self.offered.clear();
        self.asked_which = false;
        self.or = None;
        self.wrote.clear();
        self.asked_about.clear();
        self.confirms = None;
        self.asks_yes = false;
        self.n_misses = 0;
    }
}
