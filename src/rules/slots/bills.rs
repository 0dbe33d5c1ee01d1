//! Which bill a text means: by its number, by its month, or by its place among the customer's bills.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::{Captures, Regex};

use super::dates::{bare, has_words};
use super::{SlotContext, dates, small_number};
use crate::content::language::Language;
use crate::conversation::normal;

/// `invoice 1042`, `INV-1042`, `bill no. 1042`.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(invoices?|inv|bills?|receipts?|statements?)(?:\s?(?:(no|nr|num)\b\.?|(number|#)))?[\s:#\-\u{2013}]{0,3}((?:[a-z]{1,4}-?)?\d{3,12})\b",
    )
});

/// `#1042`.
static HASHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\s?((?:[A-Za-z]{1,4}-?)?\d{2,12})\b"));

/// What makes the digits before it something else: an amount, a date.
static NOT_A_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:[.,/:]\d|\s?(?:pounds?|quid|euros?|dollars?|bucks|gbp|eur|usd|p\b|pence|%|days?|weeks?|months?|[£€$]))",
    )
});

/// What a bill is compared with, to the end of the clause: "more than last month" asks about the newest bill.
static COMPARED_WITH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:than|versus|vs|compared\s+(?:to|with)|unlike|since|(?:up|risen|rose|jumped|increased|changed|gone)\s+(?:from|on)|(?:was|were|used\s+to\s+be)\s+(?:only\s+|just\s+)?[£$€]?\d[\d.,]*(?:\s?(?:quid|pounds?|euros?|dollars?))?\s+(?:in|for|last))\b[^,.?!;\n]*",
    )
});

/// A time at which something happened, and no bill: "I moved up middle of October". A word for a bill behind it makes it one.
static TIME_OF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:in|at|from|by)\s+)?(?:the\s+)?(?:middle|mid|start|beginning|end|early|late|(?:first|second|third|last)\s+week|half\s?way\s+through)(?:\s+of|\s+in)?[\s-]+[a-z]{3,9}(\s+(?:bill|invoice|statement|one)\b)?",
    )
});

/// What happened before what is asked about now: "I changed my plan in October and now I pay 45".
static BEFORE_NOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:chang|mov|switch|upgrad|downgrad|join|start|sign|cancel|stopp|left|went)[a-z]*(?:\s+[a-z]+){0,5}?\s+(?:in|at|on|since)\s+[a-z]{3,9}\b([^.?!\n]*\b(?:now|this\s+month)\b)",
    )
});

/// `last three bills`, `newest 2 invoices`.
static NEWEST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:last|past|latest|newest|most\s+recent)\s+(\d|[a-z]+)\s+(bills|invoices|statements|receipts|months)\b",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and a test compiles it")
}

/// The number of the bill that a text means.
pub(super) fn read(text: &str, context: &SlotContext<'_>) -> Option<String> {
    let mut bills: Vec<(&str, Date)> = context.invoices.iter().map(|(number, date)| (number.as_str(), *date)).collect();
    bills.sort_by_key(|it| std::cmp::Reverse(it.1));
    let asked_about = COMPARED_WITH.replace_all(text, " ");
    let asked_about = TIME_OF.replace_all(&asked_about, |found: &Captures<'_>| match found.get(1) {
        Some(_) => found[0].to_owned(),
        None => " ".to_owned(),
    });
    let asked_about = BEFORE_NOW.replace_all(&asked_about, "$1");
    own_number(text, &bills)
        .or_else(|| said_number(text, &bills))
        .or_else(|| beside_current(text, context, &bills))
        .or_else(|| later_of_two(text, &asked_about, context, &bills))
        .or_else(|| by_month(&asked_about, context, &bills))
        .or_else(|| by_day(&asked_about, context, &bills))
        .or_else(|| by_place(&asked_about, &bills))
}

/// "Was October cheaper than November": the later of two bills that follow each other is the one that says how they differ.
fn later_of_two(text: &str, asked_about: &str, context: &SlotContext<'_>, bills: &[(&str, Date)]) -> Option<String> {
    let compared: Vec<&str> = COMPARED_WITH.find_iter(text).map(|it| it.as_str()).collect();
    let asked = by_month(asked_about, context, bills)?;
    let other = by_month(&compared.join(" "), context, bills)?;
    let at = bills.iter().position(|it| it.0 == other)?;
    bills.get(at + 1).is_some_and(|it| it.0 == asked).then_some(other)
}

