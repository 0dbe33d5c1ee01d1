//! The one translation of failures to the outside: a status, a fixed code, and plain words.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::server::protocol::{Code, ServerFrame};
use crate::session::SessionError;
use crate::session::staff::StaffError;
use crate::store::StoreError;

/// A refusal as customers and staff see it. Nothing from inside gets into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub code: Code,
    /// The same in words of its own, where there is more to say than the code says.
    pub words: Option<String>,
    /// When to try again, in milliseconds.
    pub retry_after_ms: Option<u32>,
}

/// How long a client waits before it tries again, where nothing better is known.
const RETRY_AFTER_MS: u32 = 1_000;

impl Problem {
    /// A refusal that trying again does not change.
    pub fn new(code: Code) -> Self {
        let again = matches!(code, Code::Busy | Code::Unavailable | Code::RateLimited);
        Self { code, words: None, retry_after_ms: again.then_some(RETRY_AFTER_MS) }
    }

    /// A refusal of what came too soon; the next may come in so many milliseconds.
    pub fn too_fast(wait_ms: u32) -> Self {
        Self { retry_after_ms: Some(wait_ms), ..Self::new(Code::RateLimited) }
    }

    /// The same in plain words.
    pub fn message(&self) -> &str {
        self.words.as_deref().unwrap_or_else(|| self.words_of_code())
    }

    fn words_of_code(&self) -> &'static str {
        match self.code {
            Code::Malformed => "We couldn't read that. Please reload the page.",
            Code::TooLarge => "That message is too long. Please send it in shorter pieces.",
            Code::NotWelcomed => "The connection wasn't opened properly. Please reload the page.",
            Code::RateLimited => "That was a lot at once. Please wait a moment.",
            Code::Busy => "A lot is going on right now. We'll try again in a moment.",
            Code::Unavailable => "We couldn't save that just now. We'll try again in a moment.",
            Code::NotFound => "We can't find that.",
            Code::BadIdentity => "We couldn't check that it's you. Please sign in again.",
            Code::NotOffered => "That choice isn't there any more. Please pick another one or write to us.",
            Code::Empty => "There's nothing in that message.",
            Code::SignIn => "Please sign in.",
            Code::Forbidden => "Your role doesn't allow that.",
            Code::WrongPage => {
                "This page may not talk to plainbill. If it's yours, name its address in `origins`; if it's plainbill's \
                 own, set `public_url` to the address that people type."
            }
            Code::WrongMethod => "That can't be done here.",
            Code::TooSlow => "That took too long. Please try again.",
            Code::Conflict => "Somebody was quicker, or there is something new to read first.",
            Code::Refused => "That isn't allowed.",
        }
    }

    /// The status of an HTTP answer.
    pub fn status(&self) -> StatusCode {
        match self.code {
            Code::Malformed | Code::NotWelcomed | Code::NotOffered | Code::Empty => StatusCode::BAD_REQUEST,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Busy | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::BadIdentity | Code::SignIn => StatusCode::UNAUTHORIZED,
            Code::Forbidden | Code::WrongPage => StatusCode::FORBIDDEN,
            Code::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Code::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Code::Conflict => StatusCode::CONFLICT,
            Code::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The same as a frame, about the frame with this key.
    pub fn frame(&self, key: Option<String>) -> ServerFrame {
        ServerFrame::Error {
            key,
            code: self.code,
            message: self.message().to_owned(),
            retry_after_ms: self.retry_after_ms,
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    code: Code,
    message: &'a str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(Body { code: self.code, message: self.message() })).into_response();
        if let Some(ms) = self.retry_after_ms {
            let seconds = ms.div_ceil(1_000);
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Problem::new(match &error {
            StoreError::NotFound => Code::NotFound,
            StoreError::Conflict => Code::Conflict,
            StoreError::Unavailable { .. } => {
                tracing::warn!(%error, "the store refused");
                Code::Unavailable
            }
            // The others come up at the start alone.
            StoreError::Broken { .. }
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::Held { .. }
            | StoreError::Pooled => {
                tracing::error!(%error, "the store is broken");
                Code::Unavailable
            }
        })
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Busy => Problem::new(Code::Busy),
            SessionError::Empty => Problem::new(Code::Empty),
            SessionError::TooLong => Problem::new(Code::TooLarge),
            SessionError::NotOffered => Problem::new(Code::NotOffered),
            SessionError::NotFound => Problem::new(Code::NotFound),
            SessionError::Store(error) => error.into(),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Conflict => Problem::new(Code::Conflict),
            StaffError::Refused(words) => Problem { words: Some(words), ..Problem::new(Code::Refused) },
            StaffError::Unsayable => Problem::new(Code::Unavailable),
            // Unlike a customer's page, the console doesn't try again by itself.
            StaffError::Session(SessionError::Busy) => {
                let words = "A lot is going on in this conversation. Nothing was done; please try again in a moment.";
                Problem { words: Some(words.to_owned()), ..Problem::new(Code::Busy) }
            }
            StaffError::Session(error) => error.into(),
        }
    }
}
