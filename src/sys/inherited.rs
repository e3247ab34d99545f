//! Descriptors that came with this process: handed over by the program that started it; in a
//! forked child, those of its parent, which it does not need.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Dir, Mode, OFlags, open};
use rustix::net::sockopt::socket_acceptconn;
use rustix::net::{AddressFamily, getsockname};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Where /proc is not to be read, as many descriptors are looked at in turn.
const RUN: usize = 1024;

/// In a forked child: closes every listening socket, and every connection that came from
/// one, but for the child's `own`. As long as the child had them, their ports would stay
/// taken and their clients would wait, though the parent has closed them or ended.
///
/// Call it in a child that has this thread alone and leaves by `_exit`: what the sockets
/// belonged to there must not be used.
pub(crate) fn close_sockets_of_others(own: BorrowedFd<'_>) {
    let sockets: Vec<(RawFd, u16, bool)> =
        descriptors().into_iter().filter(|fd| *fd != own.as_raw_fd()).filter_map(inspect).collect();
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

fn descriptors() -> Vec<RawFd> {
    let number = |entry: rustix::fs::DirEntry| entry.file_name().to_str().ok()?.parse().ok();
    match open("/proc/self/fd", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).and_then(Dir::new)
    {
        Ok(folder) => folder.filter_map(|entry| number(entry.ok()?)).collect(),
        Err(_) => without_proc(),
    }
}

/// A poll says of each number whether it is open: up to the first run of numbers none of which is.
fn without_proc() -> Vec<RawFd> {
    let mut open = Vec::new();
    for first in (0..).step_by(RUN) {
        // SAFETY: the numbers are used for this call only, which says of what is not open that it is not.
        let numbers = (first..).take(RUN).map(|fd| unsafe { BorrowedFd::borrow_raw(fd) });
        let mut fds: Vec<PollFd<'_>> = numbers.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::empty())).collect();
        let is_known = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok();
        let found = fds.iter().zip(first..).filter(|(fd, _)| !is_known || !fd.revents().contains(PollFlags::NVAL));
        let before = open.len();
        open.extend(found.map(|(_, fd)| fd));
        if !is_known || open.len() == before {
            break;
        }
    }
    open
}
