//! Both halves of a connection on one clock: the client's steps and the
//! server's, merged so that no effect stands before its cause.
//!
//! ```text
//!   client                 server
//!     connect() ──▶ SYN      │
//!     │        ◀── SYN+ACK   │
//!     send()    ──▶          arrived, read, chosen
//!     arrived        ◀──     send()
//! ```
//!
//! Both read CLOCK_REALTIME of one machine. Where by their times a cause would come
//! after its effect, as when that clock is set, the halves are not joined.
//!
//! Both ends being on one machine, their packets pass one interface: who captures them,
//! the client or the server, does it for both. Where both do, the client's are shown,
//! which are known to the last when its transfer is.

use super::order::{self, Limits};
use super::say::say;
use super::step::{Bound, Direction, Kind, Place, Step};
use super::{client, server};
use crate::language::Language;
use crate::record::connection::{Exchange, Record};
use crate::record::transfer::{FetchRecord, Transfer};
use crate::record::{End, Figure, Nanoseconds, Source};
use std::borrow::Cow;
use std::time::SystemTime;

/// The server's half of a transfer.
struct Half<'a> {
    transfer: &'a Transfer,
    /// With the client's segments, where it captured them.
    record: Cow<'a, Record>,
    exchange: &'a Exchange,
    /// The server's accept, since the run began.
    accepted: Nanoseconds,
    /// When the transfer before it on the same connection was complete.
    before: Option<Nanoseconds>,
}

/// The steps of a transfer: of both halves, where there are two and one clock.
pub(super) fn steps(transfer: &Transfer, before: &FetchRecord, language: Language) -> Vec<Step> {
    let alone = || client::with_segments(transfer, before, language);
    let Some(half) = half(transfer, before) else { return alone() };
    let seen = half.record.segments.as_ref();
    if half.is_on_one_clock() {
        let ours = client::steps(transfer, before, seen, language).into_iter();
        let ours = ours.map(|step| departed(half.first_bounded(step), seen.is_some())).collect();
        let steps = merged(order::by_time(ours), order::by_time(half.steps(language)));
        if is_in_order(&steps, half.exchange.number) {
            return half.finished(steps, language);
        }
    }
    let title = say!(
        language,
        "the server's half is left out: by its times an effect would precede its cause"
            / "서버 쪽은 생략함: 그 시각대로면 결과가 원인보다 앞섬"
    );
    let note = Step { seen_by: End::Client, ..Step::note("clocks", title) };
    alone().into_iter().chain([note]).collect()
}

/// Whether no effect stands before its cause, as segments were seen.
fn is_in_order(steps: &[Step], number: u64) -> bool {
    let place = |id: &str| steps.iter().position(|step| step.id == id && step.kind != Kind::Note);
    let last = |start: &str| steps.iter().rposition(|step| step.id.starts_with(start));
    let of = |whose: &str, what: &str| place(&format!("{whose}-{number}-{what}"));
    let sent = of("server", "first-bytes").or_else(|| of("server", "sent"));
    [
        (last("client-connect-"), place("server-syn")),
        (place("server-syn-ack"), last("client-open-")),
        (of("client", "request"), of("server", "request")),
        (of("client", "request"), sent),
        (sent, of("client", "first")),
        (place("server-server-end"), place("client-server-end")),
    ]
    .into_iter()
    .all(|(cause, effect)| cause.zip(effect).is_none_or(|(cause, effect)| cause < effect))
}

/// The server's half, if its record has this exchange.
fn half<'a>(transfer: &'a Transfer, before: &FetchRecord) -> Option<Half<'a>> {
    let record = transfer.server.as_deref()?;
    let number = u64::from(transfer.exchange.as_ref()?.number);
    let exchange = record.exchanges.iter().find(|exchange| exchange.number == number)?;
    let accepted = between(&before.began, &record.accepted)?;
    let mut record = Cow::Borrowed(record);
    if let Some(segments) = &transfer.segments {
        record.to_mut().join(segments.clone().later_by(accepted.saturating_neg()));
    }
    let last = before.transfers.last().filter(|last| last.connection == transfer.connection);
    let before = last.and_then(complete);
    Some(Half { transfer, record, exchange, accepted, before })
}

fn complete(transfer: &Transfer) -> Option<Nanoseconds> {
    transfer.exchange.as_ref()?.stages.complete.value().copied()
}

