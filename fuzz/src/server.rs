//! A host for the server's machine: pieces of bytes instead of a socket.

use glasshttp::handler::{Body, Handler, Response};
use glasshttp::http::field::RESPONSE;
use glasshttp::http::message::{FieldStorage, Method, Request, ResponseHead, StatusCode};
use glasshttp::http::persistence::CloseReason;
use glasshttp::http::server::{Next, ServerConnection};
use std::io::Read;
use std::os::unix::fs::FileExt;

/// The moment of every response.
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// All that passed on a connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The requests that were handled, in the words of `Debug`, bodies and all.
    pub requests: Vec<String>,
    /// The responses, in order.
    pub responses: Vec<Sent>,
    /// Why it was closed, and whether by a reset.
    pub closed: Option<(CloseReason, bool)>,
}

/// A response as it left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub head: Vec<u8>,
    pub body: Vec<u8>,
}

/// Lets a client say `pieces` and end its sending half, with `handler` on the other side.
///
/// # Panics
/// If the machine goes round without end.
pub fn converse<H: Handler + ?Sized>(handler: &H, pieces: &[&[u8]]) -> Conversation {
    let mut host = Host {
        machine: ServerConnection::new(true),
        handler,
        pieces: pieces.iter(),
        unused: Vec::new(),
        kept: None,
        body: None,
        seen: Conversation::default(),
    };
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let most = 64 + 16 * (length + pieces.len());
    for _ in 0..most {
        host.step();
        if host.seen.closed.is_some() {
            return host.seen;
        }
    }
    panic!("{most} steps for {length} bytes, and no end: {:?}", host.machine);
}

struct Host<'a, H: ?Sized> {
    machine: ServerConnection,
    handler: &'a H,
    pieces: std::slice::Iter<'a, &'a [u8]>,
    unused: Vec<u8>,
    /// The request whose body is awaited, as far as it came.
    kept: Option<Vec<u8>>,
    body: Option<Body>,
    seen: Conversation,
}

impl<H: Handler + ?Sized> Host<'_, H> {
    fn step(&mut self) {
        match self.machine.next() {
            Next::Receive => self.receive(),
            Next::ReceiveBody => self.receive_body(),
            Next::Respond => match self.kept.take() {
                Some(kept) => {
                    let mut storage = FieldStorage::new();
                    let request = self.machine.whole_request(&kept, &mut storage).expect("it was read before");
                    let response = self.handle(&request);
                    self.respond(response);
                }
                None => panic!("a response to nothing: {:?}", self.machine),
            },
            Next::ReceiveProxyHeader => panic!("there is no proxy"),
            Next::RespondOverdue => panic!("no time passes here"),
            Next::Reject(rejection) => {
                self.kept = None;
                self.respond(Response::error(rejection.status(), "refused"));
            }
            Next::SendHead { .. } => {
                let length = self.sent().head.len();
                self.machine.sent(length);
            }
            Next::SendBody(left) => self.send_body(left),
            Next::ShutDown => self.machine.writing_shut_down(),
            Next::Drain => match self.pieces.next() {
                Some(piece) => self.machine.drained(piece.len()),
                None => self.machine.end_of_input(),
            },
            Next::Close { reason, abort } => self.seen.closed = Some((reason, abort)),
        }
    }

    fn receive(&mut self) {
        let unused = std::mem::take(&mut self.unused);
        let mut storage = FieldStorage::new();
        let handler = self.handler;
        let (used, request) = self.machine.receive(&unused, &mut storage, |request| handler.body_limit(request));
        assert!(used <= unused.len());
        if let Some(request) = request {
            if self.machine.next() == Next::Respond {
                let response = self.handle(&request);
                self.respond(response);
            } else {
                self.kept = Some(unused[..used].to_vec());
            }
        }
        drop(storage);
        self.unused = unused[used..].to_vec();
        if used == 0 && self.machine.next() == Next::Receive {
            self.receive_more();
        }
    }

    fn receive_body(&mut self) {
        let (used, keeps) = self.machine.receive_body(self.unused.len());
        assert!(used <= self.unused.len());
        let body: Vec<u8> = self.unused.drain(..used).collect();
        if let (true, Some(kept)) = (keeps, &mut self.kept) {
            kept.extend(body);
        }
        if used == 0 {
            self.receive_more();
        }
    }

    fn receive_more(&mut self) {
        match self.pieces.next() {
            Some(piece) => self.unused.extend_from_slice(piece),
            None => self.machine.end_of_input(),
        }
    }

    fn handle(&mut self, request: &Request<'_>) -> Response {
        self.seen.requests.push(format!("{request:?}"));
        self.handler.handle(request)
    }

    fn respond(&mut self, response: Response) {
        let Response { status, headers, body, .. } = response;
        let mut head = Vec::new();
        self.machine.respond(&ResponseHead::new(status, headers, body.framing()), DATE, &mut head);
        self.body = Some(body);
        self.seen.responses.push(Sent { head, body: Vec::new() });
    }

    fn send_body(&mut self, left: Option<u64>) {
        let bytes = read(self.body.take().unwrap_or(Body::EMPTY));
        match left {
            None => self.machine.body_ended(),
            Some(left) => {
                assert_eq!(left, bytes.len() as u64, "the length that was promised");
                self.machine.sent(bytes.len());
            }
        }
        self.sent().body.extend(bytes);
    }

    fn sent(&mut self) -> &mut Sent {
        self.seen.responses.last_mut().expect("a response is being sent")
    }
}

