//! Holds the newest of what was looked up, to a limit: what came in first goes first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The newest values by their keys.
pub struct Newest<K, V> {
    values: HashMap<K, V>,
    /// The keys in the order in which they came in.
    order: VecDeque<K>,
    n_max: usize,
}

impl<K: Clone + Eq + Hash, V: Clone> Newest<K, V> {
    /// Holds at most `n_max`.
    pub fn new(n_max: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), n_max }
    }

    /// The value of a key, where it is still held.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.values.get(key).cloned()
    }

    /// Holds a value; the oldest goes where there are too many.
    pub fn keep(&mut self, key: K, value: V) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.n_max < self.order.len() {
            let Some(oldest) = self.order.pop_front() else { break };
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut newest = Newest::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            newest.keep(key, value);
        }
        assert_eq!((newest.get("a"), newest.get("b"), newest.get("c")), (None, Some(2), Some(4)));
    }
}
