//! What a run amounts to: connections, requests by status, bytes, how long.

use super::counts::{ByStatus, Count};
use super::probe::Probe;
use crate::language::Language;
use crate::story::layout::{grouped, span};
use crate::story::short::{bytes, of_status};
use crate::story::steps::{count, say};
use std::time::Duration;

/// All connections and exchanges, recorded or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    connections: u64,
    exchanges: ByStatus,
    /// Bytes of responses, heads and bodies, that the kernel took.
    bytes: u64,
}

impl Summary {
    /// What was counted so far.
    pub fn of(probe: &Probe) -> Self {
        Self { connections: probe.accepted(), exchanges: probe.exchanges(), bytes: probe.counted(Count::Bytes) }
    }

    /// One line; `None` where nobody came.
    pub fn line(&self, ran: Duration, language: Language) -> Option<String> {
        if self.connections == 0 {
            return None;
        }
        let requests: u64 = self.exchanges.values().sum();
        let statuses = self.exchanges.iter().map(|(status, count)| of_status(*status, *count, language));
        let statuses = statuses.collect::<Vec<_>>().join(", ");
        let requests = count!(language, requests, "request", "requests" / "요청 {}개");
        let requests = if statuses.is_empty() { requests } else { format!("{requests} ({statuses})") };
        let connections = count!(language, self.connections, "connection", "connections" / "연결 {}개");
        let (bytes, ran) = (bytes(self.bytes), duration(ran, language));
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

    #[test]
    fn a_run_that_nobody_came_to_has_no_line() {
        assert_eq!(Summary::default().line(Duration::from_secs(9), Language::English), None);
    }

    #[test]
    fn counts_and_times_are_said_as_people_say_them() {
        let summary = Summary { connections: 1, exchanges: [(200, 1_200), (404, 2)].into(), bytes: 11_520 };
        let line = |seconds, language| summary.line(Duration::from_secs(seconds), language).expect("a line");
        let expected = "1 connection, 1,202 requests (1,200 × 200, 2 × 404), 11.5 kB sent, in 2 min 3 s";
        assert_eq!(line(123, Language::English), expected);
        assert!(line(9, Language::English).ends_with("in 9 s"));
        assert!(line(7_384, Language::English).ends_with("in 2 h 3 min"));
        assert!(line(7_384, Language::Korean).ends_with("실행 시간 2시간 3분"));
    }
}