impl Half<'_> {
    /// The server's moments that have a cause or an effect at the client lie on the right side of it.
    fn is_on_one_clock(&self) -> bool {
        let Some(client) = &self.transfer.exchange else { return false };
        let there = |at: &Figure<Nanoseconds>| at.value().map(|at| at.saturating_add(self.accepted));
        let here = |at: &Figure<Nanoseconds>| at.value().copied();
        let (ours, theirs) = (&client.stages, &self.exchange.stages);
        let mut pairs = vec![
            (self.connected().map(|(began, _)| began), Some(self.accepted)),
            (here(&ours.first_sent), there(&theirs.arrived).or_else(|| there(&theirs.first_read))),
            (here(&ours.first_sent), there(&theirs.first_write)),
            (there(&theirs.first_write), here(&ours.arrived).or_else(|| here(&ours.first_read))),
        ];
        if let (Some((began, ended)), Some(segments)) = (self.connected(), &self.record.segments) {
            let seen = |at: Option<Nanoseconds>| at.map(|at| at.saturating_add(self.accepted));
            // Whichever of them was seen first: the SYN may have passed unseen.
            pairs.push((Some(began), seen(segments.list.iter().map(|segment| segment.at).min())));
            pairs.push((seen(segments.moments.syn), Some(ended)));
            pairs.push((seen(segments.moments.syn_ack), Some(ended)));
        }
        if let (Some(ours), Some(theirs)) = (&self.transfer.close, &self.record.close) {
            pairs.push((here(&ours.client_end), there(&theirs.client_end)));
            pairs.push((there(&theirs.server_end), here(&ours.server_end)));
        }
        pairs.into_iter().all(|(cause, effect)| cause.zip(effect).is_none_or(|(cause, effect)| cause <= effect))
    }

    /// When connect(2) was called, and when it was over.
    fn connected(&self) -> Option<(Nanoseconds, Nanoseconds)> {
        client::made(self.transfer.connect.as_ref()?)
    }

    /// The server's steps that belong to this transfer, counted as the client counts.
    fn steps(&self, language: Language) -> Vec<Step> {
        let limits = self.connected().map(|(began, ended)| Limits {
            began: began.saturating_sub(self.accepted),
            ended: ended.saturating_sub(self.accepted),
        });
        let belongs = |step: &Step| match step.exchange {
            Some(number) if number == self.exchange.number => true,
            None if step.is_of_handshake() => limits.is_some(),
            _ if step.segment.is_some() || step.kind == Kind::Gap => self.is_of_this_transfer(step.at.value().copied()),
            Some(_) => false,
            // The client has seen who is in TIME_WAIT.
            None => self.transfer.close.is_some() && self.record.close.is_some() && step.id != "time-wait",
        };
        let steps = server::steps(&self.record, limits, language);
        let is_in_parts = steps.iter().any(|step| step.exchange.is_some() && step.id.ends_with("-first-bytes"));
        let steps = steps.into_iter().filter(belongs).map(|step| self.request_bounded(step));
        steps.map(|step| arrived(self.shifted(if is_in_parts { step } else { self.begun(step) }))).collect()
    }

    /// The stamp of what a read gave may be that of a FIN behind it: the bytes were there when their ACK was.
    fn request_bounded(&self, step: Step) -> Step {
        let acknowledged = self.transfer.exchange.as_ref().and_then(|ours| ours.stages.acknowledged.value().copied());
        let is_it = step.kind == Kind::Arrow && step.id.ends_with("-request");
        no_later(step, acknowledged.map(|at| at.saturating_sub(self.accepted)).filter(|_| is_it))
    }

    /// The same of the response, whose ACK the server saw.
    fn first_bounded(&self, step: Step) -> Step {
        let acknowledged = self.exchange.stages.acknowledged.value().copied();
        let is_it = step.kind == Kind::Arrow && step.id.ends_with("-first");
        no_later(step, acknowledged.map(|at| at.saturating_add(self.accepted)).filter(|_| is_it))
    }

    /// A response whose bytes left at about the same time: the client has the first when the last ones leave.
    fn begun(&self, step: Step) -> Step {
        let is_sent = step.exchange.is_some() && step.id.ends_with("-sent") && step.segment.is_none();
        let at = &self.exchange.stages.first_write;
        match is_sent && at.value().is_some() {
            true => Step { at: at.clone(), ..step },
            false => step,
        }
    }

    /// Whether a segment was seen while this transfer went on, and not one before or after it.
    fn is_of_this_transfer(&self, at: Option<Nanoseconds>) -> bool {
        if self.transfer.segments.is_some() {
            return true; // the client has those of this transfer alone
        }
        let from = self.before.map_or(self.transfer.began, |before| before.saturating_add(1));
        let is_last = self.transfer.close.is_some();
        let until = complete(self.transfer).filter(|_| !is_last).unwrap_or(Nanoseconds::MAX);
        at.is_some_and(|at| (from..=until).contains(&at.saturating_add(self.accepted)))
    }

    /// What the client captured is seen by it; where a segment is the request, send(2) is just a call.
    fn finished(&self, steps: Vec<Step>, language: Language) -> Vec<Step> {
        let number = self.exchange.number;
        let (request, call) = (format!("server-{number}-request"), format!("client-{number}-request"));
        let is_seen = steps.iter().any(|step| step.id == request && step.segment.is_some());
        let of_call = |step: Step| match is_seen && step.id == call {
            true => Step { label: say!(language, "send" / "전송"), ..step }.captioned("send()"),
            false => step,
        };
        steps.into_iter().map(|step| self.captured(of_call(step), language)).collect()
    }

    fn captured(&self, step: Step, language: Language) -> Step {
        let is_timed = matches!(
            step.at,
            Figure::Measured { by: Source::Packets, .. } | Figure::Derived { from: Source::Packets, .. }
        );
        let is_of_packets = is_timed || step.segment.is_some() || step.kind == Kind::Gap;
        match step.id.as_str() {
            _ if self.transfer.segments.is_none() => step,
            "server-segments" => {
                let title = say!(language, "{}; captured by the client" / "{}(클라이언트가 캡처)", step.title);
                Step { seen_by: End::Client, title, ..step }
            }
            _ if is_of_packets => Step { seen_by: End::Client, ..step },
            _ => step,
        }
    }

    fn shifted(&self, step: Step) -> Step {
        let at = step.at.map(|at| at.saturating_add(self.accepted));
        Step { at, id: format!("server-{}", step.id), ..step }
    }
}

