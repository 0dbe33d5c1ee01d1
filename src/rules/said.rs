//! What a message says besides its matter: yes, no, not yet, a place in a list, a correction, and how much it leans.
//!
//! Pure and total.

use crate::content::language::Language;
use crate::conversation::normal;

/// An answer to a yes/no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not now, or not sure.
    Later,
}

/// A message taken apart into the small words that point to what was said before, and the rest.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// All words in their normal form.
    pub words: Vec<String>,
    /// What it answers to a yes/no question, where it begins with that.
    pub yes_no: Option<YesNo>,
    /// It is nothing but what may be said in passing: "ok", "ok thanks".
    pub in_passing: bool,
    /// What follows the yes or no and the words around it.
    pub rest: Vec<String>,
    /// Half of the yes is taken back: "yes, but …".
    pub but: bool,
    /// It is nothing but a place in a list, from 0.
    pub place: Option<usize>,
    /// It refuses all that was offered, and says no more.
    pub neither: bool,
    /// What is corrected begins after so many words: "no, I meant …".
    pub corrects_from: Option<usize>,
    /// The words that carry matter: neither small words nor words for a bill, a month or a number.
    pub matter: Vec<String>,
    /// It begins or ends with what points to the sentence before.
    pub leans: bool,
    /// It asks.
    pub asks: bool,
}

/// Up to so many words a message without matter leans on what was said before.
const SHORT_WORDS: usize = 4;

impl Said {
    /// Takes a message apart.
    pub fn of(text: &str, language: &Language) -> Self {
        let words = normal::words(text);
        let (yes_no, strong, rest_from, but) = yes_no(&words, language);
        let rest = words[rest_from..].to_vec();
        let core = without_fillers(&words, language);
        let place = language.places.iter().position(|it| it.is(&core) || it.is(&rest));
        let neither = language.neither.is(&core) || language.neither.is(&words) || language.neither.is(&rest);
        let corrects = match language.corrections.find(&words) {
            Some((at, n)) if at <= CORRECTION_WITHIN && at + n < words.len() => Some(at + n),
            _ => None,
        };
        let first = words.first().map(String::as_str).unwrap_or_default();
        let last = words.last().map(String::as_str).unwrap_or_default();
        let is_matter = |it: &&String| {
            !language.thin.contains(*it)
                && !language.thing.contains(*it)
                && ![&language.other, &language.before, &language.after].iter().any(|words| words.has_word(it))
                && !is_month(it, language)
                && !it.starts_with(|letter: char| letter.is_ascii_digit())
        };
        let matter: Vec<String> = words.iter().filter(is_matter).cloned().collect();
        let leans = language.joiners.contains(first)
            || language.leaning.contains(first)
            || language.pointing.contains(last)
            || (matter.is_empty() && words.len() <= SHORT_WORDS);
        let asks = text.trim_end().ends_with(['?', '？'])
            || words
                .iter()
                .find(|it| !language.joiners.contains(*it))
                .is_some_and(|it| language.question_words.contains(it) || language.yes_or_no_words.contains(it));
        let asks = asks || is_tagged(&words, language);
        let in_passing = yes_no.is_some() && !strong && 1 < words.len();
        Self { words, yes_no, in_passing, rest, but, place, neither, corrects_from: corrects, matter, leans, asks }
    }

    /// It says yes, no or later and nothing else that counts.
    pub fn only(&self) -> Option<YesNo> {
        self.yes_no.filter(|_| self.rest.is_empty())
    }

    /// Whether all of the rest stands among these words, so that it only repeats them.
    pub fn rest_repeats(&self, words: &[String], language: &Language) -> bool {
        self.rest.iter().all(|it| language.thin.contains(it) || stands_in(words, it))
    }

    /// Whether its matter stands among these words, and there is some.
    pub fn names(&self, words: &[String]) -> bool {
        !self.matter.is_empty() && self.matter.iter().all(|it| stands_in(words, it))
    }
}

/// Whether a word names a month, be it as whose bill: "may's".
fn is_month(word: &str, language: &Language) -> bool {
    let name = word.strip_suffix("'s").or_else(|| word.strip_suffix('s')).unwrap_or(word);
    language.months.iter().any(|month| month.contains(word) || month.contains(name))
}

