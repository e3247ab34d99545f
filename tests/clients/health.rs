//! A load balancer asks whether the server lives: HAProxy's health checks, in
//! each of the ways in which they are commonly written.

use super::proxy::Running;
use crate::closing::folder_with;
use crate::harness::{MODELS, PATIENCE, Server};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A backend's name, how it checks, and the status that the check meets.
const CHECKS: [(&str, &str, &str); 6] = [
    ("plain", "option httpchk", "204"), // OPTIONS / HTTP/1.0
    ("asterisk", "option httpchk OPTIONS *", "204"),
    ("head", "option httpchk HEAD /", "200"),
    ("get", "option httpchk GET /small.txt", "200"),
    (
        "send",
        "option httpchk\n http-check connect\n http-check send meth GET uri / ver HTTP/1.1 hdr Host localhost",
        "200",
    ),
    ("expect", "option httpchk\n http-check send meth GET uri /nothing\n http-check expect status 404", "404"),
];

/// `show stat`'s lines, each by its columns' names.
fn states(socket: &Path) -> Option<Vec<String>> {
    let mut socket = UnixStream::connect(socket).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket.write_all(b"show stat -1 4 -1\n").expect("HAProxy takes it"); // servers alone
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("its state");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next()?;
    let column = |name: &str| names.iter().position(|column| column.trim_start_matches("# ") == name);
    let wanted = ["pxname", "svname", "status", "check_status", "check_code"].map(|name| column(name).expect(name));
    Some(lines.filter(|line| line.len() > 40).map(|line| wanted.map(|at| line[at]).join(" ")).collect())
}

#[test]
#[ignore = "needs haproxy: .ci/run installs it"]
fn every_common_health_check_finds_the_server_up() {
    let (folder, _) = folder_with(1000);
    let place = crate::harness::folder();
    let (socket, config) = (place.path().join("state"), place.path().join("haproxy.cfg"));
    let servers = MODELS.map(|model| Server::start(folder.path(), &["--model", model]));
    let mut text = format!(
        "global\n stats socket {}\ndefaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n",
        socket.display()
    );
    let mut expected = Vec::new();
    for (name, check, code) in CHECKS {
        writeln!(text, "backend {name}\n {check}").expect("a string takes it");
        for (model, server) in MODELS.iter().zip(&servers) {
            writeln!(text, " server {model} {} check inter 200ms", server.address).expect("a string takes it");
            expected.push(format!("{name} {model} UP L7OK {code}"));
        }
    }
    fs::write(&config, text).expect("a configuration");
    let _proxy = Running(Command::new("haproxy").arg("-db").arg("-f").arg(&config).spawn().expect("HAProxy starts"));
    let begun = Instant::now();
    loop {
        let states = states(&socket).unwrap_or_default();
        if states == expected {
            return;
        }
        assert!(!states.iter().any(|state| state.contains(" DOWN ")), "{states:#?}");
        assert!(begun.elapsed() < PATIENCE, "{states:#?}");
        std::thread::yield_now();
    }
}
