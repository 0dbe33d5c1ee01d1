//! Addresses of pages: what may be secret in them, in what people type and of the page that they are on.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::keys::is_random;
use super::names::WordSet;
use super::text::{DONE_LETTER, Secret, Text, pattern};
use super::words::OPEN_CODES;

/// An address with a scheme or without.
static URL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\b(?:[a-z0-9-]+\.)+[a-z]{2,15}(?::[0-9]+)?[/?#])[^\s<>\x22\u{fffc}]*",
    )
});
/// A name and its value in a query or a fragment.
static VALUE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[?&#;]([^=&#?;\s]{1,64})=([^&#;\s]*)"));
/// A step of a path after which a secret stands: `/reset-password/9f8e…`.
static STEP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)/[a-z_-]*(?:reset|verify|verification|confirm|magic|invite|activate|token|unlock|sso|login|signin|auth)[a-z_-]*/([^/?#\s\u{fffc}]{8,})",
    )
});

/// Values that say nothing about anybody, by name.
static HARMLESS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         page p lang language locale hl tab view sort order dir q query search topic section year month from to \
         limit offset size theme category filter v id",
    )
});
/// Names of secret values, whole or between hyphens and the like: `reset_code`, `X-Amz-Signature`.
static SECRET_NAMES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         code key auth pass pwd pin otp sig hash mail phone state ticket login user username sess sid u t s k cvv \
         bearer",
    )
});
/// What the name of a secret value has in it, with anything around: `accessToken`, `PHPSESSID`.
static SECRET_PARTS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         token secret session sessid passw passcode signature jwt email apikey nonce credential csrf xsrf cookie \
         saml assertion hmac authcode authkey accesskey",
    )
});

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
fn user_and_password(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |it| start + it);
    let at = start + url[start..end].rfind('@')?;
    (start < at).then_some(start..at)
}

fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(|it: char| !it.is_ascii_alphanumeric());
    // `promo_code=SUMMER20`
    let open = parts.clone().any(|it| OPEN_CODES.contains(it));
    let secret = parts.any(|it| SECRET_NAMES.contains(it)) && !open;
    let secret = secret || SECRET_PARTS.iter().any(|it| name.contains(it));
    let random = is_random(value) && !HARMLESS.contains(&name);
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
