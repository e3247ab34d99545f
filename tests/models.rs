//! What each model promises beside the protocol: who cleans up, what an idle
//! client costs, and that no client costs another anything.

use crate::harness::{Client, MODELS, Response, Server, concurrent_models};
use glasshttp::connection::{Service, Workspace};
use glasshttp::listener::{Port, Required, listen};
use glasshttp::models::{Entrance, Limits, Stop, run};
use glasshttp::observe::collector::Watching;
use glasshttp::observe::probe::{Rate, Scope};
use glasshttp::observe::sink::{LeftOut, News, Sink};
use glasshttp::record::connection::Record;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

fn folder() -> TempDir {
    let folder = crate::harness::folder();
    fs::write(folder.path().join("hello.txt"), "Hello!").expect("a file");
    fs::write(folder.path().join("big"), vec![b'x'; 20 << 20]).expect("a file");
    folder
}

/// Children of a process, each with its state letter (proc_pid_stat(5)).
pub fn children(parent: u32) -> Vec<(i32, char)> {
    let processes = fs::read_dir("/proc").expect("/proc");
    let stat = |process: fs::DirEntry| {
        let pid: i32 = process.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?.chars().next()?;
        (fields.next()?.parse() == Ok(parent)).then_some((pid, state))
    };
    processes.filter_map(Result::ok).filter_map(stat).collect()
}

/// A field of /proc/PID/status, in KiB.
fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with(field)).expect("the field");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// CPU time used so far, in clock ticks.
pub fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields: Vec<&str> = stat.rsplit_once(") ").expect("its name").1.split(' ').collect();
    fields[11..13].iter().map(|field| field.parse::<u64>().expect("ticks")).sum()
}

/// Waits until `fact` holds.
pub fn wait_until(what: &str, mut fact: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn keeps(client: &mut Client, path: &str) -> Response {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    client.response()
}

/// Conversations of every kind: kept, closed, refused, pipelined, cut off.
const CONVERSATIONS: [&str; 14] = [
    "GET /hello.txt HTTP/1.0\r\n\r\n",
    "GET /hello.txt\r\n",
    "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /big HTTP/1.1\r\nHost: a\r\nRange: bytes=5-20000\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET /?sort=size HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /missing HTTP/1.0\r\n\r\n",
    "GET /hello.txt HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /hello.txt HTTP/1.0\r\n\r\n",
    "GET /folder?a=b HTTP/1.0\r\n\r\n",
    "BREW / HTTP/1.0\r\n\r\n",
    "GET / HTTP/3.0\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET /%zz HTTP/1.0\r\n\r\n",
    "GET /hello.txt HTTP/1.0\r\nHalf-a-head",
];

#[test]
fn the_models_respond_alike_byte_for_byte() {
    let folder = folder();
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    let responses = |model: &str| -> Vec<String> {
        let server = Server::start(folder.path(), &["--model", model]);
        let response = |request: &&str| {
            let mut client = server.connect();
            client.send(request.as_bytes());
            client.half_close();
            let text = String::from_utf8_lossy(&client.read_to_end()).into_owned();
            // The clock goes on between two models; and of a large file the tag is made
            // from its content when that is known, which a process's child can't remember.
            let is_big = request.contains(" /big");
            let varies = |line: &str| line.starts_with("Date: ") || (is_big && line.starts_with("ETag: "));
            text.split_inclusive("\r\n").filter(|line| !varies(line)).collect()
        };
        // Twice: what a model keeps from the first time must not show.
        CONVERSATIONS.iter().chain(&CONVERSATIONS).map(response).collect()
    };
    let expected = responses(MODELS[0]);
    for model in &MODELS[1..] {
        for ((got, expected), request) in responses(model).iter().zip(&expected).zip(CONVERSATIONS.iter().cycle()) {
            assert_eq!(got, expected, "{model}: {request:?}");
        }
    }
}

#[test]
fn no_zombie_is_left_though_nobody_comes_any_more() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--model", "process"]);
    for _ in 0..100 {
        assert_eq!(server.get("/hello.txt").text(), "Hello!");
    }
    let crowd: Vec<Client> = (0..50).map(|_| server.connect()).collect();
    wait_until("a child for each client", || children(server.id()).len() == 50);
    drop(crowd);
    wait_until("every child ended, and was waited for", || children(server.id()).is_empty());
}

