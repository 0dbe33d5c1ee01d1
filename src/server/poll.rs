//! Long polling with the same frames, for networks that block WebSockets.
//!
//! `POST /v1/poll` sends frames, `GET /v1/poll` waits for some. A random token in a header names the connection.
//! `/v1/staff/poll` does the same for staff; there each request needs the session of whoever began the connection.
//!
//! A connection lives on the node that began it. The token names that node, and any other asks it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::config::Limits;
use crate::conversation::StaffId;
use crate::identity::secrets;
use crate::server::error::Problem;
use crate::server::extract::{FromOurPage, InJson};
use crate::server::limits::network;
use crate::server::login::Reads;
use crate::server::protocol::Code;
use crate::server::socket::{self, Caller, Gone, Incoming, ROOM_TO_REFUSE, TOO_LARGE, Transport};
use crate::server::{Peer, Place, Site, address_of, origin_allowed, watching};
use crate::store::ASKED_BYTES_MAX;
use elsewhere::Asking;

pub(super) mod elsewhere;

/// The header with the connection's token.
const TOKEN: &str = "x-plainbill-poll";
/// Frames that wait in one direction; above it the sender waits, and is given up like a slow socket.
const FRAMES_MAX: usize = 64;
/// Frames that one request may send.
const SEND_MAX: usize = 32;
/// After the first frame of an answer, others that are almost there go along.
const GATHER: Duration = Duration::from_millis(20);
/// What is left of a request's time to answer it, in milliseconds.
const ANSWER_MS: u64 = 2_000;
/// The longest that one request of staff waits: their console finds out this soon that nothing comes any more.
const STAFF_WAIT_MAX: Duration = Duration::from_secs(10);

/// What one answer takes at most of what is there, in bytes; the rest comes with the next.
const ANSWER_BYTES_MAX: usize = ASKED_BYTES_MAX / 2;

/// The connections, by the hash of their token.
pub struct Polls {
    open: Mutex<HashMap<String, Arc<Poll>>>,
    /// What this node is called among others.
    node: String,
}

/// What comes of a request.
#[derive(Debug, Serialize, Deserialize)]
enum Outcome {
    /// These frames have come.
    Frames(Vec<String>),
    /// There is no such connection: begin again.
    Gone,
    /// It takes no more for now.
    Busy,
    /// More than one request may send.
    TooLarge,
}

/// One connection.
struct Poll {
    incoming: mpsc::Sender<Incoming>,
    outgoing: tokio::sync::Mutex<mpsc::Receiver<String>>,
    /// The staff member who has begun it; none for a customer's.
    whose: Option<StaffId>,
    /// The network that it comes from.
    network: IpAddr,
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
        return Problem::new(Code::WrongPage).into_response();
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
    _page: FromOurPage,
    InJson(frames): InJson<Frames>,
) -> Response {
    let sent = send_allowed(&site, peer, &headers, frames).await;
    for_page(&headers, sent)
}

/// `POST /v1/staff/poll`: the same for staff.
pub async fn send_staff(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    reads: Reads,
    headers: HeaderMap,
    InJson(frames): InJson<Frames>,
) -> Response {
    let whose = Some(reads.0.id.clone());
    let token = match token_of(&headers) {
        Some(token) => Some(token.to_owned()),
        None => begin_staff(&site, peer, reads),
    };
    pass_on(&site, token, whose, frames).await
}

async fn send_allowed(site: &Site, peer: Peer, headers: &HeaderMap, frames: Frames) -> Response {
    let token = match token_of(headers) {
        Some(token) => Some(token.to_owned()),
        None => begin(site, peer, headers),
    };
    pass_on(site, token, None, frames).await
}

/// Gives frames to the connection with this token; without one, none could be begun.
async fn pass_on(site: &Site, token: Option<String>, whose: Option<StaffId>, frames: Frames) -> Response {
    let Some(token) = token else { return Problem::new(Code::Busy).into_response() };
    let wait_ms = site.app.config.limits.gather_ms;
    asked(site, Asking { token, whose, frames: Some(frames.frames), wait_ms }).await
}

