//! A simulated link between two ends: each frame is late, and meets what the
//! rules say. A calculation: the clock is passed in, the frames are handed over.
//!
//! ```text
//!   take(now, frame) ──▶ rules: lost? held? doubled? ──▶ rate: one after
//!                                                        another ──▶ delay
//!   deliver(now) ◀── due, by time, then in order of coming ◀───────────┘
//! ```

use super::Direction;
use super::rule::{Action, Conditions, Kind, Rule};
use super::segment::Packet;
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

/// Bytes that may be under way; a frame beyond that is lost for want of room.
pub const MOST_UNDER_WAY: usize = 64 * 1024 * 1024;

/// Frames that may wait for a decision.
pub const MOST_WAITING: usize = 256;

/// A moment, as the time since one that the link's owner chose.
pub type Moment = Duration;

/// A link with frames under way.
#[derive(Debug)]
pub struct Link {
    conditions: Conditions,
    /// How many there were of each kind, each way.
    counts: [[u64; Kind::ALL.len()]; 2],
    taken: u64,
    /// Until when the last frame is being put on the link, each way.
    busy: [Moment; 2],
    /// Until when everything is lost.
    cut: Option<Moment>,
    now: Moment,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    bytes: usize,
    order: u64,
    /// Frames in the middle, each waiting for a decision.
    waiting: BTreeMap<u64, (Direction, Vec<u8>)>,
}

/// A frame on its way; the earliest, then the first, is the least.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UnderWay {
    due: Moment,
    order: u64,
    arrival: Arrival,
}

/// A frame at the other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Arrival {
    /// Its number, as [`Taken`] has it.
    pub number: u64,
    /// Which way it went.
    pub direction: Direction,
    /// When it was due: the clock may show later.
    pub due: Moment,
    /// Whether it is the second of a doubled frame.
    pub is_copy: bool,
    /// The frame.
    pub frame: Vec<u8>,
}

/// What became of a frame that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// From 1, both ways together.
    pub number: u64,
    /// What the rules did.
    pub fate: Fate,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It arrives, after the link's own delay; so long was it held besides.
    Carried {
        /// How much later than others.
        held: Duration,
        /// Whether twice.
        is_doubled: bool,
        /// Whether with one bit turned.
        is_damaged: bool,
    },
    /// It is lost by a rule.
    Dropped,
    /// It is lost while the link is cut.
    Cut,
    /// It is lost because too much is under way.
    NoRoom,
    /// It waits in the middle for a decision.
    Waiting,
}

/// What becomes of a frame that waits in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// It goes on.
    Deliver,
    /// It is lost.
    Drop,
    /// It arrives twice.
    Double,
    /// It arrives with one bit turned.
    Damage,
}

impl Link {
    /// A link of these conditions.
    pub fn new(conditions: Conditions) -> Self {
        Self {
            conditions,
            counts: Default::default(),
            taken: 0,
            busy: Default::default(),
            cut: None,
            now: Moment::ZERO,
            under_way: BinaryHeap::new(),
            bytes: 0,
            order: 0,
            waiting: BTreeMap::new(),
        }
    }

    /// How many packets of a kind went that way; each rule counts so.
    pub fn count(&self, direction: Direction, kind: Kind) -> u64 {
        let index = Kind::ALL.iter().position(|(known, _)| *known == kind);
        index.map_or(0, |index| self.counts[direction.index()][index])
    }

    /// Takes an Ethernet frame from one end. Frames that are not IP (ARP) are
    /// carried, and no rule meets them.
    pub fn take(&mut self, now: Moment, direction: Direction, mut frame: Vec<u8>) -> Taken {
        self.now = self.now.max(now);
        self.taken += 1;
        let fate = self.judge(direction, &mut frame);
        // What is lost on the way has been sent all the same.
        let sent = self.send(direction, frame.len());
        if let Fate::Carried { held, is_doubled, .. } = fate {
            let copy = is_doubled.then(|| frame.clone());
            self.carry(self.taken, direction, sent + held, frame, false);
            if let Some(copy) = copy {
                let sent = self.send(direction, copy.len());
                self.carry(self.taken, direction, sent + held, copy, true);
            }
        }
        Taken { number: self.taken, fate }
    }

    /// Takes an Ethernet frame that goes no further than the middle until [`Link::decide`]
    /// says what becomes of it. No rule meets it.
    pub fn hold(&mut self, now: Moment, direction: Direction, frame: Vec<u8>) -> Taken {
        self.now = self.now.max(now);
        self.taken += 1;
        if self.waiting.len() >= MOST_WAITING || self.bytes + 2 * frame.len() > MOST_UNDER_WAY {
            return Taken { number: self.taken, fate: Fate::NoRoom };
        }
        self.bytes += frame.len();
        self.waiting.insert(self.taken, (direction, frame));
        Taken { number: self.taken, fate: Fate::Waiting }
    }

