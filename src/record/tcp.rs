//! What TCP said: the client's SYN, what both ends agreed on, what was counted.

use super::figure::{Nanoseconds, Text};
use serde::{Deserialize, Serialize};

/// What the client's SYN said (RFC 9293, RFC 7323).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Syn {
    /// Initial sequence number.
    pub sequence: u32,
    /// Maximum segment size that the client takes, in bytes.
    pub mss: Option<u16>,
    /// Receive window, in bytes, unscaled.
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

/// What the two SYNs of a connection agreed on, and what each end goes by, as TCP_INFO knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Negotiated {
    /// The most bytes of data that a segment to the other end holds for now
    /// (tcpi_snd_mss): less than the MSS that the other end announced, by the
    /// options of each segment, the path's MTU, and half of its window.
    pub segment_size: u32,
    /// The MSS that this end announced (tcpi_advmss). Each end announces its own: none is agreed on.
    pub announced_mss: Option<u32>,
    /// Whether segments bear timestamps.
    pub timestamps: bool,
    /// Whether selective acknowledgements are permitted.
    pub sack: bool,
    /// By how many bits windows are shifted: our own, and the other end's.
    pub window_scales: Option<(u8, u8)>,
}

/// What TCP_INFO said right before the close (tcp(7)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tcp {
    /// The state's name, as in RFC 9293.
    pub state: Text,
    /// Smoothed round trip, in nanoseconds.
    pub rtt: Nanoseconds,
    /// Its mean deviation, in nanoseconds.
    pub rtt_variation: Nanoseconds,
    /// The shortest round trip that was measured, in nanoseconds.
    #[serde(default)]
    pub min_rtt: Option<Nanoseconds>,
    /// Segments sent again.
    pub retransmissions: u32,
    /// Bytes that arrived; a FIN counts as one.
    #[serde(alias = "octets_received")]
    pub bytes_received: Option<u64>,
    /// Bytes that the client acknowledged; a FIN counts as one.
    #[serde(alias = "octets_acknowledged")]
    pub bytes_acknowledged: Option<u64>,
    /// Segments that arrived.
    pub segments_in: Option<u32>,
    /// Segments that were sent.
    pub segments_out: Option<u32>,
    /// The most bytes that a segment to the client holds.
    pub mss: u32,
    /// Congestion window, in segments.
    pub congestion_window: u32,
}
