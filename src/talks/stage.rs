//! A conversation in memory, as a talk or a terminal has it: real turns, no store.

use std::sync::Arc;

use jiff::{Timestamp, Zoned};

use crate::actions::Actions;
use crate::billing::Billing;
use crate::classifier::Classifier;
use crate::content::Content;
use crate::conversation::{
    ConversationId, CustomerId, Event, Message, NewEvent, Owner, Sender, Seq, State, What, masking,
};
use crate::handoff::{self, WaitingList};
use crate::rules;
use crate::store::StoreError;
use crate::turn::{self, Outcome, TurnParts};

/// Misses in a row before a person gets it, as the settings have it by default.
const MISSES_MAX: u32 = 3;

/// A conversation in memory.
pub struct Stage {
    parts: TurnParts,
    line: WaitingList,
    pub(super) state: State,
    /// All that was said, in order.
    pub events: Vec<Event>,
    n_heard: usize,
}

impl Stage {
    /// An empty conversation at a time, with one colleague who may answer.
    pub fn new(content: &Arc<Content>, classifier: &Classifier, billing: Arc<dyn Billing>, now: Timestamp) -> Self {
        let line =
            WaitingList { minutes_each: content.hours.minutes_per_conversation, n_staff: 1, ..WaitingList::default() };
        let wait = |place| handoff::wait(content, now, &line, place);
        let parts = TurnParts {
            content: Arc::clone(content),
            classifier: Some(Arc::new(classifier.clone())),
            actions: Arc::new(Actions::in_memory(Arc::clone(&billing))),
            billing,
            conversation: ConversationId::new("talk"),
            locale: None,
            now,
            wait: wait(None),
            wait_if_queued: wait(Some(1)),
            wait_if_urgent: wait(Some(1)),
            misses_max: MISSES_MAX,
            settle_max: jiff::SignedDuration::MAX,
            verified_for: jiff::SignedDuration::MAX,
            codes: None,
        };
        Self { parts, line, state: State::default(), events: Vec::new(), n_heard: 0 }
    }

    /// Now it is known who speaks.
    pub fn verify(&mut self, customer: &str) {
        self.keep(Sender::System, What::Verified { customer: CustomerId::new(customer), until_ms: i64::MAX, by: None });
    }

    /// The customer says something; what comes of it.
    pub async fn say(&mut self, text: &str) -> Result<Outcome, StoreError> {
        let text = masking::mask(text).text;
        self.hear(Message { text, ..Message::default() }).await
    }

    /// The customer taps a choice that is there; what comes of it.
    pub async fn tap(&mut self, choice: &str) -> Result<Outcome, String> {
        let content = &self.parts.content;
        if !rules::may_choose(content, &self.state, choice) {
            return Err(format!("`{choice}` is not there to tap"));
        }
        let text = rules::label_of(content, &self.state, choice);
        let message = Message { text, choice: Some(choice.to_owned()), ..Message::default() };
        self.hear(message).await.map_err(|error| error.to_string())
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When it takes place, where the business is.
    pub fn now(&self) -> Zoned {
        self.parts.now.to_zoned(self.parts.content.hours.time_zone.clone())
    }

    async fn hear(&mut self, message: Message) -> Result<Outcome, StoreError> {
        self.keep(Sender::Customer, What::Message(message));
        let unheard: Vec<(Seq, Message)> = (self.events.iter().skip(self.n_heard))
            .filter_map(|it| match (&it.what, it.from) {
                (What::Message(message), Sender::Customer) => Some((it.seq, message.clone())),
                _ => None,
            })
            .collect();
        let place = (self.state.owner == Owner::Queue).then_some(1);
        self.parts.wait = handoff::wait(&self.parts.content, self.parts.now, &self.line, place);
        let outcome = turn::take(&self.parts, &self.state, &self.events, &unheard).await?;
        for NewEvent { from, what, .. } in outcome.events.clone() {
            self.keep(from, what);
        }
        self.n_heard = self.events.len();
        Ok(outcome)
    }

    fn keep(&mut self, from: Sender, what: What) {
        let event = Event { seq: self.state.seq + 1, at_ms: self.parts.now.as_millisecond(), from, name: None, what };
        self.state.apply(&event);
        self.events.push(event);
    }

    /// All of it as lines, for people.
    pub fn transcript(&self) -> String {
        let line = |event: &Event| match &event.what {
            What::Message(message) => {
                let choices: Vec<&str> = message.choices.iter().map(|it| it.id.as_str()).collect();
                Some(format!("    {:?}: {} {choices:?}", event.from, message.text.replace('\n', " / ")))
            }
            What::Owner(change) => Some(format!("    -> {} ({})", change.owner.as_str(), change.reason.as_str())),
            What::Receipt(receipt) => Some(format!("    receipt: {} {:?}", receipt.text, receipt.undo)),
            _ => None,
        };
        self.events.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }
}
