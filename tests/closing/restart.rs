//! A server that is replaced while clients come: nobody who reached it is lost.
//! Between the two there is nobody, and who comes then is refused, or comes again.

use super::{folder_with, under_each_model};
use crate::harness::{PATIENCE, Server, glasshttp};
use rustix::process::Signal;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 64;
const RESTARTS: usize = 3;
/// Responses between two restarts: each client has had some.
const MEANWHILE: usize = 5 * CLIENTS;

/// For how long a server that stops waits at least for the next request on a connection that is open.
const IDLE: Duration = Duration::from_millis(200);

/// What became of the clients' attempts.
#[derive(Default)]
pub struct Tally {
    served: AtomicUsize,
    pub refused: AtomicUsize,
    pub lost: AtomicUsize,
    pub is_over: AtomicBool,
}

/// One request on this connection, and when it was sent: whether its response says that it goes on.
fn ask(socket: &mut TcpStream, version: &str, sent: &mut Instant) -> std::io::Result<bool> {
    let written = write!(socket, "GET /small.txt {version}\r\nHost: localhost\r\n\r\n");
    *sent = Instant::now();
    written?;
    let mut response = Vec::new();
    let mut buffer = [0; 1024];
    while !response.ends_with(b"\r\n\r\nsmall\n") {
        match socket.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => response.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&response).contains("Connection: keep-alive"))
}

/// Asks again and again, on connections of its own or on kept ones.
pub fn client(address: SocketAddr, version: &str, tally: &Tally) {
    while !tally.is_over.load(SeqCst) {
        let mut sent = Instant::now();
        let mut socket = match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(socket) => socket,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                tally.refused.fetch_add(1, SeqCst);
                thread::yield_now();
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        loop {
            let before = sent;
            match ask(&mut socket, version, &mut sent) {
                Ok(goes_on) => {
                    tally.served.fetch_add(1, SeqCst);
                    if !goes_on || tally.is_over.load(SeqCst) {
                        break;
                    }
                }
                // A machine that lets it wait for so long makes it an idle client, and those are closed.
                Err(_) if sent - before > IDLE => break,
                Err(error) => {
                    eprintln!("lost, {version}: {error}");
                    tally.lost.fetch_add(1, SeqCst);
                    break;
                }
            }
        }
    }
}

pub fn wait_for(tally: &Tally, more: usize) {
    let enough = tally.served.load(SeqCst) + more;
    while tally.served.load(SeqCst) < enough {
        thread::yield_now();
    }
}

/// Restarts the server under 64 clients; says how many attempts were refused and lost.
fn restart_under_load(version: &str, options: &[&str]) -> (usize, usize) {
    let (folder, _) = folder_with(0);
    let mut server = Server::start(folder.path(), options);
    let address = server.address;
    let port = server.port().to_string();
    let tally = Tally::default();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| client(address, version, &tally));
        }
        for _ in 0..RESTARTS {
            wait_for(&tally, MEANWHILE);
            server.signal(Signal::TERM);
            assert_eq!(server.wait().code(), Some(0), "{options:?}");
            let again = ["--log", "off", "--no-watch", "--port", &port];
            server = Server::spawn(glasshttp().args(again).args(options).arg(folder.path()));
        }
        wait_for(&tally, MEANWHILE);
        tally.is_over.store(true, SeqCst);
    });
    (tally.refused.into_inner(), tally.lost.into_inner())
}

#[test]
fn no_client_that_was_connected_is_lost_at_three_restarts() {
    under_each_model(|model| {
        let (_, lost) = restart_under_load("HTTP/1.0", &["--model", model]);
        assert_eq!(lost, 0, "{model}");
    });
}

#[test]
fn those_who_wait_for_one_of_few_places_are_served_within_the_bound() {
    let (_, lost) =
        restart_under_load("HTTP/1.0", &["--model", "multiplex", "--workers", "1", "--max-connections", "2"]);
    assert_eq!(lost, 0);
}

#[test]
fn no_client_of_a_kept_connection_is_lost_either() {
    // One connection at a time is kept by the iterative model: the others wait for it.
    for model in ["process", "thread", "multiplex"] {
        let (_, lost) = restart_under_load("HTTP/1.1", &["--model", model]);
        assert_eq!(lost, 0, "{model}");
    }
}
