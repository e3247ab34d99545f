//! What is told of a request that got no whole response: how long it took, and why it ended.

use super::fetch_in;
use super::peer::{Peer, read_request, reset, wait_for_end};
use serde_json::Value;
use std::io::Write;

const KEPT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok";
const REDIRECT: &str = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 100000\r\n\r\nabc";

/// The HAR's entries, and the story, as if its lines were not wrapped.
fn entries(arguments: &[&str]) -> (Vec<Value>, String) {
    let place = crate::harness::folder();
    let run = fetch_in(place.path(), &[&["--har", "a.har"], arguments].concat());
    let har: Value = serde_json::from_slice(&std::fs::read(place.path().join("a.har")).expect("a HAR")).expect("JSON");
    (
        har["log"]["entries"].as_array().expect("entries").clone(),
        run.stderr.split_whitespace().collect::<Vec<_>>().join(" "),
    )
}

/// The timings by name, and their sum.
fn time(entry: &Value, name: &str) -> f64 {
    let of = |name: &str| entry["timings"][name].as_f64().unwrap_or_else(|| panic!("no {name}: {entry}"));
    let stages = ["blocked", "dns", "connect", "send", "wait", "receive"];
    let sum: f64 = stages.iter().map(|name| of(name).max(0.0)).sum();
    assert!((entry["time"].as_f64().expect("a time") - sum).abs() < 1e-6, "{entry}");
    if name == "time" { sum } else { of(name) }
}

/// Sends these bytes to the first request and is silent from then on, whatever is asked.
fn silent_behind(bytes: &'static str) -> Peer {
    Peer::start(move |_, stream| {
        read_request(stream);
        stream.write_all(bytes.as_bytes()).expect("the client reads");
        wait_for_end(stream);
    })
}

#[test]
fn a_stage_that_did_not_end_lasts_until_the_time_was_up() {
    for (bytes, stage, others) in [
        ("", "wait", ["send", "receive"]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", "receive", ["send", "wait"]),
    ] {
        let peer = silent_behind(bytes);
        let (entries, _) = entries(&["--timeout", "0.6", &peer.url("/")]);
        let entry = &entries[0];
        assert!(time(entry, stage) > 550.0, "{stage}: {entry}");
        assert!(others.iter().all(|other| time(entry, other) < 500.0), "{stage}: {entry}");
        assert!(time(entry, "time") >= time(entry, stage), "{entry}");
    }
    let peer = silent_behind(KEPT);
    let (entries, _) = entries(&["-k", "--repeat", "2", "--timeout", "0.6", &peer.url("/")]);
    assert!(time(&entries[1], "wait") > 550.0 && time(&entries[1], "receive") == 0.0, "{entries:?}");
}

#[test]
fn a_connect_that_is_refused_has_neither_dns_nor_anything_sent() {
    let (entries, _) = entries(&["http://127.0.0.1:1/"]);
    let times = ["dns", "send", "wait", "receive"].map(|name| time(&entries[0], name));
    assert_eq!(times, [-1.0, 0.0, 0.0, 0.0], "{entries:?}");
    assert!(time(&entries[0], "connect") > 0.0, "{entries:?}");
}

#[test]
fn a_body_that_is_not_needed_is_given_up_after_a_while_and_nobody_asked_for_that() {
    let redirecting = || {
        Peer::start(|index, stream| {
            read_request(stream);
            let bytes = if index == 0 { REDIRECT } else { KEPT };
            stream.write_all(bytes.as_bytes()).expect("the client reads");
            wait_for_end(stream);
        })
    };
    let (followed, story) = entries(&["-L", &redirecting().url("/")]);
    assert!(story.contains("3 of 100,000 bytes so far in 1 read, stopped here: the rest is not needed"), "{story}");
    assert!(time(&followed[0], "receive") > 200.0, "{followed:?}");
    let (_, story) = entries(&["--abort-after", "1", &redirecting().url("/")]);
    assert!(story.contains("stopped here, as requested"), "{story}");
}

#[test]
fn a_kept_connection_that_was_reset_was_not_closed_and_its_request_took_time() {
    for (is_reset, words) in
        [(true, "The keep-alive connection was reset before"), (false, "The server closed the keep-alive connection")]
    {
        let peer = Peer::start(move |index, stream| {
            read_request(stream);
            stream.write_all(KEPT.as_bytes()).expect("the client reads");
            if index == 0 {
                read_request(stream);
                // The pause is a read that finds nothing.
                stream.set_read_timeout(Some(std::time::Duration::from_millis(100))).expect("a timeout");
                let _ = std::io::Read::read(stream, &mut [0; 1]);
                if is_reset {
                    reset(stream);
                }
            } else {
                wait_for_end(stream);
            }
        });
        let (entries, story) = entries(&["-k", "--repeat", "2", &peer.url("/")]);
        assert!(story.contains(words) && !story.contains("too long"), "{story}");
        assert!(story.contains("retried on a new connection"), "{story}");
        assert!((90.0..9_000.0).contains(&time(&entries[1], "wait")), "{entries:?}");
    }
}
