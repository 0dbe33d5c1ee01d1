//! Yes, no and not yet where nothing was asked that they could be said to: an answer stands there, with what could be done
//! next.

use super::{PLAIN, PUTS_OFF, turns_round};
use crate::content::file::Then;
use crate::content::language::Language;
use crate::conversation::{Choice, normal};
use crate::rules::readings::{Looked, Reader, Reading, choice};
use crate::rules::said::{Said, YesNo, without_fillers};
use crate::rules::{DO, Decision, TALK_TO_HUMAN, questions};

/// A yes to an answer that names what could be done next.
const WANTED: f32 = 0.8;
/// In more words something else is asked for.
const WANTED_WORDS_MAX: usize = 5;
/// Thanks stand behind it in so few: "for your help".
const THANKS_WORDS_MAX: usize = 3;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    // What was asked for has its own reader, and so have choices in words.
    if look.state.asked.is_some() {
        return None;
    }
    // What puts off may say until when, or whom to ask first.
    let puts_off = look.said.yes_no == Some(YesNo::Later) && !look.said.asks;
    if let Some(choice) = only_offer(look).filter(|_| wants_it(look)) {
        let because = format!("a yes, and to do it: “{}”", choice.label);
        return Some(Reading::new(Reader::YesNo, WANTED, because, choice::chosen(look, &choice.id)?));
    }
    if let Some(choice) = agreed_on_condition(look) {
        let because = format!("a yes on a condition, which a colleague reads: “{}”", choice.label);
        return Some(Reading::new(Reader::YesNo, WANTED, because, choice::chosen(look, &choice.id)?));
    }
    match look.said.only().or(puts_off.then_some(YesNo::Later))? {
        YesNo::Yes if look.state.asked_which => {
            Some(Reading::new(Reader::YesNo, PLAIN, "a yes to a choice of two", Decision::WhichOne))
        }
        YesNo::No if look.state.asked_which => {
            Some(Reading::new(Reader::YesNo, PLAIN, "neither of the two", Decision::Miss { refused: true }))
        }
        // "Hang on, it might have been my husband" says more than to wait.
        YesNo::Later => {
            let sure = if look.said.rest.is_empty() { PLAIN } else { PUTS_OFF };
            Some(Reading::new(Reader::YesNo, sure, "not now", Decision::NotNow))
        }
        // "Ok" after an answer takes note of it; a "yes please" wants one of the things that are there to tap.
        // The first of them is what comes next most often, and leads to an answer or a question, never to an act.
        YesNo::Yes if look.state.topic.is_some() && wants(look) => {
            let can_come_next = |it: &&Choice| !it.id.starts_with(DO) && it.id != TALK_TO_HUMAN;
            let offered = &look.state.offered;
            let next = offered.iter().find(can_come_next).or(offered.first())?;
            let because = format!("a yes to what comes next: “{}”", next.label);
            Some(Reading::new(Reader::YesNo, WANTED, because, choice::chosen(look, &next.id)?))
        }
        // "Never mind" wants nothing more; a bare "no" says that the answer was none.
        YesNo::No if look.state.topic.is_some() && dismisses(look) => {
            Some(Reading::new(Reader::YesNo, PLAIN, "nothing more is wanted", Decision::Declined))
        }
        // Of two things that may have been meant, the one that wasn't answered.
        YesNo::No if look.state.or.is_some() => {
            let decision = choice::chosen(look, look.state.or.as_deref()?)?;
            Some(Reading::new(Reader::YesNo, PLAIN, "a no to the likelier of two", decision))
        }
        YesNo::No if look.state.topic.is_some() => {
            Some(Reading::new(Reader::YesNo, 0.8, "a no to an answer", Decision::AnotherWay))
        }
        YesNo::Yes | YesNo::No => None,
    }
}

/// The only thing that is there to tap, beside a person.
fn only_offer<'a>(look: &Looked<'a>) -> Option<&'a Choice> {
    let mut offered = look.state.offered.iter().filter(|it| it.id != TALK_TO_HUMAN);
    let one = offered.next().filter(|it| !it.id.starts_with(DO))?;
    offered.next().is_none().then_some(one)
}

/// Whether a yes goes on to ask for it, in words that only point: "yes, switch it off then please".
fn wants_it(look: &Looked<'_>) -> bool {
    let (said, language) = (look.said, &look.content.language);
    let mut clauses = look.heard.text.split([',', '.', ';', '!', '\n']);
    let Some(said_first) = clauses.next().map(|it| Said::of(it, language)) else { return false };
    let ends = clauses.all(|it| n_beyond_fillers(&normal::words(it), language) <= THANKS_WORDS_MAX);
    let is_yes = said.yes_no == Some(YesNo::Yes) && !said.but && !said.asks && !turns_round(&said.words, language);
    let rest = without_fillers(&said_first.rest, language);
    let points = || rest.iter().any(|it| language.pointing.contains(it));
    is_yes
        && ends
        && (1..=WANTED_WORDS_MAX).contains(&rest.len())
        && points()
        && questions::requests(&rest.join(" "), language)
        && look.state.topic.is_some()
}

/// How many words follow the fillers at the beginning.
fn n_beyond_fillers(words: &[String], language: &Language) -> usize {
    let mut at = 0;
    loop {
        let joins = usize::from(words.get(at).is_some_and(|it| language.joiners.contains(it)));
        match language.fillers.at_start(&words[at..]).max(joins) {
            0 => return words.len() - at,
            n => at += n,
        }
    }
}

/// What a colleague sees to, where it is agreed to on a condition that they read: "ok do that then, but only if it starts in
/// December".
fn agreed_on_condition<'a>(look: &Looked<'a>) -> Option<&'a Choice> {
    let (said, language) = (look.said, &look.content.language);
    let has_proviso = (0..said.words.len()).any(|at| 0 < language.provisos.at_start(&said.words[at..]));
    if !has_proviso || said.asks || look.state.topic.is_none() {
        return None;
    }
    let first = look.heard.text.split([',', '.', ';', '\n']).next().map(|it| Said::of(it, language))?;
    let agrees = first.yes_no == Some(YesNo::Yes) && !first.in_passing && first.rest.is_empty();
    let hands_off = |it: &&Choice| {
        let intent = look.content.intents.get(&it.id).filter(|_| it.id != TALK_TO_HUMAN);
        intent.is_some_and(|it| it.file.answer.iter().any(|it| it.then == Then::HandOff))
    };
    look.state.offered.iter().find(hands_off).filter(|_| agrees)
}

/// Whether it only says that nothing more is wanted.
fn dismisses(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    language.dismissals.is(&look.said.words) || language.dismissals.is(&without_fillers(&look.said.words, language))
}

/// A yes that is more than "ok".
fn wants(look: &Looked<'_>) -> bool {
    let words = &look.said.words;
    let language = &look.content.language;
    // "Ok cheers" thanks.
    !look.said.in_passing && language.fillers.at_start(words) < words.len()
}
