//! The captured packets as a file for Wireshark, on standard output or wherever it is to go.

use super::flows::{Pair, link_type};
use crate::language::Language;
use crate::packet::Direction;
use crate::packet::pcapng;
use crate::packet::segment::Tcp;
use crate::packet::tracker::Seen;
use crate::record::{End, Moment};
use crate::story::calls::{Call, Passed};
use crate::story::facts;
use crate::sys::packet_socket::Frame;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::Write;

/// For how long a frame is held back, in nanoseconds: by then what the server did about it has
/// usually been reported.
const HELD_BACK: u64 = 500_000_000;
/// How many bytes of frames are held back at most.
const MOST_HELD: usize = 8 << 20;
/// Connections whose calls wait for a frame, and calls of each.
const MOST_WAITING: usize = 4_096;
const MOST_CALLS: usize = 64;

/// Calls of one connection, which was accepted at this moment.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) pair: Pair,
    pub(super) accepted: Moment,
    pub(super) calls: Vec<Call>,
}

/// A frame that is not written yet.
struct Held {
    pair: Pair,
    passed: Passed,
    /// Its interface, by the place in the file.
    interface: u32,
    at: u64,
    length: u32,
    bytes: Vec<u8>,
    comments: Vec<String>,
}

/// A log of packets.
pub struct PcapngLog {
    /// `None` once nobody takes any more.
    out: Option<Box<dyn Write + Send>>,
    language: Language,
    /// What is to be written.
    bytes: Vec<u8>,
    /// The interfaces that were described, by their indexes: their places in the file.
    interfaces: HashMap<u32, u32>,
    frames: u64,
    last: u64,
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Of each connection that has some, which of them are its: their numbers, counted from the first of all.
    by_pair: HashMap<Pair, VecDeque<u64>>,
    /// How many were written.
    written: u64,
    /// Calls that came when no frame of theirs was held: they go to the next one.
    waiting: HashMap<Pair, Vec<(Moment, Call)>>,
    /// Frames that found no room, of which no comment says so yet.
    missing: u64,
}

