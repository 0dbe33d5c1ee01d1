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
    /// The intent of the last answer or question.
    pub topic: Option<String>,
    /// What the customer has told us for the topic.
    pub slots: BTreeMap<String, String>,
    /// The slot that the bot's last message asked for.
    pub asked: Option<String>,
    /// What the bot's last message offered.
    pub offered: Vec<Choice>,
    /// The bot's last message was "did you mean".
    pub asked_which: bool,
    /// What the bot's last message asks a yes for.
    pub confirms: Option<Confirm>,
    /// Misses in a row.
    pub n_misses: u32,
    /// The customer was asked for a one-time code and is not verified yet.
    pub code_asked: bool,
    /// The bot's last words.
    pub last_said: Option<String>,
    /// A survey was shown in this episode.
    pub surveyed: bool,
    /// Messages of the customer in this episode.
    pub n_customer_messages: u32,
}

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
                self.confirms = None;
                self.n_misses = 0;
            }
            What::Verified { customer } => {
                self.customer = Some(customer.clone());
                self.code_asked = false;
            }
            What::Rating(_) => {}
        }
    }

    fn apply_message(&mut self, from: Sender, message: &Message) {
        match from {
            Sender::Customer => self.n_customer_messages = self.n_customer_messages.saturating_add(1),
            Sender::Bot => {
                self.last_said = Some(message.text.clone());
                self.offered = message.choices.clone();
                self.asked = None;
                self.asked_which = false;
                self.confirms = None;
                let Some(step) = &message.step else { return };
                self.asked = step.asks.clone();
                self.code_asked |= self.asked.as_deref() == Some(ASKS_CODE);
                self.confirms = step.confirms.clone();
                match step.did {
                    Did::Answered | Did::Asked => {
                        self.topic = step.intent.clone();
                        self.slots = step.slots.clone();
                        self.n_misses = 0;
                    }
                    Did::AskedAgain => self.n_misses = self.n_misses.saturating_add(1),
                    Did::Offered => {
                        self.asked_which = true;
                        self.n_misses = self.n_misses.saturating_add(1);
                    }
                    Did::Missed => self.n_misses = self.n_misses.saturating_add(1),
                    Did::HandedOff => self.n_misses = 0,
                    Did::StartedOver => self.start_over(),
                    Did::Talked => {}
                }
            }
            Sender::Staff | Sender::System => {}
        }
    }

    /// Forgets what was being talked about.
    pub fn start_over(&mut self) {
        self.topic = None;
        self.slots.clear();
        self.asked = None;
        self.offered.clear();
        self.asked_which = false;
        self.confirms = None;
        self.n_misses = 0;
    }
}
