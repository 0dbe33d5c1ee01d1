//! The checksums that make a conversation's log a chain.
//!
//! An event's checksum covers every column of its row and the checksum of the event before it. So a change shows in the
//! row itself, and a row that was put in another's place shows in the one after it. What is missing in the middle shows
//! as a gap in `seq`, and an end that was cut off by the conversation's counter, `last_seq`, which is the chain's head.
//!
//! It finds damage, not forgers: whoever may write to the database can also write fitting checksums.

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, FromRow};

use super::conversations::Logged;
use super::{StoreError, parse_json, parse_word, seq};
use crate::conversation::{ConversationId, Event};

/// An event as it stands in the table.
#[derive(Clone, Debug, FromRow)]
pub(super) struct EventRow {
    pub seq: i64,
    pub at_ms: i64,
    pub sender: String,
    pub name: Option<String>,
    pub kind: String,
    pub body: String,
    pub key: Option<String>,
    pub checksum: Option<i64>,
    pub checksum_before: Option<i64>,
}

impl EventRow {
    /// The checksum that this row must carry: the first 64 bits of a SHA-256 over all of it.
    ///
    /// Of damage by chance 64 bits let one in 10^19 through, where the 32 of a CRC would let one in 4 * 10^9; and SHA-256
    /// is here already. Each text goes in with its length before it, so that no two rows give the same bytes.
    pub fn fitting_checksum(&self, conversation: &str) -> i64 {
        let mut hash = Sha256::new();
        let mut text = |text: Option<&str>| match text {
            Some(text) => {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            // No text is that long.
            None => hash.update(u64::MAX.to_le_bytes()),
        };
        text(Some(conversation));
        text(Some(&self.sender));
        text(self.name.as_deref());
        text(Some(&self.kind));
        text(Some(&self.body));
        text(self.key.as_deref());
        hash.update(self.seq.to_le_bytes());
        hash.update(self.at_ms.to_le_bytes());
        hash.update([u8::from(self.checksum_before.is_some())]);
        hash.update(self.checksum_before.unwrap_or_default().to_le_bytes());
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        i64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// What the row says, if it can be believed.
    pub fn look(&self, conversation: &str) -> Look {
        if self.checksum.is_some_and(|it| it != self.fitting_checksum(conversation)) {
            return Look::Changed;
        }
        let read = || -> Result<Logged, StoreError> {
            let (from, what) = (parse_word(&self.sender)?, parse_json(&self.body)?);
            let event = Event { seq: seq(self.seq), at_ms: self.at_ms, from, name: self.name.clone(), what };
            Ok(Logged { event, key: self.key.clone() })
        };
        read().map_or(Look::Unreadable, |it| Look::Fine(Box::new(it)))
    }
}

/// Rows that are written with others, by few statements: each costs its way to the database and back.
#[derive(Default)]
pub(super) struct NewRows(Vec<(ConversationId, EventRow)>);

/// Rows that one statement writes: of few sizes, so that each is prepared once.
const ROWS_AT_ONCE: [usize; 4] = [64, 16, 4, 1];

impl NewRows {
    /// Whether rows of this conversation wait; what is written to one conversation stands side by side.
    pub fn are_of(&self, conversation: &ConversationId) -> bool {
        self.0.last().is_some_and(|it| it.0 == *conversation)
    }

    /// Has a row wait.
    pub fn add(&mut self, conversation: ConversationId, row: EventRow) {
        self.0.push((conversation, row));
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Writes what waits.
    pub async fn write(&mut self, db: &mut AnyConnection) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.0);
        let mut rest = rows.as_slice();
        while let Some(n) = ROWS_AT_ONCE.into_iter().find(|it| *it <= rest.len()) {
            let (some, others) = rest.split_at(n);
            rest = others;
            let mut insert = sqlx::query(AssertSqlSafe(insert(n)));
            for (conversation, row) in some {
                insert = insert
                    .bind(conversation.as_str())
                    .bind(row.seq)
                    .bind(row.at_ms)
                    .bind(row.sender.as_str())
                    .bind(row.name.as_deref())
                    .bind(row.kind.as_str())
                    .bind(row.body.as_str())
                    .bind(row.key.as_deref())
                    .bind(row.checksum)
                    .bind(row.checksum_before);
            }
            insert.execute(&mut *db).await?;
        }
        Ok(())
    }
}

/// The statement that writes so many rows.
fn insert(n_rows: usize) -> String {
    const COLUMNS: usize = 10;
    // Nothing but the numbers of the marks goes into the text.
    let marks = |row: usize| (1..=COLUMNS).map(|it| format!("${}", row * COLUMNS + it)).collect::<Vec<_>>().join(", ");
    let rows: Vec<String> = (0..n_rows).map(|row| format!("({})", marks(row))).collect();
    format!(
        "insert into events (conversation_id, seq, at_ms, sender, name, kind, body, key, checksum, checksum_before) \
         values {}",
        rows.join(", ")
    )
}

/// What looking at a row shows.
pub(super) enum Look {
    /// It is as it was kept, or from before there were checksums.
    Fine(Box<Logged>),
    /// It is not what was kept.
    Changed,
    /// It means nothing to this program.
    Unreadable,
}

/// A place in the table, and the row there.
pub(super) enum Found {
    /// It can be read from the table.
    Row(EventRow),
    /// The database cannot give it out.
    Unreadable(i64),
}

impl Found {
    /// Where it stands, as far as can be said.
    pub fn place(&self) -> i64 {
        match self {
            Found::Row(row) => row.seq,
            Found::Unreadable(place) => *place,
        }
    }
}

/// The rows of a conversation after a position, in order, at most `limit`. One that cannot be read costs only itself.
pub(super) async fn rows_after(db: &AnyPool, id: &str, after: i64, limit: i64) -> Result<Vec<Found>, StoreError> {
    const PAGE: &str = "select seq, at_ms, sender, name, kind, body, key, checksum, checksum_before from events \
         where conversation_id = $1 and seq > $2 order by seq limit $3";
    let page = sqlx::query_as(PAGE).bind(id).bind(after).bind(limit).fetch_all(db).await;
    match page.map_err(StoreError::from) {
        Ok(rows) => Ok(rows.into_iter().map(Found::Row).collect()),
        Err(StoreError::Broken { .. }) => one_by_one(db, id, after, limit).await,
        Err(error) => Err(error),
    }
}

/// As [`rows_after`], where one of them spoils the page.
async fn one_by_one(db: &AnyPool, id: &str, after: i64, limit: i64) -> Result<Vec<Found>, StoreError> {
    const PLACES: &str = "select seq from events where conversation_id = $1 and seq > $2 order by seq limit $3";
    const ONE: &str = "select seq, at_ms, sender, name, kind, body, key, checksum, checksum_before from events \
         where conversation_id = $1 and seq = $2";
    let places: Vec<(i64,)> = sqlx::query_as(PLACES).bind(id).bind(after).bind(limit).fetch_all(db).await?;
    let mut found = Vec::with_capacity(places.len());
    for (place,) in places {
        let row = sqlx::query_as(ONE).bind(id).bind(place).fetch_optional(db).await;
        match row.map_err(StoreError::from) {
            Ok(Some(row)) => found.push(Found::Row(row)),
            Ok(None) => {}
            Err(StoreError::Broken { .. }) => found.push(Found::Unreadable(place)),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> EventRow {
        EventRow {
            seq: 7,
            at_ms: 1_000,
            sender: "customer".into(),
            name: None,
            kind: "message".into(),
            body: r#"{"kind":"message","text":"hello"}"#.into(),
            key: Some("k".into()),
            checksum: None,
            checksum_before: Some(3),
        }
    }

    #[test]
    fn every_column_counts_and_none_runs_into_the_next() {
        let others = [
            EventRow { seq: 8, ..row() },
            EventRow { at_ms: 1_001, ..row() },
            EventRow { sender: "bot".into(), ..row() },
            EventRow { name: Some(String::new()), ..row() },
            EventRow { name: Some("Ben".into()), ..row() },
            EventRow { kind: "messages".into(), ..row() },
            EventRow { body: r#"{"kind":"message","text":"hellp"}"#.into(), ..row() },
            EventRow { key: None, ..row() },
            EventRow { key: Some(String::new()), ..row() },
            EventRow { sender: "customerm".into(), kind: "essage".into(), ..row() },
            EventRow { checksum_before: None, ..row() },
            EventRow { checksum_before: Some(0), ..row() },
        ];
        let mut all: Vec<i64> = others.iter().map(|it| it.fitting_checksum("c")).collect();
        all.extend([row().fitting_checksum("c"), row().fitting_checksum("d")]);
        let n_all = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n_all);
    }

    #[test]
    fn the_encoding_never_changes() {
        // What older programs have kept must go on fitting.
        assert_eq!(row().fitting_checksum("c"), -382_076_478_404_380_857);
    }

    #[test]
    fn a_row_is_believed_with_the_right_checksum_or_none() {
        assert!(matches!(row().look("c"), Look::Fine(_)));
        let right = EventRow { checksum: Some(row().fitting_checksum("c")), ..row() };
        assert!(matches!(right.look("c"), Look::Fine(_)));
        assert!(matches!(right.look("d"), Look::Changed), "it is another conversation's");
        assert!(matches!(EventRow { at_ms: 2, ..right }.look("c"), Look::Changed));
        assert!(matches!(EventRow { body: "{".into(), ..row() }.look("c"), Look::Unreadable));
    }
}
