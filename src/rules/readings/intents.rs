//! An intent by itself: what the classifier takes the words for, with the slots that they fill.

use std::collections::BTreeMap;

use super::{Looked, Reader, Reading};
use crate::content::file::{Need, SlotFile, SlotKind, Then};
use crate::content::language::Language;
use crate::content::{Content, Intent};
use crate::conversation::{Candidate, Guess, Owner, Reason, State, Verdict, normal};
use crate::rules::{Circumstances, Decision, OUT_OF_SCOPE, TALK_TO_HUMAN, Topic, language, questions, said, slots};

/// From here on it is likelier that a message isn't ours to answer than that it means anything else.
const OUTSIDE_CONFIDENCE_MIN: f32 = 0.5;
/// What changes something takes more: below this it is asked whether it was meant.
pub const ACT_CONFIDENCE_MIN: f32 = 0.75;
/// How sure a guess is that is sure enough to be answered, at the least.
const ANSWER: f32 = 0.6;
/// "Did you mean" is better than nothing.
const OFFER: f32 = 0.35;
/// Whoever asks for a person has done so, whatever else they write.
const PERSON: f32 = 1.2;
/// It isn't ours to answer.
const OUTSIDE: f32 = 0.3;
/// Not understood at all.
const MISS: f32 = 0.1;

/// A wish for a person among other words, or as a sentence of its own.
pub(super) fn read_person(look: &Looked<'_>) -> Option<Reading> {
    let language = &look.content.language;
    let refused = |before: &[String]| (0..before.len()).any(|at| language.denies.is(&before[at..]));
    // "Don't get me a person" isn't one.
    let among = wish_for_person(&look.said.words, language).is_some_and(|at| !refused(&look.said.words[..at]));
    let by_itself = || {
        let sentences = questions::sentences(&look.heard.text, language).into_iter();
        let wishes = |words: &[String]| language.talk_to_human.is(&said::without_fillers(words, language));
        sentences.map(|it| normal::words(&it)).any(|it| language.asks_who.at_start(&it) == 0 && wishes(&it))
    };
    if !among && !by_itself() && !pointed_at_person(look) {
        return None;
    }
    let asked = answered_beside(look);
    let decision = match super::super::talk_to_human(look.state) {
        Decision::HandOff { reason, .. } if !asked.is_empty() => Decision::AnswerThenPerson { topics: asked, reason },
        Decision::AlreadyInQueue if !asked.is_empty() => Decision::Answer(asked),
        decision => decision,
    };
    Some(Reading::new(Reader::Intent, PERSON, "a person is asked for, among other words", decision).of(TALK_TO_HUMAN))
}

/// Where a wish for a person begins: a phrase for it, what wishes right before a word for people, "put me through to a real
/// person", or what one of them is to do, "can somebody look at it".
fn wish_for_person(words: &[String], language: &Language) -> Option<usize> {
    let wishes = |at: usize| {
        let n = language.person_verbs.at_start(&words[at..]);
        // "Do I need someone at home?" only asks.
        let is_asked = || {
            let speaks = language.first_person.is(&words[at..=at]);
            speaks && at.checked_sub(1).is_some_and(|before| language.yes_or_no_words.contains(&words[before]))
        };
        let behind = &words[at + n..];
        // "Can I get someone else to pay?" is about another customer.
        let is_ours = |end: usize| behind.get(end).is_none_or(|it| !language.person_others.contains(it));
        0 < n && !is_asked() && person_at(behind, language).is_some_and(is_ours)
    };
    let is_to_help = |at: usize| {
        let behind = Some(&words[at + 1..]).filter(|_| language.yes_or_no_words.contains(&words[at]));
        let named = behind.and_then(|it| Some(&it[person_at(it, language)?..]));
        named.is_some_and(|it| {
            let n_small = it.iter().take_while(|it| language.thin.contains(*it)).count();
            (0..=n_small).any(|from| 0 < language.person_helps.at_start(&it[from..]))
        })
    };
    // "Is there an office where I can talk to somebody" isn't about this chat.
    if words.iter().any(|it| language.meeting_places.contains(it)) {
        return None;
    }
    let phrase = language.person_wishes.find(words).map(|(at, _)| at);
    let composed = (0..words.len()).find(|at| wishes(*at) || is_to_help(*at));
    phrase.into_iter().chain(composed).min()
}

