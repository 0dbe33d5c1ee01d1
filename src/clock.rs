//! What time it is: the system's, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// The clock that everything reads.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_still_for_all_its_clones_until_it_is_set() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let other = clock.clone();
        assert_eq!(other.now_ms(), 0);
        clock.set(Timestamp::from_millisecond(5).expect("it is a time"));
        assert_eq!(other.now_ms(), 5);
    }
}
