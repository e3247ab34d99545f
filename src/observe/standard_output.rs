//! Standard output for a log: its reader may be slow while the server runs, but
//! can't hold it up for ever when it ends.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fstat};
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How often a write that waits looks whether the server ends.
const LOOK: Duration = Duration::from_millis(50);

/// How long a reader may read nothing when the server ends.
const PATIENCE: Duration = Duration::from_secs(1);

/// When the server began to end: the process has one standard output.
static END: OnceLock<Instant> = OnceLock::new();

/// The server ends: from now on no wait for the reader is for ever.
pub(crate) fn end() {
    // It has been said before: that holds.
    let _ = END.set(Instant::now());
}

/// Standard output, unbuffered. Its writes fail with [`io::ErrorKind::TimedOut`]
/// when the server ends and the reader does not read.
#[derive(Debug)]
pub struct StandardOutput {
    out: io::Stdout,
    never_waits: bool,
}

impl StandardOutput {
    /// Standard output, from now on written by nobody else.
    pub fn new() -> Self {
        let out = io::stdout();
        let never_waits = fstat(&out).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        Self { out, never_waits }
    }

    fn wait_for_room(&self) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let left = END.get().map_or(LOOK, |end| PATIENCE.saturating_sub(begun.max(*end).elapsed()).min(LOOK));
            match poll(&mut [PollFd::new(&self.out, PollFlags::OUT)], Timespec::try_from(left).ok().as_ref()) {
                Ok(0) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether a log can be written at all: not where standard output is open for reading alone, or
/// its disk is full already.
///
/// # Errors
/// Then.
pub fn check() -> io::Result<()> {
    let out = io::stdout();
    let mode = rustix::fs::fcntl_getfl(&out)? & OFlags::ACCMODE;
    if mode == OFlags::RDONLY {
        return Err(Errno::BADF.into());
    }
    let is_file = fstat(&out).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    let is_full = is_file && rustix::fs::fstatvfs(&out).is_ok_and(|disk| disk.f_blocks > 0 && disk.f_bavail == 0);
    if is_full { Err(Errno::NOSPC.into()) } else { Ok(()) }
}

impl Default for StandardOutput {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.never_waits {
            return Ok(rustix::io::write(&self.out, bytes)?);
        }
        self.wait_for_room()?;
        // So much finds room in a pipe that has any (pipe(7)).
        Ok(rustix::io::write(&self.out, &bytes[..bytes.len().min(PIPE_BUF)])?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
