//! What a fetch captures of its own connections.

use super::recorded::compare;
use super::serving::{Witness, serve};
use crate::harness::glasshttp;
use serde_json::Value;
use std::process::{Command, Output};
use std::time::Duration;

fn fetch(arguments: &[&str]) -> Output {
    glasshttp().arg("fetch").args(arguments).output().expect("the program starts")
}

fn transfers(output: &Output) -> Vec<Value> {
    let record: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    record["transfers"].as_array().expect("transfers").clone()
}

/// A transfer as a record that can be compared: the connection's address pair, and its segments.
fn as_record(transfer: &Value) -> Value {
    serde_json::json!({ "client": transfer["ends"]["client"], "exchanges": [{}], "segments": transfer["segments"] })
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_fetch_has_its_own_half_as_tshark_sees_it() {
    let mut server = serve(&["--log", "off", "--no-watch"], &[]);
    let witness = Witness::of(server.port);
    let mut theirs = witness.wait_until_it_sees(server.address());
    let (four, six) = (format!("http://127.0.0.1:{}/", server.port), format!("http://[::1]:{}/small.txt", server.port));
    let large = format!("{four}large.bin");
    let runs = [&["--json", &four][..], &["--json", &six], &["--json", "--abort-after", "1M", &large]];
    let alone: Vec<Value> = runs.iter().flat_map(|arguments| transfers(&fetch(arguments))).collect();
    let kept = transfers(&fetch(&["--json", "-k", "--repeat", "3", &four]));
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(1)) {
        theirs.push(line);
    }
    let records: Vec<Value> = alone.iter().map(as_record).collect();
    assert!(compare(&records, &theirs) > 30);
    assert!(alone[2]["segments"]["moments"]["client_reset"].is_i64(), "{}", alone[2]);
    // What TCP_INFO says of the SYN is what stands in it.
    let announced = &alone[0]["connect"]["negotiated"]["value"]["announced_mss"];
    assert_eq!(*announced, alone[0]["segments"]["list"][0]["options"]["mss"], "{}", alone[0]);
    // On a kept connection each has its own.
    let mut whole = as_record(&kept[0]);
    let list = kept.iter().flat_map(|transfer| transfer["segments"]["list"].as_array().expect("segments").clone());
    whole["segments"]["list"] = list.collect();
    assert!(compare(&[whole], &theirs) >= 3 + 3 * 2);
    assert!(kept[1]["segments"]["list"][0]["relative_sequence"].as_u64() > Some(1), "{}", kept[1]);
    for transfer in alone.iter().chain(&kept) {
        let times: Vec<i64> = transfer["segments"]["list"]
            .as_array()
            .expect("segments")
            .iter()
            .map(|segment| segment["at"].as_i64().expect("a time"))
            .collect();
        assert!(times.iter().all(|at| *at >= transfer["began"].as_i64().expect("a time")), "{transfer}");
    }
    server.end();
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn the_story_of_a_fetch_says_what_each_segment_is() {
    let mut server = serve(&["--log", "off", "--no-watch"], &[]);
    let url = format!("http://127.0.0.1:{}/small.txt", server.port);
    let output = fetch(&["-k", "--repeat", "2", "--lang", "en", &url]);
    let story = String::from_utf8_lossy(&output.stderr);
    let rows: Vec<&str> = story.lines().filter(|line| line.contains("──▶") || line.contains("◀──")).collect();
    let has = |way: &str, words: &str| rows.iter().filter(|row| row.contains(way) && row.contains(words)).count();
    for (way, words, count) in [
        ("──▶ SYN", " = seq 0", 1),
        ("◀── SYN+ACK", "ack 1", 1),
        ("──▶ GET", "GET /small.txt HTTP/1.0", 2),
        ("──▶ FIN", "the client closed its sending side", 1),
        ("◀── FIN", "the server closed its sending side", 1),
    ] {
        assert_eq!(has(way, words), count, "{way} {words}: {story}");
    }
    assert!(story.matches("the server's TCP has all of it").count() == 2, "{story}");
    assert!(story.matches(" ·  send ").count() == 2 && story.contains(" ·  shut "), "{story}");
    server.end();
}

/// Both ends' packets pass one interface: whoever captures them has those of both.
#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn the_segments_of_both_halves_are_seen_whoever_captures() {
    for (server_sees, client_sees) in [(true, true), (true, false), (false, true), (false, false)] {
        let word = |sees| if sees { "on" } else { "off" };
        let watch = ["--log", "off", "--watch", "127.0.0.1:0"];
        let mut server = serve(&watch, &[("GLASSHTTP_PACKETS", word(server_sees))]);
        let witness = Witness::of(server.port);
        witness.wait_until_it_sees(server.address());
        let url = format!("http://127.0.0.1:{}/small.txt", server.port);
        let mut command = glasshttp();
        command.args(["fetch", "-k", "--repeat", "2", "--lang", "en", &url]);
        let output = command.env("GLASSHTTP_PACKETS", word(client_sees)).output().expect("the program starts");
        let story = String::from_utf8_lossy(&output.stderr);
        let case = format!("{server_sees} {client_sees}: {story}");
        assert_eq!(story.matches("server (multiplex, connection").count(), 2, "joined: {case}");
        let port = story.split("port ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a port");
        let mut theirs = 0;
        while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(1)) {
            theirs += usize::from(line.split(',').any(|field| field == port));
        }
        let arrows = story.lines().filter(|line| line.contains("──▶") || line.contains("◀──")).count() - 1;
        let is_captured = server_sees || client_sees;
        if is_captured {
            assert_eq!(arrows, theirs, "an arrow for each segment that tshark sees: {case}");
        }
        assert_eq!(story.contains("not visible without"), !is_captured, "{case}");
        assert_eq!(story.contains("captured by the client"), client_sees, "{case}");
        let is_heading = |line: &str| line.trim_start().starts_with("server:") && line.contains("segments, as seen");
        assert_eq!(story.lines().any(is_heading), server_sees && !client_sees, "{case}");
        server.end();
    }
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn a_connection_that_is_refused_has_its_two_segments() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let refused = &transfers(&fetch(&["--json", &format!("http://{unused}/")]))[0];
    let flags: Vec<&str> = refused["segments"]["list"]
        .as_array()
        .expect("segments")
        .iter()
        .map(|segment| segment["flags"].as_str().expect("flags"))
        .collect();
    assert_eq!(flags, ["SYN", "RST+ACK"]);
}

