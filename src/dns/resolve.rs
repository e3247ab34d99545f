//! A name to addresses, as a stub resolver does it: hosts file, then servers.

use super::config::{Config, Options, in_hosts};
use super::exchange::{Ask, failure, reply};
use super::host::Host;
use super::order::in_order;
use super::system;
use crate::record::LookupError;
use crate::record::lookup::{Exchange, Kind, Lookup, Record, Reply, Source};
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::Instant;

/// How many CNAMEs are followed, as long as BIND's own limit.
pub(super) const MOST_ALIASES: usize = 16;

/// Resolves `name`: an address in brackets or without, or a name, international
/// ones too. Blocks until it is known, at most timeout times attempts times
/// servers for each name that search domains make of it, and for each transport.
///
/// It never fails as a call: [`Lookup::error`] says why there are no addresses.
pub fn resolve(name: &str, options: &Options) -> Lookup {
    let start = Instant::now();
    let mut lookup = Lookup {
        name: name.to_owned(),
        ascii: None,
        source: Source::Nowhere,
        candidates: vec![],
        exchanges: vec![],
        aliases: vec![],
        addresses: vec![],
        error: None,
        time: start.elapsed(),
        system: None,
    };
    match Host::parse(name) {
        Ok(Host::Address(address)) => {
            (lookup.source, lookup.addresses) = (Source::Numeric, vec![address]);
            lookup.time = start.elapsed();
        }
        Ok(Host::Name { ascii, is_absolute }) => {
            look_up(&mut lookup, &ascii, is_absolute, options);
            lookup.time = start.elapsed();
            if let Some(patience) = options.system {
                let asked = if is_absolute { format!("{ascii}.") } else { ascii.clone() };
                lookup.system = Some(system::ask(&asked, patience, &lookup.addresses));
            }
            let system = lookup.system.as_ref().map_or(&[][..], |system| &system.addresses);
            lookup.addresses = in_order(std::mem::take(&mut lookup.addresses), system);
            lookup.ascii = Some(ascii);
        }
        Err(error) => lookup.error = Some(error),
    }
    lookup
}

fn look_up(lookup: &mut Lookup, ascii: &str, is_absolute: bool, options: &Options) {
    if options.server.is_none() {
        let (addresses, lines) = in_hosts(&options.hosts, ascii);
        if !addresses.is_empty() {
            lookup.source = Source::HostsFile { path: options.hosts.clone(), lines };
            lookup.addresses = addresses;
            return;
        }
    }
    let config = Config::read(options);
    let path = options.server.is_none().then(|| options.resolv_conf.clone());
    lookup.source = Source::Servers { servers: config.servers.clone(), path };
    for name in config.candidates(ascii, is_absolute) {
        lookup.candidates.push(name.clone());
        let error = both(lookup, &name, &config);
        // What is said of the name as it was written counts, else the first reason.
        if error.is_none() || lookup.error.is_none() || name == ascii {
            lookup.error = error;
        }
        if lookup.error.is_none() {
            return;
        }
    }
}

/// Asks for both kinds of address at the same time, as the system does.
fn both(lookup: &mut Lookup, name: &str, config: &Config) -> Option<LookupError> {
    let (six, four) = thread::scope(|scope| {
        let six = scope.spawn(|| Chase::run(name, Kind::Aaaa, config));
        let four = Chase::run(name, Kind::A, config);
        (six.join(), four)
    });
    // A thread that panicked has told so; the other family is still an answer.
    let found: Vec<Chase> = six.into_iter().chain([four]).collect();
    let longest = found.iter().max_by_key(|chase| chase.aliases.len());
    lookup.aliases = longest.map(|chase| chase.aliases.clone()).unwrap_or_default();
    let mut errors = vec![];
    for chase in found {
        lookup.exchanges.extend(chase.exchanges);
        lookup.addresses.extend(chase.addresses);
        errors.extend(chase.error);
    }
    let is_no_address = |error: &LookupError| matches!(error, LookupError::NoAddress { .. });
    if !lookup.addresses.is_empty() {
        return None;
    }
    // "No AAAA" says less than why there was no answer to A.
    let telling = errors.iter().rposition(|error| !is_no_address(error)).unwrap_or(0);
    Some(errors.swap_remove(telling))
}

