//! Days and months in a text: `3 June`, `03/06/2026`, `tomorrow`, `next Friday`, `in two weeks`, `last month`.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use regex::{Captures, Regex};

use super::small_number;
use crate::conversation::format::Locale;
use crate::conversation::normal;

const MONTH: &str = r"jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";

const DAY: &str = r"monday|tuesday|wednesday|thursday|friday|saturday|sunday";

const SHORT_DAY: &str = r"mon|tues?|wed|weds|thu|thurs?|fri|sat|sun";

static ISO: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b"));

/// `03/06/2026`, `3.6.26`, `3-6-2026`, and `3/6`.
static NUMERIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^\d./\-£$€#])(\d{1,2})(?:[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})|/(\d{1,2}))(?:$|[^\d/\-.]|\.(?:$|\D))")
});

/// `10.12.`, as it is written where days are counted with a dot.
static DOTTED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[^\d.,/\-£$€#])(0?[1-9]|[12]\d|3[01])\.\s?(0?[1-9]|1[0-2])\.(?:$|[^\d£$€])"));

/// Languages in which a day is `10.12.`, by ISO 639.
const WITH_DOTS: [&str; 17] =
    ["cs", "da", "de", "et", "fi", "hr", "is", "lv", "nb", "nn", "no", "pl", "ro", "ru", "sk", "tr", "uk"];

/// `3 June`, `3rd of June 2026`.
static DAY_MONTH: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"\b(\d{{1,2}})(?:st|nd|rd|th)?\s?(?:of\s)?({MONTH})\b\.?,?(?:\s(\d{{4}})\b)?")));

/// `June 3rd`, `June 3, 2026`.
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"\b({MONTH})\b\.?\s(?:the\s)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(\d{{4}})\b)?"))
});

/// `in two weeks`, `10 days from now`, `two more weeks`, `3 days ago`, `another week`.
static AWAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(in|within|another|for)\s)?\b(?:a\s)?(\d{1,3}|[a-z]+)(?:\s(of|more|extra|further))?\s(days?|weeks?|fortnights?|months?)\b(?:\s(ago|from\snow|from\stoday|later|earlier|more|extra|time))?",
    )
});

/// `next Friday`, `on Monday`, `last Tuesday`, `by fri`.
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:(next|last|this|past|on|by|until|till|before|after|coming|from)\s)?(?:({DAY})|({SHORT_DAY}))\b"
    ))
});

/// `the 20th`, `on the 3rd`.
static DAY_OF_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:the|on|by|until|till|before|after|from|to)\s(\d{1,2})(?:st|nd|rd|th)\b(?:\s(of\s(?:this|next|last)\smonth|[a-z]+))?",
    )
});

/// `day 20`, as we say it ourselves.
static DAY_NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bday\s(\d{1,2})\b"));

/// `end of january`, `mid-march`, `the beginning of next month`.
static PART_OF_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:(end|start|beginning|middle)\sof\s|mid[-\s](?:of\s)?)(?:(?:the|this)\s(month)|(next)\smonth|(last)\smonth|({MONTH}))\b(?:\s(\d{{4}})\b)?"
    ))
});

/// `twelfth` of `the twelfth`, `january the twelfth`, `twelfth of january`: a bare "second" may be anything.
static ORDINAL: LazyLock<Regex> = LazyLock::new(|| {
    let words = ORDINALS.join("|");
    pattern(&format!(
        r"\b((?:on|by|until|till|before|after|from|to|{MONTH})\s(?:the\s)?)?(the\s)?((?:twenty|thirty)?[-\s]?(?:{words})|twentieth|thirtieth)\b(\s(?:of\s)?(?:this\smonth|next\smonth|last\smonth|{MONTH})\b)?"
    ))
});

const ORDINALS: [&str; 19] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

static MONTH_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:\b(for|in|my|the|of|from|since|last|this|on|during|and|than|about|show|send|see|me|try|or|to|till|until|then)\s)?\b({MONTH})\b(?:(['’]s|s'|\s(?:bill|bills|invoice|statement|payment|charge|one))\b)?(?:\s(\d{{4}})\b)?"
    ))
});

/// `octobers bill`, as it is typed on a phone.
static WITHOUT_APOSTROPHE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(january|february|april|june|july|august|september|october|november|december)s\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and a test compiles it")
}

