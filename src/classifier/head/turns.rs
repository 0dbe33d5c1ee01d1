//! Shares jobs that know nothing of each other among a few threads.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What each job from 0 to `n_jobs` gives, in order; the next one is begun as soon as one of the threads is free.
pub fn in_turns<T: Send>(n_jobs: usize, n_threads: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let taken = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < n_jobs);
        std::iter::from_fn(taken).map(|i| (i, job(i))).collect::<Vec<_>>()
    };
    let mut done = std::thread::scope(|scope| {
        // This thread is one of them.
        let others: Vec<_> = (1..n_threads.min(n_jobs)).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().expect("a job that panics is a bug in the head"));
        }
        done
    });
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, it)| it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once_and_in_order() {
        for n_threads in [0, 1, 2, 9] {
            assert_eq!(in_turns(5, n_threads, |i| i * i), [0, 1, 4, 9, 16]);
        }
        assert!(in_turns(0, 2, |i| i).is_empty());
    }
}
