//! Where connections come in: which addresses, which port, and what every
//! accepted socket is set to. No HTTP here.

mod address;
mod obstacle;
mod unix;
mod urls;

use crate::sys::tcp_option::{filter_syn, hear_all, starve_syn};
pub use address::{Address, Peer, Place};
use obstacle::refuse_broadcast;
pub use obstacle::{ListenError, Obstacle};
use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
pub use unix::{Name, NoUnixSocket, Occupant, Remover, UnixPlace};

/// How many ports after the usual one are tried when it is taken.
const PORTS_TRIED: u16 = 100;
/// How often a free port is asked for until it is free on every address.
const FREE_PORTS_TRIED: usize = 32;

/// Which port to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    place: Place,
    backlog: i32,
    is_handed_over: bool,
    is_proxied: bool,
}

/// Why a socket that was handed over is none to accept connections from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotListening {
    /// It is no stream of TCP or of a unix socket.
    NoStream,
    /// Nobody called listen(2) for it.
    NotYet,
}

/// Which of several addresses are required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
/// If the port is not available; with [`Port::From`], if none is. If the machine
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
                port = listener.address().map_or(port, |address| address.port());
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
        refuse_broadcast(address)?;
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        socket.listen(backlog)?;
        let address = socket.local_addr()?.as_socket().unwrap_or(address);
        Ok(Self { socket, place: Place::Internet(address), backlog, is_handed_over: false, is_proxied: false })
    }

    /// Listens on a path ([`UnixPlace::bind`]); the name stays until it is removed ([`Remover`]).
    ///
    /// # Errors
    /// If the path is not available.
    pub fn on_unix(place: &UnixPlace, owner: Option<(u32, u32)>, backlog: u32) -> Result<(Self, Name), NoUnixSocket> {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        let (socket, name) = place.bind(owner, backlog)?;
        let UnixPlace { path, is_proxied, .. } = place.clone();
        Ok((Self { socket, place: Place::Unix(path), backlog, is_handed_over: false, is_proxied }, name))
    }

    /// A listening socket that was made by another program, and stays when this one ends.
    ///
    /// # Errors
    /// If it is no stream socket that listens.
    pub fn handed_over(socket: OwnedFd) -> Result<Self, NotListening> {
        let socket = Socket::from(socket);
        let place = socket.local_addr().ok().and_then(|address| place_of(&address)).ok_or(NotListening::NoStream)?;
        if socket.r#type().ok() != Some(Type::STREAM) {
            return Err(NotListening::NoStream);
        }
        if !socket.is_listener().unwrap_or(false) {
            return Err(NotListening::NotYet);
        }
        // All who have it share these settings; a server that blocks in accept(2) is none that stops.
        let is_tcp = matches!(place, Place::Internet(_));
        let settings = [socket.set_nonblocking(true), if is_tcp { socket.set_tcp_nodelay(true) } else { Ok(()) }];
        settings.into_iter().collect::<io::Result<()>>().map_err(|_| NotListening::NoStream)?;
        Ok(Self { socket, place, backlog: 0, is_handed_over: true, is_proxied: false })
    }

    /// Another listening socket on the same address, among which the system
    /// divides the connections (SO_REUSEPORT, socket(7)). Of one that was handed over, whose
    /// queue is the one that stays, and of a unix socket, which has one name: the same socket again.
    ///
    /// # Errors
    /// If the system has no such thing, or no descriptor is left.
    pub fn sibling(&self) -> io::Result<Self> {
        let address = match self.place {
            Place::Internet(address) if !self.is_shared() => address,
            _ => return Ok(Self { socket: self.socket.try_clone()?, place: self.place.clone(), ..*self }),
        };
        // Only now that the address is ours alone, and only where it is shared: another program of
        // the same user, with this option set, could join.
        self.socket.set_reuse_port(true)?;
        let socket = unbound(address, address.is_ipv6() && self.socket.only_v6()?)?;
        socket.set_reuse_port(true)?;
        socket.bind(&SockAddr::from(address))?;
        let sibling = Self { socket, place: self.place.clone(), ..*self };
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
        if matches!(self.place, Place::Unix(_)) {
            // From here on connect(2) is refused; accept(2) gives who had come, then EAGAIN (EINVAL where it may wait).
            let _ = self.socket.shutdown(Shutdown::Read);
            return;
        }
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

    /// Whether its siblings are the same socket, and so have one queue.
    pub(crate) fn is_shared(&self) -> bool {
        self.is_handed_over || matches!(self.place, Place::Unix(_))
    }

    /// Keeps the SYN of each connection that begins from now on, for its record: [`crate::models`] do it where
    /// connections are recorded, a loop of your own on [`Connection::new`](crate::connection::Connection::new) has to.
    pub fn save_syn(&self) {
        // A system without it has none to show, that is all.
        let _ = crate::sys::tcp_option::save_syn(&self.socket);
    }

    /// The address that it listens on, with the port that it really has; none on a unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self.place {
            Place::Internet(address) => Some(address),
            Place::Unix(_) => None,
        }
    }

    /// Whether only this machine can connect to it.
    pub fn is_on_this_machine(&self) -> bool {
        self.address().is_none_or(|address| address.ip().to_canonical().is_loopback())
    }

    /// Where it listens.
    pub fn place(&self) -> &Place {
        &self.place
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
                Ok(Some((socket, Peer { address, is_proxied: self.is_proxied })))
            }
            // accept(2): errors of the connection, not of the listener.
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED | Errno::PROTO) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The URLs under which these listeners can be reached, best first.
pub fn urls(listeners: &[Listener]) -> Vec<String> {
    urls::all(&addresses(listeners))
}

