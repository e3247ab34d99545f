//! The client's machine against the server's, over a fake wire: two queues of
//! bytes that hand on as many at a time as a random walk says.

use super::*;
use crate::http::message::{FieldStorage, Framing, ResponseHead, StatusCode};
use crate::http::persistence::CloseReason;
use crate::http::server;
use std::collections::VecDeque;

/// One direction of the wire.
#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Queue {
    /// Moves up to `most` bytes to the end of `input`; whether the end was reached.
    fn deliver(&mut self, most: usize, input: &mut Vec<u8>) -> bool {
        let count = most.min(self.bytes.len());
        input.extend(self.bytes.drain(..count));
        self.ended && self.bytes.is_empty() && count == 0
    }
}

/// What the server is to respond with.
#[derive(Clone, Copy, Debug)]
enum Scripted {
    Length(usize),
    UntilClose(usize),
    /// A range of ten bytes.
    Range,
    NotModified,
    /// Promises ten bytes, has four.
    Short,
}

const SCRIPTED: [(&str, Scripted); 6] = [
    ("/empty", Scripted::Length(0)),
    ("/long", Scripted::Length(3000)),
    ("/unknown", Scripted::UntilClose(3000)),
    ("/range", Scripted::Range),
    ("/same", Scripted::NotModified),
    ("/short", Scripted::Short),
];

impl Scripted {
    fn of(target: &str) -> Self {
        SCRIPTED.iter().find(|(name, _)| *name == target).expect("a target of ours").1
    }

    fn head(self) -> (StatusCode, Framing) {
        match self {
            Self::Length(length) => (StatusCode::OK, Framing::Length(length as u64)),
            Self::UntilClose(_) => (StatusCode::OK, Framing::UntilClose),
            Self::Range => (StatusCode::PARTIAL_CONTENT, Framing::Length(10)),
            Self::NotModified => (StatusCode::NOT_MODIFIED, Framing::Length(0)),
            Self::Short => (StatusCode::OK, Framing::Length(10)),
        }
    }

    fn body(self) -> Vec<u8> {
        let length = match self {
            Self::Length(length) | Self::UntilClose(length) => length,
            Self::Range => 10,
            Self::NotModified => 0,
            Self::Short => 4,
        };
        (0..length).map(|n| (n % 251) as u8).collect()
    }
}

/// The server's host.
struct ServerSide {
    machine: server::ServerConnection,
    input: Vec<u8>,
    scripted: Scripted,
    lines: Vec<String>,
    /// How many of the body have been sent.
    at: usize,
    ended: Option<CloseReason>,
}

impl ServerSide {
    /// One step; whether anything was done.
    fn step(&mut self, most: usize, inbound: &mut Queue, outbound: &mut Queue) -> bool {
        match self.machine.next() {
            server::Next::ReceiveProxyHeader => unreachable!("there is no proxy"),
            server::Next::Receive => {
                let before = self.input.len();
                let ended = inbound.deliver(most, &mut self.input);
                let (used, changed) = {
                    let mut storage = FieldStorage::new();
                    let (used, request) = self.machine.receive(&self.input, &mut storage, |_| 0);
                    if let Some(request) = &request {
                        self.lines.push(String::from_utf8_lossy(request.line).into_owned());
                        self.scripted = Scripted::of(request.target.path);
                    }
                    (used, used > 0 || request.is_some())
                };
                self.input.drain(..used);
                if ended && !changed && self.machine.next() == server::Next::Receive {
                    self.machine.end_of_input();
                    return true;
                }
                changed || self.input.len() > before
            }
            server::Next::Respond | server::Next::RespondOverdue | server::Next::Reject(_) => {
                let (status, framing) = match self.machine.next() {
                    server::Next::Reject(rejection) => (rejection.status(), Framing::Length(0)),
                    _ => self.scripted.head(),
                };
                let mut head = Vec::new();
                let response = ResponseHead { status, headers: HeaderBlock::default(), framing };
                self.machine.respond(&response, "Sun, 06 Nov 1994 08:49:37 GMT", &mut head);
                self.machine.sent(head.len());
                outbound.bytes.extend(head);
                self.at = 0;
                true
            }
            server::Next::ReceiveBody => unreachable!("this client sends none"),
            server::Next::SendHead { .. } => unreachable!("heads are sent whole here"),
            server::Next::SendBody(left) => {
                let body = self.scripted.body();
                let more = &body[self.at..body.len().min(self.at + most)];
                assert!(left.is_none_or(|left| more.len() as u64 <= left));
                self.at += more.len();
                outbound.bytes.extend(more);
                if more.is_empty() {
                    self.machine.body_ended();
                } else {
                    self.machine.sent(more.len());
                }
                true
            }
            server::Next::ShutDown => {
                outbound.ended = true;
                self.machine.writing_shut_down();
                true
            }
            server::Next::Drain => {
                self.input.clear();
                let ended = inbound.deliver(most, &mut self.input);
                self.machine.drained(self.input.len());
                if ended {
                    self.machine.end_of_input();
                }
                ended || !self.input.is_empty()
            }
            server::Next::Close { reason, .. } => {
                outbound.ended = true;
                self.ended.replace(reason).is_none()
            }
        }
    }
}