#[test]
#[ignore = "needs root, to be nobody"]
fn nothing_is_captured_where_nothing_shows_it_or_the_right_is_missing() {
    let mut server = serve(&["--log", "off", "--no-watch"], &[]);
    let url = format!("http://127.0.0.1:{}/small.txt", server.port);
    let off = glasshttp().args(["fetch", "--json", &url]).env("GLASSHTTP_PACKETS", "off").output().expect("it starts");
    assert_eq!(transfers(&off)[0].get("segments"), None);
    let wrong = glasshttp().args(["fetch", &url]).env("GLASSHTTP_PACKETS", "maybe").output().expect("it starts");
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    for (verbose, lines) in [(&["-v"][..], 1), (&[], 0)] {
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]);
        nobody.arg(crate::harness::program()).arg("fetch").args(verbose).arg(&url).env("LC_ALL", "C");
        let output = nobody.output().expect("setpriv");
        let story = String::from_utf8_lossy(&output.stderr);
        assert_eq!(story.lines().filter(|line| line.contains("CAP_NET_RAW")).count(), lines, "{story}");
        assert!(output.status.success(), "{story}");
    }
    server.end();
}

/// The client is stopped while its response comes, in two segments: its first read gives both.
#[test]
#[ignore = "needs CAP_NET_RAW"]
fn the_first_bytes_are_those_of_the_first_segment_however_late_they_are_read() {
    use crate::fetch::peer::{Peer, end, read_request};
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{Read, Write};
    let (asked, is_asked) = std::sync::mpsc::channel();
    let (go, may_go) = std::sync::mpsc::channel();
    let (say, between) = std::sync::mpsc::channel();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        asked.send(()).expect("the test listens");
        may_go.recv().expect("a word");
        stream.set_nodelay(true).expect("a socket");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").expect("loopback takes it");
        // A pause: nothing comes.
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        assert!(stream.read(&mut [0]).is_err());
        say.send(std::time::SystemTime::now()).expect("the test listens");
        stream.write_all(b"cd").expect("loopback takes it");
        go_on(stream);
    });
    fn go_on(stream: &mut std::net::TcpStream) {
        stream.set_read_timeout(Some(crate::harness::PATIENCE)).expect("a timeout");
        end(stream);
    }
    let place = crate::harness::folder();
    let mut command = glasshttp();
    command.args(["fetch", "--json", "--har", "a.har", &peer.url("/")]).current_dir(place.path());
    let child = command.stdout(std::process::Stdio::piped()).spawn().expect("the program starts");
    let process = Pid::from_child(&child);
    is_asked.recv_timeout(crate::harness::PATIENCE).expect("a request");
    kill_process(process, Signal::STOP).expect("our own child");
    go.send(()).expect("the peer waits");
    let between = between.recv_timeout(crate::harness::PATIENCE).expect("a moment");
    // The second segment is on its way within the call that follows.
    std::thread::yield_now();
    kill_process(process, Signal::CONT).expect("our own child");
    let output = child.wait_with_output().expect("it ends");
    let record: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let began = humantime::parse_rfc3339(record["began"].as_str().expect("a time")).expect("a time");
    let between = i64::try_from(between.duration_since(began).expect("later").as_nanos()).expect("in range");
    let stages = &record["transfers"][0]["exchange"]["stages"];
    let at = |name: &str| stages[name]["value"].as_i64().unwrap_or_else(|| panic!("{name}: {stages}"));
    assert!(at("first_arrived") < between && at("first_read") > between, "{between}: {stages}");
    let har = std::fs::read(place.path().join("a.har")).expect("an archive");
    let har: Value = serde_json::from_slice(&har).expect("JSON");
    let wait = har["log"]["entries"][0]["timings"]["wait"].as_f64().expect("a time");
    let expected = (at("first_arrived") - at("last_sent")) as f64 / 1e6;
    assert!((wait - expected).abs() < 0.001, "{wait} {expected}");
}
