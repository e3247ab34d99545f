//! A request that is refused for a reason which its status does not name: the
//! story says the reason, the access log has its code.

use super::Folder;
use crate::harness::{Server, glasshttp};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// What is asked, and what is said of it: the code, and the sentences.
const REFUSALS: [(&str, u16, &str, &str, &str); 4] = [
    (
        "GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n",
        421,
        "other_host",
        "it is for a host that this server does not respond to",
        "이 서버가 응답하지 않는 호스트에 대한 요청입니다",
    ),
    (
        "GET /%zz HTTP/1.0\r\n\r\n",
        400,
        "bad_path",
        "a % is not followed by two hexadecimal digits",
        "16진수 두 자리가 뒤따르지 않는 %",
    ),
    ("BREW / HTTP/1.0\r\n\r\n", 501, "unknown_method", "does not support its method", "지원하지 않는 메서드"),
    ("GET / HTTP/1.0\r\n\r\n", 503, "no_root", "the folder that is served is missing", "제공하던 폴더가 없습니다"),
];

/// The line of a log for this request.
fn logged(log: &str, request: &str, is_rootless: bool) -> (u16, String) {
    let folder = Folder::new();
    let options = ["--port", "0", "--no-watch", "--log", log];
    let mut server = Server::spawn(glasshttp().args(options).arg(folder.root()));
    if is_rootless {
        fs::rename(folder.root(), folder.outside().join("moved")).expect("it is moved");
    }
    let mut client = server.connect();
    client.send(request.as_bytes());
    let status = client.response().status;
    drop(client);
    let mut line = String::new();
    server.stdout.read_line(&mut line).expect("a line");
    (status, line)
}

#[test]
fn the_story_and_the_logs_say_why() {
    for (request, status, code, english, korean) in REFUSALS {
        let is_rootless = code == "no_root";
        let (sent, common) = logged("common", request, is_rootless);
        assert_eq!(sent, status, "{request}");
        assert!(common.ends_with(&format!(" {code}\n")), "{common}");
        let (_, json) = logged("json", request, is_rootless);
        let record: serde_json::Value = serde_json::from_str(&json).expect("a record");
        assert_eq!(record["exchanges"][0]["refused"], code, "{json}");
        for (language, sentence) in [("en", english), ("ko", korean)] {
            let story = shown(&json, language);
            assert!(story.contains(sentence), "{language}: {story}");
        }
    }
}

/// Takes a lease on the file it is given until it hears a line.
const LEASE: &str = "\
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
sys.stdin.readline()
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
print('given up', flush=True)
sys.stdin.readline()
";

#[test]
#[ignore = "needs python3: .ci/run installs it"]
fn a_file_that_another_program_holds_is_unavailable_for_that() {
    let folder = Folder::of(&["held.txt", "other.txt"]);
    folder.link("absolute", folder.path("held.txt"));
    let mut holder = Command::new("python3");
    holder.args(["-c", LEASE]).arg(folder.path("held.txt")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().expect("python3");
    let mut says = BufReader::new(holder.stdout.take().expect("a pipe")).lines();
    assert_eq!(says.next().and_then(Result::ok).as_deref(), Some("held"));
    let options = ["--port", "0", "--no-watch", "--log", "common"];
    let mut server = Server::spawn(glasshttp().args(options).arg(folder.root()));
    for path in ["/held.txt", "/absolute"] {
        let response = server.get(path);
        assert_eq!((response.status, response.header("Retry-After")), (503, Some("1")), "{path}");
        assert!(response.text().contains("Another program holds this file"), "{}", response.text());
        let mut line = String::new();
        server.stdout.read_line(&mut line).expect("a line");
        assert!(line.ends_with(" file_held\n"), "{line}");
    }
    assert_eq!(server.get("/other.txt").status, 200);
    holder.stdin.as_mut().expect("a pipe").write_all(b"\n").expect("it listens");
    assert_eq!(says.next().and_then(Result::ok).as_deref(), Some("given up"));
    assert_eq!(server.get("/held.txt").text(), "held.txt");
    drop(holder.stdin.take());
    holder.wait().expect("it ends");
}

/// What `glasshttp show` says of a log, on one line.
fn shown(log: &str, language: &str) -> String {
    let folder = crate::harness::folder();
    let file = folder.path().join("log.json");
    fs::write(&file, log).expect("a file");
    let output = glasshttp().args(["--lang", language, "show"]).arg(&file).output().expect("the program starts");
    let story = String::from_utf8(output.stdout).expect("UTF-8");
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}
