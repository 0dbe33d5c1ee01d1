//! Reads conversations' logs. What is damaged keeps its place and loses its words: nobody is shown what nobody said.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::chain::{Found, Look, rows_after};
use super::conversations::Logged;
use super::{Store, StoreError, seq};
use crate::conversation::{ConversationId, Event, Sender, Seq, What};

/// The damaged things that are remembered as told.
const TOLD_MAX: usize = 1_000;

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Damaged {
    /// The event at this place.
    Event(Seq),
    /// What the classifier made of some events.
    Understood,
    /// The conversation's own row.
    Row,
}

/// What was damaged and has been told in the program's log, so that each is told once.
#[derive(Default)]
pub(super) struct Told(Mutex<HashSet<(ConversationId, Damaged)>>);

impl Told {
    /// Tells of it, unless it has been told.
    pub fn tell(&self, id: &ConversationId, what: Damaged) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if TOLD_MAX <= told.len() || !told.insert((id.clone(), what)) {
            return;
        }
        tracing::error!(
            conversation = %id,
            ?what,
            "something is damaged, and left out: `plainbill check --store` names all that is"
        );
        if told.len() == TOLD_MAX {
            tracing::error!("from here on damage is no longer told");
        }
    }
}

impl Store {
    /// The events after a position, in order and without gaps; at most `limit`, and never more than the settings allow.
    /// None for a conversation that is not there.
    ///
    /// One that is damaged or missing is [`What::Damaged`].
    pub async fn events(&self, id: &ConversationId, after: Seq, limit: u32) -> Result<Vec<Logged>, StoreError> {
        let limit = limit.min(self.inner.events_max) as usize;
        let mut page = Page::new(id, after, limit);
        let mut cursor = i64::from(after);
        while page.events.len() < limit {
            let wanted = limit - page.events.len();
            let rows = rows_after(&self.inner.pool, id.as_str(), cursor, i64::try_from(wanted).unwrap_or(i64::MAX));
            let rows = self.read(rows).await?;
            let n_rows = rows.len();
            for row in rows {
                // A row whose place is damaged must not lead back to where we were.
                cursor = row.place().max(cursor + 1);
                page.add(row);
            }
            if n_rows < wanted {
                break;
            }
        }
        for place in &page.damaged {
            self.inner.told.tell(id, Damaged::Event(*place));
        }
        Ok(page.events)
    }
}

impl Store {
    /// The events after a position as far as they have been heard of: those that were just kept here come from memory.
    ///
    /// For whoever is woken by [`Store::watch`] and woken again by what other nodes write; as [`Store::events`] otherwise.
    pub async fn news(&self, id: &ConversationId, after: Seq, limit: u32) -> Result<Vec<Logged>, StoreError> {
        match self.inner.bus.tail(id, after) {
            Some(events) => Ok(events),
            None => self.events(id, after, limit).await,
        }
    }
}

/// Some of a log while it is put together.
struct Page<'a> {
    id: &'a ConversationId,
    /// The place that comes next.
    next: Seq,
    limit: usize,
    events: Vec<Logged>,
    damaged: Vec<Seq>,
    /// The checksum of the last event, where it is to be believed.
    checksum: Option<Option<i64>>,
}

impl<'a> Page<'a> {
    fn new(id: &'a ConversationId, after: Seq, limit: usize) -> Self {
        let next = after.saturating_add(1);
        Self { id, next, limit, events: Vec::new(), damaged: Vec::new(), checksum: None }
    }

    fn add(&mut self, found: Found) {
        let row = match found {
            Found::Row(row) => row,
            Found::Unreadable(place) => return self.add_damaged_at(place, None),
        };
        let Look::Fine(logged) = row.look(self.id.as_str()) else {
            return self.add_damaged_at(row.seq, Some(row.at_ms));
        };
        // Where no checksum vouches for the place, a row far off is the one that is wrong.
        let n_missing = logged.event.seq.saturating_sub(self.next) as usize;
        if logged.event.seq < self.next || (row.checksum.is_none() && self.limit < n_missing) {
            return;
        }
        if n_missing == 0 && row.checksum.is_some() && self.checksum.is_some_and(|it| it != row.checksum_before) {
            // It fits itself, but not what came after it.
            if let Some(before) = self.events.pop() {
                self.next = before.event.seq;
                self.add_damaged(before.event.at_ms);
            }
        }
        while self.next < logged.event.seq && self.events.len() < self.limit {
            self.add_damaged(logged.event.at_ms);
        }
        if self.events.len() < self.limit {
            self.next = self.next.saturating_add(1);
            self.checksum = Some(row.checksum);
            self.events.push(*logged);
        }
    }

