//! More than a person can read: what is folded, what is counted, and that no
//! failure is.

use super::*;
use crate::record::segment::{Segment, Segments};
use crate::story::MOST_ROWS;

fn is_row_of(line: &str, path: &str, status: &str) -> bool {
    line.contains(&format!("──▶ GET {path}  {status}"))
}

#[test]
fn a_page_with_many_files_is_one_exchange_whole_and_a_row_for_each_other() {
    let (mut story, screen, time) = story(Language::English);
    let mut record = sample::opened(1);
    story.take(&record, News::Opened);
    for number in 1..=12 {
        let (path, status) = if number == 7 { ("/missing", "404 Not Found") } else { ("/a.css", "200 OK") };
        let at = number as i64 * 1_000_000;
        record.exchanges.push(sample::exchange(number, at, &format!("GET {path} HTTP/1.1"), status, 11_520));
        story.take(&record, News::Responded);
    }
    pass(&mut story, &time, 400);
    let text = plain_text(&screen.take());
    assert_eq!(text.matches("chosen  ").count(), 2, "the first and the one that failed, step by step:\n{text}");
    assert_eq!(text.lines().filter(|line| is_row_of(line, "/a.css", "200  11.5 kB  60 µs")).count(), 10, "{text}");
    assert!(text.contains("GET /missing HTTP/1.1") && !text.contains('…'), "{text}");
    assert!(text.lines().count() < 32, "{text}");
}

/// Their bytes were read with the first one's: nothing arrives when their turn is.
#[test]
fn a_row_of_a_pipelined_request_is_no_arrow() {
    for (language, pipelined) in [(Language::English, "pipelined"), (Language::Korean, "파이프라이닝")] {
        let (mut story, screen, time) = story(language);
        let mut record = sample::opened(1);
        story.take(&record, News::Opened);
        for number in 1..=6 {
            let mut exchange = sample::exchange(number, number as i64 * 1_000_000, "GET /a HTTP/1.1", "200 OK", 5);
            if let Some(first) = record.exchanges.first() {
                (exchange.stages.arrived, exchange.stages.first_read) =
                    (first.stages.arrived.clone(), first.stages.first_read.clone());
            }
            record.exchanges.push(exchange);
            story.take(&record, News::Responded);
        }
        pass(&mut story, &time, 400);
        let text = plain_text(&screen.take());
        assert_eq!(text.matches("──▶ GET").count(), 1, "{text}");
        let is_row = |line: &&str| line.contains(" ·  GET /a  200") && line.ends_with(pipelined);
        assert_eq!(text.lines().filter(is_row).count(), 5, "{text}");
    }
}

#[test]
fn of_a_busy_connection_a_block_has_some_rows_and_counts_the_rest() {
    let (mut story, screen, time) = story(Language::English);
    let mut record = sample::opened(1);
    story.take(&record, News::Opened);
    for number in 1..=100 {
        record.exchanges.push(sample::exchange(number, 1_000, "GET / HTTP/1.1", "200 OK", 5));
        story.take(&record, News::Responded);
        assert!(story.shown[&1].waiting.as_ref().unwrap().exchanges.len() <= MOST_ROWS);
    }
    pass(&mut story, &time, 400);
    let text = plain_text(&screen.take());
    assert_eq!(text.matches("GET /").count(), MOST_ROWS, "{text}");
    assert!(text.contains("… 36 more exchanges on this connection, none failed\n"), "{text}");
    record.close = sample::kept_to_its_end().close;
    story.take(&record, News::Closed);
    let text = plain_text(&screen.take());
    assert!(!text.contains("GET") && text.starts_with("#1 again"), "{text}");
}

/// A thousand failures at once, in records of several parts, and one in the last of them.
#[test]
fn each_failure_of_a_connection_is_shown() {
    for is_quiet_between in [false, true] {
        let (mut story, screen, time) = story(Language::Korean);
        let mut record = sample::opened(1);
        story.take(&record, News::Opened);
        for number in 1..=1_000 {
            let status = if number % 3 == 0 { "200 OK" } else { "404 Not Found" };
            record.exchanges.push(sample::exchange(number, number as i64, "GET /no HTTP/1.1", status, 5));
            story.take(&record, News::Responded);
            if record.exchanges.len() == 128 {
                story.take(&record, News::Continues);
                record.exchanges.drain(..126);
                record.part += 1;
            }
            if is_quiet_between && number % 90 == 0 {
                pass(&mut story, &time, 400);
            }
        }
        record.close = sample::kept_to_its_end().close;
        story.take(&record, News::Closed);
        let text = plain_text(&screen.take());
        let failed = text.matches("  404  ").count()
            + text.matches("chosen  404").count()
            + text.matches(" 404 Not Found").count();
        assert_eq!(failed, 667, "{text}");
    }
}

