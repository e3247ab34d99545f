//! Where records go: the story, the JSON log, the live page, or a sink of your own.
//!
//! This one says how each connection ended:
//!
//! ```
//! use glasshttp::observe::sink::{LeftOut, News, Sink};
//! use glasshttp::record::connection::Record;
//! use std::sync::mpsc::Sender;
//!
//! struct Ends(Sender<String>);
//!
//! impl Sink for Ends {
//!     fn take(&mut self, record: &Record, news: News) {
//!         if let (News::Closed, Some(close)) = (news, &record.close) {
//!             let _ = self.0.send(format!("connection {}: {}", record.connection, close.reason.code()));
//!         }
//!     }
//!
//!     fn left_out(&mut self, left_out: LeftOut) {
//!         let _ = self.0.send(format!("{} connections were too many to record", left_out.connections));
//!     }
//! }
//! # use glasshttp::{Request, Response, Server, StatusCode, Stop};
//! # use std::io::{Read, Write};
//! # fn main() -> std::io::Result<()> {
//!
//! let (send, ends) = std::sync::mpsc::channel();
//! let handler = |_: &Request<'_>| Response::text(StatusCode::OK, "Hello\n");
//! let server = Server::new(handler).listen("127.0.0.1:0")?.record(Ends(send));
//! # let (address, stop) = (server.addresses()[0], std::sync::Arc::new(Stop::new()?));
//! # let running = std::thread::spawn({ let stop = std::sync::Arc::clone(&stop); move || server.run(&stop) });
//! # let mut client = std::net::TcpStream::connect(address)?;
//! # client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
//! # client.read_to_string(&mut String::new())?;
//! # drop(client);
//! # assert_eq!(ends.recv().expect("a line"), "connection 1: http10");
//! # stop.set();
//! # running.join().expect("it does not panic")
//! # }
//! ```

pub use crate::record::LeftOut;
use crate::record::connection::Record;
use std::collections::BTreeMap;

/// Something that takes the record of every connection from the collector.
///
/// All calls come from the collector's thread, in the order in which things
/// became known; a sink that waits makes reports be dropped, never a client wait.
pub trait Sink: Send {
    /// Something became known of this connection; `record` is all that is known.
    fn take(&mut self, record: &Record, news: News);

    /// Nothing more is due for now: what gathered is written.
    fn flush(&mut self) {}

    /// There was more than could be recorded, since this was last said.
    fn left_out(&mut self, left_out: LeftOut);

    /// These exchanges are in no record, by their status (0: without a response), since this was last said.
    fn unrecorded(&mut self, _exchanges: &BTreeMap<u16, u64>) {}

    /// Nothing new, but time has passed: called some ten times a second while
    /// connections are open or something was handed on lately.
    fn pass_time(&mut self, _records: &mut dyn Records) {}

    /// The server ends: whatever is held back is written now.
    fn finish(&mut self) {}

    /// Whether it takes [`News::Segments`], and what is known of an exchange whose acknowledgement, or of which
    /// more from the handler, is still to come; other sinks wait for that, a second at most.
    fn follows_segments(&self) -> bool {
        false
    }

    /// How many connections it could not write, because nobody read in time.
    fn unwritten(&self) -> u64 {
        0
    }

    /// How many lines or blocks it could not write, because there was no room for them.
    fn unwritten_pieces(&self) -> u64 {
        0
    }
}

/// Records as they are by now: with the segments that were seen since the last news.
pub trait Records {
    /// Whether the segments that had passed when something was last heard of it have been read, or are
    /// waited for no longer.
    fn are_segments_read(&mut self, _connection: u64) -> bool {
        true
    }

    /// That of a connection that is not handed on for the last time.
    fn of(&mut self, connection: u64) -> Option<&Record>;
}

/// None.
impl Records for () {
    fn of(&mut self, _: u64) -> Option<&Record> {
        None
    }
}

/// What became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// The connection was accepted.
    Opened,
    /// It has been open for a second, and nothing has come; said once.
    Silent,
    /// A request has begun, and its head is not complete; said once for each.
    Receiving,
    /// The last exchange is under way: the kernel took a part of its response, and the rest waits; said once for each.
    Responding,
    /// The last exchange is over.
    Responded,
    /// The record is full: it is handed on as it is, and a further part begins.
    Continues,
    /// More of its segments were seen.
    Segments,
    /// The server has closed its socket, and packets of the connection may still pass: `Closed` comes
    /// when they are known.
    Closing,
    /// The connection is closed: nothing will be added.
    Closed,
}