/// Has a request done by the node that holds the connection.
async fn asked(site: &Site, asking: Asking) -> Response {
    let token = asking.token.clone();
    let outcome = match elsewhere::node_of(&token).filter(|it| *it != site.polls.node) {
        Some(node) => elsewhere::ask(site, node, asking).await,
        None => here(site, asking).await,
    };
    match outcome {
        Outcome::Frames(frames) => answer(&token, &frames),
        Outcome::Gone => gone(),
        Outcome::Busy => Problem::new(Code::Busy).into_response(),
        Outcome::TooLarge => Problem::new(Code::TooLarge).into_response(),
    }
}

/// Does a request to a connection that this node holds.
async fn here(site: &Site, asking: Asking) -> Outcome {
    let Some(poll) = site.polls.find(&asking.token, asking.whose.as_ref()) else { return Outcome::Gone };
    match asking.frames {
        // Whoever waits is there.
        None => match poll.incoming.try_send(Incoming::Alive) {
            Err(_) if poll.incoming.is_closed() => return Outcome::Gone,
            _ => {}
        },
        Some(frames) if SEND_MAX < frames.len() => return Outcome::TooLarge,
        Some(frames) => {
            let frame_bytes_max = site.app.config.limits.frame_bytes_max.saturating_mul(ROOM_TO_REFUSE);
            for frame in frames {
                let incoming = match frame.get().len() <= frame_bytes_max {
                    true => Incoming::Text(frame.get().to_owned()),
                    false => Incoming::Bad(Some(Code::TooLarge), TOO_LARGE),
                };
                if poll.incoming.try_send(incoming).is_err() {
                    return Outcome::Busy;
                }
            }
        }
    }
    Outcome::Frames(tokio::select! {
        frames = poll.take(Duration::from_millis(asking.wait_ms)) => frames,
        () = site.app.stop.cancelled() => Vec::new(),
    })
}

/// `GET /v1/poll`: waits for frames.
pub async fn wait(State(site): State<Site>, headers: HeaderMap) -> Response {
    // Browsers leave the origin out of a GET to their own site; such a request still needs the token.
    if headers.contains_key(header::ORIGIN) && !origin_allowed(&site.app, &headers) {
        return Problem::new(Code::WrongPage).into_response();
    }
    let waited = wait_allowed(&site, &headers).await;
    for_page(&headers, waited)
}

async fn wait_allowed(site: &Site, headers: &HeaderMap) -> Response {
    wait_for(site, headers, None, wait_max(&site.app.config.limits)).await
}

/// `GET /v1/staff/poll`: the same for staff.
pub async fn wait_staff(State(site): State<Site>, reads: Reads, headers: HeaderMap) -> Response {
    let wait = wait_max(&site.app.config.limits).min(STAFF_WAIT_MAX);
    wait_for(&site, &headers, Some(reads.0.id), wait).await
}

/// How long a request waits for news; it has to be answered in time.
fn wait_max(limits: &Limits) -> Duration {
    Duration::from_millis(limits.poll_ms.min(limits.request_ms_max.saturating_sub(ANSWER_MS)))
}

async fn wait_for(site: &Site, headers: &HeaderMap, whose: Option<StaffId>, wait: Duration) -> Response {
    let token = token_of(headers).unwrap_or_default().to_owned();
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    asked(site, Asking { token, whose, frames: None, wait_ms }).await
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(TOKEN).and_then(|it| it.to_str().ok())
}

fn answer(token: &str, frames: &[String]) -> Response {
    let body = format!("{{\"poll\":\"{token}\",\"frames\":[{}]}}", frames.join(","));
    ([("content-type", "application/json")], body).into_response()
}

fn gone() -> Response {
    (StatusCode::GONE, Json(serde_json::json!({"code": "not_found", "message": "Begin again."}))).into_response()
}

/// Begins a customer's connection and says its token; none where there are too many.
fn begin(site: &Site, peer: Peer, headers: &HeaderMap) -> Option<String> {
    let caller = Caller { network: peer.address, site: address_of(&site.app, headers) };
    let (app, gate) = (site.app.clone(), site.gate.clone());
    connect(site, peer, None, |line| socket::attend(app, gate, caller, line))
}

