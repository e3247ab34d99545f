//! The files beside FILE: its part, and of which version that is a part.
//!
//! A part belongs to one fetch at a time (flock(2)), and is a regular file of
//! that name: a symbolic link in its place is never followed.

use crate::fetch::fault::cannot_write;
use crate::record::Failure;
use crate::record::transfer::Saved;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The longest validator that is kept, in bytes.
pub(super) const LONGEST_VALIDATOR: usize = 1024;
/// The longest name of a file, in bytes (NAME_MAX).
const LONGEST_NAME: usize = 255;
const PART: &str = ".part";
const VALIDATOR: &str = ".validator";
/// How often a part is opened anew that another fetch renamed or removed meanwhile.
const MOST_TRIES: usize = 8;

/// The part of a file, which nobody else writes to.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// It is FILE itself, and grows under its own name; and this, its time, says of which version it is.
    dated: Option<SystemTime>,
}

impl Part {
    /// Opens the part of `target` and locks it; with `create`, makes it where there is none.
    ///
    /// # Errors
    /// `ResourceBusy` while another fetch has it.
    pub(super) fn open(target: &Path, create: bool) -> io::Result<Self> {
        for _ in 0..MOST_TRIES {
            if let Some(part) = Self::try_open(target, create)? {
                return Ok(part);
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// `None`: what stood in its place is out of the way now.
    fn try_open(target: &Path, create: bool) -> io::Result<Option<Self>> {
        let path = path_of(target);
        let private = mode_of(target).map(|mode| mode | 0o600);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create).mode(private.unwrap_or(0o666)).custom_flags(no_link());
        let file = match options.open(&path) {
            // What the link names is not ours; the link is in the way.
            Err(_) if create && is_link(&path) => return fs::remove_file(&path).map(|()| None),
            result => result?,
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        lock(&file)?;
        if !is_still(&path, &metadata) {
            return Ok(None);
        }
        if let Some(mode) = private {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        Ok(Some(Self { path, file, dated: None }))
    }

    /// Opens `target` itself, to be written behind what it holds.
    ///
    /// # Errors
    /// `ResourceBusy` while another fetch has it.
    pub(super) fn of_file(target: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).custom_flags(no_link()).open(target)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        lock(&file)?;
        if !is_still(target, &metadata) {
            return Err(io::ErrorKind::StaleNetworkFileHandle.into());
        }
        Ok(Self { path: target.to_owned(), file, dated: metadata.modified().ok() })
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Gives it the name, the mode and, where that is allowed, the owner of `target`.
    ///
    /// # Errors
    /// If it can't be: then it is the part that it was.
    pub(super) fn become_whole(&self, target: &Path) -> Result<(), Failure> {
        let validator = self.validator();
        self.rename(target).inspect_err(|_| drop(self.set_validator(validator.as_deref())))
    }

    fn rename(&self, target: &Path) -> Result<(), Failure> {
        let cannot_write = |error| cannot_write(target, &error);
        if self.dated.is_some() {
            return Ok(()); // it has its name
        }
        if let Ok(metadata) = fs::metadata(target) {
            // A right that is missing leaves the file ours, as a new one would be.
            let _ = std::os::unix::fs::fchown(&self.file, Some(metadata.uid()), Some(metadata.gid()));
            self.file.set_permissions(Permissions::from_mode(metadata.mode() & 0o777)).map_err(cannot_write)?;
        }
        self.set_validator(None)?; // while it is locked under this name
        fs::rename(&self.path, target).map_err(cannot_write)
    }

    /// Empties it for this version: either it is begun, or an empty one does not stay behind.
    ///
    /// # Errors
    /// If it, or the file beside it, can't be written.
    pub(super) fn emptied(self, validator: Option<&str>) -> Result<Self, Failure> {
        let begin = || {
            self.set_validator(None)?; // in this order: it never names the other version's bytes
            let emptied = self.file.set_len(0).and_then(|()| (&self.file).seek(SeekFrom::Start(0)));
            emptied.map_err(|error| cannot_write(&self.path, &error))?;
            self.set_validator(validator)
        };
        match begin() {
            Ok(()) => Ok(self),
            Err(error) => {
                self.put_down();
                Err(error)
            }
        }
    }

    /// Leaves it to a later fetch, if it holds something; an empty one is removed.
    pub(super) fn put_down(self) -> Saved {
        let bytes = self.length().unwrap_or_default();
        match self.dated {
            Some(time) => drop(self.file.set_modified(time)), // what a later -C goes by
            None if bytes == 0 => {
                let _ = remove(&validator_of(&self.path));
                let _ = remove(&self.path);
                return Saved::Dropped;
            }
            None => {}
        }
        let resumes = self.dated.is_some() || self.validator().is_some();
        Saved::Part { path: self.path, bytes, resumes: Some(resumes) }
    }

    /// Writes down of which version it is a part; `None`: that is not known.
    fn set_validator(&self, validator: Option<&str>) -> Result<(), Failure> {
        let path = validator_of(&self.path);
        let write = |validator: &str| {
            OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(validator.as_bytes())
        };
        let set = remove(&path).and_then(|()| validator.map_or(Ok(()), write));
        set.map_err(|error| cannot_write(&path, &error))
    }

    /// Of which version it is a part, if that was written down.
    pub(super) fn validator(&self) -> Option<String> {
        let file = OpenOptions::new().read(true).custom_flags(no_link()).open(validator_of(&self.path)).ok()?;
        let mut validator = String::new();
        file.take(LONGEST_VALIDATOR as u64 + 1).read_to_string(&mut validator).ok()?;
        let is_one = (1..=LONGEST_VALIDATOR).contains(&validator.len()) && !validator.chars().any(char::is_control);
        is_one.then_some(validator)
    }
}

/// open(2) neither follows a link nor waits for the other end of a pipe.
fn no_link() -> i32 {
    (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed()
}

/// The mode of `target`, if it is there: what is private stays private, also while it is a part.
fn mode_of(target: &Path) -> Option<u32> {
    fs::metadata(target).ok().map(|metadata| metadata.mode() & 0o777)
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        Err(TryLockError::Error(error)) => match error.kind() {
            // A file system without locks: then it is as it was before there were any.
            io::ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        },
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Whether `path` still names the file of this `metadata`.
fn is_still(path: &Path, metadata: &Metadata) -> bool {
    fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()))
}

/// What the part of `target` is called.
pub(super) fn path_of(target: &Path) -> PathBuf {
    let Some(name) = target.file_name() else { return with_suffix(target, PART) };
    if name.len() + PART.len() + VALIDATOR.len() <= LONGEST_NAME {
        return with_suffix(target, PART);
    }
    target.with_file_name(shortened(name))
}

/// A name that is too long for suffixes: its beginning, and a figure for the rest of it.
fn shortened(name: &OsStr) -> OsString {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let kept = LONGEST_NAME - PART.len() - VALIDATOR.len() - 17; // '~' and 16 digits
    let mut kept = &name.as_bytes()[..kept];
    if let Err(error) = std::str::from_utf8(kept) {
        kept = &kept[..error.valid_up_to()]; // not within a letter
    }
    let mut short = OsString::from_vec(kept.to_vec());
    short.push(format!("~{:016x}{PART}", hasher.finish()));
    short
}

pub(super) fn validator_of(part: &Path) -> PathBuf {
    with_suffix(part, VALIDATOR)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    name.into()
}

/// A file that is not there is removed already.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_beside_a_file_are_names_that_can_be() {
        assert_eq!(path_of(Path::new("a/b.iso")), Path::new("a/b.iso.part"));
        for letter in ["a", "한"] {
            for length in 230..=255 / letter.len() * letter.len() {
                let name = letter.repeat(length / letter.len());
                let part = path_of(&Path::new("d").join(&name));
                let longest = validator_of(&part).file_name().map_or(0, OsStr::len);
                assert!(longest <= LONGEST_NAME && part.parent() == Some(Path::new("d")), "{length}: {longest}");
                assert!(part.to_str().is_some_and(|part| part.ends_with(".part")), "{part:?}");
            }
        }
        let long = |last: &str| path_of(Path::new(&format!("{}{last}", "a".repeat(250))));
        assert_ne!(long("b"), long("c"));
    }

    #[test]
    fn a_part_is_one_fetch_s_alone_and_never_behind_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("file");
        let other = folder.path().join("other");
        fs::write(&other, "precious").expect("a file");
        std::os::unix::fs::symlink(&other, path_of(&target)).expect("a link");
        assert!(Part::open(&target, false).is_err());
        let mut part = Part::open(&target, true).expect("in the link's place");
        part.file.write_all(b"new").expect("written");
        assert_eq!(fs::read(&other).expect("a file"), b"precious");
        let second = Part::open(&target, true).map(|_| ()).expect_err("locked");
        assert_eq!(second.kind(), io::ErrorKind::ResourceBusy);
        part.become_whole(&target).expect("renamed");
        assert_eq!(fs::read(&target).expect("a file"), b"new");
    }

    #[test]
    fn what_was_private_stays_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("file");
        let mode = |path: &Path| fs::metadata(path).expect("a file").mode() & 0o777;
        for private in [0o600, 0o640, 0o400] {
            fs::write(&target, "old").or_else(|_| fs::remove_file(&target)).expect("a file");
            fs::set_permissions(&target, Permissions::from_mode(private)).expect("its mode");
            let part = Part::open(&target, true).expect("a part");
            assert_eq!(mode(&part.path) & !private, if private == 0o400 { 0o200 } else { 0 });
            part.become_whole(&target).expect("renamed");
            assert_eq!(mode(&target), private);
        }
    }

    #[test]
    fn the_file_that_can_not_be_written_is_named_and_no_empty_part_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("file");
        let beside = validator_of(&path_of(&target));
        fs::create_dir(&beside).expect("a folder in its place");
        let part = Part::open(&target, true).expect("a part");
        let failure = part.emptied(Some("\"a\"")).map(|_| ()).expect_err("a folder");
        assert!(matches!(&failure, Failure::File { path, .. } if *path == beside), "{failure:?}");
        assert!(!path_of(&target).exists());
    }

    #[test]
    fn a_whole_that_gets_no_name_is_still_a_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("file");
        let mut part = Part::open(&target, true).expect("a part").emptied(Some("\"a\"")).expect("begun");
        part.file.write_all(b"whole").expect("written");
        fs::create_dir(&target).expect("a folder in its place");
        let failure = part.become_whole(&target).expect_err("a folder");
        assert!(matches!(&failure, Failure::File { path, .. } if *path == target), "{failure:?}");
        let saved = part.put_down();
        let Saved::Part { path, bytes: 5, resumes: Some(true) } = saved else { panic!("{saved:?}") };
        assert_eq!(path, path_of(&target));
    }
}
