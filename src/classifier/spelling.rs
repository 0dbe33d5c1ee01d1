//! Mends a customer's typing before the encoder sees it: a slip in a word, words run together, pictures between words.
//!
//! Only words that neither the encoder nor the examples know are touched. A slip is undone as Norvig does ("How to write
//! a spelling corrector", 2007): of the known words one slip away the likeliest, those of the examples first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// Letters from which on a word can be mended; shorter ones have too many neighbors.
const MEND_LETTERS_MIN: usize = 3;

/// Letters from which on a word may be several run together.
const SPLIT_LETTERS_MIN: usize = 10;

/// Letters of a word that are looked at; nobody means anything by a longer one.
const LETTERS_MAX: usize = 60;

/// Unknown words of a message that are looked at; with more of them no mending makes sense of it.
const UNKNOWN_MAX: usize = 40;

/// Times that a word stands in the examples from which on it is one, even where the encoder doesn't know it.
const TIMES_MIN: usize = 3;

/// The words that there are.
#[derive(Debug, Default)]
pub struct Spelling {
    /// Those of the examples, with how often each stands there.
    times: HashMap<String, usize>,
    /// Those of the encoder, with their places: the frequent ones come first.
    known: Arc<HashMap<String, u32>>,
}

impl Spelling {
    /// Learns the words of these texts, beside those that the encoder knows.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, known: Arc<HashMap<String, u32>>) -> Self {
        let mut times: HashMap<String, usize> = HashMap::new();
        for word in texts.flat_map(pieces).filter(|it| is_word(it)) {
            *times.entry(word.to_lowercase()).or_default() += 1;
        }
        Self { times, known }
    }

    /// How often the examples have a word; nothing where it may be a slip of theirs.
    fn times(&self, word: &str) -> Option<usize> {
        self.times.get(word).copied().filter(|n| TIMES_MIN <= *n || self.known.contains_key(word))
    }

    /// The text with its slips mended; the same text, single-spaced, where there is nothing to mend.
    pub fn mend(&self, text: &str) -> String {
        let plain: String = text.chars().map(|it| if is_picture(it) { ' ' } else { it }).collect();
        let text = if plain.chars().any(char::is_alphanumeric) { plain.as_str() } else { text };
        let mut mended = String::with_capacity(text.len());
        let mut n_unknown = 0;
        for piece in pieces(text) {
            let unknown = self.unknown(piece).filter(|_| n_unknown < UNKNOWN_MAX);
            n_unknown += usize::from(unknown.is_some());
            // Words run together hold more letters than any slip explains, so that is tried first.
            match unknown.and_then(|word| self.split(&word).or_else(|| self.nearest(&word))) {
                Some(better) => mended.push_str(&better),
                None => mended.push_str(piece),
            }
        }
        mended.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// A piece in small letters, where it is a word that nobody knows.
    fn unknown(&self, piece: &str) -> Option<String> {
        if !is_word(piece) || !(MEND_LETTERS_MIN..=LETTERS_MAX).contains(&piece.len()) {
            return None;
        }
        let word = piece.to_lowercase();
        (!self.times.contains_key(&word) && !self.known.contains_key(&word)).then_some(word)
    }

    /// The likeliest word that is one slip away: of the examples where there is one, else of the encoder.
    fn nearest(&self, word: &str) -> Option<String> {
        // "customer's" is no slip of "customers".
        let alike = |it: &String| MEND_LETTERS_MIN <= it.len() && it.contains('\'') == word.contains('\'');
        let slips = || slips(word).into_iter().filter(alike);
        // The first letter is seldom wrong, and ties go by the alphabet so that the same text is always mended alike.
        let starts_alike = |it: &String| it.as_bytes().first() == word.as_bytes().first();
        let ours = slips().filter_map(|it| Some((starts_alike(&it), self.times(&it)?, Reverse(it))));
        let others = || slips().filter_map(|it| Some((starts_alike(&it), Reverse(*self.known.get(&it)?), Reverse(it))));
        let best = ours.max().map(|it| it.2.0);
        best.or_else(|| others().max().map(|it| it.2.0))
    }

    /// The words that were run together, where it is wholly made of words of the examples: the likeliest way by how
    /// often each word stands there.
    fn split(&self, word: &str) -> Option<String> {
        if word.len() < SPLIT_LETTERS_MIN {
            return None;
        }
        let total: usize = self.times.values().sum();
        // Per end: how unlikely the best way to there is, and where its last word begins.
        let mut best: Vec<Option<(f64, usize)>> = vec![None; word.len() + 1];
        best[0] = Some((0.0, 0));
        for end in 1..=word.len() {
            for start in 0..end {
                let (Some((cost, _)), Some(last)) = (best[start], word.get(start..end)) else { continue };
                let Some(times) = self.times(last) else { continue };
                // A word of one letter would fit in anywhere.
                if last.len() == 1 && !matches!(last, "i" | "a") {
                    continue;
                }
                let cost = cost + (total as f64 / times as f64).ln();
                if best[end].is_none_or(|(least, _)| cost < least) {
                    best[end] = Some((cost, start));
                }
            }
        }
        let mut words = Vec::new();
        let mut end = word.len();
        while 0 < end {
            let (_, start) = best[end]?;
            words.push(word.get(start..end)?);
            end = start;
        }
        words.reverse();
        Some(words.join(" "))
    }
}

