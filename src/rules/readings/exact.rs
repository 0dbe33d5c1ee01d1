//! A conclusion from what the bot has told: "so i don't have to do anything then?".
//!
//! It is answered by the sentence that it rests on: with a yes, where that says the same and nothing stands against it,
//! else by the sentence alone, so that nobody is promised what was never said.

use super::{Looked, Reader, Reading};
use crate::content::language::Language;
use crate::conversation::{State, normal};
use crate::rules::said::stands_in;
use crate::rules::{Decision, Told, questions};

/// The sentence says the same.
const AGREES: f32 = 0.98;
/// The sentence that comes nearest, without a yes: whatever is understood as a question goes before it.
const NEAREST: f32 = 0.52;
/// Less near than this, the conclusion rests on something else.
const NEAR_MIN: f32 = 0.75;
/// Sentences that are looked at, the newest message's first: each has to be encoded.
const SENTENCES_MAX: usize = 12;
/// A longer message says more.
const WORDS_MAX: usize = 16;
/// A shorter sentence says too little to be said again.
const SENTENCE_WORDS_MIN: usize = 4;

/// The sentences, of those that the bot has told, on which a message may rest; none where it is no conclusion.
pub fn may_rest_on(language: &Language, state: &State, told: &[&str], text: &str) -> Vec<String> {
    let words = normal::words(text);
    if state.topic.is_none() || WORDS_MAX < words.len() || core(&words, language).is_none() {
        return Vec::new();
    }
    let mut sentences = Vec::new();
    for sentence in told.iter().flat_map(|it| questions::sentences(it, language)) {
        let sentence = sentence.trim_start_matches(['-', '•', ' ']).to_owned();
        let says = !sentence.ends_with('?') && SENTENCE_WORDS_MIN <= normal::words(&sentence).len();
        if says && !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    // What is all that was said last helps nobody who asks about it.
    let last = state.last_said.as_deref().unwrap_or_default();
    let is_all = |it: &String| last.ends_with(it.as_str()) && questions::sentences(last, language).len() == 1;
    let agrees = |it: &String| agrees(&words, it, language);
    sentences.retain(|it| !is_all(it) || agrees(it));
    sentences.truncate(SENTENCES_MAX);
    sentences
}

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let language = &look.content.language;
    let told = &look.heard.told;
    if let Some(told) = told.iter().find(|it| agrees(&look.said.words, &it.sentence, language)) {
        let because = format!("concludes what was told: “{}”", told.sentence);
        let decision = Decision::AsSaid { sentence: told.sentence.clone(), agrees: true };
        return Some(Reading::new(Reader::Check, AGREES, because, decision));
    }
    let Told { sentence, near } = nearest(told.iter(), language)?;
    if *near < NEAR_MIN || asks_to_do(&look.said.words, language) {
        return None;
    }
    let because = format!("concludes from what was told ({:.0} % near): “{sentence}”", near * 100.0);
    let decision = Decision::AsSaid { sentence: sentence.clone(), agrees: false };
    Some(Reading::new(Reader::Check, NEAREST, because, decision))
}

/// The sentence that comes nearest, of those that say something by themselves.
pub fn nearest<'a>(told: impl Iterator<Item = &'a Told>, language: &Language) -> Option<&'a Told> {
    let says_something = |it: &&Told| {
        let words = normal::words(&it.sentence);
        // "To be exact: Yes, …" would be an answer to what was asked before. Nor does advice say anything: "If you need
        // longer, …", "Get one, …", "A colleague can tell you about those before".
        let says_nothing = [&language.yes, &language.no, &language.conditions, &language.requests];
        let sends_on = words.iter().any(|it| language.person_words.contains(it));
        !sends_on && !says_nothing.iter().any(|it| 0 < it.at_start(&words))
    };
    told.filter(says_something).max_by(|one, other| one.near.total_cmp(&other.near))
}

/// Whether somebody is asked to do something, "ok well can someone check it then": that is no conclusion.
fn asks_to_do(words: &[String], language: &Language) -> bool {
    let asks = |it: &[String]| {
        language.yes_or_no_words.contains(&it[0])
            && (language.person_words.contains(&it[1]) || language.second_person.is(&it[1..]))
    };
    words.windows(2).any(asks)
}

/// What is concluded, without the words that only conclude or check; none where nothing is.
fn core<'a>(words: &'a [String], language: &Language) -> Option<&'a [String]> {
    let from = words.iter().take_while(|it| language.joiners.contains(*it)).count();
    let n_concludes = language.concludes.at_start(words).max(match language.concludes.at_start(&words[from..]) {
        0 => 0,
        n => from + n,
    });
    let end = (n_concludes..words.len()).find(|at| language.checks.is(&words[*at..]));
    if n_concludes == 0 && end.is_none() {
        return None;
    }
    let core = &words[n_concludes..end.unwrap_or(words.len())];
    // "So when …?" asks for more than a yes.
    let asks = |it: &String| language.question_words.contains(it) && !language.yes_or_no_words.contains(it);
    (!core.is_empty() && !core.iter().any(asks)).then_some(core)
}

