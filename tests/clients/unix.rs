//! A server on a path: with curl, and behind nginx and HAProxy.

use super::proxy::Running;
use super::run;
use crate::closing::{assert_same, folder_with};
use crate::harness::{PATIENCE, Server, place};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A server on this path, or for proxies on it, which believes their fields.
fn serve(folder: &Path, path: &Path, is_proxied: bool) -> Server {
    let bind = format!("{}unix:{}", if is_proxied { "proxy:" } else { "" }, path.display());
    Server::start_logging(folder, "json-requests", &["--bind", &bind, "--bind", "127.0.0.1", "--trust", "unix"])
}

/// The client that the log names for each request of the small file.
fn clients(mut server: Server) -> Vec<Value> {
    server.signal(Signal::TERM);
    server.wait();
    let said = server.objects().into_iter();
    said.filter(|said| said["target"] == "/small.txt").map(|said| said["client"].clone()).collect()
}

fn curl(place: &Path, front: &Path, file: &str) -> Vec<u8> {
    let url = format!("http://localhost/{file}");
    run(place, "curl", &["-sSf", "--unix-socket", front.to_str().expect("UTF-8"), &url]).0
}

/// A body by way of a proxy that is told who its client is: 203.0.113.7, which is nobody's.
fn through(socket: impl Into<OwnedFd>, file: &str) -> Vec<u8> {
    let mut socket = socket2::Socket::from(socket.into());
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head = "PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\nGET";
    write!(socket, "{head} /{file} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("room");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("an orderly end");
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    bytes.split_off(end + 4)
}

/// Waits until a proxy listens there.
fn wait_for(front: &Path) {
    let begun = Instant::now();
    while UnixStream::connect(front).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the proxy does not listen");
        std::thread::yield_now();
    }
}

#[test]
#[ignore = "needs curl: .ci/run installs it"]
fn curl_gets_the_bytes_of_a_path() {
    let (folder, big) = folder_with(3_000_000);
    let place = place();
    let path = place.path().join("s");
    let server = serve(folder.path(), &path, false);
    assert_same(&curl(place.path(), &path, "big.bin"), &big);
    assert_eq!(curl(place.path(), &path, "small.txt"), b"small\n");
    assert_eq!(clients(server), [Value::Null]);
}

#[test]
#[ignore = "needs haproxy: .ci/run installs it"]
fn haproxy_reaches_a_path_with_its_protocol_and_without() {
    let (folder, big) = folder_with(3_000_000);
    for (is_proxied, of_server, of_backend) in
        [(false, "", " option forwardfor\n"), (true, "send-proxy", ""), (true, "send-proxy-v2", "")]
    {
        let place = place();
        let [path, front, config] = ["s", "front", "haproxy.cfg"].map(|name| place.path().join(name));
        let server = serve(folder.path(), &path, is_proxied);
        let text = format!(
            "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n\
             frontend front\n bind unix@{} accept-proxy\n default_backend back\n\
             backend back\n{of_backend} server one unix@{} {of_server}\n",
            front.display(),
            path.display()
        );
        fs::write(&config, text).expect("a configuration");
        let _proxy =
            Running(Command::new("haproxy").arg("-db").arg("-f").arg(&config).spawn().expect("HAProxy starts"));
        wait_for(&front);
        assert_same(&through(UnixStream::connect(&front).expect("HAProxy listens"), "big.bin"), &big);
        assert_eq!(through(UnixStream::connect(&front).expect("HAProxy listens"), "small.txt"), b"small\n");
        assert_eq!(clients(server), ["203.0.113.7"], "{of_server}");
    }
}

#[test]
#[ignore = "needs nginx: .ci/run installs it"]
fn nginx_reaches_a_path_and_speaks_the_protocol_of_proxies() {
    let (folder, big) = folder_with(3_000_000);
    let place = place();
    let [path, behind, front, config] = ["s", "behind", "front", "nginx.conf"].map(|name| place.path().join(name));
    // Of a unix socket's clients it writes headers that are none.
    let stream = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let (server, proxied) = (serve(folder.path(), &path, false), serve(folder.path(), &behind, true));
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", place.path().join(kind).display()));
    // nginx-light has the module for streams as a file (libnginx-mod-stream).
    let text = format!(
        "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n\
         daemon off; master_process off; pid {0}/pid; error_log stderr;\nevents {{}}\n\
         http {{ access_log off; {1}\n server {{ listen unix:{2}; location / {{\n\
         proxy_pass http://unix:{3}; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         proxy_set_header X-Forwarded-For 203.0.113.9; }} }} }}\n\
         stream {{ server {{ listen {4} proxy_protocol; set_real_ip_from 127.0.0.1; proxy_pass unix:{5}; proxy_protocol on; }} }}\n",
        place.path().display(),
        temporary.join(" "),
        front.display(),
        path.display(),
        stream,
        behind.display()
    );
    fs::write(&config, text).expect("a configuration");
    let nginx = Command::new("nginx").arg("-p").arg(place.path()).arg("-c").arg(&config).spawn();
    let _proxy = Running(nginx.expect("nginx starts"));
    wait_for(&front);
    assert_same(&curl(place.path(), &front, "big.bin"), &big);
    assert_eq!(curl(place.path(), &front, "small.txt"), b"small\n");
    assert_eq!(clients(server), ["203.0.113.9"]);

    assert_eq!(through(TcpStream::connect(stream).expect("nginx listens"), "small.txt"), b"small\n");
    assert_eq!(clients(proxied), ["203.0.113.7"]);
}
