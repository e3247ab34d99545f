//! The collector: one thread that makes connections' records of what serving
//! threads report, and hands them to every sink.
//!
//! The life of a report, with what is counted where there is no room for it:
//!
//! ```text
//!   serving threads, forked children
//!      │ a connection is numbered, then admitted ····· beyond the rate: connections + 1
//!      ▼
//!   Outbox ──▶ pipe ··································· full: reports + n
//!      ▼
//!   hear() ──▶ a Record grows ························· MOST_OPEN: connections + 1
//!      │             │
//!      │             ├──▶ Opened, Responded … to every sink
//!      │ Closed      ▼
//!      └──────▶ closing ──▶ its last packets have passed ──▶ sock_diag: who is in TIME_WAIT?
//!                  │                                             │
//!                  └─ not yet over ─▶ following ─▶ over ─────────┴──▶ Closed, the last news
//! ```
//!
//! A line of the access log takes the same way as far as `hear()`, and is written there.
//!
//! The sum rule: at the end, of all connections that were numbered, each is in a record or is
//! counted as left out, and none is in both.
//!
//! ```text
//!   numbered = (opened − not_taken_in) + left_out.connections
//! ```
//!
//! What is missing then is counted as left out: connections whose accept was reported and found
//! no room in the pipe (`finish`).

mod arrived;
mod closed;
mod heard;
mod held;
mod lines;
mod recorded;
mod unsettled;

use super::interpret::{self, Lost};
use super::metrics::Metrics;
use super::probe::{Probe, Scope};
use super::report::Report;
use super::sink::{LeftOut, News, Sink};
use super::standard_output;
use crate::capture::Capture;
use crate::kernel::socket_table::SocketTable;
use crate::record::Text;
use arrived::{Arrived, Unreadable};
use lines::Lines;
use recorded::{Following, Latest, Progress, Recorded, UNREAD, are_packets_read};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long the end of the program waits for a collector that does not go on, and for one that does.
const STUCK: Duration = Duration::from_secs(2);
const FINISH: Duration = Duration::from_secs(10);
/// How long reports gather after some were read: the pipe holds a burst, and
/// while nobody waits for it, writing to it wakes nobody.
const NAP: Duration = Duration::from_millis(5);
/// The same where there are only lines of an access log: short ones, which the pipe holds for a tenth of a second.
const NAP_OF_LINES: Duration = Duration::from_millis(20);
/// How often sinks hear that time passes, and for how long after the last news.
const BEAT: Duration = Duration::from_millis(100);
const BEATS: Duration = Duration::from_secs(2);
/// After how long a connection without a byte is called silent, in nanoseconds.
const SILENT: Duration = Duration::from_secs(1);
/// How long nothing was heard of a connection that is looked for.
const QUIET: Duration = Duration::from_secs(1);
/// How many are looked for at a time, each by a question to the kernel; the others' owner is derived.
const LOOKS: usize = 16;
/// Open connections of which records are kept in memory.
const MOST_OPEN: usize = 16_384;
/// Exchanges of one record, and of all that are open: of some kilobytes each. A
/// connection that has more of them is recorded in parts.
const MOST_EXCHANGES: usize = 128;
/// How many may be in a record at most while acknowledgements of a part's responses are to come.
const MOST_UNACKNOWLEDGED: usize = 4 * MOST_EXCHANGES;
/// The last ones of a part, of which something may still become known, begin the next.
const UNSETTLED: usize = 2;
const MOST_EXCHANGES_OF_ALL: usize = 16_384;

/// The watching side of a server: the probe to hand to the serving threads,
/// and the thread that listens to it.
#[derive(Debug)]
pub struct Watching {
    probe: Probe,
    model: Text,
    done: Receiver<LeftOut>,
    progress: Arc<Progress>,
}

