//! Yes, no and not yet, in all their forms, to what the bot's last message asks.

use super::going_on::names_another_day;
use super::{Looked, Reader, Reading};
use crate::content::file::Action;
use crate::content::language::Language;
use crate::conversation::{Choice, format, normal};
use crate::rules::said::{Said, YesNo, is_tagged, stands_in, without_fillers};
use crate::rules::{DO, Decision, questions};

mod plainly;
mod unasked;

pub(super) use plainly::agrees_plainly;

/// Nothing else was said.
const PLAIN: f32 = 0.97;
/// The rest only repeats what was offered.
const REPEATED: f32 = 0.93;
/// A yes that holds only if something else does.
const ON_CONDITION: f32 = 0.85;
/// Something is put off, and said why or until when.
const PUTS_OFF: f32 = 0.55;
/// A question stands behind it.
const ASKED_BEHIND: f32 = 0.1;
/// Something was never wished for: what else is meant within the topic comes first.
const NEVER_WISHED: f32 = 0.6;
/// Something else was said too: others may know what.
const WITH_MORE: f32 = 0.3;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    if never_wished(look) {
        return Some(Reading::new(Reader::YesNo, NEVER_WISHED, "it was never wished for", Decision::Declined));
    }
    if leaves_it(look) {
        return Some(Reading::new(Reader::YesNo, NEVER_WISHED, "it is left as it is", Decision::Declined));
    }
    // "I didn't ask about leaving": nothing of that helps, whatever of it comes nearest.
    if look.state.topic.is_some() && look.heard.contrast.as_ref().is_some_and(|it| it.meant.is_none()) {
        return Some(Reading::new(Reader::YesNo, PLAIN, "it isn't about that", Decision::AnotherWay));
    }
    let offer = look.state.offered.iter().find(|it| it.id.starts_with(DO));
    match (&look.state.confirms, offer) {
        // Asked which of two is meant, a bare yes is to those; one that names what is on offer beside them is to that.
        (Some(_), Some(offer)) if look.state.asked_which => {
            let acts = |it: &Reading| matches!(it.decision, Decision::Act(_));
            to_an_offer(look, offer).filter(acts).or_else(|| unasked::read(look))
        }
        (Some(_), Some(offer)) => to_an_offer(look, offer),
        _ => unasked::read(look),
    }
}

/// Whether a message says that something was never wished for, and no more: "I didn't say I want to leave". With a
/// question or a clause that says what is meant, that counts.
pub(super) fn never_wished(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let words = &look.said.words;
    let said = language.never_wished.find(words).is_some_and(|(at, _)| at <= NEVER_WISHED_WITHIN);
    said && words.len() <= NEVER_WISHED_WORDS_MAX
        && !look.heard.text.contains('?')
        && language.insteads.find(words).is_none()
}

/// Whether a message leaves things as they are, and asks nothing: "I'd like to leave it then, until I know more".
pub(super) fn leaves_it(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let words = &look.said.words;
    let leaves = language.leaves_it.find(words);
    let to_people = |at: usize| words[at..].iter().any(|it| language.person_words.contains(it));
    let hangs = |at: usize| (0..at).any(|from| 0 < language.conditions.at_start(&words[from..at]));
    // To what is on offer, it is a no.
    look.state.confirms.is_none()
        && leaves.is_some_and(|(at, _)| !to_people(at) && !hangs(at))
        && words.len() <= LEAVES_IT_WORDS_MAX
        && !questions::asks_somewhere(&look.heard.text, language)
}

/// A longer message says more.
const LEAVES_IT_WORDS_MAX: usize = 24;

/// It begins within so many words, and a longer message says more.
const NEVER_WISHED_WITHIN: usize = 5;
const NEVER_WISHED_WORDS_MAX: usize = 14;

