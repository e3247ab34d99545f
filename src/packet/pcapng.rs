//! A capture file as Wireshark reads it (draft-ietf-opsawg-pcapng): blocks are
//! appended to bytes, little-endian, times in nanoseconds.

use std::net::IpAddr;

/// What frames of an interface begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkType {
    /// An Ethernet header; loopback on Linux has one, too.
    Ethernet,
    /// The IP header.
    Ip,
}

impl LinkType {
    fn number(self) -> u16 {
        match self {
            Self::Ethernet => 1,
            Self::Ip => 101,
        }
    }
}

/// A frame, and what is said of it.
///
/// Exhaustive on purpose: who writes a frame says all of this.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Its interface, by the order in which they were described, from 0.
    pub interface: u32,
    /// When it was seen: nanoseconds since 1970.
    pub at: u64,
    /// How long it was.
    pub length: u32,
    /// Its bytes, or the first of them.
    pub bytes: &'a [u8],
    /// Whether it came in, if that is known.
    pub is_inbound: Option<bool>,
    /// Sentences about it.
    pub comments: &'a [String],
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
const PACKET: u32 = 6;

/// Options of every block.
const COMMENT: u16 = 1;
/// The longest option that is written, in bytes; longer comments are cut.
const LONGEST: usize = 65_532;

/// Appends the file's beginning: who wrote it, and what it is about.
pub fn begin(out: &mut Vec<u8>, application: &str, comments: &[String]) {
    block(out, SECTION, |out| {
        out.extend(0x1a2b_3c4d_u32.to_le_bytes());
        out.extend(1_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend((-1_i64).to_le_bytes()); // the section's length is not known yet
        option(out, 4, application.as_bytes());
        comments.iter().for_each(|comment| option(out, COMMENT, comment.as_bytes()));
        end_of_options(out);
    });
}

/// Appends an interface; frames name it by its place in the order, from 0.
/// `snap_length`: how much of a frame is captured at most, 0 for all.
pub fn interface(out: &mut Vec<u8>, link: LinkType, name: &str, description: &str, snap_length: u32) {
    block(out, INTERFACE, |out| {
        out.extend(link.number().to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend(snap_length.to_le_bytes());
        option(out, 2, name.as_bytes());
        option(out, 3, description.as_bytes());
        option(out, 9, &[9]); // times in 10⁻⁹ s
        end_of_options(out);
    });
}

/// Appends what addresses are called.
pub fn names(out: &mut Vec<u8>, names: &[(IpAddr, &str)]) {
    block(out, NAMES, |out| {
        for (address, name) in names {
            let (kind, mut record) = match address {
                IpAddr::V4(address) => (1, address.octets().to_vec()),
                IpAddr::V6(address) => (2, address.octets().to_vec()),
            };
            record.extend(name.bytes().filter(|byte| *byte != 0).take(255));
            record.push(0);
            option(out, kind, &record);
        }
        end_of_options(out);
    });
}

/// Appends a frame.
pub fn frame(out: &mut Vec<u8>, frame: &Frame<'_>) {
    block(out, PACKET, |out| {
        let captured = frame.bytes.len() as u32; // frames are shorter than 4 GiB
        out.extend(frame.interface.to_le_bytes());
        out.extend(((frame.at >> 32) as u32).to_le_bytes());
        out.extend((frame.at as u32).to_le_bytes());
        out.extend(captured.to_le_bytes());
        out.extend(frame.length.max(captured).to_le_bytes());
        out.extend(frame.bytes);
        pad(out, frame.bytes.len());
        if let Some(is_inbound) = frame.is_inbound {
            option(out, 2, &(if is_inbound { 1_u32 } else { 2 }).to_le_bytes());
        }
        frame.comments.iter().for_each(|comment| option(out, COMMENT, comment.as_bytes()));
        end_of_options(out);
    });
}

/// Appends how many frames an interface saw, and how many of them were lost by `at`.
pub fn statistics(out: &mut Vec<u8>, interface: u32, at: u64, received: u64, dropped: u64) {
    block(out, STATISTICS, |out| {
        out.extend(interface.to_le_bytes());
        out.extend(((at >> 32) as u32).to_le_bytes());
        out.extend((at as u32).to_le_bytes());
        option(out, 4, &received.to_le_bytes());
        option(out, 5, &dropped.to_le_bytes());
        end_of_options(out);
    });
}

/// Appends a block: its type, its length before and behind.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    body(out);
    let length = (out.len() - start + 4) as u32;
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    out.extend(length.to_le_bytes());
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = shortened(value);
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
    pad(out, value.len());
}

/// What an option can hold, cut between two characters of UTF-8.
fn shortened(value: &[u8]) -> &[u8] {
    if value.len() <= LONGEST {
        return value;
    }
    let is_inside = |at: usize| value.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (0..=LONGEST).rev().find(|at| !is_inside(*at)).unwrap_or(0);
    value.get(..end).unwrap_or_default()
}

fn end_of_options(out: &mut Vec<u8>) {
    out.extend([0; 4]);
}

fn pad(out: &mut Vec<u8>, length: usize) {
    out.extend(std::iter::repeat_n(0, length.next_multiple_of(4) - length));
}
