//! Places: who takes a response too slowly keeps its place while there are others.

use crate::closing::{folder_with, under_each_model};
use crate::harness::{Client, PATIENCE, Response, Server};
use std::io::{BufRead, Read};
use std::time::{Duration, Instant};

/// Clients that take some bytes ten times a second, until `is_over` says so or one is cut off.
fn trickle(clients: &mut [Client], mut is_over: impl FnMut() -> bool) -> bool {
    while !is_over() {
        for client in clients.iter_mut() {
            match client.socket.read(&mut [0; 20]) {
                Ok(count) if count > 0 => {}
                _ => return false,
            }
        }
        std::thread::sleep(Duration::from_millis(100)); // that is how slow they are
    }
    true
}

#[test]
fn readers_that_trickle_keep_their_places_until_others_want_them() {
    readers_that_trickle(&["json"], &["\"too_slow\"", "reset_by_server"]);
}

#[test]
fn the_access_log_says_who_was_too_slow() {
    readers_that_trickle(&["common", "combined"], &["GET /big.bin HTTP/1.0\" 200 ", " too_slow\n"]);
}

/// Each model, with these logs in turn, of which a line has these parts.
fn readers_that_trickle(logs: &[&str], parts: &[&str]) {
    let (folder, _) = folder_with(20 << 20);
    let logs = std::sync::Mutex::new(logs.iter().cycle());
    under_each_model(|model| {
        let places = if model == "iterative" { 1 } else { 3 };
        let options = ["--model", model, "--max-connections", &places.to_string()];
        let log = logs.lock().expect("no panic").next().expect("one");
        let mut server = Server::start_logging(folder.path(), log, &options);
        let mut slow: Vec<Client> = (0..places).map(|_| server.begin_download("/big.bin")).collect();
        let begun = Instant::now();
        let all_are_served = trickle(&mut slow, || begun.elapsed() > Duration::from_secs(7));
        assert!(all_are_served, "{model}: nobody waits, and one has lost its place");

        let mut other = server.connect();
        other.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
        other.socket.set_nonblocking(true).expect("no waiting");
        let begun = Instant::now();
        trickle(&mut slow, || begun.elapsed() > PATIENCE || other.receive().is_ok());
        other.socket.set_nonblocking(false).expect("waiting");
        assert_eq!(Response::parse(&other.read_to_end()).text(), "small\n", "{model}");

        let mut record = String::new();
        while !parts.iter().all(|part| record.contains(part)) {
            record.clear();
            assert!(server.stdout.read_line(&mut record).expect("a record") > 0, "{model}: the reason is recorded");
        }
    });
}
