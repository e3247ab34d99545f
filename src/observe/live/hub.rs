//! Where the live page's records are.

use super::history::{Admission, History};
use super::lab::Laboratory;
use super::queue::{AcceptQueue, QueueContents};
use super::users::Users;
use crate::observe::loads::Loads;
use crate::observe::sink::LeftOut;
use crate::record::connection::Record;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How much is kept, and how much of it is shown.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Bounds {
    /// Connections that are kept, the latest ones.
    pub connections: usize,
    /// Bytes that they may fill, as far as that is known.
    pub bytes: usize,
    /// Connections a second that are taken in; further ones are counted.
    pub admitted_per_second: u32,
    /// Records a second that one browser is shown; further ones wait for a calmer time.
    pub shown_per_second: u32,
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
            bytes: 32 << 20,
            admitted_per_second: 2000,
            shown_per_second: 200,
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
    /// Of the site that is watched, once it is known where that is.
    queue: Mutex<Option<AcceptQueue>>,
    /// What the site's pages may ask for, once it is known where it is.
    loads: OnceLock<Arc<Loads>>,
    /// What performs experiments for the page, if anything does.
    lab: OnceLock<Arc<dyn Laboratory>>,
    /// What the server has given up, for the greeting, once it has.
    pub(super) sandbox: OnceLock<Value>,
    /// Who may look: known while the process is still that of who started it.
    pub(super) users: Users,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) history: History,
    /// How much of what is kept may still be brought up to date in this second.
    pub(super) updates: Admission,
    pub(super) left_out: LeftOut,
    /// The streams by their numbers, and when each was last seen to be taken.
    pub(super) streams: BTreeMap<u64, Instant>,
    pub(super) last_stream: u64,
    /// When a browser was first refused, for whom there is still no room.
    pub(super) refused: Option<Instant>,
    /// How often the bell was rung to find out which browsers have gone.
    pub(super) calls: u64,
    pub(super) is_over: bool,
}

/// Changes of keep-alive connections that are taken over in a second. A change that
/// is passed over comes with the connection's next one, at the latest its end.
const UPDATES_PER_SECOND: u32 = 5000;

/// How long those that have gone have to be found out, before one that is there gives way.
const ASKED: Duration = Duration::from_millis(500);

impl State {
    /// A place for another stream of at most `most`, by its number. Where none is free, the
    /// first who comes is refused while the others are asked whether they are still there; the one who
    /// comes later, and finds them all to be, gets the place of the one that has taken nothing for longest.
    pub(super) fn admit_stream(&mut self, most: usize, now: Instant) -> Option<u64> {
        if self.streams.len() >= most {
            let refused = *self.refused.get_or_insert(now);
            if now.saturating_duration_since(refused) < ASKED {
                self.calls += 1;
                return None;
            }
            let (&stuck, _) = self.streams.iter().min_by_key(|(_, taken)| **taken)?;
            self.streams.remove(&stuck);
        }
        self.refused = None;
        self.last_stream += 1;
        self.streams.insert(self.last_stream, now);
        Some(self.last_stream)
    }
}

impl Hub {
    /// A hub that keeps this much.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let state = State {
            history: History::new(bounds.connections, bounds.bytes, bounds.admitted_per_second),
            updates: Admission::new(UPDATES_PER_SECOND),
            left_out: LeftOut::default(),
            streams: BTreeMap::new(),
            last_stream: 0,
            refused: None,
            calls: 0,
            is_over: false,
        };
        Arc::new(Self {
            bounds,
            state: Mutex::new(state),
            bell: Condvar::new(),
            queue: Mutex::new(None),
            loads: OnceLock::new(),
            lab: OnceLock::new(),
            sandbox: OnceLock::new(),
            users: Users::of_this_program(),
        })
    }

    /// From now on each stream begins with this figure of the server's sandbox.
    pub fn show_sandbox(&self, figure: Value) {
        // It is sealed once.
        let _ = self.sandbox.set(figure);
    }

    /// The record of this connection, if it is kept.
    pub fn record(&self, connection: u64) -> Option<Arc<Record>> {
        self.part(connection, None)
    }

    /// This part of it; its latest one, where none is named.
    pub fn part(&self, connection: u64, part: Option<u32>) -> Option<Arc<Record>> {
        self.lock().history.part(connection, part)
    }

    /// The latest connection that this client's address and port had.
    pub fn of_client(&self, client: SocketAddr) -> Option<Arc<Record>> {
        self.lock().history.of_client(client)
    }

    /// All records that are kept, the oldest first.
    pub fn records(&self) -> Vec<Arc<Record>> {
        self.lock().history.records().collect()
    }

    /// Shows which connections wait for accept(2) at the listeners on these addresses.
    pub fn show_queue_of(&self, addresses: Vec<SocketAddr>) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = Some(AcceptQueue::of(addresses));
    }

    /// Shows the site's pages the records of their own loads. The first call counts.
    pub fn show_loads(&self, loads: &Arc<Loads>) {
        let _ = self.loads.set(Arc::clone(loads));
    }

    pub(super) fn loads(&self) -> Option<&Loads> {
        self.loads.get().map(Arc::as_ref)
    }

    /// Lets the page have experiments performed. The first call counts.
    pub fn show_lab(&self, lab: Arc<dyn Laboratory>) {
        let _ = self.lab.set(lab);
    }

    pub(super) fn lab(&self) -> Option<&Arc<dyn Laboratory>> {
        self.lab.get()
    }

    /// Whether all streams are to end.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// What waits for accept(2) now.
    pub(super) fn queue(&self) -> Option<Arc<QueueContents>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(|queue| queue.look(Instant::now()))
    }

    /// Ends all streams, once they have shown what is known: nothing more will come.
    pub fn shut_down(&self) {
        self.lock().is_over = true;
        self.bell.notify_all();
    }

    /// No code panics while it holds the lock; if one did, the records are still whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
