//! What is published and packed: nothing too much, nothing missing.

use super::{place, quiet};
use std::collections::BTreeSet;
use std::fs;

/// What crates.io takes at most is ten times as much.
const LARGEST: u64 = 256 * 1024;
const LARGEST_OF_ALL: u64 = 6 * 1024 * 1024;

/// The files that `cargo publish` would send.
fn published() -> BTreeSet<String> {
    let manifest = place("Cargo.toml");
    let manifest = manifest.to_str().expect("UTF-8");
    let list = quiet(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        &[
            "package",
            "--list",
            "--allow-dirty",
            "--offline",
            "--quiet",
            "--package",
            "glasshttp",
            "--manifest-path",
            manifest,
        ],
    );
    list.lines().map(str::to_owned).collect()
}

#[test]
fn what_is_published_is_whole_and_small() {
    let files = published();
    for name in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md", "SECURITY.md", "Cargo.lock"] {
        assert!(files.contains(name), "{name} is not published");
    }
    for name in ["src/lib.rs", "public/index.html", "dist/man/glasshttp.1", "dist/THIRD-PARTY.txt", "docs/records.md"] {
        assert!(files.contains(name), "{name} is not published");
    }
    let mut all = 0;
    for name in &files {
        let is_hidden = name.split('/').any(|part| part.starts_with('.'));
        assert!(!is_hidden || name == ".cargo_vcs_info.json", "{name} is published");
        // What cargo makes as it packs is not there yet.
        let size = fs::metadata(place(name)).map_or(0, |file| file.len());
        assert!(size <= LARGEST, "{name} has {size} bytes");
        all += size;
    }
    assert!(all <= LARGEST_OF_ALL, "{all} bytes in all");
}

/// Each file that the Debian package takes from here is here.
#[test]
fn what_the_debian_package_takes_is_there() {
    let manifest = fs::read_to_string(place("Cargo.toml")).expect("the manifest");
    let assets = manifest.split("\nassets = [").nth(1).and_then(|rest| rest.split("\n]").next()).expect("assets");
    let sources: Vec<&str> = assets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(sources.len() > 8, "{sources:?}");
    for source in sources.into_iter().filter(|source| !source.starts_with("target/")) {
        let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
        let ending = name.trim_start_matches('*');
        let mut names = fs::read_dir(place(folder)).expect(source).map(|entry| entry.expect("an entry").file_name());
        assert!(names.any(|found| found.to_string_lossy().ends_with(ending)), "{source} names nothing");
    }
}
