//! What the program itself captures of its own connections: tshark captures the same.

use super::serving::{Witness, lacking, packets_of, records, serve, use_it};
use crate::harness::{Client, PATIENCE, Server, glasshttp};
use rustix::process::Signal;
use socket2::{Domain, Socket, Type};
use std::fs::{self, File};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn tshark_captures_the_same_packets_no_more_and_no_fewer() {
    let mut server = serve(&["--log", "pcapng", "--no-watch", "--lang", "ko"], &[]);
    assert!(server.announced.contains("비밀번호"), "{}", server.announced);
    let witness = Witness::of(server.port);
    let mut theirs = witness.wait_until_it_sees(server.address());
    use_it(server.address());
    a_stranger_has_the_same_port(server.port);
    // While the server lives, nobody else gets its port at its addresses: then all that tshark sees is its.
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(1)) {
        theirs.push(line);
    }
    server.end();
    let plain = |line: &String| line.split(',').take(10).collect::<Vec<_>>().join(",");
    let ours: Vec<String> = packets_of(&server.output).iter().map(plain).collect();
    let mut theirs: Vec<String> = theirs.iter().map(plain).collect();
    // What was sent before tshark listened it can't have.
    let start = ours.iter().position(|packet| *packet == theirs[0]).expect("the first that tshark saw");
    let ours = &ours[start..];
    while theirs.len() < ours.len() {
        theirs.push(plain(&witness.lines.recv_timeout(PATIENCE).expect("as many packets as we have")));
    }
    assert!(ours.len() > 100, "{} packets", ours.len());
    // Several processors hand frames over: of two at the same time either may come first.
    let without = |packets: &[String], others: &[String]| -> Vec<String> {
        let mut others = others.to_vec();
        let is_new = |packet: &&String| match others.iter().position(|other| other == *packet) {
            Some(index) => {
                others.swap_remove(index);
                false
            }
            None => true,
        };
        packets.iter().filter(is_new).cloned().collect()
    };
    let (ours_alone, theirs_alone) = (without(ours, &theirs), without(&theirs, ours));
    // On a machine with other things to do there may be too many at once: then it says how many it lacks.
    let lacking = lacking(&fs::read(&server.output).expect("the file"));
    assert!(ours_alone.is_empty(), "{ours_alone:?}");
    assert_eq!(theirs_alone.len() as u64, lacking, "{theirs_alone:?}");
    assert_eq!(server.warnings().contains("not in the capture file"), lacking > 0);
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_capture_file_whose_reader_is_slow_says_how_much_it_lacks_and_where() {
    let folder = crate::harness::folder();
    fs::write(folder.path().join("small.txt"), "some text\n").expect("a file");
    fs::write(folder.path().join("large.bin"), vec![b'x'; 40_000_000]).expect("a file");
    let mut command = glasshttp();
    command.args(["--port", "0", "--log", "pcapng", "--no-watch", "--lang", "en", "--host", "*"]).arg(folder.path());
    let mut server = Server::spawn(&mut command);
    // Nobody takes what it writes, until much has passed.
    for _ in 0..3 {
        assert_eq!(server.get("/large.bin").body.len(), 40_000_000);
    }
    let file = Arc::new(Mutex::new(Vec::new()));
    let out = server.stdout.get_ref().as_fd().try_clone_to_owned().expect("a descriptor");
    let (taken, mut out) = (Arc::clone(&file), File::from(out));
    let taking = thread::spawn(move || {
        let mut bytes = vec![0; 1 << 20];
        while let Ok(length @ 1..) = out.read(&mut bytes) {
            taken.lock().expect("no test failed").extend_from_slice(&bytes[..length]);
        }
    });
    // The packet behind the gap says that there is one.
    let said = b"for there was no room for them: ";
    let begun = Instant::now();
    let mut looked_at = 0;
    loop {
        assert_eq!(server.get("/small.txt").status, 200);
        let file = file.lock().expect("the other thread goes on");
        if file[looked_at..].windows(said.len()).any(|bytes| bytes == said) {
            break;
        }
        looked_at = file.len().saturating_sub(said.len());
        assert!(begun.elapsed() < PATIENCE, "the gap is not said");
    }
    server.signal(Signal::INT);
    assert!(server.wait().success());
    taking.join().expect("all of it");
    let lacking = lacking(&file.lock().expect("nobody else has it"));
    let complaints = server.complaints();
    let number =
        complaints.split_once("warning: ").and_then(|(_, rest)| rest.split_once(" packets not in the capture"));
    let number = number.map(|(number, _)| number.replace(',', ""));
    assert_eq!(number.and_then(|number| number.parse().ok()), Some(lacking), "{complaints}");
    assert!(lacking > 100);
}

