//! Why nothing listens at an address.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Why nothing listens at an address.
#[derive(Debug)]
pub struct ListenError {
    pub(super) address: SocketAddr,
    pub(super) cause: io::Error,
}

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Another socket listens on the port.
    Taken,
    /// A port below 1024, for which there is no right.
    NotPermitted,
    /// The machine has no such address.
    NoSuchAddress,
    /// A link-local address without its interface.
    NoInterface,
    /// It means all hosts of a network, to which nobody connects.
    Broadcast,
    /// Something else: [`ListenError::cause`].
    Other,
}

impl ListenError {
    /// Where nothing listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The system's error.
    pub fn cause(&self) -> &io::Error {
        &self.cause
    }

    /// What is in the way.
    pub fn obstacle(&self) -> Obstacle {
        match (self.cause.kind(), self.address) {
            (io::ErrorKind::AddrInUse, _) => Obstacle::Taken,
            (io::ErrorKind::PermissionDenied, _) => Obstacle::NotPermitted,
            (io::ErrorKind::AddrNotAvailable, _) => Obstacle::NoSuchAddress,
            (io::ErrorKind::NetworkUnreachable, _) => Obstacle::Broadcast,
            (_, SocketAddr::V6(v6)) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => Obstacle::NoInterface,
            _ => Obstacle::Other,
        }
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, cause } = self;
        match self.obstacle() {
            Obstacle::Taken => write!(f, "cannot listen on {address}: the port is taken"),
            Obstacle::NotPermitted => write!(f, "cannot listen on {address}: permission denied"),
            Obstacle::NoSuchAddress => write!(f, "cannot listen on {address}: this machine has no such address"),
            Obstacle::NoInterface => {
                write!(f, "cannot listen on {}: a link-local address needs its interface", address.ip())
            }
            Obstacle::Broadcast => write!(f, "cannot listen on {address}: it is a broadcast address"),
            Obstacle::Other => write!(f, "cannot listen on {address}: {cause}"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Fails if no client could connect to this address of ours, though the kernel lets a socket listen there: a
/// network's broadcast address. What it is only the kernel knows, which connects no UDP socket to one that has
/// not asked for it (EACCES, ip(7)); nothing is sent.
///
/// # Errors
/// With what a client would hear.
pub(super) fn refuse_broadcast(address: SocketAddr) -> io::Result<()> {
    let IpAddr::V4(ip) = address.ip().to_canonical() else { return Ok(()) };
    let Ok(socket) = UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0)) else { return Ok(()) };
    let is_denied = |result: io::Result<()>| result.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    let connect = || socket.connect((ip, 9));
    if is_denied(connect()) && socket.set_broadcast(true).is_ok() && !is_denied(connect()) {
        return Err(io::Error::from_raw_os_error(libc::ENETUNREACH));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_address_is_known_by_the_kernel() {
        let refused = |ip: &str| refuse_broadcast(SocketAddr::new(ip.parse().expect("an address"), 80)).is_err();
        // Each machine has this one: that of its loopback network.
        assert!(refused("127.255.255.255") && refused("::ffff:127.255.255.255"));
        for ip in ["127.0.0.1", "127.0.0.0", "0.0.0.0", "::", "::1", "203.0.113.9"] {
            assert!(!refused(ip), "{ip}");
        }
    }
}
