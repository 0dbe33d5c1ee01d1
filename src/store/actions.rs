//! Keeps what is done in billing for customers, so that it is done once and can be looked up.

use sqlx::FromRow;

use super::writer::Tx;
use super::{Store, StoreError, parse_word, seq, without_nul, word};
use crate::conversation::{ConversationId, CustomerId, Seq};

/// How far an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// Billing may or may not have done it: asking again with the same key tells.
    Begun,
    /// Billing has done it.
    Done,
    /// Billing has refused; nothing has changed.
    Refused,
}

/// An action that is about to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAction {
    /// Billing does it at most once for this.
    pub key: String,
    /// Which action.
    pub action: String,
    /// For whom.
    pub customer: CustomerId,
    /// Where the customer said yes.
    pub conversation: ConversationId,
    /// The message that said yes.
    pub seq: Seq,
    /// The rule that allows it.
    pub clause: String,
    /// Exactly what, as JSON.
    pub deed: String,
    /// What is said afterwards, as JSON.
    pub words: String,
}

/// An action as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRecord {
    /// What it is about.
    pub new: NewAction,
    /// How far it is.
    pub status: ActionStatus,
    /// What billing calls it.
    pub reference: Option<String>,
    /// The day on which billing did it, `2026-06-16`.
    pub done_on: Option<String>,
    /// Why billing refused.
    pub why: Option<String>,
    /// When it was begun, in milliseconds since 1970.
    pub begun_at_ms: i64,
    /// When billing's answer was known.
    pub ended_at_ms: Option<i64>,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionEnd {
    /// Billing has done it.
    Done {
        /// What billing calls it.
        reference: String,
        /// On which day, `2026-06-16`.
        on: String,
    },
    /// Billing has refused.
    Refused {
        /// Why.
        why: String,
    },
}

const COLUMNS: &str = "key, action, customer, conversation_id, seq, clause, deed, words, status, reference, done_on, \
                       why, begun_at_ms, ended_at_ms";

const TAKE_UP: &str = "\
    update actions set seq = $3 where key = $1 and conversation_id = $2 and status = 'begun' and seq < $3";

#[derive(FromRow)]
struct Row {
    key: String,
    action: String,
    customer: String,
    conversation_id: String,
    seq: i64,
    clause: String,
    deed: String,
    words: String,
    status: String,
    reference: Option<String>,
    done_on: Option<String>,
    why: Option<String>,
    begun_at_ms: i64,
    ended_at_ms: Option<i64>,
}

impl TryFrom<Row> for ActionRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            status: parse_word(&row.status)?,
            new: NewAction {
                key: row.key,
                action: row.action,
                customer: CustomerId::new(row.customer),
                conversation: ConversationId::new(row.conversation_id),
                seq: seq(row.seq),
                clause: row.clause,
                deed: row.deed,
                words: row.words,
            },
            reference: row.reference,
            done_on: row.done_on,
            why: row.why,
            begun_at_ms: row.begun_at_ms,
            ended_at_ms: row.ended_at_ms,
        })
    }
}

impl Store {
    /// Begins an action, unless its key is known: then nothing is written and what stands is returned.
    ///
    /// One that billing has refused may be begun anew; what was refused is kept under another key. One that is begun
    /// and whose asker asks again in the same conversation is from then on about the newer message.
    pub async fn begin_action(&self, new: NewAction, at_ms: i64) -> Result<ActionRecord, StoreError> {
        let lane = new.conversation.as_str().to_owned();
        self.inner
            .writer
            .write(&lane, move |tx| {
                let new = new.clone();
                Box::pin(async move { begin(tx, &new, at_ms).await })
            })
            .await
    }

    /// The action with this key that is begun in this conversation, from now on about this newer message.
    pub async fn take_up_action(
        &self,
        key: &str,
        conversation: &ConversationId,
        seq: Seq,
    ) -> Result<Option<ActionRecord>, StoreError> {
        let (key, conversation) = (key.to_owned(), conversation.clone());
        let lane = conversation.as_str().to_owned();
        self.inner
            .writer
            .write(&lane, move |tx| {
                let (key, conversation) = (key.clone(), conversation.clone());
                Box::pin(async move {
                    let taken = sqlx::query(TAKE_UP)
                        .bind(key.as_str())
                        .bind(conversation.as_str())
                        .bind(i64::from(seq))
                        .execute(&mut tx.db)
                        .await?;
                    if taken.rows_affected() == 0 { Ok(None) } else { find(tx, &key).await }
                })
            })
            .await
    }

