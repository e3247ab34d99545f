//! A real hierarchy: NSD as root, top-level and authoritative servers, each on
//! a loopback address of its own, all on one port; dnsmasq as resolver in front.

use super::{asking, assert_addresses, response, transports};
use crate::harness::PATIENCE;
use glasshttp::dns::{TraceOptions, resolve, trace};
use glasshttp::record::LookupError;
use glasshttp::record::lookup::QueryOutcome;
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROOT: Ipv4Addr = Ipv4Addr::new(127, 0, 53, 1);
const TOP: Ipv4Addr = Ipv4Addr::new(127, 0, 53, 2);
const EXAMPLE: Ipv4Addr = Ipv4Addr::new(127, 0, 53, 3);
const FAR: Ipv4Addr = Ipv4Addr::new(127, 0, 53, 4);
const RESOLVER: Ipv4Addr = Ipv4Addr::new(127, 0, 53, 5);

/// More addresses than fit in a datagram.
const MANY: usize = 100;

struct Hierarchy {
    children: Vec<Child>,
    port: u16,
    _folder: TempDir,
}

impl Drop for Hierarchy {
    fn drop(&mut self) {
        for child in &mut self.children {
            end(child);
        }
    }
}

/// Asks it to end, so that it ends its own children, and only then insists.
fn end(child: &mut Child) {
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let deadline = Instant::now() + PATIENCE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        std::thread::yield_now();
    }
    let _ = child.kill();
    let _ = child.wait();
}

impl Hierarchy {
    /// Everything started, and answering.
    fn start() -> Self {
        let folder = crate::harness::folder();
        let port = free_port();
        let mut hierarchy = Self { children: vec![], port, _folder: folder };
        let folder = hierarchy._folder.path().to_owned();
        for (address, zones) in [
            (ROOT, vec![(".", Some(root_zone()))]),
            (TOP, vec![("test", Some(top_zone()))]),
            (EXAMPLE, vec![("example.test", Some(example_zone())), ("broken.test", None)]),
            (FAR, vec![("far", Some(far_zone())), ("other.test", Some(other_zone()))]),
        ] {
            hierarchy.children.push(nsd(&folder, address, port, &zones));
        }
        hierarchy.children.push(dnsmasq(port));
        for (address, name) in [
            (ROOT, "www.example.test"),
            (TOP, "www.example.test"),
            (EXAMPLE, "www.example.test"),
            (FAR, "www.other.test"),
            (RESOLVER, "www.example.test"),
        ] {
            hierarchy.wait_for(address, name);
        }
        hierarchy
    }

    fn at(&self, address: Ipv4Addr) -> SocketAddr {
        (address, self.port).into()
    }

    /// Asks until there is an answer.
    fn wait_for(&mut self, address: Ipv4Addr, name: &str) {
        let mut options = asking(self.at(address));
        options.timeout = Some(Duration::from_millis(200));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lookup = resolve(name, &options);
            if lookup.exchanges.iter().all(|exchange| matches!(exchange.outcome, QueryOutcome::Answered(_))) {
                return;
            }
            for child in &mut self.children {
                assert!(child.try_wait().expect("our own child").is_none(), "{child:?} has ended");
            }
            assert!(Instant::now() < deadline, "{address} does not answer: {:?}", lookup.error);
            std::thread::yield_now();
        }
    }
}

/// A port that is free on every address of the hierarchy, for both transports.
fn free_port() -> u16 {
    for _ in 0..100 {
        let first = UdpSocket::bind((ROOT, 0)).expect("a socket");
        let port = first.local_addr().expect("an address").port();
        let others = [TOP, EXAMPLE, FAR, RESOLVER];
        let udp = others.iter().all(|address| UdpSocket::bind((*address, port)).is_ok());
        if udp && others.iter().chain([&ROOT]).all(|address| TcpListener::bind((*address, port)).is_ok()) {
            return port;
        }
    }
    panic!("no port is free");
}

