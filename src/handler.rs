//! What stands between the connection and what responds: a [`Handler`]
//! turns a request into a [`Response`], whose body is memory, a file or a stream.

use crate::http::field;
use crate::http::message::{Framing, HeaderBlock, Request, StatusCode};
use crate::language::Language;
use crate::language::sentence::say;
use crate::later::Later;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

/// The longest body that a handler takes unless it says otherwise, in bytes.
pub const MAX_BODY: u64 = 1024 * 1024;

/// Responds to requests: a folder ([`crate::site::Site`]), a program of yours, or
/// [both](crate::site#beside-pages-of-your-own).
///
/// A closure is one, too:
///
/// ```
/// use glasshttp::handler::{Handler, Response};
/// use glasshttp::http::message::{Request, StatusCode};
///
/// let hello = |request: &Request<'_>| Response::text(StatusCode::OK, &format!("You asked for {}\n", request.target.path));
/// # fn is_handler(_: impl Handler) {}
/// # is_handler(hello);
/// ```
pub trait Handler: Send + Sync + 'static {
    /// The response to `request`, whatever its method is. It may take its time:
    /// whom that keeps waiting is for the model to say.
    fn handle(&self, request: &Request<'_>) -> Response;

    /// The same, where it may come later: a handler that would have to wait
    /// (for storage, for work by others) hands that to a [`crate::pool::Pool`]
    /// and says so; meanwhile its model serves other clients, if it can. What
    /// that work needs of `request` it must own.
    fn begin(&self, request: &Request<'_>) -> Begun {
        Begun::Now(self.handle(request))
    }

    /// The same, where it matters who asks: `ends` are those of the request's connection.
    fn begin_on(&self, request: &Request<'_>, _ends: Ends<'_>) -> Begun {
        self.begin(request)
    }

    /// The longest body, in bytes, that is taken with a request of this head; it
    /// is read whole before [`handle`](Self::handle) is asked, and a longer one is
    /// refused (413). 0: none is taken, and what is sent is dropped.
    ///
    /// A connection holds this much while it reads, up to twice as much while the
    /// room grows.
    fn body_limit(&self, _request: &Request<'_>) -> u64 {
        MAX_BODY
    }

    /// The language of what the connection says in the handler's place: that the
    /// request is malformed, that the handler failed or is late.
    fn language(&self) -> Language {
        Language::English
    }

    /// A handler that responds the same, for one event loop alone. `None`: this one serves all.
    fn for_event_loop(&self) -> Option<Box<dyn LoopHandler>> {
        None
    }
}

/// A handler for one event loop alone: what it keeps it shares with no other thread, so
/// there is no lock on the way of a request. Bodies' limits and the language stay the [`Handler`]'s to say.
///
/// ```
/// use glasshttp::handler::{Begun, Ends, LoopHandler};
/// use glasshttp::{Handler, Request, Response, StatusCode};
///
/// struct Counting;
///
/// impl Handler for Counting {
///     fn handle(&self, _: &Request<'_>) -> Response {
///         Response::text(StatusCode::OK, "This model has no event loops.\n")
///     }
///
///     fn for_event_loop(&self) -> Option<Box<dyn LoopHandler>> {
///         Some(Box::new(Count(0)))
///     }
/// }
///
/// struct Count(u64);
///
/// impl LoopHandler for Count {
///     fn begin_on(&mut self, _: &Request<'_>, _: Ends<'_>) -> Begun {
///         self.0 += 1;
///         Begun::Now(Response::text(StatusCode::OK, &format!("Request {} of this event loop.\n", self.0)))
///     }
/// }
/// ```
pub trait LoopHandler: Send {
    /// As [`Handler::begin_on`].
    fn begin_on(&mut self, request: &Request<'_>, ends: Ends<'_>) -> Begun;

    /// The event loop says: whatever is asked until the next time had arrived by
    /// `now`. What the handler looks up once, it need not look up again till then.
    fn begin_turn(&mut self, _now: Instant) {}

    /// The event loop is about to wait: what the handler keeps and may no longer
    /// use, it lets go of. Gives when it wants to be asked again; `None` while
    /// it keeps nothing, so that an idle server sleeps.
    fn end_turn(&mut self, _now: Instant) -> Option<Instant> {
        None
    }
}

