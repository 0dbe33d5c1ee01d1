//! The bounded queue in front of the encoder: a session and a worker thread for each core, and a short way past them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::ClassifierError;

/// Bytes of a text up to which the thread that asks may encode it: some three milliseconds in which it does nothing else.
const HERE_BYTES_MAX: usize = 160;

/// What a session does with a text; one thread has it at a time.
pub type Work = Box<dyn FnMut(&str) -> Result<Vec<f32>, ClassifierError> + Send>;

/// Makes a session's `Work`, at the start and again after a panic.
pub type MakeWork = Arc<dyn Fn() -> Result<Work, ClassifierError> + Send + Sync>;

/// Hands texts to sessions, one at a time each, so that a text's vector never depends on what else is waiting.
///
/// Whoever asks while little else goes on encodes where it runs, since waking another thread and being woken by it costs
/// a tenth of what a short text does. For that it leaves a session and a thread of the runtime to others; else a worker
/// does it. Dropping the queue lets the workers finish the text in hand and waits for them.
pub struct Queue {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    lanes: Mutex<Lanes>,
    wake: Condvar,
    asked_max: usize,
    wait_max: Duration,
    make: MakeWork,
}

/// Customers' messages go before lessons, so that learning never makes a customer wait for more than one text.
#[derive(Default)]
struct Lanes {
    asked: VecDeque<Job>,
    lessons: VecDeque<Job>,
    /// Sessions that nobody uses; nothing stands for one that has to be made anew.
    idle: Vec<Option<Work>>,
    /// Threads of the runtime that encode now.
    n_here: usize,
    is_closed: bool,
}

struct Job {
    text: String,
    reply: oneshot::Sender<Result<Vec<f32>, ClassifierError>>,
}

/// A session while a thread of the runtime has it.
struct Seat<'a> {
    shared: &'a Shared,
    work: Option<Work>,
}

impl Queue {
    /// Starts `n_workers` threads; at most `asked_max` messages wait, each for no longer than `wait_max`.
    ///
    /// # Errors
    /// What `make` returns, and `Broken` when the system gives no thread.
    pub fn start(
        n_workers: usize,
        asked_max: usize,
        wait_max: Duration,
        make: &MakeWork,
    ) -> Result<Self, ClassifierError> {
        let idle = (0..n_workers).map(|_| make().map(Some)).collect::<Result<_, _>>()?;
        let lanes = Mutex::new(Lanes { idle, ..Lanes::default() });
        let shared = Arc::new(Shared { lanes, wake: Condvar::new(), asked_max, wait_max, make: make.clone() });
        let mut queue = Self { shared: shared.clone(), workers: Vec::with_capacity(n_workers) };
        for i in 0..n_workers {
            let shared = shared.clone();
            let thread = std::thread::Builder::new().name(format!("classifier-{i}"));
            let started = thread.spawn(move || run(&shared));
            queue.workers.push(started.map_err(|e| ClassifierError::Broken(format!("no thread for a worker: {e}")))?);
        }
        Ok(queue)
    }

    /// The number of workers.
    pub fn n_workers(&self) -> usize {
        self.workers.len()
    }

    /// The vector of a customer's text, in the order of asking; work whose asker has gone is not done.
    ///
    /// # Errors
    /// `Overloaded` at once when the queue is full, and after the longest wait; `Broken` when this text could not be
    /// encoded.
    pub async fn ask(&self, text: String) -> Result<Vec<f32>, ClassifierError> {
        if let Some(mut seat) = self.shared.seat(&text) {
            return encode(&mut seat.work, &self.shared.make, &text);
        }
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
        match tokio::time::timeout(self.shared.wait_max, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(stopped())),
            Err(_) => Err(ClassifierError::Overloaded),
        }
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

    /// A session for the thread that asks, where the text is short, nobody waits, and both a session and a thread of
    /// the runtime are left for others.
    fn seat(&self, text: &str) -> Option<Seat<'_>> {
        let n_threads = Handle::try_current().map_or(0, |runtime| runtime.metrics().num_workers());
        let mut lanes = self.lanes();
        let is_calm = lanes.asked.is_empty() && lanes.lessons.is_empty() && 2 <= lanes.idle.len();
        // To make a session anew takes a worker's time.
        let is_ready = lanes.idle.last().is_some_and(Option::is_some);
        if HERE_BYTES_MAX < text.len() || !is_calm || !is_ready || n_threads <= lanes.n_here + 1 {
            return None;
        }
        let work = lanes.idle.pop()?;
        lanes.n_here += 1;
        Some(Seat { shared: self, work })
    }

    /// The next job with a session for it, or nothing once the queue is closed.
    fn next(&self) -> Option<(Job, Option<Work>)> {
        let mut lanes = self.lanes();
        loop {
            if lanes.is_closed {
                return None;
            }
            let Lanes { asked, lessons, idle, .. } = &mut *lanes;
            if let Some(work) = idle.pop() {
                match asked.pop_front().or_else(|| lessons.pop_front()) {
                    Some(job) => return Some((job, work)),
                    None => idle.push(work),
                }
            }
            lanes = self.wake.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut lanes = self.shared.lanes();
        lanes.n_here -= 1;
        lanes.idle.push(self.work.take());
        let is_wanted = !lanes.asked.is_empty() || !lanes.lessons.is_empty();
        drop(lanes);
        if is_wanted {
            self.shared.wake.notify_one();
        }
    }
}

