//! What a message says that it isn't about, and what it is about: "I'm not asking to pay later, I asked when it goes out".
//!
//! Pure and total.

use std::ops::Range;

use super::meant::tokens;
use crate::content::language::{Language, Phrases};

/// A message that says what it isn't about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contrast {
    /// The words that say so.
    pub denied: String,
    /// What is meant in their place, where that is said.
    pub meant: Option<String>,
}

/// What a text says that it isn't about; nothing where it doesn't.
pub fn contrast(text: &str, language: &Language) -> Option<Contrast> {
    let text = text.replace('\u{2019}', "'");
    let (places, words) = tokens(&text);
    let mut clauses = Vec::new();
    for clause in clauses_of(&text, &places) {
        clauses.extend(told_apart(clause, &words, language));
    }
    deny_after_no(&mut clauses, &words, language);
    let last_denied = clauses.iter().rposition(|it| it.denies)?;
    // "Not the fee, the card or the visit": what stands before the turn belongs to the denial.
    let turns = |it: &Clause| 0 < language.turns_to.at_start(&words[it.words.clone()]);
    let turn = clauses.iter().skip(last_denied + 1).position(turns).map_or(last_denied, |it| last_denied + it);
    let in_words = |it: &Clause| text[places[it.words.start].0..end_of(&text, &places, it.words.end)].trim();
    let join =
        |kept: &mut dyn Iterator<Item = (usize, &Clause)>| kept.map(|it| in_words(it.1)).collect::<Vec<_>>().join(" ");
    let is_denied = |(at, it): &(usize, &Clause)| it.denies || (last_denied < *at && *at <= turn);
    let says = |it: &(usize, &Clause)| says_something(&words[it.1.words.clone()], language);
    let denied = join(&mut clauses.iter().enumerate().filter(is_denied));
    let meant = join(&mut clauses.iter().enumerate().filter(|it| !is_denied(it)).filter(says));
    let meant = meant.trim_end_matches([',', ';', ':']).to_owned();
    Some(Contrast { denied, meant: Some(meant).filter(|it| !it.is_empty()) })
}

/// Some words of a message that belong together, by their places.
struct Clause {
    words: Range<usize>,
    denies: bool,
}

/// The words between two stops, one list of places after the other.
fn clauses_of(text: &str, places: &[(usize, usize)]) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let mut from = 0;
    for at in 0..places.len() {
        let between = &text[places[at].1..places.get(at + 1).map_or(text.len(), |it| it.0)];
        if at + 1 == places.len()
            || between.contains([',', '.', '!', '?', ';', ':', '\n', '(', ')'])
            || between.contains(" - ")
        {
            clauses.push(from..at + 1);
            from = at + 1;
        }
    }
    clauses
}

/// A clause as it is, or the part that denies and what it turns to.
fn told_apart(clause: Range<usize>, words: &[String], language: &Language) -> Vec<Clause> {
    let Some(n) = denial(&words[clause.clone()], language) else {
        return vec![Clause { words: clause, denies: false }];
    };
    let behind = clause.start + n..clause.end;
    let turn = behind.clone().find(|at| 0 < language.turns_to.at_start(&words[*at..clause.end]));
    let end = turn.unwrap_or(clause.end);
    let denied = Clause { words: clause.start..end, denies: true };
    let rest = Some(Clause { words: end..clause.end, denies: false }).filter(|it| !it.words.is_empty());
    [Some(denied), rest].into_iter().flatten().collect()
}

/// Behind a no, what isn't wanted is denied where something else is said after it: "no, not in parts, the whole £30".
fn deny_after_no(clauses: &mut [Clause], words: &[String], language: &Language) {
    if language.no.at_start(words) == 0 || clauses.iter().any(|it| it.denies) {
        return;
    }
    let refuses = |it: &Clause| {
        let words = &words[it.words.clone()];
        let n_lead = words.iter().take_while(|it| is_no(it, language)).count();
        let rest = &words[n_lead..];
        // "No not yet" puts off, and "no not really" refuses nothing.
        let puts_off = (0..=n_lead).any(|at| 0 < language.later.at_start(&words[at..]));
        let denies = language.denials.at_start(rest).max(language.denies.at_start(rest));
        words.len() <= n_lead + REFUSED_WORDS_MAX && 0 < denies && !puts_off
    };
    let Some(at) = clauses.iter().take(REFUSED_WITHIN).position(refuses) else { return };
    let says_more = clauses[at + 1..].iter().any(|it| says_something(&words[it.words.clone()], language));
    clauses[at].denies = says_more;
}

/// "Don't" turns round what follows; "no" and "nope" stand for themselves.
fn is_no(word: &String, language: &Language) -> bool {
    language.no.is(std::slice::from_ref(word)) && !language.yes_or_no_words.contains(word)
}

