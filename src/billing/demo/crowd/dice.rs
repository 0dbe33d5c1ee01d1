//! Chance that is the same every time: dice that hang on the seed, a customer, a month and what they are thrown for.

use super::SEED;

/// Dice for one thing.
pub struct Dice(u64);

impl Dice {
    /// The dice of a customer for a month and a purpose.
    pub fn of(customer: u64, month: i32, what: &str) -> Self {
        let month = u64::from(month.unsigned_abs());
        let words = what.bytes().fold(0_u64, |sum, it| sum.wrapping_mul(131).wrapping_add(u64::from(it)));
        let mut dice = Self(SEED);
        for part in [customer, month, words] {
            dice.0 = dice.next() ^ part;
        }
        dice
    }

    /// SplitMix64, by Sebastiano Vigna, who gave it to the public domain.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        low + i64::try_from(self.next() % width).unwrap_or(0)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times.max(1))
    }
}
