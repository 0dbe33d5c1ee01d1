//! Links that lead a customer to a page that billing hosts: made for one conversation, for a short time, and kept
//! nowhere.
//!
//! A link says who may go where, sealed with a secret that all nodes share. It holds as long as the conversation's own
//! secret does, so it ends early where somebody else signs in on the page. It works more than once: programs look at
//! addresses before people do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::secrets;
use crate::config::Limits;
use crate::conversation::page::Purpose;
use crate::conversation::{ConversationId, CustomerId};
use crate::store::{Store, StoreError};

/// Under which name the store has the secret.
const SECRET: &str = "page_links_secret";
/// Bytes of what a link says: the conversation, the purpose, and the second in which it ends.
const SAID: usize = 16 + 1 + 4;
/// Bytes of the seal, of which nobody guesses 128 bits.
const SEAL: usize = 16;

/// Makes links and reads them.
#[derive(Clone)]
pub struct Pages {
    store: Store,
    secret: String,
    minutes: i64,
}

impl Pages {
    /// Links with the secret that this store has for them.
    pub async fn open(store: &Store, limits: &Limits) -> Result<Self, StoreError> {
        let secret = store.set_setting_if_absent(SECRET, secrets::random()).await?;
        Ok(Self { store: store.clone(), secret, minutes: limits.page_minutes })
    }

