//! Letters about what was done: a copy of a bill, and a notice to the old address after a change of address.

use serde::{Deserialize, Serialize};

use super::{Actions, Paper, pdf};
use crate::billing::{Account, Invoice};
use crate::content::file;
use crate::conversation::format::Style;
use crate::conversation::normal;
use crate::mail::{Attachment, Letter, MailError};
use crate::store::{ActionEnd, ActionRecord, StoreError};

/// A letter that goes out once something is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl Actions {
    /// Waits until there may be a notice to send.
    pub async fn notice_came(&self) {
        self.letter_came.notified().await;
    }

    /// Sends the notice that waits for something that is done, and forgets it. One that cannot be sent now stays, and
    /// goes out later under the same key: so it is one letter however often it is sent.
    pub async fn send_notice(&self, record: &ActionRecord) -> Result<(), StoreError> {
        let (super::Ledger::Store(store), Some(mailbox)) = (&self.ledger, &self.mailbox) else { return Ok(()) };
        let Some(text) = &record.new.letter else { return Ok(()) };
        let key = &record.new.key;
        let Ok(Notice { to, subject, text }) = serde_json::from_str(text) else {
            tracing::error!(key, "a notice cannot be read, so it is not sent");
            return store.forget_letter(key).await;
        };
        let letter = Letter { to, subject, text, attachments: Vec::new(), key: format!("{key}:notice") };
        match mailbox.send(&letter).await {
            Err(MailError::Unreachable(_)) => {
                tracing::warn!(key, "a notice could not be sent yet");
                Ok(())
            }
            Err(MailError::Refused(_)) => {
                tracing::warn!(key, "a notice was refused by the mail server, so nobody gets it");
                store.forget_letter(key).await
            }
            Ok(()) => store.forget_letter(key).await,
        }
    }

    pub(super) async fn send_copy(&self, key: &str, invoice: &str, to: &str, paper: &Paper<'_>) -> Option<ActionEnd> {
        let account = paper.account?;
        let Some(bill) = account.find_invoice_numbered(invoice) else {
            return Some(ActionEnd::Refused { why: format!("there is no bill {invoice}") });
        };
        let business = &paper.content.business;
        let style = paper.style;
        let bytes = match pdf::bill(business, account, bill, style) {
            Ok(bytes) => bytes,
            Err(error) => return Some(ActionEnd::Refused { why: error.to_string() }),
        };
        let month = style.month(bill.issued);
        let letter = Letter {
            to: to.to_owned(),
            subject: normal::shown(&format!("Your {month} bill from {}, {}", business.name, bill.number)),
            text: letter_text(business, account, bill, style),
            attachments: vec![Attachment {
                name: format!("{}.pdf", file_name(&bill.number)),
                media_type: "application/pdf".to_owned(),
                bytes,
            }],
            key: key.to_owned(),
        };
        let Some(mailbox) = &self.mailbox else { return Some(sent(bill.number.clone(), style)) };
        match mailbox.send(&letter).await {
            Ok(()) => Some(sent(bill.number.clone(), style)),
            Err(error @ MailError::Refused(_)) => Some(ActionEnd::Refused { why: error.to_string() }),
            Err(error @ MailError::Unreachable(_)) => {
                tracing::warn!(%error, "a copy of a bill could not be sent yet");
                None
            }
        }
    }
}

fn sent(reference: String, style: Style) -> ActionEnd {
    ActionEnd::Done { reference, on: style.today.to_string() }
}

fn letter_text(business: &file::BusinessFile, account: &Account, bill: &Invoice, style: Style) -> String {
    let month = style.month(bill.issued);
    let owed = match bill.owed().minor {
        0 => "It is paid.".to_owned(),
        _ => format!("You still owe {}, due on {}.", bill.owed().text_in(style.locale), style.date(bill.due)),
    };
    // Whatever a name or a number brings along, it doesn't turn the words around it.
    normal::shown(&format!(
        "Hello {},\n\nhere is a copy of your {month} bill, {}, for {}. {owed}\n\nYou asked for it in our chat. If it \
         wasn't you, tell us: {} or {}.\n\n{}\n",
        account.person.first_name,
        bill.number,
        bill.total.text_in(style.locale),
        business.email,
        business.phone,
        business.name
    ))
}

/// A bill's number as a file's name.
fn file_name(number: &str) -> String {
    number.chars().map(|it| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::answers::facts::tests::Sample;
    use crate::billing::demo;
    use crate::conversation::format::Locale;

    #[test]
    fn a_name_in_a_letter_does_not_turn_the_words_around_it() {
        let today = date(2026, 6, 16);
        let mut account = demo::account("bill-late", today).expect("a demo customer");
        account.person.first_name = "Ab\u{202e}dc\u{1b}".to_owned();
        let style = Style { locale: Locale::default(), today };
        let text = letter_text(&Sample::new().business, &account, &account.invoices[0], style);
        assert!(text.starts_with("Hello Abdc,\n\nhere is"), "{text}");
    }
}
