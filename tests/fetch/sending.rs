//! Requests with a method and a body of one's own, and what a redirect makes of them.

use super::fetch_in;
use super::peer::{Peer, end, read_request, wait_for_end};
use super::{Run, fetch};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

/// Reads a request and the body that it announces.
fn read_whole(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let head = read_request(stream);
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
    stream.read_exact(&mut body).expect("the body");
    (head, body)
}

/// A peer that gives these heads in turn, and what it was sent.
fn responding(responses: &'static [&'static str]) -> (Peer, mpsc::Receiver<(String, Vec<u8>)>) {
    let (say, heard) = mpsc::channel();
    let peer = Peer::start(move |index, stream| {
        let _ = say.send(read_whole(stream));
        let response = responses.get(index).or(responses.last()).expect("a response");
        stream.write_all(response.as_bytes()).expect("the client reads");
        end(stream);
    });
    (peer, heard)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[track_caller]
fn assert_ok(run: &Run) {
    assert_eq!((run.text().as_str(), run.code), ("ok", 0), "{}", run.stderr);
}

#[test]
fn a_form_is_posted() {
    let (peer, heard) = responding(&[OK]);
    assert_ok(&fetch(&["-d", "name=Ada", "--data", "x=1", &peer.url("/form")]));
    let (head, body) = heard.recv().expect("a request");
    assert!(head.starts_with("POST /form HTTP/1.0\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert_eq!((body.as_slice(), head.matches("Content-Length: 12\r\n").count()), (&b"name=Ada&x=1"[..], 1));
}

#[test]
fn methods_are_sent_as_they_are_typed() {
    for (arguments, line, length) in [
        (&["-X", "DELETE"][..], "DELETE / HTTP/1.0", None),
        (&["-X", "POST"], "POST / HTTP/1.0", Some(0)),
        (&["-d", ""], "POST / HTTP/1.0", Some(0)),
        (&["-X", "PUT", "-d", "abc"], "PUT / HTTP/1.0", Some(3)),
        (&["-X", "purge"], "purge / HTTP/1.0", None),
    ] {
        let (peer, heard) = responding(&[OK]);
        assert_ok(&fetch(&[arguments, &[&peer.url("/")]].concat()));
        let (head, body) = heard.recv().expect("a request");
        assert_eq!(head.lines().next(), Some(line));
        assert_eq!(body.len(), length.unwrap_or(0));
        assert_eq!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), length.is_some(), "{head}");
    }
    let peer = Peer::responding("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(fetch(&["-X", "HEAD", &peer.url("/")]).code, 0);
    for wrong in
        [&["-X", "A B"][..], &["-X", "CONNECT"], &["-X", ""], &["--head", "-d", "x"], &["-X", "HEAD", "-d", "x"]]
    {
        assert_eq!(fetch(&[wrong, &["h"]].concat()).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_file_is_sent_whole_and_once() {
    let place = crate::harness::folder();
    let content: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
    std::fs::write(place.path().join("data.json"), &content).expect("a file");
    let (peer, heard) = responding(&[OK]);
    let run = fetch_in(place.path(), &["--data-file", "data.json", &peer.url("/")]);
    assert_ok(&run);
    let (head, body) = heard.recv().expect("a request");
    assert!(body == content && head.contains("\r\nContent-Type: application/json\r\n"), "{head}");
    let run = fetch_in(place.path(), &["--data-file", "none", &peer.url("/")]);
    run.assert_failed(1, &["Cannot read none"]);
}

#[test]
fn a_redirect_of_a_post_is_a_get_unless_it_says_repeat() {
    for (status, method, method_after, has_body) in [
        (301, "POST", "GET", false),
        (302, "POST", "GET", false),
        (303, "POST", "GET", false),
        (307, "POST", "POST", true),
        (308, "POST", "POST", true),
        (303, "PUT", "GET", false),
        (302, "PUT", "PUT", true),
        (303, "HEAD", "HEAD", false),
    ] {
        let (say, heard) = mpsc::channel();
        let peer = Peer::start(move |index, stream| {
            say.send(read_whole(stream)).expect("the test listens");
            let first = format!("HTTP/1.1 {status} x\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(if index == 0 { first.as_bytes() } else { OK.as_bytes() }).expect("read");
            end(stream);
        });
        let data: &[&str] = if method == "HEAD" { &[] } else { &["-d", "a=b", "-H", "content-type: text/x"] };
        let run = fetch(&[&["-L", "-X", method], data, &[&peer.url("/")]].concat());
        assert_eq!(run.code, 0, "{status} {method}: {}", run.stderr);
        assert!(heard.recv().expect("a request").0.starts_with(method));
        let (head, body) = heard.recv().expect("a request");
        assert!(head.starts_with(&format!("{method_after} /there ")), "{status} {method}: {head}");
        assert_eq!((!body.is_empty(), head.contains("text/x")), (has_body, has_body), "{status} {method}: {head}");
    }
}

/// One response on a connection that says it is kept; the next request finds it ended.
fn going_stale() -> (Peer, mpsc::Receiver<usize>) {
    let (say, heard) = mpsc::channel();
    let peer = Peer::start(move |index, stream| {
        read_whole(stream);
        let response = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(response.as_bytes()).expect("the client reads");
        if index == 0 {
            read_whole(stream); // it is taken, and nothing says what became of it
            let _ = say.send(index);
            return;
        }
        let _ = say.send(index);
        wait_for_end(stream);
    });
    (peer, heard)
}

#[test]
fn what_may_have_been_done_is_not_done_again() {
    let (peer, _heard) = going_stale();
    let run = fetch(&["-k", "--repeat", "2", &peer.url("/")]);
    assert_eq!((run.text().as_str(), run.code), ("okok", 0), "{}", run.stderr);
    for method in ["POST", "PATCH"] {
        let (peer, heard) = going_stale();
        let run = fetch(&["-k", "--repeat", "2", "-X", method, "-d", "x", &peer.url("/")]);
        assert_eq!((run.text().as_str(), run.code), ("ok", 9), "{}", run.stderr);
        assert_eq!(heard.recv().expect("one connection"), 0);
        drop(peer);
        assert!(heard.recv().is_err(), "there was another");
    }
}

#[test]
fn heads_are_shown_as_they_were_sent() {
    let peer = Peer::responding(
        "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 Fine\r\nX-Odd:  two  blanks\x1b\r\nContent-Length: 2\r\n\r\nok",
    );
    for option in ["-v", "--verbose", "--heads"] {
        let run = fetch(&[option, "-H", "X-Mine: y", &peer.url("/")]);
        for line in
            ["> GET / HTTP/1.0", "> X-Mine: y", "< HTTP/1.1 103 Early", "< Link: </a>", "< X-Odd:  two  blanks\\x1b"]
        {
            assert!(run.stderr.contains(&format!(" {line}\n")), "{line}: {}", run.stderr);
        }
    }
    let run = fetch(&["-q", &peer.url("/")]);
    assert_eq!((run.text().as_str(), run.stderr.as_str()), ("ok", ""));
    assert_eq!(fetch(&["-q", "-v", "h"]).code, 2);
}

/// What the kernel took long ago is still on its way.
#[test]
fn a_request_that_is_taken_slowly_is_waited_for() {
    let place = crate::harness::folder();
    std::fs::write(place.path().join("data"), vec![0; 1_000_000]).expect("a file");
    let sent = |timeout: &str, peer: &Peer| {
        fetch_in(place.path(), &["--timeout", timeout, "--data-file", "data", &peer.url("/")])
    };
    let peer = Peer::start(|_, stream| {
        socket2::SockRef::from(&*stream).set_recv_buffer_size(32 * 1024).expect("a small buffer");
        read_request(stream);
        // One step takes well less than the client's patience, all of them more than that.
        for _ in 0..20 {
            stream.read_exact(&mut [0; 50_000]).expect("the body");
            pause(stream, 100);
        }
        stream.write_all(OK.as_bytes()).expect("the client reads");
        end(stream);
    });
    assert_ok(&sent("1", &peer));
    // This one reads nothing.
    let (say, is_over) = mpsc::channel::<()>();
    let peer = Peer::start(move |_, stream| {
        socket2::SockRef::from(&*stream).set_recv_buffer_size(32 * 1024).expect("a small buffer");
        read_request(stream);
        let _ = is_over.recv();
    });
    let run = sent("0.5", &peer);
    drop(say);
    run.assert_failed(6, &["did not take the request in time"]);
}

/// Nothing is read meanwhile, and nothing is written.
fn pause(stream: &TcpStream, milliseconds: u64) {
    let descriptor = rustix::event::PollFd::new(stream, rustix::event::PollFlags::empty());
    let time = rustix::event::Timespec { tv_sec: 0, tv_nsec: (milliseconds * 1_000_000) as i64 };
    let _ = rustix::event::poll(&mut [descriptor], Some(&time));
}

/// The pauses are this client's own.
#[test]
fn a_request_that_drips_is_in_time() {
    let (peer, heard) = responding(&[OK]);
    assert_ok(&fetch(&["--timeout", "0.2", "--dribble", "5ms", "-d", "name=Ada", &peer.url("/")]));
    assert_eq!(heard.recv().expect("a request").1, b"name=Ada");
    let peer = Peer::start(|_, stream| {
        stream.read_exact(&mut [0; 7]).expect("GET / and its line's end");
        stream.write_all(b"ok").expect("the client reads");
        end(stream);
    });
    assert_ok(&fetch(&["--http", "0.9", "--timeout", "0.1", "--dribble", "200ms", &peer.url("/")]));
}
