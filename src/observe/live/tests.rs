//! Bounds of the history, and what streams send.
#![allow(clippy::expect_used, clippy::panic)] // what helps a test fails as a test does

use super::events::Events;
use super::history::History;
use super::*;
use crate::language::Language;
use crate::record::connection::{Close, Exchange, Handshake, Message, SCHEMA};
use crate::record::{Figure, How, Reason, Source, Stages, Why};
use serde_json::json;
use std::io::Read;
use std::time::Duration;

fn unseen<T>() -> Figure<T> {
    Figure::not_visible(Why::CloseUnseen)
}

fn record(connection: u64) -> Record {
    let handshake = Handshake {
        syn: unseen(),
        server_sequence: unseen(),
        queued: unseen(),
        queue: unseen(),
        rtt: unseen(),
        tick: 0,
        state: unseen(),
    };
    Record {
        glasshttp: SCHEMA,
        connection,
        model: "thread".into(),
        client: ([127, 0, 0, 1], 40_000 + (connection % 20_000) as u16).into(),
        server: ([127, 0, 0, 1], 8080).into(),
        accepted: "2026-01-02T03:04:05.000000000Z".into(),
        handshake,
        part: 1,
        continues: false,
        earlier: None,
        exchanges: vec![],
        exchanges_left_out: 0,
        named: None,
        proxy_header: None,
        close: None,
        segments: None,
    }
}

fn exchange(number: u64) -> Exchange {
    let head = format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n");
    Exchange {
        number,
        request: Message { head, is_cut: false },
        head: None,
        body_length: None,
        response: Message::default(),
        status: 200,
        resource: unseen(),
        request_body: None,
        refused: None,
        forwarded: None,
        is_kept: true,
        stages: Stages { head_complete: Figure::measured(number as i64, Source::Clock), ..Stages::all(|_| unseen()) },
        traffic: unseen(),
    }
}

fn closed(mut record: Record) -> Record {
    record.close = Some(Close {
        called: unseen(),
        left_by: unseen(),
        at: unseen(),
        reason: Reason::Http10,
        sentence: "The client closed the kept connection.".into(),
        how: How::Fin,
        reset: None,
        first: unseen(),
        client_end: unseen(),
        server_end: unseen(),
        server_fin: unseen(),
        unacknowledged: unseen(),
        tcp: unseen(),
        time_wait: unseen(),
    });
    record
}

fn bounds() -> Bounds {
    Bounds { connections: 10, admitted_per_second: 1_000_000, ..Bounds::default() }
}

fn numbers(hub: &Hub) -> Vec<u64> {
    hub.records().iter().map(|record| record.connection).collect()
}

/// The next event or comment; empty at the end.
fn next(events: &mut Events) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\n\n") && events.read(&mut byte).expect("it never fails") == 1 {
        text.push(byte[0]);
    }
    String::from_utf8(text).expect("UTF-8")
}

/// The connections of a `records` event.
fn records(event: &str) -> Vec<u64> {
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let records = data["records"].as_array().unwrap_or_else(|| panic!("no records: {event}"));
    records.iter().map(|record| record["connection"].as_u64().expect("a number")).collect()
}

#[test]
fn the_latest_are_kept_and_open_ones_longest() {
    let hub = Hub::new(bounds());
    let mut sink = LiveSink::new(&hub);
    sink.take(&record(1), News::Opened);
    for connection in 2..=50 {
        sink.take(&closed(record(connection)), News::Closed);
    }
    assert_eq!(numbers(&hub), [1, 42, 43, 44, 45, 46, 47, 48, 49, 50]);
    // Where all are open, the oldest goes.
    for connection in 51..=61 {
        sink.take(&record(connection), News::Opened);
    }
    assert_eq!(numbers(&hub), (52..=61).collect::<Vec<_>>());
}

#[test]
fn bytes_are_bounded_as_well() {
    let hub = Hub::new(Bounds { bytes: 64 * 1024, connections: 1000, ..bounds() });
    let mut sink = LiveSink::new(&hub);
    for connection in 1..=100 {
        let mut large = closed(record(connection));
        large.exchanges.push(exchange(1));
        large.exchanges[0].request.head = "x".repeat(10_000);
        sink.take(&large, News::Closed);
    }
    let kept = numbers(&hub);
    assert!((4..=6).contains(&kept.len()) && kept.last() == Some(&100), "{kept:?}");
}

