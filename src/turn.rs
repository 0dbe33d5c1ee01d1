//! One turn: what the customer said → guess → decide → answer, ask or hand off. Nothing is kept here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::answers::facts;
use crate::answers::{About, Answer, Speaker, TemplateError};
use crate::billing::{Account, Billing, BillingError};
use crate::classifier::Classifier;
use crate::content::file::{SlotKind, Then};
use crate::content::{Content, Intent, SOMETHING_ELSE};
use crate::conversation::{
    Choice, ConversationId, CustomerId, Did, Event, Guess, Message, NewEvent, Owner, OwnerChange, Reason, Sender, Seq,
    State, Step, What, format,
};
use crate::feedback;
use crate::handoff;
use crate::identity::codes::Codes;
use crate::mail::Letter;
use crate::rules::slots::SlotContext;
use crate::rules::{self, Circumstances, Decision, Heard, Topic, questions};
use crate::store::{CodeChange, NewPromise, NewQuestion, Why};

mod proof;

use proof::{AskedBefore, Proof};

/// Bills that are offered when we ask which one.
const INVOICES_OFFERED: usize = 3;
/// Choices under one message.
const CHOICES_MAX: usize = 4;
/// How card numbers look once they are masked.
const MASKED_CARD: &str = "[card ending";

/// What a turn works with.
pub struct Parts {
    /// What we know to answer.
    pub content: Arc<Content>,
    /// What is meant; absent while the model is missing.
    pub classifier: Option<Arc<Classifier>>,
    /// The customers' own facts.
    pub billing: Arc<dyn Billing>,
    /// Now.
    pub now: Timestamp,
    /// What can be said about waiting, where the conversation waits already.
    pub wait: handoff::Wait,
    /// The same if it were handed off now.
    pub wait_if_queued: handoff::Wait,
    /// The same if it were handed off as urgent.
    pub wait_if_urgent: handoff::Wait,
    /// Misses in a row before a person gets it.
    pub misses_max: u32,
    /// How this conversation's customer can prove who they are by e-mail; none where letters reach nobody.
    pub codes: Option<CodesHere>,
}

/// One-time codes, in one conversation.
pub struct CodesHere {
    /// All of them.
    pub codes: Arc<Codes>,
    /// Which conversation.
    pub conversation: ConversationId,
    /// The network address that the customer wrote from.
    pub network: String,
}

/// What a turn wants to be kept.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The bot's words and changes of owner, in order.
    pub events: Vec<NewEvent>,
    /// What each of the customer's messages was taken for.
    pub understood: Vec<(Seq, Guess)>,
    /// What could not be answered well.
    pub questions: Vec<NewQuestion>,
    /// When somebody will answer by.
    pub promise: Option<NewPromise>,
    /// What becomes of the conversation's one-time code.
    pub code: Option<CodeChange>,
    /// What is to be sent once all of this is kept.
    pub letter: Option<Letter>,
}

/// Takes one turn over what the customer has said and nobody has answered. `recent` ends with it.
pub async fn take(parts: &Parts, state: &State, recent: &[Event], unanswered: &[(Seq, Message)]) -> Outcome {
    let Some((seq, last)) = unanswered.last() else { return Outcome::default() };
    let (heard, looked) = listen(parts, state, unanswered, last).await;
    take_heard(parts, state, recent, *seq, &heard, looked).await
}

