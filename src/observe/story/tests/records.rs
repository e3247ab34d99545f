//! Connections as they could have been, for the tests of the story.

use crate::record::connection::{Close, Exchange, Handshake, HeadState, Message, Queue, Record, SCHEMA, Traffic};
use crate::record::{End, Figure, How, Reason, Source, Stages, Syn, Tcp, TimeWait, Why};

const US: i64 = 1_000;
const MS: i64 = 1_000_000;
const WHY: Why = Why::NoTcpInfo;

fn at(nanoseconds: i64) -> Figure<i64> {
    Figure::measured(nanoseconds, Source::Clock)
}

fn none<T>(why: Why) -> Figure<T> {
    Figure::not_visible(why)
}

/// Accepted after 41 µs in the queue, and nothing since.
pub(super) fn opened(connection: u64) -> Record {
    let syn = Syn {
        sequence: 727_050_008,
        mss: Some(65495),
        window: 65495,
        window_scale: Some(7),
        sack_permitted: true,
        timestamp: Some(1),
        ttl: 64,
        headers: String::new(),
    };
    Record {
        glasshttp: SCHEMA,
        connection,
        model: "multiplex".into(),
        client: "127.0.0.1:55282".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        accepted: "2026-03-04T08:49:37.012345678Z".into(),
        handshake: Handshake {
            syn: Figure::measured(syn, Source::SavedSyn),
            server_sequence: none(Why::OwnSequence),
            queued: at(41 * US),
            queue: Figure::measured(Queue { waiting: 0, backlog: 128 }, Source::TcpInfo),
            tick: 4 * MS,
            state: Figure::measured("ESTABLISHED".into(), Source::StateAtAccept),
            rtt: at(28 * US),
        },
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

/// An exchange that began at `start` and took some 80 µs, the acknowledgement some more.
pub(super) fn exchange(number: u64, start: i64, line: &str, status: &str, body: u64) -> Exchange {
    let mut times = [0, 7, 9, 34, 60, 60, 83].into_iter();
    Exchange {
        number,
        request: Message { head: format!("{line}\r\nHost: localhost:8080\r\n\r\n"), is_cut: false },
        response: Message { head: format!("HTTP/1.0 {status}\r\nContent-Length: {body}\r\n\r\n"), is_cut: false },
        head: Some(HeadState::Complete),
        body_length: Some(body),
        status: status[..3].parse().unwrap(),
        resource: match line.split(' ').nth(1) {
            Some("/missing") => Figure::measured("404.html".to_owned(), Source::Handler),
            Some("/") | None => Figure::measured("index.html".to_owned(), Source::Handler),
            Some(path) => Figure::measured(path[1..].to_owned(), Source::Handler),
        },
        request_body: None,
        refused: None,
        forwarded: None,
        is_kept: true,
        stages: Stages::all(|_| times.next().map_or(none(Why::NotReached), |time| at(start + time * US))),
        traffic: Figure::measured(
            Traffic { reads: 1, request_head: 83, writes: 1, response_head: 160, response_body: body },
            Source::Calls,
        ),
    }
}

fn close(reason: Reason, how: How, first: End, at_ns: i64) -> Close {
    Close {
        called: at(at_ns),
        at: at(at_ns),
        sentence: reason.said(crate::language::Language::English).to_owned().into(),
        reason,
        how,
        reset: None,
        first: Figure::derived(first, Source::StateBeforeShutdown),
        client_end: none(Why::ClientEndUnseen),
        server_end: none(Why::OneClose),
        server_fin: match how {
            How::Fin | How::Timeout => Figure::derived(at_ns, Source::NothingUnsent),
            _ => none(Why::CloseUnseen),
        },
        left_by: at(at_ns),
        unacknowledged: none(Why::NoTcpInfo),
        tcp: Figure::measured(
            Tcp {
                state: "ESTABLISHED".into(),
                rtt: 28 * US,
                rtt_variation: 14 * US,
                min_rtt: Some(21 * US),
                retransmissions: 0,
                bytes_received: Some(83),
                bytes_acknowledged: Some(204),
                segments_in: Some(3),
                segments_out: Some(3),
                mss: 65483,
                congestion_window: 10,
            },
            Source::TcpInfoBeforeClose,
        ),
        time_wait: Figure::derived(
            match (how, first) {
                (How::ResetByClient | How::ResetByServer, _) => TimeWait::Nobody,
                (_, End::Client) => TimeWait::Client,
                (_, End::Server) => TimeWait::Server,
            },
            Source::FirstWaits,
        ),
    }
}

/// `curl -0`: one request, and the server ends it.
pub(super) fn curl() -> Record {
    let mut record = opened(7);
    record.exchanges.push(exchange(1, 38 * US, "GET /hello.txt HTTP/1.0", "200 OK", 44));
    record.exchanges[0].is_kept = false;
    let mut close = close(Reason::Http10, How::Fin, End::Server, 171 * US);
    close.server_end = at(125 * US);
    close.server_fin = Figure::derived(125 * US, Source::NothingUnsent);
    close.left_by = at(125 * US);
    close.client_end = at(160 * US);
    close.first = Figure::measured(End::Server, Source::EndBeforeShutdown);
    record.close = Some(close);
    record
}

/// The same, where the request stood in the queue with its connection, the
/// wait is known to a clock tick, and close(2) ended everything at once.
pub(super) fn hasty() -> Record {
    let mut record = curl();
    record.handshake.queued = Figure::derived(4 * MS, Source::AgeAtAccept);
    let close = close(Reason::Http10, How::Fin, End::Server, 112 * US);
    record.close = Some(close);
    let stages = &mut record.exchanges[0].stages;
    stages.arrived = at(-4_031 * US);
    stages.acknowledged = none(Why::NoAcknowledgement);
    record
}

/// A keep-alive connection after its first request.
pub(super) fn kept_once() -> Record {
    let mut record = opened(8);
    record.exchanges.push(exchange(1, 38 * US, "GET / HTTP/1.1", "200 OK", 18_204));
    record
}

/// After its second, half a second later.
pub(super) fn kept_twice() -> Record {
    let mut record = kept_once();
    record.exchanges.push(exchange(2, 512 * MS, "GET /missing HTTP/1.1", "404 Not Found", 1_011));
    record
}

/// The client closes it then.
pub(super) fn kept_to_its_end() -> Record {
    let mut record = kept_twice();
    let mut close = close(Reason::ClientClosed, How::Fin, End::Client, 1_204 * MS + 30 * US);
    close.client_end = at(1_204 * MS);
    record.close = Some(close);
    record
}

/// A browser's spare connection, on which nothing ever came.
pub(super) fn silent_to_its_end() -> Record {
    let mut record = opened(9);
    record.close = Some(close(Reason::SilentTimeout, How::Timeout, End::Server, 10_000 * MS));
    record
}

/// A client that resets while the response comes.
pub(super) fn reset() -> Record {
    let mut record = opened(10);
    let mut exchange = exchange(1, 38 * US, "GET /big.iso HTTP/1.1", "200 OK", 2_538_240);
    exchange.is_kept = false;
    exchange.stages.last_write = at(7_310 * US);
    exchange.stages.acknowledged = none(Why::NoAcknowledgement);
    exchange.traffic = Figure::measured(
        Traffic { reads: 1, request_head: 83, writes: 9, response_head: 160, response_body: 2_538_240 },
        Source::Calls,
    );
    record.exchanges.push(exchange);
    let mut close = close(Reason::Reset, How::ResetByClient, End::Client, 7_402 * US);
    close.client_end = at(7_398 * US);
    close.first = Figure::measured(End::Client, Source::Reset);
    record.close = Some(close);
    record
}

/// A file that could not be read to its end.
pub(super) fn cut_off() -> Record {
    let mut record = reset();
    let exchange = &mut record.exchanges[0];
    exchange.status = 503;
    exchange.response.head = "HTTP/1.0 503 Service Unavailable\r\n\r\n".into();
    record.close = Some(close(Reason::BodyFailed, How::ResetByServer, End::Server, 7_402 * US));
    record
}

/// A connection whose process was ended.
pub(super) fn lost() -> Record {
    const WHY: Why = Why::ProcessEnded;
    let mut record = opened(14);
    record.model = "process".into();
    let mut close = close(Reason::ProcessEnded, How::Lost, End::Server, 0);
    (close.called, close.at, close.left_by) = (none(WHY), none(WHY), none(WHY));
    (close.client_end, close.server_end) = (none(WHY), none(WHY));
    close.server_fin = none(WHY);
    (close.first, close.tcp, close.time_wait) = (none(WHY), none(WHY), none(WHY));
    record.close = Some(close);
    record
}

/// A head in three reads, and a keep-alive connection that times out.
pub(super) fn timeout() -> Record {
    let mut record = opened(11);
    let mut exchange = exchange(1, 2_000 * MS, "HEAD /hello.txt HTTP/1.1", "200 OK", 0);
    exchange.stages.head_complete = at(4_100 * MS);
    exchange.stages.response_chosen = at(4_101 * MS);
    exchange.stages.first_write = at(4_102 * MS);
    exchange.stages.last_write = at(4_102 * MS);
    exchange.stages.acknowledged = at(4_143 * MS);
    exchange.traffic = Figure::measured(
        Traffic { reads: 3, request_head: 84, writes: 1, response_head: 160, response_body: 0 },
        Source::Calls,
    );
    record.exchanges.push(exchange);
    let mut close = close(Reason::IdleTimeout, How::Timeout, End::Server, 9_104 * MS);
    if let Figure::Measured { value, .. } = &mut close.tcp {
        value.retransmissions = 1;
    }
    record.close = Some(close);
    record
}

/// HTTP/0.9, from a client that has closed its sending side before it reads.
pub(super) fn simple() -> Record {
    let mut record = opened(12);
    let mut exchange = exchange(1, 38 * US, "GET /hello.txt", "200", 44);
    exchange.request.head = "GET /hello.txt\r\n".into();
    exchange.response = Message::default();
    exchange.is_kept = false;
    exchange.traffic = Figure::measured(
        Traffic { reads: 1, request_head: 16, writes: 1, response_head: 0, response_body: 44 },
        Source::Calls,
    );
    record.exchanges.push(exchange);
    let mut close = close(Reason::SimpleRequest, How::Fin, End::Client, 131 * US);
    close.client_end = at(44 * US);
    record.close = Some(close);
    record
}

/// A download that the client takes slowly.
pub(super) fn download_under_way() -> Record {
    let mut record = opened(13);
    let mut exchange = exchange(1, 38 * US, "GET /big.iso HTTP/1.0", "200 OK", 2_538_240);
    exchange.is_kept = false;
    exchange.stages.last_write = none(Why::NotYet);
    exchange.stages.acknowledged = none(Why::NotYet);
    record.exchanges.push(exchange);
    record
}

/// The same, at its end.
pub(super) fn download_to_its_end() -> Record {
    let mut record = download_under_way();
    let exchange = &mut record.exchanges[0];
    exchange.stages.last_write = at(12_345 * MS);
    exchange.stages.acknowledged = at(12_601 * MS);
    exchange.traffic = Figure::measured(
        Traffic { reads: 1, request_head: 83, writes: 412, response_head: 160, response_body: 734_003_200 },
        Source::Calls,
    );
    let mut close = close(Reason::Http10, How::Fin, End::Server, 12_640 * MS);
    close.server_end = at(12_346 * MS);
    close.server_fin = none(Why::BytesUnsent);
    close.client_end = at(12_639 * MS);
    record.close = Some(close);
    record
}

/// The longest address that there is, and a letter that turns the direction of text.
pub(super) fn ipv6() -> Record {
    let mut record = curl();
    record.connection = 1_234_567;
    record.client = "[2001:db8:1111:2222:3333:4444:5555:6666]:55282".parse().unwrap();
    if let Figure::Measured { value: syn, .. } = &mut record.handshake.syn {
        syn.headers = "60".into();
    }
    record.exchanges[0].resource = Figure::measured("사진/휴가 2026/\u{202e}바다.jpg".into(), Source::Handler);
    record
}

/// A system that tells nothing.
pub(super) fn nothing_visible() -> Record {
    let mut record = curl();
    record.handshake = Handshake {
        syn: none(Why::NoSyn),
        server_sequence: none(Why::OwnSequence),
        queued: none(WHY),
        queue: none(WHY),
        tick: 4 * MS,
        state: none(WHY),
        rtt: none(WHY),
    };
    let exchange = &mut record.exchanges[0];
    exchange.resource = none(Why::NoFile);
    exchange.stages = Stages {
        arrived: none(Why::NotAsked),
        acknowledged: none(Why::NotAsked),
        ..Stages::all(|_| none(Why::CloseUnseen))
    };
    exchange.traffic = none(Why::CloseUnseen);
    let close = record.close.as_mut().unwrap();
    (close.called, close.at, close.left_by) = (none(Why::CloseUnseen), none(Why::CloseUnseen), none(Why::CloseUnseen));
    close.first = none(Why::NoStateNoEnd);
    close.client_end = none(Why::CloseUnseen);
    close.server_end = none(Why::CloseUnseen);
    close.tcp = none(WHY);
    close.time_wait = none(Why::FirstUnknown);
    record
}

/// A client that sends what would clear the screen, in a line that is too long.
pub(super) fn control_characters() -> Record {
    let mut record = curl();
    record.exchanges[0].request.head =
        format!("GET /\x1b[2J\x1b]0;title\x07\r\u{9b}31m한글/{} HTTP/1.0\r\n\r\n", "길".repeat(4_000));
    record.exchanges[0].resource = none(Why::NoFile);
    record.exchanges[0].response.head = "HTTP/1.0 400 Bad Request\r\n\r\n".into();
    record.exchanges[0].status = 400;
    record
}
