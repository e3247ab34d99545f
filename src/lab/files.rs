//! Whether the files of a run can be written: asked before it begins.

use rustix::fs::{Access, access};
use std::io;
use std::path::Path;

/// Whether a file could be written there, as far as can be found out without writing it: before a
/// run that would be for nothing.
pub(super) fn can_be_written(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(rustix::io::Errno::ISDIR.into()),
        Ok(_) => Ok(access(path, Access::WRITE_OK)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_written_is_found_out_without_a_trace() {
        let folder = tempfile::tempdir().expect("a folder");
        let (new, here) = (folder.path().join("new"), folder.path().join("here"));
        std::fs::write(&here, "kept").expect("written");
        assert!(can_be_written(&new).is_ok() && can_be_written(&here).is_ok());
        assert!(!new.exists() && std::fs::read(&here).is_ok_and(|bytes| bytes == b"kept"));
        let kind = |path: &Path| can_be_written(path).map_err(|error| error.kind());
        assert_eq!(kind(&folder.path().join("nowhere/new")), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(&here.join("new")), Err(io::ErrorKind::NotADirectory));
        assert_eq!(kind(folder.path()), Err(io::ErrorKind::IsADirectory));
    }
}
