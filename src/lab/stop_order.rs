//! The order to stop, from the process that waits outside to the one inside: a pipe with the
//! signal's number in it. As the first process of its namespace the one inside gets no signal
//! that it has no handler for, and what it starts inherits no handler.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Signal;
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// The signals that are one.
pub(super) const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// The end at which it comes.
#[derive(Debug)]
pub(super) struct StopOrder {
    pipe: OwnedFd,
    came: Cell<Option<Signal>>,
}

/// The end at which it is given.
#[derive(Debug)]
pub(super) struct Giver(OwnedFd);

/// Both ends.
pub(super) fn stop_order() -> io::Result<(StopOrder, Giver)> {
    let (pipe, giver) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    Ok((StopOrder { pipe, came: Cell::default() }, Giver(giver)))
}

impl Giver {
    pub(super) fn give(&self, signal: Signal) {
        // The one inside may be over.
        let _ = rustix::io::write(&self.0, &[signal.as_raw() as u8]);
    }
}

impl StopOrder {
    /// The signal, if the order has come.
    pub(super) fn came(&self) -> Option<Signal> {
        let mut number = [0];
        if self.came.get().is_none() && matches!(rustix::io::read(&self.pipe, &mut number), Ok(1)) {
            self.came.set(SIGNALS.into_iter().find(|signal| signal.as_raw() == i32::from(number[0])));
        }
        self.came.get()
    }

    /// The same, within this time.
    pub(super) fn wait(&self, at_most: Duration) -> Option<Signal> {
        if self.came().is_none() {
            let _ = poll(&mut [PollFd::new(self, PollFlags::IN)], Timespec::try_from(at_most).ok().as_ref());
        }
        self.came()
    }
}

impl AsFd for StopOrder {
    /// What is readable when the order comes.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

/// `SIGINT`
pub(super) fn name(signal: Signal) -> &'static str {
    if signal == Signal::INT { "SIGINT" } else { "SIGTERM" }
}
