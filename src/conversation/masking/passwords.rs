//! Passwords, PINs and answers that prove who somebody is.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::{self, Form};
use super::sentences::is_sentence;
use super::text::{DONE_LETTER, Kind, Secret, Text, pattern};
use super::words::{
    ANSWERS, BECOMES, CHANGES, CONTEXTS, COPULAS, LOGINS, MAYBE_PASSWORDS, PASSWORDS, PHRASES, PIN_FILLERS, PINS,
    TICKETS, TYPED, UNITS,
};

/// Letters of a password that are hidden, at most; what follows is no password.
const PASSWORD_LETTERS_MAX: usize = 128;
/// Words between a password's name and the word that says what it is: "for the customer portal".
const CONTEXT_MAX: usize = 9;
/// Words of a phrase that is a password, at most.
const PHRASE_WORDS_MAX: usize = 24;
/// How far from its name a password is looked for where people say that they typed it, in pieces.
const NEAR_PIECES: usize = 24;

/// How clearly a text says that what follows is the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    /// Nothing between: "password hunter3".
    None,
    /// "changed to".
    Becomes,
    /// "is".
    Is,
    /// A colon or an equals sign.
    Mark,
}

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (start, next) in PASSWORDS.all(text) {
        let phrase = (start..next).any(|it| PHRASES.contains(text.word(it)));
        secrets.extend(after(text, next, Link::None, phrase));
        secrets.extend(before(text, start, next));
        secrets.extend(typed_near(text, start, next));
    }
    // "u: jane p: hunter2"
    for i in (0..text.pieces.len()).filter(|it| text.word(*it) == "p" && matches!(text.word(it + 1), ":" | "=")) {
        let value =
            value_at(text, i + 2).filter(|it| looks_secret(&text.plain[it.place.clone()]) && !is_number(text, it));
        secrets.extend(value.map(|it| Secret::hidden(it.place)));
    }
    for (start, next) in MAYBE_PASSWORDS.all(text) {
        let ticket = start.checked_sub(1).is_some_and(|it| TICKETS.contains(text.word(it)));
        if !ticket {
            secrets.extend(after(text, next, Link::None, false));
            secrets.extend(before(text, start, next));
        }
    }
    for (start, next) in ANSWERS.all(text) {
        let phrase = (start..next).any(|it| text.word(it) == "phrase");
        secrets.extend(after(text, next, Link::Is, phrase));
        let unsaid = link(text, next).filter(|it| it.0 == Link::None).and_then(|it| value_at(text, it.1));
        let word = unsaid.filter(|it| {
            !is_sentence(text, &it.place) && text.plain[it.place.clone()].starts_with(char::is_alphanumeric)
        });
        secrets.extend(word.map(|it| Secret::hidden(it.place)));
    }
    let form = Form { digits: 4..=12, shortest: false };
    secrets.extend(named::beside(text, &PINS, &form, &[&PIN_FILLERS]));
    let strokes = (0..text.pieces.len()).filter(|it| text.word(*it) == "/" && !text.is_joined(*it));
    let values = strokes.filter_map(|it| value_at(text, it + 1));
    secrets.extend(values.filter(|it| is_strong(&text.plain[it.place.clone()])).map(|it| Secret::hidden(it.place)));
    let logins = LOGINS.all(text);
    secrets.extend(behind_mail(text, !logins.is_empty()));
    for (start, next) in logins {
        secrets.extend(pair(text, next));
        secrets.extend(pairs_near(text, start, next));
    }
    secrets
}

