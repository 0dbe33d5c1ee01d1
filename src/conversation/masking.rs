//! Hides card numbers and other secrets in what people type, before anything is stored, logged or classified.
//!
//! Pure and total: any text in, a text out, never longer by more than a few words. The program's own ids,
//! bill numbers, account numbers and phone numbers are left alone; what is hidden has to prove what it is.

/// A text without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// The text; secrets are replaced by words in square brackets.
    pub text: String,
    /// Whether anything was hidden.
    pub found: bool,
}

/// What stands in place of a password or token.
const HIDDEN: &str = "[hidden]";

/// Digits of a payment card number (ISO/IEC 7812), at least.
const CARD_DIGITS_MIN: usize = 13;
/// Digits of a payment card number, at most.
const CARD_DIGITS_MAX: usize = 19;

/// Characters of an IBAN (ISO 13616), at least.
const IBAN_CHARS_MIN: usize = 15;
/// Characters of an IBAN, at most.
const IBAN_CHARS_MAX: usize = 34;

/// Characters of each of a token's first two parts, at least; shorter ones are words with stops between.
const TOKEN_PART_CHARS_MIN: usize = 8;

/// Characters of a token that are looked at; a longer one is hidden in pieces.
const TOKEN_CHARS_MAX: usize = 4_096;

/// What stands in place of a one-time code.
const CODE: &str = "[code]";
/// Digits of a one-time code.
const CODE_DIGITS: usize = 6;
/// Fewer digits than this in a row tell too little of a code to hide them.
const CODE_DIGITS_HIDDEN_MIN: usize = 4;

/// Hides what may be a one-time code, where one was asked for.
///
/// Digits count as one number across single spaces and hyphens: `123 456`. Returns the text without them, and the
/// first number of six digits. `whole`: only a text that is a code and nothing else has one.
pub fn mask_code(text: &str, whole: bool) -> (String, Option<String>) {
    let letters: Vec<char> = text.trim().chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut code = None;
    let mut i = 0;
    while i < letters.len() {
        let (n, digits) = number_at(&letters[i..]);
        if n == 0 {
            masked.push(letters[i]);
            i += 1;
            continue;
        }
        let hides = CODE_DIGITS_HIDDEN_MIN <= digits.len();
        if hides {
            masked.push_str(CODE);
        } else {
            masked.extend(&letters[i..i + n]);
        }
        if code.is_none() && digits.len() == CODE_DIGITS {
            code = Some(digits);
        }
        i += n;
    }
    if whole && (code.is_none() || masked != CODE) {
        return (text.to_owned(), None);
    }
    (masked, code)
}

/// The digits at the beginning and how many characters they take, with single spaces and hyphens between.
fn number_at(letters: &[char]) -> (usize, String) {
    let mut digits = String::new();
    let mut n = 0;
    for (i, letter) in letters.iter().enumerate() {
        if letter.is_ascii_digit() {
            digits.push(*letter);
            n = i + 1;
        } else if digits.is_empty() || n < i || !matches!(letter, ' ' | '-' | '\u{a0}') {
            break;
        }
    }
    (n, digits)
}

/// Hides payment card numbers, IBANs, US social security numbers, passwords and tokens.
///
/// Of card numbers and IBANs the last four characters stay, so that people can say which one they mean.
pub fn mask(text: &str) -> Masked {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut masked = Masked { text: String::with_capacity(text.len()), found: false };
    let mut i = 0;
    while i < letters.len() {
        let starts_word = i == 0 || !letters[i - 1].1.is_alphanumeric();
        let secret = match starts_word {
            true => secret_at(&letters[i..], before(&letters, i)),
            false => None,
        };
        match secret {
            Some((n, words)) => {
                masked.text.push_str(&words);
                masked.found = true;
                i += n;
            }
            None => {
                masked.text.push(letters[i].1);
                i += 1;
            }
        }
    }
    masked
}

/// The character before a place.
fn before(letters: &[(usize, char)], i: usize) -> Option<char> {
    i.checked_sub(1).map(|it| letters[it].1)
}

