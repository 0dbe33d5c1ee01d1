//! One normal form of what people type, for everything that looks for words: apostrophes, widths, letters that nobody sees.
//!
//! Pure and total. What is kept in the log stays as it was typed.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A text in its normal form: compatibility composition (NFKC, Unicode Standard Annex 15), one kind of apostrophe, no
/// invisible letters, no letters of another script that look like Latin ones within a Latin word.
pub fn normal(text: &str) -> String {
    // Before composing too, which would make of an acute accent by itself a space and a mark.
    let seen: String = text.chars().map(one_kind).nfkc().map(one_kind).filter(|it| !is_invisible(*it)).collect();
    let seen: String = seen.chars().map(plain_form).collect();
    let n_latin = seen.chars().filter(char::is_ascii_alphabetic).count();
    let n_others = seen.chars().filter(|it| it.is_alphabetic() && !it.is_ascii()).count();
    // A text in Cyrillic or Greek is one; a few such letters among Latin ones are a trick or a slip of the keyboard.
    match n_others < n_latin {
        true => seen.chars().map(latin).collect(),
        false => of_mixed_words(&seen),
    }
}

/// The same with the letters that look like Latin ones made Latin where a word has both: no language mixes them.
fn of_mixed_words(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    for word in text.split_inclusive(|it: char| !it.is_alphanumeric()) {
        match word.contains(|it: char| it.is_ascii_alphabetic()) {
            true => read.extend(word.chars().map(latin)),
            false => read.push_str(word),
        }
    }
    read
}

/// Letters without their accents: "suicidé" is "suicide". For what looks for words that must not be missed.
pub fn without_marks(text: &str) -> String {
    text.nfkd().filter(|it| !is_combining_mark(*it)).collect()
}

/// A text with a space in place of each letter that nobody sees: it may stand between two words.
pub fn with_gaps(text: &str) -> String {
    text.chars().map(|it| if is_invisible(it) { ' ' } else { it }).collect()
}

/// Each letter as it reads, with the bytes that it stands in: compatibility decomposition (NFKD) without marks, digits
/// of all scripts as 0 to 9, and otherwise as in [`normal`]. What nobody sees belongs to the letter before it.
///
/// For what looks for secrets: it has to say where in the text as it was typed they stand.
pub fn letters(text: &str) -> Vec<(Range<usize>, char)> {
    let mut read: Vec<(Range<usize>, char)> = Vec::with_capacity(text.len());
    for (at, typed) in text.char_indices() {
        let end = at + typed.len_utf8();
        let before = read.len();
        decompose_compatible(one_kind(typed), |part| {
            let part = digit(one_kind(part));
            if !is_invisible(part) && !is_combining_mark(part) {
                read.push((at..end, part));
            }
        });
        if let (true, Some(last)) = (before == read.len(), read.last_mut()) {
            last.0.end = end;
        }
    }
    let n_latin = read.iter().filter(|it| it.1.is_ascii_alphabetic()).count();
    let n_others = read.iter().filter(|it| it.1.is_alphabetic() && !it.1.is_ascii()).count();
    if n_others < n_latin {
        read.iter_mut().for_each(|it| it.1 = latin(it.1));
    }
    read
}

/// A letter as it reads in an amount: digits of all scripts as 0 to 9, their marks, wide letters and signs as those of
/// ASCII. `None` for what nobody sees.
///
/// Unlike [`letters`] it takes nothing apart: "£4½" is not 41.
pub fn figure(letter: char) -> Option<char> {
    let plain = match one_kind(letter) {
        // The wide forms stand in the order of ASCII.
        wide @ '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(wide) - 0xfee0).unwrap_or(wide),
        '\u{66b}' => '.',
        '\u{66c}' => ',',
        '\u{3000}' => ' ',
        '\u{fe69}' => '$',
        '\u{ffe1}' => '£',
        '\u{ffe5}' => '¥',
        '\u{ffe6}' => '₩',
        other => digit(other),
    };
    (!is_invisible(plain)).then_some(plain)
}

/// A decimal digit of any script as the one of ASCII.
fn digit(letter: char) -> char {
    let n_up_to = ZEROS.partition_point(|it| *it <= letter);
    let zero = n_up_to.checked_sub(1).map(|it| ZEROS[it]);
    let value = zero.map(|it| u32::from(letter) - u32::from(it)).filter(|it| *it < 10);
    value.and_then(|it| char::from_digit(it, 10)).unwrap_or(letter)
}

