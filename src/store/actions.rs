//! Keeps what is done in billing for customers, so that it is done once and can be looked up.

use sqlx::FromRow;

use super::writer::Tx;
use super::{Store, StoreError, parse_word, seq, without_nul, word};
use crate::conversation::{ConversationId, CustomerId, Seq, StaffId};

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
    /// Where it was asked for.
    pub conversation: ConversationId,
    /// The message that said yes; 0 where staff did it.
    pub seq: Seq,
    /// The rule that allows it.
    pub clause: String,
    /// Exactly what, as JSON.
    pub deed: String,
    /// What is said afterwards, as JSON.
    pub words: String,
    /// Who of staff did it, and why; none where the customer asked the bot.
    pub by: Option<(StaffId, String)>,
    /// A letter that goes out once it is done, as JSON.
    pub letter: Option<String>,
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
    /// The conversation has been told what came of it.
    pub told: bool,
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
                       why, begun_at_ms, ended_at_ms, staff, reason, settle_due_ms, letter";

const TAKE_UP: &str = "\
    update actions set seq = $3, settle_due_ms = $4 \
    where key = $1 and conversation_id = $2 and status = 'begun' and seq < $3 and staff is null";

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
    staff: Option<String>,
    reason: Option<String>,
    settle_due_ms: Option<i64>,
    letter: Option<String>,
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
                by: row.staff.map(|it| (StaffId::new(it), row.reason.unwrap_or_default())),
                letter: row.letter,
            },
            reference: row.reference,
            done_on: row.done_on,
            why: row.why,
            begun_at_ms: row.begun_at_ms,
            ended_at_ms: row.ended_at_ms,
            told: row.settle_due_ms.is_none(),
        })
    }
}

impl Store {
    /// Begins an action, unless its key is known: then nothing is written and what stands is returned.
    ///
    /// One that billing has refused may be begun anew; what was refused is kept under another key. One that is begun
    /// and whose asker asks again in the same conversation is from then on about the newer message. Until `due_ms` it is
    /// left to whoever began it.
    pub async fn begin_action(&self, new: NewAction, at_ms: i64, due_ms: i64) -> Result<ActionRecord, StoreError> {
        let lane = new.conversation.as_str().to_owned();
        self.inner
            .writer
            .write(&lane, move |tx| {
                let new = new.clone();
                Box::pin(async move { begin(tx, &new, at_ms, due_ms).await })
            })
            .await
    }

