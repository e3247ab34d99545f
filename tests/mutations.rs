//! Requests that nobody would send: a corpus of valid and invalid ones, bent at
//! random, and the server lives on. The same seed gives the same bytes.

use crate::closing::folder_with;
use crate::harness::{PATIENCE, Server};
use rustix::process::Signal;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::thread;

const THREADS: u64 = 2;
/// Cases between two looks at the server's health.
const BATCH: u64 = 1000;
/// What the server may hold at the end, in kB.
const MOST_MEMORY: u64 = 64 * 1024;
/// 408 and 500 are missing: each request ends at once, and no handler may panic.
const STATUSES: [u16; 14] = [200, 204, 206, 301, 304, 400, 404, 405, 412, 414, 416, 431, 501, 505];

const CORPUS: &[&str] = &[
    "GET / HTTP/1.0\r\n\r\n",
    "GET /small.txt HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
    "HEAD /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET /small.txt\r\n",
    "GET /folder HTTP/1.0\r\n\r\n",
    "GET /folder/?C=M;O=D HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x\r\n\r\n",
    "GET /%ED%95%9C%EA%B5%AD.txt HTTP/1.0\r\nAccept-Encoding: br;q=0.5, gzip, *;q=0\r\n\r\n",
    "GET /../../etc/passwd HTTP/1.0\r\n\r\nGET /%2e%2e/%00 HTTP/1.0\r\n\r\n",
    "GET /big.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-9,20-,-5\r\nIf-Range: \"a\"\r\n\r\n",
    "GET /big.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=18446744073709551615-\r\n\r\n",
    "GET /small.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: W/\"a\", \"b\", *\r\nIf-Match: \"c\"\r\n\r\n",
    "GET /small.txt HTTP/1.0\r\nIf-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n\r\n",
    "GET /small.txt HTTP/1.0\r\nIf-Unmodified-Since: Sun Nov  6 08:49:37 1994\r\n\r\n",
    "POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "GET http://localhost/small.txt?q=1#f HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.0\nHost: a\n folded\n\n",
    "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}",
    "GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
];

const PIECES: &[&str] = &[
    "\r\n",
    "\r",
    "\n",
    "\r\n\r\n",
    " ",
    "\t",
    ":",
    "%",
    "%00",
    "%2F..",
    "..",
    "//",
    "?",
    "#",
    "\0",
    "\u{ff}",
    "HTTP/1.1",
    "Content-Length: 7\r\n",
    "Transfer-Encoding: x\r\n",
    "Host: a\r\n",
    "Connection: close\r\n",
    "bytes=",
    "-",
    ",",
    "\"",
    "18446744073709551616",
    "HEAD ",
    "\u{d55c}",
];

/// xorshift64* of Marsaglia and Vigna: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        // Spreads neighbouring seeds apart; the state must not be 0.
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }

    fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a [u8] {
        texts[self.below(texts.len())].as_bytes()
    }
}

/// The request of this seed.
fn request(seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut bytes = dice.pick(CORPUS).to_vec();
    for _ in 0..=dice.below(4) {
        mutate(&mut bytes, &mut dice);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len());
    let end = (at + 1 + dice.below(12)).min(bytes.len());
    match dice.below(8) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
        1 if !bytes.is_empty() => bytes[at] = dice.below(256) as u8,
        2 => drop(bytes.drain(at..end)),
        3 => drop(bytes.splice(at..at, dice.pick(PIECES).iter().copied())),
        4 => {
            let copy = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, copy));
        }
        5 => {
            let other = dice.pick(CORPUS);
            let from = dice.below(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        6 => bytes.truncate(at),
        // Rarely, enough to cross every limit.
        _ if dice.below(16) == 0 => {
            let copy = bytes[at..end].repeat(2000);
            drop(bytes.splice(at..at, copy));
        }
        _ => bytes.extend_from_slice(dice.pick(PIECES)),
    }
}

/// Sends `request` and ends the sending half, so that nothing waits for a deadline.
fn response(server: SocketAddr, seed: u64, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Many addresses: one has too few ports for all that lie in TIME_WAIT.
    let own = Ipv4Addr::new(127, 1, (seed >> 4) as u8, 1);
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    socket.connect_timeout(&server.into(), PATIENCE)?;
    let mut socket: TcpStream = socket.into();
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.write_all(request)?;
    socket.shutdown(Shutdown::Write)?;
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is wrong with `response`, if anything is.
fn fault(request: &[u8], mut response: &[u8]) -> Option<String> {
    let blank = request.iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let line = request[blank..].split(|&byte| byte == b'\n').next().unwrap_or_default();
    if response.is_empty() {
        return (!line.is_empty()).then(|| "no response".to_owned());
    }
    if !response.starts_with(b"HTTP/1.0 ") {
        // A simple request of HTTP/0.9 is a method and a target.
        let is_simple = line.starts_with(b"GET ") && line.split(|&byte| byte == b' ').count() == 2;
        return (!is_simple).then(|| "no status line".to_owned());
    }
    while !response.is_empty() {
        let Some(end) = response.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Some("a head without end".to_owned());
        };
        let Ok(head) = std::str::from_utf8(&response[..end]) else { return Some("a head not in UTF-8".to_owned()) };
        let status = head.strip_prefix("HTTP/1.0 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
        if !status.is_some_and(|status| STATUSES.contains(&status)) {
            return Some(format!("an unknown status: {head}"));
        }
        response = &response[end + 4..];
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
        // None of the bodies begins like a head: where one follows, HEAD was asked.
        if !response.is_empty() && !response.starts_with(b"HTTP/1.0 ") || response.is_empty() && length == 0 {
            match response.get(length..) {
                Some(rest) => response = rest,
                None => return Some(format!("{} bytes of a body of {length}", response.len())),
            }
        }
    }
    None
}

/// What the process holds in memory, in kB (proc(5)).
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn survives(cases: u64) {
    let (folder, _) = folder_with(3000);
    std::fs::create_dir(folder.path().join("folder")).expect("a folder");
    std::fs::write(folder.path().join("folder/\u{d55c}\u{ad6d}.txt"), "inside\n").expect("a file");
    let mut server = Server::start(folder.path(), &["--model", "thread"]);
    let address = server.address;
    for batch in (0..cases).step_by(BATCH as usize) {
        thread::scope(|scope| {
            for first in batch..batch + THREADS {
                let seeds = (first..cases.min(batch + BATCH)).step_by(THREADS as usize);
                scope.spawn(move || seeds.for_each(|seed| survives_one(address, seed)));
            }
        });
        let after = server.get("/small.txt");
        assert_eq!((after.status, after.text().as_str()), (200, "small\n"), "after the seeds from {batch} on");
    }
    let memory = memory(server.id());
    assert!(memory < MOST_MEMORY, "the server holds {memory} kB after {cases} requests");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

fn survives_one(server: SocketAddr, seed: u64) {
    let request = request(seed);
    let fault = match response(server, seed, &request) {
        Ok(response) => {
            fault(&request, &response).map(|fault| format!("{fault}: {:?}", response.escape_ascii().to_string()))
        }
        Err(error) => Some(error.to_string()),
    };
    if let Some(fault) = fault {
        panic!("seed {seed}: {fault}\nrequest: {:?}", request.escape_ascii().to_string());
    }
}

#[test]
fn five_thousand_bent_requests_leave_the_server_as_it_was() {
    survives(5_000);
}

#[test]
#[ignore = "takes a minute: .ci/run runs it"]
fn a_hundred_thousand_bent_requests_leave_the_server_as_it_was() {
    survives(100_000);
}
