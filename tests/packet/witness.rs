//! tshark reads what we write, and its own analysis agrees with ours.

use super::frames::{conversation, frame, segment};
use glasshttp::packet::Direction::{self, ToClient, ToServer};
use glasshttp::packet::pcapng::{self, Frame, LinkType};
use glasshttp::packet::segment::Tcp;
use glasshttp::packet::tracker::{Fact, Tracker};
use std::process::Command;

/// What both say of a segment.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    sequence: i64,
    acknowledgment: Option<i64>,
    is_again: bool,
    is_duplicate_ack: bool,
    is_window_closed: bool,
    is_out_of_order: bool,
    is_behind_gap: bool,
    is_keep_alive: bool,
    acknowledges_unseen: bool,
}

/// A segment every 500 µs, so that a late one counts as late, and not as sent again.
const PACE: u64 = 500_000;

fn ours(segments: &[(Direction, Tcp)]) -> (Vec<Verdict>, Vec<u8>) {
    let mut tracker = Tracker::default();
    let mut file = Vec::new();
    pcapng::begin(&mut file, "glasshttp", &["무엇이 보이는가".into()]);
    pcapng::interface(&mut file, LinkType::Ethernet, "wire", "", 0);
    pcapng::names(&mut file, &[("10.0.0.1".parse().expect("an address"), "client")]);
    let mut verdicts = Vec::new();
    for ((direction, tcp), index) in segments.iter().zip(0..) {
        let seen = tracker.follow(*direction, tcp);
        let has = |wanted: fn(&Fact) -> bool| seen.facts.iter().any(wanted);
        verdicts.push(Verdict {
            sequence: seen.sequence,
            acknowledgment: seen.acknowledgment,
            is_again: has(|fact| matches!(fact, Fact::Again | Fact::PartlyAgain { .. })),
            is_duplicate_ack: has(|fact| matches!(fact, Fact::DuplicateAck { .. })),
            is_window_closed: has(|fact| matches!(fact, Fact::WindowClosed | Fact::WindowStillClosed)),
            is_out_of_order: has(|fact| matches!(fact, Fact::FillsGap)),
            is_behind_gap: has(|fact| matches!(fact, Fact::BehindGap { .. })),
            is_keep_alive: has(|fact| matches!(fact, Fact::KeepAliveProbe | Fact::WindowProbe)),
            acknowledges_unseen: has(|fact| matches!(fact, Fact::AcknowledgesUnseen { .. })),
        });
        let bytes = frame(*direction, tcp);
        let comments = [format!("{:?}", seen.facts), "두 번째".to_owned()];
        let at = 1_700_000_000_000_000_000 + index * PACE;
        let is_inbound = Some(*direction == ToServer);
        let length = bytes.len() as u32;
        pcapng::frame(&mut file, &Frame { interface: 0, at, length, bytes: &bytes, is_inbound, comments: &comments });
    }
    pcapng::statistics(&mut file, 0, 1_700_000_000_000_000_000, segments.len() as u64, 0);
    (verdicts, file)
}

const FIELDS: [&str; 11] = [
    "tcp.seq",
    "tcp.ack",
    "tcp.flags.ack",
    "tcp.analysis.retransmission",
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.zero_window",
    "tcp.analysis.out_of_order",
    "tcp.analysis.lost_segment",
    "tcp.analysis.keep_alive",
    "tcp.analysis.ack_lost_segment",
    "frame.comment",
];

