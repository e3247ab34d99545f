//! Where a log leaves: its reader may be gone, or late, and its disk full for a while.

use std::io::{ErrorKind, Write};

/// A writer of logs, as long as it takes any.
#[derive(Debug)]
pub(crate) struct Outlet<W> {
    /// `None` once it takes no more.
    out: Option<W>,
    /// Whether that was because nobody reads it any more.
    is_gone: bool,
    /// Whether the last line is torn, by a disk that was full in the middle of it.
    is_torn: bool,
}

impl<W: Write> Outlet<W> {
    pub(crate) fn to(out: W) -> Self {
        Self { out: Some(out), is_gone: false, is_torn: false }
    }

    /// Gives how many of these bytes are written; unless its reader is gone or late, that may be more the next time.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while let (Some(out), true) = (&mut self.out, written < bytes.len()) {
            match out.write(&bytes[written..]) {
                Ok(count) if count > 0 => written += count,
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.heed(error.kind());
                    break;
                }
            }
        }
        if let Some(last) = bytes[..written].last() {
            self.is_torn = *last != b'\n';
        }
        written
    }

    /// Only readers are given up. A disk that is full, a quota, a limit of a file's size, storage that
    /// fails: each may take more the next time.
    fn heed(&mut self, failure: ErrorKind) {
        self.is_gone |= matches!(failure, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
        if self.is_gone || failure == ErrorKind::TimedOut {
            self.out = None;
        }
    }

    /// Ends a torn line, of which the rest is missing: whether what comes now begins one of its own.
    pub(crate) fn begin_line(&mut self) -> bool {
        !self.is_torn || self.write(b"\n") == 1
    }

    /// A writer that gathers lets go of it.
    pub(crate) fn flush(&mut self) {
        if let Some(Err(error)) = self.out.as_mut().map(Write::flush) {
            self.heed(error.kind());
        }
    }

    /// Whether nobody reads it any more: then nobody misses what is not written.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A disk with room for this many more bytes; what is behind it refuses the rest for this reason.
    #[derive(Clone, Debug)]
    pub(crate) struct Disk(Arc<Mutex<(usize, Vec<u8>)>>, ErrorKind);

    impl Default for Disk {
        fn default() -> Self {
            Self::refusing(ErrorKind::StorageFull)
        }
    }

    impl Disk {
        pub(crate) fn refusing(reason: ErrorKind) -> Self {
            Self(Arc::default(), reason)
        }

        /// From now on it has this much room.
        pub(crate) fn room(&self, bytes: usize) {
            self.0.lock().unwrap().0 = bytes;
        }

        pub(crate) fn bytes(&self) -> Vec<u8> {
            self.0.lock().unwrap().1.clone()
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.bytes()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (room, written) = &mut *self.0.lock().unwrap();
            let count = bytes.len().min(*room);
            if count == 0 {
                return Err(self.1.into());
            }
            *room -= count;
            written.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_readers_are_given_up_and_only_one_that_is_gone_misses_nothing() {
        let storage = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge, ErrorKind::Other];
        let readers = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::TimedOut];
        for reason in storage.into_iter().chain(readers) {
            let disk = Disk::refusing(reason);
            let mut outlet = Outlet::to(disk.clone());
            assert_eq!(outlet.write(b"one\n"), 0);
            assert_eq!(outlet.is_gone(), readers.contains(&reason) && reason != ErrorKind::TimedOut, "{reason}");
            disk.room(9);
            assert_eq!(outlet.write(b"two\n"), if readers.contains(&reason) { 0 } else { 4 }, "{reason}");
        }
    }
}
