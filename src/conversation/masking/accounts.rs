//! Accounts at a bank: IBANs, sort codes with account numbers, and what they are called elsewhere.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::{self, Form};
use super::text::{DONE_LETTER, Kind, Secret, Text, pattern};
use super::words::{ACCOUNT_FILLERS, ACCOUNTS, BANK_ACCOUNTS, BANK_FILLERS, BANKS};

/// How long IBANs are by country (the registry of ISO 13616, release 99).
const IBANS: &str = "\
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 \
    EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 \
    KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 \
    PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 \
    UA29 VA22 VG24";
static IBAN_LENGTHS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
    let countries = IBANS.split_whitespace().filter_map(|it| it.split_at_checked(2));
    countries.filter_map(|(country, length)| Some((country, length.parse().ok()?))).collect()
});
/// Letters between two of an IBAN, at most.
const GAP_LETTERS_MAX: usize = 3;
/// How far an account's number stands from its bank's, in bytes.
const BESIDE_BYTES: usize = 90;

/// A sort code in pairs, with the account number at once.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?-u:\b)([0-9]{2}[-./ ][0-9]{2}[-./ ][0-9]{2})[ ,;:/|\n-]{1,4}([0-9]{4} ?[0-9]{4})(?-u:\b)")
});
/// The same the other way round.
static PAIR_BACK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?-u:\b)([0-9]{4} ?[0-9]{4})[ ,;:/|\n-]{1,4}(?:at |with |@ )?([0-9]{2}-[0-9]{2}-[0-9]{2})(?-u:\b)")
});
/// A second one in a text: "I mean 20-00-00".
static ANY_PAIRS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:\b)[0-9]{2}-[0-9]{2}-[0-9]{2}(?-u:\b)"));
/// A sort code in pairs.
static IN_PAIRS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9]{2} ?[-/.] ?[0-9]{2} ?[-/.] ?[0-9]{2}(?-u:\b)"));

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets = ibans(text);
    secrets.extend(banks(text));
    for (_, next) in BANK_ACCOUNTS.all(text) {
        let form = Form { digits: 6..=17, shortest: false };
        let found = named::after(text, next, &form, &[&ACCOUNT_FILLERS]);
        secrets.extend(found.map(|it| account(it.place, &it.digits)));
    }
    secrets
}

fn account(place: Range<usize>, digits: &str) -> Secret {
    let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default();
    Secret { place, says: format!("[account ending {last:0>4}]") }
}

/// A bank by name or looks, and the accounts beside it.
fn banks(text: &Text) -> Vec<Secret> {
    let mut banks: Vec<Secret> = Vec::new();
    let form = Form { digits: 3..=12, shortest: false };
    for (start, next) in BANKS.all(text) {
        // "SC123456" is a company's number.
        if text.word(start) == "sort" && next == start + 1 && !is_beside_account(text, start) {
            continue;
        }
        if next == start + 1 && text.word(start).len() <= 2 && text.is_joined(start) && text.is(next, Kind::Digits) {
            continue;
        }
        // "sort code / account number: 20-11-22, 33445566" as well.
        let words = [&*ACCOUNT_FILLERS, &*BANK_FILLERS];
        let in_pairs = (next..next + 8)
            .take_while(|it| {
                *it == next || named::is_filler(text, it - 1, &words) || ACCOUNTS.at(text, it - 1).is_some()
            })
            .find_map(|it| {
                let at = text.piece(it)?.start;
                IN_PAIRS.find(&text.plain[at..]).map(|found| at..at + found.end())
            });
        let bank = in_pairs.or_else(|| ifsc(text, next)).or_else(|| {
            let context = || named::after_context(text, next, &Form { digits: 6..=9, shortest: true });
            let found = named::after(text, next, &form, &words).or_else(context)?;
            let (_, place) = bank_digits(text, &found)?;
            Some(place)
        });
        let bank = bank.or_else(|| {
            let found = named::before(text, start, &Form { digits: 6..=9, shortest: true })?;
            Some(found.place)
        });
        banks.extend(bank.map(Secret::hidden));
    }
    let pairs = PAIR.captures_iter(&text.plain).filter_map(|found| {
        let (code, number) = (found.get(1)?, found.get(2)?);
        let i = text.piece_from(code.start());
        let dated = named::may_be_date(code.as_str())
            && i.checked_sub(1).is_some_and(|it| {
                matches!(text.word(it), "on" | "since" | "by" | "dated" | "date" | "until" | "due" | "+")
                    || text.is(it, Kind::Digits)
            });
        let signs: Vec<char> = code.as_str().chars().filter(|it| !it.is_ascii_digit()).collect();
        let alike = signs.first() == signs.last();
        let digits: String = number.as_str().chars().filter(char::is_ascii_digit).collect();
        // With slashes and stops it is a day wherever it may be one.
        let day = matches!(signs.first(), Some('/' | '.')) && named::may_be_date(code.as_str());
        (alike && !dated && !day && !named::is_ours(text, i))
            .then(|| [Secret::hidden(code.range()), account(number.range(), &digits)])
    });
    let mut pairs: Vec<Secret> = pairs.flatten().collect();
    if !banks.is_empty() {
        let others = ANY_PAIRS.find_iter(&text.plain).filter(|it| !named::may_be_date(it.as_str()));
        pairs.extend(others.map(|it| Secret::hidden(it.range())));
    }
    pairs.extend(PAIR_BACK.captures_iter(&text.plain).flat_map(|found| match (found.get(1), found.get(2)) {
        (Some(number), Some(code)) if !named::may_be_date(code.as_str()) => {
            let digits: String = number.as_str().chars().filter(char::is_ascii_digit).collect();
            vec![account(number.range(), &digits), Secret::hidden(code.range())]
        }
        _ => Vec::new(),
    }));
    let accounts: Vec<Secret> = banks.iter().flat_map(|bank| accounts_beside(text, &bank.place)).collect();
    banks.extend(pairs);
    banks.extend(accounts);
    banks
}

