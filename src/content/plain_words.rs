//! Measures how plain a text is: reading ease, lengths, and jargon. Pure.
//!
//! Reading ease is LIX (C. H. Björnsson, "Läsbarhet", 1968) for any language and the Flesch-Kincaid grade
//! (Kincaid and others, "Derivation of New Readability Formulas", 1975) for English.

use super::file::WordFile;

/// Words that an answer may have.
pub const ANSWER_WORDS_MAX: usize = 60;

/// Words that a sentence may have.
pub const SENTENCE_WORDS_MAX: usize = 20;

/// Words that a button may have.
pub const BUTTON_WORDS_MAX: usize = 4;

/// The Flesch-Kincaid grade that English texts may have.
pub const GRADE_MAX: f64 = 7.0;

/// The LIX that texts may have.
pub const LIX_MAX: f64 = 40.0;

/// Fewer words than these say nothing about how easily a text reads.
pub const SCORED_WORDS_MIN: usize = 30;

/// Letters from which LIX calls a word long.
const LONG_WORD_LETTERS_MIN: usize = 7;

/// How easily a text reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelOfReading {
    /// Words in it.
    pub n_words: usize,
    /// Sentences in it.
    pub n_sentences: usize,
    /// LIX: words per sentence plus the percentage of words of more than six letters.
    pub lix: f64,
    /// The Flesch-Kincaid grade: years at school. Only English has one.
    pub grade: f64,
}

/// Measures texts together, as the customer meets them one after another.
pub fn reading<'a>(texts: impl IntoIterator<Item = &'a str>) -> LevelOfReading {
    let (mut n_words, mut n_sentences, mut n_long, mut n_syllables) = (0, 0, 0, 0);
    for text in texts {
        for sentence in sentences(text) {
            n_sentences += 1;
            for word in words(&sentence) {
                n_words += 1;
                n_long += usize::from(LONG_WORD_LETTERS_MIN <= word.chars().filter(|it| it.is_alphabetic()).count());
                n_syllables += syllables(word);
            }
        }
    }
    if n_words == 0 || n_sentences == 0 {
        return LevelOfReading { n_words, n_sentences, lix: 0.0, grade: 0.0 };
    }
    let words_per_sentence = n_words as f64 / n_sentences as f64;
    let lix = words_per_sentence + 100.0 * n_long as f64 / n_words as f64;
    let grade = 0.39 * words_per_sentence + 11.8 * n_syllables as f64 / n_words as f64 - 15.59;
    LevelOfReading { n_words, n_sentences, lix, grade }
}

/// The words of a text: what stands between spaces and has a letter or a digit.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(|it| it.trim_matches(|letter: char| !letter.is_alphanumeric()))
        .filter(|it| !it.is_empty())
}

/// The sentences of a text, single-spaced; an entry of a list is one too.
pub fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut sentence = String::new();
    for line in text.lines() {
        let line = line.trim();
        let goes_on = line.starts_with(|it: char| it.is_lowercase());
        if !goes_on {
            end(&mut sentence, &mut found);
        }
        for word in line.split_whitespace() {
            if !sentence.is_empty() {
                sentence.push(' ');
            }
            sentence.push_str(word);
            let last = word.trim_end_matches(['"', '\'', ')', '”', '’']).chars().last();
            if last.is_some_and(|it| matches!(it, '.' | '!' | '?' | '…' | ':' | '。' | '？' | '！')) {
                end(&mut sentence, &mut found);
            }
        }
    }
    end(&mut sentence, &mut found);
    found
}

fn end(sentence: &mut String, found: &mut Vec<String>) {
    let done = std::mem::take(sentence);
    if words(&done).next().is_some() {
        found.push(done);
    }
}

