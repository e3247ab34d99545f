//! The order to stop: what is under way ends whole, what is idle ends at once.

use super::{BIG, assert_same, folder_with, narrow_client, under_each_model};
use crate::harness::{Client, Response, Server, glasshttp};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const DOWNLOAD: &[u8] = b"GET /big.bin HTTP/1.0\r\n\r\n";
const KEPT_DOWNLOAD: &[u8] = b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client in the middle of a download that fits into no buffer: it has taken `taken`.
fn downloads(server: &Server, request: &[u8], taken: usize) -> (Client, Vec<u8>) {
    let mut client = server.connect();
    client.send(request);
    let mut begin = vec![0; taken];
    client.socket.read_exact(&mut begin).expect("the beginning");
    (client, begin)
}

#[test]
fn a_connection_that_was_to_be_kept_closes_after_the_response_under_way() {
    let (folder, big) = folder_with(BIG);
    under_each_model(|model| {
        // It does not sit out the idle time, nor the grace: either would be too long for these waits.
        let options = ["--model", model, "--keep-alive", "300", "--grace", "300"];
        let mut server = Server::start(folder.path(), &options);
        let (mut client, mut response) = downloads(&server, KEPT_DOWNLOAD, 1000);
        server.signal(Signal::TERM);
        response.extend(client.read_to_end());
        assert_eq!(server.wait().code(), Some(0), "{model}");
        assert_same(&Response::parse(&response).body, &big);
    });
}

/// Waits until nobody takes connections at `address` any more.
fn is_refused(address: SocketAddr) -> bool {
    // Well within the grace; and where a full backlog drops the attempt, the next is soon.
    let deadline = Instant::now() + Duration::from_secs(3);
    while Instant::now() < deadline {
        match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return true,
            _ => thread::yield_now(),
        }
    }
    false
}

#[test]
fn a_download_under_way_ends_whole_and_the_program_with_0() {
    let (folder, big) = folder_with(BIG);
    under_each_model(|model| {
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            let mut server = Server::start(folder.path(), &["--model", model]);
            let (mut client, mut response) = downloads(&server, DOWNLOAD, 1000);
            server.signal(signal);
            response.extend(client.read_to_end());
            assert_same(&Response::parse(&response).body, &big);
            assert_eq!(server.wait().code(), Some(0), "{model}, {signal:?}");
        }
    });
}

#[test]
fn while_a_download_goes_on_new_connections_are_refused() {
    let (folder, big) = folder_with(BIG);
    under_each_model(|model| {
        let mut server = Server::start(folder.path(), &["--model", model]);
        let (mut client, mut response) = downloads(&server, DOWNLOAD, 1000);
        server.signal(Signal::TERM);
        let refused = is_refused(server.address);
        response.extend(client.read_to_end());
        assert_same(&Response::parse(&response).body, &big);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        assert!(refused, "{model}: a new connection was taken while the server finished");
    });
}

#[test]
fn idle_connections_close_at_once() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        for signal in [Signal::TERM, Signal::INT] {
            let mut server = Server::start(folder.path(), &["--model", model]);
            let mut kept = server.connect();
            kept.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(kept.response().status, 200, "{model}");
            let begun = Instant::now();
            server.signal(signal);
            assert_eq!(kept.read_to_end(), b"", "{model}");
            assert_eq!(server.wait().code(), Some(0), "{model}, {signal:?}");
            // Far less than any timeout or the grace.
            assert!(begun.elapsed() < Duration::from_secs(5), "{model}: {:?}", begun.elapsed());
        }
    });
}

