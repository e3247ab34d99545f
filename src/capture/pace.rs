//! How much of what passes is read: a machine under load is left alone, and one that is calm again is
//! watched at once. No I/O.

use crate::sys::packet_socket::Statistics;
use std::time::{Duration, Instant};

/// Frames that are read in a second at most, unless they go to a file: ten for each of the connections that
/// the story and the page take in.
const MOST_PER_SECOND: u64 = 5_000;
/// The same in a second after one in which more than that passed: the machine has enough to do. As many
/// more may be read in a second behind its most, where few come.
const FEW_PER_SECOND: u64 = 1_000;
/// How many newest frames are left where the others are let go of unread: the end of what passed may be
/// among them. Where at the next turn no more than as many have come behind them, they are read.
const NEWEST: u64 = 100;
const SECOND: Duration = Duration::from_secs(1);

/// What was read in a second, and what may be.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the second began.
    second: Instant,
    passed: u64,
    read: u64,
    most: u64,
    /// How many may be read beyond that.
    spare: u64,
    /// The last turn, where frames were let go of in it.
    let_go: Option<Instant>,
}

/// What is done in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// This number of frames is read.
    Read(u64),
    /// All but the newest are let go of: see [`left`]. By then, if that is known, what had passed is read, or
    /// let go of.
    LetGo(Option<Instant>),
}

/// How many newest frames of a socket are left in a turn that lets go of the others.
pub(super) fn left(by: Option<Instant>, counted: Statistics) -> u64 {
    match (counted.dropped, by) {
        (0, None) => NEWEST,
        // None that were left at the turn before.
        (0, Some(_)) => NEWEST.min(counted.seen.into()),
        // What found no room came behind all that waits.
        _ => 0,
    }
}

impl Pace {
    pub(super) fn since(second: Instant) -> Self {
        Self { second, passed: 0, read: 0, most: MOST_PER_SECOND, spare: FEW_PER_SECOND, let_go: None }
    }

    /// The next turn, at `now`: what each socket `counted` since the one before, and how many frames wait.
    pub(super) fn turn(&mut self, now: Instant, counted: &[Statistics], waiting: u64) -> Turn {
        if now.saturating_duration_since(self.second) >= SECOND {
            let most = if self.passed > MOST_PER_SECOND { FEW_PER_SECOND } else { MOST_PER_SECOND };
            *self = Self { most, let_go: self.let_go, ..Self::since(now) };
        }
        self.passed += counted.iter().map(|counted| u64::from(counted.seen)).sum::<u64>();
        let have_room = counted.iter().all(|counted| counted.dropped == 0);
        let let_go = self.let_go.take();
        if !self.is_over() {
            return Turn::Read(self.most - self.read);
        }
        if have_room && waiting <= (2 * NEWEST).min(self.spare) {
            self.spare -= waiting;
            return Turn::Read(waiting);
        }
        self.let_go = Some(now);
        Turn::LetGo(let_go)
    }

    pub(super) fn read(&mut self, frames: u64) {
        self.read += frames;
    }

    /// Whether what this second allows is read.
    pub(super) fn is_over(&self) -> bool {
        self.read >= self.most
    }

    /// Whether nothing was read in this second.
    pub(super) fn is_idle(&self) -> bool {
        self.read == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duration = Duration::from_millis(20);

    /// A ring, and who reads it: how many frames of each turn are read, and how many let go of.
    struct Watched {
        pace: Pace,
        now: Instant,
        waiting: u64,
    }

    impl Watched {
        fn new() -> Self {
            let now = Instant::now();
            Self { pace: Pace::since(now), now, waiting: 0 }
        }

        fn turn(&mut self, seen: u32) -> (u64, u64) {
            self.now += TURN;
            self.waiting += u64::from(seen);
            let (before, counted) = (self.waiting, Statistics { seen, dropped: 0 });
            match self.pace.turn(self.now, &[counted], self.waiting) {
                Turn::Read(most) => {
                    let read = most.min(before);
                    self.pace.read(read);
                    self.waiting -= read;
                    (read, 0)
                }
                Turn::LetGo(by) => {
                    self.waiting = before.min(left(by, counted));
                    (0, before - self.waiting)
                }
            }
        }
    }

    #[test]
    fn what_comes_right_after_a_burst_is_read() {
        let mut watched = Watched::new();
        assert_eq!(watched.turn(40_000), (5_000, 0));
        assert_eq!(watched.turn(0), (0, 34_900), "nothing is read late");
        assert_eq!(watched.turn(10), (110, 0), "the end of the burst, and what came behind it");
        for turn in 0..200 {
            assert_eq!(watched.turn(10), (10, 0), "{turn}");
        }
    }

    #[test]
    fn a_flood_makes_no_more_work_than_a_second_allows() {
        // The last two stop and begin anew all the time.
        for turns in [[150, 150], [600, 600], [20_000, 20_000], [2_000, 0], [20_000, 90]] {
            let mut watched = Watched::new();
            let read: u64 = turns.into_iter().cycle().take(500).map(|passed| watched.turn(passed).0).sum();
            // Ten seconds, and the first turn of the next.
            assert!(read <= 6_000 + 10 * 2_000, "{turns:?}: {read}");
        }
    }

    #[test]
    fn what_passed_by_the_turn_before_is_not_left() {
        let begun = Instant::now();
        let mut pace = Pace::since(begun);
        let at = |turn: u32| begun + TURN * turn;
        let counted = |seen, dropped| Statistics { seen, dropped };
        assert_eq!(pace.turn(at(1), &[counted(9_000, 0)], 9_000), Turn::Read(5_000));
        pace.read(5_000);
        // Those that are left may be as old as the burst.
        assert_eq!(pace.turn(at(2), &[counted(0, 0)], 4_000), Turn::LetGo(None));
        assert_eq!(left(None, counted(0, 0)), NEWEST);
        assert_eq!(pace.turn(at(3), &[counted(800, 0), counted(3, 0)], 905), Turn::LetGo(Some(at(2))));
        assert_eq!(left(Some(at(2)), counted(800, 0)), NEWEST);
        assert_eq!(left(Some(at(2)), counted(3, 0)), 3, "of another socket");
        // The ring was full.
        assert_eq!(pace.turn(at(4), &[counted(50, 9)], 40), Turn::LetGo(Some(at(3))));
        assert_eq!(left(Some(at(3)), counted(50, 9)), 0);
        assert_eq!(pace.turn(at(5), &[counted(30, 0)], 30), Turn::Read(30));
    }
}
