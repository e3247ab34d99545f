//! The server's calls beside its packets: which packet each belongs to, and how
//! long before or after it the call was. Nothing else is said: a call and a
//! packet that are close in time need not be cause and effect.
//!
//! ```text
//!   ACK  ──▶          accept() belongs to the last packet without data before it,
//!   data ──▶          recv() to the last with data,
//!        ◀── data     send() to the first with data behind it,
//!        ◀── FIN      shutdown() or close() to the first end behind it, if one comes
//! ```

use super::layout::span;
use super::steps::{Kind, Known, Step, request_line, say, steps};
use crate::escape;
use crate::language::Language;
use crate::record::connection::Record;
use crate::record::segment::{Segment, Segments};
use crate::record::{End, Nanoseconds};

/// Something that a call, or the server between two calls, did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its name, the same while more becomes known.
    pub(crate) id: String,
    /// When, in nanoseconds since the accept.
    pub(crate) at: Nanoseconds,
    kind: CallKind,
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallKind {
    /// It took the connection from the queue.
    Accepts,
    /// It took bytes that had come, or did something about them.
    Reads,
    /// It learnt of the client's end.
    Learns,
    /// It handed bytes down.
    Sends,
    /// It ended the server's sending side, or the connection.
    Ends,
}

/// A packet, as far as calls belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// When it was seen, counted as the calls are.
    pub(crate) at: Nanoseconds,
    pub(crate) from: End,
    pub(crate) has_data: bool,
    /// A FIN or a reset.
    pub(crate) is_end: bool,
}

impl Passed {
    pub(crate) fn of(segment: &Segment) -> Self {
        let is_end = segment.has("FIN") || segment.has("RST");
        Self { at: segment.at, from: segment.from, has_data: segment.length > 0, is_end }
    }
}

/// The calls of a record, in the order of their times, as far as they are settled: of an exchange,
/// once it is over. Of its exchanges those from this place on are looked at.
pub(crate) fn calls(record: &Record, from: usize, language: Language) -> Vec<Call> {
    let record = part(record, from);
    let is_over = |number: u64| {
        let known = record.exchanges.iter().find(|exchange| exchange.number == number);
        record.close.is_some() || known.is_some_and(|exchange| exchange.stages.last_write.value().is_some())
    };
    // What close(2) sends leaves while it is under way: it belongs to what comes behind its call.
    let closes = record.close.as_ref().and_then(|close| close.called.value());
    let call = |step: Step| {
        let at = *closes.filter(|_| step.id == "closed").or(step.at.value())?;
        let kind = kind(&step)?;
        let is_settled = step.exchange.is_none_or(is_over);
        let words = words(&step, &record, language);
        (is_settled && step.kind == Kind::Event && step.known != Known::NotVisible).then_some(Call {
            id: step.id,
            at,
            kind,
            words,
        })
    };
    steps(&record, language).into_iter().filter_map(call).collect()
}

/// The record without its segments, which are looked at elsewhere; its words are those of a record that has them.
fn part(record: &Record, from: usize) -> Record {
    Record {
        glasshttp: record.glasshttp,
        connection: record.connection,
        model: record.model.clone(),
        client: record.client.clone(),
        server: record.server.clone(),
        accepted: record.accepted.clone(),
        handshake: record.handshake.clone(),
        part: record.part,
        continues: record.continues,
        earlier: None,
        exchanges: record.exchanges.get(from..).unwrap_or_default().to_vec(),
        exchanges_left_out: record.exchanges_left_out,
        close: record.close.clone(),
        named: record.named,
        proxy_header: record.proxy_header.clone(),
        segments: Some(Segments::default()),
    }
}

/// What a step is, if it is the server's doing.
fn kind(step: &Step) -> Option<CallKind> {
    let id = match step.exchange {
        Some(_) => step.id.split_once('-').map_or("", |(_, id)| id),
        None => step.id.as_str(),
    };
    match id {
        "accept" => Some(CallKind::Accepts),
        "read" | "head" | "chosen" => Some(CallKind::Reads),
        "half-closed" | "half-closed-by" | "client-end" | "reset" => Some(CallKind::Learns),
        "first-bytes" | "sent" => Some(CallKind::Sends),
        "server-shut" | "server-end" | "closed" => Some(CallKind::Ends),
        _ => None,
    }
}

