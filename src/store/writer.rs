//! The one writer: takes what has queued up, commits it together, and answers only after the commit.
//!
//! A group is first written as it is, all its events by one statement at the end. When something fails, the whole group is
//! rolled back and written again with a savepoint for each, so that a failure hurts only itself; the common case pays for
//! no savepoints.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::bus::{Bus, Moved};
use super::chain::NewRows;
use super::place::Place;
use super::{StoreError, StoreSettings, Trouble, is_failed_sync};

/// How often a write is tried before a conflict is believed. A statement of PostgreSQL that had to wait for another
/// node's commit still sees what stood before it, and the same key then collides; the next statement finds it. One more
/// for a conversation that the other node has just opened.
const LOOKS_MAX: u32 = 3;

/// An open transaction, and what others should hear of once it is committed.
pub(super) struct Tx {
    /// The connection that the transaction is open on.
    pub db: AnyConnection,
    /// The conversations that grew, and by what.
    pub moved: Vec<Moved>,
    /// Events that are written with those of others, before the transaction ends.
    pub events: NewRows,
}

impl Tx {
    fn new(db: AnyConnection) -> Self {
        Self { db, moved: Vec::new(), events: NewRows::default() }
    }

    /// Writes the events that wait for it.
    pub async fn write_events(&mut self) -> Result<(), StoreError> {
        self.events.write(&mut self.db).await
    }
}

/// Something that is written in a transaction which it shares with others. It may run twice.
trait Job: Send {
    /// Writes, and keeps what came of it. Together with others its events may still wait.
    fn run<'t>(&'t mut self, tx: &'t mut Tx, care: Care) -> BoxFuture<'t, Result<(), StoreError>>;
    /// Tells whoever waits: what came of it, or that the commit failed.
    fn answer(self: Box<Self>, failed: Option<&StoreError>);
    /// Two nodes that write to the same conversations do so in the order of this, or they would wait for each other.
    fn lane(&self) -> &str;
}

struct Queued<T, F> {
    lane: String,
    work: F,
    result: Option<Result<T, StoreError>>,
    asker: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Queued<T, F>
where
    T: Send + 'static,
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx, care: Care) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(async move {
            let outcome = match (self.work)(tx).await {
                Ok(done) if care == Care::Apart => tx.write_events().await.map(|()| done),
                outcome => outcome,
            };
            let failed = outcome.as_ref().err().cloned();
            self.result = Some(outcome);
            failed.map_or(Ok(()), Err)
        })
    }

    fn answer(self: Box<Self>, failed: Option<&StoreError>) {
        let answer = match (failed, self.result) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(result)) => result,
            (None, None) => Err(gone()),
        };
        // Whoever asked may have left; the write stands all the same.
        self.asker.send(answer).ok();
    }

    fn lane(&self) -> &str {
        &self.lane
    }
}

/// The way in to the writer.
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    closing: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
    broken: watch::Receiver<Option<StoreError>>,
}

impl Writer {
    /// Starts the writer on a connection that is set up.
    pub fn start(place: Place, connection: AnyConnection, bus: Arc<Bus>, settings: &StoreSettings) -> Self {
        let (queue, jobs) = mpsc::channel(settings.write_queue_max.max(1));
        let closing = CancellationToken::new();
        let (tell_broken, broken) = watch::channel(None);
        let desk = Desk { place, tx: Some(Tx::new(connection)), bus, wait: settings.write_wait, broken: tell_broken };
        let task = tokio::spawn(work_off(desk, jobs, closing.clone(), settings.group_max.max(1)));
        Self { queue, closing, task: Mutex::new(Some(task)), broken }
    }

    /// Writes, and returns once it is durable. `lane` is the conversation that it locks, or nothing.
    pub async fn write<T, F>(&self, lane: &str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (asker, answer) = oneshot::channel();
        let job = Box::new(Queued { lane: lane.to_owned(), work, result: None, asker });
        self.queue.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::unavailable(Trouble::Busy, "the write queue is full"),
            mpsc::error::TrySendError::Closed(_) => gone(),
        })?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Waits until a sync to the disk has failed.
    pub async fn broken(&self) -> StoreError {
        let mut broken = self.broken.clone();
        let found = broken.wait_for(Option::is_some).await.ok().and_then(|error| error.clone());
        match found {
            Some(error) => error,
            // The writer ended in good order: it will never break.
            None => std::future::pending().await,
        }
    }

    /// Refuses new writes and waits for those that were accepted.
    pub async fn close(&self) {
        self.closing.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.await.ok();
        }
    }
}

/// What a whole group is told when it was not kept.
fn unavailable(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { .. } => error,
        other => StoreError::unavailable(Trouble::Lost, other.to_string()),
    }
}

fn gone() -> StoreError {
    StoreError::unavailable(Trouble::Lost, "the writer has ended")
}

