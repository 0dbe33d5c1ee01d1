//! How people of a language and country write numbers and put the parts of a date in order.
//!
//! After the Unicode CLDR, for the tags that a browser sends. The words stay those of the content's language.

use jiff::civil::Date;

/// A space that a line does not break at.
const SPACE: char = '\u{a0}';
/// The same, and narrow.
const NARROW_SPACE: char = '\u{202f}';

/// How numbers and dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    /// Stands before the decimals.
    pub(super) point: char,
    /// Stands between thousands.
    pub(super) group: char,
    /// Where the sign of a currency goes.
    pub(super) sign: Sign,
    /// Above the first thousand, digits are grouped by two: 12,34,567.
    pub(super) by_two: bool,
    /// June 3 rather than 3 June.
    pub month_first: bool,
}

/// Where the sign of a currency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `£12`
    Before,
    /// `€ 12`
    BeforeWithSpace,
    /// `12 €`
    After,
}

/// British: `£1,234.56` and 3 June.
const BRITISH: Locale = Locale { point: '.', group: ',', sign: Sign::Before, by_two: false, month_first: false };

impl Default for Locale {
    /// British.
    fn default() -> Self {
        BRITISH
    }
}

impl Locale {
    /// The way of a language tag (BCP 47), in any case of letters: `en-GB`, `de`, `pt_BR`. `None` for one that isn't
    /// known here.
    pub fn of(tag: &str) -> Option<Self> {
        let tag = tag.to_ascii_lowercase();
        let mut parts = tag.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        let region =
            parts.find(|it| it.len() == 2 && it.bytes().all(|it| it.is_ascii_alphabetic())).unwrap_or_default();
        let comma = Self { point: ',', group: '.', sign: Sign::After, ..BRITISH };
        Some(match (language, region) {
            ("en", "us") => Self { month_first: true, ..BRITISH },
            ("en", "in") | ("hi", _) => Self { by_two: true, ..BRITISH },
            ("en", _) => BRITISH,
            ("ja" | "ko" | "zh", _) => Self { month_first: true, ..BRITISH },
            ("de" | "it", "ch" | "li") => Self { group: '\u{2019}', sign: Sign::BeforeWithSpace, ..BRITISH },
            ("nl", _) | ("de", "at") | ("pt", "br") => Self { sign: Sign::BeforeWithSpace, ..comma },
            ("es", "mx" | "us" | "gt" | "hn" | "ni" | "pa" | "pe" | "pr" | "do" | "sv") => BRITISH,
            ("de" | "es" | "it" | "da" | "el" | "hr" | "ro" | "sl" | "sr", _) => comma,
            ("fr", "ca") => Self { group: SPACE, ..comma },
            ("fr", _) => Self { group: NARROW_SPACE, ..comma },
            (
                "bg" | "cs" | "et" | "fi" | "hu" | "lt" | "lv" | "nb" | "nn" | "no" | "pl" | "pt" | "ru" | "sk" | "sv"
                | "uk",
                _,
            ) => Self { group: SPACE, ..comma },
            _ => return None,
        })
    }
}

/// How things read for somebody on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// How they write numbers and dates.
    pub locale: Locale,
    /// The present day.
    pub today: Date,
}

impl Style {
    /// See [`super::date`].
    pub fn date(self, date: Date) -> String {
        let (weekday, day) = (super::weekday(date.weekday()), self.day(date));
        if self.locale.month_first { format!("{weekday}, {day}") } else { format!("{weekday} {day}") }
    }

    /// See [`super::day`].
    pub fn day(self, date: Date) -> String {
        let (day, month) = (date.day(), super::month_name(date));
        match (self.locale.month_first, date.year() == self.today.year()) {
            (true, true) => format!("{month} {day}"),
            (true, false) => format!("{month} {day}, {}", date.year()),
            (false, true) => format!("{day} {month}"),
            (false, false) => format!("{day} {month} {}", date.year()),
        }
    }

    /// A date that stands for itself, as on paper: it always has its year.
    pub fn printed(self, date: Date) -> String {
        // Another year than the date's own, so that it is always said.
        Style { today: Date::constant(if date.year() == 1 { 2 } else { 1 }, 1, 1), ..self }.day(date)
    }

    /// A stretch of days as on paper, with the year.
    pub fn printed_days(self, from: Date, to: Date) -> String {
        Style { today: Date::constant(if to.year() == 1 { 2 } else { 1 }, 1, 1), ..self }.days(from, to)
    }

    /// See [`super::month`].
    pub fn month(self, date: Date) -> String {
        super::month(date, self.today)
    }

