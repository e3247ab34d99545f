//! The server's half of one connection, as a state machine.
//!
//! Law of this file: every change of state is made here, and nothing here
//! touches a socket. The host asks [`ServerConnection::next`] what to do, does
//! it, and says what came of it.
//!
//! ```text
//!            bytes           head complete, no body    response
//!   Idle ───────────▶ Head ───────────────────▶ Respond ──────▶ Send
//!    ▲                 │ │                        ▲  │ late     ▲ │
//!    │                 │ │                        │  └▶ Overdue ┤ │
//!    │                 │ │ a body follows         │ all of it,  │ │
//!    │                 │ └──────────▶ Body ───────┘ or no more  │ │
//!    │                 │               │                        │ │
//!    │                 │ refused, late, cut off     response    │ │
//!    │                 └───────────────┴──────▶ Reject ─────────┘ │
//!    │                                                            │ all sent
//!    └───────────────────────── reuse ────────────────────────────┤
//!                                                                 │
//!   Closed ◀─── Drain ◀── ShutDown ◀── close, more may arrive ────┤
//!      ▲                                                          │
//!      └─────────────────────── close ────────────────────────────┘
//! ```
//!
//! A connection is kept only when the request was read to the end of its body
//! *before* the response promises it: a proxy that has its response takes the
//! connection for free, and what it sends next must not fall into a body that
//! never came. Where a proxy speaks first (PROXY protocol), Proxy comes before Idle.
//! One state reads every body, whether the handler takes it or it is
//! dropped. What is not read (too long, `Expect`, late) ends the connection.
//!
//! | state    | what the host does next ([`Next`]) | what moves it on |
//! | -------- | ---------------------------------- | ---------------- |
//! | Proxy    | ReceiveProxyHeader | `proxy_header`, `end_of_input`, `timed_out`, `shut_down` |
//! | Idle     | Receive | `receive`, `end_of_input`, `timed_out`, `shut_down` |
//! | Head     | Receive | `receive`, `end_of_input`, `timed_out` |
//! | Body     | ReceiveBody | `receive_body`, `end_of_input`, `timed_out` |
//! | Respond  | Respond | `respond`, `timed_out` |
//! | Overdue  | RespondOverdue | `respond` |
//! | Reject   | Reject  | `respond` |
//! | Send     | SendHead, SendBody | `sent`, `body_ended`, `body_failed`, `timed_out` |
//! | ShutDown | ShutDown | `writing_shut_down` |
//! | Drain    | Drain | `drained`, `end_of_input`, `timed_out` |
//! | Closed   | Close | nothing |
//!
//! `disconnected` leads from anywhere to Closed.

mod asked;
mod head;
pub mod rejection;
mod request;
mod step;

use crate::http::message::{Framing, ResponseHead, Version};
use crate::http::persistence::{CloseReason, Disposition, Terms, decide};
use asked::{Asked, NOTHING_ASKED};
use head::write_head;
use rejection::Rejection;
pub use step::{Next, Timer};

/// The longest request body, in bytes, that is read and dropped before the
/// response, so that its connection can be kept. A longer one is not waited for.
pub const MAX_DROPPED_BODY: u64 = 64 * 1024;
/// How much of a body that the handler takes must arrive in a head's time, in bytes.
pub const BODY_PIECE: usize = 64 * 1024;

/// How many bytes are read and dropped after the last response, so that a client
/// that still sends gets the response and no reset (RFC 9112 §9.6).
pub const MAX_DRAIN: u64 = 32 * 1024 * 1024;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Proxy,
    Idle,
    Head,
    /// `left` bytes are still to come; `keeps`: the handler takes them.
    Body {
        left: u64,
        keeps: bool,
    },
    Respond,
    Overdue,
    Reject(Rejection),
    Send {
        head: usize,
        body: Option<u64>,
        then: Disposition,
    },
    ShutDown(CloseReason),
    Drain {
        left: u64,
        reason: CloseReason,
    },
    Closed {
        reason: CloseReason,
        abort: bool,
    },
}

