//! The thin thread between serving and watching. Off, it is one branch.
//!
//! Reports travel through a pipe: a write of at most PIPE_BUF bytes is whole
//! or not at all (pipe(7)), from any thread and from a forked child alike. A
//! datagram socket would drop after ten (net.unix.max_dgram_qlen). When the
//! pipe is full the reports are dropped and counted; the exhibit is never stalled.

use super::access::Format;
use super::counts::{ByStatus, Count, Counters, Tally, UnderWay};
use super::loads::Loads;
use super::report::Report;
use super::sink::LeftOut;
use crate::kernel::timestamps;
use crate::record::Moment;
use rustix::event::{EventfdFlags, eventfd};
use rustix::pipe::{PIPE_BUF, PipeFlags, pipe_with};
use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// A line of the access log for each exchange.
    pub lines: Option<Format>,
    /// Whether connections and exchanges are counted.
    pub counts: bool,
    /// Connections that are recorded in full.
    pub connections: Option<Rate>,
    /// Whether somebody follows what is under way: then a response is reported before it is acknowledged, too.
    pub is_followed: bool,
    /// The live page's origins (RFC 6454), if there is one: then responses carry
    /// `Server-Timing`, and the page may read them.
    pub page_origins: Vec<String>,
    /// Where a page that was loaded learns what is recorded of that: on loopback alone.
    pub loads: Option<Arc<Loads>>,
}

impl Scope {
    /// Whether there is nothing to report.
    pub fn is_nothing(&self) -> bool {
        self.lines.is_none() && self.connections.is_none() && !self.counts
    }
}

/// How many connections, and how many exchanges, are recorded in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rate {
    /// All, as long as the collector keeps up.
    All,
    /// At most this number: a sample, when there are more.
    PerSecond(u32),
}

/// Where reports go, if anywhere. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Probe(Option<Arc<Open>>);

#[derive(Debug)]
struct Open {
    scope: Scope,
    pipe: OwnedFd,
    /// Counts reports that were dropped, in forked children too (eventfd(2)).
    dropped: OwnedFd,
    number: AtomicU64,
    left_out: AtomicU64,
    counters: Option<Arc<Counters>>,
    connections: Budget,
    exchanges: Budget,
    _stamping: Option<UdpSocket>,
}

impl Probe {
    /// A probe that reports to nobody.
    pub const OFF: Self = Self(None);

