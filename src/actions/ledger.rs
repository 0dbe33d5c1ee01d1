//! Where it is written down what was done in billing: in the store, or in memory for talks.

use std::sync::{Mutex, PoisonError};

use super::PAST_MAX;
use crate::conversation::{ConversationId, CustomerId, Seq};
use crate::store::{ActionEnd, ActionRecord, ActionStatus, NewAction, Store, StoreError};

/// Where it is written down what was done.
pub(super) enum Ledger {
    /// For good.
    Store(Store),
    /// While a talk lasts; nothing is ever left begun there.
    Memory(Mutex<Vec<ActionRecord>>),
}

impl Ledger {
    pub(super) fn memory() -> Self {
        Ledger::Memory(Mutex::default())
    }

    /// What was done or begun for a customer.
    pub(super) async fn of(&self, customer: &CustomerId) -> Result<Vec<ActionRecord>, StoreError> {
        match self {
            Ledger::Store(store) => store.actions_for(customer, PAST_MAX).await,
            Ledger::Memory(rows) => {
                let stands = |it: &&ActionRecord| it.new.customer == *customer && it.status != ActionStatus::Refused;
                Ok(lock(rows).iter().filter(stands).cloned().collect())
            }
        }
    }

    pub(super) async fn of_messages(
        &self,
        conversation: &ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Option<ActionRecord>, StoreError> {
        match self {
            Ledger::Store(store) => store.action_of(conversation, from, to).await,
            Ledger::Memory(_) => Ok(None),
        }
    }

    pub(super) async fn find(&self, key: &str) -> Result<Option<ActionRecord>, StoreError> {
        match self {
            Ledger::Store(store) => store.action(key).await,
            Ledger::Memory(rows) => Ok(lock(rows).iter().find(|it| it.new.key == key).cloned()),
        }
    }

    pub(super) async fn begin(&self, new: NewAction, at_ms: i64, due_ms: i64) -> Result<ActionRecord, StoreError> {
        match self {
            Ledger::Store(store) => store.begin_action(new, at_ms, due_ms).await,
            Ledger::Memory(rows) => Ok(begin_in(&mut lock(rows), new, at_ms)),
        }
    }

    pub(super) async fn take_up(
        &self,
        key: &str,
        conversation: &ConversationId,
        seq: Seq,
        due_ms: i64,
    ) -> Result<Option<ActionRecord>, StoreError> {
        match self {
            Ledger::Store(store) => store.take_up_action(key, conversation, seq, due_ms).await,
            Ledger::Memory(_) => Ok(None),
        }
    }

    pub(super) async fn end(&self, key: &str, end: ActionEnd, at_ms: i64) -> Result<ActionRecord, StoreError> {
        match self {
            Ledger::Store(store) => store.end_action(key, end, at_ms).await,
            Ledger::Memory(rows) => end_in(&mut lock(rows), key, end, at_ms).ok_or(StoreError::NotFound),
        }
    }

    pub(super) async fn give_up(&self, key: &str, why: &str) -> Result<(), StoreError> {
        match self {
            Ledger::Store(store) => store.give_up_action(key, why).await,
            Ledger::Memory(_) => Ok(()),
        }
    }
}

fn lock(rows: &Mutex<Vec<ActionRecord>>) -> std::sync::MutexGuard<'_, Vec<ActionRecord>> {
    rows.lock().unwrap_or_else(PoisonError::into_inner)
}

fn begin_in(rows: &mut Vec<ActionRecord>, new: NewAction, at_ms: i64) -> ActionRecord {
    rows.retain(|it| it.new.key != new.key || it.status != ActionStatus::Refused);
    if let Some(known) = rows.iter().find(|it| it.new.key == new.key) {
        return known.clone();
    }
    let record = ActionRecord {
        new,
        status: ActionStatus::Begun,
        reference: None,
        done_on: None,
        why: None,
        begun_at_ms: at_ms,
        ended_at_ms: None,
        told: false,
    };
    rows.push(record.clone());
    record
}

fn end_in(rows: &mut [ActionRecord], key: &str, end: ActionEnd, at_ms: i64) -> Option<ActionRecord> {
    let row = rows.iter_mut().find(|it| it.new.key == key)?;
    row.ended_at_ms = Some(at_ms);
    match end {
        ActionEnd::Done { reference, on } => {
            row.status = ActionStatus::Done;
            row.reference = Some(reference);
            row.done_on = Some(on);
        }
        ActionEnd::Refused { why } => {
            row.status = ActionStatus::Refused;
            row.why = Some(why);
        }
    }
    Some(row.clone())
}