/// After how many words a word for people ends that these begin with, behind "a", "one of your", "a real".
fn person_at(words: &[String], language: &Language) -> Option<usize> {
    let n = words.iter().take_while(|it| language.person_adjectives.contains(*it)).count();
    let is_person = |at: usize| words.get(at).is_some_and(|it| language.person_words.contains(it));
    // "A real human" is one, though "human" may stand before another word too.
    let at = [Some(n), n.checked_sub(1)].into_iter().flatten().find(|at| is_person(*at))?;
    (n <= PERSON_BETWEEN_MAX).then_some(at + 1)
}

/// So many words may stand before the person: "one of your".
const PERSON_BETWEEN_MAX: usize = 4;

/// Whether what is wished is for later, should something happen: "can I get a person if it doesn't arrive". What is said
/// of us ("if you can't help") or out of politeness ("if possible") is for now.
pub(super) fn wishes_in_case(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let in_case = |clause: &str| {
        let words = normal::words(clause);
        let Some((at, n)) = language.in_case.find(&words) else { return false };
        let condition = &words[at + n..];
        let polite = condition.iter().any(|it| language.polite_ifs.contains(it));
        1 < condition.len()
            && !polite
            && !condition.iter().any(|it| language.second_person.is(std::slice::from_ref(it)))
    };
    // A person in one sentence and an "if" in another are two matters.
    let names_person = |sentence: &String| {
        let words = normal::words(sentence);
        wish_for_person(&words, language).is_some() || words.iter().any(|it| language.person_words.contains(it))
    };
    let mut wishes = questions::sentences(&look.heard.text, language);
    wishes.retain(names_person);
    let is_with_bot = look.state.owner == Owner::Bot && look.said.asks;
    is_with_bot && !wishes.is_empty() && wishes.iter().all(|it| it.split(',').any(in_case))
}

/// In place of calling a person it is said that one will be called should it come to that.
pub(super) fn put_off_person(decision: &mut Decision) {
    let is_person = |topics: &[Topic]| topics.iter().all(|it| it.intent == TALK_TO_HUMAN);
    match decision {
        Decision::HandOff { reason: Reason::Asked, .. } => *decision = Decision::PersonInCase,
        Decision::Answer(topics) if is_person(topics) => *decision = Decision::PersonInCase,
        Decision::AnswerThenPerson { topics, .. } => *decision = Decision::Answer(std::mem::take(topics)),
        _ => {}
    }
}

/// Whether a sentence wishes for the person whom the last message spoke of and offered: "right, get me one then", "ask them
/// please". "Do I get one?" only asks.
fn pointed_at_person(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let spoken_of = look.state.last_said.as_deref().is_some_and(|last| {
        let mut words = normal::words(last).into_iter();
        words.any(|it| language.person_words.contains(&it))
    });
    let offered = look.state.owner == Owner::Queue || look.state.offered.iter().any(|it| it.id == TALK_TO_HUMAN);
    // What is on offer is done by a yes; "get one" may be that.
    if !spoken_of || !offered || look.state.confirms.is_some() {
        return false;
    }
    let wishes = |sentence: &String| {
        let mut words = &normal::words(sentence)[..];
        let lead = |words: &[String]| {
            let joins = usize::from(words.first().is_some_and(|it| language.joiners.contains(it)));
            language.fillers.at_start(words).max(language.yes.at_start(words)).max(joins)
        };
        while language.person_pointed.at_start(words) == 0 && 0 < lead(words) {
            words = &words[lead(words)..];
        }
        let n = language.person_pointed.at_start(words);
        0 < n && words.len() <= n + POINTED_BEHIND_MAX
    };
    questions::sentences(&look.heard.text, language).iter().any(wishes)
}

