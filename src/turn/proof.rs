//! The steps by which a visitor proves who they are in the chat: an address, a letter, a code.

use std::collections::BTreeMap;

use super::TurnParts;
use super::reply::Reply;
use crate::answers::facts::Proof as ProofFacts;
use crate::answers::{About, TemplateError};
use crate::content::{Content, SEND_ANOTHER_CODE};
use crate::conversation::{ASKS_CODE, ASKS_EMAIL, CustomerId, Did, Event, Reason, Sender, Step, What};
use crate::identity::codes::{Checked, CodeRequest};
use crate::mail::Letter;
use crate::rules::{self, Decision, Heard, Topic};
use crate::store::CodeChange;

/// What a step comes to.
#[derive(Debug)]
pub(super) enum Proof {
    /// A code was made; whether anybody gets it is between the letter and its reader.
    Sent { email: String, code: String, change: CodeChange, known: bool },
    /// The code was right.
    Right { customer: CustomerId, change: Option<CodeChange> },
    /// It was another one.
    Wrong { tries: u32, change: Option<CodeChange> },
    /// Neither sent nor taken for so many minutes.
    Paused { minutes: i64, change: Option<CodeChange> },
    /// There is no code any more.
    Ended,
    /// Billing cannot be reached.
    BillingDown,
    /// The store cannot be reached, or codes are not offered here.
    Trouble,
}

impl Proof {
    /// Takes the step that was decided; none where that has nothing to do with a proof.
    pub(super) async fn take(parts: &TurnParts, decision: &Decision, heard: &Heard) -> Option<Self> {
        let here = parts.codes.as_ref();
        let now_ms = parts.now.as_millisecond();
        let proof = match decision {
            Decision::SendCode { email } => {
                let Some(here) = here else { return Some(Proof::Trouble) };
                let Ok(customer) = parts.billing.customer_of_email(email).await else {
                    return Some(Proof::BillingDown);
                };
                let known = customer.is_some();
                let asked = here.codes.ask(&parts.conversation, email, customer, &here.network, now_ms).await;
                asked.map(|asked| match asked {
                    CodeRequest::Made { code, change } => Proof::Sent { email: email.clone(), code, change, known },
                    CodeRequest::Paused { minutes } => Proof::Paused { minutes, change: None },
                })
            }
            Decision::CheckCode => {
                let (Some(here), Some(code)) = (here, &heard.code) else { return Some(Proof::Trouble) };
                let checked = here.codes.check(&parts.conversation, code, now_ms).await;
                checked.map(|(checked, change)| match checked {
                    Checked::Right(customer) => Proof::Right { customer, change },
                    Checked::Wrong { tries } => Proof::Wrong { tries, change },
                    Checked::Paused { minutes } => Proof::Paused { minutes, change },
                    Checked::Ended => Proof::Ended,
                })
            }
            _ => return None,
        };
        Some(proof.unwrap_or_else(|error| {
            tracing::warn!(%error, "a one-time code could not be made or checked");
            Proof::Trouble
        }))
    }
}

/// What was asked before the customer was known, and in which words.
#[derive(Debug, Default)]
pub(super) struct AskedBefore {
    pub(super) topics: Vec<Topic>,
    pub(super) text: String,
}

impl AskedBefore {
    /// Looks for the newest answer that had to stay general. What was said before a new start doesn't count.
    pub(super) fn find(content: &Content, recent: &[Event]) -> Self {
        let mut found = Self::default();
        for event in recent.iter().rev() {
            let What::Message(message) = &event.what else {
                if matches!(event.what, What::Owner(_)) {
                    break;
                }
                continue;
            };
            if event.from != Sender::Customer && !found.text.is_empty() {
                break;
            }
            match (event.from, &message.step) {
                (Sender::Bot, Some(step)) if step.did == Did::StartedOver => break,
                (Sender::Bot, Some(step)) => found.topics.extend(general(content, step)),
                // A tap is a question without words.
                (Sender::Customer, _) if !found.topics.is_empty() && message.choice.is_some() => break,
                // Quick messages before one answer are one question.
                (Sender::Customer, _) if !found.topics.is_empty() => {
                    let rest = std::mem::take(&mut found.text);
                    found.text =
                        if rest.is_empty() { message.text.clone() } else { format!("{}\n{rest}", message.text) };
                }
                _ => {}
            }
        }
        found.topics.reverse();
        found
    }
}

/// The topic of an answer that needed to know who the customer is.
fn general(content: &Content, step: &Step) -> Option<Topic> {
    let intent = step.intent.as_ref().filter(|_| step.did == Did::Answered)?;
    let needs = content.answering(intent)?.needs_verified();
    needs.then(|| Topic { intent: intent.clone(), slots: step.slots.clone(), within: step.topic.clone() })
}