/// The step, no later than `most`.
fn no_later(step: Step, most: Option<Nanoseconds>) -> Step {
    match (most, step.at.value()) {
        (Some(most), Some(at)) if *at > most && step.segment.is_none() => {
            Step { at: Figure::derived(most, Source::AcknowledgementStamp), bound: Some(Bound::AtMost), ..step }
        }
        _ => step,
    }
}

/// Of what went from one end to the other, the departure is the arrow: what the
/// server knows of its arrival is an event there.
fn arrived(step: Step) -> Step {
    let is_arrival = step.kind == Kind::Arrow && step.direction == Some(Direction::ToServer);
    match is_arrival && step.exchange.is_some() && step.segment.is_none() {
        true => Step { kind: Kind::Event, place: Place::Server, ..step },
        false => step,
    }
}

/// The same of the client's steps. Its SYN is the server's to draw, who has its
/// numbers; so is all that was captured.
fn departed(step: Step, is_captured: bool) -> Step {
    let is_arrival = step.direction == Some(Direction::ToClient);
    let is_call = step.id.starts_with("connect-");
    let id = format!("client-{}", step.id);
    match step.kind == Kind::Arrow && (is_captured || is_arrival || is_call) {
        true => Step { kind: Kind::Event, place: Place::Client, id, ..step },
        false => Step { id, ..step },
    }
}

/// By time; of one and the same moment, the cause first. What has no time stays
/// behind what it follows in its own half, the server's handshake behind connect(2).
fn merged(client: Vec<Step>, server: Vec<Step>) -> Vec<Step> {
    let connect = client.iter().rev().find(|step| step.id.starts_with("client-connect-"));
    let start = connect.and_then(|step| step.at.value().copied()).unwrap_or(Nanoseconds::MIN);
    let mut client = keyed(client, Nanoseconds::MIN).into_iter().peekable();
    let mut server = keyed(server, start).into_iter().peekable();
    let mut steps = Vec::with_capacity(client.len() + server.len());
    loop {
        let is_client_next = match (client.peek(), server.peek()) {
            (Some((one, _)), Some((other, _))) => one <= other,
            (one, _) => one.is_some(),
        };
        let next = if is_client_next { client.next() } else { server.next() };
        match next {
            Some((_, step)) => steps.push(step),
            None => return steps,
        }
    }
}

fn keyed(steps: Vec<Step>, mut latest: Nanoseconds) -> Vec<((Nanoseconds, u8), Step)> {
    let key = |step: Step| {
        latest = step.at.value().copied().unwrap_or(latest);
        ((latest, rank(&step)), step)
    };
    steps.into_iter().map(key).collect()
}

/// The place in the chain of causes.
fn rank(step: &Step) -> u8 {
    let id = step.id.split_once('-').map_or("", |(_, id)| id);
    let id = if step.exchange.is_some() { id.split_once('-').map_or("", |(_, id)| id) } else { id };
    match (step.seen_by, id) {
        (End::Client, id) if id.starts_with("connect-") => 1,
        (End::Server, "syn" | "syn-ack" | "ack") if step.exchange.is_none() => 2,
        (End::Client, id) if id.starts_with("open-") => 3,
        (End::Server, "queue" | "half-closed" | "accept") => 4,
        (End::Client, "request" | "sent") => 5,
        (End::Server, "request" | "read" | "head" | "chosen") => 6,
        (End::Server, "sending" | "first-bytes" | "sent") => 7,
        (End::Client, "ack" | "first" | "arrived" | "head" | "body") => 8,
        (End::Client, id) if id.starts_with("interim-") => 8,
        (End::Server, "ack") => 9,
        // An end is the cause of what is read of it.
        (End::Client, "client-end") | (End::Server, "server-end") => 10,
        (_, "client-end" | "client-abort" | "server-end" | "reset") => 11,
        (_, "closed") => 12,
        (End::Client, _) if step.exchange.is_none() && step.kind == Kind::Event => 0,
        _ => 13,
    }
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
