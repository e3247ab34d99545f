//! The states of this host's TCP sockets, as /proc/net/tcp has them.

use crate::language::sentence::both;
use std::io;

/// include/net/tcp_states.h, from 1.
const NAMES: [&str; 12] = [
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECEIVED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "TIME_WAIT",
    "CLOSED",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "SYN_RECEIVED",
];

/// All of them that this thread's network namespace has.
pub(super) fn states() -> io::Result<Vec<String>> {
    let table = std::fs::read_to_string("/proc/thread-self/net/tcp")?;
    let state = |line: &str| {
        let number = usize::from_str_radix(line.split_whitespace().nth(3)?, 16).ok()?;
        NAMES.get(number.checked_sub(1)?).map(|name| (*name).to_owned())
    };
    Ok(table.lines().skip(1).filter_map(state).collect())
}

/// A counter of /proc/net/netstat or /proc/net/snmp, such as `TcpExt`'s `ListenOverflows`.
pub(super) fn counter(group: &str, name: &str) -> io::Result<u64> {
    for file in ["netstat", "snmp"] {
        let text = std::fs::read_to_string(format!("/proc/thread-self/net/{file}"))?;
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.chunks_exact(2) {
            let [names, values] = pair else { continue };
            if names.split(':').next() != Some(group) {
                continue;
            }
            let place = names.split_whitespace().position(|one| one == name);
            if let Some(value) = place.and_then(|place| values.split_whitespace().nth(place)) {
                return value.parse().map_err(io::Error::other);
            }
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        both!("this kernel does not count {group} {name}", "이 커널은 {group} {name} 값을 세지 않습니다"),
    ))
}

/// A socket at which a program can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reachable {
    /// A TCP socket that listens, by its address as /proc has it.
    Listening(String),
    /// A UDP socket that is bound, and connected to nobody.
    Bound(String),
}

/// All of them on this host, on either family; TCP first.
pub(super) fn reachable() -> io::Result<Vec<Reachable>> {
    let table = |name: &str| std::fs::read_to_string(format!("/proc/thread-self/net/{name}"));
    let listening = in_state("0A", &[table("tcp")?, table("tcp6").unwrap_or_default()]);
    let bound = in_state("07", &[table("udp")?, table("udp6").unwrap_or_default()]);
    let listening = listening.into_iter().map(Reachable::Listening);
    Ok(listening.chain(bound.into_iter().map(Reachable::Bound)).collect())
}

/// The local addresses of those in `state` (net/tcp_states.h): for TCP 0A is LISTEN, for UDP 07 is bound.
fn in_state(state: &str, tables: &[String]) -> Vec<String> {
    let address = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (local, _remote, its) = (words.next()?, words.next()?, words.next()?);
        (its == state).then(|| local.to_owned())
    };
    tables.iter().flat_map(|table| table.lines().skip(1).filter_map(address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    #[test]
    fn a_server_is_reachable_that_listens_or_is_bound_and_connected_to_nobody() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let [bound, connected] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        connected.connect(bound.local_addr().expect("an address")).expect("connected");
        let six = UdpSocket::bind("[::1]:0").ok();
        let found = reachable().expect("/proc");
        let has = |port: u16| {
            let ends = |address: &String| address.ends_with(&format!(":{port:04X}"));
            found.iter().find(|one| matches!(one, Reachable::Listening(at) | Reachable::Bound(at) if ends(at)))
        };
        let port = |socket: &UdpSocket| socket.local_addr().expect("an address").port();
        let listens = has(listener.local_addr().expect("an address").port());
        assert!(matches!(listens, Some(Reachable::Listening(_))), "{found:?}");
        assert!(matches!(has(port(&bound)), Some(Reachable::Bound(_))), "{found:?}");
        assert!(six.is_none_or(|six| matches!(has(port(&six)), Some(Reachable::Bound(_)))), "{found:?}");
        let local = format!("0100007F:{:04X}", port(&connected));
        assert!(!found.contains(&Reachable::Bound(local)), "{found:?}");
    }
}
