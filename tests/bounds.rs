//! What one client, or all of them together, can make the server use: bounded,
//! and by which constants README says.

mod memory;
mod places;
mod processes;

use crate::harness::PATIENCE;
use std::fs;
use std::time::Instant;

/// A field of /proc/PID/status, in KiB.
fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with(field)).expect("the field");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Waits until `fact` holds.
fn wait_until(what: &str, mut fact: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}
