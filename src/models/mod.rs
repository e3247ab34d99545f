//! The server models: who accepts, who runs a connection, when it waits, who
//! cleans up. What a connection does is the same in all of them, and is not here.
//!
//! A model of your own needs an [`Entrance`] and [`run`]. This one has four threads, and
//! whom they have no time for waits in the backlog:
//!
//! ```
//! use glasshttp::connection::{Budget, Service, Workspace};
//! use glasshttp::listener::Listener;
//! use glasshttp::models::{Entrance, Limits, Stop, run};
//! use std::sync::{Arc, Mutex, mpsc};
//!
//! fn serve(listeners: Vec<Listener>, service: &Arc<Service>, limits: &Limits, stop: &Stop) -> std::io::Result<()> {
//!     let mut entrance = Entrance::new(listeners, service);
//!     let (give, take) = mpsc::sync_channel(0); // it is given when a thread takes it
//!     let take = Mutex::new(take);
//!     let budget = Budget::default(); // what their connections may hold, all together
//!     let work = || {
//!         let mut workspace = Workspace::new(Arc::clone(service)).within(&budget);
//!         let next = || take.lock().ok()?.recv().ok();
//!         while let Some(connection) = next() {
//!             run(connection, &mut workspace, stop, limits);
//!         }
//!     };
//!     std::thread::scope(|scope| {
//!         (0..4).for_each(|_| drop(scope.spawn(work)));
//!         while let Some(connection) = entrance.next(stop, limits)? {
//!             let _ = give.send(connection);
//!         }
//!         drop(give); // no more will come: the threads end
//!         Ok(())
//!     })
//! }
//! # use glasshttp::{Request, Response, StatusCode};
//! # fn main() -> std::io::Result<()> {
//! # let handler = |_: &Request<'_>| Response::text(StatusCode::OK, "Hello\n");
//! # let loopback = [std::net::Ipv4Addr::LOCALHOST.into()];
//! # let listeners = glasshttp::listener::listen(&loopback, glasshttp::listener::Required::All,
//! #     glasshttp::listener::Port::Exactly(0), 16).map_err(std::io::Error::other)?;
//! # let address = listeners[0].address().expect("TCP has one");
//! # let (service, limits, stop) = (Arc::new(Service::new(handler)), Limits::new(4), Stop::new()?);
//! # std::thread::scope(|scope| {
//! #     let server = scope.spawn(|| serve(listeners, &service, &limits, &stop));
//! #     let mut response = String::new();
//! #     let mut client = std::net::TcpStream::connect(address)?;
//! #     std::io::Write::write_all(&mut client, b"GET / HTTP/1.0\r\n\r\n")?;
//! #     std::io::Read::read_to_string(&mut client, &mut response)?;
//! #     assert!(response.ends_with("Hello\n"), "{response}");
//! #     stop.set();
//! #     server.join().expect("it does not panic")
//! # })
//! # }
//! ```
//!
//! In place of [`run`], a model may wait in a way of its own for what a connection says that it
//! waits for. Without an order to stop:
//!
//! ```
//! use glasshttp::connection::{Connection, Progress, Workspace};
//! use rustix::event::{PollFd, PollFlags, poll}; // rustix with its feature "event"
//! use rustix::io::Errno;
//! use std::time::Instant;
//!
//! fn run(mut connection: Connection, workspace: &mut Workspace) -> std::io::Result<()> {
//!     let mut progress = connection.advance(workspace);
//!     loop {
//!         let (flags, deadline) = match progress {
//!             Progress::Readable(deadline) => (PollFlags::IN, deadline),
//!             Progress::Writable(deadline) => (PollFlags::OUT, deadline),
//!             Progress::Elsewhere(deadline) => (PollFlags::empty(), deadline),
//!             Progress::Closed(_) => break,
//!         };
//!         let mut fds = vec![PollFd::new(&connection, flags)];
//!         fds.extend(connection.awaited().map(|work| PollFd::from_borrowed_fd(work, PollFlags::IN)));
//!         let left = deadline.saturating_duration_since(Instant::now());
//!         let is_ready = match poll(&mut fds, left.try_into().ok().as_ref()) {
//!             Err(Errno::INTR) => continue, // a signal: that is no reason to give a client up
//!             found => found? > 0,
//!         };
//!         progress = if is_ready { connection.advance(workspace) } else { connection.time_out(workspace) };
//!     }
//!     connection.end(workspace);
//!     Ok(())
//! }
//! ```

