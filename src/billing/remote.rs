//! Asks a machine of somebody else's over HTTP: in time, again where that does no harm, and not while it is down.

use std::error::Error as _;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::BillingError;
use crate::config::Limits;
use breaker::Breaker;

pub mod breaker;

mod figures;

/// A machine that asks for a longer wait than this is not waited for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(2);
/// Under this header a request says which one it is, so that it is done at most once.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Why a source cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is none, or one that must not be used.
    #[error("billing.url is `{url}`: {why}")]
    Url {
        /// The address as it was set.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key cannot stand in a header.
    #[error("billing.key has a character that no key has, perhaps the end of a line")]
    Key,
    /// The client could not be made.
    #[error(
        "this machine's certificates, by which billing's address is known, cannot be used: \
         install them (the package ca-certificates), or unset SSL_CERT_FILE"
    )]
    Client(#[source] reqwest::Error),
}

/// A machine that billing data comes from.
pub struct Remote {
    /// Its name in the settings and in figures.
    source: &'static str,
    client: Client,
    base: Url,
    breaker: Breaker,
    places: Semaphore,
    limits: RemoteLimits,
}

/// The limits of [`Remote`], from [`Limits`].
#[derive(Clone, Debug)]
struct RemoteLimits {
    tries_max: usize,
    retry: Duration,
    all: Duration,
    answer_bytes_max: usize,
    open: Duration,
}

/// What is asked.
#[derive(Debug)]
pub struct Request<'a> {
    /// How it stands in the log, without anybody's id: `GET /accounts/{customer}`.
    pub what: &'static str,
    /// The method.
    pub method: Method,
    /// The parts of the path under the base; each is escaped.
    pub path: &'a [&'a str],
    /// The query.
    pub query: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub body: Body<'a>,
    /// Under which key it is done at most once.
    pub key: Option<&'a str>,
    /// It changes nothing, though it isn't a GET.
    pub only_reads: bool,
}

