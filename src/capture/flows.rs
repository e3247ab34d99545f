//! Frames sorted by connection: each one's segments, followed. No I/O.

use crate::packet::Direction;
use crate::packet::pcapng::LinkType;
use crate::packet::segment::{Flags, Packet, Tcp, Unreadable};
use crate::packet::tracker::{Fact, Relative, Seen, Tracker};
use crate::record::segment::{self as record, FirstSeen, Followed, Options, Segment, Segments};
use crate::record::{End, Moment, Text};
use crate::sys::packet_socket;
use arrayvec::ArrayVec;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// Segments that are kept of one connection: the first, and the last.
pub(super) const FIRST: usize = 128;
pub(super) const LAST: usize = 128;
/// Connections that are followed at a time.
const MOST_FLOWS: usize = 8_192;
/// Segments that are kept of all of them, of some 200 bytes each.
const MOST_SEGMENTS: usize = 131_072;
/// Bytes of frames that are kept beside.
const MOST_OF_FRAMES: usize = 32 << 20;
/// How long after a reset nothing has passed: what was on its way by then has come, and was reset, too.
const RESET: u64 = 100_000_000;
/// For how long an ended connection, or one that nobody accepted, is remembered, in nanoseconds.
const REMEMBERED: u64 = 10_000_000_000;

/// ARPHRD_ETHER and ARPHRD_LOOPBACK.
const ETHERNET: [u16; 2] = [1, 772];

/// A connection, by its ends: the server's, the client's.
pub(super) type Pair = (SocketAddr, SocketAddr);

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

/// The connections whose segments are seen.
#[derive(Debug, Default)]
pub(super) struct Flows {
    flows: HashMap<Pair, Flow>,
    kept: Totals,
    last_swept: Moment,
}

/// What is kept of all connections.
#[derive(Debug, Default)]
struct Totals {
    segments: usize,
    /// Of frames.
    bytes: usize,
}

/// One connection.
#[derive(Debug)]
struct Flow {
    tracker: Tracker,
    interface: u32,
    first: Vec<Kept>,
    last: VecDeque<Kept>,
    /// Bytes of their frames.
    kept_bytes: usize,
    left_out: u64,
    moments: FirstSeen<Moment>,
    began: Moment,
    latest: Moment,
    /// Frames that had found no room before it began.
    lost_before: u64,
    /// Whether it is recorded.
    is_recorded: bool,
}

/// How far a connection was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoFar {
    /// How many segments: whether there is anything new.
    pub(crate) count: u64,
    /// Whether it was reset, or each end's FIN was acknowledged.
    pub(crate) is_settled: bool,
    /// Whether no more are to be expected.
    pub(crate) is_over: bool,
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

impl Flows {
    /// Takes a segment that was seen, after `lost` frames had found no room; gives
    /// what it is, if it belongs to a connection whose beginning was seen.
    pub(super) fn take(&mut self, pair: Pair, direction: Direction, frame: &Frame<'_>, lost: u64) -> Option<Seen> {
        self.sweep(frame.at);
        if let Some(flow) = self.flows.get_mut(&pair)
            && !flow.tracker.is_another(direction, frame.tcp)
        {
            return self.kept.take(flow, direction, frame);
        }
        self.remove(&pair);
        if !frame.tcp.flags.syn || self.flows.len() >= MOST_FLOWS {
            return None;
        }
        let flow = self.flows.entry(pair).or_insert_with(|| Flow::new(frame, lost));
        self.kept.take(flow, direction, frame)
    }

    /// How far a connection is seen that had begun by `then`: a port is used again.
    pub(super) fn so_far(&self, pair: &Pair, then: Moment, now: Moment) -> Option<SoFar> {
        let flow = self.flows.get(pair).filter(|flow| flow.began <= then)?;
        let count = Direction::BOTH.iter().map(|direction| flow.tracker.half(*direction).counts.segments).sum();
        Some(SoFar { count, is_settled: flow.is_settled(), is_over: flow.is_over(now) })
    }

    /// What was seen of a connection that had begun by `then`, with times since `since`; it is remembered
    /// from now on.
    pub(super) fn record(
        &mut self,
        pair: &Pair,
        (then, since): (Moment, Moment),
        lost: u64,
        name: &str,
    ) -> Option<Segments> {
        let flow = self.flows.get_mut(pair).filter(|flow| flow.began <= then)?;
        flow.is_recorded = true;
        Some(flow.record(since, lost, name))
    }

    /// The interface on which a connection is seen.
    pub(super) fn interface(&self, pair: &Pair) -> Option<u32> {
        self.flows.get(pair).map(|flow| flow.interface)
    }

    /// Whether nothing of a connection is due any more.
    pub(super) fn is_settled(&self, pair: &Pair) -> bool {
        self.flows.get(pair).is_none_or(Flow::is_settled)
    }

    /// Nobody will ask for a connection any more that had begun by `then`. Where segments of it may come yet,
    /// it is known for a while.
    pub(super) fn forget(&mut self, pair: &Pair, then: Moment) {
        match self.flows.get_mut(pair) {
            Some(flow) if flow.began > then => {}
            Some(flow) if !flow.is_settled() => flow.is_recorded = false,
            _ => self.remove(pair),
        }
    }

