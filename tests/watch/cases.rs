//! Traffic of many kinds, drawn: each arrow and bar is there, visible, in order,
//! and none for what no fact carries. The page says of it what is so.

use super::{Watched, text_of};
use crate::browser::driver::Browser;
use crate::clients::SITE;
use crate::harness::{Client, MODELS, PATIENCE, Server, glasshttp};
use serde_json::{Value, json};
use std::fs::File;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a client does, what the page then says, and what it never says.
struct Case {
    name: &'static str,
    act: fn(&mut Client),
    says: &'static [&'static str],
    never: &'static [&'static str],
}

const CASES: [Case; 8] = [
    Case {
        name: "HTTP/1.0",
        act: |client| whole(client, b"GET /hello.txt HTTP/1.0\r\n\r\n"),
        says: &["200 OK from hello.txt", "head complete"],
        never: &["pipelined"],
    },
    Case {
        name: "an unfinished head",
        act: |client| {
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n");
            client.half_close();
            client.read_to_end();
        },
        says: &["before the request's head was complete"],
        never: &["head complete", "An empty line ends the head"],
    },
    Case {
        name: "TLS",
        act: |client| whole(client, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on, for a while"),
        says: &["TLS handshake"],
        never: &["head complete"],
    },
    Case {
        name: "HTTP/0.9",
        act: |client| whole(client, b"GET /hello.txt\r\n"),
        says: &["HTTP/0.9"],
        never: &["head complete", "An empty line ends the head"],
    },
    Case {
        name: "pipelined",
        act: |client| {
            let one = "GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n";
            let last = "GET /hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            whole(client, format!("{one}{one}{last}").as_bytes());
        },
        says: &["request 2, pipelined", "request 3, pipelined", "read with the ones before"],
        never: &["0 reads"],
    },
    Case {
        name: "half-closed",
        act: |client| {
            client.send(b"GET /hello.txt HTTP/1.0\r\n\r\n");
            client.half_close();
            client.read_to_end();
        },
        says: &["closed its sending side"],
        never: &["reset"],
    },
    Case {
        name: "not found",
        act: |client| whole(client, b"GET /not-there HTTP/1.0\r\n\r\n"),
        says: &["404 Not Found"],
        never: &["200 OK"],
    },
    Case { name: "silent", act: |_| {}, says: &["without sending a request"], never: &["head complete"] },
];

fn whole(client: &mut Client, request: &[u8]) {
    client.send(request);
    client.read_to_end();
}

/// Opens the connection of this client on the page: its record.
pub fn open(watched: &Watched, browser: &Browser, client: SocketAddr) -> Value {
    let record = watched.record_of(client, |record| !record["close"].is_null());
    let number = record["connection"].to_string();
    let lane = "[...document.querySelectorAll('.lane')].find(lane => lane.querySelector('.lane-who').innerText.startsWith(`${arguments[0]} `))";
    let name = json!(format!("#{number}"));
    browser.wait_until(&format!("{lane}?.title && {lane}.title !== 'open'"), std::slice::from_ref(&name));
    browser.run(&format!("{lane}.click()"), &[name]);
    browser.wait_until(
        "document.getElementById('chosen-title').innerText === arguments[0]",
        &[json!(format!("Connection {number}"))],
    );
    browser.wait_until("document.querySelector('.diagram')", &[]);
    record
}

/// The drawing is what the steps say, and nothing else: it follows them while packets still come.
fn assert_drawn(watched: &Watched, browser: &Browser, record: &Value, name: &str) {
    let deadline = Instant::now() + PATIENCE;
    let steps = loop {
        let (steps, expected, drawn) = steps_and_drawing(watched, browser, record);
        if drawn == expected {
            break steps;
        }
        assert!(Instant::now() < deadline, "{name}: {drawn} is not {expected}");
    };
    let times: Vec<i64> = steps.iter().filter_map(|step| step["at"]["value"].as_i64()).collect();
    assert!(times.is_sorted(), "{name}: {times:?}");
    // Rows lie one below the other.
    let tops = "return [...document.querySelectorAll('.step')].map(row => row.getBoundingClientRect().top)";
    let tops: Vec<f64> = serde_json::from_value(browser.run(tops, &[])).expect("numbers");
    assert!(tops.is_sorted(), "{name}: {tops:?}");
}

/// The steps of a record, what is to be drawn of them, and what is.
fn steps_and_drawing(watched: &Watched, browser: &Browser, record: &Value) -> (Vec<Value>, Value, Value) {
    let steps = watched.ask_page(&format!("/records/{}/steps?lang=en", record["connection"]));
    let steps: Vec<Value> = serde_json::from_slice(&steps.body).expect("JSON");
    let drawn = "return [...document.querySelectorAll('.step')].map(row => {
        const box = row.querySelector('.arrow')?.getBoundingClientRect();
        return [row.dataset.step, Boolean(box && box.width > 50 && box.height >= 0), row.querySelectorAll('svg').length];
    })";
    let drawn = browser.run(drawn, &[]);
    let expected: Vec<Value> = steps
        .iter()
        .map(|step| {
            let is_visible = step["known"] != "not_visible";
            let is_arrow = step["kind"] == "arrow" && is_visible;
            let is_picture = step["kind"] == "gap" || (step["kind"] != "note" && is_visible);
            json!([step["id"], is_arrow, u8::from(is_picture)])
        })
        .collect();
    (steps, json!(expected), drawn)
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn what_is_drawn_is_what_happened_under_every_model() {
    let browser = Browser::start();
    for model in MODELS {
        let watched = Watched::start(&["--model", model]);
        browser.open(&watched.page_url);
        browser.wait_until("document.querySelector('.state.is-live')", &[]);
        browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
        for case in &CASES {
            let mut client = watched.server.connect();
            let address = client.socket.local_addr().expect("its address");
            watched_accept(&watched, address);
            (case.act)(&mut client);
            drop(client);
            let record = open(&watched, &browser, address);
            browser.run("document.querySelectorAll('details').forEach(part => part.open = true)", &[]);
            let text = text_of(&browser, "#chosen");
            let name = format!("{model}, {}", case.name);
            for part in case.says {
                assert!(text.contains(part), "{name}: {part:?} is not in {text}");
            }
            for part in case.never {
                assert!(!text.contains(part), "{name}: {part:?} is in {text}");
            }
            for name in ["Http10", "ClientClosed", "NoRequest", "HeadTimeout", "BadRequest"] {
                assert!(!text.contains(name), "{name} is a name of the source");
            }
            assert_drawn(&watched, &browser, &record, &name);
        }
        assert_eq!(browser.console(), [""; 0], "{model}");
    }
}

