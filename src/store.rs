//! Keeps conversations, staff, questions and settings in SQLite or PostgreSQL, and speaks domain types only.
//!
//! One set of statements serves both databases.
//! Writes go through one writer, which commits what has queued up together; reads go through a pool beside it.
//! What is answered `Ok` is durable.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyPool;
use tokio::sync::{broadcast, watch};

use crate::conversation::{ConversationId, Seq};

mod actions;
mod append;
mod bus;
mod chain;
mod checking;
mod codes;
mod conversations;
mod demo_acts;
mod feedback;
mod hold;
mod log;
mod place;
mod pooling;
mod settings;
mod staff;
mod writer;

pub use actions::{ActionEnd, ActionRecord, ActionStatus, NewAction};
pub use append::{Append, Appended, Expect, NewPromise, Opening};
pub use bus::Typing;
pub use bus::asking::{ASKED_BYTES_MAX, Asks, NodeRequest};
pub use checking::{Damage, DamageKind, Findings, check};
pub use codes::{CodeChange, CodeLimits, CodeRecord, Marks};
pub use conversations::{ConversationRecord, List, Logged, Promise, Stint};
pub use demo_acts::DemoAct;
pub use feedback::{AssignTo, Cause, NewQuestion, Question, QuestionFilter, Why};
pub use hold::{Hold, hold};
pub use staff::{Login, NewStaff, Role, Staff};

use bus::Bus;
use place::Place;
use writer::Writer;

/// Where the store lies and how much it takes on.
#[derive(Clone)]
pub struct StoreSettings {
    /// `postgres://…`; none means an SQLite file in `data`.
    pub url: Option<String>,
    /// The folder of the SQLite file `plainbill.db`; made when it is missing.
    pub data: PathBuf,
    /// `nats://…`, where several nodes tell each other what is new; none means that they poll.
    pub nats: Option<String>,
    /// The most writes that wait for the writer; one more is answered with [`Trouble::Busy`].
    pub write_queue_max: usize,
    /// The most writes that are committed together.
    pub group_max: usize,
    /// The most events that one read hands out.
    pub events_max: u32,
    /// The most connections for reading.
    pub readers_max: u32,
    /// The longest that a read waits for a connection and its rows.
    pub read_wait: Duration,
    /// The longest that one group of writes may take before its connection is given up.
    pub write_wait: Duration,
    /// How often watched conversations are looked at where other nodes may write to them.
    pub poll_every: Duration,
    /// The most pages of 4 KiB that the SQLite file may have; none means as many as the disk takes.
    pub pages_max: Option<u32>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: None,
            data: PathBuf::from("data"),
            nats: None,
            write_queue_max: 4096,
            group_max: 256,
            events_max: 1000,
            readers_max: 8,
            read_wait: Duration::from_secs(2),
            write_wait: Duration::from_secs(10),
            poll_every: Duration::from_secs(1),
            pages_max: None,
        }
    }
}

impl fmt::Debug for StoreSettings {
    /// Leaves out the addresses, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSettings")
            .field("postgres", &self.url.is_some())
            .field("data", &self.data)
            .field("nats", &self.nats.is_some())
            .field("write_queue_max", &self.write_queue_max)
            .field("group_max", &self.group_max)
            .field("events_max", &self.events_max)
            .field("readers_max", &self.readers_max)
            .field("read_wait", &self.read_wait)
            .field("write_wait", &self.write_wait)
            .field("poll_every", &self.poll_every)
            .field("pages_max", &self.pages_max)
            .finish()
    }
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("there is no such entry")]
    NotFound,
    /// What was expected no longer holds, or somebody else was first.
    #[error("somebody else was first")]
    Conflict,
    /// Nothing was promised; it may work in a moment.
    ///
    /// A write that got this may have been kept all the same when the connection was lost: keys and `answered` make
    /// trying again safe.
    #[error("the store is not available: {trouble} ({detail})")]
    Unavailable {
        /// What stands in the way.
        trouble: Trouble,
        /// The database's own words, for the log.
        detail: String,
    },
    /// A newer program wrote this store.
    #[error(
        "the store has schema {found}, but this program knows none after {known}: \
         start the newer program, or restore a backup from before it"
    )]
    Newer {
        /// The oldest schema in the store that this program does not know.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// An older program wrote this store, and nothing has brought it to the present schema.
    #[error("the store has schema {found}: start `plainbill serve` once, which brings it to {known}, then try again")]
    Older {
        /// The newest schema in the store.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// Another server works on the folder.
    #[error(
        "another server works on {folder} ({holder}): stop it first, or give this one a folder of its own with --data"
    )]
    Held {
        /// The folder with the store.
        folder: String,
        /// Which process it is, where, and since when, as far as it has said.
        holder: String,
    },
    /// A pooler stands before PostgreSQL that gives each transaction another connection.
    #[error(
        "the database's address leads to a pooler that gives each transaction another connection, but what is set and \
         prepared on a connection must stay there: pool by session (PgBouncer: pool_mode = session for this database), \
         or give PostgreSQL's own address"
    )]
    Pooled,
    /// It will not work by itself again.
    #[error("the store is broken: {what}")]
    Broken {
        /// What is wrong.
        what: String,
    },
}

