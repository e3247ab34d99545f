//! Both halves of a connection on one clock: what the client did on the left,
//! what the server did on the right, in the order of time.
//!
//! ```text
//! |     time|client                       |arrow|server
//! |   698 µs|send() 79 bytes              | ──▶ |
//! |   721 µs|                             |     |arrived
//! ```

use super::phrases::Phrases;
use super::rows::{mark, time};
use crate::record::connection::{Exchange, Record};
use crate::record::transfer::{Outcome, Transfer};
use crate::record::{End, Figure, How, Nanoseconds, Source};
use crate::story::layout::{Arrow, Block, span};
use crate::story::words::{counted, fill};
use std::time::SystemTime;

/// The server's half of a transfer.
pub(super) struct Half<'a> {
    record: &'a Record,
    exchange: &'a Exchange,
}

/// The server's half, if its record has this exchange.
pub(super) fn half(transfer: &Transfer) -> Option<Half<'_>> {
    let record = transfer.server.as_deref()?;
    let number = u64::from(transfer.exchange.as_ref()?.number);
    let exchange = record.exchanges.iter().find(|exchange| exchange.number == number)?;
    Some(Half { record, exchange })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

struct Row {
    at: Nanoseconds,
    mark: &'static str,
    side: Side,
    arrow: Option<Arrow>,
    text: String,
}

/// The stages of one side; those of the server count from its accept.
struct Stages<'s> {
    rows: &'s mut Vec<Row>,
    side: Side,
    offset: Nanoseconds,
}

impl Stages<'_> {
    fn add(&mut self, at: &Figure<Nanoseconds>, arrow: Option<Arrow>, text: impl Into<String>) {
        if let Some(value) = at.value() {
            let row = Row { at: value + self.offset, mark: mark(at), side: self.side, arrow, text: text.into() };
            self.rows.push(row);
        }
    }

    fn add_at(&mut self, at: Nanoseconds, arrow: Option<Arrow>, text: impl Into<String>) {
        self.add(&Figure::measured(at, Source::Clock), arrow, text);
    }
}

/// Tells both halves; `began`: when the fetch did, from which all times count.
pub(super) fn tell(transfer: &Transfer, half: &Half<'_>, began: &str, block: &mut Block, phrases: &Phrases) {
    let mut rows = Vec::new();
    client(transfer, &mut Stages { rows: &mut rows, side: Side::Client, offset: 0 }, phrases);
    let offset = between(began, &half.record.accepted).unwrap_or_default();
    server(transfer, half, &mut Stages { rows: &mut rows, side: Side::Server, offset }, phrases);
    rows.sort_by_key(|row| row.at);

    let words = &phrases.joined;
    let title = fill(words.server, &[&half.record.model, &half.record.connection.to_string()]);
    block.sides("", words.client, None, &title);
    let mut above = None;
    for row in &rows {
        let time = format!("{}{}", row.mark, time(row.at, above));
        above = Some(row.at);
        match row.side {
            Side::Client => block.sides(&time, &row.text, row.arrow, ""),
            Side::Server => block.sides(&time, "", row.arrow, &row.text),
        }
    }
}

