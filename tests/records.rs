//! What is told of connections, held to what really happened: scripted clients
//! know what they did, and each field of the JSON log must say the same.

mod bodies;
mod burst;
mod document;
mod endings;
mod exchanges;
mod invariants;
mod kinds;
mod stopping;
mod witness;

use crate::harness::socket_table::socket;
use crate::harness::{Client, PATIENCE, Server, glasshttp};
use glasshttp::record::connection::{Close, Exchange, HeadState, Record, SCHEMA};
use glasshttp::record::{End, Figure, How, Reason, TimeWait};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A server whose JSON log is read.
pub struct Watched {
    pub server: Server,
    pub model: String,
    entries: Receiver<Value>,
    records: Vec<Record>,
    /// Connections, exchanges and reports that the log says are missing.
    pub left_out: [u64; 3],
}

impl Watched {
    pub fn start(folder: &Path, model: &str, options: &[&str]) -> Self {
        Self::spawn(&mut command(folder, model, options), model)
    }

    pub fn spawn(command: &mut Command, model: &str) -> Self {
        let mut server = Server::spawn(command);
        let nothing = OwnedFd::from(File::open("/dev/null").expect("nothing"));
        let stdout = std::mem::replace(&mut server.stdout, BufReader::new(nothing.into()));
        let (send, entries) = channel();
        thread::spawn(move || {
            // The lines before the log say where the server is.
            for line in stdout.lines().map_while(Result::ok).filter(|line| line.starts_with('{')) {
                let entry = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                // The test that waited for it may have failed.
                let _ = send.send(entry);
            }
        });
        Self { server, model: model.to_owned(), entries, records: Vec::new(), left_out: [0; 3] }
    }

    pub fn connect(&self) -> Client {
        self.server.connect()
    }

    /// The record of the connection from `client`, as soon as it is told. What
    /// every record says is checked here.
    pub fn record(&mut self, client: SocketAddr) -> Record {
        let deadline = Instant::now() + PATIENCE;
        let record = loop {
            if let Some(at) = self.records.iter().position(|record| record.client == client) {
                break self.records.remove(at);
            }
            let patience = deadline.saturating_duration_since(Instant::now());
            match self.entries.recv_timeout(patience) {
                Ok(entry) => self.hear(entry),
                Err(_) => panic!("{}: no record of {client}; left out: {:?}", self.model, self.left_out),
            }
        };
        self.check(&record);
        record
    }

    /// All that is told until the server has ended.
    pub fn rest(&mut self) -> Vec<Record> {
        while let Ok(entry) = self.entries.recv_timeout(PATIENCE) {
            self.hear(entry);
        }
        std::mem::take(&mut self.records)
    }

    fn hear(&mut self, entry: Value) {
        assert_eq!(entry["glasshttp"], SCHEMA, "{entry}");
        if let Some(left_out) = entry.get("left_out") {
            for (sum, name) in self.left_out.iter_mut().zip(["connections", "exchanges", "reports"]) {
                *sum += left_out[name].as_u64().unwrap_or_else(|| panic!("a number of {name}: {entry}"));
            }
            return;
        }
        let record: Record = serde_json::from_value(entry.clone()).unwrap_or_else(|error| panic!("{error}: {entry}"));
        assert_eq!(serde_json::to_value(&record).expect("JSON"), entry, "no field is unknown");
        self.records.push(record);
    }

    fn check(&self, record: &Record) {
        assert_eq!((record.glasshttp, &*record.model), (SCHEMA, &*self.model));
        let (server, client) = record.addresses().expect("TCP's");
        assert_eq!(server.port(), self.server.port());
        assert_eq!(server.is_ipv6(), client.is_ipv6());
        let syn = measured(&record.handshake.syn);
        let ports = [client.port(), server.port()].map(u16::to_be_bytes).concat();
        let ports: String = ports.iter().map(|byte| format!("{byte:02x}")).collect();
        let tcp = if client.is_ipv6() { 80 } else { 40 };
        assert_eq!(syn.headers[tcp..tcp + 8], ports, "the SYN is this connection's own");
        assert!(syn.ttl == 64 && syn.sack_permitted && syn.timestamp.is_some(), "{syn:?}");
        assert!(syn.mss.is_some() && syn.window_scale.is_some(), "{syn:?}");
        assert_eq!(measured(&record.handshake.queue).backlog, 4096);
        assert!(derived(&record.handshake.queued) >= 0);
        let first = record.exchanges.first().map_or(1, |exchange| exchange.number);
        assert!(record.part > 1 || first == record.exchanges_left_out + 1 || record.exchanges.is_empty());
        for (exchange, number) in record.exchanges.iter().zip(first..) {
            assert_eq!(exchange.number, number);
            check_order(exchange);
        }
    }
}

/// The program, about to log to its standard output as JSON.
pub fn command(folder: &Path, model: &str, options: &[&str]) -> Command {
    let mut command = glasshttp();
    command
        .args(["--port", "0", "--log", "json", "--no-watch", "--host", "*", "--model", model])
        .args(options)
        .arg(folder);
    command
}

