//! What is noted of one exchange. Only facts; the record says where each came from.

use crate::http::client::response_error::ResponseError;
use crate::http::message::{Headers, ReceivedHead, Version};
use crate::kernel::tcp_info::Order;
use crate::record::connection::Message;
use crate::record::transfer::{ClientExchange, ClientStages, ClientTraffic, Field, Framing, Interim, Response, Unread};
use crate::record::{Figure, Nanoseconds, Source, Why};

/// How much of a head is kept as it came, in bytes.
const MOST_OF_HEAD: usize = 64 * 1024;
/// How much is kept of what can't be read, in bytes.
const MOST_UNREAD: usize = 2 * 1024;
/// How many lines that are no fields are kept, and how much of each, in bytes.
const MOST_DROPPED: usize = 32;
const MOST_OF_LINE: usize = 256;

/// The notes of an exchange.
#[derive(Default)]
pub(super) struct Notes {
    number: u32,
    request: Vec<u8>,
    /// How long the request is, its body included.
    length: u64,
    /// The request's last byte, as the kernel counts them.
    last_byte: u32,
    first_sent: Option<Nanoseconds>,
    last_sent: Option<Nanoseconds>,
    acknowledged: Option<Nanoseconds>,
    arrived: Option<Nanoseconds>,
    /// Whether the server's segments had come in order by then.
    order: Order,
    first_read: Option<Nanoseconds>,
    head_complete: Option<Nanoseconds>,
    complete: Option<Nanoseconds>,
    interim: Vec<Interim>,
    unread: Option<Unread>,
    response: Option<Response>,
    traffic: ClientTraffic,
    is_aborted: bool,
}

impl Notes {
    /// `head`: the request's; `length`: how long it is with its body.
    pub(super) fn new(number: u32, head: &[u8], length: usize) -> Self {
        Self { number, request: head.to_vec(), length: length as u64, ..Self::default() }
    }

    /// send(2) took `count` bytes, the last of which is `byte`.
    pub(super) fn sent(&mut self, count: usize, now: Nanoseconds, byte: u32) {
        self.first_sent.get_or_insert(now);
        (self.last_sent, self.last_byte) = (Some(now), byte);
        self.traffic.writes += 1;
        self.traffic.request += count as u64;
    }

    /// The server's TCP has everything up to `byte`; bytes are counted modulo 2^32.
    pub(super) fn acknowledged(&mut self, byte: u32, at: Option<Nanoseconds>) {
        let is_all = self.traffic.request == self.length;
        if is_all && self.acknowledged.is_none() && byte.wrapping_sub(self.last_byte).cast_signed() >= 0 {
            self.acknowledged = at;
        }
    }

    /// recv(2) gave `count` bytes, the last of which had `arrived`; `order`: asked of the first ones.
    pub(super) fn read(
        &mut self,
        count: usize,
        arrived: Option<Nanoseconds>,
        now: Nanoseconds,
        order: impl FnOnce() -> Order,
    ) {
        if self.first_read.is_none() {
            (self.first_read, self.arrived, self.order) = (Some(now), arrived, order());
        }
        self.traffic.reads += 1;
        self.traffic.read += count as u64;
    }

    pub(super) fn interim(&mut self, head: &ReceivedHead<'_>, bytes: &[u8], now: Nanoseconds) {
        self.traffic.head += bytes.len() as u64;
        self.interim.push(Interim {
            at: now,
            bytes: bytes.len() as u64,
            status: head.status.code(),
            line: String::from_utf8_lossy(head.line).into_owned(),
            fields: fields(head.headers),
            head: message(bytes),
        });
    }

    pub(super) fn head(&mut self, head: &ReceivedHead<'_>, framing: Framing, bytes: &[u8], now: Nanoseconds) {
        self.traffic.head += bytes.len() as u64;
        self.head_complete = Some(now);
        self.response = Some(Response {
            line: String::from_utf8_lossy(head.line).into_owned(),
            version: if head.version == Version::Http10 { "HTTP/1.0".into() } else { "HTTP/1.1".into() },
            status: head.status.code(),
            fields: fields(head.headers),
            dropped: dropped(head.dropped),
            dropped_left_out: left_out(head.dropped),
            head: message(bytes),
            framing,
            trailers: Vec::new(),
        });
    }

    /// What was left when `error` came, and belongs to it.
    pub(super) fn unread(&mut self, bytes: &[u8], error: ResponseError) {
        let is_in_chunks = matches!(
            error,
            ResponseError::ChunkSize
                | ResponseError::ChunkTooLarge
                | ResponseError::ChunkLine
                | ResponseError::ChunkLineTooLong
                | ResponseError::ChunkLineLf
                | ResponseError::ChunkEnd
                | ResponseError::ChunkEndLf
                | ResponseError::Trailer
        );
        if bytes.is_empty() || self.response.is_some() && !is_in_chunks {
            return;
        }
        let line = match error {
            ResponseError::Field { line } => Some(line),
            ResponseError::StatusLine | ResponseError::Version => Some(1),
            _ => None,
        };
        let text = line.and_then(|line| bytes.split(|&byte| byte == b'\n').nth(line - 1));
        self.unread = Some(Unread {
            bytes: bytes.len() as u64,
            text: bytes[..bytes.len().min(MOST_UNREAD)].escape_ascii().to_string(),
            line: text.map(escaped_line),
            protocol: match error {
                ResponseError::NotHttp(foreign) => foreign.name().map(Into::into),
                _ => None,
            },
        });
    }

