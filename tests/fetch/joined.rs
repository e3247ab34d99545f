//! Both halves on one clock: the server's record beside ours.

use super::{fetch, fetch_in};
use crate::closing::{folder_with, under_each_model};
use crate::harness::{Server, glasshttp};
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;

/// A server with its live page on a free port, and that page's address.
pub fn watched(folder: &Path, model: &str) -> (Server, String) {
    let options = ["--port", "0", "--log", "off", "--watch", "127.0.0.1:0", "--model", model];
    let mut server = Server::spawn(glasshttp().args(options).arg(folder));
    let page = server.page();
    (server, page.to_string())
}

#[test]
fn the_server_s_half_stands_beside_ours_under_each_model() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let (server, page) = watched(folder.path(), model);
        let url = format!("http://127.0.0.1:{}/small.txt", server.port());
        let record = fetch(&["--json", "--watch", &page, &url]).record();
        let transfer = &record["transfers"][0];
        let half = &transfer["server"];
        assert_eq!((&half["client"], &half["model"]), (&transfer["ends"]["client"], &model.into()), "{transfer}");
        assert_eq!(half["exchanges"][0]["status"], 200);
        assert!(half["close"].is_object(), "{half}");

        let run = fetch(&["--watch", &page, &url]);
        let story = &run.stderr;
        let title = format!("server ({model}, connection ");
        let order = [
            title.as_str(),
            "connect 127.0.0.1:",
            "SYN seq ",
            "SYN+ACK ",
            "ACK the handshake is complete",
            "GET /small.txt HTTP/1.0",
            "read head complete: ",
            "chosen 200 OK",
            "the first read's",
            "head HTTP/1.0 200 OK",
        ];
        let places: Vec<usize> = order
            .iter()
            .map(|words| story.find(words).unwrap_or_else(|| panic!("{words:?} is missing: {story}")))
            .collect();
        assert!(places.is_sorted(), "{places:?}: {story}");
        assert!(story.contains(" accept queued") && story.contains("FIN"), "{story}");
        for line in story.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    });
}

#[test]
fn each_request_of_a_kept_connection_has_its_own_sequence() {
    let (folder, _) = folder_with(0);
    let (server, page) = watched(folder.path(), "thread");
    let url = format!("http://127.0.0.1:{}/small.txt", server.port());
    let run = fetch(&["-k", "--repeat", "2", "--watch", &page, &url]);
    assert_eq!(run.stderr.matches("read head complete: ").count(), 2, "{}", run.stderr);
    assert_eq!(run.stderr.matches(" accept queued").count(), 1, "{}", run.stderr);
}

#[test]
fn a_page_that_is_not_there_is_said_and_no_failure() {
    let (folder, _) = folder_with(0);
    let (server, page) = watched(folder.path(), "thread");
    let url = format!("http://127.0.0.1:{}/small.txt", server.port());
    let run = fetch(&["--watch", "127.0.0.1:1", &url]);
    assert!(run.code == 0 && run.stderr.contains("the server's half: "), "{}", run.stderr);
    // Its own words about its stages are there in any case.
    assert!(
        run.stderr.contains("durations on its own clock") || run.stderr.contains(" server  reports "),
        "{}",
        run.stderr
    );
    // A server that is not the page's: that one knows no such connection.
    let other = Server::start(folder.path(), &[]);
    let run = fetch_in(Path::new("."), &["--watch", &page, &format!("{}small.txt", other.url)]);
    assert!(run.code == 0 && run.stderr.contains("the server's half: "), "{}", run.stderr);
}

#[test]
fn the_server_s_half_can_come_from_its_log() {
    let (folder, _) = folder_with(0);
    let place = crate::harness::folder();
    let log = place.path().join("connections.json");
    let (named, mut copy) = (log.display().to_string(), File::create(&log).expect("a file"));
    let options = ["--port", "0", "--log", "json", "--no-watch"];
    let mut server = Server::spawn(glasshttp().args(options).arg(folder.path()));
    let nothing = OwnedFd::from(File::open("/dev/null").expect("nothing"));
    let mut stdout = std::mem::replace(&mut server.stdout, BufReader::new(nothing.into()));
    thread::spawn(move || io::copy(&mut stdout, &mut copy)); // until the server ends

    let url = format!("http://127.0.0.1:{}/small.txt", server.port());
    let record = fetch(&["--json", "--watch", &named, &url]).record();
    let half = &record["transfers"][0]["server"];
    assert_eq!(half["client"], record["transfers"][0]["ends"]["client"], "{record}");
    assert_eq!(half["exchanges"][0]["resource"]["value"], "small.txt");

    let other = place.path().join("other.json").display().to_string();
    fs::write(&other, "{}\nno JSON\n").expect("a file");
    let run = fetch(&["--watch", &other, &url]);
    let words: Vec<&str> = run.stderr.split_whitespace().collect();
    assert!(words.join(" ").contains("has no record of this connection"), "{}", run.stderr);
}
