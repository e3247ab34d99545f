//! The whole program, watched: the live page beside the site, and what the site
//! says of itself while somebody watches.

mod cases;
mod loads;
mod metrics;
mod open;
mod packets;
mod queue;
mod users;

use crate::browser::driver::Browser;
use crate::browser::save_screenshot;
use crate::clients::SITE;
use crate::harness::{Client, MODELS, Response, Server, glasshttp, refusal};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

/// A server and its live page.
struct Watched {
    server: Server,
    page_url: String,
    page: SocketAddr,
}

impl Watched {
    fn start(options: &[&str]) -> Self {
        Self::of(Server::spawn(
            glasshttp().args(["--port", "0", "--log", "off", "--host", "*"]).args(options).arg(SITE),
        ))
    }

    fn of(mut server: Server) -> Self {
        let page_url = server.page_url();
        let port: u16 = page_url.trim_end_matches('/').rsplit(':').next().expect("a port").parse().expect("a port");
        Self { server, page_url, page: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    fn origin(&self) -> &str {
        self.page_url.trim_end_matches('/')
    }

    /// What the live page's server responds to a GET of `path`.
    fn ask_page(&self, path: &str) -> Response {
        let mut client = Client::connect(self.page);
        client.send(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes());
        Response::parse(&client.read_to_end())
    }

    /// The record of this client, as soon as `is_told` holds for it.
    fn record_of(&self, client: SocketAddr, is_told: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let response = self.ask_page(&format!("/records?client={client}"));
            let record: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            if response.status == 200 && is_told(&record) {
                return record;
            }
            assert!(Instant::now() < deadline, "not told in time: {record}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn the_site_says_how_it_responds_while_the_page_is_on_and_only_the_page_may_read_it() {
    for model in MODELS {
        let watched = Watched::start(&["--model", model]);
        let plain = watched.server.get("/hello.txt");
        let timing = plain.header("server-timing").expect("stages").to_owned();
        assert!(timing.starts_with("connection;desc=\"1.1\", ") && timing.contains("response;dur="), "{timing}");
        assert_eq!(plain.header("access-control-allow-origin"), None);

        let own = watched.server.get_with("/hello.txt", &format!("Origin: {}\r\n", watched.origin()));
        for name in ["access-control-allow-origin", "timing-allow-origin"] {
            assert_eq!(own.header(name), Some(watched.origin()), "{model}: {name}");
        }
        let foreign = watched.server.get_with("/hello.txt", "Origin: http://localhost:1\r\n");
        assert_eq!(foreign.header("access-control-allow-origin"), None);
        assert_eq!(foreign.header("timing-allow-origin"), None);
    }
}

#[test]
fn a_record_can_be_had_by_the_clients_address_while_it_is_open_and_after() {
    for model in MODELS {
        let watched = Watched::start(&["--model", model]);
        let mut client = watched.server.connect();
        let address = client.socket.local_addr().expect("its address");
        client.send(b"GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        let response = client.response();
        let record = watched.record_of(address, |record| record["exchanges"][0]["status"] == 200);
        assert_eq!(record["close"], Value::Null, "{model}");
        assert_eq!(record["model"], model);
        assert_eq!(record["exchanges"][0]["resource"]["value"], "hello.txt");
        let timing = response.header("server-timing").expect("stages");
        assert!(timing.contains(&format!("desc=\"{}.1\"", record["connection"])), "{timing}");
        drop(client);
        let record = watched.record_of(address, |record| record["close"]["first"]["value"] == "client");
        assert_eq!(record["close"]["reason"], "client_closed", "{model}");
    }
}

#[test]
fn the_page_is_never_on_the_network_unasked_and_a_taken_port_is_no_reason_not_to_serve() {
    let on_the_network = Server::spawn(glasshttp().args(["--port", "0", "--lan", SITE]));
    assert!(!on_the_network.announced.contains("Watch it at"), "{}", on_the_network.announced);

    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let (error, code) = refusal(&["--port", "0", "--watch", &port, SITE]);
    assert!(code == 1 && error.contains("the live page") && error.contains("--no-watch"), "{code}: {error}");
}

#[test]
fn a_page_that_listens_does_not_delay_the_end() {
    for model in MODELS {
        let mut watched = Watched::start(&["--model", model]);
        let mut listener = Client::connect(watched.page);
        listener.send(b"GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n");
        while listener.receive().expect("the stream begins") > 0 {
            if String::from_utf8_lossy(listener.received()).contains("event:") {
                break;
            }
        }
        let begun = Instant::now();
        watched.server.signal(Signal::TERM);
        assert!(watched.server.wait().success(), "{model}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{model}: {:?}", begun.elapsed());
    }
}

/// What curl says of its request: port, status, bytes of head and body.
fn curl(url: &str) -> [u64; 4] {
    let format = "%{local_port} %{http_code} %{size_header} %{size_download}";
    let mut command = Command::new("curl");
    command.args(["--silent", "--ipv4", "--max-time", "20", "--noproxy", "*", "-o", "/dev/null", "-w", format, url]);
    let output = command.output().expect("curl starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut figures = text.split(' ').map(|figure| figure.parse().expect("a number"));
    std::array::from_fn(|_| figures.next().expect("four figures"))
}

fn text_of(browser: &Browser, selector: &str) -> String {
    let text = browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", &[json!(selector)]);
    text.as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs curl, chromium and chromedriver: .ci/run installs them"]
fn what_curl_reports_is_what_the_page_shows() {
    let browser = Browser::start();
    for model in MODELS {
        let watched = Watched::start(&["--model", model]);
        browser.open(&watched.page_url);
        browser.wait_until("document.querySelector('.state.is-live')", &[]);
        for path in ["hello.txt", "not-there"] {
            let [port, status, head, body] = curl(&format!("{}{path}", watched.server.url));
            let lane =
                format!("[...document.querySelectorAll('.lane')].find(lane => lane.innerText.includes(':{port}'))");
            browser.wait_until(&format!("{lane}?.innerText.includes('{status}')"), &[]);
            browser.click(&lane, &[]);
            let is_chosen = format!("document.querySelector('.diagram')?.textContent.includes('client :{port}')");
            browser.wait_until(&is_chosen, &[]);
            browser.wait_until("document.querySelector('.diagram').textContent.includes('TIME_WAIT')", &[]);
            let shown = text_of(&browser, "#chosen");
            let server_port = format!("server :{}", watched.server.port());
            let record = watched.record_of(SocketAddr::from(([127, 0, 0, 1], port as u16)), |_| true);
            let traffic = &record["exchanges"][0]["traffic"]["value"];
            assert_eq!((&traffic["response_head"], &traffic["response_body"]), (&json!(head), &json!(body)), "{model}");
            for part in [server_port.as_str(), &format!(" {status}"), &format!("GET /{path} HTTP/1.1")] {
                assert!(shown.contains(part), "{model}: {part:?} is not in: {shown}");
            }
        }
        if model == "multiplex" {
            save_screenshot(&browser, "watch-curl.png");
        }
        assert_eq!(browser.console(), [""; 0], "{model}");
    }
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_address_bar_joins_the_browsers_half_with_the_servers() {
    let watched = Watched::start(&[]);
    let browser = Browser::start();
    browser.open(&watched.page_url);
    browser.wait_until("document.querySelector('.state.is-live')", &[]);
    browser.run("document.getElementById('path').value = ''", &[]);
    browser.type_into("document.getElementById('path')", "/hello.txt\u{e007}");
    browser.wait_until("!document.getElementById('joined').hidden", &[]);
    browser.wait_until("document.querySelector('.diagram')", &[]);
    let joined = text_of(&browser, "#joined");
    for part in ["/hello.txt", "200", "ms"] {
        assert!(joined.contains(part), "{part:?} is not in: {joined}");
    }
    assert_eq!(browser.console(), [""; 0]);
    save_screenshot(&browser, "watch-joined.png");
}

#[test]
#[ignore = "needs chromium and chromedriver: .ci/run installs them"]
fn the_default_site_shows_the_servers_half_of_its_own_load() {
    let watched = Watched::start(&[]);
    let browser = Browser::start();
    for (page, stage) in [("", "The response was chosen"), ("ko/", "응답을 고른 시간")] {
        browser.open(&format!("{}{page}", watched.server.url));
        browser.wait_until("document.querySelector('[data-live=server]:not([hidden]) tbody tr')", &[]);
        let half = text_of(&browser, "[data-live=server]");
        assert!(half.contains(stage) && half.contains("ms"), "{half}");
        assert_eq!(browser.console(), [""; 0]);
    }
    save_screenshot(&browser, "site-server-half.png");
}
