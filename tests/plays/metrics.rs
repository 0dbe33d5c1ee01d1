//! What Prometheus reads from the real program.

use std::process::Command;

use jiff::civil::date;
use plainbill::conversation::CustomerId;
use plainbill::identity::Identity;
use serde_json::json;

use crate::house::{Customer, PATIENCE, key};
use crate::killing::{METRICS_LISTEN, Program, free_port};
use crate::reference::{Mode, Reference};

/// Failed requests in a row after which billing is left alone.
const FAILURES_MAX: u32 = 2;

/// The value of the line of this name that has all these labels; nothing where there is none.
fn value(figures: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let is_meant = |line: &&str| {
        line.strip_prefix(name).is_some_and(|it| it.starts_with(['{', ' ']))
            && labels.iter().all(|it| line.contains(it))
    };
    figures.lines().find(is_meant)?.rsplit(' ').next()?.parse().ok()
}

/// Reads until a line has this value: what is counted is counted after the customer hears of it.
async fn reads(port: u16, name: &str, labels: &[&str], wanted: f64) -> String {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.expect("it answers");
        let figures = answer.text().await.expect("it is text");
        if value(&figures, name, labels) == Some(wanted) {
            return figures;
        }
        assert!(tokio::time::Instant::now() < until, "{name} {labels:?} is not {wanted} in:\n{figures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_how_billing_and_turns_go() {
    let reference = Reference::start(date(2026, 6, 16)).await;
    let (data, port) = (tempfile::tempdir().expect("a temporary folder"), free_port());
    let billing = reference.config();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
    command
        .env(METRICS_LISTEN, format!("127.0.0.1:{port}"))
        .env("PLAINBILL_DEMO", "false")
        .env("PLAINBILL_IDENTITY_KEYS", format!("[{{ kid = \"{}\", secret = \"{}\" }}]", key().kid, key().secret))
        .env("PLAINBILL_BILLING_SOURCE", billing.source)
        .env("PLAINBILL_BILLING_URL", billing.url)
        .env("PLAINBILL_BILLING_KEY", billing.key)
        .env("PLAINBILL_LIMITS_BILLING_CACHE_MS", "0")
        .env("PLAINBILL_LIMITS_BILLING_RETRY_MS", "1")
        .env("PLAINBILL_LIMITS_BILLING_FAILURES_MAX", FAILURES_MAX.to_string());
    let program = Program::start_with(command, data.path(), free_port()).await;
    let now = jiff::Timestamp::now().as_second();
    let token = Identity::new(vec![key()], 600).token(&CustomerId::new("bill-late"), now).expect("there is a key");
    let mut customer = Customer::connect(program.address, None).await;
    customer.send(json!({ "type": "hello", "identity": token })).await;
    customer.welcomed().await;
    customer.says("how much do I owe?").await;
    assert!(customer.hears().await.contains('£'));

    let figures = reads(port, "plainbill_turn_duration_seconds_count", &[], 1.0).await;
    let is = |name: &str, labels: &[&str]| value(&figures, name, labels);
    let accounts = ["source=\"http\"", "what=\"GET /accounts/{customer}\""];
    let answered = is("plainbill_billing_requests_total", &[&accounts[..], &["outcome=\"answered\""]].concat());
    assert!(answered.is_some_and(|it| 2.0 <= it), "{figures}");
    assert_eq!(is("plainbill_billing_request_duration_seconds_count", &accounts), answered);
    assert_eq!(
        is("plainbill_billing_request_duration_seconds_bucket", &[&accounts[..], &["le=\"+Inf\""]].concat()),
        answered
    );
    assert_eq!(is("plainbill_billing_left_alone", &["source=\"http\""]), Some(0.0));
    assert_eq!(is("plainbill_messages_kept_total", &[]), Some(1.0));
    assert!(is("plainbill_turn_duration_seconds_sum", &[]).is_some_and(|it| 0.0 < it && it < PATIENCE.as_secs_f64()));
    assert!(!figures.contains("bill-late"), "nobody's id stands in a figure");
    let figures = reads(port, "plainbill_turns_total", &["result=\"answered\""], 1.0).await;
    assert_eq!(value(&figures, "plainbill_hand_offs_total", &[]), None);

    reference.is(Mode::Down);
    customer.says("how much is my next bill?").await;
    customer.sees_owner().await;
    let figures = reads(port, "plainbill_turns_total", &["result=\"handed_off\""], 1.0).await;
    let is = |name: &str, labels: &[&str]| value(&figures, name, labels);
    assert_eq!(is("plainbill_hand_offs_total", &["reason=\"billing_down\""]), Some(1.0));
    assert_eq!(is("plainbill_billing_left_alone", &["source=\"http\""]), Some(1.0));
    let failed = is("plainbill_billing_requests_total", &[&accounts[..], &["outcome=\"failed\""]].concat());
    assert_eq!(failed, Some(f64::from(FAILURES_MAX)));
    assert!(is("plainbill_billing_requests_total", &["outcome=\"left_alone\""]).is_some_and(|it| 1.0 <= it));
}