impl<F> Handler for F
where
    F: Fn(&Request<'_>) -> Response + Send + Sync + 'static,
{
    fn handle(&self, request: &Request<'_>) -> Response {
        self(request)
    }
}

/// The two ends of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    client: Option<SocketAddr>,
    socket: BorrowedFd<'a>,
}

impl<'a> Ends<'a> {
    /// Those of the server's `socket`, which was accepted from `client`, which has no address on a unix socket.
    pub fn new(client: Option<SocketAddr>, socket: BorrowedFd<'a>) -> Self {
        Self { client, socket }
    }

    /// The client's address and port; none on a unix socket.
    pub fn client(&self) -> Option<SocketAddr> {
        self.client
    }

    /// The user at the other end of a unix socket.
    pub fn user(&self) -> Option<u32> {
        rustix::net::sockopt::socket_peercred(self.socket).ok().map(|peer| peer.uid.as_raw())
    }

    /// The server's address and port.
    ///
    /// # Errors
    /// As getsockname(2), and on a unix socket.
    pub fn server(&self) -> io::Result<SocketAddr> {
        Ok(rustix::net::getsockname(self.socket)?.try_into()?)
    }
}

/// What has become of a request that a handler was given.
#[derive(Debug)]
#[non_exhaustive]
pub enum Begun {
    /// Here is the response.
    Now(Response),
    /// It is being made; a broken promise gets a 500.
    Later(Later<Response>),
}

/// A response: its head and where its body comes from.
#[derive(Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header fields, but for those that the connection says itself:
    /// `Date`, `Server`, `Content-Length`, `Connection`.
    pub headers: HeaderBlock,
    /// The body; it is not sent where the request or the status forbids one.
    pub body: Body,
    /// What it was made from, for the record: a file's path below the root.
    pub resource: Option<Arc<str>>,
    /// Why it is not what was asked for, where its status does not say that: for the record and the access log.
    pub refused: Option<Refused>,
}

/// Why a handler refuses what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Refused {
    /// The request is for a host that is none of the handler's.
    OtherHost,
    /// All the memory that such responses may take is taken.
    NoRoom,
    /// The path has a percent sign that begins no byte.
    BadPath,
    /// The handler does not support the method.
    UnknownMethod,
    /// The permissions of what is asked for forbid it.
    Forbidden,
    /// The folder that is served is missing.
    NoRoot,
    /// The permissions of the folder that is served do not let the server in.
    NoEntry,
    /// The folder that is served was replaced by one that the sandbox does not reach.
    OutOfReach,
    /// Another program holds a lease on what is asked for.
    Held,
    /// The system has no descriptor or memory to spare.
    Exhausted,
    /// A listing would be longer than one may be.
    ListingTooLong,
    /// What is asked for could not be read.
    Unreadable,
    /// The storage of what is asked for is busy or hangs.
    StorageBusy,
    /// The response was not ready in time.
    Overdue,
    /// The handler failed.
    Failed,
}

/// Where the bytes of a response come from.
#[non_exhaustive]
pub enum Body {
    /// Memory.
    Bytes(Bytes),
    /// A part of an open regular file.
    File {
        /// The file, read by position: its cursor is not used.
        file: Arc<File>,
        /// Where the part begins, in bytes.
        offset: u64,
        /// How long the part is, in bytes.
        length: u64,
        /// Whether the socket may borrow the file's own pages (sendfile(2)).
        /// That is much faster; but what is cut off such a file meanwhile
        /// arrives as zeros. Otherwise it is copied, and the end comes early.
        is_at_rest: bool,
    },
    /// As many bytes as this, which come piece by piece from elsewhere: storage
    /// that may hang is not read by the one that serves.
    Pieces(u64, Box<dyn Pieces>),
    /// A stream of unknown length, read by the serving thread. Closing the connection
    /// marks its end; a reset, an error on the way.
    Stream(Box<dyn Read + Send>),
}

/// A body that is read elsewhere.
pub trait Pieces: Send {
    /// The piece that begins at `position`, in bytes from the body's beginning,
    /// and is at most `most` long; an empty one: the body ends here. `None`:
    /// there is no way to read it.
    fn read(&mut self, position: u64, most: usize) -> Option<Later<io::Result<Bytes>>>;
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.framing())
    }
}

