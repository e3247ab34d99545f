//! Thread: a thread for each client.
//!
//! ```text
//!   accept ─▶ spawn ─▶ accept ─▶ spawn ─▶ …
//!               └─▶ serve to the end   └─▶ serve to the end
//! ```
//!
//! A slow or silent client holds its own thread and nobody else. What it costs
//! is a stack each, and a switch from thread to thread for every wait. Their
//! number is bounded: a slot is taken before a connection is accepted, and
//! a client that finds none waits in the backlog.
//!
//! The slots are a pipe with one byte for each: to take one is to read, to
//! give it back is to write, and a wait for either is a poll, like every other.

use super::crowd::{Crowd, LOOK};
use super::drain::Draining;
use super::limits::Limits;
use super::running::{EXHAUSTED, LAST_WORDS, accept, run};
use super::stop::Stop;
use super::wait::wait;
use crate::connection::{Budget, Connection, Service, Workspace};
use crate::listener::Listener;
use crate::sys::allocator::share_one_arena;
use rustix::event::{PollFd, PollFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The stack of a connection's thread, in bytes; only what is touched is used.
const STACK: usize = 512 * 1024;
/// Address space that a thread may come to need, with its share of the allocator's: where that is
/// limited (RLIMIT_AS), there are fewer threads, for one that has none left ends the program.
const ADDRESS_SPACE: u64 = 8 * 1024 * 1024;
/// The most slots that a pipe holds: its capacity (pipe(7)).
const MOST_SLOTS: usize = 65_536;

/// What its threads wait with, opened before the first of them is needed.
#[derive(Debug)]
pub(super) struct Pipes {
    slots: Slots,
    crowd: Crowd,
}

impl Pipes {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { slots: Slots::open()?, crowd: Crowd::new()? })
    }
}

pub(super) fn serve(
    listeners: Vec<Listener>,
    pipes: Pipes,
    service: &Arc<Service>,
    limits: &Limits,
    stop: &Arc<Stop>,
) -> io::Result<()> {
    let slots = Arc::new(pipes.slots.filled(limits.connections.min(MOST_SLOTS).min(affordable_threads()))?);
    let shared = Arc::new(Shared {
        service: Arc::clone(service),
        budget: Budget::default(),
        stop: Arc::clone(stop),
        limits: *limits,
        crowd: pipes.crowd,
    });
    while let Some(slot) = Slots::take(&slots, &shared, &listeners)? {
        let Some(connection) = accept(&listeners, service, stop, limits)? else { break };
        serve_elsewhere(connection, slot, &shared)?;
    }
    let last_moment = limits.ending(stop.seen()).last_moment;
    Draining::begin(listeners).accept_to_the_end(|listener, socket, client| {
        let connection = Connection::new(socket, client, listener.as_fd(), service);
        // Where no slot becomes free in time, this connection is closed, and so are those behind it.
        if let Ok(Some(slot)) = Slots::take_by(&slots, last_moment) {
            let _ = serve_elsewhere(connection, slot, &shared);
        }
    });
    slots.wait_for_all(last_moment + LAST_WORDS)
}

/// Gives the connection a thread of its own.
fn serve_elsewhere(mut connection: Connection, slot: Slot, shared: &Arc<Shared>) -> io::Result<()> {
    if slot.0.is_empty() {
        connection.respond_last();
    }
    let work = Arc::new(Mutex::new(Some((connection, slot))));
    // As long as no thread can be started, this client waits, and the others in the backlog.
    while !spawn(&work, shared) {
        if shared.stop.wait(EXHAUSTED)? {
            serve_to_the_end(&work, shared);
            break;
        }
    }
    Ok(())
}

fn affordable_threads() -> usize {
    use rustix::process::{Resource, getrlimit};
    let Some(bytes) = getrlimit(Resource::As).current else { return usize::MAX };
    share_one_arena();
    (bytes / ADDRESS_SPACE).max(1) as usize
}

