//! Keys by which the business's site vouches for its customers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// A key by which the business's site vouches for its customers: a secret shared with it (HS256), or the public half
/// of a key pair whose other half only the site has (EdDSA with Ed25519).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityKey {
    /// Its name in the token's header.
    pub kid: String,
    /// At least 32 characters; empty where there is a public key.
    pub secret: String,
    /// An Ed25519 public key: PEM as `openssl pkey -pubout` writes it, or its 32 bytes in base64.
    pub public_key: String,
}

/// What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410, section 4).
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Characters of a shared secret, at least.
const SECRET_CHARS_MIN: usize = 32;

impl IdentityKey {
    /// The bytes of the public key, where there is one that can be read.
    pub fn public_bytes(&self) -> Option<[u8; 32]> {
        let base64: String = (self.public_key.lines())
            .filter(|it| !it.trim_start().starts_with("-----"))
            .flat_map(str::chars)
            .filter(|it| !it.is_whitespace() && *it != '=')
            .map(|it| match it {
                '-' => '+',
                '_' => '/',
                it => it,
            })
            .collect();
        let bytes = STANDARD_NO_PAD.decode(base64).ok()?;
        bytes.strip_prefix(&ED25519_HEAD).unwrap_or(&bytes).try_into().ok()
    }

    /// Fails where it can't be used, under the name by which the settings know it.
    pub(super) fn check(&self, name: &str) -> anyhow::Result<()> {
        let kid = &self.kid;
        anyhow::ensure!(!kid.is_empty(), "{name} has no `kid`: give it the name that stands in the tokens");
        match (self.secret.is_empty(), self.public_key.is_empty()) {
            (false, true) => anyhow::ensure!(
                SECRET_CHARS_MIN <= self.secret.len(),
                "{name} (`{kid}`) has a secret that is shorter than {SECRET_CHARS_MIN} characters"
            ),
            (true, false) => anyhow::ensure!(
                self.public_bytes().is_some(),
                "{name} (`{kid}`) has a public key that cannot be read: it must be an Ed25519 public key, as PEM or as base64 of 32 bytes"
            ),
            _ => anyhow::bail!("{name} (`{kid}`) must have either `secret` or `public_key`"),
        }
        Ok(())
    }
}

impl std::fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = "very-secret-very-secret-very-secret".to_owned();
        let key = IdentityKey { kid: "a".into(), secret, ..IdentityKey::default() };
        assert!(!format!("{key:?}").contains("very-secret"));
    }

    #[test]
    fn a_public_key_is_read_in_the_forms_that_people_have() {
        let plain = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        let bytes = |text: &str| IdentityKey { public_key: text.into(), ..IdentityKey::default() }.public_bytes();
        assert!(bytes(plain).is_some());
        for same in [pem, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"] {
            assert_eq!(bytes(same), bytes(plain), "{same}");
        }
        for wrong in ["", "short", "MCowBQYDK2VwAyEA11qYAYKxCrfVS", &pem.replace("MCow", "MIIB")] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
