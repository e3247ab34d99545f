//! The system resolver's own answer: getaddrinfo(3), with a limit to its time.

use super::order::same;
use crate::record::lookup::SystemLookup;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Asks the system for `name`, waits at most `patience`, and compares with `ours`.
///
/// getaddrinfo(3) cannot be interrupted: after `patience` its thread is left to
/// end by itself.
pub(super) fn ask(name: &str, patience: Duration, ours: &[IpAddr]) -> SystemLookup {
    let start = Instant::now();
    let (sender, receiver) = channel();
    let name = name.to_owned();
    let spawned = thread::Builder::new().name("getaddrinfo".to_owned()).spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs().map(|found| {
            let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            addresses.dedup();
            addresses
        });
        // Nobody may be waiting any more.
        let _ = sender.send((found, start.elapsed()));
    });
    let (result, time) = match spawned.map(|_| receiver.recv_timeout(patience)) {
        Ok(Ok((found, time))) => (found.map_err(|error| error.to_string()), time),
        Ok(Err(RecvTimeoutError::Timeout)) => (Err("it did not answer in time".to_owned()), start.elapsed()),
        Ok(Err(RecvTimeoutError::Disconnected)) => (Err("it failed".to_owned()), start.elapsed()),
        Err(error) => (Err(error.to_string()), start.elapsed()),
    };
    let (addresses, error) = match result {
        Ok(addresses) => (addresses, None),
        Err(error) => (vec![], Some(error)),
    };
    let differs = !same(&addresses, ours);
    SystemLookup { addresses, error, time, differs }
}
