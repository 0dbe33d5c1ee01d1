//! Accounts at a bank: IBANs, sort codes with account numbers, and what they are called elsewhere.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::{self, Form};
use super::text::{DONE_LETTER, Kind, Secret, Text, pattern};
use super::words::{ACCOUNTS, BANK_ACCOUNTS, BANKS};

/// How long IBANs are by country (the registry of ISO 13616, release 99).
const IBANS: [(&str, usize); 87] = [
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22), ("BH", 22), ("BI", 27),
    ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24), ("DE", 22), ("DJ", 27), ("DK", 18), ("DO", 28),
    ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18), ("FK", 18), ("FO", 18), ("FR", 27), ("GB", 22), ("GE", 22), ("GI", 23),
    ("GL", 18), ("GR", 27), ("GT", 28), ("HN", 28), ("HR", 21), ("HU", 28), ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26),
    ("IT", 27), ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28), ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20), ("LV", 21),
    ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MN", 20), ("MR", 27), ("MT", 31), ("MU", 30), ("NI", 28),
    ("NL", 18), ("NO", 15), ("OM", 23), ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22),
    ("RU", 33), ("SA", 24), ("SC", 31), ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27), ("SO", 23), ("ST", 25),
    ("SV", 28), ("TL", 23), ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24),
];
/// Letters between two of an IBAN, at most.
const GAP_LETTERS_MAX: usize = 3;
/// How far an account's number stands from its bank's, in bytes.
const BESIDE_BYTES: usize = 90;

/// A sort code in pairs, with the account number at once.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?-u:\b)([0-9]{2}[-./ ][0-9]{2}[-./ ][0-9]{2})[ ,;:/|\n-]{1,4}([0-9]{4} ?[0-9]{4})(?-u:\b)")
});
/// A sort code in pairs.
static IN_PAIRS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9]{2} ?[-/.] ?[0-9]{2} ?[-/.] ?[0-9]{2}(?-u:\b)"));

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets = ibans(text);
    secrets.extend(banks(text));
    for (_, next) in BANK_ACCOUNTS.all(text) {
        let form = Form { digits: 6..=17, shortest: false };
        let found = named::after(text, next, &form, &[ACCOUNT_FILLERS]);
        secrets.extend(found.map(|it| account(it.place, &it.digits)));
    }
    secrets
}

/// What stands between "account" and its number.
const ACCOUNT_FILLERS: &[&str] = &["account", "acc", "acct", "name", "with", "at", "in"];

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
        if next == start + 1 && text.word(start).len() <= 2 && text.is_joined(start) && text.is(next, Kind::Digits) {
            continue;
        }
        // "sort code / account number: 20-11-22, 33445566" as well.
        let words = [ACCOUNT_FILLERS, &["and", "account", "a", "c", "acc", "number", "sort", "code"]];
        let in_pairs = (next..next + 8)
            .take_while(|it| *it == next || named::is_filler(text, it - 1, &words) || ACCOUNTS.at(text, it - 1).is_some())
            .find_map(|it| {
                let at = text.piece(it)?.start;
                IN_PAIRS.find(&text.plain[at..]).map(|found| at..at + found.end())
            });
        let bank = in_pairs.or_else(|| ifsc(text, next)).or_else(|| {
            let found = named::after(text, next, &form, &words)?;
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
        let dated = named::may_be_date(code.as_str()) && i.checked_sub(1).is_some_and(|it| {
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
    let pairs: Vec<Secret> = pairs.flatten().collect();
    let accounts: Vec<Secret> = banks.iter().flat_map(|bank| accounts_beside(text, &bank.place)).collect();
    banks.extend(pairs);
    banks.extend(accounts);
    banks
}

/// The digits of a bank, of which an account number may follow at once: `123456 12345678`.
fn bank_digits(text: &Text, found: &named::Found) -> Option<(String, Range<usize>)> {
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
        let found = text.plain[at..].starts_with(|it: char| it.is_ascii_alphabetic()).then(|| iban_at(text, at)).flatten();
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
                wanted = IBANS.iter().find(|it| it.0 == number)?.1;
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
    (proves_itself || said).then(|| Secret { place: start..end, says: format!("[account ending {}]", &number[wanted - 4..]) })
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
