//! The lesson of the models: the example runs, and shows what its head promises.

use crate::examples::example;
use std::path::Path;
use std::process::Command;

/// Few enough to be quick, and enough that turns add up.
const CLIENTS: usize = 10;
const WORK_MS: usize = 15;

fn run(chart: &Path) -> String {
    let output = Command::new(example("models"))
        .args(["--clients", &CLIENTS.to_string(), "--work-ms", &WORK_MS.to_string(), "--svg"])
        .arg(chart)
        .output()
        .expect("the example starts");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// What a table says of a model: each row's figures, behind its name.
fn rows<'a>(table: &'a str, model: &str) -> Vec<Vec<&'a str>> {
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|row| row.len() >= 5 && row[0].starts_with(model) && !row[0].ends_with(':')).collect()
}

/// How long the last client of a row waited, in milliseconds.
fn last_wait(row: &[&str]) -> f64 {
    row[3].parse().expect("milliseconds")
}

#[test]
fn every_model_is_measured_and_the_last_client_of_an_iterative_server_waits_all_turns() {
    let folder = crate::harness::folder();
    let chart = folder.path().join("models.svg");
    let shown = run(&chart);
    assert!(shown.lines().all(|line| line.chars().count() <= 80 || line.starts_with("The chart: ")), "{shown}");

    let (blocking, rest) = shown.split_once("A handler that takes no time").expect("two tables");
    let (pausing, said) = rest.split_once("MiB: ").expect("what the tables say");
    let turns = (CLIENTS * WORK_MS) as f64;
    for (table, is_blocking) in [(blocking, true), (pausing, false)] {
        for model in ["iterative", "process", "thread", "multiplex-1"] {
            assert_eq!(rows(table, model).len(), 1, "{model} in {table}");
        }
        let iterative = last_wait(&rows(table, "iterative")[0]);
        assert!(iterative >= turns, "{table}");
        assert!(last_wait(&rows(table, "thread")[0]) < iterative, "{table}");
        // One loop: blocked by its handler, and by no client.
        let event_loop = last_wait(&rows(table, "multiplex-1")[0]);
        assert!(if is_blocking { event_loop >= turns } else { event_loop < iterative }, "{table}");
    }
    assert!(said.contains("the 10th client waits 10 turns. 10 × 15 ms = 150 ms, and"), "{said}");

    let chart = std::fs::read_to_string(chart).expect("the chart");
    assert!(chart.starts_with("<svg ") && chart.contains("</title>") && chart.contains("prefers-color-scheme: dark"));
    assert_well_formed(&chart);
    let dots = chart.matches("<circle ").count();
    assert!(dots >= 2 * 4 * CLIENTS && dots.is_multiple_of(CLIENTS), "{dots} dots");
}

/// Each element that is opened is closed, in order, and no text holds a bare `<` or `&`.
fn assert_well_formed(document: &str) {
    let mut open = Vec::new();
    for piece in document.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("a tag without an end: <{piece}"));
        assert!(!piece.contains('&') && !text.contains('>'), "<{piece}");
        assert!(tag.matches('"').count().is_multiple_of(2), "<{tag}>");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split_whitespace().next().unwrap_or_default()),
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn a_command_line_that_cannot_be_meant_is_refused() {
    let output = Command::new(example("models")).args(["--clients", "0"]).output().expect("the example starts");
    assert_eq!(output.status.code(), Some(2));
}
