//! The thin thread between serving and watching. Off, it is one branch.
//!
//! Reports travel through a pipe: a write of at most PIPE_BUF octets is whole
//! or not at all (pipe(7)), from any thread and from a forked child alike. A
//! datagram socket would drop after ten (net.unix.max_dgram_qlen). When the
//! pipe is full the report is dropped and counted; the exhibit is never stalled.

use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::log::Format;

/// One request and its answer, as the server saw them.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The client's address.
    pub client: IpAddr,
    /// When the request's head was complete.
    pub time: SystemTime,
    /// The request line as sent; empty where there was none.
    pub line: Vec<u8>,
    /// The answer's status.
    pub status: u16,
    /// Octets of body that were handed to the kernel.
    pub body_sent: u64,
    /// The request's `Referer`.
    pub referer: Vec<u8>,
    /// The request's `User-Agent`.
    pub user_agent: Vec<u8>,
}

/// Where reports go, if anywhere. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Probe(Option<Arc<Open>>);

#[derive(Debug)]
struct Open {
    format: Format,
    pipe: OwnedFd,
    dropped: AtomicU64,
}

impl Probe {
    /// A probe that reports to nobody.
    pub const OFF: Self = Self(None);

    /// A probe whose reports, as lines of `format`, come out of the descriptor.
    ///
    /// # Errors
    /// If there is no descriptor left for a pipe.
    pub(super) fn open(format: Format) -> io::Result<(Self, OwnedFd)> {
        let (reader, pipe) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        // Room for a burst; less, where the system grants less (pipe(7)), is a smaller burst.
        #[cfg(target_os = "linux")]
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, 1 << 20);
        Ok((Self(Some(Arc::new(Open { format, pipe, dropped: AtomicU64::new(0) }))), reader))
    }

    /// Whether anybody watches: reports need not be made up for nobody.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Reports an exchange that ended.
    pub fn exchange(&self, exchange: &Exchange) {
        let Some(open) = &self.0 else { return };
        let mut line = open.format.line(exchange);
        line.push('\n');
        self.write(line.as_bytes());
    }

    /// Writes one report, whole or not at all.
    pub(super) fn write(&self, report: &[u8]) {
        let Some(open) = &self.0 else { return };
        if rustix::io::write(&open.pipe, report).is_err() {
            open.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many reports found the pipe full.
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |open| open.dropped.load(Ordering::Relaxed))
    }
}
