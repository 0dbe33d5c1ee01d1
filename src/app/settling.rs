//! Finds what a crash or a lost answer has left open, and has it brought to its end: by one node, once.

use std::sync::Arc;
use std::time::Duration;

use super::App;
use crate::session::Happening;
use crate::store::StoreError;

/// Open ends of one kind that one look takes up; the rest comes with the next.
const OPEN_ENDS_MAX: u32 = 200;

impl App {
    /// Looks at the start, then every so often, and when a notice has to go out.
    pub(super) async fn find_unsettled(self: Arc<Self>) {
        let every = Duration::from_millis(self.config.limits.settle_look_ms);
        loop {
            if let Err(error) = self.settle_all().await {
                tracing::warn!(%error, "open ends could not be looked for");
            }
            let _ = tokio::time::timeout(every, self.actions.notice_came()).await;
        }
    }

    async fn settle_all(self: &Arc<Self>) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let until_ms = now_ms.saturating_add(self.config.limits.settle_after_ms);
        for record in self.store.letters_to_send(now_ms, OPEN_ENDS_MAX).await? {
            if self.store.take_on_letter(&record.new.key, now_ms, until_ms).await? {
                self.actions.send_notice(&record).await?;
            }
        }
        for record in self.store.actions_to_settle(now_ms, OPEN_ENDS_MAX).await? {
            if self.store.take_on_action(&record.new.key, now_ms, until_ms).await? {
                // A full inbox means that something goes on there: the next look takes it up.
                let settle = Happening::Settle { key: record.new.key };
                let _ = self.sessions.bring(self, &record.new.conversation, settle);
            }
        }
        for id in self.store.lost_code_letters(now_ms, OPEN_ENDS_MAX).await? {
            if self.store.take_on_code_letter(&id, now_ms, until_ms).await? {
                let _ = self.sessions.bring(self, &id, Happening::LetterLost);
            }
        }
        Ok(())
    }
}
