//! The server models: who accepts, who runs a connection, when it waits, who
//! cleans up. What a connection does is the same in all of them, and is not here.

mod iterative;
#[cfg(target_os = "linux")]
mod multiplex;
mod process;
mod stop;
mod thread;

pub use stop::Stop;

use crate::connection::{Connection, Progress, Service, Workspace};
use crate::listener::Listener;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many clients are served at once, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// One after another.
    Iterative,
    /// A forked process each.
    Process,
    /// A thread each.
    Thread,
    /// An event loop that asks which of them is ready, on each of this many threads.
    #[cfg(target_os = "linux")]
    Multiplex {
        /// Event loops.
        workers: usize,
    },
}

/// How much a server takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the listening sockets' backlog.
    pub connections: usize,
    /// How long connections may go on after the order to stop.
    pub grace: Duration,
}

/// Descriptors that a connection may need at once: its socket, the file that it
/// sends, and two while that is looked for.
const DESCRIPTORS: u64 = 4;
/// Descriptors of the server itself: standard streams, listeners, pipes, root.
const RESERVED: u64 = 16;

impl Limits {
    /// The same, with no more connections than there are descriptors for: what
    /// could not be served is better left in the backlog. Raises the soft limit
    /// to the hard one first (getrlimit(2)).
    #[must_use]
    pub fn within_descriptors(mut self) -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Where it can't be raised, the soft limit is what there is.
        let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        if let Some(descriptors) = if raised.is_ok() { limit.maximum } else { limit.current } {
            let affordable = descriptors.saturating_sub(RESERVED) / DESCRIPTORS;
            self.connections = self.connections.min(usize::try_from(affordable).unwrap_or(usize::MAX)).max(1);
        }
        self
    }
}

/// Serves the listeners until `stop`, then finishes what is under way.
///
/// # Errors
/// If the system lacks what the model needs to start. What befalls a single
/// connection is never an error here.
pub fn serve(
    model: Model,
    listeners: Vec<Listener>,
    service: &Arc<Service>,
    limits: &Limits,
    stop: &Arc<Stop>,
) -> io::Result<()> {
    match model {
        Model::Iterative => iterative::serve(&listeners, service, limits, stop),
        Model::Process => process::serve(listeners, service, limits, stop),
        Model::Thread => thread::serve(listeners, service, limits, stop),
        #[cfg(target_os = "linux")]
        Model::Multiplex { workers } => multiplex::serve(listeners, workers, service, limits, stop),
    }
}

/// Waits for the next connection on any of the listeners; `None` when told to
/// stop.
fn accept(listeners: &[Listener], stop: &Stop) -> io::Result<Option<(OwnedFd, SocketAddr)>> {
    loop {
        let mut fds: Vec<PollFd<'_>> =
            listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).chain([stop.poll_fd()]).collect();
        wait(&mut fds, None)?;
        if stop.is_set() {
            return Ok(None);
        }
        for listener in listeners {
            match listener.accept() {
                Ok(Some(accepted)) => return Ok(Some(accepted)),
                Ok(None) => {}
                // Out of descriptors or memory: what waits in the backlog waits
                // on, and the others have time to end.
                Err(_) if stop.wait(Duration::from_millis(50))? => return Ok(None),
                Err(_) => {}
            }
        }
    }
}

/// Runs a connection to its end, waiting for its socket in between. After the
/// order to stop it has until `grace` is over.
fn run(mut connection: Connection, workspace: &mut Workspace, stop: &Stop, grace: Duration) {
    let mut last_moment = None;
    let mut progress = connection.advance(workspace);
    loop {
        let (flags, deadline) = match progress {
            Progress::Readable(deadline) => (PollFlags::IN, deadline),
            Progress::Writable(deadline) => (PollFlags::OUT, deadline),
            Progress::Closed(_) => return,
        };
        let deadline = last_moment.map_or(deadline, |last: Instant| last.min(deadline));
        let mut fds = vec![PollFd::new(&connection, flags)];
        if last_moment.is_none() {
            fds.push(stop.poll_fd());
        }
        let is_ready = match wait(&mut fds, Some(deadline)) {
            Ok(is_ready) => is_ready,
            Err(_) => return,
        };
        if last_moment.is_some_and(|last| Instant::now() >= last) {
            return;
        }
        progress = if !is_ready {
            connection.time_out(workspace)
        } else {
            let progress = connection.advance(workspace);
            if last_moment.is_none() && stop.is_set() {
                last_moment = Some(Instant::now() + grace);
                // Only now: a request that had already arrived was still read.
                connection.shut_down();
                connection.advance(workspace)
            } else {
                progress
            }
        };
    }
}

/// poll(2) until one of them is ready (`true`) or the deadline has passed.
fn wait(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        let timeout = match deadline {
            None => None,
            Some(deadline) => Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok(),
        };
        match poll(fds, timeout.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
