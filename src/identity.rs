//! Who is this? Tokens that the business's site signs for its customers, or a one-time code by e-mail.

use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::config::IdentityKey;
use crate::conversation::CustomerId;

pub mod codes;
pub mod pages;
pub mod secrets;

/// The audience that a token must name.
const AUDIENCE: &str = "plainbill";
/// How far the site's clock and ours may be apart, in seconds.
const LEEWAY_SECONDS: i64 = 60;
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 4_096;

/// Header, body and signature.
const TOKEN_PARTS: usize = 3;
/// The year 2286; in milliseconds this was in April 1970.
const SECONDS_MAX: f64 = 1e10;

/// What a token says (RFC 7519): signed with HS256 (RFC 7518, section 3.2) or EdDSA (RFC 8037), with `kid` in the header.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Claims {
    /// The customer's id.
    sub: String,
    /// One audience, or several (section 4.1.3).
    aud: Value,
    /// When it was made, in seconds since 1970; like all times perhaps with a fraction (section 2).
    iat: f64,
    /// When it ends.
    exp: f64,
    /// Before this it doesn't count, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
}

impl Claims {
    /// The claims in a token's body; what is wrong is said of the first one that is.
    fn read(body: &Map<String, Value>) -> Result<Self, IdentityError> {
        let time = |claim: &'static str| match body.get(claim) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(IdentityError::WrongKind {
                claim,
                is: kind_of(value),
                wanted: "a number: seconds since 1970",
            }),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let is_audience =
            |it: &&Value| it.is_string() || it.as_array().is_some_and(|all| all.iter().all(Value::is_string));
        let sub = body.get("sub").ok_or(IdentityError::Missing("sub"))?;
        let aud = body.get("aud").ok_or(IdentityError::Missing("aud"))?;
        let wrong = |claim, value, wanted| IdentityError::WrongKind { claim, is: kind_of(value), wanted };
        Ok(Self {
            sub: text(sub).ok_or(wrong("sub", sub, "a text: the customer's id"))?,
            aud: Some(aud).filter(is_audience).cloned().ok_or(wrong("aud", aud, "a text or a list of texts"))?,
            iat: time("iat")?.ok_or(IdentityError::Missing("iat"))?,
            exp: time("exp")?.ok_or(IdentityError::Missing("exp"))?,
            nbf: time("nbf")?,
        })
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list of something else",
        Value::Object(_) => "an object",
    }
}

/// Why a token does not count. One word to the outside, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No key has the token's name.
    #[error("the token's `kid` names no key of `identity_keys`")]
    UnknownKey,
    /// Not a token at all, or not one that can be read.
    #[error("the token cannot be read: {0}")]
    Malformed(&'static str),
    /// A claim is not there that has to be.
    #[error("the token has no `{0}`")]
    Missing(&'static str),
    /// A claim is not of the kind that RFC 7519 has.
    #[error("the token's `{claim}` is {is}, where it must be {wanted}")]
    WrongKind {
        /// Its name.
        claim: &'static str,
        /// What it is.
        is: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// Signed with another key, or changed on the way.
    #[error("the token's signature is not of the key that its `kid` names: is it the same secret or key pair?")]
    BadSignature,
    /// Signed in another way than its key is for.
    #[error("the token's `alg` is {is:?}, where the key that its `kid` names is for {wanted:?}")]
    WrongAlgorithm {
        /// How it is signed.
        is: Algorithm,
        /// How it has to be.
        wanted: Algorithm,
    },
    /// For somebody else.
    #[error("the token's `aud` doesn't name plainbill")]
    OtherAudience,
    /// It is over.
    #[error("the token's `exp` was {0} seconds ago: make one for each request, and see that the site's clock is right")]
    Ended(i64),
    /// It doesn't count yet, or was made in the future.
    #[error("the token's `{claim}` lies {seconds} seconds in the future: is the clock of the site right?")]
    NotYet {
        /// The time's name.
        claim: &'static str,
        /// How far ahead of our clock it is.
        seconds: i64,
    },
    /// A time that is one only if it counts something smaller than seconds.
    #[error(
        "the token's `{0}` is no time in our century: does it count milliseconds? It must count seconds since 1970"
    )]
    NotSeconds(&'static str),
    /// It demands that something is understood which isn't (RFC 7515, section 4.1.11).
    #[error("the token's header has `crit`, and nothing critical is understood here")]
    Critical,
    /// It would be valid for too long.
    #[error(
        "the token is valid for {is} seconds from `iat` to `exp`, where `limits.identity_seconds_max` allows {max}"
    )]
    TooLong {
        /// For so long.
        is: i64,
        /// The longest that is allowed.
        max: i64,
    },
}