/// Whether a sentence says what a message concludes: with its very words, as often turned round, of the same person, and
/// on no condition that the message leaves out. Figures are another reader's: only as a whole are they the same.
fn agrees(words: &[String], sentence: &str, language: &Language) -> bool {
    let Some(core) = core(words, language) else { return false };
    let said = normal::words(sentence);
    let is_not = |it: &&String| language.nots.has_word(it);
    let says_nothing = |it: &String| {
        [&language.nots, &language.first_person, &language.second_person].iter().any(|words| words.has_word(it))
            || language.fillers.is(std::slice::from_ref(it))
            || language.leaning.contains(it)
    };
    let telling: Vec<&String> = core.iter().filter(|it| !says_nothing(it)).collect();
    let is_enough = TELLING_MIN <= telling.len() || (!telling.is_empty() && said.len() <= SHORT_WORDS_MAX);
    let has_figure = core.iter().any(|it| it.contains(|letter: char| letter.is_ascii_digit()));
    let n_nots = |words: &[String]| words.iter().filter(is_not).count();
    let on_condition = |words: &[String]| language.conditions.find(words).is_some();
    is_enough
        && !has_figure
        && telling.iter().all(|it| stands_in(&said, it))
        && n_nots(core) % 2 == n_nots(&said) % 2
        && (on_condition(core) || !on_condition(&said))
        && of_same_person(core, &said, language)
}

/// So many words have to be the same, or one of a short sentence.
const TELLING_MIN: usize = 2;
const SHORT_WORDS_MAX: usize = 6;

/// Whether the first person that the customer names is the first one that the bot names: "I" and "you", "you" and "we".
fn of_same_person(core: &[String], said: &[String], language: &Language) -> bool {
    let first = |words: &[String]| {
        words.iter().find_map(|it| match (language.first_person.has_word(it), language.second_person.has_word(it)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        })
    };
    match (first(core), first(said)) {
        (Some(customer), Some(bot)) => customer != bot,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::said::tests::english;

    fn is_said(text: &str, sentence: &str) -> bool {
        agrees(&normal::words(text), sentence, &english())
    }

    #[test]
    fn what_was_told_in_these_words_is_agreed_to() {
        for (text, sentence) in [
            ("so i don't have to do anything then?", "You don't have to do anything."),
            ("so there is no fee for it?", "Yes, you can leave, and there is no fee for it."),
            ("then you take it from my card, right?", "We take it from your card."),
            ("you mean it stays on the bill", "Until then it stays on the bill."),
            ("so if i pay on time it can come off?", "If you pay on time, it can come off."),
        ] {
            assert!(is_said(text, sentence), "{text}");
        }
    }

    #[test]
    fn what_was_not_told_is_not() {
        for (text, sentence) in [
            // Turned round.
            ("so i have to do anything then?", "You don't have to do anything."),
            ("so it doesn't stay on the bill", "Until then it stays on the bill."),
            // Somebody else.
            ("so you owe for the old bill?", "You owe for the old bill."),
            // On a condition that is left out.
            ("so it can come off then?", "If you pay on time, it can come off."),
            // Another word, a figure, a question for more, nothing concluded.
            ("so there is no fee for my neighbour?", "There is no fee for it."),
            ("so there is a fee of 12 for it?", "There is a fee of £5.12 for it."),
            ("so when is there no fee for it?", "There is no fee for it."),
            ("there is no fee for it", "There is no fee for it."),
            ("so?", "There is no fee for it."),
        ] {
            assert!(!is_said(text, sentence), "{text}");
        }
    }

    #[test]
    fn who_asks_for_something_to_be_done_concludes_nothing() {
        let asks = |text: &str| asks_to_do(&normal::words(text), &english());
        assert!(asks("ok well can someone check that then because evening calls are in it"));
        assert!(asks("so could you take it off then"));
        assert!(!asks("so someone checks it then"));
    }

    #[test]
    fn sentences_that_a_conclusion_may_rest_on_are_told_ones() {
        let state = State { topic: Some("a".into()), last_said: Some("It stays so.".into()), ..State::default() };
        let told = ["Your bill is £3.00. Shall I send it? You don't have to do anything.", "It stays so."];
        let found = |text: &str| may_rest_on(&english(), &state, &told, text);
        assert_eq!(found("so i do nothing then?"), ["Your bill is £3.00.", "You don't have to do anything."]);
        assert!(found("i do nothing").is_empty(), "nothing is concluded");
        assert!(may_rest_on(&english(), &State::default(), &told, "so i do nothing then?").is_empty());
    }
}
