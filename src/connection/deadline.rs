//! The running timer of a connection.

use crate::http::server::Timer;
use std::time::Instant;

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
