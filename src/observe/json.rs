//! The JSON log: one object a connection, when it is closed; see docs/records.md.

use super::sink::{LeftOut, News, Sink};
use crate::record::connection::{Record, SCHEMA};
use crate::record::secrets::withheld;
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Writes records as lines of JSON.
#[derive(Debug)]
pub struct JsonLog<W> {
    /// `None` once it has failed: it takes no more.
    out: Option<W>,
    /// Connections for which the reader took too long when the server ended.
    untold: u64,
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
        Self { out: Some(out), untold: 0, is_late: false }
    }

    fn write(&mut self, value: &impl Serialize) {
        let Some(out) = &mut self.out else { return };
        let Ok(mut line) = serde_json::to_vec(value) else { return };
        line.push(b'\n');
        if let Err(error) = out.write_all(&line).and_then(|()| out.flush()) {
            self.out = None;
            self.is_late = error.kind() == ErrorKind::TimedOut;
        }
    }
}

impl<W: Write + Send> Sink for JsonLog<W> {
    fn tell(&mut self, record: &Record, news: News) {
        if news == News::Closed {
            self.write(&*withheld(record));
            self.untold += u64::from(self.is_late);
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.write(&Missing { glasshttp: SCHEMA, left_out });
    }

    fn untold(&self) -> u64 {
        self.untold
    }
}
