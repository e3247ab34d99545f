//! Process: a child for each client.
//!
//! ```text
//!   parent:  accept ─▶ fork ─▶ accept ─▶ fork ─▶ …       SIGCHLD ─▶ wait
//!                       │                 │
//!   children:           └─▶ serve to the end, exit
//!                                         └─▶ serve to the end, exit
//! ```
//!
//! Parent and child each have the same descriptors: the parent closes the
//! connection, the child the listeners and whatever else the parent accepted, or
//! neither would ever be closed. One pipe the parent alone writes to: the children
//! read from it the order to stop, and its end if the parent dies: at once, if that
//! was at a second signal. A child that has ended stays in the process table as a zombie until its parent asks
//! how it ended; so SIGCHLD, which reports it, is something to wait for like
//! everything else. Several children can end for one SIGCHLD: ask until there
//! is no more to hear.
//!
//! What it costs is a process for each client, to make and to switch to. What
//! it gives is a wall between them: a child that is killed costs its own
//! connection and nobody else's.
//!
//! Try it: `--model process`, a slow download, and `ps -o pid,stat,cmd` beside it.

use super::crowd::{Crowd, LOOK};
use super::drain::Draining;
use super::limits::Limits;
use super::running::{EXHAUSTED, LAST_WORDS, run};
use super::stop::Stop;
use super::wait::wait;
use crate::connection::{Connection, Service, Workspace};
use crate::listener::{Listener, Peer};
use crate::observe::counts::UnderWay;
use crate::sys::fork::{Fork, exit_child, fork};
use crate::sys::inherited::close_sockets_of_others;
use rustix::event::{PollFd, PollFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process};
use signal_hook::consts::SIGCHLD;
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

pub(super) fn serve(listeners: Vec<Listener>, service: &Arc<Service>, limits: &Limits, stop: &Stop) -> io::Result<()> {
    let mut parent = Parent {
        children: Children::new(service)?,
        workspace: Workspace::new(Arc::clone(service)),
        stop_of_children: Stop::new()?,
        crowd: Crowd::new()?,
        service,
        limits,
        stop,
    };
    let mut has_called = false;
    let mut until = None; // the order to stop has come: then it is over
    loop {
        let has_room = parent.has_room();
        let mut fds = vec![PollFd::new(&parent.children.ended, PollFlags::IN)];
        fds.extend(until.is_none().then(|| stop.poll_fd()));
        fds.extend(listeners.iter().filter(|_| has_room).map(|listener| PollFd::new(listener, PollFlags::IN)));
        wait(&mut fds, (!has_room).then(|| Instant::now() + LOOK).into_iter().chain(until).min())?;
        let has_an_end = !fds[0].revents().is_empty();
        if until.is_none() && stop.is_set() {
            until = Some(limits.lingers_until(stop.seen()));
            parent.tell_children_to_stop();
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        if has_an_end {
            parent.children.reap();
        }
        if !has_room && !has_an_end {
            parent.crowd.call(&listeners);
            has_called = true;
        } else if std::mem::take(&mut has_called) {
            parent.crowd.calm();
        }
        for listener in listeners.iter().filter(|_| has_room) {
            match listener.accept() {
                Ok(Some((socket, client))) => parent.serve(listener, socket, client)?,
                Ok(None) => {}
                Err(_) => drop(stop.wait(EXHAUSTED)?),
            }
        }
    }
    let last_moment = limits.ending(stop.seen()).last_moment;
    Draining::begin(listeners).accept_to_the_end(|listener, socket, client| {
        while !parent.has_room() && Instant::now() < last_moment {
            parent.children.wait_for_one(last_moment);
        }
        // If no process can be started in time, this connection is closed, and so are those behind it.
        let _ = parent.serve(listener, socket, client);
    });
    parent.children.wait_for_all(last_moment + LAST_WORDS)
}

/// What the parent has; each child has a copy.
struct Parent<'a> {
    children: Children,
    workspace: Workspace,
    stop_of_children: Stop,
    crowd: Crowd,
    service: &'a Arc<Service>,
    limits: &'a Limits,
    stop: &'a Stop,
}

