//! Text that others chose, in every sink: whatever a client, a server, a file's name or a command
//! line holds, nothing that it writes drives a terminal, turns the text round, hides, or is HTML.

use crate::fetch::fetch;
use crate::fetch::peer::Peer;
use crate::harness::{Client, PATIENCE, Server, glasshttp};
use rustix::process::Signal;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What a client may send in a target and in a field, and a file may have in its name.
const HOSTILE: &str = "q\"<hostile>'&\u{9b}31m\u{ad}\u{200b}\u{200f}\u{202e}\u{2028}\u{2066}\u{feff}\u{e0041}z";
/// What a file may have in its name, and a client sends in vain.
const CONTROLS: &str = "\u{1b}[2J\u{7}\u{8}\u{7f}";
/// A word that each of them holds: so that it is known that they were shown.
const WORD: &str = "hostile";

/// Nothing in `text` is raw that must not be; `lines`: its own lines may end.
fn is_clean(sink: &str, text: &str) {
    let raw = |character: char| match character {
        '\n' | '\r' | '\t' => false,
        _ => character.is_control() || HOSTILE.chars().any(|hostile| hostile == character && !hostile.is_ascii()),
    };
    assert!(!text.contains(raw), "{sink}: {text:?}");
}

fn is_clean_html(sink: &str, page: &str) {
    is_clean(sink, page);
    assert!(!page.contains("<hostile") && !page.contains("q\""), "{sink}: {page}");
}

/// Asks for all that is hostile, in the target, in fields, and where it can't be.
fn ask(server: &Server) {
    for request in [
        format!("GET /{HOSTILE} HTTP/1.0\r\nHost: localhost\r\nUser-Agent: {HOSTILE}\r\nReferer: {HOSTILE}\r\n\r\n"),
        format!("GET /{WORD}{CONTROLS} HTTP/1.0\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOSTILE}\r\n\r\n"),
        format!("GET / HTTP/1.0\r\nX: {WORD}{CONTROLS}\r\n\r\n"),
    ] {
        let response = String::from_utf8_lossy(&server.ask(request.as_bytes())).into_owned();
        is_clean_html("an error page", &response);
    }
    server.ask(b"GET /hostile\xff\xfe HTTP/1.0\r\nUser-Agent: \xff\x80\r\n\r\n");
}

