//! One case on the wire, in several ways, and what is wrong with what came back.

use super::document::{Body, Case, Expected};
use crate::harness::{Client, Server};
use glasshttp::http::field::RESPONSE;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

/// A request that every server of these tests responds to, and then closes.
const NEXT: &[u8] = b"GET /next.txt HTTP/1.0\r\n\r\n";

/// How the bytes of a case reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In one piece; a further request only after the responses.
    Whole,
    /// One byte at a time, a very long request in as many pieces.
    ByteByByte,
    /// In one piece with a further request behind them: it gets a response if the
    /// connection is reused; if not, it is not, and it destroys no response.
    WithMoreBehind,
    /// With GET turned into HEAD, where a HEAD must get the same head.
    AsHead,
}

impl Way {
    pub(super) const ALL: [Self; 4] = [Self::Whole, Self::ByteByByte, Self::WithMoreBehind, Self::AsHead];
}

/// No more than this, or the limits take longer than all other documents together.
const PIECES: usize = 5000;

/// How a connection ended, for the reader of a failure.
type End = Result<(), String>;

/// Plays `case`; the error shows what was expected and what came.
pub(super) fn run(server: &Server, case: &Case, way: Way) -> Result<(), String> {
    let as_head;
    let case = match way {
        Way::AsHead => match turned_into_head(server, case) {
            Some(turned) => {
                as_head = turned;
                &as_head
            }
            None => return Ok(()),
        },
        _ => case,
    };
    let (received, end) = converse(server, case, way);
    let (responses, rest) = split(&received, case);
    let mut faults = String::new();
    let mut fault = |text: &str| writeln!(faults, "  - {text}").expect("a string takes it");

    let wanted = case.exchanges.len() + usize::from(case.reuse);
    if responses.len() < wanted {
        fault(&format!("{} responses came, {wanted} were expected", responses.len()));
    }
    if !rest.is_empty() {
        fault(&format!("bytes behind the last response: {}", shown(rest)));
    }
    if let Err(error) = end {
        fault(&format!("the connection did not end in order: {error}"));
    }
    for (index, response) in responses.iter().enumerate() {
        match case.exchanges.get(index) {
            Some(exchange) => {
                let is_kept = case.reuse || index + 1 < case.exchanges.len();
                compare(response, &exchange.expected, &mut fault);
                rules(response, is_kept, is_head(&exchange.request), &mut fault);
            }
            None if response.body != b"next" => fault("the request behind got a wrong response"),
            None => rules(response, false, false, &mut fault),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(report(case, way, &faults, &received)) }
}

/// Sends what the case says and receives until the end.
fn converse(server: &Server, case: &Case, way: Way) -> (Vec<u8>, End) {
    let mut client = server.connect();
    let mut sent: Vec<u8> = case.exchanges.iter().flat_map(|exchange| exchange.request.clone()).collect();
    match way {
        Way::ByteByByte => sent.chunks(sent.len().div_ceil(PIECES)).for_each(|piece| send(&mut client, piece)),
        Way::WithMoreBehind => {
            sent.extend(NEXT);
            send(&mut client, &sent);
        }
        Way::Whole | Way::AsHead => send(&mut client, &sent),
    }
    let mut end = Ok(true);
    if case.reuse && way != Way::WithMoreBehind {
        while end == Ok(true) && split(client.received(), case).0.len() < case.exchanges.len() {
            end = receive(&mut client);
        }
        send(&mut client, NEXT);
    }
    while end == Ok(true) {
        end = receive(&mut client);
    }
    (client.received().to_vec(), end.map(drop))
}

/// A server may refuse and close before it has taken everything; what it
/// received is judged, not how much it took.
fn send(client: &mut Client, bytes: &[u8]) {
    let _ = std::io::Write::write_all(&mut client.socket, bytes);
}

/// Whether more may come.
fn receive(client: &mut Client) -> Result<bool, String> {
    client.receive().map(|count| count > 0).map_err(|error| error.to_string())
}

/// A response as it lies in what was received.
struct Response<'a> {
    head: &'a [u8],
    body: &'a [u8],
}

impl Response<'_> {
    fn lines(&self) -> impl Iterator<Item = String> {
        let head = String::from_utf8_lossy(self.head).into_owned();
        head.split("\r\n").map(str::to_owned).filter(|line| !line.is_empty()).collect::<Vec<_>>().into_iter()
    }

    fn all(&self, name: &str) -> Vec<String> {
        let field = |line: String| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fields = self.lines().skip(1).filter_map(field);
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    fn is_status(&self, status: &str) -> bool {
        self.lines().next().is_some_and(|line| line.split(' ').nth(1) == Some(status))
    }
}

/// The complete responses in `received`, and what is behind them.
fn split<'a>(received: &'a [u8], case: &Case) -> (Vec<Response<'a>>, &'a [u8]) {
    let mut responses = Vec::new();
    let mut rest = received;
    let mut exchanges = case.exchanges.iter();
    while !rest.is_empty() && responses.len() <= case.exchanges.len() {
        let exchange = exchanges.next();
        if exchange.is_none() && !case.reuse {
            break;
        }
        if exchange.is_some_and(|exchange| exchange.expected.status_line.is_none()) {
            responses.push(Response { head: b"", body: rest });
            return (responses, b"");
        }
        let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") else { break };
        let (head, after) = rest.split_at(end + 4);
        let mut response = Response { head, body: b"" };
        let is_bodiless = exchange.is_some_and(|exchange| is_head(&exchange.request))
            || response.is_status("304")
            || response.is_status("204");
        let length = match response.all("Content-Length").first() {
            _ if is_bodiless => 0,
            Some(length) => length.parse().unwrap_or(0),
            None => after.len(),
        };
        if after.len() < length {
            break;
        }
        (response.body, rest) = after.split_at(length);
        responses.push(response);
    }
    (responses, rest)
}

