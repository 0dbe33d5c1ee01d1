//! What is said while the talk stays where it is: taken up again, put in other words, asked about, left open. What was on
//! offer stays so.

use std::sync::Arc;

use super::reply::{CHOICES_MAX, Reply, TOLD_MAX};
use super::step;
use crate::answers::{About, TemplateError, facts};
use crate::content::file::Then;
use crate::content::{Content, SOMETHING_ELSE};
use crate::conversation::normal;
use crate::conversation::{Choice, Did, Event, Guess, Message, NewEvent, Owner, Reason, Sender, State, Step, What};
use crate::feedback;
use crate::rules::readings::sums::year_of;
use crate::rules::said::stands_in;
use crate::rules::slots::SlotContext;
use crate::rules::{self, Left, Topic};
use crate::store::Why;

/// So likely is what is answered in place of what was said just before.
const INSTEAD_MIN: f32 = 0.12;
/// Topics that are offered where a message isn't understood.
const NEAR_TOPICS_MAX: usize = 2;
/// From this confidence on, a topic may have been meant.
const NEAR_MIN: f32 = 0.08;
/// Of words that have not been answered, so many are named.
const LEFT_CHARS_MAX: usize = 80;

/// A part is answered where so many parts of so many of its words stand in the answer, and it has so many.
const ANSWERED_PART: usize = 3;
const ANSWERED_OF: usize = 2;
const ANSWERED_WORDS_MIN: usize = 1;

