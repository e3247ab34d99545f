//! A walk from the root downwards: what a resolver does behind the scenes.
//!
//! The root knows who serves the top-level domains, their servers know who
//! serves the domains below, and so on to the servers that know the answer.
//! Nobody is asked to go and find out (RD is off): each answers what it knows.

use super::config::DNS_PORT;
use super::exchange::{Ask, failure, response};
use super::host::Host;
use super::order::{has_route, in_order};
use super::resolve::{MOST_ALIASES, addresses, aliases};
use super::stop::Stop;
use crate::record::lookup::{DnsResponse, NameServer, Query, QueryType, Referral, ResourceRecord, Step, Trace};
use crate::record::{LookupError, WalkLimit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// How deep the search for a name server's address may nest.
const MOST_DEPTH: u32 = 4;
/// How many referrals may lead down to one name.
const MOST_REFERRALS: u32 = 32;
/// How many questions one walk may take.
const MOST_QUESTIONS: u32 = 200;
/// How many servers of one zone are tried.
const MOST_SERVERS: usize = 4;
/// How many name servers without glue are looked up at one referral.
const MOST_LOOKED_UP: usize = 2;

macro_rules! root_servers {
    ($($letter:literal $four:literal $six:literal;)*) => {
        /// The root servers' names and addresses, as IANA publishes them
        /// (<https://www.iana.org/domains/root/servers>).
        pub const ROOT_SERVERS: [(&str, &str, &str); 13] = [$((concat!($letter, ".root-servers.net"), $four, $six),)*];
    };
}

root_servers! {
    "a" "198.41.0.4" "2001:503:ba3e::2:30";
    "b" "170.247.170.2" "2801:1b8:10::b";
    "c" "192.33.4.12" "2001:500:2::c";
    "d" "199.7.91.13" "2001:500:2d::d";
    "e" "192.203.230.10" "2001:500:a8::e";
    "f" "192.5.5.241" "2001:500:2f::f";
    "g" "192.112.36.4" "2001:500:12::d0d";
    "h" "198.97.190.53" "2001:500:1::53";
    "i" "192.36.148.17" "2001:7fe::53";
    "j" "192.58.128.30" "2001:503:c27::2:30";
    "k" "193.0.14.129" "2001:7fd::1";
    "l" "199.7.83.42" "2001:500:9f::42";
    "m" "202.12.27.33" "2001:dc3::35";
}

/// The root servers' addresses, IPv4 first: what a walk begins with where nothing else is named.
pub fn default_roots() -> Vec<SocketAddr> {
    let four = ROOT_SERVERS.iter().filter_map(|(_, four, _)| four.parse::<Ipv4Addr>().ok()).map(IpAddr::from);
    let six = ROOT_SERVERS.iter().filter_map(|(_, _, six)| six.parse::<Ipv6Addr>().ok()).map(IpAddr::from);
    four.chain(six).map(|address| SocketAddr::new(address, DNS_PORT)).collect()
}

/// How to walk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TraceOptions {
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// How often to ask all of a zone's servers.
    pub attempts: u32,
    /// How long the whole walk may take.
    pub limit: Duration,
    /// What ends it early.
    pub stop: Stop,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(3), attempts: 2, limit: Duration::from_secs(60), stop: Stop::default() }
    }
}

/// Walks to `name` from `roots`. All other servers are asked at the port of the
/// first root: 53, or that of a hierarchy of one's own on other addresses.
///
/// It never fails as a call: [`Trace::error`] says why there are no addresses.
pub fn trace(name: &str, roots: &[SocketAddr], options: &TraceOptions) -> Trace {
    let start = Instant::now();
    let mut walk = Walk {
        roots,
        port: roots.first().map_or(DNS_PORT, SocketAddr::port),
        options: options.clone(),
        origin: start,
        deadline: start + options.limit,
        steps: vec![],
        questions: 0,
    };
    let (mut ascii, mut aliases, mut found) = (None, vec![], vec![]);
    let result = match Host::parse(name) {
        Ok(Host::Address(address)) => {
            found.push(address);
            Ok(())
        }
        Ok(Host::Name { ascii: name, .. }) => {
            let result = walk.find(&name, 0, &mut aliases).map(|addresses| found = addresses);
            ascii = Some(name);
            result
        }
        Err(error) => Err(error),
    };
    Trace {
        name: name.to_owned(),
        ascii,
        steps: walk.steps,
        aliases,
        addresses: in_order(found, &[]),
        // What was not asked any more says nothing of the name.
        error: result.err().map(|error| match options.stop.has_come() {
            true => LookupError::Interrupted { name: name.to_owned() },
            false => error,
        }),
        time: start.elapsed(),
    }
}

