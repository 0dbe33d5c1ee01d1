//! Staff sign in, stay signed in by a cookie, and show by a type in a handler's signature what they may do.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use axum::Json;
use axum::extract::{Extension, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::classifier::memory;
use crate::console::signing_in::{self, Opened};
use crate::conversation::normal;
use crate::identity::secrets;
use crate::server::error::Problem;
use crate::server::extract::{FromOurPage, InJson};
use crate::server::protocol::Code;
use crate::server::{Peer, Site, cookie, origin_allowed, wire};
use crate::store::{Role, Staff};

/// The cookie of a staff session, and its name where https allows it to be bound to this very host (RFC 6265bis).
const COOKIE: &str = "plainbill_staff";
const COOKIE_OF_HOST: &str = "__Host-plainbill_staff";
/// Whom a page believes to be signed in.
const BELIEVED: &str = "x-plainbill-staff";
/// Password checks at once: each takes 19 MiB and some tens of milliseconds on purpose.
static CHECKS: Semaphore = Semaphore::const_new(2);
/// The same for devices that are known, which wait behind no stranger.
static CHECKS_OF_KNOWN: Semaphore = Semaphore::const_new(1);
/// A hash that no password has, checked when there is no such account, so that both take the same time.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Somebody who may read, and the hash of the session by which they do.
pub struct Reads(pub Staff, pub String);

/// Somebody who may answer customers.
pub struct Answers(pub Staff);

/// Somebody who may change content, causes and staff.
pub struct Manages;

/// A password as it is kept: Argon2id (RFC 9106) with 19 MiB and two passes.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))?.to_string())
}

fn password_matches(typed: &str, hash: &str) -> bool {
    // Passwords are all made by us and have no such letter: what stands around one was copied with it.
    let password = typed.trim_matches(|it: char| normal::is_blank(it.encode_utf8(&mut [0; 4])));
    let argon2 = Argon2::default();
    let matches = PasswordHash::new(hash).is_ok_and(|it| argon2.verify_password(password.as_bytes(), &it).is_ok());
    // Each thread would keep the 19 MiB for the next time.
    memory::give_back();
    matches
}

/// The longest name that is looked for, in bytes.
const LOGIN_BYTES_MAX: usize = 200;

/// What somebody signs in with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    login: String,
    password: String,
}

/// `POST /api/v1/login`.
pub async fn login(
    State(site): State<Site>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    _page: FromOurPage,
    InJson(credentials): InJson<Credentials>,
) -> Result<Response, Problem> {
    let app = &site.app;
    // No name is longer or has such letters: nobody is looked for, and nothing of it is kept.
    let login =
        Some(credentials.login.as_str()).filter(|it| it.len() <= LOGIN_BYTES_MAX && !it.contains(char::is_control));
    // A device that somebody is signed in on has a pace of its own: whoever tries from the same office locks nobody out.
    let session = cookie(&headers, cookie_name(app)).map(secrets::hash);
    let session = match session {
        Some(session) => signing_in::whose(app, &session).await?.and(Some(session)),
        None => None,
    };
    site.gate.login(login.unwrap_or_default(), peer.address, session.as_deref()).map_err(Problem::too_fast)?;
    let known = match login {
        Some(login) => signing_in::account(app, login).await?,
        None => None,
    };
    let hash = known.as_ref().map_or_else(|| NOBODY.to_owned(), |it| it.password_hash.clone());
    let _turn = site.gate.turn_to_login(peer.address, session.as_deref()).await;
    let checks = if session.is_some() { &CHECKS_OF_KNOWN } else { &CHECKS };
    let permit = checks.acquire().await.map_err(|_| Problem::new(Code::Busy))?;
    let matches = tokio::task::spawn_blocking(move || password_matches(&credentials.password, &hash)).await;
    drop(permit);
    let staff = match known {
        Some(known) if matches.unwrap_or(false) => known.staff,
        _ => {
            tracing::info!("a sign-in was refused");
            return Err(Problem::new(Code::SignIn));
        }
    };
    let Opened { token, lasts_ms } = signing_in::open(app, &staff.id).await?;
    tracing::info!(staff = %staff.id, "signed in");
    let mut response = Json(serde_json::json!({ "me": wire::staff_member(&staff) })).into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(app, &token, lasts_ms / 1_000));
    Ok(response)
}

/// `POST /api/v1/logout`.
pub async fn logout(State(site): State<Site>, headers: HeaderMap, reads: Reads) -> Result<Response, Problem> {
    signing_in::close(&site.app, cookie(&headers, cookie_name(&site.app)), reads.0.id).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&site.app, "", 0));
    Ok(response)
}

/// `GET /api/v1/me`.
pub async fn me(reads: Reads) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "me": wire::staff_member(&reads.0) }))
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { COOKIE_OF_HOST } else { COOKIE }
}

fn set_cookie(app: &Arc<App>, token: &str, seconds: i64) -> HeaderValue {
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    let name = cookie_name(app);
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).expect("a token is plain ASCII")
}

/// Whoever the cookie names. Requests that change something must come from our own pages.
async fn signed_in(parts: &Parts, site: &Site) -> Result<Staff, Problem> {
    let changes = !parts.method.is_safe();
    if changes && !origin_allowed(&site.app, &parts.headers) {
        return Err(Problem::new(Code::WrongPage));
    }
    let token = cookie(&parts.headers, cookie_name(&site.app)).ok_or(Problem::new(Code::SignIn))?;
    let staff = signing_in::whose(&site.app, &secrets::hash(token)).await?;
    let staff = staff.ok_or(Problem::new(Code::SignIn))?;
    // Somebody else has signed in in the same browser: what one has begun must not be done in the other's name.
    let believed = parts.headers.get(BELIEVED);
    match believed.is_none_or(|it| it.as_bytes() == staff.id.as_str().as_bytes()) {
        true => Ok(staff),
        false => Err(Problem::new(Code::SignIn)),
    }
}

impl FromRequestParts<Site> for Reads {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let staff = signed_in(parts, site).await?;
        let session = cookie(&parts.headers, cookie_name(&site.app)).map(secrets::hash).unwrap_or_default();
        Ok(Self(staff, session))
    }
}

impl FromRequestParts<Site> for Answers {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let staff = signed_in(parts, site).await?;
        match staff.role {
            Role::Answers | Role::Manages => Ok(Self(staff)),
            Role::Reads => Err(Problem::new(Code::Forbidden)),
        }
    }
}

impl FromRequestParts<Site> for Manages {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let staff = signed_in(parts, site).await?;
        match staff.role {
            Role::Manages => Ok(Self),
            Role::Reads | Role::Answers => Err(Problem::new(Code::Forbidden)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_hash_and_no_other() {
        let hash = hash_password("correct horse").expect("it can be hashed");
        assert!(password_matches("correct horse", &hash));
        assert!(!password_matches("correct horsf", &hash));
        assert!(!password_matches("", NOBODY));
    }

    #[test]
    fn a_password_that_was_copied_with_the_space_around_it_matches() {
        let made = secrets::random();
        let hash = hash_password(&made).expect("it can be hashed");
        for typed in
            [format!("{made}\r\n"), format!(" {made}"), format!("\t{made}\u{a0}"), format!("\u{feff}{made}\u{200b}")]
        {
            assert!(password_matches(&typed, &hash), "{typed:?}");
        }
        let (start, end) = made.split_at(9);
        assert!(!password_matches(&format!("{start} {end}"), &hash), "a space within is typed");
    }

    #[test]
    fn the_hash_of_nobody_can_be_checked() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
