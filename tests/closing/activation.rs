//! Listening sockets that somebody else holds, as systemd does: while one server ends
//! and the next one starts, clients wait in their queue.

use super::restart::{Tally, client, wait_for};
use super::{folder_with, under_each_model};
use crate::harness::{PATIENCE, Server, glasshttp};
use rustix::process::Signal;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

/// Hands over standard input as descriptor 3, and says so, as the process that it becomes.
pub const HAND_OVER: &str = r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@""#;

fn with_socket(socket: &TcpListener, options: &[&str]) -> Command {
    let socket: OwnedFd = socket.try_clone().expect("a descriptor").into();
    let mut command = Command::new("sh");
    command.args(["-c", HAND_OVER, "sh"]).arg(glasshttp().get_program());
    command.args(["--log", "off", "--no-watch"]).args(options).stdin(Stdio::from(socket));
    command
}

#[test]
fn nobody_is_lost_and_nobody_refused_at_three_restarts() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("its address");
        let start = || Server::spawn(with_socket(&socket, &["--model", model, "--workers", "2"]).arg(folder.path()));
        let tally = Tally::default();
        let mut server = start();
        assert_eq!(server.address, address, "{model}");
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| client(address, "HTTP/1.0", &tally));
            }
            for _ in 0..3 {
                wait_for(&tally, 300);
                server.signal(Signal::TERM);
                assert_eq!(server.wait().code(), Some(0), "{model}");
                server = start();
            }
            wait_for(&tally, 300);
            tally.is_over.store(true, SeqCst);
        });
        assert_eq!((tally.refused.load(SeqCst), tally.lost.load(SeqCst)), (0, 0), "{model}: refused, lost");
    });
}

#[test]
fn a_socket_that_was_handed_over_says_who_may_ask() {
    let (folder, _) = folder_with(0);
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let server = Server::spawn(with_socket(&socket, &[]).arg(folder.path()));
    let status = |server: &Server, host: &str| server.get_with("/small.txt", &format!("Host: {host}\r\n")).status;
    assert_eq!(status(&server, "www.example.org"), 200);
    drop(server);
    let server = Server::spawn(with_socket(&socket, &["--host", "dev.example"]).arg(folder.path()));
    let statuses = ["dev.example", "192.168.0.1", "www.example.org"].map(|host| status(&server, host));
    assert_eq!(statuses, [200, 200, 421], "names that were given, and any address");
}

#[test]
fn sockets_of_another_process_are_nothing_to_this_one() {
    let (folder, _) = folder_with(0);
    let start = |variables: &[(&str, &str)]| {
        let mut command = glasshttp();
        command.args(["--port", "0", "--log", "off", "--no-watch"]).arg(folder.path());
        command.envs(variables.iter().copied());
        command
    };
    for variables in [
        &[("LISTEN_PID", "1"), ("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "site")][..],
        &[("LISTEN_PID", "1"), ("LISTEN_FDS", "x")],
        &[("LISTEN_FDNAMES", "x")],
        &[("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "x:y")],
    ] {
        assert_eq!(Server::spawn(&mut start(variables)).get("/small.txt").status, 200, "{variables:?}");
    }
    let output =
        start(&[("LISTEN_PID", "x"), ("LISTEN_FDS", "1"), ("LC_ALL", "ko_KR.UTF-8")]).output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains(": LISTEN_PID의 값이") && complaint.contains("env -u LISTEN_PID"), "{complaint}");
    assert!(!complaint.contains("invalid"), "{complaint}");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    for (variables, said) in [
        ("LISTEN_FDS=x", "invalid LISTEN_FDS;"),
        ("LISTEN_FDNAMES=x:y", "invalid LISTEN_FDNAMES;"),
        ("LISTEN_FDS=900", "that LISTEN_FDS counts: "),
    ] {
        let hand_over = HAND_OVER.replace("exec \"$@\"", &format!("{variables} exec \"$@\""));
        let mut command = Command::new("sh");
        command.args(["-c", &hand_over, "sh"]).arg(glasshttp().get_program()).args(["--lang", "en"]);
        let socket: OwnedFd = socket.try_clone().expect("a descriptor").into();
        let output = command.arg(folder.path()).stdin(Stdio::from(socket)).output().expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains(said) && complaint.contains("env -u LISTEN_PID"), "{complaint}");
        assert_eq!((complaint.lines().count(), output.status.code()), (1, Some(1)), "{complaint}");
    }
}

#[test]
fn a_place_that_was_typed_and_a_socket_are_one_too_many() {
    let (folder, _) = folder_with(0);
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let output = with_socket(&socket, &["--port", "8080"]).arg(folder.path()).output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("handed over") && complaint.contains("--port"), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_does_not_listen_is_named() {
    let (folder, _) = folder_with(0);
    let (socket, _other) = UnixDatagram::pair().expect("sockets");
    let mut command = with_socket(&TcpListener::bind("127.0.0.1:0").expect("a socket"), &[]);
    command.stdin(Stdio::from(OwnedFd::from(socket)));
    let output = command.arg(folder.path()).output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("descriptor 3") && complaint.contains("no stream socket"), "{complaint}");
}

#[test]
fn the_service_manager_hears_when_it_is_ready_and_when_it_stops() {
    let (folder, _) = folder_with(0);
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut command = glasshttp();
    command.args(["--port", "0", "--log", "off", "--no-watch"]).arg(folder.path()).env("NOTIFY_SOCKET", &path);
    let mut server = Server::spawn(&mut command);
    let mut buffer = [0; 256];
    let mut hear = || {
        let count = manager.recv(&mut buffer).expect("a message");
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    };
    assert_eq!(hear(), "READY=1\n");
    server.signal(Signal::TERM);
    assert_eq!(hear(), "STOPPING=1\n");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
#[ignore = "needs systemd-socket-activate"]
fn systemds_own_socket_activation() {
    let (folder, _) = folder_with(0);
    let free = TcpListener::bind("127.0.0.1:0").expect("a socket").local_addr().expect("its address");
    let mut command = Command::new("systemd-socket-activate");
    command.arg(format!("--listen={free}")).arg("--fdname=site").arg(glasshttp().get_program());
    command.args(["--log", "off", "--no-watch"]).arg(folder.path());
    // It starts the server when the first client comes.
    let client = thread::spawn(move || {
        loop {
            if let Ok(socket) = std::net::TcpStream::connect_timeout(&free, PATIENCE) {
                return socket;
            }
        }
    });
    let mut server = Server::spawn(&mut command);
    drop(client.join().expect("connected"));
    assert_eq!((server.address, server.get("/small.txt").status), (free, 200));
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}
