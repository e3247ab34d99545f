//! The built-in site, which `glasshttp lesson` serves wherever the program is.

use crate::sys::detached::keep_only;
use crate::sys::fork::{Fork, exit_child, fork};
use include_dir::{Dir, include_dir};
use rustix::process::{Pid, WaitOptions, setsid, waitpid};
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder `public` as it was when the program was built.
static PUBLIC: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/public");

/// A file of the built-in site.
pub fn file(path: &str) -> Option<&'static [u8]> {
    PUBLIC.get_file(path).map(include_dir::File::contents)
}

/// The site as a folder, which goes when this goes, or the process that has it.
#[derive(Debug)]
pub struct Lesson {
    folder: PathBuf,
    /// Its end is what the remover waits for.
    lives: Option<OwnedFd>,
    remover: Pid,
}

impl Lesson {
    /// Lays the site out in a folder for temporary files. A process of its own removes it in the end: the one
    /// that serves may be killed, and in its sandbox it removes nothing. Before the first thread begins.
    ///
    /// # Errors
    /// If nothing can be written there, or no process can be started.
    pub fn lay_out() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("glasshttp-lesson-").tempdir()?;
        PUBLIC.extract(folder.path())?;
        // It may be served by another account than the one that laid it out.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let (end, lives) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        match fork()? {
            Fork::Parent(remover) => Ok(Self { folder: folder.keep(), lives: Some(lives), remover }),
            Fork::Child => {
                drop(lives);
                remove(folder, end);
                exit_child()
            }
        }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Lesson {
    fn drop(&mut self) {
        self.lives = None;
        // Then the folder is gone.
        let _ = waitpid(Some(self.remover), WaitOptions::empty());
    }
}

/// Waits until nobody has the other end of the pipe any more. Of its parent it keeps no descriptor, and a
/// terminal that closes is not its concern.
fn remove(folder: TempDir, end: OwnedFd) {
    let _ = setsid();
    let end = keep_only(end);
    let _ = rustix::io::retry_on_intr(|| rustix::io::read(&end, &mut [0; 1]));
    drop(folder);
}
