//! What the program captures of its own connections: tshark, on the same port, is the witness.

use crate::harness::{Client, PATIENCE, glasshttp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use socket2::SockRef;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// A server whose standard output is a file; what it announces comes on either stream.
struct Logging {
    child: Child,
    port: u16,
    announced: String,
    output: PathBuf,
    copied: Option<JoinHandle<()>>,
    folder: TempDir,
}

fn serve(options: &[&str], environment: &[(&str, &str)]) -> Logging {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("small.txt"), "some text\n").expect("a file");
    fs::write(folder.path().join("large.bin"), vec![b'x'; 20_000_000]).expect("a file");
    let output =
        folder.path().join("../").join(format!("{}.out", folder.path().file_name().expect("a name").display()));
    let mut command = glasshttp();
    command.args(["--port", "0", "--host", "*"]).args(options).arg(folder.path()).envs(environment.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let (send, lines) = channel();
    let announce = send.clone();
    let errors = BufReader::new(child.stderr.take().expect("a pipe"));
    std::thread::spawn(move || errors.lines().map_while(Result::ok).for_each(|line| drop(announce.send(line))));
    let (mut out, mut file) =
        (BufReader::new(child.stdout.take().expect("a pipe")), File::create(&output).expect("a file"));
    let copied = std::thread::spawn(move || {
        let mut line = Vec::new();
        while out.read_until(b'\n', &mut line).expect("output") > 0 {
            file.write_all(&line).expect("written");
            drop(send.send(String::from_utf8_lossy(&line).into_owned()));
            line.clear();
        }
    });
    let mut announced = String::new();
    while !announced.contains("Ctrl-C") {
        announced.push_str(&lines.recv_timeout(PATIENCE).expect("an announcement"));
        announced.push('\n');
    }
    let port = announced.split("http://localhost:").nth(1).and_then(|rest| rest.split('/').next()).expect("a URL");
    let port = port.parse().expect("a port");
    Logging { child, port, announced, output, copied: Some(copied), folder }
}

impl Logging {
    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn end(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("a signal");
        assert!(self.child.wait().expect("its end").success());
        self.copied.take().expect("ended once").join().expect("its output");
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        // They may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.output);
    }
}

/// What identifies a packet, whoever captured it.
const FIELDS: [&str; 10] = [
    "ip.src",
    "ipv6.src",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.len",
    "frame.len",
];

fn fields(tshark: &mut Command) -> &mut Command {
    tshark.args(["-n", "-l", "-T", "fields", "-E", "separator=,"]).args(FIELDS.iter().flat_map(|field| ["-e", field]))
}

/// tshark's own capture of this port, line by line, once it listens.
struct Witness {
    child: Child,
    lines: Receiver<String>,
}

impl Witness {
    fn of(port: u16) -> Self {
        let mut tshark = Command::new("tshark");
        let mut child = fields(tshark.args(["-i", "lo", "-s", "256", "-B", "64", "-f", &format!("tcp port {port}")]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tshark starts");
        let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        while !said.contains("Capturing on") {
            assert!(errors.read_line(&mut said).expect("a line") > 0, "tshark ended: {said}");
        }
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        std::thread::spawn(move || {
            // The test may be over.
            out.lines().map_while(Result::ok).for_each(|line| drop(send.send(line)));
            errors.read_to_string(&mut said)
        });
        Self { child, lines }
    }

    /// Asks with single connections until one is seen: from then on all are.
    fn wait_until_it_sees(&self, address: SocketAddr) -> Vec<String> {
        for _ in 0..100 {
            drop(Client::connect(address));
            if let Ok(first) = self.lines.recv_timeout(Duration::from_millis(200)) {
                let mut seen = vec![first];
                while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(500)) {
                    seen.push(line);
                }
                return seen;
            }
        }
        panic!("tshark sees nothing");
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The packets of a file, as tshark reads them.
fn packets_of(path: &Path) -> Vec<String> {
    let output = fields(Command::new("tshark").arg("-r").arg(path)).output().expect("tshark runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = errors.lines().filter(|line| !line.starts_with("Running as user")).collect();
    assert!(output.status.success() && errors.is_empty(), "{errors:?}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// Connections of every kind.
fn use_it(address: SocketAddr) {
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n").into_bytes();
    let mut plain = Client::connect(address);
    plain.send(&get("/small.txt", "Connection: close\r\n"));
    plain.read_to_end();

    let mut version_6 = TcpStream::connect(("::1", address.port())).expect("IPv6 on loopback");
    version_6.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    version_6.write_all(&get("/small.txt", "Connection: close\r\n")).expect("taken");
    version_6.read_to_end(&mut Vec::new()).expect("the response");

    let mut kept = Client::connect(address);
    for _ in 0..3 {
        kept.send(&get("/small.txt", "Connection: keep-alive\r\n"));
        assert_eq!(kept.answer().status, 200);
    }
    SockRef::from(&kept.socket).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
    drop(kept); // a reset

    let mut half = Client::connect(address);
    half.send(&get("/small.txt", ""));
    half.half_close();
    half.read_to_end();

    let mut narrow = Client::connect_narrow(address);
    narrow.send(&get("/large.bin", "Range: bytes=0-99999\r\nConnection: close\r\n"));
    narrow.read_to_end();

    let mut large = Client::connect(address);
    large.send(&get("/large.bin", "Connection: close\r\n"));
    assert!(large.read_to_end().len() > 20_000_000);
}

#[test]
#[ignore = "needs CAP_NET_RAW and tshark"]
fn tshark_captures_the_same_packets_no_more_and_no_fewer() {
    let mut server = serve(&["--log", "pcapng", "--no-watch", "--lang", "ko"], &[]);
    assert!(server.announced.contains("passwords"), "{}", server.announced);
    let witness = Witness::of(server.port);
    let before = witness.wait_until_it_sees(server.address());
    use_it(server.address());
    server.end();
    let ours = packets_of(&server.output);
    // What was sent before tshark listened it can't have.
    let start = ours.iter().position(|packet| *packet == before[0]).expect("the first that tshark saw");
    let ours = &ours[start..];
    let mut theirs = before;
    while theirs.len() < ours.len() {
        theirs.push(witness.lines.recv_timeout(PATIENCE).expect("as many packets as we have"));
    }
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(1)) {
        theirs.push(line);
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
fn a_record_has_the_segments_that_tshark_sees() {
    let mut server = serve_with_page(&[]);
    let witness = Witness::of(server.port);
    let first = witness.wait_until_it_sees(server.address());
    use_it(server.address());
    server.end();
    let mut theirs = first;
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(2)) {
        theirs.push(line);
    }
    let records = records(&server.output);
    let (mut compared, mut measured) = (0, 0);
    for record in records.iter().filter(|record| record["exchanges"][0].is_object()) {
        let client = record["client"].as_str().expect("an address").rsplit(':').next().expect("a port").to_owned();
        let seen: Vec<Vec<&str>> = theirs
            .iter()
            .map(|line| line.split(',').collect::<Vec<_>>())
            .filter(|fields| fields[2] == client || fields[3] == client)
            .collect();
        let segments = &record["segments"];
        let list = segments["list"].as_array().expect("segments");
        let count = list.len() as u64 + segments["left_out"].as_u64().expect("a count");
        // What a slow client reads when the server has closed comes behind the record.
        assert!(
            count == seen.len() as u64 || (count > 128 && count < seen.len() as u64),
            "{client}: {count} of {}",
            seen.len()
        );
        for (segment, fields) in list.iter().zip(&seen).take(128) {
            let is_client = segment["from"] == "client";
            assert_eq!(is_client, fields[2] == client, "{segment}");
            assert_eq!(segment["sequence"].to_string(), fields[4], "{segment}");
            assert_eq!(segment.get("acknowledgment").map_or("0".into(), Value::to_string), fields[5], "{segment}");
            assert_eq!(
                (segment["window"].to_string(), segment["length"].to_string()),
                (fields[7].into(), fields[8].into())
            );
            compared += 1;
        }
        measured += u64::from(record["handshake"]["server_sequence"]["is"] == "measured");
        let order = ["syn", "syn_ack", "ack"].map(|name| segments["moments"][name].as_i64().expect("seen"));
        assert!(order.is_sorted() && order[2] <= 0, "before the accept: {order:?}");
    }
    assert_eq!(measured, 6, "connections with an exchange");
    assert!(compared > 60, "{compared}");
    let counts = |way: &str, name: &str| -> u64 {
        records.iter().map(|record| record["segments"][way][name].as_u64().unwrap_or(0)).sum()
    };
    assert!(counts("from_server", "bytes") > 20_000_000);
    assert!(records.iter().any(|record| record["segments"]["moments"]["client_reset"].is_i64()));
}

fn serve_with_page(environment: &[(&str, &str)]) -> Logging {
    serve(&["--log", "json", "--watch", "127.0.0.1:0"], environment)
}

fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("UTF-8");
    text.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).expect("JSON")).collect()
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
