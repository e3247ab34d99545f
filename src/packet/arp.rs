//! An ARP message (RFC 826) about an IPv4 address on an Ethernet: who has it, and who says so.

use etherparse::{LaxNetSlice, LaxSlicedPacket};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What an ARP message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Arp {
    /// 1 for a request, 2 for a reply.
    pub operation: u16,
    /// The sender's IP address.
    pub sender: Ipv4Addr,
    /// The sender's MAC address: `02:00:0a:00:00:01`.
    pub sender_mac: String,
    /// The IP address that is asked for; in a reply, that of the host that asked.
    pub target: Ipv4Addr,
}

impl Arp {
    /// The message in an Ethernet frame, if it is one.
    pub fn from_ethernet(frame: &[u8]) -> Option<Self> {
        let sliced = LaxSlicedPacket::from_ethernet(frame).ok()?;
        let Some(LaxNetSlice::Arp(message)) = &sliced.net else { return None };
        let message = message.to_packet().try_eth_ipv4().ok()?;
        Some(Self {
            operation: message.operation.0,
            sender: message.sender_ipv4_addr(),
            sender_mac: message.sender_mac.map(|byte| format!("{byte:02x}")).join(":"),
            target: message.target_ipv4_addr(),
        })
    }
}
