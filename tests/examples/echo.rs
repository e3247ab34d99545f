//! Echoes: streams and datagrams, and one client or all at a time.

use super::{Finished, Program, complaint, port, port_without_a_server, run, succeeded};
use crate::harness::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

fn echo_client(server: SocketAddr, options: &[&str]) -> Program {
    Program::start("tcp_echo_client", &[&["-p", &port(server)], options].concat())
}

/// A client that speaks bytes, and waits no longer than this.
fn raw(server: SocketAddr, patience: Duration) -> TcpStream {
    let client = TcpStream::connect(server).expect("a connection");
    client.set_read_timeout(Some(patience)).expect("a timeout");
    client.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    client
}

#[test]
fn the_echo_server_serves_five_clients_and_ends() {
    let (server, address) = Program::serve("tcp_echo_server", &[]);
    for end in ["q\n", "Q\nnot sent\n", "", "q\n", "Q\n"] {
        let mut client = echo_client(address, &[]);
        client.types("one\n\ntwo words\n");
        assert!(client.line("\"one\\n\"").contains("sent 4 bytes, got 4 in 1 read"));
        assert!(client.line("\"\\n\"").contains("sent 1 bytes, got 1 in 1 read"));
        client.types(end);
        let shown = succeeded(client.finish());
        assert!(shown.ends_with("sent 10 bytes, got 10 in 1 read: \"two words\\n\"\n"), "{shown}");
    }
    let shown = succeeded(server.finish());
    assert_eq!(shown.matches("echoed 15 bytes, until it closed").count(), 5, "{shown}");
    assert!(shown.contains("Client 5 of 5: 127.0.0.1:") && shown.ends_with("5 clients were served\n"), "{shown}");
}

#[test]
fn one_read_is_not_one_message() {
    let (_server, address) = Program::serve("tcp_echo_server", &["--split", "150", "--clients", "9"]);
    // A client that is kept from running for so long finds both halves: not in each of a few rounds.
    let round = || {
        let mut client = echo_client(address, &["--naive"]);
        client.types("first line\nsecond\n");
        succeeded(client.finish())
    };
    let fooled = |shown: &String| {
        shown.contains("sent 11 bytes, got 5 in one read: \"first\"\n") && shown.contains("\" line\\n")
    };
    assert!((0..5).any(|_| fooled(&round())), "got each response whole");

    let mut client = echo_client(address, &[]);
    client.types("first line\nsecond\n");
    let shown = succeeded(client.finish());
    assert!(shown.contains(": \"first line\\n\"\n") && shown.ends_with(": \"second\\n\"\n"), "{shown}");
    assert!(shown.contains("got 11 in ") && shown.contains("got 7 in "), "{shown}");
}

#[test]
fn a_client_that_breaks_off_ends_its_turn_alone() {
    let (mut server, address) = Program::serve("tcp_echo_server", &["--clients", "2"]);
    let rude = raw(address, PATIENCE);
    socket2::SockRef::from(&rude).set_linger(Some(Duration::ZERO)).expect("a reset");
    drop(rude);
    server.line("its connection failed: ");
    let mut client = echo_client(address, &[]);
    client.types("still there?\n");
    assert!(succeeded(client.finish()).contains("got 13 in 1 read"));
    succeeded(server.finish());
    let (_bound, number) = port_without_a_server();
    assert!(complaint("tcp_echo_client", &["-p", &number]).contains("is tcp_echo_server running"));
}

#[test]
fn three_sends_are_three_receives() {
    let (mut server, address) = Program::serve("udp_echo_server", &[]);
    let number = port(address);
    for connected in [&[][..], &["--connected"]] {
        let options = [&["-p", &number, "one", "and two", ""], connected].concat();
        let shown = run("udp_echo_client", &options);
        let responses: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("received")).collect();
        let wanted = [("3", "\"one\""), ("7", "\"and two\""), ("0", "\"\"")]
            .map(|(count, text)| format!("  {count:>5} bytes from {address}: {text}"));
        assert_eq!(responses, wanted, "{shown}");
        let client = server.line(": 3 bytes").replace(": 3 bytes", "");
        assert!(server.line(&client).ends_with(": 7 bytes") && server.line(&client).ends_with(": 0 bytes"));
        assert_eq!(shown.contains(&format!("Connected: from {client} to {address}\n")), !connected.is_empty());
    }
}

