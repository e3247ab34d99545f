//! The files that a helper keeps open: while a response is under way, its file,
//! so that it is sent from one version, whatever takes its place meanwhile.

use super::message::FileOf;
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::process::{Resource, getrlimit};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

/// Files that are kept for responses, at most; and no more than half the descriptors there may be.
const MOST_LEASED: usize = 256;
/// Files beyond that, between one piece and the next.
const KEPT_OPEN: usize = 8;

/// The files, open.
pub(super) struct OpenFiles {
    most_leased: usize,
    leased: Vec<(u64, Arc<File>)>,
    /// Those for which there was no lease: the last ones that were read.
    others: Vec<(FileOf, Arc<File>)>,
}

impl OpenFiles {
    /// None yet.
    pub(super) fn new() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |most| most as usize);
        Self { most_leased: MOST_LEASED.min(descriptors / 2), leased: Vec::new(), others: Vec::new() }
    }

    /// Keeps `file` for the pieces to come; another helper finds it by what is returned.
    pub(super) fn keep(&mut self, file: Arc<File>, lease: Option<u64>) -> Option<FileOf> {
        let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
        let of = named(path.into_os_string().into_vec(), &file)?;
        self.put(of.clone(), file, lease);
        Some(of)
    }

    /// The file of this lease, reopened if it has to be.
    pub(super) fn file(&mut self, lease: u64, of: &FileOf) -> io::Result<Arc<File>> {
        if let Some((_, file)) = self.leased.iter().find(|(number, _)| *number == lease) {
            return Ok(Arc::clone(file));
        }
        if let Some((_, file)) = self.others.iter().find(|(other, _)| other == of) {
            return Ok(Arc::clone(file));
        }
        let file = reopen(of)?;
        self.put(of.clone(), Arc::clone(&file), Some(lease));
        Ok(file)
    }

    /// Closes the files of these leases.
    pub(super) fn release(&mut self, leases: &[u64]) {
        self.leased.retain(|(number, _)| !leases.contains(number));
    }

    /// Nothing is asked: mounts can be left, and deleted files go, but for those under a lease.
    pub(super) fn rest(&mut self) {
        self.others.clear();
    }

    fn put(&mut self, of: FileOf, file: Arc<File>, lease: Option<u64>) {
        match lease {
            Some(number) if self.leased.len() < self.most_leased => self.leased.push((number, file)),
            _ => {
                self.others.retain(|(other, _)| *other != of);
                if self.others.len() == KEPT_OPEN {
                    self.others.remove(0);
                }
                self.others.push((of, file));
            }
        }
    }
}

#[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
fn named(path: Vec<u8>, file: &File) -> Option<FileOf> {
    let state = fstat(file).ok()?;
    let times = [state.st_mtime as i64, state.st_mtime_nsec as i64, state.st_ctime as i64, state.st_ctime_nsec as i64];
    let [modified, modified_nsec, changed, changed_nsec] = times;
    let device = state.st_dev as u64;
    Some(FileOf { path, device, state: [state.st_size as i64, modified, modified_nsec, changed, changed_nsec] })
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
        Some(found) if of.is(&found) => Ok(Arc::new(file)),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}
