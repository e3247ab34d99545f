//! What lies in dist/ is made from the program: man pages and completions from its
//! command line, notices from its dependencies.
//! `GLASSHTTP_RENEW=1 cargo test --test tests dist::` makes it anew; the difference is to be read.

mod completions;
mod man;
mod notices;
mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The file `name` of the project is `text`, or becomes it where it is to be renewed.
fn is_kept_as(name: &str, text: &str) {
    let path = place(name);
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == text {
        return;
    }
    if std::env::var_os("GLASSHTTP_RENEW").is_some_and(|wish| wish == "1") {
        fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        fs::write(&path, text).expect("the file");
        return;
    }
    let ends = ("(the end)", "(the end)");
    let (old, new) = kept.lines().zip(text.lines()).find(|(old, new)| old != new).unwrap_or(ends);
    panic!("{name} is stale; GLASSHTTP_RENEW=1 cargo test --test tests dist:: makes it anew\n- {old}\n+ {new}");
}

/// What `program` prints; it succeeds, and complains of nothing.
fn quiet(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output().expect("it starts");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && complaints.is_empty(), "{program} {arguments:?}: {complaints}{printed}");
    printed
}

/// What refuses every other system is to be its only error: so no room is compiled there.
#[test]
fn every_room_is_compiled_for_linux_alone() {
    let library = fs::read_to_string(place("src/lib.rs")).expect("the library");
    assert!(library.contains("#[cfg(not(target_os = \"linux\"))]\ncompile_error!("));
    let mut is_linux = false;
    for line in library.lines() {
        let is_attribute = line.starts_with("#[");
        if line.starts_with("mod ") || line.starts_with("pub mod ") {
            assert!(is_linux, "{line} is compiled elsewhere, too");
        }
        is_linux = is_attribute && (is_linux || line.contains("target_os = \"linux\""));
    }
}
