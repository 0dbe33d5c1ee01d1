//! Everything that can be set, with its unit, its default, and where it may come from.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// The settings of one run: defaults, under `plainbill.toml`, under `PLAINBILL_…` in the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where customers and staff reach the server.
    pub listen: SocketAddr,
    /// Where Prometheus reads; a port of its own, on this machine unless said otherwise.
    pub metrics_listen: SocketAddr,
    /// The folder with the store.
    pub data: PathBuf,
    /// The folder with the content.
    pub intents: PathBuf,
    /// The folder with `encoder.onnx` and `tokenizer.json`.
    pub models: PathBuf,
    /// ONNX Runtime's library; empty: looked for beside the program and in `vendor/onnxruntime`.
    pub onnxruntime: PathBuf,
    /// `auto`, `onnxruntime` or `rten`.
    pub engine: String,
    /// `postgres://…` for several nodes; empty: SQLite in the data folder.
    pub database: String,
    /// `nats://…` to carry hints between nodes; empty: none.
    pub nats: String,
    /// Sites that may embed the widget, as `https://shop.example`; the server's own pages always may.
    pub origins: Vec<String>,
    /// Demo billing data, and the demo shop at `/`.
    pub demo: bool,
    /// The server is reached by https: staff's cookies are marked secure.
    pub https: bool,
    /// Keys that sign identity tokens; two at most, so that one can be changed for the next.
    pub identity_keys: Vec<IdentityKey>,
    /// Where billing data comes from.
    pub billing: BillingConfig,
    /// How letters are sent.
    pub mail: Mail,
    /// Every limit.
    pub limits: Limits,
}

/// Where billing data comes from, and with which keys.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BillingConfig {
    /// `demo`, `stripe`, or `http` for the business's own endpoint (`docs/billing-api.openapi.json`).
    pub source: String,
    /// Where the endpoint is, https unless it is on this machine; for Stripe empty but in tests.
    pub url: String,
    /// The endpoint's bearer key, or Stripe's secret or restricted key.
    pub key: String,
    /// Stripe's keys that sign its notices, as `whsec_…`; two at most, so that one can be rolled. None: no notices.
    pub webhook_keys: Vec<String>,
    /// The version of Stripe's API that is asked for.
    pub stripe_version: String,
    /// The key in Stripe's metadata under which a customer's id in the business's own systems stands; empty: the ids
    /// that the business's site signs are Stripe's own (`cus_…`).
    pub customer_metadata: String,
    /// Where Stripe's hosted pages lead back to; empty: where Stripe's own settings say.
    pub return_url: String,
    /// The time in days that a bill leaves for paying once it is no longer collected by itself.
    pub days_until_due: u32,
}

impl Default for BillingConfig {
    fn default() -> Self {
        Self {
            source: "demo".into(),
            url: String::new(),
            key: String::new(),
            webhook_keys: Vec::new(),
            stripe_version: "2025-03-31.basil".into(),
            customer_metadata: String::new(),
            return_url: String::new(),
            days_until_due: 14,
        }
    }
}

impl std::fmt::Debug for BillingConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BillingConfig").field("source", &self.source).field("url", &self.url).finish_non_exhaustive()
    }
}

impl BillingConfig {
    fn check(&self, demo: bool) -> anyhow::Result<()> {
        anyhow::ensure!(
            matches!(self.source.as_str(), "demo" | "stripe" | "http"),
            "billing.source is `{}`: it may be demo, stripe or http",
            self.source
        );
        if self.source == "demo" {
            return Ok(());
        }
        anyhow::ensure!(
            !demo,
            "demo is true and billing.source is `{}`: the demo shop lets anybody be any customer, so set demo = false",
            self.source
        );
        anyhow::ensure!(
            !self.key.is_empty(),
            "billing.key is missing, which billing.source = \"{}\" needs: set it under [billing] in the settings file, \
             or PLAINBILL_BILLING_KEY in the environment",
            self.source
        );
        anyhow::ensure!(
            self.source == "stripe" || !self.url.is_empty(),
            "billing.url is missing, which billing.source = \"http\" needs: the address of your endpoint, \
             as https://billing.your-shop.example/plainbill"
        );
        anyhow::ensure!(
            self.webhook_keys.len() <= 2 && self.webhook_keys.iter().all(|it| !it.is_empty()),
            "billing.webhook_keys may have two keys at most, and none that is empty: the current one and the next"
        );
        let is_date = |it: &str| it.parse::<jiff::civil::Date>().is_ok();
        anyhow::ensure!(
            self.stripe_version.get(..10).is_some_and(is_date),
            "billing.stripe_version is `{}`: it begins with a date, as in 2025-03-31.basil",
            self.stripe_version
        );
        anyhow::ensure!(0 < self.days_until_due, "billing.days_until_due is 0: it must be at least 1");
        Ok(())
    }
}

