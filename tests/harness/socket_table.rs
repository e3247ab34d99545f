//! The kernel's table of TCP sockets: /proc/net/tcp (proc(5)), which is not where the program looks.

use std::fs;
use std::net::SocketAddr;

/// One end of a connection as the table shows it.
pub struct TableEntry {
    pub is_in_time_wait: bool,
    /// Whether it has found the other end's window closed: then it has a timer that probes it.
    pub probes_window: bool,
    /// Bytes that the other end has not acknowledged, and that nobody here has read.
    pub unacknowledged: u64,
    pub unread: u64,
}

/// The end of this connection that is at `local`.
pub fn socket(local: SocketAddr, remote: SocketAddr) -> Option<TableEntry> {
    let table = if local.is_ipv6() { "/proc/net/tcp6" } else { "/proc/net/tcp" };
    let ports = [local, remote].map(|address| format!(":{:04X}", address.port()));
    let table = fs::read_to_string(table).expect("the table of sockets");
    table.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let [local, remote, state, queues, timer] = std::array::from_fn(|_| fields.next().unwrap_or_default());
        let is_it = local.ends_with(&ports[0]) && remote.ends_with(&ports[1]);
        let (unacknowledged, unread) = queues.split_once(':').filter(|_| is_it)?;
        let number = |text| u64::from_str_radix(text, 16).expect("a number");
        let (unacknowledged, unread) = (number(unacknowledged), number(unread));
        let (is_in_time_wait, probes_window) = (state == "06", timer.starts_with("04:"));
        Some(TableEntry { is_in_time_wait, probes_window, unacknowledged, unread })
    })
}