impl Parent<'_> {
    fn has_room(&self) -> bool {
        self.children.running.len() < self.limits.connections
    }

    fn tell_children_to_stop(&mut self) {
        self.stop_of_children.set();
        self.stop_of_children.seen(); // those to come know since when
    }

    /// Forks a child for a connection.
    fn serve(&mut self, listener: &Listener, socket: OwnedFd, client: Peer) -> io::Result<()> {
        let mut connection = Connection::new(socket, client, listener.as_fd(), self.service);
        if self.children.running.len() + 1 >= self.limits.connections {
            connection.respond_last();
        }
        match self.children.fork(self.stop)? {
            Some((Fork::Child, under_way)) => {
                under_way.into_iter().for_each(|under_way| self.workspace.count_at_once(under_way));
                connection.share();
                close_sockets_of_others(connection.as_fd());
                self.stop_of_children.heed_parent(self.stop);
                run(connection, &mut self.workspace, &self.stop_of_children, self.limits, &self.crowd);
                exit_child();
            }
            Some((Fork::Parent(child), under_way)) => {
                self.children.running.insert(child, Serving { connection: connection.number(), under_way });
            }
            // Told to stop before there was a process for it.
            None => run(connection, &mut self.workspace, self.stop, self.limits, &self.crowd),
        }
        Ok(())
    }
}

/// What a child serves.
struct Serving {
    /// Its connection's number, if that is recorded.
    connection: Option<u64>,
    under_way: Option<UnderWay>,
}

/// The children that serve. Every child of this process is taken for one.
struct Children {
    running: HashMap<Pid, Serving>,
    /// Readable when a child may have ended.
    ended: OwnedFd,
    /// Told of connections whose child was killed.
    service: Arc<Service>,
}

impl Children {
    fn new(service: &Arc<Service>) -> io::Result<Self> {
        let (ended, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        signal_hook::low_level::pipe::register(SIGCHLD, writer)?;
        Ok(Self { running: HashMap::new(), ended, service: Arc::clone(service) })
    }

    /// Forks as soon as a process can be started: the client waits, and the others
    /// in the backlog. `None` if the order to stop comes before.
    fn fork(&mut self, stop: &Stop) -> io::Result<Option<(Fork, Option<UnderWay>)>> {
        loop {
            match self.service.probe.under_way().and_then(|under_way| Ok((fork()?, under_way))) {
                Ok(forked) => return Ok(Some(forked)),
                Err(_) if stop.wait(EXHAUSTED)? => return Ok(None),
                Err(_) => self.reap(),
            }
        }
    }

    /// Asks of each child that has ended how it did: only then it is gone.
    fn reap(&mut self) {
        let mut signals = [0; 64];
        while rustix::io::read(&self.ended, &mut signals).is_ok_and(|count| count > 0) {}
        while let Ok(Some((child, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let serving = self.running.remove(&child);
            if let Some(Serving { connection, under_way }) = serving.filter(|_| status.signaled()) {
                self.service.probe.lost(connection, under_way.as_ref());
            }
        }
    }

    /// Waits until one may have ended.
    fn wait_for_one(&mut self, deadline: Instant) {
        let _ = wait(&mut [PollFd::new(&self.ended, PollFlags::IN)], Some(deadline));
        self.reap();
    }

    /// Waits until all have ended; those that have not by then are killed.
    fn wait_for_all(mut self, deadline: Instant) -> io::Result<()> {
        self.reap();
        while !self.running.is_empty() {
            if !wait(&mut [PollFd::new(&self.ended, PollFlags::IN)], Some(deadline))? {
                for child in self.running.keys() {
                    // It may have ended just now.
                    let _ = kill_process(*child, Signal::KILL);
                }
                for (child, Serving { connection, under_way }) in self.running.drain() {
                    let _ = rustix::process::waitpid(Some(child), WaitOptions::empty());
                    self.service.probe.lost(connection, under_way.as_ref());
                }
                return Ok(());
            }
            self.reap();
        }
        Ok(())
    }
}
