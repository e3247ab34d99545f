//! What is noted of a connection that is recorded: each fact beside the call that
//! it describes, a moment after it. Only facts; what they mean is for
//! [`crate::observe`] to say.
//!
//! A response is over before it is acknowledged. Its exchange is held back for the
//! acknowledgement, unless something else has to be known first:
//!
//! ```text
//!   end_exchange() ─▶ awaited: its last byte, its exchange ─▶ the kernel says: acknowledged up to here
//!                        │                                      ├─ still held: Exchange, with that time
//!                        │                                      └─ reported before: Acknowledged alone
//!                        ├─ the connection waits ─▶ reported as one that awaits it: the collector holds it
//!                        ├─ MOST_HELD behind it, or the next response waits ─▶ reported without it
//!                        └─ MOST_AWAITED ─▶ forgotten: never acknowledged, as far as is known
//! ```
//!
//! The kernel counts bytes modulo 2³², from when it was first asked: who is before whom is
//! the sign of a difference.

mod arriving;
mod ending;
mod responding;

use crate::kernel::clock::Clock;
use crate::kernel::tcp_info::{Order, SendQueue, accept_queue};
use crate::kernel::timestamps;
use crate::observe::probe::{Outbox, Probe};
use crate::observe::report::{Between, Closed, Exchange, Opened, Report};
use crate::record::Moment;
use crate::record::connection::HeadState;
use crate::record::{Moments, Named, NotNamed};
use crate::sys::tcp_option;
use rustix::io::Errno;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};

/// How much of a head is recorded, in bytes: two of them fit one report.
const MOST_OF_A_HEAD: usize = 1600;
/// Exchanges that are held back until their responses are acknowledged, and those
/// of which the acknowledgement is awaited at all.
const MOST_HELD: usize = 8;
const MOST_AWAITED: usize = 1024;

/// What a read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A head of which nothing was left from an earlier read.
    Head,
    /// A head of which there is some.
    RestOfHead,
    /// A body, or what is drained.
    NoHead,
}

/// The notes of one connection.
pub(super) struct Notes {
    connection: u64,
    clock: Clock,
    /// Reported as soon as there is somewhere to put it.
    opened: Option<Opened>,
    /// Whether the client is on this machine.
    is_local: bool,
    /// Whether the kernel is asked for arrivals and acknowledgements.
    asks_kernel: bool,
    /// Whether it has TCP, which alone can be asked; a unix socket lets itself be asked nevertheless.
    is_tcp: bool,
    /// Bytes sent since the kernel was asked, as it counts them, and acknowledged.
    sent: u32,
    acknowledged: u32,
    /// The last read: when the kernel had it, when the server had it.
    last_read: (Moment, Moment),
    /// The first read for the exchange to come, and how many there were.
    first_read: Option<(Moment, Moment)>,
    reads: u32,
    /// The longest read since the kernel was asked whether segments came in order, and what it said.
    longest_read: usize,
    order: Order,
    exchanges: u64,
    /// The exchange under way, if it is recorded.
    exchange: Option<Box<Exchange<'static>>>,
    is_reported: bool,
    /// Its status when it was last reported as one that waits for the handler.
    waited: Option<u16>,
    /// Whether it was said that the next head has begun.
    has_begun: bool,
    /// Whether it was said that a proxy's header has begun, and that is all.
    awaits_proxy_header: bool,
    /// Bytes of its response that the kernel took.
    taken: u64,
    /// Responses whose acknowledgement is to come, and their exchanges, if they are held back for it.
    awaited: VecDeque<Unacknowledged>,
    /// When it was last said that a body is waited for; 0, of this exchange not yet.
    body_reported: Moment,
    client_end: Moment,
    /// Right before shutdown(2), and right after it.
    server_end: Moment,
    server_shut: Moment,
    /// Of TCP, right before our half was ended; 0 until then.
    state_before_end: u8,
    queue_before_end: Option<SendQueue>,
    is_reset: bool,
    is_timeout: bool,
    /// Whether the process that accepted it may have the socket, too.
    is_shared: bool,
    /// What is known of the end, but for when the socket was closed.
    closing: Option<Closed>,
}

