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
    Choice, Did, Event, Guess, Message, NewEvent, Owner, OwnerChange, ReadAs, Reason, Sender, Seq, State, Step, What,
};
use crate::feedback;
use crate::handoff;
use crate::rules::{self, Decision, Heard, Left, Topic};
use crate::store::{NewPromise, Why};

use super::{Outcome, Parts, again, step};

/// Bills that are offered when we ask which one.
const INVOICES_OFFERED: usize = 3;
/// Choices under one message.
pub(super) const CHOICES_MAX: usize = 4;
/// Topics that are offered where a message isn't understood.
const NEAR_TOPICS_MAX: usize = 2;
/// From this confidence on, a topic may have been meant.
const NEAR_MIN: f32 = 0.08;
/// Of words that have not been answered, so many are named.
const LEFT_CHARS_MAX: usize = 80;
/// Messages of the bot that somebody still has before their eyes.
const TOLD_MAX: usize = 6;
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
    /// How the words were read, kept with the first message of the turn.
    pub(super) readings: Vec<ReadAs>,
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
            Decision::AnswerPart { topics, left } => {
                self.answer(&content, topics, billing_down)?;
                self.name_what_is_left(left)
            }
            Decision::Act(topic) => match self.ran.remove(&topic.intent) {
                Some(ran) => self.tell(ran, Some(topic)),
                // The rules say otherwise by now, or something else than was offered: it is said anew.
                None => self.answer(&content, std::slice::from_ref(topic), billing_down),
            },
            Decision::Declined => match self.ran.pop_first() {
                Some((_, Ran::Unknown { key, .. })) => self.given_up(key),
                Some((_, ran)) => self.tell(ran, None),
                None => {
                    let text = self.fresh(&[&sentences.not_changed, &sentences.not_now])?;
                    self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Talked));
                    Ok(())
                }
            },
            Decision::NotNow => self.stay(&[&sentences.not_now, &sentences.not_changed], Did::Talked, &[]),
            Decision::WhichOne => self.stay(&[&sentences.which_one, &sentences.which_one_again], Did::Talked, &[]),
            Decision::YesOnCondition { words } => self.keep_on_condition(words),
            Decision::AskToName => self.ask_to_name(),
            Decision::AnotherWay => self.another_way(),
            Decision::AsSaid { sentence } => self.as_said(sentence),
            Decision::Sum { working, per_year } => self.sum(working, per_year.as_deref()),
            Decision::Ask { intent, slot, slots, again } => self.ask(&content, intent, slot, slots, *again),
            Decision::AskEmail { again } => self.ask_email(*again),
            Decision::AskCode => self.ask_code(),
            // These are what a step of the proof comes to, which says them.
            Decision::SendCode { .. } | Decision::CheckCode | Decision::GoOn => Ok(()),
            Decision::Offer { first, second } => self.offer(&content, first, second),
            Decision::Miss { refused } => {
                self.record_miss(*refused);
                let first = [&sentences.say_it_again, &sentences.miss_again];
                let again = [&sentences.miss_again, &sentences.say_it_again];
                let near = if *refused { Vec::new() } else { self.near_topics() };
                self.stay(if self.state.n_misses == 0 { &first } else { &again }, Did::Missed, &near)
            }
            Decision::OtherLanguage => {
                self.record_miss(false);
                let text = self.fresh(&[&sentences.other_language, &sentences.miss_again])?;
                self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Missed));
                Ok(())
            }
            Decision::OutOfScope => {
                self.record_miss(false);
                let Some(intent) = content.intents.get(rules::OUT_OF_SCOPE) else { return Ok(()) };
                let answer = self.speaker.answer(intent, &BTreeMap::new(), &facts::Wait::default(), None)?;
                if self.state.last_said.as_deref() == Some(&answer.text) {
                    return self.stay(&[&sentences.miss_again], Did::Missed, &[]);
                }
                let step = Step { intent: Some(intent.name.clone()), ..step(Did::Missed) };
                self.message(answer.text, &answer.choices, step);
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
                let text = self.fresh(&[&sentences.already_in_queue, &sentences.kept_for_person])?;
                self.keep_offer(text);
                Ok(())
            }
            Decision::UrgentWithPerson { rule } => self.urgent_with_person(*rule),
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
            topics.iter().filter_map(|topic| content.answering(&topic.intent).map(|it| (it, topic))).collect();
        if billing_down && intents.iter().any(|it| it.0.needs_verified()) {
            return self.hand_off(Reason::BillingDown, Some(&content.sentences.billing_down), false);
        }
        let waits = self.state.owner == Owner::Queue;
        let wait = self.words_of(if waits { &self.parts.wait } else { &self.parts.wait_if_queued });
        let mut answers = Vec::new();
        for (intent, topic) in &intents {
            let link = self.pages.contains_key(&intent.name).then_some(page::MARK);
            answers.push((*intent, *topic, self.speaker.answer(intent, &topic.slots, &wait, link)?));
        }
        let is_said = |one: &Answer| self.state.last_said.as_deref() == Some(&one.text) || self.objects_to(&one.text);
        let same = matches!(answers.as_slice(), [(_, _, one)] if is_said(one));
        // A link is given again: the one before may have ended.
        if same && self.ran.is_empty() && self.pages.is_empty() && answers.iter().all(|it| it.2.then == Then::Wait) {
            let sentences = &content.sentences;
            // Whoever asks on and hears nothing new was not understood.
            if self.heard.choice.is_none() {
                self.record(self.seq, &self.heard.text, Why::Missed, self.heard.guess.clone());
            }
            return self.stay(&[&sentences.same_answer, &sentences.another_way], Did::Talked, &[]);
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
        let mut said = String::new();
        for (index, (intent, topic, answer)) in answers.into_iter().enumerate() {
            let text = again::without(&answer.text, &said);
            said.push_str(&answer.text);
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
            let asks_yes = confirms.is_some();
            // A question in between leaves the offer where it was, for a tap.
            let stands = (last && n == 1 && topic.within.is_some()).then(|| self.standing_offer()).flatten();
            let confirms = confirms.or_else(|| self.state.confirms.clone().filter(|_| stands.is_some()));
            let (intent_name, within) = (Some(intent.name.clone()), topic.within.clone());
            let step = Step { did, intent: intent_name, topic: within, slots, confirms, asks_yes, ..Step::default() };
            if let Some(offer) = stands {
                choices.retain(|it| it.id != offer.id);
                choices.insert(0, offer);
                choices.truncate(CHOICES_MAX);
            }
            // What is done at once has its choices under the receipt.
            let choices = if last && done.is_empty() { std::mem::take(&mut choices) } else { Vec::new() };
            self.message_with_card(text, Vec::new(), step, answer.card);
            let leads_to = self.pages.get(&intent.name).copied();
            if let Some(What::Message(message)) = self.outcome.events.last_mut().map(|it| &mut it.what) {
                message.choices = choices;
                message.page = leads_to.filter(|_| message.text.contains(page::MARK));
            }
        }
        for (ran, topic) in done {
            self.tell(ran, Some(topic))?;
        }
        let handed_off = self.outcome.events.len();
        match then {
            Then::Wait => {}
            Then::HandOff => self.hand_off(reason, None, false)?,
            Then::HandOffUrgent => self.hand_off(Reason::Urgent, None, true)?,
            Then::End => self.change_owner(Owner::Nobody, Reason::Ended, false),
        }
        // What was offered in the same breath can still be taken while somebody waits.
        if hands_off
            && let Some(What::Message(message)) = self.outcome.events.get_mut(handed_off).map(|it| &mut it.what)
        {
            message.choices = std::mem::take(&mut choices);
            message.choices.retain(|it| it.id != rules::TALK_TO_HUMAN);
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
        let step = Step { did, intent, asks, slots: slots.clone(), ..Step::default() };
        let text = if self.state.last_said.as_deref() == Some(&text) {
            self.fresh(&[&asked.ask_again, &asked.ask])?
        } else {
            text
        };
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
        let about = About { first: content.means(first), second: content.means(second), ..About::default() };
        let text = self.speaker.sentence(&content.sentences.did_you_mean, about)?;
        let mut choices = vec![first.to_owned(), second.to_owned(), SOMETHING_ELSE.to_owned()];
        // Whatever was guessed, a person is among the ways.
        if !choices.iter().any(|it| it == rules::TALK_TO_HUMAN) {
            choices.push(rules::TALK_TO_HUMAN.to_owned());
        }
        self.message(text, &choices, step(Did::Offered));
        // What could be done by a tap still can; a yes in words would be to the two that are asked about.
        if let Some(offer) = self.standing_offer()
            && let Some(choices) = self.last_choices()
        {
            choices.insert(choices.len().min(2), offer);
        }
        Ok(())
    }

    /// Says that a person takes over, with how long it takes, and lets go.
    pub(super) fn hand_off(
        &mut self,
        reason: Reason,
        first: Option<&String>,
        urgent: bool,
    ) -> Result<(), TemplateError> {
        // Whoever waits already keeps their place; what is urgent goes to the front.
        if self.state.owner == Owner::Queue && !urgent {
            return match first {
                Some(_) => self.keep_for_person(),
                None => Ok(()),
            };
        }
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

    /// Somebody who waits and writes on is told that it is kept.
    fn keep_for_person(&mut self) -> Result<(), TemplateError> {
        if self.state.owner != Owner::Queue {
            return Ok(());
        }
        let content = Arc::clone(&self.parts.content);
        let text = self.fresh(&[&content.sentences.kept_for_person, &content.sentences.kept_again])?;
        self.keep_offer(text);
        Ok(())
    }

    /// The button of what can still be done by a tap.
    fn standing_offer(&self) -> Option<Choice> {
        self.state.confirms.as_ref()?;
        self.state.offered.iter().find(|it| it.id.starts_with(rules::DO)).cloned()
    }

    /// A word in between: what is on offer stays so.
    fn keep_offer(&mut self, text: String) {
        let confirms = self.state.confirms.clone();
        self.message(text, &[], Step { confirms, ..step(Did::Talked) });
        let offered = self.state.offered.clone();
        if let Some(choices) = self.last_choices() {
            *choices = offered;
        }
    }

    /// The first of these sentences that isn't what was said last: nothing is said twice in a row.
    pub(super) fn fresh(&self, sentences: &[&String]) -> Result<String, TemplateError> {
        let wait = self.words_of(&self.parts.wait);
        let about = About { wait: Some(&wait), ..About::default() };
        let mut text = String::new();
        for sentence in sentences {
            text = self.speaker.sentence(sentence, about)?;
            if self.state.last_said.as_deref() != Some(&text) {
                break;
            }
        }
        Ok(text)
    }

    /// Whether somebody who was told these very words not long ago says that they meant something else.
    fn objects_to(&self, text: &str) -> bool {
        let tells = |it: &&Event| matches!(&it.what, What::Message(message) if message.text == text);
        let told = self.recent.iter().rev().filter(|it| it.from == Sender::Bot).take(TOLD_MAX).any(|it| tells(&it));
        told && self.heard.choice.is_none() && rules::objects(&self.parts.content, &self.heard.text)
    }

    /// Confirms what was said before, by its own sentence.
    fn as_said(&mut self, sentence: &str) -> Result<(), TemplateError> {
        let about = About { first: Some(sentence), ..About::default() };
        let text = self.speaker.sentence(&self.parts.content.sentences.as_said, about)?;
        self.stay_saying(text, Did::Talked, &[])
    }

    /// Says what figures of the answer before come to.
    fn sum(&mut self, working: &str, per_year: Option<&str>) -> Result<(), TemplateError> {
        let sentences = &self.parts.content.sentences;
        let sentence = if per_year.is_some() { &sentences.in_a_year } else { &sentences.adds_up };
        let about = About { first: Some(working), second: per_year, ..About::default() };
        let text = self.speaker.sentence(sentence, about)?;
        self.stay_saying(text, Did::Talked, &[])
    }

    /// Says the first of these that is fresh, and keeps the buttons from before, with these topics beside them.
    fn stay(&mut self, sentences: &[&String], did: Did, topics: &[String]) -> Result<(), TemplateError> {
        let text = self.fresh(sentences)?;
        self.stay_saying(text, did, topics)
    }

    fn stay_saying(&mut self, text: String, did: Did, topics: &[String]) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let mut choices: Vec<Choice> = (self.state.offered.iter())
            .filter(|it| !matches!(it.id.as_str(), rules::TALK_TO_HUMAN | SOMETHING_ELSE))
            .take(CHOICES_MAX - 1 - topics.len().min(1))
            .cloned()
            .collect();
        for topic in rules::choices(&content, &State::default(), topics) {
            if choices.len() + 1 < CHOICES_MAX && choices.iter().all(|it| it.id != topic.id) {
                choices.push(topic);
            }
        }
        choices.extend(rules::choices(&content, &State::default(), &[rules::TALK_TO_HUMAN.to_owned()]));
        let has_act = choices.iter().any(|it| it.id.starts_with(rules::DO));
        let confirms = self.state.confirms.clone().filter(|_| has_act);
        self.message(text, &[], Step { confirms, ..step(did) });
        if let Some(last) = self.last_choices() {
            *last = choices;
        }
        Ok(())
    }

    /// What the words may have meant, however unsure; where nothing is near, what customers ask most.
    fn near_topics(&self) -> Vec<String> {
        let content = &self.parts.content;
        let is_topic = |name: &&String| {
            content.intents.get(*name).is_some_and(|it| !it.file.small_talk) && *name != rules::OUT_OF_SCOPE
        };
        let guess = &self.heard.guess;
        let near = guess.ranked.iter().filter(|it| NEAR_MIN <= it.confidence).map(|it| &it.intent).filter(is_topic);
        let near: Vec<String> = near.take(NEAR_TOPICS_MAX).cloned().collect();
        match near.is_empty() {
            true => content.business.starters.iter().take(NEAR_TOPICS_MAX).cloned().collect(),
            false => near,
        }
    }

    /// A yes to what ends something, without words that name it.
    fn ask_to_name(&mut self) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let offer = self.state.offered.iter().find(|it| it.id.starts_with(rules::DO)).map(|it| it.label.clone());
        let about = About { first: offer.as_deref(), ..About::default() };
        let text = self.speaker.sentence(&content.sentences.ask_to_name, about)?;
        let text = if self.state.last_said.as_deref() == Some(&text) {
            self.fresh(&[&content.sentences.not_now])?
        } else {
            text
        };
        self.keep_offer(text);
        Ok(())
    }

    /// A yes that holds only if something else does: nothing is done, and the condition is named.
    fn keep_on_condition(&mut self, words: &str) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let words: String = words.trim().chars().take(LEFT_CHARS_MAX).collect();
        let about = About { first: Some(&words), ..About::default() };
        let text = self.speaker.sentence(&content.sentences.on_condition, about)?;
        let text = if self.state.last_said.as_deref() == Some(&text) {
            self.fresh(&[&content.sentences.not_now])?
        } else {
            text
        };
        self.record(self.seq, &words, Why::Missed, self.heard.guess.clone());
        self.keep_offer(text);
        // A plain yes after it is one.
        if let Some(NewEvent { what: What::Message(Message { step: Some(step), .. }), .. }) =
            self.outcome.events.last_mut()
        {
            step.asks_yes = step.confirms.is_some();
        }
        Ok(())
    }

    /// The answer before didn't help: other ways from here, and a person first; the second time a person, if one is there.
    fn another_way(&mut self) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let sentences = &content.sentences;
        let again = self.fresh(&[&sentences.another_way])?;
        if self.state.last_said.as_deref() == Some(&again) && self.parts.wait_if_queued.open {
            return self.hand_off(Reason::Missed, Some(&sentences.do_not_know), false);
        }
        if let Some((seq, message)) = feedback::last_said(self.recent, self.seq) {
            let text = message.text.clone();
            self.record(seq, &text, Why::Refused, Guess::none());
        }
        self.stay(&[&sentences.another_way, &sentences.miss_again], Did::Talked, &[])
    }

    /// Names the part of the message that has not been answered, with buttons for what it may mean.
    fn name_what_is_left(&mut self, left: &Left) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let sentences = &content.sentences;
        let words: String = left.text.trim().chars().take(LEFT_CHARS_MAX).collect();
        let about = About { first: Some(&words), ..About::default() };
        let sentence = if left.may_mean.is_empty() { &sentences.not_answered } else { &sentences.which_part };
        let text = self.speaker.sentence(sentence, about)?;
        let last = self.outcome.events.iter_mut().rev().find_map(|it| match &mut it.what {
            What::Message(message) if it.from == Sender::Bot => Some(message),
            _ => None,
        });
        if let Some(message) = last {
            message.text = format!("{}\n\n{text}", message.text.trim_end());
            let mut choices = rules::choices(&content, &State::default(), &left.may_mean);
            // What something asks a yes for keeps its place.
            let n_acts = message.choices.iter().take_while(|it| it.id.starts_with(rules::DO)).count();
            message.choices.retain(|it| choices.iter().all(|new| new.id != it.id));
            choices.truncate(CHOICES_MAX - n_acts.min(CHOICES_MAX));
            message.choices.splice(n_acts..n_acts, choices);
            message.choices.truncate(CHOICES_MAX);
        }
        self.record(self.seq, &words, Why::Missed, self.heard.guess.clone());
        Ok(())
    }

    /// Urgent words while a person has the conversation: what to do first comes at once, and the row goes to the front.
    fn urgent_with_person(&mut self, rule: usize) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let Some(rule) = content.urgent.rule.get(rule) else { return Ok(()) };
        let text = self.speaker.sentence(&rule.say, About::default())?;
        let what = What::Message(Message { text, ..Message::default() });
        self.outcome.events.push(NewEvent { from: Sender::System, name: None, what });
        let change = OwnerChange {
            owner: Owner::Staff,
            epoch: self.state.epoch + 1,
            staff: self.state.staff.clone(),
            reason: Reason::Urgent,
            urgent: true,
        };
        let name = self.state.staff_name.clone();
        self.outcome.events.push(NewEvent { from: Sender::System, name, what: What::Owner(change) });
        Ok(())
    }

    fn words_of(&self, wait: &handoff::Wait) -> facts::Wait {
        facts::Wait {
            waiting: self.state.owner == Owner::Queue,
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
        let step = Step { readings: std::mem::take(&mut self.readings), ..step };
        let choices = without_what_leads_to_an_act(choices);
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

/// Choices without those that only lead to what can be done by another of them.
fn without_what_leads_to_an_act(choices: Vec<Choice>) -> Vec<Choice> {
    let acts: Vec<String> = choices.iter().filter_map(|it| it.id.strip_prefix(rules::DO).map(str::to_owned)).collect();
    choices.into_iter().filter(|it| !acts.contains(&it.id)).collect()
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
