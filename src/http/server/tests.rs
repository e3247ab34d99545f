//! The machine against bytes: no socket, no clock.

use super::*;
use crate::http::message::FieldStorage;
use crate::http::message::{HeaderBlock, StatusCode};
use crate::http::parse::{MAX_HEAD, MAX_LINE};
use proptest::prelude::*;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// What a host saw: the requests that were responded to, how it ended, all that was sent.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    lines: Vec<String>,
    bodies: Vec<Vec<u8>>,
    end: CloseReason,
    sent: String,
}

/// What comes behind the last bytes.
#[derive(Clone, Copy, Debug)]
enum Then {
    EndOfInput,
    Deadline,
}

/// Plays the host for a handler that takes no bodies; see [`converse_taking`].
fn converse(segments: &[&[u8]]) -> Seen {
    converse_taking(0, segments, Then::EndOfInput)
}

/// Plays the host: gives the machine the bytes in these segments, then what
/// comes behind them; responds to each request with its own target.
fn converse_taking(limit: u64, segments: &[&[u8]], then: Then) -> Seen {
    let mut machine = ServerConnection::new(true);
    let mut segments = segments.iter();
    let (mut input, mut kept): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    let mut seen = Seen { lines: vec![], bodies: vec![], end: CloseReason::SocketFailed, sent: String::new() };
    let mut body = String::new();
    loop {
        let next = machine.next();
        match next {
            Next::ReceiveProxyHeader => unreachable!("there is no proxy"),
            Next::Receive | Next::ReceiveBody => {
                let used = if next == Next::Receive {
                    let mut storage = FieldStorage::new();
                    let (used, request) = machine.receive(&input, &mut storage, |_| limit);
                    if let Some(request) = &request {
                        body = format!("[{}]", request.target.path);
                        seen.lines.push(String::from_utf8_lossy(request.line).into_owned());
                        kept = input[..used].to_vec();
                    }
                    used
                } else {
                    let (used, keeps) = machine.receive_body(input.len());
                    kept.extend(&input[..if keeps { used } else { 0 }]);
                    used
                };
                input.drain(..used);
                if used == 0 && machine.next() == next {
                    match segments.next() {
                        Some(segment) => input.extend_from_slice(segment),
                        None => match then {
                            Then::EndOfInput => machine.end_of_input(),
                            Then::Deadline => machine.timed_out(),
                        },
                    }
                }
            }
            Next::Respond | Next::RespondOverdue | Next::Reject(_) => {
                let status = match next {
                    Next::Reject(rejection) => rejection.status(),
                    _ => {
                        let mut storage = FieldStorage::new();
                        let request = machine.whole_request(&kept, &mut storage);
                        seen.bodies.extend(request.map(|request| request.body.to_vec()));
                        StatusCode::OK
                    }
                };
                let response = ResponseHead {
                    status,
                    headers: HeaderBlock::default(),
                    framing: Framing::Length(body.len() as u64),
                };
                let mut head = Vec::new();
                machine.respond(&response, DATE, &mut head);
                seen.sent.push_str(&String::from_utf8_lossy(&head));
                machine.sent(head.len());
            }
            Next::SendHead { .. } => unreachable!("heads are sent whole here"),
            Next::SendBody(_) => {
                seen.sent.push_str(&body);
                machine.sent(body.len());
            }
            Next::ShutDown => machine.writing_shut_down(),
            Next::Drain => machine.end_of_input(),
            Next::Close { reason, .. } => {
                seen.end = reason;
                return seen;
            }
        }
    }
}

#[test]
fn a_hundred_pipelined_requests_get_their_responses_in_order() {
    let wire: String = (0..100).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
    let seen = converse(&[wire.as_bytes()]);
    let expected: Vec<String> = (0..100).map(|n| format!("GET /{n} HTTP/1.1")).collect();
    assert_eq!(seen.lines, expected);
    assert_eq!(seen.sent.matches("Connection: keep-alive\r\n").count(), 100);
    assert_eq!(seen.end, CloseReason::ClientClosed);
}

