//! How a connection came about, and the accept queue in which it stood.

use super::ending::End;
use super::figure::{Figure, Nanoseconds, Text};
use super::segment::{Fact, Segment, Segments};
use super::source::Source;
use super::tcp::Syn;
use super::why::Why;
use serde::{Deserialize, Serialize};

/// The beginning of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Handshake {
    /// The client's first segment.
    pub syn: Figure<Syn>,
    /// The server's initial sequence number.
    pub server_sequence: Figure<u32>,
    /// How long the complete connection stood in the accept queue, in nanoseconds.
    pub queued: Figure<Nanoseconds>,
    /// A tick of the clock by which `queued` is counted, in nanoseconds.
    #[serde(default = "tick")]
    pub tick: Nanoseconds,
    /// TCP's state at the accept: ESTABLISHED, or CLOSE_WAIT where the client had closed its sending side by then.
    #[serde(default = "unreported")]
    pub state: Figure<Text>,
    /// The accept queue when this connection had been taken from it.
    pub queue: Figure<Queue>,
    /// The round trip of SYN+ACK and ACK, in nanoseconds.
    pub rtt: Figure<Nanoseconds>,
}

/// The accept queue of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Queue {
    /// Complete connections that wait for accept(2).
    pub waiting: u32,
    /// How many may.
    pub backlog: u32,
}

impl Handshake {
    /// What packets show more exactly than the kernel's clock does, or what it can't.
    pub(super) fn join(&mut self, segments: &Segments) {
        let is_complete = self.is_completed_by_ack(segments);
        if !is_complete || matches!(self.rtt, Figure::NotVisible { why: Why::HandshakeAgain }) {
            self.rtt = match only_round_trip(segments) {
                Some(rtt) => Figure::derived(rtt, Source::Packets),
                None => Figure::not_visible(Why::HandshakeAgain),
            };
        }
        if let Some(ack) = segments.moments.ack.filter(|ack| *ack <= 0 && is_complete) {
            self.queued = Figure::derived(ack.saturating_neg(), Source::AckBeforeAccept);
            self.tick = 1;
        }
    }

    /// Whether the first ACK that was seen completed the handshake, if there was one: a kernel whose accept queue
    /// is full drops it, and a later segment completes it.
    pub(crate) fn is_completed_by_ack(&self, segments: &Segments) -> bool {
        let Some(ack) = segments.moments.ack else { return true };
        match &self.queued {
            Figure::Derived { from: Source::AckBeforeAccept, .. } => true,
            _ if behind_ack(segments).iter().any(is_syn_ack_again) => false,
            Figure::Derived { value: age, from: Source::AgeAtAccept } => {
                ack.saturating_neg().saturating_sub(*age) <= self.tick.saturating_mul(2)
            }
            Figure::NotVisible { .. } => !is_data_ignored(behind_ack(segments)),
            _ => true,
        }
    }
}

/// From the SYN+ACK to the first ACK, where it had been sent only once by then, and the ACK waited for no data.
fn only_round_trip(segments: &Segments) -> Option<Nanoseconds> {
    let (syn_ack, ack) = (segments.moments.syn_ack?, segments.moments.ack?);
    let is_bare = behind_ack(segments).first().is_some_and(|ack| ack.length == 0);
    let again = segments.list.iter().any(|segment| is_syn_ack_again(segment) && segment.at <= ack);
    Some(ack.saturating_sub(syn_ack)).filter(|rtt| *rtt > 0 && is_bare && !again)
}

fn is_syn_ack_again(segment: &Segment) -> bool {
    segment.from == End::Server && segment.has("SYN") && segment.facts.contains(&Fact::Again)
}

/// What was seen behind the first ACK of the SYN+ACK: clocks are set, and the order of what passed stays.
fn behind_ack(segments: &Segments) -> &[Segment] {
    let is_ack = |segment: &Segment| segment.from == End::Client && segment.facts.contains(&Fact::AcknowledgesSyn);
    let ack = segments.list.iter().position(is_ack);
    ack.and_then(|ack| segments.list.get(ack..)).unwrap_or_default()
}

