//! Tells whether a message is in another language than the business's. Pure and total; it would rather miss one.
//!
//! The evidence is the script, and words that are frequent in one language and no words of the others here.

/// Frequent words of a language, and words that its customers need; none of them is a word of English, and
/// none a greeting or thanks, which people use in all languages.
const WORDS: [(&str, &str); 8] = [
    (
        "de",
        "ich und nicht das ist meine mein meinen meiner wie warum wieso wann wo eine einen mit für auf von zu sie haben \
         habe hat kann kannst können rechnung rechnungen konto zahlung bezahlen zahlen mahnung geld zurück \
         kündigen vertrag gebühr guten kein keine wurde wird noch schon aber auch mir mich ihre euro abgebucht",
    ),
    (
        "fr",
        "je le la les une des et est que qui pourquoi comment quand où mon ma mes votre vos pas ne avec pour sur dans \
         ce cette suis ai été avoir facture factures compte payer paiement argent remboursement résilier \
         abonnement frais élevée élevé combien dois puis voudrais veux s'il vous j'ai c'est n'ai prélèvement",
    ),
    (
        "es",
        "el los las una unos que por qué cómo cuándo dónde mi mis tu su es está están con para pero muy más tengo \
         tiene quiero puedo puede factura facturas cuenta pagar pago dinero reembolso cancelar contrato \
         cobro cobraron cargo alta cuánto debo tan este esta favor necesito",
    ),
    (
        "it",
        "il gli una che perché come quando dove mia mio miei tuo suo è sono con per ma molto più ho ha voglio posso \
         fattura bolletta conto pagare pagamento soldi rimborso disdire contratto addebito alta \
         quanto devo questa questo così non della nella",
    ),
    (
        "pt",
        "uma que porque quando onde minha meu meus sua é está com para mas muito mais tenho quero posso pode \
         fatura faturas conta pagar pagamento dinheiro reembolso cancelar contrato cobrança alta \
         quanto devo esta este tão não você vocês",
    ),
    (
        "nl",
        "ik het een en niet mijn waarom hoe wanneer waar zijn heb heeft kan kunt met voor naar maar ook nog \
         rekening factuur betalen betaling geld terug opzeggen contract kosten hoog zo dank alstublieft uw \
         jullie wordt deze dit",
    ),
    (
        "pl",
        "nie jest się dlaczego jak kiedy gdzie mój moja moje mam masz czy na że ale tak proszę \
         rachunek faktura faktury konto zapłacić płatność pieniądze zwrot umowa opłata wysoki wysoka ile chcę mogę",
    ),
    (
        "en",
        "the a an and or but not is are was were be been am i i'm im i've ive my me you your it its it's this that \
         these those of to in on at for from with by as if so do does did don't dont didn't can can't could would will \
         won't should have has had what whats what's when where why who which how please thanks thank hello hi hey no \
         yes get got need want pay paid bill bills payment charge charged account refund money fee late more than about \
         up out just still we they he she there any some all one two again",
    ),
];

/// Words that are in the list of English and of another language count for neither.
const ENGLISH: &str = "en";

/// Words of another language that it takes, in a message longer than `SHORT_WORDS`.
const HITS_MIN: usize = 2;

/// In a message as short as this, one word is enough if none of it is of the business's own language.
const SHORT_WORDS: usize = 2;

/// Whether the text is clearly not in the business's language, a tag like `en` or `de-AT`.
///
/// Never for a business whose language isn't listed here. A text of numbers, names and pictures is never foreign.
pub fn is_foreign(text: &str, own: &str) -> bool {
    let own = own.split('-').next().unwrap_or_default();
    if !WORDS.iter().any(|(language, _)| *language == own) {
        return false;
    }
    let n_letters = text.chars().filter(|it| it.is_alphabetic()).count();
    let n_other_script = text.chars().filter(|it| is_other_script(*it)).count();
    if 0 < n_other_script && n_letters <= 2 * n_other_script {
        return true;
    }
    let said: Vec<String> = super::questions::words(text).collect();
    let hits = |language: &str| {
        let listed = WORDS.iter().find(|(name, _)| *name == language).map_or("", |it| it.1);
        let has = |list: &str, word: &str| list.split(' ').any(|it| it == word);
        let english = WORDS.iter().find(|(name, _)| *name == ENGLISH).map_or("", |it| it.1);
        let counts = |word: &str| has(listed, word) && (language == ENGLISH || !has(english, word));
        let mut found: Vec<&str> = said.iter().map(String::as_str).filter(|it| counts(it)).collect();
        let n = found.len();
        found.sort_unstable();
        found.dedup();
        (n, found.len())
    };
    let (own_hits, _) = hits(own);
    let others = WORDS.iter().map(|it| it.0).filter(|it| *it != own);
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
            assert!(is_foreign(text, "en"), "{text}");
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
            assert!(!is_foreign(text, "en-GB"), "{text}");
        }
    }

    #[test]
    fn a_business_in_another_language_understands_its_own() {
        assert!(!is_foreign("Warum ist meine Rechnung so hoch?", "de-AT"));
        assert!(is_foreign("why is my bill so high this month", "de"));
        assert!(!is_foreign("Warum ist meine Rechnung so hoch?", "fi"), "nobody has listed its words");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", own in "en|de|xx|") {
            let _ = is_foreign(&text, &own);
        }
    }
}
