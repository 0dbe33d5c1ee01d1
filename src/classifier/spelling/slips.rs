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

/// All texts that come out as this one by one slip, each with how likely that is: a letter left out, one too many, two
/// that changed places, another letter. The same text may be there more than once. `word` has small ASCII letters.
pub fn slips(word: &str) -> Vec<(String, f64)> {
    let typed = word.as_bytes();
    let mut slips = Vec::with_capacity(55 * typed.len() + 27);
    for at in 0..=typed.len() {
        let (before, after) = word.split_at(at);
        let first = if at == 0 { FIRST_LETTER } else { 0.0 };
        // "wont" for "won't" is hardly a slip.
        slips.push((format!("{before}'{after}"), CHANGED_PLACES));
        slips.extend(letters().map(|it| (format!("{before}{it}{after}"), LEFT_OUT + first)));
        let Some((own, rest)) = after.split_at_checked(1) else { continue };
        let here = typed[at];
        let beside = [at.checked_sub(1), Some(at + 1)].map(|it| it.and_then(|it| typed.get(it).copied()));
        slips.push(match beside {
            _ if beside.contains(&Some(here)) => (format!("{before}{rest}"), DOUBLED),
            _ if beside.iter().flatten().any(|it| are_beside(*it, here)) => {
                (format!("{before}{rest}"), KEY_BESIDE_TOO + first)
            }
            _ => (format!("{before}{rest}"), ONE_MORE + first),
        });
        slips.extend(letters().map(|it| {
            let how = if are_beside(it as u8, here) { KEY_BESIDE } else { OTHER_LETTER };
            (format!("{before}{it}{rest}"), how + first)
        }));
        if let Some((second, rest)) = rest.split_at_checked(1) {
            slips.push((format!("{before}{second}{own}{rest}"), CHANGED_PLACES));
        }
    }
    slips
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
        slips(typed).into_iter().filter(|it| it.0 == meant).map(|it| it.1).max_by(f64::total_cmp)
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
