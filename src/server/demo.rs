//! The demo shop's own back end: who is signed in, what they owe, and a token for the chat.
//!
//! A real business has its own in place of this; only the token is what plainbill needs.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;

use crate::answers::Speaker;
use crate::billing::{Account, ActError, Purpose, demo};
use crate::content::file::CardKind;
use crate::conversation::CustomerId;
use crate::server::error::Problem;
use crate::server::extract::{FromOurPage, InForm, InJson, InPath, InQuery};
use crate::server::pages::escaped;
use crate::server::protocol::Code;
use crate::server::{Site, cookie, wire};

/// What the shop's own pages may do: take their style from us, and send their form to us.
const PORTAL_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The longest key of a page that is looked at.
const KEY_CHARS_MAX: usize = 64;
/// The demo's cookie: the id of the customer who is "signed in".
const COOKIE: &str = "plainbill_demo";

fn today(site: &Site) -> Date {
    let time_zone = site.app.contents.current().hours.time_zone.clone();
    site.app.clock.now().to_zoned(time_zone).date()
}

/// Who is signed in: the cookie's customer, or the first.
fn current(site: &Site, headers: &HeaderMap) -> String {
    let wanted = cookie(headers, COOKIE).filter(|it| demo::account(it, today(site)).is_some());
    let first = || demo::customers().first().map_or("", |it| it.id);
    wanted.unwrap_or_else(first).to_owned()
}

