//! The URL map, the accept loop with its limits, and the way to the end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutWriter;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

use crate::app::App;
use crate::config::{Limits, Proxies, origins};
use crate::parts::Understanding;
use crate::server::error::Problem;
use crate::server::lingering::Lingering;
use crate::server::protocol::Code;

pub mod error;
pub mod limits;
pub mod protocol;
pub mod reading;

mod assets;
mod demo;
mod extract;
mod goodwill;
mod hooks;
mod lingering;
mod login;
mod pages;
mod poll;
mod socket;
mod staff;
mod watching;
mod websocket;
mod wire;

pub use limits::{Gate, Place};
pub use login::hash_password;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4_096;
/// The pause after an accept that failed, say because no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// An answer that isn't read on for this long ends its connection.
const UNREAD_MAX: Duration = Duration::from_secs(30);
/// Open files that the program needs for itself: the store, the content, billing, mail.
const OWN_FILES: usize = 128;
/// Where proxies name whom they got a request from.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// When whoever has too many connections may come again, in milliseconds.
const FULL_WAIT_MS: u32 = 5_000;
/// A body of more bytes isn't there at once.
const LONG_BODY_BYTES: u64 = 4 * 1024;
/// Connections above the cap that are told so at once.
const TURNED_AWAY_MAX: usize = 32;
/// What a connection above the cap is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What the URL map works with.
#[derive(Clone)]
pub struct Site {
    /// The parts.
    pub app: Arc<App>,
    /// The limits that addresses share.
    pub gate: Arc<Gate>,
    /// Whose word on where a request comes from is believed.
    proxies: Arc<Proxies>,
    polls: Arc<poll::Polls>,
    assets: Arc<assets::Assets>,
}

/// Where a request comes from, and its place among the connections.
#[derive(Clone)]
struct Peer {
    address: IpAddr,
    place: Arc<Place>,
}

/// Binds the address, with what the kernel may hold back for a slow reader set before anybody connects.
pub fn bind(address: SocketAddr, limits: &Limits) -> anyhow::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.context("could not make a socket")?;
    socket.set_reuseaddr(true).context("could not reuse the address")?;
    socket.set_send_buffer_size(limits.send_buffer_bytes).context("could not bound the send buffer")?;
    socket.bind(address).with_context(|| format!("could not listen on {address}: is another server running there"))?;
    socket.listen(BACKLOG).with_context(|| format!("could not listen on {address}"))
}

/// Serves until `stop`, then lets everybody finish and closes the store.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let site = Site {
        gate: Arc::new(Gate::new(&within_open_files(&app.config.limits))),
        proxies: Arc::new(Proxies::read(&app.config.trusted_proxies)?),
        polls: Arc::new(poll::Polls::new()),
        assets: Arc::new(assets::Assets::load()),
        app: Arc::clone(&app),
    };
    app.start();
    if app.asks_nodes() {
        app.tasks.spawn(poll::elsewhere::answer_nodes(site.clone()));
    }
    let broken = {
        let router = router(site.clone());
        tokio::select! {
            () = accept(&site, listener, router) => None,
            () = stop => None,
            error = app.broken() => Some(error),
        }
    };
    tracing::info!("going down: no new connections, open ones may finish");
    app.stop.cancel();
    app.tasks.close();
    let drain = Duration::from_millis(app.config.limits.drain_ms_max);
    if tokio::time::timeout(drain, app.tasks.wait()).await.is_err() {
        tracing::warn!("some connections did not finish in time");
    }
    app.close().await;
    match broken {
        // A sync that failed: what the page cache says can't be trusted any more.
        Some(error) => Err(anyhow::Error::from(error).context("the store can no longer be trusted: start again")),
        None => Ok(()),
    }
}

/// The limits with no more connections than this program may have files open.
fn within_open_files(limits: &Limits) -> Limits {
    // As many as the system allows at all. Where it doesn't say, it has no such limit.
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX);
    let room = usize::try_from(allowed).unwrap_or(usize::MAX).saturating_sub(OWN_FILES).max(1);
    if room < limits.connections_max {
        tracing::warn!(
            allowed,
            connections = room,
            "`limits.connections_max` is {}, and the system lets this program have fewer files open: \
             raise that (`ulimit -n`, or `LimitNOFILE` of the service)",
            limits.connections_max
        );
    }
    Limits { connections_max: limits.connections_max.min(room), ..limits.clone() }
}

async fn accept(site: &Site, listener: TcpListener, router: Router) {
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // A socket that cannot be set up is as good as gone; the next read says so.
        let _ = stream.set_nodelay(true);
        let address = address.ip().to_canonical();
        let place = if site.proxies.trusts(address) { site.gate.enter_proxy() } else { site.gate.enter(address) };
        let Some(place) = place else {
            // Above that they are closed without a word: files are what is short.
            if let Ok(permit) = Arc::clone(&turned_away).try_acquire_owned() {
                site.app.tasks.spawn(turn_away(stream, permit));
            }
            continue;
        };
        let peer = Peer { address, place: Arc::new(place) };
        site.app.tasks.spawn(connection(site.clone(), stream, peer, router.clone()));
    }
}

