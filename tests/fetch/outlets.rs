//! What is written to as bytes come: standard output, descriptors, pipes. Ctrl-C ends
//! every wait for them, and a part does not pass for the whole there either.

use super::peer::{Peer, read_request, wait_for_end};
use super::terminal::{interrupt, interrupted_command};
use super::{Run, fetch, fetch_in, run};
use crate::harness::glasshttp;
use std::fs::{self, File};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// A pipe in `place`.
fn pipe(place: &Path) -> String {
    let path = place.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
    path.to_str().expect("UTF-8").to_owned()
}

/// A peer that sends more than any pipe holds: it says when nobody reads that any more.
fn endless() -> (Peer, Receiver<()>) {
    let (say, is_stuck) = channel();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
        stream.set_write_timeout(Some(std::time::Duration::from_millis(200))).expect("a timeout");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
        let _ = say.send(());
        wait_for_end(stream);
    });
    (peer, is_stuck)
}

fn fetching(arguments: &[&str]) -> Command {
    let mut command = glasshttp();
    command.arg("fetch").args(arguments).env("GLASSHTTP_PACKETS", "off");
    command
}

#[track_caller]
fn assert_interrupted(run: &Run) {
    run.assert_failed(130, &["nterrupted"]);
    assert!(run.stderr.contains("200 OK"), "the story is told: {}", run.stderr);
}

#[test]
fn ctrl_c_ends_a_wait_for_a_reader() {
    let place = crate::harness::folder();
    let pipe = pipe(place.path());
    let (peer, is_stuck) = endless();
    let is_stuck = || is_stuck.try_recv().is_ok();
    // Nobody reads standard output.
    assert_interrupted(&interrupted_command(&mut fetching(&[&peer.url("/")]), is_stuck));
    // Nobody has opened the pipe, and then nobody reads it.
    assert_interrupted(&interrupted_command(&mut fetching(&["-o", &pipe, &peer.url("/")]), is_stuck));
    let _reader = File::options().read(true).write(true).open(&pipe).expect("a pipe");
    assert_interrupted(&interrupted_command(&mut fetching(&["-o", &pipe, &peer.url("/")]), is_stuck));
}

/// A pipe that takes no more, and that nobody reads.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("our own");
    while writer.write(&[b'x'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).expect("our own");
    (reader, writer)
}

#[test]
fn ctrl_c_ends_a_wait_for_a_reader_of_standard_error() {
    let place = crate::harness::folder();
    let (file, part) = (place.path().join("file"), place.path().join("file.part"));
    let (say, is_asked) = channel();
    let peer = Peer::start(move |_, stream| {
        let request = read_request(stream);
        let response: &[u8] = match request.starts_with("GET /part") {
            true => b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf ",
            false if request.starts_with("GET /missing") => b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            false => b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
        };
        stream.write_all(response).expect("the client reads");
        let _ = say.send(());
        wait_for_end(stream);
    });
    let interrupted = |arguments: &[&str], path: &str, is_under_way: &dyn Fn() -> bool| {
        let (_reader, writer) = full_pipe();
        let mut command = fetching(arguments);
        command.arg(peer.url(path)).current_dir(place.path()).stdout(Stdio::null()).stderr(writer);
        let status = interrupt(&mut command.spawn().expect("the program starts"), is_under_way);
        assert_eq!(status.code(), Some(130), "{arguments:?} {path}");
    };
    // The story, of a file that is whole and of a part; and the sentence of a failure.
    interrupted(&["-o", "file"], "/", &|| file.exists());
    assert_eq!(fs::read_to_string(&file).expect("a file"), "whole");
    fs::remove_file(&file).expect("our own");
    interrupted(&["-o", "file"], "/part", &|| fs::read(&part).is_ok_and(|bytes| bytes == b"half "));
    assert!(part.exists() && !file.exists());
    while is_asked.try_recv().is_ok() {}
    interrupted(&["-q", "--fail"], "/missing", &|| is_asked.try_recv().is_ok());
}

#[test]
fn a_story_waits_for_a_reader_who_comes_late() {
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nbody\n");
    let (mut reader, writer) = full_pipe();
    let mut command = fetching(&["-v", &peer.url("/")]);
    let mut child = command.stdout(Stdio::piped()).stderr(writer).spawn().expect("the program starts");
    drop(command); // and with it our end of the pipe
    let (mut said, mut body) = (String::new(), String::new());
    reader.read_to_string(&mut said).expect("a story");
    child.stdout.take().expect("a pipe").read_to_string(&mut body).expect("a body");
    assert!(said.trim_start_matches('x').contains("HTTP/1.0 200 OK"), "{said}");
    assert_eq!((body.as_str(), child.wait().expect("our own").code()), ("body\n", Some(0)));
}

