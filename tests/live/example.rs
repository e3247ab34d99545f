//! Records as the collector tells them: what the page is shown in these tests.

use glasshttp::observe::sink::{News, Sink};
use glasshttp::record::connection::{Exchange, HeadState, Queue, Record, SCHEMA};
use glasshttp::record::{End, Figure, How, Reason, Source, Stages, TimeWait, Why};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const SYN_SEQUENCE: u32 = 727_050_008;
const CLOCK: Source = Source::Clock;
const STAMP: Source = Source::AcknowledgementStamp;

/// A moment in the past, as the record says it.
pub fn ago(past: Duration) -> String {
    let since = (SystemTime::now() - past).duration_since(UNIX_EPOCH).expect("after 1970");
    let date = httpdate(since);
    format!("{date}.{:09}Z", since.subsec_nanos())
}

/// `2026-01-02T03:04:05` of this time since 1970, by the calendar (days_from_civil, reversed).
fn httpdate(since: Duration) -> String {
    let (days, second) = ((since.as_secs() / 86_400) as i64, since.as_secs() % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// A connection that is open and on which nothing has come.
pub fn opened(connection: u64) -> Record {
    let client = SocketAddr::from(([127, 0, 0, 1], 50_000 + (connection % 10_000) as u16));
    let syn = json!({
        "sequence": SYN_SEQUENCE,
        "mss": 65_495,
        "window": 65_495,
        "window_scale": 7,
        "sack_permitted": true,
        "timestamp": 3_141_592_653_u32,
        "ttl": 64,
        "headers": "4500003c1c464000400620747f0000017f000001c3511f902b55e21800000000a002ffd7fe300000\
                    0204ffd70402080abb40e64d0000000001030307",
    });
    read(json!({
        "glasshttp": SCHEMA,
        "connection": connection,
        "model": "multiplex",
        "client": client.to_string(),
        "server": "127.0.0.1:8080",
        "accepted": ago(Duration::ZERO),
        "handshake": {
            "syn": Figure::measured(syn, Source::SavedSyn),
            "server_sequence": Figure::<u32>::not_visible(Why::OwnSequence),
            "queued": Figure::derived(41_000, Source::AgeAtAccept),
            "queue": queue(0, 4096),
            "tick": 4_000_000,
            "state": Figure::measured("ESTABLISHED", Source::StateAtAccept),
            "rtt": Figure::measured(21_000, Source::TcpInfo),
        },
        "part": 1,
        "continues": false,
        "exchanges": [],
        "exchanges_left_out": 0,
        "close": null,
    }))
}

/// A record of this form, as a log has it.
fn read<T: DeserializeOwned>(form: Value) -> T {
    serde_json::from_value(form).expect("a record's form")
}

/// An accept queue in which `waiting` connections were, of `backlog` that may.
pub fn queue(waiting: u32, backlog: u32) -> Figure<Queue> {
    Figure::measured(read(json!({ "waiting": waiting, "backlog": backlog })), Source::ListenerTcpInfo)
}

/// Its next exchange: a GET of `target`, begun so long after the accept, in nanoseconds.
pub fn exchange(number: u64, target: &str, begun: i64) -> Exchange {
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n");
    let response = "HTTP/1.0 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nServer: glasshttp\r\n\
                  Content-Type: text/plain; charset=utf-8\r\nContent-Length: 44\r\nConnection: keep-alive\r\n\r\n";
    let clock = [32_000, 41_000, 97_000, 121_000, 121_000].map(|time| (time, CLOCK));
    let mut times = [(0, STAMP)].into_iter().chain(clock).chain([(139_000, STAMP)]);
    let traffic = json!({
        "reads": 1,
        "request_head": request.len(),
        "writes": 1,
        "response_head": response.len(),
        "response_body": 44,
    });
    read(json!({
        "number": number,
        "request": { "head": request, "is_cut": false },
        "response": { "head": response, "is_cut": false },
        "head": HeadState::Complete,
        "body_length": 44,
        "status": 200,
        "resource": Figure::measured("hello.txt", Source::Handler),
        "is_kept": true,
        "stages": Stages::all(|_| match times.next() {
            Some((time, by)) => Figure::measured(begun + time, by),
            None => Figure::not_visible(Why::NotReached),
        }),
        "traffic": Figure::measured(traffic, Source::Calls),
    }))
}

/// The end that the client made, so long after the accept, in nanoseconds.
pub fn closed(mut record: Record, at: i64) -> Record {
    let tcp = json!({
        "state": "CLOSE_WAIT",
        "rtt": 23_000,
        "rtt_variation": 9_000,
        "min_rtt": 21_000,
        "retransmissions": 0,
        "bytes_received": 86,
        "bytes_acknowledged": 221,
        "segments_in": 5,
        "segments_out": 4,
        "mss": 32_768,
        "congestion_window": 10,
    });
    record.close = read(json!({
        "called": Figure::measured(at - 2_000, CLOCK),
        "left_by": Figure::measured(at - 3_000, CLOCK),
        "at": Figure::measured(at, CLOCK),
        "reason": Reason::ClientClosed,
        "sentence": "The client closed the kept connection.",
        "how": How::Fin,
        "first": Figure::measured(End::Client, Source::EndBeforeShutdown),
        "client_end": Figure::measured(at - 30_000, Source::EndOfInput),
        "server_end": Figure::measured(at - 4_000, CLOCK),
        "server_fin": Figure::derived(at - 4_000, Source::NothingUnsent),
        "tcp": Figure::measured(tcp, Source::TcpInfoBeforeClose),
        "time_wait": Figure::derived(TimeWait::Client, Source::FirstWaits),
    }));
    record
}

/// The end where the client sent a reset.
pub fn reset(record: Record, at: i64) -> Record {
    let mut record = closed(record, at);
    if let Some(close) = &mut record.close {
        close.reason = Reason::Reset;
        close.sentence = "The client reset the connection.".into();
        close.how = How::ResetByClient;
        close.server_end = Figure::not_visible(Why::OneClose);
        close.time_wait = Figure::derived(TimeWait::Nobody, Source::ResetLeavesNothing);
    }
    record
}

/// The same, accepted so long ago.
pub fn accepted_before(mut record: Record, past: Duration) -> Record {
    record.accepted = ago(past);
    record
}

/// A whole connection of one exchange, told as the collector does.
pub fn tell_whole(sink: &mut dyn Sink, connection: u64, target: &str) -> Record {
    let mut record = opened(connection);
    sink.take(&record, News::Opened);
    record.exchanges.push(exchange(1, target, 180_000));
    sink.take(&record, News::Responded);
    let record = closed(record, 2_400_000);
    sink.take(&record, News::Closed);
    record
}
