//! What happens on the wire, while it happens, for the page that shows it. The wire
//! and the ends never wait for that page: what finds no room is counted.

use crate::language::sentence::Sentence;
use crate::packet::Direction;
use crate::packet::link::Fate;
use crate::packet::rule::Conditions;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Moments that may wait to be shown.
const WAITING: usize = 4096;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// 10.0.0.1
    Client,
    /// 10.0.0.2
    Server,
}

/// What a program did: a call and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotedCall {
    pub(super) at: Instant,
    pub(super) side: Side,
    /// `recv() 18`, `connect() ECONNREFUSED`: the call's name, and its result;
    /// or what happened, in both languages.
    pub(super) text: Sentence,
}

/// A frame, from its departure to its arrival.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub(super) direction: Direction,
    pub(super) frame: Vec<u8>,
    pub(super) sent: Instant,
    pub(super) arrived: Option<Instant>,
    /// Where it was doubled: when the second one arrived.
    pub(super) copy_arrived: Option<Instant>,
    pub(super) fate: Fate,
    /// Where a person is the wire: when it was decided what becomes of it.
    pub(super) decided: Option<Instant>,
}

/// Something that happened.
#[derive(Debug)]
pub(super) enum Moment {
    /// An act begins, from 0; or begins again, for the wire was late.
    Act { index: usize, conditions: Conditions },
    /// A frame left its sender.
    Left { number: u64, passage: Box<Passage> },
    /// It was decided what becomes of one that waited.
    Decided { number: u64, at: Instant, fate: Fate },
    /// A frame, or its copy, arrived.
    Arrived { number: u64, at: Instant, is_copy: bool },
    /// A program came back from a call, or began one.
    Called(NotedCall),
    /// It is over.
    End,
}

/// Where moments go.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    sender: SyncSender<Moment>,
    missed: Arc<AtomicU64>,
}

impl Feed {
    /// A feed, and where its moments come out.
    pub(super) fn new() -> (Self, Receiver<Moment>) {
        let (sender, receiver) = sync_channel(WAITING);
        (Self { sender, missed: Arc::default() }, receiver)
    }

    pub(super) fn show(&self, moment: Moment) {
        if self.sender.try_send(moment).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The last moment: it waits for its turn. How many were not shown.
    pub(super) fn end(&self) -> u64 {
        // Where nobody looks on any more, nobody misses it.
        let _ = self.sender.send(Moment::End);
        self.missed.load(Ordering::Relaxed)
    }
}
