//! One connection's segments, followed. No I/O.

use crate::packet::Direction;
use crate::packet::pcapng::LinkType;
use crate::packet::segment::{Flags, Packet, Tcp};
use crate::packet::tracker::{Fact, Relative, Seen, Tracker};
use crate::record::segment::{self as record, FirstSeen, Followed, Options, Segment, Segments};
use crate::record::{End, Moment, Text};
use arrayvec::ArrayVec;
use std::collections::VecDeque;

/// Segments that are kept of one connection: the first, and the last.
pub(super) const FIRST: usize = 128;
pub(super) const LAST: usize = 128;
/// How long after a reset nothing has passed: what was on its way by then has come, and was reset, too.
const RESET: u64 = 100_000_000;

/// A frame as a socket saw it, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) at: Moment,
    pub(super) interface: u32,
    pub(super) packet: &'a Packet<'a>,
    pub(super) tcp: &'a Tcp,
    pub(super) is_checksum_open: bool,
    pub(super) cut_into: Option<u16>,
    pub(super) bytes: &'a [u8],
    pub(super) length: u32,
    pub(super) link: LinkType,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) tracker: Tracker,
    pub(super) interface: u32,
    first: Vec<Kept>,
    last: VecDeque<Kept>,
    /// Bytes of their frames.
    pub(super) kept_bytes: usize,
    left_out: u64,
    moments: FirstSeen<Moment>,
    pub(super) began: Moment,
    pub(super) latest: Moment,
    /// Frames that had found no room before it began.
    lost_before: u64,
    /// Those that may have found none by its end, where that was seen.
    pub(super) lost_by_its_end: Option<u64>,
    /// Whether it is recorded.
    pub(super) is_recorded: bool,
    /// Whether another one began in its place.
    pub(super) is_past: bool,
}

/// A segment as it is kept.
#[derive(Debug)]
struct Kept {
    at: Moment,
    direction: Direction,
    tcp: Tcp,
    sequence: Relative,
    acknowledgment: Option<Relative>,
    window: Option<u64>,
    facts: Vec<Fact>,
    ttl: u8,
    is_checksum_open: bool,
    cut_into: Option<u16>,
    frame: Option<record::Frame>,
}

impl Flow {
    pub(super) fn new(frame: &Frame<'_>, lost: u64) -> Self {
        Self {
            tracker: Tracker::default(),
            interface: frame.interface,
            first: Vec::new(),
            last: VecDeque::new(),
            kept_bytes: 0,
            left_out: 0,
            moments: FirstSeen::default(),
            began: frame.at,
            latest: frame.at,
            lost_before: lost,
            lost_by_its_end: None,
            is_recorded: false,
            is_past: false,
        }
    }

    pub(super) fn kept(&self) -> usize {
        self.first.len() + self.last.len()
    }

    /// It was reset, or each end's FIN was acknowledged, or another one began in its place.
    pub(super) fn is_settled(&self) -> bool {
        let is_acknowledged = |direction: Direction| {
            let (end, other) = (self.tracker.half(direction), self.tracker.half(direction.reverse()));
            end.fin().zip(other.acknowledged()).is_some_and(|(fin, acknowledged)| acknowledged > fin)
        };
        self.is_past
            || self.moments.client_reset.max(self.moments.server_reset) > Moment::default()
            || Direction::BOTH.into_iter().all(is_acknowledged)
    }

