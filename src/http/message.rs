//! The nouns of HTTP: method, target, version, headers, request, response.

use super::client::response_error::ResponseError;
use arrayvec::ArrayVec;
use bytes::Bytes;

pub use super::status::StatusCode;

/// The most header fields that one request may carry; one more is a 431.
pub const MAX_FIELDS: usize = 100;

macro_rules! methods {
    ($($name:ident $token:literal $what:literal;)*) => {
        /// A request method (RFC 9110 §9, and PATCH of RFC 5789). Methods are compared by case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Method {
            $(#[doc = $what] $name,)*
            /// A token that HTTP does not define; it stands in [`Request::line`].
            Unknown,
        }

        impl Method {
            /// The method that `token` names.
            pub fn from_token(token: &str) -> Self {
                match token { $($token => Self::$name,)* _ => Self::Unknown }
            }

            /// Its token; `None` of one that HTTP does not define.
            pub fn token(self) -> Option<&'static str> {
                match self { $(Self::$name => Some($token),)* Self::Unknown => None }
            }
        }
    };
}

methods! {
    Get "GET" "Transfer the resource.";
    Head "HEAD" "The same response as GET, without its body.";
    Post "POST" "Process the body.";
    Put "PUT" "Replace the resource by the body.";
    Delete "DELETE" "Remove the resource.";
    Connect "CONNECT" "Become a tunnel.";
    Options "OPTIONS" "Say what is supported.";
    Trace "TRACE" "Send the request back.";
    Patch "PATCH" "Change the resource as the body says.";
}

/// The version that a message speaks. Our own response is HTTP/1.0 to all of them
/// (bare, to 0.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// A simple request: `GET /path` and nothing else (RFC 1945 §5).
    Http09,
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1 and every later minor version, which is treated as 1.1 (RFC 9110 §2.5).
    Http11,
}

impl Version {
    /// As a head says it, if it does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http09 => "HTTP/0.9",
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

/// What the request asks for: the part of the target that names a resource here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target<'r> {
    /// The path, still percent-encoded, beginning with `/`; `*` or a host and
    /// port for the methods that take those forms (RFC 9112 §3.2).
    pub path: &'r str,
    /// What follows the first `?`, without it.
    pub query: Option<&'r str>,
}

/// One header field as received: the name as sent, the value without the
/// white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field<'r> {
    /// The name; compare it without regard to case.
    pub name: &'r str,
    /// The value: any bytes but controls. In a response, a folded line stands in
    /// it as sent, CR and LF included (RFC 9112 §5.2).
    pub value: &'r [u8],
}

/// Whether `byte` may stand in a token, such as a method or a field's name:
/// `tchar` (RFC 9110 §5.6.2).
pub fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Room for the fields of one message, on the caller's stack.
pub type FieldStorage<'b> = ArrayVec<Field<'b>, MAX_FIELDS>;

/// The header fields of a message, in the order sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'r>(&'r [Field<'r>]);

impl<'r> Headers<'r> {
    /// The fields given.
    pub fn new(fields: &'r [Field<'r>]) -> Self {
        Self(fields)
    }

    /// Every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'r Field<'r>> {
        self.0.iter()
    }

    /// Every value of the field `name`, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'r [u8]> {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// The value of `name` where it is sent exactly once: what a field that is
    /// no list must be to mean anything.
    pub fn only(&self, name: &str) -> Option<&'r [u8]> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The members of the comma-separated list that all fields `name` form
    /// together (RFC 9110 §5.6.1), empty ones left out.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'r [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
    }
}

/// A request whose head is complete and well framed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Request<'r> {
    /// The request line as sent, without its line end.
    pub line: &'r [u8],
    /// What is to be done.
    pub method: Method,
    /// To what.
    pub target: Target<'r>,
    /// The version that the client speaks.
    pub version: Version,
    /// The header fields.
    pub headers: Headers<'r>,
    /// The host that is asked, with its port if one is named: of an absolute target
    /// its authority, which outweighs `Host` (RFC 9112 §3.2.2), else that field's value.
    pub host: Option<&'r [u8]>,
    /// The length of the body that the head announces, in bytes.
    pub content_length: u64,
    /// The body, of a handler that takes one ([`Handler::body_limit`]); else empty.
    ///
    /// [`Handler::body_limit`]: crate::handler::Handler::body_limit
    pub body: &'r [u8],
}

impl Request<'_> {
    /// Whether its body is said to be of this media type, whatever its parameters are
    /// (`Content-Type`, RFC 9110 §8.3).
    ///
    /// ```
    /// # use glasshttp::{Request, Response, StatusCode};
    /// let form = |request: &Request<'_>| match request.has_type("application/x-www-form-urlencoded") {
    ///     true => Response::redirect(StatusCode::SEE_OTHER, "/thanks"),
    ///     false => Response::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This address takes a form."),
    /// };
    /// # glasshttp::Server::new(form);
    /// ```
    pub fn has_type(&self, media_type: &str) -> bool {
        let said = self.headers.only("content-type").and_then(|value| value.split(|&byte| byte == b';').next());
        said.is_some_and(|said| said.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes()))
    }
}

/// The header fields of a response, already in the form in which they are sent.
///
/// Cheap to clone, so that a response that is kept need not be written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderBlock(Bytes);

impl HeaderBlock {
    /// A block of the fields given; see [`HeaderBlock::with`].
    pub fn of(fields: &[(&str, &str)]) -> Self {
        let mut lines = Vec::with_capacity(256);
        for (name, value) in fields {
            push_line(&mut lines, name, value);
        }
        Self(lines.into())
    }

