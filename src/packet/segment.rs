//! A frame taken apart: Ethernet (Linux's loopback is Ethernet, too), IPv4 and
//! IPv6, TCP with its options, UDP, ICMP. What cannot be read is a value.

use arrayvec::ArrayVec;
use etherparse::{
    Icmpv4Slice, Icmpv6Slice, IpAuthHeaderSlice, IpNumber, Ipv6FragmentHeaderSlice, Ipv6RawExtHeaderSlice,
    LaxIpPayloadSlice, LaxIpSlice, LaxIpv4Slice, LaxIpv6Slice, LaxNetSlice, LaxSlicedPacket, TcpOptionElement,
    TcpSlice, UdpHeaderSlice,
};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// An IP packet, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// Time to live (IPv4) or hop limit (IPv6).
    pub hop_limit: u8,
    /// Bytes of the packet, headers and all, as it says itself.
    pub length: usize,
    /// Which part of a longer packet it is, if it is only a part.
    pub fragment: Option<Fragment>,
    /// What it carries.
    pub transport: Transport,
    /// What that carries, as far as it was captured.
    pub payload: &'a [u8],
    /// Where the IP header and its extensions are in the bytes that were given.
    pub ip_header: Range<usize>,
    /// Where the transport's header is; empty where there is none.
    pub transport_header: Range<usize>,
}

/// A part of a packet that was too long for a link (RFC 791 §3.2, RFC 8200 §4.5); exhaustive on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// What all parts of one packet have in common.
    pub identification: u32,
    /// Where the part belongs, in bytes.
    pub offset: u16,
    /// Whether parts follow.
    pub more: bool,
}

/// What an IP packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// A segment.
    Tcp(Tcp),
    /// A datagram.
    Udp(Udp),
    /// A message about packets.
    Icmp(Icmp),
    /// A later part of a packet, whose first part has the header.
    LaterFragment,
    /// Another protocol, by its number.
    Other(u8),
}

/// A TCP segment's header (RFC 9293 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tcp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Sequence number of the first byte, or of the SYN or FIN.
    pub sequence: u32,
    /// The next sequence number expected from the other end, if `flags.ack`.
    pub acknowledgment: u32,
    /// The control bits.
    pub flags: Flags,
    /// The window as it stands in the header, unscaled.
    pub window: u16,
    /// The checksum as it stands in the header.
    pub checksum: u16,
    /// The options.
    pub options: Options,
    /// Bytes of data, whether they were captured or not.
    pub length: u32,
}

impl Tcp {
    /// How many sequence numbers it takes: its data, and one each for SYN and FIN.
    pub fn span(&self) -> u32 {
        self.length.saturating_add(u32::from(self.flags.syn)).saturating_add(u32::from(self.flags.fin))
    }
}

/// A TCP segment's control bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "they have no longer names")]
#[non_exhaustive]
pub struct Flags {
    pub fin: bool,
    pub syn: bool,
    pub rst: bool,
    pub psh: bool,
    pub ack: bool,
    pub urg: bool,
    pub ece: bool,
    pub cwr: bool,
}

impl Flags {
    /// Those that are set, by name, SYN first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.syn, "SYN"),
            (self.fin, "FIN"),
            (self.rst, "RST"),
            (self.psh, "PSH"),
            (self.ack, "ACK"),
            (self.urg, "URG"),
            (self.ece, "ECE"),
            (self.cwr, "CWR"),
        ];
        all.into_iter().filter_map(|(is_set, name)| is_set.then_some(name))
    }
}

impl fmt::Display for Flags {
    /// `SYN+ACK`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { "+" })?;
        }
        Ok(())
    }
}

/// A TCP segment's options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Maximum segment size, in bytes (RFC 9293 §3.7.1).
    pub mss: Option<u16>,
    /// By how many bits this end's later windows are shifted (RFC 7323 §2).
    pub window_scale: Option<u8>,
    /// Whether selective acknowledgments are permitted (RFC 2018 §2).
    pub sack_permitted: bool,
    /// What has arrived behind a gap: from, and up to but without (RFC 2018 §3).
    pub sack: ArrayVec<(u32, u32), 4>,
    /// Timestamp, and the one that is echoed (RFC 7323 §3).
    pub timestamps: Option<(u32, u32)>,
    /// Whether an option was malformed or unknown; those behind it are not read.
    pub is_unread: bool,
}

/// A UDP datagram's header, whole (RFC 768): exhaustive on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Bytes of data, as the header says.
    pub length: u16,
    /// The checksum as it stands in the header.
    pub checksum: u16,
}

