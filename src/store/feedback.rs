//! Keeps questions that the bot could not answer well, and the causes that they are grouped by.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use super::writer::Tx;
use super::{Store, StoreError, json, parse_json, parse_word, seq, without_nul, word};
use crate::conversation::{ConversationId, Guess, Owner, Reason, Seq};

/// The status of a cause that nobody has looked at.
const OPEN: &str = "open";
/// The status of a cause that people have stopped asking about.
const CLOSED: &str = "closed";

/// Why a message became a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The bot did not know what was meant.
    Missed,
    /// The customer took none of the choices that "did you mean" offered.
    Refused,
    /// The customer gave the answer a thumb down.
    ThumbsDown,
    /// A staff member marked the answer as wrong.
    Flagged,
    /// The customer suggested something.
    Suggestion,
}

impl Why {
    /// The word under which the store and the protocol know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Missed => "missed",
            Why::Refused => "refused",
            Why::ThumbsDown => "thumbs_down",
            Why::Flagged => "flagged",
            Why::Suggestion => "suggestion",
        }
    }
}

/// A customer's message that was not answered well.
#[derive(Clone, Debug, PartialEq)]
pub struct NewQuestion {
    /// Its id.
    pub id: String,
    /// The message. The same message is kept once for each `why`.
    pub seq: Seq,
    /// The customer's words.
    pub text: String,
    /// Why it is a question.
    pub why: Why,
    /// What the classifier made of it.
    pub guess: Guess,
    /// What was said before it, oldest first.
    pub before: Vec<String>,
}

/// A question as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// Where it was asked.
    pub conversation: ConversationId,
    /// The message.
    pub seq: Seq,
    /// The customer's words.
    pub text: String,
    /// Why it is a question.
    pub why: Why,
    /// What the classifier made of it.
    pub guess: Guess,
    /// What was said before it, oldest first.
    pub before: Vec<String>,
    /// When it was kept, in milliseconds since 1970.
    pub asked_at_ms: i64,
    /// The cause that it belongs to.
    pub cause: Option<String>,
    /// The text as the classifier sees it, once it has a cause.
    pub vector: Option<Vec<f32>>,
    /// Who must answer in its conversation now.
    pub owner: Owner,
    /// Why that is so.
    pub reason: Option<Reason>,
    /// Nobody waits any more: the conversation has ended.
    pub solved: bool,
}

/// Which questions are meant; what is `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionFilter {
    /// Those of this cause.
    pub cause: Option<String>,
    /// Those that are questions for this reason.
    pub why: Option<Why>,
}

/// A group of questions with one root cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Its id.
    pub id: String,
    /// What staff call it.
    pub name: String,
    /// `open` until somebody says otherwise.
    pub status: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// The middle of its questions.
    pub centroid: Vec<f32>,
    /// How many questions it has.
    pub count: u64,
}

/// The cause that a question is given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignTo {
    /// One that is there.
    Existing(String),
    /// One that is made for it.
    New {
        /// Its id.
        id: String,
        /// What staff call it.
        name: String,
    },
}

const QUESTIONS: &str = "\
    select questions.id, conversation_id, seq, text, why, guess, before, asked_at_ms, cause_id, vector, owner, reason \
    from questions join conversations on conversations.id = conversation_id \
    where ($1 is null or cause_id = $1) and ($2 is null or why = $2) \
    order by asked_at_ms desc, questions.id limit $3";

const WITHOUT_CAUSE: &str = "\
    select questions.id, conversation_id, seq, text, why, guess, before, asked_at_ms, cause_id, vector, owner, reason \
    from questions join conversations on conversations.id = conversation_id \
    where cause_id is null and why <> 'suggestion' order by asked_at_ms, questions.id limit $1";

#[derive(FromRow)]
struct CauseRow {
    id: String,
    name: String,
    status: String,
    created_at_ms: i64,
    centroid: String,
    n_questions: i64,
}

