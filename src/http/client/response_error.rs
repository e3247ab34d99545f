//! What can be wrong with a response, each as a sentence for the user.

use crate::http::parse::foreign::Foreign;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a response could not be understood, or did not come whole. After each of
/// these the connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseError {
    /// The first bytes begin no status line; perhaps another protocol.
    NotHttp(Foreign),
    /// The status line has not the form `HTTP/version code reason`.
    StatusLine,
    /// A major version that is not 1.
    Version,
    /// The head is longer than [`MAX_HEAD`](crate::http::parse::response::MAX_HEAD).
    HeadTooLarge,
    /// More than [`MAX_RESPONSE_FIELDS`](crate::http::parse::fields::MAX_RESPONSE_FIELDS) fields.
    TooManyFields,
    /// A line that is no field, and can't be passed over: no colon, a NUL, or a
    /// `Content-Length` or `Transfer-Encoding` that readers take differently.
    Field {
        /// Its number in the head; the status line is 1.
        line: usize,
    },
    /// `Content-Length` is no decimal number.
    ContentLength,
    /// `Content-Length` is a number that does not fit in 64 bits.
    ContentLengthTooLarge,
    /// `Content-Length` was sent with two different values (RFC 9112 §6.3).
    ContentLengths,
    /// A `Transfer-Encoding` other than `chunked` (RFC 9112 §6.1).
    TransferEncoding,
    /// More than [`MAX_INTERIM`](super::MAX_INTERIM) interim responses.
    TooManyInterim,
    /// `101 Switching Protocols`, which was not asked for (RFC 9110 §15.2.2).
    SwitchedProtocols,
    /// A chunk does not begin with a size in hexadecimal digits.
    ChunkSize,
    /// A chunk's size does not fit in 64 bits.
    ChunkTooLarge,
    /// What stands behind a chunk's size, up to the line's end, is no extension.
    ChunkLine,
    /// That line is longer than [`MAX_LINE`](crate::http::chunked::MAX_LINE).
    ChunkLineTooLong,
    /// That line ends with LF alone.
    ChunkLineLf,
    /// A chunk's data is not followed by CRLF: its size is wrong.
    ChunkEnd,
    /// A chunk's data is followed by LF alone: that is the line end, or the size left it out.
    ChunkEndLf,
    /// A line of the trailer section that is no field, or a trailer section that is too long.
    Trailer,
    /// The server ended the connection without a response.
    NoResponse,
    /// The server ended the connection after interim responses (1xx).
    NoFinalResponse,
    /// No response either, on a connection that was kept from an earlier exchange.
    KeptConnectionEnded,
    /// Such a connection was reset before anything of the response came.
    KeptConnectionReset,
    /// The server ended the connection within the head.
    HeadCutShort,
    /// The server ended the connection within a body of known length.
    BodyCutShort {
        /// What `Content-Length` promised, in bytes.
        promised: u64,
        /// What came, in bytes.
        received: u64,
    },
    /// The server ended the connection before the last chunk.
    ChunksCutShort {
        /// What came, decoded, in bytes.
        received: u64,
    },
    /// The server ended the connection behind the last chunk, within the trailer section.
    TrailerCutShort {
        /// What came, decoded, in bytes: all of the data.
        received: u64,
    },
    /// Nothing of the response came in time.
    NoResponseInTime,
    /// Interim responses came in time, and no final one.
    NoFinalResponseInTime,
    /// The head was not complete in time.
    HeadTimedOut,
    /// The body was not complete in time.
    BodyTimedOut {
        /// What came, decoded, in bytes.
        received: u64,
    },
    /// The trailer section behind the last chunk was not complete in time.
    TrailerTimedOut {
        /// What came, decoded, in bytes: all of the data.
        received: u64,
    },
    /// The server took too long to take the request.
    SendTimedOut,
    /// The connection was reset before anything of the response came.
    ResetBeforeResponse,
    /// The connection was reset after interim responses.
    ResetBeforeFinalResponse,
    /// The connection was reset within the head.
    ResetInHead,
    /// The connection was reset within the body.
    ResetInBody {
        /// What came, decoded, in bytes.
        received: u64,
    },
}

