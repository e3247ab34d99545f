//! Peers that misbehave: each gets its clear line and its exit code, and what
//! came is kept and said to be a part.

use super::peer::{Peer, end, read_request, reset, wait_for_end};
use super::{Run, fetch, fetch_in};
use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const HEAD: &str = "HTTP/1.1 200 OK\r\n";
const TRAILERS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n";
const CHUNK_LINE: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;";

/// Fetches into a file: what was said, what of the file is there, and of its part.
fn into_file(peer: &Peer, options: &[&str]) -> (Run, Option<Vec<u8>>, Option<Vec<u8>>) {
    let place = crate::harness::folder();
    let run = fetch_in(place.path(), &[options, &["-o", "file", &peer.url("/")]].concat());
    let read = |name: &str| std::fs::read(place.path().join(name)).ok();
    (run, read("file"), read("file.part"))
}

/// The response fails so, and nothing of it passes for a file.
fn assert_malformed(bytes: impl Into<Vec<u8>>, code: i32, words: &[&str]) {
    let (run, file, part) = into_file(&Peer::responding(bytes), &["--http", "1.1"]);
    run.assert_failed(code, words);
    assert_eq!((file, part), (None, None), "{}", run.stderr);
}

#[test]
fn heads_that_are_none() {
    assert_malformed("SSH-2.0-OpenSSH_9.2\r\n", 8, &["not HTTP", "SSH"]);
    assert_malformed(b"\x15\x03\x01\x00\x02\x02\x16".as_slice(), 8, &["not HTTP", "TLS", "https://"]);
    assert_malformed("HTTP/1.1 20 OK\r\n\r\n", 8, &["status line"]);
    assert_malformed("HTTP/2.0 200 OK\r\n\r\n", 8, &["not HTTP/1: this client supports"]);
    assert_malformed(format!("{HEAD}no colon\r\n\r\n"), 8, &["header field"]);
    assert_malformed(format!("{HEAD}Content-Length: -1\r\n\r\n"), 8, &["Content-Length"]);
    assert_malformed(format!("{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 8, &["two different"]);
    assert_malformed(format!("{HEAD}Transfer-Encoding: gzip\r\n\r\n"), 8, &["Transfer-Encoding"]);
    assert_malformed("HTTP/1.1 101 Switching Protocols\r\n\r\n", 8, &["101"]);
    assert_malformed("HTTP/1.1 100 Continue\r\n\r\n".repeat(33), 8, &["interim"]);
}

#[test]
fn heads_that_are_too_long() {
    assert_malformed(format!("{HEAD}X: {}\r\n\r\n", "a".repeat(1024 * 1024)), 8, &["larger than 1 MiB"]);
    assert_malformed(format!("{HEAD}{}\r\n", "X: y\r\n".repeat(5_001)), 8, &["more than 5,000"]);
    // One that never ends is given up when it is too long.
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        while stream.write_all(&[b'a'; 65_536]).is_ok() {}
    });
    fetch(&[&peer.url("/")]).assert_failed(8, &["not HTTP"]);
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        let mut line = HEAD.to_owned() + "X: ";
        while stream.write_all(line.as_bytes()).is_ok() {
            line = "a".repeat(65_536);
        }
    });
    fetch(&[&peer.url("/")]).assert_failed(8, &["larger than 1 MiB"]);
    // 1 MiB of head is taken, if it is all.
    let field = "a".repeat(1024 * 1024 - 200);
    let run = fetch(&[&Peer::responding(format!("{HEAD}X: {field}\r\n\r\nbody")).url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("body", 0), "{}", run.stderr.len());
}

#[test]
fn responses_that_end_too_early() {
    assert_malformed("", 9, &["without a response"]);
    assert_malformed("HTTP/1.1 200 OK\r\nContent-", 9, &["within the response's head"]);
    let (run, file, part) = into_file(&Peer::responding(format!("{HEAD}Content-Length: 10\r\n\r\nonly")), &[]);
    run.assert_failed(9, &["promised 10 bytes, 4 came", "4 bytes are in", "file.part", "-C"]);
    assert_eq!((file, part.as_deref()), (None, Some(&b"only"[..])));
    let chunked = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n");
    let (run, file, part) = into_file(&Peer::responding(chunked), &["--http", "1.1"]);
    run.assert_failed(9, &["no last chunk", "bytes are in"]);
    assert_eq!((file, part.as_deref()), (None, Some(&b"only"[..])));
}

#[test]
fn what_came_with_an_error_in_a_chunk_is_a_part() {
    for (chunk, words) in [
        ("x\r\n", "size in hexadecimal"),
        ("fffffffffffffffff\r\n", "too large a number"),
        ("1\r\nab\r\n", "does not end where its size says"),
        ("1\r\na\n0\r\n\r\n", "data is followed by LF alone"),
        ("1\na\r\n", "size ends with LF alone"),
        ("1 1\r\na\r\n", "size is malformed."),
    ] {
        let bytes = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n{chunk}");
        let (run, file, part) = into_file(&Peer::responding(bytes), &["--http", "1.1"]);
        run.assert_failed(8, &[words, "bytes are in"]);
        assert!(file.is_none() && part.expect("a part").starts_with(b"good"), "{}", run.stderr);
    }
}

