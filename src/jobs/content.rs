//! Takes over changed content that passes the check; keeps the last good one when it doesn't.

use std::sync::Arc;
use std::time::Duration;

use super::learning;
use crate::parts::Parts;

/// How often the content's files are looked at for changes.
const LOOK: Duration = Duration::from_secs(2);

/// Looks at the files until the server stops.
pub(super) async fn watch(parts: Arc<Parts>) {
    let mut seen = parts.contents.fingerprint();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = parts.contents.fingerprint();
        if now == seen {
            continue;
        }
        seen = now;
        reload(&parts).await;
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
