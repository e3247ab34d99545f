//! A moment, by the clock that packets bear.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment: nanoseconds since 1970 on CLOCK_REALTIME, the clock that packets
/// bear; 0 where nothing reported one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// This very moment.
    pub(crate) fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// That of `time`.
    pub(crate) fn of(time: SystemTime) -> Self {
        Self(u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(0))
    }

    /// The same, as the system's time.
    pub(crate) fn time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.0)
    }

    /// Nanoseconds since `origin`, negative before it; `None` if nothing reported this moment.
    pub(crate) fn since(self, origin: Self) -> Option<i64> {
        (self.0 != 0).then(|| self.0.cast_signed().wrapping_sub(origin.0.cast_signed()))
    }

    /// Nanoseconds since `earlier`, which can't have come later; `None` if it did by
    /// the clock (one that was set back), or if one of them was not reported.
    pub(crate) fn after(self, earlier: Self) -> Option<i64> {
        self.since(earlier).filter(|nanoseconds| earlier.0 != 0 && *nanoseconds >= 0)
    }
}
