//! Compares what customers read of the opening hours with the hours that count, where the words are clear.

use std::collections::BTreeSet;

use crate::content::Fault;
use crate::content::hours::{DAY_MINUTES, OpeningHours};
use crate::content::read::Source;

/// The weekdays from Monday on.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// What is short for them, with a capital only: `sat` and `sun` are words.
const SHORT: [&[&str]; 7] =
    [&["Mon"], &["Tue", "Tues"], &["Wed"], &["Thu", "Thur", "Thurs"], &["Fri"], &["Sat"], &["Sun"]];

/// What stands between the first and the last day of several.
const TO: [&str; 7] = ["to", "through", "thru", "until", "-", "–", "—"];

/// Words beside which a day may be named because it is closed, or open without being named.
const UNCLEAR: [&str; 16] = [
    "closed",
    "except",
    "excluding",
    "not",
    "no",
    "without",
    "but",
    "every",
    "each",
    "all",
    "daily",
    "weekday",
    "weekdays",
    "weekend",
    "weekends",
    "week",
];

/// Words beside which a time may be another one than those of the week.
const UNCLEAR_TIMES: [&str; 2] = ["holiday", "holidays"];

/// What to do about it.
const HINT: &str = "Customers read `text`, and `[hours.week]` is what counts: make both say the same.";

/// Names the days and times that the text and the week don't share. The names of days are English. A text is read by
/// guess, so that none of it keeps the content from running.
pub(super) fn check(hours: &OpeningHours, language: &str, source: &Source, warnings: &mut Vec<Fault>) {
    let words: BTreeSet<String> = hours.text.split(|it: char| !it.is_alphabetic()).map(str::to_lowercase).collect();
    let has = |unclear: &[&str]| unclear.iter().any(|it| words.contains(*it));
    if language == "en" && !has(&UNCLEAR) {
        check_days(hours, source, warnings);
    }
    if !has(&UNCLEAR_TIMES) {
        check_times(hours, source, warnings);
    }
}

fn check_days(hours: &OpeningHours, source: &Source, warnings: &mut Vec<Fault>) {
    let told = days_of(&hours.text);
    if told.is_empty() {
        return;
    }
    let open: BTreeSet<usize> = (0..7).filter(|it| !hours.week[*it].is_empty()).collect();
    let names = |days: &mut dyn Iterator<Item = &usize>| days.map(|it| WEEKDAYS[*it]).collect::<Vec<_>>().join(", ");
    let closed = names(&mut told.difference(&open));
    if !closed.is_empty() {
        let what = format!("`text` has {closed}, and `[hours.week]` has no hours then");
        warnings.push(source.fault("hours.text", what, HINT));
    }
    let untold = names(&mut open.difference(&told));
    if !untold.is_empty() {
        let what = format!("`[hours.week]` has hours on {untold}, and `text` doesn't say so");
        warnings.push(source.fault("hours.text", what, HINT));
    }
}

fn check_times(hours: &OpeningHours, source: &Source, warnings: &mut Vec<Fault>) {
    let known: BTreeSet<u16> = hours.week.iter().flatten().flat_map(|it| [it.from, it.to % DAY_MINUTES]).collect();
    for (text, minutes) in times_of(&hours.text) {
        if !minutes.iter().any(|it| known.contains(it)) {
            let what = format!("`text` has {text}, when nothing begins or ends in `[hours.week]`");
            warnings.push(source.fault("hours.text", what, HINT));
        }
    }
}

/// The days that a text names, and those between "Monday to Friday".
fn days_of(text: &str) -> BTreeSet<usize> {
    let mut days = BTreeSet::new();
    let mut last: Option<(usize, usize)> = None;
    for (begin, word) in words_of(text) {
        let Some(day) = day_of(word) else { continue };
        let range = last.filter(|(_, end)| joins(&text[*end..begin]));
        let mut at = range.map_or(day, |(first, _)| first);
        days.insert(at);
        while at != day {
            at = (at + 1) % 7;
            days.insert(at);
        }
        last = Some((day, begin + word.len()));
    }
    days
}

