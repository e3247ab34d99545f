//! The JSON log: one object a connection, when it is closed; see docs/records.md.

use super::sink::{LeftOut, News, Sink};
use super::standard_output::is_passing;
use crate::record::connection::{Record, SCHEMA};
use crate::record::secrets::withheld;
use crate::story::json;
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Writes records as lines of JSON.
#[derive(Debug)]
pub struct JsonLog<W> {
    /// `None` once it has failed for good: it takes no more.
    out: Option<W>,
    /// Records that found no room, on a disk that was full for a moment, and were not said to be missing.
    unwritten: u64,
    /// Connections that are missing for good: that was said, or the reader took too long when the server ended.
    missing: u64,
    is_late: bool,
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
        Self { out: Some(out), unwritten: 0, missing: 0, is_late: false }
    }

    /// Writes a line; gives whether it is in the log.
    fn write(&mut self, value: &impl Serialize) -> bool {
        let Some(out) = &mut self.out else { return false };
        let mut line = Vec::new();
        if json::write(&mut line, value).is_err() {
            return false;
        }
        line.push(b'\n');
        if self.unwritten > 0 {
            // A line may have been torn: the next one begins anew.
            line.insert(0, b'\n');
        }
        match out.write_all(&line).and_then(|()| out.flush()) {
            Ok(()) => true,
            Err(error) if is_passing(&error) => false,
            Err(error) => {
                self.out = None;
                self.is_late = error.kind() == ErrorKind::TimedOut;
                false
            }
        }
    }

    /// Says what found no room, once there is room again.
    fn say_unwritten(&mut self) {
        let connections = self.unwritten;
        let left_out = LeftOut { connections, ..LeftOut::default() };
        if connections > 0 && self.write(&Missing { glasshttp: SCHEMA, left_out }) {
            self.unwritten = 0;
            self.missing += connections;
        }
    }
}

impl<W: Write + Send> Sink for JsonLog<W> {
    fn take(&mut self, record: &Record, news: News) {
        if matches!(news, News::Closed | News::Continues) {
            self.say_unwritten();
            let is_written = self.write(&*withheld(record));
            if self.is_late {
                self.missing += 1;
            } else if !is_written && self.out.is_some() {
                self.unwritten += 1;
            }
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.write(&Missing { glasshttp: SCHEMA, left_out });
    }

    fn finish(&mut self) {
        self.say_unwritten();
    }

    fn unwritten(&self) -> u64 {
        self.missing + self.unwritten
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A disk that is full while it is said to be.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(bool, Vec<u8>)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (is_full, text) = &mut *self.0.lock().unwrap();
            if *is_full {
                return Err(ErrorKind::StorageFull.into());
            }
            text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_was_full_for_a_moment_loses_what_came_then_and_says_so() {
        let record: Record = serde_json::from_str(
            include_str!("../../docs/records.md").split("```json\n").nth(1).unwrap().split("```").next().unwrap(),
        )
        .unwrap();
        let disk = Disk::default();
        let mut log = JsonLog::new(disk.clone());
        log.take(&record, News::Closed);
        disk.0.lock().unwrap().0 = true;
        log.take(&record, News::Closed);
        log.take(&record, News::Closed);
        disk.0.lock().unwrap().0 = false;
        log.take(&record, News::Closed);
        log.finish();
        let text = String::from_utf8(disk.0.lock().unwrap().1.clone()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let written = lines.iter().filter(|line| serde_json::from_str::<Record>(line).is_ok()).count();
        assert_eq!((lines.len(), written, log.unwritten()), (3, 2, 2), "{text}");
        assert!(lines[1].contains("\"connections\":2"), "{}", lines[1]);
    }
}