    /// The response is a body without a head.
    pub(super) fn bare(&mut self, now: Nanoseconds) {
        self.head_complete = Some(now);
        self.response = Some(Response {
            line: String::new(),
            version: "HTTP/0.9".into(),
            status: 0,
            fields: Vec::new(),
            dropped: Vec::new(),
            dropped_left_out: 0,
            head: message(b""),
            framing: Framing::Close,
            trailers: Vec::new(),
        });
    }

    pub(super) fn has_head(&self) -> bool {
        self.response.is_some()
    }

    pub(super) fn body(&mut self, bytes: usize) {
        self.traffic.body += bytes as u64;
    }

    pub(super) fn body_so_far(&self) -> u64 {
        self.traffic.body
    }

    pub(super) fn trailers(&mut self, headers: Headers<'_>, lines: &[&[u8]]) {
        if let Some(response) = &mut self.response {
            response.trailers = fields(headers);
            response.dropped.extend(dropped(lines));
            response.dropped_left_out += left_out(lines);
        }
    }

    pub(super) fn complete(&mut self, now: Nanoseconds) {
        self.complete.get_or_insert(now);
    }

    pub(super) fn aborted(&mut self) {
        self.is_aborted = true;
    }

    /// The record of it; `asked_kernel`: whether the kernel was asked for arrivals.
    pub(super) fn exchange(self, asked_kernel: bool) -> ClientExchange {
        let at = |moment, by| Figure::measured_or(moment, by, Why::NotReached);
        let by_kernel = |moment, by, is_due: bool, why_not| match (asked_kernel, is_due) {
            (false, _) => Figure::not_visible(Why::NotAsked),
            (true, false) => Figure::not_visible(Why::NotReached),
            (true, true) => Figure::measured_or(moment, by, why_not),
        };
        ClientExchange {
            number: self.number,
            request_head: Some(self.request.len() as u64),
            request_body: self.length - self.request.len() as u64,
            request_text: None,
            request: Message { head: String::from_utf8_lossy(&self.request).into_owned(), is_cut: false },
            response: self.response,
            interim: self.interim.iter().map(|interim| interim.status).collect(),
            interim_heads: self.interim,
            unread: self.unread,
            stages: ClientStages {
                first_sent: at(self.first_sent, Source::ClockBeforeSend),
                last_sent: at(self.last_sent, Source::ClockBeforeSend),
                acknowledged: by_kernel(
                    self.acknowledged,
                    Source::AcknowledgementStamp,
                    self.last_sent.is_some(),
                    Why::NotAcknowledgedInTime,
                ),
                first_arrived: Figure::not_visible(match self.first_read {
                    Some(_) => Why::ReadAsWhole,
                    None => Why::NotReached,
                }),
                arrived: match self.order.doubt().filter(|_| asked_kernel && self.arrived.is_some()) {
                    Some(doubt) => Figure::not_visible(doubt),
                    None => by_kernel(self.arrived, Source::FirstReceiveStamp, self.first_read.is_some(), Why::NoStamp),
                },
                first_read: at(self.first_read, Source::ClockAfterRecv),
                head_complete: at(self.head_complete, Source::ClockAfterRecv),
                complete: at(self.complete, Source::ClockAfterRecv),
            },
            traffic: self.traffic,
            is_aborted: self.is_aborted,
        }
    }
}

fn fields(headers: Headers<'_>) -> Vec<Field> {
    let field = |field: &crate::http::message::Field<'_>| Field {
        name: field.name.to_owned(),
        value: String::from_utf8_lossy(field.value).into_owned(),
    };
    headers.iter().map(field).collect()
}

/// The lines that are no fields, as text: not all, if they are many.
fn dropped(lines: &[&[u8]]) -> Vec<String> {
    lines.iter().take(MOST_DROPPED).map(|line| escaped_line(line)).collect()
}

/// How many of them that are.
fn left_out(lines: &[&[u8]]) -> u64 {
    lines.len().saturating_sub(MOST_DROPPED) as u64
}

fn escaped_line(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line[..line.len().min(MOST_OF_LINE)].escape_ascii().to_string()
}

fn message(bytes: &[u8]) -> Message {
    let kept = &bytes[..bytes.len().min(MOST_OF_HEAD)];
    Message { head: String::from_utf8_lossy(kept).into_owned(), is_cut: kept.len() < bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_says_when_a_response_arrived_where_its_segments_came_in_order() {
        let arrived = |order| {
            let mut notes = Notes::new(1, b"", 0);
            notes.read(5, Some(44), 126, || order);
            // Of later reads it is not asked.
            notes.read(5, Some(130), 131, || Order::Lost);
            notes.exchange(true).stages.arrived
        };
        assert_eq!(arrived(Order::Kept), Figure::measured(44, Source::FirstReceiveStamp));
        assert_eq!(arrived(Order::Lost), Figure::not_visible(Why::OutOfOrder));
        assert_eq!(arrived(Order::Unknown), Figure::not_visible(Why::OrderUnknown));
    }
}