/// Whether a word stands among these, in any of its forms: "check" in "get it checked".
pub fn stands_in(words: &[String], word: &str) -> bool {
    const STEM_LETTERS_MIN: usize = 4;
    let same_stem = |it: &str, other: &str| STEM_LETTERS_MIN <= it.chars().count() && other.starts_with(it);
    words.iter().any(|it| it == word || same_stem(it, word) || same_stem(word, it))
}

/// A correction begins within so many words.
const CORRECTION_WITHIN: usize = 3;

/// The yes or no at the beginning, whether it is one beyond doubt, where the rest begins, and whether that takes half of
/// it back.
///
/// Of several the last counts ("ok, no thanks"), and what is only a filler as well counts where nothing else does.
fn yes_no(words: &[String], language: &Language) -> (Option<YesNo>, bool, usize, bool) {
    let (mut strong, mut weak) = (None, None);
    let mut at = 0;
    while at < words.len() {
        let left = &words[at..];
        let (n_praise, would_be) = praise(left, language);
        let n_filler = language.fillers.at_start(left).max(if would_be { 0 } else { n_praise });
        let kinds = [
            (YesNo::Later, language.later.at_start(left)),
            (YesNo::No, language.no.at_start(left)),
            (YesNo::Yes, language.yes.at_start(left).max(if would_be { n_praise } else { 0 })),
        ];
        // The longest counts; of equals the one that does less.
        let (kind, n) = kinds.into_iter().rev().max_by_key(|it| it.1).unwrap_or((YesNo::No, 0));
        if n < n_filler || n == 0 {
            if n_filler == 0 {
                break;
            }
            at += n_filler;
            continue;
        }
        if n == n_filler {
            weak = weak.or(Some(kind));
        } else {
            strong = Some(match (strong, kind) {
                // "No, not yet" puts it off; "not yet, yes" is nothing that anybody says.
                (Some(YesNo::Later), _) | (_, YesNo::Later) => YesNo::Later,
                (_, kind) => kind,
            });
        }
        at += n;
    }
    let n_but = language.but.at_start(&words[at..]);
    let yes_no = strong.or(weak);
    if 0 < n_but && yes_no.is_some() {
        // "But not today": the "not" may belong to either.
        if (0..=n_but).any(|n| 0 < language.later.at_start(&words[at + n..])) {
            return (Some(YesNo::Later), true, words.len(), false);
        }
        return (yes_no, strong.is_some(), at + n_but, true);
    }
    (yes_no, strong.is_some(), at, false)
}

/// How many words at the beginning praise what was offered or done, and whether they say that it would be good: "that
/// would be ever so kind of you", "how kind". Praise without anything before it isn't counted.
fn praise(words: &[String], language: &Language) -> (usize, bool) {
    let would_be = language.would_be.at_start(words);
    let mut at = would_be.max(language.praise_leads.at_start(words));
    loop {
        let n = language.intensifiers.at_start(&words[at..]);
        if n == 0 {
            break;
        }
        at += n;
    }
    let n = language.praises.at_start(&words[at..]);
    if at == 0 || n == 0 {
        return (0, false);
    }
    at += n;
    (at + language.praise_ends.at_start(&words[at..]), 0 < would_be)
}

/// Whether a question tag stands at the end, "is it", "don't you": what is put like that is asked, and agrees to nothing. A
/// word alone, "right", may do either.
pub(super) fn is_tagged(words: &[String], language: &Language) -> bool {
    let tag = |at: usize| {
        1 < words.len() - at && language.yes_or_no_words.contains(&words[at]) && language.checks.is(&words[at..])
    };
    (1..words.len().saturating_sub(1)).any(tag)
}