#[test]
fn more_than_was_promised_is_left_out() {
    let (run, file, part) = into_file(&Peer::responding(format!("{HEAD}Content-Length: 4\r\n\r\nonly and more")), &[]);
    assert_eq!((run.code, file.as_deref(), part), (0, Some(&b"only"[..]), None), "{}", run.stderr);
}

#[test]
fn a_reset_is_shown_by_where_it_came() {
    /// Sends these bytes, and resets when they were read: when the test says so.
    fn resetting(bytes: String, is_read: mpsc::Receiver<()>) -> Peer {
        Peer::start(move |_, stream: &mut TcpStream| {
            read_request(stream);
            stream.write_all(bytes.as_bytes()).expect("the client reads");
            is_read.recv_timeout(Duration::from_secs(20)).expect("a word");
            reset(stream);
        })
    }
    for (bytes, words) in [
        (String::new(), "before a response came"),
        (HEAD.to_owned(), "within the response's head"),
        (format!("{HEAD}Content-Length: 10\r\n\r\nonly"), "within the response's body: 4 bytes"),
    ] {
        let (say, is_read) = mpsc::channel();
        let peer = resetting(bytes.clone(), is_read);
        let place = crate::harness::folder();
        let part = place.path().join("file.part");
        let run = std::thread::scope(|scope| {
            let run = scope.spawn(|| fetch_in(place.path(), &["-o", "file", &peer.url("/")]));
            let is_body = bytes.contains("only");
            let deadline = Instant::now() + Duration::from_secs(20);
            while is_body && std::fs::metadata(&part).map_or(0, |metadata| metadata.len()) < 4 {
                assert!(Instant::now() < deadline, "the part does not come");
                std::thread::yield_now();
            }
            say.send(()).expect("it listens");
            run.join().expect("a run")
        });
        run.assert_failed(7, &[words]);
        assert!(
            run.stderr.contains(" RST     a call failed: the server reset the connection, first"),
            "{}",
            run.stderr
        );
        assert!(!place.path().join("file").exists());
    }
}

#[test]
fn silence_is_given_up_in_time_wherever_it_begins() {
    for (bytes, words) in [
        (String::new(), "No response came in time"),
        (HEAD.to_owned(), "head was not complete in time"),
        (format!("{HEAD}Content-Length: 10\r\n\r\nonly"), "4 bytes came"),
    ] {
        let peer = Peer::start(move |_, stream| {
            read_request(stream);
            stream.write_all(bytes.as_bytes()).expect("the client reads");
            wait_for_end(stream);
        });
        let before = Instant::now();
        let (run, file, _) = into_file(&peer, &["--timeout", "0.3"]);
        run.assert_failed(6, &[words]);
        assert!(file.is_none() && before.elapsed() >= Duration::from_millis(300), "{:?}", before.elapsed());
    }
}

/// A peer that begins its response like this, and goes on in these drops without an end.
fn dripping(begin: &'static str, drop: &'static str) -> Peer {
    Peer::start(move |_, stream| {
        read_request(stream);
        stream.write_all(begin.as_bytes()).expect("the client reads");
        stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
        while stream.write_all(drop.as_bytes()).is_ok() {
            // The pause is a read that finds nothing, or the end.
            if matches!(std::io::Read::read(stream, &mut [0; 1]), Ok(0)) {
                return;
            }
        }
    })
}

#[test]
fn what_is_no_body_does_not_drip_for_ever() {
    for (begin, drop, words) in [
        (HEAD, "X: y\r\n", "head was not complete in time"),
        (TRAILERS, "X: y\r\n", "The trailer section behind the last chunk was not complete in time: 2 bytes came"),
        (CHUNK_LINE, "a", "body was not complete in time: 0 bytes came"),
    ] {
        for rate in [&[][..], &["--read-rate", "100k"]] {
            let peer = dripping(begin, drop);
            fetch(&[&["--timeout", "0.5"], rate, &[&peer.url("/")]].concat()).assert_failed(6, &[words]);
        }
    }
}

#[test]
fn a_body_that_drips_is_waited_for() {
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        stream.write_all(HEAD.as_bytes()).and_then(|()| stream.write_all(b"\r\n")).expect("the client reads");
        stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        for _ in 0..8 {
            stream.write_all(b"x").expect("the client waits");
            let _ = std::io::Read::read(stream, &mut [0; 1]); // a pause
        }
        end(stream);
    });
    let run = fetch(&["--timeout", "0.4", &peer.url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("xxxxxxxx", 0), "{}", run.stderr);
}

#[test]
fn redirects_that_lead_nowhere_are_shown() {
    let to = |location: &str| format!("HTTP/1.0 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let follow = |location: &str| {
        let peer = Peer::responding(to(location));
        fetch(&["-L", &peer.url("/a")])
    };
    follow("https://localhost/").assert_failed(11, &["encrypted"]);
    follow("file:///etc/passwd").assert_failed(11, &["file://"]);
    follow("http://u:p@h/").assert_failed(11, &["password"]);
    let peer = Peer::start(move |index, stream| {
        read_request(stream);
        stream.write_all(to(&format!("/{index}")).as_bytes()).expect("the client reads");
        end(stream);
    });
    let run = fetch(&["-L", &peer.url("/a")]);
    run.assert_failed(11, &["More than 10 redirects"]);
    assert_eq!(run.stderr.matches(" next ").count(), 10, "{}", run.stderr);
}

