//! How money, dates, counts and lists read in a sentence, in British English unless a [`Style`] says otherwise.
//!
//! Pure: the present day is always given. Templates, cards and explanations all come here, so that one
//! amount looks the same everywhere.

use jiff::civil::{Date, Weekday};

mod locale;

use locale::Sign;
pub use locale::{Locale, Style};

/// How far from today, in months, a month of another year may be and still go without its year.
const MONTHS_WITHOUT_YEAR_MAX: i32 = 6;

/// The number of digits after the point that ISO 4217 gives a currency; 2 for a code it doesn't list apart.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// An amount in minor units as text: `£42.00`, `-£5.00`, `¥1,200`, `CHF 9.50`.
pub fn money(minor: i64, currency: &str) -> String {
    money_in(minor, currency, Locale::default())
}

/// The same as people of a locale write it: `42,00 £`.
pub fn money_in(minor: i64, currency: &str, locale: Locale) -> String {
    let minus = if minor < 0 { "-" } else { "" };
    let decimals = decimals(currency);
    let unit = 10_u64.pow(decimals);
    let mut number = grouped(minor.unsigned_abs() / unit, locale);
    let rest = minor.unsigned_abs() % unit;
    if 0 < decimals {
        number.push(locale.point);
        number += &format!("{rest:0width$}", width = decimals as usize);
    }
    let sign = symbol(currency);
    match locale.sign {
        Sign::Before => format!("{minus}{sign}{number}"),
        Sign::BeforeWithSpace => format!("{minus}{}\u{a0}{number}", sign.trim_end()),
        Sign::After => format!("{minus}{number}\u{a0}{}", sign.trim_end()),
    }
}

/// Reads an amount that a person or a slot wrote, in major units: `12`, `£12.00`, `1,200.50`, `12,00 €`.
///
/// `None` when it isn't one amount of this currency: a wrong number of decimals, other words, too large.
pub fn read_money(text: &str, currency: &str) -> Option<i64> {
    read_money_in(text, currency, Locale::default())
}

/// The same as people of a locale mean it, where they and others would read it differently: `1,500` dinars.
pub fn read_money_in(text: &str, currency: &str, locale: Locale) -> Option<i64> {
    let decimals = decimals(currency) as usize;
    let (minus, mut bare) = match text.trim().strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim()),
    };
    for name in [symbol(currency).trim(), currency] {
        bare = bare.strip_prefix(name).unwrap_or(bare).trim_start();
        bare = bare.strip_suffix(name).unwrap_or(bare).trim_end();
    }
    // The last point or comma is the decimal one only where fewer digits than a thousand's group follow it,
    // or where the currency really has that many.
    let (whole, fraction) = match bare.rfind(['.', ',']) {
        Some(at) if is_fraction(&bare[at + 1..], bare[at..].starts_with(locale.point), decimals) => {
            (&bare[..at], &bare[at + 1..])
        }
        _ => (bare, ""),
    };
    let is_group = |it: char| matches!(it, ',' | '.' | ' ' | '\'' | '\u{2019}' | '\u{a0}' | '\u{202f}');
    let mut groups = whole.chars().filter(|it| is_group(*it));
    let first = groups.next();
    // What separates thousands does so throughout: `1,200.500` pounds is no amount.
    if groups.any(|it| Some(it) != first) {
        return None;
    }
    let whole: String = whole.chars().filter(|it| !is_group(*it)).collect();
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|it| it.is_ascii_digit());
    if !is_number || decimals < fraction.len() {
        return None;
    }
    let digits = format!("{whole}{fraction:0<decimals$}");
    digits.parse::<i64>().ok()?.checked_mul(minus)
}

fn is_fraction(digits: &str, is_point: bool, decimals: usize) -> bool {
    match digits.len() {
        3 => decimals == 3 && is_point,
        _ => true,
    }
}

/// A date with its weekday: `Monday 3 June`; the year is added when it isn't today's.
pub fn date(date: Date, today: Date) -> String {
    british(today).date(date)
}

/// A date: `3 June`; the year is added when it isn't today's.
pub fn day(date: Date, today: Date) -> String {
    british(today).day(date)
}

fn british(today: Date) -> Style {
    Style { locale: Locale::default(), today }
}

/// A month: `June`; the year is added when it isn't today's and more than half a year away.
///
/// In January, "December" needs no year; in June, last August does.
pub fn month(date: Date, today: Date) -> String {
    let months = |it: Date| i32::from(it.year()) * 12 + i32::from(it.month());
    let away = (months(date) - months(today)).abs();
    if date.year() == today.year() || away <= MONTHS_WITHOUT_YEAR_MAX {
        month_name(date).to_owned()
    } else {
        format!("{} {}", month_name(date), date.year())
    }
}

/// A stretch of days, both ends included: `16 to 31 May`, `20 May to 3 June`.
pub fn days(from: Date, to: Date, today: Date) -> String {
    british(today).days(from, to)
}

/// Texts in a row: `a`, `a and b`, `a, b and c`.
pub fn list<T: AsRef<str>>(texts: &[T]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [before @ .., last] => {
            let before: Vec<&str> = before.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", before.join(", "), last.as_ref())
        }
    }
}

