//! A name to addresses, as a stub resolver does it: hosts file, then servers.

use super::config::{Config, Options, in_hosts};
use super::exchange::{Ask, failure, response};
use super::host::{Host, is_localhost};
use super::order::in_order;
use super::system::System;
use crate::record::LookupError;
use crate::record::lookup::{DnsResponse, Lookup, Query, QueryType, ResourceRecord, Source};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How many CNAMEs are followed, as long as BIND's own limit.
pub(super) const MOST_ALIASES: usize = 16;

/// How long the other kind of address is waited for when one is there (RFC 8305 §3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// Resolves `name`: an address in brackets or without, or a name, international
/// ones too. Blocks until it is known, at most timeout times attempts times
/// servers for each name that search domains make of it, and for each transport.
///
/// It never fails as a call: [`Lookup::error`] says why there are no addresses.
pub fn resolve(name: &str, options: &Options) -> Lookup {
    let system = options.system.and_then(|patience| Some((patience, System::ask(name)?)));
    let (mut lookup, late) = resolve_early(name, options);
    if let Some(late) = late {
        late.join(&mut lookup);
    }
    lookup.not_awaited.clear();
    if let Some((patience, system)) = system.filter(|_| lookup.source != Source::Localhost) {
        lookup.system = Some(system.wait(patience, &lookup.addresses));
    }
    let system = lookup.system.as_ref().map_or(&[][..], |system| &system.addresses);
    lookup.addresses = in_order(std::mem::take(&mut lookup.addresses), system);
    lookup
}

/// The same, as soon as there are addresses to try: the answer to the other
/// kind of question may be [`Late`]. The system's resolver is not asked.
pub fn resolve_early(name: &str, options: &Options) -> (Lookup, Option<Late>) {
    let start = Instant::now();
    let mut lookup = Lookup {
        name: name.to_owned(),
        ascii: None,
        source: Source::Nowhere,
        candidates: vec![],
        exchanges: vec![],
        not_awaited: vec![],
        aliases: vec![],
        addresses: vec![],
        error: None,
        time: start.elapsed(),
        system: None,
    };
    let mut late = None;
    match Host::parse(name) {
        Ok(Host::Address(address)) => (lookup.source, lookup.addresses) = (Source::Numeric, vec![address]),
        Ok(Host::Name { ascii, is_absolute }) => {
            late = look_up(&mut lookup, &ascii, is_absolute, options, start);
            lookup.addresses = in_order(std::mem::take(&mut lookup.addresses), &[]);
            lookup.ascii = Some(ascii);
        }
        Err(error) => lookup.error = Some(error),
    }
    if lookup.error.is_some() && options.stop.has_come() {
        // What was not asked any more says nothing of the name.
        lookup.error = Some(LookupError::Interrupted { name: name.to_owned() });
    }
    lookup.time = start.elapsed();
    (lookup, late)
}

fn look_up(lookup: &mut Lookup, ascii: &str, is_absolute: bool, options: &Options, start: Instant) -> Option<Late> {
    if options.server.is_none() {
        let (addresses, lines) = in_hosts(&options.hosts, ascii);
        // Of this machine there is always the address that is asked for (RFC 6761 §6.3).
        let has_any = match is_localhost(ascii) {
            true => addresses.iter().any(|address| options.families.include(*address)),
            false => !addresses.is_empty(),
        };
        if has_any {
            lookup.source = Source::HostsFile { path: options.hosts.clone(), lines };
            lookup.addresses = addresses;
            return None;
        }
    }
    if is_localhost(ascii) {
        lookup.source = Source::Localhost;
        lookup.addresses = vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
        return None;
    }
    let config = Config::read(options);
    let path = options.server.is_none().then(|| options.resolv_conf.clone());
    lookup.source = Source::Servers { servers: config.servers.clone(), path, is_default: config.is_default };
    for name in config.candidates(ascii, is_absolute) {
        lookup.candidates.push(name.clone());
        let (error, late) = both(lookup, &name, &config, start);
        // What is said of the name as it was written counts, else the first reason.
        if error.is_none() || lookup.error.is_none() || name == ascii {
            lookup.error = error;
        }
        if lookup.error.is_none() {
            return late;
        }
        if options.stop.has_come() {
            break;
        }
    }
    None
}

/// Asks for all kinds of address at the same time, as the system does. Once one
/// has come, the other has a moment, and may else come late.
fn both(lookup: &mut Lookup, name: &str, config: &Config, start: Instant) -> (Option<LookupError>, Option<Late>) {
    let (sender, receiver) = channel();
    for &kind in &config.kinds {
        let (sender, name, config) = (sender.clone(), name.to_owned(), config.clone());
        thread::spawn(move || {
            // Nobody may be waiting any more.
            let _ = sender.send(Chase::run(&name, kind, &config, start));
        });
    }
    drop(sender);
    let mut late = Late { receiver, kinds: config.kinds.clone() };
    let (mut errors, from) = (vec![], lookup.exchanges.len());
    while let Some(chase) = late.next(None) {
        errors.extend(chase.add_to(lookup));
        if !lookup.addresses.is_empty() {
            break;
        }
    }
    while let Some(chase) = late.next(Some(RESOLUTION_DELAY)) {
        errors.extend(chase.add_to(lookup));
    }
    // As they were asked, whichever was answered first.
    lookup.exchanges[from..].sort_by_key(|exchange| exchange.record != QueryType::Aaaa);
    if !lookup.addresses.is_empty() {
        lookup.not_awaited.clone_from(&late.kinds);
        return (None, (!late.kinds.is_empty()).then_some(late));
    }
    // "No AAAA" says less than why there was no answer to A.
    let is_no_address =
        |error: &LookupError| matches!(error, LookupError::NoAddress { .. } | LookupError::NoRecord { .. });
    let telling = errors.iter().rposition(|error| !is_no_address(error)).unwrap_or(0);
    match errors.is_empty() {
        // A thread that panicked has already said so.
        true => (Some(LookupError::NoTime { name: name.to_owned() }), None),
        false => (Some(errors.swap_remove(telling)), None),
    }
}

