//! Counts requests to billing, and measures how long they take.

use std::time::Instant;

use reqwest::StatusCode;

/// One request that is being made; it is counted when dropped.
#[derive(Debug)]
pub struct RequestTimer {
    source: &'static str,
    what: &'static str,
    began: Instant,
    /// What came of it.
    pub outcome: &'static str,
}

impl RequestTimer {
    /// Begins to measure.
    pub fn begin(source: &'static str, what: &'static str) -> Self {
        // Whoever waits for too long drops it in the middle.
        Self { source, what, began: Instant::now(), outcome: "given_up" }
    }
}

impl Drop for RequestTimer {
    fn drop(&mut self) {
        count(self.source, self.what, self.outcome);
        metrics::histogram!("plainbill_billing_request_duration_seconds", "source" => self.source, "what" => self.what)
            .record(self.began.elapsed());
    }
}

/// The word for an answer of this status, read whole or not.
pub fn outcome(status: StatusCode, whole: bool) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS => "asked_too_much",
        _ if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => "failed",
        _ if !whole => "too_long",
        _ if status.is_success() => "answered",
        _ => "refused",
    }
}

/// Counts a request.
pub fn count(source: &'static str, what: &'static str, outcome: &'static str) {
    metrics::counter!("plainbill_billing_requests_total", "source" => source, "what" => what, "outcome" => outcome)
        .increment(1);
}

/// Tells whether billing is left alone.
pub fn left_alone(source: &'static str, is: bool) {
    metrics::gauge!("plainbill_billing_left_alone", "source" => source).set(f64::from(u8::from(is)));
}