    /// What becomes of the frame of this number; `None` if it does not wait.
    pub fn decide(&mut self, now: Moment, number: u64, decision: Decision) -> Option<Fate> {
        self.now = self.now.max(now);
        let (direction, mut frame) = self.waiting.remove(&number)?;
        self.bytes -= frame.len();
        if decision == Decision::Drop {
            return Some(Fate::Dropped);
        }
        if decision == Decision::Damage {
            damage(&mut frame);
        }
        let sent = self.send(direction, frame.len());
        if decision == Decision::Double {
            self.carry(number, direction, sent, frame.clone(), false);
            let sent = self.send(direction, frame.len());
            self.carry(number, direction, sent, frame, true);
        } else {
            self.carry(number, direction, sent, frame, false);
        }
        let is_damaged = decision == Decision::Damage;
        Some(Fate::Carried { held: Duration::ZERO, is_doubled: decision == Decision::Double, is_damaged })
    }

    /// When the next frame is due.
    pub fn next_due(&self) -> Option<Moment> {
        self.under_way.peek().map(|next| next.0.due)
    }

    /// The next frame that is due, in order; `None` if none is.
    pub fn deliver(&mut self, now: Moment) -> Option<Arrival> {
        self.next_due().filter(|due| *due <= now)?;
        let arrival = self.under_way.pop()?.0.arrival;
        self.bytes -= arrival.frame.len();
        Some(arrival)
    }

    fn judge(&mut self, direction: Direction, frame: &mut [u8]) -> Fate {
        let (mut held, mut is_doubled, mut is_damaged, mut is_dropped) = (Duration::ZERO, false, false, false);
        if let Ok(packet) = Packet::from_ethernet(frame, frame.len()) {
            for (index, (kind, _)) in Kind::ALL.iter().enumerate() {
                self.counts[direction.index()][index] += u64::from(kind.is(&packet));
            }
            let counts = self.counts[direction.index()];
            let matches = |rule: &&Rule| {
                let index = Kind::ALL.iter().position(|(kind, _)| *kind == rule.kind);
                let number = index.map_or(0, |index| counts[index]);
                let is_meant =
                    rule.which.is_empty() || rule.which.iter().any(|(from, to)| (*from..=*to).contains(&number));
                rule.direction == direction && rule.kind.is(&packet) && is_meant
            };
            for rule in self.conditions.rules.iter().filter(matches) {
                match rule.action {
                    Action::Drop => is_dropped = true,
                    Action::Hold(time) => held += time,
                    Action::Double => is_doubled = true,
                    Action::Damage => is_damaged = true,
                    Action::Cut(time) => self.cut = self.cut.max(Some(self.now + time)),
                }
            }
        }
        if is_damaged {
            damage(frame);
        }
        let copies = 1 + usize::from(is_doubled);
        if self.cut.is_some_and(|until| self.now < until) {
            Fate::Cut
        } else if is_dropped {
            Fate::Dropped
        } else if self.bytes + frame.len() * copies > MOST_UNDER_WAY {
            Fate::NoRoom
        } else {
            Fate::Carried { held, is_doubled, is_damaged }
        }
    }

    /// Puts a frame on the link, behind those before it; gives when its last bit is.
    fn send(&mut self, direction: Direction, length: usize) -> Moment {
        let start = self.now.max(self.busy[direction.index()]);
        let bits = length as u64 * 8;
        let takes = self.conditions.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_nanos((u128::from(bits) * 1_000_000_000 / u128::from(rate.max(1))) as u64)
        });
        self.busy[direction.index()] = start + takes;
        start + takes
    }

    fn carry(&mut self, number: u64, direction: Direction, sent: Moment, frame: Vec<u8>, is_copy: bool) {
        let due = sent + self.conditions.delay;
        self.order += 1;
        self.bytes += frame.len();
        let arrival = Arrival { number, direction, due, is_copy, frame };
        self.under_way.push(Reverse(UnderWay { due, order: self.order, arrival }));
    }
}

/// Turns one bit of an IP packet, under TCP's, UDP's and ICMP's checksum.
fn damage(frame: &mut [u8]) {
    let length = frame.len();
    let Ok(packet) = Packet::from_ethernet(frame, length) else { return };
    let last = (packet.ip_header.start + packet.length).min(length).saturating_sub(1);
    if let Some(byte) = frame.get_mut(last) {
        *byte ^= 1;
    }
}
