//! The order to stop, as something that every wait can wait for: a pipe that
//! becomes readable and stays so (the self-pipe trick).

use crate::lock::lock;
use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Whether, and that, a server is to stop.
#[derive(Debug)]
pub struct Stop {
    order: OwnedFd,
    /// Kept open: a pipe whose writers are all gone is readable, too. A child
    /// that is to stop when its parent has gone has none.
    writer: Option<OwnedFd>,
    /// In such a child: the order to its parent.
    of_parent: Option<OwnedFd>,
    seen: OnceLock<Instant>,
    then: Mutex<Vec<Then>>,
}

/// What is done once, when the order is seen.
struct Then(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}

impl Stop {
    /// A server that stops at [`Stop::set`] only.
    ///
    /// # Errors
    /// If there is no descriptor left for a pipe.
    pub fn new() -> io::Result<Self> {
        let (order, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&writer, true)?;
        Ok(Self { order, writer: Some(writer), of_parent: None, seen: OnceLock::new(), then: Mutex::default() })
    }

    /// A server that stops at SIGINT or SIGTERM; a second one ends the program
    /// at once. Handlers are set for both, so that they work as process 1,
    /// which has no default action (pid_namespaces(7)). SIGHUP, a terminal that
    /// closes, gives the same order, unless it was ignored at the start, as
    /// nohup(1) does; it is never the second one, for a shell may repeat it.
    /// SIGUSR1 and SIGUSR2 mean nothing, and end nothing.
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
        if let (Some(writer), false) = (&stop.writer, is_ignored(SIGHUP)) {
            signal_hook::low_level::pipe::register(SIGHUP, writer.try_clone()?)?;
        }
        for signal in [SIGUSR1, SIGUSR2] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
        Ok(stop)
    }

    /// Gives the order.
    pub fn set(&self) {
        // A full pipe already says it.
        let _ = self.writer.as_ref().map(|writer| rustix::io::write(writer, b"!"));
    }

    /// In a forked child, which has a copy of each descriptor: from here on that the parent is
    /// gone, however it ended, is the order, too. `parent` is the order that it waits for itself.
    pub(super) fn heed_parent(&mut self, parent: &Stop) {
        self.writer = None;
        self.of_parent = parent.order.try_clone().ok();
        self.then = Mutex::default();
    }

    /// In a forked child whose parent has gone: whether that was at a second signal, which ends all at once.
    pub(super) fn was_second(&self) -> bool {
        let Some(order) = &self.of_parent else { return false };
        super::wait::wait(&mut [PollFd::new(order, PollFlags::IN)], Some(Instant::now())).unwrap_or(true)
    }

    /// Whether the order was given.
    pub fn is_set(&self) -> bool {
        self.wait(Duration::ZERO).unwrap_or(true)
    }

    /// Does this, too, once the server has seen the order: until then no thread need wait for it.
    pub fn then(&self, act: impl FnOnce() + Send + 'static) {
        lock(&self.then).push(Then(Box::new(act)));
    }

    /// When the order was first seen: from then on its times count.
    pub(super) fn seen(&self) -> Instant {
        let seen = *self.seen.get_or_init(Instant::now);
        let then = std::mem::take(&mut *lock(&self.then));
        then.into_iter().for_each(|Then(act)| act());
        seen
    }

    /// Waits this long for the order: whether it was given.
    pub(super) fn wait(&self, at_most: Duration) -> io::Result<bool> {
        super::wait::wait(&mut [self.poll_fd()], Some(Instant::now() + at_most))
    }

    /// What a wait in a forked child includes, to end when the parent has gone: that is reported unasked (POLLHUP).
    pub(super) fn poll_parent(&self) -> PollFd<'_> {
        PollFd::new(self, PollFlags::empty())
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

/// Whether this process was started with `signal` ignored (proc_pid_status(5)).
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}
