//! Payment cards: their numbers, and the last day and check digits that stand beside them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::digits::{Gaps, Number};
use super::named::{self, Form};
use super::text::{Kind, Secret, Text, pattern};
use super::words::{
    CARD_FILLERS, CARDS, CHECK_DIGITS, CHECK_DIGITS_BESIDE, CHECK_FILLERS, EXPIRIES, MONTHS, NO_CARDS, PRINTED, SIDES,
};

/// Digits of a payment card number (ISO/IEC 7812), the most usual first: a number of 16 may begin with one of 13 that
/// passes by chance, and with its check digits be one of 19.
const LENGTHS: [usize; 7] = [16, 15, 14, 19, 18, 17, 13];
/// Words between "card" and its number.
const FILLERS_MAX: usize = 10;
/// Words from "three digits" to "back".
const PRINTED_MAX: usize = 5;
/// How far from its number a card's last day is looked for, in bytes.
const BESIDE_BYTES: usize = 60;

/// Card numbers, and what stands beside them.
pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut cards: Vec<Secret> = Vec::new();
    let mut i = 0;
    while i < text.pieces.len() {
        let free = cards.last().is_none_or(|it| it.place.end <= text.pieces[i].start);
        match card_at(text, i).filter(|_| free) {
            Some((secret, next)) => {
                cards.push(secret);
                i = next;
            }
            None => i += 1,
        }
    }
    let beside: Vec<Secret> = cards.iter().flat_map(|it| beside(text, &it.place, &cards)).collect();
    cards.extend(beside);
    cards.extend(check_digits(text));
    cards
}

/// A card number that begins at a piece, and the piece after it.
fn card_at(text: &Text, i: usize) -> Option<(Secret, usize)> {
    let number = Number::at(text, i, Gaps::Any)?;
    let named = is_named(text, i);
    let named_after = |next: usize| (next..next + 4).any(|it| CARDS.at(text, it).is_some());
    LENGTHS.iter().find_map(|wanted| {
        let n = (1..=number.groups.len()).find(|n| number.n_digits(*n) == *wanted)?;
        let digits = number.digits(n);
        let usual = is_grouped_like_a_card(&number, n);
        let passes = is_card_number(&digits);
        let proves_itself =
            passes && (usual || named_after(number.next(n)) && is_told_apart_from_dates(text, i, &number, n));
        let last_of_all = n == number.groups.len() || matches!(wanted, 15 | 16);
        let said = named && last_of_all && is_told_apart_from_dates(text, i, &number, n);
        let all_same = digits.bytes().all(|it| it == digits.as_bytes()[0]);
        (!all_same && (proves_itself || said)).then(|| {
            let says = format!("[card ending {}]", &digits[wanted - 4..]);
            (Secret { place: number.start..number.end(n), says }, number.next(n))
        })
    })
}

/// "card", "visa", "the long number" before: what follows may have a slip in it.
fn is_named(text: &Text, i: usize) -> bool {
    let mut named = false;
    let mut at = i;
    for _ in 0..FILLERS_MAX {
        let Some(before) = at.checked_sub(1) else { break };
        let word = text.word(before);
        if NO_CARDS.contains(word) {
            return false;
        }
        named |= CARDS.at(text, before).is_some_and(|it| it <= i);
        let goes_on = match text.kind(before) {
            Some(Kind::Word) => CARD_FILLERS.contains(word) || CARDS.at(text, before).is_some(),
            Some(Kind::Sign) => !matches!(word, "." | "?" | "!"),
            Some(Kind::Digits) => word.len() <= 2 && text.word(before + 1).starts_with("digit"),
            _ => false,
        };
        if !goes_on {
            break;
        }
        at = before;
    }
    named
}

/// Groups of one digit or of three and more: "3 June 2026 14 55" is not how a card number is written.
fn is_grouped_like_a_card(number: &Number, n: usize) -> bool {
    let sizes: Vec<usize> = number.groups[..n].iter().map(|it| it.digits.len()).collect();
    let all = |size: usize| sizes.iter().all(|it| *it == size);
    let long = sizes[..n - 1].iter().all(|it| 3 <= *it);
    number.spelled || all(1) || long || all(2) || n == 8 && sizes[..n - 1].iter().all(|it| *it == 2)
}

/// No slash or colon between short groups.
fn is_told_apart_from_dates(text: &Text, i: usize, number: &Number, n: usize) -> bool {
    number.spelled
        || is_grouped_like_a_card(number, n)
        || (i..number.next(n)).all(|it| !text.is(it, Kind::Sign) || !matches!(text.word(it), "/" | ":"))
}

