//! The language of the plays: a house with a server, customers and staff who speak over real sockets.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use plainbill::app::App;
use plainbill::billing::Billing;
use plainbill::billing::demo::Demo;
use plainbill::classifier::Classifier;
use plainbill::clock::Clock;
use plainbill::config::{Config, IdentityKey, Limits, Mail};
use plainbill::content::Contents;
use plainbill::conversation::{CustomerId, StaffId};
use plainbill::identity::Identity;
use plainbill::identity::codes::Codes;
use plainbill::identity::pages::Pages;
use plainbill::mail::Mailbox;
use plainbill::parts::Made;
use plainbill::server;
use plainbill::store::{NewStaff, Role, Store, StoreSettings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use crate::support;

/// Nothing in a play takes longer than this.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What "nothing comes" waits for.
const SILENCE: Duration = Duration::from_millis(400);
/// Every staff member's password in plays.
pub const PASSWORD: &str = "a-password-for-plays-only";
/// A Tuesday within the opening hours.
pub const OPEN: &str = "2026-06-16T10:00[Europe/London]";
/// A Sunday.
pub const CLOSED: &str = "2026-06-14T10:00[Europe/London]";

/// A server with its store in a temporary folder.
pub struct House {
    pub app: Arc<App>,
    pub address: SocketAddr,
    pub data: Arc<TempDir>,
    stop: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
}

/// What differs from one house to the next.
pub struct Plan {
    pub at: &'static str,
    pub limits: Limits,
    pub classifier: bool,
    pub intents: PathBuf,
    pub store: StoreSettings,
    pub data: Arc<TempDir>,
    /// What stands between the house and its billing, say to lose an answer on the way.
    pub between: Option<Between>,
    /// The one key of all plays, when empty.
    pub identity_keys: Vec<IdentityKey>,
    pub mail: Mail,
    pub trusted_proxies: Vec<String>,
    pub public_url: String,
    pub demo: bool,
}

pub type Between = Box<dyn FnOnce(Arc<dyn Billing>) -> Arc<dyn Billing> + Send>;

/// A house with this source in place of its own.
pub fn instead(billing: Arc<dyn Billing>) -> Option<Between> {
    Some(Box::new(move |_| billing))
}

impl Default for Plan {
    fn default() -> Self {
        let data = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self {
            at: OPEN,
            limits: Limits {
                gather_ms: 20,
                frames_per_second: 1_000,
                frames_burst: 1_000,
                messages_per_minute: 100_000,
                requests_per_second: 10_000,
                requests_burst: 10_000,
                ..Limits::default()
            },
            classifier: true,
            intents: "intents".into(),
            store: StoreSettings { data: data.path().to_path_buf(), ..StoreSettings::default() },
            data,
            between: None,
            identity_keys: Vec::new(),
            mail: Mail::default(),
            trusted_proxies: Vec::new(),
            public_url: String::new(),
            demo: true,
        }
    }
}

/// The one classifier of all plays, taught with the real content.
pub async fn classifier() -> Classifier {
    let contents = Contents::open("intents".as_ref()).expect("the content has no faults");
    support::classifier(&contents.current()).await
}

impl House {
    pub async fn open() -> Self {
        Self::with(Plan::default()).await
    }

    pub async fn with(plan: Plan) -> Self {
        let at: jiff::Zoned = plan.at.parse().expect("the play's time is right");
        let contents = Contents::open(&plan.intents).expect("the content has no faults");
        let store = Store::open(&plan.store).await.expect("the store opens");
        let classifier = if plan.classifier { Some(classifier().await) } else { None };
        let config = Config {
            limits: plan.limits,
            data: plan.data.path().to_path_buf(),
            mail: plan.mail,
            trusted_proxies: plan.trusted_proxies,
            public_url: plan.public_url,
            demo: plan.demo,
            ..Config::default()
        };
        let keys = if plan.identity_keys.is_empty() { vec![key()] } else { plan.identity_keys };
        let listener = server::bind(([127, 0, 0, 1], 0).into(), &config.limits).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let now = at.clone();
        let demo: Arc<dyn Billing> =
            Arc::new(Demo::new(store.clone(), format!("http://{address}"), move || now.clone()));
        let made = Made {
            identity: Identity::new(keys, config.limits.identity_seconds_max),
            codes: Codes::open(&store, &config).await.expect("the store works"),
            pages: Pages::open(&store, &config.limits).await.expect("the store works"),
            mailbox: Mailbox::open(&config).expect("the settings for mail are right"),
            clock: Clock::fixed(at.timestamp()),
            billing: plan.between.map_or_else(|| demo.clone(), |it| it(demo.clone())),
            config,
            store,
            contents,
            classifier,
        };
        let app = App::new(made);
        let stop = CancellationToken::new();
        let server = {
            let (app, stop) = (app.clone(), stop.clone());
            tokio::spawn(async move { server::serve(app, listener, stop.cancelled_owned()).await })
        };
        Self { app, address, data: plan.data, stop, server }
    }

    /// Stops the server and sees that it ended well.
    pub async fn close(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.server).await.expect("the server ends in time");
        ended.expect("no task of the server panicked").expect("the server ended well");
    }

    pub fn token(&self, customer: &str) -> String {
        let now = self.app.clock.now().as_second();
        self.app.identity.token(&CustomerId::new(customer), now).expect("there is a key")
    }

    /// A visitor whom nobody knows.
    pub async fn visitor(&self) -> Customer {
        self.comes(json!({ "type": "hello" })).await
    }

    /// A customer of the demo for whom the business's site vouches.
    pub async fn customer(&self, id: &str) -> Customer {
        self.comes(json!({ "type": "hello", "identity": self.token(id) })).await
    }

    pub async fn comes(&self, hello: Value) -> Customer {
        let mut customer = Customer::connect(self.address, None).await;
        customer.send(hello).await;
        customer.welcomed().await;
        customer
    }

    /// Somebody of the business, signed in.
    pub async fn staff(&self, name: &str, role: Role) -> StaffMember {
        let login = self.add_staff(name, role).await;
        StaffMember::sign_in(self.address, &login).await
    }

    /// Somebody of the business; what they sign in as.
    pub async fn add_staff(&self, name: &str, role: Role) -> String {
        let login = name.to_lowercase();
        let new = NewStaff {
            id: StaffId::new(format!("staff-{login}")),
            login: login.clone(),
            name: name.to_owned(),
            role,
            password_hash: hash(),
        };
        self.app.store.add_staff(new, 0).await.expect("they can be added");
        login
    }
}

