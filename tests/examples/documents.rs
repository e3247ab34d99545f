//! What a reader goes by: each lesson's head, its --help, and the list of all.

use super::example;
use crate::harness::glasshttp;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A lesson fits two or three screens.
const LONGEST: usize = 150;

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
        let code = text.lines().filter(|line| !line.starts_with("//!")).collect::<Vec<_>>().join("\n");
        assert!(OF_THE_LIBRARY.contains(&name.as_str()) || !code.contains("glasshttp"), "{name} does not stand alone");
        let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
        for part in ["The lesson: ", &format!("cargo run --example {name}"), "You see: ", "Try: ", "In the lab: "] {
            assert!(head.contains(part), "the head of {name} lacks {part:?}");
        }
        assert!(head.lines().all(|line| line.chars().count() <= 100), "the head of {name} is wide");
    }
}

/// A lesson begins with what it is about: its arguments come last.
#[test]
fn the_calls_come_before_the_arguments() {
    for (name, text) in lessons() {
        let Some(arguments) = text.find("#[derive(Parser)]") else { continue };
        let calls = text.find("\nfn ").expect("a function");
        assert!(calls < arguments, "{name} opens with its arguments");
    }
}

#[test]
fn the_experiments_that_lessons_name_are_in_the_lab() {
    let list = glasshttp().arg("lab").output().expect("the list");
    let list = String::from_utf8(list.stdout).expect("UTF-8");
    for (name, text) in lessons() {
        let experiment = text.lines().find_map(|line| line.strip_prefix("//! In the lab: glasshttp lab "));
        let is_there = |experiment: &str| list.lines().any(|line| line.split_whitespace().nth(1) == Some(experiment));
        assert!(experiment.is_none_or(is_there), "{name}: {experiment:?}");
    }
}

#[test]
fn each_lesson_helps_and_refuses_what_cannot_be_meant() {
    for (name, _) in lessons() {
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
    for list in ["examples/README.md", "examples/README.ko.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(list)).expect("the list");
        for (name, _) in lessons() {
            let rows = text.lines().filter(|line| line.starts_with('|') && line.contains(&format!("({name}.rs)")));
            assert_eq!(rows.count(), 1, "{name} in {list}");
        }
    }
}
