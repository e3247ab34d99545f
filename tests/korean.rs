//! What the program says in Korean has no English in it, but for the terms in
//! tests/korean/terms.txt and what the user typed.

/// Lines around serving, help, errors.
mod command_line;

/// Records in words: the server's story, a fetch, a saved log, the lab.
mod stories;

/// What a site says to browsers.
mod pages;

use crate::harness::glasshttp;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The program, speaking Korean because the environment says so.
pub fn korean() -> Command {
    let mut command = glasshttp();
    command.env("LC_ALL", "ko_KR.UTF-8");
    command
}

/// The terms of the file: words, and phrases of several.
fn terms() -> (BTreeSet<String>, Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/korean/terms.txt");
    let text = std::fs::read_to_string(file).expect("the terms");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (words, phrases): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.bytes().all(|byte| byte.is_ascii_alphabetic()));
    (words.into_iter().map(str::to_owned).collect(), phrases.into_iter().map(str::to_owned).collect())
}

/// The words of two letters or more, A to Z, in `text` that are neither terms nor
/// `quoted` nor part of a URL or a flag.
fn english_in(text: &str, quoted: &[&str]) -> Vec<String> {
    let (words, mut phrases) = terms();
    phrases.extend(quoted.iter().map(|text| (*text).to_owned()));
    // The longest first: a phrase may hold another.
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    let text = phrases.iter().fold(text.to_owned(), |text, phrase| text.replace(phrase.as_str(), " "));
    let mut found = Vec::new();
    for line in text.lines() {
        let pieces = line.split_whitespace().filter(|piece| !piece.contains("http://"));
        let pieces = pieces.flat_map(|piece| piece.split(|letter: char| "()[]<>'\"|,".contains(letter)));
        let spoken = pieces.filter(|piece| !is_flag(piece));
        let strange = spoken
            .flat_map(|piece| piece.split(|letter: char| !letter.is_ascii_alphabetic()))
            .filter(|word| word.len() >= 2 && !words.contains(*word));
        found.extend(strange.map(|word| format!("{word}: {line}")));
    }
    found
}

/// `--log`, with a Korean ending or `=value` behind it.
fn is_flag(piece: &str) -> bool {
    let Some(name) = piece.strip_prefix("--") else { return false };
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
}

#[track_caller]
pub fn assert_korean(text: &str, quoted: &[&str]) {
    assert!(text.contains(|letter| ('가'..='힣').contains(&letter)), "nothing in Korean: {text}");
    let found = english_in(text, quoted);
    assert!(found.is_empty(), "English:\n{}\n--- in\n{text}", found.join("\n"));
}

#[test]
fn english_is_found_and_terms_are_not() {
    assert_eq!(english_in("서버가 SYN을 받음, GET /a.txt 200 OK", &["/a.txt"]), Vec::<String>::new());
    let found = english_in("연결을 닫음\n  the client closed it", &[]);
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(english_in("see http://localhost:8080/the/file --log", &[]).len(), 1);
}
