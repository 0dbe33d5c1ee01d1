//! What of a message is meant: without what is not wanted, not meant, or only said around the question.
//!
//! Pure and total.

use super::{PART_WORDS_MIN, asks_within, is_first_person, sentences, words};
use crate::content::language::Language;

/// The text without a clause that only says what is not wanted: of "I don't want to cancel, just tell me what I owe",
/// the latter. Whatever the encoder reads of "cancel" would drown it.
pub fn meant(text: &str, language: &Language) -> String {
    let plain = without_acknowledgement(text.replace('’', "'"), language);
    let plain = without_no(&without_denials(&plain, language), language);
    let plain = corrected(&plain, language).map_or(plain.clone(), str::to_owned);
    let plain = unsaid(&plain, language).or_else(|| only_asked(&plain, language)).map_or(plain.clone(), str::to_owned);
    let (tokens, bare) = tokens(&plain);
    let Some((refused_at, refused_n)) = language.refusals.find(&bare) else { return plain };
    let from = refused_at + refused_n;
    let instead = (from..bare.len()).find(|at| 0 < language.insteads.at_start(&bare[*at..]));
    let Some(instead) = instead.filter(|at| PART_WORDS_MIN <= bare.len() - at) else { return plain };
    // What was said in sentences before it still counts.
    let before = plain[..tokens[refused_at].0].rfind(['.', '!', '?', '\n']).map_or("", |at| plain[..=at].trim_end());
    format!("{before} {}", &plain[tokens[instead].0..]).trim().to_owned()
}

/// The text without a first sentence that only takes note of what was said: of "No fee, ok. And can it be the 20th?", the
/// latter.
fn without_acknowledgement(text: String, language: &Language) -> String {
    let sentences = sentences(&text, language);
    let Some((first, rest)) = sentences.split_first().filter(|it| !it.1.is_empty()) else { return text };
    let noted: Vec<String> = words(first).collect();
    let ends = noted.last().is_some_and(|it| language.acknowledges.contains(it));
    let says_more = rest.iter().any(|it| PART_WORDS_MIN <= words(it).count());
    let is_note = ends && says_more && noted.len() <= NOTED_WORDS_MAX && !super::requests(first, language);
    if is_note { rest.join(" ") } else { text }
}

/// A note is short: "30 in December, fine".
const NOTED_WORDS_MAX: usize = 5;

/// What was not told: of "you didn't say by when", the latter.
fn unsaid<'a>(text: &'a str, language: &Language) -> Option<&'a str> {
    let (tokens, words) = tokens(text);
    let (at, n) = language.not_told.find(&words)?;
    let rest = words.get(at + n..)?;
    let asks = |it: &String| language.question_words.contains(it) && !language.yes_or_no_words.contains(it);
    let begins = rest.iter().take(2).any(asks);
    (begins && at <= NOT_TOLD_WITHIN && rest.len() <= NOT_TOLD_WORDS_MAX).then(|| &text[tokens[at + n].0..])
}

/// What alone is asked: of "I do want to leave, I just asked if there are more bills", the latter.
fn only_asked<'a>(text: &'a str, language: &Language) -> Option<&'a str> {
    let (tokens, words) = tokens(text);
    let (at, n) = language.only_asks.find(&words)?;
    (PART_WORDS_MIN <= words.len() - at - n).then(|| &text[tokens[at + n].0..])
}

/// What something is corrected to: of "sorry, I meant my last payment", the latter.
fn corrected<'a>(text: &'a str, language: &Language) -> Option<&'a str> {
    let (tokens, words) = tokens(text);
    let (at, n) = language.meant_instead.find(&words)?;
    let begins = words[..at].iter().all(|it| language.fillers.is(std::slice::from_ref(it)));
    (begins && CORRECTED_WORDS_MIN <= words.len() - at - n).then(|| &text[tokens[at + n].0..])
}

/// So many words are something by themselves.
const CORRECTED_WORDS_MIN: usize = 2;

/// That something was not told stands so near to the beginning, and what it is in so many words.
const NOT_TOLD_WITHIN: usize = 3;
const NOT_TOLD_WORDS_MAX: usize = 10;

