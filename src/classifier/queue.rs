//! The bounded queue in front of the encoder: one worker thread per core, each with a session of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::ClassifierError;

/// What a worker does with a text; not shared between workers.
pub type Work = Box<dyn FnMut(&str) -> Result<Vec<f32>, ClassifierError> + Send>;

/// Makes a worker's `Work`, at the start and again after a panic.
pub type MakeWork = Arc<dyn Fn() -> Result<Work, ClassifierError> + Send + Sync>;

/// Hands texts to the workers, one at a time each, so that a text's vector never depends on what else is waiting.
///
/// Dropping it lets the workers finish the text in hand and waits for them.
pub struct Queue {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    lanes: Mutex<Lanes>,
    wake: Condvar,
    asked_max: usize,
}

/// Customers' messages go before lessons, so that learning never makes a customer wait for more than one text.
#[derive(Default)]
struct Lanes {
    asked: VecDeque<Job>,
    lessons: VecDeque<Job>,
    is_closed: bool,
}

struct Job {
    text: String,
    reply: oneshot::Sender<Result<Vec<f32>, ClassifierError>>,
}

impl Queue {
    /// Starts `n_workers` threads; at most `asked_max` messages wait.
    ///
    /// # Errors
    /// What `make` returns, and `Broken` when the system gives no thread.
    pub fn start(n_workers: usize, asked_max: usize, make: &MakeWork) -> Result<Self, ClassifierError> {
        let shared = Arc::new(Shared { lanes: Mutex::default(), wake: Condvar::new(), asked_max });
        let mut queue = Self { shared: shared.clone(), workers: Vec::with_capacity(n_workers) };
        for i in 0..n_workers {
            let (work, make, shared) = (make()?, make.clone(), shared.clone());
            let thread = std::thread::Builder::new().name(format!("classifier-{i}"));
            let started = thread.spawn(move || run(&shared, work, &make));
            queue.workers.push(started.map_err(|e| ClassifierError::Broken(format!("no thread for a worker: {e}")))?);
        }
        Ok(queue)
    }

    /// The number of workers.
    pub fn n_workers(&self) -> usize {
        self.workers.len()
    }

