//! The server's half, from its live page or its JSON log, laid beside ours: both ends of a connection know its
//! address pair, and on one machine they share a clock.

use super::clock::Clock;
use super::connect::{How, connect};
use super::connection::Connection;
use super::interrupt::Interrupt;
use super::options::{Options, Watched};
use super::turn::{Pace, Receiver, Wanted};
use crate::http::client::RequestHead;
use crate::http::message::{HeaderBlock, ReceivedHead, Version};
use crate::http::persistence::Wish;
use crate::record::connection::Record;
use crate::record::segment::Followed;
use crate::record::transfer::{Connect, ConnectOutcome, Ends, Transfer};
use crate::record::{Failure, Unjoined};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// Where the live page usually is (src/cli.rs).
const USUAL_PORT: u16 = 8081;
/// How long the server may take to report the end of a connection, where its page was named.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same, where the page was guessed.
const GUESSED: Duration = Duration::from_millis(300);
/// How often it is asked meanwhile.
const PAUSE: Duration = Duration::from_millis(15);
const MOST: usize = 4 << 20;

/// Finds the server's record of the transfer's connection: where `options` say,
/// or on the live page that the response names, or where that usually is, if the
/// server is a glasshttp on this machine.
pub(super) fn join(transfer: &mut Transfer, options: &Options, clock: Clock) {
    let (Some(ends), Some(exchange)) = (transfer.ends, &transfer.exchange) else { return };
    let timing = exchange.response.as_ref().and_then(|response| response.field("server-timing"));
    let is_ours = timing.is_some_and(|value| value.contains("connection;desc="));
    let port = timing.and_then(named_port).unwrap_or(USUAL_PORT);
    let page = (is_ours && ends.server.ip().is_loopback()).then(|| Watched::Page((ends.server.ip(), port).into()));
    let Some(watched) = options.watch.clone().or(page) else { return };
    if !(ends.server.ip().is_loopback() || ends.server.ip() == ends.client.ip()) {
        transfer.no_server = Some(Unjoined::OtherMachine);
        return;
    }
    let deadline = Instant::now() + if options.watch.is_some() { PATIENCE } else { GUESSED };
    let sought = Sought {
        ends,
        connection: timing.and_then(named_connection),
        since: transfer.connect.as_ref().and_then(|connect| since(connect, clock)),
        exchange: exchange.number.into(),
        is_closed: transfer.close.is_some(),
    };
    let result = match watched {
        Watched::Page(page) => ask(&sought, deadline, || ask_once(page, ends.client, clock)),
        Watched::Log(_) if !sought.is_closed => Err(Unjoined::StillOpen),
        Watched::Log(file) => ask(&sought, deadline, || read_log(&file, ends.client)),
    };
    match result {
        Ok(record) => transfer.server = Some(Box::new(record)),
        Err(why) => transfer.no_server = options.watch.as_ref().map(|_| why),
    }
}

/// The connection whose record is wanted. A port is used again: its address pair alone may be an earlier one's.
struct Sought {
    ends: Ends,
    /// Its number at the server, where the response named it.
    connection: Option<u64>,
    /// Before then it was not there.
    since: Option<SystemTime>,
    exchange: u64,
    /// Whether its end is wanted, too.
    is_closed: bool,
}

impl Sought {
    /// Whether this is its record. What is on the usual port may be another server's page.
    fn is(&self, record: &Record) -> bool {
        let accepted = || humantime::parse_rfc3339(&record.accepted).ok();
        let is_recent = |since| accepted().is_some_and(|accepted| accepted >= since);
        record.client == self.ends.client
            && record.server.address().is_some_and(|server| is_same(server, self.ends.server))
            && match self.connection {
                Some(number) => record.connection == number,
                None => self.since.is_none_or(is_recent),
            }
    }

    /// Whether all is there that is wanted.
    fn is_recorded_by(&self, record: &Record) -> bool {
        let is_there = record.exchanges.iter().any(|one| one.number == self.exchange) || record.exchanges_left_out > 0;
        let is_followed = record.segments.as_ref().is_some_and(|segments| segments.followed == Followed::SoFar);
        is_there && (!self.is_closed || (record.close.is_some() && !is_followed))
    }
}

/// When connect(2) was called that led to a connection.
fn since(connect: &Connect, clock: Clock) -> Option<SystemTime> {
    let attempt = connect.attempts.iter().find(|attempt| attempt.outcome == ConnectOutcome::Connected)?;
    clock.began().time().checked_add(Duration::from_nanos(attempt.began.try_into().ok()?))
}

/// The number in `connection;desc="12.3"`: the third exchange of connection 12.
fn named_connection(timing: &str) -> Option<u64> {
    let (_, rest) = timing.split_once("connection;desc=\"")?;
    rest.split(['.', '"']).next()?.parse().ok()
}

