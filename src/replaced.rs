//! A file that is replaced as a whole, or stays as it was.

use crate::target::Target;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// How many names are tried for the successor.
const MOST_TRIES: u32 = 16;

/// Writes `bytes` to what `path` names: a file is replaced, behind a link, too; a device, a pipe or a
/// descriptor gets them behind what it had before.
///
/// # Errors
/// If they can't be written; what was there stays.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match Target::find(path)? {
        Target::File(path) => replace(&path, bytes),
        Target::Direct(path) => OpenOptions::new().write(true).open(path)?.write_all(bytes),
        Target::Descriptor(_, descriptor) => File::from(descriptor).write_all(bytes),
    }
}

/// Makes `bytes` what `path` holds. Whatever fails, what it held stays.
///
/// # Errors
/// If they can't be written.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match beside(path, bytes) {
        // No file can be made beside it, or none take its name, as where it is mounted itself.
        Err(error) if is_of_folder(&error) && path.exists() => in_place(path, bytes),
        result => result,
    }
}

fn is_of_folder(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | ResourceBusy | CrossesDevices)
}

/// Writes the successor beside it, which then takes its name.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let there = fs::metadata(path).ok();
    let mode = there.as_ref().map_or(0o666, |metadata| metadata.mode() & 0o777);
    let mut number = 0;
    let (successor, mut file) = loop {
        let successor = path.with_file_name(format!(".glasshttp-{}-{number}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&successor) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_TRIES => number += 1,
            result => break (successor, result?),
        }
    };
    let result = file.write_all(bytes).and_then(|()| {
        if let Some(metadata) = there {
            // A right that is missing leaves the file ours, as a new one would be.
            let _ = fchown(&file, Some(metadata.uid()), Some(metadata.gid()));
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        fs::rename(&successor, path)
    });
    result.inspect_err(|_| drop(fs::remove_file(&successor)))
}

/// Writes over what it holds, and that back again if it does not succeed: for bytes that were there, there is room.
fn in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut before = Vec::new();
    file.read_to_end(&mut before)?;
    let result = put(&mut file, bytes);
    result.inspect_err(|_| drop(put(&mut file, &before)))
}

fn put(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        replace(&path, b"first").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode");
        replace(&path, b"second").expect("written");
        assert_eq!(fs::read(&path).expect("a file"), b"second");
        assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        // What stands in the way is not taken away.
        fs::create_dir(folder.path().join("folder")).expect("a folder");
        assert!(replace(&folder.path().join("folder"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn a_device_that_takes_nothing_is_still_there_and_a_link_still_leads_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::os::unix::fs::symlink("/dev/full", &link).expect("a link");
        assert!(write(&link, b"x").is_err() && write(Path::new("/dev/full"), b"x").is_err());
        assert!(Path::new("/dev/full").exists() && link.is_symlink());
        fs::remove_file(&link).and_then(|()| std::os::unix::fs::symlink("file", &link)).expect("a link");
        for bytes in [b"first", b"later"] {
            write(&file, b"older").and_then(|()| write(&link, bytes)).expect("written");
            assert_eq!(fs::read(&file).expect("a file"), bytes);
        }
        assert!(link.is_symlink());
        // Nor does a link that led nowhere, and what has a descriptor keeps what it had.
        fs::remove_file(&file).and_then(|()| write(&link, b"new")).expect("written");
        assert!(link.is_symlink() && fs::read(&file).is_ok_and(|bytes| bytes == b"new"));
        let open = OpenOptions::new().append(true).open(&file).expect("a file");
        let name = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
        write(Path::new(&name), b"er").expect("written");
        assert_eq!(fs::read(&file).expect("a file"), b"newer");
    }

    #[test]
    fn what_can_only_be_written_where_it_is_is_whole_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for (before, bytes) in [("longer than that", "short"), ("short", "longer than that"), ("", "x")] {
            fs::write(&path, before).expect("a file");
            in_place(&path, bytes.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("a file"), bytes);
        }
        let mut full = OpenOptions::new().write(true).open("/dev/full").expect("a device");
        assert!(put(&mut full, b"x").is_err());
    }
}
