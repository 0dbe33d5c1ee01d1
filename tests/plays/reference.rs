//! A business's own endpoint as `docs/billing-api.openapi.json` describes it: the demo's accounts, with switches for
//! everything that goes wrong with other people's machines.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use plainbill::billing::{Account, Line, Method, Money, Plan, demo};
use plainbill::config::BillingConfig;
use serde_json::{Value, json};

use crate::openapi;

/// The key that it takes.
pub const KEY: &str = "a-key-for-plays";
/// The demo's price list belongs to nobody; any account has it.
const ANYBODY: &str = "all-quiet";

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// As it should.
    #[default]
    Works,
    /// Says that it can't right now.
    Down,
    /// Takes the request and never answers.
    Silent,
    /// Answers acts with an error after doing them.
    LosesAnswers,
    /// Does acts, and never answers them.
    Hangs,
    /// Answers with a text where a number should be.
    Garbles,
    /// Answers with the account of somebody else.
    Confuses,
    /// Answers with a page for people.
    Html,
}

/// What it holds and has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// How it behaves.
    pub mode: Mode,
    /// Requests, as method and path of the description.
    pub asked: Vec<String>,
    /// What was really changed: customer and act.
    pub effects: Vec<(String, Value)>,
    /// What was not as described, on either side.
    pub faults: Vec<String>,
    done: HashMap<(String, String), Value>,
}

/// The endpoint.
#[derive(Clone)]
pub struct Reference {
    pub address: SocketAddr,
    pub seen: Arc<Mutex<Seen>>,
    today: Date,
    doc: Arc<Value>,
}

impl Reference {
    /// Starts it on a free port, on a day that doesn't pass.
    pub async fn start(today: Date) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let this = Self { address, seen: Arc::default(), today, doc: Arc::new(openapi::description()) };
        let router = Router::new()
            .route("/plainbill/accounts/{customer}", get(account))
            .route("/plainbill/accounts/{customer}/acts", post(act))
            .route("/plainbill/accounts/{customer}/portal", post(portal))
            .route("/plainbill/plans", get(plans))
            .route("/plainbill/customers", get(customers))
            .route("/plainbill/customers/find", post(find))
            .with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    /// The settings that lead to it.
    pub fn config(&self) -> BillingConfig {
        BillingConfig {
            source: "http".to_owned(),
            url: format!("http://{}/plainbill", self.address),
            key: KEY.to_owned(),
            ..BillingConfig::default()
        }
    }

    /// From now on it behaves like this.
    pub fn is(&self, mode: Mode) {
        self.lock().mode = mode;
    }

    /// How many requests it has had.
    pub fn n_asked(&self) -> usize {
        self.lock().asked.len()
    }

    /// How often somebody's account was asked for.
    pub fn n_accounts_asked(&self) -> usize {
        self.lock().asked.iter().filter(|it| *it == "get /accounts/{customer}").count()
    }

    pub fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panicked with it")
    }

    /// Notes a request, looks at the key, and fails where it is told to.
    async fn enter(&self, method: &str, path: &str, headers: &HeaderMap) -> Result<(), Response> {
        let mode = {
            let mut seen = self.lock();
            seen.asked.push(format!("{method} {path}"));
            seen.mode
        };
        match mode {
            Mode::Down => Err((StatusCode::SERVICE_UNAVAILABLE, "down for a while").into_response()),
            Mode::Silent => std::future::pending().await,
            Mode::Html => Err((StatusCode::OK, "<h1>Welcome</h1>").into_response()),
            _ => {
                let key = headers.get("authorization").and_then(|it| it.to_str().ok());
                if key == Some(&format!("Bearer {KEY}")) {
                    return Ok(());
                }
                Err(self.answer(method, path, 401, json!({ "message": "the key is wrong" })))
            }
        }
    }

    fn answer(&self, method: &str, path: &str, status: u16, body: Value) -> Response {
        let faults = openapi::answer_faults(&self.doc, method, path, status, &body);
        self.lock().faults.extend(faults);
        let status = StatusCode::from_u16(status).expect("a status");
        if body.is_null() { status.into_response() } else { (status, axum::Json(body)).into_response() }
    }

    fn body(&self, method: &str, path: &str, bytes: &Bytes) -> Value {
        let body = serde_json::from_slice(bytes).expect("the request is JSON");
        let faults = openapi::request_faults(&self.doc, method, path, &body);
        self.lock().faults.extend(faults);
        body
    }
}

