//! What the program says in Korean has no English in it, but for the terms in
//! tests/korean/terms.txt and what the user typed.

/// Lines around serving, help, errors.
mod command_line;

/// Records in words: the server's story, a fetch, a saved log, the lab.
mod stories;

/// Particles behind figures.
mod particles;

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

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A record, a page, an announcement.
    Story,
    /// Help, or an error that names arguments and values.
    CommandLine,
}

/// The terms of the file that may stand there: words, and phrases of several.
fn terms(place: Place) -> (BTreeSet<String>, Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/korean/terms.txt");
    let text = std::fs::read_to_string(file).expect("the terms");
    let (anywhere, _) = text.split_once("== typed ==").expect("two parts");
    let text = if place == Place::Story { anywhere.to_owned() } else { text.replace("== typed ==", "#") };
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (words, phrases): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.bytes().all(|byte| byte.is_ascii_alphabetic()));
    (words.into_iter().map(str::to_owned).collect(), phrases.into_iter().map(str::to_owned).collect())
}

/// The words of two letters or more, A to Z, in `text` that are neither terms nor
/// `quoted` nor part of a URL or a flag; and terms in small letters that stand in a row.
fn english_in(text: &str, quoted: &[&str], place: Place) -> Vec<String> {
    let (words, mut phrases) = terms(place);
    phrases.extend(quoted.iter().map(|text| (*text).to_owned()));
    // The longest first: a phrase may hold another.
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    let text = phrases.iter().fold(text.to_owned(), |text, phrase| text.replace(phrase.as_str(), " · "));
    let mut found = Vec::new();
    for line in text.lines() {
        let pieces = line.split_whitespace().filter(|piece| !piece.contains("http://"));
        let pieces = pieces.flat_map(|piece| piece.split(|letter: char| "()[]<>'\"|,".contains(letter)));
        let spoken = pieces.filter(|piece| !is_flag(piece));
        let strange = spoken
            .flat_map(|piece| piece.split(|letter: char| !letter.is_ascii_alphabetic()))
            .filter(|word| word.len() >= 2 && !words.contains(*word));
        found.extend(strange.map(|word| format!("{word}: {line}")));
        let pieces: Vec<&str> = line.split_whitespace().collect();
        let rows = pieces.windows(2).filter(|pair| pair.iter().all(|piece| is_small(piece)));
        found.extend(rows.map(|pair| format!("{}: {line}", pair.join(" "))));
    }
    found
}

/// `--log`, with a Korean ending or `=value` behind it.
fn is_flag(piece: &str) -> bool {
    let Some(name) = piece.strip_prefix("--") else { return false };
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
}

/// A word of small letters alone.
fn is_small(piece: &str) -> bool {
    piece.len() >= 2 && piece.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[track_caller]
pub fn assert_korean(text: &str, quoted: &[&str]) {
    assert_korean_at(Place::Story, text, quoted);
}

#[track_caller]
pub fn assert_korean_at(place: Place, text: &str, quoted: &[&str]) {
    assert!(text.contains(|letter| ('가'..='힣').contains(&letter)), "nothing in Korean: {text}");
    let found = english_in(text, quoted, place);
    assert!(found.is_empty(), "English:\n{}\n--- in\n{text}", found.join("\n"));
}

#[test]
fn english_is_found_and_terms_are_not() {
    let in_story = |text, quoted: &[&str]| english_in(text, quoted, Place::Story);
    assert_eq!(in_story("서버가 SYN을 받음, GET /a.txt 200 OK", &["/a.txt"]), Vec::<String>::new());
    let found = in_story("연결을 닫음\n  the Client closed it", &[]);
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(in_story("see http://localhost:8080/the/file --log", &[]).len(), 1);
    // What is typed hides no sentence.
    assert_eq!(english_in("--wire의 동작: hold, data", &[], Place::CommandLine), Vec::<String>::new());
    assert_eq!(in_story("동작: hold, data", &[]).len(), 2);
    assert_eq!(english_in("동작은 hold data", &[], Place::CommandLine).len(), 1);
}

/// One register: sentences end in 습니다, requests in 세요, questions in 나요 or 까요.
#[test]
fn korean_has_one_register_and_one_word_for_one_thing() {
    const OTHERS: [(&str, &str); 5] = [
        ("십시오", "세요"),
        ("습니까", "나요"),
        ("라이브", "실시간"),
        ("이름 서버", "네임 서버"),
        ("처리기", "핸들러"),
    ];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for (other, word) in OTHERS {
                assert!(!text.contains(other), "{}: {other}, not {word}", path.display());
            }
        }
    }
}
