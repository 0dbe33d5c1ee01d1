//! A number that stands beside its name: "the cvv is 123", "1357 is my pin".

use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;

use super::digits::{Gaps, Number};
use super::names::{Names, WordSet};
use super::text::{Kind, Secret, Text};
use super::words::{DIGIT_WORDS, FILLERS, FILLERS_BACK, OURS, PHONES, UNITS};

/// Pieces between a name and its number, at most.
const BETWEEN_MAX: usize = 10;
/// Pieces between a name and the word that says what it is, at most.
const CONTEXT_MAX: usize = 14;
/// Words that say what something is.
static LINKS: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("is was to as be it's its : = being ("));
/// Signs after which a number is an amount, a share or a phone's.
const OTHER_SIGNS: &str = "£$€¥₹%+@";
/// Words before a name that say nothing of what the number is: "is your Plainbill code".
const UNKNOWN_MAX: usize = 3;

/// How many digits a number has, and how its groups are read.
#[derive(Clone, Debug)]
pub struct Form {
    pub digits: RangeInclusive<usize>,
    /// The shortest number of so many digits, where others may follow at once; else the longest.
    pub shortest: bool,
}

/// A number that may be a secret.
#[derive(Clone, Debug)]
pub struct NumberFound {
    pub place: Range<usize>,
    pub digits: String,
    /// The piece after it.
    pub next: usize,
}

/// The number of a form that begins at a piece, if one does and nothing says that it's something else.
pub fn number_at(text: &Text, i: usize, form: &Form) -> Option<NumberFound> {
    let before = i.checked_sub(1);
    let is_part = before.is_some_and(|it| {
        let sign = text.word(it);
        let money = matches!(sign, "£" | "$" | "€" | "¥" | "₹");
        // Of a date, a time or an amount.
        let short = it.checked_sub(1).is_some_and(|it| text.word(it).len() <= 4);
        let goes_on = short && matches!(sign, "/" | ":" | "." | ",") && text.is_joined(it);
        let digits_before = it.checked_sub(1).is_some_and(|it| text.is(it, Kind::Digits) && text.is_joined(it));
        money || goes_on && digits_before
    });
    if is_part {
        return None;
    }
    let number = Number::at(text, i, Gaps::Single)?;
    let n = if form.shortest { number.shortest(form.digits.clone()) } else { number.longest(form.digits.clone()) }?;
    let (end, next) = (number.end(n), number.next(n));
    let n_all = number.n_digits(number.groups.len());
    let is_phone = *form.digits.end() < n_all && (9..=12).contains(&n_all) && number.digits(1).starts_with('0');
    let is_date = may_be_date(&text.plain[number.start..end]);
    if is_phone || is_date {
        return None;
    }
    let joined = text.is_joined(next - 1);
    let glued_word = text.is(next, Kind::Word) && joined;
    let counts = text.is(next, Kind::Word) && UNITS.contains(text.word(next)) && !number.spelled;
    let sign = text.word(next);
    let digits_after = text.is(next + 1, Kind::Digits) && text.is_joined(next) && text.word(next + 1).len() <= 4;
    let goes_on = joined && (matches!(sign, "/" | ":" | ".") && digits_after || matches!(sign, "%" | "€" | "£"));
    if counts || goes_on || glued_word && UNITS.contains(text.word(next)) {
        return None;
    }
    Some(NumberFound { place: number.start..end, digits: number.digits(n), next })
}

/// Whether three numbers with hyphens or the like between may be a day.
pub fn may_be_date(letters: &str) -> bool {
    let sizes: Vec<&str> = letters.split(['-', '/', '.']).map(str::trim).collect();
    let parts: Vec<u32> = sizes.iter().filter_map(|it| it.parse().ok()).collect();
    let day_and_month = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    let [one, two, three] = parts[..] else { return false };
    let short = sizes.len() == 3
        && sizes.iter().all(|it| matches!(it.len(), 1 | 2 | 4))
        && sizes[1].len() <= 2
        && sizes.iter().any(|it| 2 <= it.len());
    short && (day_and_month(one, two) || day_and_month(two, one) || day_and_month(three, two))
}

/// The number after a name, across words and signs that say nothing else.
pub fn after(text: &Text, name_end: usize, form: &Form, fillers: &[&WordSet]) -> Option<NumberFound> {
    for i in name_end..=name_end + BETWEEN_MAX {
        if let Some(found) = number_at(text, i, form) {
            return Some(found);
        }
        if !is_filler(text, i, fillers) {
            return None;
        }
    }
    None
}

/// The number after a name and what it is for: "the pin on my savings account to be 1234".
pub fn after_context(text: &Text, name_end: usize, form: &Form) -> Option<NumberFound> {
    for i in name_end..name_end + CONTEXT_MAX {
        let word = text.word(i);
        let goes_on = word != ","
            || matches!(text.word(i + 1), "it's" | "its" | "it" | "is" | "that's" | "thats" | "(" | "which");
        if !goes_on || matches!(word, "" | "?" | "!" | ";" | "." | "\n" | "but" | "because" | "number") {
            return None;
        }
        if LINKS.contains(word) {
            // "is it 1234", "to be 1234": two words more at most.
            let found = (i + 1..i + 4).take_while(|it| *it == i + 1 || is_filler(text, it - 1, &[]));
            if let Some(found) = found.filter_map(|it| number_at(text, it, form)).next() {
                let phone = 10 <= found.digits.len() && found.digits.starts_with('0');
                return Some(found).filter(|_| !phone);
            }
        }
    }
    None
}

