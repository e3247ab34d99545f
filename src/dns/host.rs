//! What a host is written as: an address, or a name.

use crate::record::{LookupError, NameFault};
use std::net::{IpAddr, Ipv6Addr};

/// Whether `host` is this machine by its very name: `localhost`, or a name below
/// it (RFC 6761 §6.3).
pub fn is_localhost(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// A host, as far as its text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Address(IpAddr),
    Name {
        /// In ASCII and lower case, without the final dot.
        ascii: String,
        /// It was written with a final dot: search domains do not apply.
        is_absolute: bool,
    },
}

impl Host {
    /// Reads a host as it stands in a URL, or without the brackets.
    ///
    /// # Errors
    /// `InvalidName`.
    pub(super) fn parse(text: &str) -> Result<Self, LookupError> {
        let invalid = |why| LookupError::InvalidName { name: text.to_owned(), why };
        if let Some(literal) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = literal.parse().map_err(|_| invalid(NameFault::Brackets))?;
            return Ok(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let (name, is_absolute) = match text.strip_suffix('.') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let ascii = idna::domain_to_ascii(name).map_err(|_| invalid(NameFault::Letters))?;
        let ascii = ascii.trim_end_matches('.').to_owned(); // a full stop of another script
        let mut labels = ascii.split('.');
        if ascii.len() > 253 {
            return Err(invalid(NameFault::TooLong));
        }
        if labels.clone().any(|label| label.len() > 63) {
            return Err(invalid(NameFault::LongLabel));
        }
        if labels.clone().any(str::is_empty) {
            return Err(invalid(NameFault::Empty));
        }
        if !ascii.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
            return Err(invalid(NameFault::Character));
        }
        if labels.next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(invalid(NameFault::Number));
        }
        Ok(Self::Name { ascii, is_absolute })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names() {
        for (text, address) in [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1"), ("2001:db8::1", "2001:db8::1")] {
            assert_eq!(Host::parse(text), Ok(Host::Address(address.parse().expect("an address"))));
        }
        for (text, ascii, is_absolute) in [
            ("Example.COM", "example.com", false),
            ("localhost.", "localhost", true),
            ("bücher.example", "xn--bcher-kva.example", false),
            ("한국.kr", "xn--3e0b707e.kr", false),
            ("faß.de", "xn--fa-hia.de", false),
            ("_a-b.example", "_a-b.example", false),
            ("例え。jp", "xn--r8jz45g.jp", false),
        ] {
            assert_eq!(Host::parse(text), Ok(Host::Name { ascii: ascii.to_owned(), is_absolute }), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_said() {
        let long = format!("{}.example", "a".repeat(64));
        let longer = "a.".repeat(130) + "example";
        for text in [
            "",
            ".",
            "a..b",
            "a b",
            "1.2.3",
            "1.2.3.256",
            "127.1",
            "[127.0.0.1]",
            "fe80::1%eth0",
            "a/b",
            &long,
            &longer,
        ] {
            let error = Host::parse(text).expect_err(text);
            assert!(matches!(error, LookupError::InvalidName { .. }), "{text}: {error}");
        }
    }
}