#[test]
fn an_update_takes_over_what_changed_and_the_end_takes_over_all() {
    let hub = Hub::new(bounds());
    let mut sink = LiveSink::new(&hub);
    let mut growing = record(1);
    sink.take(&growing, News::Opened);
    for number in 1..=5 {
        growing.exchanges.push(exchange(number));
        // What is learnt late of the exchange before.
        if let Some(before) = growing.exchanges.iter_mut().rev().nth(1) {
            before.stages.acknowledged = Figure::measured(7, Source::AcknowledgementStamp);
        }
        sink.take(&growing, News::Responded);
        assert_eq!(*hub.record(1).expect("kept"), growing);
    }
    // An acknowledgement may be that of all before it.
    let acknowledged = Figure::measured(9, Source::AcknowledgementStamp);
    growing.exchanges.iter_mut().for_each(|exchange| exchange.stages.acknowledged = acknowledged.clone());
    sink.take(&growing, News::Responded);
    assert_eq!(*hub.record(1).expect("kept"), growing);
    // The collector tells the latest only: what is kept follows.
    growing.exchanges.drain(..3);
    growing.exchanges_left_out = 3;
    sink.take(&growing, News::Responded);
    assert_eq!(*hub.record(1).expect("kept"), growing);
    let growing = closed(growing);
    sink.take(&growing, News::Closed);
    assert_eq!(*hub.record(1).expect("kept"), growing);
}

#[test]
fn a_client_is_found_by_address_and_port_the_latest_first() {
    let hub = Hub::new(bounds());
    let mut sink = LiveSink::new(&hub);
    for connection in [1, 2] {
        sink.take(&Record { client: ([127, 0, 0, 1], 50_000).into(), ..record(connection) }, News::Opened);
    }
    let found = |client: &str| hub.of_client(client.parse().expect("an address")).map(|record| record.connection);
    assert_eq!(found("127.0.0.1:50000"), Some(2));
    assert_eq!(found("[::ffff:127.0.0.1]:50000"), Some(2));
    assert_eq!(found("127.0.0.1:50001"), None);
}

#[test]
fn more_than_a_second_admits_is_counted_once_each() {
    let hub = Hub::new(Bounds { admitted_per_second: 3, ..bounds() });
    let mut sink = LiveSink::new(&hub);
    for connection in 1..=8 {
        sink.take(&record(connection), News::Opened);
        sink.take(&record(connection), News::Silent);
    }
    assert_eq!(numbers(&hub), [1, 2, 3]);
    assert_eq!(hub.lock().history.refused(), 5);
}

#[test]
fn a_stream_greets_tells_what_is_kept_then_what_changes_then_the_end() {
    let hub = Hub::new(bounds());
    let mut sink = LiveSink::new(&hub);
    sink.take(&closed(record(1)), News::Closed);
    sink.take(&record(2), News::Opened);
    let mut events = Events::listen(&hub, json!({ "site": [] }), Language::English).expect("a stream");
    assert_eq!(next(&mut events), "retry: 1000\nevent: hello\ndata: {\"kept\":2,\"site\":[]}\n\n");
    assert_eq!(records(&next(&mut events)), [1, 2]);
    sink.take(&closed(record(2)), News::Closed);
    assert_eq!(records(&next(&mut events)), [2]);
    sink.take(&record(3), News::Opened);
    sink.finish();
    assert_eq!(records(&next(&mut events)), [3]);
    assert_eq!(next(&mut events), "event: end\ndata: {}\n\n");
    assert_eq!(next(&mut events), "");
}