fn hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| server::hash_password(PASSWORD).expect("it can be hashed")).clone()
}

/// The key that signs tokens in plays.
pub fn key() -> IdentityKey {
    let secret = "a-secret-for-plays-a-secret-for-plays".to_owned();
    IdentityKey { kid: "play".into(), secret, ..IdentityKey::default() }
}

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A customer with a socket open.
pub struct Customer {
    pub socket: Socket,
    pub conversation: String,
    pub resume: String,
    pub welcome: Value,
    pub events: Vec<Value>,
    pub n_said: u32,
    pub name: String,
}

/// Opens a socket with this origin, or the server's own.
pub async fn open_socket(
    address: SocketAddr,
    path: &str,
    origin: Option<&str>,
    cookie: Option<&str>,
) -> anyhow::Result<Socket> {
    let own = format!("http://{address}");
    let mut headers = vec![("origin", origin.unwrap_or(&own))];
    headers.extend(cookie.map(|it| ("cookie", it)));
    open_socket_with(address, path, &headers).await
}

async fn open_socket_with(address: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> anyhow::Result<Socket> {
    let mut request = format!("ws://{address}{path}").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "plainbill.v1".parse()?);
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse()?);
    }
    let (socket, _) = tokio::time::timeout(PATIENCE, tokio_tungstenite::connect_async(request)).await??;
    Ok(socket)
}

impl Customer {
    pub async fn connect(address: SocketAddr, origin: Option<&str>) -> Self {
        Self::on(open_socket(address, "/v1/chat", origin, None).await.expect("the server takes the socket"))
    }

