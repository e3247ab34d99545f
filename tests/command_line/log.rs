//! The access log: what analysers read, and what happens when nobody does.

use crate::closing::{folder_with, under_each_model};
use crate::harness::{Client, Server, glasshttp, program};
use rustix::fs::OFlags;
use rustix::process::Signal;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

fn start(folder: &Path, format: &str) -> Server {
    Server::spawn(glasshttp().args(["--port", "0", "--log", format, "--host", "*"]).arg(folder))
}

fn next_line(server: &mut Server) -> String {
    let mut line = String::new();
    server.stdout.read_line(&mut line).expect("a line");
    assert_eq!(line.pop(), Some('\n'), "{line:?}");
    assert!(!line.contains(char::is_control), "{line:?}");
    line
}

#[test]
fn a_log_that_machines_read_has_standard_output_to_itself() {
    let (folder, _) = folder_with(0);
    for format in ["common", "combined", "json", "json-requests"] {
        let mut server = start(folder.path(), format);
        assert!(server.announced.contains("Ctrl-C stops it."), "{}", server.announced);
        server.get("/small.txt");
        let line = next_line(&mut server);
        let is_of_the_log = if format.starts_with("json") { line.starts_with('{') } else { parse(&line).is_some() };
        assert!(is_of_the_log, "{line}");
    }
}

/// Takes the string in quotes from the beginning of `text`: what is in it, escapes untouched, and the rest.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = text.find(|character| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// `host - - [time] "line" status bytes` and what follows them.
fn parse(line: &str) -> Option<(&str, u16, u64, Vec<&str>)> {
    let rest = line.strip_prefix("127.0.0.1 - - [")?;
    let (time, rest) = rest.split_once("] ")?;
    let form = time.replace(|character: char| character.is_ascii_digit(), "0");
    let month = form.get(3..6)?;
    if form.replacen(month, "Mon", 1) != "00/Mon/0000:00:00:00 +0000"
        || !"JanFebMarAprMayJunJulAugSepOctNovDec".contains(month)
    {
        return None;
    }
    let (request, rest) = quoted(rest)?;
    let mut rest = rest.strip_prefix(' ')?;
    let numbers_end = rest.find(" \"").unwrap_or(rest.len());
    let (status, bytes) = rest[..numbers_end].split_once(' ')?;
    let (status, bytes) = (status.parse().ok()?, bytes.parse().ok()?);
    rest = &rest[numbers_end..];
    let mut others = Vec::new();
    while !rest.is_empty() {
        let (value, after) = quoted(rest.strip_prefix(' ')?)?;
        others.push(value);
        rest = after;
    }
    Some((request, status, bytes, others))
}

#[test]
fn a_common_line_is_written_for_each_exchange() {
    let (folder, _) = folder_with(1_000_000);
    let mut server = start(folder.path(), "common");
    for (request, wanted) in [
        ("GET /small.txt HTTP/1.0\r\n\r\n", ("GET /small.txt HTTP/1.0", 200, 6)),
        ("HEAD /small.txt HTTP/1.0\r\n\r\n", ("HEAD /small.txt HTTP/1.0", 200, 0)),
        ("GET /big.bin HTTP/1.0\r\n\r\n", ("GET /big.bin HTTP/1.0", 200, 1_000_000)),
        ("GET /small.txt?a=%22 HTTP/1.0\r\nRange: bytes=1-2\r\n\r\n", ("GET /small.txt?a=%22 HTTP/1.0", 206, 2)),
        ("GET /small.txt HTTP/1.0\r\nIf-None-Match: *\r\n\r\n", ("GET /small.txt HTTP/1.0", 304, 0)),
        ("GET /small.txt\r\n", ("GET /small.txt", 200, 6)),
    ] {
        server.ask(request.as_bytes());
        let line = next_line(&mut server);
        let (line, status, bytes, others) = parse(&line).unwrap_or_else(|| panic!("{line:?}"));
        assert_eq!((line, status, bytes), wanted);
        assert_eq!(others, [""; 0]);
    }
}

