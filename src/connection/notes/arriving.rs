//! What comes beside heads: a proxy's header before them, and the bodies behind them; whether it came in order.

use super::Notes;
use crate::connection::proxied::Preface;
use crate::kernel::tcp_info::{Order, TcpInfo};
use crate::observe::probe::{Outbox, Probe};
use crate::observe::report::{Body, Exchange, ProxyHeader, Report};
use crate::record::ProxyHeaderState;
use crate::sys::tcp_option;
use std::os::fd::OwnedFd;

/// How often it is said how much of a body has come, in nanoseconds.
const BODY_REPORTS: u64 = 1_000_000_000;
/// A read of no more than this, in bytes, is mostly one segment's (RFC 9293 §3.7.1), which nothing overtakes.
const ONE_SEGMENT: usize = 536;
/// One that was lost and sent again is later by this much at least, in nanoseconds.
const SENT_AGAIN: i64 = 1_000_000;

impl Notes {
    /// A proxy has said who its client is, or that it speaks for itself, in the first `length` bytes of
    /// these, or said nothing that can be read; what is behind in the same read, if anything, begins a head.
    pub(in crate::connection) fn proxy_header(
        &mut self,
        bytes: &[u8],
        preface: Preface,
        probe: &Probe,
        outbox: &mut Outbox,
    ) {
        let (state, named, length) = match preface {
            Preface::Unfinished => (ProxyHeaderState::Begun, None, bytes.len()),
            Preface::Malformed => (ProxyHeaderState::Malformed, None, bytes.len()),
            Preface::Whole(length, named) => (ProxyHeaderState::Whole, named, length),
        };
        let Some(&first_byte) = bytes.first() else { return };
        self.awaits_proxy_header = state == ProxyHeaderState::Begun;
        if state == ProxyHeaderState::Whole && bytes.len() > length {
            self.first_read = Some(self.last_read);
            self.reads = 1;
        }
        let (connection, bytes, read) = (self.connection, length as u64, self.last_read.1);
        outbox.push(probe, &Report::ProxyHeader(ProxyHeader { connection, state, named, first_byte, bytes, read }));
    }

    /// A header of a proxy has begun, and these bytes are all there is of it yet: said once, and at the end.
    pub(in crate::connection) fn proxy_header_waits(&mut self, bytes: &[u8], probe: &Probe, outbox: &mut Outbox) {
        if !self.awaits_proxy_header {
            self.proxy_header(bytes, Preface::Unfinished, probe, outbox);
        }
    }

    /// The head announces a body of this many bytes, which is waited for, or not.
    pub(in crate::connection) fn body_follows(&mut self, length: u64, is_awaited: bool) {
        if let Some(exchange) = &mut self.exchange {
            exchange.body = Some(Body { length, is_awaited, ..Body::default() });
        }
    }

    /// More of it was read: this number of bytes.
    pub(in crate::connection) fn body_read(&mut self, count: usize) {
        let last_read = self.last_read.1;
        if let Some(body) = self.exchange.as_mut().and_then(|exchange| exchange.body.as_mut()) {
            body.read += count as u64;
            body.last_read = last_read;
        }
    }

    /// More of it is waited for: what is known of the exchange is said once in a while.
    pub(in crate::connection) fn body_waits(&mut self, probe: &Probe, outbox: &mut Outbox) {
        let now = self.clock.now();
        let is_due = self.body_reported.0 == 0 || now.0.saturating_sub(self.body_reported.0) >= BODY_REPORTS;
        if let (Some(exchange), true) = (&self.exchange, is_due) {
            let exchange = Exchange::clone(exchange);
            self.report_held(probe, outbox);
            outbox.push(probe, &Report::Exchange(exchange));
            self.body_reported = now;
        }
    }

    /// Asks the kernel whether the client's segments came in order, unless one seems to have brought all that
    /// was read, which lay in the kernel for as long as it `waited`; what is asked at the close says it of all.
    pub(super) fn ask_for_order(&mut self, waited: Option<i64>, socket: &OwnedFd) {
        let is_one = std::mem::take(&mut self.longest_read) <= ONE_SEGMENT;
        let is_late = waited.is_some_and(|waited| waited >= SENT_AGAIN);
        if self.asks_kernel && self.order == Order::Kept && (is_late || !is_one) {
            self.order = TcpInfo(&tcp_option::info(socket).unwrap_or_default()).order();
        }
    }
}
