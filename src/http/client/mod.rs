//! The client's half of one connection, as a state machine.
//!
//! Law of this file, as of the server's: every change of state is made here
//! (`incoming` reads bytes, `unfinished` names what is missing), and nothing here touches a socket. The host asks [`ClientConnection::next`]
//! what to do, does it, and says what came of it.
//!
//! ```text
//!            ask              head complete              body complete
//!   Idle ─────────▶ Head ────────────────────▶ Body ─────────────────────┐
//!    ▲              │  ▲ │                      │                        │
//!    │              │  └─┘ interim response       │ cut short, late, wrong │
//!    │              │                           ▼                        │
//!    │              └─── none, late, wrong ──▶ Closed                    │
//!    │                                           ▲                       │
//!    │                        server ends        │                       │
//!    │               Drain ──────────────────────┘                       │
//!    │                 ▲                                                 │
//!    │                 └──── no reuse, or more came than was asked for ──┤
//!    └────────────────────────── reuse ──────────────────────────────────┘
//! ```
//!
//! | state  | what the host does next ([`Next`]) | what moves it on |
//! | ------ | ---------------------------------- | ---------------- |
//! | Idle   | Ask     | `ask`, `finish`, `receive`, `end_of_input` |
//! | Head   | Send while the request has not left, then ShutDown if wanted, then Receive | `sent`, `writing_shut_down`, `receive`, `end_of_input`, `timed_out`, `send_timed_out` |
//! | Body   | the same | the same |
//! | Drain  | Drain   | `receive`, `end_of_input`, `timed_out` |
//! | Closed | Close   | nothing |
//!
//! `disconnected` and `give_up` lead from anywhere to Closed. A server may
//! respond before the request has left: `receive` is right at any time.

mod ending;
mod head;
mod incoming;
pub mod response_error;
mod state;
mod step;
mod unfinished;

use crate::http::message::{ReceivedHead, Version};
use crate::http::parse::fields::FieldLines;
use crate::http::parse::foreign::Foreign;
use crate::http::parse::response::{self, Lines};
pub use ending::Ending;
use ending::{Asked, decide};
use head::write_request;
use response_error::ResponseError;
use state::{Body, State};
pub use step::{MAX_DRAIN, MAX_INTERIM, Next, Received, RequestError, RequestHead};
use unfinished::HeadSoFar;

/// The client's half of one connection.
///
/// ```
/// use glasshttp::http::client::{ClientConnection, Next, Received, RequestHead};
/// use glasshttp::http::message::{HeaderBlock, Version};
/// use glasshttp::http::parse::fields::FieldLines;
/// use glasshttp::http::persistence::Wish;
///
/// let mut connection = ClientConnection::new();
/// let request = RequestHead {
///     method: "GET",
///     target: "/hello",
///     version: Version::Http10,
///     host: Some("localhost"),
///     headers: &HeaderBlock::default(),
///     wish: Wish::KeepAlive,
///     half_close: false,
///     content_length: None,
/// };
/// let mut out = Vec::new();
/// connection.ask(&request, &mut out).unwrap();
/// assert_eq!(out, b"GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
/// connection.sent(out.len());
///
/// let input = b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello";
/// let mut storage = FieldLines::new();
/// let (head, received) = connection.receive(input, &mut storage);
/// assert!(matches!(received, Some(Received::Head(response)) if response.status.code() == 200));
/// let mut storage = FieldLines::new();
/// let (used, received) = connection.receive(&input[head..], &mut storage);
/// assert!(matches!(received, Some(Received::Body(b"hello"))) && head + used == input.len());
/// assert_eq!(connection.next(), Next::Ask); // the connection was kept
/// ```
#[derive(Debug, Default)]
pub struct ClientConnection {
    state: State,
    asked: Asked,
    unsent: u64,
    shut_down: bool,
    exchanges: u32,
    interim: u32,
    lines: Lines,
    has_whole_response: bool,
    received: u64,
    surplus: u64,
    /// What came is not HTTP, and too little yet to say what it is.
    is_foreign: bool,
}

impl ClientConnection {
    /// A connection just made.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the host is to do next.
    pub fn next(&self) -> Next {
        match self.state {
            State::Idle => Next::Ask,
            State::Head | State::Body { .. } if self.unsent > 0 => Next::Send(self.unsent),
            State::Head | State::Body { .. } if self.asked.half_close && !self.shut_down => Next::ShutDown,
            State::Head | State::Body { .. } => Next::Receive,
            State::Drain { .. } => Next::Drain,
            State::Closed(ending) => Next::Close(ending),
        }
    }

    /// Whether the last request has got its whole response.
    pub fn has_whole_response(&self) -> bool {
        self.has_whole_response
    }

    /// Bytes of the current response's body that came, decoded.
    pub fn body_received(&self) -> u64 {
        self.received
    }

    /// Whether the last chunk came, and what stands behind it is still to come.
    pub fn is_in_trailers(&self) -> bool {
        matches!(self.state, State::Body { body: Body::Trailer, .. })
    }

