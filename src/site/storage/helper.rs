//! A process that touches files on storage that may hang, so that nobody else has to.

use super::message::{Ask, FileOf, HelperBody, HelperResponse, read, read_behind, with_request, write};
use super::open_files::OpenFiles;
use crate::handler::{Body, Handler};
use crate::site::listing::Budget;
use crate::sys::detached::keep_only;
use crate::sys::fork::{Fork, exit_child, fork};
use bytes::Bytes;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For how long a helper keeps open, while nothing is asked, what no lease is on.
const AT_REST: Duration = Duration::from_secs(1);

/// The most that is read of a file whose size says nothing, in bytes.
const MOST_UNMEASURED: u64 = 8 << 20;

/// A helper, as the server sees it.
#[derive(Debug)]
pub(super) struct Helper {
    socket: UnixStream,
    pub(super) process: Pid,
    /// Where its files lie; it has those of one mount only.
    pub(super) mount: u64,
    /// The responses under way whose files it keeps open.
    pub(super) leases: Vec<u64>,
    /// Since when it has nothing to do.
    pub(super) rested: Instant,
}

impl Helper {
    /// Forks a helper of `site`. It has nothing of this process's but its end of a socket.
    ///
    /// # Errors
    /// If no process can be started, or there is no descriptor left.
    pub(super) fn fork(site: &dyn Handler) -> io::Result<Self> {
        let (ours, its) = UnixStream::pair()?;
        match fork()? {
            Fork::Parent(process) => {
                Ok(Self { socket: ours, process, mount: 0, leases: Vec::new(), rested: Instant::now() })
            }
            Fork::Child => {
                let socket = keep_only(OwnedFd::from(its)).into();
                let _ = catch_unwind(AssertUnwindSafe(|| serve(socket, site)));
                exit_child()
            }
        }
    }

    /// Asks, and waits for the reply, however long that takes: this thread
    /// sleeps in a read of a socket, which keeps no process from ending.
    pub(super) fn ask(&mut self, ask: &Ask, budget: &Arc<Budget>) -> io::Result<(HelperResponse, Bytes)> {
        write(&mut self.socket, ask, &[])?;
        let (response, payload) = read(&mut self.socket, budget)?;
        let lease = match (ask, &response) {
            (Ask::Respond { lease, .. }, HelperResponse::Response { body: HelperBody::File { .. }, .. }) => *lease,
            (Ask::Read { lease, .. }, HelperResponse::Piece) => Some(*lease),
            _ => None,
        };
        self.leases.extend(lease.filter(|lease| !self.leases.contains(lease)));
        Ok((response, payload))
    }

    /// Has it close the files of these leases, and does not wait for that.
    pub(super) fn release(&mut self, leases: Vec<u64>) -> io::Result<()> {
        self.leases.retain(|lease| !leases.contains(lease));
        write(&mut self.socket, &Ask::Release { leases }, &[])
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It is at rest, or has ended: so it is gone in a moment, and is waited for.
        let _ = kill_process(self.process, Signal::KILL);
        let _ = waitpid(Some(self.process), WaitOptions::empty());
    }
}

/// The helper's life: until the server closes its end.
fn serve(mut socket: UnixStream, site: &dyn Handler) -> io::Result<()> {
    let mut open = OpenFiles::new();
    socket.set_read_timeout(Some(AT_REST))?;
    loop {
        let mut lengths = [0; 12];
        match socket.read(&mut lengths[..1]) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                open.rest();
                continue;
            }
            Err(error) => return Err(error),
        }
        socket.read_exact(&mut lengths[1..])?;
        let (ask, _) = read_behind(lengths, &mut socket, None)?;
        let (response, payload) = match ask {
            Ask::Respond { is_head, path, query, fields, lease } => {
                let response = with_request(is_head, &path, query.as_deref(), &fields, |request| site.handle(request));
                let (body, payload) = match response.body {
                    Body::Bytes(bytes) => (Some(HelperBody::Payload), bytes),
                    Body::File { file, offset, length, .. } => {
                        let body = open.keep(file, lease).map(|file| HelperBody::File { file, offset, length });
                        (body, Bytes::new())
                    }
                    // Nobody has measured it: it is read here, to its end.
                    Body::Stream(source) => match read_whole(source) {
                        Ok(bytes) => (Some(HelperBody::Payload), bytes),
                        Err(_) => (None, Bytes::new()),
                    },
                    Body::Pieces(..) => (None, Bytes::new()), // a site without storage has none
                };
                let response = body.map_or(HelperResponse::Failed, |body| HelperResponse::Response {
                    status: response.status.code(),
                    headers: response.headers.as_bytes().to_vec(),
                    resource: response.resource.as_deref().map(str::to_owned),
                    refused: response.refused,
                    body,
                });
                (response, payload)
            }
            Ask::Release { leases } => {
                open.release(&leases);
                continue;
            }
            Ask::Read { lease, file, offset, most } => match piece(&mut open, lease, &file, offset, most) {
                Ok(piece) => (HelperResponse::Piece, piece),
                Err(_) => (HelperResponse::Failed, Bytes::new()),
            },
        };
        write(&mut socket, &response, &payload)?;
    }
}

fn read_whole(source: impl Read) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    let length = source.take(MOST_UNMEASURED + 1).read_to_end(&mut bytes)?;
    if length as u64 > MOST_UNMEASURED { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.into()) }
}

fn piece(open: &mut OpenFiles, lease: u64, of: &FileOf, offset: u64, most: u32) -> io::Result<Bytes> {
    let file = open.file(lease, of)?;
    let mut bytes = vec![0; most as usize];
    let count = file.read_at(&mut bytes, offset)?;
    bytes.truncate(count);
    Ok(bytes.into())
}
