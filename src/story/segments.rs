//! A connection's segments in a terminal: each with its real numbers, and what it is.

use super::facts;
use super::layout::{Arrow, Block, Words, dim, grouped, plain, span};
use crate::language::Language;
use crate::record::End;
use crate::record::connection::Record;
use crate::record::segment::{Fact, Segment, Segments};

/// Segments that are written of one connection: the first, and the last.
const FIRST: usize = 16;
const LAST: usize = 8;

/// Writes the segments of `record` below its rows, if they were captured.
pub(super) fn write(block: &mut Block, record: &Record, language: Language) {
    let Some(segments) = &record.segments else { return };
    block.remark(&[dim(heading(segments, language))]);
    let list = &segments.list;
    let is_short = list.len() <= FIRST + LAST;
    let (first, last) = if is_short { (list.len(), 0) } else { (FIRST, LAST) };
    list.iter().take(first).for_each(|segment| row(block, segment, language));
    let skipped = segments.left_out + (list.len() - first - last) as u64;
    if skipped > 0 {
        block.remark(&[dim(more(skipped, language))]);
    }
    list.iter().skip(list.len() - last).for_each(|segment| row(block, segment, language));
    if let Some(compared) = compared(record, segments, language) {
        block.remark(&[plain(compared)]);
    }
}

fn heading(segments: &Segments, language: Language) -> String {
    let count = grouped(segments.from_client.segments + segments.from_server.segments);
    let (interface, lost) = (&segments.interface, segments.not_seen);
    match (language, lost) {
        (Language::English, 0) => format!("{count} segments, as seen on {interface}; relative numbers, the SYN is 0"),
        (Language::English, _) => {
            format!("{count} segments, as seen on {interface}; at least {lost} packets were not seen")
        }
        (Language::Korean, 0) => format!("{interface}에서 본 세그먼트 {count}개. 번호는 상대 번호이며 SYN이 0입니다"),
        (Language::Korean, _) => {
            format!("{interface}에서 본 세그먼트 {count}개. 적어도 {lost}개의 패킷은 보이지 않았습니다")
        }
    }
}

fn more(count: u64, language: Language) -> String {
    match language {
        Language::English => format!("{} more", grouped(count)),
        Language::Korean => format!("그 밖에 {}개", grouped(count)),
    }
}

fn row(block: &mut Block, segment: &Segment, language: Language) {
    let arrow = if segment.from == End::Client { Arrow::ToServer } else { Arrow::ToClient };
    let mut words: Vec<Words> = vec![plain(numbers(segment, language))];
    if segment.has("SYN") {
        words.push(dim(format!(" (seq {})", segment.sequence)));
    }
    if let (Some(size), Some(_)) = (segment.cut_into, segment.on_a_wire()) {
        words.push(dim(format!(" {}", facts::cut(segment.length, size, segment.checksum.is_none(), language))));
    }
    // Their numbers say these two.
    let is_plain = |fact: &&Fact| matches!(fact, Fact::AcknowledgesSyn | Fact::AcknowledgesFin);
    for fact in segment.facts.iter().filter(|fact| !is_plain(fact)) {
        words.push(plain(format!(" {}", facts::sentence(fact, language))));
    }
    block.row(&span(segment.at), arrow, &segment.flags.replace("PSH+", ""), &words);
}

/// Its bytes by their numbers, what it acknowledges, and its window.
fn numbers(segment: &Segment, language: Language) -> String {
    let first = segment.relative_sequence;
    let bytes = match (segment.length, language) {
        (0, _) => format!("seq {first}"),
        (1, Language::English) => format!("1 byte {first}"),
        (length, Language::English) => {
            format!("{} bytes {first}–{}", grouped(length.into()), first + i64::from(length) - 1)
        }
        (length, Language::Korean) => {
            format!("{first}–{} {}바이트", first + i64::from(length) - 1, grouped(length.into()))
        }
    };
    let acknowledgment = segment.relative_acknowledgment.map_or(String::new(), |number| format!(", ack {number}"));
    let window = segment.window_bytes.map_or(String::new(), |window| format!(", win {}", grouped(window)));
    format!("{bytes}{acknowledgment}{window}")
}

/// What the kernel counted, where it differs from what was seen.
fn compared(record: &Record, segments: &Segments, language: Language) -> Option<String> {
    let counted = u64::from(record.close.as_ref()?.tcp.value()?.retransmissions);
    let seen = segments.from_server.again;
    (counted != seen).then(|| match language {
        Language::English => format!("the kernel counts {counted} segments sent again, and {seen} were seen here"),
        Language::Korean => format!("커널은 재전송을 {counted}번 세었고, 여기에서는 {seen}번 보였습니다"),
    })
}
