//! Somebody of staff answers the customer.

use crate::conversation::normal::is_blank;
use crate::conversation::{Message, NewEvent, Owner, Sender, What, masking};
use crate::session::staff::StaffError;
use crate::session::task::Session;
use crate::session::{Kept, SessionError};
use crate::store::{Append, Expect, Staff};

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 512;

/// Somebody of staff answers the customer.
#[derive(Debug)]
pub struct Reply {
    /// Who.
    pub staff: Staff,
    /// The client's key.
    pub key: String,
    /// The words.
    pub text: String,
    /// The last place in the log that they have on their screen.
    pub after: u32,
}

impl Session {
    /// Keeps their words. Nobody answers but whoever has the conversation, and only having read all that the customer
    /// said.
    pub(in crate::session) async fn reply(&mut self, reply: Reply) -> Result<Kept, StaffError> {
        check(&reply, self.parts.config.limits.text_chars_max)?;
        let staff = reply.staff;
        let message = Message { text: masking::mask(reply.text.trim()).text, ..Message::default() };
        let expect = Expect {
            owner: Some(Owner::Staff),
            staff: Some(staff.id.clone()),
            seen: Some(reply.after),
            ..Expect::default()
        };
        // Two people who make the same key by chance must not take each other's ack.
        let key = Some(format!("{}:{}", staff.id, reply.key));
        let event = NewEvent { from: Sender::Staff, name: Some(staff.name), what: What::Message(message) };
        Ok(Kept::from(&self.keep(Append { key, ..self.append(expect, vec![event]) }).await?))
    }
}

fn check(reply: &Reply, chars_max: usize) -> Result<(), SessionError> {
    let text = reply.text.trim();
    if is_blank(text) {
        return Err(SessionError::Empty);
    }
    if chars_max < text.chars().count() || KEY_BYTES_MAX < reply.key.len() {
        return Err(SessionError::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::StaffId;
    use crate::store::Role;

    fn checked(key: &str, text: &str) -> Result<(), SessionError> {
        let (id, login, name) = (StaffId::new("staff-ben"), "ben".to_owned(), "Ben".to_owned());
        let staff = Staff { id, login, name, role: Role::Answers, added_at_ms: 0 };
        check(&Reply { staff, key: key.to_owned(), text: text.to_owned(), after: 0 }, 4)
    }

    #[test]
    fn a_reply_says_something_and_is_no_longer_than_a_message_may_be() {
        assert!(checked("k", " four ").is_ok());
        assert!(matches!(checked("k", " \n"), Err(SessionError::Empty)));
        assert!(matches!(checked("k", "fifth"), Err(SessionError::TooLong)));
        assert!(matches!(checked(&"k".repeat(513), "four"), Err(SessionError::TooLong)));
    }
}
