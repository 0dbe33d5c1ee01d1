//! One customer's connection: from `hello` to the end, over a WebSocket or a long poll.
//!
//! Events are read from the log by cursor, never pushed into a queue, so that a slow reader holds no memory; a frame
//! that cannot be sent in time closes the connection, and the client resumes where it was.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::app::App;
use crate::content::Content;
use crate::conversation::page::{self, Purpose};
use crate::conversation::{Message, Owner, Rating, Sender, Seq, What};
use crate::handoff;
use crate::server::Gate;
use crate::server::error::Problem;
use crate::server::limits::{Pace, TooFast};
use crate::server::protocol::{ClientFrame, Code, ServerFrame};
use crate::server::reading::{self, Unreadable, key_of};
use crate::server::wire;
use crate::session::customer::{End, Identify, Input, Rate, Say};
use crate::session::{Command, Responder};
use crate::store::Typing;
use customer::{Customer, Hello, Refusal};

mod customer;

/// A message of up to so many times `frame_bytes_max` is still read, so that its refusal can name it; a larger one ends
/// the connection.
pub const ROOM_TO_REFUSE: usize = 4;
/// Frames that make no sense before the connection is closed.
const MALFORMED_MAX: u32 = 10;
/// On shutdown clients come back spread over this, in milliseconds.
const COME_BACK_MS: u32 = 3_000;

