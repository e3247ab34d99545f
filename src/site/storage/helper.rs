//! A process that touches files on storage that may hang, so that nobody else has to.

use super::message::{Ask, FileOf, HelperBody, HelperResponse, read, read_behind, with_request, write};
use crate::handler::{Body, Handler};
use crate::site::listing::Budget;
use crate::sys::detached::keep_only;
use crate::sys::fork::{Fork, exit_child, fork};
use bytes::Bytes;
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Files that a helper keeps open between pieces, and for how long it does
/// while nothing is asked: then mounts can be left, and deleted files go.
const KEPT_OPEN: usize = 8;
const AT_REST: Duration = Duration::from_secs(1);

/// The most that is read of a file whose size says nothing, in bytes.
const MOST_UNMEASURED: u64 = 8 << 20;

/// A helper, as the server sees it.
#[derive(Debug)]
pub(super) struct Helper {
    socket: UnixStream,
    pub(super) process: Pid,
}

impl Helper {
    /// Forks a helper of `site`. It has nothing of this process's but its end of a socket.
    ///
    /// # Errors
    /// If no process can be started, or there is no descriptor left.
    pub(super) fn fork(site: &dyn Handler) -> io::Result<Self> {
        let (ours, its) = UnixStream::pair()?;
        match fork()? {
            Fork::Parent(process) => Ok(Self { socket: ours, process }),
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
        read(&mut self.socket, budget)
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
    let mut open: Vec<(FileOf, Arc<File>)> = Vec::new();
    socket.set_read_timeout(Some(AT_REST))?;
    loop {
        let mut lengths = [0; 12];
        match socket.read(&mut lengths[..1]) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                open.clear();
                continue;
            }
            Err(error) => return Err(error),
        }
        socket.read_exact(&mut lengths[1..])?;
        let (ask, _) = read_behind(lengths, &mut socket, None)?;
        let (response, payload) = match ask {
            Ask::Respond { is_head, path, query, fields } => {
                let response = with_request(is_head, &path, query.as_deref(), &fields, |request| site.handle(request));
                let (body, payload) = match response.body {
                    Body::Bytes(bytes) => (Some(HelperBody::Payload), bytes),
                    Body::File { file, offset, length, .. } => {
                        let body = keep(&mut open, file).map(|file| HelperBody::File { file, offset, length });
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
            Ask::Read { file, offset, most } => match piece(&mut open, &file, offset, most) {
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

/// Keeps `file` for the pieces to come; another helper finds it by what is given.
fn keep(open: &mut Vec<(FileOf, Arc<File>)>, file: Arc<File>) -> Option<FileOf> {
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    let of = named(path.into_os_string().into_vec(), &file)?;
    open.retain(|(other, _)| *other != of);
    if open.len() == KEPT_OPEN {
        open.remove(0);
    }
    open.push((of.clone(), file));
    Some(of)
}

#[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
fn named(path: Vec<u8>, file: &File) -> Option<FileOf> {
    let state = fstat(file).ok()?;
    Some(FileOf { path, device: state.st_dev as u64, inode: state.st_ino as u64 })
}

fn piece(open: &mut Vec<(FileOf, Arc<File>)>, of: &FileOf, offset: u64, most: u32) -> io::Result<Bytes> {
    let kept = open.iter().find(|(other, _)| other == of).map(|(_, file)| Arc::clone(file));
    let file = match kept {
        Some(file) => file,
        None => {
            let file = reopen(of)?;
            keep(open, Arc::clone(&file));
            file
        }
    };
    let mut bytes = vec![0; most as usize];
    let count = file.read_at(&mut bytes, offset)?;
    bytes.truncate(count);
    Ok(bytes.into())
}

/// Opens the very file that was served, if it still lies where it lay: that it
/// may be served was judged when it was found, and is a matter of which it is.
fn reopen(of: &FileOf) -> io::Result<Arc<File>> {
    let place = rustix::fs::open(&*of.path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&place)?.st_mode) != FileType::RegularFile {
        return Err(io::ErrorKind::NotFound.into());
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(&*of.path, flags, Mode::empty())?);
    match named(of.path.clone(), &file) {
        Some(found) if found == *of => Ok(Arc::new(file)),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}
