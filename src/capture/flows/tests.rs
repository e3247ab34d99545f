//! Which connection a segment belongs to, and a record is of.

use super::*;
use crate::capture::flow::Frame;
use crate::packet::segment::Tcp;
use crate::record::segment::Followed;
use etherparse::{PacketBuilder, TcpHeader};

const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 80);
const CLIENT: ([u8; 4], u16) = ([127, 0, 0, 1], 50_000);

/// Takes a segment of the client, or of the server, that passed at this moment.
fn pass(flows: &mut Flows, at: u64, direction: Direction, tcp: &TcpHeader, lost: RangeInclusive<u64>) {
    let (from, to) = if direction == Direction::ToServer { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let header = TcpHeader { source_port: from.1, destination_port: to.1, ..tcp.clone() };
    let builder = PacketBuilder::ipv4(from.0, to.0, 64).tcp_header(header);
    let mut bytes = vec![0; builder.size(0)];
    builder.write_to_slice(&mut bytes, &[]).expect("a packet");
    let packet = Packet::from_ip(&bytes, bytes.len()).expect("a packet");
    let tcp: &Tcp = packet.tcp().expect("TCP");
    let (length, link) = (bytes.len() as u32, LinkType::Ip);
    let (interface, is_checksum_open, cut_into) = (1, true, None);
    let at = Moment(at);
    let frame = Frame { at, interface, packet: &packet, tcp, is_checksum_open, cut_into, bytes: &bytes, length, link };
    flows.take(pair(SERVER.into(), CLIENT.into()), direction, &frame, lost);
}

fn header(flags: &str, sequence: u32, acknowledgment: u32) -> TcpHeader {
    let has = |flag| flags.contains(flag);
    let (syn, ack, fin, rst) = (has('S'), has('A'), has('F'), has('R'));
    let mut header = TcpHeader::new(0, 0, sequence, 1_000);
    header.acknowledgment_number = acknowledgment;
    TcpHeader { syn, ack, fin, rst, ..header }
}

/// A handshake from `at` on, of a client whose first number is `initial`.
fn begin(flows: &mut Flows, at: u64, initial: u32) {
    use Direction::{ToClient, ToServer};
    pass(flows, at, ToServer, &header("S", initial, 0), 0..=0);
    pass(flows, at + 1, ToClient, &header("SA", 7, initial + 1), 0..=0);
    pass(flows, at + 2, ToServer, &header("A", initial + 1, 8), 0..=0);
}

fn record(flows: &mut Flows, which: Which, lost: u64) -> Option<Segments> {
    flows.record(&pair(SERVER.into(), CLIENT.into()), (which, which.began_by), lost, "lo")
}

fn first(segments: Option<Segments>) -> Option<u32> {
    segments.and_then(|segments| segments.list.first().map(|segment| segment.sequence))
}

#[test]
fn a_port_that_is_used_again_at_once_does_not_take_the_segments_of_the_connection_before() {
    let mut flows = Flows::default();
    let pair = pair(SERVER.into(), CLIENT.into());
    begin(&mut flows, 100, 1_000);
    pass(&mut flows, 110, Direction::ToServer, &header("RA", 1_001, 8), 0..=0);
    begin(&mut flows, 200, 5_000);
    let [old, new] = [150, 250].map(|at| Which { began_by: Moment(at), syn: None });
    assert_eq!(first(record(&mut flows, old, 0)), Some(1_000));
    assert_eq!(first(record(&mut flows, new, 0)), Some(5_000));
    assert!(flows.so_far(&pair, old, Moment(251)).is_some_and(|so_far| so_far.is_over && so_far.count == 4));
    assert!(flows.so_far(&pair, new, Moment(251)).is_some_and(|so_far| !so_far.is_over && so_far.count == 3));
    flows.forget(&pair, old);
    assert_eq!(first(record(&mut flows, old, 0)), None);
    assert_eq!(first(record(&mut flows, new, 0)), Some(5_000));
    assert_eq!(flows.kept.flows, 1);
}

#[test]
fn of_two_that_began_before_the_first_was_accepted_the_syn_says_which_is_meant() {
    let mut flows = Flows::default();
    begin(&mut flows, 100, 1_000);
    begin(&mut flows, 200, 5_000);
    for syn in [1_000, 5_000] {
        let which = Which { began_by: Moment(300), syn: Some(syn) };
        assert_eq!(first(record(&mut flows, which, 0)), Some(syn));
    }
    // What has no end of its own is over all the same: another one began in its place.
    let old = Which { began_by: Moment(300), syn: Some(1_000) };
    assert!(flows.so_far(&pair(SERVER.into(), CLIENT.into()), old, Moment(301)).is_some_and(|so_far| so_far.is_over));
}

#[test]
fn one_pair_of_ends_keeps_so_many_and_all_are_let_go_of() {
    let mut flows = Flows::default();
    for number in 0..100 {
        begin(&mut flows, 100 * (1 + u64::from(number)), 10_000 * number);
    }
    assert_eq!((flows.kept.flows, flows.flows.len()), (MOST_OF_A_PAIR, 1));
    flows.sweep(Moment(100_000 + REMEMBERED));
    assert_eq!((flows.kept.flows, flows.kept.segments, flows.kept.bytes, flows.flows.len()), (0, 0, 0, 0));
}

#[test]
fn what_found_no_room_after_its_end_is_not_missing_in_a_connection() {
    use Direction::{ToClient, ToServer};
    let mut flows = Flows::default();
    begin(&mut flows, 100, 1_000);
    pass(&mut flows, 110, ToServer, &header("FA", 1_001, 8), 0..=0);
    pass(&mut flows, 111, ToClient, &header("FA", 8, 1_002), 2..=3);
    let which = Which { began_by: Moment(105), syn: None };
    // Not over yet: whatever was lost so far may have been its.
    assert_eq!(record(&mut flows, which, 9).map(|segments| segments.not_seen), Some(9));
    pass(&mut flows, 112, ToServer, &header("A", 1_002, 9), 3..=4);
    let segments = record(&mut flows, which, 9).expect("its segments");
    assert_eq!((segments.not_seen, segments.followed), (4, Followed::SoFar));
}
