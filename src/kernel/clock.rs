//! A clock for one connection or one fetch. It begins at the wall's time and goes on
//! evenly, so that a wall clock that is set meanwhile changes no figure.

use crate::record::Moment;
use rustix::time::{ClockId, clock_getres, clock_gettime};
use std::sync::LazyLock;

/// What CLOCK_REALTIME and CLOCK_BOOTTIME may have gone apart, though nobody has set the former: they are read
/// one after the other.
const GRAIN: i64 = 1_000_000;
/// Between two clocks a thread may lose its core. How near to each other they have to be read, and how often
/// that is tried; then the nearest of the pairs it is.
const NEAR: u64 = 20_000;
const TRIES: u32 = 16;

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
        let (began, start) = both();
        Self { began, start }
    }

    /// When it began.
    pub(crate) fn began(&self) -> Moment {
        self.began
    }

    /// This very moment.
    pub(crate) fn now(&self) -> Moment {
        self.of_kernel_and_now(Moment::default()).1
    }

    /// A moment that the kernel has just reported by CLOCK_REALTIME, on this clock: none, if
    /// that clock has been set back since.
    pub(crate) fn of_kernel(&self, stamp: Moment) -> Moment {
        self.of_kernel_and_now(stamp).0
    }

    /// Both, by one look. Only what looks like a clock that was set is worth a second, nearer one.
    pub(crate) fn of_kernel_and_now(&self, stamp: Moment) -> (Moment, Moment) {
        let (wall, ticks) = (Moment::now(), ticks());
        let (wall, ticks) = if self.is_even(wall, ticks) { (wall, ticks) } else { both() };
        (self.place_at(stamp, wall, ticks), self.place_at(wall, wall, ticks))
    }

    /// Where `stamp` lies, if it is `wall` by the one clock and `ticks` by the other.
    fn place_at(&self, stamp: Moment, wall: Moment, ticks: u64) -> Moment {
        let Some(age) = wall.0.checked_sub(stamp.0).filter(|_| stamp != Moment::default()) else {
            return Moment::default();
        };
        if self.is_even(wall, ticks) {
            return stamp;
        }
        Moment(self.began.0.saturating_add(ticks.saturating_sub(self.start)).saturating_sub(age))
    }

    /// Whether the wall clock has gone on as the even one has: nobody has set it.
    fn is_even(&self, wall: Moment, ticks: u64) -> bool {
        let by_wall = wall.0.cast_signed().wrapping_sub(self.began.0.cast_signed());
        (by_wall - ticks.saturating_sub(self.start).cast_signed()).abs() <= GRAIN
    }
}

/// Both clocks, read as nearly at one time as can be.
fn both() -> (Moment, u64) {
    let mut nearest = (u64::MAX, Moment::default(), 0);
    for _ in 0..TRIES {
        let (before, wall, after) = (ticks(), Moment::now(), ticks());
        let apart = after.saturating_sub(before);
        if apart < nearest.0 {
            nearest = (apart, wall, before + apart / 2);
        }
        if apart <= NEAR {
            break;
        }
    }
    (nearest.1, nearest.2)
}

/// Nanoseconds on a clock that nobody sets, and that counts a sleeping machine's time too.
fn ticks() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// How long a tick of the kernel's clock is, in nanoseconds: what it dates by ticks is known to one of them.
pub(crate) fn tick() -> i64 {
    static TICK: LazyLock<i64> = LazyLock::new(|| {
        let resolution = clock_getres(ClockId::MonotonicCoarse);
        resolution.tv_sec * 1_000_000_000 + resolution.tv_nsec
    });
    *TICK
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
            let placed = clock.place_at(Moment(wall - age), Moment(wall), passed);
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

    /// A thread that lost its core between the two clocks took the wall's for one that was set.
    #[test]
    fn a_busy_machine_sets_no_clock() {
        let one = || {
            for _ in 0..200_000 {
                let clock = Clock::begin();
                let stamp = Moment::now();
                assert_eq!(clock.of_kernel(stamp), stamp);
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(one))));
    }

    #[test]
    fn a_moment_to_come_is_none() {
        let clock = Clock::begin();
        assert_eq!(clock.of_kernel(Moment(Moment::now().0 + SECOND)), Moment::default());
    }
}
