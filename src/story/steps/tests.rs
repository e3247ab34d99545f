//! The invariants of the steps, over records of any figures.
#![allow(clippy::expect_used, clippy::panic)] // what helps a test fails as a test does

mod captured;
mod ends;
mod heads;
mod names;
mod proxied;
mod reasons;
mod refused;
mod transfers;

use super::*;
use crate::record::connection::{Close, Exchange, Handshake, HeadState, Message, Queue, Record, SCHEMA, Traffic};
use crate::record::{End, Figure, How, Nanoseconds, Reason, Source, Stages, TimeWait, Why};
use captured::captured;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;

const MS: Nanoseconds = 1_000_000;

fn figure<T>(value: Option<T>) -> Figure<T> {
    Figure::measured_or(value, Source::Clock, Why::NoAcknowledgement)
}

/// Stages in their order, some of which nobody saw.
fn stages(start: Nanoseconds) -> impl Strategy<Value = Stages> {
    let parts = prop::collection::vec((0..5 * MS, any::<bool>()), Stages::COUNT);
    (-20 * MS..20 * MS, parts).prop_map(move |(shift, parts)| {
        let mut at = start + shift;
        let mut parts = parts.into_iter();
        Stages::all(|name| {
            let (by, is_seen) = parts.next().expect("one for each");
            at += by;
            // Only the arrival may precede the accept.
            figure(is_seen.then_some(if name == "arrived" { at } else { at.max(0) }))
        })
    })
}

