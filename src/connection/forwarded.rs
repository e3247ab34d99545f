//! Which fields that name a client are believed (Forwarded, RFC 7239, and X-Forwarded-For):
//! any client can send them, so only those of trusted proxies count.

use crate::http::message::Headers;
use crate::record::{Named, NamedBy, NotNamed};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// An address, and its port where that is named.
type Place = (IpAddr, Option<u16>);

/// The proxies whose word is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    networks: Vec<IpNet>,
    unix: bool,
}

impl Trust {
    /// Takes the word of all of this network.
    pub fn network(&mut self, network: IpNet) {
        self.networks.push(network);
    }

    /// Takes the word of those who connect by a unix socket.
    pub fn unix_sockets(&mut self) {
        self.unix = true;
    }

    /// Whether nobody is trusted: then no field is looked at.
    pub(super) fn is_nobody(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Whether this is one of them; without an address, on a unix socket.
    fn has(&self, address: Option<IpAddr>) -> bool {
        match address.map(|address| address.to_canonical()) {
            Some(address) => self.networks.iter().any(|network| network.contains(&address)),
            None => self.unix,
        }
    }

    /// What the fields of a request say that came from `proxy`; `None`: nothing, or it is not trusted.
    pub(super) fn client(&self, proxy: Option<IpAddr>, headers: &Headers<'_>) -> Option<Result<Named, NotNamed>> {
        if !self.has(proxy) {
            return None;
        }
        let plain = self.last_untrusted(headers, "x-forwarded-for", NamedBy::XForwardedFor, address);
        let formal = self.last_untrusted(headers, "forwarded", NamedBy::Forwarded, for_parameter);
        Some(match (plain, formal) {
            (None, None) => return None,
            (Some(Ok(named)), None) | (None, Some(Ok(named))) => Ok(named),
            // A proxy that writes one of them passes the other on, which its client may have written.
            (Some(Ok(one)), Some(Ok(other))) if one.client == other.client => Ok(one),
            (Some(Ok(_)), Some(Ok(_))) => Err(NotNamed::Contradictory),
            _ => Err(NotNamed::Malformed),
        })
    }

    /// The client of a list of addresses to which each proxy added the one that it saw: from its end, the
    /// first that is not trusted, or else the first of all; `None`: there is no such field.
    fn last_untrusted<'h>(
        &self,
        headers: &Headers<'h>,
        field: &'h str,
        by: NamedBy,
        read: fn(&'h [u8]) -> Option<Place>,
    ) -> Option<Result<Named, NotNamed>> {
        let mut named = None;
        let elements = headers.all(field).flat_map(|value| value.split(|byte| *byte == b','));
        for element in elements.collect::<Vec<_>>().into_iter().rev() {
            let Some((client, port)) = read(element.trim_ascii()) else { return Some(Err(NotNamed::Malformed)) };
            named = Some(Ok(Named { client, port, by }));
            if !self.has(Some(client)) {
                break;
            }
        }
        named
    }
}

/// `192.0.2.1`, `2001:db8::1`, each with a port or not, then in brackets.
fn address(element: &[u8]) -> Option<Place> {
    let text = std::str::from_utf8(element).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(address) => Some((address.to_canonical(), None)),
        Err(_) => {
            let address: SocketAddr = text.parse().ok()?;
            Some((address.ip().to_canonical(), Some(address.port())))
        }
    }
}

/// The `for` of `for=192.0.2.1;proto=http`, quoted or not (RFC 7239 §4, §6).
fn for_parameter(element: &[u8]) -> Option<Place> {
    let value = element.split(|byte| *byte == b';').find_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        pair[..at].trim_ascii().eq_ignore_ascii_case(b"for").then(|| pair[at + 1..].trim_ascii())
    })?;
    address(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::{FieldStorage, Request};
    use crate::http::server::ServerConnection;

    fn trust() -> Trust {
        let mut trust = Trust::default();
        trust.network("10.0.0.0/8".parse().expect("a network"));
        trust.network("::1/128".parse().expect("a network"));
        trust
    }

    /// What is made of these fields, of a request by way of this proxy.
    fn client(proxy: &str, fields: &str) -> String {
        let head = format!("GET / HTTP/1.0\r\n{fields}\r\n");
        let mut storage = FieldStorage::new();
        let (_, request) = ServerConnection::new(true).receive(head.as_bytes(), &mut storage, |_: &Request<'_>| 0);
        match trust().client(proxy.parse().ok(), &request.expect("a request").headers) {
            None => "-".to_owned(),
            Some(Ok(named)) => named.to_string(),
            Some(Err(ignored)) => format!("{ignored:?}"),
        }
    }

    #[test]
    fn the_rightmost_address_that_is_not_trusted_is_the_client() {
        for (fields, named) in [
            ("", "-"),
            ("X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
            ("X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.0.0.9\r\n", "192.0.2.1"),
            ("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
            ("X-Forwarded-For: 10.0.0.8, 10.0.0.9\r\n", "10.0.0.8"),
            ("X-Forwarded-For: [2001:db8::1]:50000, ::ffff:10.1.2.3\r\n", "[2001:db8::1]:50000"),
            ("X-Forwarded-For: garbage, 192.0.2.1\r\n", "192.0.2.1"),
            ("X-Forwarded-For: 192.0.2.1, garbage\r\n", "Malformed"),
            ("X-Forwarded-For: 192.0.2.1,\r\n", "Malformed"),
            ("X-Forwarded-For: \r\n", "Malformed"),
            ("Forwarded: for=192.0.2.1;proto=http;by=10.0.0.1\r\n", "192.0.2.1"),
            ("Forwarded: For=\"[2001:db8:cafe::17]:4711\"\r\n", "[2001:db8:cafe::17]:4711"),
            ("Forwarded: for=6.6.6.6, proto=http; for=192.0.2.1 , for=10.0.0.2\r\n", "192.0.2.1"),
            ("Forwarded: for=unknown\r\n", "Malformed"),
            ("Forwarded: proto=http\r\n", "Malformed"),
            ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
            ("Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n", "Contradictory"),
        ] {
            assert_eq!(client("10.0.0.1", fields), named, "{fields}");
        }
        assert_eq!(client("::ffff:10.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n"), "192.0.2.1");
        assert_eq!(client("192.0.2.9", "X-Forwarded-For: 192.0.2.1\r\n"), "-", "anybody can send it");
        assert_eq!(client("a unix socket", "X-Forwarded-For: 192.0.2.1\r\n"), "-");
    }
}