impl Store {
    /// Keeps a question. The same message for the same reason is kept once.
    pub async fn record_question(
        &self,
        conversation: &ConversationId,
        question: NewQuestion,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let conversation = conversation.clone();
        let lane = conversation.as_str().to_owned();
        self.inner
            .writer
            .write(&lane, move |tx| {
                let (conversation, question) = (conversation.clone(), question.clone());
                Box::pin(async move { insert_question(tx, &conversation, &question, at_ms).await })
            })
            .await
    }

    /// Questions that belong to no cause yet, the oldest first. A suggestion is no question: it costs nobody a contact.
    pub async fn questions_without_cause(&self, limit: u32) -> Result<Vec<Question>, StoreError> {
        let rows = sqlx::query(WITHOUT_CAUSE).bind(i64::from(limit));
        self.read(rows.fetch_all(&self.inner.pool)).await?.iter().map(question).collect()
    }

    /// Questions, the newest first.
    pub async fn questions(&self, filter: QuestionFilter, limit: u32) -> Result<Vec<Question>, StoreError> {
        let rows = sqlx::query(QUESTIONS).bind(filter.cause).bind(filter.why.as_ref().map(word)).bind(i64::from(limit));
        self.read(rows.fetch_all(&self.inner.pool)).await?.iter().map(question).collect()
    }

    /// The messages of a conversation under which somebody of staff has marked the bot as wrong.
    pub async fn flagged(&self, conversation: &ConversationId) -> Result<Vec<Seq>, StoreError> {
        let rows = sqlx::query_as("select seq from questions where conversation_id = $1 and why = $2 order by seq")
            .bind(conversation.as_str())
            .bind(word(&Why::Flagged));
        let rows: Vec<(i64,)> = self.read(rows.fetch_all(&self.inner.pool)).await?;
        Ok(rows.into_iter().map(|(place,)| seq(place)).collect())
    }

    /// All causes, those with most questions first.
    pub async fn causes(&self) -> Result<Vec<Cause>, StoreError> {
        let rows = sqlx::query_as::<_, CauseRow>(
            "select id, name, status, created_at_ms, centroid, \
             (select count(*) from questions where cause_id = causes.id) as n_questions \
             from causes order by n_questions desc, created_at_ms, id",
        );
        let rows = self.read(rows.fetch_all(&self.inner.pool)).await?;
        rows.into_iter()
            .map(|row| {
                Ok(Cause {
                    id: row.id,
                    name: row.name,
                    status: row.status,
                    created_at_ms: row.created_at_ms,
                    centroid: parse_vector(&row.centroid)?,
                    count: row.n_questions.unsigned_abs(),
                })
            })
            .collect()
    }

    /// Gives a cause another name or status; what is `None` stays. [`StoreError::NotFound`] when it is not there.
    pub async fn change_cause(&self, id: &str, name: Option<&str>, status: Option<&str>) -> Result<(), StoreError> {
        let (id, name, status) = (id.to_owned(), name.map(without_nul), status.map(without_nul));
        self.inner
            .writer
            .write("", move |tx| {
                let (id, name, status) = (id.clone(), name.clone(), status.clone());
                Box::pin(async move {
                    let changed = sqlx::query(
                        "update causes set name = coalesce($2, name), status = coalesce($3, status) where id = $1",
                    )
                    .bind(id)
                    .bind(name)
                    .bind(status)
                    .execute(&mut tx.db)
                    .await?;
                    if changed.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
                })
            })
            .await
    }

    /// Gives a question to a cause and moves the cause's middle, both or neither. A closed cause opens again.
    ///
    /// [`StoreError::NotFound`] when question or cause is not there, [`StoreError::Conflict`] when a new cause's id is
    /// taken.
    pub async fn assign_cause(
        &self,
        question: &str,
        vector: &[f32],
        to: AssignTo,
        centroid: &[f32],
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let question = question.to_owned();
        let (vector, centroid) = (vector_text(vector), vector_text(centroid));
        self.inner
            .writer
            .write("", move |tx| {
                let (question, to) = (question.clone(), to.clone());
                let (vector, centroid) = (vector.clone(), centroid.clone());
                Box::pin(async move { assign(tx, &question, vector, to, centroid, at_ms).await })
            })
            .await
    }
}