/// All that the server wrote, when it has ended.
fn written(server: &mut Server) -> String {
    server.signal(Signal::TERM);
    server.wait();
    let mut text = String::new();
    server.stdout.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn logs_and_what_is_shown_of_them() {
    let folder = crate::harness::folder();
    for log in ["story", "short", "common", "combined", "json", "json-requests"] {
        let mut server = Server::start_logging(folder.path(), log, &[]);
        ask(&server);
        let text = written(&mut server);
        assert!(text.contains(WORD), "{log}: {text}");
        is_clean(log, &text);
        if log == "json" {
            let file = folder.path().join("saved.jsonl");
            fs::write(&file, &text).expect("a file");
            let shown = glasshttp().arg("show").arg(&file).output().expect("the program starts").stdout;
            let shown = String::from_utf8(shown).expect("UTF-8");
            assert!(shown.contains(WORD), "{shown}");
            is_clean("show", &shown);
        }
    }
}

#[test]
fn the_live_page() {
    let folder = crate::harness::folder();
    let mut server =
        Server::spawn(glasshttp().args(["--port", "0", "--log", "off", "--watch", "0"]).arg(folder.path()));
    let page = server.page();
    let deadline = Instant::now() + PATIENCE;
    // A connection becomes known a moment after it was served.
    let get = |path: &str| loop {
        let mut client = Client::connect(page);
        client.send(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes());
        let response = client.response();
        if response.status == 200 {
            break response;
        }
        assert!(Instant::now() < deadline, "{path}: {}", response.head);
    };
    ask(&server);
    let mut words = 0;
    for connection in 1..=5 {
        for of in ["", "/steps", "/view"] {
            let response = get(&format!("/records/{connection}{of}"));
            let text = response.text();
            is_clean(of, &text);
            words += usize::from(text.contains(WORD));
            if !of.is_empty() {
                drawn(of, &serde_json::from_str(&text).unwrap_or_else(|error| panic!("{of}: {error}: {text}")));
            }
        }
    }
    assert!(words >= 9, "{words}");
}

/// The texts of `value`, which a page draws as they are.
fn drawn(of: &str, value: &Value) {
    match value {
        Value::String(text) => is_clean(of, text),
        Value::Array(values) => values.iter().for_each(|value| drawn(of, value)),
        Value::Object(fields) => fields.values().for_each(|value| drawn(of, value)),
        _ => {}
    }
}

#[test]
fn listings() {
    let folder = crate::harness::folder();
    let below = folder.path().join(OsStr::from_bytes(&[HOSTILE.as_bytes(), CONTROLS.as_bytes(), b"\xff"].concat()));
    fs::create_dir(&below).expect("a folder");
    fs::write(below.join(format!("{HOSTILE}{CONTROLS}")), "x").expect("a file");
    let server = Server::start(folder.path(), &[]);
    let listing = server.get("/").text();
    is_clean_html("a listing", &listing);
    let (_, rest) = listing.split_once("<td><a href=\"q").expect("a link");
    let (link, _) = rest.split_once('"').expect("its end");
    let listing = server.get(&format!("/q{link}")).text();
    assert!(listing.matches(WORD).count() > 2, "its title and its file: {listing}");
    is_clean_html("a listing below", &listing);
}

/// Joined pictures are one in a page, where nothing else is hidden or turned round by it.
#[test]
fn a_name_of_joined_pictures_is_read_in_a_listing() {
    let folder = crate::harness::folder();
    fs::write(folder.path().join("👩\u{200d}💻.txt"), "x").expect("a file");
    fs::write(folder.path().join("a\u{200d}\u{202e}b"), "x").expect("a file");
    let listing = Server::start(folder.path(), &[]).get("/").text();
    assert!(listing.contains("👩\u{200d}💻.txt</a>"), "{listing}");
    assert!(listing.contains("a\\u{200d}\\u{202e}b</a>") && !listing.contains('\u{202e}'), "{listing}");
}

#[test]
fn the_terminal_of_fetch() {
    let head = format!("HTTP/1.0 200 {HOSTILE}\r\nServer: {HOSTILE}\r\nX: {CONTROLS}\r\n\r\n{WORD}");
    let peer = Peer::responding(head.into_bytes());
    let run = fetch(&["-v", &format!("http://{}/", peer.address)]);
    assert!(run.stderr.contains(WORD), "{}", run.stderr);
    is_clean("fetch", &run.stderr);
    let garbage = Peer::responding(format!("{WORD}{CONTROLS}{HOSTILE}\r\n\r\n").into_bytes());
    is_clean("fetch", &fetch(&["-v", &format!("http://{}/", garbage.address)]).stderr);
}

#[test]
fn what_fetch_writes_for_programs() {
    let head = format!("HTTP/1.0 200 {HOSTILE}\r\nServer: {HOSTILE}\r\nX: {CONTROLS}\r\n\r\n{WORD}");
    let peer = Peer::responding(head.into_bytes());
    let folder = tempfile::tempdir().expect("a folder");
    let har = folder.path().join("saved.har");
    let run = fetch(&["--json", "--har", har.to_str().expect("UTF-8"), &format!("http://{}/", peer.address)]);
    for (sink, text) in [("JSON", run.text()), ("HAR", fs::read_to_string(&har).expect("a file"))] {
        assert!(text.contains(WORD), "{sink}: {text}");
        is_clean(sink, &text);
        serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{sink}: {error}: {text}"));
    }
}

/// A client of the lab's that asks for what is hostile, by a command line that is.
#[test]
#[ignore = "needs curl and tshark: .ci/run installs them"]
fn the_lab_in_all_its_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let client = ["--", "curl", "-s", "-o", "/dev/null", &format!("http://10.0.0.2/{HOSTILE}")];
    let run = |options: &[&str]| {
        let output = glasshttp().arg("lab").args(options).args(client).output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let (svg, pcapng) = (file("lab.svg"), file("lab.pcapng"));
    is_clean("the drawing in a terminal", &run(&["--svg", &svg, "--pcapng", &pcapng]));
    let svg = fs::read_to_string(svg).expect("a drawing");
    assert!(svg.contains(WORD), "{svg}");
    is_clean_html("the drawing as SVG", &svg);
    is_clean("the lab's JSON", &run(&["--json"]));
    let fields = ["-T", "fields", "-e", "frame.comment", "-e", "ip.src_host"];
    let comments = Command::new("tshark").arg("-r").arg(pcapng).args(fields).output().expect("tshark").stdout;
    let comments = String::from_utf8(comments).expect("UTF-8");
    assert!(comments.contains("SYN seq"), "{comments}");
    is_clean("comments of a capture file", &comments);
}

/// The comments of a capture file of ours have what programs called, and of whom.
#[test]
#[ignore = "captures packets, as root, and reads them with tshark"]
fn the_comments_of_captured_packets() {
    let folder = crate::harness::folder();
    let mut server =
        Server::spawn(glasshttp().args(["--port", "0", "--log", "pcapng", "--no-watch"]).arg(folder.path()));
    ask(&server);
    server.signal(Signal::TERM);
    server.wait();
    let mut bytes = Vec::new();
    server.stdout.read_to_end(&mut bytes).expect("a capture");
    let file = folder.path().join("saved.pcapng");
    fs::write(&file, &bytes).expect("a file");
    let read = Command::new("tshark").arg("-r").arg(file).args(["-T", "fields", "-e", "frame.comment"]).output();
    let comments = String::from_utf8(read.expect("tshark").stdout).expect("UTF-8");
    assert!(comments.contains("SYN"), "{comments}");
    is_clean("comments of captured packets", &comments);
}

#[test]
fn errors_of_the_command_line() {
    let text = format!("{HOSTILE}{CONTROLS}");
    let name = [text.as_bytes(), b"\xff"].concat();
    let name = Path::new(OsStr::from_bytes(&name));
    for words in
        [vec![], vec!["show"], vec!["--port"], vec!["--host"], vec!["--model"], vec!["--header"], vec!["fetch"]]
    {
        let output = glasshttp().args(&words).arg(name).output().expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !error.is_empty(), "{words:?}: {error}");
        is_clean("an error", &error);
        let output = glasshttp().args(&words).arg(&text).output().expect("the program starts");
        is_clean("an error", &String::from_utf8_lossy(&output.stderr));
    }
    for option in ["--bind", "--watch", "--log", "--cache-control", "--trust", "--user"] {
        let output = glasshttp().args([option, &text]).output().expect("the program starts");
        is_clean("an error", &String::from_utf8_lossy(&output.stderr));
    }
    for words in [vec!["lab", &text], vec!["lab", "--wire", &text, "close"], vec!["lab", "--", &text]] {
        let output = glasshttp().args(&words).output().expect("the program starts");
        assert!(!output.status.success(), "{words:?}");
        is_clean("an error of the lab", &String::from_utf8_lossy(&output.stderr));
    }
}
