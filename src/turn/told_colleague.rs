//! What somebody who waits tells the colleague is taken note of by what it is: a bill's number, a day, an amount, an address.

use super::reply::Reply;
use crate::content::file::SlotKind;
use crate::conversation::format::{self, Locale};
use crate::conversation::normal;
use crate::rules::questions;
use crate::rules::slots::{self, SlotContext};

/// In a longer message it is only part of what is told.
const WORDS_MAX: usize = 16;

impl Reply<'_> {
    /// The fact that a message tells, as it is shown, and its kind as sentences name it; none where it asks.
    pub(super) fn told_fact(&self) -> Option<(String, &'static str)> {
        let (content, text) = (&self.parts.content, &self.heard.text);
        let asks = questions::asks_somewhere(text, &content.language);
        if self.heard.choice.is_some() || asks || WORDS_MAX < normal::words(text).len() {
            return None;
        }
        let listed = self.account.map_or(&[][..], |it| &it.invoices);
        let invoices: Vec<_> = listed.iter().map(|it| (it.number.clone(), it.issued)).collect();
        let context = SlotContext {
            today: self.speaker.style().today,
            // What they name is in the money of their bills, which the business's own may not be.
            currency: self.account.map_or(content.business.currency.as_str(), |it| it.currency.code()),
            language: self.speaker.locale(),
            invoices: &invoices,
            words: Some(&content.language),
            ..SlotContext::nothing()
        };
        told_fact(text, &context)
    }
}

fn told_fact(text: &str, context: &SlotContext<'_>) -> Option<(String, &'static str)> {
    let read = |kind: SlotKind| slots::read(kind, text, context);
    // A month or "the last one" points to a bill, and is no number of one.
    let digits = |it: &str| it.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_said = |it: &String| !digits(it).is_empty() && digits(text).contains(&digits(it));
    let money = || {
        let amounts = slots::amounts(text, context);
        let locale = Locale::of(context.language).unwrap_or_default();
        amounts.first().map(|it| format::money_in(*it, context.currency, locale))
    };
    None.or_else(|| Some((read(SlotKind::Email)?, "email")))
        .or_else(|| Some((read(SlotKind::Address)?, "address")))
        .or_else(|| Some((read(SlotKind::Invoice).filter(is_said)?, "invoice")))
        .or_else(|| Some((read(SlotKind::Date)?, "date")))
        .or_else(|| Some((money()?, "money")))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rules::said::tests::english;

    #[test]
    fn what_is_told_is_known_by_its_kind() {
        let english = english();
        let invoices = [("INV-1042".to_owned(), date(2026, 11, 1))];
        let context = SlotContext {
            today: date(2026, 11, 24),
            currency: "GBP",
            language: "en-GB",
            invoices: &invoices,
            words: Some(&english),
            ..SlotContext::nothing()
        };
        let kind = |text: &str| told_fact(text, &context).map(|it| it.1);
        assert_eq!(kind("the number on it is INV-1042"), Some("invoice"));
        assert_eq!(kind("I sent it on 12 November"), Some("date"));
        assert_eq!(kind("my address is 8 Willow Way"), Some("address"));
        assert_eq!(kind("lena@post.example"), Some("email"));
        assert_eq!(kind("it was £12.40"), Some("money"));
        assert_eq!(kind("thank you for that"), None);
    }
}
