//! Segments followed: what each one is, in any order, with loss and copies.

use super::frames::{INITIAL, conversation, segment};
use glasshttp::packet::Direction::{self, ToClient, ToServer};
use glasshttp::packet::segment::Tcp;
use glasshttp::packet::tracker::{Fact, Seen, Tracker};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn follow(segments: &[(Direction, Tcp)]) -> (Tracker, Vec<Seen>) {
    let mut tracker = Tracker::default();
    let seen = segments.iter().map(|(direction, tcp)| tracker.follow(*direction, tcp)).collect();
    (tracker, seen)
}

/// The facts of a segment that comes behind a handshake and a request of 100 bytes.
fn facts_behind_a_request(then: &[(Direction, Tcp)]) -> Vec<Vec<Fact>> {
    let mut all = conversation(100, &[]);
    all.truncate(5);
    let before = all.len();
    all.extend_from_slice(then);
    follow(&all).1.into_iter().skip(before).map(|seen| seen.facts.to_vec()).collect()
}

fn with_window(mut segment: (Direction, Tcp), window: u16) -> (Direction, Tcp) {
    segment.1.window = window;
    segment
}

fn client(flags: &str, sequence: u32, acknowledgment: u32, length: u32) -> (Direction, Tcp) {
    (ToServer, segment(ToServer, flags, sequence, acknowledgment, length))
}

fn server(flags: &str, sequence: u32, acknowledgment: u32, length: u32) -> (Direction, Tcp) {
    (ToClient, segment(ToClient, flags, sequence, acknowledgment, length))
}

#[test]
fn a_plain_connection_has_nothing_but_its_beginning_and_end() {
    let (tracker, seen) = follow(&conversation(100, &[50, 60]));
    let facts: Vec<(usize, Vec<Fact>)> = seen
        .iter()
        .enumerate()
        .map(|(index, seen)| (index, seen.facts.to_vec()))
        .filter(|(_, facts)| !facts.is_empty())
        .collect();
    assert_eq!(
        facts,
        [
            (1, vec![Fact::AcknowledgesSyn]),
            (2, vec![Fact::AcknowledgesSyn]),
            (10, vec![Fact::AcknowledgesFin]),
            (11, vec![Fact::AcknowledgesFin]),
        ]
    );
    assert_eq!((seen[0].sequence, seen[0].acknowledgment, seen[0].window), (0, None, Some(8_000)));
    assert_eq!((seen[1].sequence, seen[1].acknowledgment), (0, Some(1)));
    assert_eq!((seen[3].sequence, seen[3].acknowledgment, seen[3].window), (1, Some(1), Some(64_000)));
    assert_eq!((seen[7].sequence, seen[8].acknowledgment), (51, Some(111)), "the client's numbers wrap before this");
    let half = tracker.half(ToServer);
    assert_eq!((half.initial_sequence(), half.fin(), half.end()), (Some(INITIAL[0]), Some(101), 102));
    assert_eq!(tracker.half(ToClient).counts.bytes, 110);
}

#[test]
fn sent_again_wholly_partly_and_behind_a_gap() {
    let facts = facts_behind_a_request(&[
        server("A", 1, 101, 50),
        server("A", 1, 101, 50),
        server("A", 1, 101, 80),
        server("A", 101, 101, 20),
        server("A", 81, 101, 20),
        server("FA", 121, 101, 5),
    ]);
    assert_eq!(
        facts,
        [
            vec![],
            vec![Fact::Again],
            vec![Fact::PartlyAgain { bytes: 50 }],
            vec![Fact::BehindGap { bytes: 20 }],
            vec![Fact::FillsGap],
            vec![Fact::FinWithData],
        ]
    );
}

#[test]
fn a_duplicate_acknowledgment_is_what_the_rfc_says() {
    let duplicate = |number| vec![Fact::DuplicateAck { number }];
    let facts = facts_behind_a_request(&[
        server("A", 1, 101, 50),
        client("A", 101, 51, 0),
        client("A", 101, 51, 0), // nothing is outstanding
        server("A", 51, 101, 50),
        client("A", 101, 51, 0),
        client("A", 101, 51, 0),
        with_window(client("A", 101, 51, 0), 8_001), // another window
        with_window(client("A", 101, 51, 0), 8_001),
        client("A", 101, 51, 10),  // data, and another window
        client("FA", 111, 51, 0),  // a FIN
        client("A", 112, 101, 0),  // more
        server("A", 101, 112, 10), // outstanding again
        client("A", 112, 101, 0),
    ]);
    let expected = [
        vec![],
        vec![],
        vec![],
        vec![],
        duplicate(1),
        duplicate(2),
        vec![],
        duplicate(3),
        vec![],
        vec![],
        vec![],
        vec![Fact::AcknowledgesFin],
        duplicate(1),
    ];
    // The FIN above is number 111: its acknowledgment is 112.
    assert_eq!(facts, expected);
}

