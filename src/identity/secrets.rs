//! Random secrets, and how they are kept: hashed, never as they are.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A new secret of 256 random bits, as 43 characters that are safe in a header or a cookie.
pub fn random() -> String {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).expect("the operating system always has random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a secret: its SHA-256 in hexadecimal. Enough for random secrets, not for passwords.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a secret is the one that was kept, in constant time.
pub fn matches(secret: &str, kept_hash: &str) -> bool {
    hash(secret).as_bytes().ct_eq(kept_hash.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_hash_and_no_other() {
        let (one, other) = (random(), random());
        assert!(matches(&one, &hash(&one)));
        assert!(!matches(&one, &hash(&other)));
        assert_eq!(one.len(), 43);
    }
}
