//! The built-in site, which `glasshttp lesson` serves wherever the program is.

use include_dir::{Dir, include_dir};
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// The folder `public` as it was when the program was built.
static PUBLIC: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/public");

/// A file of the built-in site.
pub fn file(path: &str) -> Option<&'static [u8]> {
    PUBLIC.get_file(path).map(include_dir::File::contents)
}

/// The site as a folder, which goes with this.
#[derive(Debug)]
pub struct Lesson(TempDir);

impl Lesson {
    /// Lays the site out in a folder for temporary files.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn lay_out() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("glasshttp-lesson-").tempdir()?;
        PUBLIC.extract(folder.path())?;
        Ok(Self(folder))
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }
}
