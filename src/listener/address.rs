//! Addresses: where connections come in, and who is at their other end.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::path::PathBuf;

/// Where a socket listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// On an IP address and a port.
    Internet(SocketAddr),
    /// On a unix socket of this path.
    Unix(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An address to listen on, without its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// The IP address.
    pub ip: IpAddr,
    /// The number of the interface of a link-local address (its zone: RFC 4007 §11); else 0.
    pub zone: u32,
    /// Whether proxies connect there, that first say who their client is (PROXY protocol).
    pub is_proxied: bool,
}

/// Who is at the other end of an accepted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// Its address and port; none on a unix socket.
    pub address: Option<SocketAddr>,
    /// Whether it is a proxy that will first say who its client is (PROXY protocol).
    pub is_proxied: bool,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self { address: Some(address), is_proxied: false }
    }
}

impl Address {
    /// That of `address`.
    pub fn of(address: SocketAddr) -> Self {
        let zone = match address {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(v6) => v6.scope_id(),
        };
        Self { ip: address.ip(), zone, is_proxied: false }
    }

    /// The same with this port.
    pub fn with_port(self, port: u16) -> SocketAddr {
        match self.ip {
            IpAddr::V4(_) => SocketAddr::new(self.ip, port),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.zone).into(),
        }
    }
}

impl<A: Into<IpAddr>> From<A> for Address {
    fn from(ip: A) -> Self {
        Self { ip: ip.into(), zone: 0, is_proxied: false }
    }
}
