//! What is noted of a connection's end.

use super::Notes;
use crate::connection::proxied::Preface;
use crate::http::persistence::CloseReason;
use crate::kernel::tcp_info::TcpInfo;
use crate::observe::probe::{Outbox, Probe};
use crate::observe::report::{Closed, Report};
use crate::record::{Moment, Reason};
use crate::sys::tcp_option;
use std::os::fd::OwnedFd;

impl Notes {
    /// The sending half is about to be shut down. A moment later the state of
    /// the socket no longer says who was first.
    pub(in crate::connection) fn shuts_down(&mut self, socket: &OwnedFd) {
        let info = tcp_option::info(socket).unwrap_or_default();
        self.state_before_end = info.first().copied().unwrap_or(0);
        self.queue_before_end = TcpInfo(&info).send_queue();
        self.server_end = self.clock.now();
    }

    /// It was: the FIN left meanwhile, if nothing waited before it.
    pub(in crate::connection) fn has_shut_down(&mut self) {
        self.server_shut = self.clock.now();
    }

    /// This process has the socket from one that may have it open for a moment longer.
    pub(in crate::connection) fn share(&mut self) {
        self.is_shared = true;
    }

    /// The client reset the connection.
    pub(in crate::connection) fn reset(&mut self) {
        self.is_reset = true;
        self.client_end = self.clock.now();
    }

    /// A deadline passed.
    pub(in crate::connection) fn timed_out(&mut self) {
        self.is_timeout = true;
    }

    /// The connection is about to be closed; `None`: because the server's time
    /// is over. `head` is what there is of one that was not complete.
    pub(in crate::connection) fn close(
        &mut self,
        reason: Option<CloseReason>,
        is_abrupt: bool,
        head: &[u8],
        socket: &OwnedFd,
        probe: &Probe,
        outbox: &mut Outbox,
    ) {
        self.go_on(socket, probe, outbox);
        self.report_held(probe, outbox);
        if self.first_read.is_some() && !head.is_empty() {
            self.report_begun(head, true, probe, outbox);
        }
        if self.awaits_proxy_header {
            self.proxy_header(head, Preface::Unfinished, probe, outbox);
        }
        self.closing = Some(Closed {
            connection: self.connection,
            reason: reason.map(Reason::from),
            is_abrupt,
            is_reset: self.is_reset,
            is_timeout: self.is_timeout,
            client_end: self.client_end,
            server_end: self.server_end,
            server_shut: self.server_shut,
            state_before_end: self.state_before_end,
            queue_before_end: self.queue_before_end,
            // Behind the end of input there is nothing.
            has_unread: self.client_end == Moment::default()
                && rustix::io::ioctl_fionread(socket).is_ok_and(|unread| unread > 0),
            tcp_info: tcp_option::info(socket).unwrap_or_default(),
            exchanges: self.exchanges,
            is_shared: self.is_shared,
            ..Closed::default()
        });
    }

    /// close(2), between two looks at the clock: what it sends leaves meanwhile.
    pub(in crate::connection) fn end(self, socket: OwnedFd, probe: &Probe, outbox: &mut Outbox) {
        let called = self.clock.now();
        drop(socket);
        let at = self.clock.now();
        if let Some(closing) = self.closing {
            outbox.push(probe, &Report::Closed(Closed { called, at, ..closing }));
        }
    }
}