/// What all connections share.
struct Shared {
    service: Arc<Service>,
    budget: Budget,
    stop: Arc<Stop>,
    limits: Limits,
    crowd: Crowd,
}

/// A connection and its slot, until a thread serves it.
type Work = Mutex<Option<(Connection, Slot)>>;

/// Starts a thread for the connection; gives whether that worked.
fn spawn(work: &Arc<Work>, shared: &Arc<Shared>) -> bool {
    let (work, shared) = (Arc::clone(work), Arc::clone(shared));
    let thread = std::thread::Builder::new().name("connection".into()).stack_size(STACK);
    thread.spawn(move || serve_to_the_end(&work, &shared)).is_ok()
}

fn serve_to_the_end(work: &Work, shared: &Shared) {
    let work = work.lock().ok().and_then(|mut work| work.take());
    if let Some((connection, slot)) = work {
        let mut workspace = Workspace::new(Arc::clone(&shared.service)).within(&shared.budget);
        run(connection, &mut workspace, &shared.stop, &shared.limits, &shared.crowd);
        drop(slot);
    }
}

/// As many bytes in a pipe as further connections may be accepted.
#[derive(Debug)]
struct Slots {
    free: OwnedFd,
    give_back: OwnedFd,
    total: usize,
}

/// The right to serve one connection; given back when dropped.
struct Slot(Arc<Slots>);

impl Drop for Slot {
    fn drop(&mut self) {
        // The pipe held this byte before: there is room.
        let _ = rustix::io::write(&self.0.give_back, b".");
    }
}

impl Slots {
    /// None so far.
    fn open() -> io::Result<Self> {
        let (free, give_back) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&give_back, true)?;
        Ok(Self { free, give_back, total: 0 })
    }

    fn filled(mut self, total: usize) -> io::Result<Self> {
        while self.total < total {
            match rustix::io::write(&self.give_back, &vec![b'.'; total - self.total]) {
                Ok(count) => self.total += count,
                // A smaller pipe than usual (pipe-user-pages-soft): fewer slots.
                Err(rustix::io::Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self)
    }

    /// Takes a slot as soon as one is free; `None` after the order to stop, when the time to linger is over.
    fn take(slots: &Arc<Self>, shared: &Shared, listeners: &[Listener]) -> io::Result<Option<Slot>> {
        let (stop, crowd) = (&shared.stop, &shared.crowd);
        let mut has_called = false;
        loop {
            if stop.is_set() {
                return Self::take_by(slots, shared.limits.lingers_until(stop.seen()));
            }
            let mut fds = [PollFd::new(&slots.free, PollFlags::IN), stop.poll_fd()];
            if !wait(&mut fds, Some(Instant::now() + LOOK))? {
                crowd.call(listeners);
                has_called = true;
            } else if !stop.is_set() {
                break;
            }
        }
        if has_called {
            crowd.calm();
        }
        Self::take_by(slots, Instant::now())
    }

    /// Takes a slot if one is free by `deadline`.
    fn take_by(slots: &Arc<Self>, deadline: Instant) -> io::Result<Option<Slot>> {
        if !wait(&mut [PollFd::new(&slots.free, PollFlags::IN)], Some(deadline))? {
            return Ok(None);
        }
        rustix::io::read(&slots.free, &mut [0; 1])?;
        Ok(Some(Slot(Arc::clone(slots))))
    }

    fn is_empty(&self) -> bool {
        rustix::io::ioctl_fionread(&self.free).is_ok_and(|free| free == 0)
    }

    /// Waits until every slot has been given back: no thread serves any more.
    fn wait_for_all(&self, deadline: Instant) -> io::Result<()> {
        let mut back = 0;
        let mut bytes = vec![0; self.total];
        while back < self.total && wait(&mut [PollFd::new(&self.free, PollFlags::IN)], Some(deadline))? {
            back += rustix::io::read(&self.free, &mut bytes)?;
        }
        Ok(())
    }
}