#[test]
fn a_combined_line_has_referer_and_user_agent_too() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "combined");
    server.get_with("/small.txt", "Referer: http://a/?\"b\"\r\nUser-Agent: a \\ b\t\u{d55c}\r\n");
    let line = next_line(&mut server);
    let (request, status, bytes, others) = parse(&line).unwrap_or_else(|| panic!("{line:?}"));
    assert_eq!((request, status, bytes), ("GET /small.txt HTTP/1.0", 200, 6));
    assert_eq!(others, ["http://a/?\\\"b\\\"", "a \\\\ b\\x09\u{d55c}"]);

    server.get("/small.txt");
    let line = next_line(&mut server);
    assert_eq!(parse(&line).unwrap_or_else(|| panic!("{line:?}")).3, ["-", "-"]);
}

#[test]
fn no_log_has_a_secret() {
    let (folder, _) = folder_with(0);
    let long = format!("GET / HTTP/1.0\r\nX: {}\r\nReferer: http://ann:s3crets3cret@intra/\r\n\r\n", "x".repeat(1550));
    let sent: [&[u8]; 8] = [
        b"GET http://ann:s3cret@localhost/small.txt HTTP/1.0\r\n\r\n",
        b"GET /small.txt HTTP/1.0\r\nReferer: http://ann:s3cret@intra/\r\nCookie: s3cret\r\n\r\n",
        b"Authorization: s3cret\r\n\r\n",
        b"Authorization Basic s3cret==\r\n\r\n",
        b"Cookie session=s3cret\r\n\r\n",
        b"GET http://ann:s3cret",
        long.as_bytes(),
        b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\nCookie: s3cret\r\n\r\n",
    ];
    for format in ["common", "combined", "json-requests", "json", "short", "story"] {
        let mut command = glasshttp();
        command.args(["--port", "0", "--no-watch", "--host", "*", "--log", format]).arg(folder.path());
        let mut server = Server::spawn(&mut command);
        for bytes in sent {
            let mut client = server.connect();
            client.send(bytes);
            client.half_close();
            client.read_to_end();
        }
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{format}");
        let mut log = String::new();
        server.stdout.read_to_string(&mut log).expect("the log");
        assert!(log.contains("...@localhost/small.txt") && log.contains("not shown"), "{format}: {log}");
        assert!(!log.contains("s3cret"), "{format}: {log}");
    }
}

#[test]
fn lines_are_written_under_every_model_in_the_order_of_a_connection() {
    let (folder, _) = folder_with(1_000_000);
    under_each_model(|model| {
        for format in ["common", "combined"] {
            let mut command = glasshttp();
            let options = ["--port", "0", "--no-watch", "--host", "*", "--log", format, "--model", model];
            let mut server = Server::spawn(command.args(options).arg(folder.path()));
            let mut client = server.connect();
            let asked = ["/small.txt", "/big.bin", "/nothing", "/small.txt"];
            for path in asked {
                client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n").as_bytes());
            }
            let responses = asked.map(|_| client.response());
            drop(client);
            server.signal(Signal::TERM);
            assert_eq!(server.wait().code(), Some(0), "{model}");
            // What got its response before the end is in the log, in whichever process it was written.
            let mut log = String::new();
            server.stdout.read_to_string(&mut log).expect("the log");
            let lines: Vec<_> = log.lines().filter_map(parse).collect();
            assert_eq!(lines.len(), asked.len(), "{model}: {log}");
            for ((line, path), response) in lines.iter().zip(asked).zip(&responses) {
                let request = format!("GET {path} HTTP/1.1");
                assert_eq!(
                    (line.0, line.1, line.2),
                    (&*request, response.status, response.body.len() as u64),
                    "{model}"
                );
                let others: &[&str] = if format == "combined" { &["-", "b"] } else { &[] };
                assert_eq!(line.3, others, "{model}");
            }
        }
    });
}

#[test]
fn lines_come_while_the_server_runs_under_every_model() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut server = Server::spawn(
            glasshttp().args(["--port", "0", "--log", "common", "--host", "*", "--model", model]).arg(folder.path()),
        );
        let mut client = server.connect();
        client.send(b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        client.response();
        let mut line = String::new();
        while parse(line.trim_end()).is_none() {
            line.clear();
            assert_ne!(server.stdout.read_line(&mut line).expect("a line"), 0, "{model}: it ended");
        }
        drop(client); // kept until here
    });
}