/// What carries frames to and from one customer, or one of staff.
pub trait Transport: Send {
    /// The next frame. Safe to drop before it is there.
    fn next(&mut self) -> impl Future<Output = Incoming> + Send;
    /// Sends a frame, or says that the other side is gone or too slow.
    fn send(&mut self, frame: &(impl Serialize + Sync)) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Has the other side show that it is there, by itself: a page that nobody looks at has slow timers.
    fn ask_for_life(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Says good-bye with a WebSocket close code (RFC 6455, section 7.4).
    fn close(&mut self, code: u16) -> impl Future<Output = ()> + Send;
}

/// What came in.
#[derive(Debug)]
pub enum Incoming {
    /// A frame as text.
    Text(String),
    /// Something that shows life and says nothing.
    Alive,
    /// Something that ends the connection, with a close code; what is wrong with it is said first, where there is a word.
    Bad(Option<Code>, u16),
    /// Nothing comes any more.
    Gone,
}

/// The other side is gone, or reads too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// Close codes (RFC 6455, section 7.4.1, and its registry).
pub const PROTOCOL: u16 = 1002;
pub const NOT_TEXT: u16 = 1003;
pub const NOT_UTF8: u16 = 1007;
pub const POLICY: u16 = 1008;
pub const TOO_LARGE: u16 = 1009;
pub const GOING_AWAY: u16 = 1012;

/// The wait before the log is read again after it could not be; it doubles up to the longest.
const READ_AGAIN: Duration = Duration::from_millis(250);
const READ_AGAIN_MAX: Duration = Duration::from_secs(5);
/// A log that can't be read for this long ends the connection: another node may do better.
const UNREAD_MAX: Duration = Duration::from_secs(60);

/// Where a customer comes from, and where they have reached us.
pub struct Caller {
    /// Their network address.
    pub network: IpAddr,
    /// Our address as they have it, `https://help.shop.example`, where they said so.
    pub site: Option<String>,
}

/// Attends to one customer until they leave or the server stops.
pub async fn attend(app: Arc<App>, gate: Arc<Gate>, caller: Caller, mut transport: impl Transport) {
    let mut pace = Pace::new(&app.config.limits);
    let hello_by = Instant::now() + Duration::from_millis(app.config.limits.hello_ms_max);
    let welcomed = tokio::time::timeout_at(hello_by, welcome(&app, &mut pace, &mut transport)).await;
    let customer = match welcomed {
        Ok(Ok(customer)) => customer,
        Ok(Err(code)) => return transport.close(code).await,
        Err(_) => return transport.close(POLICY).await,
    };
    let mut connection =
        Connection { app, gate, caller, pace, transport, customer, n_malformed: 0, unread: Unread::default() };
    if let Err(code) = connection.run().await {
        connection.transport.close(code).await;
    }
}

/// Waits for a `hello` that counts; else there is a close code.
async fn welcome(app: &Arc<App>, pace: &mut Pace, transport: &mut impl Transport) -> Result<Customer, u16> {
    loop {
        let text = match transport.next().await {
            Incoming::Text(text) => text,
            Incoming::Alive => match pace.frame().await {
                Err(TooFast::TooLong) => return Err(POLICY),
                _ => continue,
            },
            Incoming::Bad(code, close) => {
                if let Some(code) = code {
                    transport.send(&Problem::new(code).frame(None)).await.map_err(|Gone| POLICY)?;
                }
                return Err(close);
            }
            Incoming::Gone => return Err(POLICY),
        };
        let read = reading::read(&text, app.config.limits.frame_bytes_max);
        let key = match &read {
            Ok(frame) => key_of(frame).cloned(),
            Err(unreadable) => unreadable.key.clone(),
        };
        let refusal: Refusal = match (pace.frame().await, read) {
            (Err(TooFast::TooLong), _) => return Err(POLICY),
            (Err(TooFast::Wait(wait)), _) => Problem::too_fast(wait).into(),
            (_, Err(unreadable)) => Problem::new(unreadable.code).into(),
            (_, Ok(ClientFrame::Hello { conversation, resume, after, identity, locale, page })) => {
                let hello = Hello { conversation, resume, after: after.unwrap_or(0), identity, locale, page };
                match Customer::come(app, hello).await {
                    Ok((customer, frame)) => {
                        transport.send(&frame).await.map_err(|Gone| POLICY)?;
                        return Ok(customer);
                    }
                    Err(refusal) => refusal,
                }
            }
            (_, Ok(ClientFrame::Ping {})) => {
                transport.send(&ServerFrame::Pong {}).await.map_err(|Gone| POLICY)?;
                continue;
            }
            (_, Ok(_)) => Problem::new(Code::NotWelcomed).into(),
        };
        transport.send(&refusal.frame(key)).await.map_err(|Gone| POLICY)?;
    }
}

/// A welcomed customer's connection.
struct Connection<T> {
    app: Arc<App>,
    gate: Arc<Gate>,
    caller: Caller,
    pace: Pace,
    transport: T,
    customer: Customer,
    n_malformed: u32,
    unread: Unread,
}

/// The log could not be read: the store may have too much to do, or be away.
#[derive(Default)]
struct Unread {
    since: Option<Instant>,
    again_at: Option<Instant>,
    n: u32,
}

/// What woke the connection up.
enum Woken {
    Frame(Incoming),
    Events,
    Typing(Result<Typing, broadcast::error::RecvError>),
    Line,
    Left,
    Silence,
    Stop,
}

impl<T: Transport> Connection<T> {
    /// Runs until the end, which is a close code.
    async fn run(&mut self) -> Result<(), u16> {
        let silent_max = Duration::from_millis(self.app.config.limits.silent_ms_max);
        let mut silent_until = Instant::now() + silent_max;
        let stop = self.app.stop.clone();
        self.send_events().await?;
        self.send_queue().await?;
        loop {
            let customer = &mut self.customer;
            let read_again = self.unread.again_at;
            let woken = tokio::select! {
                biased;
                () = stop.cancelled() => Woken::Stop,
                changed = customer.seqs.changed() => if changed.is_ok() { Woken::Events } else { Woken::Stop },
                incoming = self.transport.next() => Woken::Frame(incoming),
                typing = customer.typing.recv() => Woken::Typing(typing),
                changed = customer.line.changed(), if customer.owner == Owner::Queue => {
                    if changed.is_ok() { Woken::Line } else { Woken::Stop }
                }
                left = customer.left.recv() => match left {
                    Ok(id) if id != customer.id => continue,
                    // Whoever lags may have missed its own: coming back costs little.
                    _ => Woken::Left,
                },
                () = tokio::time::sleep_until(silent_until) => Woken::Silence,
                () = tokio::time::sleep_until(read_again.unwrap_or(silent_until)), if read_again.is_some() => Woken::Events,
            };
            match woken {
                Woken::Frame(Incoming::Gone) | Woken::Silence | Woken::Left => return Err(POLICY),
                Woken::Frame(incoming) => {
                    silent_until = Instant::now() + silent_max;
                    self.receive(incoming).await?;
                }
                Woken::Events => {
                    self.send_events().await?;
                    self.send_queue().await?;
                }
                Woken::Typing(Ok(typing)) if typing.from != Sender::Customer => {
                    let from = if typing.from == Sender::Staff { "staff" } else { "bot" };
                    self.send(&ServerFrame::Typing { from: from.to_owned(), on: typing.on }).await?;
                }
                Woken::Typing(_) => {}
                Woken::Line => self.send_queue().await?,
                Woken::Stop => {
                    let retry_after_ms = spread(self.customer.id.as_str());
                    self.send(&ServerFrame::GoingAway { retry_after_ms }).await?;
                    return Err(GOING_AWAY);
                }
            }
        }
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), u16> {
        self.transport.send(frame).await.map_err(|Gone| POLICY)
    }