impl Reply<'_> {
    /// Asks to which address the bills go.
    pub(super) fn ask_email(&mut self, again: bool) -> Result<(), TemplateError> {
        let sentences = &self.parts.content.sentences;
        let sentence = match (&self.parts.codes, again) {
            // It was on offer once, and is no more.
            (None, _) => return self.proof_message(&sentences.check_it_is_you, ProofFacts::default(), None, &[]),
            (_, true) => &sentences.ask_email_again,
            (_, false) => &sentences.ask_email,
        };
        let step = self.asking(ASKS_EMAIL, again);
        self.proof_message(sentence, ProofFacts::default(), Some(step), &[])
    }

    /// Asks for the code again.
    pub(super) fn ask_code(&mut self) -> Result<(), TemplateError> {
        let step = self.asking(ASKS_CODE, true);
        let sentence = &self.parts.content.sentences.ask_code_again;
        self.proof_message(sentence, ProofFacts::default(), Some(step), &[SEND_ANOTHER_CODE])
    }

    /// Says what a step came to.
    pub(super) fn say_proof(&mut self, proof: &Proof) -> Result<(), TemplateError> {
        let sentences = &self.parts.content.sentences;
        let minutes = self.parts.codes.as_ref().map_or(0, |it| it.codes.minutes());
        match proof {
            Proof::Sent { email, code, change, known } => {
                let again = self.state.asked.as_deref() == Some(ASKS_CODE)
                    && self.state.slots.get(rules::CODE_EMAIL) == Some(email);
                let sentence = if again { &sentences.code_sent_again } else { &sentences.code_sent };
                let mut step = self.asking(ASKS_CODE, false);
                step.slots.insert(rules::CODE_EMAIL.to_owned(), email.clone());
                let facts = ProofFacts { email: email.clone(), minutes, ..ProofFacts::default() };
                self.proof_message(sentence, facts, Some(step), &[SEND_ANOTHER_CODE])?;
                // Written for everybody, so that the time it takes tells nothing.
                let letter = self.code_letter(email, code, minutes)?;
                self.outcome.letter = known.then_some(letter);
                self.outcome.code = Some(change.clone());
                Ok(())
            }
            Proof::Wrong { tries, change } => {
                let step = self.asking(ASKS_CODE, false);
                let facts = ProofFacts { tries: *tries, ..ProofFacts::default() };
                self.proof_message(&sentences.code_wrong, facts, Some(step), &[SEND_ANOTHER_CODE])?;
                self.outcome.code = change.clone();
                Ok(())
            }
            Proof::Paused { minutes, change } => {
                let facts = ProofFacts { minutes: *minutes, ..ProofFacts::default() };
                self.proof_message(&sentences.code_paused, facts, None, &[])?;
                self.outcome.code = change.clone();
                Ok(())
            }
            Proof::Ended => {
                self.proof_message(&sentences.code_ended, ProofFacts::default(), None, &[SEND_ANOTHER_CODE])
            }
            Proof::BillingDown => self.hand_off(Reason::BillingDown, Some(&sentences.billing_down), false),
            // Known by now, and as somebody else than whose conversation it is.
            Proof::Right { change, .. } => {
                self.proof_message(&sentences.other_account, ProofFacts::default(), None, &[])?;
                self.outcome.code = change.clone();
                Ok(())
            }
            Proof::Trouble => self.hand_off(Reason::Trouble, Some(&sentences.trouble), false),
        }
    }

    /// Now we know who it is: goes on with what was asked before.
    pub(super) fn go_on(&mut self, then: Option<&Decision>, billing_down: bool) -> Result<(), TemplateError> {
        let content = &self.parts.content;
        let mut text = self.speaker.sentence(&content.sentences.code_right, About::default())?;
        let Some(then) = then else {
            text = format!("{text} {}", self.speaker.sentence(&content.sentences.go_on, About::default())?);
            self.message(text, &content.business.starters, super::step(Did::Talked));
            return Ok(());
        };
        self.message(text, &[], super::step(Did::Talked));
        self.say(then, billing_down)
    }

    fn proof_message(
        &mut self,
        sentence: &str,
        proof: ProofFacts,
        step: Option<Step>,
        choices: &[&str],
    ) -> Result<(), TemplateError> {
        let text = self.speaker.sentence(sentence, About { proof: Some(&proof), ..About::default() })?;
        let choices: Vec<String> = choices.iter().chain(&[rules::TALK_TO_HUMAN]).map(|it| (*it).to_owned()).collect();
        self.message(text, &choices, step.unwrap_or_else(|| super::step(Did::Talked)));
        Ok(())
    }

    /// The step of a question that belongs to the proof; what was being talked about stays as it is.
    fn asking(&self, asks: &str, again: bool) -> Step {
        let did = if again { Did::AskedAgain } else { Did::Asked };
        let slots: BTreeMap<String, String> = self.state.slots.clone();
        Step { did, intent: self.state.topic.clone(), asks: Some(asks.to_owned()), slots, ..Step::default() }
    }

    fn code_letter(&self, email: &str, code: &str, minutes: i64) -> Result<Letter, TemplateError> {
        let sentences = &self.parts.content.sentences;
        let facts = ProofFacts { email: email.to_owned(), code: code.to_owned(), minutes, ..ProofFacts::default() };
        let about = About { proof: Some(&facts), ..About::default() };
        Ok(Letter {
            to: email.to_owned(),
            subject: self.speaker.sentence(&sentences.code_subject, about)?,
            text: self.speaker.sentence(&sentences.code_letter, about)?,
            attachments: Vec::new(),
            key: format!("code-{}-{}", self.parts.conversation, self.seq),
        })
    }
}
