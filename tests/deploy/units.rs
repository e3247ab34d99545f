//! The units of systemd: judged by its own tools, and their command line run on a socket of its making.

use crate::closing::folder_with;
use crate::harness::{PATIENCE, Server, glasshttp};
use rustix::process::Signal;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

fn unit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd").join(name)
}

/// What stands behind `key` in the unit.
fn value(name: &str, key: &str) -> String {
    let text = fs::read_to_string(unit(name)).expect("the unit");
    let found = text.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
    found.unwrap_or_else(|| panic!("{name} has no {key}")).to_owned()
}

#[test]
#[ignore = "needs systemd-analyze"]
fn the_service_is_exposed_by_1_5_at_most() {
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--offline=yes", "--threshold=15"]).arg(unit("glasshttp.service"));
    let output = command.output().expect("systemd-analyze");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "needs systemd-socket-activate"]
fn its_command_line_serves_the_socket_that_is_held_for_it() {
    let (folder, _) = folder_with(0);
    let free = TcpListener::bind("127.0.0.1:0").expect("a socket").local_addr().expect("its address");
    let line = value("glasshttp.service", "ExecStart");
    let [program, root, options @ ..] = &line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert_eq!((*program, *root), ("/usr/bin/glasshttp", "/srv/www"));
    let mut command = Command::new("systemd-socket-activate");
    command.arg(format!("--listen={free}"));
    command.arg(format!("--fdname={}", value("glasshttp.socket", "FileDescriptorName")));
    command.arg(glasshttp().get_program()).arg(folder.path()).args(options);
    // It starts the server when the first client comes.
    let first = thread::spawn(move || {
        loop {
            if let Ok(socket) = TcpStream::connect_timeout(&free, PATIENCE) {
                return socket;
            }
        }
    });
    let mut server = Server::spawn(&mut command);
    drop(first.join().expect("connected"));
    assert_eq!((server.address, server.get("/small.txt").status), (free, 200));
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}
