//! A company's name and its tax number, as somebody types them: "No! The name is Moss Ltd. The VAT number is GB 123 4567 89".

use crate::content::language::Language;
use crate::conversation::normal;

/// What has fewer digits is no tax number.
const TAX_DIGITS_MIN: usize = 5;
/// A tax number that isn't called one begins with a country's two letters and has at least so many digits.
const BARE_TAX_DIGITS_MIN: usize = 7;
/// A longer name is a sentence.
const NAME_WORDS_MAX: usize = 6;
/// What a tax number is called stands within so many words before it.
const CALLED_WITHIN: usize = 3;

/// "Moss Ltd, GB 123 4567 89" as a name and a number; either may be absent.
pub fn parts(details: &str) -> (Option<String>, Option<String>) {
    let is_number = |it: &str| TAX_DIGITS_MIN <= it.chars().filter(char::is_ascii_digit).count();
    let owned = |it: &str| Some(it.trim().to_owned()).filter(|it| !it.is_empty());
    match details.rsplit_once([',', ';', '\n']) {
        Some((name, number)) if is_number(number) => (owned(name), owned(number)),
        _ if is_number(details) && !details.contains([',', ';']) => (None, owned(details)),
        _ => (owned(details), None),
    }
}

/// Reads both where they are told among other words, as [`parts`] takes them apart again: a name by what says the form of a
/// company, "Ltd".
pub fn read(text: &str, language: &Language) -> Option<String> {
    Told::of(text, language).joined()
}

/// Reads both from a reply, where any name may stand. A sentence around it is left out; where nothing in the reply can be
/// either, nothing is read.
pub fn read_reply(text: &str, language: &Language) -> Option<String> {
    let mut told = Told::of(text, language);
    told.name = told.name.or_else(|| bare_name(&told.before, language));
    told.joined()
}

/// What a text tells of a company.
struct Told {
    name: Option<String>,
    number: Option<String>,
    /// What stands before the number.
    before: String,
}

impl Told {
    fn of(text: &str, language: &Language) -> Self {
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let number = tax_number(&tokens, language);
        let (before, after) =
            number.as_ref().map_or((&tokens[..], &[][..]), |it| (&tokens[..it.from], &tokens[it.to..]));
        let name = name_with_form(before, language).or_else(|| name_with_form(after, language));
        Self { name, number: number.map(|it| it.text), before: before.join(" ") }
    }

    fn joined(self) -> Option<String> {
        joined(self.name, self.number)
    }
}

/// What was told before, with what is told now in its place: a name beside the number from before.
pub fn merged(before: Option<&str>, now: &str) -> String {
    let (old_name, old_number) = before.map(parts).unwrap_or_default();
    let (name, number) = parts(now);
    joined(name.or(old_name), number.or(old_number)).unwrap_or_else(|| now.to_owned())
}

fn joined(name: Option<String>, number: Option<String>) -> Option<String> {
    let both: Vec<String> = [name, number].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join(", "))
}

struct Number {
    text: String,
    from: usize,
    to: usize,
}

/// The first thing that can be a tax number: the country's letters and digits ("GB 123 4567 89"), or digits that are
/// called one ("VAT number 123456789"). A company's number in a register is none.
fn tax_number(tokens: &[&str], language: &Language) -> Option<Number> {
    let bare = |it: &str| it.trim_matches(|it: char| !it.is_alphanumeric()).to_owned();
    let ends = |it: &str| it.ends_with([',', ';', '.', '!', '?', ')']);
    let is_digits =
        |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'-' | b'.' | b'/'));
    let n_digits = |it: &str| it.bytes().filter(u8::is_ascii_digit).count();
    (0..tokens.len()).find_map(|from| {
        let first = bare(tokens[from]);
        let has_country = first.len() >= 2 && first.bytes().take(2).all(|it| it.is_ascii_uppercase());
        let code = has_country && first.bytes().skip(2).all(|it| it.is_ascii_alphanumeric());
        let called = tokens[from.saturating_sub(CALLED_WITHIN)..from].iter();
        let called = called.flat_map(|it| normal::words(it)).any(|it| language.tax_words.contains(&it));
        if !(code && (first.len() == 2 || 0 < n_digits(&first)) || called && is_digits(&first)) {
            return None;
        }
        let mut to = from + 1;
        while to < tokens.len() && !ends(tokens[to - 1]) && is_digits(&bare(tokens[to])) {
            to += 1;
        }
        let text: Vec<String> = tokens[from..to].iter().map(|it| bare(it)).collect();
        let text = text.join(" ");
        let min = if called { TAX_DIGITS_MIN } else { BARE_TAX_DIGITS_MIN };
        (min <= n_digits(&text)).then_some(Number { text, from, to })
    })
}

