//! The program under test, and a client of raw bytes.

pub mod namespace;
pub mod other;
pub mod socket_table;

use glasshttp::models::Model;
use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, Socket, Type};
use std::fs::Permissions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Every model: a test of the protocol runs under each of them.
pub const MODELS: [&str; Model::ALL.len()] = Model::NAMES;

/// Those that serve several clients at once.
pub fn concurrent_models() -> impl Iterator<Item = &'static str> {
    Model::ALL.iter().filter(|model| model.is_concurrent()).map(|model| model.name())
}

/// How long anything may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test: what was built with the tests, or another one that
/// GLASSHTTP_PROGRAM names, as .ci/release does with the one to be released.
pub fn program() -> &'static str {
    static PROGRAM: LazyLock<String> = LazyLock::new(|| {
        std::env::var("GLASSHTTP_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_glasshttp").to_owned())
    });
    &PROGRAM
}

/// The program, about to be started; in English, wherever the tests run.
pub fn glasshttp() -> Command {
    let mut command = Command::new(program());
    command.env("LC_ALL", "C");
    command
}

/// A folder that goes in the end, and that others may enter: where root runs the tests, it is not
/// root that serves.
pub fn folder() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().expect("a folder")
}

/// The same, a place for sockets: the serving account may write there, too.
pub fn place() -> TempDir {
    let place = folder();
    std::fs::set_permissions(place.path(), Permissions::from_mode(0o777)).expect("our own");
    place
}

/// A running server; it is ended when dropped.
pub struct Server {
    child: Child,
    /// The URL that it printed first, with a slash at the end.
    pub url: String,
    /// The address of its IPv4 socket on loopback.
    pub address: SocketAddr,
    /// What it printed after the first line, and prints still.
    pub stdout: BufReader<ChildStdout>,
    /// The first line; or all that was announced, where that is on standard error.
    pub announced: String,
    /// What it says on standard error after that.
    complaints: Option<std::thread::JoinHandle<String>>,
}

impl Server {
    /// Serves `folder` on a free port of both loopback addresses; nobody watches.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        Self::start_logging(folder, "off", options)
    }

    /// The same, with this log on its standard output.
    pub fn start_logging(folder: &Path, log: &str, options: &[&str]) -> Self {
        Self::spawn(
            glasshttp().args(["--port", "0", "--log", log, "--no-watch", "--host", "*"]).args(options).arg(folder),
        )
    }

    /// Runs this command, which must print its URL first: on standard error, where
    /// standard output is for a log that machines read.
    pub fn spawn(command: &mut Command) -> Self {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let log = words.iter().position(|word| word == "--log").and_then(|at| words.get(at + 1));
        let is_for_machines = !matches!(log.map(String::as_str), Some("story" | "short" | "off"));
        let stderr = if is_for_machines { Stdio::piped() } else { Stdio::inherit() };
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (mut announced, mut complaints) = (String::new(), None);
        match child.stderr.take() {
            None => {
                stdout.read_line(&mut announced).expect("a first line");
            }
            Some(stderr) => {
                let mut stderr = BufReader::new(stderr);
                while !announced.contains("Ctrl-C") {
                    assert_ne!(stderr.read_line(&mut announced).expect("a line"), 0, "it ended: {announced}");
                }
                // What it complains of is seen, as without a pipe, and kept.
                complaints = Some(std::thread::spawn(move || {
                    let mut all = String::new();
                    for line in stderr.lines().map_while(Result::ok) {
                        eprintln!("{line}");
                        all.push_str(&line);
                        all.push('\n');
                    }
                    all
                }));
            }
        }
        // The program that started it may have said something before.
        let line = announced.lines().find(|line| line.contains("http://")).unwrap_or_default();
        let start = line.find("http://").unwrap_or_else(|| panic!("the first line names the URL: {line:?}"));
        let url = line[start..].trim().to_owned();
        let port = url.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Self { child, url, address: SocketAddr::from(([127, 0, 0, 1], port)), stdout, announced, complaints }
    }

    /// The URL of its live page, or of its counts where it has no page: the announcement goes on with it.
    pub fn page_url(&mut self) -> String {
        let mut line = self.announced.clone();
        loop {
            let named = ["Watch it at ", "Its counts at "].iter().find_map(|words| line.split_once(words));
            if let Some((_, url)) = named {
                return url.split_whitespace().next().expect("a URL").to_owned();
            }
            line.clear();
            assert!(self.stdout.read_line(&mut line).expect("a line") > 0, "neither a page nor counts are announced");
        }
    }

    /// The same as the address of its IPv4 socket on loopback.
    pub fn page(&mut self) -> SocketAddr {
        let url = self.page_url();
        let port = url.trim_end_matches("metrics").trim_end_matches('/').rsplit(':').next().map(str::parse);
        SocketAddr::from(([127, 0, 0, 1], port.expect("a port").expect("a number")))
    }

    /// The objects of its log, which ends with it.
    pub fn objects(&mut self) -> Vec<serde_json::Value> {
        let lines = self.stdout.by_ref().lines().map_while(Result::ok);
        lines.map(|line| serde_json::from_str(&line).expect("JSON")).collect()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// A download of which only the beginning was taken, by a client into which little fits.
    pub fn begin_download(&self, path: &str) -> Client {
        let mut client = Client::connect_narrow(self.address);
        client.send(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
        assert!(client.receive().expect("bytes") > 0);
        client
    }

    /// Sends `request` on a connection of its own: everything that came back until its end.
    pub fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut client = self.connect();
        client.send(request);
        client.read_to_end()
    }

    /// The response to a GET of `path`, on a connection of its own.
    pub fn get(&self, path: &str) -> Response {
        self.get_with(path, "")
    }

    /// The same, with more header lines, each ended by CRLF.
    pub fn get_with(&self, path: &str, fields: &str) -> Response {
        Response::parse(&self.ask(format!("GET {path} HTTP/1.0\r\n{fields}\r\n").as_bytes()))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            std::thread::yield_now();
        }
    }

    /// All that it said on standard error behind the announcement, after its end.
    pub fn complaints(&mut self) -> String {
        let thread = self.complaints.take().expect("a log for machines, asked once");
        thread.join().expect("its lines")
    }

    /// The process that serves.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that speaks bytes.