async fn turn_away(stream: TcpStream, permit: OwnedSemaphorePermit) {
    let limit = Duration::from_secs(1);
    let mut stream = Lingering::new(stream, permit);
    let _ = tokio::time::timeout(limit, stream.write_all(FULL)).await;
}

/// Serves one connection: the head in time, small buffers, an end when the server stops.
async fn connection(site: Site, stream: TcpStream, peer: Peer, router: Router) {
    let app = Arc::clone(&site.app);
    let mut stream = TimeoutWriter::new(Lingering::new(stream, Arc::clone(&peer.place)));
    stream.set_timeout(Some(UNREAD_MAX));
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let client = behind_proxies(&site, &peer, request.headers());
        let (site, router) = (site.clone(), router.clone());
        async move {
            let is_long = is_long(request.headers());
            let mut response = match client.map(|it| (site.gate.request(it.address), it)) {
                None => Problem { retry_after_ms: Some(FULL_WAIT_MS), ..Problem::new(Code::Busy) }.into_response(),
                Some((Err(wait), _)) => Problem::too_fast(wait).into_response(),
                Some((Ok(()), client)) => {
                    request.extensions_mut().insert(client);
                    router.oneshot(request.map(Body::new)).await?
                }
            };
            if is_long && (response.status().is_client_error() || response.status().is_server_error()) {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<Response, Infallible>(response)
        }
    });
    let limits = &app.config.limits;
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_ms_max))
        .max_buf_size(limits.frame_bytes_max.max(16 * 1024));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = app.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // Clients that leave in mid-request are everyday life.
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Whether a request's body may not be read to its end once it is refused: then the connection ends, and whoever would use
/// it again has to know.
fn is_long(headers: &HeaderMap) -> bool {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()).and_then(|it| it.parse::<u64>().ok());
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|it| LONG_BODY_BYTES < it)
}

/// Whom a request comes from: whoever connected, or whom a proxy of ours names; none where they have too many open.
fn behind_proxies(site: &Site, peer: &Peer, headers: &HeaderMap) -> Option<Peer> {
    if !site.proxies.trusts(peer.address) {
        return Some(peer.clone());
    }
    // What a client wrote may hold any bytes; what our proxy has added to it, at the right, is read all the same.
    let forwarded = headers.get_all(FORWARDED_FOR).iter().map(|it| String::from_utf8_lossy(it.as_bytes()));
    let forwarded: Vec<_> = forwarded.collect();
    let address = site.proxies.client(peer.address, forwarded.iter().map(AsRef::as_ref));
    let place = site.gate.enter_through(&peer.place, address)?;
    Some(Peer { address, place: Arc::new(place) })
}

/// The URL map.
fn router(site: Site) -> Router {
    let api = Router::new()
        .route("/login", post(login::login))
        .route("/logout", post(login::logout))
        .route("/me", get(login::me))
        .route("/conversations", get(staff::list))
        .route("/conversations/{id}", get(staff::detail))
        .route("/conversations/{id}/take", post(staff::take))
        .route("/conversations/{id}/reply", post(staff::reply))
        .route("/conversations/{id}/hand-back", post(staff::hand_back))
        .route("/conversations/{id}/close", post(staff::close))
        .route("/conversations/{id}/flag", post(staff::flag))
        .route("/conversations/{id}/goodwill", get(goodwill::offer).post(goodwill::give))
        .route("/causes", get(staff::causes))
        .route("/causes/{id}", post(staff::change_cause))
        .route("/content/reload", post(staff::reload_content));
    let mut router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/v1/chat", get(websocket::chat))
        .route("/v1/poll", post(poll::send).get(poll::wait).options(poll::preflight))
        .route("/v1/staff", get(watching::upgrade))
        .route("/v1/staff/poll", post(poll::send_staff).get(poll::wait_staff))
        .nest("/api/v1", api)
        .route("/go/{token}", get(pages::go))
        .route("/favicon.ico", get(assets::icon))
        .route("/w.js", get(assets::widget))
        .route("/panel.js", get(assets::panel))
        .route("/console", get(assets::console))
        // As people type it: the page's files lie beside it, so it is shown under its own address only.
        .route("/console/", get(|| async { Redirect::permanent("../console") }))
        .route("/console.js", get(assets::console_js))
        .route("/console.css", get(assets::console_css));
    if !site.app.config.demo {
        router = router.route("/", get(pages::front));
    } else {
        router = router
            .route("/", get(assets::demo))
            .route("/demo.js", get(assets::demo_js))
            .route("/demo.css", get(assets::demo_css))
            .route("/demo/customers", get(demo::customers))
            .route("/demo/sign-in", post(demo::sign_in))
            .route("/demo/account", get(demo::account))
            .route("/demo/token", get(demo::token))
            .route("/demo/portal/{page}", get(demo::portal).post(demo::portal_pressed));
    }
    let limits = &site.app.config.limits;
    // Notices are longer than what people send.
    let notices = post(hooks::stripe).layer(axum::extract::DefaultBodyLimit::max(limits.billing_notice_bytes_max));
    let body_bytes_max = limits.body_bytes_max;
    let router = router.route("/hooks/stripe", notices);
    // A proxy may pass on the path under which people reach us, or leave it away.
    let router = match site.app.config.path() {
        "" => router,
        path => Router::new().nest(path, router.clone()).route(&format!("{path}/"), get(pages::front)).merge(router),
    };
    router
        .fallback(|| async { Problem::new(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(Code::WrongMethod) })
        .layer(axum::extract::DefaultBodyLimit::max(body_bytes_max))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(has_no_tag)))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(site.clone(), in_time))
        .layer(middleware::from_fn_with_state(site.clone(), secure_headers))
        .with_state(site)
}