#[test]
fn a_request_line_can_forge_no_line_and_drive_no_terminal() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "common");
    for (sent, logged) in [
        (&b"GET /\"b HTTP/1.0\r\n\r\n"[..], "\\\""),
        (b"GET /\x1b[31m HTTP/1.0\r\n\r\n", "\\x1b[31m"),
        (b"GET /\r127.0.0.1 HTTP/1.0\r\n\r\n", "\\x0d127.0.0.1"),
        (b"GET /\x00 HTTP/1.0\r\n\r\n", "\\x00"),
        (b"GET /\x7f\x08 HTTP/1.0\r\n\r\n", "\\x7f\\x08"),
        (b"GET /\xff HTTP/1.0\r\n\r\n", "\\xff"),
        (b"\"GET / HTTP/1.0\r\n\r\n", "\\\"GET"),
        ("GET /\u{9b}31m HTTP/1.0\r\n\r\n".as_bytes(), "\\x9b31m"),
    ] {
        server.ask(sent);
        let line = next_line(&mut server);
        let (request, ..) = parse(&line).unwrap_or_else(|| panic!("{line:?}"));
        assert!(request.contains(logged), "{logged} in {line:?}");
    }
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_serving() {
    let (folder, _) = folder_with(0);
    for format in ["common", "combined"] {
        let mut server = start(folder.path(), format);
        // Closes our end of the pipe.
        let nothing = OwnedFd::from(File::open("/dev/null").expect("nothing"));
        server.stdout = BufReader::new(nothing.into());
        for _ in 0..50 {
            assert_eq!(server.get("/small.txt").text(), "small\n");
        }
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0));
    }
}

#[test]
fn a_reader_that_never_reads_does_not_stop_the_serving() {
    let (folder, _) = folder_with(0);
    let mut server = start(folder.path(), "combined");
    let mut client = server.connect();
    let batch = b"HEAD /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let mut lines = BufReader::new(client.socket.try_clone().expect("a second handle")).lines();
    for _ in 0..200 {
        client.send(&batch);
        for _ in 0..100 {
            assert_eq!(lines.next().expect("a response").expect("in time"), "HTTP/1.0 200 OK");
            assert!(lines.any(|line| line.is_ok_and(|line| line.is_empty())), "the end of its head");
        }
    }
    drop((client, lines));
    assert_eq!(server.get("/small.txt").text(), "small\n");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0), "the log that nobody reads does not hold up the end either");
}

#[test]
fn a_log_for_people_that_nobody_reads_does_not_hold_up_the_end() {
    let (folder, _) = folder_with(0);
    for log in ["short", "story"] {
        let mut server = Server::start_logging(folder.path(), log, &[]);
        assert_eq!(server.get("/small.txt").text(), "small\n");
        let pipe = format!("/proc/self/fd/{}", server.stdout.get_ref().as_raw_fd());
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let mut pipe = File::options().write(true).custom_flags(flags).open(pipe).expect("its other end");
        // To the last byte: not even the line about the whole run finds room.
        while pipe.write(b"x").is_ok() {}
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{log}");
    }
}

#[test]
fn a_log_that_reaches_the_limit_of_a_file_stops_no_serving_and_counts_what_it_lacks() {
    let (folder, _) = folder_with(0);
    for (format, number) in [("common", 0), ("combined", 1), ("json", 2), ("json-requests", 3)] {
        let log = folder.path().join(format!("log{number}"));
        let mut command = Command::new("/bin/sh");
        let script = "ulimit -f 8; log=$1; shift; exec \"$0\" \"$@\" >\"$log\"";
        command.args(["-c", script, program()]).arg(&log).env("LC_ALL", "C");
        command.args(["--port", "0", "--no-watch", "--host", "*", "--log", format]).arg(folder.path());
        let mut server = Server::spawn(&mut command);
        const REQUESTS: usize = 150;
        for _ in 0..REQUESTS {
            assert_eq!(server.get("/small.txt").text(), "small\n", "{format}");
        }
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{format}");
        let log = std::fs::read_to_string(&log).expect("the log");
        let whole = log.lines().filter(|line| line.contains("/small.txt") && log.contains(&format!("{line}\n")));
        let complaints = server.complaints();
        let said =
            complaints.split_once("warning: ").and_then(|(_, rest)| rest.split_once(' ')).map(|(number, _)| number);
        let missing = REQUESTS - whole.count();
        assert!(missing > 0);
        assert_eq!(said, Some(&*missing.to_string()), "{format}: {complaints}");
    }
}

