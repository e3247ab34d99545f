//! Who the client is, where proxies speak for it: the PROXY protocol before the first request
//! (`--bind proxy:`), and forwarding fields of those that are trusted (`--trust`).

use crate::closing::{folder_with, under_each_model};
use crate::harness::{Server, glasshttp};
use rustix::process::Signal;
use serde_json::Value;
use std::io::{BufRead, Read};
use std::path::Path;

const V1: &[u8] = b"PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\n";
const GET: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";

/// A header of version 2, of this command and family.
fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[command, family], &(rest.len() as u16).to_be_bytes(), rest].concat()
}

fn v2_of_client() -> Vec<u8> {
    // With a unique id and a TLV that nobody knows.
    v2(0x21, 0x11, &[203, 0, 113, 7, 192, 0, 2, 1, 0x13, 0x88, 0, 80, 0x05, 0, 2, 7, 7, 0xee, 0, 0])
}

fn start(folder: &Path, log: &str, options: &[&str]) -> Server {
    let usual = ["--port", "0", "--host", "*", "--no-watch", "--log", log];
    Server::spawn(glasshttp().args(usual).args(options).arg(folder))
}

/// The next object of a log.
fn next(server: &mut Server) -> Value {
    let mut line = String::new();
    server.stdout.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn a_header_names_the_client_however_it_is_cut_under_each_model() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = start(folder.path(), "json-requests", &["--bind", "proxy:127.0.0.1", "--model", model]);
        for header in [V1.to_vec(), v2_of_client()] {
            let mut whole = server.connect();
            whole.send(&[&header, GET, GET].concat());
            let mut apart = [whole.response(), whole.response()].map(|response| response.status).to_vec();
            drop(whole);
            let mut cut = server.connect();
            cut.dribble(&header);
            cut.send(GET);
            apart.push(cut.response().status);
            drop(cut);
            let mut cut = server.connect();
            cut.dribble(&[&header, GET].concat());
            apart.push(cut.response().status);
            drop(cut);
            assert_eq!(apart, [200; 4], "{model}");
            for _ in 0..4 {
                let said = next(&mut server);
                assert_eq!((&said["client"], &said["via"]), (&"203.0.113.7".into(), &"127.0.0.1".into()), "{model}");
            }
        }
        // It speaks for itself, or of a client without an address.
        for header in [v2(0x20, 0, &[]), v2(0x21, 0x31, &[7; 216]), v2(0x21, 0, &[]), b"PROXY UNKNOWN\r\n".to_vec()] {
            let mut client = server.connect();
            client.send(&[&header, GET].concat());
            assert_eq!(client.response().status, 200, "{model}");
            drop(client);
            let said = next(&mut server);
            assert_eq!((&said["client"], said.get("via")), (&"127.0.0.1".into(), None), "{model}");
        }
    });
}

#[test]
fn a_connection_without_a_valid_header_is_closed_and_serves_nothing_under_each_model() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let options = ["--bind", "proxy:127.0.0.1", "--model", model, "--timeout", "0.5"];
        let mut server = start(folder.path(), "json", &options);
        let too_long = [b"PROXY TCP4 ", &[b'1'; 200][..]].concat();
        let too_long_v2 = v2(0x21, 0x11, &[0; 2000]);
        let cases: [&[u8]; 7] =
            [GET, b"\x16\x03\x01\x02\x00", &too_long, &too_long_v2, b"PROXY TCP4 1.2.3.4\r\n", b"PROXY TC", b""];
        for sent in cases {
            let mut client = server.connect();
            client.send(sent);
            let mut rest = Vec::new();
            // What was unread makes the end a reset.
            let _ = client.socket.read_to_end(&mut rest);
            assert_eq!(rest, b"", "{model}: {:?}", String::from_utf8_lossy(sent));
            let record = next(&mut server);
            assert_eq!(record["close"]["reason"], "no_proxy_header", "{model}: {:?}", String::from_utf8_lossy(sent));
            assert_eq!(record["exchanges"].as_array().map(Vec::len), Some(0), "{model}: {record}");
        }
    });
}

#[test]
fn the_record_and_the_story_have_both_the_client_and_the_proxy() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "json", &["--bind", "proxy:127.0.0.1"]);
    let mut client = server.connect();
    client.send(V1);
    // The header is known before the request comes.
    client.send(GET);
    client.response();
    let address = client.socket.local_addr().expect("its address").to_string();
    drop(client);
    let record = next(&mut server);
    assert_eq!(record["client"], address);
    assert_eq!(record["named"], serde_json::json!({ "client": "203.0.113.7", "port": 5000, "by": "proxy_v1" }));
    assert_eq!(record["exchanges"][0]["traffic"]["value"]["reads"], 1, "{record}");
    let shown = shown(&record, "en");
    assert!(shown.contains("203.0.113.7:5000, named by the proxy 127.0.0.1 (PROXY v1)"), "{shown}");
}