/// What keeps the store from working just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Too many writes are waiting.
    Busy,
    /// The disk has no room.
    Full,
    /// Another program holds a lock for too long.
    Locked,
    /// The database cannot be reached, or took too long.
    Lost,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trouble::Busy => "too many writes are waiting",
            Trouble::Full => "the disk is full",
            Trouble::Locked => "another program holds a lock",
            Trouble::Lost => "the database cannot be reached",
        })
    }
}

impl StoreError {
    fn unavailable(trouble: Trouble, detail: impl Into<String>) -> Self {
        StoreError::Unavailable { trouble, detail: detail.into() }
    }

    fn broken(what: impl fmt::Display) -> Self {
        StoreError::Broken { what: what.to_string() }
    }

    /// Too many writes are waiting; the customer may be told "busy".
    pub fn is_busy(&self) -> bool {
        matches!(self, StoreError::Unavailable { trouble: Trouble::Busy, .. })
    }
}

/// Tells errors apart by kind, never by a constraint's name, which SQLite does not give.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        let detail = error.to_string();
        match error {
            sqlx::Error::RowNotFound => StoreError::NotFound,
            sqlx::Error::Database(inner) => match inner.kind() {
                ErrorKind::UniqueViolation => StoreError::Conflict,
                ErrorKind::ForeignKeyViolation => StoreError::NotFound,
                _ => from_code(inner.code().as_deref().unwrap_or_default(), detail),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => StoreError::unavailable(Trouble::Lost, detail),
            // Of an SQLite file we write the address ourselves.
            sqlx::Error::Configuration(_) => StoreError::broken(format_args!("`database` cannot be read: {detail}")),
            _ => StoreError::broken(detail),
        }
    }
}

/// Reads SQLite's result codes (numbers, <https://www.sqlite.org/rescode.html>) and PostgreSQL's SQLSTATE (five
/// characters, <https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn from_code(code: &str, detail: String) -> StoreError {
    if code.len() == 5 {
        return match (&code[..2], code) {
            ("53", "53100") => StoreError::unavailable(Trouble::Full, detail),
            ("40", _) | (_, "55P03" | "57014") => StoreError::unavailable(Trouble::Locked, detail),
            // No connection, no resources, shutdown, system error, failed transaction.
            ("08" | "25" | "53" | "57" | "58", _) => StoreError::unavailable(Trouble::Lost, detail),
            _ => StoreError::broken(detail),
        };
    }
    let extended: i32 = code.parse().unwrap_or_default();
    match (extended, extended % 256) {
        (_, _) if FAILED_SYNC.contains(&extended) => StoreError::broken(detail),
        (_, 13) => StoreError::unavailable(Trouble::Full, detail),
        (_, 5 | 6) => StoreError::unavailable(Trouble::Locked, detail),
        // Interrupted, read-only, input or output, cannot open.
        (_, 8..=10 | 14) => StoreError::unavailable(Trouble::Lost, detail),
        _ => StoreError::broken(detail),
    }
}

/// SQLite's codes for a sync of the file or its folder that failed.
const FAILED_SYNC: [i32; 2] = [1034, 1290];

/// Whether the disk failed to sync, after which nobody knows what is on it.
fn is_failed_sync(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|inner| inner.code()?.parse().ok());
    code.is_some_and(|code: i32| FAILED_SYNC.contains(&code))
}

/// The store. Cloning it is cheap; all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pool: AnyPool,
    writer: Writer,
    bus: Arc<Bus>,
    place: Place,
    read_wait: Duration,
    events_max: u32,
    told: log::Told,
}

impl Drop for Inner {
    /// A store that nobody closed must not leave the bus running.
    fn drop(&mut self) {
        self.bus.end();
    }
}

impl Store {
    /// Opens the store, making it or bringing it to the present schema where needed.
    ///
    /// Fails with [`StoreError::Newer`] on a store of a newer program, with [`StoreError::Broken`] on a damaged SQLite
    /// file, and with [`StoreError::Pooled`] where connections don't stay ours.
    pub async fn open(settings: &StoreSettings) -> Result<Store, StoreError> {
        let place = Place::find(settings)?;
        place.refuse_pooler().await?;
        let mut first = place.connect().await?;
        place.check(&mut first).await?;
        place.migrate(&mut first).await?;
        let pool = place.pool(settings);
        let bus = Bus::start(&pool, settings, place.is_postgres());
        let writer = Writer::start(place.clone(), first, Arc::clone(&bus), settings);
        Ok(Store {
            inner: Arc::new(Inner {
                pool,
                writer,
                bus,
                place,
                read_wait: settings.read_wait,
                events_max: settings.events_max,
                told: log::Told::default(),
            }),
        })
    }