#[test]
fn ctrl_c_ends_a_wait_for_what_is_to_be_sent() {
    let place = crate::harness::folder();
    let pipe = pipe(place.path());
    for data in ["-", pipe.as_str()] {
        let mut command = fetching(&["--data-file", data, "http://127.0.0.1:9/"]);
        // A second thread reads: by then it listens for the signal.
        let is_reading = || {
            let children = fs::read_to_string("/proc/thread-self/children").expect("our own");
            let threads = |pid: &str| fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
            children.split_whitespace().any(|pid| threads(pid) > 1)
        };
        let run = interrupted_command(command.stdin(Stdio::piped()), is_reading);
        run.assert_failed(130, &["nterrupted"]);
    }
}

#[test]
fn a_pipe_takes_all_of_it_once_it_is_read() {
    let place = crate::harness::folder();
    let pipe = pipe(place.path());
    let body = "x".repeat(300_000);
    let peer = Peer::responding(format!("HTTP/1.0 200 OK\r\nContent-Length: 300000\r\n\r\n{body}"));
    std::thread::scope(|scope| {
        let fetching = scope.spawn(|| fetch(&["-o", &pipe, &peer.url("/")]));
        assert_eq!(fs::read_to_string(&pipe).expect("a pipe"), body);
        assert_eq!(fetching.join().expect("a run").code, 0);
    });
}

#[test]
fn a_206_that_nobody_asked_for_is_the_whole_nowhere() {
    let body = "01234";
    for (fields, code, words) in [
        ("Content-Range: bytes 0-4/10\r\nContent-Length: 5", 9, "5 of 10"),
        ("Content-Range: bytes 0-9/10", 9, "ends at byte 5"),
        ("Content-Range: bytes 0-4/*", 9, "how long"),
        ("Content-Range: bytes 0-2/3", 8, "more bytes"),
        ("Content-Range: bytes 5-9/10\r\nContent-Length: 5", 8, "bytes 5-9/10"),
        ("Content-Type: multipart/byteranges; boundary=x\r\nContent-Length: 5", 8, "which one"),
    ] {
        let peer = Peer::responding(format!("HTTP/1.1 206 Partial\r\n{fields}\r\n\r\n{body}"));
        let run = fetch(&["--http", "1.1", &peer.url("/")]);
        run.assert_failed(code, &[words]);
        assert_eq!(run.text(), body);
        let run = fetch(&["--http", "1.1", "-o", "/dev/null", "--json", &peer.url("/")]);
        run.assert_failed(code, &[words]);
        assert_eq!(run.record()["transfers"][0]["body"]["is"], "dropped", "{fields}");
        let run = fetch(&["--http", "1.1", "--json", &peer.url("/")]);
        assert_eq!((run.code, run.record()["transfers"][0]["failure"].is_object()), (code, true), "{fields}");
        // Who asks for a range gets it.
        assert_eq!(fetch(&["--http", "1.1", "-H", "Range: bytes=1-", &peer.url("/")]).code, 0);
    }
    let whole = Peer::responding("HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/5\r\n\r\n01234");
    assert_eq!(fetch(&["--http", "1.1", &whole.url("/")]).code, 0);
}

#[test]
fn who_shares_a_descriptor_goes_on_behind_the_body() {
    let place = crate::harness::folder();
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nbody\n");
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/fd/7"] {
        let script =
            format!("(echo header; \"$0\" fetch -q -o {name} {} 7>&1 && echo footer) > regular", peer.url("/"));
        let mut command = Command::new("sh");
        run(command.arg("-c").arg(script).arg(glasshttp().get_program()).current_dir(place.path()));
        let written = fs::read_to_string(place.path().join("regular")).expect("a file");
        assert_eq!(written, "header\nbody\nfooter\n", "{name}");
    }
}

#[test]
fn what_a_link_names_is_made_where_it_is_not_there_yet() {
    let place = crate::harness::folder();
    let at = |name: &str| place.path().join(name);
    symlink("nowhere", at("link")).expect("a link");
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nbody\n");
    let run = fetch_in(place.path(), &["-o", "link", &peer.url("/")]);
    assert_eq!((run.code, fs::read_to_string(at("nowhere")).ok().as_deref()), (0, Some("body\n")), "{}", run.stderr);
    assert!(fs::symlink_metadata(at("link")).expect("a link").is_symlink());
}