/// What follows a password's name, where it is one.
fn after(text: &Text, next: usize, wanted: Link, phrase: bool) -> Vec<Secret> {
    let Some((link, at)) = link(text, next).filter(|it| wanted <= it.0) else { return Vec::new() };
    let Some(value) = value_at(text, at) else { return Vec::new() };
    let letters = &text.plain[value.place.clone()];
    let says_something = letters.chars().any(char::is_alphanumeric) || 4 <= letters.chars().count();
    let becomes_word = link == Link::Becomes
        && text.word(at - 1) == "to"
        && ends_sentence(text, value.place.end)
        && (next.saturating_sub(5)..next).any(|it| CHANGES.contains(text.word(it)))
        && !is_sentence(text, &value.place);
    let is_value = becomes_word
        || match link {
            Link::Mark if phrase => says_something,
            Link::Mark | Link::Is if is_the_word_itself(text, &value) => true,
            Link::Mark | Link::Is => {
                says_something && (value.quoted || !is_sentence(text, &value.place) && !counts(text, &value, link))
            }
            Link::Becomes | Link::None => {
                looks_secret(letters) || value.quoted && says_something && !is_sentence(text, &value.place)
            }
        };
    if !is_value {
        // "password is currently hunter2", "password: it's hunter2"
        let skip = (at..at + 3).take_while(|it| text.is(*it, Kind::Word)).find_map(|it| value_at(text, it + 1));
        let secret = skip.filter(|it| Link::Is <= link && looks_secret(&text.plain[it.place.clone()]));
        return secret.map(|it| Secret::hidden(it.place)).into_iter().collect();
    }
    let mut end = value.place.end;
    if !value.quoted && Link::Is <= link && !looks_secret(letters) {
        end = phrase_end(text, end, phrase).unwrap_or(end);
    } else if phrase && !value.quoted {
        end = phrase_end(text, end, true).unwrap_or(end);
    }
    let mut secrets = vec![Secret::hidden(value.place.start..end)];
    secrets.extend(others(text, end));
    secrets
}

fn ends_sentence(text: &Text, end: usize) -> bool {
    let next = text.piece_from(end);
    text.kind(next).is_none_or(|it| it == Kind::Sign) || text.plain[..end].ends_with(['.', '!', '?'])
}

/// "my password is password".
fn is_the_word_itself(text: &Text, value: &Value) -> bool {
    let word = text.lower[value.place.clone()].trim_end_matches(['.', '!']);
    word == "password" && ends_sentence(text, value.place.end)
}

/// "must be 8 characters": how many, and no password.
fn counts(text: &Text, value: &Value, link: Link) -> bool {
    let digits = text.plain[value.place.clone()].bytes().all(|it| it.is_ascii_digit());
    let short = link != Link::Mark && value.place.len() < 4;
    digits && (short || UNITS.contains(text.word(text.piece_from(value.place.end))))
}

/// How a name is joined with what follows, and the piece that follows.
fn link(text: &Text, next: usize) -> Option<(Link, usize)> {
    let direct = link_at(text, next);
    if let Some(found) = direct {
        return Some(found);
    }
    // "the password, hunter2, was fine"
    let at = (next..next + 2).find(|it| !matches!(text.word(*it), "?" | "," | "." | "!" | ";")).unwrap_or(next);
    let value = value_at(text, at).filter(|it| looks_secret(&text.plain[it.place.clone()]) && !is_number(text, it));
    if value.is_some() {
        return Some((Link::None, at));
    }
    // "(the) password for the portal is", "password I use is", "password (new):"
    let begins = CONTEXTS.contains(text.word(next)) || matches!(text.word(next), "(" | "[" | ",");
    if begins {
        for at in next + 1..next + CONTEXT_MAX {
            if matches!(text.word(at), "" | "?" | "!" | ";" | "\n" | "and" | "but" | "because" | "so" | "if" | "when") {
                break;
            }
            match link_at(text, at) {
                Some((link, value)) if Link::Is <= link && text.word(at) != "to" => return Some((link, value)),
                _ if text.word(at) == "," => {
                    let secret = value_at(text, at + 1).filter(|it| looks_secret(&text.plain[it.place.clone()]));
                    if secret.is_some_and(|it| !is_number(text, &it)) {
                        return Some((Link::None, at + 1));
                    }
                }
                _ => {}
            }
        }
    }
    let become_at = (next..next + 3).find(|it| BECOMES.contains(text.word(*it)));
    if let Some(at) = become_at.filter(|it| *it == next || text.is(next, Kind::Word)) {
        return Some((Link::Becomes, at + 1));
    }
    // "password (old) hunter2"
    let closes = (next + 1..next + 4).find(|it| text.word(next) == "(" && text.word(*it) == ")");
    if let Some(at) = closes.filter(|it| text.is(it - 1, Kind::Word)) {
        return Some((Link::None, at + 1));
    }
    // "my password's qwerty", "password? hunter2"
    let said = next.checked_sub(1).is_some_and(|it| text.word(it).ends_with("'s"));
    Some((if said { Link::Is } else { Link::None }, at))
}

