//! What was seen of one act: each segment with its departure and arrival, each
//! call at both ends, on one clock.

pub(super) use super::deed::Deed;
use super::end::{self, Found, Side};
use super::facts::Fact;
use super::wire::{Passage, Passages};
use crate::language::Language;
use crate::language::sentence::{Sentence, both};
use crate::packet::Direction;
use crate::packet::arp::Arp;
use crate::packet::rule::Conditions;
use crate::packet::segment::{Packet, Transport};
use crate::packet::tracker::{self, Relative, Tracker};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

/// Milliseconds since the first frame left.
pub(super) type Ms = f64;

/// From here on the wire's own lateness may have changed what happened.
const DISTURBED_MS: Ms = 5.0;

/// An Ethernet header's length.
const ETHERNET: usize = 14;

/// One act, as it was seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) wire: String,
    /// The same, taken apart.
    #[serde(skip)]
    pub(super) conditions: Conditions,
    pub(super) segments: Vec<Segment>,
    pub(super) calls: Vec<Call>,
    /// What the actors found out themselves.
    #[serde(skip)]
    pub(super) found: Found,
    /// By how much the wire was late at most, in milliseconds.
    pub(super) late_ms: Ms,
    /// Frames that passed after these, and were counted only.
    #[serde(default)]
    pub(super) unkept: u64,
    /// The frames, as they left.
    #[serde(skip)]
    pub(super) frames: Vec<Vec<u8>>,
    #[serde(skip)]
    first_at: Option<Instant>,
}

/// One frame on the wire, taken apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// From 1, in order of departure.
    pub(super) number: usize,
    pub(super) direction: Direction,
    /// When it left the sender.
    pub(super) sent_ms: Ms,
    /// When it was decided what becomes of it, where a person is the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decided_ms: Option<Ms>,
    /// When it reached the receiver; nothing if it was lost, or had not when all ended.
    pub(super) arrived_ms: Option<Ms>,
    /// When its copy did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copy_arrived_ms: Option<Ms>,
    /// What the wire did to it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) wire: Option<Deed>,
    /// Port 0, where the protocol has none; nothing, where a frame has no IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<SocketAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) destination: Option<SocketAddr>,
    pub(super) protocol: Protocol,
    /// Bytes of data; of a frame that is not taken apart, all behind its Ethernet header.
    pub(super) length: u32,
    #[serde(flatten)]
    pub(super) tcp: Option<Tcp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) icmp: Option<(u8, u8)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) arp: Option<Arp>,
    /// Of a frame that is not taken apart: its EtherType, or its length (IEEE 802.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ether_type: Option<u16>,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Protocol {
    Tcp,
    Udp,
    Icmp,
    /// A later part of a datagram that was too long for one packet.
    Fragment,
    /// Another one, in an IP packet.
    Other,
    Arp,
    /// Neither IP that can be read nor ARP.
    Ethernet,
}

/// What TCP says in it; relative numbers count from the sender's SYN, which is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tcp {
    /// `SYN+ACK`
    pub(super) flags: String,
    pub(super) sequence: u32,
    pub(super) relative_sequence: Relative,
    pub(super) acknowledgment: Option<u32>,
    pub(super) relative_acknowledgment: Option<Relative>,
    /// In bytes, scaled.
    pub(super) window: Option<u64>,
    /// Its bytes, or its SYN or FIN, had left before.
    pub(super) again: bool,
    /// What it is in the light of those before it.
    pub(super) facts: Vec<tracker::Fact>,
    /// What its SYN offers: MSS, window scale, SACK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mss: Option<u16>,
}

/// A call of a program, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) at_ms: Ms,
    pub(super) side: Side,
    pub(super) call: String,
    #[serde(skip)]
    pub(super) text: Sentence,
}

impl Segment {
    pub(super) fn has(&self, flag: &str) -> bool {
        self.tcp.as_ref().is_some_and(|tcp| tcp.flags.split('+').any(|name| name == flag))
    }

    pub(super) fn is_again(&self) -> bool {
        self.tcp.as_ref().is_some_and(|tcp| tcp.again)
    }

    /// By the wire: what has not arrived is not lost by that.
    pub(super) fn is_lost(&self) -> bool {
        self.wire.is_some_and(Deed::is_loss)
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.wire.is_some_and(Deed::is_damage)
    }

    /// Of a run that is over: it had neither arrived nor been lost.
    pub(super) fn is_under_way(&self) -> bool {
        self.arrived_ms.is_none() && !self.is_lost()
    }

    /// Acknowledges, and nothing else.
    pub(super) fn is_pure_ack(&self) -> bool {
        self.length == 0 && self.tcp.as_ref().is_some_and(|tcp| tcp.flags == "ACK")
    }