/// A response that is not acknowledged.
struct Unacknowledged {
    /// Its last byte, as the kernel counts.
    byte: u32,
    number: u64,
    exchange: Option<Box<Exchange<'static>>>,
}

impl Notes {
    /// Notes of the connection of this number, just accepted from `listener`, if it is to be recorded.
    pub(super) fn begin(
        connection: u64,
        probe: &Probe,
        socket: &OwnedFd,
        client: Option<SocketAddr>,
        listener: BorrowedFd<'_>,
    ) -> Option<Box<Self>> {
        probe.admit_connection().then_some(())?;
        let clock = Clock::begin();
        let between = Between::of(client, socket)?;
        let is_tcp = client.is_some();
        let asks_kernel = is_tcp && timestamps::set(socket, true).is_ok();
        let opened = Opened {
            connection,
            between,
            accepted: clock.began(),
            syn: tcp_option::saved_syn(socket).unwrap_or_default(),
            tcp_info: tcp_option::info(socket).unwrap_or_default(),
            queue: tcp_option::info(&listener).ok().as_deref().and_then(accept_queue),
        };
        Some(Box::new(Self {
            connection,
            clock,
            opened: Some(opened),
            is_local: client.is_none_or(|client| client.ip().to_canonical().is_loopback()),
            asks_kernel,
            is_tcp,
            sent: 0,
            acknowledged: 0,
            last_read: Default::default(),
            first_read: None,
            reads: 0,
            longest_read: 0,
            order: Order::Kept,
            exchanges: 0,
            exchange: None,
            is_reported: false,
            waited: None,
            has_begun: false,
            awaits_proxy_header: false,
            taken: 0,
            awaited: VecDeque::new(),
            body_reported: Moment::default(),
            client_end: Moment::default(),
            server_end: Moment::default(),
            server_shut: Moment::default(),
            state_before_end: 0,
            queue_before_end: None,
            is_reset: false,
            is_timeout: false,
            is_shared: false,
            closing: None,
        }))
    }

    /// This very moment, by the connection's clock.
    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The connection's number.
    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// The connection goes on: reports its accept, and what was acknowledged meanwhile.
    pub(super) fn go_on(&mut self, socket: &OwnedFd, probe: &Probe, outbox: &mut Outbox) {
        if let Some(opened) = self.opened.take() {
            outbox.push(probe, &Report::Opened(opened));
        }
        self.take_acknowledgements(socket, probe, outbox);
    }

    fn take_acknowledgements(&mut self, socket: &OwnedFd, probe: &Probe, outbox: &mut Outbox) {
        // It says nothing of what was not sent, or is acknowledged.
        while self.asks_kernel
            && self.acknowledged != self.sent
            && let Some((byte, at)) = timestamps::take_acknowledgement(socket)
        {
            let at = self.clock.of_kernel(at);
            self.acknowledged = byte.wrapping_add(1);
            // Bytes are counted modulo 2^32.
            let is_before = |first: &Unacknowledged| byte.wrapping_sub(first.byte).cast_signed() >= 0;
            while self.awaited.front().is_some_and(is_before) {
                let Some(first) = self.awaited.pop_front() else { return };
                let report = match first.exchange {
                    None => Report::Acknowledged { connection: self.connection, number: first.number, at },
                    Some(mut exchange) => {
                        exchange.stages.acknowledged = at;
                        Report::Exchange(*exchange)
                    }
                };
                outbox.push(probe, &report);
            }
        }
    }

    /// recv(2), noted.
    pub(super) fn recv(&mut self, of: Reading, socket: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
        let result = timestamps::recv(socket, buffer, self.asks_kernel);
        match result {
            Ok((0, _)) => self.client_end = self.clock.now(),
            Ok((count, arrived)) => {
                self.longest_read = self.longest_read.max(count);
                let this_read = self.clock.of_kernel_and_now(arrived);
                match of {
                    Reading::Head => self.first_read.get_or_insert(this_read),
                    // It began behind something else.
                    Reading::RestOfHead => self.first_read.get_or_insert(self.last_read),
                    Reading::NoHead => &mut self.last_read,
                };
                self.reads += u32::from(of != Reading::NoHead);
                self.last_read = this_read;
            }
            Err(_) => {}
        }
        result.map(|(count, _)| count)
    }

