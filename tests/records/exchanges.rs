//! Requests and responses: bytes, calls, stages.

use super::{
    Watched, check_close, check_exchange, check_time_wait, derived, measured, port, since_accept, wait_until_read,
};
use crate::closing::{BIG, assert_same, bytes, folder_with, under_each_model};
use crate::harness::{Client, Response};
use glasshttp::record::connection::{HeadState, Record};
use glasshttp::record::{End, Figure, How, Reason, TimeWait};
use rustix::process::Signal;
use socket2::SockRef;
use std::io::Read;
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, SystemTime};

const SIMPLE: &[u8] = b"GET /small.txt HTTP/1.0\r\n\r\n";
const KEPT: &[u8] = b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n";

fn raw(response: &Response) -> Vec<u8> {
    [response.head.as_bytes(), &response.body].concat()
}

#[test]
fn a_request_of_http_1_0_and_the_first_connection_of_all() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let begun = SystemTime::now();
        let mut client = watched.connect();
        client.send(SIMPLE);
        let response = client.read_to_end();
        let ended = SystemTime::now();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);

        assert_eq!((record.connection, record.exchanges.len(), record.exchanges_left_out), (1, 1, 0));
        assert!(since_accept(&record, begun) < 0, "it was accepted after the client began");
        let exchange = &record.exchanges[0];
        check_exchange(exchange, SIMPLE, &response, false);
        assert_eq!((exchange.status, measured(&exchange.resource).as_str()), (200, "small.txt"));
        let traffic = measured(&exchange.traffic);
        assert_eq!((traffic.reads, traffic.writes), (1, 1));
        let arrived = measured(&exchange.stages.arrived);
        assert!(arrived >= since_accept(&record, begun), "nothing arrives before it is sent");
        assert!(measured(&exchange.stages.last_write) <= since_accept(&record, ended), "nor is read before");

        let close = check_close(&record, &Reason::Http10, How::Fin, End::Server);
        assert!(measured(&close.server_end) <= measured(&close.client_end));
        assert!(measured(&close.client_end) >= since_accept(&record, ended), "the client ended last");
        check_time_wait(&record, TimeWait::Server);
        let tcp = measured(&close.tcp);
        // A FIN takes up a number, as a byte does (RFC 9293 §3.4).
        assert_eq!(tcp.bytes_received, Some(SIMPLE.len() as u64 + 1));
        assert_eq!(tcp.bytes_acknowledged, Some(response.len() as u64 + 1));
        assert_eq!(tcp.retransmissions, 0);
    });
}

#[test]
fn a_request_of_http_0_9_has_a_response_without_a_head() {
    let (folder, _) = folder_with(0);
    std::fs::write(folder.path().join("empty.txt"), "").expect("a file");
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(b"GET /small.txt\r\n");
        assert_eq!(client.read_to_end(), b"small\n");
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        check_exchange(&record.exchanges[0], b"GET /small.txt\r\n", b"small\n", false);
        assert_eq!(record.exchanges[0].status, 200);
        check_close(&record, &Reason::SimpleRequest, How::Fin, End::Server);

        let mut client = watched.connect();
        client.send(b"GET /empty.txt\r\n");
        assert_eq!(client.read_to_end(), b"");
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        let exchange = &record.exchanges[0];
        assert!(!exchange.is_kept, "{exchange:?}");
        let traffic = measured(&exchange.traffic);
        assert_eq!((traffic.writes, traffic.response_head, traffic.response_body), (0, 0, 0));
        assert!(exchange.stages.first_write.value().is_none() && exchange.stages.acknowledged.value().is_none());
    });
}

