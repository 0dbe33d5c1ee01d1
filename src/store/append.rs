//! The one way into the log: checks what is expected and writes, in one transaction.

use std::sync::Arc;

use super::actions::tell;
use super::bus::Moved;
use super::chain::EventRow;
use super::codes::{CodeChange, change_code};
use super::conversations::Logged;
use super::feedback::{NewQuestion, insert_question};
use super::writer::Tx;
use super::{Store, StoreError, json, parse_word, seq, without_nul, word};
use crate::conversation::{
    ConversationId, CustomerId, Epoch, Event, Guess, NewEvent, Owner, OwnerChange, Sender, Seq, StaffId, What,
};

/// The most characters of the customer's last words that lists show.
const LAST_TEXT_MAX: usize = 120;

/// Events to be kept, and what must be true for that.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The conversation that they belong to.
    pub conversation: ConversationId,
    /// Makes the conversation when it is not there; without effect when it is.
    pub opening: Option<Opening>,
    /// What must hold when it is written.
    pub expect: Expect,
    /// The client's name for the last event. When the log has it already, nothing is written and the first event's
    /// place is returned, whatever `expect` says.
    pub key: Option<String>,
    /// The customer's message that this answers: every one up to it counts as answered.
    ///
    /// [`StoreError::Conflict`] when it has been answered already.
    pub answered: Option<Seq>,
    /// The events, in order. A change of owner must carry the next epoch, else [`StoreError::Conflict`].
    pub events: Vec<NewEvent>,
    /// What the classifier made of messages.
    pub understood: Vec<(Seq, Guess)>,
    /// Messages that were not answered well.
    pub questions: Vec<NewQuestion>,
    /// What we say will happen by a time.
    pub promise: Option<NewPromise>,
    /// What becomes of the conversation's one-time code.
    pub code: Option<CodeChange>,
    /// The keys of actions that these events say the end of. [`StoreError::Conflict`] when the conversation has been told
    /// already.
    pub tells: Vec<String>,
    /// The time of all of it, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Append {
    /// Nothing yet, for this conversation at this time.
    pub fn new(conversation: ConversationId, at_ms: i64) -> Self {
        Self {
            conversation,
            opening: None,
            expect: Expect::default(),
            key: None,
            answered: None,
            events: Vec::new(),
            understood: Vec::new(),
            questions: Vec::new(),
            promise: None,
            code: None,
            tells: Vec::new(),
            at_ms,
        }
    }
}

/// How a conversation begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The SHA-256 of the resume secret.
    pub secret_hash: String,
    /// Who it is, where that is proved already.
    pub customer: Option<CustomerId>,
    /// Until when whoever is speaking now has proved it, in milliseconds since 1970; 0: they haven't.
    pub verified_until_ms: i64,
    /// The customer's language tag.
    pub locale: Option<String>,
    /// The page that the customer was on.
    pub page_url: Option<String>,
}

/// What must hold for an append; what is `None` is not looked at. A mismatch is [`StoreError::Conflict`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The log's last event; 0 is an empty log.
    pub last: Option<Seq>,
    /// The number of changes of owner so far.
    pub epoch: Option<Epoch>,
    /// Who must answer.
    pub owner: Option<Owner>,
    /// Who of the staff has it.
    pub staff: Option<StaffId>,
    /// The customer has said nothing after this.
    pub seen: Option<Seq>,
    /// The conversation is nobody else's than the customer's of whom the events say that they are verified.
    pub unverified: bool,
}

/// What we say will happen by a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPromise {
    /// By when, in milliseconds since 1970.
    pub due_at_ms: i64,
    /// What was said.
    pub text: String,
}

/// Where an append stands in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The last event, or the one that had the key before.
    pub seq: Seq,
    /// When that event was kept, in milliseconds since 1970.
    pub at_ms: i64,
    /// The key was in the log already; nothing was written.
    pub repeated: bool,
    /// The events with their places; none when the key was repeated.
    pub events: Vec<Logged>,
}

impl Store {
    /// Keeps events. When this returns `Ok`, they are durable and in order, and nobody was first.
    ///
    /// [`StoreError::NotFound`] when there is no such conversation and no opening.
    pub async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let append = Arc::new(append);
        let lane = append.conversation.as_str().to_owned();
        self.inner
            .writer
            .write(&lane, move |tx| {
                let append = Arc::clone(&append);
                Box::pin(async move { append.write(tx).await })
            })
            .await
    }
}