#[test]
fn only_a_connected_socket_hears_that_nobody_is_there() {
    // Connected to itself: so nobody else takes the port, and what others send to it finds nobody.
    let nobody = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("its address");
    nobody.connect(address).expect("connected");
    let number = port(address);
    let options = ["-p", &number, "--timeout", "150", "one", "two"];
    let unconnected = Program::start("udp_echo_client", &options).finish();
    assert_eq!(unconnected.shown.matches("sent").count(), 2, "{}", unconnected.shown);
    assert!(unconnected.complaint.contains("no response from "), "{}", unconnected.complaint);
    let Finished { code, shown, complaint } =
        Program::start("udp_echo_client", &[&options[..], &["--connected"]].concat()).finish();
    assert_eq!((code, shown.matches("sent").count()), (Some(1), 1), "{shown}");
    assert!(complaint.contains("refused an earlier datagram: "), "{complaint}");
}

#[test]
fn what_does_not_fit_the_buffer_is_gone() {
    let (mut server, address) = Program::serve("udp_echo_server", &["--buffer", "100"]);
    let shown = run("udp_echo_client", &["-p", &port(address), "--size", "3000"]);
    assert!(shown.contains("sent       3000 bytes"), "{shown}");
    assert!(shown.contains("received    100 bytes"), "{shown}");
    server.line(": 3000 bytes, of which 2900 are gone: the buffer holds 100");
    // The rest of it is not the beginning of the next one.
    assert!(run("udp_echo_client", &["-p", &port(address), "next"]).contains("4 bytes from "));
    assert!(complaint("udp_echo_client", &["--size", "65508"]).contains("at most 65507 bytes"));
}

#[test]
fn two_clients_at_once_are_a_matter_of_the_model() {
    for (model, serves_both) in [("multiplex", true), ("iterative", false)] {
        let (mut server, address) = Program::serve("multiplex_echo", &["--model", model]);
        let mut first = echo_client(address, &[]);
        first.types("first\n");
        first.line("got 6 in ");
        let mut second = raw(address, if serves_both { PATIENCE } else { Duration::from_millis(100) });
        second.write_all(b"second").expect("the kernel takes it");
        let mut response = [0; 6];
        match second.read_exact(&mut response) {
            Ok(()) => assert!(serves_both && response == *b"second", "{model}"),
            Err(error) => assert!(!serves_both && error.kind() == ErrorKind::WouldBlock, "{model}: {error}"),
        }
        first.types("again\n");
        first.line("got 6 in ");
        succeeded(first.finish());
        server.line("- 127.0.0.1:");
        if !serves_both {
            second.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            second.read_exact(&mut response).expect("its turn has come");
            assert_eq!(response, *b"second");
        }
    }
}

#[test]
fn a_client_that_takes_nothing_costs_the_others_nothing_and_itself_no_byte() {
    let (mut server, address) = Program::serve("multiplex_echo", &[]);
    let lazy = raw(address, PATIENCE);
    let sent: Vec<u8> = (0..3_000_000_u32).flat_map(|number| number.to_be_bytes()).collect();
    let mut received = vec![0; sent.len()];
    std::thread::scope(|scope| {
        scope.spawn(|| (&lazy).write_all(&sent).expect("taken in the end"));
        server.line("bytes wait for it");
        let mut other = echo_client(address, &[]);
        other.types("me too\n");
        assert!(succeeded(other.finish()).contains("got 7 in "));
        (&lazy).read_exact(&mut received).expect("all of it");
    });
    assert!(received == sent);
}
