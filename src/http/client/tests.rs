//! The machine against bytes: no socket, no clock.

mod pair;

use super::*;
use crate::http::message::HeaderBlock;
use crate::http::parse::fields::MAX_RESPONSE_FIELDS;
use crate::http::parse::response::MAX_HEAD;
use crate::http::persistence::Wish;
use proptest::prelude::*;

/// What a host saw of one connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Each head, interim ones too, by its status line; `(bare)` for none.
    heads: Vec<String>,
    /// Each response's body.
    bodies: Vec<Vec<u8>>,
    trailers: Vec<String>,
    exchanges: u32,
    surplus: u64,
    ending: Option<Ending>,
}

fn request(version: Version) -> RequestHead<'static> {
    static NO_FIELDS: std::sync::LazyLock<HeaderBlock> = std::sync::LazyLock::new(HeaderBlock::default);
    RequestHead {
        method: "GET",
        content_length: None,
        target: "/",
        version,
        host: Some("a"),
        headers: &NO_FIELDS,
        wish: if version == Version::Http10 { Wish::KeepAlive } else { Wish::Unsaid },
        half_close: false,
    }
}

/// Plays the host: asks as often as it may, up to `times`, and gives the
/// machine the bytes in these segments, then the end of the server's half.
fn converse(request: &RequestHead<'_>, times: usize, segments: &[&[u8]]) -> Seen {
    let mut machine = ClientConnection::new();
    let mut segments = segments.iter();
    let mut input: Vec<u8> = Vec::new();
    let mut seen = Seen::default();
    loop {
        match machine.next() {
            Next::Ask if seen.bodies.len() < times => {
                machine.ask(request, &mut Vec::new()).expect("it is free");
                seen.bodies.push(vec![]);
            }
            Next::Send(count) => machine.sent(count as usize),
            Next::ShutDown => machine.writing_shut_down(),
            Next::Ask | Next::Receive | Next::Drain => {
                let (used, found) = take(&mut machine, &input, &mut seen);
                input.drain(..used);
                if used == 0 && !found && !matches!(machine.next(), Next::Close(_)) {
                    match segments.next() {
                        Some(segment) => input.extend_from_slice(segment),
                        None => machine.end_of_input(),
                    }
                }
                assert!(input.len() <= MAX_HEAD + 2 * 65_536, "what the host must keep is bounded");
            }
            Next::Close(ending) => {
                (seen.exchanges, seen.surplus) = (machine.exchanges(), machine.surplus());
                seen.ending = Some(ending);
                return seen;
            }
        }
    }
}

fn take(machine: &mut ClientConnection, input: &[u8], seen: &mut Seen) -> (usize, bool) {
    let mut storage = FieldLines::new();
    let (used, received) = machine.receive(input, &mut storage);
    match &received {
        Some(Received::Interim(response) | Received::Head(response)) => {
            seen.heads.push(String::from_utf8_lossy(response.line).into_owned());
        }
        Some(Received::Bare) => seen.heads.push("(bare)".to_owned()),
        Some(Received::Body(data)) => {
            assert_eq!(data.len(), used);
            seen.bodies.last_mut().expect("a response").extend_from_slice(data);
        }
        Some(Received::Trailers { fields: headers, .. }) => {
            seen.trailers.extend(headers.iter().map(|field| field.name.to_owned()));
        }
        None => {}
    }
    (used, received.is_some())
}

/// One exchange of HTTP/1.1, with this response.
fn exchange(wire: &str) -> Seen {
    converse(&request(Version::Http11), 1, &[wire.as_bytes()])
}

#[track_caller]
fn fails(wire: &str, error: ResponseError) {
    assert_eq!(exchange(wire).ending, Some(Ending::Failed(error)), "{:?}", &wire[..wire.len().min(200)]);
}