#[test]
fn a_killed_child_costs_its_own_connection_and_no_other() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--model", "process"]);
    let mut kept = server.connect();
    keeps(&mut kept, "/hello.txt");
    let of_kept = children(server.id())[0].0;
    let mut victim = server.connect();
    keeps(&mut victim, "/hello.txt");
    let child = children(server.id()).into_iter().find(|child| child.0 != of_kept).expect("a second child");
    kill_process(Pid::from_raw(child.0).expect("a process"), Signal::KILL).expect("our server's child");

    assert_eq!(victim.receive().unwrap_or(0), 0, "its connection has ended");
    assert_eq!(keeps(&mut kept, "/hello.txt").text(), "Hello!");
    assert_eq!(server.get("/hello.txt").text(), "Hello!");
    wait_until("the killed child was waited for", || children(server.id()).len() == 1);
}

#[test]
fn a_thousand_idle_connections_cost_memory_by_the_kilobyte_and_no_time() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--model", "multiplex", "--workers", "1", "--keep-alive", "60"]);
    let open = |count: usize| -> Vec<Client> {
        (0..count)
            .map(|_| {
                let mut client = server.connect();
                assert_eq!(keeps(&mut client, "/hello.txt").text(), "Hello!");
                client
            })
            .collect()
    };
    let mut idle = open(50);
    let before = status_kib(server.id(), "VmRSS:");
    idle.extend(open(850)); // the harness has 1,024 descriptors where nobody gave it more
    let grown = status_kib(server.id(), "VmRSS:").saturating_sub(before);
    assert!(grown < 850 * 2, "{grown} KiB for 850 connections");
    let idle_since = ticks(server.id());
    for client in &mut idle {
        assert_eq!(keeps(client, "/hello.txt").text(), "Hello!", "an idle client is still a client");
    }
    // 900 responses of at most a millisecond each, and nothing beside: a loop that spins would show.
    assert!(ticks(server.id()) - idle_since <= 90, "{} ticks", ticks(server.id()) - idle_since);
}

#[test]
fn a_burst_of_connections_is_served_whole() {
    let folder = folder();
    for model in concurrent_models() {
        let server = Server::start(folder.path(), &["--model", model]);
        let mut clients: Vec<Client> = (0..400).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.send(b"GET /hello.txt HTTP/1.0\r\n\r\n");
        }
        for mut client in clients {
            assert_eq!(Response::parse(&client.read_to_end()).text(), "Hello!", "{model}");
        }
    }
}

#[test]
fn stalled_readers_cost_nobody_anything() {
    let folder = folder();
    for model in concurrent_models() {
        let server = Server::start(folder.path(), &["--model", model]);
        let mut stalled: Vec<Client> = (0..50).map(|_| Client::connect_narrow(server.address)).collect();
        for client in &mut stalled {
            client.send(b"GET /big HTTP/1.0\r\n\r\n");
            assert!(client.receive().expect("a beginning") > 0);
        }
        let mut fast = server.connect();
        for _ in 0..100 {
            assert_eq!(keeps(&mut fast, "/hello.txt").text(), "Hello!", "{model}");
        }
    }
}

#[test]
fn a_change_is_served_with_the_next_request_though_files_are_kept() {
    let folder = folder();
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        let mut client = server.connect();
        let path = folder.path().join("changing.txt");
        let mut tags = std::collections::HashSet::new();
        for round in 0..50 {
            write(&path, &format!("round {round:02}"), round % 2 == 0);
            let response = keeps(&mut client, "/changing.txt");
            assert_eq!(response.text(), format!("round {round:02}"), "{model}");
            assert!(
                tags.insert(response.header("ETag").expect("a tag").to_owned()),
                "{model}: an old tag, round {round}"
            );
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(keeps(&mut client, "/changing.txt").status, 404, "{model}");
    }
}

