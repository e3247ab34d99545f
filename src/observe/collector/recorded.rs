//! A connection that is recorded, and how far that is.

use super::unsettled::Unsettled;
use crate::capture::{Capture, SoFar, Which};
use crate::language::Language;
use crate::observe::sink::{News, Records};
use crate::record::connection::Record;
use crate::record::segment::Followed;
use crate::record::{Figure, Moment, TimeWait};
use crate::story;
use std::collections::HashMap;
use std::net::SocketAddr;
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
    pub(super) followed: Followed,
    /// How many exchanges are in the parts of its record that were shown before.
    pub(super) in_earlier_parts: u64,
    /// Whether a younger connection has the same two ends.
    pub(super) are_ends_used_again: bool,
    /// Exchanges behind those of the record.
    pub(super) held: Unsettled,
}

impl Recorded {
    /// It is over, after this number of exchanges: how many of them nobody reported.
    pub(super) fn count_unreported(&mut self, exchanges: u64) -> u64 {
        let reported = self.in_earlier_parts + self.record.exchanges.len() as u64;
        self.record.exchanges_left_out = exchanges.saturating_sub(reported);
        self.record.exchanges_left_out
    }

    /// Joins what was seen of its packets; gives whether there is more of them.
    pub(super) fn look_at(&mut self, capture: &Capture, now: Instant, news: News) -> bool {
        let Some((server, client)) = self.record.addresses() else { return false };
        let is_at_close = matches!(news, News::Continues | News::Closing | News::Closed);
        let seen = self.so_far(capture).map_or(0, |so_far| so_far.count);
        let is_due = self.last_look.is_none_or(|last| now.saturating_duration_since(last) >= LOOK_AGAIN);
        let is_new = seen != self.segments_seen && (seen <= MANY || is_due);
        if !is_new && !is_at_close {
            return false;
        }
        self.last_look = Some(now);
        if let Some(segments) = capture.record(server, client, (self.which(), self.accepted)) {
            self.record.join(segments);
            self.say_why_it_ended();
        } else if is_at_close && self.record.segments.is_none() {
            self.record.lack_segments();
        }
        if let Some(segments) = &mut self.record.segments {
            segments.followed = self.followed;
        }
        std::mem::replace(&mut self.segments_seen, seen) != seen
    }

    /// The reason in words, of what is known by now.
    pub(super) fn say_why_it_ended(&mut self) {
        let close = self.record.close.as_ref();
        let sentence = close.map(|close| story::why_it_ended(close, &self.record, Language::English));
        if let (Some(close), Some(sentence)) = (&mut self.record.close, sentence) {
            close.sentence = sentence.into();
        }
    }

    /// Asks the kernel who is in TIME_WAIT, where it can be seen. A reset leaves nobody there: who is has come
    /// between the same ends since, as has who waits where they were used again.
    pub(super) fn look_for_time_wait(
        &mut self,
        who_waits: impl FnOnce(SocketAddr, SocketAddr) -> Option<Figure<TimeWait>>,
    ) {
        let (Some((server, client)), Some(close)) = (self.record.addresses(), &mut self.record.close) else { return };
        if close.reset.is_none()
            && !self.are_ends_used_again
            && let Some(waits) = who_waits(server, client)
        {
            close.time_wait = waits;
        }
    }

    /// How far its packets are seen.
    pub(super) fn so_far(&self, capture: &Capture) -> Option<SoFar> {
        let (server, client) = self.record.addresses()?;
        capture.so_far(server, client, self.which())
    }

    /// Which of the connections between its ends it is.
    pub(super) fn which(&self) -> Which {
        Which { began_by: self.accepted, syn: self.record.handshake.syn.value().map(|syn| syn.sequence) }
    }
}

/// The connections that are not handed on for the last time.
pub(super) struct Latest<'a> {
    pub(super) connections: &'a mut HashMap<u64, Recorded>,
    pub(super) packets: Option<&'a Capture>,
}

impl Records for Latest<'_> {
    fn are_segments_read(&mut self, connection: u64) -> bool {
        let passed = self.connections.get(&connection).map(|recorded| recorded.last_heard + look(true));
        passed
            .zip(self.packets)
            .is_none_or(|(passed, packets)| packets.last_read().has_read(passed) || Instant::now() > passed + UNREAD)
    }

    fn of(&mut self, connection: u64) -> Option<&Record> {
        let recorded = self.connections.get_mut(&connection)?;
        if let Some(packets) = self.packets {
            // What is shown of it is all that there is by now.
            recorded.last_look = None;
            recorded.look_at(packets, Instant::now(), News::Segments);
        }
        Some(&recorded.record)
    }
}

/// A connection whose packets are followed.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) connection: u64,
    pub(super) until: Instant,
    /// When the kernel is asked next.
    pub(super) next_question: Instant,
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
    packets.is_none_or(|packets| packets.last_read().has_read(then) || now > then + UNREAD)
}