/// The best of those URLs for other machines; `None` where only this one is listened to.
pub fn lan_url(listeners: &[Listener]) -> Option<String> {
    urls::of_lan(&addresses(listeners))
}

fn addresses(listeners: &[Listener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(Listener::address).collect()
}

/// The place of a socket that is bound there; a unix socket may have no path.
fn place_of(address: &SockAddr) -> Option<Place> {
    let path = || address.is_unix().then(|| address.as_pathname().map(Path::to_owned).unwrap_or_default());
    address.as_socket().map(Place::Internet).or_else(|| path().map(Place::Unix))
}

/// A socket for `address` with what accepted ones inherit, not yet bound.
fn unbound(address: SocketAddr, only_v6: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    // A port whose last owner's connections are in TIME_WAIT is available at once.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    const LOOPBACKS: [Address; 2] = [
        Address { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), zone: 0, is_proxied: false },
        Address { ip: IpAddr::V6(Ipv6Addr::LOCALHOST), zone: 0, is_proxied: false },
    ];

    fn port_of(listener: &Listener) -> u16 {
        listener.address().map_or(0, |address| address.port())
    }

    #[test]
    fn both_loopbacks_share_a_port_that_the_system_chose() {
        let listeners = listen(&LOOPBACKS, Required::One, Port::Exactly(0), 8).expect("a free port");
        let ports: Vec<u16> = listeners.iter().map(port_of).collect();
        assert!(ports[0] != 0 && ports.iter().all(|&port| port == ports[0]), "{ports:?}");
    }

    #[test]
    fn a_taken_port_is_an_error_or_leads_to_the_next() {
        let first = listen(&LOOPBACKS[..1], Required::All, Port::Exactly(0), 8).expect("a free port");
        let port = port_of(&first[0]);
        let error = listen(&LOOPBACKS, Required::One, Port::Exactly(port), 8).expect_err("it is taken").to_string();
        assert!(error.contains("the port is taken") && !error.contains('\n'), "{error}");
        let next = listen(&LOOPBACKS, Required::One, Port::From(port), 8).expect("a later port");
        assert!(port_of(&next[0]) > port);
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
