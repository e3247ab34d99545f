//! What is counted of all connections, recorded or not. A serving thread counts in numbers of
//! its own, and adds them to the common ones when it is about to wait. A forked child may be
//! killed before that: it counts in the common ones at once, and its parent sees what it had
//! under way.

use super::sink::LeftOut;
use crate::http::message::Method;
use crate::sys::shared_counters::SharedCounters;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
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
    fn of_method(method: Method) -> Self {
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
    at_once: Option<AtOnce>,
}

/// Where a process counts that may be killed at any moment.
#[derive(Debug)]
struct AtOnce {
    counters: Arc<Counters>,
    under_way: UnderWay,
}

impl Tally {
    /// One that adds nothing later, and shows in `under_way` what is not over.
    pub(super) fn at_once(counters: Arc<Counters>, under_way: UnderWay) -> Self {
        Self { at_once: Some(AtOnce { counters, under_way }), ..Self::default() }
    }

    pub(crate) fn add(&mut self, what: Count, count: u64) {
        match &self.at_once {
            Some(AtOnce { counters, .. }) => counters.add(what, count),
            None => self.numbers[what as usize] += count,
        }
    }

    /// An exchange begins; none: with what is no request.
    pub(crate) fn begin(&mut self, method: Option<Method>) {
        self.add(method.map_or(Count::OtherMethod, Count::of_method), 1);
        self.show_under_way(UnderWay::UNDECIDED);
        if let Some(AtOnce { under_way, .. }) = &self.at_once {
            under_way.0[1].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The head of the next one has begun, and the rest of it is waited for.
    pub(crate) fn head_waits(&mut self) {
        self.show_under_way(UnderWay::HEAD);
    }

    /// Its response has this status.
    pub(crate) fn respond(&mut self, status: u16) {
        self.show_under_way(UnderWay::UNDECIDED + u64::from(status));
    }

    /// It is over, with this status; 0: it got no response, for the client had gone.
    pub(crate) fn exchange(&mut self, status: u16) {
        // In this order a process that is killed in between counts it nowhere: better than twice.
        self.show_under_way(UnderWay::NOTHING);
        match &self.at_once {
            Some(AtOnce { counters, .. }) => add(&counters.exchanges, status, 1),
            None => add_one(&mut self.exchanges, status),
        }
    }

    /// It is in no record.
    pub(crate) fn unrecorded(&mut self, status: u16) {
        match &self.at_once {
            Some(AtOnce { counters, .. }) => add(&counters.unrecorded, status, 1),
            None => add_one(&mut self.unrecorded, status),
        }
    }

    fn show_under_way(&self, what: u64) {
        if let Some(AtOnce { under_way, .. }) = &self.at_once {
            under_way.0[0].store(what, Ordering::Relaxed);
        }
    }
}

/// What a process that serves one connection has begun and not finished, and how many exchanges it has begun: its
/// parent asks when it was killed.
#[derive(Clone, Debug)]
pub(crate) struct UnderWay(Arc<SharedCounters<2>>);

impl UnderWay {
    const NOTHING: u64 = 0;
    /// An exchange without a response; the response's status is added.
    const UNDECIDED: u64 = 1;
    /// One whose head is not complete: it is not among those that were begun.
    const HEAD: u64 = u64::MAX;

    /// # Errors
    /// If there is no memory for it.
    pub(super) fn new() -> io::Result<Self> {
        SharedCounters::new().map(Arc::new).map(Self)
    }

    /// How many exchanges it has begun.
    pub(super) fn exchanges(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed) + u64::from(self.is_in_head())
    }

    /// Whether the one under way is no more than a part of its head.
    fn is_in_head(&self) -> bool {
        self.0[0].load(Ordering::Relaxed) == Self::HEAD
    }

    /// The status of the exchange under way, if there is one; 0: no response was chosen.
    pub(super) fn status(&self) -> Option<u16> {
        if self.is_in_head() {
            return Some(0);
        }
        let status = self.0[0].load(Ordering::Relaxed).checked_sub(Self::UNDECIDED)?;
        u16::try_from(status).ok()
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

    /// Adds what a process that was killed had under way: gives its status, if there was anything.
    pub(super) fn end(&self, under_way: &UnderWay) -> Option<u16> {
        let status = under_way.status()?;
        // Others were counted by their method when they began.
        self.add(Count::OtherMethod, u64::from(under_way.is_in_head()));
        add(&self.exchanges, status, 1);
        self.add(Count::CutShort, 1);
        Some(status)
    }

    /// Adds what a thread has counted, which begins again.
    pub(super) fn take(&self, counts: &mut Tally) {
        for (total, count) in self.numbers.iter().zip(&mut counts.numbers).filter(|(_, count)| **count > 0) {
            total.fetch_add(std::mem::take(count), Ordering::Relaxed);
        }
        let of_status = [(&self.exchanges, &mut counts.exchanges), (&self.unrecorded, &mut counts.unrecorded)];
        for (totals, counts) in of_status {
            for (status, count) in counts.drain(..) {
                add(totals, status, count);
            }
        }
    }

    fn add(&self, what: Count, count: u64) {
        self.numbers[what as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// Adds what was not recorded.
    pub(super) fn left_out(&self, left_out: LeftOut) {
        let LeftOut { connections, exchanges, reports, frames } = left_out;
        self.add(Count::Connections, connections);
        self.add(Count::Exchanges, exchanges);
        self.add(Count::Reports, reports);
        self.add(Count::Frames, frames);
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

fn add(totals: &[AtomicU64; STATUSES], status: u16, count: u64) {
    totals[usize::from(status).min(STATUSES - 1)].fetch_add(count, Ordering::Relaxed);
}

fn by_status(counts: &[AtomicU64; STATUSES], get: impl Fn(&AtomicU64) -> u64) -> ByStatus {
    let is_any = |count: &&AtomicU64| count.load(Ordering::Relaxed) > 0;
    let counts = (0..).zip(counts).filter(|(_, count)| is_any(count));
    counts.map(|(status, count)| (status, get(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_at_once_needs_no_one_to_add_it() {
        let counters = Arc::new(Counters::new().expect("memory"));
        let under_way = UnderWay::new().expect("memory");
        let mut counts = Tally::at_once(Arc::clone(&counters), under_way.clone());
        assert_eq!(under_way.status(), None);
        counts.begin(Some(Method::Get));
        assert_eq!((under_way.status(), counters.get(Count::Get)), (Some(0), 1));
        counts.respond(404);
        counts.add(Count::Bytes, 12);
        assert_eq!((under_way.status(), counters.get(Count::Bytes)), (Some(404), 12));
        assert_eq!(under_way.exchanges(), 1);
        counts.exchange(404);
        counts.unrecorded(404);
        assert_eq!((under_way.status(), counters.exchanges()), (None, ByStatus::from([(404, 1)])));
        assert_eq!(counters.take_unrecorded(), ByStatus::from([(404, 1)]));
        assert_eq!(counters.end(&under_way), None);
        counts.head_waits();
        assert_eq!((under_way.exchanges(), counters.end(&under_way)), (2, Some(0)));
        assert_eq!((counters.get(Count::OtherMethod), counters.get(Count::CutShort)), (1, 1));
        counters.take(&mut counts);
        assert_eq!(
            (counters.get(Count::Get), counters.exchanges()),
            (1, ByStatus::from([(0, 1), (404, 1)])),
            "no second time"
        );
    }
}
