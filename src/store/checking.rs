//! Looks whether a store is as it was written, beside a running server or without one, and changes nothing.

use std::collections::HashSet;

use sqlx::{AnyPool, Connection};

use super::append::shown_in_lists;
use super::chain::{EventRow, Found, Look, rows_after};
use super::conversations::{ConversationRecord, record};
use super::place::Place;
use super::{StoreError, StoreSettings, seq};
use crate::conversation::{ConversationId, Sender, Seq, State, What};

/// Conversations and events that are looked at together.
const PAGE: i64 = 500;
/// The most that is named of what is damaged; the rest is only counted.
const NAMED_MAX: usize = 1_000;
/// Places that one gap names by themselves.
const GAP_NAMED_MAX: usize = 100;

/// What a look at a store has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Findings {
    /// Conversations that were looked at.
    pub conversations: u64,
    /// Events that were looked at.
    pub events: u64,
    /// Events among them that carry no checksum, because they are from before there were any.
    pub unchecked: u64,
    /// What is damaged, by conversation; the first of it where there is very much.
    pub damage: Vec<Damage>,
    /// Damaged things in all.
    pub n_damaged: u64,
    /// What SQLite says of its file, where that is not in order.
    pub file: Vec<String>,
}

impl Findings {
    /// Nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.n_damaged == 0 && self.file.is_empty()
    }

    fn add(&mut self, conversation: &str, seq: Option<Seq>, at_ms: Option<i64>, kind: DamageKind) {
        self.n_damaged += 1;
        if self.damage.len() < NAMED_MAX {
            self.damage.push(Damage { conversation: ConversationId::new(conversation), seq, at_ms, kind });
        }
    }
}

/// Something that is damaged.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Damage {
    /// The conversation.
    pub conversation: ConversationId,
    /// The place of the event; none where it is the conversation's own row.
    pub seq: Option<Seq>,
    /// When it was kept, in milliseconds since 1970, as its row says; of what has no row the time of the event before.
    pub at_ms: Option<i64>,
    /// In which way.
    pub kind: DamageKind,
}

/// In which way something is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// It is there, and is not what was kept.
    Changed,
    /// It is not there.
    Missing,
    /// The database cannot give it out, or it means nothing.
    Unreadable,
}

/// Looks at every event of the store, and at SQLite's file itself.
///
/// [`StoreError::NotFound`] where there is no store, [`StoreError::Older`] where its schema has no checksums yet.
pub async fn check(settings: &StoreSettings) -> Result<Findings, StoreError> {
    let place = Place::find_existing(settings)?;
    place.refuse_pooler().await?;
    let mut first = place.connect().await?;
    place.knows_schema(&mut first).await?;
    let mut findings = Findings { file: place.integrity(&mut first).await?, ..Findings::default() };
    let db = place.pool(settings);
    let walked = all(&db, &mut findings).await;
    db.close().await;
    first.close().await.ok();
    match walked {
        // A table that cannot be listed at all.
        Err(StoreError::Broken { what }) => findings.file.push(what),
        walked => walked?,
    }
    Ok(findings)
}

async fn all(db: &AnyPool, findings: &mut Findings) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let ids: Vec<(String,)> = sqlx::query_as("select id from conversations where $1 < id order by id limit $2")
            .bind(after.as_str())
            .bind(PAGE)
            .fetch_all(db)
            .await?;
        for (id,) in &ids {
            match conversation(db, id, findings).await {
                Err(StoreError::Broken { .. }) => findings.add(id, None, None, DamageKind::Unreadable),
                walked => walked?,
            }
        }
        match ids.last() {
            Some((last,)) => after.clone_from(last),
            None => break,
        }
    }
    orphans(db, findings).await
}

/// Events whose conversation is not there.
async fn orphans(db: &AnyPool, findings: &mut Findings) -> Result<(), StoreError> {
    let gone: Vec<(String, i64)> = sqlx::query_as(
        "select conversation_id, min(at_ms) from events \
         where not exists (select 1 from conversations where id = conversation_id) \
         group by conversation_id order by conversation_id limit $1",
    )
    .bind(PAGE)
    .fetch_all(db)
    .await?;
    for (id, at_ms) in gone {
        findings.add(&id, None, Some(at_ms), DamageKind::Missing);
    }
    Ok(())
}

