//! The short log: one line for each request as soon as its response is over,
//! for people who want to know what was asked for. Nothing is left out but what
//! a reader is too slow for, or a disk has no room for, and that is counted.

use super::pieces::Pieces;
use super::sink::{LeftOut, News, Sink};
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

/// Writes a line for each exchange, with ANSI styles where they are wanted, to a
/// writer that keeps nothing back. One that nobody reads any more is written to no more.
pub struct ShortLog<W> {
    out: Pieces<W>,
    language: Language,
    columns: fn() -> Option<usize>,
    zone: Option<TimeZone>,
    /// Connections that are open, and the number of the last exchange that was written.
    written: HashMap<u64, u64>,
}

impl<W: Write + Send> ShortLog<W> {
    /// Lines for a terminal that has this number of columns when each is written, or for none.
    pub fn new(writer: W, language: Language, columns: fn() -> Option<usize>) -> Self {
        Self { out: Pieces::to(writer), language, columns, zone: zone(), written: HashMap::new() }
    }

    /// Where styles are not wanted: `strip` takes them away.
    #[must_use]
    pub fn stripped_by(self, strip: Option<fn(&str) -> String>) -> Self {
        Self { out: self.out.stripped_by(strip), ..self }
    }

    fn write(&mut self, text: &str) {
        let lines = |missing: &[u8]| missing.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.out.write(text, lines, not_written(self.language));
        if self.out.is_gone() {
            self.written = HashMap::new();
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

/// How many lines are missing.
fn not_written(language: Language) -> impl FnOnce(u64) -> String {
    move |lines| {
        let lines = count!(language, lines, "line", "lines" / "{}줄");
        say!(language, "… {} not written\n" / "… {} 쓰지 못함\n", lines)
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
        if self.out.is_gone() || !matches!(news, News::Responded | News::Closing | News::Closed) {
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

    fn finish(&mut self) {
        self.out.say_unwritten(not_written(self.language));
    }

    fn unwritten_pieces(&self) -> u64 {
        self.out.unwritten()
    }
}

impl<W> fmt::Debug for ShortLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShortLog").field("open", &self.written.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlet::tests::Disk;
    use std::io::ErrorKind;

    #[test]
    fn lines_that_a_full_disk_did_not_take_are_counted_once_and_come_no_more() {
        let record = Record::example();
        let each = record.exchanges.len();
        let disk = Disk::default();
        let mut log = ShortLog::new(disk.clone(), Language::English, || None);
        for (room, count) in [(usize::MAX, 1), (20, 1), (0, 36), (usize::MAX, 2)] {
            disk.room(room);
            (0..count).for_each(|_| log.take(&record, News::Closed));
        }
        let text = disk.text();
        assert_eq!(text.matches("not written").count(), 1, "{text}");
        assert!(text.contains(&format!("\n… {} lines not written\n", 37 * each)), "{text}");
        assert_eq!(text.lines().count(), 3 * each + 2, "{text}");
        assert_eq!(log.unwritten_pieces(), 37 * each as u64);
    }

    #[test]
    fn lines_that_a_late_reader_did_not_take_are_counted() {
        let record = Record::example();
        let each = record.exchanges.len() as u64;
        for room in [0, 20] {
            let reader = Disk::refusing(ErrorKind::TimedOut);
            reader.room(room);
            let mut log = ShortLog::new(reader, Language::English, || None);
            (0..9).for_each(|_| log.take(&record, News::Closed));
            log.finish();
            assert_eq!(log.unwritten_pieces(), 9 * each);
        }
    }
}
