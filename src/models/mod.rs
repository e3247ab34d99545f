//! The server models: who accepts, who runs a connection, when it waits, who
//! cleans up. What a connection does is the same in all of them, and is not here.

mod crowd;
mod drain;
mod iterative;
mod limits;
mod model;
#[cfg(target_os = "linux")]
mod multiplex;
mod process;
mod running;
mod stop;
mod thread;
mod wait;

pub use limits::Limits;
pub use model::Model;
pub use stop::Stop;

use crate::connection::Service;
use crate::listener::Listener;
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
    if service.probe.records_connections() {
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