/// Whether what stands between two days makes them the ends of one stretch: "to", and times before it at most.
fn joins(between: &str) -> bool {
    let between = between.trim().to_lowercase();
    let Some(before) = TO.iter().find_map(|it| between.strip_suffix(it)) else { return false };
    before.chars().all(|it| it.is_ascii_digit() || it == ':' || it.is_whitespace())
}

/// The words of a text, with where they begin.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split(|it: char| !it.is_alphabetic()).filter(|it| !it.is_empty());
    words.map(|it| (it.as_ptr() as usize - text.as_ptr() as usize, it))
}

fn day_of(word: &str) -> Option<usize> {
    let whole =
        |name: &str| word.eq_ignore_ascii_case(name) || word.to_lowercase() == format!("{}s", name.to_lowercase());
    WEEKDAYS.iter().position(|it| whole(it)).or_else(|| SHORT.iter().position(|it| it.contains(&word)))
}

/// The times that a text names, `16:00`, each with the minutes of the day that it may mean: people write 5:30 for 17:30.
fn times_of(text: &str) -> Vec<(&str, Vec<u16>)> {
    let is_part = |it: char| it.is_ascii_digit() || it == ':' || it == '+';
    let mut times = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let piece = &rest[begin..];
        let (piece, after) = piece.split_at(piece.find(|it| !is_part(it)).unwrap_or(piece.len()));
        if let Some(minutes) = minutes_of(piece.trim_end_matches(':'), after) {
            times.push((piece.trim_end_matches(':'), minutes));
        }
        rest = after;
    }
    times
}

/// The minutes after midnight that a piece may mean; none where it is no time, as `+01:00` isn't.
fn minutes_of(piece: &str, after: &str) -> Option<Vec<u16>> {
    const NOON: u16 = DAY_MINUTES / 2;
    let (hour, minute) = piece.split_once(':')?;
    let is_number = |it: &str| (1..=2).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) || minute.len() != 2 {
        return None;
    }
    let at = (hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?) % DAY_MINUTES;
    let after = after.trim_start().to_lowercase();
    Some(match () {
        () if after.starts_with("am") || after.starts_with("a.m") => vec![at % NOON],
        () if after.starts_with("pm") || after.starts_with("p.m") => vec![at % NOON + NOON],
        () if at < NOON => vec![at, at + NOON],
        () => vec![at],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_found_alone_and_in_ranges() {
        for (text, wanted) in [
            ("Monday to Friday 9:00 to 17:30, and Saturday 10:00 to 14:00", vec![0, 1, 2, 3, 4, 5]),
            ("Mon–Fri, Sun", vec![0, 1, 2, 3, 4, 6]),
            ("Monday 9:00 to Friday 17:30", vec![0, 1, 2, 3, 4]),
            ("Monday 9:00-17:00 Wednesday 9:00-12:00", vec![0, 2]),
            ("mondays and thursdays", vec![0, 3]),
            ("Saturday to Monday", vec![0, 5, 6]),
            ("we sat in the sun", vec![]),
            ("24/7 – Ünö", vec![]),
        ] {
            assert_eq!(days_of(text), wanted.into_iter().collect(), "{text}");
        }
    }

    #[test]
    fn times_are_found_however_they_are_written() {
        for (text, wanted) in [
            ("9:00 to 17:30", vec![vec![540, 1260], vec![1050]]),
            ("9:00 am–5:30 pm: call 01632 960 123", vec![vec![540], vec![1050]]),
            ("(UTC+01:00) 9 to 5, 1:2:3, 7:5", vec![]),
            ("until 24:00", vec![vec![0, 720]]),
        ] {
            let found: Vec<_> = times_of(text).into_iter().map(|it| it.1).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
