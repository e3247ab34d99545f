//! The folder that the documents speak of.

use crate::harness::Server;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Sun, 06 Nov 1994 08:49:37 GMT, when every file here was last modified.
const MODIFIED: Duration = Duration::from_secs(784_111_777);

/// Name and content; no file ends in a line end, so that a document can show all of it.
const FILES: [(&str, &str); 18] = [
    (".secret", "secret"),
    (".well-known/token", "token"),
    ("404.html", "<p>Nothing here."),
    ("a b.txt", "spaced"),
    ("digits.txt", "0123456789"),
    ("docs/index.html", "<p>Docs."),
    ("empty.txt", ""),
    ("hello.txt", "Hello!"),
    ("index.html", "<p>Index."),
    ("next.txt", "next"),
    ("page.html", "plain page"),
    ("page.html.br", "brotli page"),
    ("page.html.gz", "gzip page"),
    ("style.css", "plain style"),
    ("style.css.gz", "gzip style"),
    ("sub/inner.txt", "inner"),
    ("한글 자료/글.txt", "글"),
    ("한글.txt", "한글"),
];

/// A folder on disk, removed when dropped.
pub(super) struct Site(TempDir);

impl Site {
    pub(super) fn new() -> Self {
        let folder = crate::harness::folder();
        for (name, content) in FILES {
            write(&folder.path().join(name), content);
        }
        Self(folder)
    }

    pub(super) fn folder(&self) -> &Path {
        self.0.path()
    }
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, content).expect("a file");
    let file = fs::File::options().write(true).open(path).expect("the file");
    file.set_modified(SystemTime::UNIX_EPOCH + MODIFIED).expect("a time");
}

/// The current `etag` or `modified` of the file at `path`.
pub(super) fn field_of(server: &Server, field: &str, path: &str) -> String {
    let name = match field {
        "etag" => "ETag",
        "modified" => "Last-Modified",
        _ => panic!("no such placeholder: {field}"),
    };
    server.get(path).header(name).unwrap_or_else(|| panic!("{path} has no {name}")).to_owned()
}
