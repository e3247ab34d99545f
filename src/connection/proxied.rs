//! The PROXY protocol (haproxy.org/download/3.0/doc/proxy-protocol.txt): what a proxy says of its
//! client, before anything of that client's comes.

use crate::record::{Named, NamedBy};
use ppp::{PartialResult, v1, v2};

/// The longest header of version 1, its end included (§2.1).
const LONGEST_V1: usize = 107;
/// The longest header of version 2 that is read, as much as any network carries in one piece (§2.2).
const LONGEST_V2: usize = 536;
/// What version 2 begins with, and how long that is with the rest of its fixed part.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const FIXED: usize = 16;
/// Version 2, and a connection that the proxy made for itself, such as a health check.
const LOCAL: u8 = 0x20;

/// What has come of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    /// Some of it, or nothing yet.
    Unfinished,
    /// All of it: its length in bytes, and the client that it names. It names none where the
    /// proxy speaks for itself, or of a client that has no address.
    Whole(usize, Option<Named>),
    /// No header.
    Malformed,
}

/// What these bytes begin with.
pub(super) fn read(bytes: &[u8]) -> Preface {
    match bytes.first() {
        None => Preface::Unfinished,
        Some(b'P') => version_1(bytes),
        Some(_) => version_2(bytes),
    }
}

fn version_1(bytes: &[u8]) -> Preface {
    const BEGINNING: &[u8] = b"PROXY ";
    let line = &bytes[..bytes.len().min(LONGEST_V1)];
    let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
        let may_be_one = line.starts_with(BEGINNING) || BEGINNING.starts_with(line);
        return if may_be_one && line.len() < LONGEST_V1 { Preface::Unfinished } else { Preface::Malformed };
    };
    // What follows is to be ignored, whatever it is (§2.1).
    let words = line[..end].strip_prefix(BEGINNING).map(|rest| rest.split(|&byte| byte == b' '));
    if words.is_some_and(|mut words| words.next() == Some(b"UNKNOWN")) {
        return Preface::Whole(end + 2, None);
    }
    if !line[..end].rsplit(|&byte| byte == b' ').take(2).all(is_port) {
        return Preface::Malformed;
    }
    let named = |client, port| Some(Named { client, port: Some(port), by: NamedBy::ProxyV1 });
    match v1::Header::try_from(&line[..end + 2]).map(|header| header.addresses) {
        Ok(v1::Addresses::Tcp4(ends)) => Preface::Whole(end + 2, named(ends.source_address.into(), ends.source_port)),
        Ok(v1::Addresses::Tcp6(ends)) => Preface::Whole(end + 2, named(ends.source_address.into(), ends.source_port)),
        Ok(v1::Addresses::Unknown) => Preface::Whole(end + 2, None),
        Err(_) => Preface::Malformed,
    }
}

/// Digits, and no zero before others (§2.1); how large it may be is seen later.
fn is_port(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit) && !matches!(text, [] | [b'0', _, ..])
}

