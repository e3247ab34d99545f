//! When bytes were there in order. A read's stamp is that of the last segment of which it gave some: where
//! segments came out of order, that one may have come before the others.

use super::ending::End;
use super::figure::{Figure, Nanoseconds};
use super::segment::{Fact, Segment, Segments};
use super::source::Source;
use super::why::Why;
use std::ops::RangeInclusive;

/// When what one end sent became readable, as its segments show it.
#[derive(Debug)]
pub(crate) struct Arrivals(Vec<Stretch>);

/// Segments between which none is missing: before those that are not listed, and behind them.
#[derive(Debug)]
struct Stretch {
    advances: Vec<Advance>,
    /// Between which moments they are all known.
    known: RangeInclusive<Nanoseconds>,
}

/// The bytes in order became more.
#[derive(Clone, Copy, Debug)]
struct Advance {
    at: Nanoseconds,
    /// Bytes that had come before and waited became readable, too.
    frees: bool,
}

impl Arrivals {
    /// Those of what `end` sent; none where some of that passed unseen.
    pub(crate) fn of(segments: &Segments, end: End) -> Self {
        let counts = if end == End::Client { &segments.from_client } else { &segments.from_server };
        if counts.unseen_bytes > 0 || segments.not_seen > 0 {
            return Self(Vec::new());
        }
        if segments.left_out == 0 {
            return Self(vec![Stretch::of(&segments.list, end, Some(1), Nanoseconds::MAX)]);
        }
        let (first, last) = segments.list.split_at(segments.left_out_behind.min(segments.list.len()));
        let before = first.last().map(|latest| Stretch::of(first, end, Some(1), latest.at));
        Self(before.into_iter().chain([Stretch::of(last, end, None, Nanoseconds::MAX)]).collect())
    }

    /// When the first bytes of what came after `since` and was `read` then were there, whatever came behind them.
    pub(crate) fn first(&self, since: Nanoseconds, read: Nanoseconds) -> Option<Nanoseconds> {
        let known = self.0.iter().find(|stretch| stretch.known.contains(&since))?;
        known.between(since, read).map(|advance| advance.at).min()
    }

    /// Mends when the first bytes `arrived` of what came after `since` and was `read` then, where the kernel's
    /// stamp says it wrong, or is not to be trusted.
    pub(crate) fn mend(&self, arrived: &mut Figure<Nanoseconds>, since: Nanoseconds, read: Option<&Nanoseconds>) {
        let Some(&read) = read else { return };
        let Some(known) = self.0.iter().find(|known| known.known.contains(&since) && known.known.contains(&read))
        else {
            return not_shown(arrived);
        };
        let came = || known.between(since, read);
        let is_wrong = match arrived {
            // More has been seen meanwhile.
            Figure::Measured { by: Source::Packets, .. } => true,
            Figure::Measured { value, .. } => came().any(|advance| advance.frees && advance.at > *value),
            Figure::NotVisible { why } => is_doubt(why),
            Figure::Derived { .. } => false,
        };
        match came().map(|advance| advance.at).max() {
            Some(last) if is_wrong => *arrived = Figure::measured(last, Source::Packets),
            Some(_) => (),
            None => not_shown(arrived),
        }
    }
}

/// Packets are seen, and do not show it: nobody is to be told that they would.
pub(crate) fn not_shown(figure: &mut Figure<Nanoseconds>) {
    if matches!(figure, Figure::NotVisible { why } if is_doubt(why)) {
        *figure = Figure::not_visible(Why::NotShown);
    }
}

/// Whether packets may show what is not visible.
fn is_doubt(why: &Why) -> bool {
    matches!(why, Why::OutOfOrder | Why::OrderUnknown | Why::ReadAsWhole | Why::NotShown)
}

