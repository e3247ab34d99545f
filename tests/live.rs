//! The live page: what it serves, to whom, and that it keeps nobody waiting.

mod browser;
mod example;
mod files;
mod story;

use crate::harness::{Client, PATIENCE, Response};
use glasshttp::listener::{self, Port, Required};
use glasshttp::observe::live::{Bounds, Hub, LiveSink};
use glasshttp::observe::sink::{LeftOut, News, Sink};
use glasshttp::record::connection::Record;
use glasshttp::watch::Watch;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A page on a port of its own.
pub struct Page {
    pub hub: Arc<Hub>,
    pub sink: LiveSink,
    pub address: SocketAddr,
    watch: Watch,
}

impl Page {
    pub fn start(bounds: Bounds, site: &str) -> Self {
        let hub = Hub::new(bounds);
        let listeners =
            listener::listen(&[Ipv4Addr::LOCALHOST.into()], Required::All, Port::Exactly(0), 128).expect("a free port");
        let address = listeners[0].address().expect("an address");
        // One on unix sockets alone has no URL.
        let urls: Vec<String> = Some(site.to_owned()).filter(|site| !site.is_empty()).into_iter().collect();
        let watch = Watch::start(&hub, &urls, None, listeners, glasshttp::language::Language::English);
        let watch = watch.expect("a thread");
        Self { sink: LiveSink::new(&hub), hub, address, watch }
    }

    fn usual() -> Self {
        Self::start(Bounds::default(), "http://localhost:8080/")
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    fn ask(&self, request: &str) -> Response {
        let mut client = Client::connect(self.address);
        client.send(request.as_bytes());
        Response::parse(&client.read_to_end())
    }

    fn get(&self, path: &str) -> Response {
        self.ask(&format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address))
    }

