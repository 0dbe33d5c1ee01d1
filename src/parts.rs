//! What conversations work with: the store, the content, billing and the rest, built once and shared.
//!
//! The conversations themselves are not among them: they work with the parts, and nothing here works with them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::actions::Actions;
use crate::billing::{Billing, Changed};
use crate::classifier::Classifier;
use crate::clock::Clock;
use crate::config::Config;
use crate::content::Contents;
use crate::conversation::{ConversationId, CustomerId, StaffId};
use crate::handoff::WaitingList;
use crate::identity::Identity;
use crate::identity::codes::Codes;
use crate::identity::pages::Pages;
use crate::mail::Mailbox;
use crate::presence::{Presence, Present};
use crate::store::Store;

/// How long a turn waits for a classifier that has just been started.
const LEARN_WAIT_MAX: Duration = Duration::from_secs(30);
/// Customers' names that are held for the console.
const NAMES_MAX: usize = 10_000;
/// Staff who signed out that a socket may not have heard of yet; one that lags closes.
const SIGNED_OUT_MAX: usize = 64;
/// Conversations left by their customer that a socket may not have heard of yet; one that lags closes as well.
const LEFT_MAX: usize = 1_024;

/// The parts.
pub struct Parts {
    /// Every setting and limit.
    pub config: Config,
    /// The log and everything else that is kept.
    pub store: Store,
    /// What we know to answer, swapped when its files change.
    pub contents: Contents,
    /// What is meant; absent while the model is missing or broken.
    pub classifier: ArcSwapOption<Classifier>,
    /// Whether the classifier has learnt the content; nothing while it does for the first time.
    pub learnt: watch::Sender<Option<bool>>,
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
    /// Who is here.
    pub presence: Arc<Presence>,
    /// Who waits for a person, in order.
    pub line: watch::Sender<Arc<WaitingList>>,
    /// A question or rating has come in.
    pub feedback_came: Notify,
    /// Customers' names, so that lists in the console don't ask billing for each row.
    names: Mutex<HashMap<CustomerId, String>>,
    /// Staff who have just lost their right to be here: their sockets close.
    pub signed_out: broadcast::Sender<StaffId>,
    /// Conversations whose customer has just become somebody else: their sockets close.
    pub left: broadcast::Sender<ConversationId>,
    /// Everything that runs, to wait for at the end.
    pub tasks: TaskTracker,
    /// The end.
    pub stop: CancellationToken,
}

/// The parts that differ from one run to the next.
pub struct Made {
    /// See [`Parts::config`].
    pub config: Config,
    /// See [`Parts::store`].
    pub store: Store,
    /// See [`Parts::contents`].
    pub contents: Contents,
    /// See [`Parts::classifier`].
    pub classifier: Option<Classifier>,
    /// See [`Parts::billing`].
    pub billing: Arc<dyn Billing>,
    /// See [`Parts::identity`].
    pub identity: Identity,
    /// See [`Parts::mailbox`].
    pub mailbox: Mailbox,
    /// See [`Parts::codes`].
    pub codes: Codes,
    /// See [`Parts::pages`].
    pub pages: Pages,
    /// See [`Parts::clock`].
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

impl Parts {
    /// Puts the parts together.
    pub fn new(made: Made) -> Self {
        let settle_after_ms = made.config.limits.settle_after_ms;
        let actions =
            Actions::new(Arc::clone(&made.billing), made.store.clone(), made.mailbox.clone(), settle_after_ms);
        Self {
            actions: Arc::new(actions),
            config: made.config,
            store: made.store,
            contents: made.contents,
            classifier: ArcSwapOption::new(made.classifier.map(Arc::new)),
            learnt: watch::Sender::new(None),
            billing: made.billing,
            identity: made.identity,
            mailbox: made.mailbox,
            codes: Arc::new(made.codes),
            pages: made.pages,
            clock: made.clock,
            presence: Arc::default(),
            line: watch::Sender::new(Arc::default()),
            feedback_came: Notify::new(),
            names: Mutex::default(),
            signed_out: broadcast::Sender::new(SIGNED_OUT_MAX),
            left: broadcast::Sender::new(LEFT_MAX),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
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
    pub async fn until_learnt(&self) {
        if self.classifier.load().is_none() {
            return;
        }
        let mut learnt = self.learnt.subscribe();
        // Past the wait a person answers.
        let _ = tokio::time::timeout(LEARN_WAIT_MAX, learnt.wait_for(Option::is_some)).await;
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
    pub fn staff_is_here(&self, id: &StaffId) -> Present<StaffId> {
        let present = self.presence.enter(id);
        self.line.send_modify(|line| {
            let n_staff = self.presence.n_staff();
            *line = Arc::new(WaitingList { n_staff, ..(**line).clone() });
        });
        present
    }

    /// Notes that a customer has the conversation open, until the result is dropped.
    pub fn customer_is_here(&self, id: &ConversationId) -> Present<ConversationId> {
        self.presence.enter(id)
    }

    /// Whether a customer has the conversation open; none where only another node could say that.
    pub fn customer_is_online(&self, id: &ConversationId) -> Option<bool> {
        let is_here = 0 < self.presence.n_customers(id);
        (is_here || !self.store.is_shared()).then_some(is_here)
    }

    /// Drops what is held of what has changed in billing, here and on the other nodes.
    pub fn billing_changed(&self, changed: &Changed) {
        self.billing.forget(changed);
        self.store.tell_billing(changed.as_text());
    }
}
