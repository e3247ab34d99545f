//! Memory: what waits is not copied, and what must be held is held within a budget.

use super::status_kib;
use crate::closing::{assert_same, folder_with};
use crate::harness::{Client, MODELS, Response, Server, glasshttp};
use std::process::Command;
use std::thread;

const MIB: u64 = 1024;

/// A fresh file is copied, for it may still change: but not for those who don't take it.
#[test]
fn who_reads_a_fresh_file_slowly_pins_no_memory() {
    for (model, most) in [("multiplex", 2 * MIB), ("thread", 70 * MIB)] {
        let (folder, big) = folder_with(3_000_000);
        let server = Server::start(folder.path(), &["--model", model]);
        assert_same(&server.get("/big.bin").body, &big);
        let before = status_kib(server.id(), "VmRSS");
        let mut clients: Vec<Client> = (0..400).map(|_| server.begin_download("/big.bin")).collect();
        let grown = status_kib(server.id(), "VmRSS").saturating_sub(before);
        assert!(grown < most, "{model}: 400 slow readers cost {grown} KiB");
        // Those who then take it get it whole: what was read twice is sent once.
        thread::scope(|scope| {
            for client in clients.iter_mut().take(20) {
                let big = &big;
                scope.spawn(move || assert_same(&Response::parse(&client.read_to_end()).body, big));
            }
        });
    }
}

#[test]
#[ignore = "6,000 connections: .ci/run runs it"]
fn six_thousand_slow_readers_of_a_fresh_file() {
    let (folder, _) = folder_with(3_000_000);
    let server = Server::start(folder.path(), &["--timeout", "60"]);
    let clients: Vec<Client> = (0..6000).map(|_| server.begin_download("/big.bin")).collect();
    let used = status_kib(server.id(), "VmRSS");
    println!("{} slow readers: {used} KiB", clients.len());
    assert!(used < 128 * MIB, "{used} KiB");
}

/// Sends all of a head of 31 KiB but its end.
fn begin_head(server: &Server) -> Client {
    let mut client = server.connect();
    client.send(format!("GET /small.txt HTTP/1.0\r\nX: {}\r\n", "x".repeat(31 * 1024)).as_bytes());
    client
}

/// How many of the clients have been refused for lack of memory; the others get their response
/// when their heads end.
fn refused(clients: &mut [Client]) -> usize {
    let mut refused = 0;
    for client in clients {
        // One that was refused may have closed already.
        let _ = std::io::Write::write_all(&mut client.socket, b"\r\n");
        let response = client.response();
        match response.status {
            503 => {
                assert_eq!(response.header("Retry-After"), Some("1"));
                refused += 1;
            }
            _ => assert_eq!(response.text(), "small\n"),
        }
    }
    refused
}

#[test]
#[ignore = "6,000 connections: .ci/run runs it"]
fn six_thousand_unfinished_heads() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["--timeout", "60"]);
    let mut clients: Vec<Client> = (0..6000).map(|_| begin_head(&server)).collect();
    assert_eq!(server.get("/small.txt").text(), "small\n", "who asks for little is served");
    let used = status_kib(server.id(), "VmHWM");
    let refused = refused(&mut clients);
    println!("{} unfinished heads, of which {refused} were refused: {used} KiB", clients.len());
    assert!(used < 128 * MIB, "{used} KiB");
    assert!(refused > 0, "64 MiB are for some 2,000 heads");
}

/// A process that may not have more memory says so to clients, and lives.
#[test]
fn where_memory_is_limited_clients_are_refused_and_the_server_lives() {
    for model in MODELS {
        let (folder, _) = folder_with(3_000_000);
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 300000 && exec \"$0\" \"$@\""]).arg(glasshttp().get_program());
        command.args(["--port", "0", "--log", "off", "--no-watch", "--timeout", "60", "--model", model]);
        let server = Server::spawn(command.arg(folder.path()));
        let many = match model {
            "iterative" => 1,
            "process" => 100,
            _ => 1500,
        };
        let mut heads: Vec<Client> = (0..many).map(|_| begin_head(&server)).collect();
        let readers: Vec<Client> = match model {
            "multiplex" => (0..300).map(|_| server.begin_download("/big.bin")).collect(),
            _ => Vec::new(),
        };
        let refused = refused(&mut heads);
        println!("{model}: of {many} unfinished heads {refused} were refused");
        assert!(model != "multiplex" || refused > 0, "an eighth of 300 MB is for some 1,200 heads");
        drop(readers);
        assert_eq!(server.get("/small.txt").text(), "small\n", "{model}");
    }
}