fn version_2(bytes: &[u8]) -> Preface {
    let compared = bytes.len().min(SIGNATURE.len());
    if bytes[..compared] != SIGNATURE[..compared] {
        return Preface::Malformed;
    }
    let Some(fixed) = bytes.first_chunk::<FIXED>() else { return Preface::Unfinished };
    let length = FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if length > LONGEST_V2 {
        return Preface::Malformed;
    }
    if fixed[SIGNATURE.len()] == LOCAL {
        // Family and addresses are to be ignored, whatever they are (§2.2).
        return if bytes.len() < length { Preface::Unfinished } else { Preface::Whole(length, None) };
    }
    let header = match v2::Header::try_from(bytes) {
        Ok(header) => header,
        Err(error) if error.is_incomplete() => return Preface::Unfinished,
        Err(_) => return Preface::Malformed,
    };
    let named = |client, port| Some(Named { client, port: Some(port), by: NamedBy::ProxyV2 });
    let client = match header.addresses {
        _ if header.protocol != v2::Protocol::Stream => None,
        v2::Addresses::IPv4(ends) => named(ends.source_address.into(), ends.source_port),
        v2::Addresses::IPv6(ends) => named(ends.source_address.into(), ends.source_port),
        v2::Addresses::Unix(_) | v2::Addresses::Unspecified => None,
    };
    Preface::Whole(header.len(), client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv6Addr;

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        [SIGNATURE, &[command, family], &length, rest].concat()
    }

    const ENDS: [u8; 12] = [203, 0, 113, 7, 192, 0, 2, 1, 0x13, 0x88, 0, 80];

    fn client(preface: Preface) -> Option<String> {
        match preface {
            Preface::Whole(_, named) => named.map(|named| format!("{} {}", named.client, named.port.unwrap_or(0))),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_versions_name_the_client() {
        let known = |bytes: &[u8]| client(read(bytes));
        let named = Some("203.0.113.7 5000".to_owned());
        assert_eq!(known(b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\nGET /"), named);
        assert_eq!(known(b"PROXY TCP6 2001:db8::1 2001:db8::2 5000 80\r\n"), Some("2001:db8::1 5000".to_owned()));
        assert_eq!(known(b"PROXY UNKNOWN whatever else\r\n"), None);
        assert_eq!(known(&v2(0x21, 0x11, &ENDS)), named);
        let six = [&Ipv6Addr::LOCALHOST.octets()[..], &[0; 16], &[0x13, 0x88, 0, 80]].concat();
        assert_eq!(known(&v2(0x21, 0x21, &six)), Some("::1 5000".to_owned()));
        let with_tlvs = [&ENDS[..], &[0x04, 0, 3, 1, 2, 3], &[0xe2, 0, 1, 9]].concat();
        assert_eq!(known(&v2(0x21, 0x11, &with_tlvs)), named);
        for (command, family, rest) in [(0x21, 0, &[1, 2, 3][..]), (0x21, 0x31, &[7; 216])] {
            assert_eq!(known(&v2(command, family, rest)), None, "{command:x} {family:x}");
        }
    }

    #[test]
    fn what_is_to_be_ignored_is() {
        for (family, rest) in [(0x11, &ENDS[..]), (0, b""), (0x11, b""), (0x21, &ENDS), (0x41, b"abcd"), (0xff, b"a")] {
            let header = v2(LOCAL, family, rest);
            assert_eq!(read(&[&header[..], b"GET /"].concat()), Preface::Whole(header.len(), None), "{family:x}");
            assert_eq!(read(&header[..header.len() - 1]), Preface::Unfinished, "{family:x}");
        }
        for line in [&b"PROXY UNKNOWN\r\n"[..], b"PROXY UNKNOWN \r\n", b"PROXY UNKNOWN \xff\0\r\n"] {
            assert_eq!(read(&[line, b"GET /"].concat()), Preface::Whole(line.len(), None));
        }
    }

    #[test]
    fn what_is_no_header_is_found_at_once() {
        let long = format!("PROXY UNKNOWN {}\r\n", "a".repeat(100));
        for bytes in [
            &b"GET / HTTP/1.0\r\n\r\n"[..],
            b"PR\r\n",
            b"PROXY \r\n",
            b"PROXX",
            b"PROXY TCP4 1.2.3.4\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1 70000\r\n",
            b"PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1 -2\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
            b"PROXY UNKNOWNX\r\n",
            b"PROXY UNKNOWN\xff\r\n",
            long.as_bytes(),
            &[b"PROXY ", &[b'a'; 101][..]].concat(),
            b"\r\n\r\nGET",
            &v2(0x11, 0x11, &ENDS),
            &v2(0x22, 0x11, &ENDS),
            &v2(0x21, 0x11, &ENDS[..11]),
            &v2(0x21, 0x11, &[0; 521])[..16],
            &v2(LOCAL, 0x11, &[0; 521])[..16],
        ] {
            assert_eq!(read(bytes), Preface::Malformed, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn the_verdict_does_not_depend_on_where_a_header_is_cut(tlvs: [u8; 9], is_v2: bool, behind in 0..20_usize) {
            let header = if is_v2 {
                v2(0x21, 0x11, &[&ENDS[..], &tlvs].concat())
            } else {
                b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\n".to_vec()
            };
            for cut in 0..header.len() {
                prop_assert_eq!(read(&header[..cut]), Preface::Unfinished, "at {}", cut);
            }
            let whole = read(&header);
            prop_assert!(matches!(whole, Preface::Whole(length, Some(_)) if length == header.len()));
            prop_assert_eq!(read(&[&header[..], &vec![b'G'; behind]].concat()), whole);
        }

        #[test]
        fn nothing_waits_for_more_than_the_longest_header(bytes in prop::collection::vec(any::<u8>(), 0..700), signed: bool) {
            let bytes = if signed { [SIGNATURE, &bytes].concat() } else { bytes };
            match read(&bytes) {
                Preface::Unfinished => prop_assert!(bytes.len() < LONGEST_V2),
                Preface::Whole(length, _) => prop_assert!(length <= bytes.len().min(LONGEST_V2)),
                Preface::Malformed => {}
            }
        }
    }
}
