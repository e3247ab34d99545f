//! Behind a load balancer: HAProxy in front.

use super::relay::Relay;
use crate::closing::{assert_same, folder_with};
use crate::harness::{PATIENCE, Response, Server};
use std::io::{BufRead, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

/// A program that is ended when dropped.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Connects as soon as the proxy listens: on a path, so that there is no race for a port.
fn connect(path: &Path) -> UnixStream {
    let begun = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Ok(socket) => {
                socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                return socket;
            }
            Err(error) => assert!(begun.elapsed() < PATIENCE, "HAProxy does not listen: {error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
#[ignore = "needs haproxy: .ci/run installs it"]
fn haproxy_in_front_passes_everything_on_and_keeps_its_connection() {
    let (folder, big) = folder_with(5_000_000);
    let server = Server::start(folder.path(), &[]);
    let relay = Relay::to(server.address);
    let place = crate::harness::folder();
    let (front, config) = (place.path().join("front"), place.path().join("haproxy.cfg"));
    let text = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n http-reuse always\n\
         frontend front\n bind unix@{}\n default_backend back\n\
         backend back\n server one {} check\n",
        front.display(),
        relay.address
    );
    std::fs::write(&config, text).expect("a configuration");
    let _proxy = Running(Command::new("haproxy").arg("-db").arg("-f").arg(&config).spawn().expect("HAProxy starts"));

    let ask = |request: &str| {
        let mut client = connect(&front);
        client.write_all(request.as_bytes()).expect("a request");
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).expect("an orderly end");
        // Its own status line says 1.1.
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        assert!(bytes.starts_with(b"HTTP/1.1 ") || bytes.starts_with(b"HTTP/1.0 "), "{:?}", &bytes[..end]);
        bytes[..9].copy_from_slice(b"HTTP/1.0 ");
        Response::parse(&bytes)
    };
    for _ in 0..5 {
        let response = ask("GET /small.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_eq!((response.status, response.text().as_str()), (200, "small\n"), "{}", response.head);
    }
    assert_same(&ask("GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").body, &big);
    assert_eq!(ask("GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status, 404);
    assert_eq!(ask("POST /small.txt HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello").status, 405);
    let requests = relay.requests();
    assert_eq!(requests.iter().map(Vec::len).sum::<usize>(), 8, "{requests:?}");
    assert!(requests.len() < 4, "it keeps its connections: {requests:?}");
}

#[test]
#[ignore = "needs haproxy: .ci/run installs it"]
fn haproxy_names_its_client_by_either_version_and_by_its_field() {
    let (folder, _) = folder_with(0);
    for (bind, of_server, of_backend) in [
        ("proxy:127.0.0.1", "send-proxy check", ""),
        ("proxy:127.0.0.1", "send-proxy-v2 check", ""),
        ("proxy:127.0.0.1", "send-proxy-v2 proxy-v2-options unique-id,crc32c", ""),
        ("127.0.0.1", "check", " option forwardfor\n"),
    ] {
        let options = ["--bind", bind, "--trust", "127.0.0.1"];
        let mut server = Server::start_logging(folder.path(), "json-requests", &options);
        let place = crate::harness::folder();
        let (front, config) = (place.path().join("front"), place.path().join("haproxy.cfg"));
        let text = format!(
            "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n\
             frontend front\n bind unix@{} accept-proxy\n unique-id-format %rt\n default_backend back\n\
             backend back\n{of_backend} server one {} {of_server}\n",
            front.display(),
            server.address
        );
        std::fs::write(&config, text).expect("a configuration");
        let _proxy =
            Running(Command::new("haproxy").arg("-db").arg("-f").arg(&config).spawn().expect("HAProxy starts"));
        let mut client = connect(&front);
        let asked = "PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\nGET /small.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        client.write_all(asked.as_bytes()).expect("a request");
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).expect("an orderly end");
        assert!(bytes.ends_with(b"small\n"), "{of_server}: {}", String::from_utf8_lossy(&bytes));
        // Its health checks have lines of their own.
        let said = std::iter::from_fn(|| {
            let mut line = String::new();
            server.stdout.read_line(&mut line).ok().filter(|count| *count > 0)?;
            Some(serde_json::from_str::<serde_json::Value>(&line).expect("JSON"))
        });
        let said = said.into_iter().find(|said| said["target"] == "/small.txt").expect("its line");
        assert_eq!(
            (&said["client"], &said["via"]),
            (&"203.0.113.7".into(), &"127.0.0.1".into()),
            "{of_server}: {said}"
        );
    }
}
