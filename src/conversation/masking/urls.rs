//! Addresses of pages: what may be secret in them, in what people type and of the page that they are on.

use std::sync::LazyLock;

use regex::Regex;

use super::text::{DONE_LETTER, Secret, Text, pattern};
use super::keys::is_random;

/// An address with a scheme or without.
static URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\b(?:[a-z0-9-]+\.)+[a-z]{2,15}(?::[0-9]+)?[/?#])[^\s<>\x22\u{fffc}]*")
});
/// A name and its value in a query or a fragment.
static VALUE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[?&#;]([^=&#?;\s]{1,64})=([^&#;\s]*)"));
/// A step of a path after which a secret stands: `/reset-password/9f8e…`.
static STEP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)/[a-z_-]*(?:reset|verify|verification|confirm|magic|invite|activate|token|unlock|sso|login|signin|auth)[a-z_-]*/([^/?#\s\u{fffc}]{8,})")
});

/// Values that say nothing about anybody, by name.
const HARMLESS: &[&str] = &[
    "page", "p", "lang", "language", "locale", "hl", "tab", "view", "sort", "order", "dir", "q", "query", "search", "topic",
    "section", "year", "month", "from", "to", "limit", "offset", "size", "theme", "category", "filter", "v", "id",
];
/// Parts of the names of secret values.
const SECRET_PARTS: &[&str] = &[
    "token", "code", "key", "secret", "session", "sess", "auth", "pass", "pwd", "pin", "otp", "sig", "hash", "jwt", "email",
    "mail", "phone", "state", "nonce", "credential", "ticket", "csrf", "xsrf", "bearer", "cookie", "saml", "assertion",
    "signature", "hmac", "login",
];
/// Whole names of secret values.
const SECRET_NAMES: &[&str] = &["sid", "user", "username", "u", "t", "s", "k", "cvv"];

pub fn secrets(text: &Text) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for url in URL.find_iter(&text.plain) {
        let (at, url) = (url.start(), url.as_str());
        if let Some(place) = user_and_password(url) {
            secrets.push(Secret::hidden(at + place.start..at + place.end));
        }
        let mut values: Vec<_> = Vec::new();
        let mut from = 0;
        // From the sign before each name on: one may end a value and begin the next.
        while let Some(found) = VALUE.captures_at(url, from) {
            let (Some(name), Some(value)) = (found.get(1), found.get(2)) else { break };
            from = value.end();
            let trimmed = value.as_str().trim_end_matches(['.', ',', ')', '!', '\'', ']']);
            if is_secret(name.as_str(), trimmed) {
                values.push(value.start()..value.start() + trimmed.len());
            }
        }
        secrets.extend(values.into_iter().map(|it| Secret::hidden(at + it.start..at + it.end)));
        let steps = STEP.captures_iter(url).filter_map(|it| it.get(1)).filter(|it| is_random(it.as_str()));
        secrets.extend(steps.map(|it| Secret::hidden(at + it.start()..at + it.end())));
    }
    secrets
}

/// `bob:secret` in `https://bob:secret@shop.example`.
fn user_and_password(url: &str) -> Option<std::ops::Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |it| start + it);
    let at = start + url[start..end].rfind('@')?;
    (start < at).then_some(start..at)
}

fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let secret = SECRET_NAMES.contains(&name.as_str()) || SECRET_PARTS.iter().any(|it| name.contains(it));
    let random = is_random(value) && !HARMLESS.contains(&name.as_str());
    !value.is_empty() && !value.starts_with(DONE_LETTER) && (secret || random)
}

/// The address of the page that somebody is on, as it may be kept: without user, query and fragment.
///
/// A site may put anything there, a sign-in link's token or a customer's address, under any name. What stands in the
/// path is looked through like a text.
pub fn page(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let mut kept = url[..end].to_owned();
    if let Some(place) = user_and_password(&kept) {
        kept.replace_range(place.start..place.end + 1, "");
    }
    // Values within a step of the path: `/bills;jsessionid=…`.
    let steps: Vec<&str> = kept.split('/').map(|it| it.split_once(';').map_or(it, |it| it.0)).collect();
    super::mask(&steps.join("/")).text
}