/// All texts that are one slip away: a letter less, two that changed places, another letter, a letter more.
fn slips(word: &str) -> Vec<String> {
    let mut slips = Vec::with_capacity(54 * word.len() + 26);
    let letters = || (b'a'..=b'z').map(char::from);
    for at in 0..=word.len() {
        let (before, after) = word.split_at(at);
        slips.extend(letters().map(|letter| format!("{before}{letter}{after}")));
        let Some((first, rest)) = after.split_at_checked(1) else { continue };
        slips.push(format!("{before}{rest}"));
        slips.extend(letters().map(|letter| format!("{before}{letter}{rest}")));
        if let Some((second, rest)) = rest.split_at_checked(1) {
            slips.push(format!("{before}{second}{first}{rest}"));
        }
    }
    slips
}

/// A text as words and what stands between them, in turns.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let kind = first.is_alphanumeric() || first == '\'';
        let end = rest.find(|it: char| (it.is_alphanumeric() || it == '\'') != kind).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

/// Whether a piece is a word of plain letters: numbers, names with accents and stops are left alone.
fn is_word(piece: &str) -> bool {
    piece.bytes().all(|it| it.is_ascii_alphabetic() || it == b'\'') && piece.bytes().any(|it| it.is_ascii_alphabetic())
}

/// A picture between words says little, and the encoder knows none.
fn is_picture(letter: char) -> bool {
    matches!(letter, '\u{200d}' | '\u{fe0f}' | '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [&str; 13] =
        ["why", "is", "my", "bill", "so", "high", "refund", "the", "this", "month", "piano", "from", "form"];

    fn spelling() -> Spelling {
        let texts = [
            "why is my bill so high this month",
            "refund the bill",
            "why is autopay off",
            "autopay",
            "my autopay",
            "don't",
            "I don't",
            "don't",
        ];
        let known = KNOWN.iter().zip(0..).map(|(word, place)| ((*word).to_owned(), place)).collect();
        Spelling::of(texts.into_iter(), Arc::new(known))
    }

    fn check(text: &str, wanted: &str) {
        assert_eq!(spelling().mend(text), wanted);
    }

    #[test]
    fn a_slip_is_mended() {
        check("why is my blil so hihg", "why is my bill so high");
        check("Refnd my bil!", "refund my bill!");
        check("autopya", "autopay");
        check("pianno fomr", "piano form");
        check("doon't", "don't");
    }

    #[test]
    fn words_that_are_known_stay_as_they_are() {
        for text in ["why is my piano so high", "bill's", "Refund THE BILL", "INV-1042 £12.50", "José", "xy", ""] {
            check(text, text);
        }
    }

    #[test]
    fn words_run_together_are_told_apart() {
        check("whyismybillsohigh", "why is my bill so high");
        check("refundthebill please", "refund the bill please");
        check("supercalifragilistic", "supercalifragilistic");
    }

    #[test]
    fn pictures_go_unless_there_is_nothing_else() {
        check("refund 💸 the 🙏🏽 bill", "refund the bill");
        check("👍", "👍");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}|[a-z ']{0,200}") {
            let _ = spelling().mend(&text);
        }
    }
}
