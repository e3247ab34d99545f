//! What the system says of a file, as a failure of this machine's.

use crate::record::Failure;
use crate::record::failure::FileFault;
use std::io;
use std::path::Path;

/// Why `path` can't be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let fault = match error.kind() {
        io::ErrorKind::ResourceBusy => FileFault::Busy,
        io::ErrorKind::IsADirectory => FileFault::Folder,
        // What the download's part finds, which the system has no words for.
        io::ErrorKind::Unsupported => FileFault::NotRegular,
        io::ErrorKind::StaleNetworkFileHandle => FileFault::Changed,
        _ => FileFault::Write(error.into()),
    };
    Failure::File { path: path.to_owned(), fault }
}
