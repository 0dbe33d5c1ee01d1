//! Takes a message apart: several quick messages, two questions in one, or no words at all.
//!
//! Pure and total. It only proposes: whoever classifies sees whether the parts mean more than the whole.

use crate::content::language::Language;

mod contrast;
mod meant;

pub use contrast::{Contrast, contrast};
pub use meant::meant;

/// Parts that a message may fall into.
const PARTS_MAX: usize = 4;

/// Words that a part must have to be a question of its own.
const PART_WORDS_MIN: usize = 3;

/// A text without stops of more words than this is cut before what begins a question.
const DICTATED_WORDS_MIN: usize = 14;

/// So many words stand before such a cut at least.
const BEFORE_CUT_WORDS_MIN: usize = 5;

/// The parts of a message that look like questions of their own, at most four, in their order.
///
/// Empty when the message is one question and nothing else; quick messages that finish one sentence stay together.
pub fn parts(text: &str, language: &Language) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for sentence in sentences(text, language) {
        for (at, part) in at_joiners(&sentence, language).into_iter().enumerate() {
            let leans = leans(&part, language);
            // "What do I owe and when": a short question after one.
            let follows = is_elliptical(&part, language) && parts.last().is_some_and(|it| asks(it, language));
            // What was told before is no part of a sentence that asks.
            let told = |last: &str| {
                let after_comma = last.ends_with(',') && !is_condition(last, language);
                (at == 0 || after_comma) && PART_WORDS_MIN <= words(last).count() && asks(&part, language)
            };
            match parts.last_mut() {
                // Too little to be a question: it belongs to what was said before or what comes after.
                Some(last)
                    if !follows
                        && (!is_enough(&part, language) || leans || (!stands_alone(last, language) && !told(last))) =>
                {
                    last.push(' ');
                    last.push_str(&part);
                }
                _ if words(&part).next().is_none() => {}
                _ => parts.push(part),
            }
        }
    }
    parts.retain(|it| stands_alone(it, language) || is_elliptical(it, language));
    // One alone counts where it is what a longer message asks.
    let n_words = words(text).count();
    let asks_within = |part: &String| asks(part, language) && words(part).count() + PART_WORDS_MIN <= n_words;
    if parts.len() < 2 && !parts.first().is_some_and(asks_within) {
        return Vec::new();
    }
    // Of a long story only so much can be looked at: what asks goes before what tells.
    let mut chosen: Vec<usize> = (0..parts.len()).collect();
    chosen.sort_by_key(|&at| !asks(&parts[at], language));
    chosen.truncate(PARTS_MAX);
    parts.into_iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|it| it.1).collect()
}

/// Whether a sentence asks, or tells something and then asks: "I get paid on the 22nd, can it be then".
pub(super) fn asks_within(sentence: &str, language: &Language) -> bool {
    let words: Vec<String> = words(sentence).collect();
    asks(sentence, language) || words.windows(2).any(|it| begins_question(&it[0], &it[1], language))
}

/// Whether a text only wonders what would be: "so if I go down, what do I lose".
pub fn wonders(text: &str, language: &Language) -> bool {
    let words: Vec<String> = words(text).collect();
    let is_lead = |it: &&String| language.joiners.contains(*it) || is_filler(it, language);
    let n_lead = words.iter().take_while(is_lead).count();
    0 < language.what_ifs.at_start(&words[n_lead..]) && (asks_somewhere(text, language) || asks_within(text, language))
}

/// Whether a sentence names something and asks about it: "and the November bill, is that paid".
pub(super) fn asks_of_it(sentence: &str, language: &Language) -> bool {
    let words: Vec<String> = words(sentence).collect();
    words.windows(2).any(|it| language.yes_or_no_words.contains(&it[0]) && language.pointing.contains(&it[1]))
}

/// Whether any sentence of a part asks or requests, or any clause of one: "3 days from when? so by when will it show", "my
/// payment failed, is there a charge for that".
pub fn asks_somewhere(part: &str, language: &Language) -> bool {
    let clause_asks = |sentence: &String| sentence.split(',').any(|it| asks(it.trim(), language));
    asks(part, language) || sentences(part, language).iter().any(clause_asks)
}

/// Whether a sentence begins as a request: "ok put it on the card then".
pub(super) fn requests(sentence: &str, language: &Language) -> bool {
    let words: Vec<String> = words(sentence).skip_while(|it| language.joiners.contains(it)).collect();
    let is_lead = |at: &usize| language.fillers.is(&words[*at..=*at]) && language.requests.at_start(&words[*at..]) == 0;
    let from = (0..words.len()).take_while(is_lead).count();
    0 < language.requests.at_start(&words[from..])
}