struct Walk<'a> {
    roots: &'a [SocketAddr],
    port: u16,
    options: TraceOptions,
    origin: Instant,
    deadline: Instant,
    steps: Vec<Step>,
    questions: u32,
}

impl Walk<'_> {
    /// The addresses of `name`, through all its aliases, each from the root again.
    fn find(&mut self, name: &str, depth: u32, passed: &mut Vec<String>) -> Result<Vec<IpAddr>, LookupError> {
        let mut asked = name.to_owned();
        for _ in 0..=MOST_ALIASES {
            let before = passed.len();
            let (server, response, zone) = self.descend(&asked, depth)?;
            let end = aliases(name, &asked, &response.answers, passed)?;
            let mut found = addresses(&end, QueryType::A, &response.answers);
            if passed.len() > before && found.is_empty() {
                asked = end; // another zone may know it
                continue;
            }
            if response.rcode == "NXDOMAIN" {
                return Err(LookupError::NoSuchName { name: end, server });
            }
            // Who knows the one kind knows the other.
            match self.ask(&zone, &end, QueryType::Aaaa, &[server], depth) {
                Ok((_, response)) => found.extend(addresses(&end, QueryType::Aaaa, &response.answers)),
                // That it has none, nobody said.
                Err(error) if found.is_empty() => return Err(delegated(&zone, error)),
                Err(_) => {}
            }
            return if found.is_empty() { Err(LookupError::NoAddress { name: end, server }) } else { Ok(found) };
        }
        Err(LookupError::TooManyAliases { name: asked })
    }

    /// From the root to the servers that answer for `name` themselves.
    fn descend(&mut self, name: &str, depth: u32) -> Result<(SocketAddr, DnsResponse, String), LookupError> {
        let mut zone = ".".to_owned();
        let mut servers = self.roots.to_vec();
        for _ in 0..MOST_REFERRALS {
            let asked = self.ask(&zone, name, QueryType::A, &servers, depth);
            let (server, response) = asked.map_err(|error| unhelpful(&zone, error))?;
            let Some(referral) = referral(name, &zone, &response) else {
                let knows = response.authoritative || !response.answers.is_empty() || response.rcode == "NXDOMAIN";
                return if knows {
                    Ok((server, response, zone))
                } else {
                    Err(stranded(&zone, name, server, "NOERROR"))
                };
            };
            zone.clone_from(&referral.zone);
            let at = self.steps.len() - 1;
            self.steps[at].referral = Some(referral.clone());
            servers = self.addresses_of(referral, at, depth)?;
        }
        Err(LookupError::TooLong { questions: self.questions, limit: WalkLimit::Referrals })
    }

    /// The addresses of a zone's servers: glue, or else looked up from the root.
    fn addresses_of(&mut self, referral: Referral, at: usize, depth: u32) -> Result<Vec<SocketAddr>, LookupError> {
        let Referral { zone, servers } = referral;
        let mut found: Vec<IpAddr> = servers.iter().flat_map(|server| server.addresses.clone()).collect();
        if found.is_empty() && depth < MOST_DEPTH {
            // Below the zone itself, only glue could help.
            let outside = servers.iter().enumerate().filter(|(_, server)| !is_within(&server.name, &zone));
            for (index, server) in outside.take(MOST_LOOKED_UP) {
                let Ok(addresses) = self.find(&server.name, depth + 1, &mut vec![]) else { continue };
                if let Some(referral) = &mut self.steps[at].referral {
                    referral.servers[index].addresses.clone_from(&addresses);
                }
                found.extend(addresses);
                if !found.is_empty() {
                    break;
                }
            }
        }
        if found.is_empty() {
            return Err(LookupError::NoServerAddress { zone });
        }
        // IPv4 first: more servers are reached by it. What has no route, last.
        found.sort_by_cached_key(|address| (!has_route(*address), address.is_ipv6()));
        Ok(found.into_iter().map(|address| SocketAddr::new(address, self.port)).collect())
    }

    /// Asks `servers` in turn, and notes it as a step: the first answer that can be used.
    fn ask(
        &mut self,
        zone: &str,
        name: &str,
        kind: QueryType,
        servers: &[SocketAddr],
        depth: u32,
    ) -> Result<(SocketAddr, DnsResponse), LookupError> {
        let mut exchanges: Vec<Query> = vec![];
        let mut last = None;
        let mut tries = 0;
        let turns = (1..=self.options.attempts.max(1))
            .flat_map(|attempt| servers.iter().take(MOST_SERVERS).map(move |server| (attempt, *server)));
        for (attempt, server) in turns {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if self.questions == MOST_QUESTIONS || left.is_zero() {
                let limit = if left.is_zero() { WalkLimit::Time } else { WalkLimit::Questions };
                last = Some(LookupError::TooLong { questions: self.questions, limit });
                break;
            }
            if self.options.stop.has_come() {
                last = Some(LookupError::Interrupted { name: name.to_owned() });
                break;
            }
            self.questions += 1;
            tries += 1;
            let timeout = self.options.timeout.min(left);
            let run = Ask {
                server,
                name,
                kind,
                recursion_desired: false,
                timeout,
                deadline: Some(self.deadline),
                attempt,
                origin: self.origin,
                by_tcp: false,
                stop: &self.options.stop,
            }
            .run()?;
            let error = failure(&run);
            exchanges.extend(run);
            let Some(exchange) = exchanges.last() else { continue };
            match (error, response(exchange)) {
                (None, Some(response)) => {
                    let response = response.clone();
                    self.note(zone, name, depth, exchanges);
                    return Ok((server, response));
                }
                (error, _) => last = error.or(last),
            }
        }
        self.note(zone, name, depth, exchanges);
        Err(match last {
            Some(LookupError::NoResponse { server, .. }) => LookupError::NoResponse { tries, server },
            Some(error) => error,
            None => LookupError::NoServerAddress { zone: zone.to_owned() },
        })
    }

    fn note(&mut self, zone: &str, name: &str, depth: u32, exchanges: Vec<Query>) {
        self.steps.push(Step { zone: zone.to_owned(), name: name.to_owned(), depth, exchanges, referral: None });
    }
}

