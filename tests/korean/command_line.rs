//! Lines around serving, help, errors.

use super::{Place, assert_korean_at, korean};
use crate::closing::folder_with;
use crate::harness::{MODELS, Server};
use rustix::process::Signal;
use std::io::{BufRead, Read};
use std::net::TcpListener;

/// Both streams of a run that ends by itself.
fn said(arguments: &[&str]) -> String {
    let output = korean().args(arguments).output().expect("it starts");
    String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
}

#[test]
fn help_is_korean() {
    for command in [&["--help"][..], &["-h"], &["fetch", "--help"], &["lab", "--help"], &["show", "--help"], &["help"]]
    {
        assert_korean_at(Place::CommandLine, &said(command), &["page.html", "name=Ada"]);
    }
}

#[test]
fn every_refusal_is_korean() {
    let (folder, _) = folder_with(0);
    let path = folder.path().to_str().expect("UTF-8");
    let file = format!("{path}/small.txt");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let program = crate::harness::program();
    for arguments in [
        &["--no-such-flag"][..],
        &["--prot", "1"],
        &["--port", "70000"],
        &["--port"],
        &["8000"],
        &["--host", "0.0.0.0"],
        &["--timeout", "soon"],
        &["--timeout", "0"],
        &["--keep-alive", "99999"],
        &["--max-connections", "0"],
        &["--workers", "2000"],
        &["--header", "no colon"],
        &["--header", "X Y: a"],
        &["--header", "X: 가\n나"],
        &["--header", "Content-Length: 1"],
        &["--header", "Cache-Control: a"],
        &["--cache-control", "가\r\n나"],
        &["--bind", "here"],
        &["--bind", "127.0.0.1%lo"],
        &["--bind", "fe80::1%nowhere"],
        &["--host", "a/b"],
        &["--host", "*.a"],
        &["--lan", "--bind", "::1"],
        &["--lan", "--lan"],
        &["--model", "magic"],
        &["--log", "none"],
        &["--lang", "ko", "--watch", "here"],
        &["one", "two"],
        &["/no/such/folder"],
        &[&file],
        &["-b", "192.0.2.123", "-p", "0", path],
        &["-b", "fe80::1", "-p", "0", path],
        &["-b", "127.0.0.1", "-b", "203.0.113.9", "-p", "0", path],
        &["-p", &port, path],
        &["-p", "0", "--watch", &port, path],
        &["show"],
        &["show", "/no/such/file"],
        &["show", &file],
        &["show", "--port", "1"],
        &["lab", "no-such-experiment"],
        &["lab", "--record", "/dev/null/x"],
        &["lab", "--answer", "ab", "close"],
        &["fetch"],
        &["fetch", ""],
        &["fetch", "https://localhost/"],
        &["fetch", "http://[::1/"],
        &["fetch", "http://localhost:port/"],
        &["fetch", "--http", "2", "localhost"],
        &["fetch", "--http", "0.9", "--head", "localhost"],
        &["fetch", "-C", "localhost"],
        &["fetch", "--header", "Connection: close", "localhost"],
        &["fetch", "--method", "A B", "localhost"],
        &["fetch", "--dribble", "never", "localhost"],
        &["fetch", "--read-rate", "0", "localhost"],
        &["fetch", "--abort-after", "much", "localhost"],
        &["fetch", "--dns", "there", "localhost"],
        &["fetch", "--watch", "there", "localhost"],
    ] {
        let said = said(arguments);
        assert!(said.starts_with("오류: ") && said.trim_end().lines().count() == 1, "{arguments:?}: {said:?}");
        let typed = arguments.iter().copied().filter(|word| !word.starts_with('-'));
        let parts = ["no colon", "X Y", "a\\nb", "a\\r\\nb", "a\\x0d\\x0ab", "nowhere", path, program];
        assert_korean_at(Place::CommandLine, &said, &typed.chain(parts).chain(MODELS).collect::<Vec<_>>());
    }
}

#[test]
fn every_announcement_is_korean() {
    let (folder, _) = folder_with(0);
    let path = folder.path().to_str().expect("UTF-8");
    let quoted = [path, crate::harness::program()];
    let _taken = TcpListener::bind("127.0.0.1:8080");
    for options in [
        &["--log", "story"][..],
        &["--log", "off", "--lan", "-p", "0"],
        &["--log", "common", "--no-watch"],
        &["--log", "json", "-p", "0"],
        &["--log", "short", "-p", "0", "--watch", "0"],
    ] {
        let is_named = options.contains(&"--lan");
        let mut command = korean();
        command.args(options).current_dir(folder.path());
        if is_named {
            command.arg(path);
        }
        let mut server = Server::spawn(&mut command);
        let mut all = server.announced.clone();
        while !all.contains("Ctrl-C") {
            assert_ne!(server.stdout.read_line(&mut all).expect("a line"), 0, "{all}");
        }
        server.signal(Signal::TERM);
        server.stdout.read_to_string(&mut all).expect("the rest");
        assert!(server.wait().success());
        assert_korean_at(Place::CommandLine, &all, &quoted);
    }
}

#[test]
fn each_model_has_its_words_in_the_help_and_its_name_in_the_readme() {
    let help = said(&["--help"]);
    for model in MODELS {
        assert!(help.contains(&format!("{model}: ")), "{model}: src/cli/korean/serve.rs");
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    assert!(readme.contains(&format!("`--model {}`", MODELS.join("\\|"))), "README's options");
}