/// Whether a part asks or requests rather than tells.
pub fn asks(part: &str, language: &Language) -> bool {
    part.ends_with(['?', '？'])
        || is_elliptical(part, language)
        || begins_yes_or_no(part, language)
        || words(part).find(|it| !language.joiners.contains(it) && !is_filler(it, language)).is_some_and(|it| {
            language.question_words.contains(&it)
                || language.yes_or_no_words.contains(&it)
                || (language.openers.contains(&it) && !is_first_person(&it))
        })
}

/// "Is there a fee", "do you take …": "do it" is a yes.
fn begins_yes_or_no(part: &str, language: &Language) -> bool {
    let words: Vec<String> = words(part).skip_while(|it| language.joiners.contains(it)).collect();
    1 < words.len() && language.yes_or_no_words.contains(&words[0]) && language.yes.at_start(&words) == 0
}

fn is_filler(word: &str, language: &Language) -> bool {
    language.fillers.is(std::slice::from_ref(&word.to_owned()))
}

/// "I pay on time each month" tells; "cancel it" requests.
fn is_first_person(word: &str) -> bool {
    matches!(word, "i" | "i'm" | "im" | "i've" | "ive" | "you")
}

/// Whether a text needs the one before it: "so it went up", "and I want to change it".
fn leans(text: &str, language: &Language) -> bool {
    let first = words(text).next().unwrap_or_default();
    let points_back = words(text).last().is_some_and(|it| language.pointing.contains(&it));
    // "Do I get a say in it" is a question of its own, whatever it points to.
    let asks = language.question_words.contains(&first) || begins_yes_or_no(text, language);
    language.leaning.contains(&first) || (points_back && !asks) || says_no_matter(text, language)
}

/// Whether nothing in a text says what it is about: "what I must do", "what should I do now".
fn says_no_matter(text: &str, language: &Language) -> bool {
    let small = [&language.thin, &language.question_words, &language.yes_or_no_words];
    words(text).all(|it| small.iter().any(|words| words.contains(&it)))
}

/// Whether a text could be asked by itself.
fn stands_alone(text: &str, language: &Language) -> bool {
    is_enough(text, language) && words(text).any(|it| language.openers.contains(&it))
}

/// Whether a part has words enough to say something: some, or a question about a figure, "why 39.40".
fn is_enough(part: &str, language: &Language) -> bool {
    let asks_figure = || {
        words(part).next().is_some_and(|it| language.question_words.contains(&it))
            && part.contains(|it: char| it.is_ascii_digit())
    };
    PART_WORDS_MIN <= words(part).count() || asks_figure()
}

/// The words of a text in lower case, bare of punctuation.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|it: char| !it.is_alphanumeric() && !matches!(it, '\'' | '’'))
        .map(|it| it.trim_matches(['\'', '’']).replace('’', "'").to_lowercase())
        .filter(|it| !it.is_empty())
}

/// Sentences by their stops and line breaks; a line that begins as the end of the one before is joined to it.
pub(super) fn sentences(text: &str, language: &Language) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut sentence = String::new();
    for line in text.lines() {
        let begins = words(line)
            .next()
            .is_some_and(|it| language.openers.contains(&it) && !matches!(it.as_str(), "is" | "are" | "was" | "were"));
        if begins {
            finish(&mut sentence, &mut sentences);
        }
        let mut letters = line.chars().peekable();
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        while let Some(letter) = letters.next() {
            sentence.push(letter);
            let ends = matches!(letter, '?' | '!' | '.' | ';' | '？' | '！' | '。');
            if ends && letters.peek().is_none_or(|it| it.is_whitespace()) {
                finish(&mut sentence, &mut sentences);
            }
        }
    }
    finish(&mut sentence, &mut sentences);
    sentences
}

fn finish(sentence: &mut String, sentences: &mut Vec<String>) {
    let done = std::mem::take(sentence);
    let done = done.trim();
    if !done.is_empty() {
        sentences.push(done.to_owned());
    }
}

