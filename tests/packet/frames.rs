//! Frames for the tests: one connection's segments as real TCPs would send them.

use etherparse::{PacketBuilder, TcpHeader, TcpOptionElement};
use glasshttp::packet::Direction;
use glasshttp::packet::segment::Tcp;

/// The client's and the server's initial sequence numbers: near the wrap, where mistakes show.
pub const INITIAL: [u32; 2] = [u32::MAX - 150, 77];
pub const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 50_000);
pub const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 80);

/// The segment's numbers are relative: 0 is the SYN's.
pub fn segment(direction: Direction, flags: &str, sequence: u32, acknowledgment: u32, length: u32) -> Tcp {
    let [own, other] = match direction {
        Direction::ToServer => INITIAL,
        Direction::ToClient => [INITIAL[1], INITIAL[0]],
    };
    let (source, destination) = match direction {
        Direction::ToServer => (CLIENT.1, SERVER.1),
        Direction::ToClient => (SERVER.1, CLIENT.1),
    };
    let has = |flag| flags.contains(flag);
    let mut tcp = Tcp::default();
    (tcp.source, tcp.destination) = (source, destination);
    let flags = &mut tcp.flags;
    (flags.syn, flags.ack, flags.fin) = (has('S'), has('A'), has('F'));
    (flags.rst, flags.psh) = (has('R'), has('P'));
    if tcp.flags.syn {
        (tcp.options.mss, tcp.options.window_scale, tcp.options.sack_permitted) = (Some(1460), Some(3), true);
    }
    tcp.sequence = own.wrapping_add(sequence);
    tcp.acknowledgment = if tcp.flags.ack { other.wrapping_add(acknowledgment) } else { 0 };
    (tcp.window, tcp.length) = (8_000, length);
    tcp
}

/// An Ethernet frame with that segment over IPv4; its data are letters.
pub fn frame(direction: Direction, tcp: &Tcp) -> Vec<u8> {
    let (from, to) = match direction {
        Direction::ToServer => (CLIENT.0, SERVER.0),
        Direction::ToClient => (SERVER.0, CLIENT.0),
    };
    let builder = PacketBuilder::ethernet2([2, 0, 0, 0, 0, from[3]], [2, 0, 0, 0, 0, to[3]]).ipv4(from, to, 64);
    let builder = builder.tcp_header(header(tcp));
    let data: Vec<u8> = (0..tcp.length).map(|index| b'a' + (index % 26) as u8).collect();
    let mut frame = vec![0; builder.size(data.len())];
    builder.write_to_slice(&mut frame, &data).expect("a frame");
    frame
}

pub fn header(tcp: &Tcp) -> TcpHeader {
    let mut header = TcpHeader::new(tcp.source, tcp.destination, tcp.sequence, tcp.window);
    header.acknowledgment_number = tcp.acknowledgment;
    (header.syn, header.ack, header.fin) = (tcp.flags.syn, tcp.flags.ack, tcp.flags.fin);
    (header.rst, header.psh) = (tcp.flags.rst, tcp.flags.psh);
    let mut options = Vec::new();
    options.extend(tcp.options.mss.map(TcpOptionElement::MaximumSegmentSize));
    options.extend(tcp.options.window_scale.map(TcpOptionElement::WindowScale));
    options.extend(tcp.options.sack_permitted.then_some(TcpOptionElement::SelectiveAcknowledgementPermitted));
    options.extend(tcp.options.timestamps.map(|(value, echo)| TcpOptionElement::Timestamp(value, echo)));
    if let Some((first, others)) = tcp.options.sack.split_first() {
        let other = |index: usize| others.get(index).copied();
        options.push(TcpOptionElement::SelectiveAcknowledgement(*first, [other(0), other(1), other(2)]));
    }
    header.set_options(&options).expect("they fit");
    header
}

/// A whole connection, in order and without loss: a request of `request`
/// bytes, then `responses`, each acknowledged; the server ends first.
pub fn conversation(request: u32, responses: &[u32]) -> Vec<(Direction, Tcp)> {
    use Direction::{ToClient, ToServer};
    let mut all = vec![
        (ToServer, segment(ToServer, "S", 0, 0, 0)),
        (ToClient, segment(ToClient, "SA", 0, 1, 0)),
        (ToServer, segment(ToServer, "A", 1, 1, 0)),
        (ToServer, segment(ToServer, "PA", 1, 1, request)),
        (ToClient, segment(ToClient, "A", 1, 1 + request, 0)),
    ];
    let mut at = 1;
    for length in responses {
        all.push((ToClient, segment(ToClient, "PA", at, 1 + request, *length)));
        at += length;
        all.push((ToServer, segment(ToServer, "A", 1 + request, at, 0)));
    }
    all.extend([
        (ToClient, segment(ToClient, "FA", at, 1 + request, 0)),
        (ToServer, segment(ToServer, "FA", 1 + request, at + 1, 0)),
        (ToClient, segment(ToClient, "A", at + 1, 2 + request, 0)),
    ]);
    all
}
