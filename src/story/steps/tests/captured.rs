//! Segments of a whole connection, as a tracker sees them: some lost before they
//! were seen, some twice, some late, some with a clock that was set.

use super::{Kind, MS, steps};
use crate::language::Language;
use crate::packet::Direction;
use crate::packet::segment::{Flags, Tcp};
use crate::packet::tracker::Tracker;
use crate::record::connection::{Exchange, Record};
use crate::record::segment::{Fact, FirstSeen, Followed, Options, Segment, Segments};
use crate::record::{End, Figure, Nanoseconds, Source, Why};
use crate::story::steps::queued_since;
use crate::story::steps::step::Bound;
use proptest::prelude::*;

/// What happens to one segment.
#[derive(Clone, Copy, Debug)]
struct Fate {
    is_lost: bool,
    is_doubled: bool,
    /// Whether the next one overtakes it.
    is_overtaken: bool,
    /// How long after the one before it is seen; the clock may be set back.
    after: Nanoseconds,
}

fn fate() -> impl Strategy<Value = Fate> {
    let after = prop_oneof![20 => 0..MS, 1 => -40 * MS..200 * MS];
    (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.1), after)
        .prop_map(|(is_lost, is_doubled, is_overtaken, after)| Fate { is_lost, is_doubled, is_overtaken, after })
}

/// The record with segments of its exchanges, or without any.
pub(super) fn captured(record: impl Strategy<Value = Record>) -> impl Strategy<Value = Record> {
    let fates = prop::collection::vec(fate(), 40);
    let gap = prop_oneof![2 => Just(None), 1 => (3..12_usize, 1..9_usize).prop_map(Some)];
    (record, prop::option::of((fates, -30 * MS..0, any::<bool>(), gap))).prop_map(|(mut record, seen)| {
        record.segments =
            seen.map(|(fates, start, is_reset, gap)| segments(&record.exchanges, &fates, start, is_reset, gap));
        record
    })
}

fn segments(
    exchanges: &[Exchange],
    fates: &[Fate],
    start: Nanoseconds,
    is_reset: bool,
    gap: Option<(usize, usize)>,
) -> Segments {
    let mut sent = script(exchanges, is_reset);
    for index in 1..sent.len() {
        if fates[index % fates.len()].is_overtaken {
            sent.swap(index - 1, index);
        }
    }
    let (mut tracker, mut at, mut list) = (Tracker::default(), start, Vec::new());
    for ((direction, tcp), fate) in sent.into_iter().zip(fates.iter().cycle()) {
        at += fate.after;
        let times = if fate.is_lost { 0 } else { 1 + usize::from(fate.is_doubled) };
        for _ in 0..times {
            list.push(segment(&mut tracker, direction, &tcp, at));
        }
    }
    let moments = moments(&list);
    let whole = list.len();
    let left_out_behind = gap.map_or(whole, |(behind, _)| behind.min(whole));
    if let Some((_, count)) = gap {
        list.drain(left_out_behind..(left_out_behind + count).min(whole));
    }
    Segments {
        left_out: (whole - list.len()) as u64,
        left_out_behind,
        list,
        not_seen: 0,
        interface: "lo".into(),
        followed: Followed::ToItsEnd,
        from_client: tracker.half(Direction::ToServer).counts,
        from_server: tracker.half(Direction::ToClient).counts,
        moments,
    }
}

/// What both ends send when all goes well: sequence numbers near the end of their space.
fn script(exchanges: &[Exchange], is_reset: bool) -> Vec<(Direction, Tcp)> {
    let (mut client, mut server) = (u32::MAX - 20, 77_u32);
    let mut sent = Vec::new();
    let plain = |sequence: u32, acknowledgment: u32, length: u32| Tcp {
        sequence,
        acknowledgment,
        length,
        window: 500,
        flags: Flags { ack: true, psh: length > 0, ..Flags::default() },
        ..Tcp::default()
    };
    let with = |tcp: Tcp, change: fn(&mut Flags)| {
        let mut flags = tcp.flags;
        change(&mut flags);
        Tcp { flags, ..tcp }
    };
    sent.push((Direction::ToServer, with(plain(client, 0, 0), |flags| (flags.syn, flags.ack) = (true, false))));
    client = client.wrapping_add(1);
    sent.push((Direction::ToClient, with(plain(server, client, 0), |flags| flags.syn = true)));
    server = server.wrapping_add(1);
    sent.push((Direction::ToServer, plain(client, server, 0)));
    for exchange in exchanges {
        let traffic = *exchange.traffic.value().expect("made with it");
        let length = |bytes: u64| u32::try_from(bytes).expect("few");
        sent.push((Direction::ToServer, plain(client, server, length(traffic.request_head))));
        client = client.wrapping_add(length(traffic.request_head));
        for part in [traffic.response_head, traffic.response_body].map(length).into_iter().filter(|part| *part > 0) {
            sent.push((Direction::ToClient, plain(server, client, part)));
            server = server.wrapping_add(part);
        }
        sent.push((Direction::ToServer, plain(client, server, 0)));
    }
    if is_reset {
        sent.push((Direction::ToServer, with(plain(client, server, 0), |flags| flags.rst = true)));
        return sent;
    }
    sent.push((Direction::ToClient, with(plain(server, client, 0), |flags| flags.fin = true)));
    server = server.wrapping_add(1);
    sent.push((Direction::ToServer, with(plain(client, server, 0), |flags| flags.fin = true)));
    sent.push((Direction::ToClient, plain(server, client.wrapping_add(1), 0)));
    sent
}