type Answer = Result<Response, Response>;

async fn account(State(it): State<Reference>, Path(customer): Path<String>, headers: HeaderMap) -> Answer {
    let path = "/accounts/{customer}";
    it.enter("get", path, &headers).await?;
    let mode = it.lock().mode;
    let wanted = if mode == Mode::Confuses { ANYBODY } else { &customer };
    let Some(account) = demo::account(wanted, it.today) else {
        return Ok(it.answer("get", path, 404, json!({ "message": "nobody has that id" })));
    };
    let mut body = json_of(&account);
    if mode == Mode::Garbles {
        body["invoices"][0]["total"]["minor"] = json!("4200");
        return Ok((StatusCode::OK, axum::Json(body)).into_response());
    }
    Ok(it.answer("get", path, 200, body))
}

async fn act(State(it): State<Reference>, Path(customer): Path<String>, headers: HeaderMap, bytes: Bytes) -> Answer {
    let path = "/accounts/{customer}/acts";
    it.enter("post", path, &headers).await?;
    let body = it.body("post", path, &bytes);
    let key = headers.get("idempotency-key").and_then(|it| it.to_str().ok()).expect("acts have a key").to_owned();
    if demo::account(&customer, it.today).is_none() {
        return Ok(it.answer("post", path, 404, json!({ "message": "nobody has that id" })));
    }
    match body["act"].as_str() {
        Some("pay_in_parts") => return Ok(it.answer("post", path, 501, json!({ "message": "we have no parts" }))),
        Some("cancel") => {
            let why = json!({ "message": "the router has to come back first" });
            return Ok(it.answer("post", path, 422, why));
        }
        _ => {}
    }
    let (done, loses, hangs) = {
        let mut seen = it.lock();
        let hangs = seen.mode == Mode::Hangs;
        let loses = seen.mode == Mode::LosesAnswers;
        let n = seen.effects.len() + 1;
        let id = (customer.clone(), key);
        let done = match seen.done.get(&id) {
            Some(done) => done.clone(),
            None => {
                let done = json!({ "reference": format!("R-{n}"), "on": it.today });
                seen.effects.push((customer, body));
                seen.done.insert(id, done.clone());
                done
            }
        };
        if loses {
            // Once: the next try hears what was done.
            seen.mode = Mode::Works;
        }
        (done, loses, hangs)
    };
    if hangs {
        std::future::pending::<()>().await;
    }
    if loses {
        return Ok(StatusCode::BAD_GATEWAY.into_response());
    }
    Ok(it.answer("post", path, 200, done))
}

async fn portal(State(it): State<Reference>, Path(customer): Path<String>, headers: HeaderMap, bytes: Bytes) -> Answer {
    let path = "/accounts/{customer}/portal";
    it.enter("post", path, &headers).await?;
    let body = it.body("post", path, &bytes);
    if body["purpose"] == "set_up_autopay" {
        return Ok(it.answer("post", path, 204, Value::Null));
    }
    let url = format!("https://pay.shop.example/{customer}");
    Ok(it.answer("post", path, 200, json!({ "url": url, "expires_at_ms": 1_781_604_600_000_i64 })))
}

async fn plans(State(it): State<Reference>, headers: HeaderMap) -> Answer {
    it.enter("get", "/plans", &headers).await?;
    let account = demo::account(ANYBODY, it.today).expect("it is a demo account");
    let plans: Vec<Value> = account.plans.iter().map(plan).collect();
    Ok(it.answer("get", "/plans", 200, json!({ "plans": plans })))
}

