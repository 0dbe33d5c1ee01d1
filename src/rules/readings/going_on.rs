//! The topic again, with another bill, day, amount or word of its own: "and September?", "the one before", "both".

use super::{Looked, Reader, Reading, follow_up, intents};
use crate::content::Intent;
use crate::content::file::{SlotFile, SlotKind};
use crate::content::language::Language;
use crate::conversation::{Candidate, normal};
use crate::rules::said::{YesNo, stands_in};
use crate::rules::{DO, slots};

/// The bill that was shown is refused, and another named.
const CORRECTED: f32 = 0.95;
/// Nothing but the new value was said.
const ALONE: f32 = 1.0;
/// What can be nothing else was told.
const TOLD: f32 = 0.95;
/// The same of a slot's own word, which may stand in another question too.
const WORD: f32 = 0.9;
/// With one word more, and leaning.
const LEANING: f32 = 0.8;
/// A question of its own that names the value.
const QUESTION: f32 = 0.62;
/// A bill that was named, while nothing that takes one is being talked about.
const BILL: f32 = 0.7;
/// The same, and not a word more.
const BILL_BARE: f32 = 0.9;
const BARE_WORDS_MAX: usize = 2;
/// A question of more words isn't only about the value that stands in it.
const VALUE_WORDS_MAX: usize = 6;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let topic = look.state.topic.as_deref().and_then(|it| look.content.intents.get(it));
    topic
        .and_then(|topic| {
            instead_of_current(look, topic).or_else(|| within(look, topic)).or_else(|| follow_up_on_day(look))
        })
        .or_else(|| bill_alone(look))
}

/// Whether another day is named in place of what is on offer, and hardly anything else: "no sorry, not today, I said the
/// twelfth".
pub(super) fn names_another_day(look: &Looked<'_>) -> bool {
    let Some(offer) =
        look.state.confirms.as_ref().and_then(|_| look.state.offered.iter().find(|it| it.id.starts_with(DO)))
    else {
        return false;
    };
    let Some(day) = slots::wanted_day(&look.heard.text, &look.now.slots) else { return false };
    let offered = slots::wanted_day(&offer.label, &look.now.slots);
    let is_known = |it: &String| it.parse().is_ok_and(|it: jiff::civil::Date| it == day);
    let language = &look.content.language;
    let label = normal::words(&offer.label);
    let points =
        |it: &String| is_pointing(it, language) || stands_in(&label, it) || language.meant_instead.has_word(it);
    // "I'll ask my wife on Friday" says more.
    let says_more = look.said.matter.iter().any(|it| !points(it)) || puts_off_until(look);
    offered != Some(day) && !look.state.slots.values().any(is_known) && !says_more
}

/// Whether what is put off has its own time: "I'll tell you on Friday".
fn puts_off_until(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let words = &look.said.words;
    let speaks = |phrase: &[String]| phrase.iter().any(|it| language.first_person.has_word(it));
    (0..words.len()).any(|at| speaks(&words[at..at + language.later.at_start(&words[at..])]))
}

/// What the topic says of a day that is asked for, where the offer has none that could be changed: "the 12th of January,
/// please" after "shall it end on 24 December".
fn follow_up_on_day(look: &Looked<'_>) -> Option<Reading> {
    let agrees = look.said.yes_no == Some(YesNo::Yes) && !look.said.but;
    if agrees || !names_another_day(look) {
        return None;
    }
    let tells_of_day = |it: &&Candidate| {
        let answers = look.content.follow_ups.get(&it.intent).map(|it| &it.intent.file.answer);
        answers.into_iter().flatten().any(|it| it.when.as_ref().is_some_and(|it| it.contains("asked.date")))
    };
    let best = look.heard.guess.within.iter().find(tells_of_day)?;
    let reading = follow_up::as_meant(look, &best.intent, best.confidence, &look.heard.text)?;
    Some(Reading { by: Reader::GoingOn, sure: ALONE, because: format!("another day: {}", reading.because), ..reading })
}

/// The topic again with another bill than the one that was shown: "no not October, the one that has just come, November".
fn instead_of_current(look: &Looked<'_>, topic: &Intent) -> Option<Reading> {
    let language = &look.content.language;
    let (name, _) = topic.file.slots.iter().find(|it| it.1.kind == SlotKind::Invoice)?;
    let current = look.now.slots.current?;
    let (_, issued) = look.now.slots.invoices.iter().find(|it| it.0 == current)?;
    let month = usize::try_from(issued.month() - 1).ok().and_then(|it| language.months.get(it))?;
    let words = &look.said.words;
    let denied = (1..words.len()).find(|at| month.contains(&words[*at]) && language.nots.is(&words[at - 1..*at]))?;
    let rest: Vec<&str> = words[..denied - 1].iter().chain(&words[denied + 1..]).map(String::as_str).collect();
    let value = slots::read(SlotKind::Invoice, &rest.join(" "), &look.now.slots).filter(|it| it != current)?;
    let mut slots = intents::carried_over(topic, look.state);
    slots.retain(|it, _| topic.file.slots.get(it).is_none_or(|it| it.kind != SlotKind::Money));
    slots.insert(name.clone(), value.clone());
    let because = format!("{} again, with {value} in place of {current}", topic.name);
    Some(Reading::new(Reader::GoingOn, CORRECTED, because, intents::answer_or_ask(topic, slots, look.now)))
}

