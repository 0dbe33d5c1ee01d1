//! Letters by e-mail: through the business's SMTP server, or into a folder where none is set.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{MultiPart, SinglePart};
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use crate::config::{Config, Mail, Tls};

/// Who letters come from where nothing is set, which goes for the folder only.
const FROM_NOBODY: &str = "billing@localhost";
/// Where letters lie in the data folder.
const FOLDER: &str = "mail";
/// The wait before the second try; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// A connection that nothing was sent on for this long is closed; servers close them after some minutes.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Characters of a key that a file's name takes; a longer one is cut, and told apart by its digest.
const NAME_CHARS_MAX: usize = 120;
/// How a certificate in a file begins.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// What an SMTP server answers when it does not let us in (RFC 4954, section 6).
const NOT_LET_IN: [u16; 4] = [530, 534, 535, 538];
/// How the word begins by which a server says that it takes no such letters of ours, whoever they are for (RFC 3463).
const POLICY: &str = "5.7.";
/// A server that has turned a letter away for what we are is taken to do so with all of them for this long.
const TURNED_AWAY_FOR: Duration = Duration::from_mins(10);

/// A letter to one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text; lines are wrapped by whoever reads it.
    pub text: String,
    /// Files that come with it.
    pub attachments: Vec<Attachment>,
    /// The same for the same letter, so that a letter that is sent again after a crash has the same Message-ID.
    pub key: String,
}

/// A file in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is saved as: `INV-1042.pdf`.
    pub name: String,
    /// What it is: `application/pdf`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a letter was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The address is none, or the server will not take it: sending again is no use.
    #[error("the letter was refused: {0}")]
    Refused(String),
    /// The server could not be reached, is busy or does not let us in: it may work later.
    #[error("the letter could not be sent: {0}")]
    Unreachable(String),
}

/// What is wrong with the settings for mail. Never has the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings for mail are not right: {0}")]
pub struct MailSettingsError(String);

/// Where letters go. Cloning it is cheap; all clones share their connections.
#[derive(Clone)]
pub struct Mailbox {
    from: lettre::message::Mailbox,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Folder(PathBuf),
    Smtp(Arc<Smtp>),
}

impl std::fmt::Debug for Mailbox {
    /// Leaves out the server, whose address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = match &self.way {
            Way::Folder(folder) => folder.display().to_string(),
            Way::Smtp(_) => "smtp".to_owned(),
        };
        f.debug_struct("Mailbox").field("from", &self.from.to_string()).field("way", &way).finish()
    }
}

impl Mailbox {
    /// The mailbox that the settings name: the business's server, or the folder `mail` in the data folder.
    pub fn open(config: &Config) -> Result<Self, MailSettingsError> {
        let from = if config.mail.from.is_empty() { FROM_NOBODY } else { &config.mail.from };
        let from = from.parse().map_err(|_| {
            MailSettingsError(format!(
                "mail.from is `{from}`: write it as billing@shop.example or Shop <billing@shop.example>"
            ))
        })?;
        let way = if config.mail.smtp.is_empty() {
            Way::Folder(config.data.join(FOLDER))
        } else {
            Way::Smtp(Arc::new(Smtp::new(&config.mail, &config.limits)?))
        };
        Ok(Self { from, way })
    }

    /// A folder as mailbox; made with the first letter.
    pub fn folder(path: &Path) -> Self {
        let from = FROM_NOBODY.parse().expect("it is an address");
        Self { from, way: Way::Folder(path.to_path_buf()) }
    }

    /// The file that the letter with this key becomes, where letters become files.
    pub fn file_of(&self, key: &str) -> Option<PathBuf> {
        match &self.way {
            Way::Folder(folder) => Some(folder.join(format!("{}.eml", file_name(key)))),
            Way::Smtp(_) => None,
        }
    }

