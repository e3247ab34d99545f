//! A fetch as it is recorded: what the story, the JSON and the HAR are made from.
//!
//! Every figure says where it came from, as in the server's records. Times are
//! nanoseconds since the fetch began, on CLOCK_REALTIME.

use super::client_reason::ClientReason;
pub use super::connect::{Attempt, Connect, ConnectOutcome, Ends, Reuse};
use super::connection::{Message, Record};
use super::ending::{End, How, TimeWait};
use super::failure::Failed;
use super::figure::{Figure, Nanoseconds, Text};
use super::lookup::{Lookup, Trace};
use super::saved;
use super::segment::Segments;
use super::tcp::Tcp;
use super::unjoined::{self, Unjoined};
use super::why::Why;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;

/// The version of the form, raised whenever a field changes its meaning.
pub const SCHEMA: u32 = 3;

/// Everything that one run fetched.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FetchRecord {
    /// [`SCHEMA`].
    pub glasshttp_fetch: u32,
    /// When it began: RFC 3339, in UTC, with nanoseconds. All times count from here.
    pub began: String,
    /// Each request that was made, or would have been, in order.
    pub transfers: Vec<Transfer>,
    /// What Ctrl-C left to be fetched, where that is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_begun: Option<Failed>,
}

/// One URL, asked for once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transfer {
    /// From 1, in order.
    pub number: u64,
    /// The URL.
    pub url: String,
    /// The method of its request, whether or not it came to one. Empty: not recorded.
    #[serde(default)]
    pub method: String,
    /// The version that the request is, such as `HTTP/1.0`. Empty: not recorded.
    #[serde(default)]
    pub version: Text,
    /// The URL that redirected here.
    pub redirected_from: Option<String>,
    /// When it began.
    pub began: Nanoseconds,
    /// When it was over: the response was whole or given up, or something had failed. What follows
    /// is the connection's end.
    #[serde(default)]
    pub ended: Option<Nanoseconds>,
    /// How the host's name became addresses; `None` where they were known from before.
    pub name: Option<Name>,
    /// How the connection was made; `None` where there was one, or no address.
    pub connect: Option<Connect>,
    /// What came of using a keep-alive connection.
    pub reuse: Option<Reuse>,
    /// The connection's number, from 1.
    pub connection: Option<u64>,
    /// Both ends of it.
    pub ends: Option<Ends>,
    /// The request and its response.
    pub exchange: Option<ClientExchange>,
    /// The body that was to be sent, where it did not come to an exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent_body: Option<UnsentBody>,
    /// What became of the body.
    pub body: Option<Saved>,
    /// Whether none of it was wanted, or no more: it redirects elsewhere, is an error's, belongs to a
    /// request that is sent again, or is no text for a terminal.
    #[serde(default)]
    pub is_body_unwanted: bool,
    /// Whether the connection was kept for the next one.
    pub is_kept: bool,
    /// How the connection ended; `None` while it is open.
    pub close: Option<ClientClose>,
    /// Where the response redirects to, and that is followed.
    pub redirects_to: Option<String>,
    /// Fields that were typed and not sent, the redirect having led to another origin.
    pub withheld: Vec<String>,
    /// Whether the same was asked again on a new connection, this one having ended.
    pub is_retried: bool,
    /// What went wrong.
    pub failure: Option<Failed>,
    /// The segments of its connection that were seen meanwhile, as they passed this machine's
    /// interface; `None` where packets are not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
    /// The server's half of the connection, where there is one.
    pub server: Option<Box<Record>>,
    /// Why not, where it was asked for.
    #[serde(serialize_with = "unjoined::save", deserialize_with = "unjoined::read")]
    pub no_server: Option<Unjoined>,
}

/// How a name became addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Name {
    /// The host.
    pub host: String,
    /// When the lookup began, and when it was over: the system's resolver is part of it where it was waited for.
    pub began: Nanoseconds,
    /// See `began`.
    pub ended: Nanoseconds,
    /// As a resolver does it.
    pub lookup: Option<Lookup>,
    /// From the root downwards.
    pub trace: Option<Trace>,
    /// What is tried, in order.
    pub addresses: Vec<IpAddr>,
}

/// A request and its response.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientExchange {
    /// From 1, in order, on its connection.
    pub number: u32,
    /// What was asked.
    pub request: Message,
    /// Bytes of the request's head as it was to be sent: in a file, what is withheld makes it shorter or longer.
    /// `None`: not recorded.
    #[serde(default)]
    pub request_head: Option<u64>,
    /// Bytes of body behind the request's head.
    pub request_body: u64,
    /// That body, where it is text: its beginning, if it is long.
    pub request_text: Option<TextBody>,
    /// The response, if its head came whole.
    pub response: Option<Response>,
    /// Status codes of the interim responses before it.
    pub interim: Vec<u16>,
    /// Their heads.
    pub interim_heads: Vec<Interim>,
    /// What came and can't be read.
    pub unread: Option<Unread>,
    /// When things happened.
    pub stages: ClientStages,
    /// Calls and bytes.
    pub traffic: ClientTraffic,
    /// Whether we gave the response up, as was wished.
    pub is_aborted: bool,
}

impl ClientExchange {
    /// How long the request's head is, in bytes.
    pub fn request_head_length(&self) -> u64 {
        self.request_head.unwrap_or(self.request.head.len() as u64)
    }

    /// How long the request is, with its body.
    pub fn request_length(&self) -> u64 {
        self.request_body.saturating_add(self.request_head_length())
    }
}