/// Files with a tag are compressed already, where the other side takes that.
fn has_no_tag(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ETAG)
}

/// Ends what is not read and answered in time.
async fn in_time(State(site): State<Site>, request: Request, next: Next) -> Response {
    let longest = Duration::from_millis(site.app.config.limits.request_ms_max);
    let answered = tokio::time::timeout(longest, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::new(Code::TooSlow).into_response())
}

/// What every answer carries; a page's own policy is set where the page is served.
async fn secure_headers(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if site.app.config.is_https() && site.app.config.path().is_empty() {
        // Only for a host of our own: what others do there or under its domain is not ours to say (RFC 6797).
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether the server should get traffic, and what is wrong where it shouldn't or works with one hand.
async fn ready(State(site): State<Site>) -> Response {
    let app = &site.app;
    let store = app.probe().await;
    let (status, body) = readiness(store.is_ok(), app.understanding(), app.stop.is_cancelled());
    (status, axum::Json(body)).into_response()
}

/// Without a classifier people answer, and that is ready too; while it learns for the first time, customers wait.
fn readiness(store: bool, classifier: Understanding, stopping: bool) -> (StatusCode, serde_json::Value) {
    let ready = store && !stopping && classifier != Understanding::Learning;
    let body = serde_json::json!({
        "ready": ready,
        "store": if store { "ready" } else { "unavailable" },
        "classifier": match classifier {
            Understanding::Ready => "ready",
            Understanding::Learning => "learning",
            Understanding::Broken => "broken: every message goes to a person",
            Understanding::Missing => "missing: every message goes to a person",
        },
        "stopping": stopping,
    });
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, body)
}

/// Whether a browser's request comes from a page that may talk to us: our own, or one in the settings.
///
/// Compared as parsed origins (scheme, host, port; RFC 6454): no prefixes, no suffixes. No `Origin`, no entry.
fn origin_allowed(app: &App, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    let Some(origin) = origin.to_str().ok().and_then(origins::parse) else { return false };
    let ours = address_of(app, headers).and_then(|it| origins::of_address(&it));
    ours.is_some_and(|it| it == origin)
        || app.config.origins.iter().filter_map(|it| origins::parse(it)).any(|it| it == origin)
}

/// Where whoever asks has reached us, as `https://help.shop.example` or `https://shop.example/chat`.
fn address_of(app: &App, headers: &HeaderMap) -> Option<String> {
    // What a request says of itself is believed only where nobody has said better.
    if !app.config.public_url.is_empty() {
        return Some(app.config.public_url.clone());
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let address = format!("{}://{host}", if app.config.https { "https" } else { "http" });
    origins::parse(&address).map(|_| address)
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    cookies
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='))
        .find(|it| it.0 == name)
        .map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_would_have_to_wait_is_sent_to_another_node() {
        for (store, classifier, stopping, ready) in [
            (true, Understanding::Ready, false, true),
            (true, Understanding::Missing, false, true),
            (true, Understanding::Broken, false, true),
            (true, Understanding::Learning, false, false),
            (false, Understanding::Ready, false, false),
            (true, Understanding::Ready, true, false),
        ] {
            let (status, body) = readiness(store, classifier, stopping);
            assert_eq!((status == StatusCode::OK, &body["ready"]), (ready, &ready.into()), "{classifier:?} {body}");
        }
    }

    #[test]
    fn origins_are_compared_as_a_whole() {
        let shop = origins::parse("https://shop.example");
        assert!(shop.is_some());
        for same in ["https://shop.example:443", "HTTPS://SHOP.EXAMPLE"] {
            assert_eq!(origins::parse(same), shop, "{same}");
        }
        for other in [
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://evil-shop.example",
            "https://shop.example/",
            "https://shop.example@evil.example",
            "null",
            "",
        ] {
            assert_ne!(origins::parse(other), shop, "{other}");
        }
    }
}
