//! Tells whether a message is in another language than the business's. Pure and total; it would rather miss one.
//!
//! The evidence is the script, and words that are frequent in one language and no words of the others here.

use std::collections::HashSet;

use crate::content::language::Language;

/// Words of another language that it takes, in a message longer than `SHORT_WORDS`.
const HITS_MIN: usize = 2;

/// In a message as short as this, one word is enough if none of it is of the business's own language.
const SHORT_WORDS: usize = 2;

/// Words that are telling of this language too count for no other: it is in use everywhere.
const EVERYWHERE: &str = "en";

/// Whether the text is clearly not in the business's language.
///
/// Never where nobody has listed its words. A text of numbers, names and pictures is never foreign.
pub fn is_foreign(text: &str, own: &Language) -> bool {
    if !own.telling.iter().any(|it| it.0 == own.tag) {
        return false;
    }
    let n_letters = text.chars().filter(|it| it.is_alphabetic()).count();
    let n_other_script = text.chars().filter(|it| is_other_script(*it)).count();
    if 0 < n_other_script && n_letters <= 2 * n_other_script {
        return true;
    }
    let said: Vec<String> = super::questions::words(text).collect();
    let everywhere = own.telling.iter().find(|it| it.0 == EVERYWHERE).map(|it| &it.1);
    let hits = |(tag, words): &(String, HashSet<String>)| {
        let is_shared = |word: &String| tag != EVERYWHERE && everywhere.is_some_and(|it| it.contains(word));
        let mut found: Vec<&String> = said.iter().filter(|it| words.contains(*it) && !is_shared(it)).collect();
        let n = found.len();
        found.sort_unstable();
        found.dedup();
        (n, found.len())
    };
    let own_hits = own.telling.iter().find(|it| it.0 == own.tag).map_or(0, |it| hits(it).0);
    let others = own.telling.iter().filter(|it| it.0 != own.tag);
    let (n, n_different) = others.map(hits).max().unwrap_or_default();
    let enough = HITS_MIN <= n_different || (said.len() <= SHORT_WORDS && 0 < n && own_hits == 0);
    // Two of three telling words: a German customer who writes English keeps "ich" out of it.
    enough && 2 * own_hits <= n
}

/// Letters that none of the languages here has.
fn is_other_script(letter: char) -> bool {
    letter.is_alphabetic()
        && matches!(u32::from(letter), 0x370..=0x1dff | 0x2e80..=0xabff | 0xac00..=0xd7ff | 0xf900..=0xfdff | 0xfe70..=0xfeff | 0x20000..=0x3ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::said::tests::language;

    #[test]
    fn other_languages_are_seen() {
        for text in [
            "Warum ist meine Rechnung so hoch?",
            "ich möchte meinen Vertrag kündigen",
            "Pourquoi ma facture est-elle si élevée ce mois-ci ?",
            "je n'ai pas reçu mon remboursement",
            "¿Por qué me cobraron dos veces este mes?",
            "quiero pagar mi factura",
            "perché la mia bolletta è così alta",
            "Onde está a minha fatura?",
            "waarom is mijn rekening zo hoog",
            "dlaczego mój rachunek jest taki wysoki",
            "почему мой счёт такой большой",
            "为什么我的账单这么高",
            "لماذا فاتورتي مرتفعة",
            "γιατί είναι τόσο υψηλός ο λογαριασμός",
            "請求書のコピーをください",
            "내 청구서가 왜 높아요",
            "मेरा बिल इतना ज़्यादा क्यों है",
            "Meine Rechnung",
        ] {
            assert!(is_foreign(text, &language("en")), "{text}");
        }
    }

    #[test]
    fn english_is_never_taken_for_another_language() {
        for text in [
            "why is my bill so high",
            "My name is José Muñoz and I live in Köln",
            "I want to pay per month, por favor",
            "hola, why was I charged twice",
            "Je suis Charlie was the subject, I need a refund",
            "el niño tariff",
            "INV-1042",
            "12.50",
            "",
            "👍👍",
            "ok",
            "die in was so on am an not",
            "vat no 12345, alta street",
            "refund to Le Mans, please",
            "café",
            "Ms Una Lo",
            "pls fix ma bill",
            "la la la",
            "bonjour",
            "danke schön",
            "gracias, adios",
        ] {
            assert!(!is_foreign(text, &language("en")), "{text}");
        }
    }

    #[test]
    fn a_business_in_another_language_understands_its_own() {
        assert!(!is_foreign("Warum ist meine Rechnung so hoch?", &language("de")));
        assert!(is_foreign("why is my bill so high this month", &language("de")));
        assert!(!is_foreign("Warum ist meine Rechnung so hoch?", &language("fi")), "nobody has listed its words");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", own in "en|de|xx|") {
            let _ = is_foreign(&text, &language(&own));
        }
    }
}
