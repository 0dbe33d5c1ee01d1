//! Has things done in billing: written down before billing is asked, done once for each key, receipted, audited.
//!
//! A crash at any step leaves a row that the next try with the same key completes: billing does a thing at most once
//! for a key, and says the second time what it did the first.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;

use crate::billing::{Account, Act, ActError, Billing, Changed, Done, Purpose};
use crate::content::file::{Action, Then};
use crate::content::{Content, file};
use crate::conversation::{ConversationId, CustomerId, Receipt, Seq, format};
use crate::mail::{Attachment, Letter, MailError, Mailbox};
use crate::rules::policy::{Deed, Past};
use crate::store::{ActionEnd, ActionRecord, ActionStatus, NewAction, Store, StoreError};

pub mod pdf;

/// Customers are dealt with one at a time at so many desks: two taps of one customer never overtake each other.
const DESKS: usize = 64;
/// What was done for a customer before, as far back as the rules look.
const PAST_MAX: u32 = 200;

/// What is said once something has been done or refused; made before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The receipt, without the reference that billing will give.
    pub receipt: Receipt,
    /// What is said when billing refuses.
    pub refused: String,
    /// What follows the receipt.
    pub then: Then,
    /// Ask how easy it was.
    pub survey: bool,
}

/// Something that a customer has said yes to.
#[derive(Clone, Debug)]
pub struct Order {
    /// Billing does it at most once for this.
    pub key: String,
    /// Which action.
    pub action: Action,
    /// For whom.
    pub customer: CustomerId,
    /// Where they said yes.
    pub conversation: ConversationId,
    /// The message that says yes.
    pub seq: Seq,
    /// The rule that allows it.
    pub clause: String,
    /// Exactly what.
    pub deed: Deed,
    /// What is said afterwards.
    pub words: Words,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// It was done for this very message: here is the receipt.
    Done {
        /// The receipt.
        receipt: Receipt,
        /// What follows it.
        then: Then,
        /// Ask how easy it was.
        survey: bool,
    },
    /// It had been done before, for another message.
    DoneBefore {
        /// On which day.
        on: Option<Date>,
    },
    /// Billing refused, or cannot do it; nothing has changed.
    Refused {
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
    /// The present day in the business's time zone.
    pub today: Date,
}

/// Does things, once each.
pub struct Actions {
    billing: Arc<dyn Billing>,
    ledger: Ledger,
    /// Where letters go; none in talks.
    mailbox: Option<Mailbox>,
    desks: Vec<tokio::sync::Mutex<()>>,
}

/// Where it is written down what was done.
enum Ledger {
    Store(Store),
    Memory(Mutex<Vec<ActionRecord>>),
}

impl Actions {
    /// Does things in this billing, writes them down in this store, and sends letters through this mailbox.
    pub fn new(billing: Arc<dyn Billing>, store: Store, mailbox: Mailbox) -> Self {
        Self::with(billing, Ledger::Store(store), Some(mailbox))
    }

    /// The same for talks: written down in memory, and letters go nowhere.
    pub fn in_memory(billing: Arc<dyn Billing>) -> Self {
        Self::with(billing, Ledger::Memory(Mutex::default()), None)
    }

    fn with(billing: Arc<dyn Billing>, ledger: Ledger, mailbox: Option<Mailbox>) -> Self {
        Self { billing, ledger, mailbox, desks: (0..DESKS).map(|_| tokio::sync::Mutex::default()).collect() }
    }

    /// Waits until nothing else is being done for this customer, and keeps it so until the result is dropped.
    pub async fn alone(&self, customer: &CustomerId) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(customer.as_str());
        let place = usize::try_from(hash % (DESKS as u64)).unwrap_or_default();
        self.desks[place].lock().await
    }

    /// What was done for a customer before.
    pub async fn past(&self, customer: &CustomerId) -> Result<Vec<Past>, StoreError> {
        let records = match &self.ledger {
            Ledger::Store(store) => store.actions_for(customer, PAST_MAX).await?,
            Ledger::Memory(rows) => lock(rows).clone(),
        };
        let done = records.iter().filter(|it| it.status == ActionStatus::Done && it.new.customer == *customer);
        Ok(done.filter_map(past_of).collect())
    }

