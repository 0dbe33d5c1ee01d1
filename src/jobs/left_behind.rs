//! Conversations of colleagues who have gone go back to those who wait: otherwise nobody would ever see them again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::conversation::{ConversationId, StaffId};
use crate::parts::Parts;
use crate::session::{Command, Sessions};
use crate::store::StoreError;

/// How often it is looked whether somebody has gone without signing out.
const LOOK: Duration = Duration::from_secs(15);
/// Whoever isn't signed in any more has this long to come back, say with a new password.
const COME_BACK: Duration = Duration::from_secs(120);
/// Conversations that one look takes up; the rest comes with the next.
const LEFT_MAX: u32 = 200;

/// Gives back what colleagues have left behind: at once when they sign out, after a while when they just can't come in
/// any more (removed, another role, their session at its end).
pub(super) async fn give_back(parts: Arc<Parts>, sessions: Sessions) {
    let mut signed_out = parts.signed_out.subscribe();
    let mut since = HashMap::new();
    let mut gone = HashSet::new();
    loop {
        if let Err(error) = look(&parts, &sessions, &mut since, &mut gone).await {
            tracing::warn!(%error, "conversations that were left behind could not be looked for");
        }
        // Whoever lags has missed somebody, who is found a little later.
        gone.extend(timeout(LOOK, signed_out.recv()).await.ok().and_then(Result::ok));
    }
}

async fn look(
    parts: &Parts,
    sessions: &Sessions,
    since: &mut HashMap<ConversationId, Instant>,
    gone: &mut HashSet<StaffId>,
) -> Result<(), StoreError> {
    let left = parts.store.left_behind(parts.clock.now_ms(), LEFT_MAX).await?;
    since.retain(|id, _| left.iter().any(|it| it.id == *id));
    gone.retain(|id| left.iter().any(|it| it.staff.as_ref() == Some(id)));
    for record in left {
        let first = *since.entry(record.id.clone()).or_insert_with(Instant::now);
        let has_signed_out = record.staff.as_ref().is_some_and(|it| gone.contains(it));
        if has_signed_out || COME_BACK <= first.elapsed() || is_removed(parts, record.staff.as_ref()).await? {
            // With a full inbox the next look finds it again.
            let _ = sessions.bring(&record.id, Command::GiveBack { epoch: record.epoch });
        }
    }
    Ok(())
}

/// Whether somebody is no longer among the staff, and so can't come back.
async fn is_removed(parts: &Parts, staff: Option<&StaffId>) -> Result<bool, StoreError> {
    let Some(staff) = staff else { return Ok(true) };
    match parts.store.staff(staff).await {
        Ok(_) => Ok(false),
        Err(StoreError::NotFound) => Ok(true),
        Err(error) => Err(error),
    }
}
