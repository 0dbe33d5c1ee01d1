//! The parts of the running program, built once and shared, and the clock that all of them read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::actions::Actions;
use crate::billing::{Billing, Changed};
use crate::classifier::{Classifier, Lessons};
use crate::config::Config;
use crate::content::{Content, Contents};
use crate::conversation::{ConversationId, CustomerId, StaffId};
use crate::feedback;
use crate::handoff::{self, Line};
use crate::identity::Identity;
use crate::identity::codes::Codes;
use crate::identity::pages::Pages;
use crate::identity::secrets;
use crate::mail::{Letter, MailError, Mailbox};
use crate::session::{Happening, Sessions};
use crate::store::{List, Store, StoreError};
use crate::telemetry;
use crate::turn::{CodesHere, Parts};

mod keys;
mod left;
mod settling;

/// How often the content's files are looked at for changes.
const CONTENT_LOOK: Duration = Duration::from_secs(2);
/// How often the log is searched for messages that nobody answered, say because another node died.
const UNANSWERED_LOOK: Duration = Duration::from_secs(15);
/// Conversations that one such search takes up.
const UNANSWERED_MAX: u32 = 500;
/// Changes of the queue within this are told together.
const QUEUE_TELL: Duration = Duration::from_millis(200);
/// The queue is counted again this often even when nothing seems to have changed.
const QUEUE_LOOK: Duration = Duration::from_secs(20);
/// Waiting conversations that are told their place; those behind are told it as they come nearer.
const QUEUE_MAX: u32 = 5_000;
/// Finished stints that the waiting time is estimated from.
const STINTS_MAX: u32 = 50;
/// How long a turn waits for a classifier that has just been started.
const LEARN_WAIT_MAX: Duration = Duration::from_secs(30);
/// Customers' names that are held for the console.
const NAMES_MAX: usize = 10_000;
/// Customers who came or went that a staff socket may not have heard of yet; one that lags closes, and its client reads
/// its lists again.
const CAME_OR_WENT_MAX: usize = 4_096;
/// Conversations left by their customer that a socket may not have heard of yet; one that lags closes as well.
const LEFT_MAX: usize = 1_024;
/// How often questions are grouped when nothing has announced them.
const FEEDBACK_LOOK: Duration = Duration::from_secs(30);

/// What time it is: the system's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still until it is set.
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(at.as_millisecond()))) }
    }

    /// Sets a clock that stands still, and all its clones; the system's clock goes on.
    pub fn set(&self, at: Timestamp) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.as_millisecond(), Ordering::Relaxed);
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let fixed = self.fixed.as_ref().and_then(|it| Timestamp::from_millisecond(it.load(Ordering::Relaxed)).ok());
        fixed.unwrap_or_else(Timestamp::now)
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }
}

/// The parts.
pub struct App {
    /// Every setting and limit.
    pub config: Config,
    /// The log and everything else that is kept.
    pub store: Store,
    /// What we know to answer, swapped when its files change.
    pub contents: Contents,
    /// What is meant; absent while the model is missing or broken.
    pub classifier: ArcSwapOption<Classifier>,
    /// The customers' own facts.
    pub billing: Arc<dyn Billing>,
    /// What changes something for them.
    pub actions: Arc<Actions>,
    /// Who a customer is.
    pub identity: Identity,
    /// Where letters go.
    pub mailbox: Mailbox,
    /// One-time codes by e-mail.
    pub codes: Arc<Codes>,
    /// Links to pages that billing hosts.
    pub pages: Pages,
    /// What time it is.
    pub clock: Clock,
    /// The conversations that are live here.
    pub sessions: Sessions,
    /// Who of the staff is here.
    pub presence: Presence,
    /// Who waits for a person, in order.
    pub line: watch::Sender<Arc<Line>>,
    /// A question or rating has come in.
    pub feedback_came: Notify,
    /// Customers' names, so that lists in the console don't ask billing for each row.
    names: Mutex<HashMap<CustomerId, String>>,
    /// Staff who have just lost their right to be here: their sockets close.
    pub signed_out: broadcast::Sender<StaffId>,
    /// Conversations whose customer has just become somebody else: their sockets close.
    pub left: broadcast::Sender<ConversationId>,
    /// Conversations whose customer has come or gone.
    pub came_or_went: broadcast::Sender<ConversationId>,
    /// Everything that runs, to wait for at the end.
    pub tasks: TaskTracker,
    /// The end.
    pub stop: CancellationToken,
    /// Whether the classifier has learnt the content; nothing while it does for the first time.
    learnt: watch::Sender<Option<bool>>,
}

