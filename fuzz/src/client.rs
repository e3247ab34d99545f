//! A host for the client's machine: it asks once, and hears pieces of bytes.

use glasshttp::http::client::{ClientConnection, Next, Received, RequestHead};
use glasshttp::http::message::{HeaderBlock, ReceivedHead, Version};
use glasshttp::http::parse::fields::FieldLines;
use glasshttp::http::persistence::Wish;

/// All that a client heard.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Heads and trailers, in the words of `Debug`.
    pub heads: Vec<String>,
    /// The body, decoded.
    pub body: Vec<u8>,
    /// How it ended, in the words of `Debug`.
    pub ending: String,
    /// Whether the response was whole.
    pub has_whole_response: bool,
}

/// What is asked: the first byte of an input says it.
pub fn request(choice: u8, headers: &HeaderBlock) -> RequestHead<'_> {
    let version = match choice & 3 {
        0 => Version::Http09,
        1 => Version::Http10,
        _ => Version::Http11,
    };
    RequestHead {
        method: if choice & 4 != 0 && version != Version::Http09 { "HEAD" } else { "GET" },
        target: "/a",
        version,
        host: Some("a"),
        headers,
        wish: if choice & 8 != 0 { Wish::Close } else { Wish::KeepAlive },
        half_close: choice & 16 != 0,
        content_length: None,
    }
}

/// Asks, and hears `pieces` and the end.
///
/// # Panics
/// If the machine goes round without end.
pub fn hear(choice: u8, pieces: &[&[u8]]) -> Heard {
    let (headers, mut out) = (HeaderBlock::default(), Vec::new());
    let mut machine = ClientConnection::new();
    machine.ask(&request(choice, &headers), &mut out).expect("a request that can be sent");
    let mut heard = Heard::default();
    let mut unused: Vec<u8> = Vec::new();
    let mut pieces_left = pieces.iter();
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let most = 64 + 16 * (length + pieces.len());
    for _ in 0..most {
        match machine.next() {
            Next::Send(left) => machine.sent(left as usize),
            Next::ShutDown => machine.writing_shut_down(),
            Next::Close(ending) => {
                heard.ending = format!("{ending:?}");
                heard.has_whole_response = machine.has_whole_response();
                return heard;
            }
            // What comes unasked is heard, too; then the server ends.
            Next::Receive | Next::Drain | Next::Ask => {
                let (used, found) = take(&mut machine, &unused, &mut heard);
                unused.drain(..used);
                if used == 0 && !found && !matches!(machine.next(), Next::Close(_)) {
                    match pieces_left.next() {
                        Some(piece) => unused.extend_from_slice(piece),
                        None => machine.end_of_input(),
                    }
                }
            }
        }
    }
    panic!("{most} steps for {length} bytes, and no end: {machine:?}");
}

/// How many bytes were used, and whether anything was found.
fn take(machine: &mut ClientConnection, input: &[u8], heard: &mut Heard) -> (usize, bool) {
    let mut storage = FieldLines::new();
    let (used, received) = machine.receive(input, &mut storage);
    assert!(used <= input.len());
    let Some(received) = received else { return (used, false) };
    match received {
        Received::Interim(head) | Received::Head(head) => heard.heads.push(words(&head)),
        Received::Bare => heard.heads.push("bare".to_owned()),
        Received::Body(bytes) => heard.body.extend_from_slice(bytes),
        Received::Trailers { fields, dropped } => heard.heads.push(format!("{fields:?} {dropped:?}")),
    }
    (used, true)
}

fn words(head: &ReceivedHead<'_>) -> String {
    format!("{head:?}")
}
