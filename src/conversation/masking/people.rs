//! Numbers that a state gives a person: United States social security, United Kingdom national insurance.

use std::sync::LazyLock;

use regex::Regex;

use super::named::{self, Form};
use super::text::{Kind, Secret, Text, pattern};
use super::words::{INSURANCE_FILLERS, INSURANCES, OURS, SOCIAL_FILLERS, SOCIALS};

/// `123-45-6789` with the same separator twice.
static SOCIAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9]{3}([-. ])[0-9]{2}([-. ])[0-9]{4}"));
/// Two letters, six digits in pairs and a letter of A to D.
static INSURANCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?-u:\b)([a-z])([a-z])[ .-]{0,2}[0-9]{2}[ .-]?[0-9]{2}[ .-]?[0-9]{2}[ .-]{0,2}[a-d](?-u:\b)")
});
/// The same where its name stands before it, the last letter left out or any.
static INSURANCE_NAMED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[a-z]{2}[ .-]{0,2}[0-9]{2}[ .-]?[0-9]{2}[ .-]?[0-9]{2}(?:[ .-]{0,2}[a-z](?-u:\b))?"));

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = socials(text).chain(insurances(text)).collect();
    let form = Form { digits: 4..=10, shortest: false };
    secrets.extend(named::beside(text, &SOCIALS, &form, &[&SOCIAL_FILLERS]));
    for (_, next) in INSURANCES.all(text) {
        let begins =
            (next..next + 6).take_while(|it| *it == next || named::is_filler(text, it - 1, &[&INSURANCE_FILLERS]));
        let found = begins.filter_map(|it| {
            let start = text.piece(it)?.start;
            let end = start + INSURANCE_NAMED.find(&text.lower[start..])?.end();
            Some(Secret::hidden(start..end))
        });
        secrets.extend(found.take(1));
    }
    secrets
}

fn socials(text: &Text) -> impl Iterator<Item = Secret> {
    SOCIAL.captures_iter(&text.plain).filter_map(|found| {
        let whole = found.get(0)?;
        let (start, end) = (whole.start(), whole.end());
        let before = text.plain[..start].chars().next_back();
        let mut after = text.plain[end..].chars();
        let (one, other) = (after.next(), after.next());
        let goes_on = one.is_some_and(char::is_alphanumeric)
            || one.is_some_and(|it| matches!(it, '-' | '.')) && other.is_some_and(|it| it.is_ascii_digit());
        let is_part = before.is_some_and(|it| it.is_ascii_digit() || matches!(it, '-' | '.' | '/' | '#' | '+' | ')'));
        let part = |range: std::ops::Range<usize>| text.plain[start..][range].parse::<u32>().unwrap_or(0);
        let (area, group, serial) = (part(0..3), part(4..6), part(7..11));
        // Those that are given out.
        let given_out = !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0;
        let same = found.get(1)?.as_str() == found.get(2)?.as_str();
        let ours = named::is_ours(text, text.piece_from(start));
        (same && given_out && !goes_on && !is_part && !ours).then(|| Secret::hidden(start..end))
    })
}

fn insurances(text: &Text) -> impl Iterator<Item = Secret> {
    INSURANCE.captures_iter(&text.lower).filter_map(|found| {
        let (whole, first, second) = (found.get(0)?, found.get(1)?.as_str(), found.get(2)?.as_str());
        let i = text.piece_from(whole.start());
        let word = text.word(i);
        let bank_country = matches!(word, "gb" | "bg" | "nk" | "kn" | "nt" | "tn" | "zz");
        // Q begins the example that the tax office shows.
        let possible = !"dfiuv".contains(first) && !"dfiouv".contains(second) && !bank_country;
        let ours = OURS.contains(word) || named::is_ours(text, i);
        (possible && !ours && text.is(i, Kind::Word)).then(|| Secret::hidden(whole.range()))
    })
}
