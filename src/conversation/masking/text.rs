//! A text as masking reads it: plain letters, each with its place in what was typed, cut into words, digits and signs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::conversation::normal;

/// What stands in place of a password, a key or a number.
pub const HIDDEN: &str = "[hidden]";
/// What stands in place of a one-time code.
pub const CODE: &str = "[code]";

/// What masking has put in already: it is never looked into again, so that masking twice is the same as once.
static DONE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\[(?:hidden|code|card ending [0-9]{4}|account ending [0-9A-Z]{4})\]"));

/// How what was hidden reads: one letter that is part of no word.
pub const DONE_LETTER: char = '\u{fffc}';

/// A secret: the bytes of the plain text that it stands in, and what to say in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub place: Range<usize>,
    pub says: String,
}

impl Secret {
    pub fn hidden(place: Range<usize>) -> Self {
        Self { place, says: HIDDEN.to_owned() }
    }
}

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters, with apostrophes within.
    Word,
    /// Digits in a row.
    Digits,
    /// One letter that is neither, a line's end too; other spaces are no pieces.
    Sign,
    /// Something that was hidden before.
    Done,
}

/// A piece of a text, by its bytes in the plain text.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// A text that is being looked through.
pub struct Text {
    /// The letters as they read.
    pub plain: String,
    /// The same in lower case; the bytes are the same too.
    pub lower: String,
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// Where each byte of the plain text comes from, in bytes of what was typed, and the end at last.
    from: Vec<Range<usize>>,
}

impl Text {
    pub fn read(typed: &str) -> Self {
        let mut this = Self { plain: String::new(), lower: String::new(), pieces: Vec::new(), from: Vec::new() };
        let mut at = 0;
        for done in DONE.find_iter(typed) {
            this.take_in(&typed[at..done.start()], at);
            this.push(DONE_LETTER, done.range());
            at = done.end();
        }
        this.take_in(&typed[at..], at);
        this.pieces = pieces(&this.plain);
        this
    }

    fn take_in(&mut self, typed: &str, at: usize) {
        for (place, letter) in normal::letters(typed) {
            let letter = if letter == DONE_LETTER { ' ' } else { letter };
            self.push(letter, at + place.start..at + place.end);
        }
    }

    fn push(&mut self, letter: char, from: Range<usize>) {
        self.plain.push(letter);
        // Where the small letter takes other bytes, the large one stays.
        let mut small = letter.to_lowercase();
        let same = small.len() == 1 && small.clone().all(|it| it.len_utf8() == letter.len_utf8());
        self.lower.push(small.next().filter(|_| same).unwrap_or(letter));
        self.from.extend(std::iter::repeat_n(from, letter.len_utf8()));
    }

    /// Where a place of the plain text is in what was typed.
    pub fn typed(&self, place: &Range<usize>) -> Range<usize> {
        match (self.from.get(place.start), place.end.checked_sub(1).and_then(|it| self.from.get(it))) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    pub fn piece(&self, i: usize) -> Option<&Piece> {
        self.pieces.get(i)
    }

    /// A piece's letters, in lower case; empty past the end.
    pub fn word(&self, i: usize) -> &str {
        self.pieces.get(i).map_or("", |it| &self.lower[it.start..it.end])
    }

    pub fn kind(&self, i: usize) -> Option<Kind> {
        self.pieces.get(i).map(|it| it.kind)
    }

    pub fn is(&self, i: usize, kind: Kind) -> bool {
        self.kind(i) == Some(kind)
    }

    /// What stands between a piece and the next: spaces or nothing.
    pub fn gap_after(&self, i: usize) -> &str {
        match (self.pieces.get(i), self.pieces.get(i + 1)) {
            (Some(one), Some(other)) => &self.plain[one.end..other.start],
            _ => "",
        }
    }

    /// Whether two neighbours stand together without a space.
    pub fn is_joined(&self, i: usize) -> bool {
        i + 1 < self.pieces.len() && self.gap_after(i).is_empty()
    }

    /// The first piece that begins at a byte or after it.
    pub fn piece_from(&self, at: usize) -> usize {
        self.pieces.partition_point(|it| it.start < at)
    }
}

fn pieces(plain: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut before: Option<(Kind, bool)> = None;
    let mut letters = plain.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let end = start + letter.len_utf8();
        let kind = match letter {
            DONE_LETTER => Kind::Done,
            '\n' => Kind::Sign,
            it if it.is_whitespace() => {
                before = None;
                continue;
            }
            '0'..='9' => Kind::Digits,
            it if it.is_alphabetic() => Kind::Word,
            '\'' if before.is_some_and(|it| it.0 == Kind::Word)
                && letters.peek().is_some_and(|it| it.1.is_alphabetic()) =>
            {
                Kind::Word
            }
            _ => Kind::Sign,
        };
        // Scripts without spaces: each letter is a piece.
        let alone = '\u{2e80}' <= letter && kind == Kind::Word;
        let goes_on = before == Some((kind, false)) && !alone && matches!(kind, Kind::Word | Kind::Digits);
        match pieces.last_mut().filter(|_| goes_on) {
            Some(last) => last.end = end,
            None => pieces.push(Piece { kind, start, end }),
        }
        before = Some((kind, alone));
    }
    pieces
}

/// A pattern of the program's own, so that it cannot fail.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is written here")
}
