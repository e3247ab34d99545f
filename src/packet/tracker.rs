//! A connection followed segment by segment: relative numbers, and what each
//! segment is in the light of those before it. A calculation; no I/O, no clock.
//!
//! All facts hold *where the segments were seen*. What is seen at the sender
//! before a link loses it is sent again as [`Fact::Again`]; seen at the
//! receiver, the same repetition fills a gap ([`Fact::FillsGap`]).
//!
//! ```text
//!          acknowledged        sent, in flight       may be sent
//!   ─────────────────────┬──────────────────────┬───────────────────┬────
//!   1                    │ acknowledged         │ end               │ edge
//!                        └ of the other end     └ highest seen      └ acknowledged + window
//! ```

mod fact;
mod ranges;

pub use fact::{Fact, MOST_FACTS, Relative, Seen};

use super::Direction;
use super::segment::Tcp;
use arrayvec::ArrayVec;
use ranges::Ranges;
use serde::{Deserialize, Serialize};

/// How many bytes may be seen before the SYN that they follow, where the order is lost.
const LATEST_SYN: Relative = 1 << 24;

/// A connection as far as it was seen.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    halves: [Half; 2],
}

/// What one end has sent.
#[derive(Clone, Debug, Default)]
pub struct Half {
    base: Option<Base>,
    /// The window scale that its SYN offered, if the SYN was seen.
    offered: Option<Option<u8>>,
    /// Behind the highest number that was sent.
    end: Relative,
    /// What was seen of that.
    seen: Ranges,
    /// The highest acknowledgment that it sent.
    acknowledged: Option<Relative>,
    /// Up to where bytes that passed unseen were reported.
    unseen: Relative,
    /// How often that was repeated.
    duplicates: u32,
    /// The window in its last segment, unscaled.
    window: Option<u16>,
    /// Behind the highest number that it allows the other end.
    edge: Option<Relative>,
    fin: Option<Relative>,
    /// What was counted.
    pub counts: Counts,
}

/// Where relative numbers begin.
#[derive(Clone, Copy, Debug)]
struct Base {
    /// The number that is 0.
    initial: u32,
    /// Whether it was seen in a SYN.
    is_measured: bool,
}

/// How many segments of one end there were of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Segments.
    pub segments: u64,
    /// Bytes of data, each time they were sent.
    pub bytes: u64,
    /// Segments sent again, wholly or partly.
    pub again: u64,
    /// Duplicate acknowledgments.
    pub duplicate_acks: u64,
    /// Segments that filled a gap.
    pub filled_gaps: u64,
    /// Bytes that passed unseen: acknowledged, and never seen here.
    pub unseen_bytes: u64,
}

impl Tracker {
    /// What one end has sent so far.
    pub fn half(&self, direction: Direction) -> &Half {
        &self.halves[direction.index()]
    }

    /// Whether this segment, a SYN of the client, begins a connection other than this one.
    pub fn is_another(&self, direction: Direction, tcp: &Tcp) -> bool {
        let half = self.half(direction);
        let begins = direction == Direction::ToServer && tcp.flags.syn && !tcp.flags.ack;
        begins
            && match half.base {
                Some(base) if base.is_measured => base.initial != tcp.sequence,
                Some(_) => !(-LATEST_SYN..=0).contains(&half.relative(tcp.sequence, 0)),
                None => false,
            }
    }

    /// Takes the next segment that was seen, and says what it is.
    pub fn follow(&mut self, direction: Direction, tcp: &Tcp) -> Seen {
        let [first, second] = &mut self.halves;
        let (sender, receiver) = match direction {
            Direction::ToServer => (first, second),
            Direction::ToClient => (second, first),
        };
        if tcp.flags.syn {
            learn_syn(sender, receiver, tcp);
        }
        sender.assume_base(tcp.sequence.wrapping_sub(1));
        if tcp.flags.ack {
            receiver.assume_base(tcp.acknowledgment.wrapping_sub(1));
        }
        let sequence = sender.relative(tcp.sequence, sender.end);
        let acknowledgment =
            tcp.flags.ack.then(|| receiver.relative(tcp.acknowledgment, sender.acknowledged.unwrap_or(receiver.end)));
        let scale = if tcp.flags.syn { Some(0) } else { scale(sender, receiver) };
        let window = scale.map(|bits| u64::from(tcp.window) << bits);

        let mut seen = Seen { sequence, acknowledgment, window, facts: ArrayVec::new() };
        let facts = &mut seen.facts;
        match probe(sender, receiver, tcp, sequence, facts) {
            Some(Probe::Repeats) => {}
            Some(Probe::Next) => sender.send(tcp, sequence, None, facts),
            None => sender.send(tcp, sequence, receiver.edge, facts),
        }
        acknowledge(sender, receiver, tcp, acknowledgment, facts);
        sender.announce(tcp, acknowledgment, window, facts);
        sender.counts.segments += 1;
        sender.counts.bytes += u64::from(tcp.length);
        seen
    }
}