/// A text in lower case with single spaces, digits of all scripts as 0 to 9, one kind of hyphen and days of the month in
/// figures, as the patterns expect it.
pub(super) fn bare(text: &str) -> String {
    let lower = normal::letters(text).into_iter().map(|it| it.1).collect::<String>().to_lowercase();
    let lower = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    ORDINAL.replace_all(&lower, |found: &Captures<'_>| in_figures(found, &lower)).into_owned()
}

/// A day of the month that is written out, in figures: "on the twelfth" as "on the 12th". As it stands, where it may be no
/// day: "the first", "by the second letter".
fn in_figures(found: &Captures<'_>, text: &str) -> String {
    let group = |n: usize| found.get(n).map_or("", |it| it.as_str());
    let (before, the, word, behind) = (group(1), group(2), group(3), group(4));
    let day = match word {
        "twentieth" => Some(20),
        "thirtieth" => Some(30),
        word => {
            let ten = [("twenty", 20), ("thirty", 30)].into_iter().find(|it| word.starts_with(it.0));
            let one = ten.map_or(word, |it| &word[it.0.len()..]).trim_start_matches(['-', ' ']);
            let place = ORDINALS.iter().position(|it| *it == one);
            place.map(|at| at + 1).filter(|one| ten.is_none() || *one < 10).map(|one| one + ten.map_or(0, |it| it.1))
        }
    };
    let end = found.get(0).map_or(0, |it| it.end());
    let next: String = text[end..].trim_start_matches(' ').chars().take_while(|it| it.is_alphabetic()).collect();
    let ends_here = next.is_empty() || ["please", "or", "and", "then", "instead", "if", "so"].contains(&next.as_str());
    let beside_month = !behind.is_empty() || month_number(before).is_some();
    let is_day = beside_month || (!before.is_empty() && ends_here);
    match day.filter(|it| *it <= 31 && (is_day || (!(the.is_empty() && before.is_empty()) && PLACES_MAX < *it))) {
        Some(day) => format!("{before}{the}{day}th{behind}"),
        None => found[0].to_owned(),
    }
}

/// Whether a word counts a place, or a day of a month: "twelfth".
pub(super) fn is_ordinal(word: &str) -> bool {
    ORDINALS.contains(&word) || matches!(word, "twentieth" | "thirtieth")
}

/// "The third" may be one of a list, or a part; so many are offered or counted at most.
const PLACES_MAX: usize = 4;

/// The first day that a text names. Where it names no year, the nearest such day, before or after today.
pub(super) fn read(text: &str, today: Date, language: &str) -> Option<Date> {
    let text = bare(text);
    ISO.captures(&text)
        .and_then(|it| date(int(&it, 1)?, int(&it, 2)?, int(&it, 3)?))
        .or_else(|| DAY_MONTH.captures(&text).and_then(|it| named(&it, 1, 2, today)))
        .or_else(|| MONTH_DAY.captures(&text).and_then(|it| named(&it, 2, 1, today)))
        .or_else(|| NUMERIC.captures_iter(&text).find_map(|it| numeric(&it, today, language)))
        .or_else(|| dotted(&text, language).and_then(|it| without_year(int(&it, 2)?, int(&it, 1)?, today)))
        .or_else(|| in_named_month(&text, today))
        .or_else(|| DAY_OF_MONTH.captures_iter(&text).find_map(|it| day_of_month(&it, today)))
        .or_else(|| DAY_NUMBER.captures_iter(&text).find_map(|it| next_such_day(int(&it, 1)?, today)))
        .or_else(|| PART_OF_MONTH.captures(&text).and_then(|it| part_of_month(&it, today)))
        .or_else(|| relative(&text, today))
        .or_else(|| AWAY.captures_iter(&text).find_map(|it| away(&it, &text, today)))
        .or_else(|| WEEKDAY.captures_iter(&text).find_map(|it| weekday(&it, &text, today)))
        .or_else(|| whole_day_of_month(&text, today))
}

/// The months that a text names, each as its first day: `june`, `last month`, `may 2025`.
pub(super) fn months(text: &str, today: Date) -> Vec<Date> {
    let lower = WITHOUT_APOSTROPHE.replace_all(&bare(text), "$1's").into_owned();
    let mut found = Vec::new();
    let this = today.first_of_month();
    for (words, away) in [
        ("this month", 0),
        ("current month", 0),
        ("last month", -1),
        ("previous month", -1),
        ("past month", -1),
        ("month before last", -2),
    ] {
        if has_words(&lower, words) {
            found.extend(shift(this, away.months()));
        }
    }
    if has_words(&lower, "month before last") {
        found.retain(|it| Some(*it) == shift(this, (-2).months()));
    }
    for names in MONTH_NAME.captures_iter(&lower) {
        let Some(name) = names.get(2) else { continue };
        let alone = lower.trim_matches(|it: char| !it.is_alphanumeric()) == name.as_str();
        // "May" and "march" are also verbs: they need something beside them that makes them a month.
        let verb = matches!(name.as_str(), "may" | "march" | "mar" | "dec" | "sept");
        if verb && !alone && names.get(1).is_none() && names.get(3).is_none() && names.get(4).is_none() {
            continue;
        }
        let Some(month) = month_number(name.as_str()) else { continue };
        let first = match int(&names, 4) {
            Some(year) => date(year, month, 1),
            // Whoever names the month to come means that one, and there is no bill of it yet.
            None if shift(this, 1.month()).is_some_and(|it| i64::from(it.month()) == month) && !shown(&names) => None,
            // A bill of another month that is still to come cannot be meant.
            None => date(i64::from(today.year()), month, 1)
                .map(|it| if this < it { shift(it, (-1).years()).unwrap_or(it) } else { it }),
        };
        found.extend(first);
    }
    found
}

/// "Last July", "show me July": a bill that is there.
fn shown(names: &Captures<'_>) -> bool {
    names.get(1).is_some_and(|it| matches!(it.as_str(), "last" | "show" | "see" | "send" | "me"))
}

/// Whether words stand in a text that is bare already.
pub(super) fn has_words(text: &str, words: &str) -> bool {
    let part = |it: char| it.is_alphanumeric();
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn int(found: &Captures<'_>, group: usize) -> Option<i64> {
    found.get(group)?.as_str().parse().ok()
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    let year = match year {
        0..100 => 2000 + year,
        year => year,
    };
    // Bills are of our time; anything else is a number of another kind.
    if !(1990..=2100).contains(&year) {
        return None;
    }
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn shift(date: Date, span: Span) -> Option<Date> {
    date.checked_add(span).ok()
}

fn month_number(name: &str) -> Option<i64> {
    const STARTS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let place = STARTS.iter().position(|it| name.starts_with(it))?;
    i64::try_from(place + 1).ok()
}

/// The nearest day of this name to today; the one to come, where two are as near.
fn nearest(today: Date, candidates: impl Iterator<Item = Date>) -> Option<Date> {
    candidates.min_by_key(|it| {
        let days = today.until(*it).map_or(i32::MAX, |span| span.get_days());
        (days.unsigned_abs(), days < 0)
    })
}

fn without_year(month: i64, day: i64, today: Date) -> Option<Date> {
    let year = i64::from(today.year());
    nearest(today, (year - 1..=year + 1).filter_map(|it| date(it, month, day)))
}

fn named(found: &Captures<'_>, day: usize, month: usize, today: Date) -> Option<Date> {
    let month = month_number(found.get(month)?.as_str())?;
    let day = int(found, day)?;
    match int(found, 3) {
        Some(year) => date(year, month, day),
        None => without_year(month, day, today),
    }
}

fn numeric(found: &Captures<'_>, today: Date, language: &str) -> Option<Date> {
    let (own, other) = both_ways(found, today, language)?;
    own.or(other)
}

/// The day that a text has in figures, as people of this language write it and as others do, where both are days and
/// not the same: 3 April and 4 March.
pub(super) fn in_two_ways(text: &str, today: Date, language: &str) -> Option<(Date, Date)> {
    let text = bare(text);
    let (own, other) = NUMERIC.captures_iter(&text).find_map(|it| both_ways(&it, today, language))?;
    own.zip(other).filter(|(own, other)| own != other)
}

/// A day in figures as people of this language write it, and the other way round.
fn both_ways(found: &Captures<'_>, today: Date, language: &str) -> Option<(Option<Date>, Option<Date>)> {
    let first = int(found, 1)?;
    let second = int(found, 2).or_else(|| int(found, 4))?;
    let year = int(found, 3);
    // "24/7" is a way of speaking.
    if year.is_none() && (first, second) == (24, 7) {
        return None;
    }
    let read = |day: i64, month: i64| match year {
        Some(year) => date(year, month, day),
        None => without_year(month, day, today),
    };
    let (day_first, month_first) = (read(first, second), read(second, first));
    match Locale::of(language).unwrap_or_default().month_first {
        true => Some((month_first, day_first)),
        false => Some((day_first, month_first)),
    }
}

/// The first day in a text that is written with dots and without a year, where people write days so.
fn dotted<'a>(text: &'a str, language: &str) -> Option<Captures<'a>> {
    let own = language.split(['-', '_']).next().unwrap_or_default();
    let with_dots = WITH_DOTS.iter().any(|it| it.eq_ignore_ascii_case(own));
    let is_money =
        |it: &Captures<'_>| it.get(1).is_some_and(|it| text[..it.start()].trim_end().ends_with(['£', '$', '€']));
    DOTTED.captures_iter(text).find(|it| with_dots && !is_money(it))
}

/// A text without such days: they look like amounts.
pub(super) fn without_dotted(text: &str, language: &str) -> String {
    let mut rest = text.to_owned();
    while let Some((start, end)) = dotted(&rest, language).and_then(|it| Some((it.get(1)?.start(), it.get(2)?.end()))) {
        rest.replace_range(start..end, " ");
    }
    rest
}

fn relative(text: &str, today: Date) -> Option<Date> {
    let said = |words: &str| has_words(text, words);
    if said("day after tomorrow") {
        shift(today, 2.days())
    } else if said("day before yesterday") {
        shift(today, (-2).days())
    } else if said("tomorrow") || said("tomorow") || said("tommorow") || said("tmrw") {
        shift(today, 1.day())
    } else if said("yesterday") {
        shift(today, (-1).day())
    } else if said("today") || said("tonight") {
        Some(today)
    } else if said("end of month") || said("month end") {
        Some(today.last_of_month())
    } else if said("next week") {
        shift(today, 7.days())
    } else if said("next month") {
        shift(today, 1.month())
    } else {
        None
    }
}

/// The last day of a month, its first, or the one in its middle.
fn part_of_month(found: &Captures<'_>, today: Date) -> Option<Date> {
    const MIDDLE: i8 = 15;
    let this = today.first_of_month();
    let first = if found.get(2).is_some() {
        this
    } else if found.get(3).is_some() {
        shift(this, 1.month())?
    } else if found.get(4).is_some() {
        shift(this, (-1).month())?
    } else {
        let month = month_number(found.get(5)?.as_str())?;
        match int(found, 6) {
            Some(year) => date(year, month, 1)?,
            None => without_year(month, 1, today)?,
        }
    };
    match found.get(1).map(|it| it.as_str()) {
        Some("end") => Some(first.last_of_month()),
        Some("start" | "beginning") => Some(first),
        _ => Date::new(first.year(), first.month(), MIDDLE).ok(),
    }
}

fn away(found: &Captures<'_>, text: &str, today: Date) -> Option<Date> {
    let word = |group: usize| found.get(group).map(|it| it.as_str());
    let n = small_number(word(2)?)?;
    // "A couple of weeks" has its "of"; "one of weeks" does not exist.
    if word(3) == Some("of") && word(2) != Some("couple") {
        return None;
    }
    let after = word(5);
    let alone = found.get(0)?.as_str() == text.trim_matches(|it: char| !it.is_alphanumeric());
    let back = matches!(after, Some("ago" | "earlier"));
    let forth = matches!(word(1), Some("in" | "within" | "another"))
        || matches!(word(3), Some("more" | "extra" | "further"))
        || after.is_some()
        || word(2) == Some("another")
        || alone;
    if !back && !forth {
        return None;
    }
    let n = if back { -n } else { n };
    let span = match word(4)?.trim_end_matches('s') {
        "day" => n.days(),
        "week" => n.weeks(),
        "fortnight" => (2 * n).weeks(),
        _ => n.months(),
    };
    shift(today, span)
}

fn weekday(found: &Captures<'_>, text: &str, today: Date) -> Option<Date> {
    let before = found.get(1).map(|it| it.as_str());
    let alone = found.get(0)?.as_str() == text.trim_matches(|it: char| !it.is_alphanumeric());
    let name = match (found.get(2), found.get(3)) {
        (Some(name), _) => name.as_str(),
        // "Sun" and "sat" are also other words: they need something beside them that makes them a day.
        (None, Some(name)) if before.is_some() || alone => name.as_str(),
        _ => return None,
    };
    let wanted = match &name[..2] {
        "mo" => Weekday::Monday,
        "tu" => Weekday::Tuesday,
        "we" => Weekday::Wednesday,
        "th" => Weekday::Thursday,
        "fr" => Weekday::Friday,
        "sa" => Weekday::Saturday,
        _ => Weekday::Sunday,
    };
    let n = if matches!(before, Some("last" | "past")) { -1 } else { 1 };
    today.nth_weekday(n, wanted).ok()
}

/// The day that a clause of a text names; the month of it may stand in another clause.
pub(super) fn read_in(clause: &str, text: &str, today: Date, language: &str) -> Option<Date> {
    let (bare_clause, bare_text) = (bare(clause), bare(text));
    let is_whole = DAY_MONTH.is_match(&bare_clause) || MONTH_DAY.is_match(&bare_clause);
    let in_text = DAY_OF_MONTH.is_match(&bare_clause).then(|| in_named_month(&bare_text, today)).flatten();
    in_text.filter(|_| !is_whole).or_else(|| read(clause, today, language))
}

/// The one day of a month that a text names beside the one month to come that it names elsewhere: "I said January, we don't
/// move until the 16th".
fn in_named_month(text: &str, today: Date) -> Option<Date> {
    let mut days = DAY_OF_MONTH.captures_iter(text).filter(|it| day_of_month(it, today).is_some());
    let (day, None) = (days.next()?, days.next()) else { return None };
    let mut months: Vec<i64> = MONTH_NAME.captures_iter(text).filter_map(|it| month_of(&it)).collect();
    months.dedup();
    let [month] = months.as_slice() else { return None };
    let day = without_year(*month, int(&day, 1)?, today)?;
    (shift(today.first_of_month(), 1.month())? <= day).then_some(day)
}

/// The month that a name stands for, and not a verb: "you may", "they march".
fn month_of(names: &Captures<'_>) -> Option<i64> {
    let name = names.get(2)?.as_str();
    let beside = [1, 3, 4].into_iter().any(|it| names.get(it).is_some());
    month_number(name).filter(|_| beside || !matches!(name, "may" | "march" | "mar" | "dec" | "sept"))
}

fn day_of_month(found: &Captures<'_>, today: Date) -> Option<Date> {
    const COUNTED: [&str; 14] = [
        "time", "bill", "bills", "invoice", "payment", "charge", "month", "week", "one", "party", "notice", "reminder",
        "person", "day",
    ];
    let day = int(found, 1)?;
    let first = today.first_of_month();
    let after = found.get(2).map(|it| it.as_str());
    let in_month = |it: Option<Date>| it.and_then(|it| date(i64::from(it.year()), i64::from(it.month()), day));
    match after {
        Some(word) if COUNTED.contains(&word) => None,
        Some("of this month") => in_month(Some(first)),
        Some("of next month") => in_month(shift(first, 1.month())),
        Some("of last month") => in_month(shift(first, (-1).month())),
        _ => {
            let months = [-1, 0, 1].into_iter().filter_map(|it| in_month(shift(first, it.months())));
            nearest(today, months)
        }
    }
}

/// The same day, the next time that it comes: one that is named without its year, or by its number alone, has not passed.
pub(super) fn ahead(day: Date, text: &str, today: Date) -> Date {
    if today <= day {
        return day;
    }
    let text = bare(text);
    let with_year = |pattern: &Regex, year: usize| pattern.captures(&text).is_some_and(|it| it.get(year).is_some());
    let has_year =
        ISO.is_match(&text) || with_year(&DAY_MONTH, 3) || with_year(&MONTH_DAY, 3) || with_year(&NUMERIC, 3);
    let has_month = DAY_MONTH.is_match(&text) || MONTH_DAY.is_match(&text) || NUMERIC.is_match(&text);
    if names_day_alone(&text) {
        next_such_day(i64::from(day.day()), today).unwrap_or(day)
    } else if has_month && !has_year {
        shift(day, 1.year()).unwrap_or(day)
    } else {
        day
    }
}

/// The next day of this number, today or later.
fn next_such_day(number: i64, today: Date) -> Option<Date> {
    let first = today.first_of_month();
    let months = (0..=2).filter_map(|it: i32| shift(first, it.months()));
    let mut days = months.filter_map(|it| date(i64::from(it.year()), i64::from(it.month()), number));
    days.find(|it| today <= *it)
}

/// Whether a text names a day by its number in the month, and no month beside it.
pub(super) fn names_day_alone(text: &str) -> bool {
    let text = bare(text);
    let beside_month =
        DAY_MONTH.is_match(&text) || MONTH_DAY.is_match(&text) || ISO.is_match(&text) || NUMERIC.is_match(&text);
    let alone =
        DAY_OF_MONTH.captures(&text).is_some_and(|it| it.get(2).is_none_or(|it| !it.as_str().starts_with("of ")));
    (alone || DAY_NUMBER.is_match(&text)) && !beside_month
}

/// `20th` as the whole reply.
fn whole_day_of_month(text: &str, today: Date) -> Option<Date> {
    let text = text.trim_matches(|it: char| !it.is_alphanumeric());
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|it| text.strip_suffix(it))?;
    if 2 < digits.len() {
        return None;
    }
    DAY_OF_MONTH.captures(&format!("the {text}")).and_then(|it| day_of_month(&it, today))
}
