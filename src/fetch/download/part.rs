//! The files beside FILE: its part, and of which version of what that is a part.
//!
//! A part belongs to one fetch at a time (flock(2)), and is a regular file of
//! that name: a symbolic link in its place is never followed.

use super::asked::Asked;
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

/// The longest validator that is kept, in bytes.
pub(super) const LONGEST_VALIDATOR: usize = 1024;
/// The longest URL that is kept with it, in bytes.
const LONGEST_URL: usize = 64 * 1024;
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
}

/// What a part is a part of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// An entity tag, or a date: it tells versions of one resource apart, and no resource from another
    /// (RFC 9110 §8.8).
    pub(super) validator: String,
    /// The resource.
    pub(super) url: String,
    /// A figure for the fields that asked for it, where the validator is a date.
    pub(super) fields: Option<u32>,
}

impl Version {
    /// What this validator is of; `None`: it is of no use for a later request.
    pub(super) fn of(validator: &str, asked: &Asked) -> Option<Self> {
        let mut version = Self { validator: validator.to_owned(), url: asked.url.clone(), fields: None };
        if !version.is_tagged() {
            version.fields = asked.fields;
        }
        asked.is_plain_get.then_some(version)
    }

    /// Whether the validator is an entity tag.
    pub(super) fn is_tagged(&self) -> bool {
        self.validator.starts_with('"')
    }
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
        Ok(Some(Self { path, file }))
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Gives it the name, the mode and, where that is allowed, the owner of `target`.
    ///
    /// # Errors
    /// If it can't be: then it is the part that it was.
    pub(super) fn become_whole(&self, target: &Path) -> Result<(), Failure> {
        let version = self.version();
        self.rename(target).inspect_err(|_| drop(self.set_version(version.as_ref())))
    }

    fn rename(&self, target: &Path) -> Result<(), Failure> {
        let cannot_write = |error| cannot_write(target, &error);
        if let Ok(metadata) = fs::metadata(target) {
            // A right that is missing leaves the file ours, as a new one would be.
            let _ = std::os::unix::fs::fchown(&self.file, Some(metadata.uid()), Some(metadata.gid()));
            self.file.set_permissions(Permissions::from_mode(metadata.mode() & 0o777)).map_err(cannot_write)?;
        }
        self.set_version(None)?; // while it is locked under this name
        fs::rename(&self.path, target).map_err(cannot_write)
    }

    /// Empties it for this version: either it is begun, or an empty one does not stay behind.
    ///
    /// # Errors
    /// If it, or the file beside it, can't be written.
    pub(super) fn emptied(self, version: Option<&Version>) -> Result<Self, Failure> {
        let begin = || {
            self.set_version(None)?; // in this order: it never names the other version's bytes
            let emptied = self.file.set_len(0).and_then(|()| (&self.file).seek(SeekFrom::Start(0)));
            emptied.map_err(|error| cannot_write(&self.path, &error))?;
            self.set_version(version)
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
        if bytes == 0 {
            let _ = remove(&validator_of(&self.path));
            let _ = remove(&self.path);
            return Saved::Dropped;
        }
        let resumes = self.version().is_some();
        Saved::Part { path: self.path, bytes, resumes: Some(resumes) }
    }

    /// Writes down what it is a part of; `None`: that is not known.
    fn set_version(&self, version: Option<&Version>) -> Result<(), Failure> {
        let path = validator_of(&self.path);
        // A URL may hold what is its user's alone.
        let write = |Version { validator, url, fields }: &Version| {
            let fields = fields.map(|fields| format!(" {fields:08x}")).unwrap_or_default();
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(format!("{validator}\n{url}{fields}\n").as_bytes())
        };
        let set = remove(&path).and_then(|()| version.map_or(Ok(()), write));
        set.map_err(|error| cannot_write(&path, &error))
    }

    /// What it is a part of, if that was written down to its end.
    pub(super) fn version(&self) -> Option<Version> {
        let file = OpenOptions::new().read(true).custom_flags(no_link()).open(validator_of(&self.path)).ok()?;
        let mut text = String::new();
        file.take((LONGEST_VALIDATOR + LONGEST_URL + 11) as u64).read_to_string(&mut text).ok()?;
        let (validator, url) = text.strip_suffix('\n')?.split_once('\n')?;
        let (url, fields) = match url.split_once(' ') {
            Some((url, fields)) => (url, Some(u32::from_str_radix(fields, 16).ok()?)),
            None => (url, None),
        };
        let is_one = |text: &str, longest| (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control);
        let are_both = is_one(validator, LONGEST_VALIDATOR) && is_one(url, LONGEST_URL);
        are_both.then(|| Version { validator: validator.to_owned(), url: url.to_owned(), fields })
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
        let failure = part.emptied(Some(&version())).map(|_| ()).expect_err("a folder");
        assert!(matches!(&failure, Failure::File { path, .. } if *path == beside), "{failure:?}");
        assert!(!path_of(&target).exists());
    }

    #[test]
    fn a_whole_that_gets_no_name_is_still_a_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("file");
        let mut part = Part::open(&target, true).expect("a part").emptied(Some(&version())).expect("begun");
        part.file.write_all(b"whole").expect("written");
        fs::create_dir(&target).expect("a folder in its place");
        let failure = part.become_whole(&target).expect_err("a folder");
        assert!(matches!(&failure, Failure::File { path, .. } if *path == target), "{failure:?}");
        let saved = part.put_down();
        let Saved::Part { path, bytes: 5, resumes: Some(true) } = saved else { panic!("{saved:?}") };
        assert_eq!(path, path_of(&target));
        // A line that was not written to its end names another URL, or none.
        let part = Part::open(&target, false).expect("a part");
        assert_eq!(part.version(), Some(version()));
        for text in ["", "\"a\"", "\"a\"\n", "\"a\"\n\n", "\"a\"\nhttp://h", "\nhttp://h/\n"] {
            fs::write(validator_of(&part.path), text).expect("our own");
            assert_eq!(part.version(), None, "{text:?}");
        }
    }

    fn version() -> Version {
        Version { validator: "\"a\"".to_owned(), url: "http://h/".to_owned(), fields: Some(0xa1) }
    }
}