impl Body {
    /// No bytes.
    pub const EMPTY: Self = Self::Bytes(Bytes::new());

    /// How its end will be known.
    pub fn framing(&self) -> Framing {
        match self {
            Self::Bytes(bytes) => Framing::Length(bytes.len() as u64),
            Self::File { length, .. } | Self::Pieces(length, _) => Framing::Length(*length),
            Self::Stream(_) => Framing::UntilClose,
        }
    }
}

impl Response {
    /// A response of these parts.
    pub fn new(status: StatusCode, headers: HeaderBlock, body: Body) -> Self {
        Self { status, headers, body, resource: None, refused: None }
    }

    /// Plain text, in UTF-8.
    pub fn text(status: StatusCode, text: &str) -> Self {
        Self::memory(status, "text/plain; charset=utf-8", text.to_owned())
    }

    /// A page, in UTF-8. What others chose goes through [`crate::escape::html`] into it.
    pub fn html(status: StatusCode, page: impl Into<Bytes>) -> Self {
        Self::memory(status, "text/html; charset=utf-8", page)
    }

    /// Bytes in memory, of this media type.
    pub fn memory(status: StatusCode, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self::new(status, HeaderBlock::of(&[(field::CONTENT_TYPE, media_type)]), Body::Bytes(bytes.into()))
    }

    /// Bytes of this media type as they come, until `source` ends.
    pub fn stream(status: StatusCode, media_type: &str, source: impl Read + Send + 'static) -> Self {
        Self::new(status, HeaderBlock::of(&[(field::CONTENT_TYPE, media_type)]), Body::Stream(Box::new(source)))
    }

    /// A small page that says what went wrong, and that no cache may keep unasked.
    /// `sentence` is not escaped: what the client sent goes through [`crate::escape::html`] first.
    pub fn error(status: StatusCode, sentence: &str) -> Self {
        Self::error_in(Language::English, status, sentence)
    }

    /// The same, with a sentence in this language.
    pub fn error_in(language: Language, status: StatusCode, sentence: &str) -> Self {
        let lang = language.tag();
        let page = Self::html(
            status,
            format!(
                "<!doctype html>\n<html lang=\"{lang}\">\n<meta charset=\"utf-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width\">\n\
                 <meta name=\"color-scheme\" content=\"light dark\">\n<title>{status}</title>\n\
                 <body style=\"font-family: system-ui, sans-serif; margin: 4rem auto; max-width: 36rem; padding: 0 1rem\">\n\
                 <h1>{status}</h1>\n<p>{sentence}</p>\n"
            ),
        );
        if status.is_cacheable_by_default() { page.with(field::CACHE_CONTROL, "no-cache") } else { page }
    }

    /// Sends the client to `location`: after a form with `303`, which asks for it with GET.
    pub fn redirect(status: StatusCode, location: &str) -> Self {
        let moved = Self::new(status, HeaderBlock::of(&[(field::LOCATION, location)]), Body::EMPTY);
        if status.is_cacheable_by_default() { moved.with(field::CACHE_CONTROL, "no-cache") } else { moved }
    }

    /// `405`, with the methods that are allowed.
    pub fn method_not_allowed(allow: &str) -> Self {
        Self::method_not_allowed_in(Language::English, allow)
    }

    /// The same, with a sentence in this language.
    pub fn method_not_allowed_in(language: Language, allow: &str) -> Self {
        let sentence =
            say!(language, "This address supports only {}." / "이 주소는 다음 메서드만 지원합니다: {}.", allow);
        Self::error_in(language, StatusCode::METHOD_NOT_ALLOWED, &sentence).with(field::ALLOW, allow)
    }

    /// The same response, said to be made from this.
    #[must_use]
    pub fn made_from(mut self, resource: Arc<str>) -> Self {
        self.resource = Some(resource);
        self
    }

    /// The same response, said to refuse for this reason.
    #[must_use]
    pub fn refusing(mut self, why: Refused) -> Self {
        self.refused = Some(why);
        self
    }

    /// The same response with this header field, and no other of its name.
    #[must_use]
    pub fn with_only(mut self, name: &str, value: &str) -> Self {
        self.headers = self.headers.with_only(name, value);
        self
    }

    /// The same response with one header field more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers = self.headers.with(name, value);
        self
    }
}
