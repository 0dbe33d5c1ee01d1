//! What staff do: lists, one conversation, taking, answering, giving back, closing, and the causes of questions.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::answers::Speaker;
use crate::app::App;
use crate::content::file::CardKind;
use crate::conversation::normal::is_blank;
use crate::conversation::{Card, ConversationId, Guess, Owner, Seq, format};
use crate::feedback;
use crate::handoff;
use crate::jobs;
use crate::server::Site;
use crate::server::error::Problem;
use crate::server::extract::{InJson, InPath, InQuery};
use crate::server::login::{self, Answers, Manages, Reads};
use crate::server::protocol::{self, CauseRow, Code, ConversationDetail, ConversationRow, QuestionRow, WireEvent};
use crate::server::wire;
use crate::session::Command;
use crate::session::staff::{Close, Flag, HandBack, Reply, StaffError, Take};
use crate::store::{Cause, ConversationRecord, List, Logged, Question, QuestionFilter, Staff, StoreError, Why};

/// Questions shown under one cause.
const QUESTIONS_MAX: u32 = 50;
/// The longest name of a cause.
const CAUSE_NAME_CHARS_MAX: usize = 200;

/// Which list.
#[derive(Deserialize)]
pub struct Which {
    list: String,
}

/// `GET /api/v1/conversations?list=…`.
pub async fn list(
    State(site): State<Site>,
    reads: Reads,
    InQuery(which): InQuery<Which>,
) -> Result<Json<serde_json::Value>, Problem> {
    let list = match which.list.as_str() {
        "waiting" => List::Waiting,
        "mine" => List::Mine(reads.0.id.clone()),
        "bot" => List::Bot,
        "closed" => List::Closed,
        _ => return Err(Problem::new(Code::NotFound)),
    };
    let records = site.app.store.list(list.clone(), site.app.config.limits.rows_max).await?;
    let total = site.app.store.count(&list).await?.max(u64::try_from(records.len()).unwrap_or(0));
    let names = staff_names(&site.app).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in &records {
        rows.push(row(&site.app, record, &names).await);
    }
    Ok(Json(json!({ "conversations": rows, "total": total })))
}

/// `GET /api/v1/conversations/{id}`.
pub async fn detail(
    State(site): State<Site>,
    _reads: Reads,
    InPath(id): InPath,
) -> Result<Json<ConversationDetail>, Problem> {
    let app = &site.app;
    let id = ConversationId::new(id);
    let record = app.store.conversation(&id).await?;
    let logged = all_events(app, &id).await?;
    let flagged = flagged(&logged, &app.store.flagged(&id).await?);
    let events = for_staff(app, &id, &logged).await?;
    let (account, invoice) = cards(app, &record).await;
    let names = staff_names(app).await?;
    let verified_until = match &record.customer {
        Some(_) => Some(app.store.verified_until_ms(&id).await?),
        None => None,
    };
    Ok(Json(ConversationDetail {
        row: row(app, &record, &names).await,
        events,
        flagged,
        account: account.as_ref().map(wire::card),
        invoice: invoice.as_ref().map(wire::card),
        verified_until,
    }))
}

async fn all_events(app: &App, id: &ConversationId) -> Result<Vec<Logged>, StoreError> {
    let page = app.config.limits.events_max;
    let mut events: Vec<Logged> = Vec::new();
    loop {
        let after = events.last().map_or(0, |it| it.event.seq);
        let more = app.store.events(id, after, page).await?;
        let n = more.len();
        events.extend(more);
        if n < page as usize {
            return Ok(events);
        }
    }
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

/// Some of a conversation's events as staff see them, with what the bot understood.
pub async fn for_staff(app: &App, id: &ConversationId, events: &[Logged]) -> Result<Vec<WireEvent>, StoreError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(Vec::new()) };
    let understood = app.store.understood(id, first.event.seq, last.event.seq).await?;
    let understood: HashMap<Seq, Guess> = understood.into_iter().collect();
    let content = app.contents.current();
    Ok(events.iter().map(|it| wire::for_staff(&content, it, understood.get(&it.event.seq))).collect())
}