    pub(super) fn is_data(&self) -> bool {
        self.tcp.is_some() && self.length > 0
    }

    /// The relative numbers of its first and last byte of data; a SYN before them takes one of its own.
    pub(super) fn bytes(&self) -> Option<(Relative, Relative)> {
        let first = self.tcp.as_ref()?.relative_sequence + i64::from(self.has("SYN"));
        self.is_data().then(|| (first, first + i64::from(self.length) - 1))
    }

    /// Its relative acknowledgment number.
    pub(super) fn acknowledges(&self) -> Option<Relative> {
        self.tcp.as_ref()?.relative_acknowledgment
    }

    pub(super) fn fact(&self, which: impl Fn(&tracker::Fact) -> bool) -> bool {
        self.tcp.as_ref().is_some_and(|tcp| tcp.facts.iter().any(which))
    }

    /// `>SYN`, `<D33*`, `>ACKx`: direction, kind, bytes; `*` sent again, `x` lost, `~` still under way.
    fn shape(&self) -> String {
        let kind = match &self.tcp {
            None => format!("{:?}{}", self.protocol, self.length).to_uppercase(),
            Some(_) if self.length > 0 => format!("{}{}", if self.has("FIN") { "F" } else { "D" }, self.length),
            Some(tcp) => tcp.flags.replace("PSH+", ""),
        };
        let again = if self.is_again() { "*" } else { "" };
        let end = match (self.is_lost(), self.is_under_way()) {
            (true, _) => "x",
            (false, true) => "~",
            (false, false) => "",
        };
        format!("{}{kind}{again}{end}", self.direction)
    }
}

impl Run {
    /// Takes apart what passed on a wire, and puts the calls beside it.
    pub(super) fn new(wire: &str, passages: Passages, calls: Vec<end::NotedCall>, found: Found) -> Self {
        let late_ms = passages.late.as_secs_f64() * 1e3;
        let mut run = Self { wire: wire.to_owned(), late_ms, unkept: passages.unkept, found, ..Self::default() };
        let begun = match (passages.frames.first(), calls.first()) {
            (Some(first), _) => first.sent,
            (None, Some(call)) => call.at,
            (None, None) => return run,
        };
        run.first_at = Some(begun);
        let mut connections = HashMap::new();
        for passage in passages.frames {
            let mut segment = segment(&passage, begun, &mut connections);
            segment.number = run.segments.len() + 1;
            run.segments.push(segment);
            run.frames.push(passage.frame);
        }
        run.calls = calls
            .into_iter()
            .map(|call| Call {
                at_ms: ms(call.at, begun),
                side: call.side,
                call: call.text.en.clone(),
                text: call.text,
            })
            .collect();
        run
    }

    /// The same, on this wire.
    pub(super) fn on(self, conditions: Conditions) -> Self {
        Self { conditions, ..self }
    }

    /// Whether the wire was too late for its times to be trusted.
    pub(super) fn is_disturbed(&self) -> bool {
        self.late_ms > DISTURBED_MS
    }

    /// What is not shown of it, as a sentence.
    pub(super) fn what_is_missing(&self, language: Language) -> Option<String> {
        let sentence = match self.unkept {
            0 => return None,
            1 => both!(
                "One more frame passed after these. It was carried and not kept: it is neither drawn nor captured.",
                "이 뒤로 프레임 1개가 더 지나갔습니다. 전달만 하고 남기지 않아서 그림에도 캡처에도 없습니다."
            ),
            more => both!(
                "{more} more frames passed after these. They were carried and not kept: they are neither drawn nor captured.",
                "이 뒤로 프레임 {more}개가 더 지나갔습니다. 전달만 하고 남기지 않아서 그림에도 캡처에도 없습니다."
            ),
        };
        Some(sentence.of(language).to_owned())
    }

    /// All of them in short: what two runs of one experiment have in common.
    pub(super) fn shape(&self) -> String {
        self.segments.iter().map(Segment::shape).collect::<Vec<_>>().join(" ")
    }

    /// Those of `direction`.
    pub(super) fn of(&self, direction: Direction) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| segment.direction == direction)
    }

    pub(super) fn first(&self, which: impl Fn(&Segment) -> bool) -> Option<&Segment> {
        self.segments.iter().find(|segment| which(segment))
    }

    pub(super) fn number_of(&self, which: impl Fn(&Segment) -> bool) -> usize {
        self.segments.iter().filter(|segment| which(segment)).count()
    }

    /// When `side` first came back from a call whose text begins with `call`.
    pub(super) fn call(&self, side: Side, call: &str) -> Option<Ms> {
        self.calls_of(side, call).next().map(|one| one.at_ms)
    }

    pub(super) fn calls_of<'a>(&'a self, side: Side, call: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |one| one.side == side && one.call.starts_with(call))
    }

    /// How long after the first lost segment its bytes left again.
    pub(super) fn again_after(&self) -> Option<Ms> {
        let lost = self.first(Segment::is_lost)?;
        let again = |one: &Segment| one.is_again() && one.number > lost.number && one.direction == lost.direction;
        Some(self.first(again)?.sent_ms - lost.sent_ms)
    }

    pub(super) fn found(&self, name: &str) -> Option<Fact> {
        self.found.iter().find(|(one, _)| *one == name).map(|(_, fact)| fact.clone())
    }
}

