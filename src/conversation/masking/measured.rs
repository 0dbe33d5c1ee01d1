//! How much of what people type is hidden, and how much is hidden that is no secret: measured on two kept sets.

use std::ops::Range;

use super::text::Text;
use super::*;

/// A text a line, each secret between « and ». `\n` and `\u{…}` stand for letters; `¦` stands in keys, so that nobody's
/// search for lost keys takes them for some, and is taken out.
const SECRETS: &str = include_str!("../../../tests/masking/secrets.txt");
/// A text a line in which nothing is secret.
const HARMLESS: &str = include_str!("../../../tests/masking/harmless.txt");

/// Secrets that are found, of 100.
const FOUND_MIN: f64 = 99.0;
/// Harmless texts that are changed, of 100.
const FALSE_MAX: f64 = 0.5;
/// Each fifth line is counted by itself and never shown: whoever mends the words looks at the others alone.
const HELD_BACK: usize = 5;

/// A line as somebody typed it.
fn typed(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(code) = rest.strip_prefix("u{").and_then(|it| it.split_once('}')) {
            let letter = u32::from_str_radix(code.0, 16).ok().and_then(char::from_u32);
            text.push(letter.expect("a letter's number in hexadecimal"));
            rest = code.1;
        } else {
            text.push(match rest.chars().next() {
                Some('n') => '\n',
                Some('t') => '\t',
                _ => '\\',
            });
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    text.push_str(rest);
    text.replace('¦', "")
}

/// A text without its marks, and where its secrets stand.
fn marked(line: &str) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut places = Vec::new();
    for letter in typed(line).chars() {
        match letter {
            '«' => places.push(text.len()..text.len()),
            '»' => places.last_mut().expect("« stands before »").end = text.len(),
            _ => text.push(letter),
        }
    }
    (text, places)
}

/// What is still readable of a text, in bytes of it: what stands between the words that masking puts in.
fn readable(text: &str, masked: &str) -> Vec<Range<usize>> {
    let read = Text::read(masked);
    let mut pieces = Vec::new();
    let mut from = 0;
    for piece in read.pieces.iter().filter(|it| it.kind == super::text::Kind::Done) {
        let place = read.typed(&(piece.start..piece.end));
        pieces.push(&masked[from..place.start]);
        from = place.end;
    }
    let mut at = 0;
    let mut kept = Vec::new();
    for piece in pieces {
        let start = at + text[at..].find(piece).expect("masking keeps what it doesn't hide");
        at = start + piece.len();
        kept.push(start..at);
    }
    // The last piece stands at the end.
    kept.push(text.len() - (masked.len() - from)..text.len());
    kept
}

/// Whether nothing is readable of what is marked.
fn is_hidden(text: &str, secrets: &[Range<usize>], masked: &str) -> bool {
    let kept = readable(text, masked);
    let letters =
        secrets.iter().flat_map(|it| text[it.clone()].char_indices().map(|(at, letter)| (it.start + at, letter)));
    letters.filter(|it| it.1.is_alphanumeric()).all(|(at, _)| !kept.iter().any(|it| it.contains(&at)))
}

#[test]
fn secrets_are_hidden_and_nothing_else_is() {
    let [mut n, mut n_found, mut n_held, mut n_held_found] = [0_u32; 4];
    let mut report = String::new();
    for (i, line) in SECRETS.lines().enumerate() {
        let (text, places) = marked(line);
        assert!(!places.is_empty(), "secrets.txt:{}: no « »", i + 1);
        let masked = mask(&text).text;
        let found = is_hidden(&text, &places, &masked);
        let held = i % HELD_BACK == HELD_BACK - 1;
        n += 1;
        n_found += u32::from(found);
        n_held += u32::from(held);
        n_held_found += u32::from(held && found);
        if !found && !held {
            report.push_str(&format!("secrets.txt:{}: {line:?} -> {masked:?}\n", i + 1));
        }
    }
    let [mut n_harmless, mut n_false, mut n_held_harmless, mut n_held_false] = [0_u32; 4];
    for (i, line) in HARMLESS.lines().enumerate() {
        let text = typed(line);
        let masked = mask(&text);
        let held = i % HELD_BACK == HELD_BACK - 1;
        n_harmless += 1;
        n_false += u32::from(masked.found);
        n_held_harmless += u32::from(held);
        n_held_false += u32::from(held && masked.found);
        if masked.found && !held {
            report.push_str(&format!("harmless.txt:{}: {line:?} -> {:?}\n", i + 1, masked.text));
        }
    }
    println!("{report}secrets: {n_found} of {n} hidden; of those held back {n_held_found} of {n_held}");
    println!("harmless: {n_false} of {n_harmless} changed; of those held back {n_held_false} of {n_held_harmless}");
    let share = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole);
    assert!(FOUND_MIN <= share(n_found, n), "{n_found} of {n} secrets are hidden\n{report}");
    assert!(share(n_false, n_harmless) <= FALSE_MAX, "{n_false} of {n_harmless} texts are changed\n{report}");
}