#[test]
fn a_window_closes_is_asked_about_and_opens() {
    let facts = facts_behind_a_request(&[
        with_window(client("A", 101, 1, 0), 100), // 800 bytes
        server("A", 1, 101, 1_000),
        with_window(client("A", 101, 1_001, 0), 0),
        server("A", 1_000, 101, 0),
        with_window(client("A", 101, 1_001, 0), 0),
        server("A", 1_001, 101, 1),
        with_window(client("A", 101, 1_001, 0), 0),
        with_window(client("A", 101, 1_001, 0), 1_000),
        server("A", 1_001, 101, 1),
        with_window(client("A", 101, 1_002, 0), 1_000),
        server("A", 1_001, 101, 0),
        server("A", 63_900, 101, 100),
    ]);
    assert_eq!(facts[1..3], [vec![], vec![Fact::WindowClosed]]);
    assert_eq!(facts[3..5], [vec![Fact::WindowProbe], vec![Fact::WindowStillClosed]]);
    assert_eq!(facts[5], [Fact::WindowProbe], "the byte behind the end");
    assert!(facts[7].contains(&Fact::WindowOpened));
    assert_eq!(facts[8], [Fact::Again], "the probe's byte was sent before");
    assert_eq!(facts[10], [Fact::KeepAliveProbe]);
    assert_eq!(facts[11], [Fact::BehindGap { bytes: 62_898 }], "64,001 was once allowed: a window does not shrink");
}

#[test]
fn the_edge_of_the_window_is_reached_and_passed() {
    let facts = facts_behind_a_request(&[server("A", 1, 101, 64_000), server("A", 64_001, 101, 10)]);
    assert_eq!(facts, [vec![Fact::FillsWindow], vec![Fact::BeyondWindow { bytes: 10 }]]);
}

#[test]
fn selective_acknowledgments_name_gaps_and_copies() {
    let blocks = |mut segment: (Direction, Tcp), blocks: &[(u32, u32)]| {
        let absolute = |number: u32| INITIAL[1].wrapping_add(number);
        segment.1.options.sack = blocks.iter().map(|(from, to)| (absolute(*from), absolute(*to))).collect();
        segment
    };
    let facts = facts_behind_a_request(&[
        server("A", 1, 101, 50),
        blocks(client("A", 101, 1, 0), &[(21, 51)]),
        blocks(client("A", 101, 51, 0), &[(1, 21)]),
        blocks(client("A", 101, 51, 0), &[(71, 81), (61, 91)]),
    ]);
    assert!(facts[1].contains(&Fact::ReportsGap { from: 21, to: 50 }));
    assert_eq!(facts[2], [Fact::ReportsDuplicate { from: 1, to: 20 }]);
    assert_eq!(facts[3], [Fact::ReportsDuplicate { from: 71, to: 80 }, Fact::ReportsGap { from: 61, to: 90 }]);
}

#[test]
fn what_passed_unseen_is_known_from_its_acknowledgment() {
    let mut all = conversation(100, &[50, 60]);
    let lost = all.remove(5);
    assert_eq!(lost.1.length, 50);
    let (tracker, seen) = follow(&all);
    assert_eq!(seen[5].facts.to_vec(), [Fact::AcknowledgesUnseen { bytes: 50 }]);
    assert_eq!(seen[6].facts.to_vec(), [Fact::BehindGap { bytes: 50 }]);
    assert_eq!((tracker.half(ToClient).counts.unseen_bytes, tracker.half(ToClient).missing()), (50, 50));
}

#[test]
fn a_capture_that_begins_later_counts_from_its_first_byte_and_gives_no_window() {
    let (tracker, seen) = follow(&conversation(100, &[50, 60])[3..]);
    assert_eq!((seen[0].sequence, seen[0].acknowledgment, seen[0].window), (1, Some(1), None));
    assert_eq!(seen[2].sequence, 1);
    assert_eq!(tracker.half(ToServer).initial_sequence(), None);
    assert!(seen[..6].iter().all(|seen| seen.facts.is_empty()), "{seen:?}");
}

