//! What would be written to one place is refused, before anything is asked or touched.

use super::peer::Peer;
use super::{Run, fetch_in, run};
use crate::harness::glasshttp;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// A URL where nothing listens: who asks it fails otherwise.
const NOWHERE: &str = "http://127.0.0.1:1/small.txt";

fn small() -> Peer {
    Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nsmall\n")
}

/// What a shell makes of `line`, in which `fetch` is the program's.
fn in_shell(place: &Path, line: &str) -> Run {
    let script = format!("fetch() {{ \"$0\" fetch \"$@\"; }}; {line}");
    run(Command::new("bash").arg("-c").arg(script).arg(glasshttp().get_program()).current_dir(place))
}

fn read(place: &Path, name: &str) -> Option<String> {
    fs::read_to_string(place.join(name)).ok()
}

#[test]
fn urls_whose_files_have_one_name_are_not_fetched_together() {
    let place = crate::harness::folder();
    symlink("y", place.path().join("link")).expect("a link");
    for (first, second) in [
        ("2023/r.csv", "2024/r.csv"),
        ("r.csv?2023", "r.csv?2024"),
        ("a/x", "x.part"),
        ("x.part", "x"),
        ("x.part.validator", "x"),
        ("y", "link"),
        ("%78", "a/x"),
    ] {
        let url = |path: &str| format!("http://127.0.0.1:1/{path}");
        for options in [&["-O"][..], &["-C", "-O"], &["-q", "-O", "--json"]] {
            let urls = [&url(first), "http://127.0.0.1:1/between", &url(second)].map(str::to_owned);
            let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
            let run = fetch_in(place.path(), &[options, &urls[..]].concat());
            run.assert_failed(2, &[urls[0], urls[2], "to the same file", "-o FILE"]);
            assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        }
    }
    let secret = |part| format!("http://127.0.0.1:1/r?{part}=http://bob:SECRET77@h/");
    let run = fetch_in(place.path(), &["-O", &secret("a"), &secret("b")]);
    run.assert_failed(2, &["?a=http://...@h/", "?b=http://...@h/"]);
    assert!(!run.stderr.contains("SECRET77"), "{}", run.stderr);
    // One URL twice is one file twice.
    let peer = small();
    let run = fetch_in(place.path(), &["-O", &peer.url("/r"), &peer.url("/r"), &peer.url("/s")]);
    assert_eq!((run.code, read(place.path(), "r").as_deref()), (0, Some("small\n")), "{}", run.stderr);
    let run = fetch_in(Path::new("."), &["--lang", "ko", "-O", "http://127.0.0.1:1/a/r", "http://127.0.0.1:1/r"]);
    run.assert_failed(2, &["같은 파일", "-o FILE"]);
}

#[test]
fn a_har_never_takes_the_place_of_a_response() {
    let place = crate::harness::folder();
    symlink("body", place.path().join("link")).expect("a link");
    symlink(".", place.path().join("here")).expect("a link");
    for (har, arguments) in [
        ("body", &["-o", "body"][..]),
        ("./body", &["-o", "body"]),
        ("link", &["-o", "body"]),
        ("body", &["-o", "here/link"]),
        ("small.txt", &["-O"]),
        ("body.part", &["-o", "body"]),
        ("body.part.validator", &["-o", "body"]),
    ] {
        let run = fetch_in(place.path(), &[arguments, &["--har", har, NOWHERE]].concat());
        run.assert_failed(2, &["--har ", har, ": the response is written there, too"]);
        let left = fs::read_dir(place.path()).expect("a folder").count();
        assert_eq!((run.stderr.lines().count(), left), (1, 2), "{har}");
    }
    let peer = small();
    assert_eq!(fetch_in(place.path(), &["-o", "body", "--har", "a.har", &peer.url("/")]).code, 0);
    assert_eq!(read(place.path(), "body").as_deref(), Some("small\n"));
    assert!(read(place.path(), "a.har").is_some_and(|har| har.starts_with('{')));
}

/// Two documents on one stream are neither: whatever the names, and wherever the descriptors lead.
#[test]
fn a_stream_holds_one_document() {
    let place = crate::harness::folder();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .expect("a pipe");
    for (line, words) in [
        ("fetch --har - URL", "--har -: the response is written there, too"),
        ("fetch -o - --har - URL", "--har -: the response"),
        ("fetch -o /dev/stdout --har - URL", "--har -: the response"),
        ("fetch --har /dev/stdout URL", "--har /dev/stdout: the response"),
        ("fetch --har /dev/fd/3 URL 3>&1", "--har /dev/fd/3: the response"),
        ("fetch --har /proc/self/fd/2 URL 2>&1 >&2", "--har /proc/self/fd/2: the response"),
        ("fetch --har out URL > out", "--har out: the response"),
        ("fetch --har - URL > out", "--har -: the response"),
        ("fetch --json --har - URL", "--har -: the JSON is written there, too"),
        ("fetch --json --har /dev/stdout URL", "--har /dev/stdout: the JSON"),
        ("fetch --json -o other --har out URL > out", "--har out: the JSON"),
        ("fetch --json -o /dev/stdout URL", "--json: the response is written to the same place"),
        ("fetch --json -o out URL > out", "--json: the response"),
        ("fetch -o pipe --har pipe URL", "--har pipe: the response"),
        ("fetch -o body --har - URL > body", "--har -: the response"),
    ] {
        let run = in_shell(place.path(), &line.replace("URL", NOWHERE));
        let said = if line.contains("2>&1 >&2") { run.text() + &run.stderr } else { run.stderr };
        assert!(run.code == 2 && said.contains(words) && said.lines().count() == 1, "{line}: {said}");
        assert!(!place.path().join("-").exists() && !place.path().join("body.part").exists(), "{line}");
    }
}

#[test]
fn what_has_a_stream_to_itself_goes_there() {
    let place = crate::harness::folder();
    let url = small();
    let url = url.url("/");
    for line in [
        "fetch -q -o body --har - URL",
        "fetch -q -o body --har /dev/stdout URL",
        "fetch -q --har - URL -o body > out; cat out",
    ] {
        let run = in_shell(place.path(), &line.replace("URL", &url));
        assert!(run.record()["log"]["version"] == "1.2", "{line}: {run:?}");
        assert_eq!((run.stderr.as_str(), read(place.path(), "body").as_deref()), ("", Some("small\n")), "{line}");
    }
    assert!(!place.path().join("-").exists());
    // What keeps nothing mixes nothing.
    for line in [
        "fetch -q -o /dev/null --har /dev/null URL",
        "fetch -q --har /dev/null URL > /dev/null",
        "fetch --json -o /dev/null URL > /dev/null",
    ] {
        let run = in_shell(place.path(), &line.replace("URL", &url));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
    }
}
