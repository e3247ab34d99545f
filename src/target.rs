//! What FILE names: a file that is replaced once its successor is whole, or
//! what is written to as bytes come.

use rustix::fs::{Access, FileType, fstat, major};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How many symbolic links in a row are followed, as by the kernel (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// The major number of devices that keep nothing: null, zero, full (null(4)).
const MEMORY_DEVICES: u32 = 1;

/// What a name leads to.
pub(crate) enum Target {
    /// A regular file, or none yet: what a link names, not the link.
    File(PathBuf),
    /// A device or a pipe.
    Direct(PathBuf),
    /// A descriptor of this process, as /dev/stdout is: who else has it goes on behind what is written.
    Descriptor(PathBuf, OwnedFd),
}

impl Target {
    /// What `path` leads to.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub(crate) fn find(path: &Path) -> io::Result<Self> {
        let mut name = path.to_owned();
        for _ in 0..MOST_LINKS {
            match descriptor(&name) {
                Some(Ok(descriptor)) => return Ok(Self::Descriptor(path.to_owned(), descriptor)),
                Some(Err(_)) => return Ok(Self::Direct(name)),
                None => {}
            }
            match fs::read_link(&name) {
                Ok(link) => name = name.parent().unwrap_or(Path::new("")).join(link),
                Err(_) => return Self::named(name),
            }
        }
        Err(Errno::LOOP.into())
    }

    /// The file that writing to `path` would put another in the place of, under the one name that all
    /// links to it share; `None`: what is written there stays behind what was there before.
    pub(crate) fn replaced(path: &Path) -> Option<PathBuf> {
        let Ok(Self::File(path)) = Self::find(path) else { return None };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
    }

    fn named(path: PathBuf) -> io::Result<Self> {
        let Ok(metadata) = fs::metadata(&path) else { return Ok(Self::File(path)) };
        if metadata.is_dir() {
            return Err(Errno::ISDIR.into());
        }
        rustix::fs::access(&path, Access::WRITE_OK)?;
        Ok(if metadata.is_file() { Self::File(path) } else { Self::Direct(path) })
    }
}

/// The descriptor that `name` stands for, as in /dev/fd/3; `None`: for none. An error: it is not ours, and its name
/// can be opened, but leads to no name to follow (proc_pid_fd(5)).
fn descriptor(name: &Path) -> Option<io::Result<OwnedFd>> {
    let number: i32 = name.file_name()?.to_str()?.parse().ok()?;
    let folder = fs::canonicalize(name.parent()?).ok()?;
    if !(folder.starts_with("/proc") && folder.ends_with("fd")) {
        return None;
    }
    let is_own = ["/proc/self/fd", "/proc/thread-self/fd"]
        .iter()
        .any(|own| fs::canonicalize(own).is_ok_and(|own| own == folder));
    Some(match (is_own, number) {
        (false, _) => Err(io::ErrorKind::Unsupported.into()),
        (true, 1) => io::stdout().as_fd().try_clone_to_owned(),
        (true, 2) => io::stderr().as_fd().try_clone_to_owned(),
        (true, _) => own(number).map_err(Into::into),
    })
}

/// Another name for a descriptor that is known by its number alone.
fn own(number: i32) -> Result<OwnedFd, Errno> {
    pidfd_getfd(pidfd_open(getpid(), PidfdFlags::empty())?, number, PidfdGetfdFlags::empty())
}

/// Where something is written.
#[derive(Default)]
pub(crate) struct Sink {
    /// Under which names, where that takes the place of what has them.
    names: Vec<PathBuf>,
    /// What is there now, by device and number.
    files: Vec<(u64, u64)>,
}

/// By which two of one kind have one place.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    Name(PathBuf),
    File(u64, u64),
}

impl Sink {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        Self::open(io::stdout())
    }

    /// What `path` leads to, and what else is written with it under these names.
    pub(crate) fn at(path: &Path, names: impl Fn(PathBuf) -> Vec<PathBuf>) -> Self {
        match Target::find(path) {
            Ok(Target::File(_)) => {
                let names = Target::replaced(path).map(names).unwrap_or_default();
                let files = names.iter().filter_map(|name| name.metadata().ok());
                let files = files.map(|file| (file.dev(), file.ino())).collect();
                Self { names, files }
            }
            Ok(Target::Descriptor(_, descriptor)) => Self::open(descriptor),
            Ok(Target::Direct(path)) => rustix::fs::stat(&path).map(|stat| Self::behind(&stat)).unwrap_or_default(),
            Err(_) => Self::default(), // to be said once it is written to
        }
    }

    fn open(descriptor: impl AsFd) -> Self {
        fstat(descriptor).map(|stat| Self::behind(&stat)).unwrap_or_default()
    }

    fn behind(stat: &rustix::fs::Stat) -> Self {
        let is_device = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
        let keeps_nothing = is_device && major(stat.st_rdev) == MEMORY_DEVICES;
        Self { names: vec![], files: if keeps_nothing { vec![] } else { vec![(stat.st_dev, stat.st_ino)] } }
    }

    /// Whether one of them would be written into the other, or put in its place.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match self.names.is_empty() || other.names.is_empty() {
            true => self.files.iter().any(|file| other.files.contains(file)),
            false => self.names.iter().any(|name| other.names.contains(name)),
        }
    }

    /// By what it is known.
    pub(crate) fn marks(self) -> Vec<Mark> {
        match self.names.is_empty() {
            true => self.files.into_iter().map(|(device, number)| Mark::File(device, number)).collect(),
            false => self.names.into_iter().map(Mark::Name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_leads_on_until_something_can_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let found = |name: &str| Target::find(&at(name));
        symlink("nowhere", at("dangling")).expect("a link");
        symlink("dangling", at("twice")).expect("a link");
        symlink("loop", at("loop")).expect("a link");
        symlink(".", at("folder")).expect("a link");
        symlink("/dev/null", at("null")).expect("a link");
        symlink("/dev/stdout", at("out")).expect("a link");
        assert!(matches!(found("new"), Ok(Target::File(path)) if path == at("new")));
        for name in ["dangling", "twice"] {
            assert!(matches!(found(name), Ok(Target::File(path)) if path == at("nowhere")));
        }
        for name in ["loop", "folder"] {
            assert!(found(name).is_err(), "{name}");
        }
        assert!(matches!(found("null"), Ok(Target::Direct(path)) if path == Path::new("/dev/null")));
        assert!(matches!(found("out"), Ok(Target::Descriptor(path, _)) if path == at("out")));
        assert!(matches!(Target::find(Path::new("/dev/fd/0")), Ok(Target::Descriptor(..))));
        assert!(matches!(Target::find(Path::new("/proc/1/fd/0")), Ok(Target::Direct(_) | Target::File(_)) | Err(_)));
    }
}
