//! The system resolver's own answer: getaddrinfo(3), which nobody needs to wait for.

use super::host::Host;
use super::order::same;
use crate::record::lookup::SystemLookup;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A question to the system's resolver, under way.
///
/// getaddrinfo(3) cannot be interrupted: dropped, its thread ends by itself.
#[derive(Debug)]
pub struct System {
    start: Instant,
    receiver: Receiver<(io::Result<Vec<IpAddr>>, Duration)>,
}

impl System {
    /// Asks for `host`; `None` where there is nothing to ask: an address, or no name.
    pub fn ask(host: &str) -> Option<Self> {
        let Ok(Host::Name { ascii, is_absolute }) = Host::parse(host) else { return None };
        let name = if is_absolute { format!("{ascii}.") } else { ascii };
        let start = Instant::now();
        let (sender, receiver) = channel();
        let ask = move || {
            let found = (name.as_str(), 0).to_socket_addrs().map(|found| {
                let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                addresses.dedup();
                addresses
            });
            // Nobody may be waiting any more.
            let _ = sender.send((found, start.elapsed()));
        };
        thread::Builder::new().name("getaddrinfo".to_owned()).spawn(ask).ok()?;
        Some(Self { start, receiver })
    }

    /// Waits at most `patience`, and compares with `ours`.
    pub fn wait(&self, patience: Duration, ours: &[IpAddr]) -> SystemLookup {
        self.answer(patience, ours).unwrap_or_else(|| SystemLookup {
            addresses: vec![],
            error: Some(SystemLookup::NOT_IN_TIME.to_owned()),
            time: self.start.elapsed(),
            differs: !ours.is_empty(),
        })
    }

    /// What it has said by now, compared with `ours`, if it has said anything.
    pub fn take(&self, ours: &[IpAddr]) -> Option<SystemLookup> {
        self.answer(Duration::ZERO, ours)
    }

    fn answer(&self, patience: Duration, ours: &[IpAddr]) -> Option<SystemLookup> {
        let (result, time) = match self.receiver.recv_timeout(patience) {
            Ok((found, time)) => (found.map_err(|error| error.to_string()), time),
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => (Err("it failed".to_owned()), self.start.elapsed()),
        };
        let (addresses, error) = match result {
            Ok(addresses) => (addresses, None),
            Err(error) => (vec![], Some(error)),
        };
        let differs = !same(&addresses, ours);
        Some(SystemLookup { addresses, error, time, differs })
    }
}