    /// A head has begun, and `head` is all there is of it yet: said once.
    pub(super) fn head_waits(&mut self, head: &[u8], probe: &Probe, outbox: &mut Outbox) {
        if !head.is_empty() && !std::mem::replace(&mut self.has_begun, true) {
            self.report_begun(head, false, probe, outbox);
        }
    }

    /// Exchanges are reported in their order: those that are held back come before what is said of the next.
    fn report_held(&mut self, probe: &Probe, outbox: &mut Outbox) {
        for exchange in self.awaited.iter_mut().filter_map(|awaited| awaited.exchange.take()) {
            outbox.push(probe, &Report::Exchange(*exchange));
        }
    }

    /// The connection waits, perhaps for long: those that are held back are reported without what is to come.
    pub(super) fn acknowledgements_wait(&mut self, probe: &Probe, outbox: &mut Outbox) {
        // Those that were reported are all before the others.
        let reported = self.awaited.iter().rposition(|awaited| awaited.exchange.is_none()).map_or(0, |last| last + 1);
        for exchange in self.awaited.range_mut(reported..).filter_map(|awaited| awaited.exchange.take()) {
            outbox.push(probe, &Report::Exchange(Exchange { is_held: true, ..*exchange }));
        }
    }

    fn report_begun(&mut self, head: &[u8], is_over: bool, probe: &Probe, outbox: &mut Outbox) {
        // It may have come with the request before.
        let (arrived, first_read) = self.first_read.unwrap_or(self.last_read);
        let exchange = Exchange {
            stages: Moments { arrived, first_read, ..Moments::default() },
            is_over,
            ..self.recorded_exchange(self.exchanges + 1, head, self.reads)
        };
        self.report_held(probe, outbox);
        outbox.push(probe, &Report::Exchange(exchange));
    }

    fn recorded_exchange(&self, number: u64, head: &[u8], reads: u32) -> Exchange<'static> {
        Exchange {
            connection: self.connection,
            number,
            request: Cow::Owned(head[..head.len().min(MOST_OF_A_HEAD)].to_vec()),
            request_is_cut: head.len() > MOST_OF_A_HEAD,
            request_head: head.len() as u64,
            reads,
            asked_kernel: self.asks_kernel,
            order: self.order,
            ..Exchange::default()
        }
    }

    /// A request's head was complete, or refused: `head` is what there is of it.
    pub(super) fn begin_exchange(
        &mut self,
        head: &[u8],
        state: HeadState,
        forwarded: Option<Result<Named, NotNamed>>,
        socket: &OwnedFd,
        probe: &Probe,
    ) {
        self.exchanges += 1;
        (self.has_begun, self.is_reported, self.taken) = (false, false, 0);
        (self.body_reported, self.waited) = (Moment::default(), None);
        let is_recorded = probe.admit_exchange();
        self.ask_kernel(is_recorded, socket);
        // A request that came with the one before was read when that one was.
        let (arrived, first_read) = self.first_read.take().unwrap_or(self.last_read);
        let reads = std::mem::take(&mut self.reads);
        if !is_recorded {
            return;
        }
        self.ask_for_order(first_read.after(arrived), socket);
        let mut exchange = self.recorded_exchange(self.exchanges, head, reads);
        exchange.stages.arrived = arrived;
        exchange.stages.first_read = first_read;
        exchange.head = state;
        exchange.forwarded = forwarded;
        if matches!(state, HeadState::Complete | HeadState::Simple) {
            exchange.stages.head_complete = self.clock.now();
        }
        self.exchange = Some(Box::new(exchange));
    }

    /// Asks the kernel for its moments, or no more: for exchanges that are not
    /// recorded they would be work for nothing.
    fn ask_kernel(&mut self, asks: bool, socket: &OwnedFd) {
        // What it has still to say would keep the socket from falling silent (POLLERR).
        let is_settled = !self.asks_kernel || self.acknowledged == self.sent;
        if self.is_tcp && asks != self.asks_kernel && is_settled && timestamps::set(socket, asks).is_ok() {
            (self.asks_kernel, self.sent, self.acknowledged) = (asks, 0, 0);
        }
    }
}

#[cfg(test)]
mod tests;
