//! Phrases of one or more words, looked up in the words of a message.

use std::collections::{HashMap, HashSet};

use crate::conversation::normal;

/// Phrases as lists of words, by their first word; of one first word the longest first.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    by_first: HashMap<String, Vec<Vec<String>>>,
    words: HashSet<String>,
}

impl Phrases {
    /// Phrases as somebody types them; without their apostrophes too, as most people type.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut phrases = Self::default();
        for words in texts.into_iter().map(normal::words) {
            let typed: Vec<String> = words.iter().map(|it| it.replace('\'', "")).collect();
            for phrase in [words, typed] {
                phrases.add(phrase);
            }
        }
        for same_first in phrases.by_first.values_mut() {
            same_first.sort_by_key(|it| std::cmp::Reverse(it.len()));
        }
        phrases
    }

    fn add(&mut self, phrase: Vec<String>) {
        let Some(first) = phrase.first() else { return };
        let same_first = self.by_first.entry(first.clone()).or_default();
        if !same_first.contains(&phrase) {
            self.words.extend(phrase.iter().cloned());
            same_first.push(phrase);
        }
    }

    fn beginning_with(&self, first: Option<&String>) -> impl Iterator<Item = &Vec<String>> {
        first.and_then(|it| self.by_first.get(it)).into_iter().flatten()
    }

    /// How many words of the beginning are the longest phrase that stands there; 0 for none.
    pub fn at_start(&self, words: &[String]) -> usize {
        self.beginning_with(words.first()).find(|it| words.starts_with(it)).map_or(0, Vec::len)
    }

    /// Where the first phrase begins that stands in the words, and how long it is.
    pub fn find(&self, words: &[String]) -> Option<(usize, usize)> {
        (0..words.len()).find_map(|at| match self.at_start(&words[at..]) {
            0 => None,
            n => Some((at, n)),
        })
    }

    /// Whether a word stands in one of them.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Whether the words are one of them, neither more nor less.
    pub fn is(&self, words: &[String]) -> bool {
        self.beginning_with(words.first()).any(|it| it == words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words_the_longest_first() {
        let phrases = Phrases::of(["yes", "yes please", "don't", ""]);
        let words = |text: &str| normal::words(text);
        assert_eq!(phrases.at_start(&words("Yes, please do")), 2);
        assert_eq!(phrases.at_start(&words("yesterday")), 0);
        assert_eq!(phrases.at_start(&[]), 0);
        assert_eq!(phrases.find(&words("I dont want it")), Some((1, 1)));
        assert!(phrases.is(&words("YES please!")) && !phrases.is(&words("yes please now")) && !phrases.is(&[]));
        assert!(phrases.has_word("please") && !phrases.has_word("do"));
    }
}