#[test]
fn a_request_is_written_as_asked() {
    let headers = HeaderBlock::of(&[("Accept", "*/*")]);
    let base = RequestHead { target: "/a?b", headers: &headers, ..request(Version::Http10) };
    for (request, expected) in [
        (base, "GET /a?b HTTP/1.0\r\nHost: a\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n"),
        (RequestHead { wish: Wish::Unsaid, host: None, ..base }, "GET /a?b HTTP/1.0\r\nAccept: */*\r\n\r\n"),
        (
            RequestHead { version: Version::Http11, wish: Wish::Close, method: "HEAD", ..base },
            "HEAD /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        ),
        (RequestHead { version: Version::Http09, ..base }, "GET /a?b\r\n"),
    ] {
        let mut out = b"before".to_vec();
        let mut machine = ClientConnection::new();
        machine.ask(&request, &mut out).expect("a request");
        assert_eq!(String::from_utf8_lossy(&out), format!("before{expected}"));
        assert_eq!(machine.next(), Next::Send(expected.len() as u64));
        assert_eq!(machine.ask(&request, &mut out), Err(RequestError::NotNow));
    }
    for (request, error) in [
        (RequestHead { target: "/a b", ..base }, RequestError::Target),
        (RequestHead { target: "", ..base }, RequestError::Target),
        (RequestHead { host: Some("a\r\nx: y"), ..base }, RequestError::Host),
        (RequestHead { version: Version::Http09, method: "HEAD", ..base }, RequestError::Simple),
        (RequestHead { method: "A B", ..base }, RequestError::Method),
        (RequestHead { method: "CONNECT", ..base }, RequestError::Method),
    ] {
        let mut out = vec![];
        assert_eq!(ClientConnection::new().ask(&request, &mut out), Err(error));
        assert!(out.is_empty());
    }
}

#[test]
fn several_responses_over_one_connection() {
    let wire = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
    let wires = [wire.as_bytes(), b"HTTP/1.1 204 x\r\n\r\n", wire.as_bytes()];
    let mut machine = ClientConnection::new();
    for wire in wires {
        machine.ask(&request(Version::Http11), &mut Vec::new()).expect("it was kept");
        machine.sent(usize::MAX);
        let mut seen = Seen { bodies: vec![vec![]], ..Seen::default() };
        let mut at = 0;
        while at < wire.len() {
            at += take(&mut machine, &wire[at..], &mut seen).0;
        }
        assert!(machine.has_whole_response());
    }
    assert_eq!(machine.exchanges(), 3);
    machine.finish();
    assert_eq!(machine.next(), Next::Close(Ending::NoMoreRequests));
}

#[test]
fn chunks_interim_responses_and_trailers() {
    let seen = exchange(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;x\r\nhello\r\n1\r\n!\r\n0\r\nDigest: y\r\n\r\n",
    );
    assert_eq!(seen.heads, ["HTTP/1.1 103 Early Hints", "HTTP/1.1 100", "HTTP/1.1 200 OK"]);
    assert_eq!((seen.bodies, seen.trailers), (vec![b"hello!".to_vec()], vec!["Digest".to_owned()]));
    assert_eq!((seen.exchanges, seen.ending), (1, Some(Ending::ServerAskedClose)));
}

#[test]
fn what_came_short_or_over_is_found() {
    fails("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", ResponseError::BodyCutShort { promised: 9, received: 2 });
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for tail in ["2\r\nab\r\n", "2\r\nab", "2\r\nab\r\n0\r"] {
        fails(&format!("{chunked}{tail}"), ResponseError::ChunksCutShort { received: 2 });
    }
    for tail in ["2\r\nab\r\n0\r\n", "2\r\nab\r\n0\r\nA: b\r\n"] {
        fails(&format!("{chunked}{tail}"), ResponseError::TrailerCutShort { received: 2 });
    }
    for (close, ending) in [("", Ending::Unasked), ("Connection: close\r\n", Ending::ServerAskedClose)] {
        let seen = exchange(&format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{close}\r\nabcde"));
        assert_eq!((seen.exchanges, seen.surplus, seen.ending), (1, 3, Some(ending)));
    }
    let endless = exchange(&format!("HTTP/1.1 204 x\r\n\r\n{}", "x".repeat(MAX_DRAIN as usize)));
    assert_eq!((endless.surplus, endless.ending), (MAX_DRAIN, Some(Ending::Unasked)));
}

#[test]
fn what_came_behind_a_response_is_never_the_next_one_s() {
    for wire in ["HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 200 x\r\nContent-Length: 1\r\n\r\nxHTTP"] {
        let mut machine = ClientConnection::new();
        machine.ask(&request(Version::Http11), &mut Vec::new()).expect("free");
        machine.sent(usize::MAX);
        let mut at = 0;
        let mut seen = Seen { bodies: vec![vec![]], ..Seen::default() };
        while !machine.has_whole_response() {
            at += take(&mut machine, &wire.as_bytes()[at..], &mut seen).0;
        }
        assert_eq!(machine.next(), Next::Drain, "{wire:?}");
    }
}

#[test]
fn what_is_not_a_response_is_told_apart() {
    fails("", ResponseError::NoResponse);
    fails("HTTP/1.1 100 Continue\r\n\r\n", ResponseError::NoFinalResponse);
    fails("SSH-2.0-OpenSSH_9.2\r\n", ResponseError::NotHttp(Foreign::Ssh));
    fails("\x15\x03\x01", ResponseError::NotHttp(Foreign::Tls));
    fails("<html>", ResponseError::NotHttp(Foreign::Unknown));
    fails("HTT", ResponseError::HeadCutShort);
    fails("HTTP/1.1 200 OK\r\nA: b\r\n", ResponseError::HeadCutShort);
    fails("HTTP/1.1 OK\r\n", ResponseError::StatusLine);
    fails("HTTP/2.0 200 OK\r\nA", ResponseError::Version);
    fails("HTTP/1.1 101 x\r\n\r\n", ResponseError::SwitchedProtocols);
    fails(&"HTTP/1.1 100 x\r\n\r\n".repeat(40), ResponseError::TooManyInterim);
    assert!(ResponseError::TooManyInterim.to_string().contains(&format!("more than {MAX_INTERIM} ")));
    fails(&format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD)), ResponseError::HeadTooLarge);
    fails(&format!("HTTP/1.1 200 {}", "x".repeat(MAX_HEAD)), ResponseError::HeadTooLarge);
    fails(
        &format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MAX_RESPONSE_FIELDS + 1)),
        ResponseError::TooManyFields,
    );
    fails(
        &format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{}", "A: b\r\n".repeat(10_000)),
        ResponseError::Trailer,
    );
}

