//! The client, as a proxy in front of it names it.

use super::figure::{Figure, Nanoseconds};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A client that a proxy named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Named {
    /// Its address.
    pub client: IpAddr,
    /// Its port, where that was named too.
    #[serde(default)]
    pub port: Option<u16>,
    /// How it was named.
    pub by: NamedBy,
}

/// What came of a header of the PROXY protocol, before anything else on its connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProxyHeader {
    /// How far it came.
    pub state: ProxyHeaderState,
    /// Its version, 1 or 2, by its first byte; `None` where that was neither's.
    pub version: Option<u8>,
    /// How many bytes of it came.
    pub bytes: u64,
    /// When the last of them had been read.
    pub read: Figure<Nanoseconds>,
}

/// How far a header of the PROXY protocol came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProxyHeaderState {
    /// Not to its end.
    Begun,
    /// It is whole, and names the client or nobody.
    Whole,
    /// What came is not one.
    Malformed,
}

/// How a proxy names its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NamedBy {
    /// By a line before the first request (PROXY protocol, version 1).
    ProxyV1,
    /// By bytes before the first request (PROXY protocol, version 2).
    ProxyV2,
    /// By the request's field Forwarded (RFC 7239).
    Forwarded,
    /// By the request's field X-Forwarded-For.
    XForwardedFor,
}

impl NamedBy {
    /// What it is called where it is defined.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProxyV1 => "PROXY v1",
            Self::ProxyV2 => "PROXY v2",
            Self::Forwarded => "Forwarded",
            Self::XForwardedFor => "X-Forwarded-For",
        }
    }
}

/// Why a trusted proxy's fields name no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotNamed {
    /// What should be an address is none.
    Malformed,
    /// Forwarded and X-Forwarded-For name different clients: one of them may be the client's own.
    Contradictory,
}

/// What a trusted proxy's fields say of an exchange's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Forwarded {
    /// Its address.
    Client(Named),
    /// Nothing that can be believed.
    Ignored {
        /// Why.
        ignored: NotNamed,
    },
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.client, port).fmt(f),
            None => self.client.fmt(f),
        }
    }
}
