//! Letters to a real mail server on loopback: what arrives, what is refused, what is tried again.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use plainbill::config::{Config, Limits, Mail};
use plainbill::mail::{Attachment, Letter, MailError, Mailbox};
use serde_json::Value;
use tempfile::TempDir;

/// Where `tests/run.sh` puts the server's Python packages.
const PACKAGES: &str = "vendor/aiosmtpd";

/// A mail server that keeps what it gets in a folder.
pub struct MailServer {
    child: Child,
    pub port: u16,
    folder: TempDir,
}

impl MailServer {
    pub fn start() -> Self {
        Self::with(0, &[])
    }

    fn with(port: u16, login: &[&str]) -> Self {
        Self::run(Command::new("python3"), tempfile::tempdir().expect("a temporary folder"), port, login)
    }

    /// One that speaks TLS, `starttls` or `smtps`, with a certificate of its own that `ca` vouches for.
    fn behind_tls(how: &str, ca: &Authority) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        ca.sign(folder.path());
        let mut command = Command::new("python3");
        command.env("TLS", how);
        Self::run(command, folder, 0, &[])
    }

    fn run(mut command: Command, folder: TempDir, port: u16, login: &[&str]) -> Self {
        assert!(Path::new(PACKAGES).is_dir(), "{PACKAGES} is missing: tests/run.sh brings it");
        let mut child = command
            .arg("tests/plays/smtp_server.py")
            .arg(folder.path())
            .arg(port.to_string())
            .args(login)
            .env("PYTHONPATH", PACKAGES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says its port");
        let port = line.trim().parse().expect("the server says its port");
        Self { child, port, folder }
    }

    /// The letters so far, in order.
    pub fn letters(&self) -> Vec<Value> {
        (1..)
            .map_while(|n| std::fs::read_to_string(self.folder.path().join(format!("{n}.json"))).ok())
            .map(|text| serde_json::from_str(&text).expect("the server writes JSON"))
            .collect()
    }

    /// How often somebody wanted to write to an address.
    fn n_asked(&self, address: &str) -> usize {
        let asked = std::fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default();
        asked.lines().filter(|it| *it == address).count()
    }

    pub fn settings(&self) -> Mail {
        mail(&format!("smtp://127.0.0.1:{}", self.port))
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.child.kill().expect("it can be ended");
        self.child.wait().expect("it is gone");
    }
}

fn mail(smtp: &str) -> Mail {
    Mail { from: "Fernhill Fibre <billing@fernhill.example>".into(), smtp: smtp.into(), ..Mail::default() }
}

/// Vouches for mail servers, and nobody else does.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().expect("a temporary folder"));
        let own = ["-addext", "keyUsage=critical,keyCertSign", "-subj", "/CN=The shop's own"];
        openssl(
            this.0.path(),
            &[&["req", "-x509", "-keyout", "ca.key", "-out", "ca.pem"], &NEW_KEY[..], &own].concat(),
        );
        this
    }

    /// Makes a key and a certificate for 127.0.0.1 in a folder.
    fn sign(&self, folder: &Path) {
        let (ca, key) = (self.file(), self.0.path().join("ca.key"));
        let by = ["-CA", ca.to_str().expect("plain text"), "-CAkey", key.to_str().expect("plain text")];
        let name =
            ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"];
        let out = ["req", "-x509", "-keyout", "server.key", "-out", "server.pem"];
        openssl(folder, &[&out, &NEW_KEY[..], &by, &name].concat());
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }
}

const NEW_KEY: [&str; 7] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

