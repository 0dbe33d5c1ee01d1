//! One staff member's live socket: rows of lists as they change, and the events of conversations that are watched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::app::App;
use crate::conversation::{ConversationId, Guess, Sender, Seq};
use crate::server::error::Problem;
use crate::server::login;
use crate::server::protocol::{Code, StaffClientFrame, StaffServerFrame};
use crate::server::socket::{Gone, Incoming, Transport};
use crate::server::staff::{has, row, staff_names};
use crate::server::websocket::Socket;
use crate::server::wire;
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

/// Attends to one staff member's socket.
pub async fn attend(app: Arc<App>, staff: Staff, mut socket: Socket) {
    let _here = app.staff_is_here(&staff.id);
    let mut signed_out = app.signed_out.subscribe();
    let mut changes = app.store.changes();
    let mut watched: HashMap<ConversationId, Watched> = HashMap::new();
    let silent_max = Duration::from_millis(app.config.limits.silent_ms_max);
    let mut silent_until = Instant::now() + silent_max;
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    if socket.send_json(&StaffServerFrame::Welcome { me: login::wire(&staff) }).await.is_err() {
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
            incoming = socket.next() => match incoming {
                Incoming::Text(text) => {
                    silent_until = Instant::now() + silent_max;
                    receive(&app, &staff, &mut watched, &text, &mut socket).await
                }
                Incoming::Alive => Ok(()),
                Incoming::Bad(_) | Incoming::Gone => Err(Gone),
            },
            changed = changes.recv() => match changed {
                Ok(id) => send_row(&app, &mut socket, &id).await,
                // Too many changes to follow one by one: the client reads its lists again when it reconnects.
                Err(broadcast::error::RecvError::Lagged(_)) => Err(Gone),
                Err(broadcast::error::RecvError::Closed) => Err(Gone),
            },
            _ = look.tick(), if !watched.is_empty() => send_watched(&app, &mut socket, &mut watched).await,
            () = tokio::time::sleep_until(silent_until) => Err(Gone),
        };
        if sent.is_err() {
            socket.close(1012).await;
            return;
        }
    }
}

async fn receive(
    app: &Arc<App>,
    staff: &Staff,
    watched: &mut HashMap<ConversationId, Watched>,
    text: &str,
    socket: &mut Socket,
) -> Result<(), Gone> {
    let Ok(frame) = serde_json::from_str::<StaffClientFrame>(text) else {
        let problem = Problem::new(Code::Malformed);
        let frame = StaffServerFrame::Error { code: problem.code, message: problem.message().to_owned() };
        return socket.send_json(&frame).await;
    };
    match frame {
        StaffClientFrame::Ping {} => socket.send_json(&StaffServerFrame::Pong {}).await,
        StaffClientFrame::Watch { conversation, after } => {
            if WATCHED_MAX <= watched.len() {
                let problem = Problem::new(Code::Busy);
                let frame = StaffServerFrame::Error { code: problem.code, message: problem.message().to_owned() };
                return socket.send_json(&frame).await;
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

async fn send_row(app: &App, socket: &mut Socket, id: &ConversationId) -> Result<(), Gone> {
    let read = async { Ok::<_, StoreError>((app.store.conversation(id).await?, staff_names(app).await?)) };
    match read.await {
        Ok((record, names)) => {
            socket.send_json(&StaffServerFrame::Conversation { row: row(app, &record, &names).await }).await
        }
        Err(error) => {
            tracing::warn!(%error, "a changed conversation could not be read");
            Ok(())
        }
    }
}

async fn send_watched(
    app: &App,
    socket: &mut Socket,
    watched: &mut HashMap<ConversationId, Watched>,
) -> Result<(), Gone> {
    for (id, watched) in watched.iter_mut() {
        while let Ok(typing) = watched.typing.try_recv() {
            if typing.from == Sender::Customer {
                let frame = StaffServerFrame::Typing { conversation: id.to_string(), on: typing.on };
                socket.send_json(&frame).await?;
            }
        }
        if !watched.seqs.has_changed().unwrap_or(false) {
            continue;
        }
        watched.seqs.mark_unchanged();
        let events = match app.store.events(id, watched.cursor, app.config.limits.events_max).await {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                return Err(Gone);
            }
        };
        if events.is_empty() {
            continue;
        }
        let understood: HashMap<Seq, Guess> = match app.store.understood(id).await {
            Ok(understood) => understood.into_iter().collect(),
            Err(_) => HashMap::new(),
        };
        let content = app.contents.current();
        for logged in &events {
            watched.cursor = logged.event.seq;
            let event = wire::for_staff(&content, logged, understood.get(&logged.event.seq));
            let frame = StaffServerFrame::Event { conversation: id.to_string(), event };
            socket.send_json(&frame).await?;
        }
        watched.seqs.mark_changed();
    }
    Ok(())
}