    /// A damaged row's place may be what is damaged. Where it isn't the next, the next row will show a gap.
    fn add_damaged_at(&mut self, place: i64, at_ms: Option<i64>) {
        if seq(place) == self.next {
            self.add_damaged(at_ms.or(self.events.last().map(|it| it.event.at_ms)).unwrap_or_default());
        }
    }

    fn add_damaged(&mut self, at_ms: i64) {
        let event = Event { seq: self.next, at_ms, from: Sender::System, name: None, what: What::Damaged };
        self.damaged.push(self.next);
        self.next = self.next.saturating_add(1);
        self.checksum = None;
        self.events.push(Logged { event, key: None });
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::EventRow;
    use super::*;

    /// A row that follows the one before it; `at_ms` stands for all that it could say.
    fn row(place: i64) -> EventRow {
        row_at(place, place * 10)
    }

    fn row_at(place: i64, at_ms: i64) -> EventRow {
        let mut row = EventRow {
            seq: place,
            at_ms,
            sender: "customer".into(),
            name: None,
            kind: "message".into(),
            body: r#"{"kind":"message","text":"hello"}"#.into(),
            key: None,
            checksum: None,
            checksum_before: if (2..10).contains(&place) { row(place - 1).checksum } else { None },
        };
        row.checksum = Some(row.fitting_checksum("c"));
        row
    }

    fn changed(place: i64) -> Found {
        Found::Row(EventRow { body: r#"{"kind":"message","text":"hellp"}"#.into(), ..row(place) })
    }

    /// The places of a page, the damaged ones negative.
    fn page(limit: usize, rows: Vec<Found>) -> Vec<i64> {
        let id = ConversationId::new("c");
        let mut page = Page::new(&id, 0, limit);
        rows.into_iter().for_each(|it| page.add(it));
        let place = |it: &Logged| match it.event.what {
            What::Damaged => -i64::from(it.event.seq),
            _ => i64::from(it.event.seq),
        };
        page.events.iter().map(place).collect()
    }

    #[test]
    fn what_is_damaged_keeps_its_place() {
        let fine = |place| Found::Row(row(place));
        assert_eq!(page(10, vec![fine(1), changed(2), fine(3)]), [1, -2, 3]);
        assert_eq!(page(10, vec![fine(1), Found::Unreadable(2), fine(3)]), [1, -2, 3]);
        assert_eq!(page(10, vec![fine(1), fine(4)]), [1, -2, -3, 4]);
        assert_eq!(page(10, vec![fine(1), changed(3), fine(4)]), [1, -2, -3, 4]);
        assert_eq!(page(3, vec![fine(1), fine(900)]), [1, -2, -3], "the rest comes with the next page");
    }

    #[test]
    fn what_fits_itself_and_not_its_neighbour_is_damaged() {
        let fine = |place| Found::Row(row(place));
        assert_eq!(page(10, vec![fine(1), Found::Row(row_at(2, 1)), fine(3), fine(4)]), [1, -2, 3, 4]);
        let lost = Found::Row(EventRow { checksum: None, ..row(2) });
        assert_eq!(page(10, vec![fine(1), lost, fine(3)]), [1, -2, 3]);
    }

    #[test]
    fn a_place_that_is_damaged_makes_no_gap() {
        let fine = |place| Found::Row(row(place));
        let moved = |place| Found::Row(EventRow { seq: place, ..row(2) });
        assert_eq!(page(10, vec![fine(1), moved(64), fine(3)]), [1, -2, 3]);
        assert_eq!(page(10, vec![fine(1), fine(2), moved(64)]), [1, 2]);
        assert_eq!(page(10, vec![fine(1), moved(1), fine(3)]), [1, -2, 3]);
        let unchecked = |place| Found::Row(EventRow { checksum: None, ..row(place) });
        assert_eq!(page(10, vec![unchecked(1), unchecked(1 << 40), unchecked(3)]), [1, -2, 3]);
    }
}
