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
//! read from it the order to stop, and its end if the parent dies. A child
//! that has ended stays in the process table as a zombie until its parent asks
//! how it ended; so SIGCHLD, which tells of it, is something to wait for like
//! everything else. Several children can end for one SIGCHLD: ask until there
//! is no more to hear.
//!
//! What it costs is a process for each client, to make and to switch to. What
//! it gives is a wall between them: a child that is killed costs its own
//! connection and nobody else's.
//!
//! Try it: `--model process`, a slow download, and `ps -o pid,stat,cmd` beside it.

use super::crowd::{Crowd, LOOK};
use super::limits::Limits;
use super::running::{EXHAUSTED, LAST_WORDS, run};
use super::stop::Stop;
use super::wait::wait;
use crate::connection::{Connection, Service, Workspace};
use crate::listener::Listener;
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
    let mut children = Children::new(service)?;
    let mut workspace = Workspace::new(Arc::clone(service)); // each child has a copy
    let (mut stop_of_children, crowd) = (Stop::new()?, Crowd::new()?);
    let mut has_called = false;
    loop {
        let has_room = children.running.len() < limits.connections;
        let mut fds = vec![stop.poll_fd(), PollFd::new(&children.ended, PollFlags::IN)];
        fds.extend(listeners.iter().filter(|_| has_room).map(|listener| PollFd::new(listener, PollFlags::IN)));
        wait(&mut fds, (!has_room).then(|| Instant::now() + LOOK))?;
        let [is_told_to_stop, has_an_end] = [0, 1].map(|index: usize| !fds[index].revents().is_empty());
        if is_told_to_stop {
            break;
        }
        if has_an_end {
            children.reap();
        }
        if !has_room && !has_an_end {
            crowd.call(&listeners);
            has_called = true;
        } else if std::mem::take(&mut has_called) {
            crowd.calm();
        }
        for listener in listeners.iter().filter(|_| has_room) {
            let (socket, client) = match listener.accept() {
                Ok(Some(accepted)) => accepted,
                Ok(None) => continue,
                Err(_) => {
                    stop.wait(EXHAUSTED)?;
                    continue;
                }
            };
            let mut connection = Connection::new(socket, client, listener.as_fd(), service);
            if children.running.len() + 1 >= limits.connections {
                connection.answer_last();
            }
            match children.fork(stop)? {
                Some(Fork::Child) => {
                    drop(listeners);
                    close_sockets_of_others(connection.as_fd());
                    stop_of_children.heed_parent();
                    run(connection, &mut workspace, &stop_of_children, limits.grace, &crowd);
                    exit_child();
                }
                Some(Fork::Parent(child)) => {
                    children.running.insert(child, connection.number());
                }
                // Told to stop before there was a process for it.
                None => run(connection, &mut workspace, stop, limits.grace, &crowd),
            }
        }
    }
    drop(listeners); // from here on new clients are refused, not left waiting
    stop_of_children.set();
    children.wait_for_all(Instant::now() + limits.grace + LAST_WORDS)
}

/// The children that serve. Every child of this process is taken for one.
struct Children {
    /// Each with its connection's number, if that is told.
    running: HashMap<Pid, Option<u64>>,
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

    /// Forks as soon as there is a process to be had: the client waits, and the others
    /// in the backlog. `None` when told to stop before.
    fn fork(&mut self, stop: &Stop) -> io::Result<Option<Fork>> {
        loop {
            match fork() {
                Ok(fork) => return Ok(Some(fork)),
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
            let connection = self.running.remove(&child).flatten();
            if let (Some(connection), true) = (connection, status.signaled()) {
                self.service.probe.lost(connection);
            }
        }
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
                for (child, connection) in self.running.drain() {
                    let _ = rustix::process::waitpid(Some(child), WaitOptions::empty());
                    connection.into_iter().for_each(|connection| self.service.probe.lost(connection));
                }
                return Ok(());
            }
            self.reap();
        }
        Ok(())
    }
}
