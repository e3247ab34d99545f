//! Which descriptors this process has, and how many more it may open.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Dir, Mode, OFlags, open};
use rustix::process::{Resource, getrlimit};
use std::os::fd::{BorrowedFd, RawFd};

/// Without /proc, as many descriptors are looked at in turn.
const RUN: RawFd = 1024;

/// Those that are open.
pub(super) fn all() -> Vec<RawFd> {
    let number = |entry: rustix::fs::DirEntry| entry.file_name().to_str().ok()?.parse().ok();
    match open("/proc/self/fd", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).and_then(Dir::new)
    {
        Ok(folder) => folder.filter_map(|entry| number(entry.ok()?)).collect(),
        Err(_) => beneath(RawFd::MAX),
    }
}

/// The limit of open files (getrlimit(2)), and how many more there may be: each has the lowest number
/// that is free, and that must be beneath the limit. It opens none itself.
pub(crate) fn limit_and_free() -> (u64, u64) {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let numbers = RawFd::try_from(limit).unwrap_or(RawFd::MAX);
    (limit, numbers as u64 - beneath(numbers).len() as u64)
}

/// Those that are open, of these numbers. A poll says of each whether it is: up to the first run none of
/// which is. A poll takes no more of them than may be open (poll(2), EINVAL).
fn beneath(limit: RawFd) -> Vec<RawFd> {
    let mut open = Vec::new();
    for first in (0..limit).step_by(RUN as usize) {
        let run = first..limit.min(first.saturating_add(RUN));
        // SAFETY: the numbers are used for this call only, which says of what is not open that it is not.
        let numbers = run.clone().map(|fd| unsafe { BorrowedFd::borrow_raw(fd) });
        let mut fds: Vec<PollFd<'_>> = numbers.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::empty())).collect();
        let is_known = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok();
        let found = fds.iter().zip(run).filter(|(fd, _)| !is_known || !fd.revents().contains(PollFlags::NVAL));
        let before = open.len();
        open.extend(found.map(|(_, fd)| fd));
        if !is_known || open.len() == before {
            break;
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn both_ways_find_a_descriptor() {
        let file = std::fs::File::open("/dev/null").expect("it can be opened");
        let number = file.as_raw_fd();
        assert!(all().contains(&number) && beneath(number + 1).contains(&number));
        assert!(!beneath(number).contains(&number));
        let (limit, free) = limit_and_free();
        assert!(free < limit && free > 0, "{free} of {limit}");
    }
}
