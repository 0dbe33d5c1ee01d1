//! Carries hints that a conversation grew or billing changed, within this node and, over NATS or by polling, between nodes.
//!
//! A hint only says "look": what another node claims is read from the database before anybody hears of it.
//! So a lost, late or false hint costs a read, never a message.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{AnyPool, AssertSqlSafe};
use tokio::sync::{SetOnce, broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::conversations::Logged;
use super::{StoreSettings, seq};
use crate::conversation::{ConversationId, Sender, Seq};
use watched::{Channels, Watched};

pub mod asking;
mod watched;

/// Where hints go on NATS.
const SUBJECT: &str = "plainbill.hints";
/// The most changes that wait for one listener of [`Bus::changes`]; more, and it lags.
const CHANGES_MAX: usize = 1024;
/// The most signs of typing that wait for one listener; more, and it misses the oldest.
const TYPING_MAX: usize = 8;
/// The most news of billing that waits for whoever listens; more, and it lags.
const BILLING_MAX: usize = 256;
/// The longest news of billing that is read, in bytes.
const BILLING_BYTES_MAX: usize = 1024;
/// The most hints that wait for NATS; more are dropped, and polling finds what they told of.
const OUTBOX_MAX: usize = 1024;
/// The most conversations that one hint names.
const HINT_MAX: usize = 256;
/// The longest hint that is read, in bytes.
const HINT_BYTES_MAX: usize = 64 * 1024;
/// The longest id that a hint may name, in bytes.
const ID_BYTES_MAX: usize = 64;
/// How many conversations one statement looks up.
const LOOKUP: usize = 64;
/// How many of the conversations that changed last are compared at each poll.
const RECENT: i64 = 256;
/// The shortest time between two polls.
const POLL_MIN: Duration = Duration::from_millis(10);
/// The longest wait between two attempts to reach NATS.
const NATS_WAIT_MAX: Duration = Duration::from_secs(2);
/// NATS is asked this often whether it is there; it counts as gone when two of these were not answered.
const NATS_ASKED_EVERY: Duration = Duration::from_secs(5);

/// Somebody types, or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Who.
    pub from: Sender,
    /// Whether they type.
    pub on: bool,
}

/// What nodes tell each other.
#[derive(Serialize, Deserialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
enum Hint {
    Moved { conversations: Vec<(ConversationId, Seq)> },
    Typing { conversation: ConversationId, from: Sender, on: bool },
    Billing { changed: String },
}

/// What was committed to one conversation.
pub(super) struct Moved {
    /// The conversation.
    pub id: ConversationId,
    /// Its new events, in order; at least one.
    pub events: Vec<Logged>,
}

