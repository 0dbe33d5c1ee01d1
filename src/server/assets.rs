//! The web files, embedded when the program is built, with their entity tags and policies.

use std::io::Write;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::identity::secrets;
use crate::server::Site;

/// Our own pages: everything from here, sockets included; no inline style or script; never in a frame.
const PAGE_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                           object-src 'none'; require-trusted-types-for 'script'";
/// Browsers ask again after this many seconds; an unchanged file costs an empty answer.
const MAX_AGE: &str = "public, max-age=300";

/// The icon in a browser's tab: two lines of a bill, one of them answered.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0b5d55" d="M6 3h20a4 4 0 0 1 4 4v14a4 4 0 0 1-4 4H14l-8 5v-5a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4z"/><path stroke="#fff" stroke-width="3" stroke-linecap="round" d="M9 11h14M9 17h8"/></svg>"##;

/// One embedded file.
struct Asset {
    body: &'static [u8],
    /// The same, compressed once (RFC 1952): for each request it would be a way to keep us busy.
    gzip: Bytes,
    mime: &'static str,
    tag: String,
}

/// All embedded files.
pub struct Assets {
    widget: Asset,
    panel: Asset,
    console: Asset,
    console_js: Asset,
    console_css: Asset,
    demo: Asset,
    demo_js: Asset,
    demo_css: Asset,
}

const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// A file of `web-widget/dist`.
macro_rules! dist {
    ($name:literal, $mime:expr) => {
        Asset::new(include_bytes!(concat!("../../web-widget/dist/", $name)), $mime)
    };
}

impl Asset {
    fn new(body: &'static [u8], mime: &'static str) -> Self {
        let tag = format!("\"{}\"", &secrets::hash(&String::from_utf8_lossy(body))[..16]);
        Self { body, gzip: gzip(body), mime, tag }
    }

    fn answer(&self, headers: &HeaderMap, policy: Option<&'static str>) -> Response {
        let known =
            headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok()).is_some_and(|it| it.contains(&self.tag));
        let takes_gzip = takes_gzip(headers);
        let mut response = match known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false if takes_gzip => self.gzip.clone().into_response(),
            false => self.body.into_response(),
        };
        let out = response.headers_mut();
        if takes_gzip {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.mime));
        out.insert(header::ETAG, HeaderValue::from_str(&self.tag).expect("a tag is plain ASCII"));
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE));
        if let Some(policy) = policy {
            out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        response
    }
}

impl Assets {
    /// Takes up the files.
    pub fn load() -> Self {
        Self {
            widget: dist!("w.js", JS),
            panel: dist!("panel.js", JS),
            console: dist!("console.html", HTML),
            console_js: dist!("console.js", JS),
            console_css: dist!("console.css", CSS),
            demo: dist!("demo.html", HTML),
            demo_js: dist!("demo.js", JS),
            demo_css: dist!("demo.css", CSS),
        }
    }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("memory takes it");
    encoder.finish().expect("memory takes it").into()
}

/// Whether the other side takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|it| it.to_str().ok());
    let weights = codings.flat_map(|it| it.split(',')).map(|it| it.split_once(';').unwrap_or((it, "")));
    let mut found = None;
    for (coding, weight) in weights {
        let is_zero = weight.trim().strip_prefix("q=").is_some_and(|it| it.trim().parse() == Ok(0.0_f32));
        match coding.trim() {
            it if it.eq_ignore_ascii_case("gzip") => return !is_zero,
            "*" => found = Some(!is_zero),
            _ => {}
        }
    }
    found.unwrap_or(false)
}

/// Scripts that other sites load as modules.
fn for_everybody(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

/// `GET /w.js`: the loader.
pub async fn widget(State(site): State<Site>, headers: HeaderMap) -> Response {
    for_everybody(site.assets.widget.answer(&headers, None))
}

/// `GET /panel.js`: the panel.
pub async fn panel(State(site): State<Site>, headers: HeaderMap) -> Response {
    for_everybody(site.assets.panel.answer(&headers, None))
}

/// `GET /console`: the staff console.
pub async fn console(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.assets.console.answer(&headers, Some(PAGE_POLICY))
}

/// `GET /console.js`.
pub async fn console_js(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.assets.console_js.answer(&headers, None)
}

/// `GET /console.css`.
pub async fn console_css(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.assets.console_css.answer(&headers, None)
}

/// `GET /favicon.ico`: an SVG, which browsers take by its type, whatever its name.
pub async fn icon() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, MAX_AGE)];
    (headers, ICON).into_response()
}

/// `GET /`: the demo shop.
pub async fn demo(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.assets.demo.answer(&headers, Some(PAGE_POLICY))
}

/// `GET /demo.js`.
pub async fn demo_js(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.assets.demo_js.answer(&headers, None)
}

/// `GET /demo.css`.
pub async fn demo_css(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.assets.demo_css.answer(&headers, None)
}
