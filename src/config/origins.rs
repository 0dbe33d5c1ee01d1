//! Where pages come from: an origin is a scheme, a host and a port (RFC 6454), and nothing else.

/// Scheme, host and port, in small letters.
pub type Origin = (String, String, u16);

/// Reads an origin; none where there is more or less than that.
pub fn parse(text: &str) -> Option<Origin> {
    let uri: axum::http::Uri = text.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let port = match (uri.port_u16(), scheme.as_str()) {
        (Some(port), _) => port,
        (None, "http") => 80,
        (None, "https") => 443,
        (None, _) => return None,
    };
    let has_more = !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.ends_with('/');
    let host = uri.host()?.to_ascii_lowercase();
    (!has_more && !text.contains(['@', '*'])).then_some((scheme, host, port))
}

/// Fails where a setting is no origin, and says how to write it.
pub fn check(name: &str, text: &str) -> anyhow::Result<()> {
    if parse(text).is_some_and(|it| matches!(it.0.as_str(), "http" | "https")) {
        return Ok(());
    }
    let why = match () {
        () if text.trim() != text || text.contains(char::is_whitespace) => "it has a space in it",
        () if text.contains('*') => "`*` stands for nothing here: name each site by itself",
        () if !text.contains("://") => "the scheme is missing",
        () if !text.starts_with("http://") && !text.starts_with("https://") => "the scheme is neither https nor http",
        () if text.contains('@') => "it has a name or password in it",
        () => "it has more than scheme, host and port: no path, no `/` at its end, no `?`",
    };
    let bare = bare(text);
    let example = if parse(&bare).is_some() { bare } else { "https://www.your-shop.example".to_owned() };
    anyhow::bail!("{name} is `{text}`, which is no address of a site: {why}. Write `{example}`")
}

/// What was probably meant.
fn bare(text: &str) -> String {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_origin_is_told_with_the_way_to_write_it() {
        for (text, written) in [
            ("https://shop.example/", "Write `https://shop.example`"),
            ("https://shop.example/billing", "Write `https://shop.example`"),
            ("shop.example", "Write `https://shop.example`"),
            ("https://*.shop.example", "name each site by itself"),
            ("https://shop.example https://www.shop.example", "a space"),
            (" https://shop.example", "Write `https://shop.example`"),
            ("ftp://shop.example", "neither https nor http"),
            ("", "the scheme is missing"),
        ] {
            let fault = check("origins", text).expect_err(text).to_string();
            assert!(fault.contains(written), "{fault}");
        }
        for text in ["https://shop.example", "http://127.0.0.1:8080", "https://SHOP.example:8443", "http://[::1]:9000"]
        {
            check("origins", text).expect(text);
        }
    }
}
