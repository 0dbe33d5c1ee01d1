//! The demo shop's own back end: who is signed in, what they owe, and a token for the chat.
//!
//! A real business has its own in place of this; only the token is what plainbill needs.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::answers::Speaker;
use crate::billing::demo;
use crate::content::file::CardKind;
use crate::conversation::CustomerId;
use crate::server::error::Problem;
use crate::server::protocol::Code;
use crate::server::{Site, cookie, origin_allowed, wire};

/// The demo's cookie: the id of the customer who is "signed in".
const COOKIE: &str = "plainbill_demo";

/// Who is signed in: the cookie's customer, or the first.
fn current(headers: &HeaderMap) -> &'static str {
    let customers = demo::customers();
    let wanted = cookie(headers, COOKIE);
    let found = customers.iter().find(|it| Some(it.id) == wanted).or(customers.first());
    found.map_or("", |it| it.id)
}

/// `GET /demo/customers`.
pub async fn customers(headers: HeaderMap) -> Json<serde_json::Value> {
    let customers: Vec<_> =
        demo::customers().iter().map(|it| json!({ "id": it.id, "name": it.name, "about": it.shows })).collect();
    Json(json!({ "customers": customers, "current": current(&headers) }))
}

/// Who to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    customer: String,
}

/// `POST /demo/sign-in`.
pub async fn sign_in(
    State(site): State<Site>,
    headers: HeaderMap,
    Json(sign_in): Json<SignIn>,
) -> Result<Response, Problem> {
    if !origin_allowed(&site.app, &headers) {
        return Err(Problem::new(Code::Forbidden));
    }
    let customers = demo::customers();
    let customer = customers.iter().find(|it| it.id == sign_in.customer).ok_or(Problem::new(Code::NotFound))?;
    let text = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000", customer.id);
    let mut response = Json(json!({ "current": customer.id })).into_response();
    let cookie = HeaderValue::from_str(&text).expect("ids of demo customers are plain ASCII");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /demo/account`: what the shop's page shows.
pub async fn account(State(site): State<Site>, headers: HeaderMap) -> Result<Json<serde_json::Value>, Problem> {
    let id = CustomerId::new(current(&headers));
    let account = site.app.billing.account(&id).await.map_err(|_| Problem::new(Code::NotFound))?;
    let content = site.app.contents.current();
    let today = site.app.clock.now().to_zoned(content.hours.time_zone.clone()).date();
    let speaker = Speaker::new(&content, Some(&account), &[], true, today, "");
    let card = speaker.card(CardKind::Invoices);
    Ok(Json(json!({
        "name": account.person.name,
        "plan": account.plan.name,
        "balance": account.balance().text(),
        "card": card.as_ref().map(wire::card),
    })))
}

/// `GET /demo/token`: vouches for the customer, as the shop's back end would.
pub async fn token(State(site): State<Site>, headers: HeaderMap) -> Result<Json<serde_json::Value>, Problem> {
    let id = CustomerId::new(current(&headers));
    let now = site.app.clock.now().as_second();
    let token = site.app.identity.token(&id, now).map_err(|_| Problem::new(Code::BadIdentity))?;
    Ok(Json(json!({ "token": token })))
}
