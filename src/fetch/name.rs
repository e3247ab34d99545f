//! A host to addresses, and the record of that.

use super::clock::Clock;
use super::interrupt::Interrupt;
use super::options::Options;
use crate::dns::{self, Families, Late, System, TraceOptions, is_localhost};
use crate::record::Failure;
use crate::record::lookup::Lookup;
use crate::record::transfer::Name;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long the system resolver may take, beyond ours, where ours found nothing.
const SYSTEM: Duration = Duration::from_secs(5);

/// What goes on beside a fetch, and never delays it.
#[derive(Default)]
pub(super) struct Background {
    /// The system's own response, for comparison.
    system: Option<System>,
    /// The response to the other kind of question.
    late: Option<Late>,
}

impl Background {
    /// Waits for addresses that come late, for those that are there have failed.
    pub(super) fn late_addresses(&mut self, name: &mut Name, options: &Options) -> Vec<IpAddr> {
        let (Some(late), Some(lookup)) = (self.late.take(), &mut name.lookup) else { return Vec::new() };
        late.join(lookup); // until Ctrl-C, which the lookup knows
        let known = name.addresses.clone();
        let new = lookup.addresses.iter().copied().filter(|ip| !known.contains(ip) && options.families.include(*ip));
        let new: Vec<IpAddr> = new.collect();
        name.addresses.extend(&new);
        new
    }

    /// Adds what is known by now.
    pub(super) fn add_to(self, lookup: &mut Lookup, options: &Options) {
        let is_late = self.late.is_some();
        if let Some(late) = self.late {
            late.take(lookup);
        }
        // Half a response is not to be compared.
        let is_whole =
            !is_late || lookup.exchanges.iter().any(|exchange| lookup.not_awaited.contains(&exchange.record));
        if let Some(system) = self.system.filter(|_| is_whole && options.families == Families::Both) {
            lookup.system = lookup.system.take().or_else(|| system.take(&lookup.addresses));
        }
    }
}

/// Looks `host` up, as `options` say.
pub(super) fn look_up(
    host: &str,
    options: &Options,
    clock: Clock,
    interrupt: &Interrupt,
) -> (Name, Background, Result<(), Failure>) {
    let (began, start) = (clock.now(), Instant::now());
    let mut name =
        Name { host: host.to_owned(), began, ended: began, lookup: None, trace: None, addresses: Vec::new() };
    let mut background = Background::default();
    let error = match options.roots.clone().filter(|_| !is_localhost(host)) {
        Some(roots) => {
            let limit = TraceOptions { limit: options.timeout, stop: interrupt.stop(), ..TraceOptions::default() };
            let trace = dns::trace(host, &roots, &limit);
            name.ended = began + nanoseconds(trace.time);
            name.addresses = trace.addresses.clone();
            let error = trace.error.as_ref().map(Failure::from);
            name.trace = Some(trace);
            error
        }
        None => {
            let how = dns::Options {
                server: options.dns,
                limit: Some(options.timeout),
                families: options.families,
                stop: interrupt.stop(),
                ..dns::Options::default()
            };
            // A server may be named because the system's does not answer.
            background.system = (options.dns.is_none() && !is_localhost(host)).then(|| System::ask(host)).flatten();
            let (mut lookup, late) = dns::resolve_early(host, &how);
            background.late = late;
            name.ended = began + nanoseconds(lookup.time);
            name.addresses = lookup.addresses.clone();
            if let (true, Some(system)) = (name.addresses.is_empty(), background.system.take()) {
                // The system knows other ways than DNS: mDNS, containers, its own name.
                // One time for the name, for all servers that are asked.
                let patience = SYSTEM.min(options.timeout.saturating_sub(start.elapsed()));
                let said = interrupt.unless_it_comes(move || system.wait(patience, &[]));
                name.addresses = said.as_ref().map(|said| said.addresses.clone()).unwrap_or_default();
                lookup.system = said;
                name.ended = clock.now();
            }
            let error = lookup.error.as_ref().map(Failure::from);
            name.lookup = Some(lookup);
            error
        }
    };
    if interrupt.has_come() {
        return interrupted(name, clock);
    }
    let had_some = !name.addresses.is_empty();
    name.addresses.retain(|address| options.families.include(*address));
    if !name.addresses.is_empty() {
        return (name, background, Ok(()));
    }
    let only = match options.families {
        Families::Four if had_some => Some(4),
        Families::Six if had_some => Some(6),
        _ => None,
    };
    let failure = error.filter(|_| !had_some).unwrap_or_else(|| Failure::NoAddress { host: host.to_owned(), only });
    (name, background, Err(failure))
}

fn interrupted(mut name: Name, clock: Clock) -> (Name, Background, Result<(), Failure>) {
    name.ended = clock.now();
    (name, Background::default(), Err(Failure::Interrupted))
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
