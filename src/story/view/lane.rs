//! A connection as a lane on an axis of time: bars and marks, each for a fact.
//!
//! ```text
//!   ▨▨▨▨▨▨▨▨▨▨▨▨██────────██████──────│
//!   in the queue ◆ exchange   ◆        closed
//! ```

use crate::record::connection::{Exchange, Record};
use crate::record::{Figure, How, Nanoseconds, Why};
use crate::story::steps::{Tone, queued_since};
use serde::Serialize;

/// Times are nanoseconds since the accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Lane {
    /// Where it begins: at the accept, or where it is known to have been in the queue before.
    pub begin: Nanoseconds,
    /// Where it ends; `None` while the connection is open.
    pub end: Option<Nanoseconds>,
    /// The latest time that is known.
    pub last: Nanoseconds,
    /// What lasted, what is drawn last lying on top.
    pub bars: Vec<Bar>,
    /// What happened at a moment.
    pub marks: Vec<Mark>,
}

/// Something that lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bar {
    /// What.
    pub kind: BarKind,
    /// Since when.
    pub from: Nanoseconds,
    /// Until when; `None`: it goes on.
    pub to: Option<Nanoseconds>,
    /// The class of its status.
    pub tone: Tone,
}

/// What lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BarKind {
    /// It was complete, and waited for accept(2).
    Queued,
    /// It was open.
    Open,
    /// An exchange was under way in the server.
    Exchange,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mark {
    /// What.
    pub kind: MarkKind,
    /// When.
    pub at: Nanoseconds,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarkKind {
    /// A request: its first bytes arrived, or were read.
    Request,
    /// Closed in order.
    Closed,
    /// Reset by one of the ends.
    Reset,
    /// A deadline of the server passed.
    Deadline,
    /// Nobody reported how it ended: at the latest time that is known.
    Lost,
}

impl Lane {
    /// That of `record`.
    pub fn of(record: &Record) -> Self {
        let last = record.exchanges.iter().filter_map(latest).max().unwrap_or(0).max(0);
        let end = record.close.as_ref().map(|close| close.at.value().copied().unwrap_or(last).max(0));
        let queued = queued_since(record);
        let mut bars = Vec::new();
        bars.extend(queued.map(|since| bar(BarKind::Queued, since, Some(0))));
        bars.push(bar(BarKind::Open, 0, end));
        let mut marks = Vec::new();
        let mut before = 0;
        for exchange in &record.exchanges {
            let Some(begin) = begin(exchange) else { continue };
            // Until the accept, and until the server is done with the request before it, it waits.
            let from = begin.max(before);
            let to = finished(exchange).or(end).map(|to| to.max(from));
            bars.push(Bar { tone: Tone::of(exchange.status), ..bar(BarKind::Exchange, from, to) });
            marks.push(Mark { kind: MarkKind::Request, at: begin });
            before = to.unwrap_or(from);
        }
        marks.extend(record.close.as_ref().zip(end).map(|(close, at)| Mark { kind: closing(close.how), at }));
        let begin = marks.iter().map(|mark| mark.at).chain(queued).min().unwrap_or(0).min(0);
        Self { begin, end, last: last.max(end.unwrap_or(0)), bars, marks }
    }
}

fn bar(kind: BarKind, from: Nanoseconds, to: Option<Nanoseconds>) -> Bar {
    Bar { kind, from, to, tone: Tone::Plain }
}

/// When the first of it was there.
fn begin(exchange: &Exchange) -> Option<Nanoseconds> {
    let stages = &exchange.stages;
    [&stages.arrived, &stages.first_read, &stages.head_complete].into_iter().find_map(|figure| figure.value().copied())
}

/// When the server was done with it: the last of its response was handed over, as far as that is known.
fn finished(exchange: &Exchange) -> Option<Nanoseconds> {
    match &exchange.stages.last_write {
        Figure::NotVisible { why: Why::NotYet | Why::NotReached } => None,
        Figure::NotVisible { .. } => latest(exchange),
        known => known.value().copied(),
    }
}

fn latest(exchange: &Exchange) -> Option<Nanoseconds> {
    exchange.stages.named().into_iter().filter_map(|(_, figure)| figure.value().copied()).max()
}

fn closing(how: How) -> MarkKind {
    match how {
        How::Fin | How::Closed => MarkKind::Closed,
        How::ResetByClient | How::ResetByServer => MarkKind::Reset,
        How::Timeout => MarkKind::Deadline,
        How::Lost => MarkKind::Lost,
    }
}
