//! The clients: a thread each, all started at one moment.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// How a client behaves.
#[derive(Clone, Copy)]
pub(crate) enum Conduct {
    /// It asks at once for what takes the handler its time.
    AskForWork,
    /// It asks for a head, pauses, and asks for the whole on the same
    /// connection: a round trip over a long way, or somebody who reads.
    PauseBetweenRequests,
    /// It sends half of its request's head, pauses, and sends the rest.
    PauseWithinHead,
}

/// The address for which the handler works.
pub(crate) const WORK: &str = "/work";

/// What a thread of a client needs of a stack, in bytes.
const STACK: usize = 128 * 1024;

/// Runs `count` clients at once: how long each waited, the shortest first.
pub(crate) fn run(server: SocketAddr, conduct: Conduct, count: usize, pause: Duration) -> io::Result<Vec<Duration>> {
    // More than twice what the slowest model takes.
    let patience = Duration::from_secs(10) + pause * 2 * u32::try_from(count).unwrap_or(u32::MAX);
    let barrier = Arc::new(Barrier::new(count));
    let start = Arc::new(OnceLock::new());
    let mut clients = Vec::new();
    for _ in 0..count {
        let (barrier, start) = (Arc::clone(&barrier), Arc::clone(&start));
        let client = move || {
            barrier.wait();
            // The first to be released starts everybody's clock.
            let start = *start.get_or_init(Instant::now);
            ask(server, conduct, pause, patience)?;
            Ok(start.elapsed())
        };
        clients.push(thread::Builder::new().stack_size(STACK).spawn(client)?);
    }
    let waits = clients.into_iter().map(|client| match client.join() {
        Ok(waited) => waited,
        Err(_) => Err(io::Error::other("its thread failed")),
    });
    let mut waits = waits.collect::<io::Result<Vec<Duration>>>()?;
    waits.sort_unstable();
    Ok(waits)
}

fn ask(server: SocketAddr, conduct: Conduct, pause: Duration, patience: Duration) -> io::Result<()> {
    let mut socket = TcpStream::connect_timeout(&server, patience)?;
    socket.set_read_timeout(Some(patience))?;
    socket.set_write_timeout(Some(patience))?;
    socket.set_nodelay(true)?;
    match conduct {
        Conduct::AskForWork => socket.write_all(format!("GET {WORK} HTTP/1.0\r\n\r\n").as_bytes())?,
        Conduct::PauseBetweenRequests => {
            socket.write_all(b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")?;
            read_head(&mut socket)?;
            thread::sleep(pause);
            socket.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        }
        Conduct::PauseWithinHead => {
            socket.write_all(b"GET / HT")?;
            thread::sleep(pause);
            socket.write_all(b"TP/1.0\r\n\r\n")?;
        }
    }
    let mut response = Vec::new();
    socket.read_to_end(&mut response)?;
    check(&response)
}

/// Reads until the blank line: the response to HEAD ends there.
fn read_head(socket: &mut TcpStream) -> io::Result<()> {
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read(&mut buffer)? {
            0 => return Err(io::Error::other("the connection ended within a head")),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    check(&head)
}

fn check(response: &[u8]) -> io::Result<()> {
    if response.starts_with(b"HTTP/1.0 200 ") {
        return Ok(());
    }
    let first_line = response.split(|&byte| byte == b'\r').next().unwrap_or_default();
    Err(io::Error::other(format!("no 200, but {:?}", String::from_utf8_lossy(first_line))))
}