#[test]
fn a_body_is_skipped_and_its_connection_kept() {
    let wire =
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\nGET /evil HTTP/1.0\r\n\r\n..GET /b HTTP/1.0\r\n\r\n";
    let seen = converse(&[wire]);
    assert_eq!(seen.lines, ["POST /a HTTP/1.1", "GET /b HTTP/1.0"]);
    assert_eq!(seen.end, CloseReason::Http10);
}

#[test]
fn a_body_that_is_too_long_or_awaits_leave_ends_the_connection() {
    for fields in ["Content-Length: 65537", "Content-Length: 5\r\nExpect: 100-continue"] {
        let wire = format!("POST /a HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
        let seen = converse(&[wire.as_bytes()]);
        assert_eq!((seen.lines.len(), seen.end), (1, CloseReason::RequestBodyUnread), "{fields}");
    }
}

#[test]
fn nothing_is_promised_before_the_body_has_been_read() {
    let head = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    for limit in [0, 4] {
        let mut machine = ServerConnection::new(true);
        let mut storage = FieldStorage::new();
        let (used, request) = machine.receive(head, &mut storage, |_| limit);
        assert_eq!((used, request.is_some(), machine.next()), (head.len(), true, Next::ReceiveBody));
        assert_eq!(machine.receive_body(3), (3, limit > 0));
        assert_eq!(machine.next(), Next::ReceiveBody);
        assert_eq!(machine.receive_body(9), (1, limit > 0), "one byte was missing, the others are not the body's");
        assert_eq!(machine.next(), Next::Respond);
    }
}

#[test]
fn a_body_is_handed_over_whole_and_alone() {
    let wire = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.0\r\n\r\n";
    let seen = converse_taking(3, &[wire], Then::EndOfInput);
    assert_eq!(seen.lines, ["POST /a HTTP/1.1", "GET /b HTTP/1.0"]);
    assert_eq!(seen.bodies, [b"abc".to_vec(), vec![]]);
}

#[test]
fn a_body_that_cannot_be_had_is_refused_where_it_is_wanted_and_left_where_it_is_not() {
    use CloseReason::{BodyTimeout, IncompleteBody, Rejected, RequestBodyUnread};
    use Rejection::{BodyIncomplete, BodyTimedOut, BodyTooLong, Expectation};
    let request = |version: &str, fields: &str| format!("POST /a HTTP/{version}\r\nHost: a\r\n{fields}\r\n\r\nab");
    for (limit, version, fields, then, status, end) in [
        (0, "1.1", "Content-Length: 3", Then::EndOfInput, "200 OK", IncompleteBody),
        (0, "1.1", "Content-Length: 3", Then::Deadline, "200 OK", BodyTimeout),
        (0, "1.1", "Content-Length: 65537", Then::Deadline, "200 OK", RequestBodyUnread),
        (0, "1.1", "Content-Length: 2\r\nExpect: 100-continue", Then::Deadline, "200 OK", RequestBodyUnread),
        (9, "1.1", "Content-Length: 3", Then::EndOfInput, "400 Bad Request", Rejected(BodyIncomplete)),
        (9, "1.1", "Content-Length: 3", Then::Deadline, "408 Request Timeout", Rejected(BodyTimedOut)),
        (9, "1.1", "Content-Length: 10", Then::Deadline, "413 Content Too Large", Rejected(BodyTooLong)),
        (
            9,
            "1.1",
            "Content-Length: 2\r\nExpect: 100-continue",
            Then::Deadline,
            "417 Expectation Failed",
            Rejected(Expectation),
        ),
        (9, "1.0", "Content-Length: 2\r\nExpect: 100-continue", Then::Deadline, "200 OK", CloseReason::Http10),
    ] {
        let wire = request(version, fields);
        let seen = converse_taking(limit, &[wire.as_bytes()], then);
        assert!(seen.sent.starts_with(&format!("HTTP/1.0 {status}\r\n")), "{limit} {fields}: {}", seen.sent);
        assert!(seen.sent.contains("Connection: close\r\n"), "{limit} {fields}: {}", seen.sent);
        assert_eq!(seen.end, end, "{limit} {fields} {then:?}");
    }
}

#[test]
fn http_0_9_gets_a_bare_response() {
    assert_eq!(converse(&[b"GET /x\r\n"]).sent, "[/x]");
}

#[test]
fn an_incomplete_head_at_the_end_of_input_is_refused_aloud() {
    let seen = converse(&[b"GET /x HTTP/1.0\r\n"]);
    assert!(seen.sent.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{}", seen.sent);
}

#[test]
fn closing_lingers_only_while_the_client_may_still_send() {
    for (wire, expected) in [
        (b"GET / HTTP/1.0\r\n\r\n".as_slice(), false),
        (b"GET / HTTP/1.0\r\n\r\nmore", true),
        (b"GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", true),
        (b"GET / HTTP/2.0\r\n\r\n", true),
    ] {
        let mut machine = ServerConnection::new(true);
        machine.receive(wire, &mut FieldStorage::new(), |_| 0);
        let response =
            ResponseHead { status: StatusCode::OK, headers: HeaderBlock::default(), framing: Framing::Length(0) };
        let mut head = Vec::new();
        machine.respond(&response, DATE, &mut head);
        machine.sent(head.len());
        assert_eq!(machine.next() == Next::ShutDown, expected, "{}", wire.escape_ascii());
    }
}

#[test]
fn every_deadline_has_its_end() {
    let timed_out = |wire: &[u8]| {
        let mut machine = ServerConnection::new(true);
        machine.receive(wire, &mut FieldStorage::new(), |_| 0);
        machine.timed_out();
        machine.next()
    };
    assert_eq!(timed_out(b""), Next::Close { reason: CloseReason::SilentTimeout, abort: false });
    assert_eq!(timed_out(b"\r\n"), Next::Close { reason: CloseReason::SilentTimeout, abort: false });
    assert_eq!(timed_out(b"GET"), Next::Reject(Rejection::TimedOut));
    assert_eq!(timed_out(b"GET / HTTP/1.0\r\n\r\n"), Next::RespondOverdue);
}

#[test]
fn a_broken_promise_is_told_apart_from_a_failed_source() {
    for (framing, ended, failed) in [
        (Framing::Length(9), (CloseReason::BodyTruncated, false), (CloseReason::BodyFailed, true)),
        (Framing::UntilClose, (CloseReason::Http10, false), (CloseReason::BodyFailed, true)),
    ] {
        for (is_failure, (reason, abort)) in [(false, ended), (true, failed)] {
            let mut machine = ServerConnection::new(true);
            machine.receive(b"GET / HTTP/1.0\r\n\r\n", &mut FieldStorage::new(), |_| 0);
            let mut head = Vec::new();
            machine.respond(
                &ResponseHead { status: StatusCode::OK, headers: HeaderBlock::default(), framing },
                DATE,
                &mut head,
            );
            machine.sent(head.len() + 4);
            if is_failure {
                machine.body_failed();
            } else {
                machine.body_ended();
            }
            assert_eq!(machine.next(), Next::Close { reason, abort });
        }
    }
}

/// Pieces of which conversations are made: whole requests, bodies, mistakes.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let fixed = [
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "HEAD /c HTTP/1.1\nHost: a\n\n",
        "\r\n",
        "GET /d HTTP/1.7\r\nHost: a\r\n\r\n",
        "GET /e\r\n",
        "GET /f HTTP/1.0\r\n\r\n",
        "GET /g HTTP/2.0\r\n\r\n",
        "BREW /h HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST /i HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET /evil HTTP/1.1\r\nHost: a",
        "GET /j HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /k HTTP/1.1\r\nHost : a\r\n\r\n",
        "\r",
        "GET /l#m HTTP/1.0\r\n\r\n",
    ];
    prop_oneof![
        8 => prop::sample::select(fixed.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => (MAX_LINE - 20..MAX_LINE + 20).prop_map(|n| format!("GET /{} HTTP/1.0\r\nA:\x01\r\n\r\n", "x".repeat(n)).into_bytes()),
        1 => (MAX_HEAD - 60..MAX_HEAD).prop_map(|n| format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n", "x".repeat(n)).into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

/// Request lines and fields, good and bad, of which heads are made.
const LINES: [&str; 14] = [
    "GET / HTTP/1.1",
    "GET /a HTTP/1.0",
    "HEAD / HTTP/1.1",
    "GET /a",
    "GET /\u{1} HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1.7",
    "GET / HTTP/1.10",
    "GET / HTTP/2.0",
    "GET / HTTP/1.1\rHost: a",
    "G\u{1}T / HTTP/1.1",
    "HEAD /\u{7f} HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "\u{ff} / HTTP/1.1",
];
const FIELDS: [&str; 14] = [
    "Host: a",
    "Host: [::1",
    "A: 1\rB: 2",
    "Con\u{1}",
    "Connection: close",
    "A : b",
    " folded",
    "A",
    ": b",
    "A: \u{0}",
    "A: b\r",
    "Content-Length: 3",
    "Content-Length: +3",
    "Transfer-Encoding: chunked",
];

proptest! {
    /// Any way of cutting the same bytes into segments gives the same exchanges,
    /// also where the last head or body is not complete and no more comes.
    #[test]
    fn segments_do_not_matter(
        pieces in prop::collection::vec(piece(), 1..6),
        cut_off in prop::option::of(any::<prop::sample::Index>()),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        limit in prop::sample::select(vec![0, 20, 40]),
        then in prop::sample::select(vec![Then::EndOfInput, Then::Deadline]),
    ) {
        let mut wire = pieces.concat();
        wire.truncate(cut_off.map_or(wire.len(), |at| at.index(wire.len() + 1)));
        let converse = |segments: &[&[u8]]| converse_taking(limit, segments, then);
        let whole = converse(&[&wire]);
        prop_assert_eq!(&converse(&wire.chunks(1).collect::<Vec<_>>()), &whole);
        let mut at: Vec<usize> = cuts.drain(..).map(|cut| cut.index(wire.len() + 1)).collect();
        at.extend([0, wire.len()]);
        at.sort_unstable();
        let segments: Vec<&[u8]> = at.windows(2).map(|pair| &wire[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&converse(&segments), &whole);
        prop_assert!(!whole.lines.iter().any(|line| line.contains("evil")), "a body was read as a request");
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))] // each is some thousand conversations

    /// A short head, cut off anywhere, in two pieces or one: what is said of it
    /// depends on what arrived, and on complete lines alone.
    #[test]
    fn an_incomplete_head_is_judged_by_its_complete_lines(
        line in prop::sample::select(LINES.to_vec()),
        fields in prop::collection::vec(prop::sample::select(FIELDS.to_vec()), 0..4),
        ends in prop::collection::vec(prop::sample::select(vec!["\r\n", "\n", "\r"]), 5),
        then in prop::sample::select(vec![Then::EndOfInput, Then::Deadline]),
    ) {
        let lines = [line].into_iter().chain(fields).chain([""]).zip(&ends);
        let wire: String = lines.flat_map(|(line, end)| [line, end]).collect();
        for length in 0..=wire.len() {
            let wire = &wire.as_bytes()[..length];
            let whole = converse_taking(0, &[wire], then);
            for cut in 0..length {
                let (before, behind) = wire.split_at(cut);
                prop_assert_eq!(&converse_taking(0, &[before, behind], then), &whole, "{} | {}", before.escape_ascii(), behind.escape_ascii());
            }
        }
    }

    /// No bytes make it panic, or stop it.
    #[test]
    fn any_bytes_come_to_an_end(wire in prop::collection::vec(any::<u8>(), 0..300)) {
        converse(&[&wire]);
    }
}

#[test]
fn where_a_proxy_speaks_first_nothing_is_served_without_its_word() {
    let proxied = || {
        let mut machine = ServerConnection::new(true);
        machine.await_proxy_header();
        machine
    };
    let closed = Next::Close { reason: CloseReason::NoProxyHeader, abort: false };
    let ends: [fn(&mut ServerConnection); 3] =
        [|machine| machine.proxy_header(false), ServerConnection::end_of_input, ServerConnection::timed_out];
    for end in ends {
        let mut machine = proxied();
        assert_eq!((machine.next(), machine.timer()), (Next::ReceiveProxyHeader, Timer::Head));
        end(&mut machine);
        assert_eq!(machine.next(), closed);
    }
    let mut machine = proxied();
    machine.proxy_header(true);
    assert_eq!(machine.next(), Next::Receive);
    let mut machine = proxied();
    machine.shut_down();
    assert_eq!(machine.next(), Next::Close { reason: CloseReason::ShuttingDown, abort: false });
}