/// A key by which the business's site vouches for its customers: a secret shared with it (HS256), or the public half
/// of a key pair whose other half only the site has (EdDSA with Ed25519).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityKey {
    /// Its name in the token's header.
    pub kid: String,
    /// At least 32 characters; empty where there is a public key.
    pub secret: String,
    /// An Ed25519 public key: PEM as `openssl pkey -pubout` writes it, or its 32 bytes in base64.
    pub public_key: String,
}

/// What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410, section 4).
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Characters of a shared secret, at least.
const SECRET_CHARS_MIN: usize = 32;

impl IdentityKey {
    /// The bytes of the public key, where there is one that can be read.
    pub fn public_bytes(&self) -> Option<[u8; 32]> {
        let base64: String = (self.public_key.lines())
            .filter(|it| !it.trim_start().starts_with("-----"))
            .flat_map(str::chars)
            .filter(|it| !it.is_whitespace() && *it != '=')
            .map(|it| match it {
                '-' => '+',
                '_' => '/',
                it => it,
            })
            .collect();
        let bytes = STANDARD_NO_PAD.decode(base64).ok()?;
        bytes.strip_prefix(&ED25519_HEAD).unwrap_or(&bytes).try_into().ok()
    }

    fn check(&self) -> anyhow::Result<()> {
        let kid = &self.kid;
        anyhow::ensure!(!kid.is_empty(), "an identity key has no `kid`: give it the name that stands in the tokens");
        match (self.secret.is_empty(), self.public_key.is_empty()) {
            (false, true) => anyhow::ensure!(
                SECRET_CHARS_MIN <= self.secret.len(),
                "the identity key `{kid}` is shorter than {SECRET_CHARS_MIN} characters"
            ),
            (true, false) => anyhow::ensure!(
                self.public_bytes().is_some(),
                "the public key of `{kid}` cannot be read: it must be an Ed25519 public key, as PEM or as base64 of 32 bytes"
            ),
            _ => anyhow::bail!("the identity key `{kid}` must have either `secret` or `public_key`"),
        }
        Ok(())
    }
}

impl std::fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// How letters are sent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Who letters come from: `billing@shop.example` or `Shop <billing@shop.example>`.
    pub from: String,
    /// `smtps://name:password@host`, `smtp://name:password@host:587?tls=required`, or `smtp://localhost` for a relay
    /// on this machine; empty: letters become files in the folder `mail` of the data folder.
    pub smtp: String,
}

impl Mail {
    /// A password would go over the network for all to read.
    fn tells_password(&self) -> bool {
        let Some(rest) = self.smtp.strip_prefix("smtp://") else { return false };
        let (authority, after) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let Some((_, host)) = authority.rsplit_once('@') else { return false };
        let here = ["localhost", "127.0.0.1", "[::1]"].iter().any(|it| {
            host.split_at_checked(it.len())
                .is_some_and(|(name, port)| name == *it && (port.is_empty() || port.starts_with(':')))
        });
        !here && !after.contains("tls=required")
    }
}

impl std::fmt::Debug for Mail {
    /// Leaves out the server, whose address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).field("smtp", &!self.smtp.is_empty()).finish()
    }
}