    fn remove(&mut self, pair: &Pair) {
        let flow = self.flows.remove(pair);
        if let Some(flow) = flow {
            self.kept.segments -= flow.kept();
            self.kept.bytes -= flow.kept_bytes;
        }
    }

    /// Once a second: connections that have ended, or that nobody accepted, are let go of.
    fn sweep(&mut self, now: Moment) {
        if now.after(self.last_swept).is_some_and(|age| age < 1_000_000_000) {
            return;
        }
        self.last_swept = now;
        let is_old = |flow: &Flow| now.after(flow.latest).is_some_and(|age| age.cast_unsigned() > REMEMBERED);
        let old: Vec<Pair> =
            self.flows.iter().filter(|(_, flow)| !flow.is_recorded && is_old(flow)).map(|(pair, _)| *pair).collect();
        old.iter().for_each(|pair| self.remove(pair));
    }
}

impl Totals {
    fn take(&mut self, flow: &mut Flow, direction: Direction, frame: &Frame<'_>) -> Option<Seen> {
        // A bridge or a tunnel shows the same segment on several interfaces: one of them is believed.
        if flow.interface != frame.interface {
            return None;
        }
        let before = (flow.kept(), flow.kept_bytes);
        let seen = flow.take(direction, frame, self.segments < MOST_SEGMENTS, self.bytes < MOST_OF_FRAMES);
        self.segments = self.segments + flow.kept() - before.0;
        self.bytes = self.bytes + flow.kept_bytes - before.1;
        Some(seen)
    }
}

impl Flow {
    fn new(frame: &Frame<'_>, lost: u64) -> Self {
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
            is_recorded: false,
        }
    }

    fn kept(&self) -> usize {
        self.first.len() + self.last.len()
    }

    /// It was reset, or each end's FIN was acknowledged.
    fn is_settled(&self) -> bool {
        let is_acknowledged = |direction: Direction| {
            let (end, other) = (self.tracker.half(direction), self.tracker.half(direction.reverse()));
            end.fin().zip(other.acknowledged()).is_some_and(|(fin, acknowledged)| acknowledged > fin)
        };
        self.moments.client_reset.max(self.moments.server_reset) > Moment::default()
            || Direction::BOTH.into_iter().all(is_acknowledged)
    }

    /// Nothing of it is to be expected any more, not even what was on its way when it was reset.
    fn is_over(&self, now: Moment) -> bool {
        let is_reset = self.moments.client_reset.max(self.moments.server_reset) > Moment::default();
        let rest = now.after(self.latest).map_or(0, i64::cast_unsigned);
        self.is_settled() && (!is_reset || rest >= RESET)
    }

    fn take(&mut self, direction: Direction, frame: &Frame<'_>, has_room: bool, keeps_bytes: bool) -> Seen {
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

    fn record(&self, accepted: Moment, lost: u64, interface: &str) -> Segments {
        Segments {
            list: self.first.iter().chain(&self.last).filter_map(|kept| kept.record(accepted)).collect(),
            left_out: self.left_out,
            left_out_behind: self.first.len(),
            not_seen: lost - self.lost_before,
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

/// Which way a segment goes, and between whom; `None`: not to or from a server that is meant.
pub(super) fn sort(
    packet: &Packet<'_>,
    is_from_server: Option<bool>,
    is_server: impl Fn(SocketAddr) -> bool,
) -> Option<(Pair, Direction)> {
    let canonical = |address: SocketAddr| SocketAddr::new(unmapped(address.ip()), address.port());
    let (source, destination) = packet.addresses().map(|(from, to)| (canonical(from), canonical(to)))?;
    let flags = packet.tcp()?.flags;
    // Where both ends could be the server, the SYN says who is.
    let from_server = is_server(source) && is_from_server != Some(false);
    let to_server = is_server(destination) && is_from_server != Some(true);
    match (from_server, to_server) {
        (true, true) if flags.syn && !flags.ack => Some(((destination, source), Direction::ToServer)),
        (true, _) => Some(((source, destination), Direction::ToClient)),
        (false, true) => Some(((destination, source), Direction::ToServer)),
        (false, false) => None,
    }
}

/// By its ends, in whichever family's form they are.
pub(super) fn pair(server: SocketAddr, client: SocketAddr) -> Pair {
    let canonical = |address: SocketAddr| SocketAddr::new(unmapped(address.ip()), address.port());
    (canonical(server), canonical(client))
}

/// What frames of an interface of this kind begin with.
pub(super) fn link_type(hardware: u16) -> LinkType {
    if ETHERNET.contains(&hardware) { LinkType::Ethernet } else { LinkType::Ip }
}

/// A frame whose interface has Ethernet's header, or none.
pub(super) fn taken_apart<'a>(frame: &packet_socket::Frame<'a>) -> Result<Packet<'a>, Unreadable> {
    match link_type(frame.hardware) {
        LinkType::Ethernet => Packet::from_ethernet(frame.bytes, frame.length as usize),
        LinkType::Ip => Packet::from_ip(frame.bytes, frame.length as usize),
    }
}

fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
