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

/// Whether some program on this host listens, on either family.
pub(super) fn listens() -> io::Result<bool> {
    const LISTEN: &str = "0A";
    let has = |table: String| table.lines().skip(1).any(|line| line.split_whitespace().nth(3) == Some(LISTEN));
    let six = std::fs::read_to_string("/proc/thread-self/net/tcp6").is_ok_and(has);
    Ok(six || has(std::fs::read_to_string("/proc/thread-self/net/tcp")?))
}
