//! Reads what a customer's browser sent: a frame, or why it can't be taken, with the key of the message that it is about.
//!
//! Whoever is told which message was refused need not send it again.

use std::borrow::Cow;

use serde::Deserialize;

use crate::server::protocol::{ClientFrame, Code};

/// The longest key, locale, address and title that are looked at, in bytes.
pub const FIELD_BYTES_MAX: usize = 512;

/// Why a frame is refused.
#[derive(Debug, PartialEq)]
pub struct Unreadable {
    /// What is wrong with it.
    pub code: Code,
    /// The key of the message, where one can be made out.
    pub key: Option<String>,
}

/// The frame in a text of at most `bytes_max` bytes.
pub fn read(text: &str, bytes_max: usize) -> Result<ClientFrame, Unreadable> {
    // A key that no database holds is given back as it came, and nothing under it is kept.
    if let Some(key) = key_in(text).filter(|it| it.contains(char::is_control)) {
        return Err(Unreadable { code: Code::Malformed, key: Some(key) });
    }
    let text = without_half_letters(text);
    if bytes_max < text.len() {
        return Err(Unreadable { code: Code::TooLarge, key: key_in(&text) });
    }
    match serde_json::from_str::<ClientFrame>(&text) {
        Ok(frame) if key_of(&frame).is_none_or(|it| is_key(it)) => Ok(frame),
        _ => Err(Unreadable { code: Code::Malformed, key: key_in(&text) }),
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= FIELD_BYTES_MAX && !text.contains(char::is_control)
}

/// The key of a frame that has one.
pub fn key_of(frame: &ClientFrame) -> Option<&String> {
    match frame {
        ClientFrame::Say { key, .. }
        | ClientFrame::Choose { key, .. }
        | ClientFrame::Rate { key, .. }
        | ClientFrame::End { key } => Some(key),
        _ => None,
    }
}

/// The key in a text that need not be a frame of ours.
fn key_in(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Keyed {
        key: String,
    }
    serde_json::from_str::<Keyed>(text).ok().map(|it| it.key)
}

/// JSON in which each half of a surrogate pair that stands alone, and each letter zero, has become the replacement
/// character (U+FFFD).
///
/// Browsers write such halves as escapes (`\ud83d`) where a text was cut within an emoji; RFC 8259, section 8.2, leaves
/// to the reader what becomes of them.
pub fn without_half_letters(json: &str) -> Cow<'_, str> {
    let mut mended: Option<String> = None;
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|it| it.find('\\')) {
        at += found;
        at += match (unit_at(json, at), unit_at(json, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            // Nor does any database hold a letter zero.
            (Some(0 | 0xd800..=0xdfff), _) => {
                let text = mended.get_or_insert_default();
                text.push_str(&json[kept..at]);
                text.push_str("\\ufffd");
                kept = at + 6;
                6
            }
            // The escaped letter may be a backslash itself.
            _ => 2,
        };
    }
    match mended {
        Some(text) => Cow::Owned(text + &json[kept..]),
        None => Cow::Borrowed(json),
    }
}

/// The code unit that an escape at this place stands for.
fn unit_at(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    // `+` is a sign to the parser and nothing to JSON.
    digits.bytes().all(|it| it.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BYTES_MAX: usize = 16_384;

    fn refused(text: &str) -> (Code, Option<String>) {
        let Unreadable { code, key } = read(text, BYTES_MAX).expect_err("it is refused");
        (code, key)
    }

    fn text_of(json: &str) -> String {
        match read(json, BYTES_MAX) {
            Ok(ClientFrame::Say { text, .. }) => text,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn a_letter_zero_is_replaced_and_a_key_with_one_is_refused_under_it() {
        assert_eq!(text_of(r#"{"type":"say","key":"k","text":"a\u0000b"}"#), "a\u{fffd}b");
        let json = r#"{"type":"say","key":"k\u0000","text":"x"}"#;
        assert_eq!(refused(json), (Code::Malformed, Some("k\0".to_owned())));
        let json = r#"{"type":"say","key":"k\u0099\ud83d","text":"x"}"#;
        assert_eq!(refused(json), (Code::Malformed, Some("k\u{99}\u{fffd}".to_owned())));
    }

    #[test]
    fn every_refusal_names_the_message_that_it_refuses() {
        let long = "x".repeat(20_000);
        let long_key = "k".repeat(513);
        for (json, code, key) in [
            (format!(r#"{{"type":"say","key":"k1","text":"{long}"}}"#), Code::TooLarge, "k1"),
            (format!(r#"{{"type":"say","text":"{long}","key":"k1"}}"#), Code::TooLarge, "k1"),
            (r#"{"type":"say","key":"k2","text":42}"#.to_owned(), Code::Malformed, "k2"),
            (r#"{"type":"say","key":"k2"}"#.to_owned(), Code::Malformed, "k2"),
            (r#"{"type":"say","key":"k2","text":"x","more":1}"#.to_owned(), Code::Malformed, "k2"),
            (r#"{"type":"rate","key":"k3","about":1,"score":300}"#.to_owned(), Code::Malformed, "k3"),
            (r#"{"type":"fly","key":"k4"}"#.to_owned(), Code::Malformed, "k4"),
            (r#"{"type":"end","key":""}"#.to_owned(), Code::Malformed, ""),
            (format!(r#"{{"type":"end","key":"{long_key}"}}"#), Code::Malformed, long_key.as_str()),
        ] {
            assert_eq!(refused(&json), (code, Some(key.to_owned())), "{}", &json[..json.len().min(80)]);
        }
        assert_eq!(refused("{").1, None);
        assert_eq!(refused(r#"{"type":"say","key":7,"text":"x"}"#).1, None);
        assert_eq!(refused(r#"{"type":"seen","seq":-1}"#).1, None);
    }

    #[test]
    fn half_an_emoji_is_replaced_like_any_bad_character() {
        for (written, wanted) in [
            (r"Sale \ud83d", "Sale \u{fffd}"),
            (r"\ude00 late", "\u{fffd} late"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\uD83D\uDE00", "\u{1f600}"),
            (r"\\ud83d", "\\ud83d"),
            (r"\\\ud83d", "\\\u{fffd}"),
            (r"\ud83d😀é", "\u{fffd}😀é"),
        ] {
            assert_eq!(text_of(&format!(r#"{{"type":"say","key":"k","text":"{written}"}}"#)), wanted, "{written}");
        }
        let hello = r#"{"type":"hello","page":{"url":"https://shop.example/","title":"Sale \ud83d"}}"#;
        assert!(read(hello, BYTES_MAX).is_ok());
        assert_eq!(refused(r#"{"type":"say","key":"k\ud83d","text":1}"#).1.as_deref(), Some("k\u{fffd}"));
    }

    #[test]
    fn what_is_no_escape_is_no_frame() {
        for json in [r#"{"type":"end","key":"\u+83d"}"#, r#"{"type":"end","key":"\ud8"#, "\\", "\\é", "\\ud83\u{e9}"] {
            assert!(read(json, BYTES_MAX).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(text in r#"(\\|\\u|d83d|de00|"|é|[a-f0-9]|\PC){0,24}"#) {
            let _ = read(&text, BYTES_MAX);
            let mended = without_half_letters(&text);
            prop_assert_eq!(without_half_letters(&mended).into_owned(), mended.clone().into_owned());
        }

        #[test]
        fn good_json_stays_as_it_is(text in "\\PC{0,40}") {
            let json = serde_json::to_string(&text).expect("texts are JSON");
            prop_assert!(matches!(without_half_letters(&json), Cow::Borrowed(_)));
        }
    }
}
