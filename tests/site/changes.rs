//! Files that change: between requests, and under a download.

use super::{Folder, pattern};
use crate::harness::socket_table::socket;
use crate::harness::{Client, PATIENCE, Response, Server};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// More than all socket buffers on the way hold, so that a download waits for its reader.
const LARGE: usize = 24 << 20;

#[test]
fn a_change_is_served_on_the_next_request() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    for round in 0..50 {
        let content = format!("version {round}").repeat(round + 1);
        folder.write("file.txt", &content);
        assert_eq!(server.get("/file.txt").text(), content);
    }
    fs::remove_file(folder.path("file.txt")).expect("removed");
    assert_eq!(server.get("/file.txt").status, 404);
}

#[test]
fn what_is_put_where_nothing_was_is_found_at_once_or_very_soon() {
    let folder = Folder::new();
    let server = folder.serve(&["--workers", "1"]);
    for round in 0..20 {
        let name = format!("/{round}.txt");
        assert_eq!(server.get(&name).status, 404);
        folder.write(&name[1..], "here");
        let begun = Instant::now();
        while server.get(&name).status == 404 {
            // It is promised after 10 ms; a busy machine may take its time.
            assert!(begun.elapsed() < Duration::from_secs(1), "{name} is not found");
        }
        assert_eq!(server.get(&name).text(), "here");
    }
}

#[test]
fn a_change_of_the_same_size_within_a_second_changes_the_tag() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    let mut last = String::new();
    for round in 0..50 {
        folder.write("file.txt", format!("version {round:02}"));
        let tag = server.get("/file.txt").header("ETag").expect("a tag").to_owned();
        assert_ne!(tag, last, "round {round}");
        let modified = server.get_with("/file.txt", &format!("If-None-Match: {last}\r\n"));
        assert_eq!(modified.text(), format!("version {round:02}"));
        last = tag;
    }
}

#[test]
fn a_change_with_its_old_time_restored_changes_the_tag() {
    // As cp -p and tar -x do.
    let folder = Folder::new();
    folder.write("file.txt", "one");
    let server = folder.serve(&[]);
    let before = server.get("/file.txt");
    let modified = fs::metadata(folder.path("file.txt")).and_then(|state| state.modified()).expect("a time");
    folder.write("file.txt", "two");
    let file = File::options().write(true).open(folder.path("file.txt")).expect("the file");
    file.set_modified(modified).expect("a time");
    let after = server.get("/file.txt");
    assert_eq!(before.header("Last-Modified"), after.header("Last-Modified"));
    assert_ne!(before.header("ETag"), after.header("ETag"));
}

#[test]
fn a_file_at_rest_is_served_anew_a_tenth_of_a_second_after_its_change() {
    // No file of a test has rested for ten seconds; those of the project have.
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (before, after) = (project.join("Cargo.toml"), project.join("Cargo.lock"));
    let folder = Folder::new();
    folder.link("file", &before);
    let server = folder.serve(&["--follow-symlinks", "--workers", "1"]);
    let before = fs::read(before).expect("a file");
    assert!(server.get("/file").body == before);
    folder.link("new", &after);
    fs::rename(folder.path("new"), folder.path("file")).expect("replaced");
    let (changed, after) = (Instant::now(), fs::read(after).expect("a file"));
    loop {
        let asked = Instant::now();
        let response = server.get("/file");
        if response.body == after {
            return;
        }
        assert!(response.body == before && asked - changed < Duration::from_millis(100), "neither soon nor the other");
    }
}

/// A download of `/large`, of which only the head has been waited for.
struct Download(Client);

impl Download {
    fn begin(server: &Server) -> Self {
        let mut client = Client::connect_narrow(server.address);
        client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        while client.received().is_empty() {
            assert!(client.receive().expect("bytes") > 0);
        }
        Self(client)
    }

    /// Bytes that the server handed to the kernel and that we have not acknowledged.
    fn on_its_way(&self) -> usize {
        let (ours, server) = (self.0.socket.local_addr(), self.0.socket.peer_addr());
        let theirs = socket(server.expect("it is connected"), ours.expect("an address"));
        theirs.map_or(0, |socket| socket.unacknowledged as usize)
    }