    async fn refuse(&mut self, problem: Problem, key: Option<String>) -> Result<(), u16> {
        tracing::info!(conversation = %self.customer.id, code = ?problem.code, "a frame was refused");
        metrics::counter!("plainbill_frames_refused_total").increment(1);
        self.send(&problem.frame(key)).await
    }

    /// Sends what the log has after the cursor.
    async fn send_events(&mut self) -> Result<(), u16> {
        let page = self.app.config.limits.events_max;
        loop {
            let events = match self.app.sessions.events_after(&self.customer.id, self.customer.cursor).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(conversation = %self.customer.id, %error, "events could not be read");
                    return self.unread.note();
                }
            };
            self.unread = Unread::default();
            let n = events.len();
            let content = self.app.contents.current();
            for logged in &events {
                self.customer.cursor = logged.event.seq;
                match &logged.event.what {
                    What::Owner(change) => {
                        self.customer.owner = change.owner;
                        self.customer.queue_told = None;
                    }
                    What::Verified { customer, until_ms, by } => {
                        self.customer.opening.customer = Some(customer.clone());
                        self.customer.verified_until_ms = self.customer.verified_until_ms.max(*until_ms);
                        self.change_secret(*by).await?;
                    }
                    _ => {}
                }
                let mut event = wire::for_customer(&content, logged);
                if let (What::Message(Message { page: Some(purpose), .. }), Some(text)) =
                    (&logged.event.what, &mut event.text)
                {
                    *text = text.replace(page::MARK, &self.link(&content, *purpose));
                }
                self.send(&ServerFrame::Event(event)).await?;
            }
            if n < page as usize {
                return Ok(());
            }
        }
    }

    /// Now it is known whose conversation it is: whoever had it before is left out. Whoever has shown it here, by their own
    /// token or by the message with the code, gets a new secret; all others come back and find that theirs opens nothing.
    async fn change_secret(&mut self, by: Option<Seq>) -> Result<(), u16> {
        if self.customer.is_theirs {
            return Ok(());
        }
        let has_token = 0 < self.customer.opening.verified_until_ms;
        if !has_token && !by.is_some_and(|it| self.customer.said.contains(&it)) {
            return Err(POLICY);
        }
        match self.customer.change_secret(&self.app).await {
            Ok(resume) => self.send(&ServerFrame::Resume { resume }).await,
            Err(error) => {
                tracing::warn!(conversation = %self.customer.id, %error, "a new secret could not be kept");
                Err(GOING_AWAY)
            }
        }
    }

    /// An address of ours that leads to a page of billing's, made for this customer now: none stands in the log.
    fn link(&self, content: &Content, purpose: Purpose) -> String {
        let Customer { id, opening, .. } = &self.customer;
        if !self.customer.is_verified(&self.app) {
            return content.business.pay_url.clone();
        }
        let until_ms = self.customer.verified_until_ms;
        let token = self.app.pages.token(id, &opening.secret_hash, purpose, self.app.clock.now_ms(), until_ms);
        match (&self.caller.site, token) {
            (Some(site), Some(token)) => format!("{site}/go/{token}"),
            _ => content.business.pay_url.clone(),
        }
    }

    /// Tells a waiting customer where they stand, when that has changed.
    async fn send_queue(&mut self) -> Result<(), u16> {
        if self.customer.owner != Owner::Queue {
            return Ok(());
        }
        let wait = {
            let line = self.customer.line.borrow_and_update().clone();
            let place = line.place_of(&self.customer.id);
            handoff::wait(&self.app.contents.current(), self.app.clock.now(), &line, place)
        };
        let Some(place) = wait.place else { return Ok(()) };
        if self.customer.queue_told.as_ref() == Some(&wait) {
            return Ok(());
        }
        let frame = ServerFrame::Queue { place, minutes: wait.minutes, back: wait.back.clone() };
        self.customer.queue_told = Some(wait);
        self.send(&frame).await
    }

    async fn receive(&mut self, incoming: Incoming) -> Result<(), u16> {
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Gone => return Ok(()),
            // Signs of life have a pace too; what is too much of them needs no answer.
            Incoming::Alive => match self.pace.frame().await {
                Err(TooFast::TooLong) => return Err(POLICY),
                _ => return Ok(()),
            },
            Incoming::Bad(code, close) => {
                if let Some(code) = code {
                    self.refuse(Problem::new(code), None).await?;
                }
                return Err(close);
            }
        };
        let frame = match reading::read(&text, self.app.config.limits.frame_bytes_max) {
            Ok(frame) => frame,
            Err(Unreadable { code, key }) => {
                self.n_malformed += 1;
                self.refuse(Problem::new(code), key).await?;
                return if MALFORMED_MAX <= self.n_malformed { Err(POLICY) } else { Ok(()) };
            }
        };
        let key = key_of(&frame).cloned();
        match self.pace.frame().await {
            Ok(()) => {}
            Err(TooFast::Wait(wait)) => return self.refuse(Problem::too_fast(wait), key).await,
            Err(TooFast::TooLong) => return Err(POLICY),
        }
        match frame {
            ClientFrame::Hello { .. } => self.refuse(Problem::new(Code::Malformed), None).await,
            ClientFrame::Ping {} => self.send(&ServerFrame::Pong {}).await,
            ClientFrame::Say { key, text } => self.say(key, Input::Typed(text)).await,
            ClientFrame::Choose { key, choice } => self.say(key, Input::Tapped(choice)).await,
            ClientFrame::Rate { key, about, score, comment } => {
                let rating = Rating { about, score: score.min(5), comment };
                self.keep(key.clone(), |answer| Command::Rate(Rate { key, rating }, answer)).await
            }
            ClientFrame::End { key } => self.keep(key.clone(), |answer| Command::End(End { key }, answer)).await,
            ClientFrame::Identify { token } => self.identify(&token).await,
            ClientFrame::Typing { on } => {
                self.app.sessions.tell_typing(&self.customer.id, on);
                // A typing hint may get lost when the conversation is busy.
                if 0 < self.customer.cursor {
                    let _ = self.app.sessions.bring(&self.customer.id, Command::Typing(on));
                }
                Ok(())
            }
            ClientFrame::Seen { seq } => {
                if seq == self.customer.cursor {
                    self.app.sessions.tell_typing(&self.customer.id, false);
                }
                Ok(())
            }
        }
    }

    async fn say(&mut self, key: String, input: Input) -> Result<(), u16> {
        let (opening, network) = (self.customer.opening.clone(), self.caller.network);
        self.keep(key.clone(), |answer| Command::Say(Say { opening, key, input, network }, answer)).await
    }

    /// Brings something that must be kept to the conversation, and acks it once it is.
    async fn keep(&mut self, key: String, command: impl FnOnce(Responder) -> Command) -> Result<(), u16> {
        if let Err(wait) = self.gate.message(self.caller.network) {
            return self.refuse(Problem::too_fast(wait), Some(key)).await;
        }
        match self.app.sessions.ask(&self.customer.id, command).await {
            Ok(kept) => {
                self.customer.note_said(kept.seq);
                metrics::counter!("plainbill_messages_kept_total").increment(1);
                self.send(&ServerFrame::Ack { key, seq: kept.seq, at: kept.at_ms }).await
            }
            Err(error) => self.refuse(error.into(), Some(key)).await,
        }
    }

    /// The customer signed in on the page, or as somebody else: then the old conversation is left behind.
    async fn identify(&mut self, token: &str) -> Result<(), u16> {
        let customer = match self.app.identity.customer(token, self.app.clock.now().as_second()) {
            Ok(customer) => customer,
            Err(error) => return self.send(&Refusal::bad_identity(&error).frame(None)).await,
        };
        let until_ms = self.app.verified_until_ms();
        match &self.customer.opening.customer {
            Some(known) if *known == customer => {
                self.customer.verified_until_ms = until_ms;
                self.customer.opening.verified_until_ms = until_ms;
                Ok(())
            }
            None => {
                self.customer.opening.customer = Some(customer.clone());
                self.customer.verified_until_ms = until_ms;
                self.customer.opening.verified_until_ms = until_ms;
                if 0 < self.customer.cursor {
                    let identify = Command::Identify(Identify { customer, until_ms });
                    if let Err(error) = self.app.sessions.bring(&self.customer.id, identify) {
                        return self.refuse(error.into(), None).await;
                    }
                }
                Ok(())
            }
            Some(_) => {
                if let Err(error) = self.app.sessions.leave(&self.customer.id).await {
                    return self.refuse(error.into(), None).await;
                }
                let opening = self.customer.opening.clone();
                let (customer, frame) =
                    Customer::begin(&self.app, Some(customer), opening.locale, opening.page_url, true).await;
                self.customer = customer;
                self.send(&frame).await
            }
        }
    }
}

impl Unread {
    /// Has the log read again soon; a close code where it couldn't be for too long.
    fn note(&mut self) -> Result<(), u16> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        if UNREAD_MAX <= now - since {
            return Err(GOING_AWAY);
        }
        self.again_at = Some(now + READ_AGAIN.saturating_mul(1 << self.n.min(10)).min(READ_AGAIN_MAX));
        self.n += 1;
        Ok(())
    }
}

/// A wait before coming back that differs from one conversation to the next.
fn spread(id: &str) -> u32 {
    let sum: u32 = id.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    200 + sum % COME_BACK_MS
}