fn nsd(folder: &Path, address: Ipv4Addr, port: u16, zones: &[(&str, Option<String>)]) -> Child {
    let folder = folder.join(address.to_string());
    fs::create_dir(&folder).expect("a folder");
    let shown = folder.display();
    let mut config = format!(
        "server:\n  ip-address: {address}@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n  \
         zonesdir: \"{shown}\"\n  pidfile: \"\"\n  database: \"\"\n  xfrdfile: \"{shown}/xfrd\"\n  xfrdir: \"{shown}\"\n  \
         zonelistfile: \"{shown}/zone.list\"\nremote-control:\n  control-enable: no\n"
    );
    for (index, (zone, text)) in zones.iter().enumerate() {
        writeln!(config, "zone:\n  name: \"{zone}\"\n  zonefile: \"{index}.zone\"").expect("a string grows");
        if let Some(text) = text {
            fs::write(folder.join(format!("{index}.zone")), text).expect("a file");
        }
    }
    let path = folder.join("nsd.conf");
    fs::write(&path, config).expect("a file");
    let command = &mut Command::new("nsd");
    command.arg("-d").arg("-c").arg(path).stdin(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("nsd: apt-get install nsd")
}

fn dnsmasq(port: u16) -> Child {
    let command = &mut Command::new("dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file"]);
    command.args(["--user=root", "--bind-interfaces", "--log-facility=/dev/null"]);
    command.arg(format!("--listen-address={RESOLVER}")).arg(format!("--port={port}"));
    command.arg(format!("--server=/example.test/{EXAMPLE}#{port}"));
    command.arg(format!("--server=/broken.test/{EXAMPLE}#{port}"));
    command.stdin(Stdio::null()).spawn().expect("dnsmasq: apt-get install dnsmasq-base")
}

/// A zone's head: its authority and its name server.
fn zone(origin: &str, server: &str, rest: &str) -> String {
    format!("$ORIGIN {origin}\n$TTL 60\n@ SOA {server} nobody.test. 1 3600 600 86400 60\n@ NS {server}\n{rest}")
}

fn root_zone() -> String {
    zone(
        ".",
        "ns.root.",
        &format!("ns.root. A {ROOT}\ntest. NS ns.test.\nns.test. A {TOP}\nfar. NS ns.far.\nns.far. A {FAR}\n"),
    )
}

fn top_zone() -> String {
    let delegations = format!(
        "ns.test. A {TOP}\nexample NS ns.example\nns.example A {EXAMPLE}\nbroken NS ns.example\nother NS dns.far.\n\
         lame NS ns.example\n"
    );
    zone("test.", "ns.test.", &delegations)
}

fn example_zone() -> String {
    let mut records = format!(
        "ns A {EXAMPLE}\nwww A 192.0.2.1\nwww AAAA 2001:db8::1\nalias CNAME second\nsecond CNAME www\n\
         away CNAME www.other.test.\nloop1 CNAME loop2\nloop2 CNAME loop1\nempty TXT \"no address\"\n"
    );
    for index in 0..MANY {
        writeln!(records, "many A 198.51.100.{index}").expect("a string grows");
    }
    zone("example.test.", "ns.example.test.", &records)
}

fn far_zone() -> String {
    zone("far.", "ns.far.", &format!("ns A {FAR}\ndns A {FAR}\n"))
}

fn other_zone() -> String {
    zone("other.test.", "dns.far.", "www A 203.0.113.1\nwww AAAA 2001:db8:1::1\n")
}