    /// As a proxy on this machine passes somebody on, with what it says of where they come from.
    pub async fn passed_on(address: SocketAddr, forwarded_for: &str) -> Self {
        let own = format!("http://{address}");
        let headers = [("origin", own.as_str()), ("x-forwarded-for", forwarded_for)];
        let socket = open_socket_with(address, "/v1/chat", &headers).await.expect("the server takes the socket");
        let mut customer = Self::on(socket);
        customer.send(json!({ "type": "hello" })).await;
        customer.welcomed().await;
        customer
    }

    fn on(socket: Socket) -> Self {
        Self {
            socket,
            conversation: String::new(),
            resume: String::new(),
            welcome: Value::Null,
            events: Vec::new(),
            n_said: 0,
            name: uuid::Uuid::now_v7().to_string(),
        }
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.expect("the socket is open");
    }

    /// The next frame; events are kept as well.
    pub async fn frame(&mut self) -> Value {
        let frame = self.try_frame(PATIENCE).await;
        frame.unwrap_or_else(|| panic!("no frame came; so far: {:#?}", self.events))
    }

    pub async fn try_frame(&mut self, wait: Duration) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(wait, self.socket.next()).await.ok()??.ok()?;
            match message {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
                    if frame["type"] == "event" {
                        let last = self.events.last().and_then(|it| it["seq"].as_u64()).unwrap_or(0);
                        let seq = frame["seq"].as_u64().expect("events have a seq");
                        assert!(last == 0 || seq == last + 1, "a gap: {last} is followed by {seq}");
                        self.events.push(frame.clone());
                    }
                    if frame["type"] == "resume" {
                        self.resume = frame["resume"].as_str().expect("it has a secret").to_owned();
                    }
                    return Some(frame);
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The next frame of a type; others are passed over.
    pub async fn frame_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub async fn welcomed(&mut self) {
        let welcome = self.frame_of("welcome").await;
        self.conversation = welcome["conversation"].as_str().expect("it has an id").to_owned();
        if let Some(resume) = welcome["resume"].as_str() {
            self.resume = resume.to_owned();
        }
        if welcome["reset"] == true {
            self.events.clear();
        }
        self.welcome = welcome;
    }

    pub fn key(&mut self) -> String {
        self.n_said += 1;
        format!("{}-{}", self.name, self.n_said)
    }

    /// Says something and waits for the ack. Returns its place in the log.
    pub async fn says(&mut self, text: &str) -> u64 {
        let key = self.key();
        self.send(json!({ "type": "say", "key": key, "text": text })).await;
        self.acked(&key).await
    }

    pub async fn taps(&mut self, choice: &str) -> u64 {
        let key = self.key();
        self.send(json!({ "type": "choose", "key": key, "choice": choice })).await;
        self.acked(&key).await
    }

    pub async fn acked(&mut self, key: &str) -> u64 {
        loop {
            let frame = self.frame().await;
            match frame["type"].as_str() {
                Some("ack") if frame["key"] == key => return frame["seq"].as_u64().expect("acks have a seq"),
                Some("error") if frame["key"] == key => panic!("refused: {frame}"),
                _ => {}
            }
        }
    }

    /// The next message that isn't the customer's own, among events that were not heard yet.
    pub async fn hears(&mut self) -> String {
        self.hears_event().await["text"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn hears_event(&mut self) -> Value {
        loop {
            let event = self.frame_of("event").await;
            if event["kind"] == "message" && event["from"] != "customer" {
                return event;
            }
        }
    }

    /// The next receipt.
    pub async fn gets_receipt(&mut self) -> Value {
        loop {
            let event = self.frame_of("event").await;
            if event["kind"] == "receipt" {
                return event;
            }
        }
    }

    /// Receipts so far.
    pub fn n_receipts(&self) -> usize {
        self.events.iter().filter(|it| it["kind"] == "receipt").count()
    }

    /// Waits until everything that came before has been dealt with: what comes after it is answered after it.
    pub async fn settles(&mut self) {
        let seq = self.taps("start_over").await;
        let is_last = |it: &Value| it["from"] == "bot" && it["kind"] == "message" && it["seq"].as_u64() > Some(seq);
        while !self.events.iter().any(is_last) {
            self.frame().await;
        }
    }

    /// Waits for so many receipts in all, and sees that no more come.
    pub async fn settles_with_receipts(&mut self, n: usize) {
        while self.n_receipts() < n {
            self.frame().await;
        }
        self.hears_nothing().await;
        assert_eq!(self.n_receipts(), n, "{:#?}", self.events);
    }

    /// The next change of owner.
    pub async fn sees_owner(&mut self) -> Value {
        loop {
            let event = self.frame_of("event").await;
            if event["kind"] == "owner" {
                return event;
            }
        }
    }

    pub async fn hears_nothing(&mut self) {
        let deadline = tokio::time::Instant::now() + SILENCE;
        while let Some(frame) = self.try_frame(deadline.saturating_duration_since(tokio::time::Instant::now())).await {
            assert!(
                frame["type"] != "event" || frame["from"] == "customer",
                "something came where nothing should: {frame}"
            );
        }
    }

    /// Comes back after a drop with what the browser has kept.
    pub async fn comes_back(&self, house: SocketAddr, after: u64) -> Customer {
        let mut again = Customer::connect(house, None).await;
        let hello =
            json!({ "type": "hello", "conversation": self.conversation, "resume": self.resume, "after": after });
        again.send(hello).await;
        again.welcomed().await;
        if again.resume.is_empty() {
            again.resume = self.resume.clone();
        }
        again
    }
}

/// Somebody of the business.
pub struct StaffMember {
    pub http: reqwest::Client,
    pub address: SocketAddr,
    pub cookie: String,
    pub socket: Socket,
    n_said: u32,
}

impl StaffMember {
    pub async fn sign_in(address: SocketAddr, login: &str) -> Self {
        Self::sign_in_with(address, login, PASSWORD).await
    }

    pub async fn sign_in_with(address: SocketAddr, login: &str, password: &str) -> Self {
        let http = reqwest::Client::new();
        let response = http
            .post(format!("http://{address}/api/v1/login"))
            .header("origin", format!("http://{address}"))
            .json(&json!({ "login": login, "password": password }))
            .send()
            .await
            .expect("the server answers");
        assert_eq!(response.status(), 200, "{login} can sign in");
        let cookie = response.headers()["set-cookie"].to_str().expect("it is text");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let socket = open_socket(address, "/v1/staff", None, Some(&cookie)).await.expect("the server takes the socket");
        let mut this = Self { http, address, cookie, socket, n_said: 0 };
        this.frame_of("welcome").await;
        this
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("http://{}/api/v1/{path}", self.address));
        answer(request.header("cookie", &self.cookie)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("http://{}/api/v1/{path}", self.address));
        let origin = format!("http://{}", self.address);
        answer(request.header("cookie", &self.cookie).header("origin", origin).json(&body)).await
    }

    pub async fn takes(&self, conversation: &str) {
        let (status, body) = self.post(&format!("conversations/{conversation}/take"), json!({})).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Replies, having read everything.
    pub async fn replies(&mut self, conversation: &str, text: &str) {
        let (_, detail) = self.get(&format!("conversations/{conversation}")).await;
        self.n_said += 1;
        let body = json!({ "key": format!("k{}", self.n_said), "text": text, "after": detail["row"]["seq"] });
        let (status, body) = self.post(&format!("conversations/{conversation}/reply"), body).await;
        assert_eq!(status, 200, "{body}");
    }

    pub async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the socket is open");
    }

    /// The server ends the socket.
    pub async fn is_cut_off(&mut self) {
        let ends = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if matches!(message, Message::Close(_)) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, ends).await.expect("the socket ends in time");
    }

    pub async fn frame_of(&mut self, kind: &str) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame comes in time");
            let message = message.expect("the socket is open").expect("the socket works");
            if let Message::Text(text) = message {
                let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
                if frame["type"] == kind {
                    return frame;
                }
            }
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder is there").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("it can be copied")),
        }
    }
}
