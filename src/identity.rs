//! Who is this? Tokens that the business's site signs for its customers.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::config::IdentityKey;
use crate::conversation::CustomerId;

pub mod secrets;

/// The audience that a token must name.
const AUDIENCE: &str = "plainbill";
/// How far the site's clock and ours may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 4_096;

/// What a token says. HS256 (RFC 7519, RFC 7518 section 3.2), with `kid` in the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    /// The customer's id.
    sub: String,
    aud: String,
    /// When it was made, in seconds since 1970.
    iat: i64,
    /// When it ends, in seconds since 1970.
    exp: i64,
}

/// Why a token does not count. One word to the outside, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No key has the token's name.
    #[error("the token's `kid` names no key of ours")]
    UnknownKey,
    /// Not a token, changed on the way, ended, or for somebody else.
    #[error("the token is malformed, badly signed, ended or for another audience")]
    Invalid,
    /// It would be valid for too long.
    #[error("the token is valid for longer than allowed")]
    TooLong,
}

/// The keys, and how long a token may be valid.
#[derive(Clone, Debug)]
pub struct Identity {
    keys: Vec<IdentityKey>,
    seconds_max: i64,
}

impl Identity {
    /// Knows customers by tokens signed with one of these keys, valid for at most `seconds_max` seconds.
    pub fn new(keys: Vec<IdentityKey>, seconds_max: i64) -> Self {
        Self { keys, seconds_max }
    }

    /// The customer whom a token vouches for at `now`, in seconds since 1970.
    pub fn customer(&self, token: &str, now: i64) -> Result<CustomerId, IdentityError> {
        if TOKEN_BYTES_MAX < token.len() {
            return Err(IdentityError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdentityError::Invalid)?;
        // The algorithm is ours to choose, never the token's.
        if header.alg != Algorithm::HS256 {
            return Err(IdentityError::Invalid);
        }
        let key = self.keys.iter().find(|it| Some(&it.kid) == header.kid.as_ref()).ok_or(IdentityError::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        // Times are compared below, with our own clock.
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key.secret.as_bytes()), &validation)
                .map_err(|_| IdentityError::Invalid)?
                .claims;
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now || now.saturating_add(LEEWAY_SECONDS) < claims.iat {
            return Err(IdentityError::Invalid);
        }
        if self.seconds_max < claims.exp.saturating_sub(claims.iat) {
            return Err(IdentityError::TooLong);
        }
        if claims.sub.trim().is_empty() {
            return Err(IdentityError::Invalid);
        }
        Ok(CustomerId::new(claims.sub))
    }

    /// A token for a customer, as the business's site would make it: for the demo and for trying out.
    pub fn token(&self, customer: &CustomerId, now: i64) -> Result<String, IdentityError> {
        let key = self.keys.first().ok_or(IdentityError::UnknownKey)?;
        let claims =
            Claims { sub: customer.to_string(), aud: AUDIENCE.to_owned(), iat: now, exp: now + self.seconds_max };
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret.as_bytes()))
            .map_err(|_| IdentityError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn identity(kid: &str) -> Identity {
        Identity::new(vec![IdentityKey { kid: kid.into(), secret: format!("{kid:0>40}") }], 600)
    }

    #[test]
    fn a_fresh_token_names_its_customer() {
        let ours = identity("a");
        let token = ours.token(&CustomerId::new("price-rise"), NOW).expect("there is a key");
        assert_eq!(ours.customer(&token, NOW + 30), Ok(CustomerId::new("price-rise")));
    }

    #[test]
    fn a_token_ends() {
        let ours = identity("a");
        let token = ours.token(&CustomerId::new("x"), NOW).expect("there is a key");
        assert_eq!(ours.customer(&token, NOW + 700), Err(IdentityError::Invalid));
        assert_eq!(ours.customer(&token, NOW - 700), Err(IdentityError::Invalid));
    }

    #[test]
    fn a_token_of_another_key_or_a_changed_one_does_not_count() {
        let theirs = identity("b").token(&CustomerId::new("x"), NOW).expect("there is a key");
        assert_eq!(identity("a").customer(&theirs, NOW), Err(IdentityError::UnknownKey));
        let other_secret = Identity::new(vec![IdentityKey { kid: "b".into(), secret: "s".repeat(40) }], 600);
        assert_eq!(other_secret.customer(&theirs, NOW), Err(IdentityError::Invalid));
        for cut in 0..theirs.len() {
            assert!(identity("b").customer(&theirs[..cut], NOW).is_err());
        }
    }

    #[test]
    fn a_token_that_is_valid_for_too_long_does_not_count() {
        let generous = Identity::new(identity("a").keys, 6_000);
        let token = generous.token(&CustomerId::new("x"), NOW).expect("there is a key");
        assert_eq!(identity("a").customer(&token, NOW), Err(IdentityError::TooLong));
    }

    #[test]
    fn an_unsigned_token_does_not_count() {
        // {"alg":"none","kid":"a"} . {"sub":"x","aud":"plainbill","iat":0,"exp":9999999999} . nothing
        let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoiYSJ9.\
                        eyJzdWIiOiJ4IiwiYXVkIjoicGxhaW5iaWxsIiwiaWF0IjowLCJleHAiOjk5OTk5OTk5OTl9.";
        assert_eq!(identity("a").customer(unsigned, NOW), Err(IdentityError::Invalid));
    }
}
