//! Multiplex: one thread, all clients, by readiness.
//!
//! ```text
//!        ┌──────────────── epoll_wait: who is ready? ◀───────────────┐
//!        ▼                     ▼                    ▼                │
//!   a listener             a connection          the order to stop   │
//!   accept, advance()      advance()             finish, then end ───┘
//! ```
//!
//! A connection that waits costs the memory of its state, and no thread; the
//! loop works for those that can go on, and never waits for anybody. What it costs
//! is care: whatever blocks here blocks all. So that all cores serve, each runs
//! a loop of its own with listening sockets of its own, among which the system
//! divides the connections; the loops share nothing.
//!
//! A connection is advanced right after its accept: one that gets its response and is
//! closed at once is never registered. Readiness is level-triggered: to a loop
//! that stops before it has read all, the socket is simply reported again.
//!
//! Try it: `--model multiplex --workers 1`, and a thousand clients.

mod alarm;
mod table;

use super::crowd::others_wait;
use super::drain::Draining;
use super::limits::{Ending, Limits};
use super::model::OF_A_LOOP;
use super::stop::Stop;
use crate::connection::{Budget, Connection, Progress, Service, Workspace};
use crate::listener::Listener;
use crate::sys::descriptors;
use alarm::Alarm;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;
use table::Table;

/// A loop of its own is worth at least this many connections.
const FEW: usize = 64;
/// Marks of events that are no connection's: those have their place in the table.
const STOP: u64 = u64::MAX;
const ALARM: u64 = u64::MAX - 1;
const LISTENERS: u64 = 1 << 32;

/// The listening sockets of further loops, of `workers` in all.
pub(super) fn siblings(listeners: &[Listener], workers: usize, limits: &Limits) -> io::Result<Vec<Vec<Listener>>> {
    // A client waits for the loop that it fell to, though another may have
    // room: where there is little room, one loop has all of it.
    let (_, free) = descriptors::limit_and_free();
    let of_each = OF_A_LOOP + listeners.len() as u64 + 2 * FEW as u64; // each client with its file
    let affordable = usize::try_from(free / of_each).unwrap_or(usize::MAX);
    let workers = workers.min(limits.connections / FEW).min(affordable).max(1);
    (1..workers).map(|_| listeners.iter().map(Listener::sibling).collect()).collect()
}

pub(super) fn serve(
    listeners: Vec<Listener>,
    siblings: Vec<Vec<Listener>>,
    service: &Arc<Service>,
    limits: &Limits,
    stop: &Arc<Stop>,
) -> io::Result<()> {
    let limits = Limits { connections: limits.connections.div_ceil(1 + siblings.len()), ..*limits };
    let budget = Budget::default();
    let mut others = Vec::new();
    for siblings in siblings {
        let other = EventLoop::new(siblings, service, &budget, limits, stop)?;
        match std::thread::Builder::new().name("event loop".into()).spawn(|| other.run()) {
            Ok(other) => others.push(other),
            Err(_) => break, // no thread can be started (RLIMIT_NPROC): fewer loops serve
        }
    }
    let result = EventLoop::new(listeners, service, &budget, limits, stop)?.run(); // all have the same grace
    others.into_iter().map(|other| other.join().unwrap_or(Ok(()))).fold(result, io::Result::and)
}

struct EventLoop {
    epoll: OwnedFd,
    alarm: Alarm,
    listeners: Vec<Listener>,
    /// Whether the listeners are waited for: not while there is no room.
    accepts: bool,
    connections: Table,
    workspace: Workspace,
    service: Arc<Service>,
    limits: Limits,
    stop: Arc<Stop>,
    /// After the order to stop.
    ending: Option<Ending>,
    /// After that: those who came before listening ended are still accepted.
    draining: Option<Draining>,
}

