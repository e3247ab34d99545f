//! Close or reuse: one function, one truth table.

use super::message::{Framing, Headers, Version};
use super::server::rejection::Rejection;

/// What becomes of a connection when a response has been sent.
///
/// Exhaustive on purpose: there is no third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The next request may come.
    Reuse,
    /// It ends, for this reason.
    Close(CloseReason),
}

/// What a client's `Connection` fields ask for (RFC 9112 §9.3).
///
/// Exhaustive on purpose: RFC 9112 knows no other option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing that concerns persistence: the version's own default.
    Unsaid,
    /// `keep-alive`.
    KeepAlive,
    /// `close`, which outweighs `keep-alive`.
    Close,
}

impl Wish {
    /// Reads the list of connection options: any case, over several fields.
    pub fn of(headers: &Headers<'_>) -> Self {
        let mut wish = Self::Unsaid;
        // One loop in the other, not `list`: this is read of every request.
        for value in headers.all("connection") {
            for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                match option.len() {
                    5 if option.eq_ignore_ascii_case(b"close") => return Self::Close,
                    10 if option.eq_ignore_ascii_case(b"keep-alive") => wish = Self::KeepAlive,
                    _ => {}
                }
            }
        }
        wish
    }
}

/// Everything that the decision rests on.
///
/// Exhaustive on purpose: who asks must say all that it rests on.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The version that the client speaks.
    pub version: Version,
    /// What it asked for.
    pub wish: Wish,
    /// Why the request was not read to its body's end, if it was not.
    pub unread: Option<CloseReason>,
    /// How the response ends.
    pub response: Framing,
    /// Why the server wants this response to be the last, if it does.
    pub server: Option<CloseReason>,
}

/// The table of the project's design, in order of what outweighs what.
///
/// | request | response carries | afterwards |
/// | --- | --- | --- |
/// | 0.9 | bare body | close |
/// | 1.0 | `Connection: close` | close |
/// | 1.0 with `Connection: keep-alive` | `Connection: keep-alive`, `Content-Length` | reuse |
/// | 1.1 | `Connection: keep-alive`, `Content-Length` | reuse |
/// | 1.0 or 1.1 with `Connection: close` | `Connection: close` | close |
/// | response of unknown length, request body unread, or the server wants it | `Connection: close` | close |
pub fn decide(terms: &Terms) -> Disposition {
    use Disposition::{Close, Reuse};
    match (terms.version, terms.wish) {
        (Version::Http09, _) => return Close(CloseReason::SimpleRequest),
        (_, Wish::Close) => return Close(CloseReason::ClientAskedClose),
        (Version::Http10, Wish::Unsaid) => return Close(CloseReason::Http10),
        (Version::Http10, Wish::KeepAlive) | (Version::Http11, _) => {}
    }
    match terms.response {
        Framing::UntilClose if terms.unread.is_none() => Close(CloseReason::UnknownLength),
        _ => terms.unread.or(terms.server).map_or(Reuse, Close),
    }
}

/// Why a connection ended: each ends for exactly one of these. What each means
/// to people is said where records are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// HTTP/0.9, which knows one response a connection.
    SimpleRequest,
    /// HTTP/1.0, and nothing said of keeping the connection.
    Http10,
    /// The client said `Connection: close`.
    ClientAskedClose,
    /// Reuse is not offered.
    KeepAliveOff,
    /// The server ends.
    ShuttingDown,
    /// The server has reached its limit of connections.
    ConnectionLimit,
    /// The response's end is the connection's end.
    UnknownLength,
    /// The request's head announces a body that is not read.
    RequestBodyUnread,
    /// The request was refused.
    Rejected(Rejection),
    /// The client closed a connection that was kept for it.
    ClientClosed,
    /// No valid header of the PROXY protocol came, where one is expected.
    NoProxyHeader,
    /// The client closed, and had sent no request.
    NoRequest,
    /// The client ended its sending side before its request's body was complete.
    IncompleteBody,
    /// No further request came in time.
    IdleTimeout,
    /// No request came in time.
    SilentTimeout,
    /// The request's body was not complete in time.
    BodyTimeout,
    /// The client took nothing of the response for too long.
    SendTimeout,
    /// There was no memory for what the connection would have held.
    NoRoom,
    /// The client took its response too slowly, and others waited for its place.
    TooSlow,
    /// The client reset the connection.
    Reset,
    /// The response's body was shorter than promised.
    BodyTruncated,
    /// The storage did not deliver the rest of the response's body in time.
    SourceTimeout,
    /// The response's body could not be read to its end.
    BodyFailed,
    /// The socket failed.
    SocketFailed,
}