impl Watching {
    /// Starts to collect what `scope` names of a server of this model: lines go
    /// to `lines`, connections to `sinks`.
    ///
    /// # Errors
    /// If there are no descriptors or no thread left for it.
    pub fn start(
        scope: Scope,
        model: Text,
        lines: Box<dyn Write + Send>,
        sinks: Vec<Box<dyn Sink>>,
        packets: Option<Arc<Capture>>,
    ) -> io::Result<Self> {
        let (probe, reports) = Probe::open(scope)?;
        let (send, done) = channel();
        let progress = Arc::new(Progress::default());
        let collector = Collector {
            probe: probe.clone(),
            model: model.clone(),
            lines: Lines::to(lines),
            sinks,
            // Without it, owners of TIME_WAIT are derived.
            table: SocketTable::open().ok(),
            connections: HashMap::new(),
            latest_between: HashMap::new(),
            exchanges: 0,
            opened: 0,
            not_taken_in: 0,
            closed: 0,
            progress: Arc::clone(&progress),
            look_for_ended: None,
            closing: VecDeque::new(),
            following: VecDeque::new(),
            responding: Vec::new(),
            look: recorded::look(packets.is_some()),
            packets,
            lost_frames: 0,
            left_out: LeftOut::default(),
            total: LeftOut::default(),
            next_beat: Instant::now(),
            last_report: Instant::now(),
        };
        std::thread::Builder::new().name("collector".into()).spawn(move || {
            // Nobody may be waiting any more.
            let _ = send.send(collector.run(&reports));
        })?;
        Ok(Self { probe, model, done, progress })
    }

    /// The probe to hand to the serving threads.
    pub fn probe(&self) -> Probe {
        self.probe.clone()
    }

    /// What is counted, if the scope asks for it.
    pub fn metrics(&self) -> Option<Metrics> {
        self.probe.counts().then(|| Metrics::new(self.probe.clone(), self.model.clone()))
    }

    /// Waits until what was reported is recorded, for as long as that goes on and
    /// ten seconds at most: gives what was left out.
    pub fn finish(self) -> LeftOut {
        let begun = Instant::now();
        standard_output::end();
        let (mut is_asked, mut steps, mut last_step) = (false, 0, begun);
        while begun.elapsed() < FINISH && last_step.elapsed() < STUCK {
            is_asked = is_asked || self.probe.end();
            if let Ok(left_out) = self.done.recv_timeout(Duration::from_millis(if is_asked { 50 } else { 1 })) {
                return left_out;
            }
            let now = self.progress.steps.load(Ordering::Relaxed);
            if now != steps {
                (steps, last_step) = (now, Instant::now());
            }
        }
        // A sink waits, and for ever: all that it was not given counts as missing.
        LeftOut {
            connections: self.probe.numbered() - self.progress.finished.load(Ordering::Relaxed),
            reports: self.probe.take_dropped(),
            exchanges: 0,
            frames: 0,
        }
    }
}

struct Collector {
    probe: Probe,
    model: Text,
    lines: Lines,
    sinks: Vec<Box<dyn Sink>>,
    table: Option<SocketTable>,
    connections: HashMap<u64, Recorded>,
    /// The latest of them between a server's address and a client's.
    latest_between: HashMap<(SocketAddr, SocketAddr), u64>,
    /// How many exchanges they have in all.
    exchanges: usize,
    /// How many connections there have been.
    opened: u64,
    /// Of those, how many too many.
    not_taken_in: u64,
    closed: u64,
    progress: Arc<Progress>,
    /// After reports were dropped: when to look which connections have ended unheard.
    look_for_ended: Option<Instant>,
    /// Closed connections that are shown at these moments.
    closing: VecDeque<(Instant, u64)>,
    /// Of those, the ones whose packets still pass.
    following: VecDeque<Following>,
    /// Open ones whose response is under way: to be handed on at the next beat.
    responding: Vec<u64>,
    packets: Option<Arc<Capture>>,
    look: Duration,
    lost_frames: u64,
    left_out: LeftOut,
    total: LeftOut,
    next_beat: Instant,
    last_report: Instant,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("connections", &self.connections.len()).finish_non_exhaustive()
    }
}