#[test]
fn a_syn_that_is_seen_late_mends_the_numbers() {
    let mut all = conversation(100, &[50]);
    all[..5].rotate_left(1); // SYN+ACK, ACK, request, its ACK, then the SYN
    let (tracker, seen) = follow(&all);
    assert_eq!((seen[4].sequence, seen[5].sequence), (0, 1));
    assert_eq!(tracker.half(ToServer).initial_sequence(), Some(INITIAL[0]));
    assert!(!tracker.is_another(ToServer, &all[4].1));
    let mut other = all[4].1.clone();
    other.sequence = 5;
    assert!(tracker.is_another(ToServer, &other));
}

/// Any order, loss and copies of a conversation, beginning with both SYNs.
fn disturbed() -> impl Strategy<Value = Vec<(Direction, Tcp)>> {
    let lengths = prop::collection::vec(1_u32..40, 1..8);
    (1_u32..120, lengths).prop_flat_map(|(request, responses)| {
        let all = conversation(request, &responses);
        let rest = all.len() - 2;
        prop::collection::vec(0..rest, 0..2 * rest).prop_map(move |order| {
            let picked = order.into_iter().map(|index| all[index + 2].clone());
            all[..2].iter().cloned().chain(picked).collect()
        })
    })
}

proptest! {
    #[test]
    fn any_order_loss_and_copies_give_consistent_facts(segments in disturbed()) {
        let mut tracker = Tracker::default();
        let mut sets: [BTreeSet<i64>; 2] = Default::default();
        for (direction, tcp) in &segments {
            let index = *direction as usize;
            let (own, other) = (INITIAL[index], INITIAL[1 - index]);
            let before = sets[index].last().map_or(0, |last| last + 1);
            let seen = tracker.follow(*direction, tcp);
            prop_assert_eq!(seen.sequence as u32, tcp.sequence.wrapping_sub(own));
            prop_assert_eq!(seen.acknowledgment.map(|number| number as u32), tcp.flags.ack.then(|| tcp.acknowledgment.wrapping_sub(other)));
            let has = |wanted: fn(&Fact) -> bool| seen.facts.iter().any(wanted);
            let end = seen.sequence + i64::from(tcp.span());
            let fresh = (seen.sequence..end).filter(|number| sets[index].insert(*number)).count() as u64;
            let is_probe = has(|fact| matches!(fact, Fact::KeepAliveProbe | Fact::WindowProbe));
            prop_assert!(!is_probe || tcp.length <= 1);
            prop_assert!(!has(|fact| matches!(fact, Fact::Forgotten)));
            if !is_probe && tcp.span() > 0 {
                prop_assert_eq!(has(|fact| matches!(fact, Fact::Again)), fresh == 0);
                prop_assert_eq!(has(|fact| matches!(fact, Fact::BehindGap { .. })), seen.sequence > before);
                prop_assert_eq!(has(|fact| matches!(fact, Fact::FillsGap)), fresh > 0 && end <= before);
            }
            let half = tracker.half(*direction);
            let high = sets[index].last().map_or(0, |last| last + 1);
            prop_assert_eq!(half.end(), high);
            prop_assert_eq!(half.missing(), high as u64 - sets[index].len() as u64);
            if has(|fact| matches!(fact, Fact::DuplicateAck { .. })) {
                prop_assert_eq!((tcp.span(), half.acknowledged()), (0, seen.acknowledgment));
            }
        }
        for direction in Direction::BOTH {
            let counts = tracker.half(direction).counts;
            prop_assert_eq!(counts.segments, segments.iter().filter(|(way, _)| *way == direction).count() as u64);
        }
    }

    #[test]
    fn no_segments_are_a_panic(segments in prop::collection::vec((any::<bool>(), any::<(u32, u32, u16, u8)>(), 0_u32..70_000), 0..60)) {
        let mut tracker = Tracker::default();
        for (is_client, (sequence, acknowledgment, window, bits), length) in segments {
            let direction = if is_client { ToServer } else { ToClient };
            let letters: String = "SAFRP".chars().enumerate().filter(|(index, _)| bits >> index & 1 == 1).map(|(_, letter)| letter).collect();
            let mut tcp = segment(direction, &letters, 0, 0, length);
            (tcp.sequence, tcp.acknowledgment, tcp.window) = (sequence, acknowledgment, window);
            tcp.options.sack = [(sequence, acknowledgment), (acknowledgment, sequence)].into_iter().collect();
            let seen = tracker.follow(direction, &tcp);
            prop_assert!(seen.facts.len() < 12);
        }
    }
}
