//! Why a request is refused before a handler sees it, and with which status.

use crate::http::message::StatusCode;

/// Why a request is refused before anybody is asked for a response. After each
/// of these the connection closes: where the next request begins is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The first byte begins no method.
    NotHttp,
    /// The first byte is that of a TLS handshake (RFC 8446 §5.1).
    TlsHandshake,
    /// The request line has not the form `METHOD target HTTP/version`.
    RequestLine,
    /// The request line is longer than [`MAX_LINE`](crate::http::parse::MAX_LINE).
    LineTooLong,
    /// The head is longer than [`MAX_HEAD`](crate::http::parse::MAX_HEAD).
    HeadTooLarge,
    /// More than [`MAX_FIELDS`](crate::http::message::MAX_FIELDS) fields.
    TooManyFields,
    /// A field that is none: no colon, white space in the name, a control, a folded line.
    Field,
    /// A major version that is not 1.
    Version,
    /// A target in none of the forms of RFC 9112 §3.2.
    Target,
    /// `Host` missing from an HTTP/1.1 request, sent twice, or no host (RFC 9112 §3.2).
    Host,
    /// `Content-Length` is no number, too large a one, or two different ones (RFC 9112 §6.3).
    ContentLength,
    /// The request has a `Transfer-Encoding`, which HTTP/1.0 does not know.
    TransferEncoding,
    /// The body is longer than the handler takes.
    BodyTooLong,
    /// The client waits for an interim response before it sends its body: HTTP/1.0 has none.
    Expectation,
    /// A body that the handler takes was not complete in time.
    BodyTimedOut,
    /// The client ended its sending side before a body that the handler takes was complete.
    BodyIncomplete,
    /// The server has no memory for the rest of the request.
    NoRoom,
    /// The head was not complete in time.
    TimedOut,
    /// The client ended its sending side before the head was complete (RFC 9112 §8).
    Incomplete,
}

impl Rejection {
    /// Whether the head had come to its end, and is refused for what it says.
    pub fn is_of_whole_head(self) -> bool {
        matches!(self, Self::Target | Self::Host | Self::ContentLength | Self::TransferEncoding)
    }

    /// The status of the response.
    pub fn status(self) -> StatusCode {
        match self {
            Self::LineTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge | Self::TooManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::TransferEncoding => StatusCode::NOT_IMPLEMENTED,
            Self::BodyTooLong => StatusCode::CONTENT_TOO_LARGE,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut | Self::BodyTimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::NotHttp
            | Self::TlsHandshake
            | Self::RequestLine
            | Self::Field
            | Self::Target
            | Self::Host
            | Self::ContentLength
            | Self::Incomplete
            | Self::BodyIncomplete => StatusCode::BAD_REQUEST,
        }
    }
}
