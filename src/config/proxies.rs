//! The proxies before the server, and whom a request comes from that they have passed on.

use std::net::{IpAddr, SocketAddr};

/// Proxies that are believed. What anybody else says of where a request comes from is made up as easily as not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    networks: Vec<Network>,
}

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    n_bits: u32,
}

impl Proxies {
    /// Reads addresses (`10.0.0.1`, `fd00::1`) and networks (`10.0.0.0/8`).
    pub fn read(texts: &[String]) -> anyhow::Result<Self> {
        let networks = texts.iter().map(|text| {
            Network::read(text).ok_or_else(|| {
                anyhow::anyhow!(
                    "trusted_proxies has `{text}`: write an address, as 10.0.0.1, or a network, as 10.0.0.0/8"
                )
            })
        });
        Ok(Self { networks: networks.collect::<anyhow::Result<_>>()? })
    }

    /// Whether this is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|it| it.has(address))
    }

    /// Whom a request comes from that came in from `peer`, with these values of `X-Forwarded-For` in order.
    ///
    /// Each proxy adds whom it got the request from at the right. So the right-most that is no proxy of ours is the
    /// one that a proxy of ours has seen; what stands left of it, anybody may have written. What cannot be read ends
    /// the search.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        for text in forwarded.rev().flat_map(|it| it.rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            let Some(before) = read_address(text.trim()) else { break };
            client = before;
        }
        client
    }
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (first, n_bits) = match text.split_once('/') {
            Some((first, n_bits)) => (first, Some(n_bits.parse().ok()?)),
            None => (text, None),
        };
        let first: IpAddr = first.parse().ok()?;
        let all = if first.is_ipv4() { 32 } else { 128 };
        let n_bits = n_bits.unwrap_or(all);
        (n_bits <= all).then_some(Self { first, n_bits })
    }

    fn has(self, address: IpAddr) -> bool {
        let (one, other, all) = match (self.first, address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits()), u128::from(other.to_bits()), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        // Shifting by all bits is no shift; a network of none has everybody.
        let rest = |bits: u128| bits.checked_shr(all - self.n_bits).unwrap_or(0);
        rest(one) == rest(other)
    }
}

/// An address as proxies write it: alone, or with a port.
fn read_address(text: &str) -> Option<IpAddr> {
    let alone = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    alone.or_else(with_port).or_else(in_brackets).map(|it: IpAddr| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies(texts: &[&str]) -> Proxies {
        Proxies::read(&texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()).expect("they are right")
    }

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let peer = peer.parse().expect("an address");
        proxies(trusted).client(peer, forwarded.iter().copied()).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_no_proxy_of_ours() {
        assert_eq!(client(&[], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client(&["127.0.0.1"], "127.0.0.2", &["198.51.100.1"]), "127.0.0.2");
    }

    #[test]
    fn the_right_most_that_is_no_proxy_counts_whatever_stands_left_of_it() {
        let trusted = ["127.0.0.1", "10.0.0.0/8"];
        for forwarded in [
            &["198.51.100.1"][..],
            &["6.6.6.6, 198.51.100.1"],
            &["6.6.6.6", "198.51.100.1, 10.1.2.3"],
            &["not an address, 198.51.100.1,10.1.2.3 , 10.9.9.9"],
            &["198.51.100.1:4711"],
        ] {
            assert_eq!(client(&trusted, "127.0.0.1", forwarded), "198.51.100.1", "{forwarded:?}");
        }
        assert_eq!(client(&trusted, "127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client(&["::1", "fd00::/8"], "::1", &["2001:db8::1, fd12::9"]), "2001:db8::1");
    }

    #[test]
    fn where_only_proxies_are_named_or_nothing_can_be_read_the_last_known_one_counts() {
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["10.0.0.7, 10.0.0.2"]), "10.0.0.7");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn an_old_address_written_as_a_new_one_is_the_same() {
        assert_eq!(client(&["127.0.0.1"], "::ffff:127.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn networks_end_where_their_bits_do() {
        let has = |network: &str, address: &str| proxies(&[network]).trusts(address.parse().expect("an address"));
        assert!(has("192.0.2.128/25", "192.0.2.255") && !has("192.0.2.128/25", "192.0.2.127"));
        assert!(has("0.0.0.0/0", "8.8.8.8") && !has("0.0.0.0/0", "::1") && has("::/0", "::1"));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "proxy.shop.example", "10.0.0.0/-1"] {
            let fault = Proxies::read(&[wrong.to_owned()]).expect_err("it is not right").to_string();
            assert!(fault.contains("trusted_proxies") && fault.contains(&format!("`{wrong}`")), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_stranger_writes_changes_who_they_are(text in "\\PC{0,60}") {
            let stranger: IpAddr = "203.0.113.9".parse().expect("an address");
            let passed_on = format!("{text}, {stranger}");
            let ours = proxies(&["10.0.0.0/8"]);
            prop_assert_eq!(ours.client("10.0.0.1".parse().expect("an address"), [passed_on.as_str()].into_iter()), stranger);
        }
    }
}
