//! Of several days that a text names, the one that is asked for: "the 8th doesn't work, I get paid on the 10th, can you do
//! the 11th".

use jiff::civil::Date;

use super::{SlotContext, dates};
use crate::content::language::Language;
use crate::conversation::normal;
use crate::rules::questions;

/// Words of the longest phrase that begins a clause, and one more.
const PHRASE_WORDS_MAX: usize = 4;

/// None where a text names but one day, or doesn't say which.
///
/// The last sentence that asks goes before the others: "so the 15th. I get paid on the 22nd, can it be then".
pub(super) fn read(text: &str, context: &SlotContext<'_>) -> Option<Date> {
    let language = context.words?;
    let sentences = questions::sentences(text, language);
    let asks = |it: &&String| questions::asks_within(it, language);
    let asking = sentences.iter().rfind(asks).filter(|_| 1 < sentences.len());
    let day = |it: &String| dates::read_in(it, text, context.today, context.language);
    asking
        .and_then(|it| of_clauses(it, context, language).or_else(|| day(it)))
        .or_else(|| of_clauses(text, context, language))
}

/// The same, where a text names but one day: that one, unless it is refused, "not today".
pub(super) fn read_wanted(text: &str, context: &SlotContext<'_>) -> Option<Date> {
    let language = context.words?;
    let wanted = |clause: &String| !is_refused(clause, language);
    let day = |clause: &String| dates::read_in(clause, text, context.today, context.language);
    read(text, context).or_else(|| clauses(text, language).iter().filter(|it| wanted(it)).find_map(day))
}

fn of_clauses(text: &str, context: &SlotContext<'_>, language: &Language) -> Option<Date> {
    let day = |clause: &str| dates::read_in(clause, text, context.today, context.language);
    let mut days: Vec<(String, Date)> =
        clauses(text, language).into_iter().filter_map(|it| day(&it).map(|day| (it, day))).collect();
    if days.iter().all(|it| it.1 == days[0].1) {
        return None;
    }
    days.retain(|it| !is_refused(&it.0, language));
    let asks = |it: &&(String, Date)| questions::asks(&it.0, language) || questions::requests(&it.0, language);
    let follows = |it: &&(String, Date)| normal::words(&it.0).first().is_some_and(|it| language.so_words.contains(it));
    let only = || days.first().filter(|first| days.iter().all(|it| it.1 == first.1));
    days.iter().rfind(asks).or_else(|| days.iter().rfind(follows)).or_else(only).map(|it| it.1)
}

/// A text cut at its stops and commas, and where a question, a range or what follows begins without one.
fn clauses(text: &str, language: &Language) -> Vec<String> {
    let sentences = questions::sentences(text, language);
    let mut clauses = Vec::new();
    for part in sentences.iter().flat_map(|it| it.split([',', ';'])) {
        let tokens: Vec<&str> = part.split_whitespace().collect();
        let mut from = 0;
        for at in 1..tokens.len() {
            if begins(&tokens[at..], language) {
                clauses.push(tokens[from..at].join(" "));
                from = at;
            }
        }
        clauses.push(tokens[from..].join(" "));
    }
    clauses
}

/// Whether a clause of its own begins here.
fn begins(tokens: &[&str], language: &Language) -> bool {
    // Of a long message only what a phrase may need is looked at.
    let words = normal::words(&tokens[..tokens.len().min(PHRASE_WORDS_MAX)].join(" "));
    // "The 8th won't do" goes on.
    let Some(first) = words.first().filter(|it| !language.nots.is(std::slice::from_ref(*it))) else { return false };
    let word = [&language.joiners, &language.yes_or_no_words, &language.range_words, &language.so_words];
    word.iter().any(|it| it.contains(first))
        || language.but.is(std::slice::from_ref(first))
        || 0 < language.away_from.at_start(&words)
}

/// "The 8th doesn't work", "not the 8th", "from the 8th": a day that won't do.
fn is_refused(clause: &str, language: &Language) -> bool {
    let words = normal::words(clause);
    0 < language.away_from.at_start(&words) || words.iter().any(|it| language.nots.is(std::slice::from_ref(it)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rules::said::tests::english;

    #[test]
    fn of_several_days_the_one_that_is_asked_for_counts() {
        let language = english();
        let context = SlotContext { today: date(2026, 11, 24), words: Some(&language), ..SlotContext::nothing() };
        for (text, wanted) in [
            ("the 8th doesnt work, i get paid on the 10th, can u do the 11th", Some(11)),
            ("move it from the 15th to the 28th", Some(28)),
            ("not the 15th, the 20th please", Some(20)),
            ("i get paid on the 25th so make it the 27th", Some(27)),
            ("can it be the 27th, i get paid on the 25th", Some(27)),
            ("the 27th instead of the 25th", Some(27)),
            ("the 8th won't do but the 11th would", Some(11)),
            ("on the 3rd of December, by 5.12. it's late", None),
            ("so the 15th. pension comes on the 22nd can it be then", Some(22)),
            ("the 20th", None),
            ("between the 8th and the 11th", None),
        ] {
            assert_eq!(read(text, &context).map(|it| it.day()), wanted, "{text}");
        }
    }
}