/// So many words may stand behind a wish for the person: "get me one please, as soon as you can".
const POINTED_BEHIND_MAX: usize = 6;

/// What can be answered at once to whoever asks for a person and something else: "get me someone. and when is it due?".
fn answered_beside(look: &Looked<'_>) -> Vec<Topic> {
    let is_plain = |it: &Topic| {
        let intent = look.content.answering(&it.intent);
        let hands_off = |it: &Intent| it.file.answer.iter().any(|it| it.then != Then::Wait);
        it.intent.split('.').next() != Some(TALK_TO_HUMAN)
            && intent.is_some_and(|it| !it.acts() && !it.file.small_talk && !it.file.gives_way && !hands_off(it))
    };
    let mut topics: Vec<Topic> = Vec::new();
    for part in look.heard.parts.iter().filter(|it| it.asks) {
        let reading = super::unit(look, &part.text, &part.guess).filter(|it| BESIDE_A_PERSON_MIN <= it.sure);
        let found = reading.iter().flat_map(|it| super::topics_of(&it.decision)).filter(|it| is_plain(it));
        topics.extend(found.cloned());
    }
    topics.truncate(super::TOPICS_MAX);
    topics
}

/// So sure is what is answered beside a wish for a person.
const BESIDE_A_PERSON_MIN: f32 = 0.65;

/// What the guess is sure of.
pub(super) fn likeliest(look: &Looked<'_>, text: &str, guess: &Guess) -> Option<Reading> {
    if not_words(look) {
        return None;
    }
    let best = guess.best().filter(|it| guess.verdict == Verdict::Answer && it.intent != OUT_OF_SCOPE).cloned();
    let best = best.or_else(|| expected(look, guess))?;
    as_meant(look, &best, guess, text)
}

/// An intent as a reading, this sure; what changes something is asked about where it isn't sure enough for that.
pub(super) fn as_meant(look: &Looked<'_>, best: &Candidate, guess: &Guess, text: &str) -> Option<Reading> {
    let intent = look.content.intents.get(&best.intent)?;
    let slots = read_slots(intent, look.state, text, look.now);
    let decision = super::of_each_bill(look, text, answer_or_ask(intent, slots, look.now));
    // What changes something needs an intention that is said, and not only one that is near.
    let rival = guess.ranked.iter().find(|it| it.intent != best.intent && offers(look.content, &it.intent));
    let because = format!("it means {} ({:.0} %)", intent.name, best.confidence * 100.0);
    if intent.acts()
        && best.confidence < ACT_CONFIDENCE_MIN
        && let Some(rival) = rival
    {
        let decision = Decision::Offer { first: intent.name.clone(), second: rival.intent.clone(), third: None };
        return Some(Reading::new(Reader::Intent, ANSWER, format!("{because}, not sure enough to act"), decision));
    }
    Some(Reading::new(Reader::Intent, best.confidence.max(ANSWER), because, decision).of(&intent.name))
}

/// Where nothing is sure by itself: the likeliest of what is expected next in this topic, where that makes it sure.
///
/// A prior over intents by the topic, times what the words say; what is expected is what the topic's answers lead to.
fn expected(look: &Looked<'_>, guess: &Guess) -> Option<Candidate> {
    let topic = look.content.intents.get(look.state.topic.as_deref()?)?;
    if guess.known < KNOWN_MIN {
        return None;
    }
    let expects = |name: &str| {
        let leads = topic.file.answer.iter().chain(topic.file.follow_up.iter().flat_map(|it| &it.answer));
        leads.flat_map(|it| &it.choices).any(|it| it == name)
            || topic.file.follow_up.iter().any(|it| it.goes_to.as_deref() == Some(name))
    };
    let weight = |it: &Candidate| it.confidence * if expects(&it.intent) { EXPECTED } else { 1.0 };
    let left = (1.0 - guess.ranked.iter().map(|it| it.confidence).sum::<f32>()).max(0.0);
    let sum = left + guess.ranked.iter().map(weight).sum::<f32>();
    let best = guess.ranked.iter().max_by(|one, other| weight(one).total_cmp(&weight(other)))?;
    let confidence = weight(best) / sum.max(f32::EPSILON);
    let sure = expects(&best.intent) && offers(look.content, &best.intent) && EXPECTED_MIN <= confidence;
    sure.then(|| Candidate { intent: best.intent.clone(), confidence })
}

