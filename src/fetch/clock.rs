//! The clock of a fetch, and waits on a socket.

use crate::kernel::clock;
use crate::record::Moment;
use crate::record::Nanoseconds;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::AsFd;
use std::time::Instant;

/// Counts from the beginning of a fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(clock::Clock);

impl Clock {
    pub(super) fn start() -> Self {
        Self(clock::Clock::begin())
    }

    pub(super) fn began(self) -> Moment {
        self.0.began()
    }

    pub(super) fn now(self) -> Nanoseconds {
        self.0.now().since(self.0.began()).unwrap_or_default()
    }

    /// A moment that the kernel has just reported, if it did.
    pub(super) fn at(self, moment: Moment) -> Option<Nanoseconds> {
        self.0.of_kernel(moment).after(self.0.began())
    }
}

/// poll(2) until `socket` is ready for some of `events` (or has failed), or `deadline` has
/// passed: what it is ready for, empty at the deadline.
pub(super) fn wait(socket: &impl AsFd, events: PollFlags, deadline: Instant) -> PollFlags {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(socket, events)];
        match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) => return PollFlags::empty(),
            Ok(_) => return fds[0].revents(),
            Err(Errno::INTR) => {}
            // The call on the socket that follows says what is wrong.
            Err(_) => return events,
        }
    }
}