/// The syllables of an English word, by its groups of vowels; a number counts as one.
fn syllables(word: &str) -> usize {
    let word: String = word.chars().filter(|it| it.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let is_vowel = |it: char| matches!(it, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let mut n = 0;
    let mut after_vowel = false;
    for letter in word.chars() {
        n += usize::from(is_vowel(letter) && !after_vowel);
        after_vowel = is_vowel(letter);
    }
    let letters: Vec<char> = word.chars().rev().collect();
    let silent = match letters.as_slice() {
        // "League", "colleague".
        ['e', 'u', 'g', 'a', 'e', ..] => true,
        ['e', 'l', before, ..] => is_vowel(*before),
        ['e', before, ..] => !is_vowel(*before),
        ['d', 'e', before, ..] => !is_vowel(*before) && !matches!(before, 't' | 'd'),
        ['s', 'e', before, ..] => !is_vowel(*before) && !matches!(before, 's' | 'c' | 'g' | 'x' | 'z' | 'h'),
        _ => false,
    };
    n.saturating_sub(usize::from(silent)).max(1)
}

/// A template as words: every figure is one short word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stripped {
    /// The longest text that it can become: of each condition the branch with the most words.
    pub longest: String,
    /// All its words, those of every branch and of texts inside its code.
    pub all: String,
}

/// Takes the code out of a template.
pub fn strip(template: &str) -> Stripped {
    let mut stripped = Stripped::default();
    // One frame per open block: the branches before this one, and this one.
    let mut frames: Vec<(Option<String>, String)> = vec![(None, String::new())];
    let mut rest = template;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        let (text, code) = rest.split_at(start);
        add(&mut frames, &mut stripped, text);
        let close = match &code[..2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let n_inner = code.find(close).unwrap_or(code.len());
        let inner = code[2..n_inner.max(2)].trim_matches(['-', '+', ' ', '\n', '\t']);
        rest = code.get(n_inner + 2..).unwrap_or_default();
        match close {
            "}}" => {
                add(&mut frames, &mut stripped, "0");
                add_literals(inner, &mut stripped.all);
            }
            "%}" => block(inner, &mut frames),
            _ => {}
        }
    }
    add(&mut frames, &mut stripped, rest);
    while 1 < frames.len() {
        block("endif", &mut frames);
    }
    stripped.longest = frames.pop().map(|it| it.1).unwrap_or_default();
    stripped
}

fn add(frames: &mut [(Option<String>, String)], stripped: &mut Stripped, text: &str) {
    stripped.all.push_str(text);
    if let Some(frame) = frames.last_mut() {
        frame.1.push_str(text);
    }
}

fn block(code: &str, frames: &mut Vec<(Option<String>, String)>) {
    let longer = |one: String, other: String| match words(&one).count() < words(&other).count() {
        true => other,
        false => one,
    };
    match code.split_whitespace().next().unwrap_or_default() {
        "if" => frames.push((None, String::new())),
        "elif" | "else" => {
            if let Some((best, branch)) = frames.last_mut() {
                let branch = std::mem::take(branch);
                *best = Some(match best.take() {
                    Some(best) => longer(best, branch),
                    None => branch,
                });
            }
        }
        "endif" if 1 < frames.len() => {
            let Some((best, branch)) = frames.pop() else { return };
            let text = match best {
                Some(best) => longer(best, branch),
                None => branch,
            };
            if let Some(around) = frames.last_mut() {
                around.1.push_str(&text);
            }
        }
        _ => {}
    }
}

fn add_literals(code: &str, all: &mut String) {
    let mut rest = code;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = rest[start..].chars().next().unwrap_or('"');
        let inner = &rest[start + 1..];
        let Some(n) = inner.find(quote) else { return };
        all.push('\n');
        all.push_str(&inner[..n]);
        all.push('\n');
        rest = &inner[n + 1..];
    }
}

/// Jargon and what to say instead, ready to be found in texts.
#[derive(Clone, Debug, Default)]
pub struct Jargon {
    /// The words of each phrase, the phrase as written, and what to say instead.
    phrases: Vec<(Vec<String>, String, String)>,
}

/// Jargon in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardWord {
    /// The phrase as the word list has it.
    pub not: String,
    /// What to say instead.
    pub but: String,
}

impl Jargon {
    /// Takes the pairs of a word list.
    pub fn new(pairs: &[WordFile]) -> Self {
        let phrases =
            pairs.iter().flat_map(|pair| pair.not.iter().map(|not| (bare(not), not.clone(), pair.but.clone())));
        Self { phrases: phrases.filter(|it| !it.0.is_empty()).collect() }
    }

