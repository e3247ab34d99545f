//! Where connections come in: which addresses, which port, and what every
//! accepted socket is set to. No HTTP here.

mod address;

use crate::sys::tcp_option::{filter_syn, hear_all, starve_syn};
pub use address::{Address, Peer};
use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How many ports after the usual one are tried when it is taken.
const PORTS_TRIED: u16 = 100;
/// How often a free port is asked for until it is free on every address.
const FREE_PORTS_TRIED: usize = 32;

/// Which port to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one, or fail. 0: any free one.
    Exactly(u16),
    /// This one, or the next that is free.
    From(u16),
}

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: SocketAddr,
    backlog: i32,
    is_handed_over: bool,
    is_proxied: bool,
}

/// Why a socket that was handed over is none to accept connections from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotListening {
    /// It is no stream of TCP over IPv4 or IPv6.
    NotTcp,
    /// Nobody called listen(2) for it.
    NotYet,
}

/// Why nothing listens at an address.
#[derive(Debug)]
pub struct ListenError {
    address: SocketAddr,
    cause: io::Error,
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
            Obstacle::Other => write!(f, "cannot listen on {address}: {cause}"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Which of several addresses must be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// Each of them: they were chosen.
    All,
    /// One: those that the machine lacks, of a family that it has not, are left out.
    One,
}

/// Listens on one port of all these addresses, with room for `backlog`
/// connections that are complete and not yet accepted (listen(2)).
///
/// # Errors
/// If the port is not to be had; with [`Port::From`], if none is. If the machine
/// lacks an address that is required.
pub fn listen(
    addresses: &[Address],
    required: Required,
    port: Port,
    backlog: u32,
) -> Result<Vec<Listener>, ListenError> {
    let is_taken = |error: &ListenError| error.cause.kind() == io::ErrorKind::AddrInUse;
    match port {
        Port::Exactly(0) => {
            let mut result = listen_on(addresses, required, 0, backlog);
            for _ in 1..FREE_PORTS_TRIED {
                match result {
                    // Free on the first address, taken on the second: ask anew.
                    Err(error) if is_taken(&error) => result = listen_on(addresses, required, 0, backlog),
                    _ => break,
                }
            }
            result
        }
        Port::Exactly(port) => listen_on(addresses, required, port, backlog),
        Port::From(first) => {
            let mut result = listen_on(addresses, required, first, backlog);
            for port in (first..=u16::MAX).take(PORTS_TRIED.into()).skip(1) {
                match result {
                    Err(error) if is_taken(&error) => result = listen_on(addresses, required, port, backlog),
                    _ => break,
                }
            }
            result
        }
    }
}

fn listen_on(addresses: &[Address], required: Required, port: u16, backlog: u32) -> Result<Vec<Listener>, ListenError> {
    let mut port = port;
    let mut listeners = Vec::with_capacity(addresses.len());
    let mut missing = None;
    for address in addresses {
        let is_proxied = address.is_proxied;
        let address = address.with_port(port);
        // The unspecified IPv6 address alone stands for both families.
        let both_families = addresses.len() == 1;
        match Listener::bind(address, both_families, backlog) {
            Ok(listener) => {
                port = listener.address.port();
                listeners.push(Listener { is_proxied, ..listener });
            }
            Err(cause) => {
                let may_lack = required == Required::One && addresses.len() > 1;
                let is_missing =
                    cause.kind() == io::ErrorKind::AddrNotAvailable || cause.raw_os_error() == Some(libc::EAFNOSUPPORT);
                let error = ListenError { address, cause };
                if !(may_lack && is_missing) {
                    return Err(error);
                }
                missing = Some(error);
            }
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

impl Listener {
    fn bind(address: SocketAddr, both_families: bool, backlog: u32) -> io::Result<Self> {
        let socket = unbound(address, !both_families)?;
        socket.bind(&SockAddr::from(address))?;
        // Only after the address is ours alone: otherwise two servers could share it unawares.
        socket.set_reuse_port(true)?;
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        socket.listen(backlog)?;
        let address = socket.local_addr()?.as_socket().unwrap_or(address);
        Ok(Self { socket, address, backlog, is_handed_over: false, is_proxied: false })
    }

    /// A listening socket that was made by another program, and stays when this one ends.
    ///
    /// # Errors
    /// If it is no TCP socket that listens.
    pub fn handed_over(socket: OwnedFd) -> Result<Self, NotListening> {
        let socket = Socket::from(socket);
        let address = socket.local_addr().ok().and_then(|address| address.as_socket()).ok_or(NotListening::NotTcp)?;
        if socket.r#type().ok() != Some(Type::STREAM) {
            return Err(NotListening::NotTcp);
        }
        if !socket.is_listener().unwrap_or(false) {
            return Err(NotListening::NotYet);
        }
        // All who have it share these settings; a server that blocks in accept(2) is none that stops.
        let settings = [socket.set_nonblocking(true), socket.set_tcp_nodelay(true)];
        settings.into_iter().collect::<io::Result<()>>().map_err(|_| NotListening::NotTcp)?;
        Ok(Self { socket, address, backlog: 0, is_handed_over: true, is_proxied: false })
    }

    /// Another listening socket on the same address, among which the system
    /// divides the connections (SO_REUSEPORT, socket(7)). Of one that was handed over,
    /// the same socket again: its queue is the one that stays.
    ///
    /// # Errors
    /// If the system has no such thing, or no descriptor is left.
    pub fn sibling(&self) -> io::Result<Self> {
        if self.is_handed_over {
            return Ok(Self { socket: self.socket.try_clone()?, ..*self });
        }
        let socket = unbound(self.address, self.address.is_ipv6() && self.socket.only_v6()?)?;
        socket.set_reuse_port(true)?;
        socket.bind(&SockAddr::from(self.address))?;
        let sibling = Self { socket, ..*self };
        if crate::sys::tcp_option::saves_syn(&self.socket) {
            sibling.save_syn(); // before the first one comes
        }
        sibling.socket.listen(self.backlog)?;
        Ok(sibling)
    }

    /// Lets connections wait in the kernel until they have sent something, a
    /// second or so: then they come, silent or not.
    pub(crate) fn defer_accept(&self) {
        // A system without it accepts earlier, that is all.
        let _ = crate::sys::tcp_option::defer_accept(&self.socket, 1);
    }

    /// Lets no connection begin any more; those that did can be accepted.
    pub(crate) fn refuse_syn(&self) {
        // A system without either resets who comes from here on, as ever.
        let _ = filter_syn(&self.socket).or_else(|_| starve_syn(&self.socket));
        let _ = crate::sys::tcp_option::defer_accept(&self.socket, 0);
    }

    /// Lets a connection that came after [`Listener::refuse_syn`] hear its client.
    pub(crate) fn hear(&self, accepted: &OwnedFd) {
        // Where it hears, this changes nothing.
        let _ = hear_all(accepted);
    }

    /// Whether it is another's: it was there before this process, and stays after it.
    pub fn is_handed_over(&self) -> bool {
        self.is_handed_over
    }

    /// Keeps the first segment of each connection, for the record.
    pub(crate) fn save_syn(&self) {
        // A system without it has none to show, that is all.
        let _ = crate::sys::tcp_option::save_syn(&self.socket);
    }

    /// The address that it listens on, with the port that it really has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes the first complete connection of the queue; `None` if there is none.
    ///
    /// # Errors
    /// Those of accept(2), but for connections that ended while they waited.
    pub fn accept(&self) -> io::Result<Option<(OwnedFd, Peer)>> {
        use rustix::io::Errno;
        match acceptfrom_with(&self.socket, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok((socket, peer)) => {
                let address = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                let address = address.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));
                Ok(Some((socket, Peer { address, is_proxied: self.is_proxied })))
            }
            // accept(2): errors of the connection, not of the listener.
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED | Errno::PROTO) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A socket for `address` with what accepted ones inherit, not yet bound.
fn unbound(address: SocketAddr, only_v6: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    // A port whose last owner's connections are in TIME-WAIT can be had at once.
    socket.set_reuse_address(true)?;
    // Without it a head and its file meet Nagle's algorithm and the client's
    // delayed acknowledgement, 40 ms a response.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The URLs under which these listeners can be reached, best first.
pub fn urls(listeners: &[Listener]) -> Vec<String> {
    let addresses: Vec<SocketAddr> = listeners.iter().map(Listener::address).collect();
    let Some(port) = addresses.first().map(SocketAddr::port) else {
        return Vec::new();
    };
    let has = |ip: IpAddr| addresses.iter().any(|address| address.ip() == ip);
    let everywhere_4 = has(Ipv4Addr::UNSPECIFIED.into()) || (addresses.len() == 1 && has(Ipv6Addr::UNSPECIFIED.into()));
    let everywhere_6 = has(Ipv6Addr::UNSPECIFIED.into());
    let mut hosts = Vec::new();
    let loopbacks = has(Ipv4Addr::LOCALHOST.into()) && has(Ipv6Addr::LOCALHOST.into());
    if loopbacks || everywhere_4 {
        hosts.push("localhost".to_owned());
    }
    for address in &addresses {
        let ip = address.ip();
        let is_said = loopbacks && ip.is_loopback();
        if !ip.is_unspecified() && !is_said {
            hosts.push(host(*address));
        }
    }
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        let ip = interface.ip();
        let is_link_local = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
        if (ip.is_ipv4() && everywhere_4 || ip.is_ipv6() && everywhere_6) && !ip.is_loopback() && !is_link_local {
            hosts.push(host(SocketAddr::new(ip, port)));
        }
    }
    hosts.into_iter().map(|host| format!("http://{host}:{port}/")).collect()
}

/// The best of those URLs for other machines; `None` where only this one is listened to.
pub fn lan_url(listeners: &[Listener]) -> Option<String> {
    let port = listeners.first()?.address().port();
    let has = |ip: IpAddr| listeners.iter().any(|listener| listener.address().ip() == ip);
    let (everywhere_4, everywhere_6) = (has(Ipv4Addr::UNSPECIFIED.into()), has(Ipv6Addr::UNSPECIFIED.into()));
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(|interface| interface.ip()).collect();
    addresses.retain(|ip| !ip.is_loopback() && !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()));
    addresses.retain(|ip| if ip.is_ipv4() { everywhere_4 || everywhere_6 } else { everywhere_6 });
    let best = addresses.iter().min_by_key(|ip| ip.is_ipv6())?;
    Some(format!("http://{}/", SocketAddr::new(*best, port)))
}

/// As it stands in a URL; a zone by its interface's name (RFC 6874).
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => match address.scope_id() {
            0 => format!("[{}]", address.ip()),
            zone => {
                let name = nix::net::if_::if_indextoname(zone).ok().and_then(|name| name.into_string().ok());
                format!("[{}%25{}]", address.ip(), name.unwrap_or_else(|| zone.to_string()))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACKS: [Address; 2] = [
        Address { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), zone: 0, is_proxied: false },
        Address { ip: IpAddr::V6(Ipv6Addr::LOCALHOST), zone: 0, is_proxied: false },
    ];

    #[test]
    fn both_loopbacks_share_a_port_that_the_system_chose() {
        let listeners = listen(&LOOPBACKS, Required::One, Port::Exactly(0), 8).expect("a free port");
        let ports: Vec<u16> = listeners.iter().map(|listener| listener.address().port()).collect();
        assert!(ports[0] != 0 && ports.iter().all(|&port| port == ports[0]), "{ports:?}");
    }

    #[test]
    fn a_taken_port_is_an_error_or_leads_to_the_next() {
        let first = listen(&LOOPBACKS[..1], Required::All, Port::Exactly(0), 8).expect("a free port");
        let port = first[0].address().port();
        let error = listen(&LOOPBACKS, Required::One, Port::Exactly(port), 8).expect_err("it is taken").to_string();
        assert!(error.contains("the port is taken") && !error.contains('\n'), "{error}");
        let next = listen(&LOOPBACKS, Required::One, Port::From(port), 8).expect("a later port");
        assert!(next[0].address().port() > port);
    }

    #[test]
    fn an_address_that_the_machine_lacks_is_left_out_unless_it_is_required() {
        // For documentation (RFC 5737), so nobody's.
        let addresses = [LOOPBACKS[0], Ipv4Addr::new(192, 0, 2, 1).into()];
        let listeners = listen(&addresses, Required::One, Port::Exactly(0), 8).expect("one of them");
        assert_eq!(listeners.len(), 1);
        let error = listen(&addresses, Required::All, Port::Exactly(0), 8).expect_err("both are required").to_string();
        assert!(error.contains("192.0.2.1") && error.contains("no such address"), "{error}");
        let alone = listen(&addresses[1..], Required::One, Port::Exactly(0), 8).expect_err("none is left").to_string();
        assert!(alone.contains("no such address"), "{alone}");
    }
}
