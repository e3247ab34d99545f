//! The live page as a [`Handler`]: the page itself, its events, its records.
//!
//! It shows what clients sent, so it is careful about who looks: only requests
//! that name this machine by address or as localhost are answered, since a
//! name could be somebody else's who points it here (DNS rebinding); only its
//! own script runs; no other site's page may ask, frame or embed it.

mod korean;

use super::events::Events;
use super::hub::Hub;
use crate::handler::{Handler, Response};
use crate::http::message::{Method, Request, StatusCode};
use crate::language::Language;
use crate::record::connection::{Record, SCHEMA};
use crate::record::secrets::withheld;
use crate::story;
use serde_json::json;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The page's parts, in the order in which its script is read: one file is
/// served, which also works saved to a disk.
const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &[&str] = &[
    include_str!("page/figures.js"),
    include_str!("page/records.js"),
    include_str!("page/lanes.js"),
    include_str!("page/diagram.js"),
    include_str!("page/exchanges.js"),
    include_str!("page/address.js"),
    include_str!("page/sources.js"),
    include_str!("page/page.js"),
];
const ICON: &[u8] = include_bytes!("../../../public/favicon.svg");

/// Sent with every response: nothing is kept, guessed, embedded or shared. The
/// first two make the browser's timers fine (W3C High Resolution Time §4.1).
const FIELDS: [(&str, &str); 6] = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
];

/// Shows what a [`Hub`] holds.
pub struct LivePage {
    hub: Arc<Hub>,
    /// The first event's data.
    greeting: String,
    /// The addresses that the page listens on.
    addresses: Vec<IpAddr>,
    /// Where its script may connect to.
    connect: String,
    /// What it speaks unless it is asked for another.
    language: Language,
    /// Makes numbers that nobody can guess (SipHash under a random key).
    random: RandomState,
}

impl LivePage {
    /// A page on `hub`, to be served on these addresses; `site` are the URLs of
    /// the site that is watched, best first.
    pub fn new(hub: &Arc<Hub>, site: &[String], addresses: &[SocketAddr]) -> Self {
        let greeting = json!({ "glasshttp": SCHEMA, "version": env!("CARGO_PKG_VERSION"), "site": site }).to_string();
        Self {
            hub: Arc::clone(hub),
            greeting,
            addresses: addresses.iter().map(|address| address.ip().to_canonical()).collect(),
            connect: connect_sources(site),
            language: Language::English,
            random: RandomState::new(),
        }
    }

    /// The same, in this language unless it is asked for another.
    #[must_use]
    pub fn speaking(self, language: Language) -> Self {
        Self { language, ..self }
    }

    fn response(&self, request: &Request<'_>) -> Response {
        if !matches!(request.method, Method::Get | Method::Head) {
            return Response::method_not_allowed("GET, HEAD");
        }
        if !self.is_for_us(request) {
            let sentence = "This page responses only to the address that it listens on, or to localhost. \
                            Open it under the URL that glasshttp printed.";
            return Response::error(StatusCode::FORBIDDEN, sentence);
        }
        match (request.target.path, request.target.query) {
            ("/", query) => self.page(self.language(query)),
            ("/favicon.svg" | "/favicon.ico", _) => Response::memory(StatusCode::OK, "image/svg+xml", ICON),
            _ if is_from_elsewhere(request) => Response::error(
                StatusCode::FORBIDDEN,
                "The records are for this page alone, not for other sites' pages.",
            ),
            ("/events", query) => self.events(self.language(query)),
            ("/records", Some(query)) => self.record_of(query),
            ("/records", None) => all(self.hub.records()),
            (path, query) => match path.strip_prefix("/records/").map(|rest| (rest, rest.strip_suffix("/steps"))) {
                Some((_, Some(number))) => {
                    steps(number.parse().ok().and_then(|number| self.hub.record(number)), self.language(query))
                }
                Some((number, None)) if number.parse::<u64>().is_ok() => {
                    one(number.parse().ok().and_then(|number| self.hub.record(number)), query == Some("secrets=shown"))
                }
                _ => Response::error(
                    StatusCode::NOT_FOUND,
                    "Here are /, /events, /records, /records/NUMBER and /records/NUMBER/steps.",
                ),
            },
        }
    }