    /// The same block with one field more. CR, LF and NUL in a value are sent
    /// as spaces (RFC 9110 §5.5): a field never ends its line early.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        // As long as it has to be: then these bytes are the block's, and are not moved.
        let mut lines = Vec::with_capacity(self.0.len() + name.len() + value.len() + ": \r\n".len());
        lines.extend_from_slice(&self.0);
        push_line(&mut lines, name, value);
        Self(lines.into())
    }

    /// A block of these lines, as [`HeaderBlock::as_bytes`] gave them.
    pub(crate) fn from_lines(lines: Vec<u8>) -> Self {
        Self(lines.into())
    }

    /// The same block with this field, and no other of its name.
    #[must_use]
    pub fn with_only(&self, name: &str, value: &str) -> Self {
        let is_it = |line: &&[u8]| {
            let (field, colon) = line.split_at(name.len().min(line.len()));
            field.eq_ignore_ascii_case(name.as_bytes()) && colon.starts_with(b":")
        };
        let others = self.0.split_inclusive(|&byte| byte == b'\n').filter(|line| !is_it(line));
        let mut lines: Vec<u8> = others.collect::<Vec<_>>().concat();
        push_line(&mut lines, name, value);
        Self(lines.into())
    }

    /// The lines, each with its CRLF.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn push_line(lines: &mut Vec<u8>, name: &str, value: &str) {
    lines.extend_from_slice(name.as_bytes());
    lines.extend_from_slice(b": ");
    lines.extend(value.bytes().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { byte }));
    lines.extend_from_slice(b"\r\n");
}

/// How the end of a response's body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// By counting: `Content-Length`.
    Length(u64),
    /// By the end of the connection, HTTP/1.0's own way (RFC 1945 §7.2.2).
    UntilClose,
}

/// The head of a response, as the handler sees it. `Date`, `Server`,
/// `Content-Length` and `Connection` are the connection's to say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The status.
    pub status: StatusCode,
    /// The other fields.
    pub headers: HeaderBlock,
    /// How the body ends.
    pub framing: Framing,
}

impl ResponseHead {
    /// The head of these.
    pub fn new(status: StatusCode, headers: HeaderBlock, framing: Framing) -> Self {
        Self { status, headers, framing }
    }
}

/// A response whose head is complete and well framed, as a client receives it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReceivedHead<'r> {
    /// The status line as sent, without its line end.
    pub line: &'r [u8],
    /// The version that the server speaks.
    pub version: Version,
    /// The status; its phrase as sent is in `line`.
    pub status: StatusCode,
    /// The header fields.
    pub headers: Headers<'r>,
    /// How the end of the body is known.
    pub framing: ResponseFraming,
    /// Lines of the head that are no fields, and were dropped.
    pub dropped: &'r [&'r [u8]],
    /// Its framing contradicts itself: what follows this response is in doubt
    /// (RFC 9112 §6.1, §6.3).
    pub is_doubtful: bool,
}

/// How a client knows the end of a response's body (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseFraming {
    /// It has none: the response to a HEAD, or a status without one.
    NoBody,
    /// By its last chunk: `Transfer-Encoding: chunked`.
    Chunked,
    /// By counting, or by the connection's end.
    Plain(Framing),
    /// Its fields do not say: this is wrong with them.
    Unknown(ResponseError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_compared_by_case_and_whole() {
        assert_eq!(Method::from_token("GET"), Method::Get);
        for other in ["get", "GE", "GETS", "Get", "BREW"] {
            assert_eq!(Method::from_token(other), Method::Unknown, "{other}");
        }
        assert_eq!(Method::from_token("DELETE").token(), Some("DELETE"));
    }

    #[test]
    fn lists_join_fields_and_skip_empty_members() {
        let fields = [
            Field { name: "Connection", value: b"close , ,x" },
            Field { name: "Host", value: b"a" },
            Field { name: "connection", value: b"Keep-Alive" },
        ];
        let headers = Headers::new(&fields);
        assert_eq!(headers.list("CONNECTION").collect::<Vec<_>>(), [b"close".as_slice(), b"x", b"Keep-Alive"]);
        assert_eq!(headers.only("host"), Some(b"a".as_slice()));
        assert_eq!(headers.only("connection"), None);
    }

    #[test]
    fn a_type_is_compared_without_its_parameters_and_said_once() {
        let said = |values: &[&'static str]| {
            let fields: Vec<_> =
                values.iter().map(|value| Field { name: "Content-Type", value: value.as_bytes() }).collect();
            let (line, target, version) = (&b""[..], Target { path: "/", query: None }, Version::Http10);
            let headers = Headers::new(&fields);
            let request = Request {
                line,
                method: Method::Post,
                target,
                version,
                headers,
                host: None,
                content_length: 0,
                body: b"",
            };
            request.has_type("text/plain")
        };
        assert!(said(&["text/plain"]) && said(&["Text/Plain ; charset=utf-8"]));
        assert!(!said(&[]) && !said(&["text/plainer"]) && !said(&["text/plain", "text/plain"]));
    }

    #[test]
    fn a_value_cannot_end_its_line() {
        let block = HeaderBlock::of(&[("Location", "/a\r\nSet-Cookie: x\0")]);
        assert_eq!(block.as_bytes(), b"Location: /a  Set-Cookie: x \r\n");
    }
}
