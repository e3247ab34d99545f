//! Connections that wait for accept(2), while they wait and afterwards.

use super::{Watched, text_of};
use crate::browser::driver::Browser;
use crate::browser::save_screenshot;
use crate::harness::{Client, PATIENCE};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const WAITING: usize = 3;
const REQUEST: &[u8] = b"GET /hello.txt HTTP/1.0\r\n\r\n";

/// A client that the one server serves, and says nothing; then others that wait.
fn fill(watched: &Watched) -> (Client, Vec<Client>) {
    let silent = watched.server.connect();
    let address = silent.socket.local_addr().expect("its address");
    watched.record_of(address, |_| true);
    let mut waiting: Vec<Client> = (0..WAITING).map(|_| watched.server.connect()).collect();
    waiting.iter_mut().for_each(|client| client.send(REQUEST));
    (silent, waiting)
}

#[test]
fn the_page_hears_who_waits_and_what_has_arrived() {
    let watched = Watched::start(&["--model", "iterative"]);
    let (silent, mut waiting) = fill(&watched);
    let mut events = Client::connect(watched.page);
    events.send(b"GET /events?lang=ko HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let begun = Instant::now();
    let shown = loop {
        assert!(begun.elapsed() < PATIENCE && events.receive().expect("events") > 0);
        let text = String::from_utf8_lossy(events.received()).into_owned();
        let last = text.rsplit("event: waiting\ndata: ").next().filter(|last| last.contains("\n\n"));
        let shown: Value = last.and_then(|last| serde_json::from_str(last.lines().next()?).ok()).unwrap_or_default();
        let has_all = |list: &Vec<Value>| list.iter().all(|one| one["bytes"] == REQUEST.len());
        if shown["connections"].as_array().is_some_and(|list| list.len() == WAITING && has_all(list)) {
            break shown;
        }
    };
    let addresses: Vec<String> =
        waiting.iter().map(|client| client.socket.local_addr().expect("its address").to_string()).collect();
    for one in shown["connections"].as_array().expect("a list") {
        assert!(addresses.iter().any(|address| one["client"] == address.as_str()), "{one}");
        assert!(one["about"].as_str().is_some_and(|about| about.contains("27바이트")), "{one}");
    }
    assert_eq!(shown["queue"]["waiting"], WAITING);
    assert!(shown["sentence"].as_str().is_some_and(|sentence| sentence.contains("수락 대기열")), "{shown}");
    // Afterwards each has its place in the queue in its record.
    drop(silent);
    for client in &mut waiting {
        let address = client.socket.local_addr().expect("its address");
        client.read_to_end();
        let record = watched.record_of(address, |record| !record["close"].is_null());
        assert!(record["handshake"]["queued"]["value"].as_i64().is_some_and(|queued| queued > 0), "{record}");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn waiting_connections_are_lanes_and_their_wait_stays_visible() {
    let watched = Watched::start(&["--model", "iterative"]);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    let (silent, mut waiting) = fill(&watched);
    let lanes = "document.querySelectorAll('.lane.is-waiting .queued')";
    browser.wait_until(&format!("{lanes}.length === arguments[0]"), &[json!(WAITING)]);
    let are_wide = format!("[...{lanes}].every(bar => bar.getBoundingClientRect().width > 20)");
    browser.wait_until(&are_wide, &[]);
    let said = text_of(&browser, ".lane.is-waiting");
    assert!(said.contains("27 bytes wait for accept()"), "{said}");
    assert!(text_of(&browser, "#queue").contains("3 connections wait in the accept queue"));
    save_screenshot(&browser, "live-waiting.png");
    std::thread::sleep(Duration::from_millis(500)); // a wait of this length is what is to be drawn
    drop(silent);
    waiting.iter_mut().for_each(|client| {
        client.read_to_end();
    });
    browser.wait_until("!document.querySelector('.lane.is-waiting')", &[]);
    browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
    // Case 1: queued for long, then at work for a moment.
    let drawn = "[...document.querySelectorAll('.lane')].filter(lane => {
        const width = kind => lane.querySelector(kind)?.getBoundingClientRect().width ?? 0;
        return width('.queued') > 20 && width('.exchange') < width('.queued') / 4;
    }).length === arguments[0]";
    browser.wait_until(drawn, &[json!(WAITING)]);
    assert_eq!(browser.console(), [""; 0]);
    save_screenshot(&browser, "live-waited.png");
}
