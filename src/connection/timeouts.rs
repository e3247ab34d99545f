//! How long a connection may take for what it waits for.

use crate::http::server::Timer;
use std::time::Duration;

/// How long a connection that is recorded is kept open to see the client's end.
const CLIENT_END: Duration = Duration::from_secs(1);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a whole request head with a body that nobody takes, and for each
    /// [piece](crate::http::server::BODY_PIECE) of a body that the handler takes.
    pub head: Duration,
    /// For the next request on a keep-alive connection; `None`: connections are not kept.
    pub keep_alive: Option<Duration>,
    /// For a response that is made elsewhere to be ready, and for each further
    /// piece of its body.
    pub respond: Duration,
    /// For a client to take some more of its response: three times this long
    /// without taking any ends it.
    pub send: Duration,
    /// For a client to close its sending side after the last response.
    pub drain: Duration,
}

impl Default for Timeouts {
    /// Ten seconds for a head, ten idle: as the program has.
    fn default() -> Self {
        Self::new(Duration::from_secs(10), Duration::from_secs(10))
    }
}

impl Timeouts {
    /// Those that follow from the two that a user names: `head`, and `keep_alive` (zero: off).
    pub fn new(head: Duration, keep_alive: Duration) -> Self {
        Self {
            head,
            keep_alive: (!keep_alive.is_zero()).then_some(keep_alive),
            respond: head,
            send: head,
            drain: Duration::from_secs(5).min(head),
        }
    }

    /// The time that `timer` gives.
    pub(super) fn of(&self, timer: Timer) -> Duration {
        match timer {
            Timer::Head | Timer::Body => self.head,
            Timer::Idle => self.keep_alive.unwrap_or_default(),
            Timer::Respond | Timer::Source => self.respond,
            Timer::Send => self.send,
            Timer::Drain => self.drain,
            Timer::ClientEnd => self.drain.min(CLIENT_END),
        }
    }
}
