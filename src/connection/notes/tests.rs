//! In which order notes are reported.

use super::*;
use crate::observe::collector::tests::watching;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

#[test]
fn an_exchange_that_awaits_its_acknowledgement_comes_before_a_piece_of_the_next() {
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
    let mut receive = |notes: &mut Notes, piece: &[u8]| {
        client.write_all(piece).expect("sent");
        notes.recv(Reading::Head, &socket, &mut [0; 64]).expect("received");
    };

    let head = b"GET / HTTP/1.0\r\n\r\n";
    receive(&mut notes, head);
    notes.begin_exchange(head, HeadState::Complete, None, &socket, &probe);
    notes.sent(100, notes.now());
    notes.end_exchange(true, &socket, &probe, &mut outbox);
    receive(&mut notes, b"GET");
    notes.head_waits(b"GET", &probe, &mut outbox);
    notes.close(None, false, b"GET", &socket, &probe, &mut outbox);
    notes.end(socket, &probe, &mut outbox);
    outbox.flush(&probe);
    watching.finish();

    let record = ends.recv_timeout(Duration::from_secs(10)).expect("a record");
    assert_eq!(record.exchanges.iter().map(|exchange| exchange.number).collect::<Vec<_>>(), [1, 2]);
}