/// The port of the live page that a response names. It is looked for at the server's own address alone.
fn named_port(timing: &str) -> Option<u16> {
    let (_, rest) = timing.split_once("live;desc=\"")?;
    let url = url::Url::parse(rest.split('"').next()?).ok()?;
    url.port_or_known_default()
}

/// A server behind a wildcard address may say it in either family's form.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
}

/// Asks until the record knows the exchange, and the end where that is wanted: or what there is by the deadline.
fn ask(sought: &Sought, deadline: Instant, once: impl Fn() -> Result<Record, Unjoined>) -> Result<Record, Unjoined> {
    loop {
        let found = once();
        let is_over = Instant::now() >= deadline;
        match found {
            Ok(record) if sought.is(&record) && (is_over || sought.is_recorded_by(&record)) => return Ok(record),
            Ok(record) if is_over && !sought.is(&record) => return Err(Unjoined::OtherConnection),
            Err(why) if is_over || !why.may_change() => return Err(why),
            _ => {}
        }
        sleep(PAUSE);
    }
}

fn ask_once(page: SocketAddr, client: SocketAddr, clock: Clock) -> Result<Record, Unjoined> {
    let interrupt = Arc::new(Interrupt::default());
    let how = How { timeout: PATIENCE, buffer: None, clock, interrupt: &interrupt, capture: None };
    let (tried, connected) = connect(&[page], &how);
    let unjoined = |failure| Unjoined::Page(Box::new(failure));
    let connected =
        connected.ok_or_else(|| unjoined(super::connect::failure(&page.to_string(), &tried.attempts, 1)))?;
    let mut connection =
        Connection::new(0, (page.ip().to_string(), page.port()), 0, connected, (clock, interrupt.clone()));
    let request = RequestHead {
        method: "GET",
        target: &format!("/records?client={client}"),
        version: Version::Http10,
        host: Some(&page.to_string()),
        headers: &HeaderBlock::default(),
        wish: Wish::Unsaid,
        half_close: false,
        content_length: None,
    };
    let pace = Pace { timeout: PATIENCE, dribble: None, read_rate: None, abort_after: None };
    let mut text = Text::default();
    connection.exchange(&request, None, &pace, &mut text).1.map_err(unjoined)?;
    if text.status != 200 {
        return Err(Unjoined::PageStatus { page, status: text.status });
    }
    serde_json::from_slice(&text.bytes).map_err(|error| Unjoined::PageUnreadable { page, words: error.to_string() })
}

/// The latest record of this client in a JSON log, of which the end is read.
fn read_log(file: &Path, client: SocketAddr) -> Result<Record, Unjoined> {
    let bytes = end_of(file).map_err(|error| Unjoined::Log { path: file.to_owned(), error: error.into() })?;
    let records = bytes.split(|byte| *byte == b'\n').rev().filter_map(|line| serde_json::from_slice(line).ok());
    let missing = || Unjoined::NotInLog { path: file.to_owned() };
    records.into_iter().find(|record: &Record| record.client == client).ok_or_else(missing)
}

fn end_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST as u64)))?;
    let mut bytes = Vec::new();
    file.take(MOST as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A response in memory.
#[derive(Default)]
struct Text {
    status: u16,
    bytes: Vec<u8>,
}

impl Receiver for Text {
    fn head(&mut self, response: Option<&ReceivedHead<'_>>) -> Result<Wanted, Failure> {
        self.status = response.map_or(0, |response| response.status.code());
        Ok(Wanted::More)
    }

    fn body(&mut self, bytes: &[u8]) -> Result<Wanted, Failure> {
        self.bytes.extend_from_slice(bytes);
        Ok(if self.bytes.len() > MOST { Wanted::Enough } else { Wanted::More })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_an_earlier_connection_from_the_same_port_is_not_taken_for_it() {
        let record = Record::example();
        let accepted = humantime::parse_rfc3339(&record.accepted).expect("a time");
        let (server, client) = record.addresses().expect("TCP's");
        let ends = Ends { client, server };
        let sought = |connection, since| Sought { ends, connection, since, exchange: 1, is_closed: true };
        let (before, after) = (accepted - Duration::from_micros(50), accepted + Duration::from_micros(50));
        assert!(sought(Some(record.connection), Some(after)).is(&record), "its number says it");
        assert!(!sought(Some(record.connection + 1), Some(before)).is(&record));
        assert!(sought(None, Some(before)).is(&record));
        assert!(!sought(None, Some(after)).is(&record), "it was accepted before connect(2)");
        assert!(sought(None, None).is(&record), "a reused connection has no connect(2)");
    }

    #[test]
    fn a_response_names_its_connection() {
        assert_eq!(named_connection(r#"connection;desc="12.3", kernel;dur=0.07"#), Some(12));
        assert_eq!(named_connection("cache;dur=1"), None);
    }
}
