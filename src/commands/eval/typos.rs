//! Types texts as people in a hurry do, so that it can be measured what slips cost.

use crate::classifier::spelling::slips;

/// One word in so many has a slip.
const TYPO_EVERY: usize = 4;

/// Letters from which on a word has one: slips in shorter words are mostly other words.
const LETTERS_MIN: usize = 4;

/// Makes slips, the same ones each time that it begins anew.
pub struct Typist {
    state: u64,
}

impl Typist {
    /// Begins with this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The text with one slip for every four words, in words of four letters or more: two letters changed places, one
    /// too many, one too few, or the key beside it. People seldom miss the first letter.
    pub fn types(&mut self, text: &str) -> String {
        let mut words: Vec<Vec<char>> = text.split(' ').map(|word| word.chars().collect()).collect();
        let is_long = |word: &&mut Vec<char>| LETTERS_MIN <= word.iter().filter(|it| it.is_alphabetic()).count();
        let n_words = words.len();
        let mut long: Vec<&mut Vec<char>> = words.iter_mut().filter(is_long).collect();
        let (n_long, first) = (long.len(), self.below(long.len()));
        let n = n_words.div_ceil(TYPO_EVERY).min(n_long);
        for i in 0..n {
            self.slip(long[(first + i * n_long / n) % n_long]);
        }
        words.into_iter().map(String::from_iter).collect::<Vec<_>>().join(" ")
    }

    fn slip(&mut self, word: &mut Vec<char>) {
        let at = 1 + self.below(word.len() - 2);
        match self.below(4) {
            0 => word.swap(at, at + 1),
            1 => word.insert(at, word[at]),
            2 => drop(word.remove(at)),
            _ => {
                let beside: Vec<char> = slips::keys_beside(word[at]).collect();
                // A sign that no other lies beside is typed twice.
                match beside.get(self.below(beside.len())) {
                    Some(key) => word[at] = *key,
                    None => word.insert(at, word[at]),
                }
            }
        }
    }

    /// A number below the bound, or 0 (an LCG with Knuth's constants).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_fourth_word_has_a_slip_and_short_ones_have_none() {
        let text = "we would like our money back please as it was taken twice";
        let slipped = Typist::new(1).types(text);
        let differ = |it: &(&str, &str)| it.0 != it.1;
        let slips: Vec<_> = text.split(' ').zip(slipped.split(' ')).filter(differ).collect();
        assert!((1..=3).contains(&slips.len()), "{slips:?}");
        assert!(slips.iter().all(|(word, slip)| 4 <= word.len() && word[..1] == slip[..1]), "{slips:?}");
        assert_eq!(Typist::new(1).types(text), slipped, "the same each time");
        assert_eq!(Typist::new(1).types("why is it so"), "why is it so");
    }

    proptest! {
        #[test]
        fn any_text_can_be_typed(text in "\\PC{0,60}") {
            Typist::new(2).types(&text);
        }
    }
}
