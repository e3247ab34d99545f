//! What has to happen in time, and what takes its time rightly.

use super::{BIG, assert_same, folder_with, narrow_client, under_each_model};
use crate::harness::{Response, Server};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::Signal;
use std::io::{ErrorKind, Read, Write};
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

/// When a deadline of one second may be kept on a busy machine, in seconds.
const AFTER_ONE_SECOND: RangeInclusive<f64> = 0.5..=5.0;

fn assert_took(begun: Instant, seconds: RangeInclusive<f64>, what: &str) {
    let took = begun.elapsed().as_secs_f64();
    assert!(seconds.contains(&took), "{what}: {took:.1} s, expected {seconds:?}");
}

#[test]
fn half_a_head_gets_408_at_its_deadline() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        for part in ["G", "GET /small.txt HT", "GET / HTTP/1.1\r\nHost: a\r\nX-Half"] {
            let begun = Instant::now();
            let mut client = server.connect();
            client.send(part.as_bytes());
            let response = Response::parse(&client.read_to_end());
            assert_took(begun, AFTER_ONE_SECOND, model);
            assert_eq!((response.status, response.header("Connection")), (408, Some("close")), "{model}: {part:?}");
        }
    });
}

#[test]
fn what_came_in_time_is_served_after_the_server_itself_paused() {
    let (folder, _) = folder_with(0);
    let options = ["--timeout", "1", "--keep-alive", "1"];
    under_each_model(|model| {
        for (begin, rest) in [
            ("GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n", "GET /small.txt HTTP/1.0\r\n\r\n"),
            ("GET /small.txt HT", "TP/1.0\r\n\r\n"),
        ] {
            let server = Server::start(folder.path(), &[&["--model", model], &options[..]].concat());
            let mut client = server.connect();
            client.send(begin.as_bytes());
            if begin.ends_with("\r\n\r\n") {
                assert_eq!(client.response().status, 200, "{model}");
            }
            server.signal(Signal::STOP);
            client.send(rest.as_bytes());
            // The pause is longer than the deadline; a child does not pause with its parent.
            let mut first = [PollFd::new(&client.socket, PollFlags::IN)];
            let pause = Timespec { tv_sec: 1, tv_nsec: 500_000_000 };
            retry_on_intr(|| poll(&mut first, Some(&pause))).expect("a wait");
            server.signal(Signal::CONT);
            assert_eq!(Response::parse(&client.read_to_end()).status, 200, "{model}: {begin:?}");
        }
    });
}

#[test]
fn a_head_that_drips_does_not_put_its_deadline_off() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let begun = Instant::now();
        let mut client = server.connect();
        // The wait for a response is the pause between two bytes.
        client.socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let mut response = Vec::new();
        for byte in b"GET /small.txt HTTP/1.0\r\nX-Long: ".iter().chain([b'a'; 400].iter()) {
            // After the response it takes no more.
            let _ = client.socket.write_all(&[*byte]);
            match client.socket.read_to_end(&mut response) {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{model}: no orderly end: {error}"),
            }
        }
        assert_took(begun, AFTER_ONE_SECOND, model);
        assert_eq!(Response::parse(&response).status, 408, "{model}");
    });
}

#[test]
fn a_silent_connection_is_closed_without_a_byte() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let begun = Instant::now();
        assert_eq!(server.ask(b""), b"", "{model}");
        assert_took(begun, AFTER_ONE_SECOND, model);
    });
}

#[test]
fn a_kept_connection_is_closed_when_it_has_been_idle_for_its_time() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--keep-alive", "1", "--timeout", "9"]);
        let mut client = server.connect();
        for _ in 0..2 {
            client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(client.response().header("Connection"), Some("keep-alive"), "{model}");
        }
        let begun = Instant::now();
        assert_eq!(client.read_to_end(), b"", "{model}");
        assert_took(begun, AFTER_ONE_SECOND, model);
    });
}

#[test]
fn the_next_head_on_a_kept_connection_has_its_own_deadline() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let mut client = server.connect();
        client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.response().status, 200, "{model}");
        let begun = Instant::now();
        client.send(b"GET /small.t");
        assert_eq!(client.response().status, 408, "{model}");
        assert_took(begun, AFTER_ONE_SECOND, model);
        assert_eq!(client.read_to_end(), b"", "{model}");
    });
}

#[test]
fn a_reader_that_takes_nothing_is_dropped() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let begun = Instant::now();
        let mut client = narrow_client(server.address);
        client.write_all(b"GET /big.bin HTTP/1.0\r\n\r\n").expect("a request");
        // Waits for the reset alone, not for bytes.
        let mut fds = [PollFd::new(&client, PollFlags::empty())];
        let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
        let dropped = retry_on_intr(|| poll(&mut fds, Some(&patience)));
        assert_eq!(dropped, Ok(1), "{model}: it is never dropped");
        // 3 × timeout, as --help says, and 2 s for a busy machine.
        assert_took(begun, 2.0..=5.0, model);
        let error = client.read_to_end(&mut Vec::new()).expect_err("a part must not pass for the whole");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{model}");
        assert_eq!(server.get("/small.txt").status, 200, "{model}");
    });
}

#[test]
fn a_reader_that_keeps_taking_is_served_whole_however_slowly() {
    let (folder, big) = folder_with(BIG);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let mut client = narrow_client(server.address);
        client.write_all(b"GET /big.bin HTTP/1.0\r\n\r\n").expect("a request");
        let mut response = Vec::new();
        let begun = Instant::now();
        // So slowly that the server's send buffer does not become writable within
        // 3 × timeout: only acknowledgements tell that something is taken.
        while begun.elapsed() < Duration::from_secs(8) {
            let mut piece = [0; 4096];
            client.read_exact(&mut piece).unwrap_or_else(|error| panic!("{model}: {error}"));
            response.extend_from_slice(&piece);
            thread::sleep(Duration::from_millis(50));
        }
        assert!(response.len() < 2_000_000, "{model}: that was not slow: {}", response.len());
        client.read_to_end(&mut response).unwrap_or_else(|error| panic!("{model}: {error}"));
        assert_same(&Response::parse(&response).body, &big);
    });
}

#[test]
fn who_still_sends_at_some_rate_gets_the_response_though_it_reads_late() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        // Lingering lasts a second here, unless more comes.
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let mut client = server.connect();
        client.send(b"POST /small.txt HTTP/1.0\r\nContent-Length: 100000000\r\n\r\n");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            client.send(&[b'a'; 50_000]);
            thread::sleep(Duration::from_millis(100)); // that is its rate
        }
        assert_eq!(Response::parse(&client.read_to_end()).status, 405, "{model}");
    });
}

#[test]
fn a_drip_behind_the_last_response_does_not_put_the_end_off() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model, "--timeout", "1"]);
        let mut client = server.connect();
        let begun = Instant::now();
        client.send(b"POST /small.txt HTTP/1.0\r\nContent-Length: 100000000\r\n\r\n");
        while client.socket.write_all(b"a").is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{model}: still taken");
            thread::sleep(Duration::from_millis(100)); // that is its rate
        }
        assert_took(begun, 0.5..=10.0, model);
    });
}