    /// A probe whose reports come out of the descriptor, as bytes for [`super::collector`].
    ///
    /// # Errors
    /// If there are no descriptors left.
    pub(super) fn open(scope: Scope) -> io::Result<(Self, OwnedFd)> {
        let (reader, pipe) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        // Room for a burst; less, where the system grants less (pipe(7)), is a smaller burst.
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, 1 << 20);
        let dropped = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let budget = || Budget::new(scope.connections);
        let (connections, exchanges) = (budget(), budget());
        let (number, left_out) = (AtomicU64::new(0), AtomicU64::new(0));
        let _stamping = scope.connections.and_then(|_| timestamps::keep_stamping());
        let counters = (!scope.is_nothing()).then(Counters::new).transpose()?.map(Arc::new);
        let open = Open { scope, pipe, dropped, number, left_out, counters, connections, exchanges, _stamping };
        Ok((Self(Some(Arc::new(open))), reader))
    }

    /// The form of the access log's lines, if there are any.
    pub fn lines(&self) -> Option<Format> {
        self.0.as_ref().and_then(|open| open.scope.lines)
    }

    /// Whether connections are recorded: then silent ones must be seen, too.
    pub fn records_connections(&self) -> bool {
        self.0.as_ref().is_some_and(|open| open.scope.connections.is_some())
    }

    /// Whether somebody follows what is under way.
    pub fn is_followed(&self) -> bool {
        self.0.as_ref().is_some_and(|open| open.scope.is_followed)
    }

    /// The live page's origins: none, if there is no page.
    pub fn page_origins(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |open| &open.scope.page_origins)
    }

    /// What responses to this machine say of their record, if there is a live page for that.
    pub(crate) fn loads(&self) -> Option<&Loads> {
        self.0.as_ref().and_then(|open| open.scope.loads.as_deref())
    }

    /// The number of a connection that was just accepted; 0, if nobody asks.
    pub fn number_connection(&self) -> u64 {
        self.0.as_ref().map_or(0, |open| open.number.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Whether a connection that was just accepted is to be recorded.
    pub fn admit_connection(&self) -> bool {
        let Some(open) = self.0.as_ref().filter(|open| open.scope.connections.is_some()) else { return false };
        let is_admitted = open.connections.take();
        if !is_admitted {
            open.left_out.fetch_add(1, Ordering::Relaxed);
        }
        is_admitted
    }

    /// Whether the next exchange of a recorded connection is to be recorded.
    pub fn admit_exchange(&self) -> bool {
        self.0.as_ref().is_some_and(|open| open.exchanges.take())
    }

    /// Where a process for one connection is to show what it has under way, if anybody counts.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(crate) fn under_way(&self) -> io::Result<Option<UnderWay>> {
        self.counters().map(|_| UnderWay::new()).transpose()
    }

    /// What such a process counts with.
    pub(crate) fn at_once(&self, under_way: UnderWay) -> Tally {
        self.counters().map_or_else(Tally::default, |counters| Tally::at_once(Arc::clone(counters), under_way))
    }

    /// Reports that a connection's process ended without a word, and counts its end, and that of the
    /// exchange that was under way; `connection` is its number, if it is recorded.
    pub(crate) fn lost(&self, connection: Option<u64>, under_way: Option<&UnderWay>) {
        let mut counts = Tally::default();
        counts.add(Count::Closed, 1);
        let ended = self.counters().zip(under_way).and_then(|(counters, under_way)| counters.end(under_way));
        if let Some(status) = ended {
            if self.lines().is_some() {
                self.drop_reports(1); // its line in the access log
            }
            if self.records_connections() && connection.is_none() {
                counts.unrecorded(status);
            }
        }
        self.count(&mut counts);
        let Some(connection) = connection else { return };
        let mut outbox = Outbox::default();
        let exchanges = under_way.map_or(0, UnderWay::exchanges);
        outbox.push(self, &Report::Lost { connection, exchanges });
        outbox.flush(self);
    }

    /// Adds to the common numbers what a thread has counted.
    pub(crate) fn count(&self, counts: &mut Tally) {
        if let Some(counters) = self.counters() {
            counters.take(counts);
        }
    }

    /// Whether anybody asks what is counted.
    pub(super) fn counts(&self) -> bool {
        self.0.as_ref().is_some_and(|open| open.scope.counts)
    }

    pub(super) fn count_left_out(&self, left_out: LeftOut) {
        if let Some(counters) = self.counters() {
            counters.left_out(left_out);
        }
    }

    /// How much of this was counted.
    pub(super) fn counted(&self, what: Count) -> u64 {
        self.counters().map_or(0, |counters| counters.get(what))
    }

    /// Exchanges by their status, recorded or not.
    pub(super) fn exchanges(&self) -> ByStatus {
        self.counters().map(|counters| counters.exchanges()).unwrap_or_default()
    }

    /// Those that are in no record, since this was last asked.
    pub(super) fn take_unrecorded(&self) -> ByStatus {
        self.counters().map(|counters| counters.take_unrecorded()).unwrap_or_default()
    }

    fn counters(&self) -> Option<&Arc<Counters>> {
        self.0.as_ref()?.counters.as_ref()
    }

    /// How many connections have been accepted, recorded or not.
    pub(super) fn accepted(&self) -> u64 {
        self.0.as_ref().map_or(0, |open| open.number.load(Ordering::Relaxed))
    }

    /// Of how many there was to be a record.
    pub(super) fn numbered(&self) -> u64 {
        if self.records_connections() { self.accepted() } else { 0 }
    }

    /// How many connections were left out since this was last asked.
    pub(super) fn take_left_out(&self) -> u64 {
        self.0.as_ref().map_or(0, |open| open.left_out.swap(0, Ordering::Relaxed))
    }

    /// How many reports were dropped since this was last asked.
    pub(super) fn take_dropped(&self) -> u64 {
        let Some(open) = &self.0 else { return 0 };
        let mut count = [0; 8];
        // Nothing to read: nothing was dropped.
        rustix::io::read(&open.dropped, &mut count).map_or(0, |_| u64::from_ne_bytes(count))
    }

    /// Writes reports, all of them or none.
    fn write(&self, bytes: &[u8], reports: u64) {
        let Some(open) = &self.0 else { return };
        if rustix::io::write(&open.pipe, bytes).is_err() {
            self.drop_reports(reports);
        }
    }

    pub(super) fn drop_reports(&self, count: u64) {
        let Some(open) = &self.0 else { return };
        // The counter itself overflows in 500,000 years.
        let _ = rustix::io::write(&open.dropped, &count.to_ne_bytes());
    }

    /// Sends the last report, if there is room: whether there was.
    pub(super) fn end(&self) -> bool {
        let Some(open) = &self.0 else { return true };
        let mut outbox = Outbox::default();
        outbox.push(self, &Report::End);
        rustix::io::write(&open.pipe, &outbox.bytes).is_ok()
    }
}

