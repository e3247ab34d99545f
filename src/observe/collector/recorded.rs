//! A connection that is recorded, and how far that is.

use crate::capture::Capture;
use crate::kernel::socket_table::SocketTable;
use crate::record::connection::Record;
use crate::record::{Figure, Moment, Source, TimeWait};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// How long packets may take to be read.
pub(super) const UNREAD: Duration = Duration::from_millis(500);

/// A connection of more segments than are kept of one is looked at only so often while it is open.
const MANY: u64 = 256;
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A connection that is recorded.
pub(super) struct Recorded {
    pub(super) record: Record,
    pub(super) accepted: Moment,
    pub(super) is_silent: bool,
    pub(super) last_heard: Instant,
    /// How many segments of it were joined.
    pub(super) segments_seen: u64,
    pub(super) last_look: Option<Instant>,
    /// How many exchanges are in the parts of its record that were shown before.
    pub(super) in_earlier_parts: u64,
}

impl Recorded {
    /// Joins what was seen of its packets; gives whether there is more of them.
    pub(super) fn look_at(&mut self, capture: &Capture, now: Instant) -> bool {
        let Some((server, client)) = self.record.addresses() else { return false };
        let seen = capture.count(server, client).unwrap_or(0);
        let is_due = self.last_look.is_none_or(|last| now.saturating_duration_since(last) >= LOOK_AGAIN);
        if seen > MANY && self.record.close.is_none() && !is_due {
            return false;
        }
        if seen == self.segments_seen && (seen == 0 || self.record.close.is_none()) {
            return false;
        }
        self.last_look = Some(now);
        if let Some(segments) = capture.record(server, client, self.accepted) {
            self.record.join(segments);
        }
        std::mem::replace(&mut self.segments_seen, seen) != seen
    }
}

/// Asks the kernel who is in TIME-WAIT, where it can be seen.
pub(super) fn look_for_time_wait(table: &SocketTable, record: &mut Record) {
    let (Some((server, client)), Some(close)) = (record.addresses(), &mut record.close) else { return };
    if table.is_in_time_wait(server, client).unwrap_or(false) {
        close.time_wait = Figure::measured(TimeWait::Server, Source::SockDiagServer);
    } else if table.is_in_time_wait(client, server).unwrap_or(false) {
        close.time_wait = Figure::measured(TimeWait::Client, Source::SockDiagClient);
    }
}

/// What the collector has done, for those who wait for it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Reports heard, and connections shown.
    pub(super) steps: AtomicU64,
    /// Connections shown to their end, by sinks that could.
    pub(super) finished: AtomicU64,
}

/// How long after its close a connection is looked for in TIME_WAIT, and shown: its last segments
/// have passed by then. Where packets are captured, they are handed over in blocks of some milliseconds.
pub(super) fn look(is_capturing: bool) -> Duration {
    Duration::from_millis(if is_capturing { 30 } else { 10 })
}

/// Whether the packets that passed before `then` are read, as far as they are captured.
pub(super) fn are_packets_read(packets: Option<&Capture>, then: Instant, now: Instant) -> bool {
    packets.is_none_or(|packets| packets.has_read(then) || now > then + UNREAD)
}
