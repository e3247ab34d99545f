//! The root folder, and opening beneath it: neither `..` nor a link leads out,
//! and nothing but a regular file is opened for reading.
//!
//! The kernel resolves a name beneath the root in one step (openat2(2),
//! RESOLVE_BENEATH), so there is no moment between check and opening in which a
//! link could be swapped. It refuses links with absolute targets even where
//! they lead back inside; those, and kernels without openat2, take the second
//! way: open what is there without reading it (O_PATH), ask the kernel where
//! that is, and judge by this.

use rustix::fs::{
    Access, AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, accessat, fstat, openat, openat2, statat,
};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often to try again when a rename elsewhere races with a `..` in a link (openat2(2), EAGAIN).
const RACES: usize = 64;

/// Why something beneath the root is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not there, or not to be seen: outside the root, or no file and no folder.
    NotFound,
    /// The root itself is not there.
    NoRoot,
    /// Its permissions forbid it.
    Forbidden,
    /// The root's permissions, or those on the way to it, forbid to enter it.
    NoEntry,
    /// Another folder lies where the root was, and the sandbox does not reach it.
    OutOfReach,
    /// Another program holds a lease on the file, and has been asked to give it up: for now.
    Held,
    /// The process or the system is out of descriptors or memory: for now.
    Exhausted,
    /// The memory that such responses may take together is taken: for now.
    NoRoom,
    /// A folder that has more names than a listing may hold.
    TooLarge,
    /// The file system failed.
    Failed,
    /// It may lie on storage that may hang: what serves others does not go there.
    Elsewhere,
}

/// How far names are followed by those that may not hang.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everywhere: no storage may hang, or nobody minds.
    #[default]
    Everywhere,
    /// Not where links lead out of the root: there is some, outside.
    Beneath,
    /// Nowhere but on the root's own mount: there is some beneath the root, or
    /// links may lead to it.
    OneMount,
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        match error {
            Errno::ACCESS | Errno::PERM => Self::Forbidden,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS => Self::Exhausted,
            // fcntl(2), "Leases": of an opening that does not wait. Races of names are settled where they occur.
            Errno::AGAIN => Self::Held,
            // Nothing of that name is here: none at all, none that may be (beyond
            // the root, a socket), or none that this file system could hold.
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::LOOP => Self::NotFound,
            Errno::XDEV | Errno::NXIO | Errno::NODEV | Errno::INVAL | Errno::ILSEQ => Self::NotFound,
            // IO, NOTCONN, STALE, TIMEDOUT, HOSTDOWN, …: nobody knows what is here, and
            // a mirror that gets a 404 would delete its copy.
            _ => Self::Failed,
        }
    }
}

/// What a name leads to.
pub(super) enum Destination {
    /// A regular file, open for reading, and its state when it was opened.
    File(Arc<File>, Stat),
    /// A folder, not yet opened for reading.
    Folder,
}

/// What tells one file or folder from all others: its device and its inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
    pub(super) fn of(state: &Stat) -> Self {
        Self(state.st_dev as u64, state.st_ino as u64)
    }
}

/// The folder that is served, opened.
#[derive(Clone, Debug)]
pub(super) struct Root {
    folder: Arc<OwnedFd>,
    follow_links: bool,
    reach: Reach,
}

