//! The live page on sockets of its own: the instrument is not in the exhibit.
//!
//! ```
//! use glasshttp::language::Language;
//! use glasshttp::listener::{self, Port, Required};
//! use glasshttp::observe::live::{Bounds, Hub, LiveSink};
//! use glasshttp::watch::Watch;
//! use std::net::Ipv4Addr;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::new(Bounds::default());
//! let sink = LiveSink::new(&hub); // for the collector
//! let listeners = listener::listen(&[Ipv4Addr::LOCALHOST.into()], Required::All, Port::Exactly(0), 128)?;
//! let urls = listener::urls(&listeners); // where the page is
//! let watch = Watch::start(&hub, &["http://localhost:8080/".into()], None, listeners, Language::English)?;
//! // The server serves; then it stops.
//! watch.finish()?;
//! # drop((sink, urls));
//! # Ok(())
//! # }
//! ```

use crate::connection::{Service, Timeouts};
use crate::handler::Handler;
use crate::language::Language;
use crate::listener::Listener;
use crate::models::{self, Limits, Model, Sockets, Stop};
use crate::observe::live::{CountsAlone, Hub, LivePage};
use crate::observe::metrics::Metrics;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Pages that listen, and what they ask beside; where open files are limited, one for this many of those.
const CONNECTIONS: u64 = 64;
const FILES_FOR_ONE: u64 = 16;
const SECOND: Duration = Duration::from_secs(1);

/// The live page, being served.
#[derive(Debug)]
pub struct Watch {
    /// None: there are counts alone.
    hub: Option<Arc<Hub>>,
    stop: Arc<Stop>,
    thread: JoinHandle<io::Result<()>>,
    connections: u64,
}

impl Watch {
    /// Serves the page of `hub` on these sockets, by a thread for each
    /// connection; `site` are the URLs of the site that is watched, best first.
    ///
    /// # Errors
    /// If there is no descriptor or thread left for it.
    pub fn start(
        hub: &Arc<Hub>,
        site: &[String],
        metrics: Option<Metrics>,
        listeners: Vec<Listener>,
        language: Language,
    ) -> io::Result<Self> {
        let page = LivePage::new(hub, site, &addresses(&listeners)).speaking(language);
        let page = match metrics {
            Some(metrics) => page.counting(metrics),
            None => page,
        };
        Self::serve(page, Some(hub), listeners)
    }

    /// Serves the counts alone on these sockets.
    ///
    /// # Errors
    /// As [`Watch::start`].
    pub fn counts_alone(metrics: Metrics, listeners: Vec<Listener>, language: Language) -> io::Result<Self> {
        let handler = CountsAlone::new(metrics, &addresses(&listeners), language);
        Self::serve(handler, None, listeners)
    }

    fn serve(handler: impl Handler + 'static, hub: Option<&Arc<Hub>>, listeners: Vec<Listener>) -> io::Result<Self> {
        let timeouts = Timeouts { drain: SECOND, ..Timeouts::default() };
        // Without a probe: who watched the watcher would see nothing else.
        let service = Arc::new(Service::new(handler).timeouts(timeouts));
        let connections = (models::limit_of_descriptors() / FILES_FOR_ONE).clamp(1, CONNECTIONS);
        let limits = Limits::new(connections as usize).ending_after(Duration::ZERO, 2 * SECOND);
        let stop = Arc::new(Stop::new()?);
        let order = Arc::clone(&stop);
        let sockets = Sockets::open(Model::Thread, listeners, &limits)?;
        let serve = move || sockets.serve(&service, &limits, &order);
        let thread = std::thread::Builder::new().name("live page".into()).spawn(serve)?;
        Ok(Self { hub: hub.cloned(), stop, thread, connections })
    }

    /// How many connections it has at most, each with one descriptor.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// Tells the pages that it is over and stops serving them: two seconds at
    /// most. Call it when the last record has been handed over.
    ///
    /// # Errors
    /// If serving had ended before, with this error.
    pub fn finish(self) -> io::Result<()> {
        self.stop.set();
        self.hub.iter().for_each(|hub| hub.shut_down());
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the live page's thread failed")))
    }
}

fn addresses(listeners: &[Listener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(Listener::address).collect()
}
