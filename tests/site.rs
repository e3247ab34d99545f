//! Files on disk: what is served of a folder, and what never is.

mod changes;
mod downloads;
mod hosts;
mod large_listings;
mod links;
mod listing;
mod names;
mod options;
mod pages;
mod permissions;
mod refusals;
mod root;
mod sizes;
mod special;
mod times;
mod types;
mod validators;

use crate::harness::Server;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder to be served, and one beside it that never must be.
struct Folder(TempDir);

impl Folder {
    /// With `outside/secret.txt` beside it, and nothing in it.
    fn new() -> Self {
        Self::within(crate::harness::folder())
    }

    fn within(folder: TempDir) -> Self {
        fs::create_dir(folder.path().join("root")).expect("a folder");
        fs::create_dir(folder.path().join("outside")).expect("a folder");
        fs::write(folder.path().join("outside/secret.txt"), "secret").expect("a file");
        Self(folder)
    }

    /// With these files, each of which contains its own name.
    fn of(names: &[&str]) -> Self {
        let folder = Self::new();
        for name in names {
            folder.write(name, name);
        }
        folder
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("root")
    }

    fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("the root at least")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) {
        symlink(target, self.path(name)).expect("a link");
    }

    fn serve(&self, options: &[&str]) -> Server {
        Server::start(&self.root(), options)
    }
}

/// Bytes of which no two stretches are alike, so that none can be lost or doubled unseen.
fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The text of each link in a listing's table, with its address decoded from HTML.
fn links(page: &str) -> Vec<(String, String)> {
    let rows = page.split_once("<tbody>").expect("a table").1;
    let mut links = Vec::new();
    for row in rows.split("<a href=\"").skip(1) {
        let (address, rest) = row.split_once("\">").expect("an address");
        let (text, _) = rest.split_once("</a>").expect("a text");
        if address != "../" {
            links.push((unescaped(text), unescaped(address)));
        }
    }
    links
}

fn unescaped(html: &str) -> String {
    let plain = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&amp;", "&")
}

/// The names that the listing at `path` shows, in its order.
fn listed(server: &Server, path: &str) -> Vec<String> {
    let response = server.get(path);
    assert_eq!(response.status, 200, "{path}");
    links(&response.text()).into_iter().map(|(text, _)| text).collect()
}