/// The sign or the word that says what something is, with what may follow it: "is:", "is now", "=>".
fn link_at(text: &Text, i: usize) -> Option<(Link, usize)> {
    let mut at = i;
    let mut link = None;
    loop {
        let word = text.word(at);
        let found = match text.kind(at)? {
            Kind::Sign if matches!(word, ":" | "=" | ">" | "→" | "⇒" | "~") => Link::Mark,
            Kind::Sign if word == "-" => Link::None,
            // "e' …" for "è".
            Kind::Sign if word == "'" && link == Some(Link::Is) && text.is_joined(at - 1) && !text.is_joined(at) => {
                Link::None
            }
            Kind::Word
                if link.is_none() && COPULAS.contains(word) && !(word == "to" && i == at && !polish(text, i)) =>
            {
                Link::Is
            }
            Kind::Word
                if link.is_some()
                    && matches!(word, "now" | "still" | "this" | "just" | "it's" | "its" | "actually") =>
            {
                Link::None
            }
            _ => break,
        };
        link = Some(link.map_or(found, |it: Link| it.max(found)));
        at += 1;
        if i + 4 < at {
            break;
        }
    }
    link.map(|it| (it, at))
}

/// "moje hasło to …": a copula there, and the beginning of a sentence in English.
fn polish(text: &Text, i: usize) -> bool {
    i.checked_sub(1).is_some_and(|it| matches!(text.word(it), "haslo" | "hasło" | "hasla" | "hasła"))
}

/// What may be a password.
struct Value {
    place: Range<usize>,
    quoted: bool,
}

/// What stands at a piece up to the next space, or between quotation marks.
fn value_at(text: &Text, i: usize) -> Option<Value> {
    let start = text.piece(i)?.start;
    let rest = &text.plain[start..];
    let first = rest.chars().next()?;
    // `/reset-password/…` in an address.
    if first == '/' && text.is_joined(i) {
        return value_at(text, i + 1);
    }
    if first == DONE_LETTER || first == '\n' {
        return (first == '\n').then(|| value_at(text, i + 1)).flatten();
    }
    let closing = match first {
        '"' | '\'' | '`' | '*' => Some(first),
        '“' | '”' | '„' => Some('”'),
        '«' => Some('»'),
        '(' => Some(')'),
        '[' => Some(']'),
        '<' => Some('>'),
        _ => None,
    };
    if let Some(closing) = closing {
        let inner = start + first.len_utf8();
        let same = |it: char| it == closing || closing == '”' && matches!(it, '“' | '"');
        let letters = text.plain[inner..].char_indices().take(PASSWORD_LETTERS_MAX);
        let end =
            letters.take_while(|it| !matches!(it.1, '\n' | DONE_LETTER)).find(|it| same(it.1)).map(|it| inner + it.0);
        // `my "password" and "pin"`: a space after the mark, which closes there.
        if let Some(end) = end.filter(|it| inner < *it && !text.plain[inner..].starts_with(char::is_whitespace)) {
            return Some(Value { place: inner..end, quoted: !matches!(closing, ')' | ']' | '>') });
        }
    }
    let letters = rest.chars().take(PASSWORD_LETTERS_MAX);
    let n: usize = letters.take_while(|it| !it.is_whitespace() && *it != DONE_LETTER).map(char::len_utf8).sum();
    let kept = rest[..n].trim_end_matches([',', ';']);
    let kept = if kept.contains('(') { kept } else { kept.trim_end_matches(')') };
    (!kept.is_empty()).then_some(Value { place: start..start + kept.len(), quoted: false })
}