fn segment(tracker: &mut Tracker, direction: Direction, tcp: &Tcp, at: Nanoseconds) -> Segment {
    let seen = tracker.follow(direction, tcp);
    Segment {
        at,
        from: if direction == Direction::ToServer { End::Client } else { End::Server },
        flags: tcp.flags.to_string().into(),
        sequence: tcp.sequence,
        relative_sequence: seen.sequence,
        length: tcp.length,
        acknowledgment: tcp.flags.ack.then_some(tcp.acknowledgment),
        relative_acknowledgment: seen.acknowledgment,
        window: tcp.window,
        window_bytes: seen.window,
        options: Options::default(),
        ttl: 64,
        cut_into: None,
        checksum: None,
        facts: seen.facts.to_vec(),
        frame: None,
    }
}

fn moments(list: &[Segment]) -> FirstSeen {
    let first = |end: End, is_it: &dyn Fn(&Segment) -> bool| {
        list.iter().find(|segment| segment.from == end && is_it(segment)).map(|segment| segment.at)
    };
    let has = |flag: &'static str| move |segment: &Segment| segment.has(flag);
    let states = |fact: Fact| move |segment: &Segment| segment.facts.contains(&fact);
    FirstSeen {
        syn: first(End::Client, &has("SYN")),
        syn_ack: first(End::Server, &has("SYN")),
        ack: first(End::Client, &states(Fact::AcknowledgesSyn)),
        client_fin: first(End::Client, &has("FIN")),
        client_fin_acknowledged: first(End::Server, &states(Fact::AcknowledgesFin)),
        server_fin: first(End::Server, &has("FIN")),
        server_fin_acknowledged: first(End::Client, &states(Fact::AcknowledgesFin)),
        client_reset: first(End::Client, &has("RST")),
        server_reset: first(End::Server, &has("RST")),
    }
}

/// All passes, but for the bare ACK of the handshake.
fn without_the_ack(exchanges: &[Exchange]) -> Segments {
    let fate = Fate { is_lost: false, is_doubled: false, is_overtaken: false, after: MS };
    let fates: Vec<Fate> = (0..40).map(|place| Fate { is_lost: place == 2, ..fate }).collect();
    segments(exchanges, &fates, -10 * MS, false, None)
}

#[test]
fn an_ack_that_was_not_seen_is_no_arrow() {
    let mut record = super::ends::ended(super::figure(Some(8 * MS)));
    record.segments = Some(without_the_ack(&record.exchanges));
    let captured = record.segments.as_ref().map_or(0, |segments| segments.list.len());
    let steps = steps(&record, Language::English);
    let ack = steps.iter().find(|step| step.id == "ack").expect("it is told all the same");
    assert!(ack.kind != Kind::Arrow && ack.sentence.contains("completes the handshake"), "{ack:?}");
    let arrows = steps.iter().filter(|step| step.kind == Kind::Arrow).count();
    assert_eq!(arrows, captured, "each arrow is a segment");
}

/// The kernel has the connection complete for no longer than a tick: the ACK of 8 ms before was dropped.
#[test]
fn an_ack_that_the_kernel_did_not_take_completes_nothing() {
    let mut record = super::ends::ended(super::figure(Some(8 * MS)));
    let fates = [Fate { is_lost: false, is_doubled: false, is_overtaken: false, after: MS }];
    record.handshake.queued = Figure::derived(0, Source::AgeAtAccept);
    record.handshake.tick = 4 * MS;
    for (start, is_taken) in [(-10 * MS, true), (-100 * MS, false)] {
        record.segments = Some(segments(&record.exchanges, &fates, start, false, None));
        let steps = steps(&record, Language::English);
        let ack = steps.iter().find(|step| step.id == "ack").expect("it is said all the same");
        assert_eq!(ack.kind == Kind::Arrow, is_taken, "{ack:?}");
        assert_eq!(ack.title.contains("not by the first ACK"), !is_taken, "{ack:?}");
        let (at, accept) = (ack.at.value(), steps.iter().position(|step| step.id == "accept"));
        assert!(is_taken || at.is_some_and(|at| *at > -8 * MS), "{ack:?}");
        let bar = queued_since(&record);
        assert!(bar.is_none_or(|since| since > -8 * MS), "the bar on the page: {bar:?}");
        assert!(steps.iter().position(|step| step.id == "ack") < accept);
    }
}

#[test]
fn a_fin_that_was_seen_stands_once_though_the_kernel_knew_of_it_at_the_accept() {
    let mut record = super::ends::ended(super::figure(Some(8 * MS)));
    record.handshake.state = Figure::measured("CLOSE_WAIT".into(), Source::StateAtAccept);
    let told = |record: &Record| {
        let steps = steps(record, Language::English);
        steps.iter().find(|step| step.id == "half-closed").map(|step| step.bound)
    };
    assert_eq!(told(&Record { segments: None, ..record.clone() }), Some(Some(Bound::AtLeast)));
    record.segments = Some(without_the_ack(&record.exchanges));
    assert_eq!(told(&record), None);
}

#[test]
fn a_connection_whose_packets_passed_unread_does_not_say_that_packets_would_show_it() {
    let mut record = super::ends::ended(Figure::not_visible(Why::BytesUnsent));
    let said = |record: &Record, language| {
        let steps = steps(record, language);
        let find = |id: &str| steps.iter().find(|step| step.id == id).expect("a step").clone();
        (find("syn-ack").title, find("server-end").sentence)
    };
    let (own, fin) = said(&record, Language::English);
    assert!(own.contains("without packets") && fin.contains("without packets"), "{own} {fin}");
    record.lack_segments();
    for (language, words, without) in
        [(Language::English, "passed unread", "without packets"), (Language::Korean, "읽히지 않고", "패킷 없이는")]
    {
        let (own, fin) = said(&record, language);
        assert!(own.contains(words) && !own.contains(without) && !fin.contains(without), "{own} {fin}");
    }
}
