//! Reads facts from what a customer says: which bill, which day, how much, which address.
//!
//! Pure and total: any text may come, the time it takes grows with its length only, and what is not clearly
//! there is not read.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::content::file::{SlotFile, SlotKind};
use crate::content::language::Language;
use crate::conversation::format::{self, Locale};
use crate::conversation::normal;

mod amounts;
mod asked_day;
mod bills;
pub mod company;
mod dates;

/// Characters of a text slot that are kept.
const TEXT_CHARS_MAX: usize = 300;

/// What texts are read against.
#[derive(Clone, Copy, Debug)]
pub struct SlotContext<'a> {
    /// The present day where the business is.
    pub today: Date,
    /// The business's currency, ISO 4217.
    pub currency: &'a str,
    /// The business's language, BCP 47; in `en-US` the month comes before the day, in `de` a comma before the cents.
    pub language: &'a str,
    /// The customer's bills: number and date, in any order.
    pub invoices: &'a [(String, Date)],
    /// The number of the bill that is being talked about.
    pub current: Option<&'a str>,
    /// The bills that were answered about in the last turn.
    pub shown: &'a [String],
    /// The small words of the language.
    pub words: Option<&'a Language>,
}

impl SlotContext<'_> {
    /// Nothing to read against: only what stands in the text itself.
    pub fn nothing() -> Self {
        let (currency, language) = ("EUR", "en");
        Self { today: Date::ZERO, currency, language, invoices: &[], current: None, shown: &[], words: None }
    }
}

/// Reads a fact of a kind, in the form in which slots keep it.
///
/// Money is in minor units (`499`), a day is an ISO date, a bill is its number: that of one of the customer's
/// bills where it is meant, else the number as said. `None` when the text says no such thing.
pub fn read(kind: SlotKind, text: &str, context: &SlotContext<'_>) -> Option<String> {
    match kind {
        SlotKind::Money => amounts::read(text, context.currency, context.language).map(|it| it.to_string()),
        SlotKind::Date => dates::read(text, context.today, context.language).map(|it| it.to_string()),
        SlotKind::Invoice => bills::read(text, context),
        SlotKind::Email => read_email(text),
        SlotKind::Text => read_text(text),
        SlotKind::Address => read_address(text, context),
        SlotKind::Company => company::read(text, context.words?),
        // Which words count, only the slot knows.
        SlotKind::Words => None,
    }
}

/// The amounts that a text names with their currency, each once, in its order, in minor units.
pub fn amounts(text: &str, context: &SlotContext<'_>) -> Vec<i64> {
    let mut found = Vec::new();
    for (_, amount) in amounts_with_ends(text, context) {
        if !found.contains(&amount) {
            found.push(amount);
        }
    }
    found
}

/// The same, all of them, each with the place in the text where it ends.
pub fn amounts_with_ends(text: &str, context: &SlotContext<'_>) -> Vec<(usize, i64)> {
    amounts::read_all(text, context.currency, context.language)
}

/// Reads a slot's fact; of the kind `words` the first of its own words that is said, in any case.
pub fn read_slot(slot: &SlotFile, text: &str, context: &SlotContext<'_>) -> Option<String> {
    if slot.kind != SlotKind::Words {
        if slot.kind != SlotKind::Date {
            return read(slot.kind, text, context);
        }
        // "Another day of the month" is not tomorrow.
        let text =
            text.to_lowercase().replace("another day", "").replace("a different day", "").replace("other day", "");
        let asked = asked_day::read(&text, context).or_else(|| dates::read(&text, context.today, context.language));
        let asked = asked.map(|it| if slot.ahead { dates::ahead(it, &text, context.today) } else { it });
        return asked.map(|it| it.to_string()).or_else(|| lone_day(&text, context.today));
    }
    let said = spaced(text);
    slot.words.iter().find(|it| said.contains(&spaced(it))).cloned()
}

/// The day that a text asks for, of several; of one alone, unless it is refused: "not today".
pub fn wanted_day(text: &str, context: &SlotContext<'_>) -> Option<Date> {
    asked_day::read_wanted(text, context)
}

/// The day that a text has in figures, as the customer writes days and as others do, where that makes two: 3 April and
/// 4 March.
pub fn day_in_two_ways(text: &str, context: &SlotContext<'_>) -> Option<(Date, Date)> {
    dates::in_two_ways(text, context.today, context.language)
}

/// The customer's bills of several months that a text puts side by side; none where it names one.
pub fn read_bills(text: &str, context: &SlotContext<'_>) -> Vec<String> {
    bills::read_several(text, context)
}