/// Writes in place, or another file that takes its name.
fn write(path: &Path, content: &str, in_place: bool) {
    if in_place {
        fs::write(path, content).expect("written");
    } else {
        let other = path.with_extension("new");
        fs::write(&other, content).expect("written");
        fs::rename(other, path).expect("renamed");
    }
}

#[test]
fn what_is_kept_never_leads_out_of_the_root() {
    let folder = folder();
    let secret = crate::harness::folder();
    fs::write(secret.path().join("a.txt"), "secret").expect("a file");
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).expect("a folder");
    fs::write(inside.join("a.txt"), "public").expect("a file");
    for model in MODELS {
        let server = Server::start(folder.path(), &["--model", model]);
        let mut client = server.connect();
        assert_eq!(keeps(&mut client, "/inside/a.txt").text(), "public", "{model}");
        fs::rename(&inside, folder.path().join("aside")).expect("moved aside");
        std::os::unix::fs::symlink(secret.path(), &inside).expect("a link out");
        assert_eq!(keeps(&mut client, "/inside/a.txt").status, 404, "{model}");
        fs::remove_file(&inside).expect("the link");
        fs::rename(folder.path().join("aside"), &inside).expect("back");
    }
}

/// A socket of this user that listens on a port by SO_REUSEPORT, if the kernel lets it.
fn join(address: std::net::SocketAddr) -> std::io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(1)?;
    Ok(socket)
}

#[test]
fn nobody_can_join_a_port_that_its_server_does_not_share() {
    let folder = folder();
    for options in [&["--workers", "1"][..], &["--model", "thread"], &["--model", "process"], &["--model", "iterative"]]
    {
        let server = Server::start(folder.path(), options);
        assert!(join(server.address).is_err(), "{options:?}");
        assert_eq!(server.get("/hello.txt").status, 200);
    }
}

/// Gives the records of connections that are closed.
struct Closed(mpsc::Sender<Record>);

impl Sink for Closed {
    fn take(&mut self, record: &Record, news: News) {
        if news == News::Closed {
            // The test may have failed meanwhile.
            let _ = self.0.send(record.clone());
        }
    }

    fn left_out(&mut self, _: LeftOut) {}
}

#[test]
fn a_model_of_ones_own_records_the_syn_too() {
    let (send, records) = mpsc::channel();
    let mut scope = Scope::default();
    scope.connections = Some(Rate::All);
    let watching = Watching::start(scope, "own".into(), Box::new(io::sink()), vec![Box::new(Closed(send))], None);
    let watching = watching.expect("a thread");
    let handler = |_: &glasshttp::Request<'_>| glasshttp::Response::text(glasshttp::StatusCode::OK, "Hello\n");
    let service = Arc::new(Service::new(handler).watched(watching.probe()));
    let loopback = [Ipv4Addr::LOCALHOST.into()];
    let listeners = listen(&loopback, Required::All, Port::Exactly(0), 16).expect("a free port");
    let address = listeners[0].address().expect("TCP has one");
    let (stop, limits) = (Stop::new().expect("a pipe"), Limits::new(1));
    let mut entrance = Entrance::new(listeners, &service);
    let mut client = TcpStream::connect(address).expect("a connection");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
    let connection = entrance.next(&stop, &limits).expect("polled").expect("it has come");
    std::thread::scope(|scope| {
        scope.spawn(|| run(connection, &mut Workspace::new(Arc::clone(&service)), &stop, &limits));
        client.read_to_end(&mut Vec::new()).expect("a response");
        drop(client);
    });
    let record = records.recv_timeout(PATIENCE).expect("a record");
    assert!(record.handshake.syn.value().is_some(), "{:?}", record.handshake.syn);
}