    /// Bytes that came and belong to no response.
    pub fn surplus(&self) -> u64 {
        self.surplus
    }

    /// Exchanges that ended with their response whole.
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// Writes `request` to the end of `out`, to be sent.
    ///
    /// # Errors
    /// When it cannot be sent; nothing is written then.
    pub fn ask(&mut self, request: &RequestHead<'_>, out: &mut Vec<u8>) -> Result<(), RequestError> {
        if !matches!(self.state, State::Idle) {
            return Err(RequestError::NotNow);
        }
        request.check()?;
        let start = out.len();
        write_request(request, out);
        let RequestHead { version, wish, half_close, .. } = *request;
        self.asked = Asked { head_only: request.method == "HEAD", version, wish, half_close };
        self.unsent = (out.len() - start) as u64 + request.content_length.unwrap_or(0);
        (self.interim, self.received, self.has_whole_response) = (0, 0, false);
        self.lines = Lines::default();
        self.state = State::Head;
        Ok(())
    }

    /// `count` more bytes of the request were handed to the kernel.
    pub fn sent(&mut self, count: usize) {
        self.unsent = self.unsent.saturating_sub(count as u64);
    }

    /// The sending half was shut down.
    pub fn writing_shut_down(&mut self) {
        self.shut_down = true;
    }

    /// There is no further request: a connection that is free closes.
    pub fn finish(&mut self) {
        if matches!(self.state, State::Idle) {
            self.close(Ending::NoMoreRequests);
        }
    }

    /// The request that was to be sent on a connection that is free won't be: it closes.
    pub fn refrain(&mut self) {
        if matches!(self.state, State::Idle) {
            self.close(Ending::NotSent);
        }
    }

