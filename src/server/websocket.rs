//! WebSockets: the upgrade with its limits, and a socket as a [`Transport`].

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::config::Limits;
use crate::server::error::Problem;
use crate::server::login::Reads;
use crate::server::protocol::{Code, SUBPROTOCOL};
use crate::server::socket::{self, Caller, Gone, Incoming, ROOM_TO_REFUSE, Transport};
use crate::server::{Peer, Site, address_of, origin_allowed, watching};

/// Bytes of the buffers of one socket; the default of 128 KiB would cost 20 times the memory.
const BUFFER_BYTES: usize = 4 * 1024;

/// `GET /v1/chat`: a customer's socket.
pub async fn chat(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !origin_allowed(&site.app, &headers) {
        tracing::info!(origin = ?headers.get("origin"), "a page that is not in `origins` tried to open a chat");
        return Problem::new(Code::Forbidden).into_response();
    }
    let app = site.app.clone();
    let limits = app.config.limits.clone();
    let caller = Caller { network: peer.address, site: address_of(&app, &headers) };
    let bytes_max = limits.frame_bytes_max.saturating_mul(ROOM_TO_REFUSE);
    bounded(upgrade, &limits, bytes_max).on_upgrade(move |socket| {
        app.tasks.clone().track_future(async move {
            // The place is taken until the socket ends, not until the upgrade.
            let _place = peer.place;
            let socket = Socket::new(socket, &limits);
            socket::attend(app, site.gate, caller, socket).await;
        })
    })
}

/// `GET /v1/staff`: a staff member's socket.
pub async fn staff(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    reads: Reads,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !origin_allowed(&site.app, &headers) {
        return Problem::new(Code::Forbidden).into_response();
    }
    let app = site.app.clone();
    let limits = app.config.limits.clone();
    bounded(upgrade, &limits, limits.frame_bytes_max).on_upgrade(move |socket| {
        app.tasks.clone().track_future(async move {
            let _place = peer.place;
            let socket = Socket::new(socket, &limits);
            watching::attend(app, reads, socket).await;
        })
    })
}

fn bounded(upgrade: WebSocketUpgrade, limits: &Limits, bytes_max: usize) -> WebSocketUpgrade {
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(limits.frame_bytes_max.saturating_mul(16))
        .max_message_size(bytes_max)
        .max_frame_size(bytes_max)
}

/// A WebSocket that sends in time or not at all.
pub struct Socket {
    socket: WebSocket,
    send_max: Duration,
}

impl Socket {
    fn new(socket: WebSocket, limits: &Limits) -> Self {
        Self { socket, send_max: Duration::from_millis(limits.send_ms_max) }
    }

    async fn send_message(&mut self, message: Message) -> Result<(), Gone> {
        match tokio::time::timeout(self.send_max, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

impl Transport for Socket {
    async fn next(&mut self) -> Incoming {
        match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.to_string()),
            Some(Ok(Message::Binary(_))) => Incoming::Bad(Code::Malformed),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Close(_))) | None => Incoming::Gone,
            Some(Err(error)) => match is_too_large(&error) {
                true => Incoming::Bad(Code::TooLarge),
                false => Incoming::Gone,
            },
        }
    }

    async fn send(&mut self, frame: &(impl Serialize + Sync)) -> Result<(), Gone> {
        let text = serde_json::to_string(frame).expect("frames have text keys only");
        self.send_message(Message::Text(text.into())).await
    }

    async fn ask_for_life(&mut self) -> Result<(), Gone> {
        self.send_message(Message::Ping(Vec::new().into())).await
    }

    async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code, reason: "".into() };
        // The other side may be gone already.
        let _ = self.send_message(Message::Close(Some(frame))).await;
    }
}

/// Whether a socket's error is about size; the library says so only in words.
fn is_too_large(error: &axum::Error) -> bool {
    let words = error.to_string();
    words.contains("too long") || words.contains("too large") || words.contains("too big")
}
