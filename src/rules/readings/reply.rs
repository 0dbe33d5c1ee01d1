//! An answer to what the bot asked for: which bill, which day, what is wrong.

use super::{Looked, Reader, Reading, intents};
use crate::content::Intent;
use crate::content::file::SlotKind;
use crate::conversation::{ASKS_CODE, ASKS_EMAIL, Candidate, Verdict, normal};
use crate::rules::said::YesNo;
use crate::rules::{Decision, questions, slots};

/// A fact that was asked for and is there.
const FACT: f32 = 0.9;
/// Words that were asked for, whatever they are: what is clearly something else goes before.
const WORDS: f32 = 0.9;
/// A question that is this sure to be another one is no answer.
const OTHER_QUESTION: f32 = 0.85;
/// It is more likely something else.
const OTHERWISE: f32 = 0.3;
/// The question is refused among other words: whatever these may mean goes before.
const LET_OUT: f32 = 0.32;
/// Nothing that was asked for is there: ask again, in other words.
const ASK_AGAIN: f32 = 0.3;

/// "That's not what I asked" is no answer to a question either.
fn is_unhappy(look: &Looked<'_>, candidate: &Candidate) -> bool {
    UNHAPPY <= candidate.confidence
        && look.content.follow_ups.get(&candidate.intent).is_some_and(|it| it.file.another_way)
}

/// "Was it on May's too", "and if I don't pay it" is a question of the topic, whatever was asked for.
fn asks_on(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    // "So has anybody got it" begins like "has anybody got it".
    let is_lead = |it: &&String| {
        language.joiners.contains(*it)
            || (language.fillers.is(std::slice::from_ref(*it))
                && !language.second_person.has_word(it)
                && !language.pointing.contains(*it)
                && !language.yes_or_no_words.contains(*it))
    };
    let said: Vec<String> = look.said.words.iter().skip_while(is_lead).cloned().collect();
    let asks =
        said.first().is_some_and(|it| language.yes_or_no_words.contains(it)) || 0 < language.what_ifs.at_start(&said);
    let best = look.heard.guess.within.first();
    asks && best.is_some_and(|it| ASKED_ON <= it.confidence && look.content.follow_ups.contains_key(&it.intent))
}

/// A number is a day where nothing else is said: in "which dates would the 2 parts be" it is none.
fn is_bare(look: &Looked<'_>) -> bool {
    let points = |it: &String| slots::is_day_word(it);
    look.said.matter.iter().filter(|it| !points(it)).count() <= 1
}

/// "Nothing, I only asked if …" is no answer.
fn only_asks(look: &Looked<'_>) -> bool {
    look.content.language.only_asks.find(&look.said.words).is_some()
}

/// So likely is a follow-up that goes before what was asked for.
const ASKED_ON: f32 = 0.5;

/// So sure is what says that the answer didn't help.
const UNHAPPY: f32 = 0.6;

/// Whoever is asked where bills go may give an e-mail address, or one of a house with a name and no number.
fn other_address(look: &Looked<'_>, kind: SlotKind, text: &str) -> Option<String> {
    if kind != SlotKind::Address {
        return None;
    }
    let language = &look.content.language;
    // "I don't have the postcode yet, moving on the 14th" gives none.
    let is_open = [&language.later, &language.not_known].iter().any(|it| it.find(&look.said.words).is_some())
        || 0 < language.dismissals.at_start(&look.said.words)
        || questions::sentences(text, language).iter().any(|it| questions::asks_within(it, language));
    // "I don't want to change it today, just tell me …" tells something else.
    let words = normal::words(text);
    let tells = words.iter().any(|it| language.first_person.is(std::slice::from_ref(it)))
        || [&language.refusals, &language.denies].iter().any(|it| it.find(&words).is_some());
    let looks_like_one = 2 <= text.split_whitespace().count()
        && !look.said.asks
        && !is_open
        && !tells
        && (text.contains(',') || text.contains(|it: char| it.is_ascii_digit()));
    slots::read(SlotKind::Email, text, &look.now.slots)
        .or_else(|| looks_like_one.then(|| slots::read(SlotKind::Text, text, &look.now.slots)).flatten())
}

