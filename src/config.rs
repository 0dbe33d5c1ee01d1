//! Everything that can be set, with its unit, its default, and where it may come from.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

mod billing;
mod environment;
mod identity;
mod limits;
pub mod listen;
mod mail;
pub mod origins;
mod proxies;

pub use billing::BillingConfig;
pub use environment::unknown_variables;
pub use identity::IdentityKey;
pub use limits::Limits;
pub use mail::{Mail, Tls};
pub use proxies::Proxies;

/// The settings of one run: defaults, under `plainbill.toml`, under `PLAINBILL_…` in the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where customers and staff reach the server.
    #[serde(deserialize_with = "listen::deserialize")]
    pub listen: SocketAddr,
    /// Where Prometheus reads; a port of its own, on this machine unless said otherwise.
    #[serde(deserialize_with = "listen::deserialize")]
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
    /// Where browsers reach the server, as `https://help.shop.example` or `https://shop.example/chat`: its own pages, its links and its cookies follow
    /// from it, whatever a request claims. Empty: what each request says of itself, for trying out.
    pub public_url: String,
    /// Proxies before the server, as addresses or networks (`10.0.0.0/8`): what they say in `X-Forwarded-For` is
    /// believed, so that limits count customers and not the proxy. None: nobody is believed.
    pub trusted_proxies: Vec<String>,
    /// Demo billing data, and the demo shop at `/`.
    pub demo: bool,
    /// The server is reached by https (so it is where `public_url` says so): staff's cookies are marked secure.
    pub https: bool,
    /// Keys that sign identity tokens; two at most, so that one can be changed for the next.
    pub identity_keys: Vec<IdentityKey>,
    /// Where billing data comes from.
    pub billing: BillingConfig,
    /// How letters are sent.
    pub mail: Mail,
    /// Every limit.
    pub limits: Limits,
    /// The file that they were read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
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
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            demo: true,
            https: false,
            identity_keys: Vec::new(),
            billing: BillingConfig::default(),
            mail: Mail::default(),
            limits: Limits::default(),
            file: None,
        }
    }
}

impl Config {
    /// Whether browsers reach the server by https.
    pub fn is_https(&self) -> bool {
        self.https || origins::of_address(&self.public_url).is_some_and(|it| it.0 == "https")
    }

    /// The path under which browsers reach the server, as `/chat`; empty where it has the host for itself.
    pub fn path(&self) -> &str {
        origins::path_of(&self.public_url)
    }

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
        let is_file = file.is_some() || path.exists();
        if !is_file && environment::is_of_a_business(&variable) {
            leave_the_demo(&mut table, variable("PLAINBILL_DEMO").as_deref() == Some("true"));
        }
        if is_file {
            let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
            // Read on its own first, so that a fault is reported with its line in the file.
            toml::from_str::<Self>(&text).with_context(|| format!("{} has a fault", path.display()))?;
            let from_file: toml::Table = text.parse().with_context(|| format!("{} has a fault", path.display()))?;
            leave_the_demo(&mut table, from_file.get("demo").and_then(toml::Value::as_bool) == Some(true));
            lay_over(&mut table, from_file);
        }
        environment::read(&mut table, environment::PREFIX, &variable)?;
        let mut config: Self = table.try_into().context("a setting from the environment is not right")?;
        config.file = Some(path).filter(|it| it.exists());
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.identity_keys.len() <= 2,
            "identity_keys has more than two keys: keep the current one and the next"
        );
        for (at, key) in self.identity_keys.iter().enumerate() {
            key.check(&format!("identity_keys[{at}]"))?;
        }
        if let [one, other] = self.identity_keys.as_slice() {
            anyhow::ensure!(one.kid != other.kid, "identity_keys has two keys, and both are named `{}`", one.kid);
        }
        anyhow::ensure!(
            matches!(self.engine.as_str(), "auto" | "onnxruntime" | "rten"),
            "engine is `{}`: it may be auto, onnxruntime or rten",
            self.engine
        );
        // Not told as it is: it may hold a password.
        anyhow::ensure!(
            self.database.is_empty() || ["postgres://", "postgresql://"].iter().any(|it| self.database.starts_with(it)),
            "database doesn't begin with postgres://: write postgres://name@host/database, or leave it out for a file in \
             the data folder"
        );
        for (at, origin) in self.origins.iter().enumerate() {
            origins::check(&format!("origins[{at}]"), origin)?;
        }
        if !self.public_url.is_empty() {
            origins::check_address("public_url", &self.public_url)?;
        }
        Proxies::read(&self.trusted_proxies)?;
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
        let Limits { heartbeat_ms, silent_ms_max, frame_bytes_max, .. } = self.limits;
        anyhow::ensure!(
            u64::from(heartbeat_ms) < silent_ms_max,
            "limits.heartbeat_ms is {heartbeat_ms} and limits.silent_ms_max is {silent_ms_max}: browsers have to show \
             that they are there before they count as gone; two heartbeats and a little more is right"
        );
        anyhow::ensure!(
            FRAME_BYTES_MIN <= frame_bytes_max,
            "limits.frame_bytes_max is {frame_bytes_max}: not even a greeting fits; write {FRAME_BYTES_MIN} at least"
        );
        for (name, value, most) in [
            ("verified_minutes", self.limits.verified_minutes, YEAR_MINUTES),
            ("page_minutes", self.limits.page_minutes, YEAR_MINUTES),
            ("code_minutes", self.limits.code_minutes, YEAR_MINUTES),
            ("code_pause_minutes", self.limits.code_pause_minutes, YEAR_MINUTES),
            ("staff_session_hours", self.limits.staff_session_hours, YEAR_MINUTES / 60),
            ("settle_hours_max", self.limits.settle_hours_max, YEAR_MINUTES / 60),
        ] {
            anyhow::ensure!((1..=most).contains(&value), "limits.{name} is {value}: it may be 1 to {most}, a year");
        }
        Ok(())
    }
}

