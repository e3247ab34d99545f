//! Lanes and tables of records: what no fact carries is not in them.
#![allow(clippy::expect_used, clippy::panic)] // what helps a test fails as a test does

use super::*;
use crate::language::Language::{English, Korean};
use crate::record::segment::{FirstSeen, Segments};
use crate::record::{End, Figure, How, Source, Why};
use crate::story::steps::Tone;

fn at(value: i64) -> Figure<i64> {
    Figure::measured(value, Source::Clock)
}

#[test]
fn a_connection_that_waited_in_the_queue_was_at_work_only_after_the_accept() {
    let mut record = Record::example();
    record.handshake.queued = Figure::derived(1_700_000_000, Source::AgeAtAccept);
    record.handshake.tick = 4_000_000;
    let stages = &mut record.exchanges[0].stages;
    (stages.arrived, stages.first_read, stages.head_complete) = (at(-1_690_000_000), at(20_000), at(30_000));
    (stages.response_chosen, stages.first_write, stages.last_write) = (at(40_000), at(50_000), at(60_000));
    let lane = Lane::of(&record);
    assert_eq!(lane.begin, -1_700_000_000);
    assert_eq!((lane.bars[0].kind, lane.bars[0].from, lane.bars[0].to), (BarKind::Queued, -1_700_000_000, Some(0)));
    let exchange = lane.bars.iter().find(|bar| bar.kind == BarKind::Exchange).expect("a bar");
    assert_eq!((exchange.from, exchange.to), (0, Some(60_000)));
    assert_eq!(lane.marks[0], Mark { kind: MarkKind::Request, at: -1_690_000_000 });
}

#[test]
fn a_wait_that_is_shorter_than_the_ticks_is_not_drawn() {
    let mut record = Record::example();
    record.handshake.queued = Figure::derived(4_000_000, Source::AgeAtAccept);
    record.handshake.tick = 4_000_000;
    for exchange in &mut record.exchanges {
        exchange.stages.arrived = at(1_000);
    }
    assert!(Lane::of(&record).bars.iter().all(|bar| bar.kind != BarKind::Queued));
    let view = view(&record, Secrets::Withheld, English);
    assert_eq!(view.exchanges[0].stages[0].lasts, None);
}

#[test]
fn pipelined_requests_are_at_work_one_after_the_other() {
    let mut record = Record::example();
    let first = record.exchanges[0].clone();
    record.exchanges = (1..=3)
        .map(|number: i64| {
            let mut exchange = first.clone();
            let begun = 1_000_000 * number;
            exchange.number = number.cast_unsigned();
            let stages = &mut exchange.stages;
            (stages.arrived, stages.first_read) = (Figure::not_visible(Why::NoArrival), at(1_000_000));
            (stages.head_complete, stages.response_chosen) = (at(begun), at(begun + 10));
            (stages.first_write, stages.last_write) = (at(begun + 20), at(begun + 30));
            exchange
        })
        .collect();
    let lane = Lane::of(&record);
    let bars: Vec<&Bar> = lane.bars.iter().filter(|bar| bar.kind == BarKind::Exchange).collect();
    assert!(bars.windows(2).all(|pair| pair[0].to.expect("an end") <= pair[1].from), "{bars:?}");
}

#[test]
fn what_is_under_way_has_no_end_and_what_was_lost_ends_where_it_was_last_heard_of() {
    let mut record = Record::example();
    record.close = None;
    let last = record.exchanges.last_mut().expect("an exchange");
    last.stages.last_write = Figure::not_visible(Why::NotYet);
    last.stages.acknowledged = Figure::not_visible(Why::NotYet);
    let lane = Lane::of(&record);
    assert_eq!((lane.end, lane.bars.last().expect("a bar").to), (None, None));
    let mut close = Record::example().close.expect("a close");
    (close.how, close.at) = (How::Lost, Figure::not_visible(Why::ReportDropped));
    record.close = Some(close);
    let lane = Lane::of(&record);
    assert_eq!((lane.end, lane.marks.last().map(|mark| mark.kind)), (Some(lane.last), Some(MarkKind::Lost)));
}

