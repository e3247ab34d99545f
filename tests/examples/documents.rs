//! What a reader goes by: each lesson's head, its --help, and the list of all.

use super::example;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A lesson fits a screen or two.
const LONGEST: usize = 126;

/// Those that are glasshttp itself, as a library.
const OF_THE_LIBRARY: [&str; 3] = ["application", "stream", "waiting"];

/// Each lesson's name and text: the programs that are one file.
fn lessons() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).expect("examples/").map(|entry| entry.expect("an entry").path());
    let lessons: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a text"))
        })
        .collect();
    assert!(lessons.len() > 15, "{} lessons", lessons.len());
    lessons
}

#[test]
fn each_lesson_is_short_stands_alone_and_its_head_says_how_to_run_it() {
    for (name, text) in lessons() {
        assert!(text.lines().count() <= LONGEST, "{name} has {} lines", text.lines().count());
        assert!(OF_THE_LIBRARY.contains(&name.as_str()) || !text.contains("glasshttp"), "{name} does not stand alone");
        let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
        for part in ["The lesson: ", &format!("cargo run --example {name}"), "You see: ", "Try: "] {
            assert!(head.contains(part), "the head of {name} lacks {part:?}");
        }
        assert!(head.lines().all(|line| line.chars().count() <= 100), "the head of {name} is wide");
    }
}

#[test]
fn each_lesson_helps_and_refuses_what_cannot_be_meant() {
    for (name, text) in lessons() {
        if !text.contains("clap") && name != "message_client" {
            assert!(OF_THE_LIBRARY.contains(&name.as_str()), "{name} has no --help");
            continue;
        }
        let help = Command::new(example(&name)).arg("--help").output().expect("it starts");
        let shown = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(help.status.success() && shown.contains("Usage: "), "{name}: {shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{name}: {shown}");
        let refused = Command::new(example(&name)).arg("--no-such-option").output().expect("it starts");
        assert_eq!(refused.status.code(), Some(2), "{name}");
    }
}

#[test]
fn the_list_names_each_lesson_once_in_its_table() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/README.md");
    let list = fs::read_to_string(list).expect("the list");
    for (name, _) in lessons() {
        let rows = list.lines().filter(|line| line.starts_with('|') && line.contains(&format!("({name}.rs)")));
        assert_eq!(rows.count(), 1, "{name} in examples/README.md");
    }
}
