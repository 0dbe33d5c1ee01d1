//! What the customer takes from the last answer, said back to be sure: "so 38 every month then?", "by Friday, right?".
//!
//! Confirmed only by the very sentence that names the figure, where nothing is said beyond it: a yes to a figure that was
//! never said would be a promise.

use super::{Looked, Reader, Reading};
use crate::content::file::SlotKind;
use crate::conversation::format::{self, Locale, Style};
use crate::conversation::normal;
use crate::rules::said::stands_in;
use crate::rules::{Decision, questions, slots};

/// A figure of the last answer, with a word that asks whether it was understood.
const SAID_BACK: f32 = 0.98;
/// A longer message says more.
const WORDS_MAX: usize = 10;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let language = &look.content.language;
    let words = &look.said.words;
    let last = look.state.last_said.as_deref()?;
    let concludes = 0 < language.concludes.at_start(words);
    let checks = (0..words.len()).any(|at| language.checks.is(&words[at..]));
    if WORDS_MAX < words.len() || !(concludes || checks) || language.negations.find(words).is_some() {
        return None;
    }
    let figures = figures(look);
    let names = |it: &str| figures.iter().any(|figure| has_figure(it, figure));
    let mut named = questions::sentences(last, language).into_iter().filter(|it| names(it));
    let (sentence, None) = (named.next()?, named.next()) else { return None };
    let said = normal::words(&sentence);
    let adds = |it: &&String| {
        !stands_in(&said, it)
            && ![&language.restates, &language.checks, &language.concludes].iter().any(|words| words.has_word(it))
            && !slots::is_day_word(it)
    };
    // "So next month 31.50 again" isn't what a sentence about this month says.
    let of_next_time = language.next_time.find(words).is_some() && language.next_time.find(&said).is_none();
    if of_next_time || look.said.matter.iter().any(|it| adds(&it)) || 0 < language.no.at_start(&said) {
        return None;
    }
    let because = format!("says back: “{sentence}”");
    Some(Reading::new(Reader::Check, SAID_BACK, because, Decision::AsSaid { sentence, agrees: true }))
}

/// The figures that the message names, as answers write them; one that isn't clear is none.
fn figures(look: &Looked<'_>) -> Vec<String> {
    let context = &look.now.slots;
    let text = &look.heard.text;
    let style = Style { locale: Locale::of(context.language).unwrap_or_default(), today: context.today };
    let amount = slots::read(SlotKind::Money, text, context).and_then(|it| it.parse().ok());
    let amount = amount.or_else(|| whole_number(look));
    let day = slots::read(SlotKind::Date, text, context).and_then(|it| it.parse().ok());
    let mut figures: Vec<String> = Vec::new();
    figures.extend(amount.map(|it| format::money_in(it, context.currency, style.locale)));
    figures.extend(day.into_iter().flat_map(|it| [style.date(it), style.day(it)]));
    figures
}

/// "So 38 then": the one number in the words, in whole units of the currency.
fn whole_number(look: &Looked<'_>) -> Option<i64> {
    let numbers = look.said.words.iter().filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
    let numbers: Vec<i64> = numbers.filter_map(|it| it.parse().ok()).collect();
    match numbers.as_slice() {
        [one] => one.checked_mul(10_i64.pow(format::decimals(look.now.slots.currency))),
        _ => None,
    }
}

/// Whether a sentence has a figure as a whole: `£3.00` isn't in `£3.005`, nor `3 June` in `23 June`.
fn has_figure(sentence: &str, figure: &str) -> bool {
    sentence.match_indices(figure).any(|(at, _)| {
        let is_digit = |it: Option<char>| it.is_some_and(|it| it.is_ascii_digit());
        !is_digit(sentence[..at].chars().next_back()) && !is_digit(sentence[at + figure.len()..].chars().next())
    })
}