#[test]
fn a_crowd_is_shown_bit_by_bit_and_what_was_forgotten_is_counted() {
    let hub = Hub::new(Bounds { connections: 100, shown_per_second: 200, ..bounds() });
    let mut sink = LiveSink::new(&hub);
    let mut events = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    next(&mut events);
    for connection in 1..=500 {
        sink.take(&closed(record(connection)), News::Closed);
    }
    // A turn's worth, the newest first; and of the others it is said that they are not shown.
    let count = next(&mut events);
    assert!(count.contains("event: left_out") && count.contains("\"untold\":480"), "{count}");
    let newest = records(&next(&mut events));
    assert_eq!(newest, (481..=500).rev().collect::<Vec<_>>());
    // In a calmer time the others that are kept follow.
    let mut seen = newest.len();
    let mut last_count = count;
    sink.finish();
    loop {
        let event = next(&mut events);
        if event.starts_with("event: end") {
            break;
        }
        if event.starts_with("event: records") {
            seen += records(&event).len();
        } else {
            assert!(event.starts_with("event: left_out"), "{event}");
            last_count = event;
        }
    }
    assert_eq!(seen, 100);
    assert!(last_count.contains("\"untold\":400"), "{last_count}");
}

#[test]
fn a_connection_of_several_parts_is_counted_as_one() {
    let hub = Hub::new(Bounds { shown_per_second: 20, admitted_per_second: 4, ..bounds() });
    let mut sink = LiveSink::new(&hub);
    let mut events = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    next(&mut events);
    for part in 1..=5 {
        sink.take(&Record { part, continues: part < 5, ..record(1) }, News::Continues);
    }
    let counts = |history: &History| (history.admitted(), history.refused());
    assert_eq!(counts(&hub.lock().history), (1, 0), "four parts of it are kept, and the fifth was too much");
    // Two of four are shown in this turn, and the others are of the same connection.
    assert_eq!(records(&next(&mut events)), [1, 1]);
}

#[test]
fn what_is_shown_is_brought_up_to_date_though_much_is_new() {
    let hub = Hub::new(Bounds { connections: 1000, ..bounds() });
    let mut sink = LiveSink::new(&hub);
    sink.take(&record(1), News::Opened);
    let mut events = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    next(&mut events);
    assert_eq!(records(&next(&mut events)), [1]);
    sink.take(&closed(record(1)), News::Closed);
    for connection in 2..=500 {
        sink.take(&record(connection), News::Opened);
    }
    let mut event = next(&mut events);
    if event.starts_with("event: left_out") {
        event = next(&mut events);
    }
    assert!(records(&event).contains(&1), "{event}");
}

#[test]
fn there_are_as_many_listeners_as_may_be_and_one_that_goes_makes_room() {
    let hub = Hub::new(Bounds { listeners: 2, ..bounds() });
    let first = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    let mut second = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    next(&mut second);
    assert!(Events::listen(&hub, json!({}), Language::English).is_none());
    // The others are written to, so that one that has gone is found out.
    assert_eq!(next(&mut second), ": are you there?\n\n");
    drop(first);
    assert!(Events::listen(&hub, json!({}), Language::English).is_some());
}

#[test]
fn where_all_are_there_the_one_that_has_taken_nothing_for_longest_gives_way() {
    let hub = Hub::new(Bounds { listeners: 2, ..bounds() });
    let mut stuck = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    let mut taken = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    next(&mut taken);
    let begun = Instant::now();
    let mut third = loop {
        match Events::listen(&hub, json!({}), Language::English) {
            Some(third) => break third,
            None => while next(&mut taken) != ": are you there?\n\n" {},
        }
    };
    assert!(begun.elapsed() >= Duration::from_millis(400), "those who have gone have time to be found out");
    assert!(next(&mut third).contains("hello"));
    assert!(next(&mut stuck).contains("hello"));
    assert_eq!((next(&mut stuck), next(&mut stuck)), ("event: gave_way\ndata: {}\n\n".into(), String::new()));
    drop(stuck);
    assert_eq!(hub.lock().streams.len(), 2, "it had lost its place already");
}

#[test]
fn a_silent_stream_says_that_it_is_there() {
    let hub = Hub::new(Bounds { heartbeat: Duration::ZERO, ..bounds() });
    let mut events = Events::listen(&hub, json!({}), Language::English).expect("a stream");
    next(&mut events);
    assert_eq!(next(&mut events), ": still here\n\n");
}