/// Letters with digits or signs among them: nobody writes a word so.
fn looks_secret(letters: &str) -> bool {
    let bare = letters.trim_matches(|it: char| !it.is_alphanumeric() && !matches!(it, '@' | '$' | '#' | '!' | '*'));
    let bare = bare.trim_end_matches(['.', ',', '!', '?', ')']);
    let n = bare.chars().count();
    let n_digits = bare.chars().filter(char::is_ascii_digit).count();
    let n_letters = bare.chars().filter(|it| it.is_alphabetic()).count();
    let n_odd = bare
        .chars()
        .filter(|it| matches!(it, '@' | '$' | '#' | '!' | '%' | '^' | '&' | '*' | '_' | '+' | '=' | '~'))
        .count();
    let signs_only = bare.chars().all(|it| it.is_ascii_digit() || !it.is_alphanumeric());
    let only_digits = n_digits == n && (4..=12).contains(&n);
    let mixed = 4 <= n && 0 < n_letters && (0 < n_digits || 0 < n_odd);
    (only_digits || mixed && !signs_only) && !is_something_else(bare)
}

/// Large and small letters, digits and a sign: nothing else looks so.
fn is_strong(letters: &str) -> bool {
    let has = |wanted: fn(&char) -> bool| letters.chars().any(|it| wanted(&it));
    let sign = has(|it| matches!(it, '#' | '$' | '!' | '@' | '^' | '*' | '~'));
    let all = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
    sign && all && looks_secret(letters)
}

/// A bill's number, an address, a time, a count: letters with digits or signs that are no password.
fn is_something_else(bare: &str) -> bool {
    let lower = bare.to_lowercase();
    let digits_first = lower.trim_start_matches(|it: char| it.is_ascii_digit() || matches!(it, '.' | ',' | ':' | '-'));
    let counts = digits_first.len() < lower.len()
        && matches!(
            digits_first,
            "st" | "nd"
                | "rd"
                | "th"
                | "am"
                | "pm"
                | "x"
                | "gb"
                | "mb"
                | "kwh"
                | "p"
                | "hrs"
                | "min"
                | "mins"
                | "days"
                | "s"
        );
    let head = bare.trim_end_matches(|it: char| it.is_ascii_digit() || it == '-');
    let ours = head.len() < bare.len()
        && (1..=5).contains(&head.len())
        && bare[head.len()..].starts_with('-')
        && head.bytes().all(|it| it.is_ascii_uppercase());
    let mail = bare.contains('@') && bare.rsplit('@').next().is_some_and(|it| it.contains('.'));
    counts || ours || mail || lower.contains("://") || lower.starts_with("www.")
}

/// Where a password of several words ends: at the end of the sentence, if no word of it makes a sentence.
fn phrase_end(text: &Text, from: usize, said: bool) -> Option<usize> {
    if text.plain[..from].ends_with(['.', ',', ';', '!', '?']) {
        return None;
    }
    let mut end = from;
    for i in (text.piece_from(from)..).take(PHRASE_WORDS_MAX) {
        match text.kind(i) {
            Some(Kind::Word) if said || !is_sentence(text, &(text.pieces[i].start..text.pieces[i].end)) => {
                end = text.pieces[i].end;
            }
            Some(Kind::Digits) => end = text.pieces[i].end,
            Some(Kind::Sign) if matches!(text.word(i), "-") => {}
            Some(Kind::Sign) => break,
            None => break,
            _ => return None,
        }
    }
    (from < end).then_some(end)
}

