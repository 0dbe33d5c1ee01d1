//! Has things done in billing: written down before billing is asked, done once for each key, receipted, audited.
//!
//! A crash at any step leaves a row that the next try with the same key completes: billing does a thing at most once
//! for a key, and says the second time what it did the first.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::sync::{MutexGuard, Notify};

use crate::billing::{Account, Act, ActError, Billing, Changed, Done, Purpose};
use crate::content::Content;
use crate::content::file::Then;
use crate::conversation::format::Style;
use crate::conversation::{ConversationId, CustomerId, Receipt, Seq, StaffId};
use crate::mail::Mailbox;
use crate::rules::policy::{Deed, Past};
use crate::store::{ActionEnd, ActionRecord, ActionStatus, NewAction, Store, StoreError};

use ledger::Ledger;
pub use letters::Notice;

pub mod pdf;

mod ledger;
mod letters;

/// Customers are dealt with one at a time at so many desks: two taps of one customer never overtake each other.
const DESKS: usize = 64;
/// What was done for a customer before, as far back as the rules look.
const PAST_MAX: u32 = 200;

/// What is said once something has been done or refused; made before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptWords {
    /// The receipt, without the reference that billing will give.
    pub receipt: Receipt,
    /// What is said when billing refuses.
    pub refused: String,
    /// What follows the receipt.
    pub then: Then,
    /// Ask how easy it was.
    pub survey: bool,
    /// The first name of whoever of staff did it; none where the bot does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
}

/// Something that a customer has said yes to, or that staff do for one.
#[derive(Clone, Debug)]
pub struct Order {
    /// Billing does it at most once for this.
    pub key: String,
    /// Which action, by its name.
    pub action: &'static str,
    /// For whom.
    pub customer: CustomerId,
    /// Where it was asked for.
    pub conversation: ConversationId,
    /// The message that says yes; 0 where staff do it.
    pub seq: Seq,
    /// The rule that allows it.
    pub clause: String,
    /// Exactly what.
    pub deed: Deed,
    /// What is said afterwards.
    pub words: ReceiptWords,
    /// Who of staff does it, and why; none where the customer asked the bot.
    pub by: Option<(StaffId, String)>,
    /// A letter that goes out once it is done.
    pub notice: Option<Notice>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// It was done for this very message: here is the receipt.
    Done {
        /// The key.
        key: String,
        /// The receipt.
        receipt: Receipt,
        /// What follows it.
        then: Then,
        /// Ask how easy it was.
        survey: bool,
        /// The first name of whoever of staff did it.
        staff: Option<String>,
    },
    /// It had been done before, for another message.
    DoneBefore {
        /// On which day.
        on: Option<Date>,
    },
    /// Billing refused, or cannot do it; nothing has changed.
    Refused {
        /// The key.
        key: String,
        /// What to say.
        text: String,
    },
    /// Billing's answer was lost: the next try with this key completes it.
    Unknown {
        /// The key.
        key: String,
        /// Exactly what, as JSON.
        deed: String,
    },
}

/// What letters are made from.
#[derive(Clone, Copy)]
pub struct Paper<'a> {
    /// Who the business is.
    pub content: &'a Content,
    /// The customer's account, where billing could be reached.
    pub account: Option<&'a Account>,
    /// How the customer writes numbers and dates, and the present day in the business's time zone.
    pub style: Style,
}

/// Does things, once each.
pub struct Actions {
    billing: Arc<dyn Billing>,
    ledger: Ledger,
    /// Where letters go; none in talks.
    mailbox: Option<Mailbox>,
    desks: Vec<tokio::sync::Mutex<()>>,
    /// What is begun is left to whoever began it for so long, in milliseconds.
    settle_after_ms: i64,
    /// Told when there is a letter to send.
    letter_came: Notify,
}

impl Actions {
    /// Does things in this billing, writes them down in this store, and sends letters through this mailbox. What is
    /// begun is left to whoever began it for so many milliseconds.
    pub fn new(billing: Arc<dyn Billing>, store: Store, mailbox: Mailbox, settle_after_ms: i64) -> Self {
        Self { settle_after_ms, ..Self::with(billing, Ledger::Store(store), Some(mailbox)) }
    }

    /// The same for talks: written down in memory, and letters go nowhere.
    pub fn in_memory(billing: Arc<dyn Billing>) -> Self {
        Self::with(billing, Ledger::memory(), None)
    }

    fn with(billing: Arc<dyn Billing>, ledger: Ledger, mailbox: Option<Mailbox>) -> Self {
        let desks = (0..DESKS).map(|_| tokio::sync::Mutex::default()).collect();
        Self { billing, ledger, mailbox, desks, settle_after_ms: 0, letter_came: Notify::new() }
    }

