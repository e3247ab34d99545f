//! Whom to ask: resolv.conf(5), hosts(5), or a server that the caller names.

use super::stop::Stop;
use crate::record::lookup::QueryType;
use std::fs;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The port of name servers.
pub const DNS_PORT: u16 = 53;

/// glibc's limits (resolv.conf(5)).
const MOST_TIMEOUT: u32 = 30;
const MOST_ATTEMPTS: u32 = 5;

/// Which kinds of address are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Families {
    /// Both.
    #[default]
    Both,
    /// IPv4.
    Four,
    /// IPv6.
    Six,
}

impl Families {
    /// Whether this one is wanted.
    pub fn include(self, address: IpAddr) -> bool {
        match self {
            Self::Both => true,
            Self::Four => address.is_ipv4(),
            Self::Six => address.is_ipv6(),
        }
    }
}

/// How to resolve.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// This server instead of the system's; neither the hosts file nor search domains apply then.
    pub server: Option<SocketAddr>,
    /// The system's choice of servers.
    pub resolv_conf: PathBuf,
    /// The names that are known without asking.
    pub hosts: PathBuf,
    /// How long to wait for an answer; `None`: as resolv.conf says, or 5 seconds.
    pub timeout: Option<Duration>,
    /// How often to ask all servers; `None`: as resolv.conf says, or twice.
    pub attempts: Option<u32>,
    /// How long all questions together may take; `None`: as long as they need.
    pub limit: Option<Duration>,
    /// Which kinds of address are wanted.
    pub families: Families,
    /// How long to wait for the system resolver's own answer; `None`: it is not asked.
    pub system: Option<Duration>,
    /// What ends it early.
    pub stop: Stop,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server: None,
            resolv_conf: "/etc/resolv.conf".into(),
            hosts: "/etc/hosts".into(),
            timeout: None,
            attempts: None,
            limit: None,
            families: Families::Both,
            system: Some(Duration::from_secs(10)),
            stop: Stop::default(),
        }
    }
}

/// Reads `ADDRESS`, `ADDRESS:PORT`, `IPv6` or `[IPv6]:PORT`; the port is 53 where none is named.
///
/// # Errors
/// A sentence that says what to write.
pub fn server_address(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>()
        .map(|address| SocketAddr::new(address, DNS_PORT))
        .or_else(|_| text.parse())
        .map_err(|_| format!("{text:?} is no name server: write its address, such as 9.9.9.9 or [::1]:5353"))
}

/// What resolv.conf says, with what holds where it is silent.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) servers: Vec<SocketAddr>,
    pub(super) search: Vec<String>,
    pub(super) ndots: usize,
    pub(super) timeout: Duration,
    pub(super) attempts: u32,
    /// What is asked for.
    pub(super) kinds: Vec<QueryType>,
    /// By TCP from the first question on.
    pub(super) use_vc: bool,
    /// Not always the same server first.
    pub(super) rotate: bool,
    /// No server is named, so that of this machine is asked (resolv.conf(5)).
    pub(super) is_default: bool,
    /// When the last question must have its answer.
    pub(super) deadline: Option<Instant>,
    pub(super) stop: Stop,
}

impl Config {
    /// What holds under `options`.
    pub(super) fn read(options: &Options) -> Self {
        let text = if options.server.is_some() { vec![] } else { fs::read(&options.resolv_conf).unwrap_or_default() };
        let mut config = Self::parse(&text);
        if let Some(server) = options.server {
            (config.servers, config.search, config.is_default) = (vec![server], vec![], false);
        }
        if config.rotate && !config.servers.is_empty() {
            // Each run is a process of its own: which one begins is left to the clock.
            let turn =
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos() as usize / 1000);
            let begin = turn % config.servers.len();
            config.servers.rotate_left(begin);
        }
        config.kinds.retain(|kind| match options.families {
            Families::Both => true,
            Families::Four => *kind == QueryType::A,
            Families::Six => *kind == QueryType::Aaaa,
        });
        config.stop = options.stop.clone();
        config.deadline = options.limit.map(|limit| Instant::now() + limit);
        config.timeout = options.timeout.unwrap_or(config.timeout);
        config.attempts = options.attempts.unwrap_or(config.attempts).max(1);
        config
    }

    /// Reads what can be read; the rest is passed over, as the system does.
    fn parse(text: &[u8]) -> Self {
        let (mut config, _errors) = resolv_conf::Config::parse_with_errors(text);
        config.glibc_normalize();
        let is_default = config.nameservers.is_empty();
        let servers = config.get_nameservers_or_local().iter().map(address).collect();
        let search = config.get_last_search_or_domain().map(|domain| domain.trim_matches('.').to_owned());
        Self {
            servers,
            search: search.filter(|domain| !domain.is_empty()).collect(),
            ndots: config.ndots as usize,
            timeout: Duration::from_secs(config.timeout.clamp(1, MOST_TIMEOUT).into()),
            attempts: config.attempts.clamp(1, MOST_ATTEMPTS),
            kinds: if config.no_aaaa { vec![QueryType::A] } else { vec![QueryType::Aaaa, QueryType::A] },
            use_vc: config.use_vc,
            rotate: config.rotate,
            is_default,
            deadline: None,
            stop: Stop::default(),
        }
    }

    /// How long the next question may wait for its answer; `None`: no time is left.
    pub(super) fn patience(&self) -> Option<Duration> {
        let left = self.deadline.map_or(self.timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
        Some(left.min(self.timeout)).filter(|left| !left.is_zero())
    }

    /// The names to try in turn for `name` (resolv.conf(5), `ndots` and `search`).
    pub(super) fn candidates(&self, name: &str, is_absolute: bool) -> Vec<String> {
        let as_it_is = name.to_owned();
        if is_absolute || self.search.is_empty() {
            return vec![as_it_is];
        }
        let mut names: Vec<String> = self.search.iter().map(|domain| format!("{name}.{domain}")).collect();
        let dots = name.bytes().filter(|&byte| byte == b'.').count();
        names.insert(if dots >= self.ndots { 0 } else { names.len() }, as_it_is);
        names.retain(|name| name.len() <= 253);
        names
    }
}