/// What every ICMP message begins with: exhaustive on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmp {
    /// 4 or 6.
    pub version: u8,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
}

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unreadable {
    /// Shorter than a link's header, or malformed there.
    Link,
    /// Not IP; its EtherType, if it has one (0x0806: ARP).
    NotIp(Option<u16>),
    /// An IP header or extension is malformed or incomplete.
    Ip,
    /// A TCP, UDP or ICMP header is malformed or incomplete.
    Transport,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("the link's header is malformed or incomplete"),
            Self::NotIp(Some(ether_type)) => write!(f, "not IP (EtherType {ether_type:#06x})"),
            Self::NotIp(None) => f.write_str("not IP"),
            Self::Ip => f.write_str("the IP header is malformed or incomplete"),
            Self::Transport => f.write_str("the TCP, UDP or ICMP header is malformed or incomplete"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl<'a> Packet<'a> {
    /// Takes an Ethernet frame apart. It was `length` bytes long; `frame` may be
    /// only its beginning.
    ///
    /// # Errors
    /// If it is not IP, or a header is malformed or was cut off.
    pub fn from_ethernet(frame: &'a [u8], length: usize) -> Result<Self, Unreadable> {
        let sliced = LaxSlicedPacket::from_ethernet(frame).map_err(|_| Unreadable::Link)?;
        let is_cut = sliced.stop_err.is_some();
        match &sliced.net {
            Some(LaxNetSlice::Ipv4(ip)) => Self::from_ipv4(ip, frame, length),
            Some(LaxNetSlice::Ipv6(ip)) => Self::from_ipv6(ip, frame, length),
            Some(LaxNetSlice::Arp(_)) => Err(Unreadable::NotIp(Some(0x0806))),
            None => match sliced.ether_payload().map(|payload| payload.ether_type.0) {
                Some(0x0800 | 0x86dd) => Err(Unreadable::Ip),
                Some(_) if is_cut => Err(Unreadable::Link),
                ether_type => Err(Unreadable::NotIp(ether_type)),
            },
        }
    }

    /// Takes an IP packet apart, without a link's header before it.
    ///
    /// # Errors
    /// As [`Packet::from_ethernet`].
    pub fn from_ip(packet: &'a [u8], length: usize) -> Result<Self, Unreadable> {
        if !matches!(packet.first().map(|first| first >> 4), Some(4 | 6)) {
            return Err(Unreadable::NotIp(None));
        }
        match LaxIpSlice::from_slice(packet).map_err(|_| Unreadable::Ip)?.0 {
            LaxIpSlice::Ipv4(ip) => Self::from_ipv4(&ip, packet, length),
            LaxIpSlice::Ipv6(ip) => Self::from_ipv6(&ip, packet, length),
        }
    }

    fn from_ipv4(ip: &LaxIpv4Slice<'a>, whole: &'a [u8], length: usize) -> Result<Self, Unreadable> {
        let header = ip.header();
        let start = offset(whole, header.slice());
        let payload = ip.payload();
        let end = offset(whole, payload.payload);
        let said = usize::from(header.total_len());
        let fragment = header.is_fragmenting_payload().then(|| Fragment {
            identification: header.identification().into(),
            offset: header.fragments_offset().value().saturating_mul(8),
            more: header.more_fragments(),
        });
        let head = Head {
            source: header.source_addr().into(),
            destination: header.destination_addr().into(),
            hop_limit: header.ttl(),
            // A packet that offload made longer than 65,535 bytes says 0.
            length: if said == 0 { length.saturating_sub(start) } else { said },
            fragment,
            range: start..end,
        };
        head.with(payload, whole)
    }

    fn from_ipv6(ip: &LaxIpv6Slice<'a>, whole: &'a [u8], length: usize) -> Result<Self, Unreadable> {
        let header = ip.header();
        let start = offset(whole, header.slice());
        let payload = ip.payload();
        let end = offset(whole, payload.payload);
        let said = usize::from(header.payload_length());
        let fragment = ipv6_fragment(header.next_header(), ip.extensions().slice());
        let head = Head {
            source: header.source_addr().into(),
            destination: header.destination_addr().into(),
            hop_limit: header.hop_limit(),
            // A jumbogram says 0 (RFC 2675).
            length: if said == 0 { length.saturating_sub(start) } else { said + header.slice().len() },
            fragment,
            range: start..end,
        };
        head.with(payload, whole)
    }

    /// Its TCP header, if it has one.
    pub fn tcp(&self) -> Option<&Tcp> {
        match &self.transport {
            Transport::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    /// Source and destination with their ports; `None` where there are no ports.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let (source, destination) = match &self.transport {
            Transport::Tcp(tcp) => (tcp.source, tcp.destination),
            Transport::Udp(udp) => (udp.source, udp.destination),
            _ => return None,
        };
        Some((SocketAddr::new(self.source, source), SocketAddr::new(self.destination, destination)))
    }
}

/// What the extensions in `bytes` say of a longer packet. etherparse 0.21's own
/// walk over them reads behind the end of one that was cut off.
fn ipv6_fragment(mut kind: IpNumber, mut bytes: &[u8]) -> Option<Fragment> {
    loop {
        let (next, length) = match kind {
            IpNumber::IPV6_FRAGMENTATION_HEADER => {
                let part = Ipv6FragmentHeaderSlice::from_slice(bytes).ok()?;
                if part.is_fragmenting_payload() {
                    return Some(Fragment {
                        identification: part.identification(),
                        offset: part.fragment_offset().value().saturating_mul(8),
                        more: part.more_fragments(),
                    });
                }
                (part.next_header(), part.slice().len())
            }
            IpNumber::AUTHENTICATION_HEADER => {
                let extension = IpAuthHeaderSlice::from_slice(bytes).ok()?;
                (extension.next_header(), extension.slice().len())
            }
            kind if Ipv6RawExtHeaderSlice::header_type_supported(kind) => {
                let extension = Ipv6RawExtHeaderSlice::from_slice(bytes).ok()?;
                (extension.next_header(), extension.slice().len())
            }
            _ => return None,
        };
        (kind, bytes) = (next, bytes.get(length..)?);
    }
}

/// What the two versions of IP have in common.
struct Head {
    source: IpAddr,
    destination: IpAddr,
    hop_limit: u8,
    length: usize,
    fragment: Option<Fragment>,
    range: Range<usize>,
}

impl Head {
    fn with<'a>(self, carried: &LaxIpPayloadSlice<'a>, whole: &'a [u8]) -> Result<Packet<'a>, Unreadable> {
        let bytes = carried.payload;
        let length = self.length.saturating_sub(self.range.len());
        let (transport, header) = if self.fragment.is_some_and(|fragment| fragment.offset > 0) {
            (Transport::LaterFragment, 0)
        } else {
            transport(carried.ip_number, bytes, length)?
        };
        let payload = bytes.get(header..).unwrap_or_default();
        let start = offset(whole, bytes);
        Ok(Packet {
            source: self.source,
            destination: self.destination,
            hop_limit: self.hop_limit,
            length: self.length,
            fragment: self.fragment,
            transport,
            payload,
            ip_header: self.range,
            transport_header: start..start + header,
        })
    }
}

/// The transport's header and how long it is; with its data it was `length` bytes long.
fn transport(protocol: IpNumber, bytes: &[u8], length: usize) -> Result<(Transport, usize), Unreadable> {
    match protocol {
        IpNumber::TCP => {
            let tcp = TcpSlice::from_slice(bytes).map_err(|_| Unreadable::Transport)?;
            let header = tcp.header_slice().len();
            let data = length.checked_sub(header).and_then(|data| u32::try_from(data).ok());
            Ok((Transport::Tcp(tcp_header(&tcp, data.ok_or(Unreadable::Transport)?)), header))
        }
        IpNumber::UDP => {
            let udp = UdpHeaderSlice::from_slice(bytes).map_err(|_| Unreadable::Transport)?;
            let header = udp.slice().len();
            let (source, destination, checksum) = (udp.source_port(), udp.destination_port(), udp.checksum());
            let length = udp.length().saturating_sub(header as u16);
            Ok((Transport::Udp(Udp { source, destination, length, checksum }), header))
        }
        IpNumber::ICMP => {
            let icmp = Icmpv4Slice::from_slice(bytes).map_err(|_| Unreadable::Transport)?;
            Ok((
                Transport::Icmp(Icmp { version: 4, kind: icmp.type_u8(), code: icmp.code_u8() }),
                icmp.header_len().min(bytes.len()),
            ))
        }
        IpNumber::IPV6_ICMP => {
            let icmp = Icmpv6Slice::from_slice(bytes).map_err(|_| Unreadable::Transport)?;
            Ok((
                Transport::Icmp(Icmp { version: 6, kind: icmp.type_u8(), code: icmp.code_u8() }),
                icmp.header_len().min(bytes.len()),
            ))
        }
        // An extension that is still there could not be read.
        number if number.is_ipv6_ext_header_value() => Err(Unreadable::Ip),
        number => Ok((Transport::Other(number.0), 0)),
    }
}

fn tcp_header(tcp: &TcpSlice<'_>, length: u32) -> Tcp {
    let mut options = Options::default();
    for option in tcp.options_iterator() {
        match option {
            Ok(TcpOptionElement::MaximumSegmentSize(mss)) => options.mss = Some(mss),
            Ok(TcpOptionElement::WindowScale(scale)) => options.window_scale = Some(scale),
            Ok(TcpOptionElement::SelectiveAcknowledgementPermitted) => options.sack_permitted = true,
            Ok(TcpOptionElement::SelectiveAcknowledgement(first, others)) => {
                let blocks = std::iter::once(first).chain(others.into_iter().flatten());
                options.sack = blocks.take(options.sack.capacity()).collect();
            }
            Ok(TcpOptionElement::Timestamp(value, echo)) => options.timestamps = Some((value, echo)),
            Ok(TcpOptionElement::Noop) => {}
            Err(_) => options.is_unread = true,
        }
    }
    Tcp {
        source: tcp.source_port(),
        destination: tcp.destination_port(),
        sequence: tcp.sequence_number(),
        acknowledgment: tcp.acknowledgment_number(),
        flags: Flags {
            fin: tcp.fin(),
            syn: tcp.syn(),
            rst: tcp.rst(),
            psh: tcp.psh(),
            ack: tcp.ack(),
            urg: tcp.urg(),
            ece: tcp.ece(),
            cwr: tcp.cwr(),
        },
        window: tcp.window_size(),
        checksum: tcp.checksum(),
        options,
        length,
    }
}

/// Where `part`, which lies in `whole`, begins.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr().addr()).saturating_sub(whole.as_ptr().addr()).min(whole.len())
}
