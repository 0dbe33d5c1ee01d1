//! A choice in words: by its place, by its label, or by what is offered being the likeliest of what was meant.

use super::{Looked, Reader, Reading, TOPICS_MAX, follow_up, intents};
use crate::content::language::Language;
use crate::content::{SEND_ANOTHER_CODE, SOMETHING_ELSE};
use crate::conversation::{Choice, normal};
use crate::rules::said::{Said, YesNo};
use crate::rules::{DO, Decision, END_CHAT, START_OVER, TALK_TO_HUMAN, Topic, VERIFY_ME, questions};

/// Said word for word.
const EXACT: f32 = 0.96;
/// By its place, with more behind it.
const PLACE_FIRST: f32 = 0.8;
/// Several of them.
const BOTH: f32 = 0.95;
/// By its place.
const PLACE: f32 = 0.94;
/// By words of its label.
const LABEL: f32 = 0.86;
/// The same in the first sentence of several.
const FIRST_SENTENCE: f32 = 0.7;
/// Not sure by itself, and offered, in words that may be pointing.
const OFFERED: f32 = 0.36;
/// In a conclusion or a longer message: less than asking which of two it is.
const OFFERED_AMONG_MORE: f32 = 0.12;
/// So many words may be pointing, and so many at a person, whom nobody gets by chance.
const POINTING_WORDS_MAX: usize = 8;
const POINTING_AT_A_PERSON_WORDS_MAX: usize = 5;
/// At least this confidence, where it was offered.
const OFFERED_CONFIDENCE_MIN: f32 = 0.2;
/// A longer message says more than a label.
const LABEL_WORDS_MAX: usize = 8;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    // What changes something is pointed at in words only where a yes is asked for it.
    let may_be_named = |it: &&Choice| look.state.confirms.is_some() || !it.id.starts_with(DO);
    let offered: Vec<Choice> = look.state.offered.iter().filter(may_be_named).cloned().collect();
    let offered = &offered;
    if look.said.neither && !offered.is_empty() {
        let decision = Decision::Miss { refused: look.state.asked_which };
        return Some(Reading::new(Reader::Choice, EXACT, "none of what is offered", decision));
    }
    let reading = |choice: &Choice, sure: f32, because: &str| {
        // What changes something is said yes to, not pointed at: another reader.
        let decision = chosen(look, &choice.id)?;
        Some(Reading::new(Reader::Choice, sure, format!("{because}: “{}”", choice.label), decision))
    };
    if let Some(decision) = both(look) {
        return Some(Reading::new(Reader::Choice, BOTH, "both of what is offered", decision));
    }
    if let Some(choice) = offered.iter().find(|it| normal::words(&it.label) == look.said.words) {
        return reading(choice, EXACT, "what is offered, word for word");
    }
    if let Some(choice) = look.said.place.and_then(|place| look.state.offered.get(place)).filter(may_be_named) {
        return reading(choice, PLACE, "by its place");
    }
    if let Some(choice) = by_place_first(look).filter(may_be_named) {
        return reading(choice, PLACE_FIRST, "by its place, before something else");
    }
    if let Some(choice) = by_label(look, offered) {
        return reading(choice, LABEL, "by words of what is offered");
    }
    if let Some(choice) = by_first_sentence(look, offered) {
        return reading(choice, FIRST_SENTENCE, "by words of what is offered, before something else");
    }
    let likely = look.heard.guess.ranked.iter().take(3).filter(|it| OFFERED_CONFIDENCE_MIN <= it.confidence);
    // Whoever asks whether anybody is there doesn't ask for them yet.
    let may_be_meant = |it: &&Choice| {
        it.id != TALK_TO_HUMAN || (!look.said.asks && look.said.words.len() <= POINTING_AT_A_PERSON_WORDS_MAX)
    };
    let meant = |intent: &str| offered.iter().filter(may_be_meant).find(|choice| choice.id == intent);
    let found = likely.filter_map(|it| meant(&it.intent)).next();
    let says_more =
        POINTING_WORDS_MAX < look.said.words.len() || 0 < look.content.language.concludes.at_start(&look.said.words);
    let sure = if says_more { OFFERED_AMONG_MORE } else { OFFERED };
    found.and_then(|choice| reading(choice, sure, "the likeliest of what is offered"))
}

/// "Both, and from when": where it was asked which of two is meant, each is answered that can be.
fn both(look: &Looked<'_>) -> Option<Decision> {
    let language = &look.content.language;
    let words = &look.said.words;
    let from = words.iter().take_while(|it| language.fillers.is(std::slice::from_ref(*it))).count();
    if !look.state.asked_which || language.both.at_start(&words[from..]) == 0 {
        return None;
    }
    let offered = look.state.offered.iter().filter(|it| !matches!(it.id.as_str(), TALK_TO_HUMAN | SOMETHING_ELSE));
    let decisions: Vec<Decision> = offered.filter_map(|it| chosen(look, &it.id)).collect();
    let topics: Vec<Topic> = decisions.iter().flat_map(super::topics_of).take(TOPICS_MAX).cloned().collect();
    match topics.is_empty() {
        true => decisions.into_iter().next(),
        false => Some(Decision::Answer(topics)),
    }
}

/// What a part of a message points to among what is offered, by the words of its button or of the question before.
pub(super) fn pointed_at(look: &Looked<'_>, text: &str) -> Option<Decision> {
    let said = Said::of(text, &look.content.language);
    let offered: Vec<Choice> = look.state.offered.iter().filter(|it| !it.id.starts_with(DO)).cloned().collect();
    let choice = by_label(&Looked { said: &said, ..*look }, &offered)?;
    chosen(look, &choice.id)
}