/// More of them: "hunter2 or hunter3", "and the old one was hunter1".
fn others(text: &Text, from: usize) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for i in (text.piece_from(from)..).take(NEAR_PIECES) {
        let said = matches!(
            text.word(i),
            "or" | "then" | "and" | "/" | "," | "was" | "is" | ":" | "now" | "to" | "before" | "maybe"
        );
        let value = if said { value_at(text, i + 1) } else { None };
        let new = value.filter(|it| looks_secret(&text.plain[it.place.clone()]) && !is_number(text, it));
        secrets.extend(new.map(|it| Secret::hidden(it.place)));
    }
    secrets
}

fn is_number(text: &Text, value: &Value) -> bool {
    text.plain[value.place.clone()].chars().all(|it| !it.is_alphabetic())
}

/// "hunter2 is my password", "use hunter2 as the password".
fn before(text: &Text, start: usize, next: usize) -> Vec<Secret> {
    if link(text, next).is_some_and(|it| text.is(it.1, Kind::Done)) {
        return Vec::new();
    }
    let mut at = start;
    let mut is_said = false;
    for _ in 0..6 {
        let Some(piece) = at.checked_sub(1) else { return Vec::new() };
        let word = text.word(piece);
        let says = matches!(word, "is" | "as" | "was" | "=" | "est" | "es" | "ist" | "that's" | "thats");
        let said_before = matches!(
            word,
            "my" | "the" | "our" | "a" | "his" | "her" | "your" | "new" | "old" | "current" | "mon" | "mi" | "which"
        ) || matches!(
            word,
            "rejected" | "accepted" | "refused" | "not" | "used" | "set" | "wrong" | "right" | "correct"
        );
        let mark = matches!(word, "," | "(" | "-" | "<");
        if !says && !said_before && !mark {
            break;
        }
        is_said |= says || mark;
        at = piece;
    }
    let Some(last) = at.checked_sub(1).filter(|_| is_said).and_then(|it| text.piece(it)) else { return Vec::new() };
    let is_space = |it: char| it.is_whitespace() || it == DONE_LETTER;
    let near = text.plain[..last.end].chars().rev().take(PASSWORD_LETTERS_MAX);
    let n: usize = near.take_while(|it| !is_space(*it)).map(char::len_utf8).sum();
    let place = last.end - n..last.end;
    let letters = &text.plain[place.clone()];
    let said_is = (at..start).any(|it| matches!(text.word(it), "is" | "="));
    let alone = at == 1 && said_is && !is_sentence(text, &place);
    (looks_secret(letters) || alone).then(|| Secret::hidden(place)).into_iter().collect()
}

/// "I typed hunter2 and it says wrong password".
fn typed_near(text: &Text, start: usize, next: usize) -> Vec<Secret> {
    let places = start.saturating_sub(NEAR_PIECES)..next + NEAR_PIECES;
    let set_to = |i: usize| text.word(i) == "to" && i.checked_sub(1).is_some_and(|it| text.word(it) == "it");
    let typed = places.filter(|i| !(start..next).contains(i) && (TYPED.contains(text.word(*i)) || set_to(*i)));
    let values = typed.filter_map(|i| {
        let skipped =
            matches!(text.word(i + 1), "now" | "actually" | "really" | "just" | "still" | "my" | "the" | "with" | ":");
        value_at(text, if skipped { i + 2 } else { i + 1 })
    });
    let secret = values.filter(|it| looks_secret(&text.plain[it.place.clone()]) && !is_number(text, it));
    let mut secrets = Vec::new();
    for value in secret {
        secrets.extend(others(text, value.place.end));
        secrets.push(Secret::hidden(value.place));
    }
    // "changed it from hunter2 to hunter3"
    for i in start.saturating_sub(NEAR_PIECES)..next + NEAR_PIECES {
        let one = if text.word(i) == "from" { value_at(text, i + 1) } else { None };
        let Some(one) = one else { continue };
        let to = text.piece_from(one.place.end);
        let other = if text.word(to) == "to" { value_at(text, to + 1) } else { None };
        let both = [Some(one), other].into_iter().flatten().filter(|it| looks_secret(&text.plain[it.place.clone()]));
        let both: Vec<Value> = both.filter(|it| !is_number(text, it)).collect();
        if both.len() == 2 {
            secrets.extend(both.into_iter().map(|it| Secret::hidden(it.place)));
        }
    }
    secrets
}

