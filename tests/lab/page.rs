//! The lab on the live page, without a browser: runs, decisions, refusals.

use super::{copy, unprivileged};
use crate::harness::{Client, Response, Server, glasshttp};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;

/// A server whose live page has the lab.
pub struct LabPage {
    pub server: Server,
    _folder: tempfile::TempDir,
    pub address: SocketAddr,
}

impl LabPage {
    /// As somebody without root, for whom a kernel may have no namespaces.
    pub fn start() -> Self {
        copy();
        Self::of(unprivileged(), &["--watch", "0"])
    }

    pub fn of(mut command: Command, options: &[&str]) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = crate::harness::folder();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("open to all");
        let mut server = Server::spawn(command.args(["--port", "0", "--log", "off"]).args(options).arg(folder.path()));
        let address = server.page();
        Self { server, _folder: folder, address }
    }

    fn ask(&self, request: &str) -> Response {
        let mut client = Client::connect(self.address);
        client.send(request.as_bytes());
        Response::parse(&client.read_to_end())
    }

    fn get(&self, path: &str) -> Response {
        self.ask(&format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address))
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        self.post_with(path, "", &body.to_string())
    }

    fn post_with(&self, path: &str, fields: &str, body: &str) -> Response {
        self.ask(&post(self.address, path, fields, body))
    }

    fn run(&self, wish: &Value) -> Lines {
        let mut client = Client::connect(self.address);
        client.send(post(self.address, "/lab/run", "", &wish.to_string()).as_bytes());
        let mut lines = Lines { client, taken: 0 };
        while !lines.line().expect("a head").is_empty() {}
        lines
    }
}

fn post(address: SocketAddr, path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.0\r\nHost: {address}\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
}

/// What a run says, as it says it.
struct Lines {
    client: Client,
    taken: usize,
}

impl Lines {
    fn line(&mut self) -> Option<String> {
        loop {
            let rest = &self.client.received()[self.taken..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
                self.taken += end + 1;
                return Some(line);
            }
            if self.client.receive().expect("lines in time") == 0 {
                return None;
            }
        }
    }

    /// The next event; an empty line says only that it goes on.
    fn event(&mut self) -> Option<Value> {
        loop {
            match self.line()? {
                line if line.is_empty() => {}
                line => return Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))),
            }
        }
    }

    /// All events to the end; nothing, where namespaces are refused.
    fn all(mut self) -> Option<Vec<Value>> {
        let mut events = Vec::new();
        while let Some(event) = self.event() {
            events.push(event);
        }
        assert_eq!(events.last(), Some(&json!({"event": "end"})), "{events:?}");
        if let Some(refusal) = of(&events, "refused").next() {
            assert!(!rustix::process::getuid().is_root(), "refused in .ci/run: {refusal}");
            eprintln!("skipped: {refusal}");
            return None;
        }
        Some(events)
    }
}

fn of<'a>(events: &'a [Value], name: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["event"] == name)
}

#[test]
fn a_run_is_shown_as_it_happens_and_then_concluded() {
    let page = LabPage::start();
    // A machine that is busy makes the wire late: then it is said, and run again.
    let mut events = Vec::new();
    for _ in 0..5 {
        let Some(all) = page.run(&json!({"name": "handshake"})).all() else { return };
        events = all;
        if of(&events, "result").next().is_some_and(|result| result["disturbed"].is_null()) {
            break;
        }
    }
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names.first(), Some(&"act"), "{names:?}");
    assert!(names.iter().filter(|name| **name == "left").count() >= 20, "{names:?}");
    assert!(names.contains(&"arrived") && names.contains(&"call"), "{names:?}");
    let before = names.iter().position(|name| *name == "result").expect("a result");
    assert!(names[..before].contains(&"left"), "what happens is shown before what it means");
    let result = &events[before];
    assert_eq!(result["measured"], 1, "{result}");
    assert_eq!(result["facts"]["numbers_taken_by_syn"], 1);
    assert!(result["sentences"][0].as_str().is_some_and(|sentence| sentence.starts_with("The SYN was")));
    let [first, second] = result["acts"].as_array().expect("acts").as_slice() else { panic!("two acts: {result}") };
    assert!(first["segments"][0]["label"].as_str().is_some_and(|label| label.starts_with("SYN seq ")), "{first}");
    let lost = second["segments"].as_array().expect("segments").iter().find(|one| one["is_lost"] == true);
    assert_eq!(lost.expect("one was lost")["deed"], "lost by the wire");
    assert_eq!(second["setting"]["rules"][0]["sentence"], "the client's 1st pure ACK is lost");
    let capture = of(&events, "capture").next().expect("a capture")["hex"].as_str().expect("digits").to_owned();
    assert!(capture.starts_with("0a0d0d0a"), "a section of pcapng begins so");
}

