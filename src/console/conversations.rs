//! Conversations as staff see them: rows of lists, one conversation whole, and what is new in it.

use std::collections::HashMap;

use crate::answers::{Speaker, cards};
use crate::content::file::CardKind;
use crate::conversation::{Card, ConversationId, Guess, Sender, Seq};
use crate::feedback;
use crate::parts::Parts;
use crate::session::staff::has;
use crate::store::{ConversationRecord, List, Logged, Staff, StoreError, Typing};

/// A conversation as a row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListRow {
    /// The conversation as it is kept.
    pub record: ConversationRecord,
    /// The customer's name; none for a visitor.
    pub customer: Option<String>,
    /// Who has it.
    pub staff: Option<Staff>,
    /// Whether the customer has it open; none where only another node could say that.
    pub online: Option<bool>,
}

/// A list, as far as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its rows.
    pub rows: Vec<ListRow>,
    /// How many there are, with those that are too many to be shown.
    pub total: u64,
}

/// An event with what the bot understood.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderstoodEvent {
    /// The event.
    pub logged: Logged,
    /// What the bot understood, where it is a message that it has looked at.
    pub guess: Option<Guess>,
}

/// One conversation, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Its row.
    pub row: ListRow,
    /// Its log.
    pub events: Vec<UnderstoodEvent>,
    /// The events about which somebody of staff has said that the bot was wrong.
    pub flagged: Vec<Seq>,
    /// The customer's account in a few rows, where it can be seen.
    pub account: Option<Card>,
    /// The newest bill as the customer sees it.
    pub invoice: Option<Card>,
    /// Until when it counts who the customer is, in milliseconds since 1970; none for a visitor.
    pub verified_until_ms: Option<i64>,
}

/// One of the lists.
pub async fn list(parts: &Parts, list: List) -> Result<Listed, StoreError> {
    let records = parts.store.list(list.clone(), parts.config.limits.rows_max).await?;
    let total = parts.store.count(&list).await?.max(u64::try_from(records.len()).unwrap_or(0));
    let everybody = everybody(parts).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        rows.push(row_of(parts, record, &everybody).await);
    }
    Ok(Listed { rows, total })
}

/// One conversation as a row.
pub async fn row(parts: &Parts, id: &ConversationId) -> Result<ListRow, StoreError> {
    let record = parts.store.conversation(id).await?;
    Ok(row_of(parts, record, &everybody(parts).await?).await)
}

async fn row_of(parts: &Parts, record: ConversationRecord, everybody: &HashMap<String, Staff>) -> ListRow {
    let customer = match &record.customer {
        Some(customer) => Some(parts.name_of(customer).await),
        None => None,
    };
    let staff = record.staff.as_ref().and_then(|it| everybody.get(it.as_str())).cloned();
    let online = parts.customer_is_online(&record.id);
    ListRow { record, customer, staff, online }
}

/// Staff by their id.
async fn everybody(parts: &Parts) -> Result<HashMap<String, Staff>, StoreError> {
    Ok(parts.store.all_staff().await?.into_iter().map(|it| (it.id.to_string(), it)).collect())
}

/// One conversation, whole.
pub async fn detail(parts: &Parts, id: &ConversationId) -> Result<Detail, StoreError> {
    let record = parts.store.conversation(id).await?;
    let logged = all_events(parts, id).await?;
    let flagged = flagged(&logged, &parts.store.flagged(id).await?);
    let events = told(parts, id, logged).await?;
    let (account, invoice) = cards(parts, &record).await;
    let row = row_of(parts, record, &everybody(parts).await?).await;
    let verified_until_ms = match &row.record.customer {
        Some(_) => Some(parts.store.verified_until_ms(id).await?),
        None => None,
    };
    Ok(Detail { row, events, flagged, account, invoice, verified_until_ms })
}

/// What stands in the log after a place, wherever it was written.
pub async fn missed(parts: &Parts, id: &ConversationId, after: Seq) -> Result<Vec<UnderstoodEvent>, StoreError> {
    let events = parts.store.events(id, after, parts.config.limits.events_max).await?;
    told(parts, id, events).await
}

/// The same, as far as it has been heard of here, for whoever is woken again when more comes.
pub async fn events_after(parts: &Parts, id: &ConversationId, after: Seq) -> Result<Vec<UnderstoodEvent>, StoreError> {
    let events = parts.store.news(id, after, parts.config.limits.events_max).await?;
    told(parts, id, events).await
}

/// Shows the customer that somebody of staff is typing. Only whoever has the conversation is shown.
pub async fn tell_typing(parts: &Parts, id: &ConversationId, staff: &Staff, on: bool) {
    if parts.store.conversation(id).await.is_ok_and(|it| has(&it, staff)) {
        parts.store.tell_typing(id, Typing { from: Sender::Staff, on });
    }
}

async fn all_events(parts: &Parts, id: &ConversationId) -> Result<Vec<Logged>, StoreError> {
    let page = parts.config.limits.events_max;
    let mut events: Vec<Logged> = Vec::new();
    loop {
        let after = events.last().map_or(0, |it| it.event.seq);
        let more = parts.store.events(id, after, page).await?;
        let n = more.len();
        events.extend(more);
        if n < page as usize {
            return Ok(events);
        }
    }
}

async fn told(parts: &Parts, id: &ConversationId, events: Vec<Logged>) -> Result<Vec<UnderstoodEvent>, StoreError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(Vec::new()) };
    let understood = parts.store.understood(id, first.event.seq, last.event.seq).await?;
    let mut understood: HashMap<Seq, Guess> = understood.into_iter().collect();
    let told = |logged: Logged| UnderstoodEvent { guess: understood.remove(&logged.event.seq), logged };
    Ok(events.into_iter().map(told).collect())
}

/// The events about which the bot is said to have been wrong: all that it made of these messages.
fn flagged(events: &[Logged], messages: &[Seq]) -> Vec<Seq> {
    let mut about = None;
    let mut found = Vec::new();
    for Logged { event, .. } in events {
        if feedback::is_said(event) {
            about = Some(event.seq);
        }
        if about.is_some_and(|it| messages.contains(&it)) {
            found.push(event.seq);
        }
    }
    found
}

/// The customer's account in a few rows, and the newest bill as they see it.
async fn cards(parts: &Parts, record: &ConversationRecord) -> (Option<Card>, Option<Card>) {
    let Some(customer) = &record.customer else { return (None, None) };
    let account = match parts.billing.account(customer).await {
        Ok(account) => account,
        Err(error) => {
            tracing::warn!(%error, "an account could not be read");
            return (None, None);
        }
    };
    let content = parts.contents.current();
    let today = parts.clock.now().to_zoned(content.hours.time_zone.clone()).date();
    let speaker = Speaker::new(&content, Some(&account), &[], true, today, "");
    (Some(cards::account(&account, today)), speaker.card(CardKind::Invoice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Event, Message, What};

    #[test]
    fn all_that_the_bot_made_of_a_message_is_flagged_with_it() {
        let said = |seq: Seq, from: Sender| Logged {
            event: Event { seq, at_ms: 0, from, name: None, what: What::Message(Message::default()) },
            key: None,
        };
        let log = [(1, Sender::Customer), (2, Sender::Bot), (3, Sender::Bot), (4, Sender::Customer), (5, Sender::Bot)];
        let log: Vec<Logged> = log.into_iter().map(|(seq, from)| said(seq, from)).collect();
        assert_eq!(flagged(&log, &[1]), [1, 2, 3]);
        assert_eq!(flagged(&log, &[4]), [4, 5]);
        assert_eq!(flagged(&log, &[]), [] as [Seq; 0]);
    }
}
