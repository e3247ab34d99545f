//! The kernel's table of sockets (sock_diag(7)): who is in TIME_WAIT, whose a socket
//! is, and which connections wait for accept(2).

use crate::record::{Figure, Source, TimeWait};
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

/// A question to the table.
#[derive(Debug)]
pub(crate) struct SocketTable(OwnedFd);

/// linux/sock_diag.h, linux/inet_diag.h, linux/tcp_states.h.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_DONE: u16 = 3;
const ALL_STATES: u32 = u32::MAX;
const NO_COOKIE: [u8; 8] = [0xff; 8];
const ESTABLISHED: u8 = 1;
const SYN_RECV: u8 = 3;
const TIME_WAIT: u8 = 6;
const CLOSE_WAIT: u8 = 8;
const LISTEN: u8 = 10;
const IPPROTO_TCP: u8 = 6;
/// `struct nlmsghdr`, and where `struct inet_diag_msg` behind it has its state
/// and its inode, which is 0 where no process has the socket.
const HEADER: usize = 16;
const STATE: usize = HEADER + 1;
const INODE: usize = HEADER + 68;
/// Its ports and addresses, what stands in its queues, and its user.
const PORTS: usize = HEADER + 4;
const ADDRESSES: usize = HEADER + 8;
const RECEIVED: usize = HEADER + 56;
const ROOM: usize = HEADER + 60;
const UID: usize = HEADER + 64;
/// How often a dump is read on, 32 KiB each: of more sockets the first are seen.
const MOST_READS: usize = 64;

/// Whose a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This user's.
    User(u32),
    /// No process has it any more.
    Nobody,
    /// It is not in this machine's table.
    Elsewhere,
}

/// The accept queue of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    pub(crate) address: SocketAddr,
    pub(crate) waiting: u32,
    pub(crate) backlog: u32,
}

/// A connection that is complete and that nobody has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) server: SocketAddr,
    pub(crate) client: SocketAddr,
    /// Bytes that have arrived and wait with it.
    pub(crate) bytes: u32,
    /// Whether the client has closed its sending side.
    pub(crate) is_half_closed: bool,
}

