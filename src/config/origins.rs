//! Where pages come from: an origin is a scheme, a host and a port (RFC 6454), and nothing else.

use std::net::Ipv6Addr;

/// Scheme, host and port, in small letters.
pub type Origin = (String, String, u16);

/// Reads an origin of the web; none where there is more or less than that.
pub fn parse(text: &str) -> Option<Origin> {
    let (scheme, authority) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let (host, port) = host_and_port(authority);
    let port = port.map_or(Some(usual), read_port)?;
    Some((scheme, read_host(host)?, port))
}

/// The two parts of what stands after the scheme. An address of IPv6 has colons of its own, in brackets.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// A host as browsers write it; none where no browser could.
fn read_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return Some(format!("[{}]", address.parse::<Ipv6Addr>().ok()?));
    }
    let allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    // Browsers leave out a stop at the end, and then it is another origin.
    let is_label = |it: &str| it.chars().all(allowed) && it.contains(|it: char| it.is_ascii_alphanumeric());
    host.split('.').all(is_label).then(|| host.to_ascii_lowercase())
}

/// A port as browsers write it: no sign, and no zeros before it.
fn read_port(port: &str) -> Option<u16> {
    let port = Some(port).filter(|it| it.bytes().all(|it| it.is_ascii_digit()) && !it.starts_with('0'));
    port?.parse().ok()
}

/// The origin of an address that may have a path.
pub fn of_address(address: &str) -> Option<Origin> {
    let (scheme, rest) = address.split_once("://")?;
    parse(&format!("{scheme}://{}", rest.split('/').next().unwrap_or_default()))
}

/// The path of an address, as `/chat`; empty where it has none.
pub fn path_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |it| it.1);
    rest.find('/').map_or("", |it| &rest[it..])
}

/// Fails where a setting is no address under which a site can stand, and says how to write it.
pub fn check_address(name: &str, text: &str) -> anyhow::Result<()> {
    let path = path_of(text);
    let is_path = path.is_empty()
        || path.split('/').skip(1).all(|it| {
            !it.is_empty()
                && !matches!(it, "." | "..")
                && it.chars().all(|it| it.is_ascii_alphanumeric() || "-._~".contains(it))
        });
    let origin = text.strip_suffix(path).unwrap_or(text);
    if parse(origin).is_none() {
        return check(name, origin);
    }
    anyhow::ensure!(
        is_path,
        "{name} is `{text}`: its path may have letters, digits and `-._~` between single slashes, and none at the end. \
         Write `{origin}{}`",
        plain_path(path)
    );
    Ok(())
}

/// Fails where a setting is no origin, and says how to write it.
pub fn check(name: &str, text: &str) -> anyhow::Result<()> {
    if parse(text).is_some() {
        return Ok(());
    }
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let (host, port) = host_and_port(rest.trim_end_matches('/'));
    let why = match () {
        () if text == "null" => "browsers say that of pages without a site, and anybody can make one",
        () if text.trim() != text || text.contains(char::is_whitespace) => "it has a space in it",
        () if text.contains('*') => "`*` stands for nothing here: name each site by itself",
        () if !text.contains("://") => "the scheme is missing",
        () if !is_web => "the scheme is neither https nor http",
        () if !text.is_ascii() => "letters that aren't English are written in another way there, as `xn--…`",
        () if text.trim_end_matches('/').ends_with('.') => "it ends with a stop",
        () if text.contains('@') => "it has a name or password in it",
        () if rest.contains(['/', '?', '#']) => {
            "it has more than scheme, host and port: no path, no `/` at its end, no `?`"
        }
        () if port.is_some_and(|it| read_port(it).is_none()) => "its port is no number from 1 to 65535",
        () if read_host(host).is_none() => "its host is no name and no address",
        () => "it has more than scheme, host and port",
    };
    let meant = Some(bare(text)).filter(|it| text != "null" && parse(it).is_some());
    let example = meant.unwrap_or_else(|| "https://www.your-shop.example".to_owned());
    anyhow::bail!("{name} is `{text}`, which is no address of a site: {why}. Write `{example}`")
}

/// A path as it may be written: what stands before a question mark, of letters that need no escape, single slashes.
fn plain_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_plain = |it: &char| it.is_ascii_alphanumeric() || "-._~".contains(*it);
    let parts = path.split('/').map(|it| it.chars().filter(is_plain).collect::<String>()).filter(|it| !it.is_empty());
    parts.map(|it| format!("/{it}")).collect()
}

/// What was probably meant.
fn bare(text: &str) -> String {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = host_and_port(authority);
    let port = port.and_then(read_port).map(|it| format!(":{it}")).unwrap_or_default();
    format!("{}://{host}{port}", scheme.to_ascii_lowercase())
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
            ("HTTPS://shop.example/", "no `/` at its end, no `?`. Write `https://shop.example`"),
            ("null", "Write `https://www.your-shop.example`"),
            ("https://[]", "its host is no name"),
            ("https://[::g]:8443", "its host is no name"),
            ("https://shop..example", "its host is no name"),
            ("https://-", "its host is no name"),
            ("https://", "its host is no name"),
            ("https://shop.example:0", "its port is no number from 1 to 65535. Write `https://shop.example`"),
            ("https://shop.example:+80", "its port"),
            ("https://shop.example:080", "its port"),
            ("https://shop.example:65536", "its port"),
            ("https://shop.example:", "its port"),
        ] {
            let fault = check("origins", text).expect_err(text).to_string();
            assert!(fault.contains(written), "{fault}");
        }
        for text in [
            "https://shop.example",
            "http://127.0.0.1:8080",
            "https://SHOP.example:8443",
            "http://[::1]:9000",
            "http://[2001:db8::1]",
            "https://my-shop-.a_b.example",
        ] {
            check("origins", text).expect(text);
        }
    }
}