impl<'a> Request<'a> {
    /// A GET.
    pub fn get(what: &'static str, path: &'a [&'a str], query: &'a [(&'a str, &'a str)]) -> Self {
        Self { what, method: Method::GET, path, query, body: Body::Nothing, key: None, only_reads: true }
    }

    /// A POST.
    pub fn post(what: &'static str, path: &'a [&'a str], body: Body<'a>, key: Option<&'a str>) -> Self {
        Self { what, method: Method::POST, path, query: &[], body, key, only_reads: false }
    }

    /// Whether asking twice is like asking once.
    fn may_repeat(&self) -> bool {
        self.only_reads || self.key.is_some()
    }
}

/// What is sent with a request.
#[derive(Debug)]
pub enum Body<'a> {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(&'a Value),
    /// A form.
    Form(&'a [(String, String)]),
}

/// An answer that came whole and in time: of any status under 500 but 429, or 501.
#[derive(Debug)]
pub struct HttpAnswer {
    what: &'static str,
    /// The status.
    pub status: u16,
    body: Vec<u8>,
}

impl HttpAnswer {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, BillingError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::error!(what = self.what, status = self.status, kind = ?error.classify(), "billing's answer is no JSON");
            BillingError::Broken
        })
    }

    /// The body as JSON, where it is JSON.
    pub fn json_or_null(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What a source makes of a status that it has no use for, with a line in the log.
    pub fn unexpected(&self) -> BillingError {
        match self.status {
            404 => BillingError::NotFound,
            401 | 403 => {
                tracing::error!(what = self.what, status = self.status, "billing does not accept billing.key");
                BillingError::Unreachable
            }
            status => {
                tracing::error!(what = self.what, status, "billing gave an answer that nobody expects");
                BillingError::Broken
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum Failure {
    /// Not reached, not in time, or an answer that says "not now".
    Down { wait: Option<Duration> },
    /// Left alone: it was not even asked.
    LeftAlone,
    /// Too long to be read.
    TooLong,
}

impl Remote {
    /// The machine of this source at this address, with what goes into the head of every request.
    pub fn new(source: &'static str, url: &str, headers: HeaderMap, limits: &Limits) -> Result<Self, SetupError> {
        let base = read_url(url)?;
        let mut client = Client::builder();
        // Without TLS no certificate is needed, and a machine without any is no fault.
        if base.scheme() == "http" {
            client = client.tls_certs_only([]);
        }
        let client = client
            .default_headers(headers)
            .user_agent(concat!("plainbill/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(limits.billing_connect_ms_max))
            .timeout(Duration::from_millis(limits.billing_try_ms_max))
            // A redirect could carry the key elsewhere.
            .redirect(Policy::none())
            .build()
            .map_err(SetupError::Client)?;
        let open = Duration::from_secs(limits.billing_open_seconds);
        figures::left_alone(source, false);
        Ok(Self {
            source,
            client,
            base,
            breaker: Breaker::new(limits.billing_failures_max, open),
            places: Semaphore::new(limits.billing_requests_max),
            limits: RemoteLimits {
                tries_max: limits.billing_tries_max,
                retry: Duration::from_millis(limits.billing_retry_ms),
                all: Duration::from_millis(limits.billing_ms_max),
                answer_bytes_max: limits.billing_answer_bytes_max,
                open,
            },
        })
    }

    /// Everything that belongs together, within the time for all of it.
    pub async fn in_time<T, E>(&self, late: E, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        tokio::time::timeout(self.limits.all, work).await.unwrap_or(Err(late))
    }

    /// Asks, several times where that does no harm.
    pub async fn ask(&self, request: &Request<'_>) -> Result<HttpAnswer, BillingError> {
        let tries = if request.may_repeat() { self.limits.tries_max } else { 1 };
        let pause = ExponentialBuilder::default()
            .with_min_delay(self.limits.retry)
            .with_max_delay(RETRY_AFTER_MAX)
            .with_max_times(tries.saturating_sub(1))
            .with_jitter();
        let result = (|| self.ask_once(request))
            .retry(pause)
            .when(|it| matches!(it, Failure::Down { wait } if wait.is_none_or(|it| it <= RETRY_AFTER_MAX)))
            .adjust(|it, pause| match it {
                Failure::Down { wait: Some(wait) } => pause.map(|it| it.max(*wait)),
                _ => pause,
            })
            .await;
        result.map_err(|failure| match failure {
            Failure::Down { .. } | Failure::LeftAlone => BillingError::Unreachable,
            Failure::TooLong => BillingError::Broken,
        })
    }

    async fn ask_once(&self, request: &Request<'_>) -> Result<HttpAnswer, Failure> {
        // Closed only with the source itself, and then nobody asks.
        let _place = self.places.acquire().await.map_err(|_| Failure::LeftAlone)?;
        let what = request.what;
        let Some(pass) = self.breaker.enter(Instant::now()) else {
            figures::count(self.source, what, "left_alone");
            return Err(Failure::LeftAlone);
        };
        let mut asked = figures::RequestTimer::begin(self.source, what);
        let sent = self.send(request).await;
        asked.outcome = match &sent {
            Ok((status, _, body)) => figures::outcome(*status, body.is_some()),
            Err(_) => "unreachable",
        };
        drop(asked);
        match sent {
            // 501 is an answer: this is not offered.
            Ok((status, wait, body)) if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => {
                tracing::warn!(what, %status, "billing could not answer");
                drop(body);
                self.note_failure(pass);
                Err(Failure::Down { wait })
            }
            Ok((status, wait, _)) if status == StatusCode::TOO_MANY_REQUESTS => {
                // It lives, and wants to be asked less.
                if pass.succeeded() {
                    figures::left_alone(self.source, false);
                }
                tracing::warn!(what, "billing is asked too much");
                Err(Failure::Down { wait: Some(wait.unwrap_or(self.limits.retry)) })
            }
            Ok((status, _, body)) => {
                if pass.succeeded() {
                    figures::left_alone(self.source, false);
                    tracing::info!("billing answers again");
                }
                match body {
                    Some(body) => Ok(HttpAnswer { what, status: status.as_u16(), body }),
                    None => {
                        tracing::error!(what, max = self.limits.answer_bytes_max, "billing's answer is too long");
                        Err(Failure::TooLong)
                    }
                }
            }
            Err(error) => {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                // Without the address, in which somebody's id may stand.
                tracing::warn!(what, error = %error.without_url(), cause, "billing could not be reached");
                self.note_failure(pass);
                Err(Failure::Down { wait: None })
            }
        }
    }

    fn note_failure(&self, pass: breaker::Pass<'_>) {
        if pass.failed(Instant::now()) {
            figures::left_alone(self.source, true);
            tracing::error!(for_ = ?self.limits.open, "billing is down and left alone; customers who need it get a person");
        }
    }

    /// The status, how long to wait before asking again, and the body; no body where it is longer than may be read.
    async fn send(
        &self,
        request: &Request<'_>,
    ) -> Result<(StatusCode, Option<Duration>, Option<Vec<u8>>), reqwest::Error> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(request.path);
        }
        let mut sent = self.client.request(request.method.clone(), url);
        if !request.query.is_empty() {
            sent = sent.query(request.query);
        }
        if let Some(key) = request.key {
            sent = sent.header(IDEMPOTENCY_KEY, key);
        }
        sent = match request.body {
            Body::Nothing => sent,
            Body::Json(value) => sent.json(value),
            Body::Form(fields) => sent.form(fields),
        };
        let mut response = sent.send().await?;
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
        let wait = wait.map(Duration::from_secs);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if self.limits.answer_bytes_max < body.len().saturating_add(chunk.len()) {
                return Ok((status, wait, None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, wait, Some(body)))
    }
}

/// The header that carries a bearer key; it is never printed.
pub fn bearer(key: &str) -> Result<(HeaderName, HeaderValue), SetupError> {
    let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| SetupError::Key)?;
    value.set_sensitive(true);
    Ok((header::AUTHORIZATION, value))
}

/// Whether an id can be a part of a path: no id is `..`, which would lead elsewhere.
pub fn fits_path(id: &str) -> bool {
    !matches!(id, "" | "." | "..") && id.len() <= 255 && !id.chars().any(char::is_control)
}

fn read_url(text: &str) -> Result<Url, SetupError> {
    let fault = |why| SetupError::Url { url: text.to_owned(), why };
    let url = Url::parse(text).map_err(|_| fault("that is no address"))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        _ => return Err(fault("it must begin with https://, or the key could be read on its way")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SetupError::Url { url: "…".to_owned(), why: "a password belongs into billing.key" });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fault("it must end with its path"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::HeaderMap as Headers;
    use axum::routing::{get, post};

    use super::*;

    fn limits() -> Limits {
        Limits {
            billing_retry_ms: 1,
            billing_try_ms_max: 2_000,
            billing_answer_bytes_max: 1_000,
            billing_failures_max: 4,
            billing_open_seconds: 3_600,
            ..Limits::default()
        }
    }

    async fn serve(router: Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/base")
    }

    fn remote(url: &str) -> Remote {
        Remote::new("test", url, HeaderMap::from_iter([bearer("a-key").expect("a key")]), &limits())
            .expect("it is right")
    }

    /// A server that says 503 so many times and then answers, with how often it was asked.
    fn failing(times: usize) -> (Router, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer = move || {
            let n = count.fetch_add(1, Ordering::SeqCst);
            async move { if n < times { (StatusCode::SERVICE_UNAVAILABLE, "") } else { (StatusCode::OK, "{\"a\": 1}") } }
        };
        (Router::new().route("/base/it", get(answer.clone()).post(answer)), asked)
    }

    #[tokio::test]
    async fn a_request_that_only_reads_is_tried_again() {
        let (router, asked) = failing(2);
        let remote = remote(&serve(router).await);
        let answer = remote.ask(&Request::get("GET /it", &["it"], &[])).await.expect("the third try works");
        assert_eq!(answer.json().expect("JSON")["a"], 1);
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_request_that_changes_something_is_tried_again_only_under_a_key() {
        let (router, asked) = failing(1);
        let remote = remote(&serve(router).await);
        let without = Request::post("POST /it", &["it"], Body::Nothing, None);
        assert_eq!(remote.ask(&without).await.map(|it| it.status), Err(BillingError::Unreachable));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let (router, asked) = failing(1);
        let remote = self::remote(&serve(router).await);
        let with = Request::post("POST /it", &["it"], Body::Nothing, Some("k"));
        assert_eq!(remote.ask(&with).await.map(|it| it.status), Ok(200));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_is_down_is_left_alone() {
        let (router, asked) = failing(usize::MAX);
        let remote = remote(&serve(router).await);
        for _ in 0..5 {
            let answer = remote.ask(&Request::get("GET /it", &["it"], &[])).await;
            assert_eq!(answer.map(|it| it.status), Err(BillingError::Unreachable));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 4, "after four failures in a row nobody asks");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_not_read_and_not_asked_for_again() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let router = Router::new().route(
            "/base/it",
            get(move || {
                count.fetch_add(1, Ordering::SeqCst);
                async { "x".repeat(1_001) }
            }),
        );
        let remote = remote(&serve(router).await);
        let answer = remote.ask(&Request::get("GET /it", &["it"], &[])).await;
        assert_eq!(answer.map(|it| it.status), Err(BillingError::Broken));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn the_key_goes_into_the_head_and_not_along_a_redirect() {
        let elsewhere = serve(Router::new().route("/base/it", get(|| async { "secret" }))).await;
        let to = format!("{elsewhere}/it");
        let router = Router::new()
            .route(
                "/base/it",
                post(|headers: Headers| async move {
                    headers["authorization"].to_str().map(str::to_owned).unwrap_or_default()
                }),
            )
            .route("/base/moved", get(move || async move { (StatusCode::FOUND, [("location", to)], "") }));
        let remote = remote(&serve(router).await);
        let answer = remote.ask(&Request::post("POST /it", &["it"], Body::Nothing, None)).await.expect("it answers");
        assert_eq!(answer.body, b"Bearer a-key");
        let moved = remote.ask(&Request::get("GET /moved", &["moved"], &[])).await.expect("it answers");
        assert_eq!((moved.status, moved.unexpected()), (302, BillingError::Broken));
    }

    #[tokio::test]
    async fn the_parts_of_a_path_stay_parts() {
        let router = Router::new().fallback(|uri: axum::http::Uri| async move { uri.to_string() });
        let remote = remote(&serve(router).await);
        let request = Request::get("GET /a/{id}", &["a", "x/../b?c=d#e"], &[("q", "1 2&3")]);
        let answer = remote.ask(&request).await.expect("it answers");
        assert_eq!(String::from_utf8_lossy(&answer.body), "/base/a/x%2F..%2Fb%3Fc=d%23e?q=1+2%263");
        for id in ["", ".", "..", "a\nb"] {
            assert!(!fits_path(id), "{id:?}");
        }
        assert!(fits_path("cus_123"));
    }

    #[test]
    fn an_address_without_tls_is_taken_only_on_this_machine() {
        for url in ["https://billing.example", "https://billing.example/a/", "http://127.0.0.1:1", "http://localhost"] {
            assert!(read_url(url).is_ok(), "{url}");
        }
        for url in
            ["http://billing.example", "ftp://a", "billing.example", "", "https://a:b@c.example", "https://a?b=c"]
        {
            assert!(read_url(url).is_err(), "{url}");
        }
    }
}
