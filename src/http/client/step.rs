//! What passes between a client's machine and its host.

use super::ending::Ending;
use crate::http::message::{HeaderBlock, Headers, ReceivedHead, Version, is_tchar};
use crate::http::persistence::Wish;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many interim responses (1xx) may precede the final one.
pub const MAX_INTERIM: u32 = 32;
/// How many bytes are read and dropped after the last response while the server
/// is given time to close first.
pub const MAX_DRAIN: u64 = 64 * 1024;

/// What the host is to do next.
///
/// Exhaustive on purpose: a host that ignores a step cannot go on, so a new one must fail to compile there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Give it the next request, or say that there is none: `ask` or `finish`.
    Ask,
    /// Send this much more of the request, and say so: `sent`.
    Send(u64),
    /// Shut down the sending half, and say so: `writing_shut_down`.
    ShutDown,
    /// Hand bytes of the server's to `receive`.
    Receive,
    /// The response is done with. Wait a little for the server to close first,
    /// handing what still comes to `receive`; or close: `timed_out`.
    Drain,
    /// Close.
    Close(Ending),
}

/// What `receive` found.
///
/// Exhaustive on purpose: a host that ignores one of them loses part of a response.
#[derive(Clone, Copy, Debug)]
pub enum Received<'r> {
    /// An interim response (1xx): another one follows.
    Interim(ReceivedHead<'r>),
    /// The response's head; its body follows, if it has one.
    Head(ReceivedHead<'r>),
    /// What follows is a response of HTTP/0.9: a body without a head.
    Bare,
    /// Some of the body, decoded: a slice of the input.
    Body(&'r [u8]),
    /// What stands behind the last chunk: at least one line.
    Trailers {
        /// The fields.
        fields: Headers<'r>,
        /// Lines that are none.
        dropped: &'r [&'r [u8]],
    },
}

/// A request, as the caller sees it. What follows its head is the host's to send.
///
/// Exhaustive on purpose: who sends a request says all of it.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method, a token such as GET.
    pub method: &'a str,
    /// The target, percent-encoded where it must be.
    pub target: &'a str,
    /// The version to speak. HTTP/0.9 sends `GET` and the target, and nothing else.
    pub version: Version,
    /// The value of `Host`; `None` where `headers` have one, or none is wanted.
    pub host: Option<&'a str>,
    /// The other fields; `Connection` is the machine's to say.
    pub headers: &'a HeaderBlock,
    /// What to say of the connection.
    pub wish: Wish,
    /// Shut down the sending half behind the request.
    pub half_close: bool,
    /// How much follows the head, in bytes, where that is to be said.
    pub content_length: Option<u64>,
}

impl RequestHead<'_> {
    /// Whether it can be sent: what `ask` checks, for callers that want to know before there is a connection.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), RequestError> {
        let is_clean = |text: &str| text.bytes().all(|byte| byte > b' ' && byte != 0x7f);
        if self.target.is_empty() || !is_clean(self.target) {
            return Err(RequestError::Target);
        }
        if !self.host.is_none_or(is_clean) {
            return Err(RequestError::Host);
        }
        if self.method.is_empty() || !self.method.bytes().all(is_tchar) || self.method == "CONNECT" {
            return Err(RequestError::Method);
        }
        if self.version == Version::Http09 && (self.method != "GET" || self.content_length.is_some()) {
            return Err(RequestError::Simple);
        }
        Ok(())
    }
}

/// Why a request cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestError {
    /// The connection is not free: [`Next`] is not `Ask`.
    NotNow,
    /// The target is empty, or holds a space or a control.
    Target,
    /// The value of `Host` holds a space or a control.
    Host,
    /// The method is no token, or CONNECT, which asks for a tunnel.
    Method,
    /// HTTP/0.9 knows GET alone.
    Simple,
}

impl fmt::Display for RequestError {
    /// A sentence for the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNow => "The connection cannot take a request now.",
            Self::Target => {
                "The request's target is empty, or holds a space or a control character: percent-encode it."
            }
            Self::Host => "The host name holds a space or a control character.",
            Self::Method => "The method is not a word such as GET or POST, or it is CONNECT, which asks for a tunnel.",
            Self::Simple => "HTTP/0.9 knows GET alone: try --http 1.0.",
        })
    }
}

impl std::error::Error for RequestError {}
