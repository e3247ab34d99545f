//! The lessons of examples/, run as a reader would: the real programs, in
//! pairs, over the address that the server prints. Each shows what its head
//! promises.

mod application;
mod closing;
mod documents;
mod echo;
mod first;
mod system;
mod waiting;

use crate::harness::PATIENCE;
use socket2::{Domain, Socket, Type};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Instant, SystemTime};

/// The example of this name that `cargo test` has built beside this program;
/// `cargo test --test` builds none, so then it is built here, and anew after a change of its source.
pub fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("the test program");
    let profile = this.ancestors().nth(2).expect("target/<profile>/deps/tests");
    let example = profile.join("examples").join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).with_extension("rs");
    if !example.exists() || changed(&source) > changed(&example) {
        let profile_name = profile.file_name().and_then(|name| name.to_str()).expect("a profile");
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", name, "--profile"])
            .arg(if profile_name == "debug" { "dev" } else { profile_name })
            .arg("--target-dir")
            .arg(profile.parent().expect("the target directory"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "cargo build --example {name}: {status}");
    }
    example
}

/// When the file was last written; of one that is not there, nothing.
fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|file| file.modified()).ok()
}

/// A running example with somebody at its keyboard; it is ended when dropped.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: Receiver<String>,
    /// What it has printed so far.
    pub shown: String,
}

/// What an example left when it ended by itself.
pub struct Finished {
    pub code: Option<i32>,
    /// All that it printed.
    pub shown: String,
    /// All that it wrote to standard error.
    pub complaint: String,
}

impl Program {
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(example(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let lines = lines_of(child.stdout.take().expect("a pipe"));
        let complaints = lines_of(child.stderr.take().expect("a pipe"));
        let stdin = child.stdin.take();
        Self { name: name.to_owned(), child, stdin, lines, complaints, shown: String::new() }
    }

    /// A server on a free port, once it listens, and its address.
    pub fn serve(name: &str, arguments: &[&str]) -> (Self, SocketAddr) {
        let mut server = Self::start(name, &[arguments, &["-p", "0"]].concat());
        let line = server.line("Listening at ");
        let address = line.trim_start_matches("Listening at ").trim().parse().expect("an address and a port");
        (server, address)
    }

    /// Waits for the next line that holds this.
    pub fn line(&mut self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let Ok(line) = line else {
                let complaint: String = self.complaints.try_iter().collect();
                panic!("{} does not say {part:?}, only: {}{complaint}", self.name, self.shown);
            };
            self.shown.push_str(&line);
            if line.contains(part) {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Types this.
    pub fn types(&mut self, text: &str) {
        self.stdin.as_mut().expect("a keyboard").write_all(text.as_bytes()).expect("it reads");
    }

    /// Ends its input, and waits until it has ended by itself.
    pub fn finish(mut self) -> Finished {
        drop(self.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        // Its streams end with it, unless a child has them; then the deadline fails the test.
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.shown.push_str(&line);
        }
        let mut complaint = String::new();
        while let Ok(line) = self.complaints.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            complaint.push_str(&line);
        }
        assert!(Instant::now() < deadline, "{} does not end; it said {}", self.name, self.shown);
        let status = self.child.wait().expect("our own child");
        Finished { code: status.code(), shown: std::mem::take(&mut self.shown), complaint }
    }

    /// The process that runs it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end: it must succeed, and fit a terminal. What it printed.
pub fn run(name: &str, arguments: &[&str]) -> String {
    succeeded(Program::start(name, arguments).finish())
}

/// What a program printed that had nothing to complain of.
pub fn succeeded(finished: Finished) -> String {
    let Finished { code, shown, complaint } = finished;
    assert!(code == Some(0) && complaint.is_empty(), "{code:?}: {complaint}, after {shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "wider than a terminal: {shown}");
    shown
}

/// Runs it to its end: it must fail with one line, which is given back.
pub fn complaint(name: &str, arguments: &[&str]) -> String {
    let Finished { code, shown, complaint } = Program::start(name, arguments).finish();
    assert_eq!(code, Some(1), "{name} {arguments:?}: {complaint} after {shown}");
    assert!(complaint.starts_with(&format!("{name}: ")) && complaint.lines().count() == 1, "{complaint}");
    complaint
}

/// The port of an address, as an argument.
pub fn port(address: SocketAddr) -> String {
    address.port().to_string()
}

/// A port that nobody else takes while the socket lives, and where nobody listens.
pub fn port_without_a_server() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    let address = socket.local_addr().expect("its address").as_socket().expect("of IPv4");
    (socket, port(address))
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if sender.send(String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned()).is_err() {
                return;
            }
        }
    });
    lines
}
