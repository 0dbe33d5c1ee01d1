//! What an answer says was said just before: it is told apart why it comes again, and nothing is said twice in a row.

use std::collections::BTreeMap;

use super::reply::Reply;
use super::step;
use crate::answers::{About, Answer, TemplateError};
use crate::content::file::Then;
use crate::content::{Content, Intent};
use crate::conversation::{Did, Owner, Step};
use crate::rules::said::Said;
use crate::rules::{self, Topic, questions};
use crate::store::Why;

/// An answer of up to so many characters is said once more to whoever asks for it in other words.
const ONCE_MORE_CHARS_MAX: usize = 240;

impl Reply<'_> {
    /// Whether an answer says no more than what was said just before, and nothing is done or begun by it.
    pub(super) fn says_nothing_new(&self, answer: &Answer) -> bool {
        // An offer that was passed over may come again.
        let offers = self.offers(answer);
        let is_said = self.was_said(&answer.text) || (self.objects_to(&answer.text) && !offers);
        // A link is given again: the one before may have ended.
        is_said && self.ran.is_empty() && self.pages.is_empty() && (answer.then == Then::Wait || offers)
    }

    fn offers(&self, answer: &Answer) -> bool {
        answer.deed.as_ref().and_then(|it| self.confirm(it, &BTreeMap::new())).is_some()
    }

    /// Says what helps in place of it: the sentence that is meant, the offer in a line, another answer, other ways.
    pub(super) fn said_before(
        &mut self,
        content: &Content,
        answers: &[(&Intent, &Topic, Answer)],
        topics: &[Topic],
        billing_down: bool,
    ) -> Result<(), TemplateError> {
        let [(_, topic, one)] = answers else { return Ok(()) };
        let typed = self.heard.choice.is_none();
        // What was to be written for a colleague has been.
        let asks = || Said::of(&self.heard.text, &content.language).asks;
        if self.state.owner == Owner::Queue && typed && !asks() {
            return self.keep_for_person();
        }
        // Who concludes something from it hears the sentence on which that rests.
        let last = self.state.last_said.as_deref().unwrap_or_default();
        let told = self.heard.told.iter().filter(|it| last.contains(&it.sentence));
        if let Some(told) = rules::nearest_told(told, &content.language) {
            return self.as_said(&told.sentence, false);
        }
        if self.offers(one) {
            return self.offer_in_a_line(content, answers, topic, one);
        }
        // Whoever asks on and hears nothing new was not understood.
        if typed {
            self.record(self.seq, &self.heard.text, Why::Missed, self.heard.guess.clone());
        }
        // What is short is said once more to whoever asks it in other words.
        if typed
            && questions::asks_somewhere(&self.heard.text, &content.language)
            && one.text.chars().count() <= ONCE_MORE_CHARS_MAX
            && self.state.last_said.as_deref() == Some(&one.text)
        {
            return self.as_said(&one.text.clone(), false);
        }
        let others = self.other_meanings(topics);
        if let Some(topic) = typed.then(|| self.instead(&others)).flatten() {
            return self.answer(content, &[topic], billing_down);
        }
        let sentences = &content.sentences;
        self.stay(&[&sentences.same_answer, &sentences.another_way], Did::Talked, &others)
    }

    /// What is typed once more for the same offer is about that: it is asked again, and no more.
    fn offer_in_a_line(
        &mut self,
        content: &Content,
        answers: &[(&Intent, &Topic, Answer)],
        topic: &Topic,
        one: &Answer,
    ) -> Result<(), TemplateError> {
        let confirms = one.deed.as_ref().and_then(|it| self.confirm(it, &topic.slots));
        let choices = self.together(answers);
        let question = one.text.lines().rfind(|it| it.trim_end().ends_with('?')).filter(|it| *it != one.text);
        let button = choices.iter().find(|it| it.id.starts_with(rules::DO)).map(|it| it.label.as_str());
        let text = match question {
            Some(question) => question.to_owned(),
            None => {
                let first = one.text.split_inclusive(". ").next().and_then(|it| it.lines().next());
                let about = About { first: first.map(str::trim_end), second: button, ..About::default() };
                self.speaker.sentence(&content.sentences.offer_stands, about)?
            }
        };
        let (intent, slots) = (Some(topic.intent.clone()), topic.slots.clone());
        self.message(text, &[], Step { intent, slots, confirms, asks_yes: true, ..step(Did::Answered) });
        if let Some(last) = self.last_choices() {
            *last = choices;
        }
        Ok(())
    }
}
