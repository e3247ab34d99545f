//! Files made ready, kept for the next request by one event loop.
//!
//! An entry serves only while a stat(2) finds the very file that it was made
//! from. A file that changed a moment ago may change again: it is looked at in
//! each turn of the event loop, and what a turn responds to had arrived before it
//! began, so a change is served with the next request. A file at rest that is
//! kept whole is looked at ten times a second: its first change after a rest is
//! served 100 ms later at most, and until then the old one, head and body. Of a
//! file that is only kept open the body would be new already. Entries are made
//! anew after a second in any case, so that a new neighbour or another
//! `404.html` is seen by then.
//!
//! ```text
//!   since the last look     is served without another one
//!   0        this turn      every file that was looked at in it
//!   10 ms    ABSENT         the 404 of the path that was last found to lead nowhere
//!   100 ms   UNSEEN         a file at rest that is kept whole; the root at its path
//!   1 s      FRESH          nothing: what was made then is made anew
//!
//!   nothing asked for:  the last entry's second is over ─▶ all of it goes, the root too ─▶ no beat
//! ```
//!
//! So another folder at the root's path is served a good second later at most,
//! and what may no longer be used is closed by then: deleted files free their
//! space, and a file system can be unmounted. The beat that does this is armed
//! only while something is kept.

use super::mounts::{Mounts, SlowMounts};
use super::place::Place;
use super::prepared::{Hashed, Prepared, is_at_rest};
use super::root::{Identity, Refusal, Root};
use super::version::Version;
use crate::handler::{Body, Response};
use crate::http::date::HttpDate;
use crate::http::message::{HeaderBlock, Request, StatusCode};
use bytes::Bytes;
use rustix::fs::Stat;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How long an entry may be used.
const FRESH: Duration = Duration::from_secs(1);
/// How long nothing is taken to lie where nothing was found.
const ABSENT: Duration = Duration::from_millis(10);
/// How long a file at rest, and the root, is taken to be what it was when it was looked at.
const UNSEEN: Duration = Duration::from_millis(100);
/// How often at most all entries are looked through for those that must go.
const BETWEEN_SWEEPS: Duration = Duration::from_millis(250);

/// Prepared files by the path that was asked for.
#[derive(Debug)]
pub(super) struct Cache {
    mounts: Mounts,
    /// The root that every entry was found beneath; none while nothing is kept.
    root: Option<KeptRoot>,
    entries: HashMap<Box<str>, KeptFile>,
    bytes: usize,
    most_bytes: usize,
    open: usize,
    most_open: usize,
    looked_through: Instant,
    /// When something that is kept has outlived its time.
    sweep_at: Option<Instant>,
    turn: u64,
    /// When the turn began.
    now: Instant,
    /// The bytes of the last entry that may no longer be used: its file is about to be read anew.
    outlived: Option<Hashed>,
    /// The path that was last found to lead nowhere, and until when that holds.
    missing: (String, Instant),
    /// What is said of files that are not there, and until when.
    not_found: Option<(HeaderBlock, Bytes, Instant)>,
}

/// An open root, and when it was last compared with what lies at its path.
#[derive(Debug)]
struct KeptRoot {
    root: Root,
    identity: Option<Identity>,
    compared: Instant,
    /// Whether it is known to be within reach of the sandbox.
    is_in_reach: bool,
}

#[derive(Debug)]
struct KeptFile {
    name: Vec<u8>,
    version: Version,
    prepared: Prepared,
    /// Whether its file is at rest, and kept whole.
    rests: bool,
    /// In which turn it was last found to be current.
    turn: u64,
    /// Until when it is taken to be, if it rests.
    rests_until: Instant,
    fresh_until: Instant,
}