#[test]
fn two_requests_on_a_kept_connection_have_their_own_stages() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(KEPT);
        let first = client.response();
        let between = SystemTime::now();
        let second_request = b"HEAD /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        client.send(second_request);
        let second = client.head_response();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        assert_eq!(record.exchanges.len(), 2);
        check_exchange(&record.exchanges[0], KEPT, &raw(&first), true);
        check_exchange(&record.exchanges[1], second_request, &raw(&second), false);
        assert_eq!(record.exchanges[1].status, 404);
        assert!(matches!(record.exchanges[1].resource, Figure::NotVisible { .. }));
        let between = since_accept(&record, between);
        assert!(measured(&record.exchanges[0].stages.last_write) <= between);
        assert!(measured(&record.exchanges[1].stages.arrived) >= between);
        for exchange in &record.exchanges {
            let traffic = measured(&exchange.traffic);
            assert_eq!((traffic.reads, traffic.writes), (1, 1), "{exchange:?}");
        }
        check_close(&record, &Reason::ClientAskedClose, How::Fin, End::Server);
    });
}

#[test]
fn pipelined_requests_share_one_read_and_each_response_is_acknowledged() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        for count in [3, 100] {
            let mut watched = Watched::start(folder.path(), model, &[]);
            let mut client = watched.connect();
            client.send(&KEPT.repeat(count));
            let responses: Vec<Response> = (0..count).map(|_| client.response()).collect();
            client.half_close();
            assert_eq!(client.read_to_end(), b"");
            let address = port(&client);
            drop(client);
            let record = watched.record(address);
            assert_eq!((record.exchanges.len(), record.exchanges_left_out), (count, 0));
            for (index, (exchange, response)) in record.exchanges.iter().zip(&responses).enumerate() {
                check_exchange(exchange, KEPT, &raw(response), true);
                let traffic = measured(&exchange.traffic);
                assert_eq!((traffic.reads, traffic.writes), (u32::from(index == 0), 1));
                assert_eq!(exchange.stages.arrived, record.exchanges[0].stages.arrived);
                assert_eq!(exchange.stages.first_read, record.exchanges[0].stages.first_read);
            }
            check_close(&record, &Reason::ClientClosed, How::Fin, End::Client);
            check_time_wait(&record, TimeWait::Client);
        }
    });
}

#[test]
fn very_many_exchanges_are_recorded_in_parts_and_none_is_forgotten() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        for _ in 0..300 {
            client.send(KEPT);
            assert_eq!(client.response().status, 200, "{model}");
        }
        let address = port(&client);
        drop(client);
        let mut parts = vec![watched.record(address)];
        watched.server.signal(Signal::TERM);
        parts.extend(watched.rest());
        parts.sort_by_key(|record| record.part);
        let numbers = parts.iter().flat_map(|record| record.exchanges.iter().map(|exchange| exchange.number));
        assert!(numbers.eq(1..=300), "{model}");
        let about = |record: &Record| (record.part, record.exchanges.len(), record.continues, record.close.is_some());
        let expected = [(1, 128, true, false), (2, 128, true, false), (3, 44, false, true)];
        assert_eq!(parts.iter().map(about).collect::<Vec<_>>(), expected, "{model}");
        assert!(parts.iter().all(|record| record.exchanges_left_out == 0), "{model}");
        let before = |record: &Record| record.earlier.map(|earlier| (earlier.exchanges, earlier.requests));
        let length = KEPT.len() as u64;
        assert_eq!(
            parts.iter().map(before).collect::<Vec<_>>(),
            [None, Some((128, 128 * length)), Some((256, 256 * length))]
        );
        assert_eq!(watched.left_out, [0; 3], "{model}");
    });
}

#[test]
fn a_request_that_came_in_part_with_the_one_before_began_then() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        client.send(&[KEPT, &KEPT[..20]].concat());
        client.response();
        let between = SystemTime::now();
        client.send(&KEPT[20..]);
        let second = client.response();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        let [first, later] = &record.exchanges[..] else { panic!("{model}: {record:?}") };
        check_exchange(later, KEPT, &raw(&second), true);
        assert_eq!(later.stages.first_read, first.stages.first_read, "{model}");
        assert_eq!(later.stages.arrived, first.stages.arrived, "{model}");
        assert_eq!(measured(&later.traffic).reads, 1, "the rest of it");
        assert!(measured(&later.stages.head_complete) >= since_accept(&record, between));
    });
}

