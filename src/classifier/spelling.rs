//! Mends a customer's typing before the encoder sees it: a slip in a word, words run together, pictures between words.
//!
//! Only words that no example has are touched, and rare ones that the encoder knows only where another is far likelier.
//! A slip is undone by a noisy channel (Kernighan, Church and Gale, COLING 1990): of the known words one slip away, the
//! one that most likely was meant here, between its neighbors, and came out like this.

use std::collections::HashMap;
use std::sync::Arc;

pub mod slips;

/// Letters from which on a word can be mended; shorter ones have too many neighbors.
const MEND_LETTERS_MIN: usize = 3;

/// Letters from which on a word may be several run together.
const SPLIT_LETTERS_MIN: usize = 10;

/// Letters of a word that are looked at; nobody means anything by a longer one.
const LETTERS_MAX: usize = 60;

/// Words of a message that no example has and that are looked at; with more of them no mending makes sense of it.
const NEW_MAX: usize = 40;

/// How much likelier another word must be, as a logarithm, before one that the encoder knows counts as its slip: "wat" for
/// "what". At 8 as many slips come right, and twice as many words that were meant go wrong.
const WORD_STAYS: f64 = 11.0;

/// Times that a word stands in the examples from which on it is one, even where the encoder doesn't know it.
const TIMES_MIN: usize = 3;

/// The same for a word that only an example or two have: authors slip as well.
const TYPED_STAYS: f64 = 3.0;

/// The encoder's words before this place are so frequent that they are meant; looking for others costs time.
const COMMON_MAX: u32 = 5_000;

/// How much the encoder's own words count beside those of the examples, whose shares sum to one: this divided by the
/// word's place (Zipf's law), and by `PLACES` more so that the first ones don't count for everything.
const ENCODERS_SHARE: f64 = 0.005;
const PLACES: f64 = 50.0;

/// Times that a word must have been seen before its neighbors count as much as how frequent they are anyway.
const NEIGHBORS_FROM: f64 = 4.0;

/// How much the word that follows counts against the one before, which is mended already.
const NEXT_COUNTS: f64 = 0.7;

/// The words that there are.
#[derive(Debug, Default)]
pub struct Spelling {
    /// Those of the examples, with a number and how often each stands there.
    times: HashMap<String, (u32, usize)>,
    /// All of these together.
    total: usize,
    /// How often one word of the examples follows another, by their numbers.
    pairs: HashMap<(u32, u32), usize>,
    /// Those of the encoder, with their places: the frequent ones come first.
    known: Arc<HashMap<String, u32>>,
}

/// Before the first word and after the last one.
const EDGE: &str = "";

