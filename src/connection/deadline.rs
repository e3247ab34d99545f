//! The running timer of a connection, and how fast its response is taken.

use crate::http::server::Timer;
use std::time::{Duration, Instant};

/// Bytes a second that a client is to take of its response, on the average of `WINDOW`. One
/// that takes fewer is served as long as there is room; else it gives way to those who wait.
pub const LEAST_RATE: u64 = 8 * 1024;
/// How long a client is watched before it is said to be too slow.
pub(super) const WINDOW: Duration = Duration::from_secs(5);

/// How often a drain may be put off: 30 s in all, where it is one of 5 s.
const DRAINS: u32 = 5;

/// When the running timer ends; `timer` and `exchange` tell one from the next.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) timer: Timer,
    pub(super) exchange: u32,
    pub(super) at: Instant,
    /// Of a response, what the client had not acknowledged when it was last
    /// looked at; of a drain, what was dropped since then.
    pub(super) bytes: u32,
    /// How often in a row it had taken nothing since; how often the drain was put off.
    pub(super) times: u32,
}

impl Deadline {
    /// `count` more bytes of the client's were dropped.
    pub(super) fn drained(&mut self, count: usize) {
        if self.timer == Timer::Drain {
            self.bytes = self.bytes.saturating_add(count as u32);
        }
    }

    /// Whether a drain goes on: its client sends at more than the least rate, as
    /// one does that will read the response only behind its whole request.
    pub(super) fn is_put_off(&mut self, by: Duration) -> bool {
        let least = LEAST_RATE * by.as_millis() as u64 / 1000;
        let is_put_off = self.timer == Timer::Drain && self.times < DRAINS && u64::from(self.bytes) >= least;
        if is_put_off {
            (self.at, self.bytes, self.times) = (Instant::now() + by, 0, self.times + 1);
        }
        is_put_off
    }
}

/// What of a response had been taken at some time: bytes that its client's TCP acknowledged.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) exchange: u32,
    pub(super) since: Instant,
    pub(super) taken: u64,
}