    /// Everything until the connection ends, in whichever way, as one response.
    fn until_the_end(mut self) -> Response {
        while self.0.receive().is_ok_and(|count| count > 0) {}
        Response::parse(self.0.received())
    }
}

/// Cuts `/large` in the middle of a page that is certainly on its way: what came then.
fn cut_under_a_download(folder: &Folder, server: &Server) -> Response {
    let download = Download::begin(server);
    let deadline = Instant::now() + PATIENCE;
    while download.on_its_way() < 4 * CUT {
        assert!(Instant::now() < deadline, "the server hands little to the kernel");
        thread::yield_now();
    }
    let file = File::options().write(true).open(folder.path("large")).expect("the file");
    file.set_len(CUT as u64).expect("shorter");
    download.until_the_end()
}

/// No page's end.
const CUT: usize = 64 * 1024 + 100;

#[test]
fn a_file_that_shrinks_ends_its_download_early() {
    let folder = Folder::new();
    let content = pattern(LARGE);
    folder.write("large", &content);
    let server = folder.serve(&[]);
    let response = cut_under_a_download(&folder, &server);
    assert_eq!(response.header("Content-Length"), Some(LARGE.to_string().as_str()));
    assert!(response.body.len() < LARGE, "the end is early");
    assert!(response.body[..CUT] == content[..CUT], "what stayed in the file is right");
    assert!(server.get("/large").body == content[..CUT], "the server goes on");
}

#[test]
fn a_file_that_shrinks_is_not_padded() {
    // sendfile lends the file's own pages to the socket, and the kernel zeroes what is cut off them.
    let folder = Folder::new();
    let content = pattern(LARGE);
    folder.write("large", &content);
    let server = folder.serve(&[]);
    let body = cut_under_a_download(&folder, &server).body;
    let wrong = body.iter().zip(&content).position(|(got, was)| got != was);
    let zeros = wrong.map_or(0, |at| body[at..].iter().take_while(|&&byte| byte == 0).count());
    assert_eq!(wrong, None, "{zeros} bytes of zero, of {} that came", body.len());
}

#[test]
fn a_file_that_grows_is_sent_as_promised() {
    let folder = Folder::new();
    let content = pattern(LARGE);
    folder.write("large", &content);
    folder.write("next.txt", "next");
    let server = folder.serve(&[]);
    let mut download = Download::begin(&server);
    let mut file = File::options().append(true).open(folder.path("large")).expect("the file");
    file.write_all(&pattern(1 << 20)).expect("longer");
    assert!(download.0.response().body == content, "what was promised");
    download.0.send(b"GET /next.txt HTTP/1.0\r\n\r\n");
    assert_eq!(download.0.response().text(), "next", "and not a byte more");
    assert_eq!(server.get("/large").body.len(), LARGE + (1 << 20));
}

#[test]
fn a_file_that_is_replaced_arrives_in_one_version() {
    let folder = Folder::new();
    folder.write("large", vec![b'o'; LARGE]);
    let server = folder.serve(&[]);
    let mut download = Download::begin(&server);
    folder.write("new", vec![b'n'; LARGE]);
    fs::rename(folder.path("new"), folder.path("large")).expect("replaced");
    let body = download.0.response().body;
    assert!(body.len() == LARGE && body.iter().all(|&byte| byte == b'o'), "the old version, whole");
    assert!(server.get("/large").body.iter().all(|&byte| byte == b'n'), "then the new one");
}

#[test]
fn a_file_that_is_removed_still_arrives() {
    let folder = Folder::new();
    let content = pattern(LARGE);
    folder.write("large", &content);
    let server = folder.serve(&[]);
    let mut download = Download::begin(&server);
    fs::remove_file(folder.path("large")).expect("removed");
    assert!(download.0.response().body == content);
    assert_eq!(server.get("/large").status, 404);
}