/// The name before the last word that says what form a company has, "Ltd", where nobody says that it isn't that one.
fn name_with_form(tokens: &[&str], language: &Language) -> Option<String> {
    let tokens = Tokens { tokens, language };
    (0..tokens.tokens.len()).rev().filter(|at| tokens.is_form(*at)).find_map(|last| tokens.name_to(last))
}

/// The words of a text as they are typed.
struct Tokens<'a> {
    tokens: &'a [&'a str],
    language: &'a Language,
}

impl Tokens<'_> {
    fn word(&self, at: usize) -> String {
        normal::words(self.tokens[at]).concat()
    }

    fn is_form(&self, at: usize) -> bool {
        self.language.company_forms.contains(&self.word(at).replace('.', ""))
    }

    fn is_capital(&self, at: usize) -> bool {
        self.tokens[at].starts_with(|it: char| it.is_uppercase() || it.is_ascii_digit() || it == '&')
    }

    fn is_denied(&self, at: usize) -> bool {
        let word = [self.word(at)];
        self.language.denies.is(&word) || self.language.nots.is(&word)
    }

    /// A small word, which may stand within a name: "Moss and Sons".
    fn is_small(&self, at: usize) -> bool {
        self.language.joiners.contains(&self.word(at)) || self.language.thin.contains(&self.word(at))
    }

    /// What stands before a name and is no part of it: "just", "the name is".
    fn leads(&self, at: usize) -> bool {
        let word = self.word(at);
        self.language.before_names.contains(&word) || self.language.fillers.is(&[word])
    }

    /// The name that ends here, at the form of the company.
    fn name_to(&self, last: usize) -> Option<String> {
        let ends = |at: &usize| self.tokens[*at].ends_with(['.', '!', '?', ';', ':', ')']);
        let sentence = (0..last).rev().find(ends).map_or(0, |it| it + 1);
        let mut from = self.capitals_from(sentence, last);
        // Nobody writes capitals on a phone: there it is what follows the words that lead to it.
        if from == last {
            let before = |at: &usize| self.is_small(*at) || self.leads(*at);
            from = (sentence..last).rev().find(before).map_or(sentence, |it| it + 1);
        }
        // "Just Moss Ltd": what begins a sentence has a capital and is no name.
        while from < last && self.leads(from) {
            from += 1;
        }
        let before: Vec<String> = (sentence..from).map(|at| self.word(at)).collect();
        let refused = (0..before.len()).any(|at| self.language.denies.is(&before[at..]));
        let fits = (1..NAME_WORDS_MAX).contains(&(last - from));
        (fits && !refused).then(|| bare_of(&self.tokens[from..=last].join(" ")))
    }

    /// Where the capitals before the form begin.
    fn capitals_from(&self, sentence: usize, last: usize) -> usize {
        let mut from = last;
        while sentence < from {
            let before = from - 1;
            let within = self.is_small(before) && sentence < before && self.is_capital(before - 1) && from < last;
            if self.is_form(before) || self.is_denied(before) || !(self.is_capital(before) || within) {
                break;
            }
            from = before;
        }
        from
    }
}

/// A reply that is a name and nothing else.
fn bare_name(text: &str, language: &Language) -> Option<String> {
    let text = super::without_lead(super::after_change(text, language), language);
    let text = bare_of(&text);
    let words = normal::words(&text);
    let is_of_sentence = |it: &String| {
        language.first_person.has_word(it)
            || language.second_person.has_word(it)
            || language.question_words.contains(it)
            || language.yes_or_no_words.contains(it)
            || language.tax_words.contains(it)
            || language.nots.is(std::slice::from_ref(it))
    };
    let is_sentence = words.iter().any(is_of_sentence) || text.contains(['?', '!', ';', ':']);
    let is_name =
        !words.is_empty() && words.len() <= NAME_WORDS_MAX && !is_sentence && text.contains(char::is_alphabetic);
    is_name.then_some(text)
}

