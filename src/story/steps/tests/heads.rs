//! What is said of a head that came in parts, or was refused before it was complete, is said at its time.

use super::*;
use crate::record::segment::{Segment, Segments};

fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(&mut proptest::test_runner::TestRunner::deterministic()).expect("a value").current()
}

/// A request that arrived at 1 ms, of which the first bytes were read at 2 ms; what became of it was known at four seconds.
fn late(reads: u32, head: HeadState, status: u16) -> Record {
    let at = |value: Option<i64>| figure(value.map(|at| at * MS));
    let is_complete = head == HeadState::Complete;
    let stages = Stages::all(|name| match name {
        "arrived" => at(Some(1)),
        "first_read" => at(Some(2)),
        "head_complete" if is_complete => at(Some(4000)),
        "head_complete" => Figure::not_visible(Why::HeadUnfinished),
        _ if status == 0 => Figure::not_visible(Why::NotReached),
        _ => at(Some(4000)),
    });
    let traffic = Traffic { reads, request_head: 30, writes: 1, response_head: 20, response_body: 10 };
    let traffic = Figure::measured(traffic, Source::Calls);
    let exchange = Exchange { status, head: Some(head), stages, traffic, body_length: Some(10), ..some(exchange(1)) };
    Record { exchanges: vec![exchange], close: None, ..some(record()) }
}

/// The steps of its exchange: name, milliseconds, label, title.
fn rows(record: &Record) -> Vec<(String, Option<i64>, String, String)> {
    let of_exchange = steps(record, Language::English).into_iter().filter(|step| step.exchange.is_some());
    of_exchange.map(|step| (step.id, step.at.value().map(|at| at / MS), step.label, step.title)).collect()
}

fn row(record: &Record, id: &str) -> (Option<i64>, String, String) {
    let found = rows(record).into_iter().find(|(name, ..)| name == id).unwrap_or_else(|| panic!("{id}"));
    (found.1, found.2, found.3)
}

#[test]
fn a_head_is_refused_when_it_was_and_not_when_it_began() {
    let refused = "refused before the head was complete: 30 bytes in";
    let in_parts = late(3, HeadState::Unfinished, 408);
    assert_eq!(row(&in_parts, "1-read"), (Some(2), "read".into(), "first bytes".into()));
    assert_eq!(row(&in_parts, "1-head"), (Some(4000), "read".into(), format!("{refused} 3 reads")));
    let at_once = late(1, HeadState::Unfinished, 408);
    assert_eq!(row(&at_once, "1-read"), (Some(2), "read".into(), "30 bytes in 1 read".into()));
    assert_eq!(row(&at_once, "1-head"), (Some(4000), "read".into(), format!("{refused} 1 read")));
    // When the last of it was read nobody noted.
    let given_up = late(3, HeadState::Unfinished, 0);
    assert_eq!(row(&given_up, "1-read").0, Some(2));
    assert_eq!(row(&given_up, "1-head"), (None, String::new(), "the head is incomplete: 30 bytes in 3 reads".into()));
}

#[test]
fn a_head_that_was_refused_is_not_said_to_lack_its_end() {
    for (why, place) in [
        (Reason::TlsHandshake, "first byte"),
        (Reason::BadVersion, "request line"),
        (Reason::TooManyFields, "header fields"),
    ] {
        let mut record = late(1, HeadState::Refused, 400);
        record.exchanges[0].refused = Some(why);
        let (_, _, title) = row(&record, "1-head");
        assert_eq!(title, format!("refused at its {place}: 30 bytes in 1 read"));
    }
}

#[test]
fn a_request_in_parts_began_with_its_first_bytes() {
    let dribbled = late(3, HeadState::Complete, 200);
    let line = "GET /1 HTTP/1.1";
    assert_eq!(row(&dribbled, "1-request"), (Some(1), format!("first bytes of {line}"), String::new()));
    assert_eq!(row(&dribbled, "1-head").0, Some(4000));
    assert_eq!(row(&late(1, HeadState::Complete, 200), "1-request"), (Some(1), line.into(), String::new()));
}

/// A segment of `from`, seen at this millisecond, of 50 bytes from this one on.
fn data(from: &str, at: i64, first: i64) -> Segment {
    let json = serde_json::json!({"at": at * MS, "from": from, "flags": "ACK", "sequence": 1,
        "relative_sequence": first, "length": 50, "window": 1, "ttl": 64});
    serde_json::from_value(json).expect("a segment")
}

#[test]
fn the_segment_of_a_request_is_the_one_that_brought_its_first_byte() {
    let mut record = late(1, HeadState::Complete, 200);
    record.exchanges[0].stages.first_read = figure(Some(6 * MS));
    // Lost once, or overtaken: the first that was seen is the request's end.
    let list = vec![data("client", 1, 51), data("client", 5, 1)];
    record.segments = Some(Segments { list, ..Segments::default() });
    let steps = steps(&record, Language::English);
    let request = steps.iter().find(|step| step.id == "1-request").expect("the request");
    assert_eq!(request.segment.as_ref().map(|segment| segment.index), Some(1), "{request:?}");
}
