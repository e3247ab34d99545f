//! Ctrl-C, wherever it comes: what was not fetched is named, and what was under way is recorded as it was.

use super::peer::{Peer, read_request, wait_for_end};
use super::terminal::interrupted_command;
use super::{Run, fetch_in};
use crate::dns::server::Server as NameServer;
use crate::harness::{folder, glasshttp};
use socket2::{Domain, Socket, Type};
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn interrupted(place: &Path, arguments: &[&str], is_under_way: impl Fn() -> bool) -> Run {
    let mut command = glasshttp();
    command.arg("fetch").args(arguments).current_dir(place).env("GLASSHTTP_PACKETS", "off");
    interrupted_command(&mut command, is_under_way)
}

/// Responds to the first request and keeps that connection open; the client waits for its turn to end it.
fn lingering(response: &'static str) -> (Peer, Arc<AtomicUsize>) {
    let responses = Arc::new(AtomicUsize::new(0));
    let count = responses.clone();
    let peer = Peer::start(move |index, stream| {
        read_request(stream);
        if index == 0 {
            stream.write_all(response.as_bytes()).expect("the client reads");
            count.fetch_add(1, Ordering::SeqCst);
        }
        wait_for_end(stream);
    });
    (peer, responses)
}

#[test]
fn ctrl_c_between_two_fetches_names_what_was_not_begun() {
    let place = folder();
    let (peer, _) = lingering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
    let is_whole = || place.path().join("file").exists();
    let run = interrupted(place.path(), &["-q", "-o", "file", "--repeat", "3", &peer.url("/a")], is_whole);
    run.assert_failed(130, &["2 fetches were not begun", &peer.url("/a")]);
    // The record has it, and says it again.
    let (peer, _) = lingering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
    let is_whole = || place.path().join("a").exists();
    let (first, second) = (peer.url("/a"), peer.url("/b"));
    let run = interrupted(place.path(), &["-O", "--json", &first, &second], is_whole);
    run.assert_failed(130, &["before", &second]);
    let record = run.record();
    assert_eq!(record["transfers"].as_array().map(Vec::len), Some(1), "{record}");
    assert_eq!(
        (&record["not_begun"]["code"], &record["not_begun"]["kind"]),
        (&"not_begun".into(), &"interrupted".into())
    );
    fs::write(place.path().join("run.json"), &run.stdout).expect("a file");
    let shown = super::run(glasshttp().args(["show", "run.json"]).current_dir(place.path()));
    assert!(shown.text().contains("Interrupted before"), "{}", shown.text());
    // All that was asked for came: there is nothing to name.
    let (peer, _) = lingering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
    let is_whole = || place.path().join("alone").exists();
    let run = interrupted(place.path(), &["-q", "-o", "alone", &peer.url("/")], is_whole);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn ctrl_c_behind_a_redirect_is_no_success() {
    let place = folder();
    let (peer, responses) = lingering("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    let run = interrupted(place.path(), &["-q", "-L", &peer.url("/a")], || responses.load(Ordering::SeqCst) > 0);
    run.assert_failed(130, &["nterrupted"]);
}

#[test]
fn a_name_that_is_asked_when_ctrl_c_comes_keeps_its_questions() {
    for option in ["--dns", "--root"] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let names = NameServer::start(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            vec![]
        });
        let least = if option == "--dns" { 2 } else { 1 };
        let place = folder();
        let arguments = ["--json", option, &names.address.to_string(), "http://silent.example/"];
        let run = interrupted(place.path(), &arguments, || asked.load(Ordering::SeqCst) >= least);
        run.assert_failed(130, &["nterrupted"]);
        let record = run.record();
        let name = &record["transfers"][0]["name"];
        let (found, questions) = match option {
            "--dns" => (&name["lookup"], &name["lookup"]["exchanges"]),
            _ => (&name["trace"], &name["trace"]["steps"][0]["exchanges"]),
        };
        let questions = questions.as_array().unwrap_or_else(|| panic!("{record}"));
        assert_eq!(questions.len(), least, "{record}");
        assert!(questions.iter().all(|question| question["outcome"]["kind"] == "interrupted"), "{record}");
        assert_eq!(found["error"]["kind"], "interrupted", "{record}");
        fs::write(place.path().join("run.json"), &run.stdout).expect("a file");
        let shown = super::run(glasshttp().args(["show", "run.json"]).current_dir(place.path())).text();
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(": no response by Ctrl-C"), "{shown}");
        assert!(shown.contains("no address had been found for silent.example by Ctrl-C"), "{shown}");
    }
}

/// A listener whose accept queue has no room: a SYN to it gets no response.
fn full() -> (Socket, TcpStream, SocketAddr) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("an address");
    listener.listen(0).expect("it listens");
    let address = listener.local_addr().expect("its address").as_socket().expect("IPv4");
    let only = TcpStream::connect(address).expect("the one place");
    (listener, only, address)
}

#[test]
fn a_connect_that_ctrl_c_ended_did_not_time_out() {
    let (_listener, _only, address) = full();
    let row = format!("0100007F:{:04X} 02 ", address.port()); // SYN_SENT, to there
    let is_connecting = || fs::read_to_string("/proc/net/tcp").expect("the table").contains(&row);
    let url = format!("http://{address}/");
    let place = folder();
    let run = interrupted(place.path(), &["--json", &url], is_connecting);
    run.assert_failed(130, &["Interrupted."]);
    let record = run.record();
    assert_eq!(record["transfers"][0]["connect"]["attempts"][0]["outcome"]["is"], "interrupted", "{record}");
    let run = interrupted(place.path(), &[&url], is_connecting);
    assert!(run.stderr.contains("stopped by Ctrl-C after") && !run.stderr.contains("timeout"), "{}", run.stderr);
    // Time alone is a timeout, as before.
    fetch_in(place.path(), &["--timeout", "0.2", &url]).assert_failed(6, &["no response in time"]);
}
