//! The captured packets as a file for Wireshark, on standard output or wherever it is to go.

use crate::language::Language;
use crate::packet::Direction;
use crate::packet::pcapng::{self, LinkType};
use crate::packet::tracker::Seen;
use crate::record::Moment;
use crate::story::facts;
use crate::sys::packet_socket::Frame;
use std::collections::HashMap;
use std::fmt;
use std::io::Write;

/// ARPHRD_ETHER and ARPHRD_LOOPBACK.
const ETHERNET: [u16; 2] = [1, 772];

/// What frames of an interface of this kind begin with.
pub(super) fn link_type(hardware: u16) -> LinkType {
    if ETHERNET.contains(&hardware) { LinkType::Ethernet } else { LinkType::Ip }
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
}

impl fmt::Debug for PcapngLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcapngLog").field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl PcapngLog {
    /// A file on `out`, whose comments are in `language`; its beginning is written at once.
    pub fn new(out: Box<dyn Write + Send>, language: Language) -> Self {
        let (interfaces, bytes) = Default::default();
        let mut log = Self { out: Some(out), language, bytes, interfaces, frames: 0, last: 0 };
        let application = concat!("glasshttp ", env!("CARGO_PKG_VERSION"));
        pcapng::begin(&mut log.bytes, application, &[facts::vantage(language).to_owned()]);
        log.write();
        log
    }

    /// Adds a frame, and what it is.
    pub(super) fn take(
        &mut self,
        frame: &Frame<'_>,
        direction: Direction,
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
        let described = pcapng::Frame {
            interface,
            at: frame.at,
            length: frame.length,
            bytes: frame.bytes,
            is_inbound: Some(direction == Direction::ToServer),
            comments: &comments,
        };
        pcapng::frame(&mut self.bytes, &described);
        (self.frames, self.last) = (self.frames + 1, frame.at);
    }

    /// Writes what was added; a reader that is too slow makes the ring fill.
    pub(super) fn write(&mut self) {
        if let Some(out) = self.out.as_mut().filter(|_| !self.bytes.is_empty())
            && out.write_all(&self.bytes).and_then(|()| out.flush()).is_err()
        {
            self.out = None; // nobody reads any more
        }
        self.bytes.clear();
    }

    /// Ends the file with what was counted: `lost` frames found no room.
    pub(super) fn finish(&mut self, lost: u64) {
        let at = if self.last == 0 { Moment::now().0 } else { self.last };
        if !self.interfaces.is_empty() {
            pcapng::statistics(&mut self.bytes, 0, at, self.frames + lost, lost);
        }
        self.write();
    }
}
