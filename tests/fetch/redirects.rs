//! Redirects: one decision, bodies that nobody wants, and what never reaches another origin.

use super::peer::{Peer, end, read_request, wait_for_end};
use super::{fetch, fetch_in};
use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 5\r\n\r\nredir")
}

const CREDENTIALS: [&str; 10] = [
    "-H",
    "Authorization: Basic c2VjcmV0",
    "-H",
    "COOKIE: secret=1",
    "-H",
    "proxy-authorization: Basic c2VjcmV0",
    "-H",
    "Host: v.example",
    "-H",
    "X-Other: stays",
];

/// A peer that responds `ok` and says what it was asked.
fn listening() -> (Peer, mpsc::Receiver<String>) {
    let (say, heard) = mpsc::channel();
    let peer = Peer::start(move |_, stream| {
        let _ = say.send(read_request(stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        end(stream);
    });
    (peer, heard)
}

fn assert_bare(request: &str) {
    for secret in ["c2VjcmV0", "secret=1", "v.example"] {
        assert!(!request.contains(secret), "{request}");
    }
    assert!(request.contains("X-Other: stays\r\n") && request.contains("\r\nHost: "), "{request}");
}

#[test]
fn a_redirect_whose_location_is_lost_is_not_followed() {
    for line in ["Location: /ok\x01", "Location: /\x1bok", "Location : /ok", "\x01Location: /ok"] {
        let peer = Peer::responding(format!("HTTP/1.1 302 Found\r\n{line}\r\nContent-Length: 4\r\n\r\nabc\n"));
        let place = crate::harness::folder();
        let run = fetch_in(place.path(), &["-L", "-o", "f", &peer.url("/")]);
        run.assert_failed(11, &["not followed", "Location is malformed"]);
        assert!(!place.path().join("f").exists(), "{line:?}");
        // Nobody asked to follow: the page is the response.
        assert_eq!(fetch(&["-q", &peer.url("/")]).text(), "abc\n");
    }
}

#[test]
fn credentials_stay_with_their_origin() {
    let (other, heard) = listening();
    let port = other.address.port();
    // Another port, another name for the same place.
    for host in ["127.0.0.1", "localhost"] {
        let peer = Peer::responding(to(&format!("http://{host}:{port}/there")));
        let run = fetch(&[&["-L"], &CREDENTIALS[..], &[&peer.url("/")]].concat());
        assert_eq!((run.text().as_str(), run.code), ("ok", 0), "{}", run.stderr);
        assert_bare(&heard.recv().expect("a request"));
        let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let names = "another origin: Authorization, COOKIE, proxy-authorization, Host";
        assert!(said.contains(names), "{}", run.stderr);
    }
}

#[test]
fn credentials_go_on_within_their_origin() {
    let (say, heard) = mpsc::channel();
    let peer = Peer::start(move |index, stream| {
        say.send(read_request(stream)).expect("the test listens");
        let response = if index == 0 { to("/next") } else { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into() };
        stream.write_all(response.as_bytes()).expect("the client reads");
        end(stream);
    });
    let run = fetch(&[&["-L"], &CREDENTIALS[..], &[&peer.url("/")]].concat());
    assert!(run.code == 0 && !run.stderr.contains("another origin"), "{}", run.stderr);
    for _ in 0..2 {
        let request = heard.recv().expect("a request");
        assert!(request.contains("c2VjcmV0") && request.contains("Host: v.example\r\n"), "{request}");
        assert_eq!(request.matches("Host:").count(), 1, "{request}");
    }
}

#[test]
fn credentials_that_are_gone_do_not_come_back() {
    let (say, heard) = mpsc::channel();
    let (tell, address) = mpsc::channel();
    let back = Peer::start(move |_, stream| {
        let home: std::net::SocketAddr = address.recv().expect("an address");
        read_request(stream);
        stream.write_all(to(&format!("http://{home}/back")).as_bytes()).expect("the client reads");
        end(stream);
    });
    let away = back.url("/away");
    let home = Peer::start(move |index, stream| {
        say.send(read_request(stream)).expect("the test listens");
        let response = if index == 0 { to(&away) } else { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into() };
        stream.write_all(response.as_bytes()).expect("the client reads");
        end(stream);
    });
    tell.send(home.address).expect("it listens");
    assert_eq!(fetch(&[&["-L"], &CREDENTIALS[..], &[&home.url("/")]].concat()).code, 0);
    assert!(heard.recv().expect("a request").contains("c2VjcmV0"));
    assert_bare(&heard.recv().expect("a request"));
}

#[test]
fn one_decision_of_where_to_go() {
    let first = |fields: &'static str| {
        Peer::start(move |index, stream| {
            read_request(stream);
            let response = match index {
                0 => format!("HTTP/1.1 302 Found\r\n{fields}Content-Length: 5\r\n\r\nredir"),
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(),
            };
            stream.write_all(response.as_bytes()).expect("the client reads");
            end(stream);
        })
    };
    for (fields, expected) in [
        ("Location: /a\r\nLocation: /b\r\n", "ok"),
        ("Location: /a\r\nLocation: /a\r\n", "ok"),
        ("location:/a\r\n", "ok"),
        ("Location: ?\r\n", "ok"),
        // To itself: the server may have changed its mind.
        ("Location: /\r\n", "ok"),
        ("Location: \r\n", "redir"),
        ("Location:\r\n", "redir"),
        ("", "redir"),
    ] {
        let run = fetch(&["-L", &first(fields).url("/")]);
        assert_eq!((run.text().as_str(), run.code), (expected, 0), "{fields:?}: {}", run.stderr);
        let record = fetch(&["-L", "--json", &first(fields).url("/")]).record();
        let transfers = record["transfers"].as_array().expect("transfers");
        assert_eq!(transfers.len(), if expected == "ok" { 2 } else { 1 }, "{fields:?}");
        assert_eq!(transfers[0]["redirects_to"].is_null(), expected != "ok", "{fields:?}");
    }
}

#[test]
fn a_circle_of_redirects_ends_at_the_limit() {
    for location in ["/", "/a"] {
        let peer = Peer::responding(to(location));
        let run = fetch(&["-L", &peer.url("/")]);
        run.assert_failed(11, &["More than 10 redirects"]);
        assert_eq!(run.stderr.matches(" next ").count(), 10, "{}", run.stderr);
    }
}

/// Heads whose body never comes, is cut, is malformed, or can't be framed.
const BROKEN: [&str; 7] = [
    "Content-Length: 100\r\n\r\ncut",
    "Transfer-Encoding: chunked\r\n\r\n5\r\ncut",
    "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "Transfer-Encoding: gzip\r\n\r\nxx",
    "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "Content-Length: x\r\n\r\n",
    "\r\nuntil the end",
];

#[test]
fn the_body_of_a_failure_decides_nothing() {
    for broken in BROKEN {
        let peer = Peer::responding(format!("HTTP/1.1 404 Not Found\r\n{broken}"));
        let run = fetch(&["-f", "--http", "1.1", &peer.url("/")]);
        run.assert_failed(10, &["404 Not Found"]);
        assert!(run.stdout.is_empty(), "{broken}");
    }
}

#[test]
fn the_body_of_a_redirect_decides_nothing() {
    for broken in BROKEN {
        let (other, _heard) = listening();
        let peer = Peer::responding(format!("HTTP/1.1 302 Found\r\nLocation: {}\r\n{broken}", other.url("/")));
        let run = fetch(&["-L", "--http", "1.1", &peer.url("/")]);
        assert_eq!((run.text().as_str(), run.code), ("ok", 0), "{broken}: {}", run.stderr);
    }
}

#[test]
fn a_body_that_nobody_wants_is_not_waited_for() {
    let (other, _heard) = listening();
    let place = other.url("/");
    for (head, options, code) in [
        (format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 9\r\n\r\nha"), "-L", 0),
        ("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n".to_owned(), "-f", 10),
    ] {
        let hanging = Peer::start(move |_, stream| {
            read_request(stream);
            stream.write_all(head.as_bytes()).expect("the client reads");
            wait_for_end(stream);
        });
        let before = Instant::now();
        for more in [&["--http", "1.1"][..], &["-k"]] {
            let run = fetch(&[&[options, "--timeout", "15"], more, &[&hanging.url("/")]].concat());
            assert_eq!(run.code, code, "{}", run.stderr);
        }
        assert!(before.elapsed() < Duration::from_secs(8), "{:?}", before.elapsed());
    }
}

#[test]
fn a_body_that_nobody_wants_leaves_the_connection_if_it_is_short() {
    let peer = Peer::start(|_, stream| {
        for response in [to("/next"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned()] {
            read_request(stream);
            stream.write_all(response.as_bytes()).expect("the client reads");
        }
        end(stream);
    });
    let place = crate::harness::folder();
    let run = fetch_in(place.path(), &["-L", "-k", "--http", "1.1", "-o", "file", &peer.url("/")]);
    assert!(run.code == 0 && run.stderr.contains(" reused  connection 1"), "{}", run.stderr);
    assert_eq!(std::fs::read(place.path().join("file")).expect("a file"), b"ok");
}

#[test]
fn a_location_is_a_reference_whatever_its_bytes() {
    for (location, target) in [
        (&b"/\xe9?\xe8"[..], "/%E9?%E8"), // Latin-1: the bytes as they are
        ("/\u{e9}".as_bytes(), "/%C3%A9"),
        (b"/x y", "/x%20y"),
        (b"../../b/./c", "/b/c"),
        (b"?q=1", "/a/b?q=1"),
        (b"d#fragment", "/a/d"),
        (b"#only", "/a/b?c=d"),
        (b"..", "/"),
        (b"/a?b=\"<>", "/a?b=%22%3C%3E"),
        (b"/%zz", "/%zz"),
    ] {
        let (say, heard) = mpsc::channel();
        let peer = Peer::start(move |index, stream| {
            say.send(read_request(stream)).expect("the test listens");
            let head = match index {
                0 => [&b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "[..], location, b"\r\n\r\n"].concat(),
                _ => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
            };
            stream.write_all(&head).expect("the client reads");
            end(stream);
        });
        let run = fetch(&["-L", &peer.url("/a/b?c=d")]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let requests: Vec<String> = heard.try_iter().collect();
        assert!(requests[1].starts_with(&format!("GET {target} HTTP/1.0\r\n")), "{location:?}: {}", requests[1]);
    }
}