/// A moment as it is shown; what is nearly 0 has no sign.
pub(super) fn tenths(at: Ms) -> String {
    match format!("{at:.1}") {
        text if text == "-0.0" => "0.0".into(),
        text => text,
    }
}

pub(super) fn ms(at: Instant, begun: Instant) -> Ms {
    let nanoseconds = match at.checked_duration_since(begun) {
        Some(after) => after.as_nanos() as f64,
        None => -(begun.duration_since(at).as_nanos() as f64),
    };
    (nanoseconds / 1e3).round() / 1e3
}

/// Connections by their two ends, and what is known of each.
pub(super) type Connections = HashMap<[SocketAddr; 2], Tracker>;

/// Takes a frame apart, in the light of those before it.
pub(super) fn segment(passage: &Passage, begun: Instant, connections: &mut Connections) -> Segment {
    let frame = &passage.frame;
    let mut segment = Segment {
        number: 0,
        direction: passage.direction,
        sent_ms: ms(passage.sent, begun),
        decided_ms: passage.decided.map(|at| ms(at, begun)),
        arrived_ms: passage.arrived.map(|at| ms(at, begun)),
        copy_arrived_ms: passage.copy_arrived.map(|at| ms(at, begun)),
        wire: Deed::of(passage.fate),
        source: None,
        destination: None,
        protocol: Protocol::Ethernet,
        length: 0,
        tcp: None,
        icmp: None,
        arp: None,
        ether_type: None,
    };
    match (Packet::from_ethernet(frame, frame.len()), Arp::from_ethernet(frame)) {
        (Ok(packet), _) => segment.carries(&packet, connections),
        (Err(_), Some(message)) => {
            let address = |ip: Ipv4Addr| Some(SocketAddr::new(ip.into(), 0));
            (segment.source, segment.destination) = (address(message.sender), address(message.target));
            (segment.protocol, segment.arp) = (Protocol::Arp, Some(message));
        }
        (Err(_), None) => {
            segment.length = frame.len().saturating_sub(ETHERNET) as u32;
            segment.ether_type = frame.get(12..ETHERNET).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
        }
    }
    segment
}

impl Segment {
    /// Takes the IP packet in it apart.
    fn carries(&mut self, packet: &Packet<'_>, connections: &mut Connections) {
        let mut ports = (0, 0);
        self.length = packet.payload.len() as u32;
        self.protocol = match &packet.transport {
            Transport::Tcp(tcp) => {
                (ports, self.length) = ((tcp.source, tcp.destination), tcp.length);
                Protocol::Tcp
            }
            Transport::Udp(udp) => {
                ports = (udp.source, udp.destination);
                Protocol::Udp
            }
            Transport::Icmp(message) => {
                self.icmp = Some((message.kind, message.code));
                Protocol::Icmp
            }
            Transport::LaterFragment => Protocol::Fragment,
            Transport::Other(_) => Protocol::Other,
        };
        let (source, destination) =
            (SocketAddr::new(packet.source, ports.0), SocketAddr::new(packet.destination, ports.1));
        (self.source, self.destination) = (Some(source), Some(destination));
        let pair = match self.direction {
            Direction::ToServer => [source, destination],
            Direction::ToClient => [destination, source],
        };
        self.tcp = packet.tcp().map(|tcp| followed(tcp, self.direction, connections.entry(pair).or_default()));
    }
}

/// A TCP segment in the light of those before it.
fn followed(tcp: &crate::packet::segment::Tcp, direction: Direction, tracker: &mut Tracker) -> Tcp {
    if tracker.is_another(direction, tcp) {
        *tracker = Tracker::default();
    }
    let seen = tracker.follow(direction, tcp);
    let is_again = |fact: &tracker::Fact| matches!(fact, tracker::Fact::Again | tracker::Fact::PartlyAgain { .. });
    Tcp {
        flags: tcp.flags.to_string(),
        sequence: tcp.sequence,
        relative_sequence: seen.sequence,
        acknowledgment: tcp.flags.ack.then_some(tcp.acknowledgment),
        relative_acknowledgment: seen.acknowledgment,
        window: seen.window,
        again: seen.facts.iter().any(is_again),
        facts: seen.facts.to_vec(),
        mss: tcp.options.mss,
    }
}
