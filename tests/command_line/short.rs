//! The short log: a line for each request.

use crate::harness::{Server, glasshttp};
use rustix::process::Signal;
use std::io::Read;
use std::process::Command;
use tempfile::TempDir;

/// What `server` wrote behind its announcement, when it has ended.
fn lines(server: &mut Server) -> Vec<String> {
    server.signal(Signal::TERM);
    server.wait();
    let mut text = String::new();
    server.stdout.read_to_string(&mut text).expect("text");
    text.lines().filter(|line| line.contains('#')).map(str::to_owned).collect()
}

fn start(options: &[&str]) -> (Server, TempDir) {
    let folder = crate::harness::folder();
    std::fs::write(folder.path().join("a.txt"), "x".repeat(11_520)).expect("a file");
    let mut command = glasshttp();
    command.args(["--port", "0", "--log", "short", "--no-watch"]).args(options).arg(folder.path()).env("TZ", "UTC0");
    (Server::spawn(&mut command), folder)
}

#[test]
fn each_request_is_a_line_and_none_is_left_out() {
    for model in crate::harness::MODELS {
        let (mut server, _folder) = start(&["--model", model]);
        let mut client = server.connect();
        for path in ["/a.txt", "/missing"] {
            client.send(format!("GET {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").as_bytes());
            client.response();
        }
        drop(client);
        server.ask(b"HEAD /a.txt HTTP/1.0\r\n\r\n");
        server.ask(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n");
        for _ in 0..60 {
            server.get("/a.txt?\u{1b}");
        }
        let lines = lines(&mut server);
        assert_eq!(lines.len(), 64, "{model}: {lines:#?}");
        let shown = |words: &[&str]| lines.iter().filter(|line| words.iter().all(|word| line.contains(word))).count();
        assert_eq!(shown(&["#1.1", "GET /a.txt", "  200  11.5 kB  "]), 1, "{model}: {lines:#?}");
        assert_eq!(shown(&["#1.2", "GET /missing", "  404  ", "  reused"]), 1, "{model}: {lines:#?}");
        assert_eq!(shown(&["HEAD /a.txt", "  200  0 B  "]), 1, "{model}: {lines:#?}");
        assert_eq!(shown(&["  400  "]), 61, "{model}: {lines:#?}");
        assert!(lines.iter().all(|line| !line.contains('\x1b') && line.as_bytes()[2] == b':'), "{lines:#?}");
    }
}

#[test]
fn a_download_that_was_left_says_how_far_it_came() {
    let (mut server, folder) = start(&[]);
    std::fs::File::create(folder.path().join("big")).and_then(|file| file.set_len(64 << 20)).expect("a file");
    let mut client = server.connect();
    client.send(b"GET /big HTTP/1.0\r\n\r\n");
    client.head_response();
    drop(client);
    let lines = lines(&mut server);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(" of 67.1 MB"), "{}", lines[0]);
}

#[test]
fn the_time_is_that_of_the_place() {
    let zones = [("UTC0", 0), ("KST-9", 9), ("<-03>3", 21)];
    let hours = zones.map(|(zone, _)| {
        let folder = crate::harness::folder();
        let mut command: Command = glasshttp();
        command.args(["--port", "0", "--log", "short", "--no-watch"]).arg(folder.path()).env("TZ", zone);
        let mut server = Server::spawn(&mut command);
        server.get("/");
        lines(&mut server)[0][..2].parse::<u32>().expect("an hour")
    });
    for (hour, (zone, later)) in hours.iter().zip(zones) {
        // The hour may turn while the servers run.
        let expected = [(hours[0] + later) % 24, (hours[0] + later + 1) % 24];
        assert!(expected.contains(hour), "{zone}: {hours:?}");
    }
}
