//! Our own server on the server's host: the real models, with a handler that
//! has its files built in.

use super::experiment::Stage;
use crate::connection::{Service, Timeouts};
use crate::handler::{Handler, Response};
use crate::http::message::{Request, StatusCode};
use crate::listener::{self, Port, Required};
use crate::models::{self, Limits, Model, Stop};
use crate::site::{Site, SiteOptions};
use crate::sys::fork::{Fork, exit_child_with, fork};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// What it serves at every path: 44 bytes.
pub(super) const FILE: &str = "<!doctype html><title>lab</title>It works.\r\n";

/// Serving, until it is stopped.
#[derive(Debug)]
pub(super) struct RealServer {
    stop: Arc<Stop>,
    place: Place,
}

/// Where it runs.
#[derive(Debug)]
enum Place {
    Thread(JoinHandle<io::Result<io::Result<()>>>),
    Process(Pid),
}

impl RealServer {
    /// Starts it under `model`, with the built-in file; it listens when this returns. To be called
    /// before there are clients: a server that forks would have their sockets.
    pub(super) fn start(stage: &Stage, model: Model, address: Ipv4Addr) -> io::Result<Self> {
        Self::serve(stage, model, address, Box::new(|_: &Request<'_>| Response::html(StatusCode::OK, FILE)))
    }

    /// The same, serving `./public` if there is one.
    pub(super) fn start_for_people(stage: &Stage, address: Ipv4Addr) -> io::Result<Self> {
        match Site::open(Path::new("public"), SiteOptions::default()) {
            Ok(site) => Self::serve(stage, Model::Thread, address, Box::new(site)),
            Err(_) => Self::start(stage, Model::Thread, address),
        }
    }

    fn serve(stage: &Stage, model: Model, address: Ipv4Addr, handler: Box<dyn Handler>) -> io::Result<Self> {
        let listen = move || {
            listener::listen(&[address.into()], Required::All, Port::Exactly(80), 64)
                .map_err(|error| io::Error::other(error.to_string()))
        };
        let listeners = stage.network.server.run(listen)?;
        let timeouts = Timeouts::new(Duration::from_secs(8), Duration::from_secs(5));
        let service = Arc::new(Service::boxed(handler).timeouts(timeouts));
        let limits = Limits::new(64).ending_after(Duration::ZERO, Duration::from_millis(500));
        let stop = Arc::new(Stop::new()?);
        let order = Arc::clone(&stop);
        let serve = move || models::serve(model, listeners, &service, &limits, &order);
        let place = match model {
            // Forked from here, its children would have the sockets of the clients, which are threads of
            // this process: a client's close() would send no FIN for as long as one of them lived.
            Model::Process => Place::Process(apart(serve)?),
            Model::Iterative | Model::Thread | Model::Multiplex { .. } => {
                Place::Thread(stage.network.server.spawn("our server", serve)?)
            }
        };
        Ok(Self { stop, place })
    }

    /// Stops it, and waits for its end.
    pub(super) fn stop(self) -> io::Result<()> {
        self.stop.set();
        match self.place {
            Place::Thread(thread) => thread.join().unwrap_or_else(|_| Err(io::Error::other("our server panicked")))?,
            Place::Process(server) => {
                let ended = retry_on_intr(|| waitpid(Some(server), WaitOptions::empty()))?;
                match ended.is_some_and(|(_, status)| status.exit_status() == Some(0)) {
                    true => Ok(()),
                    false => Err(io::Error::other("our server failed")),
                }
            }
        }
    }
}

/// Runs `serve` in a process of its own, which has this thread alone, as [`fork`] asks of it.
fn apart(serve: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    match fork()? {
        Fork::Parent(server) => Ok(server),
        Fork::Child => exit_child_with(i32::from(serve().is_err())),
    }
}
