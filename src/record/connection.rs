//! A connection as the server records it: what the story, the JSON log and the
//! live page share.
//!
//! Times are nanoseconds since the connection was accepted, on the clock that
//! packets bear too (CLOCK_REALTIME); what happened before the accept is negative.

use super::ending::{End, How, TimeWait};
use super::figure::{Figure, Nanoseconds, Text};
use super::tcp::{Syn, Tcp};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The version of the form, raised whenever a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// One connection, from the client's SYN to TIME-WAIT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub glasshttp: u32,
    /// The connection's number, from 1, in order of accept.
    pub connection: u64,
    /// The server model that ran it.
    pub model: Text,
    /// The client's address and port.
    pub client: SocketAddr,
    /// The server's address and port.
    pub server: SocketAddr,
    /// When accept(2) returned: RFC 3339, in UTC, with nanoseconds. All times count from here.
    pub accepted: String,
    /// How it came about.
    pub handshake: Handshake,
    /// Requests and their answers, in order: the latest, where there were very many.
    pub exchanges: Vec<Exchange>,
    /// How many more there were that are not told, or no longer.
    pub exchanges_left_out: u64,
    /// How it ended; `None` while it is open.
    pub close: Option<Close>,
}

/// The beginning of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// The client's first segment.
    pub syn: Figure<Syn>,
    /// The server's initial sequence number.
    pub server_sequence: Figure<u32>,
    /// How long the complete connection stood in the accept queue, in nanoseconds.
    pub queued: Figure<Nanoseconds>,
    /// The accept queue when this connection had been taken from it.
    pub queue: Figure<Queue>,
    /// The round trip of SYN+ACK and ACK, in nanoseconds.
    pub rtt: Figure<Nanoseconds>,
}

/// The accept queue of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Complete connections that wait for accept(2).
    pub waiting: u32,
    /// How many may.
    pub backlog: u32,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// From 1, in order, on its connection.
    pub number: u64,
    /// What was asked.
    pub request: Message,
    /// What was answered.
    pub answer: Message,
    /// The answer's status code.
    pub status: u16,
    /// What the answer was made from: a path below the served folder, or what else answered.
    pub resource: Figure<String>,
    /// Whether the connection was kept for another request.
    pub is_kept: bool,
    /// When things happened.
    pub stages: Stages,
    /// Calls and octets.
    pub traffic: Figure<Traffic>,
}

/// A message's head as it was on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The head; octets that are no UTF-8 are shown as U+FFFD. Empty where there was none (HTTP/0.9).
    pub head: String,
    /// Whether the head was longer than what is kept of it.
    pub is_cut: bool,
}

impl Message {
    /// The first line, without its end.
    pub fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

/// When an exchange's stages were reached: facts, never intentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages {
    /// The kernel had what the first read gave, to its last octet.
    pub arrived: Figure<Nanoseconds>,
    /// The server had read that.
    pub first_read: Figure<Nanoseconds>,
    /// The head was complete, and understood or refused.
    pub head_complete: Figure<Nanoseconds>,
    /// The answer was chosen.
    pub answer_chosen: Figure<Nanoseconds>,
    /// The answer's first octets were handed to the kernel.
    pub first_write: Figure<Nanoseconds>,
    /// Its last ones were.
    pub last_write: Figure<Nanoseconds>,
    /// The client's TCP had acknowledged its last octet.
    pub acknowledged: Figure<Nanoseconds>,
}

impl Stages {
    /// All of them, in order, with their names.
    pub fn named(&self) -> [(&'static str, &Figure<Nanoseconds>); 7] {
        [
            ("arrived", &self.arrived),
            ("first_read", &self.first_read),
            ("head_complete", &self.head_complete),
            ("answer_chosen", &self.answer_chosen),
            ("first_write", &self.first_write),
            ("last_write", &self.last_write),
            ("acknowledged", &self.acknowledged),
        ]
    }
}

/// What an exchange took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Calls that read some of the request; none, where it came with the one before.
    pub reads: u32,
    /// Octets of the request's head.
    pub request_head: u64,
    /// Calls that sent some of the answer.
    pub writes: u32,
    /// Octets of the answer's head that the kernel took.
    pub answer_head: u64,
    /// Octets of the answer's body that the kernel took.
    pub answer_body: u64,
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// When the server's socket was closed.
    pub at: Figure<Nanoseconds>,
    /// The name of the reason.
    pub reason: Text,
    /// The reason as a sentence.
    pub sentence: Text,
    /// How it ended.
    pub how: How,
    /// Which end was the first to end it.
    pub first: Figure<End>,
    /// When the server knew that the client had ended its half.
    pub client_end: Figure<Nanoseconds>,
    /// When the server ended its half.
    pub server_end: Figure<Nanoseconds>,
    /// What the kernel counted.
    pub tcp: Figure<Tcp>,
    /// Whose port now waits out stray segments (RFC 9293 §3.6.1).
    pub time_wait: Figure<TimeWait>,
}