/// What a topic leads to is so much likelier to be meant next than anything else.
const EXPECTED: f32 = 3.0;
/// At least this, with the topic's weight, to be answered.
const EXPECTED_MIN: f32 = 0.62;
/// Less near to the content than this, nothing is expected.
const KNOWN_MIN: f32 = 0.4;

fn offers(content: &Content, intent: &str) -> bool {
    intent != OUT_OF_SCOPE && content.intents.get(intent).is_some_and(|it| !it.file.small_talk)
}

/// Whether it may be asked for by "is it about …?", an intent or a follow-up that says something of its own.
pub fn may_be_offered(content: &Content, name: &str) -> bool {
    offers(content, name) || content.follow_ups.get(name).is_some_and(|it| !it.file.another_way)
}

/// Not words, or not words of ours.
pub(super) fn not_words(look: &Looked<'_>) -> bool {
    questions::is_gibberish(&look.heard.text) || language::is_foreign(&look.heard.text, &look.content.language)
}

/// What is left where nothing is sure: "did you mean", not ours to answer, another language, not understood.
pub(super) fn read_unsure(look: &Looked<'_>) -> Vec<Reading> {
    let heard = look.heard;
    let unsure = |sure: f32, because: &str, decision: Decision| Reading::new(Reader::Unsure, sure, because, decision);
    let missed = unsure(MISS, "nothing else fits", Decision::Miss { refused: false });
    if questions::is_gibberish(&heard.text) {
        return vec![Reading { sure: OFFER, because: "these are no words".to_owned(), ..missed }];
    }
    if language::is_foreign(&heard.text, &look.content.language) {
        return vec![unsure(0.99, "another language", Decision::OtherLanguage), missed];
    }
    let mut readings = vec![missed];
    if heard.guess.best().is_some_and(|it| it.intent == OUT_OF_SCOPE && OUTSIDE_CONFIDENCE_MIN <= it.confidence) {
        readings.push(unsure(OUTSIDE, "not ours to answer", Decision::OutOfScope));
    }
    let mut ranked = heard.guess.ranked.iter().filter(|it| offers(look.content, &it.intent));
    if let (Verdict::AskBack, Some(first), Some(second)) = (heard.guess.verdict, ranked.next(), ranked.next()) {
        let third = ranked.next().filter(|it| super::THIRD_MIN <= it.confidence).map(|it| it.intent.clone());
        let decision = Decision::Offer { first: first.intent.clone(), second: second.intent.clone(), third };
        readings.push(unsure(OFFER, "one of two, not sure which", decision));
    }
    readings
}

/// Answers an intent, or asks for the first fact that it needs and does not have.
pub(in crate::rules) fn answer_or_ask(
    intent: &Intent,
    slots: BTreeMap<String, String>,
    now: &Circumstances<'_>,
) -> Decision {
    let unknown_customer = intent.file.needs.contains(&Need::Verified) && !now.verified;
    if !unknown_customer {
        for (name, slot) in &intent.file.slots {
            let wanted = !slot.optional && !slots.contains_key(name);
            if wanted && slot.when.as_deref().is_none_or(|when| (now.holds)(when, &slots)) {
                return Decision::Ask { intent: intent.name.clone(), slot: name.clone(), slots, again: false };
            }
        }
    }
    Decision::Answer(vec![Topic { intent: intent.name.clone(), slots, within: None }])
}

/// What a text says for an intent's slots, over what was said before for the same intent.
pub(in crate::rules) fn read_slots(
    intent: &Intent,
    state: &State,
    text: &str,
    now: &Circumstances<'_>,
) -> BTreeMap<String, String> {
    let mut slots = match state.topic.as_deref() == Some(intent.name.as_str()) {
        true => carried_over(intent, state),
        false => BTreeMap::new(),
    };
    tell(intent, &mut slots, read_said(intent, text, now));
    slots
}