fn exchange(number: u64) -> impl Strategy<Value = Exchange> {
    let state = prop_oneof![
        Just(None),
        Just(Some(HeadState::Complete)),
        Just(Some(HeadState::Simple)),
        Just(Some(HeadState::Refused)),
        Just(Some(HeadState::Unfinished))
    ];
    let status = prop_oneof![Just(0_u16), Just(200), Just(404), Just(500)];
    (stages(number as i64 * 10 * MS), state, status, 0..2000_u64, any::<bool>(), 0..3_u32).prop_map(
        move |(stages, head, status, body, is_whole, reads)| Exchange {
            number,
            request: Message { head: format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"), is_cut: false },
            head,
            response: Message { head: format!("HTTP/1.0 {status} Any\r\n\r\n"), is_cut: false },
            status,
            body_length: Some(if is_whole { body } else { body + 5 }),
            resource: Figure::not_visible(Why::NoFile),
            request_body: None,
            refused: None,
            forwarded: None,
            is_kept: true,
            stages,
            traffic: Figure::measured(
                Traffic { reads, request_head: 30, writes: 1, response_head: 20, response_body: body },
                Source::Calls,
            ),
        },
    )
}

fn close() -> impl Strategy<Value = Close> {
    let how = prop_oneof![
        Just(How::Fin),
        Just(How::ResetByClient),
        Just(How::ResetByServer),
        Just(How::Timeout),
        Just(How::Lost)
    ];
    let end = || prop_oneof![Just(None), (0..200 * MS).prop_map(Some)];
    let first = prop_oneof![
        Just(Figure::derived(End::Client, Source::StateBeforeShutdown)),
        Just(Figure::derived(End::Server, Source::StateBeforeShutdown)),
        Just(Figure::not_visible(Why::FirstUnknown))
    ];
    let time_wait = prop_oneof![
        Just(Figure::derived(TimeWait::Client, Source::FirstWaits)),
        Just(Figure::derived(TimeWait::Nobody, Source::ResetLeavesNothing)),
        Just(Figure::not_visible(Why::FirstUnknown))
    ];
    (how, end(), end(), end(), first, time_wait).prop_map(|(how, at, client, server, first, time_wait)| Close {
        called: figure(at),
        at: figure(at.map(|at| at + at % 3 * MS)),
        reason: Reason::Http10,
        sentence: "Any.".into(),
        how,
        reset: None,
        first,
        client_end: figure(client),
        server_end: figure(server),
        server_fin: match server.or(at) {
            Some(at) if at % 2 == 0 => Figure::derived(at, Source::NothingUnsent),
            _ => Figure::not_visible(Why::BytesUnsent),
        },
        left_by: figure(server.or(at).map(|at| at + at % 3 * MS)),
        unacknowledged: Figure::not_visible(Why::NoTcpInfo),
        tcp: Figure::not_visible(Why::NoTcpInfo),
        time_wait,
    })
}

fn record() -> impl Strategy<Value = Record> {
    let queued = prop_oneof![
        Just(Figure::not_visible(Why::NoTcpInfo)),
        (0..8_i64).prop_map(|ticks| Figure::derived(ticks * 4 * MS, Source::AgeAtAccept)),
        Just(Figure::derived(1700 * MS, Source::AgeAtAccept))
    ];
    let rtt = prop_oneof![Just(None), (1..50 * MS).prop_map(Some)];
    (queued, rtt, exchange(1), exchange(2), exchange(3), 0..4_usize, prop::option::of(close())).prop_map(
        |(queued, rtt, one, two, three, count, close)| Record {
            glasshttp: SCHEMA,
            connection: 1,
            model: "thread".into(),
            client: ([127, 0, 0, 1], 50_000).into(),
            server: ([127, 0, 0, 1], 8080).into(),
            accepted: "2026-01-02T03:04:05.000000000Z".into(),
            handshake: Handshake {
                syn: Figure::not_visible(Why::NoSyn),
                server_sequence: Figure::not_visible(Why::OwnSequence),
                queued,
                tick: 4 * MS,
                state: Figure::measured("ESTABLISHED".into(), Source::StateAtAccept),
                queue: Figure::measured(Queue { waiting: 1, backlog: 5 }, Source::ListenerTcpInfo),
                rtt: figure(rtt),
            },
            part: 1,
            continues: false,
            earlier: None,
            exchanges: [one, two, three].into_iter().take(count).collect(),
            exchanges_left_out: 0,
            named: None,
            proxy_header: None,
            close,
            segments: None,
        },
    )
}

proptest! {
    #[test]
    fn time_and_cause_are_never_broken(record in captured(record())) {
        for language in [Language::English, Language::Korean] {
            let steps = steps(&record, language);
            let times: Vec<i64> = steps.iter().filter_map(|step| step.at.value().copied()).collect();
            prop_assert!(times.is_sorted(), "a: {times:?}");
            let place = |id: &str| steps.iter().position(|step| step.id == id);
            prop_assert!(place("syn") < place("syn-ack") && place("syn-ack") < place("ack") && place("ack") < place("accept"));
            let ack = steps.iter().find(|step| step.id == "ack").and_then(|step| step.at.value().copied());
            for exchange in &record.exchanges {
                if let (Some(ack), Some(arrived)) = (ack, exchange.stages.arrived.value()) {
                    prop_assert!(ack <= *arrived && ack <= 0, "b: {ack} {arrived}");
                }
            }
            for step in &steps {
                let is_drawn = matches!(step.kind, Kind::Arrow | Kind::Wait);
                prop_assert!(!is_drawn || step.known != Known::NotVisible, "c: {step:?}");
                let is_filled = !step.title.contains('{') && !step.id.is_empty();
                prop_assert!(is_filled);
                let is_event = step.kind == Kind::Event;
                prop_assert!(!is_event || step.at.value().is_some(), "c: {step:?}");
            }
            for exchange in &record.exchanges {
                let refused = steps.iter().find(|step| {
                    step.exchange == Some(exchange.number) && step.title.starts_with("refused before")
                });
                let chosen = exchange.stages.response_chosen.value();
                let at = refused.and_then(|step| step.at.value());
                prop_assert!(at.is_none_or(|at| Some(at) == chosen), "refused before it was: {refused:?}");
                let all = steps.iter().any(|step| step.id == format!("{}-ack", exchange.number) && step.title.contains("all of it"));
                prop_assert!(!all || exchange.is_whole() == Some(true), "d");
            }
        }
    }
}

proptest! {
    /// However they were lost, late or doubled: each segment of the list is one step, with its own numbers.
    #[test]
    fn each_segment_is_drawn_once(record in captured(record())) {
        let list = record.segments.as_ref().map_or(&[][..], |segments| &segments.list);
        let mut drawn: BTreeMap<usize, &Step> = BTreeMap::new();
        let steps = steps(&record, Language::English);
        for step in &steps {
            let Some(figures) = &step.segment else { continue };
            let segment = &list[figures.index];
            prop_assert!(drawn.insert(figures.index, step).is_none(), "twice: {figures:?}");
            prop_assert_eq!(
                (figures.sequence, figures.acknowledgment, figures.length, &figures.flags),
                (segment.sequence, segment.acknowledgment, segment.length, &segment.flags)
            );
            prop_assert_eq!(
                (figures.relative_sequence, figures.relative_acknowledgment, figures.window_bytes),
                (segment.relative_sequence, segment.relative_acknowledgment, segment.window_bytes)
            );
            prop_assert!(step.kind == Kind::Arrow && step.known == Known::Measured, "{step:?}");
            let goes = if segment.from == End::Client { Direction::ToServer } else { Direction::ToClient };
            prop_assert_eq!(step.direction, Some(goes));
            prop_assert!(step.at.value().is_none_or(|at| *at == segment.at));
            let is_timed = step.at.value().is_some() || matches!(step.id.as_str(), "syn" | "syn-ack" | "ack");
            prop_assert!(is_timed, "{step:?}");
        }
        prop_assert_eq!(drawn.len(), list.len());
        if record.segments.is_some() {
            // Whatever else is drawn as sent was seen, too: that the record keeps no figures of it is said.
            let others = steps.iter().filter(|step| step.kind == Kind::Arrow && step.segment.is_none());
            for step in others {
                let is_known = ["syn", "syn-ack", "ack", "client-fin", "client-reset", "server-end", "server-reset"];
                prop_assert!(is_known.contains(&step.id.as_str()), "{step:?}");
            }
            let is_left_out = record.segments.as_ref().is_some_and(|segments| segments.left_out > 0);
            let gaps = steps.iter().filter(|step| step.id == "segments-left-out").count();
            prop_assert_eq!(gaps, usize::from(is_left_out));
        }
    }
}

#[test]
fn words_of_one_language_only() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let record = captured(record()).new_tree(&mut runner).expect("a record").current();
        for step in steps(&record, Language::Korean) {
            let is_korean = |text: &str| text.is_empty() || text.chars().any(|letter| ('가'..='힣').contains(&letter));
            assert!(is_korean(&step.sentence), "{}", step.sentence);
            assert!(is_korean(&step.how), "{}", step.how);
        }
        for step in steps(&record, Language::English) {
            let texts = [&step.title, &step.sentence, &step.how, &step.label];
            assert!(texts.iter().all(|text| text.chars().all(|letter| !('가'..='힣').contains(&letter))), "{step:?}");
        }
    }
}
