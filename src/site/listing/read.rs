//! What a folder holds: one stat(2) a name, relative to the open folder, and
//! the names one behind the other in one piece of memory.

use super::budget::{MOST, Share};
use super::text::written;
use crate::site::path::{SitePath, is_hidden};
use crate::site::root::{Refusal, Root};
use rustix::fs::{AtFlags, Dir, FileType, Stat, statat};
use std::os::fd::OwnedFd;

/// More than any file has: the size of a folder, and of a file whose state nobody can tell.
const NO_SIZE: u64 = u64::MAX;

/// One name in a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    begin: u32,
    length: u16,
    pub(super) is_folder: bool,
    /// Whether its name is written as it is, in a link and as text.
    pub(super) is_plain: bool,
    /// For its order among names.
    pub(super) rank: u64,
    /// In bytes, or [`NO_SIZE`].
    size: u64,
    /// Seconds since 1970; 0 where the file system says nothing.
    pub(super) modified: u64,
}

impl Entry {
    /// Its name, which lies among `names`.
    pub(super) fn name<'n>(&self, names: &'n [u8]) -> &'n [u8] {
        let begin = self.begin as usize;
        &names[begin..begin + usize::from(self.length)]
    }

    /// In bytes; `None` of a folder, and of a file of which the file system says none.
    pub(super) fn size(&self) -> Option<u64> {
        (self.size != NO_SIZE).then_some(self.size)
    }
}

/// The names of a folder.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) names: Vec<u8>,
    pub(super) list: Vec<Entry>,
    /// What the names take in the page at most, in bytes.
    pub(super) written: usize,
    /// The memory of both.
    pub(super) share: Share,
}

/// A folder on the way of being read.
pub(super) struct Reading {
    folder: Dir,
    entries: Entries,
}

impl Reading {
    /// The folder, open for reading.
    pub(super) fn of(folder: OwnedFd, share: Share) -> Result<Self, Refusal> {
        Ok(Self {
            folder: Dir::new(folder)?,
            entries: Entries { names: Vec::new(), list: Vec::new(), written: 0, share },
        })
    }

    /// Reads until the end, or until there are `most` entries; says whether it
    /// was the end. What would be a 404 is left out; what would be another error
    /// is there, and has a name if nothing else.
    pub(super) fn read(&mut self, root: &Root, path: &SitePath, hidden: bool, most: usize) -> Result<bool, Refusal> {
        while self.entries.list.len() < most {
            let Some(entry) = self.folder.read() else { return Ok(true) };
            let entry = entry?;
            let name = entry.file_name();
            let bytes = name.to_bytes();
            if matches!(bytes, b"." | b"..") || (is_hidden(bytes) && !hidden) {
                continue;
            }
            let state = match entry.file_type() {
                FileType::Fifo | FileType::Socket | FileType::CharacterDevice | FileType::BlockDevice => continue,
                FileType::Symlink => root.state(&path.child(bytes)),
                _ => match statat(self.folder.fd()?, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(state) if FileType::from_raw_mode(state.st_mode) == FileType::Symlink => {
                        root.state(&path.child(bytes))
                    }
                    state => state.map_err(Refusal::from),
                },
            };
            match state {
                Ok(state) => self.entries.push_known(bytes, &state)?,
                Err(Refusal::NotFound) => {}
                Err(Refusal::Forbidden | Refusal::Failed) => {
                    // Of a link nobody knows where it leads: a folder's address redirects.
                    self.entries.push(bytes, entry.file_type() == FileType::Directory, NO_SIZE, 0)?;
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(false)
    }

    /// What was read.
    pub(super) fn into_entries(self) -> Entries {
        self.entries
    }
}

impl Entries {
    #[allow(clippy::unnecessary_cast)] // the fields' types differ between systems
    fn push_known(&mut self, name: &[u8], state: &Stat) -> Result<(), Refusal> {
        let modified = u64::try_from(state.st_mtime as i64).unwrap_or(0);
        match FileType::from_raw_mode(state.st_mode) {
            FileType::Directory => self.push(name, true, NO_SIZE, modified),
            FileType::RegularFile => self.push(name, false, state.st_size as u64, modified),
            _ => Ok(()),
        }
    }

    fn push(&mut self, name: &[u8], is_folder: bool, size: u64, modified: u64) -> Result<(), Refusal> {
        let (Ok(begin), Ok(length)) = (u32::try_from(self.names.len()), u16::try_from(name.len())) else {
            return Err(Refusal::TooLarge);
        };
        self.make_room(name.len())?;
        self.names.extend_from_slice(name);
        let written = written(name);
        self.written += written;
        self.list.push(Entry {
            begin,
            length,
            is_folder,
            is_plain: written == 2 * name.len(),
            rank: 0,
            size,
            modified,
        });
        Ok(())
    }

    /// Room for one more entry whose name is `length` bytes long, out of the budget.
    fn make_room(&mut self, length: usize) -> Result<(), Refusal> {
        let grown = |capacity: usize, needed: usize| {
            if needed <= capacity { capacity } else { needed.max(capacity + capacity / 2) }
        };
        let names = grown(self.names.capacity(), self.names.len() + length);
        let list = grown(self.list.capacity(), self.list.len() + 1);
        if (names, list) == (self.names.capacity(), self.list.capacity()) {
            return Ok(());
        }
        let (names, list) = (names.max(4096), list.max(64));
        enlarge(&mut self.share, names + list * size_of::<Entry>())?;
        let more_names = self.names.try_reserve_exact(names - self.names.len());
        let more_entries = self.list.try_reserve_exact(list - self.list.len());
        more_names.and(more_entries).map_err(|_| Refusal::NoRoom)
    }
}

/// Makes `share` this large, or says why not.
pub(super) fn enlarge(share: &mut Share, bytes: usize) -> Result<(), Refusal> {
    match share.resize(bytes) {
        true => Ok(()),
        false if bytes > MOST => Err(Refusal::TooLarge),
        false => Err(Refusal::NoRoom),
    }
}