async fn assign(
    tx: &mut Tx,
    question: &str,
    vector: String,
    to: AssignTo,
    centroid: String,
    at_ms: i64,
) -> Result<(), StoreError> {
    let cause = match to {
        AssignTo::New { id, name } => {
            sqlx::query("insert into causes (id, name, status, created_at_ms, centroid) values ($1, $2, $3, $4, $5)")
                .bind(id.as_str())
                .bind(without_nul(&name))
                .bind(OPEN)
                .bind(at_ms)
                .bind(centroid)
                .execute(&mut tx.db)
                .await?;
            id
        }
        AssignTo::Existing(id) => {
            // Who asks shows that a closed cause isn't gone: it opens again, so that the question is seen.
            let moved = sqlx::query(
                "update causes set centroid = $2, status = case status when $3 then $4 else status end where id = $1",
            )
            .bind(id.as_str())
            .bind(centroid)
            .bind(CLOSED)
            .bind(OPEN)
            .execute(&mut tx.db)
            .await?;
            if moved.rows_affected() == 0 {
                return Err(StoreError::NotFound);
            }
            id
        }
    };
    let given = sqlx::query("update questions set cause_id = $2, vector = $3 where id = $1")
        .bind(question)
        .bind(cause)
        .bind(vector)
        .execute(&mut tx.db)
        .await?;
    if given.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// Writes a question in an open transaction.
pub(super) async fn insert_question(
    tx: &mut Tx,
    conversation: &ConversationId,
    question: &NewQuestion,
    at_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into questions (id, conversation_id, seq, text, why, guess, before, asked_at_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (conversation_id, seq, why) do nothing",
    )
    .bind(question.id.as_str())
    .bind(conversation.as_str())
    .bind(i64::from(question.seq))
    .bind(without_nul(&question.text))
    .bind(word(&question.why))
    .bind(json(&question.guess)?)
    .bind(json(&question.before)?)
    .bind(at_ms)
    .execute(&mut tx.db)
    .await?;
    Ok(())
}

fn question(row: &AnyRow) -> Result<Question, StoreError> {
    let owner: Owner = parse_word(row.try_get("owner")?)?;
    let reason: Option<String> = row.try_get("reason")?;
    let vector: Option<String> = row.try_get("vector")?;
    Ok(Question {
        id: row.try_get("id")?,
        conversation: ConversationId::new(row.try_get::<String, _>("conversation_id")?),
        seq: seq(row.try_get("seq")?),
        text: row.try_get("text")?,
        why: parse_word(row.try_get("why")?)?,
        guess: parse_json(row.try_get("guess")?)?,
        before: parse_json(row.try_get("before")?)?,
        asked_at_ms: row.try_get("asked_at_ms")?,
        cause: row.try_get("cause_id")?,
        vector: vector.as_deref().map(parse_vector).transpose()?,
        owner,
        reason: reason.as_deref().map(parse_word).transpose()?,
        solved: owner == Owner::Nobody,
    })
}

/// A vector as base64 of little-endian 32-bit floats, which is text on every database.
fn vector_text(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}

fn parse_vector(text: &str) -> Result<Vec<f32>, StoreError> {
    let bytes = BASE64_STANDARD.decode(text).map_err(StoreError::broken)?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    if rest.is_empty() {
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    } else {
        Err(StoreError::broken("a vector has a broken number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_as_it_was() {
        let vector = vec![0.0, -1.5, f32::MIN_POSITIVE, 3.25e7];
        assert_eq!(parse_vector(&vector_text(&vector)), Ok(vector));
        assert!(parse_vector("AAA=").is_err());
    }
}
