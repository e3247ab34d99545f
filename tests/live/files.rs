//! The live page in a real browser: what a saved log says to be missing, in which forms it may be, parts of a
//! connection, and the letter that is a key.

use super::browser::{tell_a_morning, text};
use super::{Page, example};
use crate::browser::driver::Browser;
use crate::browser::save_screenshot;
use glasshttp::observe::live::Bounds;
use glasshttp::observe::sink::{News, Sink};
use serde_json::{Value, json};
use std::path::Path;

fn start() -> Page {
    Page::start(Bounds::default(), "http://localhost:8080/")
}

/// The records of a morning's seven connections.
fn a_morning() -> Vec<Value> {
    let mut page = start();
    tell_a_morning(&mut page.sink);
    page.hub.records().iter().map(|record| serde_json::to_value(&**record).expect("JSON")).collect()
}

fn open_log(browser: &Browser, folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a file");
    browser.type_into("document.getElementById('file')", file.to_str().expect("a path"));
    browser.wait_until("document.getElementById('banner').innerText.includes(arguments[0])", &[json!(name)]);
}

fn left_out(connections: u64, reports: u64) -> Value {
    json!({ "glasshttp": 2, "left_out": { "connections": connections, "exchanges": 0, "reports": reports } })
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn what_a_log_says_to_be_missing_is_counted_in_each_form_of_it() {
    let page = start();
    let folder = crate::harness::folder();
    let browser = Browser::start();
    browser.open(&page.url());
    let mut values = a_morning();
    values.insert(3, left_out(640, 1936));
    values.push(left_out(5, 1));
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    let indented: Vec<String> = values.iter().map(|value| format!("{value:#}")).collect();
    for (name, text) in [
        ("lines.json", lines.join("\n")),
        ("array.json", Value::from(values.clone()).to_string()),
        ("indented.json", indented.join("\n")),
        ("indented-array.json", format!("{:#}", Value::from(values.clone()))),
    ] {
        open_log(&browser, folder.path(), name, &text);
        let count = "Showing 7 of 652 connections. Not recorded: 645 connections, 1,937 reports.";
        browser.wait_until("document.getElementById('count').innerText === arguments[0]", &[json!(count)]);
        let banner = text_of_banner(&browser);
        assert_eq!(banner, format!("This is the log {name}: 7 records, from a file."));
    }
    save_screenshot(&browser, "live-log-left-out.png");

    for (name, text, said) in [
        ("none.json", left_out(1, 0).to_string(), "none.json holds no records. Not recorded: 1 connection."),
        (
            "fetch.json",
            format!("{:#}", json!({ "glasshttp_fetch": 2, "transfers": [] })),
            "fetch.json holds no records. 1 line is not a record that can be shown; it is line 1: it is a record of glasshttp fetch; to see it: glasshttp show FILE. A log is made with --log json.",
        ),
        (
            "torn.json",
            format!("{}\n{}", lines[0], &lines[1][..40]),
            "This is the log torn.json: 1 record, from a file. 1 line is not a record that can be shown; it is line 2: it is not JSON.",
        ),
    ] {
        open_log(&browser, folder.path(), name, &text);
        assert_eq!(text_of_banner(&browser), said);
    }
    assert_eq!(browser.console(), [""; 0]);
}

fn text_of_banner(browser: &Browser) -> String {
    text(browser, "#banner-text")
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn parts_of_a_connection_are_one_connection_and_say_so() {
    let mut page = start();
    let mut record = example::opened(1);
    for part in 1..=3 {
        (record.part, record.continues) = (part, part < 3);
        record.exchanges = vec![example::exchange(u64::from(part), "/", 0)];
        page.sink.take(&record, News::Continues);
    }
    example::tell_whole(&mut page.sink, 2, "/");
    let browser = Browser::start();
    browser.open(&page.url());
    browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
    browser.wait_until("document.querySelectorAll('.lane').length === 4", &[]);
    assert_eq!(text(&browser, "#count"), "Showing 2 of 2 connections.");
    let who = "return [...document.querySelectorAll('.lane-who')].map(node => node.innerText.split(' :')[0]).sort()";
    assert_eq!(browser.run(who, &[]), json!(["#1 part 1", "#1 part 2", "#1 part 3", "#2"]));
    browser.click("[...document.querySelectorAll('.lane')].find(lane => lane.innerText.includes('part 2'))", &[]);
    browser.wait_until("document.getElementById('chosen-title').innerText === 'Connection 1, part 2'", &[]);
    save_screenshot(&browser, "live-parts.png");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_key_s_is_that_key_in_each_script() {
    let mut page = start();
    example::tell_whole(&mut page.sink, 1, "/");
    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.diagram')", &[]);
    assert!(text(&browser, "#lanes-keys").is_empty(), "it is in what is folded");
    browser.run("document.querySelector('.legend').open = true", &[]);
    assert!(text(&browser, "#lanes-keys").contains("S shows the chosen connection step by step"));
    let press = "const [key, code, more, place] = arguments;
        const node = place ? document.getElementById(place) : document.body;
        node.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, ...more }));
        const stage = document.getElementById('stage');
        const isOpen = stage.open;
        stage.close();
        return isOpen";
    let none = json!({});
    let ctrl = json!({ "ctrlKey": true });
    for (key, code, more, place, opens) in [
        ("s", "KeyS", &none, Value::Null, true),
        ("S", "KeyS", &none, Value::Null, true),
        ("ㄴ", "KeyS", &none, Value::Null, true),
        ("Process", "KeyS", &none, Value::Null, true),
        // On Dvorak's layout S and O stand elsewhere.
        ("s", "Semicolon", &none, Value::Null, true),
        ("o", "KeyS", &none, Value::Null, false),
        ("S", "KeyS", &ctrl, Value::Null, false),
        ("ㄴ", "KeyS", &none, json!("path"), false),
    ] {
        let arguments = [json!(key), json!(code), more.clone(), place];
        assert_eq!(browser.run(press, &arguments), json!(opens), "{arguments:?}");
    }
    assert_eq!(browser.console(), [""; 0]);
}