/// Reports that wait to be handed over together.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    reports: u64,
}

/// Bytes in front of each report that give its length.
pub(super) const PREFIX: usize = 2;

impl Outbox {
    /// Adds a report; hands over first what it has no room beside.
    pub(crate) fn push(&mut self, probe: &Probe, report: &Report<'_>) {
        let start = self.bytes.len();
        self.bytes.extend([0; PREFIX]);
        let bytes = std::mem::take(&mut self.bytes);
        let Ok(mut bytes) = postcard::to_extend(report, bytes) else { return };
        let length = bytes.len() - start - PREFIX;
        bytes[start..start + PREFIX].copy_from_slice(&(length as u16).to_le_bytes());
        self.bytes = bytes;
        if self.bytes.len() - start > PIPE_BUF {
            // It could be torn apart: better none.
            self.bytes.truncate(start);
            return probe.drop_reports(1);
        }
        if self.bytes.len() > PIPE_BUF {
            probe.write(&self.bytes[..start], self.reports);
            self.bytes.drain(..start);
            self.reports = 0;
        }
        self.reports += 1;
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Hands over what waits.
    pub(crate) fn flush(&mut self, probe: &Probe) {
        if !self.bytes.is_empty() {
            probe.write(&self.bytes, self.reports);
            self.bytes.clear();
            self.reports = 0;
        }
    }
}

/// A second's allowance. Threads share it; a forked child goes on with a copy.
#[derive(Debug)]
struct Budget {
    allowance: u64,
    second: AtomicU64,
    spent: AtomicU64,
}

impl Budget {
    fn new(rate: Option<Rate>) -> Self {
        let allowance = match rate {
            Some(Rate::All) => u64::MAX,
            Some(Rate::PerSecond(rate)) => rate.into(),
            None => 0,
        };
        Self { allowance, second: AtomicU64::new(0), spent: AtomicU64::new(0) }
    }

    /// Spends one, if there is one left in this second.
    fn take(&self) -> bool {
        if self.allowance == u64::MAX {
            return true;
        }
        let second = Moment::now().0 / 1_000_000_000;
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.spent.store(0, Ordering::Relaxed);
        }
        self.spent.fetch_add(1, Ordering::Relaxed) < self.allowance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn line(bytes: usize) -> Report<'static> {
        Report::Line(Cow::Owned(vec![b'a'; bytes]))
    }

    #[test]
    fn reports_are_written_whole_and_what_finds_no_room_is_counted() {
        let (probe, reader) = Probe::open(Scope::default()).expect("a pipe");
        let mut outbox = Outbox::default();
        for _ in 0..2000 {
            outbox.push(&probe, &line(1000)); // twice what the pipe holds
        }
        outbox.flush(&probe);
        let (mut bytes, mut reports) = (vec![0; 2 << 20], 0);
        let count = rustix::io::read(&reader, &mut bytes).expect("what was written");
        let mut rest = &bytes[..count];
        while let [low, high, more @ ..] = rest {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            assert_eq!(postcard::from_bytes::<Report<'_>>(&more[..length]), Ok(line(1000)));
            rest = &more[length..];
            reports += 1;
        }
        assert!(reports > 50 && probe.take_dropped() + reports == 2000, "{reports}");
        assert_eq!(probe.take_dropped(), 0);
    }

    #[test]
    fn no_more_are_recorded_than_a_second_allows() {
        let scope = Scope { connections: Some(Rate::PerSecond(5)), ..Scope::default() };
        let (probe, _reader) = Probe::open(scope).expect("a pipe");
        let recorded = (0..1000).filter(|_| probe.admit_connection()).count();
        assert!((5..=15).contains(&recorded), "{recorded}: a few seconds at most have passed");
        assert_eq!(probe.take_left_out() as usize, 1000 - recorded);
    }
}
