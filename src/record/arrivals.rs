//! When bytes were there in order. A read's stamp is that of the last segment of which it gave some: where
//! segments came out of order, that one may have come before the others.

use super::ending::End;
use super::figure::{Figure, Nanoseconds};
use super::segment::{Fact, Segments};
use super::source::Source;
use super::why::Why;

/// When what one end sent became readable, as its segments show it.
#[derive(Debug)]
pub(crate) struct Arrivals {
    advances: Vec<Advance>,
    /// Until when they are known.
    until: Nanoseconds,
}

/// The bytes in order became more.
#[derive(Clone, Copy, Debug)]
struct Advance {
    at: Nanoseconds,
    /// Bytes that had come before and waited became readable, too.
    frees: bool,
}

impl Arrivals {
    /// Those of what `end` sent; `None` where some of that passed unseen.
    pub(crate) fn of(segments: &Segments, end: End) -> Option<Self> {
        let counts = if end == End::Client { &segments.from_client } else { &segments.from_server };
        if counts.unseen_bytes > 0 || segments.not_seen > 0 {
            return None;
        }
        let is_all = segments.left_out == 0;
        let listed = if is_all { &segments.list[..] } else { segments.list.get(..segments.left_out_behind)? };
        let until = if is_all { Nanoseconds::MAX } else { listed.last()?.at };
        let (mut next, mut waiting, mut advances) = (1, Vec::new(), Vec::new());
        for segment in listed.iter().filter(|segment| segment.from == end && segment.length > 0) {
            if segment.facts.contains(&Fact::WindowProbe) {
                continue; // there may be no room for its byte
            }
            let first = segment.relative_sequence.saturating_add(segment.has("SYN").into());
            let behind = first.saturating_add(segment.length.into());
            waiting.push((first, behind));
            let before = next;
            while let Some(&(_, behind)) = waiting.iter().find(|(first, behind)| *first <= next && *behind > next) {
                next = behind;
            }
            waiting.retain(|(_, behind)| *behind > next);
            if next > before {
                advances.push(Advance { at: segment.at, frees: next > behind });
            }
        }
        Some(Self { advances, until })
    }

    /// When the first bytes of what came after `since` and was `read` then were there, whatever came behind them.
    pub(crate) fn first(&self, since: Nanoseconds, read: Nanoseconds) -> Option<Nanoseconds> {
        self.advances.iter().map(|advance| advance.at).filter(|at| (since..=read).contains(at)).min()
    }

    /// Mends when the first bytes `arrived` of what came after `since` and was `read` then, where the kernel's
    /// stamp says it wrong, or is not to be trusted.
    pub(crate) fn mend(&self, arrived: &mut Figure<Nanoseconds>, since: Nanoseconds, read: Option<&Nanoseconds>) {
        let Some(&read) = read.filter(|read| **read <= self.until) else { return };
        let came = || self.advances.iter().filter(|advance| (since..=read).contains(&advance.at));
        let is_wrong = match arrived {
            // More has been seen meanwhile.
            Figure::Measured { by: Source::Packets, .. } => true,
            Figure::Measured { value, .. } => came().any(|advance| advance.frees && advance.at > *value),
            Figure::NotVisible { why: Why::OutOfOrder | Why::OrderUnknown } => true,
            _ => false,
        };
        if let (true, Some(last)) = (is_wrong, came().map(|advance| advance.at).max()) {
            *arrived = Figure::measured(last, Source::Packets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::segment::Segment;

    /// Segments of a client: when each was seen, its first byte, how many.
    fn seen(segments: &[(Nanoseconds, i64, u32)]) -> Segments {
        let segment = |&(at, first, length): &(Nanoseconds, i64, u32)| -> Segment {
            let json = serde_json::json!({"at": at, "from": "client", "flags": "ACK", "sequence": 1,
                "relative_sequence": first, "length": length, "window": 1, "ttl": 64});
            serde_json::from_value(json).expect("a segment")
        };
        Segments { list: segments.iter().map(segment).collect(), ..Segments::default() }
    }

    fn mended(segments: &Segments, stamp: Figure<Nanoseconds>, since: i64, read: i64) -> Figure<Nanoseconds> {
        let mut arrived = stamp;
        if let Some(arrivals) = Arrivals::of(segments, End::Client) {
            arrivals.mend(&mut arrived, since, Some(&read));
        }
        arrived
    }

    #[test]
    fn what_was_overtaken_has_arrived_when_it_was_there_in_order() {
        let stamp = |at| Figure::measured(at, Source::ReceiveStamp);
        let packets = |at| Figure::measured(at, Source::Packets);
        // The first segment was lost once: its end came at 85, its beginning at 126.
        let lost = seen(&[(85, 1449, 1139), (126, 1, 1448)]);
        assert_eq!(mended(&lost, stamp(85), 0, 127), packets(126));
        assert_eq!(mended(&lost, Figure::not_visible(Why::OutOfOrder), 0, 127), packets(126));
        assert_eq!(mended(&lost, packets(126), 0, 127), packets(126), "and again");
        // In order, and where nothing that waited became readable before the read, the stamp is right.
        assert_eq!(mended(&seen(&[(85, 1, 1448), (86, 1449, 1139)]), stamp(86), 0, 127), stamp(86));
        assert_eq!(mended(&seen(&[(85, 1, 10), (86, 21, 10), (99, 11, 10)]), stamp(85), 0, 90), stamp(85));
        // The last of three in the order of bytes came first, and a fourth in order.
        let four = [(1, 201, 100), (2, 101, 100), (3, 1, 100), (4, 301, 100)];
        assert_eq!(mended(&seen(&four[..3]), stamp(1), 0, 9), packets(3));
        assert_eq!(mended(&seen(&four), stamp(4), 0, 9), stamp(4));
    }

    #[test]
    fn the_first_bytes_were_there_with_their_own_segment_however_late_they_were_read() {
        let first = |segments: &[(Nanoseconds, i64, u32)], since, read| {
            Arrivals::of(&seen(segments), End::Client).and_then(|arrivals| arrivals.first(since, read))
        };
        let three = [(166, 1, 1448), (315, 1449, 1448), (466, 2897, 104)];
        assert_eq!(first(&three, 100, 1_100), Some(166));
        assert_eq!(first(&[(244, 1449, 1448), (393, 1, 1448), (724, 2897, 104)], 100, 1_100), Some(393));
        // What came before belongs to another, and what was read before it came is none of it.
        assert_eq!(first(&three, 200, 1_100), Some(315));
        assert_eq!(first(&three, 100, 150), None);
    }

    #[test]
    fn where_bytes_passed_unseen_or_are_not_seen_yet_nothing_is_said() {
        let doubted = Figure::not_visible(Why::OutOfOrder);
        let lost = seen(&[(85, 1449, 1139), (126, 1, 1448)]);
        // What came before belongs to what was read before.
        assert_eq!(mended(&lost, doubted.clone(), 130, 140), doubted);
        let unseen = Segments { not_seen: 1, ..lost.clone() };
        assert_eq!(mended(&unseen, doubted.clone(), 0, 127), doubted);
        let cut = Segments { left_out: 3, left_out_behind: 1, ..lost };
        assert_eq!(mended(&cut, doubted.clone(), 0, 127), doubted);
        let not_asked = Figure::not_visible(Why::NoArrival);
        assert_eq!(mended(&seen(&[(85, 1, 10)]), not_asked.clone(), 0, 127), not_asked);
    }
}
