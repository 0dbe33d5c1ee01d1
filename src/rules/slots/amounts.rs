//! Amounts of money in a text: `£4.99`, `12 quid`, `GBP 30`, `five pounds`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{dates, small_number};
use crate::conversation::format::{self, Locale};
use crate::conversation::normal;

/// A number as people write it: `12`, `1,200.50`, `1.200,50`, `4,99`.
const NUMBER: &str = r"\d{1,3}(?:[,.'\x{2019}\x{a0}\x{202f} ]\d{3})+(?:[.,]\d{1,3})?|\d{1,12}(?:[.,]\d{1,3})?";

const UNITS: &str = r"pounds?|quid|sterling|euros?|dollars?|bucks|francs?|yen|rupees?|kron[ae]r?|dinars?|rials?|gbp|eur|usd|chf|cad|aud|nzd|jpy|krw|inr|sek|nok|dkk|pln|kwd|bhd|omr|jod|tnd";

/// `£4.99`, `GBP 30`, `-$5`.
static MARKED_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:[£$€¥₩₹]|\b(?:gbp|eur|usd|chf|cad|aud|nzd|jpy|krw|inr|sek|nok|dkk|pln|kwd|bhd|omr|jod|tnd|a\$|c\$))\s?({NUMBER})(?:$|[^\d])"
    ))
});

/// `5 pounds 50p`: the larger unit and the smaller.
static IN_TWO_UNITS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(\d{1,9})\s?(?:pounds?|quid|euros?|dollars?)\s(?:and\s)?(\d{1,2})\s?(?:p|pence|cents?)\b")
});

/// `12 quid`, `4.99€`.
static MARKED_AFTER: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?:^|[^\d.,])({NUMBER})\s?(?:[£€$¥₩₹]|(?:{UNITS})\b)")));

/// `50p`, `99 cents`.
static SMALL_UNIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^\d.,])(\d{1,9})\s?(?:p|pence|cents?)\b"));

/// `twelve pounds`, `one pound fifty`, `a fiver`.
static IN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:(?:([a-z]+)[\s-])?([a-z]+)\s(?:{UNITS})(?:\s(?:and\s)?([a-z]+)(?:[\s-]([a-z]+))?)?|(fivers?|tenners?))\b"
    ))
});

/// `4.99` by itself: exactly as many digits after the point as money has.
static WITH_POINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^\d.,/:\-])(\d{1,3}(?:,\d{3})+\.\d{2}|\d{1,9}[.,]\d{2})(?:$|[^\d.,/%]|[.,](?:$|[^\d]))")
});

/// `4.990` by itself, in money of three digits after the point.
static WITH_LONG_POINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^\d.,/:\-])(\d{1,3}(?:,\d{3})+\.\d{3}|\d{1,9}[.,]\d{3})(?:$|[^\d.,/%]|[.,](?:$|[^\d]))")
});

/// `pay 50`, `only 20`: a number that is paid, owed or had, and no count of anything.
static PAID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:pay|paid|paying|owe|owed|send|afford|took|taken|take|charged|only|just|got|have)\s(?:you\s|me\s|about\s|around\s)?({NUMBER})(?:$|[^\d.,/:\-%a-z]\s?(?:$|now|today|of|tomorrow|this|on|first|and|then|instead|if|will|would|towards|off|not|for|it|please|straight|up|by)|[?!])"
    ))
});

/// A number and nothing beside it but small words: the reply to "how much?".
static ALONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^[\s~]*(?:(?:it|was|were|its|it's|is|about|around|only|just|for|the|amount|of|roughly|maybe|i|think|exactly)\s+)*({NUMBER})[\s.,!?]*$"
    ))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and a test compiles it")
}

