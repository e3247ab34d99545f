//! What is counted of all connections, recorded or not. A serving thread counts in numbers of
//! its own, and adds them to the common ones when it is about to wait; a forked child too.

use super::sink::LeftOut;
use crate::http::message::Method;
use crate::sys::shared_counters::SharedCounters;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many numbers there are.
pub(super) const COUNTS: usize = Count::Reports as usize + 1;
/// A status has three digits.
const STATUSES: usize = 1000;

/// How many exchanges had which status; 0: they got no response.
pub(super) type ByStatus = BTreeMap<u16, u64>;

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    /// Requests by their method, [`Count::of_method`].
    Get,
    Head,
    Options,
    OtherMethod,
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
}

/// What a thread has counted and not yet added.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    numbers: [u64; COUNTS],
    /// Exchanges by their status: of few different ones, as a rule.
    exchanges: Vec<(u16, u64)>,
    unrecorded: Vec<(u16, u64)>,
}

impl Tally {
    pub(crate) fn add(&mut self, what: Count, count: u64) {
        self.numbers[what as usize] += count;
    }

    /// An exchange is over, with this status; 0: it got no response, for the client had gone.
    pub(crate) fn exchange(&mut self, status: u16) {
        add_one(&mut self.exchanges, status);
    }

    /// It is in no record.
    pub(crate) fn unrecorded(&mut self, status: u16) {
        add_one(&mut self.unrecorded, status);
    }
}

fn add_one(counts: &mut Vec<(u16, u64)>, status: u16) {
    match counts.iter_mut().find(|(known, _)| *known == status) {
        Some((_, count)) => *count += 1,
        None => counts.push((status, 1)),
    }
}

/// The common numbers.
#[derive(Debug)]
pub(super) struct Counters {
    numbers: SharedCounters<COUNTS>,
    exchanges: SharedCounters<STATUSES>,
    unrecorded: SharedCounters<STATUSES>,
}

impl Counters {
    /// # Errors
    /// If there is no memory for them.
    pub(super) fn new() -> io::Result<Self> {
        let (exchanges, unrecorded) = (SharedCounters::new()?, SharedCounters::new()?);
        Ok(Self { numbers: SharedCounters::new()?, exchanges, unrecorded })
    }

    /// Adds what a thread has counted, which begins again.
    pub(super) fn take(&self, counts: &mut Tally) {
        for (total, count) in self.numbers.iter().zip(&mut counts.numbers).filter(|(_, count)| **count > 0) {
            total.fetch_add(std::mem::take(count), Ordering::Relaxed);
        }
        let of_status = [(&self.exchanges, &mut counts.exchanges), (&self.unrecorded, &mut counts.unrecorded)];
        for (totals, counts) in of_status {
            for (status, count) in counts.drain(..) {
                totals[usize::from(status).min(STATUSES - 1)].fetch_add(count, Ordering::Relaxed);
            }
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
        self.numbers[what as usize].load(Ordering::Relaxed)
    }

    /// Exchanges by their status.
    pub(super) fn exchanges(&self) -> ByStatus {
        by_status(&self.exchanges, |count| count.load(Ordering::Relaxed))
    }

    /// Those that are in no record, since this was last asked.
    pub(super) fn take_unrecorded(&self) -> ByStatus {
        by_status(&self.unrecorded, |count| count.swap(0, Ordering::Relaxed))
    }
}

fn by_status(counts: &[AtomicU64; STATUSES], get: impl Fn(&AtomicU64) -> u64) -> ByStatus {
    let is_any = |count: &&AtomicU64| count.load(Ordering::Relaxed) > 0;
    let counts = (0..).zip(counts).filter(|(_, count)| is_any(count));
    counts.map(|(status, count)| (status, get(count))).collect()
}
