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
    // Of a long story only so much can be looked at: what asks goes before what tells.
    let mut chosen: Vec<usize> = (0..parts.len()).collect();
    chosen.sort_by_key(|&at| !asks(&parts[at]));
    chosen.truncate(PARTS_MAX);
    parts.into_iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|it| it.1).collect()
}

/// Whether a part asks rather than tells.
fn asks(part: &str) -> bool {
    part.ends_with(['?', '？']) || words(part).next().is_some_and(|it| is_question_word(&it))
}

/// What begins a clause that says what is not wanted.
const REFUSALS: [&str; 10] = [
    "don't want to",
    "dont want to",
    "do not want to",
    "not trying to",
    "not asking to",
    "not asking for",
    "not looking to",
    "not going to",
    "not here to",
    "not calling to",
];

/// What begins the clause that says what is wanted in its place.
const INSTEADS: [&str; 8] = ["just", "only", "simply", "i'd just", "i just", "i only", "all i want", "what i want"];

/// The text without a clause that only says what is not wanted: of "I don't want to cancel, just tell me what I owe",
/// the latter. Whatever the encoder reads of "cancel" would drown it.
pub fn meant(text: &str) -> String {
    let plain = text.replace('’', "'");
    let text = plain.as_str();
    let Some((refused_from, refused_to)) = REFUSALS.iter().find_map(|it| find_words(text, it)) else {
        return plain;
    };
    let rest = &text[refused_to..];
    let instead = INSTEADS.iter().filter_map(|it| find_words(rest, it)).map(|it| it.0).min();
    let Some(instead) = instead.filter(|at| PART_WORDS_MIN <= words(&rest[*at..]).count()) else {
        return plain;
    };
    // What was said in sentences before it still counts.
    let before = text[..refused_from].rfind(['.', '!', '?', '\n']).map_or("", |at| text[..=at].trim_end());
    format!("{before} {}", &rest[instead..]).trim().to_owned()
}

/// Where a phrase in lower case stands as whole words in a text: from and to.
fn find_words(text: &str, phrase: &str) -> Option<(usize, usize)> {
    // As many bytes as before, so that places in it are places in the text.
    let lower = text.to_ascii_lowercase();
    let is_letter = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '\'');
    let mut from = 0;
    while let Some(at) = lower.get(from..)?.find(phrase) {
        let (start, end) = (from + at, from + at + phrase.len());
        if !is_letter(lower[..start].chars().next_back()) && !is_letter(lower[end..].chars().next()) {
            return Some((start, end));
        }
        from = end;
    }
    None
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

/// The words of a text in lower case, bare of punctuation.
pub fn words(text: &str) -> impl Iterator<Item = String> {
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
        ] {
            assert_eq!(meant(text), wanted);
        }
    }

    #[test]
    fn in_a_long_story_questions_are_what_is_looked_at() {
        let story = "I moved in last May. I have a dog and a cat. I like it here so far. I work at the harbor now. \
                     I pay on time each month. Why is the bill higher? Can I get a copy?";
        let parts = parts(story);
        assert_eq!(parts.len(), PARTS_MAX);
        assert_eq!(parts[2..], ["Why is the bill higher?", "Can I get a copy?"]);
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
            let _ = (is_gibberish(&text), meant(&text));
        }
    }
}
