//! One staff member's live connection, over a WebSocket or a long poll: rows of lists as they change, and the events of conversations that are watched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::app::App;
use crate::conversation::{ConversationId, Sender, Seq};
use crate::server::error::Problem;
use crate::server::limits::{Pace, TooFast};
use crate::server::login;
use crate::server::protocol::{Code, StaffClientFrame, StaffServerFrame};
use crate::server::socket::{Gone, Incoming, POLICY, Transport};
use crate::server::staff::{for_staff, row, staff_names};
use crate::session::staff::has;
use crate::store::{Staff, StoreError, Typing};

/// Conversations that one socket may watch at once.
const WATCHED_MAX: usize = 20;
/// How often a socket looks at what it watches.
const LOOK: Duration = Duration::from_millis(50);

/// A watched conversation, and how far its events were sent.
struct Watched {
    seqs: watch::Receiver<Seq>,
    typing: broadcast::Receiver<Typing>,
    cursor: Seq,
}

/// How often it is asked whether somebody may still read: whoever signs out on another node, is removed, gets another
/// role or password, or whose session is over, reads on for so long at the most.
const ASK_AGAIN: Duration = Duration::from_millis(1_500);

/// Attends to one staff member's socket.
pub async fn attend(app: Arc<App>, reads: login::Reads, mut socket: impl Transport) {
    let login::Reads(staff, session) = reads;
    let _here = app.staff_is_here(&staff.id);
    let mut signed_out = app.signed_out.subscribe();
    let mut changes = app.store.changes();
    let mut came_or_went = app.presence.came_or_went();
    let mut watched: HashMap<ConversationId, Watched> = HashMap::new();
    let silent_max = Duration::from_millis(app.config.limits.silent_ms_max);
    let mut silent_until = Instant::now() + silent_max;
    let mut heartbeat = tokio::time::interval(Duration::from_millis(u64::from(app.config.limits.heartbeat_ms)));
    let mut look = tokio::time::interval(LOOK);
    let mut pace = Pace::new(&app.config.limits);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut ask_again = tokio::time::interval(ASK_AGAIN);
    ask_again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    if socket.send(&StaffServerFrame::Welcome { me: login::wire(&staff) }).await.is_err() {
        return;
    }
    loop {
        let sent = tokio::select! {
            biased;
            () = app.stop.cancelled() => Err(Gone),
            out = signed_out.recv() => match out {
                Ok(id) if id != staff.id => Ok(()),
                _ => Err(Gone),
            },
            _ = ask_again.tick() => may_still_read(&app, &staff, &session).await,
            incoming = socket.next() => match incoming {
                Incoming::Text(text) => {
                    silent_until = Instant::now() + silent_max;
                    match pace.frame().await {
                        Ok(()) => receive(&app, &staff, &mut watched, &text, &mut socket).await,
                        Err(TooFast::Wait(_)) => refuse(&mut socket, Code::RateLimited).await,
                        Err(TooFast::TooLong) => return socket.close(POLICY).await,
                    }
                }
                Incoming::Bad(_, code) => return socket.close(code).await,
                // Signs of life have a pace too; what is too much of them needs no answer.
                Incoming::Alive => {
                    silent_until = Instant::now() + silent_max;
                    match pace.frame().await {
                        Err(TooFast::TooLong) => return socket.close(POLICY).await,
                        _ => Ok(()),
                    }
                }
                Incoming::Gone => Err(Gone),
            },
            changed = changes.recv() => match changed {
                Ok(id) => send_row(&app, &mut socket, &id).await,
                // Too many changes to follow one by one: the client reads its lists again when it reconnects.
                Err(broadcast::error::RecvError::Lagged(_)) => Err(Gone),
                Err(broadcast::error::RecvError::Closed) => Err(Gone),
            },
            someone = came_or_went.recv() => match someone {
                Ok(id) => send_presence(&app, &mut socket, id).await,
                Err(_) => Err(Gone),
            },
            _ = heartbeat.tick() => socket.ask_for_life().await,
            _ = look.tick(), if !watched.is_empty() => send_watched(&app, &mut socket, &mut watched).await,
            () = tokio::time::sleep_until(silent_until) => Err(Gone),
        };
        if sent.is_err() {
            socket.close(1012).await;
            return;
        }
    }
}

