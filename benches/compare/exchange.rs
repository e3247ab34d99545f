//! Single requests over a socket of our own: whether a response is right, when
//! the first one comes, and connections that are kept and say nothing.

use crate::workload::{IDLE, Workload};
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// How long one response may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A response, received whole.
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    body: u64,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(':')).find_map(|(field, value)| {
            let is_it = field.eq_ignore_ascii_case(name);
            is_it.then(|| value.trim())
        })
    }
}

/// Connects to a server of this machine.
pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Asks for `path` in HTTP/1.0, with these further lines, and takes the whole response.
pub(crate) fn ask(mut socket: &TcpStream, path: &str, lines: &str) -> io::Result<Response> {
    socket.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n{lines}\r\n").as_bytes())?;
    let mut received = Vec::new();
    let mut chunk = [0; 16 * 1024];
    let head_end = loop {
        match socket.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => received.extend_from_slice(&chunk[..count]),
        }
        if let Some(at) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&received[..head_end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let mut response = Response { status, head, body: (received.len() - head_end) as u64 };
    let length = response.field("Content-Length").and_then(|length| length.parse::<u64>().ok());
    let expected = if status == 304 { 0 } else { length.unwrap_or(u64::MAX) };
    while response.body < expected {
        match socket.read(&mut chunk)? {
            0 => break,
            count => response.body += count as u64,
        }
    }
    Ok(response)
}

/// Asks once what the workload asks, and fails if the response is wrong. Gives
/// the header lines with which the generator is to ask.
pub(crate) fn check(workload: &Workload, port: u16) -> Result<Vec<String>, Box<dyn Error>> {
    let mut lines = Vec::new();
    if workload.status == 304 {
        let whole = ask(&connect(port)?, workload.path, "")?;
        let modified = whole.field("Last-Modified").ok_or("its response has no Last-Modified")?;
        lines.push(format!("If-Modified-Since: {modified}"));
    }
    let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let response = ask(&connect(port)?, workload.path, &text)?;
    if response.status != workload.status {
        return Err(format!("its response is {} and not {}", response.status, workload.status).into());
    }
    if response.status == 200 && response.body != workload.length {
        return Err(format!("its body has {} bytes and not {}", response.body, workload.length).into());
    }
    Ok(lines)
}

/// Connections that a server keeps after one response on each.
pub(crate) struct Idle(Vec<TcpStream>);

const KEEP: &str = "Connection: keep-alive\r\n";

impl Idle {
    /// Opens as many as the server, or this process, can keep.
    pub(crate) fn open(workload: &Workload, port: u16) -> Self {
        let mut kept = Vec::new();
        while kept.len() < IDLE {
            let Ok(socket) = connect(port) else { break };
            match ask(&socket, workload.path, KEEP) {
                Ok(response)
                    if response.field("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) =>
                {
                    break;
                }
                Ok(response) if response.status == workload.status => kept.push(socket),
                _ => break,
            }
        }
        Self(kept)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many of them still get a response.
    pub(crate) fn served(&self, workload: &Workload) -> usize {
        let is_right = |socket: &&TcpStream| {
            ask(socket, workload.path, KEEP)
                .is_ok_and(|response| response.status == workload.status && response.body == workload.length)
        };
        self.0.iter().filter(is_right).count()
    }
}