/// What an error that a server of `zone` gave means to a walk. The root was delegated to nobody: who named
/// its servers may have erred.
fn unhelpful(zone: &str, error: LookupError) -> LookupError {
    match error {
        LookupError::ServerFailed { name, server, rcode } if zone == "." || rcode == "REFUSED" => {
            stranded(zone, &name, server, &rcode)
        }
        error => delegated(zone, error),
    }
}

/// A failure of a server that was not chosen: below the root, the zone above names whom to ask.
fn delegated(zone: &str, error: LookupError) -> LookupError {
    match error {
        LookupError::ServerFailed { .. } | LookupError::NoResponse { .. } | LookupError::Refused { .. }
            if zone != "." =>
        {
            LookupError::Delegated { zone: zone.to_owned(), error: Box::new(error) }
        }
        error => error,
    }
}

/// A server of `zone` does not lead on.
fn stranded(zone: &str, name: &str, server: SocketAddr, rcode: &str) -> LookupError {
    match zone {
        "." => LookupError::NoWayDown { name: name.to_owned(), server, rcode: rcode.to_owned() },
        _ => LookupError::Lame { zone: zone.to_owned(), server },
    }
}

/// The zone below `zone`, on the way to `name`, that `response` refers to. Any
/// other authority is no referral: a walk only ever leads downwards.
fn referral(name: &str, zone: &str, response: &DnsResponse) -> Option<Referral> {
    if !response.answers.is_empty() || response.rcode != "NOERROR" {
        return None;
    }
    let leads_down = |record: &&ResourceRecord| {
        let below = !record.name.eq_ignore_ascii_case(zone) && is_within(&record.name, zone);
        record.is("NS") && below && is_within(name, &record.name)
    };
    let cut = response.authority.iter().find(leads_down)?.name.clone();
    let names = response.authority.iter().filter(|record| record.is("NS") && record.name.eq_ignore_ascii_case(&cut));
    let servers = names.map(|record| {
        // Glue is believed for names within the zone that gave it (RFC 2181 §5.4.1).
        let is_believed = is_within(&record.data, zone);
        let mut glue = addresses(&record.data, QueryType::A, &response.additional);
        glue.extend(addresses(&record.data, QueryType::Aaaa, &response.additional));
        glue.retain(|_| is_believed);
        NameServer { name: record.data.to_ascii_lowercase(), glue: !glue.is_empty(), addresses: glue }
    });
    Some(Referral { servers: servers.collect(), zone: cut.to_ascii_lowercase() })
}

/// Whether `name` is `zone`, or lies below it.
fn is_within(name: &str, zone: &str) -> bool {
    let (name, zone) = (name.to_ascii_lowercase(), zone.to_ascii_lowercase());
    zone == "." || name.strip_suffix(&zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_end_at_dots() {
        for (name, zone, expected) in [
            ("a.test", ".", true),
            ("a.Test", "tesT", true),
            ("test", "test", true),
            ("atest", "test", false),
            ("test", "a.test", false),
        ] {
            assert_eq!(is_within(name, zone), expected, "{name} in {zone}");
        }
    }

    #[test]
    fn the_root_has_26_addresses() {
        assert_eq!(default_roots().len(), 26);
    }
}
