//! Iterative: one client after another.
//!
//! ```text
//!   accept ─▶ serve to the end ─▶ accept ─▶ serve to the end ─▶ …
//!   meanwhile the others wait in the backlog, complete and unheard
//! ```
//!
//! The least that can be called a server: no thread, no table, nothing shared.
//! What it costs is everybody else's time. A browser's spare connection says
//! nothing and stalls them all until its deadline, and so does a kept connection
//! until it has been idle for its time; the hundredth client waits for
//! ninety-nine others. Try it: open the page in a browser, then run curl beside it.

use super::crowd::{Place, others_wait};
use super::drain::Draining;
use super::limits::Limits;
use super::running::{accept, run};
use super::stop::Stop;
use crate::connection::{Connection, Service, Workspace};
use crate::listener::Listener;
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

pub(super) fn serve(listeners: Vec<Listener>, service: &Arc<Service>, limits: &Limits, stop: &Stop) -> io::Result<()> {
    let mut workspace = Workspace::new(Arc::clone(service));
    let mut entrance = Entrance { listeners, late: VecDeque::new(), service };
    loop {
        let connection = match entrance.late.pop_front() {
            None if entrance.listeners.is_empty() => return Ok(()),
            None => accept(&entrance.listeners, service, stop, limits)?,
            late => late,
        };
        match connection {
            Some(connection) => run(connection, &mut workspace, stop, limits, &mut entrance),
            None => entrance.close(),
        }
    }
}

/// Where the next client comes from: the others wait at the listeners, and when the
/// server stops those that have come are taken in, so that new ones can be refused.
struct Entrance<'a> {
    listeners: Vec<Listener>,
    late: VecDeque<Connection>,
    service: &'a Service,
}

impl Place for &mut Entrance<'_> {
    fn is_wanted(&self) -> bool {
        others_wait(&self.listeners)
    }

    fn close(&mut self) {
        Entrance::close(self);
    }
}

impl Entrance<'_> {
    fn close(&mut self) {
        let listeners = std::mem::take(&mut self.listeners);
        Draining::begin(listeners).accept_to_the_end(|listener, socket, client| {
            self.late.push_back(Connection::new(socket, client, listener.as_fd(), self.service));
        });
    }
}
