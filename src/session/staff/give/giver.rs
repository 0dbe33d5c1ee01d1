//! A staff member with a customer before them: what they may give, by which rule, and how it is done.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Gave, GaveState, Give, Receipted};
use crate::actions::{Order, Paper, Ran, ReceiptWords};
use crate::answers::facts::DeedFacts;
use crate::answers::{About, Speaker, TemplateError};
use crate::billing::{Account, Act, LateFee, Money};
use crate::content::Content;
use crate::content::file::Then;
use crate::conversation::format::{self, Style};
use crate::conversation::normal::is_blank;
use crate::conversation::{ConversationId, CustomerId, NewEvent, Receipt, Sender, What, masking};
use crate::parts::Parts;
use crate::rules::policy::{Deed, Given, Purse};
use crate::session::SessionError;
use crate::session::staff::{StaffError, has};
use crate::store::{ActionRecord, ConversationRecord, Role, Staff};

/// The rule that says what staff may give.
const RULE: &str = "staff_goodwill";
/// The rule that says what counts together.
const DAYS_RULE: &str = "goodwill_days";
/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 128;

/// What a staff member may give the customer of a conversation that they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The most that this staff member may give, as a finished text.
    pub limit: String,
    /// What is left of that for this customer, as a finished text.
    pub left: String,
    /// The rule that says so.
    pub clause: String,
    /// Late fees that could come off.
    pub late_fees: Vec<LateFeeOffer>,
}

/// A late fee that could come off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateFeeOffer {
    /// The bill's number.
    pub invoice: String,
    /// Which it is: "Late fee of £5.00 on the June bill".
    pub label: String,
}

/// What somebody of staff may give in this conversation. Nothing is changed.
pub async fn offer(parts: &Parts, staff: &Staff, id: ConversationId) -> Result<Offer, StaffError> {
    let giver = Giver::open(parts, staff, id).await?;
    let purse = giver.purse(staff, "").await?;
    let late_fees = giver.account.late_fees.iter().filter(|it| !it.taken_off);
    Ok(Offer {
        limit: giver.text(purse.limit),
        left: giver.text(purse.left),
        late_fees: late_fees.map(|it| giver.late_fee(it)).collect(),
        clause: purse.clause,
    })
}

/// A staff member with a customer before them.
pub(super) struct Giver<'a> {
    parts: &'a Parts,
    staff: &'a Staff,
    record: ConversationRecord,
    customer: CustomerId,
    account: Account,
    content: Arc<Content>,
    today: Date,
    /// How the business writes numbers and dates.
    style: Style,
}

impl<'a> Giver<'a> {
    /// Nobody gives anything but whoever has the conversation, and to nobody but a customer whom we know.
    pub(super) async fn open(parts: &'a Parts, staff: &'a Staff, id: ConversationId) -> Result<Self, StaffError> {
        let record = parts.store.conversation(&id).await?;
        if !has(&record, staff) {
            return Err(StaffError::Conflict);
        }
        let Some(customer) = record.customer.clone() else {
            return Err(refused("Nobody has checked who this is yet, so nothing can be given."));
        };
        let account = parts.billing.account(&customer).await.map_err(|error| {
            tracing::warn!(%error, "an account could not be read");
            refused("We can't see this account right now. Please try again in a moment.")
        })?;
        let content = parts.contents.current();
        let today = parts.clock.now().to_zoned(content.hours.time_zone.clone()).date();
        let style = Speaker::new(&content, None, &[], false, today, "").style();
        Ok(Self { parts, staff, record, customer, account, content, today, style })
    }

    fn text(&self, amount: Money) -> String {
        amount.text_in(self.style.locale)
    }

    fn late_fee(&self, fee: &LateFee) -> LateFeeOffer {
        let bill = self.account.find_invoice_numbered(&fee.invoice).map(|it| self.style.month(it.issued));
        let bill = bill.unwrap_or_else(|| fee.invoice.clone());
        let label = format!("Late fee of {} on the {bill} bill", self.text(fee.amount));
        LateFeeOffer { invoice: fee.invoice.clone(), label }
    }

