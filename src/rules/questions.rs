//! Takes a message apart: several quick messages, two questions in one, or no words at all.
//!
//! Pure and total. It only proposes: whoever classifies sees whether the parts mean more than the whole.

/// Parts that a message may fall into.
const PARTS_MAX: usize = 4;

/// Words that a part must have to be a question of its own.
const PART_WORDS_MIN: usize = 3;

/// What may begin a question or a request of its own after "and" or a comma.
const OPENERS: [&str; 52] = [
    "how", "what", "whats", "what's", "when", "whens", "when's", "where", "wheres", "where's", "why", "who", "which",
    "can", "could", "would", "will", "do", "does", "did", "is", "are", "was", "were", "has", "have", "may", "should",
    "please", "i", "i'd", "i'm", "ive", "i've", "id", "im", "tell", "show", "send", "give", "explain", "cancel",
    "change", "stop", "refund", "remove", "help", "update", "also", "need", "want", "you",
];

/// Words after which "and" joins two sentences where a comma would not.
const JOINERS: [&str; 5] = ["and", "also", "plus", "then", "but"];

/// Words that say nothing without the sentence before them.
const LEANING: [&str; 16] = [
    "it", "that", "this", "they", "them", "because", "cause", "so", "or", "if", "since", "which", "who", "not", "even",
    "still",
];

/// Words at the end of a sentence that point to the one before.
const POINTING: [&str; 6] = ["it", "that", "this", "them", "these", "those"];

/// The parts of a message that look like questions of their own, at most four, in their order.
///
/// Empty when the message is one question; quick messages that finish one sentence stay together.
pub fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        for part in at_joiners(&sentence) {
            let n_words = words(&part).count();
            let leans = leans(&part);
            match parts.last_mut() {
                // Too little to be a question: it belongs to what was said before or what comes after.
                Some(last) if n_words < PART_WORDS_MIN || leans || !stands_alone(last) => {
                    last.push(' ');
                    last.push_str(&part);
                }
                _ if n_words == 0 => {}
                _ => parts.push(part),
            }
        }
    }
    parts.retain(|it| stands_alone(it));
    if parts.len() < 2 {
        return Vec::new();
    }
    parts.truncate(PARTS_MAX);
    parts
}

/// Whether a text needs the one before it: "so it went up", "and I want to change it".
fn leans(text: &str) -> bool {
    let first = words(text).next().unwrap_or_default();
    let points_back = words(text).last().is_some_and(|it| POINTING.contains(&it.as_str()));
    LEANING.contains(&first.as_str()) || (points_back && !is_question_word(&first))
}

/// Whether a text could be asked by itself.
fn stands_alone(text: &str) -> bool {
    PART_WORDS_MIN <= words(text).count() && words(text).any(|it| OPENERS.contains(&it.as_str()))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|it: char| !it.is_alphanumeric() && !matches!(it, '\'' | '’'))
        .map(|it| it.trim_matches(['\'', '’']).replace('’', "'").to_lowercase())
        .filter(|it| !it.is_empty())
}

/// Sentences by their stops and line breaks; a line that begins as the end of the one before is joined to it.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut sentence = String::new();
    for line in text.lines() {
        let begins = words(line)
            .next()
            .is_some_and(|it| OPENERS.contains(&it.as_str()) && !matches!(it.as_str(), "is" | "are" | "was" | "were"));
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

/// A sentence cut before "and how …", ", can you …" and the like.
fn at_joiners(sentence: &str) -> Vec<String> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let bare = |at: usize| tokens.get(at).and_then(|it| words(it).next()).unwrap_or_default();
    let opens = |at: usize| OPENERS.contains(&bare(at).as_str());
    let mut parts = Vec::new();
    let mut part: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let joiner = JOINERS.contains(&bare(at).as_str());
        let after_comma = part.last().is_some_and(|it| it.ends_with(',')) && is_question_word(&bare(at));
        if PART_WORDS_MIN <= part.len() && ((joiner && opens(at + 1)) || after_comma) {
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

/// After a comma only these begin a new question: "if I pay, will it …" goes on.
fn is_question_word(word: &str) -> bool {
    matches!(word, "how" | "what" | "whats" | "what's" | "when" | "where" | "why" | "can" | "could" | "please" | "also")
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

    fn check(text: &str, wanted: &[&str]) {
        assert_eq!(parts(text), wanted, "{text}");
    }

    #[test]
    fn two_questions_fall_into_two() {
        check("How much do I owe and when is it due?", &["How much do I owe", "when is it due?"]);
        check("Why is my bill higher? Can I get a copy?", &["Why is my bill higher?", "Can I get a copy?"]);
        check("why is my bill so high\ncan I pay by card", &["why is my bill so high", "can I pay by card"]);
        check("I have a new card and want to change it", &[]);
        check("I want a refund and please cancel my plan", &["I want a refund", "please cancel my plan"]);
        check(
            "what do I owe, when do you take it, can I pay later",
            &["what do I owe,", "when do you take it,", "can I pay later"],
        );
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
    fn there_are_never_more_than_four_parts() {
        assert_eq!(parts(&"how do I pay? ".repeat(9)).len(), PARTS_MAX);
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
            let parts = parts(&text);
            prop_assert!(parts.len() <= PARTS_MAX && parts.len() != 1);
            let _ = is_gibberish(&text);
        }
    }
}