/// The bills of several months that a text puts side by side, in its order: "October, then September and November".
/// Also those that were just shown, "send me both", and the newest so many, "my last two bills". None where it names one,
/// or compares one with another.
pub(super) fn read_several(text: &str, context: &SlotContext<'_>) -> Vec<String> {
    if !COMPARED_WITH.is_match(text)
        && let Some((first, last)) = range(text, context)
    {
        let mut of_range: Vec<_> =
            context.invoices.iter().filter(|it| (first..=last).contains(&it.1.first_of_month())).collect();
        of_range.sort_by_key(|it| it.1);
        return of_range.into_iter().map(|it| it.0.clone()).collect();
    }
    if COMPARED_WITH.is_match(text) || context.words.is_some_and(|it| it.comparing.find(&normal::words(text)).is_some())
    {
        return Vec::new();
    }
    let mut numbers: Vec<String> = Vec::new();
    for month in months(text, context) {
        let of_month = context.invoices.iter().filter(|it| it.1.first_of_month() == month).max_by_key(|it| it.1);
        if let Some((number, _)) = of_month.filter(|it| !numbers.contains(&it.0)) {
            numbers.push(number.clone());
        }
    }
    if numbers.len() < 2 { shown(text, context).or_else(|| newest(text, context)).unwrap_or_default() } else { numbers }
}

/// All bills that were answered about just now, where a text takes both or points to them.
fn shown(text: &str, context: &SlotContext<'_>) -> Option<Vec<String>> {
    let language = context.words?;
    let words = normal::words(text);
    let takes_all = language.both.find(&words).is_some() || words.iter().any(|it| language.them.contains(it));
    (takes_all && 1 < context.shown.len()).then(|| context.shown.to_vec())
}

/// The newest so many bills: "the last two bills", "my last 3 invoices".
fn newest(text: &str, context: &SlotContext<'_>) -> Option<Vec<String>> {
    let language = context.words?;
    let n = NEWEST.captures(text).filter(|it| language.thing.contains(&it[2].to_lowercase()))?;
    let n = usize::try_from(small_number(&n[1].to_lowercase())?).ok().filter(|it| (2..=NEWEST_MAX).contains(it))?;
    let mut bills: Vec<_> = context.invoices.iter().collect();
    bills.sort_by_key(|it| std::cmp::Reverse(it.1));
    (n <= bills.len()).then(|| bills.into_iter().take(n).map(|it| it.0.clone()).collect())
}

/// So many newest bills are shown one by one; of more there is a list.
const NEWEST_MAX: usize = 3;

/// The first and the last of several months in a row: "August to October". None where it is but one.
fn range(text: &str, context: &SlotContext<'_>) -> Option<(Date, Date)> {
    let language = context.words?;
    let words = normal::words(text);
    let is_month = |at: usize| words.get(at).is_some_and(|it| language.months.iter().any(|month| month.contains(it)));
    let between = (1..words.len())
        .find(|at| is_month(at - 1) && is_month(at + 1) && language.range_words.contains(&words[*at]))?;
    let month = |at: usize| dates::months(&words[at], context.today).into_iter().next();
    let (first, last) = (month(between - 1)?, month(between + 1)?);
    (first < last).then_some((first, last))
}

/// The one before or after the bill that is being talked about, or the other one of it and the newest.
fn beside_current(text: &str, context: &SlotContext<'_>, bills: &[(&str, Date)]) -> Option<String> {
    let (current, words) = (context.current?, context.words?);
    let at = bills.iter().position(|it| it.0 == current)?;
    let said = normal::words(text);
    // A month that is named beside it counts for itself: "the one before May".
    if 6 < said.len() || !dates::months(text, context.today).is_empty() {
        return None;
    }
    let beside = if words.other.find(&said).is_some() || words.before.find(&said).is_some() {
        // "The other one": the bill before is what is most often meant, and of the oldest there is none.
        bills.get(at + 1).or(at.checked_sub(1).and_then(|it| bills.get(it)))
    } else if words.after.find(&said).is_some() {
        at.checked_sub(1).and_then(|it| bills.get(it))
    } else {
        None
    };
    beside.map(|it| it.0.to_owned())
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect::<String>().trim_start_matches('0').to_owned()
}

