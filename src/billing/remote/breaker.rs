//! Leaves a machine alone that keeps failing, and lets one request see from time to time whether it is back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts failures in a row; after too many it is open: nothing passes for a time, then one probe.
#[derive(Debug)]
pub struct Breaker {
    failures_max: u32,
    open_for: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing { since: Instant },
}

/// Leave to try once. Dropped without a verdict, it says nothing about the machine.
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
    told: bool,
}

impl Breaker {
    /// A closed breaker that opens at so many failures in a row, for so long.
    pub fn new(failures_max: u32, open_for: Duration) -> Self {
        Self { failures_max, open_for, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Leave to try now; none while the machine is left alone or somebody else is seeing whether it is back.
    pub fn enter(&self, now: Instant) -> Option<Pass<'_>> {
        let mut state = self.lock();
        let probe = match *state {
            State::Closed { .. } => false,
            State::Open { until } if until <= now => {
                *state = State::Probing { since: now };
                true
            }
            State::Open { .. } | State::Probing { .. } => return None,
        };
        Some(Pass { breaker: self, probe, told: false })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// The machine has answered. `true`: it was thought to be down, and is back.
    pub fn succeeded(mut self) -> bool {
        self.told = true;
        let mut state = self.breaker.lock();
        if self.probe || matches!(*state, State::Closed { .. }) {
            *state = State::Closed { failures: 0 };
        }
        self.probe
    }

    /// The machine has not answered. `true`: from now on it is left alone.
    pub fn failed(mut self, now: Instant) -> bool {
        self.told = true;
        let mut state = self.breaker.lock();
        let failures = match *state {
            State::Closed { failures } => failures.saturating_add(1),
            _ if self.probe => self.breaker.failures_max,
            // Begun before it opened: the verdict is known already.
            _ => return false,
        };
        let opens = self.breaker.failures_max <= failures;
        let until = now.checked_add(self.breaker.open_for).unwrap_or(now);
        *state = if opens { State::Open { until } } else { State::Closed { failures } };
        opens
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.told || !self.probe {
            return;
        }
        let mut state = self.breaker.lock();
        if let State::Probing { since } = *state {
            // The probe was given up: the next request may probe.
            *state = State::Open { until: since };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(15);

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new(2, OPEN_FOR);
        assert!(!breaker.enter(now).expect("it is closed").failed(now));
        assert!(breaker.enter(now).expect("one failure is not enough").failed(now));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let now = Instant::now();
        let breaker = opened(now);
        assert!(breaker.enter(now).is_none());
        assert!(breaker.enter(now + OPEN_FOR - Duration::from_millis(1)).is_none());
    }

    #[test]
    fn a_success_between_two_failures_keeps_it_closed() {
        let now = Instant::now();
        let breaker = Breaker::new(2, OPEN_FOR);
        assert!(!breaker.enter(now).expect("it is closed").failed(now));
        assert!(!breaker.enter(now).expect("it is closed").succeeded());
        assert!(!breaker.enter(now).expect("it is closed").failed(now));
        assert!(breaker.enter(now).is_some());
    }

    #[test]
    fn after_the_wait_one_request_passes_and_its_success_closes_it() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + OPEN_FOR;
        let probe = breaker.enter(later).expect("one may see whether it is back");
        assert!(breaker.enter(later).is_none(), "and only one");
        assert!(probe.succeeded());
        assert!(breaker.enter(later).is_some() && breaker.enter(later).is_some());
    }

    #[test]
    fn a_probe_that_fails_opens_it_again() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + OPEN_FOR;
        assert!(breaker.enter(later).expect("one may see").failed(later));
        assert!(breaker.enter(later + OPEN_FOR - Duration::from_millis(1)).is_none());
        assert!(breaker.enter(later + OPEN_FOR).is_some());
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_the_way_to_the_next() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + OPEN_FOR;
        drop(breaker.enter(later).expect("one may see"));
        assert!(breaker.enter(later).is_some());
    }

    #[test]
    fn requests_from_before_it_opened_do_not_close_it() {
        let now = Instant::now();
        let breaker = Breaker::new(1, OPEN_FOR);
        let early = breaker.enter(now).expect("it is closed");
        assert!(breaker.enter(now).expect("it is closed").failed(now));
        assert!(!early.succeeded());
        assert!(breaker.enter(now).is_none());
    }
}
