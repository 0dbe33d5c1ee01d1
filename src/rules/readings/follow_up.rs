//! What can be meant within the topic only, or within one that was left not long ago: content with examples.

use std::collections::{BTreeMap, HashSet};

use super::{Looked, Reader, Reading, intents};
use crate::content::file::{AnswerFile, FollowUpFile, SlotKind};
use crate::content::{Content, FollowUp};
use crate::conversation::{Owner, State};
use crate::rules::slots::SlotContext;
use crate::rules::{Circumstances, Decision, TALK_TO_HUMAN, Topic, slots};

/// A share of what may be meant within the topic is no chance of being right: what has most of it is fairly sure.
const SURE_FROM: f32 = 0.6;

/// A topic that was left counts less than the one that is being talked about.
const LEFT: f32 = 0.12;

/// The names of all follow-ups that count now: those of the topic, and of the topics before it.
pub fn counting<'a>(content: &'a Content, state: &State) -> Vec<&'a str> {
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    let anywhere = [String::new()];
    let first = state.topic.is_none().then(|| FollowUpFile::FIRST.to_owned());
    let waiting = (state.owner == Owner::Queue).then(|| TALK_TO_HUMAN.to_owned());
    let now = waiting.iter().chain(&state.aside).chain(&state.topic).chain(state.earlier.iter().map(|it| &it.0));
    for topic in now.chain(&first).chain(&anywhere) {
        for found in content.follow_ups_in(topic) {
            let name = found.intent.name.as_str();
            if seen.insert(name) {
                names.push(name);
            }
        }
    }
    names
}

/// A follow-up as a reading, this sure; nothing where it doesn't count or has no answer here.
pub(super) fn as_meant(look: &Looked<'_>, name: &str, confidence: f32, text: &str) -> Option<Reading> {
    let follow_up = look.content.follow_ups.get(name)?;
    let (within, slots, left) = topic_of(look, follow_up)?;
    let decision = super::of_each_bill(look, text, decide(look, follow_up, within, &slots, text)?);
    let sure = SURE_FROM + (1.0 - SURE_FROM) * confidence - if left { LEFT } else { 0.0 };
    let because = format!("asked about {within}: {}", follow_up.file.about);
    Some(Reading::new(Reader::FollowUp, sure, because, decision).of(&follow_up.intent.name))
}

/// What is asked for: the intent that a follow-up leads on to, else what it is called within its topic. The same question
/// can be asked about several topics ("and next month"); which of them is meant is no other question.
pub(super) fn asks_for<'a>(content: &'a Content, name: &'a str) -> &'a str {
    match content.follow_ups.get(name) {
        Some(follow_up) => follow_up.file.goes_to.as_deref().unwrap_or(&follow_up.file.name),
        None => name,
    }
}

/// What a follow-up that was offered and chosen leads to.
pub(super) fn chosen(look: &Looked<'_>, follow_up: &FollowUp) -> Option<Decision> {
    let (within, slots, _) = topic_of(look, follow_up)?;
    decide(look, follow_up, within, &slots, &look.state.asked_about)
}

/// The topic in which it counts, what is known there, and whether it is one that was left.
fn topic_of<'a>(look: &Looked<'a>, follow_up: &'a FollowUp) -> Option<(&'a str, BTreeMap<String, String>, bool)> {
    let state = look.state;
    let counts = |topic: &&String| follow_up.counts_in(topic);
    if state.owner == Owner::Queue && follow_up.parent == TALK_TO_HUMAN {
        return Some((state.topic.as_deref().unwrap_or(TALK_TO_HUMAN), state.slots.clone(), false));
    }
    if let Some(aside) = state.aside.as_ref().filter(|it| follow_up.parent == **it) {
        return Some((aside, BTreeMap::new(), false));
    }
    if let Some(topic) = state.topic.as_ref().filter(counts) {
        return Some((topic, state.slots.clone(), false));
    }
    if state.topic.is_none() && (follow_up.counts_in("") || follow_up.counts_in(FollowUpFile::FIRST)) {
        return Some((&follow_up.parent, BTreeMap::new(), false));
    }
    state.earlier.iter().find(|it| counts(&&it.0)).map(|it| (it.0.as_str(), it.1.clone(), true))
}

