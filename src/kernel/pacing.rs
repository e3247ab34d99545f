//! Whether TCP spaces out what it sends: under a congestion control that paces (BBR), what may be
//! sent waits a moment behind what was.

use rustix::net::sockopt::tcp_congestion;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_ON: AtomicBool = AtomicBool::new(false);

/// Learns it of a socket; those that it accepts are alike. A queueing discipline that paces (tc-fq(8))
/// is not seen here: a segment has left TCP then, and not yet this machine.
pub(crate) fn learn(socket: &impl AsFd) {
    if tcp_congestion(socket).is_ok_and(|name| name.starts_with("bbr")) {
        IS_ON.store(true, Ordering::Relaxed);
    }
}

/// Whether it does, on this machine's connections.
pub(crate) fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}
