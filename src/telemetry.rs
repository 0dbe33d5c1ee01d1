//! Logs and metrics. Never in them: what customers write, tokens, passwords, names.

use std::io::IsTerminal;
use std::net::SocketAddr;

use anyhow::Context;
use metrics_exporter_prometheus::Matcher;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use flood::tell_left_out;

mod flood;

/// What is logged when `RUST_LOG` doesn't say otherwise.
const FILTER: &str = "info,sqlx=warn,ort=warn,async_nats=warn";

/// The bounds into which durations are sorted.
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Lines that wait to be written; above it they are left out, so that a log that nobody reads holds nobody up.
const WAITING_MAX: usize = 10_000;

/// Bytes of what a stranger sent that a line may hold.
const STRANGER_BYTES_MAX: usize = 200;

/// Starts the log on standard error: for people on a terminal, one JSON object a line elsewhere.
///
/// What it gives writes the last lines when it is dropped. A log that can't be written harms nobody.
pub fn start_log() -> WorkerGuard {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(WAITING_MAX).lossy(true).finish(std::io::stderr());
    let log = tracing_subscriber::fmt::layer().log_internal_errors(false).with_target(false).with_writer(writer);
    let log = match std::io::stderr().is_terminal() {
        true => log.boxed(),
        false => log.json().flatten_event(true).boxed(),
    };
    // A second start, say in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(log.with_filter(filter.and(flood::Flood::new()))).try_init();
    guard
}

/// The beginning of what a stranger sent, for a line of the log.
pub fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(STRANGER_BYTES_MAX)]
}

/// Serves metrics for Prometheus at this address, apart from everything that customers reach.
pub fn start_metrics(listen: SocketAddr) -> anyhow::Result<()> {
    metrics_exporter_prometheus::PrometheusBuilder::new()
        .with_http_listener(listen)
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("the bounds of durations are not right")?
        .install()
        .with_context(|| format!("metrics could not be served at {listen}"))?;
    metrics::describe_counter!("plainbill_messages_kept_total", "Messages, taps, ratings and ends that were acked");
    metrics::describe_counter!("plainbill_frames_refused_total", "Frames that were answered with an error");
    metrics::describe_counter!("plainbill_letters_total", "Letters by outcome: sent, refused, unreachable");
    metrics::describe_counter!("plainbill_actions_total", "Actions by name and result: done, refused");
    metrics::describe_counter!(
        "plainbill_turns_total",
        "Replies of the bot by result: answered, acted, asked, missed …"
    );
    metrics::describe_histogram!(
        "plainbill_turn_duration_seconds",
        metrics::Unit::Seconds,
        "From a customer's message coming in to its reply being kept"
    );
    metrics::describe_counter!("plainbill_hand_offs_total", "Conversations that went to people, by reason");
    metrics::describe_counter!("plainbill_billing_requests_total", "Requests to billing by what is asked and outcome");
    metrics::describe_histogram!(
        "plainbill_billing_request_duration_seconds",
        metrics::Unit::Seconds,
        "How long one request to billing takes"
    );
    metrics::describe_gauge!("plainbill_billing_left_alone", "1 while billing is down and nobody asks it, else 0");
    Ok(())
}
