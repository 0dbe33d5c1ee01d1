//! What a turn has done: before it speaks, it gets pages and has things done; then it says what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reply::{CHOICES_MAX, Reply};
use super::step;
use crate::actions::{self, Notice, Order, Paper, Ran, ReceiptWords};
use crate::answers::facts::DeedFacts;
use crate::answers::{About, Answer, DeedWords, TemplateError, facts};
use crate::billing::Act;
use crate::content::Intent;
use crate::content::file::Then;
use crate::conversation::{Choice, Confirm, Did, NewEvent, Owner, Reason, Receipt, Sender, State, Step, What};
use crate::rules::policy::{Deed, Ruling};
use crate::rules::{self, Decision, Topic};
use crate::store::{ActionStatus, NewAction, StoreError};

impl Reply<'_> {
    /// Does what has to be done before it can be spoken of: gets pages, has things done.
    ///
    /// The inner error is one of words, of the outer one nobody can say anything.
    pub(super) async fn prepare(
        &mut self,
        decision: &Decision,
        paper: &Paper<'_>,
    ) -> Result<Result<(), TemplateError>, StoreError> {
        let content = Arc::clone(&self.parts.content);
        let Some(customer) = self.state.customer.clone() else { return Ok(Ok(())) };
        let (topics, said_yes) = match decision {
            Decision::Answer(topics)
            | Decision::AnswerPart { topics, .. }
            | Decision::AnswerThenPerson { topics, .. } => (topics.as_slice(), false),
            Decision::AnswerOr { topic, .. } => (std::slice::from_ref(topic), false),
            Decision::Act(topic) => (std::slice::from_ref(topic), true),
            Decision::Declined => return self.stop(paper).await.map(Ok),
            _ => return Ok(Ok(())),
        };
        for topic in topics {
            let Some(intent) = content.answering(&topic.intent) else { continue };
            let deed = self.speaker.deed(intent, &topic.slots);
            if let (true, Some(confirm)) = (said_yes, &self.state.confirms) {
                let (actions, at_ms) = (&self.parts.actions, self.parts.now.as_millisecond());
                let begun = actions.resume(&confirm.key, &self.parts.conversation, self.seq, at_ms, paper).await?;
                if let Some(ran) = begun {
                    self.ran.insert(of_topic(topic), ran);
                    continue;
                }
                match self.confirmed(intent, topic, confirm, deed.map(|it| it.2)) {
                    Ok(Some(order)) => {
                        let ran = self.parts.actions.run(&order, self.parts.now.as_millisecond(), paper).await?;
                        self.ran.insert(of_topic(topic), ran);
                    }
                    Ok(None) => {}
                    Err(error) => return Ok(Err(error)),
                }
                continue;
            }
            let Some((answer, action, Ruling::Grant { deed, clause, .. })) = deed else { continue };
            if let Deed::Page { purpose } = deed {
                // Only whether there is one: whoever follows the link gets a fresh address then.
                if self.parts.actions.page(&customer, purpose).await.is_some() {
                    self.pages.insert(topic.intent.clone(), purpose);
                }
            } else if answer.confirm.is_none() {
                let words = match self.words_for(intent, topic) {
                    Ok(Some(words)) => words,
                    Ok(None) => continue,
                    Err(error) => return Ok(Err(error)),
                };
                let conversation = self.parts.conversation.clone();
                let action = action.as_str();
                let key = actions::key_for(action, &deed, &customer, &conversation, self.seq);
                let notice = match self.notice(&deed) {
                    Ok(notice) => notice,
                    Err(error) => return Ok(Err(error)),
                };
                let customer = customer.clone();
                let order =
                    Order { key, action, customer, conversation, seq: self.seq, clause, deed, words, by: None, notice };
                let ran = self.parts.actions.run(&order, self.parts.now.as_millisecond(), paper).await?;
                self.ran.insert(of_topic(topic), ran);
            }
        }
        Ok(Ok(()))
    }

    /// After a no to something that was begun: billing is not asked again where nobody knows what came of it.
    async fn stop(&mut self, paper: &Paper<'_>) -> Result<(), StoreError> {
        let Some(confirm) = &self.state.confirms else { return Ok(()) };
        let actions = &self.parts.actions;
        let Some(begun) = actions.untold(&confirm.key).await? else { return Ok(()) };
        if begun.new.conversation != self.parts.conversation || begun.new.by.is_some() {
            return Ok(());
        }
        let NewAction { action, key, deed, .. } = begun.new.clone();
        let ran = if begun.status == ActionStatus::Begun {
            actions.give_up(&key, "the customer said no before billing answered; a person looks").await?;
            Ran::Unknown { key, deed }
        } else {
            actions.finish(begun, self.parts.now.as_millisecond(), paper).await?
        };
        self.ran.insert(action, ran);
        Ok(())
    }

    /// What the customer has said yes to, provided that the rules still allow exactly this, or that it was begun.
    fn confirmed(
        &self,
        intent: &Intent,
        topic: &Topic,
        confirm: &Confirm,
        ruling: Option<Ruling>,
    ) -> Result<Option<Order>, TemplateError> {
        let Some(customer) = self.state.customer.clone() else { return Ok(None) };
        let allowed = match &ruling {
            Some(Ruling::Grant { deed, clause, .. }) if actions::deed_text(deed) == confirm.deed => {
                Some((deed.clone(), clause.clone()))
            }
            _ => None,
        };
        let Some((deed, clause)) = allowed else { return Ok(None) };
        let Some(words) = self.words_for(intent, topic)? else { return Ok(None) };
        let Some((_, action, _)) = self.speaker.deed(intent, &topic.slots) else { return Ok(None) };
        let notice = self.notice(&deed)?;
        Ok(Some(Order {
            key: confirm.key.clone(),
            action: action.as_str(),
            customer,
            conversation: self.parts.conversation.clone(),
            seq: self.seq,
            clause,
            deed,
            words,
            by: None,
            notice,
        }))
    }

    /// What the old address is told once bills go to another one.
    fn notice(&self, deed: &Deed) -> Result<Option<Notice>, TemplateError> {
        let Deed::Act { act: Act::UpdateContact { email: Some(new), .. } } = deed else { return Ok(None) };
        let old = self.account.map(|it| it.person.email.trim()).filter(|it| it.contains('@'));
        let Some(to) = old.filter(|it| !it.eq_ignore_ascii_case(new)) else { return Ok(None) };
        let now = self.parts.now.to_zoned(self.parts.content.hours.time_zone.clone());
        let facts = DeedFacts {
            on: Some(now.date().to_string()),
            at: Some(now.strftime("%H:%M").to_string()),
            to: Some(hidden(new)),
            ..DeedFacts::default()
        };
        let about = About { deed: Some(&facts), ..About::default() };
        let sentences = &self.parts.content.sentences;
        Ok(Some(Notice {
            to: to.to_owned(),
            subject: self.speaker.sentence(&sentences.moved_subject, about)?,
            text: self.speaker.sentence(&sentences.moved_letter, about)?,
        }))
    }

    /// What is said once it is done, made before.
    fn words_for(&self, intent: &Intent, topic: &Topic) -> Result<Option<ReceiptWords>, TemplateError> {
        let answer = self.speaker.answer(intent, &topic.slots, &facts::WaitFacts::default(), None)?;
        let Some(deed) = answer.deed else { return Ok(None) };
        let choices = if deed.confirm.is_some() { Vec::new() } else { answer.choices.clone() };
        Ok(Some(ReceiptWords {
            receipt: Receipt {
                action: deed.action.as_str().to_owned(),
                text: deed.done,
                reference: None,
                undo: deed.undo,
                clause: None,
                choices: rules::choices(&self.parts.content, &State::default(), &choices),
            },
            refused: deed.refused,
            then: answer.then,
            survey: answer.survey,
            staff: None,
        }))
    }

    /// Says what came of something; `then` is the place to go on from where it was not done.
    pub(super) fn tell(&mut self, ran: Ran, again: Option<&Topic>) -> Result<(), TemplateError> {
        let content = Arc::clone(&self.parts.content);
        match ran {
            Ran::Done { key, receipt, then, survey, .. } => {
                self.outcome.tells.push(key);
                self.receipt(receipt);
                match then {
                    Then::Wait => {}
                    Then::HandOff => self.hand_off(Reason::Content, None, false)?,
                    Then::HandOffUrgent => self.hand_off(Reason::Urgent, None, true)?,
                    Then::End => self.change_owner(Owner::Nobody, Reason::Ended, false),
                }
                if survey && then == Then::Wait && !self.state.surveyed {
                    let text = self.speaker.sentence(&content.sentences.survey, About::default())?;
                    self.outcome.events.push(NewEvent { from: Sender::Bot, name: None, what: What::Survey { text } });
                }
                Ok(())
            }
            Ran::DoneBefore { .. } => {
                let text = self.speaker.sentence(&content.sentences.done_already, About::default())?;
                self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Talked));
                Ok(())
            }
            Ran::Refused { key, text } => {
                self.outcome.tells.push(key);
                self.message(text, &[], step(Did::Talked));
                self.hand_off(Reason::Content, None, false)
            }
            Ran::Unknown { key, deed } => {
                let text = self.speaker.sentence(&content.sentences.not_sure_done, About::default())?;
                let offered = || self.state.confirms.as_ref().map(|it| it.slots.clone());
                let slots = again.map(|it| it.slots.clone()).or_else(offered).unwrap_or_default();
                let confirms = Some(Confirm { key, deed, slots });
                self.message(
                    text,
                    &[rules::TALK_TO_HUMAN.to_owned()],
                    Step { confirms, asks_yes: true, ..step(Did::Talked) },
                );
                let intent = again.map(|it| it.intent.as_str()).or(self.state.topic.as_deref());
                if let (Some(intent), Some(choices)) = (intent, self.last_choices()) {
                    let id = format!("{}{intent}", rules::DO);
                    choices.insert(0, Choice { id, label: content.sentences.button_try_again.clone() });
                }
                Ok(())
            }
        }
    }

    pub(super) fn receipt(&mut self, receipt: Receipt) {
        self.outcome.events.push(NewEvent { from: Sender::Bot, name: None, what: What::Receipt(receipt) });
    }

    /// What a yes to this would do, where the rules allow it.
    pub(super) fn confirm(&self, words: &DeedWords, slots: &BTreeMap<String, String>) -> Option<Confirm> {
        let (Ruling::Grant { deed, .. }, Some(_)) = (&words.ruling, &words.confirm) else { return None };
        let customer = self.state.customer.as_ref()?;
        let key = actions::key_for(words.action.as_str(), deed, customer, &self.parts.conversation, self.seq);
        Some(Confirm { key, deed: actions::deed_text(deed), slots: slots.clone() })
    }

    /// The choices of several answers under the last of them, each once; the button that says yes comes first.
    pub(super) fn together(&self, answers: &[(&Intent, &Topic, Answer)]) -> Vec<Choice> {
        let content = &self.parts.content;
        let mut choices: Vec<Choice> = Vec::new();
        let confirms_last = confirms_last(answers);
        for (intent, _, answer) in answers {
            if let Some(label) = asks_for(answer) {
                // Of several that ask for a yes, each is confirmed by itself.
                let id = if confirms_last { format!("{}{}", rules::DO, intent.name) } else { intent.name.clone() };
                choices.push(Choice { id, label });
            }
        }
        for id in answers.iter().flat_map(|it| &it.2.choices) {
            if choices.iter().all(|it| it.id != *id) {
                choices.extend(rules::choices(content, &State::default(), std::slice::from_ref(id)));
            }
        }
        choices.truncate(CHOICES_MAX);
        choices
    }
}

