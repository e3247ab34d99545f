//! The end of the server: what was open is recorded, too, and how it ended.

use super::{Watched, check_bytes, check_close, check_exchange, measured, port};
use crate::closing::{BIG, assert_same, folder_with, narrow_client, under_each_model};
use crate::harness::{PATIENCE, Response};
use glasshttp::record::{End, Figure, How, Reason, TimeWait, Why};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::thread;
use std::time::Instant;

const KEPT: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn connections_that_the_end_of_the_server_closes_are_recorded() {
    let (folder, big) = folder_with(BIG);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        // Iteratively only one is served.
        let mut idle = (model != "iterative").then(|| {
            let mut client = watched.connect();
            client.send(KEPT);
            let response = client.response();
            (client, response)
        });
        let mut silent = (model != "iterative").then(|| watched.connect());
        let mut client = watched.connect();
        let request = b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n";
        client.send(request);
        let mut response = vec![0; 1000];
        client.socket.read_exact(&mut response).expect("the beginning");

        watched.server.signal(Signal::TERM);
        if let (Some((idle, _)), Some(silent)) = (&mut idle, &mut silent) {
            assert_eq!((idle.read_to_end(), silent.read_to_end()), (vec![], vec![]));
        }
        response.extend(client.read_to_end());
        let address = port(&client);
        drop(client); // within the second that it is waited for
        assert_same(&Response::parse(&response).body, &big);
        assert_eq!(watched.server.wait().code(), Some(0), "{model}");

        let record = watched.record(address);
        // Where all of it was taken at once, the connection was open for a last request for a moment more.
        let is_kept = record.exchanges[0].is_kept;
        check_bytes(&record.exchanges[0], request, &response, is_kept);
        let close = check_close(&record, &Reason::ShuttingDown, How::Fin, End::Server);
        // On a busy machine the client's end may come too late to be waited for.
        assert!(close.client_end.value().is_none_or(|end| measured(&close.server_end) <= *end), "{model}: {close:?}");
        if let (Some((idle, response)), Some(silent)) = (&idle, &silent) {
            let record = watched.record(port(idle));
            check_exchange(&record.exchanges[0], KEPT, &[response.head.as_bytes(), &response.body].concat(), true);
            check_close(&record, &Reason::ShuttingDown, How::Fin, End::Server);
            let record = watched.record(port(silent));
            assert!(record.exchanges.is_empty());
            check_close(&record, &Reason::ShuttingDown, How::Fin, End::Server);
        }
        assert_eq!(watched.rest().len(), 0, "{model}: each is told once");
        assert_eq!(watched.left_out, [0; 3]);
    });
}

#[test]
fn a_connection_whose_grace_is_over_is_recorded_as_it_was_left() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--grace", "1"]);
        let mut client = narrow_client(watched.server.address);
        client.write_all(b"GET /big.bin HTTP/1.0\r\n\r\n").expect("a request");
        client.read_exact(&mut [0; 100]).expect("the beginning");
        watched.server.signal(Signal::TERM);
        assert_eq!(watched.server.wait().code(), Some(0), "{model}");
        let record = watched.record(client.local_addr().expect("bound"));
        // Its FIN waits behind the bytes that the client does not take: who will end first is open.
        let close = check_close(&record, &Reason::GraceOver, How::Fin, None);
        assert!((900_000_000..9_000_000_000).contains(&measured(&close.at)), "{model}: {close:?}");
        let exchange = &record.exchanges[0];
        assert!(!exchange.is_kept && exchange.stages.acknowledged.value().is_none(), "{exchange:?}");
        let body = measured(&exchange.traffic).response_body;
        assert!((1..BIG as u64).contains(&body), "{body}");
    });
}

/// The children of a process (proc(5)).
fn children(process: u32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("its children");
    children.split_whitespace().map(|child| child.parse().expect("a number")).collect()
}

/// A process's state: R if it runs, S if it waits (proc(5)).
fn state(process: i32) -> char {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("its figures");
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).expect("a state")
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        thread::yield_now();
    }
}

#[test]
fn a_connection_whose_process_is_killed_is_lost_and_said_so() {
    let (folder, _) = folder_with(BIG);
    let mut watched = Watched::start(folder.path(), "process", &[]);
    let mut client = watched.connect();
    client.send(KEPT);
    let response = client.response();
    client.send(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    client.socket.read_exact(&mut [0; 100]).expect("the beginning");
    let address = port(&client);
    let [child] = children(watched.server.id())[..] else { panic!("one child") };
    // What it has not handed over when it is killed is gone with it: it does so before it waits.
    wait_until("it waits for the client", || state(child) == 'S');
    kill_process(Pid::from_raw(child).expect("a process"), Signal::KILL).expect("the server's child");

    let record = watched.record(address);
    check_exchange(&record.exchanges[0], KEPT, &[response.head.as_bytes(), &response.body].concat(), true);
    let under_way = &record.exchanges[1];
    assert_eq!(under_way.status, 200);
    let (last_write, acknowledged) = (&under_way.stages.last_write, &under_way.stages.acknowledged);
    assert_eq!(last_write, &Figure::not_visible(Why::ProcessEnded), "it may have been reached");
    assert_eq!(acknowledged, &Figure::not_visible(Why::NoAcknowledgement));
    let close = record.close.as_ref().expect("its end");
    assert_eq!((&close.reason, close.how), (&Reason::ProcessEnded, How::Lost));
    assert!(matches!(close.at, Figure::NotVisible { .. }) && close.first.value().is_none(), "{close:?}");
    assert_ne!(close.time_wait.value(), Some(&TimeWait::Nobody), "{close:?}");

    // One that is killed before it has said anything.
    let silent = watched.connect();
    wait_until("a child", || children(watched.server.id()).len() == 1);
    let child = children(watched.server.id())[0];
    kill_process(Pid::from_raw(child).expect("a process"), Signal::KILL).expect("the server's child");
    let address = port(&silent);
    watched.server.signal(Signal::TERM);
    let recorded = watched.rest().iter().filter(|record| record.client == address).count() as u64;
    assert_eq!(recorded + watched.left_out[0], 1, "it is recorded or counted: {:?}", watched.left_out);
}
