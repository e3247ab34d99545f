//! A connection as the server records it: what the story, the JSON log and the
//! live page share.
//!
//! Times are nanoseconds since the connection was accepted, on the clock that
//! packets bear too (CLOCK_REALTIME); what happened before the accept is negative.

use super::arrivals::Arrivals;
use super::ending::{End, How, Reset, TimeWait};
use super::endpoint::Endpoint;
use super::figure::{Figure, Nanoseconds, Text};
pub use super::handshake::{Handshake, Queue};
use super::named::{Forwarded, Named, ProxyHeader};
use super::reason::Reason;
use super::segment::Segments;
use super::source::Source;
use super::stages::Stages;
use super::tcp::Tcp;
use super::why::Why;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::ops::RangeInclusive;

/// The version of the form, raised whenever a field changes its meaning.
pub const SCHEMA: u32 = 2;

/// One connection, from the client's SYN to TIME_WAIT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// [`SCHEMA`].
    pub glasshttp: u32,
    /// The connection's number, from 1, in order of accept.
    pub connection: u64,
    /// The server model that ran it.
    pub model: Text,
    /// The client's address and port, or `unix:`.
    pub client: Endpoint,
    /// The server's address and port, or its unix socket's path.
    pub server: Endpoint,
    /// When accept(2) returned: RFC 3339, in UTC, with nanoseconds. All times count from here.
    pub accepted: String,
    /// How it came about.
    pub handshake: Handshake,
    /// Which of the connection's records this is, from 1: one that is long is recorded in parts.
    #[serde(default = "first")]
    pub part: u32,
    /// Whether a further part follows.
    #[serde(default)]
    pub continues: bool,
    /// What the parts before this one have; `None` in the first, and where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// Requests and their responses, in order: those of this part.
    pub exchanges: Vec<Exchange>,
    /// How many more there were that are not recorded.
    pub exchanges_left_out: u64,
    /// How it ended; `None` while it is open.
    pub close: Option<Close>,
    /// The client, where a proxy named it before the first request (PROXY protocol): `client` is
    /// the proxy then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Named>,
    /// The header that said so, or as much of it as came; `None` where the address expects none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_header: Option<ProxyHeader>,
    /// Its segments; `None` where packets are not captured, or its beginning is not among those that were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
}

/// The exchanges before some other one, and their bytes, which number its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Earlier {
    /// How many there were.
    pub exchanges: u64,
    /// Bytes of their requests, without a proxy's header.
    pub requests: u64,
    /// Bytes of their responses.
    pub responses: u64,
}

impl Earlier {
    /// The same with `exchange`, if that is the next one, and its bytes are known.
    fn and(self, exchange: &Exchange) -> Option<Self> {
        let traffic = exchange.traffic.value().filter(|_| exchange.number == self.exchanges.saturating_add(1))?;
        let body = exchange.request_body.as_ref().map_or(0, |body| body.read);
        Some(Self {
            exchanges: exchange.number,
            requests: self.requests.saturating_add(traffic.request_head).saturating_add(body),
            responses: self.responses.saturating_add(traffic.response_head).saturating_add(traffic.response_body),
        })
    }
}

impl Record {
    /// What came before the first exchange of this record, if that is known.
    pub(crate) fn before_first(&self) -> Option<Earlier> {
        self.earlier.or((self.part == 1).then(Earlier::default))
    }

    /// What came before the exchange of this number, which is one of this record's or follows them.
    pub(crate) fn before(&self, number: u64) -> Option<Earlier> {
        let mut exchanges = self.exchanges.iter().take_while(|exchange| exchange.number < number);
        let before = exchanges.try_fold(self.before_first()?, |before, exchange| before.and(exchange))?;
        (before.exchanges.saturating_add(1) == number).then_some(before)
    }

