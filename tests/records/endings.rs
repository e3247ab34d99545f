//! How connections end: who was first, by what, and who is left in TIME_WAIT.

use super::{Watched, check_close, check_exchange, check_time_wait, measured, port, since_accept};
use crate::closing::{BIG, folder_with, narrow_client, under_each_model};
use crate::harness::{Client, Response};
use glasshttp::record::connection::Record;
use glasshttp::record::{End, Figure, How, Reason, Source, TimeWait, Why};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, SystemTime};

const SIMPLE: &[u8] = b"GET /small.txt HTTP/1.0\r\n\r\n";
const KEPT: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";

/// Ends the connection by a reset (socket(7), SO_LINGER).
fn reset(client: Client) {
    SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("an option");
}

fn no_exchange(record: &Record) {
    assert!(record.exchanges.is_empty() && record.exchanges_left_out == 0, "{record:?}");
}

#[test]
fn a_client_that_half_closes_after_its_request_was_first() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        // Of 1.0 and of a kept connection: the server reads the end after or before its own.
        for (request, reason) in [(SIMPLE, Reason::Http10), (KEPT, Reason::ClientClosed)] {
            for _ in 0..5 {
                let mut client = watched.connect();
                // The end shares the request's segment, so that nothing comes between.
                let sent = SockRef::from(&client.socket).send_with_flags(request, libc::MSG_MORE);
                assert_eq!(sent.expect("sent"), request.len());
                client.half_close();
                let response = client.read_to_end();
                let address = port(&client);
                drop(client);
                let record = watched.record(address);
                check_exchange(&record.exchanges[0], request, &response, request == KEPT);
                let close = check_close(&record, &reason, How::Fin, End::Client);
                measured(&close.client_end);
                check_time_wait(&record, TimeWait::Client);
            }
        }
    });
}

#[test]
fn who_is_in_time_wait_is_measured() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        for expected in [TimeWait::Server, TimeWait::Client] {
            // On a busy machine the last segments may pass after the look.
            let is_measured = (0..20).any(|_| {
                let mut client = watched.connect();
                if expected == TimeWait::Server {
                    client.send(SIMPLE);
                    client.read_to_end();
                }
                let address = port(&client);
                drop(client);
                let close = watched.record(address).close.expect("its end");
                assert_eq!(close.time_wait.value(), Some(&expected), "{model}: {close:?}");
                matches!(close.time_wait, Figure::Measured { .. })
            });
            assert!(is_measured, "{model}: {expected:?}");
        }
    });
}

#[test]
fn a_client_that_half_closes_before_its_request_is_read_was_first() {
    let (folder, _) = folder_with(0);
    let mut watched = Watched::start(folder.path(), "iterative", &["--timeout", "1"]);
    let silent = watched.connect();
    let mut client = watched.connect();
    client.send(SIMPLE);
    client.half_close(); // both have come when the server accepts this one
    client.read_to_end();
    let address = port(&client);
    drop((client, silent));
    let record = watched.record(address);
    check_close(&record, &Reason::Http10, How::Fin, End::Client);
    check_time_wait(&record, TimeWait::Client);
}

#[test]
fn a_client_that_resets_in_the_middle_of_its_response() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        client.socket.read_exact(&mut [0; 1000]).expect("the beginning");
        let address = port(&client);
        let before = SystemTime::now();
        reset(client);
        let after = SystemTime::now();
        let record = watched.record(address);
        let exchange = &record.exchanges[0];
        assert_eq!(exchange.status, 200);
        let body = measured(&exchange.traffic).response_body;
        assert!((1..BIG as u64).contains(&body), "{body}");
        assert!(!exchange.is_kept, "{model}: {exchange:?}");
        assert!(exchange.stages.acknowledged.value().is_none(), "its last byte was never sent");
        let close = check_close(&record, &Reason::Reset, How::ResetByClient, End::Client);
        let recorded = measured(&close.client_end);
        assert!((since_accept(&record, before)..since_accept(&record, after) + 2_000_000_000).contains(&recorded));
        check_time_wait(&record, TimeWait::Nobody);
    });
}

