//! Stripe's notices: whether one is really Stripe's, and whom it is about.
//!
//! The signature is Stripe's scheme `v1`: HMAC-SHA256 over the time, a point and the body, in the header as
//! `t=…,v1=…`, several `v1` while a key is being rolled.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

use super::api::{id_of, whole};
use crate::billing::reading::At;
use crate::billing::{Changed, NoticeError, Whose};

/// A notice that was signed longer ago than this, or so far in the future, is refused, as Stripe's own libraries do.
const SECONDS_APART_MAX: i64 = 300;
/// Signatures in one header that are looked at.
const SIGNATURES_MAX: usize = 8;

/// Checks the signature and reads what has changed.
pub fn read(header: &str, body: &[u8], keys: &[String], now: Timestamp) -> Result<Changed, NoticeError> {
    if !is_signed(header, body, keys, now) {
        return Err(NoticeError::NotSigned);
    }
    let value: Value = serde_json::from_slice(body).map_err(|_| NoticeError::NotReadable)?;
    let event = At::new(&value, "event");
    let kind = event.get("type").text().map_err(|_| NoticeError::NotReadable)?;
    let object = whole(&event.get("data").get("object")).ok_or(NoticeError::NotReadable)?;
    let is_customer = object.get("object").text_or_none().ok().flatten() == Some("customer");
    let customer = object.get(if is_customer { "id" } else { "customer" });
    let price_list = ["product.", "price.", "plan.", "tax_rate."].iter().any(|it| kind.starts_with(it));
    // A dispute names only its charge: better to ask once too often.
    let whose = id_of(&customer).ok().flatten().map_or(Whose::Anybody, Whose::Source);
    Ok(Changed { whose, price_list })
}

fn is_signed(header: &str, body: &[u8], keys: &[String], now: Timestamp) -> bool {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            // Two times would let one of them be checked and the other be signed.
            Some(("t", _)) if time.is_some() => return false,
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) if signatures.len() < SIGNATURES_MAX => signatures.extend(bytes_of(value)),
            _ => {}
        }
    }
    let Some(time) = time else { return false };
    let Ok(seconds) = time.parse::<i64>() else { return false };
    if SECONDS_APART_MAX < now.as_second().saturating_sub(seconds).saturating_abs() {
        return false;
    }
    keys.iter().any(|key| signatures.iter().any(|it| fits(key, time, body, it)))
}

/// Whether a signature is of this key, in constant time.
fn fits(key: &str, time: &str, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return false };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || hex.len() != 64 {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KEY: &str = "whsec_only_for_tests";
    const NOW: i64 = 1_781_604_000;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).expect("a time")
    }

    fn sign(key: &str, time: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key will do");
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        mac.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect()
    }

    fn body() -> Vec<u8> {
        json!({ "type": "invoice.paid", "data": { "object": { "object": "invoice", "customer": "cus_1" } } })
            .to_string()
            .into_bytes()
    }

    fn keys() -> Vec<String> {
        vec!["whsec_the_next".to_owned(), KEY.to_owned()]
    }

    #[test]
    fn a_notice_signed_with_either_key_is_taken() {
        for key in keys() {
            let header = format!("t={NOW},v1={}", sign(&key, NOW, &body()));
            let changed = Changed { whose: Whose::Source("cus_1".to_owned()), price_list: false };
            assert_eq!(read(&header, &body(), &keys(), now()), Ok(changed));
        }
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        let good = sign(KEY, NOW, &body());
        let header = format!("t={NOW},v0=abc,v1={},v1={good}", "0".repeat(64));
        assert!(read(&header, &body(), &keys(), now()).is_ok());
    }

    #[test]
    fn what_is_not_signed_as_it_should_be_is_refused() {
        let good = sign(KEY, NOW, &body());
        let old = NOW - SECONDS_APART_MAX - 1;
        let early = NOW + SECONDS_APART_MAX + 1;
        for header in [
            String::new(),
            format!("t={NOW}"),
            format!("v1={good}"),
            format!("t={NOW},v0={good}"),
            format!("t={NOW},v1={}", sign("whsec_of_somebody_else", NOW, &body())),
            format!("t={NOW},v1={}", sign(KEY, NOW, b"{}")),
            format!("t={},v1={good}", NOW + 1),
            format!("t={NOW},t={old},v1={good}"),
            format!("t={old},v1={}", sign(KEY, old, &body())),
            format!("t={early},v1={}", sign(KEY, early, &body())),
            format!("t={NOW},v1={}", good.get(..62).expect("it is longer")),
            format!("t={NOW},v1={}é", good.get(..62).expect("it is longer")),
        ] {
            assert_eq!(read(&header, &body(), &keys(), now()), Err(NoticeError::NotSigned), "{header}");
        }
        let edge = NOW - SECONDS_APART_MAX;
        let header = format!("t={edge},v1={}", sign(KEY, edge, &body()));
        assert!(read(&header, &body(), &keys(), now()).is_ok());
    }

    #[test]
    fn a_notice_about_a_customer_names_it_by_its_own_id() {
        let body = json!({ "type": "customer.updated", "data": { "object": { "object": "customer", "id": "cus_9" } } });
        let body = body.to_string().into_bytes();
        let header = format!("t={NOW},v1={}", sign(KEY, NOW, &body));
        let changed = read(&header, &body, &keys(), now()).expect("it is signed");
        assert_eq!(changed.whose, Whose::Source("cus_9".to_owned()));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_and_none_that_is_made_up_is_taken(header in "\\PC{0,80}") {
            let taken = read(&header, &body(), &keys(), now());
            prop_assert_eq!(taken, Err(NoticeError::NotSigned));
        }
    }
}
