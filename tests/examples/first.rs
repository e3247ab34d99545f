//! The first connection, and the first messages.

use super::{Program, complaint, port, port_without_a_server, run, succeeded};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

#[test]
fn the_first_server_says_hello_to_a_client_whose_address_comes_with_the_connection() {
    let (mut server, address) = Program::serve("hello_server", &[]);
    let client = run("hello_client", &["-p", &port(address)]);
    assert!(client.contains("our address: 0.0.0.0:0, which is none"), "{client}");
    assert!(client.contains("26 bytes: \"Hello from the other end!\\n\"\n"), "{client}");
    assert!(client.contains("0 bytes: the end"), "{client}");

    let accepted = server.line("the client is ");
    let (_, name) = accepted.rsplit_once(' ').expect("its address");
    assert!(client.contains(&format!("our address: {name}\n")), "{name}, and {client}");
    let server = succeeded(server.finish());
    for (call, descriptor) in [("socket()", 3), ("accept()", 4), ("close()", 4), ("close()", 3)] {
        let said = |line: &str| line.starts_with(call) && line.contains(&format!("descriptor {descriptor}"));
        assert!(server.lines().any(said), "{call} {descriptor}: {server}");
    }
}

#[test]
fn a_client_without_a_server_and_a_server_without_a_port_say_so() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let number = port(taken.local_addr().expect("its address"));
    assert!(complaint("hello_server", &["-p", &number]).contains("try -p 0"));
    assert!(complaint("message_server", &["server", "127.0.0.1", "-p", &number]).contains("-p 0"));
    // Bound, so that nobody else takes it, and nobody listens there.
    let (_bound, number) = port_without_a_server();
    assert!(complaint("hello_client", &["-p", &number]).contains("is hello_server running"));
}

#[test]
fn the_message_server_serves_one_client_after_another() {
    let (mut server, address) = Program::serve("message_server", &["server", "127.0.0.1"]);
    for message in ["How do you do?", "안녕하세요"] {
        let mut client = Program::start("message_client", &["client", "127.0.0.1", "-p", &port(address)]);
        let connected = client.line("Connected to ");
        let (_, name) = connected.split_once(" from ").expect("its address");
        let name = name.to_owned();
        client.types(&format!("{message}\n"));
        let shown = succeeded(client.finish());
        assert!(shown.ends_with(&format!("The server says: received well, {name}\n")), "{shown}");
        assert!(server.line("Accepted").ends_with(&name));
        assert!(server.line("received").ends_with(&format!("{} bytes: {message:?}", message.len())));
    }
}

#[test]
fn no_client_stops_the_message_server_for_the_others() {
    let (mut server, address) = Program::serve("message_server", &["server", "127.0.0.1"]);
    // Says nothing, and hears the response all the same.
    let shown = run("message_client", &["client", "127.0.0.1", "-p", &port(address)]);
    assert!(shown.contains("received well, 127.0.0.1:"), "{shown}");
    assert!(server.line("received").contains("received 0 bytes: \"\""));
    // Says nothing, and hears nothing.
    drop(TcpStream::connect(address).expect("a connection"));
    // Breaks off.
    let rude = TcpStream::connect(address).expect("a connection");
    socket2::SockRef::from(&rude).set_linger(Some(std::time::Duration::ZERO)).expect("a reset");
    drop(rude);
    // Says as much as fits, without an end of line.
    let mut long = TcpStream::connect(address).expect("a connection");
    long.write_all(&[b'a'; 1024]).expect("room");
    long.shutdown(Shutdown::Write).expect("half a close");
    let mut response = String::new();
    long.read_to_string(&mut response).expect("a response");
    assert!(response.starts_with("received well, "), "{response}");

    let mut client = Program::start("message_client", &["client", "127.0.0.1", "-p", &port(address)]);
    client.types("still there?\n");
    assert!(succeeded(client.finish()).contains("received well"));
    assert!(server.line("still there?").contains("12 bytes"));
    // What an end of input cannot end.
    assert!(server.shown.contains("Waiting for a connection"));
}