#[test]
fn what_is_no_response_is_told_apart_however_it_comes() {
    for wire in ["SSH-2.0", "RTSP/1.0", "SIP/2.0", "\x16\x03\x01\0", "220 a", "+OK", "* OK", "\0\0\x12\x04\0\0\0\0\0\0"]
    {
        let pieces: Vec<_> = wire.as_bytes().chunks(1).collect();
        let dripped = converse(&request(Version::Http11), 1, &pieces);
        assert_eq!(dripped.ending, exchange(wire).ending, "{wire:?}");
        assert_ne!(dripped.ending, Some(Ending::Failed(ResponseError::NotHttp(Foreign::Unknown))), "{wire:?}");
    }
    for wire in ["SS", "2", "22x", "\0\0\0\x04\0", "RTSP"] {
        fails(wire, ResponseError::NotHttp(Foreign::Unknown));
    }
}

#[test]
fn a_head_of_nearly_a_mebibyte_is_read_though_it_drips() {
    let wire = format!("HTTP/1.0 204 x\r\nA: {}\r\n\r\n", "x".repeat(MAX_HEAD - 23));
    assert_eq!(wire.len(), MAX_HEAD);
    let seen = converse(&request(Version::Http11), 1, &wire.as_bytes().chunks(7).collect::<Vec<_>>());
    assert_eq!((seen.heads.len(), seen.ending), (1, Some(Ending::NotOffered)));
}