#[test]
fn idle_and_silent_connections_close_while_a_download_goes_on() {
    let (folder, big) = folder_with(BIG);
    let mut server = Server::start(folder.path(), &["--model", "thread"]);
    let (mut client, mut response) = downloads(&server, DOWNLOAD, 1000);
    let mut kept = server.connect();
    kept.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(kept.response().status, 200);
    let mut silent = server.connect();
    // Connections are accepted in order: when this one has its response, the silent one is known.
    assert_eq!(server.get("/small.txt").status, 200);
    let begun = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(kept.read_to_end(), b"");
    assert_eq!(silent.read_to_end(), b"");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    response.extend(client.read_to_end());
    assert_same(&Response::parse(&response).body, &big);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn after_the_order_a_kept_connection_gets_the_response_under_way_as_its_last() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = Server::start(folder.path(), &["--model", model]);
        let mut client = server.connect();
        client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /small.txt HTTP/1.1\r\nHo");
        assert_eq!(client.response().status, 200, "{model}");
        server.signal(Signal::TERM);
        // The head had begun: it is under way.
        client.send(b"st: a\r\n\r\n");
        let response = client.response();
        assert_eq!((response.status, response.text().as_str()), (200, "small\n"), "{model}");
        assert_eq!(client.read_to_end(), b"", "{model}");
        assert_eq!(server.wait().code(), Some(0), "{model}");
    });
}

#[test]
fn grace_bounds_a_download_that_never_ends() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        let mut server = Server::start(folder.path(), &["--model", model, "--grace", "1"]);
        let mut client = narrow_client(server.address);
        client.write_all(DOWNLOAD).expect("a request");
        client.read_exact(&mut [0; 100]).expect("the beginning");
        let begun = Instant::now();
        server.signal(Signal::TERM);
        assert!(server.wait().code().is_some(), "{model}: it exits by itself");
        let took = begun.elapsed().as_secs_f64();
        assert!((0.5..5.0).contains(&took), "{model}: {took:.1} s");
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        let mut server = Server::start(folder.path(), &["--model", model, "--grace", "300"]);
        let (mut client, mut response) = downloads(&server, DOWNLOAD, 100);
        let begun = Instant::now();
        // The second comes when the first has had its effect: two at a time may
        // be delivered as one, or to two threads at once (signal(7)).
        server.signal(Signal::TERM);
        assert!(is_refused(server.address), "{model}");
        server.signal(Signal::INT);
        let code = server.wait().code();
        assert!(code.is_some_and(|code| code != 0), "{model}: {code:?}");
        // Nor does a child go on for a client of whom nobody hears any more.
        let end = client.socket.read_to_end(&mut response);
        assert!(end.is_err() || response.len() < BIG, "{model}: all of it came");
        assert!(begun.elapsed() < Duration::from_secs(5), "{model}: {:?}", begun.elapsed());
    });
}

/// The one child of a process (proc(5)).
fn child_of(process: u32) -> Option<u32> {
    std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?.trim().parse().ok()
}

#[test]
fn it_stops_as_process_1_as_well() {
    let isolate = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new("unshare").args(isolate).arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!("not tested: unshare(1) may not make a process namespace here");
        return;
    }
    let (folder, _) = folder_with(0);
    for signal in [Signal::TERM, Signal::INT] {
        let mut command = Command::new("unshare");
        command.args(isolate).arg(glasshttp().get_program()).args(["--port", "0", "--log", "off"]).arg(folder.path());
        let mut server = Server::spawn(&mut command);
        let child = child_of(server.id()).expect("unshare's child");
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).expect("its status");
        let numbers = status.lines().find(|line| line.starts_with("NSpid:")).expect("its numbers");
        assert!(numbers.ends_with("\t1"), "{numbers}");
        assert_eq!(server.get("/small.txt").status, 200);
        let pid = Pid::from_raw(child.try_into().expect("a small number")).expect("not 0");
        kill_process(pid, signal).expect("it runs");
        assert_eq!(server.wait().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn signals_that_mean_nothing_end_nothing() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = Server::start(folder.path(), &["--model", model]);
        for signal in [Signal::USR1, Signal::USR2] {
            server.signal(signal);
        }
        assert_eq!(server.get("/small.txt").text(), "small\n", "{model}");
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
    });
}

#[test]
fn a_terminal_that_closes_is_no_order_under_nohup() {
    let (folder, _) = folder_with(0);
    let mut command = Command::new("nohup");
    command.arg(glasshttp().get_program()).args(["--port", "0", "--log", "off", "--no-watch"]).arg(folder.path());
    let mut server = Server::spawn(&mut command);
    server.signal(Signal::HUP);
    assert_eq!(server.get("/small.txt").text(), "small\n");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}