impl CloseReason {
    /// Whether an exchange that is under way does not come to its end.
    pub fn cuts_short(self) -> bool {
        matches!(
            self,
            Self::SendTimeout
                | Self::NoRoom
                | Self::TooSlow
                | Self::Reset
                | Self::BodyTruncated
                | Self::SourceTimeout
                | Self::BodyFailed
                | Self::SocketFailed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Field;
    use super::*;
    use CloseReason as Why;
    use Disposition::{Close, Reuse};
    use Version::{Http09, Http10, Http11};
    use Wish::{KeepAlive, Unsaid};

    const KNOWN: Framing = Framing::Length(6);

    #[test]
    fn the_truth_table() {
        let off = Some(Why::KeepAliveOff);
        let (whole, unread) = (None, Some(Why::RequestBodyUnread));
        for (version, wish, unread, response, server, expected) in [
            (Http09, Unsaid, whole, KNOWN, None, Close(Why::SimpleRequest)),
            (Http10, Unsaid, whole, KNOWN, None, Close(Why::Http10)),
            (Http10, KeepAlive, whole, KNOWN, None, Reuse),
            (Http10, Wish::Close, whole, KNOWN, None, Close(Why::ClientAskedClose)),
            (Http11, Unsaid, whole, KNOWN, None, Reuse),
            (Http11, KeepAlive, whole, KNOWN, None, Reuse),
            (Http11, Wish::Close, whole, KNOWN, None, Close(Why::ClientAskedClose)),
            (Http11, Unsaid, whole, Framing::UntilClose, None, Close(Why::UnknownLength)),
            (Http10, KeepAlive, whole, Framing::UntilClose, None, Close(Why::UnknownLength)),
            (Http11, Unsaid, unread, KNOWN, None, Close(Why::RequestBodyUnread)),
            (Http10, KeepAlive, unread, KNOWN, None, Close(Why::RequestBodyUnread)),
            (Http11, Unsaid, whole, KNOWN, off, Close(Why::KeepAliveOff)),
            (Http10, KeepAlive, whole, KNOWN, Some(Why::ShuttingDown), Close(Why::ShuttingDown)),
            (Http11, Unsaid, whole, KNOWN, Some(Why::ConnectionLimit), Close(Why::ConnectionLimit)),
        ] {
            let terms = Terms { version, wish, unread, response, server };
            assert_eq!(decide(&terms), expected, "{terms:?}");
        }
    }

    #[test]
    fn connection_options_are_a_list() {
        for (values, expected) in [
            (vec![], Unsaid),
            (vec!["keep-alive"], KeepAlive),
            (vec!["KEEP-ALIVE"], KeepAlive),
            (vec!["upgrade, Keep-Alive ,x"], KeepAlive),
            (vec!["x-keep-alive"], Unsaid),
            (vec!["keep-alive", "close"], Wish::Close),
            (vec!["close, keep-alive"], Wish::Close),
            (vec!["x-close"], Unsaid),
            (vec!["keep alive"], Unsaid),
        ] {
            let fields: Vec<Field<'_>> =
                values.iter().map(|value| Field { name: "Connection", value: value.as_bytes() }).collect();
            assert_eq!(Wish::of(&Headers::new(&fields)), expected, "{values:?}");
        }
    }
}
