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
//! loop works for whoever can go on, and never waits for anybody. What it costs
//! is care: whatever blocks here blocks all. So that all cores serve, each runs
//! a loop of its own with listening sockets of its own, among which the system
//! divides the connections; the loops share nothing.
//!
//! A connection is advanced right after its accept: one that is answered and
//! closed at once is never registered. Readiness is level-triggered: a loop
//! that stops before it has read all is simply told again.
//!
//! Try it: `--model multiplex --workers 1`, and a thousand clients.

use super::{Limits, Stop};
use crate::connection::{Connection, Progress, Service, Workspace};
use crate::listener::Listener;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use slab::Slab;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Deadlines are looked through no more often than this.
const SWEEP: Duration = Duration::from_millis(100);
/// A loop of its own is worth at least this many connections.
const FEW: usize = 64;
/// How many events one wait may bring.
const EVENTS: usize = 512;
/// What marks the events that are not a connection's; those have their place in the table.
const STOP: u64 = u64::MAX;
const LISTENERS: u64 = 1 << 32;

pub(super) fn serve(
    listeners: Vec<Listener>,
    workers: usize,
    service: &Arc<Service>,
    limits: &Limits,
    stop: &Arc<Stop>,
) -> io::Result<()> {
    // A client waits for the loop that it fell to, though another may have
    // room: where there is little room, one loop has all of it.
    let workers = workers.min(limits.connections / FEW).max(1);
    let limits = Limits { connections: limits.connections.div_ceil(workers), ..*limits };
    let mut others = Vec::new();
    for _ in 1..workers {
        let siblings = listeners.iter().map(Listener::sibling).collect::<io::Result<Vec<_>>>()?;
        let worker = EventLoop::new(siblings, service, limits, stop)?;
        others.push(std::thread::Builder::new().name("event loop".into()).spawn(|| worker.run())?);
    }
    let result = EventLoop::new(listeners, service, limits, stop)?.run();
    // Each has the same grace as this one; a loop that failed has said so by ending.
    others.into_iter().map(|other| other.join().unwrap_or(Ok(()))).fold(result, io::Result::and)
}

struct EventLoop {
    epoll: OwnedFd,
    listeners: Vec<Listener>,
    /// Whether the listeners are waited for: not while there is no room.
    accepts: bool,
    connections: Slab<Waiting>,
    workspace: Workspace,
    service: Arc<Service>,
    limits: Limits,
    stop: Arc<Stop>,
    /// After the order to stop: until when.
    last_moment: Option<Instant>,
    /// When deadlines are to be looked through; none runs out earlier.
    next_sweep: Option<Instant>,
}

struct Waiting {
    connection: Connection,
    interest: EventFlags,
    deadline: Instant,
}

impl EventLoop {
    fn new(listeners: Vec<Listener>, service: &Arc<Service>, limits: Limits, stop: &Arc<Stop>) -> io::Result<Self> {
        if !service.probe.is_on() {
            // Nobody watches, so nobody misses the silent ones: connections may wait
            // in the kernel for their first octets, and are answered at their accept.
            listeners.iter().for_each(Listener::defer_accept);
        }
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, stop.as_ref(), EventData::new_u64(STOP), EventFlags::IN)?;
        let mut worker = Self {
            epoll,
            listeners,
            accepts: false,
            connections: Slab::new(),
            workspace: Workspace::for_event_loop(Arc::clone(service)),
            service: Arc::clone(service),
            limits,
            stop: Arc::clone(stop),
            last_moment: None,
            next_sweep: None,
        };
        worker.set_accepts(true)?;
        Ok(worker)
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        while !self.is_over() {
            events.clear();
            let until = self.next_sweep.into_iter().chain(self.last_moment).min();
            let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                match event.data.u64() {
                    STOP => self.begin_to_stop()?,
                    listener if listener >= LISTENERS => self.accept((listener - LISTENERS) as usize)?,
                    key => self.advance(key as usize, Connection::advance)?,
                }
            }
            if self.next_sweep.is_some_and(|at| at <= Instant::now()) {
                self.sweep()?;
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.last_moment.is_some_and(|last| self.connections.is_empty() || Instant::now() >= last)
    }