    /// The jargon in a text, each phrase once: whole words, in any case, also with a plural s.
    pub fn find(&self, text: &str) -> Vec<HardWord> {
        let text = bare(text);
        let same = |word: &String, wanted: &String, is_last: bool| {
            word == wanted || (is_last && word.strip_suffix('s') == Some(wanted.as_str()))
        };
        let stands = |phrase: &Vec<String>| {
            text.windows(phrase.len()).any(|window| {
                window
                    .iter()
                    .zip(phrase)
                    .enumerate()
                    .all(|(i, (word, wanted))| same(word, wanted, i + 1 == phrase.len()))
            })
        };
        let found = self.phrases.iter().filter(|(phrase, _, _)| stands(phrase));
        found.map(|(_, not, but)| HardWord { not: not.clone(), but: but.clone() }).collect()
    }
}

fn bare(text: &str) -> Vec<String> {
    let words = text.split(|it: char| !it.is_alphanumeric() && it != '\'' && it != '’');
    words.filter(|it| !it.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_have_their_syllables() {
        for (word, wanted) in [
            ("bill", 1),
            ("payment", 2),
            ("late", 1),
            ("little", 2),
            ("asked", 1),
            ("wanted", 2),
            ("charges", 2),
            ("colleague", 2),
            ("the", 1),
            ("£12.00", 1),
            ("yearly", 2),
            ("invoices", 3),
            ("we", 1),
            ("times", 1),
        ] {
            assert_eq!(syllables(word), wanted, "{word}");
        }
    }

    #[test]
    fn plain_sentences_score_low_and_official_ones_high() {
        let plain = reading(["Your June bill is £12.00 more than May's. It has a one-off visit by an engineer."]);
        assert!(plain.grade < 5.0, "{plain:?}");
        assert!(plain.lix < 30.0, "{plain:?}");
        let official = reading([
            "Notwithstanding previously communicated arrangements, outstanding remittances attract administrative \
             surcharges calculated proportionately.",
        ]);
        assert!(GRADE_MAX < official.grade, "{official:?}");
        assert!(LIX_MAX < official.lix, "{official:?}");
    }

    #[test]
    fn lix_is_words_per_sentence_plus_the_share_of_long_words() {
        let reading = reading(["One two three four. Something here is longest."]);
        assert_eq!((reading.n_words, reading.n_sentences), (8, 2));
        assert!((reading.lix - (4.0 + 25.0)).abs() < 1e-9, "{reading:?}");
    }

    #[test]
    fn sentences_end_at_stops_and_at_entries_of_lists() {
        assert_eq!(sentences("Pay £12.00 by 3 June. Is it ok?\nThe rest:\n- one\n- two\n").len(), 5);
        assert_eq!(sentences("This line\ngoes on here.").len(), 1);
        assert!(sentences(" \n . \n").is_empty());
    }

    #[test]
    fn a_template_is_measured_by_its_longest_branch() {
        let template = "You owe {{ a.total | money }}{% if b %}, and more to come{% elif c %}!{% else %} now{% endif %}.\
                        {# a note #}{% for x in y %}\n- {{ x.text }}{% endfor %}";
        let stripped = strip(template);
        assert_eq!(stripped.longest, "You owe 0, and more to come.\n- 0");
        assert_eq!(stripped.all, "You owe 0, and more to come! now.\n- 0");
        assert_eq!(strip("{{ 'arrears' if x else '' }}").all, "0\narrears\n\n\n");
        assert_eq!(strip("{% if a %}never closed").longest, "never closed");
        assert_eq!(strip("half {{ open").longest, "half 0");
    }

    #[test]
    fn jargon_is_found_as_whole_words_in_any_case() {
        let pairs = [
            WordFile {
                not: vec!["pro-rated".to_owned(), "remittance".to_owned()],
                but: "for part of the month".to_owned(),
            },
            WordFile { not: vec!["outstanding balance".to_owned()], but: "what you still owe".to_owned() },
        ];
        let jargon = Jargon::new(&pairs);
        let find = |text: &str| jargon.find(text).into_iter().map(|it| it.not).collect::<Vec<_>>();
        assert_eq!(find("A Pro-Rated charge and an outstanding\nbalance."), ["pro-rated", "outstanding balance"]);
        assert_eq!(find("Remittances go here"), ["remittance"]);
        assert!(find("An outstanding service, a balance.").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,120}|[{}%#a-z'\" £é\\n]{0,80}") {
            let stripped = strip(&text);
            let _ = reading([stripped.longest.as_str(), &stripped.all]);
        }
    }
}