#[test]
fn a_client_that_resets_before_any_request() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        for begins in [&b""[..], b"GET /sma"] {
            let mut client = watched.connect();
            client.send(begins);
            let address = port(&client);
            reset(client);
            let record = watched.record(address);
            match &record.exchanges[..] {
                [] => assert_eq!(begins, b"", "{model}: what had come is told"),
                [begun] => {
                    assert_eq!((begun.status, begun.request.head.as_bytes()), (0, begins), "{model}");
                    assert_eq!(measured(&begun.traffic).request_head, begins.len() as u64, "{model}");
                }
                more => panic!("{model}: {more:?}"),
            }
            check_close(&record, &Reason::Reset, How::ResetByClient, End::Client);
            check_time_wait(&record, TimeWait::Nobody);
        }
    });
}

#[test]
fn a_client_that_resets_after_the_servers_end_was_second() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(SIMPLE);
        client.read_to_end();
        let address = port(&client);
        reset(client);
        let record = watched.record(address);
        let close = check_close(&record, &Reason::Http10, How::ResetByClient, End::Server);
        assert!(measured(&close.server_end) < measured(&close.client_end));
        check_time_wait(&record, TimeWait::Nobody);
    });
}

#[test]
fn a_port_probe_that_connects_and_closes_is_recorded_like_any_other() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let client = watched.connect();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        no_exchange(&record);
        let close = check_close(&record, &Reason::NoRequest, How::Fin, End::Client);
        measured(&close.client_end);
        check_time_wait(&record, TimeWait::Client);
    });
}

#[test]
fn a_silent_client_is_closed_on_at_its_deadline() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "1"]);
        let mut client = watched.connect();
        assert_eq!(client.read_to_end(), b"");
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        no_exchange(&record);
        let close = check_close(&record, &Reason::SilentTimeout, How::Timeout, End::Server);
        assert!((990_000_000..5_000_000_000).contains(&measured(&close.at)), "{close:?}");
        assert!(matches!(close.client_end, Figure::NotVisible { .. }), "{close:?}");
    });
}

#[test]
fn a_client_that_does_not_end_is_waited_for_a_second_and_no_timeout() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(SIMPLE);
        client.read_to_end();
        let record = watched.record(port(&client));
        let close = check_close(&record, &Reason::Http10, How::Fin, End::Server);
        assert!(matches!(close.client_end, Figure::NotVisible { .. }), "{close:?}");
        let waited = measured(&close.at) - measured(&close.server_end);
        assert!((990_000_000..5_000_000_000).contains(&waited), "{waited}");
        assert_eq!(measured(&close.tcp).state, "FIN_WAIT2");
        drop(client);
    });
}

#[test]
fn half_a_head_gets_408_and_ended_by_the_server() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "1"]);
        let mut client = watched.connect();
        client.send(b"GET /small.txt HT");
        let response = client.read_to_end();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        let exchange = &record.exchanges[0];
        check_exchange(exchange, b"GET /small.txt HT", &response, false);
        assert_eq!(exchange.status, 408);
        let late = measured(&exchange.stages.response_chosen) - measured(&exchange.stages.first_read);
        assert!((900_000_000..5_000_000_000).contains(&late), "it was refused at the deadline: {late}");
        let close = check_close(&record, &Reason::HeadTimeout, How::Timeout, End::Server);
        assert!(measured(&close.server_end) <= measured(&close.client_end));
        check_time_wait(&record, TimeWait::Server);
    });
}

#[test]
fn a_client_that_closes_a_kept_connection_was_first() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(KEPT);
        client.response();
        let address = port(&client);
        let before = SystemTime::now();
        drop(client);
        let record = watched.record(address);
        assert_eq!(record.exchanges.len(), 1);
        let close = check_close(&record, &Reason::ClientClosed, How::Fin, End::Client);
        assert!(measured(&close.client_end) >= since_accept(&record, before));
        check_time_wait(&record, TimeWait::Client);
    });
}