/// `GET /demo/customers`: those who each stand for one thing, and whoever is signed in.
pub async fn customers(State(site): State<Site>, headers: HeaderMap) -> Json<serde_json::Value> {
    let current = current(&site, &headers);
    let mut customers: Vec<_> =
        demo::customers().iter().map(|it| json!({ "id": it.id, "name": it.name, "about": it.shows })).collect();
    if customers.iter().all(|it| it["id"] != current)
        && let Some(account) = demo::account(&current, today(&site))
    {
        customers.insert(0, json!({ "id": current, "name": account.person.name, "about": "One of the crowd." }));
    }
    Json(json!({ "customers": customers, "current": current }))
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
    _page: FromOurPage,
    InJson(sign_in): InJson<SignIn>,
) -> Result<Response, Problem> {
    let known = demo::account(&sign_in.customer, today(&site)).ok_or(Problem::new(Code::NotFound))?;
    let id = known.customer;
    let text = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000");
    let mut response = Json(json!({ "current": id })).into_response();
    let cookie = HeaderValue::from_str(&text).expect("ids of demo customers are plain ASCII");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /demo/account`: what the shop's page shows.
pub async fn account(State(site): State<Site>, headers: HeaderMap) -> Result<Json<serde_json::Value>, Problem> {
    let id = CustomerId::new(current(&site, &headers));
    let account = site.app.billing.account(&id).await.map_err(|_| Problem::new(Code::NotFound))?;
    let content = site.app.contents.current();
    let speaker = Speaker::new(&content, Some(&account), &[], true, today(&site), "");
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
    let id = CustomerId::new(current(&site, &headers));
    let now = site.app.clock.now().as_second();
    let token = site.app.identity.token(&id, now).map_err(|_| Problem::new(Code::BadIdentity))?;
    Ok(Json(json!({ "token": token })))
}

/// Whose page it is.
#[derive(Deserialize)]
pub struct PortalQuery {
    customer: String,
}

/// `GET /demo/portal/{page}`: the stand-in for a page that billing hosts. It has one button and no field: a real one
/// asks for the card, and neither the demo nor plainbill ever does.
pub async fn portal(
    State(site): State<Site>,
    InPath(page): InPath,
    InQuery(whose): InQuery<PortalQuery>,
) -> Result<Response, Problem> {
    let page = page_named(&page)?;
    let account = account_of(&site, &whose.customer).await?;
    let open = match page {
        Purpose::Pay => 0 < account.balance().minor,
        Purpose::SetUpAutopay => !account.autopay,
        Purpose::ChangeMethod => true,
    };
    let words = words_of(page, &account, open);
    let body = match open {
        true => format!(
            "<p>{}</p><form method=\"post\">\
             <input type=\"hidden\" name=\"customer\" value=\"{}\">\
             <input type=\"hidden\" name=\"key\" value=\"{}\">\
             <button class=\"main\">{}</button></form>",
            escaped(&words.says),
            escaped(account.customer.as_str()),
            uuid::Uuid::now_v7(),
            escaped(&words.button),
        ),
        false => format!("<p>{}</p>", escaped(&words.says)),
    };
    Ok(shop_page(words.title, &body))
}

/// What the page sends back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressed {
    customer: String,
    key: String,
}

/// `POST /demo/portal/{page}`: the button was pressed. A second press of the same page changes nothing more.
pub async fn portal_pressed(
    State(site): State<Site>,
    InPath(page): InPath,
    _page: FromOurPage,
    InForm(pressed): InForm<Pressed>,
) -> Result<Response, Problem> {
    let page = page_named(&page)?;
    let customer = account_of(&site, &pressed.customer).await?.customer;
    let key: String = pressed.key.chars().take(KEY_CHARS_MAX).collect();
    let now = site.app.clock.now().to_zoned(site.app.contents.current().hours.time_zone.clone());
    match demo::finish_page(&site.app.store, &customer, page, &format!("page:{key}"), &now).await {
        Ok(done) => {
            let body = format!("<p>Your reference is {}. You can close this page.</p>", escaped(&done.reference));
            Ok(shop_page("Done", &body))
        }
        Err(ActError::Refused { .. } | ActError::NotOffered) => {
            Ok(shop_page("Nothing to do", "<p>That is done already. You can close this page.</p>"))
        }
        Err(ActError::Unknown) => Err(Problem::new(Code::Unavailable)),
    }
}

fn page_named(name: &str) -> Result<Purpose, Problem> {
    Purpose::ALL.into_iter().find(|it| demo::page_name(*it) == name).ok_or(Problem::new(Code::NotFound))
}

async fn account_of(site: &Site, id: &str) -> Result<Account, Problem> {
    site.app.billing.account(&CustomerId::new(id)).await.map_err(|_| Problem::new(Code::NotFound))
}

/// What one of the shop's pages says.
struct Words {
    title: &'static str,
    says: String,
    button: String,
}

fn words_of(page: Purpose, account: &Account, open: bool) -> Words {
    let name = &account.person.name;
    let (title, says, button) = match (page, open) {
        (Purpose::Pay, true) => {
            let owed = account.balance().text();
            ("Pay my bill", format!("{name}, you owe {owed}. No money moves in this demo."), format!("Pay {owed}"))
        }
        (Purpose::Pay, false) => ("Pay my bill", format!("{name}, you owe nothing."), String::new()),
        (Purpose::SetUpAutopay, true) => (
            "Automatic payment",
            format!("{name}, your bills will be paid from a made-up card on the day they are due."),
            "Set up automatic payment".to_owned(),
        ),
        (Purpose::SetUpAutopay, false) => {
            ("Automatic payment", format!("{name}, your bills are paid automatically."), String::new())
        }
        (Purpose::ChangeMethod, _) => (
            "Card for payments",
            format!("{name}, the shop makes up a new card for you. You don't type a number."),
            "Use a new made-up card".to_owned(),
        ),
    };
    Words { title, says, button }
}

/// A small page in the shop's dress, without any script.
fn shop_page(title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Fernhill Fibre</title><link rel=\"stylesheet\" href=\"/demo.css\"></head><body>\
         <main class=\"wide\"><h1>{title}</h1><section class=\"box\">{body}</section>\
         <p class=\"note\">A demo: Fernhill Fibre, its customers and their cards are made up. \
         <a href=\"/\">Back to my bills</a></p></main></body></html>"
    );
    let headers = [(header::CONTENT_SECURITY_POLICY, PORTAL_POLICY), (header::CACHE_CONTROL, "no-store")];
    (headers, Html(page)).into_response()
}