fn client(transfer: &Transfer, stages: &mut Stages<'_>, phrases: &Phrases) {
    let words = &phrases.joined;
    let attempts = transfer.connect.iter().flat_map(|connect| &connect.attempts);
    for attempt in attempts.filter(|attempt| attempt.outcome == Outcome::Connected) {
        let port = attempt.client.map_or(0, |client| client.port()).to_string();
        stages.add_at(attempt.began, Some(Arrow::ToServer), fill(words.connect, &[&port]));
        let rtt =
            transfer.connect.as_ref().and_then(|connect| connect.rtt.value()).map_or("?".into(), |rtt| span(*rtt));
        stages.add_at(attempt.ended, None, fill(words.connected, &[&rtt]));
    }
    let Some(exchange) = &transfer.exchange else { return };
    let bytes = |count| counted(phrases.exchange.bytes, count);
    let (at, traffic) = (&exchange.stages, &exchange.traffic);
    stages.add(&at.first_sent, Some(Arrow::ToServer), fill(words.send, &[&bytes(traffic.request)]));
    stages.add(&at.acknowledged, None, words.request_acknowledged);
    stages.add(&at.arrived, None, words.arrived);
    let is_at_once = at.first_read.value() == at.complete.value();
    let so_far = if is_at_once { bytes(traffic.read) } else { String::new() };
    stages.add(&at.first_read, None, fill(words.read, &[&so_far]).trim_end());
    if !is_at_once {
        stages.add(&at.complete, None, words.complete);
    }
    let Some(close) = &transfer.close else { return };
    let heard = if close.how == How::ResetByServer { words.heard_reset } else { words.heard_end };
    stages.add(&close.server_end, None, heard);
    match close.how {
        How::ResetByServer => {}
        How::ResetByClient => stages.add(&close.client_end, Some(Arrow::ToServer), "RST"),
        _ if mark(&close.client_end).is_empty() => stages.add(&close.client_end, Some(Arrow::ToServer), words.ended),
        _ => {}
    }
    stages.add_at(close.at, None, words.closed);
}

fn server(transfer: &Transfer, half: &Half<'_>, stages: &mut Stages<'_>, phrases: &Phrases) {
    let words = &phrases.joined;
    let Half { record, exchange } = half;
    if let Some(connect) = &transfer.connect {
        // The kernel tells it in steps of its clock's tick: some are too coarse to be true.
        let began = connect.attempts.last().map_or(0, |attempt| attempt.began) - stages.offset;
        if let Some(queued) = record.handshake.queued.value().filter(|queued| **queued > 0 && -**queued > began) {
            stages.add(&Figure::derived(-queued, Source::Clock), None, words.queued);
        }
        stages.add_at(0, None, words.accept);
    }
    let bytes = |count| counted(phrases.exchange.bytes, count);
    let at = &exchange.stages;
    let traffic = exchange.traffic.value().copied().unwrap_or_default();
    stages.add(&at.arrived, None, words.server_arrived);
    stages.add(&at.head_complete, None, fill(words.head_read, &[&bytes(traffic.request_head)]));
    let status = exchange.response.first_line().split_once(' ').map_or("", |(_, status)| status);
    let from = exchange.resource.value().map_or(String::new(), |path| format!(" ({path})"));
    stages.add(&at.response_chosen, None, format!("{status}{from}"));
    let sent = fill(words.sent, &[&bytes(traffic.response_head + traffic.response_body)]);
    stages.add(&at.first_write, Some(Arrow::ToClient), sent);
    stages.add(&at.acknowledged, None, words.acknowledged);
    let Some(close) = record.close.as_ref().filter(|_| transfer.close.is_some()) else { return };
    stages.add(&close.server_end, Some(Arrow::ToClient), words.ended);
    let heard = if close.how == How::ResetByClient { words.heard_reset } else { words.heard_end };
    // A client that was heard of only by its own order to end is not told twice.
    if close.first.value() != Some(&End::Server) || close.client_end.value().is_some() {
        stages.add(&close.client_end, None, heard);
    }
    stages.add(&close.at, None, words.closed);
}

/// How long after `began` the other moment is, both in RFC 3339.
fn between(began: &str, other: &str) -> Option<Nanoseconds> {
    let (began, other): (SystemTime, SystemTime) =
        (humantime::parse_rfc3339(began).ok()?, humantime::parse_rfc3339(other).ok()?);
    let nanoseconds = |span: std::time::Duration| i64::try_from(span.as_nanos()).ok();
    match other.duration_since(began) {
        Ok(later) => nanoseconds(later),
        Err(earlier) => nanoseconds(earlier.duration()).map(|span| -span),
    }
}
