//! How much a server takes on.

use super::model::Model;
use std::time::Duration;

/// How much a server takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the listening sockets' backlog.
    pub connections: usize,
    /// How long connections may go on after the order to stop.
    pub grace: Duration,
}

impl Limits {
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
