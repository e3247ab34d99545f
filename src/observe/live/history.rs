//! The latest connections, within bounds, and in which order they changed.

use crate::record::connection::{Exchange, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections whose refusal is remembered, so that each is counted once.
const REFUSALS: usize = 4096;

/// What a record takes beside what is counted, in bytes: its own fields, and
/// those of an exchange with the texts of its figures.
const RECORD: usize = 2048;
const EXCHANGE: usize = 1024;
const SEGMENT: usize = 400;

/// A record, by its connection and its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64, u32);

impl Key {
    /// That of `record`.
    pub(super) fn of(record: &Record) -> Self {
        Self(record.connection, record.part)
    }

    /// All that may be parts of its connection.
    pub(super) fn parts(self) -> RangeInclusive<Self> {
        Self(self.0, 0)..=Self(self.0, u32::MAX)
    }
}

#[derive(Debug)]
struct Kept {
    record: Arc<Record>,
    /// The number of its latest change.
    changed: u64,
    bytes: usize,
}

/// The records that are kept.
#[derive(Debug)]
pub(super) struct History {
    kept: BTreeMap<Key, Kept>,
    /// The latest change of each, by its number.
    changes: BTreeMap<u64, Key>,
    last_change: u64,
    bytes: usize,
    admission: Admission,
    admitted: u64,
    refused: BTreeSet<u64>,
    refused_and_forgotten: u64,
    most_connections: usize,
    most_bytes: usize,
}

impl History {
    pub(super) fn new(connections: usize, bytes: usize, admitted_per_second: u32) -> Self {
        Self {
            kept: BTreeMap::new(),
            changes: BTreeMap::new(),
            last_change: 0,
            bytes: 0,
            admission: Admission::new(admitted_per_second),
            admitted: 0,
            refused: BTreeSet::new(),
            refused_and_forgotten: 0,
            most_connections: connections,
            most_bytes: bytes,
        }
    }

    pub(super) fn is_kept(&self, key: Key) -> bool {
        self.kept.contains_key(&key)
    }

    pub(super) fn record(&self, key: Key) -> Option<Arc<Record>> {
        self.kept.get(&key).map(|kept| Arc::clone(&kept.record))
    }

    /// This part of a connection's record, or its latest one.
    pub(super) fn part(&self, connection: u64, part: Option<u32>) -> Option<Arc<Record>> {
        let parts = self.kept.range(Key(connection, part.unwrap_or(0))..=Key(connection, part.unwrap_or(u32::MAX)));
        parts.map(|(_, kept)| Arc::clone(&kept.record)).next_back()
    }

    pub(super) fn of_client(&self, client: SocketAddr) -> Option<Arc<Record>> {
        let is_same = |other: SocketAddr| {
            other.port() == client.port() && other.ip().to_canonical() == client.ip().to_canonical()
        };
        self.kept
            .values()
            .rev()
            .find(|kept| kept.record.client.address().is_some_and(is_same))
            .map(|kept| Arc::clone(&kept.record))
    }

    /// The oldest first.
    pub(super) fn records(&self) -> impl DoubleEndedIterator<Item = Arc<Record>> {
        self.kept.values().map(|kept| Arc::clone(&kept.record))
    }

    /// The number of the latest change.
    pub(super) fn last_change(&self) -> u64 {
        self.last_change
    }

    /// The records that changed after this change.
    pub(super) fn changed_since(&self, change: u64) -> impl Iterator<Item = Key> {
        self.changes.range(change + 1..).map(|(_, &key)| key)
    }

    /// Connections that were taken in so far.
    pub(super) fn admitted(&self) -> u64 {
        self.admitted
    }

    /// Connections that were not, because there were too many at once.
    pub(super) fn refused(&self) -> u64 {
        self.refused_and_forgotten + self.refused.len() as u64
    }

    /// Keeps this record as it is, in the place of an earlier one of its
    /// connection; a connection that is new has to be admitted first.
    pub(super) fn replace(&mut self, record: &Record, now: Instant) {
        if !self.is_kept(Key::of(record)) && !self.admit(Key::of(record), now) {
            return;
        }
        self.keep(Arc::new(record.clone()));
        self.make_room();
    }

    /// Takes over what changed of a keep-alive connection: its last exchanges.
    pub(super) fn update(&mut self, record: &Record) {
        if let Some(mut known) = self.take(Key::of(record)) {
            // In place, unless a stream is telling it right now.
            bring_up_to_date(Arc::make_mut(&mut known), record);
            self.keep(known);
            self.make_room();
        }
    }

    /// Whether a record is taken in. A further part counts where none before it was.
    fn admit(&mut self, Key(connection, part): Key, now: Instant) -> bool {
        if self.admission.admits(now) {
            let was_refused = self.refused.remove(&connection);
            self.admitted += u64::from(part == 1 || was_refused);
            return true;
        }
        if part == 1 {
            self.refused.insert(connection);
        }
        if self.refused.len() > REFUSALS {
            self.refused.pop_first();
            self.refused_and_forgotten += 1;
        }
        false
    }

    fn keep(&mut self, record: Arc<Record>) {
        let key = Key::of(&record);
        self.take(key);
        self.last_change += 1;
        let bytes = bytes(&record);
        self.kept.insert(key, Kept { record, changed: self.last_change, bytes });
        self.changes.insert(self.last_change, key);
        self.bytes += bytes;
    }

    fn take(&mut self, key: Key) -> Option<Arc<Record>> {
        let kept = self.kept.remove(&key)?;
        self.changes.remove(&kept.changed);
        self.bytes -= kept.bytes;
        Some(kept.record)
    }

    /// Forgets the oldest: closed ones first, for the open ones may change yet.
    fn make_room(&mut self) {
        while self.kept.len() > self.most_connections || (self.bytes > self.most_bytes && self.kept.len() > 1) {
            let closed = self.kept.iter().find(|(_, kept)| kept.record.close.is_some() || kept.record.continues);
            let Some((&oldest, _)) = closed.or_else(|| self.kept.iter().next()) else { return };
            self.take(oldest);
        }
    }
}

/// Makes `known` equal to `record`, of the same connection and later. The last
/// two exchanges may have changed; of earlier ones it is known when, at most.
fn bring_up_to_date(known: &mut Record, record: &Record) {
    let settled = known.exchanges.len().saturating_sub(2);
    let is_longer = record.exchanges.len() >= known.exchanges.len();
    let begins_alike = known.exchanges.first().map(number) == record.exchanges.first().map(number);
    if !is_longer || !(settled == 0 || begins_alike) {
        *known = record.clone();
        return;
    }
    known.exchanges.truncate(settled);
    for (known, exchange) in known.exchanges.iter_mut().zip(&record.exchanges) {
        if known.stages != exchange.stages {
            known.stages = exchange.stages.clone();
        }
    }
    known.exchanges.extend_from_slice(&record.exchanges[settled..]);
    known.exchanges_left_out = record.exchanges_left_out;
    if known.handshake != record.handshake {
        known.handshake = record.handshake.clone();
    }
    known.close.clone_from(&record.close);
    known.segments.clone_from(&record.segments);
}

fn number(exchange: &Exchange) -> u64 {
    exchange.number
}

/// About as many bytes as the record takes.
fn bytes(record: &Record) -> usize {
    let heads = |exchange: &Exchange| EXCHANGE + exchange.request.head.len() + exchange.response.head.len();
    let segments = record.segments.iter().flat_map(|segments| &segments.list);
    let frames = segments.map(|segment| SEGMENT + segment.frame.as_ref().map_or(0, |frame| frame.bytes.len()));
    RECORD + record.exchanges.iter().map(heads).sum::<usize>() + frames.sum::<usize>()
}

/// An allowance for each second, and no more: what is not used within a second is lost.
#[derive(Debug)]
pub(super) struct Admission {
    per_second: u32,
    left: u32,
    since: Option<Instant>,
}

impl Admission {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, left: per_second, since: None }
    }

    pub(super) fn admits(&mut self, now: Instant) -> bool {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= Duration::from_secs(1)) {
            (self.since, self.left) = (Some(now), self.per_second);
        }
        let is_admitted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_admitted
    }
}
