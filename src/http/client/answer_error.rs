//! What can be wrong with an answer, each as a sentence for whoever asked.

use crate::http::parse::foreign::Foreign;
use std::fmt;

/// Why an answer could not be understood, or did not come whole. After each of
/// these the connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// The first octets begin no status line; perhaps another protocol.
    NotHttp(Foreign),
    /// The status line has not the form `HTTP/version code reason`.
    StatusLine,
    /// A major version that is not 1.
    Version,
    /// The head is longer than [`MAX_HEAD`](crate::http::parse::answer::MAX_HEAD).
    HeadTooLarge,
    /// More than [`MAX_ANSWER_FIELDS`](crate::http::parse::fields::MAX_ANSWER_FIELDS) fields.
    TooManyFields,
    /// A line that is no field, and can't be passed over: no colon, a NUL, or a
    /// `Content-Length` or `Transfer-Encoding` that readers take differently.
    Field {
        /// Its number in the head; the status line is 1.
        line: usize,
    },
    /// `Content-Length` is no decimal number, or too large a one.
    ContentLength,
    /// `Content-Length` was sent with two different values (RFC 9112 §6.3).
    ContentLengths,
    /// A `Transfer-Encoding` other than `chunked` (RFC 9112 §6.1).
    TransferEncoding,
    /// More than [`MAX_INTERIM`](super::MAX_INTERIM) interim answers.
    TooManyInterim,
    /// `101 Switching Protocols`, which was not asked for (RFC 9110 §15.2.2).
    SwitchedProtocols,
    /// A chunk does not begin with a size in hexadecimal digits.
    ChunkSize,
    /// A chunk's size does not fit in 64 bits.
    ChunkTooLarge,
    /// A chunk's size line is longer than [`MAX_LINE`](crate::http::chunked::MAX_LINE).
    ChunkLine,
    /// A chunk's data is not followed by CRLF: its size is wrong.
    ChunkEnd,
    /// A line of the trailer section that is no field, or a trailer section that is too long.
    Trailer,
    /// The server ended the connection without an answer.
    NoAnswer,
    /// The same, on a connection that was kept from an earlier exchange.
    KeptConnectionEnded,
    /// The server ended the connection within the head.
    HeadCutShort,
    /// The server ended the connection within a body of known length.
    BodyCutShort {
        /// What `Content-Length` promised, in octets.
        promised: u64,
        /// What came, in octets.
        received: u64,
    },
    /// The server ended the connection before the last chunk.
    ChunksCutShort {
        /// What came, decoded, in octets.
        received: u64,
    },
    /// Nothing of the answer came in time.
    NoAnswerInTime,
    /// The head was not complete in time.
    HeadTimedOut,
    /// The body was not complete in time.
    BodyTimedOut {
        /// What came, decoded, in octets.
        received: u64,
    },
    /// The server took too long to take the request.
    SendTimedOut,
    /// The connection was reset before anything of the answer came.
    ResetUnanswered,
    /// The connection was reset within the head.
    ResetInHead,
    /// The connection was reset within the body.
    ResetInBody {
        /// What came, decoded, in octets.
        received: u64,
    },
}

impl AnswerError {
    /// Whether the same request may well succeed on a new connection: the
    /// server closed a kept one while the request was on its way (RFC 9112 §9.3.1).
    pub fn is_worth_a_new_connection(self) -> bool {
        self == Self::KeptConnectionEnded
    }
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp(Foreign::Tls) => {
                return f.write_str(
                    "The response is not HTTP but TLS: this port is for https://, which this client does not speak.",
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
                "The status line is malformed: it must read HTTP/version, one space, three digits, a reason."
            }
            Self::Version => "The answer is of another major version than HTTP/1: this client speaks 0.9, 1.0 and 1.1.",
            Self::HeadTooLarge => "The answer's head is larger than 1 MiB.",
            Self::TooManyFields => "The response has more than 5,000 header fields.",
            Self::Field { line } => {
                return write!(
                    f,
                    "Line {line} of the response's head is malformed: a header field must read Name: value."
                );
            }
            Self::ContentLength => "The answer's Content-Length is no decimal number, so its end is in doubt.",
            Self::ContentLengths => "The answer has two different Content-Lengths, so its end is in doubt.",
            Self::TransferEncoding => "The answer's Transfer-Encoding is not chunked: nothing else is understood here.",
            Self::TooManyInterim => "The server sent one interim answer (1xx) after another and no final one.",
            Self::SwitchedProtocols => "The server switched to another protocol (101), which was not asked for.",
            Self::ChunkSize => "A chunk does not begin with its size in hexadecimal digits.",
            Self::ChunkTooLarge => "A chunk's size is too large a number.",
            Self::ChunkLine => "The line of a chunk's size is malformed, or longer than 4 KiB.",
            Self::ChunkEnd => "A chunk's data does not end where its size says.",
            Self::Trailer => "The trailer section behind the last chunk is malformed, or longer than 32 KiB.",
            Self::NoAnswer => "The server closed the connection without an answer.",
            Self::KeptConnectionEnded => {
                "The server closed the kept connection before it answered: it had probably waited long enough. \
                 The same request may succeed on a new connection."
            }
            Self::HeadCutShort => "The server closed the connection within the answer's head.",
            Self::BodyCutShort { promised, received } => {
                return write!(
                    f,
                    "The answer was cut short: Content-Length promised {promised} octets, {received} came."
                );
            }
            Self::ChunksCutShort { received } => {
                return write!(f, "The answer was cut short: {received} octets came, and no last chunk.");
            }
            Self::NoAnswerInTime => "No answer came in time.",
            Self::HeadTimedOut => "The answer's head was not complete in time.",
            Self::BodyTimedOut { received } => {
                return write!(f, "The answer's body was not complete in time: {received} octets came.");
            }
            Self::SendTimedOut => "The server did not take the request in time.",
            Self::ResetUnanswered => "The connection was reset before an answer came.",
            Self::ResetInHead => "The connection was reset within the answer's head.",
            Self::ResetInBody { received } => {
                return write!(f, "The connection was reset within the answer's body: {received} octets came.");
            }
        })
    }
}

impl std::error::Error for AnswerError {}
