//! How much a server takes on.

use std::fmt;
use std::time::{Duration, Instant};

/// How long open connections may go on after the order to stop, by default.
const GRACE: Duration = Duration::from_secs(10);

/// How much a server takes on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at once; further ones wait in the listening sockets' backlog.
    pub connections: usize,
    /// How long connections are still accepted after the order to stop: each has one more response.
    pub linger: Duration,
    /// How long connections may go on after that.
    pub grace: Duration,
}

/// How long an idle connection is left open for the request that may be on its way,
/// when the server is about to stop.
const LAST_REQUEST: Duration = Duration::from_millis(250);

impl Limits {
    /// This many connections at once, no lingering, ten seconds of grace.
    pub fn new(connections: usize) -> Self {
        Self { connections, linger: Duration::ZERO, grace: GRACE }
    }

    /// The same, but after the order to stop connections are accepted for as long as `linger`,
    /// and may go on for as long as `grace` after that.
    #[must_use]
    pub fn ending_after(self, linger: Duration, grace: Duration) -> Self {
        Self { linger, grace, ..self }
    }

    /// With the order to stop at `order`: until when connections are accepted.
    pub(super) fn lingers_until(&self, order: Instant) -> Instant {
        order + self.linger
    }

    /// The same of all that is to come.
    pub(super) fn ending(&self, order: Instant) -> Ending {
        let closing = self.lingers_until(order);
        Ending { closing: Some(closing), last_request: Some(closing + LAST_REQUEST), last_moment: closing + self.grace }
    }
}

/// Raises the limit of open files as far as this process may (getrlimit(2)): before anything is opened.
pub fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it can't be raised, the soft limit is what there is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// The limit of open files.
pub fn limit_of_descriptors() -> u64 {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The limit of open files leaves no room for one client and its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooFewDescriptors {
    /// The limit.
    pub limit: u64,
    /// The lowest one that is enough.
    pub needed: u64,
}

impl fmt::Display for TooFewDescriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, needed } = self;
        write!(f, "the limit of open files is {limit}, and one client needs {needed}")
    }
}

impl std::error::Error for TooFewDescriptors {}

/// After the order to stop: what is still to come, and when.
///
/// ```text
///   order ─── linger ──▶ closing ─── 250 ms ──▶ last request ─── … ──▶ last moment
///         all accepted     │  those under way     │  idle ones           │  what is
///                          ▼  are accepted        ▼  are closed          ▼  left ends
///                          └──────────────── grace ──────────────────────┘
/// ```
#[derive(Debug)]
pub(super) struct Ending {
    closing: Option<Instant>,
    last_request: Option<Instant>,
    pub(super) last_moment: Instant,
}

impl Ending {
    /// A connection that comes after the order has as long for its request as the others.
    pub(super) fn await_request(&mut self) {
        self.last_request = self.last_request.max(Some(Instant::now() + LAST_REQUEST));
    }

    /// When the next of it is due.
    pub(super) fn next(&self) -> Instant {
        self.closing.into_iter().chain(self.last_request).fold(self.last_moment, Instant::min)
    }

    /// Whether listening is still to end.
    pub(super) fn is_open(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether listening is to end now; once.
    pub(super) fn closes(&mut self, now: Instant) -> bool {
        self.closing.take_if(|closing| *closing <= now).is_some()
    }

    /// Whether idle connections are to close now; once.
    pub(super) fn closes_idle(&mut self, now: Instant) -> bool {
        self.last_request.take_if(|last_request| *last_request <= now).is_some()
    }

    /// Whether what is left is to end.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.last_moment
    }
}
