//! A process that becomes two: fork(2).

use rustix::process::Pid;
use std::io;

/// Which of the two this is.
pub(crate) enum Fork {
    /// The one that was there before; the other is this child of it.
    Parent(Pid),
    /// The new one: the same memory and descriptors, as a copy.
    Child,
}

/// Forks this process. The child has this thread alone: it must not wait for
/// others, nor take a lock that one of them may have held, such as that of
/// standard output. It leaves by [`exit_child`].
///
/// The child ignores SIGINT and SIGTERM: the parent decides when it is to end,
/// and reports it through what they share.
///
/// # Errors
/// If the system has no room for another process.
pub(crate) fn fork() -> io::Result<Fork> {
    // SAFETY: what the child may do is in the contract above; glibc and musl
    // keep their allocators usable in it.
    match unsafe { libc::fork() } {
        0 => {
            for signal in [libc::SIGINT, libc::SIGTERM] {
                // SAFETY: to ignore a signal runs no code of ours.
                unsafe { libc::signal(signal, libc::SIG_IGN) };
            }
            Ok(Fork::Child)
        }
        -1 => Err(io::Error::last_os_error()),
        pid => Pid::from_raw(pid).map(Fork::Parent).ok_or_else(io::Error::last_os_error),
    }
}

/// Undoes, in the child, that SIGINT and SIGTERM are ignored: programs that it
/// starts would inherit that.
pub(crate) fn heed_signals() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the default action runs no code of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Ends a forked child at once, without the parent's exit handlers (_exit(2)).
pub(crate) fn exit_child() -> ! {
    exit_child_with(0)
}

/// The same, with this exit status.
pub(crate) fn exit_child_with(status: i32) -> ! {
    // SAFETY: _exit does not return, and touches nothing of this process's memory.
    unsafe { libc::_exit(status) }
}