/// A sentence cut before "and how …", ", can you …" and the like; dictated text without stops before "can you" too.
fn at_joiners(sentence: &str, language: &Language) -> Vec<String> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let bare = |at: usize| tokens.get(at).and_then(|it| words(it).next()).unwrap_or_default();
    let opens = |at: usize| language.openers.contains(&bare(at));
    let has_stops = tokens.iter().any(|it| it.ends_with([',', ';', ':', '-']));
    let dictated = DICTATED_WORDS_MIN <= tokens.len() && !has_stops;
    let mut parts = Vec::new();
    let mut part: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let joiner = language.joiners.contains(&bare(at));
        let asks = language.question_words.contains(&bare(at));
        // "…, does it include tax": but "if I pay now, do I get …" is one question.
        let begins = begins_question(&bare(at), &bare(at + 1), language) && !is_condition(&part.join(" "), language);
        let after_comma = part.last().is_some_and(|it| it.ends_with(',')) && (asks || begins);
        // "Two things, why …": what only opens the message says nothing.
        if after_comma
            && part.len() < PART_WORDS_MIN
            && !part.iter().any(|it| language.openers.contains(&it.to_lowercase()))
        {
            part.clear();
        }
        // "Do I need a new one or is it just …": the other half of one question.
        // "So why is it still …": its own question word stands before it.
        let ends_open = |it: &String| language.or_words.contains(it) || language.question_words.contains(it);
        let is_half = part.last().is_some_and(|it| words(it).any(|it| ends_open(&it)));
        let runs_on = dictated
            && !is_half
            && BEFORE_CUT_WORDS_MIN <= part.len()
            && begins_question(&bare(at), &bare(at + 1), language);
        let enough = is_enough(&part.join(" "), language) || (joiner && is_elliptical(&part.join(" "), language));
        if enough && ((joiner && opens(at + 1)) || after_comma || runs_on) {
            parts.push(part.join(" "));
            part.clear();
            at += usize::from(joiner);
            continue;
        }
        part.push(tokens[at]);
        at += 1;
    }
    parts.push(part.join(" "));
    parts
}

/// Whether a clause only says on what condition something is asked: "if I pay now".
fn is_condition(clause: &str, language: &Language) -> bool {
    let words: Vec<String> = words(clause).collect();
    let from = words.iter().take_while(|it| language.joiners.contains(*it)).count();
    0 < language.conditions.at_start(&words[from..])
}

/// Whether a part asks by a question word, be it only a word or two that lean on the question before it: "and when",
/// "which card".
fn is_elliptical(part: &str, language: &Language) -> bool {
    let words: Vec<String> = words(part).skip_while(|it| language.joiners.contains(it)).collect();
    let Some((first, rest)) = words.split_first() else { return false };
    let is_word = language.question_words.contains(first) && !language.yes_or_no_words.contains(first);
    // "Which is why …" goes on; "which card do you take" and "who do I ring" ask.
    let which = language.openers.contains(first) && language.leaning.contains(first);
    let is_verb = |at: usize| rest.get(at).is_some_and(|it| language.yes_or_no_words.contains(it));
    let which_asks = match rest {
        [second, third, ..] if is_verb(0) => begins_question(second, third, language),
        rest => !is_verb(0) && (is_verb(1) || rest.len() < PART_WORDS_MIN),
    };
    (is_word && !is_filler(first, language)) || (which && which_asks)
}

/// Whether two words begin a question by themselves: "can you", "do i", "is there". One alone may be within a sentence.
pub(super) fn begins_question(first: &str, second: &str, language: &Language) -> bool {
    language.yes_or_no_words.contains(first) && language.subjects.contains(second)
}

/// Letters from which a word without vowels is no abbreviation.
const WORD_LETTERS_MIN: usize = 5;

/// Whether a text has no words that anybody could mean: `asdfgh`, `xkcdqwrt`, `?!?`, but not `ok` or `vat?`.
///
/// Only Latin letters are judged; another script is left to those who can read it.
pub fn is_gibberish(text: &str) -> bool {
    let letters = || text.chars().filter(|it| it.is_alphabetic());
    if letters().any(|it| !is_latin(it)) {
        return false;
    }
    if text.chars().any(char::is_numeric) || text.chars().any(is_picture) {
        return false;
    }
    if letters().next().is_none() {
        return true;
    }
    let words: Vec<String> = words(text).collect();
    let (short, long): (Vec<_>, Vec<_>) = words.iter().partition(|it| it.chars().count() < WORD_LETTERS_MIN);
    // Short words are mostly words; one is enough to make sense, unless it is one letter again and again.
    let says_something = |it: &&&String| {
        let same = it.chars().all(|letter| it.starts_with(letter));
        !(same && 2 < it.chars().count())
    };
    if short.iter().any(|it| says_something(&it)) {
        return false;
    }
    long.iter().all(|it| is_random(it))
}

fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic()
        || matches!(letter, '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// A picture says something: a thumb, a smile.
fn is_picture(letter: char) -> bool {
    matches!(letter, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}')
}

/// Whether a long word cannot be pronounced: no vowels, five consonants in a row, keys side by side, one pair again.
fn is_random(word: &str) -> bool {
    const ROWS: [&str; 4] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq"];
    const CONSONANTS_MAX: usize = 5;
    let is_vowel = |it: char| !it.is_ascii() || matches!(it, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | '\'');
    let letters: Vec<char> = word.chars().collect();
    let n_vowels = letters.iter().filter(|it| is_vowel(**it)).count();
    let longest = letters.split(|it| is_vowel(*it)).map(<[char]>::len).max().unwrap_or(0);
    let n_pairs = |size: usize| letters.chunks(size).filter(|it| *it == &letters[..size]).count() * size;
    let repeats = (1..=3).any(|size| letters.len() <= n_pairs(size) + 1);
    let typed_along = ROWS.iter().any(|row| word.get(..4).is_some_and(|start| row.contains(start)));
    n_vowels == 0
        || CONSONANTS_MAX < longest
        || repeats
        || (typed_along && (n_vowels * 4 <= letters.len() || letters.len() <= 6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::rules::said::tests::english;

    fn check(text: &str, wanted: &[&str]) {
        assert_eq!(parts(text, &english()), wanted, "{text}");
    }

    #[test]
    fn two_questions_fall_into_two() {
        check("How much do I owe and when is it due?", &["How much do I owe", "when is it due?"]);
        check("Why is my bill higher? Can I get a copy?", &["Why is my bill higher?", "Can I get a copy?"]);
        check("why is my bill so high\ncan I pay by card", &["why is my bill so high", "can I pay by card"]);
        check("I have a new card and want to change it", &[]);
        check("i paid on the 3rd so why is it still showing", &[]);
        check("so 4 quid more every month from now on? do i get a say in it", &["do i get a say in it"]);
        check("Do we need to sign a new contract for this or is it just a change of details?", &[]);
        check("I want a refund and please cancel my plan", &["I want a refund", "please cancel my plan"]);
        check(
            "what do I owe, when do you take it, can I pay later",
            &["what do I owe,", "when do you take it,", "can I pay later"],
        );
    }

    #[test]
    fn a_question_that_begins_with_which_or_who_stands_beside_another() {
        check(
            "does it include vat, and which card do you take it from",
            &["does it include vat,", "which card do you take it from"],
        );
        check("how much is it and which card", &["how much is it", "which card"]);
        check("when do I get it back and who do I ring", &["when do I get it back", "who do I ring"]);
    }

    #[test]
    fn one_question_stays_whole() {
        for text in [
            "hi\nmy bill\nis too high",
            "why is my bill higher this month?",
            "",
            "refund",
            "hello",
            "I paid by card and cash last week",
            "the bill is wrong and it makes me angry",
            "why did you charge me\ntwice",
            "I was charged £12.00 on 3 June.",
            "hi! how are you?",
            "Why is it more? It was £30 before.",
            "terms and conditions",
            "!!! ??",
            "my card ran out, which is why I didn't pay",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn small_words_go_with_the_question_beside_them() {
        check(
            "Hi. Why is my bill higher? Thanks! How do I pay it?",
            &["Hi. Why is my bill higher? Thanks!", "How do I pay it?"],
        );
    }

    #[test]
    fn in_a_long_story_questions_are_what_is_looked_at() {
        let story = "I moved in last May. I have a dog and a cat. I like it here so far. I work at the harbor now. \
                     I pay on time each month. Why is the bill higher? Can I get a copy?";
        let parts = parts(story, &english());
        assert_eq!(parts.len(), PARTS_MAX);
        assert_eq!(parts[2..], ["Why is the bill higher?", "Can I get a copy?"]);
    }

    #[test]
    fn there_are_never_more_than_four_parts() {
        assert_eq!(parts(&"how do I pay? ".repeat(9), &english()).len(), PARTS_MAX);
    }

    #[test]
    fn random_letters_are_gibberish() {
        for text in [
            "asdfgh",
            "asdfasdf",
            "qwerty",
            "xkcdqwrt",
            "sdfkjhsdf",
            "?!?",
            "...",
            "",
            "aaaaaaa",
            "hahahaha",
            "zxcvbnm",
            "jjjj",
            "fghjkl dfghjk",
        ] {
            assert!(is_gibberish(text), "{text}");
        }
    }

    #[test]
    fn words_are_not_gibberish() {
        for text in [
            "ok",
            "hi",
            "vat?",
            "why",
            "bill",
            "INV-1042",
            "12",
            "refund",
            "autopay",
            "pls help",
            "thx",
            "👍",
            "счёт",
            "账单",
            "straightforward",
            "rückerstattung",
            "hmm",
            "my rhythm",
            "poor",
            "were",
            "property",
            "direct debit",
            "treatment",
            "qwerty is my bill",
        ] {
            assert!(!is_gibberish(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}|(how |and |is |my bill|\\?|\\.|\\n|, | ){0,20}") {
            let language = english();
            let parts = parts(&text, &language);
            prop_assert!(parts.len() <= PARTS_MAX);
            let _ = (is_gibberish(&text), meant(&text, &language));
        }
    }
}