/// What was done for a topic is kept by this: two bills can be sent in one turn.
pub(super) fn of_topic(topic: &Topic) -> String {
    topic.slots.get("invoice").map_or_else(|| topic.intent.clone(), |it| format!("{} {it}", topic.intent))
}

/// The button by which an answer asks for a yes.
fn asks_for(answer: &Answer) -> Option<String> {
    answer.deed.as_ref().filter(|it| matches!(it.ruling, Ruling::Grant { .. })).and_then(|it| it.confirm.clone())
}

/// Whether of these answers the last alone asks for a yes.
pub(super) fn confirms_last(answers: &[(&Intent, &Topic, Answer)]) -> bool {
    let asks = |it: &&(&Intent, &Topic, Answer)| asks_for(&it.2).is_some();
    answers.iter().filter(asks).count() == 1 && answers.last().is_some_and(|it| asks(&it))
}

/// An address so that its owner knows it and nobody else does: `l…@post.example`.
fn hidden(email: &str) -> String {
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    // Of a name that short, one letter would be nearly all.
    let first = name.chars().next().filter(|_| 2 < name.chars().count()).map(String::from).unwrap_or_default();
    format!("{first}…@{host}")
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn an_address_is_never_shown_in_full() {
        for (email, shown) in [
            ("lena.new@post.example", "l…@post.example"),
            ("ab@post.example", "…@post.example"),
            ("a@b.example", "…@b.example"),
            ("no address", "n…@"),
        ] {
            assert_eq!(hidden(email), shown);
        }
    }
}
