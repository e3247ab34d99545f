//! The order to stop, as something that every wait can wait for: a pipe that
//! becomes readable and stays so (the self-pipe trick).

use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Whether, and that, a server is to stop.
#[derive(Debug)]
pub struct Stop {
    order: OwnedFd,
    /// Kept open: a pipe whose writers are all gone is readable, too. A child
    /// that is to stop when its parent has gone has none.
    writer: Option<OwnedFd>,
}

impl Stop {
    /// A server that stops at [`Stop::set`] only.
    ///
    /// # Errors
    /// If there is no descriptor left for a pipe.
    pub fn new() -> io::Result<Self> {
        let (order, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&writer, true)?;
        Ok(Self { order, writer: Some(writer) })
    }

    /// A server that stops at SIGINT or SIGTERM; a second one ends the program
    /// at once. Handlers are set for both, so that they work as process 1,
    /// which has no default action (pid_namespaces(7)).
    ///
    /// # Errors
    /// If there is no descriptor left, or the handlers can't be set.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::new()?;
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&is_second))?;
            signal_hook::flag::register(signal, Arc::clone(&is_second))?;
            if let Some(writer) = &stop.writer {
                signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
            }
        }
        Ok(stop)
    }

    /// Gives the order.
    pub fn set(&self) {
        // A full pipe has been told already.
        let _ = self.writer.as_ref().map(|writer| rustix::io::write(writer, b"!"));
    }

    /// In a forked child, which has a copy of each descriptor: from here on that the parent is
    /// gone, however it ended, is the order, too.
    pub(super) fn heed_parent(&mut self) {
        self.writer = None;
    }

    /// Whether the order was given.
    pub fn is_set(&self) -> bool {
        self.wait(Duration::ZERO).unwrap_or(true)
    }

    /// Waits this long for the order: whether it was given.
    pub(super) fn wait(&self, at_most: Duration) -> io::Result<bool> {
        super::wait::wait(&mut [self.poll_fd()], Some(Instant::now() + at_most))
    }

    /// What a wait for other things includes, to end at the order.
    pub(super) fn poll_fd(&self) -> PollFd<'_> {
        PollFd::new(self, PollFlags::IN)
    }
}

impl AsFd for Stop {
    /// What is readable once the order was given.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.order.as_fd()
    }
}
