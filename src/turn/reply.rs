//! The reply in the making: what is said, asked and offered, who answers next, and what is kept as a question.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::actions::Ran;
use crate::answers::{About, Answer, Speaker, TemplateError, facts};
use crate::billing::Account;
use crate::content::file::{SlotKind, Then};
use crate::content::{Content, Intent, SOMETHING_ELSE};
use crate::conversation::page::{self, Purpose};
use crate::conversation::{
    Choice, Did, Event, Guess, Message, NewEvent, Owner, OwnerChange, Reason, Sender, Seq, State, Step, What,
};
use crate::feedback;
use crate::handoff;
use crate::rules::{self, Decision, Heard, Topic};
use crate::store::{NewPromise, Why};

use super::{Outcome, Parts, step};

/// Bills that are offered when we ask which one.
const INVOICES_OFFERED: usize = 3;
/// Choices under one message.
pub(super) const CHOICES_MAX: usize = 4;
/// How card numbers look once they are masked.
const MASKED_CARD: &str = "[card ending";

/// The reply in the making.
pub(super) struct Reply<'a> {
    pub(super) parts: &'a Parts,
    pub(super) state: &'a State,
    pub(super) recent: &'a [Event],
    pub(super) seq: Seq,
    pub(super) heard: &'a Heard,
    pub(super) speaker: &'a Speaker<'a>,
    pub(super) account: Option<&'a Account>,
    /// Pages that billing hosts, by intent.
    pub(super) pages: BTreeMap<String, Purpose>,
    /// What was done at once, by intent; what the customer said yes to, too. After a no, what was begun before it.
    pub(super) ran: BTreeMap<String, Ran>,
    pub(super) outcome: Outcome,
}

