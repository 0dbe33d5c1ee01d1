//! One staff member's live connection, over a WebSocket or a long poll: rows of lists as they change, and the events of
//! conversations that are watched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::future::select_all;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::app::App;
use crate::console::{conversations, signing_in};
use crate::conversation::{ConversationId, Sender, Seq};
use crate::server::error::Problem;
use crate::server::limits::{Pace, TooFast};
use crate::server::login::Reads;
use crate::server::protocol::{Code, StaffClientFrame, StaffServerFrame};
use crate::server::socket::{GOING_AWAY, Gone, Incoming, POLICY, Transport};
use crate::server::{Peer, Site, origin_allowed, websocket, wire};
use crate::store::{Staff, Typing};

/// Conversations that one socket may watch at once.
const WATCHED_MAX: usize = 20;

/// How often it is asked whether somebody may still read: whoever signs out on another node, is removed, gets another
/// role or password, or whose session is over, reads on for so long at the most.
const ASK_AGAIN: Duration = Duration::from_millis(1_500);

/// `GET /v1/staff`: a staff member's socket.
pub async fn upgrade(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    reads: Reads,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !origin_allowed(&site.app, &headers) {
        return Problem::new(Code::WrongPage).into_response();
    }
    let app = site.app.clone();
    let bytes_max = app.config.limits.frame_bytes_max;
    websocket::take(&site, peer, upgrade, bytes_max, |socket| attend(app, reads, socket))
}

/// Attends to one staff member's connection.
pub async fn attend(app: Arc<App>, reads: Reads, transport: impl Transport) {
    let Reads(staff, session) = reads;
    let _here = app.staff_is_here(&staff.id);
    let pace = Pace::new(&app.config.limits);
    let mut connection = Connection { app, staff, session, pace, transport, watched: HashMap::new() };
    if let Err(code) = connection.run().await {
        connection.transport.close(code).await;
    }
}

/// A staff member's connection.
struct Connection<T> {
    app: Arc<App>,
    staff: Staff,
    /// The hash of the session by which they read.
    session: String,
    pace: Pace,
    transport: T,
    watched: HashMap<ConversationId, Watched>,
}

/// A watched conversation, and how far its events were sent.
struct Watched {
    seqs: watch::Receiver<Seq>,
    typing: broadcast::Receiver<Typing>,
    cursor: Seq,
}

/// What is new in a watched conversation.
enum New {
    Events,
    Typing(Typing),
}

/// What woke the connection up.
enum Woken {
    Frame(Incoming),
    Changed(ConversationId),
    CameOrWent(ConversationId),
    New(ConversationId, New),
    AskAgain,
    Heartbeat,
    End,
}

impl<T: Transport> Connection<T> {
    /// Runs until the end, which is a close code.
    async fn run(&mut self) -> Result<(), u16> {
        let limits = &self.app.config.limits;
        let silent_max = Duration::from_millis(limits.silent_ms_max);
        let mut silent_until = Instant::now() + silent_max;
        let mut heartbeat = tokio::time::interval(Duration::from_millis(u64::from(limits.heartbeat_ms)));
        let mut ask_again = tokio::time::interval(ASK_AGAIN);
        ask_again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut signed_out = self.app.signed_out.subscribe();
        let mut changes = self.app.sessions.changes();
        let mut came_or_went = self.app.presence.came_or_went();
        let stop = self.app.stop.clone();
        self.send(&StaffServerFrame::Welcome { me: wire::staff_member(&self.staff) }).await?;
        loop {
            let Self { transport, watched, staff, .. } = self;
            // Whoever lags has missed what can't be told one by one: their client reads its lists again when it is back.
            let woken = tokio::select! {
                biased;
                () = stop.cancelled() => Woken::End,
                out = signed_out.recv() => match out {
                    Ok(id) if id != staff.id => continue,
                    _ => Woken::End,
                },
                _ = ask_again.tick() => Woken::AskAgain,
                incoming = transport.next() => Woken::Frame(incoming),
                changed = changes.recv() => changed.map_or(Woken::End, Woken::Changed),
                someone = came_or_went.recv() => someone.map_or(Woken::End, Woken::CameOrWent),
                _ = heartbeat.tick() => Woken::Heartbeat,
                (id, new) = news(watched) => Woken::New(id, new),
                () = tokio::time::sleep_until(silent_until) => Woken::End,
            };
            match woken {
                Woken::Frame(Incoming::Gone) | Woken::End => return Err(GOING_AWAY),
                Woken::Frame(incoming) => {
                    silent_until = Instant::now() + silent_max;
                    self.receive(incoming).await?;
                }
                Woken::Changed(id) => self.send_row(&id).await?,
                Woken::CameOrWent(id) => {
                    let online = self.app.customer_is_online(&id);
                    self.send(&StaffServerFrame::Presence { conversation: id.to_string(), online }).await?;
                }
                Woken::New(id, New::Events) => {
                    self.send_events(&id).await?;
                    // Where lists keep changing, the others would wait for a gap each.
                    for id in self.watched_with_news() {
                        self.send_events(&id).await?;
                    }
                }
                Woken::New(id, New::Typing(typing)) => {
                    if typing.from == Sender::Customer {
                        self.send(&StaffServerFrame::Typing { conversation: id.to_string(), on: typing.on }).await?;
                    }
                }
                Woken::AskAgain => self.ask_again().await?,
                Woken::Heartbeat => self.transport.ask_for_life().await.map_err(|Gone| GOING_AWAY)?,
            }
        }
    }

