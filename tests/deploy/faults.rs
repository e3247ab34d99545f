//! Three machines behind HAProxy, with the configuration in deploy/: one of them is
//! stopped, killed, hung or unplugged, or all are replaced in turn, while 24 clients ask
//! without end and compare every byte. None of them notices.
//!
//! ```text
//!   24 clients ──▶ haproxy ──┬── veth ──▶ machine 1: glasshttp      each machine is a
//!      (unix)        (hub)   ├── veth ──▶ machine 2: glasshttp      network namespace,
//!                            └── veth ──▶ machine 3: glasshttp      with a copy of the files
//! ```

use crate::closing::bytes;
use crate::harness::namespace::Namespace;
use crate::harness::{PATIENCE, Response, Server, glasshttp};
use rustix::process::Signal;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;

const CLIENTS: usize = 24;
/// Responses that are to come between two events: many for each client.
const MEANWHILE: usize = 20 * CLIENTS;
/// Such as leave in one piece: what was cut off in the middle no proxy can repeat.
const SIZES: [usize; 3] = [6, 3_000, 12_000];

struct Machine {
    namespace: Namespace,
    number: usize,
    folder: TempDir,
    server: Option<Server>,
}

impl Machine {
    fn new(hub: &Namespace, number: usize) -> Self {
        let (namespace, folder) = (Namespace::new(), crate::harness::folder());
        hub.ip(&format!("link add to{number} type veth peer name eth0 netns {}", namespace.id()));
        hub.ip(&format!("address add 10.77.{number}.1/24 dev to{number}"));
        hub.ip(&format!("link set to{number} up"));
        namespace.ip(&format!("address add 10.77.{number}.2/24 dev eth0"));
        namespace.ip("link set eth0 up");
        namespace.ip("link set lo up");
        // Each copy was made at another time: its tags are the same.
        for size in SIZES {
            let path = folder.path().join(size.to_string());
            fs::write(&path, bytes(size)).expect("a file");
        }
        let mut machine = Self { namespace, number, folder, server: None };
        machine.start();
        machine
    }

    fn start(&mut self) {
        let mut command = self.namespace.command(glasshttp().get_program().to_str().expect("a path"));
        command.args(["--bind", &format!("10.77.{}.2", self.number), "--port", "8080", "--log", "off", "--no-watch"]);
        self.server = Some(Server::spawn(command.arg(self.folder.path())));
    }

    fn end(&mut self, signal: Signal) {
        let mut server = self.server.take().expect("it runs");
        server.signal(signal);
        server.wait();
    }
}

/// HAProxy, ended with this.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// HAProxy in the hub with the configuration in deploy/, and one more door: a path, which
/// knows no namespaces. Beside it another, at which it says which machines it takes for alive.
fn proxy(hub: &Namespace, place: &Path) -> (Proxy, PathBuf) {
    let (door, more) = (place.join("door"), place.join("door.cfg"));
    let text = format!(
        "global\n stats socket {0}.state\n\
         defaults\n mode http\n timeout client 30s\nfrontend door\n bind unix@{0}\n default_backend copies\n",
        door.display()
    );
    fs::write(&more, text).expect("a configuration");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/haproxy.cfg");
    let mut command = hub.command("haproxy");
    let child = command.args(["-db", "-f"]).arg(config).arg("-f").arg(&more).spawn().expect("HAProxy");
    (Proxy(child), door)
}

/// Waits until HAProxy takes all machines for alive: so does an operator who replaces one after another.
fn wait_until_all_are_up(door: &Path) {
    let begun = Instant::now();
    loop {
        let mut state = String::new();
        if let Ok(mut socket) = UnixStream::connect(format!("{}.state", door.display())) {
            socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            socket.write_all(b"show stat -1 4 -1\n").expect("HAProxy takes it"); // servers alone
            socket.read_to_string(&mut state).expect("its state");
        }
        if state.lines().filter(|line| line.contains(",UP,")).count() == 3 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{state}");
        thread::yield_now();
    }
}

/// One request; an error in words where the response is not what it should be.
fn ask(door: &Path, path: &str, fields: &str) -> Result<Response, String> {
    let mut socket = UnixStream::connect(door).map_err(|error| error.to_string())?;
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let request = format!("GET {path} HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n{fields}\r\n");
    socket.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut response = Vec::new();
    socket.read_to_end(&mut response).map_err(|error| error.to_string())?;
    if response.is_empty() {
        return Err("no response".into());
    }
    // HAProxy's own responses are of 1.1.
    if response.starts_with(b"HTTP/1.1") {
        response[7] = b'0';
    }
    Ok(Response::parse(&response))
}