/// Whether what a name stands for was hidden before.
fn is_settled(text: &Text, name_end: usize, fillers: &[&WordSet]) -> bool {
    let mut pieces = name_end..name_end + BETWEEN_MAX;
    pieces.find(|it| !is_filler(text, *it, fillers)).is_some_and(|it| text.is(it, Kind::Done))
}

/// Whether a piece says nothing of what a number is.
pub fn is_filler(text: &Text, i: usize, fillers: &[&WordSet]) -> bool {
    match text.kind(i) {
        Some(Kind::Word) => {
            let word = text.word(i);
            let counts = DIGIT_WORDS.iter().any(|it| it.0 == word) && UNITS.contains(text.word(i + 1));
            // "code A": a letter that tells two apart.
            let letter = word.chars().count() == 1;
            counts || letter || FILLERS.contains(word) || fillers.iter().any(|it| it.contains(word))
        }
        Some(Kind::Sign) => !OTHER_SIGNS.contains(text.word(i)),
        // "6 digit code", "3 numbers": a count and no secret.
        Some(Kind::Digits) => {
            let last = i.checked_sub(1).is_some_and(|it| text.word(it) == "last");
            let listed = matches!(text.word(i + 1), ":" | "=" | ")");
            text.word(i).len() == 1 && (last || listed || UNITS.contains(text.word(i + 1)))
        }
        _ => false,
    }
}

/// The number before a name: "123 is the cvv".
pub fn before(text: &Text, name_start: usize, form: &Form) -> Option<NumberFound> {
    let mut i = name_start;
    let mut n_unknown = 0;
    for _ in 0..BETWEEN_MAX {
        i = i.checked_sub(1)?;
        // "is your Plainbill code": a stranger only where the number is said to be something.
        let is_said = n_unknown == 0 || matches!(text.word(i + 1), "is" | "was" | "as" | "=" | "came" | "arrived");
        match text.kind(i)? {
            Kind::Digits => return number_up_to(text, i, name_start, form).filter(|_| is_said),
            Kind::Word if FILLERS_BACK.contains(text.word(i)) => {}
            Kind::Word if DIGIT_WORDS.iter().any(|it| it.0 == text.word(i)) => {
                return number_up_to(text, i, name_start, form).filter(|_| is_said);
            }
            Kind::Word if OURS.contains(text.word(i)) || n_unknown == UNKNOWN_MAX => return None,
            Kind::Word => n_unknown += 1,
            Kind::Sign if ":=-(,\"'<~\n?!.".contains(text.word(i)) => {}
            Kind::Sign | Kind::Done => return None,
        }
    }
    None
}

/// The number whose last group a piece is: its first is looked for, a few groups back.
fn number_up_to(text: &Text, last: usize, limit: usize, form: &Form) -> Option<NumberFound> {
    const BACK_MAX: usize = 8;
    (last.saturating_sub(BACK_MAX)..=last).find_map(|i| {
        let goes_on_before = i.checked_sub(1).is_some_and(|it| text.is(it, Kind::Digits));
        let found = number_at(text, i, form).filter(|_| !goes_on_before)?;
        (last < found.next && found.next <= limit).then_some(found)
    })
}

/// The number after a name or before it.
pub fn around(text: &Text, start: usize, end: usize, form: &Form, fillers: &[&WordSet]) -> Option<NumberFound> {
    let open = !is_settled(text, end, fillers);
    let found = after(text, end, form, fillers);
    found.or_else(|| open.then(|| before(text, start, form)).flatten())
}

/// Numbers beside names, in both directions.
pub fn beside(text: &Text, names: &Names, form: &Form, fillers: &[&WordSet]) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (start, end) in names.all(text) {
        let found = around(text, start, end, form, fillers).or_else(|| {
            let open = !is_settled(text, end, fillers);
            open.then(|| after_context(text, end, form)).flatten()
        });
        let Some(found) = found else { continue };
        secrets.extend(more(text, found.next, &found.digits, form).into_iter().map(|it| Secret::hidden(it.place)));
        secrets.push(Secret::hidden(found.place));
    }
    secrets
}

/// Numbers of a kind that follow one, at most.
const MORE_MAX: usize = 6;
/// Between two numbers of a kind: "my old pin is 1234 and the new one is 1235".
static MORE: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         and or then , / & i e . ( = ie not now the new old one is was before it's its my to other second maybe \
         also vs versus no ? sorry wait mean meant but expired failed first third last code b a",
    )
});

/// More numbers of a kind after one: "123 and 456", "1 2 3, i.e. 123"; one just as long may follow at once.
pub fn more(text: &Text, next: usize, digits: &str, form: &Form) -> Vec<NumberFound> {
    let mut found = Vec::new();
    let mut at = next;
    while found.len() < MORE_MAX {
        let i = (at..at + BETWEEN_MAX).find(|it| !MORE.contains(text.word(*it))).unwrap_or(at);
        let new = number_at(text, i, form).filter(|it| at < i || it.digits.len() == digits.len());
        let Some(new) = new else { break };
        at = new.next;
        found.push(new);
    }
    found
}

/// Between what a number is called and the number.
static CALLS: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("number no num nr id is was # : . my code i have me on"));

/// Whether the words before a number say that it is one of ours, or a phone's.
pub fn is_ours(text: &Text, i: usize) -> bool {
    is_called(text, i, &[&OURS, &PHONES])
}

/// Whether the words before a number are some of these, with nothing between that says something else.
pub fn is_called(text: &Text, i: usize, names: &[&WordSet]) -> bool {
    let mut at = i;
    for _ in 0..4 {
        let Some(before) = at.checked_sub(1) else { return false };
        let word = text.word(before);
        if names.iter().any(|it| it.contains(word)) {
            return true;
        }
        let between = CALLS.contains(word);
        if !between {
            return false;
        }
        at = before;
    }
    false
}