    async fn send(&mut self, frame: &StaffServerFrame) -> Result<(), u16> {
        self.transport.send(frame).await.map_err(|Gone| GOING_AWAY)
    }

    async fn refuse(&mut self, code: Code) -> Result<(), u16> {
        let message = Problem::new(code).message().to_owned();
        self.send(&StaffServerFrame::Error { code, message }).await
    }

    /// Whether the session still stands, and for the same person with the same role.
    async fn ask_again(&mut self) -> Result<(), u16> {
        match signing_in::whose(&self.app, &self.session).await {
            Ok(Some(now)) if now.id == self.staff.id && now.role == self.staff.role => Ok(()),
            Ok(_) => Err(GOING_AWAY),
            // A store that doesn't answer says nothing about anybody; what is read from it fails by itself.
            Err(error) => {
                tracing::warn!(%error, "a session could not be looked up");
                Ok(())
            }
        }
    }

    async fn receive(&mut self, incoming: Incoming) -> Result<(), u16> {
        match incoming {
            Incoming::Text(text) => match self.pace.frame().await {
                Ok(()) => self.read(&text).await,
                Err(TooFast::Wait(_)) => self.refuse(Code::RateLimited).await,
                Err(TooFast::TooLong) => Err(POLICY),
            },
            Incoming::Bad(_, code) => Err(code),
            // Signs of life have a pace too; what is too much of them needs no answer.
            Incoming::Alive => match self.pace.frame().await {
                Err(TooFast::TooLong) => Err(POLICY),
                _ => Ok(()),
            },
            Incoming::Gone => Err(GOING_AWAY),
        }
    }

    async fn read(&mut self, text: &str) -> Result<(), u16> {
        let Ok(frame) = serde_json::from_str::<StaffClientFrame>(text) else {
            return self.refuse(Code::Malformed).await;
        };
        match frame {
            StaffClientFrame::Ping {} => self.send(&StaffServerFrame::Pong {}).await,
            StaffClientFrame::Watch { .. } if WATCHED_MAX <= self.watched.len() => self.refuse(Code::Busy).await,
            StaffClientFrame::Watch { conversation, after } => {
                let id = ConversationId::new(conversation);
                let mut seqs = self.app.sessions.watch(&id);
                // What is there already counts as news.
                seqs.mark_changed();
                let watched = Watched { seqs, typing: self.app.sessions.typing(&id), cursor: after };
                self.watched.insert(id, watched);
                Ok(())
            }
            StaffClientFrame::Unwatch { conversation } => {
                self.watched.remove(&ConversationId::new(conversation));
                Ok(())
            }
            StaffClientFrame::Typing { conversation, on } => {
                conversations::tell_typing(&self.app, &ConversationId::new(conversation), &self.staff, on).await;
                Ok(())
            }
        }
    }

    async fn send_row(&mut self, id: &ConversationId) -> Result<(), u16> {
        match conversations::row(&self.app, id).await {
            Ok(row) => self.send(&StaffServerFrame::Conversation { row: wire::row_of_list(&row) }).await,
            // Left out, it would never be told: the client reads its lists again when it reconnects.
            Err(error) => {
                tracing::warn!(%error, "a changed conversation could not be read");
                Err(GOING_AWAY)
            }
        }
    }

    /// The watched conversations in which there is something new.
    fn watched_with_news(&self) -> Vec<ConversationId> {
        let has_news = |it: &Watched| it.seqs.has_changed().unwrap_or(false);
        self.watched.iter().filter(|it| has_news(it.1)).map(|it| it.0.clone()).collect()
    }

    /// Sends what a watched conversation's log has after the cursor.
    async fn send_events(&mut self, id: &ConversationId) -> Result<(), u16> {
        let Some(watched) = self.watched.get_mut(id) else { return Ok(()) };
        let events = match conversations::events_after(&self.app, id, watched.cursor).await {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                return Err(GOING_AWAY);
            }
        };
        let Some(last) = events.last() else { return Ok(()) };
        watched.cursor = last.logged.event.seq;
        // One read may not have handed out all of it.
        watched.seqs.mark_changed();
        for event in wire::all_for_staff(&self.app.contents.current(), &events) {
            self.send(&StaffServerFrame::Event { conversation: id.to_string(), event }).await?;
        }
        Ok(())
    }
}

/// Waits until something is new in one of them. Safe to drop before it is there.
async fn news(watched: &mut HashMap<ConversationId, Watched>) -> (ConversationId, New) {
    if watched.is_empty() {
        return std::future::pending().await;
    }
    let each = watched.iter_mut().map(|(id, it)| Box::pin(async move { (id.clone(), it.news().await) }));
    select_all(each).await.0
}

impl Watched {
    async fn news(&mut self) -> New {
        tokio::select! {
            biased;
            Ok(()) = self.seqs.changed() => New::Events,
            typing = typing(&mut self.typing) => New::Typing(typing),
            else => std::future::pending().await,
        }
    }
}

/// Who types next. One that lags has missed nothing but hints.
async fn typing(hints: &mut broadcast::Receiver<Typing>) -> Typing {
    loop {
        match hints.recv().await {
            Ok(typing) => return typing,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
