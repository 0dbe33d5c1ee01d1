//! Who is here: staff and customers with a connection open on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::conversation::{ConversationId, StaffId};

/// Customers who came or went that a staff socket may not have heard of yet; one that lags closes, and its client reads
/// its lists again.
const CAME_OR_WENT_MAX: usize = 4_096;

/// Staff and customers with a connection open on this node.
pub struct Presence {
    staff: Mutex<HashMap<StaffId, usize>>,
    customers: Mutex<HashMap<ConversationId, usize>>,
    came_or_went: broadcast::Sender<ConversationId>,
}

/// A presence that ends when dropped.
pub struct Present<K: Who> {
    of: Arc<Presence>,
    key: K,
}

/// Who can be present.
pub trait Who: std::hash::Hash + Eq + Clone {
    /// Where their connections are counted.
    fn counted(presence: &Presence) -> &Mutex<HashMap<Self, usize>>;
    /// Tells whoever wants to know that they have come, or have gone for good.
    fn tell(&self, presence: &Presence);
}

impl Who for StaffId {
    fn counted(presence: &Presence) -> &Mutex<HashMap<Self, usize>> {
        &presence.staff
    }

    fn tell(&self, _presence: &Presence) {}
}

impl Who for ConversationId {
    fn counted(presence: &Presence) -> &Mutex<HashMap<Self, usize>> {
        &presence.customers
    }

    fn tell(&self, presence: &Presence) {
        // Nobody listening means that no console is open.
        let _ = presence.came_or_went.send(self.clone());
    }
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            staff: Mutex::default(),
            customers: Mutex::default(),
            came_or_went: broadcast::Sender::new(CAME_OR_WENT_MAX),
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

    /// Conversations whose customer comes or goes from now on.
    pub fn came_or_went(&self) -> broadcast::Receiver<ConversationId> {
        self.came_or_went.subscribe()
    }

    /// Notes that somebody is here, until the result is dropped.
    pub fn enter<K: Who>(self: &Arc<Self>, key: &K) -> Present<K> {
        let mut counts = K::counted(self).lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        let is_new = *count == 1;
        drop(counts);
        if is_new {
            key.tell(self);
        }
        Present { of: Arc::clone(self), key: key.clone() }
    }
}

impl<K: Who> Drop for Present<K> {
    fn drop(&mut self) {
        let mut counts = K::counted(&self.of).lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = counts.get_mut(&self.key) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&self.key);
            drop(counts);
            self.key.tell(&self.of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_two_tabs_comes_with_the_first_and_goes_with_the_last() {
        let presence = Arc::new(Presence::default());
        let mut heard = presence.came_or_went();
        let id = ConversationId::new("one");
        let first = presence.enter(&id);
        let second = presence.enter(&id);
        assert_eq!((presence.n_customers(&id), heard.len()), (2, 1));
        drop(first);
        assert_eq!((presence.n_customers(&id), heard.len()), (1, 1));
        drop(second);
        assert_eq!((presence.n_customers(&id), heard.len()), (0, 2));
        assert_eq!(heard.try_recv(), Ok(id));
    }
}
