//! The rows about a request and its response.

use super::phrases::Phrases;
use super::rows::Rows;
use crate::record::transfer::{Exchange, Framing, Response, Saved, Transfer};
use crate::record::{Figure, Why};
use crate::story::layout::{Arrow, Block, Words, dim, plain, span};
use crate::story::words::{counted, fill};
use anstyle::{AnsiColor, Style};

/// How much of what can't be read is shown, in letters.
const SHOWN: usize = 300;

pub(super) fn tell(exchange: &Exchange, rows: &mut Rows, phrases: &Phrases) {
    let (stages, traffic) = (&exchange.stages, &exchange.traffic);
    let sent = counted(phrases.exchange.bytes, traffic.request);
    rows.line(&stages.first_sent, exchange.request.first_line().to_owned(), sent);
    if traffic.writes > 1 {
        let calls = counted(phrases.exchange.writes, traffic.writes.into());
        let text = fill(phrases.exchange.sent, &[&calls]);
        rows.stage(&stages.last_sent, Arrow::Inside, phrases.labels.sent, vec![plain(text)]);
    }
    if stages.acknowledged.value().is_some() {
        rows.stage(&stages.acknowledged, Arrow::ToClient, "ACK", vec![plain(phrases.exchange.acknowledged)]);
    }
    let first = if stages.arrived.value().is_some() { &stages.arrived } else { &stages.first_read };
    if let (Some(at), Some(sent)) = (first.value(), stages.last_sent.value()) {
        let text = fill(phrases.exchange.first, &[&span(at - sent)]);
        rows.stage(first, Arrow::ToClient, phrases.labels.first, vec![plain(text)]);
    }
    if let Some(response) = &exchange.response {
        rows.stage(&stages.head_complete, Arrow::Inside, phrases.labels.response, head(exchange, response, phrases));
        server_timing(response, rows, phrases);
        for line in &response.dropped {
            let text = fill(phrases.exchange.dropped, &[line]);
            rows.stage(&nowhere(), Arrow::Inside, "", vec![dim(text)]);
        }
        body(exchange, response, rows, phrases);
    }
    if let Some(unread) = &exchange.unread {
        let bytes = counted(phrases.exchange.bytes, unread.bytes);
        let text = unread.line.as_ref().unwrap_or(&unread.text);
        let shown: String = text.chars().take(SHOWN).collect();
        let words = vec![plain(fill(phrases.exchange.unread, &[&bytes])), plain(shown)];
        rows.stage(&nowhere(), Arrow::ToClient, "", words);
    }
}

fn head(exchange: &Exchange, response: &Response, phrases: &Phrases) -> Vec<Words> {
    if response.line.is_empty() {
        return vec![plain(phrases.exchange.bare)];
    }
    let bytes = counted(phrases.exchange.bytes, exchange.traffic.head);
    let mut words = vec![status(response), plain(format!("· {}", fill(phrases.exchange.head, &[&bytes])))];
    if !exchange.interim.is_empty() {
        let codes: Vec<String> = exchange.interim.iter().map(ToString::to_string).collect();
        words.push(dim(format!("({})", fill(phrases.exchange.interim, &[&codes.join(", ")]))));
    }
    words
}

/// No moment: a row that belongs to the one above.
fn nowhere() -> Figure<i64> {
    Figure::not_visible(Why::NoMoment)
}

/// The status line, in the colour of its class.
pub(super) fn status(response: &Response) -> Words {
    let color = match response.status {
        200..=299 => AnsiColor::Green,
        300..=399 => AnsiColor::Cyan,
        _ => AnsiColor::Red,
    };
    (Style::new().fg_color(Some(color.into())), response.line.clone())
}

/// The stages that the server says of itself: their lengths, which need no common clock.
fn server_timing(response: &Response, rows: &mut Rows, phrases: &Phrases) {
    let Some(value) = response.field("server-timing") else { return };
    let spans: Vec<String> = value.split(',').filter_map(metric).collect();
    if !spans.is_empty() {
        let text = fill(phrases.exchange.server_timing, &[&spans.join(", ")]);
        rows.stage(&nowhere(), Arrow::Inside, phrases.labels.server, vec![dim(text)]);
    }
}

/// `name;dur=milliseconds` (W3C Server Timing).
fn metric(text: &str) -> Option<String> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?;
    let milliseconds: f64 = parts.find_map(|part| part.strip_prefix("dur="))?.trim_matches('"').parse().ok()?;
    let nanoseconds = milliseconds * 1e6;
    (nanoseconds.is_finite() && nanoseconds >= 0.0).then(|| format!("{name} {}", span(nanoseconds as i64)))
}

fn body(exchange: &Exchange, response: &Response, rows: &mut Rows, phrases: &Phrases) {
    let framing = match response.framing {
        Framing::NoBody | Framing::Unknown => return,
        Framing::ContentLength { .. } => phrases.exchange.framings[0],
        Framing::Chunked => phrases.exchange.framings[1],
        Framing::Close => phrases.exchange.framings[2],
    };
    let bytes = counted(phrases.exchange.bytes, exchange.traffic.body);
    let reads = counted(phrases.exchange.reads, exchange.traffic.reads.into());
    let is_whole = exchange.stages.complete.value().is_some();
    let mut text = match is_whole {
        true => format!("{bytes} {framing} {reads}"),
        false => format!("{bytes} {} {reads}", phrases.exchange.so_far),
    };
    if exchange.is_aborted {
        text.push_str(", ");
        text.push_str(phrases.exchange.aborted);
    }
    rows.stage(&exchange.stages.complete, Arrow::Inside, phrases.labels.body, vec![plain(text)]);
}

/// What became of the body.
pub(super) fn tell_body(transfer: &Transfer, block: &mut Block, phrases: &Phrases) {
    let bytes = |count: u64| counted(phrases.exchange.bytes, count);
    let text = match &transfer.body {
        None | Some(Saved::Stdout | Saved::Dropped) => return,
        Some(Saved::NotForTerminal) => {
            let words = [plain(phrases.body.not_for_terminal)];
            return block.row("", Arrow::Inside, phrases.labels.body, &words);
        }
        Some(Saved::Part { path, bytes: count }) => {
            fill(phrases.body.part, &[&bytes(*count), &path.display().to_string()])
        }
        Some(Saved::File { path, resumed_at, was_whole: true }) => {
            fill(phrases.body.was_whole, &[&path.display().to_string(), &bytes(*resumed_at)])
        }
        Some(Saved::File { path, resumed_at, .. }) => {
            let behind = match resumed_at {
                0 => String::new(),
                count => fill(phrases.body.resumed, &[&bytes(*count)]),
            };
            fill(phrases.body.file, &[&path.display().to_string()]) + &behind
        }
    };
    block.row("", Arrow::Inside, phrases.labels.saved, &[plain(text)]);
}

#[cfg(test)]
mod tests {
    use super::metric;

    #[test]
    fn what_a_server_says_of_its_times() {
        assert_eq!(metric(" read;dur=0.038").as_deref(), Some("read 38 µs"));
        assert_eq!(metric("db;desc=\"a\";dur=\"53\"").as_deref(), Some("db 53 ms"));
        for text in ["connection;desc=\"1.1\"", "a;dur=nan", "a;dur=-1", "a;dur=", ""] {
            assert_eq!(metric(text), None, "{text}");
        }
    }
}
