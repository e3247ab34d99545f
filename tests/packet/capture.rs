//! What the program itself captures of its own connections: tshark captures the same.

use super::serving::{Witness, packets_of, records, serve, use_it};
use crate::harness::{Client, PATIENCE};
use std::time::Duration;

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn tshark_captures_the_same_packets_no_more_and_no_fewer() {
    let mut server = serve(&["--log", "pcapng", "--no-watch", "--lang", "ko"], &[]);
    assert!(server.announced.contains("비밀번호"), "{}", server.announced);
    let witness = Witness::of(server.port);
    let before = witness.wait_until_it_sees(server.address());
    use_it(server.address());
    server.end();
    let plain = |line: &String| line.split(',').take(10).collect::<Vec<_>>().join(",");
    let ours: Vec<String> = packets_of(&server.output).iter().map(plain).collect();
    let before: Vec<String> = before.iter().map(plain).collect();
    // What was sent before tshark listened it can't have.
    let start = ours.iter().position(|packet| *packet == before[0]).expect("the first that tshark saw");
    let ours = &ours[start..];
    let mut theirs = before;
    while theirs.len() < ours.len() {
        theirs.push(plain(&witness.lines.recv_timeout(PATIENCE).expect("as many packets as we have")));
    }
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(1)) {
        theirs.push(plain(&line));
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
