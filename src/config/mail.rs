//! How letters are sent.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How letters are sent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Who letters come from: `billing@shop.example` or `Shop <billing@shop.example>`.
    pub from: String,
    /// `smtps://name:password@host`, `smtp://name:password@host:587?tls=required`, or `smtp://localhost` for a relay
    /// on this machine; empty: letters become files in the folder `mail` of the data folder.
    pub smtp: String,
    /// A file (PEM) with the certificate that vouches for the business's own mail server, where none that the machine
    /// trusts does; empty: those that the machine trusts.
    pub ca: PathBuf,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// For all to read.
    Never,
    /// Behind TLS where the server offers it.
    IfOffered,
    /// Behind TLS after a first word, or not at all.
    Required,
    /// Behind TLS from the first byte.
    FromTheStart,
}

impl Mail {
    /// How the server is spoken to.
    pub fn tls(&self) -> Tls {
        let after = self.parts().1;
        match () {
            () if self.smtp.starts_with("smtps://") => Tls::FromTheStart,
            () if after.contains("tls=required") => Tls::Required,
            () if after.contains("tls=opportunistic") => Tls::IfOffered,
            () => Tls::Never,
        }
    }

    /// The server's name, for which its certificate must be.
    pub fn host(&self) -> &str {
        let authority = self.parts().0;
        let place = authority.rsplit_once('@').map_or(authority, |it| it.1);
        match place.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((address, _)) => address,
            None => place.split(':').next().unwrap_or_default(),
        }
    }

    /// Name, password, host and port; and what follows them.
    fn parts(&self) -> (&str, &str) {
        let rest = self.smtp.split_once("://").map_or("", |it| it.1);
        rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
    }

    /// A password would go over the network for all to read.
    pub(super) fn tells_password(&self) -> bool {
        let here = matches!(self.host(), "localhost" | "127.0.0.1" | "::1");
        !here && self.parts().0.contains('@') && matches!(self.tls(), Tls::Never | Tls::IfOffered)
    }
}

impl std::fmt::Debug for Mail {
    /// Leaves out the server, whose address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).field("smtp", &!self.smtp.is_empty()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_neither_printed_nor_sent_in_clear() {
        let mail = |smtp: &str| Mail { smtp: smtp.into(), ..Mail::default() };
        for (smtp, wanted) in [
            ("smtp://me:hunter2@mail.shop.example:587", true),
            ("smtp://me:hunter2@mail.shop.example?tls=opportunistic", true),
            ("smtp://me:hunter2@localhost.shop.example", true),
            ("smtp://me:hunter2@mail.shop.example:587?tls=required", false),
            ("smtps://me:hunter2@mail.shop.example", false),
            ("smtp://me:hunter2@127.0.0.1:2525", false),
            ("smtp://me:hunter2@[::1]:2525", false),
            ("smtp://mail.shop.example", false),
        ] {
            assert_eq!(mail(smtp).tells_password(), wanted, "{smtp}");
            assert!(!format!("{:?}", mail(smtp)).contains("hunter2"));
        }
    }

    #[test]
    fn the_server_is_found_in_its_address() {
        for (smtp, host, tls) in [
            ("smtps://me:p%40ss@mail.shop.example", "mail.shop.example", Tls::FromTheStart),
            ("smtp://me:p@mail.shop.example:587?tls=required", "mail.shop.example", Tls::Required),
            ("smtp://[2001:db8::1]:25/name?tls=opportunistic", "2001:db8::1", Tls::IfOffered),
            ("smtp://localhost", "localhost", Tls::Never),
            ("", "", Tls::Never),
        ] {
            let mail = Mail { smtp: smtp.into(), ..Mail::default() };
            assert_eq!((mail.host(), mail.tls()), (host, tls), "{smtp}");
        }
    }
}
