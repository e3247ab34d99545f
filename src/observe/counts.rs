//! What is counted of all connections, recorded or not. A serving thread counts in numbers of
//! its own, and adds them to the common ones when it is about to wait; a forked child too.

use super::sink::LeftOut;
use crate::http::message::Method;
use crate::sys::shared_counters::SharedCounters;
use std::io;
use std::sync::atomic::Ordering;

/// How many numbers there are.
pub(super) const COUNTS: usize = Count::Reports as usize + 1;

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    /// Requests by their method, [`Count::of_method`].
    Get,
    Head,
    Options,
    OtherMethod,
    /// Responses by their status, [`Count::of_status`].
    Informed,
    Succeeded,
    Redirected,
    ClientFailed,
    ServerFailed,
    /// Exchanges that got no response, for the client had gone.
    NoResponse,
    /// Responses, or requests, that were cut off.
    CutShort,
    /// Requests that were refused before a handler was asked.
    Refused,
    /// Bytes of responses that the kernel took.
    Bytes,
    /// Connections that are closed.
    Closed,
    /// What was not recorded: see [`LeftOut`].
    Connections,
    Exchanges,
    Frames,
    Reports,
}

impl Count {
    pub(crate) fn of_method(method: Method) -> Self {
        match method {
            Method::Get => Self::Get,
            Method::Head => Self::Head,
            Method::Options => Self::Options,
            _ => Self::OtherMethod,
        }
    }

    pub(crate) fn of_status(status: u16) -> Self {
        match status / 100 {
            0 => Self::NoResponse,
            1 => Self::Informed,
            2 => Self::Succeeded,
            3 => Self::Redirected,
            4 => Self::ClientFailed,
            _ => Self::ServerFailed,
        }
    }
}

/// What a thread has counted and not yet added.
#[derive(Debug, Default)]
pub(crate) struct Tally([u64; COUNTS]);

impl Tally {
    pub(crate) fn add(&mut self, what: Count, count: u64) {
        self.0[what as usize] += count;
    }
}

/// The common numbers.
#[derive(Debug)]
pub(super) struct Counters(SharedCounters<COUNTS>);

impl Counters {
    /// # Errors
    /// If there is no memory for them.
    pub(super) fn new() -> io::Result<Self> {
        SharedCounters::new().map(Self)
    }

    /// Adds what a thread has counted, which begins again.
    pub(super) fn take(&self, counts: &mut Tally) {
        for (total, count) in self.0.iter().zip(&mut counts.0).filter(|(_, count)| **count > 0) {
            total.fetch_add(std::mem::take(count), Ordering::Relaxed);
        }
    }

    /// Adds what was not recorded.
    pub(super) fn left_out(&self, left_out: LeftOut) {
        let LeftOut { connections, exchanges, reports, frames } = left_out;
        let mut counts = Tally::default();
        counts.add(Count::Connections, connections);
        counts.add(Count::Exchanges, exchanges);
        counts.add(Count::Reports, reports);
        counts.add(Count::Frames, frames);
        self.take(&mut counts);
    }

    pub(super) fn get(&self, what: Count) -> u64 {
        self.0[what as usize].load(Ordering::Relaxed)
    }
}