    /// What is left for somebody of staff to give to this customer; what stands under `key` is not counted.
    async fn purse(&self, staff: &Staff, key: &str) -> Result<Purse, StaffError> {
        let Some(rule) = self.content.clause_for(&staff.login, RULE, self.today) else {
            return Err(refused(format!("There is no rule `{RULE}`, so nobody may give anything yet.")));
        };
        let (ours, theirs) = (&self.content.business.currency, self.account.currency);
        if ours != theirs.code() {
            return Err(refused(format!(
                "The limit is in {ours}, and this account is in {theirs}. Please give it in billing's own program."
            )));
        }
        let days = self.content.policy(self.today).get(DAYS_RULE).copied();
        let gave = self.parts.actions.given_by(&staff.id, &self.customer, key).await?;
        Ok(Purse::new(&rule, days, &gave, self.today, self.account.currency))
    }

    /// Gives it, or says what would be given.
    pub(super) async fn give(&self, give: &Give) -> Result<(Gave, Option<Receipted>), StaffError> {
        let reason = self.reason(give)?;
        let given = self.given(give)?;
        let _alone = self.parts.actions.alone(&self.customer).await;
        let order = self.order(given, reason, &give.key).await?;
        if give.sure { self.run(order).await } else { Ok((gave(GaveState::Asks, &order), None)) }
    }

    /// What is to be done: what was begun under this key goes on as it was, for the rules have allowed it.
    async fn order(&self, given: Given, reason: String, key: &str) -> Result<Order, StaffError> {
        let key = self.key(&given, key);
        let by = |it: &Order| it.by.as_ref().is_some_and(|by| by.0 == self.staff.id);
        let stands = self.parts.actions.stands(&key).await?;
        if let Some(order) = stands.filter(|it| it.conversation == self.record.id && by(it)) {
            return Ok(order);
        }
        let (act, amount) = given.act(&self.account, &reason).ok_or_else(|| match given {
            Given::LateFee(_) => refused("There is no late fee on that bill any more."),
            Given::Credit(_) => refused("Please type an amount above zero."),
        })?;
        let purse = self.purse(self.staff, &key).await?;
        if !purse.covers(amount) {
            return Err(refused(self.too_much(&purse, amount, &key).await?));
        }
        let words = self.words(&act, amount, &reason).map_err(|error| {
            tracing::error!(%error, "the words for something that staff give could not be made");
            StaffError::Unsayable
        })?;
        Ok(Order {
            key,
            action: act.name(),
            customer: self.customer.clone(),
            conversation: self.record.id.clone(),
            seq: 0,
            clause: purse.clause,
            deed: Deed::Act { act },
            words,
            by: Some((self.staff.id.clone(), reason)),
            notice: None,
        })
    }

    fn reason(&self, give: &Give) -> Result<String, StaffError> {
        let limits = &self.parts.config.limits;
        if KEY_BYTES_MAX < give.key.len() || limits.reason_chars_max < give.reason.chars().count() {
            return Err(SessionError::TooLong.into());
        }
        reason_of(&give.reason).ok_or_else(|| refused("Please say why: the customer reads it."))
    }

    fn given(&self, give: &Give) -> Result<Given, StaffError> {
        if let Some(invoice) = &give.late_fee {
            return Ok(Given::LateFee(invoice.clone()));
        }
        let currency = self.account.currency;
        let typed = give.amount.as_deref().unwrap_or_default();
        let example = self.text(Money::new(10_i64.pow(currency.decimals()) * 5, currency));
        match format::read_money_in(typed, currency.code(), self.style.locale) {
            Some(minor) => Ok(Given::Credit(Money::new(minor, currency))),
            None => Err(refused(format!("Please type an amount like {example}."))),
        }
    }

    /// A late fee comes off once, whoever takes it off; each credit stands for itself.
    fn key(&self, given: &Given, key: &str) -> String {
        match given {
            Given::LateFee(invoice) => format!("take_off_late_fee:{}:{invoice}", self.customer),
            Given::Credit(_) => format!("give_credit:{}:{}:{key}", self.record.id, self.staff.id),
        }
    }

    fn words(&self, act: &Act, amount: Money, reason: &str) -> Result<ReceiptWords, TemplateError> {
        let speaker = Speaker::new(&self.content, Some(&self.account), &[], true, self.today, "")
            .in_locale(self.record.locale.as_deref());
        let month = match act {
            Act::TakeOffLateFee { invoice, .. } => {
                self.account.find_invoice_numbered(invoice).map(|it| speaker.style().month(it.issued))
            }
            _ => None,
        };
        let facts = DeedFacts {
            amount: Some(amount.minor),
            month,
            reason: Some(reason.to_owned()),
            on: Some(self.today.to_string()),
            ..DeedFacts::default()
        };
        let about = About { staff: Some(&self.staff.name), deed: Some(&facts), ..About::default() };
        let sentences = &self.content.sentences;
        let done = match act {
            Act::TakeOffLateFee { .. } => &sentences.goodwill_fee,
            _ => &sentences.goodwill_credit,
        };
        Ok(ReceiptWords {
            receipt: Receipt {
                action: act.name().to_owned(),
                text: speaker.sentence(done, about)?,
                undo: Some(speaker.sentence(&sentences.goodwill_undo, about)?),
                ..Receipt::default()
            },
            refused: speaker.sentence(&sentences.goodwill_failed, about)?,
            then: Then::Wait,
            survey: false,
            staff: Some(self.staff.name.clone()),
        })
    }