    /// Takes bytes of the server's: gives how many were used, and what they
    /// were. Bytes that were not used are to be given again; with more behind
    /// them, if none were used and nothing was found. At most [`response::MAX_HEAD`]
    /// bytes are ever left to be given again.
    pub fn receive<'r, 'b: 'r>(
        &mut self,
        input: &'b [u8],
        storage: &'r mut FieldLines<'b>,
    ) -> (usize, Option<Received<'r>>) {
        if input.is_empty() {
            return (0, None);
        }
        let result = match self.state {
            State::Head => self.receive_head(input, storage),
            State::Body { body: Body::Trailer, then } => self.receive_trailers(input, then, storage),
            State::Body { body, then } => self.receive_body(input, body, then),
            State::Idle | State::Drain { .. } => Ok((self.drop_surplus(input.len()), None)),
            State::Closed(_) => Ok((0, None)),
        };
        result.unwrap_or_else(|error| {
            self.close(Ending::Failed(error));
            (0, None)
        })
    }

    fn receive_head<'r, 'b: 'r>(
        &mut self,
        input: &'b [u8],
        storage: &'r mut FieldLines<'b>,
    ) -> Result<(usize, Option<Received<'r>>), ResponseError> {
        if self.asked.version == Version::Http09 && self.interim == 0 {
            match response::has_status_line(input) {
                Some(true) => {}
                Some(false) => {
                    let body = Body::UntilClose { ended: false };
                    self.state = State::Body { body, then: Some(Ending::SimpleRequest) };
                    return Ok((0, Some(Received::Bare)));
                }
                None => {
                    self.lines.seen = input.len();
                    return Ok((0, None));
                }
            }
        } else if !response::may_be_status_line(input) {
            self.lines.seen = input.len();
            self.is_foreign = true;
            return Foreign::recognised(input).map_or(Ok((0, None)), |foreign| Err(ResponseError::NotHttp(foreign)));
        }
        let head = incoming::head(&mut self.lines, input, self.asked.head_only, storage)?;
        let Some((end, response)) = head else { return Ok((0, None)) };
        self.lines = Lines::default();
        match response.status.code() {
            101 => Err(ResponseError::SwitchedProtocols),
            100..=199 if self.interim == MAX_INTERIM => Err(ResponseError::TooManyInterim),
            100..=199 => {
                self.interim += 1;
                Ok((end, Some(Received::Interim(response))))
            }
            _ => {
                self.begin_body(&response, input.len() > end);
                Ok((end, Some(Received::Head(response))))
            }
        }
    }

    fn begin_body(&mut self, response: &ReceivedHead<'_>, more: bool) {
        let then = decide(&self.asked, response);
        match incoming::begin_body(response.framing) {
            Ok(Some(body)) => self.state = State::Body { body, then },
            Ok(None) => self.complete(then, more),
            Err(error) => self.fail(error),
        }
    }

    fn receive_body<'r>(
        &mut self,
        input: &'r [u8],
        mut body: Body,
        then: Option<Ending>,
    ) -> Result<(usize, Option<Received<'r>>), ResponseError> {
        if matches!(body, Body::BareRest) {
            self.state = State::Body { body: Body::UntilClose { ended: true }, then };
            return Ok((0, Some(Received::Bare)));
        }
        let (used, is_data) = incoming::body(&mut body, input)?;
        self.state = State::Body { body, then };
        if is_data {
            self.received += used as u64;
        }
        match body {
            Body::Length { left: 0, .. } => self.complete(then, input.len() > used),
            Body::UntilClose { ended: true } => self.complete(Some(then.unwrap_or(Ending::UntilClose)), false),
            _ => {}
        }
        Ok((used, is_data.then_some(Received::Body(&input[..used]))))
    }

    fn receive_trailers<'r, 'b: 'r>(
        &mut self,
        input: &'b [u8],
        then: Option<Ending>,
        storage: &'r mut FieldLines<'b>,
    ) -> Result<(usize, Option<Received<'r>>), ResponseError> {
        let Some((end, trailers)) = incoming::trailers(&mut self.lines, input, storage)? else { return Ok((0, None)) };
        self.complete(then, input.len() > end);
        Ok((end, trailers))
    }

    /// The response is whole; `more`: something came behind it.
    fn complete(&mut self, then: Option<Ending>, more: bool) {
        self.has_whole_response = true;
        self.exchanges = self.exchanges.saturating_add(1);
        match then {
            _ if more => self.drain(then.unwrap_or(Ending::Unasked)),
            Some(ending) => self.drain(ending),
            None if self.unsent > 0 => self.drain(Ending::RespondedEarly),
            None => self.state = State::Idle,
        }
    }

    fn drop_surplus(&mut self, count: usize) -> usize {
        if matches!(self.state, State::Idle) {
            self.drain(Ending::Unasked);
        }
        self.surplus += count as u64;
        if let State::Drain { left, ending } = &mut self.state {
            *left = left.saturating_sub(count as u64);
            if *left == 0 {
                self.state = State::Closed(*ending);
            }
        }
        count
    }

    /// The server closed its sending side.
    pub fn end_of_input(&mut self) {
        let received = self.received;
        match self.state {
            State::Idle => self.close(Ending::ServerClosed),
            State::Head if self.asked.version == Version::Http09 && self.interim == 0 => self.end_bare(),
            State::Head => self.fail(self.head_so_far().cut_short()),
            State::Body { body, then } => match unfinished::cut_short(&body, received) {
                Some(error) => self.fail(error),
                None => {
                    self.complete(Some(then.unwrap_or(Ending::UntilClose)), false);
                    self.end_of_input();
                }
            },
            State::Drain { ending, .. } => self.close(ending),
            State::Closed(_) => {}
        }
    }

    /// HTTP/0.9 ended before it was clear whether a head comes.
    fn end_bare(&mut self) {
        let ending = Ending::SimpleRequest;
        if self.lines.start > 0 {
            self.fail(ResponseError::HeadCutShort);
        } else if self.lines.seen > 0 {
            // The caller still holds the beginning of a line: it is the body.
            self.state = State::Body { body: Body::BareRest, then: Some(ending) };
        } else {
            self.complete(Some(ending), false);
            self.close(ending);
        }
    }

    /// The deadline passed.
    pub fn timed_out(&mut self) {
        let received = self.received;
        match self.state {
            State::Idle => self.close(Ending::NoMoreRequests),
            State::Head if self.unsent > 0 => self.fail(ResponseError::SendTimedOut),
            State::Head => self.fail(self.head_so_far().timed_out()),
            State::Body { body: Body::Trailer, .. } => self.fail(ResponseError::TrailerTimedOut { received }),
            State::Body { .. } => self.fail(ResponseError::BodyTimedOut { received }),
            State::Drain { ending, .. } => self.close(ending),
            State::Closed(_) => {}
        }
    }

    /// The deadline passed, and the server's TCP lacks some of the request.
    pub fn send_timed_out(&mut self) {
        match self.state {
            State::Head => self.fail(ResponseError::SendTimedOut),
            _ => self.timed_out(),
        }
    }

    /// The connection was reset, or its socket failed.
    pub fn disconnected(&mut self) {
        let received = self.received;
        match self.state {
            State::Idle => self.close(Ending::Reset),
            State::Head => self.fail(self.head_so_far().reset()),
            State::Body { .. } => self.fail(ResponseError::ResetInBody { received }),
            // After the response the server owes nothing: that it left is no news.
            State::Drain { ending, .. } => self.close(ending),
            State::Closed(_) => {}
        }
    }

    fn head_so_far(&self) -> HeadSoFar {
        HeadSoFar {
            is_foreign: self.is_foreign,
            has_begun: self.lines.seen > 0,
            had_interim: self.interim > 0,
            is_on_kept: self.exchanges > 0,
        }
    }

    /// The caller wants no more of the response.
    pub fn give_up(&mut self) {
        if !matches!(self.state, State::Closed(_)) {
            self.close(Ending::GivenUp);
        }
    }

    fn drain(&mut self, ending: Ending) {
        self.state = State::Drain { left: MAX_DRAIN, ending };
    }

    fn fail(&mut self, error: ResponseError) {
        self.close(Ending::Failed(error));
    }

    fn close(&mut self, ending: Ending) {
        self.state = State::Closed(ending);
    }
}

#[cfg(test)]
mod tests;