impl Root {
    /// Opens `folder`; `follow_links` lets symbolic links lead out of it.
    ///
    /// # Errors
    /// If it is not there, no folder, or may not be entered.
    pub(super) fn open(folder: &Path, follow_links: bool) -> io::Result<Self> {
        let folder = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { folder: Arc::new(folder), follow_links, reach: Reach::Everywhere })
    }

    /// Whether names can be kept beneath it on this system: by openat2(2), or
    /// by what /proc says of a descriptor.
    pub(super) fn has_a_way_beneath(&self) -> bool {
        self.follow_links
            || self.open_beneath(b"", OFlags::PATH | OFlags::CLOEXEC).is_ok()
            || path_of(&self.folder).is_ok()
    }

    /// The same, within this reach.
    pub(super) fn within(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// Whether what lies in its folders may lie on another mount, and not be touched.
    pub(super) fn is_on_one_mount(&self) -> bool {
        self.reach == Reach::OneMount
    }

    /// Whether it is the same opening of the same folder.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.folder, &other.folder)
    }

    /// Its absolute path, as the kernel has it.
    pub(super) fn path(&self) -> Option<PathBuf> {
        path_of(&self.folder).ok()
    }

    /// Which folder it is: no other has both numbers while it is open.
    pub(super) fn identity(&self) -> Option<Identity> {
        fstat(&self.folder).ok().map(|state| Identity::of(&state))
    }

    /// Whether its permissions let this server enter it. A sandbox restricts opening only (landlock(7)).
    pub(super) fn may_be_entered(&self) -> bool {
        !matches!(statat(&self.folder, ".", AtFlags::empty()), Err(Errno::ACCESS))
    }

    /// Whether permissions let this server read what is called `name`, sandbox or not.
    pub(super) fn permits(&self, name: &[u8]) -> bool {
        accessat(&self.folder, relative(name), Access::READ_OK, AtFlags::empty()).is_ok()
    }

    /// The file or folder that is called `name`.
    pub(super) fn find(&self, name: &[u8]) -> Result<Destination, Refusal> {
        // First without opening it for reading: that alone can release a FIFO's
        // writer, rewind a tape or start a watchdog.
        let (place, is_reopenable) = self.locate(name)?;
        match FileType::from_raw_mode(fstat(&place)?.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return Ok(Destination::Folder),
            _ => return Err(Refusal::NotFound),
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = if is_reopenable { self.open_beneath(name, flags) } else { reopen(&place, flags) };
        let file = match opened {
            // A lease, or a race of names (openat2(2)): by the handle there is none.
            Err(Errno::AGAIN) if is_reopenable => match reopen(&place, flags) {
                Err(Errno::NOENT) => Err(Errno::AGAIN), // no /proc to open it by
                opened => opened,
            },
            opened => opened,
        }?;
        let state = fstat(&file)?;
        if FileType::from_raw_mode(state.st_mode) != FileType::RegularFile {
            return Err(Refusal::NotFound);
        }
        Ok(Destination::File(Arc::new(File::from(file)), state))
    }

    /// Opens the folder that is called `name`, to list it.
    pub(super) fn open_folder(&self, name: &[u8]) -> Result<OwnedFd, Refusal> {
        let (place, _) = self.locate(name)?;
        Ok(openat(&place, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// The state of what `name` leads to, links followed as [`Root::find`] does.
    pub(super) fn state(&self, name: &[u8]) -> Result<Stat, Refusal> {
        let (place, _) = self.locate(name)?;
        Ok(fstat(place)?)
    }

    /// The state of what lies at `name`, wherever links lead: only good to see
    /// whether a file that was found before is still the one.
    pub(super) fn glance(&self, name: &[u8]) -> Option<Stat> {
        match self.reach {
            Reach::Everywhere | Reach::Beneath => statat(&self.folder, relative(name), AtFlags::empty()).ok(),
            Reach::OneMount => fstat(self.open_beneath(name, OFlags::PATH | OFlags::CLOEXEC).ok()?).ok(),
        }
    }

    /// A handle on what `name` leads to, and whether the first way led there.
    fn locate(&self, name: &[u8]) -> Result<(OwnedFd, bool), Refusal> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match self.open_beneath(name, flags) {
            Ok(place) => Ok((place, true)),
            // Beyond the root, or the mount (openat2(2)); or nobody can tell.
            Err(Errno::XDEV | Errno::NOSYS | Errno::PERM | Errno::AGAIN) if self.reach != Reach::Everywhere => {
                Err(Refusal::Elsewhere)
            }
            Err(Errno::XDEV | Errno::NOSYS | Errno::PERM | Errno::AGAIN) if !self.follow_links => {
                let place =
                    openat(&self.folder, relative(name), flags, Mode::empty()).map_err(|error| match error.into() {
                        // What is forbidden may lie outside, which must not be revealed.
                        Refusal::Forbidden => Refusal::NotFound,
                        refusal => refusal,
                    })?;
                if is_beneath(&place, &self.folder) { Ok((place, false)) } else { Err(Refusal::NotFound) }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn open_beneath(&self, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.follow_links && self.reach != Reach::OneMount {
            return openat(&self.folder, relative(name), flags, Mode::empty());
        }
        let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        if self.reach == Reach::OneMount {
            resolve.remove(if self.follow_links { resolve } else { ResolveFlags::empty() });
            resolve |= ResolveFlags::NO_XDEV;
        }
        // An opening for reading fails so for a lease, too, and would break it each time.
        let tries = if flags.contains(OFlags::PATH) { RACES } else { 1 };
        for _ in 1..tries {
            match openat2(&self.folder, relative(name), flags, Mode::empty(), resolve) {
                Err(Errno::AGAIN) => {}
                opened => return opened,
            }
        }
        openat2(&self.folder, relative(name), flags, Mode::empty(), resolve)
    }
}

fn relative(name: &[u8]) -> &[u8] {
    if name.is_empty() { b"." } else { name }
}

/// Whether `place` lies beneath `folder`, by the kernel's own word for both.
fn is_beneath(place: &OwnedFd, folder: &OwnedFd) -> bool {
    match (path_of(place), path_of(folder)) {
        (Ok(place), Ok(folder)) => place.starts_with(folder),
        _ => false,
    }
}

fn path_of(fd: &OwnedFd) -> io::Result<PathBuf> {
    std::fs::read_link(proc_path(fd))
}

/// Opens for reading exactly what `place` stands for.
fn reopen(place: &OwnedFd, flags: OFlags) -> Result<OwnedFd, Errno> {
    rustix::fs::open(proc_path(place), flags, Mode::empty())
}

fn proc_path(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}