#[test]
fn who_closes_a_kept_connection_before_it_has_its_response_is_said_to_have() {
    // More than the client's window takes, less than any socket's buffer.
    const BODY: usize = 12_000;
    let (folder, _) = folder_with(BODY);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = narrow_client(watched.server.address);
        client.write_all(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
        client.read_exact(&mut [0; 1000]).expect("the beginning");
        let address = client.local_addr().expect("an address");
        client.shutdown(Shutdown::Write).expect("half closed");
        let record = watched.record(address);
        drop(client);
        let exchange = &record.exchanges[0];
        assert_eq!((exchange.is_whole(), exchange.is_kept), (Some(true), true), "{model}: the kernel took all of it");
        let close = check_close(&record, &Reason::ClientClosed, How::Fin, End::Client);
        assert_eq!(close.sentence, "The client closed its sending side before it had all of the response.");
        let left = close.unacknowledged.value().expect("it is known");
        assert!((1..=BODY as u64).contains(left) && close.reset.is_none(), "{model}: {close:?}");
    });
}

#[test]
fn an_end_by_close_lies_between_the_moments_around_that_call() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        for _ in 0..20 {
            let mut client = watched.connect();
            client.send(KEPT);
            client.response();
            client.half_close();
            assert_eq!(client.read_to_end(), b"");
            let seen = SystemTime::now();
            let address = port(&client);
            drop(client);
            let record = watched.record(address);
            let close = record.close.as_ref().expect("its end");
            let (called, at) = (measured(&close.called), measured(&close.at));
            assert!(measured(&close.client_end) <= called && called <= at, "{close:?}");
            assert!(called <= since_accept(&record, seen), "the client saw it later: {close:?}");
            assert_eq!(close.server_fin, Figure::derived(called, Source::NothingUnsent), "{model}");
            // The process that accepted it has the socket, too.
            let bound = if model == "process" { Figure::not_visible(Why::SharedSocket) } else { close.at.clone() };
            assert_eq!(close.left_by, bound, "{model}");
        }
    });
}

#[test]
fn an_idle_connection_is_closed_on_at_its_time() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--keep-alive", "1"]);
        let mut client = watched.connect();
        client.send(KEPT);
        let response = client.response();
        assert_eq!(client.read_to_end(), b"");
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        let exchange = &record.exchanges[0];
        check_exchange(exchange, KEPT, &[response.head.as_bytes(), &response.body].concat(), true);
        let close = check_close(&record, &Reason::IdleTimeout, How::Timeout, End::Server);
        let idle = measured(&close.at) - measured(&exchange.stages.last_write);
        assert!((900_000_000..5_000_000_000).contains(&idle), "{idle}");
        assert!(close.time_wait.value() == Some(&TimeWait::Server), "{close:?}");
    });
}

#[test]
fn a_client_that_takes_nothing_is_reset() {
    let (folder, _) = folder_with(BIG);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "1"]);
        let mut client = narrow_client(watched.server.address);
        client.write_all(b"GET /big.bin HTTP/1.0\r\n\r\n").expect("a request");
        // Waits for the reset alone, not for bytes.
        let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
        let dropped = retry_on_intr(|| poll(&mut [PollFd::new(&client, PollFlags::empty())], Some(&patience)));
        assert_eq!(dropped, Ok(1), "{model}: it is never dropped");
        let record = watched.record(client.local_addr().expect("bound"));
        let exchange = &record.exchanges[0];
        let traffic = measured(&exchange.traffic);
        assert!(traffic.response_body < BIG as u64 && !exchange.is_kept, "{exchange:?}");
        assert!(exchange.stages.acknowledged.value().is_none(), "{exchange:?}");
        let close = check_close(&record, &Reason::SendTimeout, How::ResetByServer, End::Server);
        let acknowledged = measured(&close.tcp).bytes_acknowledged.expect("counted");
        assert!(acknowledged < traffic.response_head + traffic.response_body, "{close:?}");
        check_time_wait(&record, TimeWait::Nobody);
    });
}

#[test]
fn a_client_that_still_sends_is_drained_and_ends_second() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        let head = b"PUT /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
        client.send(head);
        client.send(&[b'a'; 1_000_000]);
        let response = client.read_to_end();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        assert_eq!(record.exchanges.len(), 1);
        assert_eq!(Response::parse(&response).status, 405);
        check_exchange(&record.exchanges[0], head, &response, false);
        let close = check_close(&record, &Reason::RequestBodyUnread, How::Fin, End::Server);
        assert!(measured(&close.server_end) < measured(&close.client_end));
        let arrived = measured(&close.tcp).bytes_received.expect("counted");
        assert_eq!(arrived, head.len() as u64 + 1_000_000 + 1, "and a FIN");
        check_time_wait(&record, TimeWait::Server);
    });
}
