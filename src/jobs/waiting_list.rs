//! Keeps the order of those who wait for a person up to date.

use std::sync::Arc;
use std::time::Duration;

use crate::handoff::{self, WaitingList};
use crate::parts::Parts;
use crate::store::{List, StoreError};

/// Changes of the queue within this are told together.
const TELL: Duration = Duration::from_millis(200);
/// The queue is counted again this often even when nothing seems to have changed.
const LOOK: Duration = Duration::from_secs(20);
/// Waiting conversations that are told their place; those behind are told it as they come nearer.
const WAITING_MAX: u32 = 5_000;
/// Finished stints that the waiting time is estimated from.
const STINTS_MAX: u32 = 50;

/// Counts again with each change, until the server stops.
pub(super) async fn keep(parts: Arc<Parts>) {
    let mut changes = parts.store.changes();
    loop {
        match read(&parts).await {
            Ok(line) => {
                parts.line.send_if_modified(|old| {
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
        let _ = tokio::time::timeout(LOOK, changes.recv()).await;
        tokio::time::sleep(TELL).await;
        changes = changes.resubscribe();
    }
}

async fn read(parts: &Parts) -> Result<WaitingList, StoreError> {
    let waiting = parts.store.list(List::Waiting, WAITING_MAX).await?;
    let stints = parts.store.recent_stints(STINTS_MAX).await?;
    let default = parts.contents.current().business.hours.minutes_per_conversation;
    Ok(WaitingList {
        n_urgent: waiting.iter().filter(|it| it.urgent).count(),
        order: waiting.into_iter().map(|it| it.id).collect(),
        minutes_each: handoff::minutes_each(&stints, default),
        n_staff: parts.presence.n_staff(),
        back: handoff::back(&parts.contents.current(), parts.clock.now()),
    })
}
