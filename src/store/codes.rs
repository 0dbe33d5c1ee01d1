//! One-time codes by e-mail, as digests, and what their limits count.

use sqlx::FromRow;

use super::writer::Tx;
use super::{Store, StoreError};
use crate::conversation::{ConversationId, CustomerId};

/// What is older than this is of no use to any limit, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

/// A conversation's newest code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRecord {
    /// The keyed digest of the code.
    pub digest: String,
    /// The keyed digest of the address that it was for.
    pub email: String,
    /// Whose address it is; none where it is nobody's.
    pub customer: Option<CustomerId>,
    /// How often something else was typed.
    pub n_wrong: u32,
    /// When it ends, in milliseconds since 1970.
    pub ends_at_ms: i64,
}

/// What an append does about the conversation's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeChange {
    /// A new one takes the place of the one before.
    New {
        /// The code.
        code: CodeRecord,
        /// The keyed digest of the network address that asked for it.
        network: String,
        /// At most so many for the address, and so many for the network address, since a time; one more is
        /// [`StoreError::Conflict`].
        limits: CodeLimits,
        /// After this time its letter should be out, in milliseconds since 1970.
        letter_due_ms: i64,
    },
    /// Something else was typed. Once too often, the code is gone and its address paused.
    Wrong {
        /// Wrong ones that a code takes.
        tries_max: u32,
    },
    /// It was right: it does not count a second time.
    Used,
    /// The customer is told that its letter may not have left us.
    LetterLost,
}

/// How many codes may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeLimits {
    /// For one address.
    pub per_email: u32,
    /// From one network address.
    pub per_network: u32,
    /// Since this time, in milliseconds since 1970.
    pub since_ms: i64,
}

/// How often something happened, and the first time of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// How often.
    pub count: u32,
    /// The first time, in milliseconds since 1970; none where it never happened.
    pub first_at_ms: Option<i64>,
}

#[derive(FromRow)]
struct CodeRow {
    digest: String,
    email: String,
    customer: Option<String>,
    n_wrong: i64,
    ends_at_ms: i64,
}

const ASKED_FOR_EMAIL: &str =
    "select count(*), min(at_ms) from code_marks where email = $1 and kind = 'asked' and at_ms > $2";
const ASKED_FROM_NETWORK: &str =
    "select count(*), min(at_ms) from code_marks where network = $1 and kind = 'asked' and at_ms > $2";
const PAUSED: &str = "select count(*), max(at_ms) from code_marks where email = $1 and kind = 'paused' and at_ms > $2";

impl Store {
    /// The conversation's newest code; none after it was used or typed wrongly too often.
    pub async fn code(&self, id: &ConversationId) -> Result<Option<CodeRecord>, StoreError> {
        let rows =
            sqlx::query_as("select digest, email, customer, n_wrong, ends_at_ms from codes where conversation_id = $1");
        let row: Option<CodeRow> = self.read(rows.bind(id.as_str()).fetch_optional(&self.inner.pool)).await?;
        Ok(row.map(|row| CodeRecord {
            digest: row.digest,
            email: row.email,
            customer: row.customer.map(CustomerId::new),
            n_wrong: u32::try_from(row.n_wrong).unwrap_or(u32::MAX),
            ends_at_ms: row.ends_at_ms,
        }))
    }

    /// Codes that were asked for since a time: for this address, and from this network address.
    pub async fn codes_asked(&self, email: &str, network: &str, since_ms: i64) -> Result<(Marks, Marks), StoreError> {
        Ok((
            self.marks(ASKED_FOR_EMAIL, email, since_ms).await?,
            self.marks(ASKED_FROM_NETWORK, network, since_ms).await?,
        ))
    }

    /// When codes for this address were paused, if that was after a time, in milliseconds since 1970.
    pub async fn codes_paused(&self, email: &str, since_ms: i64) -> Result<Option<i64>, StoreError> {
        Ok(self.marks(PAUSED, email, since_ms).await?.first_at_ms)
    }