    /// The server's address and the client's, where they have any.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.server.address().zip(self.client.address())
    }

    /// Joins the segments that were seen of it: figures that the kernel does not give become measured.
    pub fn join(&mut self, segments: Segments) {
        let syn_ack = segments.list.iter().find(|segment| segment.from == End::Server && segment.has("SYN"));
        if let Some(syn_ack) = syn_ack {
            self.handshake.server_sequence = Figure::measured(syn_ack.sequence, Source::Packets);
        }
        self.handshake.join(&segments);
        if let (Some(close), Some(first)) = (&mut self.close, segments.moments.first_end()) {
            close.first = Figure::measured(first, Source::Packets);
            close.time_wait = TimeWait::again(close.time_wait.clone(), close.how, &close.first, segments.outcome());
        }
        if let (Some(close), Some(fin)) = (&mut self.close, segments.moments.server_fin) {
            close.server_fin = Figure::measured(fin, Source::Packets);
            close.left_by = close.server_fin.clone();
        }
        if let (Some(close), Some(reset)) = (&mut self.close, segments.moments.reset()) {
            close.reset = Some(reset);
        }
        self.join_acknowledgments(&segments);
        self.join_arrivals(&segments);
        self.segments = Some(segments);
    }

    /// When requests arrived of which segments came out of order.
    fn join_arrivals(&mut self, segments: &Segments) {
        let arrivals = Arrivals::of(segments, End::Client);
        let (mut since, mut last) = (Nanoseconds::MIN, None);
        for stages in self.exchanges.iter_mut().map(|exchange| &mut exchange.stages) {
            let read = stages.first_read.value().copied();
            // Requests that were read together arrived together.
            if let Some(last) = last.filter(|_| last != read) {
                since = last;
            }
            arrivals.mend(&mut stages.arrived, since, read.as_ref());
            last = read.or(last);
        }
    }

    /// Which bytes of the server's each response is, in order: those of all of them are numbered through, from
    /// 1. None of a response that is behind one whose length, or number, is not known.
    pub(crate) fn response_bytes(&self) -> Vec<RangeInclusive<i64>> {
        let Some(mut before) = self.before_first() else { return Vec::new() };
        let bytes = self.exchanges.iter().map_while(|exchange| {
            let first = before.responses.saturating_add(1).cast_signed();
            before = before.and(exchange)?;
            Some(first..=before.responses.cast_signed())
        });
        bytes.collect()
    }

    /// The acknowledgments of responses that nobody reported, and that were seen; or that were seen before the
    /// kernel's stamp, where that is also the next one's: it speaks of the last byte of several writes.
    fn join_acknowledgments(&mut self, segments: &Segments) {
        let bytes = self.response_bytes();
        let stamp = |exchange: &Exchange| match exchange.stages.acknowledged {
            Figure::Measured { value, by: Source::AcknowledgementStamp } => Some(value),
            _ => None,
        };
        let next = self.exchanges.iter().skip(1).map(stamp).chain([None]).collect::<Vec<_>>();
        for ((exchange, bytes), next) in self.exchanges.iter_mut().zip(bytes).zip(next) {
            let shared = stamp(exchange).filter(|at| next == Some(*at));
            let stages = &mut exchange.stages;
            let Some(written) = stages.last_write.value().filter(|_| !bytes.is_empty()) else { continue };
            let seen = segments.acknowledgment_of(End::Server, *bytes.end()).and_then(|index| segments.list.get(index));
            let seen = seen.map(|segment| segment.at).filter(|at| at >= written);
            if let Some(at) = seen
                && (stages.acknowledged.value().is_none() || shared.is_some_and(|shared| at < shared))
            {
                stages.acknowledged = Figure::measured(at, Source::Packets);
            }
        }
    }
}

