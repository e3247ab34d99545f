//! How much of what was sent the peer has not yet acknowledged: SIOCOUTQ, see tcp(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Bytes in the socket's send queue: not yet sent, or not yet acknowledged.
///
/// # Errors
/// If the socket is none of TCP's.
pub(crate) fn unacknowledged(socket: &impl AsFd) -> io::Result<u32> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open for as long as `socket` is borrowed, and
    // TIOCOUTQ (the same number as SIOCOUTQ) writes one int, for which there is room.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == 0 { Ok(bytes.unsigned_abs()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn counts_what_the_peer_does_not_take() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let mut sender = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        assert_eq!(unacknowledged(&sender).expect("the queue"), 0);
        sender.set_nonblocking(true).expect("non-blocking");
        while sender.write(&[0; 65_536]).is_ok() {}
        assert!(unacknowledged(&sender).expect("the queue") > 0);
    }
}
