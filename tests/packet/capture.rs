//! What the program itself captures of its own connections: tshark captures the same.

use super::serving::{Witness, packets_of, records, serve, use_it};
use crate::harness::{Client, PATIENCE};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn tshark_captures_the_same_packets_no_more_and_no_fewer() {
    let mut server = serve(&["--log", "pcapng", "--no-watch", "--lang", "ko"], &[]);
    assert!(server.announced.contains("비밀번호"), "{}", server.announced);
    let witness = Witness::of(server.port);
    let mut theirs = witness.wait_until_it_sees(server.address());
    use_it(server.address());
    // While the server lives, nobody else gets its port: then all that tshark sees is its.
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
    let nothing: Vec<String> = Vec::new();
    assert_eq!(
        (without(ours, &theirs), without(&theirs, ours)),
        (nothing.clone(), nothing),
        "ours alone, theirs alone"
    );
    assert!(server.folder.path().exists());
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
