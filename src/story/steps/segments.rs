//! Captured segments as arrows: each with its numbers, and what it is. What is
//! known to be missing between them is a gap.

use super::roles::{Cast, Numbered, Roles};
use super::say::{count, say};
use super::step::{Bound, Direction, Kind, Known, Place, SegmentFigures, Step};
use crate::language::Language;
use crate::language::particle::{AND, OBJECT};
use crate::record::connection::Record;
use crate::record::segment::{Fact, Followed, Segment, Segments};
use crate::record::{End, Figure, Nanoseconds, Source, Why};
use crate::story::facts;
use crate::story::layout::grouped;
use crate::story::parties::Party;

/// The segments that are nothing in particular, the gaps, and what the kernel counted otherwise.
pub(super) fn steps(record: &Record, roles: &Roles<'_>, language: Language) -> Vec<Step> {
    let Some(segments) = roles.segments() else { return Vec::new() };
    let mut steps = plain(segments, |index| roles.is_drawn(index), language);
    if record.close.is_some() {
        steps.push(Step::note("segments", heading(segments, language)));
        steps.extend(retransmissions(record, segments, language));
        steps.extend(received(record, segments, language));
    }
    steps
}

/// Each segment that is not drawn otherwise, in the order in which they were seen, and the gaps between them.
pub(super) fn plain(segments: &Segments, is_drawn: impl Fn(usize) -> bool, language: Language) -> Vec<Step> {
    let mut steps = Vec::new();
    for (index, segment) in segments.list.iter().enumerate() {
        if segments.left_out > 0 && index == segments.left_out_behind {
            steps.push(left_out(segments.left_out, Some(segment.at), language));
        }
        steps.extend(unseen(index, segment, language));
        if !is_drawn(index) {
            steps.push(arrow(&format!("segment-{index}"), Numbered { index, segment }, "", language));
        }
    }
    if segments.left_out > 0 && segments.left_out_behind >= segments.list.len() {
        steps.push(left_out(segments.left_out, None, language));
    }
    steps
}

/// A segment drawn in the role that `words` name.
pub(super) fn arrow(id: &str, numbered: Numbered<'_>, words: &str, language: Language) -> Step {
    let Numbered { index, segment } = numbered;
    let direction = if segment.from == End::Client { Direction::ToServer } else { Direction::ToClient };
    let at = Figure::measured(segment.at, Source::Packets);
    let figures = figures(segment, language);
    let title = [words, &figures].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    Step {
        segment: Some(SegmentFigures::of(index, segment)),
        ..Step::arrow(id, direction, at, label(segment, language), title)
    }
    .captioned(caption(segment, language))
    .known_by_its_time(language)
    .saying(absolute(segment, language))
}

/// What a segment said that is drawn in another role: `words`, when it was seen.
pub(super) fn within(id: &str, cast: Cast<'_>, label: String, words: String, language: Language) -> Step {
    let segment = cast.numbered.segment;
    let title = say!(
        language,
        "{}; in one segment with {} {}" / "{}; {} {} 같은 세그먼트",
        words,
        self::label(segment, language),
        AND.after(bytes(segment, language), language)
    );
    let event = Step::event(id, Figure::measured(segment.at, Source::Packets), label, title);
    Step { place: Place::Wire, ..event }.known_by_its_time(language)
}

/// Its numbers, what it carries, and what it is in the light of those before it.
fn figures(segment: &Segment, language: Language) -> String {
    let mut figures = numbers(segment, language);
    if segment.has("SYN") {
        figures = format!("seq {} = {figures}{}", segment.sequence, options(segment, language));
    }
    if let (Some(size), Some(_)) = (segment.cut_into, segment.on_a_wire()) {
        figures.push_str(". ");
        figures.push_str(&facts::cut(segment.length, size, segment.checksum.is_none(), language));
    }
    // The numbers say that.
    for fact in segment.facts.iter().filter(|fact| **fact != Fact::AcknowledgesSyn) {
        figures.push_str(if figures.ends_with('.') { " " } else { ". " });
        figures.push_str(&facts::sentence(fact, language));
    }
    figures
}

/// Its bytes by their numbers, what it acknowledges, and its window.
fn numbers(segment: &Segment, language: Language) -> String {
    let acknowledgment = segment.relative_acknowledgment.map_or(String::new(), |number| format!(", ack {number}"));
    let window = segment.window_bytes.map_or(String::new(), |window| format!(", win {}", grouped(window)));
    // A SYN has a number of its own, before those of its data.
    let syn = match segment.has("SYN") && segment.length > 0 {
        true => format!("seq {}, ", segment.relative_sequence),
        false => String::new(),
    };
    format!("{syn}{}{acknowledgment}{window}", bytes(segment, language))
}

