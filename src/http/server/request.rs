//! What arrives of a request: its head, then its body, which is taken by the
//! handler, dropped, or left unread.

use super::rejection::Rejection;
use super::{Asked, MAX_DROPPED_BODY, NOTHING_ASKED, ServerConnection, State};
use crate::http::message::{FieldStorage, Method, Request, Version};
use crate::http::parse::{self, MAX_HEAD, MAX_LINE};
use crate::http::persistence::{CloseReason, Wish};

/// Bytes of empty lines that may precede a request line (RFC 9112 §2.2).
const MAX_BLANK: u32 = 1024;

impl ServerConnection {
    /// Takes bytes of the client's: gives how many were used, and a request as
    /// soon as its head is complete. Bytes that were not used are to be given
    /// again, with more behind them if none were.
    ///
    /// If a body follows, `body_limit` says how long a one is taken. Where it is
    /// then read first (`Next::ReceiveBody`), the request is not yet to be
    /// handled: the host keeps the bytes that were used, and behind them the body
    /// if it is taken, for [`whole_request`](Self::whole_request).
    pub fn receive<'r, 'b: 'r>(
        &mut self,
        input: &'b [u8],
        storage: &'r mut FieldStorage<'b>,
        body_limit: impl FnOnce(&Request<'r>) -> u64,
    ) -> (usize, Option<Request<'r>>) {
        if !matches!(self.state, State::Idle | State::Head) {
            return (0, None);
        }
        let (used, request) = self.receive_head(input, storage);
        if let Some(request) = &request
            && request.content_length > 0
        {
            self.expect_body(request, body_limit(request));
        }
        (used, request)
    }

    fn receive_head<'r, 'b: 'r>(
        &mut self,
        input: &'b [u8],
        storage: &'r mut FieldStorage<'b>,
    ) -> (usize, Option<Request<'r>>) {
        let blank = parse::blank_lines(input);
        self.blank += blank as u32;
        if self.blank > MAX_BLANK {
            self.reject(Rejection::RequestLine);
            return (blank, None);
        }
        let bytes = &input[blank..];
        // Known before the rest: a HEAD that is refused gets no body either.
        self.asked = Asked { is_head: bytes.starts_with(b"HEAD "), ..NOTHING_ASKED };
        if matches!(bytes, b"" | b"\r") || (self.scanned > 0 && !self.is_worth_reading(bytes)) {
            return (blank, None);
        }
        self.state = State::Head;
        self.scanned = bytes.len();
        match parse::head(bytes, self.exchanges == 0, storage) {
            Ok(None) => (blank, None),
            Ok(Some((request, length))) => {
                self.asked = Asked {
                    is_head: request.method == Method::Head,
                    version: request.version,
                    wish: Wish::of(&request.headers),
                    unread: None,
                };
                self.surplus = bytes.len() > length;
                self.state = State::Respond;
                (blank + length, Some(request))
            }
            Err(rejection) => {
                self.reject(rejection);
                (blank, None)
            }
        }
    }

    /// A head is read again only when a line has ended, or a limit is reached:
    /// bytes that drip in cost their own number, not its square.
    fn is_worth_reading(&mut self, bytes: &[u8]) -> bool {
        let seen = self.scanned.min(bytes.len());
        let crossed = |limit: usize| seen <= limit && bytes.len() > limit;
        let worth = bytes[seen..].contains(&b'\n') || crossed(MAX_LINE) || crossed(MAX_HEAD - 1);
        self.scanned = bytes.len();
        worth
    }

    /// A body follows `request`: is it taken, dropped, or left unread?
    fn expect_body(&mut self, request: &Request<'_>, limit: u64) {
        let left = request.content_length;
        // An expectation of HTTP/1.0 is to be ignored (RFC 9110 §10.1.1).
        let awaits_continue = request.version == Version::Http11 && request.headers.all("expect").next().is_some();
        self.asked.unread = Some(CloseReason::RequestBodyUnread);
        match (limit > 0, awaits_continue) {
            (true, _) if left > limit => self.reject(Rejection::BodyTooLong),
            (true, true) => self.reject(Rejection::Expectation),
            (true, false) => self.state = State::Body { left, keeps: true },
            (false, false) if left <= MAX_DROPPED_BODY => self.state = State::Body { left, keeps: false },
            (false, _) => {}
        }
    }

    /// Takes further bytes of the body, of which `available` are there: gives how
    /// many were its own, and whether the host is to keep them.
    pub fn receive_body(&mut self, available: usize) -> (usize, bool) {
        let State::Body { left, keeps } = self.state else { return (0, false) };
        let used = left.min(available as u64);
        self.state = State::Body { left: left - used, keeps };
        if used == left {
            self.asked.unread = None;
            self.surplus = available as u64 > used;
            self.state = State::Respond;
        }
        (used as usize, keeps)
    }

    /// The request whose body was waited for, from the bytes that were kept of it.
    pub fn whole_request<'r, 'b: 'r>(&self, kept: &'b [u8], storage: &'r mut FieldStorage<'b>) -> Option<Request<'r>> {
        let kept = &kept[parse::blank_lines(kept)..];
        let (mut request, length) = parse::head(kept, false, storage).ok()??;
        request.body = &kept[length..];
        Some(request)
    }

    /// The body is waited for no longer: now comes the response.
    pub(super) fn leave_unread(&mut self, reason: CloseReason) {
        self.asked.unread = Some(reason);
        self.state = State::Respond;
    }
}