    fn listen(&self) -> Events {
        let mut client = Client::connect(self.address);
        client.send(format!("GET /events HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).as_bytes());
        Events { client, taken: 0 }
    }
}

/// An open stream of events.
struct Events {
    client: Client,
    taken: usize,
}

impl Events {
    /// The next block that a blank line ends; `None` at the end of the connection.
    fn next(&mut self) -> Option<String> {
        let mut searched = self.taken;
        loop {
            let received = self.client.received();
            // The head's lines end in CRLF, those of events in LF.
            let is_end = |at: &usize| received[..*at].ends_with(b"\n\n") || received[..*at].ends_with(b"\r\n\r\n");
            if let Some(end) = (searched + 1..=received.len()).find(is_end) {
                let block = String::from_utf8_lossy(&received[self.taken..end]).into_owned();
                self.taken = end;
                return Some(block);
            }
            searched = received.len();
            if self.client.receive().expect("events in time") == 0 {
                return None;
            }
        }
    }

    /// The data of the next event of this name; others are passed over.
    fn wait_for(&mut self, name: &str) -> Value {
        loop {
            let block = self.next().unwrap_or_else(|| panic!("the stream ended before {name}"));
            if block.contains(&format!("event: {name}\n")) {
                let data = block.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
                return serde_json::from_str(data).expect("JSON");
            }
        }
    }
}

#[test]
fn events_begin_at_once_and_follow_what_happens() {
    let mut page = Page::usual();
    let first = example::tell_whole(&mut page.sink, 1, "/hello.txt");
    let mut events = page.listen();
    let head = events.next().expect("a head");
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n") && head.contains("Content-Type: text/event-stream\r\n"), "{head}");
    assert!(head.contains("Cache-Control: no-store\r\n") && !head.contains("Content-Length"), "{head}");
    let hello = events.wait_for("hello");
    assert_eq!(hello["site"], json!(["http://localhost:8080/"]));
    let kept = events.wait_for("records");
    assert_eq!(serde_json::from_value::<Vec<Record>>(kept["records"].clone()).expect("records"), [first]);
    let now = kept["now"].as_f64().expect("a time");
    assert!((now - 1000.0 * unix_time()).abs() < 1000.0 * PATIENCE.as_secs_f64(), "{now}");

    let second = example::opened(2);
    page.sink.take(&second, News::Opened);
    let records = events.wait_for("records");
    assert_eq!(serde_json::from_value::<Vec<Record>>(records["records"].clone()).expect("records"), [second]);
    let mut left_out = LeftOut::default();
    (left_out.connections, left_out.exchanges, left_out.reports) = (3, 2, 1);
    page.sink.left_out(left_out);
    let left_out = events.wait_for("left_out");
    assert_eq!(left_out, json!({"connections": 3, "exchanges": 2, "reports": 1, "frames": 0, "untold": 0}));
    page.sink.finish();
    events.wait_for("end");
    assert_eq!(events.next(), None);
}

fn unix_time() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

#[test]
fn records_are_served_one_by_one_by_client_and_all() {
    let mut page = Page::usual();
    assert_eq!(page.get("/records").text(), "[]\n");
    let records: Vec<Record> = (1..=3).map(|connection| example::tell_whole(&mut page.sink, connection, "/")).collect();
    let all: Vec<Record> = serde_json::from_slice(&page.get("/records").body).expect("JSON");
    assert_eq!(all, records);
    let one = page.get("/records/2");
    assert_eq!(one.header("Content-Type"), Some("application/json"));
    assert_eq!(serde_json::from_slice::<Record>(&one.body).expect("JSON"), records[1]);
    for query in ["127.0.0.1:50003", "127.0.0.1%3A50003"] {
        let found = page.get(&format!("/records?client={query}"));
        assert_eq!(serde_json::from_slice::<Record>(&found.body).expect("JSON"), records[2]);
    }
    let statuses =
        ["/records/4", "/records/x", "/records/", "/records?client=127.0.0.1:9", "/none", "/records?client=x"]
            .map(|path| page.get(path).status);
    assert_eq!(statuses, [404, 404, 404, 404, 404, 400]);
}

#[test]
fn the_page_is_one_file_and_runs_its_own_script_alone() {
    let page = Page::usual();
    let first = page.get("/");
    let policy = first.header("Content-Security-Policy").expect("a policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
    assert!(nonce.len() >= 32 && policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("connect-src 'self' http://localhost:8080;"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = first.text();
    assert_eq!(text.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "style and script");
    assert_eq!((text.matches("<script").count(), text.matches("</script").count()), (1, 1));
    assert!(!text.contains("/* script */") && !text.contains("/* style */"));
    assert!(!text.contains("src=\"http") && !text.contains("@import") && !text.contains("url(http"), "no CDN");
    assert!(!page.get("/").text().contains(&nonce), "the same nonce twice");
    for (name, value) in [
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ] {
        assert_eq!(first.header(name), Some(value));
    }
}

#[test]
fn only_this_machines_own_names_get_responses() {
    let page = Page::usual();
    let port = page.address.port();
    let status = |host: &str| page.ask(&format!("GET /records HTTP/1.0\r\nHost: {host}\r\n\r\n")).status;
    for host in [format!("127.0.0.1:{port}"), "localhost".into(), "LOCALHOST:9".into(), "127.0.0.1".into()] {
        assert_eq!(status(&host), 200, "{host}");
    }
    let foreign = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        "10.0.0.1".into(),
        "[::1]".into(),
        "127.1".into(),
        "[::ffff:10.0.0.1]".into(),
        String::new(),
    ];
    for host in foreign {
        assert_eq!(status(&host), 403, "{host}");
    }
    assert_eq!((status("localhost:x"), status("[::1")), (400, 400), "no hosts");
    for (target, status) in [("http://localhost/records", 200), ("http://evil.example/records", 403)] {
        let other = if status == 200 { "evil.example" } else { "localhost" };
        let response = page.ask(&format!("GET {target} HTTP/1.0\r\nHost: {other}\r\n\r\n"));
        assert_eq!(response.status, status, "{target} outweighs Host: {other}");
    }
    let from = |site: &str| {
        page.ask(&format!("GET /events HTTP/1.0\r\nHost: localhost\r\nSec-Fetch-Site: {site}\r\n\r\n")).status
    };
    assert_eq!((from("cross-site"), from("same-site")), (403, 403));
    let post = page.ask("POST /records HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((post.status, post.header("Allow")), (405, Some("GET, HEAD")));
    let head = page.ask("HEAD /events HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn sixteen_may_listen_and_one_that_has_gone_makes_room() {
    let page = Page::usual();
    let mut streams: Vec<Events> = (0..16).map(|_| page.listen()).collect();
    for events in &mut streams {
        events.wait_for("hello");
    }
    let refused = page.get("/events");
    assert!(refused.status == 503 && refused.text().contains("Too many live pages are open"), "{refused:?}");
    drop(streams.pop());
    // Each refusal makes the others be written to; the first write to one that has gone gets a reset.
    let begun = Instant::now();
    loop {
        let mut events = page.listen();
        if events.next().expect("a head").starts_with("HTTP/1.0 200") {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "its place is never free");
    }
    for events in &mut streams {
        while !events.next().expect("it goes on").contains("are you there?") {}
    }
}

#[test]
fn sixteen_silent_readers_lock_nobody_out() {
    let page = Page::usual();
    let silent: Vec<Events> = (0..16).map(|_| page.listen()).collect();
    let begun = Instant::now();
    loop {
        let mut events = page.listen();
        if events.next().expect("a head").starts_with("HTTP/1.0 200") {
            events.wait_for("hello");
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "they hold every place");
    }
    drop(silent);
}

#[test]
fn a_listener_that_takes_nothing_holds_up_nobody_and_is_told_that_it_missed_some() {
    const MORE_THAN_ALL_BUFFERS: usize = 10 << 20;
    let mut bounds = Bounds::default();
    (bounds.connections, bounds.shown_per_second) = (50, 500);
    let mut page = Page::start(bounds, "http://localhost:8080/");
    let mut client = Client::connect_narrow(page.address);
    client.send(b"GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let mut slow = Events { client, taken: 0 };
    slow.wait_for("hello");

    // While it reads nothing, another reads all.
    let mut quick = page.listen();
    let (read, progress) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        while quick.client.receive().is_ok_and(|count| count > 0) {
            let _ = read.send(quick.client.received().len()); // the test may know enough by now
        }
    });
    let long = format!("/{}", "x".repeat(60_000));
    let mut connection = 0;
    while progress.recv_timeout(PATIENCE).expect("the quick one reads on") < MORE_THAN_ALL_BUFFERS {
        for _ in 0..10 {
            connection += 1;
            example::tell_whole(&mut page.sink, connection, &long);
        }
    }
    drop(progress);

    let (mut missed, mut last) = (0, 0);
    while last < connection {
        let block = slow.next().expect("it goes on");
        let data = block.lines().find_map(|line| line.strip_prefix("data: "));
        let data: Value = data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        missed = data["untold"].as_u64().unwrap_or(missed);
        let numbers =
            data["records"].as_array().into_iter().flatten().filter_map(|record| record["connection"].as_u64());
        last = numbers.max().unwrap_or(0).max(last);
    }
    assert!(missed > 0 && missed < connection, "{missed} of {connection}");
    assert_eq!(page.hub.records().len(), 50);
    page.watch.finish().expect("it served to the end");
    reader.join().expect("it read to the end");
}

#[test]
fn it_stops_in_time_though_pages_listen() {
    let page = Page::usual();
    let mut reading = page.listen();
    reading.wait_for("hello");
    // Neither of these reads on, or closes.
    let mut silent = page.listen();
    silent.wait_for("hello");
    let idle = Client::connect(page.address);
    let begun = Instant::now();
    let ended = std::thread::spawn(move || {
        reading.wait_for("end");
        reading.next()
    });
    page.watch.finish().expect("it served to the end");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(ended.join().expect("a reader"), None);
    drop((silent, idle));
}

#[test]
fn the_record_in_the_documentation_is_one_and_names_every_field() {
    let text = include_str!("../docs/records.md");
    let json = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let shown: Value = serde_json::from_str(json).expect("JSON");
    let record: Record = serde_json::from_value(shown.clone()).expect("a record");
    assert_eq!(serde_json::to_value(record).expect("JSON"), shown, "fields that records do not have, or lack");
    let tables = text.split("## One record in full").next().unwrap_or_default();
    for_each_name(&shown, &mut |name| {
        assert!(tables.contains(&format!("`{name}`")), "{name} is not explained");
    });
}

#[test]
fn a_saved_log_is_read_in_pieces_and_nothing_of_it_is_kept() {
    let page = Page::usual();
    let mut elsewhere = Page::usual();
    let record = example::tell_whole(&mut elsewhere.sink, 7, "/hello.txt");
    let line = serde_json::to_string(&record).expect("JSON");
    let post = |path: &str, fields: &str, body: &str| {
        let host = page.address;
        let length = body.len();
        page.ask(&format!("POST {path} HTTP/1.0\r\nHost: {host}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"))
    };
    let left_out = "{\"glasshttp\":2,\"left_out\":{\"connections\":1}}";
    let lines = format!("{line}\n{left_out}\n\nno JSON\n{{\"glasshttp\":99}}\n{line}");
    let read: Value = serde_json::from_slice(&post("/log?lang=ko", "", &lines).body).expect("JSON");
    let numbers: Vec<&Value> = read["records"].as_array().expect("a list").iter().map(|read| &read["line"]).collect();
    assert_eq!(numbers, [1, 6]);
    assert_eq!(read["records"][0]["view"]["about"], "GET /hello.txt");
    assert_eq!(read["bad"], json!({"count": 2, "first": {"line": 4, "why": "JSON이 아닙니다"}}));
    let view: Value = serde_json::from_slice(&post("/log/view", "", &line).body).expect("JSON");
    assert!(view["steps"].as_array().is_some_and(|steps| steps.len() > 8), "{view}");
    assert!(page.hub.records().is_empty());

    assert_eq!(post("/log/view", "", "{}").status, 400);
    let foreign = ["Origin: http://localhost:1\r\n", "Sec-Fetch-Site: same-site\r\n"];
    for field in foreign {
        assert_eq!(post("/log", field, &line).status, 403, "{field}");
    }
    let own = format!("Origin: http://{}\r\n", page.address);
    assert_eq!(post("/log", &own, &line).status, 200);
    assert_eq!(page.get("/log").status, 405);
    // Of a body that is too long nothing is read.
    let too_long =
        page.ask(&format!("POST /log HTTP/1.0\r\nHost: {}\r\nContent-Length: 1048577\r\n\r\n", page.address));
    assert_eq!(too_long.status, 413);
}

fn for_each_name(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            look(name);
            for_each_name(value, look);
        }),
        Value::Array(values) => values.iter().for_each(|value| for_each_name(value, look)),
        _ => {}
    }
}