/// Without what stands around it: quotes, stops, commas.
fn bare_of(text: &str) -> String {
    text.trim_matches(|it: char| !(it.is_alphanumeric() || matches!(it, '&' | '(' | ')'))).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::said::tests::english;

    fn check(text: &str, expected: &str) {
        let read = read_reply(text, &english()).unwrap_or_default();
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn a_name_and_a_number_are_read_without_the_sentence_around_them() {
        for (text, expected) in [
            ("Moss Ltd, GB 123 4567 89", "Moss Ltd, GB 123 4567 89"),
            ("Moss Ltd", "Moss Ltd"),
            ("GB123456789", "GB123456789"),
            (
                "No! The name is Brightwell Fittings Ltd. The rest is the company number and the VAT number",
                "Brightwell Fittings Ltd",
            ),
            ("not that whole sentence obviously. Just Brightwell Fittings Ltd", "Brightwell Fittings Ltd"),
            ("New company no. is 15538201, VAT GB 442 1187 09, same address", "GB 442 1187 09"),
            ("it's Foxglove Catering Ltd", "Foxglove Catering Ltd"),
            ("please change it to harbour tiles limited", "harbour tiles limited"),
            ("Meyer & Sons Ltd, vat number GB 321 6549 87", "Meyer & Sons Ltd, GB 321 6549 87"),
            ("Moss, Sons and Daughters Ltd", "Moss, Sons and Daughters Ltd"),
            ("The company is Harbour Tiles Ltd and our VAT is 123456789", "Harbour Tiles Ltd, 123456789"),
            ("Yes, it should be Northlight LLP, GB 444 5555 66 please.", "Northlight LLP, GB 444 5555 66"),
            ("our vat number is GB 777 8888 99", "GB 777 8888 99"),
            ("Kay Plumbing", "Kay Plumbing"),
            ("it should say Kay Plumbing", "Kay Plumbing"),
            ("we're now called Oakmoor Joinery Ltd, not Oakmoor Ltd", "Oakmoor Joinery Ltd"),
            ("can you put the company name on it for me please, I need it for the accountant", ""),
            ("oh for goodness sake. Forget it, don't put anything on", ""),
            ("what do you need?", ""),
            ("", ""),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn among_other_words_a_name_is_known_by_its_form() {
        let english = english();
        for (text, expected) in [
            ("can you make the invoice out to Brightwell Dental Ltd", Some("Brightwell Dental Ltd")),
            ("from 1 December we trade as Brightwell Fittings Ltd, new VAT number", Some("Brightwell Fittings Ltd")),
            ("can you put my company on the invoice", None),
            ("Kay Plumbing", None),
            ("invoice INV-1247 is wrong", None),
            ("I paid £1234567 on 12 May 2026", None),
        ] {
            assert_eq!(read(text, &english).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_told_later_stands_beside_what_was_told_before() {
        assert_eq!(
            merged(Some("GB 442 1187 09"), "Brightwell Fittings Ltd"),
            "Brightwell Fittings Ltd, GB 442 1187 09"
        );
        assert_eq!(merged(Some("Moss Ltd, GB 123 4567 89"), "Kay Ltd"), "Kay Ltd, GB 123 4567 89");
        assert_eq!(merged(Some("Moss Ltd"), "GB 123 4567 89"), "Moss Ltd, GB 123 4567 89");
        assert_eq!(merged(None, "Moss Ltd"), "Moss Ltd");
    }

    #[test]
    fn details_are_told_apart() {
        let both = |text| {
            let (name, number) = parts(text);
            (name.unwrap_or_default(), number.unwrap_or_default())
        };
        let pair = |name: &str, number: &str| (name.to_owned(), number.to_owned());
        assert_eq!(both("Moss Ltd, GB 123 4567 89"), pair("Moss Ltd", "GB 123 4567 89"));
        assert_eq!(both("Moss, Sons and Daughters Ltd"), pair("Moss, Sons and Daughters Ltd", ""));
        assert_eq!(both("GB123456789"), pair("", "GB123456789"));
        assert_eq!(both("  "), pair("", ""));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}|((Moss|Ltd|GB|123|is|and|the|not|,|VAT) ?){0,12}") {
            let read = read_reply(&text, &english()).unwrap_or_default();
            prop_assert!(read.len() <= text.len() + 2);
        }
    }
}
