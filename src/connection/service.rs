//! What all connections of a server share.

use super::forwarded::Trust;
use super::timeouts::Timeouts;
use crate::handler::Handler;
use crate::observe::probe::Probe;

/// What all connections of a server share.
#[non_exhaustive]
pub struct Service {
    /// What responds.
    pub handler: Box<dyn Handler>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Whose word on a client is taken.
    pub trust: Trust,
    /// Who watches.
    pub probe: Probe,
}

impl Service {
    /// A service of this handler, with the usual timeouts, that nobody watches.
    pub fn new(handler: impl Handler) -> Self {
        Self::boxed(Box::new(handler))
    }

    /// The same of a handler whose type is chosen at run time.
    pub fn boxed(handler: Box<dyn Handler>) -> Self {
        Self { handler, timeouts: Timeouts::default(), trust: Trust::default(), probe: Probe::OFF }
    }

    /// The same with these timeouts.
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// The same, where these proxies say who their client is.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The same, watched by way of this probe.
    #[must_use]
    pub fn watched(self, probe: Probe) -> Self {
        Self { probe, ..self }
    }
}