/// A request and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// From 1, in order, on its connection.
    pub number: u64,
    /// What was asked.
    pub request: Message,
    /// Whether the request's head came to its end; `None` where that is not known.
    #[serde(default)]
    pub head: Option<HeadState>,
    /// Its body, where the head announces one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_body: Option<RequestBody>,
    /// What was sent back.
    #[serde(alias = "answer")]
    pub response: Message,
    /// The response's status code; 0 where there is none.
    pub status: u16,
    /// Bytes of the response's body, as it was to be sent; `None` where its end is the connection's.
    #[serde(default)]
    pub body_length: Option<u64>,
    /// What the response was made from: a path below the served folder, or what else responded.
    pub resource: Figure<String>,
    /// Why the request was refused; `None` where it was not, or where the status alone says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Reason>,
    /// What the fields of a trusted proxy say of the client; `None` where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    /// Whether the connection was kept for another request.
    pub is_kept: bool,
    /// When things happened.
    pub stages: Stages,
    /// Calls and bytes.
    pub traffic: Figure<Traffic>,
}

/// How far a request's head came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HeadState {
    /// To the empty line that ends it.
    Complete,
    /// It is one line, of HTTP/0.9, which has no head.
    Simple,
    /// It was refused at one of its lines: nobody looked for its end, which may have come.
    Refused,
    /// It did not come to its end, in time or at all, or is still to come.
    #[default]
    Unfinished,
}

/// What came of a request's body, as far as the server read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestBody {
    /// How many bytes of it the head announces.
    pub length: u64,
    /// Whether the server waits for it before it responds.
    pub is_awaited: bool,
    /// How many bytes had been read before the response.
    pub read: u64,
    /// When the last of those had been.
    pub last_read: Figure<Nanoseconds>,
}

impl RequestBody {
    /// Whether all of it was read.
    pub fn is_whole(&self) -> bool {
        self.read == self.length
    }
}

/// A message's head as it was on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// The head; bytes that are no UTF-8 are shown as U+FFFD. Empty where there was none (HTTP/0.9).
    pub head: String,
    /// Whether the head was longer than what is kept of it.
    pub is_cut: bool,
}

impl Message {
    /// The first line, without its end.
    pub fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

/// What an exchange took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Traffic {
    /// Calls that read some of the request, without one that read the end of the request before, too.
    pub reads: u32,
    /// Bytes of the request's head.
    pub request_head: u64,
    /// Calls that sent some of the response.
    pub writes: u32,
    /// Bytes of the response's head that the kernel took.
    #[serde(alias = "answer_head")]
    pub response_head: u64,
    /// Bytes of the response's body that the kernel took.
    #[serde(alias = "answer_body")]
    pub response_body: u64,
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Close {
    /// When close(2) was called.
    #[serde(default = "unseen")]
    pub called: Figure<Nanoseconds>,
    /// When it had returned: the server's socket was closed.
    pub at: Figure<Nanoseconds>,
    /// The reason, by its code.
    pub reason: Reason,
    /// The same as a sentence.
    pub sentence: Text,
    /// How it ended.
    pub how: How,
    /// The reset that ended it, or came behind a FIN; `None` where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Reset>,
    /// Which end was the first to end it.
    pub first: Figure<End>,
    /// When the server knew that the client had closed its sending side.
    pub client_end: Figure<Nanoseconds>,
    /// When the server closed its sending side.
    pub server_end: Figure<Nanoseconds>,
    /// When its FIN left, which follows what waited to be sent: then, or later.
    #[serde(default = "unreported")]
    pub server_fin: Figure<Nanoseconds>,
    /// When its FIN or its reset had left: the call that sends it had returned.
    #[serde(default = "unseen")]
    pub left_by: Figure<Nanoseconds>,
    /// Bytes of responses that the kernel had taken, and that the client's TCP had not acknowledged right
    /// before the socket was closed.
    #[serde(default = "unreported")]
    pub unacknowledged: Figure<u64>,
    /// What the kernel counted.
    pub tcp: Figure<Tcp>,
    /// Whose port now waits out stray segments (RFC 9293 §3.6.1).
    pub time_wait: Figure<TimeWait>,
}

impl Exchange {
    /// Whether the client got an error, or less than the whole response.
    pub fn has_failed(&self) -> bool {
        self.status >= 400 || self.is_whole() == Some(false)
    }