/// What `glasshttp show` says of a record.
fn shown(record: &Value, language: &str) -> String {
    let folder = crate::harness::folder();
    let file = folder.path().join("log.json");
    std::fs::write(&file, record.to_string()).expect("a log");
    let shown = glasshttp().args(["show", "--lang", language]).arg(&file).output().expect("it runs").stdout;
    String::from_utf8(shown).expect("UTF-8").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_header_that_is_not_complete_is_said_to_have_begun_under_each_model() {
    let (folder, _) = folder_with(0);
    let begun = |bytes: usize| {
        (
            format!("a PROXY header began and did not come to its end: {bytes} bytes"),
            format!("PROXY 헤더가 시작되고 끝까지 오지 않음: {bytes}바이트"),
        )
    };
    let malformed = ("not a PROXY header: 3 bytes came instead".into(), "PROXY 헤더가 아님: 대신 3바이트가 옴".into());
    under_each_model(|model| {
        let options = ["--bind", "proxy:127.0.0.1", "--model", model, "--timeout", "0.5"];
        let mut server = start(folder.path(), "json", &options);
        for (sent, state, version, (english, korean)) in [
            (&V1[..12], "begun", 1.into(), begun(12)),
            (&v2_of_client()[..20], "begun", 2.into(), begun(20)),
            (&GET[..3], "malformed", Value::Null, malformed.clone()),
        ] {
            let mut client = server.connect();
            client.send(sent);
            let _ = client.socket.read_to_end(&mut Vec::new());
            let record = next(&mut server);
            let header = &record["proxy_header"];
            assert_eq!((&header["state"], &header["version"]), (&state.into(), &version), "{model}: {record}");
            assert_eq!((&header["bytes"], &header["read"]["is"]), (&sent.len().into(), &"measured".into()), "{model}");
            let story = shown(&record, "en");
            assert!(story.contains(&english) && !story.contains("silent"), "{model}: {story}");
            let story = shown(&record, "ko");
            assert!(story.contains(&korean), "{model}: {story}");
        }
    });
}

#[test]
fn a_header_that_names_nobody_is_a_fact_too() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "json", &["--bind", "proxy:127.0.0.1"]);
    for header in [v2(0x20, 0, &[]), b"PROXY UNKNOWN\r\n".to_vec()] {
        let mut client = server.connect();
        client.send(&[&header, GET].concat());
        client.response();
        drop(client);
        let record = next(&mut server);
        assert_eq!(record["proxy_header"]["bytes"], header.len(), "{record}");
        assert!(record.get("named").is_none(), "{record}");
        let story = shown(&record, "en");
        assert!(story.contains("proxy 127.0.0.1:") && story.contains("names no client"), "{story}");
    }
}

#[test]
fn two_requests_of_one_connection_name_their_own_clients() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "json", &["--trust", "127.0.0.1"]);
    let mut client = server.connect();
    for number in 1..=2 {
        let request = format!("GET /small.txt HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.{number}\r\n\r\n");
        client.send(request.as_bytes());
        client.response();
    }
    drop(client);
    let record = next(&mut server);
    let story = shown(&record, "en");
    assert!(story.contains("proxy 127.0.0.1:"), "{story}");
    for number in 1..=2 {
        let says =
            format!("request {number}: the client is 192.0.2.{number}, named by the proxy 127.0.0.1 (X-Forwarded-For)");
        assert!(story.contains(&says), "{story}");
    }
}

#[test]
fn forwarding_fields_are_believed_of_trusted_proxies_alone() {
    let (folder, _) = folder_with(0);
    let fields = "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.1.1\r\n";
    for (options, client, via) in [
        (&[][..], "127.0.0.1", None),
        (&["--trust", "10.0.0.0/8"], "127.0.0.1", None),
        (&["--trust", "127.0.0.1"], "10.1.1.1", Some("127.0.0.1")),
        (&["--trust", "localhost", "--trust", "10.0.0.0/8"], "192.0.2.7", Some("127.0.0.1")),
    ] {
        let mut server = start(folder.path(), "json-requests", options);
        server.get_with("/small.txt", fields);
        let said = next(&mut server);
        assert_eq!((said["client"].as_str(), said["via"].as_str()), (Some(client), via), "{options:?}");
    }
    let mut server = start(folder.path(), "common", &["--trust", "127.0.0.0/8"]);
    server.get_with("/small.txt", "Forwarded: for=\"[2001:db8::7]:99\";proto=http\r\n");
    let mut line = String::new();
    server.stdout.read_line(&mut line).expect("a line");
    assert!(line.starts_with("2001:db8::7 - - ["), "{line}");
}

#[test]
fn a_field_that_cannot_be_believed_is_a_fact_of_the_record() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "json", &["--trust", "127.0.0.1"]);
    for (fields, forwarded) in [
        ("", Value::Null),
        (
            "X-Forwarded-For: 192.0.2.7\r\n",
            serde_json::json!({ "client": "192.0.2.7", "port": null, "by": "x_forwarded_for" }),
        ),
        ("X-Forwarded-For: nonsense\r\n", serde_json::json!({ "ignored": "malformed" })),
        ("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=6.6.6.6\r\n", serde_json::json!({ "ignored": "contradictory" })),
    ] {
        server.get_with("/small.txt", fields);
        let record = next(&mut server);
        assert_eq!(record["exchanges"][0]["forwarded"], forwarded, "{fields}");
    }
}

#[test]
fn a_stop_does_not_wait_for_a_proxy_that_says_nothing() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = start(folder.path(), "off", &["--bind", "proxy:127.0.0.1", "--model", model]);
        let mut silent = server.connect();
        server.signal(Signal::TERM);
        assert_eq!(silent.read_to_end(), b"", "{model}");
        assert_eq!(server.wait().code(), Some(0), "{model}");
    });
}