#[test]
fn a_wire_of_ones_own_is_used_and_nothing_is_concluded_from_it() {
    let page = LabPage::start();
    let packet = json!({"direction": "to_client", "kind": "data", "number": 3, "action": "drop"});
    let wish = json!({"name": "lost-segment", "delay_ms": 25, "packet": packet, "textbook": true});
    let Some(events) = page.run(&wish).all() else { return };
    let result = of(&events, "result").next().expect("a result");
    assert_eq!(result["measured"], Value::Null);
    let act = &result["acts"][0];
    assert_eq!(act["setting"]["delay_ms"], 25.0);
    assert_eq!(act["setting"]["rules"][0]["sentence"], "the server's 3rd segment with data is lost");
    let segments = act["segments"].as_array().expect("segments");
    let travelled = segments[0]["arrived"].as_f64().expect("it arrived") - segments[0]["left"].as_f64().expect("left");
    assert!(travelled >= 25.0, "{travelled}");
    assert_eq!(segments.iter().filter(|one| one["is_lost"] == true).count(), 1);
}

#[test]
fn what_is_no_experiment_or_comes_from_elsewhere_is_refused_with_a_reason() {
    let page = LabPage::start();
    let good = json!({"name": "handshake"}).to_string();
    for fields in ["Origin: http://elsewhere.example\r\n", "Sec-Fetch-Site: cross-site\r\n", "Origin: null\r\n"] {
        assert_eq!(page.post_with("/lab/run", fields, &good).status, 403, "{fields}");
        assert_eq!(page.post_with("/lab/frame/1", fields, "{\"do\":\"drop\"}").status, 403, "{fields}");
    }
    for wish in [
        "".to_owned(),
        "handshake".to_owned(),
        "{}".to_owned(),
        json!({"name": "no-such"}).to_string(),
        json!({"name": "handshake; reboot"}).to_string(),
        json!({"name": "handshake", "delay_ms": 0}).to_string(),
        json!({"name": "handshake", "delay_ms": 201}).to_string(),
        json!({"name": "handshake", "delay_ms": "10ms"}).to_string(),
        json!({"name": "handshake", "patience_s": 61}).to_string(),
        json!({"name": "handshake", "command": "ls"}).to_string(),
        json!({"name": "handshake", "packet": {"direction": "to_server", "kind": "syn", "number": 1, "action": "cut=1s"}})
            .to_string(),
    ] {
        let response = page.post_with("/lab/run", "", &wish);
        assert_eq!(response.status, 400, "{wish}");
        let why: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert!(why["why"].as_str().is_some_and(|why| why.ends_with('.')), "{wish}: {why}");
    }
    assert_eq!(page.post_with("/lab/run", "", &" ".repeat(5000)).status, 413);
    assert_eq!(page.get("/lab/run").status, 405);
    assert_eq!(page.post("/lab/experiments", &json!({})).status, 405);
    assert_eq!(page.post("/lab/frame/1", &json!({"do": "deliver"})).status, 404);
    assert_eq!(page.post("/lab/frame/x", &json!({"do": "deliver"})).status, 404);
    assert_eq!(page.post("/lab/frame/1", &json!({"do": "eat"})).status, 400);
    assert_eq!(page.get("/lab/recorded/../handshake").status, 404);
    assert_eq!(page.get("/lab/nothing").status, 404);
}

#[test]
fn each_experiment_is_listed_and_its_recorded_run_says_that_it_is() {
    let page = LabPage::start();
    let list: Value = serde_json::from_slice(&page.get("/lab/experiments?lang=ko").body).expect("JSON");
    let groups = list["list"]["groups"].as_array().expect("groups");
    let all: Vec<&Value> = groups.iter().flat_map(|group| group["experiments"].as_array().expect("some")).collect();
    assert_eq!(all.len(), glasshttp::lab::experiments().count());
    for one in all {
        let name = one["name"].as_str().expect("a name");
        let text = page.get(&format!("/lab/recorded/{name}")).text();
        let result: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        assert!(result["recorded"].as_str().is_some_and(|said| said.starts_with("Recorded 20")), "{name}");
        assert!(!result["acts"][0]["segments"].as_array().expect("segments").is_empty(), "{name}");
        assert!(result["measured"].is_number(), "{name}");
    }
}

