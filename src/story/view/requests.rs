//! The requests of a connection, a row each: what a table of all requests shows.

use crate::language::Language;
use crate::record::Nanoseconds;
use crate::record::connection::{Exchange, Record};
use crate::story::short::duration;
use crate::story::steps::{Tone, request_line};
use serde::Serialize;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// From 1, on its connection.
    pub number: u64,
    /// When it arrived, or was read, in nanoseconds since the accept.
    pub at: Option<Nanoseconds>,
    /// Its method; empty where what was sent is not a request line.
    pub method: String,
    /// Its target, or what else was sent.
    pub target: String,
    /// The response's status; 0 where there is none.
    pub status: u16,
    /// The class of that status.
    pub tone: Tone,
    /// Bytes of the response's body that the kernel took.
    pub bytes: Option<u64>,
    /// From the request's arrival to the response's last byte.
    pub lasts: Option<Nanoseconds>,
    /// Whether it came on a connection that had carried another before.
    pub reused: bool,
}

pub(super) fn requests(record: &Record, language: Language) -> Vec<Asked> {
    record.exchanges.iter().map(|exchange| asked(exchange, language)).collect()
}

fn asked(exchange: &Exchange, language: Language) -> Asked {
    let line = request_line(exchange, language);
    let line = line.rsplit_once(" HTTP/").map_or(line.as_str(), |(line, _)| line);
    let (method, target) = match line.split_once(' ') {
        Some((method, target)) if !exchange.request.head.is_empty() => (method, target),
        _ => ("", line),
    };
    let stages = &exchange.stages;
    Asked {
        number: exchange.number,
        at: stages.arrived.value().or(stages.first_read.value()).copied(),
        method: method.to_owned(),
        target: target.to_owned(),
        status: exchange.status,
        tone: Tone::of(exchange.status),
        bytes: exchange.traffic.value().map(|traffic| traffic.response_body),
        lasts: duration(exchange),
        reused: exchange.number > 1,
    }
}