    /// Notes that the letter with the conversation's code has left us, as far as it ever will.
    pub async fn code_letter_is_out(&self, id: &ConversationId) -> Result<(), StoreError> {
        let id = id.clone();
        self.inner
            .writer
            .write("", move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    sqlx::query("update codes set letter_due_ms = null where conversation_id = $1")
                        .bind(id.as_str())
                        .execute(&mut tx.db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Conversations whose code works, and whose letter should have left us by now and has not.
    pub async fn lost_code_letters(&self, now_ms: i64, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        let rows = sqlx::query_as(
            "select conversation_id from codes where letter_due_ms <= $1 and $1 < ends_at_ms \
             order by letter_due_ms, conversation_id limit $2",
        );
        let rows = rows.bind(now_ms).bind(i64::from(limit)).fetch_all(&self.inner.pool);
        let rows: Vec<(String,)> = self.read(rows).await?;
        Ok(rows.into_iter().map(|it| ConversationId::new(it.0)).collect())
    }

    /// Takes a lost letter on, to tell its conversation. `false`: somebody else has, who gets until then.
    pub async fn take_on_code_letter(
        &self,
        id: &ConversationId,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<bool, StoreError> {
        self.take_on(
            "update codes set letter_due_ms = $3 where conversation_id = $1 and letter_due_ms <= $2",
            id.as_str(),
            now_ms,
            until_ms,
        )
        .await
    }

    async fn marks(&self, query: &'static str, of: &str, since_ms: i64) -> Result<Marks, StoreError> {
        let rows = sqlx::query_as(query).bind(of).bind(since_ms);
        let (count, first_at_ms): (i64, Option<i64>) = self.read(rows.fetch_one(&self.inner.pool)).await?;
        Ok(Marks { count: u32::try_from(count).unwrap_or(u32::MAX), first_at_ms })
    }
}

/// Carries a change into the tables, in the append's transaction.
pub(super) async fn change_code(
    tx: &mut Tx,
    id: &ConversationId,
    change: &CodeChange,
    at_ms: i64,
) -> Result<(), StoreError> {
    match change {
        CodeChange::New { code, network, limits, letter_due_ms } => {
            for (query, of, max) in
                [(ASKED_FOR_EMAIL, &code.email, limits.per_email), (ASKED_FROM_NETWORK, network, limits.per_network)]
            {
                let (count, _): (i64, Option<i64>) =
                    sqlx::query_as(query).bind(of.as_str()).bind(limits.since_ms).fetch_one(&mut tx.db).await?;
                if i64::from(max) <= count {
                    return Err(StoreError::Conflict);
                }
            }
            sqlx::query(
                "insert into codes (conversation_id, digest, email, customer, n_wrong, ends_at_ms, letter_due_ms) \
                 values ($1, $2, $3, $4, 0, $5, $6) on conflict (conversation_id) do update set \
                 digest = excluded.digest, email = excluded.email, customer = excluded.customer, n_wrong = 0, \
                 ends_at_ms = excluded.ends_at_ms, letter_due_ms = excluded.letter_due_ms",
            )
            .bind(id.as_str())
            .bind(code.digest.as_str())
            .bind(code.email.as_str())
            .bind(code.customer.as_ref().map(CustomerId::as_str))
            .bind(code.ends_at_ms)
            .bind(*letter_due_ms)
            .execute(&mut tx.db)
            .await?;
            mark(tx, "asked", &code.email, network, at_ms).await?;
            for old in ["delete from code_marks where at_ms < $1", "delete from codes where ends_at_ms < $1"] {
                sqlx::query(old).bind(at_ms.saturating_sub(KEPT_MS)).execute(&mut tx.db).await?;
            }
        }
        CodeChange::Wrong { tries_max } => {
            let row: Option<(String, i64)> = sqlx::query_as(
                "update codes set n_wrong = n_wrong + 1 where conversation_id = $1 returning email, n_wrong",
            )
            .bind(id.as_str())
            .fetch_optional(&mut tx.db)
            .await?;
            let Some((email, n_wrong)) = row else { return Err(StoreError::Conflict) };
            if i64::from(*tries_max) <= n_wrong {
                forget(tx, id).await?;
                mark(tx, "paused", &email, "", at_ms).await?;
            }
        }
        CodeChange::LetterLost => {
            let told = sqlx::query(
                "update codes set letter_due_ms = null where conversation_id = $1 and letter_due_ms is not null",
            );
            if told.bind(id.as_str()).execute(&mut tx.db).await?.rows_affected() == 0 {
                return Err(StoreError::Conflict);
            }
            // What never left us counts for no limit.
            sqlx::query(
                "delete from code_marks where id = (select code_marks.id from code_marks \
                 join codes on codes.email = code_marks.email \
                 where codes.conversation_id = $1 and code_marks.kind = 'asked' \
                 order by code_marks.at_ms desc, code_marks.id desc limit 1)",
            )
            .bind(id.as_str())
            .execute(&mut tx.db)
            .await?;
        }
        CodeChange::Used => {
            // Somebody else was first with it.
            if forget(tx, id).await? == 0 {
                return Err(StoreError::Conflict);
            }
        }
    }
    Ok(())
}

async fn forget(tx: &mut Tx, id: &ConversationId) -> Result<u64, StoreError> {
    let gone = sqlx::query("delete from codes where conversation_id = $1").bind(id.as_str());
    Ok(gone.execute(&mut tx.db).await?.rows_affected())
}

async fn mark(tx: &mut Tx, kind: &str, email: &str, network: &str, at_ms: i64) -> Result<(), StoreError> {
    sqlx::query("insert into code_marks (id, kind, email, network, at_ms) values ($1, $2, $3, $4, $5)")
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(kind)
        .bind(email)
        .bind(network)
        .bind(at_ms)
        .execute(&mut tx.db)
        .await?;
    Ok(())
}
