//! Sends the letters with one-time codes, each in its own time.

use std::sync::Arc;

use super::{Command, Sessions};
use crate::conversation::ConversationId;
use crate::mail::{Letter, MailError};

/// Sends the letter with a conversation's code. Where the mail server takes none, the customer is told that it has not
/// gone out.
///
/// Nobody has the address where there is no letter, and all the rest is the same.
pub(super) fn post_code(sessions: &Sessions, id: &ConversationId, letter: Option<Letter>) {
    let (sessions, id) = (sessions.clone(), id.clone());
    let parts = Arc::clone(&sessions.inner.parts);
    parts.tasks.clone().spawn(async move {
        let sent = match &letter {
            Some(letter) => parts.mailbox.send(letter).await,
            None => parts.mailbox.could_send().await,
        };
        match sent {
            Ok(()) => {}
            // What the server said of a letter may name whom it is for.
            Err(MailError::Refused(_)) => {
                tracing::warn!(conversation = %id, "a letter was refused, and is not sent")
            }
            Err(MailError::Unreachable(why)) => {
                tracing::warn!(conversation = %id, why, "the mail server (`mail.smtp`) took no letter");
                // With a full inbox the next look for lost letters takes it up.
                let _ = sessions.bring(&id, Command::LetterLost);
                return;
            }
        }
        if let Err(error) = parts.store.code_letter_is_out(&id).await {
            tracing::warn!(conversation = %id, %error, "could not note that a letter is out");
        }
    });
}
