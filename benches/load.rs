//! Load over real sockets on this machine: `cargo bench --bench load -- 1000 10` has 1,000 customers write for ten seconds.
//!
//! First each of them waits for a person and writes on, so that what is measured is to keep and to ack; then each asks what
//! the content's talks ask, so that what is measured is a whole answer. Client and server share the processors; what the
//! server takes of them is read from the system.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use plainbill::content::Content;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Nobody waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Limits that stand in nobody's way here.
const LIMITS: [&str; 6] = [
    "CONNECTIONS_MAX",
    "CONNECTIONS_PER_ADDRESS_MAX",
    "MESSAGES_PER_MINUTE",
    "FRAMES_PER_SECOND",
    "FRAMES_BURST",
    "REQUESTS_PER_SECOND",
];

/// The program, in a process of its own.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(data: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port");
        let process = Command::new(env!("CARGO_BIN_EXE_plainbill"))
            .args(["serve", "--listen", &address.to_string(), "--data"])
            .arg(data)
            .envs(LIMITS.map(|it| (format!("PLAINBILL_LIMITS_{it}"), "1000000")))
            .env("PLAINBILL_LIMITS_REQUESTS_BURST", "1000000")
            .env("PLAINBILL_DEMO", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program is there");
        Self { process, address }
    }

    /// Seconds of the processor that it has taken so far, at 100 ticks a second.
    fn processor(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let ticks = |at: usize| stat.rsplit(')').next()?.split_whitespace().nth(at)?.parse::<f64>().ok();
        (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
    }
}

struct Customer {
    socket: WebSocketStream<TcpStream>,
    n_said: u32,
}

impl Customer {
    async fn come(address: SocketAddr, index: usize) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // As from many addresses, so that no port runs out.
        let from: SocketAddr = format!("127.0.0.{}:0", 2 + index % 200).parse().expect("an address");
        socket.bind(from).expect("a free port");
        let stream = socket.connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("it is a socket");
        let mut request = format!("ws://{address}/v1/chat").into_client_request().expect("an address");
        request.headers_mut().insert("origin", format!("http://{address}").parse().expect("it is text"));
        request.headers_mut().insert("sec-websocket-protocol", "plainbill.v1".parse().expect("it is text"));
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("it is taken");
        let mut this = Self { socket, n_said: 0 };
        this.send(json!({ "type": "hello" })).await;
        this.until(|frame| frame["type"] == "welcome").await;
        this
    }

    async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the socket is open");
    }

    async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame comes");
            let Message::Text(text) = message.expect("the socket is open").expect("the socket works") else { continue };
            let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
            assert_ne!(frame["type"], "error", "{frame}");
            if is_it(&frame) {
                return frame;
            }
        }
    }

    /// Says something and waits until it is kept.
    async fn says(&mut self, text: &str) {
        self.n_said += 1;
        let key = format!("k{}", self.n_said);
        self.send(json!({ "type": "say", "key": key, "text": text })).await;
        self.until(|frame| frame["type"] == "ack" && frame["key"] == key.as_str()).await;
    }

    async fn hears(&mut self) {
        self.until(|frame| frame["type"] == "event" && frame["event"]["from"] == "bot" || frame["from"] == "bot").await;
    }
}

/// What came of a time of load.
fn tell(what: &str, mut waits: Vec<Duration>, took: Duration, processor: f64) {
    waits.sort_unstable();
    let n = waits.len().max(1) as f64;
    let at = |share: f64| waits.get((share * n) as usize).map_or(0.0, |it| it.as_secs_f64() * 1e3);
    println!(
        "{what}: {:.0} a second, {:.0} µs of the server's processor each; ms at the median {:.1}, at 95 % {:.1}, at 99 % {:.1}",
        n / took.as_secs_f64(),
        processor / n * 1e6,
        at(0.5),
        at(0.95),
        at(0.99)
    );
}

fn questions() -> Arc<Vec<String>> {
    let content = Content::load(Path::new("intents")).expect("the content has no faults");
    Arc::new(content.examples().step_by(97).map(|it| it.1.to_owned()).collect())
}

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|it| it.parse::<u64>().ok());
    let n_customers = numbers.next().unwrap_or(256) as usize;
    let time = Duration::from_secs(numbers.next().unwrap_or(5));
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(data.path());
    println!("waiting until it has learnt the content");
    until_learnt(&server).await;

    let mut customers = Vec::new();
    for index in 0..n_customers {
        let mut customer = Customer::come(server.address, index).await;
        customer.says("talk to a person").await;
        customers.push(customer);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, began) = (server.processor(), Instant::now());
    let writing = customers.into_iter().map(|mut customer| {
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while began.elapsed() < time {
                let asked = Instant::now();
                customer.says("one more thing about it").await;
                waits.push(asked.elapsed());
            }
            waits
        })
    });
    let waits: Vec<Duration> = join_all(writing).await.into_iter().flat_map(|it| it.expect("no panic")).collect();
    tell("kept and acked", waits, began.elapsed(), server.processor() - before);

    // What is still looked at has its time.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let questions = questions();
    let mut customers = Vec::new();
    for index in 0..n_customers.min(256) {
        customers.push(Customer::come(server.address, index).await);
    }
    let (before, began) = (server.processor(), Instant::now());
    let asking = customers.into_iter().enumerate().map(|(index, mut customer)| {
        let (questions, address) = (Arc::clone(&questions), server.address);
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while began.elapsed() < time {
                let asked = Instant::now();
                customer.says(&questions[(index * 31 + waits.len() * 7) % questions.len()]).await;
                customer.hears().await;
                waits.push(asked.elapsed());
                // A talk of its own for each question: nobody has the topic of the one before.
                if waits.len() % 4 == 0 {
                    customer = Customer::come(address, index).await;
                }
            }
            waits
        })
    });
    let waits: Vec<Duration> = join_all(asking).await.into_iter().flat_map(|it| it.expect("no panic")).collect();
    tell("answered", waits, began.elapsed(), server.processor() - before);
}

/// Waits until it takes next to nothing of the processor.
async fn until_learnt(server: &Server) {
    let mut calm = 0;
    let mut last = 0.0;
    while calm < 3 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = server.processor();
        calm = if now - last < 0.1 && TcpStream::connect(server.address).await.is_ok() { calm + 1 } else { 0 };
        last = now;
    }
}