    /// Sends a letter: after `Ok` the server has it, or it lies in the folder.
    ///
    /// A server that is away or busy is tried again for as often as the limits say. After an error the letter may
    /// have gone out all the same; one with the same key has the same Message-ID, by which mail programs know it.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let sent = match self.write(letter) {
            Ok(message) => match &self.way {
                Way::Folder(folder) => keep(folder, &letter.key, &message.formatted()).await,
                Way::Smtp(smtp) => smtp.send(Some(&message)).await,
            },
            Err(error) => Err(error),
        };
        let outcome = match &sent {
            Ok(()) => "sent",
            Err(MailError::Refused(_)) => "refused",
            Err(MailError::Unreachable(_)) => "unreachable",
        };
        metrics::counter!("plainbill_letters_total", "outcome" => outcome).increment(1);
        sent
    }

    /// Whether a letter could leave us now, with as many tries as one has: nobody is to learn from what happens whether
    /// there was one.
    pub async fn could_send(&self) -> Result<(), MailError> {
        match &self.way {
            Way::Folder(_) => Ok(()),
            Way::Smtp(smtp) => smtp.send(None).await,
        }
    }

    /// The letter as RFC 5322 has it.
    fn write(&self, letter: &Letter) -> Result<Message, MailError> {
        let to: Address = letter.to.parse().map_err(|_| MailError::Refused("that is no e-mail address".to_owned()))?;
        let digest = hex(&Sha256::digest(letter.key.as_bytes()));
        let id = format!("<{}@{}>", &digest[..32], self.from.email.domain());
        let subject: String = letter.subject.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        let builder = Message::builder().from(self.from.clone()).to(to.into()).subject(subject).message_id(Some(id));
        let text = SinglePart::plain(letter.text.clone());
        let mut message = if letter.attachments.is_empty() {
            builder.singlepart(text)
        } else {
            let mut parts = MultiPart::mixed().singlepart(text);
            for file in &letter.attachments {
                let media_type = ContentType::parse(&file.media_type)
                    .map_err(|_| MailError::Refused(format!("{} is no media type", file.media_type)))?;
                let part = lettre::message::Attachment::new(file.name.clone()).body(file.bytes.clone(), media_type);
                parts = parts.singlepart(part);
            }
            builder.multipart(parts)
        }
        .map_err(|error| MailError::Refused(error.to_string()))?;
        // So that no answering machine answers it (RFC 3834).
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// Writes a letter beside its place and moves it there, so that nobody reads half of one.
async fn keep(folder: &Path, key: &str, bytes: &[u8]) -> Result<(), MailError> {
    let name = file_name(key);
    let beside = folder.join(format!(".{name}.{}", uuid::Uuid::now_v7()));
    let write = async {
        tokio::fs::create_dir_all(folder).await?;
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        // Letters are nobody's business but the owner's.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&beside).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&beside, folder.join(format!("{name}.eml"))).await
    };
    let written: std::io::Result<()> = write.await;
    if let Err(error) = written {
        // What is left of the try is of no use; it may not even be there.
        let _ = tokio::fs::remove_file(&beside).await;
        return Err(MailError::Unreachable(format!("{} cannot be written to: {error}", folder.display())));
    }
    Ok(())
}

/// A key as a file's name that works everywhere, a different one for each key.
fn file_name(key: &str) -> String {
    let mut name = String::new();
    for byte in key.bytes() {
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        // Big letters and dots in the middle are as good, where the file system tells them apart.
        if plain || byte.is_ascii_uppercase() || (byte == b'.' && !name.is_empty()) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("={byte:02X}"));
        }
    }
    if name.is_empty() || NAME_CHARS_MAX < name.len() {
        name.truncate(NAME_CHARS_MAX);
        name.push('=');
        name.push_str(&hex(&Sha256::digest(key.as_bytes()))[..32]);
    }
    name
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// TLS with a server that the certificate in `mail.ca` vouches for; none where that is not set.
fn vouched_for(mail: &Mail) -> Result<Option<smtp::client::Tls>, MailSettingsError> {
    if mail.ca.as_os_str().is_empty() {
        return Ok(None);
    }
    let fault = |why: String| MailSettingsError(format!("mail.ca is `{}`: {why}", mail.ca.display()));
    let bytes = std::fs::read(&mail.ca).map_err(|error| fault(format!("the file cannot be read ({error})")))?;
    let certificate = Certificate::from_pem(&bytes).map_err(|error| fault(error.to_string()))?;
    if !bytes.windows(PEM.len()).any(|it| it == PEM) {
        return Err(fault("there is no certificate in it, which begins with -----BEGIN CERTIFICATE-----".to_owned()));
    }
    let parameters = TlsParameters::builder(mail.host().to_owned())
        // Nobody else's: not even the machine's own need be there.
        .certificate_store(CertificateStore::None)
        .add_root_certificate(certificate)
        .build();
    let parameters = parameters.map_err(|error| fault(error.to_string()))?;
    Ok(Some(match mail.tls() {
        Tls::FromTheStart => smtp::client::Tls::Wrapper(parameters),
        Tls::Required => smtp::client::Tls::Required(parameters),
        Tls::IfOffered => smtp::client::Tls::Opportunistic(parameters),
        Tls::Never => {
            return Err(fault("mail.smtp uses no TLS: write smtps://… or add ?tls=required".to_owned()));
        }
    }))
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The business's server.
struct Smtp {
    builder: smtp::AsyncSmtpTransportBuilder,
    transport: ArcSwap<Transport>,
    /// Connections at once.
    places: Semaphore,
    /// When the server last turned a letter away for what we are; none since one has gone through.
    turned_away: ArcSwapOption<Instant>,
    try_max: Duration,
    tries_max: u32,
}

impl Smtp {
    fn new(mail: &Mail, limits: &crate::config::Limits) -> Result<Self, MailSettingsError> {
        let try_max = Duration::from_millis(limits.mail_ms_max);
        let idle_max = u32::try_from(limits.mail_connections_max).unwrap_or(u32::MAX);
        let builder = Transport::from_url(&mail.smtp)
            .map_err(|error| {
                if error.is_tls() {
                    return MailSettingsError(format!(
                        "this machine's certificates, by which mail servers are known, cannot be used ({error}): \
                         install them (the package ca-certificates), or name one with mail.ca"
                    ));
                }
                MailSettingsError(format!(
                    "mail.smtp cannot be read ({error}): write it as smtps://name:password@host, \
                     smtp://name:password@host:587?tls=required, or smtp://localhost for a relay on this machine"
                ))
            })?
            .timeout(Some(try_max))
            .pool_config(PoolConfig::new().max_size(idle_max).idle_timeout(IDLE_MAX));
        let builder = match vouched_for(mail)? {
            Some(tls) => builder.tls(tls),
            None => builder,
        };
        Ok(Self {
            transport: ArcSwap::from_pointee(builder.clone().build()),
            builder,
            places: Semaphore::new(limits.mail_connections_max),
            turned_away: ArcSwapOption::empty(),
            try_max,
            tries_max: limits.mail_tries_max,
        })
    }

    /// Sends a letter, or without one goes all the way to where it would be sent.
    async fn send(&self, message: Option<&Message>) -> Result<(), MailError> {
        let mut wait = FIRST_WAIT;
        let mut n_tried = 0;
        loop {
            let error = match self.try_once(message).await {
                Ok(()) if message.is_none() => return self.turns_away(),
                Ok(()) => {
                    self.turned_away.store(None);
                    return Ok(());
                }
                Err(Failed { error, again: false, turned_away }) => {
                    if turned_away {
                        self.turned_away.store(Some(Arc::new(Instant::now())));
                    }
                    return Err(error);
                }
                Err(Failed { error, .. }) => error,
            };
            n_tried += 1;
            if self.tries_max <= n_tried {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    /// Fails where the server has just turned one away: a letter that nobody was to get would have fared the same.
    fn turns_away(&self) -> Result<(), MailError> {
        match self.turned_away.load().as_deref().filter(|it| it.elapsed() < TURNED_AWAY_FOR) {
            Some(_) => Err(MailError::Unreachable("the mail server turns our letters away".to_owned())),
            None => Ok(()),
        }
    }

    async fn try_once(&self, message: Option<&Message>) -> Result<(), Failed> {
        let place = tokio::time::timeout(self.try_max, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(Failed::unreachable("too many letters are on their way".to_owned()));
        };
        let transport = self.transport.load_full();
        let sending = async {
            match message {
                Some(message) => transport.send(message.clone()).await.map(|_| ()),
                None => transport.test_connection().await.map(|_| ()),
            }
        };
        tokio::pin!(sending);
        match tokio::time::timeout(self.try_max, &mut sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failed::from(error)),
            Err(_) => {
                // A connection that was left in the middle would take the late answer for that to its next letter:
                // all of them are given up, before this one can go back among them.
                self.transport.store(Arc::new(self.builder.clone().build()));
                transport.shutdown().await;
                Err(Failed::unreachable(format!("no answer within {} ms", self.try_max.as_millis())))
            }
        }
    }
}

/// A try that failed, and whether another may do better.
struct Failed {
    error: MailError,
    again: bool,
    /// For what we are, whoever the letter is for.
    turned_away: bool,
}

impl Failed {
    fn unreachable(why: String) -> Self {
        Self { error: MailError::Unreachable(why), again: true, turned_away: false }
    }
}

impl From<smtp::Error> for Failed {
    fn from(error: smtp::Error) -> Self {
        let why = error.to_string();
        let code: Option<u16> = error.status().map(u16::from);
        if code.is_some_and(|it| NOT_LET_IN.contains(&it)) || error.is_client() {
            // The letter is fine, the settings are not: a person has to look, and soon tries are no use.
            tracing::error!(why, "the mail server does not let us in");
            return Self { error: MailError::Unreachable(why), again: false, turned_away: false };
        }
        if error.is_permanent() && is_policy(&error) {
            tracing::error!(
                why,
                "the mail server turns our letters away: let it relay for this machine, or change `mail`"
            );
            return Self { error: MailError::Unreachable(why), again: false, turned_away: true };
        }
        if error.is_permanent() {
            return Self { error: MailError::Refused(why), again: false, turned_away: false };
        }
        Self::unreachable(why)
    }
}

/// Whether a server has refused for what we are ("relaying denied") rather than for whom the letter is.
fn is_policy(error: &smtp::Error) -> bool {
    // The word stands at the beginning of what the server says, which comes after the code.
    let mut words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_else(|| error.to_string());
    words.retain(|it| !it.is_control());
    words.split([' ', '-', ':', ',']).any(|it| it.starts_with(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(key: &str) -> Letter {
        Letter {
            to: "ana@shop.example".into(),
            subject: "Your code\r\nBcc: everybody@shop.example".into(),
            text: "Hello Ana,\n\nit costs £5.00.".into(),
            attachments: vec![],
            key: key.into(),
        }
    }

    fn smtp(url: &str) -> Result<Mailbox, MailSettingsError> {
        let mail = Mail { from: "Shop <billing@shop.example>".into(), smtp: url.into(), ..Mail::default() };
        Mailbox::open(&Config { mail, ..Config::default() })
    }

    #[tokio::test]
    async fn a_letter_becomes_a_file_and_the_same_key_replaces_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mailbox = Mailbox::folder(&folder.path().join("mail"));
        mailbox.send(&letter("code:1")).await.expect("it can be sent");
        mailbox.send(&Letter { text: "Bye.".into(), ..letter("code:1") }).await.expect("it can be sent");
        let names: Vec<_> = std::fs::read_dir(folder.path().join("mail")).expect("it is there").flatten().collect();
        assert_eq!(names.len(), 1);
        let file = mailbox.file_of("code:1").expect("it is a folder");
        let text = std::fs::read_to_string(file).expect("the letter is there");
        assert!(text.contains("Bye.") && text.contains("To: ana@shop.example\r\n"), "{text}");
    }

    #[tokio::test]
    async fn a_letter_is_one_message_with_its_own_id_and_no_smuggled_header() {
        let mailbox = Mailbox::folder(Path::new("nowhere"));
        let write = |key: &str| String::from_utf8(mailbox.write(&letter(key)).expect("it is right").formatted());
        let (one, again, other) = (write("a"), write("a"), write("b"));
        let id = |text: &str| text.lines().find(|it| it.starts_with("Message-ID: <")).map(str::to_owned);
        let (one, again, other) = (one.expect("text"), again.expect("text"), other.expect("text"));
        assert_eq!(id(&one), id(&again));
        assert_ne!(id(&one), id(&other));
        assert!(!one.lines().any(|it| it.starts_with("Bcc:")), "{one}");
        assert!(one.contains("Auto-Submitted: auto-generated") && one.contains("\r\n\r\n"), "{one}");
    }

    #[tokio::test]
    async fn a_file_comes_with_its_name_and_kind() {
        let mailbox = Mailbox::folder(Path::new("nowhere"));
        let bytes = b"%PDF-1.7 not really".to_vec();
        let file = Attachment { name: "INV-1042.pdf".into(), media_type: "application/pdf".into(), bytes };
        let message = mailbox.write(&Letter { attachments: vec![file], ..letter("k") }).expect("it is right");
        let text = String::from_utf8(message.formatted()).expect("it is text");
        assert!(text.contains("filename=\"INV-1042.pdf\"") && text.contains("application/pdf"), "{text}");
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused() {
        let mailbox = Mailbox::folder(Path::new("nowhere"));
        for to in ["", "ana", "ana@", "a b@shop.example", "ana@shop.example\r\nBcc: x@y.example"] {
            let sent = mailbox.send(&Letter { to: to.into(), ..letter("k") }).await;
            assert!(matches!(sent, Err(MailError::Refused(_))), "{to}: {sent:?}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_to_is_unreachable() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let sent = Mailbox::folder(&file.path().join("mail")).send(&letter("k")).await;
        assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unreachable() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let mail = Mail { from: "a@shop.example".into(), smtp: format!("smtp://127.0.0.1:{port}"), ..Mail::default() };
        let limits = crate::config::Limits { mail_tries_max: 1, ..Default::default() };
        let mailbox = Mailbox::open(&Config { mail, limits, ..Config::default() }).expect("the settings are right");
        let sent = mailbox.send(&letter("k")).await;
        assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    }

    #[tokio::test]
    async fn settings_that_are_not_right_are_refused_without_the_password() {
        for url in ["ftp://me:hunter2@host", "me:hunter2@host", "smtp://me:hunter2@"] {
            let error = smtp(url).expect_err("it is not right").to_string();
            assert!(error.contains("mail.smtp") && !error.contains("hunter2"), "{error}");
        }
        let shown = format!("{:?}", smtp("smtps://me:hunter2@host").expect("it is right"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn keys_become_names_that_are_all_different() {
        let keys = ["a", "A", "a:b", "a/b", "..", "", "é", &"x".repeat(300), &"x".repeat(301), "a=3Ab"];
        let names: std::collections::BTreeSet<String> = keys.iter().map(|it| file_name(it)).collect();
        assert_eq!(names.len(), keys.len());
        assert!(names.iter().all(|it| !it.contains(['/', ':', '\\']) && !it.starts_with('.')), "{names:?}");
        assert!(names.iter().all(|it| it.len() < 200));
    }
}