mod crowd;
mod drain;
mod entrance;
mod iterative;
mod limits;
mod model;
mod multiplex;
mod process;
mod running;
mod stop;
mod thread;
mod wait;

pub use entrance::Entrance;
pub use limits::{Limits, TooFewDescriptors, limit_of_descriptors, raise_descriptors};
pub use model::Model;
pub use stop::Stop;

use crate::connection::{Connection, Service, Workspace};
use crate::listener::Listener;
use crate::sys::descriptors;
use std::io;
use std::sync::Arc;

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
    Sockets::open(model, listeners, limits)?.serve(service, limits, stop)
}

/// All listening sockets of a model: of event loops, each has its own. Serving makes no further one,
/// so that it needs no right to.
#[derive(Debug)]
pub struct Sockets {
    model: Model,
    listeners: Vec<Listener>,
    /// Those of further event loops.
    others: Vec<Vec<Listener>>,
    /// What threads wait with.
    pipes: Option<thread::Pipes>,
}

impl Sockets {
    /// The listeners, and as many of their siblings as `model` needs within `limits`.
    ///
    /// # Errors
    /// If the system has no further socket for an address.
    pub fn open(model: Model, listeners: Vec<Listener>, limits: &Limits) -> io::Result<Self> {
        let others = match model {
            Model::Iterative | Model::Process | Model::Thread => Vec::new(),
            Model::Multiplex { workers } => multiplex::siblings(&listeners, workers, limits)?,
        };
        let pipes = (model == Model::Thread).then(thread::Pipes::open).transpose()?;
        Ok(Self { model, listeners, others, pipes })
    }

    /// `limits` with no more connections than there are descriptors for, now that all else is open:
    /// what could not be served is better left in the backlog. `beside` of them are for others.
    ///
    /// # Errors
    /// If not even one client could be served.
    pub fn within_descriptors(&self, limits: Limits, beside: u64) -> Result<Limits, TooFewDescriptors> {
        let (limit, free) = descriptors::limit_and_free();
        let affordable = |free: u64| self.model.affordable(free.saturating_sub(beside), 1 + self.others.len() as u64);
        match usize::try_from(affordable(free)).unwrap_or(usize::MAX) {
            0 => {
                let missing = (1..).find(|more| affordable(free + more) > 0).unwrap_or(u64::MAX);
                Err(TooFewDescriptors { limit, needed: limit.saturating_add(missing) })
            }
            affordable => Ok(Limits { connections: limits.connections.min(affordable), ..limits }),
        }
    }

    /// The listeners that were given.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// As [`serve`].
    ///
    /// # Errors
    /// As [`serve`].
    pub fn serve(self, service: &Arc<Service>, limits: &Limits, stop: &Arc<Stop>) -> io::Result<()> {
        let Self { model, listeners, others, pipes } = self;
        if service.probe.records_connections() {
            listeners.iter().chain(others.iter().flatten()).for_each(entrance::record_from);
        }
        match model {
            Model::Iterative => iterative::serve(listeners, service, limits, stop),
            Model::Process => process::serve(listeners, service, limits, stop),
            Model::Thread => {
                let pipes = pipes.map_or_else(thread::Pipes::open, Ok)?;
                thread::serve(listeners, pipes, service, limits, stop)
            }
            Model::Multiplex { .. } => multiplex::serve(listeners, others, service, limits, stop),
        }
    }
}

/// Runs a connection to its end, waiting for its socket in between. After the order to stop
/// its next response is the last one, and it has until the grace is over.
pub fn run(connection: Connection, workspace: &mut Workspace, stop: &Stop, limits: &Limits) {
    running::run(connection, workspace, stop, limits, ());
}