/// The customer's account in a few rows, and the newest bill as they see it.
async fn cards(app: &App, record: &ConversationRecord) -> (Option<Card>, Option<Card>) {
    let Some(customer) = &record.customer else { return (None, None) };
    let account = match app.billing.account(customer).await {
        Ok(account) => account,
        Err(error) => {
            tracing::warn!(%error, "an account could not be read");
            return (None, None);
        }
    };
    let content = app.contents.current();
    let today = app.clock.now().to_zoned(content.hours.time_zone.clone()).date();
    let speaker = Speaker::new(&content, Some(&account), &[], true, today, "");
    (Some(crate::answers::cards::account(&account, today)), speaker.card(CardKind::Invoice))
}

/// `POST /api/v1/conversations/{id}/take`.
pub async fn take(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
) -> Result<Json<serde_json::Value>, Problem> {
    let (id, take) = (ConversationId::new(id), Take { staff: answers.0 });
    site.app.sessions.ask(&id, |answer| Command::Take(take, answer)).await?;
    changed(&site.app, &id).await
}

/// `POST /api/v1/conversations/{id}/hand-back`.
pub async fn hand_back(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
) -> Result<Json<serde_json::Value>, Problem> {
    let (id, hand_back) = (ConversationId::new(id), HandBack { staff: answers.0 });
    site.app.sessions.ask(&id, |answer| Command::HandBack(hand_back, answer)).await?;
    changed(&site.app, &id).await
}

/// `POST /api/v1/conversations/{id}/close`.
pub async fn close(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
) -> Result<Json<serde_json::Value>, Problem> {
    let (id, close) = (ConversationId::new(id), Close { staff: answers.0 });
    site.app.sessions.ask(&id, |answer| Command::Close(close, answer)).await?;
    changed(&site.app, &id).await
}

/// The row of a conversation that has just been changed.
async fn changed(app: &App, id: &ConversationId) -> Result<Json<serde_json::Value>, Problem> {
    let record = app.store.conversation(id).await?;
    let names = staff_names(app).await?;
    Ok(Json(json!({ "row": row(app, &record, &names).await })))
}

/// `POST /api/v1/conversations/{id}/reply`.
pub async fn reply(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
    InJson(protocol::Reply { key, text, after }): InJson<protocol::Reply>,
) -> Result<Response, Problem> {
    let (id, reply) = (ConversationId::new(id), Reply { staff: answers.0, key, text, after });
    match site.app.sessions.ask(&id, |answer| Command::Reply(reply, answer)).await {
        Ok(kept) => Ok(Json(json!({ "seq": kept.seq, "at": kept.at_ms })).into_response()),
        Err(StaffError::Conflict) => missed(&site.app, &id, after).await,
        Err(error) => Err(error.into()),
    }
}

/// What somebody has not read yet who wanted to answer.
async fn missed(app: &App, id: &ConversationId, after: Seq) -> Result<Response, Problem> {
    let missed = app.store.events(id, after, app.config.limits.events_max).await?;
    let events = for_staff(app, id, &missed).await?;
    let problem = Problem::new(Code::Conflict);
    let body = json!({ "code": problem.code, "message": problem.message(), "events": events });
    Ok((StatusCode::CONFLICT, Json(body)).into_response())
}

/// What was wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    seq: Seq,
}