    /// The token of a link for this conversation's customer, whose secret has this hash; none where the conversation
    /// is not one of ours.
    pub fn token(
        &self,
        conversation: &ConversationId,
        secret_hash: &str,
        purpose: Purpose,
        now_ms: i64,
        verified_until_ms: i64,
    ) -> Option<String> {
        let conversation = Uuid::parse_str(conversation.as_str()).ok()?;
        // It opens the account: not for longer than it counts who they are.
        let ends = (now_ms / 1_000).saturating_add(self.minutes.saturating_mul(60)).min(verified_until_ms / 1_000);
        let number = Purpose::ALL.iter().position(|it| *it == purpose)?;
        let mut bytes = Vec::with_capacity(SAID + SEAL);
        bytes.extend_from_slice(conversation.as_bytes());
        bytes.push(u8::try_from(number).ok()?);
        bytes.extend_from_slice(&u32::try_from(ends).ok()?.to_be_bytes());
        let seal = self.sealed(&bytes, secret_hash).finalize().into_bytes();
        bytes.extend_from_slice(&seal[..SEAL]);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Who may go where with this token; nobody once it has ended, or where it is none of ours.
    pub async fn find(&self, token: &str, now_ms: i64) -> Result<Option<(CustomerId, Purpose)>, StoreError> {
        let Some((said, seal)) = read(token) else { return Ok(None) };
        let (conversation, rest) = said.split_at(16);
        let (Some(purpose), Some(ends)) =
            (rest.first().and_then(|it| Purpose::ALL.get(usize::from(*it))), rest.get(1..).and_then(seconds))
        else {
            return Ok(None);
        };
        let Ok(conversation) = Uuid::from_slice(conversation) else { return Ok(None) };
        if ends <= now_ms / 1_000 {
            return Ok(None);
        }
        let record = match self.store.conversation(&ConversationId::new(conversation.to_string())).await {
            Ok(record) => record,
            Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let right = self.sealed(&said, &record.secret_hash).verify_truncated_left(&seal).is_ok();
        Ok(record.customer.filter(|_| right).map(|it| (it, *purpose)))
    }

    /// Both parts have one length each, so no other two make the same.
    fn sealed(&self, said: &[u8], secret_hash: &str) -> Hmac<Sha256> {
        let mut seal = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("HMAC takes a key of any length");
        seal.update(said);
        seal.update(secret_hash.as_bytes());
        seal
    }
}

/// What a token says, and its seal.
fn read(token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    // Six bits a letter.
    if token.len() != ((SAID + SEAL) * 8).div_ceil(6) {
        return None;
    }
    let mut said = URL_SAFE_NO_PAD.decode(token).ok()?;
    let seal = said.split_off(SAID);
    Some((said, seal))
}

fn seconds(bytes: &[u8]) -> Option<i64> {
    Some(i64::from(u32::from_be_bytes(bytes.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Message, NewEvent, Sender, What};
    use crate::store::{Append, Opening, StoreSettings};

    const NOW: i64 = 1_781_600_400_000;

    async fn store() -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings { data: folder.path().to_path_buf(), ..StoreSettings::default() };
        (Store::open(&settings).await.expect("the store opens"), folder)
    }

    /// A conversation whose secret has the hash `hash`.
    async fn talk(store: &Store, customer: Option<&str>) -> ConversationId {
        let id = ConversationId::new(Uuid::now_v7().to_string());
        let customer = customer.map(CustomerId::new);
        let verified = customer.clone().map(|customer| What::Verified { customer, until_ms: NOW, by: None });
        let said = What::Message(Message { text: "hello".into(), ..Message::default() });
        let event = |what| NewEvent { from: Sender::Customer, name: None, what };
        let append = Append {
            opening: Some(Opening { secret_hash: "hash".into(), customer, ..Opening::default() }),
            events: verified.into_iter().chain([said]).map(event).collect(),
            ..Append::new(id.clone(), NOW)
        };
        store.append(append).await.expect("it is kept");
        id
    }

    #[tokio::test]
    async fn a_link_leads_its_customer_to_its_page_until_it_ends_on_every_node() {
        let (store, _folder) = store().await;
        let limits = Limits { page_minutes: 30, ..Limits::default() };
        let one = Pages::open(&store, &limits).await.expect("the store works");
        let two = Pages::open(&store, &limits).await.expect("the store works");
        let id = talk(&store, Some("ana")).await;
        for purpose in Purpose::ALL {
            let token = one.token(&id, "hash", purpose, NOW, i64::MAX).expect("it is a conversation");
            let found = two.find(&token, NOW + 30 * 60_000 - 1_000).await;
            assert_eq!(found, Ok(Some((CustomerId::new("ana"), purpose))));
            assert_eq!(two.find(&token, NOW + 30 * 60_000).await, Ok(None));
        }
    }

    #[tokio::test]
    async fn a_link_ends_with_the_conversations_secret() {
        let (store, _folder) = store().await;
        let pages = Pages::open(&store, &Limits::default()).await.expect("the store works");
        let id = talk(&store, Some("ana")).await;
        let token = pages.token(&id, "hash", Purpose::Pay, NOW, i64::MAX).expect("it is a conversation");
        store.change_secret(&id, "another").await.expect("it is there");
        assert_eq!(pages.find(&token, NOW).await, Ok(None));
    }

    #[tokio::test]
    async fn nothing_that_was_changed_or_made_up_leads_anywhere() {
        let (store, _folder) = store().await;
        let pages = Pages::open(&store, &Limits::default()).await.expect("the store works");
        let id = talk(&store, Some("ana")).await;
        let token = pages.token(&id, "hash", Purpose::Pay, NOW, i64::MAX).expect("it is a conversation");
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("it is plain ASCII");
            assert_eq!(pages.find(&other, NOW).await, Ok(None), "{place}");
            assert_eq!(pages.find(&token[..place], NOW).await, Ok(None), "{place}");
        }
        let stranger = ConversationId::new(Uuid::now_v7().to_string());
        let visitor = talk(&store, None).await;
        for nobody in [stranger, visitor] {
            let token = pages.token(&nobody, "hash", Purpose::Pay, NOW, i64::MAX).expect("it looks like one");
            assert_eq!(pages.find(&token, NOW).await, Ok(None));
        }
        assert_eq!(pages.token(&ConversationId::new("c1"), "hash", Purpose::Pay, NOW, i64::MAX), None);
    }
}
