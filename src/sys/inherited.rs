//! Descriptors that came with this process: handed over by the program that started it; in a
//! forked child, those of its parent, which it does not need.

use super::descriptors;
use rustix::net::sockopt::socket_acceptconn;
use rustix::net::{AddressFamily, getsockname};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// In a forked child: closes every listening socket, and every connection that came from
/// one, but for the child's `own`. As long as the child had them, their ports would stay
/// taken and their clients would wait, though the parent has closed them or ended.
///
/// Call it in a child that has this thread alone and leaves by `_exit`: what the sockets
/// belonged to there must not be used.
pub(crate) fn close_sockets_of_others(own: BorrowedFd<'_>) {
    let sockets: Vec<(RawFd, u16, bool)> =
        descriptors::all().into_iter().filter(|fd| *fd != own.as_raw_fd()).filter_map(inspect).collect();
    let is_served = |port| sockets.iter().any(|(_, other, listens)| *listens && *other == port);
    for (fd, port, listens) in &sockets {
        if *listens || is_served(*port) || Some(*port) == local_port(own) {
            // SAFETY: it was open a moment ago, and its owner is a thread of the
            // parent's, or a value that this child neither uses nor drops.
            unsafe { libc::close(*fd) };
        }
    }
}

/// Takes a descriptor that this process was started with, and that nothing else of it
/// uses. To be called once for each, at the start.
pub(crate) fn take(number: RawFd) -> OwnedFd {
    // SAFETY: the caller says that the number was handed over to this program and is open; nobody
    // else in it has taken it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// The local port of a TCP socket, and whether it listens.
fn inspect(fd: RawFd) -> Option<(RawFd, u16, bool)> {
    // SAFETY: the number is used for this call only, and it is no harm if nothing is open there: EBADF.
    let socket = unsafe { BorrowedFd::borrow_raw(fd) };
    let listens = socket_acceptconn(socket).ok()?;
    Some((fd, local_port(socket)?, listens))
}

fn local_port(socket: BorrowedFd<'_>) -> Option<u16> {
    let name = getsockname(socket).ok()?;
    if !matches!(name.address_family(), AddressFamily::INET | AddressFamily::INET6) {
        return None;
    }
    SocketAddr::try_from(name).ok().map(|address| address.port())
}