impl Reply<'_> {
    /// The button of what can still be done by a tap.
    pub(super) fn standing_offer(&self) -> Option<Choice> {
        self.state.confirms.as_ref()?;
        self.state.offered.iter().find(|it| it.id.starts_with(rules::DO)).cloned()
    }

    /// A word in between: what is on offer stays so.
    pub(super) fn keep_offer(&mut self, text: String) {
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

    /// Whether the last message said this, with no more than a word on what else may be meant behind it.
    pub(super) fn was_said(&self, text: &str) -> bool {
        let last = self.state.last_said.as_deref();
        let more =
            |it: &str| (self.state.or.is_some() && it.starts_with(text.trim_end())) || it.ends_with(text.trim_end());
        last == Some(text) || last.is_some_and(more)
    }

    /// Whether the last message was the answer to a topic.
    pub(super) fn has_said(&self, content: &Content, topic: &Topic) -> bool {
        let said = content.answering(&topic.intent).and_then(|intent| {
            let answer = self.speaker.answer(intent, &topic.slots, &facts::WaitFacts::default(), None).ok()?;
            Some(self.was_said(&answer.text))
        });
        said.unwrap_or(true)
    }

    /// Whether somebody who was told these very words not long ago says that they meant something else.
    pub(super) fn objects_to(&self, text: &str) -> bool {
        let tells = |it: &&Event| matches!(&it.what, What::Message(message) if message.text == text);
        let told = self.recent.iter().rev().filter(|it| it.from == Sender::Bot).take(TOLD_MAX).any(|it| tells(&it));
        // "I was asking about the refund", said of an answer about something else, wants just that again.
        let names = self.parts.content.language.meant_instead.find(&normal::words(&self.heard.text)).is_some();
        let returns = names && !self.was_said(text);
        told && !returns && self.heard.choice.is_none() && rules::objects(&self.parts.content, &self.heard.text)
    }

    /// Confirms what was said before by its own sentence, or says what comes nearest once more.
    pub(super) fn as_said(&mut self, sentence: &str, agrees: bool) -> Result<(), TemplateError> {
        let sentences = &self.parts.content.sentences;
        let about = About { first: Some(sentence), ..About::default() };
        let text = self.speaker.sentence(if agrees { &sentences.as_said } else { &sentences.to_be_exact }, about)?;
        if self.state.last_said.as_deref() == Some(&text) {
            return self.another_way();
        }
        self.stay_saying(text, Did::Talked, &[])
    }

    /// What comes of it in a year, where that was asked among other things and the answer leaves it out.
    pub(super) fn year_of(&self, answer: &str) -> Result<Option<String>, TemplateError> {
        let content = &self.parts.content;
        let context = SlotContext {
            today: self.speaker.style().today,
            currency: &content.business.currency,
            language: self.speaker.locale(),
            words: Some(&content.language),
            ..SlotContext::nothing()
        };
        let Some((working, per_year)) = year_of(&self.heard.text, answer, &content.language, &context) else {
            return Ok(None);
        };
        let about = About { first: Some(&working), second: Some(&per_year), ..About::default() };
        self.speaker.sentence(&content.sentences.in_a_year, about).map(Some)
    }

    /// Says what figures of the answer before come to.
    pub(super) fn sum(&mut self, working: &str, per_year: Option<&str>) -> Result<(), TemplateError> {
        let sentences = &self.parts.content.sentences;
        let sentence = if per_year.is_some() { &sentences.in_a_year } else { &sentences.adds_up };
        let about = About { first: Some(working), second: per_year, ..About::default() };
        let text = self.speaker.sentence(sentence, about)?;
        self.stay_saying(text, Did::Talked, &[])
    }

    /// Says the first of these that is fresh, and keeps the buttons from before, with these topics beside them.
    pub(super) fn stay(&mut self, sentences: &[&String], did: Did, topics: &[String]) -> Result<(), TemplateError> {
        let text = self.fresh(sentences)?;
        self.stay_saying(text, did, topics)
    }

    /// Says the first of these that is fresh, with other topics than those that were just refused. What can be done by a
    /// tap stays.
    pub(super) fn offer_others(&mut self, sentences: &[&String]) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let text = self.fresh(sentences)?;
        let mut choices: Vec<Choice> = self.standing_offer().into_iter().collect();
        let is_refused = |it: &&String| self.state.offered.iter().any(|offered| offered.id == **it);
        let others = content.business.starters.iter().filter(|it| !is_refused(it)).take(NEAR_TOPICS_MAX).cloned();
        let others: Vec<String> = others.chain([rules::TALK_TO_HUMAN.to_owned()]).collect();
        choices.extend(rules::choices(&content, &State::default(), &others));
        let confirms = self.state.confirms.clone();
        self.message(text, &[], Step { confirms, ..step(Did::Missed) });
        if let Some(last) = self.last_choices() {
            *last = choices;
        }
        Ok(())
    }

    pub(super) fn stay_saying(&mut self, text: String, did: Did, topics: &[String]) -> Result<(), TemplateError> {
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
    pub(super) fn near_topics(&self) -> Vec<String> {
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

    /// Answers the likelier of two, with what else may be meant to tap, and in words where it is `open` which it is. What has just been said isn't said again: then the
    /// other is meant.
    pub(super) fn answer_or(
        &mut self,
        content: &Content,
        topic: &Topic,
        other: &str,
        open: bool,
        billing_down: bool,
    ) -> Result<(), TemplateError> {
        let others = [other.to_owned()];
        if self.has_said(content, topic)
            && let Some(instead) = self.instead(&others)
        {
            return self.answer(content, &[instead], billing_down);
        }
        self.answer(content, std::slice::from_ref(topic), billing_down)?;
        // Whoever has just been asked which it is has said so, and two buttons of one name are one thing.
        if self.state.asked_which
            || content.button(other) == content.button(&topic.intent)
            || self.is_told(content, other)
        {
            return Ok(());
        }
        let about = About { first: content.means(other), ..About::default() };
        let text = self.speaker.sentence(&content.sentences.or_meant, about)?;
        let choices = rules::choices(content, &State::default(), &others);
        let last = self.outcome.events.last_mut().map(|it| &mut it.what);
        // Not where the answer came out otherwise than as one: a person gets it, the same stands there already.
        if let Some(What::Message(message)) = last
            && let Some(step) = message.step.as_mut().filter(|it| it.intent.as_ref() == Some(&topic.intent))
        {
            step.or = Some(other.to_owned());
            if open {
                message.text = format!("{}\n\n{text}", message.text.trim_end());
            }
            message.choices.retain(|it| it.id != other);
            message.choices.splice(0..0, choices);
            message.choices.truncate(CHOICES_MAX);
        }
        Ok(())
    }

    /// Whether most of what the answer to an intent or follow-up says stands in what is being said, or was said not long ago.
    fn is_told(&self, content: &Content, name: &str) -> bool {
        let Some(intent) = content.answering(name) else { return false };
        let wait = facts::WaitFacts::default();
        let Ok(answer) = self.speaker.answer(intent, &self.state.slots, &wait, None) else { return false };
        let recent = self.recent.iter().rev().filter(|it| it.from == Sender::Bot).take(TOLD_MAX).map(|it| &it.what);
        let said = self.outcome.events.iter().map(|it| &it.what).chain(recent).filter_map(|it| match it {
            What::Message(message) => Some(normal::words(&message.text)),
            _ => None,
        });
        self.has_answered_in(&answer.text, &said.flatten().collect::<Vec<_>>())
    }

    /// The first of these follow-ups that has an answer here which isn't what was said last, and only tells something.
    pub(super) fn instead(&self, names: &[String]) -> Option<Topic> {
        let (content, within) = (&self.parts.content, self.state.topic.as_deref()?);
        let topics = names.iter().filter_map(|name| {
            let follow_up = content.follow_ups.get(name).filter(|it| it.counts_in(within))?;
            let slots = self.state.slots.clone();
            let holds = follow_up.file.when.as_ref().is_none_or(|it| self.speaker.holds(it, &slots));
            let only_tells = follow_up.file.goes_to.is_none()
                && !follow_up.intent.acts()
                && follow_up.intent.file.answer.iter().all(|it| it.then == Then::Wait);
            let share = self.heard.guess.within.iter().find(|it| it.intent == *name).map_or(0.0, |it| it.confidence);
            let answers =
                INSTEAD_MIN <= share && holds && only_tells && self.speaker.answers(&follow_up.intent, &slots);
            answers.then(|| Topic { intent: name.clone(), slots, within: Some(within.to_owned()) })
        });
        topics.into_iter().find(|it| !self.has_said(content, it))
    }

    /// What else the words may mean within the topic, the likeliest first, besides what was answered.
    pub(super) fn other_meanings(&self, answered: &[Topic]) -> Vec<String> {
        let content = &self.parts.content;
        let is_other = |name: &String| {
            answered.iter().all(|it| it.intent != *name)
                && rules::may_be_offered(content, name)
                && *name != rules::OUT_OF_SCOPE
        };
        let likely = self.heard.guess.within.iter().filter(|it| NEAR_MIN <= it.confidence).map(|it| it.intent.clone());
        likely.filter(is_other).take(NEAR_TOPICS_MAX).collect()
    }

    /// A yes to what ends something, without words that name it.
    pub(super) fn ask_to_name(&mut self) -> Result<(), TemplateError> {
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
    pub(super) fn keep_on_condition(&mut self, words: &str) -> Result<(), TemplateError> {
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
    pub(super) fn another_way(&mut self) -> Result<(), TemplateError> {
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

    /// Whether most of what a part asks stands in what is being said: "will you take it again, or do I have to pay it?".
    fn has_answered(&self, part: &str) -> bool {
        let said: Vec<String> = (self.outcome.events.iter())
            .filter_map(|it| match &it.what {
                What::Message(message) => Some(normal::words(&message.text)),
                _ => None,
            })
            .flatten()
            .collect();
        self.has_answered_in(part, &said)
    }

    /// The same of the words of one answer.
    pub(super) fn has_answered_in(&self, part: &str, said: &[String]) -> bool {
        let language = &self.parts.content.language;
        let telling: Vec<String> = normal::words(part).into_iter().filter(|it| !language.thin.contains(it)).collect();
        let n_said = telling.iter().filter(|it| stands_in(said, it)).count();
        ANSWERED_WORDS_MIN <= telling.len() && telling.len() * ANSWERED_OF <= n_said * ANSWERED_PART
    }

    /// Whether this turn calls a person.
    fn hands_over(&self) -> bool {
        self.outcome.events.iter().any(|it| matches!(&it.what, What::Owner(change) if change.owner == Owner::Queue))
    }

    /// Names the part of the message that has not been answered, with buttons for what it may mean.
    pub(super) fn name_what_is_left(&mut self, left: &Left) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        // A person who has been called reads all of it.
        if self.hands_over() || (!left.likelier && self.has_answered(&left.text)) {
            return Ok(());
        }
        let sentences = &content.sentences;
        let words: String = left.text.trim().chars().take(LEFT_CHARS_MAX).collect();
        let other = left.may_mean.first().filter(|_| left.likelier).and_then(|it| content.means(it));
        let about = About { first: Some(other.unwrap_or(&words)), ..About::default() };
        let sentence = match (left.likelier, left.may_mean.is_empty()) {
            (true, _) => &sentences.or_meant,
            (false, true) => &sentences.not_answered,
            (false, false) => &sentences.which_part,
        };
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
        if !left.likelier {
            self.record(self.seq, &words, Why::Missed, self.heard.guess.clone());
        }
        Ok(())
    }
}