/// "The first, change it for all": where it was asked which of two is meant, the place stands before the first stop.
fn by_place_first<'a>(look: &Looked<'a>) -> Option<&'a Choice> {
    let (place, _) = place_first(&look.heard.text, &look.content.language).filter(|_| look.state.asked_which)?;
    look.state.offered.get(place)
}

/// The place in a list that stands before the first stop of a text, from 0, and where the rest begins. "2.50, what is
/// that" begins with a figure.
pub(in crate::rules) fn place_first(text: &str, language: &Language) -> Option<(usize, usize)> {
    let at = text.find([',', '.', ';', ':', '!', '\n'])?;
    let place = Said::of(&text[..at], language).place?;
    let rest = at + 1;
    (!text[rest..].starts_with(|it: char| it.is_ascii_digit())).then_some((place, rest))
}

/// A yes and what is offered in words, with something else after it: "yeah get it checked then. but it's paid already".
fn by_first_sentence<'a>(look: &Looked<'_>, offered: &'a [Choice]) -> Option<&'a Choice> {
    let sentences = questions::sentences(&look.heard.text, &look.content.language);
    let [first, _, ..] = sentences.as_slice() else { return None };
    let said = Said::of(first, &look.content.language);
    let is_yes = said.yes_no == Some(YesNo::Yes) && !said.but;
    is_yes.then(|| by_label(&Looked { said: &said, ..*look }, offered)).flatten()
}

/// The one choice whose label has all words of matter that were said.
fn by_label<'a>(look: &Looked<'_>, offered: &'a [Choice]) -> Option<&'a Choice> {
    // A question, a condition or another figure is more than pointing.
    let leans = look.said.words.first().is_some_and(|it| look.content.language.leaning.contains(it));
    let is_figure = |it: &&String| it.starts_with(|letter: char| letter.is_ascii_digit());
    let figures: Vec<&String> = look.said.words.iter().filter(is_figure).collect();
    if LABEL_WORDS_MAX < look.said.words.len() || look.said.asks || leans {
        return None;
    }
    let fits = |choice: &&Choice| {
        // Where it was asked "is it about …", the words of that name it as well.
        let means = look.content.means(&choice.id).filter(|_| look.state.asked_which).map(normal::words);
        let is_meant = means.is_some_and(|it| {
            look.said.names(&it) && matter(look, &it).len() <= look.said.matter.len() * 2 && figures.is_empty()
        });
        let label = normal::words(&choice.label);
        let whole = label.iter().all(|it| look.said.words.contains(it) || look.content.language.thin.contains(it));
        let is_label = figures.iter().all(|it| label.contains(it))
            && look.said.names(&label)
            && (whole || look.said.matter.len() * 2 >= matter(look, &label).len());
        is_label || is_meant
    };
    let mut fitting = offered.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn matter(look: &Looked<'_>, words: &[String]) -> Vec<String> {
    words.iter().filter(|it| !look.content.language.thin.contains(*it)).cloned().collect()
}

/// What a choice leads to, tapped or said; none where it stands for nothing any more.
pub(in crate::rules) fn chosen(look: &Looked<'_>, choice: &str) -> Option<Decision> {
    let (content, state, now) = (look.content, look.state, look.now);
    match choice {
        SOMETHING_ELSE => return Some(Decision::Miss { refused: true }),
        TALK_TO_HUMAN => return Some(super::super::talk_to_human(state)),
        START_OVER => return Some(Decision::StartOver),
        END_CHAT => return Some(Decision::End),
        VERIFY_ME => return Some(if now.verified { Decision::GoOn } else { Decision::AskEmail { again: false } }),
        SEND_ANOTHER_CODE => return Some(super::super::send_another_code(state)),
        _ => {}
    }
    if let Some(name) = choice.strip_prefix(DO) {
        let intent = content.intents.get(name)?;
        // A question in between, of another topic or of this one, changes nothing of what is offered.
        let left = || state.earlier.iter().find(|it| it.0 == name).map(|it| it.1.clone()).unwrap_or_default();
        let offered = state.confirms.as_ref().map(|it| it.slots.clone()).filter(|it| !it.is_empty());
        let is_topic = state.topic.as_deref() == Some(name);
        let slots = offered.unwrap_or_else(|| if is_topic { state.slots.clone() } else { left() });
        return Some(Decision::Act(Topic { intent: intent.name.clone(), slots, within: None }));
    }
    if let Some((kind, value)) = choice.split_once(':') {
        let intent = content.intents.get(state.topic.as_deref()?)?;
        let is_own = intent.file.slots.get(kind).is_some_and(|it| it.offers.contains_key(value));
        let slot = state.asked.clone().filter(|_| !is_own).unwrap_or_else(|| kind.to_owned());
        return Some(intents::answer_or_ask(intent, super::with(&state.slots, &slot, value.to_owned()), now));
    }
    if let Some(follow_up) = content.follow_ups.get(choice) {
        return follow_up::chosen(look, follow_up);
    }
    let intent = content.intents.get(choice)?;
    let mut known = intents::carried_over(intent, state);
    // What was written before we asked which of two it is still counts, and what stands beside the choice.
    known.extend(intents::read_said(intent, &state.asked_about, now));
    known.extend(intents::read_said(intent, &look.heard.text, now));
    Some(intents::answer_or_ask(intent, known, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::said::tests::english;

    #[test]
    fn a_place_before_the_first_stop_is_no_figure() {
        let place = |text: &str| place_first(text, &english()).map(|it| it.0);
        assert_eq!((place("1st one. n the cap??"), place("the second, and when?")), (Some(0), Some(1)));
        for text in ["2.50, what is that for?", "1,200 pounds?", "1:30 is when?", "the second", "why, the second?"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
