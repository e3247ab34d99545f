//! Standard error: the story, how far a body is, what went wrong. Its reader may be slow, or
//! asleep; Ctrl-C ends every wait for it.

use super::interrupt::Interrupt;
use super::outlet::{Stop, put, write_at_once};
use crate::record::Failure;
use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

/// Where a fetch speaks to who started it.
pub struct StandardError {
    interrupt: Arc<Interrupt>,
}

impl StandardError {
    /// Until this interrupt comes, it is waited for.
    pub fn new(interrupt: Arc<Interrupt>) -> Self {
        Self { interrupt }
    }

    /// Writes all of it, without colours where they are not shown. That nobody reads is no reason not to fetch.
    ///
    /// # Errors
    /// If Ctrl-C came, and there was no room for all of it.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        let err = io::stderr();
        let text = match AutoStream::choice(&err) {
            ColorChoice::Never => strip_str(text).to_string(),
            _ => text.to_owned(),
        };
        match put(err.as_fd(), text.as_bytes(), &self.interrupt).1 {
            Err(Stop::Interrupted) => Err(Failure::Interrupted),
            Ok(()) | Err(Stop::Failed(_)) => Ok(()),
        }
    }
}

/// Writes what is of use now or never: a terminal that has gone, or takes nothing now, shows
/// nothing, and the body goes on.
pub(super) fn hint(text: &str) {
    let err = io::stderr();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(&err, PollFlags::OUT)];
    if poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0) {
        let _ = write_at_once(err.as_fd(), text.as_bytes());
    }
}