    /// See [`super::days`].
    pub fn days(self, from: Date, to: Date) -> String {
        let same_month = from.year() == to.year() && from.month() == to.month();
        let same_year = from.year() == to.year();
        match (from == to, self.locale.month_first) {
            (true, _) => self.day(from),
            (false, true) if same_month && to.year() == self.today.year() => {
                format!("{} to {}", self.day(from), to.day())
            }
            (false, true) if same_month => {
                format!("{} {} to {}, {}", super::month_name(from), from.day(), to.day(), to.year())
            }
            (false, true) if same_year => {
                format!("{} {} to {}", super::month_name(from), from.day(), self.day(to))
            }
            (false, false) if same_month => format!("{} to {}", from.day(), self.day(to)),
            (false, false) if same_year => {
                format!("{} {} to {}", from.day(), super::month_name(from), self.day(to))
            }
            (false, _) => format!("{} to {}", self.day(from), self.day(to)),
        }
    }

    /// See [`super::money`].
    pub fn money(self, minor: i64, currency: &str) -> String {
        super::money_in(minor, currency, self.locale)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as on;

    use super::super::{decimals, money_in, read_money_in};
    use super::*;

    fn locale(tag: &str) -> Locale {
        Locale::of(tag).expect("a tag that is known")
    }

    #[test]
    fn money_reads_as_the_customer_writes_it() {
        for (tag, minor, currency, expected) in [
            ("en-GB", 123_456, "GBP", "£1,234.56"),
            ("en-US", 123_456, "USD", "$1,234.56"),
            ("de", 123_456, "EUR", "1.234,56\u{a0}€"),
            ("de-DE", -500, "GBP", "-5,00\u{a0}£"),
            ("de-CH", 123_456, "CHF", "CHF\u{a0}1’234.56"),
            ("de_AT", 123_456, "EUR", "€\u{a0}1.234,56"),
            ("fr-FR", 123_456, "EUR", "1\u{202f}234,56\u{a0}€"),
            ("nl", 123_456, "EUR", "€\u{a0}1.234,56"),
            ("sv-SE", 123_456, "SEK", "1\u{a0}234,56\u{a0}SEK"),
            ("en-IN", 123_456_789, "INR", "₹12,34,567.89"),
            ("ja-JP", 1_200, "JPY", "¥1,200"),
            ("de", 1_200, "JPY", "1.200\u{a0}¥"),
            ("en-GB", 1_234_500, "KWD", "KWD 1,234.500"),
            ("de", 1_234_500, "KWD", "1.234,500\u{a0}KWD"),
            ("zh-Hant-TW", 99_900, "USD", "$999.00"),
        ] {
            assert_eq!(money_in(minor, currency, locale(tag)), expected, "{tag}");
        }
    }

    #[test]
    fn a_tag_that_is_not_known_leaves_the_business_its_way() {
        for tag in ["", "x-klingon", "tlh", "*", "e", "engb"] {
            assert_eq!(Locale::of(tag), None, "{tag}");
        }
        assert_eq!(Locale::of("EN-gb"), Some(Locale::default()));
    }

    #[test]
    fn americans_put_the_month_first() {
        let style = |tag| Style { locale: locale(tag), today: on(2026, 6, 16) };
        let (us, de) = (style("en-US"), style("de"));
        assert_eq!(us.date(on(2026, 6, 3)), "Wednesday, June 3");
        assert_eq!(us.day(on(2025, 6, 3)), "June 3, 2025");
        assert_eq!(us.days(on(2026, 5, 16), on(2026, 5, 31)), "May 16 to 31");
        assert_eq!(us.days(on(2025, 5, 16), on(2025, 5, 31)), "May 16 to 31, 2025");
        assert_eq!(us.days(on(2025, 5, 20), on(2025, 6, 3)), "May 20 to June 3, 2025");
        assert_eq!(us.days(on(2025, 12, 20), on(2026, 1, 3)), "December 20, 2025 to January 3");
        assert_eq!(de.date(on(2026, 6, 3)), "Wednesday 3 June");
        assert_eq!(de.days(on(2026, 5, 16), on(2026, 5, 31)), "16 to 31 May");
    }

    #[test]
    fn what_is_written_in_any_way_is_read_back() {
        for tag in ["en-GB", "en-US", "en-IN", "de", "de-CH", "fr", "nl", "sv", "ja"] {
            for currency in ["GBP", "EUR", "JPY", "KWD", "CHF"] {
                for minor in [0, 5, 99, 1_000, 1_234, 12_345, 999_999, 1_234_567, -1_234_567] {
                    let text = money_in(minor, currency, locale(tag));
                    assert_eq!(read_money_in(&text, currency, locale(tag)), Some(minor), "{tag}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_mark_before_three_digits_is_what_the_locale_says() {
        let read = |text: &str, currency: &str, tag: &str| read_money_in(text, currency, locale(tag));
        assert_eq!(decimals("KWD"), 3);
        assert_eq!(read("1.500", "KWD", "en"), Some(1_500));
        assert_eq!(read("1,500", "KWD", "en"), Some(1_500_000));
        assert_eq!(read("1,500", "KWD", "de"), Some(1_500));
        assert_eq!(read("1.500", "KWD", "de"), Some(1_500_000));
        assert_eq!(read("1.500", "EUR", "de"), Some(150_000));
        assert_eq!(read("1,200.500", "GBP", "en"), None);
        assert_eq!(read("1,200.500", "KWD", "en"), Some(1_200_500));
    }
}