/// Nothing that ends is meant to last for longer than a year.
const YEAR_MINUTES: i64 = 366 * 24 * 60;
/// What the shortest `hello` with a token takes.
const FRAME_BYTES_MIN: usize = 1_024;

/// Settings of one's own mean a real business: the demo has to be asked for, and so do made-up accounts. Without a source,
/// what holds for everybody is all that there is to say.
fn leave_the_demo(table: &mut toml::Table, asked_for: bool) {
    if asked_for {
        return;
    }
    table.insert("demo".into(), toml::Value::Boolean(false));
    if let Some(toml::Value::Table(billing)) = table.get_mut("billing") {
        billing.insert("source".into(), toml::Value::String("none".into()));
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
    fn a_fault_names_its_setting_and_what_to_write() {
        for (line, words) in [
            ("listen = \"localhost:8080\"", "write `127.0.0.1:8080`"),
            ("listen = \":8080\"", "write `0.0.0.0:8080`"),
            ("metrics_listen = \"here\"", "`127.0.0.1:8080`"),
            ("database = \"mysql://me:hunter2@db/x\"", "database doesn't begin with postgres://"),
        ] {
            let file = file(&format!("{line}\n"));
            let fault = format!("{:#}", Config::read_with(Some(file.path()), nothing).expect_err("it is not right"));
            assert!(fault.contains(words) && fault.contains(line.split(' ').next().unwrap_or_default()), "{fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        let listen = |name: &str| (name == "PLAINBILL_LISTEN").then(|| "localhost:8080".to_owned());
        let fault = format!("{:#}", Config::read_with(None, listen).expect_err("it is not right"));
        assert!(fault.contains("listen") && fault.contains("127.0.0.1:8080"), "{fault}");
    }

    #[test]
    fn an_address_by_https_is_one_however_it_is_written() {
        let config = Config { public_url: "HTTPS://shop.example".into(), ..Config::default() };
        assert!(config.is_https() && config.check().is_ok());
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
    fn whoever_sets_up_a_business_by_the_environment_has_no_demo_either() {
        let read = |variables: &[(&str, &str)]| {
            let variable = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
            let config = Config::read_with(None, variable).expect("it is right");
            (config.demo, config.billing.source)
        };
        let of = |demo: bool, source: &str| (demo, source.to_owned());
        assert_eq!(read(&[]), of(true, "demo"));
        assert_eq!(
            read(&[("PLAINBILL_LISTEN", "127.0.0.1:8081"), ("PLAINBILL_LIMITS_GATHER_MS", "20")]),
            of(true, "demo")
        );
        for (name, value) in [
            ("PLAINBILL_PUBLIC_URL", "https://help.shop.example"),
            ("PLAINBILL_ORIGINS", "[\"https://shop.example\"]"),
            ("PLAINBILL_BILLING_KEY", "k"),
        ] {
            assert_eq!(read(&[(name, value)]), of(false, "none"), "{name}");
            assert_eq!(read(&[(name, value), ("PLAINBILL_DEMO", "true")]), of(true, "demo"), "{name}");
        }
    }

    #[test]
    fn made_up_accounts_are_there_only_where_the_demo_is_on() {
        let source = |text: &str| Config::read_with(Some(file(text).path()), nothing).map(|it| it.billing.source);
        assert_eq!(source("origins = [\"https://shop.example\"]\n").expect("it is right"), "none");
        assert_eq!(source("demo = true\n").expect("it is right"), "demo");
        let fault = source("[billing]\nsource = \"demo\"\n").expect_err("the demo is off").to_string();
        assert!(fault.contains("demo = true") && fault.contains("none"), "{fault}");
    }

    #[test]
    fn an_origin_with_a_path_is_told_with_the_way_to_write_it() {
        let file = file("origins = [\"https://shop.example/billing\"]\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("it has a path").to_string();
        assert!(fault.contains("origins[0]") && fault.contains("Write `https://shop.example`"), "{fault}");
    }

    #[test]
    fn an_unknown_billing_source_is_refused() {
        let file = file("[billing]\nsource = \"paypal\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("there is none").to_string();
        assert!(fault.contains("stripe, http, none"), "{fault}");
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
            assert!(fault.starts_with("identity_keys"), "{fault}");
        }
    }

    #[test]
    fn a_mail_password_that_would_go_in_clear_is_refused_and_not_told() {
        let file = file("[mail]\nfrom = \"a@shop.example\"\nsmtp = \"smtp://me:hunter2@shop.example\"\n");
        let fault = Config::read_with(Some(file.path()), nothing).expect_err("it is not right").to_string();
        assert!(fault.contains("mail.smtp") && !fault.contains("hunter2"), "{fault}");
    }
}
