//! A forked child that keeps nothing of its parent's but one socket.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The place of what is kept: behind the standard streams.
const KEPT: libc::c_int = 3;

/// In a forked child: closes every descriptor but `own`, and turns the standard
/// streams to /dev/null, so that nobody who waits for their end waits for it; in a sandbox
/// for reading only: what is written there fails.
/// Where that can't be opened, they are closed.
pub(crate) fn keep_only(own: OwnedFd) -> OwnedFd {
    // SAFETY: plain system calls on descriptors. The owners of those that are
    // closed are memory of the parent's, of which this child has a copy that
    // it never uses again: it leaves by _exit, without a destructor.
    unsafe {
        libc::dup2(own.as_raw_fd(), KEPT);
        close_from(KEPT + 1);
        let open = |mode| libc::open(c"/dev/null".as_ptr(), mode | libc::O_CLOEXEC);
        let null = [libc::O_RDWR, libc::O_RDONLY].into_iter().map(open).find(|null| *null >= 0).unwrap_or(-1);
        for stream in 0..KEPT {
            if null < 0 {
                libc::close(stream);
            } else {
                libc::dup2(null, stream);
            }
        }
        if null > KEPT {
            libc::close(null);
        }
        std::mem::forget(own);
        OwnedFd::from_raw_fd(KEPT)
    }
}

/// # Safety
/// As [`keep_only`]: the owner of one of these must never use or close it again.
unsafe fn close_from(first: libc::c_int) {
    // SAFETY: close_range(2), which takes two numbers and flags.
    if unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    // SAFETY: what is not open is only an error.
    unsafe {
        let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 20) as libc::c_int;
        for fd in first..most {
            libc::close(fd);
        }
    }
}
