//! Amounts of money in a text: `£4.99`, `12 quid`, `GBP 30`, `five pounds`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::small_number;
use crate::conversation::format;

/// A number as people write it: `12`, `1,200.50`, `4,99`.
const NUMBER: &str = r"\d{1,3}(?:[, ]\d{3})+(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,3})?";

const UNITS: &str = r"pounds?|quid|sterling|euros?|dollars?|bucks|francs?|gbp|eur|usd|chf|cad|aud|jpy|yen";

/// `£4.99`, `GBP 30`, `-$5`.
static MARKED_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"(?:[£$€¥]|\b(?:gbp|eur|usd|chf|cad|aud|jpy|a\$|c\$))\s?({NUMBER})(?:$|[^\d])"))
});

/// `5 pounds 50p`: the larger unit and the smaller.
static IN_TWO_UNITS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(\d{1,9})\s?(?:pounds?|quid|euros?|dollars?)\s(?:and\s)?(\d{1,2})\s?(?:p|pence|cents?)\b")
});

/// `12 quid`, `4.99€`.
static MARKED_AFTER: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?:^|[^\d.,])({NUMBER})\s?(?:[£€$¥]|(?:{UNITS})\b)")));

/// `50p`, `99 cents`.
static SMALL_UNIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^\d.,])(\d{1,9})\s?(?:p|pence|cents?)\b"));

/// `twelve pounds`, `a fiver`.
static IN_WORDS: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"\b(?:(?:([a-z]+)[\s-])?([a-z]+)\s(?:{UNITS})|(fivers?|tenners?))\b")));

/// `4.99` by itself: exactly as many digits after the point as money has.
static WITH_POINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^\d.,/:\-])(\d{1,3}(?:,\d{3})+\.\d{2}|\d{1,9}[.,]\d{2})(?:$|[^\d.,/%]|[.,](?:$|[^\d]))")
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
pub(super) fn read(text: &str, currency: &str) -> Option<i64> {
    let text = text.to_lowercase();
    let amount = |found: Captures<'_>| major(found.get(1)?.as_str(), currency);
    MARKED_BEFORE
        .captures(&text)
        .and_then(amount)
        .or_else(|| in_two_units(&text, currency))
        .or_else(|| MARKED_AFTER.captures(&text).and_then(amount))
        .or_else(|| in_words(&text, currency))
        .or_else(|| in_small_unit(&text, currency))
        .or_else(|| WITH_POINT.captures(&text).and_then(amount).filter(|_| format::decimals(currency) == 2))
        .or_else(|| ALONE.captures(&text).and_then(amount))
}

fn major(number: &str, currency: &str) -> Option<i64> {
    format::read_money(number, currency)
}

fn in_two_units(text: &str, currency: &str) -> Option<i64> {
    let found = IN_TWO_UNITS.captures(text).filter(|_| format::decimals(currency) == 2)?;
    let small: i64 = found[2].parse().ok()?;
    major(&found[1], currency)?.checked_add(small)
}

fn in_small_unit(text: &str, currency: &str) -> Option<i64> {
    let found = SMALL_UNIT.captures(text).filter(|_| format::decimals(currency) == 2)?;
    found[1].parse().ok()
}

fn in_words(text: &str, currency: &str) -> Option<i64> {
    let whole = IN_WORDS.captures_iter(text).find_map(|found| {
        if let Some(note) = found.get(3) {
            return Some(if note.as_str().starts_with('f') { 5 } else { 10 });
        }
        let number = small_number(found.get(2)?.as_str())?;
        let tens =
            found.get(1).and_then(|it| small_number(it.as_str())).filter(|it| 20 <= *it && it % 10 == 0 && number < 10);
        Some(tens.unwrap_or(0) + number)
    })?;
    major(&whole.to_string(), currency)
}