/// Learns from a SYN where numbers begin; those that were given before it are mended.
fn learn_syn(sender: &mut Half, receiver: &mut Half, tcp: &Tcp) {
    sender.offered = Some(tcp.options.window_scale);
    match sender.base {
        Some(base) if base.is_measured => return,
        Some(base) => {
            let shift = i64::from(base.initial.wrapping_sub(tcp.sequence).cast_signed());
            sender.seen.shift(shift);
            sender.end += shift;
            sender.unseen = 0;
            sender.fin = sender.fin.map(|fin| fin + shift);
            receiver.acknowledged = receiver.acknowledged.map(|number| number + shift);
            receiver.edge = receiver.edge.map(|edge| edge + shift);
        }
        None => {}
    }
    sender.base = Some(Base { initial: tcp.sequence, is_measured: true });
}

/// By how many bits the sender's windows are shifted: as it offered, if both did (RFC 7323 §2.2).
fn scale(sender: &Half, receiver: &Half) -> Option<u8> {
    match (sender.offered?, receiver.offered?) {
        (Some(bits), Some(_)) => Some(bits.min(14)),
        _ => Some(0),
    }
}

impl Half {
    /// Its initial sequence number, if its SYN was seen.
    pub fn initial_sequence(&self) -> Option<u32> {
        self.base.filter(|base| base.is_measured).map(|base| base.initial)
    }

    /// Behind the highest number that was sent: SYN and FIN count one each.
    pub fn end(&self) -> Relative {
        self.end
    }

    /// The number of its FIN, if that was seen.
    pub fn fin(&self) -> Option<Relative> {
        self.fin
    }

    /// The highest acknowledgment that it sent.
    pub fn acknowledged(&self) -> Option<Relative> {
        self.acknowledged
    }

    /// Bytes of which nothing was seen, below the highest that was.
    pub fn missing(&self) -> u64 {
        self.seen.missing()
    }

    /// Begins to count at `initial`, if nothing better is known: what came before is not missing.
    fn assume_base(&mut self, initial: u32) {
        if self.base.is_none() {
            self.base = Some(Base { initial, is_measured: false });
            self.end = 1;
            self.unseen = 1;
            self.seen = Ranges::from_start(1);
        }
    }

    /// `number` as a relative one: the one next to `near`, for numbers wrap.
    fn relative(&self, number: u32, near: Relative) -> Relative {
        let initial = self.base.map_or(0, |base| base.initial);
        let near_absolute = initial.wrapping_add(near as u32); // modulo 2^32, as on the wire
        near.saturating_add(i64::from(number.wrapping_sub(near_absolute).cast_signed()))
    }

    /// What its data, SYN and FIN are.
    fn send(&mut self, tcp: &Tcp, sequence: Relative, edge: Option<Relative>, facts: &mut ArrayVec<Fact, MOST_FACTS>) {
        let end = sequence.saturating_add(tcp.span().into());
        if tcp.flags.rst || end == sequence {
            return;
        }
        let before = self.end;
        let fresh = self.seen.add(sequence, end);
        let fact = match fresh {
            None => Some(Fact::Forgotten),
            Some(0) => Some(Fact::Again),
            Some(_) if sequence > before => Some(Fact::BehindGap { bytes: sequence.abs_diff(before) }),
            Some(_) if end <= before => Some(Fact::FillsGap),
            Some(fresh) if fresh < end.abs_diff(sequence) => {
                Some(Fact::PartlyAgain { bytes: end.abs_diff(sequence) - fresh })
            }
            Some(_) => None,
        };
        match fact {
            Some(Fact::Again | Fact::PartlyAgain { .. }) => self.counts.again += 1,
            Some(Fact::FillsGap) => self.counts.filled_gaps += 1,
            _ => {}
        }
        note(facts, fact);
        self.end = before.max(end);
        if tcp.flags.fin {
            self.fin = Some(end - 1);
            note(facts, (tcp.length > 0).then_some(Fact::FinWithData));
        }
        if let (Some(edge), true) = (edge, end > before && tcp.length > 0) {
            let last = end - i64::from(tcp.flags.fin); // a FIN needs no room
            note(facts, (last == edge).then_some(Fact::FillsWindow));
            note(facts, (last > edge).then(|| Fact::BeyondWindow { bytes: last.abs_diff(edge) }));
        }
    }