/// Begins a connection of staff; none where they have too many.
fn begin_staff(site: &Site, peer: Peer, reads: Reads) -> Option<String> {
    let app = site.app.clone();
    let whose = Some(reads.0.id.clone());
    connect(site, peer, whose, |line| watching::attend(app, reads, line))
}

fn connect<F: Future<Output = ()> + Send + 'static>(
    site: &Site,
    peer: Peer,
    whose: Option<StaffId>,
    attend: impl FnOnce(PollTransport) -> F,
) -> Option<String> {
    let limits = &site.app.config.limits;
    let (incoming, from_client) = mpsc::channel(FRAMES_MAX);
    let (to_client, outgoing) = mpsc::channel(FRAMES_MAX);
    let outgoing = tokio::sync::Mutex::new(outgoing);
    let poll = Arc::new(Poll { incoming, outgoing, whose, network: network(peer.address), _place: peer.place });
    let token = elsewhere::token(site);
    let hash = secrets::hash(&token);
    if !site.polls.add(&hash, &poll, limits) {
        return None;
    }
    let attended = attend(PollTransport {
        from_client,
        to_client,
        gone_after: Duration::from_millis(limits.poll_gone_ms),
        send_max: Duration::from_millis(limits.poll_gone_ms),
    });
    let polls = site.polls.clone();
    site.app.tasks.spawn(async move {
        attended.await;
        polls.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash);
    });
    Some(token)
}

impl Polls {
    /// No connections yet, on a node that nobody has heard of.
    pub fn new() -> Self {
        Self { open: Mutex::default(), node: uuid::Uuid::now_v7().to_string() }
    }

    /// Adds a connection, unless there are too many of its kind or from its network: customers never take the places of
    /// staff, nor one of them those of all others.
    fn add(&self, hash: &str, poll: &Arc<Poll>, limits: &Limits) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = || open.values().filter(|it| it.whose.is_some() == poll.whose.is_some());
        let n_near = alike().filter(|it| it.network == poll.network).count();
        let may = alike().count() < limits.polls_max && n_near < limits.polls_per_address_max;
        if may {
            open.insert(hash.to_owned(), Arc::clone(poll));
        }
        may
    }

    /// The connection with this token, if it is whoever's who asks.
    fn find(&self, token: &str, whose: Option<&StaffId>) -> Option<Arc<Poll>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&secrets::hash(token)).filter(|it| it.whose.as_ref() == whose).cloned()
    }
}

impl Poll {
    /// What is there within `wait`, and what comes right after it.
    async fn take(&self, wait: Duration) -> Vec<String> {
        let mut frames = Vec::new();
        // Two requests at once would tear the order apart: the second gets nothing.
        let Ok(mut outgoing) = self.outgoing.try_lock() else { return frames };
        let (mut patience, mut n_bytes) = (wait, 0);
        while let Ok(Some(frame)) = timeout(patience, outgoing.recv()).await {
            n_bytes += frame.len();
            frames.push(frame);
            patience = GATHER;
            if FRAMES_MAX <= frames.len() || ANSWER_BYTES_MAX <= n_bytes {
                break;
            }
        }
        frames
    }
}

/// A polled connection as a [`Transport`].
struct PollTransport {
    from_client: mpsc::Receiver<Incoming>,
    to_client: mpsc::Sender<String>,
    gone_after: Duration,
    send_max: Duration,
}

impl Transport for PollTransport {
    async fn next(&mut self) -> Incoming {
        match timeout(self.gone_after, self.from_client.recv()).await {
            Ok(Some(incoming)) => incoming,
            _ => Incoming::Gone,
        }
    }

    async fn send(&mut self, frame: &(impl Serialize + Sync)) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).expect("frames have text keys only");
        match timeout(self.send_max, self.to_client.send(text)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    /// Whoever waits for frames is there.
    async fn ask_for_life(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    async fn close(&mut self, _code: u16) {}
}
