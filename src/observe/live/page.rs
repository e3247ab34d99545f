//! The live page as a [`Handler`]: the page itself, its events, its records.
//!
//! It shows what clients sent, so it is careful about who looks: only requests
//! that name this machine by address or as localhost get a response, since a
//! name could be another person's who points it here (DNS rebinding); only its
//! own script runs; no other site's page may ask, frame or embed it.

mod document;
mod lab;
mod load;
mod query;
mod words;

use super::events::Events;
use super::host::Bound;
use super::hub::Hub;
use super::{counted, log, saved};
use crate::handler::{Begun, Ends, Handler, MAX_BODY, Response};
use crate::http::field;
use crate::http::message::{Method, Request, StatusCode};
use crate::language::Language;
use crate::observe::metrics::Metrics;
use crate::record::connection::{Record, SCHEMA};
use crate::record::secrets::{Secrets, withheld};
use crate::story;
use crate::story::steps::say;
use document::Document;
use query::Query;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;

const ICON: &[u8] = include_bytes!("../../../public/favicon.svg");

/// What files of packets are called: the media type has no registration of its own yet.
const PCAPNG: &str = "application/x-pcapng";

/// Sent with every response: nothing is kept, guessed, embedded or shared. The
/// first two make the browser's timers fine (W3C High Resolution Time §4.1).
const FIELDS: [(&str, &str); 6] = [
    (field::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (field::CROSS_ORIGIN_EMBEDDER_POLICY, "require-corp"),
    (field::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (field::CONTENT_TYPE_OPTIONS, "nosniff"),
    (field::REFERRER_POLICY, "no-referrer"),
    (field::CACHE_CONTROL, "no-store"),
];

/// Shows what a [`Hub`] holds.
pub struct LivePage {
    hub: Arc<Hub>,
    /// The first event's data.
    greeting: Value,
    bound: Bound,
    /// What is counted, if anything is.
    metrics: Option<Metrics>,
    /// Where the site is, best address first.
    site: Vec<String>,
    /// Where its script may connect to.
    connect: String,
    /// What it speaks unless it is asked for another.
    language: Language,
    /// Who may look.
    /// Makes numbers that nobody can guess (SipHash under a random key).
    random: RandomState,
}

impl LivePage {
    /// A page on `hub`, to be served on these addresses; `site` are the URLs of
    /// the site that is watched, best first.
    pub fn new(hub: &Arc<Hub>, site: &[String], addresses: &[SocketAddr]) -> Self {
        let greeting = serde_json::json!({ "glasshttp": SCHEMA, "version": env!("CARGO_PKG_VERSION"), "site": site });
        Self {
            hub: Arc::clone(hub),
            greeting,
            bound: Bound::to(addresses),
            metrics: None,
            site: site.to_vec(),
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

    /// The same, with these counts at `/metrics`.
    #[must_use]
    pub fn counting(self, metrics: Metrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    fn response(&self, request: &Request<'_>) -> Response {
        let query = Query(request.target.query.unwrap_or_default());
        let language = query.language().unwrap_or(self.language);
        let path = request.target.path;
        if !self.bound.is_asked_by(request) {
            let sentence = say!(
                language,
                "This page responds only to the address that it listens on, or to localhost. Open it under the URL that glasshttp printed."
                    / "이 페이지는 열려 있는 주소나 localhost로 온 요청에만 응답합니다. glasshttp가 알려 준 URL로 여세요."
            );
            return Response::error_in(language, StatusCode::FORBIDDEN, &sentence);
        }
        match (longest_body(path) > 0, request.method) {
            (true, Method::Post) | (false, Method::Get | Method::Head) => {}
            (takes, _) => return Response::method_not_allowed_in(language, if takes { "POST" } else { "GET, HEAD" }),
        }
        match path {
            "/" => return self.page(&document::LIVE, language),
            "/lab" => return self.page(&document::LAB, language),
            "/favicon.svg" | "/favicon.ico" => return Response::memory(StatusCode::OK, "image/svg+xml", ICON),
            _ => {}
        }
        if let Some(name) = path.strip_prefix("/loads/") {
            return load::response(&self.hub, name, request, language);
        }
        if is_from_elsewhere(request) {
            let sentence = say!(
                language,
                "The records are for this page alone, not for other sites' pages."
                    / "기록은 이 페이지만 볼 수 있고, 다른 사이트의 페이지는 볼 수 없습니다."
            );
            return Response::error_in(language, StatusCode::FORBIDDEN, &sentence);
        }
        if let Some(path) = path.strip_prefix("/lab/") {
            return lab::response(&self.hub, &self.site, path, request.body, language);
        }
        match path {
            "/events" => self.events(language),
            "/log" => visible(&log::read(request.body, language)),
            "/log/view" => match log::view(request.body, query.secrets(), language) {
                Ok(view) => visible(&view),
                Err(why) => Response::error_in(language, StatusCode::BAD_REQUEST, &why),
            },
            "/records" if request.target.query.is_none() => all(self.hub.records()),
            "/records" => self.of_client(query, language),
            _ => match path.strip_prefix("/records/").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                Some((number, of)) => self.record(number, of, query, language),
                None => nothing_here(language),
            },
        }
    }

    /// A record, or what is `of` it.
    fn record(&self, number: &str, of: &str, query: Query<'_>, language: Language) -> Response {
        let (number, is_file) = number.strip_suffix(".pcapng").map_or((number, false), |number| (number, true));
        let Ok(number) = number.parse() else { return nothing_here(language) };
        let Some(record) = self.hub.part(number, query.get("part").and_then(|part| part.parse().ok())) else {
            return not_kept(language);
        };
        if is_file {
            let name = format!("attachment; filename=\"glasshttp-{number}.pcapng\"");
            return saved::pcapng(&record, language).map_or_else(
                || no_frame(language),
                |file| Response::memory(StatusCode::OK, PCAPNG, file).with("Content-Disposition", &name),
            );
        }
        match (of, query.secrets()) {
            ("", Secrets::Withheld) => json(&*withheld(&record)),
            ("", Secrets::Shown) => json(&*record),
            ("steps", _) => visible(&story::steps::steps(&record, language)),
            ("view", secrets) => visible(&story::view::view(&record, secrets, language)),
            _ => match of.strip_prefix("segments/").and_then(|index| index.parse().ok()) {
                Some(index) => match story::view::opened(&record, index, query.secrets(), language) {
                    Some(opened) => visible(&opened),
                    None => no_frame(language),
                },
                None => nothing_here(language),
            },
        }
    }

    /// A page in one piece. Its style and script are named by a number that
    /// is new each time; whatever else should get into the page does not run.
    fn page(&self, document: &Document, language: Language) -> Response {
        let nonce = format!("{:016x}{:016x}", self.random.hash_one("nonce"), RandomState::new().hash_one("nonce"));
        let page = document.assembled(&nonce, language);
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; \
             connect-src 'self'{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self.connect
        );
        Response::html(StatusCode::OK, page).with(field::CONTENT_SECURITY_POLICY, &policy)
    }

    fn events(&self, language: Language) -> Response {
        let mut greeting = self.greeting.clone();
        greeting["sandbox"] = self.hub.sandbox.get().cloned().unwrap_or_default();
        match Events::listen(&self.hub, greeting, language) {
            Some(events) => Response::stream(StatusCode::OK, "text/event-stream", events),
            None => Response::error_in(
                language,
                StatusCode::SERVICE_UNAVAILABLE,
                &say!(
                    language,
                    "Too many live pages are open. Close one and try again in a moment."
                        / "열린 실시간 페이지가 너무 많습니다. 하나를 닫고 잠시 뒤에 다시 시도하세요."
                ),
            )
            .with(field::RETRY_AFTER, "2"),
        }
    }

    fn of_client(&self, query: Query<'_>, language: Language) -> Response {
        let client = percent_encoding::percent_decode_str(query.get("client").unwrap_or_default()).decode_utf8_lossy();
        match client.parse().map(|client| self.hub.of_client(client)) {
            Ok(Some(record)) => json(&*withheld(&record)),
            Ok(None) => not_kept(language),
            Err(_) => Response::error_in(
                language,
                StatusCode::BAD_REQUEST,
                &say!(
                    language,
                    "Name a client by address and port, as in /records?client=127.0.0.1:50412 or [::1]:50412."
                        / "클라이언트를 주소와 포트로 지정하세요. 예: /records?client=127.0.0.1:50412 또는 [::1]:50412."
                ),
            ),
        }
    }
}

impl Handler for LivePage {
    /// Lines of a log and wishes of the lab are taken from the page, and nothing else.
    fn body_limit(&self, request: &Request<'_>) -> u64 {
        let takes = request.method == Method::Post && self.bound.is_asked_by(request) && !is_from_elsewhere(request);
        if takes { longest_body(request.target.path) } else { 0 }
    }

    fn begin_on(&self, request: &Request<'_>, ends: Ends<'_>) -> Begun {
        // The counts have nothing that a client sent.
        if let (Some(metrics), counted::PATH) = (&self.metrics, request.target.path) {
            return Begun::Now(with_fields(counted::response(metrics, request, &self.bound, self.language)));
        }
        if self.hub.users.may_ask(ends) {
            return self.begin(request);
        }
        let query = Query(request.target.query.unwrap_or_default());
        let sentence = say!(
            query.language().unwrap_or(self.language),
            "This page is for the user who started glasshttp, and for root."
                / "이 페이지는 glasshttp를 시작한 사용자와 root만 볼 수 있습니다."
        );
        Begun::Now(with_fields(Response::error(StatusCode::FORBIDDEN, &sentence)))
    }

    fn handle(&self, request: &Request<'_>) -> Response {
        with_fields(self.response(request))
    }
}

fn with_fields(response: Response) -> Response {
    FIELDS.iter().fold(response, |response, (name, value)| response.with_only(name, value))
}

/// Whether a browser says that another site's page asks (W3C Fetch Metadata; RFC 6454 §7).
fn is_from_elsewhere(request: &Request<'_>) -> bool {
    let host = request.host.unwrap_or_default();
    let is_own =
        |origin: &[u8]| origin.strip_prefix(b"http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    request.headers.all("sec-fetch-site").any(|value| !matches!(value, b"same-origin" | b"none"))
        || request.headers.all("origin").any(|origin| !is_own(origin))
}

/// The longest body that a POST to this path may have; 0: it takes none.
fn longest_body(path: &str) -> u64 {
    match path {
        "/log" | "/log/view" => MAX_BODY,
        _ => path.strip_prefix("/lab/").map_or(0, lab::longest_body),
    }
}

/// The site's origins, as sources of a Content-Security-Policy. That has no
/// form for IPv6 addresses (W3C CSP3 §2.3.1): for these, any http source.
fn connect_sources(site: &[String]) -> String {
    let sources = site.iter().map(|url| if url.contains('[') { "http:" } else { url.trim_end_matches('/') });
    sources.flat_map(|source| [" ", source]).collect()
}

/// The same of what is drawn: its texts stand in a page as they are.
fn visible(value: &impl Serialize) -> Response {
    let mut text = Vec::new();
    let written = story::json::write_visible(&mut text, value);
    json_of(written.map(|()| text))
}

fn json(value: &impl Serialize) -> Response {
    let mut text = Vec::new();
    let written = story::json::write(&mut text, value);
    json_of(written.map(|()| text))
}

fn json_of(text: io::Result<Vec<u8>>) -> Response {
    match text {
        Ok(text) => Response::memory(StatusCode::OK, "application/json", text),
        Err(_) => Response::error(StatusCode::INTERNAL_SERVER_ERROR, "It could not be written as JSON."),
    }
}

fn not_kept(language: Language) -> Response {
    let sentence = say!(
        language,
        "This connection is not kept; only the latest are." / "그런 연결은 남아 있지 않습니다. 최근의 것만 남깁니다."
    );
    Response::error_in(language, StatusCode::NOT_FOUND, &sentence)
}

fn no_frame(language: Language) -> Response {
    let sentence = say!(
        language,
        "No packets of this connection are kept; glasshttp captures them where it has CAP_NET_RAW."
            / "이 연결의 패킷은 남아 있지 않습니다. glasshttp에 권한(CAP_NET_RAW)이 있을 때 캡처합니다."
    );
    Response::error(StatusCode::NOT_FOUND, &sentence)
}

fn nothing_here(language: Language) -> Response {
    let sentence = say!(
        language,
        "There is nothing at this address. Try /, /lab, /events, /records, /records/NUMBER or /records/NUMBER/steps."
            / "이 주소에는 아무것도 없습니다. /, /lab, /events, /records, /records/번호, /records/번호/steps가 있습니다."
    );
    Response::error_in(language, StatusCode::NOT_FOUND, &sentence)
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