fn openssl(folder: &Path, args: &[&str]) {
    let made = Command::new("openssl").args(args).current_dir(folder).output().expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn mailbox(mail: Mail) -> Mailbox {
    let limits = Limits { mail_ms_max: 2_000, mail_tries_max: 2, ..Limits::default() };
    Mailbox::open(&Config { mail, limits, ..Config::default() }).expect("the settings are right")
}

fn letter(to: &str) -> Letter {
    Letter {
        to: to.into(),
        subject: "Your June bill: £42.00".into(),
        text: "Hello Ana,\n\n.a line that begins with a stop\nYour bill is £42.00.".into(),
        attachments: vec![],
        key: format!("bill-{to}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_arrives_whole_with_sender_subject_and_file() {
    let server = MailServer::start();
    let mailbox = mailbox(server.settings());
    let bytes: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let file = Attachment { name: "INV-1042.pdf".into(), media_type: "application/pdf".into(), bytes };
    let bill = Letter { attachments: vec![file], ..letter("ana@shop.example") };
    mailbox.send(&bill).await.expect("the server takes it");
    mailbox.send(&Letter { key: "another".into(), ..bill.clone() }).await.expect("the server takes it");
    let letters = server.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(
        (&letters[0]["from"], &letters[0]["to"][0]),
        (&"billing@fernhill.example".into(), &"ana@shop.example".into())
    );
    let text = letters[0]["text"].as_str().expect("it is text");
    for part in [
        "From: \"Fernhill Fibre\" <billing@fernhill.example>",
        "To: ana@shop.example",
        "INV-1042.pdf",
        "a line that begins with a stop",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let id = |letter: &Value| {
        let text = letter["text"].as_str().unwrap_or_default();
        text.lines().find(|it| it.starts_with("Message-ID: ")).map(str::to_owned)
    };
    assert!(id(&letters[0]).is_some_and(|it| it.ends_with("@fernhill.example>")));
    assert_ne!(id(&letters[0]), id(&letters[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_server_refuses_is_not_tried_again() {
    let server = MailServer::start();
    let mailbox = mailbox(server.settings());
    let sent = mailbox.send(&letter("nobody@shop.example")).await;
    assert!(matches!(sent, Err(MailError::Refused(_))), "{sent:?}");
    assert_eq!(server.n_asked("nobody@shop.example"), 1);
    mailbox.send(&letter("ana@shop.example")).await.expect("others still get theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_turns_us_away_does_so_whoever_the_letter_is_for_until_it_takes_one() {
    let server = MailServer::start();
    let mailbox = mailbox(server.settings());
    mailbox.could_send().await.expect("nothing is known against it");
    let sent = mailbox.send(&letter("relayed@elsewhere.example")).await;
    assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    assert_eq!(server.n_asked("relayed@elsewhere.example"), 1, "soon tries are no use");
    let could = mailbox.could_send().await;
    assert!(matches!(could, Err(MailError::Unreachable(_))), "who has no letter hears the same: {could:?}");
    mailbox.send(&letter("ana@shop.example")).await.expect("the server takes it");
    mailbox.could_send().await.expect("it takes letters again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_is_tried_again() {
    let server = MailServer::start();
    mailbox(server.settings()).send(&letter("busy@shop.example")).await.expect("the second try is taken");
    assert_eq!((server.n_asked("busy@shop.example"), server.letters().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_given_up_and_the_next_letter_goes_out() {
    let server = MailServer::start();
    let limits = Limits { mail_ms_max: 700, mail_tries_max: 1, ..Limits::default() };
    let config = Config { mail: server.settings(), limits, ..Config::default() };
    let mailbox = Mailbox::open(&config).expect("the settings are right");
    mailbox.send(&letter("ana@shop.example")).await.expect("the server takes it");
    let sent = mailbox.send(&letter("slow@shop.example")).await;
    assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    mailbox.send(&letter("ben@shop.example")).await.expect("the server takes it");
    assert_eq!(server.letters().iter().filter(|it| it["to"][0] == "ben@shop.example").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_is_found_again() {
    let server = MailServer::start();
    let (port, mailbox) = (server.port, mailbox(server.settings()));
    mailbox.send(&letter("ana@shop.example")).await.expect("the server takes it");
    drop(server);
    let sent = mailbox.send(&letter("ana@shop.example")).await;
    assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    let server = MailServer::with(port, &[]);
    mailbox.send(&letter("ana@shop.example")).await.expect("it is back");
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_lets_letters_out_and_none_is_told() {
    let server = MailServer::with(0, &["plainbill", "right-pass%word"]);
    let url = |password: &str| format!("smtp://plainbill:{password}@127.0.0.1:{}", server.port);
    let sent = mailbox(mail(&url("wrong-password"))).send(&letter("ana@shop.example")).await;
    let error = sent.expect_err("it is the wrong one");
    assert!(matches!(error, MailError::Unreachable(_)), "{error}");
    assert!(!error.to_string().contains("wrong-password"), "{error}");
    mailbox(mail(&url("right-pass%25word"))).send(&letter("ana@shop.example")).await.expect("it is the right one");
    assert_eq!(server.letters()[0]["login"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_tls_is_required_a_server_without_it_gets_nothing() {
    let server = MailServer::with(0, &["plainbill", "password"]);
    let url = format!("smtp://plainbill:password@127.0.0.1:{}?tls=required", server.port);
    let sent = mailbox(mail(&url)).send(&letter("ana@shop.example")).await;
    assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    assert_eq!((server.letters().len(), server.n_asked("ana@shop.example")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_whose_certificate_is_vouched_for_gets_letters() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for how in ["starttls", "smtps"] {
        let server = MailServer::behind_tls(how, &ours);
        let url = match how {
            "smtps" => format!("smtps://127.0.0.1:{}", server.port),
            _ => format!("smtp://127.0.0.1:{}?tls=required", server.port),
        };
        for ca in [PathBuf::new(), theirs.file()] {
            let sent = mailbox(Mail { ca, ..mail(&url) }).send(&letter("ana@shop.example")).await;
            assert!(matches!(sent, Err(MailError::Unreachable(_))), "{how}: {sent:?}");
            assert_eq!((server.letters().len(), server.n_asked("ana@shop.example")), (0, 0), "{how}");
        }
        let vouched_for = mailbox(Mail { ca: ours.file(), ..mail(&url) });
        vouched_for.send(&letter("ana@shop.example")).await.unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_eq!(server.letters()[0]["tls"], true, "{how}");
        // Another name than the one in the certificate.
        let elsewhere = url.replace("127.0.0.1", "localhost");
        let sent = mailbox(Mail { ca: ours.file(), ..mail(&elsewhere) }).send(&letter("ana@shop.example")).await;
        assert!(matches!(sent, Err(MailError::Unreachable(_))), "{how}: {sent:?}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").expect("it can be written");
    let ours = Authority::new();
    for (smtp, ca, why) in [
        ("smtps://mail.shop.example", folder.path().join("none.pem"), "cannot be read"),
        ("smtps://mail.shop.example", empty, "no certificate in it"),
        ("smtp://mail.shop.example", ours.file(), "uses no TLS"),
    ] {
        let config = Config { mail: Mail { ca, ..mail(smtp) }, ..Config::default() };
        let fault = Mailbox::open(&config).expect_err("it is not right").to_string();
        assert!(fault.contains("mail.ca") && fault.contains(why), "{fault}");
    }
}
