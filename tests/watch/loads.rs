//! The home page and the live page joined: the record of a load, for the page
//! that was loaded and for nobody else.

use super::{Watched, text_of};
use crate::browser::driver::Browser;
use crate::browser::save_screenshots;
use crate::clients::SITE;
use crate::harness::{Client, MODELS, Response, Server, glasshttp};
use serde_json::{Value, json};

/// What a response says of this name in `Server-Timing`.
fn said(response: &Response, name: &str) -> Option<String> {
    let timing = response.header("server-timing")?;
    let (_, rest) = timing.split_once(&format!("{name};desc=\""))?;
    Some(rest.split('"').next().unwrap_or_default().to_owned())
}

fn ask(watched: &Watched, load: &str, fields: &str) -> Response {
    let mut client = Client::connect(watched.page);
    client.send(format!("GET /loads/{load} HTTP/1.0\r\nHost: localhost\r\n{fields}\r\n").as_bytes());
    Response::parse(&client.read_to_end())
}

#[test]
fn a_load_is_told_to_its_own_site_by_a_name_that_nobody_can_guess() {
    for model in MODELS {
        let watched = Watched::start(&["--model", model]);
        let response = watched.server.get("/hello.txt");
        assert_eq!(said(&response, "live").as_deref(), Some(watched.page_url.as_str()), "{model}");
        let load = said(&response, "load").expect("a name");
        let origin = format!("Origin: http://localhost:{}\r\nSec-Fetch-Site: same-site\r\n", watched.server.port());
        // The record comes a moment after the response.
        let record: Value = loop {
            let told = ask(&watched, &load, &origin);
            if told.status == 200 {
                assert_eq!(told.header("access-control-allow-origin"), origin[8..].lines().next(), "{model}");
                break serde_json::from_slice(&told.body).expect("JSON");
            }
            assert_eq!(told.status, 404, "{model}");
            std::thread::yield_now();
        };
        assert_eq!((&record["connection"], &record["exchange"]), (&json!(1), &json!(1)), "{model}");
        let tcp = record["tcp"]["steps"][0]["text"].as_str().expect("a step");
        assert!(tcp.starts_with("SYN"), "{model}: {tcp}");
        // Nothing that was sent is in it, and no other load is to be had.
        assert!(!record.to_string().contains("hello.txt"), "{record}");
        for (load, fields, status) in [
            (load.as_str(), "", 403),
            (load.as_str(), "Origin: http://evil.example\r\n", 403),
            (load.as_str(), "Origin: null\r\n", 403),
            (load.replacen("1.1-", "2.1-", 1).as_str(), origin.as_str(), 404),
            ("1.1", origin.as_str(), 404),
        ] {
            let refused = ask(&watched, load, fields);
            assert_eq!(refused.status, status, "{model}: {load} {fields}");
            assert!(status == 404 || refused.header("access-control-allow-origin").is_none(), "{model}: {fields}");
        }
        // What else the page has stays its own.
        let mut client = Client::connect(watched.page);
        client.send(format!("GET /records HTTP/1.0\r\nHost: localhost\r\n{origin}\r\n").as_bytes());
        assert_eq!(Response::parse(&client.read_to_end()).status, 403, "{model}");
    }
}

#[test]
fn where_no_live_page_is_on_loopback_nothing_is_said_of_one() {
    let without = Server::start(std::path::Path::new(SITE), &[]); // with --no-watch
    assert_eq!(without.get("/hello.txt").header("server-timing"), None);
    let public =
        Watched::of(Server::spawn(glasshttp().args(["--port", "0", "--log", "off", "--watch", "0.0.0.0:0", SITE])));
    let response = public.server.get("/hello.txt");
    assert!(response.header("server-timing").is_some());
    assert_eq!((said(&response, "live"), said(&response, "load")), (None, None));
}

#[test]
fn fetch_finds_the_servers_half_on_any_port() {
    let watched = Watched::start(&[]);
    let url = format!("{}hello.txt", watched.server.url);
    let output = glasshttp().args(["fetch", &url]).output().expect("it starts");
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("server (multiplex, connection 1)"), "{told}");
}

#[test]
#[ignore = "needs chromium, chromedriver and axe-core: .ci/run installs them"]
fn the_home_page_tells_its_own_load_by_both_halves() {
    let watched = Watched::start(&[]);
    let browser = Browser::start();
    for (page, from, step) in [("", "From the server’s record", "accept: queued"), ("ko/", "서버의 기록에서", "수락: ")]
    {
        browser.open(&format!("{}{page}", watched.server.url));
        browser.wait_until("document.querySelectorAll('.from-record').length === 3", &[]);
        let tcp = text_of(&browser, "[data-stage=tcp]");
        assert!(tcp.contains(from) && tcp.contains("SYN") && tcp.contains(step), "{tcp}");
        let close = text_of(&browser, "[data-stage=close]");
        assert!(close.contains(from), "{close}");
        let port = "return [...document.querySelectorAll('.tuple .from dd')].map(fact => fact.innerText)";
        let tuple = browser.run(port, &[]);
        let port: u16 = tuple[2].as_str().and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("{tuple}"));
        assert!(port > 0 && tuple[3] == from, "{tuple}");
        crate::browser::axe::assert_accessible(&browser, "home, joined");
        save_screenshots(&browser, if page.is_empty() { "home-joined" } else { "home-joined-ko" });
        assert_eq!(browser.console(), [""; 0]);
    }
    // To the live page, at this connection, and back.
    browser.run("document.querySelector('[data-live=record] a').click()", &[]);
    browser.wait_until("document.getElementById('chosen-title')?.innerText.startsWith('연결')", &[]);
    assert!(browser.run("return location.hash", &[]).as_str().is_some_and(|hash| hash.starts_with('#')));
    browser.wait_until("document.getElementById('origin').href.startsWith('http')", &[]);
    browser.run("document.getElementById('origin').click()", &[]);
    browser.wait_until("document.querySelector('[data-live=browser]')", &[]);
}