fn run(shared: &Shared) {
    while let Some((job, mut work)) = shared.next() {
        // Whoever asked may have gone, before this or meanwhile.
        let vector = (!job.reply.is_closed()).then(|| encode(&mut work, &shared.make, &job.text));
        // Before the reply, so that whoever has it and asks again finds the session there.
        shared.lanes().idle.push(work);
        if let Some(vector) = vector {
            let _ = job.reply.send(vector);
        }
    }
}

/// A text's vector, by a session that is made anew where the last text left none.
fn encode(work: &mut Option<Work>, make: &MakeWork, text: &str) -> Result<Vec<f32>, ClassifierError> {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let mut ready = match work.take() {
            Some(ready) => ready,
            None => make()?,
        };
        let vector = ready(text);
        // Put back only now: what has panicked may be in any state.
        *work = Some(ready);
        vector
    }));
    done.unwrap_or_else(|_| {
        tracing::error!("encoding a text panicked; the next one gets a new session");
        Err(ClassifierError::Broken("encoding the text panicked".to_owned()))
    })
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
    const WAIT_MAX: Duration = Duration::from_secs(60);

    fn queue(n_workers: usize, asked_max: usize) -> (Arc<Queue>, mpsc::SyncSender<()>, Arc<AtomicUsize>) {
        let (open, gate) = mpsc::sync_channel(GATE_MAX);
        let n_made = Arc::new(AtomicUsize::new(0));
        let made = make(n_made.clone(), Arc::new(Mutex::new(gate)));
        (Arc::new(Queue::start(n_workers, asked_max, WAIT_MAX, &made).expect("it starts")), open, n_made)
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
    async fn whoever_has_waited_too_long_is_told_so() {
        let (open, gate) = mpsc::sync_channel(GATE_MAX);
        let made = make(Arc::default(), Arc::new(Mutex::new(gate)));
        let queue = Arc::new(Queue::start(1, 8, Duration::from_millis(20), &made).expect("it starts"));
        let _busy = keep_busy(&queue).await;
        assert!(matches!(queue.ask("waits too long".into()).await, Err(ClassifierError::Overloaded)));
        open.send(()).expect("the worker listens");
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

    /// Where the session that takes a text runs: beside the asker's thread, or on it.
    fn threads_of_work(n_workers: usize) -> (Arc<Queue>, mpsc::Receiver<String>, mpsc::SyncSender<()>) {
        let (open, gate) = mpsc::sync_channel::<()>(GATE_MAX);
        let gate = Arc::new(Mutex::new(gate));
        let (tell, told) = mpsc::sync_channel(GATE_MAX);
        let make: MakeWork = Arc::new(move || {
            let (tell, gate) = (tell.clone(), gate.clone());
            Ok(Box::new(move |text: &str| {
                let thread = std::thread::current();
                tell.send(thread.name().unwrap_or_default().to_owned()).expect("the test listens");
                if text == "wait" {
                    let _ = gate.lock().expect("no test panics with it").recv();
                }
                assert_ne!(text, "panic", "a panic, as the test wants it");
                Ok(vec![text.len() as f32])
            }))
        });
        (Arc::new(Queue::start(n_workers, 8, WAIT_MAX, &make).expect("it starts")), told, open)
    }

    fn on_a_worker(thread: &str) -> bool {
        thread.starts_with("classifier-")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_asks_alone_encodes_where_it_runs() {
        let (queue, told, _open) = threads_of_work(2);
        assert_eq!(queue.ask("short".into()).await.expect("encoded"), [5.0]);
        assert!(!on_a_worker(&told.recv().expect("it ran")));
        queue.ask("x".repeat(HERE_BYTES_MAX + 1)).await.expect("encoded");
        assert!(on_a_worker(&told.recv().expect("it ran")), "a long text would hold up others");
        queue.learn("short".into()).await.expect("encoded");
        assert!(on_a_worker(&told.recv().expect("it ran")), "lessons never hold up anybody");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn after_a_panic_where_it_runs_a_worker_makes_the_session_anew() {
        let (queue, told, _open) = threads_of_work(2);
        assert!(matches!(queue.ask("panic".into()).await, Err(ClassifierError::Broken(_))));
        assert!(!on_a_worker(&told.recv().expect("it ran")));
        assert_eq!(queue.ask("fine".into()).await.expect("encoded"), [4.0]);
        assert!(on_a_worker(&told.recv().expect("it ran")), "making a session takes long");
        assert_eq!(queue.ask("fine".into()).await.expect("encoded"), [4.0]);
        assert!(!on_a_worker(&told.recv().expect("it ran")), "it is ready again");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_thread_and_one_session_are_left_to_others() {
        let (queue, told, open) = threads_of_work(2);
        let first = tokio::spawn({
            let queue = queue.clone();
            async move { queue.ask("wait".into()).await }
        });
        let thread = told.recv().expect("it ran");
        assert!(!on_a_worker(&thread));
        assert_eq!(queue.ask("short".into()).await.expect("encoded"), [5.0]);
        assert!(on_a_worker(&told.recv().expect("it ran")));
        open.send(()).expect("the first one listens");
        assert_eq!(first.await.expect("no panic").expect("encoded"), [4.0]);
        queue.ask("short".into()).await.expect("encoded");
        assert!(!on_a_worker(&told.recv().expect("it ran")), "the session came back");
    }

    #[tokio::test]
    async fn the_only_thread_of_a_runtime_never_encodes() {
        let (queue, told, _open) = threads_of_work(2);
        queue.ask("short".into()).await.expect("encoded");
        assert!(on_a_worker(&told.recv().expect("it ran")));
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
