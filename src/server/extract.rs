//! What a request carries, taken apart with our own words for what is wrong with it; none of the framework's gets out.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, FormRejection};
use axum::extract::{Form, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::server::error::Problem;
use crate::server::protocol::Code;
use crate::server::reading::without_half_letters;
use crate::server::{Site, origin_allowed};

/// A request that comes from a page that may talk to us. It stands before the body in a handler, so that nobody else's
/// is read.
pub struct FromOurPage;

impl FromRequestParts<Site> for FromOurPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        origin_allowed(&site.app, &parts.headers).then_some(Self).ok_or(Problem::new(Code::WrongPage))
    }
}

/// A body in JSON.
pub struct InJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Site> for InJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        // A form of another site can send text, and never this type without asking first.
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|it| it.to_str().ok())
            .and_then(|it| it.split(';').next())
            .is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(Problem::new(Code::Malformed));
        }
        let InBytes(body) = InBytes::from_request(request, site).await?;
        let text = std::str::from_utf8(&body).map_err(|_| Problem::new(Code::Malformed))?;
        let read = serde_json::from_str(&without_half_letters(text));
        read.map(Self).map_err(|_| Problem::new(Code::Malformed))
    }
}

/// A body as it is.
pub struct InBytes(pub Bytes);

impl FromRequest<Site> for InBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        Bytes::from_request(request, site).await.map(Self).map_err(|error| unread(&error))
    }
}

/// The fields of a form.
pub struct InForm<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Site> for InForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let read = Form::<T>::from_request(request, site).await;
        read.map(|Form(it)| Self(it)).map_err(|error| match error {
            FormRejection::BytesRejection(error) => unread(&error),
            _ => Problem::new(Code::Malformed),
        })
    }
}

fn unread(error: &BytesRejection) -> Problem {
    Problem::new(match error {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Code::TooLarge,
        _ => Code::Malformed,
    })
}

/// The one part of the path that differs. What no id of ours can be is not there.
pub struct InPath(pub String);

impl FromRequestParts<Site> for InPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, site).await {
            Ok(Path(part)) if !part.contains(char::is_control) => Ok(Self(part)),
            _ => Err(Problem::new(Code::NotFound)),
        }
    }
}

/// What stands after the question mark.
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, site).await;
        read.map(|Query(it)| Self(it)).map_err(|_| Problem::new(Code::Malformed))
    }
}