/// Every queue, list, length and wait, with what happens at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Sockets and requests at once; above it a connection is answered 503 and closed.
    pub connections_max: usize,
    /// The same from one address.
    pub connections_per_address_max: usize,
    /// A request's head must be there within this, or the connection is closed.
    pub head_ms_max: u64,
    /// `hello` must come within this, or the socket is closed.
    pub hello_ms_max: u64,
    /// The largest message on a socket; a larger one closes it.
    pub frame_bytes_max: usize,
    /// The largest body of a request; a larger one is answered 413.
    pub body_bytes_max: usize,
    /// The longest text of a customer or of staff; a longer one is refused.
    pub text_chars_max: usize,
    /// The longest reason for what staff give a customer; a longer one is refused.
    pub reason_chars_max: usize,
    /// A frame that cannot be sent within this closes the socket; the client resumes.
    pub send_ms_max: u64,
    /// What the kernel may hold back for one slow socket.
    pub send_buffer_bytes: u32,
    /// Frames a second on one socket, on average; above it they are refused.
    pub frames_per_second: u32,
    /// Frames at once on one socket before that average counts.
    pub frames_burst: u32,
    /// Messages a minute from one address; above it they are refused.
    pub messages_per_minute: u32,
    /// Sign-in tries a minute for one account and from one address; above it they are refused.
    pub logins_per_minute: u32,
    /// A client shows that it is alive this often.
    pub heartbeat_ms: u32,
    /// A socket that has said nothing for this long is closed.
    pub silent_ms_max: u64,
    /// Requests that wait in one conversation; above it the client is told to try again.
    pub inbox_max: usize,
    /// How long a turn waits for another quick message.
    pub gather_ms: u64,
    /// How long it waits at most while the customer is typing.
    pub gather_ms_max: u64,
    /// A conversation that nothing happens in leaves memory after this; the log stays.
    pub idle_ms_max: u64,
    /// Events that one read of the log returns; the rest comes with the next.
    pub events_max: u32,
    /// Writes that wait for the writer; above it they are refused.
    pub write_queue_max: usize,
    /// Writes that one commit takes together.
    pub group_max: usize,
    /// Messages that wait for the classifier; above it a person answers.
    pub classifier_queue_max: usize,
    /// Classifier threads, each with its own session; 0: one for each core.
    pub classifier_workers: usize,
    /// Misses in a row before a person gets it.
    pub misses_max: u32,
    /// Long-poll clients at once; above it they are told to try again.
    pub polls_max: usize,
    /// How long one long-poll request waits.
    pub poll_ms: u64,
    /// A long-poll client that has not come back for this long is gone.
    pub poll_gone_ms: u64,
    /// Rows of a list in the console.
    pub rows_max: u32,
    /// How long a staff session lasts, in hours.
    pub staff_session_hours: i64,
    /// How long open sockets have to finish when the server stops.
    pub drain_ms_max: u64,
    /// How long an identity token may be valid, in seconds.
    pub identity_seconds_max: i64,
    /// A connection to billing must be there within this, or the try has failed.
    pub billing_connect_ms_max: u64,
    /// Billing must have answered a request within this, or the try has failed.
    pub billing_try_ms_max: u64,
    /// Everything that is asked of billing for one account, or for one act, tries included; above it billing is down.
    pub billing_ms_max: u64,
    /// Tries of a request that can be repeated without harm.
    pub billing_tries_max: usize,
    /// The wait before the second try, with jitter; it doubles with each.
    pub billing_retry_ms: u64,
    /// Failed tries in a row after which billing is left alone.
    pub billing_failures_max: u32,
    /// How long it is left alone before one request may see whether it is back.
    pub billing_open_seconds: u64,
    /// Requests to billing at once; above it they wait for a place.
    pub billing_requests_max: usize,
    /// The largest answer of billing; a larger one is not read.
    pub billing_answer_bytes_max: usize,
    /// How long an account is held, in milliseconds, before it is asked for again.
    pub billing_cache_ms: u64,
    /// Accounts that are held; above it the oldest makes room.
    pub billing_cache_max: usize,
    /// The largest notice from billing; a larger one is answered 413.
    pub billing_notice_bytes_max: usize,
    /// How long a one-time code is valid, in minutes.
    pub code_minutes: i64,
    /// Wrong codes before a code is gone and its address paused.
    pub code_tries_max: u32,
    /// How long an address is paused then, in minutes: no code is sent to it.
    pub code_pause_minutes: i64,
    /// Codes an hour for one e-mail address; above it none is sent.
    pub codes_per_hour: u32,
    /// Codes an hour that one network address may ask for; above it none is sent. Behind a proxy that is everybody.
    pub codes_per_network_hour: u32,
    /// One try to send a letter takes no longer than this.
    pub mail_ms_max: u64,
    /// Tries for one letter; after the last it counts as not sent.
    pub mail_tries_max: u32,
    /// Connections to the mail server at once; further letters wait.
    pub mail_connections_max: usize,
    /// What was begun in billing, or a letter that should be out, is left to whoever began it for this long; then any node
    /// sees to it.
    pub settle_after_ms: i64,
    /// How often each node looks for such things; it looks at its start too.
    pub settle_look_ms: u64,
    /// Billing is asked what came of something for so many hours; then a person looks.
    pub settle_hours_max: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics_listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            data: "data".into(),
            intents: "intents".into(),
            models: "models".into(),
            onnxruntime: PathBuf::new(),
            engine: "auto".into(),
            database: String::new(),
            nats: String::new(),
            origins: Vec::new(),
            demo: true,
            https: false,
            identity_keys: Vec::new(),
            billing: BillingConfig::default(),
            mail: Mail::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_address_max: 200,
            head_ms_max: 5_000,
            hello_ms_max: 5_000,
            frame_bytes_max: 16 * 1024,
            body_bytes_max: 64 * 1024,
            text_chars_max: 2_000,
            reason_chars_max: 200,
            send_ms_max: 5_000,
            send_buffer_bytes: 64 * 1024,
            frames_per_second: 5,
            frames_burst: 30,
            messages_per_minute: 120,
            logins_per_minute: 10,
            heartbeat_ms: 20_000,
            silent_ms_max: 45_000,
            inbox_max: 32,
            gather_ms: 120,
            gather_ms_max: 1_500,
            idle_ms_max: 300_000,
            events_max: 200,
            write_queue_max: 4_096,
            group_max: 1_024,
            classifier_queue_max: 64,
            classifier_workers: 0,
            misses_max: 2,
            polls_max: 1_000,
            poll_ms: 25_000,
            poll_gone_ms: 60_000,
            rows_max: 200,
            staff_session_hours: 12,
            drain_ms_max: 10_000,
            identity_seconds_max: 600,
            billing_connect_ms_max: 2_000,
            billing_try_ms_max: 4_000,
            billing_ms_max: 9_000,
            billing_tries_max: 3,
            billing_retry_ms: 150,
            billing_failures_max: 5,
            billing_open_seconds: 15,
            billing_requests_max: 32,
            billing_answer_bytes_max: 8 * 1024 * 1024,
            billing_cache_ms: 30_000,
            billing_cache_max: 2_000,
            billing_notice_bytes_max: 512 * 1024,
            code_minutes: 10,
            code_tries_max: 5,
            code_pause_minutes: 15,
            codes_per_hour: 5,
            codes_per_network_hour: 60,
            mail_ms_max: 10_000,
            mail_tries_max: 3,
            mail_connections_max: 4,
            settle_after_ms: 60_000,
            settle_look_ms: 15_000,
            settle_hours_max: 24,
        }
    }
}