/// Luhn's check (ISO/IEC 7812-1, annex B) and a length that the number's issuer gives out.
fn is_card_number(digits: &str) -> bool {
    let digits: Vec<u8> = digits.bytes().map(|it| it - b'0').collect();
    passes_luhn(&digits) && is_issued(&digits)
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = (digits.iter().rev().enumerate())
        .map(|(i, value)| match (i % 2, u32::from(*value) * 2) {
            (0, _) => u32::from(*value),
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_issued(digits: &[u8]) -> bool {
    let start = |n: usize| digits.iter().take(n).fold(0_u32, |sum, it| sum * 10 + u32::from(*it));
    let n = digits.len();
    let visa = start(1) == 4 && matches!(n, 13 | 16 | 19);
    let mastercard = ((51..=55).contains(&start(2)) || (2221..=2720).contains(&start(4))) && n == 16;
    let american_express = matches!(start(2), 34 | 37) && n == 15;
    let diners = (matches!(start(2), 36 | 38 | 39) || (300..=305).contains(&start(3)) || start(3) == 309)
        && (14..=19).contains(&n);
    let discover = (start(4) == 6011 || (644..=649).contains(&start(3)) || start(2) == 65) && (16..=19).contains(&n);
    let jcb = (3528..=3589).contains(&start(4)) && (16..=19).contains(&n);
    let union_pay = matches!(start(2), 62 | 81) && (16..=19).contains(&n);
    let maestro = matches!(start(4), 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761 | 6762 | 6763) && 13 <= n;
    let others = (2200..=2204).contains(&start(4)) || matches!(start(2), 60 | 82) || start(4) == 9792;
    visa || mastercard || american_express || diners || discover || jcb || union_pay || maestro || (others && n == 16)
}

/// A month and a year in figures: `08/27`, `8-2027`, `0827`.
static LAST_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:0?[1-9]|1[0-2])(?: ?[/\-.|\\ ] ?)?(?:20)?(?:2[0-9]|3[0-9])"));

/// The last day and the check digits that stand beside a card number.
fn beside(text: &Text, card: &Range<usize>, cards: &[Secret]) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let others = |at: usize| cards.iter().any(|it| it.place.contains(&at) && it.place != *card);
    // After it, in the order in which they are printed; then what is named, before it too.
    let mut at = text.piece_from(card.end);
    let mut open = true;
    while let Some(piece) = text.piece(at).filter(|it| it.start < card.end + BESIDE_BYTES && !others(it.start)) {
        let found = last_day_at(text, at).or_else(|| open.then(|| three_digits_at(text, at)).flatten());
        match found {
            Some(place) => {
                at = text.piece_from(place.end);
                open = true;
                secrets.push(Secret::hidden(place));
            }
            None => {
                let word = text.word(at);
                let says_nothing = piece.kind != Kind::Word || CHECK_DIGITS.at(text, at).is_some();
                open &= says_nothing
                    || EXPIRIES.at(text, at).is_some()
                    || CHECK_DIGITS_BESIDE.contains(word)
                    || matches!(
                        word,
                        "and"
                            | "then"
                            | "last"
                            | "three"
                            | "digits"
                            | "numbers"
                            | "is"
                            | "the"
                            | "on"
                            | "back"
                            | "my"
                            | "with"
                            | "no"
                    );
                open &= !matches!(word, "£" | "$" | "€");
                at += 1;
            }
        }
    }
    let first = text.piece_from(card.start.saturating_sub(BESIDE_BYTES));
    let mut at = first;
    while at < text.piece_from(card.start) {
        match EXPIRIES.at(text, at) {
            Some(next) => {
                let value = (next..next + 4).find_map(|it| last_day_at(text, it));
                secrets.extend(value.filter(|it| it.end <= card.start).map(Secret::hidden));
                at = next;
            }
            None => {
                if CHECK_DIGITS_BESIDE.contains(text.word(at)) {
                    let form = Form { digits: 3..=4, shortest: true };
                    let found = named::after(text, at + 1, &form, &[]).map(|it| it.place);
                    secrets.extend(found.filter(|it| it.end <= card.start).map(Secret::hidden));
                }
                at += 1;
            }
        }
    }
    secrets
}

/// A month and a year that begin at a piece, and are no part of a longer date.
fn last_day_at(text: &Text, i: usize) -> Option<Range<usize>> {
    let start = text.piece(i)?.start;
    let end = if text.is(i, Kind::Word) {
        let month = MONTHS.iter().any(|it| text.word(i).starts_with(it));
        let year = (i + 1..i + 4).find(|it| text.is(*it, Kind::Digits))?;
        let short = matches!(text.word(year).len(), 2 | 4);
        let near = (i + 1..year).all(|it| text.is(it, Kind::Sign));
        (month && short && near).then(|| text.pieces[year].end)?
    } else {
        let mut near = text.plain[..start].chars().rev();
        let part =
            near.next().is_some_and(|it| matches!(it, '/' | ':')) && near.next().is_some_and(|it| it.is_ascii_digit());
        if !text.is(i, Kind::Digits) || part {
            return None;
        }
        let limit = text.piece(i + 6).map_or(text.plain.len(), |it| it.start);
        let found = LAST_DAY.find_at(&text.plain[..limit], start).filter(|it| it.start() == start)?;
        found.end()
    };
    let mut after = text.plain[end..].chars();
    let (one, other) = (after.next(), after.next());
    let goes_on = one.is_some_and(|it| it.is_ascii_digit())
        || one.is_some_and(|it| matches!(it, '/' | ':' | '.')) && other.is_some_and(|it| it.is_ascii_digit());
    (!goes_on).then_some(start..end)
}

/// Three or four digits by themselves.
fn three_digits_at(text: &Text, i: usize) -> Option<Range<usize>> {
    let piece = text.piece(i).filter(|it| it.kind == Kind::Digits)?;
    let alone = !text.is(i + 1, Kind::Digits) && matches!(text.word(i).len(), 3 | 4);
    alone.then_some(piece.start..piece.end)
}

/// Check digits by name, with a card number beside them or without.
fn check_digits(text: &Text) -> Vec<Secret> {
    let form = Form { digits: 3..=4, shortest: true };
    let mut secrets = named::beside(text, &CHECK_DIGITS, &form, &[&CHECK_FILLERS]);
    for i in (0..text.pieces.len()).filter(|it| SIDES.contains(text.word(*it))) {
        let first = (i.saturating_sub(PRINTED_MAX)..i).find(|it| PRINTED.contains(text.word(*it)));
        let found = first.and_then(|it| named::around(text, it, i + 1, &form, &[&CHECK_FILLERS]));
        secrets.extend(found.map(|it| Secret::hidden(it.place)));
    }
    secrets
}