impl Cache {
    /// A cache that holds this much memory and this many descriptors at most.
    pub(super) fn new(most_bytes: usize, most_open: usize) -> Self {
        let now = Instant::now();
        Self {
            mounts: Mounts::default(),
            root: None,
            entries: HashMap::new(),
            bytes: 0,
            most_bytes,
            open: 0,
            most_open,
            looked_through: now,
            sweep_at: None,
            turn: 1,
            now,
            outlived: None,
            missing: (String::new(), now),
            not_found: None,
        }
    }

    /// Another turn of the event loop: what may have changed is to be looked at again.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        self.turn += 1;
        self.now = now;
    }

    /// The turn is over: what has outlived its time goes. Gives when there will
    /// be more of that, if anything is kept.
    pub(super) fn end_turn(&mut self, now: Instant) -> Option<Instant> {
        if self.sweep_at.is_some_and(|at| at <= now) {
            self.now = now;
            self.sweep();
        }
        self.sweep_at
    }

    /// The mounts that may hang, if there is any. When those change, nothing that
    /// was kept may be touched without another look at where it lies.
    pub(super) fn slow_mounts(&mut self) -> Option<Arc<SlowMounts>> {
        let changed = self.mounts.look(self.now);
        if changed {
            self.clear();
        }
        self.mounts.slow()
    }

    /// The folder that lies at the root's path, by the last comparison.
    pub(super) fn root(&mut self, place: &Place) -> Result<Root, Refusal> {
        self.root_within(place, UNSEEN)
    }

    /// The same, by a comparison in this very turn: to say that something is
    /// missing in a folder that is itself no more would be wrong.
    pub(super) fn root_now(&mut self, place: &Place) -> Result<Root, Refusal> {
        self.root_within(place, Duration::ZERO)
    }

    fn root_within(&mut self, place: &Place, patience: Duration) -> Result<Root, Refusal> {
        if let Some(kept) = &mut self.root {
            if self.now - kept.compared <= patience {
                return Ok(kept.root.clone());
            }
            if place.leads_to(kept.identity) {
                kept.compared = self.now;
                return Ok(kept.root.clone());
            }
        }
        self.clear();
        let root = place.find()?.within(place.reach(self.mounts.slow().as_deref()));
        let identity = root.identity();
        self.root = Some(KeptRoot { identity, root: root.clone(), compared: self.now, is_in_reach: false });
        self.sweep_at = Some(self.now + FRESH);
        Ok(root)
    }

    /// Whether the folder that lies at the root's path is out of the sandbox's reach: asked once of each that is not.
    pub(super) fn is_root_out_of_reach(&mut self, place: &Place) -> bool {
        let Some(kept) = self.root.as_mut().filter(|kept| !kept.is_in_reach) else { return false };
        kept.is_in_reach = !place.is_out_of_reach(&kept.root);
        !kept.is_in_reach
    }

    /// The response to `request`, if what is kept for its path is still what lies there.
    pub(super) fn response(&mut self, request: &Request<'_>) -> Option<Response> {
        let path = request.target.path;
        match self.entries.get_mut(path) {
            Some(entry) => {
                if self.root.as_ref().is_some_and(|kept| entry.is_current(self.turn, self.now, &kept.root)) {
                    return Some(entry.prepared.response(request));
                }
                self.outlived = entry.prepared.hashed();
                self.remove(path);
                None
            }
            None if self.now < self.missing.1 && self.missing.0 == path => self.not_found(),
            None => None,
        }
    }

    /// What the entry held that was last found to be out of date: bytes that are still
    /// the same when they are read anew need not be hashed anew.
    pub(super) fn take_outlived(&mut self) -> Option<Hashed> {
        self.outlived.take()
    }

    /// Keeps `prepared`, made from the file `name` in this state, if a change of
    /// that will be seen, and there is room, or what has outlived its second makes some.
    pub(super) fn put(&mut self, path: &str, name: &[u8], state: Stat, prepared: Prepared) {
        self.remove(path);
        if !prepared.may_be_kept() {
            return;
        }
        let (bytes, open) = (cost(path, &prepared), usize::from(prepared.is_open()));
        if !self.has_room(bytes, open) {
            self.remove_stale();
        }
        if !self.has_room(bytes, open) {
            return;
        }
        self.bytes += bytes;
        self.open += open;
        let rests = !prepared.is_open() && is_at_rest(&state, HttpDate::from_system(SystemTime::now()));
        let entry = KeptFile {
            name: name.to_vec(),
            version: Version::of(&state),
            prepared,
            rests,
            turn: self.turn,
            rests_until: self.now + UNSEEN,
            fresh_until: self.now + FRESH,
        };
        self.entries.insert(path.into(), entry);
    }

    fn has_room(&self, bytes: usize, open: usize) -> bool {
        self.bytes + bytes <= self.most_bytes && self.open + open <= self.most_open
    }

    /// At most four times a second: it looks at all.
    fn remove_stale(&mut self) {
        if self.now - self.looked_through < BETWEEN_SWEEPS {
            return;
        }
        self.looked_through = self.now;
        self.entries.retain(|_, entry| self.now < entry.fresh_until);
        self.bytes = self.entries.iter().map(|(path, entry)| cost(path, &entry.prepared)).sum();
        self.open = self.entries.values().filter(|entry| entry.prepared.is_open()).count();
    }

    /// Lets go of all that may no longer be used; of the root, when it is alone
    /// and has not been asked for.
    fn sweep(&mut self) {
        self.remove_stale();
        let root_until = self.root.as_ref().map(|kept| kept.compared + FRESH).filter(|&until| self.now < until);
        let next = self.entries.values().map(|entry| entry.fresh_until).min().or(root_until);
        if next.is_none() {
            self.clear();
        }
        self.sweep_at = next.map(|next| next.max(self.looked_through + BETWEEN_SWEEPS));
    }

    /// Forgets all of it, and closes what is open.
    fn clear(&mut self) {
        self.root = None;
        self.entries.clear();
        (self.bytes, self.open) = (0, 0);
        self.outlived = None;
        self.missing.0.clear();
        self.not_found = None;
        self.sweep_at = None;
    }

    /// Nothing lies at `path`: for a while it need not be looked for again.
    pub(super) fn put_missing(&mut self, path: &str) {
        self.missing.0.clear();
        self.missing.0.push_str(path);
        self.missing.1 = self.now + ABSENT;
    }

    /// The response to what is not there.
    pub(super) fn not_found(&self) -> Option<Response> {
        let (headers, body, fresh_until) = self.not_found.as_ref()?;
        (self.now < *fresh_until)
            .then(|| Response::new(StatusCode::NOT_FOUND, headers.clone(), Body::Bytes(body.clone())))
    }

    /// Keeps the response to what is not there, unless it is a file too large to keep.
    pub(super) fn put_not_found(&mut self, response: &Response) {
        if let Body::Bytes(body) = &response.body {
            self.not_found = Some((response.headers.clone(), body.clone(), self.now + FRESH));
        }
    }

    fn remove(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.bytes -= cost(path, &entry.prepared);
            self.open -= usize::from(entry.prepared.is_open());
        }
    }
}

impl KeptFile {
    /// Whether it may still be used; looks at the file if the last look was too
    /// long ago. One that may not is to be removed.
    fn is_current(&mut self, turn: u64, now: Instant, root: &Root) -> bool {
        if now >= self.fresh_until || self.prepared.is_overtaken() {
            return false;
        }
        if self.turn == turn || (self.rests && now < self.rests_until) {
            return true;
        }
        (self.turn, self.rests_until) = (turn, now + UNSEEN);
        root.glance(&self.name).is_some_and(|state| Version::of(&state) == self.version)
    }
}

fn cost(path: &str, prepared: &Prepared) -> usize {
    path.len() + prepared.bytes() + 2 * size_of::<KeptFile>()
}