impl Store {
    /// Replaces what a conversation is resumed with, so that the secret from before opens nothing.
    pub async fn change_secret(&self, id: &ConversationId, secret_hash: &str) -> Result<(), StoreError> {
        let (id, secret_hash) = (id.clone(), secret_hash.to_owned());
        let lane = id.as_str().to_owned();
        self.inner
            .writer
            .write(&lane, move |tx| {
                let (id, secret_hash) = (id.clone(), secret_hash.clone());
                Box::pin(async move {
                    sqlx::query("update conversations set secret_hash = $2 where id = $1")
                        .bind(id.as_str())
                        .bind(secret_hash)
                        .execute(&mut tx.db)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}

/// Counts the events into the conversation's row, if all that is expected holds. It comes first: it takes the lock that
/// puts the appends to one conversation in order, on PostgreSQL across nodes.
const COUNT: &str = "\
    update conversations set
        last_seq = last_seq + $2,
        last_at_ms = $3,
        customer_seq = case when $4 is null then customer_seq else last_seq + $4 end,
        last_text = case when $5 is null or ($15 = 1 and last_text <> '') then last_text else $5 end,
        answered_seq = case when $6 = 1 then customer_seq else coalesce($7, answered_seq) end,
        customer = coalesce($8, customer)
    where id = $1
        and ($7 is null or answered_seq < $7)
        and ($9 is null or epoch = $9)
        and ($10 is null or owner = $10)
        and ($11 is null or staff = $11)
        and ($12 is null or customer_seq <= $12)
        and ($13 is null or not exists (select 1 from events where conversation_id = $1 and key = $13))
        and ($14 = 0 or customer is null or customer = $8)
        and ($16 is null or last_seq = $16)
    returning last_seq, owner, epoch, queued_at_ms,
        (select checksum from events where conversation_id = $1 and seq = last_seq - $2) as checksum_before";

/// A conversation's row after it was counted, as far as an append needs it.
#[derive(sqlx::FromRow)]
struct Counted {
    last_seq: i64,
    owner: String,
    epoch: i64,
    queued_at_ms: Option<i64>,
    /// The checksum of the event that was the last one.
    checksum_before: Option<i64>,
}

impl Append {
    async fn write(&self, tx: &mut Tx) -> Result<Appended, StoreError> {
        // What is written next looks at those before it.
        if tx.events.are_of(&self.conversation) {
            tx.write_events().await?;
        }
        let counted = match self.count(tx).await? {
            Some(counted) => counted,
            None => match self.refused(tx).await? {
                Some(repeated) => return Ok(repeated),
                None => self.count(tx).await?.ok_or(StoreError::Conflict)?,
            },
        };
        let appended = self.add_events(tx, &counted).await?;
        self.change_owner(tx, counted).await?;
        self.insert_rest(tx, appended.seq).await?;
        if !self.events.is_empty() {
            tx.moved.push(Moved { id: self.conversation.clone(), events: appended.events.clone() });
        }
        Ok(appended)
    }

    async fn count(&self, tx: &mut Tx) -> Result<Option<Counted>, StoreError> {
        let said = self.events.iter().enumerate().rev().find_map(|(i, event)| match (&event.what, event.from) {
            (What::Message(message), Sender::Customer) => Some((count(i + 1), message)),
            _ => None,
        });
        let verified = self.events.iter().rev().find_map(|event| match &event.what {
            What::Verified { customer, .. } => Some(customer.as_str()),
            _ => None,
        });
        let last_text = said.map(|(_, it)| shown_in_lists(&it.text));
        Ok(sqlx::query_as(COUNT)
            .bind(self.conversation.as_str())
            .bind(count(self.events.len()))
            .bind(self.at_ms)
            .bind(said.map(|(place, _)| place))
            .bind(last_text)
            .bind(i64::from(self.staff_speak()))
            .bind(self.answered.map(i64::from))
            .bind(verified)
            .bind(self.expect.epoch.map(i64::from))
            .bind(self.expect.owner.map(Owner::as_str))
            .bind(self.expect.staff.as_ref().map(StaffId::as_str))
            .bind(self.expect.seen.map(i64::from))
            .bind(self.key.as_deref())
            .bind(i64::from(self.expect.unverified))
            // What is tapped are our words: lists show the customer's own where there are some.
            .bind(i64::from(said.is_some_and(|(_, it)| it.choice.is_some())))
            .bind(self.expect.last.map(i64::from))
            .fetch_optional(&mut tx.db)
            .await?)
    }

    /// Why nothing was counted: the key is known (where that is), the conversation is new (nothing, and it is made), or
    /// something else was expected.
    async fn refused(&self, tx: &mut Tx) -> Result<Option<Appended>, StoreError> {
        let first: Option<(i64, i64)> = match &self.key {
            Some(key) => {
                sqlx::query_as("select seq, at_ms from events where conversation_id = $1 and key = $2")
                    .bind(self.conversation.as_str())
                    .bind(key.as_str())
                    .fetch_optional(&mut tx.db)
                    .await?
            }
            None => None,
        };
        if let Some((place, at_ms)) = first {
            return Ok(Some(Appended { seq: seq(place), at_ms, repeated: true, events: Vec::new() }));
        }
        let (n_rows,): (i64,) = sqlx::query_as("select count(*) from conversations where id = $1")
            .bind(self.conversation.as_str())
            .fetch_one(&mut tx.db)
            .await?;
        if 0 < n_rows {
            return Err(StoreError::Conflict);
        }
        let opening = self.opening.as_ref().ok_or(StoreError::NotFound)?;
        sqlx::query(
            "insert into conversations (id, secret_hash, owner, epoch, customer, last_seq, customer_seq, answered_seq, \
             urgent, opened_at_ms, last_at_ms, last_text, locale, page_url) \
             values ($1, $2, $3, 0, $4, 0, 0, 0, 0, $5, $5, '', $6, $7) on conflict (id) do nothing",
        )
        .bind(self.conversation.as_str())
        .bind(opening.secret_hash.as_str())
        .bind(Owner::default().as_str())
        .bind(opening.customer.as_ref().map(CustomerId::as_str))
        .bind(self.at_ms)
        .bind(opening.locale.as_deref().map(without_nul))
        .bind(opening.page_url.as_deref().map(without_nul))
        .execute(&mut tx.db)
        .await?;
        Ok(None)
    }

    async fn add_events(&self, tx: &mut Tx, counted: &Counted) -> Result<Appended, StoreError> {
        let (n_events, last) = (self.events.len(), seq(counted.last_seq));
        let mut events = Vec::with_capacity(n_events);
        let mut checksum_before = self.checksum_before(tx, counted).await?;
        for (i, new) in self.events.iter().enumerate() {
            let place = last - Seq::try_from(n_events - 1 - i).unwrap_or(Seq::MAX).min(last);
            let key = self.key.as_ref().filter(|_| i + 1 == n_events);
            let row = EventRow {
                seq: i64::from(place),
                at_ms: self.at_ms,
                sender: word(&new.from),
                name: new.name.as_deref().map(without_nul),
                kind: new.what.kind().to_owned(),
                body: json(&new.what)?,
                key: key.cloned(),
                checksum: None,
                checksum_before,
            };
            let checksum = row.fitting_checksum(self.conversation.as_str());
            tx.events.add(self.conversation.clone(), EventRow { checksum: Some(checksum), ..row });
            checksum_before = Some(checksum);
            let event =
                Event { seq: place, at_ms: self.at_ms, from: new.from, name: new.name.clone(), what: new.what.clone() };
            events.push(Logged { event, key: key.cloned() });
        }
        Ok(Appended { seq: last, at_ms: self.at_ms, repeated: false, events })
    }

    /// The checksum of the event that ours follow. It has come with the count, but for two cases: that event is from
    /// before there were checksums; or, on PostgreSQL, the count had to wait for another node, whose event a statement
    /// that began before it cannot see.
    async fn checksum_before(&self, tx: &mut Tx, counted: &Counted) -> Result<Option<i64>, StoreError> {
        let before = counted.last_seq - count(self.events.len());
        if counted.checksum_before.is_some() || before < 1 || self.events.is_empty() {
            return Ok(counted.checksum_before);
        }
        let row: Option<(Option<i64>,)> =
            sqlx::query_as("select checksum from events where conversation_id = $1 and seq = $2")
                .bind(self.conversation.as_str())
                .bind(before)
                .fetch_optional(&mut tx.db)
                .await?;
        Ok(row.and_then(|(checksum,)| checksum))
    }

    /// Carries the changes of owner into the conversation's row, and keeps how long somebody waited for a person.
    async fn change_owner(&self, tx: &mut Tx, counted: Counted) -> Result<(), StoreError> {
        let mut owner: Owner = parse_word(&counted.owner)?;
        let mut epoch = i64::from(seq(counted.epoch));
        let mut queued_at_ms = counted.queued_at_ms;
        let mut last_change: Option<&OwnerChange> = None;
        for change in self.events.iter().filter_map(|event| match &event.what {
            What::Owner(change) => Some(change),
            _ => None,
        }) {
            epoch += 1;
            if i64::from(change.epoch) != epoch {
                return Err(StoreError::Conflict);
            }
            if owner == Owner::Staff {
                self.end_stint(tx).await?;
            }
            if let (Owner::Queue, Owner::Staff, Some(staff)) = (owner, change.owner, &change.staff) {
                let waited_ms = self.at_ms.saturating_sub(queued_at_ms.unwrap_or(self.at_ms)).max(0);
                self.begin_stint(tx, change.epoch, staff, waited_ms).await?;
            }
            queued_at_ms = match change.owner {
                // Whoever waits already keeps the place in the queue.
                Owner::Queue => queued_at_ms.or(Some(self.at_ms)),
                _ => None,
            };
            owner = change.owner;
            last_change = Some(change);
        }
        let Some(change) = last_change else { return Ok(()) };
        sqlx::query(
            "update conversations set owner = $2, epoch = $3, staff = $4, queued_at_ms = $5, reason = $6, urgent = $7 \
             where id = $1",
        )
        .bind(self.conversation.as_str())
        .bind(change.owner.as_str())
        .bind(epoch)
        .bind(change.staff.as_ref().map(StaffId::as_str))
        .bind(queued_at_ms)
        .bind(change.reason.as_str())
        .bind(i64::from(change.urgent))
        .execute(&mut tx.db)
        .await?;
        Ok(())
    }

    async fn begin_stint(&self, tx: &mut Tx, epoch: Epoch, staff: &StaffId, waited_ms: i64) -> Result<(), StoreError> {
        sqlx::query(
            "insert into stints (conversation_id, epoch, staff, waited_ms, began_at_ms) values ($1, $2, $3, $4, $5)",
        )
        .bind(self.conversation.as_str())
        .bind(i64::from(epoch))
        .bind(staff.as_str())
        .bind(waited_ms)
        .bind(self.at_ms)
        .execute(&mut tx.db)
        .await?;
        Ok(())
    }

    async fn end_stint(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("update stints set ended_at_ms = $2 where conversation_id = $1 and ended_at_ms is null")
            .bind(self.conversation.as_str())
            .bind(self.at_ms)
            .execute(&mut tx.db)
            .await?;
        Ok(())
    }

    /// Guesses, questions, promises, the one-time code, and what the conversation is told of.
    async fn insert_rest(&self, tx: &mut Tx, last: Seq) -> Result<(), StoreError> {
        for (about, guess) in &self.understood {
            sqlx::query(
                "insert into understood (conversation_id, seq, guess) values ($1, $2, $3) \
                 on conflict (conversation_id, seq) do update set guess = excluded.guess",
            )
            .bind(self.conversation.as_str())
            .bind(i64::from(*about))
            .bind(json(guess)?)
            .execute(&mut tx.db)
            .await?;
        }
        for key in &self.tells {
            tell(tx, key).await?;
        }
        if let Some(change) = &self.code {
            change_code(tx, &self.conversation, change, self.at_ms).await?;
        }
        for question in &self.questions {
            insert_question(tx, &self.conversation, question, self.at_ms).await?;
        }
        if self.staff_speak() || self.ends() {
            sqlx::query("update promises set settled_at_ms = $2 where conversation_id = $1 and settled_at_ms is null")
                .bind(self.conversation.as_str())
                .bind(self.at_ms)
                .execute(&mut tx.db)
                .await?;
        }
        if let Some(promise) = &self.promise {
            sqlx::query(
                "insert into promises (conversation_id, seq, due_at_ms, text, made_at_ms) values ($1, $2, $3, $4, $5) \
                 on conflict (conversation_id, seq) do update set due_at_ms = excluded.due_at_ms, text = excluded.text",
            )
            .bind(self.conversation.as_str())
            .bind(i64::from(last))
            .bind(promise.due_at_ms)
            .bind(without_nul(&promise.text))
            .bind(self.at_ms)
            .execute(&mut tx.db)
            .await?;
        }
        Ok(())
    }

    /// A staff member writes: all that the customer said is answered, and promises are kept.
    fn staff_speak(&self) -> bool {
        self.events.iter().any(|event| event.from == Sender::Staff && matches!(event.what, What::Message(_)))
    }

    /// The conversation ends: nobody waits for what was promised any more.
    fn ends(&self) -> bool {
        self.events.iter().any(|event| matches!(&event.what, What::Owner(change) if change.owner == Owner::Nobody))
    }
}

/// The beginning of the customer's words, as lists show it.
pub(super) fn shown_in_lists(text: &str) -> String {
    without_nul(text).chars().take(LAST_TEXT_MAX).collect()
}

/// A length as the `bigint` that counts it.
fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
