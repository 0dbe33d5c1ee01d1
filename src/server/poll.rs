//! Long polling with the same frames, for networks that block WebSockets.
//!
//! `POST /v1/poll` sends frames, `GET /v1/poll` waits for some. A random token in a header names the connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::identity::secrets;
use crate::server::error::Problem;
use crate::server::protocol::{Code, ServerFrame};
use crate::server::socket::{self, Caller, Gone, Incoming, ROOM_TO_REFUSE, Transport};
use crate::server::{Peer, Place, Site, address_of, origin_allowed};

/// The header with the connection's token.
const TOKEN: &str = "x-plainbill-poll";
/// Frames that wait in one direction; above it the sender waits, and is given up like a slow socket.
const FRAMES_MAX: usize = 64;
/// Frames that one request may send.
const SEND_MAX: usize = 32;
/// After the first frame of an answer, others that are almost there go along.
const GATHER: Duration = Duration::from_millis(20);

/// The connections, by the hash of their token.
#[derive(Default)]
pub struct Polls {
    open: Mutex<HashMap<String, Arc<Poll>>>,
}

/// One connection.
struct Poll {
    incoming: mpsc::Sender<Incoming>,
    outgoing: tokio::sync::Mutex<mpsc::Receiver<String>>,
    _place: Arc<Place>,
}

/// Frames in one request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frames {
    frames: Vec<Box<RawValue>>,
}

/// `OPTIONS /v1/poll`: tells a browser that an allowed page of another origin may poll.
pub async fn preflight(State(site): State<Site>, headers: HeaderMap) -> Response {
    if !origin_allowed(&site.app, &headers) {
        return Problem::new(Code::Forbidden).into_response();
    }
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, x-plainbill-poll"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for_page(&headers, (StatusCode::NO_CONTENT, allowed).into_response())
}

/// Lets the page that asked read the answer. Only called once its origin has been found to be allowed.
fn for_page(headers: &HeaderMap, mut response: Response) -> Response {
    if let Some(origin) = headers.get(header::ORIGIN) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// `POST /v1/poll`: sends frames; without a token begins a connection. Answers with what is there at once.
pub async fn send(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(frames): Json<Frames>,
) -> Response {
    if !origin_allowed(&site.app, &headers) {
        return Problem::new(Code::Forbidden).into_response();
    }
    let sent = send_allowed(&site, peer, &headers, frames).await;
    for_page(&headers, sent)
}

async fn send_allowed(site: &Site, peer: Peer, headers: &HeaderMap, frames: Frames) -> Response {
    if SEND_MAX < frames.frames.len() {
        return Problem::new(Code::TooLarge).into_response();
    }
    let (token, poll) = match headers.get(TOKEN).and_then(|it| it.to_str().ok()) {
        Some(token) => match site.polls.find(token) {
            Some(poll) => (token.to_owned(), poll),
            None => return gone(),
        },
        None => match begin(site, peer, headers) {
            Some(begun) => begun,
            None => return Problem::new(Code::Busy).into_response(),
        },
    };
    let frame_bytes_max = site.app.config.limits.frame_bytes_max.saturating_mul(ROOM_TO_REFUSE);
    for frame in frames.frames {
        let incoming = match frame.get().len() <= frame_bytes_max {
            true => Incoming::Text(frame.get().to_owned()),
            false => Incoming::Bad(Code::TooLarge),
        };
        if poll.incoming.try_send(incoming).is_err() {
            return Problem::new(Code::Busy).into_response();
        }
    }
    let frames = poll.take(Duration::from_millis(site.app.config.limits.gather_ms)).await;
    answer(&token, frames)
}

/// `GET /v1/poll`: waits for frames.
pub async fn wait(State(site): State<Site>, headers: HeaderMap) -> Response {
    // Browsers leave the origin out of a GET to their own site; such a request still needs the token.
    if headers.contains_key(header::ORIGIN) && !origin_allowed(&site.app, &headers) {
        return Problem::new(Code::Forbidden).into_response();
    }
    let waited = wait_allowed(&site, &headers).await;
    for_page(&headers, waited)
}

async fn wait_allowed(site: &Site, headers: &HeaderMap) -> Response {
    let token = headers.get(TOKEN).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let Some(poll) = site.polls.find(token) else { return gone() };
    // Whoever waits is there.
    if poll.incoming.try_send(Incoming::Alive).is_err() && poll.incoming.is_closed() {
        return gone();
    }
    let frames = tokio::select! {
        frames = poll.take(Duration::from_millis(site.app.config.limits.poll_ms)) => frames,
        () = site.app.stop.cancelled() => Vec::new(),
    };
    answer(token, frames)
}

fn answer(token: &str, frames: Vec<String>) -> Response {
    let body = format!("{{\"poll\":\"{token}\",\"frames\":[{}]}}", frames.join(","));
    ([("content-type", "application/json")], body).into_response()
}

fn gone() -> Response {
    (StatusCode::GONE, Json(serde_json::json!({"code": "not_found", "message": "Begin again."}))).into_response()
}

fn begin(site: &Site, peer: Peer, headers: &HeaderMap) -> Option<(String, Arc<Poll>)> {
    let limits = &site.app.config.limits;
    let (incoming, from_client) = mpsc::channel(FRAMES_MAX);
    let (to_client, outgoing) = mpsc::channel(FRAMES_MAX);
    let poll = Arc::new(Poll { incoming, outgoing: tokio::sync::Mutex::new(outgoing), _place: peer.place });
    let token = secrets::random();
    let hash = secrets::hash(&token);
    {
        let mut open = site.polls.open.lock().unwrap_or_else(PoisonError::into_inner);
        if limits.polls_max <= open.len() {
            return None;
        }
        open.insert(hash.clone(), Arc::clone(&poll));
    }
    let transport = Line {
        from_client,
        to_client,
        gone_after: Duration::from_millis(limits.poll_gone_ms),
        send_max: Duration::from_millis(limits.poll_gone_ms),
    };
    let caller = Caller { network: peer.address, site: address_of(&site.app, headers) };
    let (app, gate, polls) = (site.app.clone(), site.gate.clone(), site.polls.clone());
    site.app.tasks.spawn(async move {
        socket::attend(app, gate, caller, transport).await;
        polls.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash);
    });
    Some((token, poll))
}

impl Polls {
    fn find(&self, token: &str) -> Option<Arc<Poll>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&secrets::hash(token)).cloned()
    }
}

impl Poll {
    /// What is there within `wait`, and what comes right after it.
    async fn take(&self, wait: Duration) -> Vec<String> {
        let mut frames = Vec::new();
        // Two requests at once would tear the order apart: the second gets nothing.
        let Ok(mut outgoing) = self.outgoing.try_lock() else { return frames };
        let mut patience = wait;
        while let Ok(Some(frame)) = timeout(patience, outgoing.recv()).await {
            frames.push(frame);
            patience = GATHER;
            if FRAMES_MAX <= frames.len() {
                break;
            }
        }
        frames
    }
}

/// A polled connection as a [`Transport`].
struct Line {
    from_client: mpsc::Receiver<Incoming>,
    to_client: mpsc::Sender<String>,
    gone_after: Duration,
    send_max: Duration,
}

impl Transport for Line {
    async fn next(&mut self) -> Incoming {
        match timeout(self.gone_after, self.from_client.recv()).await {
            Ok(Some(incoming)) => incoming,
            _ => Incoming::Gone,
        }
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).expect("frames have text keys only");
        match timeout(self.send_max, self.to_client.send(text)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    async fn close(&mut self, _code: u16) {}
}