impl Spelling {
    /// Learns the words of these texts, beside those that the encoder knows.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, known: Arc<HashMap<String, u32>>) -> Self {
        let mut learnt = Self { known, ..Self::default() };
        for text in texts {
            let mut before = learnt.count(EDGE);
            for word in pieces(text).filter(|it| is_read(it)) {
                before = learnt.count_after(before, &word.to_lowercase());
            }
            learnt.count_after(before, EDGE);
        }
        // Each text has two edges, and they are no words.
        let n_edges = learnt.times.get(EDGE).map_or(0, |it| it.1);
        learnt.total -= n_edges;
        learnt
    }

    fn count(&mut self, word: &str) -> u32 {
        let number = self.times.len() as u32;
        let (number, times) = self.times.entry(word.to_owned()).or_insert((number, 0));
        *times += 1;
        self.total += 1;
        *number
    }

    fn count_after(&mut self, before: u32, word: &str) -> u32 {
        let number = self.count(word);
        *self.pairs.entry((before, number)).or_default() += 1;
        number
    }

    /// How often the examples have a word; nothing where it may be a slip of theirs.
    fn times(&self, word: &str) -> Option<usize> {
        self.times.get(word).map(|it| it.1).filter(|n| TIMES_MIN <= *n || self.known.contains_key(word))
    }

    /// The text with its slips mended; the same text, single-spaced, where there is nothing to mend.
    pub fn mend(&self, text: &str) -> String {
        let plain: String = text.chars().map(|it| if is_picture(it) { ' ' } else { it }).collect();
        let text = if plain.chars().any(char::is_alphanumeric) { plain.as_str() } else { text };
        let pieces: Vec<&str> = pieces(text).collect();
        let mut mended = String::with_capacity(text.len());
        // Of several words of which none is known, a short one is no slip of anything: "asdkjh qwe".
        let mut words = pieces.iter().filter(|it| is_word(it)).take(NEW_MAX);
        let no_words = 1 < words.clone().count() && words.all(|it| self.new_word(it).is_some());
        let (mut n_new, mut before) = (0, EDGE.to_owned());
        for (at, piece) in pieces.iter().enumerate() {
            let may_be_slip = !no_words || MEND_LETTERS_MIN < piece.len();
            let new = self.new_word(piece).filter(|_| n_new < NEW_MAX && may_be_slip);
            n_new += usize::from(new.is_some());
            let next = || pieces[at + 1..].iter().find(|it| is_read(it)).map_or(String::new(), |it| it.to_lowercase());
            let better = new.and_then(|word| self.better(&word, &before, &next()));
            let word = better.as_deref().unwrap_or(piece);
            mended.push_str(word);
            if is_read(word) {
                before = word.rsplit(' ').next().unwrap_or_default().to_lowercase();
            }
        }
        mended.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// A piece in small letters, where it is a word that hardly any example has, and no frequent one.
    fn new_word(&self, piece: &str) -> Option<String> {
        if !is_word(piece) || !(MEND_LETTERS_MIN..=LETTERS_MAX).contains(&piece.len()) {
            return None;
        }
        let word = piece.to_lowercase();
        let is_common = self.known.get(&word).is_some_and(|place| *place < COMMON_MAX);
        (!is_common && self.times(&word).is_none()).then_some(word)
    }

    /// What stands for a new word between these two, where it is no word or hardly meant.
    fn better(&self, word: &str, before: &str, next: &str) -> Option<String> {
        let ours = |it: &str| self.times(it).is_some();
        let is_typed = || self.times.contains_key(word).then_some(TYPED_STAYS);
        let margin = if self.known.contains_key(word) { Some(WORD_STAYS) } else { is_typed() };
        if let Some(margin) = margin {
            let stays = self.fits(word, before, next) + margin;
            // Only a word of the examples can be so much likelier.
            let likeliest = self.likeliest(word, before, next, ours);
            return likeliest.filter(|it| stays < it.0).map(|it| it.1);
        }
        let likeliest = || self.likeliest(word, before, next, |it| self.known.contains_key(it) || ours(it));
        // Words run together hold more letters than any slip explains, so that is tried first.
        self.split(word).or_else(|| likeliest().map(|it| it.1))
    }

    /// The word that was most likely meant, between these two, and how likely; nothing where none is one slip away.
    fn likeliest(&self, word: &str, before: &str, next: &str, is_word: impl Fn(&str) -> bool) -> Option<(f64, String)> {
        // "customer's" is no slip of "customers".
        let is_like = |it: &str| MEND_LETTERS_MIN <= it.len() && (it.contains('\'') || !word.contains('\''));
        let mut best: Option<(f64, String)> = None;
        slips::each_slip(word, |it, slip| {
            if it == word || !is_like(it) || !is_word(it) {
                return;
            }
            let weight = slip + self.fits(it, before, next);
            // Ties go by the alphabet, so that the same text is always mended alike.
            let is_better = |(most, than): &(f64, String)| most.total_cmp(&weight).then(it.cmp(than)).is_lt();
            if best.as_ref().is_none_or(is_better) {
                best = Some((weight, it.to_owned()));
            }
        });
        best
    }

    /// How well a word fits between two others, as a log-likelihood.
    fn fits(&self, word: &str, before: &str, next: &str) -> f64 {
        let after_it = if self.times.contains_key(next) {
            self.follows(word, next).ln() - self.share(next).ln()
        } else {
            // Nothing is known of that word, so it speaks for none.
            0.0
        };
        self.follows(before, word).ln() + NEXT_COUNTS * after_it
    }

    /// How likely a word is after another one.
    fn follows(&self, before: &str, word: &str) -> f64 {
        let (number, times) = self.times.get(before).map_or((None, 0), |it| (Some(it.0), it.1));
        let pair = number.zip(self.times.get(word).map(|it| it.0));
        let together = pair.and_then(|it| self.pairs.get(&it)).copied().unwrap_or_default();
        (together as f64 + NEIGHBORS_FROM * self.share(word)) / (times as f64 + NEIGHBORS_FROM)
    }

    /// How frequent a word is; never nothing.
    fn share(&self, word: &str) -> f64 {
        let ours = self.times.get(word).map_or(0, |it| it.1) as f64 / self.total.max(1) as f64;
        let encoders = self.known.get(word).map_or(0.0, |place| ENCODERS_SHARE / (f64::from(*place) + PLACES));
        ours + encoders + f64::MIN_POSITIVE
    }

    /// The words that were run together, where it is wholly made of words of the examples: the likeliest way by how
    /// often each word stands there.
    fn split(&self, word: &str) -> Option<String> {
        if word.len() < SPLIT_LETTERS_MIN {
            return None;
        }
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
                let cost = cost + (self.total as f64 / times as f64).ln();
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

/// Whether a piece is read as a word or a number, and not passed over.
fn is_read(piece: &str) -> bool {
    piece.contains(char::is_alphanumeric)
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
        // Where no word is known, a short one is none either.
        check("xqzkjh bil", "xqzkjh bil");
    }

    #[test]
    fn neighbors_say_which_word_was_meant() {
        let texts = ["turn off autopay", "turn off the tap", "a fee for you", "a bill for me", "for what"];
        let spelling = Spelling::of(texts.into_iter().cycle().take(50), Arc::default());
        for (text, wanted) in [("turn fof autopay", "turn off autopay"), ("a fee fof you", "a fee for you")] {
            assert_eq!(spelling.mend(text), wanted);
        }
    }

    #[test]
    fn words_that_are_known_stay_as_they_are() {
        for text in ["why is my piano so high", "bill's", "Refund THE BILL", "INV-1042 £12.50", "José", "xy", ""] {
            check(text, text);
        }
    }

    #[test]
    fn a_word_that_hardly_anybody_uses_is_a_slip_of_one_that_fits_far_better() {
        let known = Arc::new(HashMap::from([("bil".to_owned(), 20_000), ("wire".to_owned(), 3_000)]));
        let texts = ["why is my bill so high", "pay my bill", "my wife"];
        let spelling = Spelling::of(texts.into_iter().cycle().take(90), known);
        assert_eq!(spelling.mend("pay my bil"), "pay my bill");
        let with_slip = ["pay my bill"].into_iter().cycle().take(90).chain(["my bil has a fault"]);
        assert_eq!(Spelling::of(with_slip, Arc::default()).mend("pay my bil"), "pay my bill");
        // Both are words, and either may be meant.
        assert_eq!(spelling.mend("pay by wire"), "pay by wire");
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