/// One of the customer's own numbers, whatever stands around it.
fn own_number(text: &str, bills: &[(&str, Date)]) -> Option<String> {
    let lower = text.to_lowercase();
    let named = bills.iter().find(|(number, _)| has_words(&lower, &number.to_lowercase()));
    let by_digits = || {
        let words: Vec<&str> = text
            .split(|it: char| !it.is_alphanumeric())
            .filter(|it| it.bytes().any(|it| it.is_ascii_digit()))
            .collect();
        bills.iter().find(|(number, _)| {
            let digits = digits_of(number);
            3 <= digits.len() && words.iter().any(|it| digits_of(it) == digits && !is_year(it))
        })
    };
    named.or_else(by_digits).map(|(number, _)| (*number).to_owned())
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// A number that is said to be a bill's: one of the customer's where the digits are the same, else as said.
fn said_number(text: &str, bills: &[(&str, Date)]) -> Option<String> {
    let numbered = NUMBERED.captures_iter(text).filter_map(|found| {
        let number = found.get(4)?;
        let sure = found.get(2).is_some() || found.get(3).is_some() || found[1].eq_ignore_ascii_case("inv");
        let other = NOT_A_NUMBER.is_match(&text[number.end()..]) || (!sure && is_year(number.as_str()));
        (!other).then(|| match found[1].eq_ignore_ascii_case("inv") {
            true => format!("INV-{}", number.as_str()),
            false => number.as_str().to_uppercase(),
        })
    });
    let hashed = HASHED.captures_iter(text).map(|it| it[1].to_uppercase());
    let said = numbered.chain(hashed).next()?;
    let own = bills.iter().find(|(number, _)| digits_of(number) == digits_of(&said));
    Some(own.map_or(said, |(number, _)| (*number).to_owned()))
}

/// The bill of a month; of two months, the later one: "why is June more than May" is about June.
fn by_month(text: &str, context: &SlotContext<'_>, bills: &[(&str, Date)]) -> Option<String> {
    let months = months(text, context);
    let found = bills.iter().find(|(_, date)| months.contains(&date.first_of_month()));
    found.map(|(number, _)| (*number).to_owned())
}

/// The months that a text names as those of bills that are there. "Will January be the same", in November, asks about the
/// January to come.
fn months(text: &str, context: &SlotContext<'_>) -> Vec<Date> {
    let mut months = dates::months(text, context.today);
    let Some(language) = context.words else { return months };
    let words = normal::words(text);
    let soon = months_ahead(&words, language);
    let this = context.today.first_of_month();
    let ahead =
        |month: &Date| 12 * (1 + i32::from(month.year() - this.year())) + i32::from(month.month() - this.month());
    // From twelve on it is this month itself, or one whose year was named.
    months.retain(|it| !(1..=soon).contains(&ahead(it)));
    months
}

/// How many months ahead one may be that is named by its name alone, and is meant as one to come.
fn months_ahead(words: &[String], language: &Language) -> i32 {
    let names_bill = || words.iter().any(|it| language.thing.contains(it));
    if language.past.find(words).is_some() {
        0
    } else if language.future.find(words).is_some() {
        AHEAD_WHERE_SAID
    } else if PASSING_WORDS_MIN <= words.len() && !names_bill() {
        AHEAD_ANYWAY
    } else {
        0
    }
}

/// What says that it is to come may be about so many months; a bill of last October is asked about with a "will" too.
const AHEAD_WHERE_SAID: i32 = 6;
/// What says nothing of the time is about the month that is nearer.
const AHEAD_ANYWAY: i32 = 2;
/// "January" alone, while bills are looked at, is one of them.
const PASSING_WORDS_MIN: usize = 4;

/// The bill of a day: the one that was issued on it.
fn by_day(text: &str, context: &SlotContext<'_>, bills: &[(&str, Date)]) -> Option<String> {
    let day = dates::read(text, context.today, context.language)?;
    bills.iter().find(|(_, date)| *date == day).map(|(number, _)| (*number).to_owned())
}

/// "The last one", "the one before", and "the second one" of those that we show, newest first.
fn by_place(text: &str, bills: &[(&str, Date)]) -> Option<String> {
    const BILL_WORDS: [&str; 5] = ["one", "bill", "invoice", "statement", "receipt"];
    const SHORT_REPLY_WORDS: usize = 4;
    let text = bare(text);
    let words: Vec<&str> = text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let is_reply = words.len() <= SHORT_REPLY_WORDS;
    let said = |adjective: &str| {
        let beside_bill = words.windows(2).any(|it| it[0] == adjective && BILL_WORDS.contains(&it[1]));
        beside_bill || (is_reply && words.contains(&adjective))
    };
    let n_bills = bills.len();
    let place = if has_words(&text, "before last")
        || said("previous")
        || has_words(&text, "one before")
        || has_words(&text, "second last")
    {
        1
    } else if ["last", "latest", "newest", "recent", "current", "new", "first"].iter().any(|it| said(it)) {
        0
    } else if said("second") {
        1
    } else if said("third") {
        2
    } else if said("oldest") {
        n_bills.checked_sub(1)?
    } else {
        return None;
    };
    // "Last year", "first time": places of something else.
    let of_something_else = ["year", "week", "time", "night", "payment", "month"];
    let other = words
        .windows(2)
        .any(|it| matches!(it[0], "last" | "first" | "second" | "third") && of_something_else.contains(&it[1]));
    bills.get(place).filter(|_| !other).map(|(number, _)| (*number).to_owned())
}
