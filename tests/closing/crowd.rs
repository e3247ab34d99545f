//! Many clients at once: who waits for whom, and who never has to.

use super::{assert_same, folder_with};
use crate::harness::{Client, PATIENCE, Response, Server, concurrent_models, glasshttp};
use std::io::{ErrorKind, Read};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn slow_and_silent_clients_hinder_nobody_but_iteratively() {
    concurrent_models().for_each(slow_and_silent_clients_hinder_nobody);
}

fn slow_and_silent_clients_hinder_nobody(model: &str) {
    let (folder, _) = folder_with(0);
    // A client that had to wait for one of the slow would give up.
    let server = Server::start(folder.path(), &["--model", model, "--timeout", "300"]);
    let slow: Vec<Client> = (0..50)
        .map(|_| {
            let mut client = server.connect();
            client.send(b"GET /small.txt HT");
            client
        })
        .collect();
    let _silent = server.connect();
    for _ in 0..20 {
        assert_eq!(server.get("/small.txt").text(), "small\n");
    }
    for mut client in slow {
        client.send(b"TP/1.0\r\n\r\n");
        assert_eq!(Response::parse(&client.read_to_end()).text(), "small\n", "the slow are served as well");
    }
}

#[test]
fn iteratively_a_silent_connection_stalls_the_next_client_until_its_deadline() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["--model", "iterative", "--timeout", "1"]);
    let _silent = server.connect();
    let begun = Instant::now();
    assert_eq!(server.get("/small.txt").text(), "small\n");
    let took = begun.elapsed().as_secs_f64();
    assert!((0.5..5.0).contains(&took), "{took:.1} s");
}

#[test]
fn a_client_that_finds_no_room_waits_and_is_served_as_soon_as_one_leaves() {
    // An event loop for each core has its own queue: who waits there depends on the kernel's hash.
    ["process", "thread"].into_iter().for_each(a_client_that_finds_no_room_waits);
}

#[test]
fn while_there_is_room_nobody_waits_for_a_slow_client() {
    concurrent_models().for_each(nobody_waits_while_there_is_room);
}

fn nobody_waits_while_there_is_room(model: &str) {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["--model", model, "--max-connections", "2", "--timeout", "300"]);
    let mut slow = server.connect();
    slow.send(b"GET /small.txt HTTP/1.0\r\n");
    for _ in 0..20 {
        assert_eq!(server.get("/small.txt").text(), "small\n", "{model}: there is room for two");
    }
}

fn a_client_that_finds_no_room_waits(model: &str) {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["--model", model, "--max-connections", "2"]);
    let mut holders: Vec<Client> = (0..2).map(|_| server.connect()).collect();
    for holder in &mut holders {
        holder.send(b"GET /small.txt HTTP/1.0\r\n");
    }
    let mut third = server.connect();
    third.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
    third.socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    let error = third.socket.read_exact(&mut [0; 1]).expect_err(model);
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{model}: it waits, it is not refused");

    third.socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let begun = Instant::now();
    holders.pop();
    assert_eq!(Response::parse(&third.read_to_end()).text(), "small\n");
    // Before the other one's head deadline, which is 10 s.
    assert!(begun.elapsed() < Duration::from_secs(5), "{model}: {:?}", begun.elapsed());
}

#[test]
fn with_room_for_two_a_crowd_is_served_one_after_another_without_refusal() {
    concurrent_models().for_each(a_crowd_is_served_without_refusal);
}

fn a_crowd_is_served_without_refusal(model: &str) {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["--model", model, "--max-connections", "2"]);
    thread::scope(|scope| {
        for _ in 0..40 {
            // A kept connection would hold its room for 10 s: the last room is not kept.
            scope.spawn(|| {
                let mut client = server.connect();
                client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
                assert_eq!(client.response().text(), "small\n");
            });
        }
    });
}

/// Ticks of a processor that the process has used so far (proc(5): utime, stime).
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("its figures");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name in parentheses");
    after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

/// How many ticks pass within a second in which nobody asks for anything.
fn ticks_of_an_idle_second(process: u32) -> u64 {
    let before = ticks(process);
    thread::sleep(Duration::from_secs(1));
    ticks(process) - before
}

#[test]
fn a_hundred_downloads_with_64_descriptors_all_end_whole() {
    concurrent_models().for_each(a_hundred_downloads_end_whole);
}

fn a_hundred_downloads_end_whole(model: &str) {
    let (folder, big) = folder_with(1_000_000);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""]).arg(glasshttp().get_program());
    let server = Server::spawn(command.args(["--port", "0", "--log", "off", "--model", model]).arg(folder.path()));

    // A hundred that wait, with more of them than there are descriptors for.
    let clients: Vec<Client> = (0..100).map(|_| server.connect()).collect();
    let waiting = ticks_of_an_idle_second(server.id());
    assert!(waiting <= 10, "{model}: {waiting} ticks in a second in which all wait");

    thread::scope(|scope| {
        for mut client in clients {
            let big = &big;
            // Each leaves when it has all: a recorded connection waits a second for that.
            scope.spawn(move || {
                client.send(b"GET /big.bin HTTP/1.0\r\n\r\n");
                assert_same(&Response::parse(&client.read_to_end()).body, big);
            });
        }
    });
    let idle = ticks_of_an_idle_second(server.id());
    assert!(idle <= 10, "{model}: {idle} ticks in a second after all have gone");
    assert_eq!(server.get("/small.txt").status, 200);
}
