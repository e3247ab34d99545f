//! The kernel's table of sockets: who is in TIME-WAIT (sock_diag(7)).

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
const ALL_STATES: u32 = u32::MAX;
const NO_COOKIE: [u8; 8] = [0xff; 8];
const TIME_WAIT: u8 = 6;
const IPPROTO_TCP: u8 = 6;
/// `struct nlmsghdr`, and where `struct inet_diag_msg` behind it has its state
/// and its inode, which is 0 where no process has the socket.
const HEADER: usize = 16;
const STATE: usize = HEADER + 1;
const INODE: usize = HEADER + 68;

impl SocketTable {
    /// # Errors
    /// If the system has no such thing, or forbids it.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(Self(socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(SOCK_DIAG))?))
    }

    /// Whether the end at `local` of the connection with `remote` is in
    /// TIME-WAIT. An end on another machine is not in this table.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn is_in_time_wait(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<bool> {
        Ok(self.look(local, remote)?.is_some_and(|socket| socket[STATE] == TIME_WAIT))
    }

    /// Whether some process has the socket at `local` of the connection with `remote`.
    ///
    /// # Errors
    /// If the table can't be asked.
    pub(crate) fn is_open(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<bool> {
        Ok(self.look(local, remote)?.is_some_and(|socket| socket[INODE..INODE + 4] != [0; 4]))
    }

    /// The kernel's answer, if it knows the socket.
    fn look(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<Option<[u8; 1024]>> {
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.0, &request(local, remote), SendFlags::empty(), &kernel)?;
        let mut answer = [0; 1024];
        // The kernel answers before sendto(2) returns.
        let count = recv(&self.0, &mut answer, RecvFlags::empty())?.0;
        let is_socket = answer[4..6] == SOCK_DIAG_BY_FAMILY.to_ne_bytes();
        Ok((count >= INODE + 4 && is_socket).then_some(answer))
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
fn request(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    let family = match local {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let mut body = vec![family.as_raw() as u8, IPPROTO_TCP, 0, 0];
    body.extend(ALL_STATES.to_ne_bytes());
    body.extend(local.port().to_be_bytes());
    body.extend(remote.port().to_be_bytes());
    body.extend(address(local.ip()));
    body.extend(address(remote.ip()));
    body.extend(0_u32.to_ne_bytes()); // any interface
    body.extend(NO_COOKIE);

    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend(NLM_F_REQUEST.to_ne_bytes());
    message.extend([0; 8]); // sequence number, port
    message.extend(body);
    message
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
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn whoever_closes_first_is_in_time_wait() {
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
}
