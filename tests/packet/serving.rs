//! A server whose packets are captured, and tshark, which captures the same port: the witness.

use crate::harness::other::Other;
use crate::harness::socket_table::socket;
use crate::harness::{Client, PATIENCE, glasshttp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use socket2::SockRef;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server whose standard output is a file; what it announces comes on either stream.
pub struct Logging {
    pub child: Child,
    pub port: u16,
    pub announced: String,
    pub output: PathBuf,
    copied: Option<JoinHandle<()>>,
    lines: Receiver<String>,
    _folder: TempDir,
}

pub fn serve(options: &[&str], environment: &[(&str, &str)]) -> Logging {
    serve_by(glasshttp(), options, environment)
}

/// `command` starts the server.
pub fn serve_by(command: Command, options: &[&str], environment: &[(&str, &str)]) -> Logging {
    let folder = crate::harness::folder();
    let served = folder.path().to_owned();
    serve_folder(command, folder, &served, options, environment)
}

/// The same, of another folder than its own.
pub fn serve_folder(
    mut command: Command,
    folder: TempDir,
    served: &Path,
    options: &[&str],
    environment: &[(&str, &str)],
) -> Logging {
    fs::write(folder.path().join("small.txt"), "some text\n").expect("a file");
    fs::write(folder.path().join("large.bin"), vec![b'x'; 20_000_000]).expect("a file");
    let output =
        folder.path().join("../").join(format!("{}.out", folder.path().file_name().expect("a name").display()));
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder for all");
    command.args(["--port", "0", "--host", "*"]).args(options).arg(served).envs(environment.iter().copied());
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
    let host = announced.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("a URL");
    let port = host.rsplit(':').next().expect("a port").parse().expect("a port");
    Logging { child, port, announced, output, copied: Some(copied), lines, _folder: folder }
}

impl Logging {
    /// What it said since it was announced, until it ended.
    pub fn warnings(&self) -> String {
        self.lines.iter().collect::<Vec<_>>().join("\n")
    }

    /// Waits until it has said this.
    pub fn await_line(&self, word: &str) {
        while !self.lines.recv_timeout(PATIENCE).expect("in time").contains(word) {}
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub fn end(&mut self) {
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

/// What identifies a packet, in every capture.
const FIELDS: [&str; 19] = [
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
    // What follows needs the connection's beginning.
    "tcp.seq",
    "tcp.ack",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr",
    "ip.ttl",
    "ipv6.hlim",
    "tcp.window_size",
];

pub fn fields(tshark: &mut Command) -> &mut Command {
    tshark.args(["-n", "-l", "-T", "fields", "-E", "separator=,"]).args(FIELDS.iter().flat_map(|field| ["-e", field]))
}

/// What goes to and from these addresses at this port, as pcap-filter(7) has it. The port alone is not enough: a
/// client that binds another loopback address may get the same one, and its connection is none of the server's.
fn between(addresses: &[&str], port: u16) -> String {
    let end = |way: &str| {
        let hosts: Vec<String> = addresses.iter().map(|address| format!("{way} host {address}")).collect();
        format!("({way} port {port} and ({}))", hosts.join(" or "))
    };
    format!("tcp and ({} or {})", end("src"), end("dst"))
}

/// tshark's own capture of a server on this port, line by line, once it listens.
pub struct Witness {
    _tshark: Other,
    pub lines: Receiver<String>,
}

impl Witness {
    pub fn of(port: u16) -> Self {
        Self::hearing("lo", &between(&["127.0.0.1", "::1"], port), Command::new("tshark"))
    }

    /// The same of this port on this interface, by whatever starts tshark.
    pub fn on(interface: &str, port: u16, tshark: Command) -> Self {
        Self::hearing(interface, &format!("tcp port {port}"), tshark)
    }

    fn hearing(interface: &str, filter: &str, mut tshark: Command) -> Self {
        let mut child = fields(tshark.args(["-i", interface, "-s", "256", "-B", "64", "-f", filter]))
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
        Self { _tshark: Other(child), lines }
    }

    /// Asks with single connections until one is seen: from then on all are.
    pub fn wait_until_it_sees(&self, address: SocketAddr) -> Vec<String> {
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

/// The packets of a file, as tshark reads them.
pub fn packets_of(path: &Path) -> Vec<String> {
    let output = fields(Command::new("tshark").arg("-r").arg(path)).output().expect("tshark runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = errors.lines().filter(|line| !line.starts_with("Running as user")).collect();
    assert!(output.status.success() && errors.is_empty(), "{errors:?}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// How many packets a capture file says that it lacks: of its interface's statistics, isb_ifdrop.
pub fn lacking(file: &[u8]) -> u64 {
    const STATISTICS: u32 = 5;
    const DROPPED: u16 = 5;
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
    let half = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().expect("two bytes"));
    let mut at = 0;
    while word(at) != STATISTICS {
        at += word(at + 4) as usize;
    }
    at += 20;
    while half(at) != DROPPED {
        at += 4 + usize::from(half(at + 2)).next_multiple_of(4);
    }
    u64::from_le_bytes(file[at + 4..at + 12].try_into().expect("eight bytes"))
}

/// Connections of every kind.
pub fn use_it(address: SocketAddr) {
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n").into_bytes();
    let mut plain = Client::connect(address);
    plain.send(&get("/small.txt", "Connection: close\r\n"));
    plain.read_to_end();
    drop(plain); // a record does not wait for a client that does nothing more

    let mut version_6 = TcpStream::connect(("::1", address.port())).expect("IPv6 on loopback");
    version_6.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    version_6.write_all(&get("/small.txt", "Connection: close\r\n")).expect("taken");
    version_6.read_to_end(&mut Vec::new()).expect("the response");
    drop(version_6);

    let mut kept = Client::connect(address);
    for _ in 0..3 {
        kept.send(&get("/small.txt", "Connection: keep-alive\r\n"));
        assert_eq!(kept.response().status, 200);
    }
    SockRef::from(&kept.socket).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
    drop(kept); // a reset

    let mut half = Client::connect(address);
    half.send(&get("/small.txt", ""));
    half.half_close();
    half.read_to_end();
    drop(half);

    let mut narrow = Client::connect_narrow(address);
    narrow.send(&get("/large.bin", "Range: bytes=0-99999\r\nConnection: close\r\n"));
    await_closed_window(&narrow.socket);
    narrow.read_to_end();
    drop(narrow);

    let mut large = Client::connect(address);
    large.send(&get("/large.bin", "Connection: close\r\n"));
    assert!(large.read_to_end().len() > 20_000_000);
}

/// Waits until the server has found the client's window closed.
fn await_closed_window(client: &TcpStream) {
    let (client, server) = (client.local_addr().expect("an address"), client.peer_addr().expect("it is connected"));
    let begun = Instant::now();
    while !socket(server, client).is_some_and(|socket| socket.probes_window) {
        assert!(begun.elapsed() < PATIENCE, "its window stays open");
        std::thread::yield_now();
    }
}

pub fn serve_with_page(environment: &[(&str, &str)]) -> Logging {
    serve(&["--log", "json", "--watch", "127.0.0.1:0"], environment)
}

pub fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("UTF-8");
    text.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