#[derive(Default)]
struct Tally {
    served: AtomicUsize,
    is_over: AtomicBool,
    failures: Mutex<Vec<String>>,
}

fn client(door: &Path, tally: &Tally) {
    for size in SIZES.into_iter().cycle().take_while(|_| !tally.is_over.load(SeqCst)) {
        let failure = match ask(door, &format!("/{size}"), "") {
            Ok(response) if response.status == 200 && response.body == bytes(size) => {
                tally.served.fetch_add(1, SeqCst);
                continue;
            }
            Ok(response) => format!("/{size}: {}, {} bytes", response.status, response.body.len()),
            Err(error) => format!("/{size}: {error}"),
        };
        tally.failures.lock().expect("unharmed").push(failure);
    }
}

fn wait_for_more(tally: &Tally) {
    let (begun, enough) = (Instant::now(), tally.served.load(SeqCst) + MEANWHILE);
    while tally.served.load(SeqCst) < enough {
        assert!(begun.elapsed() < 3 * PATIENCE, "clients wait: {:?}", tally.failures.lock());
        thread::yield_now();
    }
}

#[test]
#[ignore = "needs root, ip and haproxy"]
fn no_client_notices_that_a_machine_ends_hangs_or_is_unplugged() {
    let (hub, place) = (Namespace::new(), crate::harness::folder());
    hub.ip("link set lo up");
    let mut machines = [1, 2, 3].map(|number| Machine::new(&hub, number));
    let (_proxy, door) = proxy(&hub, place.path());
    wait_until_all_are_up(&door);
    let tally = Tally::default();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| client(&door, &tally));
        }
        let meanwhile = || {
            wait_for_more(&tally);
            std::mem::take(&mut *tally.failures.lock().expect("unharmed"))
        };
        let mut noticed = vec![("nothing", meanwhile())];
        for (fault, signal) in [("TERM", Signal::TERM), ("KILL", Signal::KILL)] {
            machines[0].end(signal);
            noticed.push((fault, meanwhile()));
            machines[0].start();
            wait_until_all_are_up(&door);
            noticed.push((fault, meanwhile()));
        }
        machines[1].server.as_ref().expect("it runs").signal(Signal::STOP);
        noticed.push(("STOP", meanwhile()));
        machines[1].server.as_ref().expect("it runs").signal(Signal::CONT);
        wait_until_all_are_up(&door);
        noticed.push(("CONT", meanwhile()));
        hub.ip("link set to3 down");
        noticed.push(("link down", meanwhile()));
        hub.ip("link set to3 up");
        wait_until_all_are_up(&door);
        noticed.push(("link up", meanwhile()));
        for machine in &mut machines {
            machine.end(Signal::TERM);
            machine.start();
            wait_until_all_are_up(&door);
            noticed.push(("rolling restart", meanwhile()));
        }
        tally.is_over.store(true, SeqCst);
        noticed.retain(|(_, failures)| !failures.is_empty());
        assert!(noticed.is_empty(), "{noticed:?}");
    });
}

#[test]
#[ignore = "needs root, ip and haproxy"]
fn a_copy_from_one_machine_is_as_good_with_the_next() {
    let (hub, place) = (Namespace::new(), crate::harness::folder());
    hub.ip("link set lo up");
    let _machines = [1, 2, 3].map(|number| Machine::new(&hub, number));
    let (_proxy, door) = proxy(&hub, place.path());
    wait_until_all_are_up(&door);
    let path = format!("/{}", SIZES[2]);
    let first = ask(&door, &path, "").expect("a response");
    let tag = first.header("ETag").expect("a tag");
    for _ in 0..30 {
        let response = ask(&door, &path, &format!("If-None-Match: {tag}\r\n")).expect("a response");
        assert_eq!(response.status, 304);
        let rest = ask(&door, &path, &format!("If-Range: {tag}\r\nRange: bytes=5000-\r\n")).expect("a response");
        assert_eq!((rest.status, &rest.body[..]), (206, &first.body[5000..]));
    }
}