impl Collector {
    /// Listens until the last report; the sinks' failures are their own.
    fn run(mut self, reports: &OwnedFd) -> LeftOut {
        let is_ready = |timeout: Option<Duration>| {
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            poll(&mut [PollFd::new(reports, PollFlags::IN)], timeout.as_ref()).unwrap_or(0) > 0
        };
        let mut arrived = Arrived::default();
        let mut is_over = false;
        while !is_over {
            let has_reports = is_ready(self.patience());
            if has_reports {
                self.last_report = Instant::now();
                is_over = self.listen(reports, &mut arrived);
            }
            self.hand_on_closed(Instant::now());
            self.beat(Instant::now());
            if has_reports && !is_over {
                std::thread::sleep(if self.sinks.is_empty() { NAP_OF_LINES } else { NAP });
            }
        }
        // A thread that went on past its time may report still.
        while is_ready(Some(Duration::ZERO)) {
            self.listen(reports, &mut arrived);
        }
        self.finish()
    }

    /// Reads some reports and hears them; gives whether the last one was among them.
    fn listen(&mut self, reports: &OwnedFd, arrived: &mut Arrived) -> bool {
        let mut lines = Vec::new();
        let mut is_over = false;
        arrived.read(reports);
        while let Some(report) = arrived.next() {
            self.progress.steps.fetch_add(1, Ordering::Relaxed);
            match report {
                Ok(Report::Line(line)) => {
                    lines.extend_from_slice(&line);
                    lines.push(b'\n');
                }
                Ok(Report::End) => is_over = true,
                Ok(report) => self.hear(report),
                Err(Unreadable) => self.left_out.reports += 1,
            }
        }
        self.left_out.reports += self.lines.write(&lines);
        is_over
    }

    /// How long there is nothing to do but listen; `None`: until a report comes.
    fn patience(&self) -> Option<Duration> {
        let now = Instant::now();
        let rest = if self.packets.is_some() { NAP } else { Duration::ZERO }; // they are being read
        let next_close = self.closing.front().map(|(due, _)| (*due).max(now + rest));
        let has_news =
            (!self.sinks.is_empty() || self.probe.counts()) && now.saturating_duration_since(self.last_report) < BEATS;
        let beat = (has_news || !self.following.is_empty()).then_some(self.next_beat);
        next_close.into_iter().chain(beat).min().map(|next| next.saturating_duration_since(now))
    }

    fn hand_on(&mut self, connection: u64, news: News) {
        self.hand_on_to(connection, news, |_| true);
    }

    /// Those sinks that follow what is under way are shown what is held of it, too.
    fn hand_on_to(&mut self, connection: u64, news: News, is_shown: impl Fn(&dyn Sink) -> bool) {
        let Some(recorded) = self.connections.get_mut(&connection) else { return };
        // What has just begun has hardly any yet; the next beat brings them.
        let capture = self.packets.as_ref().filter(|_| !matches!(news, News::Opened | News::Receiving));
        let is_new = capture.is_some_and(|capture| recorded.look_at(capture, Instant::now(), news));
        if news == News::Segments && !is_new {
            return;
        }
        let Recorded { record, held, .. } = recorded;
        for sink in self.sinks.iter_mut().filter(|sink| is_shown(sink.as_ref())) {
            // It will be in the next part.
            match sink.follows_segments() && news != News::Continues && !held.is_empty() {
                true => held.beside(record, |record| sink.take(record, news)),
                false => sink.take(record, news),
            }
        }
    }

    /// What is due when time passes: silent connections, and what was left out.
    fn beat(&mut self, now: Instant) {
        if now < self.next_beat {
            return;
        }
        self.next_beat = now + BEAT;
        let is_silent = |recorded: &Recorded| {
            let age = now.saturating_duration_since(recorded.last_heard);
            !recorded.is_silent
                && recorded.record.exchanges.is_empty()
                && recorded.held.is_empty()
                && recorded.record.close.is_none()
                && age >= SILENT
        };
        let silent: Vec<u64> =
            self.connections.iter().filter(|(_, recorded)| is_silent(recorded)).map(|(number, _)| *number).collect();
        for connection in silent {
            if let Some(recorded) = self.connections.get_mut(&connection) {
                recorded.is_silent = true;
            }
            self.hand_on(connection, News::Silent);
        }
        if self.packets.is_some() && self.sinks.iter().any(|sink| sink.follows_segments()) {
            let open: Vec<u64> = self.connections.keys().copied().collect();
            open.into_iter().for_each(|connection| self.hand_on(connection, News::Segments));
        }
        let responding = std::mem::take(&mut self.responding);
        responding.into_iter().for_each(|connection| self.hand_on(connection, News::Responding));
        self.hand_on_held(now);
        self.hand_on_followed(now);
        if self.look_for_ended.is_some_and(|at| at <= now) {
            self.look_for_ended = None;
            self.close_ended(now);
        }
        self.say_left_out();
        let Self { sinks, connections, packets, .. } = self;
        let mut latest = Latest { connections, packets: packets.as_deref() };
        sinks.iter_mut().for_each(|sink| sink.pass_time(&mut latest));
    }

