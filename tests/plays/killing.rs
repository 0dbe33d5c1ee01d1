//! The real program, killed in mid-conversation; and what it does by itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::house::{Customer, PATIENCE, classifier, copy};

/// Where the program tells its figures.
pub const METRICS_LISTEN: &str = "PLAINBILL_METRICS_LISTEN";
/// How often the program is killed.
const KILLS: u32 = 50;

/// The program as it is shipped, in a process of its own.
pub struct Program {
    child: Child,
    command: Command,
    pub address: SocketAddr,
}

impl Program {
    pub async fn start(data: &Path, port: u16) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
        Self::start_with(command, data, port).await
    }

    pub async fn start_with(mut command: Command, data: &Path, port: u16) -> Self {
        // What the plays' classifier has learnt, it needs not learn again.
        classifier().await;
        for file in std::fs::read_dir(env!("CARGO_TARGET_TMPDIR")).expect("it is there").flatten() {
            let to = data.join(file.file_name());
            if file.path().extension().is_some_and(|it| it == "bin") && !to.exists() {
                std::fs::copy(file.path(), to).expect("it can be copied");
            }
        }
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if command.get_envs().all(|it| it.0 != METRICS_LISTEN) {
            command.env(METRICS_LISTEN, "127.0.0.1:0");
        }
        command
            .args(["serve", "--listen", &address.to_string(), "--data"])
            .arg(data)
            .env("PLAINBILL_LIMITS_GATHER_MS", "5")
            .env("PLAINBILL_LIMITS_MESSAGES_PER_MINUTE", "100000")
            .env("PLAINBILL_LIMITS_FRAMES_BURST", "10000")
            // These would switch the telemetry off by themselves, and hide that we do.
            .env_remove("CI")
            .env_remove("ORT_DISABLE_TELEMETRY")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().expect("the program starts");
        let mut this = Self { child, command, address };
        this.is_up().await;
        this
    }

    /// Waits until it answers. Between a kill and the next start another play may have got the port for a connection of its
    /// own: then the program ends at once, and is started again.
    async fn is_up(&mut self) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while reqwest::get(format!("http://{}/healthz", self.address)).await.is_err() {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                self.child = self.command.spawn().expect("the program starts");
            }
            assert!(tokio::time::Instant::now() < until, "the program does not come up");
            tokio::task::yield_now().await;
        }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as a power cut would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_fifty_times_in_mid_conversation_nothing_is_lost_or_doubled() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let mut program = Program::start(data.path(), port).await;
    let mut customer = Customer::connect(program.address, None).await;
    customer.send(json!({ "type": "hello" })).await;
    customer.welcomed().await;
    customer.says("hello there").await;
    let mut sent: Vec<String> = Vec::new();
    let mut acked: BTreeMap<String, u64> = BTreeMap::new();
    let mut chance = 12_345_u64;
    for round in 0..KILLS {
        // What was sent before and not acked is sent again under the same key, as the widget does.
        let mut open: Vec<String> = sent.iter().filter(|it| !acked.contains_key(*it)).cloned().collect();
        for n in 0..4 {
            let key = format!("{round}-{n}");
            sent.push(key.clone());
            open.push(key);
        }
        for key in &open {
            customer.send(json!({ "type": "say", "key": key, "text": format!("how do I pay, number {key}") })).await;
        }
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let wanted = (chance >> 33) % 5;
        let mut n_acks = 0;
        while n_acks < wanted {
            let frame = customer.frame().await;
            if frame["type"] == "ack" {
                let key = frame["key"].as_str().expect("acks have a key").to_owned();
                let seq = frame["seq"].as_u64().expect("acks have a seq");
                let before = acked.insert(key, seq);
                assert!(before.is_none_or(|it| it == seq), "a second ack differs from the first");
                n_acks += 1;
            }
        }
        program.kill();
        program = Program::start(data.path(), port).await;
        customer = customer.comes_back(program.address, 0).await;
    }
    for key in sent.iter().filter(|it| !acked.contains_key(*it)) {
        customer.send(json!({ "type": "say", "key": key, "text": format!("how do I pay, number {key}") })).await;
    }
    let last = customer.says("that was the last").await;
    // Until it is answered, or a person has the conversation: then the bot is silent for good.
    let settled = |events: &[Value]| {
        let owner = events.iter().rev().find_map(|it| it["owner"].as_str());
        owner == Some("queue") || events.iter().any(|it| answers(it) && it["seq"].as_u64() > Some(last))
    };
    while !settled(&customer.events) {
        customer.frame().await;
    }
    let mut again = customer.comes_back(program.address, 0).await;
    let seq = again.welcome["seq"].as_u64().expect("welcome has a seq");
    while again.events.last().and_then(|it| it["seq"].as_u64()) != Some(seq) {
        again.frame().await;
    }
    program.kill();

    let events = &again.events;
    let mut kept: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for event in events.iter().filter(|it| it["from"] == "customer") {
        let seq = event["seq"].as_u64().expect("events have a seq");
        kept.entry(event["key"].as_str().expect("own events have their key")).or_default().push(seq);
    }
    for key in &sent {
        let places = kept.get(key.as_str()).unwrap_or_else(|| panic!("{key} is lost"));
        assert_eq!(places.len(), 1, "{key} is doubled");
        assert!(acked.get(key).is_none_or(|it| *it == places[0]), "{key} is not where its ack said");
    }
    // The bot never says the same twice in a row by itself: two alike are one turn that was kept twice.
    let alike = |pair: &[Value]| pair.iter().all(answers) && pair[0]["text"] == pair[1]["text"];
    assert!(!events.windows(2).any(alike), "something was answered twice");
}