/// The client's host: asks for each target in turn.
struct ClientSide<'a> {
    machine: ClientConnection,
    request: RequestHead<'a>,
    targets: &'a [&'a str],
    unsent: VecDeque<u8>,
    input: Vec<u8>,
    seen: Seen,
}

impl ClientSide<'_> {
    fn step(&mut self, most: usize, inbound: &mut Queue, outbound: &mut Queue) -> bool {
        match self.machine.next() {
            Next::Ask if self.seen.bodies.len() < self.targets.len() => {
                let target = self.targets[self.seen.bodies.len()];
                let mut out = Vec::new();
                self.machine.ask(&RequestHead { target, ..self.request }, &mut out).expect("it is free");
                self.unsent = out.into();
                self.seen.bodies.push(vec![]);
                true
            }
            Next::Ask => {
                self.machine.finish();
                true
            }
            Next::Send(left) => {
                assert_eq!(left, self.unsent.len() as u64);
                let count = most.min(self.unsent.len());
                outbound.bytes.extend(self.unsent.drain(..count));
                self.machine.sent(count);
                true
            }
            Next::ShutDown => {
                outbound.ended = true;
                self.machine.writing_shut_down();
                true
            }
            Next::Receive | Next::Drain => {
                let before = self.input.len();
                let ended = inbound.deliver(most, &mut self.input);
                let (used, found) = take(&mut self.machine, &self.input, &mut self.seen);
                let grown = self.input.len() > before;
                self.input.drain(..used);
                if ended && used == 0 && !found {
                    self.machine.end_of_input();
                    return true;
                }
                used > 0 || found || grown
            }
            Next::Close(ending) => {
                outbound.ended = true;
                self.seen.exchanges = self.machine.exchanges();
                self.seen.ending.replace(ending).is_none()
            }
        }
    }
}

/// Both halves until both have closed: what the client saw, the lines that the
/// server saw, and why it closed.
fn pair(
    request: RequestHead<'_>,
    targets: &[&str],
    keep_alive: bool,
    walk: &[usize],
) -> (Seen, Vec<String>, CloseReason) {
    let mut server = ServerSide {
        machine: server::ServerConnection::new(keep_alive),
        input: vec![],
        scripted: Scripted::Length(0),
        lines: vec![],
        at: 0,
        ended: None,
    };
    let mut client = ClientSide {
        machine: ClientConnection::new(),
        request,
        targets,
        unsent: VecDeque::new(),
        input: vec![],
        seen: Seen::default(),
    };
    let (mut up, mut down) = (Queue::default(), Queue::default());
    let mut walk = walk.iter().cycle();
    let mut quiet = 0;
    while quiet < 4 {
        let (first, second) = (*walk.next().expect("a step"), *walk.next().expect("a step"));
        let moved = client.step(first, &mut down, &mut up) | server.step(second, &mut up, &mut down);
        quiet = if moved { 0 } else { quiet + 1 };
    }
    let reason =
        server.ended.unwrap_or_else(|| panic!("the server hangs in {:?}, {:?}", server.machine, client.machine));
    assert!(client.seen.ending.is_some(), "the client hangs in {:?}", client.machine);
    (client.seen, server.lines, reason)
}