/// A count with its word: `1 day`, `3 days`.
pub fn plural(n: i64, one: &str, many: &str) -> String {
    let word = if n == 1 { one } else { many };
    format!("{n} {word}")
}

/// The text with a capital first letter, as a row or a sentence begins.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The text with a small first letter, to stand inside a sentence; `TV box` stays as it is.
pub fn small(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    if letters.clone().next().is_some_and(char::is_lowercase) {
        first.to_lowercase().chain(letters).collect()
    } else {
        text.to_owned()
    }
}

/// The English name of a date's month.
pub fn month_name(date: Date) -> &'static str {
    match date.month() {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}

/// The English name of a weekday.
pub fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// What stands before the digits: a sign where one is well known, else the code and a space.
pub fn symbol(currency: &str) -> String {
    let sign = match currency {
        "GBP" => "£",
        "EUR" => "€",
        "USD" => "$",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "JPY" => "¥",
        "INR" => "₹",
        "KRW" => "₩",
        code => return format!("{code} "),
    };
    sign.to_owned()
}

fn grouped(n: u64, locale: Locale) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        let begins_group = match locale.by_two && 3 < left {
            true => (left - 3).is_multiple_of(2),
            false => left.is_multiple_of(3),
        };
        if 0 < at && begins_group {
            text.push(locale.group);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as on;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn money_has_the_decimals_and_the_sign_of_its_currency() {
        for (minor, currency, expected) in [
            (4_200, "GBP", "£42.00"),
            (-500, "GBP", "-£5.00"),
            (7, "EUR", "€0.07"),
            (123_456_789, "USD", "$1,234,567.89"),
            (1_200, "JPY", "¥1,200"),
            (1_500, "KWD", "KWD 1.500"),
            (950, "CHF", "CHF 9.50"),
            (i64::MIN, "GBP", "-£92,233,720,368,547,758.08"),
        ] {
            assert_eq!(money(minor, currency), expected);
        }
    }

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        for (text, currency, expected) in [
            ("12", "GBP", Some(1_200)),
            ("£12", "GBP", Some(1_200)),
            (" £ 12.5 ", "GBP", Some(1_250)),
            ("12,00 €", "EUR", Some(1_200)),
            ("1,200.50", "GBP", Some(120_050)),
            ("1,200", "GBP", Some(120_000)),
            ("1.500", "KWD", Some(1_500)),
            ("1,200", "JPY", Some(1_200)),
            ("-5.00", "GBP", Some(-500)),
            ("CHF 9.50", "CHF", Some(950)),
            ("4.99 please", "GBP", None),
            ("", "GBP", None),
            ("1.25", "JPY", None),
            ("99999999999999999999", "GBP", None),
        ] {
            assert_eq!(read_money(text, currency), expected, "{text}");
        }
    }

    #[test]
    fn a_date_of_this_year_goes_without_the_year() {
        let today = on(2026, 6, 16);
        assert_eq!(date(on(2026, 6, 15), today), "Monday 15 June");
        assert_eq!(date(on(2025, 6, 16), today), "Monday 16 June 2025");
        assert_eq!(day(on(2026, 6, 15), today), "15 June");
        assert_eq!(day(on(2027, 1, 1), today), "1 January 2027");
    }

    #[test]
    fn a_month_goes_without_the_year_while_it_is_clear_which_one_is_meant() {
        let january = on(2026, 1, 3);
        assert_eq!(month(on(2025, 12, 1), january), "December");
        assert_eq!(month(on(2025, 6, 1), january), "June 2025");
        assert_eq!(month(on(2026, 5, 1), on(2026, 6, 16)), "May");
    }

    #[test]
    fn a_stretch_of_days_names_the_month_once_where_it_can() {
        let today = on(2026, 6, 16);
        assert_eq!(days(on(2026, 5, 16), on(2026, 5, 31), today), "16 to 31 May");
        assert_eq!(days(on(2026, 5, 20), on(2026, 6, 3), today), "20 May to 3 June");
        assert_eq!(days(on(2026, 5, 20), on(2026, 5, 20), today), "20 May");
    }

    #[test]
    fn lists_and_counts_read_as_in_a_sentence() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["Visa"]), "Visa");
        assert_eq!(list(&["Visa", "PayPal"]), "Visa and PayPal");
        assert_eq!(list(&["Visa", "PayPal", "cash"]), "Visa, PayPal and cash");
        assert_eq!(plural(1, "day", "days"), "1 day");
        assert_eq!(plural(0, "day", "days"), "0 days");
    }

    #[test]
    fn only_an_ordinary_word_loses_its_capital() {
        assert_eq!(small("Engineer visit"), "engineer visit");
        assert_eq!(small("TV box"), "TV box");
        assert_eq!(capital("a one-off fee"), "A one-off fee");
        assert_eq!(small("") + &capital(""), "");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor: i64, code in 0..4_usize) {
            let currency = ["GBP", "JPY", "KWD", "PLN"][code];
            let text = money(minor, currency);
            // The one amount whose positive half does not fit.
            prop_assume!(minor != i64::MIN);
            prop_assert_eq!(read_money(&text, currency), Some(minor));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            let _ = read_money(&text, "GBP");
        }
    }
}
