//! Memory: what waits is not copied, and what must be held is held within a budget.

use super::status_kib;
use crate::closing::{assert_same, folder_with};
use crate::harness::{Answer, Client, Server};
use std::thread;

const MIB: u64 = 1024;

/// A download of a file that has just been written, of which only the beginning was taken.
fn begin_download(server: &Server) -> Client {
    let mut client = Client::connect_narrow(server.address);
    client.send(b"GET /big.bin HTTP/1.0\r\n\r\n");
    assert!(client.receive().expect("bytes") > 0);
    client
}

/// A fresh file is copied, for it may still change: but not for those who don't take it.
#[test]
fn who_reads_a_fresh_file_slowly_pins_no_memory() {
    for (model, most) in [("multiplex", 2 * MIB), ("thread", 40 * MIB)] {
        let (folder, big) = folder_with(3_000_000);
        let server = Server::start(folder.path(), &["--model", model]);
        assert_same(&server.get("/big.bin").body, &big);
        let before = status_kib(server.id(), "VmRSS");
        let mut clients: Vec<Client> = (0..400).map(|_| begin_download(&server)).collect();
        let grown = status_kib(server.id(), "VmRSS").saturating_sub(before);
        assert!(grown < most, "{model}: 400 slow readers cost {grown} KiB");
        // Those who then take it get it whole: what was read twice is sent once.
        thread::scope(|scope| {
            for client in clients.iter_mut().take(20) {
                let big = &big;
                scope.spawn(move || assert_same(&Answer::parse(&client.read_to_end()).body, big));
            }
        });
    }
}

#[test]
#[ignore = "6,000 connections: .ci/run runs it"]
fn six_thousand_slow_readers_of_a_fresh_file() {
    let (folder, _) = folder_with(3_000_000);
    let server = Server::start(folder.path(), &["--timeout", "60"]);
    let clients: Vec<Client> = (0..6000).map(|_| begin_download(&server)).collect();
    let used = status_kib(server.id(), "VmRSS");
    println!("{} slow readers: {used} KiB", clients.len());
    assert!(used < 128 * MIB, "{used} KiB");
}