/// Whether an account is spoken of or a number is as long as one's, near a word that may be about a bank.
fn is_beside_account(text: &Text, i: usize) -> bool {
    const NEAR_PIECES: usize = 14;
    let near = i.saturating_sub(NEAR_PIECES)..i + NEAR_PIECES;
    let mut numbers = near.clone().filter(|it| text.is(*it, Kind::Digits));
    let named = |it: usize| ACCOUNTS.at(text, it).is_some() || text.word(it) == "iban" || text.is(it, Kind::Done);
    near.clone().any(named) || numbers.any(|it| matches!(text.word(it).len(), 7 | 8))
}

/// The digits of a bank, of which an account number may follow at once: `123456 12345678`.
fn bank_digits(text: &Text, found: &named::NumberFound) -> Option<(String, Range<usize>)> {
    let first = text.piece_from(found.place.start);
    if text.is(first, Kind::Word) {
        return Some((found.digits.clone(), found.place.clone()));
    }
    for digits in [6..=6, 9..=9, 8..=8, 5..=5, 3..=3, 18..=18] {
        let form = Form { digits, shortest: true };
        if let Some(it) = named::number_at(text, first, &form) {
            return Some((it.digits, it.place));
        }
    }
    None
}

/// An Indian bank's code: four letters, a zero, six letters or digits.
fn ifsc(text: &Text, i: usize) -> Option<Range<usize>> {
    static IFSC: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z]{4}0[0-9a-z]{6}(?-u:\b)"));
    (i..i + 4).find_map(|it| {
        let at = text.piece(it)?.start;
        IFSC.find(&text.lower[at..]).map(|found| at..at + found.end())
    })
}

/// Numbers of six digits and more near a bank's, unless they are called something else.
fn accounts_beside(text: &Text, bank: &Range<usize>) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let mut i = text.piece_from(bank.start.saturating_sub(BESIDE_BYTES));
    let form = Form { digits: 6..=17, shortest: false };
    while let Some(piece) = text.piece(i).filter(|it| it.start < bank.end + BESIDE_BYTES) {
        let inside = bank.contains(&piece.start);
        let glued = i.checked_sub(1).is_some_and(|it| text.is_joined(it) && text.is(it, Kind::Word));
        let begins = matches!(piece.kind, Kind::Digits | Kind::Word) && !glued;
        match named::number_at(text, i, &form).filter(|_| begins && !inside && !named::is_ours(text, i)) {
            Some(found) if found.place.end <= bank.start || bank.end <= found.place.start => {
                i = found.next;
                secrets.push(account(found.place, &found.digits));
            }
            _ => i += 1,
        }
    }
    secrets
}

/// Two letters of a country, two digits, then as many letters and digits as its IBANs have, whose check is right.
fn ibans(text: &Text) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let mut at = 0;
    while at < text.plain.len() {
        let found =
            text.plain[at..].starts_with(|it: char| it.is_ascii_alphabetic()).then(|| iban_at(text, at)).flatten();
        match found {
            Some(secret) => {
                at = secret.place.end;
                secrets.push(secret);
            }
            None => at += text.plain[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    secrets
}

fn iban_at(text: &Text, start: usize) -> Option<Secret> {
    let mut number = String::new();
    let mut wanted = usize::MAX;
    let mut n_gap = 0;
    let mut end = start;
    for (i, letter) in text.plain[start..].char_indices() {
        if letter.is_ascii_alphanumeric() {
            let fits = match number.len() {
                0 | 1 => letter.is_ascii_alphabetic(),
                2 | 3 => letter.is_ascii_digit(),
                _ => true,
            };
            if !fits {
                return None;
            }
            number.push(letter.to_ascii_uppercase());
            if number.len() == 2 {
                wanted = IBAN_LENGTHS.get(number.as_str()).copied()?;
            }
            end = start + i + 1;
            n_gap = 0;
            if number.len() == wanted {
                break;
            }
        } else if letter != DONE_LETTER && !letter.is_alphanumeric() && n_gap < GAP_LETTERS_MAX {
            n_gap += 1;
        } else {
            break;
        }
    }
    let n_digits = number.bytes().filter(u8::is_ascii_digit).count();
    // Words pass by chance one time in 97; account numbers have digits.
    let proves_itself = number.len() == wanted && 8 <= n_digits && passes_mod_97(&number);
    let after = text.plain[end..].chars().next();
    let whole = number.len() == wanted && !after.is_some_and(char::is_alphanumeric) && 10 <= n_digits;
    let said = whole && is_named(text, start);
    (proves_itself || said)
        .then(|| Secret { place: start..end, says: format!("[account ending {}]", &number[wanted - 4..]) })
}

/// "IBAN" just before: what follows may have a slip in it.
fn is_named(text: &Text, start: usize) -> bool {
    let i = text.piece_from(start);
    (i.saturating_sub(5)..i).any(|it| text.word(it) == "iban")
}

/// The check of ISO 7064 MOD 97-10 as IBANs use it.
fn passes_mod_97(iban: &str) -> bool {
    let (head, tail) = iban.split_at(4);
    let rest = tail.bytes().chain(head.bytes()).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase().saturating_sub(b'A')) + 10) % 97,
    });
    rest == 1
}
