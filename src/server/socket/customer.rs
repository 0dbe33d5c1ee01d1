//! Whose connection it is: what a `hello` says, and the conversation that it resumes or begins.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use crate::app::App;
use crate::conversation::{ConversationId, CustomerId, Owner, Seq, masking};
use crate::handoff;
use crate::identity::{IdentityError, secrets};
use crate::presence::Present;
use crate::server::error::Problem;
use crate::server::protocol::{BusinessCard, Code, Hours, Page, ServerFrame, WireChoice, WireLimits};
use crate::server::reading::FIELD_BYTES_MAX;
use crate::session::Command;
use crate::session::customer::Identify;
use crate::store::{Opening, StoreError, Typing};

/// Why a `hello` or a token is not taken.
pub struct Refusal {
    /// As everybody is told.
    pub problem: Problem,
    /// What whoever builds the site has to mend; customers don't read it.
    pub why: Option<String>,
}

impl Refusal {
    /// A token that doesn't count.
    pub fn bad_identity(error: &IdentityError) -> Self {
        tracing::info!(%error, "an identity token was refused");
        Self { problem: Problem::new(Code::BadIdentity), why: Some(error.to_string()) }
    }

    /// The same as a frame, about the frame with this key.
    pub fn frame(self, key: Option<String>) -> ServerFrame {
        match (self.problem.frame(key), self.why) {
            (ServerFrame::Error { key, code, retry_after_ms, .. }, Some(message)) => {
                ServerFrame::Error { key, code, message, retry_after_ms }
            }
            (frame, _) => frame,
        }
    }
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self { problem: error.into(), why: None }
    }
}

/// The longest language tag that is kept, in bytes (RFC 5646, section 4.4.1).
const TAG_BYTES_MAX: usize = 35;

