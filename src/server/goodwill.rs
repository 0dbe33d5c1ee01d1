//! What staff give a customer: a late fee comes off, or something comes back, within what each of them may give.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde_json::json;

use crate::actions::{Order, Paper, Ran, Words};
use crate::answers::facts::DeedFacts;
use crate::answers::{About, Speaker, TemplateError};
use crate::app::App;
use crate::billing::{Account, Act, Money};
use crate::content::Content;
use crate::content::file::Then;
use crate::conversation::format::{self, Style};
use crate::conversation::normal::is_blank;
use crate::conversation::{ConversationId, CustomerId, NewEvent, Receipt, Sender, What, masking};
use crate::rules::policy::{Deed, Given, Purse};
use crate::server::Site;
use crate::server::error::Problem;
use crate::server::extract::{InJson, InPath};
use crate::server::login::Answers;
use crate::server::protocol::{Code, Goodwill, GoodwillAnswer, GoodwillOffer, LateFeeRow};
use crate::session::staff::has;
use crate::store::{ActionRecord, Append, ConversationRecord, Role, Staff, StoreError};

/// The rule that says what staff may give.
const RULE: &str = "staff_goodwill";
/// The rule that says what counts together.
const DAYS_RULE: &str = "goodwill_days";
/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 128;

/// Why something is not given.
enum No {
    Problem(Problem),
    /// The rules or billing say no, in these words.
    Refused(String),
}

impl<E: Into<Problem>> From<E> for No {
    fn from(problem: E) -> Self {
        No::Problem(problem.into())
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            No::Problem(problem) => problem.into_response(),
            No::Refused(message) => {
                let body = json!({ "code": Code::Refused, "message": message });
                (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
            }
        }
    }
}

/// `GET /api/v1/conversations/{id}/goodwill`.
pub async fn offer(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
) -> Result<Json<GoodwillOffer>, Response> {
    let desk = Desk::open(&site.app, &answers.0, ConversationId::new(id)).await.map_err(No::into_response)?;
    let purse = desk.purse(&desk.staff, "").await.map_err(No::into_response)?;
    let late_fees = desk.account.late_fees.iter().filter(|it| !it.taken_off);
    let label = |it: &crate::billing::LateFee| {
        let bill = desk.account.find_invoice_numbered(&it.invoice).map(|it| desk.style.month(it.issued));
        let bill = bill.unwrap_or_else(|| it.invoice.clone());
        format!("Late fee of {} on the {bill} bill", it.amount.text_in(desk.style.locale))
    };
    Ok(Json(GoodwillOffer {
        limit: purse.limit.text_in(desk.style.locale),
        left: purse.left.text_in(desk.style.locale),
        late_fees: late_fees.map(|it| LateFeeRow { invoice: it.invoice.clone(), label: label(it) }).collect(),
        clause: purse.clause,
    }))
}

/// `POST /api/v1/conversations/{id}/goodwill`.
pub async fn give(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
    InJson(goodwill): InJson<Goodwill>,
) -> Result<Json<GoodwillAnswer>, Response> {
    let desk = Desk::open(&site.app, &answers.0, ConversationId::new(id)).await.map_err(No::into_response)?;
    desk.give(&goodwill).await.map(Json).map_err(No::into_response)
}

/// A staff member with a customer before them.
struct Desk<'a> {
    app: &'a App,
    staff: Staff,
    record: ConversationRecord,
    customer: CustomerId,
    account: Account,
    content: std::sync::Arc<Content>,
    today: Date,
    /// How the business writes numbers and dates.
    style: Style,
}