    /// Whether there is a response, and not because of what the whole head says.
    pub(crate) fn is_refused_in_head(&self) -> bool {
        matches!(self.head, Some(HeadState::Refused | HeadState::Unfinished)) && self.status != 0
    }

    /// Whether the kernel took the whole response, head and body; `None` where its length was not known.
    pub fn is_whole(&self) -> Option<bool> {
        let (length, traffic) = (self.body_length?, self.traffic.value()?);
        Some(traffic.response_body == length && traffic.writes > 0)
    }
}

fn unreported<T>() -> Figure<T> {
    Figure::not_visible(Why::NoTcpInfo)
}

fn unseen<T>() -> Figure<T> {
    Figure::not_visible(Why::CloseUnseen)
}

fn first() -> u32 {
    1
}

#[cfg(test)]
impl Record {
    /// The one in the documentation.
    pub(crate) fn example() -> Self {
        let document = include_str!("../../docs/records.md");
        let json = document.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
        serde_json::from_str(json.expect("an example")).expect("a record")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::segment::Segment;

    #[test]
    fn an_acknowledgment_that_was_seen_is_known_though_none_was_reported() {
        let mut record = Record::example();
        let exchange = &mut record.exchanges[0];
        exchange.stages.acknowledged = Figure::not_visible(Why::NoAcknowledgement);
        let traffic = *exchange.traffic.value().expect("it is known");
        let written = *exchange.stages.last_write.value().expect("it was sent");
        let last = (traffic.response_head + traffic.response_body).cast_signed();
        let ack = |at: Nanoseconds, acknowledgment: i64| -> Segment {
            let json = serde_json::json!({"at": at, "from": "client", "flags": "ACK", "sequence": 1,
                "relative_sequence": 1, "relative_acknowledgment": acknowledgment, "length": 0, "window": 1, "ttl": 64});
            serde_json::from_value(json).expect("a segment")
        };
        // Of all but the last byte, then of that.
        let list = vec![ack(written + 5, last), ack(written + 7, last + 1)];
        record.join(Segments { list: list.clone(), ..Segments::default() });
        assert_eq!(record.exchanges[0].stages.acknowledged, Figure::measured(written + 7, Source::Packets));

        // One stamp of two responses is the second one's.
        let stamp = Figure::measured(written + 9, Source::AcknowledgementStamp);
        record.exchanges.truncate(1);
        record.exchanges[0].stages.acknowledged = stamp.clone();
        record.exchanges.push(Exchange { number: record.exchanges[0].number + 1, ..record.exchanges[0].clone() });
        let list = [list, vec![ack(written + 8, 2 * last + 1)]].concat();
        record.join(Segments { list, ..Segments::default() });
        assert_eq!(record.exchanges[0].stages.acknowledged, Figure::measured(written + 7, Source::Packets));
        assert_eq!(record.exchanges[1].stages.acknowledged, stamp);
    }

    #[test]
    fn a_request_of_which_the_end_came_first_has_arrived_with_its_beginning() {
        let mut record = Record::example();
        let stages = &mut record.exchanges[0].stages;
        let read = *stages.first_read.value().expect("it was read");
        stages.arrived = Figure::measured(read - 60, Source::ReceiveStamp);
        let data = |at: Nanoseconds, first: i64| -> Segment {
            let json = serde_json::json!({"at": at, "from": "client", "flags": "ACK", "sequence": 1,
                "relative_sequence": first, "length": 50, "window": 1, "ttl": 64});
            serde_json::from_value(json).expect("a segment")
        };
        let list = vec![data(read - 60, 51), data(read - 7, 1)];
        record.join(Segments { list, ..Segments::default() });
        assert_eq!(record.exchanges[0].stages.arrived, Figure::measured(read - 7, Source::Packets));
    }
}