async fn customers(
    State(it): State<Reference>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Answer {
    it.enter("get", "/customers", &headers).await?;
    let limit = query.get("limit").and_then(|it| it.parse().ok()).unwrap_or(100);
    let mut ids: Vec<&str> = demo::customers().iter().map(|it| it.id).collect();
    ids.sort_unstable();
    let after = query.get("after");
    let page: Vec<&str> =
        ids.into_iter().filter(|id| after.is_none_or(|it| it.as_str() < *id)).take(usize::min(limit, 4)).collect();
    Ok(it.answer("get", "/customers", 200, json!({ "customers": page })))
}

async fn find(State(it): State<Reference>, headers: HeaderMap, bytes: Bytes) -> Answer {
    it.enter("post", "/customers/find", &headers).await?;
    let body = it.body("post", "/customers/find", &bytes);
    let email = body["email"].as_str().expect("it was checked");
    let has = |id: &&str| demo::account(id, it.today).is_some_and(|it| it.person.email.eq_ignore_ascii_case(email));
    let all: Vec<&str> = demo::customers().iter().map(|it| it.id).filter(has).collect();
    let only = if all.len() == 1 { all.first().copied() } else { None };
    Ok(it.answer("post", "/customers/find", 200, json!({ "customer": only })))
}

fn plan(plan: &Plan) -> Value {
    json!({ "name": plan.name, "price": plan.price, "frequency": plan.frequency.as_str(), "includes": plan.includes })
}

fn method(method: Option<&Method>) -> Value {
    method.map_or(Value::Null, |it| json!({ "name": it.name, "ending": it.ending, "expires": it.expires }))
}

fn line(line: &Line) -> Value {
    let kind = line.kind.as_str();
    json!({ "label": line.label, "kind": kind, "amount": line.amount, "from": line.from, "to": line.to })
}

/// An account as the endpoint answers it.
pub fn json_of(account: &Account) -> Value {
    let each = |list: Vec<Value>| Value::Array(list);
    let money = |it: Option<Money>| it.map_or(Value::Null, |it| json!(it));
    json!({
        "customer": account.customer.as_str(),
        "number": account.number,
        "person": {
            "name": account.person.name,
            "first_name": account.person.first_name,
            "email": account.person.email,
            "address": account.person.address,
            "company": account.person.company,
            "tax_id": account.person.tax_id,
        },
        "currency": account.currency,
        "standing": account.standing.as_str(),
        "since": account.since,
        "ended_on": account.ended_on,
        "contract_ends_on": account.contract_ends_on,
        "end_fee": account.end_fee,
        "plan": plan(&account.plan),
        "autopay": account.autopay,
        "method": method(account.method.as_ref()),
        "billing_day": account.billing_day,
        "next_bill_on": account.next_bill_on,
        "next_due_on": account.next_due_on,
        "paper": account.paper,
        "credit": account.credit,
        "invoices": each(account.invoices.iter().map(|it| json!({
            "number": it.number, "issued": it.issued, "due": it.due, "total": it.total, "paid": it.paid, "tax": it.tax,
            "tax_percent": it.tax_percent, "void": it.void, "lines": it.lines.iter().map(line).collect::<Vec<_>>(),
        })).collect()),
        "payments": each(account.payments.iter().map(|it| json!({
            "on": it.on, "amount": it.amount, "method": method(it.method.as_ref()), "status": it.status.as_str(),
            "reason": it.reason, "invoice": it.invoice,
        })).collect()),
        "refunds": each(account.refunds.iter().map(|it| json!({
            "amount": it.amount, "status": it.status.as_str(), "asked_on": it.asked_on, "expected_by": it.expected_by,
            "to": method(it.to.as_ref()), "reason": it.reason,
        })).collect()),
        "late_fees": each(account.late_fees.iter().map(|it| json!({
            "on": it.on, "amount": it.amount, "invoice": it.invoice, "taken_off": it.taken_off,
        })).collect()),
        "discounts": each(account.discounts.iter().map(|it| json!({
            "label": it.label, "amount": it.amount, "from": it.from, "until": it.until,
        })).collect()),
        "price_changes": each(account.price_changes.iter().map(|it| json!({
            "label": it.label, "from": it.from, "to": it.to, "on": it.on,
        })).collect()),
        "plan_changes": each(account.plan_changes.iter().map(|it| json!({
            "from": it.from, "to": it.to, "on": it.on,
        })).collect()),
        "plans": each(account.plans.iter().map(plan).collect()),
        "disputes": each(account.disputes.iter().map(|it| json!({
            "reference": it.reference, "invoice": it.invoice, "amount": money(it.amount), "opened_on": it.opened_on,
            "status": it.status.as_str(),
        })).collect()),
        "schedules": each(account.schedules.iter().map(|it| json!({
            "invoice": it.invoice, "parts": it.parts, "n_paid": it.n_paid,
        })).collect()),
        "credits": each(account.credits.iter().map(|it| json!({
            "on": it.on, "amount": it.amount, "left": it.left, "reason": it.reason, "invoice": it.invoice,
        })).collect()),
        "mandate": account.mandate.as_ref().map(|it| json!({
            "reference": it.reference,
            "status": match it.status {
                plainbill::billing::MandateStatus::Pending => "pending",
                plainbill::billing::MandateStatus::Active => "active",
                plainbill::billing::MandateStatus::Ended => "ended",
            },
        })),
    })
}