impl Config {
    /// Reads the settings: defaults, then the file, then the environment.
    ///
    /// Without `file`, `plainbill.toml` is read where it exists. An unknown key, a wrong type or a limit of zero is
    /// an error that names it.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::read_with(file, |name| std::env::var(name).ok())
    }

    fn read_with(file: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let mut table = toml::Table::try_from(Self::default()).context("could not write down the default settings")?;
        let path = file.map_or_else(|| PathBuf::from("plainbill.toml"), Path::to_path_buf);
        if file.is_some() || path.exists() {
            let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
            // Read on its own first, so that a fault is reported with its line in the file.
            toml::from_str::<Self>(&text).with_context(|| format!("{} has a fault", path.display()))?;
            let from_file: toml::Table = text.parse().with_context(|| format!("{} has a fault", path.display()))?;
            // A config file means a real business: the demo has to be asked for.
            if !from_file.contains_key("demo") {
                table.insert("demo".into(), toml::Value::Boolean(false));
            }
            lay_over(&mut table, from_file);
        }
        read_environment(&mut table, "PLAINBILL", &variable)?;
        let config: Self = table.try_into().context("a setting from the environment is not right")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.identity_keys.len() <= 2,
            "identity_keys has more than two keys: keep the current one and the next"
        );
        for key in &self.identity_keys {
            key.check()?;
        }
        if let [one, other] = self.identity_keys.as_slice() {
            anyhow::ensure!(one.kid != other.kid, "both identity keys are named `{}`", one.kid);
        }
        anyhow::ensure!(
            matches!(self.engine.as_str(), "auto" | "onnxruntime" | "rten"),
            "engine is `{}`: it may be auto, onnxruntime or rten",
            self.engine
        );
        self.billing.check(self.demo)?;
        anyhow::ensure!(
            self.mail.smtp.is_empty() || !self.mail.from.is_empty(),
            "mail.smtp is set and mail.from is not: say who letters come from, as billing@shop.example"
        );
        anyhow::ensure!(
            !self.mail.tells_password(),
            "mail.smtp would send the password for all to read: write smtps://… or add ?tls=required"
        );
        let limits = toml::Table::try_from(&self.limits).context("could not write down the limits")?;
        for (name, value) in limits {
            let may_be_zero =
                matches!(name.as_str(), "classifier_workers" | "gather_ms" | "gather_ms_max" | "billing_cache_ms");
            anyhow::ensure!(may_be_zero || value.as_integer() != Some(0), "limits.{name} is 0: it must be at least 1");
        }
        Ok(())
    }
}