fn bytes(segment: &Segment, language: Language) -> String {
    let is_behind_a_syn = segment.has("SYN") && segment.length > 0;
    let first = segment.relative_sequence.saturating_add(i64::from(is_behind_a_syn));
    let last = first.saturating_add(i64::from(segment.length)).saturating_sub(1);
    match (segment.length, language) {
        (0, _) => format!("seq {first}"),
        (1, Language::English) => format!("1 byte {first}"),
        (length, Language::English) => format!("{} bytes {first}–{last}", grouped(length.into())),
        (length, Language::Korean) => format!("{first}–{last} {}바이트", grouped(length.into())),
    }
}

fn options(segment: &Segment, language: Language) -> String {
    let options = &segment.options;
    let mut figures = Vec::new();
    figures.extend(options.mss.map(|mss| format!("MSS {mss}")));
    figures.extend(options.window_scale.map(|scale| say!(language, "window scale {}" / "윈도 스케일 {}", scale)));
    figures.extend(options.sack_permitted.then(|| "SACK".to_owned()));
    figures.iter().map(|figure| format!(", {figure}")).collect()
}

/// The numbers as they stand in the header.
fn absolute(segment: &Segment, language: Language) -> String {
    let acknowledgment = segment.acknowledgment.map_or(String::new(), |number| format!(", ack {number}"));
    say!(
        language,
        "In the header: {}, seq {}{}, window {}. Relative numbers begin at the SYN, which is 0."
            / "헤더의 값: {}, seq {}{}, 윈도 {}. 상대 번호는 SYN을 0으로 하여 셉니다.",
        segment.flags,
        segment.sequence,
        acknowledgment,
        segment.window
    )
}

/// A word of seven columns at most.
fn label(segment: &Segment, language: Language) -> String {
    let is = |which: fn(&Fact) -> bool| segment.facts.iter().any(which);
    let has = |flag| segment.has(flag);
    match () {
        () if has("RST") => "RST".to_owned(),
        () if has("SYN") => if has("ACK") { "SYN+ACK" } else { "SYN" }.to_owned(),
        () if is(|fact| matches!(fact, Fact::Again | Fact::PartlyAgain { .. })) => say!(language, "again" / "재전송"),
        () if has("FIN") => "FIN".to_owned(),
        () if is(|fact| matches!(fact, Fact::WindowProbe | Fact::KeepAliveProbe)) => say!(language, "probe" / "프로브"),
        () if is(|fact| matches!(fact, Fact::DuplicateAck { .. })) => say!(language, "dup ACK" / "중복ACK"),
        () if is(|fact| matches!(fact, Fact::WindowClosed | Fact::WindowStillClosed)) => {
            say!(language, "win 0" / "윈도 0")
        }
        () if segment.length > 0 => say!(language, "data" / "데이터"),
        () if is(|fact| matches!(fact, Fact::WindowOpened)) => say!(language, "window" / "윈도"),
        () => "ACK".to_owned(),
    }
}

fn caption(segment: &Segment, language: Language) -> String {
    if segment.has("SYN") {
        let acknowledgment = segment.acknowledgment.map_or(String::new(), |number| format!(", ack {number}"));
        let data = if segment.length > 0 { format!(", {}", bytes(segment, language)) } else { String::new() };
        return format!("{} seq {}{acknowledgment}{data}", segment.flags, segment.sequence);
    }
    let label = label(segment, language);
    match (segment.length, segment.relative_acknowledgment) {
        (0, Some(number)) if !(segment.has("FIN") || segment.has("RST")) => format!("{label} {number}"),
        (0, Some(number)) => format!("{label} {}, ack {number}", segment.relative_sequence),
        (0, None) => format!("{label} {}", segment.relative_sequence),
        _ => format!("{label} {}", bytes(segment, language)),
    }
}

/// Segments that were seen and are not in the record.
fn left_out(count: u64, before: Option<Nanoseconds>, language: Language) -> Step {
    let words = count!(
        language,
        count,
        "more segment was seen; a record keeps the first and the last ones",
        "more segments were seen; a record keeps the first and the last ones"
            / "세그먼트 {}개를 더 보았음. 기록에는 처음과 마지막만 남김"
    );
    gap("segments-left-out", before, words, language)
}

/// Bytes that the other end acknowledges, and that nobody saw here.
fn unseen(index: usize, segment: &Segment, language: Language) -> Option<Step> {
    let bytes = segment.facts.iter().find_map(|fact| match fact {
        Fact::AcknowledgesUnseen { bytes } => Some(*bytes),
        _ => None,
    })?;
    let words = count!(
        language,
        bytes,
        "byte passed here unseen",
        "bytes passed here unseen" / "{}바이트가 보이지 않게 지나감"
    );
    Some(gap(&format!("unseen-{index}"), Some(segment.at), words, language))
}

