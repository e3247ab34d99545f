//! HTTP Archive 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), which
//! browsers' developer tools open. Times are milliseconds; -1 is what did not take place or was not visible.

use super::fault::cannot_write;
use super::interrupt::Interrupt;
use super::outlet::Outlet;
use super::url::Url;
use crate::language::Language;
use crate::language::number::bytes;
use crate::record::lookup::Source;
use crate::record::secrets::without_userinfo_in_query;
use crate::record::transfer::{
    ClientClose, ClientExchange, ConnectOutcome, FetchRecord, Field, Framing, Interim, Response, TextBody, Transfer,
    UnsentBody,
};
use crate::record::{Failure, Figure, Nanoseconds};
use crate::replaced::replace;
use crate::story::json;
use crate::target::Target;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const NOT_VISIBLE: f64 = -1.0;

/// Of a size: there is none to give.
const NOT_AVAILABLE: i64 = -1;

/// Writes `record`, whose secrets are withheld, to `path`; `-` is standard output.
///
/// # Errors
/// If the file can't be written, or is a pipe that nobody reads, and Ctrl-C came.
pub(super) fn write(record: &FetchRecord, path: &Path, interrupt: &Arc<Interrupt>) -> Result<(), Failure> {
    let mut text = Vec::new();
    let written = json::write_pretty(&mut text, &Har::of(record));
    written.map_err(|error| cannot_write(path, &error))?;
    text.push(b'\n');
    let mut outlet = match Target::find(path).map_err(|error| cannot_write(path, &error))? {
        _ if path.as_os_str() == "-" => Outlet::stdout(interrupt.clone()),
        Target::File(path) => return replace(&path, &text).map_err(|error| cannot_write(&path, &error)),
        Target::Direct(path) => Outlet::named(path, interrupt.clone()),
        Target::Descriptor(path, descriptor) => Outlet::opened(path, descriptor, interrupt.clone()),
    };
    outlet.write(&text).and_then(|()| outlet.flush())
}

#[derive(Serialize)]
struct Har<'a> {
    log: Log<'a>,
}

#[derive(Serialize)]
struct Log<'a> {
    version: &'static str,
    creator: Creator,
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Creator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    started_date_time: String,
    time: f64,
    request: Request<'a>,
    response: HarResponse<'a>,
    cache: Cache,
    timings: Timings,
    #[serde(rename = "serverIPAddress", skip_serializing_if = "Option::is_none")]
    server_ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: &'a str,
    http_version: &'a str,
    cookies: [(); 0],
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData<'a>>,
    headers_size: i64,
    body_size: i64,
}

/// `text` and `params` exclude each other; the text has all that was sent, or was to be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData<'a> {
    mime_type: String,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

/// The format has no interim responses; fields of one's own begin with an underscore.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HarInterim<'a> {
    status: u16,
    status_text: &'a str,
    headers: Vec<Pair>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HarResponse<'a> {
    status: u16,
    status_text: &'a str,
    http_version: &'a str,
    cookies: [(); 0],
    headers: Vec<Pair>,
    content: Content<'a>,
    #[serde(rename = "redirectURL")]
    redirect_url: &'a str,
    headers_size: i64,
    body_size: i64,
    #[serde(rename = "_interim", skip_serializing_if = "Vec::is_empty")]
    interim: Vec<HarInterim<'a>>,
    /// Chromium's own field for an exchange without a response.
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    size: u64,
    mime_type: &'a str,
}

#[derive(Serialize)]
struct Cache {}

/// In milliseconds each.
#[derive(Clone, Copy, Serialize)]
struct Timings {
    blocked: f64,
    dns: f64,
    connect: f64,
    send: f64,
    wait: f64,
    receive: f64,
    ssl: f64,
}

#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
}

impl<'a> Har<'a> {
    fn of(record: &'a FetchRecord) -> Self {
        let creator = Creator { name: "glasshttp", version: env!("CARGO_PKG_VERSION") };
        let began = humantime::parse_rfc3339(&record.began).unwrap_or(std::time::UNIX_EPOCH);
        let entries = record.transfers.iter().map(|transfer| {
            let offset = Duration::from_nanos(transfer.began.unsigned_abs());
            Entry::of(transfer, humantime::format_rfc3339_millis(began + offset).to_string())
        });
        Self { log: Log { version: "1.2", creator, entries: entries.collect() } }
    }
}

