//! Words and names in a text: found with hyphens and stops between, and with one slip in a long word.

use std::collections::{HashMap, HashSet};

use super::text::{Kind, Text};
use super::words::NO_SLIPS;

/// Single words.
pub struct WordSet(HashSet<&'static str>);

impl WordSet {
    /// Of a text with spaces between.
    pub fn new(words: &'static str) -> Self {
        Self(words.split_whitespace().collect())
    }

    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// Names, found in a text piece by piece. A name that ends in `*` takes endings: "salasanani".
pub struct Names {
    by_first: HashMap<String, Vec<Vec<String>>>,
    long_firsts: Vec<String>,
    stems: Vec<String>,
    /// By the first byte of a first word, the lengths of such words as bits: most words of a text are none of them, and
    /// each is looked up in all names.
    lengths: Box<[u32; 256]>,
}

/// Words of this many letters are found with a slip in them.
pub const LONG_LETTERS: usize = 7;

impl Names {
    /// Of a text with commas between.
    pub fn new(names: &str) -> Self {
        let mut by_first: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        let mut stems = Vec::new();
        for name in names.split(',').map(str::trim) {
            let text = Text::read(name.trim_end_matches('*'));
            if name.ends_with('*') {
                stems.push(text.lower.clone());
            }
            let words: Vec<String> = (0..text.pieces.len()).map(|i| text.word(i).to_owned()).collect();
            by_first.entry(words[0].clone()).or_default().push(words);
        }
        for names in by_first.values_mut() {
            names.sort_by_key(|it| std::cmp::Reverse(it.len()));
        }
        let long_firsts = by_first.keys().filter(|it| LONG_LETTERS <= it.len() && it.is_ascii()).cloned().collect();
        let mut lengths = Box::new([0; 256]);
        for first in by_first.keys() {
            lengths[usize::from(first.as_bytes()[0])] |= bit(first.len());
        }
        Self { by_first, long_firsts, stems, lengths }
    }

    /// Whether a name may begin with a word, by its first letter and its length with a slip.
    fn may_begin(&self, word: &str) -> bool {
        let Some(first) = word.as_bytes().first() else { return false };
        let near = |n_bytes: usize| bit(n_bytes.saturating_sub(1)) | bit(n_bytes) | bit(n_bytes + 1);
        let near = near(word.len()) | near(bare(word).len());
        !self.stems.is_empty() || self.lengths[usize::from(*first)] & near != 0
    }

    /// The piece after the longest name that begins here.
    pub fn at(&self, text: &Text, i: usize) -> Option<usize> {
        if !matches!(text.kind(i), Some(Kind::Word | Kind::Digits)) || !self.may_begin(text.word(i)) {
            return None;
        }
        let word = bare(text.word(i));
        let names = self.by_first.get(text.word(i)).or_else(|| self.by_first.get(word)).or_else(|| {
            let slipped = self.long_firsts.iter().find(|it| is_slip(word, it));
            slipped.and_then(|it| self.by_first.get(it))
        });
        let Some(names) = names else {
            return self.stems.iter().any(|it| word.starts_with(it.as_str())).then_some(i + 1);
        };
        names.iter().find_map(|name| {
            let mut at = i;
            for (n, part) in name.iter().enumerate() {
                if 0 < n && text.is(at, Kind::Sign) && matches!(text.word(at), "-" | "." | "_" | "/" | "'" | "@" | "*")
                {
                    at += 1;
                }
                let word = text.word(at);
                if word != part && bare(word) != part && !is_slip(bare(word), part) {
                    return None;
                }
                at += 1;
            }
            Some(at)
        })
    }

    /// All names in a text: the pieces where they begin, and after.
    pub fn all(&self, text: &Text) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut i = 0;
        while i < text.pieces.len() {
            match self.at(text, i) {
                Some(next) => {
                    found.push((i, next));
                    i = next;
                }
                None => i += 1,
            }
        }
        found
    }
}

/// A length as a bit; all great ones are one.
fn bit(n_bytes: usize) -> u32 {
    1 << n_bytes.min(31)
}

/// "password's" is "password".
fn bare(word: &str) -> &str {
    word.strip_suffix("'s").unwrap_or(word)
}

/// A long word with one slip: a letter too much, too few, another one, or two that changed places.
pub fn is_slip(typed: &str, meant: &str) -> bool {
    LONG_LETTERS <= meant.len()
        && meant.len().abs_diff(typed.len()) <= 1
        && typed.as_bytes().first() == meant.as_bytes().first()
        && typed.is_ascii()
        && !NO_SLIPS.contains(typed)
        && strsim::osa_distance(typed, meant) <= 1
}