/// Staff and customers with a socket open on this node.
#[derive(Default)]
pub struct Presence {
    staff: Mutex<HashMap<StaffId, usize>>,
    customers: Mutex<HashMap<ConversationId, usize>>,
}

/// A presence that ends when dropped.
pub struct Present<K: Who> {
    of: Arc<App>,
    key: K,
}

/// Who can be present.
pub trait Who: std::hash::Hash + Eq + Clone {
    /// Where their sockets are counted.
    fn counted(presence: &Presence) -> &Mutex<HashMap<Self, usize>>;
    /// Tells whoever wants to know that they have come, or have gone for good.
    fn tell(&self, app: &App);
}

impl Who for StaffId {
    fn counted(presence: &Presence) -> &Mutex<HashMap<Self, usize>> {
        &presence.staff
    }

    fn tell(&self, _app: &App) {}
}

impl Who for ConversationId {
    fn counted(presence: &Presence) -> &Mutex<HashMap<Self, usize>> {
        &presence.customers
    }

    fn tell(&self, app: &App) {
        // Nobody listening means that no console is open.
        let _ = app.came_or_went.send(self.clone());
    }
}

impl<K: Who> Drop for Present<K> {
    fn drop(&mut self) {
        let mut map = K::counted(&self.of.presence).lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = map.get_mut(&self.key) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            map.remove(&self.key);
            drop(map);
            self.key.tell(&self.of);
        }
    }
}

impl Presence {
    /// Staff members with a console open.
    pub fn n_staff(&self) -> u32 {
        let staff = self.staff.lock().unwrap_or_else(PoisonError::into_inner);
        u32::try_from(staff.len()).unwrap_or(u32::MAX)
    }

    /// How many connections this conversation has.
    pub fn n_customers(&self, id: &ConversationId) -> usize {
        self.customers.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(0)
    }
}

/// The parts that differ from one run to the next.
pub struct Made {
    /// See [`App::config`].
    pub config: Config,
    /// See [`App::store`].
    pub store: Store,
    /// See [`App::contents`].
    pub contents: Contents,
    /// See [`App::classifier`].
    pub classifier: Option<Classifier>,
    /// See [`App::billing`].
    pub billing: Arc<dyn Billing>,
    /// See [`App::identity`].
    pub identity: Identity,
    /// See [`App::mailbox`].
    pub mailbox: Mailbox,
    /// See [`App::codes`].
    pub codes: Codes,
    /// See [`App::pages`].
    pub pages: Pages,
    /// See [`App::clock`].
    pub clock: Clock,
}

/// Whether the classifier can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Understanding {
    /// It can.
    Ready,
    /// It learns for the first time: what comes in waits for it.
    Learning,
    /// It could not learn: people answer.
    Broken,
    /// There is none: people answer.
    Missing,
}

impl App {
    /// Puts the parts together. Nothing runs yet.
    pub fn new(made: Made) -> Arc<Self> {
        let settle_after_ms = made.config.limits.settle_after_ms;
        let actions =
            Actions::new(Arc::clone(&made.billing), made.store.clone(), made.mailbox.clone(), settle_after_ms);
        Arc::new(Self {
            actions: Arc::new(actions),
            config: made.config,
            store: made.store,
            contents: made.contents,
            classifier: ArcSwapOption::new(made.classifier.map(Arc::new)),
            billing: made.billing,
            identity: made.identity,
            mailbox: made.mailbox,
            codes: Arc::new(made.codes),
            pages: made.pages,
            clock: made.clock,
            sessions: Sessions::default(),
            presence: Presence::default(),
            line: watch::Sender::new(Arc::default()),
            feedback_came: Notify::new(),
            names: Mutex::default(),
            signed_out: broadcast::Sender::new(64),
            left: broadcast::Sender::new(LEFT_MAX),
            came_or_went: broadcast::Sender::new(CAME_OR_WENT_MAX),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            learnt: watch::Sender::new(None),
        })
    }