impl Reply<'_> {
    pub(super) fn last_choices(&mut self) -> Option<&mut Vec<Choice>> {
        self.outcome.events.iter_mut().rev().find_map(|it| match &mut it.what {
            What::Message(message) => Some(&mut message.choices),
            _ => None,
        })
    }

    /// What passes the check renders; should it not, the customer gets a person and we get a line.
    pub(super) fn break_off(&mut self, error: &TemplateError) {
        tracing::error!(%error, "an answer could not be made");
        let receipts = |it: &NewEvent| matches!(it.what, What::Receipt(_));
        self.outcome.events.retain(receipts);
        (self.outcome.code, self.outcome.letter) = (None, None);
        let trouble = self.parts.content.sentences.trouble.clone();
        if self.hand_off(Reason::Trouble, Some(&trouble), false).is_err() {
            self.change_owner(Owner::Queue, Reason::Trouble, false);
        }
    }

    pub(super) fn say(&mut self, decision: &Decision, billing_down: bool) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let sentences = &content.sentences;
        match decision {
            Decision::Answer(topics) => self.answer(&content, topics, billing_down),
            Decision::Act(topic) => match self.ran.remove(&topic.intent) {
                Some(ran) => self.tell(ran, Some(topic)),
                // The rules say otherwise by now, or something else than was offered: it is said anew.
                None => self.answer(&content, std::slice::from_ref(topic), billing_down),
            },
            Decision::Declined => match self.ran.pop_first() {
                Some((_, Ran::Unknown { key, .. })) => self.given_up(key),
                Some((_, ran)) => self.tell(ran, None),
                None => {
                    let text = self.speaker.sentence(&sentences.not_changed, About::default())?;
                    self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Talked));
                    Ok(())
                }
            },
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
            Decision::OtherLanguage => {
                self.record_miss(false);
                let text = self.speaker.sentence(&sentences.other_language, About::default())?;
                self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Missed));
                Ok(())
            }
            Decision::OutOfScope => {
                self.record_miss(false);
                let Some(intent) = content.intents.get(rules::OUT_OF_SCOPE) else { return Ok(()) };
                let answer = self.speaker.answer(intent, &BTreeMap::new(), &facts::Wait::default(), None)?;
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

    pub(super) fn answer(
        &mut self,
        content: &Content,
        topics: &[Topic],
        billing_down: bool,
    ) -> Result<(), TemplateError> {
        let intents: Vec<(&Intent, &Topic)> =
            topics.iter().filter_map(|topic| content.intents.get(&topic.intent).map(|it| (it, topic))).collect();
        if billing_down && intents.iter().any(|it| it.0.needs_verified()) {
            return self.hand_off(Reason::BillingDown, Some(&content.sentences.billing_down), false);
        }
        let wait = self.words_of(&self.parts.wait_if_queued);
        let mut answers = Vec::new();
        for (intent, topic) in &intents {
            let link = self.pages.contains_key(&intent.name).then_some(page::MARK);
            answers.push((*intent, *topic, self.speaker.answer(intent, &topic.slots, &wait, link)?));
        }
        let same = matches!(answers.as_slice(), [(_, _, one)] if self.state.last_said.as_deref() == Some(&one.text));
        // A link is given again: the one before may have ended.
        if same && self.ran.is_empty() && self.pages.is_empty() && answers.iter().all(|it| it.2.then == Then::Wait) {
            let text = self.speaker.sentence(&content.sentences.same_answer, About::default())?;
            self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Talked));
            return Ok(());
        }
        // What follows an answer that has something done follows its receipt.
        let plain = || answers.iter().filter(|it| it.2.deed.as_ref().is_none_or(|deed| deed.action.is_page()));
        let survey = plain().any(|it| it.2.survey) && !self.state.surveyed;
        let mut choices = self.together(&answers);
        let then = plain().map(|it| it.2.then).find(|it| *it != Then::Wait).unwrap_or(Then::Wait);
        let reason = reason_of(&answers, self.speaker);
        let n = answers.len();
        let hands_off = matches!(then, Then::HandOff | Then::HandOffUrgent);
        let mut done = Vec::new();
        for (index, (intent, topic, answer)) in answers.into_iter().enumerate() {
            if !intent.file.small_talk {
                self.outcome.n_answers += 1;
                self.outcome.n_own += u32::from(answer.is_own);
            }
            done.extend(self.ran.remove(&intent.name).map(|it| (it, topic)));
            if intent.file.suggestion {
                self.record(self.seq, &self.heard.text, Why::Suggestion, self.heard.guess.clone());
            }
            let did = if intent.file.small_talk { Did::Talked } else { Did::Answered };
            let slots = topic.slots.clone();
            let last = index + 1 == n && !hands_off;
            let confirms = answer.deed.as_ref().and_then(|it| self.confirm(it)).filter(|_| last && n == 1);
            let step = Step { did, intent: Some(intent.name.clone()), asks: None, slots, confirms };
            // What is done at once has its choices under the receipt.
            let choices = if last && done.is_empty() { std::mem::take(&mut choices) } else { Vec::new() };
            self.message_with_card(answer.text, Vec::new(), step, answer.card);
            let leads_to = self.pages.get(&intent.name).copied();
            if let Some(What::Message(message)) = self.outcome.events.last_mut().map(|it| &mut it.what) {
                message.choices = choices;
                message.page = leads_to.filter(|_| message.text.contains(page::MARK));
            }
        }
        for (ran, topic) in done {
            self.tell(ran, Some(topic))?;
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

    pub(super) fn ask(
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
        let slots = &self.with_pointed_out(content, intent, slots);
        let did = if again { Did::AskedAgain } else { Did::Asked };
        let (intent, asks) = (Some(intent.to_owned()), Some(slot.to_owned()));
        let step = Step { did, intent, asks, slots: slots.clone(), confirms: None };
        self.message(text, &[], step);
        if asked.kind == SlotKind::Invoice {
            let choices = self.invoices();
            if let Some(What::Message(message)) = self.outcome.events.last_mut().map(|it| &mut it.what) {
                message.choices = choices;
            }
        }
        Ok(())
    }

    /// The charge that was pointed out in words stays pointed out when a question comes between.
    fn with_pointed_out(
        &self,
        content: &Content,
        intent: &str,
        slots: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut slots = slots.clone();
        let has = |name: &str| content.intents.get(intent).is_some_and(|it| it.file.slots.contains_key(name));
        if has("amount")
            && has("invoice")
            && !slots.contains_key("amount")
            && let Some((amount, invoice)) = self.speaker.pointed_out(&slots)
        {
            slots.insert("amount".to_owned(), amount.to_string());
            slots.insert("invoice".to_owned(), invoice);
        }
        slots
    }

    /// The newest bills as choices.
    fn invoices(&self) -> Vec<Choice> {
        let style = self.speaker.style();
        let newest = self.account.map(|it| it.invoices.iter().take(INVOICES_OFFERED)).into_iter().flatten();
        let label =
            |it: &crate::billing::Invoice| format!("{}, {}", style.month(it.issued), it.total.text_in(style.locale));
        newest.map(|it| Choice { id: format!("invoice:{}", it.number), label: label(it) }).collect()
    }

    fn offer(&mut self, content: &Content, first: &str, second: &str) -> Result<(), TemplateError> {
        let means = |name: &str| content.intents.get(name).map(|it| it.file.means.as_str());
        let about = About { first: means(first), second: means(second), ..About::default() };
        let text = self.speaker.sentence(&content.sentences.did_you_mean, about)?;
        let mut choices = vec![first.to_owned(), second.to_owned(), SOMETHING_ELSE.to_owned()];
        // Whatever was guessed, a person is among the ways.
        if !choices.iter().any(|it| it == rules::TALK_TO_HUMAN) {
            choices.push(rules::TALK_TO_HUMAN.to_owned());
        }
        self.message(text, &choices, step(Did::Offered));
        Ok(())
    }

    /// Says that a person takes over, with how long it takes, and lets go.
    pub(super) fn hand_off(
        &mut self,
        reason: Reason,
        first: Option<&String>,
        urgent: bool,
    ) -> Result<(), TemplateError> {
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

    pub(super) fn message(&mut self, text: String, choices: &[String], step: Step) {
        let choices = rules::choices(&self.parts.content, &State::default(), choices);
        self.message_with_card(text, choices, step, None);
    }

    fn message_with_card(
        &mut self,
        text: String,
        choices: Vec<Choice>,
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
        let what = What::Message(Message { text, choices, card, step: Some(step), ..Message::default() });
        self.outcome.events.push(NewEvent { from: Sender::Bot, name: None, what });
    }

    pub(super) fn change_owner(&mut self, owner: Owner, reason: Reason, urgent: bool) {
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
