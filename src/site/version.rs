//! One version of a file, as stat(2) distinguishes it from the next; and when it can't.
//!
//! Whatever is remembered of a file holds as long as its [`Version`] does. But a
//! clock ticks: two changes within one tick have one time. So nothing is
//! remembered of a version before its tick is certainly over; a later change
//! then has a later time. Ticks are some milliseconds (Linux before 6.13), a
//! second (ext3, ext4 with inodes of 128 bytes), two (FAT); a time without a
//! fraction may be any of them. FAT has no time of change at all: Linux shows
//! the time of modification, which anybody can set back.

use rustix::fs::{Stat, fstatfs};
use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longer than any tick of a clock whose times have fractions.
const FINE: Duration = Duration::from_millis(20);
/// Longer than any tick of a clock whose times have none.
const COARSE: Duration = Duration::from_secs(3);
/// Fractions of times on file systems without a time of change are multiples of this (exFAT).
const EXFAT_TICK: u64 = 10_000_000;
/// Magic numbers of those file systems: FAT (statfs(2)) and exFAT.
const WITHOUT_CHANGE_TIME: [u64; 2] = [0x4d44, 0x2011_bab0];

/// A version of a file: the ctime tells every change of an inode, and can't be
/// set back, as the mtime can (`cp -p`, `tar -x`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Version {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// When it was last changed, since 1970.
    pub(super) seconds: i64,
    pub(super) nanoseconds: u64,
    pub(super) size: u64,
}

impl Version {
    #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
    pub(super) fn of(state: &Stat) -> Self {
        Self {
            device: state.st_dev as u64,
            inode: state.st_ino as u64,
            seconds: state.st_ctime as i64,
            nanoseconds: state.st_ctime_nsec as u64,
            size: state.st_size as u64,
        }
    }

    /// Whether any later change of `file` will make another version: the tick in
    /// which this one came to be is over at the time `now`, which is to be taken
    /// before anything of the file is read.
    pub(super) fn is_settled(&self, now: SystemTime, file: &File) -> bool {
        self.is_older_than_a_tick(now) && !(self.nanoseconds.is_multiple_of(EXFAT_TICK) && lacks_change_time(file))
    }

    fn is_older_than_a_tick(&self, now: SystemTime) -> bool {
        // Before 1970 there are no ticks to wait for.
        let changed = Duration::new(u64::try_from(self.seconds).unwrap_or(0), self.nanoseconds as u32);
        let tick = if self.nanoseconds == 0 { COARSE } else { FINE };
        now.duration_since(UNIX_EPOCH + changed).is_ok_and(|age| age > tick)
    }

    /// A tag of this version, on this machine alone. It can't be equal to one
    /// made from content, which is longer and has no hyphen.
    pub(super) fn tag(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for number in [self.device, self.inode, self.seconds as u64, self.nanoseconds] {
            hasher.update(&number.to_le_bytes());
        }
        format!("\"{}-{:x}\"", &hasher.finalize().to_hex()[..32], self.size)
    }
}

fn lacks_change_time(file: &File) -> bool {
    #[allow(clippy::unnecessary_cast)] // the field's type differs between systems
    fstatfs(file).is_ok_and(|system| WITHOUT_CHANGE_TIME.contains(&(system.f_type as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(seconds: i64, nanoseconds: u64) -> Version {
        Version { device: 1, inode: 2, seconds, nanoseconds, size: 3 }
    }

    #[test]
    fn a_version_is_settled_when_its_tick_is_over() {
        let now = |milliseconds| UNIX_EPOCH + Duration::from_secs(1000) + Duration::from_millis(milliseconds);
        for (version, now, is_settled) in [
            (version(1000, 1), now(0), false), // later than now: no clock that we know
            (version(1000, 1), now(4), false),
            (version(1000, 1), now(21), true),
            (version(1000, 0), now(21), false), // a clock of whole seconds, perhaps of two
            (version(1000, 0), now(1999), false),
            (version(1000, 0), now(3001), true),
            (version(-5, 7), now(0), true),
        ] {
            assert_eq!(version.is_older_than_a_tick(now), is_settled, "{version:?}");
        }
    }

    #[test]
    fn each_change_of_a_version_changes_its_tag() {
        let original = version(1000, 1);
        let others = [
            Version { device: 2, ..original },
            Version { inode: 3, ..original },
            Version { seconds: 1001, ..original },
            Version { nanoseconds: 2, ..original },
            Version { size: 4, ..original },
            Version { device: 2, inode: 1, ..original },
        ];
        for other in others {
            assert_ne!(original.tag(), other.tag(), "{other:?}");
        }
    }
}