#[test]
fn failures_of_connections_that_are_left_out_are_lines() {
    for language in [Language::English, Language::Korean] {
        let (mut story, screen, time) = story(language);
        for number in 1..=61 {
            story.take(&sample::opened(number), News::Opened);
            let mut record = Record { connection: number, ..sample::curl() };
            if number % 20 == 5 {
                record.exchanges = vec![sample::exchange(1, 0, "GET /no.css HTTP/1.1", "404 Not Found", 5)];
            }
            if number == 50 {
                record = Record { connection: number, ..sample::lost() };
            }
            if number == 51 {
                record.exchanges = sample::reset().exchanges;
                record.exchanges[0].body_length = Some(10_000_000);
            }
            story.take(&record, News::Responded);
            story.take(&record, News::Closed);
        }
        pass(&mut story, &time, 1_100);
        let text = plain_text(&screen.take());
        assert!(text.contains("38 × 200, 2 × 404"), "{text}");
        let of_404: Vec<&str> = text.lines().filter(|line| is_row_of(line, "/no.css", "404")).collect();
        assert_eq!(of_404.len(), 1, "{text}");
        assert!(of_404[0].trim_start().starts_with("#25.1") && of_404[0].ends_with("× 2"), "{text}");
        let cut = text.lines().filter(|line| is_row_of(line, "/big.iso", "200  ") && line.contains("10.0 MB"));
        assert_eq!(cut.count(), 1, "{text}");
        assert!(text.lines().any(|line| line.trim_start().starts_with("#50 ")), "{text}");
    }
}

/// A part of its record may end before exchanges that were heard of.
#[test]
fn of_a_connection_that_is_left_out_each_exchange_is_counted_once() {
    let (mut story, screen, time) = story(Language::English);
    (1..=21).for_each(|number| story.take(&sample::opened(number), News::Opened));
    let exchanges = (1..=9).map(|number| sample::exchange(number, 0, "GET /a HTTP/1.1", "200 OK", 5));
    let mut record = Record { exchanges: exchanges.collect(), ..sample::opened(21) };
    story.take(&record, News::Responded);
    let next = record.exchanges.split_off(4);
    story.take(&record, News::Continues);
    record.exchanges = next;
    story.take(&record, News::Responded);
    pass(&mut story, &time, 1_100);
    let text = plain_text(&screen.take());
    assert!(text.contains("9 × 200"), "{text}");
}

/// A connection that is forgotten for others is not shown further, and none of its failures is lost.
#[test]
fn a_connection_that_is_forgotten_has_said_what_it_held_back() {
    let (mut story, screen, time) = story(Language::English);
    for number in 1..=MOST_OPEN as u64 + 1 {
        story.take(&sample::opened(number), News::Opened);
        let mut record = Record { connection: number, ..sample::kept_once() };
        if number == 1 {
            record.exchanges = vec![sample::exchange(1, 0, "GET /first HTTP/1.1", "404 Not Found", 5)];
        }
        story.take(&record, News::Responded);
        time.pass(60);
    }
    let mut record = Record { connection: 1, ..sample::kept_to_its_end() };
    record.exchanges[1].request.head = "GET /second HTTP/1.1\r\n\r\n".into();
    story.take(&record, News::Closed);
    story.finish();
    let text = plain_text(&screen.take());
    assert_eq!(text.matches("GET /first").count(), 1, "{text}");
    assert!(text.lines().any(|line| is_row_of(line, "/second", "404")), "{text}");
}

/// The segments of requests of 83 bytes, a millisecond apart.
fn requests(count: i64) -> Segments {
    let segment = |index: i64| -> Segment {
        let json = serde_json::json!({"at": (index + 1) * 1_000_000, "from": "client", "flags": "PSH+ACK", "sequence": 1,
            "relative_sequence": index * 83 + 1, "relative_acknowledgment": 1, "length": 83, "window": 1, "ttl": 64});
        serde_json::from_value(json).expect("a segment")
    };
    Segments { list: (0..count).map(segment).collect(), ..Segments::default() }
}

fn request(number: u64) -> crate::record::connection::Exchange {
    sample::exchange(number, number.cast_signed() * 1_000_000, "GET / HTTP/1.1", "200 OK", 5)
}

#[test]
fn what_waited_when_a_further_part_began_is_shown_with_its_segments() {
    let (mut story, screen, _) = story(Language::English);
    let mut record = sample::opened(1);
    story.take(&record, News::Opened);
    record.exchanges = (1..=3).map(request).collect();
    story.take(&record, News::Responded);
    let earlier = record.before(4);
    let close = sample::kept_to_its_end().close;
    let further = Record { part: 2, earlier, exchanges: vec![request(4)], close, ..sample::opened(1) };
    story.take(&Record { segments: Some(requests(4)), ..further }, News::Closed);
    let text = plain_text(&screen.take());
    let (first, rest) = text.split_once("#1 again").expect("two blocks");
    for bytes in ["1–83", "84–166", "167–249"] {
        assert!(first.contains(&format!("83 bytes {bytes},")), "{bytes}: {text}");
    }
    assert!(!first.contains("250–332") && rest.contains("request 4; 83 bytes 250–332"), "{text}");
}

/// Of a connection whose packets lie in the ring, or are read.
struct Ring {
    record: Record,
    is_read: bool,
}

impl Records for Ring {
    fn are_segments_read(&mut self, _: u64) -> bool {
        self.is_read
    }

    fn of(&mut self, _: u64) -> Option<&Record> {
        Some(&self.record)
    }
}

#[test]
fn a_quiet_connection_is_shown_when_its_segments_are_read() {
    let (mut story, screen, time) = story(Language::English);
    let mut record = sample::opened(1);
    story.take(&record, News::Opened);
    record.exchanges.push(request(1));
    story.take(&record, News::Responded);
    let mut ring = Ring { record: Record { segments: Some(requests(1)), ..record }, is_read: false };
    time.pass(400);
    story.pass_time(&mut ring);
    assert_eq!(screen.take(), "");
    ring.is_read = true;
    time.pass(100);
    story.pass_time(&mut ring);
    let text = plain_text(&screen.take());
    assert!(text.contains("83 bytes 1–83,"), "{text}");
}
