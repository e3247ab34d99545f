//! What a run amounts to: connections, requests by status, bytes, how long.

use super::sink::{LeftOut, News, Sink};
use crate::language::Language;
use crate::record::connection::Record;
use crate::story::layout::{grouped, span};
use crate::story::short::bytes;
use crate::story::steps::{count, say};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What was counted, to be printed in the end.
#[derive(Clone, Debug, Default)]
pub struct Summary(Arc<Mutex<Counts>>);

/// Counts what is recorded.
#[derive(Debug, Default)]
pub struct SummarySink {
    summary: Summary,
    /// Connections that are open, and the last of their exchanges that was counted.
    open: HashMap<u64, u64>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: u64,
    /// Exchanges by their status.
    statuses: BTreeMap<u16, u64>,
    /// Bytes of responses, heads and bodies, that the kernel took.
    bytes: u64,
}

impl Summary {
    /// The sink that counts for it.
    pub fn sink(&self) -> SummarySink {
        SummarySink { summary: self.clone(), open: HashMap::new() }
    }

    /// One line; `None` where nobody came.
    pub fn line(&self, ran: Duration, language: Language) -> Option<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.connections == 0 {
            return None;
        }
        let requests: u64 = counts.statuses.values().sum();
        let statuses = counts.statuses.iter().map(|(status, count)| match status {
            0 => say!(language, "{} without a response" / "응답 없음 {}", grouped(*count)),
            status => format!("{} × {status}", grouped(*count)),
        });
        let statuses = statuses.collect::<Vec<_>>().join(", ");
        let requests = count!(language, requests, "request", "requests" / "개 요청");
        let requests = if statuses.is_empty() { requests } else { format!("{requests} ({statuses})") };
        let connections = count!(language, counts.connections, "connection", "connections" / "개 연결");
        let (bytes, ran) = (bytes(counts.bytes), duration(ran, language));
        Some(say!(
            language,
            "{}, {}, {} sent, in {}" / "{}, {}, 보낸 양 {}, 실행 시간 {}",
            connections,
            requests,
            bytes,
            ran
        ))
    }
}

impl Sink for SummarySink {
    fn take(&mut self, record: &Record, news: News) {
        let mut counts = self.summary.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(news, News::Opened | News::Responded | News::Continues | News::Closed) {
            return;
        }
        let counted = self.open.entry(record.connection).or_insert_with(|| {
            counts.connections += 1;
            0
        });
        if news != News::Opened {
            for exchange in record.exchanges.iter().filter(|exchange| exchange.number > *counted) {
                *counts.statuses.entry(exchange.status).or_default() += 1;
                let traffic = exchange.traffic.value();
                counts.bytes += traffic.map_or(0, |traffic| traffic.response_head + traffic.response_body);
            }
            // A further part begins with some that were counted.
            let last = record.exchanges.last().map_or(0, |exchange| exchange.number);
            *counted = last.max(*counted);
        }
        if news == News::Closed {
            self.open.remove(&record.connection);
        }
    }

    fn left_out(&mut self, _left_out: LeftOut) {}
}

/// To seconds, where it is long.
fn duration(ran: Duration, language: Language) -> String {
    let seconds = ran.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) => span(i64::try_from(ran.as_nanos()).unwrap_or(i64::MAX)),
        (0, minutes, seconds) => say!(language, "{} min {} s" / "{}분 {}초", minutes, seconds),
        (hours, minutes, _) => say!(language, "{} h {} min" / "{}시간 {}분", grouped(hours), minutes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{interpret, report};
    use crate::record::Moment;
    use std::net::SocketAddr;

    #[test]
    fn a_run_that_nobody_came_to_has_no_line() {
        assert_eq!(Summary::default().line(Duration::from_secs(9), Language::English), None);
    }

    #[test]
    fn counts_and_times_are_said_as_people_say_them() {
        let summary = Summary::default();
        *summary.0.lock().expect("a lock") =
            Counts { connections: 1, statuses: [(200, 1_200), (404, 2)].into(), bytes: 11_520 };
        let line = |seconds, language| summary.line(Duration::from_secs(seconds), language).expect("a line");
        let expected = "1 connection, 1,202 requests (1,200 × 200, 2 × 404), 11.5 kB sent, in 2 min 3 s";
        assert_eq!(line(123, Language::English), expected);
        assert!(line(9, Language::English).ends_with("in 9 s"));
        assert!(line(7_384, Language::English).ends_with("in 2 h 3 min"));
        assert!(line(7_384, Language::Korean).ends_with("실행 시간 2시간 3분"));
    }

    #[test]
    fn an_exchange_is_counted_once_where_a_record_continues() {
        let summary = Summary::default();
        let mut sink = summary.sink();
        let part = |numbers: std::ops::RangeInclusive<u64>| {
            let exchange = |number| {
                let report = report::Exchange { number, status: 200, ..Default::default() };
                interpret::exchange(&report, Moment(1))
            };
            let end = SocketAddr::from(([127, 0, 0, 1], 80));
            let (accepted, syn, tcp_info) = (Moment(1), Vec::new(), Vec::new());
            let opened =
                report::Opened { connection: 1, client: end, server: end, accepted, syn, tcp_info, queue: None };
            let record = interpret::opened(&opened, "thread".into());
            Record { exchanges: numbers.map(exchange).collect(), ..record }
        };
        for (numbers, news) in [(1..=3, News::Responded), (1..=1, News::Continues), (2..=4, News::Closed)] {
            sink.take(&part(numbers), news);
        }
        let line = summary.line(Duration::from_secs(9), Language::English).expect("a line");
        assert!(line.contains("4 requests"), "{line}");
    }
}
