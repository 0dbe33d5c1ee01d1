//! How a conversation goes over to a person, and what is said first where that is urgent.

use std::sync::Arc;

use super::reply::Reply;
use super::{again, step};
use crate::answers::{About, Speaker, TemplateError};
use crate::content::Content;
use crate::conversation::{Did, Message, NewEvent, Owner, OwnerChange, Reason, Sender, What};
use crate::store::NewPromise;

impl Reply<'_> {
    /// Says that a person takes over, with how long it takes, and lets go.
    pub(super) fn hand_off(
        &mut self,
        reason: Reason,
        first: Option<&String>,
        urgent: bool,
    ) -> Result<(), TemplateError> {
        let wait = if urgent { &self.parts.wait_if_urgent } else { &self.parts.wait_if_queued };
        let words = self.words_of(wait);
        let about = About { wait: Some(&words), ..About::default() };
        let first = first.map(|it| self.speaker.sentence(it, about)).transpose()?;
        self.hand_off_saying(reason, first, urgent)
    }

    /// The same with words that are ready.
    pub(super) fn hand_off_saying(
        &mut self,
        reason: Reason,
        first: Option<String>,
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
        let mut text = first.map(|it| it + "\n\n").unwrap_or_default();
        text += &self.speaker.sentence(if wait.open { &sentences.in_queue } else { &sentences.closed }, about)?;
        if let (false, Some(due_at_ms)) = (wait.open, wait.back_ms) {
            self.outcome.promise = Some(NewPromise { due_at_ms, text: text.clone() });
        }
        self.message(text, &[], step(Did::HandedOff));
        self.change_owner(Owner::Queue, reason, urgent);
        Ok(())
    }

    /// Somebody who waits and writes on is told that it is kept.
    pub(super) fn keep_for_person(&mut self) -> Result<(), TemplateError> {
        if self.state.owner != Owner::Queue {
            return Ok(());
        }
        let content = Arc::clone(&self.parts.content);
        let (fact, wait) = (self.told_fact(), self.words_of(&self.parts.wait));
        let told = fact.as_ref().map(|it| (it.0.as_str(), it.1)).unzip();
        let about = About { wait: Some(&wait), first: told.0, second: told.1, ..About::default() };
        let mut text = self.speaker.sentence(&content.sentences.kept_for_person, about)?;
        if self.state.last_said.as_deref() == Some(&text) {
            text = self.fresh(&[&content.sentences.kept_again])?;
        }
        self.keep_offer(text);
        Ok(())
    }

    /// Urgent words while a person has the conversation: what to do first comes at once, and the row goes to the front.
    pub(super) fn urgent_with_person(&mut self, rule: usize) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        let text = what_to_do_first(&content, self.speaker, rule, &self.heard.urgent)?;
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
}

/// What an urgency rule says, and what else is to be done at once where others about life are met too: "I smell gas and I
/// want to kill myself".
pub(super) fn what_to_do_first(
    content: &Content,
    speaker: &Speaker<'_>,
    first: usize,
    met: &[usize],
) -> Result<String, TemplateError> {
    let others = met.iter().copied().filter(|it| *it != first);
    let about_life = others.filter(|it| content.urgent.rule.get(*it).is_some_and(|it| it.each_time));
    let mut said = String::new();
    for rule in [first].into_iter().chain(about_life).filter_map(|it| content.urgent.rule.get(it)) {
        let text = speaker.sentence(&rule.say, About::default())?;
        let new = again::without(&text, &said);
        said = if said.is_empty() { new } else { format!("{}\n\n{new}", said.trim_end()) };
    }
    Ok(said)
}
