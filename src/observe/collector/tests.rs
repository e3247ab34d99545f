//! What becomes of connections whose reports are dropped.

mod held;
mod lost;

use super::super::probe::{Outbox, Rate};
use super::super::report::{Between, Closed, Exchange, Opened};
use super::*;
use crate::record::Moment;
use crate::record::connection::Record;
use crate::record::{Figure, How, Reason, Source, TimeWait};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::Sender;

/// Hands over the records of connections that are closed.
struct Ends(Sender<Record>);

impl Sink for Ends {
    fn take(&mut self, record: &Record, news: News) {
        if news == News::Closed {
            // The test that waited for it may have failed.
            let _ = self.0.send(record.clone());
        }
    }

    fn left_out(&mut self, _: LeftOut) {}
}

/// One that records every connection, and hands over the records of those that are closed.
pub(crate) fn watching() -> (Watching, Receiver<Record>) {
    let (send, ends) = channel();
    (watching_for(vec![Box::new(Ends(send))]), ends)
}

fn watching_for(sinks: Vec<Box<dyn Sink>>) -> Watching {
    let scope = Scope { connections: Some(Rate::All), ..Scope::default() };
    Watching::start(scope, "test".into(), Box::new(io::sink()), sinks, None).expect("a thread")
}

fn opened(probe: &Probe, client: &TcpStream) -> Report<'static> {
    Report::Opened(Opened {
        connection: probe.number_connection(),
        between: Between::Addresses {
            client: client.local_addr().expect("bound"),
            server: client.peer_addr().expect("connected"),
        },
        accepted: Moment::now(),
        syn: Vec::new(),
        tcp_info: Vec::new(),
        queue: None,
    })
}

fn report(probe: &Probe, report: &Report<'_>) {
    let mut outbox = Outbox::default();
    outbox.push(probe, report);
    outbox.flush(probe);
}

#[test]
fn a_connection_whose_end_was_dropped_is_recorded_when_nobody_has_its_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let connect = || {
        let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        (client, listener.accept().expect("accepted").0)
    };
    let ((client, server), (other_client, _other_server)) = (connect(), connect());
    let (watching, ends) = watching();
    let probe = watching.probe();
    report(&probe, &opened(&probe, &client));
    report(&probe, &opened(&probe, &other_client));
    drop(server);
    // As if the pipe had been full for the report of its end.
    probe.drop_reports(1);
    // Reports go on: that is why there was no room.
    report(&probe, &Report::Lost { connection: 999, exchanges: 0 });
    let record = ends.recv_timeout(Duration::from_secs(10)).expect("told");
    let close = record.close.expect("its end");
    assert_eq!((record.connection, &close.reason, close.how), (1, &Reason::ReportDropped, How::Lost));

    // The other one is open until the server ends.
    let left_out = watching.finish();
    let record = ends.recv_timeout(Duration::from_secs(10)).expect("told");
    assert_eq!((record.connection, record.close.expect("its end").reason), (2, Reason::ServerEnded));
    assert_eq!(left_out, LeftOut { connections: 0, exchanges: 0, reports: 1, frames: 0 });
}

/// Who waits between two ends is the last connection's that had them, and no reset one's.
#[test]
fn another_connections_time_wait_is_not_taken_for_this_ones() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let (watching, ends) = watching();
    let probe = watching.probe();
    let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
    let (mut server, _) = listener.accept().expect("accepted");
    let reports = [(); 3].map(|()| opened(&probe, &client));
    drop(client);
    assert_eq!(server.read(&mut [0]).expect("its end"), 0);
    drop(server);
    for (number, opened) in (1..).zip(&reports) {
        report(&probe, opened);
        if number == 2 {
            continue; // it is closed only when the third one has come
        }
        report(&probe, &Report::Closed(Closed { connection: number, is_reset: number == 1, ..Closed::default() }));
    }
    report(&probe, &Report::Closed(Closed { connection: 2, ..Closed::default() }));
    let records = [(); 3].map(|()| ends.recv_timeout(Duration::from_secs(10)).expect("handed over"));
    for record in records {
        let waits = record.close.expect("its end").time_wait;
        match record.connection {
            1 => assert_eq!(waits, Figure::derived(TimeWait::Nobody, Source::ResetLeavesNothing)),
            2 => assert!(matches!(waits, Figure::NotVisible { .. }), "{waits:?}"),
            _ => assert_eq!(waits, Figure::measured(TimeWait::Client, Source::SockDiagClient)),
        }
    }
    watching.finish();
}

#[test]
fn what_a_killed_process_served_and_did_not_tell_is_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
    let (watching, ends) = watching();
    let probe = watching.probe();
    report(&probe, &opened(&probe, &client));
    report(&probe, &Report::Exchange(Exchange { connection: 1, number: 1, is_over: true, ..Exchange::default() }));
    report(&probe, &Report::Lost { connection: 1, exchanges: 3 });
    let record = ends.recv_timeout(Duration::from_secs(10)).expect("told");
    assert_eq!((record.exchanges.len(), record.exchanges_left_out), (1, 2));
    assert_eq!(record.close.expect("its end").reason, Reason::ProcessEnded);
    assert_eq!(watching.finish(), LeftOut { exchanges: 2, ..LeftOut::default() });
}

#[test]
fn a_connection_that_never_came_to_be_served_is_counted() {
    let (watching, ends) = watching();
    let probe = watching.probe();
    assert!(probe.admit_connection());
    assert_eq!(probe.number_connection(), 1);
    // Its process was killed before a word, or there was none to be had.
    probe.lost(Some(1), None);
    assert_eq!(watching.finish(), LeftOut { connections: 1, ..LeftOut::default() });
    assert!(ends.try_recv().is_err(), "there is nothing to tell of it");
}

/// Of a log of lines alone, too: what it lacks is counted.
#[test]
fn a_line_that_a_killed_process_did_not_write_is_counted() {
    let scope = Scope { lines: Some(crate::observe::access::Format::Common), ..Scope::default() };
    let watching = Watching::start(scope, "test".into(), Box::new(io::sink()), Vec::new(), None).expect("a thread");
    let probe = watching.probe();
    let under_way = probe.under_way().expect("memory").expect("a place for it");
    let mut counts = probe.at_once(under_way.clone());
    counts.head_waits();
    probe.lost(None, Some(&under_way));
    assert_eq!(watching.finish(), LeftOut { reports: 1, ..LeftOut::default() });
}
