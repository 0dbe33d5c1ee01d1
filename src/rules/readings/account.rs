//! Something that stands on the account, named by its amount or its words: "Calls to mobiles 9.40???".

use super::{Looked, Reader, Reading, intents};
use crate::conversation::Verdict;
use crate::rules::slots;

/// Amount and words both fit.
const BOTH: f32 = 0.84;
/// The amount is on the account.
const AMOUNT: f32 = 0.68;
/// Two words of a line or more, or all that it has.
const WORDS: f32 = 0.62;
/// The same, while the words are taken for something that has no amount.
const LINE_ITSELF: f32 = 0.97;
/// An amount and a day; more figures are put together.
const FIGURES_MAX: usize = 2;
/// Where the words are sure to mean something else, that counts.
const BESIDE_OTHERS: f32 = 0.3;

pub(super) fn read(look: &Looked<'_>) -> Option<Reading> {
    let charge = look.now.charge.as_ref()?;
    let intent = look.content.intents.values().find(|it| it.file.when_named.as_deref() == Some("charge"))?;
    // The whole of some bill, and a figure that the answer before has named for something else.
    let is_whole_bill = charge.label == charge.invoice;
    let last = look.state.last_said.as_deref().unwrap_or_default();
    if is_whole_bill && !charge.by_words && slots::amounts(last, &look.now.slots).contains(&charge.amount) {
        return None;
    }
    // "14 and 19.61 less 12.39, is that the 21": of several figures no single one is asked about.
    let is_figure = |it: &&String| it.starts_with(|letter: char| letter.is_ascii_digit());
    if !charge.by_words && FIGURES_MAX < look.said.words.iter().filter(is_figure).count() {
        return None;
    }
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
    // "If my card fails, do you charge me 5 again": what may come stands on no bill yet.
    let language = &look.content.language;
    let may_come = [&language.in_case, &language.future].iter().any(|it| it.find(&look.said.words).is_some());
    let sure = match best {
        _ if may_come && !(charge.by_amount && charge.by_words) => BESIDE_OTHERS,
        Some(best) if takes_amount(&best.intent) || !(charge.by_amount && charge.by_words) => BESIDE_OTHERS,
        Some(_) => LINE_ITSELF,
        None => sure,
    };
    let known = [("amount".to_owned(), charge.amount.to_string()), ("invoice".to_owned(), charge.invoice.clone())];
    let known = known.into_iter().filter(|it| intent.file.slots.contains_key(&it.0)).collect();
    let because = format!("“{}” stands on the bill {}", charge.label, charge.invoice);
    Some(Reading::new(Reader::Account, sure, because, intents::answer_or_ask(intent, known, look.now)))
}
