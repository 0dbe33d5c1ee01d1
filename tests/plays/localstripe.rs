//! Starts localstripe, a double of Stripe that was not written here, and speaks to it as a business would.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use plainbill::config::BillingConfig;
use serde_json::Value;

/// It takes any secret key.
const KEY: &str = "sk_test_of_a_play";
/// It speaks a version from before 2025-03-31.
pub const VERSION: &str = "2024-06-20";
/// Starts it without its copy on the disk, which all that run on a machine would share. It ends with its input, which
/// is when the plays end.
const START: &str = "
import os, sys, threading
import localstripe.resources as resources, localstripe.server as server
resources.Store.dump_to_disk = lambda self: None
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.start()
";

/// The double of Stripe of all plays.
pub struct LocalStripe {
    pub url: String,
    http: reqwest::Client,
}

/// The process, with its output: a program whose output nobody holds ends when it says something.
struct Process {
    url: String,
    _child: Child,
    _output: BufReader<ChildStdout>,
}

impl Process {
    fn start() -> Self {
        let folder = folder();
        assert!(
            folder.join("localstripe").is_dir(),
            "localstripe is not in {}. Type:\n  tests/bring_localstripe.sh",
            folder.display()
        );
        let port = free_port();
        let mut child = Command::new("python3")
            .args(["-u", "-c", START, "--from-scratch", "--port", &port.to_string()])
            .env("PYTHONPATH", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is here, or nothing could have brought localstripe");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("Running on") {
            line.clear();
            let n = output.read_line(&mut line).expect("its output is text");
            assert!(0 < n, "localstripe ended. By hand: PYTHONPATH={} python3 -m localstripe", folder.display());
        }
        Self { url: format!("http://127.0.0.1:{port}"), _child: child, _output: output }
    }
}

impl LocalStripe {
    pub async fn start() -> Self {
        static STARTED: OnceLock<Process> = OnceLock::new();
        let started = tokio::task::spawn_blocking(|| STARTED.get_or_init(Process::start).url.clone());
        Self { url: started.await.expect("localstripe starts"), http: reqwest::Client::new() }
    }

    /// The settings that lead to it.
    pub fn config(&self) -> BillingConfig {
        BillingConfig {
            source: "stripe".to_owned(),
            url: self.url.clone(),
            key: KEY.to_owned(),
            stripe_version: VERSION.to_owned(),
            ..BillingConfig::default()
        }
    }

    /// Makes or changes something, as a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.http.post(format!("{}/{path}", self.url)).bearer_auth(KEY).form(form);
        let response = request.send().await.expect("localstripe answers");
        let status = response.status();
        let text = response.text().await.expect("it answers with text");
        assert!(status.is_success(), "POST /{path} {form:?}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.http.get(format!("{}/{path}", self.url)).bearer_auth(KEY).send().await;
        response.expect("localstripe answers").json().await.expect("it answers with JSON")
    }

    /// A customer with a card, who pays 30 pounds a month for Fibre 100 since a time in seconds since 1970.
    pub async fn subscriber(&self, since: i64) -> Subscriber {
        let plan = [("amount", "3000"), ("currency", "gbp"), ("interval", "month"), ("product[name]", "Fibre 100")];
        let plan = id(&self.post("v1/plans", &plan).await);
        // All plays share one Stripe: everybody has an address of their own.
        let email = format!("{}@example.com", uuid::Uuid::now_v7().simple());
        let customer = [("name", "Wren Alder"), ("email", email.as_str())];
        let customer = id(&self.post("v1/customers", &customer).await);
        let card = [
            ("type", "card"),
            ("card[number]", "4242424242424242"),
            ("card[exp_month]", "8"),
            ("card[exp_year]", "2027"),
            ("card[cvc]", "123"),
        ];
        let card = id(&self.post("v1/payment_methods", &card).await);
        self.post(&format!("v1/payment_methods/{card}/attach"), &[("customer", &customer)]).await;
        let default = [("invoice_settings[default_payment_method]", card.as_str())];
        self.post(&format!("v1/customers/{customer}"), &default).await;
        let since = since.to_string();
        let subscription =
            [("customer", customer.as_str()), ("items[0][plan]", &plan), ("backdate_start_date", &since)];
        let subscription = id(&self.post("v1/subscriptions", &subscription).await);
        Subscriber { customer, subscription, email }
    }

    /// Adds something to the next bill.
    pub async fn item(&self, customer: &str, minor: i64, words: &str) {
        let minor = minor.to_string();
        let item = [("customer", customer), ("amount", &minor), ("currency", "gbp"), ("description", words)];
        self.post("v1/invoiceitems", &item).await;
    }

    /// Makes out the next bill with everything that waits for it, and has it paid.
    pub async fn bill(&self, of: &Subscriber) -> Value {
        let invoice = [("customer", of.customer.as_str()), ("subscription", &of.subscription)];
        let invoice = id(&self.post("v1/invoices", &invoice).await);
        self.post(&format!("v1/invoices/{invoice}/pay"), &[]).await
    }
}

/// Somebody with a subscription.
pub struct Subscriber {
    pub customer: String,
    pub subscription: String,
    pub email: String,
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("it has an id").to_owned()
}

fn folder() -> PathBuf {
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    std::path::absolute(built.join("localstripe")).expect("there is a working folder")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
