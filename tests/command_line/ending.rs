//! The end of a run: what the first Ctrl-C waits for, and what the run came to.

use crate::harness::{MODELS, Server, glasshttp};
use crate::models::{children, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, Read};
use tempfile::TempDir;

fn start(options: &[&str]) -> (Server, TempDir) {
    let folder = crate::harness::folder();
    std::fs::write(folder.path().join("a.txt"), "x".repeat(11_520)).expect("a file");
    std::fs::File::create(folder.path().join("big")).and_then(|file| file.set_len(64 << 20)).expect("a file");
    let mut command = glasshttp();
    command.args(["--port", "0", "--no-watch"]).args(options).arg(folder.path());
    (Server::spawn(&mut command), folder)
}

/// The rest of what it says, when it has ended.
fn rest(server: &mut Server) -> String {
    assert_eq!(server.wait().code(), Some(0));
    let mut text = String::new();
    server.stdout.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn a_run_is_summed_up_in_a_line() {
    for model in MODELS {
        for (log, language) in [("short", "en"), ("story", "en"), ("short", "ko")] {
            let (mut server, _folder) = start(&["--model", model, "--log", log, "--lang", language]);
            server.get("/a.txt");
            server.get("/missing");
            server.signal(Signal::INT);
            let said = rest(&mut server);
            let last = said.lines().last().expect("a line");
            let begin = match language {
                "en" => "2 connections, 2 requests (1 × 200, 1 × 404), ",
                _ => "연결 2개, 요청 2개 (1 × 200, 1 × 404), ",
            };
            assert!(last.starts_with(begin) && last.contains(" kB"), "{model}, {log}: {said}");
            assert!(!said.contains("Waiting"), "{model}: {said}");
        }
    }
}

#[test]
fn of_a_flood_each_failure_is_shown_or_counted_by_its_status() {
    const REQUESTS: usize = 3_200;
    for model in MODELS {
        let (mut server, _folder) = start(&["--model", model, "--log", "story", "--lang", "en"]);
        let mut client = server.connect();
        let last = "GET /missing HTTP/1.0\r\n\r\n";
        let kept = "GET /missing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(REQUESTS - 1);
        client.send((kept + last).as_bytes());
        client.read_to_end();
        drop(client);
        server.signal(Signal::INT);
        // It is more than a pipe holds.
        let mut said = String::new();
        server.stdout.read_to_string(&mut said).expect("text");
        server.wait();
        let count = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = words.windows(2).position(|pair| pair[0] == "×" && pair[1].starts_with("404"))?;
            words[place.checked_sub(1)?].replace(',', "").parse::<usize>().ok()
        };
        let is_aside = |line: &&str| line.starts_with('…');
        let counted: usize = said.lines().filter(is_aside).filter_map(count).sum();
        let is_row =
            |line: &&str| line.contains("GET /missing") && line.contains("  404") || line.contains("chosen  404");
        let shown = said.lines().filter(is_row).count();
        assert_eq!(shown + counted, REQUESTS, "{model}: {shown} shown, {counted} counted");
        let sum = said.lines().last().expect("a line");
        assert!(sum.contains("3,200 requests (3,200 × 404)"), "{model}: {sum}");
    }
}

#[test]
fn nobody_came_and_nothing_is_recorded_are_no_line() {
    for log in ["short", "off", "common", "json"] {
        let (mut server, _folder) = start(&["--log", log]);
        if matches!(log, "off" | "common" | "json") {
            server.get("/a.txt");
        }
        server.signal(Signal::INT);
        let said = rest(&mut server);
        assert!(!said.contains(" sent, in "), "{log}: {said}");
    }
}

#[test]
fn the_first_order_to_stop_says_what_it_waits_for() {
    for model in MODELS {
        for (language, expected) in [
            ("en", "Waiting for 1 connection to finish, at most 7.5 s. Ctrl-C again stops it at once.\n"),
            ("ko", "연결 1개의 마무리를 기다립니다(최대 7.5초). Ctrl-C를 다시 누르면 바로 멈춥니다.\n"),
        ] {
            let options = ["--model", model, "--log", "short", "--grace", "7.5", "--lang", language];
            let (mut server, _folder) = start(&options);
            let mut client = server.connect();
            client.send(b"GET /big HTTP/1.0\r\n\r\n");
            client.head_response();
            server.signal(Signal::INT);
            let mut said = String::new();
            while !said.ends_with(expected) {
                assert_ne!(server.stdout.read_line(&mut said).expect("a line"), 0, "{model}: {said}");
            }
            drop(client);
            rest(&mut server);
        }
    }
}

#[test]
fn what_a_killed_process_served_is_summed_up() {
    for language in ["en", "ko"] {
        let options = ["--model", "process", "--log", "short", "--lang", language];
        let (mut server, _folder) = start(&options);
        server.get("/a.txt");
        let children = || children(server.id());
        wait_until("the first client's process has ended", || children().is_empty());
        // One whose response is under way, and one that has got its response.
        let mut busy = server.begin_download("/big");
        let mut idle = server.connect();
        idle.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
        idle.response();
        let killed = children();
        assert_eq!(killed.len(), 2);
        for (child, _) in killed {
            kill_process(Pid::from_raw(child).expect("a process"), Signal::KILL).expect("our server's child");
        }
        busy.read_to_end();
        idle.read_to_end();
        wait_until("the killed ones were waited for", || children().is_empty());
        server.signal(Signal::INT);
        let said = rest(&mut server);
        let begin = match language {
            "en" => "3 connections, 3 requests (3 × 200), ",
            _ => "연결 3개, 요청 3개 (3 × 200), ",
        };
        assert!(said.lines().last().is_some_and(|last| last.starts_with(begin)), "{said}");
    }
}

/// Its client has been responded to, and a further request has begun: that one is in the lines and in their sum.
#[test]
fn a_begun_request_whose_process_is_killed_is_a_line_and_counts() {
    let (mut server, _folder) = start(&["--model", "process", "--log", "short", "--lang", "en"]);
    let mut client = server.connect();
    client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\nGET /half HT");
    client.response();
    let children = || children(server.id());
    wait_until("it waits for the rest", || matches!(children()[..], [(_, 'S')]));
    let child = children()[0].0;
    kill_process(Pid::from_raw(child).expect("a process"), Signal::KILL).expect("our server's child");
    client.read_to_end();
    wait_until("it was waited for", || children().is_empty());
    server.signal(Signal::INT);
    let said = rest(&mut server);
    let lines: Vec<&str> = said.lines().rev().collect();
    assert!(lines[0].starts_with("1 connection, 2 requests (1 without a response, 1 × 200), "), "{said}");
    assert!(lines[1].contains("#1.2 ") && lines[1].contains("GET /half HT"), "{said}");
    assert!(lines[2].contains("#1.1 ") && lines[2].contains("GET /a.txt"), "{said}");
}
