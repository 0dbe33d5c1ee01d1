//! Something that stands on the account, named by its amount or its words: "Calls to mobiles 9.40???".

use super::{Looked, Reader, Reading, intents};
use crate::conversation::Verdict;

/// Amount and words both fit.
const BOTH: f32 = 0.84;
/// The amount is on the account.
const AMOUNT: f32 = 0.68;
/// Two words of a line or more, or all that it has.
const WORDS: f32 = 0.62;
/// The same, while the words are taken for something that has no amount.
const LINE_ITSELF: f32 = 0.97;
/// Where the words are sure to mean something else, that counts.
const BESIDE_OTHERS: f32 = 0.3;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let charge = look.now.charge.as_ref()?;
    let intent = look.content.intents.values().find(|it| it.file.when_named.as_deref() == Some("charge"))?;
    let sure = match (charge.by_amount, charge.by_words) {
        (true, true) => BOTH,
        (true, false) => AMOUNT,
        (false, true) => WORDS,
        (false, false) => return None,
    };
    // Whatever else is sure to be meant and takes an amount says more about the same line; the rest was misread.
    let best = look.heard.guess.best().filter(|_| look.heard.guess.verdict == Verdict::Answer);
    let takes_amount =
        |name: &str| look.content.intents.get(name).is_some_and(|it| it.file.slots.contains_key("amount"));
    let sure = match best {
        Some(best) if takes_amount(&best.intent) || !(charge.by_amount && charge.by_words) => BESIDE_OTHERS,
        Some(_) => LINE_ITSELF,
        None => sure,
    };
    let slots = [("amount".to_owned(), charge.amount.to_string()), ("invoice".to_owned(), charge.invoice.clone())];
    let slots = slots.into_iter().filter(|it| intent.file.slots.contains_key(&it.0)).collect();
    let because = format!("“{}” stands on the bill {}", charge.label, charge.invoice);
    Some(Reading::new(Reader::Account, sure, because, intents::answer_or_ask(intent, slots, look.now)))
}