fn within(look: &Looked<'_>, topic: &Intent) -> Option<Reading> {
    // The beginning that corrects or joins says nothing of the matter.
    let text = said_after_correction(look);
    for (name, slot) in &topic.file.slots {
        if matches!(slot.kind, SlotKind::Text | SlotKind::Email | SlotKind::Address) {
            continue;
        }
        let Some(value) = slots::read_slot(slot, &text, &look.now.slots) else { continue };
        // The bill that is being talked about is nothing new: "show my last payments".
        let is_current = slot.kind == SlotKind::Invoice && look.now.slots.current == Some(value.as_str());
        if (look.state.slots.get(name) == Some(&value) || is_current) && slot.kind != SlotKind::Words {
            continue;
        }
        let value = intents::beside_known(slot, look.state.slots.get(name), value);
        let n_over = n_over(look, slot, &value);
        let points = look.content.language.other.find(&look.said.words).is_some();
        let sure = match n_over {
            // "No, the other one" says what is wanted in place of what was shown.
            0 if points && slot.kind == SlotKind::Invoice => 1.0,
            // A company's number or its "Ltd" is nothing else, whatever stands around it.
            _ if slot.kind == SlotKind::Company => TOLD,
            // "Was it on May's too": a question about that bill, and not only the bill.
            0 if begins_yes_or_no(look) => QUESTION,
            0 | 1 if restates(look) && slot.kind != SlotKind::Words => CORRECTED,
            // "So it's always 14 days after the bill?" only has the word.
            0 if slot.kind == SlotKind::Words && asks_at_length(look) => QUESTION,
            0 if slot.kind == SlotKind::Words => WORD,
            0 => ALONE,
            1 if look.said.leans || look.said.words.len() <= 5 => LEANING,
            _ => continue,
        };
        let mut slots = match slot.kind {
            SlotKind::Words => look.state.slots.clone(),
            _ => intents::carried_over(topic, look.state),
        };
        // Of another bill the amount is another.
        if slot.kind == SlotKind::Invoice {
            slots.retain(|it, _| topic.file.slots.get(it).is_none_or(|it| it.kind != SlotKind::Money));
        }
        slots.insert(name.clone(), value.clone());
        let because = format!("{} again, with `{name}` {value}", topic.name);
        let decision = super::of_each_bill(look, &text, intents::answer_or_ask(topic, slots, look.now));
        return Some(Reading::new(Reader::GoingOn, sure, because, decision));
    }
    None
}

/// "Not that, I meant October": what was said before is said again.
fn restates(look: &Looked<'_>) -> bool {
    look.content.language.meant_instead.find(&look.said.words).is_some()
}

/// Whether it asks, in more words than the value needs.
fn asks_at_length(look: &Looked<'_>) -> bool {
    look.said.asks && VALUE_WORDS_MAX < look.said.words.len()
}

/// Whether it begins as a question that is answered with yes or no.
fn begins_yes_or_no(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let first = look.said.words.iter().find(|it| !language.joiners.contains(*it));
    // May is a month as well.
    let is_month = |it: &String| language.months.iter().any(|month| month.contains(it));
    first.is_some_and(|it| language.yes_or_no_words.contains(it) && !is_month(it))
}

/// How many words of matter there are beside the value.
fn n_over(look: &Looked<'_>, slot: &SlotFile, value: &str) -> usize {
    let of_value: Vec<String> = match slot.kind {
        SlotKind::Words => crate::conversation::normal::words(value),
        _ => Vec::new(),
    };
    let points = |it: &String| is_pointing(it, &look.content.language);
    look.said.matter.iter().filter(|it| !of_value.contains(it) && !points(it)).count()
}

/// Whether a word is part of what points to another one: "before", "other", "next".
fn is_pointing(word: &str, language: &Language) -> bool {
    [&language.before, &language.after, &language.other].iter().any(|it| it.has_word(word))
        || language.places.iter().any(|it| it.has_word(word))
        || slots::is_day_word(word)
}

fn said_after_correction(look: &Looked<'_>) -> String {
    match look.said.corrects_from {
        Some(at) => look.said.words[at..].join(" "),
        None => look.heard.text.clone(),
    }
}

/// "October", and nothing that is being talked about takes a bill: the bill itself is shown.
fn bill_alone(look: &Looked<'_>) -> Option<Reading> {
    let intent = look.content.intents.values().find(|it| it.file.when_named.as_deref() == Some("bill"))?;
    let (name, _) = intent.file.slots.iter().find(|it| it.1.kind == SlotKind::Invoice)?;
    let value = slots::read(SlotKind::Invoice, &look.heard.text, &look.now.slots)?;
    let n_over = look.said.matter.iter().filter(|it| !is_pointing(it, &look.content.language)).count();
    // "Have you had my November payment" asks about it, and not to see the bill.
    let is_reply = n_over <= REPLY_WORDS_MAX && was_asked_for_month(look);
    if (0 < n_over || begins_yes_or_no(look)) && !is_reply {
        return None;
    }
    let slots = [(name.clone(), value.clone())].into();
    let because = format!("a bill is named: {value}");
    let decision = super::of_each_bill(look, &look.heard.text, intents::answer_or_ask(intent, slots, look.now));
    let sure = if look.said.words.len() <= BARE_WORDS_MAX || is_reply { BILL_BARE } else { BILL };
    Some(Reading::new(Reader::GoingOn, sure, because, decision))
}

/// Whether the last message asked for a month: "tell me a month, and I show you that bill".
fn was_asked_for_month(look: &Looked<'_>) -> bool {
    let last = look.state.last_said.as_deref().unwrap_or_default();
    look.content.language.asks_month.find(&normal::words(last)).is_some()
}

/// So much may be said around the month that was asked for: "could you try June, please".
const REPLY_WORDS_MAX: usize = 2;
