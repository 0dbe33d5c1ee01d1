//! Finds urgent words in what somebody says, however they are typed: with slips, run together or apart, with other signs
//! for letters.

use std::collections::HashMap;
use std::ops::Range;

use crate::conversation::normal;

use super::file::UrgentRule;

/// From so many letters on, a word of an urgent phrase may have one slip of typing.
const SLIP_LETTERS_MIN: usize = 6;
/// From here on it may have two letters changed round, or one of a pair too many or too few.
const CHANGED_ROUND_MIN: usize = 3;
/// From here on a word that is a phrase by itself may have a slip, in a rule that is about life.
const ALONE_LETTERS_MIN: usize = 7;
/// So few letters, run together or apart, are no phrase.
const RUN_TOGETHER_MIN: usize = 7;

/// A rule's words, ready to be looked for.
#[derive(Debug)]
pub(super) struct UrgentWords {
    phrases: Phrases,
    unless: Phrases,
}

/// Phrases by their first letter: a word that has slipped keeps it, and so do words that run together.
#[derive(Debug)]
struct Phrases(HashMap<char, Vec<Phrase>>);

/// A phrase as [`bare_words`].
#[derive(Debug)]
struct Phrase {
    words: Vec<String>,
    /// The same without spaces.
    letters: String,
    /// One of its words may have a slip in it.
    may_slip: bool,
}

/// What somebody says, ready to be looked through.
pub(super) struct SaidUrgently {
    /// As [`bare_words`]: with what nobody sees left out, and with a gap in its place where that says something else.
    readings: Vec<Vec<String>>,
}

impl SaidUrgently {
    pub fn of(text: &str) -> Self {
        let mut readings = vec![bare_words(text)];
        let apart = bare_words(&normal::with_gaps(text));
        if !readings.contains(&apart) {
            readings.push(apart);
        }
        Self { readings }
    }
}

impl UrgentWords {
    pub fn of(rule: &UrgentRule) -> Self {
        // Where life is at stake, a false alarm costs less than one that is missed.
        let alone = rule.each_time;
        Self { phrases: Phrases::of(&rule.phrases, alone), unless: Phrases::of(&rule.unless, false) }
    }

    /// Whether the rule is met: by a phrase that isn't part of one that says something else.
    pub fn are_in(&self, said: &SaidUrgently) -> bool {
        said.readings.iter().any(|said| {
            let found = self.phrases.places_in(said);
            if found.is_empty() {
                return false;
            }
            let other = self.unless.places_in(said);
            let overlap = |one: &Range<usize>, two: &Range<usize>| one.start < two.end && two.start < one.end;
            found.iter().any(|it| !other.iter().any(|unless| overlap(it, unless)))
        })
    }
}

impl Phrases {
    /// Those of the texts that have words.
    fn of(texts: &[String], alone: bool) -> Self {
        let mut phrases: HashMap<char, Vec<Phrase>> = HashMap::new();
        for phrase in texts.iter().map(|it| Phrase::of(it, alone)) {
            if let Some(first) = phrase.letters.chars().next() {
                phrases.entry(first).or_default().push(phrase);
            }
        }
        Self(phrases)
    }

    /// Where any of them stands among words.
    fn places_in(&self, said: &[String]) -> Vec<Range<usize>> {
        let beginning_with = |word: &String| word.chars().next().and_then(|it| self.0.get(&it)).into_iter().flatten();
        let at = |at: usize| beginning_with(&said[at]).flat_map(move |it| it.places_at(said, at));
        (0..said.len()).flat_map(at).collect()
    }
}

/// Whether there is a word to look for.
pub(super) fn has_words(phrase: &str) -> bool {
    !bare_words(phrase).is_empty()
}

/// A text's words in their normal form, without accents, and with one sign for those that look alike; apostrophes are left
/// out, since many people type none or the key beside it, and "cannot" is "can't".
fn bare_words(text: &str) -> Vec<String> {
    let plain = normal::without_marks(&text.replace("&#39;", "'").replace("&apos;", "'"));
    let mut bare: Vec<String> = Vec::new();
    for word in normal::words(&plain) {
        let word = word.replace('\'', "");
        match (word.as_str(), bare.last_mut()) {
            ("cannot", _) => bare.push("cant".to_owned()),
            ("not", Some(last)) if last == "can" => *last = "cant".to_owned(),
            // "can,t", "there;s"
            ("t" | "s" | "m" | "re" | "ve" | "ll", Some(last)) if may_be_shortened(last) => last.push_str(&word),
            _ => bare.push(word),
        }
    }
    bare.iter_mut().for_each(|it| *it = it.chars().map(one_sign).collect());
    bare
}

/// Whether a word may stand before an apostrophe, and isn't one letter of a word that is spelt out.
fn may_be_shortened(word: &str) -> bool {
    word == "i" || 1 < word.len()
}

/// One of the signs that many take for one another.
fn one_sign(letter: char) -> char {
    match letter {
        'l' | '1' => 'i',
        '0' => 'o',
        other => other,
    }
}

impl Phrase {
    fn of(text: &str, alone: bool) -> Self {
        let words = bare_words(text);
        let letters = words.concat();
        let may_slip = match words.as_slice() {
            [word] => alone && ALONE_LETTERS_MIN <= word.len(),
            _ => true,
        };
        Self { words, letters, may_slip }
    }