/// `recv(): GET / HTTP/1.0, head complete: 78 bytes in 1 read`
fn words(step: &Step, record: &Record, language: Language) -> String {
    let is_named = step.caption.ends_with(')') && !step.title.starts_with(&step.caption);
    let name = match is_named {
        true => step.caption.as_str(),
        false if step.title.contains("()") => "",
        false => step.label.as_str(),
    };
    let is_read = step.id.ends_with("-read");
    let exchange = record.exchanges.iter().find(|exchange| is_read && Some(exchange.number) == step.exchange);
    let line = exchange.map_or_else(String::new, |exchange| request_line(exchange, language));
    let what = [line.as_str(), &step.title].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let mark = if step.known == Known::Derived { "~" } else { "" };
    let said = [name, &format!("{mark}{what}")];
    let said = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    // It goes into files that others show.
    escape::terminal(&said)
}

impl Call {
    /// The place of the packet that it belongs to; `None`: of none of these.
    pub(crate) fn place(&self, passed: &[Passed]) -> Option<usize> {
        let behind = |is_it: fn(&Passed) -> bool| {
            passed.iter().position(|packet| packet.from == End::Server && packet.at >= self.at && is_it(packet))
        };
        let before =
            |is_it: fn(&Passed) -> bool| passed.iter().rposition(|packet| packet.at <= self.at && is_it(packet));
        match self.kind {
            CallKind::Accepts => before(|packet| packet.from == End::Client && !packet.has_data && !packet.is_end),
            CallKind::Reads => before(|packet| packet.from == End::Client && packet.has_data),
            CallKind::Learns => before(|packet| packet.from == End::Client && packet.is_end),
            CallKind::Sends => behind(|packet| packet.has_data),
            CallKind::Ends => behind(|packet| packet.is_end),
        }
        .or_else(|| before(|_| true))
    }

    /// What is said of it beside a packet that was seen at `at`.
    pub(crate) fn comment(&self, at: Nanoseconds, language: Language) -> String {
        let apart = span(Nanoseconds::try_from(self.at.abs_diff(at)).unwrap_or(Nanoseconds::MAX));
        match self.at >= at {
            true => {
                say!(language, "Server, {} after this packet: {}" / "서버, 이 패킷보다 {} 뒤: {}", apart, self.words)
            }
            false => {
                say!(language, "Server, {} before this packet: {}" / "서버, 이 패킷보다 {} 앞: {}", apart, self.words)
            }
        }
    }
}

/// What is said of each of these packets of the record: each call beside the one that it belongs to.
pub(crate) fn comments(record: &Record, passed: &[Passed], language: Language) -> Vec<Vec<String>> {
    let mut comments = vec![Vec::new(); passed.len()];
    for call in calls(record, 0, language) {
        let place = call.place(passed).or((!passed.is_empty()).then_some(0));
        if let Some((index, at)) = place.and_then(|index| Some((index, passed.get(index)?.at))) {
            comments[index].push(call.comment(at, language));
        }
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: CallKind, at: Nanoseconds) -> Call {
        Call { id: "any".into(), at, kind, words: "any()".into() }
    }

    #[test]
    fn a_call_belongs_to_a_packet_of_its_kind_and_says_how_far_that_is() {
        let packet = |at, from, has_data, is_end| Passed { at, from, has_data, is_end };
        let passed = [
            packet(-30, End::Client, false, false), // SYN
            packet(-20, End::Server, false, false), // SYN+ACK
            packet(-10, End::Client, false, false), // ACK
            packet(-5, End::Client, true, false),   // a request
            packet(-4, End::Server, false, false),  // its ACK
            packet(90, End::Server, true, false),   // the response
            packet(95, End::Client, false, true),   // FIN
            packet(120, End::Server, false, true),  // FIN
        ];
        for (kind, at, place) in [
            (CallKind::Accepts, 0, Some(2)),
            (CallKind::Reads, 20, Some(3)),
            (CallKind::Sends, 80, Some(5)),
            (CallKind::Learns, 100, Some(6)),
            (CallKind::Ends, 110, Some(7)),
            // No packet of its kind: the last one before it.
            (CallKind::Sends, 91, Some(5)),
            (CallKind::Ends, 130, Some(7)),
            (CallKind::Learns, 94, Some(5)),
            (CallKind::Accepts, -40, None),
        ] {
            assert_eq!(call(kind, at).place(&passed), place, "{kind:?} at {at}");
        }
        let sent = call(CallKind::Sends, 2_000);
        assert_eq!(sent.comment(5_000, Language::English), "Server, 3 µs before this packet: any()");
        assert_eq!(sent.comment(1_000, Language::Korean), "서버, 이 패킷보다 1 µs 뒤: any()");
    }
}
