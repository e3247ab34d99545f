//! The live page in a real browser, as people see and operate it.

use super::{Page, example};
use crate::browser::driver::Browser;
use crate::browser::save_screenshot;
use glasshttp::observe::live::{Bounds, LiveSink};
use glasshttp::observe::sink::{News, Sink};
use glasshttp::record::{Figure, Source, Why};
use glasshttp::{Model, Request, Response, Server, StatusCode, Stop};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const UP: &str = "\u{e013}";
const DOWN: &str = "\u{e015}";

pub const LANES: &str = "document.getElementById('lanes')";

pub fn text(browser: &Browser, selector: &str) -> String {
    let text = browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", &[json!(selector)]);
    text.as_str().unwrap_or_default().to_owned()
}

fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// What a browser, a port probe and some clients leave behind.
pub fn tell_a_morning(sink: &mut LiveSink) {
    for connection in 1..=3 {
        example::tell_whole(sink, connection, "/");
    }
    let silent = example::accepted_before(example::opened(4), Duration::from_millis(7300));
    sink.take(&silent, News::Opened);
    sink.take(&silent, News::Silent);
    let mut slow = example::accepted_before(example::opened(5), Duration::from_millis(6100));
    slow.handshake.queued = Figure::derived(1_300_000_000, Source::AgeAtAccept);
    slow.handshake.queue = example::queue(3, 5);
    for number in 1..=3 {
        slow.exchanges.push(example::exchange(
            number,
            ["/", "/style.css", "/favicon.ico"][number as usize - 1],
            900_000_000 * number as i64,
        ));
    }
    slow.exchanges[1].stages.last_write = Figure::measured(2_400_000_000, Source::Clock);
    slow.exchanges[1].stages.acknowledged = Figure::not_visible(Why::NoAcknowledgement);
    sink.take(&slow, News::Responded);
    sink.take(&example::closed(slow, 4_800_000_000), News::Closed);
    let broken = example::accepted_before(example::opened(6), Duration::from_millis(3500));
    sink.take(&example::reset(broken, 1_200_000_000), News::Closed);
    example::tell_whole(sink, 7, "/hello.txt");
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_connection_appears_as_a_lane_and_its_diagram_tells_its_story() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    assert_contains(&text(&browser, "#empty"), &["Nothing has connected yet", "curl -i http://localhost:8080/"]);

    tell_a_morning(&mut page.sink);
    browser.wait_until("document.querySelectorAll('.lane').length === 7", &[]);
    assert_contains(&text(&browser, "#count"), &["Showing 7 of 7 connections."]);
    let newest = text(&browser, ".lane[aria-posinset='1']");
    assert_contains(&newest, &["#7", ":50007", "GET /hello.txt", "200"]);
    let silent =
        browser.run("return [...document.querySelectorAll('.lane-what.is-silent')].map(word => word.innerText)", &[]);
    assert_eq!(silent, json!(["silent", "silent"]));
    // For those who hear it, its name says how it ended as well.
    let name = "return document.querySelector(\".lane[aria-posinset='1'] .lane-head\").textContent";
    assert_eq!(browser.run(name, &[]), json!("200GET /hello.txt#7 :50007, closed by FINs"));

    // The newest is chosen already. By keyboard: down to the newest but one and back up, in, and out again.
    browser.wait_until("document.getElementById('chosen-title').innerText === 'Connection 7'", &[]);
    browser.type_into(LANES, &[DOWN, UP].concat());
    browser.wait_until("document.getElementById('chosen-title').innerText === 'Connection 7'", &[]);
    let active = "document.getElementById(document.getElementById('lanes').getAttribute('aria-activedescendant'))";
    browser.wait_until(&format!("{active}?.getAttribute('aria-selected') === 'true'"), &[]);
    browser.type_into(LANES, ENTER);
    browser.wait_until("document.activeElement.id === 'chosen-title'", &[]);
    browser.type_into("document.activeElement", ESCAPE);
    browser.wait_until("document.activeElement.id === 'lanes'", &[]);

    let diagram = text(&browser, ".diagram");
    assert_contains(
        &diagram,
        &[
            "SYN seq 727050008",
            "accept: queued for under 8 ms",
            "GET /hello.txt HTTP/1.1",
            "read: head complete: 87 bytes in 1 read",
            "200 OK from hello.txt",
            "HTTP/1.0 200 OK",
            "ACK: the client's TCP has all of it",
            "read() returned 0: the client has closed its sending side, first",
            "TIME_WAIT",
        ],
    );
    // What has no time is drawn without one.
    let syn = "const row = document.querySelector('[data-step=syn]');
        return [row.querySelector('.step-time span').innerText, row.querySelector('.arrow').getAttribute('class')]";
    assert_eq!(browser.run(syn, &[]), json!(["", "arrow from-client measured"]));
    let styles = "return [...document.querySelectorAll('.arrow')].map(line => getComputedStyle(line).strokeDasharray)";
    let styles = browser.run(styles, &[]);
    assert_eq!(styles.as_array().expect("a list")[..2], [json!("none"), json!("7px, 5px")]);
    assert_contains(
        &text(&browser, "[data-step=syn-ack] .sentence"),
        &["The server's kernel agrees, and says where its own byte numbers begin."],
    );
    let table = text(&browser, "#chosen-body table");
    assert_contains(
        &table,
        &["In the accept queue", "shorter than the kernel's ticks", "Choosing the response", "56.0 µs"],
    );
    assert_contains(
        &text(&browser, ".heads"),
        &["GET /hello.txt HTTP/1.1\nHost: 127.0.0.1:8080", "Content-Length: 44"],
    );
    browser.click("document.querySelector('#chosen-body .check input')", &[]);
    assert_contains(&text(&browser, ".heads"), &["GET /hello.txt HTTP/1.1␍␊"]);

    let fifth = "[...document.querySelectorAll('.lane')].find(lane => lane.innerText.includes('#5'))";
    browser.click(fifth, &[]);
    browser.wait_until("document.getElementById('chosen-title').innerText === 'Connection 5'", &[]);
    browser.wait_until("document.querySelector('.diagram')?.innerText.includes('request 3')", &[]);
    assert_contains(
        &text(&browser, ".diagram"),
        &["3 others wait there", "ACK of the response: not visible: no acknowledgement of its last byte was reported"],
    );
    assert_eq!(browser.console(), [""; 0]);
    for (scheme, name) in [("light", "live-light.png"), ("dark", "live-dark.png")] {
        browser.emulate(scheme, 1200, 2600);
        browser.run("scrollTo(0, 0)", &[]);
        save_screenshot(&browser, name);
    }
    browser.run("document.querySelector('#chosen-body table').scrollIntoView()", &[]);
    browser.emulate("light", 1200, 1300);
    save_screenshot(&browser, "live-exchange.png");
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_phone_scrolls_up_and_down_only_by_day_and_by_night() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    tell_a_morning(&mut page.sink);
    let browser = Browser::start();
    browser.open(&page.url());
    browser.emulate("dark", 360, 740);
    browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
    browser.wait_until("document.querySelectorAll('.lane').length > 3", &[]);
    let dark = browser.run("return getComputedStyle(document.body).backgroundColor", &[]);
    browser.click("document.querySelector(\".lane[aria-posinset='1']\")", &[]);
    browser.wait_until("document.querySelector('.diagram')", &[]);
    browser.run("document.querySelectorAll('details').forEach(part => part.open = true)", &[]);
    let wide = "return [...document.querySelectorAll('body *')].filter(node => !node.closest('.visually-hidden, .skip, .glass, thead')
        && node.getBoundingClientRect().right > 361).map(node => `${node.tagName}.${node.className}`)";
    assert_eq!(browser.run(wide, &[]), json!([]));
    assert_eq!(browser.run("return document.documentElement.scrollWidth", &[]), json!(360));
    browser.emulate("dark", 360, 3600);
    save_screenshot(&browser, "live-phone.png");
    browser.emulate("light", 360, 740);
    assert_ne!(browser.run("return getComputedStyle(document.body).backgroundColor", &[]), dark);
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn what_clients_send_is_text_and_never_runs() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    let browser = Browser::start();
    let hostile = "/<img/src=x/onerror=document.title='run'><script>document.title='run'</script>\u{1b}[31m";
    let mut record = example::tell_whole(&mut page.sink, 1, hostile);
    record.exchanges[0].response.head =
        "HTTP/1.0 200 <b>OK</b>\r\nX: </pre><svg/onload=document.title='run'>\r\n\r\n".into();
    record.exchanges[0].resource = Figure::measured("<i>file</i>".into(), Source::Other("<u>the site</u>".into()));
    page.sink.take(&record, News::Closed);
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.lane')", &[]);
    browser.type_into(LANES, DOWN);
    browser.wait_until("document.querySelector('.diagram')", &[]);
    browser.run("document.querySelectorAll('details').forEach(part => part.open = true)", &[]);
    for place in [".lane", ".diagram", ".heads"] {
        assert_contains(&text(&browser, place), &["/<img/src=x/onerror=document.title='run'><script>"]);
    }
    assert_contains(&text(&browser, ".heads"), &["</pre><svg/onload=", "\\x1b[31m"]);
    assert_contains(&text(&browser, ".diagram"), &["<i>file</i>"]);
    let made = "return document.querySelectorAll('main img, main script, main b, main i, main u, .heads svg').length";
    assert_eq!(browser.run(made, &[]), json!(0));
    assert_eq!(browser.run("return document.title", &[]), json!("glasshttp: live"));
    // Had it been markup after all, it would still not run: markup that is put in by force is refused.
    browser.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'document.title = 1'}))",
        &[],
    );
    assert_eq!(browser.run("return document.title", &[]), json!("glasshttp: live"));
}