impl<'a> Entry<'a> {
    fn of(transfer: &'a Transfer, started_date_time: String) -> Self {
        let timings = Timings::of(transfer);
        let parts = [timings.blocked, timings.dns, timings.connect, timings.send, timings.wait, timings.receive];
        Self {
            started_date_time,
            time: parts.iter().filter(|part| **part > 0.0).sum(), // ssl is none, and would be within connect
            request: request(transfer),
            response: response(transfer),
            cache: Cache {},
            timings,
            server_ip_address: transfer.ends.map(|ends| ends.server.ip().to_string()),
            connection: transfer.connection.map(|number| number.to_string()),
            comment: transfer.close.as_ref().map(|close: &ClientClose| close.reason.sentence(Language::English)),
        }
    }
}

impl Timings {
    /// One stage behind the other, from the beginning until it was over: a stage that began and did
    /// not end lasts until then.
    fn of(transfer: &Transfer) -> Self {
        let over = transfer.ended.unwrap_or(transfer.began);
        let (name, connecting) = (asked(transfer), connecting(transfer, over));
        // What is asked of the system resolver beside it is time that a fetch could do without.
        let free_from = match connecting {
            Some((_, ended)) => is_connected(transfer).then_some(ended),
            None => transfer.reuse.map(|_| transfer.began),
        };
        let sending = transfer.exchange.as_ref().zip(free_from);
        let until = connecting.map(|(began, _)| began).or(sending.map(|(_, from)| from)).unwrap_or(over);
        let named = name.map_or(0, |(began, ended)| ended - began);
        let [send, wait, receive] = sending.map_or([0.0; 3], |(exchange, from)| {
            let [sent, first, complete] = reached(exchange).map(|moment| moment.unwrap_or(over));
            // The response may begin before the request has left.
            let first = first.max(sent);
            [milliseconds(sent - from), milliseconds(first - sent), milliseconds(complete - first)]
        });
        Self {
            blocked: milliseconds(until - transfer.began - named),
            dns: name.map_or(NOT_VISIBLE, |(began, ended)| milliseconds(ended - began)),
            connect: connecting.map_or(NOT_VISIBLE, |(began, ended)| milliseconds(ended - began)),
            send,
            wait,
            receive,
            ssl: NOT_VISIBLE,
        }
    }
}

/// When somebody was asked for the name, until when; `None`: nobody was.
fn asked(transfer: &Transfer) -> Option<(Nanoseconds, Nanoseconds)> {
    let name = transfer.name.as_ref()?;
    let is_address = name.lookup.as_ref().is_some_and(|lookup| matches!(lookup.source, Source::Numeric));
    (!is_address).then_some((name.began, name.ended))
}

/// From the first attempt until there was a connection, or it was over without one.
fn connecting(transfer: &Transfer, over: Nanoseconds) -> Option<(Nanoseconds, Nanoseconds)> {
    let attempts = &transfer.connect.as_ref()?.attempts;
    let ended = attempts.iter().map(|attempt| attempt.ended).max()?;
    Some((attempts.first()?.began, if is_connected(transfer) { ended } else { ended.max(over) }))
}

fn is_connected(transfer: &Transfer) -> bool {
    let mut attempts = transfer.connect.iter().flat_map(|connect| &connect.attempts);
    attempts.any(|attempt| attempt.outcome == ConnectOutcome::Connected)
}

/// When the request was sent, and when its response began and was whole, as far as it came.
fn reached(exchange: &ClientExchange) -> [Option<Nanoseconds>; 3] {
    let stages = &exchange.stages;
    let at = |figure: &Figure<Nanoseconds>| figure.value().copied();
    // When the kernel had it, as exactly as that is known.
    let first = at(&stages.first_arrived).or(at(&stages.arrived)).or(at(&stages.first_read));
    // Some of it may have been sent, and no more; a response before its end ends the sending.
    let is_sent = exchange.traffic.request >= exchange.request_length() || first.is_some();
    [at(&stages.last_sent).filter(|_| is_sent), first, at(&stages.complete)]
}

/// Never -1: `send`, `wait` and `receive` must not be that.
fn milliseconds(time: Nanoseconds) -> f64 {
    time.max(0) as f64 / 1e6
}