/// The server's half of one connection.
///
/// ```
/// use glasshttp::http::message::{FieldStorage, Framing, HeaderBlock, ResponseHead, StatusCode};
/// use glasshttp::http::server::{Next, ServerConnection};
///
/// let mut connection = ServerConnection::new(true);
/// let mut storage = FieldStorage::new();
/// let takes_no_body = |_: &_| 0;
/// let (used, request) = connection.receive(b"GET /hello HTTP/1.0\r\n\r\n", &mut storage, takes_no_body);
/// assert_eq!((used, request.unwrap().target.path), (23, "/hello"));
///
/// let headers = HeaderBlock::of(&[("Content-Type", "text/plain")]);
/// let response = ResponseHead::new(StatusCode::OK, headers, Framing::Length(5));
/// let mut head = Vec::new();
/// connection.respond(&response, "Sun, 06 Nov 1994 08:49:37 GMT", &mut head);
/// assert!(head.ends_with(b"Content-Length: 5\r\nConnection: close\r\n\r\n"));
///
/// connection.sent(head.len());
/// assert_eq!(connection.next(), Next::SendBody(Some(5)));
/// connection.sent(5);
/// assert!(matches!(connection.next(), Next::Close { abort: false, .. }));
/// ```
#[derive(Debug)]
pub struct ServerConnection {
    state: State,
    asked: Asked,
    /// Why the server wants its next response to be the last.
    last: Option<CloseReason>,
    /// Whether what was promised to be kept closes, too.
    ends: bool,
    exchanges: u32,
    /// Bytes of an incomplete head that hold nothing new.
    scanned: usize,
    blank: u32,
    /// More had arrived behind the request that is being served, or may have.
    surplus: bool,
    source_waits: bool, // the body's source is waited for, not the client
    input_ended: bool,
    awaits_client_end: bool,
}

impl ServerConnection {
    /// A connection just accepted, on which reuse is offered or not.
    pub fn new(keep_alive: bool) -> Self {
        Self {
            state: State::Idle,
            asked: NOTHING_ASKED,
            last: (!keep_alive).then_some(CloseReason::KeepAliveOff),
            ends: false,
            exchanges: 0,
            scanned: 0,
            blank: 0,
            surplus: false,
            source_waits: false,
            input_ended: false,
            awaits_client_end: false,
        }
    }

    /// Lets each close wait for the client's end, for a short while: so that it
    /// is seen. On the wire it is the same, our FIN leaves at the same time.
    pub fn await_client_end(&mut self) {
        self.awaits_client_end = true;
    }

    /// Lets the connection begin with what a proxy says of its client, and with nothing else.
    pub fn await_proxy_header(&mut self) {
        self.state = State::Proxy;
    }

    /// That has come; or something else has, which is none.
    pub fn proxy_header(&mut self, is_one: bool) {
        match self.state {
            State::Proxy if is_one => self.state = State::Idle,
            State::Proxy => self.close(CloseReason::NoProxyHeader),
            _ => {}
        }
    }

    /// What the host is to do next.
    pub fn next(&self) -> Next {
        match self.state {
            State::Proxy => Next::ReceiveProxyHeader,
            State::Idle | State::Head => Next::Receive,
            State::Body { .. } => Next::ReceiveBody,
            State::Respond => Next::Respond,
            State::Overdue => Next::RespondOverdue,
            State::Reject(rejection) => Next::Reject(rejection),
            State::Send { head: 0, body, .. } => Next::SendBody(body),
            State::Send { body, .. } => Next::SendHead { body_follows: body != Some(0) },
            State::ShutDown(_) => Next::ShutDown,
            State::Drain { .. } => Next::Drain,
            State::Closed { reason, abort } => Next::Close { reason, abort },
        }
    }

    /// Which deadline runs now.
    pub fn timer(&self) -> Timer {
        match self.state {
            State::Idle if self.exchanges > 0 => Timer::Idle,
            State::Proxy | State::Idle | State::Head | State::Reject(_) | State::Body { keeps: false, .. } => {
                Timer::Head
            }
            State::Body { keeps: true, .. } => Timer::Body,
            State::Respond | State::Overdue => Timer::Respond,
            State::Send { .. } if self.source_waits => Timer::Source,
            State::Send { .. } => Timer::Send,
            State::Drain { reason, .. } if !self.may_still_send(reason) => Timer::ClientEnd,
            State::ShutDown(_) | State::Drain { .. } | State::Closed { .. } => Timer::Drain,
        }
    }

