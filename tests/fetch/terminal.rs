//! What a person meets: Ctrl-C, lines that end, and nothing that drives a terminal.

use super::peer::{Peer, read_request, wait_for_end};
use super::{Run, run};
use crate::harness::{PATIENCE, glasshttp};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Interrupts a fetch once `is_under_way`.
fn interrupted(place: &Path, arguments: &[&str], is_under_way: impl Fn() -> bool) -> Run {
    let mut child = glasshttp()
        .arg("fetch")
        .args(arguments)
        .current_dir(place)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let deadline = Instant::now() + PATIENCE;
    while !is_under_way() {
        assert!(Instant::now() < deadline, "it does not begin");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("our own child");
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("it does not end");
        }
        std::thread::yield_now();
    };
    let (mut stdout, mut stderr) = (Vec::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_end(&mut stdout).expect("what it printed");
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    Run { stdout, stderr, code: status.code().expect("it exits by itself") }
}

#[test]
fn ctrl_c_tells_what_happened_and_keeps_the_part() {
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf ").expect("the client reads");
        wait_for_end(stream);
    });
    let place = tempfile::tempdir().expect("a folder");
    let part = place.path().join("file.part");
    let is_there = || std::fs::metadata(&part).is_ok_and(|metadata| metadata.len() == 5);
    let run = interrupted(place.path(), &["-o", "file", &peer.url("/")], is_there);
    run.assert_failed(130, &["nterrupted", "5 bytes", "file.part", "-C"]);
    assert!(run.stderr.contains("200 OK") && run.stderr.contains("so far"), "{}", run.stderr);
    assert_eq!(std::fs::read(&part).expect("a part"), b"half ");
}

#[test]
fn ctrl_c_is_heard_before_there_is_a_response() {
    let (say, heard) = std::sync::mpsc::channel();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        say.send(()).expect("the test listens");
        wait_for_end(stream);
    });
    let run = interrupted(Path::new("."), &["--json", &peer.url("/")], || heard.try_recv().is_ok());
    assert_eq!(run.code, 130, "{}", run.stderr);
    assert_eq!(run.record()["transfers"][0]["failure"]["kind"], "interrupted");
}

#[test]
fn ctrl_c_is_heard_while_a_name_is_looked_up() {
    let (say, heard) = std::sync::mpsc::channel();
    let names = crate::dns::server::Server::start(move |_, _| {
        let _ = say.send(());
        vec![]
    });
    let dns = names.address.to_string();
    let run = interrupted(Path::new("."), &["--dns", &dns, "http://name.example/"], || heard.try_recv().is_ok());
    assert_eq!(run.code, 130, "{}", run.stderr);
}

#[test]
fn json_drives_no_terminal() {
    let peer = Peer::answering(
        "HTTP/1.0 200 \u{9b}2J\r\nX-Odd: \u{202e}txt.exe\u{2066}\r\nX-C1: \u{9b}31m\r\nContent-Length: 0\r\n\r\n",
    );
    let run = super::fetch(&["--json", &peer.url("/")]);
    assert!(!run.text().contains(['\u{9b}', '\u{202e}', '\u{2066}']), "{}", run.text());
    assert_eq!(run.record()["transfers"][0]["exchange"]["response"]["fields"][0]["value"], "\u{202e}txt.exe\u{2066}");
    let run = super::fetch(&["--head", &peer.url("/")]);
    assert!(!run.text().contains(['\u{9b}', '\u{202e}', '\u{2066}']), "{}", run.text());
}

#[test]
fn the_story_begins_a_line_of_its_own() {
    for (body, gap) in [("body", "\n"), ("body\n", ""), ("", "")] {
        let peer = Peer::answering(format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let script = format!("\"$0\" fetch {} 2>&1", peer.url("/"));
        let both = run(Command::new("sh").arg("-c").arg(script).arg(glasshttp().get_program())).text();
        assert!(both.starts_with(&format!("{body}{gap}Times since")), "{both}");
        // Two places: nothing is added to either.
        let apart = super::fetch(&[&peer.url("/")]);
        assert_eq!(apart.text(), body);
        assert!(apart.stderr.starts_with("Times"), "{}", apart.stderr);
    }
}
