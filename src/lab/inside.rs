//! The way in: this process makes the namespaces, its child is the first
//! process inside and does all the work; this one waits for its exit status.

use super::namespace;
use super::refusal::{Attempt, Refusal};
use super::stop_order::{Giver, SIGNALS, StopOrder, stop_order};
use crate::sys::fork::{Fork, fork, heed_signals};
use nix::mount::{MsFlags, mount};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, set_parent_process_death_signal, waitpid,
};
use signal_hook::low_level::pipe;
use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Signals that come within this time are one order: timeout(1) sends its own to the process, then to the group.
const ONE_ORDER: Duration = Duration::from_millis(100);

/// Which of the two this is.
pub(super) enum Inside {
    /// The one that waits outside.
    Parent(Outside),
    /// Inside, where the order to stop may come.
    Child(StopOrder),
}

/// Enters.
pub(super) fn enter() -> Result<Inside, Refusal> {
    let refused = |error| Refusal::new(Attempt::Fork, error);
    namespace::enter()?;
    let (order, giver) = stop_order().map_err(refused)?;
    match fork().map_err(refused)? {
        Fork::Parent(child) => Ok(Inside::Parent(Outside { child, giver })),
        Fork::Child => {
            heed_signals();
            // If the one who waits is ended, so is everything here.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
            // What is mounted here is seen by nobody else.
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
                .map_err(|errno| Refusal::new(Attempt::Mount, errno.into()))?;
            super::programs::resolver_files()?;
            Ok(Inside::Child(order))
        }
    }
}

/// The process that waits.
#[derive(Debug)]
pub(super) struct Outside {
    child: Pid,
    giver: Giver,
}

impl Outside {
    /// The exit status of the one inside. A signal that ends this process ends both.
    pub(super) fn wait(self) -> io::Result<i32> {
        let ended = retry_on_intr(|| waitpid(Some(self.child), WaitOptions::empty()))?;
        Ok(ended.and_then(|(_, status)| status.exit_status()).unwrap_or(1))
    }

    /// The same; but the first SIGINT or SIGTERM is the order to stop, and the second ends all at once.
    pub(super) fn wait_and_give_the_order(self) -> io::Result<i32> {
        let mut signals = Vec::new();
        for signal in SIGNALS {
            let (reader, writer) = UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            pipe::register(signal.as_raw(), writer)?;
            signals.push((signal, reader));
        }
        let child = pidfd_open(self.child, PidfdFlags::empty())?;
        let mut first: Option<Instant> = None;
        loop {
            let mut fds = vec![PollFd::new(&child, PollFlags::IN)];
            fds.extend(signals.iter().map(|(_, reader)| PollFd::new(reader, PollFlags::IN)));
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if !fds[0].revents().is_empty() {
                return self.wait();
            }
            for (signal, reader) in &signals {
                if !rustix::io::read(reader, &mut [0; 64]).is_ok_and(|count| count > 0) {
                    continue;
                }
                match first {
                    None => {
                        self.giver.give(*signal);
                        first = Some(Instant::now());
                    }
                    Some(first) if first.elapsed() < ONE_ORDER => {}
                    Some(_) => {
                        let _ = kill_process(self.child, Signal::KILL);
                        self.wait()?;
                        return Ok(128 + signal.as_raw());
                    }
                }
            }
        }
    }
}