/// The last message asks a yes for something that changes something.
fn to_an_offer(look: &Looked<'_>, offer: &Choice) -> Option<Reading> {
    let said = look.said;
    let names = words_that_name(look, offer);
    let naming = said.words.iter().any(|it| names.contains(it) && !look.content.language.thin.contains(it));
    let act = |sure: f32, because: &str| {
        let needs_naming = look.content.intents.get(offer.id.trim_start_matches(DO)).is_some_and(needs_naming);
        let decision = match (needs_naming || !look.state.asks_yes || said.in_passing) && !naming {
            true => Decision::AskToName,
            false => super::choice::chosen(look, &offer.id)?,
        };
        Some(Reading::new(Reader::YesNo, sure, because, decision))
    };
    let language = &look.content.language;
    let named =
        said.names(&names) && !said.asks && said.words.len() <= NAMED_WORDS_MAX && !names_other_figure(look, &names);
    // "No, I do want to, I just asked whether …": the question goes first.
    if !wants_to_know(look) && beside_a_yes(look, &names).is_some() {
        return act(REPEATED, "a yes to what is offered, and something else");
    }
    match said.yes_no {
        // "So that's agreed now, is it" asks whether it is.
        Some(YesNo::Yes) if said.rest.is_empty() && is_tagged(&said.words, language) => None,
        Some(YesNo::Yes) if said.rest.is_empty() => act(PLAIN, "a yes to what is offered"),
        // "Yes please do that, by Friday": the day on offer names it too.
        Some(YesNo::Yes) if !said.but && said.rest_repeats(&[&names[..], &words_of_days(look)].concat(), language) => {
            act(REPEATED, "a yes, and what is offered once more")
        }
        // "Stop it" names what is offered, where that is to stop something.
        Some(YesNo::No) if named && !language.no.is(&said.words[..1]) => act(REPEATED, "what is offered, in words"),
        // "No, not today, the 12th", "yes but on the 12th": the other day counts.
        Some(answer) if (answer != YesNo::Yes || said.but) && names_another_day(look) => {
            let decision = if answer == YesNo::No { Decision::Declined } else { Decision::NotNow };
            Some(Reading::new(Reader::YesNo, ASKED_BEHIND, "another day than the one on offer", decision))
        }
        // "Hang on, so when does it go out?" puts nothing off: the question goes first.
        Some(YesNo::Later) if asks_beyond(look) => {
            Some(Reading::new(Reader::YesNo, ASKED_BEHIND, "not now, and a question", Decision::NotNow))
        }
        Some(YesNo::Later) => Some(Reading::new(Reader::YesNo, PLAIN, "not now", Decision::NotNow)),
        Some(YesNo::No) if said.rest.is_empty() => {
            Some(Reading::new(Reader::YesNo, PLAIN, "a no to what is offered", Decision::Declined))
        }
        // "No, I want to know how …": what is asked behind it counts, and where that isn't clear it is asked about.
        Some(YesNo::No) if asks_beyond(look) || wants_to_know(look) => {
            Some(Reading::new(Reader::YesNo, ASKED_BEHIND, "a no, and a question", Decision::Declined))
        }
        Some(YesNo::No) => Some(Reading::new(Reader::YesNo, WITH_MORE, "a no, and more", Decision::Declined)),
        // "Yes, but only if …": nothing is done, and what it hangs on is named.
        Some(YesNo::Yes) if on_condition(look) => {
            let decision = Decision::YesOnCondition { words: look.heard.text.clone() };
            Some(Reading::new(Reader::YesNo, ON_CONDITION, "a yes on a condition", decision))
        }
        // "Ok so if I press that, are there no more bills?" only asks.
        Some(YesNo::Yes) if said.but && asks_beyond(look) => {
            Some(Reading::new(Reader::YesNo, ASKED_BEHIND, "a yes, and a question", Decision::NotNow))
        }
        // "Yes, but …": nothing is done before it is clear what.
        Some(YesNo::Yes) if said.but => {
            Some(Reading::new(Reader::YesNo, PUTS_OFF, "a yes, and half of it taken back", Decision::NotNow))
        }
        // "Only if half is on Friday" agrees on that condition, as "yes, but only if" does.
        None if begins_with_proviso(look) => {
            let decision = Decision::YesOnCondition { words: look.heard.text.clone() };
            Some(Reading::new(Reader::YesNo, ON_CONDITION, "only on a condition", decision))
        }
        // What is offered, in words: "take it off then".
        _ if named => act(REPEATED, "what is offered, in words"),
        _ if agrees_throughout(look, &names) => act(REPEATED, "a yes among the words of what is offered"),
        _ => None,
    }
}

/// Whether a figure or a month is named that isn't in the offer: "I'd rather pay by 4 December" after "shall I make it two
/// parts".
fn names_other_figure(look: &Looked<'_>, names: &[String]) -> bool {
    let months = &look.content.language.months;
    let is_figure = |it: &String| it.starts_with(|letter: char| letter.is_ascii_digit());
    let is_other = |it: &&String| is_figure(it) || months.iter().any(|month| month.contains(*it));
    let days = words_of_days(look);
    let stands = |it: &String| stands_in(names, it) || stands_in(&days, plain(it));
    look.said.words.iter().filter(is_other).any(|it| !stands(it))
}

/// Whether each word of a message either agrees or is a day or figure on offer: "the 30th is perfect, put me down for that".
/// Other words of the offer don't count: "the bill is fine" wants no check of it.
fn agrees_throughout(look: &Looked<'_>, names: &[String]) -> bool {
    !look.said.asks && agrees(look, &look.said.words, names)
}

