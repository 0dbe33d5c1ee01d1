//! The slips that fingers make: which words somebody may have meant, and how easily each comes out as what was typed.

/// Log-likelihoods of a slip against the most frequent ones; only their differences count.
const CHANGED_PLACES: f64 = -0.5;
const DOUBLED: f64 = -0.5;
const LEFT_OUT: f64 = -1.0;
const KEY_BESIDE: f64 = -1.0;
const KEY_BESIDE_TOO: f64 = -1.5;
const ONE_MORE: f64 = -2.0;
const OTHER_LETTER: f64 = -3.5;
/// People see it more often when the first letter is wrong.
const FIRST_LETTER: f64 = -1.5;

const KEYS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];

/// Shows all texts that come out as this one by one slip, each with how likely that is: a letter left out, one too many,
/// two that changed places, another letter. The same text may be shown more than once. `word` has small ASCII letters.
///
/// They are shown one after the other in one place, since there are hundreds of them and hardly any is a word.
pub fn each_slip(word: &str, mut see: impl FnMut(&str, f64)) {
    let typed = word.as_bytes();
    let mut place = String::with_capacity(word.len() + 1);
    let mut show = |parts: [&str; 4], how: f64| {
        place.clear();
        place.extend(parts);
        see(&place, how);
    };
    for at in 0..=typed.len() {
        let (before, after) = word.split_at(at);
        let first = if at == 0 { FIRST_LETTER } else { 0.0 };
        // "wont" for "won't" is hardly a slip.
        show([before, "'", after, ""], CHANGED_PLACES);
        for letter in letters() {
            show([before, letter.encode_utf8(&mut [0; 4]), after, ""], LEFT_OUT + first);
        }
        let Some((own, rest)) = after.split_at_checked(1) else { continue };
        let here = typed[at];
        let beside = [at.checked_sub(1), Some(at + 1)].map(|it| it.and_then(|it| typed.get(it).copied()));
        let one_more = match beside {
            _ if beside.contains(&Some(here)) => DOUBLED,
            _ if beside.iter().flatten().any(|it| are_beside(*it, here)) => KEY_BESIDE_TOO + first,
            _ => ONE_MORE + first,
        };
        show([before, rest, "", ""], one_more);
        for letter in letters() {
            let how = if are_beside(letter as u8, here) { KEY_BESIDE } else { OTHER_LETTER };
            show([before, letter.encode_utf8(&mut [0; 4]), rest, ""], how + first);
        }
        if let Some((second, rest)) = rest.split_at_checked(1) {
            show([before, second, own, rest], CHANGED_PLACES);
        }
    }
}

fn letters() -> std::ops::RangeInclusive<char> {
    'a'..='z'
}

/// The small letters whose keys touch this one's.
pub fn keys_beside(letter: char) -> impl Iterator<Item = char> {
    let own = u8::try_from(letter.to_ascii_lowercase()).unwrap_or_default();
    letters().filter(move |it| are_beside(*it as u8, own))
}

/// Whether two keys touch on the usual Latin keyboard.
fn are_beside(one: u8, other: u8) -> bool {
    let place =
        |key: u8| KEYS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.iter().position(|it| *it == key)?)));
    let (Some((row, at)), Some((other_row, other_at))) = (place(one), place(other)) else { return false };
    match row.abs_diff(other_row) {
        0 => at.abs_diff(other_at) == 1,
        // A row lies a little to the right of the one above it.
        1 if row < other_row => at == other_at || at == other_at + 1,
        1 => at == other_at || at + 1 == other_at,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(typed: &str, meant: &str) -> Option<f64> {
        let mut best = None;
        each_slip(typed, |text, how| {
            if text == meant {
                best = Some(best.map_or(how, |it: f64| it.max(how)));
            }
        });
        best
    }

    #[test]
    fn each_kind_of_slip_is_found_and_weighed() {
        for (typed, meant, how) in [
            ("blil", "bill", CHANGED_PLACES),
            ("hte", "the", CHANGED_PLACES),
            ("whyy", "why", DOUBLED),
            ("refnd", "refund", LEFT_OUT),
            ("ill", "bill", LEFT_OUT + FIRST_LETTER),
            ("oay", "pay", KEY_BESIDE + FIRST_LETTER),
            ("noney", "money", KEY_BESIDE + FIRST_LETTER),
            ("mohey", "money", KEY_BESIDE),
            ("momey", "money", OTHER_LETTER + 2.5),
            ("pauy", "pay", KEY_BESIDE_TOO),
            ("paxy", "pay", ONE_MORE),
            ("bixl", "bill", OTHER_LETTER),
            ("wont", "won't", CHANGED_PLACES),
        ] {
            assert_eq!(best(typed, meant), Some(how), "{typed} for {meant}");
        }
        assert_eq!(best("bill", "invoice"), None);
    }

    #[test]
    fn keys_touch_both_ways() {
        for (one, other) in [(b'q', b'w'), (b'q', b'a'), (b'a', b'w'), (b'j', b'm'), (b'o', b'p')] {
            assert!(are_beside(one, other) && are_beside(other, one));
        }
        for (one, other) in [(b'q', b'p'), (b'q', b'z'), (b'a', b'e'), (b'\'', b'l')] {
            assert!(!are_beside(one, other) && !are_beside(other, one), "{one} {other}");
        }
    }
}
