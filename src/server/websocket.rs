//! WebSockets: the upgrade with its limits, and a socket as a [`Transport`].

use std::time::Duration;

use axum::BoxError;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt;
use serde::Serialize;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use crate::config::Limits;
use crate::server::error::Problem;
use crate::server::protocol::{Code, SUBPROTOCOL};
use crate::server::socket::{
    self, Caller, Gone, Incoming, NOT_TEXT, NOT_UTF8, PROTOCOL, ROOM_TO_REFUSE, TOO_LARGE, Transport,
};
use crate::server::{Peer, Site, address_of, origin_allowed};
use crate::telemetry;

/// Bytes of the buffers of one socket; the default of 128 KiB would cost 20 times the memory.
const BUFFER_BYTES: usize = 4 * 1024;
/// How long the other side has to say good-bye too.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// `GET /v1/chat`: a customer's socket.
pub async fn chat(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !origin_allowed(&site.app, &headers) {
        let origin = headers.get(header::ORIGIN).map(|it| String::from_utf8_lossy(it.as_bytes())).unwrap_or_default();
        let origin = telemetry::cut(&origin);
        tracing::info!(?origin, "a page that is not in `origins` tried to open a chat");
        return Problem::new(Code::WrongPage).into_response();
    }
    let caller = Caller { network: peer.address, site: address_of(&site.app, &headers) };
    let (app, gate) = (site.app.clone(), site.gate.clone());
    let bytes_max = app.config.limits.frame_bytes_max.saturating_mul(ROOM_TO_REFUSE);
    take(&site, peer, upgrade, bytes_max, |socket| socket::attend(app, gate, caller, socket))
}

/// Takes a socket of messages up to so many bytes, and has somebody attend to it.
pub fn take<F: Future<Output = ()> + Send + 'static>(
    site: &Site,
    peer: Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    bytes_max: usize,
    attend: impl FnOnce(Socket) -> F + Send + 'static,
) -> Response {
    let Ok(upgrade) = upgrade else { return without_upgrade() };
    let (limits, tasks) = (site.app.config.limits.clone(), site.app.tasks.clone());
    bounded(upgrade, &limits, bytes_max).on_upgrade(move |socket| {
        tasks.track_future(async move {
            // The place is taken until the socket ends, not until the upgrade.
            let _place = peer.place;
            attend(Socket::new(socket, &limits)).await;
        })
    })
}

/// Nearly always a proxy that keeps the headers to itself.
fn without_upgrade() -> Response {
    tracing::info!("a socket was asked for without `Upgrade`: does the proxy in front pass it on? See docs/proxy.md");
    Problem::new(Code::Malformed).into_response()
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
            Some(Ok(Message::Binary(_))) => Incoming::Bad(Some(Code::Malformed), NOT_TEXT),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Close(_))) => {
                // The library has the answer ready. The other side may be gone already.
                let _ = tokio::time::timeout(self.send_max, self.socket.flush()).await;
                Incoming::Gone
            }
            None => Incoming::Gone,
            Some(Err(error)) => what_broke(&error.into_inner()),
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
        if self.send_message(Message::Close(Some(frame))).await.is_err() {
            // The other side is gone already.
            return;
        }
        // To end with something unread would reset the line, and the code might never arrive.
        let last_words = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
    }
}

/// What an error of the library means (RFC 6455, section 7.4.1).
fn what_broke(error: &BoxError) -> Incoming {
    match error.downcast_ref() {
        Some(WsError::Capacity(_)) => Incoming::Bad(Some(Code::TooLarge), TOO_LARGE),
        Some(WsError::Utf8(_)) => Incoming::Bad(None, NOT_UTF8),
        Some(WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Incoming::Gone,
        Some(WsError::Protocol(_)) => Incoming::Bad(None, PROTOCOL),
        _ => Incoming::Gone,
    }
}