    /// Whether the connection ends when the response that is being sent is out.
    pub fn closes_after_response(&self) -> bool {
        matches!(self.state, State::Send { then: Disposition::Close(_), .. })
    }

    /// Exchanges that ended with the connection kept.
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// Whether a request has begun, and its head has not come to its end.
    pub fn is_in_head(&self) -> bool {
        self.state == State::Head
    }

    fn reject(&mut self, rejection: Rejection) {
        self.state = State::Reject(rejection);
    }

    /// The client ended its sending side: what it asked for whole still gets its
    /// response. A body that nobody takes is not missed, but for the next request.
    pub fn end_of_input(&mut self) {
        self.input_ended = true;
        match self.state {
            State::Proxy => self.close(CloseReason::NoProxyHeader),
            State::Idle if self.exchanges == 0 => self.close(CloseReason::NoRequest),
            State::Idle => self.close(CloseReason::ClientClosed),
            State::Head => self.reject(Rejection::Incomplete),
            State::Body { keeps: true, .. } => self.reject(Rejection::BodyIncomplete),
            State::Body { keeps: false, .. } => self.leave_unread(CloseReason::IncompleteBody),
            State::Drain { reason, .. } => self.close(reason),
            _ => {}
        }
    }

    /// Makes the next response to be chosen the last one on this connection.
    pub fn respond_last(&mut self, reason: CloseReason) {
        self.last = Some(reason);
    }

    /// The server ends: an idle connection closes now, another after its response.
    pub fn shut_down(&mut self) {
        self.respond_last(CloseReason::ShuttingDown);
        self.ends = true;
        if matches!(self.state, State::Idle | State::Proxy) {
            self.close(CloseReason::ShuttingDown);
        }
    }

    /// Writes the head of the response, dated `date`, to the end of `out`, and
    /// decides what comes after the response.
    pub fn respond(&mut self, response: &ResponseHead, date: &str, out: &mut Vec<u8>) {
        let then = match self.state {
            State::Reject(rejection) => Disposition::Close(CloseReason::Rejected(rejection)),
            _ => self.decide(response.framing),
        };
        let start = out.len();
        if self.asked.version != Version::Http09 {
            write_head(response, date, then, out);
        }
        let body = match response.framing {
            _ if response.status.is_bodiless() || self.asked.is_head => Some(0),
            Framing::Length(length) => Some(length),
            Framing::UntilClose => None,
        };
        self.state = State::Send { head: out.len() - start, body, then };
        self.finish_if_all_sent();
    }

    /// How much body is still to be sent, where that is known.
    pub fn body_to_send(&self) -> Option<u64> {
        if let State::Send { body, .. } = self.state { body } else { Some(0) }
    }

    fn decide(&self, response: Framing) -> Disposition {
        let asked = &self.asked;
        decide(&Terms { version: asked.version, wish: asked.wish, unread: asked.unread, response, server: self.last })
    }

    /// `count` more bytes of the response were handed to the kernel.
    pub fn sent(&mut self, count: usize) {
        if let State::Send { head, body, .. } = &mut self.state {
            let of_head = count.min(*head);
            *head -= of_head;
            let of_body = (count - of_head) as u64;
            *body = body.map(|left| left.saturating_sub(of_body));
        }
        self.finish_if_all_sent();
    }

    /// The socket took no more for a while: the client may have sent since, too.
    pub fn sending_waits(&mut self) {
        self.surplus = true;
    }

    /// Whether the body's source is waited for, and not the client.
    pub fn source_waits(&mut self, waits: bool) {
        self.source_waits = waits;
    }