/// Whether the session still stands, and for the same person with the same role.
async fn may_still_read(app: &App, staff: &Staff, session: &str) -> Result<(), Gone> {
    match app.store.session(session, app.clock.now_ms()).await {
        Ok(Some(now)) if now.id == staff.id && now.role == staff.role => Ok(()),
        Ok(_) => Err(Gone),
        // A store that doesn't answer says nothing about anybody; what is read from it fails by itself.
        Err(error) => {
            tracing::warn!(%error, "a session could not be looked up");
            Ok(())
        }
    }
}

async fn receive(
    app: &Arc<App>,
    staff: &Staff,
    watched: &mut HashMap<ConversationId, Watched>,
    text: &str,
    socket: &mut impl Transport,
) -> Result<(), Gone> {
    let Ok(frame) = serde_json::from_str::<StaffClientFrame>(text) else {
        return refuse(socket, Code::Malformed).await;
    };
    match frame {
        StaffClientFrame::Ping {} => socket.send(&StaffServerFrame::Pong {}).await,
        StaffClientFrame::Watch { conversation, after } => {
            if WATCHED_MAX <= watched.len() {
                return refuse(socket, Code::Busy).await;
            }
            let id = ConversationId::new(conversation);
            let mut seqs = app.store.watch(&id);
            // What is there already counts as news.
            seqs.mark_changed();
            let entry = Watched { seqs, typing: app.store.typing(&id), cursor: after };
            watched.insert(id, entry);
            Ok(())
        }
        StaffClientFrame::Unwatch { conversation } => {
            watched.remove(&ConversationId::new(conversation));
            Ok(())
        }
        StaffClientFrame::Typing { conversation, on } => {
            let id = ConversationId::new(conversation);
            // Only whoever has the conversation is shown as typing.
            if let Ok(record) = app.store.conversation(&id).await
                && has(&record, staff)
            {
                app.store.tell_typing(&id, Typing { from: Sender::Staff, on });
            }
            Ok(())
        }
    }
}

async fn refuse(socket: &mut impl Transport, code: Code) -> Result<(), Gone> {
    let message = Problem::new(code).message().to_owned();
    socket.send(&StaffServerFrame::Error { code, message }).await
}

async fn send_row(app: &App, socket: &mut impl Transport, id: &ConversationId) -> Result<(), Gone> {
    let read = async { Ok::<_, StoreError>((app.store.conversation(id).await?, staff_names(app).await?)) };
    match read.await {
        Ok((record, names)) => {
            socket.send(&StaffServerFrame::Conversation { row: row(app, &record, &names).await }).await
        }
        // Left out, it would never be told: the client reads its lists again when it reconnects.
        Err(error) => {
            tracing::warn!(%error, "a changed conversation could not be read");
            Err(Gone)
        }
    }
}

async fn send_presence(app: &App, socket: &mut impl Transport, id: ConversationId) -> Result<(), Gone> {
    let online = app.customer_is_online(&id);
    socket.send(&StaffServerFrame::Presence { conversation: id.to_string(), online }).await
}

async fn send_watched(
    app: &App,
    socket: &mut impl Transport,
    watched: &mut HashMap<ConversationId, Watched>,
) -> Result<(), Gone> {
    for (id, watched) in watched.iter_mut() {
        while let Ok(typing) = watched.typing.try_recv() {
            if typing.from == Sender::Customer {
                let frame = StaffServerFrame::Typing { conversation: id.to_string(), on: typing.on };
                socket.send(&frame).await?;
            }
        }
        if !watched.seqs.has_changed().unwrap_or(false) {
            continue;
        }
        watched.seqs.mark_unchanged();
        let events = match app.store.news(id, watched.cursor, app.config.limits.events_max).await {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                return Err(Gone);
            }
        };
        if events.is_empty() {
            continue;
        }
        let events = match for_staff(app, id, &events).await {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "what the bot understood could not be read");
                return Err(Gone);
            }
        };
        for event in events {
            watched.cursor = event.seq;
            let frame = StaffServerFrame::Event { conversation: id.to_string(), event };
            socket.send(&frame).await?;
        }
        watched.seqs.mark_changed();
    }
    Ok(())
}
