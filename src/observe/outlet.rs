//! Where a log leaves: its reader may be gone, or late, and its disk full for a while.

use super::standard_output::is_passing;
use std::io::{ErrorKind, Write};

/// A writer of logs, as long as it takes any.
#[derive(Debug)]
pub(super) struct Outlet<W> {
    /// `None` once it has failed for good: it takes no more.
    out: Option<W>,
    /// Whether that was because nobody read in time.
    is_late: bool,
    /// Whether the last line is torn, by a disk that was full in the middle of it.
    is_torn: bool,
}

impl<W: Write> Outlet<W> {
    pub(super) fn to(out: W) -> Self {
        Self { out: Some(out), is_late: false, is_torn: false }
    }

    /// Gives how many of these bytes are written; of a disk that is full, that may be more the next time.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while let (Some(out), true) = (&mut self.out, written < bytes.len()) {
            match out.write(&bytes[written..]) {
                Ok(count) if count > 0 => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_passing(&error) => break,
                result => {
                    self.out = None;
                    self.is_late = result.is_err_and(|error| error.kind() == ErrorKind::TimedOut);
                }
            }
        }
        if let Some(last) = bytes[..written].last() {
            self.is_torn = *last != b'\n';
        }
        written
    }

    /// Ends a torn line, of which the rest is missing: whether what comes now begins one of its own.
    pub(super) fn begin_line(&mut self) -> bool {
        !self.is_torn || self.write(b"\n") == 1
    }

    /// A writer that gathers lets go of it.
    pub(super) fn flush(&mut self) {
        let result = self.out.as_mut().map_or(Ok(()), Write::flush);
        if result.is_err_and(|error| !is_passing(&error)) {
            self.out = None;
        }
    }

    /// Whether it may take more.
    pub(super) fn is_open(&self) -> bool {
        self.out.is_some()
    }

    /// Whether it takes no more because nobody read in time.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }
}
