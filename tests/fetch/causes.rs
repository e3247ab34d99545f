//! What is said of causes is a fact of the record: a SYN that was lost, sizes
//! that are announced or are those of now, bytes that are in the file.

use super::{fetch, run};
use crate::closing::folder_with;
use crate::fetch::peer::{Peer, read_request, wait_for_end};
use crate::harness::{PATIENCE, Server, glasshttp};
use socket2::{Domain, Socket, Type};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Instant;

fn words(story: &str) -> String {
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_mss_is_announced_and_the_segment_size_is_that_of_now() {
    let (folder, _) = folder_with(0);
    let server = Server::start(folder.path(), &[]);
    let url = format!("http://127.0.0.1:{}/small.txt", server.port());
    let record = fetch(&["--json", &url]).record();
    let agreed = &record["transfers"][0]["connect"]["negotiated"]["value"];
    let (announced, size) = (agreed["announced_mss"].as_u64(), agreed["segment_size"].as_u64());
    // On loopback half of the window bounds a segment.
    assert!(announced.expect("an MSS") > size.expect("a size"), "{agreed}");
    let story = words(&fetch(&[&url]).stderr);
    assert!(story.contains("announced by the client, segments of up to "), "{story}");
    assert!(!story.contains("negotiated"), "{story}");
}

/// A full accept queue: the kernel drops each further SYN, until there is room.
#[test]
fn a_syn_that_had_no_response_is_said_to_have_been_sent_again() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    socket.listen(0).expect("it listens");
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().expect("its address");
    let fills = TcpStream::connect(address).expect("there is room for one");
    let server = thread::spawn(move || {
        let begun = Instant::now();
        while !is_syn_sent(address) {
            assert!(begun.elapsed() < PATIENCE, "no SYN was dropped");
            thread::yield_now();
        }
        let (first, _) = listener.accept().expect("the one that fills it");
        drop((first, fills));
        let (mut stream, _) = listener.accept().expect("the SYN that was sent again");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").expect("the client reads");
        drop(stream.shutdown(std::net::Shutdown::Write));
        wait_for_end(&mut stream);
    });
    let run = fetch(&[&format!("http://{address}/")]);
    server.join().expect("the script holds");
    let story = words(&run.stderr);
    assert!(run.code == 0 && story.contains("so the SYN was sent again"), "{}", run.stderr);
    assert!(story.contains("open after 1.0"), "{story}");
}

/// Whether some socket waits for a SYN+ACK from this address, by proc(5).
fn is_syn_sent(address: SocketAddr) -> bool {
    let remote = format!("0100007F:{:04X} 02", address.port());
    fs::read_to_string("/proc/net/tcp").expect("the table of sockets").contains(&remote)
}

#[test]
fn what_is_kept_is_what_is_in_the_file() {
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 300000\r\n\r\n");
        // The client leaves when its disk is full.
        let _ = stream.write_all(&vec![b'x'; 300_000]);
        let _ = stream.read(&mut [0; 1]);
    });
    for limit in [1, 64, 100] {
        let place = crate::harness::folder();
        // A file may be so long and no longer: what setrlimit(2) refuses, a full disk would.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let arguments = ["-o", "file", &peer.url("/")];
        let program = glasshttp().get_program().to_owned();
        let run = run(Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(program)
            .arg("fetch")
            .args(arguments)
            .current_dir(place.path()));
        let there = fs::metadata(place.path().join("file.part")).expect("a part").len();
        assert!(there > 0 && there < 300_000, "{there}");
        let grouped = if there < 1000 { there.to_string() } else { format!("{},{:03}", there / 1000, there % 1000) };
        let story = words(&run.stderr);
        assert!(story.contains(&format!("{grouped} bytes in file.part, incomplete")), "{}", run.stderr);
        // In the row, and in the error.
        assert!(run.code == 1 && story.matches(&format!("{grouped} bytes")).count() >= 2, "{}", run.stderr);
    }
}

/// The first archive is short, the second longer than a file may be.
#[test]
fn an_archive_that_can_not_be_written_leaves_the_one_that_is_there() {
    let peer = Peer::responding("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let place = crate::harness::folder();
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let fetching = |repeat: &str| {
        let program = glasshttp().get_program().to_owned();
        let arguments = ["-q", "--repeat", repeat, "--har", "file", &peer.url("/")];
        run(Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(program)
            .arg("fetch")
            .args(arguments)
            .current_dir(place.path()))
    };
    assert_eq!(fetching("1").code, 0);
    let before = fs::read(place.path().join("file")).expect("an archive");
    fetching("20").assert_failed(1, &["Cannot write file"]);
    assert_eq!(fs::read(place.path().join("file")).expect("an archive"), before);
    assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 1, "nothing is left beside it");
}

#[test]
fn a_close_with_bytes_unread_is_shown_as_the_reset_that_it_is() {
    let (say, heard) = std::sync::mpsc::channel();
    let peer = Peer::start(move |_, stream| {
        read_request(stream);
        let more =
            [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"[..], &[b'x'; 300_000]].concat();
        let sent = stream.write_all(&more);
        let end = sent.and_then(|()| stream.read(&mut [0; 16]));
        say.send(end.map_err(|error| error.kind())).expect("the test listens");
    });
    let run = fetch(&["--json", &peer.url("/")]);
    let (code, record) = (run.code, run.record());
    let close = &record["transfers"][0]["close"];
    let end = heard.recv_timeout(PATIENCE).expect("the peer's end");
    // The peer is the witness: what it met is what is said.
    let is_reset = matches!(end, Err(std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe));
    assert_eq!(code, 8, "{record}");
    assert!(is_reset, "{end:?}");
    assert_eq!(
        (&close["how"], &close["client_end"]["code"]),
        (&"reset_by_client".into(), &"unread_at_close".into()),
        "{close}"
    );
}

#[test]
fn a_close_behind_a_shutdown_is_a_reset_too_where_more_came_than_was_asked_for() {
    for version in ["1.0", "1.1"] {
        let (say, heard) = std::sync::mpsc::channel();
        let peer = Peer::start(move |_, stream| {
            read_request(stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            let end = loop {
                if let Err(error) = stream.write_all(&[b'x'; 65_536]) {
                    break error.kind();
                }
            };
            say.send(end).expect("the test listens");
        });
        let run = fetch(&["--json", "--http", version, &peer.url("/")]);
        let end = heard.recv_timeout(PATIENCE).expect("the peer's end");
        assert!(matches!(end, std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe), "{end:?}");
        let record = run.record();
        let close = &record["transfers"][0]["close"];
        assert_eq!((run.code, &close["how"]), (0, &"reset_by_client".into()), "{close}");
        assert_eq!(close["client_end"]["code"], "clock_before_shutdown", "{close}");
        assert_eq!(close["client_reset"]["code"], "unread_at_close", "{close}");
        assert!(close["client_reset"]["value"].as_i64() >= close["client_end"]["value"].as_i64(), "{close}");
        assert!(close["surplus"].as_u64() > Some(4096), "{close}");
    }
}
