//! Records in words: the server's story, a fetch, a saved log, the lab.

use super::{Place, assert_korean, assert_korean_at, korean};
use crate::closing::folder_with;
use crate::fetch::peer::Peer;
use crate::harness::{Client, MODELS, Server};
use crate::lab::{is_refused, unprivileged};
use rustix::process::Signal;
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{Ipv6Addr, TcpListener};
use std::time::Duration;

/// Clients of many kinds, one after another.
fn varied_traffic(server: &Server) {
    for request in [
        "GET /small.txt HTTP/1.0\r\n\r\n",
        "HEAD /big.bin HTTP/1.0\r\nReferer: http://a.example/\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET /nothing HTTP/1.0\r\n\r\n",
        "GET /small.txt\r\n",
        "POST /small.txt HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /small.txt HTTP/1.0\r\nA b\r\n\r\n",
        "\x16\x03\x01\x02",
        "GET /big.bin HTTP/1.0\r\nRange: bytes=5-10\r\nCookie: secret=1\r\n\r\n",
        "GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\nGET /small.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.send(request.as_bytes());
        client.half_close();
        // What comes of a request that is refused may be a reset.
        let _ = client.socket.read_to_end(&mut Vec::new());
    }
    let mut six = Client::connect((Ipv6Addr::LOCALHOST, server.port()).into());
    six.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
    six.read_to_end();
    let mut kept = server.connect();
    for _ in 0..2 {
        kept.send(b"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        kept.response();
    }
    drop(kept);
    let reset = server.connect();
    SockRef::from(&reset.socket).set_linger(Some(Duration::ZERO)).expect("a reset at the close");
    drop(reset);
    let mut reset = Client::connect_narrow(server.address);
    reset.send(b"GET /big.bin HTTP/1.0\r\n\r\n");
    reset.receive().expect("a beginning");
    SockRef::from(&reset.socket).set_linger(Some(Duration::ZERO)).expect("a reset at the close");
    drop(reset);
    drop(server.connect());
    // Silent, slow with a head, slow with the next request: each until its deadline.
    let (mut silent, mut slow, mut idle) = (server.connect(), server.connect(), server.connect());
    slow.send(b"GET /sm");
    idle.send(b"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    idle.response();
    for client in [&mut silent, &mut slow, &mut idle] {
        client.read_to_end();
    }
}

/// What the user's side named: files, hosts, methods, agents.
const NAMED: [&str; 8] = ["small.txt", "big.bin", "/nothing", "a.example", "secret", "/sm", "POST", "GET /nothing"];

#[test]
fn the_story_of_all_that_a_client_can_do_is_korean() {
    let (folder, _) = folder_with(3 << 20);
    for model in MODELS {
        let options =
            ["-p", "0", "--log", "story", "--no-watch", "--timeout", "1", "--keep-alive", "1", "--model", model];
        let mut server = Server::spawn(korean().args(options).arg(folder.path()));
        varied_traffic(&server);
        server.signal(Signal::TERM);
        let mut story = String::new();
        server.stdout.read_to_string(&mut story).expect("the story");
        let path = folder.path().display().to_string();
        assert_korean(&story, &[&NAMED[..], &[&path, model]].concat());
    }
}

#[test]
fn a_saved_log_and_a_line_for_each_request_are_korean() {
    let (folder, _) = folder_with(3 << 20);
    for log in ["json", "short"] {
        let options = ["-p", "0", "--log", log, "--no-watch", "--timeout", "1", "--keep-alive", "1"];
        let mut server = Server::spawn(korean().args(options).arg(folder.path()));
        varied_traffic(&server);
        server.signal(Signal::TERM);
        let mut written = String::new();
        server.stdout.read_to_string(&mut written).expect("the log");
        if log == "json" {
            let saved = folder.path().join("saved");
            std::fs::write(&saved, &written).expect("a file");
            let shown = korean().arg("show").arg(&saved).output().expect("it runs");
            assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
            written = String::from_utf8(shown.stdout).expect("UTF-8");
        }
        let path = folder.path().display().to_string();
        assert_korean(&written, &[&NAMED[..], &[&path, "multiplex"]].concat());
    }
}

/// What a fetch says on standard error.
fn fetched(arguments: &[&str]) -> String {
    let output = korean().arg("fetch").args(arguments).output().expect("it runs");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn fetches_that_succeed_are_korean() {
    let (folder, _) = folder_with(10);
    let server = Server::start_logging(folder.path(), "off", &[]);
    let url = format!("{}small.txt", server.url);
    let missing = format!("{}nothing", server.url);
    for arguments in [
        &[&url[..]][..],
        &["-k", "--repeat", "2", &url],
        &["--head", &url],
        &["--half-close", &url],
        &["--http", "1.1", &url],
        &["--http", "0.9", &url],
        &["--data", "a=b", &url],
        &["--fail", &missing],
        &["--abort-after", "2", &url],
        &["-4", "--dribble", "1ms", &url],
    ] {
        let path = folder.path().display().to_string();
        assert_korean(&fetched(arguments), &[&NAMED[..], &[&path, "nothing"]].concat());
    }
}

#[test]
fn fetches_that_fail_are_korean() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string();
    assert_korean(&fetched(&[&closed]), &NAMED);
    assert_korean(&fetched(&["no-such-name.invalid"]), &["no-such-name.invalid"]);
    for bytes in [
        "",
        "SSH-2.0-x\r\n",
        "HTTP/1.0 200",
        "HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.0 200 OK\r\nContent-Length: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.0 200 OK\r\nA b\r\n\r\n",
        "HTTP/1.0 302 Found\r\nLocation: https://a.example/\r\n\r\n",
        "HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n",
    ] {
        let peer = Peer::start(move |_, stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes.as_bytes());
        });
        let said = fetched(&["-L", &peer.address.to_string()]);
        assert_korean(&said, &[&NAMED[..], &["https://a.example/", "SSH-2.0-x"]].concat());
    }
}

#[test]
fn the_lab_is_korean() {
    let output = korean().arg("lab").output().expect("it runs");
    assert_korean_at(Place::CommandLine, &String::from_utf8_lossy(&output.stdout), &names());
    for words in [
        &["handshake", "--answer", "a"][..],
        &["reset", "--answer", "b"],
        &["close", "--wire", ">sin drop", "--answer", "a"],
    ] {
        let output = unprivileged().env("LC_ALL", "ko_KR.UTF-8").arg("lab").args(words).output().expect("it runs");
        if is_refused(&output) {
            continue;
        }
        let said = [output.stdout, output.stderr].concat();
        assert_korean_at(Place::CommandLine, &String::from_utf8_lossy(&said), &[&names()[..], &["sin"]].concat());
    }
}

/// Names of experiments, as they are typed.
fn names() -> Vec<&'static str> {
    glasshttp::lab::experiments().map(|(name, _)| name).collect()
}
