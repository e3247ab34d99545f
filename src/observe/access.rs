//! What an access log is made of: its forms, and the facts of a request.

use itoa::{Buffer, Integer};
use std::fmt::Write as _;
use std::net::IpAddr;

/// How much of an entry each thing that the client chose may take, in bytes: all
/// together they fit one report.
pub(super) const LONGEST: usize = 1200;

/// The form of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// `host ident user [time] "request line" status bytes`.
    Common,
    /// The same, and `"referer" "user agent"`.
    Combined,
    /// A JSON object: docs/records.md.
    Requests,
}

/// What is known of an exchange when its request has come, or is refused.
///
/// Exhaustive on purpose: an entry lacks nothing by oversight.
#[derive(Clone, Copy, Debug)]
pub struct Begun<'a> {
    /// The client's address; `None`: it has none, on a unix socket.
    pub client: Option<IpAddr>,
    /// The proxy that named that address.
    pub via: Option<Via>,
    /// The connection's number, and the exchange's on it.
    pub connection: u64,
    /// See `connection`.
    pub exchange: u64,
    /// What the clock shows: as HTTP writes it, to the second; in an object as RFC 3339
    /// does, its end, the nanoseconds, apart.
    pub date: &'a str,
    /// See `date`.
    pub nanoseconds: u32,
    /// The request line.
    pub line: &'a [u8],
    /// Whether its end came.
    pub is_whole: bool,
    /// Whether that was understood.
    pub is_understood: bool,
}

/// Who named a client's address: a proxy, by its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Via {
    /// A proxy of this address.
    Address(IpAddr),
    /// A proxy on a unix socket.
    Unix,
}

/// As it displays itself; of IPv4 without what formatting costs for each line.
pub(super) fn push_address(line: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            push_decimal(line, first);
            for byte in rest {
                line.push('.');
                push_decimal(line, byte);
            }
        }
        // Writing to a String does not fail.
        IpAddr::V6(address) => drop(write!(line, "{address}")),
    }
}

/// As it displays itself.
pub(super) fn push_decimal(line: &mut String, number: impl Integer) {
    line.push_str(Buffer::new().format(number));
}
