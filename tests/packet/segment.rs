//! Frames taken apart: every field, and every way to be unreadable.

use super::frames::{conversation, frame, header, segment};
use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder};
use glasshttp::packet::Direction::{ToClient, ToServer};
use glasshttp::packet::segment::{Fragment, Icmp, Packet, Transport, Udp, Unreadable};
use proptest::prelude::*;

fn written(builder: impl FnOnce(&mut [u8]) -> usize) -> Vec<u8> {
    let mut bytes = vec![0; 2_000];
    let length = builder(&mut bytes);
    bytes.truncate(length);
    bytes
}

#[test]
fn a_segments_every_field_is_read() {
    let mut tcp = segment(ToServer, "PA", 1, 1, 30);
    tcp.options.timestamps = Some((4, 5));
    tcp.options.sack = [(1, 2), (3, 4)].into_iter().collect();
    let bytes = frame(ToServer, &tcp);
    let packet = Packet::from_ethernet(&bytes, bytes.len()).expect("readable");
    tcp.checksum = packet.tcp().expect("TCP").checksum;
    assert_eq!(packet.transport, Transport::Tcp(tcp));
    assert_ne!(packet.tcp().expect("TCP").checksum, 0);
    assert_eq!(packet.addresses().expect("ports").0, "10.0.0.1:50000".parse().expect("an address"));
    assert_eq!((packet.hop_limit, packet.length, packet.payload), (64, bytes.len() - 14, &bytes[bytes.len() - 30..]));
    assert_eq!((packet.ip_header, packet.transport_header), (14..34, 34..bytes.len() - 30));
}

#[test]
fn ipv6_with_an_extension_header_and_without_a_links_header() {
    let tcp = segment(ToClient, "SA", 0, 1, 0);
    let plain = written(|bytes| {
        let builder = PacketBuilder::ipv6([1; 16], [2; 16], 57).tcp_header(header(&tcp));
        builder.write_to_slice(bytes, &[]).expect("room")
    });
    let mut extended = plain.clone();
    extended[6] = 60; // destination options, eight bytes of padding
    extended.splice(40..40, [6, 0, 1, 4, 0, 0, 0, 0]);
    extended[5] += 8;
    for (bytes, ip_header) in [(plain, 0..40), (extended, 0..48)] {
        let packet = Packet::from_ip(&bytes, bytes.len()).expect("readable");
        let read = packet.tcp().expect("TCP");
        assert_eq!((read.flags, read.sequence, &read.options), (tcp.flags, tcp.sequence, &tcp.options));
        assert_eq!((packet.hop_limit, packet.length, packet.ip_header), (57, bytes.len(), ip_header));
    }
}

#[test]
fn udp_icmp_fragments_and_other_protocols() {
    let udp = written(|bytes| {
        let builder = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4([1; 4], [2; 4], 3).udp(53, 1_060);
        builder.write_to_slice(bytes, b"seven b").expect("room")
    });
    let packet = Packet::from_ethernet(&udp, udp.len()).expect("readable");
    let Transport::Udp(Udp { source, destination, length, checksum }) = packet.transport else { panic!("{packet:?}") };
    assert_eq!((source, destination, length, packet.payload), (53, 1_060, 7, &b"seven b"[..]));
    assert_ne!(checksum, 0);

    let icmp = written(|bytes| {
        let builder = PacketBuilder::ipv4([1; 4], [2; 4], 3).icmpv4_raw(3, 3, [0; 4]);
        builder.write_to_slice(bytes, b"what it is about").expect("room")
    });
    let packet = Packet::from_ip(&icmp, icmp.len()).expect("readable");
    assert_eq!(packet.transport, Transport::Icmp(Icmp { version: 4, kind: 3, code: 3 }));
    assert_eq!(packet.payload, b"what it is about");

    let part = |offset: u16, more: bool, protocol: IpNumber, carried: &[u8]| {
        let mut ip = Ipv4Header::new(carried.len() as u16, 64, protocol, [1; 4], [2; 4]).expect("short");
        ip.identification = 9;
        (ip.more_fragments, ip.fragment_offset) = (more, IpFragOffset::try_new(offset / 8).expect("small"));
        ip.header_checksum = ip.calc_header_checksum();
        [&ip.to_bytes()[..], carried].concat()
    };
    let first = part(0, true, IpNumber::UDP, &udp[34..]);
    let packet = Packet::from_ip(&first, first.len()).expect("readable");
    assert_eq!(packet.fragment, Some(Fragment { identification: 9, offset: 0, more: true }));
    assert!(matches!(packet.transport, Transport::Udp(_)));
    let later = part(1_480, false, IpNumber::UDP, b"the rest");
    let packet = Packet::from_ip(&later, later.len()).expect("readable");
    assert_eq!((&packet.transport, packet.payload), (&Transport::LaterFragment, &b"the rest"[..]));
    assert_eq!(packet.fragment, Some(Fragment { identification: 9, offset: 1_480, more: false }));
    let other = part(0, false, IpNumber::GRE, b"x");
    assert_eq!(Packet::from_ip(&other, other.len()).expect("readable").transport, Transport::Other(47));
}