/// Waits until the connection was accepted, so that what it then sends is not its beginning.
fn watched_accept(watched: &Watched, client: SocketAddr) {
    watched.record_of(client, |_| true);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_download_that_is_cut_off_says_how_much_of_it_was_handed_over() {
    const LENGTH: u64 = 64 << 20;
    let folder = crate::harness::folder();
    File::create(folder.path().join("large")).and_then(|file| file.set_len(LENGTH)).expect("a sparse file");
    let server = Server::spawn(glasshttp().args(["--port", "0", "--log", "off"]).arg(folder.path()));
    let watched = Watched::of(server);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    let mut client = watched.server.connect();
    let address = client.socket.local_addr().expect("its address");
    client.send(b"GET /large HTTP/1.0\r\n\r\n");
    while client.received().len() < 3_500_000 {
        assert!(client.receive().expect("more") > 0);
    }
    socket2::SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("a reset");
    drop(client);
    let record = open(&watched, &browser, address);
    let text = text_of(&browser, "#chosen");
    assert!(text.contains("of 67,108,864 bytes") && text.contains("reset by the client"), "{text}");
    for never in ["has all of it", "took the whole response"] {
        assert!(!text.contains(never), "{never:?} is in {text}");
    }
    assert_drawn(&watched, &browser, &record, "cut off");
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_redirect_in_the_address_bar_is_two_requests() {
    let watched = Watched::start(&[]);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.getElementById('origin').innerText.includes('http')", &[]);
    browser.run("document.getElementById('path').value = '/drawings'", &[]);
    browser.click("document.querySelector('#address button')", &[]);
    browser.wait_until("document.querySelectorAll('#joined h2').length === 2", &[]);
    let titles = browser.run("return [...document.querySelectorAll('#joined h2')].map(title => title.innerText)", &[]);
    assert_eq!(titles, json!(["Both halves of GET /drawings → 301", "Both halves of GET /drawings/ → 200"]));
    let rows = text_of(&browser, "#joined table");
    assert!(rows.contains("301 Moved Permanently") && rows.contains("has the whole response"), "{rows}");
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_status_has_one_colour_and_an_ipv6_syn_a_hop_limit() {
    let server = Server::spawn(glasshttp().args(["--port", "0", "--bind", "::1", "--log", "off", SITE]));
    let watched = Watched::of(server);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    for (path, tone, colour) in
        [("hello.txt", "success", "green"), ("drawings", "redirection", "cyan"), ("nope", "client_error", "yellow")]
    {
        let server = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, watched.server.port()));
        let mut client = Client::connect(server);
        let address = client.socket.local_addr().expect("its address");
        whole(&mut client, format!("GET /{path} HTTP/1.0\r\n\r\n").as_bytes());
        drop(client);
        open(&watched, &browser, address);
        let colours = "const of = node => getComputedStyle(node).color;
            return [...document.querySelectorAll(`.lane[aria-selected=true] .tone, h3 .tone, .what.${arguments[0]}`)].map(of)";
        let colours: Vec<String> = serde_json::from_value(browser.run(colours, &[json!(tone)])).expect("colours");
        assert!(colours.len() >= 3 && colours.iter().all(|one| *one == colours[0]), "{colour}: {colours:?}");
        browser.run("document.querySelectorAll('details').forEach(part => part.open = true)", &[]);
        let syn = text_of(&browser, "[data-step=syn]");
        assert!(!syn.contains("TTL") && !syn.contains("time to live"), "{syn}");
    }
}