#[test]
fn a_head_that_comes_byte_by_byte_takes_as_many_reads() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "100", "--keep-alive", "100"]);
        let mut client = watched.connect();
        let begun = SystemTime::now();
        let (last, others) = SIMPLE.split_last().expect("some bytes");
        for byte in others {
            client.send(&[*byte]);
            wait_until_read(&client);
        }
        let almost = SystemTime::now();
        client.send(&[*last]);
        let response = client.read_to_end();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        let exchange = &record.exchanges[0];
        check_exchange(exchange, SIMPLE, &response, false);
        assert_eq!(measured(&exchange.traffic).reads as usize, SIMPLE.len(), "{model}");
        let almost = since_accept(&record, almost);
        assert!(measured(&exchange.stages.arrived) >= since_accept(&record, begun));
        assert!(measured(&exchange.stages.first_read) <= almost, "{model}: the first byte");
        assert!(measured(&exchange.stages.head_complete) >= almost, "{model}: the last one");
    });
}

#[test]
fn a_skipped_body_is_no_part_of_the_next_request() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "100", "--keep-alive", "100"]);
        let mut client = watched.connect();
        let head = b"POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n";
        client.send(head);
        for part in bytes(50_000).chunks(10_000) {
            client.send(part);
        }
        let refused = client.response();
        assert_eq!(refused.status, 405, "{model}");
        let between = SystemTime::now();
        client.send(KEPT);
        let response = client.response();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        let [first, second] = &record.exchanges[..] else { panic!("{model}: {record:?}") };
        check_exchange(first, head, &raw(&refused), true);
        check_exchange(second, KEPT, &raw(&response), true);
        assert!(measured(&second.stages.arrived) >= since_accept(&record, between), "{model}: {second:?}");
        assert_eq!(measured(&second.traffic).reads, 1, "{model}");
        check_close(&record, &Reason::ClientClosed, How::Fin, End::Client);
    });
}

#[test]
fn a_client_that_resets_within_its_body_leaves_its_exchange() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "100"]);
        let mut client = watched.connect();
        let head = b"POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n";
        client.send(head);
        client.send(&bytes(10_000));
        let address = port(&client);
        // The reset is to meet a server that waits for the rest.
        wait_until_read(&client);
        SockRef::from(&client.socket).set_linger(Some(Duration::ZERO)).expect("a reset at the end");
        drop(client);
        let record = watched.record(address);
        let [exchange] = &record.exchanges[..] else { panic!("{model}: {record:?}") };
        assert_eq!((exchange.request.head.as_bytes(), exchange.status), (&head[..], 0), "{model}");
        assert_eq!(exchange.head, Some(HeadState::Complete), "{model}");
        check_close(&record, &Reason::Reset, How::ResetByClient, End::Client);
    });
}

#[test]
fn a_request_that_is_refused_is_recorded_as_it_came() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &["--timeout", "60"]);
        let mut client = watched.connect();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nbad header\xff\r\n\r\n";
        client.send(request);
        let response = client.read_to_end();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        check_exchange(&record.exchanges[0], request, &response, false);
        assert_eq!((record.exchanges[0].status, &record.exchanges[0].refused), (400, &Some(Reason::BadField)));
        let close = check_close(&record, &Reason::BadField, How::Fin, End::Server);
        assert!(measured(&close.client_end) >= measured(&close.server_end));
    });
}

