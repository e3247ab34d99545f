//! Whose requests are responded to: on loopback, those for this machine by a
//! name that nobody else can own, and for the names that were given.

use super::Folder;
use crate::harness::{MODELS, Response, Server, glasshttp};
use std::io::BufRead;

/// A server of which nothing but this was said.
fn serve(folder: &Folder, options: &[&str]) -> Server {
    let mut command = glasshttp();
    Server::spawn(command.args(["--port", "0", "--log", "off", "--no-watch"]).args(options).arg(folder.root()))
}

fn ask(server: &Server, request: &str) -> Response {
    let mut client = server.connect();
    client.send(request.as_bytes());
    if request.starts_with("HEAD") { client.head_response() } else { client.response() }
}

fn status_for(server: &Server, host: &str) -> u16 {
    ask(server, &format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n")).status
}

#[test]
fn nothing_said_means_this_machine_by_names_that_are_its_own() {
    let folder = Folder::of(&["a.txt"]);
    for model in MODELS {
        let server = serve(&folder, &["--model", model]);
        let port = server.port();
        for host in [
            "",
            "localhost",
            &format!("localhost:{port}"),
            "LOCALHOST",
            "localhost.",
            "foo.localhost",
            "a.b.LocalHost:1",
            "127.0.0.1",
            &format!("127.0.0.1:{port}"),
            "127.8.8.8",
            "[::1]",
            &format!("[::1]:{port}"),
            "[0:0:0::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(status_for(&server, host), 200, "{model}: {host:?}");
        }
        for host in [
            "a",
            "evil.example",
            &format!("evil.example:{port}"),
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost",
            "localhost.localdomain",
            // A browser makes these 127.0.0.1 before it says them: as they stand, they are names.
            "127.1",
            "2130706433",
            "0.0.0.0",
            "192.168.0.1",
            "[::]",
            "[fe80::1]",
        ] {
            let response = ask(&server, &format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(response.status, 421, "{model}: {host:?}");
            assert!(response.text().contains("--host NAME"), "it names the way out: {}", response.text());
        }
        assert_eq!(server.get("/a.txt").status, 200, "{model}: HTTP/1.0 names no host");
        assert_eq!(server.ask(b"GET /a.txt\r\n"), b"a.txt", "{model}: nor does 0.9");
    }
}

#[test]
fn the_authority_of_an_absolute_target_outweighs_host() {
    let folder = Folder::of(&["a.txt"]);
    for model in MODELS {
        let server = serve(&folder, &["--model", model]);
        for (target, host, status) in [
            ("http://localhost/a.txt", "evil.example", 200),
            ("HTTP://LOCALHOST:80/a.txt", "evil.example", 200),
            ("http://user:word@127.0.0.1:1/a.txt", "evil.example", 200),
            ("http://[::1]/a.txt", "evil.example", 200),
            ("http://evil.example/a.txt", "localhost", 421),
            ("http://evil.example:80/a.txt", "localhost", 421),
            ("http://localhost@evil.example/a.txt", "localhost", 421),
            ("http://localhost:80@evil.example/a.txt", "localhost", 421),
            ("http://localhost.evil.example?a", "localhost", 421),
        ] {
            let response = ask(&server, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(response.status, status, "{model}: {target}, Host: {host}");
            let response = ask(&server, &format!("GET {target} HTTP/1.0\r\n\r\n"));
            assert_eq!(response.status, status, "{model}: {target}");
        }
    }
}

#[test]
fn every_method_is_judged_alike_and_the_connection_goes_on() {
    let folder = Folder::of(&["a.txt"]);
    for model in MODELS {
        let server = serve(&folder, &["--model", model, "--header", "X-Site: yes"]);
        let mut client = server.connect();
        for request in
            ["GET /a.txt", "GET /missing", "GET /", "HEAD /a.txt", "OPTIONS *", "OPTIONS /", "PUT /a.txt", "BREW /"]
        {
            client.send(format!("{request} HTTP/1.1\r\nHost: evil.example\r\n\r\n").as_bytes());
            let response = if request.starts_with("HEAD") { client.head_response() } else { client.response() };
            assert_eq!(response.status, 421, "{model}: {request}");
            assert_eq!(response.header("X-Site"), Some("yes"), "{model}: {request}");
            assert_eq!(response.header("Allow"), None, "{model}: {request}");
            assert_eq!(response.header("Connection"), Some("keep-alive"), "{model}: {request}");
        }
        client.send(b"POST /a.txt HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(client.response().status, 421, "{model}");
        client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.response().text(), "a.txt", "{model}: and nothing of it was kept");
        client.send(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.response().status, 204, "{model}");
    }
}

#[test]
fn names_that_were_given_are_responded_to_as_well() {
    let folder = Folder::of(&["a.txt"]);
    for model in MODELS {
        let options = ["--model", model, "--host", "dev.example", "--host", "한국.kr:8080", "--host", "10.0.0.7"];
        let server = serve(&folder, &options);
        for host in ["dev.example", "DEV.example.:1", "xn--3e0b707e.kr", "10.0.0.7:80", "localhost", "127.0.0.1"] {
            assert_eq!(status_for(&server, host), 200, "{model}: {host}");
        }
        for host in ["a.dev.example", "dev.example.evil.example", "10.0.0.8", "example"] {
            assert_eq!(status_for(&server, host), 421, "{model}: {host}");
        }
    }
}

#[test]
fn whoever_chooses_addresses_or_any_host_has_said_who_may_ask() {
    let folder = Folder::of(&["a.txt"]);
    for options in [&["--bind", "127.0.0.1"][..], &["--lan"], &["--host", "*"], &["--host", "b", "--host", "*"]] {
        let server = serve(&folder, options);
        for host in ["a", "evil.example", "192.168.0.1", "localhost"] {
            assert_eq!(status_for(&server, host), 200, "{options:?}: {host}");
        }
    }
}

#[test]
fn names_that_were_given_count_where_addresses_were_chosen_too() {
    let folder = Folder::of(&["a.txt"]);
    for options in [&["--bind", "127.0.0.1"][..], &["--lan"]] {
        let server = serve(&folder, &[options, &["--host", "dev.example"]].concat());
        for host in ["dev.example", "localhost", "127.0.0.1", "192.168.0.1:80", "[fe80::1]"] {
            assert_eq!(status_for(&server, host), 200, "{options:?}: {host}");
        }
        for host in ["a", "evil.example", "192.168.0.1.evil.example"] {
            assert_eq!(status_for(&server, host), 421, "{options:?}: {host}");
        }
    }
}

#[test]
fn the_access_log_and_the_record_say_why() {
    let folder = Folder::of(&["a.txt"]);
    for model in MODELS {
        let options = ["--port", "0", "--no-watch", "--model", model, "--log"];
        let start = |log| Server::spawn(glasshttp().args(options).arg(log).arg(folder.root()));
        let line = |mut server: Server| {
            assert_eq!(server.get_with("/a.txt", "Host: evil.example\r\n").status, 421, "{model}");
            let mut line = String::new();
            server.stdout.read_line(&mut line).expect("a line");
            line
        };
        let common = line(start("common"));
        assert!(common.contains("\"GET /a.txt HTTP/1.0\" 421 ") && common.ends_with(" other_host\n"), "{common}");
        let combined = line(start("combined"));
        assert!(combined.ends_with("\"-\" \"-\" other_host\n"), "{combined}");
        let record: serde_json::Value = serde_json::from_str(&line(start("json"))).expect("a record");
        let exchange = &record["exchanges"][0];
        assert_eq!((&exchange["status"], &exchange["refused"]), (&421.into(), &"other_host".into()), "{model}");
        assert_eq!(record["close"]["reason"], "http10", "{model}: that is not why it closed");
    }
}
