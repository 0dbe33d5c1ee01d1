//! Links from the chat to pages that billing hosts, and the small page where such a link leads nowhere.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;

use crate::answers::Speaker;
use crate::server::extract::InPath;
use crate::server::{Peer, Site};

/// By these, browsers say that nobody has followed the link yet (`Sec-Purpose` is the standard's, Fetch, section 3.8).
const EARLY: [&str; 3] = ["sec-purpose", "purpose", "x-moz"];

/// `GET /go/{token}`: asks billing for a fresh page and leads there. Nothing else happens, however often it is asked
/// for; a program that only looks ahead gets no page, which could let it in.
pub async fn go(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    InPath(token): InPath,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let app = &site.app;
    let content = app.contents.current();
    let sentences = &content.sentences;
    if method == Method::HEAD || is_early(&headers) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Err(wait_ms) = site.gate.message(peer.address) {
        let mut response = said(&site, StatusCode::TOO_MANY_REQUESTS, &sentences.page_away);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1_000)));
        return response;
    }
    let (customer, purpose) = match app.pages.find(&token, app.clock.now_ms()).await {
        Ok(Some(found)) => found,
        Ok(None) => return said(&site, StatusCode::NOT_FOUND, &sentences.page_ended),
        Err(error) => {
            tracing::warn!(%error, "a link could not be looked up");
            return said(&site, StatusCode::SERVICE_UNAVAILABLE, &sentences.page_away);
        }
    };
    let page = app.actions.page(&customer, purpose).await.and_then(|it| HeaderValue::try_from(it).ok());
    let Some(page) = page else { return said(&site, StatusCode::SERVICE_UNAVAILABLE, &sentences.page_away) };
    let no_referrer = HeaderValue::from_static("no-referrer");
    (StatusCode::SEE_OTHER, [(header::LOCATION, page), (header::REFERRER_POLICY, no_referrer)]).into_response()
}

fn is_early(headers: &HeaderMap) -> bool {
    EARLY.iter().filter_map(|it| headers.get(*it)?.to_str().ok()).any(|it| it.contains("prefetch"))
}

/// `GET /`, where there is no demo shop: says what this is and where to go.
pub async fn front(State(site): State<Site>) -> Response {
    let sentences = &site.app.contents.current().sentences;
    let staff = format!(
        "<p><a href=\"{}/console\">{}</a></p>",
        escaped(site.app.config.path()),
        escaped(&plain(&site, &sentences.front_staff))
    );
    page(&site, StatusCode::OK, &sentences.front_page, &staff)
}

/// One of our sentences as a page of its own.
fn said(site: &Site, status: StatusCode, sentence: &str) -> Response {
    page(site, status, sentence, "")
}

/// A page with one of our sentences and what stands below it.
fn page(site: &Site, status: StatusCode, sentence: &str, below: &str) -> Response {
    let content = site.app.contents.current();
    let (name, language) = (escaped(&content.business.name), escaped(&content.business.language));
    let page = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{name}</title></head>\
         <body><main><h1>{name}</h1><p>{}</p>{below}</main></body></html>",
        escaped(&plain(site, sentence))
    );
    (status, Html(page)).into_response()
}

/// One of our sentences, as it is on any day and to anybody.
fn plain(site: &Site, sentence: &str) -> String {
    let content = site.app.contents.current();
    let speaker = Speaker::new(&content, None, &[], false, Date::constant(2026, 1, 1), "");
    speaker.sentence(sentence, Default::default()).unwrap_or_default()
}

/// Text as it stands in HTML, in attributes too.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_are_called_cannot_become_markup() {
        assert_eq!(escaped("<b title='\"&'>"), "&lt;b title=&#39;&quot;&amp;&#39;&gt;");
    }
}