/// `POST /api/v1/conversations/{id}/flag`: the bot was wrong there.
pub async fn flag(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
    InJson(wrong): InJson<Wrong>,
) -> Result<StatusCode, Problem> {
    let (id, flag) = (ConversationId::new(id), Flag { staff: answers.0, seq: wrong.seq });
    site.app.sessions.ask(&id, |answer| Command::Flag(flag, answer)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/causes`.
pub async fn causes(State(site): State<Site>, _reads: Reads) -> Result<Json<serde_json::Value>, Problem> {
    let app = &site.app;
    let mut rows = Vec::new();
    for cause in app.store.causes().await? {
        rows.push(cause_row(app, &cause).await?);
    }
    let filter = QuestionFilter { why: Some(Why::Suggestion), ..QuestionFilter::default() };
    let suggestions = app.store.questions(filter, app.config.limits.rows_max).await?;
    let suggestions: Vec<QuestionRow> = suggestions.iter().map(question_row).collect();
    Ok(Json(json!({ "causes": rows, "suggestions": suggestions })))
}

/// What to change about a cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseChange {
    name: Option<String>,
    status: Option<String>,
}

/// `POST /api/v1/causes/{id}`.
pub async fn change_cause(
    State(site): State<Site>,
    _manages: Manages,
    InPath(id): InPath,
    InJson(change): InJson<CauseChange>,
) -> Result<Json<serde_json::Value>, Problem> {
    let name = change.name.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    if name.as_ref().is_some_and(|it| CAUSE_NAME_CHARS_MAX < it.chars().count()) {
        return Err(Problem::new(Code::TooLarge));
    }
    if name.as_deref().is_some_and(is_blank) {
        return Err(Problem::new(Code::Empty));
    }
    if change.status.as_deref().is_some_and(|it| !matches!(it, "open" | "closed")) {
        return Err(Problem::new(Code::Malformed));
    }
    site.app.store.change_cause(&id, name.as_deref(), change.status.as_deref()).await?;
    let causes = site.app.store.causes().await?;
    let cause = causes.iter().find(|it| it.id == id).ok_or(Problem::new(Code::NotFound))?;
    Ok(Json(json!({ "cause": cause_row(&site.app, cause).await? })))
}

/// `POST /api/v1/content/reload`: takes over changed content now.
pub async fn reload_content(State(site): State<Site>, _manages: Manages) -> Json<serde_json::Value> {
    Json(json!({ "taken_over": jobs::content::reload(&site.app).await }))
}

async fn cause_row(app: &App, cause: &Cause) -> Result<CauseRow, StoreError> {
    let filter = QuestionFilter { cause: Some(cause.id.clone()), ..QuestionFilter::default() };
    let questions = app.store.questions(filter, QUESTIONS_MAX).await?;
    let content = app.contents.current();
    let count = u32::try_from(cause.count).unwrap_or(u32::MAX);
    let minor = i64::from(count).saturating_mul(content.business.cost.per_contact_minor);
    Ok(CauseRow {
        id: cause.id.clone(),
        name: cause.name.clone(),
        count,
        cost: format::money(minor, &content.business.currency),
        status: cause.status.clone(),
        questions: questions.iter().map(question_row).collect(),
    })
}

/// A question as staff see it.
pub fn question_row(question: &Question) -> QuestionRow {
    QuestionRow {
        id: question.id.clone(),
        conversation: question.conversation.to_string(),
        seq: question.seq,
        text: question.text.clone(),
        why: question.why.as_str().to_owned(),
        guesses: wire::guesses(&question.guess),
        before: question.before.clone(),
        outcome: feedback::outcome_in_words(question.owner, question.reason).to_owned(),
        at: question.asked_at_ms,
    }
}

/// Staff by their id.
pub type Names = HashMap<String, Staff>;

/// Everybody of the staff.
pub async fn staff_names(app: &App) -> Result<Names, StoreError> {
    Ok(app.store.all_staff().await?.into_iter().map(|it| (it.id.to_string(), it)).collect())
}

/// A conversation as a row of a list.
pub async fn row(app: &App, record: &ConversationRecord, names: &Names) -> ConversationRow {
    let customer = match &record.customer {
        Some(customer) => Some(app.name_of(customer).await),
        None => None,
    };
    let staff = record.staff.as_ref().and_then(|it| names.get(it.as_str())).map(login::wire);
    ConversationRow {
        id: record.id.to_string(),
        owner: record.owner.as_str().to_owned(),
        customer,
        staff,
        reason: record.reason.map(|it| handoff::reason_in_words(it).to_owned()),
        urgent: record.urgent,
        waiting_since: record.queued_at_ms.filter(|_| record.owner == Owner::Queue),
        last_text: record.last_text.clone(),
        last_at: record.last_at_ms,
        seq: record.last_seq,
        customer_seq: record.customer_seq,
        online: app.customer_is_online(&record.id),
    }
}
