//! Accepting a connection only when its first octets are there: TCP_DEFER_ACCEPT, tcp(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Lets connections of the listening `socket` wait in the kernel for their
/// first octets, up to about this many seconds.
///
/// # Errors
/// If the system has no such thing.
pub(crate) fn defer_accept(socket: &impl AsFd, seconds: u16) -> io::Result<()> {
    let seconds = libc::c_int::from(seconds);
    // SAFETY: the descriptor is open for as long as `socket` is borrowed, and
    // the option reads one int, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_DEFER_ACCEPT,
            (&raw const seconds).cast(),
            size_of_val(&seconds) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
