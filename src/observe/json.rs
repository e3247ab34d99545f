//! The JSON log: one object a connection, when it is closed; see docs/records.md.

use super::sink::{LeftOut, News, Sink};
use crate::outlet::Outlet;
use crate::record::connection::{Record, SCHEMA};
use crate::record::secrets::withheld;
use crate::story::json;
use serde::Serialize;
use std::io::Write;

/// How many bytes of lines gather at most: a write for each costs more than the line.
const MOST_GATHERED: usize = 256 * 1024;

/// Writes records as lines of JSON.
#[derive(Debug)]
pub struct JsonLog<W> {
    out: Outlet<W>,
    /// Lines that are not written yet, and where those of records end.
    gathered: Vec<u8>,
    ends: Vec<usize>,
    /// Records that found no room, and were not said to be missing.
    unwritten: u64,
    /// Those that were.
    missing: u64,
}

/// What is said of the connections that are not in the log.
#[derive(Serialize)]
struct Missing {
    glasshttp: u32,
    left_out: LeftOut,
}

impl<W: Write + Send> JsonLog<W> {
    /// A log that is written to `out`.
    pub fn new(out: W) -> Self {
        Self { out: Outlet::to(out), gathered: Vec::new(), ends: Vec::new(), unwritten: 0, missing: 0 }
    }

    /// Adds a line to those that are written together.
    fn gather(&mut self, value: &impl Serialize) {
        // Writing to memory does not fail.
        let _ = json::write(&mut self.gathered, value);
        self.gathered.push(b'\n');
    }

    /// Says what found no room, if there is room again.
    fn say_unwritten(&mut self) {
        let connections = self.unwritten;
        // A line may have been torn: this one begins anew.
        let mut line = vec![b'\n'];
        let left_out = LeftOut { connections, ..LeftOut::default() };
        if connections > 0 && json::write(&mut line, &Missing { glasshttp: SCHEMA, left_out }).is_ok() {
            line.push(b'\n');
            if self.out.write(&line) == line.len() {
                self.unwritten = 0;
                self.missing += connections;
            }
        }
    }
}

impl<W: Write + Send> Sink for JsonLog<W> {
    fn take(&mut self, record: &Record, news: News) {
        if matches!(news, News::Closed | News::Continues) {
            if !self.out.is_gone() {
                self.gather(&*withheld(record));
                self.ends.push(self.gathered.len());
            }
            if self.gathered.len() >= MOST_GATHERED {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        self.say_unwritten();
        let lines = std::mem::take(&mut self.gathered);
        // Where there is no room for that, there is none for more.
        let written = if self.unwritten == 0 { self.out.write(&lines) } else { 0 };
        let lost = self.ends.drain(..).filter(|end| *end > written).count() as u64;
        if !self.out.is_gone() {
            self.unwritten += lost;
        }
        self.gathered = lines;
        self.gathered.clear();
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.gather(&Missing { glasshttp: SCHEMA, left_out });
        self.flush();
    }

    fn finish(&mut self) {
        self.flush();
    }

    fn unwritten(&self) -> u64 {
        self.missing + self.unwritten
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlet::tests::Disk;
    use std::io::ErrorKind;

    #[test]
    fn records_that_a_late_reader_did_not_take_are_counted() {
        let record = Record::example();
        let reader = Disk::refusing(ErrorKind::TimedOut);
        reader.room(20);
        let mut log = JsonLog::new(reader);
        for _ in 0..9 {
            log.take(&record, News::Closed);
            log.flush();
        }
        log.finish();
        assert_eq!(log.unwritten(), 9);
    }

    #[test]
    fn a_disk_that_was_full_for_a_moment_loses_what_came_then_and_says_so() {
        let record = Record::example();
        let disk = Disk::default();
        let mut log = JsonLog::new(disk.clone());
        let mut log_records = |count: usize| {
            (0..count).for_each(|_| log.take(&record, News::Closed));
            log.flush();
        };
        for (room, count) in [(usize::MAX, 1), (0, 2), (usize::MAX, 1)] {
            disk.room(room);
            log_records(count);
        }
        log.finish();
        let text = disk.text();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let written = lines.iter().filter(|line| serde_json::from_str::<Record>(line).is_ok()).count();
        assert_eq!((lines.len(), written, log.unwritten()), (3, 2, 2), "{text}");
        assert!(lines[1].contains("\"connections\":2"), "{}", lines[1]);
    }
}
