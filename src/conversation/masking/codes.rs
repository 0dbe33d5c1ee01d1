//! One-time codes that nobody asked for: "the code you sent me is 482913".

use std::sync::LazyLock;

use regex::Regex;

use super::named::{self, Form};
use super::text::{CODE, Kind, Secret, Text, pattern};
use super::words::{
    CODE_DEEDS, CODE_FILLERS, CODES, CODES_FULL, OPEN_CODES, OPEN_CODES_AFTER, OURS, REJECTED, SENDINGS, VERIFICATIONS,
};

/// Digits of a one-time code.
const FORM: Form = Form { digits: 4..=8, shortest: false };
/// How far from its name a code is looked for where people say that they typed it, in pieces.
const NEAR_PIECES: usize = 16;

/// Pieces between a name and a code of letters and digits, at most.
const MIXED_BETWEEN_MAX: usize = 6;

/// Letters and digits in groups: `a1b2-c3d4`, `G-482913`.
static MIXED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9a-z]{1,8}(?:-[0-9a-z]{2,8}){0,5}"));
/// As Google writes them.
static LETTER_AND_DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z]-[0-9]{4,8}(?-u:\b)"));

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let full = CODES_FULL.all(text);
    for (start, next) in &full {
        secrets.extend(digits(text, *start, *next));
        secrets.extend(mixed(text, *next, &MIXED));
    }
    let form = Form { digits: 6..=6, shortest: false };
    for (start, next) in VERIFICATIONS.all(text) {
        let found = named::around(text, start, next, &form, &[&CODE_FILLERS]);
        let found = found.filter(|it| !named::is_ours(text, text.piece_from(it.place.start)));
        secrets.extend(found.map(|it| code(it.place)));
    }
    for (_, next) in SENDINGS.all(text) {
        let found = named::after(text, next, &form, &[]);
        let found = found.filter(|it| !named::is_ours(text, text.piece_from(it.place.start)));
        secrets.extend(found.map(|it| code(it.place)));
    }
    for (start, next) in CODES.all(text) {
        let inside = full.iter().any(|it| it.0 <= start && start < it.1);
        if inside || is_open(text, start, next) {
            continue;
        }
        secrets.extend(digits(text, start, next));
        secrets.extend(mixed(text, next, &LETTER_AND_DIGITS));
        secrets.extend(typed_near(text, start, next));
    }
    secrets
}

/// "promo code", "code postal": codes that anybody may read.
fn is_open(text: &Text, start: usize, next: usize) -> bool {
    let before = |n: usize| start.checked_sub(n).map_or("", |it| text.word(it));
    let word = if matches!(before(1), "-" | "'" | "s") { before(2) } else { before(1) };
    let of_a_thing = before(1).ends_with("'s") && before(1) != "it's";
    let fails = (1..=3)
        .any(|n| ["fail", "error", "crash", "exit", "return", "stopp"].iter().any(|it| before(n).starts_with(it)));
    fails || OPEN_CODES.contains(word) || OPEN_CODES_AFTER.contains(text.word(next)) || of_a_thing
}

fn code(place: std::ops::Range<usize>) -> Secret {
    Secret { place, says: CODE.to_owned() }
}

/// The digits after the name or before it, and more of them after an "and".
fn digits(text: &Text, start: usize, next: usize) -> Vec<Secret> {
    let Some(found) = named::around(text, start, next, &FORM, &[&CODE_FILLERS]) else { return Vec::new() };
    // "code 4821 on my bill" is asked about.
    let on_bill = matches!(text.word(found.next), "on" | "against" | "next" | "beside")
        && (found.next + 1..found.next + 4).any(|it| {
            matches!(text.word(it), "bill" | "invoice" | "statement" | "letter" | "meter" | "line" | "charge")
        });
    let open_after = OPEN_CODES_AFTER.contains(text.word(found.next));
    if on_bill || open_after || named::is_called(text, text.piece_from(found.place.start), &[&OURS]) {
        return Vec::new();
    }
    let more = named::more(text, found.next, &found.digits, &FORM);
    std::iter::once(found).chain(more).map(|it| code(it.place)).collect()
}

/// A code of letters and digits after its name.
fn mixed(text: &Text, next: usize, looks: &Regex) -> Option<Secret> {
    for i in next..next + MIXED_BETWEEN_MAX {
        let piece = text.piece(i)?;
        let found = looks.find(&text.lower[piece.start..]).map(|it| piece.start..piece.start + it.end());
        let found = found.filter(|it| !text.plain[it.end..].starts_with(|it: char| it.is_alphanumeric()));
        let looks_right = found.clone().filter(|it| {
            let letters = &text.lower[it.clone()];
            let n_digits = letters.bytes().filter(u8::is_ascii_digit).count();
            2 <= n_digits
                && n_digits < letters.len()
                && 5 <= letters.len()
                && letters.contains(|it: char| it.is_alphabetic())
        });
        if let Some(place) = looks_right.filter(|_| piece.kind != Kind::Done) {
            return Some(code(place));
        }
        if !named::is_filler(text, i, &[&CODE_FILLERS]) {
            return None;
        }
    }
    None
}

/// "I entered 482913 and it says wrong code": six digits that were typed or sent, near the word.
fn typed_near(text: &Text, start: usize, next: usize) -> Vec<Secret> {
    let form = Form { digits: 6..=6, shortest: false };
    let places = start.saturating_sub(NEAR_PIECES)..next + NEAR_PIECES;
    let typed = places.filter_map(|i| {
        let before = |n: usize| i.checked_sub(n).map_or("", |it| text.word(it));
        let said = [before(1), before(2)].iter().any(|it| CODE_DEEDS.contains(it));
        let rejected = text.is(i + 1, Kind::Word) && REJECTED.contains(text.word(i + 1));
        let alone =
            matches!(before(1), "," | ":") && !before(2).is_empty() && !text.is(i.saturating_sub(2), Kind::Digits);
        let found = (said || alone || rejected).then(|| named::number_at(text, i, &form)).flatten()?;
        (!named::is_ours(text, i)).then(|| code(found.place))
    });
    typed.collect()
}
