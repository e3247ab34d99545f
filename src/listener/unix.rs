//! Listening on a path: a unix socket, which is a name in a folder, and what becomes of that name.
//!
//! ```text
//! nobody has it:  bind PATH                      ─▶ its mode, its owner ─▶ listen
//! in use,         bind PATH.new ─▶ its mode, its owner ─▶ listen ─▶ rename(2) over PATH:
//!   `replaces`      who connects meets the old one up to there, and the new one from there on
//! ```

use crate::sys::detached::keep_only;
use crate::sys::fork::{Fork, exit_child, fork};
use rustix::fs::{Access, FlockOperation, Mode, OFlags, access, fchmod, flock, fstat, open};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, setsid, waitpid};
use socket2::{Domain, SockAddr, Socket, Type};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, lchown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Behind the path of a socket that replaces another, until it has its name.
const NEW: &str = ".new";
/// How long another may hold the lock on the folder: ours hold it for some calls.
const LOCKED: Duration = Duration::from_secs(1);

/// A path to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnixPlace {
    /// The path.
    pub path: PathBuf,
    /// Who may connect: the socket's permissions.
    pub mode: u32,
    /// Whether it takes the name of a socket on which another server listens, which goes on serving
    /// those that had connected.
    pub replaces: bool,
    /// Whether proxies connect there, that first say who their client is (PROXY protocol).
    pub is_proxied: bool,
}

/// What lies in a socket's place, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Occupant {
    /// A folder.
    Directory,
    /// A symbolic link, wherever it leads.
    Link,
    /// Any other file.
    File,
}

/// Why nothing listens on a path.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoUnixSocket {
    /// Somebody listens there, or uses the socket otherwise.
    Taken,
    /// What is there is not a socket.
    Occupied(Occupant),
    /// It is longer than a socket's address can be (unix(7)).
    TooLong,
    /// The user that serves could not remove it at the end.
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

/// The name of a socket that listens, for its [`Remover`].
#[derive(Debug)]
pub struct Name {
    path: PathBuf,
    /// The file of that name (O_PATH): while it is held, no other one has its number.
    file: OwnedFd,
}

impl UnixPlace {
    /// A socket that listens there, and belongs to `owner` (user and group) if one is named. One
    /// that was left behind, on which nobody accepts, is replaced.
    ///
    /// # Errors
    /// If the path is not available. What is neither left behind nor to be replaced stays as it is.
    pub fn bind(&self, owner: Option<(u32, u32)>, backlog: i32) -> Result<(Socket, Name), NoUnixSocket> {
        // Of two who start at once, one waits until the other listens.
        let _locked = lock_folder(&self.path);
        match clear(&self.path) {
            Ok(()) => self.bind_at(&self.path, owner, backlog),
            Err(NoUnixSocket::Taken) if self.replaces => self.replace(owner, backlog),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, owner: Option<(u32, u32)>, backlog: i32) -> Result<(Socket, Name), NoUnixSocket> {
        let mut new = OsString::from(&self.path);
        new.push(NEW);
        let new = PathBuf::from(new);
        clear(&new)?;
        let (socket, name) = self.bind_at(&new, owner, backlog)?;
        if let Err(error) = fs::rename(&new, &self.path) {
            let _ = fs::remove_file(&new); // ours, and of no use
            return Err(error.into());
        }
        Ok((socket, Name { path: self.path.clone(), ..name }))
    }

    /// Where nothing is.
    fn bind_at(&self, path: &Path, owner: Option<(u32, u32)>, backlog: i32) -> Result<(Socket, Name), NoUnixSocket> {
        let address = SockAddr::unix(path).map_err(|_| NoUnixSocket::TooLong)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
        // Never more than that, also before the file mode creation mask is made up for.
        let mode = Mode::from_raw_mode(self.mode);
        fchmod(&socket, mode).map_err(io::Error::from)?;
        socket.bind(&address)?;
        let listens = || -> io::Result<Name> {
            fs::set_permissions(path, fs::Permissions::from_mode(self.mode))?;
            owner.map_or(Ok(()), |(user, group)| lchown(path, Some(user), Some(group)))?;
            socket.listen(backlog)?;
            Ok(Name { path: path.to_owned(), file: file_of(path)? })
        };
        match listens() {
            Ok(name) => Ok((socket, name)),
            Err(error) => {
                let _ = fs::remove_file(path); // ours, and of no use
                Err(NoUnixSocket::from(error))
            }
        }
    }
}

/// What a name stands for, be it a socket.
fn file_of(path: &Path) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
}

/// Device and number: no two files have both.
fn id_of(file: &OwnedFd) -> Option<(u64, u64)> {
    fstat(file).ok().map(|state| (state.st_dev, state.st_ino))
}

/// Removes the name, if it is still that of this file: another server may have its socket there by now.
fn remove(path: &Path, file: &OwnedFd) {
    let _locked = lock_folder(path);
    if file_of(path).is_ok_and(|there| id_of(&there) == id_of(file)) {
        let _ = fs::remove_file(path);
    }
}

/// The folder of a path, locked until it is closed; where that is not possible, it goes without.
fn lock_folder(path: &Path) -> Option<OwnedFd> {
    let folder = open(folder_of(path), OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY, Mode::empty()).ok()?;
    let begun = Instant::now();
    while let Err(error) = flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        if error != Errno::AGAIN || begun.elapsed() > LOCKED {
            return None;
        }
        sleep(LOCKED / 100);
    }
    Some(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes a socket that was left behind.
fn clear(path: &Path) -> Result<(), NoUnixSocket> {
    let address = SockAddr::unix(path).map_err(|_| NoUnixSocket::TooLong)?;
    let occupied = |occupant| Err(NoUnixSocket::Occupied(occupant));
    match fs::symlink_metadata(path).map(|state| state.file_type()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(kind) if kind.is_dir() => return occupied(Occupant::Directory),
        Ok(kind) if kind.is_symlink() => return occupied(Occupant::Link),
        Ok(kind) if !kind.is_socket() => return occupied(Occupant::File),
        Ok(_) => {}
    }
    let asker = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    match asker.connect(&address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(fs::remove_file(path)?),
        // Its queue is full, or it is not a stream: it is in use.
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
    /// Starts a process that removes the name at the end: the one that serves may be killed, and in its
    /// sandbox it removes nothing. It first becomes the user that serves, by `becomes`. Call it before
    /// the first thread begins.
    ///
    /// # Errors
    /// If the user that serves may remove nothing there (the name is then removed); if no process can be
    /// started.
    pub fn start(name: &Name, becomes: impl FnOnce() -> bool) -> Result<Self, NoUnixSocket> {
        let path = name.path.as_path();
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
                remove(&name.path, &name.file);
                Err(NoUnixSocket::NotRemovable)
            }
            Fork::Child => {
                drop(lives);
                let _ = setsid();
                let ours = id_of(&name.file);
                let mut end = UnixStream::from(keep_only(end.into()));
                // The parent holds its own until it has heard from here.
                let file = file_of(path).ok().filter(|file| id_of(file) == ours);
                let may_remove = becomes() && access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK).is_ok();
                if end.write_all(&[u8::from(may_remove)]).is_ok() && may_remove {
                    let _ = end.read(&mut [0]);
                    if let Some(file) = file {
                        remove(path, &file);
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