/// Lays one table over another; tables inside are merged, all else is replaced.
fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Replaces each value for which there is a variable named after its path, `PLAINBILL_LIMITS_GATHER_MS`.
fn read_environment(
    table: &mut toml::Table,
    prefix: &str,
    variable: &impl Fn(&str) -> Option<String>,
) -> anyhow::Result<()> {
    for (key, value) in table.iter_mut() {
        let name = format!("{prefix}_{}", key.to_uppercase());
        if let toml::Value::Table(inner) = value {
            read_environment(inner, &name, variable)?;
            continue;
        }
        let Some(text) = variable(&name) else { continue };
        *value = match value {
            toml::Value::String(_) => toml::Value::String(text),
            _ => {
                let line: toml::Table =
                    format!("it = {text}").parse().with_context(|| format!("{name}={text} cannot be read"))?;
                line.get("it").cloned().with_context(|| format!("{name} is empty"))?
            }
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("the file can be written");
        file
    }

    #[test]
    fn the_environment_goes_before_the_file_and_the_file_before_the_defaults() {
        let file = file("listen = \"0.0.0.0:1\"\n[limits]\ngather_ms = 5\nmisses_max = 3\n");
        let config =
            Config::read_with(Some(file.path()), |name| (name == "PLAINBILL_LIMITS_GATHER_MS").then(|| "7".to_owned()))
                .expect("the settings are right");
        assert_eq!(config.limits.gather_ms, 7);
        assert_eq!(config.limits.misses_max, 3);
        assert_eq!(config.listen.port(), 1);
        assert!(!config.demo);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let file = file("listen = \"0.0.0.0:1\"\nlisten_to = 1\n");
        let fault = format!("{:#}", Config::read_with(Some(file.path()), nothing).expect_err("it is not right"));
        assert!(fault.contains("listen_to") && fault.contains("line 2"), "{fault}");
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let file = file("[limits]\ninbox_max = 0\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("it is not right").to_string();
        assert!(fault.contains("inbox_max"), "{fault}");
    }

    #[test]
    fn a_billing_source_without_its_key_says_which_line_to_write() {
        let file = file("[billing]\nsource = \"stripe\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("there is no key").to_string();
        assert!(fault.contains("billing.key") && fault.contains("PLAINBILL_BILLING_KEY"), "{fault}");
        let key = |name: &str| (name == "PLAINBILL_BILLING_KEY").then(|| "rk_live_of_the_shop".to_owned());
        let config = Config::read_with(Some(file.path()), key).expect("the key is in the environment");
        assert_eq!((config.billing.source.as_str(), config.demo), ("stripe", false));
        assert!(!format!("{config:?}").contains("rk_live_of_the_shop"));
    }

    #[test]
    fn an_endpoint_of_the_business_needs_an_address() {
        let file = file("[billing]\nsource = \"http\"\nkey = \"k\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("there is no address").to_string();
        assert!(fault.contains("billing.url"), "{fault}");
    }

    #[test]
    fn the_demo_shop_does_not_stand_before_real_accounts() {
        let file = file("demo = true\n[billing]\nsource = \"stripe\"\nkey = \"k\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("both are set").to_string();
        assert!(fault.contains("demo = false"), "{fault}");
    }

    #[test]
    fn an_unknown_billing_source_is_refused() {
        let file = file("[billing]\nsource = \"paypal\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("there is none").to_string();
        assert!(fault.contains("demo, stripe or http"), "{fault}");
    }

    #[test]
    fn a_mail_password_is_neither_printed_nor_sent_in_clear() {
        let mail = |smtp: &str| Mail { from: "a@shop.example".into(), smtp: smtp.into() };
        for (smtp, wanted) in [
            ("smtp://me:hunter2@mail.shop.example:587", true),
            ("smtp://me:hunter2@mail.shop.example?tls=opportunistic", true),
            ("smtp://me:hunter2@localhost.shop.example", true),
            ("smtp://me:hunter2@mail.shop.example:587?tls=required", false),
            ("smtps://me:hunter2@mail.shop.example", false),
            ("smtp://me:hunter2@127.0.0.1:2525", false),
            ("smtp://mail.shop.example", false),
        ] {
            assert_eq!(mail(smtp).tells_password(), wanted, "{smtp}");
            assert!(!format!("{:?}", mail(smtp)).contains("hunter2"));
        }
        let file = file("[mail]\nfrom = \"a@shop.example\"\nsmtp = \"smtp://me:hunter2@shop.example\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("it is not right").to_string();
        assert!(fault.contains("mail.smtp") && !fault.contains("hunter2"), "{fault}");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = "very-secret-very-secret-very-secret".to_owned();
        let key = IdentityKey { kid: "a".into(), secret, ..IdentityKey::default() };
        assert!(!format!("{key:?}").contains("very-secret"));
    }

    #[test]
    fn a_public_key_is_read_in_the_forms_that_people_have() {
        let plain = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        let bytes = |text: &str| IdentityKey { public_key: text.into(), ..IdentityKey::default() }.public_bytes();
        assert!(bytes(plain).is_some());
        for same in [pem, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"] {
            assert_eq!(bytes(same), bytes(plain), "{same}");
        }
        for wrong in ["", "short", "MCowBQYDK2VwAyEA11qYAYKxCrfVS", &pem.replace("MCow", "MIIB")] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_by_name() {
        let secret = "0123456789-0123456789-0123456789";
        for (keys, word) in [
            ("[{ kid = \"a\" }]".to_owned(), "`a`"),
            (format!("[{{ kid = \"a\", secret = \"{secret}\", public_key = \"x\" }}]"), "either"),
            ("[{ kid = \"a\", public_key = \"x\" }]".to_owned(), "Ed25519"),
            (format!("[{{ kid = \"a\", secret = \"{secret}\" }}, {{ kid = \"a\", secret = \"{secret}\" }}]"), "both"),
            (format!("[{{ secret = \"{secret}\" }}]"), "kid"),
            ("[{ kid = \"a\", secret = \"short\" }]".to_owned(), "shorter"),
        ] {
            let file = file(&format!("identity_keys = {keys}\n"));
            let fault = Config::read_with(Some(file.path()), nothing).expect_err("it is not right").to_string();
            assert!(fault.contains(word) && !fault.contains(secret), "{fault}");
        }
    }
}
