//! Whether the files of a run can be written: asked before it begins.

use crate::target::{Sink, Target};
use rustix::fs::{Access, access};
use std::io;
use std::path::{Path, PathBuf};

/// Whether a file could be written there, as far as can be found out without writing it: before a
/// run that would be for nothing.
pub(super) fn can_be_written(path: &Path) -> io::Result<()> {
    let Target::File(path) = Target::find(path)? else { return Ok(()) };
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
        }
        result => result.map(drop),
    }
}

/// The first of these that leads to where another does, or standard output.
pub(super) fn in_one_place<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Option<&'a PathBuf> {
    let mut taken = vec![Sink::stdout()];
    paths.into_iter().find(|path| {
        let sink = Sink::at(path, |name| vec![name]);
        let is_taken = taken.iter().any(|other| other.meets(&sink));
        taken.push(sink);
        is_taken
    })
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

    #[test]
    fn two_that_lead_to_one_file_are_found_and_what_keeps_nothing_is_no_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "").expect("written");
        std::os::unix::fs::symlink("file", at("link")).expect("a link");
        std::fs::hard_link(at("file"), at("hard")).expect("a link");
        let found = |names: [&str; 2]| in_one_place(names.map(at).iter()).is_some();
        assert!(found(["new", "new"]) && found(["file", "link"]));
        assert!(!found(["file", "new"]) && !found(["/dev/null", "/dev/null"]));
        // Each of two names of one file is replaced by itself.
        assert!(!found(["file", "hard"]));
    }
}