fn gap(id: &str, before: Option<Nanoseconds>, words: String, language: Language) -> Step {
    let at = before.map_or(Figure::not_visible(Why::NoMoment), |at| Figure::derived(at, Source::Packets));
    let bound = before.map(|_| Bound::AtMost);
    let event = Step::event(id, at, say!(language, "gap" / "빈자리"), words.clone());
    Step { kind: Kind::Gap, place: Place::Wire, bound, known: Known::NotVisible, ..event }.captioned(words)
}

fn heading(segments: &Segments, language: Language) -> String {
    let all = segments.from_client.segments.saturating_add(segments.from_server.segments);
    let (count, interface, until) = (grouped(all), &segments.interface, until(segments, language));
    let count = match all {
        1 => say!(language, "{} segment, as seen on {}{}" / "{1}에서 {2}본 세그먼트 {0}개", count, interface, until),
        _ => say!(language, "{} segments, as seen on {}{}" / "{1}에서 {2}본 세그먼트 {0}개", count, interface, until),
    };
    match segments.not_seen {
        0 => say!(language, "{}; relative numbers, the SYN is 0" / "{}. 번호는 상대 번호이며 SYN이 0입니다", count),
        lost => say!(
            language,
            "{}; not seen: up to {} of this or other connections"
                / "{}. 이 연결이나 다른 연결의 {}까지 보지 못했습니다",
            count,
            count!(language, lost, "packet", "packets" / "패킷 {}개")
        ),
    }
}

/// Until when they were followed, where that is not the connection's end. Only where all were seen
/// do they show that it was not over.
fn until(segments: &Segments, language: Language) -> String {
    let not_over = match segments.not_seen {
        0 => say!(language, "it was not over" / "연결은 아직 끝나지 않음"),
        _ => say!(language, "its end is not among the packets seen" / "연결의 끝은 캡처한 패킷에 없음"),
    };
    match segments.followed {
        Followed::ToItsEnd => String::new(),
        Followed::SoFar => say!(language, " so far" / "지금까지 "),
        Followed::ToTheKernelsEnd => {
            say!(language, " until the kernel had let go of its socket" / "커널이 소켓을 놓을 때까지 ")
        }
        Followed::ForItsTime => {
            say!(language, " until {} s after close(); {}" / "close() 후 {}초까지({}) ", Followed::LONGEST, not_over)
        }
        Followed::WithoutRoom => {
            say!(language, " until close(): too many others were followed" / "close()까지(따라가는 연결이 너무 많음) ")
        }
        Followed::ToTheServersEnd => {
            say!(language, " until the server ended; {}" / "서버가 끝날 때까지({}) ", not_over)
        }
    }
}

/// How many segments the server sent again after its close. Of those that are not listed it may be known
/// that they all came before it, or after; else they are what the kernel had not `counted` by then.
pub(super) fn again_later(segments: &Segments, close: &Figure<Nanoseconds>, counted: u64) -> u64 {
    let Some(close) = close.value() else { return 0 };
    let is_later = |place: usize| segments.list.get(place).is_some_and(|segment| segment.at > *close);
    let again = segments.list.iter().filter(|segment| segment.from == End::Server && is_again(segment));
    let (later, earlier) = again.partition::<Vec<_>, _>(|segment| segment.at > *close);
    let all = segments.from_server.again;
    match segments.left_out_behind {
        behind if segments.left_out == 0 || !is_later(behind) => later.len() as u64,
        behind if behind.checked_sub(1).is_some_and(is_later) => all.saturating_sub(earlier.len() as u64),
        _ => all.saturating_sub(counted),
    }
}

/// How many of those that are listed were sent again by `end` after its close.
pub(super) fn listed_later(segments: &Segments, end: End, close: &Figure<Nanoseconds>) -> u64 {
    let Some(close) = close.value() else { return 0 };
    let is_it = |segment: &&Segment| segment.from == end && segment.at > *close && is_again(segment);
    segments.list.iter().filter(is_it).count() as u64
}

fn is_again(segment: &Segment) -> bool {
    segment.facts.iter().any(|fact| matches!(fact, Fact::Again | Fact::PartlyAgain { .. }))
}