    /// The language that a query asks for, or the server's own.
    fn language(&self, query: Option<&str>) -> Language {
        match query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("lang=")) {
            Some("ko") => Language::Korean,
            Some("en") => Language::English,
            _ => self.language,
        }
    }

    /// The page in one piece. Its style and script are named by a number that
    /// is new each time; whatever else should get into the page does not run.
    fn page(&self, language: Language) -> Response {
        let nonce = format!("{:016x}{:016x}", self.random.hash_one("nonce"), RandomState::new().hash_one("nonce"));
        let page = HTML
            .replacen("/* style */", STYLE, 1)
            .replacen("/* script */", &SCRIPT.concat(), 1)
            .replace("nonce=\"\"", &format!("nonce=\"{nonce}\""));
        let page = if language == Language::Korean { korean::page(&page) } else { page };
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; \
             connect-src 'self'{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self.connect
        );
        Response::html(StatusCode::OK, page).with("Content-Security-Policy", &policy)
    }

    fn events(&self, language: Language) -> Response {
        match Events::listen(&self.hub, &self.greeting, language) {
            Some(events) => Response::stream(StatusCode::OK, "text/event-stream", events),
            None => Response::error(
                StatusCode::SERVICE_UNAVAILABLE,
                "As many pages listen as may at once. Close one of them; its place is free a moment later.",
            )
            .with("Retry-After", "2"),
        }
    }

    fn record_of(&self, query: &str) -> Response {
        let client = query.split('&').find_map(|pair| pair.strip_prefix("client="));
        let client = client.map(|client| percent_encoding::percent_decode_str(client).decode_utf8_lossy());
        match client.and_then(|client| client.parse().ok()) {
            Some(client) => one(self.hub.of_client(client), false),
            None => Response::error(
                StatusCode::BAD_REQUEST,
                "Name a client by address and port, as in /records?client=127.0.0.1:50412 or [::1]:50412.",
            ),
        }
    }

    /// Whether the host that is asked is what the page is bound to. Without one, it is no browser.
    fn is_for_us(&self, request: &Request<'_>) -> bool {
        let Some(host) = request.host else { return true };
        let Some(name) = std::str::from_utf8(host).ok().and_then(without_port) else { return false };
        let is_bound_to = |is: &dyn Fn(IpAddr) -> bool| self.addresses.iter().any(|&ip| ip.is_unspecified() || is(ip));
        if name.eq_ignore_ascii_case("localhost") {
            return is_bound_to(&|ip| ip.is_loopback());
        }
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        literal.parse().is_ok_and(|named: IpAddr| is_bound_to(&|ip| ip == named.to_canonical()))
    }
}

impl Handler for LivePage {
    fn body_limit(&self, _request: &Request<'_>) -> u64 {
        0
    }

    fn handle(&self, request: &Request<'_>) -> Response {
        FIELDS.iter().fold(self.response(request), |response, (name, value)| response.with_only(name, value))
    }
}

/// The name or the address in `name:port`. The port may differ: a tunnel has another.
fn without_port(host: &str) -> Option<&str> {
    let end = if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, port) = host.split_at(end);
    let is_port = port.is_empty() || port.strip_prefix(':')?.bytes().all(|byte| byte.is_ascii_digit());
    is_port.then_some(name)
}

/// Whether a browser says that another site's page asks (W3C Fetch Metadata).
fn is_from_elsewhere(request: &Request<'_>) -> bool {
    request.headers.all("sec-fetch-site").any(|value| !matches!(value, b"same-origin" | b"none"))
}

/// The site's origins, as sources of a Content-Security-Policy. That has no
/// form for IPv6 addresses (W3C CSP3 §2.3.1): for these, any http source.
fn connect_sources(site: &[String]) -> String {
    let sources = site.iter().map(|url| if url.contains('[') { "http:" } else { url.trim_end_matches('/') });
    sources.flat_map(|source| [" ", source]).collect()
}

fn one(record: Option<Arc<Record>>, with_secrets: bool) -> Response {
    let text = |record: Arc<Record>| {
        let record = if with_secrets { Cow::Borrowed(&*record) } else { withheld(&record) };
        let mut text = Vec::new();
        story::json::write(&mut text, &*record).map(|()| text)
    };
    match record.map(text) {
        Some(Ok(json)) => Response::memory(StatusCode::OK, "application/json", json),
        Some(Err(_)) => Response::error(StatusCode::INTERNAL_SERVER_ERROR, "The record could not be written as JSON."),
        None => Response::error(StatusCode::NOT_FOUND, "No such connection is kept: only the latest are."),
    }
}

fn steps(record: Option<Arc<Record>>, language: Language) -> Response {
    match record.map(|record| serde_json::to_vec(&story::steps::steps(&record, language))) {
        Some(Ok(json)) => Response::memory(StatusCode::OK, "application/json", json),
        Some(Err(_)) => Response::error(StatusCode::INTERNAL_SERVER_ERROR, "The steps could not be written as JSON."),
        None => Response::error(StatusCode::NOT_FOUND, "No such connection is kept: only the latest are."),
    }
}

fn all(records: Vec<Arc<Record>>) -> Response {
    let text = if records.is_empty() { b"[]\n".to_vec() } else { b"[".to_vec() };
    Response::stream(StatusCode::OK, "application/json", Array { records: records.into(), text, read: 0 })
}

/// Records as a JSON array, of which one at a time is in memory as text.
struct Array {
    records: VecDeque<Arc<Record>>,
    text: Vec<u8>,
    read: usize,
}

impl Read for Array {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.text.len() {
            self.text.clear();
            self.read = 0;
            if let Some(record) = self.records.pop_front() {
                story::json::write(&mut self.text, &*withheld(&record))?;
                self.text.extend_from_slice(if self.records.is_empty() { b"]\n" } else { b",\n" });
            }
        }
        let count = buffer.len().min(self.text.len() - self.read);
        buffer[..count].copy_from_slice(&self.text[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}