/// The words without fillers at their beginning and end.
pub fn without_fillers(words: &[String], language: &Language) -> Vec<String> {
    let is_filler = |it: &String| language.fillers.is(std::slice::from_ref(it));
    let names_place = |it: &String| language.places.iter().any(|place| place.is(std::slice::from_ref(it)));
    let strips = |it: &&String| is_filler(it) && !names_place(it);
    let from = words.iter().take_while(strips).count();
    let n_end = words[from..].iter().rev().take_while(strips).count();
    words[from..words.len() - n_end].to_vec()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// English, as it ships.
    pub(crate) fn english() -> Language {
        static ENGLISH: std::sync::LazyLock<Language> = std::sync::LazyLock::new(|| language("en"));
        ENGLISH.clone()
    }

    /// A language as it ships, with what the others are recognised by.
    pub(crate) fn language(tag: &str) -> Language {
        let files = [
            ("de", include_str!("../../intents/languages/de.toml")),
            ("en", include_str!("../../intents/languages/en.toml")),
            ("es", include_str!("../../intents/languages/es.toml")),
            ("fr", include_str!("../../intents/languages/fr.toml")),
            ("it", include_str!("../../intents/languages/it.toml")),
            ("nl", include_str!("../../intents/languages/nl.toml")),
            ("pl", include_str!("../../intents/languages/pl.toml")),
            ("pt", include_str!("../../intents/languages/pt.toml")),
        ];
        let read =
            |(tag, text): (&str, &str)| (tag.to_owned(), crate::content::language::read(text).expect("it is whole"));
        Language::new(tag, &files.map(read))
    }

    #[test]
    fn yes_and_no_are_understood_in_all_their_forms() {
        let language = english();
        let yes = [
            "yes",
            "Yes please",
            "go on then",
            "ok",
            "OK yes",
            "yep go ahead",
            "sure, why not",
            "yh",
            "yess please",
            "aye go on",
            "ok do it",
            "that's fine thanks",
            "sounds good to",
            "please do",
            "yes yes",
            "oh go on then love",
            "yeah ok",
            "that would be ever so kind of you",
            "oh how kind, yes please do that",
            "that'd be really helpful, thanks",
            "oh bless you, that would be lovely dear",
        ];
        for text in yes {
            let said = Said::of(text, &language);
            assert_eq!(said.yes_no, Some(YesNo::Yes), "{text}: {said:?}");
        }
        for text in [
            "no",
            "nope",
            "no thanks",
            "ok no thanks",
            "nah leave it",
            "no don't",
            "please don't",
            "forget it",
            "i dont want that",
        ] {
            assert_eq!(Said::of(text, &language).only(), Some(YesNo::No), "{text}");
        }
        for text in [
            "not yet",
            "yes but not today",
            "no not yet",
            "maybe later",
            "hang on",
            "let me think about it",
            "not now thanks",
        ] {
            assert_eq!(Said::of(text, &language).only(), Some(YesNo::Later), "{text}");
        }
        for text in
            ["no engineer came", "i do not want to cancel", "yes but only for october", "no the other one", "yesterday"]
        {
            assert_eq!(Said::of(text, &language).only(), None, "{text}");
        }
        assert!(Said::of("yes but make it the 20th", &language).but);
        for (text, in_passing) in [("ok thanks", true), ("ok", false), ("ok do it", false), ("yes thanks", false)] {
            assert_eq!(Said::of(text, &language).in_passing, in_passing, "{text}");
        }
    }

    #[test]
    fn places_and_corrections_are_understood() {
        let language = english();
        for (text, place) in [
            ("the second one please", 1),
            ("2", 1),
            ("first", 0),
            ("the first", 0),
            ("ok the first one", 0),
            ("I'll take the second", 1),
            ("option 1", 0),
            ("number two please", 1),
            ("the latter", 1),
        ] {
            assert_eq!(Said::of(text, &language).place, Some(place), "{text}");
        }
        for text in ["the first bill was wrong", "two bills came", "second time now that i ask"] {
            assert_eq!(Said::of(text, &language).place, None, "{text}");
        }
        assert!(Said::of("neither of them", &language).neither);
        let said = Said::of("no i meant the payment", &language);
        assert_eq!(said.corrects_from.map(|at| said.words[at..].join(" ")).as_deref(), Some("the payment"));
    }

    #[test]
    fn what_only_leans_has_no_matter() {
        let language = english();
        for text in [
            "and september",
            "september",
            "what about september then",
            "and in may?",
            "the other one",
            "show me october",
        ] {
            assert!(Said::of(text, &language).matter.is_empty() || Said::of(text, &language).leans, "{text}");
        }
        assert!(!Said::of("why was the engineer here in september", &language).matter.is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in "\\PC{0,60}|((yes|no|but|not|yet|the|second|one|please|ok|later) ?){0,9}") {
            let language = english();
            let said = Said::of(&text, &language);
            prop_assert!(said.rest.len() <= said.words.len());
        }
    }
}
