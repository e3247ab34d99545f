//! A server in one expression, for a program that responds by itself.
//!
//! ```
//! use glasshttp::{Model, Request, Response, Server, StatusCode, Stop};
//! # fn main() -> std::io::Result<()> {
//! let hello = |request: &Request<'_>| Response::text(StatusCode::OK, &format!("You asked for {}\n", request.target.path));
//! let server = Server::new(hello).listen("127.0.0.1:0")?.model(Model::Thread);
//! println!("Listening at {}", server.urls().join(", "));
//! let stop = Stop::new()?; // Stop::on_signals() ends with Ctrl-C
//! # stop.set();
//! server.run(&std::sync::Arc::new(stop))
//! # }
//! ```
//!
//! A handler responds whatever host is named. One that is for this machine alone must refuse other
//! names itself, because a web page can point its own name here (DNS rebinding): ask
//! [`Hosts::include`](crate::site::Hosts::include); a [`crate::site::Site`] does so if
//! [`hosts`](crate::site::SiteOptions::hosts) say it.
//!
//! All of it is made of parts that can be used by themselves: [`crate::listener`] listens,
//! [`crate::models`] serve (or a model of your own does), [`crate::observe`] watches.

use crate::connection::{Service, Timeouts};
use crate::handler::Handler;
use crate::listener::{self, Address, Listener, Port, Required};
use crate::models::{self, Limits, Model, Sockets, Stop};
use crate::observe::collector::Watching;
use crate::observe::probe::{Probe, Rate, Scope};
use crate::observe::sink::Sink;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// Connections that are complete and wait for accept, per listening socket.
const BACKLOG: u32 = 4096;

/// A server: a handler, where it listens, who runs its connections.
#[must_use = "a server serves when it is run"]
pub struct Server {
    handler: Box<dyn Handler>,
    listeners: Vec<Listener>,
    urls: Vec<String>,
    model: Model,
    connections: Option<usize>,
    timeouts: Timeouts,
    ending: Option<(Duration, Duration)>,
    sinks: Vec<Box<dyn Sink>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listeners, model, .. } = self;
        f.debug_struct("Server").field("listeners", listeners).field("model", model).finish_non_exhaustive()
    }
}

impl Server {
    /// A server of this handler: a closure, a folder ([`crate::site::Site`]), a type of yours.
    pub fn new(handler: impl Handler) -> Self {
        Self {
            handler: Box::new(handler),
            listeners: Vec::new(),
            urls: Vec::new(),
            model: Model::default(),
            connections: None,
            timeouts: Timeouts::default(),
            ending: None,
            sinks: Vec::new(),
        }
    }

    /// Listens on this address, or on those that a name has (`"localhost:8080"`); port 0 is
    /// any free one. From now on clients can connect; they are served by [`run`](Self::run).
    ///
    /// # Errors
    /// If the name has no address, or an address is not available; of a name's several
    /// addresses, if none can.
    pub fn listen(self, addresses: impl ToSocketAddrs) -> io::Result<Self> {
        let named: Vec<SocketAddr> = addresses.to_socket_addrs()?.collect();
        let Some(port) = named.first().map(SocketAddr::port) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no address to listen on"));
        };
        let named: Vec<Address> = named.into_iter().map(Address::of).collect();
        let listeners = listener::listen(&named, Required::One, Port::Exactly(port), BACKLOG);
        let listeners = listeners.map_err(|error| io::Error::new(error.cause().kind(), error))?;
        Ok(self.listen_on(listeners))
    }

    /// Listens on these sockets of one port, too: they may come from elsewhere ([`Listener::handed_over`]).
    pub fn listen_on(mut self, listeners: Vec<Listener>) -> Self {
        self.urls.extend(listener::urls(&listeners));
        self.listeners.extend(listeners);
        self
    }

    /// How many clients are served at once, and by whom; [`Model::default`] unless said, which is one event
    /// loop (the program has one on each core: [`Model::with_workers`]).
    pub fn model(mut self, model: Model) -> Self {
        self.model = model;
        self
    }

    /// This many connections at once, where there are descriptors for them; further ones
    /// wait in the backlog. [`Model::usual_connections`] unless said.
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = Some(most.max(1));
        self
    }

    /// How long things may take; 10 seconds for a head, and idle, unless said.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// After the order to stop: how long connections are still accepted, each with one more
    /// response (0 seconds unless said), and how long they may go on after that (10).
    pub fn ending(mut self, linger: Duration, grace: Duration) -> Self {
        self.ending = Some((linger, grace));
        self
    }

    /// Gives a record of each connection to this sink, too.
    pub fn record(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// The addresses that it listens on; a unix socket has none.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(Listener::address).collect()
    }

    /// Those addresses as URLs; of each call to [`listen`](Self::listen), the best first.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Serves until `stop`, then finishes what is under way.
    ///
    /// # Errors
    /// If it listens nowhere, or the system lacks what the model needs to start. What
    /// befalls a single connection is never an error here.
    pub fn run(self, stop: &Arc<Stop>) -> io::Result<()> {
        if self.listeners.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the server listens nowhere: call listen first"));
        }
        models::raise_descriptors();
        let limits = Limits::new(self.connections.unwrap_or_else(|| self.model.usual_connections()));
        let limits = self.ending.map_or(limits, |(linger, grace)| limits.ending_after(linger, grace));
        let watching = watching(self.sinks, self.model)?;
        let probe = watching.as_ref().map_or(Probe::OFF, Watching::probe);
        let service = Arc::new(Service::boxed(self.handler).timeouts(self.timeouts).watched(probe));
        let serve = || {
            let sockets = Sockets::open(self.model, self.listeners, &limits)?;
            let limits = sockets.within_descriptors(limits, 0).map_err(io::Error::other)?;
            sockets.serve(&service, &limits, stop)
        };
        let result = serve();
        // What the sinks were not given, they know (`Sink::left_out`).
        let _ = watching.map(Watching::finish);
        result
    }
}

/// What makes the records, if they are wanted.
fn watching(sinks: Vec<Box<dyn Sink>>, model: Model) -> io::Result<Option<Watching>> {
    if sinks.is_empty() {
        return Ok(None);
    }
    let scope = Scope { connections: Some(Rate::All), ..Scope::default() };
    Watching::start(scope, model.name().into(), Box::new(io::sink()), sinks, None).map(Some)
}
