//! Name resolution against scripted servers, and against a real hierarchy on loopback.

mod hierarchy;
mod scripted;
pub mod server;
mod walks;

use glasshttp::dns::Options;
use glasshttp::record::lookup::{DnsResponse, Lookup, Query, QueryOutcome, Transport};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The usual ones, but for this.
fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

/// Asks `server` alone; the system resolver is left out.
fn asking(server: SocketAddr) -> Options {
    options(|options| {
        (options.server, options.system) = (Some(server), None);
        (options.timeout, options.attempts) = (Some(Duration::from_secs(10)), Some(1));
    })
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

/// The same addresses, in any order.
fn assert_addresses(got: &[IpAddr], expected: &[&str]) {
    let sorted = |mut addresses: Vec<IpAddr>| {
        addresses.sort();
        addresses
    };
    assert_eq!(sorted(got.to_vec()), sorted(addresses(expected)));
}

fn response(exchange: &Query) -> &DnsResponse {
    match &exchange.outcome {
        QueryOutcome::Answered(response) => response,
        other => panic!("no answer: {other:?}"),
    }
}

/// How many questions went by each transport.
fn transports(lookup: &Lookup) -> (usize, usize) {
    let by = |transport| lookup.exchanges.iter().filter(|exchange| exchange.transport == transport).count();
    (by(Transport::Udp), by(Transport::Tcp))
}