/// What is refused behind a no stands in so many words, in one of the first clauses.
const REFUSED_WORDS_MAX: usize = 6;
const REFUSED_WITHIN: usize = 2;

/// After how many words it is clear that a clause says what isn't meant: "no, I'm not asking", "this isn't about".
fn denial(words: &[String], language: &Language) -> Option<usize> {
    let stands = |list: &Phrases, at: usize| list.at_start(words.get(at..).unwrap_or_default());
    let is_one = |list: &Phrases, at: usize| words.get(at).is_some_and(|it| list.is(std::slice::from_ref(it)));
    let mut at = 0;
    while at < LEAD_WORDS_MAX && stands(&language.not_about, at) == 0 && !is_one(&language.first_person, at) {
        let joins = usize::from(words.get(at).is_some_and(|it| language.joiners.contains(it)));
        match stands(&language.fillers, at).max(stands(&language.no, at)).max(joins) {
            0 => break,
            n => at += n,
        }
    }
    if let n @ 1.. = stands(&language.not_about, at) {
        return Some(at + n);
    }
    let speaks = is_one(&language.first_person, at);
    at += usize::from(speaks);
    // "I am not", "I did not".
    at += usize::from(
        speaks
            && words.get(at).is_some_and(|it| language.yes_or_no_words.contains(it))
            && stands(&language.nots, at) == 0,
    );
    let n_not = stands(&language.nots, at);
    at += n_not;
    at += stands(&language.fillers, at);
    let n = stands(&language.speaks_of, at);
    // "Not asking for much" has nobody who speaks, and is clear all the same.
    let is_clear = speaks || words.get(at).is_some_and(|it| it.ends_with("ing"));
    (0 < n_not && 0 < n && is_clear).then_some(at + n)
}

/// So many words may stand before a denial: "no no sorry".
const LEAD_WORDS_MAX: usize = 4;

/// Whether words say more than thanks, yes or no.
fn says_something(words: &[String], language: &Language) -> bool {
    let mut at = 0;
    while at < words.len() {
        let lists = [&language.fillers, &language.no, &language.yes];
        match lists.iter().map(|it| it.at_start(&words[at..])).max().unwrap_or(0) {
            0 => return true,
            n => at += n,
        }
    }
    false
}

/// Where a clause ends in the text, with its stop.
fn end_of(text: &str, places: &[(usize, usize)], end: usize) -> usize {
    places.get(end).map_or(text.len(), |it| it.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::said::tests::english;

    #[test]
    fn what_a_message_is_about_is_told_from_what_it_is_not_about() {
        for (text, meant) in [
            (
                "no I'm not asking to pay later, i asked when the money goes out",
                Some("i asked when the money goes out"),
            ),
            (
                "i didnt say my card expired i said the payment was taken twice",
                Some("i said the payment was taken twice"),
            ),
            ("this isn't about the price rise, it's about the november line", Some("it's about the november line")),
            ("I'm not on about the fee, the card or the visit. I asked who sends it", Some("I asked who sends it")),
            (
                "My bill is wrong. I'm not saying you stole it, I just want to know why",
                Some("My bill is wrong. I just want to know why"),
            ),
            (
                "Sorry, I don't mean the card, I mean the account it comes from",
                Some("I mean the account it comes from"),
            ),
            ("nobody mentioned leaving, what is the £12 for?", Some("what is the £12 for?")),
            ("what is the £12 for? I never asked about leaving", Some("what is the £12 for?")),
            ("No, not in parts, the whole £30 on 4 December", Some("the whole £30 on 4 December")),
            (
                "No no, I don't want e-mail, please leave that. Can it be waived?",
                Some("please leave that. Can it be waived?"),
            ),
            ("no not january, i said after christmas, like the 28th", Some("i said after christmas, like the 28th")),
            ("i did not ask about leaving", None),
            ("I said nothing about the price", None),
            ("no no i'm not talking about that", None),
            ("it's not about the money!! cheers", None),
        ] {
            assert_eq!(contrast(text, &english()).map(|it| it.meant), Some(meant.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_was_not_wished_for_or_done_is_no_denial() {
        for text in [
            "I never asked for paper bills",
            "i didn't ask to be moved to another plan",
            "I didn't mean to pay twice",
            "you didn't say by when",
            "I'm not about to pay that",
            "that's nothing to do with me",
            "nobody came to my house",
            "no, not the first time",
            "no not yet, I move out on 12 january",
            "no engineer came, not in October",
            "I can't pay, I asked my bank",
            "don't mention it",
            "why is it more",
            "",
        ] {
            assert_eq!(contrast(text, &english()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in "\\PC{0,60}|((no|i|not|asking|about|it's|,|\\.|the|fee|but) ?){0,12}") {
            let _ = contrast(&text, &english());
        }
    }
}