/// Answers that were not waited for.
#[derive(Debug)]
pub struct Late {
    receiver: Receiver<Chase>,
    /// What is still to come.
    kinds: Vec<QueryType>,
}

impl Late {
    fn next(&mut self, patience: Option<Duration>) -> Option<Chase> {
        if self.kinds.is_empty() {
            return None;
        }
        let chase = match patience {
            None => self.receiver.recv().ok(),
            Some(patience) => self.receiver.recv_timeout(patience).ok(),
        }?;
        self.kinds.retain(|kind| *kind != chase.kind);
        Some(chase)
    }

    /// Waits for them: addresses that are new go behind those of `lookup`.
    pub fn join(mut self, lookup: &mut Lookup) {
        while let Some(chase) = self.next(None) {
            chase.add_to(lookup);
        }
    }

    /// Adds what has come by now, without waiting.
    pub fn take(mut self, lookup: &mut Lookup) {
        while let Some(chase) = self.next(Some(Duration::ZERO)) {
            chase.add_to(lookup);
        }
    }
}

/// One kind of address of one name, through all its aliases.
#[derive(Debug)]
struct Chase {
    kind: QueryType,
    /// When the lookup began.
    start: Instant,
    exchanges: Vec<Query>,
    aliases: Vec<String>,
    addresses: Vec<IpAddr>,
    error: Option<LookupError>,
}

impl Chase {
    fn run(name: &str, kind: QueryType, config: &Config, start: Instant) -> Self {
        let mut chase = Self { kind, start, exchanges: vec![], aliases: vec![], addresses: vec![], error: None };
        chase.error = chase.follow(name, kind, config).err();
        chase
    }

    /// Adds what it found, and gives why that is nothing.
    fn add_to(self, lookup: &mut Lookup) -> Option<LookupError> {
        lookup.exchanges.extend(self.exchanges);
        lookup.addresses.extend(self.addresses);
        if self.aliases.len() > lookup.aliases.len() {
            lookup.aliases = self.aliases;
        }
        self.error
    }

    fn follow(&mut self, name: &str, kind: QueryType, config: &Config) -> Result<(), LookupError> {
        let mut asked = name.to_owned();
        loop {
            let (server, response) = self.ask_servers(&asked, kind, config)?;
            let before = self.aliases.len();
            let end = aliases(name, &asked, &response.answers, &mut self.aliases)?;
            self.addresses = addresses(&end, kind, &response.answers);
            if !self.addresses.is_empty() {
                return Ok(());
            }
            if response.rcode == "NXDOMAIN" {
                return Err(LookupError::NoSuchName { name: end, server });
            }
            // A server that does not go and find out leaves the chain to us.
            if response.recursion_available || self.aliases.len() == before {
                return Err(match config.kinds[..] {
                    [QueryType::A] => LookupError::NoRecord { name: end, version: 4, server },
                    [QueryType::Aaaa] => LookupError::NoRecord { name: end, version: 6, server },
                    _ => LookupError::NoAddress { name: end, server },
                });
            }
            asked = end;
        }
    }

    /// Asks each server in turn, as often as configured, until one gives an answer that can be used.
    fn ask_servers(
        &mut self,
        name: &str,
        kind: QueryType,
        config: &Config,
    ) -> Result<(SocketAddr, DnsResponse), LookupError> {
        let mut tries = 0;
        let mut last = None;
        for attempt in 1..=config.attempts {
            for &server in &config.servers {
                let Some(timeout) = config.patience() else { break };
                if config.stop.has_come() {
                    return Err(LookupError::Interrupted { name: name.to_owned() });
                }
                tries += 1;
                let ask = Ask {
                    server,
                    name,
                    kind,
                    recursion_desired: true,
                    timeout,
                    deadline: config.deadline,
                    attempt,
                    origin: self.start,
                    by_tcp: config.use_vc,
                    stop: &config.stop,
                };
                let exchanges = ask.run()?;
                let error = failure(&exchanges);
                let response = exchanges.last().and_then(response).cloned();
                self.exchanges.extend(exchanges);
                last = match (error, response) {
                    (Some(error), _) => Some(error),
                    // It says nothing of the name: the next one may.
                    (None, Some(response)) => match response.referral() {
                        None => return Ok((server, response)),
                        Some(zone) => {
                            Some(LookupError::Referred { name: name.to_owned(), zone: zone.to_owned(), server })
                        }
                    },
                    (None, None) => last,
                };
            }
        }
        Err(match last {
            Some(LookupError::NoResponse { server, .. }) => LookupError::NoResponse { tries, server },
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
    answers: &[ResourceRecord],
    passed: &mut Vec<String>,
) -> Result<String, LookupError> {
    let mut end = asked.to_owned();
    while let Some(alias) = answers.iter().find(|record| record.is("CNAME") && record.name.eq_ignore_ascii_case(&end)) {
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
pub(super) fn addresses(name: &str, kind: QueryType, answers: &[ResourceRecord]) -> Vec<IpAddr> {
    let kind = kind.to_string();
    answers
        .iter()
        .filter(|record| record.is(&kind) && record.name.eq_ignore_ascii_case(name))
        .filter_map(|record| record.data.parse().ok())
        .collect()
}
