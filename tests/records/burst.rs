//! More than can be recorded: nothing is lost silently, and nobody waits.

use super::{Watched, port};
use crate::closing::{folder_with, under_each_model};
use crate::harness::{Response, Server, glasshttp};
use glasshttp::record::Reason;
use rustix::process::Signal;
use std::collections::HashSet;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

const SIMPLE: &[u8] = b"GET /small.txt HTTP/1.0\r\n\r\n";

/// One connection after another: their own addresses.
fn connections(server: &Server, count: usize) -> Vec<SocketAddr> {
    let ask = |_| {
        let mut client = server.connect();
        client.send(SIMPLE);
        assert_eq!(Response::parse(&client.read_to_end()).text(), "small\n");
        port(&client)
    };
    (0..count).map(ask).collect()
}

#[test]
fn of_a_thousand_fast_connections_each_is_recorded_or_counted() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let clients = connections(&watched.server, 1000);
        watched.server.signal(Signal::TERM);
        assert_eq!(watched.server.wait().code(), Some(0), "{model}");
        let records = watched.rest();
        let [connections, exchanges, reports] = watched.left_out;
        assert_eq!(records.len() as u64 + connections, 1000, "{model}");
        let numbers: HashSet<u64> = records.iter().map(|record| record.connection).collect();
        assert_eq!(numbers.len(), records.len(), "{model}: each is told once");
        assert!(numbers.iter().all(|number| (1..=1000).contains(number)));
        for record in &records {
            assert!(clients.iter().any(|client| record.client == *client), "{model}: who is {}?", record.client);
            let close = record.close.as_ref().expect("its end");
            let exchanges = record.exchanges.len() as u64 + record.exchanges_left_out;
            assert!(exchanges == 1 || (exchanges == 0 && reports > 0), "{model}: {record:?}");
            assert!(reports > 0 || close.reason == Reason::Http10, "{model}: {close:?}");
        }
        // One after another they are few at a time: the collector keeps up, but for a busy machine.
        assert!(records.len() > 500, "{model}: {}, and {connections}, {exchanges}, {reports} left out", records.len());
    });
}

/// Starts the program with a log that nobody reads.
fn start_unread(folder: &Path, options: &[&str]) -> Server {
    Server::spawn(glasshttp().args(["--port", "0", "--no-watch", "--host", "*"]).args(options).arg(folder))
}

/// How many of `what` the program said on standard error that it has not recorded.
fn said(errors: &str, what: &str) -> u64 {
    let Some((before, _)) = errors.split_once(&format!(" {what}")) else { return 0 };
    before
        .rsplit(' ')
        .next()
        .and_then(|count| count.replace(',', "").parse().ok())
        .unwrap_or_else(|| panic!("a number: {errors}"))
}

#[test]
fn a_log_that_nobody_reads_makes_nobody_wait_and_what_is_missing_is_said() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = start_unread(folder.path(), &["--log", "json", "--model", model]);
        // 2 KiB of log each: more than what holds the log and what holds the reports together.
        connections(&server, 1500);
        let begun = Instant::now();
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{model}: {:?}", begun.elapsed());

        let mut log = String::new();
        server.stdout.read_to_string(&mut log).expect("what the pipe held");
        let recorded = log.split_inclusive('\n').filter(|line| line.starts_with("{") && line.ends_with("}}\n")).count();
        assert!(recorded > 5, "{model}: {log}");
        let errors = server.complaints();
        let missing = said(&errors, "connections");
        assert_eq!(recorded as u64 + missing, 1500, "{model}: {recorded} lines of the log, and it said {errors:?}");
    });
}

#[test]
fn lines_that_nobody_reads_are_counted_too() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = start_unread(folder.path(), &["--log", "common", "--model", model]);
        let mut client = server.connect();
        let batch = b"HEAD /small.txt HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
        for _ in 0..200 {
            client.send(&batch);
            for _ in 0..100 {
                assert_eq!(client.head_response().status, 200);
            }
        }
        drop(client);
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        let mut log = String::new();
        server.stdout.read_to_string(&mut log).expect("what the pipe held");
        let recorded = log.split_inclusive('\n').filter(|line| line.ends_with("200 0\n")).count();
        let errors = server.complaints();
        let missing = said(&errors, "reports");
        assert_eq!(recorded as u64 + missing, 20_000, "{model}: {recorded} lines, and it said {errors:?}");
    });
}