#[test]
fn a_reset_behind_fins_names_those_that_were_seen() {
    let mut record = Record::example();
    let ended = |record: &Record| Outline::of(record, English).ended;
    assert_eq!(ended(&record), "closed by FINs");
    let mut join = |client_fin, server_fin, client_reset| {
        let moments = FirstSeen { client_fin, server_fin, client_reset, ..FirstSeen::default() };
        record.join(Segments { moments, ..Segments::default() });
        let reset = record.close.as_ref().and_then(|close| close.reset.clone()).expect("it was seen");
        assert_eq!((reset.by, reset.at), (End::Client, Figure::measured(9, Source::Packets)));
        ended(&record)
    };
    assert_eq!(join(Some(7), Some(8), Some(9)), "closed by FINs, then a reset");
    assert_eq!(join(Some(7), None, Some(9)), "a FIN of the client, then a reset");
    assert_eq!(join(None, Some(7), Some(9)), "a FIN of the server, then a reset");
    assert_eq!(join(None, None, Some(9)), "reset by the client");
}

#[test]
fn secrets_are_withheld_until_they_are_asked_for() {
    let mut record = Record::example();
    let end = record.exchanges[0].request.head.find("\r\n").expect("a line") + 2;
    record.exchanges[0].request.head.insert_str(end, "Cookie: id=12345\r\n");
    for (secrets, is_there) in [(Secrets::Withheld, false), (Secrets::Shown, true)] {
        let json = serde_json::to_string(&view(&record, secrets, English)).expect("JSON");
        assert_eq!(json.contains("id=12345"), is_there);
        assert_eq!(json.contains("\"withheld\":true"), !is_there);
    }
}

#[test]
fn each_language_has_its_words() {
    let view = view(&Record::example(), Secrets::Withheld, Korean);
    let is_korean = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
    for fact in &view.facts {
        assert!(is_korean(&fact.name), "{fact:?}");
    }
    for stage in &view.exchanges[0].stages {
        assert!(is_korean(&stage.name) && is_korean(&stage.how), "{stage:?}");
    }
}

#[test]
fn a_connection_is_named_by_its_first_request_and_hides_no_error() {
    let mut record = Record::example();
    let mut failed = record.exchanges[0].clone();
    (failed.number, failed.status) = (2, 404);
    record.exchanges = vec![record.exchanges[0].clone(), failed];
    let outline = Outline::of(&record, English);
    assert_eq!((outline.status.as_str(), outline.tone, outline.more), ("200", Tone::Success, 1));
    assert_eq!(outline.failed, Some(Failed { status: 404, tone: Tone::ClientError }));
    let rows: Vec<_> = outline.requests.iter().map(|row| (row.number, row.status, row.reused)).collect();
    assert_eq!(rows, [(1, 200, false), (2, 404, true)]);
    assert_eq!((outline.requests[0].method.as_str(), outline.requests[0].target.is_empty()), ("GET", false));
}

#[test]
fn what_is_not_a_request_line_has_no_method() {
    let mut record = Record::example();
    record.exchanges[0].request.head.clear();
    let row = &Outline::of(&record, English).requests[0];
    assert_eq!((row.method.as_str(), row.target.as_str()), ("", "(no request line)"));
}

/// Linux lets one more wait than the backlog says, so it is no limit.
#[test]
fn what_waits_stands_beside_the_backlog_and_may_be_more() {
    let said = super::waiting::queue(4, 3, English);
    assert!(said.starts_with("4 connections wait in the accept queue (backlog 3)."), "{said}");
    assert!(super::waiting::queue(4, 3, Korean).starts_with("연결 4개가 수락 대기열에서 기다립니다(백로그 3)."));
}