fn theirs(file: &[u8]) -> Vec<Verdict> {
    let folder = crate::harness::folder();
    let path = folder.path().join("made.pcapng");
    std::fs::write(&path, file).expect("written");
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&path).args([
        "-o",
        "tcp.check_checksum:TRUE",
        "-T",
        "fields",
        "-E",
        "separator=|",
        "-E",
        "aggregator=;",
    ]);
    tshark.args(FIELDS.iter().flat_map(|field| ["-e", field]));
    let output = tshark.output().expect("tshark runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let verdict = |line: &str| {
        let fields: Vec<&str> = line.split('|').collect();
        assert!(fields[10].ends_with("두 번째"), "the comments are there: {line}");
        let is = |index: usize| !fields[index].is_empty();
        Verdict {
            sequence: fields[0].parse().expect("a number"),
            acknowledgment: (fields[2] == "1").then(|| fields[1].parse().expect("a number")),
            is_again: is(3),
            is_duplicate_ack: is(4),
            is_window_closed: is(5),
            is_out_of_order: is(6),
            is_behind_gap: is(7),
            is_keep_alive: is(8),
            acknowledges_unseen: is(9),
        }
    };
    text.lines().map(verdict).collect()
}

fn client(flags: &str, sequence: u32, acknowledgment: u32, length: u32) -> (Direction, Tcp) {
    (ToServer, segment(ToServer, flags, sequence, acknowledgment, length))
}

fn server(flags: &str, sequence: u32, acknowledgment: u32, length: u32) -> (Direction, Tcp) {
    (ToClient, segment(ToClient, flags, sequence, acknowledgment, length))
}

fn agree(name: &str, then: &[(Direction, Tcp)], expected: &[usize], is: fn(&Verdict) -> bool) {
    let mut segments = conversation(100, &[]);
    segments.truncate(5);
    segments.extend_from_slice(then);
    let (ours, file) = ours(&segments);
    let marked: Vec<usize> =
        ours.iter().enumerate().skip(5).filter(|(_, verdict)| is(verdict)).map(|(index, _)| index - 5).collect();
    assert_eq!(marked, expected, "{name}");
    for ((ours, theirs), index) in ours.iter().zip(theirs(&file)).zip(0..) {
        assert_eq!(*ours, theirs, "{name}, segment {index} (ours first)");
    }
}

#[test]
#[ignore = "needs tshark"]
fn wiresharks_own_analysis_agrees() {
    let window = |mut segment: (Direction, Tcp), window: u16| {
        segment.1.window = window;
        segment
    };
    agree("in order", &conversation(100, &[500, 600])[5..], &[], |verdict| verdict.is_again);
    agree(
        "sent again",
        &[server("PA", 1, 101, 500), server("PA", 1, 101, 500), client("A", 101, 501, 0)],
        &[1],
        |verdict| verdict.is_again,
    );
    agree(
        "duplicate ACKs, and the segment again",
        &[
            server("A", 1, 101, 100),
            server("A", 101, 101, 100),
            server("A", 201, 101, 100),
            client("A", 101, 1, 0),
            client("A", 101, 1, 0),
            client("A", 101, 1, 0),
            server("A", 1, 101, 100),
            client("A", 101, 301, 0),
        ],
        &[3, 4, 5],
        |verdict| verdict.is_duplicate_ack,
    );
    agree(
        "closed window, probe, still closed, open",
        &[
            server("A", 1, 101, 100),
            window(client("A", 101, 101, 0), 0),
            server("A", 100, 101, 0),
            window(client("A", 101, 101, 0), 0),
            client("A", 101, 101, 0),
            server("A", 101, 101, 100),
        ],
        &[1, 3],
        |verdict| verdict.is_window_closed,
    );
    agree(
        "overtaken",
        &[server("A", 101, 101, 100), server("A", 1, 101, 100), client("A", 101, 201, 0)],
        &[1],
        |verdict| verdict.is_out_of_order,
    );
    agree("passed unseen", &[client("A", 101, 101, 0), server("A", 101, 101, 100)], &[0], |verdict| {
        verdict.acknowledges_unseen
    });
    agree(
        "keep-alive",
        &[server("A", 1, 101, 100), client("A", 101, 101, 0), client("A", 100, 101, 0), server("A", 101, 101, 0)],
        &[2],
        |verdict| verdict.is_keep_alive,
    );
}