fn answers(event: &Value) -> bool {
    event["from"] == "bot" && event["kind"] == "message"
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_opens_no_connection_of_its_own() {
    let traced = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    traced.expect("strace is installed: `make test` brings it, or `apt-get install strace`");
    let data = tempfile::tempdir().expect("a temporary folder");
    let trace = data.path().join("trace");
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-e", "trace=connect,sendto,sendmsg", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_plainbill"));
    let program = Program::start_with(command, data.path(), free_port()).await;
    let mut customer = Customer::connect(program.address, None).await;
    customer.send(json!({ "type": "hello" })).await;
    customer.welcomed().await;
    customer.says("which ways to pay do you take?").await;
    // The classifier has been asked once this is there: the library is loaded and at work.
    customer.hears().await;
    program.kill();
    let trace = std::fs::read_to_string(&trace).expect("there is a trace");
    let outward: Vec<&str> = trace
        .lines()
        .filter(|it| it.contains("connect(") && (it.contains("AF_INET") || it.contains("sin_addr")))
        .collect();
    assert!(outward.is_empty(), "it connects by itself:\n{}", outward.join("\n"));
}

#[test]
fn wrong_usage_exits_2_and_errors_exit_1() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_plainbill")).args(arguments).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(&["no-such-command"]).0, Some(2));
    let (code, words) = run(&["check", "--intents", "/nowhere/at/all"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("/nowhere/at/all"), "{words}");
    let (code, words) = run(&["check", "--config", "/nowhere.toml"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("/nowhere.toml"), "{words}");
}

#[test]
fn a_fault_in_the_content_is_named_with_file_and_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy("intents".as_ref(), folder.path());
    let file = folder.path().join("pay-it/make_payment.toml");
    let good = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, good.replacen("about ", "abuot ", 1)).expect("it can be written");
    let other = folder.path().join("talk/greeting.toml");
    let good = std::fs::read_to_string(&other).expect("it is there");
    std::fs::write(&other, good.replacen("[[answer]]", "[[anwser]]", 1)).expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_plainbill"))
        .args(["check", "--intents"])
        .arg(folder.path())
        .output()
        .expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("make_payment.toml:") && words.contains("about"), "{words}");
    assert!(words.contains("greeting.toml:") && words.contains("answer"), "{words}");
}

#[test]
fn a_corrupt_model_does_not_keep_the_server_from_starting() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let data = tempfile::tempdir().expect("a temporary folder");
        let models = data.path().join("models");
        std::fs::create_dir(&models).expect("the folder can be made");
        std::fs::copy("models/tokenizer.json", models.join("tokenizer.json")).expect("it can be copied");
        std::fs::write(models.join("encoder.onnx"), b"not a model").expect("it can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_plainbill"));
        command.env("PLAINBILL_MODELS", &models);
        let program = Program::start_with(command, data.path(), free_port()).await;
        let ready = reqwest::get(format!("http://{}/readyz", program.address)).await.expect("it answers");
        assert_eq!(ready.status(), 200);
        let body: Value = ready.json().await.expect("it is JSON");
        assert!(body["classifier"].as_str().is_some_and(|it| it.starts_with("missing")), "{body}");
        program.kill();
    });
}
