//! `--log json-requests`: an object for each exchange, as docs/records.md has its fields.

use crate::closing::{folder_with, under_each_model};
use crate::harness::{Client, Server, glasshttp};
use rustix::process::Signal;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::time::Duration;

fn start(folder: &Path, options: &[&str]) -> Server {
    let usual = ["--port", "0", "--log", "json-requests", "--host", "*"];
    Server::spawn(glasshttp().args(usual).args(options).arg(folder))
}

fn object(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn next(server: &mut Server) -> Map<String, Value> {
    let mut line = String::new();
    server.stdout.read_line(&mut line).expect("a line");
    object(&line)
}

/// The fields that docs/records.md names.
fn documented() -> BTreeSet<String> {
    let document = include_str!("../../docs/records.md");
    let (_, section) = document.split_once("\n## A request\n").expect("its section");
    let section = section.split("\n## ").next().expect("it ends");
    let names = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    names.flat_map(|names| names.split(", ").map(|name| name.trim_matches('`').to_owned())).collect()
}

#[test]
fn what_each_object_says_is_documented_and_true() {
    let (folder, _) = folder_with(1_000_000);
    let mut server = start(folder.path(), &["--no-watch"]);
    let mut seen = BTreeSet::new();
    let mut client = server.connect();
    for (exchange, (request, target, status, bytes)) in [
        ("GET /small.txt?a=%22 HTTP/1.1\r\nHost: a\r\nReferer: http://a/\r\n\r\n", "/small.txt?a=%22", 200, 6),
        ("GET /big.bin HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n", "/big.bin", 200, 1_000_000),
        ("GET /nothing HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n", "/nothing", 404, 0),
    ]
    .into_iter()
    .enumerate()
    {
        client.send(request.as_bytes());
        let response = client.response();
        let said = next(&mut server);
        assert_eq!((&said["connection"], &said["exchange"]), (&1.into(), &(exchange as u64 + 1).into()));
        assert_eq!((&said["reused"], &said["client"]), (&(exchange > 0).into(), &"127.0.0.1".into()));
        assert_eq!((&said["method"], &said["version"]), (&"GET".into(), &"HTTP/1.1".into()));
        assert_eq!((&said["target"], &said["status"]), (&target.into(), &status.into()));
        assert_eq!(said["bytes"], if bytes > 0 { bytes } else { response.body.len() as u64 });
        assert_eq!(said.contains_key("referer"), exchange == 0);
        assert_eq!(said.contains_key("user_agent"), exchange == 1);
        assert!(said["duration_ns"].as_u64().is_some_and(|took| (1..60_000_000_000).contains(&took)), "{said:?}");
        assert!(humantime::parse_rfc3339(said["time"].as_str().expect("a time")).is_ok(), "{said:?}");
        assert!(!format!("{said:?}").contains("secret"), "{said:?}");
        seen.extend(said.keys().cloned());
    }

    server.ask(b"GET /small.txt\r\n");
    assert_eq!(next(&mut server)["version"], "HTTP/0.9");
    server.ask(b"BREW\x1b/ pot HTTP/1.1 extra\r\n\r\n");
    let refused = next(&mut server);
    assert_eq!((&refused["status"], &refused["method"]), (&400.into(), &Value::Null));
    assert_eq!(refused["request_line"], "BREW\u{1b}/ pot HTTP/1.1 extra");
    assert!(refused["reason"].is_string(), "{refused:?}");
    seen.extend(refused.into_iter().map(|(name, _)| name));
    seen.insert("via".into()); // a proxy's: its own tests
    assert_eq!(seen, documented());
}

#[test]
fn a_head_that_is_late_and_a_client_that_has_gone_have_an_object_too() {
    let (folder, _) = folder_with(30_000_000);
    let mut server = start(folder.path(), &["--timeout", "0.3"]);
    let mut client = server.connect();
    client.send(b"GET /small.txt HT");
    assert_eq!(client.response().status, 408);
    let late = next(&mut server);
    assert_eq!((&late["status"], &late["request_line"]), (&408.into(), &"GET /small.txt HT".into()));
    drop(server.begin_download("/big.bin"));
    let gone = next(&mut server);
    assert_eq!((&gone["status"], &gone["reason"]), (&200.into(), &"reset".into()));
    assert!(gone["bytes"].as_u64().is_some_and(|bytes| bytes < 30_000_000), "{gone:?}");
}

/// One rule for all logs: what has begun is an exchange, though nobody was there to be told.
#[test]
fn a_request_that_was_begun_and_reset_is_an_exchange_in_each_log() {
    let (folder, _) = folder_with(0);
    for (format, expected) in [
        (
            "json-requests",
            r#","method":null,"target":null,"version":null,"request_line":"GET /sm","status":null,"bytes":0,"#,
        ),
        ("json-requests", r#","reason":"reset"}"#),
        ("common", "\"GET /sm\" - - reset\n"),
        ("json", r#""exchanges":[{"number":1,"request":{"head":"GET /sm""#),
    ] {
        let mut command = glasshttp();
        command.args(["--port", "0", "--no-watch", "--host", "*", "--log", format]).arg(folder.path());
        let mut server = Server::spawn(&mut command);
        let mut client = std::net::TcpStream::connect(server.address).expect("a connection");
        client.write_all(b"GET /sm").expect("sent");
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("an option");
        drop(client);
        let mut line = String::new();
        server.stdout.read_line(&mut line).expect("a line");
        assert!(line.contains(expected), "{format}: {line}");
    }
}

#[test]
fn every_exchange_of_a_long_connection_has_its_object_under_each_model() {
    const EXCHANGES: usize = 20_000;
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = start(folder.path(), &["--no-watch", "--model", model]);
        let mut lines = std::mem::replace(&mut server.stdout, std::io::BufReader::new(nothing()));
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            lines.read_to_string(&mut log).expect("the log");
            log
        });
        let mut client = Client::connect(server.address);
        for _ in 0..EXCHANGES / 100 {
            client.send(&b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
            for _ in 0..100 {
                assert_eq!(client.response().status, 200);
            }
        }
        drop(client);
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        let log = log.join().expect("it is read");
        let numbers: Vec<u64> = log.lines().map(|line| object(line)["exchange"].as_u64().expect("a number")).collect();
        assert!(numbers.iter().copied().eq(1..=EXCHANGES as u64), "{model}: {} objects", numbers.len());
    });
}

/// A pipe that has nothing.
fn nothing() -> std::process::ChildStdout {
    std::os::fd::OwnedFd::from(std::fs::File::open("/dev/null").expect("nothing")).into()
}
