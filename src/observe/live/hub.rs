//! Where the live page's records are.

use super::history::{Admission, History};
use crate::observe::sink::LeftOut;
use crate::record::connection::Record;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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

/// Where the live page's records are: fed by a [`LiveSink`](super::LiveSink), read by a [`LivePage`](super::LivePage).
#[derive(Debug)]
pub struct Hub {
    pub(super) bounds: Bounds,
    pub(super) state: Mutex<State>,
    /// Rung when streams should look at once: at the end, and to find out which browsers have gone.
    pub(super) bell: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) history: History,
    /// How much of what is kept may still be brought up to date in this second.
    pub(super) updates: Admission,
    pub(super) left_out: LeftOut,
    pub(super) listeners: usize,
    /// How often the bell was rung to find out which browsers have gone.
    pub(super) calls: u64,
    pub(super) is_over: bool,
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

    /// No code panics while it holds the lock; if one did, the records are still whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
