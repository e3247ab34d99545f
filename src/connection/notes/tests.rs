//! In which order notes are reported.

use super::*;
use crate::observe::collector::tests::watching;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

/// What is recorded of a connection on which `converse` notes something, by the numbers of its exchanges;
/// it is given a way to send and receive a piece.
fn exchanges(
    converse: impl FnOnce(&mut Notes, &OwnedFd, &Probe, &mut Outbox, &mut dyn FnMut(&mut Notes, &[u8])),
) -> Vec<u64> {
    let (watching, ends) = watching();
    let (probe, mut outbox) = (watching.probe(), Outbox::default());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let mut client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
    let (socket, peer) = listener.accept().expect("accepted");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let socket = OwnedFd::from(socket);
    let notes = Notes::begin(probe.number_connection(), &probe, &socket, Some(peer), listener.as_fd());
    let mut notes = notes.expect("it is recorded");
    notes.go_on(&socket, &probe, &mut outbox);
    converse(&mut notes, &socket, &probe, &mut outbox, &mut |notes, piece| {
        client.write_all(piece).expect("sent");
        notes.recv(Reading::Head, &socket, &mut [0; 64]).expect("received");
    });
    notes.end(socket, &probe, &mut outbox);
    outbox.flush(&probe);
    watching.finish();
    let record = ends.recv_timeout(Duration::from_secs(10)).expect("a record");
    record.exchanges.iter().map(|exchange| exchange.number).collect()
}

const HEAD: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

#[test]
fn an_exchange_that_awaits_its_acknowledgement_comes_before_a_piece_of_the_next() {
    let numbers = exchanges(|notes, socket, probe, outbox, receive| {
        receive(notes, HEAD);
        notes.begin_exchange(HEAD, HeadState::Complete, None, socket, probe);
        notes.sent(100, notes.now());
        notes.end_exchange(true, socket, probe, outbox);
        receive(notes, b"GET");
        notes.head_waits(b"GET", probe, outbox);
        notes.close(None, false, b"GET", socket, probe, outbox);
    });
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_head_that_began_with_the_request_before_is_reported_while_it_waits() {
    let numbers = exchanges(|notes, socket, probe, outbox, receive| {
        receive(notes, &[HEAD, b"GET"].concat());
        notes.begin_exchange(HEAD, HeadState::Complete, None, socket, probe);
        notes.sent(100, notes.now());
        notes.end_exchange(true, socket, probe, outbox);
        notes.head_waits(b"GET", probe, outbox);
    });
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn it_comes_before_one_of_whose_response_nothing_was_sent() {
    let numbers = exchanges(|notes, socket, probe, outbox, receive| {
        for sent in [100, 0] {
            receive(notes, HEAD);
            notes.begin_exchange(HEAD, HeadState::Complete, None, socket, probe);
            if sent > 0 {
                notes.sent(sent, notes.now());
            }
            notes.end_exchange(sent > 0, socket, probe, outbox);
        }
        notes.close(None, false, b"", socket, probe, outbox);
    });
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn what_waits_for_its_handler_or_its_acknowledgement_is_one_exchange() {
    let numbers = exchanges(|notes, socket, probe, outbox, receive| {
        for status in [200, 404] {
            receive(notes, HEAD);
            notes.begin_exchange(HEAD, HeadState::Complete, None, socket, probe);
            notes.handler_waits(probe, outbox);
            notes.response_chosen(status, None);
            notes.sent(100, notes.now());
            (0..2).for_each(|_| notes.handler_waits(probe, outbox));
            notes.sent(100, notes.now());
            notes.end_exchange(true, socket, probe, outbox);
            (0..2).for_each(|_| notes.acknowledgements_wait(probe, outbox));
        }
        notes.close(None, false, b"", socket, probe, outbox);
    });
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn how_long_a_request_lay_in_the_kernel_is_said_only_where_its_segments_came_in_order() {
    for (order, is_said) in [(Order::Kept, true), (Order::Lost, false), (Order::Unknown, false)] {
        let _ = exchanges(|notes, socket, probe, outbox, receive| {
            receive(notes, HEAD);
            notes.first_read = Some((Moment(1_000), Moment(61_000)));
            notes.order = order;
            notes.begin_exchange(HEAD, HeadState::Complete, None, socket, probe);
            assert_eq!(notes.server_timing(None).contains("kernel;dur=0.060"), is_said, "{order:?}");
            notes.end_exchange(false, socket, probe, outbox);
            notes.close(None, false, b"", socket, probe, outbox);
        });
    }
}