#[test]
fn what_is_not_there_is_known_by_length() {
    let tcp = segment(ToClient, "PA", 1, 1, 1_000);
    let bytes = frame(ToClient, &tcp);
    let packet = Packet::from_ethernet(&bytes[..128], bytes.len()).expect("its headers are there");
    assert_eq!((packet.tcp().expect("TCP").length, packet.length), (1_000, bytes.len() - 14));
    assert_eq!(packet.payload.len(), 128 - 54);
    // Offload hands down packets that IP's length cannot express: it is 0 then.
    let mut long = bytes.clone();
    long[16..18].fill(0);
    assert_eq!(Packet::from_ethernet(&long, 100_054).expect("readable").tcp().expect("TCP").length, 100_000);
}

/// Cut anywhere, a chain of IPv6 extensions is read as far as it goes, and no byte behind it.
#[test]
fn extensions_that_were_cut_off_are_read_no_further() {
    let kinds = [0, 60, 43, 51, 60, 44]; // hop-by-hop, destination, routing, authentication, destination, fragment
    let mut extensions = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let next = kinds.get(index + 1).copied().unwrap_or(17);
        // Their lengths count in units of their own: 8 bytes without the first 8, 4 without the first 8.
        extensions.extend(match kind {
            51 => [&[next, 2][..], &[0; 14]].concat(),
            44 => vec![next, 0, 0, 1, 0, 0, 0, 9],
            _ => [&[next, 1][..], &[0; 14]].concat(),
        });
    }
    extensions.extend([0, 1, 0, 2, 0, 8, 0, 0]);
    let whole = written(|bytes| {
        bytes[0] = 0x60;
        bytes[5] = extensions.len() as u8;
        (bytes[6], bytes[7]) = (kinds[0], 64);
        bytes[40..40 + extensions.len()].copy_from_slice(&extensions);
        40 + extensions.len()
    });
    let packet = Packet::from_ip(&whole, whole.len()).expect("readable");
    assert_eq!(packet.fragment, Some(Fragment { identification: 9, offset: 0, more: true }));
    for length in 0..whole.len() {
        // In memory of its own: what is read behind it is found.
        let cut = whole[..length].to_vec().into_boxed_slice();
        let expected = if length == 0 {
            Unreadable::NotIp(None)
        } else if length < whole.len() - 8 {
            Unreadable::Ip
        } else {
            Unreadable::Transport
        };
        assert_eq!(Packet::from_ip(&cut, whole.len()), Err(expected), "{length} bytes");
    }
}

#[test]
fn what_cannot_be_read_says_where_it_ends() {
    let bytes = frame(ToServer, &conversation(10, &[])[0].1);
    for length in 0..bytes.len() {
        let expected = match length {
            0..14 => Unreadable::Link,
            14..34 => Unreadable::Ip,
            _ => Unreadable::Transport,
        };
        assert_eq!(Packet::from_ethernet(&bytes[..length], bytes.len()), Err(expected), "{length} bytes");
    }
    let mut arp = bytes.clone();
    arp[12..14].copy_from_slice(&[8, 6]);
    assert_eq!(Packet::from_ethernet(&arp, arp.len()), Err(Unreadable::NotIp(Some(0x0806))));
    let mut other = bytes.clone();
    other[12..14].copy_from_slice(&[0x88, 0xcc]);
    assert_eq!(Packet::from_ethernet(&other, other.len()), Err(Unreadable::NotIp(Some(0x88cc))));
    assert_eq!(Packet::from_ip(&[0x12; 60], 60), Err(Unreadable::NotIp(None)));
    let mut offset = bytes.clone();
    offset[34 + 12] = 0xf0; // a header longer than the segment
    assert_eq!(Packet::from_ethernet(&offset, offset.len()), Err(Unreadable::Transport));
    let mut options = bytes;
    options[34 + 20..34 + 22].copy_from_slice(&[2, 99]); // an option longer than the header
    let packet = Packet::from_ethernet(&options, options.len()).expect("its header can be read");
    assert!(packet.tcp().expect("TCP").options.is_unread);
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), length in any::<u16>()) {
        let _ = Packet::from_ethernet(&bytes, length.into());
        let _ = Packet::from_ip(&bytes, length.into());
    }

    #[test]
    fn no_damage_is_a_panic(
        at in 12_usize..80, value in any::<u8>(), second in 12_usize..80, other in any::<u8>(), cut in 14_usize..120,
    ) {
        let mut tcp = segment(ToServer, "PA", 1, 1, 50);
        tcp.options.timestamps = Some((4, 5));
        let mut bytes = frame(ToServer, &tcp);
        (bytes[at], bytes[second]) = (value, other);
        let captured = &bytes[..cut.min(bytes.len())];
        if let Ok(packet) = Packet::from_ethernet(captured, bytes.len()) {
            prop_assert!(packet.ip_header.end <= packet.transport_header.end || packet.transport_header.is_empty());
            prop_assert!(packet.transport_header.end + packet.payload.len() <= captured.len());
        }
    }
}
