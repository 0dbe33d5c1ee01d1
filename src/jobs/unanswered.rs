//! Takes up messages that were kept and not answered: after a crash here, or of another node.

use std::sync::Arc;
use std::time::Duration;

use crate::parts::Parts;
use crate::session::{Command, Sessions};

/// How often the log is searched for them.
const LOOK: Duration = Duration::from_secs(15);
/// Conversations that one such search takes up.
const UNANSWERED_MAX: u32 = 500;

/// Searches until the server stops.
pub(super) async fn find(parts: Arc<Parts>, sessions: Sessions) {
    loop {
        match parts.store.unanswered(UNANSWERED_MAX).await {
            Ok(found) => {
                for id in found {
                    // A full inbox means that it is being looked after.
                    let _ = sessions.bring(&id, Command::Nudge);
                }
            }
            Err(error) => tracing::warn!(%error, "unanswered messages could not be looked for"),
        }
        tokio::time::sleep(LOOK).await;
    }
}
