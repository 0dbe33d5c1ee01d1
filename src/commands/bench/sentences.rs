//! Sentences to measure with, made from lists of words, so that they are the same everywhere and nobody's own.

use crate::classifier::{Example, Lessons, OUT_OF_SCOPE};
use crate::content::file::Thresholds;

/// Intents that there are words for: one for each deed and thing.
pub const INTENTS_MAX: usize = DEEDS.len() * THINGS.len();

/// Examples of each intent.
pub const EXAMPLES_EACH: usize = OPENINGS.len() * ENDINGS.len();

const DEEDS: [&str; 10] =
    ["pay", "see", "change", "stop", "question", "move", "get back", "correct", "understand", "share"];

const THINGS: [&str; 10] = [
    "the newest bill",
    "my card",
    "the discount",
    "a late fee",
    "our address",
    "my plan",
    "the tax",
    "a refund",
    "the meter reading",
    "my contract",
];

const OPENINGS: [&str; 6] =
    ["how do I", "I would like to", "please help me", "is it possible to", "we tried all day to", "can you"];

const ENDINGS: [&str; 5] = ["", "today", "before Friday, please?", "for my flat", "without calling anyone"];

/// The first so many intents with their examples; the last of them stands for out of scope.
pub fn lessons(n_intents: usize) -> Lessons {
    let pairs = DEEDS.iter().flat_map(|deed| THINGS.iter().map(move |thing| (deed, thing)));
    let mut examples = Vec::with_capacity(n_intents * EXAMPLES_EACH);
    for (i, (deed, thing)) in pairs.take(n_intents).enumerate() {
        let intent = if i + 1 == n_intents { OUT_OF_SCOPE.to_owned() } else { format!("intent_{i}") };
        for opening in OPENINGS {
            for ending in ENDINGS {
                let text = format!("{opening} {deed} {thing} {ending}").trim_end().to_owned();
                examples.push(Example { intent: intent.clone(), text });
            }
        }
    }
    let thresholds = Thresholds { wrong_answers: 0.03, answer: Some(0.5), ask_back: 0.3, known: 0.5 };
    Lessons { examples, follow_ups: Vec::new(), thresholds, out_of_scope: OUT_OF_SCOPE.to_owned() }
}

/// A text of so many tokens, by the count given; each seed has another.
pub fn text_of(n_tokens: usize, seed: usize, count: impl Fn(&str) -> usize) -> String {
    let words = DEEDS.iter().chain(&THINGS).chain(&OPENINGS).flat_map(|phrase| phrase.split(' '));
    let mut text = String::new();
    for word in words.cycle().skip(seed) {
        let longer = if text.is_empty() { word.to_owned() } else { format!("{text} {word}") };
        if n_tokens < count(&longer) {
            break;
        }
        text = longer;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_example_is_another_sentence() {
        let lessons = lessons(INTENTS_MAX);
        let texts: BTreeSet<&str> = lessons.examples.iter().map(|it| it.text.as_str()).collect();
        let intents: BTreeSet<&str> = lessons.examples.iter().map(|it| it.intent.as_str()).collect();
        assert_eq!((texts.len(), intents.len()), (INTENTS_MAX * EXAMPLES_EACH, INTENTS_MAX));
    }

    #[test]
    fn texts_have_the_length_that_is_asked_for() {
        let n_words = |text: &str| text.split(' ').count();
        for seed in 0..50 {
            assert_eq!(n_words(&text_of(16, seed, n_words)), 16);
        }
        assert_ne!(text_of(8, 1, n_words), text_of(8, 2, n_words));
    }
}