/// Whether data came again before the accept, and the server had not acknowledged it.
fn is_data_ignored(behind: &[Segment]) -> bool {
    let is_ignored = |(index, segment): (usize, &Segment)| {
        let is_acknowledged = |by: &Segment| {
            by.from == End::Server && by.relative_acknowledgment.is_some_and(|next| next > segment.relative_sequence)
        };
        let is_again = segment.from == End::Client && segment.length > 0 && segment.facts.contains(&Fact::Again);
        is_again && segment.at <= 0 && !behind.iter().take(index).any(is_acknowledged)
    };
    behind.iter().enumerate().any(is_ignored)
}

/// The longest tick of a Linux kernel: 100 a second.
fn tick() -> Nanoseconds {
    10_000_000
}

fn unreported<T>() -> Figure<T> {
    Figure::not_visible(Why::NoTcpInfo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::connection::Record;

    const MS: Nanoseconds = 1_000_000;

    /// A handshake whose first ACK came at -2250 ms, and what was seen behind it.
    fn seen(behind: &[(Nanoseconds, &str, &str, u32)]) -> Segments {
        let first = [(-2310 * MS, "server", "SYN+ACK", 0), (-2250 * MS, "client", "ACK", 0)];
        let list = first.iter().chain(behind).enumerate().map(|(index, (at, from, flags, length))| {
            let facts = match index {
                1 => vec![serde_json::json!({"fact": "acknowledges_syn"})],
                0 | 2 => Vec::new(),
                _ => vec![serde_json::json!({"fact": "again"})],
            };
            let json = serde_json::json!({"at": at, "from": from, "flags": flags, "sequence": 1, "length": length,
                "relative_sequence": i32::from(*flags != "SYN+ACK"), "window": 1, "ttl": 64, "facts": facts});
            serde_json::from_value(json).expect("a segment")
        });
        let list: Vec<Segment> = list.collect();
        let mut segments = Segments { list, ..Segments::default() };
        (segments.moments.syn_ack, segments.moments.ack) = (Some(-2310 * MS), Some(-2250 * MS));
        segments
    }

    fn joined(age: Option<Nanoseconds>, segments: Segments) -> Record {
        let mut record = Record::example();
        record.handshake.queued = match age {
            Some(age) => Figure::derived(age, Source::AgeAtAccept),
            None => Figure::not_visible(Why::NoTcpInfo),
        };
        record.handshake.rtt = Figure::measured(2310 * MS, Source::TcpInfo);
        record.join(segments.clone());
        record.join(segments);
        record
    }

    const DATA_TWICE: [(Nanoseconds, &str, &str, u32); 2] =
        [(-2210 * MS, "client", "PSH+ACK", 27), (-1900 * MS, "client", "PSH+ACK", 27)];

    #[test]
    fn an_ack_that_the_kernel_dropped_does_not_begin_the_wait_in_the_queue() {
        let with_syn_ack = [DATA_TWICE[0], (-1200 * MS, "server", "SYN+ACK", 0)];
        for (age, behind) in [(Some(0), &DATA_TWICE), (None, &DATA_TWICE), (None, &with_syn_ack)] {
            let record = joined(age, seen(behind));
            let handshake = &record.handshake;
            assert_eq!(handshake.queued.value().copied(), age);
            assert_eq!(handshake.rtt, Figure::derived(60 * MS, Source::Packets));
        }
        let taken = joined(Some(2248 * MS), seen(&DATA_TWICE[..1])).handshake;
        assert_eq!(taken.queued, Figure::derived(2250 * MS, Source::AckBeforeAccept));
        assert_eq!(taken.rtt, Figure::measured(2310 * MS, Source::TcpInfo));
    }

    #[test]
    fn a_round_trip_of_a_syn_ack_that_was_sent_twice_is_not_known() {
        let mut segments = seen(&DATA_TWICE);
        let again = Segment { at: -2260 * MS, facts: vec![Fact::Again], ..segments.list[0].clone() };
        segments.list.insert(1, again);
        assert_eq!(joined(Some(0), segments).handshake.rtt, Figure::not_visible(Why::HandshakeAgain));
    }
}
