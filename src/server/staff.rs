//! What staff ask for and do: lists, one conversation, taking, answering, giving back, closing, and the causes of
//! questions. Each route reads what came, asks or sends the command, and answers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::console::{causes, conversations};
use crate::conversation::normal::is_blank;
use crate::conversation::{ConversationId, Seq};
use crate::jobs;
use crate::server::error::Problem;
use crate::server::extract::{InJson, InPath, InQuery};
use crate::server::login::{Answers, Manages, Reads};
use crate::server::protocol::{self, CauseRow, Code, ConversationDetail, ConversationRow, QuestionRow};
use crate::server::{Site, wire};
use crate::session::Command;
use crate::session::staff::{Close, Flag, HandBack, Reply, StaffError, Take};
use crate::store::List;

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
    let listed = conversations::list(&site.app, list).await?;
    let rows: Vec<ConversationRow> = listed.rows.iter().map(wire::row_of_list).collect();
    Ok(Json(json!({ "conversations": rows, "total": listed.total })))
}

/// `GET /api/v1/conversations/{id}`.
pub async fn detail(
    State(site): State<Site>,
    _reads: Reads,
    InPath(id): InPath,
) -> Result<Json<ConversationDetail>, Problem> {
    let detail = conversations::detail(&site.app, &ConversationId::new(id)).await?;
    Ok(Json(wire::detail(&site.app.contents.current(), &detail)))
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
    let row = conversations::row(app, id).await?;
    Ok(Json(json!({ "row": wire::row_of_list(&row) })))
}

/// `POST /api/v1/conversations/{id}/reply`.
pub async fn reply(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
    InJson(protocol::ReplyBody { key, text, after }): InJson<protocol::ReplyBody>,
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
    let missed = conversations::missed(app, id, after).await?;
    let events = wire::all_for_staff(&app.contents.current(), &missed);
    let problem = Problem::new(Code::Conflict);
    let body = json!({ "code": problem.code, "message": problem.message(), "events": events });
    Ok((StatusCode::CONFLICT, Json(body)).into_response())
}

/// What was wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongAnswer {
    seq: Seq,
}

/// `POST /api/v1/conversations/{id}/flag`: the bot was wrong there.
pub async fn flag(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
    InJson(wrong): InJson<WrongAnswer>,
) -> Result<StatusCode, Problem> {
    let (id, flag) = (ConversationId::new(id), Flag { staff: answers.0, seq: wrong.seq });
    site.app.sessions.ask(&id, |answer| Command::Flag(flag, answer)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/causes`.
pub async fn causes(State(site): State<Site>, _reads: Reads) -> Result<Json<serde_json::Value>, Problem> {
    let all: Vec<CauseRow> = causes::all(&site.app).await?.iter().map(wire::cause).collect();
    let suggestions: Vec<QuestionRow> = causes::suggestions(&site.app).await?.iter().map(wire::question).collect();
    Ok(Json(json!({ "causes": all, "suggestions": suggestions })))
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
    let caused = causes::change(&site.app, &id, name.as_deref(), change.status.as_deref()).await?;
    Ok(Json(json!({ "cause": wire::cause(&caused) })))
}

/// `POST /api/v1/content/reload`: takes over changed content now.
pub async fn reload_content(State(site): State<Site>, _manages: Manages) -> Json<serde_json::Value> {
    Json(json!({ "taken_over": jobs::content::reload(&site.app).await }))
}