fn address(server: &resolv_conf::ScopedIp) -> SocketAddr {
    match server {
        resolv_conf::ScopedIp::V4(address) => SocketAddr::from((*address, DNS_PORT)),
        resolv_conf::ScopedIp::V6(address, scope) => {
            let scope = scope.as_deref().map_or(0, interface);
            SocketAddr::V6(SocketAddrV6::new(*address, DNS_PORT, 0, scope))
        }
    }
}

/// The number of the interface that `scope` is, or names.
fn interface(scope: &str) -> u32 {
    let named = || {
        let interfaces = if_addrs::get_if_addrs().ok()?;
        interfaces.into_iter().find(|interface| interface.name == scope)?.index
    };
    scope.parse().ok().or_else(named).unwrap_or(0)
}

/// The addresses of `name` in the hosts file at `path`, and the lines they stand on.
pub(super) fn in_hosts(path: &Path, name: &str) -> (Vec<IpAddr>, Vec<usize>) {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let (mut addresses, mut lines) = (vec![], vec![]);
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse().ok()) else { continue };
        if words.any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(name)) && !addresses.contains(&address) {
            addresses.push(address);
            lines.push(index + 1);
        }
    }
    (addresses, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read_as_the_system_does() {
        let config = Config::parse(
            b"# a comment\nnameserver 192.0.2.1\nnameserver fe80::1%7\nnameserver nonsense\ndomain old.test\n\
              search a.test b.test.\noptions ndots:2 timeout:3 attempts:99 rotate\n",
        );
        assert_eq!(
            config.servers,
            ["192.0.2.1:53", "[fe80::1%7]:53"].map(|server| server.parse().expect("an address"))
        );
        assert_eq!((config.search, config.ndots), (vec!["a.test".to_owned(), "b.test".to_owned()], 2));
        assert_eq!((config.timeout, config.attempts), (Duration::from_secs(3), 5));
        assert!(config.rotate && !config.use_vc && config.kinds.len() == 2);
        let bare = Config::parse(b"options no-aaaa use-vc\n");
        assert_eq!((bare.kinds, bare.use_vc, bare.rotate), (vec![QueryType::A], true, false));
        let silent = Config::parse(b"");
        assert_eq!(silent.servers[0], "127.0.0.1:53".parse().expect("an address"));
        assert_eq!((silent.ndots, silent.timeout, silent.attempts), (1, Duration::from_secs(5), 2));
    }

    #[test]
    fn search_domains_come_first_for_short_names() {
        let config = Config::parse(b"search x.test y.test\n");
        assert_eq!(config.candidates("www", false), ["www.x.test", "www.y.test", "www"]);
        assert_eq!(config.candidates("www.z", false), ["www.z", "www.z.x.test", "www.z.y.test"]);
        assert_eq!(config.candidates("www", true), ["www"]);
    }

    #[test]
    fn servers_are_named_by_address() {
        for (text, server) in [
            ("9.9.9.9", "9.9.9.9:53"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:54", "[::1]:54"),
        ] {
            assert_eq!(server_address(text), Ok(server.parse().expect("an address")));
        }
        for text in ["", "dns.example", "1.2.3.4:", "1.2.3.4:x", "[::1", "1.2.3.4:99999"] {
            assert!(server_address(text).is_err_and(|error| error.contains("write its address")), "{text}");
        }
    }

    #[test]
    fn the_hosts_file_knows_aliases_and_comments() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("hosts");
        fs::write(&path, "127.0.0.1 localhost\n# 1.1.1.1 a.test\n::1 Localhost b\nx y\n192.0.2.1 c a.TEST # d\n")
            .expect("a file");
        let known = |name| in_hosts(&path, name);
        assert_eq!(known("localhost"), (["127.0.0.1", "::1"].map(|a| a.parse().expect("one")).to_vec(), vec![1, 3]));
        assert_eq!(known("a.test").1, [5]);
        assert_eq!(known("d").1, [0; 0]);
        assert_eq!(in_hosts(&folder.path().join("none"), "a").1, [0; 0]);
    }
}
