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

use super::order::{self, Limits};
use super::say::say;
use super::step::{Bound, Direction, Kind, Place, Step};
use super::{client, server};
use crate::language::Language;
use crate::record::connection::{Exchange, Record};
use crate::record::transfer::{FetchRecord, Transfer};
use crate::record::{End, Figure, Nanoseconds, Source};
use std::time::SystemTime;

/// The server's half of a transfer.
struct Half<'a> {
    transfer: &'a Transfer,
    record: &'a Record,
    exchange: &'a Exchange,
    /// The server's accept, since the run began.
    accepted: Nanoseconds,
}

/// The steps of a transfer: of both halves, where there are two and one clock.
pub(super) fn steps(transfer: &Transfer, before: &FetchRecord, language: Language) -> Vec<Step> {
    let client = client::steps(transfer, before, language);
    let Some(half) = half(transfer, before) else { return client::with_segments(transfer, before, language) };
    let is_captured = half.record.segments.is_some();
    if half.is_on_one_clock() {
        let ours = client.iter().cloned().map(|step| departed(half.first_bounded(step), is_captured));
        let steps = merged(order::by_time(ours.collect()), order::by_time(half.steps(language)));
        if is_in_order(&steps, half.exchange.number) {
            return steps;
        }
    }
    let title = say!(
        language,
        "the server's half is left out: by its times an effect would precede its cause"
            / "서버 쪽은 생략함: 그 시각대로면 결과가 원인보다 앞섬"
    );
    let note = Step { seen_by: End::Client, ..Step::note("clocks", title) };
    client::with_segments(transfer, before, language).into_iter().chain([note]).collect()
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
    Some(Half { transfer, record, exchange, accepted: between(&before.began, &record.accepted)? })
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
            pairs.push((Some(began), seen(segments.moments.syn)));
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
            Some(number) => number == self.exchange.number,
            None if step.is_of_handshake() => limits.is_some(),
            None if step.segment.is_some() => self.is_of_this_transfer(step.at.value().copied()),
            // The client has seen who is in TIME_WAIT.
            None => self.transfer.close.is_some() && self.record.close.is_some() && step.id != "time-wait",
        };
        let steps = server::steps(self.record, limits, language);
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
        let complete = self.transfer.exchange.as_ref().and_then(|exchange| exchange.stages.complete.value().copied());
        let until = if self.transfer.close.is_some() { Nanoseconds::MAX } else { complete.unwrap_or(Nanoseconds::MAX) };
        at.is_some_and(|at| (self.transfer.began..=until).contains(&at.saturating_add(self.accepted)))
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
        (_, "client-end" | "server-end" | "reset") => 11,
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
