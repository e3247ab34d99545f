//! Listening on a path: a unix socket, which is a name in a folder, and what becomes of that name.

use crate::sys::detached::keep_only;
use crate::sys::fork::{Fork, exit_child, fork};
use rustix::fs::{Access, FlockOperation, Mode, OFlags, access, fchmod, flock, open};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, setsid, waitpid};
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// A path to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixPlace {
    /// The path.
    pub path: PathBuf,
    /// Who may connect: the socket's permissions.
    pub mode: u32,
    /// Whether proxies connect there, that first say who their client is (PROXY protocol).
    pub is_proxied: bool,
}

/// Why nothing listens on a path.
#[derive(Debug)]
pub enum NoUnixSocket {
    /// Somebody listens there, or uses the socket otherwise.
    Taken,
    /// There is a file that is no socket.
    OtherFile,
    /// It is longer than a socket's address can be (unix(7)).
    TooLong,
    /// Who serves could not remove it in the end.
    NotRemovable,
    /// The system's error.
    Other(io::Error),
}

impl From<io::Error> for NoUnixSocket {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::Taken,
            _ => Self::Other(error),
        }
    }
}

impl UnixPlace {
    /// A socket that listens there, and belongs to `owner` (user and group) if one is named. One
    /// that was left behind, on which nobody accepts, is replaced.
    ///
    /// # Errors
    /// If the path is not to be had. What is no left-behind socket stays as it is.
    pub fn bind(&self, owner: Option<(u32, u32)>, backlog: i32) -> Result<Socket, NoUnixSocket> {
        let address = SockAddr::unix(&self.path).map_err(|_| NoUnixSocket::TooLong)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
        // Of two who start at once, one waits until the other listens.
        let _locked = lock_folder(&self.path);
        clear(&self.path, &address)?;
        // Never more than that, also before the file mode creation mask is made up for.
        let mode = Mode::from_raw_mode(self.mode);
        fchmod(&socket, mode).map_err(io::Error::from)?;
        socket.bind(&address)?;
        let listens = || {
            fs::set_permissions(&self.path, fs::Permissions::from_mode(self.mode))?;
            owner.map_or(Ok(()), |(user, group)| lchown(&self.path, Some(user), Some(group)))?;
            socket.listen(backlog)
        };
        if let Err(error) = listens() {
            let _ = fs::remove_file(&self.path); // ours, and of no use
            return Err(error.into());
        }
        Ok(socket)
    }
}

/// The folder of a path, locked until it is closed; where that is not possible, it goes without.
fn lock_folder(path: &Path) -> Option<OwnedFd> {
    let folder = open(folder_of(path), OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY, Mode::empty()).ok()?;
    flock(&folder, FlockOperation::LockExclusive).ok()?;
    Some(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes a socket that was left behind.
fn clear(path: &Path, address: &SockAddr) -> Result<(), NoUnixSocket> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(state) if !state.file_type().is_socket() => return Err(NoUnixSocket::OtherFile),
        Ok(_) => {}
    }
    let asker = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    match asker.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(fs::remove_file(path)?),
        // Its queue is full, or it is no stream: somebody has it.
        Ok(()) => Err(NoUnixSocket::Taken),
        Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::AGAIN | Errno::PROTOTYPE)) => {
            Err(NoUnixSocket::Taken)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes a socket's name when this goes, or the process that has it.
#[derive(Debug)]
pub struct Remover {
    /// Its end is what the removing process waits for.
    lives: Option<UnixStream>,
    process: Pid,
}

impl Remover {
    /// A process of its own that removes the name in the end: the one that serves may be killed, and in its
    /// sandbox it removes nothing. It first becomes who serves, by `becomes`. Before the first thread begins.
    ///
    /// # Errors
    /// If who serves may remove nothing there, and then the name is gone; if there is no process to be had.
    pub fn start(path: &Path, becomes: impl FnOnce() -> bool) -> Result<Self, NoUnixSocket> {
        let id = |state: fs::Metadata| (state.dev(), state.ino());
        let ours = id(fs::symlink_metadata(path)?);
        let (mut lives, end) = UnixStream::pair()?;
        match fork()? {
            Fork::Parent(process) => {
                drop(end);
                let mut may_remove = [0];
                let is_known = lives.read_exact(&mut may_remove).is_ok();
                let remover = Self { lives: Some(lives), process };
                if is_known && may_remove == [1] {
                    return Ok(remover);
                }
                drop(remover);
                let _ = fs::remove_file(path);
                Err(NoUnixSocket::NotRemovable)
            }
            Fork::Child => {
                drop(lives);
                let _ = setsid();
                let mut end = UnixStream::from(keep_only(end.into()));
                let may_remove = becomes() && access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK).is_ok();
                if end.write_all(&[u8::from(may_remove)]).is_ok() && may_remove {
                    let _ = end.read(&mut [0]);
                    // Another server may have its socket there by now.
                    if fs::symlink_metadata(path).is_ok_and(|state| id(state) == ours) {
                        let _ = fs::remove_file(path);
                    }
                }
                exit_child()
            }
        }
    }
}

impl Drop for Remover {
    fn drop(&mut self) {
        self.lives = None;
        // Then the name is gone.
        let _ = waitpid(Some(self.process), WaitOptions::empty());
    }
}