/// The lines of a log of a morning's six connections.
fn a_mornings_log() -> Vec<String> {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    tell_a_morning(&mut page.sink);
    page.hub.records().iter().map(|record| serde_json::to_string(&**record).expect("JSON")).collect()
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_log_is_shown_whole_where_nothing_had_come_yet() {
    let page = Page::start(Bounds::default(), "http://localhost:8080/");
    let folder = crate::harness::folder();
    let log = folder.path().join("saved.jsonl");
    let lines = a_mornings_log();
    std::fs::write(&log, lines.join("\n")).expect("a file");
    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.body.classList.contains('is-empty')", &[]);
    browser.type_into("document.getElementById('file')", log.to_str().expect("a path"));
    browser.wait_until("document.querySelectorAll('.lane').length === arguments[0]", &[json!(lines.len())]);
    browser.wait_until("document.querySelectorAll('#axis > *').length", &[]);
    browser.wait_until("document.querySelector('.diagram')", &[]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_saved_log_is_shown_the_same_way_and_its_bad_lines_are_counted() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    example::tell_whole(&mut page.sink, 99, "/live");
    let folder = crate::harness::folder();
    let mut lines = a_mornings_log();
    let array = folder.path().join("array.json");
    std::fs::write(&array, format!("[{}]", lines.join(","))).expect("a file");
    lines.insert(2, "{\"glasshttp\": 1, \"connection\": \"x\"}".into());
    lines.insert(4, "no JSON <b>".into());
    lines.push("{\"glasshttp\": 2}".into());
    let log = folder.path().join("saved.jsonl");
    std::fs::write(&log, lines.join("\n")).expect("a file");

    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelectorAll('.lane').length === 1", &[]);
    browser.type_into("document.getElementById('file')", log.to_str().expect("a path"));
    browser.wait_until("document.querySelectorAll('.lane').length === 7", &[]);
    assert_contains(
        &text(&browser, "#banner"),
        &[
            "This is the log saved.jsonl: 7 records, from a file. 3 lines are not records that can be shown; the first is line 3: a part of the record is missing or has another type.",
        ],
    );
    // Its steps are derived by the server, as those of live connections are.
    browser.wait_until("document.querySelector('.diagram')", &[]);
    assert_contains(&text(&browser, "#chosen-title"), &["Connection 7, from a file"]);
    assert_contains(&text(&browser, ".diagram"), &["accept: queued for under 8 ms", "GET /hello.txt HTTP/1.1"]);
    save_screenshot(&browser, "live-log.png");
    browser.click("document.getElementById('to-live')", &[]);
    browser.wait_until("document.querySelector('.lane')?.innerText.includes('GET /live')", &[]);

    browser.type_into("document.getElementById('file')", array.to_str().expect("a path"));
    browser.wait_until("document.querySelectorAll('.lane').length === 7", &[]);
    assert!(!text(&browser, "#banner").contains("not records"));
    let none = folder.path().join("none.txt");
    std::fs::write(&none, "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000]\n").expect("a file");
    browser.type_into("document.getElementById('file')", none.to_str().expect("a path"));
    browser.wait_until("document.getElementById('banner').innerText.includes('holds no records')", &[]);
    assert_eq!(browser.console(), [""; 0]);
}

/// A site that tells each request's record, and whose responses bear its number.
fn serve_a_site(sink: Arc<Mutex<LiveSink>>) -> (String, Arc<Stop>) {
    let response = move |request: &Request<'_>| {
        let mut record = example::opened(12);
        record.exchanges.push(example::exchange(1, request.target.path, 0));
        sink.lock().expect("no panic").take(&example::closed(record, 900_000), News::Closed);
        Response::text(StatusCode::OK, "hello")
            .with("Access-Control-Allow-Origin", "*")
            .with("Timing-Allow-Origin", "*")
            .with("Server-Timing", "connection;desc=\"12.1\", read;dur=0.032")
    };
    let server = Server::new(response).listen("127.0.0.1:0").expect("a free port").model(Model::Thread);
    let url = format!("http://{}/", server.addresses()[0]);
    let stop = Arc::new(Stop::new().expect("a pipe"));
    let order = Arc::clone(&stop);
    std::thread::spawn(move || server.run(&order));
    (url, stop)
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_address_bar_puts_the_browsers_half_beside_the_servers() {
    let placeholder = glasshttp::observe::live::Hub::new(Bounds::default());
    let sink = Arc::new(Mutex::new(LiveSink::new(&placeholder)));
    let (site, stop) = serve_a_site(Arc::clone(&sink));
    let page = Page::start(Bounds::default(), &site);
    *sink.lock().expect("no panic") = LiveSink::new(&page.hub);

    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    assert_eq!(browser.run("return crossOriginIsolated", &[]), json!(true));
    browser.type_into("document.getElementById('path')", &format!("hello.txt{ENTER}"));
    browser.wait_until("!document.getElementById('joined').hidden", &[]);
    assert_contains(&text(&browser, "#address-said"), &["Status 200. It was exchange 1 on connection 12."]);
    let joined = text(&browser, "#joined");
    assert_contains(
        &joined,
        &[
            "Both halves of GET /hello.txt → 200",
            "begins to connect",
            "begins to send the request",
            "has the last byte",
            "accept: queued for under 8 ms",
            "chosen: 200 OK from hello.txt",
            "steps of 5.0 µs",
        ],
    );
    browser.wait_until("document.getElementById('chosen-title').innerText === 'Connection 12'", &[]);
    save_screenshot(&browser, "live-joined.png");
    browser.type_into("document.getElementById('path')", &format!("x{ENTER}"));
    browser.wait_until("document.getElementById('joined').innerText.includes('hello.txtx')", &[]);
    let reused = text(&browser, "#joined");
    assert_contains(&reused, &["uses a connection that is open already", "connectStart = fetchStart"]);
    browser.run("document.getElementById('path').value = 'http://example.org/'", &[]);
    browser.type_into("document.getElementById('path')", ENTER);
    browser.wait_until("document.getElementById('address-said').innerText.includes('Only the site')", &[]);
    assert_eq!(browser.console(), [""; 0]);
    stop.set();
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_crowd_is_sampled_and_said_and_costs_few_elements() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    for connection in 1..=3000 {
        example::tell_whole(&mut page.sink, connection, "/");
    }
    browser.wait_until("document.getElementById('count').innerText.includes('came too fast to be recorded')", &[]);
    browser.wait_until("document.querySelectorAll('.lane').length > 8", &[]);
    let nodes = browser.run("return document.querySelectorAll('*').length", &[]).as_u64().expect("a number");
    assert!(nodes < 1000, "{nodes} elements");
    // Paused, what is there stays.
    browser.click("document.getElementById('pause')", &[]);
    let before = browser.run("return document.querySelector('.lane').innerText", &[]);
    // Unless it came too fast as well.
    let mut later = 5000;
    let is_kept = |page: &Page, connection| page.hub.record(connection).is_some();
    while !is_kept(&page, later) {
        later += 1;
        example::tell_whole(&mut page.sink, later, "/later");
    }
    browser.wait_until("/Paused; \\d+ more since/.test(document.getElementById('count').innerText)", &[]);
    assert_eq!(browser.run("return document.querySelector('.lane').innerText", &[]), before);
    browser.click("document.getElementById('pause')", &[]);
    browser.wait_until("[...document.querySelectorAll('.lane')].some(lane => lane.innerText.includes('/later'))", &[]);
    // The server ends, and the page says so and keeps what it has: there is none to begin anew with.
    page.sink.finish();
    page.watch.finish().expect("it served to the end");
    browser.wait_until("document.getElementById('state').innerText.includes('ended') || document.getElementById('state').innerText.includes('again')", &[]);
    browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
    browser.wait_until("document.querySelectorAll('.lane').length > 8", &[]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn a_saved_copy_of_the_page_says_where_to_open_a_log() {
    let page = Page::start(Bounds::default(), "http://localhost:8080/");
    let folder = crate::harness::folder();
    let copy = folder.path().join("live.html");
    std::fs::write(&copy, page.get("/").body).expect("a file");
    let browser = Browser::start();
    browser.open(&format!("file://{}", copy.display()));
    assert_contains(&text(&browser, "#state"), &["Open the page of a running glasshttp"]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_page_changes_its_language_and_tells_everything_in_it() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    tell_a_morning(&mut page.sink);
    let browser = Browser::start();
    browser.open(&page.url());
    browser.wait_until("document.querySelector('.lane')", &[]);
    browser.click("document.querySelector('.languages [lang=ko]')", &[]);
    browser.wait_until("document.documentElement.lang === 'ko'", &[]);
    browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
    browser.wait_until("document.querySelectorAll('.lane').length === 7", &[]);
    browser.type_into(LANES, DOWN);
    browser.wait_until("document.querySelector('.diagram')", &[]);
    browser.run("document.querySelectorAll('details').forEach(part => part.open = true)", &[]);
    assert_contains(&text(&browser, "main"), &["연결 7개 중 7개를 보입니다.", "3-way 핸드셰이크 완료", "응답을 정함"]);
    // Beside heads, which are the client's and the server's own, no two English words stand in a row.
    let plain = "const copy = document.querySelector('main').cloneNode(true);
        copy.querySelectorAll('.heads pre, svg, [lang=en], pre').forEach(node => node.remove());
        return copy.textContent.match(/[a-z]{3,} [a-z]{2,}/g) ?? []";
    assert_eq!(browser.run(plain, &[]), json!([]));
    assert_eq!(browser.console(), [""; 0]);
    browser.click("document.querySelector('.languages [lang=en]')", &[]);
    browser.wait_until("document.documentElement.lang === 'en'", &[]);
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn secrets_are_shown_to_whoever_asks_for_them_on_the_page() {
    let mut page = Page::start(Bounds::default(), "http://localhost:8080/");
    let mut record = example::tell_whole(&mut page.sink, 1, "/");
    record.exchanges[0].request.head.insert_str(16, "Cookie: id=12345\r\n");
    page.sink.take(&record, News::Closed);
    let browser = Browser::start();
    browser.open(&page.url());
    browser.run("document.querySelector('input[name=range][value=all]').click()", &[]);
    browser.wait_until("document.querySelector('.lane')", &[]);
    browser.type_into(LANES, DOWN);
    browser.wait_until("document.querySelector('.heads')", &[]);
    assert_contains(&text(&browser, ".heads"), &["Cookie: 8 bytes, not shown"]);
    browser.click(
        "[...document.querySelectorAll('#chosen-body button')].find(node => node.innerText === 'Show them')",
        &[],
    );
    browser.wait_until("document.querySelector('.heads')?.innerText.includes('Cookie: id=12345')", &[]);
    // Another connection, and back: they are withheld again.
    browser.type_into(LANES, ESCAPE);
    browser.type_into(LANES, DOWN);
    browser.wait_until("document.querySelector('.heads')?.innerText.includes('8 bytes, not shown')", &[]);
}