/// A number alone, as somebody types it who was asked for a day of the month: the next such day.
fn lone_day(text: &str, today: Date) -> Option<String> {
    let text = dates::bare(text);
    let text = text.trim_end_matches(['.', '!']);
    let text = text.strip_prefix("the ").or(text.strip_prefix("day ")).unwrap_or(text);
    let text = ["st", "nd", "rd", "th"].iter().find_map(|it| text.strip_suffix(it)).unwrap_or(text);
    let day: i8 = text.trim().parse().ok().filter(|it| (1..=31).contains(it))?;
    // In two months in a row there is every day.
    let months = (0..3).map(|n| today.first_of_month().saturating_add(n.months()));
    let days = months.filter_map(|first| Date::new(first.year(), first.month(), day).ok());
    days.into_iter().find(|it| today <= *it).map(|it| it.to_string())
}

/// A text in lower case, its words with single spaces around, so that whole words can be looked for.
fn spaced(text: &str) -> String {
    let letters: String = text.chars().map(|it| if it.is_alphanumeric() { it } else { ' ' }).collect();
    let words: Vec<String> = letters.split_whitespace().map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

/// The first thing that looks like an e-mail address (the everyday part of RFC 5321), its domain in lower case.
fn read_email(text: &str) -> Option<String> {
    let is_local = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '%' | '+' | '-' | '\'');
    let is_domain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-');
    text.split(|it: char| it.is_whitespace() || matches!(it, '<' | '>' | '(' | ')' | ',' | ';' | '"' | ':')).find_map(
        |word| {
            let word = word.trim_matches(['.', '!', '?', '\'', '*']);
            let (local, domain) = word.split_once('@')?;
            let labels: Vec<&str> = domain.split('.').collect();
            let good_labels = labels.iter().all(|it| !it.is_empty() && !it.starts_with('-') && !it.ends_with('-'));
            let good_end =
                labels.last().is_some_and(|it| 2 <= it.len() && it.bytes().all(|it| it.is_ascii_alphabetic()));
            let good = (1..=64).contains(&local.len())
                && (4..=253).contains(&domain.len())
                && local.chars().all(is_local)
                && domain.chars().all(is_domain)
                && 2 <= labels.len()
                && good_labels
                && good_end;
            good.then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
        },
    )
}

fn read_text(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words.join(" ").chars().take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

/// A postal address: from a house number on, where a street's word, a comma or a postcode follows.
fn read_address(text: &str, context: &SlotContext<'_>) -> Option<String> {
    let words = context.words?;
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let bare = |token: &str| token.trim_matches(|it: char| !it.is_alphanumeric()).to_lowercase();
    let is_number = |token: &str| {
        // "22b" is one, "1st" isn't.
        let token = bare(token);
        let letters = token.trim_start_matches(|it: char| it.is_ascii_digit());
        letters.len() < token.len() && letters.chars().count() <= 1 && token.len() <= HOUSE_NUMBER_MAX
    };
    (0..tokens.len()).filter(|at| is_number(tokens[*at])).find_map(|at| {
        // The address ends where the sentence does; a stop within a postcode does not stand before a space.
        let n = tokens[at..]
            .iter()
            .position(|it| it.ends_with(['.', '!', '?', ';']))
            .map_or(tokens.len() - at, |it| it + 1);
        let own = &tokens[at..at + n];
        let street = own.iter().skip(1).take(STREET_WITHIN).any(|it| words.street_words.contains(&bare(it)));
        let address = own.join(" ");
        (street && own.len() <= ADDRESS_WORDS_MAX)
            .then(|| address.trim_end_matches(['.', '!', '?', ';', ',']).to_owned())
    })
}

/// A longer number is no house's.
const HOUSE_NUMBER_MAX: usize = 5;
/// The street's word stands within so many words of the number.
const STREET_WITHIN: usize = 5;
/// A longer one is a story.
const ADDRESS_WORDS_MAX: usize = 16;

/// A reply without what begins it and is no part of it: "I just told you. 14 Harbour Road" is the latter.
pub fn without_lead(text: &str, language: &Language) -> String {
    without_leads(text, |words, _| language.leads.at_start(words).max(language.fillers.at_start(words)))
}

/// The same of what somebody tells in sentences: of "ok. It was Tuesday" the "It" stays.
pub fn without_opening(text: &str, language: &Language) -> String {
    without_leads(text, |words, text| {
        let n = language.leads.at_start(words).max(language.fillers.at_start(words));
        if after_words(text, n).starts_with([',', '.', '!', ';', ':', '\n']) { n } else { 0 }
    })
}

/// A text without so many words at its beginning as `n_lead` counts, again and again; not without all of it.
fn without_leads(text: &str, n_lead: impl Fn(&[String], &str) -> usize) -> String {
    let mut rest = text.trim();
    loop {
        let words = normal::words(rest);
        let n = n_lead(&words, rest);
        if n == 0 || n == words.len() {
            return rest.to_owned();
        }
        rest = after_words(rest, n).trim_start_matches(|it: char| !it.is_alphanumeric());
    }
}

/// What stands behind so many words.
fn after_words(text: &str, n: usize) -> &str {
    let mut left = text;
    for _ in 0..n {
        let start = left.find(char::is_alphanumeric).unwrap_or(left.len());
        let word = &left[start..];
        let end = word.find(|it: char| !it.is_alphanumeric() && !matches!(it, '\'' | '’')).unwrap_or(word.len());
        left = &word[end..];
    }
    left
}

/// What follows "change it to" and the like, where something else stands before it: "that's the wrong company. change it
/// to Moss Ltd". The whole text, where nothing does.
pub fn after_change<'a>(text: &'a str, language: &Language) -> &'a str {
    let mut after = text;
    for (at, _) in text.match_indices(char::is_whitespace) {
        let rest = text[at..].trim_start();
        let words = normal::words(rest);
        let n = language.changes.at_start(&words);
        if 0 < n && n < words.len() {
            after = rest;
        }
    }
    after
}

