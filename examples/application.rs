//! An application server: the response is computed for each request.
//!
//! The lesson: a web server that serves files and one that runs a program differ
//! in one function, the handler. Connections, protocol and models are the same.
//!
//! Run it:  cargo run --example application
//! Ask it:  glasshttp fetch http://127.0.0.1:PORT/                (with the port that it prints)
//!          glasshttp fetch -d 'name=Ada' http://127.0.0.1:PORT/  (a form by POST, as curl's -d)
//!          curl -iN http://127.0.0.1:PORT/count                  (a body of unknown length)
//!
//! You see: a form; then a page that greets you by the name that you sent, and
//! counts its visitors. `/count` has no Content-Length: its end is the connection's end.
//!
//! Try: a browser; `-d 'name=<b>Ada</b>'`, which greets and is not bold; a name of 5,000
//! letters (413); ask `/count` and stop half way; ask from two terminals at once.

#![allow(clippy::print_stdout)] // an example speaks to its user

use glasshttp::connection::{Service, Timeouts};
use glasshttp::handler::{Handler, Response};
use glasshttp::http::message::{Method, Request, StatusCode};
use glasshttp::language::Language;
use glasshttp::listener::{self, Port, Required};
use glasshttp::models::{self, Limits, Model, Stop};
use glasshttp::observe::probe::Probe;
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::form_urlencoded;

const FORM: &str = "<form method=post>\n<label>Your name: <input name=name></label> <button>Send</button>\n</form>";

/// What all its threads share.
struct Application {
    visitors: AtomicU64,
}

impl Handler for Application {
    fn handle(&self, request: &Request<'_>) -> Response {
        match (request.method, request.target.path) {
            (Method::Get | Method::Head, "/") => page(FORM),
            (Method::Post, "/") => self.greet(request.body),
            (_, "/") => Response::method_not_allowed("GET, HEAD, POST", Language::English),
            (Method::Get | Method::Head, "/count") => {
                Response::stream(StatusCode::OK, "text/plain; charset=utf-8", Count(10))
            }
            (_, "/count") => Response::method_not_allowed("GET, HEAD", Language::English),
            _ => Response::error(StatusCode::NOT_FOUND, "This program has / and /count."),
        }
    }

    /// A longer body is refused (413) before any of it is read.
    fn body_limit(&self, _request: &Request<'_>) -> u64 {
        4096
    }
}

impl Application {
    fn greet(&self, body: &[u8]) -> Response {
        let name = form_urlencoded::parse(body).find(|(field, _)| field == "name").map(|(_, name)| name);
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            return Response::error(StatusCode::BAD_REQUEST, "Send a form with your name, as in name=Ada.");
        };
        let visitor = self.visitors.fetch_add(1, Ordering::Relaxed) + 1;
        // What a client sends is text, whatever it looks like: it becomes no part of the page's markup.
        let name = html_escape::encode_text(name.trim());
        page(&format!("<h1>Hello, {name}</h1>\n<p>You are visitor {visitor}.</p>"))
    }
}

fn page(body: &str) -> Response {
    Response::html(StatusCode::OK, format!("<!doctype html>\n<meta charset=utf-8>\n<title>Hello</title>\n{body}\n"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listeners = listener::listen(&[Ipv4Addr::LOCALHOST.into()], Required::All, Port::Exactly(0), 128)?;
    for url in listener::urls(&listeners) {
        println!("Listening at {url}");
    }
    let second = Duration::from_secs(1);
    let service = Arc::new(Service {
        handler: Box::new(Application { visitors: AtomicU64::new(0) }),
        timeouts: Timeouts::new(10 * second, 10 * second),
        probe: Probe::OFF,
    });
    let limits =
        Limits { connections: 100, linger: Duration::ZERO, grace: 10 * second }.within_descriptors(Model::Thread);
    Ok(models::serve(Model::Thread, listeners, &service, &limits, &Arc::new(Stop::on_signals()?))?)
}

/// Counts down, a line every fifth of a second.
struct Count(u32);

impl Read for Count {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Ok(0);
        }
        std::thread::sleep(Duration::from_millis(200));
        let line = format!("{}\n", self.0);
        self.0 -= 1;
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}
