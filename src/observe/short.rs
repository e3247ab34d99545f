//! The short log: one line for each request as soon as its response is over,
//! for people who want to know what was asked for. Nothing is left out but what
//! a reader is too slow for, and that is counted.

use super::sink::{LeftOut, News, Sink};
use super::standard_output::is_passing;
use crate::language::Language;
use crate::record::Nanoseconds;
use crate::record::connection::{Exchange, Record};
use crate::story::short;
use crate::story::steps::{count, say};
use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};
use tz::TimeZone;

/// Columns where standard output is no terminal.
const UNBOUNDED: usize = 4_096;

/// Writes a line for each exchange, with ANSI styles: the writer strips them
/// where they are not wanted. A writer that fails is written to no more.
pub struct ShortLog<W> {
    writer: Option<W>,
    language: Language,
    columns: fn() -> Option<usize>,
    zone: Option<TimeZone>,
    /// Connections that are open, and the number of the last exchange that was written.
    written: HashMap<u64, u64>,
    /// Lines that found no room, on a disk that was full for a moment.
    unwritten: usize,
}

impl<W: Write + Send> ShortLog<W> {
    /// Lines for a terminal that has this number of columns when each is written, or for none.
    pub fn new(writer: W, language: Language, columns: fn() -> Option<usize>) -> Self {
        Self { writer: Some(writer), language, columns, zone: zone(), written: HashMap::new(), unwritten: 0 }
    }

    fn write(&mut self, text: &str) {
        let Some(writer) = &mut self.writer else { return };
        let mut whole = String::new();
        if self.unwritten > 0 {
            // A line may have been torn: the next one begins anew.
            whole = say!(self.language, "\n… {} lines not written\n" / "\n… {}줄 쓰지 못함\n", self.unwritten);
        }
        whole.push_str(text);
        match writer.write_all(whole.as_bytes()).and_then(|()| writer.flush()) {
            Ok(()) => self.unwritten = 0,
            Err(error) if is_passing(&error) => self.unwritten += text.lines().count(),
            Err(_) => {
                self.writer = None;
                self.written = HashMap::new();
            }
        }
    }

    /// The time of day when the request came: local, or UTC where the zone is not known.
    fn clock(&self, record: &Record, exchange: &Exchange) -> String {
        let Ok(accepted) = humantime::parse_rfc3339(&record.accepted) else { return "--:--:--".into() };
        let accepted = accepted.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = accepted.saturating_add(since_accept(exchange));
        let seconds = i64::try_from(at.as_secs()).unwrap_or_default();
        let offset = self.zone.as_ref().and_then(|zone| zone.find_local_time_type(seconds).ok());
        let of_day = (seconds + offset.map_or(0, |kind| i64::from(kind.ut_offset()))).rem_euclid(86_400);
        let mark = if offset.is_some() { "" } else { "Z" };
        format!("{:02}:{:02}:{:02}{mark}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }
}

/// As TZ says it (a rule, or a place), else the system's; an empty one means UTC.
fn zone() -> Option<TimeZone> {
    match std::env::var("TZ") {
        Ok(name) if name.is_empty() => Some(TimeZone::utc()),
        Ok(name) => TimeZone::from_posix_tz(&name).ok(),
        Err(_) => TimeZone::local().ok(),
    }
}

fn since_accept(exchange: &Exchange) -> Duration {
    let stages = &exchange.stages;
    let at: Nanoseconds = stages.arrived.value().or(stages.first_read.value()).copied().unwrap_or_default();
    Duration::from_nanos(u64::try_from(at).unwrap_or_default())
}

impl<W: Write + Send> Sink for ShortLog<W> {
    fn take(&mut self, record: &Record, news: News) {
        if self.writer.is_none() || !matches!(news, News::Responded | News::Closing | News::Closed) {
            return;
        }
        let last = self.written.get(&record.connection).copied().unwrap_or(0);
        let columns = (self.columns)().unwrap_or(UNBOUNDED);
        let new = record.exchanges.iter().filter(|exchange| exchange.number > last);
        let lines =
            new.map(|exchange| short::line(record, exchange, &self.clock(record, exchange), columns, self.language));
        let text = lines.collect::<String>();
        if news == News::Closed {
            self.written.remove(&record.connection);
        } else if let Some(exchange) = record.exchanges.last() {
            self.written.insert(record.connection, exchange.number);
        }
        if !text.is_empty() {
            self.write(&text);
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        let LeftOut { connections, exchanges, reports, .. } = left_out;
        let language = self.language;
        let counts = [
            (connections, count!(language, connections, "connection", "connections" / "연결 {}개")),
            (exchanges, count!(language, exchanges, "request", "requests" / "요청 {}개")),
            (reports, count!(language, reports, "report", "reports" / "보고 {}개")),
        ];
        let counts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
        if !counts.is_empty() {
            self.write(&say!(language, "… {} not recorded\n" / "… {} 기록되지 않음\n", counts.join(", ")));
        }
    }
}

impl<W> fmt::Debug for ShortLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShortLog").field("open", &self.written.len()).finish_non_exhaustive()
    }
}