/// The content has changed since, and asks for something else or for nothing: the topic goes on with what is known.
fn gone(look: &Looked<'_>, topic: &Intent, asked: &str) -> Option<Reading> {
    let is_of_the_house = matches!(asked, ASKS_EMAIL | ASKS_CODE);
    let known = look.state.slots.iter().filter(|it| topic.file.slots.contains_key(it.0));
    let slots = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    let because = format!("the bot asked for `{asked}`, which {} doesn't ask for any more", topic.name);
    let decision = intents::answer_or_ask(topic, slots, look.now);
    (!is_of_the_house).then(|| Reading::new(Reader::Reply, ASK_AGAIN, because, decision))
}

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let asked = look.state.asked.as_ref()?;
    let topic = look.content.intents.get(look.state.topic.as_deref()?)?;
    let Some(slot) = topic.file.slots.get(asked) else { return gone(look, topic, asked) };
    if matches!(look.said.only(), Some(YesNo::No | YesNo::Later)) && slot.kind != SlotKind::Words {
        return Some(Reading::new(Reader::Reply, FACT, "a no to the question", Decision::Declined));
    }
    let text = match slot.kind {
        SlotKind::Text => {
            let text = slots::after_change(&look.heard.text, &look.content.language);
            slots::without_opening(text, &look.content.language)
        }
        SlotKind::Address => {
            let text = slots::after_change(&look.heard.text, &look.content.language);
            slots::without_lead(text, &look.content.language)
        }
        _ => look.heard.text.clone(),
    };
    let value = slots::read_slot(slot, &text, &look.now.slots).or_else(|| match slot.kind {
        SlotKind::Date if is_bare(look) => slots::day_in_reply(&text, &look.now.slots),
        SlotKind::Company if !look.said.asks && !only_asks(look) => {
            slots::company::read_reply(&text, &look.content.language)
        }
        _ => None,
    });
    if let Some(value) = value.or_else(|| other_address(look, slot.kind, &text)) {
        let begins = |it: &String| look.content.language.question_words.contains(it);
        let asks = look.said.words.iter().take(2).any(begins) && look.heard.guess.verdict == Verdict::Answer;
        let other = look.heard.guess.best().filter(|it| it.intent != topic.name);
        let sure = match slot.kind {
            SlotKind::Text if asks && other.is_some_and(|it| OTHER_QUESTION <= it.confidence) => OTHERWISE,
            SlotKind::Text if look.heard.guess.within.iter().any(|it| is_unhappy(look, it)) => OTHERWISE,
            SlotKind::Text if asks_on(look) || only_asks(look) => OTHERWISE,
            SlotKind::Text => WORDS,
            _ => FACT,
        };
        let value = intents::beside_known(slot, look.state.slots.get(asked), value);
        let slots = super::with(&look.state.slots, asked, value);
        let because = format!("the bot asked for `{asked}`");
        return Some(Reading::new(Reader::Reply, sure, because, intents::answer_or_ask(topic, slots, look.now)));
    }
    // "Not yet, …", "no, don't change anything": whoever wants out of a question is let out.
    if matches!(look.said.yes_no, Some(YesNo::No | YesNo::Later))
        && !matches!(slot.kind, SlotKind::Words | SlotKind::Text)
    {
        return Some(Reading::new(Reader::Reply, LET_OUT, "a no to the question, and more", Decision::Declined));
    }
    let decision =
        Decision::Ask { intent: topic.name.clone(), slot: asked.clone(), slots: look.state.slots.clone(), again: true };
    Some(Reading::new(Reader::Reply, ASK_AGAIN, format!("no `{asked}` in the reply"), decision))
}