/// The zeros of all scripts and styles (general category Nd), but for the wide ones; 1 to 9 follow each.
const ZEROS: [char; 65] = [
    '\u{30}',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// A text as words: in its normal form and lower case, single spaces around each, apostrophes within.
pub fn words(text: &str) -> Vec<String> {
    let normal = normal(text).to_lowercase();
    let parts = normal.split(|it: char| !it.is_alphanumeric() && it != '\'');
    parts.map(|it| it.trim_matches('\'').to_owned()).filter(|it| !it.is_empty()).collect()
}

/// Whether there is nothing to read in a text: spaces, control characters and letters that nobody sees.
pub fn is_blank(text: &str) -> bool {
    // Among them what is left of a picture or a dictation, marks without a letter, and what no two machines show alike.
    let shows_nothing = |it: char| {
        matches!(it, '\u{2800}' | '\u{fff9}'..='\u{fffc}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}')
            || is_combining_mark(it)
    };
    text.chars().all(|it| it.is_whitespace() || it.is_control() || is_invisible(it) || shows_nothing(it))
}

/// Signs of one meaning as one sign.
fn one_kind(letter: char) -> char {
    match letter {
        '\u{60}' | '\u{b4}' | '\u{2b9}' | '\u{2bb}' | '\u{2bc}' | '\u{2bd}' | '\u{2c8}' | '\u{2ca}' | '\u{2cb}'
        | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{2035}' | '\u{55a}' | '\u{ff07}' | '\u{a78c}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// Letters that take no room and say nothing (Default_Ignorable_Code_Point), and those that turn the direction.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The plain form of Latin letters that look like it and that compatibility leaves: a dotless i, small capitals.
fn plain_form(letter: char) -> char {
    match letter {
        'ı' => 'i',
        'ɡ' => 'g',
        'ᴀ' => 'a',
        'ʙ' => 'b',
        'ᴄ' => 'c',
        'ᴅ' => 'd',
        'ᴇ' => 'e',
        'ꜰ' => 'f',
        'ɢ' => 'g',
        'ʜ' => 'h',
        'ɪ' => 'i',
        'ᴊ' => 'j',
        'ᴋ' => 'k',
        'ʟ' => 'l',
        'ᴍ' => 'm',
        'ɴ' => 'n',
        'ᴏ' => 'o',
        'ᴘ' => 'p',
        'ʀ' => 'r',
        'ꜱ' => 's',
        'ᴛ' => 't',
        'ᴜ' => 'u',
        'ᴠ' => 'v',
        'ᴡ' => 'w',
        'ʏ' => 'y',
        'ᴢ' => 'z',
        other => other,
    }
}

/// The Latin letter that a letter of another script looks like (after Unicode's confusables, those of Cyrillic and Greek).
fn latin(letter: char) -> char {
    match letter {
        'а' | 'α' => 'a',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'с' | 'ϲ' => 'c',
        'С' => 'C',
        'ԁ' => 'd',
        'е' | 'ё' => 'e',
        'Е' | 'Ε' => 'E',
        'һ' => 'h',
        'Н' | 'Η' => 'H',
        'і' | 'ι' => 'i',
        'І' | 'Ι' => 'I',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'о' | 'ο' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ѕ' => 's',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'υ' => 'u',
        'ν' => 'v',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'у' => 'y',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        other => other,
    }
}

/// A text as it may be shown: without letters that steer a terminal, and without those that turn the words around them
/// (Unicode Standard Annex 9), which a name from elsewhere may bring along.
pub fn shown(text: &str) -> String {
    let steers = |it: char| it.is_control() && !matches!(it, '\n' | '\t');
    let turns = |it: char| matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|it| !steers(*it) && !turns(*it)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (typed, wanted) in [
            ("I can´t breathe", "I can't breathe"),
            ("I canʼt breathe", "I can't breathe"),
            ("I can’t breathe", "I can't breathe"),
            ("ｇａｓ ｌｅａｋ", "gas leak"),
            ("sui\u{ad}cide", "suicide"),
            ("g\u{200b}as le\u{2060}ak", "gas leak"),
            ("gаs lеak", "gas leak"),
            ("\u{202e}gas", "gas"),
            ("почему счёт", "почему счёт"),
            ("café, naïve", "café, naïve"),
            ("suıcıde", "suicide"),
            ("I smell ɡas", "I smell gas"),
            ("ꜱᴜɪᴄɪᴅᴇ", "suicide"),
            ("ѕuісіdе", "suicide"),
            ("почему bill счёт", "почему bill счёт"),
        ] {
            assert_eq!(normal(typed), wanted, "{typed:?}");
        }
    }

    #[test]
    fn letters_say_where_they_stand_and_digits_of_all_scripts_are_digits() {
        let plain = |text: &str| letters(text).into_iter().map(|it| it.1).collect::<String>();
        assert_eq!(plain("１２３ \u{661}\u{662} \u{967} 𝟒 é\u{301}\u{200b}x"), "123 12 1 4 ex");
        assert_eq!(letters("a\u{200b}ｂ"), [(0..4, 'a'), (4..7, 'b')]);
        for zero in ZEROS {
            let digits: String = (0..10).filter_map(|it| char::from_u32(u32::from(zero) + it)).collect();
            assert_eq!(plain(&digits), "0123456789", "{zero:?}");
        }
    }

    #[test]
    fn figures_of_all_scripts_are_read_and_nothing_is_taken_apart() {
        let read = |text: &str| text.chars().filter_map(figure).collect::<String>();
        assert_eq!(read("￡１，２３４．５０"), "£1,234.50");
        assert_eq!(read("\u{200f}١٬٢٣٤٫٥٠\u{a0}€"), "1,234.50\u{a0}€");
        assert_eq!(read("₹१२३ −𝟓 ＧＢＰ"), "₹123 -5 GBP");
        assert_eq!(read("£4½, 5², é"), "£4½, 5², é");
    }

    #[test]
    fn a_text_of_what_nobody_sees_is_blank() {
        for text in [
            "",
            " \t\n",
            "\u{200b}",
            "\u{200b}\u{200b} \u{feff}",
            "\u{ad}",
            "\u{2800}",
            "\u{3164}",
            "\0",
            "\u{202e}\u{202c}",
            "\u{e0041}",
            "\u{fffc}",
            "\u{301}\u{20e3}",
            "\u{e000}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["?", "\u{200b}a", "❤\u{fe0f}", "👩\u{200d}🚀", "\u{fffd}", "0", "。", "e\u{301}"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_normal_once_and_for_all(text in "\\PC{0,60}") {
            let once = normal(&text);
            let _ = words(&text);
            prop_assert!(!once.chars().any(is_invisible));
        }
    }

    #[test]
    fn nothing_that_is_shown_steers_a_terminal_or_turns_the_words_around_it() {
        assert_eq!(shown("a\u{1b}]0;x\u{7}b\u{202e}c\u{2066}\nd\u{9b}"), "a]0;xbc\nd");
        assert_eq!(shown("Ünal & שלום"), "Ünal & שלום");
    }
}
