//! The connections that wait for accept(2), looked for while the page is open.

use crate::kernel::socket_table::{Queue, SocketTable, Waiting};
use crate::record::Moment;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked, however many look at the page.
const EVERY: Duration = Duration::from_millis(200);
/// Waiting connections that are shown; the listeners' own numbers count all of them.
const MOST: usize = 256;

/// The accept queues of the site's listeners.
#[derive(Debug)]
pub(super) struct AcceptQueue {
    addresses: Vec<SocketAddr>,
    table: Option<SocketTable>,
    looked: Option<Instant>,
    /// When each was seen first, in the order in which they were.
    seen: HashMap<SocketAddr, Moment>,
    found: Arc<QueueContents>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct QueueContents {
    /// Since when each waits, at the latest; the longest first.
    pub(super) waiting: Vec<(Moment, Waiting)>,
    /// How many wait in all.
    pub(super) count: u32,
    /// How many may, at one listener.
    pub(super) backlog: u32,
}

impl AcceptQueue {
    /// Those of the listeners on these addresses.
    pub(super) fn of(addresses: Vec<SocketAddr>) -> Self {
        let (looked, seen, found) = Default::default();
        Self { table: SocketTable::open().ok(), addresses, looked, seen, found }
    }

    /// What waits now, give or take 200 ms.
    pub(super) fn look(&mut self, now: Instant) -> Arc<QueueContents> {
        if self.looked.is_none_or(|looked| now.saturating_duration_since(looked) >= EVERY) {
            self.looked = Some(now);
            let found = self.find();
            if found != *self.found {
                self.found = Arc::new(found);
            }
        }
        Arc::clone(&self.found)
    }

    fn find(&mut self) -> QueueContents {
        let queues = self.queues();
        let count = queues.iter().map(|queue| queue.waiting).sum();
        let backlog = queues.iter().map(|queue| queue.backlog).max().unwrap_or(0);
        // Where nobody waits, the table of connections, which may be long, is let alone.
        let mut waiting = if count == 0 { Vec::new() } else { self.waiting() };
        let now = Moment::now();
        self.seen.retain(|client, _| waiting.iter().any(|waiting| waiting.client == *client));
        waiting.truncate(MOST);
        let mut waiting: Vec<(Moment, Waiting)> =
            waiting.into_iter().map(|waiting| (*self.seen.entry(waiting.client).or_insert(now), waiting)).collect();
        waiting.sort_by_key(|(since, waiting)| (*since, waiting.client));
        QueueContents { waiting, count, backlog }
    }

    fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.addresses.iter().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    fn queues(&self) -> Vec<Queue> {
        let Some(table) = &self.table else { return Vec::new() };
        let ask = |port| table.queues(port).unwrap_or_default();
        self.ports().into_iter().flat_map(ask).filter(|queue| self.is_ours(queue.address)).collect()
    }

    fn waiting(&self) -> Vec<Waiting> {
        let Some(table) = &self.table else { return Vec::new() };
        let ask = |port| table.waiting(port).unwrap_or_default();
        self.ports().into_iter().flat_map(ask).filter(|waiting| self.is_ours(waiting.server)).collect()
    }

    fn is_ours(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.addresses
            .iter()
            .any(|own| own.port() == address.port() && (own.ip().is_unspecified() || own.ip().to_canonical() == ip))
    }
}