fn decide(
    look: &Looked<'_>,
    follow_up: &FollowUp,
    within: &str,
    slots: &BTreeMap<String, String>,
    text: &str,
) -> Option<Decision> {
    let now = look.now;
    // Words of its own may stand in the question: "and by post?".
    let mut asked = slots.clone();
    let words = follow_up.intent.file.slots.iter().filter(|it| it.1.kind == SlotKind::Words);
    asked.extend(words.filter_map(|(name, slot)| Some((name.clone(), slots::read_slot(slot, text, &now.slots)?))));
    asked.extend(named_bill(look, follow_up, text));
    if follow_up.file.when.as_ref().is_some_and(|when| !(now.holds)(when, slots)) {
        return None;
    }
    if follow_up.file.another_way {
        // Before anything was said there is nothing that could have helped.
        return look.state.last_said.as_ref().map(|_| Decision::AnotherWay);
    }
    let Some(target) = &follow_up.file.goes_to else {
        if !(now.answers)(&follow_up.intent, &asked) {
            return None;
        }
        let (intent, within) = (follow_up.intent.name.clone(), Some(within.to_owned()));
        return Some(Decision::Answer(vec![Topic { intent, slots: asked, within }]));
    };
    let target = look.content.intents.get(target)?;
    if target.name == crate::rules::TALK_TO_HUMAN {
        return Some(super::super::talk_to_human(look.state));
    }
    let mut known = intents::known_for(target, slots);
    known.extend(follow_up.file.with.iter().map(|(name, value)| (name.clone(), value.clone())));
    intents::tell(target, &mut known, intents::read_said(target, text, now));
    known.extend(pointed_out(look, target, slots, &known));
    if let Some(takes) = follow_up.file.takes.as_ref().filter(|_| !text.trim().is_empty()) {
        let value = match target.file.slots.get(takes) {
            Some(slot) if slot.kind == SlotKind::Company => {
                let told = slots::company::read_reply(text, &look.content.language);
                told.map(|it| intents::beside_known(slot, slots.get(takes), it))
            }
            _ => Some(slots::without_opening(text.trim(), &look.content.language)),
        };
        known.extend(value.map(|it| (takes.clone(), it)));
    }
    Some(intents::answer_or_ask(target, known, now))
}

/// A bill of the customer's that the question names: "and September's, was that paid too".
fn named_bill(look: &Looked<'_>, follow_up: &FollowUp, text: &str) -> Option<(String, String)> {
    let (name, slot) = follow_up.intent.file.slots.iter().find(|it| it.1.kind == SlotKind::Invoice)?;
    // What compares with the bill before is about the bill that is being talked about: "was it the same in May".
    let compares =
        |it: &AnswerFile| [Some(&it.say), it.when.as_ref()].into_iter().flatten().any(|it| it.contains("previous"));
    if follow_up.file.answer.iter().any(compares) {
        return None;
    }
    // "If I leave before that" points to no bill: it has to be named.
    let number = slots::read_slot(slot, text, &SlotContext { current: None, ..look.now.slots })?;
    let is_own = look.now.slots.invoices.iter().any(|it| it.0 == number);
    is_own.then(|| (name.clone(), number))
}

/// The charge that the words point to, or the only one that the bill differs by: it goes along.
fn pointed_out(
    look: &Looked<'_>,
    target: &crate::content::Intent,
    slots: &BTreeMap<String, String>,
    known: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let takes = |name: &str| target.file.slots.contains_key(name);
    if !takes("amount") || !takes("invoice") || known.contains_key("amount") {
        return BTreeMap::new();
    }
    let Circumstances { charge, only_cause, .. } = look.now;
    match charge.clone().or_else(|| (only_cause)(slots)) {
        Some(found) => [("amount".to_owned(), found.amount.to_string()), ("invoice".to_owned(), found.invoice)].into(),
        None => BTreeMap::new(),
    }
}