    /// What its window is.
    fn announce(
        &mut self,
        tcp: &Tcp,
        acknowledgment: Option<Relative>,
        window: Option<u64>,
        facts: &mut ArrayVec<Fact, MOST_FACTS>,
    ) {
        if tcp.flags.rst {
            return; // its window means nothing
        }
        note(
            facts,
            match (self.window, tcp.window) {
                (Some(0), 0) => Some(Fact::WindowStillClosed),
                (_, 0) => Some(Fact::WindowClosed),
                (Some(0), _) => Some(Fact::WindowOpened),
                _ => None,
            },
        );
        self.window = Some(tcp.window);
        if let (Some(acknowledgment), Some(window)) = (acknowledgment, window) {
            let edge = acknowledgment.saturating_add_unsigned(window);
            // An older segment may come late; a window does not shrink (RFC 9293 §3.8.6.2.1).
            self.edge = Some(self.edge.map_or(edge, |known| known.max(edge)));
        }
    }

    fn is_closed(&self) -> bool {
        self.window == Some(0)
    }
}

/// A segment that only asks.
enum Probe {
    /// With a number that was sent before.
    Repeats,
    /// With the next byte of the stream.
    Next,
}

/// Whether a segment only asks: about a closed window, or for a sign of life.
fn probe(
    sender: &Half,
    receiver: &Half,
    tcp: &Tcp,
    sequence: Relative,
    facts: &mut ArrayVec<Fact, MOST_FACTS>,
) -> Option<Probe> {
    let is_plain = tcp.flags.ack && !tcp.flags.syn && !tcp.flags.fin && !tcp.flags.rst && tcp.length <= 1;
    let is_all_acknowledged = receiver.acknowledged == Some(sender.end);
    if !is_plain || sender.counts.segments == 0 || !is_all_acknowledged {
        return None;
    }
    let probe = match sequence {
        number if number == sender.end - 1 && number > 0 => Probe::Repeats,
        number if number == sender.end && tcp.length == 1 && receiver.is_closed() => Probe::Next,
        _ => return None,
    };
    note(facts, Some(if receiver.is_closed() { Fact::WindowProbe } else { Fact::KeepAliveProbe }));
    Some(probe)
}

/// What an acknowledgment says of the other end's bytes.
fn acknowledge(
    sender: &mut Half,
    receiver: &mut Half,
    tcp: &Tcp,
    acknowledgment: Option<Relative>,
    facts: &mut ArrayVec<Fact, MOST_FACTS>,
) {
    let Some(number) = acknowledgment.filter(|_| !tcp.flags.rst) else { return };
    let before = sender.acknowledged;
    let is_pure = tcp.length == 0 && !tcp.flags.syn && !tcp.flags.fin;
    let is_outstanding = before.is_some_and(|before| receiver.end > before);
    if before == Some(number) && is_pure && is_outstanding && sender.window == Some(tcp.window) {
        sender.duplicates += 1;
        sender.counts.duplicate_acks += 1;
        note(facts, Some(Fact::DuplicateAck { number: sender.duplicates }));
    }
    if before.is_none_or(|before| number > before) {
        sender.acknowledged = Some(number);
        sender.duplicates = 0;
        let reaches = |mark: Relative| number > mark && before.is_none_or(|before| before <= mark);
        let is_syn_known = receiver.base.is_some_and(|base| base.is_measured);
        note(facts, (is_syn_known && reaches(0)).then_some(Fact::AcknowledgesSyn));
        note(facts, receiver.fin.is_some_and(reaches).then_some(Fact::AcknowledgesFin));
        let unseen = receiver.seen.missing_below(number, receiver.unseen);
        if unseen > 0 {
            receiver.counts.unseen_bytes += unseen;
            note(facts, Some(Fact::AcknowledgesUnseen { bytes: unseen }));
        }
        receiver.unseen = receiver.unseen.max(number);
    }
    report_arrived(receiver, tcp, number, facts);
}

/// SACK's blocks: what arrived behind a gap, or arrived twice (RFC 2883 §4).
fn report_arrived(receiver: &Half, tcp: &Tcp, number: Relative, facts: &mut ArrayVec<Fact, MOST_FACTS>) {
    let blocks: ArrayVec<(Relative, Relative), 4> = tcp
        .options
        .sack
        .iter()
        .map(|(from, to)| (receiver.relative(*from, number), receiver.relative(*to, number)))
        .collect();
    for (index, (from, to)) in blocks.iter().copied().enumerate().filter(|(_, (from, to))| from < to) {
        let is_within_next = blocks.get(1).is_some_and(|next| index == 0 && next.0 <= from && to <= next.1);
        let to = to - 1;
        let is_duplicate = index == 0 && (to < number || is_within_next);
        note(
            facts,
            Some(if is_duplicate { Fact::ReportsDuplicate { from, to } } else { Fact::ReportsGap { from, to } }),
        );
    }
}

fn note(facts: &mut ArrayVec<Fact, MOST_FACTS>, fact: Option<Fact>) {
    if let Some(fact) = fact {
        // More than fit do not occur; were there more, the first ones stay.
        let _ = facts.try_push(fact);
    }
}
