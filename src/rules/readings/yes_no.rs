//! Yes, no and not yet, in all their forms, to what the bot's last message asks.

use super::{Looked, Reader, Reading};
use crate::content::file::Action;
use crate::conversation::{Choice, normal};
use crate::rules::said::YesNo;
use crate::rules::{DO, Decision, TALK_TO_HUMAN};

/// Nothing else was said.
const PLAIN: f32 = 0.97;
/// The rest only repeats what was offered.
const REPEATED: f32 = 0.93;
/// A yes to an answer that names what could be done next.
const WANTED: f32 = 0.8;
/// Something else was said too: others may know what.
const WITH_MORE: f32 = 0.3;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let offer = look.state.offered.iter().find(|it| it.id.starts_with(DO));
    match (&look.state.confirms, offer) {
        (Some(_), Some(offer)) => to_an_offer(look, offer),
        _ => to_nothing(look),
    }
}

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
    match said.yes_no {
        Some(YesNo::Yes) if said.rest.is_empty() => act(PLAIN, "a yes to what is offered"),
        Some(YesNo::Yes) if !said.but && said.rest_repeats(&names, &look.content.language) => {
            act(REPEATED, "a yes, and what is offered once more")
        }
        Some(YesNo::Later) => Some(Reading::new(Reader::YesNo, PLAIN, "not now", Decision::NotNow)),
        Some(YesNo::No) if said.rest.is_empty() => {
            Some(Reading::new(Reader::YesNo, PLAIN, "a no to what is offered", Decision::Declined))
        }
        Some(YesNo::No) => Some(Reading::new(Reader::YesNo, WITH_MORE, "a no, and more", Decision::Declined)),
        // "Yes, but …": nothing is done before it is clear what.
        Some(YesNo::Yes) if said.but => {
            Some(Reading::new(Reader::YesNo, WITH_MORE, "a yes on a condition", Decision::NotNow))
        }
        // What is offered, in words: "take it off then".
        _ if said.names(&names) && !said.asks && said.words.len() <= NAMED_WORDS_MAX => {
            act(REPEATED, "what is offered, in words")
        }
        _ => None,
    }
}

/// A longer message says more than what is offered.
const NAMED_WORDS_MAX: usize = 7;

/// What ends something is done by a tap, or by words that name it.
fn needs_naming(intent: &crate::content::Intent) -> bool {
    intent.file.answer.iter().any(|it| it.action == Some(Action::Cancel))
}

/// The words by which somebody names what is offered: those of its button, of the intent's button, and of the action.
fn words_that_name(look: &Looked<'_>, offer: &Choice) -> Vec<String> {
    let mut words = normal::words(&offer.label);
    if let Some(intent) = look.content.intents.get(offer.id.trim_start_matches(DO)) {
        words.extend(normal::words(&intent.file.button));
        let actions = intent.file.answer.iter().filter_map(|it| it.action);
        words.extend(
            actions
                .flat_map(|it| normal::words(it.as_str()))
                .flat_map(|it| it.split('_').map(str::to_owned).collect::<Vec<_>>()),
        );
    }
    words
}

/// Nothing was asked that a yes or a no could be said to.
fn to_nothing(look: &Looked<'_>) -> Option<Reading> {
    // What was asked for has its own reader, and so have choices in words.
    if look.state.asked.is_some() {
        return None;
    }
    match look.said.only()? {
        YesNo::Yes if look.state.asked_which => {
            Some(Reading::new(Reader::YesNo, PLAIN, "a yes to a choice of two", Decision::WhichOne))
        }
        YesNo::No if look.state.asked_which => {
            Some(Reading::new(Reader::YesNo, PLAIN, "neither of the two", Decision::Miss { refused: true }))
        }
        YesNo::Later => Some(Reading::new(Reader::YesNo, PLAIN, "not now", Decision::NotNow)),
        // "Ok" after an answer takes note of it; a "yes please" wants one of the things that are there to tap.
        // The first of them is what comes next most often, and leads to an answer or a question, never to an act.
        YesNo::Yes if look.state.topic.is_some() && wants(look) => {
            let can_come_next = |it: &&Choice| !it.id.starts_with(DO) && it.id != TALK_TO_HUMAN;
            let offered = &look.state.offered;
            let next = offered.iter().find(can_come_next).or(offered.first())?;
            let because = format!("a yes to what comes next: “{}”", next.label);
            Some(Reading::new(Reader::YesNo, WANTED, because, super::choice::chosen(look, &next.id)?))
        }
        YesNo::No if look.state.topic.is_some() => {
            Some(Reading::new(Reader::YesNo, 0.8, "a no to an answer", Decision::AnotherWay))
        }
        YesNo::Yes | YesNo::No => None,
    }
}

/// A yes that is more than "ok".
fn wants(look: &Looked<'_>) -> bool {
    let words = &look.said.words;
    let language = &look.content.language;
    language.fillers.at_start(words) < words.len()
}
