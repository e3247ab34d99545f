//! While nothing comes, fetch sleeps: what the kernel has to say beside that does not keep it awake.

use super::peer::{Peer, read_request, wait_for_end};
use crate::harness::{PATIENCE, folder, glasshttp};
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How much of half a second a fetch into `file` computes, once some of the body is there and `go_on` was called.
fn computed(peer: &Peer, arguments: &[&str], go_on: impl Fn()) -> Duration {
    let place = folder();
    fs::write(place.path().join("long"), vec![b'x'; 400_000]).expect("a file");
    let mut child = glasshttp()
        .args(["fetch", "-q", "-o", "file"])
        .args(arguments)
        .arg(peer.url("/"))
        .current_dir(place.path())
        .env("GLASSHTTP_PACKETS", "off")
        .spawn()
        .expect("the program starts");
    let deadline = Instant::now() + PATIENCE;
    while !fs::metadata(place.path().join("file.part")).is_ok_and(|metadata| metadata.len() > 0) {
        assert!(Instant::now() < deadline, "nothing comes");
        std::thread::yield_now();
    }
    go_on();
    // The first figure of it: nanoseconds on a processor.
    let path = format!("/proc/{}/schedstat", child.id());
    let so_far = || {
        let text = fs::read_to_string(&path).expect("its figures");
        Duration::from_nanos(text.split(' ').next().and_then(|figure| figure.parse().ok()).expect("a figure"))
    };
    let pause = |time| {
        let (_nobody, receiver) = channel::<()>();
        assert_eq!(receiver.recv_timeout(time), Err(RecvTimeoutError::Timeout));
    };
    pause(Duration::from_millis(100)); // what came with the first bytes is done
    let before = so_far();
    pause(Duration::from_millis(500));
    let computed = so_far() - before;
    let _ = child.kill();
    let _ = child.wait();
    computed
}

const LITTLE: Duration = Duration::from_millis(60);

#[test]
fn acknowledgements_behind_the_head_keep_nobody_awake() {
    let (has_head, go_on) = channel();
    let peer = Peer::start(move |_, stream| {
        stream.read_exact(&mut [0; 1]).expect("a first byte");
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nx").expect("the client reads");
        go_on.recv_timeout(PATIENCE).expect("a word"); // the rest is more than can be acknowledged unread
        wait_for_end(stream);
    });
    let computed = computed(&peer, &["--data-file", "long"], || has_head.send(()).expect("the peer waits"));
    assert!(computed < LITTLE, "{computed:?}");
}

#[test]
fn a_pause_of_the_reader_s_lasts_whatever_the_socket_has_to_say() {
    let peer = Peer::start(|_, stream| {
        read_request(stream);
        stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(400)).as_bytes()).expect("the client reads");
        // Both directions have ended, and most is still to be read.
        let _ = stream.shutdown(Shutdown::Write);
        wait_for_end(stream);
    });
    let computed = computed(&peer, &["--half-close", "--read-rate", "100"], || {});
    assert!(computed < LITTLE, "{computed:?}");
}