#[test]
#[ignore = "needs nsd and dnsmasq: run by .ci/run"]
fn a_real_resolver_is_asked_and_recorded() {
    let hierarchy = Hierarchy::start();
    let server = hierarchy.at(RESOLVER);
    let asked = |name: &str| resolve(name, &asking(server));

    let lookup = asked("WWW.Example.test");
    assert_eq!(lookup.error, None);
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);
    for exchange in &lookup.exchanges {
        let response = response(exchange);
        assert!(response.recursion_available && exchange.recursion_desired && response.rcode == "NOERROR");
        assert!(response.answers[0].ttl <= 60);
    }

    let lookup = asked("alias.example.test");
    assert_eq!(lookup.aliases, ["second.example.test", "www.example.test"]);
    assert_addresses(&lookup.addresses, &["192.0.2.1", "2001:db8::1"]);

    let lookup = asked("loop1.example.test");
    assert!(matches!(lookup.error, Some(LookupError::AliasLoop { .. })), "{:?}", lookup.error);
    let name = "none.example.test".to_owned();
    assert_eq!(asked(&name).error, Some(LookupError::NoSuchName { name, server }));
    let name = "empty.example.test".to_owned();
    assert_eq!(asked(&name).error, Some(LookupError::NoAddress { name, server }));
    let lookup = asked("www.broken.test");
    assert!(
        matches!(&lookup.error, Some(LookupError::ServerFailed { rcode, .. }) if rcode == "SERVFAIL"),
        "{:?}",
        lookup.error
    );

    let lookup = asked("many.example.test");
    assert_eq!(lookup.addresses.len(), MANY);
    assert_eq!(transports(&lookup), (2, 1));
}

#[test]
#[ignore = "needs nsd and dnsmasq: run by .ci/run"]
fn a_walk_goes_from_the_root_to_the_authority() {
    let hierarchy = Hierarchy::start();
    let roots = [hierarchy.at(ROOT)];
    let walk = |name: &str| trace(name, &roots, &TraceOptions::default());
    let zones = |walk: &glasshttp::record::lookup::Trace, depth| {
        let steps = walk.steps.iter().filter(|step| step.depth == depth);
        steps.map(|step| step.zone.clone()).collect::<Vec<_>>()
    };

    // With glue.
    let found = walk("www.example.test");
    assert_eq!(found.error, None);
    assert_addresses(&found.addresses, &["192.0.2.1", "2001:db8::1"]);
    assert_eq!(zones(&found, 0), [".", "test", "example.test", "example.test"]);
    let referral = found.steps[1].referral.as_ref().expect("a referral");
    assert_eq!((referral.zone.as_str(), referral.servers[0].name.as_str()), ("example.test", "ns.example.test"));
    assert!(referral.servers[0].glue && referral.servers[0].addresses == [IpAddr::from(EXAMPLE)]);
    assert!(response(&found.steps[2].exchanges[0]).authoritative);
    assert!(!response(&found.steps[0].exchanges[0]).authoritative);

    // Without: the name server's own address is found first.
    let found = walk("www.other.test");
    assert_addresses(&found.addresses, &["203.0.113.1", "2001:db8:1::1"]);
    let referral = found.steps[1].referral.as_ref().expect("a referral");
    assert!(!referral.servers[0].glue && referral.servers[0].addresses == [IpAddr::from(FAR)]);
    assert_eq!(zones(&found, 1), [".", "far", "far"]);

    // Aliases lead within the zone, and out of it.
    assert_eq!(walk("alias.example.test").aliases, ["second.example.test", "www.example.test"]);
    let found = walk("away.example.test");
    assert_eq!(found.aliases, ["www.other.test"]);
    assert_addresses(&found.addresses, &["203.0.113.1", "2001:db8:1::1"]);
    assert_eq!(walk("many.example.test").addresses.len(), MANY);

    // And where there is nothing.
    assert!(matches!(walk("loop1.example.test").error, Some(LookupError::AliasLoop { .. })));
    let name = "none.example.test".to_owned();
    assert_eq!(walk(&name).error, Some(LookupError::NoSuchName { name, server: hierarchy.at(EXAMPLE) }));
    let name = "nowhere".to_owned();
    assert_eq!(walk(&name).error, Some(LookupError::NoSuchName { name, server: roots[0] }));
    let name = "empty.example.test".to_owned();
    assert_eq!(walk(&name).error, Some(LookupError::NoAddress { name, server: hierarchy.at(EXAMPLE) }));
    let error = walk("www.broken.test").error;
    let said = error.unwrap().to_string();
    assert!(said.contains("SERVFAIL") && said.contains("to which broken.test is delegated"), "{said}");
    assert!(!said.contains("--dns"), "nobody chose that server: {said}");
    let error = walk("www.lame.test").error;
    assert_eq!(error, Some(LookupError::Lame { zone: "lame.test".into(), server: hierarchy.at(EXAMPLE) }));
}