#[test]
fn a_kept_connection_that_ended_is_made_anew() {
    let peer = Peer::start(|_, stream| {
        // One response a connection, whatever it says of keeping it.
        read_request(stream);
        let response = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(response.as_bytes()).expect("the client reads");
        let _ = stream.shutdown(std::net::Shutdown::Write);
        wait_for_end(stream);
    });
    let run = fetch(&["-k", "--repeat", "3", &peer.url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("okokok", 0), "{}", run.stderr);
}

#[test]
fn interim_responses_and_trailers_are_recorded_and_in_the_story() {
    let bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\
                  Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n";
    let peer = Peer::responding(bytes);
    let record = fetch(&["--json", "--http", "1.1", &peer.url("/")]).record();
    let exchange = &record["transfers"][0]["exchange"];
    assert_eq!(exchange["interim"], serde_json::json!([100, 103]));
    assert_eq!(exchange["response"]["trailers"][0]["name"], "X-Sum");
    assert_eq!((&exchange["traffic"]["body"], &exchange["response"]["framing"]["by"]), (&3.into(), &"chunked".into()));
    for (language, rows) in [
        (
            "en",
            [
                "interim HTTP/1.1 100 Continue · interim, 25 bytes",
                "interim HTTP/1.1 103 Early Hints · interim, 37 bytes",
                "head    HTTP/1.1 200 OK · head 47 bytes",
            ],
        ),
        (
            "ko",
            [
                "중간    HTTP/1.1 100 Continue · 중간 응답, 25바이트",
                "중간    HTTP/1.1 103 Early Hints · 중간 응답, 37바이트",
                "헤더    HTTP/1.1 200 OK · 헤더 47바이트",
            ],
        ),
    ] {
        let story = fetch(&["--lang", language, "--http", "1.1", &peer.url("/")]).stderr;
        let places = rows.map(|row| story.find(row).unwrap_or_else(|| panic!("{row}: {story}")));
        assert!(places.is_sorted(), "{story}");
    }
}

#[test]
fn an_abort_resets_and_keeps_what_came() {
    let (say, heard) = mpsc::channel();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        stream.write_all(format!("{HEAD}Content-Length: 100000000\r\n\r\n").as_bytes()).expect("the client reads");
        let error = loop {
            if let Err(error) = stream.write_all(&[b'x'; 65_536]) {
                break error;
            }
        };
        say.send(error.kind()).expect("the test listens");
    });
    let (run, file, part) = into_file(&peer, &["--abort-after", "1k"]);
    assert_eq!((run.code, file, part), (0, None, Some(vec![b'x'; 1024])), "{}", run.stderr);
    assert!(run.stderr.contains(" RST     the client reset it: it stopped before the end of"), "{}", run.stderr);
    let kind = heard.recv_timeout(Duration::from_secs(20)).expect("it heard");
    assert!(matches!(kind, std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe), "{kind}");
}

#[test]
fn a_408_that_crosses_a_request_is_the_end_of_a_connection() {
    let respond = |statuses: [&'static str; 2]| {
        Peer::start(move |index, stream| {
            read_request(stream);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
                .expect("the client reads");
            if index < 2 {
                read_request(stream);
                let head =
                    format!("HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", statuses[index]);
                stream.write_all(head.as_bytes()).expect("the client reads");
            }
            end(stream);
        })
    };
    // The third request meets it again, on another connection that was reused.
    let peer = respond(["408", "408"]);
    let run = fetch(&["--http", "1.1", "-k", "--repeat", "3", &peer.url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("okokok", 0), "{}", run.stderr);
    assert_eq!(run.stderr.matches("retried on a new connection").count(), 2, "{}", run.stderr);
    // Not even its head is shown, where the head alone is wanted.
    let peer = Peer::start(|index, stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n").expect("the client reads");
        if index == 0 {
            read_request(stream);
            stream.write_all(b"HTTP/1.1 408 x\r\nConnection: close\r\n\r\n").expect("the client reads");
        }
        end(stream);
    });
    let run = fetch(&["--http", "1.1", "-k", "--repeat", "2", "--head", &peer.url("/")]);
    assert_eq!((run.text().matches("200").count(), run.text().contains("408")), (2, false), "{}", run.stderr);
    // What may not be sent twice is not.
    let peer = respond(["408", "200"]);
    let run = fetch(&["--http", "1.1", "-k", "--repeat", "2", "-d", "x=1", &peer.url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("okno", 0), "{}", run.stderr);
    // On a connection of its own it is a response.
    let run = fetch(&[&Peer::responding("HTTP/1.0 408 x\r\nContent-Length: 2\r\n\r\nno").url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("no", 0), "{}", run.stderr);
}
