//! Records of captured connections, field by field beside tshark's own capture of the same port.

use super::serving::{Logging, Witness, records, serve, serve_by, serve_folder, serve_with_page, use_it};
use crate::harness::{Client, PATIENCE, glasshttp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use socket2::{Domain, SockRef, Socket, Type};
use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A segment in the words of both: who sent it, and its numbers.
type Fields = Vec<String>;

fn by_tshark(fields: &[&str], client: &str) -> Fields {
    let hops = if fields[16].is_empty() { fields[17] } else { fields[16] };
    let from = if fields[2] == client { "client" } else { "server" };
    let flags = u16::from_str_radix(fields[6].trim_start_matches("0x"), 16).expect("hexadecimal");
    let numbers = [4, 5, 7, 8, 10, 11, 12, 13, 14, 15, 18].map(|index| fields[index].to_owned());
    [from.to_owned(), flags.to_string(), hops.to_owned()].into_iter().chain(numbers).collect()
}

fn by_record(segment: &Value) -> Fields {
    let bits: HashMap<&str, u16> =
        ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"].into_iter().zip((0..8).map(|bit| 1 << bit)).collect();
    let flags: u16 = segment["flags"].as_str().expect("flags").split('+').map(|name| bits[name]).sum();
    let text = |value: &Value, absent: &str| if value.is_null() { absent.to_owned() } else { value.to_string() };
    let options = &segment["options"];
    [segment["from"].as_str().expect("an end").to_owned(), flags.to_string(), segment["ttl"].to_string()]
        .into_iter()
        .chain([
            text(&segment["sequence"], ""),
            text(&segment["acknowledgment"], "0"),
            text(&segment["window"], ""),
            text(&segment["length"], ""),
            text(&segment["relative_sequence"], ""),
            text(&segment["relative_acknowledgment"], "0"),
            text(&options["mss"], ""),
            text(&options["window_scale"], ""),
            text(&options["timestamps"][0], ""),
            text(&options["timestamps"][1], ""),
            text(&segment["window_bytes"], ""),
        ])
        .collect()
}

/// Every segment of the records is one that tshark saw, number by number; gives how many.
pub fn compare(records: &[Value], theirs: &[String]) -> usize {
    let mut compared = 0;
    for record in records.iter().filter(|record| record["exchanges"][0].is_object()) {
        let client = record["client"].as_str().expect("an address").rsplit(':').next().expect("a port").to_owned();
        let fields = theirs.iter().map(|line| line.split(',').collect::<Vec<_>>());
        let mut seen: Vec<Fields> = fields
            .filter(|fields| fields[2] == client || fields[3] == client)
            .map(|fields| by_tshark(&fields, &client))
            .collect();
        let segments = &record["segments"];
        let list = segments["list"].as_array().expect("segments");
        let count = list.len() as u64 + segments["left_out"].as_u64().expect("a count");
        // What passes when the server has ended is behind its record.
        let is_cut = segments["followed"] == "to_the_servers_end" && count < seen.len() as u64;
        assert!(is_cut || count == seen.len() as u64, "{client}: {count} of {}", seen.len());
        for segment in list {
            let recorded = by_record(segment);
            // Several processors hand frames over: of two at the same time either may come first.
            let place = seen.iter().position(|other| *other == recorded);
            let place = place.unwrap_or_else(|| panic!("{recorded:?} of {segment} is not among {seen:?}"));
            seen.remove(place);
            compared += 1;
        }
    }
    compared
}

/// Ends the server, and compares what it recorded with what tshark saw.
fn compare_at_the_end(server: &mut Logging, witness: &Witness, first: Vec<String>) -> (Vec<Value>, usize) {
    server.end();
    let mut theirs = first;
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(2)) {
        theirs.push(line);
    }
    let records = records(&server.output);
    let compared = compare(&records, &theirs);
    (records, compared)
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn a_record_has_the_segments_that_tshark_sees_under_every_model() {
    for model in ["multiplex", "thread", "process", "iterative"] {
        let mut server = serve(&["--log", "json", "--watch", "127.0.0.1:0", "--model", model], &[]);
        let witness = Witness::of(server.port);
        let first = witness.wait_until_it_sees(server.address());
        use_it(server.address());
        let (records, compared) = compare_at_the_end(&mut server, &witness, first);
        assert!(compared > 300, "{model}: {compared}");
        let with_exchange = || records.iter().filter(|record| record["exchanges"][0].is_object());
        assert_eq!(with_exchange().count(), 6, "{model}");
        for record in with_exchange() {
            assert_eq!(record["handshake"]["server_sequence"]["is"], "measured", "{model}: {record}");
            let order =
                ["syn", "syn_ack", "ack"].map(|name| record["segments"]["moments"][name].as_i64().expect("seen"));
            assert!(order.is_sorted() && order[2] <= 0, "before the accept: {order:?}");
        }
        let counts = |way: &str, name: &str| -> u64 {
            records.iter().map(|record| record["segments"][way][name].as_u64().unwrap_or(0)).sum()
        };
        assert!(counts("from_server", "bytes") > 20_000_000, "{model}");
        assert!(records.iter().any(|record| record["segments"]["moments"]["client_reset"].is_i64()), "{model}");
        let facts = serde_json::to_string(&records).expect("JSON");
        assert!(facts.contains("window_closed") && facts.contains("window_opened"), "{model}: the narrow one");
        // Told again, the story has the same numbers.
        let story = shown_again(&server.output);
        let syn = |end: &str| {
            let list = records[1]["segments"]["list"].as_array().expect("segments");
            let is_it = |segment: &&Value| {
                segment["from"] == end && segment["flags"].as_str().is_some_and(|flags| flags.starts_with("SYN"))
            };
            list.iter().find(is_it).expect("a SYN")["sequence"].to_string()
        };
        assert!(
            story.contains(&format!("seq {}", syn("client"))) && story.contains(&format!("seq {}", syn("server"))),
            "{story}"
        );
    }
}

fn shown_again(log: &Path) -> String {
    let output = glasshttp().arg("show").arg(log).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
#[ignore = "needs CAP_NET_RAW, tshark, curl and chromium"]
fn what_curl_and_a_browser_did_is_recorded_as_tshark_saw_it() {
    let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("public");
    let folder = crate::harness::folder();
    let profile = folder.path().to_owned();
    let mut server = serve_folder(glasshttp(), folder, &public, &["--log", "json", "--watch", "127.0.0.1:0"], &[]);
    let witness = Witness::of(server.port);
    let first = witness.wait_until_it_sees(server.address());
    let (four, six) = (format!("http://127.0.0.1:{}/", server.port), format!("http://[::1]:{}/", server.port));
    for arguments in [&["-s", "-f", &four, &four][..], &["-s", "-f", "-0", &six], &["-s", "-I", &four]] {
        let output = Command::new("curl").args(arguments).output().expect("curl");
        assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
    }
    let browser = Command::new("timeout")
        .args(["60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(&four)
        .output()
        .expect("chromium");
    assert!(String::from_utf8_lossy(&browser.stdout).contains("</html>"), "{browser:?}");
    let (records, compared) = compare_at_the_end(&mut server, &witness, first);
    let connections = records.iter().filter(|record| record["exchanges"][0].is_object()).count();
    assert!(connections >= 4 && compared >= connections * 8, "{compared} segments of {connections} connections");
    assert!(records.iter().any(|record| record["client"].as_str().is_some_and(|client| client.starts_with("[::1]"))));
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn under_overload_packets_are_dropped_counted_and_said() {
    let mut server = serve_with_page(&[]);
    let signal = |signal| kill_process(Pid::from_child(&server.child), signal).expect("a signal");
    // A server that is stopped reads no ring, and its kernel goes on.
    signal(Signal::STOP);
    let mut client = Client::connect(server.address());
    client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
    // SYN and RST of each have the server's port: more than there is room for.
    let other = SocketAddr::from(([127, 0, 0, 2], server.port));
    for _ in 0..40_000 {
        let refused = TcpStream::connect(other).expect_err("nobody listens there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    signal(Signal::CONT);
    client.read_to_end();
    drop(client);
    server.end();
    let said = server.warnings();
    let warnings: Vec<&str> = said.lines().filter(|line| line.starts_with("warning")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("packets not recorded"), "{warnings:?}");
    let records = records(&server.output);
    let lost = records.iter().map(|record| record["segments"]["not_seen"].as_u64().unwrap_or(0)).max();
    assert!(lost > Some(1_000), "{lost:?}");
    assert!(shown_again(&server.output).contains("not seen: up to"));
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn a_connection_right_after_a_burst_has_its_packets_and_those_of_the_burst_are_counted() {
    let mut server = serve_with_page(&[]);
    let ask = || {
        let mut client = Client::connect(server.address());
        client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
        client.read_to_end();
    };
    let other = SocketAddr::from(([127, 0, 0, 2], server.port));
    for number in 0..10_000 {
        TcpStream::connect(other).expect_err("nobody listens there");
        if number % 1_000 == 999 {
            ask();
        }
    }
    // Nothing passes for a while.
    let idle = Client::connect(server.address());
    idle.socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    assert_eq!((&idle.socket).read(&mut [0]).expect_err("nothing was asked").kind(), ErrorKind::WouldBlock);
    ask();
    drop(idle);
    server.end();
    assert!(server.warnings().contains("packets not recorded"));
    let lines = records(&server.output);
    let frames: u64 = lines.iter().filter_map(|line| line["left_out"]["frames"].as_u64()).sum();
    assert!(frames > 1_000, "{frames}");
    let connections = || lines.iter().filter(|line| line["connection"].is_u64());
    assert_eq!(connections().count(), 12);
    for record in connections().filter(|record| record["segments"].is_null()) {
        assert_eq!(record["handshake"]["server_sequence"]["code"], "beginning_not_seen", "{record}");
    }
    let last = connections().max_by_key(|record| record["connection"].as_u64()).expect("a record");
    assert!(last["segments"]["list"].as_array().is_some_and(|list| list.len() >= 8), "{last}");
    assert_eq!(last["segments"]["not_seen"], 0);
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn a_server_that_is_not_scheduled_for_a_second_and_more_misses_no_packet_that_has_room() {
    let mut server = serve_with_page(&[]);
    let signal = |signal| kill_process(Pid::from_child(&server.child), signal).expect("a signal");
    let mut client = Client::connect(server.address());
    signal(Signal::STOP);
    let begun = Instant::now();
    client.send(b"GET /small.txt HTTP/1.0\r\n");
    client.socket.set_read_timeout(Some(Duration::from_millis(4))).expect("a timeout");
    let mut lines = 0;
    // A packet now and then: each lies in a block of its own.
    while begun.elapsed() < Duration::from_millis(1_500) {
        client.send(b"A: b\r\n");
        lines += 1;
        assert_eq!(client.receive().expect_err("it is stopped").kind(), ErrorKind::WouldBlock);
    }
    signal(Signal::CONT);
    client.send(b"\r\n");
    client.socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.read_to_end();
    drop(client);
    server.end();
    assert!(!server.warnings().contains("packets not recorded"));
    let segments = &records(&server.output)[0]["segments"];
    assert_eq!(segments["not_seen"], 0, "{lines} lines");
    assert!(segments["from_client"]["segments"].as_u64() > Some(lines), "{lines} lines: {}", segments["from_client"]);
}

#[test]
#[ignore = "needs CAP_NET_RAW"]
fn a_client_that_uses_its_port_again_at_once_has_each_connections_packets_in_its_record() {
    let mut server = serve_with_page(&[]);
    let mut own = SocketAddr::from(([127, 0, 0, 1], 0));
    for _ in 0..4 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("an option");
        socket.bind(&own.into()).expect("its port");
        own = socket.local_addr().expect("bound").as_socket().expect("an address");
        socket.connect(&server.address().into()).expect("a connection");
        let mut stream = TcpStream::from(socket);
        stream.write_all(b"GET /small.txt HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n").expect("taken");
        assert!(stream.read(&mut [0; 4096]).expect("a response") > 0);
        // A reset: the port is free at once.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
    }
    server.end();
    let records = records(&server.output);
    let initial = |record: &Value| record["segments"]["list"][0]["sequence"].as_u64();
    assert_eq!(records.len(), 4);
    for record in &records {
        assert_eq!(initial(record), record["handshake"]["syn"]["value"]["sequence"].as_u64(), "{record}");
        assert!(record["segments"]["moments"]["client_reset"].is_i64(), "{record}");
        assert_eq!(record["segments"]["followed"], "to_its_end");
    }
    let different: HashSet<Option<u64>> = records.iter().map(initial).collect();
    assert_eq!(different.len(), 4);
}

#[test]
#[ignore = "needs root, to be nobody"]
fn nobody_has_what_there_was_before_and_the_line_that_says_how_to_get_more() {
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]);
    nobody.arg(crate::harness::program()).env("LC_ALL", "C");
    let mut server = serve_by(nobody, &["--log", "json", "--watch", "127.0.0.1:0"], &[]);
    let said = server.announced.lines().filter(|line| line.contains("CAP_NET_RAW")).collect::<Vec<_>>();
    assert_eq!(said.len(), 1, "{}", server.announced);
    assert!(["setcap", "sudo", "glasshttp lab"].iter().all(|way| said[0].contains(way)), "{said:?}");
    let mut client = Client::connect(server.address());
    client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
    client.read_to_end();
    server.end();
    let records = records(&server.output);
    assert_eq!((records.len(), records[0].get("segments")), (1, None));
    assert_eq!(records[0]["handshake"]["server_sequence"]["is"], "not_visible");
}