/// A connection of somebody else's, whose client has `port` at another address: the system gives it to who binds there.
fn a_stranger_has_the_same_port(port: u16) {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let stranger = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    stranger.bind(&SocketAddr::from(([127, 0, 0, 3], port)).into()).expect("another address has the port free");
    stranger.connect(&other.local_addr().expect("bound").into()).expect("a connection");
    drop(other.accept().expect("it"));
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_capture_file_says_the_servers_calls_beside_the_packets_in_the_chosen_language() {
    for (language, after, before) in [("en", " after this packet: ", " before this packet: "), ("ko", " 뒤: ", " 앞: ")]
    {
        let mut server = serve(&["--log", "pcapng", "--no-watch", "--lang", language], &[]);
        let mut client = Client::connect(server.address());
        for _ in 0..2 {
            client.send(b"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assert_eq!(client.response().status, 200);
        }
        client.half_close();
        client.read_to_end();
        drop(client);
        server.end();
        let comments = comments_of(&server.output);
        let beside = |call: &str, relation: &str| -> Vec<(u16, u32)> {
            let says = |comment: &&String| comment.contains(relation) && comment.contains(call);
            let rows = comments.iter().filter(|(_, _, said)| said.iter().any(|comment| says(&comment)));
            rows.map(|(flags, length, _)| (*flags, *length)).collect()
        };
        const ACK: u16 = 0x10;
        const PSH_ACK: u16 = 0x18;
        assert_eq!(beside("accept(): ", after).len(), 1, "{comments:?}");
        let read = beside("recv(): GET /small.txt HTTP/1.0, ", after);
        assert!(read.len() == 2 && read.iter().all(|(flags, length)| *flags == PSH_ACK && *length > 0), "{comments:?}");
        let sent = beside("send(): ", before);
        assert!(sent.len() == 2 && sent.iter().all(|(flags, length)| *flags == PSH_ACK && *length > 0), "{comments:?}");
        let learnt = beside("read()", after);
        assert!(learnt.len() == 1 && learnt[0].0 == ACK | 1, "the client's FIN: {comments:?}");
        let closed = beside("close(): ", before);
        assert!(closed.len() == 1 && closed[0].0 == ACK | 1, "the server's FIN: {comments:?}");
    }
}

/// Flags, bytes of data and comments of each packet.
fn comments_of(file: &Path) -> Vec<(u16, u32, Vec<String>)> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file).args(["-n", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;"]);
    let output = tshark.args(["-e", "tcp.flags", "-e", "tcp.len", "-e", "frame.comment"]).output().expect("tshark");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let row = |line: &str| {
        let [flags, length, comments] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        let flags = u16::from_str_radix(flags.trim_start_matches("0x"), 16).expect("hexadecimal");
        (flags, length.parse().expect("a number"), comments.split(';').map(str::to_owned).collect())
    };
    text.lines().map(row).collect()
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn nothing_is_captured_for_a_log_alone_or_when_it_is_switched_off() {
    for (options, environment, is_captured) in [
        (&["--log", "json", "--no-watch"][..], &[][..], false),
        (&["--log", "json", "--watch", "127.0.0.1:0"], &[("GLASSHTTP_PACKETS", "off")], false),
        (&["--log", "json", "--watch", "127.0.0.1:0"], &[], true),
    ] {
        let mut server = serve(options, environment);
        assert_eq!(server.announced.contains("Packets are captured"), is_captured, "{}", server.announced);
        let mut client = Client::connect(server.address());
        client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
        client.read_to_end();
        server.end();
        let records = records(&server.output);
        assert_eq!((records.len(), records[0].get("segments").is_some()), (1, is_captured));
    }
}