/// Takes one turn over something that was heard up to `seq`. `looked`: the classifier could look at it.
pub async fn take_heard(
    parts: &Parts,
    state: &State,
    recent: &[Event],
    seq: Seq,
    heard: &Heard,
    looked: bool,
) -> Outcome {
    let account = match &state.customer {
        Some(customer) => Some(parts.billing.account(customer).await),
        None => None,
    };
    let plans = parts.billing.plans().await.unwrap_or_default();
    let now = parts.now.to_zoned(parts.content.hours.time_zone.clone());
    let known = account.as_ref().and_then(|it| it.as_ref().ok());
    let verified = state.customer.is_some();
    let before = match rules::proves(heard) {
        true => AskedBefore::find(&parts.content, recent),
        false => AskedBefore::default(),
    };
    // Once it is known who asked, the question is the one from before.
    let text = if verified && !before.text.is_empty() { &before.text } else { &heard.text };
    let speaker =
        Speaker::new(&parts.content, known, &plans, verified, now.date(), text).with_codes(parts.codes.is_some());
    let invoices: Vec<(String, jiff::civil::Date)> =
        known.map_or_else(Vec::new, |it| it.invoices.iter().map(|it| (it.number.clone(), it.issued)).collect());
    let (mut decision, then) = {
        let circumstances = Circumstances {
            slots: SlotContext {
                today: now.date(),
                currency: &parts.content.business.currency,
                language: &parts.content.business.language,
                invoices: &invoices,
            },
            verified,
            misses_max: parts.misses_max,
            holds: &|condition, slots| speaker.holds(condition, slots),
        };
        let decision = rules::decide(&parts.content, state, heard, &circumstances);
        let then = match decision {
            Decision::GoOn => rules::go_on(&parts.content, &before.topics, &before.text, &circumstances),
            _ => None,
        };
        (decision, then)
    };
    let proof = Proof::take(parts, &decision, heard).await;
    if let Some(Proof::Right { customer, change }) = proof {
        return go_on_as(parts, state, recent, seq, heard, customer, change).await;
    }
    if !looked && matches!(decision, Decision::Miss { refused: false }) {
        // Nobody looked at the words, so it is not the customer who has to say them again.
        decision = Decision::HandOff { reason: Reason::Trouble, rule: None };
    }
    let billing_down =
        matches!(account, Some(Err(BillingError::Unreachable | BillingError::Broken | BillingError::NotFound)));
    let mut reply =
        Reply { parts, state, recent, seq, heard, speaker: &speaker, account: known, outcome: Outcome::default() };
    if looked && state.owner == Owner::Bot && heard.choice.is_none() && heard.code.is_none() {
        reply.outcome.understood.push((seq, heard.guess.clone()));
    }
    let said = match (&proof, &decision) {
        (Some(proof), _) => reply.say_proof(proof),
        (None, Decision::GoOn) => reply.go_on(then.as_ref(), billing_down),
        (None, decision) => reply.say(decision, billing_down),
    };
    if let Err(error) = said {
        // What passes the check renders; should it not, the customer gets a person and we get a line.
        tracing::error!(%error, ?decision, "an answer could not be made");
        reply.outcome.events.clear();
        (reply.outcome.code, reply.outcome.letter) = (None, None);
        if reply.hand_off(Reason::Trouble, Some(&parts.content.sentences.trouble), false).is_err() {
            reply.change_owner(Owner::Queue, Reason::Trouble, false);
        }
    }
    reply.outcome
}

/// The same turn, now that a code has shown who the customer is: that is kept first, then all that is said.
async fn go_on_as(
    parts: &Parts,
    state: &State,
    recent: &[Event],
    seq: Seq,
    heard: &Heard,
    customer: CustomerId,
    change: Option<CodeChange>,
) -> Outcome {
    let verified = What::Verified { customer: customer.clone() };
    let state = State { customer: Some(customer), ..state.clone() };
    let mut outcome = Box::pin(take_heard(parts, &state, recent, seq, heard, true)).await;
    outcome.events.insert(0, NewEvent { from: Sender::System, name: None, what: verified });
    outcome.code = change;
    outcome
}

/// What was said, and what the classifier makes of it. `false`: it could not look.
async fn listen(parts: &Parts, state: &State, unanswered: &[(Seq, Message)], last: &Message) -> (Heard, bool) {
    if last.choice.is_some() {
        return (Heard { choice: last.choice.clone(), ..Heard::default() }, true);
    }
    let texts: Vec<&str> = unanswered.iter().filter(|it| it.1.choice.is_none()).map(|it| it.1.text.as_str()).collect();
    let code = unanswered.iter().rev().find_map(|it| it.1.code.clone());
    let mut heard = Heard { text: texts.join("\n"), code, ..Heard::default() };
    if heard.code.is_some() {
        return (heard, true);
    }
    let Some(classifier) = parts.classifier.as_ref().filter(|_| state.owner == Owner::Bot) else {
        return (heard, state.owner != Owner::Bot);
    };
    match classifier.guess(&heard.text).await {
        Ok(guess) => heard.guess = guess,
        Err(error) => {
            tracing::warn!(%error, "the classifier could not look at a message");
            return (heard, false);
        }
    }
    for part in questions::parts(&heard.text) {
        // A part that cannot be looked at is left to the whole.
        if let Ok(guess) = classifier.guess(&part).await {
            heard.parts.push((part, guess));
        }
    }
    (heard, true)
}

