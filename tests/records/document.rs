//! docs/records.md and the kept stories are what the program says: of a scripted
//! run, in form and wording. `GLASSHTTP_RENEW=1 cargo test --test tests records::document`
//! writes them anew; the difference is to be read.

use super::{Watched, command, port};
use crate::closing::folder_with;
use crate::harness::glasshttp;
use glasshttp::record::connection::Record;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What a curl sends.
const GET: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n";

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn is_to_be_renewed() -> bool {
    std::env::var_os("GLASSHTTP_RENEW").is_some_and(|wish| wish == "1")
}

/// The record of one exchange on a connection that the client then closes.
fn record() -> Record {
    let (folder, _) = folder_with(0);
    let mut watched = Watched::spawn(&mut command(folder.path(), "multiplex", &[]), "multiplex");
    let mut client = watched.connect();
    let address = port(&client);
    client.send(GET);
    client.response();
    drop(client);
    watched.record(address)
}

/// What differs from run to run, made the same: figures, and what is made of them.
fn levelled(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), levelled(value, name)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(|value| levelled(value, name)).collect(),
        Value::Number(_) => 0.into(),
        Value::String(_) if matches!(name, "client" | "server" | "accepted" | "headers") => "…".into(),
        Value::String(text) => without_figures(text).into(),
        other => other.clone(),
    }
}

/// Digits become one `0`; dates, whose words differ too, go.
fn without_figures(text: &str) -> String {
    let mut plain = String::new();
    for line in text
        .split_inclusive('\n')
        .filter(|line| !["Date: ", "Last-Modified: "].iter().any(|name| line.starts_with(name)))
    {
        for letter in line.chars() {
            match letter {
                '0'..='9' if plain.ends_with('0') => {}
                '0'..='9' => plain.push('0'),
                other => plain.push(other),
            }
        }
    }
    plain
}

/// The record in docs/records.md, which a renewal first takes from a run.
fn example() -> Value {
    static EXAMPLE: LazyLock<Value> = LazyLock::new(|| {
        let path = place("docs/records.md");
        let document = fs::read_to_string(&path).expect("the document");
        let (before, rest) = document.split_once("```json\n").expect("an example");
        let (example, after) = rest.split_once("```").expect("its end");
        if !is_to_be_renewed() {
            return serde_json::from_str(example).expect("the example is JSON");
        }
        let record = record();
        let example = serde_json::to_string_pretty(&record).expect("JSON");
        fs::write(&path, format!("{before}```json\n{example}\n```{after}")).expect("the document");
        serde_json::to_value(record).expect("JSON")
    });
    EXAMPLE.clone()
}

#[test]
fn the_record_in_the_documentation_is_one_of_the_program() {
    let value = serde_json::to_value(record()).expect("JSON");
    assert_eq!(levelled(&example(), ""), levelled(&value, ""), "GLASSHTTP_RENEW=1 writes docs/records.md anew");
}

/// `glasshttp show` of these lines of a log, in this language.
fn shown(log: &str, language: &str) -> String {
    let folder = crate::harness::folder();
    let file = folder.path().join("log.json");
    fs::write(&file, log).expect("a log");
    let output = glasshttp().args(["--lang", language, "show"]).arg(&file).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What the program tells of a record is a function of the record: to the last letter.
#[test]
fn the_kept_stories_are_what_is_shown_of_the_record_in_the_documentation() {
    let log = serde_json::to_string(&example()).expect("JSON");
    for language in ["en", "ko"] {
        let path = place(&format!("tests/records/kept/story.{language}.txt"));
        let story = shown(&log, language);
        if is_to_be_renewed() {
            fs::write(&path, &story).expect("the story");
            continue;
        }
        let kept = fs::read_to_string(&path).expect("a story");
        assert_eq!(kept, story, "GLASSHTTP_RENEW=1 writes it anew");
    }
}

/// A record of version 1, as docs/records.md had it: other names, and sentences without codes.
#[test]
fn a_record_of_version_1_is_still_shown() {
    let log = fs::read_to_string(place("tests/records/kept/version_1.json")).expect("a record");
    assert!(log.contains("\"glasshttp\":1") && log.contains("answer_chosen") && log.contains("octets_received"));
    let story = shown(&log, "en").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "#1 127.0.0.1:50001",
        "seq 727050008",
        "GET /hello.txt HTTP/1.1",
        "87 bytes in 1 read",
        "200 OK from hello.txt",
        "head 160 + body 44 bytes in 1 write",
        "read() returned 0: the client has closed its sending side, first",
        "The client closed the keep-alive connection.",
        "TIME_WAIT: client",
    ] {
        assert!(story.contains(words), "{words:?}: {story}");
    }
    let korean = shown(&log, "ko");
    assert!(korean.contains("클라이언트가 유지하던 연결을 닫았습니다."), "{korean}");
}
