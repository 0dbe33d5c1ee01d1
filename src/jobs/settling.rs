//! Finds what a crash or a lost answer has left open, and has it brought to its end: by one node, once.

use std::sync::Arc;
use std::time::Duration;

use crate::parts::Parts;
use crate::session::{Command, Sessions};
use crate::store::StoreError;

/// Open ends of one kind that one look takes up; the rest comes with the next.
const OPEN_ENDS_MAX: u32 = 200;

/// Looks at the start, then every so often, and when a notice has to go out.
pub(super) async fn settle(parts: Arc<Parts>, sessions: Sessions) {
    let every = Duration::from_millis(parts.config.limits.settle_look_ms);
    loop {
        if let Err(error) = settle_all(&parts, &sessions).await {
            tracing::warn!(%error, "open ends could not be looked for");
        }
        let _ = tokio::time::timeout(every, parts.actions.notice_came()).await;
    }
}

async fn settle_all(parts: &Parts, sessions: &Sessions) -> Result<(), StoreError> {
    let now_ms = parts.clock.now_ms();
    let until_ms = now_ms.saturating_add(parts.config.limits.settle_after_ms);
    for record in parts.store.letters_to_send(now_ms, OPEN_ENDS_MAX).await? {
        if parts.store.take_on_letter(&record.new.key, now_ms, until_ms).await? {
            parts.actions.send_notice(&record).await?;
        }
    }
    for record in parts.store.actions_to_settle(now_ms, OPEN_ENDS_MAX).await? {
        if parts.store.take_on_action(&record.new.key, now_ms, until_ms).await? {
            // A full inbox means that something goes on there: the next look takes it up.
            let _ = sessions.bring(&record.new.conversation, Command::Settle { key: record.new.key });
        }
    }
    for id in parts.store.lost_code_letters(now_ms, OPEN_ENDS_MAX).await? {
        if parts.store.take_on_code_letter(&id, now_ms, until_ms).await? {
            let _ = sessions.bring(&id, Command::LetterLost);
        }
    }
    Ok(())
}