    /// Waits until nothing else is being done for this customer, and keeps it so until the result is dropped.
    pub async fn alone(&self, customer: &CustomerId) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(customer.as_str());
        let place = usize::try_from(hash % (DESKS as u64)).unwrap_or_default();
        self.desks[place].lock().await
    }

    /// What was done for a customer before.
    pub async fn past(&self, customer: &CustomerId) -> Result<Vec<Past>, StoreError> {
        let records = self.ledger.of(customer).await?;
        Ok(records.iter().filter(|it| it.status == ActionStatus::Done).filter_map(past_of).collect())
    }

    /// What a staff member has given this customer, and on which day: what billing has not answered for counts as well.
    /// What stands under `key` is left out.
    pub async fn given_by(&self, staff: &StaffId, customer: &CustomerId, key: &str) -> Result<Vec<Past>, StoreError> {
        let records = self.ledger.of(customer).await?;
        let theirs = |it: &&ActionRecord| it.new.by.as_ref().is_some_and(|by| by.0 == *staff) && it.new.key != key;
        Ok(records.iter().filter(theirs).filter_map(past_of).collect())
    }

    /// What was begun by one of these messages and has no receipt yet, if anything was: a crash came between.
    pub async fn begun_by(
        &self,
        conversation: &ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Option<ActionRecord>, StoreError> {
        self.ledger.of_messages(conversation, from, to).await
    }

    /// What stands under this key, if the conversation has not been told yet what came of it.
    pub async fn untold(&self, key: &str) -> Result<Option<ActionRecord>, StoreError> {
        Ok(self.ledger.find(key).await?.filter(|it| !it.told))
    }

    /// What stands under this key and has not been refused, as it was ordered.
    pub async fn stands(&self, key: &str) -> Result<Option<Order>, StoreError> {
        let found = self.ledger.find(key).await?.filter(|it| it.status != ActionStatus::Refused);
        Ok(found.and_then(order_of))
    }

    /// Notes that nobody knows what came of something, and that a person looks.
    pub async fn give_up(&self, key: &str, why: &str) -> Result<(), StoreError> {
        self.ledger.give_up(key, why).await
    }

    /// Does something that the rules have just allowed, or that stands begun under the same key.
    pub async fn run(&self, order: &Order, at_ms: i64, paper: &Paper<'_>) -> Result<Ran, StoreError> {
        let new = NewAction {
            key: order.key.clone(),
            action: order.action.to_owned(),
            customer: order.customer.clone(),
            conversation: order.conversation.clone(),
            seq: order.seq,
            clause: order.clause.clone(),
            deed: json(&order.deed),
            words: json(&order.words),
            by: order.by.clone(),
            letter: order.notice.as_ref().map(json),
        };
        let stands = self.ledger.begin(new, at_ms, self.due_ms(at_ms)).await?;
        let record = self.complete(stands, at_ms, paper).await?;
        let by = |it: &Option<(StaffId, String)>| it.as_ref().map(|it| it.0.clone());
        let is_ours = record.new.conversation == order.conversation
            && record.new.seq == order.seq
            && by(&record.new.by) == by(&order.by);
        Ok(ran(&record, is_ours))
    }

    /// Completes what stands begun under this key, and says what came of it to this message; none where nothing does.
    pub async fn resume(
        &self,
        key: &str,
        conversation: &ConversationId,
        seq: Seq,
        at_ms: i64,
        paper: &Paper<'_>,
    ) -> Result<Option<Ran>, StoreError> {
        match self.ledger.take_up(key, conversation, seq, self.due_ms(at_ms)).await? {
            Some(begun) => self.finish(begun, at_ms, paper).await.map(Some),
            None => Ok(None),
        }
    }

    /// Completes something that was begun, and says what came of it to the message that began it.
    pub async fn finish(&self, record: ActionRecord, at_ms: i64, paper: &Paper<'_>) -> Result<Ran, StoreError> {
        Ok(ran(&self.complete(record, at_ms, paper).await?, true))
    }

    /// When anybody may see to something that is begun now.
    fn due_ms(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(self.settle_after_ms)
    }

    async fn complete(&self, record: ActionRecord, at_ms: i64, paper: &Paper<'_>) -> Result<ActionRecord, StoreError> {
        if record.status != ActionStatus::Begun {
            return Ok(record);
        }
        let Some(end) = self.deal(&record, paper).await else { return Ok(record) };
        let key = record.new.key.clone();
        metrics::counter!("plainbill_actions_total", "action" => record.new.action.clone(), "result" => match &end {
            ActionEnd::Done { .. } => "done",
            ActionEnd::Refused { .. } => "refused",
        })
        .increment(1);
        let ended = self.ledger.end(&key, end, at_ms).await?;
        if ended.status == ActionStatus::Done && ended.new.letter.is_some() {
            self.letter_came.notify_one();
        }
        Ok(ended)
    }

    /// Has it done. `None`: it is not known whether it was.
    async fn deal(&self, record: &ActionRecord, paper: &Paper<'_>) -> Option<ActionEnd> {
        let NewAction { key, customer, deed, .. } = &record.new;
        let refused = |why: String| Some(ActionEnd::Refused { why });
        match serde_json::from_str(deed) {
            Ok(Deed::Act { act }) => match self.act(customer, &act, key).await {
                Ok(done) => Some(ActionEnd::Done { reference: done.reference, on: done.on.to_string() }),
                Err(error @ (ActError::NotOffered | ActError::Refused { .. })) => {
                    tracing::info!(action = record.new.action, %error, "billing did not do something");
                    refused(error.to_string())
                }
                Err(error @ ActError::Unknown) => {
                    tracing::warn!(action = record.new.action, %error, "an action stays begun");
                    None
                }
            },
            Ok(Deed::SendCopy { invoice, to }) => self.send_copy(key, &invoice, &to, paper).await,
            Ok(Deed::Page { .. }) => refused("a page is not an action".to_owned()),
            Err(error) => refused(format!("what was to be done cannot be read: {error}")),
        }
    }

    /// Has it done in billing, whose source drops what it holds of the customer; other nodes are told to.
    async fn act(&self, customer: &CustomerId, act: &Act, key: &str) -> Result<Done, ActError> {
        let result = self.billing.act(customer, act, key).await;
        if let Ledger::Store(store) = &self.ledger {
            store.tell_billing(Changed::of(customer).as_text());
        }
        result
    }

    /// A page that billing hosts for a customer; none where it has none, or cannot be reached.
    pub async fn page(&self, customer: &CustomerId, purpose: Purpose) -> Option<String> {
        match self.billing.portal(customer, purpose).await {
            Ok(link) => {
                // What is paid or changed there shows at once: nothing held from before counts, on any node.
                let changed = Changed::of(customer);
                self.billing.forget(&changed);
                if let Ledger::Store(store) = &self.ledger {
                    store.tell_billing(changed.as_text());
                }
                link.map(|it| it.url)
            }
            Err(error) => {
                tracing::warn!(%error, "billing has no page to lead to");
                None
            }
        }
    }
}

