//! Where the root is: a path, opened anew whenever another folder may lie there.
//!
//! A build removes its folder and makes another, a deploy points a link
//! elsewhere, a file system is mounted over it: the path stays, and what was
//! opened before is the old one. So what serves keeps the path; a descriptor is
//! opened for a request, or kept by an event loop while requests come, and
//! compared with what lies at the path (device and inode: while it is open, no
//! other folder can get its inode).

use super::mounts::SlowMounts;
use super::root::{Identity, Reach, Refusal, Root};
use crate::language::sentence::both;
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The path of the folder that is served.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    follow_links: bool,
    /// Where it really was when serving began: the path may hold links.
    resolved: PathBuf,
    /// The folder that lay there when a sandbox closed around it, if one did.
    confined: OnceLock<Option<Identity>>,
}

impl Place {
    /// The place of `folder`; `follow_links` lets symbolic links lead out of it.
    ///
    /// # Errors
    /// If there is no folder, it may not be entered, or this system can't tell
    /// what lies beneath it.
    pub(super) fn of(folder: &Path, follow_links: bool) -> io::Result<Self> {
        let (path, resolved, confined) = (folder.to_owned(), folder.to_owned(), OnceLock::new());
        let mut place = Self { path, follow_links, resolved, confined };
        let root = place.open()?;
        place.resolved = root.path().unwrap_or(place.resolved);
        if !root.has_a_way_beneath() {
            let sentence = both!(
                "this system has no way to keep names beneath a folder: openat2(2) is missing or forbidden, and \
                 /proc is not mounted; mount /proc, or use Linux 5.6 or later",
                "이 시스템에서는 이름을 폴더 안에 가둘 방법이 없습니다. openat2(2)가 없거나 막혀 있고 /proc도 \
                 마운트되어 있지 않습니다. /proc를 마운트하거나 Linux 5.6 이상을 쓰세요"
            );
            return Err(io::Error::new(io::ErrorKind::Unsupported, sentence));
        }
        // The working directory may be replaced, too: its path is kept, if that leads to it.
        let given = std::mem::replace(&mut place.path, std::path::absolute(folder).unwrap_or_default());
        if !place.leads_to(root.identity()) {
            place.path = given;
        }
        Ok(place)
    }

    /// Opens the folder that lies there now.
    pub(super) fn open(&self) -> io::Result<Root> {
        Root::open(&self.path, self.follow_links)
    }

    /// The same, for a request: a root that is missing is no file that is missing.
    pub(super) fn find(&self) -> Result<Root, Refusal> {
        self.open().map_err(|error| match Errno::from_io_error(&error).map_or(Refusal::Failed, Refusal::from) {
            Refusal::NotFound => Refusal::NoRoot,
            Refusal::Forbidden => Refusal::NoEntry,
            refusal => refusal,
        })
    }

    /// Its path, and the one without links.
    pub(super) fn paths(&self) -> [&Path; 2] {
        [&self.path, &self.resolved]
    }

    /// A sandbox has closed around the folder that lies there now.
    pub(super) fn is_confined(&self) {
        // Once is enough: of two sandboxes the first was around it.
        let _ = self.confined.set(self.open().ok().and_then(|root| root.identity()));
    }

    /// Whether `root`, which lies there, is another folder than the one around which the sandbox is, out of
    /// its reach: it can't be read though its permissions let it be.
    pub(super) fn is_out_of_reach(&self, root: &Root) -> bool {
        self.is_another(root) && matches!(root.open_folder(b""), Err(Refusal::Forbidden)) && root.permits(b"")
    }

    /// Why `name` beneath what lies there may not be read.
    pub(super) fn why_forbidden(&self, name: &[u8]) -> Refusal {
        let root = match self.find() {
            Ok(root) => root,
            Err(refusal) => return refusal,
        };
        if !root.may_be_entered() {
            return Refusal::NoEntry;
        }
        // One that may be entered and not read: what lies in it shows whether it is in reach.
        let is_beyond = |name| self.is_another(&root) && root.open_folder(b"").is_err() && root.permits(name);
        if is_beyond(b"") || is_beyond(name) { Refusal::OutOfReach } else { Refusal::Forbidden }
    }

    fn is_another(&self, root: &Root) -> bool {
        self.confined.get().is_some_and(|confined| root.identity() != *confined)
    }

    /// How far names may be followed beneath it by those that may not hang.
    pub(super) fn reach(&self, mounts: Option<&SlowMounts>) -> Reach {
        match mounts {
            None => Reach::Everywhere,
            Some(mounts) if self.follow_links || self.paths().iter().any(|path| mounts.lie_beneath(path)) => {
                Reach::OneMount
            }
            Some(_) => Reach::Beneath,
        }
    }

    /// Whether it is this folder that lies there now.
    pub(super) fn leads_to(&self, folder: Option<Identity>) -> bool {
        let now = rustix::fs::stat(&self.path).ok().map(|state| Identity::of(&state));
        now.is_some() && now == folder
    }
}