#[test]
fn whoever_is_the_wire_decides_about_each_frame_and_the_file_arrives() {
    let page = LabPage::start();
    let mut lines = page.run(&json!({"name": "wire"}));
    let mut decided = 0;
    let mut events = Vec::new();
    while let Some(event) = lines.event() {
        if event["event"] == "waits" {
            let path = format!("/lab/frame/{}", event["number"]);
            if decided == 0 {
                let second = page.post("/lab/run", &json!({"name": "handshake"}));
                assert_eq!(second.status, 409, "{}", second.text());
            }
            assert_eq!(page.post(&path, &json!({"do": "deliver"})).status, 200);
            // It waits no longer.
            assert_eq!(page.post(&path, &json!({"do": "deliver"})).status, 404);
            decided += 1;
        }
        events.push(event);
    }
    if of(&events, "refused").next().is_some() {
        assert!(!rustix::process::getuid().is_root(), "refused in .ci/run");
        return;
    }
    assert!(decided >= 8, "{decided} frames: {events:?}");
    let result = of(&events, "result").next().expect("a result");
    let first = result["sentences"][0].as_str().expect("a sentence");
    assert!(first.starts_with("The client has all 52 bytes."), "{result}");
}

#[test]
fn a_frame_that_is_dropped_by_hand_is_seen_again() {
    let page = LabPage::start();
    let mut lines = page.run(&json!({"name": "wire"}));
    let (mut dropped, mut again) = (None, false);
    while let Some(event) = lines.event() {
        let label = event["segment"]["label"].as_str().unwrap_or_default().to_owned();
        if event["event"] == "left" && label.starts_with("bytes 1–27") {
            if dropped.is_none() {
                dropped = Some(event["segment"]["number"].clone());
            } else {
                again |= event["segment"]["is_again"] == true;
            }
        }
        if event["event"] == "waits" {
            let decision = if Some(&event["number"]) == dropped.as_ref() { "drop" } else { "deliver" };
            let path = format!("/lab/frame/{}", event["number"]);
            assert_eq!(page.post(&path, &json!({"do": decision})).status, 200);
        }
        if event["event"] == "refused" {
            return;
        }
        if event["event"] == "result" {
            assert!(event["sentences"][0].as_str().is_some_and(|said| said.contains("all 52 bytes")), "{event}");
            let sentences = event["sentences"].to_string();
            assert!(sentences.contains("You lost 1 of them"), "{sentences}");
        }
    }
    assert!(dropped.is_some() && again, "the kernel sent it again");
}

#[test]
fn a_wire_without_a_decision_ends_and_says_so() {
    let page = LabPage::start();
    let Some(events) = page.run(&json!({"name": "wire", "patience_s": 1})).all() else { return };
    let result = of(&events, "result").next().expect("a result");
    assert_eq!(result["sentences"][0], "It ended because nothing was decided for 1 s.");
    let deed = &result["acts"][0]["segments"][0]["deed"];
    assert_eq!(deed, "still waiting when it ended");
    // The next one may begin.
    assert!(page.run(&json!({"name": "numbers"})).all().is_some());
}

#[test]
fn a_page_that_goes_away_ends_its_run() {
    let page = LabPage::start();
    let mut lines = page.run(&json!({"name": "wire"}));
    if lines.event().is_some_and(|event| event["event"] == "refused") {
        return;
    }
    drop(lines);
    let begun = std::time::Instant::now();
    loop {
        let response = page.run(&json!({"name": "wire", "patience_s": 1}));
        let mut response = response;
        match response.event() {
            Some(event) if event["event"] == "act" => break,
            _ => assert!(begun.elapsed() < crate::harness::PATIENCE, "the lab is still taken"),
        }
    }
}

#[test]
fn a_page_for_the_network_shows_recorded_runs_alone() {
    let page = LabPage::of(glasshttp(), &["--watch", "0.0.0.0:0"]);
    let response = page.post("/lab/run", &json!({"name": "handshake"}));
    assert_eq!(response.status, 503);
    assert!(response.text().contains("this machine alone"), "{}", response.text());
    assert_eq!(page.get("/lab/recorded/handshake").status, 200);
}

#[test]
fn a_server_that_stops_ends_the_run_under_way() {
    let mut page = LabPage::start();
    let mut lines = page.run(&json!({"name": "wire"}));
    while lines.event().is_some_and(|event| event["event"] != "waits" && event["event"] != "refused") {}
    let begun = std::time::Instant::now();
    page.server.signal(rustix::process::Signal::INT);
    while lines.line().is_some() {}
    assert!(page.server.wait().success());
    // A lull of a second in the lines, the last words of the page, and a machine that is busy.
    assert!(begun.elapsed() < crate::harness::PATIENCE, "{:?}", begun.elapsed());
}
