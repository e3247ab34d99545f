//! `glasshttp fetch`, the real program: against our own server under each
//! model, against peers that misbehave, against other servers.

mod causes;
mod clashes;
mod failures;
mod files;
mod heads;
mod idle;
mod interrupted;
mod joined;
mod names;
mod others;
mod outlets;
pub mod peer;
mod redirects;
mod resuming;
mod saved;
mod scripted;
mod secrets;
mod sending;
mod shown;
mod terminal;
mod unfinished;
mod unreached;

use crate::closing::{assert_same, folder_with, under_each_model};
use crate::harness::{PATIENCE, Server, glasshttp};
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// What a run printed, and its exit code.
#[derive(Debug)]
pub struct Run {
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub code: i32,
}

/// Runs `glasshttp fetch` with these arguments.
pub fn fetch(arguments: &[&str]) -> Run {
    fetch_in(Path::new("."), arguments)
}

/// The same, in this folder.
pub fn fetch_in(place: &Path, arguments: &[&str]) -> Run {
    // As for those who may not see packets, with any user: tests/packet has the others.
    run(glasshttp().arg("fetch").args(arguments).current_dir(place).env("GLASSHTTP_PACKETS", "off"))
}

/// Runs what must end by itself, and in time.
pub fn run(command: &mut Command) -> Run {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let (mut out, mut err) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let stdout = thread::spawn(move || {
        let mut bytes = Vec::new();
        out.read_to_end(&mut bytes).map(|_| bytes)
    });
    let stderr = thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).map(|_| text)
    });
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it hangs: {:?}", stderr.join());
        }
        thread::yield_now();
    };
    Run {
        stdout: stdout.join().expect("a thread").expect("bytes"),
        stderr: stderr.join().expect("a thread").expect("UTF-8"),
        code: status.code().expect("it exits by itself"),
    }
}

impl Run {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The record that it printed.
    pub fn record(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It failed with this code, and with one line that has these words.
    pub fn assert_failed(&self, code: i32, words: &[&str]) {
        let errors: Vec<&str> =
            self.stderr.lines().filter(|line| line.starts_with("error: ") || line.starts_with("오류: ")).collect();
        assert_eq!((self.code, errors.len()), (code, 1), "{}", self.stderr);
        assert!(self.stderr.trim_end().ends_with(errors[0]), "the error stands last, on one line: {}", self.stderr);
        for words in words {
            assert!(errors[0].contains(words), "{words:?} is not in {:?}", errors[0]);
        }
    }
}

#[test]
fn every_model_is_fetched_from_in_every_version() {
    let (folder, big) = folder_with(3_000_000);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model]);
        let url = format!("{}big.bin", server.url);
        for version in ["0.9", "1.0", "1.1"] {
            let run = fetch(&["--http", version, &url]);
            assert_eq!(run.code, 0, "{model} {version}: {}", run.stderr);
            assert_same(&run.stdout, &big);
        }
    });
}

#[test]
fn kept_connections_are_used_again_and_said_to_be() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model]);
        let url = format!("{}small.txt", server.url);
        for version in ["1.0", "1.1"] {
            let run = fetch(&["--json", "--http", version, "--keep-alive", "--repeat", "3", &url]);
            let record = run.record();
            let transfers = record["transfers"].as_array().expect("transfers");
            assert_eq!(transfers.len(), 3);
            for (index, transfer) in transfers.iter().enumerate() {
                assert_eq!(transfer["connection"], 1, "{model} {version}: {transfer}");
                assert_eq!(transfer["exchange"]["number"], index + 1);
                assert_eq!(transfer["connect"].is_null(), index > 0);
                assert_eq!(transfer["reuse"].is_null(), index == 0);
                assert_eq!((transfer["is_kept"] == true, transfer["close"].is_null()), (index < 2, index < 2));
            }
            let close = &transfers[2]["close"];
            assert_eq!((&close["reason"], &close["first"]["value"]), (&"no_more_requests".into(), &"client".into()));
            assert_eq!(close["time_wait"]["value"], "client", "{close}");
        }
        let run = fetch(&["-k", "--repeat", "2", &url]);
        assert_eq!(run.text(), "small\nsmall\n");
        assert!(run.stderr.contains(" reused  connection 1, idle for "), "{}", run.stderr);
    });
}

#[test]
fn without_keep_alive_each_request_has_its_connection_and_the_server_ends_it() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let url = format!("{}small.txt", server.url);
    let record = fetch(&["--json", &url, &url]).record();
    for (index, transfer) in record["transfers"].as_array().expect("transfers").iter().enumerate() {
        assert_eq!(transfer["connection"], index + 1);
        assert_eq!(transfer["close"]["first"]["value"], "server");
        assert_eq!(
            transfer["close"]["time_wait"],
            serde_json::json!({
                "is": "measured", "value": "server", "by": "sock_diag: the server's end is in TIME_WAIT",
                "code": "sock_diag_server"
            })
        );
        // The name is looked up once.
        assert_eq!(transfer["name"].is_null(), index > 0);
    }
}