impl EventLoop {
    fn new(
        listeners: Vec<Listener>,
        service: &Arc<Service>,
        budget: &Budget,
        mut limits: Limits,
        stop: &Arc<Stop>,
    ) -> io::Result<Self> {
        // Where nobody misses the silent ones, they may wait in the kernel for their first bytes.
        let is_quiet = !service.probe.records_connections();
        listeners.iter().filter(|_| is_quiet).for_each(Listener::defer_accept);
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, stop.as_ref(), EventData::new_u64(STOP), EventFlags::IN)?;
        let alarm = Alarm::new()?;
        epoll::add(&epoll, &alarm, EventData::new_u64(ALARM), EventFlags::IN)?;
        let mut event_loop = Self {
            epoll,
            alarm,
            listeners,
            accepts: false,
            connections: Table::with_room(&mut limits.connections),
            workspace: Workspace::for_event_loop(Arc::clone(service)).within(budget),
            service: Arc::clone(service),
            limits,
            stop: Arc::clone(stop),
            ending: None,
            draining: None,
        };
        event_loop.set_accepts(true)?;
        Ok(event_loop)
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(512);
        let mut now = Instant::now();
        while !self.is_over() {
            let until = [self.connections.next_sweep(), self.next_of_ending(), self.workspace.end_turn(now)];
            self.alarm.set_by(until.into_iter().flatten().min())?;
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            now = Instant::now();
            self.workspace.begin_turn(now);
            for event in events.drain(..) {
                match event.data.u64() {
                    STOP => self.begin_to_stop()?,
                    ALARM => self.alarm.heard()?,
                    listener if listener >= LISTENERS => self.accept((listener - LISTENERS) as usize)?,
                    key => self.advance(key as usize, Connection::advance)?,
                }
            }
            if self.connections.next_sweep().is_some_and(|at| at <= now) {
                self.sweep()?;
            }
            if self.next_of_ending().is_some_and(|at| at <= now) {
                self.go_on_ending()?;
            }
        }
        self.connections.drain().for_each(|connection| connection.abandon(&mut self.workspace));
        self.workspace.hand_over();
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| {
            let is_closed = !ending.is_open() && self.draining.is_none();
            is_closed && self.connections.len() == 0 || ending.is_over(Instant::now())
        })
    }

    fn next_of_ending(&self) -> Option<Instant> {
        let look = self.draining.as_ref().map(Draining::next_look);
        self.ending.as_ref().map(Ending::next).into_iter().chain(look).min()
    }

    /// Accepts one connection per event: the others are reported again, and ready connections have their turn.
    fn accept(&mut self, listener: usize) -> io::Result<()> {
        let Some(listener) = self.listeners.get(listener).filter(|_| self.accepts) else { return Ok(()) };
        let (socket, client) = match listener.accept() {
            Ok(Some(accepted)) => accepted,
            Ok(None) => return Ok(()),
            // Out of descriptors or memory: the backlog waits until the next sweep.
            Err(_) => {
                self.connections.sweep_soon();
                return self.set_accepts(false);
            }
        };
        let connection = Connection::new(socket, client, listener.as_fd(), &self.service);
        self.serve(connection);
        self.accept_while_there_is_room()
    }

    /// Serves a connection that was just accepted, as far as that goes without a wait.
    fn serve(&mut self, mut connection: Connection) {
        if self.connections.len() + 1 >= self.limits.connections {
            connection.respond_last();
        }
        if let Some(ending) = &mut self.ending {
            connection.prepare_to_shut_down();
            ending.await_request();
        }
        self.workspace.begin_turn(Instant::now()); // its request may have come a moment ago
        let progress = connection.advance(&mut self.workspace);
        // What can't be registered (epoll_ctl(2), ENOSPC) closes, alone.
        if let Ok(Some(over)) = self.connections.insert(&self.epoll, connection, progress) {
            over.end(&mut self.workspace);
        }
    }

    /// Lets a connection go on, by `step`, and waits for what it then waits for.
    fn advance(&mut self, key: usize, step: fn(&mut Connection, &mut Workspace) -> Progress) -> io::Result<()> {
        if let Some(connection) = self.connections.connection(key) {
            let progress = step(connection, &mut self.workspace);
            if let Some(over) = self.connections.update(&self.epoll, key, progress)? {
                over.end(&mut self.workspace);
            }
            if !self.accepts && matches!(progress, Progress::Closed(_)) {
                self.set_accepts(true)?;
            }
        }
        Ok(())
    }

    /// Times out what is late, and tries again to accept if there is room. What a client sent in time may
    /// still lie in the kernel, if it was this process that paused: so that is looked for first.
    fn sweep(&mut self) -> io::Result<()> {
        let now = Instant::now();
        for key in self.connections.late(now) {
            if self.connections.awaits_input(key) {
                self.advance(key, Connection::advance)?;
            }
            if self.connections.is_late(key, now) {
                self.advance(key, Connection::time_out)?;
            }
        }
        if self.connections.len() >= self.limits.connections
            && others_wait(&self.listeners)
            && let Some(slowest) = self.connections.slowest(Instant::now())
        {
            self.advance(slowest, Connection::give_way)?;
        }
        self.accept_while_there_is_room()
    }

    fn accept_while_there_is_room(&mut self) -> io::Result<()> {
        let has_room = self.connections.len() < self.limits.connections;
        if !has_room {
            self.connections.sweep_soon();
        }
        self.set_accepts(has_room)
    }

    fn set_accepts(&mut self, accepts: bool) -> io::Result<()> {
        for (index, listener) in self.listeners.iter().enumerate().filter(|_| accepts != self.accepts) {
            if !accepts {
                epoll::delete(&self.epoll, listener)?;
                continue;
            }
            // Of a socket that several loops have, not all are woken for one client.
            let shared = if listener.is_shared() { EventFlags::EXCLUSIVE } else { EventFlags::empty() };
            epoll::add(&self.epoll, listener, EventData::new_u64(LISTENERS + index as u64), EventFlags::IN | shared)?;
        }
        self.accepts = accepts;
        Ok(())
    }

    /// From here on each next response is a connection's last one.
    fn begin_to_stop(&mut self) -> io::Result<()> {
        epoll::delete(&self.epoll, self.stop.as_ref())?;
        self.ending = Some(self.limits.ending(self.stop.seen()));
        for key in self.connections.keys() {
            self.connections.connection(key).map(Connection::prepare_to_shut_down);
        }
        Ok(())
    }

    /// Accepts those who have come, as far as there is room; gives back what others may still come to.
    fn drain(&mut self, mut draining: Draining) -> Option<Draining> {
        let is_over = draining.is_over();
        while self.connections.len() < self.limits.connections
            && let Some((listener, socket, client)) = draining.accept()
        {
            let connection = Connection::new(socket, client, listener.as_fd(), &self.service);
            self.serve(connection);
        }
        (!is_over || draining.is_awaited()).then_some(draining)
    }

    /// Does what it is time for: drops new SYNs, accepts those that have connected, closes what is idle.
    fn go_on_ending(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if self.ending.as_mut().is_some_and(|ending| ending.closes(now)) {
            // One that is shared stays open elsewhere, and would go on to wake this loop.
            self.set_accepts(false)?;
            self.draining = Some(Draining::begin(std::mem::take(&mut self.listeners)));
        }
        self.draining = self.draining.take().and_then(|draining| self.drain(draining));
        if self.ending.as_mut().is_some_and(|ending| ending.closes_idle(now)) {
            for key in self.connections.keys() {
                self.advance(key, Connection::shut_down)?;
            }
        }
        Ok(())
    }
}