    /// Nothing of it is to be expected any more, not even what was on its way when it was reset.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        let is_reset = self.moments.client_reset.max(self.moments.server_reset) > Moment::default();
        let rest = now.after(self.latest).map_or(0, i64::cast_unsigned);
        self.is_settled() && (self.is_past || !is_reset || rest >= RESET)
    }

    pub(super) fn take(&mut self, direction: Direction, frame: &Frame<'_>, has_room: bool, keeps_bytes: bool) -> Seen {
        let seen = self.tracker.follow(direction, frame.tcp);
        self.latest = frame.at;
        self.mark(direction, frame, &seen);
        let kept = Kept {
            at: frame.at,
            direction,
            tcp: frame.tcp.clone(),
            sequence: seen.sequence,
            acknowledgment: seen.acknowledgment,
            window: seen.window,
            facts: seen.facts.to_vec(),
            ttl: frame.packet.hop_limit,
            is_checksum_open: frame.is_checksum_open,
            cut_into: frame.cut_into,
            frame: keeps_bytes.then(|| frame.kept()),
        };
        let bytes = kept.bytes();
        if self.first.len() < FIRST && self.last.is_empty() && self.left_out == 0 && has_room {
            self.first.push(kept);
            self.kept_bytes += bytes;
        } else {
            if self.last.len() >= LAST || (!has_room && !self.last.is_empty()) {
                let forgotten = self.last.pop_front();
                self.kept_bytes -= forgotten.map_or(0, |kept| kept.bytes());
                self.left_out += 1;
            }
            if has_room || self.last.len() < self.last.capacity() {
                self.last.push_back(kept);
                self.kept_bytes += bytes;
            } else {
                self.left_out += 1;
            }
        }
        seen
    }

    /// Notes when what a connection consists of came for the first time.
    fn mark(&mut self, direction: Direction, frame: &Frame<'_>, seen: &Seen) {
        let is_client = direction == Direction::ToServer;
        let flags = frame.tcp.flags;
        let acknowledges_fin = seen.facts.contains(&Fact::AcknowledgesFin);
        let reached = FirstSeen {
            syn: is_client && flags.syn,
            syn_ack: !is_client && flags.syn,
            ack: is_client && seen.facts.contains(&Fact::AcknowledgesSyn),
            client_fin: is_client && flags.fin,
            client_fin_acknowledged: !is_client && acknowledges_fin,
            server_fin: !is_client && flags.fin,
            server_fin_acknowledged: is_client && acknowledges_fin,
            client_reset: is_client && flags.rst,
            server_reset: !is_client && flags.rst,
        };
        self.moments = self.moments.beside(reached, |moment, is_reached| match is_reached {
            true if moment == Moment::default() => frame.at,
            _ => moment,
        });
    }

    pub(super) fn record(&self, accepted: Moment, lost: u64, interface: &str) -> Segments {
        Segments {
            list: self.first.iter().chain(&self.last).filter_map(|kept| kept.record(accepted)).collect(),
            left_out: self.left_out,
            left_out_behind: self.first.len(),
            not_seen: self.lost_by_its_end.unwrap_or(lost).saturating_sub(self.lost_before),
            interface: interface.to_owned(),
            followed: Followed::SoFar,
            from_client: self.tracker.half(Direction::ToServer).counts,
            from_server: self.tracker.half(Direction::ToClient).counts,
            moments: self.moments.map(|moment| moment.since(accepted)),
        }
    }
}

impl Frame<'_> {
    fn kept(&self) -> record::Frame {
        let bytes = self.bytes.get(..record::Frame::MOST).unwrap_or(self.bytes);
        record::Frame { at: self.at.0, length: self.length, bytes: bytes.into(), link: self.link }
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| frame.bytes.len())
    }

    fn record(&self, accepted: Moment) -> Option<Segment> {
        let has_ack = self.tcp.flags.ack;
        Some(Segment {
            at: self.at.since(accepted)?,
            from: match self.direction {
                Direction::ToServer => End::Client,
                Direction::ToClient => End::Server,
            },
            flags: names(self.tcp.flags),
            sequence: self.tcp.sequence,
            relative_sequence: self.sequence,
            length: self.tcp.length,
            acknowledgment: has_ack.then_some(self.tcp.acknowledgment),
            relative_acknowledgment: self.acknowledgment,
            window: self.tcp.window,
            window_bytes: self.window,
            options: Options {
                mss: self.tcp.options.mss,
                window_scale: self.tcp.options.window_scale,
                sack_permitted: self.tcp.options.sack_permitted,
                timestamps: self.tcp.options.timestamps,
            },
            ttl: self.ttl,
            cut_into: self.cut_into,
            checksum: (!self.is_checksum_open).then_some(self.tcp.checksum),
            facts: self.facts.clone(),
            frame: self.frame.clone(),
        })
    }
}

/// The control bits that are set, by name; those that go together mostly cost nothing.
fn names(flags: Flags) -> Text {
    let names: ArrayVec<&str, 8> = flags.names().collect();
    Text::Borrowed(match names.as_slice() {
        ["ACK"] => "ACK",
        ["PSH", "ACK"] => "PSH+ACK",
        ["SYN"] => "SYN",
        ["SYN", "ACK"] => "SYN+ACK",
        ["FIN", "ACK"] => "FIN+ACK",
        ["FIN", "PSH", "ACK"] => "FIN+PSH+ACK",
        ["RST"] => "RST",
        ["RST", "ACK"] => "RST+ACK",
        _ => return Text::Owned(flags.to_string()),
    })
}
