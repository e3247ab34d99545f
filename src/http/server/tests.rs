//! The machine against bytes: no socket, no clock.

use super::*;
use crate::http::message::{HeaderBlock, StatusCode};
use proptest::prelude::*;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// What a host saw: the requests that were answered, how it ended, all that was sent.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    lines: Vec<String>,
    end: CloseReason,
    sent: String,
}

/// Plays the host: gives the machine the bytes in these segments, then the end
/// of the client's half; answers each request with its own target.
fn converse(segments: &[&[u8]]) -> Seen {
    let mut machine = ServerConnection::new(true);
    let mut segments = segments.iter();
    let mut input: Vec<u8> = Vec::new();
    let mut seen = Seen { lines: vec![], end: CloseReason::SocketFailed, sent: String::new() };
    let mut body = String::new();
    loop {
        match machine.next() {
            Next::Receive => {
                let used = {
                    let mut storage = FieldStorage::new();
                    let (used, request) = machine.receive(&input, &mut storage);
                    if let Some(request) = &request {
                        body = format!("[{}]", request.target.path);
                        seen.lines.push(String::from_utf8_lossy(request.line).into_owned());
                    }
                    used
                };
                input.drain(..used);
                if used == 0 && machine.next() == Next::Receive {
                    match segments.next() {
                        Some(segment) => input.extend_from_slice(segment),
                        None => machine.end_of_input(),
                    }
                }
            }
            Next::Respond | Next::RespondOverdue | Next::Reject(_) => {
                let status = match machine.next() {
                    Next::Reject(rejection) => rejection.status(),
                    _ => StatusCode::OK,
                };
                let response =
                    Response { status, headers: HeaderBlock::default(), framing: Framing::Length(body.len() as u64) };
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
fn a_hundred_pipelined_requests_are_answered_in_order() {
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
fn http_0_9_is_answered_bare() {
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
        machine.receive(wire, &mut FieldStorage::new());
        let response =
            Response { status: StatusCode::OK, headers: HeaderBlock::default(), framing: Framing::Length(0) };
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
        machine.receive(wire, &mut FieldStorage::new());
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
            machine.receive(b"GET / HTTP/1.0\r\n\r\n", &mut FieldStorage::new());
            let mut head = Vec::new();
            machine.respond(
                &Response { status: StatusCode::OK, headers: HeaderBlock::default(), framing },
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

proptest! {
    /// Any way of cutting the same bytes into segments gives the same exchanges.
    #[test]
    fn segments_do_not_matter(
        pieces in prop::collection::vec(piece(), 1..6),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let wire = pieces.concat();
        let whole = converse(&[&wire]);
        prop_assert_eq!(&converse(&wire.chunks(1).collect::<Vec<_>>()), &whole);
        let mut at: Vec<usize> = cuts.drain(..).map(|cut| cut.index(wire.len() + 1)).collect();
        at.extend([0, wire.len()]);
        at.sort_unstable();
        let segments: Vec<&[u8]> = at.windows(2).map(|pair| &wire[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&converse(&segments), &whole);
        prop_assert!(!whole.lines.iter().any(|line| line.contains("evil")), "a body was read as a request");
    }

    /// No bytes make it panic, or stop it.
    #[test]
    fn any_bytes_come_to_an_end(wire in prop::collection::vec(any::<u8>(), 0..300)) {
        converse(&[&wire]);
    }
}