/// What the kernel counted as sent again, where that differs from what was seen until then.
fn retransmissions(record: &Record, segments: &Segments, language: Language) -> Option<Step> {
    let close = record.close.as_ref()?;
    let counted = u64::from(close.tcp.value()?.retransmissions);
    let seen = segments.from_server.again.saturating_sub(again_later(segments, &close.at, counted));
    (counted != seen).then(|| {
        let title = say!(
            language,
            "the kernel counted {} until the close; {} seen here"
                / "닫을 때까지 커널은 재전송을 {}, 여기에서는 {} 보았습니다",
            count!(language, counted, "retransmission", "retransmissions" / "{}번 세었고"),
            count!(language, seen, "was", "were" / "{}번")
        );
        Step::note("compared-again", title)
    })
}

/// Bytes that the kernel received and that were not seen.
fn received(record: &Record, segments: &Segments, language: Language) -> Option<Step> {
    let counted = record.close.as_ref()?.tcp.value()?.bytes_received?;
    let client = segments.list.iter().filter(|segment| segment.from == End::Client);
    let span = |segment: &Segment| u32::from(segment.has("FIN")).saturating_add(segment.length);
    let behind = client.map(|segment| segment.relative_sequence.saturating_add(span(segment).into())).max()?;
    let seen = u64::try_from(behind.saturating_sub(1)).unwrap_or(0);
    (segments.left_out == 0 && counted > seen).then(|| {
        let title = say!(
            language,
            "the kernel received {1} from the {0}; seen here: {2}"
                / "커널은 {0}에게서 {1} 받았고, 여기에서는 {2} 보았습니다",
            Party::of_client(record).name(language),
            OBJECT.after(count!(language, counted, "byte", "bytes" / "{}바이트"), language),
            OBJECT.after(count!(language, seen, "byte", "bytes" / "{}바이트"), language)
        );
        Step::note("compared-received", title)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_on_a_syn_begins_behind_its_number() {
        let syn = |length: u32| -> Segment {
            let segment = serde_json::json!({"at": 0, "from": "client", "flags": "SYN", "sequence": 700,
                "relative_sequence": 0, "length": length, "window": 1, "ttl": 64, "facts": []});
            serde_json::from_value(segment).expect("a segment")
        };
        let said = |length| [caption(&syn(length), Language::English), figures(&syn(length), Language::English)];
        assert_eq!(said(15), ["SYN seq 700, 15 bytes 1–15", "seq 700 = seq 0, 15 bytes 1–15"]);
        assert_eq!(said(1), ["SYN seq 700, 1 byte 1", "seq 700 = seq 0, 1 byte 1"]);
        assert_eq!(said(0), ["SYN seq 700", "seq 700 = seq 0"]);
    }

    #[test]
    fn that_it_was_not_over_is_said_only_where_all_packets_were_seen() {
        for followed in [Followed::ForItsTime, Followed::ToTheServersEnd] {
            let said = |not_seen, language| heading(&Segments { followed, not_seen, ..Segments::default() }, language);
            assert!(said(0, Language::English).contains("; it was not over;"));
            assert!(said(0, Language::Korean).contains("(연결은 아직 끝나지 않음)"));
            let some = [said(3, Language::English), said(3, Language::Korean)];
            assert!(some[0].contains("; its end is not among the packets seen; not seen: up to 3 packets"), "{some:?}");
            assert!(some[1].contains("(연결의 끝은 캡처한 패킷에 없음)"), "{some:?}");
            assert!(!some[0].contains("not over") && !some[1].contains("끝나지 않음"), "{some:?}");
        }
    }

    #[test]
    fn what_was_sent_again_after_the_close_is_told_apart_also_where_it_is_not_listed() {
        let again = |at: Nanoseconds| -> Segment {
            let segment = serde_json::json!({"at": at, "from": "server", "flags": "ACK", "sequence": 1,
                "relative_sequence": 1, "length": 1, "window": 1, "ttl": 64, "facts": [{"fact": "again"}]});
            serde_json::from_value(segment).expect("a segment")
        };
        let close = Figure::measured(10, Source::ClockAtClose);
        // Those listed, how many of 5 are not and behind how many, what the kernel counted; how many came later.
        for (listed, left_out, behind, counted, later) in [
            (&[1, 2, 11, 12, 13][..], 0, 5, 2, 3),
            (&[1, 2, 3, 4, 5], 0, 5, 5, 0),
            // All that are not listed came before, after, or the close was among them.
            (&[1, 9, 11], 2, 1, 4, 1),
            (&[1, 11, 12], 2, 2, 1, 4),
            (&[1, 11, 12], 2, 1, 2, 3),
        ] {
            let mut segments = Segments {
                list: listed.iter().map(|at| again(*at)).collect(),
                left_out,
                left_out_behind: behind,
                ..Segments::default()
            };
            segments.from_server.again = 5;
            assert_eq!(again_later(&segments, &close, counted), later, "{listed:?}");
        }
    }
}
