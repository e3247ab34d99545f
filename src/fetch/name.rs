//! A host to addresses, and what is told of that.

use super::clock::Clock;
use super::options::Options;
use crate::dns::{self, TraceOptions};
use crate::record::transfer::Name;
use crate::record::{Failure, Kind};
use std::time::Duration;

/// How long the system resolver may take for its own answer, which is for comparison.
const SYSTEM: Duration = Duration::from_secs(5);

/// Looks `host` up, as `options` say.
pub(super) fn look_up(host: &str, options: &Options, clock: Clock) -> (Name, Result<(), Failure>) {
    let began = clock.now();
    let mut name =
        Name { host: host.to_owned(), began, ended: began, lookup: None, trace: None, addresses: Vec::new() };
    let error = match &options.roots {
        Some(roots) => {
            let limit = TraceOptions { limit: options.timeout, ..TraceOptions::default() };
            let trace = dns::trace(host, roots, &limit);
            name.ended = began + nanoseconds(trace.time);
            name.addresses = trace.addresses.clone();
            let error = trace.error.as_ref().map(Failure::from);
            name.trace = Some(trace);
            error
        }
        None => {
            let lookup = dns::resolve(
                host,
                &dns::Options {
                    server: options.dns,
                    limit: Some(options.timeout),
                    // Whoever names a server may do so because the system's does not answer.
                    system: options.dns.is_none().then(|| SYSTEM.min(options.timeout)),
                    ..dns::Options::default()
                },
            );
            name.ended = began + nanoseconds(lookup.time);
            name.addresses = lookup.addresses.clone();
            if let (true, None, Some(system)) = (name.addresses.is_empty(), options.dns, &lookup.system) {
                // The system knows other ways than DNS: mDNS, containers, its own name.
                name.addresses = system.addresses.clone();
            }
            let error = lookup.error.as_ref().map(Failure::from);
            name.lookup = Some(lookup);
            error
        }
    };
    if !name.addresses.is_empty() {
        return (name, Ok(()));
    }
    let failure = error.unwrap_or_else(|| Failure::new(Kind::Name, format!("{host} has no address.")));
    (name, Err(failure))
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