    /// The action with this key that is begun in this conversation, from now on about this newer message.
    pub async fn take_up_action(
        &self,
        key: &str,
        conversation: &ConversationId,
        seq: Seq,
        due_ms: i64,
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
                        .bind(due_ms)
                        .execute(&mut tx.db)
                        .await?;
                    if taken.rows_affected() == 0 { Ok(None) } else { find(tx, &key).await }
                })
            })
            .await
    }

    /// Keeps what came of an action, and lets its letter go where it was done. Whoever was told that nobody knows what
    /// came of it is told anew. One that has ended before stays as it is, and is returned.
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
                        "update actions set status = $2, reference = $3, done_on = $4, why = $5, ended_at_ms = $6, \
                         settle_due_ms = coalesce(settle_due_ms, $6), \
                         letter_due_ms = case when $2 = 'done' and letter is not null then $6 else null end \
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

    /// Notes why nobody knows what came of an action; it stays begun.
    pub async fn give_up_action(&self, key: &str, why: &str) -> Result<(), StoreError> {
        let (key, why) = (key.to_owned(), why.to_owned());
        self.inner
            .writer
            .write("", move |tx| {
                let (key, why) = (key.clone(), why.clone());
                Box::pin(async move {
                    sqlx::query("update actions set why = $2 where key = $1 and status = 'begun'")
                        .bind(key)
                        .bind(why)
                        .execute(&mut tx.db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// One action by its key, if there is one.
    pub async fn action(&self, key: &str) -> Result<Option<ActionRecord>, StoreError> {
        let text = format!("select {COLUMNS} from actions where key = $1");
        let rows = sqlx::query_as::<_, Row>(sqlx::AssertSqlSafe(text)).bind(key);
        self.read(rows.fetch_optional(&self.inner.pool)).await?.map(ActionRecord::try_from).transpose()
    }

    /// Actions of which the conversation should have been told by now what came of them, the longest due first.
    pub async fn actions_to_settle(&self, now_ms: i64, limit: u32) -> Result<Vec<ActionRecord>, StoreError> {
        self.due("settle_due_ms", now_ms, limit).await
    }

    /// Actions whose letter should be out by now, the longest due first.
    pub async fn letters_to_send(&self, now_ms: i64, limit: u32) -> Result<Vec<ActionRecord>, StoreError> {
        self.due("letter_due_ms", now_ms, limit).await
    }

    async fn due(&self, column: &'static str, now_ms: i64, limit: u32) -> Result<Vec<ActionRecord>, StoreError> {
        let text = format!("select {COLUMNS} from actions where {column} <= $1 order by {column}, key limit $2");
        let rows = sqlx::query_as::<_, Row>(sqlx::AssertSqlSafe(text)).bind(now_ms).bind(i64::from(limit));
        let rows = self.read(rows.fetch_all(&self.inner.pool)).await?;
        rows.into_iter().map(ActionRecord::try_from).collect()
    }

    /// Takes an action on, to tell the conversation what came of it. `false`: somebody else has, who gets until then.
    pub async fn take_on_action(&self, key: &str, now_ms: i64, until_ms: i64) -> Result<bool, StoreError> {
        self.take_on(
            "update actions set settle_due_ms = $3 where key = $1 and settle_due_ms <= $2",
            key,
            now_ms,
            until_ms,
        )
        .await
    }

    /// Takes an action's letter on, to send it. `false`: somebody else has, who gets until then.
    pub async fn take_on_letter(&self, key: &str, now_ms: i64, until_ms: i64) -> Result<bool, StoreError> {
        self.take_on(
            "update actions set letter_due_ms = $3 where key = $1 and letter_due_ms <= $2",
            key,
            now_ms,
            until_ms,
        )
        .await
    }

    /// Runs a statement about one row that is due; whether the row was still there to be taken.
    pub(super) async fn take_on(
        &self,
        statement: &'static str,
        key: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<bool, StoreError> {
        let key = key.to_owned();
        self.inner
            .writer
            .write("", move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    let taken =
                        sqlx::query(statement).bind(key).bind(now_ms).bind(until_ms).execute(&mut tx.db).await?;
                    Ok(0 < taken.rows_affected())
                })
            })
            .await
    }

    /// Notes that whoever began an action has been told what came of it, outside the conversation.
    pub async fn told(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.inner
            .writer
            .write("", move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    match tell(tx, &key).await {
                        // Somebody else has told it, which is as good.
                        Ok(()) | Err(StoreError::Conflict) => Ok(()),
                        Err(error) => Err(error),
                    }
                })
            })
            .await
    }

    /// Forgets an action's letter: it is out, or never will be.
    pub async fn forget_letter(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.inner
            .writer
            .write("", move |tx| {
                let key = key.clone();
                Box::pin(async move {
                    sqlx::query("update actions set letter = null, letter_due_ms = null where key = $1")
                        .bind(key)
                        .execute(&mut tx.db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The first action that was begun by one of these messages, and that the conversation was not told about yet.
    pub async fn action_of(
        &self,
        conversation: &ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Option<ActionRecord>, StoreError> {
        let text = format!(
            "select {COLUMNS} from actions where conversation_id = $1 and $2 <= seq and seq <= $3 \
             and settle_due_ms is not null order by seq, begun_at_ms desc limit 1"
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

/// Notes that the conversation is told what came of an action, in the transaction that tells it. Whoever is second gets
/// [`StoreError::Conflict`].
pub(super) async fn tell(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    let told =
        sqlx::query("update actions set settle_due_ms = null where key = $1 and settle_due_ms is not null").bind(key);
    match told.execute(&mut tx.db).await?.rows_affected() {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

async fn begin(tx: &mut Tx, new: &NewAction, at_ms: i64, due_ms: i64) -> Result<ActionRecord, StoreError> {
    // What was refused makes way and stays to be read.
    sqlx::query(
        "update actions set key = key || '#' || begun_at_ms || '.' || seq, settle_due_ms = null \
         where key = $1 and status = 'refused'",
    )
    .bind(new.key.as_str())
    .execute(&mut tx.db)
    .await?;
    sqlx::query(
        "insert into actions (key, action, customer, conversation_id, seq, clause, deed, words, status, begun_at_ms, \
         staff, reason, settle_due_ms, letter) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'begun', $9, $10, $11, $12, $13) on conflict (key) do nothing",
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
    .bind(new.by.as_ref().map(|it| it.0.as_str()))
    .bind(new.by.as_ref().map(|it| without_nul(&it.1)))
    .bind(due_ms)
    .bind(new.letter.as_deref().map(without_nul))
    .execute(&mut tx.db)
    .await?;
    sqlx::query(TAKE_UP)
        .bind(new.key.as_str())
        .bind(new.conversation.as_str())
        .bind(i64::from(new.seq))
        .bind(due_ms)
        .execute(&mut tx.db)
        .await?;
    find(tx, &new.key).await?.ok_or(StoreError::Conflict)
}
