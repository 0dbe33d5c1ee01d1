//! Finds urgent words in what somebody says: as whole words, with one slip of typing in a long one.

use crate::conversation::normal;

use super::file::UrgentRule;

/// From so many letters on, a word of an urgent phrase may have one slip of typing.
const SLIP_LETTERS_MIN: usize = 6;

/// A rule's words, ready to be looked for.
#[derive(Debug)]
pub(super) struct UrgentWords {
    phrases: Vec<Phrase>,
    unless: Vec<Phrase>,
}

/// A phrase as [`bare_words`].
#[derive(Debug)]
struct Phrase {
    words: Vec<String>,
    /// One of its words may have a slip in it.
    may_slip: bool,
}

impl UrgentWords {
    pub fn of(rule: &UrgentRule) -> Self {
        Self { phrases: phrases(&rule.phrases), unless: phrases(&rule.unless) }
    }

    /// Whether the rule is met by a text, as [`bare_words`].
    pub fn are_in(&self, said: &[String]) -> bool {
        let stands = |phrases: &[Phrase]| phrases.iter().any(|it| it.stands_in(said));
        stands(&self.phrases) && !stands(&self.unless)
    }
}

/// Phrases that have words.
fn phrases(texts: &[String]) -> Vec<Phrase> {
    texts.iter().map(|it| Phrase::of(it)).filter(|it| !it.words.is_empty()).collect()
}

/// Whether there is a word to look for.
pub(super) fn has_words(phrase: &str) -> bool {
    !bare_words(phrase).is_empty()
}

/// A text's words in their normal form; apostrophes are left out, since many people type none, and "cannot" is "can't".
pub(super) fn bare_words(text: &str) -> Vec<String> {
    let mut bare: Vec<String> = Vec::new();
    for word in normal::words(text) {
        match word.as_str() {
            "cannot" => bare.push("cant".to_owned()),
            "not" if bare.last().is_some_and(|it| it == "can") => {
                *bare.last_mut().expect("it is there") = "cant".to_owned()
            }
            _ => bare.push(word.replace('\'', "")),
        }
    }
    bare
}

impl Phrase {
    fn of(text: &str) -> Self {
        let words = bare_words(text);
        let may_slip = 2 <= words.len() && words.iter().any(|it| SLIP_LETTERS_MIN <= it.len());
        Self { words, may_slip }
    }

    fn stands_in(&self, said: &[String]) -> bool {
        said.windows(self.words.len()).any(|window| {
            let mut differ = window.iter().zip(&self.words).filter(|(one, other)| one != other);
            match (differ.next(), differ.next()) {
                (None, _) => true,
                (Some((one, other)), None) => self.may_slip && is_slip(one, other),
                _ => false,
            }
        })
    }
}

fn is_slip(typed: &str, meant: &str) -> bool {
    typed.len().min(meant.len()) + 1 >= SLIP_LETTERS_MIN
        && SLIP_LETTERS_MIN <= meant.len()
        && typed.chars().next() == meant.chars().next()
        && strsim::osa_distance(typed, meant) == 1
}
