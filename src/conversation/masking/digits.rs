//! The one reader of digits: a number in groups, over lines or as words, with its digits and where each group ends.

use super::text::{Kind, Text};
use super::words::{DIGIT_WORDS, GAP_WORDS, REPEATS};

/// Digits that are read of one number: as many as a payment card has, with its last day and check digits.
const DIGITS_MAX: usize = 40;
/// Letters between two groups of digits, at most.
const GAP_LETTERS_MAX: usize = 5;
/// Fewer digits as words than this are words: "one" and "two" stand in any sentence.
const DIGIT_WORDS_MIN: usize = 3;

/// What may stand between two groups of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// One space or one hyphen.
    Single,
    /// The same, or one full stop.
    Dotted,
    /// Any signs, line ends and words for them; letters that look like digits are digits.
    Any,
}

/// Some digits in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `0` to `9`.
    pub digits: String,
    /// The byte of the plain text where it ends.
    pub end: usize,
    /// The piece after it.
    pub next: usize,
}

/// A number in groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The byte of the plain text where it begins.
    pub start: usize,
    pub groups: Vec<Group>,
    /// Whether its digits are words.
    pub spelled: bool,
}

impl Number {
    /// The number that begins at a piece, if one does.
    pub fn at(text: &Text, i: usize, gaps: Gaps) -> Option<Self> {
        let start = text.piece(i)?.start;
        let spelled = spelled_at(text, i);
        if spelled.is_none() && !text.is(i, Kind::Digits) {
            return None;
        }
        let is_spelled = spelled.is_some();
        let mut groups = spelled.unwrap_or_default();
        let mut n_digits: usize = groups.iter().map(|it| it.digits.len()).sum();
        let mut next = match groups.last() {
            // "four one one one 1111 1111 1111"
            Some(last) if gaps == Gaps::Any => after_gap(text, last.next, gaps),
            Some(_) => None,
            None => Some(i),
        };
        while let Some(at) = next.filter(|_| n_digits <= DIGITS_MAX) {
            let Some(group) = group_at(text, at, gaps) else { break };
            n_digits += group.digits.len();
            next = after_gap(text, group.next, gaps);
            groups.push(group);
        }
        Some(Self { start, groups, spelled: is_spelled })
    }

    /// The digits of the first groups.
    pub fn digits(&self, n_groups: usize) -> String {
        self.groups.iter().take(n_groups).map(|it| it.digits.as_str()).collect()
    }

    /// How many digits the first groups have.
    pub fn n_digits(&self, n_groups: usize) -> usize {
        self.groups.iter().take(n_groups).map(|it| it.digits.len()).sum()
    }

    /// How many groups there are to the longest number of so many digits.
    pub fn longest(&self, wanted: std::ops::RangeInclusive<usize>) -> Option<usize> {
        (1..=self.groups.len()).rev().find(|n| wanted.contains(&self.n_digits(*n)))
    }

    /// How many groups there are to the shortest number of so many digits; digits that stand one by one stay together.
    pub fn shortest(&self, wanted: std::ops::RangeInclusive<usize>) -> Option<usize> {
        let one_by_one = self.groups.iter().all(|it| it.digits.len() == 1);
        match one_by_one {
            true => self.longest(wanted),
            false => (1..=self.groups.len()).find(|n| wanted.contains(&self.n_digits(*n))),
        }
    }

    /// The byte where the first groups end.
    pub fn end(&self, n_groups: usize) -> usize {
        n_groups.checked_sub(1).and_then(|it| self.groups.get(it)).map_or(self.start, |it| it.end)
    }

    /// The piece after the first groups.
    pub fn next(&self, n_groups: usize) -> usize {
        n_groups.checked_sub(1).and_then(|it| self.groups.get(it)).map_or(0, |it| it.next)
    }
}

/// Digits in a row; with [`Gaps::Any`] also `O` and `l` among them.
fn group_at(text: &Text, i: usize, gaps: Gaps) -> Option<Group> {
    let mut digits = String::new();
    let mut at = i;
    loop {
        match text.kind(at) {
            Some(Kind::Digits) => digits.push_str(text.word(at)),
            Some(Kind::Word) if gaps == Gaps::Any && looks_like_digits(text, at) => {
                digits.extend(text.word(at).chars().map(|it| if it == 'o' { '0' } else { '1' }));
            }
            _ => break,
        }
        at += 1;
        if !text.is_joined(at - 1) || DIGITS_MAX < digits.len() {
            break;
        }
    }
    let end = text.piece(at.checked_sub(1)?)?.end;
    (!digits.is_empty() && i < at).then_some(Group { digits, end, next: at })
}

/// `O` and `l` beside digits: `4OOO`, `11l1`; or a whole group of them: `OOOO`.
fn looks_like_digits(text: &Text, i: usize) -> bool {
    let word = text.word(i);
    let alike = word.chars().all(|it| matches!(it, 'o' | 'l' | 'i'));
    let beside = |one: usize, other: usize| text.is(other, Kind::Digits) && text.is_joined(one);
    let joined = i.checked_sub(1).is_some_and(|it| beside(it, it)) || beside(i, i + 1);
    alike && word.len() <= 4 && (joined || word.len() == 4)
}

/// The piece where the next group may begin.
fn after_gap(text: &Text, i: usize, gaps: Gaps) -> Option<usize> {
    let begin = text.piece(i.checked_sub(1)?)?.end;
    let mut at = i;
    match gaps {
        Gaps::Single | Gaps::Dotted => {
            let joins = text.word(at) == "-" || gaps == Gaps::Dotted && text.word(at) == ".";
            if text.is(at, Kind::Sign) && joins {
                at += 1;
            }
        }
        Gaps::Any => {
            while text.is(at, Kind::Sign) && !is_money(text.word(at)) || GAP_WORDS.contains(text.word(at)) {
                at += 1;
                if i + GAP_LETTERS_MAX < at {
                    return None;
                }
            }
        }
    }
    let start = text.piece(at)?.start;
    let gap = &text.plain[begin..start];
    let short = match gaps {
        Gaps::Single | Gaps::Dotted => gap.chars().count() <= 1,
        Gaps::Any => gap.chars().filter(|it| !it.is_alphabetic()).count() <= GAP_LETTERS_MAX,
    };
    short.then_some(at)
}

fn is_money(sign: &str) -> bool {
    matches!(sign, "£" | "$" | "€" | "¥" | "₹" | "%")
}

/// Digits as words: "four two, double one".
fn spelled_at(text: &Text, i: usize) -> Option<Vec<Group>> {
    let mut groups = Vec::new();
    let mut n_digits = 0;
    let mut at = i;
    while n_digits <= DIGITS_MAX {
        let n = REPEATS.iter().find(|it| it.0 == text.word(at)).map(|it| it.1);
        let word = if n.is_some() { at + 1 } else { at };
        let Some((_, digit)) = DIGIT_WORDS.iter().find(|it| it.0 == text.word(word)) else { break };
        let n = n.unwrap_or(1);
        n_digits += n;
        let end = text.piece(word)?.end;
        groups.push(Group { digits: std::iter::repeat_n(*digit, n).collect(), end, next: word + 1 });
        at = word + 1;
        while text.is(at, Kind::Sign) && matches!(text.word(at), "," | "-" | "." | "\n") {
            at += 1;
        }
    }
    (DIGIT_WORDS_MIN <= n_digits).then_some(groups)
}