#[test]
fn heads_too_long_to_be_recorded_are_cut_and_counted_whole() {
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        let request = format!("GET /small.txt HTTP/1.0\r\nX: {}\r\n\r\n", "é".repeat(3500));
        client.send(request.as_bytes());
        assert_eq!(Response::parse(&client.read_to_end()).status, 200, "{model}");
        let address = port(&client);
        drop(client);
        let exchange = &watched.record(address).exchanges[0];
        assert!(exchange.request.is_cut && exchange.request.head.len() > 1000);
        let recorded = exchange.request.head.trim_end_matches('\u{fffd}');
        assert!(request.starts_with(recorded), "{recorded}");
        assert_eq!(measured(&exchange.traffic).request_head, request.len() as u64);
    });
}

#[test]
fn a_large_response_to_a_client_that_takes_its_time() {
    let (folder, big) = folder_with(BIG);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = watched.connect();
        let request = b"GET /big.bin HTTP/1.0\r\n\r\n";
        client.send(request);
        let mut response = vec![0; 1000];
        client.socket.read_exact(&mut response).expect("the beginning");
        thread::sleep(Duration::from_millis(300)); // the client's own pace, not a wait for anything
        let paused = SystemTime::now();
        response.extend(client.read_to_end());
        let address = port(&client);
        drop(client);
        assert_same(&Response::parse(&response).body, &big);
        let record = watched.record(address);
        let exchange = &record.exchanges[0];
        check_exchange(exchange, request, &response, false);
        let stages = &exchange.stages;
        let paused = since_accept(&record, paused);
        assert!(measured(&stages.first_write) < paused - 250_000_000, "{stages:?}");
        assert!(measured(&stages.acknowledged) > paused, "its last byte was taken after the pause: {stages:?}");
        assert!(measured(&exchange.traffic).writes > 1);
    });
}

#[test]
fn a_client_of_ipv6_is_recorded_with_its_own_addresses() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("not tested: no IPv6 here");
        return;
    }
    let (folder, _) = folder_with(0);
    under_each_model(|model| {
        let mut watched = Watched::start(folder.path(), model, &[]);
        let mut client = Client::connect(SocketAddr::from((Ipv6Addr::LOCALHOST, watched.server.port())));
        client.send(SIMPLE);
        let response = client.read_to_end();
        let address = port(&client);
        drop(client);
        let record = watched.record(address);
        assert_eq!(record.server, SocketAddr::from((Ipv6Addr::LOCALHOST, watched.server.port())));
        check_exchange(&record.exchanges[0], SIMPLE, &response, false);
        check_close(&record, &Reason::Http10, How::Fin, End::Server);
        check_time_wait(&record, TimeWait::Server);
    });
}

#[test]
fn a_request_that_waited_in_the_accept_queue_arrived_before_the_accept() {
    let (folder, _) = folder_with(0);
    let mut watched = Watched::start(folder.path(), "iterative", &["--timeout", "1"]);
    let silent = watched.connect();
    let before_connecting = SystemTime::now();
    let mut client = watched.connect();
    let connected = SystemTime::now();
    client.send(SIMPLE);
    let sent = SystemTime::now();
    let third = watched.connect();
    let response = client.read_to_end();
    let address = port(&client);
    drop(client);
    let record = watched.record(address);
    let [before_connecting, connected, sent] =
        [before_connecting, connected, sent].map(|time| since_accept(&record, time));
    assert!(sent < 0, "it waits for the silent one's deadline");
    let exchange = &record.exchanges[0];
    check_exchange(exchange, SIMPLE, &response, false);
    let arrived = measured(&exchange.stages.arrived);
    // The kernel has on loopback what a send gave it when that returns, or a moment later.
    assert!((connected..sent + 20_000_000).contains(&arrived), "{arrived} of {connected} to {sent}");
    let queued = derived(&record.handshake.queued);
    let tick = 20_000_000; // of the kernel's clock, at most
    assert!((-connected - tick..-before_connecting + tick).contains(&queued), "{queued} of {connected}");
    assert_eq!(measured(&record.handshake.queue).waiting, 1, "the third");
    drop((silent, third));
}
