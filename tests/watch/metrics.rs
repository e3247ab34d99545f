//! `/metrics`: what is counted is what was asked, and its form is the one of Prometheus.

use crate::clients::SITE;
use crate::closing::under_each_model;
use crate::harness::{Client, Response, Server, glasshttp};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A server, and where its counts are.
fn counted(options: &[&str]) -> (Server, SocketAddr) {
    let mut server =
        Server::spawn(glasshttp().args(["--port", "0", "--log", "off", "--host", "*"]).args(options).arg(SITE));
    let counts = server.page();
    (server, counts)
}

fn ask(at: SocketAddr, request: &str) -> Response {
    let mut client = Client::connect(at);
    client.send(request.as_bytes());
    Response::parse(&client.read_to_end())
}

fn scrape(at: SocketAddr) -> BTreeMap<String, f64> {
    let response = ask(at, "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(response.status, 200, "{}", response.head);
    assert_eq!(response.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    parse(&response.text())
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || "_:".contains(letter))
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_:".contains(letter))
}

/// The samples of a text that keeps to the letter of the format 0.0.4: each family once, its
/// HELP, its TYPE and all its samples one after the other, no sample twice, a counter's name in `_total`.
fn parse(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n') && !text.contains(['\r', '\t']), "{text}");
    let mut samples = BTreeMap::new();
    let mut families = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(help) = lines.next() {
        let (family, help) = help.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).expect("HELP");
        assert!(is_name(family) && !help.is_empty() && !help.contains('\\'), "{family}");
        assert!(!families.contains(&family), "{family} comes twice");
        families.push(family);
        let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).expect("TYPE");
        assert!(kind.0 == family && ["counter", "gauge"].contains(&kind.1), "{kind:?}");
        assert_eq!(kind.1 == "counter", family.ends_with("_total"), "{family}");
        let before = samples.len();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = sample.split_once('{').map_or((sample, None), |(name, rest)| (name, Some(rest)));
            assert_eq!(name, family);
            for label in labels.iter().flat_map(|labels| labels.strip_suffix('}').expect("its end").split(',')) {
                let (label, value) = label.split_once('=').expect("a label");
                let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect("quotes");
                assert!(is_name(label) && !label.contains(':') && !value.contains(['"', '\\']), "{line}");
            }
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(samples.insert(sample.to_owned(), value).is_none(), "{sample} comes twice");
        }
        assert!(samples.len() > before, "{family} has no sample");
    }
    samples
}

#[test]
fn what_was_asked_is_counted_under_each_model() {
    under_each_model(|model| {
        for options in [&["--watch", "0"][..], &["--watch", "0", "--no-watch"]] {
            let (server, at) = counted(&[&["--model", model], options].concat());
            let length = ["GET /hello.txt", "GET /hello.txt?a", "GET /none", "HEAD /hello.txt", "OPTIONS *", "BREW /"]
                .map(|asked| server.ask(format!("{asked} HTTP/1.0\r\n\r\n").as_bytes()).len() as u64)
                .iter()
                .sum::<u64>();
            let length = length + server.ask(b"GET  two blanks HTTP/1.0\r\n\r\n").len() as u64;
            let mut kept = server.connect();
            if model != "iterative" {
                // There the next client would wait for this one.
                kept.send(b"GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n");
                kept.response();
            }
            let more = u64::from(model != "iterative");
            let wanted = [
                ("glasshttp_requests_total{method=\"GET\"}", 3 + more),
                ("glasshttp_requests_total{method=\"HEAD\"}", 1),
                ("glasshttp_requests_total{method=\"OPTIONS\"}", 1),
                ("glasshttp_requests_total{method=\"other\"}", 2),
                ("glasshttp_responses_total{status=\"2xx\"}", 4 + more),
                ("glasshttp_responses_total{status=\"4xx\"}", 2),
                ("glasshttp_responses_total{status=\"5xx\"}", 1),
                ("glasshttp_requests_refused_total", 1),
                ("glasshttp_connections_open", 1),
                ("glasshttp_connections_accepted_total", 8),
                ("glasshttp_responses_cut_short_total", 0),
                ("glasshttp_not_recorded_total{what=\"connections\"}", 0),
            ];
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let samples = scrape(at);
                let has = |(name, value): &(&str, u64)| samples[*name] == *value as f64;
                if wanted.iter().all(has) && samples["glasshttp_sent_bytes_total"] >= length as f64 {
                    break;
                }
                assert!(Instant::now() < deadline, "{model}: {wanted:?}: {samples:#?}");
                std::thread::yield_now();
            }
        }
    });
}

#[test]
fn the_counts_alone_have_a_port_without_a_page() {
    let (server, at) = counted(&["--watch", "0", "--no-watch"]);
    assert!(!server.get("/hello.txt").head.contains("Server-Timing"));
    assert_eq!(ask(at, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").status, 404);
    assert_eq!(ask(at, "GET /records HTTP/1.0\r\nHost: localhost\r\n\r\n").status, 404);
    assert_eq!(server.get("/metrics").status, 404, "never on the site's port");
    for at in [at, counted(&["--watch", "0"]).1] {
        assert_eq!(ask(at, "GET /metrics HTTP/1.0\r\nHost: evil.example\r\n\r\n").status, 403);
        assert_eq!(ask(at, "POST /metrics HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status, 405);
    }
}