    /// Keeps what came of an action. One that has ended before stays as it is, and is returned.
    pub async fn end_action(&self, key: &str, end: ActionEnd, at_ms: i64) -> Result<ActionRecord, StoreError> {
        let key = key.to_owned();
        self.inner
            .writer
            .write("", move |tx| {
                let (key, end) = (key.clone(), end.clone());
                Box::pin(async move {
                    let (status, reference, on, why) = match end {
                        ActionEnd::Done { reference, on } => (ActionStatus::Done, Some(reference), Some(on), None),
                        ActionEnd::Refused { why } => (ActionStatus::Refused, None, None, Some(why)),
                    };
                    sqlx::query(
                        "update actions set status = $2, reference = $3, done_on = $4, why = $5, ended_at_ms = $6 \
                         where key = $1 and status = 'begun'",
                    )
                    .bind(key.as_str())
                    .bind(word(&status))
                    .bind(reference.as_deref().map(without_nul))
                    .bind(on)
                    .bind(why.as_deref().map(without_nul))
                    .bind(at_ms)
                    .execute(&mut tx.db)
                    .await?;
                    find(tx, &key).await?.ok_or(StoreError::NotFound)
                })
            })
            .await
    }

    /// The first action that was begun by one of these messages, if any was.
    pub async fn action_of(
        &self,
        conversation: &ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Option<ActionRecord>, StoreError> {
        let text = format!(
            "select {COLUMNS} from actions where conversation_id = $1 and $2 <= seq and seq <= $3 \
             order by seq, begun_at_ms desc limit 1"
        );
        let rows = sqlx::query_as::<_, Row>(sqlx::AssertSqlSafe(text))
            .bind(conversation.as_str())
            .bind(i64::from(from))
            .bind(i64::from(to));
        let row = self.read(rows.fetch_optional(&self.inner.pool)).await?;
        row.map(ActionRecord::try_from).transpose()
    }

    /// What was done or begun for a customer, the newest first.
    pub async fn actions_for(&self, customer: &CustomerId, limit: u32) -> Result<Vec<ActionRecord>, StoreError> {
        let text = format!(
            "select {COLUMNS} from actions where customer = $1 and status <> 'refused' \
             order by begun_at_ms desc, key limit $2"
        );
        let rows = sqlx::query_as::<_, Row>(sqlx::AssertSqlSafe(text)).bind(customer.as_str()).bind(i64::from(limit));
        let rows = self.read(rows.fetch_all(&self.inner.pool)).await?;
        rows.into_iter().map(ActionRecord::try_from).collect()
    }

    /// All actions, the newest first; with `status` only those that are as far as that.
    pub async fn actions(&self, status: Option<ActionStatus>, limit: u32) -> Result<Vec<ActionRecord>, StoreError> {
        let text = format!(
            "select {COLUMNS} from actions where ($1 is null or status = $1) order by begun_at_ms desc, key limit $2"
        );
        let rows =
            sqlx::query_as::<_, Row>(sqlx::AssertSqlSafe(text)).bind(status.as_ref().map(word)).bind(i64::from(limit));
        let rows = self.read(rows.fetch_all(&self.inner.pool)).await?;
        rows.into_iter().map(ActionRecord::try_from).collect()
    }
}

async fn find(tx: &mut Tx, key: &str) -> Result<Option<ActionRecord>, StoreError> {
    let text = format!("select {COLUMNS} from actions where key = $1");
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(key).fetch_optional(&mut tx.db).await?;
    row.map(ActionRecord::try_from).transpose()
}

async fn begin(tx: &mut Tx, new: &NewAction, at_ms: i64) -> Result<ActionRecord, StoreError> {
    // What was refused makes way and stays to be read.
    sqlx::query(
        "update actions set key = key || '#' || begun_at_ms || '.' || seq where key = $1 and status = 'refused'",
    )
    .bind(new.key.as_str())
    .execute(&mut tx.db)
    .await?;
    sqlx::query(
        "insert into actions (key, action, customer, conversation_id, seq, clause, deed, words, status, begun_at_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'begun', $9) on conflict (key) do nothing",
    )
    .bind(new.key.as_str())
    .bind(new.action.as_str())
    .bind(new.customer.as_str())
    .bind(new.conversation.as_str())
    .bind(i64::from(new.seq))
    .bind(new.clause.as_str())
    .bind(without_nul(&new.deed))
    .bind(without_nul(&new.words))
    .bind(at_ms)
    .execute(&mut tx.db)
    .await?;
    sqlx::query(TAKE_UP)
        .bind(new.key.as_str())
        .bind(new.conversation.as_str())
        .bind(i64::from(new.seq))
        .execute(&mut tx.db)
        .await?;
    find(tx, &new.key).await?.ok_or(StoreError::Conflict)
}
