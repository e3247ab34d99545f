//! What is spoken where no HTTP is: recognised by how it begins.

use serde::{Deserialize, Serialize};

/// Another protocol than HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Foreign {
    /// A TLS record: an alert, or a handshake.
    Tls,
    /// An SSH banner.
    Ssh,
    /// HTTP/2, which begins with a SETTINGS frame.
    Http2,
    /// RTSP, which looks like HTTP.
    Rtsp,
    /// SIP, which does too.
    Sip,
    /// A greeting as of FTP, SMTP, POP3 or IMAP.
    Greeting,
    /// None that is known here.
    Unknown,
}

/// How each begins: for every byte those that it may be; none: any.
const BEGINNINGS: [(Foreign, &[&[u8]]); 8] = [
    // Alert or handshake, of a version 3.x (RFC 8446 §5.1).
    (Foreign::Tls, &[b"\x15\x16", b"\x03", b"\0\x01\x02\x03\x04"]),
    // Three bytes of length, SETTINGS, flags, stream 0 (RFC 9113 §4.1).
    (Foreign::Http2, &[b"\0", b"\0", b"", b"\x04", b"\0\x01", b"\0", b"\0", b"\0", b"\0"]),
    (Foreign::Ssh, &[b"S", b"S", b"H", b"-"]),
    (Foreign::Rtsp, &[b"R", b"T", b"S", b"P", b"/"]),
    (Foreign::Sip, &[b"S", b"I", b"P", b"/"]),
    (Foreign::Greeting, &[b"245", b"012345", b"0123456789", b" -"]),
    (Foreign::Greeting, &[b"+", b"O", b"K"]),
    (Foreign::Greeting, &[b"*", b" ", b"O", b"K"]),
];

impl Foreign {
    /// What `bytes`, the first that came, look like.
    pub fn of(bytes: &[u8]) -> Self {
        Self::recognised(bytes).unwrap_or(Self::Unknown)
    }

    /// The same; `None` while more bytes may tell.
    pub fn recognised(bytes: &[u8]) -> Option<Self> {
        let fits = |beginning: &[&[u8]]| {
            bytes.iter().zip(beginning).all(|(byte, allowed)| allowed.is_empty() || allowed.contains(byte))
        };
        let mut candidates = BEGINNINGS.iter().filter(|(_, beginning)| fits(beginning)).peekable();
        if candidates.peek().is_none() {
            return Some(Self::Unknown);
        }
        candidates.find(|(_, beginning)| bytes.len() >= beginning.len()).map(|(foreign, _)| *foreign)
    }

    /// What it is called, if it is known.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Tls => Some("TLS"),
            Self::Ssh => Some("SSH"),
            Self::Http2 => Some("HTTP/2"),
            Self::Rtsp => Some("RTSP"),
            Self::Sip => Some("SIP"),
            Self::Greeting => Some("FTP, SMTP, POP3 or IMAP"),
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_known_by_how_they_begin() {
        for (bytes, expected) in [
            (b"\x15\x03\x01\x00\x02\x02\x16".as_slice(), Foreign::Tls),
            (b"\x16\x03\x03\x00\x7a\x02", Foreign::Tls),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Foreign::Ssh),
            (b"RTSP/1.0 400 Bad Request\r\n", Foreign::Rtsp),
            (b"\0\0\x12\x04\0\0\0\0\0\0\x03", Foreign::Http2),
            (b"220 mail.example ESMTP\r\n", Foreign::Greeting),
            (b"* OK IMAP4rev1", Foreign::Greeting),
            (b"<html>", Foreign::Unknown),
            (b"2", Foreign::Unknown),
            (b"", Foreign::Unknown),
        ] {
            assert_eq!(Foreign::of(bytes), expected, "{}", bytes.escape_ascii());
        }
    }
}
