//! What this node remembers of the conversations that somebody here listens to.

use std::collections::{HashMap, VecDeque};

use tokio::sync::watch;

use super::Logged;
use crate::conversation::{ConversationId, Seq};

/// From this many entries on, those that nobody listens to are looked for.
pub(super) const SWEEP_MIN: usize = 64;
/// The events of a watched conversation that are held in memory: what a connection has not sent yet, as a rule.
const TAIL_MAX: usize = 4;

/// Channels by conversation; those that nobody listens to are dropped as the map grows.
pub(super) struct Channels<C> {
    pub(super) by_id: HashMap<ConversationId, C>,
    sweep_at: usize,
}

impl<C> Channels<C> {
    /// None yet.
    pub fn new() -> Self {
        Self { by_id: HashMap::new(), sweep_at: SWEEP_MIN }
    }

    /// The channel of a conversation, made where there is none.
    pub fn channel(&mut self, id: &ConversationId, heard: impl Fn(&C) -> bool, make: impl FnOnce() -> C) -> &C {
        if self.sweep_at <= self.by_id.len() {
            self.by_id.retain(|_, channel| heard(channel));
            self.sweep_at = SWEEP_MIN.max(self.by_id.len().saturating_mul(2));
        }
        self.by_id.entry(id.clone()).or_insert_with(make)
    }
}

/// A conversation that somebody watches.
pub(super) struct Watched {
    pub(super) newest: watch::Sender<Seq>,
    /// The last events that were committed here, without a gap.
    tail: VecDeque<Logged>,
}

impl Watched {
    /// Nothing has been heard of it.
    pub fn new() -> Self {
        Self { newest: watch::channel(0).0, tail: VecDeque::new() }
    }

    /// Whether somebody still watches.
    pub fn is_heard(&self) -> bool {
        0 < self.newest.receiver_count()
    }

    /// Wakes whoever watches, where it is news.
    pub fn advance(&self, newest: Seq) {
        self.newest.send_if_modified(|known| {
            let grew = *known < newest;
            *known = newest.max(*known);
            grew
        });
    }

    /// Keeps what was committed here.
    pub fn add(&mut self, events: Vec<Logged>) {
        for logged in events {
            if self.tail.back().is_some_and(|it| it.event.seq + 1 != logged.event.seq) {
                self.tail.clear();
            }
            self.tail.push_back(logged);
        }
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_MAX));
    }

    /// The events after a position up to the newest that has been heard of, where all of them are here.
    pub fn after(&self, after: Seq) -> Option<Vec<Logged>> {
        let is_whole = self.tail.back()?.event.seq == *self.newest.borrow();
        let reaches_back = self.tail.front()?.event.seq <= after.saturating_add(1);
        (is_whole && reaches_back).then(|| self.tail.iter().filter(|it| after < it.event.seq).cloned().collect())
    }
}

impl Channels<Watched> {
    /// The conversation, where somebody watches it; else it is dropped.
    pub fn heard(&mut self, id: &ConversationId) -> Option<&mut Watched> {
        if !self.by_id.get(id)?.is_heard() {
            self.by_id.remove(id);
        }
        self.by_id.get_mut(id)
    }
}
