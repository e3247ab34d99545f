//! What a person meets: Ctrl-C, lines that end, and nothing that drives a terminal.

use super::peer::{Peer, read_request, wait_for_end};
use super::{Run, run};
use crate::harness::{PATIENCE, glasshttp};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

/// Interrupts a fetch once `is_under_way`.
fn interrupted(place: &Path, arguments: &[&str], is_under_way: impl Fn() -> bool) -> Run {
    interrupted_command(glasshttp().arg("fetch").args(arguments).current_dir(place), is_under_way)
}

/// The same, of a command that is prepared.
pub(super) fn interrupted_command(command: &mut Command, is_under_way: impl Fn() -> bool) -> Run {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let status = interrupt(&mut child, is_under_way);
    let (mut stdout, mut stderr) = (Vec::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_end(&mut stdout).expect("what it printed");
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    Run { stdout, stderr, code: status.code().expect("it exits by itself") }
}

/// Interrupts it once, when `is_under_way`, and waits for its end.
pub(super) fn interrupt(child: &mut Child, is_under_way: impl Fn() -> bool) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    while !is_under_way() {
        assert!(Instant::now() < deadline, "it does not begin");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("our own child");
    loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("it does not end");
        }
        std::thread::yield_now();
    }
}

#[test]
fn ctrl_c_tells_what_happened_and_keeps_the_part() {
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf ").expect("the client reads");
        wait_for_end(stream);
    });
    let place = crate::harness::folder();
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
    let peer = Peer::responding(
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
        let peer = Peer::responding(format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let script = format!("\"$0\" fetch {} 2>&1", peer.url("/"));
        let both = run(Command::new("sh").arg("-c").arg(script).arg(glasshttp().get_program())).text();
        assert!(both.starts_with(&format!("{body}{gap}Times since")), "{both}");
        // Two places: nothing is added to either.
        let apart = super::fetch(&[&peer.url("/")]);
        assert_eq!(apart.text(), body);
        assert!(apart.stderr.starts_with("Times"), "{}", apart.stderr);
    }
}

/// A body that takes a while, in two halves: what is behind the first comes when the test says so.
fn slow(head: &'static str, halves: [&'static [u8]; 2]) -> (Peer, std::sync::mpsc::Sender<()>) {
    let (go_on, is_time) = std::sync::mpsc::channel::<()>();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(halves[0])).expect("the client reads");
        // Not before the line may be shown: half a second after the head.
        let _ = is_time.recv_timeout(std::time::Duration::from_millis(700));
        stream.write_all(halves[1]).expect("the client reads");
        let _ = is_time.recv_timeout(std::time::Duration::from_millis(200));
        super::peer::end(stream);
    });
    (peer, go_on)
}

/// What `glasshttp fetch` prints where all is a terminal of 60 columns.
fn on_a_terminal(place: &Path, command: &str) -> String {
    let program = crate::harness::program();
    let line = format!("stty cols 60; '{program}' fetch {command}");
    let run = run(Command::new("script").args(["-qec", &line, "/dev/null"]).current_dir(place).stdin(Stdio::null()));
    run.text()
}

#[test]
fn progress_is_for_terminals_and_fits_them() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n";
    let known = || slow(head, [&[b'x'; 1000], &[b'x'; 500]]);
    let (peer, _keep) = known();
    let place = crate::harness::folder();
    let said = on_a_terminal(place.path(), &format!("-o file --timeout 2 {}", peer.url("/")));
    assert!(said.contains(" 75 %  1.50 kB of 2.00 kB  ") && said.contains("/s  0:00 left"), "{said}");
    let line = said.split('\r').find(|line| line.contains(" 75 %")).expect("the line").trim_start_matches("\u{1b}[K");
    assert!(line.chars().count() < 60, "{line}");
    // What is resumed counts in the percent, and not in the rate.
    std::fs::write(place.path().join("file.part"), [b'x'; 6000]).expect("a part");
    let head = "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\nContent-Range: bytes 6000-7999/8000\r\n\r\n";
    let (peer, _keep) = slow(head, [&[b'x'; 1000], &[b'x'; 1000]]);
    let version = format!("\"a\"\n{}\n", peer.url("/"));
    std::fs::write(place.path().join("file.part.validator"), version).expect("its version");
    let said = on_a_terminal(place.path(), &format!("-C -o file {}", peer.url("/")));
    let (_, rate) = said.split_once("100 %  8.00 kB of 8.00 kB  ").unwrap_or_else(|| panic!("{said}"));
    let (rate, _) = rate.split_once(" kB/s").unwrap_or_else(|| panic!("{said}"));
    assert!(rate.parse::<f64>().is_ok_and(|rate| rate < 3.0), "{rate}: {said}");
    let (peer, _keep) = slow("HTTP/1.1 200 OK\r\n\r\n", [&[b'x'; 1000], &[b'x'; 1000]]);
    let said = on_a_terminal(place.path(), &format!("-o other {}", peer.url("/")));
    assert!(said.contains("2.00 kB  ") && !said.contains(" %"), "{said}");
    // Silence is silence, and no other place is a terminal.
    let (peer, _keep) = known();
    let said = on_a_terminal(place.path(), &format!("-q -o other --timeout 2 {}", peer.url("/")));
    assert!(!said.contains(" %") && said.contains("error:") && said.lines().count() == 1, "{said}");
    let (peer, _keep) = known();
    let run = super::fetch_in(place.path(), &["-o", "other", &peer.url("/")]);
    assert!(!run.stderr.contains(" %") && !run.stderr.contains('\r'), "{}", run.stderr);
}
