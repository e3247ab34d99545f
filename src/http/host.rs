//! `uri-host [":" port]`: what `Host` names, and the authority of an absolute
//! target (RFC 9110 §4.2.1, §7.2; RFC 3986 §3.2).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr}; // addresses as numbers; the sockets are std's

/// Whether `value` is a host, with a port or not. Both may be empty.
pub fn is_valid(value: &[u8]) -> bool {
    let (host, port) = split(value);
    let is_host = match host.strip_prefix(b"[") {
        Some(literal) => literal.strip_suffix(b"]").is_some_and(is_ip_literal),
        None => is_registered_name(host),
    };
    is_host && (port.is_empty() || (port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit)))
}

/// The host in `value`, brackets included, and what follows it.
fn split(value: &[u8]) -> (&[u8], &[u8]) {
    let end = if value.first() == Some(&b'[') {
        value.iter().position(|&byte| byte == b']').map_or(value.len(), |at| at + 1)
    } else {
        value.iter().position(|&byte| byte == b':').unwrap_or(value.len())
    };
    value.split_at(end)
}

/// `reg-name = *( unreserved / pct-encoded / sub-delims )`; IPv4 addresses are some of them.
fn is_registered_name(name: &[u8]) -> bool {
    name.iter().enumerate().all(|(at, &byte)| match byte {
        b'%' => name.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => PLAIN[usize::from(byte)],
    })
}

/// What `unreserved` and `sub-delims` hold, as a table: it is asked of each byte of each request's host.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = (byte as u8).is_ascii_alphanumeric() || is_mark(byte as u8);
        byte += 1;
    }
    plain
};

/// `IPv6address / IPvFuture`, without the brackets; a zone is none of either.
fn is_ip_literal(literal: &[u8]) -> bool {
    let is_future = || {
        let [b'v' | b'V', rest @ ..] = literal else { return false };
        let Some(dot) = rest.iter().position(|&byte| byte == b'.') else { return false };
        let (version, address) = (&rest[..dot], &rest[dot + 1..]);
        !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty()
            && address.iter().all(|&byte| byte == b':' || PLAIN[usize::from(byte)])
    };
    text(literal).is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()) || is_future()
}

/// What `unreserved` and `sub-delims` hold beside letters and digits.
const fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
    )
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// What a host says of where it is: not looked up, so that nobody can point it elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Named<'r> {
    /// Nothing: no host is named.
    Nothing,
    /// This machine: `localhost` or a name below it (RFC 6761 §6.3).
    Localhost,
    /// An address.
    Address(IpAddr),
    /// Another name, without the dot of the root behind it.
    Name(&'r [u8]),
}

impl<'r> Named<'r> {
    /// What `value` names: a host, with a port or not. Costs no allocation.
    pub fn of(value: &'r [u8]) -> Self {
        let host = split(value).0;
        let name = host.strip_suffix(b".").unwrap_or(host);
        match name {
            b"127.0.0.1" => Self::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), // the most usual one is not parsed
            [] if host.is_empty() => Self::Nothing,
            [b'[', literal @ .., b']'] if name.len() == host.len() => {
                match text(literal).and_then(|text| text.parse::<Ipv6Addr>().ok()) {
                    Some(address) => Self::Address(IpAddr::V6(address).to_canonical()),
                    None => Self::Name(name),
                }
            }
            [b'0'..=b'9', ..] => match text(name).and_then(|text| text.parse::<Ipv4Addr>().ok()) {
                Some(address) => Self::Address(address.into()),
                None => Self::Name(name),
            },
            _ if is_localhost(name) => Self::Localhost,
            _ => Self::Name(name),
        }
    }

    /// Whether that is this machine itself, and nobody else can be meant.
    pub fn is_this_machine(self) -> bool {
        match self {
            Self::Nothing | Self::Localhost => true,
            Self::Address(address) => address.is_loopback(),
            Self::Name(_) => false,
        }
    }
}

fn is_localhost(name: &[u8]) -> bool {
    let Some(at) = name.len().checked_sub(b"localhost".len()) else { return false };
    name[at..].eq_ignore_ascii_case(b"localhost") && (at == 0 || (at > 1 && name[at - 1] == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_its_port() {
        for value in [
            "",
            ":",
            ":80",
            "a",
            "a:",
            "a:80",
            "a.example:99999",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:",
            "[::1]:80",
            "[::ffff:127.0.0.1]",
            "[v1.a:b]",
            "[vF.~]",
            "a_b",
            "a%20b",
            "%C3%A9",
            "a,b",
            "*",
            "256.1.1.1",
            "xn--9q8h.kr",
            "a.",
            "!$&'()*+,;=",
            "~",
        ] {
            assert!(is_valid(value.as_bytes()), "{value}");
        }
        for value in [
            "[",
            "]",
            "[]",
            "[::1",
            "::1]",
            "::1",
            "a:b",
            "a:b:c",
            "a:80:80",
            "x:1.2",
            "x:+1",
            "x: 1",
            "[zz]",
            "[::1]x",
            "[::1]80",
            "[::1]:x",
            "[::1%25eth0]",
            "[127.0.0.1]",
            "[v1.]",
            "[v.a]",
            "[vx.a]",
            "%zz",
            "%",
            "%4",
            "a%",
            "a/b",
            "a@b",
            "a b",
            "a\\b",
            "a\"",
            "a<",
            "a[",
            "a]",
            "h\u{e9}",
            "a?b",
            "a#b",
            "a|b",
            "a^b",
            "a`b",
            "a{b",
            "[::1]]",
            "[[::1]]",
            "1:2:3:4:5:6:7:8",
            "[1:2:3:4:5:6:7:8:9]",
            "[:::]",
        ] {
            assert!(!is_valid(value.as_bytes()), "{value}");
        }
        assert!(!is_valid(b"a\xff"));
    }

    #[test]
    fn what_names_this_machine() {
        for host in [
            "",
            ":8080",
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "LocalHost.:80",
            "app.localhost",
            "a.b.localhost:1",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1.",
            "127.1.2.3",
            "127.255.255.254",
            "[::1]",
            "[::1]:80",
            "[0:0::1]",
            "[::ffff:127.0.0.1]",
            "[::FFFF:7f00:1]:80",
        ] {
            assert!(Named::of(host.as_bytes()).is_this_machine(), "{host}");
        }
        for host in [
            "localhost.evil.com",
            "127.0.0.1.nip.io",
            "xlocalhost",
            "-localhost",
            ".localhost",
            "localhost..",
            "localhost.localdomain",
            "local%68ost",
            "0.0.0.0",
            "127.1",
            "127.0.0.1.1",
            "0127.0.0.1",
            "2130706433",
            "0x7f.1",
            "127.0.0.256",
            "128.0.0.1",
            "10.0.0.1",
            "[::]",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "[::ffff:0.0.0.0]",
            "evil.com",
            ".",
            "a",
            "[v1.a]",
        ] {
            assert!(!Named::of(host.as_bytes()).is_this_machine(), "{host}");
        }
    }
}