    /// Starts what runs beside the sockets.
    pub fn start(self: &Arc<Self>) {
        self.spawn(|app| async move { app.teach().await });
        self.spawn(|app| async move { app.keep_line().await });
        self.spawn(|app| async move { app.find_unanswered().await });
        self.spawn(|app| async move { app.find_unsettled().await });
        self.spawn(|app| async move { app.give_back_left().await });
        self.spawn(|app| async move { app.watch_content().await });
        self.spawn(|app| async move { app.group_questions().await });
        self.spawn(|app| async move { app.hear_of_billing().await });
        self.spawn(|app| async move { app.watch_keys().await });
        self.spawn(|_| telemetry::tell_left_out());
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(self: &Arc<Self>, run: impl FnOnce(Arc<Self>) -> F) {
        let stop = self.stop.clone();
        let run = run(Arc::clone(self));
        self.tasks.spawn(async move { stop.run_until_cancelled(run).await });
    }

    /// Whether the classifier can be asked.
    pub fn understanding(&self) -> Understanding {
        let learnt = *self.learnt.borrow();
        match (self.classifier.load().is_some(), learnt) {
            (false, _) => Understanding::Missing,
            (true, None) => Understanding::Learning,
            (true, Some(false)) => Understanding::Broken,
            (true, Some(true)) => Understanding::Ready,
        }
    }

    /// Waits while the classifier learns for the first time: what comes in meanwhile is kept, and answered then.
    async fn until_learnt(&self) {
        if self.classifier.load().is_none() {
            return;
        }
        let mut learnt = self.learnt.subscribe();
        // Past the wait a person answers.
        let _ = tokio::time::timeout(LEARN_WAIT_MAX, learnt.wait_for(Option::is_some)).await;
    }

    /// Teaches the classifier the present content; guesses go on with the old lessons meanwhile.
    pub async fn teach(&self) {
        let _ = self.teach_content(&self.contents.current()).await;
    }

    /// Teaches it this content. `false`: it could not be learnt, and guesses go on as before.
    async fn teach_content(&self, content: &Content) -> bool {
        let Some(classifier) = self.classifier.load_full() else { return true };
        let lessons = Lessons::of(content);
        // On a very first start customers are understood before everything is learnt. What fails here fails below too.
        if classifier.begin(&lessons).await.unwrap_or(false) {
            tracing::info!("the classifier has begun with some of the examples and learns the rest");
            self.learnt.send_replace(Some(true));
        }
        match classifier.learn(&lessons).await {
            Ok(report) => {
                tracing::info!(?report, "the classifier has learnt the content");
                self.learnt.send_replace(Some(true));
                true
            }
            Err(error) => {
                tracing::error!(%error, "the classifier could not learn the content");
                // With earlier lessons it goes on as before.
                self.learnt.send_if_modified(|it| it.replace(it.unwrap_or(false)).is_none());
                false
            }
        }
    }

    /// What a turn in this conversation works with; its customer wrote from `network`.
    pub async fn turn_parts(&self, id: &ConversationId, network: &str) -> Parts {
        self.until_learnt().await;
        let content = self.contents.current();
        let now = self.clock.now();
        let line = self.line.borrow().clone();
        // A classifier that has not learnt anything knows nothing: a person answers.
        let classifier = if self.understanding() == Understanding::Ready { self.classifier.load_full() } else { None };
        Parts {
            wait: handoff::wait(&content, now, &line, line.place_of(id)),
            wait_if_queued: handoff::wait(&content, now, &line, Some(line.next_place(id, false))),
            wait_if_urgent: handoff::wait(&content, now, &line, Some(line.next_place(id, true))),
            content,
            classifier,
            billing: Arc::clone(&self.billing),
            locale: None,
            actions: Arc::clone(&self.actions),
            conversation: id.clone(),
            now,
            misses_max: self.config.limits.misses_max,
            settle_max: SignedDuration::from_hours(self.config.limits.settle_hours_max),
            verified_for: SignedDuration::from_mins(self.config.limits.verified_minutes),
            codes: self
                .codes
                .offered()
                .then_some(())
                .filter(|()| self.billing.has_accounts())
                .map(|()| CodesHere { codes: Arc::clone(&self.codes), network: network.to_owned() }),
        }
    }

    /// Sends the letter with a conversation's code in its own time. Where the mail server takes none, the customer is told
    /// that it has not gone out.
    ///
    /// Nobody has the address where there is no letter, and all the rest is the same.
    pub fn post_code(self: &Arc<Self>, id: &ConversationId, letter: Option<Letter>) {
        let (app, id) = (Arc::clone(self), id.clone());
        self.tasks.spawn(async move {
            let sent = match &letter {
                Some(letter) => app.mailbox.send(letter).await,
                None => app.mailbox.could_send().await,
            };
            match sent {
                Ok(()) => {}
                // What the server said of a letter may name whom it is for.
                Err(MailError::Refused(_)) => {
                    tracing::warn!(conversation = %id, "a letter was refused, and is not sent")
                }
                Err(MailError::Unreachable(why)) => {
                    tracing::warn!(conversation = %id, why, "the mail server (`mail.smtp`) took no letter");
                    // With a full inbox the next look for lost letters takes it up.
                    let _ = app.sessions.bring(&app, &id, Happening::LetterLost);
                    return;
                }
            }
            if let Err(error) = app.store.code_letter_is_out(&id).await {
                tracing::warn!(conversation = %id, %error, "could not note that a letter is out");
            }
        });
    }

    /// Ends the old session of a conversation whose customer has become somebody else on the same page: its secret
    /// opens nothing any more, and its sockets close.
    pub async fn leave(&self, id: &ConversationId) -> Result<(), StoreError> {
        self.store.change_secret(id, &secrets::hash(&secrets::random())).await?;
        // Nobody may be listening.
        let _ = self.left.send(id.clone());
        Ok(())
    }

    /// Until when it counts who a customer has shown to be now, in milliseconds since 1970.
    pub fn verified_until_ms(&self) -> i64 {
        self.clock.now_ms().saturating_add(self.config.limits.verified_minutes.saturating_mul(60_000))
    }

    /// A customer's name for staff; their id while billing cannot be reached.
    pub async fn name_of(&self, customer: &CustomerId) -> String {
        let names = || self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names().get(customer) {
            return name.clone();
        }
        let Ok(account) = self.billing.account(customer).await else { return customer.to_string() };
        let mut names = names();
        // Full: begin anew, names are asked for again as they come up.
        if NAMES_MAX <= names.len() {
            names.clear();
        }
        names.insert(customer.clone(), account.person.name.clone());
        account.person.name
    }

    /// Notes that a staff member has a console open, until the result is dropped.
    pub fn staff_is_here(self: &Arc<Self>, id: &StaffId) -> Present<StaffId> {
        let present = self.present(id);
        self.line.send_modify(|line| {
            let n_staff = self.presence.n_staff();
            *line = Arc::new(Line { n_staff, ..(**line).clone() });
        });
        present
    }

    /// Notes that a customer has the conversation open, until the result is dropped.
    pub fn customer_is_here(self: &Arc<Self>, id: &ConversationId) -> Present<ConversationId> {
        self.present(id)
    }

    /// Whether a customer has the conversation open; none where only another node could say that.
    pub fn customer_is_online(&self, id: &ConversationId) -> Option<bool> {
        let is_here = 0 < self.presence.n_customers(id);
        (is_here || !self.store.is_shared()).then_some(is_here)
    }

    fn present<K: Who>(self: &Arc<Self>, key: &K) -> Present<K> {
        let mut counts = K::counted(&self.presence).lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        let is_new = *count == 1;
        drop(counts);
        if is_new {
            key.tell(self);
        }
        Present { of: Arc::clone(self), key: key.clone() }
    }

    /// Keeps the order of the waiting list up to date.
    async fn keep_line(self: Arc<Self>) {
        let mut changes = self.store.changes();
        loop {
            match self.read_line().await {
                Ok(line) => {
                    self.line.send_if_modified(|old| {
                        let changed = **old != line;
                        if changed {
                            *old = Arc::new(line);
                        }
                        changed
                    });
                }
                Err(error) => tracing::warn!(%error, "the waiting list could not be read"),
            }
            // A lagged receiver has missed some changes, which is as good a reason to look as any.
            let _ = tokio::time::timeout(QUEUE_LOOK, changes.recv()).await;
            tokio::time::sleep(QUEUE_TELL).await;
            changes = changes.resubscribe();
        }
    }

    async fn read_line(&self) -> Result<Line, StoreError> {
        let waiting = self.store.list(List::Waiting, QUEUE_MAX).await?;
        let stints = self.store.recent_stints(STINTS_MAX).await?;
        let default = self.contents.current().business.hours.minutes_per_conversation;
        Ok(Line {
            n_urgent: waiting.iter().filter(|it| it.urgent).count(),
            order: waiting.into_iter().map(|it| it.id).collect(),
            minutes_each: handoff::minutes_each(&stints, default),
            n_staff: self.presence.n_staff(),
            back: handoff::back(&self.contents.current(), self.clock.now()),
        })
    }

    /// Takes up messages that were kept and not answered: after a crash here, or of another node.
    async fn find_unanswered(self: Arc<Self>) {
        loop {
            match self.store.unanswered(UNANSWERED_MAX).await {
                Ok(found) => {
                    for id in found {
                        // A full inbox means that it is being looked after.
                        let _ = self.sessions.bring(&self, &id, Happening::Nudge);
                    }
                }
                Err(error) => tracing::warn!(%error, "unanswered messages could not be looked for"),
            }
            tokio::time::sleep(UNANSWERED_LOOK).await;
        }
    }

    /// Takes over changed content that passes the check; keeps the last good one when it doesn't.
    async fn watch_content(self: Arc<Self>) {
        let mut seen = self.contents.fingerprint();
        loop {
            tokio::time::sleep(CONTENT_LOOK).await;
            let now = self.contents.fingerprint();
            if now == seen {
                continue;
            }
            seen = now;
            self.reload_content().await;
        }
    }

    /// Loads the content again. `false`: it has faults, which are in the log, and the last good one stays.
    pub async fn reload_content(&self) -> bool {
        match self.contents.changed() {
            Ok(None) => true,
            Ok(Some(content)) => {
                // Learnt first, so that no answer is said to what the examples of before made of a question.
                let learnt = self.teach_content(&content).await;
                if learnt {
                    content.log_warnings();
                    self.contents.swap(content);
                    tracing::info!("new content has been taken over");
                }
                learnt
            }
            Err(faults) => {
                for fault in &faults {
                    tracing::error!(%fault, "a fault in the content");
                }
                tracing::error!(n_faults = faults.len(), "the last good content stays");
                false
            }
        }
    }

    /// Drops what is held of what has changed in billing, here and on the other nodes.
    pub fn billing_changed(&self, changed: &Changed) {
        self.billing.forget(changed);
        self.store.tell_billing(changed.as_text());
    }

    /// Drops what is held of what other nodes say has changed.
    async fn hear_of_billing(self: Arc<Self>) {
        let mut news = self.store.billing_news();
        loop {
            let changed = match news.recv().await {
                // What cannot be read is of another version: better to ask once too often.
                Ok(text) => Changed::from_text(&text).unwrap_or_else(Changed::everything),
                Err(broadcast::error::RecvError::Lagged(_)) => Changed::everything(),
                Err(broadcast::error::RecvError::Closed) => return,
            };
            self.billing.forget(&changed);
        }
    }

    async fn group_questions(self: Arc<Self>) {
        loop {
            if let Some(classifier) = self.classifier.load_full()
                && let Err(error) = feedback::causes::group(&self.store, &classifier, self.clock.now_ms()).await
            {
                tracing::warn!(%error, "questions could not be grouped yet");
            }
            let _ = tokio::time::timeout(FEEDBACK_LOOK, self.feedback_came.notified()).await;
        }
    }
}
