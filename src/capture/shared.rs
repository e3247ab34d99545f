//! What the thread that reads and those who ask have in common.

use super::flows::Flows;
use super::last_read::LastRead;
use super::log::Calls;
use super::names::Names;
use crate::sys::packet_socket::Filter;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// After how long what has been sent has passed.
pub(super) const LATEST: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Shared {
    /// Servers whose packets are meant.
    pub(super) addresses: Mutex<Vec<SocketAddr>>,
    pub(super) filters: Vec<Filter>,
    pub(super) known: Mutex<Known>,
    /// Something was read.
    pub(super) progress: Condvar,
    pub(super) names: Names,
    /// Calls that the log has not heard of yet.
    pub(super) calls: Mutex<Vec<Calls>>,
    /// Frames that passed and were not read: they found no room, or were let go of.
    pub(super) lost: AtomicU64,
    /// Whether a frame is ready as soon as it has passed.
    pub(super) is_prompt: bool,
    pub(super) is_over: AtomicBool,
    /// Makes the reader look, now.
    pub(super) wake: OwnedFd,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) flows: Flows,
    pub(super) last_read: LastRead,
}

impl Shared {
    pub(super) fn wake(&self) {
        // Where it is full, it was written.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}