async fn conversation(db: &AnyPool, id: &str, findings: &mut Findings) -> Result<(), StoreError> {
    findings.conversations += 1;
    // Before the log and after it: a server may be writing meanwhile.
    let before = row(db, id).await?;
    let mut walk = Walk::new(id);
    let mut cursor = 0;
    loop {
        let found = rows_after(db, id, cursor, PAGE).await?;
        let Some(last) = found.last() else { break };
        // A row whose place is damaged must not lead back to where we were.
        cursor = last.place().max(cursor + 1);
        found.into_iter().for_each(|it| walk.on(it, findings));
    }
    let (Some(before), Some(after)) = (before, row(db, id).await?) else {
        findings.add(id, None, None, DamageKind::Unreadable);
        return Ok(());
    };
    walk.gap(i64::from(before.last_seq) + 1, findings);
    let is_behind = i64::from(after.last_seq) < walk.place;
    if is_behind || (before == after && walk.is_whole && !walk.agrees_with(&after)) {
        findings.add(id, None, Some(after.last_at_ms), DamageKind::Changed);
    }
    Ok(())
}

/// A conversation's row, where it can be read.
async fn row(db: &AnyPool, id: &str) -> Result<Option<ConversationRecord>, StoreError> {
    let row = sqlx::query("select * from conversations where id = $1").bind(id).fetch_one(db).await;
    match row.map_err(StoreError::from).and_then(|row| record(&row)) {
        Ok(record) => Ok(Some(record)),
        Err(StoreError::Broken { .. } | StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One conversation while its log is looked at.
struct Walk<'a> {
    id: &'a str,
    /// The last event that stood in its place.
    place: i64,
    /// Its row, where it is to be believed.
    before: Option<EventRow>,
    at_ms: Option<i64>,
    /// Damaged rows that stand elsewhere.
    elsewhere: HashSet<i64>,
    /// Every event so far is checked and as it was kept.
    is_whole: bool,
    /// What the log says of the conversation.
    state: State,
    last_text: String,
}

impl<'a> Walk<'a> {
    fn new(id: &'a str) -> Self {
        Self {
            id,
            place: 0,
            before: None,
            at_ms: None,
            elsewhere: HashSet::new(),
            is_whole: true,
            state: State::default(),
            last_text: String::new(),
        }
    }

    fn on(&mut self, found: Found, findings: &mut Findings) {
        findings.events += 1;
        let place = found.place();
        let row = match found {
            Found::Row(row) => row,
            Found::Unreadable(_) => return self.damaged(place, None, DamageKind::Unreadable, findings),
        };
        let logged = match row.look(self.id) {
            Look::Fine(logged) => logged,
            Look::Changed => return self.damaged(place, Some(row.at_ms), DamageKind::Changed, findings),
            Look::Unreadable => return self.damaged(place, Some(row.at_ms), DamageKind::Unreadable, findings),
        };
        self.gap(place, findings);
        match (&row.checksum, self.before.take()) {
            (None, _) => {
                findings.unchecked += 1;
                self.is_whole = false;
            }
            // It fits itself, but not what came after it: another row was put in its place.
            (Some(_), Some(before)) if before.seq + 1 == place && before.checksum != row.checksum_before => {
                self.is_whole = false;
                findings.add(self.id, Some(seq(before.seq)), Some(before.at_ms), DamageKind::Changed);
            }
            (Some(_), _) => {}
        }
        self.state.apply(&logged.event);
        if let (What::Message(message), Sender::Customer) = (&logged.event.what, logged.event.from)
            && (message.choice.is_none() || self.last_text.is_empty())
        {
            self.last_text = shown_in_lists(&message.text);
        }
        (self.place, self.at_ms, self.before) = (place, Some(row.at_ms), Some(row));
    }

    fn damaged(&mut self, place: i64, at_ms: Option<i64>, kind: DamageKind, findings: &mut Findings) {
        self.is_whole = false;
        findings.add(self.id, Some(seq(place)), at_ms.or(self.at_ms), kind);
        if place == self.place + 1 {
            (self.place, self.before) = (place, None);
        } else {
            self.elsewhere.insert(place);
        }
    }

    /// Names what is missing between the last event and a place.
    fn gap(&mut self, until: i64, findings: &mut Findings) {
        let missing = self.place + 1..until;
        let named = missing.clone().take(GAP_NAMED_MAX).filter(|it| !self.elsewhere.contains(it));
        for place in named {
            self.is_whole = false;
            findings.add(self.id, Some(seq(place)), self.at_ms, DamageKind::Missing);
        }
        let n_more = missing.count().saturating_sub(GAP_NAMED_MAX);
        findings.n_damaged = findings.n_damaged.saturating_add(n_more as u64);
    }

    /// Whether the row, which repeats some of the log, says the same.
    fn agrees_with(&self, row: &ConversationRecord) -> bool {
        let State { owner, epoch, staff, customer, .. } = &self.state;
        self.last_text == row.last_text
            && (*owner, *epoch, staff) == (row.owner, row.epoch, &row.staff)
            && (customer.is_none() || *customer == row.customer)
    }
}
