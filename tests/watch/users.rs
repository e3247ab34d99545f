//! The page is for the user who started the server, the one it runs as, and root.

use super::Watched;
use crate::clients::SITE;
use crate::harness::{Server, glasshttp};
use std::io::BufRead;
use std::process::Command;

/// The status that curl gets as this user.
fn status_as(user: u32, url: &str) -> String {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user.to_string(), "--clear-groups", "curl", "--silent", "--noproxy", "*"]);
    command.args(["--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}", url]);
    let output = command.output().expect("setpriv starts");
    String::from_utf8(output.stdout).expect("a status")
}

#[test]
#[ignore = "needs root, setpriv and curl: .ci/run has them"]
fn other_users_of_the_machine_are_refused_whatever_they_ask_for() {
    const OTHER: u32 = 65_533;
    let watched = Watched::start(&[]);
    for path in ["", "records", "events", "favicon.svg", "none"] {
        assert_eq!(status_as(OTHER, &format!("{}{path}", watched.page_url)), "403", "{path}");
    }
    assert_eq!(status_as(0, &format!("{}records", watched.page_url)), "200");
    // Counts hold nothing that a client sent.
    assert_eq!(status_as(OTHER, &format!("{}metrics", watched.page_url)), "200");
    // The site itself is for everybody.
    assert_eq!(status_as(OTHER, &format!("{}hello.txt", watched.server.url)), "200");
}

#[test]
#[ignore = "needs root, setpriv and curl: .ci/run has them"]
fn a_server_of_another_user_shows_its_page_to_that_user_and_to_root() {
    const STARTER: u32 = 65_533;
    let program = glasshttp();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &STARTER.to_string(), "--clear-groups"]).arg(program.get_program());
    let watched = Watched::of(Server::spawn(command.args(["--port", "0", "--log", "off", SITE])));
    let records = format!("{}records", watched.page_url);
    assert_eq!([STARTER, 0, 65_532].map(|user| status_as(user, &records)), ["200", "200", "403"]);
}

#[test]
fn a_page_on_a_network_is_warned_of() {
    let announced = |options: &[&str]| {
        let mut server = Server::spawn(glasshttp().args(["--port", "0", "--log", "off"]).args(options).arg(SITE));
        let mut text = String::new();
        while !text.contains("Ctrl-C") {
            assert!(server.stdout.read_line(&mut text).expect("a line") > 0, "{text}");
        }
        text
    };
    let open = announced(&["--watch", "0.0.0.0:0"]);
    assert!(open.contains("warning: the live page is open to the network"), "{open}");
    let local = announced(&[]);
    assert!(!local.contains("warning"), "{local}");
}
