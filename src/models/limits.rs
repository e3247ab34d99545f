//! How much a server takes on.

use super::model::Model;
use std::time::{Duration, Instant};

/// How long open connections may go on after the order to stop, unless somebody says otherwise.
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
pub(super) const LAST_REQUEST: Duration = Duration::from_millis(250);

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

    /// With the order to stop at `order`: when nobody is accepted any more, when idle
    /// connections close, and when all is over.
    pub(super) fn ending(&self, order: Instant) -> [Instant; 3] {
        let closing = self.lingers_until(order);
        [closing, closing + LAST_REQUEST, closing + self.grace]
    }

    /// The same, with no more connections than `model` has descriptors for: what
    /// could not be served is better left in the backlog. Raises the soft limit
    /// to the hard one first (getrlimit(2)).
    #[must_use]
    pub fn within_descriptors(mut self, model: Model) -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Where it can't be raised, the soft limit is what there is.
        let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        if let Some(descriptors) = if raised.is_ok() { limit.maximum } else { limit.current } {
            let affordable = model.affordable(descriptors);
            self.connections = self.connections.min(usize::try_from(affordable).unwrap_or(usize::MAX)).max(1);
        }
        self
    }
}