/// How many characters from here on are a secret, and what to say in their place.
fn secret_at(letters: &[(usize, char)], before: Option<char>) -> Option<(usize, String)> {
    let first = letters.first()?.1;
    if digit(first).is_some() {
        return card_at(letters).or_else(|| social_security_number_at(letters, before));
    }
    if !first.is_ascii_alphabetic() {
        return None;
    }
    token_at(letters, before).or_else(|| iban_at(letters)).or_else(|| password_at(letters))
}

/// A digit, also a full-width or Arabic one: phones type them, and they are stored all the same.
fn digit(letter: char) -> Option<u8> {
    let zero = match letter {
        '0'..='9' => '0',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{06f0}'..='\u{06f9}' => '\u{06f0}',
        '\u{0966}'..='\u{096f}' => '\u{0966}',
        _ => return None,
    };
    u8::try_from(u32::from(letter) - u32::from(zero)).ok()
}

/// What people type between groups of digits; two in a row at most.
fn is_gap(letter: char) -> bool {
    letter.is_whitespace()
        || is_invisible(letter)
        || matches!(letter, '-' | '.' | '/' | '_' | ',' | '*' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Characters without width, which would hide a number from us and not from a reader.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A run of digits with gaps of up to this many characters.
const GAP_CHARS_MAX: usize = 3;

/// The digits from here on, each with the number of characters up to its end.
fn digits_of(letters: &[(usize, char)]) -> Vec<(u8, usize)> {
    let mut digits = Vec::new();
    let mut n_gap = 0;
    for (i, (_, letter)) in letters.iter().enumerate() {
        match digit(*letter) {
            Some(value) => {
                digits.push((value, i + 1));
                n_gap = 0;
            }
            None if is_gap(*letter) && n_gap < GAP_CHARS_MAX => n_gap += 1,
            None => break,
        }
        if CARD_DIGITS_MAX < digits.len() {
            break;
        }
    }
    digits
}

fn card_at(letters: &[(usize, char)]) -> Option<(usize, String)> {
    let digits = digits_of(letters);
    // The longest number first: a card of 16 digits may hold one of 13 that passes by chance.
    for n in (CARD_DIGITS_MIN..=CARD_DIGITS_MAX.min(digits.len())).rev() {
        let (_, end) = digits[n - 1];
        let goes_on = letters.get(end).is_some_and(|(_, it)| it.is_alphanumeric());
        let number: Vec<u8> = digits[..n].iter().map(|it| it.0).collect();
        if goes_on || !is_card_number(&number) || !is_grouped_like_a_card(&letters[..end]) {
            continue;
        }
        let last: String = number[n - 4..].iter().map(|it| char::from(b'0' + it)).collect();
        return Some((end, format!("[card ending {last}]")));
    }
    None
}

/// Groups of one digit or of three and more: "3 June 2026 14 55" is not how a card number is written.
fn is_grouped_like_a_card(letters: &[(usize, char)]) -> bool {
    let mut groups = vec![0_usize];
    for (_, letter) in letters {
        match digit(*letter) {
            Some(_) => *groups.last_mut().expect("there is one from the start") += 1,
            None if is_invisible(*letter) => {}
            None => {
                if groups.last() != Some(&0) {
                    groups.push(0);
                }
            }
        }
    }
    let all_single = groups.iter().all(|it| *it == 1);
    let n_groups = groups.len();
    let long_enough = groups.iter().enumerate().all(|(i, n)| 3 <= *n || (i + 1 == n_groups && 0 < *n));
    let pairs =
        groups.iter().all(|it| *it == 2) || (groups.iter().take(n_groups - 1).all(|it| *it == 2) && n_groups == 8);
    all_single || long_enough || pairs
}

/// Luhn's check (ISO/IEC 7812-1, annex B) and a length that the number's issuer gives out.
fn is_card_number(digits: &[u8]) -> bool {
    let all_same = digits.iter().all(|it| *it == digits[0]);
    !all_same && passes_luhn(digits) && is_issued(digits)
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = (digits.iter().rev().enumerate())
        .map(|(i, value)| match (i % 2, u32::from(*value) * 2) {
            (0, _) => u32::from(*value),
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_issued(digits: &[u8]) -> bool {
    let start = |n: usize| digits.iter().take(n).fold(0_u32, |sum, it| sum * 10 + u32::from(*it));
    let n = digits.len();
    let visa = start(1) == 4 && matches!(n, 13 | 16 | 19);
    let mastercard = ((51..=55).contains(&start(2)) || (2221..=2720).contains(&start(4))) && n == 16;
    let american_express = matches!(start(2), 34 | 37) && n == 15;
    let diners = (matches!(start(2), 36 | 38 | 39) || (300..=305).contains(&start(3)) || start(3) == 309)
        && (14..=19).contains(&n);
    let discover = (start(4) == 6011 || (644..=649).contains(&start(3)) || start(2) == 65) && (16..=19).contains(&n);
    let jcb = (3528..=3589).contains(&start(4)) && (16..=19).contains(&n);
    let union_pay = matches!(start(2), 62 | 81) && (16..=19).contains(&n);
    let maestro = matches!(start(4), 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761 | 6762 | 6763) && 13 <= n;
    let others = (2200..=2204).contains(&start(4)) || matches!(start(2), 60 | 82) || start(4) == 9792;
    visa || mastercard || american_express || diners || discover || jcb || union_pay || maestro || (others && n == 16)
}

/// Two letters, two digits, then letters and digits with single gaps, whose check is right.
fn iban_at(letters: &[(usize, char)]) -> Option<(usize, String)> {
    let mut number = String::new();
    let mut ends = Vec::new();
    let mut after_gap = false;
    for (i, (_, letter)) in letters.iter().enumerate() {
        if letter.is_ascii_alphanumeric() {
            let wanted = match number.len() {
                0 | 1 => letter.is_ascii_alphabetic(),
                2 | 3 => letter.is_ascii_digit(),
                _ => true,
            };
            if !wanted || number.len() == IBAN_CHARS_MAX {
                break;
            }
            number.push(letter.to_ascii_uppercase());
            ends.push(i + 1);
            after_gap = false;
        } else if is_invisible(*letter) {
        } else if (matches!(letter, '-' | '.' | '_') || letter.is_whitespace()) && !after_gap {
            after_gap = true;
        } else {
            break;
        }
    }
    for n in (IBAN_CHARS_MIN..=number.len()).rev() {
        let end = ends[n - 1];
        let goes_on = letters.get(end).is_some_and(|(_, it)| it.is_alphanumeric());
        let candidate = &number[..n];
        let n_digits = candidate.bytes().filter(u8::is_ascii_digit).count();
        // Words pass by chance one time in 97; account numbers have digits.
        if !goes_on && 8 <= n_digits && passes_mod_97(candidate) {
            return Some((end, format!("[account ending {}]", &candidate[n - 4..])));
        }
    }
    None
}

/// The check of ISO 7064 MOD 97-10 as IBANs use it.
fn passes_mod_97(iban: &str) -> bool {
    let (head, tail) = iban.split_at(4);
    let rest = tail.bytes().chain(head.bytes()).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase().saturating_sub(b'A')) + 10) % 97,
    });
    rest == 1
}

/// `123-45-6789` with the same separator twice, and numbers that are given out.
fn social_security_number_at(letters: &[(usize, char)], before: Option<char>) -> Option<(usize, String)> {
    const CHARS: usize = 11;
    if letters.len() < CHARS || before.is_some_and(|it| matches!(it, '-' | '.' | '/' | '#' | '+')) {
        return None;
    }
    let letter = |i: usize| letters[i].1;
    let gap = letter(3);
    if !matches!(gap, '-' | ' ' | '\u{2011}' | '\u{2013}') || letter(6) != gap {
        return None;
    }
    let mut number = [0_u32; 3];
    for (part, places) in number.iter_mut().zip([0..3, 4..6, 7..CHARS]) {
        for i in places {
            *part = *part * 10 + u32::from(digit(letter(i))?);
        }
    }
    let after = letters.get(CHARS).map(|it| it.1);
    let next = letters.get(CHARS + 1).map(|it| it.1);
    let goes_on =
        after.is_some_and(char::is_alphanumeric) || (after == Some(gap) && next.is_some_and(|it| digit(it).is_some()));
    let [area, group, serial] = number;
    let given_out = !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0;
    (given_out && !goes_on).then(|| (CHARS, HIDDEN.to_owned()))
}

/// Three parts of base64url with stops between, the first a JSON object: a JSON Web Token (RFC 7519).
fn token_at(letters: &[(usize, char)], before: Option<char>) -> Option<(usize, String)> {
    let in_token = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.' | '=' | '+' | '/');
    // Only where a run begins, after `token=` too: looking again from each part on would take quadratic time.
    let inside = before.is_some_and(|it| in_token(it) && it != '=');
    if inside || !letters.iter().map(|it| it.1).take(3).eq("eyJ".chars()) {
        return None;
    }
    let n = letters.iter().take(TOKEN_CHARS_MAX).take_while(|it| in_token(it.1)).count();
    let token: String = letters[..n].iter().map(|it| it.1).collect();
    let parts: Vec<&str> = token.split('.').collect();
    let long_enough = parts.iter().take(2).all(|it| TOKEN_PART_CHARS_MIN <= it.len());
    (2 <= parts.len() && long_enough).then(|| (n, HIDDEN.to_owned()))
}

/// What comes before a secret: `password is …`, `pin: …`.
const PASSWORD_WORDS: [&str; 12] = [
    "password",
    "passwort",
    "passwd",
    "passcode",
    "pass word",
    "pass code",
    "pwd",
    "pin code",
    "pin number",
    "pin",
    "cvv",
    "cvc",
];

/// Words after "password is" that are no password but the rest of a sentence.
const NO_PASSWORDS: [&str; 44] = [
    "a",
    "about",
    "already",
    "also",
    "always",
    "an",
    "and",
    "asked",
    "asking",
    "blocked",
    "broken",
    "changed",
    "expired",
    "expiring",
    "for",
    "forgotten",
    "gone",
    "has",
    "in",
    "incorrect",
    "invalid",
    "is",
    "it",
    "locked",
    "lost",
    "missing",
    "my",
    "needed",
    "never",
    "no",
    "not",
    "on",
    "old",
    "required",
    "reset",
    "so",
    "still",
    "the",
    "to",
    "too",
    "unknown",
    "what",
    "working",
    "wrong",
];

/// Characters of a password that is hidden, at most; what follows is no password.
const PASSWORD_CHARS_MAX: usize = 128;

fn password_at(letters: &[(usize, char)]) -> Option<(usize, String)> {
    let word = PASSWORD_WORDS.iter().find(|word| {
        let same = word.chars().zip(letters).filter(|(one, other)| *one == other.1.to_ascii_lowercase()).count();
        let n = word.chars().count();
        same == n && !letters.get(n).is_some_and(|it| it.1.is_alphanumeric())
    })?;
    let mut at = word.chars().count();
    let n_space = |at: usize| letters[at.min(letters.len())..].iter().take_while(|it| it.1.is_whitespace()).count();
    at += n_space(at);
    let mark = letters.get(at).filter(|it| matches!(it.1, ':' | '='));
    match mark {
        Some(_) => at += 1,
        None => {
            let is = letters
                .get(at..at + 2)
                .is_some_and(|it| it[0].1.eq_ignore_ascii_case(&'i') && it[1].1.eq_ignore_ascii_case(&'s'));
            if !is || n_space(at + 2) == 0 && letters.get(at + 2).is_none_or(|it| it.1 != ':') {
                return None;
            }
            at += 2;
            if letters.get(at).is_some_and(|it| it.1 == ':') {
                at += 1;
            }
        }
    }
    at += n_space(at);
    let n =
        letters[at.min(letters.len())..].iter().take_while(|it| !it.1.is_whitespace()).take(PASSWORD_CHARS_MAX).count();
    let secret: String = letters[at..at + n].iter().map(|it| it.1).collect();
    let bare = secret.trim_matches(|it: char| !it.is_alphanumeric()).to_lowercase();
    let is_word =
        mark.is_none() && (NO_PASSWORDS.contains(&bare.as_str()) || bare.ends_with("n't") || bare.ends_with("n’t"));
    // "[hidden]" stays as it is, so that masking twice is the same as once.
    if n == 0 || is_word || bare.is_empty() && n < 4 || secret.starts_with('[') {
        return None;
    }
    let kept: String = letters[..at].iter().map(|it| it.1).collect();
    Some((at + n, format!("{kept}{HIDDEN}")))
}

#[cfg(test)]
mod tests;
