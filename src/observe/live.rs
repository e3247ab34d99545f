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

mod events;
mod history;
mod page;

pub use page::LivePage;

use super::record::Record;
use super::sink::{LeftOut, News, Sink};
use events::Events;
use history::{Admission, History};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much is kept, and how much of it is told.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections that are kept, the latest ones.
    pub connections: usize,
    /// Octets that they may fill, as far as that can be told.
    pub octets: usize,
    /// Connections a second that are taken in; further ones are counted.
    pub admitted_per_second: u32,
    /// Records a second that one browser is told; further ones wait for a calmer time.
    pub told_per_second: u32,
    /// Browsers that may listen at once.
    pub listeners: usize,
    /// How long a stream is silent before it says that it is there: a browser
    /// that has gone is noticed when it is written to.
    pub heartbeat: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 1000,
            octets: 32 << 20,
            admitted_per_second: 2000,
            told_per_second: 200,
            listeners: 16,
            heartbeat: Duration::from_secs(10),
        }
    }
}

/// Where the live page's records are: fed by a [`LiveSink`], read by a [`LivePage`].
#[derive(Debug)]
pub struct Hub {
    bounds: Bounds,
    state: Mutex<State>,
    /// Rung when streams should look at once: at the end, and to find out which browsers have gone.
    bell: Condvar,
}

#[derive(Debug)]
struct State {
    history: History,
    /// How much of what is kept may still be brought up to date in this second.
    updates: Admission,
    left_out: LeftOut,
    listeners: usize,
    /// How often the bell was rung to find out which browsers have gone.
    calls: u64,
    is_over: bool,
}

/// Changes of kept connections that are taken over in a second. A change that
/// is passed over comes with the connection's next one, at the latest its end.
const UPDATES_PER_SECOND: u32 = 5000;

impl Hub {
    /// A hub that keeps this much.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let state = State {
            history: History::new(bounds.connections, bounds.octets, bounds.admitted_per_second),
            updates: Admission::new(UPDATES_PER_SECOND),
            left_out: LeftOut::default(),
            listeners: 0,
            calls: 0,
            is_over: false,
        };
        Arc::new(Self { bounds, state: Mutex::new(state), bell: Condvar::new() })
    }

    /// What the collector tells of every connection.
    pub fn sink(self: &Arc<Self>) -> LiveSink {
        LiveSink { hub: Arc::clone(self) }
    }

    /// The record of this connection, if it is kept.
    pub fn record(&self, connection: u64) -> Option<Arc<Record>> {
        self.lock().history.record(connection)
    }

    /// The latest connection that this client's address and port had.
    pub fn of_client(&self, client: SocketAddr) -> Option<Arc<Record>> {
        self.lock().history.of_client(client)
    }

    /// All records that are kept, the oldest first.
    pub fn records(&self) -> Vec<Arc<Record>> {
        self.lock().history.records().collect()
    }

    /// Ends all streams, once they have told what is known: nothing more will come.
    pub fn shut_down(&self) {
        self.lock().is_over = true;
        self.bell.notify_all();
    }

    /// Another stream; `None`: there are as many as may be.
    fn listen(self: &Arc<Self>, greeting: &str) -> Option<Events> {
        let mut state = self.lock();
        if state.listeners >= self.bounds.listeners {
            // Some may have gone unnoticed: written to, they are found out.
            state.calls += 1;
            self.bell.notify_all();
            return None;
        }
        state.listeners += 1;
        drop(state);
        Some(Events::new(Arc::clone(self), greeting))
    }

    /// No code panics while it holds the lock; if one did, the records are still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Feeds a [`Hub`].
#[derive(Debug)]
pub struct LiveSink {
    hub: Arc<Hub>,
}

impl Sink for LiveSink {
    fn tell(&mut self, record: &Record, news: News) {
        let now = Instant::now();
        let mut state = self.hub.lock();
        let State { history, updates, .. } = &mut *state;
        match news {
            News::Closed => history.replace(record, now),
            _ if history.is_kept(record.connection) => {
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