#[test]
#[ignore = "needs goaccess: .ci/run installs it"]
fn goaccess_reads_every_line_of_a_combined_log() {
    let (folder, _) = folder_with(1000);
    let mut server = start(folder.path(), "combined");
    let mut client = Client::connect(server.address);
    for path in ["/small.txt", "/big.bin", "/", "/nothing", "/small.txt?a=b&c=%20"].repeat(20) {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (\"x\")\r\n\r\n").as_bytes());
        client.response();
    }
    for fields in ["Referer: http://example.org/?q=\u{d55c}\r\n", "Referer: a\"b\r\n", ""].repeat(10) {
        server.get_with("/small.txt", fields);
    }
    // And one that has a reason behind it.
    let other_host = Server::spawn(glasshttp().args(["--port", "0", "--log", "combined"]).arg(folder.path()));
    other_host.get_with("/small.txt", "Host: evil.example\r\n");
    let log = folder.path().join("access.log");
    let mut file = File::create(&log).expect("a log");
    for _ in 0..130 {
        writeln!(file, "{}", next_line(&mut server)).expect("a line");
    }
    let refused = next_line(&mut { other_host });
    assert!(refused.ends_with(" other_host"), "{refused}");
    writeln!(file, "{refused}").expect("a line");
    let report = folder.path().join("report.json");
    let output = Command::new("goaccess")
        .args(["--no-global-config", "--log-format=COMBINED", "--no-progress", "-f"])
        .arg(&log)
        .arg("-o")
        .arg(&report)
        .output()
        .expect("goaccess starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = std::fs::read_to_string(report).expect("its report");
    let figure = |name: &str| {
        let (_, rest) = report.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name}: {report}"));
        rest.split([',', '}']).next().unwrap_or_default().trim().parse::<u32>().expect("a number")
    };
    assert_eq!((figure("total_requests"), figure("failed_requests")), (131, 0));
}

/// What a saved log says to be missing is said again, in the words with which the server ended.
#[test]
fn a_log_shown_again_says_what_is_not_in_it() {
    let folder = crate::harness::folder();
    let file = folder.path().join("log.json");
    let left_out = |connections, reports| {
        format!(
            "{{\"glasshttp\":2,\"left_out\":{{\"connections\":{connections},\"exchanges\":0,\"reports\":{reports}}}}}\n"
        )
    };
    std::fs::write(&file, format!("{}{}", left_out(645, 1930), left_out(1, 7))).expect("a file");
    for (language, said) in [
        (
            "en",
            "warning: 646 connections, 1,937 reports not recorded: too many at once, the log could not take them, or a process was killed\n",
        ),
        (
            "ko",
            "경고: 연결 646개, 보고 1,937개 기록하지 못함. 한꺼번에 너무 많았거나, 로그에 쓸 수 없었거나, 프로세스가 강제로 종료되었습니다\n",
        ),
    ] {
        let shown = glasshttp().args(["--lang", language, "show"]).arg(&file).output().expect("it runs");
        assert_eq!((shown.status.code(), String::from_utf8_lossy(&shown.stderr).as_ref()), (Some(0), said));
    }
    // Beside that, what is wrong with the file.
    std::fs::write(&file, format!("{}no JSON\n", left_out(1, 0))).expect("a file");
    let shown = glasshttp().args(["--lang", "en", "show"]).arg(&file).output().expect("it runs");
    let said = String::from_utf8_lossy(&shown.stderr);
    assert!(said.starts_with("warning: 1 connection not recorded: ") && said.contains("holds no record"), "{said}");
    assert_eq!(shown.status.code(), Some(1));
}
