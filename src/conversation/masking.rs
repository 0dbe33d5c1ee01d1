//! Hides card numbers and other secrets in what people type, before anything is stored, logged or classified.
//!
//! Pure and total: any text in, a text out, never longer by more than a few words. The program's own ids,
//! bill numbers, account numbers and phone numbers are left alone; what is hidden has to prove what it is, by its own
//! check digits and looks or by the words beside it.
//!
//! A text is read once (`masking/text`, `masking/digits`) and looked through subject by subject; `masking/words` has the
//! words of all.

mod accounts;
mod cards;
mod codes;
mod digits;
mod keys;
mod named;
mod names;
mod passwords;
mod people;
mod sentences;
mod text;
mod urls;
mod words;

pub use urls::page as mask_page;

use digits::{Gaps, Number};
use text::{CODE, Kind, Secret, Text};

/// A text without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// The text; secrets are replaced by words in square brackets.
    pub text: String,
    /// Whether anything was hidden.
    pub found: bool,
}

/// Digits of a one-time code.
const CODE_DIGITS: usize = 6;
/// Fewer digits than this in a row tell too little of a code to hide them.
const CODE_DIGITS_HIDDEN_MIN: usize = 4;
/// A message of more words than this is no piece of the one before it.
const PIECE_WORDS_MAX: usize = 6;
/// How often a text is looked through: what is hidden may bring a name and another secret together.
const ROUNDS_MAX: usize = 8;

/// Hides what may be a one-time code, where one was asked for.
///
/// Digits count as one number across single spaces and hyphens, in any script, and as words: `123 456`; six of them also
/// across full stops. Returns the
/// text without them, and the first number of six digits, as `0` to `9`. `whole`: only a text that is a code and
/// nothing else has one.
pub fn mask_code(text: &str, whole: bool) -> (String, Option<String>) {
    let typed = text.trim();
    let read = Text::read(typed);
    let mut secrets = Vec::new();
    let mut code = None;
    let mut i = 0;
    while i < read.pieces.len() {
        let Some(number) = dotted_code(&read, i).or_else(|| Number::at(&read, i, Gaps::Single)) else {
            i += 1;
            continue;
        };
        let n = number.groups.len();
        let digits = number.digits(n);
        i = number.next(n);
        if CODE_DIGITS_HIDDEN_MIN <= digits.len() {
            secrets.push(Secret { place: number.start..number.end(n), says: CODE.to_owned() });
        }
        if code.is_none() && digits.len() == CODE_DIGITS {
            code = Some(digits);
        }
    }
    let masked = without(typed, &read, secrets, 0);
    if whole && (code.is_none() || masked != CODE) {
        return (text.to_owned(), None);
    }
    (masked, code)
}

/// `284.126` or `2.8.4.1.2.6`: six digits with full stops, in groups that no amount and no day has.
fn dotted_code(read: &Text, i: usize) -> Option<Number> {
    let number = Number::at(read, i, Gaps::Dotted)?;
    let sizes: Vec<usize> = number.groups.iter().map(|it| it.digits.len()).collect();
    // `1.284.126` is a large number.
    let goes_on =
        i.checked_sub(2).is_some_and(|it| read.is(it, Kind::Digits) && read.is_joined(it) && read.is_joined(it + 1));
    (!goes_on && (sizes == [3, 3] || sizes == [1; CODE_DIGITS])).then_some(number)
}

/// Hides payment card numbers with what stands beside them, accounts at a bank, social security and national insurance
/// numbers, passwords, PINs, keys, tokens, what is secret in addresses of pages, and one-time codes.
///
/// Of card and account numbers the last four characters stay, so that people can say which one they mean.
pub fn mask(text: &str) -> Masked {
    let mut masked = text.to_owned();
    for _ in 0..ROUNDS_MAX {
        let read = Text::read(&masked);
        let next = without(&masked, &read, secrets(&read), 0);
        if next == masked {
            break;
        }
        masked = next;
    }
    Masked { found: masked != text, text: masked }
}

/// As [`mask`], for what follows a message of the same person: a card number comes in pieces, and "my PIN is" may be one
/// message and the PIN the next. What stands in `before` is not looked at again.
pub fn mask_after(before: &str, text: &str) -> Masked {
    if before.is_empty() || PIECE_WORDS_MAX < text.split_whitespace().count() {
        return mask(text);
    }
    let joined = format!("{before} {text}");
    let read = Text::read(&joined);
    let masked = mask(&without(&joined, &read, secrets(&read), before.len() + 1)).text;
    Masked { found: masked != text, text: masked }
}

/// All secrets; where two share letters, the one of the clearer subject stands first.
fn secrets(text: &Text) -> Vec<Secret> {
    let subjects: [fn(&Text) -> Vec<Secret>; 7] = [
        keys::secrets,
        urls::secrets,
        cards::secrets,
        accounts::secrets,
        people::secrets,
        passwords::secrets,
        codes::secrets,
    ];
    subjects.iter().flat_map(|it| it(text)).collect()
}

/// A text from a byte on, with each secret's words in its place. Of those that share letters the first of the list says
/// them.
fn without(typed: &str, read: &Text, secrets: Vec<Secret>, from: usize) -> String {
    let mut kept: Vec<Secret> = Vec::new();
    let mut in_order: Vec<(usize, Secret)> =
        secrets.into_iter().filter(|it| !it.place.is_empty()).enumerate().collect();
    in_order.sort_by_key(|(rank, it)| (it.place.start, *rank));
    let mut rank_of_last = 0;
    for (rank, secret) in in_order {
        match kept.last_mut().filter(|it| secret.place.start < it.place.end) {
            Some(last) => {
                last.place.end = last.place.end.max(secret.place.end);
                if rank < rank_of_last {
                    last.says = secret.says;
                    rank_of_last = rank;
                }
            }
            None => {
                kept.push(secret);
                rank_of_last = rank;
            }
        }
    }
    let mut text = String::with_capacity(typed.len());
    let mut at = from;
    for secret in kept {
        let place = read.typed(&secret.place);
        if place.end <= from {
            continue;
        }
        text.push_str(typed.get(at..place.start.max(from)).unwrap_or_default());
        text.push_str(&secret.says);
        at = place.end.max(at);
    }
    text.push_str(typed.get(at..).unwrap_or_default());
    text
}

#[cfg(test)]
mod measured;
#[cfg(test)]
mod tests;
