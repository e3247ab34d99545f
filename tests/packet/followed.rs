//! Packets that pass after the server has closed its socket: all of them are recorded, and each is shown
//! once, whatever shows it.

use super::recorded::compare;
use super::serving::{Logging, Witness, packets_of, records, serve};
use crate::harness::{Client, PATIENCE};
use serde_json::Value;
use socket2::SockRef;
use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const PART: &[u8] = b"GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-199999\r\nConnection: close\r\n\r\n";
const LONG: &[u8] = b"GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-599999\r\nConnection: close\r\n\r\n";

/// What a server with a page is asked, and what tshark saw of it.
struct Watched {
    server: Logging,
    page: SocketAddr,
    witness: Witness,
    theirs: Vec<String>,
    /// What the log says when it has shown what there was; `None`: it does not.
    pause: Option<&'static str>,
}

impl Watched {
    fn start(log: &str) -> Self {
        let server = serve(&["--log", log, "--watch", "127.0.0.1:0", "--lang", "en"], &[]);
        let place = server.announced.split("Watch it at http://").nth(1).expect("a page");
        let page = place.split(['/', '\n']).next().and_then(|place| place.parse().ok()).expect("an address");
        let witness = Witness::of(server.port);
        let theirs = witness.wait_until_it_sees(server.address());
        Self { server, page, witness, theirs, pause: (log == "story").then_some("keep-alive: waits") }
    }

    /// The record that the page has of this client, once it is as it is wanted.
    fn record(&self, client: SocketAddr, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut browser = Client::connect(self.page);
            let request = format!("GET /records?client={client} HTTP/1.0\r\nHost: {}\r\n\r\n", self.page);
            browser.send(request.as_bytes());
            let response = String::from_utf8_lossy(&browser.read_to_end()).into_owned();
            let body = response.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let record = serde_json::from_str(body).unwrap_or_default();
            if is_it(&record) {
                return record;
            }
            assert!(Instant::now() < deadline, "not in time: {record}");
        }
    }

    /// A client that reads nothing of what it asks for until the server has closed.
    fn slow(&self, request: &[u8]) -> (Client, SocketAddr) {
        let mut client = Client::connect_narrow(self.server.address());
        client.send(request);
        let address = client.socket.local_addr().expect("its address");
        let record = self.record(address, |record| !record["close"].is_null());
        assert_eq!(record["segments"]["followed"], "so_far", "{record}");
        (client, address)
    }

    /// Slow readers, one of them of more than a record lists; one that resets when the server has long closed;
    /// and one with more requests than a block of the story has steps for. Gives their ports.
    fn use_it(&self) -> Vec<SocketAddr> {
        let is_over = |record: &Value| record["segments"]["followed"] == "to_its_end";
        let mut clients = Vec::new();
        for request in [PART, LONG] {
            let (mut slow, address) = self.slow(request);
            slow.read_to_end();
            drop(slow);
            self.record(address, is_over);
            clients.push(address);
        }
        let (late, address) = self.slow(PART);
        SockRef::from(&late.socket).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
        drop(late);
        self.record(address, |record| is_over(record) && record["segments"]["moments"]["client_reset"].is_i64());
        clients.push(address);

        let mut kept = Client::connect(self.server.address());
        clients.push(kept.socket.local_addr().expect("its address"));
        for _ in 0..9 {
            kept.send(b"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assert_eq!(kept.response().status, 200);
        }
        if let Some(word) = self.pause {
            self.server.await_line(word);
        }
        kept.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
        kept.read_to_end();
        drop(kept);
        self.record(clients[3], is_over);
        clients
    }

    /// Ends the server; gives what tshark saw.
    fn end(&mut self) -> Vec<String> {
        self.server.end();
        let mut theirs = std::mem::take(&mut self.theirs);
        while let Ok(line) = self.witness.lines.recv_timeout(Duration::from_secs(2)) {
            theirs.push(line);
        }
        theirs
    }
}

fn of(client: SocketAddr, packets: &[String]) -> usize {
    let port = client.port().to_string();
    packets.iter().filter(|line| line.split(',').skip(2).take(2).any(|field| field == port)).count()
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_record_has_what_passes_after_the_close_and_tshark_saw_no_more_and_no_less() {
    let mut watched = Watched::start("json");
    let clients = watched.use_it();
    let (alive, gone) = (watched.slow(PART), watched.slow(PART).1);
    let theirs = watched.end();
    let records = records(&watched.server.output);
    assert!(compare(&records, &theirs) > 300);
    let of = |client: SocketAddr| {
        let is_it = |record: &&Value| record["client"] == client.to_string();
        records.iter().find(is_it).unwrap_or_else(|| panic!("{client} is not recorded"))
    };
    for client in clients {
        assert_eq!(of(client)["segments"]["followed"], "to_its_end");
    }
    assert!(of(alive.1)["segments"]["followed"] == "to_the_servers_end", "{}", of(alive.1));
    assert_eq!(of(gone)["segments"]["followed"], "to_its_end");
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_story_shows_each_packet_once_and_counts_those_that_it_leaves_out() {
    let mut watched = Watched::start("story");
    let clients = watched.use_it();
    let theirs = watched.end();
    let story = fs::read_to_string(&watched.server.output).expect("UTF-8");
    for client in clients {
        let blocks: Vec<&str> = story.split("\n\n").filter(|block| block.contains(&client.to_string())).collect();
        let arrows = blocks.iter().flat_map(|block| block.lines());
        let arrows = arrows.filter(|line| line.contains("──▶") || line.contains("◀──")).count();
        let told = arrows + blocks.iter().map(|block| counted(block)).sum::<usize>();
        assert_eq!(told, of(client, &theirs), "{client}: {}", blocks.join("\n"));
    }
}

/// How many segments a block says to leave out.
fn counted(block: &str) -> usize {
    let text = block.split_whitespace().collect::<Vec<_>>().join(" ");
    let before = |rest: &str| rest.rsplit(' ').next().map(|number| number.replace(',', ""));
    let parts: Vec<&str> = text.split(" more segment").collect();
    parts[..parts.len() - 1].iter().map(|part| before(part).expect("a word").parse::<usize>().expect("a number")).sum()
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_capture_file_has_what_passes_after_the_close() {
    let mut watched = Watched::start("pcapng");
    let clients = watched.use_it();
    let theirs = watched.end();
    let ours = packets_of(&watched.server.output);
    for client in clients {
        assert_eq!(of(client, &ours), of(client, &theirs), "{client}");
    }
}

/// Of more than 256 segments, and of more requests than one part of its record has.
#[test]
#[ignore = "needs CAP_NET_RAW"]
fn each_block_of_a_kept_connection_has_the_segments_of_its_requests() {
    let mut server = serve(&["--log", "story", "--watch", "127.0.0.1:0", "--lang", "en"], &[]);
    let mut kept = Client::connect(server.address());
    for _ in 0..2 {
        for _ in 0..100 {
            kept.send(b"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assert_eq!(kept.response().status, 200);
        }
        server.await_line("keep-alive: waits");
    }
    server.end();
    let story = fs::read_to_string(&server.output).expect("UTF-8");
    let blocks: Vec<&str> = story.split("\n\n").filter(|block| block.contains("keep-alive: waits")).collect();
    assert_eq!(blocks.len(), 2, "{story}");
    for block in blocks {
        assert!(counted(block) > 64, "{block}");
    }
}