/// The text without the no that stands before a question or a wish: of "no, I want to know how …", what is wanted. A no that
/// belongs to what follows ("no engineer came") stays.
fn without_no(text: &str, language: &Language) -> String {
    let (tokens, words) = tokens(text);
    // "Don't" turns round what follows; "no" and "nope" stand for themselves.
    let stands_alone =
        |it: &&String| language.no.is(std::slice::from_ref(it)) && !language.yes_or_no_words.contains(*it);
    let n_no = words.iter().take_while(stands_alone).count();
    if n_no == 0 || words.len() <= n_no + PART_WORDS_MIN {
        return text.to_owned();
    }
    let (from, rest) = (tokens[n_no].0, &words[n_no..]);
    let stops = text[tokens[n_no - 1].1..from].contains([',', '.', '!', ';', ':', '\n']);
    let asks = language.question_words.contains(&rest[0]) || language.yes_or_no_words.contains(&rest[0]);
    let tells = is_first_person(&rest[0]) || 0 < language.only_asks.at_start(rest);
    if stops || asks || tells { text[from..].to_owned() } else { text.to_owned() }
}

/// The text without a sentence that only says what is not meant, where another says more: of "I'm not moving house! I want
/// to pay on the 22nd", the latter.
fn without_denials(text: &str, language: &Language) -> String {
    let denies = |it: &String| {
        let words: Vec<String> = words(it).collect();
        language.denials.find(&words).is_some_and(|(at, _)| at <= DENIED_WITHIN) && !asks_within(it, language)
    };
    let sentences = sentences(text, language);
    // "Cheers" at its end says nothing of the matter either.
    let is_filler = |it: &String| {
        let words: Vec<String> = words(it).collect();
        words.iter().all(|it| language.fillers.is(std::slice::from_ref(it))) || language.fillers.is(&words)
    };
    let (denied, meant): (Vec<String>, Vec<String>) = sentences.into_iter().partition(|it| denies(it) || is_filler(it));
    let says_more = meant.iter().any(|it| PART_WORDS_MIN <= words(it).count());
    if denied.is_empty() || !says_more { text.to_owned() } else { meant.join(" ") }
}

/// A denial begins within so many words of its sentence.
const DENIED_WITHIN: usize = 3;

/// The words of a text with their places in it, and in lower case.
pub(super) fn tokens(text: &str) -> (Vec<(usize, usize)>, Vec<String>) {
    let mut places = Vec::new();
    let mut start = None;
    let is_word = |it: char| it.is_alphanumeric() || it == '\'';
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_word(letter), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                places.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    let words = places.iter().map(|(from, to)| text[*from..*to].trim_matches('\'').to_lowercase()).collect();
    (places, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::said::tests::english;

    #[test]
    fn what_is_not_wanted_is_left_out() {
        for (text, wanted) in [
            ("I don't want to cancel, I just want a copy of my bill", "I just want a copy of my bill"),
            (
                "Hi there! I'm not trying to complain, only tell me when it is due",
                "Hi there! only tell me when it is due",
            ),
            ("i dont want to leave just lower the price", "just lower the price"),
            ("I don't want to cancel", "I don't want to cancel"),
            ("I just don't want to pay by card", "I just don't want to pay by card"),
            ("I don't want to pay by card, what else is there?", "I don't want to pay by card, what else is there?"),
            ("why is it more", "why is it more"),
            ("no i want to know how to stop these fees", "i want to know how to stop these fees"),
            ("no, leave the check. is it 30 from december?", "leave the check. is it 30 from december?"),
            ("no engineer came to my house", "no engineer came to my house"),
            ("don't want to cancel my service today", "don't want to cancel my service today"),
            ("no I meant the payment from may", "the payment from may"),
            ("No fee, ok. And can the date be the 20th?", "And can the date be the 20th?"),
        ] {
            assert_eq!(meant(text, &english()), wanted);
        }
    }

    #[test]
    fn what_was_not_told_or_only_asked_is_what_is_asked() {
        for (text, wanted) in [
            ("u didnt say by when", "by when"),
            ("you didn't say by when", "by when"),
            ("but you haven't told me how long it takes", "how long it takes"),
            ("you didn't say you'd charge me for it", "you didn't say you'd charge me for it"),
            ("no i do want to cancel, i just asked if theres any more bills", "if theres any more bills"),
            ("i only asked", "i only asked"),
        ] {
            assert_eq!(meant(text, &english()), wanted, "{text}");
        }
    }
}
