//! One-time codes by e-mail: six digits that prove who reads the letters to an address of ours.
//!
//! Neither a code nor an address is kept, only digests of them that are keyed with a secret of this installation, so
//! that the million codes there are cannot be tried on a copy of the store alone.
//! Whatever is asked for an address takes the same steps whether billing knows the address or not.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::config::{Config, Limits};
use crate::conversation::{ConversationId, CustomerId};
use crate::identity::secrets;
use crate::store::{CodeChange, CodeLimits, CodeRecord, Store, StoreError};

/// The name under which the secret is kept.
const SECRET: &str = "code_secret";
/// How many codes there are.
const CODES: u32 = 1_000_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Makes codes and checks them.
#[derive(Clone)]
pub struct Codes {
    store: Store,
    secret: String,
    offered: bool,
    minutes: i64,
    tries_max: u32,
    pause_minutes: i64,
    per_hour: u32,
    per_network_hour: u32,
    letter_ms_max: i64,
}

/// What comes of asking for a code.
#[derive(Debug, PartialEq, Eq)]
pub enum CodeRequest {
    /// It may be sent.
    Made {
        /// The six digits: for the letter, and for nothing else.
        code: String,
        /// What has to be kept with the turn.
        change: CodeChange,
    },
    /// Too many codes were asked for, or wrong ones typed; it works again in so many minutes.
    Paused {
        /// At least 1.
        minutes: i64,
    },
}

/// What comes of a typed code.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is right.
    Right(CustomerId),
    /// It is another one; so many tries are left.
    Wrong {
        /// At least 1.
        tries: u32,
    },
    /// It was another one once too often; new ones are made after so many minutes.
    Paused {
        /// At least 1.
        minutes: i64,
    },
    /// There is none any more.
    Ended,
}

impl Codes {
    /// Codes with these limits, and the secret that this store has for them.
    ///
    /// They are offered where letters reach people: through a mail server, or in the demo, whose letters become files.
    pub async fn open(store: &Store, config: &Config) -> Result<Self, StoreError> {
        let secret = store.set_setting_if_absent(SECRET, secrets::random()).await?;
        let offered = config.demo || !config.mail.smtp.is_empty();
        Ok(Self::new(store.clone(), secret, offered, &config.limits))
    }

    fn new(store: Store, secret: String, offered: bool, limits: &Limits) -> Self {
        Self {
            store,
            secret,
            offered,
            minutes: limits.code_minutes,
            tries_max: limits.code_tries_max,
            pause_minutes: limits.code_pause_minutes,
            per_hour: limits.codes_per_hour,
            per_network_hour: limits.codes_per_network_hour,
            letter_ms_max: limits.settle_after_ms,
        }
    }

    /// Whether letters reach people, so that a code can be offered.
    pub fn offered(&self) -> bool {
        self.offered
    }

    /// How long a code is valid, in minutes.
    pub fn minutes(&self) -> i64 {
        self.minutes
    }

    /// What is kept of the digits that somebody typed in this conversation, in place of them.
    pub fn digest(&self, conversation: &ConversationId, digits: &str) -> String {
        self.keyed(&["code", conversation.as_str(), digits])
    }

    /// A new code for whoever reads the letters to `email`: `customer`, or nobody whom we know.
    pub async fn ask(
        &self,
        conversation: &ConversationId,
        email: &str,
        customer: Option<CustomerId>,
        network: &str,
        now_ms: i64,
    ) -> Result<CodeRequest, StoreError> {
        let email = self.keyed(&["email", &email.to_lowercase()]);
        let network = self.keyed(&["network", network]);
        let pause_ms = self.pause_minutes.saturating_mul(MINUTE_MS);
        let paused = self.store.codes_paused(&email, now_ms.saturating_sub(pause_ms)).await?;
        let since_ms = now_ms.saturating_sub(HOUR_MS);
        let (for_email, from_network) = self.store.codes_asked(&email, &network, since_ms).await?;
        let until = [
            paused.map(|it| it.saturating_add(pause_ms)),
            for_email.first_at_ms.filter(|_| self.per_hour <= for_email.count).map(|it| it.saturating_add(HOUR_MS)),
            from_network
                .first_at_ms
                .filter(|_| self.per_network_hour <= from_network.count)
                .map(|it| it.saturating_add(HOUR_MS)),
        ];
        if let Some(until) = until.into_iter().flatten().max() {
            return Ok(CodeRequest::Paused { minutes: minutes_until(until, now_ms) });
        }
        let code = random_code();
        let record = CodeRecord {
            digest: self.digest(conversation, &code),
            email,
            customer,
            n_wrong: 0,
            ends_at_ms: now_ms.saturating_add(self.minutes.saturating_mul(MINUTE_MS)),
        };
        let limits = CodeLimits { per_email: self.per_hour, per_network: self.per_network_hour, since_ms };
        let letter_due_ms = now_ms.saturating_add(self.letter_ms_max);
        Ok(CodeRequest::Made { code, change: CodeChange::New { code: record, network, limits, letter_due_ms } })
    }