fn agrees(look: &Looked<'_>, words: &[String], names: &[String]) -> bool {
    let language = &look.content.language;
    if AGREED_WORDS_MAX < words.len() || turns_round(words, language) {
        return false;
    }
    let is_figure = |it: &&String| it.contains(|letter: char| letter.is_ascii_digit());
    let mut of_offer = words_of_days(look);
    of_offer.extend(names.iter().filter(is_figure).cloned());
    let (mut at, mut consents) = (0, false);
    while at < words.len() {
        let n_yes = language.yes.at_start(&words[at..]);
        if 0 < n_yes {
            consents |= !without_fillers(&words[at..at + n_yes], language).is_empty();
            at += n_yes;
        } else if stands_in(&of_offer, plain(&words[at])) || language.leaning.contains(&words[at]) {
            at += 1;
        } else {
            let n_filler = language.fillers.at_start(&words[at..]);
            if n_filler == 0 {
                return false;
            }
            at += n_filler;
        }
    }
    consents
}

/// Whether anything in the words may take a yes back, hang it on something or put it off.
fn turns_round(words: &[String], language: &Language) -> bool {
    let phrases = [&language.no, &language.later, &language.but, &language.nots, &language.denies, &language.refusals];
    phrases.iter().any(|it| it.find(words).is_some()) || language.conditions.find(words).is_some()
}

/// The days that are on offer, as somebody says them: "30" and "december" of the 30th of December. Nothing else that was
/// told for it: words of a reason agree to nothing.
fn words_of_days(look: &Looked<'_>) -> Vec<String> {
    let mut words = Vec::new();
    for value in look.state.slots.values() {
        let Ok(day) = value.parse::<jiff::civil::Date>() else { continue };
        words.push(day.day().to_string());
        let month = usize::try_from(day.month() - 1).ok().and_then(|it| look.content.language.months.get(it));
        words.extend(month.into_iter().flatten().cloned());
        words.extend(normal::words(format::weekday(day.weekday())));
    }
    words
}

/// A day without what makes it an ordinal: "30" of "30th".
fn plain(word: &str) -> &str {
    let digits = word.trim_end_matches(|it: char| !it.is_ascii_digit());
    if digits.is_empty() || digits.len() + ORDINAL_LETTERS_MAX < word.len() { word } else { digits }
}

/// A longer message says more than a yes.
const AGREED_WORDS_MAX: usize = 12;
const ORDINAL_LETTERS_MAX: usize = 2;

/// What is asked in the same message as a yes to what is offered: "yes do it. and how long does it take". Nothing where
/// the message is no such yes, or where anything in it takes the yes back.
pub(in crate::rules) fn asked_beside(look: &Looked<'_>) -> Option<Vec<String>> {
    look.state.confirms.as_ref().filter(|_| !wants_to_know(look))?;
    let offer = look.state.offered.iter().find(|it| it.id.starts_with(DO))?;
    beside_a_yes(look, &words_that_name(look, offer))
}

fn beside_a_yes(look: &Looked<'_>, names: &[String]) -> Option<Vec<String>> {
    let (text, language) = (&look.heard.text, &look.content.language);
    let (mut consents, mut asked) = (false, Vec::new());
    let mut sentences = questions::sentences(text, language);
    // "Yes please, have it checked, and let me know by e-mail": where a clause names what is offered, the next is a wish of
    // its own.
    if let [one] = sentences.as_slice() {
        let clauses: Vec<String> = one.split(',').map(|it| it.trim().to_owned()).collect();
        let names_it = |it: &String| {
            let said = Said::of(it, language);
            // "Ok, so it ends on the 24th, is that free?" only asks.
            said.names(names) && !turns_round(&said.words, language) && language.concludes.at_start(&said.words) == 0
        };
        let first = Said::of(&clauses[0], language);
        let agrees = first.yes_no == Some(YesNo::Yes) && !is_filler(&first, language) && !text.contains('?');
        if 2 < clauses.len() && agrees && clauses[1..].iter().any(names_it) {
            sentences = clauses;
        }
    }
    if sentences.len() < 2 && normal::words(text).len() <= NAMED_WORDS_MAX {
        return None;
    }
    for sentence in sentences {
        let said = Said::of(&sentence, language);
        match said.yes_no {
            Some(YesNo::No | YesNo::Later) => return None,
            Some(YesNo::Yes) if said.but => return None,
            Some(YesNo::Yes) if said.rest.is_empty() || said.rest_repeats(names, language) => consents = true,
            Some(YesNo::Yes) if questions::asks(&said.rest.join(" "), language) => {
                // "Ok so how much …" only begins the question.
                consents |= 0 == language.concludes.at_start(&said.rest) && !is_filler(&said, language);
                asked.push(said.rest.join(" "));
            }
            // "Friday, all of it. And put my new address in": a yes in the words of the offer, and a wish of its own.
            _ if agrees(look, &said.words, names) || (consents && said.names(names)) => consents = true,
            _ if questions::asks(&sentence, language) || wishes_for_more(&said, names, language) => {
                asked.push(sentence)
            }
            // What is told beside a yes may take it back.
            _ => {
                let takes_back = [&language.no, &language.later, &language.but, &language.refusals];
                if takes_back.iter().any(|it| it.find(&said.words).is_some()) {
                    return None;
                }
            }
        }
    }
    consents.then_some(asked)
}

