//! Iterative: one client after another.
//!
//! ```text
//!   accept ─▶ serve to the end ─▶ accept ─▶ serve to the end ─▶ …
//!   meanwhile the others wait in the backlog, complete and unheard
//! ```
//!
//! The least that can be called a server: no thread, no table, nothing shared.
//! What it costs is everybody else's time. A browser's spare connection says
//! nothing and stalls them all until its deadline, and so does a keep-alive connection
//! until it has been idle for its time; the hundredth client waits for
//! ninety-nine others. Try it: open the page in a browser, then run curl beside it.

use super::entrance::Entrance;
use super::limits::Limits;
use super::running::run;
use super::stop::Stop;
use crate::connection::{Service, Workspace};
use crate::listener::Listener;
use std::io;
use std::sync::Arc;

pub(super) fn serve(listeners: Vec<Listener>, service: &Arc<Service>, limits: &Limits, stop: &Stop) -> io::Result<()> {
    let mut workspace = Workspace::new(Arc::clone(service));
    let mut entrance = Entrance::new(listeners, service);
    while let Some(connection) = entrance.next(stop, limits)? {
        run(connection, &mut workspace, stop, limits, &mut entrance);
    }
    Ok(())
}
