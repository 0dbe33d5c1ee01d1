//! What strangers' bytes go into, one function each; it panics where something doesn't hold.
//!
//! Two programs feed them from the same corpus: `tests/fuzzing.rs` in every test run, and `fuzz/` guided by coverage.

use std::fs;
use std::sync::{LazyLock, Mutex, PoisonError};

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use plainbill::billing::stripe::Stripe;
use plainbill::billing::{Billing, NoticeError};
use plainbill::config::{BillingConfig, IdentityKey, Limits};
use plainbill::content::Content;
use plainbill::content::file::{SentencesFile, SlotKind};
use plainbill::content::shapes::Shape;
use plainbill::content::template::{TemplateFacts, Templates};
use plainbill::conversation::CustomerId;
use plainbill::conversation::masking::mask;
use plainbill::identity::Identity;
use plainbill::rules::slots::{self, SlotContext};
use plainbill::server::reading::{self, Unreadable};
use sha2::Sha256;
use tempfile::TempDir;

/// A target's name, which is also its corpus's, and the target.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: [Target; 7] = [
    ("content", content),
    ("frames", frames),
    ("masking", masking),
    ("notices", notices),
    ("slots", slots),
    ("templates", templates),
    ("tokens", tokens),
];

/// The clock of all targets, in seconds since 1970.
const NOW: i64 = 1_790_000_000;
const FRAME_BYTES_MAX: usize = 16_384;

/// What a customer's browser sends.
pub fn frames(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match reading::read(&text, FRAME_BYTES_MAX) {
        Ok(frame) => {
            let key = reading::key_of(&frame);
            assert!(key.is_none_or(|it| !it.is_empty() && !it.contains(char::is_control)), "{key:?} can't be kept");
        }
        Err(Unreadable { key, .. }) => assert!(key.is_none_or(|it| it.len() <= text.len()), "the key is not theirs"),
    }
}

/// The files of a small content folder, one after the other, each after a line `=== its name`.
pub fn content(data: &[u8]) {
    static FOLDER: LazyLock<Mutex<TempDir>> = LazyLock::new(|| Mutex::new(folder()));
    let folder = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    let text = String::from_utf8_lossy(data);
    for file in FILES {
        let marked = text.split("=== ").find_map(|it| it.strip_prefix(file)?.strip_prefix('\n'));
        fs::write(folder.path().join(file), marked.unwrap_or_default()).expect("the file can be written");
    }
    let Err(faults) = Content::load(folder.path()) else { return };
    assert!(!faults.is_empty(), "it is refused without a word");
    for fault in faults {
        assert!(fault.file.starts_with(folder.path()), "{fault} names no file");
        assert!(!fault.what.trim().is_empty(), "{fault} says nothing");
    }
}

const FILES: [&str; 6] = [
    "business.toml",
    "urgent.toml",
    "policies.toml",
    "words.toml",
    "pay-it/pay_now.toml",
    "running-late/late_fee_help.toml",
];

/// What the small folder has beside [`FILES`].
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(crate::SHIPPED);
    for dir in ["pay-it", "running-late", "languages"] {
        fs::create_dir(folder.path().join(dir)).expect("the folder can be made");
    }
    fs::copy(shipped.join("languages/en.toml"), folder.path().join("languages/en.toml")).expect("it is shipped");
    let sentences: String = SentencesFile::KEYS.iter().map(|key| sentence(key.name, key.shape)).collect();
    fs::write(folder.path().join("sentences.toml"), sentences).expect("the file can be written");
    folder
}

fn sentence(name: &str, shape: Shape) -> String {
    match (name, shape) {
        ("did_you_mean", _) => "did_you_mean = \"Is it {{ first }} or {{ second }}?\"\n".to_owned(),
        (_, Shape::Texts) => format!("{name} = [\"{name}\"]\n"),
        _ => format!("{name} = \"We are here.\"\n"),
    }
}