    /// What was begun by one of these messages and has no receipt yet, if anything was: a crash came between.
    pub async fn begun_by(
        &self,
        conversation: &ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Option<ActionRecord>, StoreError> {
        match &self.ledger {
            Ledger::Store(store) => store.action_of(conversation, from, to).await,
            Ledger::Memory(_) => Ok(None),
        }
    }

    /// Does something that the rules have just allowed, or that stands begun under the same key.
    pub async fn run(&self, order: &Order, at_ms: i64, paper: &Paper<'_>) -> Result<Ran, StoreError> {
        let new = NewAction {
            key: order.key.clone(),
            action: order.action.as_str().to_owned(),
            customer: order.customer.clone(),
            conversation: order.conversation.clone(),
            seq: order.seq,
            clause: order.clause.clone(),
            deed: json(&order.deed),
            words: json(&order.words),
        };
        let stands = match &self.ledger {
            Ledger::Store(store) => store.begin_action(new, at_ms).await?,
            Ledger::Memory(rows) => begin_in(&mut lock(rows), new, at_ms),
        };
        let record = self.complete(stands, at_ms, paper).await?;
        let is_ours = record.new.conversation == order.conversation && record.new.seq == order.seq;
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
        let Ledger::Store(store) = &self.ledger else { return Ok(None) };
        match store.take_up_action(key, conversation, seq).await? {
            Some(begun) => self.finish(begun, at_ms, paper).await.map(Some),
            None => Ok(None),
        }
    }

    /// Completes something that was begun, and says what came of it to the message that began it.
    pub async fn finish(&self, record: ActionRecord, at_ms: i64, paper: &Paper<'_>) -> Result<Ran, StoreError> {
        Ok(ran(&self.complete(record, at_ms, paper).await?, true))
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
        match &self.ledger {
            Ledger::Store(store) => store.end_action(&key, end, at_ms).await,
            Ledger::Memory(rows) => Ok(end_in(&mut lock(rows), &key, end, at_ms).unwrap_or(record)),
        }
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

    async fn send_copy(&self, key: &str, invoice: &str, to: &str, paper: &Paper<'_>) -> Option<ActionEnd> {
        let account = paper.account?;
        let Some(bill) = account.find_invoice_numbered(invoice) else {
            return Some(ActionEnd::Refused { why: format!("there is no bill {invoice}") });
        };
        let business = &paper.content.business;
        let bytes = match pdf::bill(business, account, bill, paper.today) {
            Ok(bytes) => bytes,
            Err(error) => return Some(ActionEnd::Refused { why: error.to_string() }),
        };
        let month = format::month(bill.issued, paper.today);
        let letter = Letter {
            to: to.to_owned(),
            subject: format!("Your {month} bill from {}, {}", business.name, bill.number),
            text: letter_text(business, account, bill, &month, paper.today),
            attachments: vec![Attachment {
                name: format!("{}.pdf", file_name(&bill.number)),
                media_type: "application/pdf".to_owned(),
                bytes,
            }],
            key: key.to_owned(),
        };
        let Some(mailbox) = &self.mailbox else { return Some(sent(bill.number.clone(), paper.today)) };
        match mailbox.send(&letter).await {
            Ok(()) => Some(sent(bill.number.clone(), paper.today)),
            Err(error @ MailError::Refused(_)) => Some(ActionEnd::Refused { why: error.to_string() }),
            Err(error @ MailError::Unreachable(_)) => {
                tracing::warn!(%error, "a copy of a bill could not be sent yet");
                None
            }
        }
    }

    /// A page that billing hosts for a customer; none where it has none, or cannot be reached.
    pub async fn page(&self, customer: &CustomerId, purpose: Purpose) -> Option<String> {
        match self.billing.portal(customer, purpose).await {
            Ok(link) => link.map(|it| it.url),
            Err(error) => {
                tracing::warn!(%error, "billing has no page to lead to");
                None
            }
        }
    }
}

fn sent(reference: String, on: Date) -> ActionEnd {
    ActionEnd::Done { reference, on: on.to_string() }
}

fn letter_text(
    business: &file::BusinessFile,
    account: &Account,
    bill: &crate::billing::Invoice,
    month: &str,
    today: Date,
) -> String {
    let owed = match bill.owed().minor {
        0 => "It is paid.".to_owned(),
        _ => format!("You still owe {}, due on {}.", bill.owed().text(), format::date(bill.due, today)),
    };
    format!(
        "Hello {},\n\nhere is a copy of your {month} bill, {}, for {}. {owed}\n\nYou asked for it in our chat. If it \
         wasn't you, tell us: {} or {}.\n\n{}\n",
        account.person.first_name,
        bill.number,
        bill.total.text(),
        business.email,
        business.phone,
        business.name
    )
}

/// A bill's number as a file's name.
fn file_name(number: &str) -> String {
    number.chars().map(|it| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' }).collect()
}

/// The key for a deed: what it is about where doing it twice would be wrong, else the offer that is said yes to.
pub fn key_for(
    action: Action,
    deed: &Deed,
    customer: &CustomerId,
    conversation: &ConversationId,
    offered: Seq,
) -> String {
    match deed.about() {
        Some(bill) => format!("{}:{customer}:{bill}", action.as_str()),
        None => format!("{}:{conversation}:{offered}", action.as_str()),
    }
}

/// A deed as the text by which two are compared.
pub fn deed_text(deed: &Deed) -> String {
    json(deed)
}

fn ran(record: &ActionRecord, is_ours: bool) -> Ran {
    let words: Option<Words> = serde_json::from_str(&record.new.words).ok();
    match (record.status, words) {
        (ActionStatus::Done, Some(words)) if is_ours => {
            let receipt = Receipt { reference: record.reference.clone(), ..words.receipt };
            Ran::Done { receipt, then: words.then, survey: words.survey }
        }
        (ActionStatus::Done, _) => Ran::DoneBefore { on: record.done_on.as_ref().and_then(|it| it.parse().ok()) },
        (ActionStatus::Refused, words) => Ran::Refused { text: words.map(|it| it.refused).unwrap_or_default() },
        (ActionStatus::Begun, _) => Ran::Unknown { key: record.new.key.clone(), deed: record.new.deed.clone() },
    }
}

fn past_of(record: &ActionRecord) -> Option<Past> {
    let deed = serde_json::from_str(&record.new.deed).ok()?;
    let on = record.done_on.as_ref()?.parse().ok()?;
    Some(Past { action: record.new.action.clone(), deed, on })
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts, numbers and dates always serialize")
}

fn lock(rows: &Mutex<Vec<ActionRecord>>) -> std::sync::MutexGuard<'_, Vec<ActionRecord>> {
    rows.lock().unwrap_or_else(PoisonError::into_inner)
}

fn begin_in(rows: &mut Vec<ActionRecord>, new: NewAction, at_ms: i64) -> ActionRecord {
    rows.retain(|it| it.new.key != new.key || it.status != ActionStatus::Refused);
    if let Some(known) = rows.iter().find(|it| it.new.key == new.key) {
        return known.clone();
    }
    let record = ActionRecord {
        new,
        status: ActionStatus::Begun,
        reference: None,
        done_on: None,
        why: None,
        begun_at_ms: at_ms,
        ended_at_ms: None,
    };
    rows.push(record.clone());
    record
}

fn end_in(rows: &mut [ActionRecord], key: &str, end: ActionEnd, at_ms: i64) -> Option<ActionRecord> {
    let row = rows.iter_mut().find(|it| it.new.key == key)?;
    row.ended_at_ms = Some(at_ms);
    match end {
        ActionEnd::Done { reference, on } => {
            row.status = ActionStatus::Done;
            row.reference = Some(reference);
            row.done_on = Some(on);
        }
        ActionEnd::Refused { why } => {
            row.status = ActionStatus::Refused;
            row.why = Some(why);
        }
    }
    Some(row.clone())
}