    /// Whether the digits of this digest are the conversation's code, and what has to be kept of the try.
    pub async fn check(
        &self,
        conversation: &ConversationId,
        digest: &str,
        now_ms: i64,
    ) -> Result<(Checked, Option<CodeChange>), StoreError> {
        let Some(code) = self.store.code(conversation).await? else { return Ok((Checked::Ended, None)) };
        if code.ends_at_ms <= now_ms {
            return Ok((Checked::Ended, None));
        }
        let right: bool = code.digest.as_bytes().ct_eq(digest.as_bytes()).into();
        if let (true, Some(customer)) = (right, code.customer) {
            return Ok((Checked::Right(customer), Some(CodeChange::Used)));
        }
        let tries = self.tries_max.saturating_sub(code.n_wrong.saturating_add(1));
        let checked = match tries {
            0 => Checked::Paused { minutes: self.pause_minutes },
            tries => Checked::Wrong { tries },
        };
        Ok((checked, Some(CodeChange::Wrong { tries_max: self.tries_max })))
    }

    /// A digest that nobody can make without the secret; each word stands with its length, so that no two lists of
    /// words have the same.
    fn keyed(&self, words: &[&str]) -> String {
        let mut digest =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("HMAC takes a key of any length");
        for word in words {
            digest.update(&(word.len() as u64).to_be_bytes());
            digest.update(word.as_bytes());
        }
        digest.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Six random digits, each code as likely as every other.
fn random_code() -> String {
    // The largest multiple of the number of codes: what lies above would make some codes likelier.
    const BELOW: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let mut bytes = [0_u8; 4];
        getrandom::fill(&mut bytes).expect("the operating system always has random bytes");
        let number = u32::from_be_bytes(bytes);
        if number < BELOW {
            return format!("{:06}", number % CODES);
        }
    }
}

/// Begun minutes until a time, at least one.
fn minutes_until(until_ms: i64, now_ms: i64) -> i64 {
    let left = until_ms.saturating_sub(now_ms).max(1);
    (left - 1) / MINUTE_MS + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreSettings;

    async fn codes(secret: &str) -> (Codes, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = StoreSettings { data: folder.path().to_path_buf(), ..StoreSettings::default() };
        let store = Store::open(&settings).await.expect("the store opens");
        (Codes::new(store, secret.into(), true, &Limits::default()), folder)
    }

    #[test]
    fn codes_are_six_digits_and_differ() {
        let codes: std::collections::BTreeSet<String> = (0..200).map(|_| random_code()).collect();
        assert!(codes.iter().all(|it| it.len() == 6 && it.bytes().all(|it| it.is_ascii_digit())));
        assert!(190 < codes.len(), "{} of 200 differ", codes.len());
    }

    #[test]
    fn a_wait_is_told_in_begun_minutes() {
        for (left, minutes) in [(0, 1), (1, 1), (60_000, 1), (60_001, 2), (-5, 1), (900_000, 15)] {
            assert_eq!(minutes_until(left, 0), minutes, "{left}");
        }
    }

    #[tokio::test]
    async fn a_digest_belongs_to_its_conversation_its_digits_and_its_secret() {
        let (ours, _folder) = codes("a").await;
        let (theirs, _other) = codes("b").await;
        let (one, two) = (ConversationId::new("c1"), ConversationId::new("c11"));
        let digest = ours.digest(&one, "123456");
        assert_eq!(digest, ours.digest(&one, "123456"));
        assert!(!digest.contains("123456"));
        for other in [ours.digest(&one, "123457"), ours.digest(&two, "23456"), theirs.digest(&one, "123456")] {
            assert_ne!(digest, other);
        }
    }
}
