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
use std::os::fd::AsFd;
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

/// Descriptors of the server itself: standard streams, pipes, root; and of each
/// event loop: its own, listeners, what is being looked for, files kept open.
const RESERVED: u64 = 16;
const RESERVED_FOR_A_LOOP: u64 = 16;
/// How long to wait where the system is out of descriptors, memory or processes.
const EXHAUSTED: Duration = Duration::from_millis(50);
/// How long those who serve have, when their time is over, to say what became of their connections.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Descriptors that are set aside for files, at most.
const FOR_FILES: u64 = 8192;

impl Limits {
    /// The same, with no more connections than `model` has descriptors for: what
    /// could not be served is better left in the backlog. Raises the soft limit
    /// to the hard one first (getrlimit(2)).
    #[must_use]
    pub fn within_descriptors(mut self, model: Model) -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Where it can't be raised, the soft limit is what there is.
        let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        if let Some(descriptors) = if raised.is_ok() { limit.maximum } else { limit.current } {
            let affordable = model.affordable(descriptors);
            self.connections = self.connections.min(usize::try_from(affordable).unwrap_or(usize::MAX)).max(1);
        }
        self
    }
}

impl Model {
    /// How many connections so many descriptors are enough for.
    fn affordable(self, descriptors: u64) -> u64 {
        match self {
            Self::Iterative => 1,
            // Each process has its own.
            Self::Process => descriptors.saturating_sub(RESERVED),
            // The socket, the file that it sends, and two while that is looked for.
            Self::Thread => descriptors.saturating_sub(RESERVED) / 4,
            #[cfg(target_os = "linux")]
            Self::Multiplex { workers } => {
                let free = descriptors.saturating_sub(RESERVED + RESERVED_FOR_A_LOOP * workers as u64);
                free - (free / 2).min(FOR_FILES)
            }
        }
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
    if service.probe.tells_connections() {
        listeners.iter().for_each(Listener::save_syn);
    }
    match model {
        Model::Iterative => iterative::serve(listeners, service, limits, stop),
        Model::Process => process::serve(listeners, service, limits, stop),
        Model::Thread => thread::serve(listeners, service, limits, stop),
        #[cfg(target_os = "linux")]
        Model::Multiplex { workers } => multiplex::serve(listeners, workers, service, limits, stop),
    }
}

/// Waits for the next connection on any of the listeners; `None` when told to
/// stop.
fn accept(listeners: &[Listener], service: &Service, stop: &Stop) -> io::Result<Option<Connection>> {
    loop {
        let mut fds: Vec<PollFd<'_>> =
            listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)).chain([stop.poll_fd()]).collect();
        wait(&mut fds, None)?;
        if stop.is_set() {
            return Ok(None);
        }
        for listener in listeners {
            match listener.accept() {
                Ok(Some((socket, client))) => {
                    return Ok(Some(Connection::new(socket, client, listener.as_fd(), service)));
                }
                Ok(None) => {}
                // Out of descriptors or memory: what waits in the backlog waits
                // on, and the others have time to end.
                Err(_) if stop.wait(EXHAUSTED)? => return Ok(None),
                Err(_) => {}
            }
        }
    }
}

/// Runs a connection to its end, waiting for its socket in between. After the
/// order to stop, of which `on_stop` hears, it has until `grace` is over.
fn run(mut connection: Connection, workspace: &mut Workspace, stop: &Stop, grace: Duration, on_stop: impl FnOnce()) {
    let mut progress = connection.advance(workspace);
    let mut is_stopping = false;
    while !is_stopping {
        let Some((flags, deadline)) = waits_for(progress) else { return };
        let mut fds = [PollFd::new(&connection, flags), stop.poll_fd()];
        let Ok(is_ready) = wait(&mut fds, Some(deadline)) else { return connection.abandon(workspace) };
        is_stopping = !fds[1].revents().is_empty();
        progress = if is_ready { connection.advance(workspace) } else { connection.time_out(workspace) };
    }

    on_stop();
    let last_moment = Instant::now() + grace;
    progress = connection.shut_down(workspace);
    while let Some((flags, deadline)) = waits_for(progress) {
        let ready = wait(&mut [PollFd::new(&connection, flags)], Some(deadline.min(last_moment)));
        if Instant::now() >= last_moment {
            return connection.abandon(workspace);
        }
        progress = match ready {
            Ok(true) => connection.advance(workspace),
            Ok(false) => connection.time_out(workspace),
            Err(_) => return connection.abandon(workspace),
        };
    }
}

fn waits_for(progress: Progress) -> Option<(PollFlags, Instant)> {
    match progress {
        Progress::Readable(deadline) => Some((PollFlags::IN, deadline)),
        Progress::Writable(deadline) => Some((PollFlags::OUT, deadline)),
        Progress::Closed(_) => None,
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
