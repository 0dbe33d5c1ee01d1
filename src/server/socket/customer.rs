//! Whose connection it is: what a `hello` says, and the conversation that it resumes or begins.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use super::FIELD_BYTES_MAX;
use crate::app::{App, Present};
use crate::conversation::{ConversationId, CustomerId, Owner, Seq, masking};
use crate::handoff;
use crate::identity::secrets;
use crate::server::error::Problem;
use crate::server::protocol::{BusinessCard, Code, Hours, Page, ServerFrame, WireChoice, WireLimits};
use crate::session::Happening;
use crate::store::{Opening, StoreError, Typing};

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
    pub line: watch::Receiver<Arc<handoff::Line>>,
    pub left: broadcast::Receiver<ConversationId>,
    pub queue_told: Option<handoff::Wait>,
    _present: Present<ConversationId>,
}

impl Customer {
    /// Resumes the conversation that the secret opens, or begins a new one.
    pub async fn come(app: &Arc<App>, hello: Hello) -> Result<(Self, ServerFrame), Problem> {
        let vouched_for = match &hello.identity {
            Some(token) => {
                let customer = app.identity.customer(token, app.clock.now().as_second());
                Some(customer.map_err(|error| {
                    tracing::info!(%error, "an identity token was refused");
                    Problem::new(Code::BadIdentity)
                })?)
            }
            None => None,
        };
        let wants_old = hello.conversation.is_some();
        let old = match (hello.conversation, hello.resume) {
            (Some(id), Some(secret)) if id.len() <= FIELD_BYTES_MAX => Self::find(app, id, &secret).await?,
            _ => None,
        };
        // Another customer on the same device never sees the old conversation, and nobody else does from there.
        let old = match old {
            Some(record) if vouched_for.is_some() && record.customer.is_some() && record.customer != vouched_for => {
                app.leave(&record.id).await?;
                None
            }
            old => old,
        };
        let short = |text: String| text.chars().take(FIELD_BYTES_MAX).collect::<String>();
        let locale = hello.locale.map(short);
        let page_url = hello.page.map(|it| masking::mask_page(&short(it.url)));
        let Some(record) = old else {
            return Ok(Self::begin(app, vouched_for, locale, page_url, wants_old).await);
        };
        let id = record.id.clone();
        if let (None, Some(customer)) = (&record.customer, &vouched_for) {
            app.sessions.bring(app, &id, Happening::Verified { customer: customer.clone() })?;
        }
        // A client that is ahead of the log has seen another one: it starts from the beginning.
        let reset = record.last_seq < hello.after;
        let customer = record.customer.clone().or(vouched_for);
        let opening = Opening { secret_hash: record.secret_hash.clone(), customer, locale, page_url };
        let mut this = Self::new(app, id, opening, if reset { 0 } else { hello.after });
        this.owner = record.owner;
        let frame = this.welcome(app, None, record.last_seq, reset).await;
        Ok((this, frame))
    }

    async fn find(app: &App, id: String, secret: &str) -> Result<Option<crate::store::ConversationRecord>, Problem> {
        match app.store.conversation(&ConversationId::new(id)).await {
            Ok(record) => Ok(Some(record).filter(|it| secrets::matches(secret, &it.secret_hash))),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
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
        let opening = Opening { secret_hash: secrets::hash(&secret), customer, locale, page_url };
        let this = Self::new(app, id, opening, 0);
        let frame = this.welcome(app, Some(secret), 0, reset).await;
        (this, frame)
    }

    fn new(app: &Arc<App>, id: ConversationId, opening: Opening, cursor: Seq) -> Self {
        Self {
            // Subscribed before anything is read, so that nothing falls in between.
            seqs: app.store.watch(&id),
            typing: app.store.typing(&id),
            line: app.line.subscribe(),
            left: app.left.subscribe(),
            _present: app.customer_is_here(&id),
            id,
            opening,
            cursor,
            owner: Owner::Bot,
            queue_told: None,
        }
    }

    async fn welcome(&self, app: &App, resume: Option<String>, seq: Seq, reset: bool) -> ServerFrame {
        let content = app.contents.current();
        let wait = handoff::wait(&content, app.clock.now(), &self.line.borrow(), None);
        let starter =
            |id: &String| content.button(id).map(|label| WireChoice { id: id.clone(), label: label.to_owned() });
        let verified = match &self.opening.customer {
            Some(customer) => {
                let account = app.billing.account(customer).await.ok();
                Some(account.map_or_else(String::new, |it| it.person.first_name))
            }
            None => None,
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