/// "jane / hunter2 is my login": a word, a stroke and what looks like a password, near who somebody is.
fn pairs_near(text: &Text, start: usize, next: usize) -> Vec<Secret> {
    let strokes =
        (start.saturating_sub(NEAR_PIECES)..next + NEAR_PIECES).filter(|it| matches!(text.word(*it), "/" | "|"));
    let apart = strokes.filter(|it| !text.is_joined(*it) && it.checked_sub(1).is_some_and(|it| !text.is_joined(it)));
    let values = apart.filter_map(|it| value_at(text, it + 1));
    let secret = values.filter(|it| looks_secret(&text.plain[it.place.clone()]) && !is_number(text, it));
    secret.map(|it| Secret::hidden(it.place)).collect()
}

/// "bob@example.com:hunter2", and with a space only where it's about signing in.
fn behind_mail(text: &Text, signs_in: bool) -> Vec<Secret> {
    static MAIL: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?-u:[0-9A-Za-z._+-]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+)(?: ?([:|/]) ?| )"));
    let values = MAIL.captures_iter(&text.plain).filter_map(|found| {
        let end = found.get(0)?.end();
        let said = found.get(1).is_some() || signs_in;
        let i = text.piece_from(end);
        let value = if said && text.piece(i)?.start == end { value_at(text, i) } else { None };
        value.filter(|it| looks_secret(&text.plain[it.place.clone()]) && !is_number(text, it))
    });
    values.map(|it| Secret::hidden(it.place)).collect()
}

/// "login bob / hunter2": what follows who somebody is.
fn pair(text: &Text, next: usize) -> Option<Secret> {
    let mut at = next;
    let mut marked = false;
    while matches!(
        text.word(at),
        ":" | "=" | "is" | "as" | "with" | "-" | "details" | "are" | "my" | "to" | "(" | "name" | "id" | "in"
    ) {
        marked |= matches!(text.word(at), ":" | "=" | "is" | "are");
        at += 1;
    }
    let user = value_at(text, at)?;
    if is_sentence(text, &user.place) && !matches!(text.word(at - 1), ":" | "=") {
        return None;
    }
    let letters = &text.plain[user.place.clone()];
    // `bob/hunter2`, `bob:hunter2`
    let glued = letters.find([':', '/', '|']).filter(|it| 0 < *it && !letters.contains("://"));
    if let Some(sign) = glued {
        let secret = user.place.start + sign + 1..user.place.end;
        let letters = &text.plain[secret.clone()];
        let fits = looks_secret(letters) && !is_number(text, &Value { place: secret.clone(), quoted: false });
        return (fits || marked && 4 <= letters.len() && !is_sentence(text, &secret)).then(|| Secret::hidden(secret));
    }
    let mut at = text.piece_from(user.place.end);
    let joined = letters.ends_with(',');
    let mut signs = usize::from(joined);
    while matches!(
        text.word(at),
        "/" | "," | "|" | ":" | "and" | "&" | ";" | "-" | "with" | "p" | "pass" | "pw" | "password" | "=" | "\n" | "+"
    ) {
        signs += 1;
        at += 1;
        if 4 < signs {
            return None;
        }
    }
    let value = value_at(text, at)?;
    let named = matches!(text.word(at - 1), "password" | "pass" | "pw") && !is_sentence(text, &value.place);
    let fits = looks_secret(&text.plain[value.place.clone()]) && !is_number(text, &value);
    let slash = text.word(at.checked_sub(1)?) == "/";
    let plain = marked && slash && !is_sentence(text, &value.place);
    // Who it is says nothing; and where no sign stands between the two, a colon has to stand before them.
    let mail = letters.contains('@');
    (fits && (0 < signs || marked || mail) || plain || named).then(|| Secret::hidden(value.place))
}
