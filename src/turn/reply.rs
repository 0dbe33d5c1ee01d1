//! The reply in the making: what is said, asked and offered, who answers next, and what is kept as a question.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::actions::Ran;
use crate::answers::{About, Answer, Speaker, TemplateError, facts};
use crate::billing::Account;
use crate::content::file::{SlotKind, Then};
use crate::content::{Content, Intent, SOMETHING_ELSE};
use crate::conversation::normal;
use crate::conversation::page::{self, Purpose};
use crate::conversation::{
    Card, Choice, Did, Event, Guess, Message, NewEvent, Owner, OwnerChange, ReadAs, Reason, Sender, Seq, State, Step,
    What,
};
use crate::feedback;
use crate::handoff;
use crate::rules::{self, Decision, Heard, Topic, questions};
use crate::store::Why;

use super::{Outcome, TurnParts, again, deeds, handing_off, step, wait_now, words_of};

/// Bills that are offered when we ask which one.
const INVOICES_OFFERED: usize = 3;
/// Choices under one message.
pub(super) const CHOICES_MAX: usize = 4;
/// Messages of the bot that somebody still has before their eyes.
pub(super) const TOLD_MAX: usize = 6;
/// How card numbers look once they are masked.
const MASKED_CARD: &str = "[card ending";

/// The reply in the making.
pub(super) struct Reply<'a> {
    pub(super) parts: &'a TurnParts,
    pub(super) state: &'a State,
    pub(super) recent: &'a [Event],
    pub(super) seq: Seq,
    pub(super) heard: &'a Heard,
    pub(super) speaker: &'a Speaker<'a>,
    pub(super) account: Option<&'a Account>,
    /// Pages that billing hosts, by intent.
    pub(super) pages: BTreeMap<String, Purpose>,
    /// What was done at once, by topic; what the customer said yes to, too. After a no, what was begun before it.
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
            Decision::AnswerOr { topic, other, open } => self.answer_or(&content, topic, other, *open, billing_down),
            Decision::AnswerThenPerson { topics, reason } => {
                // Without billing the person is all that can be given, and once.
                if !billing_down && !topics.iter().all(|it| self.has_said(&content, it)) {
                    self.answer(&content, topics, billing_down)?;
                }
                self.hand_off(*reason, None, false)
            }
            Decision::Act(topic) => match self.ran.remove(&deeds::of_topic(topic)) {
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
            Decision::PersonInCase => {
                let text = self.fresh(&[&sentences.person_in_case])?;
                self.message(text, &[rules::TALK_TO_HUMAN.to_owned()], step(Did::Talked));
                Ok(())
            }
            Decision::AnotherWay => self.another_way(),
            Decision::AsSaid { sentence, agrees } => self.as_said(sentence, *agrees),
            Decision::Sum { working, per_year } => self.sum(working, per_year.as_deref()),
            Decision::Ask { intent, slot, slots, again } => self.ask(&content, intent, slot, slots, *again),
            Decision::AskEmail { again } => self.ask_email(*again),
            Decision::AskCode => self.ask_code(),
            // These are what a step of the proof comes to, which says them.
            Decision::SendCode { .. } | Decision::CheckCode | Decision::GoOn => Ok(()),
            Decision::Offer { first, second, third } => self.offer(&content, first, second, third.as_deref()),
            Decision::Miss { refused } => {
                self.record_miss(*refused);
                let first = [&sentences.say_it_again, &sentences.miss_again];
                let again = [&sentences.miss_again, &sentences.say_it_again];
                let sentences = if self.state.n_misses == 0 { &first } else { &again };
                match *refused {
                    true => self.offer_others(sentences),
                    false => self.stay(sentences, Did::Missed, &self.near_topics()),
                }
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
                let answer = self.speaker.answer(intent, &BTreeMap::new(), &facts::WaitFacts::default(), None)?;
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
                if let Some(rule) = rule {
                    let first = handing_off::what_to_do_first(&content, self.speaker, *rule, &self.heard.urgent)?;
                    return self.hand_off_saying(*reason, Some(first), true);
                }
                let first = match reason {
                    Reason::Missed => Some(&sentences.do_not_know),
                    Reason::Trouble => Some(&sentences.trouble),
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
        let wait = self.words_of(wait_now(self.parts, self.state));
        let mut answers = Vec::new();
        for (intent, topic) in &intents {
            let link = self.pages.contains_key(&intent.name).then_some(page::MARK);
            answers.push((*intent, *topic, self.speaker.answer(intent, &topic.slots, &wait, link)?));
        }
        // Of two bills the same may be said: once is enough.
        answers.dedup_by(|next, one| next.2.text == one.2.text);
        self.leave_out_what_was_told(&mut answers);
        if let [(_, _, one)] = answers.as_slice()
            && self.says_nothing_new(one)
        {
            return self.said_before(content, &answers, topics, billing_down);
        }
        // What follows an answer that has something done follows its receipt.
        let plain = || answers.iter().filter(|it| it.2.deed.as_ref().is_none_or(|deed| deed.action.is_page()));
        let survey = plain().any(|it| it.2.survey) && !self.state.surveyed;
        let mut choices = self.together(&answers);
        let then = plain().map(|it| it.2.then).find(|it| *it != Then::Wait).unwrap_or(Then::Wait);
        let then = if then == Then::HandOff && self.only_wonders(&answers) { Then::Wait } else { then };
        let reason = reason_of(&answers, self.speaker);
        let confirms_last = deeds::confirms_last(&answers) && self.ran.is_empty();
        if then == Then::Wait && plain().any(|it| it.2.then != Then::Wait) {
            choices.truncate(CHOICES_MAX - 1);
            choices.retain(|it| it.id != rules::TALK_TO_HUMAN);
            choices.extend(rules::choices(content, &State::default(), &[rules::TALK_TO_HUMAN.to_owned()]));
        }
        let n = answers.len();
        let hands_off = matches!(then, Then::HandOff | Then::HandOffUrgent);
        let mut done = Vec::new();
        let mut said = String::new();
        let mut shown: Vec<Card> = Vec::new();
        for (index, (intent, topic, answer)) in answers.into_iter().enumerate() {
            let mut text = again::without(&answer.text, &said);
            said.push_str(&answer.text);
            if let Some(year) = self.year_of(&text)? {
                text = format!("{} {year}", text.trim_end());
            }
            if !intent.file.small_talk {
                self.outcome.n_answers += 1;
                self.outcome.n_own += u32::from(answer.is_own);
            }
            done.extend(self.ran.remove(&deeds::of_topic(topic)).map(|it| (it, topic)));
            if intent.file.suggestion {
                self.record(self.seq, &self.heard.text, Why::Suggestion, self.heard.guess.clone());
            }
            let did = if intent.file.small_talk { Did::Talked } else { Did::Answered };
            let slots = topic.slots.clone();
            let last = index + 1 == n && !hands_off;
            // Beside other answers, a yes has to name it.
            let confirms = answer.deed.as_ref().and_then(|it| self.confirm(it, &topic.slots));
            let confirms = confirms.filter(|_| last && confirms_last);
            let asks_yes = confirms.is_some() && n == 1;
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
            // What stands above needs no second look.
            let card = answer.card.filter(|it| !shown.contains(it));
            shown.extend(card.clone());
            self.message_with_card(text, Vec::new(), step, card);
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

    /// Beside what is new, nothing is told that somebody still has before their eyes.
    fn leave_out_what_was_told(&self, answers: &mut Vec<(&Intent, &Topic, Answer)>) {
        let told = |text: &str| {
            let bot = self.recent.iter().rev().filter(|it| it.from == Sender::Bot).take(TOLD_MAX);
            bot.into_iter().any(|it| matches!(&it.what, What::Message(message) if message.text.contains(text.trim())))
        };
        // A bill that is asked for again is shown again.
        let is_old = |it: &Answer| it.card.is_none() && it.deed.is_none() && it.then == Then::Wait && told(&it.text);
        if answers.iter().any(|it| !is_old(&it.2)) {
            answers.retain(|it| !is_old(&it.2));
        }
    }

    /// Whether a what-if is answered, and the words call nobody: then it is told what would be, and a person is there to
    /// tap.
    fn only_wonders(&self, answers: &[(&Intent, &Topic, Answer)]) -> bool {
        let language = &self.parts.content.language;
        let calls = |it: &Answer| language.calls_somebody.find(&normal::words(&it.text)).is_some();
        self.heard.choice.is_none()
            && questions::wonders(&self.heard.text, language)
            && !answers.iter().any(|it| calls(&it.2))
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

    fn offer(
        &mut self,
        content: &Content,
        first: &str,
        second: &str,
        third: Option<&str>,
    ) -> Result<(), TemplateError> {
        // Of three the last one has the "or".
        let named: Vec<&str> = [Some(first), Some(second), third].into_iter().flatten().collect();
        let means: Vec<&str> = named.iter().filter_map(|it| content.means(it)).collect();
        let (last, others) =
            means.split_last().map_or((None, String::new()), |(last, it)| (Some(*last), it.join(", ")));
        let about = About { first: Some(&others), second: last, ..About::default() };
        let text = self.speaker.sentence(&content.sentences.did_you_mean, about)?;
        let mut choices: Vec<String> = named.iter().map(|it| (*it).to_owned()).collect();
        if third.is_none() {
            choices.push(SOMETHING_ELSE.to_owned());
        }
        // Whatever was guessed, a person is among the ways.
        if !choices.iter().any(|it| it == rules::TALK_TO_HUMAN) {
            choices.push(rules::TALK_TO_HUMAN.to_owned());
        }
        // What could be done by a tap still can, or by words that name it; a bare yes would be to the two that are asked about.
        let standing = self.standing_offer();
        let confirms = self.state.confirms.clone().filter(|_| standing.is_some());
        self.message(text, &choices, Step { confirms, ..step(Did::Offered) });
        if let Some(offer) = standing
            && let Some(choices) = self.last_choices()
        {
            choices.insert(choices.len().min(2), offer);
        }
        Ok(())
    }

    pub(super) fn words_of(&self, wait: &handoff::Wait) -> facts::WaitFacts {
        words_of(self.parts, self.state, wait)
    }

    pub(super) fn message(&mut self, text: String, choices: &[String], step: Step) {
        let choices = rules::choices(&self.parts.content, &State::default(), choices);
        self.message_with_card(text, choices, step, None);
    }

    pub(super) fn message_with_card(&mut self, text: String, choices: Vec<Choice>, step: Step, card: Option<Card>) {
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
    pub(super) fn record_miss(&mut self, refused: bool) {
        if !refused {
            self.record(self.seq, &self.heard.text, Why::Missed, self.heard.guess.clone());
            return;
        }
        if let Some((seq, message)) = feedback::last_said(self.recent, self.seq) {
            let text = message.text.clone();
            self.record(seq, &text, Why::Refused, Guess::none());
        }
    }

    pub(super) fn record(&mut self, seq: Seq, text: &str, why: Why, guess: Guess) {
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
