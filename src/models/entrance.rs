//! Where a model that takes one connection after another gets the next.

use super::crowd::{Place, others_wait};
use super::drain::Draining;
use super::limits::Limits;
use super::running::accept;
use super::stop::Stop;
use crate::connection::{Connection, Service};
use crate::kernel::pacing;
use crate::listener::Listener;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::AsFd;

/// The next client waits at the listeners; when the server stops, those that have come by
/// then are taken in, so that new ones can be refused.
pub struct Entrance<'a> {
    listeners: Vec<Listener>,
    late: VecDeque<Connection>,
    service: &'a Service,
}

impl fmt::Debug for Entrance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listeners, late, .. } = self;
        f.debug_struct("Entrance").field("listeners", listeners).field("late", &late.len()).finish_non_exhaustive()
    }
}

impl<'a> Entrance<'a> {
    /// The entrance to a server that listens on these sockets. If connections are recorded, their SYNs
    /// are kept from now on.
    pub fn new(listeners: Vec<Listener>, service: &'a Service) -> Self {
        if service.probe.records_connections() {
            listeners.iter().for_each(record_from);
        }
        Self { listeners, late: VecDeque::new(), service }
    }

    /// Waits for the next connection; `None` after the order to stop, when the last one that
    /// had come was given.
    ///
    /// # Errors
    /// As poll(2).
    pub fn next(&mut self, stop: &Stop, limits: &Limits) -> io::Result<Option<Connection>> {
        if !self.listeners.is_empty() && self.late.is_empty() {
            let connection = accept(&self.listeners, self.service, stop, limits)?;
            if connection.is_some() {
                return Ok(connection);
            }
            self.close();
        }
        Ok(self.late.pop_front())
    }

    fn close(&mut self) {
        let listeners = std::mem::take(&mut self.listeners);
        Draining::begin(listeners).accept_to_the_end(|listener, socket, client| {
            self.late.push_back(Connection::new(socket, client, listener.as_fd(), self.service));
        });
    }
}

impl Place for &mut Entrance<'_> {
    fn is_wanted(&self) -> bool {
        others_wait(&self.listeners)
    }

    fn close(&mut self) {
        Entrance::close(self);
    }
}

/// Before the first connection that is recorded: its SYN is kept, and how it will be sent is known.
pub(super) fn record_from(listener: &Listener) {
    listener.save_syn();
    pacing::learn(listener);
}
