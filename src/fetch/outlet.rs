//! What is written to as bytes come: standard output, a device, a pipe. Its
//! reader may be slow, or not there yet; Ctrl-C ends every wait for it.

use super::fault::cannot_write;
use super::interrupt::{Interrupt, OFTEN};
use crate::record::Failure;
use crate::record::transfer::Saved;
use rustix::event::PollFlags;
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::{Errno, ReadWriteFlags, pwritev2, write};
use std::fs;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much is gathered before it is written, in bytes.
const GATHERED: usize = 64 * 1024;
/// What a pipe that is ready takes without waiting, in bytes (PIPE_BUF).
const AT_ONCE: usize = 4096;
/// A wait that only the other end, or Ctrl-C, ends.
const LONG: Duration = Duration::from_secs(3600);

/// A way out.
pub(super) struct Outlet {
    end: End,
    interrupt: Arc<Interrupt>,
    gathered: Vec<u8>,
    /// What was written last.
    last: Option<u8>,
}

enum End {
    Stdout,
    /// Nothing was written yet.
    Named(PathBuf),
    Open(PathBuf, OwnedFd),
}

impl Outlet {
    pub(super) fn stdout(interrupt: Arc<Interrupt>) -> Self {
        Self::to(End::Stdout, interrupt)
    }

    pub(super) fn named(path: PathBuf, interrupt: Arc<Interrupt>) -> Self {
        Self::to(End::Named(path), interrupt)
    }

    /// `path`: what it was called.
    pub(super) fn opened(path: PathBuf, descriptor: OwnedFd, interrupt: Arc<Interrupt>) -> Self {
        Self::to(End::Open(path, descriptor), interrupt)
    }

    fn to(end: End, interrupt: Arc<Interrupt>) -> Self {
        Self { end, interrupt, gathered: Vec::new(), last: None }
    }

    pub(super) fn is_stdout(&self) -> bool {
        matches!(self.end, End::Stdout)
    }

    /// What was written does not end its line, on standard output.
    pub(super) fn is_mid_line(&self) -> bool {
        self.is_stdout() && self.last.is_some_and(|last| last != b'\n')
    }

    /// What became of what was written.
    pub(super) fn saved(&self) -> Saved {
        match &self.end {
            End::Stdout => Saved::Stdout,
            End::Named(_) => Saved::Dropped,
            End::Open(path, _) => Saved::File { path: path.clone(), resumed_at: 0, was_whole: false },
        }
    }

    /// Takes `bytes`, and writes them if they are many.
    ///
    /// # Errors
    /// If they can't be written, or Ctrl-C came first.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered. What could not be written is tried again next time, and nothing is written twice.
    ///
    /// # Errors
    /// If it can't be written, or Ctrl-C came first.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        self.open()?;
        let stdout = io::stdout();
        let descriptor = match &self.end {
            End::Open(_, descriptor) => descriptor.as_fd(),
            End::Stdout | End::Named(_) => stdout.as_fd(),
        };
        let (count, result) = put(descriptor, &self.gathered, &self.interrupt);
        self.last = self.gathered[..count].last().copied().or(self.last);
        self.gathered.drain(..count);
        result.map_err(|stop| match (stop, &self.end) {
            (Stop::Interrupted, _) => Failure::Interrupted,
            (Stop::Failed(error), End::Named(path) | End::Open(path, _)) => cannot_write(path, &error.into()),
            (Stop::Failed(Errno::PIPE), End::Stdout) => Failure::StdoutClosed,
            (Stop::Failed(error), End::Stdout) => Failure::Stdout(io::Error::from(error).into()),
        })
    }

    /// Opens what has a name, if that is not done yet: a pipe, once it has a reader.
    ///
    /// # Errors
    /// If it can't be opened, or Ctrl-C came first.
    pub(super) fn open(&mut self) -> Result<(), Failure> {
        let End::Named(path) = &self.end else { return Ok(()) };
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let descriptor = loop {
            match open(path, flags, Mode::empty()) {
                Ok(descriptor) => break descriptor,
                Err(Errno::INTR) => {}
                // Nobody reads it yet, and nothing tells when somebody does.
                Err(Errno::NXIO) if is_pipe(path) => {
                    self.interrupt.wait_for_any(&[], Instant::now() + OFTEN);
                    if self.interrupt.has_come() {
                        return Err(Failure::Interrupted);
                    }
                }
                Err(error) => return Err(cannot_write(path, &error.into())),
            }
        };
        self.end = End::Open(path.clone(), descriptor);
        Ok(())
    }
}

/// Why no more was written.
pub(super) enum Stop {
    Interrupted,
    Failed(Errno),
}

/// How much of `bytes` was written, and why not all. After Ctrl-C, what can be written without a wait still is.
pub(super) fn put(descriptor: BorrowedFd<'_>, bytes: &[u8], interrupt: &Interrupt) -> (usize, Result<(), Stop>) {
    let is_file = fstat(descriptor).is_ok_and(|stat| {
        matches!(FileType::from_raw_mode(stat.st_mode), FileType::RegularFile | FileType::BlockDevice)
    });
    let mut written = 0;
    while written < bytes.len() {
        let left = &bytes[written..];
        if !is_file && interrupt.wait(&descriptor, PollFlags::OUT, Instant::now() + LONG).is_empty() {
            if interrupt.has_come() {
                return (written, Err(Stop::Interrupted));
            }
            continue;
        }
        match if is_file { write(descriptor, left) } else { write_at_once(descriptor, left) } {
            Ok(count) => written += count,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return (written, Err(Stop::Failed(error))),
        }
    }
    (written, Ok(()))
}

/// Writes to what is ready for it, and waits for nothing: not by O_NONBLOCK, which
/// all who share the descriptor would have.
pub(super) fn write_at_once(descriptor: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    const NOT_SEEKING: u64 = u64::MAX;
    match pwritev2(descriptor, &[IoSlice::new(bytes)], NOT_SEEKING, ReadWriteFlags::NOWAIT) {
        // An older kernel, or a device that knows no such thing.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) => {
            write(descriptor, &bytes[..bytes.len().min(AT_ONCE)])
        }
        result => result,
    }
}

fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}
