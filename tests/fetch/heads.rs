//! Heads as they are out there: one odd line costs nothing, and what can't be read is shown.

use super::fetch;
use super::peer::{Peer, read_request, wait_for_end};
use serde_json::Value;
use std::io::Write;

/// The exchange of a response with these bytes, and the exit code.
fn exchange(bytes: impl Into<Vec<u8>>) -> (Value, i32) {
    let run = fetch(&["--json", "--http", "1.1", &Peer::responding(bytes).url("/")]);
    let mut record = run.record();
    (record["transfers"][0]["exchange"].take(), run.code)
}

#[test]
fn an_odd_line_is_dropped_and_shown() {
    for odd in [
        b"X-Odd : value".as_slice(),
        b": value",
        b"X-Odd\xe9: value",
        b"X-Odd: val\x01ue",
        b"X-Odd: val\rue",
        b"X Odd: value",
        b"\x1bX: value",
    ] {
        let bytes =
            [b"HTTP/1.1 200 OK\r\nA: b\r\n".as_slice(), odd, b"\r\nContent-Length: 4\r\n\r\nbody and more"].concat();
        let (exchange, code) = exchange(bytes.clone());
        let response = &exchange["response"];
        assert_eq!(code, 0, "{exchange}");
        assert_eq!(response["dropped"], serde_json::json!([odd.escape_ascii().to_string()]));
        assert_eq!((&response["fields"][1]["value"], &exchange["traffic"]["body"]), (&"4".into(), &4.into()));
        let run = fetch(&["--http", "1.1", &Peer::responding(bytes).url("/")]);
        assert_eq!((run.text().as_str(), run.code), ("body", 0));
        assert!(run.stderr.contains("no header field: "), "{}", run.stderr);
    }
    let (first, code) = exchange("HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!((code, &first["response"]["dropped"][0]), (0, &" X: y".into()));
    let (trailer, code) =
        exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX : y\r\nA: b\r\n\r\n");
    assert_eq!((code, &trailer["response"]["dropped"][0]), (0, &"X : y".into()));
    assert_eq!(trailer["response"]["trailers"][0]["name"], "A");
}

#[test]
fn lines_that_are_not_listed_are_counted() {
    let odd = "X : y\r\n".repeat(4_900);
    let bytes = format!("HTTP/1.1 200 OK\r\n{odd}Content-Length: 2\r\n\r\nok");
    let (exchange, code) = exchange(bytes.clone());
    let response = &exchange["response"];
    assert_eq!((code, response["dropped"].as_array().map(Vec::len)), (0, Some(32)));
    assert_eq!(response["dropped_left_out"], 4_868);
    let run = fetch(&["--http", "1.1", &Peer::responding(bytes).url("/")]);
    assert!(run.stderr.contains("4,868 more lines that are no header fields"), "{}", run.stderr);
}

#[test]
fn a_reason_may_say_anything() {
    let bytes = "HTTP/1.1 404 \x1b[31mno\r\nContent-Length: 2\r\n\r\nok";
    let run = fetch(&["--http", "1.1", &Peer::responding(bytes).url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("ok", 0));
    assert!(run.stderr.contains("404") && !run.stderr.contains('\x1b'), "{}", run.stderr);
    let run = fetch(&["-f", "--http", "1.1", &Peer::responding(bytes).url("/")]);
    run.assert_failed(10, &["404"]);
    assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    let run = fetch(&["--head", "--http", "1.1", &Peer::responding(bytes).url("/")]);
    assert!(!run.text().contains('\x1b'), "{}", run.text());
}

#[test]
fn a_thousand_fields_are_no_reason() {
    for count in [101, 1_000, 4_900] {
        let fields = "X-Field: value\r\n".repeat(count);
        let (exchange, code) = exchange(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok"));
        assert_eq!((code, exchange["response"]["fields"].as_array().map(Vec::len)), (0, Some(count + 1)));
    }
}

#[test]
fn what_could_be_framing_is_refused_and_named() {
    for (odd, line) in [
        ("Content-Length : 2", 3),
        ("Content-Length\t: 2", 3),
        ("Transfer-Encoding : chunked", 3),
        ("X: y\r\n z\r\nContent-Length : 2", 5),
        ("X: a\rContent-Length: 2", 3),
    ] {
        let peer = Peer::responding(format!("HTTP/1.1 200 OK\r\nA: b\r\n{odd}\r\n\r\nok"));
        let run = fetch(&[&peer.url("/")]);
        run.assert_failed(8, &[&format!("Line {line} ")]);
        let last = odd.rsplit("\r\n").next().expect("a line").as_bytes().escape_ascii().to_string();
        assert!(run.stderr.contains(&last), "{last}: {}", run.stderr);
    }
}

#[test]
fn what_can_not_be_read_is_shown_and_recognised() {
    for (bytes, protocol, text) in [
        (b"SSH-2.0-OpenSSH_9.2\r\n".as_slice(), Some("SSH"), "SSH-2.0-OpenSSH_9.2\\r\\n"),
        (b"\x15\x03\x01\x00\x02\x02\x16", Some("TLS"), "\\x15\\x03\\x01\\x00\\x02\\x02\\x16"),
        (b"RTSP/1.0 200 OK\r\n\r\n", Some("RTSP"), "RTSP/1.0 200 OK\\r\\n\\r\\n"),
        (b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\x01\0\0", Some("HTTP/2"), "\\x00\\x00\\x06\\x04"),
        (b"220 ftp.example ready\r\n", Some("FTP, SMTP, POP3 or IMAP"), "220 ftp"),
        (b"<html>\x1b[2J", None, "<html>\\x1b[2J"),
        (b"HTTP/1.1 20 OK\r\n\r\n", None, "HTTP/1.1 20 OK"),
        (b"HTTP/2.0 200 OK\r\n\r\n", None, "HTTP/2.0 200 OK"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\nno colon\r\n\r\n", None, "no colon"),
        (b"HTTP/1.1 200 OK\r\nA: b", None, "HTTP/1.1 200 OK\\r\\nA: b"),
    ] {
        let (exchange, code) = exchange(bytes);
        let unread = &exchange["unread"];
        assert!(matches!(code, 8 | 9) && exchange["response"].is_null(), "{exchange}");
        assert_eq!(unread["bytes"], bytes.len());
        assert!(unread["text"].as_str().expect("text").contains(text), "{unread}");
        assert_eq!(unread["protocol"].as_str(), protocol);
        let run = fetch(&[&Peer::responding(bytes).url("/")]);
        let said: String = run.stderr.split_whitespace().collect();
        assert!(said.contains(&text.split_whitespace().collect::<String>()), "{text}: {}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
        if let Some(protocol) = protocol {
            run.assert_failed(8, &[protocol]);
        }
    }
    // Much is kept, and not all.
    let (exchange, _) = exchange("x".repeat(100_000));
    assert_eq!(exchange["unread"]["text"].as_str().map(str::len), Some(2048));
}

#[test]
fn a_head_that_a_silence_cuts_is_shown() {
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nX-Half: y").expect("the client reads");
        wait_for_end(stream);
    });
    let run = fetch(&["--timeout", "0.3", &peer.url("/")]);
    assert!(run.code == 6 && run.stderr.contains("X-Half: y"), "{}", run.stderr);
}

#[test]
fn fields_that_contradict_each_other_are_recorded() {
    let (exchange, code) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx");
    let response = &exchange["response"];
    assert_eq!((code, &response["status"], &response["framing"]["by"]), (8, &200.into(), &"unknown".into()));
    assert_eq!(response["fields"].as_array().map(Vec::len), Some(2));
}

#[test]
fn interim_heads_are_recorded() {
    let (exchange, code) = exchange(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!((code, &exchange["interim"]), (0, &serde_json::json!([103])));
    let interim = &exchange["interim_heads"][0];
    assert_eq!(interim["line"], "HTTP/1.1 103 Early Hints");
    assert_eq!(interim["fields"][0], serde_json::json!({"name": "Link", "value": "</a.css>; rel=preload"}));
    assert_eq!(exchange["response"]["head"]["head"], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn a_bad_chunk_is_shown() {
    let (exchange, code) = exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nzz;bad\r\n");
    assert_eq!((code, &exchange["response"]["status"]), (8, &200.into()));
    assert!(exchange["unread"]["text"].as_str().expect("text").contains("zz;bad"), "{exchange}");
}