    /// Closes the connections whose end was reported and found no room: nobody
    /// has their sockets any more.
    fn close_ended(&mut self, now: Instant) {
        let Some(table) = &self.table else { return };
        let mut ended = Vec::new();
        for (number, recorded) in &self.connections {
            let ends = recorded.record.addresses();
            let has_ended =
                || ends.is_some_and(|(server, client)| table.is_open(server, client).is_ok_and(|is_open| !is_open));
            let is_quiet = now.saturating_duration_since(recorded.last_heard) >= QUIET;
            if recorded.record.close.is_none() && is_quiet && has_ended() {
                ended.push(*number);
            }
        }
        ended.into_iter().for_each(|connection| self.lose(connection, Lost::Report, now));
    }

    /// The end of this connection will not be heard.
    fn lose(&mut self, connection: u64, lost: Lost, due: Instant) {
        self.end_exchanges(connection, lost);
        if let Some(recorded) = self.connections.get_mut(&connection) {
            recorded.record.close = Some(interpret::lost(lost));
            self.closing.push_back((due, connection));
        }
    }

    fn say_left_out(&mut self) {
        let unrecorded = self.probe.take_unrecorded();
        if !unrecorded.is_empty() {
            self.sinks.iter_mut().for_each(|sink| sink.unrecorded(&unrecorded));
        }
        self.left_out.connections += self.probe.take_left_out();
        let dropped = self.probe.take_dropped();
        if dropped > 0 {
            self.left_out.reports += dropped;
            self.look_for_ended = Some(Instant::now() + QUIET);
        }
        let lost = self.packets.as_ref().map_or(0, |packets| packets.lost());
        self.left_out.frames += lost - std::mem::replace(&mut self.lost_frames, lost);
        let left_out = std::mem::take(&mut self.left_out);
        if !left_out.is_nothing() {
            self.total.add(left_out);
            self.probe.count_left_out(left_out);
            self.sinks.iter_mut().for_each(|sink| sink.left_out(left_out));
        }
    }

    fn finish(mut self) -> LeftOut {
        std::thread::sleep(self.look);
        let last = Instant::now();
        let open = self.connections.iter().filter(|(_, recorded)| recorded.record.close.is_none());
        let open: Vec<u64> = open.map(|(number, _)| *number).collect();
        open.into_iter().for_each(|connection| self.lose(connection, Lost::Server, last));
        while !are_packets_read(self.packets.as_deref(), last, Instant::now()) {
            std::thread::sleep(NAP);
        }
        self.hand_on_closed(last + self.look + UNREAD);
        self.stop_following();
        self.left_out.connections += self.probe.take_left_out();
        // Those whose accept was reported and found no room, or that nobody came to serve.
        let known = self.opened + self.total.connections + self.left_out.connections - self.not_taken_in;
        self.left_out.connections += self.probe.numbered().saturating_sub(known);
        self.say_left_out();
        self.sinks.iter_mut().for_each(|sink| sink.finish());
        self.total.connections += self.unwritten();
        self.total.reports += self.sinks.iter().map(|sink| sink.unwritten_pieces()).max().unwrap_or(0);
        self.total
    }

    /// Connections that sinks could not show or write.
    fn unwritten(&self) -> u64 {
        self.sinks.iter().map(|sink| sink.unwritten()).max().unwrap_or(0)
    }
}

#[cfg(test)]
pub(crate) mod tests;