    /// Says no, by which rule, and who may.
    async fn too_much(&self, purse: &Purse, amount: Money, key: &str) -> Result<String, StaffError> {
        let mut others = Vec::new();
        for other in self.parts.store.all_staff().await? {
            let may_give = other.id != self.staff.id && other.role != Role::Reads;
            if may_give && self.purse(&other, key).await?.covers(amount) {
                others.push(other.name);
            }
        }
        let who = match others.is_empty() {
            true => "Nobody else may either. Whoever looks after the rules can raise it.".to_owned(),
            false => format!("{} may give it.", format::list(&others)),
        };
        let days = self.content.policy(self.today).get(DAYS_RULE).copied();
        let days = days.map(|it| format!(" in {}", format::plural(it, "day", "days"))).unwrap_or_default();
        let left = match purse.left == purse.limit {
            true => String::new(),
            false => format!(" {} of it is left.", self.text(purse.left)),
        };
        Ok(format!(
            "{} is too much for you: you may give one customer {}{days}.{left} The rule is {}. {who}",
            self.text(amount),
            self.text(purse.limit),
            purse.clause
        ))
    }

    /// Has it done, and makes the receipt.
    async fn run(&self, order: Order) -> Result<(Gave, Option<Receipted>), StaffError> {
        let at_ms = self.parts.clock.now_ms();
        let paper = Paper { content: &self.content, account: Some(&self.account), style: self.style };
        match self.parts.actions.run(&order, at_ms, &paper).await? {
            Ran::Done { key, receipt, staff, .. } => {
                tracing::info!(staff = %self.staff.id, action = order.action, "something was given to a customer");
                let event = NewEvent { from: Sender::Staff, name: staff, what: What::Receipt(receipt) };
                Ok((gave(GaveState::Done, &order), Some(Receipted { event, tells: key, at_ms })))
            }
            Ran::DoneBefore { on } => {
                let on = on.map(|it| format!(" on {}", self.style.day(it))).unwrap_or_default();
                Err(refused(format!("That was done already{on}, so there is nothing more to do.")))
            }
            Ran::Refused { key, .. } => Err(refused(format!("Nothing has changed: {}.", self.why_not(&key).await?))),
            Ran::Unknown { .. } => Ok((gave(GaveState::Waiting, &order), None)),
        }
    }

    /// Why billing has refused. What somebody else began is told to whom they began it for.
    async fn why_not(&self, key: &str) -> Result<String, StaffError> {
        let stands = self.parts.store.action(key).await?;
        let is_mine = |it: &ActionRecord| {
            it.new.conversation == self.record.id && it.new.by.as_ref().is_some_and(|by| by.0 == self.staff.id)
        };
        if stands.as_ref().is_some_and(is_mine) {
            self.parts.store.told(key).await?;
        }
        Ok(stands.and_then(|it| it.why).unwrap_or_default())
    }
}

fn gave(state: GaveState, order: &Order) -> Gave {
    Gave { state, text: order.words.receipt.text.clone(), clause: order.clause.clone() }
}

fn refused(words: impl Into<String>) -> StaffError {
    StaffError::Refused(words.into())
}

/// A reason as it may be kept and read. A full stop comes with the sentence.
fn reason_of(typed: &str) -> Option<String> {
    let reason = masking::mask(typed.trim()).text;
    let reason = reason.trim_end_matches('.').trim_end();
    (!is_blank(reason)).then(|| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_within_a_sentence_and_has_no_secrets() {
        assert_eq!(reason_of(" Your line was down. ").as_deref(), Some("Your line was down"));
        assert_eq!(reason_of(" ... "), None);
        assert_eq!(reason_of(""), None);
        let masked = reason_of("card 4242 4242 4242 4242").expect("it says something");
        assert!(!masked.contains("4242 4242"), "{masked}");
    }
}
