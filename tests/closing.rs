//! How connections end: in order, in time, and never at somebody else's cost.

mod activation;
mod crowd;
mod deadlines;
mod descriptors;
mod linger;
mod restart;
mod stopping;
mod unix;

use crate::harness::{Client, MODELS, PATIENCE, Response, Server};
use socket2::{Domain, SockRef, Socket, Type};
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// More than all socket buffers between two programs hold.
pub const BIG: usize = 20 * 1024 * 1024;

/// Bytes of which each 8 tell their own offset: nothing can be lost, doubled or moved unseen.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length as u64 / 8 + 1).flat_map(|offset| (offset * 8).to_be_bytes()).collect();
    bytes.truncate(length);
    bytes
}

/// After how long a file's version is taken to be its own.
const SETTLED: Duration = Duration::from_millis(50);

/// A folder of one small file, `small.txt`, and another of `size` bytes, `big.bin`.
pub fn folder_with(size: usize) -> (TempDir, Vec<u8>) {
    let folder = crate::harness::folder();
    let big = bytes(size);
    std::fs::write(folder.path().join("small.txt"), "small\n").expect("a file");
    std::fs::write(folder.path().join("big.bin"), &big).expect("a file");
    wait_for_the_clock(folder.path());
    (folder, big)
}

/// Waits until all that is there was written some ticks of the file system's
/// clock ago: before, no tag is said.
fn wait_for_the_clock(folder: &Path) {
    let changed = |name: &str| {
        let state = std::fs::metadata(folder.join(name)).expect("a file");
        Duration::new(state.ctime().unsigned_abs(), state.ctime_nsec() as u32)
    };
    let written = changed("big.bin");
    loop {
        std::fs::write(folder.join(".clock"), "").expect("a file");
        if changed(".clock") > written + SETTLED {
            return std::fs::remove_file(folder.join(".clock")).expect("our own file");
        }
    }
}

/// Runs `test` under every model at once: those that wait for deadlines take long enough.
pub fn under_each_model(test: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for model in MODELS {
            let test = &test;
            thread::Builder::new()
                .name(format!("model {model}"))
                .spawn_scoped(scope, move || test(model))
                .expect("run");
        }
    });
}

/// A client whose kernel takes little ahead of it.
pub fn narrow_client(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect_timeout(&address.into(), PATIENCE).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    socket.into()
}

/// The same bytes; where not, where they part.
pub fn assert_same(got: &[u8], wanted: &[u8]) {
    let first = got.iter().zip(wanted).position(|(got, wanted)| got != wanted);
    assert!(got == wanted, "{} bytes of {}, the first that differs: {first:?}", got.len(), wanted.len());
}

#[test]
fn a_client_that_half_closes_gets_its_whole_response() {
    let (folder, big) = folder_with(BIG);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        for request in ["GET /small.txt HTTP/1.0\r\n\r\n", "GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let mut client = server.connect();
            client.send(request.as_bytes());
            client.half_close();
            assert_eq!(Response::parse(&client.read_to_end()).text(), "small\n", "{model}: {request}");
        }
        let mut client = server.connect();
        client.send(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        client.half_close();
        assert_same(&Response::parse(&client.read_to_end()).body, &big);
    }
}

#[test]
fn a_client_that_half_closes_gets_every_response_it_asked_for() {
    let (folder, big) = folder_with(BIG);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        let mut client = server.connect();
        client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        client.half_close();
        assert_eq!(client.response().text(), "small\n", "{model}");
        assert_same(&client.response().body, &big);
        assert_eq!(client.response().text(), "small\n", "{model}");
        assert_eq!(client.read_to_end(), b"", "{model}");
    }
}

/// Sends all of `request` before it reads anything, as simple clients do.
fn asks_with_much_behind(server: &Server, head: &str, much: &[u8], status: u16) {
    let mut client = server.connect();
    client.send(head.as_bytes());
    for part in much.chunks(50_000) {
        client.send(part);
    }
    let response = Response::parse(&client.read_to_end());
    assert_eq!(response.status, status, "{head}{}", response.head);
    assert_eq!(response.header("Connection"), Some("close"), "{head}");
    assert_eq!(response.header("Content-Length"), Some(&*response.body.len().to_string()), "{head}");
}

#[test]
fn a_refused_body_of_ten_megabytes_never_turns_the_response_into_a_reset() {
    let (folder, _) = folder_with(0);
    // Made beforehand: a client that is silent for long is not waited for.
    let much = bytes(10_000_000);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        for (head, status) in [
            ("POST /small.txt HTTP/1.0\r\nContent-Length: 10000000\r\n\r\n", 405),
            ("PUT /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n", 405),
            ("POST /small.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n989680\r\n", 501),
            ("GET /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n", 200),
            ("GET /small.txt HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("GET / HTTP/9.9\r\n\r\n", 505),
        ] {
            asks_with_much_behind(&server, head, &much, status);
        }
        assert_eq!(server.get("/small.txt").status, 200, "{model}");
    }
}

#[test]
fn a_head_without_end_gets_a_response_while_it_still_comes() {
    let (folder, _) = folder_with(0);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        for (start, status) in [("GET /", 414), ("GET / HTTP/1.0\r\nX: ", 431)] {
            let mut client = server.connect();
            client.send(start.as_bytes());
            for _ in 0..100 {
                client.send(&[b'a'; 100_000]);
            }
            assert_eq!(Response::parse(&client.read_to_end()).status, status, "{model}");
        }
    }
}

#[test]
fn a_client_that_resets_in_the_middle_costs_nobody_else_anything() {
    let (folder, big) = folder_with(BIG);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        for taken in [0, 1, 100, 100_000, 5_000_000] {
            let mut client = server.connect();
            client.send(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
            client.socket.read_exact(&mut vec![0; taken]).expect("some of it");
            SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("a reset at the end");
            drop(client);
            assert_eq!(server.get("/small.txt").text(), "small\n", "{model}, after {taken}");
        }
        assert_same(&server.get("/big.bin").body, &big);
    }
}

#[test]
fn keep_alive_0_closes_after_each_response() {
    let (folder, _) = folder_with(0);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model, "--keep-alive", "0"]);
        for request in [
            "GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            // Everything until the end: it would not end in time if it were kept.
            let response = Response::parse(&server.ask(request.as_bytes()));
            assert_eq!(response.header("Connection"), Some("close"), "{model}: {request}");
            assert_eq!(response.header("Content-Length"), Some(&*response.body.len().to_string()), "{model}");
        }
    }
}

#[test]
fn what_follows_the_last_response_is_dropped_and_gets_none() {
    let (folder, _) = folder_with(0);
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        let mut client = Client::connect(server.address);
        client.send(b"GET /small.txt HTTP/1.0\r\n\r\nGET /small.txt HTTP/1.0\r\n\r\n");
        assert_eq!(Response::parse(&client.read_to_end()).text(), "small\n", "{model}");
    }
}
