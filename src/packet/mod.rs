//! Packets as a calculation: taken apart ([`segment`], [`layers`], [`arp`]), followed over a
//! connection ([`tracker`]), carried by a simulated link ([`link`]) and written
//! for Wireshark ([`pcapng`]). Nothing here does I/O or reads a clock.

pub mod arp;
pub mod layers;
pub mod link;
pub mod pcapng;
pub mod rule;
pub mod segment;
pub mod tracker;

use serde::{Deserialize, Serialize};
use std::fmt;

/// The way a packet goes, seen from the two roles: client and server.
///
/// Exhaustive on purpose: a connection has two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client to the server: `>`.
    ToServer,
    /// From the server to the client: `<`.
    ToClient,
}

impl Direction {
    /// Both, the client's first.
    pub const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// The way back.
    #[must_use]
    pub fn reverse(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }

    /// A place of its own for each, from 0.
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToServer => ">",
            Self::ToClient => "<",
        })
    }
}