async fn work_off(
    mut desk: Desk,
    mut queue: mpsc::Receiver<Box<dyn Job>>,
    closing: CancellationToken,
    group_max: usize,
) {
    let mut group = Vec::with_capacity(group_max);
    loop {
        tokio::select! {
            () = closing.cancelled(), if !queue.is_closed() => queue.close(),
            n_taken = queue.recv_many(&mut group, group_max) => {
                if n_taken == 0 {
                    break;
                }
                group.sort_by(|a, b| a.lane().cmp(b.lane()));
                // A panic drops the group, whose askers then hear that the writer is gone, and the connection.
                if AssertUnwindSafe(desk.keep(&mut group)).catch_unwind().await.is_err() {
                    group.clear();
                    desk.tx = None;
                }
            }
        }
    }
    if let Some(tx) = desk.tx {
        sqlx::Connection::close(tx.db).await.ok();
    }
}

/// How a group is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// As it is; the first failure ends the attempt.
    Together,
    /// With a savepoint for each write; a failure undoes only that write.
    Apart,
}

/// How an attempt at a group ended, where it did not end well.
enum Failed {
    /// Nothing was kept; trying again may help.
    Undone(StoreError),
    /// Nobody knows what was kept.
    Unknown(StoreError),
}

/// What the writer works with.
struct Desk {
    place: Place,
    /// None when the connection was given up.
    tx: Option<Tx>,
    bus: Arc<Bus>,
    wait: Duration,
    broken: watch::Sender<Option<StoreError>>,
}

impl Desk {
    /// Writes a group, commits it, and answers all who wait for it.
    async fn keep(&mut self, group: &mut Vec<Box<dyn Job>>) {
        let broken = self.broken.borrow().clone();
        let failed = match broken {
            Some(error) => Some(error),
            None => self.try_to_keep(group).await.err(),
        };
        if let (Some(tx), None) = (&mut self.tx, &failed) {
            self.bus.publish(std::mem::take(&mut tx.moved));
        }
        for job in group.drain(..) {
            job.answer(failed.as_ref());
        }
    }

    async fn try_to_keep(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        for care in [Care::Together, Care::Apart] {
            let wait = self.wait;
            match tokio::time::timeout(wait, self.attempt(group, care)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Failed::Undone(_))) if care == Care::Together => {}
                Ok(Err(Failed::Undone(error))) => return Err(error),
                Ok(Err(Failed::Unknown(error))) => return Err(error),
                Err(_) => {
                    self.tx = None;
                    return Err(StoreError::unavailable(Trouble::Lost, "writing took too long"));
                }
            }
        }
        unreachable!("the second attempt returns")
    }

    async fn attempt(&mut self, group: &mut [Box<dyn Job>], care: Care) -> Result<(), Failed> {
        let mut tx = match self.tx.take() {
            Some(tx) => tx,
            None => Tx::new(self.place.connect().await.map_err(Failed::Undone)?),
        };
        tx.moved.clear();
        tx.events.clear();
        // A connection on which even this fails is given up: `tx` is dropped.
        say(&mut tx, self.place.begin()).await.map_err(Failed::Undone)?;
        for job in group.iter_mut() {
            match care {
                Care::Together => {
                    if let Err(error) = job.run(&mut tx, care).await {
                        return Err(self.undo(tx, error).await);
                    }
                }
                Care::Apart => {
                    let n_moved = tx.moved.len();
                    say(&mut tx, "savepoint job").await.map_err(Failed::Undone)?;
                    for n_tried in 1.. {
                        let Err(error) = job.run(&mut tx, care).await else { break };
                        tx.moved.truncate(n_moved);
                        tx.events.clear();
                        // A full disk or a lost connection ends the whole transaction: the first error says why.
                        if say(&mut tx, "rollback to savepoint job").await.is_err() {
                            return Err(Failed::Undone(unavailable(error)));
                        }
                        if error != StoreError::Conflict || LOOKS_MAX <= n_tried {
                            break;
                        }
                    }
                    say(&mut tx, "release savepoint job").await.map_err(Failed::Undone)?;
                }
            }
        }
        if let Err(error) = tx.write_events().await {
            return Err(self.undo(tx, error).await);
        }
        if let Err(error) = sqlx::raw_sql("commit").execute(&mut tx.db).await {
            if is_failed_sync(&error) {
                let broken = StoreError::broken(error);
                self.broken.send_replace(Some(broken.clone()));
                return Err(Failed::Unknown(broken));
            }
            return Err(Failed::Unknown(unavailable(error.into())));
        }
        self.tx = Some(tx);
        Ok(())
    }

    /// Ends an attempt of which nothing is kept.
    async fn undo(&mut self, mut tx: Tx, error: StoreError) -> Failed {
        if say(&mut tx, "rollback").await.is_ok() {
            self.tx = Some(tx);
        }
        Failed::Undone(error)
    }
}

async fn say(tx: &mut Tx, words: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(words).execute(&mut tx.db).await?;
    Ok(())
}
