//! The clock of a fetch, and waits on a socket.

use crate::observe::record::Nanoseconds;
use crate::observe::report::Moment;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::AsFd;
use std::time::Instant;

/// Counts from the beginning of a fetch, on the clock that packets bear too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Moment);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Moment::now())
    }

    pub(super) fn began(self) -> Moment {
        self.0
    }

    pub(super) fn now(self) -> Nanoseconds {
        self.at(Moment::now()).unwrap_or_default()
    }

    /// A moment that the kernel reported, if it did.
    pub(super) fn at(self, moment: Moment) -> Option<Nanoseconds> {
        moment.since(self.0)
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