impl SocketTable {
    /// # Errors
    /// If the system has no such thing, or forbids it.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(Self(socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(SOCK_DIAG))?))
    }

    /// Whether the end at `local` of the connection with `remote` is in
    /// TIME_WAIT. An end on another machine is not in this table.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn is_in_time_wait(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<bool> {
        Ok(self.look(local, remote)?.is_some_and(|socket| socket[STATE] == TIME_WAIT))
    }

    /// Who of a connection's two ends is in TIME_WAIT, where that can be seen: of an end on another machine it
    /// can't.
    pub(crate) fn who_waits(&self, server: SocketAddr, client: SocketAddr) -> Option<Figure<TimeWait>> {
        let waits = |local, remote| self.is_in_time_wait(local, remote).unwrap_or(false);
        match (waits(server, client), waits(client, server)) {
            (true, true) => Some(Figure::measured(TimeWait::Both, Source::SockDiagBoth)),
            (true, false) => Some(Figure::measured(TimeWait::Server, Source::SockDiagServer)),
            (false, true) => Some(Figure::measured(TimeWait::Client, Source::SockDiagClient)),
            (false, false) => None,
        }
    }

    /// Whether some process has the socket at `local` of the connection with `remote`.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn is_open(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<bool> {
        Ok(self.look(local, remote)?.is_some_and(|socket| socket[INODE..INODE + 4] != [0; 4]))
    }

    /// Whether the kernel has no socket at `local` of the connection with `remote` any more, or
    /// one that only waits for stray segments.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn is_over(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<bool> {
        Ok(self.look(local, remote)?.is_none_or(|socket| socket[STATE] == TIME_WAIT))
    }

    /// Whose the socket at `local` of the connection with `remote` is.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn owner(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<Owner> {
        Ok(match self.look(local, remote)? {
            None => Owner::Elsewhere,
            // The kernel says user 0 where there is none.
            Some(socket) if number(&socket, INODE) == 0 => Owner::Nobody,
            Some(socket) => Owner::User(number(&socket, UID)),
        })
    }

    /// The accept queues of the sockets that listen on this port.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn queues(&self, port: u16) -> io::Result<Vec<Queue>> {
        let mut found = Vec::new();
        self.dump(port, 1 << LISTEN, |socket, family| {
            let (address, _) = ends(socket, family);
            found.push(Queue { address, waiting: number(socket, RECEIVED), backlog: number(socket, ROOM) });
        })?;
        Ok(found)
    }

    /// The connections to this port that wait for accept(2): complete, and no process's.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn waiting(&self, port: u16) -> io::Result<Vec<Waiting>> {
        let mut found = Vec::new();
        self.dump(port, 1 << ESTABLISHED | 1 << CLOSE_WAIT, |socket, family| {
            if number(socket, INODE) == 0 {
                let (server, client) = ends(socket, family);
                let is_half_closed = socket.get(STATE) == Some(&CLOSE_WAIT);
                // A FIN counts as a byte, and is none.
                let bytes = number(socket, RECEIVED).saturating_sub(is_half_closed.into());
                found.push(Waiting { server, client, bytes, is_half_closed });
            }
        })?;
        Ok(found)
    }

    /// How many handshakes with this address are under way: a SYN has come, and the
    /// client's acknowledgement, or what it waits for in the kernel (TCP_DEFER_ACCEPT), has not.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn handshakes(&self, address: SocketAddr) -> io::Result<usize> {
        let mut count = 0;
        self.dump(address.port(), 1 << SYN_RECV, |socket, family| {
            let (server, _) = ends(socket, family);
            let is_here = address.ip().is_unspecified() || address.ip() == server.ip().to_canonical();
            count += usize::from(is_here);
        })?;
        Ok(count)
    }

    /// Connections on this local port that some process has, and whose client is still there.
    pub(crate) fn accepted(&self, port: u16) -> io::Result<usize> {
        let mut count = 0;
        self.dump(port, 1 << ESTABLISHED | 1 << CLOSE_WAIT, |message, _| {
            count += usize::from(number(message, INODE) != 0);
        })?;
        Ok(count)
    }

    /// Looks at each socket of this local port in one of these states.
    fn dump(&self, port: u16, states: u32, mut look: impl FnMut(&[u8], AddressFamily)) -> io::Result<()> {
        let mut buffer = vec![0; 32 * 1024];
        for family in [AddressFamily::INET, AddressFamily::INET6] {
            let any: IpAddr = if family == AddressFamily::INET { [0; 4].into() } else { [0; 16].into() };
            let (local, remote) = (SocketAddr::new(any, port), SocketAddr::new(any, 0));
            let question = request(local, remote, states, NLM_F_REQUEST | NLM_F_DUMP);
            sendto(&self.0, &question, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
            let mut is_over = false;
            // All of it is read, however much is looked at: the next question has to find the socket empty.
            for reads in 0.. {
                let count = recv(&self.0, &mut buffer, RecvFlags::empty())?.0;
                let mut messages = buffer.get(..count).unwrap_or_default();
                is_over = is_over || messages.is_empty();
                while messages.len() >= HEADER {
                    let (length, kind) = (number(messages, 0) as usize, u16::from_ne_bytes([messages[4], messages[5]]));
                    let message = messages.get(..length.max(HEADER)).unwrap_or(messages);
                    is_over = is_over || kind == NLMSG_DONE || kind != SOCK_DIAG_BY_FAMILY;
                    if kind == SOCK_DIAG_BY_FAMILY && message.len() >= INODE + 4 && reads < MOST_READS {
                        look(message, family);
                    }
                    messages = messages.get(message.len().next_multiple_of(4)..).unwrap_or_default();
                }
                if is_over {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The kernel's response, if it knows the socket.
    fn look(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<Option<[u8; 1024]>> {
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.0, &request(local, remote, ALL_STATES, NLM_F_REQUEST), SendFlags::empty(), &kernel)?;
        let mut response = [0; 1024];
        // The kernel responds before sendto(2) returns.
        let count = recv(&self.0, &mut response, RecvFlags::empty())?.0;
        let is_socket = response[4..6] == SOCK_DIAG_BY_FAMILY.to_ne_bytes();
        Ok((count >= INODE + 4 && is_socket).then_some(response))
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
fn request(local: SocketAddr, remote: SocketAddr, states: u32, flags: u16) -> Vec<u8> {
    let family = match local {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let mut body = vec![family.as_raw() as u8, IPPROTO_TCP, 0, 0];
    body.extend(states.to_ne_bytes());
    body.extend(local.port().to_be_bytes());
    body.extend(remote.port().to_be_bytes());
    body.extend(address(local.ip()));
    body.extend(address(remote.ip()));
    body.extend(0_u32.to_ne_bytes()); // any interface
    body.extend(NO_COOKIE);

    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]); // sequence number, port
    message.extend(body);
    message
}

/// A number of a message, in the machine's own order.
fn number(message: &[u8], at: usize) -> u32 {
    message.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

/// The local and the remote end of a socket in a message that is long enough.
fn ends(message: &[u8], family: AddressFamily) -> (SocketAddr, SocketAddr) {
    let port = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
    let ip = |at: usize| -> IpAddr {
        let bytes: [u8; 16] = std::array::from_fn(|index| message[at + index]);
        match family {
            AddressFamily::INET => [bytes[0], bytes[1], bytes[2], bytes[3]].into(),
            _ => IpAddr::from(bytes).to_canonical(),
        }
    };
    (SocketAddr::new(ip(ADDRESSES), port(PORTS)), SocketAddr::new(ip(ADDRESSES + 16), port(PORTS + 2)))
}

fn address(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};

    #[test]
    fn the_end_that_closes_first_is_in_time_wait() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(loopback) else { continue };
            let mut client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
            let (server, _) = listener.accept().expect("accepted");
            let (at_client, at_server) = (client.local_addr().expect("bound"), client.peer_addr().expect("connected"));
            let table = SocketTable::open().expect("sock_diag");
            assert!(!table.is_in_time_wait(at_client, at_server).expect("asked"));
            assert!(table.is_open(at_server, at_client).expect("asked"));
            drop(server);
            assert!(!table.is_open(at_server, at_client).expect("asked"), "it ends, and nobody has it");
            assert_eq!(client.read(&mut [0; 1]).expect("the end"), 0);
            drop(client);
            assert!(table.is_in_time_wait(at_server, at_client).expect("asked"));
            assert!(!table.is_in_time_wait(at_client, at_server).expect("asked"));
        }
    }

    #[test]
    fn connections_that_nobody_accepted_wait_with_their_bytes_and_have_an_owner() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(loopback) else { continue };
            let server = listener.local_addr().expect("its address");
            let table = SocketTable::open().expect("sock_diag");
            assert_eq!(table.waiting(server.port()).expect("asked"), []);
            let mut client = TcpStream::connect(server).expect("a connection");
            client.write_all(b"GET /").expect("sent");
            let at_client = client.local_addr().expect("bound");
            let waiting = Waiting { server, client: at_client, bytes: 5, is_half_closed: false };
            assert_eq!(table.waiting(server.port()).expect("asked"), [waiting]);
            let queues = table.queues(server.port()).expect("asked");
            assert_eq!(queues.iter().map(|queue| (queue.address, queue.waiting)).collect::<Vec<_>>(), [(server, 1)]);
            client.shutdown(Shutdown::Write).expect("half-closed");
            let waiting = Waiting { is_half_closed: true, ..waiting };
            assert_eq!(table.waiting(server.port()).expect("asked"), [waiting], "its FIN is no byte");
            assert_eq!(table.owner(at_client, server).expect("asked"), Owner::User(rustix::process::getuid().as_raw()));
            assert_eq!(table.owner(server, at_client).expect("asked"), Owner::Nobody, "it is not accepted");
            let _accepted = listener.accept().expect("accepted");
            assert_eq!(table.waiting(server.port()).expect("asked"), []);
            let nowhere = SocketAddr::new(at_client.ip(), 1);
            assert_eq!(table.owner(nowhere, server).expect("asked"), Owner::Elsewhere);
        }
    }
}
