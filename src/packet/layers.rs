//! A frame's headers, one in the other: each field with its value and where it
//! stands in the bytes.

use super::pcapng::LinkType;
use super::segment::{Packet, Unreadable};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// A header, or the data behind the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layer {
    /// Which.
    pub kind: LayerKind,
    /// Where it stands.
    pub range: Range<usize>,
    /// What it says, in order.
    pub fields: Vec<Field>,
}

/// Which header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the protocols' names")]
#[non_exhaustive]
pub enum LayerKind {
    Ethernet,
    Ipv4,
    Ipv6,
    Tcp,
    Data,
}

/// A field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: FieldName,
    /// Its value, as people write it.
    pub value: String,
    /// Where it stands.
    pub range: Range<usize>,
}

/// The fields' names (RFC 791, 8200, 9293).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the standards' names")]
#[non_exhaustive]
pub enum FieldName {
    DestinationMac,
    SourceMac,
    EtherType,
    Version,
    HeaderLength,
    TrafficClass,
    FlowLabel,
    TotalLength,
    PayloadLength,
    Identification,
    Fragment,
    TimeToLive,
    HopLimit,
    Protocol,
    NextHeader,
    Checksum,
    Source,
    Destination,
    Extension,
    SourcePort,
    DestinationPort,
    Sequence,
    Acknowledgment,
    DataOffset,
    Flags,
    Window,
    Urgent,
    MaximumSegmentSize,
    WindowScale,
    SackPermitted,
    Sack,
    Timestamps,
    Padding,
    OtherOption,
}

/// An Ethernet header's length.
const ETHERNET: usize = 14;

/// The layers of a TCP segment's frame that was `length` bytes long; `bytes` may be only its beginning.
///
/// # Errors
/// If it is not IP, or a header is malformed or was cut off.
pub fn layers(bytes: &[u8], length: usize, link: LinkType) -> Result<Vec<Layer>, Unreadable> {
    let packet = match link {
        LinkType::Ethernet => Packet::from_ethernet(bytes, length)?,
        LinkType::Ip => Packet::from_ip(bytes, length)?,
    };
    let mut layers = Vec::new();
    if link == LinkType::Ethernet {
        layers.push(ethernet(bytes, packet.ip_header.start));
    }
    layers.push(if packet.source.is_ipv4() { ipv4(bytes, &packet) } else { ipv6(bytes, &packet) });
    if let Some(tcp) = packet.tcp() {
        layers.push(self::tcp(bytes, packet.transport_header.clone(), tcp.flags.to_string()));
    }
    let start = packet.transport_header.end;
    if bytes.len() > start && !packet.payload.is_empty() {
        let range = start..start + packet.payload.len();
        layers.push(Layer { kind: LayerKind::Data, range, fields: Vec::new() });
    }
    Ok(layers)
}

/// Reads numbers, big-endian, where bytes that are missing are 0.
struct Reader<'a> {
    bytes: &'a [u8],
    start: usize,
    fields: Vec<Field>,
}

impl<'a> Reader<'a> {
    fn of(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, start, fields: Vec::new() }
    }

    fn number(&self, at: usize, length: usize) -> u64 {
        let bytes = self.bytes.get(self.start + at..).unwrap_or_default();
        bytes.iter().take(length).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn say(&mut self, name: FieldName, at: usize, length: usize, value: impl ToString) {
        let range = self.start + at..self.start + at + length;
        self.fields.push(Field { name, value: value.to_string(), range });
    }

    fn layer(self, kind: LayerKind, range: Range<usize>) -> Layer {
        Layer { kind, range, fields: self.fields }
    }
}

fn ethernet(bytes: &[u8], end: usize) -> Layer {
    let mut reader = Reader::of(bytes, 0);
    let mac = |reader: &Reader<'_>, at: usize| {
        (at..at + 6).map(|at| format!("{:02x}", reader.number(at, 1))).collect::<Vec<_>>().join(":")
    };
    let (destination, source) = (mac(&reader, 0), mac(&reader, 6));
    reader.say(FieldName::DestinationMac, 0, 6, destination);
    reader.say(FieldName::SourceMac, 6, 6, source);
    let kind = reader.number(12, 2);
    reader.say(FieldName::EtherType, 12, 2, format!("0x{kind:04x}"));
    reader.layer(LayerKind::Ethernet, 0..end.max(ETHERNET))
}

