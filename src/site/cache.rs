//! Files made ready, kept for the next request by one event loop.
//!
//! An entry answers only while a stat(2), made for every request, finds the
//! very file that it was made from: a change is served at once. It is made anew
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
    /// What is said of files that are not there, for as long as an entry lasts.
    not_found: Option<(HeaderBlock, Bytes, Instant)>,
}

#[derive(Debug)]
struct Entry {
    name: Vec<u8>,
    state: Stat,
    prepared: Arc<Prepared>,
    made: Instant,
}

impl Cache {
    /// A cache that holds this much memory and this many descriptors at most.
    pub(super) fn new(most_octets: usize, most_open: usize) -> Self {
        Self { entries: HashMap::new(), octets: 0, most_octets, open: 0, most_open, not_found: None }
    }

    /// What answers `path`, if it is still what lies there.
    pub(super) fn get(&self, path: &str, root: &Root) -> Option<Arc<Prepared>> {
        let entry = self.entries.get(path)?;
        let is_current =
            entry.made.elapsed() < FRESH && root.glance(&entry.name).is_some_and(|now| is_same(&now, &entry.state));
        is_current.then(|| Arc::clone(&entry.prepared))
    }

    /// Keeps `prepared`, made from the file `name` in this state. When there is
    /// no room everything goes: nothing lasts longer than a second anyway.
    pub(super) fn put(&mut self, path: &str, name: &[u8], state: Stat, prepared: &Arc<Prepared>) {
        let octets = cost(path, prepared);
        if octets > self.most_octets / 4 {
            return;
        }
        self.remove(path);
        if self.octets + octets > self.most_octets || self.open + usize::from(prepared.is_open()) > self.most_open {
            *self = Self::new(self.most_octets, self.most_open);
        }
        if prepared.is_open() && self.most_open == 0 {
            return;
        }
        self.octets += octets;
        self.open += usize::from(prepared.is_open());
        let entry = Entry { name: name.to_vec(), state, prepared: Arc::clone(prepared), made: Instant::now() };
        self.entries.insert(path.into(), entry);
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