impl fmt::Debug for PcapngLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcapngLog").field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl PcapngLog {
    /// A file on `out`, whose comments are in `language`; its beginning is written at once.
    pub fn new(out: Box<dyn Write + Send>, language: Language) -> Self {
        let (interfaces, bytes, held, by_pair, waiting) = Default::default();
        let (frames, last, held_bytes, written, missing) = Default::default();
        let out = Some(out);
        let mut log = Self {
            out,
            language,
            bytes,
            interfaces,
            frames,
            last,
            held,
            held_bytes,
            by_pair,
            written,
            waiting,
            missing,
        };
        let application = concat!("glasshttp ", env!("CARGO_PKG_VERSION"));
        pcapng::begin(&mut log.bytes, application, &[facts::vantage(language).to_owned()]);
        log.write(Moment::now());
        log
    }

    /// Adds a frame, and what it is.
    pub(super) fn take(
        &mut self,
        (frame, tcp): (&Frame<'_>, &Tcp),
        (pair, direction): (Pair, Direction),
        seen: Option<&Seen>,
        name: impl FnOnce() -> String,
    ) {
        let next = self.interfaces.len() as u32;
        let is_first = !self.interfaces.contains_key(&frame.interface);
        let interface = *self.interfaces.entry(frame.interface).or_insert_with(|| {
            pcapng::interface(&mut self.bytes, link_type(frame.hardware), &name(), "", 0);
            next
        });
        let mut comments: Vec<String> = Vec::new();
        if self.missing > 0 {
            comments.push(facts::missing(std::mem::take(&mut self.missing), self.language));
        }
        if let Some(size) = frame.cut_into.filter(|size| frame.length > u32::from(*size) + 120) {
            comments.push(facts::cut(frame.length, size, frame.is_outgoing || frame.is_checksum_open, self.language));
        }
        if frame.is_checksum_open && is_first {
            comments.push(facts::checksum(self.language).to_owned());
        }
        let said = seen.iter().flat_map(|seen| &seen.facts).map(|fact| facts::sentence(fact, self.language));
        comments.extend(said);
        for (accepted, call) in self.waiting.remove(&pair).into_iter().flatten() {
            let at = Moment(frame.at).since(accepted);
            comments.extend(at.map(|at| call.comment(at, self.language)));
        }
        let passed = Passed {
            at: 0, // counted from each accept
            from: if direction == Direction::ToServer { End::Client } else { End::Server },
            has_data: tcp.length > 0,
            is_end: tcp.flags.fin || tcp.flags.rst,
        };
        let (at, length, bytes) = (frame.at, frame.length, frame.bytes.to_vec());
        self.held_bytes += bytes.len();
        self.by_pair.entry(pair).or_default().push_back(self.written + self.held.len() as u64);
        self.held.push_back(Held { pair, passed, interface, at, length, bytes, comments });
        (self.frames, self.last) = (self.frames + 1, frame.at);
    }

    /// This number of frames found no room, at about where the file has come to.
    pub(super) fn miss(&mut self, frames: u32) {
        self.missing += u64::from(frames);
    }

    /// Each call is said of the frame that it belongs to, of those that are held.
    pub(super) fn hear(&mut self, Calls { pair, accepted, calls }: Calls) {
        let numbers = self.by_pair.get(&pair);
        let places: Vec<usize> = numbers.into_iter().flatten().map(|number| (number - self.written) as usize).collect();
        let since = |held: &Held| Moment(held.at).since(accepted).unwrap_or_default();
        let passed: Vec<Passed> =
            places.iter().map(|place| Passed { at: since(&self.held[*place]), ..self.held[*place].passed }).collect();
        for call in calls {
            match call.place(&passed) {
                Some(index) => {
                    let comment = call.comment(passed[index].at, self.language);
                    self.held[places[index]].comments.push(comment);
                }
                None => self.wait(pair, accepted, call),
            }
        }
    }

    fn wait(&mut self, pair: Pair, accepted: Moment, call: Call) {
        if self.waiting.len() >= MOST_WAITING && !self.waiting.contains_key(&pair) {
            self.waiting.clear(); // mostly of connections that have ended
        }
        let calls = self.waiting.entry(pair).or_default();
        if calls.len() < MOST_CALLS {
            calls.push((accepted, call));
        }
    }

    /// Whether something is held back.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Writes what was held back for long enough by `now`; a reader that is too slow makes the ring fill.
    pub(super) fn write(&mut self, now: Moment) {
        while self
            .held
            .front()
            .is_some_and(|held| self.held_bytes > MOST_HELD || now.0.saturating_sub(held.at) >= HELD_BACK)
        {
            self.let_go();
        }
        if let Some(out) = self.out.as_mut().filter(|_| !self.bytes.is_empty())
            && out.write_all(&self.bytes).and_then(|()| out.flush()).is_err()
        {
            self.out = None; // nobody reads any more
        }
        self.bytes.clear();
    }

    fn let_go(&mut self) {
        let Some(held) = self.held.pop_front() else { return };
        self.written += 1;
        self.held_bytes -= held.bytes.len();
        if let Some(numbers) = self.by_pair.get_mut(&held.pair) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.by_pair.remove(&held.pair);
            }
        }
        let frame = pcapng::Frame {
            interface: held.interface,
            at: held.at,
            length: held.length,
            bytes: &held.bytes,
            is_inbound: Some(held.passed.from == End::Client),
            comments: &held.comments,
        };
        pcapng::frame(&mut self.bytes, &frame);
    }

    /// Ends the file with what was counted: `lost` frames found no room.
    pub(super) fn finish(&mut self, lost: u64) {
        while self.is_holding() {
            self.let_go();
        }
        let at = if self.last == 0 { Moment::now().0 } else { self.last };
        if !self.interfaces.is_empty() {
            pcapng::statistics(&mut self.bytes, 0, at, self.frames + lost, lost);
        }
        self.write(Moment::now());
    }
}