/// The head of a response.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Response {
    /// The status line; empty where there was no head (HTTP/0.9).
    pub line: String,
    /// The version that the server speaks, such as `HTTP/1.0`.
    pub version: Text,
    /// The status code; 0 where there was no head.
    pub status: u16,
    /// The header fields, in order; bytes that are no UTF-8 are shown as U+FFFD.
    pub fields: Vec<Field>,
    /// Lines that are no fields and were dropped, escaped as in source code; not all, if they are many.
    pub dropped: Vec<String>,
    /// How many more there were.
    #[serde(default)]
    pub dropped_left_out: u64,
    /// The head as it came, cut where it is very long.
    pub head: Message,
    /// How the end of the body is known.
    pub framing: Framing,
    /// The fields behind the last chunk.
    pub trailers: Vec<Field>,
}

impl Response {
    /// The first value of the field `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
    }
}

/// Text that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TextBody {
    /// The text.
    pub text: String,
    /// Whether there was more.
    pub is_cut: bool,
}

/// The body of a request that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnsentBody {
    /// How long it is.
    pub bytes: u64,
    /// What `Content-Type` would have said.
    pub media_type: String,
    /// The body, where it is text: its beginning, if it is long.
    pub text: Option<TextBody>,
}

/// The head of an interim response (1xx).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Interim {
    /// When we had read it.
    pub at: Nanoseconds,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// The status code.
    pub status: u16,
    /// The status line.
    pub line: String,
    /// The header fields, in order.
    pub fields: Vec<Field>,
    /// The head as it came.
    pub head: Message,
}

/// Bytes that came and can't be read, as text: escaped as in source code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unread {
    /// How many there were when that was clear.
    pub bytes: u64,
    /// The first of them.
    pub text: String,
    /// The line that is wrong, where it is one.
    pub line: Option<String>,
    /// The protocol that they look like, if they look like one.
    pub protocol: Option<Text>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// The name, as sent.
    pub name: String,
    /// The value.
    pub value: String,
}

/// How the end of a body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Framing {
    /// There is none.
    NoBody,
    /// `Content-Length`.
    ContentLength {
        /// In bytes.
        bytes: u64,
    },
    /// The last chunk.
    Chunked,
    /// The end of the connection.
    Close,
    /// It is not known: the fields that should say it contradict each other, or can't be read.
    Unknown,
}

/// When an exchange's stages were reached: facts, never intentions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientStages {
    /// The request's first bytes were handed to the kernel.
    pub first_sent: Figure<Nanoseconds>,
    /// Its last ones were.
    pub last_sent: Figure<Nanoseconds>,
    /// The server's TCP had acknowledged its last byte.
    pub acknowledged: Figure<Nanoseconds>,
    /// The kernel had the response's first bytes.
    #[serde(default = "read_as_whole")]
    pub first_arrived: Figure<Nanoseconds>,
    /// The kernel had what the first read gave of the response, to its last byte.
    pub arrived: Figure<Nanoseconds>,
    /// We had read them.
    pub first_read: Figure<Nanoseconds>,
    /// The response's head was complete.
    pub head_complete: Figure<Nanoseconds>,
    /// The response was.
    pub complete: Figure<Nanoseconds>,
}

/// What an exchange took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientTraffic {
    /// Calls that sent some of the request.
    pub writes: u32,
    /// Bytes of the request that the kernel took.
    pub request: u64,
    /// Calls that read some of the response.
    pub reads: u32,
    /// Bytes of the response's head.
    pub head: u64,
    /// Bytes of its body, decoded.
    pub body: u64,
    /// All bytes that were read.
    pub read: u64,
}

/// What became of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Saved {
    /// It went to standard output.
    Stdout,
    /// It is no text and would have gone to a terminal.
    NotForTerminal,
    /// It was dropped.
    Dropped,
    /// It is whole, in this file.
    File {
        /// The file.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
        /// Bytes that were there from before.
        resumed_at: u64,
        /// The file was whole before.
        was_whole: bool,
    },
    /// Some of it is in this file.
    Part {
        /// The file.
        #[serde(serialize_with = "saved::path")]
        path: PathBuf,
        /// Its length, in bytes.
        bytes: u64,
        /// Whether a later `-C` can ask for the rest alone: there is a strong validator to name its version by.
        /// `None`: not recorded.
        #[serde(default)]
        resumes: Option<bool>,
    },
}

/// The end of a connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientClose {
    /// When our socket was closed: close(2) had returned.
    pub at: Nanoseconds,
    /// Why: in JSON `reason`, its code, and `sentence`.
    #[serde(flatten)]
    pub reason: ClientReason,
    /// How it ended.
    pub how: How,
    /// Which end was the first to end it.
    pub first: Figure<End>,
    /// When we closed our sending side: the call began.
    pub client_end: Figure<Nanoseconds>,
    /// When our FIN left, which follows what waited to be sent: then, or later.
    #[serde(default = "unseen")]
    pub client_fin: Figure<Nanoseconds>,
    /// When we reset the connection, behind our FIN or without one: the call that did so began, or the segment was
    /// seen. Its source says why.
    #[serde(default = "unseen")]
    pub client_reset: Figure<Nanoseconds>,
    /// Bytes that belong to no response, and were read and dropped.
    #[serde(default)]
    pub surplus: u64,
    /// When our FIN, or our reset where there was none, had left: the call that sends it had returned.
    #[serde(default = "unseen")]
    pub left_by: Figure<Nanoseconds>,
    /// When we knew that the server had closed its sending side.
    pub server_end: Figure<Nanoseconds>,
    /// What the kernel counted.
    pub tcp: Figure<Tcp>,
    /// Whose port now waits out stray segments (RFC 9293 §3.6.1).
    pub time_wait: Figure<TimeWait>,
}

fn read_as_whole<T>() -> Figure<T> {
    Figure::not_visible(Why::ReadAsWhole)
}

fn unseen<T>() -> Figure<T> {
    Figure::not_visible(Why::CloseUnseen)
}
