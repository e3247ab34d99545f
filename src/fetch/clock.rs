//! The clock of a fetch.

use crate::kernel::clock;
use crate::record::Moment;
use crate::record::Nanoseconds;

/// Counts from the beginning of a fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(clock::Clock);

impl Clock {
    pub(super) fn start() -> Self {
        Self(clock::Clock::begin())
    }

    pub(super) fn began(self) -> Moment {
        self.0.began()
    }

    pub(super) fn now(self) -> Nanoseconds {
        self.0.now().since(self.0.began()).unwrap_or_default()
    }

    /// A moment that the kernel has just reported, if it did.
    pub(super) fn at(self, moment: Moment) -> Option<Nanoseconds> {
        self.0.of_kernel(moment).after(self.0.began())
    }
}