/// A line that is a condition, and a text, filled with facts.
pub fn templates(data: &[u8]) {
    static FACTS: LazyLock<TemplateFacts> = LazyLock::new(|| {
        TemplateFacts::new(&serde_json::json!({
            "currency": "GBP", "locale": "en-GB", "today": "2026-11-24", "name": "Margaret", "amount": 4_299,
            "nothing": null, "late": true, "due": "2026-12-01",
            "invoices": [{ "month": "May", "owed": 1_250 }, { "month": "June", "owed": -300 }],
        }))
    });
    let text = String::from_utf8_lossy(data);
    let (condition, text) = text.split_once('\n').unwrap_or(("", &text));
    let mut templates = Templates::new("GBP");
    let said =
        |error: plainbill::content::template::TemplateError| assert!(!error.what.is_empty(), "it fails in silence");
    match templates.add_condition(condition) {
        Ok(()) => drop(templates.holds(condition, &FACTS).map_err(said)),
        Err(error) => said(error),
    }
    match templates.add_text(text) {
        Ok(()) => match templates.render(text, &FACTS) {
            Ok(filled) => assert!(filled.len() <= 8_000, "nobody reads {} letters", filled.len()),
            Err(error) => said(error),
        },
        Err(error) => said(error),
    }
}

/// What a site says of who its customer is. Nothing but what was signed counts.
pub fn tokens(data: &[u8]) {
    static IDENTITY: LazyLock<(Identity, String)> = LazyLock::new(|| {
        let key = IdentityKey {
            kid: "site".into(),
            secret: "a secret for nothing but these tests".into(),
            public_key: String::new(),
        };
        let identity = Identity::new(vec![key], 3_600);
        let token = identity.token(&CustomerId::new("margaret"), NOW).expect("there is a key");
        (identity, token)
    });
    let (identity, ours) = &*IDENTITY;
    let text = String::from_utf8_lossy(data);
    // So that what is changed is near something that counts.
    let token = text.replace("OURS", ours);
    if let Ok(customer) = identity.customer(&token, NOW) {
        assert_eq!(customer.as_str(), "margaret");
        let signed = |token: &str| token.rsplit_once('.').map(|it| it.0.to_owned());
        assert_eq!(signed(&token), signed(ours), "this was never signed");
    }
}

/// Words in which a customer names a bill, a day, an amount or an address.
pub fn slots(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let invoices = [("INV-1007".to_owned(), date(2026, 11, 3)), ("INV-1006".to_owned(), date(2026, 10, 3))];
    for language in ["en-GB", "en-US", "de"] {
        let context = SlotContext {
            today: date(2026, 11, 24),
            currency: "GBP",
            language,
            invoices: &invoices,
            current: Some("INV-1006"),
            shown: &[],
            words: None,
        };
        for kind in
            [SlotKind::Invoice, SlotKind::Date, SlotKind::Money, SlotKind::Email, SlotKind::Text, SlotKind::Address]
        {
            let Some(found) = slots::read(kind, &text, &context) else { continue };
            let holds = match kind {
                SlotKind::Date => found.parse::<Date>().is_ok(),
                SlotKind::Money => found.parse::<i64>().is_ok(),
                SlotKind::Email => found.contains('@') && !found.contains(char::is_whitespace),
                _ => !found.trim().is_empty(),
            };
            assert!(holds, "{kind:?} is {found:?}");
        }
        drop(slots::read_bills(&text, &context));
        drop(slots::day_in_reply(&text, &context));
    }
}

/// A notice of billing's: signed, it is read or not readable; not signed, it is never taken.
pub fn notices(data: &[u8]) {
    const KEY: &str = "whsec_for_nothing_but_these_tests";
    static STRIPE: LazyLock<Stripe> = LazyLock::new(|| {
        let config = BillingConfig {
            source: "stripe".into(),
            key: "sk_test_x".into(),
            webhook_keys: vec![KEY.into()],
            ..BillingConfig::default()
        };
        Stripe::new(&config, &Limits::default(), TimeZone::UTC, now).expect("the settings are right")
    });
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length will do");
    mac.update(format!("{NOW}.").as_bytes());
    mac.update(data);
    let signature: String = mac.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    let taken = STRIPE.notice(&format!("t={NOW},v1={signature}"), data, now());
    assert!(matches!(taken, Ok(_) | Err(NoticeError::NotReadable)), "{taken:?} though it is signed");
    for header in [String::from_utf8_lossy(data).into_owned(), format!("t={NOW},v1={}", &signature[2..])] {
        let taken = STRIPE.notice(&header, data, now());
        assert!(matches!(taken, Err(NoticeError::NotSigned)), "{taken:?} though it is not signed");
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("it is in range")
}

/// What a customer says, before it is kept.
pub fn masking(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let once = mask(&text).text;
    assert_eq!(mask(&once).text, once, "what was masked is masked again");
}
