//! Keys and tokens of programs: those whose looks say whose they are, and long random ones beside their name.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::text::{DONE_LETTER, Kind, Secret, Text, pattern};
use super::words::{KEY_FILLERS, KEYS};

/// Letters of a key that are looked at; a longer one is hidden in pieces.
const KEY_LETTERS_MAX: usize = 4_096;
/// Words between a key's name and the key.
const FILLERS_MAX: usize = 10;
/// Letters of a key that a name stands before, at least.
const NAMED_LETTERS_MIN: usize = 8;

/// Keys by their looks, as those who give them out describe them.
static LOOKS: LazyLock<Regex> = LazyLock::new(|| {
    let looks = [
        // Stripe, also for webhooks.
        r"(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{6,}",
        r"whsec_[0-9A-Za-z+/=]{8,}",
        // Amazon, Google, Alibaba.
        r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[0-9A-Z]{12,}",
        r"AIza[0-9A-Za-z_-]{20,}",
        r"ya29\.[0-9A-Za-z_-]{8,}",
        r"GOCSPX-[0-9A-Za-z_-]{8,}",
        r"\bLTAI[0-9A-Za-z]{12,}",
        // GitHub, GitLab, package registries.
        r"gh[pousr]_[0-9A-Za-z]{10,}",
        r"github_pat_[0-9A-Za-z_]{10,}",
        r"gl(?:pat|dt|rt|ptt|cbt|soat)-[0-9A-Za-z_-]{10,}",
        r"npm_[0-9A-Za-z]{10,}",
        r"pypi-[0-9A-Za-z_-]{10,}",
        r"dop_v1_[0-9a-f]{10,}",
        r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{10,}",
        r"\bhf_[0-9A-Za-z]{16,}",
        r"\bdckr_pat_[0-9A-Za-z_-]{10,}",
        r"\bnvapi-[0-9A-Za-z_-]{10,}",
        r"\bPMAK-[0-9a-f-]{16,}",
        r"\blin_api_[0-9A-Za-z]{10,}",
        r"\bsecret_[0-9A-Za-z]{20,}",
        r"\bntn_[0-9A-Za-z]{20,}",
        r"\bEAA[0-9A-Za-z]{20,}",
        r"\bsq0[a-z]{3}-[0-9A-Za-z_-]{10,}",
        r"\baccess_token\$[a-z]+\$[0-9a-z$]{10,}",
        // Slack, mail and telephone houses, bots.
        r"xox[a-z]-[0-9A-Za-z-]{8,}",
        r"xapp-[0-9A-Za-z-]{8,}",
        r"hooks\.slack\.com/services/[0-9A-Za-z/]{8,}",
        r"\bSG\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}",
        r"\bkey-[0-9a-f]{20,}",
        r"\b(?:AC|SK)[0-9a-f]{32}\b",
        r"\b[0-9]{8,10}:[0-9A-Za-z_-]{30,}",
        // Language models.
        r"\bsk-(?:[a-z0-9]+-)*[0-9A-Za-z_-]{16,}",
        // age, and the lot of one-time secrets.
        r"AGE-SECRET-KEY-1[0-9A-Z]{10,}",
        r"otpauth://[^\s]+",
        // JSON Web Tokens (RFC 7519): three parts of base64url, the first two JSON objects.
        r"eyJ[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*){0,3}",
    ];
    pattern(&format!("(?-u:{})", looks.join("|").replace(r"[^\s]", r"[!-~]")))
});

/// Private keys in PEM (RFC 7468), to their end or the text's.
static PEM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?is)-{2,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{2,5}(.*?)(?:-{2,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{2,5}|\z)",
    )
});

/// What a header of HTTP carries: `Bearer …`, `Basic …` (RFC 6750, RFC 7617).
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:bearer|basic|token|apikey)[ :=]+([0-9A-Za-z._~+/-]{12,}=*)"));

/// The same with its own name or with "bearer", which stand before nothing else: there any letters with digits are one.
static BEARER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)\b(?:authori[sz]ation["' ]{0,2}[:=]["' ]{0,2}(?:(?:bearer|basic|token|apikey) +)?|bearer +)([0-9A-Za-z._~+/-]{12,}=*)"#,
    )
});

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = LOOKS.find_iter(&text.plain).map(|it| Secret::hidden(it.range())).collect();
    let pems = PEM.captures_iter(&text.plain).filter_map(|it| it.get(1).map(|it| it.range()));
    let full = |it: &Range<usize>| text.plain[it.clone()].chars().any(|it| it.is_ascii_alphanumeric());
    secrets.extend(pems.filter(full).map(Secret::hidden));
    let headers = HEADER.captures_iter(&text.plain).filter_map(|it| it.get(1));
    secrets.extend(headers.filter(|it| is_random(it.as_str())).map(|it| Secret::hidden(it.range())));
    let bearers = BEARER.captures_iter(&text.plain).filter_map(|it| it.get(1));
    let is_mixed = |it: &str| it.bytes().any(|it| it.is_ascii_digit()) && it.bytes().any(|it| it.is_ascii_alphabetic());
    secrets.extend(bearers.filter(|it| is_mixed(it.as_str())).map(|it| Secret::hidden(it.range())));
    secrets.extend(named(text));
    secrets
}

/// Random letters and digits beside "key", "token", "secret".
fn named(text: &Text) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (_, next) in KEYS.all(text) {
        for i in next..next + FILLERS_MAX {
            let Some(piece) = text.piece(i) else { break };
            if matches!(piece.kind, Kind::Word | Kind::Digits) {
                let place = chunk(text, piece.start);
                if is_random(&text.plain[place.clone()]) {
                    secrets.push(Secret::hidden(place));
                    break;
                }
            }
            let goes_on = match piece.kind {
                Kind::Word => KEY_FILLERS.contains(text.word(i)) || KEYS.at(text, i).is_some(),
                Kind::Sign => !matches!(text.word(i), "." | "?" | "!" | ","),
                Kind::Digits | Kind::Done => false,
            };
            if !goes_on {
                break;
            }
        }
    }
    secrets
}

/// Letters, digits and the signs of base64 and hexadecimal in a row.
fn chunk(text: &Text, start: usize) -> Range<usize> {
    let in_key =
        |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.' | '=' | '+' | '/' | '~' | '%' | '|');
    let rest = text.plain[start..].chars().take(KEY_LETTERS_MAX);
    let n: usize = rest.take_while(|it| *it != DONE_LETTER && in_key(*it)).map(char::len_utf8).sum();
    let tail = text.plain[start..start + n].trim_end_matches(['.', '-', '/', '|']);
    start..start + tail.len()
}

/// Long, and of mixed letters and digits: no word, no date, no number of ours.
pub fn is_random(letters: &str) -> bool {
    let n = letters.chars().count();
    let n_digits = letters.bytes().filter(u8::is_ascii_digit).count();
    let n_letters = letters.bytes().filter(u8::is_ascii_alphabetic).count();
    let changes = letters.as_bytes().windows(2).filter(|it| class(it[0]) != class(it[1])).count();
    let mixed = 2 <= n_digits && 2 <= n_letters && (3 <= changes || 16 <= n && 2 <= changes);
    let mixed_case = 20 <= n && 8 <= changes;
    NAMED_LETTERS_MIN <= n && (mixed || mixed_case) && !letters.contains('@')
}

/// Digits, small and large letters, signs.
fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    }
}
