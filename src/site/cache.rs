//! Files made ready, kept for the next request by one event loop.
//!
//! An entry answers only while a stat(2) finds the very file that it was made
//! from. It is made anew for each turn of the event loop, and what a turn answers
//! had arrived before it began: so a change is served with the next request. It is made anew
//! after a second in any case, so that a new neighbour, a link moved aside or
//! another `404.html` is seen by then.

use super::answer::Prepared;
use super::root::Root;
use crate::handler::{Body, Reply};
use crate::http::message::{HeaderBlock, StatusCode};
use bytes::Bytes;
use rustix::fs::Stat;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an entry may be used.
const FRESH: Duration = Duration::from_secs(1);

/// Prepared files by the path that was asked for.
#[derive(Debug)]
pub(super) struct Cache {
    entries: HashMap<Box<str>, Entry>,
    octets: usize,
    most_octets: usize,
    open: usize,
    most_open: usize,
    looked_through: Instant,
    turn: u64,
    /// What is said of files that are not there, for as long as an entry lasts.
    not_found: Option<(HeaderBlock, Bytes, Instant)>,
}

#[derive(Debug)]
struct Entry {
    name: Vec<u8>,
    state: Stat,
    prepared: Arc<Prepared>,
    made: Instant,
    /// The turn in which it was last found to be current.
    checked: u64,
}

impl Cache {
    /// A cache that holds this much memory and this many descriptors at most.
    pub(super) fn new(most_octets: usize, most_open: usize) -> Self {
        Self {
            entries: HashMap::new(),
            octets: 0,
            most_octets,
            open: 0,
            most_open,
            looked_through: Instant::now(),
            turn: 0,
            not_found: None,
        }
    }

    /// Another turn of the event loop: everything is to be looked at again.
    pub(super) fn begin_turn(&mut self) {
        self.turn += 1;
    }

    /// What answers `path`, if it is still what lies there.
    pub(super) fn get(&mut self, path: &str, root: &Root) -> Option<Arc<Prepared>> {
        let entry = self.entries.get_mut(path)?;
        if entry.checked != self.turn {
            let is_same = || root.glance(&entry.name).is_some_and(|now| is_same(&now, &entry.state));
            if entry.made.elapsed() >= FRESH || !is_same() {
                return None;
            }
            entry.checked = self.turn;
        }
        Some(Arc::clone(&entry.prepared))
    }

    /// Keeps `prepared`, made from the file `name` in this state, if there is
    /// room, or what has outlived its second makes some.
    pub(super) fn put(&mut self, path: &str, name: &[u8], state: Stat, prepared: &Arc<Prepared>) {
        self.remove(path);
        let (octets, open) = (cost(path, prepared), usize::from(prepared.is_open()));
        if !self.has_room(octets, open) {
            self.remove_stale();
        }
        if !self.has_room(octets, open) {
            return;
        }
        self.octets += octets;
        self.open += open;
        let entry = Entry {
            name: name.to_vec(),
            state,
            prepared: Arc::clone(prepared),
            made: Instant::now(),
            checked: self.turn,
        };
        self.entries.insert(path.into(), entry);
    }

    fn has_room(&self, octets: usize, open: usize) -> bool {
        self.octets + octets <= self.most_octets && self.open + open <= self.most_open
    }

    /// At most ten times a second: it looks at all.
    fn remove_stale(&mut self) {
        if self.looked_through.elapsed() < FRESH / 10 {
            return;
        }
        self.looked_through = Instant::now();
        self.entries.retain(|_, entry| entry.made.elapsed() < FRESH);
        self.octets = self.entries.iter().map(|(path, entry)| cost(path, &entry.prepared)).sum();
        self.open = self.entries.values().filter(|entry| entry.prepared.is_open()).count();
    }

    /// The answer to what is not there.
    pub(super) fn not_found(&self) -> Option<Reply> {
        let (headers, body, made) = self.not_found.as_ref()?;
        (made.elapsed() < FRESH).then(|| Reply::new(StatusCode::NOT_FOUND, headers.clone(), Body::Bytes(body.clone())))
    }

    /// Keeps the answer to what is not there, unless it is a file too large to keep.
    pub(super) fn put_not_found(&mut self, reply: &Reply) {
        if let Body::Bytes(body) = &reply.body {
            self.not_found = Some((reply.headers.clone(), body.clone(), Instant::now()));
        }
    }

    fn remove(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.octets -= cost(path, &entry.prepared);
            self.open -= usize::from(entry.prepared.is_open());
        }
    }
}

fn cost(path: &str, prepared: &Prepared) -> usize {
    path.len() + prepared.octets() + 2 * size_of::<Entry>()
}

/// The same file, unchanged: ctime tells every change of an inode.
fn is_same(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino, a.st_size, a.st_ctime, a.st_ctime_nsec)
        == (b.st_dev, b.st_ino, b.st_size, b.st_ctime, b.st_ctime_nsec)
}
