//! What is noted of a response: chosen, written, taken by the kernel, and held back until it is acknowledged.

use super::{MOST_AWAITED, MOST_HELD, MOST_OF_A_HEAD, Notes, Unacknowledged};
use crate::kernel::tcp_info::Order;
use crate::observe::loads::Loads;
use crate::observe::probe::{Outbox, Probe};
use crate::observe::report::{Exchange, Report};
use crate::record::{Moment, Reason};
use std::borrow::Cow;
use std::os::fd::OwnedFd;
use std::sync::Arc;

impl Notes {
    /// The response was chosen.
    pub(in crate::connection) fn response_chosen(&mut self, status: u16, resource: Option<&Arc<str>>) {
        if let Some(exchange) = &mut self.exchange {
            exchange.stages.response_chosen = self.clock.now();
            exchange.status = status;
            exchange.resource = resource.map(|resource| Cow::Owned(resource.as_ref().to_owned()));
        }
    }

    /// The request is refused, for this reason.
    pub(in crate::connection) fn refused(&mut self, why: Reason) {
        if let Some(exchange) = &mut self.exchange {
            exchange.refused = Some(why);
        }
    }

    /// What is known by now of this exchange, as the value of `Server-Timing`:
    /// durations in milliseconds (W3C Server Timing),
    /// and, to this machine, where its record is.
    pub(in crate::connection) fn server_timing(&self, loads: Option<&Loads>) -> String {
        let Some(exchange) = &self.exchange else { return format!("connection;desc=\"{}\"", self.connection) };
        let stages = &exchange.stages;
        let mut value = format!("connection;desc=\"{}.{}\"", self.connection, exchange.number);
        let (complete, chosen) = (stages.head_complete, stages.response_chosen);
        // A body that was waited for came after the head, or in part, until it was waited for no longer.
        let body_end = match exchange.body.filter(|body| body.is_awaited) {
            None => complete,
            Some(body) if body.read == body.length => body.last_read.max(complete),
            Some(_) => chosen,
        };
        let arrived = if exchange.order == Order::Kept { stages.arrived } else { Moment::default() };
        for (name, from, to) in [
            ("kernel", arrived, stages.first_read),
            ("read", stages.first_read, complete),
            ("body", complete, if body_end == complete { Moment::default() } else { body_end }),
            ("response", body_end, chosen),
        ] {
            if let Some(nanoseconds) = to.after(from) {
                value.push_str(&format!(", {name};dur={:.3}", nanoseconds as f64 / 1e6));
            }
        }
        if let Some(loads) = loads.filter(|_| self.is_local) {
            value.push_str(&format!(", {}", loads.metrics(self.connection, exchange.number)));
        }
        value
    }

    /// The response's head was written, and is about to be sent.
    /// `body` is the length of what follows, where that is known.
    pub(in crate::connection) fn response_head(&mut self, head: &[u8], body: Option<u64>, is_kept: bool) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response = Cow::Owned(head[..head.len().min(MOST_OF_A_HEAD)].to_vec());
            exchange.response_is_cut = head.len() > MOST_OF_A_HEAD;
            exchange.response_head = head.len() as u64;
            exchange.body_length = body;
            exchange.is_kept = is_kept;
        }
    }

    /// The kernel took `count` bytes of the response, in a call that was `begun`
    /// then: when it returned, the client may have had them for long.
    pub(in crate::connection) fn sent(&mut self, count: usize, begun: Moment) {
        self.sent = self.sent.wrapping_add(count as u32);
        self.taken += count as u64;
        if let Some(exchange) = &mut self.exchange {
            if exchange.writes == 0 {
                exchange.stages.first_write = begun;
            }
            exchange.stages.last_write = begun;
            exchange.writes += 1;
        }
    }

    /// The kernel took a part of the response, and the rest waits: what is known of it is said once.
    pub(in crate::connection) fn sending_waits(&mut self, probe: &Probe, outbox: &mut Outbox) {
        let is_due = !self.is_reported && self.exchange.as_ref().is_some_and(|exchange| exchange.writes > 0);
        if let Some(exchange) = is_due.then(|| self.under_way()).flatten() {
            self.report_held(probe, outbox);
            outbox.push(probe, &Report::Exchange(exchange));
            self.is_reported = true;
        }
    }

    /// The handler makes the response elsewhere, or more of it: what is known of it is said once of each.
    pub(in crate::connection) fn handler_waits(&mut self, probe: &Probe, outbox: &mut Outbox) {
        let status = self.exchange.as_ref().map(|exchange| exchange.status);
        if self.waited != status
            && let Some(exchange) = self.under_way()
        {
            self.acknowledgements_wait(probe, outbox);
            outbox.push(probe, &Report::Exchange(Exchange { is_held: true, ..exchange }));
            self.waited = status;
        }
    }

    fn under_way(&self) -> Option<Exchange<'static>> {
        let mut exchange = self.exchange.as_deref().cloned()?;
        exchange.stages.last_write = Moment::default();
        set_traffic(&mut exchange, self.taken);
        Some(exchange)
    }

    /// Whether there will be a record of the exchange that is under way.
    pub(in crate::connection) fn records_exchange(&self) -> bool {
        self.exchange.is_some()
    }

    /// All of the response was sent, or as much as ever will be.
    pub(in crate::connection) fn end_exchange(
        &mut self,
        is_kept: bool,
        socket: &OwnedFd,
        probe: &Probe,
        outbox: &mut Outbox,
    ) {
        let Some(mut exchange) = self.exchange.take() else { return };
        set_traffic(&mut exchange, self.taken);
        (exchange.is_kept, exchange.is_over) = (is_kept, true);
        if !self.asks_kernel || exchange.writes == 0 {
            self.report_held(probe, outbox);
            return outbox.push(probe, &Report::Exchange(*exchange));
        }
        let (byte, number) = (self.sent.wrapping_sub(1), exchange.number);
        self.awaited.push_back(Unacknowledged { byte, number, exchange: Some(exchange) });
        if self.awaited.len() > MOST_HELD {
            self.take_acknowledgements(socket, probe, outbox);
        }
        // Those of a client that pipelines many are reported before it is known.
        let held = self.awaited.len().saturating_sub(MOST_HELD);
        if let Some(exchange) = held.checked_sub(1).and_then(|last| self.awaited[last].exchange.take()) {
            outbox.push(probe, &Report::Exchange(*exchange));
        }
        if self.awaited.len() > MOST_AWAITED {
            self.awaited.pop_front();
        }
    }
}

/// Of the bytes `taken` of a response, its head's are the first.
fn set_traffic(exchange: &mut Exchange<'_>, taken: u64) {
    exchange.response_head = exchange.response_head.min(taken);
    exchange.response_body = taken - exchange.response_head;
}
