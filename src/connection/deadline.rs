//! The running timer of a connection, and how fast its response is taken.

use crate::http::server::Timer;
use std::time::{Duration, Instant};

/// Bytes a second that a client is to take of its response, on the average of `WINDOW`. One
/// that takes fewer is served as long as there is room; else it gives way to those who wait.
pub const LEAST_RATE: u64 = 8 * 1024;
/// How long a client is watched before it is said to be too slow.
pub(super) const WINDOW: Duration = Duration::from_secs(5);

/// When the running timer ends; `timer` and `exchange` tell one from the next.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) timer: Timer,
    pub(super) exchange: u32,
    pub(super) at: Instant,
    /// What the client had not acknowledged when it was last looked at.
    pub(super) unacknowledged: u32,
    /// How often in a row it had taken nothing since.
    pub(super) stalls: u32,
}

/// What of a response had been taken at some time: bytes that its client's TCP acknowledged.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) exchange: u32,
    pub(super) since: Instant,
    pub(super) taken: u64,
}