#[test]
fn half_closed_dribbled_and_slow_requests_get_whole_responses() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let server = Server::start(folder.path(), &["--model", model]);
        let url = format!("{}small.txt", server.url);
        let transfer = |options: &[&str]| {
            let run = fetch(&[&["--json"], options, &[&url]].concat());
            assert_eq!(run.code, 0, "{model} {options:?}: {}", run.stderr);
            let mut record = run.record();
            assert_eq!(record["transfers"][0]["exchange"]["traffic"]["body"], 6);
            record["transfers"][0].take()
        };
        let half_closed = transfer(&["--half-close"]);
        assert_eq!(half_closed["close"]["reason"], "half_closed");
        // Unless the client was held up before its shutdown(2) until the server had closed.
        let ended = half_closed["close"]["client_end"]["value"].as_i64().expect("a time");
        let read = half_closed["exchange"]["stages"]["first_read"]["value"].as_i64().expect("a time");
        let arrived = half_closed["exchange"]["stages"]["arrived"]["value"].as_i64().unwrap_or(read);
        assert!(half_closed["close"]["first"]["value"] == "client" || arrived < ended, "{half_closed}");
        let dribbled = transfer(&["--dribble", "1ms"]);
        let traffic = &dribbled["exchange"]["traffic"];
        assert_eq!(traffic["writes"], traffic["request"]);
        let stages = &dribbled["exchange"]["stages"];
        let took = stages["last_sent"]["value"].as_i64().zip(stages["first_sent"]["value"].as_i64());
        let (last, first) = took.expect("times");
        assert!(last - first >= (traffic["request"].as_i64().expect("bytes") - 1) * 1_000_000, "{stages}");
    });
}

#[test]
fn a_slow_reader_takes_its_time() {
    let (folder, big) = folder_with(60_000);
    let server = Server::start(folder.path(), &[]);
    let before = Instant::now();
    let run = fetch(&["--read-rate", "50k", &format!("{}big.bin", server.url)]);
    assert_same(&run.stdout, &big);
    assert!(before.elapsed().as_millis() >= 900, "{:?}", before.elapsed());
    assert!(run.stderr.contains(" reads\n"), "{}", run.stderr);
}

#[test]
fn redirects_are_followed_when_asked_for() {
    let folder = crate::harness::folder();
    std::fs::create_dir(folder.path().join("below")).expect("a folder");
    std::fs::write(folder.path().join("below/index.html"), "there").expect("a file");
    let server = Server::start(folder.path(), &[]);
    let url = format!("{}below", server.url);
    let run = fetch(&["--follow", &url]);
    assert_eq!((run.text().as_str(), run.code), ("there", 0), "{}", run.stderr);
    let next = format!("next    {url}/");
    assert!(run.stderr.contains(&next), "{}", run.stderr);
    // Over one connection, if that is kept.
    let record = fetch(&["-L", "-k", "--json", &url]).record();
    assert_eq!(record["transfers"][1]["connection"], 1, "{record}");
    // Not asked for, it is a response like others.
    let run = fetch(&[&url]);
    assert!(run.stderr.contains("301 Moved Permanently") && !run.text().contains("there"), "{run:?}");
}

#[test]
fn what_can_not_be_fetched_has_an_exit_code_of_its_own() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    fetch(&["https://localhost/"]).assert_failed(2, &["encrypted", "http://"]);
    fetch(&["http://me:secret@localhost/"]).assert_failed(2, &["password"]);
    fetch(&["--http", "3", "localhost"]).assert_failed(2, &["0.9, 1.0, 1.1"]);
    fetch(&["http://1.2.3.256/"]).assert_failed(2, &["not a URL"]);
    fetch(&["--dns", "127.0.0.1:9", "name.example"]).assert_failed(3, &["--dns"]);
    // A port that is bound and does not listen refuses.
    let closed = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    closed.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address").into()).expect("a port");
    let address = closed.local_addr().expect("bound").as_socket().expect("an address");
    fetch(&[&format!("http://{address}/")]).assert_failed(4, &["refused", &address.to_string()]);
    // No connection leads to everybody: the kernel says so, and sends nothing.
    fetch(&["http://255.255.255.255/"]).assert_failed(5, &["unreachable"]);
    fetch(&["--fail", &format!("{}missing", server.url)]).assert_failed(10, &["404 Not Found"]);
    assert_eq!(fetch(&[&format!("{}missing", server.url)]).code, 0);
}

#[test]
fn a_connection_that_nobody_answers_is_given_up_in_time() {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address").into()).expect("a port");
    listener.listen(0).expect("it listens");
    let address = listener.local_addr().expect("bound");
    // Where the accept queue is full, the kernel drops each further SYN.
    let clients: Vec<socket2::Socket> = (0..4)
        .map(|_| {
            let client = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
            client.set_nonblocking(true).expect("it does not wait");
            let _ = client.connect(&address);
            client
        })
        .collect();
    let url = format!("http://{}/", address.as_socket().expect("an address"));
    fetch(&["--timeout", "0.5", &url]).assert_failed(6, &["no response in time"]);
    drop(clients);
}

#[test]
fn the_other_urls_are_fetched_though_one_fails() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let (small, missing) = (format!("{}small.txt", server.url), format!("{}missing", server.url));
    let run = fetch(&["--fail", &small, &missing, &small]);
    assert_eq!(run.text(), "small\nsmall\n");
    run.assert_failed(10, &[&missing]);
}

#[test]
fn both_addresses_of_a_name_are_tried_and_shown() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &["-b", "127.0.0.1"]);
    let run = fetch(&["--json", &format!("http://localhost:{}/small.txt", server.port())]);
    let record = run.record();
    let transfer = &record["transfers"][0];
    let attempts = transfer["connect"]["attempts"].as_array().expect("attempts");
    let last = attempts.last().expect("one at least");
    assert_eq!(last["outcome"]["is"], "connected", "{transfer}");
    for attempt in &attempts[..attempts.len() - 1] {
        assert_eq!(attempt["outcome"]["is"], "refused", "{transfer}"); // ::1, where hosts(5) has it
    }
    assert_eq!(transfer["ends"]["client"], last["client"]);
    assert!(transfer["connect"]["negotiated"]["value"]["segment_size"].as_u64().expect("a size") > 500, "{transfer}");
}