/// The reply in the making.
struct Reply<'a> {
    parts: &'a Parts,
    state: &'a State,
    recent: &'a [Event],
    seq: Seq,
    heard: &'a Heard,
    speaker: &'a Speaker<'a>,
    account: Option<&'a Account>,
    outcome: Outcome,
}

impl Reply<'_> {
    fn say(&mut self, decision: &Decision, billing_down: bool) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let sentences = &content.sentences;
        match decision {
            Decision::Answer(topics) => self.answer(&content, topics, billing_down),
            Decision::Ask { intent, slot, slots, again } => self.ask(&content, intent, slot, slots, *again),
            Decision::AskEmail { again } => self.ask_email(*again),
            Decision::AskCode => self.ask_code(),
            // These are what a step of the proof comes to, which says them.
            Decision::SendCode { .. } | Decision::CheckCode | Decision::GoOn => Ok(()),
            Decision::Offer { first, second } => self.offer(&content, first, second),
            Decision::Miss { refused } => {
                self.record_miss(*refused);
                let text = self.speaker.sentence(&sentences.say_it_again, About::default())?;
                self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Missed));
                Ok(())
            }
            Decision::OutOfScope => {
                self.record_miss(false);
                let Some(intent) = content.intents.get(rules::OUT_OF_SCOPE) else { return Ok(()) };
                let answer = self.speaker.answer(intent, &BTreeMap::new(), &facts::Wait::default())?;
                self.message(answer.text, &answer.choices, step(Did::Missed));
                Ok(())
            }
            Decision::HandOff { reason, rule } => {
                if *reason == Reason::Missed {
                    self.record_miss(self.heard.choice.as_deref() == Some(SOMETHING_ELSE));
                }
                let first = match (reason, rule.and_then(|it| content.urgent.rule.get(it))) {
                    (_, Some(rule)) => Some(&rule.say),
                    (Reason::Missed, _) => Some(&sentences.do_not_know),
                    (Reason::Trouble, _) => Some(&sentences.trouble),
                    _ => None,
                };
                self.hand_off(*reason, first, *reason == Reason::Urgent)
            }
            Decision::AlreadyInQueue => {
                let wait = self.words_of(&self.parts.wait);
                let about = About { wait: Some(&wait), ..About::default() };
                let text = self.speaker.sentence(&sentences.already_in_queue, about)?;
                self.message(text, &[], step(Did::Talked));
                Ok(())
            }
            Decision::AlreadyWithPerson => {
                let about = About { staff: self.state.staff_name.as_deref(), ..About::default() };
                let text = self.speaker.sentence(&sentences.already_with_person, about)?;
                // The bot is silent while a person has the conversation: this is a note of the house.
                let what = What::Message(Message { text, ..Message::default() });
                self.outcome.events.push(NewEvent { from: Sender::System, name: None, what });
                Ok(())
            }
            Decision::LeaveToPeople => self.keep_for_person(),
            Decision::StartOver => {
                if self.state.owner != Owner::Bot {
                    self.change_owner(Owner::Bot, Reason::StartedOver, false);
                }
                let text = self.speaker.sentence(&sentences.started_over, About::default())?;
                self.message(text, &content.business.starters, step(Did::StartedOver));
                Ok(())
            }
            Decision::End => {
                self.change_owner(Owner::Nobody, Reason::Ended, false);
                Ok(())
            }
        }
    }

    fn answer(&mut self, content: &Content, topics: &[Topic], billing_down: bool) -> Result<(), TemplateError> {
        let intents: Vec<(&Intent, &Topic)> =
            topics.iter().filter_map(|topic| content.intents.get(&topic.intent).map(|it| (it, topic))).collect();
        if billing_down && intents.iter().any(|it| it.0.needs_verified()) {
            return self.hand_off(Reason::BillingDown, Some(&content.sentences.billing_down), false);
        }
        let wait = self.words_of(&self.parts.wait_if_queued);
        let mut answers = Vec::new();
        for (intent, topic) in &intents {
            answers.push((*intent, *topic, self.speaker.answer(intent, &topic.slots, &wait)?));
        }
        let same = matches!(answers.as_slice(), [(_, _, one)] if self.state.last_said.as_deref() == Some(&one.text));
        if same && answers.iter().all(|it| it.2.then == Then::Wait) {
            let text = self.speaker.sentence(&content.sentences.same_answer, About::default())?;
            self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Talked));
            return Ok(());
        }
        let survey = answers.iter().any(|it| it.2.survey) && !self.state.surveyed;
        let choices = together(answers.iter().map(|it| &it.2));
        let then = answers.iter().map(|it| it.2.then).find(|it| *it != Then::Wait).unwrap_or(Then::Wait);
        let reason = reason_of(&answers, self.speaker);
        let n = answers.len();
        let hands_off = matches!(then, Then::HandOff | Then::HandOffUrgent);
        for (index, (intent, topic, answer)) in answers.into_iter().enumerate() {
            if intent.file.suggestion {
                self.record(self.seq, &self.heard.text, Why::Suggestion, self.heard.guess.clone());
            }
            let did = if intent.file.small_talk { Did::Talked } else { Did::Answered };
            let slots = topic.slots.clone();
            let step = Step { did, intent: Some(intent.name.clone()), asks: None, slots };
            let last = index + 1 == n && !hands_off;
            let choices = if last { choices.clone() } else { Vec::new() };
            self.message_with_card(answer.text, &choices, step, answer.card);
        }
        match then {
            Then::Wait => {}
            Then::HandOff => self.hand_off(reason, None, false)?,
            Then::HandOffUrgent => self.hand_off(Reason::Urgent, None, true)?,
            Then::End => self.change_owner(Owner::Nobody, Reason::Ended, false),
        }
        if survey && then == Then::Wait {
            let text = self.speaker.sentence(&content.sentences.survey, About::default())?;
            self.outcome.events.push(NewEvent { from: Sender::Bot, name: None, what: What::Survey { text } });
        }
        Ok(())
    }

    fn ask(
        &mut self,
        content: &Content,
        intent: &str,
        slot: &str,
        slots: &BTreeMap<String, String>,
        again: bool,
    ) -> Result<(), TemplateError> {
        let Some(asked) = content.intents.get(intent).and_then(|it| it.file.slots.get(slot)) else { return Ok(()) };
        let words = if again { &asked.ask_again } else { &asked.ask };
        let text = self.speaker.sentence(words, About::default())?;
        let did = if again { Did::AskedAgain } else { Did::Asked };
        let step = Step { did, intent: Some(intent.to_owned()), asks: Some(slot.to_owned()), slots: slots.clone() };
        self.message(text, &[], step);
        if asked.kind == SlotKind::Invoice {
            let choices = self.invoices();
            if let Some(What::Message(message)) = self.outcome.events.last_mut().map(|it| &mut it.what) {
                message.choices = choices;
            }
        }
        Ok(())
    }

    /// The newest bills as choices.
    fn invoices(&self) -> Vec<Choice> {
        let today = self.parts.now.to_zoned(self.parts.content.hours.time_zone.clone()).date();
        let newest = self.account.map(|it| it.invoices.iter().take(INVOICES_OFFERED)).into_iter().flatten();
        let label = |it: &crate::billing::Invoice| format!("{}, {}", format::month(it.issued, today), it.total.text());
        newest.map(|it| Choice { id: format!("invoice:{}", it.number), label: label(it) }).collect()
    }

    fn offer(&mut self, content: &Content, first: &str, second: &str) -> Result<(), TemplateError> {
        let means = |name: &str| content.intents.get(name).map(|it| it.file.means.as_str());
        let about = About { first: means(first), second: means(second), ..About::default() };
        let text = self.speaker.sentence(&content.sentences.did_you_mean, about)?;
        let choices = [first.to_owned(), second.to_owned(), SOMETHING_ELSE.to_owned()];
        self.message(text, &choices, step(Did::Offered));
        Ok(())
    }

    /// Says that a person takes over, with how long it takes, and lets go.
    fn hand_off(&mut self, reason: Reason, first: Option<&String>, urgent: bool) -> Result<(), TemplateError> {
        let sentences = &self.parts.content.sentences;
        let wait = if urgent { &self.parts.wait_if_urgent } else { &self.parts.wait_if_queued };
        let words = self.words_of(wait);
        let about = About { wait: Some(&words), ..About::default() };
        let mut text = match first {
            Some(first) => self.speaker.sentence(first, about)? + "\n\n",
            None => String::new(),
        };
        text += &self.speaker.sentence(if wait.open { &sentences.in_queue } else { &sentences.closed }, about)?;
        if let (false, Some(due_at_ms)) = (wait.open, wait.back_ms) {
            self.outcome.promise = Some(NewPromise { due_at_ms, text: text.clone() });
        }
        self.message(text, &[], step(Did::HandedOff));
        self.change_owner(Owner::Queue, reason, urgent);
        Ok(())
    }

    /// Somebody who waits and writes on is told once that it is kept.
    fn keep_for_person(&mut self) -> Result<(), TemplateError> {
        if self.state.owner != Owner::Queue {
            return Ok(());
        }
        let wait = self.words_of(&self.parts.wait);
        let about = About { wait: Some(&wait), ..About::default() };
        let text = self.speaker.sentence(&self.parts.content.sentences.kept_for_person, about)?;
        if self.state.last_said.as_deref() != Some(&text) {
            self.message(text, &[], step(Did::Talked));
        }
        Ok(())
    }

    fn words_of(&self, wait: &handoff::Wait) -> facts::Wait {
        facts::Wait {
            open: wait.open,
            place: wait.place,
            minutes: wait.minutes,
            back: wait.back.clone(),
            hours: self.parts.content.hours.text.clone(),
        }
    }

    fn message(&mut self, text: String, choices: &[String], step: Step) {
        self.message_with_card(text, choices, step, None);
    }

    fn message_with_card(
        &mut self,
        text: String,
        choices: &[String],
        step: Step,
        card: Option<crate::conversation::Card>,
    ) {
        let mut text = text;
        if self.outcome.events.is_empty() && self.heard.text.contains(MASKED_CARD) {
            let masked = &self.parts.content.sentences.card_masked;
            if let Ok(masked) = self.speaker.sentence(masked, About::default()) {
                text = format!("{masked}\n\n{text}");
            }
        }
        let choices = rules::choices(&self.parts.content, &State::default(), choices);
        let what = What::Message(Message { text, choices, card, step: Some(step), ..Message::default() });
        self.outcome.events.push(NewEvent { from: Sender::Bot, name: None, what });
    }

    fn change_owner(&mut self, owner: Owner, reason: Reason, urgent: bool) {
        let change = OwnerChange { owner, epoch: self.state.epoch + 1, staff: None, reason, urgent };
        self.outcome.events.push(NewEvent { from: Sender::System, name: None, what: What::Owner(change) });
    }

    /// Keeps what could not be answered: the text itself, or after a refused "did you mean" the text before it.
    fn record_miss(&mut self, refused: bool) {
        if !refused {
            self.record(self.seq, &self.heard.text, Why::Missed, self.heard.guess.clone());
            return;
        }
        if let Some((seq, message)) = feedback::last_said(self.recent, self.seq) {
            let text = message.text.clone();
            self.record(seq, &text, Why::Refused, Guess::none());
        }
    }

    fn record(&mut self, seq: Seq, text: &str, why: Why, guess: Guess) {
        if !text.trim().is_empty() {
            self.outcome.questions.push(feedback::question(self.recent, seq, text, why, guess));
        }
    }
}

fn step(did: Did) -> Step {
    Step { did, ..Step::default() }
}

/// The choices of several answers under the last of them, each once.
fn together<'a>(answers: impl Iterator<Item = &'a Answer>) -> Vec<String> {
    let mut choices: Vec<String> = Vec::new();
    for choice in answers.flat_map(|it| &it.choices) {
        if !choices.contains(choice) {
            choices.push(choice.clone());
        }
    }
    choices.truncate(CHOICES_MAX);
    choices
}

/// Why an answer goes on to a person.
fn reason_of(answers: &[(&Intent, &Topic, Answer)], speaker: &Speaker<'_>) -> Reason {
    if answers.iter().any(|it| it.0.name == rules::TALK_TO_HUMAN) {
        return Reason::Asked;
    }
    let adds_up = |topic: &Topic| speaker.change_adds_up(&topic.slots);
    if answers.iter().any(|it| it.0.needs_verified() && it.2.card.is_none() && !adds_up(it.1)) {
        return Reason::DoesNotAddUp;
    }
    Reason::Content
}