const WHOLE: &[usize] = &[1 << 20];

#[test]
fn a_kept_connection_carries_every_request() {
    let targets = ["/empty", "/long", "/range", "/same", "/long"];
    for version in [Version::Http10, Version::Http11] {
        let (seen, lines, reason) = pair(request(version), &targets, true, WHOLE);
        assert_eq!((seen.exchanges, lines.len()), (5, 5));
        assert_eq!((seen.ending, reason), (Some(Ending::NoMoreRequests), CloseReason::ClientClosed));
        assert_eq!(seen.heads[2], "HTTP/1.0 206 Partial Content");
        assert_eq!(seen.bodies[4], Scripted::of("/long").body());
    }
}

#[test]
fn both_sides_name_the_same_cause() {
    use Version::{Http09, Http10, Http11};
    use Wish::{Close, KeepAlive, Unsaid};
    for (version, wish, keep_alive, target, ending, reason) in [
        (Http10, Unsaid, true, "/long", Ending::Http10, CloseReason::Http10),
        (Http10, Close, true, "/long", Ending::WeAskedClose, CloseReason::ClientAskedClose),
        (Http11, Close, true, "/empty", Ending::WeAskedClose, CloseReason::ClientAskedClose),
        (Http11, Unsaid, false, "/long", Ending::ServerAskedClose, CloseReason::KeepAliveOff),
        (Http10, KeepAlive, true, "/unknown", Ending::ServerAskedClose, CloseReason::UnknownLength),
        (Http09, Unsaid, true, "/long", Ending::SimpleRequest, CloseReason::SimpleRequest),
        (
            Http11,
            Unsaid,
            true,
            "/short",
            Ending::Failed(ResponseError::BodyCutShort { promised: 10, received: 4 }),
            CloseReason::BodyTruncated,
        ),
    ] {
        let (seen, lines, closed) =
            pair(RequestHead { wish, ..request(version) }, &[target, target], keep_alive, WHOLE);
        assert_eq!((seen.ending, closed), (Some(ending), reason), "{version:?} {wish:?} {target}");
        assert_eq!((lines.len(), &seen.bodies[0]), (1, &Scripted::of(target).body()));
    }
}

#[test]
fn head_has_no_body_and_a_half_close_still_gets_it_all() {
    let (seen, lines, _) =
        pair(RequestHead { method: "HEAD", ..request(Version::Http10) }, &["/long", "/unknown"], true, WHOLE);
    assert_eq!((lines[0].as_str(), seen.bodies), ("HEAD /long HTTP/1.0", vec![vec![], vec![]]));
    let (seen, _, reason) = pair(RequestHead { half_close: true, ..request(Version::Http11) }, &["/long"], true, WHOLE);
    assert_eq!((seen.bodies, seen.ending), (vec![Scripted::of("/long").body()], Some(Ending::HalfClosed)));
    assert_eq!(reason, CloseReason::ClientClosed);
}

proptest! {
    /// Neither what the client sees nor what the server sees depends on how
    /// the wire hands the bytes on.
    #[test]
    fn the_wire_s_pace_does_not_matter(
        version in prop::sample::select(vec![Version::Http09, Version::Http10, Version::Http11]),
        wish in prop::sample::select(vec![Wish::Unsaid, Wish::KeepAlive, Wish::Close]),
        head_only in any::<bool>(),
        half_close in any::<bool>(),
        keep_alive in any::<bool>(),
        targets in prop::collection::vec(prop::sample::select(SCRIPTED.map(|(name, _)| name).to_vec()), 1..5),
        walk in prop::collection::vec(1..200_usize, 1..20),
    ) {
        let head_only = head_only && version != Version::Http09;
        let method = if head_only { "HEAD" } else { "GET" };
        let request = RequestHead { wish, method, half_close, ..request(version) };
        let whole = pair(request, &targets, keep_alive, WHOLE);
        prop_assert_eq!(pair(request, &targets, keep_alive, &walk), whole);
    }
}
