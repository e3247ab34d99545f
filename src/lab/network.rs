//! Two hosts and the two ends of a wire between them.
//!
//! ```text
//!   client's namespace          here            server's namespace
//!   wire0 10.0.0.1 ═══ client ─(wire.rs)─ server ═══ wire0 10.0.0.2
//! ```
//!
//! `═══` is a pair of veth(4) devices: what one gets, the other gives. The one who
//! holds the two ends in the middle *is* the wire. Nothing that would hide the
//! lesson is left on: no offloads (segments are those of a real Ethernet), no
//! ARP and no IPv6 chatter, and the textbook's congestion control.

use super::namespace::Namespace;
use super::refusal::{Attempt, Refusal};
use crate::language::sentence::both;
use crate::sys::rtnetlink::{self, Mac};
use crate::sys::{device_socket, ethtool};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Where the client is.
pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// Where the server is.
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The device's name at both hosts.
const DEVICE: &str = "wire0";
/// Locally administered (IEEE 802), with the host's number.
const MACS: [Mac; 2] = [[2, 0, 10, 0, 0, 1], [2, 0, 10, 0, 0, 2]];

/// How long a device may take until it takes frames, and between two looks.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_micros(300);
/// Networks made so far: the devices of one that is gone may still be here for a moment.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Both hosts.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) client: Namespace,
    pub(super) server: Namespace,
}

/// How both hosts' TCP is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TcpSettings {
    /// As in the books: no selective acknowledgements, timestamps, window
    /// scaling, and no loss detection by time (RFC 8985).
    pub(super) textbook: bool,
}

impl Network {
    /// Makes them, and gives the wire's two ends: the client's, the server's.
    pub(super) fn new(tcp: TcpSettings) -> Result<(Self, [OwnedFd; 2]), Refusal> {
        let devices = |error| Refusal::new(Attempt::Devices, error);
        let client = Namespace::new().map_err(|error| Refusal::new(Attempt::Unshare, error))?;
        let server = Namespace::new().map_err(|error| Refusal::new(Attempt::Unshare, error))?;
        quiet();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let names = [format!("client{number}"), format!("server{number}")];
        let hosts = [(&names[0], &client, CLIENT, SERVER), (&names[1], &server, SERVER, CLIENT)];
        for (index, (here, namespace, address, neighbour)) in hosts.into_iter().enumerate() {
            let (mac, other) = (MACS[index], MACS[1 - index]);
            rtnetlink::veth(here, DEVICE, mac, namespace.as_fd()).map_err(devices)?;
            rtnetlink::up(here).map_err(devices)?;
            namespace.run(move || host(tcp, address, neighbour, other)).map_err(devices)?;
        }
        for (name, namespace) in [(&names[0], &client), (&names[1], &server)] {
            runs(name).and_then(|()| namespace.run(|| runs(DEVICE))).map_err(devices)?;
        }
        client.run(|| rtnetlink::default_route(DEVICE, SERVER)).map_err(devices)?;
        let open = |name: &str| device_socket::open(name).map_err(|error| Refusal::new(Attempt::Packets, error));
        let ends = [open(&names[0])?, open(&names[1])?];
        Ok((Self { client, server }, ends))
    }
}

/// Waits until a device takes frames: before, it would drop them.
fn runs(device: &str) -> io::Result<()> {
    let begun = Instant::now();
    while !rtnetlink::is_running(device)? {
        if begun.elapsed() > PATIENCE {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                both!("{device} does not start", "{device} 장치가 시작되지 않습니다"),
            ));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Sets up the host whose namespace this thread is in.
fn host(tcp: TcpSettings, address: Ipv4Addr, neighbour: Ipv4Addr, mac: Mac) -> io::Result<()> {
    quiet();
    // What a kernel doesn't have, or doesn't let us set, stays as it is.
    set("ipv4/ip_unprivileged_port_start", "0");
    set("ipv4/tcp_congestion_control", "reno");
    if tcp.textbook {
        for name in ["tcp_sack", "tcp_timestamps", "tcp_window_scaling", "tcp_recovery", "tcp_early_retrans"] {
            set(&format!("ipv4/{name}"), "0");
        }
    }
    ethtool::no_offload(DEVICE)?;
    rtnetlink::up("lo")?;
    rtnetlink::up(DEVICE)?;
    rtnetlink::address(DEVICE, address, 24)?;
    rtnetlink::neighbour(DEVICE, neighbour, mac)
}

/// IPv6 would look for neighbours and routers on every device.
fn quiet() {
    for of in ["all", "default"] {
        set(&format!("ipv6/conf/{of}/disable_ipv6"), "1");
    }
}

fn set(name: &str, value: &str) {
    let _ = std::fs::write(format!("/proc/sys/net/{name}"), value);
}
