//! Whether others wait for the place of a connection that is served too slowly.

use super::wait::wait;
use crate::listener::Listener;
use rustix::event::{PollFd, PollFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How often a thread that waits for a slow client looks whether it is to give way; and how
/// long there is no place before that is said.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// What a connection that is served knows of those that are not.
pub(super) trait Place {
    /// Whether its place is wanted, if it is too slow to keep it.
    fn is_wanted(&self) -> bool;

    /// The server stops, and accepts no more.
    fn close(&mut self) {}
}

/// Whether a connection waits to be accepted.
pub(super) fn others_wait(listeners: &[Listener]) -> bool {
    let mut fds: Vec<_> = listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).collect();
    wait(&mut fds, Some(Instant::now())).unwrap_or(false)
}

/// A call for one place, from the acceptor to all who serve, be they threads or
/// processes: a byte in a pipe. Who takes it out gives way.
#[derive(Debug)]
pub(super) struct Crowd {
    call: OwnedFd,
    caller: OwnedFd,
}

impl Crowd {
    pub(super) fn new() -> io::Result<Self> {
        let (call, caller) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { call, caller })
    }

    /// There is no place: calls for one if a client waits, unless that was done already.
    pub(super) fn call(&self, listeners: &[Listener]) {
        if others_wait(listeners) && rustix::io::ioctl_fionread(&self.call).is_ok_and(|calls| calls == 0) {
            // An empty pipe has room.
            let _ = rustix::io::write(&self.caller, b"!");
        }
    }

    /// There is a place: nobody need give way.
    pub(super) fn calm(&self) {
        let _ = self.take();
    }

    fn take(&self) -> bool {
        rustix::io::read(&self.call, &mut [0; 1]).is_ok_and(|count| count == 1)
    }
}

/// Nobody waits for it.
impl Place for () {
    fn is_wanted(&self) -> bool {
        false
    }
}

impl Place for &Crowd {
    fn is_wanted(&self) -> bool {
        self.take()
    }
}
