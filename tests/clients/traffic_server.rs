//! Behind Apache Traffic Server, which takes a connection for its next request
//! as soon as it has a response: whatever is asked through it is what the server
//! says when it is asked itself, and no response is another request's.

use super::proxy::Running;
use crate::closing::folder_with;
use crate::harness::{MODELS, PATIENCE, Response, Server};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// Clients at a time, and how often each of them asks for everything.
const CLIENTS: usize = 8;
const ROUNDS: usize = 4;

/// The proxy in front of one server, all its files in `place`.
struct Proxy {
    address: SocketAddr,
    _process: Running,
}

impl Proxy {
    fn start(place: &Path, server: &Server) -> Self {
        // It accepts from its standard input: a port that is ours, with no race for it.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        for folder in ["etc", "run", "log", "cache"] {
            fs::create_dir(place.join(folder)).expect("a folder");
        }
        configure(place, address.port(), server.address);
        let process = Command::new("traffic_server")
            .arg(format!("--run-root={}", place.join("runroot.yaml").display()))
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Traffic Server starts");
        Self { address, _process: Running(process) }
    }

    fn connect(&self) -> Client {
        let socket = TcpStream::connect_timeout(&self.address, PATIENCE).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        socket.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Client { socket, received: Vec::new() }
    }
}

/// No privilege, no cache, no log; connections to the server are shared by all clients.
fn configure(place: &Path, port: u16, server: SocketAddr) {
    let write = |name: &str, text: &str| fs::write(place.join(name), text).expect("a file");
    let folder = place.display();
    let mut layout = format!("prefix: {folder}\nexec_prefix: {folder}\nbindir: /usr/bin\nsbindir: /usr/bin\n");
    for (name, at) in [("sysconfdir", "etc"), ("runtimedir", "run"), ("logdir", "log"), ("cachedir", "cache")] {
        writeln!(layout, "{name}: {folder}/{at}").expect("a string takes it");
    }
    for name in ["datadir", "includedir", "libdir", "libexecdir", "localstatedir", "mandir", "infodir"] {
        writeln!(layout, "{name}: {folder}").expect("a string takes it");
    }
    write("runroot.yaml", &layout);
    let records = [
        "admin.user_id STRING #-1".to_owned(), // the user who runs the tests
        "crash_log_helper STRING NULL".to_owned(),
        format!("http.server_ports STRING {port}:fd=0"),
        "http.cache.http INT 0".to_owned(),
        "log.logging_enabled INT 0".to_owned(),
        "exec_thread.autoconfig INT 0".to_owned(),
        "exec_thread.limit INT 2".to_owned(),
        "http.server_session_sharing.match STRING both".to_owned(),
        "http.server_session_sharing.pool STRING global".to_owned(),
    ];
    let records: String = records.iter().map(|line| format!("CONFIG proxy.config.{line}\n")).collect();
    write("etc/records.config", &records);
    write("etc/remap.config", &format!("map / http://{server}/\n"));
    let allow = |way| format!("  - apply: {way}\n    ip_addrs: 127.0.0.1\n    action: allow\n    methods: ALL\n");
    write("etc/ip_allow.yaml", &format!("ip_allow:\n{}{}", allow("in"), allow("out")));
    write("etc/storage.config", "");
    write("etc/plugin.config", "");
}

/// A client that keeps its connection to the proxy.
struct Client {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Client {
    /// Whether the connection can be used again, and the response.
    fn ask(&mut self, question: &Question) -> (bool, Response) {
        self.socket.write_all(&question.bytes("HTTP/1.1")).expect("the proxy takes it");
        let end = loop {
            match self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => assert!(self.receive() > 0, "no response to {question:?}"),
            }
        };
        let mut head = self.received[..end].to_vec();
        assert!(head.starts_with(b"HTTP/1.1 "), "{:?}", head.escape_ascii().to_string());
        head[..9].copy_from_slice(b"HTTP/1.0 "); // its own status line says 1.1
        let mut response = Response::parse(&head);
        let has_body = question.method != "HEAD" && !matches!(response.status, 204 | 304);
        let length: usize = response.header("Content-Length").map_or(0, |length| length.parse().expect("a number"));
        let length = if has_body { length } else { 0 };
        while self.received.len() < end + length {
            assert!(self.receive() > 0, "a part of the response to {question:?}: {}", response.head);
        }
        response.body = self.received[end..end + length].to_vec();
        self.received.drain(..end + length);
        (response.header("Connection") != Some("close"), response)
    }

    fn receive(&mut self) -> usize {
        let mut buffer = [0; 65_536];
        let count = self.socket.read(&mut buffer).expect("bytes, or the end, in time");
        self.received.extend_from_slice(&buffer[..count]);
        count
    }
}

/// Something to ask, on either side of the proxy.
#[derive(Clone, Debug)]
struct Question {
    method: &'static str,
    path: &'static str,
    fields: String,
    body: usize,
}

