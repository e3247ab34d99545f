//! What serving threads report: raw facts, not yet made sense of. They travel
//! as bytes (see [`super::probe`]), so that a thread and a forked child report alike.

use crate::kernel::tcp_info::{Order, SendQueue};
use crate::record::connection::HeadState;
use crate::record::{Moment, Moments, Named, NotNamed, ProxyHeaderState, Reason};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// One report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Report<'a> {
    /// A line of the access log, without its end.
    Line(#[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>),
    /// A connection was accepted.
    Opened(Opened),
    /// A header of the PROXY protocol, or what is known of it by now.
    ProxyHeader(ProxyHeader),
    /// An exchange began, or went on: what is known of it now.
    Exchange(Exchange<'a>),
    /// The response of an exchange that was reported before it was is acknowledged.
    Acknowledged { connection: u64, number: u64, at: Moment },
    /// A connection was closed.
    Closed(Closed),
    /// A connection's process ended without a word, and had begun this number of exchanges, as far as is known.
    Lost { connection: u64, exchanges: u64 },
    /// The last report.
    End,
}

/// The facts of an accept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub connection: u64,
    pub between: Between,
    pub accepted: Moment,
    /// IP and TCP headers of the SYN; empty if there is none.
    #[serde(with = "serde_bytes")]
    pub syn: Vec<u8>,
    /// `struct tcp_info` of the connection.
    #[serde(with = "serde_bytes")]
    pub tcp_info: Vec<u8>,
    /// Of the listening socket: complete connections that still wait, and how many may.
    pub queue: Option<(u32, u32)>,
}

/// The facts of a header of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProxyHeader {
    pub connection: u64,
    pub state: ProxyHeaderState,
    /// Who is the client, if it says so.
    pub named: Option<Named>,
    /// Its first byte, and how many there were.
    pub first_byte: u8,
    pub bytes: u64,
    pub read: Moment,
}

/// The two ends of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Between {
    /// Of TCP.
    Addresses { client: SocketAddr, server: SocketAddr },
    /// Of a unix socket: of its two ends only the server's has a name, and it may have none.
    Unix { path: String },
}

impl Between {
    /// Those of the server's `socket`, which was accepted from `client`.
    pub(crate) fn of(client: Option<SocketAddr>, socket: &OwnedFd) -> Option<Self> {
        let server = socket2::SockRef::from(socket).local_addr().ok()?;
        let path = || server.as_pathname().map(|path| path.display().to_string()).unwrap_or_default();
        Some(match client {
            Some(client) => Self::Addresses { client, server: server.as_socket()? },
            None => Self::Unix { path: path() },
        })
    }
}

/// The facts of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Exchange<'a> {
    pub connection: u64,
    /// From 1; those that are left out count.
    pub number: u64,
    #[serde(borrow, with = "serde_bytes")]
    pub request: Cow<'a, [u8]>,
    pub request_is_cut: bool,
    pub head: HeadState,
    #[serde(borrow, with = "serde_bytes")]
    pub response: Cow<'a, [u8]>,
    pub response_is_cut: bool,
    /// Bytes of the response's body, as it was to be sent.
    pub body_length: Option<u64>,
    pub status: u16,
    /// Of the request's body, where the head announces one.
    pub body: Option<Body>,
    pub resource: Option<Cow<'a, str>>,
    /// Why the request was refused, where that is known.
    pub refused: Option<Reason>,
    /// What a trusted proxy's fields say of the client.
    pub forwarded: Option<Result<Named, NotNamed>>,
    pub is_kept: bool,
    pub stages: Moments,
    pub request_head: u64,
    pub reads: u32,
    pub response_head: u64,
    pub response_body: u64,
    pub writes: u32,
    /// Whether it is over, as far as this end can tell.
    pub is_over: bool,
    /// Whether arrivals and acknowledgements were asked of the kernel.
    pub asked_kernel: bool,
    /// Whether more of it is expected at once, an acknowledgement or more of the response: only those
    /// who follow what is under way are shown it before.
    pub is_held: bool,
    /// Whether the client's segments had come in order, as far as that was asked.
    pub order: Order,
}

/// The facts of a request's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub length: u64,
    pub is_awaited: bool,
    pub read: u64,
    pub last_read: Moment,
}

/// The facts of a close.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub connection: u64,
    /// Right before close(2), and right after it.
    pub called: Moment,
    pub at: Moment,
    /// Whether another process may have had the socket open still: then that call ended nothing.
    pub is_shared: bool,
    /// `None`: the server's time for it was over.
    pub reason: Option<Reason>,
    pub is_abrupt: bool,
    pub is_reset: bool,
    pub is_timeout: bool,
    pub client_end: Moment,
    /// Right before shutdown(2), and right after it.
    pub server_end: Moment,
    pub server_shut: Moment,
    /// tcpi_state right before the server closed its sending side by shutdown(2); 0 if it did not.
    pub state_before_end: u8,
    /// What was queued before its FIN at that moment.
    pub queue_before_end: Option<SendQueue>,
    /// Whether bytes of the client's were left unread: close(2) then resets (RFC 2525 §2.17).
    pub has_unread: bool,
    /// `struct tcp_info` right before the close.
    #[serde(with = "serde_bytes")]
    pub tcp_info: Vec<u8>,
    /// Exchanges that there were, reported or not.
    pub exchanges: u64,
}
