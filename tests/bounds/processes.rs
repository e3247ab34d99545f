//! Processes and threads: what a child inherits, whom it outlives, and what
//! becomes of clients while there is neither a process nor a thread to be had.

use super::wait_until;
use crate::closing::{assert_same, folder_with};
use crate::harness::{Client, Response, Server, glasshttp};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::thread;

fn children(parent: u32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).expect("its threads");
    let of_thread = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    let children: Vec<String> = tasks.filter_map(Result::ok).map(of_thread).collect();
    children.iter().flat_map(|some| some.split_whitespace()).map(|pid| pid.parse().expect("a number")).collect()
}

/// The sockets that a process has, by their inodes.
fn sockets(process: i32) -> Vec<String> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("a process");
    let names = descriptors.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with("socket:")).collect()
}

/// Inodes of the TCP sockets of this local port (proc_net_tcp(5)).
fn of_port(port: u16) -> Vec<String> {
    let table = fs::read_to_string("/proc/net/tcp").expect("sockets")
        + &fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    let rows = table.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(1)?.ends_with(&format!(":{port:04X}")).then(|| format!("socket:[{}]", words[9]))
    });
    rows.collect()
}

#[test]
fn a_child_has_its_own_connection_and_no_other_ones_socket() {
    let (folder, _) = folder_with(20 << 20);
    let mut command = glasshttp();
    command.args(["--port", "0", "--log", "off", "--model", "process", "--watch", "0"]).arg(folder.path());
    let mut server = Server::spawn(&mut command);
    let live = server.page();
    let mut events = Client::connect(live);
    events.send(format!("GET /events HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", live.port()).as_bytes());
    assert!(events.receive().expect("bytes") > 0);
    let downloads: Vec<Client> = (0..3).map(|_| server.begin_download("/big.bin")).collect();
    let (launcher, children): (Vec<i32>, Vec<i32>) =
        children(server.id()).into_iter().partition(|child| is_launcher(*child));
    assert_eq!((launcher.len(), children.len()), (1, downloads.len()));
    assert_eq!(sockets(launcher[0]).len(), 1, "the lab's launcher has one socket, to the server");
    for child in children {
        let tcp = [of_port(server.port()), of_port(live.port())].concat();
        let inherited: Vec<String> = sockets(child).into_iter().filter(|socket| tcp.contains(socket)).collect();
        assert_eq!(inherited.len(), 1, "child {child} has {inherited:?}");
    }
}

/// Whether this child waits for what the live page's lab is to run.
fn is_launcher(process: i32) -> bool {
    fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim() == "glasshttp lab")
}

#[test]
fn when_the_parent_is_killed_its_children_finish_or_end_within_grace() {
    let (folder, big) = folder_with(20 << 20);
    let server = Server::start(folder.path(), &["--model", "process", "--grace", "4", "--timeout", "60"]);
    let begin = || server.begin_download("/big.bin");
    let (mut reader, sleeper, mut silent) = (begin(), begin(), server.connect());
    wait_until("three children", || children(server.id()).len() == 3);
    let children = children(server.id());
    server.signal(Signal::KILL);
    // Who reads gets all of it, who has not asked is let go, who does not read is cut off.
    assert_same(&Response::parse(&reader.read_to_end()).body, &big);
    assert_eq!(silent.read_to_end(), b"");
    wait_until("the children have ended", || children.iter().all(|child| !is_alive(*child)));
    drop(sleeper);
    assert!(TcpStream::connect(server.address).is_err(), "nobody listens any more");
}

fn is_alive(process: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
#[ignore = "needs root, to become somebody who may have few processes: .ci/run is root"]
fn at_the_limit_of_processes_clients_wait_and_none_is_refused() {
    // A user of nobody else's on this machine: the limit counts all that a user runs.
    for (model, user) in [("process", "361001"), ("thread", "361002"), ("multiplex", "361003")] {
        let (folder, big) = folder_with(300_000);
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("open to all");
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={user}"), "--regid=65534", "--clear-groups", "prlimit", "--nproc=4"]);
        command.arg(glasshttp().get_program()).args(["--port", "0", "--log", "off", "--no-watch", "--model", model]);
        let server = Server::spawn(command.arg(folder.path()));
        // Those who hold what there is, saying nothing yet, and a crowd behind them.
        let mut clients: Vec<Client> = (0..60).map(|_| server.connect()).collect();
        thread::scope(|scope| {
            for client in &mut clients {
                let big = &big;
                scope.spawn(move || {
                    client.send(b"GET /big.bin HTTP/1.0\r\n\r\n");
                    assert_same(&Response::parse(&client.read_to_end()).body, big);
                });
            }
        });
        let serving = children(server.id()).len();
        assert!(serving <= 3, "{model}: {serving} children");
    }
}

#[test]
#[ignore = "needs root, to become somebody who may have few processes: .ci/run is root"]
fn a_server_without_a_further_process_still_ends_when_it_is_told_to() {
    for (model, user) in [("process", "361004"), ("thread", "361005")] {
        let (folder, _) = folder_with(0);
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("open to all");
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={user}"), "--regid=65534", "--clear-groups", "prlimit", "--nproc=1"]);
        command.arg(glasshttp().get_program()).args(["--port", "0", "--log", "off", "--no-watch", "--model", model]);
        let mut server = Server::spawn(command.arg(folder.path()));
        let mut client = server.connect();
        client.send(b"GET /small.txt HTTP/1.0\r\n\r\n");
        client.socket.set_read_timeout(Some(std::time::Duration::from_millis(300))).expect("a timeout");
        assert!(client.receive().is_err(), "{model}: there is nobody to serve it");
        kill_process(Pid::from_raw(server.id().cast_signed()).expect("a number"), Signal::TERM).expect("it runs");
        client.socket.set_read_timeout(Some(crate::harness::PATIENCE)).expect("a timeout");
        assert_eq!(Response::parse(&client.read_to_end()).text(), "small\n", "{model}: what was accepted is served");
        assert!(server.wait().success());
    }
}