    /// The body's source has no more: the end of a body of unknown length; of
    /// another, a promise that can't be kept (its file shrank).
    pub fn body_ended(&mut self) {
        if let State::Send { body, .. } = &mut self.state {
            match body {
                None => *body = Some(0),
                Some(_) => return self.close(CloseReason::BodyTruncated),
            }
        }
        self.finish_if_all_sent();
    }

    /// The body's source failed: what was sent must not pass for whole.
    pub fn body_failed(&mut self) {
        self.abort(CloseReason::BodyFailed);
    }

    fn finish_if_all_sent(&mut self) {
        let State::Send { head: 0, body: Some(0), then } = self.state else {
            return;
        };
        match then {
            // Reuse was promised, and the order to stop came meanwhile.
            Disposition::Reuse if self.ends => self.state = State::ShutDown(CloseReason::ShuttingDown),
            Disposition::Reuse => {
                self.exchanges = self.exchanges.saturating_add(1);
                (self.scanned, self.blank) = (0, 0);
                self.state = State::Idle;
            }
            Disposition::Close(reason)
                if self.may_still_send(reason) || (self.awaits_client_end && !self.input_ended) =>
            {
                self.state = State::ShutDown(reason);
            }
            Disposition::Close(reason) => self.close(reason),
        }
    }

    /// Whether bytes of the client's may be unread or on their way. Closing
    /// then would reset the connection and could destroy the response.
    fn may_still_send(&self, reason: CloseReason) -> bool {
        let agreed = matches!(reason, CloseReason::SimpleRequest | CloseReason::Http10 | CloseReason::ClientAskedClose);
        !self.input_ended && (!agreed || self.surplus || self.asked.unread.is_some())
    }

    /// The sending half was shut down.
    pub fn writing_shut_down(&mut self) {
        if let State::ShutDown(reason) = self.state {
            self.state = State::Drain { left: MAX_DRAIN, reason };
        }
    }

    /// `count` bytes were read and dropped.
    pub fn drained(&mut self, count: usize) {
        if let State::Drain { left, reason } = &mut self.state {
            *left = left.saturating_sub(count as u64);
            let (left, reason) = (*left, *reason);
            if left == 0 {
                self.close(reason);
            }
        }
    }

    /// The running deadline passed.
    pub fn timed_out(&mut self) {
        match self.state {
            State::Proxy => self.close(CloseReason::NoProxyHeader),
            State::Idle if self.exchanges == 0 => self.close(CloseReason::SilentTimeout),
            State::Idle => self.close(CloseReason::IdleTimeout),
            State::Head => self.reject(Rejection::TimedOut),
            State::Body { keeps: true, .. } => self.reject(Rejection::BodyTimedOut),
            State::Body { keeps: false, .. } => self.leave_unread(CloseReason::BodyTimeout),
            State::Send { .. } if self.source_waits => self.abort(CloseReason::SourceTimeout),
            State::Send { .. } => self.abort(CloseReason::SendTimeout),
            State::ShutDown(reason) | State::Drain { reason, .. } => self.close(reason),
            State::Respond => self.state = State::Overdue,
            State::Overdue | State::Reject(_) | State::Closed { .. } => {}
        }
    }

    /// Makes room for others: refuses a request that is not whole; what was sent of a response must not pass for whole.
    pub fn give_way(&mut self, why: CloseReason) {
        match self.state {
            State::Idle | State::Head | State::Body { .. } => self.reject(Rejection::NoRoom),
            State::ShutDown(reason) | State::Drain { reason, .. } => self.close(reason),
            State::Proxy => self.close(why),
            _ => self.abort(why),
        }
    }

    /// The connection is gone: reset by the client, or the socket failed.
    pub fn disconnected(&mut self, reason: CloseReason) {
        self.close(match self.state {
            // After the last response the client owes nothing: that it left is no news.
            State::Drain { reason, .. } | State::ShutDown(reason) => reason,
            _ => reason,
        });
    }

    fn close(&mut self, reason: CloseReason) {
        self.state = State::Closed { reason, abort: false };
    }

    fn abort(&mut self, reason: CloseReason) {
        self.state = State::Closed { reason, abort: true };
    }
}

#[cfg(test)]
mod tests;
