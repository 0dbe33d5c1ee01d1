//! Where the server listens: an address and a port.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer};

/// Reads an address and a port, or says how to write them.
pub fn read(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        // A name may stand for several addresses, or for another one tomorrow.
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let port = port.parse::<u16>().unwrap_or(8080);
        let address = match host {
            "" | "*" => "0.0.0.0",
            _ => "127.0.0.1",
        };
        format!("`{text}` is no address with a port: write `{address}:{port}`, with a number in place of a name")
    })
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    read(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}
