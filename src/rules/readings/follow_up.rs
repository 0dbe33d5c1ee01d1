//! What can be meant within the topic only, or within one that was left not long ago: content with examples.

use std::collections::BTreeMap;

use super::{Looked, Reader, Reading, intents};
use crate::content::file::SlotKind;
use crate::content::{Content, FollowUp};
use crate::conversation::{Guess, Owner, State};
use crate::rules::{Circumstances, Decision, TALK_TO_HUMAN, Topic, slots};

/// From here on it is likelier meant than not.
const CONFIDENCE_MIN: f32 = 0.5;

/// What leaning adds to the log-odds, and the words up to which a message does.
const LEANING: f32 = 0.7;
const LEANING_WORDS: usize = 5;

/// A topic that was left counts less than the one that is being talked about.
const LEFT: f32 = 0.12;

/// The names of all follow-ups that count now: those of the topic, and of the topics before it.
pub fn counting<'a>(content: &'a Content, state: &State) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    let anywhere = [String::new()];
    let waiting = (state.owner == Owner::Queue).then(|| TALK_TO_HUMAN.to_owned());
    let now = waiting.iter().chain(&state.aside).chain(&state.topic).chain(state.earlier.iter().map(|it| &it.0));
    for topic in now.chain(&anywhere) {
        for found in content.follow_ups_in(topic) {
            if !names.contains(&found.intent.name.as_str()) {
                names.push(&found.intent.name);
            }
        }
    }
    names
}

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    likeliest(look, &look.heard.text, &look.heard.guess)
}

/// The likeliest that counts and has an answer here.
pub(super) fn likeliest(look: &Looked<'_>, text: &str, guess: &Guess) -> Option<Reading> {
    let mut found: Vec<Reading> = Vec::new();
    let leans = look.said.leans || look.said.words.len() <= LEANING_WORDS;
    for candidate in &guess.follow_ups {
        let confidence = if leans { likelier(candidate.confidence) } else { candidate.confidence };
        if confidence < CONFIDENCE_MIN {
            continue;
        }
        let Some(follow_up) = look.content.follow_ups.get(&candidate.intent) else { continue };
        let Some((within, slots, left)) = topic_of(look, follow_up) else { continue };
        let Some(decision) = decide(look, follow_up, within, &slots, text) else { continue };
        let sure = confidence - if left { LEFT } else { 0.0 };
        let because = format!("asked about {within}: {}", follow_up.file.about);
        found.push(Reading::new(Reader::FollowUp, sure, because, decision).of(&follow_up.intent.name));
    }
    found.into_iter().max_by(|one, other| one.sure.total_cmp(&other.sure))
}

/// As likely as it is for a message that leans: so much more in log-odds.
fn likelier(confidence: f32) -> f32 {
    let odds = (confidence / (1.0 - confidence).max(f32::EPSILON)).ln() + LEANING;
    1.0 / (1.0 + (-odds).exp())
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
    if state.topic.is_none() && follow_up.counts_in("") {
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
    known.extend(intents::read_said(target, text, now));
    known.extend(pointed_out(look, target, slots, &known));
    if let Some(takes) = &follow_up.file.takes {
        known.insert(takes.clone(), text.trim().to_owned());
    }
    Some(intents::answer_or_ask(target, known, now))
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
