//! A clock for one connection or one fetch. It begins at the wall's time and goes on
//! evenly, so that a wall clock that is set meanwhile changes no figure.

use crate::record::Moment;
use rustix::time::{ClockId, clock_gettime};

/// What CLOCK_REALTIME and CLOCK_BOOTTIME may have gone apart, though nobody has set the former: they are read
/// one after the other.
const GRAIN: i64 = 1_000_000;

/// CLOCK_REALTIME, by which packets are stamped too, until it is set; from then on
/// its beginning and what CLOCK_BOOTTIME has counted since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Moment,
    start: u64,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn begin() -> Self {
        Self { began: Moment::now(), start: ticks() }
    }

    /// When it began.
    pub(crate) fn began(&self) -> Moment {
        self.began
    }

    /// This very moment.
    pub(crate) fn now(&self) -> Moment {
        let wall = Moment::now();
        self.place(wall, wall, self.elapsed())
    }

    /// A moment that the kernel has just reported by CLOCK_REALTIME, on this clock: none, if
    /// that clock has been set back since.
    pub(crate) fn of_kernel(&self, stamp: Moment) -> Moment {
        let wall = Moment::now();
        self.place(stamp, wall, self.elapsed())
    }

    /// Where `stamp` lies, if the wall clock says `wall` so long after the beginning.
    fn place(&self, stamp: Moment, wall: Moment, elapsed: u64) -> Moment {
        let Some(age) = wall.0.checked_sub(stamp.0).filter(|_| stamp != Moment::default()) else {
            return Moment::default();
        };
        let by_wall = wall.0.cast_signed().wrapping_sub(self.began.0.cast_signed());
        let is_even = (by_wall - elapsed.cast_signed()).abs() <= GRAIN;
        if is_even { stamp } else { Moment(self.began.0.saturating_add(elapsed).saturating_sub(age)) }
    }

    fn elapsed(&self) -> u64 {
        ticks().saturating_sub(self.start)
    }
}

/// Nanoseconds on a clock that nobody sets, and that counts a sleeping machine's time too.
fn ticks() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const EVEN: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const EVEN: ClockId = ClockId::Monotonic;
    let now = clock_gettime(EVEN);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// How long a tick of the kernel's clock is, in nanoseconds: what it dates by ticks is known to one of them.
pub(crate) fn tick() -> i64 {
    #[cfg(target_os = "linux")]
    {
        let resolution = rustix::time::clock_getres(ClockId::MonotonicCoarse);
        resolution.tv_sec * 1_000_000_000 + resolution.tv_nsec
    }
    #[cfg(not(target_os = "linux"))]
    10_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    proptest! {
        /// A wall clock that was set by `step` seconds at some time of a connection.
        #[test]
        fn a_wall_clock_that_is_set_changes_no_figure(
            passed in 0..100_000 * SECOND,
            age in 0..10 * SECOND,
            step in -50_000_i64..50_000,
        ) {
            let clock = Clock { began: Moment(1_800_000_000 * SECOND), start: 0 };
            let wall = (clock.began.0 + passed).wrapping_add_signed(step * SECOND as i64);
            let placed = clock.place(Moment(wall - age), Moment(wall), passed);
            prop_assert_eq!(placed, Moment(clock.began.0 + passed - age));
        }
    }

    #[test]
    fn what_the_kernel_said_stays_as_it_is_while_nobody_sets_the_clock() {
        let clock = Clock::begin();
        let stamp = Moment::now();
        assert_eq!(clock.of_kernel(stamp), stamp);
        assert!(stamp <= clock.now() && clock.began() <= stamp);
        assert_eq!(clock.of_kernel(Moment::default()), Moment::default());
    }

    #[test]
    fn a_moment_to_come_is_none() {
        let clock = Clock::begin();
        assert_eq!(clock.of_kernel(Moment(Moment::now().0 + SECOND)), Moment::default());
    }
}
