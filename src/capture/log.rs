//! The captured packets as a file for Wireshark, on standard output or wherever it is to go.

use super::flows::{Pair, link_type};
use crate::language::Language;
use crate::outlet::Outlet;
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
/// How many bytes of frames are held back at most, and while there is no room for them.
const MOST_HELD: usize = 8 << 20;
/// How many bytes of the file gather before they are written.
const MOST_GATHERED: usize = 256 << 10;
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
    /// Frames right before it that the file lacks.
    missing: u64,
}

/// What of a capture file could not be written when it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwritten {
    /// Frames that the file lacks, though they were read.
    pub frames: u64,
    /// Whether it is cut: it lacks its end, and with it the number of the frames that it lacks.
    pub is_cut: bool,
}

/// A log of packets.
pub struct PcapngLog {
    out: Outlet<Box<dyn Write + Send>>,
    language: Language,
    /// What is to be written: it begins in the middle of a block, where no more was taken.
    bytes: Vec<u8>,
    /// Where the frames end in it.
    ends: VecDeque<usize>,
    /// The interfaces that were described, by their indexes: their places in the file.
    interfaces: HashMap<u32, u32>,
    frames: u64,
    last: u64,
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Of each connection that has some, which of them are its: their numbers, counted from the first of all.
    by_pair: HashMap<Pair, VecDeque<u64>>,
    /// How many are held no longer: written, or dropped.
    let_go: u64,
    /// How many of them were dropped, because nothing took them.
    dropped: u64,
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
        let (interfaces, bytes, ends, held, by_pair, waiting) = Default::default();
        let (frames, last, held_bytes, let_go, dropped, missing) = Default::default();
        let mut log = Self {
            out: Outlet::to(out),
            language,
            bytes,
            ends,
            interfaces,
            frames,
            last,
            held,
            held_bytes,
            by_pair,
            let_go,
            dropped,
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
        self.by_pair.entry(pair).or_default().push_back(self.let_go + self.held.len() as u64);
        let missing = std::mem::take(&mut self.missing);
        self.held.push_back(Held { pair, passed, interface, at, length, bytes, comments, missing });
        (self.frames, self.last) = (self.frames + 1, frame.at);
    }

    /// This number of frames found no room, at about where the file has come to.
    pub(super) fn miss(&mut self, frames: u32) {
        self.missing += u64::from(frames);
    }

    /// Each call is said of the frame that it belongs to, of those that are held.
    pub(super) fn hear(&mut self, Calls { pair, accepted, calls }: Calls) {
        let numbers = self.by_pair.get(&pair);
        let places: Vec<usize> = numbers.into_iter().flatten().map(|number| (number - self.let_go) as usize).collect();
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

    /// Whether something is held back, or waits for room.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty() || !self.bytes.is_empty()
    }

    /// Writes what was held back for long enough by `now`; a reader that is too slow makes the ring fill.
    pub(super) fn write(&mut self, now: Moment) {
        self.pass_on(MOST_HELD, |held| now.0.saturating_sub(held.at) >= HELD_BACK);
    }

    /// Writes what is due, and what is more than `most` bytes; drops of it what finds no room.
    fn pass_on(&mut self, most: usize, is_due: impl Fn(&Held) -> bool) {
        while let Some(first) = self.held.front() {
            let is_too_much = self.held_bytes > most;
            if !is_too_much && !is_due(first) {
                break;
            }
            if self.bytes.len() >= MOST_GATHERED {
                self.send();
            }
            if self.bytes.len() < MOST_GATHERED {
                self.append_first();
            } else if is_too_much {
                self.drop_first();
            } else {
                break;
            }
        }
        self.send();
    }

    /// Writes what gathered, as far as it is taken.
    fn send(&mut self) {
        let written = self.out.write(&self.bytes);
        self.out.flush();
        if self.out.is_gone() {
            self.bytes.clear();
            self.ends.clear();
            return;
        }
        self.bytes.drain(..written);
        self.ends.retain(|end| *end > written);
        self.ends.iter_mut().for_each(|end| *end -= written);
    }

    fn append_first(&mut self) {
        let Some(mut held) = self.let_first_go() else { return };
        if held.missing > 0 {
            held.comments.insert(0, facts::missing(held.missing, self.language));
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
        self.ends.push_back(self.bytes.len());
    }

    /// Where there is room again, the frame behind it says that it is missing.
    fn drop_first(&mut self) {
        let Some(dropped) = self.let_first_go() else { return };
        self.dropped += 1;
        let missing = self.held.front_mut().map_or(&mut self.missing, |next| &mut next.missing);
        *missing += dropped.missing + 1;
    }

    fn let_first_go(&mut self) -> Option<Held> {
        let held = self.held.pop_front()?;
        self.let_go += 1;
        self.held_bytes -= held.bytes.len();
        if let Some(numbers) = self.by_pair.get_mut(&held.pair) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.by_pair.remove(&held.pair);
            }
        }
        Some(held)
    }

    /// Ends the file with what was counted: `lost` frames were never read.
    pub(super) fn finish(&mut self, lost: u64) -> Unwritten {
        self.pass_on(0, |_| true);
        let at = if self.last == 0 { Moment::now().0 } else { self.last };
        // Behind a block that is cut nothing can stand.
        if self.bytes.is_empty() && !self.interfaces.is_empty() {
            let lacking = lost + self.dropped;
            pcapng::statistics(&mut self.bytes, 0, at, self.frames + lost, lacking);
            self.send();
        }
        let frames = if self.out.is_gone() { 0 } else { self.dropped + self.ends.len() as u64 };
        Unwritten { frames, is_cut: !self.bytes.is_empty() }
    }
}

#[cfg(test)]
mod tests;
