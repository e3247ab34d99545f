//! What all connections of a server share.

use super::timeouts::Timeouts;
use crate::handler::Handler;
use crate::observe::probe::Probe;

/// What all connections of a server share.
pub struct Service {
    /// What responds.
    pub handler: Box<dyn Handler>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Who watches.
    pub probe: Probe,
}