    /// The vector of a customer's text; work whose asker has gone is not done.
    ///
    /// # Errors
    /// `Overloaded` at once when the queue is full; `Broken` when this text could not be encoded.
    pub async fn ask(&self, text: String) -> Result<Vec<f32>, ClassifierError> {
        let (reply, answer) = oneshot::channel();
        {
            let mut lanes = self.shared.lanes();
            if lanes.asked.len() >= self.shared.asked_max {
                // Those who gave up waiting keep nobody out.
                lanes.asked.retain(|job| !job.reply.is_closed());
            }
            if lanes.asked.len() >= self.shared.asked_max {
                return Err(ClassifierError::Overloaded);
            }
            lanes.asked.push_back(Job { text, reply });
        }
        self.shared.wake.notify_one();
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// The vector of an example, when no customer is waiting. Whoever learns has few of these in hand at a time.
    ///
    /// # Errors
    /// `Broken` when this text could not be encoded.
    pub async fn learn(&self, text: String) -> Result<Vec<f32>, ClassifierError> {
        let (reply, answer) = oneshot::channel();
        self.shared.lanes().lessons.push_back(Job { text, reply });
        self.shared.wake.notify_one();
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lanes().is_closed = true;
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches every panic of its work, and there is nobody left to tell of another.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, or nothing once the queue is closed.
    fn next(&self) -> Option<Job> {
        let mut lanes = self.lanes();
        loop {
            if lanes.is_closed {
                return None;
            }
            let Lanes { asked, lessons, .. } = &mut *lanes;
            if let Some(job) = asked.pop_front().or_else(|| lessons.pop_front()) {
                return Some(job);
            }
            lanes = self.wake.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn run(shared: &Shared, first: Work, make: &MakeWork) {
    let mut work = Some(first);
    while let Some(job) = shared.next() {
        if job.reply.is_closed() {
            continue;
        }
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut ready = match work.take() {
                Some(ready) => ready,
                None => make()?,
            };
            let vector = ready(&job.text);
            // Put back only now: what has panicked may be in any state, and is made anew for the next text.
            work = Some(ready);
            vector
        }));
        let vector = done.unwrap_or_else(|_| {
            tracing::error!("a classifier worker panicked; it goes on with a new session");
            Err(ClassifierError::Broken("encoding the text panicked".to_owned()))
        });
        // Whoever asked may have gone meanwhile.
        let _ = job.reply.send(vector);
    }
}

fn stopped() -> ClassifierError {
    ClassifierError::Broken("the classifier is stopping".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use tokio::task::JoinHandle;

    use super::*;

    /// Work that gives the text's length, panics at "panic", and at "wait" waits for a word.
    fn make(n_made: Arc<AtomicUsize>, gate: Arc<Mutex<mpsc::Receiver<()>>>) -> MakeWork {
        Arc::new(move || {
            n_made.fetch_add(1, Ordering::SeqCst);
            let gate = gate.clone();
            Ok(Box::new(move |text: &str| {
                if text == "wait" {
                    let _ = gate.lock().expect("no test panics with it").recv();
                }
                assert_ne!(text, "panic", "a panic, as the test wants it");
                Ok(vec![text.len() as f32])
            }))
        })
    }

    /// More than any test lets through.
    const GATE_MAX: usize = 1_000;

    fn queue(n_workers: usize, asked_max: usize) -> (Arc<Queue>, mpsc::SyncSender<()>, Arc<AtomicUsize>) {
        let (open, gate) = mpsc::sync_channel(GATE_MAX);
        let n_made = Arc::new(AtomicUsize::new(0));
        let made = make(n_made.clone(), Arc::new(Mutex::new(gate)));
        (Arc::new(Queue::start(n_workers, asked_max, &made).expect("it starts")), open, n_made)
    }

    /// Keeps the one worker busy until the gate opens, so that whatever comes next has to wait in line.
    async fn keep_busy(queue: &Arc<Queue>) -> JoinHandle<Result<Vec<f32>, ClassifierError>> {
        let busy = tokio::spawn({
            let queue = queue.clone();
            async move { queue.ask("wait".into()).await }
        });
        tokio::task::yield_now().await;
        until_taken(queue).await;
        busy
    }

    async fn until_taken(queue: &Queue) {
        while !queue.shared.lanes().asked.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let (queue, open, _) = queue(1, 1);
        let busy = keep_busy(&queue).await;
        let mut waiting = Box::pin(queue.ask("waits".into()));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(matches!(queue.ask("one too many".into()).await, Err(ClassifierError::Overloaded)));
        open.send(()).expect("the worker listens");
        assert_eq!(busy.await.expect("no panic").expect("encoded"), [4.0]);
        assert_eq!(waiting.await.expect("encoded"), [5.0]);
    }

    #[tokio::test]
    async fn whoever_gives_up_makes_room() {
        let (queue, open, _) = queue(1, 1);
        let busy = keep_busy(&queue).await;
        let mut impatient = Box::pin(queue.ask("gives up".into()));
        assert!(futures_util::poll!(&mut impatient).is_pending());
        drop(impatient);
        let mut next = Box::pin(queue.ask("next".into()));
        assert!(futures_util::poll!(&mut next).is_pending());
        open.send(()).expect("the worker listens");
        assert_eq!(next.await.expect("encoded"), [4.0]);
        busy.await.expect("no panic").expect("encoded");
    }

    #[tokio::test]
    async fn a_panic_costs_one_text_and_the_worker_starts_anew() {
        let (queue, _open, n_made) = queue(1, 8);
        assert!(matches!(queue.ask("panic".into()).await, Err(ClassifierError::Broken(_))));
        assert_eq!(queue.ask("fine".into()).await.expect("encoded"), [4.0]);
        assert_eq!(n_made.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn customers_go_before_lessons() {
        let (queue, open, _) = queue(1, 8);
        let mut busy = Box::pin(queue.ask("wait".into()));
        assert!(futures_util::poll!(&mut busy).is_pending());
        until_taken(&queue).await;
        let mut lesson = Box::pin(queue.learn("panic".into()));
        assert!(futures_util::poll!(&mut lesson).is_pending());
        let mut customer = Box::pin(queue.ask("wait".into()));
        assert!(futures_util::poll!(&mut customer).is_pending());
        open.send(()).expect("the worker listens");
        busy.await.expect("encoded");
        until_taken(&queue).await;
        assert!(futures_util::poll!(&mut lesson).is_pending(), "the lesson waits while the customer is served");
        open.send(()).expect("the worker listens");
        customer.await.expect("encoded");
        lesson.await.expect_err("it panics");
    }
}
