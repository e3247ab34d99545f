//! What is said of a connection that could not be made: what is known, and no more.

use super::{fetch, fetch_in};
use crate::dns::server::{Server as NameServer, address, answer, bytes};
use hickory_proto::rr::RecordType;

fn words(story: &str) -> String {
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// TCP to a group fails at once, and sends nothing.
#[test]
fn a_call_that_fails_at_once_had_no_port() {
    let run = fetch(&["http://224.0.0.1:9300/"]);
    run.assert_failed(5, &["224.0.0.1:9300", "no TCP connection to a multicast or broadcast address"]);
    assert!(!run.stderr.contains("port 0"), "{}", run.stderr);
    assert!(!run.stderr.contains("no route there"), "{}", run.stderr);
    let record = fetch(&["--json", "http://224.0.0.1:9300/"]).record();
    assert!(record["transfers"][0]["connect"]["attempts"][0]["client"].is_null(), "{record}");
}

#[test]
fn rows_of_several_addresses_name_theirs() {
    let names = NameServer::start(|question, _| {
        let mut message = answer(question);
        message.metadata.recursion_available = true;
        if question.queries[0].query_type == RecordType::A {
            (1..=3).for_each(|last| {
                message.add_answer(address("name.example", [224, 0, 0, last].into()));
            });
        }
        vec![bytes(&message)]
    });
    let run = fetch(&["--dns", &names.address.to_string(), "http://name.example:9300/"]);
    run.assert_failed(5, &["(nor to any other of 3 addresses)"]);
    let story = words(&run.stderr);
    for last in 1..=3 {
        assert!(story.contains(&format!("no path 224.0.0.{last}:9300: ")), "{story}");
    }
}

#[test]
fn a_link_local_address_wants_a_zone_before_anything_is_tried() {
    let run = fetch(&["http://[fe80::1]/"]);
    run.assert_failed(2, &["http://[fe80::1]/", "http://[fe80::1%25eth0]/"]);
    assert!(!run.stderr.contains("connect "), "{}", run.stderr);
}

#[test]
fn a_walk_that_has_no_time_is_said_to_have_had_none() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let root = silent.local_addr().expect("an address").to_string();
    let run = fetch(&["--timeout", "0.3", "--root", &root, "http://name.example/"]);
    assert!(run.code != 0 && !run.stderr.contains("took too many"), "{}", run.stderr);
    assert!(!run.stderr.contains("1 questions"), "{}", run.stderr);
}

#[test]
fn a_request_that_was_not_made_keeps_its_method_its_version_and_its_body() {
    let place = crate::harness::folder();
    for (arguments, method, version, size) in [
        (&["-d", "a=b", "--http", "1.1"][..], "POST", "HTTP/1.1", -1),
        (&["-X", "PUT", "-d", "a=b", "-H", "Content-Type: text/x"], "PUT", "HTTP/1.0", -1),
        (&["--head"], "HEAD", "HTTP/1.0", 0),
        (&["--http", "0.9"], "GET", "HTTP/0.9", 0),
    ] {
        let run =
            fetch_in(place.path(), &[&["--json", "--har", "a.har"], arguments, &["http://127.0.0.1:1/x"]].concat());
        let transfer = &run.record()["transfers"][0];
        let har = std::fs::read(place.path().join("a.har")).expect("a HAR");
        let har: serde_json::Value = serde_json::from_slice(&har).expect("JSON");
        let request = &har["log"]["entries"][0]["request"];
        assert_eq!((&transfer["method"], &transfer["version"]), (&method.into(), &version.into()), "{transfer}");
        assert_eq!((&request["method"], &request["httpVersion"]), (&method.into(), &version.into()), "{request}");
        assert_eq!((&request["headersSize"], &request["bodySize"]), (&(-1).into(), &size.into()), "{request}");
        let data = &request["postData"];
        assert_eq!(data.is_null(), size == 0, "{request}");
        assert_eq!(transfer["unsent_body"].is_null(), size == 0, "{transfer}");
        if size != 0 {
            assert_eq!((&data["text"], &data["comment"]), (&"a=b".into(), &"not sent".into()), "{request}");
            let media_type = if method == "PUT" { "text/x" } else { "application/x-www-form-urlencoded" };
            assert_eq!(data["mimeType"], media_type, "{request}");
            assert_eq!(transfer["unsent_body"]["text"]["text"], "a=b", "{transfer}");
        }
    }
}