fn request(transfer: &Transfer) -> Request<'_> {
    // Empty, too, where there is a connection and the request can't be sent.
    let made = transfer.exchange.as_ref().filter(|exchange| !exchange.request.head.is_empty());
    let lines = made.map_or("", |exchange| exchange.request.head.as_str()).lines().skip(1);
    let headers: Vec<Pair> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| pair(name, value)).collect();
    let query = Url::parse(&transfer.url).map(|url| url.query()).unwrap_or_default();
    let decoded =
        |(name, value): &(String, String)| pair(&without_userinfo_in_query(name), &without_userinfo_in_query(value));
    let unsent = transfer.unsent_body.as_ref();
    Request {
        method: &transfer.method,
        url: &transfer.url,
        http_version: &transfer.version,
        cookies: [],
        post_data: made.and_then(|exchange| sent_data(exchange, &headers)).or(unsent.map(unsent_data)),
        headers,
        query_string: query.iter().map(decoded).collect(),
        headers_size: made.map_or(NOT_AVAILABLE, |exchange| exchange.request_head_length() as i64),
        body_size: match made {
            Some(exchange) => exchange.request_body as i64,
            None if unsent.is_some() => NOT_AVAILABLE,
            None => 0,
        },
    }
}

fn sent_data<'a>(exchange: &'a ClientExchange, headers: &[Pair]) -> Option<PostData<'a>> {
    let media_type = headers.iter().find(|pair| pair.name.eq_ignore_ascii_case("content-type"));
    let media_type = media_type.map_or(String::new(), |pair| pair.value.clone());
    (exchange.request_body > 0)
        .then(|| post_data(media_type, exchange.request_body, exchange.request_text.as_ref(), None))
}

/// What would have been sent.
fn unsent_data(body: &UnsentBody) -> PostData<'_> {
    post_data(body.media_type.clone(), body.bytes, body.text.as_ref(), Some("not sent"))
}

/// `fate`: what became of it, if not what is usual.
fn post_data<'a>(mime_type: String, length: u64, text: Option<&'a TextBody>, fate: Option<&str>) -> PostData<'a> {
    let extent = match text {
        Some(text) if text.is_cut => Some(format!("the beginning of {}", bytes(length))),
        Some(_) => None,
        None => Some(format!("not text: {}", bytes(length))),
    };
    let comment: Vec<&str> = fate.into_iter().chain(extent.as_deref()).collect();
    PostData {
        mime_type,
        text: text.map_or("", |text| &text.text),
        comment: (!comment.is_empty()).then(|| comment.join(": ")),
    }
}

fn pair(name: &str, value: &str) -> Pair {
    Pair { name: name.to_owned(), value: value.to_owned() }
}

fn pairs(fields: &[Field]) -> Vec<Pair> {
    fields.iter().map(|field| pair(&field.name, &field.value)).collect()
}

fn interim(head: &Interim) -> HarInterim<'_> {
    HarInterim { status: head.status, status_text: reason(&head.line), headers: pairs(&head.fields) }
}

/// The reason phrase of a status line.
fn reason(line: &str) -> &str {
    line.splitn(3, ' ').nth(2).unwrap_or_default()
}

fn response(transfer: &Transfer) -> HarResponse<'_> {
    let exchange = transfer.exchange.as_ref();
    let response = exchange.and_then(|exchange| exchange.response.as_ref());
    let traffic = exchange.map(|exchange: &ClientExchange| exchange.traffic).unwrap_or_default();
    let fields: &[Field] = response.map_or(&[], |response| &response.fields);
    let interims = exchange.map_or(&[][..], |exchange| &exchange.interim_heads);
    let interim_bytes: u64 = interims.iter().map(|interim| interim.bytes).sum();
    // Of a coded body only what was decoded is counted; a response to HEAD has none.
    let is_coded = response.is_some_and(|response| matches!(response.framing, Framing::Chunked));
    HarResponse {
        status: response.map_or(0, |response| response.status),
        status_text: response.map_or("", |response: &Response| reason(&response.line)),
        http_version: response.map_or("unknown", |response| &response.version),
        cookies: [],
        headers: pairs(fields),
        content: Content {
            size: traffic.body,
            mime_type: response.and_then(|response| response.field("content-type")).unwrap_or("x-unknown"),
        },
        redirect_url: response.and_then(|response| response.field("location")).unwrap_or_default(),
        headers_size: if response.is_some() { traffic.head.saturating_sub(interim_bytes) as i64 } else { -1 },
        body_size: match response {
            None => -1,
            Some(_) if is_coded => traffic.read.saturating_sub(traffic.head) as i64,
            Some(_) => traffic.body as i64,
        },
        interim: interims.iter().map(interim).collect(),
        error: transfer.failure.as_ref().map(|failed| failed.sentence(Language::English)),
    }
}
