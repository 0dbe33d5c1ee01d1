//! Mends a customer's typing before the encoder sees it: a slip in a word, words run together, pictures between words.
//!
//! Only words that the encoder does not know are touched, and only towards words that the content's examples use.

use std::collections::HashMap;

/// Letters from which on a word can be mended; shorter ones have too many neighbors.
const MEND_LETTERS_MIN: usize = 4;

/// Letters from which on a word may be several run together.
const SPLIT_LETTERS_MIN: usize = 10;

/// Letters of a word that are looked at; nobody means anything by a longer one.
const LETTERS_MAX: usize = 60;

/// Words of a message that are looked at.
const WORDS_MAX: usize = 200;

/// Times that a word stands in the examples from which on it is one, even where the encoder doesn't know it.
const TIMES_MIN: usize = 3;

/// The words of the examples, with how often each stands there.
#[derive(Debug, Default)]
pub struct Spelling {
    times: HashMap<String, usize>,
    /// The words by their length, for looking through those that are near.
    by_length: HashMap<usize, Vec<String>>,
}

impl Spelling {
    /// Learns the words of these texts; `is_known` says whether the encoder knows a word whole.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, is_known: &dyn Fn(&str) -> bool) -> Self {
        let mut times: HashMap<String, usize> = HashMap::new();
        for word in texts.flat_map(pieces).filter(|it| is_word(it)) {
            *times.entry(word.to_lowercase()).or_default() += 1;
        }
        times.retain(|word, n| TIMES_MIN <= *n || is_known(word));
        let mut by_length: HashMap<usize, Vec<String>> = HashMap::new();
        for word in times.keys() {
            by_length.entry(word.len()).or_default().push(word.clone());
        }
        Self { times, by_length }
    }

    /// The text with its slips mended; the same text where there is nothing to mend.
    pub fn mend(&self, text: &str, is_known: &dyn Fn(&str) -> bool) -> String {
        let plain: String = text.chars().map(|it| if is_picture(it) { ' ' } else { it }).collect();
        let text = if plain.chars().any(char::is_alphanumeric) { plain.as_str() } else { text };
        let mut mended = String::with_capacity(text.len());
        let mut n_seen = 0;
        for piece in pieces(text) {
            n_seen += usize::from(is_word(piece));
            match self.better(piece, is_known).filter(|_| n_seen <= WORDS_MAX) {
                Some(better) => mended.push_str(&better),
                None => mended.push_str(piece),
            }
        }
        mended.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// What was probably meant by a piece; nothing where it is a word as it stands.
    fn better(&self, piece: &str, is_known: &dyn Fn(&str) -> bool) -> Option<String> {
        if !is_word(piece) || !(MEND_LETTERS_MIN..=LETTERS_MAX).contains(&piece.len()) {
            return None;
        }
        let word = piece.to_lowercase();
        if self.times.contains_key(&word) || is_known(&word) {
            return None;
        }
        self.nearest(&word).or_else(|| self.split(&word))
    }

    /// The most frequent word that one slip makes this one of: a letter more, less, another, or two that changed places.
    fn nearest(&self, word: &str) -> Option<String> {
        let near = (word.len() - 1..=word.len() + 1).filter_map(|n| self.by_length.get(&n)).flatten();
        let one_slip = near.filter(|it| MEND_LETTERS_MIN <= it.len() && strsim::osa_distance(it, word) == 1);
        // The first letter is seldom wrong, and ties go by the alphabet so that the same text is always mended alike.
        let rank = |it: &&String| (it.as_bytes().first() == word.as_bytes().first(), self.times.get(*it).copied());
        one_slip.max_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| other.cmp(one))).cloned()
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
                let Some(times) = self.times.get(last) else { continue };
                // A word of one letter would fit in anywhere.
                if last.len() == 1 && !matches!(last, "i" | "a") {
                    continue;
                }
                let cost = cost + (total as f64 / *times as f64).ln();
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

    const KNOWN: [&str; 12] =
        ["why", "is", "my", "bill", "so", "high", "refund", "the", "this", "month", "piano", "from"];

    fn spelling() -> Spelling {
        let texts =
            ["why is my bill so high this month", "refund the bill", "why is autopay off", "autopay", "my autopay"];
        Spelling::of(texts.into_iter(), &|it| KNOWN.contains(&it))
    }

    fn check(text: &str, wanted: &str) {
        assert_eq!(spelling().mend(text, &|it| KNOWN.contains(&it)), wanted);
    }

    #[test]
    fn a_slip_is_mended() {
        check("why is my blil so hihg", "why is my bill so high");
        check("Refnd my bil!", "refund my bil!");
        check("autopya", "autopay");
    }

    #[test]
    fn words_that_are_known_stay_as_they_are() {
        for text in ["why is my piano so high", "Refund THE BILL", "INV-1042 £12.50", "José", "xy", ""] {
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
            let _ = spelling().mend(&text, &|it| KNOWN.contains(&it));
        }
    }
}
