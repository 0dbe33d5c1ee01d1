//! What a live conversation knows of its log: read once, then event by event.

use super::task::{RECENT_MAX, Session};
use crate::conversation::{Event, Reason, Sender, What};
use crate::store::{Logged, StoreError};

impl Session {
    /// Whether the log may have something that we don't know yet.
    pub(super) fn has_news(&self) -> bool {
        !self.loaded || self.state.seq < *self.news.borrow()
    }

    /// Reads what the log has and we don't know yet.
    pub(super) async fn catch_up(&mut self) -> Result<(), StoreError> {
        if !self.loaded {
            let record = match self.parts.store.conversation(&self.id).await {
                Ok(record) => record,
                // It is not there before its first message.
                Err(StoreError::NotFound) => return Ok(()),
                Err(error) => return Err(error),
            };
            self.read_log().await?;
            self.unanswered.retain(|(seq, _)| record.answered_seq < *seq);
            self.locale = self.locale.take().or(record.locale);
            self.loaded = true;
            return Ok(());
        }
        self.read_log().await
    }

    async fn read_log(&mut self) -> Result<(), StoreError> {
        let page = self.parts.config.limits.events_max;
        loop {
            let events = self.parts.store.events(&self.id, self.state.seq, page).await?;
            let n = events.len();
            for logged in events {
                self.apply(logged.event);
            }
            if n < page as usize {
                break;
            }
        }
        if self.has_damage { self.mend().await } else { Ok(()) }
    }

    /// What a damaged event said of the owner or the customer, the conversation's row knows too: without it nobody could
    /// go on writing.
    async fn mend(&mut self) -> Result<(), StoreError> {
        let record = self.parts.store.conversation(&self.id).await?;
        if self.state.epoch < record.epoch {
            (self.state.owner, self.state.epoch, self.state.staff) = (record.owner, record.epoch, record.staff);
        }
        self.state.customer = self.state.customer.take().or(record.customer);
        self.has_damage = false;
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        if event.seq <= self.state.seq {
            return;
        }
        self.has_damage |= event.what == What::Damaged;
        self.state.apply(&event);
        match (&event.what, event.from) {
            (What::Message(message), Sender::Customer) => self.unanswered.push((event.seq, message.clone())),
            (What::Message(_), Sender::Staff) => self.unanswered.clear(),
            // What was said to a person is theirs.
            (What::Owner(change), _) if change.reason == Reason::HandedBack => self.unanswered.clear(),
            _ => {}
        }
        self.recent.push_back(event);
        if RECENT_MAX < self.recent.len() {
            self.recent.pop_front();
        }
    }

    /// Applies our own events, after those that others wrote in between.
    pub(super) async fn take_in(&mut self, events: &[Logged]) -> Result<(), StoreError> {
        let follows = events.first().is_none_or(|it| it.event.seq == self.state.seq + 1);
        if !follows {
            return self.read_log().await;
        }
        for logged in events {
            self.apply(logged.event.clone());
        }
        Ok(())
    }
}