/// The keys, and how long a token may be valid.
#[derive(Clone, Debug)]
pub struct Identity {
    keys: Arc<ArcSwap<Vec<IdentityKey>>>,
    seconds_max: i64,
}

impl Identity {
    /// Knows customers by tokens signed with one of these keys, valid for at most `seconds_max` seconds.
    pub fn new(keys: Vec<IdentityKey>, seconds_max: i64) -> Self {
        Self { keys: Arc::new(ArcSwap::from_pointee(keys)), seconds_max }
    }

    /// From now on these keys count, and no others.
    pub fn change_keys(&self, keys: Vec<IdentityKey>) {
        self.keys.store(Arc::new(keys));
    }

    /// The customer whom a token vouches for at `now`, in seconds since 1970.
    pub fn customer(&self, token: &str, now: i64) -> Result<CustomerId, IdentityError> {
        if TOKEN_BYTES_MAX < token.len() {
            return Err(IdentityError::Malformed("it is longer than 4096 bytes"));
        }
        if token.split('.').count() != TOKEN_PARTS {
            return Err(IdentityError::Malformed("it has not three parts with dots between them"));
        }
        let header = jsonwebtoken::decode_header(token)
            .map_err(|_| IdentityError::Malformed("its header is no JSON with an `alg` of HS256 or EdDSA"))?;
        if has_critical(token) {
            return Err(IdentityError::Critical);
        }
        let keys = self.keys.load();
        let kid = header.kid.ok_or(IdentityError::Missing("kid"))?;
        let key = keys.iter().find(|it| it.kid == kid).ok_or(IdentityError::UnknownKey)?;
        // The key says the algorithm, never the token: else a public key would do as a shared secret.
        let (algorithm, decoding_key) = match key.public_bytes() {
            Some(bytes) => (Algorithm::EdDSA, DecodingKey::from_ed_der(&bytes)),
            None => (Algorithm::HS256, DecodingKey::from_secret(key.secret.as_bytes())),
        };
        if header.alg != algorithm {
            return Err(IdentityError::WrongAlgorithm { is: header.alg, wanted: algorithm });
        }
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        // Times are compared below, with our own clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let body = jsonwebtoken::decode::<Map<String, Value>>(token, &decoding_key, &validation).map_err(fault)?.claims;
        let claims = Claims::read(&body)?;
        let audiences = claims.aud.as_array().map_or(std::slice::from_ref(&claims.aud), Vec::as_slice);
        if !audiences.iter().any(|it| it == AUDIENCE) {
            return Err(IdentityError::OtherAudience);
        }
        self.check_times(&claims, now)?;
        if claims.sub.trim().is_empty() {
            return Err(IdentityError::Malformed("its `sub` is empty"));
        }
        if claims.sub.contains(char::is_control) {
            return Err(IdentityError::Malformed("its `sub` has a character that no id has"));
        }
        Ok(CustomerId::new(claims.sub))
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    fn check_times(&self, claims: &Claims, now: i64) -> Result<(), IdentityError> {
        let (now, leeway) = (now as f64, LEEWAY_SECONDS as f64);
        let times = [("iat", Some(claims.iat)), ("exp", Some(claims.exp)), ("nbf", claims.nbf)];
        // What is not a number is none.
        let is_none = |it: f64| !(0.0..SECONDS_MAX).contains(&it);
        if let Some((claim, _)) = times.into_iter().find(|it| it.1.is_some_and(is_none)) {
            return Err(IdentityError::NotSeconds(claim));
        }
        if claims.exp + leeway <= now {
            return Err(IdentityError::Ended(whole(now - claims.exp)));
        }
        for (claim, from) in [("iat", Some(claims.iat)), ("nbf", claims.nbf)] {
            if let Some(from) = from.filter(|it| now + leeway < *it) {
                return Err(IdentityError::NotYet { claim, seconds: whole(from - now) });
            }
        }
        let seconds = claims.exp - claims.iat;
        if (self.seconds_max as f64) < seconds {
            return Err(IdentityError::TooLong { is: whole(seconds.ceil()), max: self.seconds_max });
        }
        Ok(())
    }

    /// A token for a customer, as the business's site would make it: for the demo and for trying out.
    ///
    /// Made with the first key that is a shared secret; with public keys alone only the site can make one.
    pub fn token(&self, customer: &CustomerId, now: i64) -> Result<String, IdentityError> {
        let keys = self.keys.load();
        let key = keys.iter().find(|it| !it.secret.is_empty()).ok_or(IdentityError::UnknownKey)?;
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
        let (iat, exp) = (now as f64, (now + self.seconds_max) as f64);
        let claims = Claims { sub: customer.to_string(), aud: AUDIENCE.into(), iat, exp, nbf: None };
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret.as_bytes()))
            .map_err(|_| IdentityError::Malformed("it could not be made"))
    }
}

