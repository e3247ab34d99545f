//! Who lives where, and who may import whom: read from the `use` lines.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the crate, and the ones that it may name. `cli` and the
/// program itself join them all and are not listed.
const MAY_IMPORT: [(&str, &[&str]); 12] = [
    ("http", &[]),
    ("language", &[]),
    ("handler", &["http"]),
    ("site", &["http", "handler", "language"]),
    ("listener", &["sys"]),
    ("observe", &["http", "handler", "language"]),
    ("sys", &[]),
    ("fetch", &["http", "language", "observe", "sys"]), // the client: never the server's modules
    ("connection", &["http", "handler", "observe", "sys"]),
    ("models", &["connection", "listener", "sys"]),
    ("watch", &["connection", "listener", "models", "observe"]),
    ("telling", &["cli", "listener", "models", "observe", "watch"]),
];

/// The longest file that a person can hold in the head, in lines.
const LONGEST: usize = 450;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

/// The modules of the crate that `text` names by `crate::`.
fn imports(text: &str) -> BTreeSet<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or(rest)
        })
        .collect()
}

fn of_module<'a>(sources: &'a [(PathBuf, String)], module: &str) -> impl Iterator<Item = &'a (PathBuf, String)> {
    let (file, folder) = (format!("src/{module}.rs"), format!("src/{module}/"));
    sources.iter().filter(move |(path, _)| {
        let path = path.to_string_lossy();
        path.ends_with(&file) || path.contains(&folder)
    })
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let sources = sources("src");
    for (module, allowed) in MAY_IMPORT {
        let mut files = 0;
        for (path, text) in of_module(&sources, module) {
            files += 1;
            for import in imports(text) {
                assert!(import == module || allowed.contains(&import), "{} imports {import}", path.display());
            }
        }
        assert!(files > 0, "where is {module}?");
    }
}

#[test]
fn the_protocol_core_does_no_io() {
    let sources = sources("src");
    for (path, text) in of_module(&sources, "http") {
        for word in [
            "std::net",
            "std::fs",
            "std::io",
            "std::thread",
            "std::os",
            "Instant",
            "SystemTime::now",
            "rustix",
            "socket2",
            "libc::",
        ] {
            assert!(!text.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn httparse_is_named_where_bytes_are_parsed_and_unsafe_in_one_folder() {
    for (path, text) in sources("src") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let is_parse = path.ends_with("http/parse.rs") || path.ends_with("http/parse/answer.rs");
        assert!(is_parse || !code.contains("httparse::"), "{} names httparse", path.display());
        let is_sys = path.components().any(|part| part.as_os_str() == "sys");
        assert!(is_sys || !code.contains("unsafe "), "{} is unsafe", path.display());
    }
}

#[test]
fn every_file_opens_with_what_lives_there_and_can_be_held_in_the_head() {
    for folder in ["src", "tests", "examples"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
            let lines = text.lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines: is there a split by meaning?", path.display());
        }
    }
}