impl Stretch {
    /// Of these segments, up to `until`; `next` is the next byte in order before them. Where that is not known,
    /// the other end's acknowledgment says it: what that covers was there in order by then.
    fn of(listed: &[Segment], end: End, mut next: Option<i64>, until: Nanoseconds) -> Self {
        let (mut waiting, mut advances) = (Vec::new(), Vec::new());
        let mut from = if next.is_some() { Nanoseconds::MIN } else { listed.first().map_or(until, |first| first.at) };
        for segment in listed {
            if segment.from != end {
                next = next.or(segment.relative_acknowledgment);
                continue;
            }
            if segment.length == 0 || segment.facts.contains(&Fact::WindowProbe) {
                continue; // there may be no room for a probe's byte
            }
            let first = segment.relative_sequence.saturating_add(segment.has("SYN").into());
            let behind = first.saturating_add(segment.length.into());
            waiting.push((first, behind));
            let Some(before) = next else {
                from = segment.at.saturating_add(1);
                continue;
            };
            let mut now = before;
            while let Some(&(_, behind)) = waiting.iter().find(|(first, behind)| *first <= now && *behind > now) {
                now = behind;
            }
            waiting.retain(|(_, behind)| *behind > now);
            if now > before {
                advances.push(Advance { at: segment.at, frees: now > behind });
            }
            next = Some(now);
        }
        if next.is_none() {
            from = until; // nothing says where its bytes begin
        }
        Self { advances, known: from..=until }
    }

    fn between(&self, since: Nanoseconds, read: Nanoseconds) -> impl Iterator<Item = &Advance> {
        self.advances.iter().filter(move |advance| (since..=read).contains(&advance.at))
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
        Arrivals::of(segments, End::Client).mend(&mut arrived, since, Some(&read));
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
            Arrivals::of(&seen(segments), End::Client).first(since, read)
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
        let (doubted, not_shown) = (Figure::not_visible(Why::OutOfOrder), Figure::not_visible(Why::NotShown));
        let lost = seen(&[(85, 1449, 1139), (126, 1, 1448)]);
        // What came before belongs to what was read before.
        assert_eq!(mended(&lost, doubted.clone(), 130, 140), not_shown);
        let unseen = Segments { not_seen: 1, ..lost.clone() };
        assert_eq!(mended(&unseen, doubted.clone(), 0, 127), not_shown);
        let cut = Segments { left_out: 3, left_out_behind: 1, ..lost.clone() };
        assert_eq!(mended(&cut, doubted, 0, 127), not_shown);
        assert_eq!(mended(&lost, not_shown, 0, 127), Figure::measured(126, Source::Packets), "seen meanwhile");
        let not_asked = Figure::not_visible(Why::NoArrival);
        assert_eq!(mended(&seen(&[(85, 1, 10)]), not_asked.clone(), 0, 127), not_asked);
    }

    #[test]
    fn behind_those_that_are_not_listed_it_begins_anew_where_the_other_end_says_what_it_has() {
        let acknowledging = |at, byte: i64| -> Segment {
            let json = serde_json::json!({"at": at, "from": "server", "flags": "ACK", "sequence": 1,
                "relative_sequence": 1, "relative_acknowledgment": byte, "length": 9, "window": 1, "ttl": 64});
            serde_json::from_value(json).expect("a segment")
        };
        let mut cut = seen(&[(10, 1, 100), (500, 7901, 100), (520, 8001, 50), (620, 8151, 50), (630, 8051, 100)]);
        cut.list.insert(3, acknowledging(600, 8051));
        (cut.left_out, cut.left_out_behind) = (300, 1);
        let (doubted, packets) = (Figure::not_visible(Why::OutOfOrder), |at| Figure::measured(at, Source::Packets));
        assert_eq!(mended(&cut, doubted.clone(), 0, 10), packets(10), "before them");
        assert_eq!(mended(&cut, doubted.clone(), 530, 700), packets(630), "the hole before it was filled then");
        let not_shown = Figure::not_visible(Why::NotShown);
        assert_eq!(mended(&cut, doubted.clone(), 510, 700), not_shown, "whether 520 was in order nobody knows");
        assert_eq!(mended(&cut, doubted.clone(), 0, 700), not_shown, "across them");
        let first = |since, read| Arrivals::of(&cut, End::Client).first(since, read);
        assert_eq!(
            [first(530, 700), first(510, 700), first(0, 700), first(100, 700)],
            [Some(630), None, Some(10), None]
        );
        cut.list.remove(3);
        assert_eq!(mended(&cut, doubted, 530, 700), not_shown, "nobody says what was there");
    }
}
