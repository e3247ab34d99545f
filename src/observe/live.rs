//! The live page: connections as they happen, in a browser.
//!
//! ```text
//!   collector ─▶ LiveSink ─▶ Hub ◀─ turn by turn ─ Events ─▶ a browser
//!                             ▲ ─── at once ────── LivePage: /, /records, …
//! ```
//!
//! The collector's thread puts records into the [`Hub`] and goes on: it wakes
//! nobody and serialises nothing. Each listening browser has a stream, which
//! looks ten times a second at what has changed since it looked last. What is
//! slow, or gone, thus holds up nobody, and a crowd of changes is one look.

mod counted;
mod events;
mod history;
mod host;
mod hub;
pub mod lab;
mod log;
mod page;
mod queue;
mod saved;
mod users;

pub use counted::CountsAlone;
pub use hub::{Bounds, Hub};
pub use page::LivePage;

use super::sink::{LeftOut, News, Sink};
use crate::record::connection::Record;
use history::Key;
use hub::State;
use std::sync::Arc;
use std::time::Instant;

/// Feeds a [`Hub`].
#[derive(Debug)]
pub struct LiveSink {
    hub: Arc<Hub>,
}

impl LiveSink {
    /// What the collector reports of every connection.
    pub fn new(hub: &Arc<Hub>) -> Self {
        Self { hub: Arc::clone(hub) }
    }
}

impl Sink for LiveSink {
    fn follows_segments(&self) -> bool {
        true
    }

    fn take(&mut self, record: &Record, news: News) {
        let now = Instant::now();
        let mut state = self.hub.lock();
        let State { history, updates, .. } = &mut *state;
        match news {
            News::Closing | News::Closed | News::Continues => history.replace(record, now),
            _ if history.is_kept(Key::of(record)) => {
                if updates.admits(now) {
                    history.update(record);
                }
            }
            _ => history.replace(record, now),
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        let total = &mut self.hub.lock().left_out;
        total.connections += left_out.connections;
        total.exchanges += left_out.exchanges;
        total.reports += left_out.reports;
    }

    fn finish(&mut self) {
        self.hub.shut_down();
    }
}

#[cfg(test)]
mod tests;