/// Whether it may be a browser's language tag: anything else that is sent as one is somebody's words.
fn is_language_tag(text: &str) -> bool {
    (2..=TAG_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
}

/// How long a welcome waits for the customer's name.
const NAME_WAIT: Duration = Duration::from_secs(1);
/// Characters of that name.
const NAME_CHARS_MAX: usize = 40;
/// A code is looked at before so many more messages.
const SAID_MAX: usize = 64;

/// The fields of a `hello`.
pub struct Hello {
    pub conversation: Option<String>,
    pub resume: Option<String>,
    pub after: Seq,
    pub identity: Option<String>,
    pub locale: Option<String>,
    pub page: Option<Page>,
}

/// Whose connection this is, and how far they have read.
pub struct Customer {
    pub id: ConversationId,
    pub opening: Opening,
    pub cursor: Seq,
    pub owner: Owner,
    pub seqs: watch::Receiver<Seq>,
    pub typing: broadcast::Receiver<Typing>,
    pub line: watch::Receiver<Arc<handoff::WaitingList>>,
    pub left: broadcast::Receiver<ConversationId>,
    pub queue_told: Option<handoff::Wait>,
    /// The log says whose conversation it is, and the secret was made after that.
    pub is_theirs: bool,
    /// Until when it counts who the customer is, in milliseconds since 1970: by their token, or by the log.
    pub verified_until_ms: i64,
    /// What this very connection has said last.
    pub said: VecDeque<Seq>,
    _present: Present<ConversationId>,
}

impl Customer {
    /// Resumes the conversation that the secret opens, or begins a new one.
    pub async fn come(app: &Arc<App>, hello: Hello) -> Result<(Self, ServerFrame), Refusal> {
        let vouched_for = match &hello.identity {
            Some(token) => {
                let customer = app.identity.customer(token, app.clock.now().as_second());
                Some(customer.map_err(|error| Refusal::bad_identity(&error))?)
            }
            None => None,
        };
        let wants_old = hello.conversation.is_some();
        let old = match (hello.conversation, hello.resume) {
            (Some(id), secret) if id.len() <= FIELD_BYTES_MAX => {
                app.sessions.find(ConversationId::new(id), secret.as_deref(), vouched_for.as_ref()).await?
            }
            _ => None,
        };
        // Another customer on the same device never sees the old conversation, and nobody else does from there.
        let old = match old {
            Some(record) if vouched_for.is_some() && record.customer.is_some() && record.customer != vouched_for => {
                app.sessions.leave(&record.id).await?;
                None
            }
            old => old,
        };
        let short = |text: String| text.chars().take(FIELD_BYTES_MAX).collect::<String>();
        let locale = hello.locale.filter(|it| is_language_tag(it));
        let page_url = hello.page.map(|it| masking::mask_page(&short(it.url)));
        let Some(record) = old else {
            return Ok(Self::begin(app, vouched_for, locale, page_url, wants_old).await);
        };
        let id = record.id.clone();
        let until_ms = app.verified_until_ms();
        if let (None, Some(customer)) = (&record.customer, &vouched_for) {
            let identify = Identify { customer: customer.clone(), until_ms };
            app.sessions.bring(&id, Command::Identify(identify))?;
        }
        // A client that is ahead of the log has seen another one: it starts from the beginning.
        let reset = record.last_seq < hello.after;
        let by_token = vouched_for.is_some();
        let verified_until_ms = match (by_token, &record.customer) {
            (true, _) => until_ms,
            (false, Some(_)) => app.sessions.verified_until_ms(&id).await?,
            (false, None) => 0,
        };
        let customer = record.customer.clone().or(vouched_for);
        let opening = Opening {
            secret_hash: record.secret_hash.clone(),
            customer,
            verified_until_ms: if by_token { until_ms } else { 0 },
            locale,
            page_url,
        };
        let mut this = Self::new(app, id, opening, if reset { 0 } else { hello.after });
        this.owner = record.owner;
        this.is_theirs = record.customer.is_some();
        this.verified_until_ms = verified_until_ms;
        let frame = this.welcome(app, None, record.last_seq, reset).await;
        Ok((this, frame))
    }

    /// A new conversation; nothing of it is kept before the first message.
    pub async fn begin(
        app: &Arc<App>,
        customer: Option<CustomerId>,
        locale: Option<String>,
        page_url: Option<String>,
        reset: bool,
    ) -> (Self, ServerFrame) {
        let secret = secrets::random();
        let id = ConversationId::new(uuid::Uuid::now_v7().to_string());
        let verified_until_ms = customer.as_ref().map_or(0, |_| app.verified_until_ms());
        let is_theirs = customer.is_some();
        let opening = Opening { secret_hash: secrets::hash(&secret), customer, verified_until_ms, locale, page_url };
        let this = Self { is_theirs, verified_until_ms, ..Self::new(app, id, opening, 0) };
        let frame = this.welcome(app, Some(secret), 0, reset).await;
        (this, frame)
    }

    fn new(app: &Arc<App>, id: ConversationId, opening: Opening, cursor: Seq) -> Self {
        Self {
            // Subscribed before anything is read, so that nothing falls in between.
            seqs: app.sessions.watch(&id),
            typing: app.sessions.typing(&id),
            line: app.line.subscribe(),
            left: app.left.subscribe(),
            _present: app.customer_is_here(&id),
            id,
            opening,
            cursor,
            owner: Owner::Bot,
            queue_told: None,
            is_theirs: false,
            verified_until_ms: 0,
            said: VecDeque::new(),
        }
    }

    /// Notes what this connection has said.
    pub fn note_said(&mut self, seq: Seq) {
        if SAID_MAX <= self.said.len() {
            self.said.pop_front();
        }
        self.said.push_back(seq);
    }

    /// Whether the account may be spoken of here: the customer has shown who they are, and not too long ago.
    pub fn is_verified(&self, app: &App) -> bool {
        self.opening.customer.is_some() && app.clock.now_ms() < self.verified_until_ms
    }

    /// Makes a new secret for the conversation. The one before opens nothing any more, not even what comes now.
    pub async fn change_secret(&mut self, app: &App) -> Result<String, StoreError> {
        let (secret, hash) = app.sessions.change_secret(&self.id).await?;
        self.opening.secret_hash = hash;
        self.is_theirs = true;
        Ok(secret)
    }

    async fn welcome(&self, app: &App, resume: Option<String>, seq: Seq, reset: bool) -> ServerFrame {
        let content = app.contents.current();
        let wait = handoff::wait(&content, app.clock.now(), &self.line.borrow(), None);
        let starter =
            |id: &String| content.button(id).map(|label| WireChoice { id: id.clone(), label: label.to_owned() });
        let verified = match &self.opening.customer {
            Some(customer) if self.is_verified(app) => {
                // Without a name nobody is kept waiting: billing may be slow today.
                let account = tokio::time::timeout(NAME_WAIT, app.billing.account(customer)).await;
                let name = account.ok().and_then(Result::ok).map_or_else(String::new, |it| it.person.first_name);
                Some(name.chars().filter(|it| !it.is_control()).take(NAME_CHARS_MAX).collect())
            }
            _ => None,
        };
        ServerFrame::Welcome {
            conversation: self.id.to_string(),
            resume,
            seq,
            at: app.clock.now_ms(),
            reset,
            owner: self.owner.as_str().to_owned(),
            staff: None,
            business: BusinessCard {
                name: content.business.name.clone(),
                greeting: content.business.greeting.clone(),
                starters: content.business.starters.iter().filter_map(starter).collect(),
                privacy: content.business.privacy.clone(),
            },
            hours: Hours { open: wait.open, text: content.hours.text.clone(), back: wait.back },
            limits: WireLimits {
                text_chars_max: u32::try_from(app.config.limits.text_chars_max).unwrap_or(u32::MAX),
                heartbeat_ms: app.config.limits.heartbeat_ms,
            },
            verified,
        }
    }
}
