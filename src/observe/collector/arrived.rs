//! Reports as they come out of the pipe.

use crate::observe::probe::PREFIX;
use crate::observe::report::Report;
use std::os::fd::OwnedFd;

/// What was read of the pipe, and not yet heard.
pub(super) struct Arrived {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// A report that is none.
pub(super) struct Unreadable;

impl Default for Arrived {
    fn default() -> Self {
        Self { bytes: vec![0; 64 * 1024], start: 0, end: 0 }
    }
}

impl Arrived {
    /// Reads once; what is there goes behind what was left.
    pub(super) fn read(&mut self, reports: &OwnedFd) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        self.end += rustix::io::read(reports, &mut self.bytes[self.end..]).unwrap_or(0);
    }

    /// The next report; `None` if it is not all there.
    pub(super) fn next(&mut self) -> Option<Result<Report<'_>, Unreadable>> {
        let rest = &self.bytes[self.start..self.end];
        let length = usize::from(u16::from_le_bytes(rest.get(..PREFIX)?.try_into().ok()?));
        let report = rest.get(PREFIX..PREFIX + length)?;
        self.start += PREFIX + length;
        Some(postcard::from_bytes(report).map_err(|_| Unreadable))
    }
}
