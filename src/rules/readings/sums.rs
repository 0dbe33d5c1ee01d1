//! Figures of the last answer that the customer puts together: "so 42 in all?", "and what's that a year?".
//!
//! Only arithmetic is said, with its working: what the figures stand for, the answer before has said.

use super::{Looked, Reader, Reading};
use crate::content::file::SlotKind;
use crate::content::language::Language;
use crate::conversation::format::{self, Locale};
use crate::conversation::normal;
use crate::rules::slots::SlotContext;
use crate::rules::{Decision, questions, slots};

/// A figure that comes out of two that were just named; what the topic is sure to say goes before it.
const ADDS_UP: f32 = 0.68;
/// A year of what is paid each month; what the topic says of a year goes before it.
const IN_A_YEAR: f32 = 0.62;
/// The customer has worked it out already.
const THE_SUM_ITSELF: f32 = 0.98;
/// A longer message says more.
const WORDS_MAX: usize = 12;
/// More figures than these, and some pair comes to nearly anything.
const FIGURES_MAX: usize = 5;
const MONTHS: i64 = 12;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let last = look.state.last_said.as_deref()?;
    if WORDS_MAX < look.said.words.len() {
        return None;
    }
    in_a_year(look, last).or_else(|| adds_up(look, last))
}

/// "So 42 in all?": the one figure of the message is what two of the answer's come to.
fn adds_up(look: &Looked<'_>, last: &str) -> Option<Reading> {
    let language = &look.content.language;
    let words = &look.said.words;
    let concludes = 0 < language.concludes.at_start(words) || language.in_all.find(words).is_some();
    let checks = (0..words.len()).any(|at| language.checks.is(&words[at..]));
    let [figure] = named(look)[..] else { return None };
    let known = slots::amounts(last, &look.now.slots);
    if !(concludes || checks) || known.contains(&figure) || FIGURES_MAX < known.len() {
        return None;
    }
    let pairs =
        || known.iter().enumerate().flat_map(|(at, one)| known[at + 1..].iter().map(move |other| (*one, *other)));
    let sum = pairs().find(|(one, other)| one + other == figure).map(|(one, other)| (one, "+", other));
    let less = || pairs().map(|(one, other)| (one.max(other), one.min(other))).find(|it| it.0 - it.1 == figure);
    let (one, sign, other) = sum.or_else(|| less().map(|(one, other)| (one, "−", other)))?;
    let written = |it: i64| written(look, it);
    let working = format!("{} {sign} {} = {}", written(one), written(other), written(figure));
    let because = format!("puts two figures together: {working}");
    Some(Reading::new(Reader::Check, ADDS_UP, because, Decision::Sum { working, per_year: None }))
}

/// "What's that a year?": the only figure of the answer that is paid each month, twelve times.
fn in_a_year(look: &Looked<'_>, last: &str) -> Option<Reading> {
    let language = &look.content.language;
    language.a_year.find(&look.said.words)?;
    let thin =
        |it: &String| [&language.a_year, &language.restates, &language.in_all].iter().any(|words| words.has_word(it));
    if !look.said.matter.iter().all(thin) {
        return None;
    }
    let amount = only_monthly(last, language, &look.now.slots)?;
    let (working, total) = (format!("{MONTHS} × {}", written(look, amount)), amount.checked_mul(MONTHS)?);
    // "If I paid 20": another figure than that, and than the twelve of the months.
    let months = MONTHS * 10_i64.pow(format::decimals(look.now.slots.currency));
    let named = named(look);
    if named.iter().any(|it| ![total, amount, months].contains(it)) {
        return None;
    }
    let sure = if named.contains(&total) { THE_SUM_ITSELF } else { IN_A_YEAR };
    let because = format!("asks for a year of what is paid each month: {working}");
    let decision = Decision::Sum { working, per_year: Some(written(look, total)) };
    Some(Reading::new(Reader::Check, sure, because, decision))
}

/// "How much is it a year?" among other questions: the working and the sum of the only figure of an answer that is paid
/// each month, where the answer itself says nothing of a year.
pub fn year_of(asked: &str, answer: &str, language: &Language, context: &SlotContext<'_>) -> Option<(String, String)> {
    let asks_for_it = |it: &String| {
        let words = normal::words(it);
        language.a_year.find(&words).is_some() && words.iter().any(|it| language.question_words.contains(it))
    };
    let of_a_year = language.a_year.find(&normal::words(answer)).is_some();
    if of_a_year || !questions::sentences(asked, language).iter().any(asks_for_it) {
        return None;
    }
    let amount = only_monthly(answer, language, context)?;
    Some((format!("{MONTHS} × {}", money(amount, context)), money(amount.checked_mul(MONTHS)?, context)))
}

/// The only amount of a text that is paid each month.
fn only_monthly(text: &str, language: &Language, context: &SlotContext<'_>) -> Option<i64> {
    let mut monthly = Vec::new();
    for (at, amount) in slots::amounts_with_ends(text, context) {
        if 0 < language.a_month.at_start(&normal::words(&text[at..])) && !monthly.contains(&amount) {
            monthly.push(amount);
        }
    }
    match monthly.as_slice() {
        [amount] => Some(*amount),
        _ => None,
    }
}

/// The figures that the message names, each once, also without their currency.
fn named(look: &Looked<'_>) -> Vec<i64> {
    let context = &look.now.slots;
    let marked = slots::amounts(&look.heard.text, context);
    if !marked.is_empty() {
        return marked;
    }
    let minor = 10_i64.pow(format::decimals(context.currency));
    let read = slots::read(SlotKind::Money, &look.heard.text, context).and_then(|it| it.parse().ok());
    let whole = look.said.words.iter().filter_map(|it| it.parse::<i64>().ok()?.checked_mul(minor));
    let mut found = Vec::new();
    for amount in read.into_iter().chain(whole) {
        if !found.contains(&amount) {
            found.push(amount);
        }
    }
    found
}

fn written(look: &Looked<'_>, amount: i64) -> String {
    money(amount, &look.now.slots)
}

fn money(amount: i64, context: &SlotContext<'_>) -> String {
    format::money_in(amount, context.currency, Locale::of(context.language).unwrap_or_default())
}
