//! What stands in a file: one value after another, each on a line of its own or indented over several.

use crate::record::connection::Record;
use crate::record::transfer::{self, FetchRecord};
use serde::Deserialize;
use std::io::{self, BufRead, Read};

/// The longest value that is read, in bytes: a record holds 128 exchanges, of some kilobytes each.
const LONGEST: u64 = 16 << 20;

/// A value of a file.
pub(super) enum Entry {
    /// A connection, as the server recorded it.
    Connection(Box<Record>),
    /// A run of `fetch`.
    Run(Box<FetchRecord>),
    /// What was left out at that place.
    LeftOut,
    /// A record of another version, which this program does not read.
    Version(u32),
    /// A run of this experiment, as the lab wrote it.
    Experiment(String),
    /// Something else.
    Other,
}

/// The fields by which a value is known.
#[derive(Deserialize)]
struct Mark {
    glasshttp: Option<u32>,
    glasshttp_fetch: Option<u32>,
    left_out: Option<serde::de::IgnoredAny>,
    experiment: Option<String>,
    acts: Option<serde::de::IgnoredAny>,
}

/// Reads values, and counts lines.
pub(super) struct Entries<R> {
    input: R,
    bytes: Vec<u8>,
    line: u64,
}

impl<R: BufRead> Entries<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), line: 0 }
    }

    /// The next value, and the line on which it begins.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Entry)>> {
        loop {
            self.bytes.clear();
            if self.read_line()? == 0 {
                return Ok(None);
            }
            if !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        let first = self.line;
        if serde_json::from_slice::<Mark>(&self.bytes).is_err_and(|error| error.is_eof()) {
            self.read_indented()?;
        }
        Ok(Some((first, entry(&self.bytes))))
    }

    /// The rest of a value that is indented: it ends where its last line is not.
    fn read_indented(&mut self) -> io::Result<()> {
        loop {
            let begin = self.bytes.len();
            let count = self.read_line()?;
            if count == 0 || !self.bytes[begin..].starts_with(b" ") {
                return Ok(());
            }
        }
    }

    fn read_line(&mut self) -> io::Result<usize> {
        let room = LONGEST.saturating_sub(self.bytes.len() as u64);
        self.line += 1;
        self.input.by_ref().take(room).read_until(b'\n', &mut self.bytes)
    }
}

fn entry(bytes: &[u8]) -> Entry {
    let Ok(mark) = serde_json::from_slice::<Mark>(bytes) else { return Entry::Other };
    match mark {
        // It bears a version, too.
        Mark { left_out: Some(_), .. } => Entry::LeftOut,
        Mark { glasshttp_fetch: Some(transfer::SCHEMA), .. } => {
            serde_json::from_slice(bytes).map_or(Entry::Other, |run| Entry::Run(Box::new(run)))
        }
        Mark { glasshttp_fetch: Some(version), .. } => Entry::Version(version),
        Mark { glasshttp: Some(version), .. } => match serde_json::from_slice(bytes) {
            Ok(record) => Entry::Connection(Box::new(record)),
            Err(_) => Entry::Version(version),
        },
        Mark { experiment: Some(name), acts: Some(_), .. } => Entry::Experiment(name),
        Mark { .. } => Entry::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_no_record_and_no_mistake() {
        let line = br#"{"glasshttp":2,"left_out":{"connections":3,"exchanges":0,"reports":0,"frames":46060}}"#;
        assert!(matches!(entry(line), Entry::LeftOut));
        assert!(matches!(entry(br#"{"glasshttp":7}"#), Entry::Version(7)));
        assert!(matches!(entry(b"[]"), Entry::Other));
        assert!(matches!(entry(br#"{"experiment":"close","acts":[]}"#), Entry::Experiment(name) if name == "close"));
    }
}