    /// Accepts one connection an event: the others are told again, and what is
    /// ready meanwhile has its turn.
    fn accept(&mut self, listener: usize) -> io::Result<()> {
        let Some(listener) = self.listeners.get(listener).filter(|_| self.accepts) else { return Ok(()) };
        let (socket, client) = match listener.accept() {
            Ok(Some(accepted)) => accepted,
            Ok(None) => return Ok(()),
            // Out of descriptors or memory: the backlog waits until the next sweep.
            Err(_) => {
                self.sweep_by(Instant::now() + SWEEP);
                return self.set_accepts(false);
            }
        };
        let mut connection = Connection::new(socket, client, &self.service);
        let is_last = self.connections.len() + 1 >= self.limits.connections;
        if is_last {
            connection.answer_last();
        }
        let progress = connection.advance(&mut self.workspace);
        if let Some((interest, deadline)) = interest(progress) {
            let entry = self.connections.vacant_entry();
            epoll::add(&self.epoll, &connection, EventData::new_u64(entry.key() as u64), interest)?;
            entry.insert(Waiting { connection, interest, deadline });
            self.sweep_by(deadline);
            if is_last {
                self.set_accepts(false)?;
            }
        }
        Ok(())
    }

    /// Lets a connection go on, by `step`, and waits for what it then waits for.
    fn advance(
        &mut self,
        key: usize,
        step: impl FnOnce(&mut Connection, &mut Workspace) -> Progress,
    ) -> io::Result<()> {
        let Some(waiting) = self.connections.get_mut(key) else { return Ok(()) };
        let progress = step(&mut waiting.connection, &mut self.workspace);
        match interest(progress) {
            Some((interest, deadline)) => {
                if interest != waiting.interest {
                    epoll::modify(&self.epoll, &waiting.connection, EventData::new_u64(key as u64), interest)?;
                }
                (waiting.interest, waiting.deadline) = (interest, deadline);
                self.sweep_by(deadline);
            }
            None => {
                // Closing a descriptor takes it out of the epoll set (epoll(7)).
                drop(self.connections.remove(key));
                if !self.accepts && self.last_moment.is_none() {
                    self.set_accepts(true)?;
                }
            }
        }
        Ok(())
    }

    fn sweep_by(&mut self, deadline: Instant) {
        if self.next_sweep.is_none_or(|next| deadline < next) {
            self.next_sweep = Some(deadline);
        }
    }

    /// Times out what is late, and accepts again if there is room.
    fn sweep(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.next_sweep = None;
        let late: Vec<usize> =
            self.connections.iter().filter(|(_, waiting)| waiting.deadline <= now).map(|(key, _)| key).collect();
        for key in late {
            self.advance(key, Connection::time_out)?;
        }
        let earliest = self.connections.iter().map(|(_, waiting)| waiting.deadline).min();
        let waits_for_room = !self.accepts && self.last_moment.is_none();
        self.next_sweep = match earliest {
            Some(earliest) if !waits_for_room => Some(earliest.max(now + SWEEP)),
            _ => waits_for_room.then_some(now + SWEEP),
        };
        if waits_for_room && self.connections.len() < self.limits.connections {
            self.set_accepts(true)?;
        }
        Ok(())
    }

    fn set_accepts(&mut self, accepts: bool) -> io::Result<()> {
        let interest = if accepts { EventFlags::IN } else { EventFlags::empty() };
        for (index, listener) in self.listeners.iter().enumerate() {
            let data = EventData::new_u64(LISTENERS + index as u64);
            match epoll::modify(&self.epoll, listener, data, interest) {
                Err(Errno::NOENT) => epoll::add(&self.epoll, listener, data, interest)?,
                result => result?,
            }
        }
        self.accepts = accepts;
        Ok(())
    }

    /// Refuses new clients, closes idle connections, and gives the rest its time.
    fn begin_to_stop(&mut self) -> io::Result<()> {
        epoll::delete(&self.epoll, self.stop.as_ref())?;
        self.last_moment = Some(Instant::now() + self.limits.grace);
        self.listeners.clear();
        self.accepts = false;
        let all: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        for key in all {
            self.advance(key, |connection, workspace| {
                connection.advance(workspace);
                connection.shut_down();
                connection.advance(workspace)
            })?;
        }
        Ok(())
    }
}

fn interest(progress: Progress) -> Option<(EventFlags, Instant)> {
    match progress {
        Progress::Readable(deadline) => Some((EventFlags::IN, deadline)),
        Progress::Writable(deadline) => Some((EventFlags::OUT, deadline)),
        Progress::Closed(_) => None,
    }
}
