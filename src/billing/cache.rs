//! A short memory: what was read lately, until its time is over, somebody says that it has changed, or room is needed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Values by key, each for a time, at most so many.
#[derive(Debug)]
pub struct Cache<K, V> {
    hold: Duration,
    max: usize,
    inner: Mutex<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    forgotten: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    at: Instant,
}

/// Taken before one asks, shown when the answer is kept.
#[derive(Clone, Copy, Debug)]
pub struct Ticket(u64);

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// An empty cache.
    pub fn new(hold: Duration, max: usize) -> Self {
        Self { hold, max, inner: Mutex::new(Inner { entries: HashMap::new(), forgotten: 0 }) }
    }

    /// What is held under this key and still fresh.
    pub fn get(&self, key: &K, now: Instant) -> Option<V> {
        let inner = self.lock();
        let entry = inner.entries.get(key)?;
        (now.saturating_duration_since(entry.at) < self.hold).then(|| entry.value.clone())
    }

    /// To be taken before the question whose answer is kept.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.lock().forgotten)
    }

    /// Keeps an answer, unless something was forgotten after its question: then it may be from before the change.
    pub fn keep(&self, ticket: Ticket, key: K, value: V, now: Instant) {
        let mut inner = self.lock();
        if ticket.0 != inner.forgotten || self.max == 0 {
            return;
        }
        if self.max <= inner.entries.len() && !inner.entries.contains_key(&key) {
            inner.entries.retain(|_, it| now.saturating_duration_since(it.at) < self.hold);
        }
        if self.max <= inner.entries.len() && !inner.entries.contains_key(&key) {
            let oldest = inner.entries.iter().min_by_key(|it| it.1.at).map(|it| it.0.clone());
            if let Some(oldest) = oldest {
                inner.entries.remove(&oldest);
            }
        }
        inner.entries.insert(key, Entry { value, at: now });
    }

    /// Drops what is held and picked out; answers to questions from before are not kept either.
    pub fn forget(&self, is_meant: impl Fn(&K, &V) -> bool) {
        let mut inner = self.lock();
        inner.forgotten = inner.forgotten.wrapping_add(1);
        inner.entries.retain(|key, it| !is_meant(key, &it.value));
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(30);

    fn keep(cache: &Cache<&'static str, u32>, key: &'static str, value: u32, now: Instant) {
        cache.keep(cache.ticket(), key, value, now);
    }

    #[test]
    fn a_value_is_held_for_its_time_and_no_longer() {
        let (cache, now) = (Cache::new(HOLD, 10), Instant::now());
        keep(&cache, "a", 1, now);
        assert_eq!(cache.get(&"a", now + HOLD - Duration::from_millis(1)), Some(1));
        assert_eq!(cache.get(&"a", now + HOLD), None);
        assert_eq!(cache.get(&"b", now), None);
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_kept() {
        let (cache, now) = (Cache::new(HOLD, 10), Instant::now());
        let ticket = cache.ticket();
        cache.forget(|key, _| *key == "a");
        cache.keep(ticket, "a", 1, now);
        assert_eq!(cache.get(&"a", now), None);
    }

    #[test]
    fn forgetting_one_leaves_the_others() {
        let (cache, now) = (Cache::new(HOLD, 10), Instant::now());
        keep(&cache, "a", 1, now);
        keep(&cache, "b", 2, now);
        cache.forget(|key, _| *key == "a");
        assert_eq!((cache.get(&"a", now), cache.get(&"b", now)), (None, Some(2)));
    }

    #[test]
    fn the_oldest_makes_room() {
        let (cache, now) = (Cache::new(HOLD, 2), Instant::now());
        for (at, key) in ["a", "b", "c"].into_iter().enumerate() {
            keep(&cache, key, 1, now + Duration::from_millis(at as u64));
        }
        let held = ["a", "b", "c"].map(|key| cache.get(&key, now).is_some());
        assert_eq!(held, [false, true, true]);
    }

    #[test]
    fn a_cache_of_no_length_holds_nothing() {
        let (cache, now) = (Cache::new(HOLD, 0), Instant::now());
        keep(&cache, "a", 1, now);
        assert_eq!(cache.get(&"a", now), None);
    }
}