#[test]
fn http_0_9_is_a_bare_body_unless_a_head_comes() {
    let exchange = |wire: &str| converse(&request(Version::Http09), 1, &[wire.as_bytes()]);
    for wire in ["<p>", "HTTP is a protocol.\n", "HTTP/1.1 is younger\r\n", "HTT", "H"] {
        let seen = exchange(wire);
        assert_eq!((seen.heads, &seen.bodies[0][..]), (vec!["(bare)".to_owned()], wire.as_bytes()));
        assert_eq!((seen.exchanges, seen.ending), (1, Some(Ending::SimpleRequest)), "{wire:?}");
    }
    assert_eq!(exchange("").ending, Some(Ending::SimpleRequest));
    let seen = exchange("HTTP/1.1 400 Bad Request\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!((seen.heads, seen.bodies), (vec!["HTTP/1.1 400 Bad Request".to_owned()], vec![b"x".to_vec()]));
}

#[test]
fn a_kept_connection_that_ended_is_worth_a_new_one() {
    type Ends = fn(&mut ClientConnection);
    let ends: [(Ends, ResponseError, &str); 2] = [
        (ClientConnection::end_of_input, ResponseError::KeptConnectionEnded, "closed"),
        (ClientConnection::disconnected, ResponseError::KeptConnectionReset, "reset"),
    ];
    for (end, error, word) in ends {
        let mut machine = ClientConnection::new();
        for _ in 0..2 {
            machine.ask(&request(Version::Http11), &mut Vec::new()).expect("free");
            machine.sent(usize::MAX);
            machine.receive(b"HTTP/1.1 204 x\r\n\r\n", &mut FieldLines::new());
        }
        machine.ask(&request(Version::Http11), &mut Vec::new()).expect("free");
        end(&mut machine);
        assert_eq!(machine.next(), Next::Close(Ending::Failed(error)));
        assert!(error.is_worth_a_new_connection());
        // Why it ended, the machine does not know.
        let sentence = error.to_string();
        assert!(sentence.contains(word) && !sentence.contains("idle"), "{sentence}");
    }
}

#[test]
fn every_deadline_and_every_reset_has_its_sentence() {
    use ResponseError as Error;
    let body = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab";
    let trailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n";
    for (sent, wire, late, reset) in [
        (0, "", Error::SendTimedOut, Error::ResetBeforeResponse),
        (usize::MAX, "", Error::NoResponseInTime, Error::ResetBeforeResponse),
        (usize::MAX, "HTTP/1.1 100 x\r\n\r\n", Error::NoFinalResponseInTime, Error::ResetBeforeFinalResponse),
        (usize::MAX, "HTTP/1.1 200", Error::HeadTimedOut, Error::ResetInHead),
        (usize::MAX, body, Error::BodyTimedOut { received: 2 }, Error::ResetInBody { received: 2 }),
        (usize::MAX, trailers, Error::TrailerTimedOut { received: 0 }, Error::ResetInBody { received: 0 }),
    ] {
        for (is_reset, error) in [(false, late), (true, reset)] {
            let mut machine = ClientConnection::new();
            machine.ask(&request(Version::Http11), &mut Vec::new()).expect("free");
            machine.sent(sent);
            let mut seen = Seen { bodies: vec![vec![]], ..Seen::default() };
            let head = take(&mut machine, wire.as_bytes(), &mut seen).0;
            take(&mut machine, &wire.as_bytes()[head..], &mut seen);
            if is_reset {
                machine.disconnected();
            } else {
                machine.timed_out();
            }
            assert_eq!(machine.next(), Next::Close(Ending::Failed(error)));
            assert!(error.to_string().ends_with('.'), "{error}");
        }
    }
}

#[test]
fn a_request_that_was_not_taken_is_told_from_a_response_that_did_not_come() {
    let mut machine = ClientConnection::new();
    machine.ask(&request(Version::Http11), &mut Vec::new()).expect("free");
    machine.sent(usize::MAX);
    machine.send_timed_out();
    assert_eq!(machine.next(), Next::Close(Ending::Failed(ResponseError::SendTimedOut)));
}

#[test]
fn a_request_that_was_not_sent_is_not_spoken_of_as_one() {
    let mut machine = ClientConnection::new();
    let tunnel = RequestHead { method: "CONNECT", ..request(Version::Http11) };
    assert_eq!(machine.ask(&tunnel, &mut Vec::new()), Err(RequestError::Method));
    machine.refrain();
    assert_eq!((machine.next(), machine.exchanges()), (Next::Close(Ending::NotSent), 0));
}

#[test]
fn a_response_before_the_request_has_left_ends_the_connection() {
    let mut machine = ClientConnection::new();
    machine.ask(&request(Version::Http11), &mut Vec::new()).expect("free");
    machine.sent(3);
    machine.receive(b"HTTP/1.1 204 x\r\n\r\n", &mut FieldLines::new());
    assert_eq!(machine.next(), Next::Drain);
    machine.end_of_input();
    assert_eq!(machine.next(), Next::Close(Ending::RespondedEarly));
}

/// Pieces of which responses are made: whole ones, parts, mistakes.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let fixed = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nHTT",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 204 x\n\n",
        "HTTP/1.7 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/3.0 200 OK\r\n",
        "HTTP/1.",
        "\r\n",
        "0\r\n\r\n",
    ];
    prop_oneof![
        8 => prop::sample::select(fixed.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    /// Any way of cutting the same bytes into segments gives the same responses.
    #[test]
    fn segments_do_not_matter(
        version in prop::sample::select(vec![Version::Http09, Version::Http10, Version::Http11]),
        head_only in any::<bool>(),
        pieces in prop::collection::vec(piece(), 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let wire = pieces.concat();
        let method = if head_only && version != Version::Http09 { "HEAD" } else { "GET" };
        let request = RequestHead { method, ..request(version) };
        let whole = converse(&request, 1, &[&wire]);
        prop_assert_eq!(&converse(&request, 1, &wire.chunks(1).collect::<Vec<_>>()), &whole);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        at.extend([0, wire.len()]);
        at.sort_unstable();
        let segments: Vec<&[u8]> = at.windows(2).map(|pair| &wire[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&converse(&request, 1, &segments), &whole);
    }
}