/// Takes what was told into the slots that are known: one that stands in another's place ends that one.
pub(super) fn tell(intent: &Intent, slots: &mut BTreeMap<String, String>, said: BTreeMap<String, String>) {
    let other_of = |it: &String| intent.file.slots.get(it).and_then(|it| it.instead_of.clone());
    let ended: Vec<String> = said.keys().filter_map(other_of).filter(|it| !said.contains_key(it)).collect();
    slots.retain(|it, _| !ended.contains(it));
    for (name, value) in said {
        let value = intent.file.slots.get(&name).map_or(value.clone(), |it| beside_known(it, slots.get(&name), value));
        slots.insert(name, value);
    }
    without_replaced(intent, slots);
}

/// Takes out what stood in the place of a slot that is known now.
pub(super) fn without_replaced(intent: &Intent, slots: &mut BTreeMap<String, String>) {
    let stands_for = |it: &String| intent.file.slots.get(it).and_then(|it| it.instead_of.as_ref());
    let known: Vec<String> = slots.keys().cloned().collect();
    slots.retain(|it, _| stands_for(it).is_none_or(|other| !known.contains(other)));
}

/// What a text says for an intent's slots.
pub(super) fn read_said(intent: &Intent, text: &str, now: &Circumstances<'_>) -> BTreeMap<String, String> {
    let mut slots = BTreeMap::new();
    for (name, slot) in &intent.file.slots {
        // Any text would do for a text: it has to be asked for, unless it is long enough to say it already.
        if slot.kind == SlotKind::Text {
            let n_words = u32::try_from(normal::words(text).len()).unwrap_or(u32::MAX);
            if slot.from_words.is_some_and(|from| from <= n_words)
                && let Some(value) = slots::read_slot(slot, text, &now.slots)
            {
                slots.insert(name.clone(), value);
            }
            continue;
        }
        if let Some(value) = slots::read_slot(slot, text, &now.slots) {
            slots.insert(name.clone(), value);
        }
    }
    slots
}

/// A new value of a slot; of what has several parts, those that aren't told anew stay.
pub(super) fn beside_known(slot: &SlotFile, known: Option<&String>, value: String) -> String {
    match slot.kind {
        SlotKind::Company => slots::company::merged(known.map(String::as_str), &value),
        _ => value,
    }
}

/// The slots of the last topic that this intent knows too: nobody is asked twice which bill it is.
pub(in crate::rules) fn carried_over(intent: &Intent, state: &State) -> BTreeMap<String, String> {
    known_for(intent, &state.slots)
}

/// Those of some slots that an intent knows too.
pub(super) fn known_for(intent: &Intent, slots: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    // Words and texts were said about another matter.
    let stays = |kind| !matches!(kind, SlotKind::Words | SlotKind::Text | SlotKind::Address);
    let known = |name: &String| intent.file.slots.get(name).is_some_and(|it| stays(it.kind));
    slots.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::said::tests::english;

    #[test]
    fn a_wish_for_a_person_is_known_in_words_of_ones_own() {
        let wishes = |text: &str| wish_for_person(&normal::words(text), &english()).is_some();
        for text in [
            "put me through to one of your managers please",
            "get me sum1 then",
            "could I speak to a real live human",
            "can somebody please have a look at it",
            "i'd like an adviser",
            "will a colleague get back to me",
        ] {
            assert!(wishes(text), "{text}");
        }
        for text in [
            "can i get someone else to pay it for me",
            "can i have somebody else's bill",
            "do I need someone at home when they come",
            "can I send someone a copy of it",
            "i need to ask my manager first",
            "can a person of 80 pay less",
            "who decides that, a person or a machine",
            "is there an office i can come to and talk to somebody",
        ] {
            assert!(!wishes(text), "{text}");
        }
    }
}
