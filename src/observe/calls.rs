//! What the server did about its connections, for a capture file as the log,
//! which shows it beside the packets.

use super::sink::{LeftOut, News, Sink};
use crate::capture::Capture;
use crate::language::Language;
use crate::record::Moment;
use crate::record::connection::Record;
use crate::story::calls::calls;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Exchanges at a record's end of which something may have become known.
const UNSETTLED: usize = 2;

/// Hands the calls of each connection to the capture, each once.
#[derive(Debug)]
pub struct CallsBeside {
    capture: Arc<Capture>,
    language: Language,
    /// Of connections that are open: the names of the calls that were handed over.
    said: HashMap<u64, BTreeSet<String>>,
}

impl CallsBeside {
    /// For the packets of `capture`, in this language.
    pub fn new(capture: Arc<Capture>, language: Language) -> Self {
        Self { capture, language, said: HashMap::new() }
    }
}

impl Sink for CallsBeside {
    fn take(&mut self, record: &Record, news: News) {
        if !matches!(news, News::Opened | News::Responded | News::Closing | News::Closed) {
            return;
        }
        let Ok(accepted) = humantime::parse_rfc3339(&record.accepted) else { return };
        let said = self.said.entry(record.connection).or_default();
        let mut new = calls(record, record.exchanges.len().saturating_sub(UNSETTLED), self.language);
        let names: BTreeSet<String> = new.iter().map(|call| call.id.clone()).collect();
        new.retain(|call| !said.contains(&call.id));
        // What is no longer in question need not be remembered.
        *said = names;
        if let (false, Some((server, client))) = (new.is_empty(), record.addresses()) {
            self.capture.say_calls(server, client, Moment::of(accepted), new);
        }
        if news == News::Closed {
            self.said.remove(&record.connection);
        }
    }

    fn left_out(&mut self, _: LeftOut) {}
}