fn ipv4(bytes: &[u8], packet: &Packet<'_>) -> Layer {
    use FieldName::*;
    let mut reader = Reader::of(bytes, packet.ip_header.start);
    let [first, fragment] = [reader.number(0, 1), reader.number(6, 2)];
    reader.say(Version, 0, 1, first >> 4);
    reader.say(HeaderLength, 0, 1, (first & 15) * 4);
    reader.say(TrafficClass, 1, 1, format!("0x{:02x}", reader.number(1, 1)));
    reader.say(TotalLength, 2, 2, reader.number(2, 2));
    reader.say(Identification, 4, 2, format!("0x{:04x}", reader.number(4, 2)));
    let flags = [(0x4000, "DF"), (0x2000, "MF")].into_iter().filter(|(bit, _)| fragment & bit != 0);
    let flags = flags.map(|(_, name)| format!("{name}, ")).collect::<String>();
    reader.say(Fragment, 6, 2, format!("{flags}{}", (fragment & 0x1fff) * 8));
    reader.say(TimeToLive, 8, 1, reader.number(8, 1));
    reader.say(Protocol, 9, 1, reader.number(9, 1));
    reader.say(Checksum, 10, 2, format!("0x{:04x}", reader.number(10, 2)));
    reader.say(Source, 12, 4, Ipv4Addr::from(reader.number(12, 4) as u32));
    reader.say(Destination, 16, 4, Ipv4Addr::from(reader.number(16, 4) as u32));
    reader.layer(LayerKind::Ipv4, packet.ip_header.clone())
}

fn ipv6(bytes: &[u8], packet: &Packet<'_>) -> Layer {
    use FieldName::*;
    let mut reader = Reader::of(bytes, packet.ip_header.start);
    let first = reader.number(0, 4);
    let address = |reader: &Reader<'_>, at: usize| {
        Ipv6Addr::from(u128::from(reader.number(at, 8)) << 64 | u128::from(reader.number(at + 8, 8)))
    };
    let (source, destination) = (address(&reader, 8), address(&reader, 24));
    reader.say(Version, 0, 1, first >> 28);
    reader.say(TrafficClass, 0, 2, format!("0x{:02x}", first >> 20 & 0xff));
    reader.say(FlowLabel, 1, 3, format!("0x{:05x}", first & 0xf_ffff));
    reader.say(PayloadLength, 4, 2, reader.number(4, 2));
    reader.say(NextHeader, 6, 1, reader.number(6, 1));
    reader.say(HopLimit, 7, 1, reader.number(7, 1));
    reader.say(Source, 8, 16, source);
    reader.say(Destination, 24, 16, destination);
    let extensions = packet.ip_header.len().saturating_sub(40);
    if extensions > 0 {
        reader.say(Extension, 40, extensions, extensions);
    }
    reader.layer(LayerKind::Ipv6, packet.ip_header.clone())
}

fn tcp(bytes: &[u8], range: Range<usize>, flags: String) -> Layer {
    use FieldName::*;
    let mut reader = Reader::of(bytes, range.start);
    reader.say(SourcePort, 0, 2, reader.number(0, 2));
    reader.say(DestinationPort, 2, 2, reader.number(2, 2));
    reader.say(Sequence, 4, 4, reader.number(4, 4));
    reader.say(Acknowledgment, 8, 4, reader.number(8, 4));
    reader.say(DataOffset, 12, 1, (reader.number(12, 1) >> 4) * 4);
    reader.say(Flags, 12, 2, flags);
    reader.say(Window, 14, 2, reader.number(14, 2));
    reader.say(Checksum, 16, 2, format!("0x{:04x}", reader.number(16, 2)));
    reader.say(Urgent, 18, 2, reader.number(18, 2));
    options(&mut reader, range.len());
    reader.layer(LayerKind::Tcp, range)
}

/// The options of a header of `length` bytes (RFC 9293 §3.2, RFC 7323, RFC 2018).
fn options(reader: &mut Reader<'_>, length: usize) {
    use FieldName::*;
    let mut at = 20;
    while at < length {
        let kind = reader.number(at, 1);
        let size = match kind {
            0 | 1 => 1,
            _ => (reader.number(at + 1, 1) as usize).max(2).min(length - at),
        };
        match (kind, size) {
            (0 | 1, _) => reader.say(Padding, at, 1, if kind == 1 { "NOP" } else { "EOL" }),
            (2, 4) => reader.say(MaximumSegmentSize, at, size, reader.number(at + 2, 2)),
            (3, 3) => reader.say(WindowScale, at, size, reader.number(at + 2, 1)),
            (4, 2) => reader.say(SackPermitted, at, size, ""),
            (5, _) => {
                let blocks = (at + 2..at + size).step_by(8);
                let block = |at| format!("{}–{}", reader.number(at, 4), reader.number(at + 4, 4));
                let blocks = blocks.map(block).collect::<Vec<_>>().join(", ");
                reader.say(Sack, at, size, blocks);
            }
            (8, 10) => {
                reader.say(Timestamps, at, size, format!("{}, {}", reader.number(at + 2, 4), reader.number(at + 6, 4)));
            }
            _ => reader.say(OtherOption, at, size, kind),
        }
        at += size;
    }
}