/// The first amount in a text, in minor units of the currency.
///
/// The sign of another currency is read as the business's own: it has one currency, and customers' keyboards
/// have others.
pub(super) fn read(text: &str, currency: &str, language: &str) -> Option<i64> {
    let text = dates::without_dotted(&plain(text).to_lowercase(), language);
    let money = Kind { currency, locale: Locale::of(language).unwrap_or_default() };
    let amount = |found: Captures<'_>| money.major(found.get(1)?.as_str());
    let with_point = match format::decimals(currency) {
        2 => Some(&WITH_POINT),
        3 => Some(&WITH_LONG_POINT),
        _ => None,
    };
    MARKED_BEFORE
        .captures(&text)
        .and_then(amount)
        .or_else(|| money.in_two_units(&text))
        .or_else(|| MARKED_AFTER.captures(&text).and_then(amount))
        .or_else(|| money.in_words(&text))
        .or_else(|| money.in_small_unit(&text))
        .or_else(|| with_point.and_then(|it| it.captures(&text)).and_then(amount))
        .or_else(|| PAID.captures(&text).and_then(amount))
        .or_else(|| ALONE.captures(&text).and_then(amount))
}

/// All amounts that stand with their currency, each with the place in the text where it ends.
pub(super) fn read_all(text: &str, currency: &str, language: &str) -> Vec<(usize, i64)> {
    let money = Kind { currency, locale: Locale::of(language).unwrap_or_default() };
    // Letters that change their length with their case would move the places; the currency's own have none.
    let plain = plain(text).to_ascii_lowercase();
    // Where the mark stands behind, the amount ends with it.
    let all = |pattern: &Regex, of: usize| -> Vec<(usize, i64)> {
        let read = |it: Captures<'_>| Some((end_as_typed(text, it.get(of)?.end()), money.major(it.get(1)?.as_str())?));
        pattern.captures_iter(&plain).filter_map(read).collect()
    };
    let before = all(&MARKED_BEFORE, 1);
    if before.is_empty() { all(&MARKED_AFTER, 0) } else { before }
}

/// A text with its figures as the patterns expect them.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter_map(normal::figure).collect()
}

/// The place in a text as it was typed that follows so many bytes of it in plain figures.
fn end_as_typed(text: &str, plain_bytes: usize) -> usize {
    let mut left = plain_bytes;
    let within = |letter: &char| {
        let n = normal::figure(*letter).map_or(0, char::len_utf8);
        let fits = 0 < left;
        left = left.saturating_sub(n);
        fits
    };
    text.chars().take_while(within).map(char::len_utf8).sum()
}

/// The money that the business takes, and how people there write it.
#[derive(Clone, Copy)]
struct Kind<'a> {
    currency: &'a str,
    locale: Locale,
}

impl Kind<'_> {
    fn major(self, number: &str) -> Option<i64> {
        format::read_money_in(number, self.currency, self.locale)
    }

    fn in_two_units(self, text: &str) -> Option<i64> {
        let found = IN_TWO_UNITS.captures(text).filter(|_| format::decimals(self.currency) == 2)?;
        let small: i64 = found[2].parse().ok()?;
        self.major(&found[1])?.checked_add(small)
    }

    fn in_small_unit(self, text: &str) -> Option<i64> {
        let found = SMALL_UNIT.captures(text).filter(|_| format::decimals(self.currency) == 2)?;
        found[1].parse().ok()
    }

    fn in_words(self, text: &str) -> Option<i64> {
        IN_WORDS.captures_iter(text).find_map(|found| {
            let word = |group: usize| found.get(group).map(|it| it.as_str());
            if let Some(note) = word(5) {
                return self.major(if note.starts_with('f') { "5" } else { "10" });
            }
            let whole = self.major(&two_words(word(1), word(2)?)?.to_string())?;
            // Fewer than ten would be "one pound oh five".
            let small = two_words(word(3), word(4).unwrap_or_default()).or_else(|| small_number(word(3)?));
            let small = small.filter(|it| (10..100).contains(it) && format::decimals(self.currency) == 2);
            whole.checked_add(small.unwrap_or(0))
        })
    }
}

/// A number of one word or of two, "five", "twenty five"; the first may be no part of it.
fn two_words(first: Option<&str>, second: &str) -> Option<i64> {
    let number = small_number(second)?;
    let tens = first.and_then(small_number).filter(|it| 20 <= *it && it % 10 == 0 && number < 10);
    Some(tens.unwrap_or(0) + number)
}