impl ResponseError {
    /// Whether the same request may well succeed on a new connection: the
    /// server ended a kept one while the request was on its way (RFC 9112 §9.3.1).
    pub fn is_worth_a_new_connection(self) -> bool {
        matches!(self, Self::KeptConnectionEnded | Self::KeptConnectionReset)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp(Foreign::Tls) => {
                return f.write_str(
                    "The response is not HTTP but TLS: this port is for https://, which this client does not support.",
                );
            }
            Self::NotHttp(foreign) => {
                return match foreign.name() {
                    Some(name) => write!(f, "The response is not HTTP/1: it looks like {name}. Is it the right port?"),
                    None => f.write_str(
                        "The response is not HTTP: it does not begin with HTTP/. If the server speaks only HTTP/0.9, \
                         try --http 0.9.",
                    ),
                };
            }
            Self::StatusLine => {
                "The status line is malformed: it must read HTTP/version, one space, three digits, and a reason without NUL \
                 or CR, if any."
            }
            Self::Version => {
                "The response is not HTTP/1: this client supports 0.9, 1.0 and 1.1."
            }
            Self::HeadTooLarge => "The response's head is larger than 1 MiB.",
            Self::TooManyFields => "The response has more than 5,000 header fields.",
            Self::Field { line } => {
                return write!(
                    f,
                    "Line {line} of the response's head is malformed: a header field must read Name: value."
                );
            }
            Self::ContentLength => "The response's Content-Length is not a decimal number, so its end is in doubt.",
            Self::ContentLengthTooLarge => {
                "The response's Content-Length is too large a number: it does not fit in 64 bits."
            }
            Self::ContentLengths => "The response has two different Content-Lengths, so its end is in doubt.",
            Self::TransferEncoding => {
                "The response's Transfer-Encoding is not chunked, the only one that this client supports."
            }
            Self::TooManyInterim => {
                "The server sent more than 32 interim responses (1xx), the most that this client takes before the final one."
            }
            Self::SwitchedProtocols => "The server switched to another protocol (101), which was not asked for.",
            Self::ChunkSize => "A chunk does not begin with its size in hexadecimal digits.",
            Self::ChunkTooLarge => "The size of a chunk is too large a number.",
            Self::ChunkLine => "The line of a chunk's size is malformed.",
            Self::ChunkLineTooLong => "The line of a chunk's size is longer than 4 KiB.",
            Self::ChunkLineLf => "The line of a chunk's size ends with LF alone: CRLF is required.",
            Self::ChunkEnd => "A chunk's data does not end where its size says.",
            Self::ChunkEndLf => "A chunk's data is followed by LF alone: CRLF is required.",
            Self::Trailer => "The trailer section behind the last chunk is malformed, or longer than 32 KiB.",
            Self::NoResponse => "The server closed the connection without a response.",
            Self::NoFinalResponse => {
                "The server closed the connection after an interim response (1xx), without a final one."
            }
            Self::KeptConnectionEnded => {
                "The server closed the keep-alive connection before it responded. The same request may succeed on a new \
                 connection."
            }
            Self::KeptConnectionReset => {
                "The keep-alive connection was reset before a response came. The same request may succeed on a new \
                 connection."
            }
            Self::HeadCutShort => "The server closed the connection within the response's head.",
            Self::BodyCutShort { promised, received } => {
                let (promised, received) = (bytes(*promised), grouped(*received));
                return write!(
                    f,
                    "The response was cut short: Content-Length promised {promised}, {received} came."
                );
            }
            Self::ChunksCutShort { received } => {
                let received = bytes(*received);
                return write!(f, "The response was cut short: {received} came, and no last chunk.");
            }
            Self::TrailerCutShort { received } => {
                let received = bytes(*received);
                return write!(
                    f,
                    "The response was cut short behind its last chunk: {received} came, and no empty line at the \
                     end of the trailer section."
                );
            }
            Self::NoResponseInTime => "No response came in time.",
            Self::NoFinalResponseInTime => "An interim response (1xx) came, and no final one in time.",
            Self::HeadTimedOut => "The response's head was not complete in time.",
            Self::BodyTimedOut { received } => {
                let received = bytes(*received);
                return write!(f, "The response's body was not complete in time: {received} came.");
            }
            Self::TrailerTimedOut { received } => {
                let received = grouped(*received);
                return write!(
                    f,
                    "The trailer section behind the last chunk was not complete in time: {received} bytes came, and no \
                     empty line at its end."
                );
            }
            Self::SendTimedOut => "The server did not take the request in time.",
            Self::ResetBeforeResponse => "The connection was reset before a response came.",
            Self::ResetBeforeFinalResponse => {
                "The connection was reset after an interim response (1xx), before the final one came."
            }
            Self::ResetInHead => "The connection was reset within the response's head.",
            Self::ResetInBody { received } => {
                let received = bytes(*received);
                return write!(f, "The connection was reset within the response's body: {received} came.");
            }
        })
    }
}

impl std::error::Error for ResponseError {}

fn bytes(number: u64) -> String {
    format!("{} {}", grouped(number), if number == 1 { "byte" } else { "bytes" })
}

/// A number with its thousands set apart.
fn grouped(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseError as Error;

    #[test]
    fn a_byte_is_one() {
        for (received, said) in [(1, "1 byte came"), (2, "2 bytes came"), (0, "0 bytes came")] {
            for error in [
                Error::ChunksCutShort { received },
                Error::TrailerCutShort { received },
                Error::BodyTimedOut { received },
                Error::ResetInBody { received },
            ] {
                assert!(error.to_string().contains(said), "{error}");
            }
        }
        let cut = Error::BodyCutShort { promised: 1, received: 0 };
        assert!(cut.to_string().ends_with("promised 1 byte, 0 came."), "{cut}");
    }
}