pub struct Client {
    pub socket: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect_timeout(&address, PATIENCE).expect("a connection"))
    }

    /// A client into which little fits, so that the server must wait for it.
    pub fn connect_narrow(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer"); // before connecting: the window follows from it
        socket.connect_timeout(&address.into(), PATIENCE).expect("a connection");
        Self::of(socket.into())
    }

    fn of(socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        socket.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        socket.set_nodelay(true).expect("no delay");
        Self { socket, received: Vec::new() }
    }

    /// Sends these bytes in one piece.
    pub fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("the server takes the bytes");
    }

    /// Sends these bytes one by one. A server that has already responded and
    /// closed takes no more of them, and need not.
    pub fn dribble(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.socket.write_all(&[*byte]).is_err() {
                return;
            }
        }
    }

    /// Ends the sending half.
    pub fn half_close(&self) {
        self.socket.shutdown(Shutdown::Write).expect("half a close");
    }

    /// Everything until the server ends the connection; a reset fails the test.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.received);
        self.socket
            .read_to_end(&mut bytes)
            .unwrap_or_else(|error| panic!("no orderly end: {error}, after {}", shown(&bytes)));
        bytes
    }

    /// The next response to a GET; its body ends by its Content-Length, or with the connection.
    pub fn response(&mut self) -> Response {
        self.read_response(true)
    }

    /// The next response to a HEAD.
    pub fn head_response(&mut self) -> Response {
        self.read_response(false)
    }

    fn read_response(&mut self, has_body: bool) -> Response {
        let head_end = loop {
            if let Some(at) = find(&self.received, b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.read_some() > 0, "the connection ended within a head: {}", shown(&self.received));
        };
        let mut response = Response::parse(&self.received[..head_end]);
        let length = match response.header("Content-Length") {
            _ if !has_body || matches!(response.status, 204 | 304) => Some(0),
            Some(length) => Some(length.parse::<usize>().expect("a number")),
            None => None,
        };
        while length.is_none_or(|length| self.received.len() < head_end + length) {
            if self.read_some() == 0 {
                assert!(length.is_none(), "the connection ended within a body");
                break;
            }
        }
        let end = length.map_or(self.received.len(), |length| head_end + length);
        response.body = self.received[head_end..end].to_vec();
        self.received.drain(..end);
        response
    }

    fn read_some(&mut self) -> usize {
        self.receive().expect("bytes, or the end, in time")
    }

    /// Reads once, behind what was received: how much came; nothing, at the orderly end.
    pub fn receive(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 65_536];
        let count = loop {
            match self.socket.read(&mut buffer) {
                // Another test's child may have ended: SIGCHLD finds any thread.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.received.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// Asserts that nothing has come by now, and that the connection is open.
    pub fn says_nothing(&mut self) {
        self.socket.set_nonblocking(true).expect("a mode");
        let result = self.receive().map_err(|error| error.kind());
        self.socket.set_nonblocking(false).expect("a mode");
        assert_eq!(result, Err(io::ErrorKind::WouldBlock), "{}", shown(&self.received));
    }

    /// What was received and not yet taken as a response.
    pub fn received(&self) -> &[u8] {
        &self.received
    }
}

/// A response, taken apart.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    /// The head as sent, blank line included.
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    /// Takes apart one response with all that follows its head as its body.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = find(bytes, b"\r\n\r\n").unwrap_or_else(|| panic!("no response: {}", shown(bytes)));
        let head = String::from_utf8(bytes[..end + 4].to_vec()).expect("a head in ASCII");
        let status = head
            .strip_prefix("HTTP/1.0 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("no status line: {head:?}"));
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    /// The value of a field; it must not be sent twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        });
        let value = values.next();
        assert!(values.next().is_none(), "{name} twice: {}", self.head);
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// How bytes begin, for the reader of a failure.
fn shown(bytes: &[u8]) -> String {
    const ENOUGH: usize = 600;
    format!("{} bytes: {:?}", bytes.len(), String::from_utf8_lossy(&bytes[..bytes.len().min(ENOUGH)]))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// What the program prints on standard error when it refuses to start, and its exit code.
pub fn refusal(options: &[&str]) -> (String, i32) {
    let output = glasshttp().args(options).output().expect("the program starts");
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code().expect("it exits by itself"))
}
