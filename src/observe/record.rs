//! A connection as it is told: the vocabulary that the story, the JSON log, the
//! live page and `glasshttp fetch` share.
//!
//! Every figure says where it came from. Times are nanoseconds since the
//! connection was accepted, on the clock that packets bear too (CLOCK_REALTIME);
//! what happened before the accept is negative. docs/records.md describes the
//! JSON that these types become.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::SocketAddr;

/// The version of the form, raised whenever a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// Nanoseconds since the accept.
pub type Nanoseconds = i64;

/// A sentence or a name that is mostly known at compile time.
pub type Text = Cow<'static, str>;

/// A figure, and how we know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Figure<T> {
    /// The program or the kernel reported it.
    Measured {
        /// The figure.
        value: T,
        /// The call or the facility that reported it.
        by: Text,
    },
    /// Computed from what was measured.
    Derived {
        /// The figure.
        value: T,
        /// What it was computed from, and how.
        from: Text,
    },
    /// Nobody reported it.
    NotVisible {
        /// Why not, and what would show it.
        why: Text,
    },
}

impl<T> Figure<T> {
    /// A fact, and who reported it.
    pub fn measured(value: T, by: &'static str) -> Self {
        Self::Measured { value, by: Cow::Borrowed(by) }
    }

    /// A conclusion, and what it was drawn from.
    pub fn derived(value: T, from: &'static str) -> Self {
        Self::Derived { value, from: Cow::Borrowed(from) }
    }

    /// Nothing, and why.
    pub fn not_visible(why: &'static str) -> Self {
        Self::NotVisible { why: Cow::Borrowed(why) }
    }

    /// `value` as measured by `by`, if there is one.
    pub fn measured_or(value: Option<T>, by: &'static str, why_not: &'static str) -> Self {
        value.map_or_else(|| Self::not_visible(why_not), |value| Self::measured(value, by))
    }

    /// The figure itself, however it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Measured { value, .. } | Self::Derived { value, .. } => Some(value),
            Self::NotVisible { .. } => None,
        }
    }
}

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

/// What the client's SYN said (RFC 9293, RFC 7323).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syn {
    /// Initial sequence number.
    pub sequence: u32,
    /// Maximum segment size that the client takes, in octets.
    pub mss: Option<u16>,
    /// Receive window, in octets, unscaled.
    pub window: u16,
    /// By how many bits later windows are shifted.
    pub window_scale: Option<u8>,
    /// Whether selective acknowledgements are permitted.
    pub sack_permitted: bool,
    /// The client's timestamp clock.
    pub timestamp: Option<u32>,
    /// Time to live (IPv6: hop limit) as it arrived.
    pub ttl: u8,
    /// The IP and TCP headers themselves, in hexadecimal.
    pub headers: String,
}

/// What the two SYNs of a connection agreed on, as TCP_INFO knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiated {
    /// The most octets that a segment to the other end holds.
    pub mss: u32,
    /// Whether segments bear timestamps.
    pub timestamps: bool,
    /// Whether selective acknowledgements are permitted.
    pub sack: bool,
    /// By how many bits windows are shifted: our own, and the other end's.
    pub window_scales: Option<(u8, u8)>,
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

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Both halves were ended by a FIN, as far as we saw them.
    Fin,
    /// The client reset it.
    ResetByClient,
    /// The server reset it, so that nothing incomplete passes for whole, or by
    /// closing before it had read all that came.
    ResetByServer,
    /// A deadline of the server's passed, then a FIN.
    Timeout,
    /// Nobody heard: the process that served it was ended, or the report found no room.
    Lost,
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Who connected.
    Client,
    /// Who accepted.
    Server,
}

/// Who is left with a port in TIME-WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeWait {
    /// The client: it ended first.
    Client,
    /// The server: it ended first.
    Server,
    /// Nobody: it was reset.
    Nobody,
}

/// What TCP_INFO said right before the close (tcp(7)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tcp {
    /// The state's name, as in RFC 9293.
    pub state: Text,
    /// Smoothed round trip, in nanoseconds.
    pub rtt: Nanoseconds,
    /// Its mean deviation, in nanoseconds.
    pub rtt_variation: Nanoseconds,
    /// Segments sent again.
    pub retransmissions: u32,
    /// Octets that arrived; a FIN counts as one.
    pub octets_received: Option<u64>,
    /// Octets that the client acknowledged; a FIN counts as one.
    pub octets_acknowledged: Option<u64>,
    /// Segments that arrived.
    pub segments_in: Option<u32>,
    /// Segments that were sent.
    pub segments_out: Option<u32>,
    /// The most octets that a segment to the client holds.
    pub mss: u32,
    /// Congestion window, in segments.
    pub congestion_window: u32,
}
