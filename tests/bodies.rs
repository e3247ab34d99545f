//! A handler that takes bodies: what it is handed, and what is refused before
//! it is asked (RFC 9110 §8.6, §10.1.1, §15.5.9, §15.5.14).

use crate::harness::Client;
use glasshttp::connection::Timeouts;
use glasshttp::{Handler, Model, Request, Response, Server, StatusCode, Stop};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest body that is taken.
const LIMIT: u64 = 200_000;
/// How long a head and its body may take.
const PATIENT: Duration = Duration::from_secs(60);
const IMPATIENT: Duration = Duration::from_millis(300);

/// All models but the one that forks: a test is not alone in its process.
const MODELS: [Model; 3] = [Model::Iterative, Model::Thread, Model::Multiplex { workers: 1 }];

/// Says the length of what it was handed, and its sum.
struct Sum;

impl Handler for Sum {
    fn handle(&self, request: &Request<'_>) -> Response {
        let sum: u64 = request.body.iter().map(|byte| u64::from(*byte)).sum();
        Response::text(StatusCode::OK, &format!("{} {sum}", request.body.len()))
    }

    fn body_limit(&self, request: &Request<'_>) -> u64 {
        if request.target.path == "/none" { 0 } else { LIMIT }
    }
}

/// A server in this process; it ends when dropped.
struct Serving {
    address: SocketAddr,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    fn start(model: Model, timeout: Duration) -> Self {
        let server = Server::new(Sum).listen("127.0.0.1:0").expect("a port").model(model).connections(16);
        let server = server.timeouts(Timeouts::new(timeout, PATIENT)).ending(Duration::ZERO, Duration::ZERO);
        let address = server.addresses()[0];
        let stop = Arc::new(Stop::new().expect("a pipe"));
        let order = Arc::clone(&stop);
        let serve = move || server.run(&order).expect("it serves");
        Self { address, stop, thread: Some(std::thread::spawn(serve)) }
    }

    fn connect(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.set();
        let ended = self.thread.take().expect("it runs").join();
        assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
    }
}

fn head(path: &str, fields: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes()
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    [head(path, &format!("Content-Length: {}\r\n", body.len())), body.to_vec()].concat()
}

#[test]
fn a_body_is_handed_over_whole_however_it_comes() {
    for model in MODELS {
        let server = Serving::start(model, PATIENT);
        let mut client = server.connect();
        for length in [0, 1, 2_047, 2_048, 65_535, 65_536, 65_537, LIMIT as usize] {
            client.send(&post("/", &vec![3; length]));
            let response = client.response();
            assert_eq!((response.status, response.text()), (200, format!("{length} {}", length * 3)), "{model:?}");
            assert_eq!(response.header("Connection"), Some("keep-alive"), "{model:?}: {length}");
        }
        client.send(&head("/", "Content-Length: 40\r\n"));
        client.dribble(&[1; 40]);
        assert_eq!(client.response().text(), "40 40", "{model:?}");
    }
}

#[test]
fn requests_behind_a_body_keep_their_order() {
    for model in MODELS {
        let server = Serving::start(model, PATIENT);
        let mut client = server.connect();
        let behind = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
        client.send(&[post("/", &[1; 10]), behind, post("/none", &[1; 5]), post("/", &[2; 7])].concat());
        let texts: Vec<String> = (0..4).map(|_| client.response().text()).collect();
        assert_eq!(texts, ["10 10", "0 0", "0 0", "7 14"], "{model:?}");
    }
}

#[test]
fn a_body_that_is_too_long_is_refused_before_it_comes() {
    for model in MODELS {
        let server = Serving::start(model, PATIENT);
        for length in [LIMIT + 1, u64::MAX / 2] {
            let mut client = server.connect();
            client.send(&head("/", &format!("Content-Length: {length}\r\n")));
            let response = client.response();
            assert_eq!((response.status, response.header("Connection")), (413, Some("close")), "{model:?}: {length}");
        }
    }
}

#[test]
fn who_waits_for_a_100_is_told_that_none_will_come() {
    for model in MODELS {
        let server = Serving::start(model, PATIENT);
        let mut client = server.connect();
        client.send(&head("/", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
        let response = client.response();
        assert_eq!((response.status, response.header("Connection")), (417, Some("close")), "{model:?}");
    }
}

#[test]
fn a_body_that_does_not_come_in_time_is_a_408() {
    for model in MODELS {
        let server = Serving::start(model, IMPATIENT);
        for begun in [&b""[..], b"abc"] {
            let mut client = server.connect();
            client.send(&[&head("/", "Content-Length: 5\r\n"), begun].concat());
            let response = client.response();
            assert_eq!((response.status, response.header("Connection")), (408, Some("close")), "{model:?}");
        }
    }
}

#[test]
fn a_client_that_leaves_within_its_body_is_nobody_s_loss() {
    for model in MODELS {
        let server = Serving::start(model, PATIENT);
        let mut gone = server.connect();
        gone.send(&[&head("/", "Content-Length: 5\r\n"), &b"ab"[..]].concat());
        drop(gone);
        let mut client = server.connect();
        client.send(&post("/", b"ab"));
        assert_eq!(client.response().text(), "2 195", "{model:?}");
    }
}