/// Seconds of a time that is one, without their fraction.
#[expect(clippy::cast_possible_truncation, reason = "times are far below 2^52 here")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

/// Whether the header demands that extensions are understood.
fn has_critical(token: &str) -> bool {
    let header = token.split('.').next().and_then(|it| URL_SAFE_NO_PAD.decode(it).ok()).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(&header).is_ok_and(|it| it.get("crit").is_some())
}

/// What is wrong with a token, without anything that stands in it.
fn fault(error: jsonwebtoken::errors::Error) -> IdentityError {
    match error.kind() {
        ErrorKind::InvalidSignature => IdentityError::BadSignature,
        ErrorKind::Json(_) => IdentityError::Malformed("its body is no JSON object"),
        _ => IdentityError::Malformed("its parts are no base64url"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const NOW_F: f64 = 1_800_000_000.0;

    /// The secret half and the public half of the first test's key in RFC 8032, section 7.1.
    const ED25519_SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const ED25519_PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    fn shared(kid: &str) -> IdentityKey {
        IdentityKey { kid: kid.into(), secret: format!("{kid:0>40}"), ..IdentityKey::default() }
    }

    fn public(kid: &str) -> IdentityKey {
        IdentityKey { kid: kid.into(), public_key: ED25519_PUBLIC.into(), ..IdentityKey::default() }
    }

    fn identity(kid: &str) -> Identity {
        Identity::new(vec![shared(kid)], 600)
    }

    fn claims() -> Claims {
        Claims { sub: "price-rise".into(), aud: AUDIENCE.into(), iat: NOW_F, exp: NOW_F + 600.0, nbf: None }
    }

    fn signed(kid: &str, algorithm: Algorithm, claims: &Claims, key: &EncodingKey) -> String {
        let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, claims, key).expect("it can be signed")
    }

    /// The site's half of the key pair, as PKCS #8 (RFC 8410, section 7).
    fn site_key() -> EncodingKey {
        let head = "302e020100300506032b657004220420";
        let hex: Vec<u8> = format!("{head}{ED25519_SECRET}").into_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
        EncodingKey::from_ed_der(&hex.chunks(2).map(byte).collect::<Vec<u8>>())
    }

    #[test]
    fn a_token_of_the_sites_own_key_pair_names_its_customer() {
        let ours = Identity::new(vec![public("ed")], 600);
        let token = signed("ed", Algorithm::EdDSA, &claims(), &site_key());
        assert_eq!(ours.customer(&token, NOW), Ok(CustomerId::new("price-rise")));
        assert_eq!(ours.token(&CustomerId::new("x"), NOW), Err(IdentityError::UnknownKey));
        for wrong in [
            Claims { aud: "other".into(), ..claims() },
            Claims { sub: " ".into(), ..claims() },
            Claims { iat: NOW_F - 900.0, exp: NOW_F - 300.0, ..claims() },
        ] {
            let token = signed("ed", Algorithm::EdDSA, &wrong, &site_key());
            assert!(ours.customer(&token, NOW).is_err(), "{wrong:?}");
        }
        let long = Claims { exp: NOW_F + 601.0, ..claims() };
        let token = signed("ed", Algorithm::EdDSA, &long, &site_key());
        assert_eq!(ours.customer(&token, NOW), Err(IdentityError::TooLong { is: 601, max: 600 }));
    }

    #[test]
    fn a_token_signed_with_the_public_key_as_if_it_were_a_secret_does_not_count() {
        let ours = Identity::new(vec![public("ed")], 600);
        let bytes = public("ed").public_bytes().expect("it is a key");
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{ED25519_PUBLIC}\n-----END PUBLIC KEY-----\n");
        for secret in [&bytes[..], ED25519_PUBLIC.as_bytes(), pem.as_bytes(), b""] {
            let token = signed("ed", Algorithm::HS256, &claims(), &EncodingKey::from_secret(secret));
            assert!(ours.customer(&token, NOW).is_err());
        }
        // Nor does a good signature under the name of a key of the other kind.
        let both = Identity::new(vec![public("ed"), shared("hs")], 600);
        let token = signed("hs", Algorithm::EdDSA, &claims(), &site_key());
        assert!(both.customer(&token, NOW).is_err());
        let secret = EncodingKey::from_secret(shared("hs").secret.as_bytes());
        let token = signed("ed", Algorithm::HS256, &claims(), &secret);
        assert!(both.customer(&token, NOW).is_err());
    }

    #[test]
    fn two_keys_live_side_by_side_until_the_old_one_goes() {
        let (old, new) = (identity("old"), Identity::new(vec![public("new")], 600));
        let both = Identity::new(vec![shared("old"), public("new")], 600);
        let of_old = old.token(&CustomerId::new("price-rise"), NOW).expect("there is a key");
        let of_new = signed("new", Algorithm::EdDSA, &claims(), &site_key());
        assert!(both.customer(&of_old, NOW).is_ok() && both.customer(&of_new, NOW).is_ok());
        assert_eq!(new.customer(&of_old, NOW), Err(IdentityError::UnknownKey));
        assert!(new.customer(&of_new, NOW).is_ok());
    }

    #[test]
    fn a_token_without_the_name_of_its_key_does_not_count() {
        let header = Header::new(Algorithm::HS256);
        let secret = EncodingKey::from_secret(shared("a").secret.as_bytes());
        let token = jsonwebtoken::encode(&header, &claims(), &secret).expect("it can be signed");
        assert_eq!(identity("a").customer(&token, NOW), Err(IdentityError::Missing("kid")));
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
        assert!(ours.customer(&token, NOW + 700).is_err());
        assert!(ours.customer(&token, NOW - 700).is_err());
    }

    #[test]
    fn a_token_of_another_key_or_a_changed_one_does_not_count() {
        let theirs = identity("b").token(&CustomerId::new("x"), NOW).expect("there is a key");
        assert_eq!(identity("a").customer(&theirs, NOW), Err(IdentityError::UnknownKey));
        let other_secret = Identity::new(vec![IdentityKey { secret: "s".repeat(40), ..shared("b") }], 600);
        assert!(other_secret.customer(&theirs, NOW).is_err());
        for cut in 0..theirs.len() {
            assert!(identity("b").customer(&theirs[..cut], NOW).is_err());
        }
    }

    #[test]
    fn a_token_that_is_valid_for_too_long_does_not_count() {
        let generous = Identity::new(identity("a").keys.load().to_vec(), 6_000);
        let token = generous.token(&CustomerId::new("x"), NOW).expect("there is a key");
        assert_eq!(identity("a").customer(&token, NOW), Err(IdentityError::TooLong { is: 6_000, max: 600 }));
    }

    #[test]
    fn an_unsigned_token_does_not_count() {
        // {"alg":"none","kid":"a"} . {"sub":"x","aud":"plainbill","iat":0,"exp":9999999999} . nothing
        let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoiYSJ9.\
                        eyJzdWIiOiJ4IiwiYXVkIjoicGxhaW5iaWxsIiwiaWF0IjowLCJleHAiOjk5OTk5OTk5OTl9.";
        for ours in [identity("a"), Identity::new(vec![public("a")], 600)] {
            assert!(ours.customer(unsigned, NOW).is_err());
        }
    }

    #[test]
    fn times_may_have_fractions_and_audiences_may_be_several() {
        let (ours, key) = (identity("a"), EncodingKey::from_secret(shared("a").secret.as_bytes()));
        let check = |claims: &Claims| ours.customer(&signed("a", Algorithm::HS256, claims, &key), NOW);
        let good = Ok(CustomerId::new("price-rise"));
        assert_eq!(check(&Claims { exp: NOW_F + 599.25, iat: NOW_F + 0.5, ..claims() }), good);
        assert_eq!(check(&Claims { aud: serde_json::json!(["shop", "plainbill"]), ..claims() }), good);
        assert_eq!(check(&Claims { nbf: Some(NOW_F - 5.0), ..claims() }), good);
        let not_yet = |claim, seconds| Err(IdentityError::NotYet { claim, seconds });
        assert_eq!(check(&Claims { nbf: Some(NOW_F + 3_600.0), ..claims() }), not_yet("nbf", 3_600));
        assert_eq!(check(&Claims { iat: NOW_F + 90.0, exp: NOW_F + 200.0, ..claims() }), not_yet("iat", 90));
        assert_eq!(check(&Claims { aud: serde_json::json!(["shop"]), ..claims() }), Err(IdentityError::OtherAudience));
        assert_eq!(check(&Claims { aud: serde_json::json!([]), ..claims() }), Err(IdentityError::OtherAudience));
    }

    #[test]
    fn each_cause_is_told_by_itself() {
        let (ours, key) = (identity("a"), EncodingKey::from_secret(shared("a").secret.as_bytes()));
        let check = |token: &str| ours.customer(token, NOW).map_err(|it| it.to_string()).expect_err("it is refused");
        let of = |claims: &Claims| check(&signed("a", Algorithm::HS256, claims, &key));
        for (said, wanted) in [
            (check("not.atoken"), "three parts"),
            (check("e30.e30.e30"), "its header is no JSON with an `alg`"),
            (check(&"x".repeat(5_000)), "longer than 4096 bytes"),
            (check(&signed("a", Algorithm::HS512, &claims(), &key)), "`alg` is HS512"),
            (check(&signed("b", Algorithm::HS256, &claims(), &key)), "names no key of `identity_keys`"),
            (check(&signed("a", Algorithm::HS256, &claims(), &EncodingKey::from_secret(b"other"))), "the same secret"),
            (of(&Claims { iat: NOW_F * 1e3, exp: NOW_F * 1e3 + 6e5, ..claims() }), "`iat` is no time"),
            (of(&Claims { exp: NOW_F * 1e3, ..claims() }), "does it count milliseconds"),
            (of(&Claims { iat: NOW_F - 4e3, exp: NOW_F - 3_600.0, ..claims() }), "`exp` was 3600 seconds ago"),
            (of(&Claims { exp: NOW_F + 86_400.0, ..claims() }), "86400 seconds from `iat` to `exp`"),
        ] {
            assert!(said.contains(wanted), "{said} | {wanted}");
        }
    }

    #[test]
    fn a_claim_that_is_missing_or_of_another_kind_is_named() {
        let key = EncodingKey::from_secret(shared("a").secret.as_bytes());
        let said = |change: &str, value: Option<Value>| {
            let mut body = serde_json::to_value(claims()).expect("claims");
            let body = body.as_object_mut().expect("an object");
            match value {
                Some(value) => drop(body.insert(change.to_owned(), value)),
                None => drop(body.remove(change)),
            }
            let mut header = Header::new(Algorithm::HS256);
            header.kid = Some("a".into());
            let token = jsonwebtoken::encode(&header, body, &key).expect("it can be signed");
            identity("a").customer(&token, NOW).map_err(|it| it.to_string())
        };
        for claim in ["sub", "aud", "iat", "exp"] {
            assert_eq!(said(claim, None), Err(format!("the token has no `{claim}`")));
        }
        let number = "the token's `exp` is a text, where it must be a number: seconds since 1970";
        assert_eq!(said("exp", Some("1800000600".into())), Err(number.to_owned()));
        let text = "the token's `sub` is a number, where it must be a text: the customer's id";
        assert_eq!(said("sub", Some(4711.into())), Err(text.to_owned()));
        assert!(said("nbf", Some(true.into())).is_err_and(|it| it.contains("`nbf` is true or false")));
        assert!(said("aud", Some(serde_json::json!([1]))).is_err_and(|it| it.contains("a list of something else")));
        assert_eq!(said("aud", Some("shop".into())), Err(IdentityError::OtherAudience.to_string()));
        assert_eq!(said("nbf", None), Ok(CustomerId::new("price-rise")));
    }

    #[test]
    fn a_token_that_demands_to_be_understood_in_a_way_that_we_do_not_know_is_refused() {
        let header = r#"{"alg":"HS256","kid":"a","crit":["b64"],"b64":true}"#;
        let body = serde_json::to_string(&claims()).expect("claims");
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(body));
        let key = EncodingKey::from_secret(shared("a").secret.as_bytes());
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("it can be signed");
        let token = format!("{message}.{signature}");
        assert_eq!(identity("a").customer(&token, NOW), Err(IdentityError::Critical));
    }
}