/// A day of the month in the reply of somebody who was asked for one: "then 28 it is", "28. the payment day". The next
/// such day.
pub fn day_in_reply(text: &str, context: &SlotContext<'_>) -> Option<String> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let n_words = tokens.len();
    if REPLY_WORDS_MAX < n_words {
        return None;
    }
    let counts = |at: usize| tokens.get(at + 1).is_some_and(|it| is_counted(it));
    let day = |at: usize| {
        let bare = tokens[at].trim_matches(|it: char| matches!(it, '.' | ',' | '!' | '?' | ';' | ':'));
        (!counts(at)).then(|| lone_day(bare, context.today)).flatten()
    };
    (0..n_words).find_map(day)
}

/// The one number of a text that may be an amount without its currency, in minor units: "is it 24 every month then". What
/// is refused ("not 30"), is counted ("3 days") or is part of a day is none.
pub fn lone_amount(text: &str, context: &SlotContext<'_>) -> Option<i64> {
    if dates::read(text, context.today, context.language).is_some() {
        return None;
    }
    let locale = Locale::of(context.language).unwrap_or_default();
    let text = amounts::plain(text);
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let refused = |at: usize| context.words.is_some_and(|it| it.denies.is(&normal::words(tokens[at])));
    let amount = |at: usize| {
        let bare = tokens[at].trim_matches(|it: char| matches!(it, '.' | ',' | '!' | '?' | ';' | ':' | '(' | ')'));
        let is_number = bare.starts_with(|it: char| it.is_ascii_digit())
            && bare.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b','));
        let counts = tokens.get(at + 1).is_some_and(|it| is_counted(it));
        let not = at.checked_sub(1).is_some_and(refused);
        (is_number && !counts && !not).then(|| format::read_money_in(bare, context.currency, locale)).flatten()
    };
    let mut found = (0..tokens.len()).filter_map(amount);
    found.next().filter(|_| found.next().is_none())
}

/// Whether the day that a text names is one of the month by its number alone: "the 20th".
pub fn names_day_alone(text: &str) -> bool {
    dates::names_day_alone(text)
}

/// So long may a reply be in which a number is the day that was asked for.
const REPLY_WORDS_MAX: usize = 16;

/// Whether a number before this word counts something: "3 days", "20 pounds".
fn is_counted(word: &str) -> bool {
    let word = word.trim_matches(|it: char| !it.is_alphanumeric()).to_lowercase();
    const COUNTED: [&str; 36] = [
        "day", "days", "week", "weeks", "month", "months", "year", "years", "pounds", "quid", "euros", "dollars",
        "times", "percent", "hours", "minutes", "mins", "hour", "bills", "payments", "letters", "parts", "people",
        "of", "megabits", "mb", "gb", "am", "pm", "o'clock", "lots", "invoices", "cards", "accounts", "calls",
        "emails",
    ];
    COUNTED.contains(&word.as_str())
}

/// Whether a word is part of a day: "tomorrow", "friday", "next".
pub fn is_day_word(word: &str) -> bool {
    const WORDS: [&str; 24] = [
        "today",
        "tomorrow",
        "yesterday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "week",
        "weeks",
        "day",
        "days",
        "month",
        "months",
        "next",
        "last",
        "end",
        "until",
        "till",
        "year",
        "previous",
        "latest",
    ];
    WORDS.contains(&word) || small_number(word).is_some() || dates::is_ordinal(word)
}

/// A small number in digits or words: `2`, `two`, `a`, `a couple of`.
fn small_number(word: &str) -> Option<i64> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    const TENS: [&str; 7] = ["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |words: &[&str]| words.iter().position(|it| *it == word).and_then(|it| i64::try_from(it).ok());
    match word {
        "a" | "an" | "another" => Some(1),
        "couple" => Some(2),
        "hundred" => Some(100),
        _ => place(&WORDS)
            .or_else(|| Some(30 + 10 * place(&TENS)?))
            .or_else(|| word.parse().ok().filter(|it| (0..1_000).contains(it))),
    }
}

#[cfg(test)]
mod tests;