/// Whether a sentence adds a wish of its own: "and put my new address in".
fn wishes_for_more(said: &Said, names: &[String], language: &Language) -> bool {
    let joins = said.words.first().is_some_and(|it| language.joiners.contains(it));
    joins
        && questions::requests(&said.words.join(" "), language)
        && !said.names(names)
        && !turns_round(&said.words, language)
}

/// Whether the yes is only what may begin anything: "ok", "right".
fn is_filler(said: &Said, language: &Language) -> bool {
    let yes = &said.words[..said.words.len() - said.rest.len()];
    without_fillers(yes, language).is_empty()
}

/// Whether something is asked behind what was said to the offer.
fn asks_beyond(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let rest = look.said.rest.join(" ");
    let asks = |it: &String| questions::asks(it, language);
    let mut sentences = questions::sentences(&look.heard.text, language).into_iter().skip(1);
    !rest.is_empty() && (look.heard.text.contains(['?', '？']) || asks(&rest) || sentences.any(|it| asks(&it)))
}

/// Whether what stands behind the no says that a question was meant.
fn wants_to_know(look: &Looked<'_>) -> bool {
    look.content.language.only_asks.find(&look.said.words).is_some()
}

/// Whether a yes hangs on something: "yes get it checked but only if I needn't ring", and not "yes but what if …".
fn on_condition(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    // A question comes first.
    if look.said.asks || questions::asks(&look.said.rest.join(" "), language) {
        return false;
    }
    let words = &look.said.words;
    let hangs = |at: usize| 0 < language.but.at_start(&words[at..]) && 0 < language.conditions.at_start(&words[at..]);
    (0..words.len()).any(hangs)
}

/// Whether it is agreed to only on a condition, and nothing is asked.
fn begins_with_proviso(look: &Looked<'_>) -> bool {
    let language = &look.content.language;
    let words = without_fillers(&look.said.words, language);
    0 < language.provisos.at_start(&words) && !questions::asks_somewhere(&look.heard.text, language)
}

/// A longer message says more than what is offered.
const NAMED_WORDS_MAX: usize = 7;

/// What ends something is done by a tap, or by words that name it.
fn needs_naming(intent: &crate::content::Intent) -> bool {
    intent.file.answer.iter().any(|it| it.action == Some(Action::Cancel))
}

/// The words by which somebody names what is offered: those of its button, and of the button that leads to it.
///
/// Not those of the action: an intent may have several, and what names staying must never end anything.
fn words_that_name(look: &Looked<'_>, offer: &Choice) -> Vec<String> {
    let leads = look.content.intents.get(offer.id.trim_start_matches(DO)).map_or("", |it| it.file.button.as_str());
    let mut names = normal::words(&format!("{} {leads}", offer.label));
    // "Yes, just the 12": the one amount that was named is part of what is offered.
    if let Some(amount) = only_amount(look) {
        names.extend(amount);
    }
    names
}

/// The amount that the bot has named, as its words, where there was one and no other figure.
fn only_amount(look: &Looked<'_>) -> Option<Vec<String>> {
    let sign = format::symbol(&look.content.business.currency);
    let sign = sign.trim();
    let said = look.state.last_said.as_deref()?;
    let mut amounts: Vec<&str> = said.match_indices(sign).map(|(at, _)| &said[at + sign.len()..]).collect();
    for amount in &mut amounts {
        let end = amount.find(|it: char| !it.is_ascii_digit() && !matches!(it, '.' | ',')).unwrap_or(amount.len());
        *amount = amount[..end].trim_end_matches(['.', ',']);
    }
    amounts.sort_unstable();
    amounts.dedup();
    match amounts.as_slice() {
        [one] => Some(normal::words(one)),
        _ => None,
    }
}
