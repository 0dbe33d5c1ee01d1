//! Reads conversations, their logs, the lists that staff work from, and what was promised.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use super::log::Damaged;
use super::{Store, StoreError, parse_json, parse_word, seq};
use crate::conversation::{ConversationId, CustomerId, Epoch, Event, Guess, Owner, Reason, Seq, StaffId, What};

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRecord {
    /// Its name.
    pub id: ConversationId,
    /// Who must answer next.
    pub owner: Owner,
    /// The number of changes of owner.
    pub epoch: Epoch,
    /// Who of the staff has it.
    pub staff: Option<StaffId>,
    /// Who the customer is, once verified.
    pub customer: Option<CustomerId>,
    /// The SHA-256 of the resume secret.
    pub secret_hash: String,
    /// The last event.
    pub last_seq: Seq,
    /// The customer's last message.
    pub customer_seq: Seq,
    /// The last message of the customer that is answered.
    pub answered_seq: Seq,
    /// Since when it waits for a person, in milliseconds since 1970.
    pub queued_at_ms: Option<i64>,
    /// Why the owner changed last.
    pub reason: Option<Reason>,
    /// It should be looked at before the others.
    pub urgent: bool,
    /// When it began, in milliseconds since 1970.
    pub opened_at_ms: i64,
    /// When something was kept last, in milliseconds since 1970.
    pub last_at_ms: i64,
    /// The beginning of what the customer typed last, or of what they tapped where they have only tapped; empty before
    /// that.
    pub last_text: String,
    /// The customer's language tag.
    pub locale: Option<String>,
    /// The page that it began on.
    pub page_url: Option<String>,
}

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// The event.
    pub event: Event,
    /// The client's name for it.
    pub key: Option<String>,
}

/// The lists that staff work from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Waiting for a person: urgent ones first, then whoever waits longest.
    Waiting,
    /// With this staff member, what happened last first.
    Mine(StaffId),
    /// With the bot, what happened last first.
    Bot,
    /// Ended, what happened last first.
    Closed,
}

/// One time that somebody took a conversation from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stint {
    /// How long the customer had waited, in milliseconds.
    pub waited_ms: i64,
    /// How long it took until the owner changed again, in milliseconds; none while it lasts.
    pub lasted_ms: Option<i64>,
}

/// Something that we said would happen by a time, and that has not happened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The conversation that it was made in.
    pub conversation: ConversationId,
    /// The last event of the append that made it.
    pub seq: Seq,
    /// By when, in milliseconds since 1970.
    pub due_at_ms: i64,
    /// What was said.
    pub text: String,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
}

/// The conversations that staff have who can't answer any more; of all, or of one.
const LEFT_BEHIND: &str = "select * from conversations where owner = 'staff' \
     and (cast($3 as text) is null or id = cast($3 as text)) and not exists ( \
         select 1 from staff_sessions join staff on staff.id = staff_id \
         where staff_id = conversations.staff and role <> 'reads' and $1 < expires_at_ms \
     ) order by last_at_ms, id limit $2";

impl Store {
    /// Where a conversation stands, or [`StoreError::NotFound`].
    pub async fn conversation(&self, id: &ConversationId) -> Result<ConversationRecord, StoreError> {
        let rows = sqlx::query("select * from conversations where id = $1").bind(id.as_str());
        record(&self.read(rows.fetch_one(&self.inner.pool)).await?)
    }