fn read(body: Body) -> Vec<u8> {
    match body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::File { file, offset, length, .. } => {
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, offset).expect("files do not change here");
            bytes
        }
        Body::Stream(mut stream) => {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).expect("memory");
            bytes
        }
        other => panic!("no storage of these targets hangs: {other:?}"),
    }
}

/// A program that takes bodies by POST up to 100 bytes, drops others, and gives back what it got.
pub struct Echo;

impl Handler for Echo {
    fn handle(&self, request: &Request<'_>) -> Response {
        Response::memory(StatusCode::OK, "application/octet-stream", request.body.to_vec())
    }

    fn body_limit(&self, request: &Request<'_>) -> u64 {
        if request.method == Method::Post { 100 } else { 0 }
    }
}

/// What holds for every response that leaves.
///
/// # Panics
/// If it does not.
pub fn check_response(sent: &Sent) {
    if sent.head.is_empty() {
        return; // HTTP/0.9
    }
    let head = std::str::from_utf8(&sent.head).expect("a head in ASCII");
    let head = head.strip_suffix("\r\n\r\n").expect("a head ends with an empty line");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.0 ")).expect("a status line");
    let code: u16 = status.get(..3).and_then(|code| code.parse().ok()).expect("a status code");
    assert!((200..600).contains(&code) && status.len() > 4, "{status}");
    let mut names = Vec::new();
    for line in lines {
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "not printable: {line:?}");
        let (name, value) = line.split_once(": ").expect("a name and a value");
        assert!(RESPONSE.iter().any(|(known, _)| *known == name), "an unknown field: {line:?}");
        assert!(!names.contains(&name), "twice: {line:?}");
        names.push(name);
        match name {
            "Location" => check_location(value),
            "Content-Length" if !sent.body.is_empty() => {
                assert_eq!(value.parse(), Ok(sent.body.len()), "{head}");
            }
            _ => {}
        }
    }
    for name in ["Date", "Server", "Connection"] {
        assert!(names.contains(&name), "no {name}: {head}");
    }
}

/// A `Location` is a path on this host, of characters that a URI may have (RFC 3986).
fn check_location(value: &str) {
    assert!(value.starts_with('/') && !value.starts_with("//") && !value.starts_with("/\\"), "{value}");
    let is_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    assert!(value.bytes().all(is_uri), "{value}");
}

/// The value of a field of a response.
pub fn field<'a>(sent: &'a Sent, name: &str) -> Option<&'a str> {
    let head = std::str::from_utf8(&sent.head).ok()?;
    head.split("\r\n").skip(1).find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