    /// Where it stands from this word on: as it is, or with other spaces.
    fn places_at(&self, said: &[String], from: usize) -> impl Iterator<Item = Range<usize>> {
        let to = from + self.words.len();
        let whole = said.get(from..to).filter(|it| self.is(it)).map(|_| from..to);
        whole.into_iter().chain(self.run_together_at(said, from))
    }

    /// Whether these are its words, but for one slip.
    fn is(&self, window: &[String]) -> bool {
        let mut differ = window.iter().zip(&self.words).filter(|(one, other)| one != other);
        match (differ.next(), differ.next()) {
            (None, _) => true,
            (Some((one, other)), None) => self.may_slip && is_slip(one, other),
            _ => false,
        }
    }

    /// Whether its letters stand here with other spaces: "killmyself", "g a s leak". From the beginning of a word to the end
    /// of one; a single word counts only where it is spelt out letter by letter.
    fn run_together_at(&self, said: &[String], from: usize) -> Option<Range<usize>> {
        if self.letters.len() < RUN_TOGETHER_MIN {
            return None;
        }
        let mut left = self.letters.as_str();
        let mut to = from;
        while !left.is_empty() {
            left = left.strip_prefix(said.get(to)?.as_str())?;
            to += 1;
        }
        let is_spelt_out = said[from..to].iter().all(|it| it.chars().count() == 1);
        (1 < self.words.len() || is_spelt_out).then_some(from..to)
    }
}

/// Whether a word is another one with a slip of typing.
fn is_slip(typed: &str, meant: &str) -> bool {
    if typed.chars().next() != meant.chars().next() {
        return false;
    }
    let (n_typed, n_meant) = (typed.chars().count(), meant.chars().count());
    if SLIP_LETTERS_MIN <= n_meant && SLIP_LETTERS_MIN <= n_typed + 1 {
        return strsim::osa_distance(typed, meant) == 1;
    }
    // A short word becomes another one too easily: "small" is no slip of "smell", nor "did" of "died".
    CHANGED_ROUND_MIN <= n_meant
        && (is_changed_round(typed, meant) || (n_typed != n_meant && without_pairs(typed) == without_pairs(meant)))
}

/// Whether two letters that stand side by side have changed places, and nothing else.
fn is_changed_round(typed: &str, meant: &str) -> bool {
    let (typed, meant): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let Some(at) = typed.iter().zip(&meant).position(|(one, other)| one != other) else { return false };
    let mut changed = typed.clone();
    if typed.len() <= at + 1 {
        return false;
    }
    changed.swap(at, at + 1);
    changed == meant
}

/// A word with each pair of one letter as one letter.
fn without_pairs(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(phrases: &[&str], unless: &[&str]) -> UrgentWords {
        let own = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        UrgentWords {
            phrases: super::Phrases::of(&own(phrases), true),
            unless: super::Phrases::of(&own(unless), false),
        }
    }

    #[test]
    fn words_are_found_however_they_are_typed() {
        let rule = rule(
            &["smell gas", "gas leak", "can't breathe", "kill myself", "suicide", "there's a fire", "want to die"],
            &["fire stick"],
        );
        for text in [
            "I smell gas in my flat",
            "i cant breathe",
            "i cnat breathe",
            "I can,t breathe",
            "I can;t breathe",
            "I can\"t breathe",
            "I can&#39;t breathe",
            "I can not breathe",
            "I caǹt breathe",
            "cańt breathe",
            "smel gas here",
            "gass leak",
            "killmyself",
            "k i l l myself",
            "smell\u{200b}gas",
            "I smell gas\u{ad}in here",
            "I smell g🔥as",
            "g a s leak",
            "kiII myseIf",
            "s u i c i d e",
            "suıcıde",
            "SUİCİDE",
            "suicidé",
            "sucide",
            "ꜱᴜɪᴄɪᴅᴇ",
            "ѕuісіdе",
            "there;s a fire",
            "my fire stick is off. and there's a fire",
        ] {
            assert!(rule.are_in(&SaidUrgently::of(text)), "{text}");
        }
        for text in [
            "a small gas bill",
            "smell gases",
            "cancel my plan",
            "want to diet",
            "there's a fire stick",
            "gas bill",
            "suicidally",
        ] {
            assert!(!rule.are_in(&SaidUrgently::of(text)), "{text}");
        }
    }

    #[test]
    fn what_says_something_else_undoes_only_what_it_is_part_of() {
        let rule =
            rule(&["don't want to live", "kill myself", "suicide"], &["don't want to live with", "financial suicide"]);
        assert!(!rule.are_in(&SaidUrgently::of("I don't want to live with him any more")));
        assert!(rule.are_in(&SaidUrgently::of("I don't want to live with him any more. I want to kill myself")));
        assert!(!rule.are_in(&SaidUrgently::of("that's financial suicide")));
        assert!(rule.are_in(&SaidUrgently::of("it's financial suicide, and i think of suicide")));
    }

    #[test]
    fn short_words_become_no_other_words() {
        let rule = rule(&["he died", "sue you", "on fire", "lost my job"], &[]);
        for text in ["he did", "use you", "no fire", "lost my bob", "she died it"] {
            assert!(!rule.are_in(&SaidUrgently::of(text)), "{text}");
        }
    }
}
