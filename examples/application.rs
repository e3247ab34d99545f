//! An application server: the response is computed for each request.
//!
//! The lesson: a web server that serves files and one that runs a program differ
//! in one function, the handler. Connections, protocol and models are the same.
//!
//! Run it:  cargo run --example application
//! Ask it:  curl -i 'http://127.0.0.1:PORT/?name=Ada'     (with the port that it prints)
//!          curl -iN http://127.0.0.1:PORT/count          (a body of unknown length, line by line)
//!
//! You see: the page knows your name, and counts its visitors; `/count` has no
//! Content-Length, comes as it is made, and its end is the connection's end.
//!
//! Try: ask `/count` and stop curl half way; POST to `/`; ask from two terminals at once.

#![allow(clippy::print_stdout)] // an example speaks to whoever runs it

use glasshttp::connection::{Service, Timeouts};
use glasshttp::handler::Response;
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let visitors = AtomicU64::new(0);
    let application = move |request: &Request<'_>| match (request.method, request.target.path) {
        (Method::Get | Method::Head, "/") => {
            let visitor = visitors.fetch_add(1, Ordering::Relaxed) + 1;
            Response::html(StatusCode::OK, page(visitor, name(request.target.query)))
        }
        (Method::Get | Method::Head, "/count") => {
            Response::stream(StatusCode::OK, "text/plain; charset=utf-8", Count(10))
        }
        (Method::Get | Method::Head, _) => Response::error(StatusCode::NOT_FOUND, "This program answers / and /count."),
        _ => Response::method_not_allowed("GET, HEAD", Language::English),
    };

    let listeners = listener::listen(&[Ipv4Addr::LOCALHOST.into()], Required::All, Port::Exactly(0), 128)?;
    for url in listener::urls(&listeners) {
        println!("Answering at {url}");
    }
    let second = Duration::from_secs(1);
    let service = Arc::new(Service {
        handler: Box::new(application),
        timeouts: Timeouts::new(10 * second, 10 * second),
        probe: Probe::OFF,
    });
    let limits = Limits { connections: 100, grace: 10 * second }.within_descriptors(Model::Thread);
    Ok(models::serve(Model::Thread, listeners, &service, &limits, &Arc::new(Stop::on_signals()?))?)
}

fn page(visitor: u64, name: String) -> String {
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Hello</title>\n<h1>Hello, {name}</h1>\n<p>You are visitor {visitor}.</p>\n"
    )
}

/// The query's `name`, letters only: what a client sends is never put into a
/// page as it came.
fn name(query: Option<&str>) -> String {
    let name = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("name=")));
    let letters: String = name.unwrap_or_default().chars().filter(|character| character.is_alphabetic()).collect();
    if letters.is_empty() { "stranger".to_owned() } else { letters }
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