impl<'a> Desk<'a> {
    /// Nobody gives anything but whoever has the conversation, and to nobody but a customer whom we know.
    async fn open(app: &'a App, staff: &Staff, id: ConversationId) -> Result<Self, No> {
        let record = app.store.conversation(&id).await?;
        if !has(&record, staff) {
            return Err(No::Problem(Problem::new(Code::Conflict)));
        }
        let Some(customer) = record.customer.clone() else {
            return Err(No::Refused("Nobody has checked who this is yet, so nothing can be given.".to_owned()));
        };
        let account = app.billing.account(&customer).await.map_err(|error| {
            tracing::warn!(%error, "an account could not be read");
            No::Refused("We can't see this account right now. Please try again in a moment.".to_owned())
        })?;
        let content = app.contents.current();
        let today = app.clock.now().to_zoned(content.hours.time_zone.clone()).date();
        let style = Speaker::new(&content, None, &[], false, today, "").style();
        Ok(Self { app, staff: staff.clone(), record, customer, account, content, today, style })
    }

    /// What is left for somebody of staff to give to this customer; what stands under `key` is not counted.
    async fn purse(&self, staff: &Staff, key: &str) -> Result<Purse, No> {
        let Some(rule) = self.content.clause_for(&staff.login, RULE, self.today) else {
            return Err(No::Refused(format!("There is no rule `{RULE}`, so nobody may give anything yet.")));
        };
        let (ours, theirs) = (&self.content.business.currency, self.account.currency);
        if ours != theirs.code() {
            return Err(No::Refused(format!(
                "The limit is in {ours}, and this account is in {theirs}. Please give it in billing's own program."
            )));
        }
        let days = self.content.policy(self.today).get(DAYS_RULE).copied();
        let gave = self.app.actions.given_by(&staff.id, &self.customer, key).await?;
        Ok(Purse::new(&rule, days, &gave, self.today, self.account.currency))
    }

    async fn give(&self, goodwill: &Goodwill) -> Result<GoodwillAnswer, No> {
        let reason = self.reason(goodwill)?;
        let given = self.given(goodwill)?;
        let _alone = self.app.actions.alone(&self.customer).await;
        let key = self.key(&given, &goodwill.key);
        let stands = self.app.actions.stands(&key).await?;
        let mine =
            |it: &Order| it.conversation == self.record.id && it.by.as_ref().is_some_and(|by| by.0 == self.staff.id);
        // What was begun under this key goes on as it was: the rules have allowed it.
        if let Some(order) = stands.filter(mine) {
            return if goodwill.sure { self.run(order).await } else { Ok(asks(&order)) };
        }
        let (act, amount) = given.act(&self.account, &reason).ok_or_else(|| match given {
            Given::LateFee(_) => No::Refused("There is no late fee on that bill any more.".to_owned()),
            Given::Credit(_) => No::Refused("Please type an amount above zero.".to_owned()),
        })?;
        let purse = self.purse(&self.staff, &key).await?;
        if !purse.covers(amount) {
            return Err(No::Refused(self.too_much(&purse, amount, &key).await?));
        }
        let words = self.words(&act, amount, &reason).map_err(|error| {
            tracing::error!(%error, "the words for something that staff give could not be made");
            No::Problem(Problem::new(Code::Unavailable))
        })?;
        let order = Order {
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
        };
        if goodwill.sure { self.run(order).await } else { Ok(asks(&order)) }
    }

    fn reason(&self, goodwill: &Goodwill) -> Result<String, No> {
        let limits = &self.app.config.limits;
        if KEY_BYTES_MAX < goodwill.key.len() || limits.reason_chars_max < goodwill.reason.chars().count() {
            return Err(No::Problem(Problem::new(Code::TooLarge)));
        }
        // A full stop comes with the sentence.
        let reason = masking::mask(goodwill.reason.trim()).text;
        let reason = reason.trim_end_matches('.').trim_end();
        match is_blank(reason) {
            true => Err(No::Refused("Please say why: the customer reads it.".to_owned())),
            false => Ok(reason.to_owned()),
        }
    }

    fn given(&self, goodwill: &Goodwill) -> Result<Given, No> {
        if let Some(invoice) = &goodwill.late_fee {
            return Ok(Given::LateFee(invoice.clone()));
        }
        let currency = self.account.currency;
        let typed = goodwill.amount.as_deref().unwrap_or_default();
        let example = Money::new(10_i64.pow(currency.decimals()) * 5, currency).text_in(self.style.locale);
        match format::read_money_in(typed, currency.code(), self.style.locale) {
            Some(minor) => Ok(Given::Credit(Money::new(minor, currency))),
            None => Err(No::Refused(format!("Please type an amount like {example}."))),
        }
    }

