//! Takes over changed content that passes the check; keeps the last good one when it doesn't.

use std::sync::Arc;
use std::time::Duration;

use super::learning;
use crate::parts::Parts;

/// How often the content's files are looked at for changes.
const LOOK: Duration = Duration::from_secs(2);

/// Looks at the files until the server stops.
pub(super) async fn watch(parts: Arc<Parts>) {
    let mut files = Files::new(parts.contents.fingerprint());
    loop {
        tokio::time::sleep(LOOK).await;
        if files.have_changed(parts.contents.fingerprint()) {
            reload(&parts).await;
        }
    }
}

/// The files as they were when they were last taken over, and when they were last looked at, by their fingerprints.
struct Files {
    taken: u64,
    seen: u64,
}

impl Files {
    fn new(fingerprint: u64) -> Self {
        Self { taken: fingerprint, seen: fingerprint }
    }

    /// Whether they have changed and stand still. Those of a larger change come one after the other, and between two of
    /// them they may pass the check and say what nobody meant.
    fn have_changed(&mut self, now: u64) -> bool {
        let stands_still = std::mem::replace(&mut self.seen, now) == now;
        let changed = stands_still && self.taken != now;
        if changed {
            self.taken = now;
        }
        changed
    }
}

/// Loads the content again. `false`: it has faults, which are in the log, and the last good one stays.
pub async fn reload(parts: &Parts) -> bool {
    match parts.contents.changed() {
        Ok(None) => true,
        Ok(Some(content)) => {
            // Learnt first, so that no answer is said to what the examples of before made of a question.
            let learnt = learning::teach(parts, &content).await;
            if learnt {
                content.log_warnings();
                parts.contents.swap(content);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_change_one_after_the_other_are_taken_over_once_they_stand_still() {
        let mut files = Files::new(1);
        let taken: Vec<bool> = [1, 2, 3, 3, 3, 4, 4, 1, 1].map(|it| files.have_changed(it)).to_vec();
        assert_eq!(taken, [false, false, false, true, false, false, true, false, true]);
    }
}