/// Hints, within this node and between nodes.
pub(super) struct Bus {
    watched: Mutex<Channels<Watched>>,
    typing: Mutex<Channels<broadcast::Sender<Typing>>>,
    changes: broadcast::Sender<ConversationId>,
    billing: broadcast::Sender<String>,
    outbox: Option<mpsc::Sender<Hint>>,
    /// The way to other nodes, once there is one.
    nats: SetOnce<async_nats::Client>,
    closing: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Bus {
    /// Starts the bus, and what connects it to other nodes where there may be some.
    pub fn start(pool: &AnyPool, settings: &StoreSettings, postgres: bool) -> Arc<Self> {
        let (outbox, hints) = mpsc::channel(OUTBOX_MAX);
        let bus = Arc::new(Self {
            watched: Mutex::new(Channels::new()),
            typing: Mutex::new(Channels::new()),
            changes: broadcast::channel(CHANGES_MAX).0,
            billing: broadcast::channel(BILLING_MAX).0,
            outbox: settings.nats.is_some().then_some(outbox),
            nats: SetOnce::new(),
            closing: CancellationToken::new(),
            tasks: Mutex::new(Vec::new()),
        });
        let mut tasks = Vec::new();
        if let Some(address) = &settings.nats {
            tasks.push(tokio::spawn(carry(Arc::clone(&bus), pool.clone(), address.clone(), hints)));
        }
        if settings.nats.is_some() || postgres {
            tasks.push(tokio::spawn(poll(Arc::clone(&bus), pool.clone(), settings.poll_every)));
        }
        *locked(&bus.tasks) = tasks;
        bus
    }

    /// The newest `seq` of a conversation as news of it comes in.
    pub fn watch(&self, id: &ConversationId) -> watch::Receiver<Seq> {
        locked(&self.watched).channel(id, Watched::is_heard, Watched::new).newest.subscribe()
    }

    /// The events after a position as far as they have been heard of here, where all of them are in memory.
    pub fn tail(&self, id: &ConversationId, after: Seq) -> Option<Vec<Logged>> {
        locked(&self.watched).by_id.get(id)?.after(after)
    }

    /// The conversations that changed.
    pub fn changes(&self) -> broadcast::Receiver<ConversationId> {
        self.changes.subscribe()
    }

    /// Who is typing.
    pub fn typing(&self, id: &ConversationId) -> broadcast::Receiver<Typing> {
        let heard = |channel: &broadcast::Sender<Typing>| 0 < channel.receiver_count();
        locked(&self.typing).channel(id, heard, || broadcast::channel(TYPING_MAX).0).subscribe()
    }

    /// Passes on that somebody types.
    pub fn tell_typing(&self, id: &ConversationId, typing: Typing) {
        self.hear_typing(id, typing);
        self.send(Hint::Typing { conversation: id.clone(), from: typing.from, on: typing.on });
    }

    /// What other nodes say has changed in billing.
    pub fn billing(&self) -> broadcast::Receiver<String> {
        self.billing.subscribe()
    }

    /// Tells the other nodes what has changed in billing.
    pub fn tell_billing(&self, changed: String) {
        self.send(Hint::Billing { changed });
    }

    /// Tells everybody what was committed here.
    pub fn publish(&self, moved: Vec<Moved>) {
        let mut hints = Vec::new();
        for Moved { id, events } in moved {
            let Some(newest) = events.last().map(|it| it.event.seq) else { continue };
            if let Some(watched) = locked(&self.watched).heard(&id) {
                watched.add(events);
                watched.advance(newest);
            }
            if self.outbox.is_some() {
                hints.push((id.clone(), newest));
            }
            self.changes.send(id).ok();
        }
        for some in hints.chunks(HINT_MAX) {
            self.send(Hint::Moved { conversations: some.to_vec() });
        }
    }

    /// Tells what connects the bus to other nodes to end.
    pub fn end(&self) {
        self.closing.cancel();
    }

    /// Ends what connects the bus to other nodes.
    pub async fn close(&self) {
        self.end();
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        for task in tasks {
            task.await.ok();
        }
    }

    /// Wakes whoever watches a conversation. Only what the database has said may come here.
    fn advance(&self, id: &ConversationId, newest: Seq) {
        if let Some(watched) = locked(&self.watched).heard(id) {
            watched.advance(newest);
        }
    }

    fn hear_typing(&self, id: &ConversationId, typing: Typing) {
        let mut channels = locked(&self.typing);
        if channels.by_id.get(id).is_some_and(|channel| channel.send(typing).is_err()) {
            channels.by_id.remove(id);
        }
    }

    fn send(&self, hint: Hint) {
        if let Some(outbox) = &self.outbox {
            // A full outbox means that NATS is away: the others poll.
            outbox.try_send(hint).ok();
        }
    }

    /// The conversations that somebody watches.
    fn watched(&self) -> Vec<ConversationId> {
        let mut watched = locked(&self.watched);
        watched.by_id.retain(|_, it| it.is_heard());
        watched.by_id.keys().cloned().collect()
    }

    /// Whether a hint tells of something new to somebody here.
    fn is_news(&self, id: &ConversationId, newest: Seq) -> bool {
        locked(&self.watched).by_id.get(id).is_some_and(|it| *it.newest.borrow() < newest)
    }
}

/// The lock, also after a panic elsewhere: the maps are whole between any two lines.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ids from outside name a conversation only if they look like one.
fn is_id(id: &ConversationId) -> bool {
    let text = id.as_str();
    (1..=ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// What a hint from outside says, if it can be understood and is within all limits.
fn read_hint(bytes: &[u8]) -> Option<Hint> {
    if HINT_BYTES_MAX < bytes.len() {
        return None;
    }
    let hint = serde_json::from_slice(bytes).ok()?;
    let sound = match &hint {
        Hint::Moved { conversations } => {
            conversations.len() <= HINT_MAX && conversations.iter().all(|(id, _)| is_id(id))
        }
        Hint::Typing { conversation, .. } => is_id(conversation),
        Hint::Billing { changed } => changed.len() <= BILLING_BYTES_MAX,
    };
    sound.then_some(hint)
}

/// Carries hints to NATS and from it until the bus closes, reconnecting for as long as that takes.
async fn carry(bus: Arc<Bus>, pool: AnyPool, address: String, mut hints: mpsc::Receiver<Hint>) {
    let away = AtomicBool::new(false);
    let connected = async_nats::ConnectOptions::new()
        .name("plainbill")
        .no_echo()
        .ping_interval(NATS_ASKED_EVERY)
        .retry_on_initial_connect()
        .reconnect_delay_callback(nats_wait)
        .event_callback(move |event| {
            // One line when it goes and one when it is back, however often it is tried in between.
            let was_away = match &event {
                async_nats::Event::Connected => away.swap(false, Ordering::Relaxed),
                _ => away.load(Ordering::Relaxed),
            };
            let is_first = matches!(event, async_nats::Event::Disconnected | async_nats::Event::ClientError(_))
                && !away.swap(true, Ordering::Relaxed);
            async move {
                match event {
                    async_nats::Event::Connected => tracing::info!(was_away, "NATS is connected"),
                    other if is_first => {
                        tracing::warn!(%other, "NATS cannot be reached; hints go by polling until it can")
                    }
                    other => tracing::debug!(%other, "NATS"),
                }
            }
        })
        .connect(address)
        .await;
    let client = match connected {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "the address of NATS cannot be used; hints go by polling");
            return;
        }
    };
    // Nobody else sets it.
    let _ = bus.nats.set(client.clone());
    let mut incoming = match client.subscribe(SUBJECT).await {
        Ok(incoming) => incoming,
        Err(error) => {
            tracing::error!(%error, "NATS takes no subscription; hints go by polling");
            return;
        }
    };
    loop {
        tokio::select! {
            () = bus.closing.cancelled() => break,
            Some(hint) = hints.recv() => {
                if client.connection_state() == async_nats::connection::State::Connected
                    && let Ok(bytes) = serde_json::to_vec(&hint)
                    && let Err(error) = client.publish(SUBJECT, bytes.into()).await
                {
                    tracing::debug!(%error, "a hint was lost");
                }
            }
            Some(message) = incoming.next() => match read_hint(&message.payload) {
                Some(Hint::Moved { conversations }) => hear_moved(&bus, &pool, conversations).await,
                Some(Hint::Typing { conversation, from, on }) => bus.hear_typing(&conversation, Typing { from, on }),
                Some(Hint::Billing { changed }) => {
                    // Nobody may be listening.
                    bus.billing.send(changed).ok();
                }
                None => tracing::debug!(bytes = message.payload.len(), "a hint could not be read"),
            },
        }
    }
    // What was published last may still be on its way.
    tokio::time::timeout(NATS_WAIT_MAX, client.flush()).await.ok();
}

fn nats_wait(n_attempts: usize) -> Duration {
    let doublings = u32::try_from(n_attempts).unwrap_or(u32::MAX).min(5);
    Duration::from_millis(50).saturating_mul(1 << doublings).min(NATS_WAIT_MAX)
}

async fn hear_moved(bus: &Bus, pool: &AnyPool, conversations: Vec<(ConversationId, Seq)>) {
    let mut news = Vec::new();
    for (id, newest) in conversations {
        if bus.is_news(&id, newest) {
            news.push(id.clone());
        }
        bus.changes.send(id).ok();
    }
    look_up(bus, pool, &news).await;
}

/// Reads where conversations stand, and wakes whoever watches them.
async fn look_up(bus: &Bus, pool: &AnyPool, ids: &[ConversationId]) {
    for some in ids.chunks(LOOKUP) {
        let marks: Vec<String> = (1..=LOOKUP).map(|n| format!("${n}")).collect();
        // Nothing but the numbers of the marks goes into the text.
        let words = format!("select id, last_seq from conversations where id in ({})", marks.join(", "));
        let mut rows = sqlx::query_as(AssertSqlSafe(words));
        for i in 0..LOOKUP {
            rows = rows.bind(some.get(i).map(|id| id.as_str().to_owned()));
        }
        match rows.fetch_all(pool).await {
            Ok(rows) => {
                let rows: Vec<(String, i64)> = rows;
                for (id, newest) in rows {
                    bus.advance(&ConversationId::new(id), seq(newest));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "watched conversations could not be read");
                return;
            }
        }
    }
}

/// Finds what no hint told of, at every tick until the bus closes.
async fn poll(bus: Arc<Bus>, pool: AnyPool, every: Duration) {
    let every = every.max(POLL_MIN);
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recent: Option<HashMap<ConversationId, Seq>> = None;
    loop {
        tokio::select! {
            () = bus.closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let looked = async {
            look_up(&bus, &pool, &bus.watched()).await;
            if 0 < bus.changes.receiver_count() {
                tell_changes(&bus, &pool, &mut recent).await;
            } else {
                recent = None;
            }
        };
        tokio::select! {
            () = bus.closing.cancelled() => return,
            () = looked => {}
        }
    }
}

/// Tells of the conversations that changed since the last poll, as far as they are among the most recent.
async fn tell_changes(bus: &Bus, pool: &AnyPool, recent: &mut Option<HashMap<ConversationId, Seq>>) {
    let rows = sqlx::query_as("select id, last_seq from conversations order by last_at_ms desc, id limit $1")
        .bind(RECENT)
        .fetch_all(pool)
        .await;
    let rows: Vec<(String, i64)> = match rows {
        Ok(rows) => rows,
        Err(error) => {
            tracing::debug!(%error, "recent conversations could not be read");
            return;
        }
    };
    let now: HashMap<_, _> = rows.into_iter().map(|(id, newest)| (ConversationId::new(id), seq(newest))).collect();
    if let Some(before) = recent {
        for (id, newest) in &now {
            if before.get(id) != Some(newest) {
                bus.changes.send(id.clone()).ok();
            }
        }
    }
    *recent = Some(now);
}

#[cfg(test)]
mod tests {
    use super::watched::SWEEP_MIN;
    use super::*;
    use crate::conversation::{Event, Message, What};

    fn bus() -> Bus {
        Bus {
            watched: Mutex::new(Channels::new()),
            typing: Mutex::new(Channels::new()),
            changes: broadcast::channel(CHANGES_MAX).0,
            billing: broadcast::channel(BILLING_MAX).0,
            outbox: None,
            nats: SetOnce::new(),
            closing: CancellationToken::new(),
            tasks: Mutex::new(Vec::new()),
        }
    }

    fn logged(seq: Seq) -> Logged {
        let what = What::Message(Message { text: format!("message {seq}"), ..Message::default() });
        Logged { event: Event { seq, at_ms: 0, from: Sender::Customer, name: None, what }, key: None }
    }

    fn moved(id: &ConversationId, seqs: &[Seq]) -> Vec<Moved> {
        vec![Moved { id: id.clone(), events: seqs.iter().map(|seq| logged(*seq)).collect() }]
    }

    #[test]
    fn a_watch_holds_only_the_newest_seq() {
        let bus = bus();
        let id = ConversationId::new("c1");
        let mut watch = bus.watch(&id);
        bus.publish(moved(&id, &[1]).into_iter().chain(moved(&id, &[2, 3])).collect());
        assert!(watch.has_changed().expect("the sender is there"));
        assert_eq!(*watch.borrow_and_update(), 3);
        bus.advance(&id, 3);
        assert!(!watch.has_changed().expect("the sender is there"));
    }

    #[test]
    fn what_was_just_kept_is_read_from_memory_where_nothing_is_missing() {
        let bus = bus();
        let id = ConversationId::new("c1");
        let _watch = bus.watch(&id);
        let tail = |after| bus.tail(&id, after).map(|it| it.iter().map(|it| it.event.seq).collect::<Vec<_>>());
        assert_eq!(tail(0), None, "nothing has been heard of it");
        bus.publish(moved(&id, &[3, 4]));
        assert_eq!(tail(1), None, "2 is not here");
        assert_eq!(tail(2), Some(vec![3, 4]));
        assert_eq!(tail(4), Some(vec![]));
        bus.advance(&id, 5);
        assert_eq!(tail(4), None, "another node has written 5");
        bus.publish(moved(&id, &[6]));
        assert_eq!((tail(4), tail(5)), (None, Some(vec![6])));
        bus.publish(moved(&id, &[7, 8, 9, 10]));
        assert_eq!((tail(5), tail(6)), (None, Some(vec![7, 8, 9, 10])), "memory has an end");
    }

    #[test]
    fn what_nobody_listens_to_is_dropped() {
        let bus = bus();
        for i in 0..10_000 {
            drop(bus.watch(&ConversationId::new(format!("c{i}"))));
            drop(bus.typing(&ConversationId::new(format!("c{i}"))));
        }
        assert!(locked(&bus.watched).by_id.len() <= SWEEP_MIN);
        assert!(locked(&bus.typing).by_id.len() <= SWEEP_MIN);
        let id = ConversationId::new("c9999");
        bus.publish(moved(&id, &[1]));
        bus.hear_typing(&id, Typing { from: Sender::Customer, on: true });
        assert!(!locked(&bus.watched).by_id.contains_key(&id));
        assert!(!locked(&bus.typing).by_id.contains_key(&id));
    }

    #[test]
    fn only_sound_hints_are_read() {
        let is_read = |text: &str| read_hint(text.as_bytes()).is_some();
        assert!(is_read(r#"{"hint":"moved","conversations":[["0190-ab_C",7]]}"#));
        assert!(is_read(r#"{"hint":"typing","conversation":"c1","from":"customer","on":true}"#));
        assert!(!is_read(r#"{"hint":"moved","conversations":[["c1; drop table events",7]]}"#));
        assert!(!is_read(r#"{"hint":"moved","conversations":[["",7]]}"#));
        assert!(!is_read(r#"{"hint":"moved","conversations":[["c1",-1]]}"#));
        assert!(is_read(r#"{"hint":"billing","changed":"all"}"#));
        assert!(!is_read(&format!(r#"{{"hint":"billing","changed":"{}"}}"#, "x".repeat(BILLING_BYTES_MAX + 1))));
        assert!(!is_read(r#"{"hint":"reset"}"#));
        assert!(!is_read(""));
        let many = vec![(ConversationId::new("c1"), 1); HINT_MAX + 1];
        let long = serde_json::to_vec(&Hint::Moved { conversations: many }).expect("it is plain data");
        assert!(read_hint(&long).is_none());
    }

    #[test]
    fn the_wait_for_nats_grows_to_its_limit() {
        assert_eq!(nats_wait(0), Duration::from_millis(50));
        assert_eq!(nats_wait(1), Duration::from_millis(100));
        assert_eq!(nats_wait(usize::MAX), Duration::from_millis(1600));
    }
}