/// The key for a deed: what it is about where doing it twice would be wrong, else the offer that is said yes to.
pub fn key_for(
    action: &str,
    deed: &Deed,
    customer: &CustomerId,
    conversation: &ConversationId,
    offered: Seq,
) -> String {
    match (deed.about(), deed) {
        (Some(bill), _) => format!("{action}:{customer}:{bill}"),
        // Of several bills each is sent.
        (None, Deed::SendCopy { invoice, .. }) => format!("{action}:{conversation}:{offered}:{invoice}"),
        (None, _) => format!("{action}:{conversation}:{offered}"),
    }
}

/// A deed as the text by which two are compared.
pub fn deed_text(deed: &Deed) -> String {
    json(deed)
}

fn ran(record: &ActionRecord, is_ours: bool) -> Ran {
    let words: Option<ReceiptWords> = serde_json::from_str(&record.new.words).ok();
    let key = record.new.key.clone();
    match (record.status, words) {
        (ActionStatus::Done, Some(words)) if is_ours => {
            let clause = Some(record.new.clause.clone()).filter(|it| !it.is_empty());
            let receipt = Receipt { reference: record.reference.clone(), clause, ..words.receipt };
            Ran::Done { key, receipt, then: words.then, survey: words.survey, staff: words.staff }
        }
        (ActionStatus::Done, _) => Ran::DoneBefore { on: record.done_on.as_ref().and_then(|it| it.parse().ok()) },
        (ActionStatus::Refused, words) => Ran::Refused { key, text: words.map(|it| it.refused).unwrap_or_default() },
        (ActionStatus::Begun, _) => Ran::Unknown { key, deed: record.new.deed.clone() },
    }
}

fn order_of(record: ActionRecord) -> Option<Order> {
    let deed: Deed = serde_json::from_str(&record.new.deed).ok()?;
    let Deed::Act { act } = &deed else { return None };
    Some(Order {
        key: record.new.key,
        action: act.name(),
        customer: record.new.customer,
        conversation: record.new.conversation,
        seq: record.new.seq,
        clause: record.new.clause,
        words: serde_json::from_str(&record.new.words).ok()?,
        by: record.new.by,
        notice: None,
        deed,
    })
}

fn past_of(record: &ActionRecord) -> Option<Past> {
    let deed = serde_json::from_str(&record.new.deed).ok()?;
    // What billing has not answered for counts from when it was begun.
    let begun =
        || jiff::Timestamp::from_millisecond(record.begun_at_ms).ok().map(|it| it.to_zoned(TimeZone::UTC).date());
    let on = record.done_on.as_ref().and_then(|it| it.parse().ok()).or_else(begun)?;
    Some(Past { action: record.new.action.clone(), deed, on })
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts, numbers and dates always serialize")
}