    /// A late fee comes off once, whoever takes it off; each credit stands for itself.
    fn key(&self, given: &Given, key: &str) -> String {
        match given {
            Given::LateFee(invoice) => format!("take_off_late_fee:{}:{invoice}", self.customer),
            Given::Credit(_) => format!("give_credit:{}:{}:{key}", self.record.id, self.staff.id),
        }
    }

    fn words(&self, act: &Act, amount: Money, reason: &str) -> Result<Words, TemplateError> {
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
        Ok(Words {
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
    async fn too_much(&self, purse: &Purse, amount: Money, key: &str) -> Result<String, No> {
        let mut others = Vec::new();
        for other in self.app.store.all_staff().await? {
            let may_give = other.id != self.staff.id && other.role != Role::Reads;
            if may_give && self.purse(&other, key).await?.covers(amount) {
                others.push(other.name);
            }
        }
        let text = |it: Money| it.text_in(self.style.locale);
        let who = match others.is_empty() {
            true => "Nobody else may either. Whoever looks after the rules can raise it.".to_owned(),
            false => format!("{} may give it.", format::list(&others)),
        };
        let days = self.content.policy(self.today).get(DAYS_RULE).copied();
        let days = days.map(|it| format!(" in {}", format::plural(it, "day", "days"))).unwrap_or_default();
        let left = match purse.left == purse.limit {
            true => String::new(),
            false => format!(" {} of it is left.", text(purse.left)),
        };
        Ok(format!(
            "{} is too much for you: you may give one customer {}{days}.{left} The rule is {}. {who}",
            text(amount),
            text(purse.limit),
            purse.clause
        ))
    }

    /// Has it done, and puts the receipt into the conversation.
    async fn run(&self, order: Order) -> Result<GoodwillAnswer, No> {
        let at_ms = self.app.clock.now_ms();
        let paper = Paper { content: &self.content, account: Some(&self.account), style: self.style };
        let answer = |state: &str| GoodwillAnswer { state: state.to_owned(), ..asks(&order) };
        match self.app.actions.run(&order, at_ms, &paper).await? {
            Ran::Done { key, receipt, staff, .. } => {
                let event = NewEvent { from: Sender::Staff, name: staff, what: What::Receipt(receipt) };
                let append =
                    Append { events: vec![event], tells: vec![key], ..Append::new(order.conversation.clone(), at_ms) };
                match self.app.store.append(append).await {
                    // The receipt is there already.
                    Ok(_) | Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
                tracing::info!(staff = %self.staff.id, action = order.action, "something was given to a customer");
                Ok(answer("done"))
            }
            Ran::DoneBefore { on } => {
                let on = on.map(|it| format!(" on {}", self.style.day(it))).unwrap_or_default();
                Err(No::Refused(format!("That was done already{on}, so there is nothing more to do.")))
            }
            Ran::Refused { key, .. } => {
                let stands = self.app.store.action(&key).await?;
                let is_mine = |it: &ActionRecord| {
                    it.new.conversation == self.record.id && it.new.by.as_ref().is_some_and(|by| by.0 == self.staff.id)
                };
                // What somebody else began is told to whom they began it for.
                if stands.as_ref().is_some_and(is_mine) {
                    self.app.store.told(&key).await?;
                }
                let why = stands.and_then(|it| it.why).unwrap_or_default();
                Err(No::Refused(format!("Nothing has changed: {why}.")))
            }
            Ran::Unknown { .. } => Ok(answer("waiting")),
        }
    }
}

fn asks(order: &Order) -> GoodwillAnswer {
    GoodwillAnswer { state: "asks".to_owned(), text: order.words.receipt.text.clone(), clause: order.clause.clone() }
}