impl Question {
    fn bytes(&self, version: &str) -> Vec<u8> {
        let Self { method, path, fields, body } = self;
        let length = if *body > 0 { format!("Content-Length: {body}\r\n") } else { String::new() };
        let mut bytes = format!("{method} {path} {version}\r\nHost: localhost\r\n{fields}{length}\r\n").into_bytes();
        // Each byte of the body would be a request, if it were read as one.
        bytes.extend(b"GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n".iter().cycle().take(*body));
        bytes
    }

    /// What the server itself says.
    fn ask(&self, server: &Server) -> Response {
        let mut response = Response::parse(&server.ask(&self.bytes("HTTP/1.0")));
        if self.method == "HEAD" {
            response.body.clear();
        }
        response
    }
}

fn questions(server: &Server) -> Vec<Question> {
    let small = server.get("/small.txt");
    let tag = small.header("ETag").expect("a tag");
    let date = small.header("Last-Modified").expect("a date");
    let ask = |method, path, fields: &str, body| Question { method, path, fields: fields.to_owned(), body };
    let mut questions = vec![
        ask("GET", "/small.txt", "", 0),
        ask("GET", "/big.bin", "", 0),
        ask("HEAD", "/big.bin", "", 0),
        ask("HEAD", "/nothing", "", 0),
        ask("GET", "/nothing", "", 0),
        ask("GET", "/folder?a=b", "", 0),
        ask("OPTIONS", "/small.txt", "", 0),
        ask("DELETE", "/small.txt", "", 0),
        ask("GET", "/big.bin", "Range: bytes=10-70000\r\n", 0),
        ask("GET", "/big.bin", "Range: bytes=-5\r\n", 0),
        ask("GET", "/small.txt", "Range: bytes=6-\r\n", 0),
        ask("GET", "/small.txt", &format!("If-None-Match: {tag}\r\n"), 0),
        ask("GET", "/small.txt", &format!("If-Modified-Since: {date}\r\n"), 0),
        ask("GET", "/small.txt", "If-Match: \"another\"\r\n", 0),
        ask("GET", "/small.txt", &format!("If-Range: {tag}\r\nRange: bytes=1-2\r\n"), 0),
        ask("PUT", "/small.txt", "", 3_000),
        ask("OPTIONS", "/small.txt", "", 2_000),
    ];
    for length in [1, 5, 2_000, 16_384, 30_000, 60_000, 65_535, 65_536, 65_537, 200_000, 1_000_000] {
        questions.push(ask("POST", "/small.txt", "", length));
    }
    questions
}

/// Waits until the large file has the tag of its bytes, which its copy has, too: before, it has another.
fn wait_for_tags(server: &Server) {
    let tag = |path: &str| {
        let response = Response::parse(&server.ask(format!("HEAD {path} HTTP/1.0\r\n\r\n").as_bytes()));
        response.header("ETag").map(str::to_owned)
    };
    let begun = Instant::now();
    // Each event loop has to know it, and connections fall to any of them.
    let mut in_a_row = 0;
    while in_a_row < 32 {
        let tags = [tag("/big.bin"), tag("/copy.bin")];
        let is_of_bytes = tags[0].is_some() && tags[0] == tags[1];
        in_a_row = if is_of_bytes { in_a_row + 1 } else { 0 };
        assert!(begun.elapsed() < PATIENCE, "two copies have two tags");
    }
}

/// What must come through a proxy as it is.
fn essence(response: &Response) -> (u16, [Option<String>; 8], &[u8]) {
    let names = [
        "Content-Type",
        "Content-Length",
        "Content-Range",
        "ETag",
        "Last-Modified",
        "Location",
        "Allow",
        "Cache-Control",
    ];
    (response.status, names.map(|name| response.header(name).map(str::to_owned)), &response.body)
}

/// Asks everything `rounds` times, beginning anywhere, on as few connections as the proxy lets it.
fn ask_all(proxy: &Proxy, questions: &[(Question, Response)], rounds: usize, from: usize) {
    let mut client = proxy.connect();
    for (question, expected) in questions.iter().cycle().skip(from).take(rounds * questions.len()) {
        let (is_kept, response) = client.ask(question);
        let [got, wanted] = [&response, expected].map(essence);
        assert!(got == wanted, "{question:?}\n{}\ninstead of\n{}", response.head, expected.head);
        if !is_kept {
            client = proxy.connect();
        }
    }
}

#[test]
#[ignore = "needs traffic_server: .ci/run installs it"]
fn traffic_server_in_front_loses_nothing_and_mixes_nothing_up() {
    let (folder, big) = folder_with(300_000);
    fs::write(folder.path().join("copy.bin"), big).expect("a file");
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        wait_for_tags(&server);
        let place = crate::harness::folder();
        let proxy = Proxy::start(place.path(), &server);
        let questions: Vec<(Question, Response)> =
            questions(&server).into_iter().map(|question| (question.clone(), question.ask(&server))).collect();
        ask_all(&proxy, &questions, ROUNDS, 0);
        // One after another is all that the iterative model serves.
        if model != "iterative" {
            thread::scope(|scope| {
                for client in 0..CLIENTS {
                    let (proxy, questions) = (&proxy, &questions);
                    scope.spawn(move || ask_all(proxy, questions, ROUNDS, client * 5));
                }
            });
        }
    }
}