/// Also of a line that is no request: who wrote HEAD reads no body.
fn is_head(request: &[u8]) -> bool {
    request.trim_ascii_start().starts_with(b"HEAD ")
}

fn compare(response: &Response<'_>, expected: &Expected, fault: &mut impl FnMut(&str)) {
    let first = response.lines().next();
    if first != expected.status_line {
        fault(&format!("the status line is {first:?}"));
    }
    for (name, value) in &expected.present {
        let values = response.all(name);
        if values.len() != 1 || (value != "*" && values[0] != *value) {
            fault(&format!("{name} is {values:?}, not {value:?}"));
        }
    }
    for name in expected.absent.iter().filter(|name| !response.all(name).is_empty()) {
        fault(&format!("{name} is sent"));
    }
    let is_right = match &expected.body {
        Body::Any => true,
        Body::Some => !response.body.is_empty(),
        Body::None => response.body.is_empty(),
        Body::Exactly(body) => response.body == body,
    };
    if !is_right {
        fault(&format!("the body is {}", shown(response.body)));
    }
}

/// What holds for every response that has a head.
fn rules(response: &Response<'_>, is_kept: bool, is_head: bool, fault: &mut impl FnMut(&str)) {
    if response.head.is_empty() {
        return;
    }
    let only = |name: &str| match response.all(name).as_slice() {
        [value] => Some(value.clone()),
        _ => None,
    };
    let status_line = response.lines().next().unwrap_or_default();
    let status: u16 = status_line.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
    if !status_line.starts_with("HTTP/1.0 ") || status_line.len() < 14 || !(200..600).contains(&status) {
        fault(&format!("no HTTP/1.0 status line: {status_line:?}"));
    }
    let is_known = |name: &str| RESPONSE.iter().any(|(known, _)| *known == name);
    let is_field = |line: &String| line.split_once(": ").is_some_and(|(name, _)| is_known(name));
    for line in response.lines().skip(1).filter(|line| !is_field(line) || line.contains(['\r', '\n', '\0'])) {
        fault(&format!("no field: {line:?}"));
    }
    let date = only("Date").and_then(|date| httpdate::parse_http_date(&date).ok());
    let now = SystemTime::now() + Duration::from_secs(1);
    if date.is_none_or(|date| date > now || date + Duration::from_secs(60) < now) {
        fault("no Date of now");
    }
    let modified = only("Last-Modified").map(|date| httpdate::parse_http_date(&date).ok());
    if modified.is_some_and(|modified| modified.is_none() || modified > date) {
        fault("a Last-Modified that is none, or later than Date");
    }
    let connection = if is_kept { "keep-alive" } else { "close" };
    if only("Connection").as_deref() != Some(connection) {
        fault(&format!("Connection is {:?}, not {connection:?}", response.all("Connection")));
    }
    let length = only("Content-Length").and_then(|length| length.parse::<usize>().ok());
    if matches!(status, 204 | 304) {
        return;
    }
    if length.is_none() || (!is_head && length != Some(response.body.len())) {
        fault(&format!("Content-Length is {:?}, of {} bytes", response.all("Content-Length"), response.body.len()));
    }
    if length > Some(0) && only("Content-Type").is_none() {
        fault("a body without one Content-Type");
    }
}

/// The same case asked by HEAD, expecting GET's own head, if a HEAD means the same there:
/// `Range` is for GET alone (RFC 9110 §14.2), HTTP/0.9 has no HEAD, and of a head that
/// is refused the method may not have been read.
fn turned_into_head(server: &Server, case: &Case) -> Option<Case> {
    let [exchange] = case.exchanges.as_slice() else { return None };
    let get = exchange.request.strip_prefix(b"GET ")?;
    let has_range = exchange.request.to_ascii_lowercase().windows(6).any(|window| window == b"range:");
    exchange.expected.status_line.as_ref().filter(|_| !has_range)?;
    let (received, _) = converse(server, case, Way::Whole);
    let (responses, _) = split(&received, case);
    let is_refused =
        !case.reuse && exchange.expected.status_line.as_ref().is_some_and(|line| line.as_str() >= "HTTP/1.0 4");
    if is_refused {
        return None;
    }
    let mut turned = case.clone();
    let head = &mut turned.exchanges[0];
    head.request = [b"HEAD ", get].concat();
    let lines = responses.first()?.lines().skip(1).filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        (name != "Date").then(|| (name.to_owned(), value.to_owned()))
    });
    head.expected.present.extend(lines);
    head.expected.body = Body::None;
    Some(turned)
}

fn report(case: &Case, way: Way, faults: &str, received: &[u8]) -> String {
    let mut text = format!("\"{}\", {way:?}\n{faults}", case.heading);
    for exchange in &case.exchanges {
        let _ = write!(text, "--- sent\n{}\n", shown(&exchange.request));
        let _ = write!(text, "--- expected\n{}\n", exchange.expected.text);
    }
    let then = if case.reuse { "reuse" } else { "close" };
    let _ = writeln!(text, "Then: {then}\n--- got\n{}", shown(received));
    text
}

/// Bytes for a reader: what is long is cut.
fn shown(bytes: &[u8]) -> String {
    const LONGEST: usize = 1500;
    let text = bytes[..bytes.len().min(LONGEST)].escape_ascii().to_string();
    let text = text.replace("\\r\\n", "\n").replace("\\n", "\\n\n");
    if bytes.len() > LONGEST { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}