    /// Until when it counts who the customer of a conversation is, in milliseconds since 1970; 0 where nobody is.
    pub async fn verified_until_ms(&self, id: &ConversationId) -> Result<i64, StoreError> {
        let found = sqlx::query_as::<_, (i64,)>(
            "select seq from events where conversation_id = $1 and kind = 'verified' order by seq desc limit 1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.inner.pool);
        let Some((place,)) = self.read(found).await? else { return Ok(0) };
        // Read as all events are: what is damaged proves nothing.
        let found = self.events(id, seq(place).saturating_sub(1), 1).await?;
        match found.first().map(|it| &it.event.what) {
            Some(What::Verified { until_ms, .. }) => Ok(*until_ms),
            _ => Ok(0),
        }
    }

    /// Where and when the event with a client's key was kept; none when it wasn't.
    pub async fn find_key(&self, id: &ConversationId, key: &str) -> Result<Option<(Seq, i64)>, StoreError> {
        let found =
            sqlx::query_as::<_, (i64, i64)>("select seq, at_ms from events where conversation_id = $1 and key = $2")
                .bind(id.as_str())
                .bind(key)
                .fetch_optional(&self.inner.pool);
        Ok(self.read(found).await?.map(|(number, at_ms)| (seq(number), at_ms)))
    }

    /// What the classifier made of a conversation's messages from one position to another, both included, in order. It
    /// only helps staff: what is damaged is left out.
    pub async fn understood(&self, id: &ConversationId, from: Seq, to: Seq) -> Result<Vec<(Seq, Guess)>, StoreError> {
        let rows = sqlx::query_as(
            "select seq, guess from understood where conversation_id = $1 and seq between $2 and $3 order by seq",
        )
        .bind(id.as_str())
        .bind(i64::from(from))
        .bind(i64::from(to));
        let rows: Vec<(i64, String)> = match self.read(rows.fetch_all(&self.inner.pool)).await {
            Ok(rows) => rows,
            Err(StoreError::Broken { .. }) => {
                self.inner.told.tell(id, Damaged::Understood);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let (n_rows, read) = (rows.len(), rows.into_iter());
        let read: Vec<_> = read.filter_map(|(about, guess)| Some((seq(about), parse_json(&guess).ok()?))).collect();
        if read.len() < n_rows {
            self.inner.told.tell(id, Damaged::Understood);
        }
        Ok(read)
    }

    /// The conversations in which the bot owes an answer, the longest waiting first.
    pub async fn unanswered(&self, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        let rows = sqlx::query_as(
            "select id from conversations where owner = 'bot' and answered_seq < customer_seq \
             order by last_at_ms, id limit $1",
        )
        .bind(i64::from(limit));
        let rows: Vec<(String,)> = self.read(rows.fetch_all(&self.inner.pool)).await?;
        Ok(rows.into_iter().map(|(id,)| ConversationId::new(id)).collect())
    }

    /// The first conversations of a list. One whose row is damaged is left out.
    pub async fn list(&self, list: List, limit: u32) -> Result<Vec<ConversationRecord>, StoreError> {
        let rows = self.read(list_of("*", &list, limit).fetch_all(&self.inner.pool)).await;
        let rows = rows.and_then(|rows| rows.iter().map(record).collect());
        if !matches!(rows, Err(StoreError::Broken { .. })) {
            return rows;
        }
        let ids = self.read(list_of("id", &list, limit).fetch_all(&self.inner.pool)).await?;
        let mut records = Vec::with_capacity(ids.len());
        for row in ids {
            let id = ConversationId::new(row.try_get::<String, _>("id")?);
            match self.conversation(&id).await {
                Ok(record) => records.push(record),
                Err(StoreError::NotFound) => {}
                Err(StoreError::Broken { .. }) => self.inner.told.tell(&id, Damaged::Row),
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    /// The conversations of staff members who can't answer any more: none of their sessions lasts, they were removed, or
    /// they only read now. Those that nothing has happened in for longest first.
    pub async fn left_behind(&self, now_ms: i64, limit: u32) -> Result<Vec<ConversationRecord>, StoreError> {
        let rows = sqlx::query(LEFT_BEHIND).bind(now_ms).bind(i64::from(limit)).bind(None::<&str>);
        self.read(rows.fetch_all(&self.inner.pool)).await?.iter().map(record).collect()
    }

    /// Whether this is one of them.
    pub async fn is_left_behind(&self, id: &ConversationId, now_ms: i64) -> Result<bool, StoreError> {
        let rows = sqlx::query(LEFT_BEHIND).bind(now_ms).bind(1_i64).bind(Some(id.as_str()));
        Ok(!self.read(rows.fetch_all(&self.inner.pool)).await?.is_empty())
    }

    /// How many conversations a list has, also where it has more than are read of it.
    pub async fn count(&self, list: &List) -> Result<u64, StoreError> {
        let rows = match list {
            List::Waiting => sqlx::query_as("select count(*) from conversations where owner = 'queue'"),
            List::Mine(staff) => {
                sqlx::query_as("select count(*) from conversations where owner = 'staff' and staff = $1")
                    .bind(staff.as_str())
            }
            List::Bot => sqlx::query_as("select count(*) from conversations where owner = 'bot'"),
            List::Closed => sqlx::query_as("select count(*) from conversations where owner = 'nobody'"),
        };
        let (n_rows,): (i64,) = self.read(rows.fetch_one(&self.inner.pool)).await?;
        Ok(n_rows.unsigned_abs())
    }

    /// All that wait for a person, in the order in which they are taken.
    pub async fn queue(&self) -> Result<Vec<ConversationId>, StoreError> {
        let rows =
            sqlx::query_as("select id from conversations where owner = 'queue' order by urgent desc, queued_at_ms, id");
        let rows: Vec<(String,)> = self.read(rows.fetch_all(&self.inner.pool)).await?;
        Ok(rows.into_iter().map(|(id,)| ConversationId::new(id)).collect())
    }

    /// The times that somebody took a conversation from the queue, the newest first.
    pub async fn recent_stints(&self, limit: u32) -> Result<Vec<Stint>, StoreError> {
        let rows = sqlx::query_as(
            "select waited_ms, ended_at_ms - began_at_ms from stints \
             order by began_at_ms desc, conversation_id limit $1",
        )
        .bind(i64::from(limit));
        let rows: Vec<(i64, Option<i64>)> = self.read(rows.fetch_all(&self.inner.pool)).await?;
        Ok(rows.into_iter().map(|(waited_ms, lasted_ms)| Stint { waited_ms, lasted_ms }).collect())
    }

    /// What was promised and has not happened, what is due soonest first.
    ///
    /// A promise is settled when a staff member writes in its conversation, or when the conversation ends.
    pub async fn open_promises(&self, limit: u32) -> Result<Vec<Promise>, StoreError> {
        let rows = sqlx::query_as(
            "select conversation_id, seq, due_at_ms, text, made_at_ms from promises where settled_at_ms is null \
             order by due_at_ms, conversation_id limit $1",
        )
        .bind(i64::from(limit));
        let rows: Vec<(String, i64, i64, String, i64)> = self.read(rows.fetch_all(&self.inner.pool)).await?;
        Ok(rows
            .into_iter()
            .map(|(conversation, place, due_at_ms, text, made_at_ms)| Promise {
                conversation: ConversationId::new(conversation),
                seq: seq(place),
                due_at_ms,
                text,
                made_at_ms,
            })
            .collect())
    }
}

/// The query for columns of the first conversations of a list.
fn list_of<'q>(columns: &'static str, list: &'q List, limit: u32) -> Query<'q, Any, AnyArguments> {
    let rows = match list {
        List::Waiting => "owner = 'queue' order by urgent desc, queued_at_ms, id",
        List::Mine(_) => "owner = 'staff' and staff = $2 order by last_at_ms desc, id",
        List::Bot => "owner = 'bot' order by last_at_ms desc, id",
        List::Closed => "owner = 'nobody' order by last_at_ms desc, id",
    };
    // Nothing but words of this file goes into the text.
    let query = sqlx::query(AssertSqlSafe(format!("select {columns} from conversations where {rows} limit $1")));
    let query = query.bind(i64::from(limit));
    match list {
        List::Mine(staff) => query.bind(staff.as_str()),
        _ => query,
    }
}

pub(super) fn record(row: &AnyRow) -> Result<ConversationRecord, StoreError> {
    let reason: Option<String> = row.try_get("reason")?;
    Ok(ConversationRecord {
        id: ConversationId::new(row.try_get::<String, _>("id")?),
        owner: parse_word(row.try_get("owner")?)?,
        epoch: seq(row.try_get("epoch")?),
        staff: row.try_get::<Option<String>, _>("staff")?.map(StaffId::new),
        customer: row.try_get::<Option<String>, _>("customer")?.map(CustomerId::new),
        secret_hash: row.try_get("secret_hash")?,
        last_seq: seq(row.try_get("last_seq")?),
        customer_seq: seq(row.try_get("customer_seq")?),
        answered_seq: seq(row.try_get("answered_seq")?),
        queued_at_ms: row.try_get("queued_at_ms")?,
        reason: reason.as_deref().map(parse_word).transpose()?,
        urgent: row.try_get::<i64, _>("urgent")? != 0,
        opened_at_ms: row.try_get("opened_at_ms")?,
        last_at_ms: row.try_get("last_at_ms")?,
        last_text: row.try_get("last_text")?,
        locale: row.try_get("locale")?,
        page_url: row.try_get("page_url")?,
    })
}
