//! Frames sorted by connection: each one's segments, followed. No I/O.

use super::flow::{Flow, Frame};
use crate::packet::Direction;
use crate::packet::pcapng::LinkType;
use crate::packet::segment::{Packet, Unreadable};
use crate::packet::tracker::Seen;
use crate::record::Moment;
use crate::record::segment::Segments;
use crate::sys::packet_socket;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Connections that are followed at a time.
const MOST_FLOWS: usize = 8_192;
/// Connections between the same two ends that are kept: a port can be used again at once.
const MOST_OF_A_PAIR: usize = 16;
/// Segments that are kept of all of them, of some 200 bytes each.
const MOST_SEGMENTS: usize = 131_072;
/// Bytes of frames that are kept beside.
const MOST_OF_FRAMES: usize = 32 << 20;
/// For how long an ended connection, or one that nobody accepted, is remembered, in nanoseconds.
const REMEMBERED: u64 = 10_000_000_000;

/// ARPHRD_ETHER and ARPHRD_LOOPBACK.
const ETHERNET: [u16; 2] = [1, 772];

/// A connection, by its ends: the server's, the client's.
pub(super) type Pair = (SocketAddr, SocketAddr);

/// Which of the connections between two ends is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Which {
    /// It had begun by then; the latest that had.
    pub(crate) began_by: Moment,
    /// The number of its SYN, where that is known: the next one may have begun before it was accepted.
    pub(crate) syn: Option<u32>,
}

/// The connections whose segments are seen.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// Those of each pair of ends in the order in which they began: none is empty.
    flows: HashMap<Pair, Vec<Flow>>,
    kept: Totals,
    last_swept: Moment,
}

/// What is kept of all connections.
#[derive(Debug, Default)]
struct Totals {
    flows: usize,
    segments: usize,
    /// Of frames.
    bytes: usize,
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

impl Flows {
    /// Takes a segment that was seen, after this number of frames had found no room; gives
    /// what it is, if it belongs to a connection whose beginning was seen.
    pub(super) fn take(
        &mut self,
        pair: Pair,
        direction: Direction,
        frame: &Frame<'_>,
        lost: RangeInclusive<u64>,
    ) -> Option<Seen> {
        self.sweep(frame.at);
        if let Some(flow) = self.flows.get_mut(&pair).and_then(|flows| flows.last_mut()) {
            if !flow.is_past && !flow.tracker.is_another(direction, frame.tcp) {
                return self.kept.take(flow, direction, frame, *lost.end());
            }
            // Who records it may not have come to it yet.
            flow.is_past = true;
            flow.lost_by_its_end.get_or_insert(*lost.end());
        }
        if !frame.tcp.flags.syn || self.kept.flows >= MOST_FLOWS {
            return None;
        }
        if self.flows.get(&pair).is_some_and(|flows| flows.len() >= MOST_OF_A_PAIR) {
            self.remove(&pair, 0);
        }
        self.kept.flows += 1;
        let flows = self.flows.entry(pair).or_default();
        flows.push(Flow::new(frame, *lost.start()));
        flows.last_mut().and_then(|flow| self.kept.take(flow, direction, frame, *lost.end()))
    }

    /// How far a connection is seen.
    pub(super) fn so_far(&self, pair: &Pair, which: Which, now: Moment) -> Option<SoFar> {
        let (_, flow) = self.find(pair, which)?;
        let count = Direction::BOTH.iter().map(|direction| flow.tracker.half(*direction).counts.segments).sum();
        Some(SoFar { count, is_settled: flow.is_settled(), is_over: flow.is_over(now) })
    }

    /// What was seen of a connection, with times since `since`; it is remembered from now on.
    pub(super) fn record(
        &mut self,
        pair: &Pair,
        (which, since): (Which, Moment),
        lost: u64,
        name: &str,
    ) -> Option<Segments> {
        let (place, _) = self.find(pair, which)?;
        let flow = self.flows.get_mut(pair)?.get_mut(place)?;
        flow.is_recorded = true;
        Some(flow.record(since, lost, name))
    }

    /// The interface on which a connection is seen.
    pub(super) fn interface(&self, pair: &Pair, which: Which) -> Option<u32> {
        self.find(pair, which).map(|(_, flow)| flow.interface)
    }

    /// Whether nothing is due any more of the latest connection.
    pub(super) fn is_settled(&self, pair: &Pair) -> bool {
        self.flows.get(pair).and_then(|flows| flows.last()).is_none_or(Flow::is_settled)
    }

    /// Nobody will ask for a connection any more. Where segments of it may come yet, it is known for a while.
    pub(super) fn forget(&mut self, pair: &Pair, which: Which) {
        let Some((place, flow)) = self.find(pair, which) else { return };
        if flow.is_settled() {
            self.remove(pair, place);
        } else if let Some(flow) = self.flows.get_mut(pair).and_then(|flows| flows.get_mut(place)) {
            flow.is_recorded = false;
        }
    }

    /// The connection that is meant, and its place among those of the pair.
    fn find(&self, pair: &Pair, which: Which) -> Option<(usize, &Flow)> {
        let is_it = |flow: &Flow| {
            let syn = flow.tracker.half(Direction::ToServer).initial_sequence();
            flow.began <= which.began_by && which.syn.zip(syn).is_none_or(|(wanted, syn)| wanted == syn)
        };
        self.flows.get(pair)?.iter().enumerate().rfind(|(_, flow)| is_it(flow))
    }

    fn remove(&mut self, pair: &Pair, place: usize) {
        let Some(flows) = self.flows.get_mut(pair).filter(|flows| place < flows.len()) else { return };
        let flow = flows.remove(place);
        if flows.is_empty() {
            self.flows.remove(pair);
        }
        self.kept.flows -= 1;
        self.kept.segments -= flow.kept();
        self.kept.bytes -= flow.kept_bytes;
    }

    /// Once a second: connections that have ended, or that nobody accepted, are let go of.
    fn sweep(&mut self, now: Moment) {
        if now.after(self.last_swept).is_some_and(|age| age < 1_000_000_000) {
            return;
        }
        self.last_swept = now;
        let is_old = |flow: &Flow| now.after(flow.latest).is_some_and(|age| age.cast_unsigned() > REMEMBERED);
        let is_gone = |flow: &Flow| !flow.is_recorded && is_old(flow);
        let places = |(pair, flows): (&Pair, &Vec<Flow>)| {
            let gone = flows.iter().enumerate().rev().filter(|(_, flow)| is_gone(flow));
            gone.map(|(place, _)| (*pair, place)).collect::<Vec<_>>()
        };
        let old: Vec<(Pair, usize)> = self.flows.iter().flat_map(places).collect();
        // Of each pair the last ones first: the places of the others stay.
        old.iter().for_each(|(pair, place)| self.remove(pair, *place));
    }
}

impl Totals {
    fn take(&mut self, flow: &mut Flow, direction: Direction, frame: &Frame<'_>, lost: u64) -> Option<Seen> {
        // A bridge or a tunnel shows the same segment on several interfaces: one of them is believed.
        if flow.interface != frame.interface {
            return None;
        }
        let before = (flow.kept(), flow.kept_bytes);
        let seen = flow.take(direction, frame, self.segments < MOST_SEGMENTS, self.bytes < MOST_OF_FRAMES);
        self.segments = self.segments + flow.kept() - before.0;
        self.bytes = self.bytes + flow.kept_bytes - before.1;
        if flow.is_settled() {
            flow.lost_by_its_end.get_or_insert(lost);
        }
        Some(seen)
    }
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

#[cfg(test)]
mod tests;