    /// Finishes the writes that were accepted, refuses new ones, and leaves one whole file behind.
    pub async fn close(&self) {
        self.inner.writer.close().await;
        self.inner.bus.close().await;
        self.inner.pool.close().await;
        self.inner.place.tidy_up().await;
    }

    /// Whether other nodes may work on the same store.
    pub fn is_shared(&self) -> bool {
        self.inner.place.is_postgres()
    }

    /// Proves that writes work, by one.
    pub async fn probe(&self, at_ms: i64) -> Result<(), StoreError> {
        self.set_setting("probed_at_ms", at_ms.to_string()).await
    }

    /// Waits until the store can no longer be trusted, because a sync to the disk failed; the program should end then.
    pub async fn broken(&self) -> StoreError {
        self.inner.writer.broken().await
    }

    /// The newest `seq` of a conversation, as news of it comes in; 0 until then.
    ///
    /// Only a hint: what stands in the log is read with [`Store::events`]. Subscribe first, then read.
    pub fn watch(&self, id: &ConversationId) -> watch::Receiver<Seq> {
        self.inner.bus.watch(id)
    }

    /// The conversations that changed. Whoever lags reads the lists again.
    pub fn changes(&self) -> broadcast::Receiver<ConversationId> {
        self.inner.bus.changes()
    }

    /// Who is typing in a conversation. Nothing of it is kept.
    pub fn typing(&self, id: &ConversationId) -> broadcast::Receiver<Typing> {
        self.inner.bus.typing(id)
    }

    /// Tells everybody who listens to a conversation's typing, here and on other nodes.
    pub fn tell_typing(&self, id: &ConversationId, typing: Typing) {
        self.inner.bus.tell_typing(id, typing);
    }

    /// Tells the other nodes what has changed in billing, in billing's own words. A lost hint costs what they hold
    /// its time.
    pub fn tell_billing(&self, changed: String) {
        self.inner.bus.tell_billing(changed);
    }

    /// What other nodes say has changed in billing. Whoever lags has to take everything as changed.
    pub fn billing_news(&self) -> broadcast::Receiver<String> {
        self.inner.bus.billing()
    }

    /// Whether other nodes can be asked for what only they hold.
    pub fn asks_nodes(&self) -> bool {
        self.inner.bus.can_ask()
    }

    /// What other nodes ask of the one of this name; waits until there is a way to them.
    pub async fn asks_of(&self, node: &str) -> Option<Asks> {
        self.inner.bus.asks(node).await
    }

    /// Asks another node; none where it isn't there, or doesn't answer within `wait`.
    pub async fn ask(&self, node: &str, bytes: Vec<u8>, wait: Duration) -> Option<Vec<u8>> {
        self.inner.bus.ask(node, bytes, wait).await
    }

    /// Runs a read within its time limit.
    async fn read<T, E, F>(&self, rows: F) -> Result<T, StoreError>
    where
        StoreError: From<E>,
        F: Future<Output = Result<T, E>> + Send,
    {
        match tokio::time::timeout(self.inner.read_wait, rows).await {
            Ok(rows) => Ok(rows?),
            Err(_) => Err(StoreError::unavailable(Trouble::Lost, "a read took too long")),
        }
    }
}

/// A word of the domain (an enum without fields) as its text in a column.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => unreachable!("only enums without fields are kept as words"),
    }
}

/// The word of the domain that a column holds.
fn parse_word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| StoreError::broken(format_args!("a column holds the unknown word {text:?}")))
}

/// A value as JSON text.
fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::broken)
}

/// The value that a JSON column holds.
fn parse_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::broken(format_args!("a row cannot be read: {error}")))
}

/// Text from outside without NUL, which PostgreSQL's `text` refuses.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// A counter as it stands in a `bigint`; what cannot be a `Seq` becomes the nearest one.
fn seq(number: i64) -> Seq {
    Seq::try_from(number.max(0)).unwrap_or(Seq::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_code() {
        let trouble = |code: &str| match from_code(code, String::new()) {
            StoreError::Unavailable { trouble, .. } => Some(trouble),
            _ => None,
        };
        assert_eq!(trouble("13"), Some(Trouble::Full));
        assert_eq!(trouble("53100"), Some(Trouble::Full));
        assert_eq!(trouble("5"), Some(Trouble::Locked));
        assert_eq!(trouble("517"), Some(Trouble::Locked));
        assert_eq!(trouble("40P01"), Some(Trouble::Locked));
        assert_eq!(trouble("778"), Some(Trouble::Lost));
        assert_eq!(trouble("57P01"), Some(Trouble::Lost));
        assert_eq!(trouble("1034"), None);
        assert_eq!(trouble("11"), None);
        assert_eq!(trouble("42601"), None);
        assert_eq!(trouble(""), None);
    }

    #[test]
    fn settings_do_not_show_passwords() {
        let settings = StoreSettings {
            url: Some("postgres://plainbill:hunter2@db/plainbill".into()),
            nats: Some("nats://plainbill:hunter3@bus".into()),
            ..StoreSettings::default()
        };
        assert!(!format!("{settings:?}").contains("hunter"));
    }
}
