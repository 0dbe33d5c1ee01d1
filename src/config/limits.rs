//! Every limit, with its unit and what happens at it.

use serde::{Deserialize, Serialize};

/// Every queue, list, length and wait, with what happens at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Sockets and requests at once; above it a connection is answered 503 and closed.
    pub connections_max: usize,
    /// The same from one address.
    pub connections_per_address_max: usize,
    /// Requests a second from one address, on average; above it they are answered 429.
    pub requests_per_second: u32,
    /// Requests at once from one address before that average counts.
    pub requests_burst: u32,
    /// A request's head must be there within this, or the connection is closed.
    pub head_ms_max: u64,
    /// A request must be read and answered within this, or it ends with 408.
    pub request_ms_max: u64,
    /// `hello` must come within this, or the socket is closed.
    pub hello_ms_max: u64,
    /// The largest message on a socket; a larger one is refused, and one of more than four times that closes it.
    pub frame_bytes_max: usize,
    /// The largest body of a request; a larger one is answered 413.
    pub body_bytes_max: usize,
    /// The longest text of a customer or of staff; a longer one is refused.
    pub text_chars_max: usize,
    /// The longest reason for what staff give a customer; a longer one is refused.
    pub reason_chars_max: usize,
    /// A frame that cannot be sent within this closes the socket; the client resumes.
    pub send_ms_max: u64,
    /// What the kernel may hold back for one slow socket.
    pub send_buffer_bytes: u32,
    /// Frames a second on one socket, on average; above it they are refused.
    pub frames_per_second: u32,
    /// Frames at once on one socket before that average counts.
    pub frames_burst: u32,
    /// Messages a minute from one address; above it they are refused.
    pub messages_per_minute: u32,
    /// Sign-in tries a minute for one account and from one address; above it they are refused.
    pub logins_per_minute: u32,
    /// A client shows that it is alive this often.
    pub heartbeat_ms: u32,
    /// A socket that has said nothing for this long is closed.
    pub silent_ms_max: u64,
    /// Requests that wait in one conversation; above it the client is told to try again.
    pub inbox_max: usize,
    /// How long a turn waits for another quick message.
    pub gather_ms: u64,
    /// How long it waits at most while the customer is typing; while they talk to a person, how long it waits.
    pub gather_ms_max: u64,
    /// A conversation that nothing happens in leaves memory after this; the log stays.
    pub idle_ms_max: u64,
    /// Events that one read of the log returns; the rest comes with the next.
    pub events_max: u32,
    /// Writes that wait for the writer; above it they are refused.
    pub write_queue_max: usize,
    /// Writes that one commit takes together.
    pub group_max: usize,
    /// Messages that wait for the classifier; above it a person answers.
    pub classifier_queue_max: usize,
    /// How long a message waits for the classifier; above it a person answers.
    pub classifier_ms_max: u64,
    /// Classifier threads, each with its own session; 0: one for each core.
    pub classifier_workers: usize,
    /// Misses in a row before a person gets it.
    pub misses_max: u32,
    /// Long-poll clients at once; above it they are told to try again.
    pub polls_max: usize,
    /// The same from one address.
    pub polls_per_address_max: usize,
    /// How long one long-poll request waits; two seconds less than `request_ms_max` at most.
    pub poll_ms: u64,
    /// A long-poll client that has not come back for this long is gone.
    pub poll_gone_ms: u64,
    /// Rows of a list in the console.
    pub rows_max: u32,
    /// How long a staff session lasts, in hours.
    pub staff_session_hours: i64,
    /// How long open sockets have to finish when the server stops.
    pub drain_ms_max: u64,
    /// How long a token or a code shows who a customer is, in minutes; after it nothing of the account is told or done
    /// until it is shown again.
    pub verified_minutes: i64,
    /// How long an identity token may be valid, in seconds.
    pub identity_seconds_max: i64,
    /// A connection to billing must be there within this, or the try has failed.
    pub billing_connect_ms_max: u64,
    /// Billing must have answered a request within this, or the try has failed.
    pub billing_try_ms_max: u64,
    /// Everything that is asked of billing for one account, or for one act, tries included; above it billing is down.
    pub billing_ms_max: u64,
    /// Tries of a request that can be repeated without harm.
    pub billing_tries_max: usize,
    /// The wait before the second try, with jitter; it doubles with each.
    pub billing_retry_ms: u64,
    /// Failed tries in a row after which billing is left alone.
    pub billing_failures_max: u32,
    /// How long it is left alone before one request may see whether it is back.
    pub billing_open_seconds: u64,
    /// Requests to billing at once; above it they wait for a place.
    pub billing_requests_max: usize,
    /// The largest answer of billing; a larger one is not read.
    pub billing_answer_bytes_max: usize,
    /// How long an account is held, in milliseconds, before it is asked for again.
    pub billing_cache_ms: u64,
    /// Accounts that are held; above it the oldest makes room.
    pub billing_cache_max: usize,
    /// The largest notice from billing; a larger one is answered 413.
    pub billing_notice_bytes_max: usize,
    /// How long a link in the chat leads to a page that billing hosts, in minutes; after it the customer asks again.
    pub page_minutes: i64,
    /// How long a one-time code is valid, in minutes.
    pub code_minutes: i64,
    /// Wrong codes before a code is gone and its address paused.
    pub code_tries_max: u32,
    /// How long an address is paused then, in minutes: no code is sent to it.
    pub code_pause_minutes: i64,
    /// Codes an hour for one e-mail address; above it none is sent.
    pub codes_per_hour: u32,
    /// Codes an hour that one network address may ask for; above it none is sent. Behind a proxy that is not in
    /// `trusted_proxies` that is everybody.
    pub codes_per_network_hour: u32,
    /// One try to send a letter takes no longer than this.
    pub mail_ms_max: u64,
    /// Tries for one letter; after the last it counts as not sent.
    pub mail_tries_max: u32,
    /// Connections to the mail server at once; further letters wait.
    pub mail_connections_max: usize,
    /// What was begun in billing, or a letter that should be out, is left to whoever began it for this long; then any node
    /// sees to it.
    pub settle_after_ms: i64,
    /// How often each node looks for such things; it looks at its start too.
    pub settle_look_ms: u64,
    /// Billing is asked what came of something for so many hours; then a person looks.
    pub settle_hours_max: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_address_max: 200,
            requests_per_second: 50,
            requests_burst: 500,
            head_ms_max: 5_000,
            request_ms_max: 30_000,
            hello_ms_max: 5_000,
            frame_bytes_max: 16 * 1024,
            body_bytes_max: 64 * 1024,
            text_chars_max: 2_000,
            reason_chars_max: 200,
            send_ms_max: 5_000,
            send_buffer_bytes: 64 * 1024,
            frames_per_second: 5,
            frames_burst: 30,
            messages_per_minute: 120,
            logins_per_minute: 10,
            heartbeat_ms: 20_000,
            silent_ms_max: 45_000,
            inbox_max: 32,
            gather_ms: 30,
            gather_ms_max: 1_500,
            idle_ms_max: 300_000,
            events_max: 200,
            write_queue_max: 4_096,
            group_max: 1_024,
            classifier_queue_max: 4_096,
            classifier_ms_max: 30_000,
            classifier_workers: 0,
            misses_max: 3,
            polls_max: 2_000,
            polls_per_address_max: 100,
            poll_ms: 25_000,
            poll_gone_ms: 60_000,
            rows_max: 200,
            staff_session_hours: 12,
            drain_ms_max: 10_000,
            verified_minutes: 30,
            identity_seconds_max: 600,
            billing_connect_ms_max: 2_000,
            billing_try_ms_max: 4_000,
            billing_ms_max: 9_000,
            billing_tries_max: 3,
            billing_retry_ms: 150,
            billing_failures_max: 5,
            billing_open_seconds: 15,
            billing_requests_max: 32,
            billing_answer_bytes_max: 8 * 1024 * 1024,
            billing_cache_ms: 30_000,
            billing_cache_max: 2_000,
            billing_notice_bytes_max: 512 * 1024,
            page_minutes: 30,
            code_minutes: 10,
            code_tries_max: 5,
            code_pause_minutes: 15,
            codes_per_hour: 5,
            codes_per_network_hour: 60,
            mail_ms_max: 10_000,
            mail_tries_max: 3,
            mail_connections_max: 4,
            settle_after_ms: 60_000,
            settle_look_ms: 15_000,
            settle_hours_max: 24,
        }
    }
}
