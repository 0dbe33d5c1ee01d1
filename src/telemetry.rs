//! Logs and metrics. Never in them: what customers write, tokens, passwords, names.

use std::io::IsTerminal;
use std::net::SocketAddr;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// What is logged when `RUST_LOG` doesn't say otherwise.
const FILTER: &str = "info,sqlx=warn,ort=warn,async_nats=warn";

/// Starts the log on standard error: for people on a terminal, one JSON object a line elsewhere.
pub fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, say in tests, keeps the first.
    let _ = match std::io::stderr().is_terminal() {
        true => log.with_target(false).try_init(),
        false => log.json().flatten_event(true).with_target(false).try_init(),
    };
}

/// Serves metrics for Prometheus at this address, apart from everything that customers reach.
pub fn start_metrics(listen: SocketAddr) -> anyhow::Result<()> {
    metrics_exporter_prometheus::PrometheusBuilder::new()
        .with_http_listener(listen)
        .install()
        .with_context(|| format!("metrics could not be served at {listen}"))?;
    metrics::describe_counter!("plainbill_messages_kept_total", "Messages, taps, ratings and ends that were acked");
    metrics::describe_counter!("plainbill_frames_refused_total", "Frames that were answered with an error");
    metrics::describe_counter!("plainbill_letters_total", "Letters by outcome: sent, refused, unreachable");
    Ok(())
}