/// One kind of address of one name, through all its aliases.
struct Chase {
    exchanges: Vec<Exchange>,
    aliases: Vec<String>,
    addresses: Vec<IpAddr>,
    error: Option<LookupError>,
}

impl Chase {
    fn run(name: &str, kind: Kind, config: &Config) -> Self {
        let mut chase = Self { exchanges: vec![], aliases: vec![], addresses: vec![], error: None };
        chase.error = chase.follow(name, kind, config).err();
        chase
    }

    fn follow(&mut self, name: &str, kind: Kind, config: &Config) -> Result<(), LookupError> {
        let mut asked = name.to_owned();
        loop {
            let (server, reply) = self.ask_servers(&asked, kind, config)?;
            let before = self.aliases.len();
            let end = aliases(name, &asked, &reply.answers, &mut self.aliases)?;
            self.addresses = addresses(&end, kind, &reply.answers);
            if !self.addresses.is_empty() {
                return Ok(());
            }
            if reply.rcode == "NXDOMAIN" {
                return Err(LookupError::NoSuchName { name: end, server });
            }
            // A server that does not go and find out leaves the chain to us.
            if reply.recursion_available || self.aliases.len() == before {
                return Err(LookupError::NoAddress { name: end, server });
            }
            asked = end;
        }
    }

    /// Asks each server in turn, as often as configured, until one gives an answer that can be used.
    fn ask_servers(&mut self, name: &str, kind: Kind, config: &Config) -> Result<(SocketAddr, Reply), LookupError> {
        let mut tries = 0;
        let mut last = None;
        for attempt in 1..=config.attempts {
            for &server in &config.servers {
                let Some(timeout) = config.patience() else { break };
                tries += 1;
                let ask = Ask { server, name, kind, recursion_desired: true, timeout, attempt };
                let exchanges = ask.run()?;
                let deciding = exchanges.last().cloned();
                self.exchanges.extend(exchanges);
                let Some(exchange) = deciding else { continue };
                match (failure(&exchange), reply(&exchange)) {
                    (None, Some(reply)) => return Ok((server, reply.clone())),
                    (error, _) => last = error.or(last),
                }
            }
        }
        Err(match last {
            Some(LookupError::NoAnswer { server, .. }) => LookupError::NoAnswer { tries, server },
            Some(error) => error,
            None => LookupError::NoTime { name: name.to_owned() },
        })
    }
}

/// Follows the CNAMEs of `asked` through `answers`: the name at their end. The
/// names passed are added to `passed`; `first` is where it all began.
///
/// # Errors
/// `AliasLoop`, `TooManyAliases`.
pub(super) fn aliases(
    first: &str,
    asked: &str,
    answers: &[Record],
    passed: &mut Vec<String>,
) -> Result<String, LookupError> {
    let mut end = asked.to_owned();
    while let Some(alias) =
        answers.iter().find(|record| record.kind == "CNAME" && record.name.eq_ignore_ascii_case(&end))
    {
        end = alias.data.to_ascii_lowercase();
        if end.eq_ignore_ascii_case(first) || passed.contains(&end) {
            return Err(LookupError::AliasLoop { name: end });
        }
        passed.push(end.clone());
        if passed.len() > MOST_ALIASES {
            return Err(LookupError::TooManyAliases { name: end });
        }
    }
    Ok(end)
}

/// The addresses of one kind that `answers` give to `name`.
pub(super) fn addresses(name: &str, kind: Kind, answers: &[Record]) -> Vec<IpAddr> {
    let kind = kind.to_string();
    answers
        .iter()
        .filter(|record| record.kind == kind && record.name.eq_ignore_ascii_case(name))
        .filter_map(|record| record.data.parse().ok())
        .collect()
}