pub fn measured<T: Clone>(figure: &Figure<T>) -> T {
    match figure {
        Figure::Measured { value, .. } => value.clone(),
        Figure::Derived { from, .. } => panic!("it is only derived: {from:?}"),
        Figure::NotVisible { why } => panic!("it is not visible: {why:?}"),
    }
}

pub fn derived<T: Clone>(figure: &Figure<T>) -> T {
    match figure {
        Figure::Derived { value, .. } => value.clone(),
        Figure::Measured { by, .. } => panic!("it is measured, by {by:?}"),
        Figure::NotVisible { why } => panic!("it is not visible: {why:?}"),
    }
}

/// Stages follow each other. All of them are read from one clock, CLOCK_REALTIME.
fn check_order(exchange: &Exchange) {
    let named = exchange.stages.named();
    let reached: Vec<(&str, i64)> = named.iter().filter_map(|(name, at)| Some((*name, *at.value()?))).collect();
    assert!(reached.is_sorted_by_key(|(_, at)| *at), "{reached:?}");
    let names: Vec<&str> = reached.iter().map(|(name, _)| *name).collect();
    let is_whole = exchange.status != 0;
    // A head that was refused, or given up, was never complete.
    assert_eq!(
        names.contains(&"head_complete"),
        exchange.head.is_some_and(|head| !matches!(head, HeadState::Refused | HeadState::Unfinished)),
        "{exchange:?}"
    );
    for name in ["arrived", "first_read", "response_chosen"].into_iter().filter(|_| is_whole) {
        assert!(names.contains(&name), "{name} is missing: {exchange:?}");
    }
    assert!(
        is_whole || names.iter().all(|name| ["arrived", "first_read", "head_complete"].contains(name)),
        "{names:?}"
    );
}

/// Everything of an exchange that a client knows: what it sent, what came back,
/// and that it has acknowledged it.
pub fn check_exchange(exchange: &Exchange, request: &[u8], response: &[u8], is_kept: bool) {
    check_bytes(exchange, request, response, is_kept);
    for stage in [&exchange.stages.first_write, &exchange.stages.last_write, &exchange.stages.acknowledged] {
        measured(stage);
    }
}

/// The same of one whose last bytes the server may not have waited for.
pub fn check_bytes(exchange: &Exchange, request: &[u8], response: &[u8], is_kept: bool) {
    assert_eq!(exchange.request.head, String::from_utf8_lossy(request));
    let head = response.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
    assert_eq!(exchange.response.head, String::from_utf8_lossy(&response[..head]));
    assert!(!exchange.request.is_cut && !exchange.response.is_cut);
    if head > 0 {
        assert_eq!(response[9..12], *exchange.status.to_string().as_bytes());
    }
    assert_eq!(exchange.is_kept, is_kept);
    let traffic = measured(&exchange.traffic);
    let sizes = (traffic.request_head, traffic.response_head, traffic.response_body);
    assert_eq!(sizes, (request.len() as u64, head as u64, (response.len() - head) as u64));
}

/// The end of a record that has one, in the terms in which a client knows it.
pub fn check_close<'a>(record: &'a Record, reason: &Reason, how: How, first: impl Into<Option<End>>) -> &'a Close {
    let close = record.close.as_ref().expect("its end");
    assert_eq!((&close.reason, close.how, close.first.value().copied()), (reason, how, first.into()), "{close:?}");
    assert!(close.sentence.ends_with('.') && close.sentence.len() > 20, "{close:?}");
    let at = measured(&close.at);
    for end in [&close.client_end, &close.server_end].into_iter().filter_map(Figure::value) {
        assert!((0..=at).contains(end), "{close:?}");
    }
    close
}

/// Who is left in TIME_WAIT, by the record's figure and by another source.
pub fn check_time_wait(record: &Record, expected: TimeWait) {
    let close = record.close.as_ref().expect("its end");
    let (server, client) = record.addresses().expect("TCP's");
    let [server, client] = [(server, client), (client, server)]
        .map(|(local, remote)| socket(local, remote).is_some_and(|socket| socket.is_in_time_wait));
    match expected {
        TimeWait::Server => assert!(server && !client, "{record:?}"),
        TimeWait::Client => assert!(client && !server, "{record:?}"),
        TimeWait::Nobody => assert!(!client && !server, "{record:?}"),
        _ => panic!("{expected:?}"),
    }
    assert_eq!(close.time_wait.value(), Some(&expected), "{close:?}");
}

/// Waits until the server has read all that this client has sent.
pub fn wait_until_read(client: &Client) {
    let (local, remote) = (port(client), client.socket.peer_addr().expect("it is connected"));
    let begun = Instant::now();
    let is_read = || {
        socket(local, remote).is_some_and(|socket| socket.unacknowledged == 0)
            && socket(remote, local).is_some_and(|socket| socket.unread == 0)
    };
    while !is_read() {
        assert!(begun.elapsed() < PATIENCE, "the server does not read");
        thread::yield_now();
    }
}

/// A moment of this process's clock as the record of a connection counts it.
pub fn since_accept(record: &Record, time: SystemTime) -> i64 {
    let nanoseconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as i64;
    nanoseconds(time) - nanoseconds(humantime::parse_rfc3339(&record.accepted).expect("a time"))
}

pub fn port(client: &Client) -> SocketAddr {
    client.socket.local_addr().expect("it is bound")
}
